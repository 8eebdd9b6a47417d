"""How long matters take: days in each state and for each opinion by office, and each clock against its period.

A stay ends with the step that leaves its state and counts for the office that took that step; an opinion counts for the
office that gave it. What has not ended is counted and aged apart: mixed in, it would make the slow look quick. With
fewer than 30 cases no ninth decile is given. Periods are those in force now; a stay is in time when it ended on or before
the last day of every clock that ran in it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

from kouan.accounts.models import User
from kouan.basis import Text, clock
from kouan.desk.matters.models import Matter, MatterOpinion, MatterQuerySet, MatterStep
from kouan.desk.matters.queries import settings_of, working_days
from kouan.desk.matters.registry import procedure_of
from kouan.procedure import Opinion, Procedure, Running, Standing, Step, WorkingDays, standing
from kouan.procedure.working_days import YearTable

FEWEST_FOR_P90 = 30
# Beyond that the page would take longer than two seconds; the newest are taken and the page says so.
MOST_MATTERS = 2000
ALL_OFFICES = Text("全部单位", "All offices")
BY_SYSTEM = Text("系统（期限届满）", "The system (time was over)")


@dataclass(frozen=True, slots=True)
class Row:
    """What one office took for one step of a procedure, in calendar days. ``share_in_time`` is of ``timed`` ended ones."""

    procedure: str
    procedure_title: Text
    kind: str
    step: Text
    office: Text
    is_total: bool
    count: int
    median_days: float | None
    p90_days: int | None
    timed: int
    share_in_time: float | None
    open_count: int
    open_median_days: float | None
    open_oldest_days: int | None


@dataclass(frozen=True, slots=True)
class ClockRow:
    """How much of a period was used, in the period's own unit, where its clock has stopped; and those still running."""

    procedure: str
    procedure_title: Text
    clock: Text
    unit: str
    allowed: int | None
    count: int
    median_used: float | None
    p90_used: int | None
    share_in_time: float | None
    open_count: int
    open_overdue: int


@dataclass
class _Pile:
    done: list[int] = field(default_factory=list)
    in_time: list[bool] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)


@dataclass
class Durations:
    """Everything worked out for a set of matters. ``left_out``: how many older ones were not looked at."""

    steps: list[Row]
    clocks: list[ClockRow]
    matters: int
    left_out: int


def ninth_decile(values: Sequence[int]) -> int | None:
    """The value that nine of ten do not exceed (nearest rank); None for fewer than 30.

    >>> ninth_decile(list(range(1, 31))), ninth_decile([1, 2, 3])
    (27, None)
    """
    return sorted(values)[math.ceil(0.9 * len(values)) - 1] if len(values) >= FEWEST_FOR_P90 else None


def durations(matters: MatterQuerySet, *, today: date | None = None, most: int = MOST_MATTERS) -> Durations:
    """The durations of some matters, which have passed ``visible_to``: the newest ``most`` of them."""
    day, calendar = today or clock.today(), _Remembering(working_days().tables.values())
    held = list(matters.select_related("edition").order_by("-pk")[:most])
    numbers = [each.pk for each in held]
    steps = _by_matter(MatterStep.objects.filter(matter_id__in=numbers).order_by("number").only(
        "matter_id", "number", "transition", "state", "taken_on", "actor_id"))
    opinions = _by_matter(MatterOpinion.objects.filter(matter_id__in=numbers).order_by("id").only(
        "matter_id", "consultation", "party", "round", "given_on", "agrees", "actor_id"))
    actors = {each.actor_id for found in (*steps.values(), *opinions.values()) for each in found}
    offices = dict(User.objects.filter(pk__in=actors - {None}).values_list("pk", "organisation__name_zh"))
    piles: dict[tuple[str, str, str], dict[str, _Pile]] = defaultdict(lambda: defaultdict(_Pile))
    runs: dict[tuple[str, str], _Pile] = defaultdict(_Pile)
    overdue: dict[tuple[str, str], int] = defaultdict(int)
    newest: dict[str, Procedure] = {}
    settings: dict[str, Mapping[str, int]] = {}
    for matter in held:
        procedure = procedure_of(matter.edition)
        newest.setdefault(matter.procedure, procedure)
        if matter.procedure not in settings:
            settings[matter.procedure] = settings_of(matter.procedure)
        one = _One(matter, procedure, steps[matter.pk], opinions[matter.pk], calendar, settings[matter.procedure], day, offices)
        one.stays(piles)
        one.answers(piles)
        one.periods(runs, overdue)
    total = matters.count()
    return Durations(
        [row for key in sorted(piles) for row in _rows(newest[key[0]], key, piles[key])],
        [_clock_row(newest[code], name, runs[code, name], overdue[code, name], settings[code])
         for code, name in sorted(runs) if name in newest[code].clocks],
        len(held), max(0, total - len(held)))


class _Remembering(WorkingDays):
    """A calendar that counts the same span once: many matters begin and end on the same days."""

    def __init__(self, tables: Iterable[YearTable]) -> None:
        super().__init__(tables)
        self._spans: dict[tuple[date, date], int] = {}

    def between(self, first: date, last: date) -> int:
        """Working days after ``first`` up to and with ``last``."""
        if (first, last) not in self._spans:
            self._spans[first, last] = super().between(first, last)
        return self._spans[first, last]


class _One:
    """One matter, step by step."""

    def __init__(self, matter: Matter, procedure: Procedure, steps: list[MatterStep], opinions: list[MatterOpinion], calendar: WorkingDays,
                 settings: Mapping[str, int], today: date, offices: Mapping[int, str]) -> None:
        self.matter, self.procedure, self.steps, self.opinions = matter, procedure, steps, opinions
        self.calendar, self.settings, self.today, self.offices = calendar, settings, today, offices
        self.taken = tuple(Step(each.state, each.taken_on, each.transition, str(each.actor_id or "")) for each in steps)
        self.given = tuple(Opinion(each.consultation, each.party, each.round, each.given_on, each.agrees) for each in opinions)

    def _standing(self, upto: int, day: date, opinions: tuple[Opinion, ...] = ()) -> list[Standing]:
        running = Running(self.procedure.code, self.procedure.version, self.taken[:upto], opinions)
        try:
            return standing(self.procedure, running, calendar=self.calendar, settings=self.settings, today=day)
        except KeyError:
            return []  # a period that is no longer set: nothing can be said of being in time

    def _put(self, pile: dict[str, _Pile], actor: int | None, days: int, in_time: bool | None) -> None:
        office = BY_SYSTEM.zh if actor is None else self.offices[actor]
        pile[office].done.append(days)
        if in_time is not None:
            pile[office].in_time.append(in_time)

    def stays(self, piles: dict[tuple[str, str, str], dict[str, _Pile]]) -> None:
        """Each state that the matter stood in."""
        for at, step in enumerate(self.steps):
            if step.state not in self.procedure.states or self.procedure.states[step.state].is_terminal:
                continue
            pile = piles[self.matter.procedure, "state", step.state]
            if at + 1 == len(self.steps):
                pile[""].waiting.append((self.today - step.taken_on).days)
                continue
            following = self.steps[at + 1]
            running = [each for each in self._standing(at + 1, following.taken_on) if not each.party and each.due is not None]
            self._put(pile, following.actor_id, (following.taken_on - step.taken_on).days,
                 all(each.due is not None and following.taken_on <= each.due for each in running) if running else None)

    def answers(self, piles: dict[tuple[str, str, str], dict[str, _Pile]]) -> None:
        """Each opinion that was asked for; those still awaited count as open."""
        entered: dict[tuple[str, int], int] = {}
        rounds: dict[str, int] = defaultdict(int)
        for at, step in enumerate(self.steps):
            rounds[step.state] += 1
            entered[step.state, rounds[step.state]] = at
        for given in self.opinions:
            asked = self.procedure.consultations.get(given.consultation)
            at_step = entered.get((asked.state, given.round)) if asked is not None else None
            if asked is None or at_step is None:
                continue
            due = next((each.due for each in self._standing(at_step + 1, given.given_on)
                        if each.party == given.party and each.code == given.consultation), None)
            in_time = None if due is None else given.agrees is not None and given.given_on <= due
            self._put(piles[self.matter.procedure, "opinion", given.consultation], given.actor_id,
                      (given.given_on - self.steps[at_step].taken_on).days, in_time)
        if self.matter.ended_at is None and self.steps:
            for each in self._standing(len(self.steps), self.today, self.given):
                if each.party and each.began_on is not None:
                    piles[self.matter.procedure, "opinion", each.code][""].waiting.append((self.today - each.began_on).days)

    def periods(self, runs: dict[tuple[str, str], _Pile], overdue: dict[tuple[str, str], int]) -> None:
        """Each clock: what it used where it has stopped for good, else that it is open."""
        if not self.steps:
            return
        last = self.steps[-1].taken_on if self.matter.ended_at is not None else self.today
        for each in self._standing(len(self.steps), last, self.given):
            if each.party or each.code not in self.procedure.clocks:
                continue
            pile = runs[self.matter.procedure, each.code]
            if each.state == "ended":
                pile.done.append(each.used)
                if each.length.until is None:
                    pile.in_time.append(each.used <= each.length.in_days(self.settings))
            else:
                pile.waiting.append(each.used)
                overdue[self.matter.procedure, each.code] += each.is_overdue


def _rows(procedure: Procedure, key: tuple[str, str, str], by_office: dict[str, _Pile]) -> Iterable[Row]:
    _, kind, name = key
    if kind == "state":
        label = procedure.states[name].label if name in procedure.states else Text(name, name)
    else:
        label = procedure.consultations[name].label if name in procedure.consultations else Text(name, name)
    whole = _Pile([days for each in by_office.values() for days in each.done], [each for pile in by_office.values() for each in pile.in_time],
                  [days for each in by_office.values() for days in each.waiting])
    yield _row(procedure, kind, label, ALL_OFFICES, whole, is_total=True)
    for office in sorted(by_office):
        if office:
            said = BY_SYSTEM if office == BY_SYSTEM.zh else Text(office, office)
            yield _row(procedure, kind, label, said, by_office[office])


def _row(procedure: Procedure, kind: str, step: Text, office: Text, pile: _Pile, *, is_total: bool = False) -> Row:
    return Row(
        procedure.code, procedure.title, kind, step, office, is_total, len(pile.done), median(pile.done) if pile.done else None,
        ninth_decile(pile.done), len(pile.in_time), _share(pile.in_time), len(pile.waiting),
        median(pile.waiting) if pile.waiting else None, max(pile.waiting, default=None))


def _clock_row(procedure: Procedure, name: str, pile: _Pile, overdue: int, settings: Mapping[str, int]) -> ClockRow:
    held = procedure.clocks[name]
    allowed = None if held.length.until is not None else held.length.count if held.length.count is not None else settings.get(held.length.setting)
    return ClockRow(
        procedure.code, procedure.title, held.label, held.length.unit.value, allowed, len(pile.done),
        median(pile.done) if pile.done else None, ninth_decile(pile.done), _share(pile.in_time), len(pile.waiting), overdue)


def _share(found: Sequence[bool]) -> float | None:
    return sum(found) / len(found) if found else None


def _by_matter(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for each in rows:
        found[each.matter_id].append(each)
    return found
