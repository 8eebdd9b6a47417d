"""Figures held against each other: parts and their sum, ratios of measures, the two sides of one crossing. Pure."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from kouan.collection.checks.exam import Exam
from kouan.collection.checks.outliers import PART_OF_A_MONTH
from kouan.collection.checks.panel import Floats, Panel, Run, runs
from kouan.collection.checks.seasonal import Seasonal
from kouan.collection.checks.suspicion import confidence


def sums(exam: Exam) -> None:
    """A total that equals the sum of its parts in nearly every period, and not in this one. The identity is learned."""
    spec = exam.spec("sum_of_parts")
    if spec is None:
        return
    for whole, parts in _families(exam):
        total, added = exam.values[whole], exam.values[parts].sum(axis=0)
        both = ~np.isnan(total) & ~np.isnan(added)
        if int(both.sum()) < int(spec.parameters["least"]):
            continue
        slack = float(spec.parameters["rounding"]) * len(parts) * 0.5 + 1e-9 * np.abs(np.nan_to_num(total))
        holds = both & (np.abs(total - added) <= slack)
        moving = both & ((total != 0) | (added != 0))
        share = float((holds & moving).sum()) / max(int(moving.sum()), 1)
        if int(moving.sum()) < int(spec.parameters["least"]) or share < float(spec.parameters["share"]):
            continue
        for run in runs((both & ~holds)[None, :]):
            here = slice(run.start, run.stop)
            # The one that departs from its own ways is the one to correct.
            blamed = max([whole, *parts], key=lambda row: float(np.nan_to_num(np.abs(exam.model.score[row, here]).max())))
            measured, expected = float(total[here].mean()), float(added[here].mean())
            exam.tell("sum_of_parts", Run(whole, run.start, run.stop), measured, expected,
                      min(0.99, 0.5 + share / 2), other=blamed if blamed != whole else parts[0])


def _families(exam: Exam) -> list[tuple[int, list[int]]]:
    """Totals with their parts: inbound and outbound; every set of groups that a subject reports."""
    found: list[tuple[int, list[int]]] = []
    ways: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    groups: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for row, (subject, measure, direction, group) in enumerate(exam.panel.keys):
        ways[subject, measure, group][direction] = row
        groups[subject, measure, direction][group] = row
    for family in ways.values():
        if {"inbound", "outbound", "total"} <= family.keys():
            found.append((family["total"], [family["inbound"], family["outbound"]]))
    for family in groups.values():
        if "all" in family and len(family) > 2:
            found.append((family["all"], [row for group, row in family.items() if group != "all"]))
    return found


def ratios(exam: Exam) -> None:
    """Declared pairs of measures of one subject: value to volume, persons to vehicles, boxes to trucks."""
    spec = exam.spec("ratio")
    if spec is None:
        return
    pairs: list[tuple[list[int], int]] = []
    for row, key in enumerate(exam.panel.keys):
        for of, to in spec.pairs:
            parts = of.split("+")
            if _word(key.measure) == parts[0]:
                match = _beside(exam, row, to)
                others = [_beside(exam, row, part) for part in parts[1:]]
                if match is not None and None not in others:
                    pairs.append(([row, *(other for other in others if other is not None)], match))
    parameters = spec.parameters
    _held_against(exam, "ratio", pairs, score=float(parameters["score"]), tail=float(parameters["tail"]),
                  least=float(parameters["ratio"]), smallest=float(parameters["smallest"]))


def _beside(exam: Exam, row: int, measure: str) -> int | None:
    """The series of another measure of the same subject, direction and group."""
    key = exam.panel.keys[row]
    return next((other for other in exam.rows_of_subject[key.subject]
                 if _word(exam.panel.keys[other].measure) == measure and exam.panel.keys[other][2:] == key[2:]), None)


def counterparts(exam: Exam) -> None:
    """The two counts of one crossing, whatever each holds: their ratio is steady, and never absurd."""
    spec = exam.spec("counterpart_gap")
    if spec is None:
        return
    pairs = [([exam.row_of[one]], exam.row_of[two]) for one, two in exam.links if one in exam.row_of and two in exam.row_of]
    parameters = spec.parameters
    _held_against(exam, "counterpart_gap", pairs, score=float(parameters["score"]), tail=1.35, least=float(parameters["ratio"]),
                  smallest=float(parameters["smallest"]), widest=float(parameters["widest"]))


def _held_against(exam: Exam, check: str, pairs: list[tuple[list[int], int]], *, score: float, tail: float, least: float,
                  smallest: float, widest: float | None = None) -> None:
    if not pairs:
        return
    above = np.array([np.nansum(exam.values[ones], axis=0) + (0 * exam.values[ones[0]]) for ones, _ in pairs])  # unknown with its first part
    below = exam.values[[two for _, two in pairs]]
    usable = (above > 0) & (below > 0) & (np.maximum(above, below) >= smallest) & (np.minimum(above, below) >= 5)
    quotient: Floats = np.where(usable, above / np.where(below > 0, below, 1), np.nan)
    panel = Panel(tuple(exam.panel.keys[ones[0]] for ones, _ in pairs), exam.panel.cadence, exam.panel.first, quotient,
                  np.arange(len(pairs)))  # what doubles everywhere is a fault of the publication, not a movement of traffic
    hidden = np.array([exam.suspect[[*ones, two]].any(axis=0) for ones, two in pairs])
    model = Seasonal.fit(panel, hidden)
    # Few things counted make a ratio waver: the noise of both counts.
    wobble = np.sqrt(model.scale**2 + 1 / np.maximum(above, 1) + 1 / np.maximum(below, 1))
    scores = np.nan_to_num(model.lonely / wobble)
    wanted = np.maximum(score, tail * model.tail)[:, None]
    stands = (np.abs(scores) >= wanted) & (np.abs(model.lonely) >= math.log(least)) & usable & ~hidden & (model.known >= 4)
    for run in runs(stands):
        ones, two = pairs[run.row]
        one, here = ones[0], slice(run.start, run.stop)
        blame = max((*ones, two), key=lambda row: float(np.nan_to_num(np.abs(exam.model.lonely[row, here]).max())))
        strength = float(np.abs(scores[run.row, here]).max())
        weigh = abs(float(np.nanmean(exam.values[blame, here])) - exam.usual(Run(blame, run.start, run.stop))) * run.length
        expected_ratio, ratio = float(np.nanmean(model.expected[run.row, here])), float(np.nanmean(quotient[run.row, here]))
        if check == "ratio":
            torn = any(exam.is_beside_nothing(Run(row, run.start, run.stop)) for row in (*ones, two) if exam.values[row, here].any())
            exam.tell(check, Run(one, run.start, run.stop), ratio, expected_ratio,
                      confidence(strength, float(wanted[run.row, 0])) * (PART_OF_A_MONTH if torn else 1.0), other=two, weigh=weigh)
        else:
            exam.tell(check, Run(one, run.start, run.stop), float(np.nanmean(above[run.row, here])),
                      float(np.nanmean(below[run.row, here])) * expected_ratio, confidence(strength, float(wanted[run.row, 0])), other=two)
    if widest is not None:
        _absurd(exam, check, pairs, quotient, widest)


def _absurd(exam: Exam, check: str, pairs: list[tuple[list[int], int]], quotient: Floats, widest: float) -> None:
    """Ratios without a history yet: two counts of one crossing are never three times apart."""
    for at, ((one, *_), two) in enumerate(pairs):
        known = ~np.isnan(quotient[at])
        if int(known.sum()) >= 6:
            continue
        for run in runs((known & ((quotient[at] > widest) | (quotient[at] < 1 / widest)))[None, :]):
            here = slice(run.start, run.stop)
            exam.tell(check, Run(one, run.start, run.stop), float(np.nanmean(exam.values[one, here])),
                      float(np.nanmean(exam.values[two, here])), 0.8, other=two)


def _word(measure: str) -> str:
    return measure.strip().lower().replace(" ", "_")
