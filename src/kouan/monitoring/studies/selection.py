"""Which cases a study measures, and their events: all that began in its days at its ports, or a sample drawn from them by its seed.

A case belongs to the days in which the whole begins for it (arrival, for the clearance time); one without that milestone, to the day of
its first event. So slow cases count that had not ended when the days were over, and none is left out for being slow.

A sample is drawn within strata (port × whether an inspection was ordered, the only sign of the risk channel in the events), each by its
share of all cases (largest remainders): it weights itself. Within a stratum the cases with the smallest SHA-256 of “seed|case” are drawn,
so whoever has the same events and the seed draws the same cases.

>>> allocate({"a": 60, "b": 30, "c": 10}, 10)
{'a': 6, 'b': 3, 'c': 1}
>>> allocate({"a": 2, "b": 1}, 9)
{'a': 2, 'b': 1}
"""

# ruff: noqa: S608 - SQL of codes from our own definitions; what users gave is bound

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kouan.basis.clock import BEIJING
from kouan.monitoring.timing.definitions import Definitions, Whole
from kouan.monitoring.timing.events import COLUMNS, SUBJECT_OF_KIND, Event, microseconds

if TYPE_CHECKING:
    import duckdb

GOODS = tuple(kind for kind, subject in SUBJECT_OF_KIND.items() if subject == "goods")
INSPECTED, NOT_INSPECTED = "inspected", "not_inspected"
_CHANNEL_SIGNS = ("inspection_ordered", "inspection_started", "inspection_ended")


@dataclass(frozen=True, slots=True)
class Leg:
    """One case of the population: its key in the events, the port where it began, its channel."""

    case_id: str
    case_kind: str
    mode: str
    port: str
    channel: str

    @property
    def stratum(self) -> tuple[str, str]:
        """Port and channel."""
        return self.port, self.channel


@dataclass(frozen=True, slots=True)
class Asked:
    """What a study asks of the events. ``mode`` and ``case_kind`` may be empty: all of them."""

    whole: str
    direction: str
    mode: str
    case_kind: str
    ports: tuple[str, ...]
    first_day: date
    last_day: date

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of case."""
        return (self.case_kind,) if self.case_kind else GOODS

    @property
    def span(self) -> tuple[int, int]:
        """From (included) and to (not included) in µs: days of Beijing time."""
        return _midnight(self.first_day), _midnight(self.last_day + timedelta(days=1))

    def wholes(self, known: Definitions) -> list[Whole]:
        """The definitions in force on its last day, one for each flow that it may meet."""
        modes = (self.mode,) if self.mode else ("sea", "river", "air", "rail", "road")
        found = [
            whole for mode in modes for whole in known.of_flow("goods", self.direction, mode, self.last_day) if whole.code == self.whole
        ]
        return list(dict.fromkeys(found))


def _midnight(day: date) -> int:
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=BEIJING))


def population(engine: duckdb.DuckDBPyConnection, asked: Asked, known: Definitions) -> list[Leg]:
    """Every case that began in the days at the ports, in the order of its key."""
    starts = list(dict.fromkeys(code for whole in asked.wholes(known) for code in whole.start))
    if not starts or not asked.ports:
        return []
    instants = ", ".join(
        f"{'max' if known.milestones[code].repeat == 'last' else 'min'}(occurred_at) FILTER (milestone = '{code}') AS at_{code}, "
        f"arg_min(port, occurred_at) FILTER (milestone = '{code}') AS port_{code}" for code in starts)
    begun = "coalesce(" + ", ".join([*(f"at_{code}" for code in starts), "seen"]) + ")"
    port = "coalesce(" + ", ".join([*(f"port_{code}" for code in starts), "seen_port"]) + ")"
    kinds = ", ".join("?" for _ in asked.kinds)
    signs = ", ".join(f"'{code}'" for code in _CHANNEL_SIGNS)
    first, after = asked.span
    rows = engine.execute(
        f"SELECT case_id, case_kind, mode, port, channel FROM (SELECT case_id, case_kind, mode, {port} AS port, epoch_us({begun}) AS begun, "
        f"CASE WHEN is_inspected THEN '{INSPECTED}' ELSE '{NOT_INSPECTED}' END AS channel FROM ("
        f"SELECT case_id, case_kind, mode, {instants}, min(occurred_at) AS seen, arg_min(port, occurred_at) AS seen_port, "
        f"bool_or(milestone IN ({signs})) AS is_inspected FROM events_current WHERE NOT planned AND direction = ? "
        f"AND case_kind IN ({kinds}){' AND mode = ?' if asked.mode else ''} GROUP BY 1, 2, 3)) "
        f"WHERE begun >= ? AND begun < ? AND port IN ({', '.join('?' for _ in asked.ports)}) ORDER BY ALL",
        [asked.direction, *asked.kinds, *([asked.mode] if asked.mode else []), first, after, *asked.ports],
    ).fetchall()
    return [Leg(*row) for row in rows]


def allocate(counts: Mapping[Any, int], size: int) -> dict[Any, int]:
    """How many to draw of each stratum: its share of the size, by largest remainders; never more than it holds."""
    total = sum(counts.values())
    if size >= total:
        return dict(counts)
    exact = {key: n * size / total for key, n in counts.items()}
    drawn = {key: int(share) for key, share in exact.items()}
    rest = sorted(counts, key=lambda key: (drawn[key] - exact[key], str(key)))
    for key in rest[: size - sum(drawn.values())]:
        drawn[key] += 1
    return drawn


def draw(legs: Sequence[Leg], size: int, seed: int) -> list[Leg]:
    """The sample, in the order of the population."""
    share = allocate(Counter(leg.stratum for leg in legs), size)
    chosen: set[Leg] = set()
    for stratum, n in share.items():
        held = sorted((leg for leg in legs if leg.stratum == stratum), key=lambda leg: _lot(leg, seed))
        chosen.update(held[:n])
    return [leg for leg in legs if leg in chosen]


def _lot(leg: Leg, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}|{leg.case_id}|{leg.case_kind}|{leg.mode}".encode()).digest()


def events_of(engine: duckdb.DuckDBPyConnection, asked: Asked, legs: Iterable[Leg]) -> list[Event]:
    """The events of some cases as they stand (highest revisions, none withdrawn, none planned), in one order whatever the store."""
    held = list(legs)
    if not held:
        return []
    lists = [[getattr(leg, name) for leg in held] for name in ("case_id", "case_kind", "mode")]
    engine.execute("CREATE OR REPLACE TEMP TABLE chosen AS SELECT unnest(?) AS case_id, unnest(?) AS case_kind, unnest(?) AS mode", lists)
    columns = ", ".join(f"epoch_us(e.{name}) AS {name}" if name in ("occurred_at", "received_at") else f"e.{name}" for name in COLUMNS)
    rows = engine.execute(
        f"SELECT {columns} FROM events_current e JOIN chosen USING (case_id, case_kind, mode) WHERE NOT e.planned AND e.direction = ? "
        "ORDER BY e.case_id, e.case_kind, e.mode, e.occurred_at, e.source, e.event_id", [asked.direction]).fetchall()
    return [Event._make(row) for row in rows]
