"""The data cut: monthly figures of some ports, as one block of numbers with its own checksum.

`MonthlyCube` holds ports × measures × months. A figure that was not published is NaN, never zero. Ports,
measures and months stand in sorted order whatever order they came in, so the same data always give the
same bytes, the same digest and, to the last bit, the same scores.

>>> cube = MonthlyCube.from_columns(
...     ["b", "a"], ["trucks", "trucks"], ["2020-02", "2020-01"], [7.0, 5.0],
...     groups={"a": "north", "b": "north"})
>>> cube.ports, cube.values.shape, float(cube.values[1, 0, 1])
(('a', 'b'), (2, 1, 12), 7.0)
>>> len(cube.digest)
64
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, Refused

Floats = NDArray[np.float64]

_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")
# A month outside these years is a misread date, not history.
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


@dataclass(frozen=True)
class MonthlyCube:
    """Monthly figures. `values` has shape (ports, measures, years × 12), NaN where nothing was published.

    `groups` names each port's peer group and `classes` the wider class that a small group falls back to.
    Use `from_columns` or `from_array`: they check and sort.
    """

    values: Floats
    ports: tuple[str, ...]
    measures: tuple[str, ...]
    first_year: int
    groups: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(self.first_year, self.first_year + self.values.shape[2] // 12))

    @cached_property
    def by_year(self) -> Floats:
        """The same figures as (ports, measures, years, 12)."""
        ports, measures, months = self.values.shape
        return self.values.reshape(ports, measures, months // 12, 12)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the axes and the figures (little-endian doubles, one bit pattern for NaN and zero)."""
        axes = {
            "ports": self.ports,
            "measures": self.measures,
            "first_year": self.first_year,
            "groups": self.groups,
            "classes": self.classes,
            "shape": self.values.shape,
        }
        sha = hashlib.sha256(json.dumps(axes, ensure_ascii=False, sort_keys=True).encode())
        sha.update(np.ascontiguousarray(self.values, dtype="<f8").tobytes())
        return sha.hexdigest()

    @classmethod
    def from_array(
        cls,
        values: Any,
        *,
        ports: Sequence[str],
        measures: Sequence[str],
        first_year: int,
        groups: Mapping[str, str],
        classes: Mapping[str, str] | str = "all",
    ) -> MonthlyCube:
        """Build a cube from a block of shape (ports, measures, months), months from January of `first_year`.

        The last year is filled up with NaN. Raises Refused: shape, names used twice, negative or infinite
        figures, a port without a peer group.
        """
        block = np.array(values, dtype=np.float64, copy=True)
        findings = _check(block, ports, measures, groups)
        if findings:
            raise Refused(findings)
        if short := -block.shape[2] % 12:
            block = np.concatenate([block, np.full((*block.shape[:2], short), np.nan)], axis=2)
        port_order, measure_order = np.argsort(list(ports)), np.argsort(list(measures))
        block = block[port_order][:, measure_order]
        # One bit pattern for "missing" and one for zero, or equal data could have unequal digests.
        block = np.where(np.isnan(block), np.nan, block) + 0.0
        block.flags.writeable = False
        ordered = tuple(str(ports[i]) for i in port_order)
        return cls(
            block,
            ordered,
            tuple(str(measures[i]) for i in measure_order),
            int(first_year),
            tuple(groups[port] for port in ordered),
            tuple(classes if isinstance(classes, str) else classes[port] for port in ordered),
        )

    @classmethod
    def from_columns(
        cls,
        ports: Sequence[str],
        measures: Sequence[str],
        months: Sequence[str],
        values: Sequence[float] | Floats,
        *,
        groups: Mapping[str, str],
        classes: Mapping[str, str] | str = "all",
    ) -> MonthlyCube:
        """Build a cube from four columns of equal length: port, measure, month ("YYYY-MM"), value.

        Every port of `groups` gets a line, with or without rows. Raises Refused as `from_array` does, and
        for a month that cannot be read and two rows for one cell (choosing one is collection's affair).
        """
        port_names = sorted(groups)
        row, found_ports = _positions(ports, port_names)
        column, measure_names = _positions(measures, None)
        month, month_names = _positions(months, None)
        findings = _unknown_ports(found_ports, groups) + _bad_months(month_names)
        if not len(ports):
            findings.append(Finding.error("cube_empty", "没有任何数据行。", "There are no rows."))
        if findings:
            raise Refused(findings)
        stamps = np.array([int(name[:4]) * 12 + int(name[5:]) - 1 for name in month_names])
        first_year = int(stamps.min() // 12)
        when = stamps[month] - first_year * 12
        shape = (len(port_names), len(measure_names), int(stamps.max()) - first_year * 12 + 1)
        cells = np.ravel_multi_index((row, column, when), shape)
        unique, counts = np.unique(cells, return_counts=True)
        if (counts > 1).any():
            port, measure, stamp = np.unravel_index(int(unique[counts > 1][0]), shape)
            name = (
                f"{port_names[port]} {measure_names[measure]} {first_year + stamp // 12}-{stamp % 12 + 1:02d}"
            )
            raise Refused.because(
                "cube_cell_twice",
                f"同一口岸、指标、月份有多行（如 {name}），共 {int((counts > 1).sum())} 处。",
                f"{int((counts > 1).sum())} cells have more than one row (for example {name}).",
                remedy=("先在采集环节确定采用哪一行。", "Let collection settle which row holds."),
            )
        block = np.full(shape, np.nan)
        block.ravel()[cells] = np.asarray(values, dtype=np.float64)
        return cls.from_array(
            block,
            ports=port_names,
            measures=measure_names,
            first_year=first_year,
            groups=groups,
            classes=classes,
        )


def _positions(names: Sequence[str], known: Sequence[str] | None) -> tuple[NDArray[np.intp], list[str]]:
    """Return the place of each name in `known` (default: the sorted distinct names) and the distinct names."""
    distinct, inverse = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    words = [str(name) for name in distinct]
    if known is None:
        return inverse, words
    index = {name: place for place, name in enumerate(known)}
    return np.array([index.get(name, -1) for name in words], dtype=np.intp)[inverse], words


def _unknown_ports(found: Sequence[str], groups: Mapping[str, str]) -> list[Finding]:
    return [
        Finding.error(
            "cube_port_without_group",
            f"口岸“{port}”没有同类组。",
            f"Port “{port}” has no peer group.",
            remedy=("在同类组对照中加入该口岸。", "Add the port to the table of peer groups."),
        )
        for port in found
        if port not in groups
    ]


def _bad_months(names: Sequence[str]) -> list[Finding]:
    return [
        Finding.error(
            "cube_month_unreadable",
            f"无法识别月份“{name}”。",
            f"“{name}” is not a month.",
            required="YYYY-MM",
        )
        for name in names
        if not _MONTH.match(name) or not _FIRST_YEAR <= int(name[:4]) <= _LAST_YEAR
    ]


def _check(
    block: Floats, ports: Sequence[str], measures: Sequence[str], groups: Mapping[str, str]
) -> list[Finding]:
    if block.ndim != 3 or block.shape[:2] != (len(ports), len(measures)) or 0 in block.shape:
        return [
            Finding.error(
                "cube_shape",
                "数据块应为“口岸×指标×月份”，且不得为空。",
                "The block must be ports × measures × months and not empty.",
                measured=block.shape,
                required=f"({len(ports)}, {len(measures)}, …)",
            )
        ]
    findings = _unknown_ports(ports, groups)
    for names, zh, en in ((ports, "口岸", "port"), (measures, "指标", "measure")):
        if len(set(names)) < len(names):
            findings.append(Finding.error("cube_name_twice", f"{zh}名称重复。", f"A {en} is named twice."))
    bad = np.isinf(block) | (block < 0)
    if bad.any():
        port, measure, month = (int(axis[0]) for axis in np.nonzero(bad))
        findings.append(
            Finding.error(
                "cube_figure_impossible",
                f"有 {int(bad.sum())} 个数为负或无穷大（如 {ports[port]}、{measures[measure]}、第 {month + 1} 个月）。",
                f"{int(bad.sum())} figures are negative or infinite (for example {ports[port]}, "
                f"{measures[measure]}, month {month + 1}).",
                measured=block[port, measure, month],
            )
        )
    return findings
