"""Where figures are nought or missing and should not be: runs of zeros, gaps, entities that end, begin, or change their name. Pure."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from kouan.collection.checks.exam import Exam
from kouan.collection.checks.panel import Floats, Run, runs
from kouan.collection.checks.suspicion import confidence


def entities(exam: Exam) -> None:
    """Subjects whose every measure ends; and those that go on under another name."""
    closed, renamed = exam.spec("closed_entity"), exam.spec("renamed_entity")
    if closed is None:
        return
    alive = exam.values > 0
    width = exam.panel.width
    ends, begins = _edges(exam, alive)
    for subject, rows in exam.rows_of_subject.items():
        end = ends[subject]
        if end < 0 or width - end - 1 < int(closed.parameters["least"]):
            continue
        heaviest = max(rows, key=lambda row: float(np.nansum(exam.values[row, max(0, end - 23) : end + 1])))
        run = Run(heaviest, end + 1, width)
        before = exam.values[heaviest, max(0, end - 23) : end + 1]
        before = before[~np.isnan(before)]
        usual = float(np.median(before)) if before.size else 0.0
        if usual < float(closed.parameters["smallest"]) or before.size < 6:
            continue
        heir = _heir(exam, subject, end, begins) if renamed is not None else None
        silent = [Run(row, end + 1, width) for row in rows]
        if all(exam.is_explained("closed_entity", one) for one in silent):
            continue
        if heir is not None:
            exam.tell("renamed_entity", run, 0.0, usual, 0.9, other=heir)
        else:
            exam.tell("closed_entity", run, 0.0, usual, 0.85)
        for one in silent:
            exam.mark(one)


def _edges(exam: Exam, alive: np.ndarray) -> tuple[dict[str, int], dict[str, int]]:
    width = exam.panel.width
    first = np.where(alive.any(axis=1), alive.argmax(axis=1), width)
    last = np.where(alive.any(axis=1), width - 1 - alive[:, ::-1].argmax(axis=1), -1)
    return ({subject: int(last[rows].max()) for subject, rows in exam.rows_of_subject.items()},
            {subject: int(first[rows].min()) for subject, rows in exam.rows_of_subject.items()})


def _heir(exam: Exam, subject: str, end: int, begins: dict[str, int]) -> int | None:
    """The series of an entity that begins where this one ends, with the same measures and like figures."""
    spec = exam.specs["renamed_entity"]
    mine = {exam.panel.keys[row][1:]: row for row in exam.rows_of_subject[subject]}
    least = int(spec.parameters["least"])
    for name, begin in begins.items():
        if exam.kin.get(name, "") != exam.kin.get(subject, ""):
            continue  # a port of another province or mode is another port
        if name == subject or not 0 <= begin - end - 1 < int(spec.parameters["apart"]) or end < least:
            continue
        unlike, best, size = [], None, -1.0
        for row in exam.rows_of_subject[name]:
            old = mine.get(exam.panel.keys[row][1:])
            if old is None:
                continue
            before, after = exam.values[old, max(0, end - 11) : end + 1], exam.values[row, begin : begin + 12]
            before, after = before[before > 0], after[after > 0]
            if before.size >= least and after.size >= least:
                unlike.append(abs(math.log(float(np.median(after)) / float(np.median(before)))))
                if float(np.median(before)) > size:
                    best, size = row, float(np.median(before))
        if unlike and float(np.median(unlike)) <= -math.log(float(spec.parameters["likeness"])):
            return best
    return None


def zeros(exam: Exam) -> None:
    """Runs of nought where the same seasons and the neighbours say otherwise."""
    spec = exam.spec("zero_run")
    if spec is None:
        return
    smallest = float(spec.parameters["smallest"])
    at_nought = (exam.values == 0) & ~exam.suspect
    marks: list[Run] = []
    levels = _levels(exam)
    # A run beside figures that are always small cannot matter: most noughts of small ports go no further than this.
    found = runs(at_nought)
    together = Counter((exam.panel.keys[run.row].subject, run.start, run.stop) for run in found if levels[run.row] >= smallest / 6)
    for run in found:
        if max(levels[run.row], 0) < smallest / 6:
            continue
        before, after = exam.neighbours(run, 12)
        sides = [float(np.median(side)) for side in (before, after) if side.size >= 2]
        if not sides:
            continue
        seasonal, _ = exam.same_season(run)
        usual = min(max(sides), float(np.median(seasonal)) if seasonal.size >= 3 else max(sides))
        if usual * min(run.length, 3) < smallest or usual < 6:
            continue
        near = np.concatenate(exam.neighbours(run, 30))
        # A run of noughts is one event: earlier months without reports are no proof that nought is usual.
        noughts = near == 0
        events = int((noughts[1:] & ~noughts[:-1]).sum()) + int(noughts[:1].sum())
        rare = (events + 0.5) / (near.size - int(noughts.sum()) + events + 1)
        # One other December without a report makes no season; two do.
        if seasonal.size >= 2 and int((seasonal == 0).sum()) >= max(2, seasonal.size / 3) and _stretch(exam, run) < exam.panel.season:
            rare = max(rare, (float((seasonal == 0).sum()) + 0.3) / (seasonal.size + 0.6))
        evidence = -math.log10(rare) * run.length**0.5 if run.length > 1 else -math.log10(rare)
        evidence *= min(1.0, math.log10(usual * run.length + 1) / 2 + 0.3)
        # All measures of a port that are nought at once: not traffic stood still, a sheet is missing.
        evidence *= 1 + 0.25 * min(together[exam.panel.keys[run.row].subject, run.start, run.stop] - 1, 4)
        common = _share_at_nought(exam, run)
        if common > 0.5:
            evidence *= 0.5
        wanted = float(spec.parameters["evidence"])
        if evidence >= wanted * 0.8:
            nearest = [float(np.median(side)) for side in (before[-3:], after[:3]) if side.size]
            fading = max(nearest, default=0.0) < smallest  # what had nearly ended already matters little
            exam.tell("zero_run", run, 0.0, usual, confidence(evidence, wanted) * (0.5 if fading else 1.0))
            marks.append(run)
    for run in marks:
        exam.mark(run)


def _stretch(exam: Exam, run: Run) -> int:
    """How long nothing is said around a run: noughts through all the seasons are no matter of season."""
    quiet = np.isnan(exam.values[run.row]) | (exam.values[run.row] == 0)
    start, stop = run.start, run.stop
    while start > 0 and quiet[start - 1]:
        start -= 1
    while stop < quiet.size and quiet[stop]:
        stop += 1
    return stop - start


def _levels(exam: Exam) -> Floats:
    """The 85th part of a hundred of each row: how large it gets in ordinary good times."""
    ordered = np.sort(exam.values, axis=1)
    known = (~np.isnan(ordered)).sum(axis=1)
    at = np.maximum((known * 0.85).astype(int) - 1, 0)
    found = ordered[np.arange(ordered.shape[0]), at] if ordered.shape[1] else np.zeros(ordered.shape[0])
    return np.asarray(np.nan_to_num(found))


def _share_at_nought(exam: Exam, run: Run) -> float:
    """Of the peers that usually have figures, the share that stands still in the run as well."""
    peers = np.nonzero(exam.panel.peers == exam.panel.peers[run.row])[0]
    if peers.size < 6:
        return 0.0
    levels = _levels(exam)[peers]
    large = peers[(levels >= 5) & (peers != run.row)]
    if large.size < 5:
        return 0.0
    return float(np.mean(exam.values[large, run.start : run.stop] == 0))


def missing(exam: Exam) -> None:
    """Gaps between reported figures; a period that nobody reports is one suspicion, of the heaviest series."""
    spec = exam.spec("missing_period")
    if spec is None:
        return
    gap = np.isnan(exam.values) & ~exam.suspect
    first, last = exam.reported
    columns = np.arange(exam.panel.width)
    # The last period of all counts as a gap too when most others have it; longer silence is the business of entities.
    inside = (columns > first[:, None]) & (columns < np.where(last == exam.panel.width - 2, exam.panel.width, last)[:, None])
    gap &= inside & (first >= 0)[:, None]
    everybody: dict[tuple[int, int, int], Run] = {}
    active = inside | ~np.isnan(exam.values)
    for run in runs(gap):
        row = exam.values[run.row]
        low, high = max(0, run.start - 24), min(exam.panel.width, run.stop + 24)
        around = np.concatenate([row[low : run.start], row[run.stop : high]])
        known = around[~np.isnan(around)]
        # Only holes inside the life of the series count against it.
        alive = np.concatenate([active[run.row, low : run.start], active[run.row, run.stop : high]])
        holes = float((np.isnan(around) & alive).sum()) / max(int(alive.sum()), 1)
        if known.size < 4 or holes > float(spec.parameters["usual_gap"]):
            continue
        usual = float(np.median(known))
        seasonal, _ = exam.same_season(run)
        if seasonal.size >= 2:
            usual = min(usual, float(np.median(seasonal)))
        if usual < float(spec.parameters["smallest"]) or float((known == 0).mean()) > 0.1:
            continue
        peers = np.nonzero((exam.panel.peers == exam.panel.peers[run.row]) & (first >= 0) & (first < run.start) & (last >= run.stop))[0]
        if peers.size >= 3 and float(np.isnan(exam.values[peers, run.start : run.stop]).mean()) > 0.8:
            key = (int(exam.panel.peers[run.row]), run.start, run.stop)
            held = everybody.get(key)
            if held is None or exam.usual(run) > exam.usual(held):
                everybody[key] = run
            continue
        likely = 0.95 - 2 * holes - (0.15 if run.stop == exam.panel.width else 0)
        exam.tell("missing_period", run, None, usual, likely)
    for run in everybody.values():
        exam.tell("missing_period", run, None, exam.usual(run), 0.9)


def reopened(exam: Exam) -> None:
    """A figure or two amid long silence: often another row's."""
    spec = exam.spec("reopened_entity")
    if spec is None:
        return
    silence, smallest = int(spec.parameters["silence"]), float(spec.parameters["smallest"])
    quiet = np.isnan(exam.values) | (exam.values == 0)
    for run in runs(~quiet):
        if run.length > int(spec.parameters["longest"]) or run.start < silence:
            continue
        after = min(silence, exam.panel.width - run.stop)
        if not quiet[run.row, run.start - silence : run.start].all() or after < 3 or not quiet[run.row, run.stop : run.stop + after].all():
            continue
        cells = exam.values[run.row, run.start : run.stop]
        dead = np.isnan(exam.values[run.row, run.start - silence : run.start]).all() or (exam.values[run.row] == 0).any()
        if float(cells.max()) < smallest or not dead:
            continue
        exam.tell("reopened_entity", Run(run.row, run.start, run.stop), float(cells.mean()), 0.0,
                  confidence(math.log10(float(cells.max()) + 1), 2.0))
        exam.mark(run)
