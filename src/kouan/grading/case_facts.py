"""The facts of one application or one port, as a rule made of conditions reads them; and what cannot be.

Plain values keyed by the names of `law/criteria/facts.yaml`; a key that is absent is a missing fact, and so is
null, but for a coded fact that may be none (`excuse_code`, `serves_zone`): there null says "none". Keys that no
rule knows, wrong types, negative or impossible figures and days to come are error findings: such facts are
not judged, because the verdict would rest on other facts than those given.

>>> from datetime import date
>>> from kouan.law import Library
>>> facts, findings = read_case({"region_class": "inland", "fixed_direct_routes": -1}, Library.shipped(),
...                             {"region_class", "fixed_direct_routes"}, date(2024, 6, 30))
>>> facts.values, [finding.code for finding in findings]
({'region_class': 'inland'}, ['negative_figure'])
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from kouan.basis import Finding, Place, Text, nearest
from kouan.law import Fact, Library

# What a row may hold besides facts: a name for it, and the day on which the application was filed.
CODE, FILED_ON = "code", "filed_on"
_MOST_PROJECTS = 1000
_KIND_WORDS: Mapping[str, Text] = {
    "claim": Text("true 或 false（不加引号）", "true or false, without quotation marks"),
    "count": Text("不小于0的整数（不加引号）", "a whole number of zero or more, without quotation marks"),
    "number": Text("不小于0的数（不加引号）", "a number of zero or more, without quotation marks"),
    "code": Text("文字代码", "a code in words"),
    "projects": Text("列表", "a list"),
}


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known of one case: `values` by fact name, numbers exact. A fact that is not there is unknown."""

    values: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    filed_on: date | None = None


def read_case(
    given: Mapping[str, Any], library: Library, known: Collection[str], as_of: date
) -> tuple[CaseFacts, list[Finding]]:
    """Read one row of facts as JSON gives it; `known` are the facts that the rule reads.

    Returns the facts that can be used, and a finding for each key that cannot be (its place is the key).
    """
    findings: list[Finding] = []
    values: dict[str, Any] = {}
    code: str | None = None
    filed: date | None = None
    for key, value in given.items():
        where = Place(field=str(key))
        if key == CODE:
            code = None if value is None else str(value)[:120]
        elif key == FILED_ON:
            filed = _day(value, where, as_of, findings)
        elif key not in library.facts:
            findings.append(_unknown_key(key, [*sorted(known), CODE, FILED_ON], where))
        elif key not in known:
            findings.append(
                Finding.warning(
                    "fact_not_used", f"本规则不使用事实“{key}”，未予采用。",
                    f"This rule does not read the fact “{key}”; it was not used.", where=where,
                    remedy=("可保留；如属笔误请改正。", "It may stay; correct it if it is a slip."),
                )
            )  # fmt: skip
        else:
            values |= _read(library.facts[key], value, library, where, findings)
    findings += _contradictions(values)
    return CaseFacts(values, code, filed), findings


def _read(fact: Fact, value: Any, library: Library, where: Place, findings: list[Finding]) -> dict[str, Any]:
    """Read one fact; {} where it is missing or cannot be."""
    if value is None:
        return {fact.name: "none"} if fact.may_be_none else {}
    if fact.kind == "projects":
        return _projects(fact, value, library, where, findings)
    if fact.kind == "claim" and isinstance(value, bool):
        return {fact.name: value}
    if fact.kind == "code" and isinstance(value, str):
        return _code(fact, value.strip(), where, findings)
    if fact.kind in ("count", "number") and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(fact, value, where, findings)
    findings.append(_wrong(fact, "wrong_type", "类型不对", "is of the wrong type", value, where))
    return {}


def _number(fact: Fact, value: Any, where: Place, findings: list[Finding]) -> dict[str, Any]:
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        findings.append(_wrong(fact, "not_a_number", "不是有限的数", "is not a finite number", value, where))
    elif exact < 0:
        findings.append(_wrong(fact, "negative_figure", "不能为负数", "cannot be negative", value, where))
    elif fact.most is not None and exact > fact.most:
        findings.append(
            _wrong(fact, "impossible_figure", f"超过可能的最大值{fact.most:f}{fact.unit}", f"is more than can be ({fact.most:f})",
                   value, where)
        )  # fmt: skip
    elif fact.kind == "count" and exact != exact.to_integral_value():
        findings.append(_wrong(fact, "not_whole", "应为整数", "must be a whole number", value, where))
    else:
        return {fact.name: int(exact) if exact == exact.to_integral_value() else exact}
    return {}


def _code(fact: Fact, word: str, where: Place, findings: list[Finding]) -> dict[str, Any]:
    codes = fact.codes or {}
    if word in codes:
        return {fact.name: word}
    by_name = [code for code, label in codes.items() if word in (label.zh, label.en)]
    if by_name:
        return {fact.name: by_name[0]}
    if not word and fact.may_be_none:
        return {fact.name: "none"}
    hint = nearest(word, codes, 1)
    if "other" in codes and not hint:
        findings.append(
            Finding.warning(
                "code_not_listed", f"“{word}”不是规划所列的{fact.label.zh}，按“其他”处理。",
                f"“{word}” is none of those the plan lists ({fact.label.en}); it counts as other.", where=where, measured=word,
                remedy=(f"如属所列情形，请写：{'、'.join(codes)}。", f"If it is one of them, write: {', '.join(codes)}."),
            )
        )  # fmt: skip
        return {fact.name: "other"}
    findings.append(
        Finding.error(
            "unknown_code", f"{fact.label.zh}（{fact.name}）没有“{word}”这一取值。",
            f"{fact.label.en} ({fact.name}) cannot be “{word}”.", where=where, measured=word, required=", ".join(codes),
            remedy=(f"是否为“{hint[0]}”？" if hint else f"可用：{'、'.join(codes)}。",
                    f"Did you mean “{hint[0]}”?" if hint else f"Known: {', '.join(codes)}."),
        )
    )  # fmt: skip
    return {}


def _projects(fact: Fact, value: Any, library: Library, where: Place, findings: list[Finding]) -> dict[str, Any]:
    if not isinstance(value, list) or len(value) > _MOST_PROJECTS:
        findings.append(_wrong(fact, "wrong_type", "应为项目的列表", "must be a list of projects", value, where))
        return {}
    items = []
    for number, each in enumerate(value):
        path = f"/projects/{number}"
        if not isinstance(each, Mapping):
            findings.append(_wrong(fact, "wrong_type", f"第{number + 1}项应为键值表", f"item {number + 1} must be an object", each,
                                   Place(field="projects", path=path)))  # fmt: skip
            continue
        item: dict[str, Any] = {}
        for key, inner in each.items():
            at = Place(field=str(key), path=path)
            if key == "name":
                continue
            if key not in fact.of:
                findings.append(_unknown_key(key, [*fact.of, "name"], at))
            else:
                item |= _read(library.facts[key], inner, library, at, findings)
        items.append(item)
    return {fact.name: items}


def _day(value: Any, where: Place, as_of: date, findings: list[Finding]) -> date | None:
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        findings.append(
            Finding.error("not_a_date", f"“{value}”不是日期（{where.field}）。", f"“{value}” is not a day ({where.field}).", where=where,
                          measured=value, remedy=("请写成 2024-06-30 的形式。", "Write it as 2024-06-30."))
        )  # fmt: skip
        return None
    if day > as_of:
        findings.append(
            Finding.error("date_in_future", f"日期{day.isoformat()}（{where.field}）晚于截至日期{as_of.isoformat()}。",
                          f"The day {day.isoformat()} ({where.field}) is later than the as-of day {as_of.isoformat()}.", where=where,
                          measured=day.isoformat(), required=f"≤ {as_of.isoformat()}",
                          remedy=("请核对日期，或改用其后的截至日期。", "Check the day, or ask as of a later one."))
        )  # fmt: skip
        return None
    return day


# A part can never be more than the whole it is taken from.
_PARTS = (
    ("air_ports_that_should_withdraw", "ports_that_should_withdraw"),
    ("air_ports_approved_unaccepted_years_max", "ports_approved_unaccepted_years_max"),
    ("air_ports_approved_unaccepted_years_max", "air_ports_approved_unaccepted_years_max_at_decision"),
    ("straight_line_km_to_nearest_open_air_port", "distance_km_to_nearest_open_air_port"),
    ("peak_annual_passengers_in_five_years", "peak_annual_passengers"),
    ("open_water_ports_in_city", "open_water_ports_in_city_with_border"),
    ("years_below_without_2020_2022", "years_below"),
)


def _contradictions(values: Mapping[str, Any]) -> Iterator[Finding]:
    domestic, every = values.get("domestic_fixed_direct_routes"), values.get("fixed_direct_routes")
    if domestic is not None and every is not None and domestic > every:
        yield Finding.warning(
            "part_above_whole", f"国内固定直达航线{domestic}条多于全部固定直达航线{every}条。",
            f"There are {domestic} domestic fixed direct routes, more than the {every} of all.",
            where=Place(field="domestic_fixed_direct_routes"), measured=domestic, required=f"≤ {every}",
            remedy=("请核对两项航线数。", "Check both numbers of routes."),
        )  # fmt: skip
    for part, whole in _PARTS:
        if part in values and whole in values and values[part] > values[whole]:
            yield Finding.error(
                "facts_contradict", f"“{part}”（{values[part]}）大于“{whole}”（{values[whole]}），两者矛盾。",
                f"“{part}” ({values[part]}) is more than “{whole}” ({values[whole]}); both cannot be.", where=Place(field=part),
                measured=values[part], required=f"≤ {values[whole]}", remedy=("请核对两项数据。", "Check both figures."),
            )  # fmt: skip


def _unknown_key(key: str, known: Collection[str], where: Place) -> Finding:
    hint = nearest(str(key), known, 1)
    return Finding.error(
        "unknown_key", f"不认识的键“{key}”。", f"The key “{key}” is not known.", where=where, measured=key,
        remedy=(f"是否为“{hint[0]}”？" if hint else f"可用：{'、'.join(known)}。",
                f"Did you mean “{hint[0]}”?" if hint else f"Known: {', '.join(known)}."),
    )  # fmt: skip


def _wrong(fact: Fact, code: str, zh: str, en: str, value: Any, where: Place) -> Finding:
    word = _KIND_WORDS[fact.kind]
    return Finding.error(
        code, f"{fact.label.zh}（{where.field}）{zh}：“{value}”。", f"{fact.label.en} ({where.field}) {en}: “{value}”.", where=where,
        measured=str(value)[:80], required=word.en,
        remedy=(f"应为{word.zh}；没有这项事实的请不写。", f"It must be {word.en}; leave the key out where the fact is missing."),
    )  # fmt: skip
