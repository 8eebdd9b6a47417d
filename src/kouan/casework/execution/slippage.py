"""How far a project lags: by its milestones, and against a progress that rises evenly from first day to last. Pure.

No instrument says how a lag is measured; this is our proposal. A day counts whole, first and last day included. What is not
known (no day planned, nothing reported) gives None, never zero. Positive days are late, negative early.

>>> from datetime import date
>>> milestone_slip(date(2024, 3, 31), date(2024, 4, 10), date(2024, 12, 31))
10
>>> linear_percent(date(2024, 1, 1), date(2024, 12, 31), date(2024, 6, 30))
Decimal('49.7')
>>> linear_slip(date(2024, 1, 1), date(2024, 12, 31), date(2024, 6, 30), 40)
36
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from kouan.basis import Text

STATES = {
    "blank": Text("未填", "Not filled in"),
    "not_started": Text("未开工", "Not begun"),
    "under_way": Text("在建", "Under way"),
    "lagging": Text("滞后", "Lagging"),
    "done": Text("完成", "Done"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone: the day first planned, and the day on which it was reached, if it was."""

    title: str
    planned_on: date
    actual_on: date | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of a project. ``percent`` was confirmed for the quarter that ends on ``percent_on``.

    ``start`` and ``finish`` are the days first planned: planning anew does not mend a lag.
    """

    start: date | None
    finish: date | None
    started_on: date | None = None
    finished_on: date | None = None
    percent: int | None = None
    percent_on: date | None = None
    steps: Sequence[Step] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a project lags: what (``start``, ``milestone``, ``linear``, ``finish``), by how many days, and from how many on that is a lag."""

    kind: str
    days: int
    threshold: int
    title: str = ""

    @property
    def words(self) -> Text:
        """The reason as a sentence."""
        match self.kind:
            case "start":
                return Text(f"超过首次计划开工日{self.days}天仍未登记开工（{self.threshold}天起为滞后）",
                            f"not begun on record {self.days} days after the first planned start (a lag from {self.threshold})")
            case "milestone":
                return Text(f"节点“{self.title}”比首次计划晚{self.days}天（{self.threshold}天起为滞后）",
                            f"milestone “{self.title}” is {self.days} days behind its first day (a lag from {self.threshold})")
            case "linear":
                return Text(f"所报进度比匀速进度晚{self.days}天（{self.threshold}天起为滞后）",
                            f"the progress reported is {self.days} days behind an even one (a lag from {self.threshold})")
            case _:
                return Text(f"超过首次计划完成日{self.days}天仍未完成（{self.threshold}天起为滞后）",
                            f"not done {self.days} days after the first planned finish (a lag from {self.threshold})")


@dataclass(frozen=True, slots=True)
class Standing:
    """In which column of the board a project stands, and why."""

    state: str
    worst_milestone: int | None
    linear: int | None
    overrun: int | None
    reasons: tuple[Reason, ...] = ()


def milestone_slip(planned_on: date, actual_on: date | None, today: date) -> int | None:
    """Days from the planned day to the day reached, or to today where it is missed. None: still to come."""
    if actual_on is not None:
        return (actual_on - planned_on).days
    return (today - planned_on).days if today > planned_on else None


def linear_percent(start: date, finish: date, day: date) -> Decimal:
    """How many percent an even progress has reached at the end of a day, to one decimal. ValueError: finish before start."""
    whole = _length(start, finish)
    gone = min(max((day - start).days + 1, 0), whole)
    return (Decimal(gone * 100) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)


def linear_slip(start: date, finish: date, day: date, percent: int) -> int:
    """Days by which a progress of ``percent`` (0 to 100) at the end of a day lags behind an even one; days after the finish count too.

    ValueError: finish before start, or a percentage out of range.
    """
    whole = _length(start, finish)
    if not 0 <= percent <= 100:
        raise ValueError(f"{percent} is no percentage")
    gone = max((day - start).days + 1, 0)
    if percent == 100:
        gone = min(gone, whole)
    reached = (Decimal(percent * whole) / 100).quantize(Decimal(1), ROUND_HALF_UP)
    return gone - int(reached)


def standing(course: Course, today: date, *, milestone_days: int, linear_days: int) -> Standing:
    """Where a project stands today. A lag begins with the threshold itself (以上 includes the number).

    Done comes before all, then 未填 where the first or the last day is missing, then the lag, then whether it was begun. The
    planned start is a milestone like any other: missed while neither a start nor any progress is on record.
    """
    slips = [(each, milestone_slip(each.planned_on, each.actual_on, today)) for each in course.steps]
    worst = max((days for _, days in slips if days is not None), default=None)
    is_done = course.percent == 100
    if course.start is None or course.finish is None:
        return Standing("done" if is_done else "blank", worst, None, None)
    linear = None
    if course.percent is not None and course.percent_on is not None:
        linear = linear_slip(course.start, course.finish, course.percent_on, course.percent)
    ended = course.finished_on if is_done else today
    overrun = (ended - course.finish).days if ended is not None and (is_done or ended > course.finish) else None
    if is_done:
        return Standing("done", worst, linear, overrun)
    # A milestone reached late no longer holds anything up: only one that is missed makes a lag.
    is_begun = course.started_on is not None or bool(course.percent)
    waited = None if is_begun else milestone_slip(course.start, None, today)
    reasons = [Reason("start", waited, milestone_days)] if waited is not None and waited >= milestone_days else []
    reasons += [Reason("milestone", days, milestone_days, each.title) for each, days in slips
               if days is not None and each.actual_on is None and days >= milestone_days]
    reasons += [Reason("linear", linear, linear_days)] if linear is not None and linear >= linear_days else []
    reasons += [Reason("finish", overrun, linear_days)] if overrun is not None and overrun >= linear_days else []
    if reasons:
        return Standing("lagging", worst, linear, overrun, tuple(reasons))
    return Standing("under_way" if is_begun else "not_started", worst, linear, overrun)


def _length(start: date, finish: date) -> int:
    if finish < start:
        raise ValueError(f"a project cannot end ({finish}) before it begins ({start})")
    return (finish - start).days + 1
