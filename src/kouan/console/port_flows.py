"""The flows of one port as figures and charts, each origin by itself.

A port's own figures, the other side's count of the same crossing and figures of the press are
never mixed. A counterpart counts with its own direction: arrival in Hong Kong is departure from
the mainland. Shown at the mainland port the direction is turned, and the page says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kouan.basis import Period, SubjectKind, SubjectRef, Text, measures
from kouan.collection import sources
from kouan.collection.models import Observation, Series
from kouan.console import figures, words
from kouan.console.addresses import address_of
from kouan.console.charts import Chart
from kouan.console.charts import Series as Line
from kouan.console.figures import Figure
from kouan.console.words import here, page_language
from kouan.monitoring.queries import FlowSeries, flows_in, series_of
from kouan.ports.models import CounterpartPoint, Port

OWN = ("official", "exercise", "derived")
TURNED = {"inbound": "outbound", "outbound": "inbound", "total": "total"}
_LONGEST = 400
_ORDER = ("inbound", "outbound", "total")
_FINEST_FIRST = ("day", "month", "quarter", "year")


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
    others = flows_in(facing_heads, kind=kind, by_direction=True)
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
    found = flows_in(heads, kind=kind, by_direction=True)
    seen = {each.measure for each in found}
    for granularity in sorted({each.granularity for each in heads} & set(_FINEST_FIRST), key=_FINEST_FIRST.index):
        if _FINEST_FIRST.index(granularity) > _FINEST_FIRST.index(kind):
            more = flows_in([each for each in heads if each.measure not in seen], kind=granularity, by_direction=True)
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
    values = {
        (TURNED[each.direction] if point else each.direction): {flow.period: flow.value for flow in each.flows} for each in family
    }
    directions = [name for name in _ORDER if name in values]
    lines = [Line(words.capitalised(measure.direction_name(name)), [values[name].get(period) for period in periods]) for name in directions]
    totals = values.get("total") or _both(values, periods)
    if "total" not in values and totals is not None:
        lines.append(Line(words.DIRECTIONS["total"], [totals.get(period) for period in periods]))
    extras = [(Text("合计同比", "On the year"), [_on_year(totals, period) for period in periods])] if totals else []
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
    return Chart(
        key=f"{'counterpart' if point else 'own'}-{at}", title=title, kind="line", unit=first.unit,
        categories=[period.code for period in periods],
        row_names=[period.label(page_language()) for period in periods], series=lines, extras=extras, origin=first.origin,
        period=f"{periods[0].label(page_language())}—{periods[-1].label(page_language())}" if len(periods) > 1 else "",
        source=source.name, source_url=figures_address(port, first.origin, first.measure), note=note,
    )


def _both(values: dict[str, dict[Period, Decimal | None]], periods: Sequence[Period]) -> dict[Period, Decimal | None] | None:
    """The sum of both directions where both are whole; None when there is only one direction."""
    if not {"inbound", "outbound"} <= values.keys():
        return None
    found: dict[Period, Decimal | None] = {}
    for period in periods:
        there, back = values["inbound"].get(period), values["outbound"].get(period)
        found[period] = None if there is None or back is None else there + back
    return found


def _on_year(totals: dict[Period, Decimal | None], period: Period) -> str:
    now, before = totals.get(period), totals.get(period.same_last_year())
    if now is None or not before:
        return "—"
    return figures.percent(now / before - 1, signed=True)


def _headline(
    port: Port, own: Sequence[Sequence[FlowSeries]],
    facing: Sequence[tuple[CounterpartPoint, Sequence[FlowSeries]]], press: Sequence[dict[str, Any]],
) -> list[Figure]:
    """People and goods of the last whole year: own figures first, else the counterpart's, else the press.

    A port that faces several points has no one counterpart figure: they stand in the charts alone.
    """
    shown = []
    for code in ("person_crossings", "cargo_tonnes"):
        families = [family for family in own if family[0].measure == code]
        if len({point.code for point, _ in facing}) == 1:
            families += [family for _, family in facing if family[0].measure == code]
        figure = next(filter(None, (_last_year(port, family) for family in families)), None)
        figure = figure or next((row["figure"] for row in press if row["measure"] == code), None)
        shown.append(figure or Figure(None, measures.get(code).unit, label=words.capitalised(measures.get(code).name)))
    return shown


def _last_year(port: Port, family: Sequence[FlowSeries]) -> Figure | None:
    """The last year of which every part is there in every direction, added up; measures that add up only."""
    first = family[0]
    if not measures.get(first.measure).is_additive or "span" in {each.kind for each in family}:
        return None
    totals = [each for each in family if each.direction == "total"]
    parts = totals or [each for each in family if each.direction in ("inbound", "outbound")]
    if not totals and len(parts) != 2:
        return None
    held: dict[int, list[Any]] = defaultdict(list)
    for each in parts:
        for flow in each.flows:
            held[flow.period.start.year].append(flow)
    for year in sorted(held, reverse=True):
        days = sum(flow.period.day_count for flow in held[year] if flow.is_complete)
        if days == Period.year(year).day_count * len(parts):
            return Figure(
                sum((flow.value for flow in held[year]), Decimal(0)), first.unit, Period.year(year), first.origin,
                figures_address(port, first.origin, first.measure), label=words.capitalised(measures.get(first.measure).name),
            )
    return None


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
