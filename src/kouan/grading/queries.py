"""The facts of ports in the register, and what the rules say of them.

Only the ports' own figures (and exercise figures in an exercise workspace) are facts for a
verdict: counterpart and press figures are shown beside it and never judged. A year of months
that is not whole is given with the months it covers, so that the rule can say ``incomplete``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from kouan.basis import EvidenceRef, Finding, Refused, SubjectKind, SubjectRef, clock
from kouan.collection.models import Origin, Series
from kouan.grading.definitions import GROUPS, REGISTERED
from kouan.grading.facts import CARGO, PERSONS, PortFacts, TransportClass
from kouan.grading.figures import MeasureFigures, figures_of_year
from kouan.grading.lawbook import queries as lawbook
from kouan.grading.lawbook.models import LawChange
from kouan.grading.models import VerdictRecord
from kouan.grading.rules import VolumeStandard, VolumeVerdict
from kouan.grading.standard import DEFINED_BY
from kouan.grading.verdict import Verdict
from kouan.law import DatedValue, Law, Library, Ruling, load_rulings
from kouan.law.changes import with_values
from kouan.monitoring.queries import series_of
from kouan.monitoring.rollup import Used
from kouan.ports.during import HeldDuring, held_during, year_until_today
from kouan.ports.models import Port, PortChange, TransportMode
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
    """Where an installation may keep rulings as a file (R-247), beside those approved in the system."""
    return Path(settings.HOME.path) / "rulings.yaml"


def rulings_of_file() -> tuple[Ruling, ...]:
    """The rulings of the file; none when there is no file. A faulty file is refused, not skipped."""
    place = rulings_path()
    return tuple(load_rulings(place)) if place.exists() else ()


def rulings_on_record(approved: Iterable[LawChange] | None = None) -> tuple[Ruling, ...]:
    """The rulings of this installation: those of the file and those approved (``approved``: read already)."""
    return (*rulings_of_file(), *lawbook.approved_rulings(lawbook.approved_changes() if approved is None else approved))


def law_as_of(day: date | None = None, known_at: date | None = None) -> Law:
    """The law on a day (today by default): files of this release, rulings, and values approved from that day or before.

    ``known_at`` leaves out what was issued, or approved here, after that day.
    """
    day = day or clock.today()
    approved = lawbook.approved_changes(known_at)
    return _law(day, rulings_on_record(approved), lawbook.approved_values(day, approved), known_at)


@lru_cache(maxsize=64)
def _law(day: date, rulings: tuple[Ruling, ...], values: tuple[DatedValue, ...] = (), known_at: date | None = None) -> Law:
    return Law(day, rulings, known_at=known_at, library=with_values(Library.shipped(), values))


def is_fact(series: Series) -> bool:
    """Whether a series may speak for its port in a verdict: the port's own, of a measure the standard asks for.

    The whole, or a part (travellers, transit cargo) that another reading of the definition asks for.
    """
    return (series.subject_kind == SubjectKind.PORT and series.measure in DEFINED_BY
            and series.group in GROUPS[DEFINED_BY[series.measure]] and series.origin in FACT_ORIGINS)


def held_in_year(
    ports: Iterable[Port], year: int, changes: Iterable[PortChange] | None = None
) -> dict[str, HeldDuring]:
    """What the register held of the ports through a year (until today), by code: one query for all of them.

    Two clocks. Status, class and border position are those that were true at the end of the judged year (on
    31 December, or today while it runs), as known now: a change dated later does not reach back, a correction
    recorded later does. ``changes``: the ports' changes where the caller has read them.
    """
    return held_during(ports, *year_until_today(year), changes=changes)


def facts_for_year(
    ports: Iterable[Port], year: int, series: Iterable[Series] | None = None,
    held: Mapping[str, HeldDuring] | None = None,
) -> list[tuple[PortFacts, tuple[EvidenceRef, ...]]]:
    """The facts of each port, in order, with references to the series they were read from.

    ``series``: the ports' series where the caller has read them already; only those that may be facts are
    used. ``held``: what the register held (``held_in_year``); a port that was not on record then has no class.
    The day of acceptance is a fact about the past and so the newest we know.
    """
    wanted = list(ports)
    if held is None:
        held = held_in_year(wanted, year)
    if series is None:
        subjects = [SubjectRef.of(SubjectKind.PORT, port.code) for port in wanted]
        series = series_of(subjects, measures=(CARGO, PERSONS), origins=FACT_ORIGINS, group=None)
    heads = [each for each in series if is_fact(each)]
    figures = figures_of_year(heads, year)
    return [_facts_of(port, year, held.get(port.code), figures) for port in wanted]


def _facts_of(
    port: Port, year: int, held: HeldDuring | None, figures: Mapping[tuple[str, str], MeasureFigures]
) -> tuple[PortFacts, tuple[EvidenceRef, ...]]:
    totals: dict[str, Decimal | None] = {}
    months: dict[str, int | None] = {}
    other: dict[str, dict[str, Decimal]] = {}
    other_months: dict[str, dict[str, int]] = {}
    remarks: list[Finding] = []
    used: set[Used] = set()
    for measure, key in DEFINED_BY.items():
        found = figures.get((port.code, measure))
        if found is None:
            continue
        for choice, figure in found.by_choice.items():
            used.update(figure.used)
            if choice == REGISTERED[key]:
                totals[measure], months[measure] = figure.value, figure.months
            else:
                other.setdefault(key, {})[choice] = figure.value
                other_months.setdefault(key, {})[choice] = figure.months
        remarks.extend(found.remarks)
    transport_class = held.transport_class if held else None
    is_border = held.is_border if held else None
    facts = PortFacts(
        code=port.code, year=year,
        transport_class=TransportClass(transport_class) if transport_class else None,
        is_border=is_border, accepted_on=port.accepted_on,
        cargo_tonnes=totals.get(CARGO), person_crossings=totals.get(PERSONS),
        months_reported=months or None,
        candidate_classes=() if transport_class else candidates_for(port, is_border),
        by_definition=other, months_by_definition=other_months, counted_as=REGISTERED, remarks=tuple(remarks),
    )
    return facts, evidence_of(used)


def evidence_of(used: Iterable[Used]) -> tuple[EvidenceRef, ...]:
    """One reference for each series: the highest revision used of it, and a digest over every figure used.

    The digest is taken over (observation, revision, value) in the order of the observations, so that any
    other figure, or another revision of the same value, is another digest.
    """
    by_series: dict[int, list[Used]] = {}
    for each in sorted(used):
        by_series.setdefault(each.series, []).append(each)
    return tuple(
        EvidenceRef("collection", "series", pk, max(each.revision for each in rows),
                    digest_of([[each.observation, each.revision, f"{each.value:f}"] for each in rows]))
        for pk, rows in by_series.items()
    )


def candidates_for(port: Port, is_border: bool | None) -> tuple[TransportClass, ...]:
    """The classes that a port may have whose class nobody has decided; each is judged and shown (A-04, A-09)."""
    if port.mode == TransportMode.AIR:
        return (TransportClass.AIR_COASTAL, TransportClass.AIR_OTHER)
    if port.mode != TransportMode.WATER:
        return ()
    if is_border:
        return (TransportClass.BOUNDARY_RIVER, TransportClass.INLAND_RIVER)
    return (TransportClass.SEA, TransportClass.INLAND_RIVER)


def judge(
    ports: Iterable[Port], year: int, law: Law, series: Iterable[Series] | None = None,
    held: Mapping[str, HeldDuring] | None = None,
) -> list[Judged]:
    """Apply the volume standard to each port, in order; ``series`` and ``held`` as in ``facts_for_year``."""
    wanted = list(ports)
    return [
        Judged(port, facts, outcome_of(facts, law), evidence)
        for port, (facts, evidence) in zip(wanted, facts_for_year(wanted, year, series, held), strict=True)
    ]


def outcome_of(facts: PortFacts, law: Law) -> VolumeVerdict:
    """The verdict on one port. Figures that cannot be are no facts: without them the port is judged as one
    that has not reported, and the error findings say which they were, so that one port stops no other."""
    try:
        return RULE.judge(facts, law)
    except Refused as refusal:
        return replace(RULE.judge(_bare(facts), law), findings=tuple(refusal.findings))


def verdict_of(facts: PortFacts, law: Law) -> Verdict:
    """The verdict of ``outcome_of`` without its words: a tenth of the time."""
    is_wrong = any(finding.is_error for finding in facts.findings(law.as_of))
    return RULE.verdict(_bare(facts) if is_wrong else facts, law)


def _bare(facts: PortFacts) -> PortFacts:
    return replace(facts, cargo_tonnes=None, person_crossings=None, months_reported=None, accepted_on=None,
                   by_definition={}, months_by_definition={}, remarks=())


def judged_unasked(ports: Iterable[Port], held: Mapping[str, HeldDuring]) -> list[Port]:
    """The ports a year's list holds: no groups (their members are judged), and none that was gone all year.

    A port that was open on any day of the year stands in its list, though it was closed or merged later;
    one that was planned, closed or merged all year, or not yet on record, does not.
    """
    return [
        port for port in ports
        if (there := held.get(port.code)) is not None and not there.is_group and not there.was_out
    ]


def verdicts_for_year(
    user: Any, year: int, *, as_of: date | None = None, codes: Sequence[str] | None = None
) -> list[Judged]:
    """The verdicts of the ports that the user may see; of any visible port that is named in ``codes``."""
    visible = ports_visible_to(user)
    ports = list(visible if codes is None else visible.filter(code__in=codes))
    held = held_in_year(ports, year)
    return judge(judged_unasked(ports, held) if codes is None else ports, year, law_as_of(as_of), held=held)


def recorded_verdicts(user: Any, year: int | None = None) -> Any:
    """The newest recorded verdict of each visible port and year."""
    records = VerdictRecord.objects.filter(port_code__in=ports_visible_to(user).values("code"))
    return records if year is None else records.filter(year=year)


def newest_verdicts(user: Any, year: int) -> list[VerdictRecord]:
    """The last revision of each visible port's recorded verdict of a year, by port."""
    last: dict[str, VerdictRecord] = {}
    for record in recorded_verdicts(user, year).order_by("port_code", "revision"):
        last[record.port_code] = record
    return list(last.values())


def digest_of(value: Any) -> str:
    """SHA-256 of a JSON-ready value in its one canonical form."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
