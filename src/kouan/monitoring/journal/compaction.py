"""Closed months as Parquet: written apart, made durable, recorded, and only then shown; safe to repeat and to kill.

The journal keeps every row; a month's files are a copy of it up to one row (``through_id``), sorted by case, in buckets
by a hash of the case id. The month is that of the time as reported, in UTC, which no ruling on a clock moves. In the
folder:

    month=2026-01/part-00.parquet …   what anybody may read; replaced whole, in one step
    .generations/2026-01-0002/…       the same files (hard links), never changed: what our own readers open, by the record
    _layout.json                      how many buckets; a case lies in parts of one number only
"""

# ruff: noqa: S608 - SQL of our own names, numbers and paths; what users gave is bound

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min

from kouan.accounts.action import action
from kouan.basis import Conflict, Finding, clock
from kouan.monitoring.eventlog import layout
from kouan.monitoring.journal.columns import COLUMNS, DAY, micros, month_of, span_of
from kouan.monitoring.journal.models import Event, EventBatch, EventMonth
from kouan.monitoring.journal.sources import shifts

BUCKETS = 16
# A month is closed so long after its end, when most of what comes late has come.
GRACE = 3 * DAY
# Files that a newer generation replaced stay for readers that began before.
KEEP_SECONDS = 3600.0
_TABLE = Event._meta.db_table
_NAMES = ("id", *COLUMNS)
# How DuckDB reads what the database wrote.
CSV_TYPES = {
    "id": "BIGINT", "occurred_us": "BIGINT", "received_us": "BIGINT", "utc_offset": "SMALLINT", "revision": "INTEGER",
    "quantity": "BIGINT", "planned": "BOOLEAN", "withdrawn": "BOOLEAN",
}


def folder() -> Path:
    """Where the closed months lie."""
    return Path(settings.HOME.path) / "events"


def current_months() -> dict[str, EventMonth]:
    """The newest generation of every closed month."""
    return {each.month: each for each in EventMonth.objects.order_by("month", "generation")}


def closed_months() -> list[str]:
    """Months that are over, as far back as the journal goes."""
    found = EventBatch.objects.aggregate(first=Min("first_us"), last=Max("last_us"))
    if found["first"] is None:
        return []
    month, months = month_of(found["first"]), []
    until = min(found["last"], micros(clock.now()) - GRACE)
    while span_of(month)[0] <= until and span_of(month)[1] + GRACE <= micros(clock.now()):
        months.append(month)
        month = month_of(span_of(month)[1])
    return months


def rulings_digest() -> str:
    """What the rulings on clocks come to; files made under others hold other corrected times."""
    return hashlib.sha256(repr(sorted(shifts().items())).encode()).hexdigest()


def waiting_months() -> list[str]:
    """Closed months that have no files yet, or rows that their files do not hold, or files under other rulings."""
    there, ruled, found = current_months(), rulings_digest(), []
    for month in closed_months():
        first, after = span_of(month)
        rows = Event.objects.filter(occurred_us__gte=first, occurred_us__lt=after)
        done = there.get(month)
        if done is None:
            if rows.exists():
                found.append(month)
        elif done.rulings != ruled or rows.filter(pk__gt=done.through_id).exists():
            found.append(month)
    return found


@dataclass(frozen=True, slots=True)
class Compacted:
    """One month made."""

    month: str
    generation: int
    rows: int
    files: int
    seconds: float


def compact(*, actor: Any, months: list[str] | None = None) -> list[Compacted]:
    """Copy closed months to Parquet, those that wait or those named; one compaction at a time (Conflict)."""
    with _alone():
        _mend()
        return [_compact(actor, month) for month in (waiting_months() if months is None else months)]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        try:
            # The system takes the lock back from whoever is killed.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict([Finding.error(
                "compaction_running", "另一项归档正在进行。", "Another compaction is running.",
                remedy=("请等它结束。", "Wait for its end."))])
        yield


def horizon() -> int:
    """The last row of the journal such that no earlier one can still appear.

    Row numbers are given before the commit, so a smaller one may come to light later: on PostgreSQL the lock waits for
    writers in progress; on SQLite there is one writer at a time.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {_TABLE} IN SHARE MODE")
        return Event.objects.aggregate(last=Max("pk"))["last"] or 0


def write_csv(out: IO[bytes], where: str, parameters: list[Any]) -> None:
    """Rows of the journal, (id, *COLUMNS), as CSV without a heading."""
    names = ", ".join(f'"{name}"' for name in _NAMES)
    query = f"SELECT {names} FROM {_TABLE} WHERE {where}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The cursor below Django's: the one that Django puts around it in debugging takes no parameters here.
            below: Any = cursor.cursor
            with connection.wrap_database_errors, below.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", parameters) as copy:
                for piece in copy:
                    out.write(piece)
            return
        import csv
        import io

        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(10_000):
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            out.write(text.getvalue().encode())


def shift_sql() -> str:
    """What the rulings add to a reported time, in µs, as SQL over ``source`` and ``received_us``."""
    cases = []
    for code, each in sorted(shifts().items()):
        for shift in each:
            end = "" if shift.to_us is None else f" AND received_us < {shift.to_us}"
            cases.append(f"WHEN source = '{code.replace(chr(39), '')}' AND received_us >= {shift.from_us}{end} THEN {shift.shift_us}")
    return f"(CASE {' '.join(cases)} ELSE 0 END)" if cases else "0"


def columns_sql(shift: str) -> str:
    """The columns of the contract from those of the journal: times as TIMESTAMP, corrected and as reported."""
    said = {
        "place": "coalesce(place, '') AS place", "party": "coalesce(party, '') AS party",
        "occurred_us": f"make_timestamp(occurred_us + {shift}) AS occurred_at",
        "received_us": "make_timestamp(received_us) AS received_at",
    }
    return ", ".join(said.get(name, name) for name in COLUMNS) + ", make_timestamp(occurred_us) AS reported_at, id AS journal_id"


def csv_sql(path: Path) -> str:
    """The CSV of ``write_csv`` as a relation."""
    types = ", ".join(f"'{name}': '{CSV_TYPES.get(name, 'VARCHAR')}'" for name in _NAMES)
    return f"read_csv('{path}', auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', nullstr = '', columns = {{{types}}})"


def duck(scratch: Path) -> Any:
    """A DuckDB in the process, bounded in memory, that spills beside the files."""
    import duckdb

    engine = duckdb.connect()
    engine.execute(f"SET temp_directory = '{scratch}'; SET memory_limit = '1GB'; SET threads = 2; SET TimeZone = 'UTC'")
    return engine


def _compact(actor: Any, month: str) -> Compacted:
    began = time.monotonic()
    through, (first, after), ruled = horizon(), span_of(month), rulings_digest()
    before = EventMonth.objects.filter(month=month).aggregate(last=Max("generation"))["last"] or 0
    name = f"{month}-{before + 1:04d}"
    scratch = folder() / f".tmp-{name}"
    shutil.rmtree(scratch, ignore_errors=True)
    made = scratch / "made"
    made.mkdir(parents=True)
    with (scratch / "rows.csv").open("wb") as out:
        write_csv(out, "occurred_us >= %s AND occurred_us < %s AND id <= %s", [first, after, through])
    files, rows = [], 0
    with contextlib.closing(duck(scratch)) as engine:
        engine.execute(f"CREATE TABLE rows AS SELECT {columns_sql(shift_sql())}, md5_number_lower(case_id) % {_buckets()} AS bucket "
                       f"FROM {csv_sql(scratch / 'rows.csv')}")
        for (bucket,) in engine.execute("SELECT DISTINCT bucket FROM rows ORDER BY 1").fetchall():
            part = made / layout.part_name(bucket)
            engine.execute(f"COPY (SELECT * EXCLUDE bucket FROM rows WHERE bucket = {bucket} ORDER BY case_id, occurred_at, journal_id) "
                           f"TO '{part}' ({layout.PARQUET})")
            count = engine.execute(f"SELECT count(*) FROM rows WHERE bucket = {bucket}").fetchone()[0]
            files.append({"name": part.name, "rows": count, **_kept(part)})
            rows += count
    _sync(made)
    place = folder() / ".generations"
    place.mkdir(exist_ok=True)
    # A killed run may have left this very name behind, unrecorded.
    shutil.rmtree(place / name, ignore_errors=True)
    made.rename(place / name)
    _sync(place)
    record_month(actor=actor, month=month, generation=before + 1, name=name, through=through, rows=rows, files=files, rulings=ruled)
    _show(month, name)
    shutil.rmtree(scratch, ignore_errors=True)
    return Compacted(month, before + 1, rows, len(files), time.monotonic() - began)


@action("events.compact")
def record_month(
    *, actor: Any, month: str, generation: int, name: str, through: int, rows: int, files: list[dict[str, Any]], rulings: str,
) -> EventMonth:
    """Record the files of a month; from the commit on they are what readers open."""
    return EventMonth.objects.create(
        month=month, generation=generation, folder=name, through_id=through, rows=rows, files=files, rulings=rulings)


def _buckets() -> int:
    """The number of buckets of this folder: what the first compaction said holds for good."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return int(json.loads((folder() / layout.FILE).read_text(encoding="utf-8"))["buckets"])
    layout.declare(folder(), BUCKETS)
    return BUCKETS


def _kept(path: Path) -> dict[str, Any]:
    """Put a file on the disk for good; its size and SHA-256."""
    with path.open("rb") as file:
        sha = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return {"bytes": path.stat().st_size, "sha256": sha}


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _show(month: str, name: str) -> None:
    """Put the files of a generation in the month's place, in one step: a reader finds the old or the new, never a part."""
    place, source = folder() / f"month={month}", folder() / ".generations" / name
    beside = folder() / f".tmp-show-{month}"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    for part in sorted(source.iterdir()):
        os.link(part, beside / part.name)
    _sync(beside)
    if not place.exists():
        beside.rename(place)
    elif not _exchange(beside, place):
        aside = folder() / f".tmp-old-{month}"
        shutil.rmtree(aside, ignore_errors=True)
        place.rename(aside)
        beside.rename(place)
        shutil.rmtree(aside, ignore_errors=True)
    shutil.rmtree(beside, ignore_errors=True)
    _sync(folder())


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step (Linux); False where the system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    at_cwd, exchange = -100, 2
    return bool(renameat2(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), exchange) == 0)


def _mend() -> None:
    """Finish what a killed compaction left: unrecorded files go, a recorded month that is not shown yet is shown."""
    place, now = folder() / ".generations", time.time()
    there = current_months()
    for left in folder().glob(".tmp-*"):
        shutil.rmtree(left, ignore_errors=True)
    for month, row in there.items():
        shown, kept = folder() / f"month={month}", place / row.folder
        names = [each["name"] for each in row.files]
        is_shown = shown.is_dir() and sorted(each.name for each in shown.iterdir()) == sorted(names) and all(
            (shown / each).samefile(kept / each) for each in names)
        if kept.is_dir() and not is_shown:
            _show(month, row.folder)
    newest = {row.folder for row in there.values()}
    recorded = set(EventMonth.objects.values_list("folder", flat=True))
    for each in place.iterdir() if place.is_dir() else ():
        is_old = each.name in recorded and each.name not in newest and now - each.stat().st_ctime > KEEP_SECONDS
        if each.name not in recorded or is_old:
            shutil.rmtree(each, ignore_errors=True)
