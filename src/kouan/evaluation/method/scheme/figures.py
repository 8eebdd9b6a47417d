"""From reported figures to the cells that formulas read: totals of parts, the composite volume, honest reporting.

**Totals.** Where the parts are there, their sum counts; a total that was reported too and differs is noted. Where parts
are missing, the reported total stands in.

**Composite volume** (cpv, 综合通行量): cargo, persons and conveyances, each divided by the median of its class in the base
year. With fewer than the smallest number of ports in the class (or a median of zero) the scheme's fixed median serves.
A part that does not apply to a port counts nothing.

**Honest reporting.** A hazard found, reported and closed by the port itself never lowers its score; one that an
inspection found concealed is counted on top.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from kouan.basis import Finding, Place
from kouan.evaluation.method.scheme.formula import Cells, Floats, Node, Why, compute
from kouan.evaluation.method.scheme.naming import listed
from kouan.evaluation.method.scheme.round import RoundData
from kouan.evaluation.method.scheme.scheme import Scheme


@dataclass
class Figures:
    """The cells (years, ports) of every item, and by which medians the composite volume was divided."""

    scheme: Scheme
    data: RoundData
    volume_bases: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _cells: dict[str, Cells] = field(default_factory=dict)

    def read(self, code: str) -> Cells:
        """The cells of an item, derived ones included."""
        if code not in self._cells:
            self._cells[code] = self._made(code)
        return self._cells[code]

    def parts_of(self, code: str) -> tuple[str, ...]:
        """The items an item is made of, down to reported ones; itself if it is reported."""
        if code == self.scheme.shape.volume.item:
            return tuple(part for each in self.scheme.shape.volume.parts for part in self.parts_of(each))
        tree = self.scheme.derived.get(code)
        return (code, *sorted(tree.items())) if tree is not None else (code,)

    def _made(self, code: str) -> Cells:
        if code == self.scheme.shape.volume.item:
            return self._volume()
        reported = self._reported(code)
        if (tree := self.scheme.derived.get(code)) is not None:
            return self._total(code, tree, reported)
        honest = self.scheme.shape.honest_reporting.get(code)
        if honest is None:
            return reported
        closed = np.nan_to_num(self.data.column(honest.self_reported_closed))
        concealed = np.nan_to_num(self.data.column(honest.concealed))
        found = np.maximum(reported.values - closed, 0.0) + concealed
        # What an inspection found counts even where the port reported nothing.
        known = concealed > 0
        why = np.where(known & (reported.why == Why.MISSING), Why.PRESENT, reported.why).astype(np.int8)
        return Cells(np.where(np.isnan(found) & known, concealed, found), why)

    def _reported(self, code: str) -> Cells:
        values = self.data.column(code)
        cells = Cells.of(values)
        with np.errstate(invalid="ignore"):
            negative = values < 0
        if negative.any():
            self.findings.append(
                _about(self, "value_negative", code, negative, "为负数，不能使用", "is negative and cannot be used", error=True)
            )
        why = np.where(negative, Why.IMPOSSIBLE, cells.why)
        why = np.where(self.data.decided(code), Why.NOT_APPLICABLE, why).astype(np.int8)
        return Cells(np.where(why == Why.PRESENT, values, np.nan), why)

    def _total(self, code: str, tree: Node, reported: Cells) -> Cells:
        parts = compute(tree, self.read)
        # A part that does not apply is no part: without transit cargo the total is what comes and goes.
        some_away = parts.why == Why.NOT_APPLICABLE
        if some_away.any():
            held = [self.read(item) for item in sorted(tree.items())]
            lenient = {
                item: Cells(np.where(each.why == Why.NOT_APPLICABLE, 0.0, each.values),
                            np.where(each.why == Why.NOT_APPLICABLE, Why.PRESENT, each.why).astype(np.int8))
                for item, each in zip(sorted(tree.items()), held, strict=True)
            }
            without = compute(tree, lenient.__getitem__)
            all_away = np.logical_and.reduce([each.why == Why.NOT_APPLICABLE for each in held])
            use = some_away & ~all_away
            parts = Cells(np.where(use, without.values, parts.values), np.where(use, without.why, parts.why).astype(np.int8))
        both = (parts.why == Why.PRESENT) & (reported.why == Why.PRESENT)
        with np.errstate(invalid="ignore"):
            differs = both & (np.abs(parts.values - reported.values)
                              > self.scheme.shape.derived.tolerance * np.maximum(np.abs(parts.values), 1.0))
        if differs.any():
            self.findings.append(
                _about(self, "total_contradicts_parts", code, differs, "与其各部分之和不符，按各部分之和计",
                       "differs from the sum of its parts; the sum is used")
            )
        use_parts = (parts.why == Why.PRESENT) | (reported.why != Why.PRESENT)
        decided = reported.why == Why.NOT_APPLICABLE
        # Where neither serves, the graver reason stands: a negative total is not merely missing.
        neither = np.where(parts.why == Why.PRESENT, parts.why, np.maximum(parts.why, reported.why))
        why = np.where(decided, Why.NOT_APPLICABLE, np.where(use_parts, neither, reported.why)).astype(np.int8)
        values = np.where(use_parts, parts.values, reported.values)
        return Cells(np.where(why == Why.PRESENT, values, np.nan), why)

    def _volume(self) -> Cells:
        volume = self.scheme.shape.volume
        shape = self.data.values.shape[:2]
        values, why = np.zeros(shape), np.zeros(shape, dtype=np.int8)
        away = np.ones(shape, dtype=bool)
        for item, share in volume.parts.items():
            cells = self.read(item)
            bases = np.array([self._base(item, port_class) for port_class in self.data.classes])
            gone = cells.why == Why.NOT_APPLICABLE
            away &= gone
            values = values + np.where(gone, 0.0, cells.values) / bases * share
            why = np.maximum(why, np.where(gone, Why.PRESENT, cells.why)).astype(np.int8)
        return Cells.settled(values, np.where(away, Why.NOT_APPLICABLE, why).astype(np.int8))

    def _base(self, item: str, port_class: str) -> float:
        """The median of a class in the base year, as fixed before, as found here, or the scheme's."""
        key = f"{port_class}/{item}"
        if key not in self.volume_bases:
            given = self.data.volume_bases.get(key)
            self.volume_bases[key] = given if given is not None else self._median(item, port_class)
        return self.volume_bases[key]

    def _median(self, item: str, port_class: str) -> float:
        volume, smallest = self.scheme.shape.volume, self.scheme.shape.peers.smallest
        known: Floats = np.empty(0)
        if volume.base_year in self.data.years:
            cells = self.read(item)
            row = self.data.years.index(volume.base_year)
            members = np.array([each == port_class for each in self.data.classes])
            known = cells.values[row, members & (cells.why[row] == Why.PRESENT)]
        middle = float(np.median(known)) if len(known) >= smallest else 0.0
        if middle > 0:
            return middle
        self.findings.append(
            Finding.info(
                "volume_base_fixed",
                f"{self.scheme.items[item].name.zh}：{port_class} 类 {volume.base_year} 年可用的口岸不足 {smallest} 个或"
                "中位数为零，综合通行量用方案的固定中位数。",
                f"{self.scheme.items[item].name.en}: too few ports of {port_class} in {volume.base_year}, or a median of zero; "
                "the composite volume uses the scheme's fixed median.",
                where=Place(path=f"{volume.item}/{port_class}/{item}"),
                measured=len(known),
            )
        )
        fixed = self.scheme.reference(item, port_class)
        # A checked scheme has a median of every part for every class.
        return fixed.median if fixed is not None and fixed.median is not None else np.nan


def _about(
    figures: Figures, code: str, item: str, flags: np.ndarray, zh: str, en: str, *, error: bool = False
) -> Finding:
    name, where = figures.scheme.items[item].name, Place(path=item)
    make = Finding.error if error else Finding.warning
    places = list(_places(figures.data, flags))
    named = listed([figures.data.called(port, year) for port, year in places])
    return make(
        code, f"{name.zh}{zh}：{named.zh}。", f"{name.en} {en}: {named.en}.",
        where=where, measured=len(places), remedy=("请报送单位核对更正。", "Have the reporter check and correct it."),
    )


def _places(data: RoundData, flags: np.ndarray) -> Iterable[tuple[str, int]]:
    yield from sorted((data.ports[p], data.years[y]) for y, p in zip(*np.nonzero(flags), strict=True))
