"""Everything that changes the exchange: who partners are, keys, messages sent, received, acknowledged, refused."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from kouan.accounts.action import System, action
from kouan.audit.actions import record_event
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, clock
from kouan.crypto import SUITES, suite_of
from kouan.exchange.envelope import CODE, FILE_NAME, Envelope, Signer, canonical, read, seal, written
from kouan.exchange.ledger import chain, keys, payloads, receiving
from kouan.exchange.ledger.models import (
    EntryKind,
    LedgerEntry,
    Outgoing,
    Partner,
    PartnerKey,
    Purpose,
    Route,
    State,
)
from kouan.exchange.services import faults_of, limits, service, services

KEEP = "exchange.keep"
# Beyond so many refusals that nobody can be held to, one entry of the trail stands for the rest of the day's.
STRANGERS_A_DAY = 1_000


@action(KEEP)
def begin(*, actor: Any, code: str, name_zh: str, name_en: str = "", address: str = "", suite: str = "sm") -> Partner:
    """Give this installation its name in the exchange and its first two keys. Once; a second time is refused."""
    _known_suite(suite)
    _well_formed(code, address, name_zh)
    if (held := Partner.objects.filter(is_self=True).first()) is not None:
        raise Conflict.because("exchange_begun", f"本单位已以“{held.code}”开通数据交换。", f"The exchange was begun as “{held.code}”.")
    me = Partner.objects.create(code=code, name_zh=name_zh, name_en=name_en, address=address, is_self=True)
    for purpose in Purpose:
        keys.make_key(me, purpose, suite, valid_from=clock.now().replace(microsecond=0))
    return me


def _known_suite(suite: str) -> None:
    if suite not in SUITES:
        raise Refused.because("exchange_unknown_suite", f"没有“{suite}”这一算法套件。",
                              f"There is no suite “{suite}”.", required=", ".join(sorted(SUITES)))


def _well_formed(code: str, address: str, name_zh: str) -> None:
    found = []
    if not CODE.fullmatch(code):
        found.append(Finding.error("bad_code", "代码只能用小写字母、数字和横线，2至64位。", "A code has small letters, digits and hyphens, 2 to 64.",
                                   where=Place(field="code")))
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment):
        found.append(Finding.error("exchange_bad_address", "接收地址应为 http(s)://主机[:端口]，不带用户名和参数。",
                                   "An address is http(s)://host[:port], without user name or parameters.", where=Place(field="address")))
    if not 0 < len(name_zh) <= 120:
        found.append(Finding.error("missing", "请填写单位名称。", "Give the agency's name.", where=Place(field="name_zh")))
    if found:
        raise Refused(found)


def fingerprint_of(card: dict[str, Any]) -> str:
    """What two people compare by telephone: SM3 of the card, in eight groups.

    >>> fingerprint_of({"code": "npo"})
    '248f-a0a9-a1d2-16d2-2046-c42d-e7a5-ab5d'
    """
    digest = suite_of("sm").digest(canonical(card)).hex()
    return "-".join(digest[at : at + 4] for at in range(0, 32, 4))


@action(KEEP)
def add_partner(
    *, actor: Any, card: dict[str, Any], fingerprint: str, route: str = Route.HTTP, accepts: Sequence[str] = (), address: str = "",
) -> Partner:
    """Register another agency from its card; the fingerprint is the one its officer read out. Known already: its keys are added.

    A key that another card of the same agency brought earlier keeps its days; a key once revoked stays revoked.
    """
    if fingerprint.strip().lower() != fingerprint_of(card):
        raise Refused.because(
            "exchange_fingerprint", "名片指纹与所给指纹不同，未登记。", "The card's fingerprint is not the one given; nothing was registered.",
            where=Place(field="fingerprint"), remedy=("请与对方通话核对后重试。", "Compare it with the other agency by telephone, then try again."))
    try:
        code, name_zh, name_en, said_address = (str(card.get(each, "")) for each in ("code", "name_zh", "name_en", "address"))
        found = receiving.keys_content(canonical({"keys": card["keys"]}))
    except (KeyError, TypeError) as error:
        raise Refused.because("exchange_bad_card", "单位名片不完整。", "The card is not complete.") from error
    _well_formed(code, address or said_address, name_zh)
    for each in accepts:
        service(each)
    if route not in Route.values:
        raise Refused.because("exchange_bad_route", "通道只能是 http 或 folder。", "A route is http or folder.", where=Place(field="route"))
    if Partner.objects.filter(code=code, is_self=True).exists():
        raise Conflict.because("exchange_own_card", "这是本单位自己的名片。", "This is our own card.")
    partner, _ = Partner.objects.update_or_create(code=code, defaults={
        "name_zh": name_zh, "name_en": name_en[:200], "route": route, "address": address or said_address, "services": sorted(set(accepts)),
        "is_active": True})
    _learn(partner, found)
    return partner


def _learn(partner: Partner, found: Sequence[dict[str, Any]]) -> None:
    for each in found:
        key, made = PartnerKey.objects.get_or_create(partner=partner, key_id=each["key"], defaults={
            "purpose": each["purpose"], "suite": each["suite"], "public": each["public"], "valid_from": each["valid_from"],
            "valid_to": each["valid_to"]})
        # The days of a known key may only be shortened, and a revocation is never taken back.
        if not made and each["valid_to"] < key.valid_to:
            key.valid_to = each["valid_to"]
        if each["revoked"] and key.revoked_at is None:
            key.revoked_at, key.revoked_why = clock.now(), each["revoked"]
        key.save(update_fields=["valid_to", "revoked_at", "revoked_why"])


@action(KEEP)
def set_partner(*, actor: Any, code: str, is_active: bool | None = None, accepts: Sequence[str] | None = None) -> Partner:
    """Suspend or resume the exchange with an agency, or change what it may send us."""
    partner = _partner(actor, code)
    if is_active is not None:
        partner.is_active = is_active
    if accepts is not None:
        for each in accepts:
            service(each)
        partner.services = sorted(set(accepts))
    partner.save(update_fields=["is_active", "services"])
    return partner


def _partner(actor: Any, code: str) -> Partner:
    found = Partner.objects.filter(code=code, is_self=False).first()
    if found is None:
        raise NotFound.because("exchange_unknown_partner", f"没有代码为“{code}”的交换单位。", f"There is no partner “{code}”.",
                               remedy=("用 kouan exchange partners list 查看。", "See kouan exchange partners list."))
    return found


@action(KEEP)
def rotate_key(
    *, actor: Any, purpose: str = Purpose.SIGN, suite: str = "", lead_days: int | None = None, overlap_days: int | None = None,
) -> PartnerKey:
    """Make the next key, tell every partner under the present one, and give the present one its last day.

    The new key signs after ``lead_days``; the old one is taken for ``overlap_days`` more, for what is still on its way.
    """
    me = keys.own()
    kind = Purpose(purpose)
    old = keys.current(me, kind)
    _known_suite(suite or old.suite)
    lead = limits().keys_lead_days if lead_days is None else lead_days
    overlap = limits().keys_overlap_days if overlap_days is None else overlap_days
    if not 0 <= lead <= 365 or not 0 <= overlap <= 365:
        raise Refused.because("exchange_rotation_days", "天数应为 0 至 365。", "Days are 0 to 365.")
    start = clock.now().replace(microsecond=0) + timedelta(days=lead)
    # The notice goes out under the keys of today, taken before the new one is made: on a slow machine that may be in force by then.
    today = keys.signer(me, Purpose.SIGN), keys.signer(me, Purpose.TIME)
    fresh = keys.make_key(me, kind, suite or old.suite, valid_from=start + timedelta(seconds=1))
    for each in me.keys.filter(purpose=kind, revoked_at__isnull=True, valid_to__gt=start).exclude(pk=fresh.pk):
        each.valid_to = min(each.valid_to, start + timedelta(days=overlap, seconds=1))
        each.save(update_fields=["valid_to"])
    _tell_keys(me, today)
    return fresh


@action(KEEP)
def revoke_key(*, actor: Any, owner: str, key_id: str, why: str) -> PartnerKey:
    """Revoke a key at once: a partner's, on its word by telephone, or one of ours, of which every partner is told."""
    if not why.strip():
        raise Refused.because("missing", "请写明吊销原因。", "Say why the key is revoked.", where=Place(field="why"))
    found = PartnerKey.objects.select_related("partner").filter(partner__code=owner, key_id__startswith=key_id) if len(key_id) >= 8 else None
    key = found[0] if found is not None and len(found) == 1 else None
    if key is None:
        raise NotFound.because("exchange_unknown_key", "没有这把密钥，或者标识不足以确定一把。", "There is no such key, or its name fits several.",
                               measured=key_id[:16])
    if key.revoked_at is None:
        key.revoked_at, key.revoked_why = clock.now(), why.strip()[:200]
        key.save(update_fields=["revoked_at", "revoked_why"])
        if key.partner.is_self:
            now = clock.now()
            if key.partner.keys.filter(purpose=key.purpose, valid_from__lte=now, valid_to__gt=now, revoked_at__isnull=True).exists():
                _tell_keys(key.partner)
            else:
                # A notice under the revoked key would be worth nothing: the new key comes to partners by a new card.
                keys.make_key(key.partner, Purpose(key.purpose), key.suite, valid_from=now.replace(microsecond=0))
    return key


def _tell_keys(me: Partner, signers: tuple[Signer, Signer] | None = None) -> None:
    said = {"keys": [{"key": each.key_id, "purpose": each.purpose, "suite": each.suite, "public": each.public, "valid_from": written(each.valid_from),
                      "valid_to": written(each.valid_to), "revoked": each.revoked_why if each.revoked_at else ""} for each in me.keys.all()]}
    for partner in Partner.objects.filter(is_self=False, is_active=True):
        _send(me, partner, receiving.KEYS, "application/json", canonical(said), sent_by=None, signers=signers)


@action("exchange.send")
def send(
    *, actor: Any, receiver: str, service_code: str, content: bytes, media_type: str, file_name: str = "", in_reply_to: str = "",
) -> Outgoing:
    """Sign, stamp and log a message; it leaves by ``deliver`` or the next folder."""
    partner = _partner(actor, receiver)
    kind = service(service_code)
    found = faults_of(kind, media_type, content)
    if kind.is_internal:
        found.append(Finding.error("exchange_internal_service", "此服务由系统自行使用。", "The system alone uses this service.",
                                   where=Place(field="service")))
    if not partner.is_active:
        found.append(Finding.error("exchange_partner_blocked", "与该单位的交换已停用。", "The exchange with this agency is suspended."))
    if file_name and not FILE_NAME.fullmatch(file_name):
        found.append(Finding.error("exchange_file_name", "文件名含有不可用的字符，或超过120字。",
                                   "The file name has characters that may not be used, or is too long.",
                                   where=Place(field="file_name")))
    if in_reply_to and not LedgerEntry.objects.filter(kind=EntryKind.RECEIVED, partner_code=partner.code, message_id=_uuid(in_reply_to)).exists():
        found.append(Finding.error("exchange_no_such_message", "没有收到过所答复的报文。", "The message to be answered never came.",
                                   where=Place(field="in_reply_to")))
    if found:
        raise Refused(found)
    return _send(keys.own(), partner, kind.code, media_type, content, file_name=file_name, in_reply_to=in_reply_to,
                 sent_by=None if isinstance(actor, System) else actor)


def _uuid(said: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(said)
    except ValueError:
        return None


def _send(
    me: Partner, partner: Partner, service_code: str, media_type: str, content: bytes, *, sent_by: Any, file_name: str = "", in_reply_to: str = "",
    kind: EntryKind = EntryKind.SENT, answers: uuid.UUID | None = None, signers: tuple[Signer, Signer] | None = None,
) -> Outgoing:
    held = chain.head()
    signer, stamper = signers or (keys.signer(me, Purpose.SIGN), keys.signer(me, Purpose.TIME))
    made = seal(
        sender=me.code, receiver=partner.code, service=service_code, media_type=media_type, payload=content, created=clock.now(),
        lifetime=timedelta(days=service(service_code).lifetime_days), signer=signer, stamper=stamper,
        file_name=file_name, in_reply_to=in_reply_to, ledger=(held.number, held.digest))
    payloads.keep(made.header["suite"], made.header["payload_digest"], content)
    entry = chain.append(held, kind, partner_code=partner.code, envelope=made, answers=answers)
    return Outgoing.objects.create(entry=entry, partner=partner, sent_by=sent_by)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message taken in. ``receipt``: what goes back to the sender; None for a receipt, which is not answered again."""

    entry: LedgerEntry
    receipt: LedgerEntry | None


def receive(*, actor: Any, raw: bytes, payload: bytes, answer_by_folder: bool = False) -> Taken:
    """Take in one message, or refuse it whole; a refusal is logged as well. Raises Refused."""
    try:
        return _receive(actor=actor, raw=raw, payload=payload, answer_by_folder=answer_by_folder)
    except Refused as refusal:
        _log_refusal(actor=actor, raw=raw, findings=refusal.findings, is_proven=not isinstance(refusal, receiving.Unproven))
        raise


@action("exchange.receive")
def _receive(*, actor: Any, raw: bytes, payload: bytes, answer_by_folder: bool) -> Taken:
    return take_in(read(raw), payload, answer_by_folder=answer_by_folder)


def take_in(envelope: Envelope, payload: bytes, *, answer_by_folder: bool) -> Taken:
    """The work of ``receive`` inside the caller's transaction."""
    me = keys.own()
    partner = receiving.checked(envelope, payload, me)
    payloads.keep(envelope.header["suite"], envelope.header["payload_digest"], payload)
    try:
        with transaction.atomic():
            if envelope.service == receiving.RECEIPT:
                return Taken(_acknowledge(partner, envelope, receiving.receipt_content(payload)), None)
            if envelope.service == receiving.KEYS:
                _learn(partner, receiving.keys_content(payload))
            entry = chain.append(chain.head(), EntryKind.RECEIVED, partner_code=partner.code, envelope=envelope)
            answer = _send(me, partner, receiving.RECEIPT, "application/json", canonical({
                "acknowledges": str(envelope.message_id), "envelope_digest": envelope.digest,
                "ledger": {"number": entry.number, "digest": entry.digest}}),
                sent_by=None, in_reply_to=str(envelope.message_id), kind=EntryKind.RECEIPT_SENT, answers=envelope.message_id)
            if not answer_by_folder:
                # It goes back in the very answer; who loses it may ask for it again (``receipt_for``).
                answer.state = State.ACKNOWLEDGED
                answer.save(update_fields=["state"])
            return Taken(entry, answer.entry)
    except IntegrityError as error:
        seen = LedgerEntry.objects.filter(partner_code=partner.code, message_id=envelope.message_id,
                                          kind__in=[EntryKind.RECEIVED, EntryKind.RECEIPT_RECEIVED]).first()
        if seen is None:
            raise
        raise receiving.replayed(envelope, seen) from error


def _acknowledge(partner: Partner, envelope: Envelope, said: dict[str, Any]) -> LedgerEntry:
    answered = _uuid(said["acknowledges"])
    sent = Outgoing.objects.select_related("entry").filter(
        entry__message_id=answered, entry__kind=EntryKind.SENT, partner=partner).first() if answered else None
    if sent is None or sent.entry.envelope_digest != said["envelope_digest"] or envelope.header["in_reply_to"] != said["acknowledges"]:
        raise Refused.because("exchange_receipt_for_nothing", "回执所指的报文不是本单位发出的，或摘要不同。",
                              "The receipt is for no message of ours, or for another content.", measured=said["acknowledges"][:40])
    entry = chain.append(chain.head(), EntryKind.RECEIPT_RECEIVED, partner_code=partner.code, envelope=envelope, answers=answered)
    if sent.state != State.ACKNOWLEDGED:
        sent.state, sent.problem = State.ACKNOWLEDGED, []
        sent.save(update_fields=["state", "problem"])
    return entry


@action("exchange.receive")
def _log_refusal(*, actor: Any, raw: bytes, findings: list[Finding], is_proven: bool) -> None:
    digest = suite_of("sm").digest(raw).hex()
    try:
        envelope = read(raw)
    except Refused:
        envelope = None
    known = is_proven and envelope is not None and Partner.objects.filter(code=envelope.sender, is_self=False).exists()
    if not known:
        # Nobody stands behind it: a stranger must not be able to fill the ledger.
        since = clock.now() - timedelta(days=1)
        if LedgerEntry.objects.filter(kind=EntryKind.REFUSED, partner_code="", at__gte=since).count() >= STRANGERS_A_DAY:
            return
    chain.append(chain.head(), EntryKind.REFUSED, partner_code=envelope.sender if known and envelope else "", envelope=envelope if known else None,
                 envelope_digest=digest, findings=findings)


@action("exchange.receive")
def log_batch_refusal(*, actor: Any, partner_code: str, digest: str, findings: list[Finding]) -> None:
    """Note in the ledger that a whole folder of the other zone was refused, and why."""
    chain.append(chain.head(), EntryKind.REFUSED, partner_code=partner_code, envelope_digest=digest, findings=findings[:20])


def receipt_for(*, sender: str, message_id: uuid.UUID, envelope_digest: str) -> LedgerEntry | None:
    """The receipt of a message that was taken in, for whoever holds that message (its digest shows it)."""
    taken = LedgerEntry.objects.filter(kind=EntryKind.RECEIVED, partner_code=sender, message_id=message_id, envelope_digest=envelope_digest)
    if not taken.exists():
        return None
    return LedgerEntry.objects.filter(kind=EntryKind.RECEIPT_SENT, partner_code=sender, answers=message_id).order_by("number").first()


@action("exchange.send")
def note_attempt(*, actor: Any, outgoing: Outgoing, findings: Sequence[Finding] = (), state: str = State.WAITING) -> None:
    """Keep what came of trying to deliver; an acknowledged message stays so."""
    held = Outgoing.objects.select_for_update().get(pk=outgoing.pk)
    if held.state == State.ACKNOWLEDGED:
        return
    held.attempts += 1
    held.tried_at = clock.now()
    held.state = state
    held.problem = [each.as_dict() for each in findings]
    held.save(update_fields=["attempts", "tried_at", "state", "problem"])


@action("exchange.read")
def take_out(*, actor: Any, message_id: str) -> tuple[LedgerEntry, bytes]:
    """The payload of a message received or sent, and its entry; the reading is recorded."""
    entry = LedgerEntry.objects.visible_to(actor).filter(message_id=_uuid(message_id), kind__in=[EntryKind.RECEIVED, EntryKind.SENT]).first()
    if entry is None:
        raise NotFound.because("exchange_no_such_message", "没有这个报文。", "There is no such message.", measured=message_id[:40])
    envelope = read(entry.envelope.encode())
    place = payloads.place(envelope.header["suite"], entry.payload_digest)
    content = place.read_bytes() if place.is_file() else b""
    if not envelope.holds(content):
        raise Refused.because("exchange_payload_missing", "内容文件缺失或被改动。", "The payload's file is missing or was altered.",
                              measured=place.name[:24], remedy=("请从备份恢复，或请对方重发。", "Restore it from a backup, or ask for it again."))
    record_event("exchange_taken_out", actor_id=actor.pk, payload={"message": str(entry.message_id), "partner": entry.partner_code})
    return entry, content


__all__ = ["Taken", "add_partner", "begin", "fingerprint_of", "log_batch_refusal", "note_attempt", "receipt_for", "receive", "revoke_key",
           "rotate_key", "send", "services", "set_partner", "take_in", "take_out"]
