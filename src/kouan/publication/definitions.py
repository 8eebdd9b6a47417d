"""What may be published: one YAML file for each data set, with owner and class, columns, and the versions that were made.

>>> [each.code for each in definitions()]
['hk-control-points-monthly', 'plan-layout', 'plan-projects', 'port-flows-monthly', 'us-border-crossing-yearly', 'volume-standards']
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import NotFound, Refused, Text, nearest
from kouan.basis.strict_yaml import load_file

_FOLDER = Path(__file__).parent / "sets"
PUBLIC = "public"
TYPES = ("string", "integer", "number", "date", "period")
ROLES = ("dimension", "measure", "attribute")


@dataclass(frozen=True)
class Column:
    """One column: a dimension (part of a row's key), a measure (its figure) or an attribute. ``coded``: its values are codes with labels."""

    name: str
    label: Text
    type: str
    role: str
    coded: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As it is kept with a version."""
        return {"name": self.name, "label": self.label.as_dict(), "type": self.type, "role": self.role, "coded": self.coded}


@dataclass(frozen=True)
class Release:
    """A version that the product makes at setup: number, day, what changed."""

    number: str
    day: date
    changes: Text


@dataclass(frozen=True)
class Definition:
    """A data set: what it holds, whose it is, under which licence, and the recipe that cuts it."""

    code: str
    name: Text
    definition: Text
    coverage: Text
    producer: Text
    owner: Text
    licence: Text
    classification: str
    recipe: str
    unit: Text
    cadence: str
    source: str
    measures: tuple[str, ...]
    notes: tuple[Text, ...]
    columns: tuple[Column, ...]
    releases: tuple[Release, ...]
    # Cut from returns that are not public themselves: the data items, and what protects single respondents (``disclosure``).
    items: tuple[str, ...] = ()
    least: int = 0
    percent: int = 0

    @property
    def needs_clearance(self) -> bool:
        """Whether another person approves what is published: it is cut from data that are not open."""
        return bool(self.items)

    @property
    def is_statistical(self) -> bool:
        """Whether each row is a figure of a period: what SDMX can hold."""
        return sum(column.role == "measure" for column in self.columns) == 1 and any(column.type == "period" for column in self.columns)

    def as_dict(self) -> dict[str, Any]:
        """As it is kept with a version."""
        return {
            "code": self.code, "name": self.name.as_dict(), "definition": self.definition.as_dict(), "coverage": self.coverage.as_dict(),
            "producer": self.producer.as_dict(), "owner": self.owner.as_dict(), "licence": self.licence.as_dict(),
            "classification": self.classification, "unit": self.unit.as_dict(), "cadence": self.cadence, "source": self.source,
            "measures": list(self.measures), "items": list(self.items), "least": self.least, "percent": self.percent,
            "notes": [each.as_dict() for each in self.notes], "is_statistical": self.is_statistical,
            "columns": [each.as_dict() for each in self.columns],
        }


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Definition]:
    return {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.yaml"))}


def definitions() -> tuple[Definition, ...]:
    """Every data set that is defined, by code."""
    return tuple(_all().values())


def definition(code: str) -> Definition:
    """One of them. Raises NotFound with the nearest."""
    found = _all().get(code)
    if found is None:
        near = nearest(code, _all())
        raise NotFound.because(
            "unknown_data_set", f"没有数据集“{code[:64]}”。", f"There is no data set “{code[:64]}”.", measured=code[:64],
            remedy=(f"是否为：{'、'.join(near)}？" if near else "已定义的数据集见 kouan publish list。",
                    f"Did you mean {', '.join(near)}?" if near else "See kouan publish list."))
    return found


def refuse_unless_publishable(found: Definition) -> None:
    """Raise Refused for a data set without an owner, or whose class is not public: neither may be published."""
    if not found.owner.zh or not found.classification:
        raise Refused.because("not_classified", f"数据集“{found.name.zh}”没有登记归口单位或等级，不能发布。",
                              f"“{found.name.en}” has no owner or no class on record and cannot be published.", measured=found.code,
                              remedy=("请先登记归口单位和等级。", "Enter owner and class first."))
    if found.classification != PUBLIC:
        raise Refused.because("not_public", f"数据集“{found.name.zh}”的等级不是公开，不能发布。",
                              f"“{found.name.en}” is not classed as public and cannot be published.", measured=found.classification, required=PUBLIC,
                              remedy=("只有公开数据可以发布；评估结果按核准的内容在其公开页发布。",
                                      "Only public data is published; results of the evaluation leave by their clearance."))


def _read(path: Path) -> Definition:
    said = load_file(path)
    columns = tuple(Column(name, Text.from_dict(told), told["type"], told["role"], bool(told.get("coded", False)))
                    for name, told in said["columns"].items())
    wrong = [column.name for column in columns if column.type not in TYPES or column.role not in ROLES]
    if wrong:
        raise ValueError(f"{path.name}: columns {wrong} have no known type or role")
    pair = {key: Text.from_dict(said[key]) for key in ("name", "definition", "coverage", "producer", "owner", "licence", "unit")}
    return Definition(
        code=path.stem, **pair, classification=said["classification"], recipe=said["recipe"], cadence=said["cadence"], source=said.get("source", ""),
        measures=tuple(said.get("measures", ())), notes=tuple(Text.from_dict(each) for each in said.get("notes", ())), columns=columns,
        releases=tuple(Release(str(number), told["date"], Text.from_dict(told)) for number, told in said.get("versions", {}).items()),
        items=tuple(said.get("items", ())), least=said.get("disclosure", {}).get("least", 0), percent=said.get("disclosure", {}).get("percent", 0))
