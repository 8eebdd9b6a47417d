"""The facts a rule of grading reads about one port and one year, and how they can be wrong.

Plain values, no database: the register and the flows fill them for a real port, `kouan law try` fills
them from a file, a test writes them by hand.

>>> from datetime import date
>>> facts = PortFacts("dalian-water", 2019, TransportClass.SEA, is_border=False,
...                   accepted_on=date(1984, 5, 4), cargo_tonnes=1_000_000, months_reported=12)
>>> facts.months_of("cargo_tonnes")
12
>>> [finding.code for finding in facts.findings(as_of=date(2018, 1, 1))]
['year_not_begun']
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from kouan.basis import Finding, Place, Text, numbers


class TransportClass(StrEnum):
    """运输类别: the seven columns of 专栏6."""

    SEA = "sea"
    INLAND_RIVER = "inland_river"
    BOUNDARY_RIVER = "boundary_river"
    RAIL = "rail"
    ROAD = "road"
    AIR_COASTAL = "air_coastal"
    AIR_OTHER = "air_other"


CLASS_NAMES: Mapping[TransportClass, Text] = {
    TransportClass.SEA: Text("海运", "sea"),
    TransportClass.INLAND_RIVER: Text("内河", "inland river"),
    TransportClass.BOUNDARY_RIVER: Text("界河", "boundary river"),
    TransportClass.RAIL: Text("铁路", "railway"),
    TransportClass.ROAD: Text("公路", "highway"),
    TransportClass.AIR_COASTAL: Text("沿海航空", "air, coastal"),
    TransportClass.AIR_OTHER: Text("其他航空", "air, other"),
}

CARGO = "cargo_tonnes"
PERSONS = "person_crossings"
# The two measures of 专栏6, by their codes in the registry of measures: (unit, name).
MEASURES: Mapping[str, tuple[str, Text]] = {
    CARGO: ("t", Text("货运量", "cargo")),
    PERSONS: ("person_crossings", Text("出入境人员", "persons")),
}
# Our own bounds, well above the busiest ports of the world: a figure beyond the first is doubted (most
# often 万吨 was entered as tonnes and multiplied again), one beyond the second cannot be.
_DOUBTFUL = {CARGO: Decimal(3_000_000_000), PERSONS: Decimal(1_000_000_000)}
_IMPOSSIBLE = Decimal(10) ** 12
_FIRST_YEAR = 1949
_FIRST_ACCEPTANCE = date(1840, 1, 1)
_YEARS_AHEAD = 10


@dataclass(frozen=True, slots=True)
class PortFacts:
    """What is known of a port for one calendar year; None is a missing fact, never zero.

    `cargo_tonnes` (t) and `person_crossings` are the year's totals under the definitions in force
    (settings definition.cargo, definition.persons). `months_reported` counts the months they cover, 0-12:
    one number, or a mapping from measure code to number. `candidate_classes` are the classes a port
    without a class might have (A-04). `by_definition` holds totals under other definitions, as
    {setting key: {choice: total}}, so that a verdict can say whether another reading would change it;
    `months_by_definition` the months each of them covers, where not those of `months_reported`.
    `counted_as` says under which choice the totals themselves are counted, as {setting key: choice}; a
    setting not named there is the one in force. `remarks` are findings on how the figures came about,
    from whoever gathered them.
    """

    code: str
    year: int | None
    transport_class: TransportClass | None = None
    is_border: bool | None = None
    accepted_on: date | None = None
    cargo_tonnes: Decimal | None = None
    person_crossings: Decimal | None = None
    months_reported: int | Mapping[str, int | None] | None = None
    candidate_classes: tuple[TransportClass, ...] = ()
    by_definition: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    months_by_definition: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    counted_as: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if self.transport_class is not None:
            # An empty class ("") is what a form or a database column may hold for "none".
            known = TransportClass(self.transport_class) if self.transport_class != "" else None
            object.__setattr__(self, "transport_class", known)
        object.__setattr__(
            self, "candidate_classes", tuple(TransportClass(c) for c in self.candidate_classes)
        )
        for name in MEASURES:
            object.__setattr__(self, name, _exact(getattr(self, name)))
        if isinstance(self.accepted_on, datetime):
            raise TypeError("accepted_on is a calendar day (datetime.date), not an instant")

    def total(self, measure: str) -> Decimal | None:
        """Return the year's total of a measure under the definition in force."""
        value: Decimal | None = getattr(self, measure)
        return value

    def months_of(self, measure: str) -> int | None:
        """Return how many months of the year the total of a measure covers; None when not known."""
        if isinstance(self.months_reported, Mapping):
            return self.months_reported.get(measure)
        return self.months_reported

    def has_ended(self, as_of: date) -> bool:
        """Tell whether the year was over on a day (its last day counts); a year not known is not asked about."""
        return self.year is None or (as_of.year, as_of.month, as_of.day) >= (self.year, 12, 31)

    def is_whole(self, measure: str) -> bool:
        """Tell whether the measure has a total that covers all twelve months."""
        return self.total(measure) is not None and self.months_of(measure) == 12

    def findings(self, as_of: date) -> list[Finding]:
        """Return what is wrong or doubtful. An error means that no verdict may be given."""
        return [*self._about_figures(), *self._about_months(as_of), *self._about_dates(as_of), *self.remarks]

    def _about_figures(self) -> Iterator[Finding]:
        for measure, (_, name) in MEASURES.items():
            value = self.total(measure)
            if value is None:
                continue
            where = Place(field=measure)
            if not value.is_finite():
                yield Finding.error(
                    "not_a_number",
                    f"{name.zh}不是有限的数。",
                    f"The figure for {name.en} is not a finite number.",
                    where=where,
                    measured=value,
                    remedy=(
                        "请填写数字；没有数据的请留空。",
                        "Enter a number, or leave it empty if there is none.",
                    ),
                )
            elif value < 0:
                yield Finding.error(
                    "negative_figure",
                    f"{name.zh}不能为负数。",
                    f"The figure for {name.en} cannot be negative.",
                    where=where,
                    measured=numbers.plain(value),
                    remedy=("请核对原始报表。", "Check the original return."),
                )
            elif value > _IMPOSSIBLE:
                yield Finding.error(
                    "impossible_figure",
                    f"{name.zh}超出任何口岸可能的数量。",
                    f"The figure for {name.en} is more than any port can have.",
                    where=where,
                    measured=numbers.plain(value),
                    required=numbers.plain(_IMPOSSIBLE),
                    remedy=(
                        "请核对数字与单位（吨、人次）。",
                        "Check the number and its unit (t, person-crossings).",
                    ),
                )
            elif value > _DOUBTFUL[measure]:
                yield Finding.warning(
                    "doubtful_figure",
                    f"{name.zh}大于已知最大口岸的数量，请核对单位。",
                    f"The figure for {name.en} is above that of the largest port known; check the unit.",
                    where=where,
                    measured=numbers.plain(value),
                    required=numbers.plain(_DOUBTFUL[measure]),
                    remedy=(
                        "应以吨、人次为单位，不是万吨、万人次。",
                        "Units are t and person-crossings, not tens of thousands.",
                    ),
                )
            elif measure == PERSONS and value != value.to_integral_value():
                yield Finding.warning(
                    "not_whole",
                    "出入境人员应为整数人次。",
                    "Person-crossings are counted in whole numbers.",
                    where=where,
                    measured=numbers.plain(value),
                    remedy=(
                        "请填写未经折算的人次。",
                        "Enter the count itself, not a rounded or scaled figure.",
                    ),
                )

    def _about_months(self, as_of: date) -> Iterator[Finding]:
        ended = 12 if self.has_ended(as_of) else as_of.month
        remarked = {remark.where.field for remark in self.remarks}
        for measure, (_, name) in MEASURES.items():
            months = self.months_of(measure)
            if months is None:
                continue
            where = Place(field="months_reported")
            if isinstance(months, bool) or not isinstance(months, int) or not 0 <= months <= 12:
                yield Finding.error(
                    "months_out_of_range",
                    f"已报月数应为0至12的整数，现为“{months}”。",
                    f"Months reported must be a whole number from 0 to 12, not “{months}”.",
                    where=where,
                    measured=months,
                    required="0-12",
                    remedy=("请填写该年度已报送的月数。", "Enter how many months of the year were reported."),
                )
            elif months == 0 and (self.total(measure) or 0) > 0 and measure not in remarked:
                yield Finding.warning(
                    "figure_without_months",
                    f"已报月数为0，却有{name.zh}。",
                    f"No month is reported, yet there is a figure for {name.en}.",
                    where=where,
                    measured=months,
                    remedy=("请核对已报月数。", "Check the months reported."),
                )
            elif self.year == as_of.year and months > ended:
                yield Finding.warning(
                    "months_ahead",
                    f"截至{as_of.isoformat()}，{self.year}年至多过去{ended}个月，却报有{months}个月。",
                    f"As of {as_of.isoformat()} no more than {ended} months of {self.year} have begun, "
                    f"yet {months} are reported.",
                    where=where,
                    measured=months,
                    required=ended,
                    remedy=(
                        "请核对已报月数，或改用年度终了后的查询日期。",
                        "Check the months, or ask as of a later day.",
                    ),
                )
            if not isinstance(self.months_reported, Mapping):
                return  # one number for both measures is said once

    def _about_dates(self, as_of: date) -> Iterator[Finding]:
        year, accepted = self.year, self.accepted_on
        if year is not None and not _FIRST_YEAR <= year <= as_of.year + _YEARS_AHEAD:
            yield Finding.error(
                "year_out_of_range",
                f"年度{year}不在可判定的范围内。",
                f"The year {year} is outside the range that can be judged.",
                where=Place(field="year"),
                measured=year,
                required=f"{_FIRST_YEAR}-{as_of.year + _YEARS_AHEAD}",
                remedy=("请填写四位数的公历年度。", "Enter a calendar year of four digits."),
            )
            year = None  # nothing more can be said of it
        elif year is not None and year > as_of.year:
            yield Finding.warning(
                "year_not_begun",
                f"截至{as_of.isoformat()}，{year}年尚未开始：结论仅为推算，不是对实绩的判定，不判为不达标。",
                f"As of {as_of.isoformat()} the year {year} has not begun: the verdict is a projection, "
                "not a judgement of facts, and never below the standard.",
                where=Place(field="year"),
                measured=year,
                required=f"≤ {as_of.year}",
                remedy=(
                    "判定实绩的，请改用该年度终了后的查询日期。",
                    "To judge facts, ask as of a day after that year.",
                ),
            )
        elif year is not None and not self.has_ended(as_of):
            yield Finding.warning(
                "year_not_ended",
                f"截至{as_of.isoformat()}，{year}年尚未终了：结论可能随后续月份变化，未达到标准的不判为不达标。",
                f"As of {as_of.isoformat()} the year {year} has not ended: later months may change the verdict, "
                "and a port below the standard is not yet judged so.",
                where=Place(field="year"),
                measured=year,
                remedy=(
                    "请在年度终了、数据报齐后再行判定。",
                    "Judge again when the year has ended and is reported.",
                ),
            )
        if accepted is None:
            return
        if not _FIRST_ACCEPTANCE <= accepted <= date(min(as_of.year + _YEARS_AHEAD, 9999), 12, 31):
            yield Finding.error(
                "acceptance_out_of_range",
                f"通过验收日期{accepted.isoformat()}不合理。",
                f"The day of acceptance {accepted.isoformat()} cannot be right.",
                where=Place(field="accepted_on"),
                measured=accepted.isoformat(),
                remedy=("请核对验收纪要上的日期。", "Check the date on the minutes of acceptance."),
            )
        elif accepted > as_of:
            yield Finding.warning(
                "acceptance_in_future",
                f"通过验收日期{accepted.isoformat()}晚于查询日期{as_of.isoformat()}。",
                f"The day of acceptance {accepted.isoformat()} is later than the as-of date {as_of.isoformat()}.",
                where=Place(field="accepted_on"),
                measured=accepted.isoformat(),
                required=f"≤ {as_of.isoformat()}",
                remedy=(
                    "请核对日期；尚未验收的请留空。",
                    "Check the date; leave it empty if there is no acceptance.",
                ),
            )
        elif year is not None and accepted.year > year:
            yield Finding.warning(
                "accepted_after_year",
                f"{year}年时口岸尚未通过验收（{accepted.isoformat()}）。",
                f"In {year} the port had not passed acceptance ({accepted.isoformat()}).",
                where=Place(field="accepted_on"),
                measured=accepted.isoformat(),
                required=f"≤ {year}-12-31",
                remedy=("请核对年度与验收日期。", "Check the year and the day of acceptance."),
            )

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping, part of a verdict's recipe; figures as text."""
        months = self.months_reported
        return {
            "code": self.code,
            "year": self.year,
            "transport_class": self.transport_class.value if self.transport_class else None,
            "is_border": self.is_border,
            "accepted_on": self.accepted_on.isoformat() if self.accepted_on else None,
            **{m: None if (v := self.total(m)) is None else f"{v:f}" for m in MEASURES},
            "months_reported": dict(months) if isinstance(months, Mapping) else months,
            "candidate_classes": [c.value for c in self.candidate_classes],
            "by_definition": {
                key: {choice: f"{value:f}" for choice, value in totals.items()}
                for key, totals in self.by_definition.items()
            },
            "months_by_definition": {key: dict(held) for key, held in self.months_by_definition.items()},
            "counted_as": dict(self.counted_as),
        }

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> PortFacts:
        """Read what `as_dict` wrote; recipes of earlier versions lack the later fields."""
        return cls(
            code=held["code"],
            year=held["year"],
            transport_class=held["transport_class"],
            is_border=held["is_border"],
            accepted_on=date.fromisoformat(held["accepted_on"]) if held["accepted_on"] else None,
            cargo_tonnes=_exact(held[CARGO]),
            person_crossings=_exact(held[PERSONS]),
            months_reported=held["months_reported"],
            candidate_classes=tuple(held["candidate_classes"]),
            by_definition={
                key: {choice: Decimal(value) for choice, value in totals.items()}
                for key, totals in held["by_definition"].items()
            },
            months_by_definition=held.get("months_by_definition", {}),
            counted_as=held.get("counted_as", {}),
        )


def _exact(value: Any) -> Decimal | None:
    """Take a total as an exact number; a float as its shortest decimal form."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, bool):
        raise TypeError("a total is a number, not a truth value")
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
