"""Reading periods as clerks, spreadsheets and publishers write them.

What can be read in one way only is read; what has two readings is refused with a finding that says
both. Four traps, each refused: `03/04/2023` (3 April or 4 March), two-digit years (`Jan-23` may be
23 January), `2023.1` (January, or October after a spreadsheet has cut 2023.10 as a number), and bare
numbers such as 45021, which Excel keeps instead of a date and whose meaning depends on a setting of the
workbook (1900 or 1904 system).

>>> read_period("２０２３年３月６日").code
'2023-03-06'
>>> read_period("13/04/2023", dayfirst=True).code
'2023-04-13'
>>> read_period("03/04/2023").code
'date_order_ambiguous'
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache

from kouan.basis.finding import Finding, Place
from kouan.basis.names import half_width
from kouan.basis.period import FIRST_YEAR, LAST_YEAR, MONTH_NAMES, Period

_MONTHS = {name[:3].lower(): number for number, name in enumerate(MONTH_NAMES, 1)}
_MONTH_WORD = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_REMEDY = (
    "请写成 2023、2023-Q1、2023-03 或 2023-03-06 的形式。",
    "Write it as 2023, 2023-Q1, 2023-03 or 2023-03-06.",
)
_CHINESE_DIGITS = {c: d for d, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "Ｏ": 0}

_LONGEST = 400  # characters; no period is written so long


def read_period(
    value: object, *, dayfirst: bool = False, monthfirst: bool = False,
    fiscal: tuple[int, str] | None = None, where: Place | None = None,
) -> Period | Finding:
    """Read a period from text, a date, or a whole number of the form YYYY, YYYYMM or YYYYMMDD.

    `dayfirst` or `monthfirst` states the order that a source declares for 03/04/2023; giving both is
    a ValueError. `fiscal` states the source's fiscal calendar for FY2023 and 2023财年: the month in which
    the year begins, and whether "start" or "end" names it; without it such a year is asked about.
    The finding's place is `where`.
    """
    if dayfirst and monthfirst:
        raise ValueError("a source puts the day first or the month first, not both")
    answer: Period | Finding
    if isinstance(value, str):
        if len(value) > _LONGEST and len(value.strip()) > _LONGEST:
            answer = _unreadable(value)
        else:
            answer = _read_fiscal(value, fiscal) or _read_text(value, dayfirst, monthfirst)
    elif isinstance(value, Period):
        answer = value
    elif isinstance(value, datetime):
        answer = _read_text(value.isoformat(sep=" "), False, False)
    elif isinstance(value, date):
        answer = _guarded(lambda: Period.day(value), value.isoformat())
    elif isinstance(value, int) and not isinstance(value, bool):
        answer = _read_text(str(value), dayfirst, monthfirst)
    elif isinstance(value, float):
        # 2023.0 is a year that passed through a numeric column; 2023.3 or 45021.5 may be anything.
        answer = (
            _read_text(str(int(value)), dayfirst, monthfirst) if value.is_integer() else _is_number(value)
        )
    else:
        answer = _unreadable("" if value is None else str(value))
    if where is not None and isinstance(answer, Finding):
        return answer.at(where)
    return answer


@lru_cache(maxsize=32768)
def _read_text(text: str, dayfirst: bool, monthfirst: bool) -> Period | Finding:
    plain = " ".join(_arabic(half_width(text)).split())
    if _LOST_ZERO.fullmatch(plain):
        return _month_ambiguous(text, plain[:4])
    for pattern, read in _FORMS:
        match = pattern.fullmatch(plain)
        if match:
            return _guarded(lambda read=read, match=match: read(match), text)  # type: ignore[misc]
    match = _SLASHED.fullmatch(plain)
    if match:
        return _read_slashed(match, text, dayfirst, monthfirst)
    if _TWO_DIGIT_YEAR.fullmatch(plain):
        return Finding.error(
            "year_too_short",
            f"“{text}”的年份不是四位数，无法确定是年还是日。",
            f"“{text}” has no four-digit year, so year and day cannot be told apart.",
            measured=text,
            remedy=_REMEDY,
        )
    if plain.replace(".", "", 1).isdigit():
        return _is_number(text)
    return _unreadable(text)


def _read_fiscal(text: str, fiscal: tuple[int, str] | None) -> Period | Finding | None:
    """A fiscal year by the source's calendar, or the question which one it is; None for anything else."""
    if not _FISCAL_HINT.search(text):
        return None
    match = _FISCAL.fullmatch(" ".join(_arabic(half_width(text)).split()))
    if match is None:
        return None
    year = int(next(filter(None, match.groups())))
    if fiscal is not None:
        begins, named_by = fiscal
        return _guarded(lambda: Period.fiscal_year(year, begins, named_by=named_by), text)
    return Finding.error(
        "fiscal_calendar_unknown",
        f"“{text}”是财政年度，但没有说明哪一种财政年度：内地为1月1日起，香港为4月1日起，美国为上年10月1日起。",
        f"“{text}” is a fiscal year, and its calendar is not stated: it begins on 1 January on the Mainland, on 1 April "
        "in Hong Kong, on 1 October of the year before in the United States.",
        measured=text,
        remedy=(
            "请写明起止日期，如 2023-04-01/2024-03-31，或在数据来源说明的 period 中注明 fiscal（起始月和命名方式）。",
            "Write the first and last day, such as 2023-04-01/2024-03-31, or state fiscal (first month, and which end names "
            "the year) under period in the source's description.",
        ),
    )


def _guarded(make: Callable[[], Period], text: str) -> Period | Finding:
    """Turn the calendar's own objections (30 February, year 0203) into a finding."""
    try:
        return make()
    except ValueError:
        return Finding.error(
            "no_such_date",
            f"日历上没有“{text}”，或年份超出{FIRST_YEAR}—{LAST_YEAR}。",
            f"“{text}” is not in the calendar, or its year lies outside {FIRST_YEAR}–{LAST_YEAR}.",
            measured=text,
            remedy=_REMEDY,
        )


def _unreadable(text: str) -> Finding:
    if not text.strip():
        return Finding.error("period_missing", "缺少时间。", "The period is missing.", remedy=_REMEDY)
    return Finding.error(
        "unreadable_period",
        f"“{text}”不是可识别的时间。",
        f"“{text}” cannot be read as a period.",
        measured=text,
        remedy=_REMEDY,
    )


def _month_ambiguous(text: str, year: str) -> Finding:
    return Finding.error(
        "month_ambiguous",
        f"“{text}”可能是{year}年1月，也可能是{year}年10月（表格软件会把 {year}.10 存成 {year}.1）。",
        f"“{text}” may be January {year}, or October: a spreadsheet stores {year}.10 as {year}.1.",
        measured=text,
        remedy=(f"请写成 {year}-01 或 {year}-10。", f"Write {year}-01 or {year}-10."),
    )


def _is_number(value: object) -> Finding:
    return Finding.error(
        "period_is_a_number",
        f"“{value}”是数字而不是日期，可能是 Excel 的日期序列号；系统不作猜测。",
        f"“{value}” is a number, not a date; it may be an Excel serial date, which is not guessed.",
        measured=value,
        remedy=(
            "请将该列设为日期或文本格式。" + _REMEDY[0],
            "Format the column as date or text. " + _REMEDY[1],
        ),
    )


def _read_slashed(match: re.Match[str], text: str, dayfirst: bool, monthfirst: bool) -> Period | Finding:
    first, second, year = (int(match[name]) for name in ("first", "second", "year"))
    if dayfirst or monthfirst:
        day, month = (first, second) if dayfirst else (second, first)
        return _guarded(lambda: Period.day(date(year, month, day)), text)
    readings = set()
    for day, month in ((first, second), (second, first)):
        try:
            readings.add(date(year, month, day))
        except ValueError:
            continue  # this order is impossible, so the other one is meant
    if len(readings) == 1:
        return _guarded(lambda: Period.day(readings.pop()), text)
    if not readings:
        return _guarded(lambda: Period.day(date(year, second, first)), text)
    early, late = (Period.day(day) for day in sorted(readings))
    return Finding.error(
        "date_order_ambiguous",
        f"“{text}”可读作{early.label('zh')}或{late.label('zh')}。",
        f"“{text}” may be {early.label('en')} or {late.label('en')}.",
        measured=text,
        remedy=(
            "请在数据来源说明中注明日在前（dayfirst）或月在前（monthfirst），或改写成 2023-04-03 的形式。",
            "State in the source's description whether the day or the month comes first "
            "(dayfirst, monthfirst), or write 2023-04-03.",
        ),
    )


# ---- forms that have one reading ------------------------------------------------------------------


def _day(m: re.Match[str]) -> Period:
    return Period.day(date(int(m["y"]), int(m["m"]), int(m["d"])))


def _month(m: re.Match[str]) -> Period:
    return Period.month(int(m["y"]), int(m["m"]))


def _quarter(m: re.Match[str]) -> Period:
    return Period.quarter(int(m["y"]), int(m["q"]))


def _span(m: re.Match[str]) -> Period:
    return Period.span(date.fromisoformat(m["a"]), date.fromisoformat(m["b"]))


def _word_month(m: re.Match[str]) -> Period:
    return Period.month(int(m["y"]), _MONTHS[m["month"][:3].lower()])


def _word_day(m: re.Match[str]) -> Period:
    return Period.day(date(int(m["y"]), _MONTHS[m["month"][:3].lower()], int(m["d"])))


# A midnight is what spreadsheets and databases append to a date; any other hour is not a period.
_MIDNIGHT = r"(?:[ t]0{1,2}:00(?::00(?:\.0+)?)?|[ ]12:00(?::00)? ?am)?"
_Y, _M, _D = r"(?P<y>\d{4})", r"(?P<m>\d{1,2})", r"(?P<d>\d{1,2})"

_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Period]], ...] = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), read)
    for pattern, read in (
        (r"(?P<y>\d{4})-(?P<m>\d{2})", _month),
        (rf"{_Y}(?P<s>[-/.]){_M}(?P=s){_D}{_MIDNIGHT}", _day),
        (rf"{_Y}(?: ?年度?|年全年)?", lambda m: Period.year(int(m["y"]))),
        (rf"{_Y}[-/.]{_M}", _month),
        (r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", _day),
        (r"(?P<y>(?:18|19|20|21)\d{2})(?P<m>0[1-9]|1[0-2])", _month),
        (rf"{_Y} ?年 ?{_M} ?月(?:份)?", _month),
        (rf"{_Y} ?年 ?{_M} ?月 ?{_D} ?[日号]{_MIDNIGHT}", _day),
        (rf"{_Y}[- /]?q(?P<q>[1-4])", _quarter),
        (rf"q(?P<q>[1-4])[- /,]*{_Y}", _quarter),
        (rf"{_Y} ?年 ?第?(?P<q>[1-4]) ?季度?", _quarter),
        (rf"{_Y} ?年 ?(?P<h>[上下])半年", lambda m: Period.half(int(m["y"]), 1 if m["h"] == "上" else 2)),
        (rf"{_Y}-?h(?P<h>[12])", lambda m: Period.half(int(m["y"]), int(m["h"]))),
        (
            rf"{_Y} ?年 ?(?P<a>\d{{1,2}}) ?月? ?(?:[-—–~至到]|——) ?(?P<b>\d{{1,2}}) ?月(?:份)?",
            lambda m: Period.months_of(int(m["y"]), int(m["a"]), int(m["b"])),
        ),
        (r"(?P<a>\d{4}-\d{2}-\d{2}) ?(?:/|--|至|to|\.\.) ?(?P<b>\d{4}-\d{2}-\d{2})", _span),
        (rf"{_MONTH_WORD}[ ,\-]*{_Y}", _word_month),
        (rf"{_Y}[ ,\-]*{_MONTH_WORD}", _word_month),
        (rf"{_MONTH_WORD} ?{_D}(?:st|nd|rd|th)?,? {_Y}", _word_day),
        (rf"{_D}(?:st|nd|rd|th)?[ \-]{_MONTH_WORD}[ ,\-]*{_Y}", _word_day),
    )
)
_FISCAL_HINT = re.compile(r"fy|ｆｙ|fiscal|[财財]", re.IGNORECASE)
_FISCAL = re.compile(
    r"(?:fy|fiscal year|fiscal) ?(\d{4})|(\d{4}) ?(?:fy|fiscal year)|(\d{4}) ?年?(?:财年|财政年度|財政年度|財年)度?",
    re.ASCII | re.IGNORECASE,
)
_LOST_ZERO = re.compile(r"\d{4}\.1", re.ASCII)
_SLASHED = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<s>[-/.])(?P<second>\d{{1,2}})(?P=s)(?P<year>\d{{4}}){_MIDNIGHT}",
    re.ASCII | re.IGNORECASE,
)
_TWO_DIGIT_YEAR = re.compile(
    rf"\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|{_MONTH_WORD}[-' ]*\d{{1,2}}"
    r"|\d{1,2}[- ]?[a-z]{3,9}\.?(?:[- ]\d{2})?|\d{2}年\d{1,2}月(?:\d{1,2}日)?",
    re.ASCII | re.IGNORECASE,
)


# ---- Chinese numerals -----------------------------------------------------------------------------

_CHINESE_YEAR = re.compile(r"[〇零○一二三四五六七八九]{4}(?=年|财|財)")
_CHINESE_NUMBER = re.compile(r"(?P<tens>[二三]?十)?(?P<ones>[一二三四五六七八九])?(?=[月日号季])")


def _arabic(text: str) -> str:
    """Write the Chinese numerals of official papers (二〇二三年三月) as digits; leave the rest alone.

    >>> _arabic("二〇二三年十二月三十一日")
    '2023年12月31日'
    >>> _arabic("2023年一季度")
    '2023年1季度'
    """
    text = _CHINESE_YEAR.sub(lambda m: "".join(str(_CHINESE_DIGITS[c]) for c in m[0]), text)

    def number(m: re.Match[str]) -> str:
        if not m[0]:
            return ""
        tens = m["tens"] or ""
        value = 0
        if tens:
            value = 10 * (_CHINESE_DIGITS[tens[0]] if len(tens) == 2 else 1)
        return str(value + (_CHINESE_DIGITS[m["ones"]] if m["ones"] else 0))

    return _CHINESE_NUMBER.sub(number, text)
