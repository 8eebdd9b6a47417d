"""The second factor at sign-in: a code of six digits that changes every thirty seconds (TOTP, RFC 6238).

An authenticator on the person's telephone shows it; nothing is sent, so it works on a closed network. Clocks may differ by one
step (±30 s). A code serves once: the step it belonged to is kept, and no code of that step or an earlier one is taken again
(RFC 6238, 5.2). Ten recovery codes, shown once and kept as keyed digests, let in whoever lost the telephone; an administrator
may end the factor of somebody in scope, which stays in the trail.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

import pyotp
from django.conf import settings
from django.db.models import Q

from kouan.accounts import queries
from kouan.accounts.action import action
from kouan.accounts.models import RecoveryCode, SecondFactor, User
from kouan.accounts.sealing import keyed_digest, opened, seal
from kouan.audit.actions import record_event
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, clock

STEP_SECONDS = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10
ISSUER = "Kouan"
# Without characters that are taken for each other on paper.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def factor_of(user: User) -> SecondFactor | None:
    """The confirmed factor, or None."""
    return SecondFactor.objects.filter(user_id=user.pk, confirmed_at__isnull=False).first()


def is_required(user: User) -> bool:
    """Whether the installation's policy asks this user for one (``KOUAN_SECOND_FACTOR``)."""
    return str(user.role) in settings.KOUAN_SECOND_FACTOR and not (user.is_demonstration and settings.DEBUG)


def is_owed(user: User) -> bool:
    """Whether the user must set one up before anything else."""
    return is_required(user) and factor_of(user) is None


def address_of(user: User, secret: str) -> str:
    """What an authenticator reads: ``otpauth://totp/…``."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=user.username, issuer_name=ISSUER)


@action("account.own")
def begin_second_factor(*, actor: User) -> str:
    """A new secret (160 random bits, base32), not in force before a code of it was typed; the one begun before ends."""
    if factor_of(actor) is not None:
        raise Conflict.because(
            "second_factor_set", "已设置动态口令。", "A second factor is set already.",
            remedy=("更换手机的，请先停用再重新设置，或请系统管理员重置。", "For another telephone end it first, or ask an administrator."))
    secret = pyotp.random_base32()
    SecondFactor.objects.update_or_create(
        user=actor, defaults={"secret_sealed": seal(secret, _owner(actor)), "confirmed_at": None, "last_step": 0, "begun_at": clock.now()})
    return secret


def secret_begun(user: User) -> str | None:
    """The secret that waits for its first code, to be shown again on the same page."""
    held = SecondFactor.objects.filter(user_id=user.pk, confirmed_at__isnull=True).first()
    return opened(held.secret_sealed, _owner(user)) if held else None


@action("account.own")
def confirm_second_factor(*, actor: User, code: str) -> list[str]:
    """Put the secret in force by a code of it; the recovery codes are answered once."""
    held = SecondFactor.objects.filter(user_id=actor.pk, confirmed_at__isnull=True).first()
    if held is None:
        raise Conflict.because("second_factor_not_begun", "没有待确认的动态口令。", "No second factor waits to be confirmed.",
                               remedy=("请重新打开设置页。", "Open the page again."))
    if not _take(held, actor, code):
        raise _wrong()
    held.confirmed_at = clock.now()
    held.save(update_fields=["confirmed_at"])
    record_event("second_factor_set", actor_id=actor.pk)
    return _new_codes(actor)


@action("account.own")
def prove_second_factor(*, actor: User, code: str) -> None:
    """The second step of signing in: a code of the authenticator, or a recovery code, which is then used up."""
    held = factor_of(actor)
    if held is None:
        raise Conflict.because("second_factor_missing", "该账号未设置动态口令。", "This account has no second factor.")
    said = "".join(code.split()).replace("-", "").lower()
    if said.isdecimal():
        if _take(held, actor, said):
            return
    elif said and RecoveryCode.objects.filter(
            user_id=actor.pk, digest=keyed_digest(f"{actor.pk} {said}"), used_at__isnull=True).update(used_at=clock.now()):
        record_event("recovery_code_used", actor_id=actor.pk, payload={"left": codes_left(actor)})
        return
    raise _wrong()


@action("account.own")
def renew_recovery_codes(*, actor: User, code: str) -> list[str]:
    """Ten new recovery codes against a code of the authenticator; those before end."""
    held = factor_of(actor)
    if held is None or not _take(held, actor, code):
        raise _wrong()
    return _new_codes(actor)


@action("account.own")
def end_second_factor(*, actor: User, code: str) -> None:
    """End one's own factor against a code of it; refused where the policy asks for one."""
    if is_required(actor):
        raise Refused.because("second_factor_required", "您的角色必须使用动态口令，不能停用。", "Your role must have a second factor.",
                              remedy=("更换手机的，请系统管理员重置后重新设置。", "For another telephone ask an administrator to reset it."))
    held = factor_of(actor)
    if held is None or not _take(held, actor, code):
        raise _wrong()
    _end(actor)
    record_event("second_factor_ended", actor_id=actor.pk, payload={"user": actor.pk})


@action("users.manage")
def reset_second_factor(*, actor: Any, user: User, reason: str) -> None:
    """End the factor of a user in the actor's scope, who lost it; with the reason in the trail. Never one's own."""
    if not queries.users(actor).filter(pk=user.pk).exists():
        raise NotFound(Finding.error("not_found", "没有这个用户，或者不在您的管理范围内。", "There is no such user, or not in your scope."))
    if user.pk == actor.pk:
        raise Refused.because("own_account", "不能重置自己的动态口令。", "You cannot reset your own second factor.",
                              remedy=("请由另一位管理员操作。", "Ask another administrator."))
    if not reason.strip():
        raise Refused.because("reason_missing", "请填写重置理由。", "Give the reason.", where=Place(field="reason"),
                              remedy=("如“手机遗失，已当面核验身份”。", "As “telephone lost, identity checked in person”."))
    _end(user)
    record_event("second_factor_reset", actor_id=actor.pk, payload={"user": user.pk, "reason": reason.strip()[:400]})


def codes_left(user: User) -> int:
    """How many recovery codes have not been used."""
    return RecoveryCode.objects.filter(user_id=user.pk, used_at__isnull=True).count()


def _owner(user: User) -> str:
    return f"user:{user.pk}"


def _end(user: User) -> None:
    SecondFactor.objects.filter(user_id=user.pk).delete()
    RecoveryCode.objects.filter(user_id=user.pk).delete()


def _take(held: SecondFactor, user: User, code: str) -> bool:
    """Whether a code is right, and the first of its step; the step is then kept, once, whoever asks at the same time."""
    said = "".join(code.split())
    if len(said) != 6 or not said.isascii() or not said.isdecimal():
        return False
    generator = pyotp.TOTP(opened(held.secret_sealed, _owner(user)), interval=STEP_SECONDS)
    now = int(clock.now().timestamp()) // STEP_SECONDS
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(generator.generate_otp(step), said):
            return bool(SecondFactor.objects.filter(Q(last_step__lt=step), pk=held.pk).update(last_step=step))
    return False


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user_id=user.pk).delete()
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    # All digits would be taken for a code of the authenticator: one in 10^6, drawn again.
    codes = [code if not code.isdecimal() else f"k{code[1:]}" for code in codes]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=keyed_digest(f"{user.pk} {code}")) for code in codes])
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _wrong() -> Refused:
    return Refused.because(
        "second_factor_wrong", "动态口令不正确，或者已经用过。", "The code is not right, or was used already.", where=Place(field="code"),
        remedy=("请等手机上显示下一个口令再输入，并核对手机时间；手机不在身边的，可用备用码。",
                "Wait for the next code and check your telephone's clock; without it use a recovery code."))
