"""流量 in a real browser: axe, both widths, both languages, with and without figures, the chart, the keyboard."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from kouan.ports.models import CounterpartPoint, Port
from monitoring.factories import a_year_of_months, figures

PERSONS = "person_crossings"


@pytest.fixture
def beside(house: Any) -> Any:
    """What the other side counted and what was published; no port has reported."""
    CounterpartPoint.objects.create(
        code="lo-wu", name_zh="罗湖", name_en="Lo Wu", region_code="HK", mode="rail", relation="one_to_one",
        port=Port.objects.get(code="luohu-rail"), coverage_note_zh="只计旅客", coverage_note_en="travellers only",
    )
    days = {(date(2023, 1, 1) + timedelta(days=at)).isoformat(): 51_000 for at in range(365)}
    for direction in ("inbound", "outbound"):
        figures("counterpart_point:lo-wu", PERSONS, days, direction=direction, origin="counterpart",
                source="hk-control-points", unit=PERSONS)
    figures("nation:CN", PERSONS, {"2023": 424_000_000, "2024": 610_000_000}, origin="press", source="press-facts", unit=PERSONS)
    return house


@pytest.fixture
def furnished(beside: Any) -> Any:
    """Two whole years of 罗湖, one of 满洲里."""
    for year, value in ((2022, 2_000_000), (2023, 3_000_000)):
        figures("port:luohu-rail", PERSONS, a_year_of_months(year, value), unit=PERSONS)
    figures("port:manzhouli-road", PERSONS, a_year_of_months(2023, 120_000), unit=PERSONS)
    return beside


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("name", ["guojia", "guangdong"])
def test_the_page_at_both_widths_and_in_both_languages(furnished, page, sign_in, look, name, language):
    sign_in(page, name)
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": furnished.url}])
    for label, query in (("year", "?from=2021&to=2023"), ("month", "?from=2022&to=2023&every=month")):
        page.goto(f"{furnished.url}/flows{query}")
        page.wait_for_selector(".chart svg path", state="attached")
        look(page, f"flows-{label}-{name}-{language}")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_before_anybody_reports(beside, page, sign_in, look, language):
    sign_in(page, "guojia")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": beside.url}])
    page.goto(f"{beside.url}/flows?from=2021&to=2024")
    look(page, f"flows-empty-{language}")
    said = page.inner_text("main")
    assert "26.27" in said and ("未报送不等于零" in said or "Not reported is not zero" in said)


def test_a_province_is_chosen_and_the_address_says_so(furnished, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{furnished.url}/flows?from=2022&to=2023")
    page.select_option("#flows-province", "44")
    page.click(".filters button >> nth=0")
    page.wait_for_url("**province=44**")
    assert "罗湖铁路口岸" in page.inner_text("#table-flow-members")
    assert "满洲里" not in page.inner_text("#table-flow-members")
    page.click("#table-flow-totals thead a:has-text('合计')")
    page.wait_for_url("**t.sort=-value**")
    assert page.locator("#table-flow-totals tbody tr >> nth=0").inner_text().startswith("2023年")


def test_the_menu_leads_to_the_page_by_keyboard(furnished, page, sign_in):
    sign_in(page, "guojia")
    entry = page.locator("nav a[href='/flows']").first
    entry.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/flows")
    assert page.inner_text("h1") == "流量"
