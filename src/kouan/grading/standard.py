"""The values of the law that judge one class in one year, and the readings that pick them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kouan.basis import Finding, Place
from kouan.grading.definitions import CARGO_KEY, NEEDED, PERSONS_KEY
from kouan.grading.facts import CARGO, MEASURES, PERSONS, PortFacts
from kouan.grading.verdict import Margin
from kouan.law import DatedValue, Law

BORDER_MODE = "volume_standard.border_mode"
COMBINE = "volume_standard.combine"
SEA_CARGO = "volume_standard.sea_cargo"
YEAR_STANDARD = "volume_standard.year_standard"
# The setting that says what each measure counts, and the name of its limit among the parameters.
DEFINED_BY = {CARGO: CARGO_KEY, PERSONS: PERSONS_KEY}
_LIMIT = {CARGO: "cargo", PERSONS: "persons"}


@dataclass(frozen=True, slots=True)
class Standard:
    """The values that judge one class in one year, and from which day they were picked."""

    limits: dict[str, DatedValue]
    grace: DatedValue
    picked_on: date
    is_before_first: bool

    @property
    def is_carried_on(self) -> bool:
        return any(limit.is_carried_on(self.picked_on) for limit in self.limits.values())

    def margins(self, facts: PortFacts, law: Law) -> dict[str, Margin]:
        """Hold the year's totals against the limits."""
        return {
            measure: Margin(measure, *_measured(facts, measure, law), limit)
            for measure, limit in self.limits.items()
        }


def pick_standard(facts: PortFacts, law: Law) -> Standard | None:
    """Pick the values by the year judged (A-31), or by the as-of date where that reading is set.

    None for a port without a class or facts without a year.
    """
    if facts.transport_class is None or facts.year is None:
        return None
    by_year = law.setting(YEAR_STANDARD).value == "by_year"
    wanted = date(facts.year, 1, 1) if by_year else law.as_of
    keys = {m: f"volume_standard.{facts.transport_class.value}.{_LIMIT[m]}" for m in MEASURES}
    # Before the first instrument its values serve, flagged: there is nothing else to compare with.
    first = max(law.history(key)[0].in_force_from for key in keys.values())
    picked_on = max(wanted, first)
    return Standard(
        limits={measure: law.parameter(key, on=picked_on) for measure, key in keys.items()},
        grace=law.parameter("volume_standard.grace.years", on=picked_on),
        picked_on=picked_on,
        is_before_first=wanted < first,
    )


def definition_version(law: Law) -> str:
    """Name the definitions of both measures in force, with the ruling that set them if there is one.

    >>> definition_version(Law(date(2024, 6, 30)))
    'definition.cargo=cross_border_with_transit; definition.persons=all_crossings'
    """
    parts = []
    for key in DEFINED_BY.values():
        setting = law.setting(key)
        by = f" ({setting.decided_by.document_number})" if setting.decided_by else ""
        parts.append(f"{key}={setting.value}{by}")
    return "; ".join(parts)


def has_figure_for(facts: PortFacts, key: str, choice: str) -> bool:
    """Tell whether the facts can be held against the standard under a reading of a definition."""
    return choice in facts.by_definition.get(key, {}) or facts.counted_as.get(key) == choice


def missing_definitions(facts: PortFacts, law: Law) -> list[Finding]:
    """Say which figure is needed where a ruling asks for a definition under which nothing was reported.

    Without this the ruling would change the label of a verdict and not the verdict.
    """
    findings = []
    for measure, key in DEFINED_BY.items():
        setting = law.setting(key)
        if key not in facts.counted_as or has_figure_for(facts, key, setting.value):
            continue
        name, needed = MEASURES[measure][1], NEEDED[key, setting.value]
        findings.append(
            Finding.warning(
                "no_figure_under_definition",
                f"现行口径“{setting.label.zh}”（{setting.ambiguity}）下没有{name.zh}的数据，按缺失处理；"
                "其他口径的数据不能代替。",
                f"There is no figure for {name.en} under the definition in force, “{setting.label.en}” "
                f"({setting.ambiguity}); it counts as missing, and figures under another definition do not stand in.",
                where=Place(field=measure),
                required=setting.value,
                citation=setting.citation,
                remedy=(f"请报送：{needed.zh}。", f"Report {needed.en}."),
            )
        )
    return findings


def _measured(facts: PortFacts, measure: str, law: Law) -> tuple[Decimal | None, int | None]:
    """Return the year's total under the definition the law asks for, and the months it covers.

    `facts.total` is counted as `facts.counted_as` says, or else under the definition in force; another
    definition needs its own figure, and without one the measure is missing.
    """
    key = DEFINED_BY[measure]
    choice = law.setting(key).value
    totals = facts.by_definition.get(key, {})
    if choice in totals:
        return totals[choice], facts.months_by_definition.get(key, {}).get(choice, facts.months_of(measure))
    if facts.counted_as.get(key, choice) == choice:
        return facts.total(measure), facts.months_of(measure)
    return None, None
