"""A detector: one rule about series, made checkable.

The docstring of a detector is its rule in Chinese and becomes the head of its messages; no number stands in it. Thresholds come from dated
data, by port and season (`thresholds.py`). A detector reads a day and what lies before it, never what comes after: cut the panel
at any day and everything up to that day comes out the same (tested for each).
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from kouan.basis import Text
from kouan.monitoring.detection.candidate import Candidate
from kouan.monitoring.detection.panel import Panel
from kouan.monitoring.detection.thresholds import Thresholds

_REGISTRY: dict[str, type[Detector]] = {}


class Detector(ABC):
    """Base of all detectors. A subclass has a ``key``, a ``title``, the English of its rule, and the ``settings`` it reads."""

    key: ClassVar[str]
    title: ClassVar[Text]
    rule_en: ClassVar[str]
    settings: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if inspect.isabstract(cls):
            return
        if missing := [name for name in ("key", "title", "rule_en", "settings") if not hasattr(cls, name)]:
            raise TypeError(f"detector {cls.__name__} lacks {', '.join(missing)}")
        if not cls.__doc__:
            raise TypeError(f"detector {cls.__name__} lacks its rule (docstring)")
        _REGISTRY[cls.key] = cls

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds

    @classmethod
    def rule(cls) -> Text:
        """The rule: first paragraph of the docstring, with our English."""
        first = inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0]
        return Text("".join(line.strip() for line in first.splitlines()), cls.rule_en)

    def grid(self, name: str, panel: Panel) -> np.ndarray:
        """A threshold for every series and day, shape (series, days) or broadcast to it."""
        return self.thresholds.grid(self.key, name, panel)

    @abstractmethod
    def candidates(self, panel: Panel, **known: Any) -> list[Candidate]:
        """Everything outside its band, in the order of series and days."""

    def said(
        self, panel: Panel, row: int, column: int, *, zh: str, en: str, measured: float | None, low: float | None = None,
        high: float | None = None, score: float, goes: str = "none",
    ) -> Candidate:
        """A candidate whose message is the rule, then the figures in words."""
        key, day, rule = panel.series[row], panel.day(column), self.rule()
        words, time = key.words, f" {panel.time(column)}".rstrip()
        message = Text(
            f"{words.zh}，{day.year}年{day.month}月{day.day}日{time}：{zh}（规则：{rule.zh}）",
            f"{words.en}, {day.day} {day:%B %Y}{time}: {en} (Rule: {rule.en})",
        )
        return Candidate(self.key, key, day, measured, low, high, float(score), goes, message)


def registered_detectors() -> dict[str, type[Detector]]:
    """Every detector whose file has been imported, by key."""
    return dict(sorted(_REGISTRY.items()))


def number(value: float) -> str:
    """A figure as messages write it: whole, with thousands apart, or two decimals below ten.

    >>> number(12345.6), number(0.9)
    ('12,346', '0.9')
    """
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.2f}".rstrip("0").rstrip(".")
