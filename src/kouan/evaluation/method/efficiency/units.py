"""The units that are compared: what each put in and what came out, checked before anything is computed.

Ratios of what comes out to what goes in need inputs above zero and nothing missing. Every fault names
the unit and the column; all of them are found in one pass.

>>> units = Units.of([[2.0], [4.0]], [[1.0], [3.0]], codes=["A", "B"], input_names=["berths"], output_names=["tonnes"])
>>> [finding.code for finding in units.remarks()]
['efficiency_few_units']
>>> Units.of([[0.0], [4.0]], [[1.0], [3.0]]).faults()[0].message.en
'u1: input x1 is 0; inputs must be above zero.'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kouan.basis import Finding, Place, Refused
from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.program import Places

_KINDS = {"input": ("投入", "input"), "output": ("产出", "output"), "undesirable": ("非期望产出", "undesirable output")}


@dataclass(frozen=True)
class Units:
    """``inputs`` (n, m), ``outputs`` (n, s) and ``undesirable`` (n, q) in any units; NaN is a missing figure.

    Columns keep the order inputs, outputs, undesirable wherever a result has one column for each.
    """

    codes: tuple[str, ...]
    inputs: Floats
    outputs: Floats
    undesirable: Floats
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    undesirable_names: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, inputs: ArrayLike, outputs: ArrayLike, undesirable: ArrayLike | None = None, *,
        codes: Sequence[str] | None = None, input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None, undesirable_names: Sequence[str] | None = None,
    ) -> Units:
        """Units from arrays; names not given are u1…, x1…, y1…, b1…. Raises ValueError where shapes disagree."""
        x, y = np.array(inputs, dtype=float), np.array(outputs, dtype=float)
        if x.ndim != 2 or y.ndim != 2 or len(x) != len(y):
            raise ValueError("inputs and outputs must be two tables with a row for each unit")
        b = np.zeros((len(x), 0)) if undesirable is None else np.array(undesirable, dtype=float)
        if b.ndim != 2 or len(b) != len(x):
            raise ValueError("undesirable outputs must be a table with a row for each unit")

        def named(given: Sequence[str] | None, letter: str, count: int) -> tuple[str, ...]:
            if given is not None and len(given) != count:
                raise ValueError(f"{len(given)} names for {count} of {letter}")
            return tuple(given) if given is not None else tuple(f"{letter}{i + 1}" for i in range(count))

        return cls(named(codes, "u", len(x)), x, y, b, named(input_names, "x", x.shape[1]),
                   named(output_names, "y", y.shape[1]), named(undesirable_names, "b", b.shape[1]))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns: inputs, outputs, undesirable outputs."""
        return self.input_names + self.output_names + self.undesirable_names

    @property
    def values(self) -> Floats:
        """All columns side by side (n, m + s + q)."""
        return np.hstack([self.inputs, self.outputs, self.undesirable])

    def only(self, rows: Places | Sequence[int]) -> Units:
        """The units of some rows, in the order given."""
        rows = np.asarray(rows, dtype=np.intp)
        return Units(tuple(self.codes[i] for i in rows), self.inputs[rows], self.outputs[rows],
                     self.undesirable[rows], self.input_names, self.output_names, self.undesirable_names)

    def require_sound(self) -> None:
        """Refuse (``Refused``) with every fault at once."""
        if faults := self.faults():
            raise Refused(faults)

    def faults(self) -> list[Finding]:
        """Why these units cannot be compared; empty when they can."""
        found = list(self._faults_of_shape())
        kinds = ["input"] * len(self.input_names) + ["output"] * len(self.output_names) \
            + ["undesirable"] * len(self.undesirable_names)
        values = self.values
        for unit, column in zip(*np.nonzero(~np.isfinite(values) | (values <= 0)), strict=True):
            value, kind = values[unit, column], kinds[column]
            if value != 0 or kind == "input":
                found.append(self._fault(self.codes[unit], self.names[column], kind, float(value)))
        finite = np.isfinite(self.outputs).all(axis=1)
        for unit in np.flatnonzero(finite & (self.outputs == 0).all(axis=1)):
            found.append(Finding.error(
                "efficiency_no_output", f"{self.codes[unit]}：各项产出均为 0，没有可比的产出。",
                f"{self.codes[unit]}: every output is 0; there is nothing to compare.",
                where=Place(path=self.codes[unit]),
                remedy=("去掉该单位，或补上它的产出。", "Leave the unit out, or give it an output."),
            ))
        for column in np.flatnonzero((self.outputs == 0).all(axis=0)) if len(self.codes) else ():
            name = self.output_names[column]
            found.append(Finding.error(
                "efficiency_empty_column", f"产出“{name}”各单位均为 0。", f"Output {name} is 0 for every unit.",
                where=Place(column=name), remedy=("去掉这一列。", "Leave the column out."),
            ))
        return found

    def _faults_of_shape(self) -> Iterable[Finding]:
        for kind, names in (("input", self.input_names), ("output", self.output_names)):
            if not names:
                zh, en = _KINDS[kind]
                yield Finding.error(f"efficiency_no_{kind}_column", f"没有选定{zh}列。", f"No column is named as {en}.",
                                    remedy=(f"至少选一列{zh}。", f"Name at least one {en}."))
        for name in sorted({name for name in self.names if self.names.count(name) > 1}):
            yield Finding.error("efficiency_column_twice", f"“{name}”列用了两次。", f"Column {name} is used twice.",
                                where=Place(column=name),
                                remedy=("一列只能作一种用途。", "A column may stand in one place only."))
        for code in sorted({code for code in self.codes if self.codes.count(code) > 1}):
            yield Finding.error("efficiency_unit_twice", f"单位代码“{code}”出现多次。", f"Unit code {code} stands more than once.",
                                where=Place(path=code), remedy=("每个单位只写一行。", "Write one row for each unit."))
        if not self.codes:
            yield Finding.error("efficiency_no_units", "没有可比的单位。", "There are no units to compare.")

    def _fault(self, code: str, name: str, kind: str, value: float) -> Finding:
        zh, en = _KINDS[kind]
        where = Place(column=name, path=code)
        if np.isnan(value):
            return Finding.error(
                "efficiency_missing", f"{code}：{zh}“{name}”缺数。", f"{code}: {en} {name} is missing.", where=where,
                remedy=("补上这个数，或去掉该单位；本方法不作插补。",
                        "Fill the figure in, or leave the unit out; this method does not impute."),
            )
        if np.isinf(value):
            return Finding.error("efficiency_not_finite", f"{code}：{zh}“{name}”不是有限的数。",
                                 f"{code}: {en} {name} is not a finite number.", where=where)
        least = ("大于 0", "above zero") if kind == "input" else ("不小于 0", "zero or more")
        return Finding.error(
            "efficiency_not_positive", f"{code}：{zh}“{name}”为 {value:g}；{zh}须{least[0]}。",
            f"{code}: {en} {name} is {value:g}; {en}s must be {least[1]}.", where=where, measured=f"{value:g}",
            remedy=("核对这个数；确无此项的单位不能与其他单位同组比较。",
                    "Check the figure; a unit that truly has none of it cannot be compared with the others."),
        )

    def remarks(self) -> list[Finding]:
        """What is noteworthy of sound units: ties, constant columns, too few units for so many columns."""
        found = []
        for twins in self.alike():
            names = "、".join(self.codes[i] for i in twins)
            found.append(Finding.info(
                "efficiency_units_alike", f"{names} 的各项数值完全相同，得分并列。",
                f"{names.replace('、', ', ')} have the same figures throughout; they tie.",
                where=Place(path=self.codes[twins[0]]),
            ))
        values = self.values
        for column in np.flatnonzero(values.max(axis=0) == values.min(axis=0)) if len(self.codes) > 1 else ():
            name = self.names[column]
            found.append(Finding.info(
                "efficiency_column_constant", f"“{name}”列各单位相同，不区分单位，只起规模基准的作用。",
                f"Column {name} is the same for every unit: it tells none apart and only fixes the scale.",
                where=Place(column=name),
            ))
        needed = max(len(self.input_names) * (len(self.output_names) + len(self.undesirable_names)), 3 * len(self.names))
        if len(self.codes) < needed:
            found.append(Finding.warning(
                "efficiency_few_units",
                f"{len(self.codes)} 个单位比较 {len(self.names)} 列，单位偏少，许多单位会因缺少可比对象而得 1。",
                f"{len(self.codes)} units for {len(self.names)} columns are few: many get 1 for want of peers.",
                measured=len(self.codes), required=f"≥ {needed}",
                remedy=("减少列数，或增加同类单位（Cooper、Seiford、Tone 2007，第 284 页）。",
                        "Use fewer columns or more units (Cooper, Seiford and Tone 2007, p. 284)."),
            ))
        return found

    def alike(self) -> list[tuple[int, ...]]:
        """Rows with the same figures throughout, as groups of two or more."""
        _, inverse = np.unique(self.values, axis=0, return_inverse=True)
        groups: dict[int, list[int]] = {}
        for row, group in enumerate(inverse.reshape(-1).tolist()):
            groups.setdefault(group, []).append(row)
        return sorted(tuple(rows) for rows in groups.values() if len(rows) > 1)
