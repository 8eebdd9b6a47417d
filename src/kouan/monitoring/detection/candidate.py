"""A candidate: what a detector saw, before anybody is told. Episodes make alerts of candidates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.basis import Text
from kouan.monitoring.detection.panel import SeriesKey


@dataclass(frozen=True)
class Candidate:
    """One series on one day outside what a detector expects of it.

    ``measured`` and the band ``low``–``high`` are in the unit of the series (None: not known, or no bound on that side); ``score`` says
    how far outside, 1 being the threshold itself, so that scores of all detectors can be sorted together. ``goes`` is up, down or none.
    """

    detector: str
    series: SeriesKey
    day: date
    measured: float | None
    low: float | None
    high: float | None
    score: float
    goes: str
    message: Text

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of a candidate at every door."""
        return {
            "detector": self.detector, "port": self.series.port, "measure": self.series.measure, "direction": self.series.direction,
            "day": self.day.isoformat(), "measured": self.measured, "low": self.low, "high": self.high,
            "score": round(self.score, 3), "goes": self.goes, "message": self.message.as_dict(),
        }
