"""From rows to figures: what each row says, under the source's description.

Speed comes from memory: a file of 400,000 rows holds a few thousand different combinations of port,
measure and unit, a few hundred periods and some ten thousand different numbers, so each is understood
once and looked up afterwards. Figures are kept in flat arrays, not in objects.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from operator import itemgetter
from typing import Any

from kouan.basis import (
    Finding,
    Measure,
    Period,
    PeriodKind,
    Refused,
    SubjectKind,
    SubjectRef,
    Unit,
    measures,
)
from kouan.basis import units as unit_registry
from kouan.collection import value_checks
from kouan.collection.cells import between, column_of, holds, unknown_word, without_code, word_of
from kouan.collection.readers import Limits, Row
from kouan.collection.recognise import Match
from kouan.collection.sources import Layout, Source, ValueColumn
from kouan.collection.subjects import Answer, Directory
from kouan.collection.tally import Fault, Tally
from kouan.collection.value_checks import Value

Progress = Callable[[int, int | None, str], None]
SeriesKey = tuple[str, str, str, str, str, str]  # kind, code, measure, direction, group, granularity
_EVERY = 8192
_SCALES = frozenset("千万亿")


@dataclass(slots=True)
class Figures:
    """Every figure of the rows that look sound so far, in file order.

    Per figure: number of its series, of its period, its value and column, and the place of its row in
    `rows`. Per row: sheet and row number.
    """

    series: array[int] = field(default_factory=lambda: array("q"))
    period: array[int] = field(default_factory=lambda: array("q"))
    value: list[Value] = field(default_factory=list)
    column: array[int] = field(default_factory=lambda: array("H"))
    at: array[int] = field(default_factory=lambda: array("q"))
    rows: array[int] = field(default_factory=lambda: array("q"))
    sheets: array[int] = field(default_factory=lambda: array("H"))
    rounding: dict[int, Decimal] = field(default_factory=dict)  # figure → half of its last place, if it has one


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of figures of one kind of row: where it stands and what it measures."""

    index: int
    measure: Measure
    direction: str
    group: str
    source_unit: Unit
    base_unit: Unit
    ceiling: int | None
    is_counted: bool


@dataclass(slots=True)
class _What:
    """What rows with these words are about. `numbers`: the series of each column, by granularity."""

    subject: SubjectRef | None
    columns: tuple[_Column, ...]
    faults: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    is_foreign: bool
    numbers: dict[PeriodKind, tuple[int, ...]] = field(default_factory=dict)


class Interpreter:
    """Reads the sheets of one file under one source for one submitter."""

    def __init__(
        self, source: Source, directory: Directory, tally: Tally, limits: Limits, today: date, progress: Progress,
        *, believe: bool = False,
    ) -> None:
        self.believe = believe  # a person vouches for the figures: no ceiling
        self.source, self.directory, self.tally, self.limits = source, directory, tally, limits
        self.today, self.progress = today, progress
        self.figures = Figures()
        self.series: dict[SeriesKey, int] = {}
        self.measure_units: dict[str, str] = {}
        self.periods: dict[Period, int] = {}
        self.foreign: list[str] = []
        self.read = 0
        self._known: dict[tuple[str, ...], Any] = {}
        self._unknown_words = 0

    # ---- one sheet -----------------------------------------------------------------------------------

    def read_sheet(self, match: Match) -> None:
        """Read every row below the header. Raises Refused when the file has too many faults."""
        layout, positions, sheet = match.layout, match.positions, match.sheet
        what_names = _what_columns(layout, positions)
        what_of = _getter([positions[name] for name in what_names])
        when_of = _getter([positions[name] for name in layout.period_columns])
        values = [(positions[each.column], each) for each in layout.values if each.column in positions]
        value_indexes = [index for index, _ in values]
        only = value_indexes[0] if len(value_indexes) == 1 else None
        sums = [([positions[part] for part in check.parts], positions[check.whole]) for check in layout.sums]
        used = set(positions.values())
        width, last_used = len(match.header), max(used)
        formula_rows = {row: column for row, column in sorted(sheet.formulas, reverse=True) if column - 1 in used}
        whats: dict[Any, _What] = {}
        whens: dict[Any, tuple[Period | None, int, tuple[Finding, ...]]] = {}
        figures, index, total = self.figures, sheet.index, sheet.total
        put_series, put_period = figures.series.append, figures.period.append
        put_value, put_column, put_at = figures.value.append, figures.column.append, figures.at.append
        put_row, put_sheet = figures.rows.append, figures.sheets.append
        read_value = value_checks.read_value
        count = self.read
        for number, cells in _without_example(match):
            if not any(cells) and not any(cell not in ("", None) for cell in cells):
                continue
            size = len(cells)
            ragged = False
            if size != width:
                ragged = size > width and any(cell not in ("", None) for cell in cells[width:])
                if size <= last_used:
                    ragged = True
                    cells = [*cells, *[""] * (last_used + 1 - size)]
            words, times = what_of(cells), when_of(cells)
            what = whats.get(words)
            if what is None:
                what = whats[words] = self._what(layout, dict(zip(what_names, _tuple(words), strict=True)), values)
            count += 1
            if not count % _EVERY:
                self.progress(count, total, "读取 reading")
            when = whens.get(times)
            if when is None:
                when = whens[times] = self._when(layout, _tuple(times))
            period, period_number, period_faults = when
            if period is None or ragged or what.faults or (formula_rows and number in formula_rows):
                if all(cell is None or not str(cell).strip() for cell in cells):
                    count -= 1
                    continue
                self._fault(match, number, cells, what, period_faults, ragged, formula_rows.get(number), only)
                continue
            if only is not None:
                reading = read_value(cells[only])
                value, column = reading.value, what.columns[0]
                if (
                    value is None
                    or column.source_unit is not column.base_unit
                    or (column.ceiling is not None and value > column.ceiling)
                    or type(value) is not int
                    or reading.is_scaled
                ):
                    value, finding, is_refused = self._checked(reading, cells[only], column, period)
                    if finding is not None:
                        self._record(match, number, cells, what, [(finding, only)], is_refused)
                        continue
                    half = value_checks.half_place(reading.value, cells[only], column.source_unit, column.base_unit)
                    if half:
                        figures.rounding[len(figures.value)] = half
                numbers = what.numbers.get(period.kind) or self._numbers(what, period.kind)
                put_series(numbers[0])
                put_period(period_number)
                put_value(value)
                put_column(only + 1)
                put_at(len(figures.rows))
            else:
                found = self._several(cells, what, period, sums)
                if isinstance(found, tuple):
                    self._record(match, number, cells, what, found[0], found[1])
                    continue
                numbers = what.numbers.get(period.kind) or self._numbers(what, period.kind)
                at = len(figures.rows)
                for series_number, column, value in zip(numbers, what.columns, found, strict=True):
                    if column.source_unit is not column.base_unit or type(value) is not int:
                        raw = cells[column.index]
                        half = value_checks.half_place(read_value(raw).value, raw, column.source_unit, column.base_unit)
                        if half:
                            figures.rounding[len(figures.value)] = half
                    put_series(series_number)
                    put_period(period_number)
                    put_value(value)
                    put_column(column.index + 1)
                    put_at(at)
            put_row(number)
            put_sheet(index)
            if what.notes:
                for note in what.notes:
                    self.tally.note(note, sheet, number)
        self.read = count
        self.progress(count, count, "读取 reading")

    # ---- values --------------------------------------------------------------------------------------

    def _checked(
        self, reading: value_checks.Reading, raw: Any, column: _Column, period: Period
    ) -> tuple[Value, Finding | None, bool]:
        """The value in the base unit, or the finding that stops the row, and whether it is refused."""
        if reading.finding is not None or reading.value is None:
            return 0, reading.finding or _nothing_read(), reading.is_refused
        value: Value = reading.value
        if column.source_unit is not column.base_unit:
            if isinstance(raw, str) and _SCALES & set(raw) and column.source_unit.factor >= 1000:
                return 0, Finding.error(
                    "scaled_twice", f"数值“{raw}”和单位“{column.source_unit.name.zh}”都带有倍数，无法确定。",
                    f"Both the figure “{raw}” and the unit “{column.source_unit.name.en}” carry a multiple.",
                    measured=f"{raw} {column.source_unit.name.zh}",
                    remedy=("请只在单位一列写明倍数。", "Write the multiple in the unit's column only."),
                ), False
            turned = value_checks.converted(value, column.source_unit, column.base_unit)
            if isinstance(turned, Finding):
                return 0, turned, False
            value = turned
        if type(value) is not int or value >= 10**15:
            unfit = value_checks.fits_store(value)
            if unfit is not None:
                return 0, unfit, True
        if column.is_counted and type(value) is not int:
            return 0, value_checks.not_whole(value, column.measure), False
        if column.ceiling is not None and value > column.ceiling * period.day_count:
            return 0, value_checks.absurd(value, column.ceiling, period.day_count), False
        return value, None, False

    def _several(
        self, cells: Sequence[Any], what: _What, period: Period, sums: list[tuple[list[int], int]]
    ) -> list[Value] | tuple[list[tuple[Finding, int]], bool]:
        """The values of a row with several columns of figures, or its findings with their columns."""
        found: list[Value] = []
        faults: list[tuple[Finding, int]] = []
        refused = 0
        for column in what.columns:
            raw = cells[column.index]
            reading = value_checks.read_value(raw)
            value = reading.value
            if (
                value is None or column.source_unit is not column.base_unit or type(value) is not int
                or (column.ceiling is not None and value > column.ceiling)
            ):
                value, finding, is_refused = self._checked(reading, raw, column, period)
                if finding is not None:
                    faults.append((finding, column.index))
                    refused += is_refused
            found.append(value)
        if faults:
            return faults, refused == len(what.columns)
        at = {column.index: value for column, value in zip(what.columns, found, strict=True)} if sums else {}
        for parts, whole in sums:
            added = sum(at[part] for part in parts)
            if added != at[whole]:
                return [(Finding.error(
                    "parts_do_not_sum", "分项之和不等于合计。", "The parts do not add up to the total.",
                    measured=f"{added:,}", required=f"{at[whole]:,}",
                    remedy=("请核对该行各数。", "Check the figures of the row."),
                ), whole)], False
        return found

    # ---- what and when, understood once ----------------------------------------------------------------

    def _numbers(self, what: _What, kind: PeriodKind) -> tuple[int, ...]:
        subject = what.subject
        if subject is None:
            raise RuntimeError("a row without a subject and without a finding")
        numbers = []
        for column in what.columns:
            key = (subject.kind.value, subject.code, column.measure.code, column.direction, column.group, kind.value)
            numbers.append(self.series.setdefault(key, len(self.series)))
            self.measure_units[column.measure.code] = column.base_unit.code
        what.numbers[kind] = tuple(numbers)
        return what.numbers[kind]

    def _what(self, layout: Layout, raw: dict[str, Any], values: list[tuple[int, ValueColumn]]) -> _What:
        words = {name: word_of(cell) for name, cell in raw.items()}
        roles = tuple(words.get(column, "") for column in layout.subject.values() if isinstance(column, str))
        answer: Answer = self._once(("subject", *roles), lambda: self.directory.find(layout.subject, words))
        faults = [finding for finding in answer.findings if finding.is_error]
        notes = [finding for finding in answer.findings if not finding.is_error]
        if answer.is_foreign:
            self.foreign.append(words.get(layout.subject.get("name", ""), ""))
        stated = [
            Finding.error(hold.code, *hold.message, remedy=hold.remedy)
            for hold in layout.holds if holds(hold.when, words)
        ]
        # One reason is enough where the source itself says why such rows are held.
        held_here = bool(stated)
        faults = stated or faults
        columns: list[_Column] = []
        for index, value in values:
            column = self._column(layout, words, index, value, answer.subject)
            if isinstance(column, Finding):
                # What several columns of figures say of the row is one fault of the row.
                if not held_here and column not in faults:
                    faults.append(column)
            else:
                columns.append(column)
        return _What(answer.subject, tuple(columns), tuple(faults), tuple(notes), answer.is_foreign)

    def _once(self, key: tuple[str, ...], find: Callable[[], Any]) -> Any:
        """Look a word up once: finding the nearest names to an unknown one takes milliseconds.

        A file with very many different unknown words is no file of this source, and is refused.
        """
        if key not in self._known:
            found = self._known[key] = find()
            if isinstance(found, Finding) or (isinstance(found, Answer) and found.subject is None):
                self._unknown_words += 1
                if self._unknown_words > self.limits.unknown_words:
                    raise Refused(self.tally.too_many_words(self.limits.unknown_words, found))
        return self._known[key]

    def _column(
        self, layout: Layout, words: dict[str, str], index: int, value: ValueColumn, subject: SubjectRef | None
    ) -> _Column | Finding:
        unit = self._unit(layout, words, value)
        if isinstance(unit, Finding):
            return self._unit_for(layout, words, value, unit)
        found = self._measure(layout, words, value, unit)
        if isinstance(found, Finding):
            return found
        measure, group = found
        direction = self._direction(layout, words, measure)
        if isinstance(direction, Finding):
            return direction
        group = self._group(layout, words, group)
        wrong = measure.check(direction, group)
        if wrong is not None:
            return wrong
        base = measure.base_unit
        source_unit = unit or base
        if not source_unit.converts_to(base):
            return unit_registry.incompatible(source_unit, base)
        is_single = subject is not None and subject.kind not in (
            SubjectKind.NATION, SubjectKind.PROVINCE, SubjectKind.GROUP
        )
        # A unit of the general kind (10k units) needs no arithmetic when its factor is the same.
        source_unit = base if source_unit.factor == base.factor else source_unit
        ceiling = None if self.believe else value_checks.ceiling_per_day(measure, is_single)
        return _Column(
            index, measure, direction, group, source_unit, base, ceiling, value_checks.is_counted(measure)
        )

    def _unit(self, layout: Layout, words: dict[str, str], value: ValueColumn) -> Unit | Finding | None:
        if layout.unit_column and layout.unit_column in words:
            word = words[layout.unit_column]
            unit: Unit | Finding = self._once(("unit", word), lambda: unit_registry.find(word))
            return unit
        return unit_registry.get(value.unit) if value.unit else None

    def _unit_for(self, layout: Layout, words: dict[str, str], value: ValueColumn, unknown: Finding) -> Finding:
        """An unknown unit with what would fit the row's measure, where that is known."""
        found = self._measure(layout, words, value, None)
        word = words.get(layout.unit_column or "", "")
        if isinstance(found, Finding) or not word:
            return unknown
        base = found[0].base_unit
        better = self._once(("unit", word, base.code), lambda: unit_registry.find(word, fits=base))
        return better if isinstance(better, Finding) else unknown

    def _measure(
        self, layout: Layout, words: dict[str, str], value: ValueColumn, unit: Unit | None
    ) -> tuple[Measure, str] | Finding:
        if value.measure:
            return measures.get(value.measure), value.group
        word = words.get(layout.measure_column or "", "")
        if layout.measure_words is None:
            found: Measure | Finding = self._once(("measure", word), lambda: measures.find(without_code(word)))
            if isinstance(found, Measure) and found.is_benchmark:
                return unknown_word("unknown_measure", "指标", "measure", word, ())
            return found if isinstance(found, Finding) else (found, measures.ALL)
        meaning = layout.measure_words.get(word)
        if meaning is None:
            return unknown_word("unknown_measure", "指标", "measure", word, layout.measure_words)
        if isinstance(meaning, dict):
            return measures.get(meaning["measure"]), meaning.get("group", measures.ALL)
        if isinstance(meaning, list):
            # A word that stands for several measures is told apart by its unit (yuan or dollars).
            known = [measures.get(code) for code in meaning]
            fitting = [each for each in known if unit is not None and unit.converts_to(each.base_unit)]
            return (fitting or known)[0], measures.ALL
        return measures.get(meaning), measures.ALL

    def _direction(self, layout: Layout, words: dict[str, str], measure: Measure) -> str | Finding:
        if layout.direction:
            return layout.direction
        word = words.get(layout.direction_column or "", "")
        if not word and layout.direction_column not in words:
            return measure.default_direction.value
        if not word and layout.direction_column in layout.optional:
            return measure.default_direction.value
        direction = layout.direction_words.get(word) or layout.direction_words.get(word.casefold())
        return direction or unknown_word("unknown_direction", "方向", "direction", word, layout.direction_words)

    def _group(self, layout: Layout, words: dict[str, str], group: str) -> str:
        word = words.get(layout.group_column or "", "")
        if not word or group != measures.ALL:
            return group
        for each in measures.groups().values():
            if word in (each.code, each.name.zh, each.name.en):
                return each.code
        return layout.group_words.get(word, word)

    def _when(self, layout: Layout, raw: tuple[Any, ...]) -> tuple[Period | None, int, tuple[Finding, ...]]:
        if len(raw) == 2:
            period = between(raw[0], raw[1])
        else:
            cell = raw[0].date() if isinstance(raw[0], datetime) and raw[0].time() == datetime.min.time() else raw[0]
            period = Period.read(
                cell.strip() if isinstance(cell, str) else cell, dayfirst=layout.day_first, monthfirst=layout.month_first,
                fiscal=layout.fiscal,
            )
        if isinstance(period, Finding):
            return None, -1, (period,)
        if (
            layout.first_day_is_month and period.kind is PeriodKind.DAY and period.start.day == 1
            and PeriodKind.DAY not in layout.period_kinds
        ):
            # Publishers and spreadsheets write a month as its first day; no days come in this layout.
            period = Period.month(period.start.year, period.start.month)
        earliest = None if self.believe else self.source.earliest
        fault = value_checks.period_fault(period, layout.period_kinds, self.today, earliest)
        if fault is not None:
            return None, -1, (fault,)
        return period, self.periods.setdefault(period, len(self.periods)), ()

    # ---- rows that do not pass -------------------------------------------------------------------------

    def _fault(
        self, match: Match, number: int, cells: Sequence[Any], what: _What, period_faults: tuple[Finding, ...],
        ragged: bool, formula: int | None, only: int | None,
    ) -> None:
        """Gather all that is wrong with a row, so that it need be corrected only once."""
        found: list[tuple[Finding, int | None]] = []
        if formula is not None:
            found.append((Finding.error(
                "formula_cell", "单元格是公式；公式的缓存结果不作为数据依据。",
                "The cell holds a formula; a formula's stored result is not evidence.",
                remedy=("请将公式“选择性粘贴为数值”后重新提交。", "Paste the formula as a value and submit again."),
            ), formula - 1))
        if ragged:
            found.append((Finding.error(
                "ragged_row", "此行的列数与表头不符。数字中的千分位逗号未加引号是常见原因。",
                "The row has not as many cells as the header; an unquoted thousands comma is a common cause.",
                measured=str(len(cells)), required=str(len(match.header)),
                remedy=("请核对此行，含逗号的数字应加引号。", "Check the row; quote numbers that contain commas."),
            ), None))
        else:
            found += [(finding, column_of(finding, match)) for finding in what.faults]
            found += [(finding, match.positions[match.layout.period_columns[0]]) for finding in period_faults]
        refused = False
        if only is not None and not ragged and formula is None:
            reading = value_checks.read_value(cells[only])
            if reading.finding is not None:
                found.append((reading.finding, only))
                refused = reading.is_refused
        errors = {index for index in match.positions.values() if index < len(cells) and value_checks.is_error_cell(cells[index])}
        if errors:
            # That the cell is an error says more than that its text is no port, no period, no unit.
            found = [each for each in found if each[1] not in errors]
            found += [(value_checks.error_cell(str(cells[index]).strip()), index) for index in sorted(errors)]
            refused = False
        self._record(match, number, cells, what, found, refused)

    def _record(
        self, match: Match, number: int, cells: Sequence[Any], what: _What,
        found: Sequence[tuple[Finding, int | None]], refused: bool,
    ) -> None:
        self.tally.fault(Fault(
            match.sheet.index, number, refused, [word_of(cell) for cell in cells], what.subject,
            tuple(self.tally.placed(finding, match, number, column) for finding, column in found),
        ))
        if self.tally.fault_count > self.limits.faults:
            raise Refused(self.tally.too_many(self.limits.faults))


# ---- small things ---------------------------------------------------------------------------------------


def _getter(indexes: list[int]) -> Callable[[Sequence[Any]], Any]:
    return itemgetter(*indexes) if indexes else lambda cells: ()


def _tuple(words: Any) -> tuple[Any, ...]:
    return words if type(words) is tuple else (words,)


def _what_columns(layout: Layout, positions: dict[str, int]) -> list[str]:
    """The columns whose words together say what a row is about (all but period and figures)."""
    roles = [layout.subject.get(role) for role in ("scope", "code", "name", "state", "border", "mode")]
    named = [*roles, layout.measure_column, layout.direction_column, layout.group_column, layout.unit_column]
    for hold in layout.holds:
        named += list(hold.when)
    return [name for name in dict.fromkeys(named) if name and name in positions]


def _without_example(match: Match) -> Iterator[Row]:
    """The rows below the header without the example that our own template begins with."""
    example = [(match.positions[name], word) for name, word in match.layout.example.items() if name in match.positions]
    if not match.layout.example or len(example) < len(match.layout.example):
        return match.rows
    first = next(match.rows, None)
    if first is None:
        return match.rows
    cells = first[1]
    if all(index < len(cells) and word_of(cells[index]).replace(",", "") == word.replace(",", "") for index, word in example):
        return match.rows
    return chain([first], match.rows)


def _nothing_read() -> Finding:
    """Only for the type checker's sake: a reading has a value or a finding."""
    raise RuntimeError("a reading without value and finding")
