"""The list of ports and the page of one port, with charts drawn from real counterpart figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect


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
