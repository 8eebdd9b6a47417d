"""A whole round: reported figures → indicators → points → groups → totals, bands, five types, ranks.

>>> from kouan.evaluation import schemes
>>> data = RoundData(("p",), ("road",), ("",), (2025,), ("survey_public", "survey_public.answers"), np.array([[[80.0, 50.0]]]))
>>> result = score_round(schemes.get("national-first"), data)
>>> result.group_points[0, 0].round(1).tolist()
[0.0, nan, nan, 0.0, 75.0, 0.0, 45.7, nan, nan, 75.0]
>>> replay(result.record(), data).digest == result.digest
True
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan import __version__
from kouan.basis import Finding, Refused
from kouan.evaluation.method.scheme.catalogue import (
    COUNTED,
    Flags,
    Mark,
    Placed,
    fill,
    impossible,
    peer_groups,
    place,
    thin_surveys,
)
from kouan.evaluation.method.scheme.figures import Figures
from kouan.evaluation.method.scheme.formula import Floats, Reasons, Why, compute
from kouan.evaluation.method.scheme.notes import notes_of
from kouan.evaluation.method.scheme.round import RoundData
from kouan.evaluation.method.scheme.scheme import Scheme

# Raised whenever the same record could give other figures; a replay under another number is refused.
METHOD_VERSION = "1"


@dataclass(frozen=True)
class RoundResult:
    """The scores of a round. Axes: years, ports, then indicators, groups or the five types, in the scheme's order.

    ``raw`` the value of each formula, ``why`` the reason where there is none, ``points`` 0–100 (NaN: not counted),
    ``mark`` how they came about, ``weight`` in force (summing to 1 for each port and year), ``contribution`` to the
    total (they sum to it). ``provisional``: something is awaited. ``red``: the red line was crossed: a group is capped
    and the grade proposal cannot rise.
    """

    scheme: Scheme
    data: RoundData
    figures: Figures = field(repr=False)
    raw: Floats = field(repr=False)
    why: Reasons = field(repr=False)
    placed: Placed = field(repr=False)
    points: Floats = field(repr=False)
    mark: NDArray[np.int8] = field(repr=False)
    weight: Floats = field(repr=False)
    contribution: Floats = field(repr=False)
    group_points: Floats = field(repr=False)
    group_weight: Floats = field(repr=False)
    five: Floats = field(repr=False)
    total: Floats = field(repr=False)
    red: Flags = field(repr=False)
    findings: tuple[Finding, ...] = ()

    @cached_property
    def provisional(self) -> Flags:
        """(years, ports): whether a figure is awaited or to be corrected."""
        return (self.mark == Mark.AWAITED).any(axis=2)

    @cached_property
    def counted_share(self) -> Floats:
        """(years, ports): the share of the scheme's weight that stands on something counted."""
        given = np.array([[self.scheme.weights[kind].get(each.code, 0.0) for each in self.scheme.indicators]
                          for kind in self.data.types(self.scheme)])
        return np.asarray((np.isin(self.mark, COUNTED) * given[None]).sum(axis=2))

    @cached_property
    def bands(self) -> list[list[str | None]]:
        """[year][port]: the code of the band, None where there is no total."""
        return [[self.scheme.band(float(total)).code if np.isfinite(total) else None for total in row] for row in self.total]

    @cached_property
    def rank(self) -> NDArray[np.int_]:
        """(years, ports): the place within the peer group (class and grade); equal totals share the better; 0 for none."""
        return ranks_within(self.total, peer_groups(self.data))

    def at(self, port: str, year: int) -> tuple[int, int]:
        """Indices of a year and a port. Raises Refused where either is not in the round."""
        if port not in self.data.ports or year not in self.data.years:
            raise Refused.because(
                "not_in_round", f"本轮没有口岸“{port}”{year} 年的结果。", f"The round has no result of “{port}” for {year}."
            )
        return self.data.years.index(year), self.data.ports.index(port)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all scores, rounded to the scheme's decimals, ports in the order of their codes."""
        order = sorted(range(len(self.data.ports)), key=lambda at: self.data.ports[at])
        sha = hashlib.sha256()
        for table in (self.total, self.group_points, self.points, self.weight, self.contribution, self.five):
            rounded = np.round(table[:, order], self.scheme.shape.decimals) + 0.0
            sha.update(np.where(np.isnan(rounded), np.nan, rounded).astype("<f8").tobytes())
        for marks in (self.mark, self.red.astype(np.int8), self.placed.basis):
            sha.update(marks[:, order].astype("<i1").tobytes())
        return sha.hexdigest()

    def record(self) -> dict[str, Any]:
        """Everything needed to make the scores again and to prove them the same: plain data for a JSON column."""
        return {
            "method": METHOD_VERSION,
            "software": {"kouan": __version__, "numpy": np.__version__},
            "scheme": self.scheme.as_dict(),
            "scheme_digest": self.scheme.digest,
            "data_digest": self.data.digest,
            "is_exercise": self.data.is_exercise,
            "volume_bases": dict(self.figures.volume_bases),
            "result_digest": self.digest,
        }


def score_round(scheme: Scheme, data: RoundData) -> RoundResult:
    """Score a round. Raises Refused where the figures do not belong to the scheme; whatever else is wrong is a finding."""
    data.check(scheme)
    figures = Figures(scheme, data)
    raw, why, contradictory = _values(figures)
    failed = _any_of(figures, data.failed)
    usable = np.where((why == Why.PRESENT) & ~thin_surveys(scheme, data), raw, np.nan)
    placed = place(scheme, data, usable)
    overdue = _overdue(figures, why)
    unproved = np.zeros(why.shape, dtype=bool)
    for k, each in enumerate(scheme.indicators):
        for code in each.points:
            unproved[:, :, k] |= np.isnan(data.column(code))
    points, mark = fill(scheme, data, why, placed, overdue=overdue, failed=failed, unproved=unproved)
    red = placed.red
    weight, group_weight, group_points, contribution = weighed(scheme, data, points, red)
    total = np.where(
        group_weight.sum(axis=2) > 0, np.nansum(group_weight * np.nan_to_num(group_points), axis=2), np.nan
    )
    result = RoundResult(
        scheme, data, figures, raw, why, placed, points, mark, weight, contribution, group_points, group_weight,
        _five_types(scheme, group_points, group_weight), np.asarray(np.round(total, scheme.shape.decimals)), red,
    )
    # Figures are read as formulas want them; what was found on the way is told in an order of its own.
    of_figures = sorted(figures.findings, key=lambda each: (each.code, each.where.path or ""))
    findings = (*of_figures, *notes_of(result, contradictory))
    object.__setattr__(result, "findings", findings)
    return result


def replay(record: Mapping[str, Any], data: RoundData) -> RoundResult:
    """Score again from a record. Raises Refused for another method, an altered scheme, other data, or other scores."""
    scheme = Scheme.of(record["scheme"])
    _same("method", "计分方法版本", "the version of the method", record["method"], METHOD_VERSION)
    _same("scheme", "方案", "the scheme", record["scheme_digest"], scheme.digest)
    _same("data", "数据", "the data", record["data_digest"], data.digest)
    result = score_round(scheme, data)
    _same("result", "结果", "the result", record["result_digest"], result.digest)
    return result


def _same(code: str, zh: str, en: str, recorded: str, found: str) -> None:
    if recorded != found:
        raise Refused.because(
            f"replay_{code}_differs", f"重算被拒：{zh}与记录不一致。", f"Replay refused: {en} is not the one on record.",
            measured=found, required=recorded,
        )


def ranks_within(total: Floats, groups: tuple[str, ...]) -> NDArray[np.int_]:
    """(years, ports): places from the best (1), equal totals sharing the better; 0 where there is no total.

    >>> ranks_within(np.array([[60.0, 70.0, 60.0, np.nan]]), ("g", "g", "g", "g")).tolist()
    [[2, 1, 2, 0]]
    """
    same = np.array([[first == second for second in groups] for first in groups])
    with np.errstate(invalid="ignore"):
        better = (total[:, None, :] > total[:, :, None]) & same[None]
    return np.where(np.isnan(total), 0, better.sum(axis=2) + 1)


def _values(figures: Figures) -> tuple[Floats, Reasons, Flags]:
    """Raw values, reasons, and where a value cannot be though its figures are there."""
    scheme, data = figures.scheme, figures.data
    shape = (*data.values.shape[:2], len(scheme.indicators))
    raw, why = np.full(shape, np.nan), np.zeros(shape, dtype=np.int8)
    contradictory = np.zeros(shape, dtype=bool)
    for k, each in enumerate(scheme.indicators):
        strict = each.group in scheme.shape.zero_divisor_is_error
        cells = compute(
            each.formula, figures.read, indicator=each.code, zero_divisor=Why.IMPOSSIBLE if strict else Why.NOT_APPLICABLE
        )
        wrong = (cells.why == Why.PRESENT) & impossible(each, cells.values)
        reasons = np.where(wrong, Why.IMPOSSIBLE, cells.why)
        contradictory[:, :, k] = reasons == Why.IMPOSSIBLE
        # An indicator that was decided not to apply is out whatever was reported.
        why[:, :, k] = np.where(data.decided(each.code), Why.NOT_APPLICABLE, reasons)
        raw[:, :, k] = np.where(cells.why == Why.PRESENT, cells.values, np.nan)
    return raw, why, contradictory & (why == Why.IMPOSSIBLE)


def _any_of(figures: Figures, ask: Callable[[str], Flags]) -> Flags:
    """(years, ports, indicators): whether something holds of the indicator or of any item it rests on."""
    scheme = figures.scheme
    found = np.zeros((*figures.data.values.shape[:2], len(scheme.indicators)), dtype=bool)
    for k, each in enumerate(scheme.indicators):
        found[:, :, k] = ask(each.code)
        for item in each.formula.items():
            for part in figures.parts_of(item):
                found[:, :, k] |= ask(part)
    return found


def _overdue(figures: Figures, why: Reasons) -> Flags:
    """Where reminders have run out: about a figure that an indicator lacks, or about one of those that cannot be right.

    A figure that came in after its reminders is no longer owed, whatever else the indicator lacks.
    """
    wanted = figures.scheme.shape.missing.reminders
    if figures.data.reminders is None:
        return np.zeros(why.shape, dtype=bool)

    def reminded(code: str) -> Flags:
        return figures.data.reminded(code) >= wanted

    def owed(code: str) -> Flags:
        return reminded(code) & np.isnan(figures.data.column(code))

    return ((why == Why.MISSING) & _any_of(figures, owed)) | ((why == Why.IMPOSSIBLE) & _any_of(figures, reminded))


def weighed(
    scheme: Scheme, data: RoundData, points: Floats, red: Flags
) -> tuple[Floats, Floats, Floats, Floats]:
    """Weights in force, group weights in force, group points (capped), contributions."""
    given = np.array([[scheme.weights[kind].get(each.code, 0.0) for each in scheme.indicators]
                      for kind in data.types(scheme)])
    members = np.array([[each.group == group for group in scheme.groups] for each in scheme.indicators])
    # Sums run over each group by itself: the order of addition, and so the last bit, hangs on nothing else.
    counted = np.isfinite(points)
    kept = np.where(counted, given[None], 0.0)
    held = np.where(counted, points, 0.0)
    whole = np.stack([given[:, members[:, g]].sum(axis=1) for g in range(members.shape[1])], axis=1)
    there = np.stack([kept[:, :, members[:, g]].sum(axis=2) for g in range(members.shape[1])], axis=2)
    earned = np.stack([(kept * held)[:, :, members[:, g]].sum(axis=2) for g in range(members.shape[1])], axis=2)
    group_points = np.divide(earned, there, out=np.full(there.shape, np.nan), where=there > 0)
    at_line = np.array([[any(each.rule.code == "N9" for each in scheme.of_group(group)) for group in scheme.groups]])
    capped = red[:, :, None] & at_line[None] & (group_points > scheme.shape.red_line.cap)
    uncapped = group_points
    group_points = np.where(capped, scheme.shape.red_line.cap, group_points)
    # A group in which nothing counts leaves its weight to the other groups.
    group_weight = np.where(there > 0, whole[None], 0.0)
    in_force = group_weight.sum(axis=2, keepdims=True)
    group_weight = np.divide(group_weight, in_force, out=np.zeros(group_weight.shape), where=in_force > 0)
    scale = np.divide(group_weight, there, out=np.zeros(there.shape), where=there > 0)
    weight = kept * (scale @ members.T)
    shrink = np.where(capped, scheme.shape.red_line.cap / np.where(capped, uncapped, 1.0), 1.0)
    contribution = weight * held * (shrink @ members.T)
    return weight, group_weight, group_points, contribution


def _five_types(scheme: Scheme, group_points: Floats, group_weight: Floats) -> Floats:
    """(years, ports, five types): the mean of the groups that feed a type, by their weights in force."""
    codes = list(scheme.groups)
    found = np.full((*group_points.shape[:2], len(scheme.shape.five_types)), np.nan)
    for t, five_type in enumerate(scheme.shape.five_types):
        at = [codes.index(code) for code in scheme.fed_by(five_type)]
        weights = np.where(np.isfinite(group_points[:, :, at]), group_weight[:, :, at], 0.0)
        total = weights.sum(axis=2)
        earned = (weights * np.nan_to_num(group_points[:, :, at])).sum(axis=2)
        np.divide(earned, total, out=found[:, :, t], where=total > 0)
    return found


