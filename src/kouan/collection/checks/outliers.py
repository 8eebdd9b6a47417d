"""Figures that stand out from the usual behaviour of their series: spikes, dips, unit slips, shifts, exchanges, odd ones among peers. Pure."""

from __future__ import annotations

import math

import numpy as np

from kouan.collection.checks.exam import Exam
from kouan.collection.checks.panel import Bools, Floats, Ints, Run, median_of, running_median, runs
from kouan.collection.checks.seasonal import FEWEST_PEERS, LARGE
from kouan.collection.checks.suspicion import confidence

CROWD = 0.25  # from this share of peers on it is an event, not a wrong unit

PART_OF_A_MONTH = 0.5  # a low figure beside nothing is likely a service that begins or ends


def swapped(exam: Exam) -> None:
    """Two series of one subject, or of one measure, that fit only when exchanged."""
    spec = exam.spec("swapped_series")
    if spec is None:
        return
    model, width = exam.model, exam.panel.width
    far = math.log(float(spec.parameters["least_ratio"]))
    stands = ((np.abs(model.score) >= float(spec.parameters["score"])) & (np.abs(model.deviation) >= far) & ~exam.suspect
              & (exam.values > 0) & (model.expected >= 3))
    hits: dict[tuple[int, int], dict[int, float]] = {}
    logs = model.logs
    expected = model.around + model.offset
    for column in range(width):
        rows = np.nonzero(stands[:, column])[0]
        if rows.size < 2:
            continue
        up, down = rows[model.deviation[rows, column] > 0], rows[model.deviation[rows, column] < 0]
        if not up.size or not down.size:
            continue
        # Exchanged: what one says is what the other lets expect, both ways.
        spread = np.hypot(model.scale[up, column][:, None], model.scale[down, column][None, :])
        forth = np.abs(logs[up, column][:, None] - expected[down, column][None, :])
        back = np.abs(logs[down, column][None, :] - expected[up, column][:, None])
        straight = np.abs(model.deviation[up, column])[:, None] + np.abs(model.deviation[down, column])[None, :]
        farther = np.maximum(forth, back)
        related = _related(exam, up, down)
        fits = (farther <= np.minimum(2.5 * spread + 0.05, 0.3 * straight)) & related
        # Where everything is in motion some pair fits by chance: how many would, as well as this one does?
        by_chance = related.sum() * np.minimum(1.0, (farther + 0.03) / 1.5) ** 2
        for i, j in zip(*np.nonzero(fits & (by_chance <= 0.03)), strict=True):
            one, two = int(up[i]), int(down[j])
            a, b = exam.panel.keys[one], exam.panel.keys[two]
            gain = (straight[i, j] ** 2 - forth[i, j] ** 2 - back[i, j] ** 2) / spread[i, j] ** 2
            pair = (min(one, two), max(one, two))
            hits.setdefault(pair, {})[column] = float(gain) * (1.0 if a.subject == b.subject else 0.6)
    for (one, two), columns in hits.items():
        flags = np.zeros((1, width), dtype=bool)
        flags[0, list(columns)] = True
        for found in runs(flags):
            gain = sum(columns[column] for column in range(found.start, found.stop))
            wanted = float(spec.parameters["evidence"])
            if gain < wanted or any(exam.suspect[row, found.start : found.stop].all() for row in (one, two)):
                continue
            heavier = one if exam.usual(Run(one, found.start, found.stop)) > exam.usual(Run(two, found.start, found.stop)) else two
            run = Run(heavier, found.start, found.stop)
            exam.tell("swapped_series", run, float(np.nanmean(exam.values[heavier, run.start : run.stop])), exam.usual(run),
                      confidence(gain, wanted, 1.5), other=one if heavier == two else two)
            for row in (one, two):
                exam.mark(Run(row, found.start, found.stop))


def _related(exam: Exam, up: Ints, down: Ints) -> Bools:
    """Which of two sets of series could be exchanged for each other: same subject, or same measure."""
    subjects, measures = exam.codes
    return np.asarray((subjects[up][:, None] == subjects[down][None, :]) | (measures[up][:, None] == measures[down][None, :]))


def standing_out(exam: Exam) -> None:
    """Spikes, dips and unit slips: one cell or a few, against neighbours, season and peers."""
    spike, dip, slip = exam.spec("spike"), exam.spec("dip"), exam.spec("unit_slip")
    if spike is None and dip is None and slip is None:
        return
    model = exam.model
    ready = model.known >= (6 if exam.panel.season > 1 else 4)
    judged = ready & ~exam.suspect & ~np.isnan(exam.values) & ~np.isnan(model.deviation)
    alone = np.abs(model.lonely) / model.scale
    for sign, check, spec in ((1, "spike", spike), (-1, "dip", dip)):
        chosen = spec or slip
        if chosen is None:
            continue
        bar = 4.0
        stands = judged & (sign * model.score >= bar) & (sign * model.deviation >= math.log(1.5)) & (exam.values > 0)
        crowd = _crowd(exam, judged & (sign * model.score >= 3) & ((exam.values > 0) | (sign < 0)))
        for run in runs(stands):
            beside = float(crowd[exam.panel.peers[run.row], run.start : run.stop].max())
            _tell_run(exam, run, sign, check if spec is not None else None, alone, beside)


def _crowd(exam: Exam, far: Bools) -> Floats:
    """Per set of peers and period, the share that stands out to the same side: a storm stops everybody, a wrong unit nobody else."""
    shape = (int(exam.panel.peers.max(initial=0)) + 1, exam.panel.width)
    out, known = np.zeros(shape), np.zeros(shape)
    np.add.at(out, exam.panel.peers, far)
    np.add.at(known, exam.panel.peers, ~np.isnan(exam.values) & (exam.model.expected >= LARGE))
    return np.where((known >= FEWEST_PEERS) & (out >= 3), out / np.maximum(known, 1), 0.0)


def _tell_run(exam: Exam, run: Run, sign: int, check: str | None, alone: Floats, crowd: float) -> None:
    model, cells = exam.model, slice(run.start, run.stop)
    deviation = float(np.median(model.deviation[run.row, cells]))
    scale = float(np.median(model.scale[run.row, cells])) / min(run.length, 4) ** 0.25
    if run.length <= 3:  # nearer neighbours have the last word on short runs
        lonely = model.lonely[run.row, cells] if run.length == 1 else model.deviation[run.row, cells]
        nearest = float(np.median(lonely))
        if np.sign(nearest) == sign and abs(nearest) < abs(deviation):
            deviation = nearest
        elif np.sign(nearest) != sign:
            return
    score = abs(deviation) / scale
    measured, expected = float(np.mean(exam.values[run.row, cells])), exam.usual(run)
    tail = _tail(exam, run, alone)
    slip = exam.spec("unit_slip")
    if slip is not None:
        slack = min(float(slip.parameters["slack"]), 0.06 + float(slip.parameters["slack_scatters"]) * scale)
        nearest_factor = min(slip.parameters["factors"], key=lambda factor: abs(abs(deviation) - math.log(factor)))
        distance = abs(abs(deviation) - math.log(nearest_factor))
        large = max(measured, expected) >= 30 and (sign > 0 or measured >= 3 or not model.is_count[run.row])
        wanted = max(float(slip.parameters["score"]), 0.9 * tail)
        if nearest_factor == min(slip.parameters["factors"]):
            wanted *= 1.2  # ten times is what a busy month may be; a thousand times never
        beside = np.concatenate(exam.neighbours(run, 4))
        # Amid noughts there is no figure whose unit could be wrong.
        # A wrong unit multiplies every figure by the same: what scatters between is a fall and recovery.
        inside = model.deviation[run.row, cells]
        steady = run.length < 3 or float(np.median(np.abs(inside - np.median(inside)))) <= max(0.12, 1.5 * scale)
        is_fall = sign < 0 and exam.is_explained("dip", run)  # traffic at a tenth is what the exception says
        alike = steady and not is_fall and crowd < CROWD
        if distance <= slack and score >= wanted and large and alike and beside.size and float(np.median(beside)) > 0:
            chance = confidence(score, wanted) * (1 - 0.35 * (distance / slack) ** 2)
            if sign < 0 and exam.is_beside_nothing(run):
                chance *= PART_OF_A_MONTH
            if chance >= 0.5 or check is None:
                exam.tell("unit_slip", run, measured, expected, chance, factor=measured / max(expected, 1e-9))
                exam.mark(run)
                return
    if check is None or (sign > 0 and _comes_and_goes(exam, run, measured)):
        return
    spec = exam.specs[check]
    parameters = spec.parameters
    wanted = max(float(parameters["score"]), float(parameters["tail"]) * tail)
    longest = int(parameters["longest"])
    small = max(measured, expected) < 20 or (abs(measured - expected) < 20 and bool(model.is_count[run.row]))
    if score < wanted * 0.8 or abs(deviation) < math.log(float(parameters["ratio"])) or small:
        return
    if run.length > longest:
        # Longer than an accident: a change of level that came back, or has not yet.
        if exam.spec("level_shift") is not None and run.length >= 4 and score >= wanted and abs(deviation) >= math.log(2.0):
            exam.tell("level_shift", run, measured, expected, confidence(score, 1.2 * wanted))
            exam.mark(run)
        return
    chance = confidence(score, wanted) * (PART_OF_A_MONTH if sign < 0 and exam.is_beside_nothing(run) else 1.0)
    exam.tell(check, run, measured, expected, chance)
    exam.mark(run)


def _comes_and_goes(exam: Exam, run: Run, measured: float) -> bool:
    """Whether a figure is as large as others of a series that is nought in between: cruise ships, coaches of the summer."""
    beside = np.concatenate(exam.neighbours(run, 2 * max(exam.panel.season, 4)))
    above = np.sort(beside[beside > 0])
    if above.size < 4 or above.size > 0.75 * beside.size:
        return False
    return measured < 2.0 * float(above[int(0.9 * (above.size - 1))])


def _tail(exam: Exam, run: Run, alone: Floats) -> float:
    """How far the series strays elsewhere: nearly its largest score outside the run and outside what is suspect already."""
    scores = np.where(exam.suspect[run.row], np.nan, alone[run.row])
    scores[run.start : run.stop] = np.nan
    scores = np.sort(scores[~np.isnan(scores)])
    if scores.size < 8:
        return 0.0
    # Two other faults in a short series do not hide this one.
    return float(scores[max(0, min(int(0.97 * scores.size), scores.size - 3))])


def level_shift(exam: Exam) -> None:
    """A lasting step of one series that its peers did not make."""
    spec = exam.spec("level_shift")
    if spec is None or exam.panel.width < 2 * int(spec.parameters["least"]):
        return
    model, parameters = exam.model, spec.parameters
    side, least = int(parameters["side"]), int(parameters["least"])
    known = np.where(exam.suspect | exam.explained | np.isnan(exam.values), np.nan, model.adjusted)
    before, before_known = running_median(known, range(-side, 0))
    after, after_known = running_median(known, range(side))
    just_before, _ = running_median(known, range(-3, 0))
    just_after, _ = running_median(known, range(3))
    shift, sudden = after - before, just_after - just_before
    rest = np.abs(known - np.where(np.isnan(before), after, before))
    scatter, _ = running_median(np.minimum(rest, np.abs(known - after)), range(-side, side))
    scale = np.hypot(1.4826 * np.nan_to_num(scatter), 0.5 * model.scale)
    # A series that wanders anyway takes such steps every year.
    wander, _ = median_of(np.abs(shift))
    score = np.abs(shift) / np.maximum(scale * 0.7 + 0.05, float(parameters["wander"]) * np.nan_to_num(wander)[:, None])
    size = np.exp(np.maximum(before, after) + model.offset)
    stands = ((before_known >= least) & (after_known >= least) & (np.abs(shift) >= math.log(float(parameters["ratio"])))
              & (np.sign(shift) == np.sign(sudden)) & (np.abs(sudden) >= float(parameters["abrupt"]) * np.abs(shift))
              & (score >= float(parameters["score"])) & (size >= 50))
    slip = exam.spec("unit_slip")
    for row in np.nonzero(stands.any(axis=1))[0]:
        left = stands[row].copy()
        while left.any():
            candidates = np.nonzero(left)[0]
            step = np.abs(np.nan_to_num(known[row] - np.concatenate([[np.nan], known[row, :-1]])))
            best = int(candidates[np.argmax(score[row, candidates])])
            close = candidates[(np.abs(candidates - best) <= side // 2) & (score[row, candidates] >= 0.6 * score[row, best])]
            at = int(close[np.argmax(step[close])])
            left[max(0, at - side) : at + side + 1] = False
            offset = float(model.offset[row, at])
            was, now = math.exp(float(before[row, at]) + offset), math.exp(float(after[row, at]) + offset)
            run, change = Run(int(row), at, exam.panel.width), float(shift[row, at])
            if not np.nan_to_num(exam.values[row, max(0, at - 3) : at + 3]).any():
                continue  # nought on both sides: what ended did so before
            weigh = abs(now - was) * (exam.panel.width - at)
            if slip is not None:
                near = min(slip.parameters["factors"][1:], key=lambda factor: abs(abs(change) - math.log(factor)))
                if abs(abs(change) - math.log(near)) <= 0.25 and min(was, now) >= 3:
                    exam.tell("unit_slip", run, now, was, confidence(float(score[row, at]), float(parameters["score"])), weigh=weigh)
                    continue
            exam.tell("level_shift", run, now, was, confidence(float(score[row, at]), float(parameters["score"])), weigh=weigh)


def among_peers(exam: Exam) -> None:
    """Series too young to be judged by their own past: did they move as their peers did?"""
    spec = exam.spec("peer_outlier")
    if spec is None or exam.panel.width < 2:
        return
    parameters, values = spec.parameters, exam.values
    history = np.cumsum(~np.isnan(values), axis=1)
    logs = np.where(values > 0, np.log(np.maximum(values, 1e-9)), np.nan)
    steps = np.diff(logs, axis=1)
    young = (history[:, 1:] <= int(parameters["short"])) & (history[:, -1:] <= int(parameters["short"]))
    if not young.any():
        return
    for number in np.unique(exam.panel.peers[young.any(axis=1)]):
        rows = np.nonzero(exam.panel.peers == number)[0]
        middle, known = median_of(steps[rows].T)
        scatter, _ = median_of(np.abs(steps[rows] - middle).T)
        for row in rows[young[rows].any(axis=1)]:
            for column in np.nonzero(young[row] & ~np.isnan(steps[row]) & (known >= int(parameters["peers"])))[0]:
                gap = float(steps[row, column] - middle[column])
                score = abs(gap) / math.hypot(1.4826 * float(scatter[column]), 0.1)
                last, here = float(values[row, column]), float(values[row, column + 1])
                if (score >= float(parameters["score"]) and abs(gap) >= math.log(float(parameters["ratio"]))
                        and max(last, here) >= float(parameters["smallest"]) and not exam.suspect[row, column + 1]):
                    run = Run(int(row), int(column) + 1, int(column) + 2)
                    exam.tell("peer_outlier", run, here, last * math.exp(float(middle[column])),
                              confidence(score, float(parameters["score"])), factor=here / last)
