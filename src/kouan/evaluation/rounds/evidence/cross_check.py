"""交叉核对: what a port's own side reported of flows and times, held against what another source says of the same year.

Own side: batches of port offices and of port operators. Other: whatever else came in, be it under the same source (an inspection agency
that files the same return) or another. Only what the scheme draws from central sources (M4) and both sides reported for the whole year is
compared; from a relative difference above the scheme's tolerance on, the verifier is told both figures. Nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from kouan.accounts.models import OrganisationKind
from kouan.basis import Finding, Period, PeriodKind, SubjectKind, Text, measures
from kouan.collection.models import Batch, Origin, Series
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.method.scheme.naming import listed
from kouan.evaluation.rounds.evidence.rulings import central_codes
from kouan.evaluation.rounds.gathering import ORIGINS, chosen_flows
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import returns_visible_to
from kouan.monitoring.queries import FlowSeries, flows_in

OWN_SIDE = (OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CORPS_OFFICE, OrganisationKind.CITY_OFFICE, OrganisationKind.PORT_OPERATOR)


@dataclass(frozen=True, slots=True)
class Difference:
    """One item of one port on which the two sides differ. ``share``: the difference as a share of the larger figure."""

    port: str
    item: str
    name: Text
    unit: str
    own: float
    other: float
    own_source: str
    other_source: str
    other_origin: str

    @property
    def share(self) -> float:
        return abs(self.own - self.other) / max(abs(self.own), abs(self.other))


def differences_for(user: Any, held: Round, scheme: Scheme) -> list[Difference]:
    """What differs among the ports of the returns that somebody sees, the widest first."""
    return differences(held, scheme, {port for each in returns_visible_to(user, held) for port in each.ports})


def differences(held: Round, scheme: Scheme, ports: Collection[str]) -> list[Difference]:
    """What differs in the round's year above the scheme's tolerance, the widest first."""
    wanted = {code: item for code, item in measures.data_items().items() if item.measure is not None and code in central_codes(scheme)}
    origins = (*ORIGINS, Origin.EXERCISE) if held.is_exercise else ORIGINS
    series = list(Series.objects.filter(subject_kind=SubjectKind.PORT, subject_code__in=list(ports), origin__in=origins,
                                        measure__in={each.measure for each in wanted.values()}))
    own, other = (_said(series, held.year, batches) for batches in (
        Batch.objects.filter(organisation__kind__in=OWN_SIDE), Batch.objects.exclude(organisation__kind__in=OWN_SIDE)))
    found = []
    for code, item in wanted.items():
        theirs = {each.subject.code: each for each in chosen_flows(other, item)}
        for mine in chosen_flows(own, item):
            told = theirs.get(mine.subject.code)
            ours, others = _whole(mine, held.year), _whole(told, held.year) if told is not None else None
            if told is None or ours is None or others is None or ours == others:
                continue
            one = Difference(mine.subject.code, code, item.name, mine.unit, ours, others, mine.source, told.source, told.origin)
            if one.share > scheme.shape.cross_check.tolerance:
                found.append(one)
    return sorted(found, key=lambda each: (-each.share, each.port, each.item))


def summary_of(found: Collection[Difference], scheme: Scheme, called: Callable[[str], Text]) -> list[Finding]:
    """All differences in one finding, for the freeze."""
    if not found:
        return []
    named = listed([Text(f"{called(each.port).zh}“{each.name.zh}”", f"{called(each.port).en}, {each.name.en}") for each in found])
    bound = f"{scheme.shape.cross_check.tolerance:.0%}"
    return [Finding.warning(
        "self_reports_differ", f"{len(found)} 项自报数据与其他来源相差超过 {bound}：{named.zh}。",
        f"{len(found)} self-reported figures are more than {bound} from another source: {named.en}.", measured=len(found),
        remedy=("请在核验中逐项核对。", "Look at each when verifying."))]


def _said(series: list[Series], year: int, batches: QuerySet[Batch]) -> list[FlowSeries]:
    return flows_in(series, kind=PeriodKind.YEAR, by_direction=True, with_total=True, within=Period.year(year), told_in=batches)


def _whole(series: FlowSeries, year: int) -> float | None:
    flow = series.at(Period.year(year))
    return float(flow.value) if flow is not None and flow.value is not None else None
