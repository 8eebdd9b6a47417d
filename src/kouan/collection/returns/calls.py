"""Verbs of the reporting calendar: its days set, calls opened, extensions asked and decided, items that do not apply."""

from __future__ import annotations

from datetime import date
from typing import Any

from kouan.accounts.action import acting_system, action
from kouan.accounts.models import Organisation
from kouan.basis import Conflict, Finding, NotFound, Period, Place, Refused, clock
from kouan.collection.returns import calendar, forms
from kouan.collection.returns.actions import complete_call, new_return, port_in_scope, reporting_ports
from kouan.collection.returns.history import exempted
from kouan.collection.returns.models import DueRule, NotApplicable, Return, ReturnCall, ReturnState
from kouan.collection.returns.offices import Offices
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import Concerns, carry_step, open_matter, take_step
from kouan.desk.matters.models import Matter

CALL = "return_call"
# A calendar that did not run for a while opens at most this many periods of a cadence.
MOST_BACK = 3


@action("returns.calendar")
def set_due_rule(*, actor: Any, cadence: str, due_days: int, freeze_days: int, escalate_days: int, valid_from: date, reason: str) -> DueRule:
    """Say by which working days returns of a cadence are due, frozen and told to the national office, for periods that end on or
    after a day. Returns that are due already keep the day they were given."""
    calendar.checked_rule(cadence, due_days, freeze_days, escalate_days, valid_from, reason)
    return DueRule.objects.create(cadence=cadence, due_days=due_days, freeze_days=freeze_days, escalate_days=escalate_days, valid_from=valid_from,
                                  reason=reason.strip(), set_by_id=actor.pk)


@action("returns.calendar")
def open_calls(*, actor: Any, today: date | None = None) -> dict[str, int]:
    """What the passing of days brings: the returns of every period that has ended come due, each office gets its call with a day.

    Safe to repeat, and to miss. An office with nobody who may file gets no call (its returns stand on the board, with its name).
    """
    day = today or clock.today()
    counts = {"returns": 0, "calls": 0}
    for cadence in calendar.PROPOSED:
        period = forms.latest_period(cadence, day)
        earlier = forms.steps_before(period, cadence)
        for each in reversed([period, *(next(earlier) for _ in range(MOST_BACK - 1))]):
            rule = calendar.rule_for(cadence, each)
            days = calendar.days_for(cadence, each, rule) if rule is not None else None
            # What was past its day when the rule was entered is not called in afterwards.
            if rule is not None and days is not None and days.due_on >= clock.day_of(rule.recorded_at):
                made, calls = _open_period(cadence, each, rule)
                counts["returns"] += made
                counts["calls"] += calls
    return counts


def _open_period(cadence: str, period: Period, rule: DueRule) -> tuple[int, int]:
    asked = [each for each in forms.forms(period.end) if calendar.of_rule(each.cadence) == cadence]
    days = calendar.days_for(cadence, period, rule)
    ports = list(reporting_ports())
    known = set(Return.objects.filter(form__in=[each.code for each in asked], period_start=period.start, period_end=period.end)
                .values_list("form", "port_id"))
    offices, exempt = Offices(), exempted([each.pk for each in ports], period)
    new = []
    for port in ports:
        for form in asked:
            items = form.items_for(port)
            if items and (form.code, port.pk) not in known:
                held = new_return(form, port, period, offices, days)
                if set(items) <= exempt.get(port.pk, frozenset()):
                    held.state = ReturnState.NOT_APPLICABLE
                new.append(held)
    Return.objects.bulk_create(new, batch_size=500)
    return len(new), _open_calls(cadence, period, offices, days)


def _open_calls(cadence: str, period: Period, offices: Offices, days: calendar.Days | None) -> int:
    """A call for each office with somebody there that owes returns of the period and has no call for them yet."""
    cadences = [each for each in forms.CADENCES if calendar.of_rule(each) == cadence]
    waiting = Return.objects.filter(cadence__in=cadences, period_start=period.start, period_end=period.end, call__isnull=True, state=ReturnState.DUE)
    made = 0
    for office in Organisation.objects.filter(pk__in=waiting.order_by().values("organisation")).order_by("code"):
        if days is None or not offices.is_staffed(office):
            continue
        call = ReturnCall.objects.filter(organisation=office, cadence=cadence, period_start=period.start, period_end=period.end).first()
        if call is None:
            call, made = _open_call(office, cadence, period, offices, days), made + 1
        if call.matter.ended_at is None:
            waiting.filter(organisation=office).update(call=call, extended_to=call.extended_to)
    return made


def _open_call(office: Organisation, cadence: str, period: Period, offices: Offices, days: calendar.Days) -> ReturnCall:
    superior = offices.superior(office)
    title = f"{period.label('zh')}{forms.CADENCES[cadence].zh}报送任务（{office.name_zh}）"
    with acting_system("returns") as system:
        matter = open_matter(actor=system, procedure=CALL, title=title[:200], applicant=office, named={"superior": superior.code},
                             concerns=Concerns(None, office.province_code, office.city_code))
        call = ReturnCall.objects.create(organisation=office, cadence=cadence, period_start=period.start, period_end=period.end, due_on=days.due_on,
                                         matter=matter)
        carry_step(actor=system, matter=matter.pk, transition="issue", documents={},
                   fields={"due_on": days.due_on.isoformat(), "escalate_on": days.escalate_on.isoformat()})
    call.matter.refresh_from_db()
    return call


def get_call(actor: Any, number: int) -> ReturnCall:
    """A call whose matter the actor may see; NotFound for any other."""
    found = ReturnCall.objects.filter(pk=number, matter__in=Matter.objects.visible_to(actor)).select_related("matter", "organisation").first()
    if found is None:
        raise NotFound.because("unknown_call", "没有这项报送任务，或不在您的范围内。", "There is no such call, or it is not in your scope.",
                               where=Place(field="call"), remedy=("请从“报送”页面进入。", "Start from the page 报送."))
    return found


@action("matters.act")
def ask_extension(*, actor: Any, call: int, until: date, reason: str) -> ReturnCall:
    """Ask the office above for another day, for everything of a call that is not filed yet."""
    held = get_call(actor, call)
    take_step(actor=actor, matter=held.matter_id, transition="ask_extension", fields={"wanted_on": until.isoformat(), "reason": reason.strip()})
    return get_call(actor, call)


@action("matters.act")
def decide_extension(*, actor: Any, call: int, grant: bool, reason: str, until: date | None = None) -> ReturnCall:
    """Grant an extension, to the day wanted or another, or deny it, with a reason."""
    held = get_call(actor, call)
    if not grant:
        take_step(actor=actor, matter=held.matter_id, transition="deny", fields={"reason": reason.strip()})
        return get_call(actor, call)
    asked = held.matter.steps.filter(transition="ask_extension").order_by("-number").first()
    day = until or (date.fromisoformat(asked.fields["wanted_on"]) if asked is not None else clock.today())
    later = calendar.escalation_after(day, held.cadence, Period.span(held.period_start, held.period_end))
    take_step(actor=actor, matter=held.matter_id, transition="grant",
              fields={"due_on": day.isoformat(), "escalate_on": later.isoformat(), "reason": reason.strip()})
    return get_call(actor, call)


# ---- what does not apply -----------------------------------------------------------------------------------


@action("returns.calendar")
def exempt_item(*, actor: Any, port: str, item: str, from_on: date, reason: str) -> NotApplicable:
    """Decide that an item is not asked of a port from a day on (M2). Only the national office decides that."""
    held, asking = port_in_scope(actor, port), [each for each in forms.forms() if item in each.items]
    findings = []
    if not asking:
        findings.append(Finding.error("unknown_item", f"没有报表填报“{item[:48]}”。", f"No form asks for “{item[:48]}”.", where=Place(field="item"),
                                      measured=item[:48], remedy=("请使用数据项代码。", "Use the code of a data item.")))
    if not 0 < len(reason.strip()) <= 400:
        findings.append(Finding.error("reason_missing", "请写明理由（不超过400字）。", "Give the reason (400 characters at most).",
                                      where=Place(field="reason"), remedy=("写明该口岸为何没有此项。", "Say why the port has no such thing.")))
    if findings:
        raise Refused(findings)
    if NotApplicable.objects.filter(port=held, item=item, ended_on__isnull=True).exists():
        raise Conflict.because("exempt_already", "该项已认定为不适用。", "It has been decided already.", where=Place(field="item"), measured=item,
                               remedy=("如需变更，请先终止原认定。", "End that decision first."))
    made = NotApplicable.objects.create(port=held, item=item, from_on=from_on, reason=reason.strip(), decided_by_id=actor.pk)
    refuse_secrets(reason)
    # A return that asks for nothing else any more is not owed.
    for each in Return.objects.filter(form=asking[0].code, port=held, state=ReturnState.DUE, period_end__gte=from_on).select_related("call__matter"):
        if set(each.form_of.items_for(held)) <= exempted([held.pk], each.period).get(held.pk, frozenset()):
            each.state, each.version = ReturnState.NOT_APPLICABLE, each.version + 1
            each.save(update_fields=["state", "version"])
            if each.call is not None:
                complete_call(each.call)
    return made


@action("returns.calendar")
def end_exemption(*, actor: Any, number: int, ended_on: date) -> NotApplicable:
    """The item is asked again for periods that begin after a day."""
    held = NotApplicable.objects.select_for_update().filter(pk=number).first()
    if held is None:
        raise NotFound.because("unknown_exemption", f"没有编号为 {number} 的认定。", f"There is no decision number {number}.",
            where=Place(field="number"),
                               remedy=("请从列表中选择。", "Choose it from the list."))
    if held.ended_on is None:
        if ended_on < held.from_on:
            raise Refused.because("period_reversed", "终止日期早于起始日期。", "It ends before it begins.", where=Place(field="ended_on"),
                                  measured=str(ended_on), required=f"≥ {held.from_on}", remedy=("请改正日期。", "Correct the day."))
        held.ended_on = ended_on
        held.save(update_fields=["ended_on"])
    return held
