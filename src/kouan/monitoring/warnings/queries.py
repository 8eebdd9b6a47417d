"""What can be asked of warnings: those in scope, one with its steps and times, its chart, a back-test of a setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q

from kouan.audit import record_event
from kouan.basis import NotFound, Place, Text, clock
from kouan.desk.matters.queries import procedure_for
from kouan.monitoring.detection import (
    FLOW_DETECTORS,
    BackTest,
    ForecastMiss,
    Seasonal,
    Thresholds,
    backtest,
    expected_band,
)
from kouan.monitoring.warnings import forecasts, operations, reading
from kouan.monitoring.warnings.models import (
    EarlyWarning,
    PlannedSilence,
    QualityVote,
    WarningQuerySet,
)
from kouan.monitoring.warnings.routing import causes
from kouan.ports.models import Port

# Two months before and two weeks after: enough to see what was usual and what came of it.
DAYS_BEFORE, DAYS_AFTER = 56, 14


def warnings_visible_to(user: Any) -> WarningQuerySet:
    """The warnings that a user may see."""
    return EarlyWarning.objects.all().visible_to(user).select_related("matter__edition", "port", "handler")


def get_warning(user: Any, number: int) -> EarlyWarning:
    """A warning in scope. NotFound says the same whether it is unknown or somebody else's; the asking leaves a trace."""
    found = warnings_visible_to(user).filter(pk=number).first()
    if found is not None:
        return found
    if EarlyWarning.objects.filter(pk=number).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "warning", "id": number})
    raise NotFound.because("unknown_warning", f"没有编号为 {number} 的预警。", f"There is no warning number {number}.", where=Place(field="warning"),
                           remedy=("请从预警列表中选择。", "Choose it from the list of warnings."))


def latest_votes(warning: EarlyWarning) -> list[QualityVote]:
    """The vote of each person that counts, oldest first."""
    by_voter = {each.voter_id: each for each in QualityVote.objects.filter(warning=warning).select_related("voter__organisation").order_by("id")}
    return sorted(by_voter.values(), key=lambda each: each.pk)


@dataclass(frozen=True, slots=True)
class TimedStep:
    """One step, by which office, when, and how long the warning had stood in the state before (None for the first)."""

    label: Text
    state: Text
    office: str
    at: datetime
    after: timedelta | None


def timed_steps(warning: EarlyWarning) -> list[TimedStep]:
    """The steps and answers of a warning, each with the time since the one before."""
    procedure = procedure_for(warning.matter)
    rows: list[tuple[datetime, Text, Text, str]] = []
    for step in warning.matter.steps.select_related("actor__organisation").order_by("number"):
        known = procedure.transitions.get(step.transition)
        label = known.label if known else Text("发出预警", "Warning raised")
        office = step.actor.organisation.name_zh if step.actor else ""
        rows.append((step.recorded_at, label, procedure.states[step.state].label, office))
    for opinion in warning.matter.opinions.select_related("actor__organisation").order_by("id"):
        party = procedure.parties[opinion.party].label
        office = opinion.actor.organisation.name_zh if opinion.actor else party.zh
        rows.append((opinion.recorded_at, Text(f"联合研判答复：{opinion.words or '—'}", f"Joint answer: {opinion.words or '—'}"), party, office))
    rows.sort(key=lambda row: row[0])
    return [TimedStep(label, state, office, at, at - rows[place - 1][0] if place else None) for place, (at, label, state, office) in enumerate(rows)]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The series of a warning around its days: measured values and the usual band; None where nothing is known."""

    label: Text
    days: tuple[date, ...]
    measured: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


def drawn(warning: EarlyWarning) -> Drawn | None:
    """Measured values and the usual band from two months before to two weeks after, as far as days have passed; None where the series is gone."""
    if not warning.measure:
        return None
    # Days to come have no figure: they would read as not reported.
    until = max(min(warning.last_day + timedelta(days=DAYS_AFTER), clock.today() - timedelta(days=1)), warning.last_day)
    panel, _ = reading.panel_of([warning.port], until)
    row = next((at for at, key in enumerate(panel.series) if (key.measure, key.direction) == (warning.measure, warning.direction)), None)
    if row is None:
        return None
    kinds, width = reading.kinds_of(panel), Seasonal(reading.thresholds()).grid("score", panel)
    low, _, high = expected_band(panel, kinds).values(width)
    start = max(panel.column(warning.first_day) - DAYS_BEFORE, 0)

    def known(values: Any) -> tuple[float | None, ...]:
        return tuple(None if value != value else round(float(value), 1) for value in values[row, start:])

    days = tuple(panel.day(column) for column in range(start, panel.days))
    return Drawn(panel.series[row].words, days, known(panel.values), known(low), known(high))


def silences_of(user: Any, warning: EarlyWarning) -> list[PlannedSilence]:
    """The silences in sight that held at the warning's port on some of its days, or hold there now: closures, changed hours, plans."""
    now = clock.today()
    seen = PlannedSilence.objects.visible_to(user).running(warning.first_day, max(warning.last_day, now))
    rows = seen.filter(Q(port_id=warning.port_id) | Q(port__isnull=True, province_code__in=["", warning.port.province_code]))
    return [row for row in rows.order_by("first_day", "id")
            if row.first_day <= warning.last_day or row.last_day is None or row.last_day >= now]


def votes_on_record(user: Any) -> dict[tuple[str, date], bool]:
    """By port and first day whether the warning was of use: more votes for than against."""
    answer = {}
    for warning in warnings_visible_to(user).exclude(detector="platform").prefetch_related("votes"):
        counted = {vote.voter_id: vote.is_useful for vote in sorted(warning.votes.all(), key=lambda each: each.pk)}
        if counted:
            answer[warning.port.code, warning.first_day] = sum(counted.values()) * 2 > len(counted)
    return answer


def try_setting(
    user: Any, *, last: date, changes: Sequence[tuple[str, str, float]] = (), port: str = "", days: int = 365,
    detectors: Sequence[str] = FLOW_DETECTORS,
) -> BackTest:
    """What a setting would have told over the last year at the ports in one's scope. ``changes``: (detector, threshold, value)."""
    return try_settings(user, last=last, settings=[changes], port=port, days=days, detectors=detectors)[0]


def try_settings(
    user: Any, *, last: date, settings: Sequence[Sequence[tuple[str, str, float]]], port: str = "", days: int = 365,
    detectors: Sequence[str] = FLOW_DETECTORS, report: operations.Report = lambda done, total, stage: None,
) -> list[BackTest]:
    """The same for several settings beside each other: figures and events are read once."""
    ports = Port.objects.visible_to(user)
    if port:
        ports = ports.filter(code=port)
    first = last - timedelta(days=days - 1)
    panel, _ = reading.panel_of(ports, last, days=days + 460)
    kinds, votes = reading.kinds_of(panel), votes_on_record(user)
    silences = [silence for _, silence in reading.silences_between(first, last)]
    found = []
    flows = [key for key in detectors if key in FLOW_DETECTORS]
    read = bands = None
    if set(detectors) & set(operations.OPERATION_DETECTORS):
        read = operations.read_operations(user, {each.code: each for each in ports}, first, last, report=report)
    if "forecast_miss" in detectors:
        bands = forecasts.past_bands(panel, first)
    for changes in settings:
        setting: Thresholds = reading.thresholds()
        for detector, name, value in changes:
            setting = setting.tried(detector, port, **{name: value})
        more = operations.operation_candidates(read, setting, first, last, detectors) if read is not None else []
        if bands is not None:
            more += ForecastMiss(setting).candidates(panel, low=bands[0], high=bands[1])
        found.append(backtest(panel, kinds, setting, first=first, last=last, detectors=flows, silences=silences, votes=votes, more=more))
    return found


def told(warning: EarlyWarning) -> dict[str, Any]:
    """A warning as data."""
    state = procedure_for(warning.matter).states[warning.matter.state]
    votes = latest_votes(warning)
    return {
        "id": warning.pk, "matter": warning.matter_id, "port": warning.port.code, "port_name": warning.port.name_zh, "origin": warning.origin,
        "detector": warning.detector, "measure": warning.measure, "direction": warning.direction, "first_day": warning.first_day,
        "last_day": warning.last_day, "peak_day": warning.peak_day, "measured": warning.measured, "low": warning.low, "high": warning.high,
        "score": round(warning.score, 3), "goes": warning.goes, "message": {"zh": warning.message_zh, "en": warning.message_en},
        "state": warning.matter.state, "state_label": state.label.as_dict(), "is_open": warning.matter.ended_at is None,
        "handler": warning.handler.name_zh, "why": {"zh": warning.why_zh, "en": warning.why_en}, "is_joint": warning.is_joint,
        "cause": warning.cause or None, "cause_label": causes()[warning.cause].as_dict() if warning.cause in causes() else None,
        "cause_words": warning.cause_words, "useful_votes": sum(each.is_useful for each in votes), "votes": len(votes),
            "raised_at": warning.raised_at,
        "steps": [{"label": each.label.as_dict(), "office": each.office, "at": each.at,
                   "hours_after": None if each.after is None else round(each.after.total_seconds() / 3600, 2)} for each in timed_steps(warning)],
    }
