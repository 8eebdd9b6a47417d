"""The figures of a round: what every port has for every item and year, and what was decided about what is not there.

>>> data = RoundData(("p1", "p2"), ("sea", "sea"), ("hub", "hub"), (2024, 2025), ("teu",), np.ones((2, 2, 1)))
>>> data.column("teu").shape, data.column("cargo_t").shape
((2, 2), (2, 2))
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, Refused, Text, nearest
from kouan.evaluation.method.framework import digest_of
from kouan.evaluation.method.scheme.formula import Floats
from kouan.evaluation.method.scheme.naming import called
from kouan.evaluation.method.scheme.scheme import Scheme

# Who may say that something does not apply: never the reporter (R-063 ff., plan tables, M2).
DECIDERS = ("scheme", "national_office")


@dataclass(frozen=True, slots=True)
class Decision:
    """An item or indicator does not apply to a port (or to a class: ``port`` empty) in a year (0: in all)."""

    code: str
    by: str
    reason: str
    port: str = ""
    port_class: str = ""
    year: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("code", "by", "reason", "port", "port_class", "year")}


@dataclass(frozen=True, slots=True)
class FailedFeed:
    """A central source that failed: an item (or indicator) in a year, for a class ("" for all)."""

    code: str
    year: int
    port_class: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "year": self.year, "port_class": self.port_class}


@dataclass(frozen=True)
class RoundData:
    """Yearly figures of a round.

    ``values`` is (years, ports, items), NaN where nothing was reported. ``reminders`` has the same shape: how many
    reminders about a figure that is wanted have run out. ``volume_bases``: class medians of the base year fixed in an
    earlier round, by "class/item"; without them they are taken from the base year of these figures. ``names``: what findings
    call the ports; no figure, and no part of the digest.
    """

    ports: tuple[str, ...]
    classes: tuple[str, ...]
    grades: tuple[str, ...]
    years: tuple[int, ...]
    items: tuple[str, ...]
    values: Floats
    reminders: NDArray[np.int8] | None = None
    decisions: tuple[Decision, ...] = ()
    failed_feeds: tuple[FailedFeed, ...] = ()
    volume_bases: Mapping[str, float] = field(default_factory=dict)
    is_exercise: bool = False
    names: Mapping[str, Text] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.years), len(self.ports), len(self.items))
        if self.values.shape != shape or (self.reminders is not None and self.reminders.shape != shape):
            raise ValueError(f"values and reminders must be (years, ports, items) = {shape}")
        if not len(self.ports) == len(self.classes) == len(self.grades):
            raise ValueError("ports, classes and grades must be of one length")
        if list(self.years) != list(range(self.years[0], self.years[0] + len(self.years))):
            raise Refused.because(
                "years_not_consecutive",
                "年度须连续递增：与往年比较的指标按前后位置取数。",
                "The years must follow each other: comparisons with earlier years go by place.",
                measured=", ".join(str(year) for year in self.years),
            )
        for what, names in (("口岸", self.ports), ("数据项", self.items)):
            if len(set(names)) != len(names):
                twice = sorted({name for name in names if names.count(name) > 1})
                raise Refused.because(
                    "round_repeated", f"{what}重复：{'、'.join(twice[:5])}。", f"These occur twice: {', '.join(twice[:5])}."
                )
        if np.isinf(self.values).any():
            raise Refused.because("value_infinite", "数据中有无穷大。", "The data hold an infinite value.")

    def check(self, scheme: Scheme) -> None:
        """Raise Refused where the figures do not belong to the scheme, or a decision was not for its maker to take."""
        findings: list[Finding] = []
        for item in self.items:
            if item not in scheme.items:
                near = nearest(item, tuple(scheme.items), n=1)
                findings.append(
                    Finding.error(
                        "item_unknown", f"方案没有数据项“{item}”。", f"The scheme has no data item “{item}”.",
                        remedy=(f"是否应为“{near[0]}”？", f"Did you mean “{near[0]}”?") if near else None,
                    )
                )
        for port, port_class in zip(self.ports, self.classes, strict=True):
            if port_class not in scheme.shape.classes:
                findings.append(
                    Finding.error(
                        "class_unknown", f"{self.called(port).zh}的运输类别“{port_class}”不在方案中，不能评估。",
                        f"The transport class “{port_class}” of {self.called(port).en} is not in the scheme.",
                        required=", ".join(scheme.shape.classes),
                    )
                )
        indicators = {each.code for each in scheme.indicators}
        named = [*(each.code for each in self.decisions), *(each.code for each in self.failed_feeds)]
        for code in named:
            if code not in indicators and code not in scheme.items:
                findings.append(Finding.error("item_unknown", f"方案没有“{code}”。", f"The scheme has no “{code}”."))
        for decision in self.decisions:
            if decision.by not in DECIDERS or not decision.reason.strip():
                findings.append(
                    Finding.error(
                        "decision_not_theirs",
                        f"“{decision.code}”是否不适用，只能由方案或国家口岸管理部门认定并说明理由，报送单位不能认定。",
                        f"Whether “{decision.code}” does not apply is for the scheme or the national office to say, "
                        "with a reason; never for the reporter.",
                        measured=decision.by, required=", ".join(DECIDERS),
                    )
                )
            if decision.port and decision.port not in self.ports:
                findings.append(
                    Finding.error("port_unknown", f"认定所指的口岸“{decision.port}”不在本轮中。",
                                  f"The port “{decision.port}” of a decision is not in the round.")
                )
        if findings:
            raise Refused(findings)

    def called(self, port: str, year: int | None = None) -> Text:
        """A port as findings call it, with a year behind it where one is meant."""
        name = called(port, self.names.get(port))
        return name if year is None else Text(f"{name.zh} {year} 年", f"{name.en} {year}")

    def types(self, scheme: Scheme) -> tuple[str, ...]:
        """The port type of each port: whose weights it has."""
        return tuple(scheme.shape.classes[each] for each in self.classes)

    def column(self, item: str) -> Floats:
        """(years, ports): the figures of an item; all missing if nobody was asked for it."""
        if item in self.items:
            return self.values[:, :, self.items.index(item)]
        return np.full(self.values.shape[:2], np.nan)

    def reminded(self, item: str) -> NDArray[np.int8]:
        """(years, ports): reminders about an item that have run out."""
        if self.reminders is not None and item in self.items:
            return self.reminders[:, :, self.items.index(item)]
        return np.zeros(self.values.shape[:2], dtype=np.int8)

    def decided(self, code: str) -> NDArray[np.bool_]:
        """(years, ports): where it was decided that the item or indicator does not apply."""
        flags = np.zeros(self.values.shape[:2], dtype=bool)
        for each in self.decisions:
            if each.code == code:
                flags |= self._at(each.year, each.port_class) & self._of(each.port)
        return flags

    def failed(self, code: str) -> NDArray[np.bool_]:
        """(years, ports): where the central source of an item or indicator failed."""
        flags = np.zeros(self.values.shape[:2], dtype=bool)
        for each in self.failed_feeds:
            if each.code == code:
                flags |= self._at(each.year, each.port_class)
        return flags

    def _at(self, year: int, port_class: str) -> NDArray[np.bool_]:
        years = np.array([not year or each == year for each in self.years])
        ports = np.array([not port_class or each == port_class for each in self.classes])
        return years[:, None] & ports[None, :]

    def _of(self, port: str) -> NDArray[np.bool_]:
        return np.array([not port or each == port for each in self.ports])[None, :]

    @property
    def digest(self) -> str:
        """SHA-256 of everything, the same whatever the order of ports, items and decisions."""
        ports = sorted(range(len(self.ports)), key=lambda at: self.ports[at])
        items = sorted(range(len(self.items)), key=lambda at: self.items[at])
        sha = hashlib.sha256()
        head = {
            "ports": [[self.ports[at], self.classes[at], self.grades[at]] for at in ports],
            "years": list(self.years),
            "items": [self.items[at] for at in items],
            "decisions": sorted((each.as_dict() for each in self.decisions), key=repr),
            "failed_feeds": sorted((each.as_dict() for each in self.failed_feeds), key=repr),
            "volume_bases": dict(self.volume_bases),
            "is_exercise": self.is_exercise,
        }
        sha.update(digest_of(head).encode())
        # Adding 0 makes −0 and 0 one; every NaN is written alike.
        values = self.values[:, ports][:, :, items] + 0.0
        sha.update(np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes())
        if self.reminders is not None:
            sha.update(self.reminders[:, ports][:, :, items].astype("<i1").tobytes())
        return sha.hexdigest()
