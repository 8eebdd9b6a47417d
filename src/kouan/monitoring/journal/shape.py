"""The shape in which an event is sent, and how a request of up to a thousand is read.

Parsed and typed in C (msgspec); only what does not fit is looked at again, row by row, in Python. ``occurred_at`` is
ISO 8601 with its offset, or whole microseconds since 1970 in UTC.

>>> rows = read(b'[{"case_id": "C1", "case_kind": "container", "milestone": "arrived", "mode": "sea", "direction": "inbound",'
...             b' "port": "tianjin-water", "occurred_at": "2026-03-01T08:00:00+08:00", "source": "s", "event_id": "1"}]')
>>> rows.events[0].occurred_at.isoformat(), rows.misfits
('2026-03-01T08:00:00+08:00', [])
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from kouan.basis import Finding, Place, Refused

MOST = 1_000
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Free = Annotated[str, msgspec.Meta(max_length=80)]
Micros = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Moment = Micros | Annotated[datetime, msgspec.Meta(tz=True)]


class Incoming(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One event as it is sent."""

    case_id: Id
    case_kind: Literal[
        "consignment", "declaration", "container", "vehicle", "train", "vessel_call", "flight", "passenger_batch"]
    milestone: Annotated[str, msgspec.Meta(min_length=1, max_length=48)]
    mode: Literal["sea", "river", "air", "rail", "road"]
    direction: Literal["inbound", "outbound", "transit"]
    port: Code
    occurred_at: Moment
    event_id: Id
    source: Annotated[str, msgspec.Meta(max_length=64)] = ""
    place: Free = ""
    party: Free = ""
    planned: bool = False
    utc_offset: Annotated[int, msgspec.Meta(ge=-840, le=840)] | None = None
    revision: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    withdrawn: bool = False
    quantity: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    origin: Literal["official", "exercise", "demonstration", ""] = ""
    received_at: Moment | None = None
    nationality_group: Literal["citizens", "others"] | None = None
    risk_channel: Literal["green", "yellow", "red"] | None = None
    goods_kind: Literal["general", "bulk_dry", "bulk_liquid", "perishable", "dangerous", "vehicles", "parcels"] | None = None


@dataclass(slots=True)
class Read:
    """What was read: events with their numbers, and rows that do not have the shape of one.

    ``misfits``: (number from 1, the row as sent, its finding).
    """

    events: list[Incoming] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    misfits: list[tuple[int, Any, Finding]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many rows there were."""
        return len(self.events) + len(self.misfits)


_all = msgspec.json.Decoder(list[Incoming])
_each = msgspec.json.Decoder(list[msgspec.Raw])
_one = msgspec.json.Decoder(Incoming)
_any = msgspec.json.Decoder()
# The second: brackets within brackets without end; the third: bytes that are no UTF-8.
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def read(body: bytes) -> Read:
    """Read a JSON array, one JSON object, or one object a line (NDJSON). Refused if it is none of them, or too long."""
    text = body.strip()
    found = _read(text) if text else Read()
    if not found.count:
        raise Refused.because(
            "no_events", "请求正文里没有事件。", "The request holds no event.",
            remedy=("发送 JSON 数组，或每行一个 JSON 对象。", "Send a JSON array, or one JSON object a line."))
    return found


def _read(text: bytes) -> Read:
    is_lines = not text.startswith(b"[")
    try:
        # Fields of a struct come in one pass; a request in order needs no second look.
        events = _one.decode_lines(text) if is_lines else _all.decode(text)
    except _UNREADABLE:
        return _row_by_row(text, is_lines)
    _bounded(len(events))
    return Read(events, list(range(1, len(events) + 1)))


def _bounded(count: int) -> None:
    if count > MOST:
        raise Refused.because(
            "too_many_events", f"一次最多 {MOST:,} 条事件，本次 {count:,} 条，未予处理。",
            f"A request holds {MOST:,} events at most; this one {count:,}, none was taken.",
            measured=count, required=f"≤ {MOST}", remedy=("请分成几次发送。", "Send them in several requests."))


def _row_by_row(text: bytes, is_lines: bool) -> Read:
    rows: list[Any]
    if is_lines:
        rows = [line for line in text.splitlines() if line.strip()]
    else:
        try:
            rows = list(_each.decode(text))
        except _UNREADABLE as error:
            raise Refused.because(
                "unreadable_events", "请求正文不是有效的 JSON，未予处理。", f"The body is no valid JSON; nothing was taken: {error}",
                remedy=("请核对正文：JSON 数组，或每行一个 JSON 对象，UTF-8 编码。",
                        "Check the body: a JSON array, or one JSON object a line, in UTF-8."))
    _bounded(len(rows))
    found = Read()
    for number, row in enumerate(rows, 1):
        content = bytes(row)
        try:
            found.events.append(_one.decode(content))
            found.numbers.append(number)
        except _UNREADABLE as error:
            found.misfits.append((number, _as_sent(content), misfit(str(error), number)))
    return found


def of_values(values: dict[str, Any], number: int) -> Incoming | Finding:
    """One event from plain values (a row of a file), or what keeps it from being one."""
    try:
        return msgspec.convert(values, Incoming, strict=False)
    except msgspec.MsgspecError as error:
        return misfit(str(error), number)


def _as_sent(content: bytes) -> Any:
    """The row as JSON if it is any, else its text: nothing that was sent is lost."""
    try:
        return _any.decode(content)
    except _UNREADABLE:
        return content.decode("utf-8", "replace").replace("\x00", "�")[:10_000]


def misfit(said: str, number: int) -> Finding:
    """What keeps a row from being an event, in the field's words."""
    what, _, where = said.partition(" - at `$")
    name = where.strip("`.[]0123456789") or None
    zh = "缺少必需的列" if "missing required field" in what else "不是有效的 JSON" if "malformed" in what else "值不符合要求"
    if name is None and "`" in what:
        name = what.split("`")[1]
    column = f"“{name}”" if name else ""
    return Finding.error(
        "event_malformed", f"第 {number} 条：{column}{zh}，已暂存。", f"Event {number}: {what}{f' ({name})' if name else ''}; held.",
        where=Place(row=number, column=name), measured=what,
        remedy=("请按接口说明改正后以同一编号再次发送。", "Correct it as the description of the API says and send it again."))
