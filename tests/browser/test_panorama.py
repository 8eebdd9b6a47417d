"""全景, 对侧核对 and 对标 in a real browser: axe, both widths, both languages, keyboard, charts, the operator's map."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import override_settings

from console.benchmarks import a_scored_set
from kouan.basis import Period
from kouan.ports.models import CounterpartPoint, Port
from monitoring.factories import a_year_of_months, figures

PERSONS = "person_crossings"


def days(first: date, count: int, value: int) -> dict[str, int]:
    return {(first + timedelta(days=at)).isoformat(): value + 900 * (at % 7) for at in range(count)}


@pytest.fixture
def furnished(house: Any) -> Any:
    """Both ports with figures of every origin, the check of 罗湖, and a scored benchmark set."""
    CounterpartPoint.objects.create(
        code="lo-wu", name_zh="罗湖", name_en="Lo Wu", region_code="HK", mode="rail", relation="one_to_one",
        port=Port.objects.get(code="luohu-rail"), coverage_note_zh="只计旅客", coverage_note_en="travellers only",
    )
    count = sum(Period.month(2023, month).day_count for month in (2, 3, 4))
    for direction in ("inbound", "outbound"):
        figures("counterpart_point:lo-wu", PERSONS, days(date(2023, 2, 1), count, 51_000), direction=direction, origin="counterpart",
                source="hk-control-points", unit=PERSONS)
    figures("port:luohu-rail", PERSONS, a_year_of_months(2023, 3_000_000), unit=PERSONS)
    figures("port:manzhouli-road", "cargo_tonnes", {"2018": 1234567}, origin="press", source="press-facts")
    figures("nation:CN", PERSONS, {"2023": 424_000_000, "2024": 610_000_000}, origin="press", source="press-facts", unit=PERSONS)
    figures("benchmark_port:X1", "trucks", a_year_of_months(2022, 40) | a_year_of_months(2023, 50), direction="inbound",
            source="us-border-crossing", unit="vehicle_movements")
    a_scored_set()
    return house


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("name", ["guojia", "guangdong"])
def test_pages_at_both_widths_and_in_both_languages(furnished, page, sign_in, look, name, language):
    sign_in(page, name)
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": furnished.url}])
    for label, address in (
        ("panorama", "/"), ("counterpart-checks", "/counterpart-checks"), ("benchmark", "/benchmark"),
        ("benchmark-port", "/benchmark/X1"), ("benchmark-method", "/benchmark/method"),
    ):
        page.goto(f"{furnished.url}{address}")
        look(page, f"{label}-{name}-{language}")


def test_a_tile_is_reached_and_opened_by_the_keyboard(furnished, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{furnished.url}/")
    tile = page.locator("a.tile[href$='province=44']")
    tile.focus()
    assert tile.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/ports?province=44")
    assert "罗湖铁路口岸" in page.inner_text("main")
    assert "满洲里" not in page.inner_text("main table")


def test_a_latest_flow_leads_to_its_figures(furnished, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{furnished.url}/")
    page.click("#table-latest-flows tbody tr:has-text('对侧口岸数据') td a:has(.origin)")
    page.wait_for_url("**/ports/luohu-rail/figures?origin=counterpart&measure=person_crossings")


def test_the_days_of_a_check_are_drawn(furnished, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{furnished.url}/counterpart-checks")
    page.wait_for_selector(".chart svg path", state="attached")
    assert page.locator(".chart-table tbody tr").count() == 29
    assert "口岸报送与对侧统计" in page.inner_text("main")


def test_the_year_of_the_benchmark_is_chosen(furnished, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{furnished.url}/benchmark")
    assert page.locator("#table-benchmark tbody tr:not(.is-group) >> nth=0").inner_text().startswith("Port 1")
    page.select_option("#benchmark-year", "2022")
    page.click(".year-choice button")
    page.wait_for_url("**year=2022**")
    assert page.locator("#table-benchmark tbody tr:not(.is-group) >> nth=0").inner_text().startswith("Port 4")


def test_the_operators_map_is_drawn_with_its_number(furnished, page, sign_in, axe_violations, tmp_path):
    place = tmp_path / "map.json"
    ring = [[[110, 20], [114, 20], [114, 24], [110, 24], [110, 20]]]
    feature = {"type": "Feature", "properties": {"name": "广东省", "adcode": 440000}, "geometry": {"type": "Polygon", "coordinates": ring}}
    place.write_text(json.dumps({"type": "FeatureCollection", "审图号": "GS(2024)0650号", "features": [feature]}), encoding="utf-8")
    with override_settings(BASE_MAP=str(place)):
        sign_in(page, "guojia")
        page.goto(f"{furnished.url}/")
        page.wait_for_selector(".base-map svg path", state="attached")
        assert "审图号：GS(2024)0650号" in page.inner_text("main")
        assert page.locator(".tiles").count() == 0
        assert axe_violations(page) == []
