"""When the volume standard begins to bind a port: three years after acceptance, by whole years.

《民法典》第二百零一条 the day itself is not counted, 第二百零二条 a period of years ends on the corresponding
day, or on the last day of the month where there is none. So three years from 29 February 2016 end on 28
February 2019. The anniversary itself counts as three years (满3年, as A-12 reads it).

>>> from datetime import date
>>> anniversary(date(2016, 2, 29), 3)
datetime.date(2019, 2, 28)
>>> is_past(date(2015, 6, 1), 3, date(2018, 5, 31)), is_past(date(2015, 6, 1), 3, date(2018, 6, 1))
(False, True)
>>> first_year_judged(date(2015, 1, 1), 3), first_year_judged(date(2015, 1, 2), 3)
(2018, 2019)
"""

from __future__ import annotations

from datetime import date

from kouan.basis import Citation

# How a period of years is counted. The Civil Code is in force from 2021; before it, 民法总则 (2017)
# 第二百零一条、第二百零二条 said the same.
COUNTED_BY = Citation(
    "中华人民共和国民法典",
    "第二百零二条",
    quote="按照年、月计算期间的，到期月的对应日为期间的最后一日；没有对应日的，月末日为期间的最后一日",
    issued=date(2020, 5, 28),
    in_force_from=date(2021, 1, 1),
)


def anniversary(day: date, years: int) -> date:
    """Return the corresponding day `years` later, or the last day of the month where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        # Only 29 February has no corresponding day.
        return date(day.year + years, 2, 28)


def is_past(accepted_on: date, years: int, day: date) -> bool:
    """Tell whether on `day` the years of grace are over (the anniversary itself is)."""
    return day >= anniversary(accepted_on, years)


def first_year_judged(accepted_on: date, years: int) -> int:
    """Return the first full calendar year that starts on or after the anniversary of acceptance."""
    ends = anniversary(accepted_on, years)
    return ends.year if (ends.month, ends.day) == (1, 1) else ends.year + 1
