"""A yearly round as seven roles carry it by pages, from the scheme to the notice, in a real browser.

With a province that never files, evidence that is rejected, a red line that caps a group, and an objection that is upheld and leads to a
second freeze. The figures are generated (演练); what people file lies over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import TimeoutError
from tests.browser.stories import Act, Story
from tests.browser.test_casework import Look, Stage
from tests.desk.files import a_picture

from kouan.accounts.action import acting_system
from kouan.basis import clock
from kouan.desk import jobs
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.desk.matters.models import Matter, ProcedureSetting
from kouan.desk.matters.registry import procedures
from kouan.desk.models import Job
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.models import Freeze, PortScore, Round
from ports.factories import a_port

pytestmark = pytest.mark.long
YEAR = 2025
PORT, OTHER, LATE = "luohu-rail", "humen-water", "hekou-road"
FEW = {"rail": 5, "road": 5, "sea": 5}
STORY = Story("年度评估", "yearly_evaluation", "guojia", {}, (), "notified")


class Calendar:
    """Days pass for the whole house, the served pages included."""

    pages: Stage

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gone = timedelta()
        monkeypatch.setattr(clock, "machine_time", lambda: datetime.now(UTC) + self.gone)

    def pass_days(self, days: int) -> None:
        """Days go by, and the clocks of every matter with them."""
        self.gone += timedelta(days=days)
        self.pages.sign_everybody_out()  # nobody stays signed in for weeks
        with acting_system("run_clocks") as system:
            run_clocks(actor=system)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    return Calendar(monkeypatch)


@pytest.fixture
def stage(house: Any, page: Any, calendar: Calendar, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    a_port(OTHER, "water", name_zh="虎门水运口岸", province_code="44", city_code="441900", transport_class="sea", class_basis="测试")
    a_port(LATE, "road", name_zh="河口公路口岸", province_code="53", city_code="532532", transport_class="road", class_basis="测试")
    found = calendar.pages = Stage(house, page)
    days = {"peer_view_days": 10, "comment_days": 15}
    for each in procedures():
        for setting in each.procedure.settings if each.room == "rounds" else ():
            ProcedureSetting.objects.create(procedure=each.procedure.code, setting=setting, count=days.get(setting, 60), reason="测试",
                                            set_by=found.people["guojia"])
    yield found


class RoundStory:
    """The pages of a round, one deed each."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.page, self.url = stage, stage.page, stage.house.url

    def go(self, who: str, path: str) -> Any:
        """Somebody opens a page of the evaluation."""
        self.stage.come(who)
        return self.page.goto(f"{self.url}/evaluation{path}")

    def send(self, form: Any, button: str = "") -> None:
        (form.get_by_role("button", name=button, exact=True) if button else form.locator("button.btn-primary")).first.click()
        self.succeeded()

    def succeeded(self) -> None:
        """The page says that it was done; else the test says what the page said."""
        self.page.wait_for_selector(".notice-success, .findings")
        assert self.page.locator(".notice-success").count(), self.page.locator(".findings").first.inner_text()

    @property
    def held(self) -> Round:
        return Round.objects.select_related("matter").get(year=YEAR)

    def step(self, who: str, transition: str, matter: Matter | None = None, **fields: str) -> None:
        """A step by the form on the page of the matter."""
        try:
            self.stage.step(matter or self.held.matter, STORY, Act(who, transition, fields))
        except TimeoutError:
            raise AssertionError(f"{who} {transition}：{self.page.locator('.findings').all_inner_texts()}") from None

    def return_of(self, office: str) -> Matter:
        return Matter.objects.get(evaluation_return__office__code=office)

    def background(self, who: str, button: str) -> None:
        """Freeze or score by the button on the page of the round, the work done as the worker does it."""
        self.go(who, f"/{YEAR}")
        before = Job.objects.count()
        self.page.get_by_role("button", name=button, exact=True).click()
        self.page.wait_for_load_state("networkidle")
        assert Job.objects.count() == before + 1
        job = jobs.run(Job.objects.order_by("-pk")[0].pk)
        assert job is not None and job.state == "done", job and job.findings

    # ---- the scheme ---------------------------------------------------------------------------------------

    def publish_scheme(self) -> None:
        self.go("guojia", "/schemes")
        form = self.page.locator("#propose form")
        form.locator("#in-year").fill(str(YEAR))
        form.locator("#in-origin").select_option("bundled:national-first")
        form.locator("#in-reason").fill("首版建议稿")
        self.send(form)
        self.go("fuzeren", f"/schemes/{YEAR}/1")
        form = self.page.locator("#publish form")
        form.locator("#in-opinion").fill("同意发布")
        self.send(form)

    def open(self) -> None:
        self.go("guojia", "")
        form = self.page.locator("form", has=self.page.locator("#in-experts"))
        form.locator("#in-year").select_option(str(YEAR))
        form.locator("#in-experts").select_option("zhuanjia")
        self.send(form)

    # ---- what is filed, marked and verified ----------------------------------------------------------------

    def ask_experts(self, port: str, indicator: str) -> None:
        self.go("guojia", f"/{YEAR}/experts")
        form = self.page.locator("#ask form")
        for name in ("zhuanjia", "zhuanjia-er"):
            form.locator(f"input[name=experts][value={name}]").check()
        form.locator("#in-port").select_option(port)
        form.locator("#in-indicator").select_option(indicator)
        self.send(form)

    def file(self, who: str, port: str, item: str, value: str, *, evidence: bool = False) -> None:
        """Say of a point whether it is met, with a picture as evidence, or give a figure."""
        self.go(who, f"/{YEAR}/filing/{port}")
        form = self.page.locator("form", has=self.page.locator(f"input[name=item][value='{item}']")).filter(
            has=self.page.locator("input[name=do][value=file]"))
        way = self.page.locator("details.way", has=form).last
        if way.get_attribute("open") is None:
            way.locator("> summary").click()
        radio = form.locator(f"input[type=radio][name=value][value='{value}']")
        if radio.count():
            radio.check()
        else:
            form.locator("input[name=value]").fill(value)
        form.locator("textarea[name=remark]").fill("已建成并投入使用，详见附件。")
        if evidence:
            form.locator("input[type=file]").set_input_files({"name": "佐证.png", "mimeType": "image/png", "buffer": a_picture()})
        self.send(form)

    def decide(self, who: str, port: str, item: str, button: str, reason: str) -> None:
        self.go(who, f"/{YEAR}/filing/{port}")
        form = self.page.locator("form.inline-form", has=self.page.locator(f"input[name=item][value='{item}']"))
        form.locator("input[name=reason]").fill(reason)
        self.send(form, button)

    def mark(self, who: str, port: str, mark: str) -> None:
        """An expert declares to have no interest, and marks every point asked of one's judgement."""
        self.go(who, f"/{YEAR}/experts/{port}")
        form = self.page.locator("#declare form")
        form.locator("input[name=has_conflict][value=no]").check()
        form.locator("textarea[name=statement]").fill("与该口岸无利益关系。")
        self.send(form)
        form = self.page.locator("form", has=self.page.locator("input[name=do][value=mark]"))
        for place in form.locator("input[inputmode=numeric]").all():
            place.fill(mark)
        form.locator("textarea[name=reason]").fill("公示内容完整、更新及时。")
        self.send(form)

    def file_by_verb(self, office: str, reporter: str, verifier: str) -> None:
        """A return that is no part of the story."""
        matter = self.return_of(office)
        take_step(actor=self.stage.people[reporter], matter=matter.pk, transition="file", fields={"remarks": "已报齐"})
        take_step(actor=self.stage.people[verifier], matter=matter.pk, transition="verify", fields={"opinion": "属实"})

    # ---- what is read --------------------------------------------------------------------------------------

    def score(self, port: str = PORT) -> PortScore:
        return PortScore.objects.filter(port__code=port).select_related("scoring").order_by("-scoring__number")[0]

    def frozen(self, revision: int) -> Freeze:
        return Freeze.objects.get(round__year=YEAR, revision=revision)


def test_seven_roles_carry_a_round_from_scheme_to_notice(stage: Stage, calendar: Calendar, look: Look) -> None:
    story, page = RoundStory(stage), stage.page
    story.publish_scheme()
    story.open()
    # One city files with evidence; its inspection agency looks at each point.
    story.ask_experts(PORT, "I-0704")
    for item in ("I-0704/执法公示", "I-0606/5G"):
        story.file("shenzhen", PORT, item, "1", evidence=True)
    look(page, "evaluation-filing-port")
    story.step("shenzhen", "file", story.return_of("sz"))
    for name, mark in (("zhuanjia", "90"), ("zhuanjia-er", "70")):
        story.mark(name, PORT, mark)
    story.file("luohu-bianjian", PORT, "epid_gap_major.concealed", "1")
    story.decide("luohu-bianjian", PORT, "I-0704/执法公示", "采信", "现场核对属实")
    story.decide("luohu-bianjian", PORT, "I-0606/5G", "不予采信", "附件不是该项设施")
    # What the inspection itself entered is for another to decide.
    story.decide("guojia", PORT, "epid_gap_major.concealed", "采信", "检查记录属实")
    story.step("luohu-bianjian", "verify", story.return_of("sz"))
    story.file_by_verb("gd", "guangdong", "guojia" if story.return_of("gd").named["verifier"] == "npo" else "zhishu-haiguan")
    if Matter.objects.filter(evaluation_return__office__code="npo").exists():
        story.file_by_verb("npo", "guojia", "fuzeren")
    # Yunnan never files: it is reminded, then closed with a reason.
    for days in (51, 7, 4):
        calendar.pass_days(days)
    stage.come("yunnan")
    page.goto(f"{story.url}/matters/{story.return_of('yn').pk}")
    assert page.locator("#next, #history").first.is_visible(), "the late province still finds its task"
    story.step("guojia", "close_unfiled", story.return_of("yn"), reason="两次催报后仍未报送")
    story.step("guojia", "close_collection")
    story.background("guojia", "冻结数据")
    story.background("guojia", "计分")
    # What was filed lies over the generated figures: the rejected point is 0, the marked one the experts' mean, the red line caps its group.
    first = story.score()
    assert first.cells["I-0407"]["points"] == 0 and first.red_line and first.groups["G04"] <= 60
    frozen = story.frozen(1).ports.get(code=PORT).figures
    # M5: a point whose evidence was rejected is without evidence, and counts 0.
    assert frozen["I-0606/5G"][-1] is None and frozen["I-0704/执法公示"][-1] == pytest.approx(0.8)
    late = story.score(LATE)
    assert any(cell["mark"] == "unreported" for cell in late.cells.values()), "what the late province owes counts 0 after two reminders"
    story.go("guojia", f"/{YEAR}/results")
    look(page, "evaluation-results")
    assert "罗湖" in page.locator("main").inner_text()
    # The experts are asked, the ports' own offices compare, then one objects.
    stage.opinions(story.held.matter, STORY)
    story.step("guojia", "open_peer_view")
    story.go("shenzhen", f"/{YEAR}/ports/{PORT}")
    look(page, "evaluation-port")
    assert "红线" in page.locator("main").inner_text()
    # A time that ends on a day of rest ends on the next working day.
    calendar.pass_days(15)
    story.go("guangdong", f"/{YEAR}/objections")
    assert page.locator("form[data-draft=objection]").count(), page.locator("main").inner_text()
    form = page.locator("form[data-draft=objection]")
    form.locator("#in-port").select_option(OTHER)
    form.locator("#in-grounds").fill("报送数字经核对有误，请复核。")
    story.send(form)
    calendar.pass_days(20)
    objection = Matter.objects.get(procedure="evaluation_objection")
    story.step("guojia", "propose_answer", objection, answer="经核对属实，建议采纳")
    story.step("fuzeren", "uphold", objection, reason="采纳")
    story.step("fuzeren", "reopen", reason="采纳异议，更正后重新冻结")
    story.background("guojia", "冻结数据")
    story.background("guojia", "计分")
    assert story.score().scoring.number == 2 and story.frozen(1).ports.count() == story.frozen(2).ports.count()
    stage.opinions(story.held.matter, STORY)
    story.step("guojia", "open_peer_view")
    calendar.pass_days(15)
    calendar.pass_days(20)
    story.step("guojia", "submit_for_signing")
    story.step("fuzeren", "sign_off")
    story.go("guangdong", f"/{YEAR}/ports/{OTHER}")
    assert f"{story.score(OTHER).total:.2f}" not in page.locator("main").inner_text(), "no decimals before the notice"
    story.step("guojia", "notify")
    story.go("guangdong", f"/{YEAR}/ports/{OTHER}")
    assert f"{story.score(OTHER).total:.2f}" in page.locator("main").inner_text()
    # Who has no part in it finds nothing; the national auditor reads all and may do nothing.
    assert story.go("qiye", f"/{YEAR}/results").status in (403, 404)
    assert story.go("yunnan", f"/{YEAR}/ports/{OTHER}").status == 404
    assert story.go("shenji", f"/{YEAR}/results").ok
    steps = story.held.matter.steps.exclude(actor=None).values_list("actor__username", flat=True)
    assert set(steps) == {"guojia", "fuzeren"} and story.held.stage == "notified"
