"""The pages of a scored round in a real browser: both widths, both languages, the charts drawn, a scheme refused and a version published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from tests.evaluation.rounds.round_office import CONTENT, DAYS, FEW, YEAR
from tests.ports.factories import a_document

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import clock
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.desk.matters.registry import procedures
from kouan.desk.matters.upkeep import set_period
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.actions import freeze_round, open_round, score_round
from kouan.evaluation.rounds.clearing import decide_clearance, propose_clearance
from kouan.evaluation.rounds.models import Round, SchemeVersion
from kouan.evaluation.rounds.rectifying import candidates, give_tasks
from kouan.evaluation.rounds.robustness import study_places
from kouan.evaluation.rounds.scheme_actions import propose_scheme, publish_scheme

# A day of a year whose holidays are known, and past: the pages themselves are served today.
DAY = date(2026, 2, 2)
PAGES = ("", f"/{YEAR}", f"/{YEAR}/results", f"/{YEAR}/workbench", f"/{YEAR}/objections", f"/{YEAR}/method", "/schemes", f"/schemes/{YEAR}/1")


@pytest.fixture
def scored(house: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The round of the year in an exercise workspace: nobody filed, the generated figures are scored and their places studied."""
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    officer, leader = (User.objects.get(username=name) for name in ("guojia", "fuzeren"))
    with clock.travel_to(DAY):
        for each in procedures():
            for setting in each.procedure.settings if each.room == "rounds" else ():
                set_period(actor=officer, procedure=each.procedure.code, setting=setting, count=DAYS.get(setting, 30), reason="测试")
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


@pytest.fixture
def published(scored: Any) -> Any:
    """The same round carried on: results notified, a task given to each office with a reason for one, bands cleared and published."""
    officer, leader = (User.objects.get(username=name) for name in ("guojia", "fuzeren"))
    held = Round.objects.get(year=YEAR)

    def step(transition: str, actor: User, *papers: str) -> None:
        take_step(actor=actor, matter=held.matter_id, transition=transition, documents={kind: a_document(title=kind) for kind in papers})

    with clock.travel_to(DAY):
        step("open_peer_view", officer)
    day = DAY
    for _ in range(2):
        day += timedelta(days=40)
        with clock.travel_to(day), acting_system("run_clocks") as system:
            run_clocks(actor=system)
    with clock.travel_to(day):
        step("submit_for_signing", officer, "comments_and_answers")
        step("sign_off", leader, "results")
        step("notify", officer, "notice")
        asked = candidates(officer, Round.objects.select_related("scheme_version", "matter__edition").get(year=YEAR))
        give_tasks(actor=officer, year=YEAR, ports=[asked[0].code], requirement="查明原因，限期整改")
        made = propose_clearance(actor=officer, year=YEAR, fields=("band", "class", "group_bands", "type_bands", "provisional"), reason="公开档次")
        decide_clearance(actor=leader, year=YEAR, version=made.version, approves=True, opinion="同意")
        step("publish", leader, "cleared_fields")
        propose_clearance(actor=officer, year=YEAR, fields=("band",), reason="改为只公开档次")
    return scored


AFTER = (f"/{YEAR}/tasks", f"/{YEAR}/tasks?groups=yes", f"/{YEAR}/publication", f"/{YEAR}/reports")
PUBLIC = ("/public", f"/{YEAR}/public", f"/{YEAR}/public?q=no-such-port")


@pytest.mark.slow
def test_the_pages_after_the_notice_read_well_signed_in_and_for_anybody(
    published: Any, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None],
) -> None:
    """Receipts, rectification and publication for who runs the round and who decides; the public pages without a sign-in; two languages."""
    for language in ("zh", "en"):
        for each in PUBLIC:
            page.goto(f"{published.url}/evaluation{each}")
            look(page, f"evaluation{each.replace('/', '-').partition('?')[0]}-{language}")
        if language == "zh":
            assert "没有符合条件的口岸" in page.locator("main").inner_text()
            page.click("text=English")
            page.wait_for_selector("html[lang=en]")
    page.goto(f"{published.url}/evaluation/{YEAR}/public")
    page.locator("details summary").first.click()
    look(page, "evaluation-public-opened")
    for who in ("guojia", "fuzeren"):
        page.context.clear_cookies()
        sign_in(page, who)
        for language in ("zh", "en"):
            for each in AFTER:
                page.goto(f"{published.url}/evaluation{each}")
                look(page, f"evaluation-{who}{each.replace('/', '-').partition('?')[0]}-{language}")
            if language == "zh":
                page.click("text=English")
                page.wait_for_selector("html[lang=en]")
    # The head decides on the page; whoever reads the public page finds less of it at once.
    page.goto(f"{published.url}/evaluation/{YEAR}/publication")
    page.fill("#in-opinion", "agreed")
    page.click("button[value=approve]")
    page.wait_for_selector(".notice-success")
    page.context.clear_cookies()
    page.goto(f"{published.url}/evaluation/{YEAR}/public")
    assert page.locator("#results thead th").count() == 2


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
