"""A scheme (评估方案): what is evaluated, by which indicators, with which weights, and how results are read.

A scheme is data in a folder: `scheme.yaml`, `catalogue.csv`, `data_items.csv`, `ahp.yaml`, `weights.csv` and
`references.csv`. `load_scheme` reads and checks it; one that may not be used is refused with every reason (see
`checking`). `digest` is the SHA-256 of everything in it, and `Scheme.of(scheme.as_dict())` is the same scheme again, so
that a score can be replayed from its record alone.

>>> from kouan.evaluation import schemes
>>> scheme = schemes.get("national-first")
>>> len(scheme.groups), len(scheme.indicators), scheme.indicator("I-0407").rule.code, scheme.band(60.0).name.zh
(10, 69, 'N9', '良好')
>>> round(sum(scheme.weights["sea"].values()), 12), round(scheme.quantitative_share("sea"), 3)
(1.0, 0.915)
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from kouan.basis import Place, Refused, Text, strict_yaml
from kouan.evaluation.method.framework import digest_of
from kouan.evaluation.method.scheme.formula import Checklist, Node, point
from kouan.evaluation.method.scheme.items import Items
from kouan.evaluation.method.scheme.rule import Rule
from kouan.evaluation.method.scheme.shape import Band, Group, Shape

FILES = {
    "scheme": "scheme.yaml", "catalogue": "catalogue.csv", "items": "data_items.csv", "ahp": "ahp.yaml",
    "weights": "weights.csv", "references": "references.csv",
}


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row of the catalogue. ``ports``: the port types it applies to; ``formula`` the tree of its text."""

    code: str
    group: str
    elements: tuple[str, ...]
    name: Text
    kind: str
    formula: Node
    unit: str
    polarity: str
    ports: frozenset[str]
    rule: Rule
    missing: str
    frequency: str
    source: str
    submitter: str
    verifier: str
    evidence: str
    importance: float

    @property
    def is_quantitative(self) -> bool:
        return self.kind == "quant"

    @property
    def points(self) -> tuple[str, ...]:
        """The codes of its checklist, if it is one."""
        tree = self.formula
        return tuple(point(self.code, name) for name in tree.points) if isinstance(tree, Checklist) else ()


@dataclass(frozen=True, slots=True)
class Reference:
    """Fixed values where peers are too few: 0 and 100 points (N3: the reverse), and a median."""

    low: float | None
    high: float | None
    median: float | None
    basis: str


@dataclass(frozen=True)
class Scheme:
    """A checked scheme. Build one with `Scheme.of` or `load_scheme`."""

    shape: Shape
    indicators: tuple[Indicator, ...]
    items: Items
    derived: Mapping[str, Node]
    weights: Mapping[str, Mapping[str, float]]
    group_weights: Mapping[str, Mapping[str, float]]
    consistency: Mapping[str, float]
    references: Mapping[tuple[str, str], Reference]
    source: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, source: Mapping[str, Any]) -> Scheme:
        """Build from plain data (`as_dict`). Raises Refused with every reason why it may not be used."""
        from kouan.evaluation.method.scheme.checking import checked

        return checked(source)

    def as_dict(self) -> dict[str, Any]:
        """Return everything the scheme was built from, as plain data."""
        return dict(self.source)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the scheme in canonical form."""
        return digest_of(self.source)

    @property
    def code(self) -> str:
        return self.shape.code

    @property
    def version(self) -> int:
        return self.shape.version

    @property
    def name(self) -> Text:
        return self.shape.name.text

    @property
    def is_proposal(self) -> bool:
        """Whether no authority has approved it: pages and reports must say so."""
        return self.shape.status == "proposal"

    @property
    def groups(self) -> Mapping[str, Group]:
        return self.shape.groups

    @cached_property
    def _by_code(self) -> dict[str, Indicator]:
        return {each.code: each for each in self.indicators}

    def indicator(self, code: str) -> Indicator:
        """The indicator of that code; KeyError when there is none."""
        return self._by_code[code]

    def of_group(self, group: str) -> tuple[Indicator, ...]:
        return tuple(each for each in self.indicators if each.group == group)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The port types that have weights, in the order of the classes."""
        return tuple(dict.fromkeys(self.shape.classes.values()))

    def fed_by(self, five_type: str) -> tuple[str, ...]:
        """The groups that feed one of the five types."""
        return tuple(code for code, group in self.groups.items() if five_type in group.feeds)

    def quantitative_share(self, port_type: str) -> float:
        """The weight of quantitative indicators for a port type (六(一): more than half)."""
        return sum(self.weights[port_type].get(each.code, 0.0) for each in self.indicators if each.is_quantitative)

    def reference(self, code: str, port_class: str) -> Reference | None:
        """The fixed values of an indicator or item for a class, else those for all classes, else None."""
        return self.references.get((code, port_class)) or self.references.get((code, "*"))

    def band(self, total: float) -> Band:
        """The band of a total: the best whose limit it reaches."""
        return next(band for band in self.shape.bands if total >= band.least)

    def reading(self, code: str) -> str:
        """How an open question is read."""
        return self.shape.readings[code].value


def load_scheme(folder: Path) -> Scheme:
    """Read a folder. Raises Refused with every reason why the scheme may not be used; OSError for a file not there."""
    return Scheme.of(read_folder(folder))


def read_folder(folder: Path) -> dict[str, Any]:
    """Read the files of a scheme as plain data; nothing is checked yet but that they are YAML and CSV."""
    found: dict[str, Any] = {}
    for name, file in FILES.items():
        if file.endswith(".yaml"):
            found[name] = _plain(strict_yaml.load_file(folder / file, file))
        else:
            with (folder / file).open(encoding="utf-8-sig", newline="") as stream:
                try:
                    found[name] = [_cells(row) for row in csv.DictReader(stream)]
                except csv.Error as error:
                    raise Refused.because(
                        "scheme_unreadable", f"方案文件“{file}”不是可读的 CSV。", f"“{file}” is no readable CSV.",
                        where=Place(file=file), measured=error,
                        remedy=("请检查引号是否成对、行尾是否完整，另存为 CSV 后再上传。",
                                "Check quotation marks and line ends, and save it as CSV again."),
                    ) from error
    return found


def _cells(row: Mapping[str | None, Any]) -> dict[str, str]:
    """The cells under a heading; those beyond the last heading are nobody's, missing ones are empty."""
    return {name: value or "" for name, value in row.items() if name is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value
