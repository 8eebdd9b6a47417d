"""EPCIS 2.0 JSON read as milestone events: tolerant of what it does not know, bounded in size.

| EPCIS | our column |
|---|---|
| eventID | event_id (the hash of a ``ni:`` URI; a SHA-256 of the event where it has none) |
| eventTime, eventTimeZoneOffset, recordTime | occurred_at, utc_offset, received_at |
| ``kouan:milestone``, else a bizStep that fits one milestone only | milestone |
| bizLocation, else readPoint, ``urn:kouan:port:CODE`` or the end of any URI | port |
| readPoint ``urn:kouan:place:NAME`` | place |
| bizTransactionList, epcList, parentID, inputs, outputs: the first | case_id |
| quantityList: the first whole quantity | quantity |
| errorDeclaration | withdrawn, revision 2 unless it says its own |

Columns that a foreign document lacks (port, mode, direction, case_kind) come from ``defaults``.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import msgspec

from kouan.basis import Refused

MOST_BYTES, MOST_EVENTS = 64 * 1024 * 1024, 100_000
TYPES = frozenset({"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"})
PREFIX = "kouan:"
# Ours, beside what EPCIS has words for.
EXTENSIONS = (
    "case_id", "case_kind", "milestone", "mode", "direction", "port", "place", "party", "planned", "quantity", "revision",
    "source", "event_id", "origin", "nationality_group", "risk_channel", "goods_kind",
)
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")
_NI = re.compile(r"ni:///(sha-256;[0-9a-f]{64})(\?.*)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?")


def read_epcis(content: bytes, defaults: Mapping[str, Any] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number, columns) of each event of a document, a query's result, a list of events or one event.

    Refused when it is no EPCIS JSON, or too large; what is odd in one event is left to the journal's judge.
    """
    if len(content) > MOST_BYTES:
        raise Refused.because("epcis_too_large", "EPCIS 文件过大。", "The EPCIS file is too large.",
                              measured=f"{len(content):,} B", required=f"≤ {MOST_BYTES:,} B", remedy=("请分成几个文件。", "Split it."))
    try:
        document = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise Refused.because("epcis_unreadable", "不是有效的 JSON。", "It is no valid JSON.",
                              remedy=("请提供 EPCIS 2.0 的 JSON 或 JSON-LD 文件。", "Give a JSON or JSON-LD file of EPCIS 2.0."))
    events = _events(document)
    if len(events) > MOST_EVENTS:
        raise Refused.because("epcis_too_many", "事件过多。", "There are too many events.", measured=len(events),
                              required=f"≤ {MOST_EVENTS:,}", remedy=("请分成几个文件。", "Split it."))
    prefixes = _prefixes(document)
    for number, event in enumerate(events, 1):
        yield number, columns_of(event, defaults or {}, prefixes)


def _events(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        kind = document.get("type", document.get("isA"))
        if isinstance(kind, str) and kind in TYPES:
            return [document]
        body = document.get("epcisBody")
        if isinstance(body, dict):
            results = body.get("queryResults")
            if isinstance(results, dict):
                body = results.get("resultsBody")
            if isinstance(body, dict):
                if isinstance(body.get("eventList"), list):
                    found: list[Any] = body["eventList"]
                    return found
                if isinstance(body.get("event"), dict):
                    return [body["event"]]
    raise Refused.because("epcis_no_events", "不是 EPCIS 文件：没有事件列表。", "It is no EPCIS document: it holds no list of events.",
                          remedy=("应为 EPCISDocument、EPCISQueryDocument、事件列表或单个事件。",
                                  "An EPCISDocument, EPCISQueryDocument, a list of events or one event is wanted."))


def _prefixes(document: Any) -> set[str]:
    """The prefixes that stand for ours, whatever a document calls them."""
    found = {PREFIX}
    context = document.get("@context") if isinstance(document, dict) else None
    for each in context if isinstance(context, list) else [context]:
        if isinstance(each, dict):
            found |= {f"{name}:" for name, address in each.items() if address == "urn:kouan:"}
    return found


@lru_cache(maxsize=1)
def milestones_of_steps() -> dict[str, list[str]]:
    """bizStep → the milestones that it may stand for."""
    from kouan.monitoring.timing.definitions import shipped

    found: dict[str, list[str]] = defaultdict(list)
    for milestone in shipped().milestones.values():
        if milestone.cbv:
            found[milestone.cbv].append(milestone.code)
    return dict(found)


def columns_of(event: Any, defaults: Mapping[str, Any], prefixes: set[str] | None = None) -> dict[str, Any]:
    """The columns of one event; what cannot be told stays away, and the journal says so."""
    if not isinstance(event, dict):
        return {**defaults, "event": event}
    values: dict[str, Any] = dict(defaults)
    own: dict[str, Any] = {}
    for prefix in prefixes or {PREFIX}:
        own |= {name[len(prefix):]: value for name, value in event.items() if name.startswith(prefix)}
    values["event_id"] = event_id_of(event)
    if isinstance(when := event.get("eventTime"), str):
        values["occurred_at"] = _moment(when, event.get("eventTimeZoneOffset"))
    if isinstance(recorded := event.get("recordTime"), str):
        values["received_at"] = _moment(recorded, event.get("eventTimeZoneOffset"))
    if (offset := _minutes(event.get("eventTimeZoneOffset"))) is not None:
        values["utc_offset"] = offset
    step = _last(event.get("bizStep"))
    if step:
        fitting = milestones_of_steps().get(step, [])
        values.setdefault("milestone", fitting[0] if len(fitting) == 1 else f"bizstep:{step}"[:48])
    place, location = _id_of(event.get("readPoint")), _id_of(event.get("bizLocation"))
    if port := location or place:
        values.setdefault("port", _last(port))
    if place and place.startswith("urn:kouan:place:"):
        values["place"] = unquote(place.removeprefix("urn:kouan:place:"))[:80]
    if case := _case(event):
        values["case_id"] = case
    if (quantity := _quantity(event)) is not None:
        values["quantity"] = quantity
    if "errorDeclaration" in event:
        values["withdrawn"], values["revision"] = True, 2
    values |= {name: own[name] for name in EXTENSIONS if name in own}
    return values


def event_id_of(event: Mapping[str, Any]) -> str:
    """The id of an event; the same event without one always gets the same."""
    said = event.get("eventID")
    if isinstance(said, str) and said:
        if match := _NI.fullmatch(said):
            return f"ni:{match[1]}"
        return said if len(said) <= 80 else f"sha256:{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()}"
    bare = {name: value for name, value in event.items() if name not in ("recordTime", "errorDeclaration", "@context")}
    return f"sha256:{hashlib.sha256(msgspec.json.encode(bare, order='sorted')).hexdigest()}"


def _moment(text: str, offset: Any) -> str:
    """An instant with its offset: one without takes the event's."""
    match = _MOMENT.fullmatch(text)
    if match and match[2] is None and isinstance(offset, str) and _OFFSET.fullmatch(offset):
        text += offset
    # More than six digits of a second are cut: the journal keeps microseconds.
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def _minutes(offset: Any) -> int | None:
    match = _OFFSET.fullmatch(offset) if isinstance(offset, str) else None
    if match is None:
        return None
    return (-1 if match[1] == "-" else 1) * (int(match[2]) * 60 + int(match[3]))


def _id_of(value: Any) -> str:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _last(value: Any) -> str:
    """The last part of a URI or CURIE: ``cbv:BizStep-arriving``, ``https://ref.gs1.org/cbv/BizStep-arriving`` → arriving."""
    if not isinstance(value, str):
        return ""
    return re.split(r"[/:#]", value.rstrip("/"))[-1].removeprefix("BizStep-")


def _case(event: Mapping[str, Any]) -> str:
    transactions = event.get("bizTransactionList")
    if isinstance(transactions, list):
        for each in transactions:
            said = each.get("bizTransaction") if isinstance(each, dict) else each
            if isinstance(said, str) and said:
                return unquote(said.removeprefix("urn:kouan:case:"))
    for name in ("parentID", "epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        said = event.get(name)
        first = said[0] if isinstance(said, list) and said else said
        if isinstance(first, str) and first:
            return first
    said = event.get("transformationID")
    if isinstance(said, str) and said:
        return said
    # Goods known by class and amount only.
    for name in _QUANTITIES:
        rows = event.get(name)
        first = rows[0].get("epcClass") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
        if isinstance(first, str):
            return first
    return ""


def _quantity(event: Mapping[str, Any]) -> int | None:
    for name in _QUANTITIES:
        rows = event.get(name)
        first = rows[0].get("quantity") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
        if isinstance(first, int | float) and not isinstance(first, bool) and first == int(first) and first >= 0:
            return int(first)
    return None
