"""Lengths in logarithmic buckets: for the live window, where keeping every length would cost too much.

A bucket i holds the lengths in (γ^(i−1), γ^i] µs; the figure given for it differs from any length in it by at most 1 % of
that length (the idea of DDSketch, Masson, Rim and Lee 2019). Negative lengths have buckets of their own, zero one more. Merging
adds counts: in any order, in any grouping, with the same result; count, sum, least and most stay exact. Closed months do not
use this: their figures are exact.

>>> morning, evening = Buckets.of([90, 100, 110]), Buckets.of([1_000])
>>> both = morning.merged(evening)
>>> both.n, both.sum, abs(both.quantile(0.5) / 105 - 1) < 0.01
(4, 1300, True)
>>> Buckets.from_dict(both.as_dict()) == both
True
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Text

RELATIVE_ERROR = 0.01
# A little inside the promise, so that the last bit of a logarithm cannot break it.
_ALPHA = 0.0099
GAMMA = (1 + _ALPHA) / (1 - _ALPHA)
_LOG_GAMMA = math.log(GAMMA)
SCHEME = "log-0.0099"
STATED = Text("实时窗口按对数分档计算，数值误差不超过1%", "live window, logarithmic buckets: values within 1 %")


def bucket_of(us: int) -> int:
    """The bucket of a positive length: ⌈ln(us) / ln γ⌉. The same expression serves in SQL."""
    return math.ceil(math.log(us) / _LOG_GAMMA)


def buckets_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The buckets of an array of positive lengths."""
    return np.ceil(np.log(lengths) / _LOG_GAMMA).astype(np.int64)


def value_of(bucket: int) -> float:
    """The figure for a bucket: within 1 % of every length in it."""
    return 2 * math.exp(bucket * _LOG_GAMMA) / (GAMMA + 1)


@dataclass
class Buckets:
    """Counts of lengths (whole µs) by bucket. `sum`, `least`, `most` are exact."""

    positive: dict[int, int] = field(default_factory=dict)
    negative: dict[int, int] = field(default_factory=dict)
    zero: int = 0
    sum: int = 0
    least: int | None = None
    most: int | None = None

    @classmethod
    def of(cls, lengths: Iterable[int] | NDArray[np.int64]) -> Buckets:
        """Buckets of some lengths."""
        found = cls()
        found.add_many(np.fromiter(lengths, dtype=np.int64) if not isinstance(lengths, np.ndarray) else lengths)
        return found

    @property
    def n(self) -> int:
        """How many lengths."""
        return self.zero + sum(self.positive.values()) + sum(self.negative.values())

    @property
    def mean(self) -> float | None:
        """The exact mean in µs."""
        return self.sum / self.n if self.n else None

    def add(self, us: int, count: int = 1) -> None:
        """Add one length, `count` times."""
        if us == 0:
            self.zero += count
        else:
            side = self.positive if us > 0 else self.negative
            bucket = bucket_of(abs(us))
            side[bucket] = side.get(bucket, 0) + count
        self.sum += us * count
        self.least = us if self.least is None else min(self.least, us)
        self.most = us if self.most is None else max(self.most, us)

    def add_many(self, lengths: NDArray[np.int64]) -> None:
        """Add an array of lengths, some millions a second."""
        values = np.asarray(lengths, dtype=np.int64)
        if not values.size:
            return
        for side, part in ((self.positive, values[values > 0]), (self.negative, -values[values < 0])):
            if part.size:
                places = buckets_of(part)
                first = int(places.min())
                counts = np.bincount(places - first)
                for place in np.flatnonzero(counts):
                    bucket = first + int(place)
                    side[bucket] = side.get(bucket, 0) + int(counts[place])
        self.zero += int((values == 0).sum())
        # int64 would overflow on sums that lie beyond 292,000 years; half sums cannot.
        self.sum += (int((values >> 20).sum()) << 20) + int((values & 0xFFFFF).sum())
        least, most = int(values.min()), int(values.max())
        self.least = least if self.least is None else min(self.least, least)
        self.most = most if self.most is None else max(self.most, most)

    def merged(self, other: Buckets) -> Buckets:
        """The buckets of both together; neither is changed."""
        def added(one: Mapping[int, int], two: Mapping[int, int]) -> dict[int, int]:
            return {bucket: one.get(bucket, 0) + two.get(bucket, 0) for bucket in {*one, *two}}

        lows = [each for each in (self.least, other.least) if each is not None]
        highs = [each for each in (self.most, other.most) if each is not None]
        return Buckets(
            added(self.positive, other.positive), added(self.negative, other.negative), self.zero + other.zero, self.sum + other.sum,
            min(lows, default=None), max(highs, default=None),
        )  # fmt: skip

    def quantile(self, q: float) -> float | None:
        """The quantile q by type 7, each order statistic read from its bucket; None of nothing.

        Both neighbours are within 1 %, so the figure is within 1 % of the exact one where both have one sign.
        """
        if not 0 <= q <= 1:
            raise ValueError(f"a quantile lies between 0 and 1, not at {q}")
        n = self.n
        if not n:
            return None
        position = q * (n - 1)
        below = int(position)
        share = position - below
        low = self._at(below)
        high = self._at(min(below + 1, n - 1)) if share else low
        return low + (high - low) * share

    def share_within(self, norm_us: int) -> tuple[float, float] | None:
        """The least and the most that the share of lengths up to a norm can be: the bucket of the norm is not divided."""
        n = self.n
        if not n:
            return None
        sure = possible = 0
        for sign, side in ((-1, self.negative), (1, self.positive)):
            for bucket, count in side.items():
                # In the order of values: a negative bucket -(γ^(i-1), γ^i] lies from -γ^i to -γ^(i-1).
                edges = sorted((sign * math.exp((bucket - 1) * _LOG_GAMMA), sign * math.exp(bucket * _LOG_GAMMA)))
                sure += count if edges[1] <= norm_us else 0
                possible += count if edges[0] <= norm_us else 0
        if norm_us >= 0:
            sure, possible = sure + self.zero, possible + self.zero
        if self.most is not None and self.most <= norm_us:
            sure = n
        if self.least is not None and self.least > norm_us:
            possible = 0
        return sure / n, possible / n

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; the scheme says which buckets they are."""
        return {
            "scheme": SCHEME, "positive": {str(b): self.positive[b] for b in sorted(self.positive)},
            "negative": {str(b): self.negative[b] for b in sorted(self.negative)}, "zero": self.zero, "sum": self.sum,
            "least": self.least, "most": self.most, "relative_error": RELATIVE_ERROR, "stated": STATED.as_dict(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Buckets:
        """Rebuild from `as_dict()`. ValueError for buckets of another scheme: they do not merge with these."""
        if data.get("scheme") != SCHEME:
            raise ValueError(f"buckets of the scheme {data.get('scheme')!r} do not merge with {SCHEME!r}")
        return cls(
            {int(b): int(c) for b, c in data["positive"].items()}, {int(b): int(c) for b, c in data["negative"].items()},
            int(data["zero"]), int(data["sum"]), data["least"], data["most"],
        )  # fmt: skip

    def _at(self, rank: int) -> float:
        """The figure for the length of a rank, counted from zero; the least and the most are known exactly."""
        if rank == 0 and self.least is not None:
            return float(self.least)
        if rank == self.n - 1 and self.most is not None:
            return float(self.most)
        seen = 0
        for bucket in sorted(self.negative, reverse=True):
            seen += self.negative[bucket]
            if rank < seen:
                return self._inside(-value_of(bucket))
        seen += self.zero
        if rank < seen:
            return 0.0
        for bucket in sorted(self.positive):
            seen += self.positive[bucket]
            if rank < seen:
                return self._inside(value_of(bucket))
        raise IndexError(rank)

    def _inside(self, value: float) -> float:
        """The figure, not beyond the least and the most."""
        low, high = self.least, self.most
        return value if low is None or high is None else min(max(value, low), high)
