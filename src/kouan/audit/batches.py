"""Recomputing the batches of bulk tables: does every recorded batch still hold the rows that it held?"""

# ruff: noqa: S608 - the names of tables and columns come from the models; values are bound.

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DecimalField, Field

from kouan.audit.actions import signature
from kouan.audit.canonical import MARK_EVERY, RowsDigest, kind_of
from kouan.audit.reading import CHUNK, stream
from kouan.audit.registry import Registration, column_of
from kouan.audit.report import Report
from kouan.basis import Finding, Place

Progress = Callable[[int, int | None, str], None]
REMEDY = ("从原始文件重新核对该批次，必要时从备份恢复，并追查谁能直接访问数据库。",
          "Check this batch against its original file, restore it if need be, and ask who had direct access.")
# Rows fetched between two words about progress.
_REPORT_EVERY = 20_000


@dataclass(slots=True)
class Part:
    """One B entry: so many rows of a batch, in the order of their ids."""

    entry_id: int
    rows: int
    sha256: str
    marks: list[str]


@dataclass(slots=True)
class _Reading:
    """Where the walk stands inside one batch."""

    key: str
    parts: list[Part]
    kinds: list[str]
    later: int = 0
    digest: RowsDigest = field(init=False)
    first_ids: list[int] = field(default_factory=list)
    last_id: int | None = None
    done: int = 0
    extra: list[int] = field(default_factory=list)
    extra_count: int = 0

    def __post_init__(self) -> None:
        self.digest = self.fresh()

    def fresh(self) -> RowsDigest:
        """A digest that has seen nothing."""
        return RowsDigest(self.kinds, lenient=True, skip=2, later=self.later)


class BatchWalk:
    """One pass over the rows of a bulk table; ``run`` adds to the report."""

    def __init__(
        self, connection: BaseDatabaseWrapper, registration: Registration, report: Report, progress: Progress
    ) -> None:
        self.connection, self.registration = connection, registration
        self.report, self.progress = report, progress
        self.table = registration.table

    def run(self) -> None:
        """Every recorded part against the rows that stand there now."""
        recorded = self._recorded()
        total = sum(part.rows for parts in recorded.values() for part in parts)
        quote = self.connection.ops.quote_name
        columns = [self.registration.batch, self.registration.key, *self.registration.row_fields]
        kinds = [kind_of(column) for column in self.registration.row_fields]
        sql = (
            f"SELECT {', '.join(self._read(column) for column in columns)} FROM {quote(self.table)}"
            f" ORDER BY {quote(column_of(self.registration.batch))}, {quote(column_of(self.registration.key))}"
        )
        reading: _Reading | None = None
        current: Any = self
        seen = 0
        with self.connection.chunked_cursor() as cursor:
            cursor.execute(sql)
            while rows := cursor.fetchmany(CHUNK):
                # Rows come sorted by batch: equal ends mean that one batch fills the whole chunk.
                one = rows[0][0] == rows[-1][0]
                for batch, group in [(rows[0][0], rows)] if one else groupby(rows, key=itemgetter(0)):
                    if reading is None or batch != current:
                        current = batch
                        if reading is not None:
                            self._end(reading)
                        key = "" if batch is None else str(batch)
                        reading = _Reading(key, recorded.pop(key, []), kinds, len(self.registration.later_columns))
                    self._take(reading, list(group))
                seen += len(rows)
                if seen % _REPORT_EVERY < CHUNK:
                    self.progress(seen, total, f"核验批次 / batches {self.table}")
        if reading is not None:
            self._end(reading)
        for key, parts in recorded.items():
            if any(part.rows for part in parts):
                self._missing(key, parts)
        self.report.count("batch_rows", seen)

    def _read(self, field: Field[Any, Any]) -> str:
        """How a column is read fastest, and so that no value stops the reading."""
        column = self.connection.ops.quote_name(column_of(field))
        if self.connection.vendor == "sqlite":
            # The plus keeps Python's sqlite3 from parsing dates, at which a tampered one would fail.
            return f"+{column}"
        return f"{column}::text" if isinstance(field, DecimalField) else column

    def _recorded(self) -> dict[str, list[Part]]:
        """Batch key → its parts in the order in which they were recorded; forged ones are left out.

        (The chain walk reports the forged ones.)
        """
        parts: dict[str, list[Part]] = {}
        for entry_id, actor_id, note, row_pk, before, after, proof in stream(
            self.connection,
            'SELECT id, actor_id, note, row_pk, "before", "after", proof FROM audit_entry'
            " WHERE table_name = %s AND kind = 'B' ORDER BY id",
            [self.table],
        ):
            if not hmac.compare_digest(
                proof,
                signature("B", actor_id, note, self.table, row_pk, before, after, using=self.connection.alias),
            ):
                continue
            said = json.loads(after)
            parts.setdefault(row_pk, []).append(Part(entry_id, said["rows"], said["sha256"], said["marks"]))
            self.report.count("batch_parts")
        return parts

    # Reading one batch ------------------------------------------------------------------------

    def _take(self, reading: _Reading, rows: list[Any]) -> None:
        """Digest rows of one batch; they may end one part and begin the next."""
        start = 0
        while start < len(rows):
            while reading.done < len(reading.parts) and reading.digest.rows == reading.parts[reading.done].rows:
                self._close_part(reading)
            if reading.done == len(reading.parts):
                reading.extra_count += len(rows) - start
                reading.extra = [reading.extra[0] if reading.extra else rows[start][1], rows[-1][1]]
                return
            known = reading.digest.rows
            piece = rows[start:start + reading.parts[reading.done].rows - known]
            reading.first_ids += [piece[at][1] for at in range(-known % MARK_EVERY, len(piece), MARK_EVERY)]
            reading.last_id = piece[-1][1]
            reading.digest.add_many(piece)
            start += len(piece)

    def _close_part(self, reading: _Reading) -> None:
        part = reading.parts[reading.done]
        if reading.digest.hexdigest() != part.sha256:
            self._altered(reading, part)
        reading.done += 1
        reading.digest, reading.first_ids, reading.last_id = reading.fresh(), [], None

    def _end(self, reading: _Reading) -> None:
        """The rows of a batch have all been read: close its parts, tell what is left over or lacking."""
        while reading.done < len(reading.parts) and reading.digest.rows == reading.parts[reading.done].rows:
            self._close_part(reading)
        if reading.done < len(reading.parts):
            part = reading.parts[reading.done]
            lacking = sum(later.rows for later in reading.parts[reading.done:]) - reading.digest.rows
            reading.digest.hexdigest()
            start, _end, ids = self._range(reading, part)
            self.report.add(Finding.error(
                "audit_batch_rows_missing",
                f"表 {self.table} 批次 {reading.key} 少了 {lacking} 行；自第 {start} 行起与记录不符（编号 {ids}）。"
                f"{self._cited(reading, 'zh')}",
                f"Batch {reading.key} of table {self.table} lacks {lacking} rows; it differs from row {start} on "
                f"(ids {ids}).{self._cited(reading, 'en')}",
                where=self._place(reading.key, start), measured=reading.digest.rows, required=part.rows, remedy=REMEDY,
            ))
        if reading.extra_count:
            first, last = reading.extra
            what = f"批次 {reading.key}" if reading.parts else f"批次 {reading.key or '（空）'}（无入库记录）"
            self.report.add(Finding.error(
                "audit_rows_unrecorded",
                f"表 {self.table} 有 {reading.extra_count} 行不属于任何已记录的入库：{what}，编号 {first} 至 {last}。",
                f"{reading.extra_count} rows of table {self.table} belong to no recorded intake: "
                f"batch {reading.key or '(none)'}, ids {first} to {last}.",
                where=self._place(reading.key), remedy=REMEDY,
            ))

    # What is found ----------------------------------------------------------------------------

    def _place(self, key: str, row: int | None = None) -> Place:
        return Place(path=f"{self.table}/batch/{key}", row=row)

    def _range(self, reading: _Reading, part: Part) -> tuple[int, int, str]:
        """(first row, last row, ids) of the first thousand rows whose running digest differs."""
        marks = list(zip(reading.digest.marks, part.marks, strict=False))
        number = next((at for at, (mine, theirs) in enumerate(marks) if mine != theirs), len(marks))
        start = number * MARK_EVERY + 1
        end = min(start + MARK_EVERY - 1, max(reading.digest.rows, start))
        first = reading.first_ids[number] if number < len(reading.first_ids) else reading.last_id
        last = reading.first_ids[number + 1] - 1 if number + 1 < len(reading.first_ids) else reading.last_id
        return start, end, f"{first}–{last}"

    def _altered(self, reading: _Reading, part: Part) -> None:
        start, end, ids = self._range(reading, part)
        self.report.add(Finding.error(
            "audit_batch_altered",
            f"表 {self.table} 批次 {reading.key} 的数据被改动：第 {start} 至 {end} 行之间（编号 {ids}）。"
            f"{self._cited(reading, 'zh')}",
            f"Rows of batch {reading.key} of table {self.table} were altered: between rows {start} and {end} "
            f"(ids {ids}).{self._cited(reading, 'en')}",
            where=self._place(reading.key, start), measured=reading.digest.hexdigest(), required=part.sha256,
            remedy=REMEDY,
        ))

    def _missing(self, key: str, parts: list[Part]) -> None:
        rows = sum(part.rows for part in parts)
        self.report.add(Finding.error(
            "audit_batch_missing",
            f"表 {self.table} 批次 {key} 的 {rows} 行全部不见了（入库记录 {parts[0].entry_id}）。",
            f"All {rows} rows of batch {key} of table {self.table} are gone (recorded by entry {parts[0].entry_id}).",
            where=self._place(key), measured=0, required=rows, remedy=REMEDY,
        ))

    def _cited(self, reading: _Reading, language: str) -> str:
        """The trail's own entries about rows of this batch that were changed or deleted, if it saw them."""
        digested = {column.column for column in self.registration.row_fields}
        batch = self.registration.batch.column
        cited = []
        for entry_id, row_pk, before, after in stream(
            self.connection,
            'SELECT id, row_pk, "before", "after" FROM audit_entry'
            " WHERE table_name = %s AND kind IN ('U', 'D') ORDER BY id",
            [self.table],
        ):
            old, new = json.loads(before or "{}"), json.loads(after or "{}")
            if reading.key not in (str(old.get(batch)), str(new.get(batch))):
                continue
            if not new or any(old.get(column) != new.get(column) for column in digested):
                cited.append((entry_id, row_pk))
            if len(cited) == 5:
                break
        if not cited:
            return ""
        if language == "en":
            return " See " + ", ".join(f"entry {entry} (row {row})" for entry, row in cited) + "."
        return "见" + "、".join(f"记录 {entry}（行 {row}）" for entry, row in cited) + "。"
