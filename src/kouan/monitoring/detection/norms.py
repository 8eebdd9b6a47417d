"""Segments of clearance over their norm, with enough cases to tell chance from change (R-173, R-174)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from kouan.basis import Text
from kouan.monitoring.detection.candidate import Candidate
from kouan.monitoring.detection.detector import Detector
from kouan.monitoring.detection.panel import Panel
from kouan.monitoring.detection.windows import run_lengths


def highest_share(within: np.ndarray, count: np.ndarray, deviations: float) -> np.ndarray:
    """The highest true share that still fits what was seen: Wilson's upper bound (E. B. Wilson, JASA 22, 1927).

    >>> round(float(highest_share(np.array(60.0), np.array(100.0), 1.96)), 3)
    0.691
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share, square = within / count, deviations**2
        middle = share + square / (2 * count)
        reach = deviations * np.sqrt(share * (1 - share) / count + square / (4 * count**2))
        return (middle + reach) / (1 + square / count)


class SegmentOverNorm(Detector):
    """当日按标准时限办结的比例，计入抽样误差后仍低于要求。"""

    # The panel holds the cases of each day; `within` how many of them met the norm.
    key: ClassVar[str] = "segment_over_norm"
    title: ClassVar[Text] = Text("环节超时", "Segment over its norm")
    rule_en: ClassVar[str] = "The share of cases within the norm is below what is required, even if chance is allowed for."
    settings: ClassVar[tuple[str, ...]] = ("required_share", "deviations", "min_cases")

    def candidates(self, panel: Panel, within: np.ndarray | None = None, **known: Any) -> list[Candidate]:
        if within is None or within.shape != panel.values.shape:
            raise ValueError("the number within the norm is needed for each cell")
        count = panel.values
        required = self.grid("required_share", panel)
        upper = highest_share(within, count, float(np.nanmax(self.grid("deviations", panel))))
        with np.errstate(invalid="ignore", divide="ignore"):
            share = within / count
            hits = (count >= self.grid("min_cases", panel)) & (upper < required)
        found = []
        for row, column in zip(*np.nonzero(hits), strict=True):
            of, least = float(share[row, column]), float(required[row, column])
            found.append(self.said(
                panel, row, column, measured=of, low=least, goes="down", score=(1 - float(upper[row, column])) / max(1 - least, 1e-9),
                zh=f"{int(count[row, column])}件中{of:.0%}在标准时限内，要求不低于{least:.0%}。",
                en=f"{of:.0%} of {int(count[row, column])} cases within the norm; at least {least:.0%} required.",
            ))
        return found


class ForecastMiss(Detector):
    """实际数值连续多日落在预测区间之外，预测或口岸情况已变。"""

    key: ClassVar[str] = "forecast_miss"
    title: ClassVar[Text] = Text("预测偏离", "Forecast missed")
    rule_en: ClassVar[str] = "The actual value lay outside the interval of the forecast several days in a row: the forecast or the port has changed."
    settings: ClassVar[tuple[str, ...]] = ("days", "min_change")

    def candidates(self, panel: Panel, low: np.ndarray | None = None, high: np.ndarray | None = None, **known: Any) -> list[Candidate]:
        """``low``, ``high``: the interval that had been forecast for each cell before it was known; NaN: none."""
        if low is None or high is None:
            raise ValueError("the interval that was forecast is needed")
        values, least = panel.values, self.grid("min_change", panel)
        with np.errstate(invalid="ignore"):
            above, below = values > high * (1 + least), values < low * (1 - least)
        runs = np.maximum(run_lengths(above), run_lengths(below))
        needed = self.grid("days", panel)
        found = []
        for row, column in zip(*np.nonzero(runs >= needed), strict=True):
            value, run = float(values[row, column]), int(runs[row, column])
            between = float(low[row, column]), float(high[row, column])
            goes = "up" if above[row, column] else "down"
            found.append(self.said(
                panel, row, column, measured=value, low=between[0], high=between[1], score=run / needed[row, column], goes=goes,
                zh=f"连续{run}天在预测区间之外，当日实测{value:,.0f}，预测{between[0]:,.0f}至{between[1]:,.0f}。",
                en=f"outside the forecast on {run} days in a row; measured {value:,.0f}, forecast {between[0]:,.0f} to {between[1]:,.0f}.",
            ))
        return found
