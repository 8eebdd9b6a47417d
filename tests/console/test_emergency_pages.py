"""The pages of emergencies: read and used by those concerned, closed to another province."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from tests.monitoring.emergency_office import NEXT_DRILL, NOON, PLAN, EmergencyOffices, state, step

from kouan.accounts.action import acting_system
from kouan.accounts.actions import make_demonstration_users
from kouan.basis import clock
from kouan.monitoring.emergencies.actions import close_at_port
from kouan.monitoring.emergencies.models import EmergencyEvent, EmergencyPlan
from kouan.monitoring.emergencies.playing import play
from kouan.monitoring.emergencies.queries import task_times, year_figures
from kouan.monitoring.emergencies.typed import items_typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices() -> Iterator[EmergencyOffices]:
    with clock.travel_to(NOON.isoformat()):
        yield EmergencyOffices()


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="kouan.accounts.backends.SignInBackend")
    return client


OPENED = {"port": "luohu-rail", "kind": "dangerous_goods", "level": "3", "title": "货运通道泄漏", "occurred_at": "2024-05-22T11:50",
    "words": "三号通道"}


def test_a_plan_is_drafted_changed_and_read_on_its_pages(offices: EmergencyOffices) -> None:
    city, stranger = client_of(offices.city), client_of(offices.neighbour)
    typed = {"port": "luohu-rail", "kind": "dangerous_goods", "title": "泄漏预案", "words": "先控制",
        "checklist": "封闭通道；口岸经营单位；15；Close\n坏行",
             "roles": "head；值班长"}
    assert "第2行" in city.post("/emergencies/plans/new", typed).content.decode()
    made = city.post("/emergencies/plans/new", {**typed, "checklist": "封闭通道；口岸经营单位；15；Close\n研判；海关、边检机关；60"})
    plan = EmergencyPlan.objects.get()
    assert made.status_code == 302 and made["Location"] == f"/emergencies/plans/{plan.pk}"
    assert items_typed(plan.checklist) == "封闭通道；口岸经营单位；15；Close\n研判；海关、边检机关；60"
    assert city.post("/emergencies/plans/new", {**typed, "checklist": "x；海关；5"}).status_code == 409
    assert city.post(f"/emergencies/plans/{plan.pk}", {**typed, "title": "泄漏应急预案", "checklist": "封闭；customs；5"}).status_code == 302
    shown = city.get(f"/emergencies/plans/{plan.pk}").content.decode()
    assert "泄漏应急预案" in shown and "起草人以外" not in shown
    assert stranger.get(f"/emergencies/plans/{plan.pk}").status_code == 404 and "泄漏" not in stranger.get("/emergencies/plans").content.decode()
    assert "泄漏应急预案" in city.get("/emergencies/plans?state=draft").content.decode()
    assert client_of(offices.operator).get("/emergencies/plans/new").status_code == 403
    step(plan, "submit", offices.city)
    step(plan, "publish", offices.city_second, next_drill_on=NEXT_DRILL.isoformat())
    assert "封闭；海关；5" in city.get(f"/emergencies/plans/new?of={plan.pk}").content.decode()
    with clock.travel_to("2025-06-01"):
        assert "年度演练逾期" in city.get("/emergencies").content.decode()
        assert "已逾期" in city.get("/emergencies/plans?state=overdue").content.decode()


def test_an_event_is_opened_worked_on_and_reported_on_its_pages(offices: EmergencyOffices) -> None:
    offices.published()
    border, city, stranger, operator = (client_of(each) for each in (offices.border, offices.city, offices.neighbour, offices.operator))
    assert border.post("/emergencies/open", {**OPENED, "level": "9", "occurred_at": ""}).status_code == 422
    assert stranger.post("/emergencies/open", OPENED).status_code == 422, "a port out of scope is an unknown port"
    assert border.post("/emergencies/open", OPENED).status_code == 302
    event = EmergencyEvent.objects.get()
    address = f"/emergencies/{event.pk}"
    shown = city.get(address).content.decode()
    assert all(said in shown for said in ("封闭货运通道", "罗湖口岸公司", "海事机构", "Ⅲ级", "尚有"))
    assert city.post(address, {"deed": "log", "words": ""}).status_code == 422
    assert operator.post(address, {"deed": "log", "words": "已到场", "happened_at": "2024-05-22T11:55"}).status_code == 302
    line = event.log.get(words_zh="已到场")
    assert operator.post(address, {"deed": "log", "words": "11:56到场", "corrects": str(line.pk)}).status_code == 302
    assert city.post(address, {"deed": "task", "task": "通报", "desks": ["customs", "border_inspection"], "minutes": "30"}).status_code == 302
    assert operator.post(address, {"deed": "close", "what": "通道", "decided_by": "指挥部"}).status_code == 403
    assert city.post(address, {"deed": "close", "what": "货运通道", "decided_by": "指挥部"}).status_code == 302
    port_page = city.get("/ports/luohu-rail").content.decode()
    assert "应急关闭" in port_page and "突发事件处置中" in port_page
    assert city.post(address, {"deed": "reopen", "closure": str(event.closures.get().pk)}).status_code == 302
    assert city.post(address, {"deed": "nothing"}).status_code == 404
    for path in (address, f"{address}/report.pdf", f"{address}/report.docx"):
        assert stranger.get(path).status_code == 404
    assert "货运通道泄漏" not in stranger.get("/emergencies").content.decode() and stranger.post(address, {"deed": "log",
        "words": "x"}).status_code == 404
    assert city.get(f"{address}/report.docx").content[:2] == b"PK"
    assert "货运通道泄漏" in city.get("/emergencies?progress=running&sort=event&format=csv").getvalue().decode()
    city.cookies["kouan_language"] = "en"
    assert "Close the freight lanes" in city.get(address).content.decode()


def test_a_review_and_a_drill_on_their_pages(offices: EmergencyOffices) -> None:
    offices.published()
    assert client_of(offices.city).post("/emergencies/open", {**OPENED, "is_drill": "yes"}).status_code == 302
    drill, city = EmergencyEvent.objects.get(), client_of(offices.city)
    close_at_port(actor=offices.city, event=drill.pk, what="旅客通道", decided_by="演练总指挥")
    port_page = city.get("/ports/luohu-rail").content.decode()
    assert "演练进行中" in port_page and "应急关闭" not in port_page
    assert "这不是真实事件" in city.get(f"/emergencies/{drill.pk}").content.decode()
    city.post(f"/emergencies/{drill.pk}", {"deed": "reopen", "closure": str(drill.closures.get().pk)})
    offices.done(drill)
    step(drill, "end_response", offices.city, summary="完成", review_due_on="2024-06-01")
    wrong = city.post(f"/emergencies/{drill.pk}", {"deed": "review", "lessons": "标识不清", "measures": "换标识；sz"})
    assert wrong.status_code == 422 and "换标识；sz" in wrong.content.decode()
    owner = offices.operator.organisation.code
    assert city.post(f"/emergencies/{drill.pk}", {"deed": "review", "lessons": "标识不清",
        "measures": f"换标识；{owner}；2024-07-01"}).status_code == 302
    assert "标识不清" in client_of(offices.customs).get(f"/emergencies/{drill.pk}").content.decode()


def test_rosters_are_entered_by_their_office_and_read_in_their_province(offices: EmergencyOffices) -> None:
    offices.published()
    city, border, stranger = (client_of(each) for each in (offices.city, offices.border, offices.neighbour))
    assert city.post("/emergencies/roster", {"duties": "明天；值班长；张三；1"}).status_code == 422
    assert city.post("/emergencies/roster", {"duties": "2024-05-22；值班长；张三；0755-1\n2024-05-22；值班员；张三；0755-2"}).status_code == 302
    shown = city.get("/emergencies/roster").content.decode()
    assert "张三同时担任" in shown and "无人值班" in shown and shown.index("0755-1") < shown.index("0755-2")
    code = offices.city.organisation.code
    assert "张三" in border.get(f"/emergencies/roster?office={code}").content.decode()
    assert stranger.get(f"/emergencies/roster?office={code}").status_code == 404


def test_a_warning_opens_an_event(offices: EmergencyOffices) -> None:
    from kouan.desk.matters.registry import in_force
    from kouan.desk.matters.upkeep import set_period
    from kouan.monitoring.warnings.models import EarlyWarning
    from kouan.monitoring.warnings.platforms import NewMessage, receive_message, register_platform

    for name in in_force("early_warning").procedure.settings:
        set_period(actor=offices.national, procedure="early_warning", setting=name, count=2, reason="确定")
    register_platform(actor=offices.province, organisation=offices.city.organisation.code, name="平台", basis="文件")
    receive_message(actor=offices.city, said=NewMessage("A-1", "dangerous_goods", 2, "luohu-rail", "泄漏", NOON))
    warning, city = EarlyWarning.objects.get(), client_of(offices.city)
    assert f"?warning={warning.pk}" in city.get(f"/warnings/{warning.pk}").content.decode()
    assert "由预警启动" in city.get(f"/emergencies/open?warning={warning.pk}").content.decode()
    assert city.post("/emergencies/open", {**OPENED, "warning": str(warning.pk)}).status_code == 302
    assert EmergencyEvent.objects.get().warning == warning and "由此启动的突发事件" in city.get(f"/warnings/{warning.pk}").content.decode()


def test_the_exercise_is_played_once_with_a_past_event_and_a_drill(offices: EmergencyOffices, settings: Any) -> None:
    settings.DEBUG, settings.IS_EXERCISE = True, True
    with acting_system("setup") as system:
        make_demonstration_users(actor=system)
    # The offices of the fixture stand at the same port: the demonstration's are asked by their names.
    for each in (offices.city, offices.province, offices.border, offices.operator, offices.customs):
        each.organisation.is_active = False
        each.organisation.save()
    with clock.travel_to("2024-08-01T12:00:00+08:00"):
        play(lambda zh, en: None)
        play(lambda zh, en: None)
        drill, event = EmergencyEvent.objects.order_by("-pk")
        figures = year_figures(offices.national, 2024)
    assert (drill.is_drill, event.is_drill) == (True, False) and (state(event), state(drill)) == ("following", "reviewing")
    assert (figures.events, figures.drills, figures.plans_in_force) == (1, 1, 1)
    assert [each.task.number for each in task_times(event) if each.late_by] == [2] and not any(each.late_by for each in task_times(drill))
    assert event.plan is not None and event.plan.title_zh != PLAN.title_zh
