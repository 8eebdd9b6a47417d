"""What one figure must hold before it is taken in. Pure: no database, no clock of its own.

>>> from decimal import Decimal
>>> read_value("1,234").value
1234
>>> read_value("-5").finding.code, read_value("").finding.code
('negative_value', 'value_missing')
>>> read_value(0.1 + 0.2).value           # a sheet shows and keeps fifteen digits
Decimal('0.3')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from kouan.basis import Finding, InexactConversion, Measure, Period, Refused, Rollup, Unit, numbers, units

DIGITS = 15  # what a double holds without loss: SQLite and every spreadsheet
PLACES = 6  # decimals that an observation keeps
Value = int | Decimal

# Above these, per day of the period and per subject, a figure is a typing error and not a record. They are
# set at several times the largest ever published (拱北 about 0.5 million person-crossings a day; 宁波舟山港
# about 3.8 million tonnes a day, domestic trade included; the nation about 2 million crossings a day).
CEILINGS_PER_DAY: dict[str, int] = {
    "person_crossings": 5_000_000,
    "t": 50_000_000,
    "movements": 1_000_000,
    "vessel_movements": 50_000,
    "aircraft_movements": 100_000,
    "train_movements": 10_000,
    "vehicle_movements": 1_000_000,
    "teu": 2_000_000,
    "containers": 2_000_000,
    "cny": 1_000_000_000_000,
    "usd": 150_000_000_000,
}
NATION_TIMES = 10  # a nation, province or group may reach this many times a single port's ceiling

# What is counted one by one. TEU are not: a 45-foot container counts 2.25.
COUNTED = frozenset({"person_crossings", "movements", "containers", "people", "count"})
# What a spreadsheet shows instead of a result.
ERROR_CELL = re.compile(r"#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|ERROR!|GETTING_DATA)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A value, or the finding that says why there is none. `is_refused`: there is nothing to hold."""

    value: Value | None = None
    finding: Finding | None = None
    is_refused: bool = False
    is_scaled: bool = False  # written with a multiple: 3万


def whole(value: Decimal) -> Value:
    """An int where the number is whole: smaller, faster, and the same figure."""
    number = int(value)
    return number if number == value else value


def read_value(raw: Any) -> Reading:
    """Read one cell of figures. Zero is a figure; an empty cell or a dash is not reported."""
    if type(raw) is int:
        return _judged(Decimal(raw), str(raw)) if raw < 0 or raw >= 10**DIGITS else Reading(raw)
    if isinstance(raw, float):
        # A worksheet keeps 17 digits of what it shows with 15: 0.30000000000000004 is 0.3.
        raw = Decimal(f"{raw:.15g}") if raw == raw and abs(raw) != float("inf") else raw
    if isinstance(raw, str):
        return _read_text(raw)
    return _read_any(raw)


@lru_cache(maxsize=200_000)
def _read_text(raw: str) -> Reading:
    # The plain whole number is nearly every cell of a large file.
    if raw.isascii() and raw.isdigit() and len(raw) <= DIGITS:
        return Reading(int(raw))
    return _read_any(raw)


def _read_any(raw: Any) -> Reading:
    if is_error_cell(raw):
        return Reading(finding=error_cell(raw.strip()))
    answer = numbers.parse(raw)
    if isinstance(answer, Finding):
        if answer.code == "number_missing":
            return Reading(finding=Finding.error(
                "value_missing", "此行没有数字，按未报送处理，不作零计。",
                "The row has no figure; it counts as not reported, not as zero.",
                measured=answer.measured, remedy=("确为零的，请填 0 后重新提交。", "If the figure is zero, write 0."),
            ), is_refused=True)
        if answer.code == "number_too_long":
            return Reading(finding=_too_long(str(raw)), is_refused=True)
        return Reading(finding=answer)
    return _judged(answer, str(raw))


def is_error_cell(raw: Any) -> bool:
    """Whether a cell holds what a spreadsheet shows for a failed formula (#REF!, #N/A)."""
    return isinstance(raw, str) and raw[:1] in "#＃ " and ERROR_CELL.fullmatch(raw.strip()) is not None


def error_cell(text: str) -> Finding:
    """The finding that a cell holds an error of the spreadsheet; its place is for the caller."""
    return Finding.error(
        "error_cell", f"单元格是表格软件的错误值“{text}”，不是数据，也不等于未报送。",
        f"The cell holds the spreadsheet's error “{text}”: it is no figure, and not the same as not reported.",
        measured=text,
        remedy=("请更正该单元格的公式或数据来源，粘贴为数值后重新提交。",
                "Mend the formula or its source, paste the value, and submit again."),
    )


def is_counted(measure: Measure) -> bool:
    """Whether figures of a measure are whole numbers: things counted, not means, shares or weights."""
    return measure.base_unit.dimension in COUNTED and measure.rollup in (Rollup.SUM, Rollup.MAX, Rollup.LAST)


def not_whole(value: Value, measure: Measure) -> Finding:
    """The finding that something counted one by one has a fraction."""
    return Finding.error(
        "not_whole", f"“{measure.name.zh}”以{measure.base_unit.name.zh or '个'}计数，应为整数。",
        f"“{measure.name.en}” counts {measure.base_unit.name.en or 'things'}: the figure is a whole number.",
        measured=f"{numbers.plain(Decimal(value))} {measure.base_unit.name.zh}".strip(), required="整数 / a whole number",
        remedy=("请核对数值和计量单位（如“万人次”误作“人次”）。", "Check figure and unit (10,000 persons written as persons?)."),
    )


def _judged(value: Decimal, text: str) -> Reading:
    if value < 0:
        return Reading(finding=Finding.error(
            "negative_value", f"“{text}”是负数，该指标不应为负。", f"“{text}” is negative; this measure cannot be.",
            measured=text, required="≥ 0",
            remedy=("如为冲减，请改报更正后的数。", "If it corrects an earlier figure, report the corrected figure."),
        ))
    if len(numbers.tidy(value).normalize().as_tuple().digits) > DIGITS:
        return Reading(finding=_too_long(text), is_refused=True)
    return Reading(whole(value), is_scaled=text.rstrip()[-1:] in ("千", "万", "亿"))


def _too_long(text: str) -> Finding:
    return Finding.error(
        "too_many_digits", f"“{text[:40]}”超过{DIGITS}位有效数字，无法原样保存。",
        f"“{text[:40]}” has more than {DIGITS} significant digits and cannot be kept exactly.",
        measured=text[:60], required=f"≤ {DIGITS}", remedy=("请核对该单元格。", "Check the cell."),
    )


_LAST_PLACE = re.compile(r"(?:\.(\d+))?\s*(万亿|千万|百万|十万|[千万亿])?$")
_TIMES = {"千": 10**3, "万": 10**4, "十万": 10**5, "百万": 10**6, "千万": 10**7, "亿": 10**8, "万亿": 10**12}


def half_place(read: Value | None, raw: Any, source: Unit, target: Unit) -> Decimal:
    """Half of the last place in which a figure was written, in its base unit: how far rounding may go.

    Zero for plain whole numbers. 12.3 万吨 is rounded to 0.1 万吨, so it may be off by 500 t.
    """
    places, times = 0, 1
    if isinstance(raw, str):
        written = _LAST_PLACE.search(raw.strip())
        if written:
            places, times = len(written[1] or ""), _TIMES.get(written[2] or "", 1)
    elif read is not None and type(read) is not int:
        places = max(0, -int(Decimal(read).as_tuple().exponent))
    if not places and times == 1 and source is target:
        return Decimal(0)
    step = Decimal(times).scaleb(-places)
    ratio = source.factor / target.factor
    return step * ratio.numerator / ratio.denominator / 2


def converted(value: Value, source: Unit, target: Unit) -> Value | Finding:
    """The value in the measure's base unit, exactly; a finding where that cannot be done."""
    if source is target:
        return value
    try:
        number = units.convert(Decimal(value), source, target)
    except InexactConversion:
        return Finding.error(
            "inexact_conversion", f"该数不能精确换算为{target.name.zh}。",
            f"The figure cannot be converted exactly to {target.name.en}.",
            measured=f"{value} {source.name.zh}", required=target.name.zh,
            remedy=("请按系统单位填报。", "Report it in the system's unit."),
        )
    except Refused as refusal:
        return refusal.findings[0]
    return whole(number)


def fits_store(value: Value) -> Finding | None:
    """Why a converted value cannot be kept exactly; None when it can."""
    if type(value) is int:
        digits, places = len(str(value).rstrip("0")), 0
    else:
        sign_digits_exponent = numbers.tidy(Decimal(value)).as_tuple()
        digits, places = len(sign_digits_exponent.digits), -int(sign_digits_exponent.exponent)
    if places > PLACES:
        return Finding.error(
            "too_many_decimals", f"换算后小数超过{PLACES}位，无法原样保存。",
            f"In the base unit it has more than {PLACES} decimals and cannot be kept exactly.",
            measured=str(value), required=f"≤ {PLACES}", remedy=("请按系统单位填报。", "Report it in the system's unit."),
        )
    return _too_long(str(value)) if digits > DIGITS or value >= 10**18 else None


def ceiling_per_day(measure: Measure, is_single: bool) -> int | None:
    """The largest believable figure of a day; None for measures without one (times, shares, stocks)."""
    if not measure.is_additive:
        return None
    ceiling = CEILINGS_PER_DAY.get(measure.unit)
    return None if ceiling is None else ceiling * (1 if is_single else NATION_TIMES)


def absurd(value: Value, ceiling: int, days: int) -> Finding:
    """The finding that a figure is beyond belief."""
    return Finding.error(
        "absurd_value", "该数超出任何已知记录的数倍，疑为单位或位数错误。",
        "The figure is several times any known record: the unit or the number of digits is probably wrong.",
        measured=f"{value:,}", required=f"≤ {ceiling * days:,}",
        remedy=("请核对数值和计量单位；确实无误的，由有权限的人员在暂存区核准。",
                "Check figure and unit; if it is right, someone with permission may accept it in the holding area."),
    )


def period_fault(
    period: Period, kinds: frozenset[Any], today: date, earliest: date | None = None
) -> Finding | None:
    """Why a period cannot carry a figure of this source, whose first can be of `earliest`; None when it can."""
    if period.kind not in kinds:
        words = {"day": ("日", "day"), "month": ("月", "month"), "quarter": ("季", "quarter"), "year": ("年", "year"),
                 "span": ("起止日期", "span of days")}
        zh = "、".join(words[kind][0] for kind in words if kind in kinds)
        en = ", ".join(words[kind][1] for kind in words if kind in kinds)
        return Finding.error(
            "period_not_of_source", f"该来源按{zh}报送，不接收“{period.label('zh')}”。",
            f"This source reports by {en}; “{period.label('en')}” is not one.",
            measured=period.code, required=en, remedy=(f"请改为{zh}数据。", f"Report figures by {en}."),
        )
    if period.end > today:
        return Finding.error(
            "future_period", f"{period.label('zh')}尚未结束，不能有数据。",
            f"{period.label('en')} has not ended yet and cannot have a figure.",
            measured=period.code, required=f"≤ {today.isoformat()}", remedy=("请核对时期。", "Check the period."),
        )
    if earliest is not None and period.end < earliest:
        return Finding.error(
            "period_too_early", f"{period.label('zh')}早于该来源可能有的最早数据（{earliest.isoformat()}）。",
            f"{period.label('en')} lies before any figure that this source can have ({earliest.isoformat()}).",
            measured=period.code, required=f"≥ {earliest.isoformat()}",
            remedy=("请核对年份；确为史料的，由有权限的人员在暂存区核准。",
                    "Check the year; if it is a historical record, someone with permission may accept it in the holding area."),
        )
    return None
