"""对侧核对: a press figure of mainland border inspection held against the other side's count.

The two counts share the crossing but not always the people counted: drivers, crew, and traffic
between Hong Kong and Macao stand on one side only. The coverage note of the pair explains what
difference is to be expected; nothing here is a judgement of either side.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from kouan.basis import Period, SubjectKind, SubjectRef, Text
from kouan.monitoring.queries import sum_between
from kouan.ports.models import CounterpartPoint

# The two counts are of the same people where the note says "travellers only".
CLOSE = 0.01


@dataclass(frozen=True, slots=True)
class PressFigure:
    """One printed figure: whose, of which days, and how exactly it was printed."""

    control_point: str
    port_name_zh: str
    period: Period
    value: int
    precision: str
    basis: str


PRECISION = {
    "at least": Text("至少（原文“超”“逾”）", "at least"),
    "about": Text("约数", "about"),
    "rounded to 1000": Text("约至千人次", "rounded to 1,000"),
}


@cache
def press_figures() -> tuple[PressFigure, ...]:
    """The figures of ``data/counterpart_checks.csv``, in file order."""
    place = files("kouan.monitoring") / "data" / "counterpart_checks.csv"
    with place.open(encoding="utf-8") as file:
        return tuple(
            PressFigure(
                row["control_point"], row["mainland_port_zh"],
                Period.span(date.fromisoformat(row["period_from"]), date.fromisoformat(row["period_to"])),
                int(row["mainland_person_crossings"]), row["mainland_precision"], row["basis"],
            )
            for row in csv.DictReader(file)
        )


@dataclass(frozen=True, slots=True)
class CounterpartCheck:
    """One pair of figures of the same days. ``difference`` is (counterpart − press) / press."""

    figure: PressFigure
    point: CounterpartPoint
    counted: Decimal
    days_present: int
    days_expected: int

    @property
    def is_complete(self) -> bool:
        """Whether the other side's count has every day, both directions."""
        return self.days_present == self.days_expected

    @property
    def difference(self) -> float | None:
        """Relative difference; None while days are missing."""
        return float(self.counted) / self.figure.value - 1 if self.is_complete else None

    @property
    def precision(self) -> Text:
        """How exactly the press printed its figure."""
        return PRECISION.get(self.figure.precision, Text(self.figure.precision, self.figure.precision))

    @property
    def explanation(self) -> Text:
        """Why the two differ, or that they agree: from the pair's coverage note."""
        if self.difference is None:
            gaps = self.days_expected - self.days_present
            return Text(f"对侧日数据缺 {gaps} 个（日×方向），不作比较。", f"{gaps} day-directions are missing; not compared.")
        note = Text(
            self.point.coverage_note_zh or "两侧口径差异未作说明。",
            self.point.coverage_note_en or "No note on what the two counts share.",
        )
        if abs(self.difference) <= CLOSE:
            return Text(f"差异在 1% 以内，两侧口径相近。{note.zh}", f"Within 1 %: the two counts agree. {note.en}")
        side = Text("对侧数大于", "more than") if self.difference > 0 else Text("对侧数小于", "less than")
        percent = f"{abs(self.difference):.1%}"
        return Text(
            f"{side.zh}内地口径 {percent}。口径差异：{note.zh}",
            f"The other side counted {side.en} the mainland figure by {percent}. Coverage: {note.en}",
        )


def counterpart_checks(points: dict[str, CounterpartPoint]) -> list[CounterpartCheck]:
    """Hold every press figure whose point is among ``points`` (keyed by English name) to the daily counts."""
    checks = []
    for figure in press_figures():
        point = points.get(figure.control_point)
        if point is None:
            continue
        subject = SubjectRef.of(SubjectKind.COUNTERPART_POINT, point.code)
        counted, present, expected = sum_between(
            subject, "person_crossings", figure.period.start, figure.period.end
        )
        checks.append(CounterpartCheck(figure, point, counted, present, expected))
    return checks
