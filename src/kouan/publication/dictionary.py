"""数据字典: for each measure what it is, who reports it, where its figures come from, what is checked, who uses it. Read from the registries.

Nothing is written here that stands elsewhere: a measure, an item, a source or a parameter that is added appears by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kouan.basis import DataItem, Measure, NotFound, Text, clock, measures, nearest
from kouan.collection.returns.forms import forms
from kouan.collection.sources import Source, all_sources
from kouan.collection.value_checks import CEILINGS_PER_DAY
from kouan.evaluation.schemes import available, get
from kouan.law.library import Library
from kouan.publication.definitions import definitions

CADENCES = {"day": Text("日", "day"), "month": Text("月", "month"), "quarter": Text("季", "quarter"), "half_year": Text("半年", "half-year"),
            "year": Text("年", "year"), "event": Text("发生时", "as it happens"), "plan": Text("文件规定", "set by an instrument"),
                "irregular": Text("不定期", "irregular")}
ROLLUPS = {"sum": Text("相加", "sum"), "mean": Text("平均", "mean"), "max": Text("取最大", "largest"), "last": Text("取期末", "last"),
           "none": Text("不可由月推算，须直接报送", "never computed from months; reported as such")}
DIRECTIONS = {"inbound": Text("进", "inbound"), "outbound": Text("出", "outbound"), "total": Text("合计", "total")}


@dataclass(frozen=True)
class Use:
    """Who uses a measure: ``kind`` indicator or parameter; ``by``: the items through which an indicator does."""

    kind: str
    code: str
    name: Text
    formula: str = ""
    by: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As every door gives it out."""
        return {"kind": self.kind, "code": self.code, "name": self.name.as_dict(), "formula": self.formula, "by": list(self.by)}


@dataclass(frozen=True)
class Word:
    """A measure with all that the registries say of it."""

    measure: Measure
    items: tuple[DataItem, ...]
    forms: Mapping[str, tuple[str, Text]]
    sources: tuple[Source, ...]
    checks: tuple[Text, ...]
    uses: tuple[Use, ...]
    traps: tuple[tuple[str, Text], ...]
    published: tuple[tuple[str, Text], ...]

    @property
    def cadences(self) -> tuple[Text, ...]:
        """How often its items and sources report it."""
        return tuple(CADENCES.get(code, Text(code, code)) for code in dict.fromkeys((*(each.cadence for each in self.items),
                                                                                        *(each.cadence for each in self.sources))))

    def as_dict(self) -> dict[str, Any]:
        """As every door gives it out."""
        told = self.measure
        return {
            "code": told.code, "name": told.name.as_dict(), "definition": told.definition.as_dict(), "unit": told.unit,
            "unit_name": told.base_unit.name.as_dict(), "rollup": told.rollup.value, "directions": [each.value for each in told.directions],
            "groups": [{"code": code, "name": measures.groups()[code].name.as_dict()} for code in told.dimension_groups], "part_of": told.part_of,
            "basis": told.source, "is_benchmark": told.is_benchmark, "cadences": [each.as_dict() for each in self.cadences],
            "items": [{"code": each.code, "name": each.name.as_dict(), "unit": each.unit, "cadence": each.cadence, "formula": each.formula,
                       "submitters": [body.as_dict() for body in each.submitters], "form": self.forms.get(each.code, (None,))[0]}
                           for each in self.items],
            "sources": [{"code": each.id, "name": each.name.as_dict(), "cadence": each.cadence, "is_open": each.is_open} for each in self.sources],
            "checks": [each.as_dict() for each in self.checks], "uses": [each.as_dict() for each in self.uses],
            "traps": [{"source": source, "said": said.as_dict()} for source, said in self.traps],
            "published": [{"code": code, "name": name.as_dict()} for code, name in self.published],
        }


def word(code: str) -> Word:
    """One measure. Raises NotFound with the nearest."""
    found = measures.all_measures().get(code)
    if found is None:
        near = nearest(code, measures.all_measures())
        raise NotFound.because(
            "unknown_measure", f"没有指标“{code[:48]}”。", f"There is no measure “{code[:48]}”.", measured=code[:48],
            remedy=(f"是否为：{'、'.join(near)}？" if near else "全部指标见数据字典。", f"Did you mean {', '.join(near)}?" if near
                else "See the dictionary."))
    items = tuple(each for each in measures.data_items().values() if each.measure == code)
    sources = tuple(each for each in all_sources() if code in _measures_of(each.id))
    asked = {item: (form.code, form.name) for form in forms(clock.today()) for item in form.items}
    return Word(found, items, asked, sources, tuple(_checks(found, sources)), tuple(_uses(found, items)),
                tuple((source.id, fault) for source in sources for fault in source.known_faults),
                tuple((each.code, each.name) for each in definitions() if code in each.measures or (each.source
                    and code in _measures_of(each.source))))


@lru_cache(maxsize=1)
def words() -> tuple[Word, ...]:
    """All measures, in the order of the registry. Kept for the process: the registries do not change while it runs."""
    return tuple(word(code) for code in measures.all_measures())


@lru_cache(maxsize=32)
def _measures_of(source: str) -> frozenset[str]:
    found: set[str] = set()
    by_name = {name: each.code for each in measures.all_measures().values() for name in (each.code, each.name.zh, each.name.en)}
    held = next(each for each in all_sources() if each.id == source)
    for layout in held.layouts:
        found |= {value.measure for value in layout.values if value.measure}
        for said in (layout.measure_words or {}).values():
            for one in said if isinstance(said, list | tuple) else [said]:
                named = one.get("measure") if isinstance(one, Mapping) else one
                if named in by_name:
                    found.add(by_name[named])
        if layout.measure_column and not layout.measure_words:
            # The column may name any measure of the registry; what the system derives are times.
            is_derived = "derived" in held.origins.values()
            found |= {each.code for each in measures.all_measures().values() if not each.is_benchmark and (not is_derived or each.unit == "hours")}
    return frozenset(found)


def _checks(found: Measure, sources: tuple[Source, ...]) -> Iterator[Text]:
    yield Text("数值：数字、不为负、单位可换算，不合格的暂存", "value: a number, not negative, in a unit that converts; held otherwise")
    if found.code in CEILINGS_PER_DAY:
        most = CEILINGS_PER_DAY[found.code]
        yield Text(f"上限：每个对象每日 {most:,}，超出的暂存待核", f"ceiling: {most:,} a day and subject; held above it")
    if len(found.directions) > 1:
        yield Text("进、出与合计须相符", "inbound, outbound and total must agree")
    if found.part_of:
        whole = measures.get(found.part_of)
        yield Text(f"不得大于“{whole.name.zh}”", f"never above “{whole.name.en}”")
    if not found.is_additive:
        yield Text("各月、各口岸不可相加", "months and ports are never added up")
    for source in sources:
        if any(layout.sums for layout in source.layouts):
            yield Text(f"“{source.name.zh}”每行分项之和须等于合计", f"in each row of “{source.name.en}” the parts add up to the whole")


def _uses(found: Measure, items: tuple[DataItem, ...]) -> Iterator[Use]:
    for parameter in Library.shipped().parameters.values():
        if parameter.measure == found.code:
            yield Use("parameter", parameter.key, parameter.label)
    codes = {each.code for each in items}
    for scheme in available():
        for row in get(scheme).as_dict()["catalogue"]:
            named = set(re.findall(r"[a-z_][a-z0-9_]*", row["formula"]))
            through = codes & {each for name in named for each in (name, *_terms(name))}
            if through or found.code in named:
                yield Use("indicator", row["indicator_id"], Text(row["name_zh"], row["name_en"]), row["formula"], tuple(sorted(through)))


@lru_cache(maxsize=256)
def _terms(item: str) -> frozenset[str]:
    """The items behind an item that a formula gives."""
    held = measures.data_items().get(item)
    return held.formula_terms if held is not None else frozenset()
