"""The pages of a scored round in a real browser: both widths, both languages, the charts drawn, a scheme refused and a version published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.evaluation.rounds.round_office import CONTENT, DAYS, FEW, YEAR

from kouan.accounts.models import User
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.registry import in_force
from kouan.desk.matters.upkeep import set_period
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.actions import freeze_round, open_round, score_round
from kouan.evaluation.rounds.models import SchemeVersion
from kouan.evaluation.rounds.robustness import study_places
from kouan.evaluation.rounds.scheme_actions import propose_scheme, publish_scheme

PAGES = ("", f"/{YEAR}", f"/{YEAR}/results", f"/{YEAR}/workbench", f"/{YEAR}/objections", f"/{YEAR}/method", "/schemes", f"/schemes/{YEAR}/1")


@pytest.fixture
def scored(house: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The round of the year in an exercise workspace: nobody filed, the generated figures are scored and their places studied."""
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    officer, leader = (User.objects.get(username=name) for name in ("guojia", "fuzeren"))
    for procedure in ("yearly_evaluation", "evaluation_return", "evaluation_objection"):
        for setting in in_force(procedure).procedure.settings:
            set_period(actor=officer, procedure=procedure, setting=setting, count=DAYS.get(setting, 30), reason="测试")
    propose_scheme(actor=officer, year=YEAR, content=CONTENT, reason="首版方案")
    publish_scheme(actor=leader, year=YEAR, version=1, opinion="同意")
    held = open_round(actor=officer, year=YEAR)
    for each in held.returns.all():
        take_step(actor=officer, matter=each.matter_id, transition="close_unfiled", fields={"reason": "逾期未报"})
    take_step(actor=officer, matter=held.matter_id, transition="close_collection")
    freeze_round(actor=officer, year=YEAR)
    score_round(actor=officer, year=YEAR)
    study_places(actor=officer, year=YEAR, runs=16)
    return house


@pytest.mark.long
def test_every_page_of_a_round_reads_well_in_both_languages(
    scored: Any, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None],
) -> None:
    sign_in(page, "guojia")
    page.click("nav >> text=评估")
    page.click(f"text={YEAR} 年")
    page.wait_for_url(f"**/evaluation/{YEAR}")
    page.click("text=按存下的数据重算并核对")
    page.wait_for_selector("text=重算一致")
    page.click(".jump >> text=结果")
    page.wait_for_selector("#intervals .chart svg")
    assert page.locator("#table-results tbody tr").count() > 10
    for language in ("zh", "en"):
        for each in PAGES:
            page.goto(f"{scored.url}/evaluation{each}")
            look(page, f"evaluation{each.replace('/', '-')}-{language}")
        if language == "zh":
            page.click("text=English")
            page.wait_for_selector("html[lang=en]")


@pytest.mark.long
def test_a_scheme_goes_from_one_desk_to_another(
    scored: Any, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None],
) -> None:
    sign_in(page, "guojia")
    page.goto(f"{scored.url}/evaluation/schemes")
    page.fill("#in-year", str(YEAR + 1))
    page.select_option("#in-origin", "upload")
    page.fill("#in-reason", "试传")
    page.click("text=检查并登记")
    page.wait_for_selector(".findings")
    look(page, "evaluation-schemes-refused")
    page.select_option("#in-origin", "bundled:national-first")
    page.click("text=检查并登记")
    page.wait_for_url(f"**/evaluation/schemes/{YEAR + 1}/1")
    assert "提出人不能自行发布" in page.locator("main").inner_text() and not page.locator("#publish").count()
    page.context.clear_cookies()
    sign_in(page, "fuzeren")
    page.goto(f"{scored.url}/evaluation/schemes/{YEAR + 1}/1")
    page.fill("#in-opinion", "同意发布")
    page.click("#publish .btn-primary")
    page.wait_for_selector("text=已发布，此后不再变动")
    assert SchemeVersion.objects.get(year=YEAR + 1).state == "published"
