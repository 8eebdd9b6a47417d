"""Generated daily flows with known faults (演练): what detectors are measured on.

For series s and day t: mean = base × weekday × year × growth × holiday, counts drawn from the negative binomial with that mean.

| part | how |
|---|---|
| base | log-normal, median 3,000 a day, from about 300 to 40,000 |
| weekday | one of two shapes by group (persons: week-end high; cargo: week-end low), each port with its own amplitude |
| year | 1 + a·sin, a from 0.05 to 0.2, own phase within a month of the group's |
| growth | −5 % to +10 % a year |
| holiday | persons ×1.5, cargo ×0.5 at the height of the national holidays, half as much beside them, each port ±15 % of that |
| noise | negative binomial with r from 150 to 800 (`dispersion`): a standard deviation of 3.5 to 8 % of the mean, plus that of counting |
| spikes | +60 % (or as asked) of the mean drawn for that day, one day each, never two within a week, after the warm-up |

The real daily passengers of Hong Kong's steady points scatter by 4.6 to 10 % around the band in 2024 and 2025 (the band's own error included),
one small ferry terminal by 17 %: the generator is a little kinder than they are. ``dispersion`` draws noisier ports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from kouan.monitoring.detection.panel import DayKinds, HolidaySpan, Panel, SeriesKey, day_kinds

# Before this nobody has enough history to judge: twelve weeks and the quarter of residuals.
WARM_UP_DAYS = 120
_WEEK = {"persons": np.array([0.92, 0.90, 0.92, 0.96, 1.08, 1.18, 1.04]), "cargo": np.array([1.05, 1.10, 1.10, 1.08, 1.05, 0.86, 0.76])}
_HOLIDAY = {"persons": 1.5, "cargo": 0.5}


@dataclass(frozen=True)
class Generated:
    """A panel, its calendar, and where spikes were put (bool, shape of the panel)."""

    panel: Panel
    kinds: DayKinds
    spikes: np.ndarray


def generate(
    ports: int, days: int, seed: int, holidays: Iterable[HolidaySpan], *, worked: Iterable[date] = (), first_day: date = date(2023, 1, 1),
    spikes: int = 0, spike_by: float = 0.6, dispersion: tuple[float, float] = (150.0, 800.0),
) -> Generated:
    """Draw ``ports`` series of ``days`` days and lay ``spikes`` one-day spikes of ``spike_by`` over them."""
    rng = np.random.default_rng(seed)
    kinds = day_kinds(first_day, days, holidays, worked)
    groups = ["persons" if port % 2 == 0 else "cargo" for port in range(ports)]
    series = tuple(SeriesKey(f"exercise-{port:03d}", groups[port], "both", groups[port]) for port in range(ports))
    base = np.exp(rng.normal(np.log(3000), 0.8, ports)).clip(300, 40_000)
    strength = rng.uniform(0.6, 1.4, ports)
    week = np.array([_WEEK[group] for group in groups]) - 1
    weekly = 1 + strength[:, None] * week[:, kinds.weekday]
    phase = np.array([0.0 if group == "persons" else 90.0 for group in groups]) + rng.uniform(-30, 30, ports)
    yearly = 1 + rng.uniform(0.05, 0.2, ports)[:, None] * np.sin(2 * np.pi * (np.arange(days)[None, :] - phase[:, None]) / 365.25)
    growth = (1 + rng.uniform(-0.05, 0.10, ports))[:, None] ** (np.arange(days)[None, :] / 365.25)
    height = np.array([np.log(_HOLIDAY[group]) for group in groups]) * rng.normal(1, 0.15, ports)
    share = np.array([_share(kinds, column) for column in range(days)])
    mean = base[:, None] * weekly * yearly * growth * np.exp(height[:, None] * share[None, :])
    put = _places(rng, ports, days, spikes)
    mean = np.where(put, mean * (1 + spike_by), mean)
    r = rng.uniform(*dispersion, ports)[:, None]
    counts = rng.negative_binomial(np.broadcast_to(r, mean.shape), r / (r + mean)).astype(float)
    return Generated(Panel(series, first_day, counts), kinds, put)


def _share(kinds: DayKinds, column: int) -> float:
    """How much of the holiday's full effect a day has: half of it beside the holiday, a fifth on weekends worked."""
    if kinds.special[column] < 0:
        return 0.0
    name, place = kinds.names[int(kinds.special[column])]
    if name == "worked_weekend":
        return -0.2
    return 0.5 if place < 0 or place >= 1000 else 1.0


def _places(rng: np.random.Generator, ports: int, days: int, count: int) -> np.ndarray:
    put = np.zeros((ports, days), dtype=bool)
    while put.sum() < count:
        row, column = int(rng.integers(ports)), int(rng.integers(WARM_UP_DAYS, days))
        if not put[row, max(column - 7, 0) : column + 8].any():
            put[row, column] = True
    return put
