"""Whether an event can be accepted: by column for a request in order, row by row for what is not.

A thousand events have a handful of ports, milestones and sources: each distinct value is judged once. Only a request
that holds something unusual is walked through row by row. Pure: what is known of sources and ports is passed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, compress
from operator import attrgetter, sub
from typing import Any

import numpy as np

from kouan.basis import Finding, Place, nearest
from kouan.monitoring.journal.columns import (
    COLUMNS,
    FIRST_US,
    HOUR,
    MINUTE,
    PLAN_AHEAD_US,
    SECOND,
    iso,
    micros,
)
from kouan.monitoring.journal.shape import Read
from kouan.monitoring.journal.traits import TRAITS, unfit
from kouan.monitoring.timing.definitions import shipped

Row = tuple[Any, ...]  # the values of columns.COLUMNS
_FIELDS = attrgetter(
    "case_id", "case_kind", "milestone", "mode", "direction", "port", "place", "party", "planned", "occurred_at",
    "utc_offset", "received_at", "source", "event_id", "revision", "withdrawn", "quantity", "origin",
    "nationality_group", "risk_channel", "goods_kind",
)
OCCURRED, OFFSET, RECEIVED, SOURCE, EVENT_ID, REVISION, WITHDRAWN, ORIGIN = 9, 10, 11, 12, 13, 14, 15, 17
PORT, PLANNED, MILESTONE, KIND = 5, 8, 2, 1
TRAITS_FROM = 18
_NONE = {None}
_TEXTS = (0, 6, 7, 13)  # what a sender writes freely: case, place, party, event id
# Control characters, halves of surrogate pairs, and marks that change how a line reads.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MINUTE = timedelta(minutes=1)
_EXACT_UNTIL = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shift:
    """A ruling on a clock: ``shift_us`` is added to what was reported by events received in [from, to)."""

    from_us: int
    to_us: int | None
    shift_us: int


def shift_at(shifts: Iterable[Shift], received_us: int) -> int:
    """What rulings add to the times of an event that was received at this moment."""
    return sum(each.shift_us for each in shifts if each.from_us <= received_us and (each.to_us is None or received_us < each.to_us))


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What must be known of a source to judge its events."""

    code: str
    origin: str
    port_codes: frozenset[str]
    late_after: int = 1440
    ahead_allowed: int = 5
    shifts: tuple[Shift, ...] = ()

    def speaks_for(self, port: str) -> bool:
        """Whether it may report events of this port."""
        return port in self.port_codes or "*" in self.port_codes

    def shift_at(self, received_us: int) -> int:
        """What is added to its times when an event is received at this moment."""
        return shift_at(self.shifts, received_us)


@dataclass(slots=True)
class Held:
    """A row that cannot be accepted as it stands."""

    number: int
    source: str
    event_id: str
    port: str
    raw: Any
    findings: list[Finding]


@dataclass(slots=True)
class Judged:
    """The events of one source in one request: rows that may be written, and those that are held."""

    source: str
    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)  # received − occurred of actual events, future ones included
    late: int = 0
    notes: list[Finding] = field(default_factory=list)

    @property
    def received(self) -> int:
        """How many rows it sent."""
        return len(self.rows) + len(self.held)


@lru_cache(maxsize=1)
def milestones() -> frozenset[str]:
    """The codes of the milestones in force (monitoring.timing)."""
    return frozenset(shipped().milestones)


def _micros_of(moments: Sequence[Any]) -> tuple[list[int], list[int | None]]:
    """Microseconds and reported offsets, in minutes, of moments that are datetimes or microseconds already.

    ``timestamp()`` is a double and still exact here: up to the year 2100 its error and that of the product stay below
    half a microsecond together, so that rounding gives the very number (a property test compares).
    """
    kinds = set(map(type, moments))
    if kinds == {int}:
        return list(moments), [None] * len(moments)
    if kinds == {datetime}:
        zones = list(map(datetime.utcoffset, moments))
        minutes: dict[Any, int | None] = {zone: round(zone / _MINUTE) for zone in set(zones) if zone is not None}
        if max(moments) < _EXACT_UNTIL:
            seconds = np.fromiter(map(datetime.timestamp, moments), np.float64, len(moments))
            return np.rint(seconds * SECOND).astype(np.int64).tolist(), list(map(minutes.get, zones))
        return list(map(micros, moments)), list(map(minutes.get, zones))
    each = [_micros_of([moment]) for moment in moments]
    return [occurred[0] for occurred, _ in each], [offset[0] for _, offset in each]


def _is_unfit(text: str) -> bool:
    """Whether a text holds what cannot be kept; what is printable throughout, as nearly all is, holds none of it."""
    return not text.isprintable() and _UNFIT.search(text) is not None


def judge(
    read: Read, received_us: int, sources: Mapping[str, SourceFacts], known_ports: frozenset[str], default_source: str = "",
) -> tuple[dict[str, Judged], list[tuple[int, Finding]]]:
    """Judge what was read: (what each source sent, refused rows of sources that the sender may not use).

    ``sources``: those for which the sender may speak. ``known_ports``: codes that the register holds, of those named.
    """
    judged: dict[str, Judged] = {}
    refused: list[tuple[int, Finding]] = []
    if read.events:
        columns: list[Sequence[Any]] = list(zip(*map(_FIELDS, read.events), strict=True))
        if default_source:
            columns[SOURCE] = [each or default_source for each in columns[SOURCE]]
        occurred, offsets = _micros_of(columns[OCCURRED])
        columns[OCCURRED] = occurred
        if any(each is not None for each in columns[OFFSET]):
            offsets = [said if said is not None else found for said, found in zip(columns[OFFSET], offsets, strict=True)]
        columns[OFFSET] = offsets
        named = set(columns[SOURCE])
        for code in sorted(named):
            facts = sources.get(code)
            if len(named) == 1:
                numbers, part = read.numbers, columns
            else:
                chosen = [each == code for each in columns[SOURCE]]
                numbers = list(compress(read.numbers, chosen))
                part = [list(compress(column, chosen)) for column in columns]
            if facts is None:
                refused += [(number, no_such_source(code, number)) for number in numbers]
                continue
            judged[code] = _of_source(facts, part, numbers, received_us, known_ports)
    for number, raw, finding in read.misfits:
        said = raw.get("source") if isinstance(raw, dict) else None
        code = said if isinstance(said, str) and said else default_source or (next(iter(sources)) if len(sources) == 1 else "")
        if code not in sources:
            refused.append((number, finding if not code else no_such_source(str(code)[:64], number)))
            continue
        part_of = judged.setdefault(code, Judged(code))
        part_of.held.append(Held(number, code, _text(raw, "event_id"), _text(raw, "port", 64), raw, [finding]))
    return judged, sorted(refused, key=lambda each: each[0])


def _text(raw: Any, name: str, most: int = 80) -> str:
    value = raw.get(name) if isinstance(raw, dict) else None
    return _UNFIT.sub("�", value)[:most] if isinstance(value, str) else ""


def no_such_source(code: str, number: int) -> Finding:
    """The source is unknown, or another organisation's: the answer is the same."""
    return Finding.error(
        "event_source_unknown", f"第 {number} 条：没有可供本单位使用的来源“{code}”，未接收。",
        f"Event {number}: there is no source “{code}” for your organisation; it was not taken.",
        where=Place(row=number, column="source"), measured=code,
        remedy=("请使用登记给本单位的来源代码。", "Use the code of a source registered for your organisation."))


def _of_source(
    facts: SourceFacts, columns: list[Sequence[Any]], numbers: list[int], received_us: int, known_ports: frozenset[str],
) -> Judged:
    count = len(numbers)
    columns = [*columns]
    said, claimed = columns[RECEIVED], columns[ORIGIN]
    # When we got it is ours to say; a replay or an exercise brings its own past along.
    if facts.origin == "official" or set(said) == {None}:
        columns[RECEIVED] = [received_us] * count
    else:
        columns[RECEIVED] = _micros_of([received_us if each is None else each for each in said])[0]
    columns[ORIGIN] = [facts.origin] * count
    occurred, planned, ports = columns[OCCURRED], columns[PLANNED], set(columns[PORT])
    shift = facts.shift_at(received_us)
    ahead, late = facts.ahead_allowed * MINUTE, facts.late_after * MINUTE
    delays = list(map(sub, columns[RECEIVED], occurred))
    has_plans = any(planned)
    actual = delays if not has_plans else [each for each, is_plan in zip(delays, planned, strict=True) if not is_plan]
    free = "".join(chain.from_iterable(columns[at] for at in _TEXTS))
    is_plain = (
        set(claimed) <= {"", facts.origin} and ports <= known_ports and all(map(facts.speaks_for, ports))
        and set(columns[MILESTONE]) <= milestones() and not _is_unfit(free) and not has_plans
        and min(occurred) + shift >= FIRST_US and min(delays) - shift >= -ahead
        and (not has_traits(columns) or not any(unfit(*each) for each in set(zip(columns[KIND], *columns[TRAITS_FROM:], strict=True))))
    )
    result = Judged(facts.code, delays=actual)
    rows = list(zip(*columns, strict=True))
    if is_plain:
        result.rows, result.numbers = rows, numbers
    else:
        for row, number, origin in zip(rows, numbers, claimed, strict=True):
            findings = faults_of(row, number, facts, known_ports, shift, origin)
            if findings:
                result.held.append(Held(number, facts.code, _clean(row[EVENT_ID]), _clean(row[PORT]), as_sent(row), findings))
            else:
                result.rows.append(row)
                result.numbers.append(number)
    if actual and max(actual) - shift > late:
        result.late = sum(each - shift > late for each in actual)
        result.notes.append(Finding.warning(
            "events_late", f"{result.late:,} 条事件迟到超过 {facts.late_after:,} 分钟，已接受。",
            f"{result.late:,} events came more than {facts.late_after:,} minutes late; they were accepted.",
            measured=f"{(max(actual) - shift) / HOUR:.1f} h", required=f"≤ {facts.late_after} min",
            remedy=("若该来源的时钟有固定偏差，请裁定校正。", "If the clock of the source is wrong, rule on it.")))
    return result


def has_traits(columns: Sequence[Sequence[Any]]) -> bool:
    """Whether any row tells of a group of travellers, a risk channel or a kind of goods; nearly always none does."""
    return any(set(column) != _NONE for column in columns[TRAITS_FROM:])


def _clean(text: str) -> str:
    return _UNFIT.sub("�", text)


def as_sent(row: Row) -> dict[str, Any]:
    """A held row as JSON, with the names under which it was sent."""
    values = dict(zip(COLUMNS, row, strict=True))
    when = values.pop("occurred_us")
    values["occurred_at"] = when if _said(when) == str(when) else iso(when, values["utc_offset"])
    del values["received_us"]
    return {name: _clean(value) if isinstance(value, str) else value for name, value in values.items() if value is not None or name not in TRAITS}


def faults_of(
    row: Row, number: int, facts: SourceFacts, known_ports: frozenset[str], shift: int, claimed: str = "",
) -> list[Finding]:
    """Everything that keeps one event from being accepted."""
    found = []
    for at in _TEXTS:
        if _is_unfit(row[at]):
            found.append(_fault(
                "event_text", number, COLUMNS[at], f"“{COLUMNS[at]}”含有不能保存的控制字符",
                f"“{COLUMNS[at]}” holds control characters", ("请去掉控制字符。", "Take the control characters out.")))
    if claimed not in ("", facts.origin):
        found.append(_fault(
            "event_origin", number, "origin", f"数据性质“{claimed}”与来源登记的“{facts.origin}”不符",
            f"origin “{claimed}” is not the one registered for the source, “{facts.origin}”",
            ("演练、演示数据请用各自的来源。", "Send exercises and demonstrations under sources of their own."),
            measured=claimed, required=facts.origin))
    if row[MILESTONE] not in milestones():
        near = nearest(row[MILESTONE], sorted(milestones()))
        found.append(_fault(
            "event_milestone_unknown", number, "milestone", f"没有节点代码“{_clean(row[MILESTONE])}”",
            f"there is no milestone “{_clean(row[MILESTONE])}”",
            (f"请用节点代码表中的代码{'，如 ' + '、'.join(near) if near else ''}。",
             f"Use a code of the list{', such as ' + ', '.join(near) if near else ''}."), measured=_clean(row[MILESTONE])))
    if (name := unfit(row[KIND], *row[TRAITS_FROM:])) is not None:
        found.append(_fault(
            "event_trait_unfit", number, name, f"“{name}”不适用于这类事项（{row[KIND]}）",
            f"“{name}” does not belong to a case of this kind ({row[KIND]})",
            ("人员分组只用于旅客批次，风险通道和货物种类只用于货物。",
             "The group is told of passenger batches, the risk channel and the kind of goods of goods."), measured=row[KIND]))
    port = _clean(row[PORT])
    if row[PORT] not in known_ports:
        found.append(_fault(
            "event_port_unknown", number, "port", f"没有口岸“{port}”", f"there is no port “{port}”",
            ("请用口岸名录中的代码。", "Use a code of the register of ports."), measured=port))
    elif not facts.speaks_for(row[PORT]):
        found.append(_fault(
            "event_port_not_yours", number, "port", f"来源“{facts.code}”不能代口岸“{port}”报送",
            f"source “{facts.code}” may not speak for port “{port}”",
            ("请由该口岸的来源报送，或先登记可报口岸。", "Let that port's own source report it, or have the port entered for yours."),
            measured=port))
    occurred = row[OCCURRED] + shift
    ahead = occurred - row[RECEIVED]
    if occurred < FIRST_US or ahead > PLAN_AHEAD_US:
        found.append(_fault(
            "event_time_impossible", number, "occurred_at", "发生时刻不可能", "the time cannot be",
            ("请核对时刻和单位（微秒）。", "Check the time and its unit (microseconds)."),
            measured=_said(row[OCCURRED]), required="2000-01-01 … +2 a"))
    elif not row[PLANNED] and ahead > facts.ahead_allowed * MINUTE:
        found.append(_fault(
            "event_in_future", number, "occurred_at", f"实际事件的发生时刻比接收时刻晚 {ahead / MINUTE:.0f} 分钟",
            f"an actual event lies {ahead / MINUTE:.0f} minutes after it was received",
            ("计划事件请注明 planned；若时钟偏快，请报告以便裁定校正。",
             "Mark what is planned; if the clock runs ahead, report it so that it can be ruled on."),
            measured=_said(row[OCCURRED]), required=f"≤ {_said(row[RECEIVED])} + {facts.ahead_allowed} min"))
    return found


def _said(value: int) -> str:
    try:
        return iso(value)
    except OverflowError:
        return str(value)


def _fault(
    code: str, number: int, column: str, zh: str, en: str, remedy: tuple[str, str], *, measured: object = None,
    required: object = None,
) -> Finding:
    return Finding.error(
        code, f"第 {number} 条：{zh}，已暂存。", f"Event {number}: {en}; held.", where=Place(row=number, column=column),
        measured=measured, required=required, remedy=remedy)
