"""What the steps of an issue do to it, each in the transaction of its step.

The desk moves the matter; here the office in charge changes hands, the answer's day and the rating are kept.
"""

from __future__ import annotations

from typing import Any

from kouan.accounts.models import Organisation, OrganisationKind
from kouan.basis import Finding, NotAllowed, Place, Refused
from kouan.casework.bottlenecks.models import Issue, IssueHandover
from kouan.casework.bottlenecks.routing import codes, may_handle, superior_of
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.models import Matter, MatterStep


def issue_of(matter: Matter) -> Issue:
    """The issue of a matter, locked. Refused for a matter that was begun elsewhere than by the desk of issues."""
    found = Issue.objects.select_for_update(of=("self",)).select_related("port", "handler", "enterprise").filter(matter=matter).first()
    if found is None:
        raise Refused.because(
            "no_issue", "此件没有对应的诉求，不能办理。", "There is no issue behind this matter.",
            remedy=("请从“堵点难点”页登记诉求。", "Enter the issue on the page of bottlenecks."))
    return found


def refuse_identity(issue: Issue, **said: str) -> None:
    """Refuse words that would name an enterprise which asked not to be named to the office concerned."""
    if not issue.is_anonymous:
        return
    names = [each for each in (issue.enterprise_name, issue.contact_name, issue.contact_phone,
                               issue.enterprise.credit_code if issue.enterprise else "") if len(each) > 1]
    findings = [
        Finding.error("names_the_enterprise", "文中含有企业名称、联系人、电话或统一社会信用代码，而企业要求对所涉单位匿名。",
                      "The words name the enterprise, its contact, phone or credit code; it asked not to be named to the office concerned.",
                      where=Place(field=field), remedy=("请删去或改写后再提交。", "Take it out, or write it otherwise."))
        for field, words in said.items() if any(name in words for name in names)]
    if findings:
        raise Refused(findings)


def check(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Nothing changes but the state; the words are looked at."""
    _said(issue_of(matter), step)


def _said(issue: Issue, step: MatterStep) -> dict[str, str]:
    words = {name: str(value) for name, value in step.fields.items()}
    refuse_secrets(*words.values())
    refuse_identity(issue, **{f"field-{name}": value for name, value in words.items()})
    return words


def hand_over(issue: Issue, matter: Matter, office: Organisation, step: str, reason: str) -> None:
    """Make an office the one in charge, with the office above it, and keep when and why."""
    issue.handler = office
    issue.save(update_fields=["handler"])
    matter.named = {**matter.named, "handler": office.code, "superior": superior_of(office, issue.port).code}
    matter.save(update_fields=["named"])
    IssueHandover.objects.create(issue=issue, step=step, office=office, reason=reason[:400])


def _office_said(issue: Issue, said: str) -> Organisation:
    offices = may_handle(issue.port)
    found = [each for each in offices if said.strip() in (each.code, each.name_zh)]
    if not found:
        raise Refused.because(
            "unknown_office", f"“{said[:40]}”不是可以承办本口岸诉求的单位。", f"“{said[:40]}” is no office that can take an issue of this port.",
            where=Place(field="field-next_office"),
            remedy=(f"可选：{'、'.join(f'{each.name_zh}（{each.code}）' for each in offices)}。",
                    f"Choose one of {', '.join(each.code for each in offices)}."))
    return found[0]


def pass_on(matter: Matter, step: MatterStep, actor: Any) -> None:
    """From the first office to another; whoever has it next can only accept it or report it upward."""
    issue = issue_of(matter)
    words = _said(issue, step)
    office = _office_said(issue, words.get("next_office", ""))
    if office.pk == issue.handler_id:
        raise Refused.because("passed_to_itself", "不能转交给本单位。", "It cannot be passed to the office that has it.",
                              where=Place(field="field-next_office"), remedy=("请选择另一单位，或签收办理。", "Choose another office, or accept it."))
    hand_over(issue, matter, office, step.transition, words.get("reason", ""))


def assign(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The superior says who does it; that office accepts and cannot pass it on."""
    issue = issue_of(matter)
    words = _said(issue, step)
    hand_over(issue, matter, _office_said(issue, words.get("next_office", "")), step.transition, words.get("reason", ""))


def take_over(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The superior does it itself."""
    issue = issue_of(matter)
    words = _said(issue, step)
    office = Organisation.objects.filter(code=matter.named.get("superior", ""), is_active=True).first() or actor.organisation
    hand_over(issue, matter, office, step.transition, words.get("reason", ""))


def take_over_by_national(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The national office does it itself."""
    issue = issue_of(matter)
    hand_over(issue, matter, actor.organisation, step.transition, _said(issue, step).get("reason", ""))


def give_answer(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Keep the day of the first answer."""
    issue = issue_of(matter)
    _said(issue, step)
    if issue.answered_on is None:
        issue.answered_on = step.taken_on
        issue.save(update_fields=["answered_on"])


def rate(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Keep the rating, by code or by its words. Of an issue that a weak indicator opened, the office that opened it rates."""
    issue = issue_of(matter)
    words = _said(issue, step)
    issue.satisfaction, issue.comment = satisfaction_said(words.get("satisfaction", "")), words.get("comment", "")
    issue.save(update_fields=["satisfaction", "comment"])


def satisfaction_said(said: str) -> str:
    """The code of a rating."""
    listed = codes("satisfactions")
    found = next((code for code, text in listed.items() if said.strip() in (code, text.zh, text.en)), "")
    if not found:
        raise Refused.because("unknown_rating", f"没有“{said[:20]}”这种评价。", f"There is no rating “{said[:20]}”.",
            where=Place(field="field-satisfaction"),
                              remedy=(f"可填：{'、'.join(text.zh for text in listed.values())}。", f"One of: {', '.join(listed)}."))
    return found


def object_once(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Keep that the enterprise did not accept the answer; the procedure lets it do so once."""
    issue = issue_of(matter)
    issue.is_reopened, issue.objection = True, _said(issue, step).get("objection", "")
    issue.save(update_fields=["is_reopened", "objection"])


def review(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Whoever gave the answer does not look at the objection to it."""
    issue = issue_of(matter)
    _said(issue, step)
    answered = matter.steps.filter(transition__in=("give_answer", "answer_again")).order_by("-number").first()
    if answered is not None and answered.actor_id == actor.pk:
        raise NotAllowed.because("own_answer", "答复人不能审看对自己答复的异议。", "Nobody looks at an objection to his or her own answer.",
                                 remedy=("请由另一位同事审看。", "Let a colleague look at it."))


def join(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Link a duplicate to its lead issue: of the same port, itself not joined, and seen by whoever links."""
    issue = issue_of(matter)
    words = _said(issue, step)
    number = words.get("lead_issue", "").strip().lstrip("#")
    lead = Issue.objects.visible_to(actor).filter(pk=int(number)).first() if number.isascii() and number.isdigit() and len(number) < 12 else None
    if lead is None or lead.pk == issue.pk or lead.lead_id is not None or lead.port_id != issue.port_id or lead.matter.ended_at is not None:
        raise Refused.because(
            "no_lead", f"“{number[:12]}”不能作为牵头诉求。", f"“{number[:12]}” cannot be the lead issue.", where=Place(field="field-lead_issue"),
            remedy=("请填写同一口岸、仍在办理、本身未被并入的诉求编号。", "Name an issue of the same port that is under way and not joined itself."))
    issue.lead = lead
    issue.save(update_fields=["lead"])


def is_inspected(office: Organisation, issue: Issue) -> bool:
    """Whether an office is one towards which an enterprise may stay unnamed: agencies, operators, and the office concerned."""
    return office.kind in (OrganisationKind.INSPECTION_AGENCY, OrganisationKind.PORT_OPERATOR) or (
        issue.about_office_id is not None and office.pk == issue.about_office_id)


CARRIED = {
    "route": check, "accept": check, "check": check, "pass_on": pass_on, "assign": assign, "take_over": take_over,
    "take_over_by_national": take_over_by_national, "give_answer": give_answer, "rate": rate, "object": object_once, "review": review, "join": join,
}
