"""Many runs on several processors. Each takes whole groups of runs that share a prepared table: the scores are the same to the last bit."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

import numpy as np

from kouan.evaluation.method.index.framework import Floats
from kouan.evaluation.method.index.robustness.evaluate import Evaluator, Runs

# Below this many tables to prepare another process costs more to start than it saves.
WORTH_IT = 1500
# Parts for each process: small enough to tell how far it is, and to end together.
_PARTS = 8
_own: list[Evaluator] = []


def evaluated(evaluator: Evaluator, design: Floats, *, processes: int | None = None, progress: Any = None) -> Runs:
    """Scores for each row of a design, as `Evaluator.at`. ``processes``: how many; None: one for each processor where it is worth it."""
    parts, count = evaluator.parts(design, _PARTS), os.cpu_count() or 1
    if processes is None:
        processes = count if len(parts) > 1 and evaluator.tables(design) >= WORTH_IT else 1
    if processes == 1:
        return evaluator.at(design, progress=progress)
    runs, done = Runs(design, np.full((len(evaluator.table.units), len(design)), np.nan)), 0
    # Started anew rather than forked: a fork of a process with threads (a worker of jobs, a server) may hang.
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (evaluator,)) as pool:
        waiting = {pool.submit(_part, design[rows]): rows for rows in parts}
        for future in as_completed(waiting):
            rows, (scores, failures) = waiting[future], future.result()
            runs.scores[:, rows] = scores
            runs.failures.update({int(rows[at]): code for at, code in failures.items()})
            done += len(rows)
            if progress is not None:
                progress(done, len(design))
    return runs


def _begin(evaluator: Evaluator) -> None:
    _own[:] = [evaluator]


def _part(design: Floats) -> tuple[Floats, dict[int, str]]:
    found = _own[0].at(design)
    return found.scores, found.failures
