"""Queues and backlogs: what waits grows faster than it is served."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from kouan.basis import Text
from kouan.monitoring.detection.candidate import Candidate
from kouan.monitoring.detection.detector import Detector, number
from kouan.monitoring.detection.panel import Panel
from kouan.monitoring.detection.windows import before, median


class QueueGrowth(Detector):
    """排队数量连续上升，且已达到须处置的规模。"""

    # The panel holds the queue at the end of each interval; its columns may be quarters of an hour rather than days.
    key: ClassVar[str] = "queue_growth"
    title: ClassVar[Text] = Text("排队增长", "Queue growth")
    rule_en: ClassVar[str] = "The queue has grown several intervals in a row and is large enough to act on."
    settings: ClassVar[tuple[str, ...]] = ("intervals", "growth", "min_queue")

    def candidates(self, panel: Panel, **known: Any) -> list[Candidate]:
        values = panel.values
        rises = np.zeros(values.shape, dtype=np.int64)
        rises[:, 1:] = values[:, 1:] > values[:, :-1]
        steps = self.grid("intervals", panel).astype(np.int64)
        counts = np.cumsum(rises, axis=1)
        column_of = np.arange(panel.days)[None, :] - steps
        is_known = column_of >= 0
        start = np.maximum(column_of, 0)
        then = np.take_along_axis(values, start, axis=1)
        risen = counts - np.take_along_axis(counts, start, axis=1)
        least = self.grid("min_queue", panel)
        with np.errstate(invalid="ignore", divide="ignore"):
            # One interval of the run may stand still: a coach that arrives all at once is no relief.
            hits = is_known & (risen >= steps - 1) & (values >= least) & (values >= (1 + self.grid("growth", panel)) * np.maximum(then, 1))
        found = []
        for row, column in zip(*np.nonzero(hits), strict=True):
            now, was, run = float(values[row, column]), float(then[row, column]), int(steps[row, column])
            found.append(self.said(
                panel, row, column, measured=now, high=float(least[row, column]), score=now / least[row, column], goes="up",
                zh=f"{run}个时段内由{number(was)}增至{number(now)}。", en=f"from {number(was)} to {number(now)} within {run} intervals.",
            ))
        return found


class Backlog(Detector):
    """未办结数量折合的工作日数超过上限。"""

    key: ClassVar[str] = "backlog"
    title: ClassVar[Text] = Text("积压", "Backlog")
    rule_en: ClassVar[str] = "What is still open is more days of work than the limit."
    settings: ClassVar[tuple[str, ...]] = ("days_of_work", "min_open")

    def candidates(self, panel: Panel, done: np.ndarray | None = None, **known: Any) -> list[Candidate]:
        """``panel``: open at the end of the day; ``done``: finished on each day, the same shape."""
        if done is None or done.shape != panel.values.shape:
            raise ValueError("a backlog is judged against what is finished a day, of the same shape")
        speed = median(before(done, 28), 7)
        limit = self.grid("days_of_work", panel)
        with np.errstate(divide="ignore", invalid="ignore"):
            work = panel.values / speed
            hits = (work > limit) & (panel.values >= self.grid("min_open", panel))
        found = []
        for row, column in zip(*np.nonzero(hits), strict=True):
            still, days = float(panel.values[row, column]), float(work[row, column])
            shown = f"{days:.1f}" if np.isfinite(days) else "∞"
            found.append(self.said(
                panel, row, column, measured=still, high=float(limit[row, column] * speed[row, column]), goes="up",
                score=min(days / limit[row, column], 100.0),
                zh=f"未办结{number(still)}，近四周日办结{number(float(speed[row, column]))}，折合{shown}天。",
                en=f"{number(still)} open, {number(float(speed[row, column]))} a day finished in the last four weeks: {shown} days of work.",
            ))
        return found
