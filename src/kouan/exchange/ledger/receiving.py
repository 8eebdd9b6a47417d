"""What must hold of a message before it is taken in, in the order in which it is asked.

A stranger learns nothing but that the message was refused: whatever cannot be shown to be its sender's is answered alike.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from kouan.basis import Conflict, Finding, Place, Refused, clock
from kouan.crypto import SUITES, suite_of, thumbprint
from kouan.exchange.envelope import Envelope, NotAnEnvelope, instant
from kouan.exchange.ledger.models import EntryKind, LedgerEntry, Partner, PartnerKey, Purpose
from kouan.exchange.services import faults_of, limits, service

RECEIPT = "exchange.receipt/1"
KEYS = "exchange.keys/1"
INTERNAL = (RECEIPT, KEYS)


class Replayed(Conflict):
    """The message was taken in before."""


class Unproven(Refused):
    """Not shown to be its sender's: nothing it says is believed, not even who sent it."""


def checked(envelope: Envelope, payload: bytes, me: Partner) -> Partner:
    """The sender, when everything holds. Raises Refused with what does not."""
    partner = Partner.objects.filter(code=envelope.sender, is_self=False).first()
    if partner is None:
        raise Unproven.because(
            "exchange_unknown_sender", "发送单位未在本单位登记，报文已拒收。", "The sender is not a partner of ours; the message was refused.",
            measured=envelope.sender, remedy=("请先互换单位名片并核对指纹。", "Exchange cards and compare fingerprints first."))
    _signature(envelope, partner)
    if not partner.is_active:
        raise _because("exchange_partner_blocked", "与该单位的交换已停用。", "The exchange with this agency is suspended.")
    if envelope.receiver != me.code:
        raise _because("exchange_wrong_receiver", "报文不是发给本单位的。", "The message is not for us.",
                       measured=envelope.receiver, required=me.code)
    _moment(envelope)
    kind = service(envelope.service)
    if not kind.is_internal and kind.code not in partner.services:
        raise _because("exchange_service_not_agreed", f"未与该单位约定“{kind.name.zh}”服务。",
                       f"The service “{kind.name.en}” is not agreed with this agency.",
                       measured=kind.code, required=", ".join(partner.services) or "—",
                       remedy=("请双方约定后由系统管理员登记。", "Agree on it; the administrators then enter it."))
    if envelope.expires - envelope.created > timedelta(days=kind.lifetime_days):
        raise _because("exchange_lifetime", "报文有效期超过该服务的上限。", "The message claims to last longer than the service allows.",
                       measured=str(envelope.expires - envelope.created), required=f"≤ {kind.lifetime_days} d")
    if not envelope.holds(payload):
        raise _because("exchange_payload_altered", "内容与信封所载摘要或大小不符，已拒收。", "The payload is not the one that was signed for.",
                       measured=f"{len(payload)} B", required=f"{envelope.header['payload_bytes']} B",
                       remedy=("请重新传送原件。", "Transmit the original again."))
    if found := faults_of(kind, envelope.header["media_type"], payload):
        raise Refused(found)
    seen = LedgerEntry.objects.filter(partner_code=partner.code, message_id=envelope.message_id,
                                      kind__in=[EntryKind.RECEIVED, EntryKind.RECEIPT_RECEIVED]).first()
    if seen is not None:
        raise replayed(envelope, seen)
    return partner


def replayed(envelope: Envelope, seen: LedgerEntry) -> Replayed:
    """The refusal of a message that was here before; another under the same number is told apart."""
    if seen.envelope_digest == envelope.digest:
        return Replayed(Finding.error(
            "exchange_replayed", "该报文已经收过，本次未作任何处理。", "The message was taken in before; nothing was done this time.",
            where=Place(field="id"), measured=str(envelope.message_id),
            remedy=("未收到回执的，请查询回执。", "Ask for its receipt if that never came.")))
    return Replayed(Finding.error(
        "exchange_number_taken", "同一标识已用于另一报文，已拒收。", "Another message was taken in under this number; this one was refused.",
        where=Place(field="id"), measured=str(envelope.message_id)))


def _because(code: str, zh: str, en: str, **details: Any) -> Refused:
    return Refused([Finding.error(code, zh, en, **details)])


def _signature(envelope: Envelope, partner: Partner) -> None:
    key = _key(partner, Purpose.SIGN, envelope.header["key"], envelope.header["suite"])
    if not envelope.is_signed_by(bytes.fromhex(key.public)):
        raise Unproven.because("exchange_bad_signature", "签名不符：报文被改动，或者不是该单位所签。",
                               "The signature does not hold: the message was altered or is not this agency's.")
    stamp = _key(partner, Purpose.TIME, envelope.time["key"], envelope.time["suite"])
    if not envelope.is_stamped_by(bytes.fromhex(stamp.public)):
        raise Unproven.because("exchange_bad_time_token", "时间戳不符，已拒收。", "The time token does not hold; the message was refused.")
    for held, at in ((key, envelope.created), (stamp, envelope.stamped_at)):
        in_force(held, at)


def _key(partner: Partner, purpose: Purpose, key_id: str, suite: str) -> PartnerKey:
    found = partner.keys.filter(purpose=purpose, key_id=key_id, suite=suite).first()
    if found is None:
        raise Unproven.because(
            "exchange_unknown_key", f"{purpose.label}所用密钥未在本单位登记。", f"The key used to {purpose} is not known to us.",
            measured=key_id[:16], remedy=("如对方更换了密钥，请先接收其密钥通知或新名片。",
                                          "If the sender changed its key, take in its notice of keys or its new card first."))
    return found


def in_force(key: PartnerKey, at: datetime) -> None:
    """Refuse a key that was revoked, or was not in force at that moment."""
    if key.revoked_at is not None:
        raise Unproven.because("exchange_revoked_key", "签名密钥已吊销，报文已拒收。", "The key was revoked; the message was refused.",
                               measured=key.key_id[:16])
    skew = timedelta(seconds=limits().clock_skew_seconds)
    if at < key.valid_from - skew:
        raise Unproven.because("exchange_key_not_yet", "签名密钥尚未启用。", "The key is not in force yet.", measured=key.key_id[:16],
                               required=f"≥ {key.valid_from:%Y-%m-%d %H:%M} UTC")
    if at >= key.valid_to:
        raise Unproven.because("exchange_retired_key", "签名密钥已停用，报文已拒收。", "The key has been retired; the message was refused.",
                               measured=key.key_id[:16], required=f"< {key.valid_to:%Y-%m-%d %H:%M} UTC")


def _moment(envelope: Envelope) -> None:
    now = clock.now()
    skew = timedelta(seconds=limits().clock_skew_seconds)
    for at, what in ((envelope.created, "created"), (envelope.stamped_at, "time.at")):
        if at > now + skew:
            raise _because("exchange_from_the_future", "报文时间晚于本机时钟，超过允许的偏差。", "The message is dated later than our clock allows.",
                           where=Place(path=what), measured=f"{at:%Y-%m-%dT%H:%M:%SZ}", required=f"≤ {now + skew:%Y-%m-%dT%H:%M:%SZ}",
                           remedy=("请核对双方时钟。", "Compare the two clocks."))
    if abs(envelope.stamped_at - envelope.created) > skew:
        raise _because("exchange_stamp_apart", "时间戳与报文时间相差过大。", "The time token lies too far from the message's own time.",
                       measured=str(envelope.stamped_at - envelope.created), required=f"≤ {skew}")
    if now >= envelope.expires:
        raise _because("exchange_expired", "报文已过有效期，已拒收。", "The message has expired and was refused.",
                       measured=f"{envelope.expires:%Y-%m-%dT%H:%M:%SZ}", remedy=("请发送方重新签发。", "Let the sender issue it anew."))


def receipt_content(payload: bytes) -> dict[str, Any]:
    """What a receipt says: which message, by number and digest, and where it stands in the ledger of who received it."""
    said = _object(payload)
    entry = said.get("ledger")
    if set(said) != {"acknowledges", "envelope_digest", "ledger"} or not isinstance(entry, dict) or set(entry) != {"number", "digest"} \
            or not all(isinstance(said[each], str) for each in ("acknowledges", "envelope_digest")) or not isinstance(entry["number"], int) \
            or not isinstance(entry["digest"], str):
        raise _because("exchange_bad_receipt", "回执内容不正确。", "The receipt does not say what a receipt says.")
    return said


def keys_content(payload: bytes) -> list[dict[str, Any]]:
    """The keys of a notice, checked: each the key that its name says."""
    said = _object(payload)
    found = []
    try:
        for each in said["keys"][:20]:
            if each["suite"] not in SUITES or each["purpose"] not in Purpose.values:
                raise ValueError("suite or purpose")
            if thumbprint(suite_of(each["suite"]), bytes.fromhex(each["public"])) != each["key"] or len(each["public"]) != 130:
                raise ValueError("thumbprint")
            found.append({**each, "valid_from": instant(each["valid_from"]), "valid_to": instant(each["valid_to"]),
                          "revoked": str(each.get("revoked", ""))[:200]})
    except (KeyError, TypeError, ValueError) as error:
        raise _because("exchange_bad_keys", "密钥通知内容不正确。", "The notice of keys is not of the agreed form.",
                       measured=str(error)[:80]) from error
    return found


def _object(payload: bytes) -> dict[str, Any]:
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise NotAnEnvelope.because("exchange_not_json", "内容不是约定的 JSON。", "The payload is not the JSON agreed upon.")
    return said
