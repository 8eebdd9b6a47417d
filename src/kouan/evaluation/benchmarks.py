"""Reading the scores of the benchmark set (对标) for pages: bands, medians, and what a score is made of.

Everything is read from the stored scores; nothing is computed anew. Ranks and decimals are for
those with the permission ``scores.read_ranks``; everybody else sees quarters of the peer group
(DESIGN.md, "Results"), and the functions here give both so that a door chooses.

>>> [quartile(rank, 26) for rank in (1, 7, 8, 26)]
[1, 1, 2, 4]
>>> quartile(None, 26) is None
True
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from kouan.evaluation import frameworks
from kouan.evaluation.method.derive import REASON_TEXT, Reason
from kouan.evaluation.method.framework import Framework, Node
from kouan.evaluation.models import Score, ScoreRun


def quartile(rank: int | None, peers: int) -> int | None:
    """The quarter of the peer group in which a rank lies: 1 (first, highest) to 4; None without a rank.

    Equal ranks share a quarter; the first is always in the first quarter, however few the peers.
    """
    if rank is None or peers <= 0:
        return None
    return min(4, 1 + (rank - 1) * 4 // peers)


def medians(run: ScoreRun, peer_group: str) -> dict[int, float]:
    """The median score of a peer group, year by year."""
    by_year: dict[int, list[float]] = defaultdict(list)
    rows = run.scores.filter(peer_group=peer_group, value__isnull=False).order_by().values_list("year", "value")
    for year, value in rows:
        if value is not None:
            by_year[year].append(value)
    return {year: median(values) for year, values in sorted(by_year.items())}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Years in a row in the same quarter of the peer group; ``quarter=None``: not scored."""

    first: int
    last: int
    quarter: int | None


def stretches(scores: Iterable[Score]) -> list[Stretch]:
    """The quarters of one port over the years, in runs of equal quarters, oldest first."""
    found: list[Stretch] = []
    for score in sorted(scores, key=lambda each: each.year):
        quarter = quartile(score.rank, score.peers)
        if found and found[-1].quarter == quarter and found[-1].last == score.year - 1:
            found[-1] = Stretch(found[-1].first, score.year, quarter)
        else:
            found.append(Stretch(score.year, score.year, quarter))
    return found


@dataclass(frozen=True, slots=True)
class PartLine:
    """One line of "why this score": an indicator, or an aggregate above some.

    ``weight`` is the weight used in the score (what does not apply is shared out); ``points`` 0–100;
    ``quarter`` the quarter of the peers' points; ``typical`` the peers' median points.
    ``missing``: the reason where there is no value.
    """

    node: Node
    weight: float
    raw: float | None
    points: float | None
    typical: float | None
    quarter: int | None
    estimated_share: float | None
    winsorised: bool
    missing: Any | None

    @property
    def contribution(self) -> float | None:
        """Points that this line brings to the score."""
        return None if self.points is None else self.points * self.weight


def framework_of(run: ScoreRun) -> Framework:
    """The framework that a run applied, as the recipe keeps it; the shipped one has the same code."""
    shipped = frameworks.get(run.framework)
    if shipped.digest == run.framework_digest:
        return shipped
    from kouan.evaluation.method.loading import framework_from_dict

    return framework_from_dict(run.recipe["framework"])


def part_lines(score: Score, framework: Framework, peers: Sequence[dict[str, Any]]) -> list[PartLine]:
    """Why this score: every aggregate followed by its indicators.

    ``peers``: the ``parts`` of the scored peers of the same year, the port itself included.
    """
    lines = []
    indicators = score.parts.get("indicators", {})
    for group in sorted((node for node in framework.aggregates if node.parent is not None), key=lambda node: framework.codes.index(node.code)):
        children = [node for node in framework.children(group.code) if node.is_indicator]
        weight = sum(indicators.get(node.code, {}).get("weight") or 0.0 for node in children)
        lines.append(_aggregate(score, group, weight, peers))
        lines += [_indicator(indicators.get(node.code, {}), node, peers) for node in children]
    return lines


def _aggregate(score: Score, node: Node, weight: float, peers: Sequence[dict[str, Any]]) -> PartLine:
    points = score.parts.get("aggregates", {}).get(node.code)
    others = [value for parts in peers if (value := parts.get("aggregates", {}).get(node.code)) is not None]
    return PartLine(node, weight, None, points, median(others) if others else None, _quarter(points, others), None, False, None)


def _indicator(held: dict[str, Any], node: Node, peers: Sequence[dict[str, Any]]) -> PartLine:
    others = [
        value for parts in peers
        if (value := parts.get("indicators", {}).get(node.code, {}).get("points")) is not None
    ]
    points = held.get("points")
    reason = held.get("reason", "not_published")
    return PartLine(
        node, held.get("weight") or 0.0, held.get("raw"), points, median(others) if others else None,
        _quarter(points, others), held.get("estimated_share"), bool(held.get("winsorised")),
        None if reason == "present" else REASON_TEXT[Reason[reason.upper()]],
    )


def _quarter(points: float | None, others: Sequence[float]) -> int | None:
    if points is None or not others:
        return None
    return quartile(1 + sum(other > points for other in others), len(others))


def peer_parts(run: ScoreRun, year: int, peer_group: str) -> list[dict[str, Any]]:
    """The parts of every scored peer of a year, in one query."""
    return list(run.scores.filter(year=year, peer_group=peer_group, value__isnull=False).order_by().values_list("parts", flat=True))
