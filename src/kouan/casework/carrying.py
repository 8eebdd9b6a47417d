"""What the effects of casework do, each in the transaction of its step and by the paper of that step.

The register changes by its own verbs, so that papers, scope, versions and the trail are those of any other change;
the reason of each names the case. What the register has no place for stands in the tables of this room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from kouan.accounts.action import acting_system
from kouan.basis import Conflict, Finding, Place, Refused, SubjectRef
from kouan.casework.changes import read_changes
from kouan.casework.effects import REPLY
from kouan.casework.gathering import class_two_of
from kouan.casework.models import (
    CaseForm,
    DemonstrationPort,
    SupervisionSite,
    TemporaryExtension,
    TemporaryOpening,
)
from kouan.desk.matters.actions import carry_step
from kouan.desk.matters.facts import day_said
from kouan.desk.matters.models import Matter, MatterStep
from kouan.desk.matters.queries import procedure_for
from kouan.desk.models import Document
from kouan.grading.class_two import clear_class_two
from kouan.grading.models import ClearanceOutcome
from kouan.ports import actions as ports
from kouan.ports.models import Port, PortStatus
from kouan.ports.papers import reply_of
from kouan.ports.queries import PortIndex


def paper_of(step: MatterStep, *kinds: str) -> Document:
    """The paper of a step, of the first of these kinds that it has."""
    reference = next((step.documents[kind] for kind in kinds if kind in step.documents), "")
    found = Document.objects.filter(reference=reference).first() if reference else None
    if found is None:
        raise Refused.because("paper_missing", "本步骤没有所需的依据文件。", "The step has not the paper it rests on.", where=Place(field=kinds[0]),
                              remedy=("请附上文件后再办理。", "Attach it, then go on."))
    return found


def the_reply(step: MatterStep, zh: str, en: str) -> Document:
    """The State Council's reply that a step names: of that kind, with the number and the date that were entered."""
    paper = reply_of(paper_of(step, REPLY), zh, en)
    number, day = str(step.fields.get("reply_number", "")).strip(), _day(step, "reply_date")
    if (paper.document_number, paper.issued_on) != (number, day):
        raise Refused.because(
            "reply_differs",
                f"填写的批复文号和日期（{number}，{day}）与所附批复（{paper.document_number or '无文号'}，{paper.issued_on or '无日期'}）不一致。",
            f"The number and date entered ({number}, {day}) are not those of the reply attached ({paper.document_number or 'no number'}, "
            f"{paper.issued_on or 'no date'}).", where=Place(field="reply_number"), measured=number, required=paper.document_number,
            remedy=("请对照批复原文改正。", "Correct it from the reply as issued."))
    return paper


def why(matter: Matter, paper: Document) -> str:
    """The reason of a change that a case makes: the case and its paper."""
    return f"办件 #{matter.pk}“{matter.title}”，依据：{paper}"[:400]


def _day(step: MatterStep, field: str) -> date:
    try:
        return day_said(field, step.fields.get(field, ""))
    except Refused as refusal:
        raise Refused([each.at(field=f"field-{field}") for each in refusal.findings])


def _form(matter: Matter) -> CaseForm:
    return CaseForm.objects.select_for_update().get_or_create(matter=matter)[0]


def _code(matter: Matter) -> str:
    if matter.port_code:
        return matter.port_code
    raise Refused.because("case_without_port", "本件没有涉及的口岸，不能变更名录。", "The case names no port; the register cannot change.",
                          remedy=("请另行发起并选择口岸。", "Begin another one and choose the port."))


@contextmanager
def _as_seen(form: CaseForm, *codes: str) -> Iterator[Mapping[str, int]]:
    """The versions at which the ports were seen when facts were gathered; afterwards those that the case made."""
    try:
        yield {code: form.versions[code] for code in codes if code in form.versions}
    except Conflict as conflict:
        raise Conflict([*conflict.findings, Finding.error(
            "gather_again", "汇集事实之后，口岸登记已有变动，本步骤未办理。",
            "The port's entry has changed since facts were gathered for this case; the step was not taken.",
            remedy=("请重新汇集事实，核对后再办理。", "Gather the facts anew, look at them, then go on."))]) from conflict
    form.versions = form.versions | dict(Port.objects.filter(code__in=codes).values_list("code", "version"))
    form.save(update_fields=["versions"])


def _target(step: MatterStep, actor: Any) -> Port:
    found = PortIndex.build(actor).resolve(str(step.fields.get("merged_into", "")), where=Place(field="field-merged_into"))
    if isinstance(found, Finding):
        raise Refused(found)
    return found


# ---- the register ------------------------------------------------------------------------------------------


def _record_approval(matter: Matter, step: MatterStep, actor: Any) -> None:
    paper, form, day = the_reply(step, "批准开放", "An approval"), _form(matter), _day(step, "reply_date")
    if not matter.port_code:
        said = form.answers
        port = ports.register_port(
            actor=actor, code=said.get("new_code", ""), mode=said.get("new_mode", ""), document=paper, reason=why(matter, paper),
            name_zh=said.get("new_name", ""), province_code=matter.province_code, city_code=matter.city_code, city_name=said.get("city_name", ""))
        matter.port_code, matter.subject = port.code, str(SubjectRef.of("port", port.code))
        matter.save(update_fields=["port_code", "subject"])
    code = _code(matter)
    with _as_seen(form, code) as seen:
        ports.record_approval(actor=actor, code=code, document=paper, approved_on=day, reason=why(matter, paper), version=seen.get(code))


def _by_day(verb: Callable[..., Any], field: str, words: tuple[str, str] | None, *kinds: str) -> Callable[[Matter, MatterStep, Any], None]:
    """A verb of the register that takes the paper and a day; ``words`` where it rests on the reply."""

    def run(matter: Matter, step: MatterStep, actor: Any) -> None:
        paper = the_reply(step, *words) if words else paper_of(step, *kinds)
        code = _code(matter)
        with _as_seen(_form(matter), code) as seen:
            verb(actor=actor, code=code, document=paper, reason=why(matter, paper), version=seen.get(code), **{field: _day(step, field)})

    return run


def _merge_ports(matter: Matter, step: MatterStep, actor: Any) -> None:
    paper, code, target = the_reply(step, "口岸整合", "A merger"), _code(matter), _target(step, actor)
    form = _form(matter)
    applied = form.answers.get("target", target.code)
    if applied != target.code:
        raise Refused.because(
            "other_target", f"本件申请并入的是 {applied}，所填为 {target.code}。", f"The case applied for {applied}; {target.code} was entered.",
            where=Place(field="field-merged_into"), measured=target.code, required=applied,
            remedy=("请对照批复核对；确为另一口岸的，请另行发起。", "Check it against the reply; for another port begin another case."))
    with _as_seen(form, code, target.code) as seen:
        ports.merge_ports(actor=actor, codes_merged=[code], into=target.code, document=paper, merged_on=_day(step, "merged_on"),
                          reason=why(matter, paper), versions=seen)


def _status(field: str, paper_kind: str, *, suspends: bool) -> Callable[[Matter, MatterStep, Any], None]:
    def run(matter: Matter, step: MatterStep, actor: Any) -> None:
        paper, code = paper_of(step, paper_kind), _code(matter)
        was_open = Port.objects.filter(code=code, changes__attribute="status", changes__value=PortStatus.OPEN.value).exists()
        # A port whose running was never on record goes back to that, not to a state that nobody entered.
        back = PortStatus.OPEN if was_open else PortStatus.UNKNOWN
        status = PortStatus.SUSPENDED if suspends else back
        with _as_seen(_form(matter), code) as seen:
            ports.change_port(actor=actor, code=code, values={"status": status.value}, document=paper, valid_from=_day(step, field),
                              reason=why(matter, paper), version=seen.get(code))

    return run


def _change_port(matter: Matter, step: MatterStep, actor: Any) -> None:
    paper, code = paper_of(step, "supporting_paper"), _code(matter)
    values = read_changes(str(step.fields.get("what_changes", "")))
    with _as_seen(_form(matter), code) as seen:
        ports.change_port(actor=actor, code=code, values=values, document=paper, valid_from=_day(step, "valid_from"), reason=why(matter, paper),
                          version=seen.get(code))


# ---- what the register has no place for --------------------------------------------------------------------


def _place(matter: Matter, name: str = "") -> dict[str, Any]:
    port = Port.objects.filter(code=matter.port_code).first() if matter.port_code else None
    return {"port": port, "province_code": matter.province_code, "name_zh": name or (port.name_zh if port else matter.title), "matter": matter}


def _record_temporary_opening(matter: Matter, step: MatterStep, actor: Any) -> None:
    paper, first, last = paper_of(step, "temporary_permit"), _day(step, "opened_from"), _day(step, "opened_to")
    if last < first:
        raise _reversed("field-opened_to", first, last)
    TemporaryOpening.objects.create(**_place(matter, _form(matter).answers.get("place_name", "")), place_kind=str(matter.facts.get("place_kind", "")),
                                    opened_from=first, opened_to=last, document=paper)


def _extend_temporary_opening(matter: Matter, step: MatterStep, actor: Any) -> None:
    paper, last = paper_of(step, "extension_permit"), _day(step, "extended_to")
    opening = TemporaryOpening.objects.select_for_update().filter(pk=_form(matter).answers.get("opening", 0), ended_on__isnull=True).first()
    if opening is None:
        raise Refused.because("opening_over", "所延期的临时开放已经结束。", "The temporary opening to be extended has ended.",
                              remedy=("请另行申请临时开放。", "Apply for a new temporary opening."))
    if last <= opening.last_day:
        raise _reversed("field-extended_to", opening.last_day, last)
    TemporaryExtension.objects.create(opening=opening, extended_to=last, document=paper, matter=matter)
    if opening.matter is not None and opening.matter.ended_at is None:
        # The opening's own case waits for its last day: the extension moves that day.
        with acting_system("casework") as system:
            carry_step(actor=system, matter=opening.matter.pk, transition="note_extension", fields={"extended_to": last.isoformat()},
                       documents={"extension_permit": paper}, on=step.taken_on)


def _end_temporary_opening(matter: Matter, step: MatterStep, actor: Any) -> None:
    for opening in TemporaryOpening.objects.select_for_update().filter(matter=matter, ended_on__isnull=True):
        early = "ending_notice" in step.documents
        opening.ended_on = step.taken_on if early else opening.last_day
        opening.ended_by = paper_of(step, "ending_notice") if early else None
        opening.save(update_fields=["ended_on", "ended_by"])


def _record_site_approval(matter: Matter, step: MatterStep, actor: Any) -> None:
    paper, said = paper_of(step, "project_approval"), _form(matter).answers
    SupervisionSite.objects.create(**_place(matter, said.get("site_name", "")), kinds=said.get("site_kinds", "")[:200], approval=paper,
                                   approved_on=_day(step, "approved_on"))


def _site(matter: Matter) -> SupervisionSite:
    return SupervisionSite.objects.select_for_update().get(matter=matter)


def _record_site(matter: Matter, step: MatterStep, actor: Any) -> None:
    site, day = _site(matter), _day(step, "accepted_on")
    if day < site.approved_on:
        raise _reversed("field-accepted_on", site.approved_on, day)
    site.accepted_on, site.acceptance = day, paper_of(step, "acceptance_conclusion")
    site.save(update_fields=["accepted_on", "acceptance"])


def _record_site_use(matter: Matter, step: MatterStep, actor: Any) -> None:
    site, day = _site(matter), _day(step, "in_use_from")
    if site.accepted_on is not None and day < site.accepted_on:
        raise _reversed("field-in_use_from", site.accepted_on, day)
    site.in_use_from, site.published, site.kinds = day, paper_of(step, "published_list"), str(step.fields.get("site_kinds", ""))[:200]
    site.save(update_fields=["in_use_from", "published", "kinds"])


# How the register of class-II ports names the ways in which a case of clearance ends.
_CLEARED = {
    "class_two_upgraded": ClearanceOutcome.UPGRADED.value, "class_two_merged": ClearanceOutcome.MERGED.value,
    "class_two_closed": ClearanceOutcome.CLOSED.value,
}


def _record_class_two_clearance(matter: Matter, step: MatterStep, actor: Any) -> None:
    paper = the_reply(step, "升格和并入", "An upgrade or a merger") if REPLY in step.documents else paper_of(step, "provincial_decision")
    row = class_two_of(matter, _form(matter).answers)
    if row is None or hasattr(row, "clearance"):
        raise Refused.because(
            "already_cleared", "该原二类口岸不在待清理之列，或已登记清理结果。",
                "The class-II port is not to be cleared, or its outcome is on record.",
            remedy=("请核对原二类口岸名册。", "Check the list of class-II ports."))
    into = _target(step, actor).code if step.fields.get("merged_into") else matter.port_code
    clear_class_two(actor=actor, code=row.code, outcome=_CLEARED[procedure_for(matter).states[step.state].outcome],
                    cleared_on=_day(step, "cleared_on"), document=paper, into=into, matter=matter.pk)


def _select_demonstration(matter: Matter, step: MatterStep, actor: Any) -> None:
    _code(matter)
    DemonstrationPort.objects.create(
        **_place(matter), selected_on=_day(step, "selected_on"), document=paper_of(step, "selection_decision"),
        evaluation_score=str(matter.facts.get("evaluation_score", ""))[:32], evaluation_version=str(matter.facts.get("evaluation_version", ""))[:120])


def _reversed(field: str, first: date, last: date) -> Refused:
    return Refused.because("dates_reversed", f"日期 {last} 早于 {first}。", f"The day {last} lies before {first}.", where=Place(field=field),
                           measured=last.isoformat(), required=first.isoformat(), remedy=("请核对日期。", "Check the days."))


CARRIED: Mapping[str, Callable[[Matter, MatterStep, Any], None]] = {
    "record_approval": _record_approval,
    "open_port": _by_day(ports.open_port, "opened_on", ("口岸开放", "An opening")),
    "expand_port": _by_day(ports.expand_port, "expanded_on", ("扩大开放", "An expanded opening")),
    "close_port": _by_day(ports.close_port, "closed_on", ("口岸关闭", "A closure")),
    "merge_ports": _merge_ports,
    "suspend_port": _status("suspended_on", "suspension_decision", suspends=True),
    "resume_port": _status("resumed_on", "resumption_decision", suspends=False),
    "record_acceptance": _by_day(ports.record_acceptance, "accepted_on", None, "acceptance_minutes"),
    "record_temporary_opening": _record_temporary_opening,
    "extend_temporary_opening": _extend_temporary_opening,
    "end_temporary_opening": _end_temporary_opening,
    "change_port": _change_port,
    "record_site_approval": _record_site_approval,
    "record_site": _record_site,
    "record_site_use": _record_site_use,
    "record_class_two_clearance": _record_class_two_clearance,
    "select_demonstration": _select_demonstration,
}
