"""An event log in files: Parquet or CSV, our columns or somebody else's, as one relation of known shape.

``open_log`` looks at the files, joins names of columns (``case_id=case:concept:name``) and refuses in words what cannot be
read. A log with case_kind, mode and direction is one of *milestones*; any other is *foreign*: it has activities, no wholes.

Which rows count (``kouan.monitoring.timing.events.current``): of each (source, event_id) the highest revision, unless it is
withdrawn; planned times are no times. A folder in the layout of closed months comes from the journal, which admits a
revision once; other files are searched for the same event told twice as well, which takes longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from kouan.basis import Finding, Place, Refused, nearest
from kouan.monitoring.eventlog import layout
from kouan.monitoring.eventlog.dialect import DUCKDB, Dialect
from kouan.monitoring.eventlog.plan import Contents

if TYPE_CHECKING:
    import duckdb

NEEDED = ("case_id", "milestone", "occurred_at")
OPTIONAL = (
    "case_kind", "mode", "direction", "port", "planned", "source", "event_id", "revision", "withdrawn", "received_at", "origin",
)  # fmt: skip
KINDS = (".parquet", ".csv", ".csv.gz")


@dataclass(frozen=True)
class Told:
    """What the statistics of Parquet files say of a column throughout; None where some part does not say."""

    least: str | None
    most: str | None
    most_number: int | None
    nulls: int | None


@dataclass(frozen=True)
class Log:
    """Files and how their columns are called. ``columns``: our name → theirs, for those that are there."""

    files: tuple[Path, ...]
    is_parquet: bool
    columns: Mapping[str, str]
    is_foreign: bool
    is_admitted: bool  # from the journal: no revision of an event stands twice
    groups: tuple[tuple[Path, ...], ...]  # files that share no case with the other groups
    types: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)  # by our names; empty for files without statistics

    def constant(self, ours: str) -> str | None:
        """The one text that a column holds in every row, where the statistics prove it."""
        told = self.told.get(ours)
        # Longer texts may have been cut in the statistics.
        is_one = told is not None and told.least is not None and told.least == told.most and told.nulls == 0 and len(told.least) < 60
        return told.least if told is not None and is_one and self.types[ours] == "VARCHAR" else None

    @property
    def has_ids(self) -> bool:
        """Whether events can be corrected at all."""
        return {"source", "event_id", "revision", "withdrawn"} <= set(self.columns)


def find_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The event files of some files and folders, folders searched through; hidden and unfinished ones left out."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [
                each for each in sorted(path.rglob("*"))
                if each.is_file() and each.name.endswith(KINDS) and not any(part.startswith((".", "_")) for part in each.relative_to(path).parts)
            ]  # fmt: skip
            if not inside:
                raise Refused.because(
                    "no_event_files", "文件夹里没有事件文件（.parquet、.csv、.csv.gz）。",
                    "The folder holds no event files (.parquet, .csv, .csv.gz).", where=Place(file=str(path)),
                    remedy=("指向已导出的事件文件夹。", "Name a folder of exported events."))  # fmt: skip
            found += inside
        elif path.is_file() and path.name.endswith(KINDS):
            found.append(path)
        else:
            raise Refused.because(
                "no_event_file", "没有这个事件文件，或格式不是 .parquet、.csv、.csv.gz。",
                "There is no such event file, or it is not .parquet, .csv or .csv.gz.", where=Place(file=str(path)),
                remedy=("核对路径。", "Check the path."))  # fmt: skip
    return tuple(dict.fromkeys(found))


def open_log(connection: duckdb.DuckDBPyConnection, paths: Iterable[Path], columns: Mapping[str, str] | None = None) -> Log:
    """Look at the files. ``columns``: our name → the name in the files, where it differs."""
    import duckdb

    files = find_files(paths)
    is_parquet = files[0].name.endswith(".parquet") if files else True
    if any(path.name.endswith(".parquet") is not is_parquet for path in files):
        raise Refused.because(
            "mixed_formats", "Parquet 与 CSV 不能混读。", "Parquet and CSV cannot be read as one log.",
            remedy=("分别计算，或先转换为同一格式。", "Measure them apart, or convert them to one format first."))  # fmt: skip
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {DUCKDB.relation(files, is_parquet)}").fetchall()
    except duckdb.Error as fault:
        raise Refused.because(
            "unreadable_file", f"文件读不出来：{_first_line(fault)}", f"A file cannot be read: {_first_line(fault)}",
            where=Place(file=str(files[0])), remedy=("核对文件是否完整。", "Check that the files are whole."))  # fmt: skip
    there = {row[0]: row[1] for row in described}
    given = dict(columns or {})
    faults: list[Finding] = []
    joined: dict[str, str] = {}
    for ours in (*NEEDED, *OPTIONAL):
        theirs = given.pop(ours, ours)
        if theirs in there:
            joined[ours] = theirs
        elif ours in NEEDED or theirs != ours:
            faults.append(_no_column(files[0], ours, theirs, there))
    for strange in given:
        faults.append(Finding.error(
            "unknown_column_name", f"“{strange}”不是事件的列。", f"“{strange}” is no column of events.",
            remedy=(f"可用：{'、'.join((*NEEDED, *OPTIONAL))}。", f"Use some of: {', '.join((*NEEDED, *OPTIONAL))}.")))  # fmt: skip
    if faults:
        raise Refused(faults)
    groups = layout.buckets_of(files) if is_parquet else [list(files)]
    in_months = is_parquet and all(path.parent.name.startswith("month=") for path in files)
    told = _told(connection, files) if is_parquet else {}
    return Log(
        files, is_parquet, joined, not {"case_kind", "mode", "direction"} <= set(joined), in_months,
        tuple(tuple(group) for group in groups), {ours: there[theirs] for ours, theirs in joined.items()},
        {ours: told[theirs] for ours, theirs in joined.items() if theirs in told},
    )  # fmt: skip


@contextmanager
def told_of_files(log: Log) -> Iterator[None]:
    """What a file turns out to hold only while it is read (a damaged page, a word where a number belongs) is told as a finding."""
    import duckdb

    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.ParserException, duckdb.CatalogException, duckdb.InternalException):
        raise  # ours, not the file's
    except duckdb.Error as fault:
        raise Refused.because(
            "unreadable_events", f"事件读不出来：{_first_line(fault)}", f"The events cannot be read: {_first_line(fault)}",
            where=Place(file=str(log.files[0])) if len(log.files) == 1 else Place(),
            remedy=("核对文件是否完整、各列的格式。", "Check that the files are whole and what their columns hold."))  # fmt: skip


def _told(connection: duckdb.DuckDBPyConnection, files: Iterable[Path]) -> dict[str, Told]:
    """The statistics of all parts of Parquet files, put together."""
    rows = connection.execute(
        "SELECT path_in_schema, min(stats_min_value), max(stats_max_value), max(TRY_CAST(stats_max_value AS BIGINT)), "
        "count(stats_min_value) = count(*), count(stats_null_count) = count(*), sum(stats_null_count) "
        f"FROM parquet_metadata({DUCKDB.literals([str(path) for path in files])}) GROUP BY 1"
    ).fetchall()
    return {
        name: Told(least if is_whole else None, most if is_whole else None, number if is_whole else None, int(nulls) if are_nulls_counted else None)
        for name, least, most, number, is_whole, are_nulls_counted, nulls in rows
    }


def _first_line(fault: Exception) -> str:
    return str(fault).strip().splitlines()[0]


def _no_column(file: Path, ours: str, theirs: str, there: Mapping[str, str]) -> Finding:
    hint = nearest(theirs, sorted(there), 1)
    have_zh, have_en = "、".join(there), ", ".join(there)
    return Finding.error(
        "no_such_column", f"文件没有“{theirs}”列。", f"The file has no column “{theirs}”.", where=Place(file=str(file)),
        remedy=(f"{'是否为“' + hint[0] + '”？' if hint else ''}用 --columns {ours}=列名 指定；现有：{have_zh}。",
                f"{'Did you mean “' + hint[0] + '”? ' if hint else ''}Say --columns {ours}=NAME; there are: {have_en}."),
    )  # fmt: skip


def events_sql(log: Log, files: Iterable[Path], dialect: Dialect = DUCKDB, *, corrected: str = "") -> str:
    """The events that count, as case_id, milestone, t, port, case_kind, mode, direction (and ordinal of a foreign log).

    ``corrected``: a table of (source, event_id, revision) with the newest revision of what was told again;
    empty where nothing was, which spares reading the ids. Files that did not come through the journal are ranked instead.
    """
    is_ranked = log.has_ids and not log.is_admitted
    ordinal = "ordinal" if log.is_foreign or is_ranked else ""
    base = dialect.relation(files, log.is_parquet, ordinal)

    def column(ours: str, otherwise: str = "''") -> str:
        return f"e.{dialect.named(log.columns[ours])}" if ours in log.columns else otherwise

    def claim(ours: str) -> str:
        return f"coalesce(CAST({column(ours)} AS BOOLEAN), false)" if ours in log.columns else "false"

    chosen = ", ".join((
        f"{column('case_id')} AS case_id", f"{column('milestone')} AS milestone",
        f"{dialect.instant(column('occurred_at'), log.types['occurred_at'])} AS t",
        *(f"{column(name)} AS {name}" if log.is_admitted and name in log.columns else f"coalesce({column(name)}, '') AS {name}"
          for name in ("port", "case_kind", "mode", "direction")),
        *(("e.ordinal AS ordinal",) if ordinal else ()),
    ))  # fmt: skip
    where = [f"NOT {claim('planned')}"] if "planned" in log.columns else []
    if not log.has_ids:
        return f"SELECT {chosen} FROM {base} e" + (f" WHERE {' AND '.join(where)}" if where else "")
    if log.is_admitted:
        where.append(f"NOT {claim('withdrawn')}")
        if corrected:
            where.append(
                f"NOT EXISTS (SELECT 1 FROM {corrected} k WHERE k.event_id = {column('event_id')} AND k.source = {column('source')} "
                f"AND k.revision > {column('revision')})"
            )
        return f"SELECT {chosen} FROM {base} e WHERE {' AND '.join(where)}"
    received = dialect.instant(column("received_at"), log.types["received_at"]) if "received_at" in log.columns else "0"
    key = f"CASE WHEN coalesce({column('event_id')}, '') = '' THEN CAST(e.ordinal AS {dialect.text}) ELSE concat('i', {column('event_id')}) END"
    newest = f"coalesce(CAST({column('revision')} AS BIGINT), 1) DESC, {received} DESC, e.ordinal DESC"
    return f"""
        SELECT case_id, milestone, t, port, case_kind, mode, direction, ordinal FROM (
            SELECT {chosen}, {claim('withdrawn')} OR {claim('planned')} AS is_void,
                row_number() OVER (PARTITION BY {column('source')}, {key} ORDER BY {newest}) AS place
            FROM {base} e) ranked WHERE place = 1 AND NOT is_void
    """  # fmt: skip


def corrected_sql(log: Log, dialect: Dialect = DUCKDB) -> str:
    """(source, event_id, newest revision) of everything that was told again; a withdrawal is a revision as well."""
    c = {ours: dialect.named(theirs) for ours, theirs in log.columns.items()}
    return f"""
        SELECT {c['source']} AS source, {c['event_id']} AS event_id, max({c['revision']}) AS revision
        FROM {dialect.relation(log.files, log.is_parquet)}
        WHERE {c['revision']} > 1 AND {c['event_id']} <> '' GROUP BY 1, 2
    """


def contents_of(connection: duckdb.DuckDBPyConnection, log: Log) -> Contents:
    """The codes that a log holds; refuses a log without events, without times or without case ids, and says which row."""
    base = DUCKDB.relation(log.files, log.is_parquet)
    c = {ours: DUCKDB.named(theirs) for ours, theirs in log.columns.items()}
    _refuse_unusable(connection, log)

    def distinct(name: str) -> tuple[str, ...]:
        if name not in c:
            return ("",)
        if (only := log.constant(name)) is not None:
            return (only,)
        rows = connection.execute(f"SELECT DISTINCT coalesce({c[name]}, '') FROM {base}").fetchall()
        return tuple(sorted(row[0] for row in rows))

    milestones = distinct("milestone")
    if not milestones or milestones == ("",):
        raise Refused.because(
            "no_events", "文件里没有事件。", "The files hold no events.", where=Place(file=str(log.files[0])),
            remedy=("核对文件。", "Check the files."))  # fmt: skip
    flows = tuple(product(distinct("case_kind"), distinct("mode"), distinct("direction")))
    return Contents(milestones, distinct("port"), flows)


def is_one_source(log: Log) -> bool:
    """Whether the statistics of the files say that all events come from one source."""
    return log.constant("source") is not None


def origins(connection: duckdb.DuckDBPyConnection, log: Log) -> tuple[str, ...]:
    """Whose figures these are: official, exercise (演练), demonstration (演示); empty where the log does not say."""
    if "origin" not in log.columns:
        return ()
    if (only := log.constant("origin")) is not None:
        return (only,) if only else ()
    base, column = DUCKDB.relation(log.files, log.is_parquet), DUCKDB.named(log.columns["origin"])
    return tuple(sorted(row[0] for row in connection.execute(f"SELECT DISTINCT {column} FROM {base}").fetchall() if row[0]))


def has_corrections(connection: duckdb.DuckDBPyConnection, log: Log) -> bool:
    """Whether some event was corrected: whether a revision beyond the first stands in the files."""
    if not log.has_ids:
        return False
    told = log.told.get("revision")
    if told is not None and told.most_number is not None:
        return told.most_number > 1
    column = DUCKDB.named(log.columns["revision"])
    newest = connection.execute(f"SELECT max(CAST({column} AS BIGINT)) FROM {DUCKDB.relation(log.files, log.is_parquet)}").fetchall()
    return bool(newest and newest[0][0] and newest[0][0] > 1)


def _refuse_unusable(connection: duckdb.DuckDBPyConnection, log: Log) -> None:
    c = {ours: DUCKDB.named(theirs) for ours, theirs in log.columns.items()}
    time = DUCKDB.instant(c["occurred_at"], log.types["occurred_at"])
    bad = f"{time} IS NULL OR {c['case_id']} IS NULL OR {c['case_id']} = '' OR {c['milestone']} IS NULL OR {c['milestone']} = ''"
    told = [log.told.get(name) for name in NEEDED]
    if log.types["occurred_at"] != "VARCHAR" and all(each is not None and each.nulls == 0 and each.least for each in told):
        return  # by the statistics of the files no cell is empty (an empty text would be the least)
    if log.is_parquet:  # the row is looked for only where there is one
        if not connection.execute(f"SELECT 1 FROM {DUCKDB.relation(log.files, True)} WHERE {bad} LIMIT 1").fetchall():
            return
    found = connection.execute(
        f"SELECT row_in_file, {c['case_id']}, {c['milestone']}, CAST({c['occurred_at']} AS VARCHAR) "
        f"FROM {DUCKDB.relation(log.files, log.is_parquet, 'row_in_file')} WHERE {bad} ORDER BY 1 LIMIT 5"
    ).fetchall()
    faults = []
    for row, case, milestone, when in found:
        place = Place(file=str(log.files[0]) if len(log.files) == 1 else None, row=row + (0 if log.is_parquet else 1))
        if not case or not milestone:
            column = "case_id" if not case else "milestone"
            faults.append(Finding.error(
                "cell_empty", f"“{log.columns[column]}”为空。", f"“{log.columns[column]}” is empty.", where=place.__class__(
                    file=place.file, row=place.row, column=log.columns[column]),
                remedy=("补全或删去该行。", "Complete the row or remove it.")))  # fmt: skip
        else:
            faults.append(Finding.error(
                "unreadable_timestamp", f"时间“{when or ''}”读不懂。", f"The time “{when or ''}” cannot be read.",
                where=Place(file=place.file, row=place.row, column=log.columns["occurred_at"]), measured=when,
                remedy=("写作 2026-03-01T08:00:00+08:00，或自1970年起的微秒数。",
                        "Write 2026-03-01T08:00:00+08:00, or microseconds since 1970.")))  # fmt: skip
    if faults:
        raise Refused(faults)
