"""Series as they usually are, made for the tests of checks: level, season, a little noise that is always the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kouan.basis import Period, PeriodKind
from kouan.collection.checks import Explained, Key, Panel, Suspicion, examine
from kouan.collection.checks.panel import ordinal

YEARS = 8


def a_panel(ports: int = 10, measures: tuple[str, ...] = ("trucks", "buses"), seed: int = 1, years: int = YEARS, size: float = 20_000) -> Panel:
    """Months from January 2015 of several ports that share a little of their movement."""
    random = np.random.default_rng(seed)
    keys = tuple(Key(f"port:p{number:02d}", measure) for number in range(ports) for measure in measures)
    months = np.arange(12 * years)
    shape = 1 + 0.25 * np.sin((months % 12) * np.pi / 6)
    levels = size * np.exp(random.normal(0, 1.0, len(keys)))
    values = levels[:, None] * shape * np.exp(random.normal(0, 0.06, (len(keys), months.size)))
    return Panel(keys, PeriodKind.MONTH, ordinal(Period.month(2015, 1)), np.round(values))


def found_in(panel: Panel, *explained: Explained, kin: Mapping[str, str] | None = None) -> list[Suspicion]:
    """What the engine says."""
    return examine(panel, explained=explained, kin=kin)


def told(suspicions: list[Suspicion]) -> set[tuple[str, int, int, int]]:
    """Check, row and columns."""
    return {(one.check, one.row, one.start, one.stop) for one in suspicions}
