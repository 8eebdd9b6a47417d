"""Supervision in a real browser: a task from its owner to the close, a circular with receipts, an instruction answered by two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.casework.oversight_office import PDF, House

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import clock
from kouan.casework.oversight.models import Circular, Instruction, OversightPaper, Supervision, TaskCell
from kouan.desk.matters.actions import run_clocks
from kouan.desk.matters.queries import working_days
from kouan.desk.matters.upkeep import enter_holidays

Sign = Callable[[Any, str], None]


class Office:
    """Pages of three people: 国家口岸办 guojia and fuzeren, 广东 guangdong."""

    def __init__(self, house: Any, page: Any, sign_in: Sign) -> None:
        self.url, self.page, self.sign_in, self.who = house.url, page, sign_in, ""
        self.people = House(*(User.objects.get(username=name) for name in ("guojia", "fuzeren", "guangdong")))

    def come(self, name: str, address: str) -> None:
        if self.who != name:
            if self.who:
                self.page.context.clear_cookies()
            self.sign_in(self.page, name)
        self.who = name
        self.page.goto(f"{self.url}{address}")

    def send(self, deed: str) -> None:
        self.page.locator(f"form:has([name=do][value={deed}])").locator("button").first.click()
        self.page.wait_for_selector(".notice-success")

    def step(self, matter: int, who: str, transition: str, file: Path | None = None, **fields: str) -> None:
        self.come(who, f"/matters/{matter}")
        way = self.page.locator("details.way", has=self.page.locator(f"input[name=deed][value={transition}]"))
        if way.get_attribute("open") is None:
            way.locator("> summary").click()
        for name, said in fields.items():
            way.locator(f"[name=field-{name}]").fill(said)
        if file is not None:
            way.locator("input[name=paper-evidence-title]").fill("清理完成证明")
            way.locator("input[name=paper-evidence-file]").set_input_files(file)
        way.locator("button.btn").last.click()
        self.page.wait_for_selector(".notice-success")


@pytest.fixture
def office(house: Any, page: Any, sign_in: Sign) -> Office:
    page.set_default_timeout(60_000)  # the first page of a cold server, on a busy machine
    found = Office(house, page, sign_in)
    year = clock.today().year + 1
    if year not in working_days().tables:
        enter_holidays(actor=found.people.national, year=year, holidays=[date(year, 1, day) for day in range(1, 12)], worked=[], notice="测试",
                       number="测试")
    return found


@pytest.mark.long
def test_a_task_from_its_owner_to_the_close(office: Office, look: Sign, tmp_path: Path) -> None:
    page, today = office.page, clock.today()
    file = tmp_path / "证明.pdf"
    file.write_bytes(PDF)
    # One line of the matrix: axe takes minutes over its thousand cells, which are all written alike.
    office.come("guojia", "/oversight?task=class_two")
    assert page.locator(".task-matrix td a").count() == 32
    look(page, "oversight-matrix")
    office.come("guojia", "/oversight/tasks/class_two/44")
    look(page, "oversight-cell-empty")
    page.select_option("#in-owner", office.people.guangdong.organisation.code)
    page.fill("#in-due_on", (today - timedelta(days=1)).isoformat())
    page.fill("#in-reason", "国家口岸办确定")
    office.send("set")
    page.fill("#in-supervise_reason", "进展缓慢")
    office.send("supervise")
    held = Supervision.objects.get()
    office.come("guangdong", "/inbox")
    assert "广东省" in page.locator("main").inner_text()
    office.step(held.matter_id, "guangdong", "acknowledge")
    with acting_system("run_clocks") as system:
        run_clocks(actor=system, today=today)
    office.come("guangdong", "/inbox")
    assert "已于" in page.locator("main").inner_text()
    notice = OversightPaper.objects.get()
    office.come("guojia", f"/oversight/papers/{notice.pk}")
    look(page, "oversight-notice")
    with page.expect_download() as taken:
        page.click("a[href$='.pdf']")
    assert Path(taken.value.path()).read_bytes()[:5] == b"%PDF-"
    office.step(held.matter_id, "guangdong", "report", file=file, progress="已清理完毕")
    office.come("guojia", "/oversight/supervised")
    assert "已报告待核实" in page.locator("main").inner_text()
    look(page, "oversight-supervised")
    office.step(held.matter_id, "fuzeren", "close", opinion="材料属实")
    assert TaskCell.objects.get().completed_on == today
    office.come("guangdong", "/oversight/tasks/class_two/44")
    assert "已核实完成" in page.locator("main").inner_text()
    look(page, "oversight-cell-done")
    office.come("guangdong", "/oversight")
    assert page.locator(".task-matrix thead th").count() == 2
    look(page, "oversight-matrix-province")


@pytest.mark.long
def test_a_circular_and_its_receipts(office: Office, look: Sign) -> None:
    page = office.page
    office.come("guojia", "/oversight/circulars/new")
    page.select_option("#in-kind", "notice")
    page.fill("#in-title", "关于报送口岸运行情况的通知")
    page.fill("#in-text", "各省级口岸管理部门：\n请于月底前报送本地区口岸运行情况。")
    page.check("#in-kind-provincial_office")
    page.click("button[value=preview]")
    page.wait_for_selector("#reached")
    assert "收文单位 3 个" in " ".join(page.locator("#reached").inner_text().split())
    look(page, "circular-draft")
    page.click("button[value=draft]")
    page.wait_for_selector(".notice-success")
    held = Circular.objects.get()
    assert page.locator("input[value=issue]").count() == 0
    office.come("fuzeren", f"/oversight/circulars/{held.pk}")
    page.fill("#in-number", "国岸函〔2026〕1号")
    page.fill("#in-issued_on", clock.today().isoformat())
    office.send("issue")
    office.come("guangdong", f"/oversight/circulars/{held.pk}")
    look(page, "circular-to-sign")
    office.send("sign")
    office.come("guojia", f"/oversight/circulars/{held.pk}")
    assert "已签收 1/3" in " ".join(page.locator("main").inner_text().split())
    look(page, "circular-board")
    office.come("guojia", "/oversight/circulars")
    look(page, "circulars")


@pytest.mark.long
def test_an_instruction_answered_by_two_offices(office: Office, look: Sign, tmp_path: Path) -> None:
    page = office.page
    file = tmp_path / "证明.pdf"
    file.write_bytes(PDF)
    offices = (office.people.guangdong.organisation, office.people.national.organisation)
    office.come("guojia", "/oversight/instructions/new")
    for name, said in (("title", "口岸拥堵问题"), ("signer", "某领导"), ("signed_on", clock.today().isoformat()), ("words", "请研究解决。"),
                       ("reference", "署办收〔2026〕9号")):
        page.fill(f"#in-{name}", said)
    page.select_option("#in-urgency", "urgent")
    for each in offices:
        page.check(f"#in-office-{each.code}")
    look(page, "instruction-form")
    page.click("form[data-once] .btn-primary")
    page.wait_for_selector(".notice-success")
    held = Instruction.objects.get()
    for each, who, verifier in ((offices[0], "guangdong", "guojia"), (offices[1], "guojia", "fuzeren")):
        matter = held.supervisions.get(owner=each).matter_id
        office.step(matter, who, "acknowledge")
        office.step(matter, who, "report", file=file, progress="已办理")
        assert Instruction.objects.get().ended_on is None
        office.step(matter, verifier, "close", opinion="属实")
    assert Instruction.objects.get().ended_on == clock.today()
    office.come("guangdong", f"/oversight/instructions/{held.pk}")
    look(page, "instruction-ended")
    office.come("guojia", "/oversight/instructions")
    assert "2/2" in page.locator("main").inner_text()
    look(page, "instructions")
