"""How firm the places of a round are: intervals of places, ports that cannot be told apart, and the second method beside the first.

Within each peer group the points of the year are scored again many times (`bridge.index_of` and the general engine's study of
uncertainty), with what a reader may doubt varied at once, by a quasi-random design with a seed:

- weights of indicators and groups, each times a factor in 1 ± 0.25;
- the mean: arithmetic, or a power mean of 0.5, by which a weak group weighs more;
- one indicator left out, each in turn, or none;
- each port's points, each times a factor in 1 ± 0.05 (figures are measured).

Normalisation is not varied: points are made from scales of their own. The general engine does not know the cap of a red line: a
capped port's interval is that without the cap, and ``red_line`` says so. A run that fails is counted and left out, never lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kouan.basis import Finding, Text
from kouan.evaluation.method.framework import digest_of
from kouan.evaluation.method.index import Recipe
from kouan.evaluation.method.index.robustness import Study, uncertainty
from kouan.evaluation.method.scheme.bridge import index_of
from kouan.evaluation.method.scheme.catalogue import peer_groups
from kouan.evaluation.method.scheme.score import RoundResult, ranks_within
from kouan.evaluation.method.scheme.statistical import statistical, two_methods

RUNS, SEED, LEVEL = 512, 1, 0.9
FACTORS: tuple[Mapping[str, Any], ...] = (
    {"of": "weights", "noise": 0.25, "levels": [1, 2]},
    {"of": "aggregate", "choices": ["arithmetic", {"usual": {"name": "power", "power": 0.5}}]},
    {"of": "leave_out", "levels": [1]},
    {"of": "cells", "noise": 0.05},
)
VARIED = Text(
    "指标和组的权重（±25%）、合成方法（算术平均或0.5次幂平均）、逐一剔除指标、各指标得分（±5%）",
    "weights of indicators and groups (±25 %), the mean (arithmetic, or power 0.5), each indicator left out, points (±5 %)")
_PLAIN = Recipe.from_dict({"recipe": "round", "normalise": {"method": "none"}})


@dataclass(frozen=True, slots=True)
class PortDoubt:
    """One port within its peer group. ``low``/``high``: places at 5 % and 95 %; ``tie``: ports of one number cannot be told apart.

    ``second_score``/``second_place``: by the statistical method, None where there is none.
    """

    port: str
    peer_group: str
    place: int
    low: float
    median: float
    high: float
    tie: int
    red_line: bool
    second_score: float | None
    second_place: int | None

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Doubts:
    """What a study says of one year of a round; ``groups``: how many ports and failed runs each peer group had."""

    year: int
    runs: int
    seed: int
    ports: tuple[PortDoubt, ...]
    groups: tuple[Mapping[str, Any], ...]
    agreement: Mapping[str, tuple[Mapping[str, Any], ...]]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> int:
        """Runs that failed, over all peer groups."""
        return sum(each["failed"] for each in self.groups)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, in the order of the ports' codes."""
        return {"year": self.year, "runs": self.runs, "seed": self.seed, "factors": [dict(each) for each in FACTORS], "level": LEVEL,
                "ports": [each.as_dict() for each in self.ports], "groups": [dict(each) for each in self.groups],
                "agreement": {name: [dict(one) for one in found] for name, found in self.agreement.items()}}

    @property
    def digest(self) -> str:
        """SHA-256 of all that the study says."""
        return digest_of(self.as_dict())


def doubts(
    result: RoundResult, year: int, *, runs: int = RUNS, seed: int = SEED, progress: Callable[[int, int], None] | None = None,
) -> Doubts:
    """Study the places of a year (see the module). The same result, runs and seed give the same answer.

    Ports without a total have no place and are left out. Raises Refused where all runs of a group fail.
    """
    y = result.data.years.index(year)
    groups = peer_groups(result.data)
    second = statistical(result, year)
    scored = np.isfinite(result.total[y])
    second_place = ranks_within(np.where(scored, second.score, np.nan)[None], groups)[0]
    at = {code: p for p, code in enumerate(result.data.ports)}
    study = Study.from_dict({"study": "round", "runs": runs, "seed": seed, "factors": [dict(each) for each in FACTORS]})
    found: list[PortDoubt] = []
    told: list[Mapping[str, Any]] = []
    findings: list[Finding] = list(second.findings)
    names = sorted({group for group, is_scored in zip(groups, scored, strict=True) if is_scored})
    for done, group in enumerate(names):
        kind = result.scheme.shape.classes[group.split("/")[0]]
        spread = uncertainty(*index_of(result, year, kind, peer_group=group), _PLAIN, study, level=LEVEL)
        findings += [each for each in spread.findings if each.code != "unit_never_scored"]
        members = [n for n, code in enumerate(spread.units) if scored[at[code]]]
        ties = _renumbered([spread.band[n] for n in members])
        for n, tie in zip(members, ties, strict=True):
            p = at[spread.units[n]]
            score = second.score[p]
            found.append(PortDoubt(
                spread.units[n], group, int(result.rank[y, p]), float(spread.low_place[n]), float(spread.median_place[n]),
                float(spread.high_place[n]), tie, bool(result.red[y, p]), float(score) if np.isfinite(score) else None,
                int(second_place[p]) or None))
        told.append({"group": group, "ports": len(members), "failed": int(spread.runs.failed.sum())})
        if progress is not None:
            progress(done + 1, len(names))
    agreed = {name: tuple(each.as_dict() for each in both) for name, both in two_methods(result, year).items()}
    return Doubts(year, runs, seed, tuple(sorted(found, key=lambda each: each.port)), tuple(told), agreed, tuple(findings))


def _renumbered(bands: list[int]) -> list[int]:
    """Numbers of bands without gaps, the best first."""
    order = {band: n + 1 for n, band in enumerate(sorted(set(bands)))}
    return [order[band] for band in bands]
