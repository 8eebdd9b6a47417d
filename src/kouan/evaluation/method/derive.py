"""Deriving indicators: from a monthly cube to a table of years × ports × indicators.

Each kind is one function `(context, derivation) -> (values, reasons)`, both of shape (years, ports), and
one line in `KINDS`; a framework names the kind, its series and its numbers. Adding an indicator of a
known kind needs a line of YAML only.

A value that cannot be had is NaN and carries a `Reason`, which also says whether the port *lacks* it
(counts against its data) or it does *not apply* (its weight goes to the rest of the group, M2). The
scheme decides which, never the reporter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, Refused, Text, nearest
from kouan.evaluation.method.coverage import Coverage, cover
from kouan.evaluation.method.cube import Floats, MonthlyCube
from kouan.evaluation.method.framework import Derivation, Framework

Reasons = NDArray[np.int8]
Flags = NDArray[np.bool_]


class Reason(IntEnum):
    """Why a value of an indicator is absent. Stored as a number; `REASON_TEXT` says it."""

    PRESENT = 0
    INCOMPLETE = 1
    NOT_PUBLISHED = 2
    BASE_YEAR_INCOMPLETE = 3
    TOO_FEW_MONTHS = 4
    OUT_OF_RANGE = 5
    NOT_CARRIED = 11
    NO_BASE_YEAR = 12
    NO_TRAFFIC = 13
    SUSPENDED = 21

    @property
    def is_lacking(self) -> bool:
        """The figure should exist and does not: it counts against the port's data."""
        return 1 <= self.value <= 10


_FIRST_NOT_LACKING = 11

REASON_TEXT: dict[Reason, Text] = {
    Reason.PRESENT: Text("有数据", "present"),
    Reason.INCOMPLETE: Text(
        "当年数据不全，估计部分过大", "the year is incomplete: too much would be estimated"
    ),
    Reason.NOT_PUBLISHED: Text("当年未发布", "nothing was published for the year"),
    Reason.BASE_YEAR_INCOMPLETE: Text("基期年数据不全", "the base year is incomplete"),
    Reason.TOO_FEW_MONTHS: Text("可比月份过少", "too few comparable months"),
    Reason.OUT_OF_RANGE: Text("数值超出允许范围", "the value is outside its range"),
    Reason.NOT_CARRIED: Text(
        "该口岸不承载此类运输（不适用）", "the port does not carry this traffic (not applicable)"
    ),
    Reason.NO_BASE_YEAR: Text("尚无基期年（不适用）", "there is no base year yet (not applicable)"),
    Reason.NO_TRAFFIC: Text("基数为零（不适用）", "the denominator is zero (not applicable)"),
    Reason.SUSPENDED: Text(
        "全类均无数据，本年度暂停（M4）", "no port of the class has it: suspended this year (M4)"
    ),
}


@dataclass(frozen=True)
class Context:
    """What a derivation may look at: the series of all ports and the peers of each port.

    `peers` has shape (years, ports, ports) and is true where the second port is a peer of the first.
    """

    framework: Framework
    series: Mapping[str, Coverage]
    peers: Flags
    class_peers: Flags


@dataclass(frozen=True)
class IndicatorTable:
    """Raw values and reasons (years, ports, indicators), and what the annual totals rest on."""

    values: Floats
    reasons: Reasons
    estimated_share: Floats
    published: Floats


class Kind(NamedTuple):
    """One way of deriving an indicator, and what its description must contain."""

    derive: Callable[[Context, Derivation], tuple[Floats, Reasons]]
    joins_series: bool = False
    needs_years: bool = False
    needs_months: bool = False


def series_of(cube: MonthlyCube, framework: Framework) -> dict[str, Coverage]:
    """Join the cube's measures into the framework's series. Raises Refused if a measure is not in the cube."""
    missing = [measure for measure in framework.measures if measure not in cube.measures]
    if missing:
        findings = []
        for measure in missing:
            close = nearest(measure, cube.measures, n=1)
            findings.append(
                Finding.error(
                    "cube_measure_missing",
                    f"数据中没有指标“{measure}”。",
                    f"The data hold no measure “{measure}”.",
                    measured=", ".join(cube.measures),
                    remedy=(f"最接近的是“{close[0]}”。", f"The nearest is “{close[0]}”.") if close else None,
                )
            )
        raise Refused(findings)
    return {
        series.code: cover(
            cube.by_year[:, [cube.measures.index(measure) for measure in series.measures]],
            largest_estimated_share=framework.largest_estimated_share,
            look_back=framework.look_back,
            carried_years=framework.carried_years,
        )
        for series in framework.series
    }


# Shares, growth and seasons are ratios without a unit: what stands beyond this place is the noise of sums made in another
# order or unit, and would tell ports apart that are alike (a steady port departs from its season by 0, not by 1e-14).
PLACES = 9


def derive_indicators(context: Context) -> IndicatorTable:
    """Derive every indicator of the framework; the missing-data codes are applied here."""
    columns, reasons, shares, published = [], [], [], []
    for node in context.framework.indicators:
        derivation = node.derive
        if derivation is None:  # the loader lets no indicator pass without one
            raise ValueError(node.code)
        values, why = KINDS[derivation.kind].derive(context, derivation)
        if derivation.kind != "total":
            values = np.round(values, PLACES)
        if node.missing != "M2":
            # Without M2 a traffic the port does not carry is a plain zero, or a lacking figure.
            not_carried = why == Reason.NOT_CARRIED
            zero = not_carried & np.isfinite(values)
            why = np.where(zero, Reason.PRESENT, np.where(not_carried, Reason.NOT_PUBLISHED, why))
        values = np.where(why == Reason.PRESENT, values, np.nan)
        if node.missing == "M4":
            why = np.where(np.isnan(values).all(axis=1, keepdims=True), Reason.SUSPENDED, why)
        columns.append(values)
        reasons.append(why.astype(np.int8))
        total = derivation.kind == "total"
        first = context.series[derivation.series[0][0]]
        shares.append(first.estimated_share.T if total else np.full(values.shape, np.nan))
        published.append(first.published.T if total else np.full(values.shape, np.nan))
    return IndicatorTable(*(np.stack(part, axis=2) for part in (columns, reasons, shares, published)))


def _total(context: Context, derivation: Derivation) -> tuple[Floats, Reasons]:
    """The year's figure of one series, in its unit."""
    code = derivation.series[0][0]
    series = context.series[code]
    values = series.annual.T
    why = np.where(np.isfinite(values), Reason.PRESENT, Reason.INCOMPLETE)
    why = np.where((series.months == 0).T, Reason.NOT_PUBLISHED, why)
    # Neither this year nor the years before show any: zeros and silence alike say it is not carried.
    return values, np.where(series.carried.T, why, Reason.NOT_CARRIED)


def _share(context: Context, derivation: Derivation) -> tuple[Floats, Reasons]:
    """The port's part of the total of its peer group, in per cent, weighted over the series it carries."""
    parts, carried = [], []
    for code, _ in derivation.series:
        values, why = _total(context, Derivation("total", ((code, 1.0),)))
        totals = np.einsum("ypq,yq->yp", context.peers, np.nan_to_num(values))
        # A sum of zero over the group: nobody carries it, and it says nothing about anybody.
        applies = (why != Reason.NOT_CARRIED) & (totals > 0)
        parts.append(np.divide(values, totals, out=np.full(values.shape, np.nan), where=applies))
        carried.append(applies)
    return _weighted(np.stack(parts) * 100, np.stack(carried), derivation)


def _growth(context: Context, derivation: Derivation) -> tuple[Floats, Reasons]:
    """Average growth a year over `years` years of the composite passing volume, in per cent.

    The composite (`cpv` of the indicator catalogue) divides each series by the median of the port's class in
    the base year, so that persons and lorries can be added. A series enters only if the port carries it.
    """
    years = derivation.years or 1
    shape = next(iter(context.series.values())).annual.T.shape
    before, after, applies = [], [], []
    has_base = np.zeros(shape, dtype=bool)
    for code, _ in derivation.series:
        series = context.series[code]
        values, base = series.annual.T, _back(series.annual.T, years)
        months = _back(series.months.T.astype(float), years)
        has_base |= np.nan_to_num(months) > 0
        used = context.series[code].carried.T | (
            np.nan_to_num(_back(context.series[code].carried.T.astype(float), years)) > 0
        )
        median = _peer_median(base, context.class_peers)
        used &= np.isfinite(median)
        before.append(np.divide(base, median, out=np.full(shape, np.nan), where=np.isfinite(median)))
        after.append(np.divide(values, median, out=np.full(shape, np.nan), where=np.isfinite(median)))
        applies.append(used)
    now, why_now = _weighted(np.stack(after), np.stack(applies), derivation)
    then, why_then = _weighted(np.stack(before), np.stack(applies), derivation)
    ratio = np.divide(now, then, out=np.full(shape, np.nan), where=np.nan_to_num(then) > 0)
    values = (ratio ** (1.0 / years) - 1.0) * 100.0
    why = np.where(why_then != Reason.PRESENT, Reason.BASE_YEAR_INCOMPLETE, Reason.PRESENT)
    why = np.where(why_now == Reason.INCOMPLETE, Reason.INCOMPLETE, why)
    why = np.where(then == 0, Reason.NO_TRAFFIC, why)
    why = np.where(~np.stack(applies).any(axis=0), Reason.NOT_CARRIED, why)
    why = np.where(~has_base, Reason.NO_BASE_YEAR, why)
    return values, why


def _departure(context: Context, derivation: Derivation) -> tuple[Floats, Reasons]:
    """How far the year's months depart from the port's own season, in per cent of an average month.

    Both profiles have mean 1 over the months compared, so neither growth nor a regular season counts:
    root mean square of (month ÷ mean month − the same in the `years` years before), × 100.
    Months without traffic in both are left out; at least `months` must remain.
    """
    years, months = derivation.years or 1, derivation.months or 1
    monthly = context.series[derivation.series[0][0]].monthly.transpose(1, 0, 2)
    profile = _profile(monthly, np.isfinite(monthly))
    earlier = np.stack([_back(profile, back) for back in range(1, years + 1)])
    count = np.isfinite(earlier).sum(axis=0)
    # A single earlier year is that year's accidents, not a season.
    season = np.divide(
        np.nan_to_num(earlier).sum(axis=0),
        count,
        out=np.full(monthly.shape, np.nan),
        where=count >= min(2, years),
    )
    used = np.isfinite(monthly) & np.isfinite(season) & ((monthly > 0) | (season > 0))
    here, usual = _profile(monthly, used), _profile(season, used)
    compared = used.sum(axis=2)
    squares = np.where(used, (here - usual) ** 2, 0.0).sum(axis=2)
    values = (
        np.sqrt(np.divide(squares, compared, out=np.full(compared.shape, np.nan), where=compared > 0)) * 100
    )
    enough = compared >= months
    young = ~np.isfinite(earlier).any(axis=(0, 3))
    why = np.where(enough, Reason.PRESENT, Reason.TOO_FEW_MONTHS)
    why = np.where(enough & ~np.isfinite(values), Reason.NO_TRAFFIC, why)
    why = np.where(young, Reason.NO_BASE_YEAR, why)
    return values, _silence(context, derivation, monthly, why)


def _peak(context: Context, derivation: Derivation) -> tuple[Floats, Reasons]:
    """The busiest month ÷ the mean of the months with traffic; at least `months` such months."""
    months = derivation.months or 1
    monthly = context.series[derivation.series[0][0]].monthly.transpose(1, 0, 2)
    used = np.nan_to_num(monthly) > 0
    compared = used.sum(axis=2)
    sums = np.where(used, monthly, 0.0).sum(axis=2)
    means = np.divide(sums, compared, out=np.full(sums.shape, np.nan), where=compared > 0)
    values = np.where(used, monthly, 0.0).max(axis=2) / means
    why = np.where(compared >= months, Reason.PRESENT, Reason.TOO_FEW_MONTHS)
    return values, _silence(context, derivation, monthly, why)


def _silence(context: Context, derivation: Derivation, monthly: Floats, why: Reasons) -> Reasons:
    """A year without any month: not published, or a traffic that the port does not carry."""
    why = np.where(np.isfinite(monthly).any(axis=2), why, Reason.NOT_PUBLISHED)
    return np.where(context.series[derivation.series[0][0]].carried.T, why, Reason.NOT_CARRIED)


KINDS: dict[str, Kind] = {
    "total": Kind(_total),
    "share": Kind(_share, joins_series=True),
    "growth": Kind(_growth, joins_series=True, needs_years=True),
    "season_departure": Kind(_departure, needs_years=True, needs_months=True),
    "peak_to_mean": Kind(_peak, needs_months=True),
}


def _weighted(parts: Floats, applies: Flags, derivation: Derivation) -> tuple[Floats, Reasons]:
    """Weighted mean over the series that apply (first axis). One that applies but has no figure spoils it."""
    weights = np.array([share for _, share in derivation.series])[:, None, None] * applies
    total = weights.sum(axis=0)
    values = np.divide(
        (weights * np.nan_to_num(parts)).sum(axis=0), total, out=np.full(total.shape, np.nan), where=total > 0
    )
    lacking = (applies & ~np.isfinite(parts)).any(axis=0)
    why = np.where(lacking, Reason.INCOMPLETE, Reason.PRESENT)
    return np.where(lacking, np.nan, values), np.where(total > 0, why, Reason.NOT_CARRIED)


def _back(block: Floats, years: int) -> Floats:
    """The same block `years` years earlier along the first axis; NaN before the beginning."""
    moved = np.full(block.shape, np.nan)
    moved[years:] = block[:-years] if years < len(block) else block[:0]
    return moved


def _profile(monthly: Floats, used: Flags) -> Floats:
    """Months divided by the mean of the months used; NaN elsewhere and where that mean is zero."""
    count = used.sum(axis=-1, keepdims=True)
    sums = np.where(used, monthly, 0.0).sum(axis=-1, keepdims=True)
    mean = np.divide(sums, count, out=np.zeros(sums.shape), where=count > 0)
    return np.divide(monthly, mean, out=np.full(monthly.shape, np.nan), where=used & (mean > 0))


def _peer_median(values: Floats, peers: Flags) -> Floats:
    """Median of the values above zero over each port's peers (years, ports); NaN when there is none."""
    spread = np.sort(
        np.where(peers & (np.nan_to_num(values) > 0)[:, None, :], values[:, None, :], np.inf), axis=2
    )
    count = np.isfinite(spread).sum(axis=2)
    low, high = (np.maximum(count - 1, 0) // 2), count // 2
    pick = [
        np.take_along_axis(spread, np.minimum(i, spread.shape[2] - 1)[:, :, None], axis=2)[..., 0]
        for i in (low, high)
    ]
    return np.where(count > 0, (pick[0] + pick[1]) / 2, np.nan)
