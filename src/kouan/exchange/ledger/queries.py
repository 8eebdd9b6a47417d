"""What can be asked about the exchange: partners, keys, the ledger. All within ``visible_to``."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Q

from kouan.basis import Text, clock
from kouan.exchange.ledger.models import EntryKind, LedgerEntry, Outgoing, Partner, PartnerKey, State

KEY_STATES = {"ahead": Text("待启用", "not yet"), "active": Text("在用", "in force"), "retired": Text("已停用", "retired"),
              "revoked": Text("已吊销", "revoked")}
STATES = {State.WAITING: Text("待送达", "Waiting"), State.ACKNOWLEDGED: Text("对方已签收", "Acknowledged"),
          State.REFUSED: Text("对方拒收", "Refused"),
          State.EXPIRED: Text("过期未达", "Expired")}
KINDS = {EntryKind.SENT: Text("发出", "Sent"), EntryKind.RECEIVED: Text("收到", "Received"), EntryKind.RECEIPT_SENT: Text("回执发出", "Receipt sent"),
         EntryKind.RECEIPT_RECEIVED: Text("回执收到", "Receipt received"), EntryKind.REFUSED: Text("拒收", "Refused")}


def partners_told(user: Any) -> list[dict[str, Any]]:
    """Every partner with its last messages, what waits for it, and what of it was refused."""
    seen: dict[str, Any] = {each["partner_code"]: each for each in LedgerEntry.objects.order_by().values("partner_code").annotate(
        last_received=Max("at", filter=Q(kind=EntryKind.RECEIVED)), last_sent=Max("at", filter=Q(kind=EntryKind.SENT)),
        refused=Count("pk", filter=Q(kind=EntryKind.REFUSED)))}
    waiting: dict[str, int] = dict(Outgoing.objects.order_by().filter(state=State.WAITING).values_list("partner__code").annotate(Count("pk")))
    return [{
        "code": each.code, "name_zh": each.name_zh, "name": each.name, "is_self": each.is_self, "route": each.route, "address": each.address,
        "services": each.services, "is_active": each.is_active, "waiting": waiting.get(each.code, 0),
        "last_received": seen.get(each.code, {}).get("last_received"), "last_sent": seen.get(each.code, {}).get("last_sent"),
        "refused": seen.get(each.code, {}).get("refused", 0),
    } for each in Partner.objects.visible_to(user)]


def key_state(key: PartnerKey) -> str:
    """``ahead``, ``active``, ``retired`` or ``revoked``."""
    now = clock.now()
    if key.revoked_at is not None:
        return "revoked"
    return "ahead" if now < key.valid_from else "active" if now < key.valid_to else "retired"


def keys_told(user: Any) -> list[dict[str, Any]]:
    """The public keys of all partners that may be seen, our own first."""
    found = PartnerKey.objects.select_related("partner").filter(partner__in=Partner.objects.visible_to(user)).order_by(
        "-partner__is_self", "partner__code", "purpose", "valid_from")
    return [{"partner": each.partner.code, "name": each.partner.name, "purpose": each.get_purpose_display(), "suite": each.suite, "key": each.key_id,
             "valid_from": each.valid_from, "valid_to": each.valid_to, "state": key_state(each)} for each in found]


def entries_told(user: Any, *, partner: str = "", kind: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """The newest entries of the ledger; of our own messages, where they stand."""
    found = LedgerEntry.objects.visible_to(user).select_related("outgoing").order_by("-number")
    if partner:
        found = found.filter(partner_code=partner)
    if kind:
        found = found.filter(kind=kind)
    return [told(each) for each in found[:limit]]


def told(entry: LedgerEntry) -> dict[str, Any]:
    """One entry as doors show it."""
    outgoing = getattr(entry, "outgoing", None)
    return {
        "number": entry.number, "at": entry.at, "kind": entry.kind, "kind_label": entry.get_kind_display(), "partner": entry.partner_code,
        "service": entry.service, "message": str(entry.message_id) if entry.message_id else "", "payload_bytes": entry.payload_bytes,
        "payload_digest": entry.payload_digest, "envelope_digest": entry.envelope_digest, "digest": entry.digest,
        "answers": str(entry.answers) if entry.answers else "", "findings": entry.findings, "problem": outgoing.problem if outgoing else [],
        "state": outgoing.get_state_display() if outgoing else "",
    }
