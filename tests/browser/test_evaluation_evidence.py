"""Evidence and marks through a real browser: filed by the city, decided by the inspection, marked by two experts, ruled by the national office."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.desk.files import a_pdf
from tests.evaluation.rounds.round_office import CONTENT, DAYS, FEW

from kouan.accounts.models import User
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.registry import in_force
from kouan.desk.matters.upkeep import set_period
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.actions import freeze_round, open_round, score_round
from kouan.evaluation.rounds.evidence.models import ExpertMark, FiledEntry, Ruling
from kouan.evaluation.rounds.frozen import data_of
from kouan.evaluation.rounds.models import Freeze, PortScore, RoundReturn
from kouan.evaluation.rounds.scheme_actions import propose_scheme, publish_scheme

YEAR = 2025
FILING = f"/evaluation/{YEAR}/filing"
PDF = {"name": "建设佐证.pdf", "mimeType": "application/pdf"}


@pytest.fixture
def round_open(house: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The round of 2025 in an exercise workspace: 罗湖 is Shenzhen's, verified by its border inspection."""
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    officer, leader = User.objects.get(username="guojia"), User.objects.get(username="fuzeren")
    for procedure in ("yearly_evaluation", "evaluation_return", "evaluation_objection", "evaluation_marking"):
        for setting in in_force(procedure).procedure.settings:
            set_period(actor=officer, procedure=procedure, setting=setting, count=DAYS[setting], reason="演练设定")
    propose_scheme(actor=officer, year=YEAR, content=CONTENT, reason="首版方案")
    publish_scheme(actor=leader, year=YEAR, version=1, opinion="同意")
    open_round(actor=officer, year=YEAR, experts="zhuanjia")
    return house


def step(office: str, transition: str, actor: str, **fields: str) -> None:
    matter = RoundReturn.objects.get(office__code=office).matter_id
    take_step(actor=User.objects.get(username=actor), matter=matter, transition=transition, fields=fields)


@pytest.mark.long
def test_from_the_claim_to_the_frozen_mean(
    round_open: Any, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None],
) -> None:
    url = round_open.url

    def come(name: str, address: str) -> None:
        page.context.clear_cookies()
        sign_in(page, name)
        page.goto(url + address)

    def file(key: str, *, met: str = "1", remark: str, evidence: bool = True) -> None:
        panel = page.locator(f"[id='{key}']")
        panel.locator("details.way > summary").last.click()
        if panel.locator(f"input[type=radio][value='{met}']").count():
            panel.locator(f"input[type=radio][value='{met}']").check()
        else:
            panel.locator("[name=value]").fill(met)
        panel.locator("[name=remark]").fill(remark)
        if evidence:
            panel.locator("input[type=file]").set_input_files({**PDF, "buffer": a_pdf()})
        panel.locator(".form-actions button").click()

    come("shenzhen", FILING)
    page.click("text=罗湖铁路口岸")
    file("I-0606-5G", remark="旅检大厅和查验区已覆盖5G", evidence=False)
    page.wait_for_selector(".findings-bad")
    look(page, "filing-refused")
    page.locator("[id='I-0606-5G'] input[type=file]").set_input_files({**PDF, "buffer": a_pdf()})
    page.locator("[id='I-0606-5G'] .form-actions button").click()
    page.wait_for_selector(".notice-success")
    file("I-0606-北斗", remark="接驳车辆已装北斗终端")
    page.wait_for_selector(".notice-success")
    file("I-0606-区块链", met="0", remark="尚未开展", evidence=False)
    page.wait_for_selector(".notice-success")
    file("survey_public-answers", met="64", remark="第三方调查有效答卷", evidence=False)
    page.wait_for_selector(".notice-success")
    look(page, "filing-port-reporter")
    step("sz", "file", "shenzhen", remarks="已报齐")

    come("luohu-bianjian", f"{FILING}/luohu-rail")
    look(page, "filing-port-verifier")
    for key, button, reason in (("I-0606-5G", "采信", "现场核对属实"), ("I-0606-北斗", "不予采信", "照片不能证明在用"),
                                ("survey_public-answers", "采信", "抽查问卷底稿属实")):
        panel = page.locator(f"[id='{key}']")
        panel.locator("[name=reason]").fill(reason)
        panel.get_by_role("button", name=button, exact=True).click()
        page.wait_for_selector(".notice-success")
    look(page, "filing-port-decided")
    page.goto(url + FILING)
    look(page, "filing")
    step("sz", "verify", "luohu-bianjian", opinion="属实")

    come("guojia", f"/evaluation/{YEAR}/experts")
    for box in page.locator("[name=experts]").all():
        box.check()
    page.select_option("[name=port]", "luohu-rail")
    page.click("#ask .btn-primary")
    page.wait_for_selector(".notice-success")
    for name, mark in (("zhuanjia", "90"), ("zhuanjia-er", "40")):
        come(name, "/evaluation/marks")
        if name == "zhuanjia":
            look(page, "experts-own")
        page.click("text=罗湖铁路口岸")
        if name == "zhuanjia":
            look(page, "experts-declare")
        page.check("[name=has_conflict][value=no]")
        page.fill("[name=statement]", "与该口岸无任职和经济往来")
        page.click("#declare .btn-primary")
        page.wait_for_selector(".notice-success")
        page.fill("[name='I-0606/5G']", mark)
        panel = page.locator("section", has=page.locator("[name='I-0606/5G']"))
        panel.locator("[name=reason]").fill("覆盖情况见佐证")
        if name == "zhuanjia":
            look(page, "experts-mark")
        panel.locator(".btn-primary").click()
        page.wait_for_selector(".notice-success")
    assert ExpertMark.objects.count() == 2

    come("guojia", f"/evaluation/{YEAR}/experts")
    look(page, "experts-national")
    page.click("text=罗湖铁路口岸")
    look(page, "experts-national-port")
    page.goto(f"{url}/evaluation/{YEAR}/rulings")
    page.select_option("#rule [name=kind]", "not_applicable")
    page.select_option("#rule [name=code]", "I-0906")
    page.select_option("#rule [name=port_class]", "sea")
    page.fill("#rule [name=reason]", "演练：岸电改造期间不考核")
    page.click("#rule .btn-primary")
    page.wait_for_selector(".notice-success")
    look(page, "rulings")

    officer = User.objects.get(username="guojia")
    for each in RoundReturn.objects.exclude(office__code="sz"):
        take_step(actor=officer, matter=each.matter_id, transition="close_unfiled", fields={"reason": "演练：只走一个口岸"})
    take_step(actor=officer, matter=RoundReturn.objects.all()[0].round.matter_id, transition="close_collection")
    freeze_round(actor=officer, year=YEAR)
    score_round(actor=officer, year=YEAR)
    data = data_of(Freeze.objects.get())
    at = data.ports.index("luohu-rail")
    assert data.column("I-0606/5G")[-1, at] == 0.65 and data.column("I-0606/区块链")[-1, at] == 0
    assert data.column("survey_public.answers")[-1, at] == 64
    assert PortScore.objects.get(port__code="luohu-rail").cells["I-0606"]["mark"] == "no_evidence", "北斗 was rejected"
    assert FiledEntry.objects.count() == 4 and Ruling.objects.count() == 1
