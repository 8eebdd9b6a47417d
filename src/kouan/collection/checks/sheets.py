"""Whole sheets sent twice: several measures of one subject that equal those of another month, or of another subject. Pure.

One equal figure says little; nine measures of one port that equal those of the month before are last month's sheet. The evidence
is that of `repetition`: the sum of −log10 of the chance that two unlike figures are equal, habits of each series counting against.
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from kouan.collection.checks.exam import Exam
from kouan.collection.checks.panel import Bools, Floats, Ints, Run
from kouan.collection.checks.repetition import by_chance, meetings
from kouan.collection.checks.suspicion import confidence

_MOST = 4.0  # evidence of one figure: of buses and their passengers one may follow from the other


def sheets(exam: Exam) -> None:
    """Several measures of a subject that repeat an earlier period, or say the same as another subject, in one period."""
    spec = exam.spec("copied_sheet")
    if spec is None or exam.panel.width < 6:
        return
    chance = by_chance(exam)
    told = np.zeros(exam.values.shape, dtype=bool)
    _earlier_periods(exam, chance, told)
    _other_subjects(exam, chance, told)


def _earlier_periods(exam: Exam, chance: Floats, told: Bools) -> None:
    parameters, values = exam.specs["copied_sheet"].parameters, exam.values
    subjects = exam.codes[0]
    shape = (int(subjects.max()) + 1, values.shape[1])
    for lag in (*parameters["lags"], exam.panel.season):
        if not 0 < lag < exam.panel.width:
            continue
        equal = np.zeros(values.shape, dtype=bool)
        equal[:, lag:] = (values[:, lag:] == values[:, :-lag]) & (values[:, lag:] >= parameters["smallest"])
        known = np.zeros(values.shape, dtype=bool)
        known[:, lag:] = ~np.isnan(values[:, lag:]) & ~np.isnan(values[:, :-lag]) & (values[:, lag:] > 0)
        habit = (equal.sum(axis=1, keepdims=True) - 1) / np.maximum(known.sum(axis=1, keepdims=True) - 1, 1)
        evidence = np.where(equal & ~exam.suspect, np.minimum(-np.log10(np.maximum(chance, np.clip(habit, 1e-9, 1))), _MOST), 0.0)
        totals, counts = np.zeros(shape), np.zeros(shape)
        np.add.at(totals, subjects, evidence)
        np.add.at(counts, subjects, evidence > 0.3)
        hits = (totals >= float(parameters["evidence"])) & (counts >= int(parameters["least"]))
        for number, column in zip(*np.nonzero(hits), strict=True):
            rows = np.nonzero((subjects == number) & (evidence[:, column] > 0.3) & ~told[:, column])[0]
            _tell(exam, rows, int(column), float(totals[number, column]), told, lag=lag)


def _other_subjects(exam: Exam, chance: Floats, told: Bools) -> None:
    parameters = exam.specs["copied_sheet"].parameters
    together: dict[tuple[str, str, int], list[tuple[int, int]]] = defaultdict(list)
    for (one, two), columns in meetings(exam, float(parameters["smallest"])).items():
        a, b = exam.panel.keys[one], exam.panel.keys[two]
        if a.subject != b.subject:
            for column in columns:
                together[a.subject, b.subject, column].append((one, two))
    for (_, _, column), pairs in together.items():
        if len(pairs) < int(parameters["least"]):
            continue
        evidence = sum(min(_MOST, -math.log10(min(chance[one, column], chance[two, column]))) for one, two in pairs)
        if evidence < float(parameters["evidence_others"]):
            continue
        strange = [sum(_strangeness(exam, pair[side], column) for pair in pairs) for side in (0, 1)]
        copy = 0 if strange[0] > strange[1] else 1
        rows = np.array([pair[copy] for pair in pairs if not told[pair[copy], column]], dtype=np.int64)
        others = {pair[copy]: pair[1 - copy] for pair in pairs}
        _tell(exam, rows, column, evidence, told, others=others)


def _strangeness(exam: Exam, row: int, column: int) -> float:
    score = float(exam.model.score[row, column])
    return abs(score) if score == score else 0.0


def _tell(exam: Exam, rows: Ints, column: int, evidence: float, told: Bools, *, lag: int = 0, others: dict[int, int] | None = None) -> None:
    """Each of the measures is told, for each has to be corrected; they have one cause."""
    wanted = float(exam.specs["copied_sheet"].parameters["evidence"])
    for row in rows.tolist():
        run = Run(row, column, column + 1)
        exam.tell("copied_sheet", run, float(exam.values[row, column]), exam.usual(run), confidence(evidence, wanted, 1.5),
                  other=others[row] if others else None, source=column - lag, weigh=float(exam.values[row, column]))
        told[row, column] = True
    for row in rows.tolist():
        exam.mark(Run(row, column, column + 1))

