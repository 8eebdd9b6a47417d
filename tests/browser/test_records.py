"""Records in a real browser: an upload followed to its cell, the law, the trail; axe at both widths, both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.factories import a_national_officer
from grading.lawbook import a_judged_road_port
from kouan.audit.sealer import seal
from kouan.basis import clock
from kouan.collection.models import Observation
from kouan.desk.jobs import run
from kouan.desk.models import Job
from kouan.grading.lawbook.actions import approve_change
from kouan.grading.lawbook.models import LawChange

RETURN = (
    "口岸,指标,时期,方向,数值,单位,备注\n"
    "罗湖铁路口岸,出入境人员,2023-03,入境,3200000,人次,\n"
    "罗湖铁路口岸,出入境人员,2023-04,入境,三百万,人次,\n"
)
CHANGE = """
document: {title: 关于测试用指标的通知, number: 测试发〔2024〕1号, issued: 2021-12-20}
reason: 测试
parameters:
  - {parameter: volume_standard.road.cargo, value: 100, from_date: 2022-01-01, article: 第四条}
"""


def upload(page, house, text=RETURN, name="return.csv"):
    page.goto(f"{house.url}/intake/upload")
    page.set_input_files("#in-file", {"name": name, "mimeType": "text/csv", "buffer": text.encode()})
    page.click("[data-send]")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_return_goes_from_upload_to_its_cell(house, page, sign_in, look, language):
    sign_in(page, "luohu")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": house.url}])
    page.goto(f"{house.url}/intake")
    look(page, f"intake-empty-{language}")
    page.goto(f"{house.url}/intake/upload")
    look(page, f"upload-{language}")
    upload(page, house)
    page.wait_for_url("**/intake/batches/*")
    expect(page.locator("td.is-wrong")).to_contain_text("三百万")
    look(page, f"preview-{language}")
    page.click(".decide .btn-primary")
    expect(page.locator(".notice-success")).to_be_visible()
    look(page, f"batch-{language}")
    page.click(".page-actions .btn-primary")
    page.click("#table-batch-figures td a[href*='/intake/figures/']")
    expect(page.locator("#source-cell td.is-it")).to_contain_text("3200000")
    look(page, f"figure-{language}")
    page.goto(f"{house.url}/intake/holdings")
    look(page, f"holdings-{language}")


def test_a_bad_file_is_named_and_the_choice_stays(house, page, sign_in):
    sign_in(page, "luohu")
    upload(page, house, "nothing\nof, this\n", "wrong.csv")
    page.wait_for_selector("[data-findings] a[href='#field-file']")
    expect(page.locator("#field-file .field-wrong")).to_be_visible()
    expect(page.locator("[data-chosen]")).to_contain_text("wrong.csv")
    page.set_input_files("#in-file", {"name": "return.csv", "mimeType": "text/csv", "buffer": RETURN.encode()})
    page.click("[data-send]")
    page.wait_for_url("**/intake/batches/*")


def test_an_upload_after_the_session_ended_loses_nothing(house, page, sign_in):
    sign_in(page, "luohu")
    page.goto(f"{house.url}/intake/upload")
    page.set_input_files("#in-file", {"name": "return.csv", "mimeType": "text/csv", "buffer": RETURN.encode()})
    page.context.clear_cookies(name="kouan_session")
    page.click("[data-send]")
    link = page.locator("[data-problem] a")
    expect(link).to_be_visible()
    with page.context.expect_page() as opened:
        link.click()
    other = opened.value
    other.fill("#in-username", "luohu")
    other.fill("#in-password", "kouan-demo")
    other.click("form[data-once] .btn-primary")
    other.wait_for_url(lambda address: "/sign-in" not in address)
    page.click("[data-send]")
    page.wait_for_url("**/intake/batches/*")


def test_a_large_file_shows_its_progress_and_leads_to_the_preview(house, page, sign_in, look, monkeypatch):
    monkeypatch.setattr("kouan.collection.jobs.INLINE_BYTES", 16)
    sign_in(page, "luohu")
    upload(page, house)
    page.wait_for_url("**/jobs/*")
    expect(page.locator("[role=progressbar]")).to_be_visible()
    look(page, "job")
    run(Job.objects.get().pk)
    page.wait_for_url("**/intake/batches/*")
    expect(page.locator(".decide .btn-primary")).to_be_visible()


def test_a_held_row_is_decided_by_the_province(house, page, sign_in, look):
    sign_in(page, "luohu")
    upload(page, house)
    page.wait_for_url("**/intake/batches/*")
    page.click(".decide .btn-primary")
    page.wait_for_selector(".notice-success")
    page.click("[data-signs-out] button")
    sign_in(page, "guangdong")
    page.goto(f"{house.url}/intake/holdings")
    page.click("#table-holdings tbody th a")
    look(page, "holding")
    page.fill("#in-cell-value", "3000000")
    page.fill("#in-reason", "已电话核实")
    page.click("#field-reason ~ .form-actions .btn-primary")
    page.wait_for_selector(".notice-success")
    assert Observation.objects.filter(value=3000000).count() == 1


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_law_sources_and_template(house, page, sign_in, look, language):
    sign_in(page, "luohu")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": house.url}])
    for name, address in (
        ("sources", "/intake/sources"), ("source", "/intake/sources/port-return"), ("template", "/intake/template"), ("law", "/law"),
        ("law-search", "/law?q=%E7%95%8C%E6%B2%B3"), ("rule", "/law/rules/volume_standard"),
        ("parameter", "/law/parameters/volume_standard.sea.cargo"), ("setting", "/law/settings/volume_standard.sea_cargo"),
        ("try", "/law/try?transport_class=sea&is_border=%E5%90%A6&accepted_on=2012-05-01&year=2023&cargo_tonnes=1999999"
                "&person_crossings=9999&months_reported=12"),
    ):
        page.goto(f"{house.url}{address}")
        look(page, f"{name}-{language}")


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_change_of_law_from_form_to_approval(house, page, sign_in, look, language):
    a_judged_road_port(persons_a_month=10_000, name_en="Ceshi Highway Port")
    sign_in(page, "guojia")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": house.url}])
    page.goto(f"{house.url}/law/changes/new")
    look(page, f"law-change-new-{language}")
    page.select_option("#in-key", "volume_standard.combine")
    page.click(".asks .btn-primary")
    page.select_option("#in-value", "and")
    for name, value in (("from_date", "2024-07-01"), ("issued", "2024-06-20"), ("document_title", "关于测试用口径的复函"),
                        ("document_number", "测试函〔2024〕2号"), ("quote", "均应达到"), ("reason", "测试")):
        page.fill(f"#in-{name}", value)
    page.click("button[value=preview]")
    look(page, f"law-change-preview-{language}")
    page.click("button[value=propose]")
    page.wait_for_url("**/law/changes/*")
    expect(page.locator("button[value=approve]")).to_have_count(0)
    look(page, f"law-change-waiting-{language}")
    row = LawChange.objects.get()
    assert approve_change(actor=a_national_officer(), number=row.pk).state == "approved"
    for name, address in (("law-change", f"/law/changes/{row.pk}"), ("law-changes", "/law/changes"), ("law-change-file", "/law/changes/preview"),
                          ("law-change-value", "/law/changes/new?key=volume_standard.sea.cargo"),
                          ("law-setting-changed", "/law/settings/volume_standard.combine"), ("law-search-change", "/law?q=%E5%9D%87%E5%BA%94")):
        page.goto(f"{house.url}{address}")
        look(page, f"{name}-{language}")
    page.goto(f"{house.url}/law/changes/preview")
    page.set_input_files("#in-file", {"name": "change.yaml", "mimeType": "text/yaml", "buffer": CHANGE.encode()})
    page.uncheck(f"input[name=years][value='{clock.today().year - 1}']")
    page.check("input[name=years][value='2023']")
    page.click("button[value=preview]")
    # The verdict of the port, and the rung of the ladder that follows from it.
    expect(page.locator("table.stacks").first.locator("tbody tr")).to_have_count(1)
    expect(page.locator("table.stacks").nth(1).locator("tbody tr")).to_have_count(1)
    look(page, f"law-change-moved-{language}")


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_trail(house, page, sign_in, look, language):
    seal()
    sign_in(page, "shenji")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": house.url}])
    page.goto(f"{house.url}/audit")
    look(page, f"audit-{language}")
    page.click("#table-audit-entries tbody tr:last-child th a")
    look(page, f"audit-entry-{language}")
    page.goto(f"{house.url}/audit/blocks")
    look(page, f"audit-blocks-{language}")
    page.goto(f"{house.url}/audit/verification")
    page.click(".page-actions .btn-primary")
    page.wait_for_selector("[role=progressbar]")
    run(Job.objects.get().pk)
    page.wait_for_selector(".seal-ok")
    look(page, f"audit-verification-{language}")
