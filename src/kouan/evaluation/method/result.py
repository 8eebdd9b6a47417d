"""Result: scores and everything that explains them, per port and year.

All arrays have the axes (years, ports) or (years, ports, indicators), in the order of `years`, `ports`
and `framework.indicators`; NaN, 0 or a reason where there is no value. `explain` answers "why this
score?" for one port and year; `records` gives one plain line per port and year, ready to be stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, NotFound, Text
from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.derive import REASON_TEXT, Reason
from kouan.evaluation.method.framework import Framework, Node
from kouan.evaluation.method.peers import BASIS_TEXT, Basis
from kouan.evaluation.method.recipe import Recipe


class NotScored(IntEnum):
    """Why a port has no score for a year."""

    SCORED = 0
    NOTHING_PUBLISHED = 1
    NO_TRAFFIC = 2
    TOO_LITTLE_DATA = 3


NOT_SCORED_TEXT: dict[NotScored, Text] = {
    NotScored.SCORED: Text("已评分", "scored"),
    NotScored.NOTHING_PUBLISHED: Text("当年没有发布任何数据", "nothing was published for the year"),
    NotScored.NO_TRAFFIC: Text(
        "当年发布的数据全为零（未运行）", "every published figure of the year is zero (not in operation)"
    ),
    NotScored.TOO_LITTLE_DATA: Text("可用数据低于评分下限", "too little of the data is available"),
}


@dataclass(frozen=True)
class Result:
    """What a run gave. See the module's docstring for the axes."""

    framework: Framework
    recipe: Recipe
    years: tuple[int, ...]
    ports: tuple[str, ...]
    groups: tuple[str, ...]
    classes: tuple[str, ...]
    raw: Floats
    treated: Floats
    normalised: Floats
    low: Floats
    high: Floats
    reasons: NDArray[np.int8]
    winsorised: NDArray[np.int8]
    basis: NDArray[np.int8]
    peers: NDArray[np.int_]
    weights: Floats
    published: Floats
    estimated_share: Floats
    aggregates: dict[str, Floats]
    score: Floats
    rank: NDArray[np.int_]
    rank_of: NDArray[np.int_]
    rank_basis: NDArray[np.int8]
    availability: Floats
    not_scored: NDArray[np.int8]
    findings: tuple[Finding, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over scores, ranks, points and reasons, with their axes: equal digest, equal result."""
        axes = [self.years, self.ports, [node.code for node in self.framework.indicators]]
        sha = hashlib.sha256(json.dumps(axes, ensure_ascii=False).encode())
        floats = [self.score, self.normalised, *(self.aggregates[n.code] for n in self.framework.aggregates)]
        for block in floats:
            rounded = np.round(block, self.framework.decimals)
            sha.update(
                np.ascontiguousarray(np.where(np.isnan(rounded), np.nan, rounded + 0.0), "<f8").tobytes()
            )
        for numbers in (self.rank, self.not_scored, self.reasons):
            sha.update(np.ascontiguousarray(numbers, "<i8").tobytes())
        return sha.hexdigest()

    def place(self, port: str, year: int) -> tuple[int, int]:
        """Indices (year, port) into the arrays. Raises NotFound."""
        if port not in self.ports or year not in self.years:
            raise NotFound.because(
                "score_unknown",
                f"没有口岸“{port}”{year}年的评估结果。",
                f"There is no result for port “{port}” in {year}.",
            )
        return self.years.index(year), self.ports.index(port)

    def peer_group(self, port: str, year: int) -> str:
        """The code of the group, or of the class, within which the port was ranked that year."""
        y, p = self.place(port, year)
        return self._ranked_in(y, p)

    def _ranked_in(self, y: int, p: int) -> str:
        return self.groups[p] if self.rank_basis[y, p] == Basis.GROUP else self.classes[p]

    def parts(self, port: str, year: int) -> dict[str, Any]:
        """What a score is made of, as plain JSON data: availability, points per aggregate, one entry per indicator."""
        y, p = self.place(port, year)
        return self._parts(y, p)

    def _parts(self, y: int, p: int) -> dict[str, Any]:
        lines: dict[str, Any] = {}
        for i, node in enumerate(self.framework.indicators):
            reason = Reason(int(self.reasons[y, p, i]))
            line: dict[str, Any] = {"reason": reason.name.lower(), "weight": _plain(self.weights[y, p, i])}
            if reason is Reason.PRESENT:
                line |= {
                    "raw": _plain(self.raw[y, p, i]),
                    "treated": _plain(self.treated[y, p, i]),
                    "winsorised": int(self.winsorised[y, p, i]),
                    "points": _plain(self.normalised[y, p, i]),
                    "basis": Basis(int(self.basis[y, p, i])).name.lower(),
                    "peers": int(self.peers[y, p, i]),
                    "low": _plain(self.low[y, p, i]),
                    "high": _plain(self.high[y, p, i]),
                }
                if np.isfinite(self.estimated_share[y, p, i]):
                    line["published"] = _plain(self.published[y, p, i])
                    line["estimated_share"] = _plain(self.estimated_share[y, p, i])
            lines[node.code] = line
        return {
            "availability": _plain(self.availability[y, p]),
            "aggregates": {code: _plain(points[y, p]) for code, points in self.aggregates.items()},
            "indicators": lines,
        }

    def records(self) -> Iterator[dict[str, Any]]:
        """One line per port and year: subject_code, year, peer_group, value, rank, peers, parts, not_scored.

        `value` and `rank` are None where the port is not scored; `not_scored` is then the reason's name.
        """
        for y, year in enumerate(self.years):
            for p, port in enumerate(self.ports):
                why = NotScored(int(self.not_scored[y, p]))
                scored = why is NotScored.SCORED
                yield {
                    "subject_code": port,
                    "year": year,
                    "peer_group": self._ranked_in(y, p),
                    "value": _plain(self.score[y, p]),
                    "rank": int(self.rank[y, p]) if scored else None,
                    "peers": int(self.rank_of[y, p]),
                    "parts": self._parts(y, p),
                    "not_scored": "" if scored else why.name.lower(),
                }

    def explain(self, port: str, year: int) -> list[Text]:
        """Say in sentences why the port has this score: the score first, then each indicator."""
        y, p = self.place(port, year)
        why = NotScored(int(self.not_scored[y, p]))
        available = f"{self.availability[y, p]:.0%}"
        if why is not NotScored.SCORED:
            text = NOT_SCORED_TEXT[why]
            return [
                Text(
                    f"{year}年未评分：{text.zh}（可用数据 {available}）。",
                    f"{year}: not scored, because {text.en} ({available} of the data available).",
                )
            ]
        head = Text(
            f"{year}年得分 {self.score[y, p]:.1f}，在“{self._ranked_in(y, p)}”{self.rank_of[y, p]} 个口岸中列第"
            f" {self.rank[y, p]}；可用数据 {available}。",
            f"{year}: {self.score[y, p]:.1f} points, rank {self.rank[y, p]} of {self.rank_of[y, p]} in "
            f"“{self._ranked_in(y, p)}”; {available} of the data available.",
        )
        return [head, *(self._sentence(node, y, p, i) for i, node in enumerate(self.framework.indicators))]

    def _sentence(self, node: Node, y: int, p: int, i: int) -> Text:
        reason = Reason(int(self.reasons[y, p, i]))
        if reason is not Reason.PRESENT:
            text = REASON_TEXT[reason]
            return Text(
                f"{node.name.zh}：{text.zh}，权重由同组其他指标承担。",
                f"{node.name.en}: {text.en}; its weight went to the others of its group.",
            )
        raw, points, weight = self.raw[y, p, i], self.normalised[y, p, i], self.weights[y, p, i]
        basis = BASIS_TEXT[Basis(int(self.basis[y, p, i]))]
        zh = f"{node.name.zh}：{_figure(raw)}，得 {points:.1f} 分，占 {weight:.1%}"
        en = f"{node.name.en}: {_figure(raw)}, {points:.1f} points, weight {weight:.1%}"
        if np.isfinite(self.low[y, p, i]):
            low, high = self.low[y, p, i], self.high[y, p, i]
            zh += f"（{basis.zh}，{self.peers[y, p, i]} 个，标尺 {_figure(low)}–{_figure(high)}）"
            en += f" ({basis.en}, {self.peers[y, p, i]} ports, scale {_figure(low)}–{_figure(high)})"
        if self.winsorised[y, p, i]:
            zh += f"；极端值已调整为 {_figure(self.treated[y, p, i])}"
            en += f"; an extreme value, set to {_figure(self.treated[y, p, i])}"
        if np.nan_to_num(self.estimated_share[y, p, i]) > 0:
            share = self.estimated_share[y, p, i]
            zh += f"；其中 {share:.1%} 为按往年同月估计"
            en += f"; {share:.1%} of it estimated from earlier years"
        return Text(f"{zh}。", f"{en}.")


def _plain(value: Any) -> float | None:
    """A JSON number, None for NaN."""
    number = float(value)
    return number if np.isfinite(number) else None


def _figure(value: Any) -> str:
    """A figure for a sentence: whole from a thousand on, else with two decimals.

    >>> _figure(2400.0), _figure(-5.376)
    ('2,400', '-5.38')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"
