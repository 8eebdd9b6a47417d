"""A month of statutory returns in the exercise (演练): open, with one signed, one filed late, one overdue, one returned for correction.

Everything goes by the verbs of the doors and the demonstration's people. The persons of Luohu are the sums of its daily figures, so that a
month filed and the days behind it say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import Period, Refused, clock
from kouan.collection.returns import actions, calendar, calls, forms
from kouan.collection.returns.models import DueRule, Return, ReturnState
from kouan.desk.matters.queries import working_days
from kouan.exercise.daily import a_day
from kouan.exercise.places import PLACES
from kouan.monitoring.journal.models import EventSource

WHY = "演练设定，非公开规定"
PORT = "luohu-rail"
_PEOPLE = ("luohu-bianjian", "luohu", "shenzhen", "guangdong", "guojia")


def fill_returns(say: Callable[[str, str], None]) -> None:
    """Open a month of returns and play some of it; what is there already is left alone."""
    if not settings.IS_EXERCISE:
        raise Refused.because(
            "not_an_exercise", "演练数据不得进入真实工作区。", "Generated figures may not enter a real workspace.",
            remedy=("请用 make demo 打开演练工作区。", "Open the exercise workspace with make demo."))
    people = {each.username: each for each in User.objects.filter(username__in=_PEOPLE, is_demonstration=True, is_active=True)
              .select_related("organisation")}
    if DueRule.objects.exists() or len(people) < len(_PEOPLE):
        return
    say("下达演练报送任务", "Opening a month of exercise returns")
    month = forms.latest_period("month")
    # Due in five working days, whatever the day on which the workspace is made: the month is open and the one before is past its day.
    days = working_days()
    ahead = days.between(month.end, clock.today()) + 5
    calls.set_due_rule(actor=people["guojia"], cadence="month", due_days=ahead, freeze_days=20, escalate_days=5, valid_from=month.previous().start,
                       reason=WHY)
    with acting_system("returns") as system:
        calls.open_calls(actor=system)
    before = month.previous()
    _signed(people, before)
    _signed(people, month)
    # Overdue: the operator's return of the month before.
    actions.owed(actor=people["luohu"], form="KA-03", port=PORT, period=calendar.code_of(before, "month"))
    filed = _file(people["luohu"], "KA-03", month, {"teu": 0, "peak_day_flow": 15_600, "peak_hour_flow": 1_900})
    actions.review(actor=people["guangdong"], number=filed.pk, decision="return", words="高峰日通行量与日报不符，请核对后重新报出",
                   notes={"peak_day_flow": "日报最高一日约一万人次"})
    _file(people["shenzhen"], "KA-04", month, {"equip_up_h": 8_610, "equip_plan_h": 8_760, "hazards_due": 3, "hazards_closed_on_time": 3,
                                              "complaints_due": 2, "complaints_on_time": 2, "public_order_cases": 0})
    _zero(people["guangdong"], month)


def _persons(month: Period) -> dict[str, int]:
    """The month's travellers by direction and crew: together what the days of the exercise add up to."""
    place = next(each for each in PLACES if each.code == PORT)
    found = EventSource.objects.order_by("created_at").first()
    first = clock.day_of(found.created_at) if found is not None else clock.today()
    sums = {direction: sum(a_day(place, "person_crossings", direction, day.start, first) for day in month.days())
            for direction in ("inbound", "outbound")}
    crew = 2 * month.day_count
    return {"pax_in": sums["inbound"] - crew // 2, "pax_out": sums["outbound"] - (crew - crew // 2), "crew": crew}


def _signed(people: Mapping[str, User], month: Period) -> None:
    """Border inspection's return, passed by the province and signed by the nation."""
    held = _file(people["luohu-bianjian"], "KA-02", month, {
        **_persons(month), "conv": 2 * month.day_count, "lane_capacity_hour": 2_400, "citizen_batches": 40, "citizen_batches_30": 39})
    actions.review(actor=people["guangdong"], number=held.pk, decision="pass", words="与日报相符")
    actions.review(actor=people["guojia"], number=held.pk, decision="sign", words="同意")


def _file(actor: User, form: str, month: Period, values: Mapping[str, Any], *, port: str = PORT, is_zero: bool = False) -> Return:
    held = actions.owed(actor=actor, form=form, port=port, period=calendar.code_of(month, "month"))
    people = {"head": "演练甲", "statistician": "演练乙", "filler": "演练丙", "reported_on": clock.today().isoformat()}
    filled = actions.filled_from({code: (value, "", "") for code, value in values.items()}, people, is_zero)
    return actions.file_return(actor=actor, number=held.pk, filled=filled, channel="page").held


def _zero(actor: User, month: Period) -> None:
    """A zero report of events, of the first port that the province itself reports for: it waits for the national office."""
    held = Return.objects.filter(form="KA-06", organisation=actor.organisation, period_start=month.start, state=ReturnState.DUE).select_related(
        "port").order_by("port__pinyin").first()
    if held is not None:
        _file(actor, "KA-06", month, {}, port=held.port.code, is_zero=True)
