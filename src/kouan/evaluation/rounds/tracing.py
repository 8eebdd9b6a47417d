"""One indicator of a port's result, down to the reported figures and to where each of them came from.

A figure of the real workspace leads to the observations it was frozen from (as known at the freeze, by the same choice of source), a
standard of volume to the law, a point of a checklist to what was filed about it with its papers; a generated figure says that it is
generated. Scope is that of the result; observations and filed entries pass their own besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.basis import Finding, NotFound, Period, PeriodKind, Place, SubjectKind, Text, measures
from kouan.collection.models import Observation, Series
from kouan.evaluation.method.scheme import RoundResult, Trace, trace
from kouan.evaluation.method.scheme.explain import Figure
from kouan.evaluation.method.scheme.formula import WHY_TEXT
from kouan.evaluation.method.scheme.words import formula_words, missing_words, rule_words, unit_words
from kouan.evaluation.rounds.evidence.models import FiledEntry
from kouan.evaluation.rounds.evidence.seeing import newest
from kouan.evaluation.rounds.gathering import OF_BASE_YEAR, ORIGINS, SET_BY_LAW, chosen_flows
from kouan.evaluation.rounds.models import Freeze, Round
from kouan.evaluation.rounds.queries import returns_visible_to, scoring_in_force
from kouan.evaluation.rounds.replaying import in_memory
from kouan.evaluation.rounds.scorecard import Card, IndicatorLine, scorecard
from kouan.monitoring.queries import flows_in

# A year of days has more rows than a reader follows one by one; the page of figures has them all.
ROWS_SHOWN = 12


@dataclass(frozen=True)
class Source:
    """Where a figure came from. ``kind``: observations, filed, law, generated, computed, not_reported, not_filed.

    ``rows``: the observations that may be shown (``ROWS_SHOWN`` at most) of ``count``; ``parameter``: the key of the law; ``entry``: what
    an office filed, where its reader sees the return.
    """

    kind: str
    rows: tuple[Observation, ...] = ()
    count: int = 0
    measure: str = ""
    parameter: str = ""
    entry: FiledEntry | None = None

    @property
    def words(self) -> Text:
        return SOURCE_WORDS[self.kind]

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "words": self.words.as_dict(), "observations": [each.pk for each in self.rows], "count": self.count,
                "measure": self.measure or None, "parameter": self.parameter or None, "entry": self.entry.pk if self.entry else None}


SOURCE_WORDS: Mapping[str, Text] = {
    "observations": Text("入库数据", "figures on record"),
    "law": Text("法规参数", "a parameter of the law"),
    "generated": Text("演练：按种子生成，不是任何口岸的数据", "exercise: generated from a seed, no port's figure"),
    "computed": Text("由下列各项计算", "computed from the items below"),
    "not_reported": Text("未报送", "not reported"),
    "filed": Text("随报送填报", "filed with the return"),
    "not_filed": Text("未填报", "not filed"),
}


@dataclass(frozen=True)
class FigureLine:
    """A figure under an indicator; ``depth``: 0 for an item of the formula, 1 for what that was made of."""

    item: str
    name: Text
    unit: Text
    year: int
    value: float | None
    source: Source
    depth: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {"item": self.item, "name": self.name.as_dict(), "unit": self.unit.as_dict(), "year": self.year, "value": self.value,
                "depth": self.depth, "source": self.source.as_dict()}


@dataclass(frozen=True)
class IndicatorTrace:
    """Everything about one cell that its reader may read: the line of the card, the rule, the figures with their sources.

    ``told`` is the trace of the method with scale, peers and the sentence; None without decimals, and then computed figures are left out.
    """

    card: Card
    line: IndicatorLine
    told: Trace | None
    formula: str
    formula_words: Text
    rule: Text
    missing: Text
    why: Text | None
    source: str
    submitter: str
    verifier: str
    evidence: str
    figures: tuple[FigureLine, ...]
    decisions: tuple[Text, ...]

    def as_dict(self) -> dict[str, Any]:
        result = self.card.result
        said: dict[str, Any] = {
            "port": result.code, "year": result.year, "result_version": result.version, "is_exercise": result.is_exercise,
            "is_proposal": self.card.is_proposal, "scheme_version": self.card.scheme_version, **self.line.as_dict(self.card.shows_decimals),
            "formula": self.formula, "formula_words": self.formula_words.as_dict(), "rule": self.rule.as_dict(),
            "missing_rule": self.missing.as_dict(), "why": self.why.as_dict() if self.why else None, "data_source": self.source,
            "submitter": self.submitter, "verifier": self.verifier, "evidence": self.evidence,
            "figures": [each.as_dict() for each in self.figures], "decisions": [each.as_dict() for each in self.decisions]}
        if self.told is not None:
            said |= {"low": self.told.low, "high": self.told.high, "scale_peers": self.told.peers, "sentence": self.told.sentence().as_dict()}
        return said


def indicator_trace(user: Any, held: Round, port: str, indicator: str) -> IndicatorTrace:
    """One indicator of one port. NotFound for a result that is not there or not to be read, and for an indicator that is not for this port."""
    card = scorecard(user, held, port)
    result = in_memory(held)
    line = next((each for each in card.indicators if each.code == indicator), None)
    if line is None:
        raise NotFound(Finding.error(
            "unknown_indicator", f"“{port}”的结果没有指标“{indicator[:16]}”。", f"The result of “{port}” has no indicator “{indicator[:16]}”.",
            where=Place(field="indicator"), remedy=("请从口岸评估页的指标表中选择。", "Choose one from the table of the port's evaluation.")))
    each, told = result.scheme.indicator(indicator), trace(result, port, held.year, indicator)
    shown = [figure for figure in told.figures if card.shows_decimals or not figure.made_of]
    # A figure below another follows it; one that is named twice in the formula is told once.
    below = {part for figure in told.figures for part in figure.made_of}
    sources = sources_of(user, scoring_in_force(held).freeze, result, port, shown)
    lines = tuple(
        FigureLine(figure.item, figure.name, unit_words(figure.unit), figure.year, figure.value, sources[figure.item, figure.year],
                   int(figure.item in below))
        for figure in dict.fromkeys(shown))
    return IndicatorTrace(
        card, line, told if card.shows_decimals else None, str(each.formula), formula_words(result.scheme, each.formula),
        rule_words(result.scheme, each.rule), missing_words(result.scheme, each.missing), None if told.why == 0 else WHY_TEXT[told.why],
        each.source, each.submitter, each.verifier, each.evidence, lines, tuple(_decisions(result, port, held.year, each.code)))


def _decisions(result: RoundResult, port: str, year: int, code: str) -> Iterable[Text]:
    """What was decided about the indicator or an item of it, and which central sources failed."""
    data = result.data
    y, p = result.at(port, year)
    named = {code, *result.scheme.indicator(code).formula.items()}
    by = {"scheme": Text("方案", "the scheme"), "national_office": Text("国家口岸管理部门", "the national office")}
    for decision in data.decisions:
        if decision.code in named and data.decided(decision.code)[y, p] and (not decision.port or decision.port == port) \
                and decision.port_class in ("", data.classes[p]) and decision.year in (0, year):
            who = by[decision.by]
            yield Text(f"{who.zh}认定不适用（{decision.code}）：{decision.reason}",
                       f"{who.en} decided that it does not apply ({decision.code}): {decision.reason}")
    for feed in data.failed_feeds:
        if feed.code in named and feed.year == year and feed.port_class in ("", data.classes[p]):
            yield Text(f"数据源中断（{feed.code}，{feed.year} 年）", f"the central source failed ({feed.code}, {feed.year})")


def sources_of(
    user: Any, freeze: Freeze, result: RoundResult, port: str, figures: Iterable[Figure]
) -> dict[tuple[str, int], Source]:
    """Where figures of a port came from, by item and year."""
    figures = list(figures)
    known = measures.data_items()
    wanted: dict[str, str] = {}
    found: dict[tuple[str, int], Source] = {}
    port_class = result.data.classes[result.data.ports.index(port)]
    filed = _filed(user, freeze, port, {each.item for each in figures})
    for each in figures:
        at = (each.item, each.year)
        source = OF_BASE_YEAR.get(each.item, each.item)
        if each.made_of:
            found[at] = Source("computed")
        elif at in filed:
            found[at] = Source("filed", entry=filed[at])
        elif freeze.is_exercise:
            found[at] = Source("generated" if each.value is not None else "not_reported")
        elif each.item in SET_BY_LAW:
            found[at] = Source("law", parameter=f"volume_standard.{port_class}.{SET_BY_LAW[each.item]}")
        elif source in known and known[source].measure is not None:
            wanted[source] = str(known[source].measure)
            found[at] = Source("not_reported", measure=wanted[source])
        else:
            found[at] = Source("not_filed")
    if wanted:
        _with_observations(user, freeze, result, port, wanted, figures, found)
    return found


def _filed(user: Any, freeze: Freeze, port: str, items: set[str]) -> dict[tuple[str, int], FiledEntry | None]:
    """What was filed about items of a port when it was frozen, by item and year; None where its reader does not see the return."""
    found: dict[tuple[str, int], FiledEntry | None] = {}
    years = Round.objects.filter(year__range=(freeze.first_year, freeze.last_year), is_exercise=freeze.is_exercise)
    rows = FiledEntry.objects.filter(filed_in__round__in=years, port=port, item__in=items, recorded_at__lte=freeze.known_at)
    seen: dict[int, set[int]] = {}
    for each in newest(rows.select_related("filed_in__round")):
        held = each.filed_in.round
        if held.pk not in seen:
            seen[held.pk] = set(returns_visible_to(user, held).values_list("pk", flat=True))
        found[each.item, held.year] = each if each.filed_in_id in seen[held.pk] else None
    return found


def _with_observations(
    user: Any, freeze: Freeze, result: RoundResult, port: str, wanted: Mapping[str, str], figures: list[Figure],
    found: dict[tuple[str, int], Source],
) -> None:
    """The observations under each figure: chosen as the freeze chose, as known at its moment."""
    series = Series.objects.filter(subject_kind=SubjectKind.PORT, subject_code=port, origin__in=ORIGINS, measure__in=set(wanted.values()))
    whole = Period.span(date(freeze.first_year, 1, 1), date(freeze.last_year, 12, 31))
    flows = flows_in(series, kind=PeriodKind.YEAR, by_direction=True, with_total=True, known_at=freeze.known_at, within=whole, is_traced=True)
    base = result.scheme.shape.volume.base_year
    used: dict[tuple[str, int], list[int]] = {}
    for each in figures:
        item = OF_BASE_YEAR.get(each.item, each.item)
        year = base if each.item in OF_BASE_YEAR else each.year
        if item in wanted and each.value is not None:
            for chosen in chosen_flows(flows, measures.data_items()[item]):
                used[each.item, each.year] = [one.observation for flow in chosen.flows if flow.period.start.year == year for one in flow.used]
    rows = {row.pk: row for row in Observation.objects.visible_to(user).filter(pk__in={pk for ids in used.values() for pk in ids})
            .select_related("series", "batch")}
    for at, ids in used.items():
        there = sorted((rows[pk] for pk in dict.fromkeys(ids) if pk in rows), key=lambda row: row.period_start)
        item = OF_BASE_YEAR.get(at[0], at[0])
        found[at] = Source("observations", tuple(there[:ROWS_SHOWN]), len(there), wanted[item])
