"""What an evaluation counts of a year beside the medians (G05: I-0503, I-0504), out of the journal.

* **I-0504, citizens within thirty minutes** (R-027): batches whose events tell that they are of Chinese citizens, by the day on which they
  joined the queue; from joining to entering a lane, exactly thirty minutes counts as met. Who joined and is not heard of again has not
  met it; a batch that cleared without entering, or entered before it joined, is left out, as on the page of queues.
* **I-0503, segments over the norm**: each norm in force held against each case of goods that ended in the year (``timing/norms``). Without
  a norm nothing is judged, and there is no figure: no norm of operation times is public, offices enter theirs.

Batches that do not tell a group are no citizens': they count in neither number, and are told beside them.
"""

# ruff: noqa: S608 - SQL of our own names and numbers; what users gave is bound

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kouan.monitoring.journal.columns import MINUTE
from kouan.monitoring.timing import parameters
from kouan.monitoring.timing.definitions import shipped
from kouan.monitoring.timing.events import COLUMNS, Event
from kouan.monitoring.timing.norms import Norm, judge
from kouan.monitoring.timing.timeline import timelines

if TYPE_CHECKING:
    import duckdb

CITIZENS = ("citizen_wait_samples", "citizen_wait_samples_within_30_minutes")
SEGMENTS = ("operation_segments", "operation_segments_over_norm")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one port and year: how many were judged, and how many of them met the limit (citizens) or were over the norm (segments)."""

    port: str
    judged: int
    found: int

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {"port": self.port, "judged": self.judged, "found": self.found}


def limit_us(year: int) -> int:
    """The limit of citizens' waits in force in a year, in µs."""
    first = parameters.shipped()["waiting_limit_minutes"][0].in_force_from
    return int(parameters.on("waiting_limit_minutes", max(date(year, 12, 31), first)).number("minutes")) * MINUTE


def citizen_waits(engine: duckdb.DuckDBPyConnection, ports: Sequence[str], year: int, span: tuple[int, int], origin: str) -> list[Counts]:
    """By port: batches of citizens that joined in the year and can be judged, and those of them within the limit."""
    if not ports:
        return []
    rows = engine.execute(f"""
        WITH batch AS (
            SELECT port, case_id, min(epoch_us(occurred_at)) FILTER (milestone = 'queue_joined') AS joined,
                min(epoch_us(occurred_at)) FILTER (milestone = 'lane_entered') AS entered, bool_or(milestone = 'lane_cleared') AS is_cleared,
                arg_min(nationality_group, occurred_at) FILTER (nationality_group IS NOT NULL) AS told
            FROM events_current
            WHERE NOT planned AND case_kind = 'passenger_batch' AND milestone IN ('queue_joined', 'lane_entered', 'lane_cleared')
                AND direction IN ('inbound', 'outbound') AND port IN (SELECT unnest(?::VARCHAR[])) AND (? = '' OR origin = ?)
            GROUP BY ALL)
        SELECT port, count(*), count(*) FILTER (entered - joined <= {limit_us(year)}) FROM batch
        WHERE told = 'citizens' AND joined >= {span[0]} AND joined < {span[1]}
            AND (entered >= joined OR (entered IS NULL AND NOT is_cleared))
        GROUP BY port ORDER BY port""", [list(ports), origin, origin]).fetchall()
    return [Counts(port, judged, met) for port, judged, met in rows]


def segments_over_norm(
    engine: duckdb.DuckDBPyConnection, ports: Sequence[str], span: tuple[int, int], origin: str, norms: Sequence[Norm],
) -> list[Counts]:
    """By port: the checks of norms on cases of goods that ended in the year, and those over the norm. Nothing without a norm."""
    if not norms or not ports:
        return []
    ends = sorted({code for whole in shipped().wholes if whole.code in {norm.whole for norm in norms} for code in whole.end})
    names = ", ".join(f"epoch_us({name}) AS {name}" if name.endswith("_at") else name for name in COLUMNS)
    where = ("NOT planned AND case_kind IN ('consignment', 'declaration', 'container') "
             "AND port IN (SELECT unnest(?::VARCHAR[])) AND (? = '' OR origin = ?)")
    given = [list(ports), origin, origin]
    engine.execute(f"""SELECT {names} FROM events_current WHERE {where} AND case_id IN (
        SELECT case_id FROM events_current WHERE {where} AND milestone IN (SELECT unnest(?::VARCHAR[]))
            AND occurred_at >= make_timestamp({span[0]}) AND occurred_at < make_timestamp({span[1]})) ORDER BY case_id""", [*given, *given, ends])
    counted: dict[str, list[int]] = {}
    for case in _cases(engine):
        for line in timelines(case):
            if line.end is None or not span[0] <= line.end.occurred_at < span[1]:
                continue
            for check in judge(line, norms):
                if check.is_met is not None:
                    held = counted.setdefault(line.port, [0, 0])
                    held[0] += 1
                    held[1] += not check.is_met
    return [Counts(port, judged, over) for port, (judged, over) in sorted(counted.items())]


def _cases(engine: duckdb.DuckDBPyConnection) -> Iterator[list[Event]]:
    def rows() -> Iterator[Event]:
        while some := engine.fetchmany(20_000):
            yield from map(Event._make, some)

    for _, case in groupby(rows(), key=lambda event: event.case_id):
        yield list(case)
