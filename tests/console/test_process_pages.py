"""作业流程, 前后对比, 排队与通道: what the pages show, the way down to a case, and who sees nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer, an_enterprise_user
from tests.monitoring.journal_factories import PORT
from tests.monitoring.process_factories import LATER, a_queue, two_months

from kouan.basis import Text, clock
from kouan.console.flow_map import flow_map
from kouan.monitoring.processes.view import Arc

pytestmark = pytest.mark.django_db
MARCH = f"/processes?port={PORT}&first=2026-03"


@pytest.fixture
def told() -> Any:
    two_months()
    with clock.travel_to(LATER):
        yield


def shown(browser: Any, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_flow_is_shown_and_leads_down_to_a_case(told: Any, open_as: Any) -> None:
    browser = open_as(a_national_officer())
    page = shown(browser, f"{MARCH}&limit=12")
    for words in ("海运 进境 货物（集装箱）", "整体通关时间", "按责任方", "作业与等待", "常走路径", "符合公布的流程", 'class="flow-map"', "75%",
                  "另有：下达查验、查验开始、查验完毕"):  # fmt: skip
        assert words in page, words
    assert "暂定" not in page.split("逐月")[0]
    cases = shown(browser, f"/processes/cases?port={PORT}&first=2026-03&arc=inspection_started.inspection_ended")
    assert "I0" in cases and "M0" not in cases
    case = shown(browser, f"/processes/case?case=I0&port={PORT}&first=2026-03")
    assert "整体通关时间：18小时" in case and "等待查验" in case and "2026-03-10 08:00:00" in case
    segments = json.loads(b"".join(browser.get(f"{MARCH}&s.format=json").streaming_content))
    assert segments


def test_by_arrival_is_marked_provisional_and_english_is_whole(told: Any, open_as: Any) -> None:
    browser = open_as(a_national_officer())
    assert "暂定。" in shown(browser, f"/processes?port={PORT}&first=2026-04&by=arrival")
    browser.cookies["kouan_language"] = "en"
    assert "In whose hands the time is" in shown(browser, MARCH)


def test_two_periods_and_an_empty_one(told: Any, open_as: Any) -> None:
    browser = open_as(a_national_officer())
    page = shown(browser, f"/processes/compare?port={PORT}&before=2026-03&first=2026-04")
    assert "明确缩短" in page and "缩短 2.00 小时" in page
    assert "没有可比的事件" in shown(browser, f"/processes/compare?port={PORT}&before=2025-03&first=2025-04")
    assert "没有这一流程的事件" in shown(browser, f"/processes?port={PORT}&first=2025-03")
    assert "请选择口岸" in shown(browser, "/processes")


def test_the_queue_page_says_what_it_cannot_know(open_as: Any) -> None:
    a_queue()
    with clock.travel_to(LATER):
        page = shown(open_as(a_national_officer()), f"/processes/lanes?port={PORT}&first=2026-03-02")
    assert "这些事件没有报人员分组" in page and "31%" in page and "两者相符" in page and "60 人（辆）/小时" in page.replace("\n", "")


@pytest.mark.parametrize("address", [
    "first=2026-3", "first=2026-01&last=2026-12", "kind=cow", "by=moon", "limit=none", "whole=passage"])
def test_an_address_that_cannot_be_used_is_told_on_the_page(told: Any, open_as: Any, address: str) -> None:
    page = shown(open_as(a_national_officer()), f"/processes?port={PORT}&{address}")
    assert "findings" in page and "flow-map" not in page


@pytest.mark.parametrize("address", [
    MARCH, f"/processes/cases?port={PORT}&first=2026-03", "/processes/case?case=I0", f"/processes/compare?port={PORT}&first=2026-04",
    f"/processes/lanes?port={PORT}"])
def test_another_province_sees_nothing_of_it(told: Any, open_as: Any, address: str) -> None:
    answer = open_as(a_provincial_officer("15")).get(address)
    assert answer.status_code == 404 and "天津" not in answer.content.decode()
    assert open_as(an_enterprise_user()).get(address).status_code == 403
    assert open_as(a_provincial_officer("12")).get(address).status_code == 200


def test_arcs_find_lanes_and_what_does_not_fit_is_counted() -> None:
    names = [chr(97 + n) for n in range(10)]
    arcs = [Arc("a", name, 100 - n, 1, 1, 1, None) for n, name in enumerate(names[1:])] + [Arc("c", "b", 9, 1, 1, 1, None)]
    drawn = flow_map(arcs, {"a": 200}, names, 200, str, lambda arc: f"?{arc.start}<", )
    assert drawn.svg.count("map-arc") == 7 and drawn.left_out == 3  # one straight, five lanes on the right, one back
    assert "?a&lt;" in drawn.svg and Text("a", "a").zh in drawn.svg
