"""Level shift: a step that stays, where the seasonal detector soon takes the new level for usual."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from kouan.basis import Text
from kouan.monitoring.detection.candidate import Candidate
from kouan.monitoring.detection.detector import Detector, number
from kouan.monitoring.detection.panel import DayKinds, Panel, day_kinds
from kouan.monitoring.detection.seasonal import expected_band, is_steady
from kouan.monitoring.detection.windows import before, median

NEW_DAYS, OLD_DAYS = 7, 28
# The variance of a median is about π/2 times that of a mean.
MEDIAN_COST = np.pi / 2


class LevelShift(Detector):
    """最近七天的水平与此前四周相比持续变化，变化幅度和显著程度均达到下限。"""

    key: ClassVar[str] = "level_shift"
    title: ClassVar[Text] = Text("水平变动", "Level shift")
    rule_en: ClassVar[str] = (
        "The level of the last seven days differs from the four weeks before, by at least the least change and the least significance."
    )
    settings: ClassVar[tuple[str, ...]] = ("score", "min_change", "min_expected")

    def candidates(self, panel: Panel, kinds: DayKinds | None = None, **known: Any) -> list[Candidate]:
        kinds = kinds or day_kinds(panel.first_day, panel.days)
        band = expected_band(panel, kinds)
        clean = np.where(kinds.is_ordinary, np.log1p(panel.values) - band.weekday, np.nan)
        rows, days = clean.shape
        # Seven days with today, and the 28 before those seven.
        new = median(before(np.concatenate([clean, np.full((rows, 1), np.nan)], axis=1), NEW_DAYS)[:, 1:], 5)
        old = np.full_like(new, np.nan)
        earlier = median(before(clean, OLD_DAYS), 14)
        old[:, NEW_DAYS - 1 :] = earlier[:, : days - NEW_DAYS + 1] if days >= NEW_DAYS else old[:, NEW_DAYS - 1 :]
        step = new - old
        noise = band.scale * np.sqrt(MEDIAN_COST * (1 / NEW_DAYS + 1 / OLD_DAYS))
        width = noise * self.grid("score", panel)
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = np.abs(step) / width
            large = np.abs(np.expm1(step)) >= self.grid("min_change", panel)
            enough = np.maximum(np.expm1(old), np.expm1(new)) >= self.grid("min_expected", panel)
        hits = np.isfinite(scores) & (scores >= 1) & large & enough & kinds.is_ordinary & is_steady(panel.values)
        found = []
        for row, column in zip(*np.nonzero(hits), strict=True):
            was, now = float(np.expm1(old[row, column])), float(np.expm1(new[row, column]))
            reach = float(width[row, column])
            change = (now / max(was, 1.0) - 1) * 100
            found.append(self.said(
                panel, row, column, measured=now, low=max(was * np.exp(-reach), 0.0), high=was * np.exp(reach),
                score=scores[row, column], goes="up" if now > was else "down",
                zh=f"日均水平由{number(was)}变为{number(now)}（{change:+.0f}%）。",
                en=f"the daily level went from {number(was)} to {number(now)} ({change:+.0f} %).",
            ))
        return found
