"""Framework: what is measured, how it is turned into points and what it weighs, as one table.

A framework (指标体系) is a tree written as a table of nodes, in the way of the OECD/JRC handbook on
composite indicators: level 1 holds the indicators, each higher level the aggregates, one node at the
top. It is data, never code, so that a scheme can be read, compared, cited and replayed: `digest` is the
SHA-256 of its canonical form, and every recipe carries it.

The codes N1–N8 (normalisation) and M2, M4 (missing data) are those of the indicator catalogue that
accompanies 国家“十四五”口岸发展规划 专栏1; `docs/evaluation-first-slice.md` says what each does.

>>> print(parse_normalisation("N5(60,85;0,120)"))
N5(60,85;0,120)
>>> parse_normalisation("N5(60,85;0,120)").arguments
(60.0, 85.0, 0.0, 120.0)
>>> parse_normalisation("N5(60)") is None
True
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from kouan.basis import Text


class Polarity(StrEnum):
    """Which way is better (正向/负向)."""

    HIGHER = "higher"
    LOWER = "lower"
    BAND = "band"


# Code -> how many numbers it takes, and the polarity it implies (None: the node says).
NORMALISATIONS: dict[str, tuple[int, Polarity | None]] = {
    "N1": (0, Polarity.HIGHER),
    "N2": (0, Polarity.HIGHER),
    "N3": (0, Polarity.LOWER),
    "N4": (1, Polarity.HIGHER),
    "N5": (4, Polarity.BAND),
    "N6": (0, Polarity.HIGHER),
    "N7": (0, Polarity.HIGHER),
    "N8": (2, None),
}
# These place a value between two percentiles of its peers, so they need fixed values to fall back on.
RELATIVE_TO_PEERS = frozenset({"N1", "N2", "N3"})
# What this engine computes; the catalogue's others need a round of reporters, reminders and last year.
MISSING_RULES = frozenset({"M2", "M4"})
# In the catalogue, but not computed by this engine: a framework that uses one is refused, with this word.
KNOWN_ELSEWHERE = frozenset({"N9", "M1", "M3", "M5", "M6"})
AGGREGATIONS = frozenset({"arithmetic", "geometric"})

_NORMALISATION = re.compile(r"^(N\d)(?:\(([^()]*)\))?$")


@dataclass(frozen=True, slots=True)
class Normalisation:
    """A normalisation code with its numbers: N4(target), N5(lo,hi;zlo,zhi), N8(best,worst)."""

    code: str
    arguments: tuple[float, ...] = ()

    def __str__(self) -> str:
        numbers = [f"{number:g}" for number in self.arguments]
        if self.code == "N5":
            return f"N5({numbers[0]},{numbers[1]};{numbers[2]},{numbers[3]})"
        return f"{self.code}({','.join(numbers)})" if numbers else self.code


def parse_normalisation(text: str) -> Normalisation | None:
    """Read a code such as "N1" or "N5(60,85;0,120)"; None when it is not one this engine computes."""
    match = _NORMALISATION.match(text.replace(" ", ""))
    if match is None or match[1] not in NORMALISATIONS:
        return None
    try:
        numbers = tuple(float(part) for part in re.split(r"[;,]", match[2])) if match[2] else ()
    except ValueError:
        return None
    return Normalisation(match[1], numbers) if len(numbers) == NORMALISATIONS[match[1]][0] else None


@dataclass(frozen=True, slots=True)
class Series:
    """A monthly series that indicators are derived from: the sum of some measures of the registry."""

    code: str
    name: Text
    unit: str
    measures: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name.as_dict(), "unit": self.unit, "measures": list(self.measures)}


@dataclass(frozen=True, slots=True)
class Derivation:
    """How an indicator comes out of the series: a kind known to `derive` and its arguments."""

    kind: str
    series: tuple[tuple[str, float], ...]
    years: int | None = None
    months: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "series": dict(self.series), "years": self.years, "months": self.months}


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the table: an indicator (level 1) or an aggregate.

    `weight` is the share within the parent; shares of one parent sum to 1. `reference` is the pair of
    fixed values (0 points, 100 points for N1 and N2; the reverse for N3) used when there are too few peers.
    """

    code: str
    name: Text
    parent: str | None
    level: int
    weight: float
    polarity: Polarity = Polarity.HIGHER
    unit: str = "points"
    elements: tuple[str, ...] = ()
    definition: Text | None = None
    derive: Derivation | None = None
    normalise: Normalisation | None = None
    missing: str | None = None
    reference: tuple[float, float] | None = None
    aggregate: str | None = None

    @property
    def is_indicator(self) -> bool:
        return self.level == 1

    def as_dict(self) -> dict[str, Any]:
        """Return the line as plain data; `loading.framework_from_dict` reads it back."""
        line: dict[str, Any] = {
            "code": self.code,
            "name": self.name.as_dict(),
            "parent": self.parent,
            "level": self.level,
            "weight": self.weight,
            "elements": list(self.elements),
        }
        if self.definition is not None:
            line["definition"] = self.definition.as_dict()
        if self.derive is not None:
            line |= {
                "polarity": self.polarity.value,
                "unit": self.unit,
                "derive": self.derive.as_dict(),
                "normalise": str(self.normalise),
                "missing": self.missing,
                "reference": list(self.reference) if self.reference else None,
            }
        else:
            line["aggregate"] = self.aggregate
        return line


@dataclass(frozen=True)
class Framework:
    """A whole framework. Build one with `load_framework`, which checks it; the parts are not re-checked."""

    code: str
    version: int
    name: Text
    note: Text
    weights_origin: Text
    plan_group: str
    series: tuple[Series, ...]
    nodes: tuple[Node, ...]
    largest_estimated_share: float
    look_back: int
    carried_years: int
    smallest_peer_group: int
    smallest_weight: float
    winsorise_points: int
    skew_limit: float
    kurtosis_limit: float
    percentiles: tuple[float, float]
    decimals: int
    peer_rule: Text = field(default_factory=lambda: Text("", ""))

    @cached_property
    def indicators(self) -> tuple[Node, ...]:
        """The level-1 nodes in table order; the last axis of every result array."""
        return tuple(node for node in self.nodes if node.is_indicator)

    @cached_property
    def aggregates(self) -> tuple[Node, ...]:
        """The other nodes, lowest level first, the top node last."""
        return tuple(sorted((n for n in self.nodes if not n.is_indicator), key=lambda node: node.level))

    @property
    def top(self) -> Node:
        return self.aggregates[-1]

    def node(self, code: str) -> Node:
        """Return the node of that code; KeyError when there is none."""
        return self._by_code[code]

    @cached_property
    def _by_code(self) -> dict[str, Node]:
        return {node.code: node for node in self.nodes}

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(node.code for node in self.nodes)

    def children(self, code: str) -> tuple[Node, ...]:
        """The nodes right under one, in table order."""
        return tuple(node for node in self.nodes if node.parent == code)

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Every registry measure that the series read, sorted."""
        return tuple(sorted({measure for series in self.series for measure in series.measures}))

    def overall_weight(self, code: str) -> float:
        """The share of a node in the top score when nothing is missing: the product down the tree."""
        node, share = self.node(code), 1.0
        while node.parent is not None:
            share *= node.weight
            node = self.node(node.parent)
        return share

    def as_dict(self) -> dict[str, Any]:
        """Return the canonical form: plain data, the same for the same framework."""
        return {
            "code": self.code,
            "version": self.version,
            "name": self.name.as_dict(),
            "note": self.note.as_dict(),
            "weights_origin": self.weights_origin.as_dict(),
            "plan_group": self.plan_group,
            "data": {
                "largest_estimated_share": self.largest_estimated_share,
                "look_back": self.look_back,
                "carried_years": self.carried_years,
            },
            "peers": {"rule": self.peer_rule.as_dict(), "smallest": self.smallest_peer_group},
            "screen": {"smallest_weight": self.smallest_weight},
            "treat": {
                "points": self.winsorise_points,
                "skew": self.skew_limit,
                "kurtosis": self.kurtosis_limit,
            },
            "percentiles": list(self.percentiles),
            "decimals": self.decimals,
            "series": {series.code: series.as_dict() for series in self.series},
            "nodes": [node.as_dict() for node in self.nodes],
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical form, in hexadecimal."""
        return digest_of(self.as_dict())


def digest_of(data: Mapping[str, Any]) -> str:
    """SHA-256 of plain data in canonical JSON: sorted keys, no spaces, UTF-8, whole numbers without a fraction.

    JSON has one kind of number: a store or a browser may give 1.0 back as 1, which must not look like tampering.

    >>> digest_of({"b": 1, "a": 2.0}) == digest_of({"a": 2, "b": 1.0})
    True
    """
    text = json.dumps(
        _plain(data), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
