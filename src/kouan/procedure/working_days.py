"""Working days: which days an office works, with the weekends worked in exchange (调休), and how periods are counted.

The tables are data, a file a year, each from the State Council's notice of that year. A year without a table is
unknown, not guessed: a new matter whose periods would run into it does not begin, while one under way is counted
by weekends alone and marked provisional until the table is there.

Counting (民法典 第二百零一条, 第二百零三条; 行政许可法 第八十二条): the first day is the one after the event; a
period in working days leaves out weekends and holidays; a period in calendar days or months that ends on a
holiday ends on the next working day.

>>> from datetime import date
>>> days = WorkingDays(bundled_tables())
>>> days.after(date(2024, 2, 7), 3).isoformat()   # 除夕 2024-02-09 was worked; 春节 2024-02-10 to 17, 02-18 worked
'2024-02-18'
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from kouan.basis import Citation, Finding, Place, Refused
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file

_DAY = timedelta(days=1)
_FOLDER = Path(__file__).parent / "calendar"


@dataclass(frozen=True)
class YearTable:
    """One year's days off and weekends worked, and the notice that ordered them.

    ``is_checked``: held against the words of the notice; otherwise the days agree in two independent lists only.
    """

    year: int
    holidays: frozenset[date]
    worked: frozenset[date]
    citation: Citation
    is_checked: bool = True
    note: str = ""


class WorkingDays:
    """The tables of several years as one calendar."""

    def __init__(self, tables: Iterable[YearTable]) -> None:
        self.tables = {table.year: table for table in tables}
        self._off = frozenset(day for table in self.tables.values() for day in table.holidays)
        self._worked = frozenset(day for table in self.tables.values() for day in table.worked)

    def knows(self, day: date) -> bool:
        """Whether the year of the day has a table."""
        return day.year in self.tables

    def is_working(self, day: date) -> bool:
        """Whether offices work on a day; in a year without a table by the weekday alone (ask ``knows``)."""
        if day in self._worked:
            return True
        return day.weekday() < 5 and day not in self._off

    def after(self, day: date, count: int) -> date:
        """The count-th working day after a day; the day itself does not count. 0 answers the day."""
        while count > 0:
            day += _DAY
            count -= self.is_working(day)
        return day

    def between(self, first: date, last: date) -> int:
        """Working days after ``first`` up to and with ``last``; none when last is not later."""
        return sum(self.is_working(first + _DAY * step) for step in range(1, (last - first).days + 1))

    def or_next(self, day: date) -> date:
        """The day itself where it is worked, else the next one that is (民法典 第二百零三条)."""
        while not self.is_working(day):
            day += _DAY
        return day

    def knows_through(self, first: date, last: date) -> bool:
        """Whether every year from first to last has a table."""
        return all(year in self.tables for year in range(first.year, last.year + 1))

    def refuse_unknown(self, first: date, last: date) -> None:
        """Refuse what would run into a year whose table is not there."""
        missing = [str(year) for year in range(first.year, last.year + 1) if year not in self.tables]
        if missing:
            raise Refused.because(
                "holiday_table_missing",
                f"{'、'.join(missing)} 年的节假日安排尚未录入，办理期限无法计算，暂不能开始新的办件；已开始的办件不受影响。",
                f"The table of holidays of {', '.join(missing)} has not been entered. Periods cannot be counted, so no new matter "
                "may begin; those under way go on.",
                required=f"{first:%Y-%m-%d} – {last:%Y-%m-%d}",
                remedy=("请由国家口岸办按国务院办公厅当年通知录入节假日和调休安排后再办理。",
                        "Ask the national office to enter the holidays from the State Council's notice of that year, then begin."),
            )


def read_table(path: Path) -> YearTable:
    """Read one year's file. Refused with a finding for each slip."""
    data = load_file(path)
    form = Form(path.name)
    keys = form.mapping(data, "", {"year", "notice", "number", "holidays", "worked_weekends", "checked"}, {"note"})
    year = keys.get("year")
    findings: list[Finding] = []

    def days(key: str) -> set[date]:
        found: set[date] = set()
        for at, entry in enumerate(form.rows(keys.get(key), f"/{key}")):
            first, last = (entry, entry) if type(entry) is date else (entry.get("from"), entry.get("to")) if isinstance(entry, dict) else (None, None)
            # A moment is a date to Python, and compares with none.
            if not (type(first) is date and type(last) is date and first <= last and first.year == last.year == year):
                findings.append(_slip(path, f"/{key}/{at}", f"“{entry}”不是 {year} 年内的日期或起止日期。",
                                      f"“{entry}” is no day, or span of days, of {year}."))
                continue
            found |= {first + _DAY * step for step in range((last - first).days + 1)}
        return found

    holidays, worked = days("holidays"), days("worked_weekends")
    for day in sorted(holidays & worked):
        findings.append(_slip(path, "/worked_weekends", f"{day} 同时列为放假和上班。", f"{day} is both off and worked."))
    for day in sorted(each for each in worked if each.weekday() < 5):
        findings.append(_slip(path, "/worked_weekends", f"{day} 不是周末。", f"{day} is no weekend."))
    if type(year) is not int or not 1949 <= year <= 2200:
        findings.append(_slip(path, "/year", f"“{year}”不是年份。", f"“{year}” is no year."))
    if form.findings or findings:
        raise Refused([*form.findings, *findings])
    citation = Citation(str(keys["notice"]), str(keys["number"] or ""))
    return YearTable(int(str(year)), frozenset(holidays), frozenset(worked), citation, keys.get("checked") is True, str(keys.get("note") or ""))


def _slip(path: Path, at: str, zh: str, en: str) -> Finding:
    return Finding.error("bad_holiday_table", zh, en, where=Place(file=path.name, path=at),
                         remedy=("请对照国务院办公厅当年通知改正。", "Correct it from the State Council's notice of that year."))


@lru_cache(maxsize=1)
def bundled_tables() -> tuple[YearTable, ...]:
    """The tables that the product ships, oldest first."""
    return tuple(read_table(path) for path in sorted(_FOLDER.glob("*.yaml")))
