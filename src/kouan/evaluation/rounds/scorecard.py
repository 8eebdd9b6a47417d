"""The scorecard of one port of a round: groups, five types, indicators, peers, strengths, change since last year.

It holds what its reader may read and nothing else: `queries.result_of` decides whether there is a result for them, with decimals or
without. Of other ports it says medians and quartiles only, and to anybody but the national office those only where enough ports
*outside the reader's own scope* stand behind them, so that no other port's figure can be told from them.

What is not stored (earlier years, scales, formulas) comes from scoring the frozen figures again (`replaying.in_memory`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kouan.basis import Text
from kouan.evaluation.method.peers import BASIS_TEXT, Basis, percentiles_in_group
from kouan.evaluation.method.scheme import MARK_CODE, MARK_TEXT, Mark, RoundResult, Scheme
from kouan.evaluation.method.scheme.catalogue import COUNTED, peer_groups
from kouan.evaluation.method.scheme.change import YearChange, change_between
from kouan.evaluation.method.scheme.formula import Floats
from kouan.evaluation.method.scheme.words import unit_words
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import PortResult, codes_in_scope, result_if_any, result_of
from kouan.evaluation.rounds.replaying import in_memory

# What is named as a strength or weakness: this far from the peers' median, and no more of them than these.
LEAST_GAP = 5.0
NAMED = 5
# A note names this many indicators; the table has them all.
IN_NOTE = 6
# The five types in the plan's order; the kept text of a scheme has them by code.
FIVE = ("safe", "effective", "smart", "lawful", "green")


@dataclass(frozen=True, slots=True)
class Peers:
    """Quartiles of the peers that have a value. ``of``: "group" (class and grade) or "class", where the group has too few."""

    of: str
    count: int
    lower: float
    median: float
    upper: float

    def as_dict(self) -> dict[str, Any]:
        return {"of": self.of, "count": self.count, "lower_quartile": self.lower, "median": self.median, "upper_quartile": self.upper}


@dataclass(frozen=True, slots=True)
class Line:
    """A group or one of the five types. ``before``: its points of the year before, scored by the same scheme."""

    code: str
    name: Text
    points: float | None = None
    weight: float | None = None
    contribution: float | None = None
    before: float | None = None
    peers: Peers | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "name": self.name.as_dict(), "points": self.points, "weight": self.weight, "contribution": self.contribution,
                "before": self.before, "peers": self.peers.as_dict() if self.peers else None}


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One indicator. ``mark`` says how its points came about; ``code`` M1 … M6 or empty. Numbers are None where hidden or not there."""

    code: str
    group: str
    name: Text
    unit: Text
    mark: str
    mark_name: Text
    missing_code: str
    value: float | None = None
    points: float | None = None
    basis: str | None = None
    basis_name: Text | None = None
    weight: float | None = None
    contribution: float | None = None
    before: float | None = None
    peers: Peers | None = None

    @property
    def gap(self) -> float | None:
        """Points above (negative: below) the median of the peers."""
        return self.points - self.peers.median if self.points is not None and self.peers is not None else None

    @property
    def effect(self) -> float | None:
        """Points of the total that the gap is worth."""
        return self.gap * self.weight if self.gap is not None and self.weight is not None else None

    def as_dict(self, with_decimals: bool = True) -> dict[str, Any]:
        said: dict[str, Any] = {"indicator": self.code, "group": self.group, "name": self.name.as_dict(), "unit": self.unit.as_dict(),
                                "mark": self.mark, "mark_name": self.mark_name.as_dict(), "code": self.missing_code}
        if with_decimals:
            said |= {"value": self.value, "points": self.points, "basis": self.basis,
                     "basis_name": self.basis_name.as_dict() if self.basis_name else None, "weight": self.weight,
                     "contribution": self.contribution, "before": self.before, "peers": self.peers.as_dict() if self.peers else None,
                     "gap": self.gap}
        return said


@dataclass(frozen=True)
class Change:
    """Since last year. ``of_year`` has both years under this round's scheme; ``published``: what last year's own round gave, ``restated`` how
    much this round's scheme and figures corrected since then move it. ``published + restated + own + peers = after``."""

    of_year: YearChange
    published: float | None = None

    @property
    def restated(self) -> float | None:
        return None if self.published is None else self.of_year.before - self.published

    def as_dict(self) -> dict[str, Any]:
        return {**self.of_year.as_dict(), "published": self.published, "restated": self.restated}


@dataclass(frozen=True)
class Card:
    """All of it. Without decimals: result (band, marks), names of groups, and the indicators with their marks."""

    result: PortResult
    peer_group: str
    peer_ports: int
    scheme_name: Text
    scheme_version: int
    is_proposal: bool
    groups: tuple[Line, ...]
    five_types: tuple[Line, ...]
    indicators: tuple[IndicatorLine, ...]
    total: Line
    change: Change | None
    notes: tuple[Text, ...]
    # The place of its band from the best (0) down; None without a band.
    band_place: int | None = None

    @property
    def shows_decimals(self) -> bool:
        return "decimals" not in self.result.hidden

    @property
    def strengths(self) -> tuple[IndicatorLine, ...]:
        """The indicators that lift the port most above the median of its peers, the greatest effect on the total first."""
        return self._apart(1.0)

    @property
    def weaknesses(self) -> tuple[IndicatorLine, ...]:
        """The indicators by which it falls most behind the median of its peers."""
        return self._apart(-1.0)

    def _apart(self, way: float) -> tuple[IndicatorLine, ...]:
        told = [each for each in self.indicators if each.gap is not None and each.gap * way >= LEAST_GAP and each.mark != "peer_median"]
        told.sort(key=lambda each: (-way * (each.effect or 0.0), each.code))
        return tuple(told[:NAMED])

    def of_group(self, code: str) -> tuple[IndicatorLine, ...]:
        return tuple(each for each in self.indicators if each.group == code)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; what its reader may not read is left out."""
        said: dict[str, Any] = {key: value for key, value in self.result.as_dict().items()
                                if key not in ("groups", "five_types", "indicators", "marks")}
        said |= {"peer_group": self.peer_group, "peer_ports": self.peer_ports, "scheme": self.scheme_name.as_dict(),
                 "scheme_version": self.scheme_version, "is_proposal": self.is_proposal, "notes": [each.as_dict() for each in self.notes],
                 "indicators": [each.as_dict(self.shows_decimals) for each in self.indicators]}
        if self.shows_decimals:
            said |= {"groups": [each.as_dict() for each in self.groups], "five_types": [each.as_dict() for each in self.five_types],
                     "total_among_peers": self.total.as_dict(), "strengths": [each.code for each in self.strengths],
                     "weaknesses": [each.code for each in self.weaknesses], "change": self.change.as_dict() if self.change else None}
        return said


def scorecard(user: Any, held: Round, port: str) -> Card:
    """The card of one port as somebody may read it. NotFound as `queries.result_of`; Refused where the stored figures were altered."""
    found = result_of(user, held, port)
    result = in_memory(held)
    scheme = result.scheme
    y, p = result.at(port, held.year)
    group = peer_groups(result.data)[p]
    shows = "decimals" not in found.hidden
    return Card(
        found, group, peer_groups(result.data).count(group), scheme.name, held.scheme_version.version, scheme.is_proposal,
        *(_lines(result, y, p, codes_in_scope(user, held)) if shows else _names(scheme, found)),
        change=_change(user, held, result, port) if shows else None, notes=tuple(_notes(scheme, found, result.data.types(scheme)[p])),
        band_place=next((n for n, each in enumerate(scheme.shape.bands) if each.code == found.band), None))


def _names(scheme: Scheme, found: PortResult) -> tuple[tuple[Line, ...], tuple[Line, ...], tuple[IndicatorLine, ...], Line]:
    """What is left without decimals."""
    lines = []
    for code, name in found.marks.items():
        each, mark = scheme.indicator(code), Mark[name.upper()]
        lines.append(IndicatorLine(code, each.group, each.name, unit_words(each.unit), name, MARK_TEXT[mark], MARK_CODE.get(mark, "")))
    return (tuple(Line(code, each.name.text) for code, each in scheme.groups.items()),
            _in_order([Line(code, each.text) for code, each in scheme.shape.five_types.items()]), tuple(lines), _total())


def _lines(
    result: RoundResult, y: int, p: int, mine: frozenset[str] | None
) -> tuple[tuple[Line, ...], tuple[Line, ...], tuple[IndicatorLine, ...], Line]:
    scheme = result.scheme
    k, g, t = len(scheme.indicators), len(scheme.groups), len(scheme.shape.five_types)
    points = np.where(np.isin(result.mark[y], COUNTED), result.points[y], np.nan)
    peers = _peers(result, np.hstack([points, result.group_points[y], result.five[y], result.total[y][:, None]]), p, mine)
    before = y - 1 if y else None

    def last(table: Floats, at: int) -> float | None:
        return None if before is None else _plain(table[before, p, at])

    of_group = {code: float(sum(result.contribution[y, p, n] for n, each in enumerate(scheme.indicators) if each.group == code))
                for code in scheme.groups}
    groups = tuple(Line(code, each.name.text, _plain(result.group_points[y, p, n]), float(result.group_weight[y, p, n]), of_group[code],
                        last(result.group_points, n), peers[k + n]) for n, (code, each) in enumerate(scheme.groups.items()))
    types = _in_order([Line(code, each.text, _plain(result.five[y, p, n]), before=last(result.five, n), peers=peers[k + g + n])
                       for n, (code, each) in enumerate(scheme.shape.five_types.items())])
    indicators = []
    for n, each in enumerate(scheme.indicators):
        mark, basis = Mark(int(result.mark[y, p, n])), Basis(int(result.placed.basis[y, p, n]))
        if mark is not Mark.OUTSIDE:
            indicators.append(IndicatorLine(
                each.code, each.group, each.name, unit_words(each.unit), mark.name.lower(), MARK_TEXT[mark], MARK_CODE.get(mark, ""),
                _plain(result.raw[y, p, n]), _plain(result.points[y, p, n]), basis.name.lower(), BASIS_TEXT[basis],
                float(result.weight[y, p, n]), float(result.contribution[y, p, n]), last(result.points, n), peers[n]))
    total = Line("total", _total().name, _plain(result.total[y, p]), before=None if before is None else _plain(result.total[before, p]),
                 peers=peers[k + g + t])
    return groups, types, tuple(indicators), total


def _in_order(types: list[Line]) -> tuple[Line, ...]:
    return tuple(sorted(types, key=lambda each: FIVE.index(each.code) if each.code in FIVE else len(FIVE)))


def _peers(result: RoundResult, columns: Floats, p: int, mine: frozenset[str] | None) -> list[Peers | None]:
    """Quartiles of each column (ports, columns) among the peers of a port; None where too few stand behind them.

    ``mine``: the ports that the reader may see anyway (None: all of them).
    """
    smallest = result.scheme.shape.peers.smallest
    foreign = np.array([mine is not None and code not in mine for code in result.data.ports])
    found: list[Peers | None] = [None] * columns.shape[1]
    for names, of in ((result.data.classes, "class"), (peer_groups(result.data), "group")):
        members = np.array([each == names[p] for each in names])
        there = np.isfinite(columns) & members[:, None]
        count, strangers = there.sum(axis=0), (there & foreign[:, None]).sum(axis=0)
        enough = (count >= smallest) & ((mine is None) | (strangers >= smallest) | (strangers == 0))
        block, alike = columns[None, members], np.zeros(int(members.sum()), dtype=int)
        lower, median = percentiles_in_group(block, alike, (25.0, 50.0))[:, 0, 0]
        upper = percentiles_in_group(block, alike, (75.0, 75.0))[0, 0, 0]
        for at in np.nonzero(enough)[0]:
            found[at] = Peers(of, int(count[at]), float(lower[at]), float(median[at]), float(upper[at]))
    return found


def _change(user: Any, held: Round, result: RoundResult, port: str) -> Change | None:
    if held.year - 1 not in result.data.years:
        return None
    found = change_between(result, port, held.year - 1, held.year)
    if found is None:
        return None
    before = Round.objects.filter(year=held.year - 1).select_related("scheme_version", "matter__edition").first()
    earlier = result_if_any(user, before, port) if before is not None else None
    return Change(found, earlier.total if earlier is not None else None)


def _notes(scheme: Scheme, found: PortResult, port_type: str) -> list[Text]:
    """What a reader must know before reading: generated figures, the red line, what is awaited, what was zeroed."""
    notes = []
    if found.red_line:
        lines = [each for each in scheme.indicators if each.rule.code == "N9" and port_type in each.ports]
        cap = f"{scheme.shape.red_line.cap:g}"
        notes.append(Text(
            f"触及红线（{'、'.join(f'{each.code} {each.name.zh}' for each in lines)}）：所在组得分不超过 {cap} 分，等级建议不得上调。",
            f"A red line was crossed ({', '.join(f'{each.code} {each.name.en}' for each in lines)}): its group is capped at {cap}, and the grade "
            "proposal cannot rise."))
    for mark, zh, en in (
        (Mark.AWAITED, "待补报或更正，暂不计入，结果为暂定", "are awaited or to be corrected: not counted yet, the result is provisional"),
        (Mark.UNREPORTED, "催报后仍未报，计 0 分", "were not reported after reminders: 0 points"),
        (Mark.CARRIED, "缺失，沿用上年得分的一部分", "are missing: a share of last year's score stands in"),
    ):
        codes = [code for code, name in found.marks.items() if name == mark.name.lower()]
        if codes:
            said, more = [scheme.indicator(each) for each in codes[:IN_NOTE]], len(codes) > IN_NOTE
            notes.append(Text(f"{len(codes)} 项指标{zh}：{'、'.join(f'{each.code} {each.name.zh}' for each in said)}{'等' if more else ''}。",
                              f"{len(codes)} indicators {en}: {', '.join(f'{each.code} {each.name.en}' for each in said)}{' …' if more else '.'}"))
    return notes


def _total() -> Line:
    return Line("total", Text("总分", "Total"))


def _plain(value: Any) -> float | None:
    number = float(value)
    return number if number - number == 0 else None
