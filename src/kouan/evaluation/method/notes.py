"""What was noteworthy in a run: one finding per kind, indicator and peer group, with its years."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, Place
from kouan.evaluation.method.cube import Floats, MonthlyCube
from kouan.evaluation.method.derive import Reason
from kouan.evaluation.method.framework import Framework
from kouan.evaluation.method.peers import Basis

_NOTES = {
    "treatment_not_enough": (
        "缩尾后偏度和峰度仍超限，按缩尾后的值计算",
        "still too skewed after winsorising; the winsorised values are used",
    ),
    "peer_group_small": (
        "同类口岸不足，改用全类或固定参考值",
        "too few peers: the whole class or the fixed values were used",
    ),
    "column_constant": ("同类口岸数值全部相同，均得 50 分", "all peers are alike: each gets 50 points"),
    "indicator_suspended": (
        "全类均无数据，本年度暂停",
        "no port of the class has it: suspended for the year",
    ),
}


class Notes:
    """Collects what was noteworthy, one finding per kind, indicator and group, with its years."""

    def __init__(self, framework: Framework, years: tuple[int, ...]) -> None:
        self.framework, self.years = framework, years
        self.seen: dict[tuple[str, int, str], set[int]] = {}

    def add(self, code: str, indicator: int, group: str, year: int) -> None:
        self.seen.setdefault((code, indicator, group), set()).add(self.years[year])

    def of_normalising(
        self, cube: MonthlyCube, basis: NDArray[np.int8], low: Floats, high: Floats, reasons: NDArray[np.int8]
    ) -> None:
        stepped_down = (basis == Basis.CLASS) | (basis == Basis.REFERENCE)
        with np.errstate(invalid="ignore"):
            constant = (low >= high) & (basis != Basis.NONE)
        for code, flags in (
            ("peer_group_small", stepped_down),
            ("column_constant", constant),
            ("indicator_suspended", reasons == Reason.SUSPENDED),
        ):
            for y, p, i in zip(*np.nonzero(flags), strict=True):
                self.add(code, int(i), cube.groups[p], int(y))

    def findings(self) -> tuple[Finding, ...]:
        found = []
        for (code, indicator, group), years in sorted(self.seen.items()):
            node, (zh, en) = self.framework.indicators[indicator], _NOTES[code]
            found.append(
                Finding.info(
                    code,
                    f"{node.name.zh}（{group}）：{zh}。",
                    f"{node.name.en} ({group}): {en}.",
                    where=Place(path=f"{group}/{node.code}"),
                    measured=_spans(sorted(years)),
                )
            )
        return tuple(found)


def _spans(years: list[int]) -> str:
    """Write years as spans.

    >>> _spans([1996, 1997, 1998, 2020])
    '1996–1998, 2020'
    """
    spans: list[list[int]] = []
    for year in years:
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)
