"""The registry of measures: what may be observed, in which unit, and how months make a year.

A measure is named once (measures.yaml, measures_scored.yaml) and every room uses that name: a source
maps its columns to measures, flows roll them up, rules and scores read them.

>>> cargo = get("cargo_tonnes")
>>> cargo.name.zh, cargo.unit, cargo.rollup.value
('进出境货运量', 't', 'sum')
>>> cargo.direction_name("inbound").zh, get("person_crossings").direction_name("inbound").zh
('进境', '入境')
>>> find("境出货运量").remedy.zh[:23]
'是否为：进出境货运量（cargo_tonnes'

Each of the 106 items of the evaluation scheme (data_items.yaml) leads to a measure or a formula:

>>> data_item("pax_in").measure, data_item("pax_in").direction.value, data_item("pax_in").group
('person_crossings', 'inbound', 'travellers')
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from kouan.basis import units
from kouan.basis.finding import Finding, Place, Refused
from kouan.basis.names import half_width, nearest
from kouan.basis.text import Text

ALL = "all"  # the group that is the whole


class Direction(StrEnum):
    """Which way across the border; `total` is both together."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    TOTAL = "total"


class Rollup(StrEnum):
    """How the months of a year make the year's figure. NONE: they do not (medians, shares)."""

    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    LAST = "last"
    NONE = "none"


_DIRECTION_WORDS: dict[str, dict[Direction, Text]] = {
    "crossing": {Direction.INBOUND: Text("进境", "inbound"), Direction.OUTBOUND: Text("出境", "outbound")},
    "people": {Direction.INBOUND: Text("入境", "inbound"), Direction.OUTBOUND: Text("出境", "outbound")},
    "trade": {Direction.INBOUND: Text("进口", "imports"), Direction.OUTBOUND: Text("出口", "exports")},
}
_TOTAL = Text("合计", "total")


@dataclass(frozen=True, slots=True)
class Group:
    """A part by which a measure may be counted: a kind of traveller, a commodity, a market."""

    code: str
    name: Text
    families: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that can be observed."""

    code: str
    name: Text
    unit: str  # code of the base unit in which observations are stored
    rollup: Rollup
    directions: tuple[Direction, ...]
    dimension_groups: tuple[str, ...]  # codes of the groups it may be split by; "all" comes first
    definition: Text
    words: str = "crossing"
    source: str | None = None
    part_of: str | None = None  # the measure it is a part of and can never exceed
    is_benchmark: bool = False  # reported by foreign benchmark ports only
    default_direction: Direction = field(init=False, default=Direction.TOTAL)

    def __post_init__(self) -> None:
        if Direction.TOTAL not in self.directions:
            object.__setattr__(self, "default_direction", self.directions[0])

    @property
    def base_unit(self) -> units.Unit:
        """The unit itself."""
        return units.get(self.unit)

    @property
    def is_additive(self) -> bool:
        """Whether parts (months, ports, directions) may be summed."""
        return self.rollup is Rollup.SUM

    def direction_name(self, direction: Direction | str) -> Text:
        """Say a direction as this measure's statisticians do: 进境货物, 入境人员, 进口货值."""
        return _DIRECTION_WORDS[self.words].get(Direction(direction), _TOTAL)

    def check(self, direction: str, group: str = ALL, *, where: Place | None = None) -> Finding | None:
        """Say in a finding why the measure has no such direction or group; None when it has.

        >>> get("throughput_tonnes").check("inbound").code
        'unknown_direction'
        """
        if direction not in self.directions:
            return _no_such("unknown_direction", "方向", "direction", direction, self.directions, self, where)
        if group not in self.dimension_groups:
            return _no_such("unknown_group", "分组", "group", group, self.dimension_groups, self, where)
        return None

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class DataItem:
    """One of the 106 items of the evaluation scheme."""

    code: str
    name: Text
    unit: str
    cadence: str  # month, quarter, half_year, year, event, plan
    submitters: tuple[Text, ...]
    ports: tuple[str, ...]  # port types; empty = all
    measure: str | None = None
    direction: Direction | None = None
    group: str | None = None
    formula: str | None = None

    @property
    def is_derived(self) -> bool:
        """Whether a formula can give it."""
        return self.formula is not None

    @property
    def formula_terms(self) -> frozenset[str]:
        """The items and measures its formula names.

        >>> sorted(data_item("persons").formula_terms)
        ['crew', 'pax_in', 'pax_out']
        """
        if self.formula is None:
            return frozenset()
        tree = ast.parse(self.formula, mode="eval")
        functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        return frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in functions)


class UnknownMeasure(Refused):
    """There is no such measure; the finding (`unknown_measure`) suggests the nearest."""


class UnknownDataItem(Refused):
    """There is no such data item."""


# ---- asking -----------------------------------------------------------------------------------------


def get(code: str) -> Measure:
    """Return a measure by code; raise UnknownMeasure with the nearest names."""
    measure = all_measures().get(code)
    if measure is None:
        raise UnknownMeasure(_unknown(code, None))
    return measure


def find(text: str, *, where: Place | None = None) -> Measure | Finding:
    """Return a measure by code or by its Chinese or English name, or the finding that there is none."""
    measure = _by_name().get(_key(text))
    return measure if measure is not None else _unknown(text, where)


@lru_cache(maxsize=1)
def all_measures() -> Mapping[str, Measure]:
    """Return every measure by code, in the order of the registry."""
    families = _families()
    found: dict[str, Measure] = {}
    for file in ("measures.yaml", "measures_scored.yaml"):
        for code, entry in _load(file)["measures"].items():
            if code in found:
                raise ValueError(f"{file}: the measure {code} is named twice")
            found[code] = _measure(code, entry, families)
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def groups() -> Mapping[str, Group]:
    """Return every group by code; "all" comes first."""
    found = {ALL: Group(ALL, Text("全部", "all"), ())}
    for family, members in _load("measures.yaml")["groups"].items():
        for code, name in members.items():
            known = found.get(code)
            if known is not None and known.name != Text.from_dict(name):
                raise ValueError(f"measures.yaml: the group {code} has two names")
            found[code] = Group(code, Text.from_dict(name), (*(known.families if known else ()), family))
    return MappingProxyType(found)


def data_item(code: str) -> DataItem:
    """Return a data item by code; raise UnknownDataItem with the nearest codes."""
    item = data_items().get(code)
    if item is None:
        near = nearest(code, data_items())
        raise UnknownDataItem.because(
            "unknown_data_item",
            f"没有数据项“{code}”。",
            f"There is no data item “{code}”.",
            measured=code,
            remedy=_did_you_mean(
                near, "请使用数据项目录中的代码。", "Use a code of the catalogue of data items."
            ),
        )
    return item


@lru_cache(maxsize=1)
def data_items() -> Mapping[str, DataItem]:
    """Return the 106 data items by code, in the order of the scheme."""
    data = _load("data_items.yaml")
    bodies = {code: Text.from_dict(name) for code, name in data["bodies"].items()}
    return MappingProxyType(
        {
            code: DataItem(
                code=code,
                name=Text(entry["zh"], entry["en"]),
                unit=entry["unit"],
                cadence=entry["cadence"],
                submitters=tuple(bodies[body] for body in entry["by"]),
                ports=tuple(entry.get("ports", ())),
                measure=entry.get("measure"),
                direction=Direction(entry["direction"]) if "direction" in entry else None,
                group=entry.get("group"),
                formula=entry.get("formula"),
            )
            for code, entry in data["items"].items()
        }
    )


# ---- loading ----------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _load(file: str) -> dict[str, Any]:
    # The parser in C, where PyYAML has it, reads the registry ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((Path(__file__).parent / file).read_text(encoding="utf-8"), Loader=loader)  # noqa: S506


def _families() -> dict[str, tuple[str, ...]]:
    return {family: tuple(members) for family, members in _load("measures.yaml")["groups"].items()}


def _measure(code: str, entry: dict[str, Any], families: dict[str, tuple[str, ...]]) -> Measure:
    members = dict.fromkeys(member for family in entry.get("groups", ()) for member in families[family])
    return Measure(
        code=code,
        name=Text(entry["zh"], entry["en"]),
        unit=units.get(entry["unit"]).code,
        rollup=Rollup(entry["rollup"]),
        directions=tuple(Direction(direction) for direction in entry["directions"]),
        dimension_groups=(ALL, *members),
        definition=Text(entry["def_zh"], entry["def_en"]),
        words=entry.get("words", "crossing"),
        source=entry.get("source"),
        part_of=entry.get("part_of"),
        is_benchmark=entry.get("benchmark", False),
    )


def _key(text: str) -> str:
    return half_width(text).strip().casefold()


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for measure in all_measures().values():
        for name in (measure.code, measure.name.zh, measure.name.en):
            if found.setdefault(_key(name), measure) is not measure:
                raise ValueError(f"two measures are called {name!r}")
    return found


# ---- words ------------------------------------------------------------------------------------------


def _unknown(text: str, where: Place | None) -> Finding:
    by_name = _by_name()
    near = list(dict.fromkeys(by_name[name] for name in nearest(_key(text), by_name, n=6)))[:3]
    words_zh = [f"{measure.name.zh}（{measure.code}）" for measure in near]
    words_en = [f"{measure.name.en} ({measure.code})" for measure in near]
    own = ("请使用指标目录中的名称或代码。", "Use a name or code of the registry of measures.")
    return Finding.error(
        "unknown_measure",
        f"没有指标“{text}”。",
        f"There is no measure “{text}”.",
        where=where,
        measured=text,
        remedy=(
            f"是否为：{'、'.join(words_zh)}？{own[0]}" if near else own[0],
            f"Did you mean {', '.join(words_en)}? {own[1]}" if near else own[1],
        ),
    )


def _did_you_mean(near: list[str], zh: str, en: str) -> tuple[str, str]:
    if not near:
        return zh, en
    return f"是否为：{'、'.join(near)}？{zh}", f"Did you mean {', '.join(near)}? {en}"


def _no_such(
    code: str, zh: str, en: str, given: str, known: tuple[str, ...], measure: Measure, where: Place | None
) -> Finding:
    return Finding.error(
        code,
        f"指标“{measure.name.zh}”没有{zh}“{given}”。",
        f"The measure “{measure.name.en}” has no {en} “{given}”.",
        where=where,
        measured=given,
        required=", ".join(known),
        remedy=(f"请填写：{'、'.join(known)}。", f"Use one of: {', '.join(known)}."),
    )
