"""突发事件 in a real browser: axe, both widths; from the form to the task on an agency's desk and the log."""

from __future__ import annotations

from typing import Any

import pytest
from tests.monitoring.emergency_office import PLAN, step

from kouan.accounts.models import User
from kouan.basis import clock
from kouan.monitoring.emergencies.effects import months_after
from kouan.monitoring.emergencies.models import EmergencyEvent
from kouan.monitoring.emergencies.plans import draft_plan


@pytest.fixture
def planned(house: Any) -> Any:
    """The province's plan in force."""
    people = {each.username: each for each in User.objects.filter(username__in=("guangdong", "guangdong-fuzeren"))}
    plan = draft_plan(actor=people["guangdong"], kind="dangerous_goods", said=PLAN)
    step(plan, "submit", people["guangdong"])
    step(plan, "publish", people["guangdong-fuzeren"], next_drill_on=months_after(clock.today(), 6).isoformat())
    return house


@pytest.mark.long
def test_from_opening_to_the_log(planned, page, sign_in, look):
    sign_in(page, "luohu-bianjian")
    page.get_by_role("link", name="突发事件", exact=True).click()
    page.get_by_role("link", name="启动", exact=True).click()
    look(page, "emergency-open")
    page.select_option("#in-port", "luohu-rail")
    page.select_option("#in-kind", "dangerous_goods")
    page.select_option("#in-level", "3")
    page.fill("#in-title", "货运通道泄漏")
    page.get_by_role("button", name="启动", exact=True).click()
    page.wait_for_selector("text=任务已送达各单位待办")
    assert page.get_by_text("待我办理").count() >= 1
    page.fill("#in-words", "已到场")
    page.get_by_role("button", name="记入", exact=True).click()
    page.wait_for_selector("text=已记入日志")
    event = EmergencyEvent.objects.get()
    assert event.log.filter(words_zh="已到场").exists() and event.opened_by.username == "luohu-bianjian"
    look(page, "emergency-one")
    for label, address in (("list", "/emergencies"), ("plans", "/emergencies/plans"), ("plan", f"/emergencies/plans/{event.plan_id}"),
                           ("roster", "/emergencies/roster")):
        page.goto(f"{planned.url}{address}")
        look(page, f"emergency-{label}")
