"""``kouan exchange verify``: is the ledger what it was, are the signatures good, and do both ends say the same.

Needs no private key. Alone it finds any row altered, removed or put in between. That the tail was cut off, or the whole chain written
anew, shows against what partners hold: each envelope we signed says how far our ledger had come, so their evidence (``evidence``)
confronts ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kouan.basis import Finding, Place, Refused
from kouan.exchange.envelope import Envelope, canonical, read
from kouan.exchange.ledger import chain, payloads
from kouan.exchange.ledger.models import EntryKind, LedgerEntry, LedgerHead, Partner, PartnerKey, Purpose
from kouan.exchange.ledger.receiving import receipt_content

MOST_FINDINGS = 50
OURS = (EntryKind.SENT, EntryKind.RECEIPT_SENT)


@dataclass(slots=True)
class Report:
    """What was found. ``heads``: number and digest of every entry, by which partners' evidence is compared."""

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("entries", "envelopes", "payloads", "receipts", "evidence"), 0))
    first_bad: int | None = None

    @property
    def is_sound(self) -> bool:
        return not self.findings

    def add(self, number: int | None, code: str, zh: str, en: str, **details: Any) -> None:
        """Note one thing; the first bad entry is kept by its number."""
        if number is not None and self.first_bad is None:
            self.first_bad = number
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding.error(code, zh, en, where=Place(row=number) if number is not None else Place(), **details))

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {"is_sound": self.is_sound, "first_bad_entry": self.first_bad, "counts": self.counts,
                "findings": [each.as_dict() for each in self.findings]}


def verify(*, evidence: list[Path] | None = None, progress: Callable[[int, int | None, str], None] | None = None) -> Report:
    """Check everything. ``evidence``: files that partners wrote with ``kouan exchange evidence``."""
    report = Report()
    me = Partner.objects.filter(is_self=True).first()
    known = {(each.partner.code, each.purpose, each.key_id): each for each in PartnerKey.objects.select_related("partner")}
    total = LedgerEntry.objects.count()
    heads: dict[int, str] = {0: ""}
    sent: dict[str, str] = {}
    received: dict[str, tuple[int, str]] = {}
    claims: dict[tuple[str, int], str] = {}
    previous, expected = "", 1
    for entry in LedgerEntry.objects.order_by("number").iterator(chunk_size=500):
        report.counts["entries"] += 1
        if entry.number != expected:
            report.add(entry.number, "exchange_entry_missing", f"第 {expected} 条至第 {entry.number - 1} 条缺失。",
                       f"Entries {expected} to {entry.number - 1} are missing.")
        elif entry.previous != previous:
            report.add(entry.number, "exchange_chain_broken", f"第 {entry.number} 条与上一条不衔接。",
                       f"Entry {entry.number} does not follow the one before.")
        if chain.entry_digest(chain.covered_by(entry)) != entry.digest:
            report.add(entry.number, "exchange_entry_altered", f"第 {entry.number} 条被改动。", f"Entry {entry.number} was altered.")
        previous, expected = entry.digest, entry.number + 1
        heads[entry.number] = entry.digest
        if entry.envelope:
            _check_envelope(report, entry, me, known, heads, claims)
            _check_receipt(report, entry, sent, received, claims)
        if progress is not None and entry.number % 200 == 0:
            progress(report.counts["entries"], total, "")
    held = LedgerHead.objects.filter(pk=1).first()
    if held is not None and (held.number, held.digest) != (expected - 1, previous):
        report.add(expected, "exchange_tail_missing", f"台账链头为第 {held.number} 条，而最后一条是第 {expected - 1} 条。",
                   f"The head says {held.number}, the last entry is {expected - 1}.")
    for place in evidence or []:
        _confront(report, place, me, known, heads, sent)
    return report


def _check_envelope(report: Report, entry: LedgerEntry, me: Partner | None, known: dict[tuple[str, str, str], PartnerKey], heads: dict[int, str],
                    claims: dict[tuple[str, int], str]) -> None:
    report.counts["envelopes"] += 1
    number = entry.number
    try:
        envelope = read(entry.envelope.encode())
    except Refused:
        report.add(number, "exchange_envelope_altered", f"第 {number} 条的信封被改动。", f"The envelope of entry {number} was altered.")
        return
    is_ours = entry.kind in OURS
    other = envelope.receiver if is_ours else envelope.sender
    if (envelope.digest, envelope.message_id, envelope.service, envelope.header["payload_digest"], other) != (
            entry.envelope_digest, entry.message_id, entry.service, entry.payload_digest, entry.partner_code):
        report.add(number, "exchange_envelope_altered", f"第 {number} 条与其信封不一致。", f"Entry {number} does not say what its envelope says.")
        return
    if not _holds(envelope, known):
        report.add(number, "exchange_bad_signature", f"第 {number} 条的签名或时间戳不成立。",
                   f"Signature or time token of entry {number} does not hold.")
    said = envelope.header["ledger"]
    if is_ours:
        if (said["number"], said["digest"]) != (number - 1, heads.get(number - 1, "")) or me is None or envelope.sender != me.code:
            report.add(number, "exchange_head_differs", f"第 {number} 条信封中的链头与台账不同：台账被重写过。",
                       f"The head in the envelope of entry {number} is not the ledger's: the ledger was written anew.")
    else:
        _claim(report, claims, envelope.sender, said, number)
    place = payloads.place(envelope.header["suite"], entry.payload_digest)
    report.counts["payloads"] += 1
    if not place.is_file() or not envelope.holds(place.read_bytes()):
        report.add(number, "exchange_payload_missing", f"第 {number} 条的内容文件缺失或被改动。",
                   f"The payload of entry {number} is missing or was altered.",
                   remedy=("请从备份恢复该文件。", "Restore that file from a backup."))


def _holds(envelope: Envelope, known: dict[tuple[str, str, str], PartnerKey]) -> bool:
    key = known.get((envelope.sender, Purpose.SIGN, envelope.header["key"]))
    stamp = known.get((envelope.sender, Purpose.TIME, envelope.time["key"]))
    return (key is not None and stamp is not None and key.valid_from.timestamp() - 3600 <= envelope.created.timestamp() < key.valid_to.timestamp()
            and envelope.is_signed_by(bytes.fromhex(key.public)) and envelope.is_stamped_by(bytes.fromhex(stamp.public)))


def _claim(report: Report, claims: dict[tuple[str, int], str], partner: str, said: dict[str, Any], number: int) -> None:
    """A partner that tells two digests of one of its entries has written its ledger anew."""
    held = claims.setdefault((partner, said["number"]), said["digest"])
    if held != said["digest"]:
        report.add(number, "exchange_partner_rewrote", f"{partner} 对其台账第 {said['number']} 条先后给出不同的摘要。",
                   f"{partner} has told two digests of entry {said['number']} of its ledger.")


def _check_receipt(report: Report, entry: LedgerEntry, sent: dict[str, str], received: dict[str, tuple[int, str]],
                   claims: dict[tuple[str, int], str]) -> None:
    if entry.kind == EntryKind.SENT:
        sent[str(entry.message_id)] = entry.envelope_digest
    elif entry.kind == EntryKind.RECEIVED:
        received[str(entry.message_id)] = (entry.number, entry.digest)
    else:
        report.counts["receipts"] += 1
        try:
            envelope = read(entry.envelope.encode())
            said = receipt_content(payloads.place(envelope.header["suite"], entry.payload_digest).read_bytes())
        except (Refused, OSError):
            return  # told already
        if entry.kind == EntryKind.RECEIPT_RECEIVED:
            if sent.get(said["acknowledges"]) != said["envelope_digest"]:
                report.add(entry.number, "exchange_receipt_differs", f"第 {entry.number} 条回执所证的报文与本单位发出的不同。",
                           f"The receipt of entry {entry.number} is for another message than the one we sent.")
            _claim(report, claims, entry.partner_code, said["ledger"], entry.number)
        elif received.get(said["acknowledges"]) != (said["ledger"]["number"], said["ledger"]["digest"]):
            report.add(entry.number, "exchange_receipt_differs", f"第 {entry.number} 条回执所载的台账位置与台账不同。",
                       f"The receipt of entry {entry.number} names another place of the ledger.")


def evidence_of(partner: str) -> Iterator[bytes]:
    """What a partner signed and we hold, one line each: its envelopes, and what its receipts say. For that partner, or a judge."""
    for entry in LedgerEntry.objects.filter(partner_code=partner, kind__in=[EntryKind.RECEIVED, EntryKind.RECEIPT_RECEIVED]).order_by("number"):
        said = {"envelope": entry.envelope, "receipt": ""}
        if entry.kind == EntryKind.RECEIPT_RECEIVED:
            envelope = read(entry.envelope.encode())
            said["receipt"] = payloads.place(envelope.header["suite"], entry.payload_digest).read_bytes().decode()
        yield canonical(said) + b"\n"


def _confront(report: Report, place: Path, me: Partner | None, known: dict[tuple[str, str, str], PartnerKey], heads: dict[int, str],
              sent: dict[str, str]) -> None:
    for line, raw in enumerate(place.read_bytes().splitlines(), 1):
        try:
            said = json.loads(raw)
            envelope = read(said["envelope"].encode())
            receipt = receipt_content(said["receipt"].encode()) if said["receipt"] else None
        except (Refused, ValueError, KeyError, TypeError, AttributeError):
            report.add(None, "exchange_evidence_unreadable", f"证据文件 {place.name} 第 {line} 行无法读取。",
                       f"Line {line} of {place.name} cannot be read.")
            continue
        if me is None or envelope.sender != me.code or not _holds(envelope, known) or (
                receipt is not None and not envelope.holds(said["receipt"].encode())):
            report.add(None, "exchange_evidence_not_ours", f"证据文件 {place.name} 第 {line} 行不是本单位所签，不能作证。",
                       f"Line {line} of {place.name} is not signed by us and proves nothing.")
            continue
        report.counts["evidence"] += 1
        told = [envelope.header["ledger"], *([receipt["ledger"]] if receipt else [])]
        for head in told:
            if heads.get(head["number"]) != head["digest"]:
                report.add(head["number"], "exchange_head_differs", f"对方持有本单位签署的台账第 {head['number']} 条摘要，与现有台账不同或已不存在。",
                           f"A partner holds our signed digest of entry {head['number']}; the ledger says otherwise, or has it no more.")
        if receipt is None and envelope.service != "exchange.receipt/1" and sent.get(str(envelope.message_id)) != envelope.digest:
            report.add(None, "exchange_sent_missing", f"对方持有本单位签署的报文 {envelope.message_id}，台账中没有。",
                       f"A partner holds our signed message {envelope.message_id}, of which the ledger knows nothing.")
