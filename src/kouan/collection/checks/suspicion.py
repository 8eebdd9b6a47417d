"""A suspicion: what a check says of some cells of a series, how likely and how heavy. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from kouan.basis import Finding, Period, Place, Text
from kouan.collection.checks.declared import shipped
from kouan.collection.checks.panel import Key

Namer = Callable[[Key], Text]


@dataclass(frozen=True)
class Suspicion:
    """Cells ``start`` to ``stop`` (not included) of a series that are hardly right.

    ``measured`` and ``expected``: the figure (its mean over a run) and what was to be expected, in the series' unit.
    ``likelihood``: 0 to 1, how likely it is a fault or needs an explanation. ``weight``: the share of the figures of all
    its peers in these periods that would change. ``seen_by``: other checks that saw the same cells.
    ``source``: the period from which they were copied.
    """

    check: str
    key: Key
    row: int
    start: int
    stop: int
    first: Period
    last: Period
    measured: float | None
    expected: float | None
    likelihood: float
    weight: float = 0.0
    other: Key | None = None
    factor: float | None = None
    seen_by: tuple[str, ...] = ()
    source: Period | None = None

    @property
    def rank(self) -> float:
        """Likelihood × weight: what somebody should look at first. Grows with both, never above one."""
        return self.likelihood * (0.02 + 0.98 * min(max(self.weight, 0.0), 1.0) ** 0.5)

    @property
    def count(self) -> int:
        """How many periods."""
        return self.stop - self.start

    @property
    def period(self) -> Text:
        """Its periods in words."""
        if self.first == self.last:
            return Text(self.first.label("zh"), self.first.label("en"))
        whole = Period.span(self.first.start, self.last.end)
        return Text(whole.label("zh"), whole.label("en"))

    @property
    def code(self) -> str:
        """What makes it the same suspicion when checks run again: check, series and first period."""
        return f"{self.check}|{self.key.code}|{self.first.code}"

    def words(self, name: Namer | None = None) -> Text:
        """The sentence of its check, filled in."""
        namer = name or _plain
        spec = shipped()[self.check]
        other = namer(self.other) if self.other else Text("", "")
        zh, en = (
            spec.message.in_language(language).format(
                period=self.period.in_language(language), measured=number(self.measured), expected=number(self.expected),
                other=other.in_language(language), factor=times(self.factor, language), count=self.count,
                source=self.source.label(language) if self.source else "",
            ) for language in ("zh", "en")
        )
        return Text(zh, en)

    def finding(self, name: Namer | None = None, where: Place | None = None) -> Finding:
        """The same as a finding: every door can show it."""
        spec, words = shipped()[self.check], self.words(name)
        make = {"error": Finding.error, "warning": Finding.warning, "info": Finding.info}[spec.severity.value]
        return make(
            self.check, words.zh, words.en, where=where or Place(path=f"{self.key.code}@{self.first.code}"),
            measured=number(self.measured) if self.measured is not None else None,
            required=f"≈ {number(self.expected)}" if self.expected is not None else None, remedy=spec.remedy,
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain words and numbers."""
        return {
            "check": self.check, "subject": self.key.subject, "measure": self.key.measure, "direction": self.key.direction,
            "group": self.key.group, "first": self.first.code, "last": self.last.code, "count": self.count,
            "measured": _rounded(self.measured), "expected": _rounded(self.expected), "factor": _rounded(self.factor),
            "likelihood": round(self.likelihood, 3), "weight": round(self.weight, 5), "rank": round(self.rank, 5),
            "other": list(self.other) if self.other else None, "source": self.source.code if self.source else None, "seen_by": list(self.seen_by),
            "message": self.words().as_dict(),
        }

    def with_likelihood(self, likelihood: float) -> Suspicion:
        """The same, more or less likely."""
        return replace(self, likelihood=min(max(likelihood, 0.0), 0.999))


def number(value: float | None) -> str:
    """A figure for people.

    >>> number(12345.0), number(0.25), number(3.14159), number(None)
    ('12,345', '0.25', '3.14', '—')
    """
    if value is None or value != value:
        return "—"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def times(factor: float | None, language: str = "zh") -> str:
    """A ratio for people.

    >>> times(10.2), times(0.001), times(1.5, "en")
    ('10.2倍', '1/1000', '×1.5')
    """
    if factor is None or not factor > 0:
        return "—"
    if factor < 0.5:
        return f"1/{number(round(1 / factor, 0 if factor < 0.1 else 1)).replace(',', '')}"
    said = number(round(factor, 1 if factor < 100 else 0))
    return f"×{said}" if language == "en" else f"{said}倍"


def confidence(score: float, threshold: float, sharpness: float = 2.0) -> float:
    """How likely at a score: one half at the threshold, nine tenths at rather more than twice it.

    >>> confidence(6, 6), round(confidence(12, 6), 3), confidence(3, 6)
    (0.5, 0.875, 0.125)
    """
    if score <= 0:
        return 0.0
    ratio: float = (threshold / score) ** sharpness
    return min(0.995, 1 - 0.5 * ratio if ratio <= 1 else 0.5 / ratio)


def _rounded(value: float | None) -> float | None:
    return None if value is None or value != value else float(f"{value:.6g}")


def _plain(key: Key) -> Text:
    words = " ".join(part for part in (key.subject, key.measure, key.direction if key.direction != "total" else "",
                                       key.group if key.group != "all" else "") if part)
    return Text(words, words)


