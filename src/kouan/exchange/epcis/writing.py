"""Milestone events written as an EPCIS 2.0 document, event by event: a month needs no more memory than a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

CONTEXT = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"kouan": "urn:kouan:"}]
_OURS = (
    "case_id", "case_kind", "milestone", "mode", "direction", "port", "party", "planned", "revision", "source", "event_id", "origin",
    "nationality_group", "risk_channel", "goods_kind",
)


@lru_cache(maxsize=1)
def steps() -> dict[str, str]:
    """Milestone → the bizStep of the Core Business Vocabulary that fits; those without one are left out."""
    from kouan.monitoring.timing.definitions import shipped

    return {each.code: each.cbv for each in shipped().milestones.values() if each.cbv}


def event_dict(row: Mapping[str, Any]) -> dict[str, Any]:
    """One event as an ObjectEvent. ``row``: columns of the contract, times as ISO 8601 text."""
    offset = row["utc_offset"] or 0
    case = f"urn:kouan:case:{quote(row['case_id'], safe='')}"
    event: dict[str, Any] = {
        "type": "ObjectEvent", "eventID": f"urn:kouan:event:{quote(row['source'], safe='')}:{quote(row['event_id'], safe='')}",
        "eventTime": row["occurred_at"], "eventTimeZoneOffset": f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}",
        "recordTime": row["received_at"], "epcList": [case], "action": "OBSERVE",
    }
    if step := steps().get(row["milestone"]):
        event["bizStep"] = step
    if row["place"]:
        event["readPoint"] = {"id": f"urn:kouan:place:{quote(row['place'], safe='')}"}
    event["bizLocation"] = {"id": f"urn:kouan:port:{row['port']}"}
    event["bizTransactionList"] = [{"bizTransaction": case}]
    if row["withdrawn"]:
        event["errorDeclaration"] = {"declarationTime": row["received_at"], "reason": "did_not_occur"}
    event |= {f"kouan:{name}": row[name] for name in _OURS if row[name] not in ("", None)}
    if row["quantity"] is not None:
        event["kouan:quantity"] = row["quantity"]
    return event


def write_epcis(rows: Iterable[Mapping[str, Any]], created_at: str) -> Iterator[bytes]:
    """The pieces of an EPCISDocument with the events of ``rows``, one to a line."""
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": created_at}
    yield msgspec.json.encode(head)[:-1] + b',"epcisBody":{"eventList":[\n'
    is_first = True
    for row in rows:
        yield (b"" if is_first else b",\n") + msgspec.json.encode(event_dict(row))
        is_first = False
    yield b"\n]}}\n"
