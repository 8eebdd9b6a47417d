"""Each procedure of casework from its first form to what it changes, with its roles, in a real browser.

The first form, one opinion and the deciding step go through pages; the steps between are driven by verbs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from tests.casework.cases import NO_MAJOR, REPLY, Offices
from tests.casework.test_effects import (
    GOOD_ACCEPTANCE,
    GOOD_OPENING,
    GOOD_OPENING_EXPANSION,
    GOOD_TEMPORARY,
    accept,
)

from kouan.accounts.models import User
from kouan.basis import clock
from kouan.casework.actions import gather_facts
from kouan.casework.models import DemonstrationPort, SupervisionSite, TemporaryOpening
from kouan.desk.matters.facts import asks_for_day
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import procedure_for, working_days
from kouan.desk.matters.upkeep import enter_holidays
from kouan.grading.class_two import NewClassTwo, enter_class_two
from kouan.grading.models import ClassTwoClearance
from kouan.ports.models import Port, PortEvent
from ports.factories import a_document, a_port

Sign = Callable[[Any, str], None]


class Desk:
    """Pages and verbs together: whoever acts by a page signs in first; everybody else acts by verbs."""

    def __init__(self, house: Any, page: Any, sign_in: Sign) -> None:
        self.house, self.page, self.sign_in = house, page, sign_in
        self.offices = Offices(*(User.objects.get(username=name) for name in ("guojia", "fuzeren", "guangdong", "luohu-bianjian")),
                               day=clock.today())
        self.who = ""

    def come(self, name: str) -> None:
        if self.who and self.who != name:
            self.page.context.clear_cookies()
        if self.who != name:
            self.sign_in(self.page, name)
        self.who = name

    def begin(self, procedure: str, title: str, who: str = "guangdong", asked: tuple[str, ...] = (), **answers: str) -> Matter:
        """The first form of a procedure, filled in and sent."""
        self.offices.settle(procedure)
        self.come(who)
        self.page.goto(f"{self.house.url}/matters/begin/{procedure}")
        self.page.fill("#in-title", title)
        for name, said in answers.items():
            place = self.page.locator(f"#in-{name}")
            place.select_option(said) if place.evaluate("one => one.tagName") == "SELECT" else place.fill(said)
        for party in asked:
            self.page.check(f"#in-asked-{party}")
        for party, office in self.offices.named(procedure).items():
            self.page.select_option(f"#in-named-{party}", office)
        self.page.click("form[data-once] .btn-primary")
        self.page.wait_for_url(lambda address: address.rsplit("/", 1)[1].isdigit())
        return Matter.objects.order_by("-pk")[0]

    def open(self, matter: Matter, who: str) -> None:
        self.come(who)
        self.page.goto(f"{self.house.url}/matters/{matter.pk}")

    def opinion(self, matter: Matter, words: str = "无意见", who: str = "luohu-bianjian", agrees: bool = True) -> None:
        """One office answers by the page; the others by verbs."""
        self.open(matter, who)
        form = self.page.locator("#opinions section.panel form").first
        if not agrees:
            form.locator("select[name=agrees]").select_option("no")
        form.locator("textarea[name=words]").fill(words)
        form.locator("button").click()
        self.page.wait_for_selector(".notice-success")

    def step(self, matter: Matter, transition: str, who: str, facts: dict[str, str] | None = None, override: str = "", **fields: str) -> None:
        """A step by its form, with every paper and field it asks for."""
        matter.refresh_from_db()
        one = procedure_for(matter).transitions[transition]
        self.open(matter, who)
        way = self.page.locator("details.way", has=self.page.locator(f"input[name=deed][value={transition}]"))
        if way.get_attribute("open") is None:
            way.locator("> summary").click()
        for name, said in (facts or {}).items():
            place = way.locator(f"[name=fact-{name}]")
            place.select_option(said) if place.evaluate("one => one.tagName") == "SELECT" else place.fill(said)
        for name in one.fields:
            way.locator(f"[name=field-{name}]").fill(fields.get(name, self.said(name)))
        for kind in one.documents:
            way.locator(f"input[name=paper-{kind}-title]").fill(f"{kind}文件")
        if override:
            way.locator("details.override > summary").click()
            way.locator("textarea[name=override_reason]").fill(override)
            way.locator("input[name=paper-override-title]").fill("负责人批示")
        way.locator("button.btn").last.click()

    def done(self, matter: Matter, state: str) -> None:
        self.page.wait_for_selector(".notice-success")
        matter.refresh_from_db()
        assert matter.state == state

    def said(self, name: str) -> str:
        return REPLY if name == "reply_number" else self.offices.day.isoformat() if asks_for_day(name) else "见附件"

    def after(self, days: int) -> date:
        return self.offices.day + timedelta(days=days)


@pytest.fixture
def desk(house: Any, page: Any, sign_in: Sign) -> Desk:
    found = Desk(house, page, sign_in)
    year = clock.today().year + 1
    if year not in working_days().tables:
        # Late in the year periods reach into the next, whose notice is not out when the tests run.
        enter_holidays(actor=found.offices.national, year=year, holidays=[date(year, 1, day) for day in range(1, 12)], worked=[], notice="测试",
            number="测试")
    return found


def test_opening_with_its_acceptance(desk: Desk, look: Sign) -> None:
    matter = desk.begin("opening", "新塘机场口岸开放", new_name="新塘航空口岸", new_mode="air", new_code="xintang-air", city_name="广州市")
    look(desk.page, "case-draft")
    desk.offices.take(matter, "submit")
    desk.offices.take(matter, "admit_air", facts=GOOD_OPENING)
    desk.opinion(matter)
    desk.offices.go(matter, "agree", "conclude_air", "start_countersign", "agree", "report", "record_reply")
    case = desk.begin("acceptance", "新塘航空口岸验收", port="新塘航空口岸")
    desk.offices.go(case, "ask_provincial_round", "agree", "apply")
    desk.offices.take(case, "arrange_air", facts=GOOD_ACCEPTANCE)
    desk.opinion(case)
    desk.offices.go(case, "agree", "pass_air", "agree")
    desk.step(case, "accept", "fuzeren")
    desk.done(case, "accepted")
    assert Port.objects.get(code="xintang-air").accepted_on == desk.offices.day
    gather_facts(actor=desk.offices.national, matter=matter.pk)
    desk.offices.take(matter, "confirm_acceptance")
    desk.step(matter, "open", "fuzeren")
    desk.done(matter, "opened")
    assert Port.objects.get(code="xintang-air").status == "open"
    desk.page.goto(f"{desk.house.url}/ports/xintang-air")
    look(desk.page, "case-port-opened")


def test_expansion(desk: Desk) -> None:
    a_port("xintang-air", "air", name_zh="新塘航空口岸", open_since=date(2010, 1, 1))
    matter = desk.begin("expansion", "新塘航空口岸扩大开放", port="xintang-air")
    desk.offices.take(matter, "submit")
    desk.offices.take(matter, "admit_air", facts={**GOOD_OPENING_EXPANSION, "latest_evaluation": "2023年度，第1版"})
    desk.opinion(matter)
    desk.offices.go(matter, "agree", "conclude_air", "start_countersign", "agree", "report", "record_reply")
    accept(desk.offices, desk.offices.begun("acceptance", {"port": "xintang-air"}))
    gather_facts(actor=desk.offices.national, matter=matter.pk)
    desk.offices.take(matter, "confirm_acceptance")
    desk.step(matter, "expand", "fuzeren")
    desk.done(matter, "expanded")
    assert PortEvent.objects.filter(port__code="xintang-air", kind="expansion", document__document_number=REPLY).count() == 1


def test_acceptance_rechecked_after_defects(desk: Desk) -> None:
    a_port("xintang-air", "air", name_zh="新塘航空口岸")
    matter = desk.begin("acceptance", "新塘航空口岸验收", port="xintang-air")
    desk.offices.go(matter, "ask_provincial_round", "agree", "apply")
    desk.offices.take(matter, "arrange_air", facts=GOOD_ACCEPTANCE)
    desk.step(matter, "find_defects", "guojia", rectify_until=desk.after(90).isoformat())
    desk.done(matter, "defects")
    desk.step(matter, "mend_defects", "guangdong")
    desk.done(matter, "recheck")
    desk.opinion(matter, "问题已整改")
    desk.offices.go(matter, "agree", "pass_recheck", "agree")
    desk.step(matter, "accept", "fuzeren")
    desk.done(matter, "accepted")
    assert Port.objects.get(code="xintang-air").accepted_on == desk.offices.day


def test_temporary_opening_and_its_extension(desk: Desk, look: Sign) -> None:
    last, later = desk.after(150), desk.after(210)
    matter = desk.begin("temporary_opening", "新塘机场临时开放", place_name="新塘机场", place_kind="airport", ground="international_event")
    desk.offices.take(matter, "submit_to_national")
    desk.offices.take(matter, "admit_air", facts=GOOD_TEMPORARY)
    desk.opinion(matter)
    desk.offices.agree(matter)
    desk.step(matter, "permit_air", "fuzeren", opened_to=last.isoformat())
    desk.done(matter, "in_use")
    assert f"{last.year}年{last.month}月{last.day}日" in desk.page.locator("#clocks").inner_text()
    extension = desk.begin("temporary_extension", "新塘机场临时开放延期", opening=str(TemporaryOpening.objects.get().pk))
    desk.offices.take(extension, "submit_to_national")
    desk.offices.take(extension, "consult", facts={"term_within_longest": True})
    desk.opinion(extension)
    desk.offices.agree(extension)
    desk.step(extension, "extend", "fuzeren", extended_to=later.isoformat())
    desk.done(extension, "extended")
    desk.open(matter, "guojia")
    assert f"{later.year}年{later.month}月{later.day}日" in desk.page.locator("#clocks").inner_text()
    look(desk.page, "case-extended")
    assert TemporaryOpening.objects.get().last_day == later


def test_withdrawal_to_the_closing_by_the_reply(desk: Desk, look: Sign) -> None:
    a_port("yantai-water", "water", name_zh="盐台水运口岸", open_since=date(2010, 1, 1), is_border=False)
    matter = desk.begin("withdrawal", "盐台水运口岸退出", who="guojia", port="yantai-water")
    look(desk.page, "case-withdrawal")
    desk.step(matter, "notice_by_national", "guojia", facts={"ladder_verdict": "review"})
    desk.done(matter, "noticed")
    desk.offices.take(matter, "order_by_national", actor=desk.offices.national)
    desk.offices.take(matter, "report_rectified")
    desk.offices.take(matter, "review_by_national", actor=desk.offices.national, facts={"latest_evaluation": "2023年度，第1版"})
    desk.opinion(matter)
    desk.offices.go(matter, "agree", "conclude_review")
    desk.offices.take(matter, "propose_closing", facts=NO_MAJOR)
    desk.step(matter, "record_closing", "guojia")
    desk.done(matter, "closed")
    assert Port.objects.get(code="yantai-water").status == "closed"


def test_merge_overridden_by_the_head(desk: Desk) -> None:
    for code, name, city in (("dongguan-water", "东莞水运口岸", "441900"), ("humen-water", "虎门水运口岸", "440100")):
        a_port(code, "water", name_zh=name, open_since=date(2010, 1, 1), is_border=False, city_code=city)
    matter = desk.begin("merge", "东莞与虎门整合", port="dongguan-water", target="虎门水运口岸")
    desk.offices.take(matter, "submit", merged_into="虎门水运口岸")
    desk.step(matter, "admit", "fuzeren", override="两地已由国务院确定一体化管理")
    desk.done(matter, "consulting")
    assert "越过条件" in desk.page.locator("#history").inner_text()
    desk.opinion(matter)
    desk.offices.go(matter, "agree", "conclude", "start_countersign", "agree")
    desk.offices.take(matter, "report", facts=NO_MAJOR)
    desk.step(matter, "record_merger", "guojia", merged_into="虎门水运口岸")
    desk.done(matter, "merged")
    assert PortEvent.objects.get(kind="merger").into.code == "humen-water"


def test_class_two_clearance(desk: Desk, look: Sign) -> None:
    (row,) = enter_class_two(actor=desk.offices.national, lines=[NewClassTwo("某二类口岸", "water", "44")], document=a_document())
    desk.come("guojia")
    desk.page.goto(f"{desk.house.url}/matters")
    desk.page.click("a[href='/grading/class-two']")
    look(desk.page, "class-two-ports")
    matter = desk.begin("class_two_clearance", "某二类口岸清理", class_two=row.code)
    desk.offices.go(matter, "propose", "consult")
    desk.opinion(matter)
    desk.offices.agree(matter)
    desk.step(matter, "approve_plan", "fuzeren")
    desk.done(matter, "carrying_out")
    desk.step(matter, "record_closing", "guojia")
    desk.done(matter, "closed")
    assert [(each.port, each.outcome) for each in ClassTwoClearance.objects.all()] == [(row, "closed")]


def test_change_of_facts_refused_first(desk: Desk) -> None:
    matter = desk.begin("change_of_facts", "罗湖铁路口岸更名", port="luohu-rail")
    desk.offices.take(matter, "submit", what_changes="英文名称：Luohu Port")
    desk.offices.take(matter, "consult")
    desk.opinion(matter)
    desk.offices.agree(matter)
    said = {"touches_opening": "no", "agrees_with_central": "yes"}
    desk.step(matter, "change_after_views", "fuzeren", facts=said, what_changes="运行状态：关闭")
    desk.page.wait_for_selector(".findings")
    assert "不能识别" in desk.page.locator(".findings").inner_text()
    desk.step(matter, "change_after_views", "fuzeren", facts=said, what_changes="英文名称：Luohu Port")
    desk.done(matter, "changed")
    assert Port.objects.get(code="luohu-rail").name_en == "Luohu Port"


def test_a_supervision_site_suspended_for_a_supplement(desk: Desk) -> None:
    a_port("humen-water", "water", name_zh="虎门水运口岸", open_since=date(2010, 1, 1))
    matter = desk.begin("supervision_site", "虎门粮食监管场地", port="humen-water", site_name="虎门进境粮食指定监管场地", site_kinds="粮食")
    desk.offices.take(matter, "submit", facts={"has_joint_control": True, "uses_new_land": False, "uses_sea": False,
        "environment_approval": "环审1号"})
    desk.step(matter, "ask_supplement", "luohu-bianjian")
    desk.done(matter, "supplementing")
    assert "暂停" in desk.page.locator("#clocks").inner_text()
    desk.step(matter, "supplement", "guangdong")
    desk.done(matter, "with_district")
    desk.offices.take(matter, "assess", facts={"is_in_port_of_entry": True})
    desk.offices.go(matter, "approve_project", "ask_acceptance", "pre_accept")
    desk.opinion(matter)
    desk.offices.go(matter, "agree", "accept")
    desk.step(matter, "put_in_use", "luohu-bianjian", site_kinds="粮食、肉类")
    desk.done(matter, "in_use")
    assert (SupervisionSite.objects.get().kinds, SupervisionSite.objects.get().in_use_from) == ("粮食、肉类", desk.offices.day)


def test_demonstration_selection(desk: Desk) -> None:
    matter = desk.begin("demonstration_selection", "罗湖铁路口岸申报示范口岸", port="luohu-rail")
    desk.offices.take(matter, "submit")
    evaluated = {"evaluation_score": 91, "evaluation_version": "2023年度，第1版", "is_result_signed_off": True, "meets_criteria": True, **NO_MAJOR}
    desk.offices.take(matter, "consult", facts=evaluated)
    desk.opinion(matter)
    desk.offices.agree(matter)
    desk.offices.take(matter, "publicise", actor=desk.offices.national)
    desk.step(matter, "select", "fuzeren", facts={"is_notice_over": "yes", "has_open_objection": "no"})
    desk.done(matter, "selected")
    assert DemonstrationPort.objects.get().port.code == "luohu-rail"


def test_an_agency_matter_asks_whom_it_chose(desk: Desk, look: Sign) -> None:
    matter = desk.begin("agency_matter", "口岸查验信息共享", asked=("border_inspection", "customs"))
    desk.offices.go(matter, "submit", "consult")
    desk.opinion(matter)
    look(desk.page, "case-not-asked")
    assert "机构编制部门" in desk.page.locator("#opinions .table-note").inner_text()
    desk.offices.go(matter, "agree", "conclude", "start_countersign", "agree")
    desk.step(matter, "issue", "fuzeren", facts={"is_major_decision": "no"})
    desk.done(matter, "issued")
