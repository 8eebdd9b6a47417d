"""Before and after: did times change, by how much, how sure is it, in one sentence.

Two answers stand side by side. The difference of the medians, with a bootstrap interval: what the notice says. The shift
of Hodges and Lehmann (1963), the median of all differences between a case after and one before, with the interval that
belongs to the test of Mann and Whitney: it asks nothing of the form of the lengths and is hardly moved by ties and tails.
Neither says why.

>>> found = compare([40 * HOUR + n * HOUR // 10 for n in range(100)], [30 * HOUR + n * HOUR // 10 for n in range(100)])
>>> found.difference_us / HOUR, found.shift_us / HOUR, found.verdict
(-10.0, -10.0, 'shorter')
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from kouan.basis import Text
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.statistics import RESAMPLES, SEED, Interval, Lengths, bootstrap_medians, quantile

# Fewer on either side give no interval that deserves the name.
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Lengths before and after, in µs. `verdict`: shorter, longer, unclear (the interval holds zero), too_few."""

    n_before: int
    n_after: int
    before_us: float | None
    after_us: float | None
    difference_us: float | None
    difference_interval: Interval | None
    shift_us: float | None
    shift_interval: Interval | None
    verdict: str

    @property
    def ratio(self) -> float | None:
        """The difference as a share of the median before; None where that is zero."""
        if self.difference_us is None or not self.before_us:
            return None
        return self.difference_us / self.before_us

    def sentence(self, before: Text, after: Text, what: Text) -> Text:
        """The comparison in words: `before` and `after` name the periods, `what` the time compared."""
        if self.before_us is None or self.after_us is None or self.difference_us is None:
            return Text(f"{what.zh}：{before.zh} {self.n_before} 件，{after.zh} {self.n_after} 件，无法比较。",
                        f"{_capital(what.en)}: {self.n_before} cases {before.en}, {self.n_after} {after.en}; there is nothing to compare.")
        b, a, d = self.before_us / HOUR, self.after_us / HOUR, abs(self.difference_us) / HOUR
        share = f"{abs(self.ratio):.1%}" if self.ratio is not None else "—"
        zh = f"{what.zh}中位数：{before.zh} {b:.2f} 小时（{self.n_before} 件），{after.zh} {a:.2f} 小时（{self.n_after} 件）"
        en = f"{_capital(what.en)}, median: {b:.2f} h {before.en} ({self.n_before} cases), {a:.2f} h {after.en} ({self.n_after} cases)"
        if self.difference_us:
            word_zh, word_en = ("缩短", "shorter") if self.difference_us < 0 else ("延长", "longer")
            zh, en = f"{zh}，{word_zh} {d:.2f} 小时（{share}）", f"{en}: {d:.2f} h {word_en} ({share})"
        else:
            zh, en = f"{zh}，相同", f"{en}: the same"
        interval = self.difference_interval
        if self.verdict == "too_few" or interval is None:
            return Text(f"{zh}。任一期少于 {FEWEST} 件，不给区间。", f"{en}. Fewer than {FEWEST} cases on one side: no interval.")
        low, high = interval.low / HOUR, interval.high / HOUR
        known_zh, known_en = ("变化尚不能确定", "the change is not certain") if self.verdict == "unclear" else ("变化明确", "the change is clear")
        return Text(f"{zh}；差的{interval.confidence:.0%}区间为 {low:+.2f} 至 {high:+.2f} 小时，{known_zh}。",
                    f"{en}; {interval.confidence:.0%} interval of the difference {low:+.2f} to {high:+.2f} h: {known_en}.")

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping, in µs."""
        def told(interval: Interval | None) -> dict[str, Any] | None:
            return None if interval is None else {
                "low_us": interval.low, "high_us": interval.high, "confidence": interval.confidence, "rule": interval.rule}  # fmt: skip

        return {
            "n_before": self.n_before, "n_after": self.n_after, "before_us": self.before_us, "after_us": self.after_us,
            "difference_us": self.difference_us, "ratio": self.ratio, "difference_interval": told(self.difference_interval),
            "shift_us": self.shift_us, "shift_interval": told(self.shift_interval), "verdict": self.verdict,
        }  # fmt: skip


def compare(before: Lengths, after: Lengths, *, confidence: float = 0.95, seed: int = SEED, resamples: int = RESAMPLES) -> Comparison:
    """Compare two sets of lengths in µs. A negative difference is an improvement."""
    old, new = (np.sort(np.asarray(each, dtype=np.int64)) for each in (before, after))
    first, second = quantile(old, 0.5, is_sorted=True), quantile(new, 0.5, is_sorted=True)
    difference = None if first is None or second is None else second - first
    if min(old.size, new.size) < FEWEST:
        return Comparison(int(old.size), int(new.size), first, second, difference, None, None, None, "too_few")
    chance = np.random.default_rng(seed)
    drawn = bootstrap_medians(new, chance, resamples) - bootstrap_medians(old, chance, resamples)
    low, high = (float(each) for each in np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2]))
    verdict = "shorter" if high < 0 else "longer" if low > 0 else "unclear"
    shift, shift_interval = hodges_lehmann(old, new, confidence)
    return Comparison(
        int(old.size), int(new.size), first, second, difference,
        Interval(low, high, confidence, f"percentile bootstrap of the difference of medians, {resamples} resamples, seed {seed}"),
        shift, shift_interval, verdict,
    )  # fmt: skip


def hodges_lehmann(before: NDArray[np.int64], after: NDArray[np.int64], confidence: float = 0.95) -> tuple[float, Interval]:
    """The median of all differences after − before, and its interval (both sorted, not empty).

    The differences are never written out: the k-th is found by halving, counting with a sorted search each time. The rank
    at which the interval begins comes from the exact distribution of Mann and Whitney's U up to 2,500 pairs, else from its
    normal approximation (Hollander, Wolfe and Chicken 2014, 4.3).
    """
    m, n = int(before.size), int(after.size)
    pairs = m * n
    middle = (_kth(before, after, (pairs - 1) // 2) + _kth(before, after, pairs // 2)) / 2
    is_exact = pairs <= 2_500
    if is_exact:
        rank = _exact_rank(m, n, (1 - confidence) / 2)
    else:
        z = float(ndtri((1 + confidence) / 2))
        rank = math.floor(pairs / 2 - z * math.sqrt(pairs * (m + n + 1) / 12))
    rank = max(rank, 1)
    low, high = _kth(before, after, rank - 1), _kth(before, after, pairs - rank)
    rule = "Hodges–Lehmann, " + ("exact distribution of U" if is_exact else "normal approximation of U")
    return middle, Interval(float(low), float(high), confidence, rule)


def _kth(before: NDArray[np.int64], after: NDArray[np.int64], k: int) -> int:
    """The k-th smallest (from zero) of all differences after − before."""
    low, high = int(after[0]) - int(before[-1]), int(after[-1]) - int(before[0])
    while low < high:
        middle = (low + high) // 2
        # Differences up to `middle`: for each b, the values after up to b + middle.
        if int(np.searchsorted(after, before + middle, side="right").sum()) > k:
            high = middle
        else:
            low = middle + 1
    return low


def _exact_rank(m: int, n: int, tail: float) -> int:
    """The rank (from one) of the difference at which the interval begins: the largest c with P(U <= c - 1) <= tail.

    P(U = u) for i and j values comes from adding the largest: it is one of the i with i/(i + j), and then exceeds j others.
    """
    size = m * n + 1
    column = [np.zeros(size) for _ in range(n + 1)]
    for row in column:
        row[0] = 1.0  # no values on one side: U is zero
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            moved = np.zeros(size)
            moved[j:] = column[j][: size - j]
            column[j] = (i * moved + j * column[j - 1]) / (i + j)
    return int(np.searchsorted(np.cumsum(column[n]), tail, side="right"))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
