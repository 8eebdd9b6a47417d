"""The flows of one port as figures and charts, each origin by itself.

A port's own figures, the other side's count of the same crossing and figures of the press are
never mixed. A counterpart counts with its own direction: arrival in Hong Kong is departure from
the mainland. Shown at the mainland port the direction is turned, and the page says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from kouan.basis import Period, PeriodKind, Quantity, SubjectKind, SubjectRef, Text, measures
from kouan.collection import sources
from kouan.collection.models import Observation, Series
from kouan.console import figures, words
from kouan.console.addresses import address_of
from kouan.console.axis_words import axis_word
from kouan.console.charts import Chart
from kouan.console.charts import Series as Line
from kouan.console.figures import Figure, Part
from kouan.console.words import here, page_language
from kouan.monitoring.queries import FlowSeries, flows_in, series_of
from kouan.monitoring.rollup import Discrepancy, Flow, peak
from kouan.ports.models import CounterpartPoint, Port

OWN = ("official", "exercise", "derived")
TURNED = {"inbound": "outbound", "outbound": "inbound", "total": "total"}
_LONGEST = 400
_ORDER = ("inbound", "outbound", "total")
_FINEST_FIRST = ("day", "month", "quarter", "year")
_PERIODS_OF_A_YEAR = {PeriodKind.MONTH: 12, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 1}
_ON_PREVIOUS = {
    PeriodKind.MONTH: Text("合计环比", "On the month before"), PeriodKind.QUARTER: Text("合计环比", "On the quarter before"),
}
_MOST_CONTRADICTIONS = 6


@dataclass(frozen=True, slots=True)
class PortFlows:
    """Everything the page says of a port's flows."""

    headline: list[Figure]
    own: list[Chart]
    counterpart: list[Chart]
    press: list[dict[str, Any]]
    kind: str

    @property
    def reports_nothing(self) -> bool:
        """Whether the port itself has filed nothing: 未报送."""
        return not self.own


def heads_of_port(port: Port, points: Sequence[CounterpartPoint]) -> list[Series]:
    """Every series of the port and of the points that face it."""
    refs = {SubjectRef.of(SubjectKind.COUNTERPART_POINT, point.code) for point in points}
    return series_of({SubjectRef.of(SubjectKind.PORT, port.code), *refs}, group=None)


def flows_of_port(port: Port, points: Sequence[CounterpartPoint], heads: Sequence[Series], kind: str) -> PortFlows:
    """The flows of a port, rolled up to months, quarters or years; ``heads`` from ``heads_of_port``."""
    facing_heads = [each for each in heads if each.subject_kind == SubjectKind.COUNTERPART_POINT and each.group == "all"]
    others = flows_in(facing_heads, kind=kind, by_direction=True, with_total=True)
    own = _own([each for each in heads if each.origin in OWN and each.subject_kind == SubjectKind.PORT and each.group == "all"], kind)
    press = press_figures(port, [each for each in heads if each.origin == "press" and each.subject_kind == SubjectKind.PORT])
    facing = [(point, family) for point in points
              for family in _families([each for each in others if each.subject.code == point.code])]
    return PortFlows(
        headline=_headline(port, _families(own), facing, press),
        own=[_chart(port, family, at, None) for at, family in enumerate(_families(own))],
        counterpart=[_chart(port, family, at, point) for at, (point, family) in enumerate(facing)],
        press=press, kind=kind,
    )


def _own(heads: Sequence[Series], kind: str) -> list[FlowSeries]:
    """Each measure at the kind asked for, or at its own where it is filed more coarsely."""
    found = flows_in(heads, kind=kind, by_direction=True, with_total=True)
    seen = {each.measure for each in found}
    for granularity in sorted({each.granularity for each in heads} & set(_FINEST_FIRST), key=_FINEST_FIRST.index):
        if _FINEST_FIRST.index(granularity) > _FINEST_FIRST.index(kind):
            more = flows_in([each for each in heads if each.measure not in seen], kind=granularity, by_direction=True,
                            with_total=True)
            found += more
            seen |= {each.measure for each in more}
    return found


def _families(series: Iterable[FlowSeries]) -> list[list[FlowSeries]]:
    """Series that differ in direction only, people first, then goods, then the rest."""
    families: dict[tuple[str, ...], list[FlowSeries]] = defaultdict(list)
    for each in series:
        families[each.measure, each.origin, each.source, each.definition].append(each)
    first = {"person_crossings": 0, "cargo_tonnes": 1}
    return [families[key] for key in sorted(families, key=lambda key: (first.get(key[0], 2), key))]


def _periods(family: Sequence[FlowSeries]) -> list[Period]:
    """Every period from the first to the last, so that a gap shows as a gap."""
    known = [flow.period for each in family for flow in each.flows]
    if not known:
        return []
    period, last = min(known, key=lambda p: p.start), max(p.start for p in known)
    found: list[Period] = []
    while period.start <= last and len(found) < _LONGEST:
        found.append(period)
        period = period.next()
    return found


def _chart(port: Port, family: Sequence[FlowSeries], at: int, point: CounterpartPoint | None) -> Chart:
    first = family[0]
    measure = measures.get(first.measure)
    periods = _periods(family)
    language = page_language()
    flows = {
        (TURNED[each.direction] if point else each.direction): {flow.period: flow for flow in each.flows} for each in family
    }
    lines = [_line(words.capitalised(measure.direction_name(name)), flows[name], periods) for name in _ORDER if name in flows]
    # A benchmark and a median have no total; then one direction's own changes would be read as the port's.
    totals = flows.get("total")
    title = words.capitalised(measure.name)
    note = None
    if point is not None:
        title = Text(f"{measure.name.zh}：对侧（{words.REGIONS[point.region_code].zh}{point.name_zh}）统计",
                     f"{title.en}, counted at {point.name_en} ({words.REGIONS[point.region_code].en})")
        note = Text(
            f"方向已按本口岸换算（对侧入境即本口岸出境）。口径：{point.coverage_note_zh or '未说明'}。只作对照，不用于达标判定。",
            f"Directions are turned to this port's (arrival there is departure here). Coverage: {point.coverage_note_en or 'not stated'}. "
            "For comparison only, never for the verdict.",
        )
    source = sources.get(first.source)
    names = [period.label(language) for period in periods]
    return Chart(
        key=f"{'counterpart' if point else 'own'}-{at}", title=title, kind="line", unit=first.unit,
        categories=[axis_word(period, page_language()) for period in periods], row_names=names, series=lines,
        extras=_changes(totals, periods) if totals else [], origin=first.origin,
        period=f"{names[0]}—{names[-1]}" if len(periods) > 1 else "",
        source=source.name, source_url=figures_address(port, first.origin, first.measure), note=note,
        notes=_notes(family, totals, first.unit),
    )


def _line(name: Text, flows: Mapping[Period, Flow], periods: Sequence[Period]) -> Line:
    """One line of a chart: a period that is not whole is a gap, and the table says what is there of it."""
    found = [flows.get(period) for period in periods]
    return Line(
        name, [flow.value if flow else None for flow in found],
        parts={at: part for at, flow in enumerate(found) if flow is not None and (part := part_of(flow)) is not None},
    )


def part_of(flow: Flow) -> Part | None:
    """What is there of a figure that is not whole; None where it is whole or nothing was reported."""
    if flow.value is not None or flow.partial is None:
        return None
    return Part(flow.partial, flow.present, flow.expected)


def _changes(totals: Mapping[Period, Flow], periods: Sequence[Period]) -> list[tuple[Text, list[str]]]:
    """The changes of the total, as columns of words: on the year, and on the period before where that is another."""
    flows = [totals.get(period) for period in periods]
    kind = periods[0].kind
    ahead = _PERIODS_OF_A_YEAR.get(kind, 0)
    # Periods follow each other without a gap, so the one of the year before stands so many places earlier.
    columns = [(Text("合计同比", "On the year"), [_change(flows, at, ahead) for at in range(len(flows))])] if ahead else []
    if ahead > 1:
        columns.append((_ON_PREVIOUS[kind], [_change(flows, at, 1) for at in range(len(flows))]))
    return columns


def _change(flows: Sequence[Flow | None], at: int, back: int) -> str:
    now, before = flows[at], flows[at - back] if at >= back else None
    if now is None or before is None or now.value is None or not before.value:
        return "—"
    return figures.percent(now.value / before.value - 1, signed=True)


def _notes(family: Sequence[FlowSeries], totals: Mapping[Period, Flow] | None, unit: str) -> list[Text]:
    """What stands under a chart: its peak, and where accepted figures contradict each other."""
    notes = []
    highest = peak(list(totals.values())) if totals and len(totals) > 1 else None
    if highest is not None and highest.value:
        most = Quantity.of(highest.value, unit)
        notes.append(Text(f"最高：{highest.period.label('zh')} {most.display('zh')}",
                          f"Highest: {highest.period.label('en')}, {most.display('en')}"))
    told = list(dict.fromkeys(found for each in family for found in each.discrepancies))
    notes += [_contradiction(found, unit) for found in told[-_MOST_CONTRADICTIONS:]]
    if len(told) > _MOST_CONTRADICTIONS:
        more = len(told) - _MOST_CONTRADICTIONS
        notes.append(Text(f"此前另有{more}处不符。", f"{more} earlier contradictions are not shown."))
    return notes


def _contradiction(told: Discrepancy, unit: str) -> Text:
    stands, other = Quantity.of(told.stands, unit), Quantity.of(told.other, unit)
    against = Text("进、出两个方向之和", "the sum of both directions") if told.against == "directions" else Text(
        "其中各期之和", "the sum of its parts")
    return Text(
        f"数据不一致：{told.period.label('zh')}自报合计{stands.exact('zh')}，{against.zh}{other.exact('zh')}；请核对。",
        f"Figures disagree: the total filed for {told.period.label('en')} is {stands.exact('en')}, {against.en} "
        f"{other.exact('en')}; check the returns.",
    )


def _headline(
    port: Port, own: Sequence[Sequence[FlowSeries]],
    facing: Sequence[tuple[CounterpartPoint, Sequence[FlowSeries]]], press: Sequence[dict[str, Any]],
) -> list[Figure]:
    """People and goods of the last whole year: own figures first, else the counterpart's, else the press.

    A port that faces several points has no one counterpart figure: they stand in the charts alone. Own
    figures of a year that is not whole stand before those of the press, and say what is missing.
    """
    shown = []
    for code in ("person_crossings", "cargo_tonnes"):
        found = [_last_year(port, family) for family in own if family[0].measure == code]
        if len({point.code for point, _ in facing}) == 1:
            found += [_last_year(port, family) for _, family in facing if family[0].measure == code]
        years = [figure for figure in found if figure is not None]
        figure = next((each for each in years if each.value is not None), None)
        figure = figure or next((each for each in years if each.part and each.origin in OWN), None)
        figure = figure or next((row["figure"] for row in press if row["measure"] == code), next(iter(years), None))
        shown.append(figure or Figure(None, measures.get(code).unit, label=words.capitalised(measures.get(code).name)))
    return shown


def _last_year(port: Port, family: Sequence[FlowSeries]) -> Figure | None:
    """The last year of which every part is there, added up; else what is there of the last one.

    Measures that add up only.
    """
    first = family[0]
    total = next((each for each in family if each.direction == "total"), None)
    if total is None or not measures.get(first.measure).is_additive or total.kind == "span":
        return None
    held: dict[int, list[Flow]] = defaultdict(list)
    for flow in total.flows:
        held[flow.period.start.year].append(flow)
    figure = Figure(
        None, first.unit, None, first.origin, figures_address(port, first.origin, first.measure),
        label=words.capitalised(measures.get(first.measure).name),
    )
    for year in sorted(held, reverse=True):
        if sum(flow.period.day_count for flow in held[year] if flow.is_complete) == Period.year(year).day_count:
            return replace(figure, value=sum((flow.value or Decimal(0) for flow in held[year]), Decimal(0)), period=Period.year(year))
    if not held:
        return None
    last = max(held)
    return replace(figure, period=Period.year(last), part=_part_of_year(held[last], last))


def _part_of_year(flows: Sequence[Flow], year: int) -> Part | None:
    """What is there of a year that is not whole: of periods shorter than a year the whole ones are counted."""
    kind = flows[0].period.kind
    if kind == PeriodKind.YEAR:
        return part_of(flows[0])
    known = [flow.partial for flow in flows if flow.partial is not None]
    if not known:
        return None
    return Part(sum(known, Decimal(0)), sum(flow.is_complete for flow in flows), len(Period.year(year).split(kind)))


def press_figures(port: Port, heads: Sequence[Series]) -> list[dict[str, Any]]:
    """What the press printed of a port, the latest first; a mean of days is never turned into a total."""
    if not heads:
        return []
    by_id = {each.pk: each for each in heads}
    newest: dict[tuple[Any, ...], Observation] = {}
    for row in Observation.objects.filter(series_id__in=by_id).order_by("revision"):
        row.series = by_id[row.series_id]
        newest[row.series_id, row.period_start, row.period_end] = row
    rows = sorted(newest.values(), key=lambda row: (row.series.measure, row.series_id))
    rows.sort(key=lambda row: row.period_end, reverse=True)
    found = []
    for row in rows[:40]:
        measure = measures.get(row.series.measure)
        found.append({
            "measure": measure.code, "name": here(words.capitalised(measure.name)),
            "direction": here(words.capitalised(measure.direction_name(row.series.direction))), "period": row.period,
            "figure": Figure(row.value, row.series.unit, row.period, "press", figures_address(port, "press", measure.code),
                             label=words.capitalised(measure.name)),
        })
    return found


def figures_address(port: Port, origin: str, measure: str) -> str:
    """Where the single figures stand, with file, row and column of each: the first of the two clicks."""
    return address_of("port-figures", port.code, origin=origin, measure=measure)
