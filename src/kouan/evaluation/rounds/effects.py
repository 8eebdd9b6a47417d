"""What the steps of a round do, in the same transaction: freeze gathers and keeps the figures, score keeps the scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Max

from kouan.basis import EvidenceRef, Finding, NotAllowed, Refused, Text, clock
from kouan.collection.models import LineageLink
from kouan.desk.matters.models import Matter, MatterStep
from kouan.desk.matters.queries import clocks_of, settings_of
from kouan.evaluation.method.scheme import METHOD_VERSION, Scheme, records, score_round
from kouan.evaluation.rounds.clearing import check_cleared
from kouan.evaluation.rounds.evidence.cross_check import differences, summary_of
from kouan.evaluation.rounds.evidence.deciding import check_entries
from kouan.evaluation.rounds.evidence.marking import check_marked, end_marking
from kouan.evaluation.rounds.evidence.overlay import overlaid
from kouan.evaluation.rounds.frozen import columns_of, data_of, plain, rows_of
from kouan.evaluation.rounds.gathering import Gathered, gather, generated, items_behind
from kouan.evaluation.rounds.models import Freeze, FrozenPort, Objection, PortScore, Round, Scoring
from kouan.evaluation.rounds.notices import send_notices
from kouan.evaluation.rounds.objections import check_objections
from kouan.evaluation.rounds.objects import evaluated
from kouan.evaluation.rounds.replaying import replayed
from kouan.evaluation.rounds.scheme_actions import refuse_altered
from kouan.grading.evaluation_results import NewResult, record_evaluation_results

PROCEDURES = Path(__file__).parent / "procedures"
Report = Callable[[int, int | None, str], None]
_report: ContextVar[Report | None] = ContextVar("round_report", default=None)


@contextmanager
def reporting(report: Report | None) -> Iterator[None]:
    """Tell somebody who waits how far a step is."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


def freeze(matter: Matter, step: MatterStep, actor: Any) -> None:
    """冻结: every figure of the round as known now, with its digest. Refused while an office's return is still open."""
    held = _round_of(matter)
    waiting = list(held.returns.filter(matter__ended_at__isnull=True).select_related("office"))
    if waiting:
        named = "、".join(each.office.name_zh for each in waiting[:5])
        raise Refused([Finding.error(
            "returns_open", f"{len(waiting)} 个单位的报送尚未核验或截止：{named}{'等' if len(waiting) > 5 else ''}。",
            f"{len(waiting)} returns are neither verified nor closed: {named.replace('、', ', ')}.", measured=len(waiting), required=0,
            remedy=("请催报、核验；逾期不报的，截止其报送并说明理由。", "Remind and verify; close with a reason what is overdue."))])
    scheme = refuse_altered(held.scheme_version)
    moment = clock.now()
    ports, about = evaluated(scheme, held.year, is_exercise=held.is_exercise, known_at=None if held.is_exercise else moment)
    if held.is_exercise != settings.IS_EXERCISE:
        raise NotAllowed.because("other_workspace", "演练评估和真实评估不得混用工作区。", "An exercise and a real round never share a workspace.",
                                 remedy=("请在原工作区办理。", "Go on in the workspace in which it was opened."))
    if held.is_exercise:
        gathered = generated(scheme, held.year, ports, unfiled=_unfiled(held), corrected=_corrected(held, scheme))
    else:
        gathered = gather(scheme, held.year, ports, moment, bases=_bases_before(held), unanswered=_unanswered(held, scheme.shape.missing.reminders),
                          report=_report.get())
    gathered = _with_what_was_filed(held, scheme, gathered)
    gathered.data.check(scheme)
    last = held.freezes.aggregate(last=Max("revision"))["last"] or 0
    data = gathered.data
    made = Freeze.objects.create(
        round=held, revision=last + 1, known_at=moment, first_year=data.years[0], last_year=data.years[-1], items=list(data.items),
        decisions=[each.as_dict() for each in data.decisions], failed_feeds=[each.as_dict() for each in data.failed_feeds],
        volume_bases=dict(data.volume_bases), is_exercise=data.is_exercise, seed=gathered.seed, scheme_digest=scheme.digest,
        data_digest=data.digest, cells=int(np.isfinite(data.values).sum()), findings=plain([*about, *gathered.findings]), frozen_by_id=actor.pk)
    FrozenPort.objects.bulk_create(rows_of(made, data, ports), batch_size=50)
    _link("freeze", made.pk, last + 1, gathered)
    # What was written is read back before anybody relies on it.
    data_of(made)
    end_marking(held, "数据已冻结")


def score(matter: Matter, step: MatterStep, actor: Any) -> None:
    """计分: the newest freeze scored by its scheme; the scores of the round's year are kept with the record that makes them again."""
    held = _round_of(matter)
    source = held.freezes.order_by("-revision").first()
    if source is None:
        raise Refused.because("not_frozen", "本轮数据尚未冻结。", "The figures of the round are not frozen.",
                              remedy=("请先冻结数据。", "Freeze them first."))
    say = _report.get() or (lambda done, total, stage: None)
    say(0, 3, "读取冻结数据")
    scheme, data = refuse_altered(held.scheme_version), data_of(source)
    if scheme.digest != source.scheme_digest:
        raise Refused.because("freeze_of_other_scheme", "冻结数据属于另一版方案。", "The figures were frozen under another scheme.",
                              measured=scheme.digest, required=source.scheme_digest,
                              remedy=("请退回核验后重新冻结。", "Send the round back and freeze anew."))
    say(1, 3, "计分")
    result = score_round(scheme, data)
    say(2, 3, "保存得分")
    record = {name: value for name, value in result.record().items() if name != "scheme"}
    last = held.scorings.aggregate(last=Max("number"))["last"] or 0
    made = Scoring.objects.create(
        round=held, freeze=source, number=last + 1, method=METHOD_VERSION, record=record, scheme_digest=scheme.digest, data_digest=data.digest,
        result_digest=result.digest, findings=plain(result.findings), scored_by_id=actor.pk)
    ports = {each.code: each for each in source.ports.defer("figures", "reminders")}
    own = (each for each in records(result) if each["year"] == held.year)
    PortScore.objects.bulk_create((PortScore(scoring=made, port=ports[each["port"]], **columns_of(each)) for each in own), batch_size=50)
    LineageLink.objects.create(
        user_room="evaluation", user_kind="scoring", user_id=str(made.pk), used_room="evaluation", used_kind="freeze", used_id=str(source.pk),
        used_revision=source.revision, used_digest=source.data_digest)
    say(3, 3, "保存得分")


def check_scored(matter: Matter, step: MatterStep, actor: Any) -> None:
    """审签: what is signed off are the scores of the newest freeze; they are made again and compared first."""
    replayed(_round_of(matter))


def sign_off(matter: Matter, step: MatterStep, actor: Any) -> None:
    """审签: the scores are made again and compared, then handed down to grading as facts, each with the row it comes from."""
    held = _round_of(matter)
    replayed(held)
    scoring = held.scorings.order_by("-number")[0]
    names = {each.code: each.name for each in held.scheme_version.scheme().shape.bands}
    rows = scoring.scores.filter(port__is_invented=False).select_related("port").defer("cells", "port__figures", "port__reminders")
    record_evaluation_results(actor=actor, lines=[NewResult(
        each.port.code, held.year, None if each.total is None else Decimal(str(round(each.total, 6))), each.band or "",
        names.get(each.band or "", Text("", "")), each.red_line, each.provisional,
        EvidenceRef("evaluation", "port_score", each.pk, scoring.number, scoring.result_digest)) for each in rows])


# ``check_scored`` is what editions of before 2026-11-27 name for their sign-off.
CARRIED = {"freeze": freeze, "score": score, "check_scored": check_scored, "sign_off": sign_off, "check_objections": check_objections,
           "send_notices": send_notices, "check_cleared": check_cleared, "check_entries": check_entries, "check_marked": check_marked}


def _round_of(matter: Matter) -> Round:
    found = Round.objects.select_related("scheme_version", "matter").filter(matter=matter).first()
    if found is None:
        raise Refused.because("no_round", "此件没有对应的年度评估。", "There is no round behind this matter.",
                              remedy=("请用“发起年度评估”开始。", "Open a round instead."))
    return found


def _with_what_was_filed(held: Round, scheme: Scheme, gathered: Gathered) -> Gathered:
    """Points, figures, experts' marks and rulings laid over what was gathered."""
    data, findings, evidence = overlaid(held, scheme, gathered.data)
    told = summary_of(differences(held, scheme, data.ports), scheme, data.called)
    return replace(gathered, data=data, findings=(*gathered.findings, *findings, *told), evidence=(*gathered.evidence, *evidence))


def _bases_before(held: Round) -> dict[str, float]:
    """The class medians of the base year as the last earlier round fixed them (they must not move from round to round)."""
    volume = held.scheme_version.scheme().shape.volume
    for each in Scoring.objects.filter(round__year__lt=held.year, round__is_exercise=held.is_exercise,
                                       round__matter__state__in=["signed", "notified", "published", "archived"]).select_related(
                                           "round__scheme_version").order_by("-round__year", "-number"):
        before = each.round.scheme_version.scheme().shape.volume
        if (before.base_year, before.parts) == (volume.base_year, volume.parts):
            return {name: float(value) for name, value in each.record["volume_bases"].items()}
    return {}


def _unfiled(held: Round) -> dict[str, int]:
    """Ports of offices whose return was closed as not filed, with how many reminders these had been told."""
    return {port: each.matter.notices.filter(kind="reminder").values("key").distinct().count()
            for each in held.returns.filter(matter__state="not_filed").select_related("matter") for port in each.ports}


def _corrected(held: Round, scheme: Scheme) -> dict[str, frozenset[str]]:
    """The items, by port, behind the indicators about which an objection was upheld."""
    found: dict[str, frozenset[str]] = {}
    for each in Objection.objects.filter(scoring__round=held, matter__state="upheld").exclude(indicator="").select_related("port"):
        found[each.port.code] = found.get(each.port.code, frozenset()) | items_behind(scheme, each.indicator)
    return found


def _unanswered(held: Round, reminders: int) -> frozenset[str]:
    """Ports of offices whose return was closed as not filed after its time, when as many reminders as the scheme asks for had been told."""
    found: set[str] = set()
    days = settings_of("evaluation_return").get("filing_days")
    for each in held.returns.filter(matter__state="not_filed").select_related("matter__edition"):
        told = each.matter.notices.filter(kind="reminder").values("key").distinct().count()
        filing = next((one for one in clocks_of(each.matter, each.matter.steps.order_by("-number")[0].taken_on) if one.code == "filing"), None)
        if filing is not None and days is not None and filing.used > days and told >= reminders:
            found.update(each.ports)
    return frozenset(found)


def _link(kind: str, pk: int, revision: int, gathered: Gathered) -> None:
    def link(used: EvidenceRef) -> LineageLink:
        return LineageLink(user_room="evaluation", user_kind=kind, user_id=str(pk), user_revision=revision, used_room=used.room, used_kind=used.kind,
                           used_id=str(used.id), used_revision=used.revision, used_digest=used.digest or "")

    LineageLink.objects.bulk_create([link(each) for each in gathered.evidence], batch_size=500)

