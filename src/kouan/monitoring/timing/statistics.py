"""Many cases, one figure: how lengths become means, medians, percentiles and shares, and what stands beside each figure.

*Quantile*: linear interpolation between order statistics, position q·(n − 1) counted from zero (type 7 of Hyndman and Fan
1996; NumPy's default and DuckDB's quantile_cont). *Nothing is trimmed silently*: a trimmed summary names its rule and the
number left out. *Fewer than 30 cases* show no 95th percentile, and say why. The interval of a median is a bootstrap's, seeded.

>>> found = summarise([hours * HOUR for hours in range(1, 6)], norm_us=3 * HOUR)
>>> found.n, found.median_us / HOUR, found.share_within_norm, found.p95_us, found.p95_reason.zh
(5, 3.0, 0.6, None, '仅 5 件，少于 30 件，不给第95百分位')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Text
from kouan.monitoring.timing import parameters
from kouan.monitoring.timing.events import HOUR

QUANTILE = Text("线性插值（Hyndman–Fan 第7型），与 NumPy 缺省和 DuckDB quantile_cont 相同",
                "linear interpolation (Hyndman–Fan type 7), as NumPy's default and DuckDB's quantile_cont")
RESAMPLES = 4_000
SEED = 20210916  # the day on which the plan was issued; any fixed number serves

Lengths = Sequence[int] | NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval with its confidence and the rule that made it."""

    low: float
    high: float
    confidence: float
    rule: str


@dataclass(frozen=True, slots=True)
class Trim:
    """A trimming that somebody asked for: the rule in words, its bounds in µs, and how many cases it leaves out."""

    rule: Text
    low_us: int | None
    high_us: int | None
    left_out: int


@dataclass(frozen=True, slots=True)
class Cut:
    """How far a figure lies below the base of 2017: 0.6 is a cut of 60 %. Negative where it is longer.

    The base is a national mean; a cut of a median compares two statistics, and `of` says which of ours it is.
    """

    of: str
    base_hours: Decimal
    ratio: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a set of lengths. All lengths in µs as floats; None where n is zero or too small for the figure."""

    n: int
    mean_us: float | None
    median_us: float | None
    p75_us: float | None
    p90_us: float | None
    p95_us: float | None
    p95_reason: Text | None
    least_us: int | None
    most_us: int | None
    median_interval: Interval | None
    norm_us: int | None
    within_norm: int | None
    share_within_norm: float | None
    cuts: tuple[Cut, ...]
    trim: Trim | None

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping: µs, and the main figures in hours as well."""
        def hours(us: float | None) -> float | None:
            return None if us is None else us / HOUR

        return {
            "n": self.n, "mean_us": self.mean_us, "median_us": self.median_us, "p75_us": self.p75_us, "p90_us": self.p90_us,
            "p95_us": self.p95_us, "p95_reason": self.p95_reason.as_dict() if self.p95_reason else None, "least_us": self.least_us,
            "most_us": self.most_us, "mean_hours": hours(self.mean_us), "median_hours": hours(self.median_us), "p75_hours": hours(self.p75_us),
            "p90_hours": hours(self.p90_us), "p95_hours": hours(self.p95_us), "quantile": QUANTILE.as_dict(),
            "median_interval": None if self.median_interval is None else {
                "low_hours": self.median_interval.low / HOUR, "high_hours": self.median_interval.high / HOUR,
                "confidence": self.median_interval.confidence, "rule": self.median_interval.rule,
            },
            "norm_us": self.norm_us, "within_norm": self.within_norm, "share_within_norm": self.share_within_norm,
            "cuts": [{"of": cut.of, "base_hours": f"{cut.base_hours:f}", "ratio": cut.ratio} for cut in self.cuts],
            "trim": None if self.trim is None else {"rule": self.trim.rule.as_dict(), "low_us": self.trim.low_us, "high_us": self.trim.high_us,
                                                    "left_out": self.trim.left_out},
        }  # fmt: skip


def summarise(
    lengths: Lengths, *, norm_us: int | None = None, base_hours: Decimal | None = None, on: date | None = None,
    trim_us: tuple[int | None, int | None] | None = None, confidence: float = 0.95, seed: int = SEED, resamples: int = RESAMPLES,
) -> Summary:
    """The figures of lengths in µs (whole numbers, any order; negative ones count).

    `norm_us`: the longest length that meets the norm; exactly the norm meets it. `base_hours`: the base of 2017.
    `trim_us`: (low, high), both kept, None for open; what lies beyond is left out, and the summary says how many. `on`: the
    day whose parameters hold (the newest by default).
    """
    values = np.sort(np.asarray(lengths, dtype=np.int64))
    trim = None
    if trim_us is not None:
        values, trim = _trimmed(values, *trim_us)
    n = int(values.size)
    fewest = int(parameters.on("least_cases_for_p95", on or date.max).number("count"))
    median, p75, p90, p95 = (quantile(values, q, is_sorted=True) for q in (0.5, 0.75, 0.9, 0.95))
    reason = None
    if n < fewest:
        p95 = None
        reason = Text(f"仅 {n} 件，少于 {fewest} 件，不给第95百分位", f"only {n} cases, fewer than {fewest}: no 95th percentile")
    # The sum of whole numbers is exact as a Python integer; int64 would overflow after 300,000 years of waiting.
    mean = None if n == 0 else _exact_sum(values) / n
    within = None if norm_us is None else int(np.searchsorted(values, norm_us, side="right"))
    cuts: tuple[Cut, ...] = ()
    if base_hours is not None and mean is not None and median is not None:
        base = float(base_hours) * HOUR
        cuts = (Cut("mean", base_hours, 1 - mean / base), Cut("median", base_hours, 1 - median / base))
    return Summary(
        n=n, mean_us=mean, median_us=median, p75_us=p75, p90_us=p90, p95_us=p95, p95_reason=reason,
        least_us=int(values[0]) if n else None, most_us=int(values[-1]) if n else None,
        median_interval=median_interval(values, confidence=confidence, seed=seed, resamples=resamples, is_sorted=True),
        norm_us=norm_us, within_norm=within, share_within_norm=within / n if within is not None and n else None, cuts=cuts, trim=trim,
    )  # fmt: skip


def base_2017(whole: str, direction: str, on_day: date) -> Decimal | None:
    """The base of 2017 in hours; None for other wholes and for transit, for which none was published."""
    if whole != "overall_clearance":
        return None
    return parameters.on("base_2017_hours", on_day).numbers.get(direction)


def quantile(values: Lengths, q: float, *, is_sorted: bool = False) -> float | None:
    """The quantile q (0 to 1) by type 7, None of nothing. ValueError for a q outside."""
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile lies between 0 and 1, not at {q}")
    row = np.asarray(values, dtype=np.int64)
    if not row.size:
        return None
    row = row if is_sorted else np.sort(row)
    position = q * (row.size - 1)
    below = int(position)
    above = min(below + 1, row.size - 1)
    low, high = int(row[below]), int(row[above])
    return low + (high - low) * (position - below)


def median_interval(
    values: Lengths, *, confidence: float = 0.95, seed: int = SEED, resamples: int = RESAMPLES, is_sorted: bool = False,
) -> Interval | None:
    """The percentile bootstrap interval of the median; None below two cases."""
    row = np.asarray(values, dtype=np.int64)
    if row.size < 2:
        return None
    drawn = bootstrap_medians(row if is_sorted else np.sort(row), np.random.default_rng(seed), resamples)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high), confidence, f"percentile bootstrap, {resamples} resamples, seed {seed}")


def bootstrap_medians(ordered: NDArray[np.int64], chance: np.random.Generator, resamples: int) -> NDArray[np.float64]:
    """Medians of bootstrap resamples of sorted values, in time that does not grow with their number.

    A resample draws n places out of n with replacement. Its k-th smallest place is ⌈n·U(k)⌉ of the k-th smallest of n uniform
    numbers, and that is distributed Beta(k, n − k + 1): one draw stands for the whole resample, exactly. For an even n the
    next one, given the first, is U(k) + (1 − U(k))·Beta(1, n − k).
    """
    n = ordered.size
    k = (n + 1) // 2
    first = chance.beta(k, n - k + 1, resamples)
    low = ordered[_places(first, n)].astype(np.float64)
    if n % 2:
        return low
    second = first + (1 - first) * chance.beta(1, n - k, resamples)
    return (low + ordered[_places(second, n)]) / 2


def _places(uniform: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    return np.minimum((uniform * n).astype(np.int64), n - 1)


def _exact_sum(values: NDArray[np.int64]) -> int:
    if values.size and int(np.abs(values).max()) > (2**62) // values.size:
        return sum(map(int, values))
    return int(values.sum())


def _trimmed(values: NDArray[np.int64], low: int | None, high: int | None) -> tuple[NDArray[np.int64], Trim]:
    kept = values
    if low is not None:
        kept = kept[kept >= low]
    if high is not None:
        kept = kept[kept <= high]
    said = [f"≥ {low / HOUR:g} h" if low is not None else "", f"≤ {high / HOUR:g} h" if high is not None else ""]
    bounds = ", ".join(each for each in said if each) or "—"
    return kept, Trim(Text(f"只计 {bounds} 的案例", f"only cases {bounds}"), low, high, int(values.size - kept.size))
