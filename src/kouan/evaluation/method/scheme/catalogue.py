"""The codes of the catalogue: N1–N9 from values to points, M1–M6 for what is missing. All ports, years, indicators at once.

Peers are the ports of one transport class and grade. Where fewer than five of them have a value, the whole class; where
fewer still, the scheme's fixed values. Which it was is recorded for every cell.

Every cell gets a `Mark`: whether it was scored, and if not by its own value, by which rule. Points are NaN exactly
where a cell does not count; then its weight goes to the others of its group.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Text
from kouan.evaluation.method.framework import Normalisation
from kouan.evaluation.method.normalise import between, on_fixed_scale
from kouan.evaluation.method.peers import Basis, codes_of, counts_in_group, percentiles_in_group
from kouan.evaluation.method.scheme.formula import Floats, Item, Reasons, Why, is_share
from kouan.evaluation.method.scheme.items import answers_of
from kouan.evaluation.method.scheme.round import RoundData
from kouan.evaluation.method.scheme.scheme import Indicator, Scheme

Flags = NDArray[np.bool_]


class Mark(IntEnum):
    """How the points of a cell came about."""

    OUTSIDE = 0
    SCORED = 1
    UNREPORTED = 2
    NOT_APPLICABLE = 3
    CARRIED = 4
    SUSPENDED = 5
    NO_EVIDENCE = 6
    PEER_MEDIAN = 7
    AWAITED = 8


MARK_TEXT: dict[Mark, Text] = {
    Mark.OUTSIDE: Text("不评此类口岸", "not for this type of port"),
    Mark.SCORED: Text("按数据计分", "scored by its figures"),
    Mark.UNREPORTED: Text("未报（催报两次仍未报，计 0 分）", "unreported after two reminders: 0 points"),
    Mark.NOT_APPLICABLE: Text("不适用，权重由同组其他指标承担", "not applicable: its weight goes to the others of its group"),
    Mark.CARRIED: Text("沿用上年得分的九成（仅一次）", "nine tenths of last year's score, once"),
    Mark.SUSPENDED: Text("数据源中断，全类暂停", "source failed: suspended for the whole class"),
    Mark.NO_EVIDENCE: Text("部分清单项无佐证，该项计 0", "points without evidence count 0"),
    Mark.PEER_MEDIAN: Text("问卷不足，用同类中位数", "too few answers: the median of the peers"),
    Mark.AWAITED: Text("待补报或更正，暂不计入", "awaited or to be corrected: not counted yet"),
}
# The code of the catalogue that a mark stands for; empty where none does.
MARK_CODE: dict[Mark, str] = {
    Mark.UNREPORTED: "M1", Mark.NOT_APPLICABLE: "M2", Mark.CARRIED: "M3", Mark.SUSPENDED: "M4", Mark.NO_EVIDENCE: "M5",
    Mark.PEER_MEDIAN: "M6",
}
# Relative differences below this are rounding, not difference.
_NOISE = 1e-9
COUNTED = (Mark.SCORED, Mark.UNREPORTED, Mark.CARRIED, Mark.NO_EVIDENCE, Mark.PEER_MEDIAN)


@dataclass(frozen=True)
class Placed:
    """Points (years, ports, indicators) and what each was placed against; ``red`` is (years, ports)."""

    points: Floats
    basis: NDArray[np.int8]
    low: Floats
    high: Floats
    peers: NDArray[np.int_]
    red: Flags


def applies(scheme: Scheme, data: RoundData) -> Flags:
    """(ports, indicators): whether the indicator is for the type of the port."""
    return np.array([[kind in each.ports for each in scheme.indicators] for kind in data.types(scheme)])


def impossible(indicator: Indicator, values: Floats) -> Flags:
    """Values that the indicator cannot have, whatever the figures say: the reports contradict each other."""
    with np.errstate(invalid="ignore"):
        if indicator.rule.code in ("N6", "N7"):
            return (values < 0) | (values > 100)
        if indicator.rule.code == "N9":
            return (values < 0) | (values != np.floor(values))
        if indicator.rule.code != "N5" and is_share(indicator.formula):
            return values > 100 + 1e-9
    return np.zeros(values.shape, dtype=bool)


def peer_groups(data: RoundData) -> tuple[str, ...]:
    """The peer group of each port: class and grade.

    >>> peer_groups(RoundData(("p",), ("sea",), ("hub",), (2025,), (), np.ones((1, 1, 0))))
    ('sea/hub',)
    """
    return tuple(f"{port_class}/{grade}" for port_class, grade in zip(data.classes, data.grades, strict=True))


def place(scheme: Scheme, data: RoundData, values: Floats) -> Placed:
    """N1–N9: points of usable values (years, ports, indicators), NaN staying NaN."""
    points = np.full(values.shape, np.nan)
    basis = np.where(np.isnan(values), Basis.NONE, Basis.FIXED).astype(np.int8)
    low, high = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    peers = np.zeros(values.shape, dtype=int)
    red = np.zeros(values.shape[:2], dtype=bool)
    for logarithmic in (True, False):
        at = [k for k, each in enumerate(scheme.indicators)
              if each.rule.is_relative and (each.rule.code == "N1") is logarithmic]
        if at:
            _place_among_peers(scheme, data, values, at, logarithmic, (points, basis, low, high, peers))
    for k, each in enumerate(scheme.indicators):
        column = values[:, :, k]
        if each.rule.code == "N3":
            points[:, :, k] = 100.0 - points[:, :, k]
        elif each.rule.code == "N9":
            with np.errstate(invalid="ignore"):
                points[:, :, k] = np.where(np.isnan(column), np.nan, np.where(column >= 1, 0.0, 100.0))
                red |= column >= 1
        elif not each.rule.is_relative:
            arguments = (scheme.shape.target,) if each.rule.code == "N4" else each.rule.arguments
            placed = on_fixed_scale(column, Normalisation(each.rule.code, arguments))
            # N4 and N6 may pass their ends by the last bit of a division.
            points[:, :, k] = np.clip(placed, 0.0, 100.0)
    return Placed(points, basis, low, high, peers, red)


def _place_among_peers(
    scheme: Scheme, data: RoundData, values: Floats, at: list[int], logarithmic: bool,
    into: tuple[Floats, NDArray[np.int8], Floats, Floats, NDArray[np.int_]],
) -> None:
    points, basis, low, high, peers = into
    columns = values[:, :, at]
    # Of N1 only values above zero have a logarithm; the scale rests on those, and they are the ones counted.
    with np.errstate(invalid="ignore"):
        scaled = np.where(columns > 0, columns, np.nan) if logarithmic else columns
    chosen = np.full(columns.shape, Basis.REFERENCE, dtype=np.int8)
    ends = np.empty((2, *columns.shape))
    ends[0], ends[1] = _fixed_ends(scheme, data, at)
    members = np.zeros(columns.shape, dtype=int)
    for names, rung in ((data.classes, Basis.CLASS), (peer_groups(data), Basis.GROUP)):
        codes = codes_of(names)
        count = counts_in_group(np.isfinite(scaled), codes)
        enough = count >= scheme.shape.peers.smallest
        found = percentiles_in_group(scaled, codes, scheme.shape.peers.percentiles)
        chosen = np.where(enough, rung, chosen).astype(np.int8)
        ends = np.where(enough, found, ends)
        members = np.where(enough | (members == 0), count, members)
    present = np.isfinite(columns)
    # Peers that differ by rounding alone are alike: the last bits of a division must not part 0 points from 100.
    middle = (ends[0] + ends[1]) / 2
    close = _NOISE * np.abs(middle)
    alike = ends[1] - ends[0] <= close
    ends = np.where(alike, middle, ends)
    with np.errstate(invalid="ignore"):
        columns = np.where(alike & (np.abs(columns - middle) <= close), middle, columns)
    points[:, :, at] = between(columns, ends[0], ends[1], logarithmic=logarithmic)
    basis[:, :, at] = np.where(present, chosen, Basis.NONE)
    low[:, :, at] = np.where(present, ends[0], np.nan)
    high[:, :, at] = np.where(present, ends[1], np.nan)
    peers[:, :, at] = np.where(present, members, 0)


def _fixed_ends(scheme: Scheme, data: RoundData, at: list[int]) -> tuple[Floats, Floats]:
    """(ports, indicators) twice: the fixed values of each port's class; 0 and 1 where the indicator is not for it."""
    low, high = np.zeros((len(data.ports), len(at))), np.ones((len(data.ports), len(at)))
    for column, k in enumerate(at):
        for port_class in set(data.classes):
            fixed = scheme.reference(scheme.indicators[k].code, port_class)
            if fixed is not None and fixed.low is not None and fixed.high is not None:
                members = np.array([each == port_class for each in data.classes])
                low[members, column], high[members, column] = fixed.low, fixed.high
    return low, high


def thin_surveys(scheme: Scheme, data: RoundData) -> Flags:
    """(years, ports, indicators): M6 indicators with fewer answers than wanted, or with answers not stated."""
    thin = np.zeros((*data.values.shape[:2], len(scheme.indicators)), dtype=bool)
    for k, each in enumerate(scheme.indicators):
        if each.missing == "M6" and isinstance(each.formula, Item):
            answers = data.column(answers_of(each.formula.code))
            thin[:, :, k] = ~(np.nan_to_num(answers) >= scheme.shape.missing.smallest_survey)
    return thin


def fill(
    scheme: Scheme, data: RoundData, why: Reasons, placed: Placed, *, overdue: Flags, failed: Flags, unproved: Flags
) -> tuple[Floats, NDArray[np.int8]]:
    """M1–M6: the final points and the mark of every cell (years, ports, indicators).

    ``why``: the reasons of the values; ``overdue``: reminders about it have run out; ``failed``: its central source
    failed; ``unproved``: a point of its checklist has no evidence.
    """
    points = placed.points.copy()
    mark = np.where(why == Why.PRESENT, Mark.SCORED, Mark.AWAITED).astype(np.int8)
    mark[(why == Why.NOT_APPLICABLE) | (why == Why.NO_HISTORY)] = Mark.NOT_APPLICABLE
    thin = thin_surveys(scheme, data)
    outside = ~applies(scheme, data)
    for k, each in enumerate(scheme.indicators):
        lacking = (mark[:, :, k] == Mark.AWAITED) & ~outside[None, :, k]
        late = lacking & overdue[:, :, k]
        if each.missing in ("M1", "M3", "M5") or (each.missing == "M2" and scheme.reading("silence_under_m2") == "owed"):
            mark[late, k] = Mark.UNREPORTED
            points[late, k] = 0.0
        if each.missing == "M3":
            _carry(scheme, k, lacking & (why[:, :, k] == Why.MISSING), points, mark)
        elif each.missing == "M4":
            _suspend(data, why[:, :, k], failed[:, :, k], mark[:, :, k])
        elif each.missing == "M5":
            mark[unproved[:, :, k] & (mark[:, :, k] == Mark.SCORED), k] = Mark.NO_EVIDENCE
        elif each.missing == "M6":
            poor = (thin[:, :, k] & (why[:, :, k] <= Why.MISSING)) | (why[:, :, k] == Why.MISSING)
            peer_median(scheme, data, k, poor & ~outside[None, :, k], points, mark)
    mark[np.broadcast_to(outside[None], mark.shape)] = Mark.OUTSIDE
    points[~np.isin(mark, COUNTED)] = np.nan
    return points, mark


def _carry(scheme: Scheme, k: int, lacking: Flags, points: Floats, mark: NDArray[np.int8]) -> None:
    """M3: a share of last year's score, once: what was itself carried, or never scored, is not carried on."""
    for year in range(1, len(points)):
        before = np.isin(mark[year - 1, :, k], (Mark.SCORED, Mark.NO_EVIDENCE, Mark.PEER_MEDIAN))
        carried = lacking[year] & before
        points[year, carried, k] = points[year - 1, carried, k] * scheme.shape.missing.carried_factor
        mark[year, carried, k] = Mark.CARRIED


def _suspend(data: RoundData, why: Reasons, failed: Flags, mark: NDArray[np.int8]) -> None:
    """M4: a failed source suspends the indicator for the class, those included whose figures came through."""
    classes = np.array(data.classes)
    for port_class in sorted(set(data.classes)):
        members = classes == port_class
        silent = (why[:, members] == Why.MISSING).any(axis=1) & ~(why[:, members] == Why.PRESENT).any(axis=1)
        down = silent | failed[:, members].any(axis=1)
        mark[np.ix_(down, members)] = Mark.SUSPENDED


def peer_median(scheme: Scheme, data: RoundData, k: int, poor: Flags, points: Floats, mark: NDArray[np.int8]) -> None:
    """M6: the median of the points of peers with a sound survey; the ladder of peers holds here too."""
    each = scheme.indicators[k]
    sound = np.where(~poor & (mark[:, :, k] == Mark.SCORED), points[:, :, k], np.nan)
    medians = np.empty(sound.shape)
    for port_class in set(data.classes):
        members = np.array([name == port_class for name in data.classes])
        medians[:, members] = _fixed_median(scheme, each, port_class)
    for names in (data.classes, peer_groups(data)):
        codes = codes_of(names)
        enough = counts_in_group(np.isfinite(sound), codes) >= scheme.shape.peers.smallest
        found = percentiles_in_group(sound[:, :, None], codes, (50.0, 50.0))[0, :, :, 0]
        medians = np.where(enough, found, medians)
    points[poor, k] = medians[poor]
    mark[poor, k] = Mark.PEER_MEDIAN


def _fixed_median(scheme: Scheme, indicator: Indicator, port_class: str) -> float:
    fixed = scheme.reference(indicator.code, port_class)
    if fixed is None or fixed.median is None:
        return np.nan
    if not indicator.rule.is_relative:
        return fixed.median
    # A checked scheme has both ends wherever an indicator is relative.
    ends = (np.array(fixed.low, dtype=float), np.array(fixed.high, dtype=float))
    share = float(between(np.array(fixed.median), *ends, logarithmic=indicator.rule.code == "N1"))
    return 100.0 - share if indicator.rule.code == "N3" else share
