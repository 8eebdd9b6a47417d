"""The facts of ports in the register, and what the rules say of them.

Only the ports' own figures (and exercise figures in an exercise workspace) are facts for a
verdict: counterpart and press figures are shown beside it and never judged. A year of months
that is not whole is given with the months it covers, so that the rule can say ``incomplete``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from kouan.basis import EvidenceRef, Period, PeriodKind, Refused, SubjectKind, SubjectRef, clock
from kouan.collection.models import Origin, Series
from kouan.grading.facts import CARGO, PERSONS, PortFacts, TransportClass
from kouan.grading.models import VerdictRecord
from kouan.grading.rules import VolumeStandard, VolumeVerdict
from kouan.law import Law, Ruling, load_rulings
from kouan.monitoring.queries import FlowSeries, flows_in, series_of
from kouan.ports.models import Port, PortQuerySet, PortStatus, TransportMode
from kouan.ports.queries import ports_visible_to

FACT_ORIGINS = (Origin.OFFICIAL, Origin.EXERCISE)
RULE = VolumeStandard()


@dataclass(frozen=True, slots=True)
class Judged:
    """One port, the facts taken, the verdict, and the series that the facts came from."""

    port: Port
    facts: PortFacts
    outcome: VolumeVerdict
    evidence: tuple[EvidenceRef, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: the port's names and the verdict with margins, steps, readings and flags."""
        return {
            "port": self.port.code, "name_zh": self.port.name_zh, "name_en": self.port.name_en,
            "province_code": self.port.province_code, "year": self.facts.year,
            **self.outcome.as_dict(), "facts": self.facts.as_dict(),
            "evidence": [each.uri for each in self.evidence],
        }


def rulings_path() -> Path:
    """Where an installation keeps the rulings of the national office (R-247) until casework holds them."""
    return Path(settings.HOME.path) / "rulings.yaml"


def rulings_on_record() -> tuple[Ruling, ...]:
    """The rulings of this installation; none when no file is there. A faulty file is refused, not skipped."""
    place = rulings_path()
    return tuple(load_rulings(place)) if place.exists() else ()


def law_as_of(day: date | None = None) -> Law:
    """The law on a day (today by default) with the rulings on record."""
    return _law(day or clock.today(), rulings_on_record())


@lru_cache(maxsize=64)
def _law(day: date, rulings: tuple[Ruling, ...]) -> Law:
    return Law(day, rulings)


def is_fact(series: Series) -> bool:
    """Whether a series may speak for its port in a verdict: the port's own, whole, of a measure the standard asks for."""
    return (series.subject_kind == SubjectKind.PORT and series.group == "all"
            and series.measure in (CARGO, PERSONS) and series.origin in FACT_ORIGINS)


def facts_for_year(
    ports: Iterable[Port], year: int, series: Iterable[Series] | None = None
) -> list[tuple[PortFacts, tuple[EvidenceRef, ...]]]:
    """The facts of each port, in order, with references to the series they were read from.

    ``series``: the ports' series where the caller has read them already; only those that may be facts are used.
    """
    wanted = list(ports)
    if series is None:
        subjects = [SubjectRef.of(SubjectKind.PORT, port.code) for port in wanted]
        series = series_of(subjects, measures=(CARGO, PERSONS), origins=FACT_ORIGINS)
    heads = [each for each in series if is_fact(each)]
    found: dict[tuple[str, str], list[FlowSeries]] = {}
    for each in flows_in(heads, kind=PeriodKind.YEAR):
        found.setdefault((each.subject.code, each.measure), []).append(each)
    return [_facts_of(port, year, found) for port in wanted]


def _facts_of(
    port: Port, year: int, found: dict[tuple[str, str], list[FlowSeries]]
) -> tuple[PortFacts, tuple[EvidenceRef, ...]]:
    totals: dict[str, Any] = {}
    months: dict[str, int | None] = {}
    evidence: list[EvidenceRef] = []
    for measure in (CARGO, PERSONS):
        chosen = _best_year(found.get((port.code, measure), ()), year)
        if chosen is None:
            continue
        series, flow = chosen
        totals[measure] = flow.value if flow.is_complete else flow.partial
        # A figure filed for the whole year covers its twelve months; one of months covers those filed.
        months[measure] = 12 if flow.is_complete else min(11, flow.present * 12 // flow.expected)
        evidence.extend(
            EvidenceRef("collection", "series", pk, 1, digest_of([str(flow.partial), flow.present]))
            for pk in series.series_ids
        )
    facts = PortFacts(
        code=port.code, year=year,
        transport_class=TransportClass(port.transport_class) if port.transport_class else None,
        is_border=port.is_border, accepted_on=port.accepted_on,
        cargo_tonnes=totals.get(CARGO), person_crossings=totals.get(PERSONS),
        months_reported=months or None,
        candidate_classes=() if port.transport_class else candidates_for(port),
    )
    return facts, tuple(evidence)


def candidates_for(port: Port) -> tuple[TransportClass, ...]:
    """The classes that a port may have whose class nobody has decided; each is judged and shown (A-04, A-09)."""
    if port.mode == TransportMode.AIR:
        return (TransportClass.AIR_COASTAL, TransportClass.AIR_OTHER)
    if port.mode != TransportMode.WATER:
        return ()
    if port.is_border:
        return (TransportClass.BOUNDARY_RIVER, TransportClass.INLAND_RIVER)
    return (TransportClass.SEA, TransportClass.INLAND_RIVER)


def _best_year(series: Sequence[FlowSeries], year: int) -> tuple[FlowSeries, Any] | None:
    """The series with the fullest figure of the year: whole before part, official before exercise."""
    period = Period.year(year)
    known = [(each, flow) for each in series if (flow := each.at(period)) is not None]
    return max(known, key=lambda pair: (pair[1].is_complete, pair[1].completeness), default=None)


def judge(ports: Iterable[Port], year: int, law: Law, series: Iterable[Series] | None = None) -> list[Judged]:
    """Apply the volume standard to each port, in order; ``series`` as in ``facts_for_year``."""
    wanted = list(ports)
    return [
        Judged(port, facts, _outcome(facts, law), evidence)
        for port, (facts, evidence) in zip(wanted, facts_for_year(wanted, year, series), strict=True)
    ]


def _outcome(facts: PortFacts, law: Law) -> VolumeVerdict:
    """The verdict on one port. Figures that cannot be are no facts: without them the port is judged as one
    that has not reported, and the error findings say which they were, so that one port stops no other."""
    try:
        return RULE.judge(facts, law)
    except Refused as refusal:
        bare = replace(facts, cargo_tonnes=None, person_crossings=None, months_reported=None, accepted_on=None)
        return replace(RULE.judge(bare, law), findings=tuple(refusal.findings))


def judged_unasked(ports: PortQuerySet) -> PortQuerySet:
    """The ports a year's list holds: no groups (their members are judged), no planned, closed or merged ports."""
    return ports.counted().exclude(status__in=[PortStatus.PLANNED, PortStatus.CLOSED, PortStatus.MERGED])


def verdicts_for_year(
    user: Any, year: int, *, as_of: date | None = None, codes: Sequence[str] | None = None
) -> list[Judged]:
    """The verdicts of the ports that the user may see; of any visible port that is named in ``codes``."""
    ports = ports_visible_to(user)
    ports = judged_unasked(ports) if codes is None else ports.filter(code__in=codes)
    return judge(ports, year, law_as_of(as_of))


def recorded_verdicts(user: Any, year: int | None = None) -> Any:
    """The newest recorded verdict of each visible port and year."""
    records = VerdictRecord.objects.filter(port_code__in=ports_visible_to(user).values("code"))
    return records if year is None else records.filter(year=year)


def digest_of(value: Any) -> str:
    """SHA-256 of a JSON-ready value in its one canonical form."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
