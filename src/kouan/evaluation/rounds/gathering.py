"""From observations to the figures of a round: each data item by the measure to which it leads (``basis.measures.data_items``).

Only whole years count, of official and derived figures (never press, the other side's counts, or generated ones); of several
sources the one that monitoring prefers. The volume standards come from the law in force for each year, a base-year item from
its own item. What has no measure yet (points of checklists, answers behind surveys, companions of honest reporting) is missing,
and a finding says which; they come in by the entries of the round (``evidence.overlay``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from django.db.models import Max
from numpy.typing import NDArray

from kouan.basis import EvidenceRef, Finding, Period, PeriodKind, Place, Refused, SubjectKind, Text, measures
from kouan.basis.measures import DataItem
from kouan.collection.models import Observation, Origin, Series
from kouan.desk.progress import Report
from kouan.evaluation.method.exercise import CENTRAL, LABEL, ExercisePort, exercise_round
from kouan.evaluation.method.scheme import RoundData, Scheme
from kouan.evaluation.method.scheme.items import answers_of
from kouan.evaluation.method.scheme.naming import listed
from kouan.evaluation.rounds.evidence.asking import without_measure
from kouan.evaluation.rounds.objects import Evaluated
from kouan.grading.queries import law_as_of
from kouan.law import Law
from kouan.monitoring.queries import PREFERENCE, FlowSeries, flows_in

ORIGINS = (Origin.OFFICIAL, Origin.DERIVED)
# Items that the law sets, with the name of the limit among its parameters.
SET_BY_LAW = {"threshold_cargo_t": "cargo", "threshold_persons": "persons"}
# Items that are another item's figure of the base year.
OF_BASE_YEAR = {"proc_time_base": "proc_time_now"}
# Years before the round's that formulas look back to (`prev3`).
LOOK_BACK = 3
PORTS_AT_ONCE = 40
# Every exercise workspace generates the same figures.
SEED = 1


@dataclass(frozen=True)
class Gathered:
    """The figures of a round, what was found on the way, and the series that they rest on."""

    data: RoundData
    findings: tuple[Finding, ...]
    evidence: tuple[EvidenceRef, ...] = ()
    seed: int | None = None


def years_of(scheme: Scheme, year: int, bases: dict[str, float]) -> tuple[int, ...]:
    """The years to be frozen: those that formulas look back to, and the base year of the composite volume unless its medians are given."""
    first = year - LOOK_BACK
    return tuple(range(first if bases else min(first, scheme.shape.volume.base_year), year + 1))


def gather(
    scheme: Scheme, year: int, ports: Sequence[Evaluated], known_at: datetime, *, bases: dict[str, float] | None = None,
    unanswered: frozenset[str] = frozenset(), report: Report | None = None,
) -> Gathered:
    """The figures of a round as they were known at a moment. ``unanswered``: ports whose returns' reminders have run out (M1)."""
    bases = bases or {}
    years = years_of(scheme, year, bases)
    items = tuple(code for code in scheme.items if code != scheme.shape.volume.item)
    read = {code: measures.data_items()[code] for code in items if code in measures.data_items()}
    read = {code: each for code, each in read.items() if each.measure is not None}
    values = np.full((len(years), len(ports), len(items)), np.nan)
    place, at = {code: k for k, code in enumerate(items)}, {each.code: p for p, each in enumerate(ports)}
    used: set[int] = set()
    whole = Period.span(date(years[0], 1, 1), date(years[-1], 12, 31))
    for first in range(0, len(ports), PORTS_AT_ONCE):
        some = ports[first:first + PORTS_AT_ONCE]
        series = Series.objects.filter(subject_kind=SubjectKind.PORT, subject_code__in=[each.code for each in some], origin__in=ORIGINS,
                                       measure__in={each.measure for each in read.values()})
        flows = flows_in(series, kind=PeriodKind.YEAR, by_direction=True, with_total=True, known_at=known_at, within=whole)
        for code, item in read.items():
            for chosen in chosen_flows(flows, item):
                for flow in chosen.flows:
                    if flow.value is not None and flow.period.start.year in years:
                        values[years.index(flow.period.start.year), at[chosen.subject.code], place[code]] = float(flow.value)
                        used.update(chosen.series_ids)
        if report is not None:
            report(first + len(some), len(ports), "汇集数据")
    by_law = _by_law(years, ports, law_as_of(known_at=known_at.date()))
    for code, column in by_law.items():
        if code in place:
            values[:, :, place[code]] = column
    for code, source in OF_BASE_YEAR.items():
        if code in place and scheme.shape.volume.base_year in years:
            values[:, :, place[code]] = values[years.index(scheme.shape.volume.base_year), :, place[source]]
    reminders = np.zeros(values.shape, dtype=np.int8)
    for port in unanswered & at.keys():
        for code in read:
            if np.isnan(values[-1, at[port], place[code]]):
                reminders[-1, at[port], place[code]] = scheme.shape.missing.reminders
    data = RoundData(
        tuple(each.code for each in ports), tuple(each.port_class for each in ports), tuple(each.grade for each in ports), years, items, values,
        reminders, volume_bases=bases, names={each.code: Text(each.name_zh, each.name_en) for each in ports})
    return Gathered(data, tuple(_told(scheme, data, set(read) | set(by_law) | set(OF_BASE_YEAR))), _evidence(used))


def generated(
    scheme: Scheme, year: int, ports: Sequence[Evaluated], seed: int = SEED, *, unfiled: Mapping[str, int] | None = None,
    corrected: Mapping[str, frozenset[str]] | None = None,
) -> Gathered:
    """The figures of an exercise round, by the documented generator; labelled, and never in a real workspace.

    ``unfiled``: ports whose office filed nothing, with the reminders that it was sent: they have what central sources say and
    nothing else of the round's year. ``corrected``: items by port for which an objection was upheld, without their slips.
    """
    pupils = pupils_of(ports)
    whole = exercise_round(pupils, seed=seed, scheme=scheme, corrected=corrected)
    kept = tuple(each for each in whole.years if each <= year)
    if year not in whole.years:
        raise Refused.because("year_not_generated", f"演练数据只有 {whole.years[0]}–{whole.years[-1]} 年。",
                              f"Figures are generated for {whole.years[0]}–{whole.years[-1]} only.", where=Place(field="year"), measured=year,
                              remedy=("请另选年度。", "Choose another year."))
    data = replace(
        whole, years=kept, values=whole.values[:len(kept)], reminders=None if whole.reminders is None else whole.reminders[:len(kept)],
        decisions=tuple(each for each in whole.decisions if not each.year or each.year <= year),
        failed_feeds=tuple(each for each in whole.failed_feeds if each.year <= year))
    found = [Finding.info("generated_figures", LABEL.zh, LABEL.en)]
    if unfiled:
        data = _without_what_was_not_filed(data, unfiled)
        found.append(Finding.warning(
            "figures_not_filed", f"{len(unfiled)} 个口岸的报送单位逾期未报，本年度只有中央来源的数据。",
            f"The offices of {len(unfiled)} ports filed nothing: of this year there is only what central sources say.", measured=len(unfiled),
            remedy=("逾期未报的按方案M1处理。", "M1 of the scheme applies.")))
    if corrected:
        named = listed([data.called(port) for port in sorted(corrected)])
        found.append(Finding.info(
            "figures_corrected", f"按采纳的异议更正了 {len(corrected)} 个口岸的数据：{named.zh}。",
            f"Figures of {len(corrected)} ports were corrected as objections were upheld: {named.en}."))
    return Gathered(data, tuple(found), seed=seed)


def pupils_of(ports: Sequence[Evaluated]) -> list[ExercisePort]:
    """The ports of a round as the generator takes them."""
    return [ExercisePort(each.code, Text(each.name_zh, each.name_en), each.port_class, each.grade, each.is_invented) for each in ports]


def _without_what_was_not_filed(data: RoundData, unfiled: Mapping[str, int]) -> RoundData:
    """The last year of these ports without the items that offices report."""
    values = data.values.copy()
    reminders = np.zeros(values.shape, dtype=np.int8) if data.reminders is None else data.reminders.copy()
    local = [k for k, code in enumerate(data.items) if code not in CENTRAL]
    for p, port in enumerate(data.ports):
        if port in unfiled:
            was_due = [k for k in local if not np.isnan(values[:, p, k]).all()]
            values[-1, p, local] = np.nan
            reminders[-1, p, was_due] = unfiled[port]
    return replace(data, values=values, reminders=reminders)


def items_behind(scheme: Scheme, indicator: str) -> frozenset[str]:
    """The items of a scheme from which an indicator is made: of its formula, its checklist, its survey."""
    found = scheme.indicator(indicator)
    used = found.formula.items()
    return frozenset(each for each in {*used, *found.points, *(answers_of(item) for item in used)} if each in scheme.items)


def chosen_flows(flows: Sequence[FlowSeries], item: DataItem) -> list[FlowSeries]:
    """For each port the series that speaks for an item: of its measure, direction and group, from the preferred source."""
    best: dict[str, FlowSeries] = {}
    for each in flows:
        if each.measure != item.measure or each.direction != (item.direction or "total") or each.group != (item.group or measures.ALL):
            continue
        other = best.get(each.subject.code)
        if other is None or _standing(each) > _standing(other):
            best[each.subject.code] = each
    return list(best.values())


def _standing(series: FlowSeries) -> tuple[int, int]:
    return -PREFERENCE.index(Origin(series.origin)), sum(flow.is_complete for flow in series.flows)


def _by_law(years: Sequence[int], ports: Sequence[Evaluated], law: Law) -> dict[str, NDArray[np.float64]]:
    """(years, ports): the volume standards of 专栏6 by the law in force for each year; before the first instrument its values serve."""
    found = {}
    for item, limit in SET_BY_LAW.items():
        column = np.full((len(years), len(ports)), np.nan)
        for p, port in enumerate(ports):
            key = f"volume_standard.{port.port_class}.{limit}"
            first = law.history(key)[0].in_force_from
            for y, year in enumerate(years):
                column[y, p] = float(Decimal(law.parameter(key, on=max(date(year, 1, 1), first)).value))
        found[item] = column
    return found


def _told(scheme: Scheme, data: RoundData, read: set[str]) -> list[Finding]:
    """What a reader of the freeze must know: items without a measure, items that nobody reported, how much is there."""
    beside = without_measure(scheme)
    lacking = [code for code in data.items if code not in read and code not in beside]
    empty = [code for k, code in enumerate(data.items) if code in read and np.isnan(data.values[-1, :, k]).all()]
    found = []
    for code, names, zh, en in (
        ("items_without_measure", lacking, "个数据项尚无对应的统计指标，本轮按缺失处理", "items have no measure yet and are missing in this round"),
        ("items_not_reported", empty, "个数据项没有任何口岸报送全年数据", "items were reported for a whole year by no port"),
    ):
        if names:
            said = [scheme.items[each].name for each in names[:5]]
            found.append(Finding.warning(
                code, f"{len(names)} {zh}：{'、'.join(each.zh for each in said)}{'等' if len(names) > 5 else ''}。",
                f"{len(names)} {en}: {', '.join(each.en for each in said)}.", measured=len(names),
                remedy=("缺失的按方案M1—M6处理；请按期补报或由国家口岸办认定不适用。",
                        "M1–M6 of the scheme apply; have them reported, or let the national office decide that they do not apply.")))
    return found


def _evidence(series: set[int]) -> tuple[EvidenceRef, ...]:
    """The series that figures rest on, each at its newest revision: what depends on a figure can be asked from below."""
    newest = dict(Observation.objects.filter(series_id__in=series).values_list("series_id").annotate(Max("revision")).order_by())
    return tuple(EvidenceRef("collection", "series", pk, newest.get(pk, 1)) for pk in sorted(series))
