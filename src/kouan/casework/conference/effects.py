"""What the steps of a conference, an invitation and an action item do, each in the transaction of its step."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from kouan.accounts.action import acting_system
from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, clock
from kouan.casework.conference.models import ActionItem, Conference, ConferenceMember
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import Concerns, carry_step, open_matter
from kouan.desk.matters.facts import day_said
from kouan.desk.matters.models import Matter, MatterStep

PROCEDURES = Path(__file__).parent / "procedures"


def conference_of(matter: Matter) -> Conference:
    """The conference of a matter, locked. Refused for a matter that was begun elsewhere."""
    found = Conference.objects.select_for_update(of=("self",)).select_related("secretary").filter(matter=matter).first()
    if found is None:
        raise Refused.because("no_conference", "此件没有对应的会议，不能办理。", "There is no conference behind this matter.",
                              remedy=("请从“联席会议”页登记会议。", "Enter the conference on its page."))
    return found


def _said(step: MatterStep) -> None:
    refuse_secrets(*(str(value) for value in step.fields.values()))


def check(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Only the state changes."""
    _said(step)
    conference_of(matter)


def send_agenda(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Open an invitation for each member with users; the others are told by paper and their receipt is entered."""
    held = conference_of(matter)
    findings = []
    if not held.items.exists():
        findings.append(Finding.error("no_item", "议程还没有议题。", "The agenda has no item.", remedy=("请先选择议题。", "Choose the items first.")))
    if not held.members.exists():
        findings.append(Finding.error("no_member", "还没有列出成员单位。", "No member is listed.", remedy=("请先列出成员单位。",
            "List the members first.")))
    if held.held_on < clock.today():
        findings.append(Finding.error("day_over", f"会议日期 {held.held_on} 已过。", f"The day of the conference, {held.held_on}, is over.",
                                      remedy=("请先改正会议日期。", "Correct the day first.")))
    if findings:
        raise Refused(findings)
    for member in held.members.filter(organisation__isnull=False, organisation__is_active=True).select_related("organisation"):
        member.received_at, member.attendee = None, ""
        member.invitation = _opened(held, "conference_invitation", f"{held.title}：议程送达", "send",
                                    {"member": member.organisation.code if member.organisation else ""},
                                    {"held_on": held.held_on.isoformat()}, step.taken_on)
        member.save(update_fields=["invitation", "received_at", "attendee"])


def _opened(held: Conference, procedure: str, title: str, transition: str, named: dict[str, str], fields: dict[str, str], on: date) -> Matter:
    with acting_system("conference") as system:
        made = open_matter(actor=system, procedure=procedure, title=title[:200], concerns=Concerns(province_code=held.province_code),
                           applicant=held.secretary, named=named, on=on)
        return carry_step(actor=system, matter=made.pk, transition=transition, fields=fields, documents={}, on=on)


def _call_off(held: Conference, reason: str, on: date) -> None:
    with acting_system("conference") as system:
        for invitation in Matter.objects.filter(pk__in=held.members.values("invitation_id"), ended_at__isnull=True):
            carry_step(actor=system, matter=invitation.pk, transition="call_off", fields={"reason": reason}, documents={}, on=on)


def postpone(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Another day, later than today; invitations are called off, and sent anew with the agenda."""
    held = conference_of(matter)
    _said(step)
    day = day_said("field-held_on", step.fields.get("held_on", ""))
    if day < clock.today():
        raise Refused.because("day_over", f"{day} 已过。", f"{day} is over.", where=Place(field="field-held_on"), remedy=("请填写今后的日期。",
            "Give a later day."))
    _call_off(held, str(step.fields.get("reason", "")), step.taken_on)
    held.held_on, held.version = day, held.version + 1
    held.save(update_fields=["held_on", "version"])


def cancel(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Nobody need come."""
    _said(step)
    _call_off(conference_of(matter), str(step.fields.get("reason", "")), step.taken_on)


def hold(matter: Matter, step: MatterStep, actor: Any) -> None:
    """It was held, on a day that is not ahead."""
    held = conference_of(matter)
    day = day_said("field-held_on", step.fields.get("held_on", ""))
    if day > clock.today():
        raise Refused.because("day_ahead", f"{day} 尚未到。", f"{day} is still ahead.", where=Place(field="field-held_on"),
                              remedy=("请在会后登记。", "Enter it after the conference."))
    held.held_on = day
    held.save(update_fields=["held_on"])


def submit_minutes(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Every item has its decision before anybody is asked to confirm."""
    held = conference_of(matter)
    open_items = [each for each in held.items.all() if not each.decision.strip()]
    if open_items:
        raise Refused([Finding.error("no_decision", f"第{each.number}项“{each.title}”没有议定意见。",
            f"Item {each.number}, “{each.title}”, has no decision.",
                                     where=Place(field=f"item-{each.pk}"), remedy=("请填写；未议的写明“未议”。",
                                         "Fill it in; write 未议 where it was not taken."))
                       for each in open_items])


def confirm(matter: Matter, step: MatterStep, actor: Any) -> None:
    """A person who wrote none of the minutes confirms them; each action item becomes a matter with its day."""
    held = conference_of(matter)
    if held.items.filter(minuted_by=actor).exists():
        raise NotAllowed.because("own_minutes", "起草人不能确认自己起草的纪要。", "Nobody confirms minutes that he or she drafted.",
                                 remedy=("请由本单位另一位负责人确认。", "Let another officer of the office confirm."))
    for each in ActionItem.objects.filter(item__conference=held, matter__isnull=True).select_related("owner"):
        # A ministry without users has its item followed by the secretary's own office, which enters what it reports.
        owner = each.owner if each.owner is not None and each.owner.is_active else held.secretary
        each.matter = _opened(held, "conference_action", f"议定事项：{each.what}", "give", {"owner": owner.code}, {"due_on": each.due_on.isoformat()},
                              step.taken_on)
        each.save(update_fields=["matter"])


def issue(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The number as it stands on the minutes."""
    held = conference_of(matter)
    _said(step)
    held.minutes_number = str(step.fields.get("minutes_number", ""))[:80]
    held.save(update_fields=["minutes_number"])


def check_invitation(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Only the state changes."""
    _said(step)


def receive(matter: Matter, step: MatterStep, actor: Any) -> None:
    """A member says that it has the agenda, and who comes."""
    _said(step)
    member = ConferenceMember.objects.select_for_update(of=("self",)).filter(invitation=matter).first()
    if member is None:
        raise Conflict.because("no_invitation", "这份议程已被新的送达取代。", "A later agenda has replaced this one.",
                               remedy=("请在待办中办理新的一份。", "Take the later one from your inbox."))
    member.received_at, member.attendee = clock.now(), str(step.fields.get("attendee", ""))[:120]
    member.save(update_fields=["received_at", "attendee"])


def check_action(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Only the state changes."""
    _said(step)


def prolong(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Another day for an action item, kept where the next agenda reads it."""
    _said(step)
    day = day_said("field-due_on", step.fields.get("due_on", ""))
    ActionItem.objects.filter(matter=matter).update(due_on=day)


def verify(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Whoever reported does not verify, where the secretary's office is itself responsible."""
    reported = matter.steps.filter(transition="report").order_by("-number").first()
    if reported is not None and reported.actor_id == actor.pk:
        raise NotAllowed.because("own_report", "报告人不能核实自己报告的落实情况。", "Nobody verifies his or her own report.",
                                 remedy=("请由另一位同事核实。", "Let a colleague verify it."))


CARRIED = {each.__name__: each for each in (
    check, send_agenda, postpone, cancel, hold, submit_minutes, confirm, issue, check_invitation, receive, check_action, prolong, verify)}
