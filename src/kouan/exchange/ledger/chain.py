"""Appending to the ledger, and what an entry's digest covers. Anyone can work it out again: no secret is in it.

>>> entry_digest({"number": 1, "kind": "sent", "previous": ""})[:16]
'20fd884b6c94ee47'
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from kouan.basis import Finding, clock
from kouan.crypto import suite_of
from kouan.exchange.envelope import Envelope, canonical, written
from kouan.exchange.ledger.models import EntryKind, LedgerEntry, LedgerHead

ALGORITHM = "sm3"


def entry_digest(covered: Mapping[str, Any]) -> str:
    """SM3 over the canonical JSON of what an entry says, the digest of the one before included."""
    return suite_of("sm").digest(canonical(dict(covered))).hex()


def covered_by(entry: LedgerEntry) -> dict[str, Any]:
    """What an entry's digest covers. The envelope stands in it by its digest."""
    return {
        "number": entry.number, "at": written(entry.at), "kind": entry.kind, "partner": entry.partner_code,
        "message_id": str(entry.message_id or ""), "service": entry.service, "envelope_digest": entry.envelope_digest,
        "payload_digest": entry.payload_digest, "payload_bytes": entry.payload_bytes, "answers": str(entry.answers or ""),
        "findings": entry.findings, "previous": entry.previous,
    }


def head() -> LedgerHead:
    """The newest entry's number and digest, locked until the end of the transaction: the next writer waits."""
    LedgerHead.objects.get_or_create(pk=1)
    return LedgerHead.objects.select_for_update().get(pk=1)


def append(
    held: LedgerHead, kind: EntryKind, *, partner_code: str, envelope: Envelope | None = None, envelope_digest: str = "",
    answers: uuid.UUID | None = None, findings: list[Finding] | None = None,
) -> LedgerEntry:
    """Write the next entry. ``held``: the head from ``head()`` in this very transaction.

    A refused envelope that could not be shown to be its sender's is noted by its digest alone.
    """
    entry = LedgerEntry(
        number=held.number + 1, at=clock.now().replace(microsecond=0), kind=kind, partner_code=partner_code,
        message_id=envelope.message_id if envelope else None, service=envelope.service if envelope else "",
        envelope=envelope.raw.decode() if envelope and kind != EntryKind.REFUSED else "",
        envelope_digest=envelope.digest if envelope else envelope_digest,
        payload_digest=envelope.header["payload_digest"] if envelope else "",
        payload_bytes=envelope.header["payload_bytes"] if envelope else 0,
        answers=answers, findings=[each.as_dict() for each in findings or []], previous=held.digest,
    )
    entry.digest = entry_digest(covered_by(entry))
    entry.save(force_insert=True)
    held.number, held.digest = entry.number, entry.digest
    held.save(update_fields=["number", "digest"])
    return entry
