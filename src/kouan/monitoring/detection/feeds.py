"""Feeds: figures that stand still, stay away, fall to nothing or come back. Each says what one should look at first, the source or the port."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from kouan.basis import Text
from kouan.monitoring.detection.candidate import Candidate
from kouan.monitoring.detection.detector import Detector, number
from kouan.monitoring.detection.panel import Panel
from kouan.monitoring.detection.windows import before, median, run_lengths

# How many days before say how long a source usually pauses.
PAUSES_OF = 28


class StuckFeed(Detector):
    """同一数值连续多日一字不变，疑似数据源重复报送或停滞。"""

    key: ClassVar[str] = "stuck_feed"
    title: ClassVar[Text] = Text("数据停滞", "Stuck feed")
    rule_en: ClassVar[str] = "The same value several days in a row: the source may repeat itself or stand still."
    settings: ClassVar[tuple[str, ...]] = ("days", "min_value")

    def candidates(self, panel: Panel, **known: Any) -> list[Candidate]:
        values = panel.values
        same = np.zeros(values.shape, dtype=bool)
        # Small counts repeat by chance, so only values of some size are judged.
        same[:, 1:] = (values[:, 1:] == values[:, :-1]) & (values[:, 1:] >= self.grid("min_value", panel)[:, 1:])
        runs = run_lengths(same) + 1
        needed = self.grid("days", panel)
        found = []
        for row, column in zip(*np.nonzero(same & (runs >= needed)), strict=True):
            value, run = float(values[row, column]), int(runs[row, column])
            found.append(self.said(panel, row, column, measured=value, score=run / needed[row, column],
                                   zh=f"连续{run}天均为{number(value)}。", en=f"{number(value)} on {run} days in a row."))
        return found


class MissingData(Detector):
    """已在报送的数据连续未报达到规定天数；未报不按零处理。"""

    key: ClassVar[str] = "missing_data"
    title: ClassVar[Text] = Text("数据缺报", "Missing data")
    rule_en: ClassVar[str] = "A series that used to report has not done so for the given days; what is missing is not taken for zero."
    settings: ClassVar[tuple[str, ...]] = ("days", "after_reported", "most_days")

    def candidates(self, panel: Panel, **known: Any) -> list[Candidate]:
        missing = np.isnan(panel.values)
        runs = run_lengths(missing)
        needed = self.grid("days", panel)
        reported = np.cumsum(~missing, axis=1) >= self.grid("after_reported", panel)
        found = []
        # A series given up long ago is no news; its warning has been closed or it never will be.
        late = missing & reported & (runs >= needed) & (runs <= self.grid("most_days", panel))
        for row, column in zip(*np.nonzero(late), strict=True):
            run = int(runs[row, column])
            last = panel.day(column - run)
            found.append(self.said(panel, row, column, measured=None, score=run / needed[row, column],
                                   zh=f"已连续{run}天未报，最后一次为{last:%Y-%m-%d}。", en=f"not reported for {run} days, last on {last:%Y-%m-%d}."))
        return found


class FellSilent(Detector):
    """此前一直有流量，当日降为零：口岸停运，或数据源出错。"""

    key: ClassVar[str] = "fell_silent"
    title: ClassVar[Text] = Text("流量归零", "Fell to zero")
    rule_en: ClassVar[str] = "There was traffic on all days before and none on this one: the port is closed, or the source is wrong."
    settings: ClassVar[tuple[str, ...]] = ("days", "min_usual")

    def candidates(self, panel: Panel, **known: Any) -> list[Candidate]:
        values = panel.values
        flowing = run_lengths(values > 0)
        days_before = np.concatenate([np.zeros((values.shape[0], 1)), flowing[:, :-1]], axis=1)
        usual = median(before(values, 28))
        least = self.grid("min_usual", panel)
        with np.errstate(invalid="ignore"):
            hits = (values == 0) & (days_before >= self.grid("days", panel)) & (usual >= least)
        found = []
        for row, column in zip(*np.nonzero(hits), strict=True):
            was = float(usual[row, column])
            found.append(self.said(
                panel, row, column, measured=0.0, low=1.0, score=1 + np.log10(was / least[row, column]), goes="down",
                zh=f"实测0，此前{int(days_before[row, column])}天不曾为零，通常为{number(was)}。",
                en=f"measured 0 after {int(days_before[row, column])} days that were never zero; usual {number(was)}.",
            ))
        return found


class Resumed(Detector):
    """长期为零之后恢复流量：口岸恢复通行，应核对开通手续和力量安排。"""

    key: ClassVar[str] = "resumed"
    title: ClassVar[Text] = Text("恢复流量", "Traffic resumed")
    rule_en: ClassVar[str] = "Traffic after a long time at zero: the port works again; check the approval and the staff."
    settings: ClassVar[tuple[str, ...]] = ("days", "min_value")

    def candidates(self, panel: Panel, **known: Any) -> list[Candidate]:
        values = panel.values
        idle = run_lengths(values == 0)
        days_before = np.concatenate([np.zeros((values.shape[0], 1)), idle[:, :-1]], axis=1)
        least = self.grid("min_value", panel)
        with np.errstate(invalid="ignore"):
            hits = (values >= least) & (days_before >= self.grid("days", panel))
        found = []
        for row, column in zip(*np.nonzero(hits), strict=True):
            value, idle_days = float(values[row, column]), int(days_before[row, column])
            found.append(self.said(
                panel, row, column, measured=value, high=0.0, score=1 + np.log10(value / least[row, column]), goes="up",
                zh=f"连续{idle_days}天为零之后，实测{number(value)}。", en=f"measured {number(value)} after {idle_days} days at zero.",
            ))
        return found


class SilentSource(Detector):
    """事件来源停止发送，超过其平常的间隔：接口或设备可能已停。"""

    # The panel holds the events received each day from a source about a port.
    key: ClassVar[str] = "silent_source"
    title: ClassVar[Text] = Text("来源静默", "Silent source")
    rule_en: ClassVar[str] = "A source of events sends nothing for longer than it usually pauses: its line or device may have stopped."
    settings: ClassVar[tuple[str, ...]] = ("days", "times", "after_reported", "most_days")

    def candidates(self, panel: Panel, **known: Any) -> list[Candidate]:
        values = panel.values
        runs = run_lengths(values == 0)
        least, times = self.grid("days", panel), self.grid("times", panel)
        habit, most = self.grid("after_reported", panel), self.grid("most_days", panel)
        found = []
        for row, column in zip(*np.nonzero((runs >= least) & (runs <= most)), strict=True):
            run = int(runs[row, column])
            start = column - run + 1
            earlier = slice(max(start - PAUSES_OF, 0), start)
            if np.count_nonzero(values[row, earlier] > 0) < habit[row, column]:
                continue
            longest = int(runs[row, earlier].max())
            needed = max(float(least[row, column]), np.floor(times[row, column] * longest) + 1)
            if run >= needed:
                found.append(self.said(
                    panel, row, column, measured=0.0, low=1.0, score=run / needed,
                    zh=f"已{run}天没有收到任何事件，此前四周最长间断{longest}天。",
                    en=f"no event for {run} days; the longest pause in the four weeks before was {longest} days.",
                ))
        return found
