"""What can be asked of the process views: a port in scope, some months of Beijing time, and bounds that keep a request short.

>>> months = Months.of("2026-02", "2026-03")
>>> months.all, months.since < months.until
(('2026-02', '2026-03'), True)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Min

from kouan.basis import NotFound, Place, Refused, Text, clock
from kouan.basis.clock import BEIJING
from kouan.monitoring.journal.models import EventBatch
from kouan.monitoring.journal.visibility import ports_for
from kouan.monitoring.timing.events import DAY, microseconds, moment
from kouan.ports.models import Port
from kouan.ports.queries import get_port

# A view reads so many months at most, with so many days on either side for what began before and ended after,
MOST_MONTHS = 6
MARGIN = 92 * DAY
# and measures so many cases at most: of more a sample by hash, which the view tells.
MOST_CASES = 60_000
# Beside the closed months the newest rows of the journal are read, so many at most; what that leaves out the view tells.
MOST_OPEN = 1_000_000

# Which month a case counts in: that in which it was released, or that in which it arrived.
BY: Mapping[str, Text] = {"release": Text("按放行月份", "by month of release"), "arrival": Text("按到达月份", "by month of arrival")}
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Months:
    """From the first month to the last, both included; months of Beijing time, as on the calendar on the wall."""

    first: str
    last: str

    @classmethod
    def of(cls, first: str, last: str = "") -> Months:
        """Two months such as 2026-03; Refused for anything else, for the wrong order, and for too many."""
        last = last or first
        for name, text in (("first", first), ("last", last)):
            if not _MONTH.fullmatch(text):
                raise Refused.because(
                    "not_a_month", f"“{text[:20]}”不是月份。", f"“{text[:20]}” is no month.", where=Place(field=name),
                    remedy=("写作 2026-03。", "Write it as 2026-03."))
        months = cls(first, last)
        if last < first:
            raise Refused.because("months_reversed", f"止月 {last} 早于起月 {first}。", f"The last month {last} lies before the first, {first}.",
                                  where=Place(field="last"), remedy=("对调两个月份。", "Change the two months round."))
        if len(months.all) > MOST_MONTHS:
            raise Refused.because(
                "too_many_months", f"一次最多 {MOST_MONTHS} 个月，要求了 {len(months.all)} 个月。",
                f"At most {MOST_MONTHS} months at once; {len(months.all)} were asked for.", where=Place(field="last"),
                remedy=("缩短时期；全部月份用 kouan times report。", "Ask for fewer; kouan times report takes any number."))
        return months

    @property
    def all(self) -> tuple[str, ...]:
        """Each month."""
        first, last = (int(text[:4]) * 12 + int(text[5:]) - 1 for text in (self.first, self.last))
        return tuple(f"{each // 12}-{each % 12 + 1:02d}" for each in range(first, last + 1))

    @property
    def since(self) -> int:
        """The first instant, in µs."""
        return _begin(int(self.first[:4]), int(self.first[5:]))

    @property
    def until(self) -> int:
        """The first instant after the last month, in µs."""
        year, month = int(self.last[:4]), int(self.last[5:])
        return _begin(year + month // 12, month % 12 + 1)

    @property
    def is_over(self) -> bool:
        """Whether the last month has ended."""
        return self.until <= microseconds(clock.now())

    @property
    def name(self) -> Text:
        """In words."""
        def said(month: str) -> str:
            return f"{month[:4]}年{int(month[5:])}月"

        if self.first == self.last:
            return Text(said(self.first), self.first)
        return Text(f"{said(self.first)}至{said(self.last)}", f"{self.first} to {self.last}")


def _begin(year: int, month: int) -> int:
    return microseconds(datetime(year, month, 1, tzinfo=BEIJING))


def latest_months() -> Months:
    """The last month that is over, if the journal holds something of it; else the newest month in the journal; else the last one."""
    span = EventBatch.objects.aggregate(first=Min("first_us"), last=Max("last_us"))
    today = clock.today()
    over = date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)
    chosen = Months.of(f"{over:%Y-%m}")
    if span["last"] is None or (span["first"] < chosen.until and span["last"] >= chosen.since):
        return chosen
    newest = min(span["last"], microseconds(clock.now()))
    return Months.of(f"{moment(newest).astimezone(BEIJING):%Y-%m}")


def port_for(user: Any, code: str) -> Port:
    """The port whose events a user may see; the same NotFound for one out of scope, which leaves a trace, and one that is not there."""
    port = get_port(user, code)
    allowed = ports_for(user)
    if allowed is not None and port.code not in allowed:
        raise NotFound.because("unknown_port", f"没有“{code}”这个口岸。", f"There is no port “{code}”.", where=Place(field="port"),
                               remedy=("请从口岸列表中选择。", "Choose it from the list of ports."))
    return port
