"""Why a port's total changed from one year of a round to another: its own figures, and the others (the scale, suspended sources).

Both years are scored by one scheme, so nothing of the change is the method's. A total hangs on the port's own figures and on those of
its peers; each may be of the first year or of the second, which gives four scores. Own figures and peers each get the mean of what they
change over the two orders in which they can change (Shapley 1953; `kouan.evaluation.method.index.analysis.change` does the same for the
general engine), so the two parts add up to the difference exactly, and each is shared out to the indicators.

Own are: figures and their history, reminders, what was decided about the port, and with them the weights in force. The peers' are: the
scale of N1–N3, the median that stands in for a thin survey (M6), and that a source failed for the whole class (M4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.evaluation.method.scheme.catalogue import COUNTED, Mark, peer_median, place, thin_surveys
from kouan.evaluation.method.scheme.formula import Floats, Why
from kouan.evaluation.method.scheme.round import RoundData
from kouan.evaluation.method.scheme.score import RoundResult, weighed


@dataclass(frozen=True, slots=True)
class IndicatorChange:
    """What an indicator contributed to the total before and after, and how much of the difference is whose. ``own + peers = change``."""

    code: str
    before: float
    after: float
    own: float
    peers: float

    @property
    def change(self) -> float:
        return self.after - self.before

    def as_dict(self) -> dict[str, Any]:
        return {"indicator": self.code, "before": self.before, "after": self.after, "own": self.own, "peers": self.peers}


@dataclass(frozen=True)
class YearChange:
    """``after`` − ``before`` = ``own`` + ``peers``, in points of the total. Indicators in the scheme's order, those that stayed 0 left out."""

    port: str
    first: int
    second: int
    before: float
    after: float
    own: float
    peers: float
    indicators: tuple[IndicatorChange, ...]

    @property
    def change(self) -> float:
        return self.after - self.before

    def as_dict(self) -> dict[str, Any]:
        return {"first": self.first, "second": self.second, "before": self.before, "after": self.after, "change": self.change, "own": self.own,
                "peers": self.peers, "indicators": [each.as_dict() for each in self.indicators]}


def change_between(result: RoundResult, port: str, first: int, second: int) -> YearChange | None:
    """Tell the difference of a port's totals in two years apart; None where one of them has no total.

    Raises Refused for a port or year not in the round.
    """
    (y1, p), (y2, _) = result.at(port, first), result.at(port, second)
    if not (np.isfinite(result.total[y1, p]) and np.isfinite(result.total[y2, p])):
        return None
    made = {(own, peers): mixed(result, p, own, peers) for own in (y1, y2) for peers in (y1, y2)}
    own = ((made[y2, y1] - made[y1, y1]) + (made[y2, y2] - made[y1, y2])) / 2
    peers = ((made[y1, y2] - made[y1, y1]) + (made[y2, y2] - made[y2, y1])) / 2
    before, after = float(result.total[y1, p]), float(result.total[y2, p])
    of_own, of_peers = float(own.sum()), float(peers.sum())
    # Totals are rounded to the scheme's decimals; what that leaves goes to the larger part.
    left = (after - before) - (of_own + of_peers)
    of_own, of_peers = (of_own + left, of_peers) if abs(of_own) >= abs(of_peers) else (of_own, of_peers + left)
    return YearChange(
        port, first, second, before, after, of_own, of_peers,
        tuple(IndicatorChange(each.code, float(made[y1, y1][k]), float(made[y2, y2][k]), float(own[k]), float(peers[k]))
              for k, each in enumerate(result.scheme.indicators) if any(abs(one[k]) > 0 for one in made.values())))


def mixed(result: RoundResult, p: int, own: int, peers: int) -> Floats:
    """(indicators,): what each contributes to the total of a port with its own figures of one year among its peers of another.

    With one year for both these are the contributions of the round (but for the last bits).
    """
    scheme, data = result.scheme, result.data
    members = np.nonzero(np.array([each == data.classes[p] for each in data.classes]))[0]
    at = int(np.nonzero(members == p)[0][0])

    def of(table: NDArray[Any]) -> NDArray[Any]:
        """(1, ports of the class, …): the peers' year, the port's row from its own."""
        rows = table[peers, members].copy()
        rows[at] = table[own, p]
        return np.asarray(rows[None])

    some = RoundData(
        tuple(data.ports[m] for m in members), tuple(data.classes[m] for m in members), tuple(data.grades[m] for m in members),
        (data.years[peers],), data.items, of(data.values), volume_bases=data.volume_bases, is_exercise=data.is_exercise)
    why, mark = of(result.why), of(result.mark)
    usable = np.where((why == Why.PRESENT) & ~thin_surveys(scheme, some), of(result.raw), np.nan)
    placed = place(scheme, some, usable)
    mark[0, at] = _marks(result, p, own, peers, members)
    points = np.where(np.isin(mark, (Mark.SCORED, Mark.NO_EVIDENCE)), placed.points, np.nan)
    points[0, at] = np.where(mark[0, at] == Mark.UNREPORTED, 0.0, points[0, at])
    points[0, at] = np.where(mark[0, at] == Mark.CARRIED, result.points[own, p], points[0, at])
    alone = np.zeros((1, len(members)), dtype=bool)
    alone[0, at] = True
    for k in np.nonzero(mark[0, at] == Mark.PEER_MEDIAN)[0]:
        peer_median(scheme, some, int(k), alone, points, mark)
    points[~np.isin(mark, COUNTED)] = np.nan
    port = RoundData((data.ports[p],), (data.classes[p],), (data.grades[p],), some.years, data.items, some.values[:, [at]])
    return np.asarray(weighed(scheme, port, points[:, [at]], placed.red[:, [at]])[3][0, 0])


def _marks(result: RoundResult, p: int, own: int, peers: int, members: NDArray[np.intp]) -> NDArray[np.int8]:
    """(indicators,): the port's marks of its own year, but suspended as the class of the peers' year is."""
    mark, why = result.mark[own, p].copy(), result.why[own, p]
    down = (result.mark[peers, members] == Mark.SUSPENDED).any(axis=0)
    freed = (mark == Mark.SUSPENDED) & ~down
    mark[freed & (why == Why.PRESENT)] = Mark.SCORED
    mark[freed & ((why == Why.NOT_APPLICABLE) | (why == Why.NO_HISTORY))] = Mark.NOT_APPLICABLE
    mark[freed & ((why == Why.MISSING) | (why == Why.IMPOSSIBLE))] = Mark.AWAITED
    mark[down & (mark != Mark.OUTSIDE)] = Mark.SUSPENDED
    return mark
