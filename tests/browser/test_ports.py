"""The list of ports and the page of one port, with charts drawn from real counterpart figures."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import expect

from kouan.accounts.action import acting_system
from kouan.basis import clock
from kouan.collection.actions import take_in
from kouan.ports.models import CounterpartPoint, Port

DATA = Path(__file__).resolve().parents[2] / "src/kouan/collection/data/hk-control-points/daily_passengers_2020_2025.csv.gz"


@pytest.fixture
def counted(house, tmp_path):
    """罗湖 with the first quarter of 2023 as counted at Lo Wu, taken in from the bundled file."""
    CounterpartPoint.objects.create(
        code="lo-wu", name_zh="罗湖", name_en="Lo Wu", region_code="HK", mode="rail", relation="one_to_one",
        port=Port.objects.get(code="luohu-rail"), coverage_note_zh="只计旅客", coverage_note_en="Travellers only",
    )
    with gzip.open(DATA, "rt", encoding="utf-8-sig") as file:
        head, *rows = file.read().splitlines()
    wanted = [row for row in rows if "Lo Wu" in row and ("2023-0" in row)]
    place = tmp_path / "lo-wu.csv"
    place.write_text("\n".join([head, *wanted]), encoding="utf-8")
    with acting_system("test") as system, clock.travel_to("2026-03-01"):
        report = take_in(actor=system, path=place, source="hk-control-points")
    assert report.accepted == len(wanted) > 300
    return house


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_ports_at_both_widths_and_in_both_languages(counted, page, sign_in, look, language):
    sign_in(page, "guojia")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": counted.url}])
    for name, address in (("ports", "/ports"), ("port", "/ports/luohu-rail"), ("figures", "/ports/luohu-rail/figures?direction=inbound&group=all")):
        page.goto(f"{counted.url}{address}")
        look(page, f"{name}-{language}")


def test_a_chart_is_drawn_as_svg_beside_its_table(counted, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{counted.url}/ports/luohu-rail")
    page.wait_for_selector(".chart svg path", state="attached")
    assert page.locator(".chart-table tbody tr").count() == 9
    # Arrival in Hong Kong is departure at 罗湖: the page turns the direction and says so.
    assert "对侧入境即本口岸出境" in page.content()
    page.click("text=按季")
    page.wait_for_selector(".chart svg path", state="attached")
    assert page.locator(".chart-table tbody tr").count() == 3


def test_any_figure_leads_to_its_file_and_row_in_two_clicks(counted, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{counted.url}/ports/luohu-rail")
    page.click(".chart-block .table-facts a")
    page.wait_for_selector("#table-port-figures table")
    assert "lo-wu.csv" in page.locator("#table-port-figures tbody tr >> nth=0").inner_text()
    assert "origin=counterpart" in page.url


def test_filters_work_without_leaving_the_page_and_stand_in_the_address_bar(counted, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{counted.url}/ports")
    page.evaluate("window.stayed = true")
    page.select_option("select[name=mode]", "road")
    expect(page.locator("#table-ports tbody tr")).to_have_count(1)
    assert page.evaluate("window.stayed")
    assert "mode=road" in page.url
    page.fill("input[name=q]", "luohu")
    page.keyboard.press("Enter")
    page.wait_for_selector(".empty-state")
    page.click("text=清除")
    expect(page.locator("#table-ports tbody tr")).to_have_count(2)


def test_a_table_is_copied_with_exact_values(counted, page, sign_in):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, "guojia")
    page.goto(f"{counted.url}/ports/luohu-rail/figures?direction=inbound&group=all&year=2023")
    page.click("#table-port-figures [data-copies]")
    page.wait_for_selector("text=已复制")
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert lines[0].startswith("时期")
    assert len(lines) == 51


def test_an_export_is_a_file(counted, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{counted.url}/ports")
    with page.expect_download() as held:
        page.click("a[download]:has-text('XLSX')")
    assert held.value.suggested_filename.endswith(".xlsx")
    assert Path(held.value.path()).stat().st_size > 3000
