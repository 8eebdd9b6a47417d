"""Months: cases by the month in which they were released, by the month in which they arrived, and those not finished.

*By release*: every case that ended in the month, whenever it began. Published monthly figures count so. It is final once the
month is over. *By arrival*: every case that began in the month, whenever it ends. It is fair to a month, and provisional as
long as one of its cases runs: then its median comes from Kaplan–Meier, with its interval, and the plain median of the
finished ones is not shown as the month's. Months are those of Beijing time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kouan.basis.clock import BEIJING
from kouan.monitoring.timing.events import HOUR, moment
from kouan.monitoring.timing.statistics import Interval, Summary, summarise
from kouan.monitoring.timing.survival import kaplan_meier
from kouan.monitoring.timing.timeline import Status, Timeline

# Ages of unfinished cases: up to a day, three days, a week, a month, longer (hours; the upper bound belongs to the band).
BANDS: tuple[tuple[int, int | None], ...] = ((0, 24), (24, 72), (72, 168), (168, 720), (720, None))


@dataclass(frozen=True, slots=True)
class Length:
    """What statistics need of one case: when it began and ended (µs; None where that is not known), and its status."""

    begun: int | None
    ended: int | None
    status: Status = Status.COMPLETE
    case_id: str = ""

    @property
    def us(self) -> int:
        """The length of a complete case; a release before arrival counts as zero, as in the timeline."""
        if self.status is not Status.COMPLETE or self.begun is None or self.ended is None:
            raise ValueError(f"a case that is {self.status.value} has no length")
        return max(0, self.ended - self.begun)

    @classmethod
    def of(cls, timeline: Timeline) -> Length:
        """The length of a timeline."""
        start, end = timeline.start, timeline.end
        return cls(start.occurred_at if start else None, end.occurred_at if end else None, timeline.status, timeline.case_id)

    def has_ended(self, as_of: int) -> bool:
        """Whether it had been completed at an instant."""
        return self.status is Status.COMPLETE and self.ended is not None and self.ended <= as_of

    def age_us(self, as_of: int) -> int | None:
        """The age of a case that runs at an instant: begun, its end not known or still to come. None for any other."""
        if self.begun is None or self.begun > as_of or self.status not in (Status.COMPLETE, Status.RUNNING) or self.has_ended(as_of):
            return None
        return as_of - self.begun


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Cases that run at an instant: how many, and their ages by band, as (from hours, to hours, cases)."""

    n: int
    bands: tuple[tuple[int, int | None, int], ...]
    oldest_us: int | None


@dataclass(frozen=True, slots=True)
class Cohort:
    """One month by release or by arrival.

    `summary` describes the cases that ended. `provisional_median_us` with its interval stands in place of its median where cases of
    the month still run (or None while fewer than half have ended). `excluded`: cases that cannot be measured, by status.
    """

    month: str
    by: str
    summary: Summary
    is_provisional: bool
    provisional_median_us: float | None
    provisional_interval: Interval | None
    unfinished: Unfinished
    excluded: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        interval = self.provisional_interval
        return {
            "month": self.month, "by": self.by, "is_provisional": self.is_provisional, "summary": self.summary.as_dict(),
            "provisional_median_hours": None if self.provisional_median_us is None else self.provisional_median_us / HOUR,
            "provisional_interval": None if interval is None else {
                "low_hours": interval.low / HOUR, "high_hours": interval.high / HOUR, "confidence": interval.confidence, "rule": interval.rule},
            "unfinished": {"n": self.unfinished.n, "oldest_us": self.unfinished.oldest_us, "bands": [
                {"from_hours": low, "to_hours": high, "n": n} for low, high, n in self.unfinished.bands]},
            "excluded": self.excluded,
        }  # fmt: skip


def month_of(instant_us: int) -> str:
    """The month of an instant in Beijing time: 2026-03."""
    return f"{moment(instant_us).astimezone(BEIJING):%Y-%m}"


def unfinished(lengths: Iterable[Length], as_of: int) -> Unfinished:
    """Count the cases that have begun and not ended at an instant, with their ages by band.

    A case whose end lies after the instant was running then: a month can be seen as it was.
    """
    ages = [age for each in lengths if (age := each.age_us(as_of)) is not None]
    bands = tuple(
        (low, high, sum((low * HOUR < age or (low == 0 and age >= 0)) and (high is None or age <= high * HOUR) for age in ages))
        for low, high in BANDS
    )
    return Unfinished(len(ages), bands, max(ages, default=None))


def by_release(lengths: Iterable[Length], as_of: int, **given: Any) -> list[Cohort]:
    """Cohorts by the month of the end, oldest first. The month of `as_of` is provisional: it is not over."""
    return _cohorts(list(lengths), as_of, "release", given)


def by_arrival(lengths: Iterable[Length], as_of: int, **given: Any) -> list[Cohort]:
    """Cohorts by the month of the beginning, oldest first. `given`: what `summarise` takes."""
    return _cohorts(list(lengths), as_of, "arrival", given)


def _cohorts(lengths: list[Length], as_of: int, by: str, given: dict[str, Any]) -> list[Cohort]:
    months: dict[str, list[Length]] = {}
    for each in lengths:
        counts_at = each.begun if by == "arrival" else each.ended
        if counts_at is not None and counts_at <= as_of:
            months.setdefault(month_of(counts_at), []).append(each)
    return [_cohort(month, rows, as_of, by, given) for month, rows in sorted(months.items())]


def _cohort(month: str, rows: list[Length], as_of: int, by: str, given: dict[str, Any]) -> Cohort:
    ended = [each.us for each in rows if each.has_ended(as_of)]
    ages = [age for each in rows if (age := each.age_us(as_of)) is not None]
    excluded = Counter(each.status.value for each in rows if each.status not in (Status.COMPLETE, Status.RUNNING))
    median, interval = None, None
    if ages:
        curve = kaplan_meier(ended + ages, [True] * len(ended) + [False] * len(ages))
        median, interval = curve.quantile(0.5), curve.interval_of_median()
    is_open = by == "release" and month == month_of(as_of)
    return Cohort(
        month, by, summarise(ended, **given), bool(ages) or is_open, median, interval, unfinished(rows, as_of), dict(sorted(excluded.items())),
    )  # fmt: skip
