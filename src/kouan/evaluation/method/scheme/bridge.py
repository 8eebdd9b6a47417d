"""A round as an index of the general engine, and what moves when weights are moved.

The points of a round are a table like any other: with `index_of` the analyses, uncertainty and sensitivity studies of
`kouan.evaluation.method.index` work on it. Under plain arithmetic means the general engine gives the round's own totals,
but for the cap of a red line, which it does not know.

`reweighed` is for what-if questions: other group weights, the same points, nothing of the round touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Refused
from kouan.evaluation.method.index.framework import Framework
from kouan.evaluation.method.index.table import Table
from kouan.evaluation.method.scheme.catalogue import peer_groups
from kouan.evaluation.method.scheme.formula import Floats
from kouan.evaluation.method.scheme.score import RoundResult, ranks_within

TOP = "total"


def index_of(result: RoundResult, year: int, port_type: str, *, peer_group: str = "") -> tuple[Framework, Table]:
    """The framework of a port type and the points of its ports in a year (NaN: not counted), with class and peer group.

    ``peer_group``: only the ports of one ("road/hub"), so that places and tied bands are those within it. Use it with
    `normalise: none`: points are on one scale already. Raises Refused where no such port is in the round.
    """
    y = result.data.years.index(year)
    scheme = result.scheme
    ports = [p for p, kind in enumerate(result.data.types(scheme))
             if kind == port_type and peer_group in ("", peer_groups(result.data)[p])]
    if not ports:
        raise Refused.because(
            "type_not_in_round", f"本轮没有“{port_type}”类型的口岸。", f"No port of the type “{port_type}” is in the round.",
            required=", ".join(sorted(set(result.data.types(scheme)))),
        )
    members = [k for k, each in enumerate(scheme.indicators) if port_type in each.ports]
    rows = [
        {"iCode": each.code, "iName": each.name.zh, "Level": "1", "Parent": each.group, "Type": "Indicator", "Unit": "points",
         "Weight": repr(scheme.weights[port_type][each.code])}
        for each in (scheme.indicators[k] for k in members)
    ]
    rows += [
        {"iCode": code, "iName": group.name.zh, "Level": "2", "Parent": TOP, "Type": "Aggregate",
         "Weight": repr(sum(scheme.weights[port_type].get(each.code, 0.0) for each in scheme.of_group(code)))}
        for code, group in scheme.groups.items()
    ]
    rows.append({"iCode": TOP, "iName": scheme.name.zh, "Level": "3", "Type": "Aggregate"})
    table = Table(
        tuple(result.data.ports[p] for p in ports),
        tuple(scheme.indicators[k].code for k in members),
        result.points[y][np.ix_(ports, members)],
        groups={"class": tuple(result.data.classes[p] for p in ports), "peer_group": tuple(peer_groups(result.data)[p] for p in ports)},
    )
    return Framework.from_rows(rows), table


@dataclass(frozen=True)
class WhatIf:
    """Totals and places (ports,) under other group weights, and how many places each port moved (positive: up)."""

    total: Floats
    rank: NDArray[np.int_]
    moved: NDArray[np.int_]


def reweighed(result: RoundResult, year: int, weights: Mapping[str, float]) -> WhatIf:
    """Totals of a year under these weights of the ten groups, the same for all port types; they are made to sum to 1.

    Raises Refused for a group that is missing or unknown, a negative weight, or weights that are all zero.
    """
    scheme = result.scheme
    given = np.array([weights.get(code, np.nan) for code in scheme.groups], dtype=float)
    if set(weights) != set(scheme.groups) or not (given >= 0).all() or not 0 < given.sum() < np.inf:
        raise Refused.because(
            "weights_unusable",
            f"须给出十组（{'、'.join(scheme.groups)}）的权重，不为负，且不全为零。",
            f"Give a weight for each of {', '.join(scheme.groups)}: none negative, not all zero.",
            measured=", ".join(f"{code}={weight}" for code, weight in weights.items())[:200],
        )
    y = result.data.years.index(year)
    points = result.group_points[y]
    there = np.isfinite(points) * given
    in_force = there.sum(axis=1)
    total = np.divide((there * np.nan_to_num(points)).sum(axis=1), in_force, out=np.full(len(points), np.nan), where=in_force > 0)
    total = np.asarray(np.round(total, scheme.shape.decimals))
    rank = ranks_within(total[None], peer_groups(result.data))[0]
    return WhatIf(total, rank, np.where((rank > 0) & (result.rank[y] > 0), result.rank[y] - rank, 0))
