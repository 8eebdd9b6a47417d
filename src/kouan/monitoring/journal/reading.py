"""The journal and its closed months read as ONE table, as far as a user may see.

``with events_table(user) as engine:`` gives a DuckDB connection with two views in the columns of the contract:
``events``, every revision, and ``events_current``, the highest revision of each event that is not withdrawn.
Times follow the rulings on clocks in force; ``reported_at`` is what the source said. ``of=Part(…)`` reads no more than
the cases that a page needs.
"""

# ruff: noqa: S608 - SQL of our own names, numbers and paths; what users gave is bound

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Sum

from kouan.basis import Finding, Place, Refused
from kouan.monitoring.journal.columns import COLUMNS, span_of
from kouan.monitoring.journal.compaction import (
    columns_sql,
    csv_sql,
    current_months,
    duck,
    folder,
    rulings_digest,
    shift_sql,
    write_csv,
)
from kouan.monitoring.journal.models import Event, EventBatch, EventMonth
from kouan.monitoring.journal.traits import TRAITS
from kouan.monitoring.journal.visibility import ports_for

if TYPE_CHECKING:
    import duckdb

_CURRENT = """
CREATE VIEW events_current AS
WITH corrected AS (SELECT source, event_id, max(revision) AS newest FROM events WHERE revision > 1 GROUP BY ALL)
SELECT e.* FROM events e LEFT JOIN corrected c USING (source, event_id)
WHERE NOT e.withdrawn AND (c.newest IS NULL OR e.revision = c.newest)
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the table: the cases that touched a port from ``touched[0]`` until before ``touched[1]``, with their events in a span.

    All instants in µs as reported. Of closed months those are read that the span touches, whole; of the journal the rows after
    ``above`` (``newest_rows``) that no closed month holds, of cases that touched the port there.
    """

    port: str
    span: tuple[int, int]
    touched: tuple[int, int]
    above: int = 0

    def condition(self, outside: str, values: list[Any]) -> tuple[str, list[Any]]:
        """The condition on rows of the journal; ``outside``: that on rows which no closed month holds."""
        inside = "id > %s AND occurred_us >= %s AND occurred_us < %s"
        cases = f"SELECT case_id FROM {Event._meta.db_table} WHERE {inside} AND port = %s AND {outside}"
        return f"{outside} AND {inside} AND case_id IN ({cases})", [
            *values, self.above, *self.span, self.above, *self.touched, self.port, *values]

    def has(self, month: str) -> bool:
        """Whether the span touches a month."""
        first, after = span_of(month)
        return first < self.span[1] and after > self.span[0]


def newest_rows(most: int) -> tuple[int, int]:
    """Where the newest rows of the journal begin, and how many rows outside closed months stand before: what a bounded read leaves out.

    The journal keeps every row for ever and has no index by port; a page therefore reads no more than its newest rows.
    """
    taken = EventBatch.objects.aggregate(rows=Sum("accepted"))["rows"] or 0
    months = current_months()
    outside = max(0, taken - sum(row.rows for row in months.values()))
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if not outside:
        return last, 0
    above = max(0, last - most)
    if not above:
        return 0, 0
    where, values = _outside(months, None)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {Event._meta.db_table} WHERE id > %s AND {where}", [above, *values])
        return above, max(0, outside - int(cursor.fetchone()[0]))


@contextlib.contextmanager
def events_table(user: Any, *, of: Part | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every event that the user may see, from Parquet and the open journal alike; the views hold until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="kouan-events-") as scratch:
        open_rows = Path(scratch) / "open.csv"
        # One unchanging view of the database: which files hold what, and the rows they do not hold.
        with transaction.atomic():
            if connection.vendor == "postgresql" and len(connection.savepoint_ids) == 0:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            ports, months = ports_for(user), current_months()
            shift, ruled = shift_sql(), rulings_digest()
            with open_rows.open("wb") as out:
                write_csv(out, *_outside(months, ports, of))
            if of is not None:
                months = {month: row for month, row in months.items() if of.has(month)}
        with contextlib.closing(duck(Path(scratch))) as engine:
            names = ", ".join({"occurred_us": "occurred_at", "received_us": "received_at"}.get(name, name) for name in COLUMNS)
            told_open = f"SELECT {columns_sql(shift)} FROM {csv_sql(open_rows)}"
            if of is not None:
                # A view of a part asks several times: the text of its rows is read once.
                engine.execute(f"CREATE TEMP TABLE open_rows AS {told_open}")
                told_open = "SELECT * FROM open_rows"
            parts = [told_open]
            for same in (True, False):
                files = [path for row in months.values() if (row.rulings == ruled) is same for path in _files(row)]
                if files:
                    listed = ", ".join(f"'{path}'" for path in files)
                    told = f"{names}, reported_at, journal_id" if same else columns_sql(shift)
                    # Files made under other rulings: what was reported, corrected anew.
                    rows = "*" if same else (
                        "* EXCLUDE (occurred_at, received_at, reported_at, journal_id), epoch_us(reported_at) AS occurred_us, "
                        "epoch_us(received_at) AS received_us, journal_id AS id")
                    found = f"SELECT {rows}{_lacking(engine, listed)} FROM read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
                    parts.append(f"SELECT {told} FROM ({found})")
            where = ""
            if ports is not None:
                engine.execute("CREATE TEMP TABLE seen (port VARCHAR)")
                if ports:
                    engine.executemany("INSERT INTO seen VALUES (?)", [[port] for port in ports])
                where = " WHERE port IN (SELECT port FROM seen)"
            engine.execute(f"CREATE VIEW events AS SELECT * FROM ({' UNION ALL '.join(parts)}){where}")
            engine.execute(_CURRENT)
            yield engine


def _lacking(engine: duckdb.DuckDBPyConnection, listed: str) -> str:
    """The traits that no file of these holds, as NULL: months closed before events told them have files without these columns."""
    there = {row[0] for row in engine.execute(
        f"DESCRIBE SELECT * FROM read_parquet([{listed}], hive_partitioning = false, union_by_name = true)").fetchall()}
    return "".join(f", CAST(NULL AS VARCHAR) AS {name}" for name in TRAITS if name not in there)


def _outside(months: dict[str, EventMonth], ports: list[str] | None, of: Part | None = None) -> tuple[str, list[Any]]:
    """The condition of rows that no file of a closed month holds."""
    clauses: list[str] = ["1 = 1"]
    values: list[Any] = []
    for month, row in months.items():
        first, after = span_of(month)
        clauses.append("NOT (occurred_us >= %s AND occurred_us < %s AND id <= %s)")
        values += [first, after, row.through_id]
    if ports is not None:
        clauses.append(f"port IN ({', '.join(['%s'] * len(ports))})" if ports else "1 = 0")
        values += ports
    outside = " AND ".join(clauses)
    return of.condition(outside, values) if of is not None else (outside, values)


def _files(row: EventMonth) -> list[Path]:
    found = []
    for each in row.files:
        path = folder() / ".generations" / row.folder / each["name"]
        if not path.is_file() or path.stat().st_size != each["bytes"]:
            raise Refused(missing_file(row, each["name"]))
        found.append(path)
    return found


def missing_file(row: EventMonth, name: str) -> Finding:
    """A file of a closed month is gone or has another size than when it was recorded."""
    return Finding.error(
        "event_month_damaged", f"{row.month} 月度归档的文件“{name}”缺失或已变动。",
        f"File “{name}” of the compacted month {row.month} is missing or has changed.", where=Place(file=name),
        remedy=(f"日志仍有全部事件，重新归档即可：kouan events compact --month {row.month}",
                f"The journal still has every event; compact it anew: kouan events compact --month {row.month}"))


def check_files() -> list[Finding]:
    """Every file of the closed months against the SHA-256 under which it was recorded."""
    import hashlib

    found = []
    for row in current_months().values():
        for each in row.files:
            path = folder() / ".generations" / row.folder / each["name"]
            try:
                with path.open("rb") as file:
                    is_same = hashlib.file_digest(file, "sha256").hexdigest() == each["sha256"]
            except OSError:
                is_same = False
            if not is_same:
                found.append(missing_file(row, each["name"]))
    return found
