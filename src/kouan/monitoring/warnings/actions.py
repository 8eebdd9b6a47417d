"""Verbs of warnings: detect and tell once, vote on their use, plan and end silences, set a threshold after a back-test.

The steps of a warning (acknowledge, assign, answer, report, verify, close) are those of the desk: ``take_step`` and ``give_opinion``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kouan.accounts.action import System, action
from kouan.accounts.models import OrganisationKind
from kouan.audit import record_event
from kouan.basis import Conflict, EvidenceRef, NotAllowed, NotFound, Place, Refused, SubjectRef, Text, clock
from kouan.collection.lineage import record_use
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters import mails
from kouan.desk.matters.actions import Concerns, open_matter
from kouan.desk.matters.models import MatterNotice
from kouan.desk.matters.parties import national_office
from kouan.monitoring.detection import (
    Candidate,
    Episode,
    ForecastMiss,
    episodes,
    flow_candidates,
    registered_detectors,
    shipped,
)
from kouan.monitoring.detection.episodes import QUIET_DAYS
from kouan.monitoring.warnings import forecasts, operations, reading, routing
from kouan.monitoring.warnings.evidence import record_evidence, reference
from kouan.monitoring.warnings.models import (
    EarlyWarning,
    PlannedSilence,
    QualityVote,
    SilencedEpisode,
    SilenceGrounds,
    ThresholdChange,
)
from kouan.monitoring.warnings.queries import get_warning
from kouan.ports.models import Port

# How far back a run looks for what is not told yet: a week of days on which nobody ran it.
LOOK_BACK = 7
# What a closed port does of itself: nothing is sent, and what is declared waits. Its flows stop too, and that is still told once.
CLOSED = ("silent_source", "backlog")
TOLD = Text("预警：{title}", "Early warning: {title}")


@dataclass(frozen=True, slots=True)
class Detected:
    """What a run brought: warnings opened, open ones prolonged, episodes kept silent, series read."""

    opened: tuple[int, ...]
    prolonged: tuple[int, ...]
    silenced: int
    series: int


@action("warnings.detect")
def detect_warnings(*, actor: System, until: date | None = None, look_back: int = LOOK_BACK) -> Detected:
    """Run the detectors over the daily figures and the events of every port, tell what is new up to a day (yesterday), and keep the
    forecast of the days after it.

    However often it runs, an episode is told once: a candidate within three days of a warning's last day belongs to that warning. Refused
    while the national office has not set the periods of the procedure, for then no matter can begin.
    """
    last = until or clock.today() - timedelta(days=1)
    first = last - timedelta(days=look_back - 1)
    ports = {port.code: port for port in Port.objects.all()}
    panel, origins = reading.panel_of(ports.values(), last)
    read = operations.read_operations(actor, ports, first, last)
    if not panel.series and not read.series:
        return Detected((), (), 0, 0)
    setting = reading.thresholds()
    seen = operations.operation_candidates(read, setting, first, last)
    if panel.series:
        seen += [each for each in flow_candidates(panel, reading.kinds_of(panel), setting) if first <= each.day <= last]
        low, high = forecasts.stored_bands(panel, first)
        seen += [each for each in ForecastMiss(setting).candidates(panel, low=low, high=high) if first <= each.day <= last]
        forecasts.store_forecasts(panel, last)
    planned = reading.silences_between(first, last)
    told, silent = episodes(seen, [silence for _, silence in planned])
    opened: list[int] = []
    prolonged: list[int] = []
    for episode in told:
        held, is_new = _tell(actor, ports[episode.port], origins.get(episode.port, operations.own_origin()), episode)
        (opened if is_new else prolonged).append(held.pk)
    rows = {id(silence): row for row, silence in planned}
    for episode in silent:
        peak = episode.peak
        SilencedEpisode.objects.update_or_create(
            silence=rows[id(episode.silence)], port=ports[episode.port], first_day=episode.first,
            defaults={"last_day": episode.last, "detector": peak.detector, "message_zh": peak.message.zh[:600],
                      "message_en": peak.message.en[:900]})
    if opened:
        mails.send_soon()
    return Detected(tuple(opened), tuple(dict.fromkeys(prolonged)), len(silent), len(panel.series) + read.series)


def _tell(actor: System, port: Port, origin: str, episode: Episode) -> tuple[EarlyWarning, bool]:
    known = EarlyWarning.objects.select_for_update().filter(
        port=port, first_day__lte=episode.last, last_day__gte=episode.first - timedelta(days=QUIET_DAYS),
    ).exclude(detector="platform").order_by("-last_day").first()
    if known is not None:
        return _prolong(known, episode), False
    sent = routing.route(port, episode.detectors, episode.peak.score)
    # A stop that is also far below the usual band is told as a stop: the rule that sent it says what it is about.
    of_rule = [each for each in episode.candidates if each.detector in sent.rule.detectors]
    peak = max(of_rule or episode.candidates, key=lambda each: each.score)
    label = registered_detectors()[peak.detector].title
    title = f"{port.name_zh}：{label.zh}（{episode.first:%Y-%m-%d}）"
    values = _seen(episode.candidates, peak)
    warning = open_warning(actor, port, title, sent, first_day=episode.first, origin=origin, **values)
    record_evidence(warning, episode.candidates)
    return warning, True


def open_warning(actor: Any, port: Port, title: str, sent: routing.Route, **values: Any) -> EarlyWarning:
    """Open the matter of a warning at its office, keep the warning, and tell everybody who must know."""
    named = {"handler": sent.handler.code, "verifier": sent.verifier.code, **{party: office.code for party, office in sent.members.items()}}
    matter = open_matter(
        actor=actor, procedure=routing.PROCEDURE, title=title, applicant=national_office(), named=named, asked=list(sent.members),
        concerns=Concerns(SubjectRef.of("port", port.code), port.province_code, port.city_code, port.code),
        facts={"is_joint": bool(sent.members)})
    warning = EarlyWarning.objects.create(
        matter=matter, port=port, rule=sent.rule.code, why_zh=sent.why.zh[:300], why_en=sent.why.en[:400], handler=sent.handler,
        is_joint=bool(sent.members), **values)
    record_use(EvidenceRef("desk", "matter", matter.pk), [reference(warning)])
    for office in {sent.handler.pk: sent.handler, **{each.pk: each for each in sent.members.values()}}.values():
        for person in office.users.filter(is_active=True, role__in=routing.roles_of(office)):
            MatterNotice.objects.create(
                matter=matter, key="warning:raised", kind="warning", recipient=person,
                text_zh=TOLD.zh.format(title=warning.message_zh)[:400], text_en=TOLD.en.format(title=warning.message_en)[:400])
    return warning


def _seen(found: Sequence[Candidate], peak: Candidate) -> dict[str, Any]:
    return {
        "detector": peak.detector, "measure": peak.series.measure, "direction": peak.series.direction, "last_day": found[-1].day,
        "peak_day": peak.day, "measured": peak.measured, "low": peak.low, "high": peak.high, "score": peak.score, "goes": peak.goes,
        "message_zh": peak.message.zh[:600], "message_en": peak.message.en[:900], "candidates": [each.as_dict() for each in found],
    }


def _prolong(warning: EarlyWarning, episode: Episode) -> EarlyWarning:
    """Add what is new. The detector and the office stay: who has it in hand keeps it."""
    held = {(each["detector"], each["measure"], each["direction"], each["day"]) for each in warning.candidates}
    new = [each for each in episode.candidates
           if (each.detector, each.series.measure, each.series.direction, each.day.isoformat()) not in held]
    if not new:
        return warning
    warning.candidates = [*warning.candidates, *(each.as_dict() for each in new)]
    warning.last_day = max(warning.last_day, max(each.day for each in new))
    peak = max(new, key=lambda each: each.score)
    if peak.score > warning.score:
        warning.peak_day, warning.measured, warning.low, warning.high = peak.day, peak.measured, peak.low, peak.high
        warning.score, warning.goes = peak.score, peak.goes
        warning.message_zh, warning.message_en = peak.message.zh[:600], peak.message.en[:900]
    warning.save()
    record_evidence(warning, new)
    return warning


@action("warnings.vote")
def vote_on_warning(*, actor: Any, warning: int, is_useful: bool, words: str = "") -> QualityVote:
    """Say whether a warning was of use. The latest vote of a person counts; the earlier ones stay."""
    refuse_secrets(words)
    held = get_warning(actor, warning)
    return QualityVote.objects.create(warning=held, voter=actor, is_useful=is_useful, words=words.strip()[:400])


@action("warnings.plan")
def plan_silence(
    *, actor: Any, first: date, last: date, reason: str, port: str = "", detectors: Sequence[str] = (), grounds: str = SilenceGrounds.PLANNED,
    document: str = "",
) -> PlannedSilence:
    """Plan a silence: for one port in scope, or (no port) for all of one's own province, of the nation for the national office.

    A change of published opening hours (``grounds`` "hours") is of one port and names the paper; unless told otherwise it covers what
    falls silent of itself: sources and backlogs.
    """
    refuse_secrets(reason)
    if not reason.strip():
        raise Refused.because("value_required", "请填写静默的理由。", "Give the reason of the silence.", where=Place(field="reason"),
                              remedy=("如“国庆假期，客流高峰已有安排”。", "As “National Day; the peak is planned for”."))
    if last < first or (last - first).days > 366:
        raise Refused.because("bad_span", "静默的止日应不早于起日，且不超过一年。", "A silence ends no earlier than it begins, and within a year.",
                              where=Place(field="last"), measured=f"{first} – {last}", remedy=("请改正日期。", "Correct the days."))
    unknown = sorted(set(detectors) - set(registered_detectors()))
    if unknown:
        raise Refused.because("unknown_detector", f"没有名为“{unknown[0][:24]}”的检测规则。", f"There is no detector “{unknown[0][:24]}”.",
                              where=Place(field="detectors"), remedy=(f"可用：{'、'.join(registered_detectors())}。",
                                                                     f"Known: {', '.join(registered_detectors())}."))
    if grounds not in (SilenceGrounds.PLANNED, SilenceGrounds.HOURS):
        raise Refused.because("bad_grounds", "依据只能是计划安排或公布的开放时间调整。", "A silence rests on a plan or on changed opening hours.",
                              where=Place(field="grounds"), remedy=("口岸关闭请在突发事件页登记。", "Enter a closure with its emergency."))
    if grounds == SilenceGrounds.HOURS:
        if not port or not document.strip():
            raise Refused.because("hours_need_paper", "开放时间调整应写明口岸和公布的文件。", "Changed hours are of one port and name their paper.",
                                  where=Place(field="document" if port else "port"), remedy=("如“口岸通告〔2026〕3号”。", "As “Notice 3 of 2026”."))
        detectors = detectors or CLOSED
    held = port_in_scope(actor, port) if port else None
    province = ""
    if held is None and actor.organisation.kind != OrganisationKind.NATIONAL_OFFICE:
        if actor.organisation.kind != OrganisationKind.PROVINCIAL_OFFICE:
            raise NotAllowed.because("port_needed", "请指定口岸：贵单位只能为所辖口岸登记静默。",
                "Name a port: your office plans silences for its own ports.",
                                     remedy=("请选择口岸。", "Choose a port."))
        province = actor.organisation.province_code
    return PlannedSilence.objects.create(
        port=held, province_code=province, first_day=first, last_day=last, reason=reason.strip()[:300], detectors=sorted(set(detectors)),
        grounds=grounds, document=document.strip()[:120], planned_by=actor)


@action("warnings.plan")
def end_silence(*, actor: Any, silence: int) -> PlannedSilence:
    """End a silence of one's own office before its last day; the national office may end any."""
    seen = PlannedSilence.objects.visible_to(actor).filter(pk=silence).values("pk")
    held = PlannedSilence.objects.select_for_update(of=("self",)).select_related("planned_by").filter(pk__in=seen).first()
    if held is None:
        record_event("out_of_scope", actor_id=actor.pk, payload={"kind": "silence", "id": silence})
        raise NotFound.because("unknown_silence", f"没有编号为 {silence} 的静默。", f"There is no silence number {silence}.",
            where=Place(field="silence"),
                               remedy=("请从列表中选择。", "Choose it from the list."))
    if held.is_by_closure:
        raise Conflict.because("silence_of_closure", "此静默随口岸关闭登记，恢复开放时自动结束。", "A closure brought this silence and ends it.",
                               where=Place(field="silence"), remedy=("请在突发事件页登记恢复。", "Enter with the emergency that it reopened."))
    if held.planned_by.organisation_id != actor.organisation_id and actor.organisation.kind != OrganisationKind.NATIONAL_OFFICE:
        raise NotAllowed.because("not_your_silence", "只有登记静默的单位或国家口岸办可以提前结束。",
            "Only the office that planned it, or the national office, may end it.",
                                 remedy=("请联系登记单位。", "Ask the office that planned it."))
    if held.ended_at is not None:
        raise Conflict.because("silence_ended", "此静默已经结束。", "The silence has ended already.", remedy=("请刷新页面。", "Reload the page."))
    held.ended_at = clock.now()
    held.save(update_fields=["ended_at"])
    return held


def silence_closure(*, actor: Any, reference: str, port: Port, first: date, last: date | None, reason: str) -> PlannedSilence:
    """Keep still, at a port that is closed, what falls silent of itself: its sources and the goods that wait. No verb: the closure is one,
    and calls this in its transaction; ``last`` None until it is open again."""
    held, _ = PlannedSilence.objects.update_or_create(reference=reference, defaults={"last_day": last}, create_defaults={
        "port": port, "first_day": first, "last_day": last, "reason": reason[:300], "detectors": sorted(CLOSED), "grounds": SilenceGrounds.CLOSURE,
        "planned_by": actor})
    return held


@action("warnings.set")
def set_threshold(
    *, actor: Any, detector: str, name: str, value: float, since: date, reason: str, port: str = ""
) -> ThresholdChange:
    """Set a threshold from a day on, for one port in scope or (the national office only) for all, with the reason, as after a back-test."""
    refuse_secrets(reason)
    if not reason.strip():
        raise Refused.because("value_required", "请填写调整的理由（如回测结果）。", "Give the reason, such as the back-test's result.",
            where=Place(field="reason"),
                              remedy=("可引用回测页的结论。", "Quote the back-test."))
    if not 0 < value < 1e9:
        raise Refused.because("bad_threshold", "阈值应为正数。", "A threshold is a positive number.", where=Place(field="value"), measured=str(value),
                              remedy=("请改正。", "Correct it."))
    shipped().changed(detector, Text(reason, reason), since, "", **{name: value})
    held = port_in_scope(actor, port) if port else None
    if held is None and actor.organisation.kind != OrganisationKind.NATIONAL_OFFICE:
        raise NotAllowed.because("port_needed", "全国的阈值由国家口岸办调整；请指定口岸。",
            "Thresholds for all ports are the national office's; name a port.",
                                 remedy=("请选择口岸。", "Choose a port."))
    return ThresholdChange.objects.create(detector=detector, name=name, port=held, value=value, since=since, reason=reason.strip()[:300],
        set_by=actor)


def port_in_scope(actor: Any, code: str) -> Port:
    found = Port.objects.visible_to(actor).filter(code=code).first()
    if found is None:
        if Port.objects.filter(code=code).exists():
            record_event("out_of_scope", actor_id=actor.pk, payload={"kind": "port", "code": code})
        raise Refused.because("unknown_port", "没有这个口岸，或它不在贵单位范围内。", "There is no such port in your scope.",
            where=Place(field="port"),
                              remedy=("请从列表中选择。", "Choose it from the list."))
    return found
