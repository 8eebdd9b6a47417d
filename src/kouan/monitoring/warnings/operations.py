"""From the journal of events to what the detectors of queues, backlogs, segments and silent sources read.

* **queue**: persons (or vehicles) that have joined and not entered a lane, at the end of each quarter of an hour, by port and direction. A
  batch that is not heard of again is taken to have gone in after ``LOST_AFTER``: a lost event must not make a queue for ever.
* **backlog**: goods declared and not released at the end of each day, and those released on it, by port; a declaration without a
  release counts for ``OPEN_MOST`` days, then it is taken to be closed elsewhere.
* **segments**: cases that ended on a day and how many were within the norm (``monitoring/timing``), by port and norm. Norms are those on record
  (``monitoring/norms``) and of the file ``norms.yaml`` in the home; without any there is nothing to judge.
* **sources**: events received each day from each source about each port.

Days are those of Beijing. Only events of the workspace's own kind: official ones, in the exercise workspace those of the exercise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings

from kouan.basis import Text
from kouan.basis.clock import BEIJING
from kouan.monitoring.detection import Candidate, Panel, SeriesKey, Thresholds, registered_detectors
from kouan.monitoring.journal.columns import DAY, HOUR, MINUTE
from kouan.monitoring.journal.models import EventOrigin, EventSource
from kouan.monitoring.journal.reading import events_table
from kouan.monitoring.norms.queries import norms_in_force
from kouan.monitoring.timing.definitions import shipped
from kouan.monitoring.timing.events import COLUMNS, Event, moment
from kouan.monitoring.timing.norms import Norm, judge
from kouan.monitoring.timing.timeline import timelines
from kouan.ports.models import Port

if TYPE_CHECKING:
    import duckdb

OPERATION_DETECTORS = ("queue_growth", "backlog", "segment_over_norm", "silent_source")
SLOTS, SLOT = 96, 15 * MINUTE
LOST_AFTER = 6 * HOUR
OPEN_MOST = 60
# A month of usual days before the first that is judged: the speed of work, the pauses of a source.
DAYS_BEFORE = 35
_OFFSET = 8 * HOUR
_DIRECTIONS = {"inbound": Text("入境", "inbound"), "outbound": Text("出境", "outbound"), "transit": Text("过境", "transit")}
Report = Callable[[int, int | None, str], None]


@dataclass(frozen=True)
class Operations:
    """What was read. ``done`` and ``within`` have the shapes of ``backlog`` and ``segments``; every panel may be without series."""

    queue: Panel
    backlog: Panel
    done: np.ndarray
    segments: Panel
    within: np.ndarray
    sources: Panel

    @property
    def series(self) -> int:
        """How many series there are to judge."""
        return sum(len(each.series) for each in (self.queue, self.backlog, self.segments, self.sources))


def own_origin() -> str:
    """The kind of events that this workspace judges."""
    return EventOrigin.EXERCISE if settings.IS_EXERCISE else EventOrigin.OFFICIAL


def read_operations(user: Any, ports: Mapping[str, Port], first: date, last: date, norms: Sequence[Norm] | None = None,
                    report: Report = lambda done, total, stage: None) -> Operations:
    """Read the events in a user's scope about these ports for the days to be judged, ``first`` to ``last``, and what their detectors need before."""
    held = norms_in_force() if norms is None else norms
    with events_table(user) as engine:
        engine.execute("CREATE TEMP TABLE wanted (port VARCHAR)")
        if ports:
            engine.executemany("INSERT INTO wanted VALUES (?)", [[code] for code in sorted(ports)])
        engine.execute(
            f"CREATE TEMP VIEW told AS SELECT * FROM events_current WHERE NOT planned AND origin = '{own_origin()}' "  # noqa: S608 - one of two words
            "AND port IN (SELECT port FROM wanted)")
        report(0, 4, "排队 queues")
        queue = _queue(engine, ports, first, last)
        report(1, 4, "积压 backlog")
        backlog, done = _backlog(engine, ports, first, last)
        report(2, 4, "环节 segments")
        segments, within = _segments(engine, ports, first, last, held)
        report(3, 4, "来源 sources")
        sources = _sources(engine, ports, first, last)
    return Operations(queue, backlog, done, segments, within, sources)


def operation_candidates(read: Operations, thresholds: Thresholds, first: date, last: date,
                         detectors: Sequence[str] = OPERATION_DETECTORS) -> list[Candidate]:
    """What these detectors see between two days; of a queue the worst quarter of an hour of each day."""
    known = registered_detectors()
    reads: dict[str, tuple[Panel, dict[str, np.ndarray]]] = {
        "queue_growth": (read.queue, {}), "backlog": (read.backlog, {"done": read.done}),
        "segment_over_norm": (read.segments, {"within": read.within}), "silent_source": (read.sources, {}),
    }
    found = [
        each for key, (panel, beside) in reads.items() if key in detectors and panel.series
        for each in known[key](thresholds).candidates(panel, **beside) if first <= each.day <= last
    ]
    worst: dict[tuple[Any, ...], Candidate] = {}
    for each in found:
        key = (each.detector, each.series, each.day)
        if key not in worst or each.score > worst[key].score:
            worst[key] = each
    return list(worst.values())


def _start(day: date) -> int:
    """µs since 1970 of midnight in Beijing."""
    return ((day - date(1970, 1, 1)).days * DAY) - _OFFSET


def _named(port: Port, zh: str, en: str, direction: str = "") -> Text:
    way = _DIRECTIONS.get(direction)
    return Text(f"{port.name_zh}{zh}{f'（{way.zh}）' if way else ''}", f"{port.name_en or port.name_zh}, {en}{f' ({way.en})' if way else ''}")


def _panel(keys: Sequence[SeriesKey], first: date, columns: int, cells: Iterable[tuple[int, int, float]], slots: int = 1,
           *, is_running: bool = False) -> Panel:
    values = np.zeros((len(keys), columns))
    for row, column, number in cells:
        values[row, min(max(column, 0), columns - 1)] += number
    if is_running:
        values = np.maximum(np.cumsum(values, axis=1), 0)
    return Panel(tuple(keys), first, values, slots)


def _queue(engine: duckdb.DuckDBPyConnection, ports: Mapping[str, Port], first: date, last: date) -> Panel:
    begin = first - timedelta(days=1)
    start, end, columns = _start(begin), _start(last + timedelta(days=1)), ((last - begin).days + 1) * SLOTS
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE lane AS SELECT port, direction, joined, persons,
            greatest(coalesce(entered, joined + {LOST_AFTER}), joined) AS entered
        FROM (SELECT port, direction, case_id, min(epoch_us(occurred_at)) FILTER (milestone = 'queue_joined') AS joined,
                  min(epoch_us(occurred_at)) FILTER (milestone = 'lane_entered') AS entered,
                  coalesce(max(quantity) FILTER (milestone = 'queue_joined'), 1) AS persons
              FROM told WHERE milestone IN ('queue_joined', 'lane_entered') AND occurred_at >= make_timestamp({start})
                  AND occurred_at < make_timestamp({end}) GROUP BY ALL)
        WHERE joined IS NOT NULL""")  # noqa: S608 - numbers and names of our own
    named = engine.execute("SELECT DISTINCT port, direction FROM lane ORDER BY ALL").fetchall()
    keys = [SeriesKey(port, "waiting", way, "", _named(ports[port], "候检人（车）数", "waiting at lanes", way)) for port, way in named]
    row_of = {pair: at for at, pair in enumerate(named)}
    cells = engine.execute(f"""
        SELECT port, direction, (us - {start}) // {SLOT} AS slot, sum(persons) FROM (
            SELECT port, direction, joined AS us, persons FROM lane
            UNION ALL SELECT port, direction, entered, -persons FROM lane WHERE entered < {end})
        GROUP BY ALL ORDER BY ALL""").fetchall()  # noqa: S608 - numbers of our own
    return _panel(keys, begin, columns, ((row_of[port, way], int(slot), float(number)) for port, way, slot, number in cells), SLOTS, is_running=True)


def _backlog(engine: duckdb.DuckDBPyConnection, ports: Mapping[str, Port], first: date, last: date) -> tuple[Panel, np.ndarray]:
    begin = first - timedelta(days=DAYS_BEFORE)
    start, end, columns = _start(begin), _start(last + timedelta(days=1)), (last - begin).days + 1
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE held AS SELECT port, case_id, min(epoch_us(occurred_at)) FILTER (milestone = 'declared') AS declared,
            max(epoch_us(occurred_at)) FILTER (milestone = 'released') AS released
        FROM told WHERE milestone IN ('declared', 'released') AND case_kind IN ('consignment', 'declaration', 'container')
            AND occurred_at >= make_timestamp({start - OPEN_MOST * DAY}) AND occurred_at < make_timestamp({end})
        GROUP BY ALL""")  # noqa: S608 - numbers of our own
    named = [port for (port,) in engine.execute("SELECT DISTINCT port FROM held WHERE declared IS NOT NULL ORDER BY 1").fetchall()]
    row_of = {port: at for at, port in enumerate(named)}
    keys = [SeriesKey(port, "open_cases", "", "", _named(ports[port], "已申报未放行票数", "declared and not released")) for port in named]
    cells = engine.execute(f"""
        SELECT port, (us - {start}) // {DAY} AS day, sum(number) FROM (
            SELECT port, declared AS us, 1 AS number FROM held WHERE declared IS NOT NULL
            UNION ALL SELECT port, greatest(coalesce(released, declared + {OPEN_MOST * DAY}), declared), -1 FROM held WHERE declared IS NOT NULL)
        WHERE us < {end} GROUP BY ALL""").fetchall()  # noqa: S608 - numbers of our own
    still = _panel(keys, begin, columns, ((row_of[port], int(day), float(number)) for port, day, number in cells), is_running=True)
    finished = engine.execute(f"SELECT port, (released - {start}) // {DAY}, count(*) FROM held WHERE released >= {start} GROUP BY ALL").fetchall()  # noqa: S608 - numbers of our own
    done = _panel(keys, begin, columns, ((row_of[port], int(day), float(number)) for port, day, number in finished if port in row_of))
    return still, done.values


def _segments(engine: duckdb.DuckDBPyConnection, ports: Mapping[str, Port], first: date, last: date, norms: Sequence[Norm],
              ) -> tuple[Panel, np.ndarray]:
    columns = (last - first).days + 1
    counted: dict[tuple[str, int], np.ndarray] = {}
    place = {(*norm.subject, norm.direction): at for at, norm in enumerate(norms)}
    if norms:
        start, end = _start(first), _start(last + timedelta(days=1))
        ends = sorted({code for whole in shipped().wholes if whole.code in {norm.whole for norm in norms} for code in whole.end})
        names = ", ".join(_AS_EVENT.get(name, name) for name in COLUMNS)
        ways = sorted({norm.direction for norm in norms})
        engine.execute(f"""SELECT {names} FROM told WHERE case_id IN (
            SELECT case_id FROM told WHERE milestone IN ({', '.join('?' * len(ends))}) AND direction IN ({', '.join('?' * len(ways))})
                AND occurred_at >= make_timestamp({start}) AND occurred_at < make_timestamp({end})) ORDER BY case_id""", [*ends, *ways])  # noqa: S608 - names and numbers of our own
        for case in _cases(engine):
            for line in timelines(case):
                if line.end is None or not start <= line.end.occurred_at < end or line.port not in ports:
                    continue
                day = (moment(line.end.occurred_at).astimezone(BEIJING).date() - first).days
                for check in judge(line, norms):
                    if check.is_met is not None:
                        cell = counted.setdefault((line.port, place[(*check.norm.subject, check.norm.direction)]), np.zeros((2, columns)))
                        cell[:, day] += (1, check.is_met)
    keys, rows = [], []
    for (port, at), cell in sorted(counted.items()):
        norm = norms[at]
        keys.append(SeriesKey(port, ":".join(norm.subject)[:48], norm.direction, "", _named(
            ports[port], f"“{norm.name.zh}”办结件数", f"cases of “{norm.name.en}”", norm.direction)))
        rows.append(cell)
    table = np.array(rows).reshape(-1, 2, columns)
    return Panel(tuple(keys), first, table[:, 0]), table[:, 1]


_AS_EVENT = {"occurred_at": "epoch_us(occurred_at) AS occurred_at", "received_at": "epoch_us(received_at) AS received_at"}


def _cases(engine: duckdb.DuckDBPyConnection) -> Iterable[list[Event]]:
    def rows() -> Iterable[Event]:
        while some := engine.fetchmany(20_000):
            yield from map(Event._make, some)

    for _, case in groupby(rows(), key=lambda event: event.case_id):
        yield list(case)


def _sources(engine: duckdb.DuckDBPyConnection, ports: Mapping[str, Port], first: date, last: date) -> Panel:
    begin = first - timedelta(days=DAYS_BEFORE)
    start, end, columns = _start(begin), _start(last + timedelta(days=1)), (last - begin).days + 1
    names = {each.code: each.name for each in EventSource.objects.filter(is_active=True, origin=own_origin())}
    cells = [row for row in engine.execute(f"""
        SELECT source, port, (epoch_us(received_at) - {start}) // {DAY} AS day, count(*) FROM events
        WHERE received_at >= make_timestamp({start}) AND received_at < make_timestamp({end}) AND port IN (SELECT port FROM wanted)
        GROUP BY ALL ORDER BY ALL""").fetchall() if row[0] in names]  # noqa: S608 - numbers of our own
    named = list(dict.fromkeys((source, port) for source, port, _, _ in cells))
    row_of = {pair: at for at, pair in enumerate(named)}
    keys = [SeriesKey(port, f"source:{source}"[:48], "", "", _named(
        ports[port], f"由“{names[source].zh}”报送的事件数", f"events sent by “{names[source].en}”")) for source, port in named]
    panel = _panel(keys, begin, columns, ((row_of[source, port], int(day), float(number)) for source, port, day, number in cells))
    for row in panel.values:
        # Before its first event a source was not silent: it was not there.
        row[: int(np.argmax(row > 0))] = np.nan
    return panel
