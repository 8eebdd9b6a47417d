"""The back-test: what a setting would have told over a past span, and how much of it was of use.

"With this setting last year: 14 alerts, 11 useful." Useful is what people voted useful on recorded warnings, or what a list of known events
confirms; where neither speaks, an alert counts as not judged, never as useful. Known events that no alert met are listed as missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kouan.basis import Text
from kouan.monitoring.detection.candidate import Candidate
from kouan.monitoring.detection.detector import registered_detectors
from kouan.monitoring.detection.episodes import Episode, Silence, episodes
from kouan.monitoring.detection.panel import DayKinds, Panel
from kouan.monitoring.detection.thresholds import Thresholds

# Detectors that need nothing but the panel and its calendar.
FLOW_DETECTORS = ("seasonal", "level_shift", "stuck_feed", "missing_data", "fell_silent", "resumed")


@dataclass(frozen=True)
class KnownEvent:
    """Something that happened, from a source one can read: which days, at which ports (empty: all), which way traffic went (``goes``:
    up, down, empty for either; data: it is about the figures themselves, and only a stuck or missing feed meets it, which meets nothing else).

    ``late_days``: how many days after the first an alert still counts as having told it. ``source``: where it can be read.
    """

    code: str
    title: Text
    first: date
    last: date
    ports: frozenset[str] = frozenset()
    goes: str = ""
    late_days: int = 1
    source: str = ""

    def meets(self, episode: Episode) -> bool:
        """Whether a candidate of the episode lies in the event, at its place and in its direction."""
        if self.ports and episode.port not in self.ports:
            return False
        until = self.last + timedelta(days=self.late_days)
        wanted = {"data": ("none",), "": ("up", "down")}.get(self.goes, (self.goes,))
        return any(self.first <= each.day <= until and each.goes in wanted for each in episode.candidates)


@dataclass(frozen=True)
class Judged:
    """One alert with the verdict on it: ``useful`` None where nobody and nothing says."""

    episode: Episode
    useful: bool | None
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class BackTest:
    """What a setting told between two days."""

    first: date
    last: date
    alerts: tuple[Judged, ...]
    silenced: tuple[Episode, ...]
    missed: tuple[KnownEvent, ...]
    met: tuple[KnownEvent, ...]

    @property
    def useful(self) -> int:
        """Alerts voted useful or confirmed by an event."""
        return sum(each.useful is True for each in self.alerts)

    @property
    def not_judged(self) -> int:
        """Alerts about which neither a vote nor an event speaks."""
        return sum(each.useful is None for each in self.alerts)

    def by_detector(self) -> Mapping[str, tuple[int, int]]:
        """(alerts, useful) by the detector that was furthest out."""
        table: dict[str, tuple[int, int]] = {}
        for each in self.alerts:
            total, good = table.get(each.episode.peak.detector, (0, 0))
            table[each.episode.peak.detector] = total + 1, good + (each.useful is True)
        return dict(sorted(table.items()))

    @property
    def sentence(self) -> Text:
        """The result in one sentence."""
        days = (self.last - self.first).days + 1
        open_zh = f"，{self.not_judged}次尚无评价" if self.not_judged else ""
        open_en = f", {self.not_judged} not judged" if self.not_judged else ""
        silent_zh = f"；计划静默{len(self.silenced)}次" if self.silenced else ""
        silent_en = f"; {len(self.silenced)} in planned silence" if self.silenced else ""
        missed_zh = f"；漏报已知事件{len(self.missed)}起" if self.missed else ""
        missed_en = f"; {len(self.missed)} known events missed" if self.missed else ""
        one = len(self.alerts) == 1
        return Text(
            f"按此设置，{self.first:%Y-%m-%d}至{self.last:%Y-%m-%d}（{days}天）：预警{len(self.alerts)}次，其中有用{self.useful}次"
            f"{open_zh}{silent_zh}{missed_zh}。",
            f"With this setting, {self.first:%Y-%m-%d} to {self.last:%Y-%m-%d} ({days} days): {len(self.alerts)} alert{'' if one else 's'}, "
            f"{self.useful} useful{open_en}{silent_en}{missed_en}.",
        )


def flow_candidates(panel: Panel, kinds: DayKinds, thresholds: Thresholds, detectors: Sequence[str] = FLOW_DETECTORS) -> list[Candidate]:
    """What the detectors of plain flows see in a panel."""
    known = registered_detectors()
    return [each for key in detectors for each in known[key](thresholds).candidates(panel, kinds=kinds)]


def backtest(
    panel: Panel, kinds: DayKinds, thresholds: Thresholds, *, first: date, last: date, detectors: Sequence[str] = FLOW_DETECTORS,
    silences: Sequence[Silence] = (), events: Sequence[KnownEvent] = (), votes: Mapping[tuple[str, date], bool] | None = None,
    more: Sequence[Candidate] = (),
) -> BackTest:
    """Run a setting over a panel that begins well before ``first``, and judge what it told from ``first`` to ``last``.

    ``votes``: recorded quality votes by (port, first day of the warning); a vote speaks for an episode that covers its day, and
    wins over known events, for people saw more than a list. ``more``: what detectors that need more than the panel saw under the same setting.
    """
    seen = [each for each in (*flow_candidates(panel, kinds, thresholds, detectors), *more) if each.day <= last]
    told, silent = episodes(seen, silences)
    alerts = tuple(_judge(each, events, votes or {}) for each in told if first <= each.first <= last)
    silenced = tuple(each for each in silent if first <= each.first <= last)
    inside = [event for event in events if first <= event.first <= last]
    met = tuple(event for event in inside if any(event.meets(each) for each in (*told, *silent)))
    return BackTest(first, last, alerts, silenced, tuple(event for event in inside if event not in met), met)


def _judge(episode: Episode, events: Iterable[KnownEvent], votes: Mapping[tuple[str, date], bool]) -> Judged:
    met = tuple(event.code for event in events if event.meets(episode))
    voted = [useful for (port, day), useful in sorted(votes.items()) if port == episode.port and episode.first <= day <= episode.last]
    useful = any(voted) if voted else (True if met else None)
    return Judged(episode, useful, met)
