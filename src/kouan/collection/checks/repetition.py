"""Figures that are equal where chance hardly makes them so: placeholders, stuck values, copies. Pure.

How often two unlike figures are equal by chance: figures around v that scatter by s (in logarithms), rounded to g, meet with
probability g / (2 √π s v), the density at nought of the difference of two normal variables. The evidence of a run of
equalities is the sum of −log10 of it; habits of the series itself (it often repeats) count against.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations

import numpy as np

from kouan.basis import PeriodKind
from kouan.collection.checks.exam import Exam
from kouan.collection.checks.panel import Bools, Floats, Run, runs
from kouan.collection.checks.suspicion import confidence

TIMETABLE = 5  # more than so many a day every day is an estimate
_MEET = 2 * math.sqrt(math.pi)


def grain(values: Floats) -> Floats:
    """To which power of ten each series is usually rounded (tens of thousands reported in 万: 10,000)."""
    steps = np.ones(values.shape[0])
    finest = np.abs(np.where(values != 0, values, np.nan))
    for power in (1, 2, 3, 4, 5, 6):
        round_at = np.where(np.isnan(finest), np.nan, finest % 10**power == 0)
        steps = np.where(_share(round_at) >= 0.6, 10.0**power, steps)
    fraction = np.where(np.isnan(finest), np.nan, finest % 1 != 0)
    return np.where(_share(fraction) >= 0.3, 0.01, steps)


def _share(claims: Floats) -> Floats:
    known = ~np.isnan(claims)
    return np.asarray(np.where(known, claims, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def by_chance(exam: Exam) -> Floats:
    """For each cell, how likely another figure equals it by chance."""
    size = np.maximum(np.abs(exam.values), 1e-9)
    scatter = np.clip(exam.model.scale, 0.02, 3)
    return np.clip(grain(exam.values)[:, None] / (_MEET * scatter * size), 1e-7, 0.5)


def placeholders(exam: Exam) -> None:
    """Runs of 1, 9, 99 … where the series says otherwise: a year in which every month equals 1."""
    spec = exam.spec("all_ones")
    if spec is None:
        return
    values = exam.values
    for value in spec.parameters["placeholders"]:
        hits = values == value
        if not hits.any():
            continue
        for run in runs(_joined(hits, values), int(spec.parameters["least"])):
            row = values[run.row]
            outside = np.delete(row, slice(run.start, run.stop))
            outside = outside[~np.isnan(outside)]
            if outside.size < run.length // 2 or outside.size < 3:
                continue
            share = (float((outside == value).sum()) + 0.5) / (outside.size + 1)
            # Fours and ones among noughts are how small ports look; a whole year of them is not.
            evidence = run.length * -math.log10(share)
            wanted = float(spec.parameters["evidence"]) * (1.0 if np.median(outside) >= 3 * value or value > 1 else 1.6)
            if evidence >= wanted:
                expected = exam.usual(run)
                exam.tell("all_ones", run, float(value), max(expected, float(np.median(outside))), confidence(evidence, wanted, 1.5))
                exam.mark(run)


def _joined(hits: Bools, values: Floats) -> Bools:
    """Runs go on over periods that were not reported, so that a gap in the year of ones does not hide it."""
    joined = hits.copy()
    for column in range(1, values.shape[1] - 1):
        joined[:, column] |= np.isnan(values[:, column]) & joined[:, column - 1] & hits[:, column + 1]
    return joined


def stuck(exam: Exam) -> None:
    """The same figure period after period."""
    _repeats(exam, "stuck_value", 1)


def copied_period(exam: Exam) -> None:
    """The same figures as a year ago."""
    if exam.panel.season > 1:
        _repeats(exam, "copied_period", exam.panel.season)


def _repeats(exam: Exam, check: str, lag: int) -> None:
    spec, values = exam.spec(check), exam.values
    if spec is None or values.shape[1] <= lag:
        return
    equal = np.zeros(values.shape, dtype=bool)
    equal[:, lag:] = (values[:, lag:] == values[:, :-lag]) & (np.abs(values[:, lag:]) >= spec.parameters["smallest"]) & ~exam.suspect[:, lag:]
    if not equal.any():
        return
    chance = by_chance(exam)
    both = ~np.isnan(values[:, lag:]) & ~np.isnan(values[:, :-lag]) & (values[:, lag:] > 0)
    pairs, repeats = both.sum(axis=1), equal.sum(axis=1)
    for run in runs(equal):
        if lag > 1 and run.length < int(spec.parameters["least"]):
            continue
        habit = (repeats[run.row] - run.length) / max(pairs[run.row] - run.length, 1)
        evidence = float(-np.log10(np.maximum(chance[run.row, run.start : run.stop], habit)).sum())
        # Two large figures that are equal happen once in a hundred thousand, and there are so many.
        if evidence < float(spec.parameters["evidence"]) + (lag == 1 and run.length == 1):
            continue
        whole = Run(run.row, run.start - (lag == 1), run.stop)
        if whole.length < int(spec.parameters["least"]):
            continue
        if _is_timetable(exam, whole):
            continue
        cells = values[run.row, whole.start : whole.stop]
        marked = Run(run.row, run.start, run.stop)
        expected = float(np.nanmean(exam.model.expected[run.row, run.start : run.stop])) if run.length else None
        exam.tell(check, whole, float(cells.mean()), expected, confidence(evidence, spec.parameters["evidence"], 1.5))
        if run.length >= 2:
            exam.mark(marked)


def _is_timetable(exam: Exam, run: Run) -> bool:
    """So many a day, every day: trains that run by a timetable repeat, and no sheet was copied."""
    if exam.panel.cadence is not PeriodKind.MONTH:
        return False
    a_day = exam.values[run.row, run.start : run.stop] / np.array([exam.panel.period(at).day_count for at in range(run.start, run.stop)])
    return bool(np.mean((a_day == np.round(a_day)) & (a_day <= TIMETABLE)) >= 0.7)


def copies(exam: Exam) -> None:
    """One series equal to another over several periods: within a subject (a column), between subjects (an entity)."""
    column, entity = exam.spec("copied_column"), exam.spec("duplicate_entity")
    if column is None and entity is None:
        return
    smallest = min(float(spec.parameters["smallest"]) for spec in (column, entity) if spec is not None)
    chance = by_chance(exam)
    together = meetings(exam, smallest)
    keys, values = exam.panel.keys, exam.values
    found: list[tuple[float, str, Run, int]] = []
    for (one, two), columns in together.items():
        same_subject = keys[one].subject == keys[two].subject
        check = "copied_column" if same_subject else "duplicate_entity"
        spec = column if same_subject else entity
        if spec is None or len(columns) < int(spec.parameters["least"]) or (same_subject and _is_part(exam, one, two)):
            continue
        at = np.array(columns)
        informative = ((values[one] >= smallest) | (values[two] >= smallest)) & ~np.isnan(values[one]) & ~np.isnan(values[two])
        odds = np.minimum(chance[one, at], chance[two, at])
        hits = np.zeros(values.shape[1], dtype=bool)
        hits[at] = True
        # Between two informative equal cells a pair of small equal figures does not break the run.
        bridge = (values[one] == values[two]) & ~informative
        weight = np.zeros(values.shape[1])
        weight[at] = -np.log10(odds)
        for run in runs(_bridged(hits, bridge)[None, :], int(spec.parameters["least"])):
            evidence = float(weight[run.start : run.stop].sum())
            outside = informative.copy()
            outside[run.start : run.stop] = False
            habit = float(hits[outside].sum() + 0.0) / max(int(outside.sum()), 1)
            if same_subject and habit > 0:
                evidence = min(evidence, float(hits[run.start : run.stop].sum()) * -math.log10(habit))
            wanted = float(spec.parameters["evidence"])
            if evidence < wanted or (habit > float(spec.parameters["habit"]) and not (not same_subject and habit > 0.9)):
                continue
            found.append((evidence / wanted, check, Run(_copy_of(exam, one, two, run), run.start, run.stop), one))
            twin = two if found[-1][2].row == one else one
            found[-1] = (*found[-1][:3], twin)
    for ratio, check, run, twin in sorted(found, key=lambda item: -item[0]):
        if exam.suspect[run.row, run.start : run.stop].all():
            continue  # a copy of a copy, or said already
        size = float(np.nanmean(values[run.row, run.start : run.stop]))
        exam.tell(check, run, size, exam.usual(run), confidence(ratio, 1.0, 1.5), other=twin)
        exam.mark(run)


def meetings(exam: Exam, smallest: float) -> dict[tuple[int, int], list[int]]:
    """Pairs of series with the periods in which they say the same figure. By sorting: no pair is looked at in vain."""
    values = exam.values
    rows, columns = np.nonzero((values >= smallest) & ~exam.suspect)
    said = values[rows, columns]
    order = np.lexsort((rows, said, columns))
    rows, columns, said = rows[order], columns[order], said[order]
    same = np.zeros(rows.size + 1, dtype=bool)
    same[1:-1] = (said[1:] == said[:-1]) & (columns[1:] == columns[:-1])
    edges = np.nonzero(~same)[0]
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    sizes = np.diff(edges)
    for begin, size in zip(edges[:-1][sizes > 1], sizes[sizes > 1], strict=True):
        if size > 12:
            continue  # a figure that a dozen series share says nothing
        members: list[int] = rows[begin : begin + size].tolist()
        for pair in combinations(members, 2):
            one, two = exam.panel.keys[pair[0]], exam.panel.keys[pair[1]]
            if one.subject == two.subject or one[1:] == two[1:]:
                found[pair].append(int(columns[begin]))
    return found


def _is_part(exam: Exam, one: int, two: int) -> bool:
    """A total and its only part are equal of right."""
    a, b = exam.panel.keys[one], exam.panel.keys[two]
    if a.measure != b.measure:
        return False
    return ("total" in (a.direction, b.direction) and a.direction != b.direction) or ("all" in (a.group, b.group) and a.group != b.group)


def _bridged(hits: Bools, bridge: Bools) -> Bools:
    whole = hits.copy()
    for run in runs((hits | bridge)[None, :]):
        inside = np.nonzero(hits[run.start : run.stop])[0]
        if inside.size:
            whole[run.start + int(inside[0]) : run.start + int(inside[-1]) + 1] = True
    return whole


def _copy_of(exam: Exam, one: int, two: int, run: Run) -> int:
    """Which of the two is the copy: the one that departs more from its own ways; the later one where that does not tell."""
    strangeness = []
    for row in (one, two):
        before, after = exam.neighbours(Run(row, run.start, run.stop), 12)
        around = np.concatenate([before, after])
        usual = float(np.median(around)) if around.size else float("nan")
        here = float(np.nanmedian(exam.values[row, run.start : run.stop]))
        strangeness.append(abs(math.log((here + 1) / (usual + 1))) if usual == usual else -1.0)
    return one if strangeness[0] > strangeness[1] else two


