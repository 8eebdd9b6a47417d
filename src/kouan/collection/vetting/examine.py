"""One submitted return held against the history of its series, before anybody accepts it.

`findings_for` answers for each doubtful cell what is doubtful; at most a second for a return of forty items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from kouan.basis import Direction, Finding, Period, PeriodKind, Place, SubjectRef, Text, clock, measures
from kouan.collection.checks import Explained, Key, examine, shipped
from kouan.collection.checks.panel import LONGEST
from kouan.collection.checks.table import cellwise
from kouan.collection.models import Series
from kouan.collection.vetting import queries, reading

# Whose figure it is, of what, which way, which part, when, how much (in the measure's unit), where it stands.
Cell = tuple[SubjectRef, str, str, str, Period, Decimal, Place]
_YEARS = {PeriodKind.DAY: 2, PeriodKind.MONTH: 10, PeriodKind.QUARTER: 12, PeriodKind.YEAR: 30}
# Absence is the business of the reporting calendar: a return that is being filled in has gaps of right.
_LEFT_OUT = frozenset({"missing_period", "closed_entity", "renamed_entity", "peer_outlier"})
_hooks: dict[str, Callable[[Sequence[SubjectRef], date, date], Iterable[Explained]]] = {}


def explain_with(name: str, hook: Callable[[Sequence[SubjectRef], date, date], Iterable[Explained]]) -> None:
    """Let a room above say what it knows: ``hook(subjects, first, last)`` answers exceptions (from its apps.py).

    A closure or an emergency recorded by monitoring explains figures; collection does not know monitoring.
    """
    _hooks[name] = hook


def told_by_hooks(subjects: Sequence[SubjectRef], first: date, last: date) -> list[Explained]:
    """What rooms above explain."""
    return [one for hook in _hooks.values() for one in hook(subjects, first, last)]


def findings_for(cells: Iterable[Cell], *, now: datetime | None = None) -> list[tuple[Cell, Finding]]:
    """What is doubtful in the cells, with the stored history of their series; cells of several cadences may be mixed.

    A cell appears once for each check that doubts it, in the order given. What is not doubtful is not in the answer. The
    caller has settled that its user may submit these subjects: figures of the past are read whatever the scope.
    """
    said = list(cells)
    by_cadence: dict[PeriodKind, list[int]] = defaultdict(list)
    for number, cell in enumerate(said):
        if cell[4].kind in LONGEST:
            by_cadence[cell[4].kind].append(number)
    today = clock.day_of(now) if now is not None else clock.today()
    found: list[tuple[int, Finding]] = []
    for cadence, numbers in by_cadence.items():
        found += _of_cadence(cadence, [(number, said[number]) for number in numbers], today)
    return [(said[number], finding) for number, finding in sorted(found, key=lambda item: item[0])]


def _of_cadence(cadence: PeriodKind, cells: list[tuple[int, Cell]], today: date) -> list[tuple[int, Finding]]:
    subjects = list(dict.fromkeys(cell[0] for _, cell in cells))
    first, last = min(cell[4].start for _, cell in cells), max(cell[4].end for _, cell in cells)
    history = _history(subjects, cadence, date(max(first.year - _YEARS[cadence], 1), 1, 1))
    panel, places = reading.with_cells(history, cadence, (
        (Key(str(cell[0]), cell[1], cell[2], cell[3]), cell[4], cell[5]) for _, cell in cells))
    checks = {name: spec for name, spec in shipped().items() if name not in _LEFT_OUT}
    explained = [*queries.explained(), *told_by_hooks(subjects, first, last)]
    found: list[tuple[int, Finding]] = []
    for suspicion in [*cellwise(panel, (), today), *examine(
            panel, explained=explained, checks=checks, rulings=queries.rulings(), kin=queries.kin())]:
        rows = [suspicion.row, *(row for row, key in enumerate(panel.keys) if key == suspicion.other)]
        touched = [number for column in range(suspicion.start, suspicion.stop) for row in rows for number in places.get((row, column), ())]
        for number in touched:
            at, cell = cells[number]
            found.append((at, suspicion.finding(name_in(cell[0]), where=cell[6])))
    return found


def _history(subjects: Sequence[SubjectRef], cadence: PeriodKind, start: date) -> reading.Panel | None:
    kinds = {subject.kind.value for subject in subjects}
    series = [one for one in Series.objects.filter(
        subject_kind__in=kinds, subject_code__in=[subject.code for subject in subjects], granularity=cadence.value, origin__in=reading.OWN,
    ).order_by("pk") if one.subject in set(subjects)]
    return reading.panels(series, start=start).get(cadence) if series else None


def name_in(subject: SubjectRef | None) -> Callable[[Key], Text]:
    """How messages name a series inside a return: the subject only where it is another one."""
    def name(key: Key) -> Text:
        words = measure_words(key)
        if subject is not None and key.subject == str(subject):
            return words
        return Text(f"{key.subject} {words.zh}", f"{key.subject} {words.en}")
    return name


def measure_words(key: Key) -> Text:
    """Measure, direction and group in the words of the registry."""
    measure = measures.find(key.measure)
    if isinstance(measure, Finding):
        return Text(key.measure, key.measure)
    way = measure.direction_name(key.direction) if key.direction != Direction.TOTAL else Text("", "")
    group = measures.groups().get(key.group)
    part = Text("", "") if key.group == measures.ALL else group.name if group is not None else Text(key.group, key.group)
    return Text("".join(filter(None, (measure.name.zh, f"（{way.zh}）" if way.zh else "", f"（{part.zh}）" if part.zh else ""))),
                " ".join(filter(None, (measure.name.en, way.en, part.en))))
