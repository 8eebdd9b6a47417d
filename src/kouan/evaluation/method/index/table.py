"""The data of an index: one row a unit (a port, a country), one column an indicator, NaN where nothing is known.

>>> table = Table(("a", "b"), ("x", "y"), np.array([[1.0, np.nan], [3.0, 4.0]]))
>>> table.column("y").tolist(), table.missing
([nan, 4.0], 1)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from kouan.basis import Refused
from kouan.evaluation.method.index.framework import Floats


@dataclass(frozen=True)
class Table:
    """``values`` (units, columns). ``groups``: for each grouping the group of every unit; ``denominators``: columns to divide by."""

    units: tuple[str, ...]
    columns: tuple[str, ...]
    values: Floats
    names: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    denominators: Mapping[str, Floats] = field(default_factory=dict)
    times: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.units), len(self.columns)):
            raise ValueError(f"values are {self.values.shape}, not {(len(self.units), len(self.columns))}")
        keys = list(zip(self.units, self.times or ("",) * len(self.units), strict=True))
        if len(set(keys)) != len(keys):
            twice = next(unit for (unit, time) in keys if keys.count((unit, time)) > 1)
            raise Refused.because(
                "unit_repeated",
                f"评价对象“{twice}”出现多次。",
                f"The unit “{twice}” occurs more than once.",
                remedy=("每个对象（每年）只留一行。", "Keep one row for each unit (and year)."),
            )
        if np.isinf(self.values).any():
            raise Refused.because("value_infinite", "数据中有无穷大。", "The data hold an infinite value.")

    def column(self, code: str) -> Floats:
        return self.values[:, self.columns.index(code)]

    @property
    def missing(self) -> int:
        """How many cells are empty."""
        return int(np.isnan(self.values).sum())

    def with_values(self, values: Floats) -> Table:
        """The same units and columns with other values."""
        return replace(self, values=values)

    def select(self, columns: tuple[str, ...]) -> Table:
        """The columns in this order."""
        at = [self.columns.index(code) for code in columns]
        return replace(self, columns=columns, values=self.values[:, at])

    def rows(self, chosen: Floats | list[int]) -> Table:
        """The rows at these places."""
        at = [int(each) for each in chosen]
        return Table(
            tuple(self.units[i] for i in at),
            self.columns,
            self.values[at],
            tuple(self.names[i] for i in at) if self.names else (),
            {name: tuple(each[i] for i in at) for name, each in self.groups.items()},
            {name: each[at] for name, each in self.denominators.items()},
            tuple(self.times[i] for i in at) if self.times else (),
        )

    def group_codes(self, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
        """For each unit the number of its group, and the names of the groups in alphabetical order. Raises Refused
        where there is no such grouping."""
        if name not in self.groups:
            raise Refused.because(
                "group_unknown",
                f"数据中没有分组“{name}”。",
                f"The data have no grouping “{name}”.",
                required="、".join(self.groups) or "—",
            )
        names = tuple(sorted(set(self.groups[name])))
        place = {each: number for number, each in enumerate(names)}
        return np.array([place[each] for each in self.groups[name]], dtype=np.intp), names

    @property
    def digest(self) -> str:
        """SHA-256 of all that a run can depend on; the order of rows and columns counts."""
        found = hashlib.sha256()
        for part in (self.units, self.columns, self.times):
            found.update("\x1f".join(part).encode() + b"\x1e")
        found.update(np.ascontiguousarray(self.values + 0.0).tobytes())
        for name in sorted(self.groups):
            found.update(f"{name}\x1f{chr(31).join(self.groups[name])}\x1e".encode())
        for name in sorted(self.denominators):
            found.update(name.encode() + b"\x1f" + np.ascontiguousarray(self.denominators[name]).tobytes())
        return found.hexdigest()
