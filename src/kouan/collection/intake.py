"""Examining a file: read it, understand each row, find repeats, compare with what is known.

Nothing here writes. ``actions.py`` examines outside any transaction, so that other writers wait only
for the writing itself, and compares once more under the lock.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from kouan.basis import Finding, Period, Place, Refused, SubjectRef, clock, numbers
from kouan.collection import contradictions, duplicates, store
from kouan.collection.cells import word_of
from kouan.collection.interpret import Figures, Interpreter, Progress, SeriesKey
from kouan.collection.readers import Limits, OpenFile, Row, Sheet, column_letters, open_file
from kouan.collection.readers import limits as bounds
from kouan.collection.recognise import Match, match_sheets
from kouan.collection.report import IntakeReport
from kouan.collection.sources import Source
from kouan.collection.subjects import Directory
from kouan.collection.tally import Fault, Tally
from kouan.desk.actions import bears_stamp, refuse_secrets, secrecy_refusal


def silent(done: int, total: int | None, stage: str) -> None:
    """The reporter of progress for those who do not ask."""


@dataclass(slots=True)
class Examination:
    """All that a file says, before it is compared with what is known."""

    source: Source
    origin: str
    path: Path
    name: str
    sha256: str
    size: int
    encoding: str
    layout: str
    sheets: list[str]
    headers: list[list[str]]
    tally: Tally
    figures: Figures
    series: dict[SeriesKey, int]
    measure_units: dict[str, str]
    periods: dict[Period, int]
    foreign: list[str]
    read: int
    keep: np.ndarray  # which figures are accepted
    accepted: int
    started: float

    def report(self) -> IntakeReport:
        """The counts of rows; those of figures come with the comparison."""
        refused = sum(fault.is_refused for fault in self.tally.faults)
        listed = self.tally.by_row()
        return IntakeReport(
            self.source.id, self.name, self.sha256, None, self.read, self.accepted,
            len(self.tally.faults) - refused, refused, seconds=time.monotonic() - self.started,
            findings=self.tally.summary(), row_findings=listed, row_findings_left=self.tally.total - len(listed),
        )


def checksum(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def origin_here(source: Source, file: OpenFile | None, name: str) -> str:
    """Whose figures these are in this workspace. Raises Refused where they must not enter it."""
    workspace = "exercise" if settings.IS_EXERCISE else "real"
    marked = file.marks.get("workspace") if file else None
    origin = source.origin_in(workspace)
    if origin is None or (marked and marked != workspace):
        exercise = workspace == "exercise"
        raise Refused.because(
            "wrong_workspace",
            "真实数据不得进入演练工作区。" if exercise else "演练数据不得进入真实工作区。",
            "Real data must not enter the exercise workspace." if exercise
            else "Exercise data must not enter the real workspace.",
            where=Place(file=name), measured=marked or source.id, required=workspace,
            remedy=("请在对应的工作区提交。", "Submit it in the workspace it belongs to."),
        )
    return origin


def examine(
    path: Path, source: Source, actor: Any, *, name: str = "", limits: Limits | None = None,
    progress: Progress = silent,
) -> Examination:
    """Read a whole file. Raises Refused where the file as a whole cannot be taken in."""
    started = time.monotonic()
    limits = limits or Limits()
    name = name or path.name
    origin_here(source, None, name)
    refuse_secrets(name)
    progress(0, None, "检查 checking")
    try:
        file = open_file(path, name, limits)
    except FileNotFoundError:
        raise Refused.because(
            "no_such_file", f"没有文件“{name}”。", f"There is no file “{name}”.", where=Place(file=name),
            remedy=("请核对路径。", "Check the path."),
        ) from None
    except (IsADirectoryError, PermissionError) as error:
        raise Refused.because(
            "unreadable_file", f"文件“{name}”无法打开。", f"“{name}” cannot be opened.", where=Place(file=name),
            measured=error.strerror, remedy=("请核对路径和权限。", "Check path and permissions."),
        ) from error
    origin = origin_here(source, file, name)
    for sheet in file.sheets:
        refuse_secrets(sheet.name)
        sheet.rows = _without_secrets(sheet.rows, sheet, name)
    sha256, size = checksum(path)
    tally = Tally(name)
    matches, remarks = match_sheets(file, source, name, limits.header_search)
    tally.notes(remarks)
    directory = Directory.load(actor, {match.layout.subject["kind"] for match in matches})
    interpreter = Interpreter(source, directory, tally, limits, clock.today(), progress)
    for match in matches:
        interpreter.read_sheet(match)
    read = {match.sheet.index for match in matches}
    for sheet in file.sheets:
        if sheet.index not in read:
            deque(sheet.rows, maxlen=0)  # not read as data, but the file is kept whole: it may bear no secret
    if not interpreter.read:
        raise bounds.empty(name)
    names = [sheet.name for sheet in file.sheets]
    last = max(sheet.index for sheet in file.sheets) + 1
    by_index = {sheet.index: sheet.name for sheet in file.sheets}
    headers: list[list[str]] = [[] for _ in range(last)]
    for match in matches:
        headers[match.sheet.index] = match.header
    names = [by_index.get(index, "") for index in range(last)]
    keep, accepted = _sorted_out(path, name, limits, interpreter, matches, names)
    return Examination(
        source, origin, path, name, sha256, size, file.encoding, matches[0].layout.id, names, headers, tally,
        interpreter.figures, interpreter.series, interpreter.measure_units, interpreter.periods,
        interpreter.foreign, interpreter.read, keep, accepted, started,
    )


def _without_secrets(rows: Iterator[Row], sheet: Sheet, name: str) -> Iterator[Row]:
    """The rows of a sheet; Refused at the first cell with a mark of secrecy, wherever it stands."""
    for row in rows:
        for index, cell in enumerate(row[1]):
            if type(cell) is str and "密" in cell and bears_stamp(cell):
                column = column_letters(index + 1)
                where = Place(
                    name, sheet.name or None, row[0], None if sheet.has_letters else f"{index + 1}",
                    f"{column}{row[0]}" if sheet.has_letters else None,
                )
                raise secrecy_refusal(f"文件“{name}”的单元格", f"A cell of “{name}”", where)
        yield row


# ---- repeats within the file ----------------------------------------------------------------------------


def _sorted_out(
    path: Path, name: str, limits: Limits, interpreter: Interpreter, matches: list[Match], sheets: list[str]
) -> tuple[np.ndarray, int]:
    """Take doubles, conflicts and contradictions out of the accepted rows; they become faults with their
    own cells. Answers which figures are kept, and the number of accepted rows."""
    figures, tally = interpreter.figures, interpreter.tally
    interpreter.progress(interpreter.read, interpreter.read, "查重 repeats")
    repeats = duplicates.find_repeats(figures, len(interpreter.periods))
    keep = np.ones(len(figures.series), dtype=bool)
    at = np.frombuffer(figures.at, dtype=np.int64) if figures.at else np.empty(0, np.int64)
    out = sorted({*repeats.doubles, *repeats.conflicts})
    if out:
        keep &= ~np.isin(at, np.array(out, dtype=np.int64))
    clashes = contradictions.within_file(figures, interpreter.series, interpreter.periods, keep)
    if clashes:
        keep &= ~np.isin(at, np.array(sorted(clashes), dtype=np.int64))
        out = sorted({*out, *clashes})
    if not out:
        return keep, len(figures.rows)
    if tally.fault_count + len(out) > limits.faults:
        raise Refused([_double(Place(file=name), "", ""), *tally.too_many(limits.faults)])
    wanted = {(figures.sheets[row], figures.rows[row]) for row in out}
    cells = dict(read_rows(path, name, wanted, limits))
    headers = {match.sheet.index: match.header for match in matches}
    series, kin = list(interpreter.series), contradictions.Kin(interpreter.series)
    periods = list(interpreter.periods)
    place_of = partial(_place, figures, name, sheets, headers)

    def words_for(row: int) -> str:
        sheet = sheets[figures.sheets[row]] if len(matches) > 1 else ""
        return f"{sheet}!{figures.rows[row]}" if sheet else str(figures.rows[row])

    for row in out:
        sheet, number = figures.sheets[row], figures.rows[row]
        first = int(np.searchsorted(at, row))
        where = place_of(first)
        is_double = row in repeats.doubles
        if row in clashes:
            finding = contradictions.finding_of(
                clashes[row], kin, periods, place_of, _own(clashes[row], figures, row, first), is_held=True
            )
        elif is_double:
            finding = _double(where, words_for(repeats.doubles[row]), words_for(repeats.doubles[row]))
        else:
            others = repeats.conflicts[row]
            finding = _conflict(
                where, "、".join(map(words_for, others)), ", ".join(map(words_for, others)),
                _figure(figures, at, row), " / ".join(_figure(figures, at, other) for other in others),
            )
        kind, code = series[figures.series[first]][:2]
        tally.fault(Fault(sheet, number, is_double, cells.get((sheet, number), []), SubjectRef.of(kind, code), (finding,)))
    return keep, len(figures.rows) - len(out)


def _own(clash: contradictions.Clash, figures: Figures, row: int, first: int) -> int:
    """The figure of a row by which it takes part in a clash."""
    return next(
        (said.figure for _, said in clash.figures if said.figure is not None and figures.at[said.figure] == row), first
    )


def _place(
    figures: Figures, name: str, sheets: Sequence[str], headers: Mapping[int, list[str]] | Sequence[list[str]], index: int
) -> Place:
    """Where a figure stands: row and column, or the cell where users name cells."""
    at, column = figures.at[index], figures.column[index]
    sheet, row = figures.sheets[at], figures.rows[at]
    header = headers[sheet]
    title = header[column - 1].strip() if column <= len(header) else None
    cell = f"{column_letters(column)}{row}" if sheets[sheet] else None
    return Place(name, sheets[sheet] or None, row, title or None, cell)


def _figure(figures: Figures, at: np.ndarray, row: int) -> str:
    first, last = np.searchsorted(at, [row, row + 1])
    values = (figures.value[i] for i in range(int(first), int(last)))
    return "、".join(numbers.plain(Decimal(value)) for value in values)


def _double(where: Place, zh: str, en: str) -> Finding:
    return Finding.error(
        "duplicate_row", f"与第{zh}行完全重复，拒收。", f"It repeats row {en} exactly and is refused.", where=where,
        remedy=("无需处理；如两行本应不同，请改正后重新提交。", "Nothing to do; if the two should differ, correct and resubmit."),
    )


def _conflict(where: Place, zh: str, en: str, this: str, other: str) -> Finding:
    """Neither figure is what is required: both stand in the message, and nobody can tell which is right."""
    return Finding.error(
        "conflicting_rows", f"与第{zh}行对象、指标和时期相同而数值不同（本行：{this}；第{zh}行：{other}），均暂存。",
        f"Row {en} gives another figure for the same subject, measure and period (this row: {this}; row {en}: {other}); both are held.",
        where=where, measured=this,
        remedy=("请核实后在暂存区采用其中一个，或改正后重新提交。", "Verify, then accept one in the holding area, or correct and resubmit."),
    )


def read_rows(
    path: Path, name: str, wanted: set[tuple[int, int]], limits: Limits | None = None
) -> Iterator[tuple[tuple[int, int], list[str]]]:
    """The cells of some rows, by (sheet, row), as text: a second pass over the file that stops early."""
    left = set(wanted)
    for sheet in open_file(path, name, limits).sheets:
        mine = {row for index, row in left if index == sheet.index}
        with suppress(StopIteration):
            while mine:
                number, cells = next(sheet.rows)
                if number in mine:
                    mine.discard(number)
                    left.discard((sheet.index, number))
                    yield (sheet.index, number), [word_of(cell) for cell in cells]


# ---- against what is known ------------------------------------------------------------------------------


@dataclass(slots=True)
class Comparison:
    """Which accepted figures are new, revised or unchanged. ``rows``: (index, revision) to be written."""

    rows: list[tuple[int, int]] = field(default_factory=list)
    observations: int = 0
    revisions: int = 0
    unchanged: int = 0


def compare(examination: Examination, progress: Progress = silent) -> tuple[Comparison, dict[SeriesKey, int]]:
    """Hold the accepted figures against the recorded ones. Also answers the series known so far."""
    figures = examination.figures
    found = store.find_series(
        examination.source.id, examination.source.definition_code, examination.origin
    )
    series_ids = {found[key]: number for key, number in examination.series.items() if key in found}
    known = store.known_values(series_ids, examination.periods, progress)
    keys = duplicates.keys_of(figures, len(examination.periods))
    # Series in the order of the file, periods by their days: the order of the unique index.
    starts = np.array([period.start.toordinal() for period in examination.periods] or [0])
    accepted = np.flatnonzero(examination.keep)
    series = np.frombuffer(figures.series, dtype=np.int64) if figures.series else np.empty(0, np.int64)
    period = np.frombuffer(figures.period, dtype=np.int64) if figures.period else np.empty(0, np.int64)
    accepted = accepted[np.lexsort((starts[period[accepted]], series[accepted]))]
    comparison = Comparison()
    values, put = figures.value, comparison.rows.append
    if not known:
        comparison.rows = [(index, 1) for index in accepted.tolist()]
        comparison.observations = len(comparison.rows)
    for index, key in zip(accepted.tolist(), keys[accepted].tolist(), strict=True) if known else ():
        last = known.get(key)
        if last is None:
            comparison.observations += 1
            put((index, 1))
        elif store.same(last[1], values[index]):
            comparison.unchanged += 1
        else:
            comparison.revisions += 1
            put((index, last[0] + 1))
    _warn_of_recorded(examination, found, [index for index, _ in comparison.rows])
    return comparison, found


def _warn_of_recorded(examination: Examination, found: dict[SeriesKey, int], written: list[int]) -> None:
    """Remark where a figure to be written contradicts one that is recorded: total and directions, a month
    and its year."""
    figures, series = examination.figures, dict(examination.series)
    subjects = {key[:3] for key in series}
    for key in found:
        if key[:3] in subjects:
            series.setdefault(key, len(series))
    kin = contradictions.Kin(series)
    wanted = [index for index in written if kin.is_of_interest(figures.series[index])]
    if not wanted:
        return
    periods, by_number = dict(examination.periods), list(examination.periods)
    for index in wanted:
        for period in kin.relatives(figures.series[index], by_number[figures.period[index]]):
            periods.setdefault(period, len(periods))
    ids = {found[key]: number for key, number in series.items() if key in found and kin.is_of_interest(number)}
    recorded, size = store.known_values(ids, periods, silent), len(periods)
    here = {
        (figures.series[index], figures.period[index]): index for index in np.flatnonzero(examination.keep).tolist()
        if kin.is_of_interest(figures.series[index])
    }

    def look(number: int, period: int) -> contradictions.Said | None:
        index = here.get((number, period))
        if index is not None:
            return contradictions.said_by(figures, kin, index)
        last = recorded.get(number * size + period)
        return None if last is None else contradictions.Said(Decimal(str(last[1])), kin.half(number), None)

    place_of = partial(_place, figures, examination.name, examination.sheets, examination.headers)
    said, told = list(periods), set()
    for index in wanted:
        for clash in kin.clashes(figures.series[index], by_number[figures.period[index]], periods, look):
            who = (clash.code, *(place for place, _ in clash.figures))
            if who in told or all(each.figure is not None for _, each in clash.figures):
                continue
            told.add(who)
            examination.tally.notes([contradictions.finding_of(clash, kin, said, place_of, index, is_held=False)])
