"""One case, one whole: what it took, part by part, on both clocks, and what its events leave open.

The rules stand in `definitions` (the five lines). What the timeline adds is the reasons: each missing, repeated,
contradicting or early milestone is a finding, and nothing is mended silently.

>>> from kouan.monitoring.timing.events import Event, HOUR
>>> def reached(milestone, hours):
...     return Event("C1", "container", milestone, "sea", "inbound", "CNSHA", occurred_at=hours * HOUR)
>>> case = [reached("declared", -5), reached("arrived", 0), reached("berthed", 4), reached("unloaded", 10),
...         reached("docs_checked", -4), reached("released", 12)]
>>> clearance = timelines(case)[0]
>>> clearance.whole.code, clearance.us // HOUR, [(part.part.code, part.us // HOUR) for part in clearance.parts if part.us]
('overall_clearance', 12, [('berthing', 4), ('unloading', 6), ('release', 2)])
>>> [(early.milestone, early.us // HOUR) for early in clearance.before_start]
[('declared', -5), ('docs_checked', -4)]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kouan.basis import Finding, Severity
from kouan.monitoring.timing import findings as say
from kouan.monitoring.timing.clocks import OpeningHours
from kouan.monitoring.timing.definitions import Definitions, Part, Whole, shipped, subject_of
from kouan.monitoring.timing.events import Event, current
from kouan.monitoring.timing.stages import SideBySide, measure


class Status(StrEnum):
    """How far the case allows the whole to be measured."""

    COMPLETE = "complete"
    RUNNING = "running"  # begun, not ended: counted with its age
    NOT_BEGUN = "not_begun"  # not begun, not ended: papers may already be in
    START_MISSING = "start_missing"  # ended without a beginning
    END_MISSING = "end_missing"  # a later milestone proves that it ended
    CONTRADICTORY = "contradictory"  # the end lies before the start, and cannot


MEASURED = (Status.COMPLETE,)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of one case: from one cut to the next (µs since 1970-01-01 UTC). `reached` is the milestone's own instant.

    `absorbed` are mandatory parts whose milestone is missing: their time is in this one. `is_ahead`: the milestone was
    reached before the cut before it, so the part took nothing. `open_us`: the same span on the opening-hours clock. `is_open`: the
    milestone is not reached yet; the part ends at the moment of looking.
    """

    part: Part
    start: str
    end: str
    begins: int
    ends: int
    reached: int
    absorbed: tuple[Part, ...] = ()
    is_ahead: bool = False
    open_us: int | None = None
    is_open: bool = False

    @property
    def us(self) -> int:
        """How long on the 24×7 clock, in µs."""
        return self.ends - self.begins

    @property
    def pair(self) -> tuple[str, str]:
        """Start and end milestone: figures of many cases are told apart by it, never by the part's code alone."""
        return (self.start, self.end)

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose time it is; several where a missing milestone hides how it divides."""
        return tuple(dict.fromkeys([*(part.owner for part in self.absorbed), self.part.owner]))

    @property
    def nature(self) -> str:
        """working, waiting, or "undivided" where a missing milestone hides how it divides."""
        natures = {self.part.nature, *(part.nature for part in self.absorbed)}
        return natures.pop() if len(natures) == 1 else "undivided"


@dataclass(frozen=True, slots=True)
class Early:
    """A milestone reached before the whole began: a negative time that does not shorten the whole (提前申报)."""

    milestone: str
    us: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """One whole of one leg of a case. `us`, `open_us`, `parts` and `stages` only where it is complete.

    `us` equals the sum of the parts exactly; so does `open_us`, the time on the clock of published opening hours (None
    where they are not known). `so_far` tiles a running case up to the moment of looking, where one was given.
    """

    case_id: str
    case_kind: str
    mode: str
    direction: str
    port: str
    whole: Whole
    status: Status
    start: Event | None
    end: Event | None
    us: int | None
    open_us: int | None
    parts: tuple[Slice, ...]
    before_start: tuple[Early, ...]
    stages: SideBySide | None
    findings: tuple[Finding, ...]
    so_far: tuple[Slice, ...] = ()

    @property
    def waiting_for(self) -> Slice | None:
        """Of a running case the part that is open: what it waits for, since when, and who can end it."""
        return self.so_far[-1] if self.so_far else None

    def us_of(self, nature: str) -> int:
        """The µs that were working, waiting or undivided."""
        return sum(part.us for part in self.parts if part.nature == nature)

    def by_owner(self) -> dict[str, int]:
        """The µs of each owner, most first; time that a missing milestone leaves to several stands under their codes joined by +."""
        total: dict[str, int] = {}
        for part in self.parts:
            owner = "+".join(part.owners)
            total[owner] = total.get(owner, 0) + part.us
        return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))

    def age_us(self, as_of: int) -> int | None:
        """How long a running case has been under way at an instant; None for any other."""
        return as_of - self.start.occurred_at if self.status is Status.RUNNING and self.start else None


def timelines(
    events: Iterable[Event], *, definitions: Definitions | None = None, on: date | None = None,
    hours: Mapping[str, OpeningHours] | None = None, as_of: int | None = None,
) -> list[Timeline]:
    """Measure every leg of every case in the events by every whole of its flow.

    `on`: the versions in force that day (the newest by default). `hours`: opening hours by port. `as_of`: the moment (µs) up to
    which running cases are tiled.
    Legs and cases stand in the order of their first event; a leg whose flow is not in the list is left out here and told
    by `unmeasured`.
    """
    known = definitions or shipped()
    legs: dict[tuple[str, str, str, str], list[Event]] = {}
    for event in current(events):
        if not event.planned:
            legs.setdefault((event.case_id, event.case_kind, event.mode, event.direction), []).append(event)
    found = []
    for (_, kind, mode, direction), rows in legs.items():
        wholes = known.of_flow(subject_of(kind), direction, mode, on)
        leg = Leg.of(rows, known) if wholes else None
        found += [timeline(leg, whole, definitions=known, hours=hours, as_of=as_of) for whole in wholes if leg]
    return found


def unmeasured(events: Iterable[Event], definitions: Definitions | None = None) -> list[Finding]:
    """What no whole can measure: kinds and flows that are not in the list, and milestones that are not in the code list."""
    known = definitions or shipped()
    found: dict[tuple[str, ...], Finding] = {}
    for event in events:
        if not known.of_flow(subject_of(event.case_kind), event.direction, event.mode):
            key: tuple[str, ...] = (event.case_kind, event.direction, event.mode)
            found.setdefault(key, say.no_flow(event))
        if event.milestone not in known.milestones:
            found.setdefault((event.milestone,), say.unknown_milestone(event, known))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Leg:
    """The current, actual events of one leg, by milestone: all of them, and the one that stands; with what that leaves open."""

    events: Sequence[Event]
    all_of: Mapping[str, list[Event]]
    at: Mapping[str, Event]
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, events: Sequence[Event], known: Definitions) -> Leg:
        """Sort the events of one leg (at least one)."""
        told: list[Finding] = []
        all_of: dict[str, list[Event]] = {}
        for event in events:
            all_of.setdefault(event.milestone, []).append(event)
        at = {code: _standing(code, rows, known, told) for code, rows in all_of.items()}
        for pair in known.impossible:
            first, then = at.get(pair.first), at.get(pair.then)
            if first is not None and then is not None and then.occurred_at < first.occurred_at:
                told.append(say.out_of_order(first, then, pair.severity, known))
        return cls(events, all_of, at, tuple(told))


def timeline(
    leg: Leg, whole: Whole, *, definitions: Definitions | None = None, hours: Mapping[str, OpeningHours] | None = None,
    as_of: int | None = None,
) -> Timeline:
    """Measure one leg by one whole."""
    known, at, case = definitions or shipped(), leg.at, leg.events[0]
    told = list(leg.findings)
    first = next((at[code] for code in whole.start if code in at), None)
    last = next((at[code] for code in whole.end if code in at), None)
    where = f"{case.case_id}/{whole.code}"
    status, proof = _status(first, last, at, whole, known)
    if status is not Status.COMPLETE or first is None or last is None:
        told += say.not_measured(status, first, last, whole, where, proof)
        port = first.port if first else case.port
        is_running = status is Status.RUNNING and first is not None and as_of is not None and as_of >= first.occurred_at
        so_far = _so_far(first, at, whole, known, (hours or {}).get(port), as_of) if is_running and first and as_of is not None else ()
        return Timeline(case.case_id, case.case_kind, case.mode, case.direction, port, whole, status, first, last, None, None, (),
                        _early(first, at, whole, known) if is_running and first else (), None, tuple(told), so_far)  # fmt: skip
    if last.milestone != whole.end[0]:
        told.append(say.end_stood_in(last, whole, where))
    start, end = first.occurred_at, max(last.occurred_at, first.occurred_at)
    if last.occurred_at < start:
        told.append(say.ended_before_start(first, last, where))
    clock = (hours or {}).get(first.port)
    parts = _tile(first, last, end, at, whole, clock, told, where)
    ports = {event.port for event in leg.events}
    if len(ports) > 1:
        told.append(say.several_ports(first, sorted(ports), where))
    side_by_side = measure(_intervals(leg.all_of, whole, told, where), start, end)
    return Timeline(
        case.case_id, case.case_kind, case.mode, case.direction, first.port, whole, status, first, last, end - start,
        clock.between(start, end) if clock else None, parts, _early(first, at, whole, known), side_by_side, tuple(told),
    )  # fmt: skip


def _early(first: Event, at: Mapping[str, Event], whole: Whole, known: Definitions) -> tuple[Early, ...]:
    """The milestones of the chain that lie before the start and may: what cannot be ahead is a contradiction, told as such."""
    cannot = {pair.then for pair in known.impossible if pair.first == first.milestone and pair.severity is Severity.ERROR}
    early = [
        Early(part.to, at[part.to].occurred_at - first.occurred_at) for part in whole.parts
        if part.to in at and part.to not in cannot and not part.only_after_start and at[part.to].occurred_at < first.occurred_at
    ]
    return tuple(sorted(early, key=lambda each: each.us))


def _standing(code: str, rows: list[Event], known: Definitions, told: list[Finding]) -> Event:
    """The report that stands for a milestone; several are told."""
    if len(rows) == 1:
        return rows[0]
    milestone = known.milestones.get(code)
    repeat = milestone.repeat if milestone else "first"
    stands = (min if repeat == "first" else max)(rows, key=lambda event: event.occurred_at)
    told.append(say.repeated(stands, len(rows), repeat, known))
    return stands


def _status(
    first: Event | None, last: Event | None, at: Mapping[str, Event], whole: Whole, known: Definitions,
) -> tuple[Status, Event | None]:
    """The status, and for a missing end the later milestone that proves it."""
    if first is not None and last is not None:
        is_backwards = last.occurred_at < first.occurred_at
        is_impossible = is_backwards and any(
            pair.severity is Severity.ERROR and pair.first == first.milestone and pair.then == last.milestone for pair in known.impossible
        )
        return (Status.CONTRADICTORY if is_impossible else Status.COMPLETE), None
    if last is not None:
        return Status.START_MISSING, None
    if first is None:
        return Status.NOT_BEGUN, None
    flow = known.flow(whole.subject, whole.direction, first.mode)
    order = flow.order if flow else ()
    places = [order.index(code) for code in whole.end if code in order]
    later = [at[code] for code in order[max(places) + 1 :] if code in at] if places else []
    proof = next((event for event in later if event.occurred_at >= first.occurred_at), None)
    return (Status.END_MISSING if proof else Status.RUNNING), proof


def _tile(
    first: Event, last: Event, end: int, at: Mapping[str, Event], whole: Whole, clock: OpeningHours | None, told: list[Finding],
    where: str,
) -> tuple[Slice, ...]:
    """The parts of a complete whole. They sum to end - start, whatever the order of the events."""
    start = before = first.occurred_at
    opened = clock.opened(start) if clock else None
    since = first.milestone
    slices: list[Slice] = []
    absorbed: list[Part] = []
    for part in whole.parts:
        event = last if part.to == last.milestone else at.get(part.to)
        if event is None:
            if not part.is_optional:
                absorbed.append(part)
            continue
        reached = event.occurred_at
        if part.only_after_start and reached <= start:
            continue
        cut = end if event is last else min(max(before, reached), end)
        open_us = None
        if clock is not None and opened is not None:
            until = clock.opened(cut)
            open_us, opened = (None if until is None else until - opened), until
        slices.append(Slice(part, since, part.to, before, cut, reached, tuple(absorbed), reached < before, open_us))
        if absorbed:
            told.append(say.merged(absorbed, part, where))
            absorbed = []
        before, since = cut, part.to
        if event is last:
            break
    return tuple(slices)


def _so_far(
    first: Event, at: Mapping[str, Event], whole: Whole, known: Definitions, clock: OpeningHours | None, as_of: int,
) -> tuple[Slice, ...]:
    """A running case up to a moment: the parts it is through, then the open one. They sum to its age.

    Open is the first part of the chain that every case has, or that a step already begun will have, whose milestone is not
    reached; unless one that cannot come before it was (a ship that unloads has berthed, whoever forgot to report it).
    What lies behind it in the chain was done ahead, and shows once the open part is through.
    """
    seen = {code for code, event in at.items() if event.occurred_at <= as_of}
    through = {pair.first for pair in known.impossible if pair.severity is Severity.ERROR and pair.then in seen}
    expected = {part.expects for part in whole.parts if part.to in seen and part.expects}
    before, since = first.occurred_at, first.milestone
    opened = clock.opened(before) if clock else None
    slices: list[Slice] = []
    for part in whole.parts:
        is_reached = part.to in seen
        if not is_reached and ((part.is_optional and part.to not in expected) or part.to in through):
            continue
        reached = at[part.to].occurred_at if is_reached else as_of
        if part.only_after_start and reached <= first.occurred_at:
            continue
        cut, open_us = max(before, reached), None
        if clock is not None and opened is not None:
            until = clock.opened(cut)
            open_us, opened = (None if until is None else until - opened), until
        slices.append(Slice(part, since, part.to, before, cut, reached, (), reached < before, open_us, is_open=not is_reached))
        before, since = cut, part.to
        if not is_reached:
            break
    return tuple(slices)


def _intervals(all_of: Mapping[str, list[Event]], whole: Whole, told: list[Finding], where: str) -> list[tuple[str, int, int]]:
    """The intervals of every stage: each beginning closes with the next end after it; what stays open is told."""
    found = []
    mandatory = {*whole.start} | {part.to for part in whole.parts if not part.is_optional}
    for stage in whole.stages:
        begun = next((all_of[code] for code in stage.starts if code in all_of), None)
        ended = all_of.get(stage.ends)
        if begun is None or ended is None:
            # An end or a beginning that every case has is told where its part is merged.
            is_told = stage.ends in mandatory if ended is None else stage.start_may_lack or bool(mandatory & set(stage.starts))
            if (begun is None) != (ended is None) and not is_told:
                told.append(say.stage_open(stage, is_begun=begun is not None, where=where))
            continue
        changes = sorted([(event.occurred_at, 0) for event in begun] + [(event.occurred_at, 1) for event in ended])
        opened: int | None = None
        for when, is_end in changes:
            if not is_end:
                opened = when if opened is None else opened
            elif opened is not None:
                found.append((stage.code, opened, when))
                opened = None
    return found
