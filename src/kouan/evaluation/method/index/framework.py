"""The framework of an index as a table: indicators at the foot, aggregates above, one node at the top.

A row of the table has the columns that the R package COINr gives its `iMeta` (Becker et al. 2022), so that its
files can be used as they stand: `Level`, `iCode`, `iName`, `Direction`, `Weight`, `Unit`, `Target`, `Denominator`,
`Parent`, `Type`; and, where wanted, `Lower` and `Upper` (goalposts), `Normalisation` and `Missing` (the codes of the
catalogue). Any depth; a child may stand any number of levels under its parent.

>>> rows = [
...     {"iCode": "time", "Level": "1", "Direction": "-1", "Weight": "2", "Parent": "top", "Type": "Indicator"},
...     {"iCode": "cost", "Level": "1", "Direction": "-1", "Weight": "1", "Parent": "top", "Type": "Indicator"},
...     {"iCode": "top", "Level": "2", "Type": "Aggregate"},
... ]
>>> framework = Framework.from_rows(rows)
>>> framework.indicators, framework.top, [round(float(w), 3) for w in framework.effective_weights()]
(('time', 'cost'), 'top', [0.667, 0.333])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, Refused
from kouan.basis.finding import Place

Floats = NDArray[np.float64]
KINDS = ("Indicator", "Aggregate", "Denominator", "Group")


@dataclass(frozen=True, slots=True)
class Node:
    """One row: an indicator (level 1) or an aggregate. ``weight`` counts among the children of the same parent."""

    code: str
    name: str
    level: int
    parent: str | None
    direction: int = 1
    weight: float = 1.0
    unit: str = ""
    target: float | None = None
    denominator: str | None = None
    goalposts: tuple[float, float] | None = None
    rule: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Framework:
    """The tree, checked: one top, no loop, every aggregate has children, directions are 1 or -1, weights not negative."""

    nodes: tuple[Node, ...]
    denominators: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    _by_code: Mapping[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_code", {node.code: node for node in self.nodes})
        findings = list(_faults(self.nodes))
        if findings:
            raise Refused(findings)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]], *, file: str | None = None) -> Framework:
        """Read a table (see the module). Raises Refused with a finding for each cell that cannot be used."""
        nodes: list[Node] = []
        others: dict[str, list[str]] = {"Denominator": [], "Group": []}
        findings: list[Finding] = []
        for number, row in enumerate(rows, start=2):
            cells = {str(name): str(value or "").strip() for name, value in row.items()}
            where = Place(file=file, row=number)
            code, kind = cells.get("iCode", ""), cells.get("Type") or "Indicator"
            if not code:
                findings.append(_fault("code_missing", "没有填写代码（iCode）。", "It has no code (iCode).", where))
            elif kind not in KINDS:
                findings.append(
                    _fault(
                        "type_unknown",
                        f"类型“{kind}”不认识，应为 {'、'.join(KINDS)} 之一。",
                        f"The type “{kind}” is unknown: {', '.join(KINDS)}.",
                        where,
                    )
                )
            elif kind in others:
                others[kind].append(code)
            elif kind in ("Indicator", "Aggregate"):
                try:
                    nodes.append(_node(cells, code, kind, where))
                except Refused as refused:
                    findings.extend(refused.findings)
        if findings:
            raise Refused(findings)
        return cls(tuple(nodes), tuple(others["Denominator"]), tuple(others["Group"]))

    def __getitem__(self, code: str) -> Node:
        return self._by_code[code]

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    @cached_property
    def indicators(self) -> tuple[str, ...]:
        """Codes of the indicators in the order of the table; the order of the columns of every table of a run."""
        return tuple(node.code for node in self.nodes if node.level == 1)

    @cached_property
    def aggregates(self) -> tuple[str, ...]:
        """Codes of the aggregates, children before their parents, in the order of the table within a level."""
        return tuple(node.code for node in sorted(self.nodes, key=lambda each: each.level) if node.level > 1)

    @cached_property
    def top(self) -> str:
        """The code of the index."""
        return next(node.code for node in self.nodes if node.parent is None)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        return tuple(sorted({node.level for node in self.nodes}))

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {code: [] for code in self.aggregates}
        for node in self.nodes:
            if node.parent is not None:
                found[node.parent].append(node.code)
        return {code: tuple(each) for code, each in found.items()}

    def children(self, code: str) -> tuple[str, ...]:
        """The codes directly below an aggregate, in the order of the table."""
        return self._children[code]

    def leaves(self, code: str) -> tuple[str, ...]:
        """The indicators below a node (itself, if it is one)."""
        if self[code].level == 1:
            return (code,)
        return tuple(leaf for child in self.children(code) for leaf in self.leaves(child))

    def at_level(self, level: int) -> tuple[str, ...]:
        return tuple(node.code for node in self.nodes if node.level == level)

    @property
    def given(self) -> dict[str, float]:
        """The weights of the table."""
        return {node.code: node.weight for node in self.nodes}

    @cached_property
    def directions(self) -> Floats:
        """1 or -1 for each indicator: whether more is better."""
        return np.array([self[code].direction for code in self.indicators], dtype=float)

    def shares(self, weights: Mapping[str, float] | None = None) -> dict[str, float]:
        """The share of every node in the index when every mean is arithmetic and nothing is missing; the top's is 1."""
        held = weights or self.given
        share = {self.top: 1.0}
        for code in reversed(self.aggregates):
            total = sum(held[child] for child in self.children(code))
            for child in self.children(code):
                share[child] = share[code] * (held[child] / total if total else 0.0)
        return share

    def effective_weights(self, weights: Mapping[str, float] | None = None) -> Floats:
        """The share of each indicator in the index (they sum to 1), in the order of ``indicators``."""
        share = self.shares(weights)
        return np.array([share[code] for code in self.indicators])

    def without(self, *codes: str) -> Framework:
        """The framework with these elements (and all below them) left out; an aggregate left empty goes too."""
        gone = {leaf for code in codes for leaf in self.leaves(code)}
        kept = [node for node in self.nodes if node.level > 1 or node.code not in gone]
        while empty := [
            node.code for node in kept if node.level > 1 and not any(each.parent == node.code for each in kept)
        ]:
            kept = [node for node in kept if node.code not in empty]
        if not any(node.level == 1 for node in kept):
            raise Refused.because(
                "framework_empty",
                "去掉这些要素后没有指标了。",
                "Without these elements no indicator is left.",
                measured=", ".join(codes),
            )
        return Framework(tuple(kept), self.denominators, self.groups)

    def as_rows(self) -> list[dict[str, str]]:
        """The table again, in its own columns (`from_rows` reads it back)."""
        rows = [
            {
                "Level": str(node.level),
                "iCode": node.code,
                "iName": node.name,
                "Direction": str(node.direction),
                "Weight": repr(node.weight),
                "Unit": node.unit,
                "Target": "" if node.target is None else repr(node.target),
                "Denominator": node.denominator or "",
                "Parent": node.parent or "",
                "Type": "Indicator" if node.level == 1 else "Aggregate",
                "Lower": repr(node.goalposts[0]) if node.goalposts else "",
                "Upper": repr(node.goalposts[1]) if node.goalposts else "",
                "Normalisation": node.rule,
                "Missing": node.missing,
            }
            for node in self.nodes
        ]
        empty = dict.fromkeys(rows[0], "")
        return rows + [
            empty | {"iCode": code, "Type": kind}
            for kind, codes in (("Group", self.groups), ("Denominator", self.denominators))
            for code in codes
        ]


def _node(cells: Mapping[str, str], code: str, kind: str, where: Place) -> Node:
    number = _Numbers(cells, code, where)
    level = number.whole("Level", 1 if kind == "Indicator" else None)
    direction = number.whole("Direction", 1)
    lower, upper, weight, target = (number.decimal(name) for name in ("Lower", "Upper", "Weight", "Target"))
    if (lower is None) != (upper is None):
        number.say("Lower", "上下界须同时填写", "both goalposts must be given")
    if number.findings:
        raise Refused(number.findings)
    if (kind == "Indicator") != (level == 1):
        raise Refused(
            [
                _fault(
                    "level_wrong",
                    f"“{code}”的层级与类型不符：指标在第1层，汇总项在其上。",
                    f"The level of “{code}” does not fit its type: indicators are level 1, aggregates above.",
                    where,
                )
            ]
        )
    return Node(
        code=code,
        name=cells.get("iName") or code,
        level=level or 1,
        parent=cells.get("Parent") or None,
        direction=direction or 1,
        weight=1.0 if weight is None else weight,
        unit=cells.get("Unit", ""),
        target=target,
        denominator=cells.get("Denominator") or None,
        goalposts=None if lower is None or upper is None else (lower, upper),
        rule=cells.get("Normalisation", ""),
        missing=cells.get("Missing", ""),
    )


class _Numbers:
    """Reads the number cells of one row and gathers what is wrong with them."""

    def __init__(self, cells: Mapping[str, str], code: str, where: Place) -> None:
        self.cells, self.code, self.where = cells, code, where
        self.findings: list[Finding] = []

    def say(self, column: str, zh: str, en: str) -> None:
        self.findings.append(
            _fault(
                "meta_cell_unusable",
                f"“{self.code}”的“{column}”不能使用：{zh}。",
                f"“{column}” of “{self.code}” cannot be used: {en}.",
                Place(file=self.where.file, row=self.where.row, column=column),
                measured=self.cells.get(column),
            )
        )

    def decimal(self, column: str) -> float | None:
        text = self.cells.get(column, "")
        if text in ("", "NA", "NaN"):
            return None
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            self.say(column, "不是数字", "it is no number")
            return None
        return value

    def whole(self, column: str, missing: int | None) -> int | None:
        value = self.decimal(column)
        if value is None:
            if missing is None and not self.findings:
                self.say(column, "没有填写", "it is empty")
            return missing
        if value != int(value):
            self.say(column, "不是整数", "it is no whole number")
        return int(value)


def _faults(nodes: Sequence[Node]) -> Iterable[Finding]:
    codes = [node.code for node in nodes]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield _fault("code_repeated", f"代码“{code}”出现多次。", f"The code “{code}” occurs more than once.")
    by_code = {node.code: node for node in nodes}
    if not any(node.level == 1 for node in nodes):
        yield _fault("framework_empty", "指标体系没有指标。", "The framework has no indicator.")
    tops = [node.code for node in nodes if node.parent is None]
    if len(tops) != 1:
        yield _fault(
            "framework_top",
            f"最高一级须恰为一项，现有 {len(tops)} 项没有上级：{'、'.join(tops[:5])}。",
            f"There must be one node at the top; {len(tops)} have no parent: {', '.join(tops[:5])}.",
        )
    with_children = {node.parent for node in nodes}
    for node in nodes:
        if node.direction not in (1, -1):
            yield _fault(
                "direction_unknown",
                f"“{node.code}”的方向须为 1 或 -1。",
                f"The direction of “{node.code}” must be 1 or -1.",
                measured=node.direction,
            )
        if node.weight < 0 or not np.isfinite(node.weight):
            yield _fault(
                "weight_negative",
                f"“{node.code}”的权重不能为负。",
                f"The weight of “{node.code}” must not be negative.",
                measured=node.weight,
            )
        if node.parent is not None and node.parent not in by_code:
            yield _fault(
                "parent_unknown",
                f"“{node.code}”的上级“{node.parent}”不在表中。",
                f"“{node.parent}”, the parent of “{node.code}”, is not in the table.",
            )
        elif node.parent is not None and by_code[node.parent].level <= node.level:
            yield _fault(
                "parent_below",
                f"“{node.code}”的上级“{node.parent}”层级不高于它。",
                f"“{node.parent}”, the parent of “{node.code}”, is not on a higher level.",
            )
        if node.level > 1 and node.code not in with_children:
            yield _fault(
                "aggregate_empty",
                f"汇总项“{node.code}”没有下级。",
                f"The aggregate “{node.code}” has nothing below it.",
            )


def _fault(code: str, zh: str, en: str, where: Place | None = None, **details: Any) -> Finding:
    return Finding.error(code, zh, en, where=where, **details)
