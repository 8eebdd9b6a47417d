"""What was noteworthy in a round, as findings: one for each kind and indicator, with its ports and years."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from kouan.basis import Finding, Place, Severity, Text
from kouan.evaluation.method.peers import Basis
from kouan.evaluation.method.scheme.catalogue import Flags, Mark
from kouan.evaluation.method.scheme.naming import listed

if TYPE_CHECKING:
    from kouan.evaluation.method.scheme.score import RoundResult

Remedy = tuple[str, str] | None
_MEND = ("请报送单位补报或更正；退回核验并重新计分后计入。", "Have it filed or corrected; it counts once the round is sent back and scored anew.")
# mark -> code, severity, Chinese, English, what to do
_MARKS: dict[Mark, tuple[str, Severity, str, str, Remedy]] = {
    Mark.UNREPORTED: (
        "indicator_unreported", Severity.WARNING,
        "催报后仍未报，计 0 分（M1）", "unreported after reminders: 0 points (M1)",
        ("退回核验后可以补报，否则计 0 分。", "It can be filed once the round is sent back; else the 0 stands."),
    ),
    Mark.CARRIED: (
        "indicator_carried", Severity.WARNING,
        "沿用上年得分打折（M3，仅一次）", "last year's score at a discount (M3, once)",
        ("请下一年度按期报送，不能连续沿用。", "Have it reported next year: it is carried over once only."),
    ),
    Mark.SUSPENDED: (
        "indicator_suspended", Severity.WARNING,
        "中央数据源中断，全类暂停（M4）", "central source failed: suspended for the class (M4)",
        ("请向数据来源单位核实何时恢复。", "Ask the source when it will be back."),
    ),
    Mark.NO_EVIDENCE: (
        "points_without_evidence", Severity.INFO,
        "清单有项无佐证，计 0（M5）", "points without evidence count 0 (M5)", None,
    ),
    Mark.PEER_MEDIAN: (
        "survey_too_small", Severity.WARNING,
        "有效答卷不足，用同类中位数（M6）", "too few answers: median of the peers (M6)",
        ("请下一年度扩大调查样本。", "Have more people asked next year."),
    ),
    Mark.AWAITED: (
        "indicator_awaited", Severity.WARNING,
        "待补报或更正，暂不计入，总分为暂定", "awaited or to be corrected: not counted, the total is provisional", _MEND,
    ),
}


def notes_of(result: RoundResult, contradictory: Flags) -> Iterator[Finding]:
    """All findings of a result. ``contradictory`` (years, ports, indicators): figures are there and cannot be right."""
    outside = result.mark == Mark.OUTSIDE
    for mark, (code, severity, zh, en, remedy) in _MARKS.items():
        yield from _by_indicator(result, result.mark == mark, code, severity, zh, en, remedy)
    yield from _by_indicator(
        result, contradictory & ~outside, "figures_contradict", Severity.ERROR,
        "所报数据相互矛盾或为零投入，无法计算，须更正", "the figures contradict each other, or an input is zero: to be corrected", _MEND,
    )
    basis = result.placed.basis
    for rung, zh, en in ((Basis.CLASS, "同类同级口岸不足，按全类比较", "too few peers of the grade: compared with the whole class"),
                         (Basis.REFERENCE, "全类口岸不足，用固定参考值", "too few ports in the class: fixed values")):
        yield from _by_indicator(result, (basis == rung) & ~outside, f"peers_by_{rung.name.lower()}", Severity.INFO, zh, en)
    with np.errstate(invalid="ignore"):
        constant = (result.placed.low >= result.placed.high) & (basis != Basis.NONE) & ~outside
    yield from _by_indicator(result, constant, "column_constant", Severity.INFO, "同类口岸取值相同，无从比较，记 50 分",
                             "the peers are alike: 50 points")
    yield from _of_ports(result)


def _of_ports(result: RoundResult) -> Iterator[Finding]:
    data, cap = result.data, result.scheme.shape.red_line.cap
    for y, p in _sorted(result, result.red):
        yield Finding.warning(
            "red_line_crossed",
            f"{data.called(data.ports[p]).zh} {data.years[y]} 年触及红线：所在组最高 {cap:g} 分，等级建议不得上调（N9）。",
            f"{data.called(data.ports[p]).en} crossed the red line in {data.years[y]}: its group is capped at {cap:g} and the grade proposal "
            "cannot rise (N9).",
            where=Place(path=f"{data.ports[p]}/{data.years[y]}"),
        )
    codes = list(result.scheme.groups)
    empty = np.isnan(result.group_points)
    for g, group in enumerate(codes):
        found = list(_sorted(result, empty[:, :, g] & np.isfinite(result.total)))
        if found:
            name = result.scheme.groups[group].name
            named = _named(result, found)
            yield Finding.warning(
                "group_empty", f"{name.zh}没有可计分的指标，权重由其他组承担：{named.zh}。",
                f"Nothing of “{name.en}” counts; its weight goes to the other groups: {named.en}.",
                where=Place(path=group), measured=len(found),
            )
    without = list(_sorted(result, np.isnan(result.total)))
    if without:
        named = _named(result, without)
        yield Finding.warning("port_not_scored", f"没有任何可计分的数据，不出总分：{named.zh}。",
                              f"Nothing counts, so there is no total: {named.en}.", measured=len(without))


def _by_indicator(
    result: RoundResult, flags: Flags, code: str, severity: Severity, zh: str, en: str, remedy: Remedy = None,
) -> Iterator[Finding]:
    for k in np.nonzero(flags.any(axis=(0, 1)))[0]:
        each = result.scheme.indicators[k]
        found = list(_sorted(result, flags[:, :, k]))
        named = _named(result, found)
        make = {Severity.ERROR: Finding.error, Severity.WARNING: Finding.warning}.get(severity, Finding.info)
        yield make(
            code, f"{each.code} {each.name.zh}：{zh}：{named.zh}。", f"{each.code} {each.name.en}: {en}: {named.en}.",
            where=Place(path=each.code), measured=len(found), remedy=remedy,
        )


def _sorted(result: RoundResult, flags: Flags) -> list[tuple[int, int]]:
    """Places by code of port and year, so that findings do not hang on the order of ports."""
    places = [(int(y), int(p)) for y, p in zip(*np.nonzero(flags), strict=True)]
    return sorted(places, key=lambda at: (result.data.ports[at[1]], at[0]))


def _named(result: RoundResult, places: list[tuple[int, int]]) -> Text:
    data = result.data
    return listed([data.called(data.ports[p], data.years[y]) for y, p in places])
