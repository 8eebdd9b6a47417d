"""Issuing and revoking the keys by which programs sign in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kouan.accounts.action import action
from kouan.accounts.models import ApiToken, User
from kouan.accounts.tokens import digest_of, new_secret
from kouan.basis import Finding, NotFound, Refused, clock

LONGEST_DAYS = 1095


@action("users.manage")
def issue_token(*, actor: Any, user: User, name: str, days: int) -> tuple[ApiToken, str]:
    """Make a key for a user; the secret is answered once and kept only as a digest."""
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused([Finding.error(
            "token_days", f"有效天数应为 1 至 {LONGEST_DAYS}。", f"A key lasts 1 to {LONGEST_DAYS} days.",
            measured=str(days), required=f"1–{LONGEST_DAYS}",
        )])
    secret = new_secret()
    kept = ApiToken.objects.create(
        user=user, name=name, secret_digest=digest_of(secret), expires_at=clock.now() + timedelta(days=days)
    )
    return kept, secret


@action("users.manage")
def revoke_token(*, actor: Any, number: int) -> ApiToken:
    """End a key at once; a second time changes nothing."""
    kept = ApiToken.objects.filter(pk=number).first()
    if kept is None:
        raise NotFound([Finding.error("token_not_found", f"没有编号为 {number} 的密钥。", f"There is no key {number}.")])
    if kept.revoked_at is None:
        kept.revoked_at = clock.now()
        kept.save(update_fields=["revoked_at"])
    return kept
