"""Verbs of issues: submitted by an enterprise, entered for one, opened by a weak indicator; rated, objected to, withdrawn.

The steps of offices are those of the desk (``take_step``). An enterprise takes no step of a matter itself: its verbs check
that the issue is its own and carry the step for it, so that the matter names nobody of the enterprise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from django.db import IntegrityError, transaction

from kouan.accounts.action import acting_system, action
from kouan.accounts.models import Organisation
from kouan.audit import record_event
from kouan.basis import Conflict, EvidenceRef, Finding, NotFound, Place, Refused, SubjectRef, clock, nearest
from kouan.casework.bottlenecks import routing
from kouan.casework.bottlenecks.effects import refuse_identity, satisfaction_said
from kouan.casework.bottlenecks.models import Issue, IssueEvidence, IssueHandover, Origin
from kouan.casework.bottlenecks.queries import get_issue
from kouan.collection.lineage import record_use
from kouan.desk.actions import record_document, refuse_secrets, store_version
from kouan.desk.matters.actions import Concerns, carry_step, open_matter
from kouan.desk.matters.paper_files import check_file, kind_of
from kouan.desk.matters.parties import national_office
from kouan.ports.models import Port

MOST_FILES = 5
LONGEST = {"facts": 4000, "wanted": 1000, "contact_name": 64, "contact_phone": 32, "enterprise_name": 120}


@dataclass(frozen=True, slots=True)
class NewIssue:
    """What is said of an issue. ``about``: code of the agency or office concerned, empty where it is not known."""

    port: str
    stage: str
    kind: str
    level: str
    facts: str
    wanted: str = ""
    about: str = ""
    indicator: str = ""
    is_anonymous: bool = False
    contact_name: str = ""
    contact_phone: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that comes with an issue."""

    source: IO[bytes]
    name: str


@action("issues.submit")
def submit_issue(*, actor: Any, said: NewIssue, files: Sequence[EvidenceFile] = (), on: date | None = None) -> Issue:
    """An enterprise reports what holds it up; routed at once. Refused with every field that is missing or names nothing."""
    return _open(actor, said, Origin.ENTERPRISE, files=files, enterprise=actor.organisation, enterprise_name=actor.organisation.name_zh, on=on)


@action("issues.enter")
def enter_issue(*, actor: Any, said: NewIssue, enterprise_name: str, files: Sequence[EvidenceFile] = (), on: date | None = None) -> Issue:
    """An office enters what an enterprise told by phone or at the counter; the office later calls back for the rating."""
    if not enterprise_name.strip():
        raise Refused.because("value_required", "请填写企业名称。", "Give the enterprise's name.", where=Place(field="enterprise_name"),
                              remedy=("照来电来访登记填写。", "As it was noted at the call."))
    port = Port.objects.visible_to(actor).filter(code=said.port).first()
    if port is None and Port.objects.filter(code=said.port).exists():
        record_event("out_of_scope", actor_id=actor.pk, payload={"kind": "port", "code": said.port})
        raise Refused.because("unknown_port", "没有这个口岸，或它不在贵单位范围内。", "There is no such port in your scope.",
            where=Place(field="port"),
                              remedy=("请由该口岸所在地的口岸办代录。", "Let the office of that port's place enter it."))
    return _open(actor, said, Origin.PHONE, files=files, enterprise_name=enterprise_name.strip(), office=actor.organisation, on=on)


@action("issues.raise")
def open_from_indicator(
    *, actor: Any, indicator: str, port: str, score: str, evidence: EvidenceRef, facts: str, wanted: str = "", kind: str = "other",
    stage: str = "other", about: str = "", on: date | None = None,
) -> Issue:
    """A weak indicator opens a task (R-185); it closes with evidence, and the national office says whether that is enough.

    ``evidence`` is the reference of the submitted score; the same score of a port opens one task only. Raises ``Conflict`` with
    the number of the one that is open.
    """
    if not score.strip() or len(score) > 40:
        raise Refused.because("value_required", "请填写该指标的得分（照评估结果，不超过40字）。",
            "Give the score, as evaluated, in at most 40 characters.",
                              where=Place(field="score"), remedy=("照评估结果填写。", "As the evaluation has it."))
    found = Issue.objects.filter(origin=Origin.INDICATOR, port__code=port, indicator=indicator, evidence_uri=evidence.uri).first()
    if found is not None:
        raise _twice(found)
    said = NewIssue(port, stage, kind, "port", facts, wanted, about, indicator)
    try:
        with transaction.atomic():
            issue = _open(actor, said, Origin.INDICATOR, office=actor.organisation, score=score.strip(), evidence=evidence, on=on)
    except IntegrityError:
        raise _twice(Issue.objects.get(origin=Origin.INDICATOR, port__code=port, indicator=indicator, evidence_uri=evidence.uri))
    record_use(EvidenceRef("casework", "issue", issue.pk), [evidence])
    return issue


@action("issues.submit")
def rate_issue(*, actor: Any, issue: int, satisfaction: str, comment: str = "", on: date | None = None) -> Issue:
    """The enterprise accepts and rates the answer. Of an issue joined to another, the lead's answer is rated."""
    held = _own(actor, issue)
    code = satisfaction_said(satisfaction)
    if held.lead_id is None:
        return _carry(held, "rate", {"satisfaction": code, "comment": comment.strip()[:1000] or "—"}, on)
    if held.lead.answered_on is None or held.satisfaction:  # type: ignore[union-attr]
        raise Conflict.because("nothing_to_rate", "牵头诉求尚未答复，或您已评价。", "The lead issue is not answered yet, or you have rated it.",
                               remedy=("请待答复后评价。", "Rate it once it is answered."))
    refuse_secrets(comment)
    held.satisfaction, held.comment = code, comment.strip()[:1000]
    held.save(update_fields=["satisfaction", "comment"])
    return held


@action("issues.submit")
def object_to_answer(*, actor: Any, issue: int, objection: str, on: date | None = None) -> Issue:
    """The enterprise does not accept the answer, once; the superior of the office looks at it."""
    return _carry(_own(actor, issue), "object", {"objection": objection.strip()[:2000]}, on)


@action("issues.submit")
def withdraw_issue(*, actor: Any, issue: int, reason: str, on: date | None = None) -> Issue:
    """The enterprise takes its issue back."""
    return _carry(_own(actor, issue), "withdraw", {"reason": reason.strip()[:1000]}, on)


# ---- the parts ---------------------------------------------------------------------------------------------------


def _own(actor: Any, number: int) -> Issue:
    found = get_issue(actor, number)
    if found.enterprise_id != actor.organisation_id:
        raise NotFound.because("unknown_issue", f"没有编号为 {number} 的诉求。", f"There is no issue number {number}.", where=Place(field="issue"))
    return Issue.objects.select_for_update(of=("self",)).select_related("matter", "lead", "port").get(pk=found.pk)


def _carry(issue: Issue, transition: str, fields: Mapping[str, str], on: date | None) -> Issue:
    with acting_system("bottlenecks") as system:
        carry_step(actor=system, matter=issue.matter_id, transition=transition, fields=fields, documents={}, on=on)
    issue.refresh_from_db()
    return issue


def _open(
    actor: Any, said: NewIssue, origin: Origin, *, enterprise_name: str = "", enterprise: Organisation | None = None,
    office: Organisation | None = None, files: Sequence[EvidenceFile] = (), score: str = "", evidence: EvidenceRef | None = None,
    on: date | None = None,
) -> Issue:
    port, about = _checked(said, files)
    refuse_secrets(said.facts, said.wanted, said.contact_name, enterprise_name, score)
    day = on or clock.today()
    route = routing.route(port, said.kind, said.level, about)
    caller = office or routing.provincial_office(port.province_code) or national_office()
    label = routing.label_of("kinds", said.kind)
    with acting_system("bottlenecks") as system:
        matter = open_matter(
            actor=system, procedure=routing.PROCEDURE, title=f"{port.name_zh}：{label.zh.partition('（')[0]}问题", applicant=office
                or national_office(),
            concerns=Concerns(SubjectRef.of("port", port.code), port.province_code, port.city_code),
            named={"handler": route.office.code, "superior": routing.superior_of(route.office, port).code, "visitor": caller.code}, on=day)
    issue = Issue(
        matter=matter, origin=origin, port=port, stage=said.stage, kind=said.kind, level=said.level, facts=said.facts.strip(),
        wanted=said.wanted.strip(), is_anonymous=said.is_anonymous, enterprise=enterprise, enterprise_name=enterprise_name,
        contact_name=said.contact_name.strip(), contact_phone=said.contact_phone.strip(), submitted_by=actor, entered_by_office=office,
        about_office=about, rule=route.rule, why_zh=route.why.zh[:300], why_en=route.why.en[:400], first_office=route.office, handler=route.office,
        indicator=said.indicator, score=score, evidence=evidence.as_dict() if evidence else None, evidence_uri=evidence.uri if evidence else "",
        submitted_on=day)
    refuse_identity(issue, facts=said.facts, wanted=said.wanted)
    issue.save()
    IssueHandover.objects.create(issue=issue, step="route", office=route.office, reason=route.why.zh[:400])
    with acting_system("bottlenecks") as system:
        carry_step(actor=system, matter=matter.pk, transition="route", fields={}, documents={}, on=day)
        for number, each in enumerate(files, 1):
            # Known to the desk alone: the paper of an enterprise is handed out by the page of its issue, to whom may know it.
            paper = record_document(actor=system, reference=f"issue-{issue.pk}-{number}", kind="other", title=f"诉求#{issue.pk}佐证材料{number}")
            ending = kind_of(each.name)
            store_version(paper, each.source, each.name, actor=actor, media_type=ending.media_type if ending else "")
            IssueEvidence.objects.create(issue=issue, document=paper)
    return issue


def _checked(said: NewIssue, files: Sequence[EvidenceFile]) -> tuple[Port, Organisation | None]:
    findings: list[Finding] = []

    def slip(field: str, zh: str, en: str, remedy: tuple[str, str]) -> None:
        findings.append(Finding.error("value_required", zh, en, where=Place(field=field), remedy=remedy))

    port = Port.objects.filter(code=said.port).first() if said.port else None
    if port is None:
        slip("port", "请选择所涉口岸。", "Choose the port.", ("从列表中选择。", "Choose it from the list."))
    for field, name in (("stage", "stages"), ("kind", "kinds"), ("level", "levels")):
        if getattr(said, field) not in routing.codes(name):
            slip(field, f"请选择{ {'stage': '环节', 'kind': '问题类别', 'level': '影响范围'}[field] }。", f"Choose the {field}.",
                 ("从列表中选择。", "Choose one from the list."))
    if len(said.facts.strip()) < 5:
        slip("facts", "请写明事实：何时、何处、遇到什么。", "Say what happened: when, where, what.", ("至少一句话。", "One sentence at least."))
    if said.indicator and said.indicator not in routing.indicators():
        near = nearest(said.indicator, sorted(routing.indicators()), 3)
        slip("indicator", f"没有“{said.indicator[:12]}”这个指标。", f"There is no indicator “{said.indicator[:12]}”.",
             (f"是否为：{'、'.join(near) or '从目录中选择'}？", f"Did you mean {', '.join(near) or 'one of the catalogue'}?"))
    for field, most in LONGEST.items():
        if len(getattr(said, field, "")) > most:
            slip(field, f"不得超过{most}字。", f"At most {most} characters.", ("请缩短。", "Shorten it."))
    about = Organisation.objects.filter(code=said.about).first() if said.about else None
    if said.about and (about is None or port is None or (about.pk not in {each.pk for each in routing.may_handle(port)} and about.is_active)):
        slip("about", "所涉单位不在该口岸。", "The office concerned is not at that port.", ("从列表中选择，不清楚可不选。",
            "Choose it from the list, or leave it empty."))
    if len(files) > MOST_FILES:
        slip("evidence", f"佐证材料不超过{MOST_FILES}份。", f"At most {MOST_FILES} files.", ("请合并为 PDF。", "Put them into one PDF."))
    for each in files:
        findings += check_file(each.source, each.name, "evidence")
    if findings or port is None:
        raise Refused(findings)
    return port, about


def _twice(found: Issue) -> Refused:
    return Conflict.because(
        "already_open", f"这项得分已开出任务：诉求#{found.pk}。", f"This score has opened a task already: issue #{found.pk}.",
            where=Place(field="evidence"),
        remedy=("请查看该诉求。", "See that issue."))
