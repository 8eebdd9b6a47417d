"""Issues through a real browser: from the enterprise to the answered, evidenced end; passed on, escalated, objected to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.desk.files import a_pdf

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import clock
from kouan.casework.bottlenecks.models import Issue
from kouan.desk.matters.actions import run_clocks
from kouan.desk.matters.models import Matter
from kouan.desk.matters.registry import in_force
from kouan.desk.matters.upkeep import set_period

PDF = {"name": "证据.pdf", "mimeType": "application/pdf", "buffer": b""}


class People:
    """Whoever acts signs in first; the steps of offices are taken on the page of the matter."""

    def __init__(self, house: Any, page: Any, sign_in: Callable[[Any, str], None]) -> None:
        self.house, self.page, self.sign_in, self.who = house, page, sign_in, ""
        for name in in_force("enterprise_issue").procedure.settings:
            set_period(actor=User.objects.get(username="guojia"), procedure="enterprise_issue", setting=name, count=5, reason="国家口岸办确定")

    def come(self, name: str, address: str) -> None:
        if self.who != name:
            self.page.context.clear_cookies()
            self.sign_in(self.page, name)
        self.who = name
        self.page.goto(self.house.url + address)

    def step(self, issue: Issue, name: str, transition: str, **fields: str) -> None:
        self.come(name, f"/bottlenecks/{issue.pk}")
        self.page.click("#next a.btn-primary")
        way = self.page.locator("details.way", has=self.page.locator(f"input[name=deed][value={transition}]"))
        if way.get_attribute("open") is None:
            way.locator("> summary").click()
        for field, said in fields.items():
            way.locator(f"[name=field-{field}]").fill(said)
        if way.locator("[name=paper-answer_evidence-title]").count():
            way.locator("[name=paper-answer_evidence-title]").fill("整改照片")
            way.locator("[name=paper-answer_evidence-file]").set_input_files({**PDF, "buffer": a_pdf()})
        way.locator(".form-actions button").last.click()
        self.page.wait_for_selector(".notice-success")

    def report(self, facts: str, **said: str) -> Issue:
        self.come("qiye", "/bottlenecks/new")
        for name, value in ({"port": "luohu-rail", "stage": "inspection", "kind": "time", "level": "port"} | said).items():
            self.page.select_option(f"#in-{name}", value)
        self.page.fill("#in-facts", facts)
        return self.send()

    def send(self) -> Issue:
        self.page.click("form[data-once] .form-actions .btn-primary")
        self.page.wait_for_selector(".notice-success")
        return Issue.objects.order_by("-pk")[0]


@pytest.fixture
def people(house: Any, page: Any, sign_in: Callable[[Any, str], None]) -> People:
    return People(house, page, sign_in)


@pytest.mark.long
def test_from_the_enterprise_to_the_rated_end(people: People, look: Callable[[Any, str], None]) -> None:
    page = people.page
    people.sign_in(page, "qiye")
    assert page.url.endswith("/bottlenecks"), "the first page of an enterprise"
    people.come("qiye", "/bottlenecks")
    look(page, "bottlenecks-empty")
    page.click("text=提交诉求")
    page.click("form[data-once] .form-actions .btn-primary")
    assert page.locator(".findings").inner_text().count("口岸") >= 1
    page.select_option("#in-port", "luohu-rail")
    page.select_option("#in-stage", "inspection")
    page.select_option("#in-kind", "time")
    page.select_option("#in-level", "port")
    page.fill("#in-facts", "演示企业有限公司的货物等了三天")
    page.check("#in-is_anonymous")
    page.set_input_files("#in-evidence", {**PDF, "buffer": a_pdf()})
    page.click("form[data-once] .form-actions .btn-primary")
    page.wait_for_selector(".findings")
    assert "匿名" in page.locator(".findings").inner_text()
    look(page, "bottleneck-new")
    page.fill("#in-facts", "货物查验等了三天，未告知原因")
    page.set_input_files("#in-evidence", {**PDF, "buffer": a_pdf()})
    issue = people.send()
    look(page, "bottleneck-submitted")
    assert issue.handler.code == "lh-bianjian"

    people.come("luohu-bianjian", "/inbox")
    look(page, "bottleneck-inbox")
    people.come("luohu-bianjian", f"/bottlenecks/{issue.pk}")
    shown = page.locator("main").inner_text()
    assert "演示企业" not in shown and "证据.pdf" not in shown and "匿名" in shown
    people.step(issue, "luohu-bianjian", "accept")
    assert "演示企业" not in page.locator("main").inner_text()
    people.step(issue, "luohu-bianjian", "give_answer", answer="已增开查验通道", measures="增开两条")
    look(page, "bottleneck-matter")
    people.come("qiye", f"/bottlenecks/{issue.pk}")
    assert "已增开查验通道" in page.locator("#answers").inner_text()
    with page.expect_download() as taken:
        page.click("#answers a[download]")
    assert taken.value.suggested_filename == "证据.pdf"
    look(page, "bottleneck-answered")
    page.select_option("#in-satisfaction", "satisfied")
    page.click("button:has-text('提交评价')")
    page.wait_for_selector("#next .notice-success")
    assert Matter.objects.get(pk=issue.matter_id).outcome == "concluded"
    look(page, "bottleneck-closed")
    page.goto(f"{people.house.url}/bottlenecks/statistics")
    assert "少于3件" in page.locator("main").inner_text()
    look(page, "bottleneck-figures-public")
    people.come("guojia", "/bottlenecks/statistics")
    look(page, "bottleneck-figures")
    page.goto(f"{people.house.url}/bottlenecks")
    look(page, "bottlenecks")
    page.click("text=English")
    page.wait_for_selector("html[lang=en]")
    look(page, "bottlenecks-en")


@pytest.mark.long
def test_passed_on_to_the_city(people: People, look: Callable[[Any, str], None]) -> None:
    issue = people.report("通道标识不清，多次排错队")
    people.step(issue, "luohu-bianjian", "pass_on", next_office="sz", reason="标识由口岸办管理")
    people.step(issue, "shenzhen", "accept")
    people.step(issue, "shenzhen", "give_answer", answer="已更换标识", measures="更换十块")
    people.come("qiye", f"/bottlenecks/{issue.pk}")
    assert people.page.locator("#route tbody tr").count() == 2 and "标识由口岸办管理" in people.page.locator("#route").inner_text()
    look(people.page, "bottleneck-passed")


@pytest.mark.long
def test_escalated_and_answered_by_the_superior(people: People, look: Callable[[Any, str], None]) -> None:
    issue = people.report("办理单位一直没有答复")
    people.step(issue, "luohu-bianjian", "accept")
    later = clock.today() + timedelta(days=20)
    with acting_system("run_clocks") as system:
        run_clocks(actor=system, today=later)
    people.come("guangdong", "/inbox")
    assert "逾期" in people.page.locator("main").inner_text()
    people.come("guangdong", f"/bottlenecks/{issue.pk}")
    look(people.page, "bottleneck-escalated")


@pytest.mark.long
def test_objected_to_and_looked_at_by_the_superior(people: People, look: Callable[[Any, str], None]) -> None:
    page, issue = people.page, people.report("查验时间过长")
    people.step(issue, "luohu-bianjian", "accept")
    people.step(issue, "luohu-bianjian", "give_answer", answer="属正常情况", measures="无")
    people.come("qiye", f"/bottlenecks/{issue.pk}")
    page.click("summary:has-text('不认可答复')")
    page.fill("#in-object-words", "没有说明原因")
    page.click("button:has-text('提请上级审看')")
    page.wait_for_selector(".notice-success")
    people.step(issue, "guangdong", "send_back", review_words="请说明原因并公开时限")
    people.step(issue, "luohu-bianjian", "answer_again", answer="已公开查验时限", measures="公示牌")
    people.come("qiye", f"/bottlenecks/{issue.pk}")
    assert page.locator("summary:has-text('不认可答复')").count() == 0, "once only"
    look(page, "bottleneck-reviewed")


@pytest.mark.long
def test_a_weak_indicator_and_an_issue_by_phone(people: People, look: Callable[[Any, str], None]) -> None:
    page = people.page
    people.come("guojia", "/bottlenecks/weak-indicator")
    for name, value in (("indicator", "I-0101"), ("port", "luohu-rail")):
        page.select_option(f"#in-{name}", value)
    page.fill("#in-score", "42.5")
    page.fill("#in-evidence", "score 7")
    page.fill("#in-facts", "查验场地面积达标率偏低")
    page.click("form[data-once] .form-actions .btn-primary")
    page.wait_for_selector(".findings")
    look(page, "bottleneck-weak-refused")
    page.fill("#in-evidence", "kouan:evaluation/score/7@2")
    issue = people.send()
    assert issue.handler.code == "sz" and "kouan:evaluation/score/7@2" in page.locator("#said").inner_text()
    look(page, "bottleneck-weak")
    people.come("shenzhen", "/bottlenecks/new?port=luohu-rail")
    page.fill("#in-enterprise_name", "某公司")
    look(page, "bottleneck-phone")
