"""Detection: what is unusual in the figures of ports, told by rules that anybody can read. Pure: NumPy and dated data only.

Detectors read a `Panel` (series by days), judge each day by what lies before it, and answer `Candidate`s; `episodes` makes one alert of
candidates that follow each other; `backtest` says what a setting would have told last year. The room that tells people is
`monitoring.warnings`.
"""

from kouan.monitoring.detection.backtest import (
    FLOW_DETECTORS,
    BackTest,
    Judged,
    KnownEvent,
    backtest,
    flow_candidates,
)
from kouan.monitoring.detection.candidate import Candidate
from kouan.monitoring.detection.detector import Detector, registered_detectors
from kouan.monitoring.detection.episodes import Episode, Silence, episodes
from kouan.monitoring.detection.feeds import FellSilent, MissingData, Resumed, SilentSource, StuckFeed
from kouan.monitoring.detection.level_shift import LevelShift
from kouan.monitoring.detection.norms import ForecastMiss, SegmentOverNorm
from kouan.monitoring.detection.panel import DayKinds, HolidaySpan, Panel, SeriesKey, day_kinds, spans_of_days
from kouan.monitoring.detection.queues import Backlog, QueueGrowth
from kouan.monitoring.detection.seasonal import Band, Seasonal, expected_band
from kouan.monitoring.detection.thresholds import Thresholds, read_thresholds, shipped

__all__ = [
    "Panel", "SeriesKey", "DayKinds", "HolidaySpan", "day_kinds", "spans_of_days",
    "Detector", "registered_detectors", "Candidate", "Seasonal", "Band", "expected_band", "LevelShift", "StuckFeed", "MissingData",
    "FellSilent", "Resumed", "SilentSource", "QueueGrowth", "Backlog", "SegmentOverNorm", "ForecastMiss",
    "Thresholds", "shipped", "read_thresholds",
    "Episode", "Silence", "episodes", "BackTest", "Judged", "KnownEvent", "backtest", "flow_candidates", "FLOW_DETECTORS",
]
