"""Clocks: how much of each period is used, when it ends, and what the passing of days brings.

Everything is worked out from the steps of the matter and the day, so a clock cannot be wrong because a job did
not run: whoever asks a week late is told the same, once.

An interval in which a clock runs holds the days after the one it began on, up to and with the one it ended on.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from kouan.basis import Citation, Text
from kouan.procedure.engine import consultations_of, opinions_of
from kouan.procedure.model import Length, Procedure, Running, Unit
from kouan.procedure.working_days import WorkingDays

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one clock stands. ``due`` is None while it is suspended; ``left`` counts working days to ``due``
    (below zero: overdue). ``is_provisional``: a year on the way has no holiday table yet."""

    code: str
    label: Text
    state: str
    length: Length
    used: int
    due: date | None
    left: int | None
    is_provisional: bool = False
    party: str = ""
    began_on: date | None = None
    citation: Citation | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether its last day has passed."""
        return self.left is not None and self.left < 0


@dataclass(frozen=True, slots=True)
class Due:
    """What a clock's day is called: reminder, overdue, lapse (the system takes a step) or silence."""

    kind: str
    transition: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell, or to do, because days have passed. ``key`` is the same however often one asks."""

    key: str
    kind: str
    clock: str
    label: Text
    due: date
    left: int
    parties: tuple[str, ...]
    escalate_to: str = ""
    transition: str = ""
    consultation: str = ""


def standing(
    procedure: Procedure, running: Running, *, calendar: WorkingDays, settings: Mapping[str, int], today: date
) -> list[Standing]:
    """Every clock that has begun and has not been reset, then one for each opinion still awaited."""
    found = []
    has_ended = procedure.states[running.state].is_terminal
    for clock in procedure.clocks.values():
        intervals = _intervals(running, set(clock.runs_in), today, clock.resets)
        if not intervals:
            continue
        is_running = running.state in clock.runs_in
        used, due = _spent(clock.length, clock.length.in_days(settings), intervals, calendar)
        # A last day that the matter itself names (a temporary opening from – to) is the day, as it was decided.
        due = running.days.get(clock.until, due)
        state = "running" if is_running else "ended" if has_ended or clock.resets else "suspended"
        found.append(_made(clock.code, clock.label, state, clock.length, used, due if is_running else None, calendar, today,
                           began_on=intervals[0][0], citation=clock.citation))
    entered = running.steps[-1].on
    for consultation in consultations_of(procedure, running):
        if consultation.length is None:
            continue
        used, due = _spent(consultation.length, consultation.length.in_days(settings), [(entered, today)], calendar)
        for party, opinion in opinions_of(running, consultation).items():
            if opinion is None:
                found.append(_made(consultation.code, consultation.label, "running", consultation.length, used, due, calendar, today,
                                   party=party, began_on=entered))
    return found


def due(
    procedure: Procedure, running: Running, *, calendar: WorkingDays, settings: Mapping[str, int], today: date,
    done: Collection[str] = (),
) -> list[Notice]:
    """What the passing of days brings by today and has not been ``done``: of each clock only the latest stage.

    A reminder that was missed while its day has passed is not sent after the event.
    """
    found = []
    waits_for = procedure.states[running.state].waits_for
    for each in standing(procedure, running, calendar=calendar, settings=settings, today=today):
        if each.state != "running" or each.due is None or each.left is None:
            continue
        head = f"{each.code}:{each.party}:{each.began_on}"
        if each.party:
            consultation = procedure.consultations[each.code]
            if not each.is_overdue:
                continue
            kind = "silence" if consultation.silence == "no_objection" else "overdue"
            found.append(Notice(f"{head}:{kind}", kind, each.code, each.label, each.due, each.left, (each.party,), consultation=each.code))
            continue
        clock = procedure.clocks[each.code]
        if each.is_overdue:
            found.append(Notice(f"{head}:overdue", "overdue", each.code, each.label, each.due, each.left, waits_for, clock.escalate_to))
            if clock.then:
                found.append(Notice(f"{head}:lapse", "lapse", each.code, each.label, each.due, each.left, waits_for, transition=clock.then))
            continue
        near = [days for days in clock.remind if each.left <= days]
        if near:
            found.append(Notice(f"{head}:remind-{min(near)}", "reminder", each.code, each.label, each.due, each.left, waits_for))
    return [each for each in found if each.key not in done]


def _made(
    code: str, label: Text, state: str, length: Length, used: int, due: date | None, calendar: WorkingDays, today: date, *,
    party: str = "", began_on: date, citation: Citation | None = None,
) -> Standing:
    left = None if due is None else calendar.between(today, due) if due >= today else -calendar.between(due, today) or -1
    return Standing(code, label, state, length, used, due, left,
                    due is not None and not calendar.knows_through(began_on, max(due, began_on)), party, began_on, citation)


def _intervals(running: Running, states: set[str], today: date, resets: bool) -> list[tuple[date, date]]:
    """The spans in which a clock ran, oldest first; neighbouring ones joined. The present one ends today."""
    found: list[tuple[date, date]] = []
    for at, step in enumerate(running.steps):
        if step.state not in states:
            continue
        is_last = at + 1 == len(running.steps)
        end = max(today, step.on) if is_last else running.steps[at + 1].on
        if at and running.steps[at - 1].state in states:
            found[-1] = (found[-1][0], end)
        else:
            found.append((step.on, end))
    return found[-1:] if resets else found


def _spent(length: Length, count: int, intervals: list[tuple[date, date]], calendar: WorkingDays) -> tuple[int, date]:
    """(units used, last day of the period) if the clock keeps running from its last interval on."""
    if length.until is not None:
        # A day named for everybody is neither moved by a pause nor by a weekend.
        return (intervals[-1][1] - intervals[0][0]).days, length.until
    if length.unit is Unit.MONTHS:
        first = intervals[0][0]
        pauses = sum((later[0] - earlier[1]).days for earlier, later in pairwise(intervals))
        months = (intervals[-1][1].year - first.year) * 12 + intervals[-1][1].month - first.month
        return max(0, months - (intervals[-1][1].day < first.day)), calendar.or_next(_months_on(first, count) + pauses * _DAY)
    used = 0
    for first, last in intervals[:-1]:
        days = calendar.between(first, last) if length.unit is Unit.WORKING_DAYS else (last - first).days
        if used + days >= count:
            return used + days, _on(length.unit, first, count - used, calendar)
        used += days
    first, last = intervals[-1]
    days = calendar.between(first, last) if length.unit is Unit.WORKING_DAYS else (last - first).days
    return used + days, _on(length.unit, first, count - used, calendar)


def _on(unit: Unit, first: date, count: int, calendar: WorkingDays) -> date:
    return calendar.after(first, count) if unit is Unit.WORKING_DAYS else calendar.or_next(first + count * _DAY)


def _months_on(day: date, months: int) -> date:
    """The corresponding day, or the last of a shorter month (民法典 第二百零二条)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
