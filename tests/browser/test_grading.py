"""Lists, grades and policy in a real browser: found by the menu, a reason read, a matter begun, a grade decided, a cell entered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from tests.grading.worlds import an_air_port, casework_procedures, settle
from tests.ports import factories
from tests.ports.factories import a_document, a_sea_port

from kouan.accounts.models import User
from kouan.basis import clock
from kouan.desk.matters.models import Matter
from kouan.grading.models import GradeDecision, ListRecord, PolicyCell


@pytest.fixture
def full(house: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Ports below and above, a city with two water ports, and the procedures of casework ready to begin."""
    # The ports of the house come from the same builders under another name, and have taken the first numbers.
    monkeypatch.setattr(factories, "_numbers", count(1000))
    last = clock.today().year - 1
    an_air_port("di-air", below=(last - 2, last - 1, last), name_zh="低流量航空口岸", short_name_zh="低流量")
    for code, name in (("a-water", "甲水运口岸"), ("b-water", "乙水运口岸")):
        a_sea_port(code, province_code="44", city_code="440500", city_name="汕头市", name_zh=name)
    a_document(reference="grade-paper", title="关于口岸等级的通知")
    with casework_procedures():
        settle(User.objects.get(username="guojia"), "withdrawal", "merge")
        yield house


@pytest.mark.long
def test_from_a_list_to_a_matter_and_from_scores_to_a_policy(
    full: Any, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None]
) -> None:
    sign_in(page, "guojia")
    page.click("nav >> text=分级与准入退出")
    assert "低流量航空口岸" in page.locator("#table-grading-list").inner_text()
    look(page, "grading-watch")
    page.click("#table-grading-list >> text=低流量航空口岸")
    page.wait_for_selector("#open")
    look(page, "grading-entry")
    page.go_back()
    page.click("button[form=open-case]")
    page.wait_for_url("**/matters/*")
    assert Matter.objects.get().port_code == "di-air" and "名单证据" in page.locator("#evidence").inner_text()
    look(page, "grading-matter")
    page.goto(f"{full.url}/grading")
    assert "办理中" in page.locator("#table-grading-list").inner_text()
    page.click("text=登记本名单")
    page.wait_for_url("**/grading/records/*")
    page.click("text=按复算依据重做")
    page.wait_for_selector("text=与登记的完全相同")
    look(page, "grading-record")
    assert ListRecord.objects.get().entries.count() >= 1
    for kind in ("closing", "unaccepted", "merge", "class-two"):
        page.goto(f"{full.url}/grading/lists/{kind}")
        look(page, f"grading-{kind}")
    page.goto(f"{full.url}/grading/lists/merge/city:440500")
    look(page, "grading-merge-entry")
    page.goto(f"{full.url}/grading/class-two")
    look(page, "grading-class-two-register")

    page.goto(f"{full.url}/grading/grades")
    look(page, "grades")
    page.click("#table-grades >> text=低流量航空口岸")
    look(page, "grade-empty")
    page.click("summary >> text=提交一年的得分")
    for name, value in (("year", "2024"), ("strategy", "85"), ("benefit", "70"), ("reach", "65")):
        page.fill(f"#in-{name}", value)
    page.fill("#in-scores-document", "grade-paper")
    page.click("button >> text=提交得分")
    page.wait_for_selector(".notice-success")
    assert "建议为国家重要口岸" in page.locator("main").inner_text()
    page.select_option("#in-grade", "hub")
    page.fill("#in-valid_from", f"{clock.today().year}-01-01")
    page.fill("#in-reason", "统筹布局")
    page.fill("#in-document", "grade-paper")
    page.click("button >> text=登记决定")
    page.wait_for_selector(".findings")
    look(page, "grade-refused")
    page.fill("#in-override_by", "李四")
    page.click("button >> text=登记决定")
    page.wait_for_selector(".notice-success")
    assert GradeDecision.objects.get().is_override
    look(page, "grade-decided")

    page.goto(f"{full.url}/grading/policy")
    assert "未制定" in page.locator("#table-policy").inner_text()
    for name, value in (("grade", "hub"), ("transport_class", "air_other"), ("stage", "running")):
        page.select_option(f"#in-{name}", value)
    page.fill("#in-text", "按月评估运行情况")
    page.fill("#in-valid_from", f"{clock.today().year}-01-01")
    page.fill("#in-document", "grade-paper")
    page.click("form[data-draft=policy] .btn-primary")
    page.wait_for_selector(".notice-success")
    assert PolicyCell.objects.get().version == 1
    look(page, "policy")
    page.goto(f"{full.url}/ports/di-air")
    assert "国际枢纽口岸" in page.locator("#identity").inner_text()
    look(page, "port-with-grade")
