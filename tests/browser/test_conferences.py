"""A conference through a real browser: agenda with a real open case, sent, held, minuted, confirmed; its action item at the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.browser.test_bottlenecks import PDF, People
from tests.desk.files import a_pdf

from kouan.basis import clock
from kouan.casework.conference.models import ActionItem, Conference
from kouan.desk.matters.models import Matter, Task


def step(people: People, who: str, matter: int, transition: str, paper: str = "", **fields: str) -> None:
    """A step on the page of a matter."""
    page = people.page
    people.come(who, f"/matters/{matter}")
    way = page.locator("details.way", has=page.locator(f"input[name=deed][value={transition}]"))
    if way.get_attribute("open") is None:
        way.locator("> summary").click()
    for field, said in fields.items():
        way.locator(f"[name=field-{field}]").fill(said)
    if paper:
        way.locator(f"[name=paper-{paper}-title]").fill("文件")
        way.locator(f"[name=paper-{paper}-file]").set_input_files({**PDF, "buffer": a_pdf()})
    way.locator(".form-actions button").last.click()
    page.wait_for_selector(".notice-success")


def call(people: People, title: str) -> Conference:
    people.come("guojia", "/conferences/new")
    page = people.page
    page.fill("#in-title", title)
    page.fill("#in-held_on", clock.today().isoformat())
    page.fill("#in-place", "北京")
    page.fill("#in-chair", "某主任")
    page.fill("#in-members", "gd\n某部")
    page.click("form[data-once] .form-actions .btn-primary")
    page.wait_for_selector(".notice-success")
    return Conference.objects.order_by("-pk")[0]


@pytest.mark.long
def test_from_the_agenda_to_confirmed_minutes_and_the_next_conference(
    house: Any, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None]
) -> None:
    people = People(house, page, sign_in)
    issue = people.report("查验等候时间过长，多家企业反映")
    Task.objects.filter(matter=issue.matter_id).update(due_on=clock.today() - timedelta(days=1))
    people.come("guojia", "/conferences")
    look(page, "conferences-empty")
    page.click("text=召集会议")
    look(page, "conference-new")
    held = call(people, "部际联席会议第一次会议")
    page.check(f"#in-matter-{issue.matter_id}")
    look(page, "conference-preparing")
    page.click("button:has-text('列入议程')")
    page.wait_for_selector(".notice-success")
    assert "逾期" in page.locator("#agenda").inner_text()
    page.fill("#in-free-title", "研究口岸布局")
    page.set_input_files("#in-free-paper", {**PDF, "buffer": a_pdf()})
    page.click("button:has-text('增加议题')")
    page.wait_for_selector(".notice-success")
    step(people, "guojia", held.matter_id, "send_agenda")
    people.come("guangdong", "/inbox")
    page.click("table a:has-text('议程送达')")
    step(people, "guangdong", held.members.get(name="广东省人民政府口岸办公室").invitation_id or 0, "receive", attendee="王五")
    people.come("guangdong", f"/conferences/{held.pk}")
    assert page.locator("#members").inner_text().count("王五") == 1
    look(page, "conference-member")
    step(people, "guojia", held.matter_id, "hold", held_on=clock.today().isoformat())
    people.come("guojia", f"/conferences/{held.pk}")
    for at, item in enumerate(held.items.all()):
        page.fill(f"#in-decision-{item.pk}", f"议定意见{at + 1}")
        if at == 0:
            page.fill(f"#in-actions-{item.pk}", f"完成通道改造；gd；{clock.today() + timedelta(days=30)}")
            page.fill(f"#in-dissent-{item.pk}", "某部建议缓办")
            look(page, "conference-minuting")
        page.click(f"#item-{item.pk} button:has-text('保存本项纪要')")
        page.wait_for_selector(".notice-success")
    step(people, "guojia", held.matter_id, "submit_minutes")
    people.come("fuzeren", f"/conferences/{held.pk}")
    look(page, "conference-to-confirm")
    step(people, "fuzeren", held.matter_id, "confirm")
    with page.expect_download() as taken:
        people.page.evaluate(f"location.href = '/conferences/{held.pk}/minutes.docx'")
    assert taken.value.suggested_filename.endswith(".docx")
    step(people, "guojia", held.matter_id, "issue", "issued_minutes", minutes_number="国口联纪〔2026〕1号")
    people.come("guojia", f"/conferences/{held.pk}")
    assert "国口联纪〔2026〕1号" in page.locator(".lede-marks").inner_text()
    page.click("summary:has-text('起草更正')")
    page.fill("#in-words", "“改造”应为“扩建”")
    page.click("button:has-text('送另一人确认')")
    page.wait_for_selector(".notice-success")
    people.come("fuzeren", f"/conferences/{held.pk}")
    page.click("button:has-text('确认更正')")
    page.wait_for_selector(".notice-success")
    look(page, "conference-issued")

    people.come("guangdong", f"/matters/{issue.matter_id}")
    assert "议定意见1" in page.locator("#linked").inner_text()
    look(page, "conference-on-case")
    action = ActionItem.objects.get()
    step(people, "guangdong", action.matter_id or 0, "report", "evidence", progress="已完成改造")
    following = call(people, "部际联席会议第二次会议")
    assert "落实中" in page.locator("#followed").inner_text()
    step(people, "guojia", action.matter_id or 0, "verify")
    people.come("guojia", f"/conferences/{following.pk}")
    assert "完成通道改造" in page.locator("#followed").inner_text() and "已办结" in page.locator("#followed").inner_text()
    look(page, "conference-next")
    assert Matter.objects.get(pk=action.matter_id).outcome == "concluded"
    page.goto(f"{house.url}/conferences")
    page.click("text=English")
    page.wait_for_selector("html[lang=en]")
    look(page, "conferences-en")
    page.goto(f"{house.url}/conferences/{held.pk}")
    look(page, "conference-en")
