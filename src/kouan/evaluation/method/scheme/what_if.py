"""What if: other group weights, other means, indicators left out, or the second method. Computed beside a round, which stays as it is.

The points of a round are taken as they stand; only how they are put together changes. With nothing changed the totals are the round's own,
the cap of a red line and the rounding included. An indicator that is left out leaves its weight to the others of its group, as one that does
not apply does; a group with nothing left leaves its weight to the other groups.

A geometric mean lets nothing be made up for: one group at 0 would make the whole 0. So points below 1 count as 1 in it.

>>> WhatIf(port_type="sea").is_as_it_stands, WhatIf(port_type="sea", within="geometric").is_as_it_stands
(True, False)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, Place, Refused
from kouan.evaluation.method.scheme.catalogue import peer_groups
from kouan.evaluation.method.scheme.formula import Floats
from kouan.evaluation.method.scheme.score import RoundResult, ranks_within
from kouan.evaluation.method.scheme.statistical import statistical

MEANS = ("arithmetic", "geometric")
METHODS = ("scheme", "statistical")
# Geometric means are of positive numbers only.
LEAST_POINTS = 1.0


@dataclass(frozen=True)
class WhatIf:
    """A question about the ports of one type. ``group_weights``: none for the scheme's own; they are made to sum to 1.

    ``within`` joins indicators to groups, ``across`` groups to totals. Of the second method only the port type is used.
    """

    port_type: str
    group_weights: Mapping[str, float] = field(default_factory=dict)
    within: str = "arithmetic"
    across: str = "arithmetic"
    left_out: frozenset[str] = frozenset()
    method: str = "scheme"

    @property
    def is_as_it_stands(self) -> bool:
        """Whether nothing is changed."""
        return not self.group_weights and not self.left_out and self.method == "scheme" and {self.within, self.across} == {"arithmetic"}


@dataclass(frozen=True)
class Trial:
    """The answer, for the ports of the type in the order of the round: ``ports`` their places in it; totals, ranks (0: none) and bands
    (None: none, and for every port under the second method, whose scale has none) as they would be; ``moved`` places up; and ``stood``, the
    round's totals, with ``stood_rank`` and ``stood_band``."""

    ports: NDArray[np.intp]
    total: Floats
    rank: NDArray[np.int_]
    bands: tuple[str | None, ...]
    stood: Floats
    stood_rank: NDArray[np.int_]
    stood_bands: tuple[str | None, ...]
    group_points: Floats
    weights: Mapping[str, float]
    findings: tuple[Finding, ...] = ()

    @property
    def moved(self) -> NDArray[np.int_]:
        """Places gained (negative: lost); 0 where a port has no place on either side."""
        return np.where((self.rank > 0) & (self.stood_rank > 0), self.stood_rank - self.rank, 0)


def own_weights(result: RoundResult, port_type: str) -> dict[str, float]:
    """The scheme's weights of the groups for a port type; they sum to 1."""
    scheme = result.scheme
    return {code: sum(scheme.weights[port_type].get(each.code, 0.0) for each in scheme.of_group(code)) for code in scheme.groups}


def what_if(result: RoundResult, year: int, asked: WhatIf) -> Trial:
    """Answer a question about a year of a round. Raises Refused where it cannot be answered; the round is not touched."""
    scheme, y = result.scheme, result.data.years.index(year)
    ports = np.array([p for p, kind in enumerate(result.data.types(scheme)) if kind == asked.port_type], dtype=np.intp)
    weights = _usable(result, asked, len(ports))
    names = peer_groups(result.data)
    groups = tuple(names[p] for p in ports)
    findings: tuple[Finding, ...] = ()
    points = _group_points(result, y, ports, asked)
    if asked.method == "statistical":
        other = statistical(result, year)
        total, findings = other.score[ports], other.findings
        bands: tuple[str | None, ...] = (None,) * len(ports)
    else:
        given = np.array([weights[code] for code in scheme.groups])
        total = np.round(_mean(points, np.broadcast_to(given, points.shape), asked.across), scheme.shape.decimals)
        bands = tuple(scheme.band(float(each)).code if np.isfinite(each) else None for each in total)
    return Trial(ports, total, ranks_within(total[None], groups)[0], bands, result.total[y, ports], result.rank[y, ports],
                 tuple(result.bands[y][p] for p in ports), points, weights, findings)


def _usable(result: RoundResult, asked: WhatIf, ports: int) -> dict[str, float]:
    """The weights asked for, summing to 1; the scheme's where none are given."""
    scheme = result.scheme
    findings = []
    if not ports:
        findings.append(Finding.error("type_not_in_round", f"本轮没有“{asked.port_type[:40]}”类型的口岸。",
                                      f"No port of the type “{asked.port_type[:40]}” is in the round.", where=Place(field="type"),
                                      required=", ".join(dict.fromkeys(result.data.types(scheme)))))
    given = np.array([asked.group_weights.get(code, np.nan) for code in scheme.groups], dtype=float)
    if asked.group_weights and (set(asked.group_weights) != set(scheme.groups) or not (given >= 0).all() or not 0 < given.sum() < np.inf):
        findings.append(Finding.error(
            "weights_unusable", f"须给出十组（{'、'.join(scheme.groups)}）的权重，不为负，且不全为零。",
            f"Give a weight for each of {', '.join(scheme.groups)}: none negative, not all zero.", where=Place(field="weights")))
    unknown = sorted(asked.left_out - {each.code for each in scheme.indicators})
    if unknown:
        findings.append(Finding.error("unknown_indicator", f"方案没有指标“{unknown[0][:40]}”。", f"The scheme has no indicator “{unknown[0][:40]}”.",
                                      where=Place(field="without"), remedy=("请从列表中选择。", "Choose from the list.")))
    for name, value, known in (("within", asked.within, MEANS), ("across", asked.across, MEANS), ("method", asked.method, METHODS)):
        if value not in known:
            findings.append(Finding.error("unknown_choice", f"没有“{value[:40]}”这一选项。", f"There is no option “{value[:40]}”.",
                                          where=Place(field=name), required=", ".join(known)))
    if findings:
        raise Refused(findings)
    if not asked.group_weights:
        return own_weights(result, asked.port_type)
    return {code: float(each) for code, each in zip(scheme.groups, given / given.sum(), strict=True)}


def _group_points(result: RoundResult, y: int, ports: NDArray[np.intp], asked: WhatIf) -> Floats:
    """(ports, groups): points of the groups as asked, a red line's cap kept; NaN where nothing counts."""
    scheme = result.scheme
    found = np.full((len(ports), len(scheme.groups)), np.nan)
    for g, code in enumerate(scheme.groups):
        members = [k for k, each in enumerate(scheme.indicators) if each.group == code and each.code not in asked.left_out]
        given = np.array([scheme.weights[asked.port_type].get(scheme.indicators[k].code, 0.0) for k in members])
        if members:
            points = result.points[y][ports][:, members]
            found[:, g] = _mean(points, np.broadcast_to(given, points.shape), asked.within)
        if any(scheme.indicators[k].rule.code == "N9" for k in members):
            with np.errstate(invalid="ignore"):
                capped = result.red[y, ports] & (found[:, g] > scheme.shape.red_line.cap)
            found[capped, g] = scheme.shape.red_line.cap
    return found


def _mean(values: Floats, weights: Floats, kind: str) -> Floats:
    """The weighted mean of each row over what is there; NaN where nothing is, or nothing of it weighs."""
    there = np.isfinite(values)
    kept = np.where(there, weights, 0.0)
    held = np.where(there, values, 0.0)
    if kind == "geometric":
        held = np.log(np.maximum(held, LEAST_POINTS))
    total = kept.sum(axis=1)
    found = np.divide((kept * held).sum(axis=1), total, out=np.full(len(values), np.nan), where=total > 0)
    return np.asarray(np.exp(found) if kind == "geometric" else found)
