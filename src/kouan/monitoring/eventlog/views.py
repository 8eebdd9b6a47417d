"""Process views: the usual path of each flow, what leaves it and what that costs, conformance to the published flow, the cases.

They read the ``Result`` of an engine, so pages, reports and the command line tell the same. Costs are hours against the
median of those on the usual path: an estimate of what the deviation goes with, not proof of what it causes.
"""

from __future__ import annotations

import itertools
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kouan.monitoring.eventlog import source, sql
from kouan.monitoring.eventlog.dialect import DUCKDB
from kouan.monitoring.timing.definitions import Definitions, shipped, subject_of

if TYPE_CHECKING:
    from kouan.monitoring.eventlog.engine import Result

HOUR = 10_000  # an hour in the engine's ten-thousandths
Flow = tuple[str, str, str]  # case_kind, mode, direction


@dataclass(frozen=True, slots=True)
class Path_:
    """A variant of a flow: its milestones, how many legs took it, their median hours, a case that did."""

    flow: Flow
    milestones: tuple[str, ...]
    n: int
    median_hours: float
    example: str


@dataclass(frozen=True, slots=True)
class Deviation:
    """A variant beside the usual path of its flow.

    ``skipped``, ``added``: milestones of the usual path that it lacks, and others; ``swapped``: pairs of neighbours that stand the
    other way round; ``repeated``: told more than once. ``extra_hours``: its median less that of the usual path, per leg;
    ``total_hours``: for all its legs together.
    """

    path: Path_
    skipped: tuple[str, ...]
    added: tuple[str, ...]
    swapped: tuple[tuple[str, str], ...]
    repeated: tuple[str, ...]
    extra_hours: float
    total_hours: float


@dataclass(frozen=True, slots=True)
class Conformance:
    """How a flow keeps to its published order: legs, those that keep it, and the pairs that break it, most frequent first."""

    flow: Flow
    n: int
    conforming_n: int
    breaches: tuple[tuple[str, str, int], ...]  # (this came first, though that stands before it, how many legs)
    foreign: tuple[tuple[str, int], ...]  # milestones that the flow does not know

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        return self.conforming_n / self.n if self.n else 0.0


def paths(result: Result) -> list[Path_]:
    """Every variant, most frequent first."""
    plan = result.plan
    kinds, modes, directions = sql.kinds_of(plan)
    table = result.tables["variants"]
    found = []
    for path, example, f, n, median in zip(
        result.paths, result.examples, table["f"].tolist(), table["n"].tolist(), table["median"].tolist(), strict=True
    ):
        flow = (kinds[f // len(directions) // len(modes)], modes[f // len(directions) % len(modes)], directions[f % len(directions)])
        found.append(Path_(flow, tuple(plan.milestones[code] for code in path), n, median / HOUR, example))
    return found


def usual_paths(result: Result) -> dict[Flow, Path_]:
    """The most frequent variant of each flow."""
    usual: dict[Flow, Path_] = {}
    for path in paths(result):
        usual.setdefault(path.flow, path)
    return usual


def deviations(result: Result, *, at_least: int = 1) -> list[Deviation]:
    """The variants that leave the usual path of their flow, dearest first (total hours)."""
    usual = usual_paths(result)
    found = []
    for path in paths(result):
        normal = usual[path.flow]
        if path.milestones == normal.milestones or path.n < at_least:
            continue
        extra = path.median_hours - normal.median_hours
        found.append(Deviation(path, *_differences(normal.milestones, path.milestones), round(extra, 4), round(extra * path.n, 4)))
    return sorted(found, key=lambda each: (-each.total_hours, -each.path.n, each.path.flow, each.path.milestones))


def _differences(
    usual: Sequence[str], path: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Skipped, added, swapped, repeated.

    >>> _differences(["arrived", "declared", "released"], ["declared", "arrived", "inspection_ended", "released", "released"])
    ((), ('inspection_ended',), (('declared', 'arrived'),), ('released',))
    """
    first = list(dict.fromkeys(path))
    place = {name: at for at, name in enumerate(usual)}
    common = [name for name in first if name in place]
    return (
        tuple(name for name in dict.fromkeys(usual) if name not in first), tuple(name for name in first if name not in place),
        tuple((a, b) for a, b in itertools.pairwise(common) if place[a] > place[b]),
        tuple(name for name in first if list(path).count(name) > max(1, list(usual).count(name))),
    )  # fmt: skip


def conformance(result: Result, definitions: Definitions | None = None) -> list[Conformance]:
    """Each flow against the normal order of the code list (``milestones.yaml``), largest flow first.

    A leg conforms when its milestones, each at its first telling, come in that order; it need not have them all (steps may be
    optional or their events missing). Flows that the list does not have are left out.
    """
    known = definitions or shipped()
    counts: dict[Flow, list[Path_]] = defaultdict(list)
    for path in paths(result):
        counts[path.flow].append(path)
    found = []
    for flow, variants in counts.items():
        kind, mode, direction = flow
        normal = known.flow(subject_of(kind), direction, mode)
        if normal is None:
            continue
        place = {name: at for at, name in enumerate(normal.order)}
        breaches: dict[tuple[str, str], int] = defaultdict(int)
        strange: dict[str, int] = defaultdict(int)
        conforming = 0
        for variant in variants:
            first = list(dict.fromkeys(variant.milestones))
            inside = [name for name in first if name in place]
            wrong = {(a, b) for a, b in itertools.pairwise(inside) if place[a] > place[b]}
            others = [name for name in first if name not in place]
            conforming += 0 if wrong or others else variant.n
            for pair in wrong:
                breaches[pair] += variant.n
            for name in others:
                strange[name] += variant.n
        ranked = sorted(breaches.items(), key=lambda item: (-item[1], item[0]))
        found.append(Conformance(
            flow, sum(variant.n for variant in variants), conforming, tuple((a, b, n) for (a, b), n in ranked),
            tuple(sorted(strange.items(), key=lambda item: (-item[1], item[0]))),
        ))  # fmt: skip
    return sorted(found, key=lambda each: (-each.n, each.flow))


def cases_of(result: Result, flow: Flow, milestones: Iterable[str], *, limit: int = 100, files: Iterable[Path] = ()) -> list[str]:
    """Down to the cases: ids of the legs of a flow with exactly this path, smallest first; read from the files of the log anew."""
    import duckdb

    log, plan = result.log, result.plan
    kinds, modes, directions = sql.kinds_of(plan)
    code = (kinds.index(flow[0]) * len(modes) + modes.index(flow[1])) * len(directions) + directions.index(flow[2])
    wanted = DUCKDB.array([str(plan.milestones.index(name)) for name in milestones])
    chosen = tuple(files) or log.files
    with (
        tempfile.TemporaryDirectory(prefix="kouan-times-") as spill,
        duckdb.connect(config={"threads": 2, "temp_directory": spill}) as connection,
    ):
        is_corrected = log.is_admitted and source.has_corrections(connection, log)
        if is_corrected:
            connection.execute(f"CREATE TEMP TABLE corrected AS {source.corrected_sql(log)}")
        events = source.events_sql(log, chosen, corrected="corrected" if is_corrected else "")
        connection.execute(f"CREATE TEMP VIEW legs AS {sql.cases(plan, events, DUCKDB)}")
        rows = connection.execute(
            f"SELECT case_id FROM ({sql.legs(plan, 'legs', DUCKDB)}) WHERE f = {code} AND path = {wanted} ORDER BY case_id LIMIT {int(limit)}"
        ).fetchall()
    return [row[0] for row in rows]
