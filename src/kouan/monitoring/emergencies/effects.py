"""What steps of plans, events, tasks and measures do besides their matters, in the transaction of the step."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from kouan.accounts.action import System, acting_system
from kouan.basis import Finding, NotAllowed, Place, Refused, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import carry_step, open_matter
from kouan.desk.matters.facts import day_said
from kouan.desk.matters.models import Matter, MatterStep
from kouan.monitoring.emergencies import codes
from kouan.monitoring.emergencies.actions import concerns, note, tell
from kouan.monitoring.emergencies.models import (
    EmergencyEvent,
    EmergencyPlan,
    LevelChange,
    ReviewMeasure,
)


def said(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Only the state changes; state secrets are kept out."""
    refuse_secrets(*(str(value) for value in step.fields.values()))


def by_deed(matter: Matter, step: MatterStep, actor: Any) -> None:
    """A step that only a deed of its own takes: opening a drill, breaking it off, publishing the next version."""
    if not isinstance(actor, System):
        raise NotAllowed.because("by_deed", "此步骤由启动、中止演练或发布新版本时自动办理。",
            "Opening or ending a drill, or the next version, takes this step.",
                                 remedy=("请在突发事件页面办理。", "Use the pages of emergencies."))


def months_after(day: date, months: int) -> date:
    """The corresponding day, or the last of a shorter month.

    >>> months_after(date(2024, 2, 29), 12)
    datetime.date(2025, 2, 28)
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _plan(matter: Matter) -> EmergencyPlan:
    return EmergencyPlan.objects.select_for_update(of=("self",)).get(matter=matter)


def submit_plan(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Whoever submits it has read it: a plan without checklist never came this far."""
    _plan(matter)


def publish_plan(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Put the version in force; the one before is replaced. Refused for its drafter, and for a drill later than the yearly duty."""
    plan = _plan(matter)
    if plan.drafted_by_id == actor.pk:
        raise NotAllowed.because("own_plan", "起草人不能发布自己起草的预案。", "Nobody publishes a plan that he or she drafted.",
                                 remedy=("请由本单位另一位负责人发布。", "Let another officer of the office publish it."))
    plan.next_drill_on = _next_drill(step)
    plan.published_by, plan.published_at = actor, clock.now()
    plan.save(update_fields=["next_drill_on", "published_by", "published_at"])
    earlier = EmergencyPlan.objects.filter(kind=plan.kind, matter__state__in=("in_force", "drilling"), number__lt=plan.number)
    earlier = earlier.filter(port=plan.port) if plan.port_id else earlier.filter(port__isnull=True, province_code=plan.province_code)
    for each in earlier:
        with acting_system("emergencies") as system:
            carry_step(actor=system, matter=each.matter_id, transition="replace", fields={"reason": f"第{plan.number}版施行"}, documents={})


def _next_drill(step: MatterStep) -> date:
    day, months = day_said("field-next_drill_on", step.fields.get("next_drill_on", "")), codes.drill_months()
    last = months_after(clock.today(), months)
    if not clock.today() < day <= last:
        raise Refused.because("bad_drill_day", f"下次演练应在今日之后、{last}以前（每{months}个月至少一次）。",
                              f"The next drill is after today and by {last} (every {months} months).", where=Place(field="field-next_drill_on"),
                              measured=str(day), required=str(last), remedy=("请改正日期。", "Correct the day."))
    return day


def plan_drilled(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Keep the day of the next drill."""
    by_deed(matter, step, actor)
    plan = _plan(matter)
    plan.next_drill_on = _next_drill(step)
    plan.save(update_fields=["next_drill_on"])


def _event(matter: Matter) -> EmergencyEvent:
    return EmergencyEvent.objects.select_for_update(of=("self",)).select_related("port", "lead", "superior", "plan").get(matter=matter)


def change_level(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Keep the new level with its moment, and tell the superior of what is graver than before."""
    said(matter, step, actor)
    event, word = _event(matter), str(step.fields.get("level", "")).strip()
    if word not in ("1", "2", "3", "4") or int(word) == event.level:
        raise Refused.because("bad_level", "等级应为1至4，且与现等级不同。", "The level is 1 to 4, and another than now.",
            where=Place(field="field-level"),
                              measured=word[:8], remedy=("请改正。", "Correct it."))
    before, event.level = event.level, int(word)
    event.save(update_fields=["level"])
    reason = str(step.fields.get("reason", "")).strip()[:400]
    LevelChange.objects.create(event=event, level=event.level, reason=reason, changed_by=actor if actor.pk else None)
    now, then = codes.level_words(event.level), codes.level_words(before)
    note(event, actor, f"等级由{then.zh}调整为{now.zh}：{reason}", f"Level changed from {then.en} to {now.en}: {reason}")
    if event.level < before:
        tell(event, (event.lead, event.superior), f"level-{event.levels.count()}", f"{event.port.name_zh}：{event.title_zh}升级为{now.zh}",
              f"{event.port.name_en or event.port.name_zh}: raised to {now.en}")


def end_response(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Refused while a task is open or something is closed. A drill's end sets the day of the next one."""
    said(matter, step, actor)
    event = _event(matter)
    findings = [
        Finding.error("task_open", f"任务{each.number}“{each.words_zh}”尚未完成。", f"Task {each.number} is not done.",
                      where=Place(field=f"task-{each.number}"), remedy=("请完成，或写明不再需要。", "Do it, or say that it is no longer needed."))
        for each in event.tasks.filter(matter__ended_at__isnull=True)]
    findings += [
        Finding.error("still_closed", f"“{each.what}”尚未恢复。", f"“{each.what}” is still closed.", where=Place(field="closure"),
                      remedy=("请先登记恢复。", "Enter its reopening first."))
        for each in event.closures.filter(reopened_at__isnull=True)]
    if findings:
        raise Refused(findings)
    if day_said("field-review_due_on", step.fields.get("review_due_on", "")) < clock.today():
        raise Refused.because("day_over", "复盘期限已过。", "The day of the review is over.", where=Place(field="field-review_due_on"),
                              remedy=("请填写今后的日期。", "Give a later day."))
    event.response_ended_at, event.summary = clock.now(), str(step.fields.get("summary", "")).strip()
    event.save(update_fields=["response_ended_at", "summary"])
    note(event, actor, f"应急处置结束：{event.summary}", f"The response ended: {event.summary}")
    _end_drill(event, "drilled")


def _end_drill(event: EmergencyEvent, transition: str) -> None:
    """Bring the plan of a drill back; a version replaced meanwhile has nothing to come back to."""
    if not event.is_drill or event.plan is None or Matter.objects.get(pk=event.plan.matter_id).state != "drilling":
        return
    fields = {"reason": f"演练#{event.pk}"}
    if transition == "drilled":
        fields["next_drill_on"] = months_after(clock.today(), codes.drill_months()).isoformat()
    with acting_system("emergencies") as system:
        carry_step(actor=system, matter=event.plan.matter_id, transition=transition, fields=fields, documents={})


def stand_down(matter: Matter, step: MatterStep, actor: Any) -> None:
    """A false alarm: tasks still open are no longer needed, what is closed must be open again first."""
    said(matter, step, actor)
    event = _event(matter)
    if event.closures.filter(reopened_at__isnull=True).exists():
        raise Refused.because("still_closed", "尚有未恢复的关闭。", "Something is still closed.", where=Place(field="closure"),
                              remedy=("请先登记恢复。", "Enter its reopening first."))
    reason = str(step.fields.get("reason", "")).strip()
    with acting_system("emergencies") as system:
        for each in event.tasks.filter(matter__ended_at__isnull=True):
            carry_step(actor=system, matter=each.matter_id, transition="drop", fields={"reason": reason}, documents={})
    event.response_ended_at, event.summary = clock.now(), reason
    event.save(update_fields=["response_ended_at", "summary"])
    note(event, actor, f"核实为误报，终止：{reason}", f"A false alarm, stood down: {reason}")
    _end_drill(event, "drill_broken_off")


def submit_review(matter: Matter, step: MatterStep, actor: Any) -> None:
    """There is something to confirm."""
    if not _event(matter).lessons:
        raise Refused.because("no_review", "还没有填写经验教训。", "The lessons are not written yet.", where=Place(field="lessons"),
                              remedy=("请先在事件页面填写复盘。", "Write the review on the event's page first."))


def confirm_review(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Whoever wrote the review does not confirm it; each measure becomes a matter with its day."""
    event = _event(matter)
    if event.reviewed_by_id == actor.pk:
        raise NotAllowed.because("own_review", "撰写人不能确认自己撰写的复盘报告。", "Nobody confirms a review that he or she wrote.",
                                 remedy=("请由另一位同事确认。", "Let a colleague confirm it."))
    mark = "【演练】" if event.is_drill else ""
    with acting_system("emergencies") as system:
        for each in event.measures.filter(matter__isnull=True).select_related("owner"):
            made = open_matter(actor=system, procedure=codes.MEASURE, title=f"{mark}改进措施：{each.what}"[:200], applicant=event.lead,
                               named={"owner": each.owner.code}, concerns=concerns(event.port))
            each.matter = carry_step(actor=system, matter=made.pk, transition="give", fields={"due_on": each.due_on.isoformat()}, documents={})
            each.save(update_fields=["matter"])


def close_event(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Every measure has ended."""
    open_ones = ReviewMeasure.objects.filter(event__matter=matter).exclude(matter__ended_at__isnull=False)
    if open_ones.exists():
        raise Refused([Finding.error("measure_open", f"措施“{each.what}”尚未落实。", f"The measure “{each.what}” is not done.",
                                     where=Place(field="measures"), remedy=("请先核实销号。", "Verify and close it first.")) for each in open_ones])


def prolong_measure(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Another day for a measure, kept where the report reads it."""
    said(matter, step, actor)
    day = day_said("field-due_on", step.fields.get("due_on", ""))
    ReviewMeasure.objects.filter(matter=matter).update(due_on=day)


def verify_measure(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Whoever reported does not verify, where the leading office is itself responsible."""
    reported = matter.steps.filter(transition="report").order_by("-number").first()
    if reported is not None and reported.actor_id == actor.pk:
        raise NotAllowed.because("own_report", "报告人不能核实自己报告的落实情况。", "Nobody verifies his or her own report.",
                                 remedy=("请由另一位同事核实。", "Let a colleague verify it."))


CARRIED = {each.__name__: each for each in (
    said, by_deed, submit_plan, publish_plan, plan_drilled, change_level, end_response, stand_down, submit_review, confirm_review, close_event,
    prolong_measure, verify_measure)}
