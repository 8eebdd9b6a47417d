"""预警 in a real browser: axe, both widths, both languages; from the list to a vote by keyboard and pointer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.monitoring.factories import figures
from tests.monitoring.warning_office import TODAY, daily

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import clock
from kouan.collection.models import Origin
from kouan.desk import jobs
from kouan.desk.matters.registry import in_force
from kouan.desk.matters.upkeep import set_period
from kouan.monitoring.warnings.actions import detect_warnings, plan_silence
from kouan.monitoring.warnings.jobs import backtest_later
from kouan.monitoring.warnings.models import EarlyWarning, QualityVote
from kouan.monitoring.warnings.platforms import register_platform


@pytest.fixture
def warned(house: Any) -> Any:
    """A spike at 罗湖 on a day of no holiday, a silence that runs, a platform on the register."""
    officer, yesterday = User.objects.get(username="guojia"), TODAY - timedelta(days=1)
    for name in in_force("early_warning").procedure.settings:
        set_period(actor=officer, procedure="early_warning", setting=name, count=2, reason="国家口岸办确定")
    values = daily(500, last=yesterday)
    values[yesterday] = round(values[yesterday] * 1.6)
    figures("port:luohu-rail", "person_crossings", {day.isoformat(): value for day, value in values.items()}, direction="inbound",
            origin=Origin.OFFICIAL, unit="person_crossings")
    with clock.travel_to(TODAY), acting_system("warnings") as system:
        detect_warnings(actor=system)
    plan_silence(actor=officer, first=clock.today(), last=clock.today(), reason="展会客流已有安排", port="luohu-rail")
    register_platform(actor=officer, organisation="sz", name="深圳口岸联防平台", basis="市政府文件")
    return house


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_pages_at_both_widths_and_in_both_languages(warned, page, sign_in, look, language):
    sign_in(page, "guojia")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": warned.url}])
    number = EarlyWarning.objects.get().pk
    tried = jobs.run(backtest_later(
        actor=User.objects.get(username="guojia"), last=TODAY - timedelta(days=1), changes=[("seasonal", "score", 6.0)]).pk)
    for label, address in (
        ("list", "/warnings"), ("one", f"/warnings/{number}"),
        ("backtest", f"/warnings/backtest?job={tried.pk}"),
        ("silences", "/warnings/silences"), ("platforms", "/warnings/platforms"),
    ):
        page.goto(f"{warned.url}{address}")
        if label == "one":
            page.wait_for_selector(".chart svg path", state="attached")
        look(page, f"warnings-{label}-{language}")


def test_from_the_menu_to_a_vote(warned, page, sign_in):
    sign_in(page, "shenzhen")
    page.get_by_role("link", name="预警", exact=True).click()
    page.get_by_role("link", name="罗湖铁路口岸").first.click()
    page.fill("#in-words", "属实")
    page.get_by_role("button", name="有用", exact=True).click()
    page.wait_for_selector("text=已登记评价")
    vote = QualityVote.objects.get()
    assert vote.is_useful and vote.words == "属实" and vote.voter.username == "shenzhen"
