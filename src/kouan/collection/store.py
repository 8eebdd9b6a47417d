"""Bulk reading and writing of figures: ``executemany`` on SQLite, COPY on PostgreSQL.

Rows go in sorted by series and period, the order of the unique index, and through the digest that
the trail keeps of a batch (DESIGN.md, contract 6).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import DatabaseError, connection

from kouan.audit import RowsDigest, record_batch
from kouan.basis import Finding, Period, Refused
from kouan.collection.interpret import SeriesKey
from kouan.collection.models import Batch, Holding, HoldingOutcome, Observation, Series
from kouan.collection.tally import Fault
from kouan.collection.value_checks import Value

_CHUNK = 10_000
Known = dict[int, tuple[int, Any]]  # key of series and period → (last revision, its value)


def lock_intake() -> None:
    """One intake at a time: two could else give the same figure the same revision.

    SQLite already has its write lock here (BEGIN IMMEDIATE).
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('kouan.collection.intake'))")


def refresh_statistics() -> None:
    """Tell PostgreSQL's planner at once how large the tables have become, for the queries that follow.

    Autovacuum would find out minutes later; until then a page may read the whole table.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE collection_series, collection_observation")


def known_values(
    series_ids: dict[int, int], periods: dict[Period, int], progress: Callable[[int, int | None, str], None]
) -> Known:
    """The latest figure of every series and period of a file that is recorded already.

    ``series_ids``: key in the database → number in the file; ``periods``: period → number in the file.
    """
    known: Known = {}
    if not series_ids or not periods:
        return known
    # The unique constraint is on the days, so two kinds of period cannot meet within one series.
    text = connection.vendor == "sqlite"
    number_of = {
        (period.start.isoformat(), period.end.isoformat()) if text else (period.start, period.end): number
        for period, number in periods.items()
    }
    first, last = min(p.start for p in periods), max(p.end for p in periods)
    # Without a declared type SQLite hands dates and numbers over as they are stored: no conversion per row.
    columns = "period_start || '', period_end || '', revision, value + 0" if text else \
        "period_start, period_end, revision, value"
    count, size, ids = 0, len(periods), list(series_ids)
    with connection.cursor() as cursor:
        for start in range(0, len(ids), 500):
            chunk = ids[start : start + 500]
            cursor.execute(
                f"SELECT series_id, {columns} FROM collection_observation WHERE series_id IN "  # noqa: S608
                f"({','.join(['%s'] * len(chunk))}) AND period_start >= %s AND period_end <= %s",
                [*chunk, first, last],
            )
            while rows := cursor.fetchmany(_CHUNK):
                for series_id, begin, end, revision, value in rows:
                    number = number_of.get((begin, end))
                    if number is None:
                        continue
                    key = series_ids[series_id] * size + number
                    found = known.get(key)
                    if found is None or found[0] < revision:
                        known[key] = (revision, value)
                count += len(rows)
                progress(count, None, "比对 comparing")
    return known


def find_series(source: str, definition: str, origin: str) -> dict[SeriesKey, int]:
    """Every series of a source under one definition and origin, by its own key."""
    return {
        row[:-1]: row[-1]
        for row in Series.objects.filter(source=source, definition=definition, origin=origin).values_list(
            "subject_kind", "subject_code", "measure", "direction", "group", "granularity", "pk"
        )
    }


def write_observations(
    batch: Batch, rows: Iterable[Sequence[Any]], total: int, progress: Callable[[int, int | None, str], None]
) -> str:
    """Write figures; ``rows`` come as (series, first day, last day, revision, value, sheet, row, column).

    Days are ISO text, whole values int. Returns the digest that the trail keeps.
    """
    columns = ["series_id", "period_start", "period_end", "revision", "value", "batch_id", "sheet", "row", "column"]
    if RowsDigest.columns_of(Observation) != columns:
        raise RuntimeError("the columns of an observation and of its digest have come apart")
    digest = RowsDigest.of(Observation)
    key = batch.pk
    full = ((s, a, z, n, v if type(v) is int else str(v), key, sheet, row, column)
            for s, a, z, n, v, sheet, row, column in rows)
    _write(Observation._meta.db_table, columns, full, digest, total, progress, "写入 writing")
    if digest.rows:
        record_batch(Observation._meta.db_table, key, digest.rows, digest.hexdigest(), marks=digest.marks)
        return digest.hexdigest()
    return ""


def write_holdings(batch: Batch, faults: Sequence[Fault], progress: Callable[[int, int | None, str], None]) -> None:
    """Write the rows that were not accepted, with what they said."""
    if not faults:
        return
    columns = ["batch_id", "sheet", "row", "outcome", "raw", "findings", "subject_kind", "subject_code"]
    if RowsDigest.columns_of(Holding) != columns:
        raise RuntimeError("the columns of a holding and of its digest have come apart")
    digest = RowsDigest.of(Holding)

    def rows() -> Iterator[tuple[Any, ...]]:
        for fault in sorted(faults, key=lambda each: (each.sheet, each.row)):
            yield (
                batch.pk, fault.sheet, fault.row, HoldingOutcome.REFUSED if fault.is_refused else HoldingOutcome.HELD,
                _json(fault.raw), _json([finding.as_dict() for finding in fault.findings]),
                fault.subject.kind.value if fault.subject else "", fault.subject.code if fault.subject else "",
            )

    extra = {"resolution": "", "reason": ""}
    _write(Holding._meta.db_table, columns, rows(), digest, len(faults), progress, "暂存 holding", extra)
    record_batch(Holding._meta.db_table, batch.pk, digest.rows, digest.hexdigest(), marks=digest.marks)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).replace("\\u0000", "")


def _write(
    table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]], digest: RowsDigest, total: int,
    progress: Callable[[int, int | None, str], None], stage: str, extra: dict[str, str] | None = None,
) -> None:
    """Insert rows in chunks, feeding the digest. ``extra``: columns with one value for every row."""
    extra = extra or {}
    names = ", ".join(f'"{name}"' for name in (*columns, *extra))
    tail = tuple(extra.values())
    done = 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                while chunk := list(islice(rows, _CHUNK)):
                    digest.add_many(chunk)
                    copy.write("".join(map(_copy_line, (row + tail for row in chunk) if tail else chunk)))
                    done += len(chunk)
                    progress(done, total, stage)
            return
        marks = ", ".join(["%s"] * (len(columns) + len(extra)))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        while chunk := list(islice(rows, _CHUNK)):
            digest.add_many(chunk)
            cursor.executemany(statement, [row + tail for row in chunk] if tail else chunk)
            done += len(chunk)
            progress(done, total, stage)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copy_line(row: tuple[Any, ...]) -> str:
    """One line of PostgreSQL's text format."""
    return "\t".join([str(v) if type(v) is int else str(v).translate(_ESCAPES) for v in row]) + "\n"


def same(old: Any, new: Value) -> bool:
    """Whether a stored figure and a new one are the same number, whatever their types."""
    if old == new:
        return True
    from kouan.audit.canonical import decimal_text

    return type(new) is not int and decimal_text(old) == decimal_text(new)


def storage_refusal(error: Exception, file: str) -> Refused | None:
    """The clear message for a full disk or a busy database; None for faults of our own."""
    text = str(error).casefold()
    if "no space left" in text or "disk is full" in text or "disk full" in text or "could not extend file" in text:
        return Refused(Finding.error(
            "disk_full", f"磁盘空间不足，文件“{file}”未入库，已有数据未受影响。",
            f"The disk is full; “{file}” was not taken in and existing data is untouched.",
            remedy=("请清理磁盘或扩大数据库空间后重新提交。", "Free space or enlarge the database, then submit it again."),
        ))
    if isinstance(error, DatabaseError) and ("locked" in text or "lock timeout" in text or "deadlock" in text):
        return Refused(Finding.error(
            "database_busy", f"数据库正忙（另一项写入未结束），文件“{file}”未入库。",
            f"The database is busy with another writer; “{file}” was not taken in.",
            remedy=("请稍后重新提交。", "Submit it again in a moment."),
        ))
    return None
