"""One alert per episode: candidates of one port that follow each other are one thing, told once; planned silences tell nothing.

A port that closes for three years must not raise a thousand alerts, nor a typhoon eight (the stop, the day after, the rebound, in and out).
An episode ends when its port has been quiet for some days. A planned silence (holiday, closure, exercise) keeps its candidates apart: they
are counted and can be read, but alert nobody; what lasts beyond the silence alerts on the first day after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kouan.basis import Text
from kouan.monitoring.detection.candidate import Candidate
from kouan.monitoring.detection.panel import SeriesKey

# Days without a candidate after which the next one is a new matter.
QUIET_DAYS = 3


@dataclass(frozen=True)
class Silence:
    """A planned silence: from when to when, with its reason. Empty ``ports``, ``measures``, ``detectors``: all."""

    first: date
    last: date
    reason: Text
    ports: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()
    detectors: frozenset[str] = frozenset()

    def covers(self, candidate: Candidate) -> bool:
        """Whether the candidate was planned for."""
        return (
            self.first <= candidate.day <= self.last
            and (not self.ports or candidate.series.port in self.ports)
            and (not self.measures or candidate.series.measure in self.measures)
            and (not self.detectors or candidate.detector in self.detectors)
        )


@dataclass(frozen=True)
class Episode:
    """Candidates of one port that follow each other, oldest first."""

    port: str
    candidates: tuple[Candidate, ...]
    silence: Silence | None = None

    @property
    def first(self) -> date:
        """The day on which it would have been told."""
        return self.candidates[0].day

    @property
    def last(self) -> date:
        """The last day that was outside."""
        return self.candidates[-1].day

    @property
    def peak(self) -> Candidate:
        """The candidate that is furthest out."""
        return max(self.candidates, key=lambda each: each.score)

    @property
    def series(self) -> tuple[SeriesKey, ...]:
        """Which series of the port were outside, the furthest out first."""
        ranked = sorted(self.candidates, key=lambda each: -each.score)
        return tuple(dict.fromkeys(each.series for each in ranked))

    @property
    def detectors(self) -> tuple[str, ...]:
        """Which detectors saw it."""
        return tuple(sorted({each.detector for each in self.candidates}))


def episodes(
    candidates: Iterable[Candidate], silences: Sequence[Silence] = (), *, quiet_days: int = QUIET_DAYS
) -> tuple[list[Episode], list[Episode]]:
    """Put candidates together: (episodes that alert, episodes that a silence covered), each by first day and port."""
    told: dict[str, list[Candidate]] = {}
    planned: dict[tuple[str, int], list[Candidate]] = {}
    for candidate in candidates:
        silence = next((at for at, each in enumerate(silences) if each.covers(candidate)), None)
        if silence is None:
            told.setdefault(candidate.series.port, []).append(candidate)
        else:
            planned.setdefault((candidate.series.port, silence), []).append(candidate)
    alerts = [Episode(port, part) for port, found in told.items() for part in _parts(found, quiet_days)]
    silent = [Episode(port, part, silences[at]) for (port, at), found in planned.items() for part in _parts(found, quiet_days)]

    def order(episode: Episode) -> tuple[date, str]:
        return episode.first, episode.port

    return sorted(alerts, key=order), sorted(silent, key=order)


def _parts(found: list[Candidate], quiet_days: int) -> Iterable[tuple[Candidate, ...]]:
    part: list[Candidate] = []
    for candidate in sorted(found, key=lambda each: (each.day, each.series, each.detector)):
        if part and (candidate.day - part[-1].day).days > quiet_days:
            yield tuple(part)
            part = []
        part.append(candidate)
    if part:
        yield tuple(part)
