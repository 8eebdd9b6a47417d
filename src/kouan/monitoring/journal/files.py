"""Events from files: rows of CSV and Parquet in the columns of the contract, a thousand to a commit.

A file that was broken off is taken in again from its beginning: what is there already is repeated, not doubled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from kouan.basis import Finding, Place, Refused
from kouan.monitoring.journal import shape
from kouan.monitoring.journal.actions import Answer, take_in_events
from kouan.monitoring.journal.models import Channel

NAMES = tuple(shape.Incoming.__struct_fields__)
_MOMENTS = ("occurred_at", "received_at")
_TEXTS = frozenset(NAMES) - {*_MOMENTS, "planned", "withdrawn", "utc_offset", "revision", "quantity"}
Progress = Callable[[int, int | None, str], None]


@dataclass(slots=True)
class FileReport:
    """What became of the rows of one file."""

    name: str
    received: int = 0
    accepted: int = 0
    repeated: int = 0
    held: int = 0
    refused: int = 0
    batches: int = 0
    findings: dict[str, tuple[int, Finding]] = field(default_factory=dict)

    def add(self, answer: Answer) -> None:
        """Count one commit."""
        said = answer.as_dict(0)
        for name in ("received", "accepted", "repeated", "held", "refused"):
            setattr(self, name, getattr(self, name) + said[name])
        self.batches += len(answer.outcomes)
        found = [finding for _, finding in answer.refused]
        for each in answer.outcomes:
            found += [finding for _, findings in (*each.held, *each.held_before) for finding in findings] + each.notes
        for finding in found:
            count, first = self.findings.get(finding.code, (0, finding.at(file=self.name)))
            self.findings[finding.code] = (count + 1, first)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: counts, and of each kind of finding how often and the first."""
        return {
            "file": self.name, "received": self.received, "accepted": self.accepted, "repeated": self.repeated,
            "held": self.held, "refused": self.refused, "batches": self.batches,
            "findings": [{"count": count, **finding.as_dict()} for count, finding in self.findings.values()],
        }


def rows_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row, columns) of a CSV or Parquet file; row 1 is the first row of data. Refused when it cannot be read."""
    import duckdb

    is_csv = path.name.lower().endswith((".csv", ".csv.gz"))
    table = "read_csv(?, header = true, all_varchar = true)" if is_csv else "read_parquet(?, hive_partitioning = false)"
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'; SET threads = 1; SET memory_limit = '200MB'; SET preserve_insertion_order = true")
        try:
            described = {row[0]: row[1] for row in engine.execute(
                f"DESCRIBE SELECT * FROM {table}", [str(path)]).fetchall()}  # noqa: S608 - one of two readers named above; the path is bound
        except duckdb.Error as error:
            raise _unreadable(path, error) from error
        names = [name for name in NAMES if name in described]
        lacking = [name for name in ("case_id", "milestone", "port", "occurred_at", "event_id") if name not in described]
        if lacking:
            raise Refused.because("columns_missing", f"缺少列：{'、'.join(lacking)}。", f"Columns are missing: {', '.join(lacking)}.",
                                  where=Place(file=path.name), remedy=("列名见 docs/events.md。", "docs/events.md lists the columns."))
        chosen = ", ".join(_chosen(name, described[name]) for name in names)
        try:
            found = engine.execute(f"SELECT {chosen} FROM {table}", [str(path)])  # noqa: S608 - our own names
        except duckdb.Error as error:
            raise _unreadable(path, error) from error
        number = 0
        while rows := _next(found, path):
            for row in rows:
                number += 1
                yield number, {name: value for name, value in zip(names, row, strict=True) if value is not None and value != ""}


def _next(found: Any, path: Path) -> list[tuple[Any, ...]]:
    """The next rows: a file may break in its middle."""
    import duckdb

    try:
        rows: list[tuple[Any, ...]] = found.fetchmany(10_000)
    except duckdb.Error as error:
        raise _unreadable(path, error) from error
    return rows


def _unreadable(path: Path, error: Exception) -> Refused:
    said = str(error).splitlines()[0].replace(str(path), path.name)[:300] if str(error) else type(error).__name__
    return Refused.because("unreadable_file", "文件读不出来。", f"The file cannot be read: {said}",
                           where=Place(file=path.name), remedy=("核对文件是否完整。", "Check that the file is whole."))


def _chosen(name: str, kind: str) -> str:
    if name in _MOMENTS and kind.startswith("TIMESTAMP"):
        return f"epoch_us({name}) AS {name}"
    return f"CAST({name} AS VARCHAR) AS {name}" if name in _TEXTS and kind != "VARCHAR" else name


def take_in_rows(
    rows: Iterable[tuple[int, Mapping[str, Any]]], *, actor: Any, source: str, name: str, sha256: str = "",
    progress: Progress = lambda done, total, stage: None,
) -> FileReport:
    """Take rows in under a source, a thousand to a commit; NotFound or NotAllowed as at the door.

    The source named is the one that speaks, whatever source a row names. A row that says ``official`` becomes what the
    source is; one that says exercise or demonstration is held under any other.
    """
    report, coming = FileReport(name), iter(rows)
    while chunk := list(islice(coming, shape.MOST)):
        read = shape.Read()
        for number, said in chunk:
            values = {**said, "source": source, "origin": "" if said.get("origin") == "official" else said.get("origin", "")}
            event = shape.of_values(values, number)
            if isinstance(event, Finding):
                read.misfits.append((number, values, event))
            else:
                read.events.append(event)
                read.numbers.append(number)
        report.add(take_in_events(actor=actor, read=read, channel=Channel.FILE, source=source, file=(name[-255:], sha256)))
        progress(report.received, None, "写入 writing")
    return report


def sha256_of(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
