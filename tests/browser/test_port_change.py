"""Changing the register in a real browser: form, paper, confirmation, two editors, drafts; axe at both widths."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.factories import a_national_officer
from kouan.desk.models import Document
from kouan.ports.actions import change_port
from kouan.ports.models import Port
from ports.factories import a_document, a_port, a_reply


@pytest.fixture
def officer(house, page, sign_in):
    """An officer of the national office at the page of 罗湖."""
    sign_in(page, "guojia")
    page.goto(f"{house.url}/ports/luohu-rail")
    return page


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_from_the_ports_page_to_a_recorded_change(house, officer, look, language):
    page = officer
    a_document(title="关于更名的通知", document_number="署岸函〔2021〕5号", reference="notice-5")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": house.url}])
    page.reload()
    look(page, f"port-with-button-{language}")
    page.click(f"a[href='{'/ports/luohu-rail/change'}']")
    look(page, f"change-kinds-{language}")
    page.click("a[href$='/change/place']")
    look(page, f"change-form-{language}")
    page.fill("#in-city_name", "深圳市罗湖区")
    page.fill("#in-valid_from", "2021-01-01")
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("[data-findings] a[href='#field-document']")
    look(page, f"change-refused-{language}")
    page.fill("#in-document", "署岸函〔2021〕5号")
    page.fill("#in-reason", "补录所在市县")
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("button[value='record']")
    expect(page.locator("main")).to_contain_text("深圳市罗湖区")
    expect(page.locator("main")).to_contain_text("署岸函〔2021〕5号")
    look(page, f"change-confirm-{language}")
    page.click("button[value='record']")
    expect(page.locator(".notice-success")).to_be_visible()
    expect(page.locator("#table-port-history")).to_contain_text("深圳市罗湖区")
    # The notice stands in the page before its scripts have run: the draft goes when they do, so wait for that.
    for _ in range(100):  # not wait_for_function, which evaluates in the page, where the content security policy forbids it
        if not page.evaluate("Object.keys(localStorage).some((key) => key.startsWith('kouan-draft:'))"):
            break
        page.wait_for_timeout(100)
    else:
        pytest.fail("登记以后草稿仍留在浏览器里")
    change = Port.objects.get(code="luohu-rail").changes.get(attribute="city_name", value="深圳市罗湖区")
    assert (change.document.reference, str(change.valid_from)) == ("notice-5", "2021-01-01")
    page.click("#table-port-history a[href^='/documents/']")
    expect(page.locator("h1")).to_contain_text("关于更名的通知")
    look(page, f"document-{language}")


@pytest.mark.long
def test_a_port_is_opened_by_a_reply_registered_on_the_way(house, officer, look):
    page = officer
    page.goto(f"{house.url}/ports/luohu-rail/change/opening")
    page.fill("#in-opened_on", "2017-03-01")
    page.click(".new-paper summary")
    page.select_option("#in-kind", "reply")
    page.fill("#in-title", "国务院关于同意罗湖铁路口岸开放的批复")
    page.fill("#in-document_number", "国函〔2017〕8号")
    page.fill("#in-issuer", "国务院")
    page.fill("#in-issued_on", "2017-01-20")
    page.set_input_files("#in-scan", {"name": "批复.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 scan"})
    look(page, "change-new-paper")
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("button[value='record']")
    look(page, "change-opening-confirm")
    page.click("button[value='edit']")
    page.wait_for_selector("#in-opened_on")
    assert (page.input_value("#in-opened_on"), page.input_value("#in-document")) == ("2017-03-01", "国函〔2017〕8号")
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("button[value='record']")
    page.click("button[value='record']")
    page.wait_for_selector(".notice-success")
    assert Port.objects.get(code="luohu-rail").status == "open"
    page.goto(f"{house.url}/documents/{Document.objects.get(document_number='国函〔2017〕8号').pk}")
    page.click(".page-actions a[href^='?verify']")
    expect(page.locator(".notice-success")).to_contain_text("一致")
    look(page, "document-verified")
    page.goto(f"{house.url}/documents")
    look(page, "documents")
    page.goto(f"{house.url}/documents/add")
    look(page, "document-add")


def test_the_second_editor_sees_both_values_and_loses_nothing(house, officer, look):
    page = officer
    page.goto(f"{house.url}/ports/luohu-rail/change/place")
    paper = a_document()
    change_port(actor=a_national_officer(display_name="李四"), code="luohu-rail", document=a_document(),
                values={"city_name": "甲区", "neighbour_code": "HK"})
    page.fill("#in-city_name", "乙区")
    page.fill("#in-document", paper.reference)
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("#meanwhile-title")
    for words in ("李四", "甲区", "乙区", "中国香港"):
        expect(page.locator("main")).to_contain_text(words)
    assert (page.input_value("#in-city_name"), page.input_value("#in-neighbour_code")) == ("乙区", "HK")
    look(page, "change-conflict")
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("button[value='record']")
    page.click("button[value='record']")
    page.wait_for_selector(".notice-success")
    port = Port.objects.get(code="luohu-rail")
    assert (port.city_name, port.neighbour_code) == ("乙区", "HK")


def test_a_draft_that_comes_back_does_not_undo_what_somebody_else_entered(house, officer):
    page, address = officer, f"{house.url}/ports/luohu-rail/change/place"
    page.goto(address)
    page.fill("#in-city_name", "乙区")
    change_port(actor=a_national_officer(), code="luohu-rail", document=a_document(), values={"neighbour_code": "HK"})
    page.goto(address)
    page.wait_for_selector("[data-draft-note]:visible")
    assert (page.input_value("#in-city_name"), page.input_value("#in-neighbour_code")) == ("乙区", "HK")
    page.goto(f"{house.url}/ports")
    page.goto(address)
    page.wait_for_selector("[data-draft-note]:visible")
    page.fill("#in-city_code", "440303")
    page.goto(address)
    page.wait_for_selector("[data-draft-note]:visible")
    assert (page.input_value("#in-city_name"), page.input_value("#in-city_code")) == ("乙区", "440303")


def test_a_refused_form_comes_back_from_the_draft(house, officer):
    page, address = officer, f"{house.url}/ports/luohu-rail/change/names"
    page.goto(address)
    page.fill("#in-name_en", "Luohu Port")
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("[data-findings]")
    page.fill("#in-reason", "更正")
    page.goto(address)
    page.wait_for_selector("[data-draft-note]:visible")
    assert (page.input_value("#in-name_en"), page.input_value("#in-reason")) == ("Luohu Port", "更正")


@pytest.mark.long
def test_every_kind_of_change_and_the_registration(house, officer, look):
    page = officer
    a_reply()
    for kind in ("approval", "merger", "status", "class", "position", "grouping", "code", "code-retirement", "layout-link"):
        page.goto(f"{house.url}/ports/luohu-rail/change/{kind}")
        look(page, f"change-{kind}")
    page.goto(f"{house.url}/ports/register")
    look(page, "register-port")
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("[data-findings]")
    page.select_option("#in-mode", "road")
    page.fill("#in-code", "ceshi-road")
    page.fill("#in-name_zh", "测试公路口岸")
    page.select_option("#in-province_code", "23")
    page.fill("#in-document", a_document().reference)
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("button[value='record']")
    look(page, "register-confirm")
    page.click("button[value='record']")
    page.wait_for_url("**/ports/ceshi-road#history")


def test_a_province_has_no_button(house, page, sign_in):
    a_port("shenzhenwan-road", "road", name_zh="深圳湾公路口岸", province_code="44")
    sign_in(page, "guangdong")
    page.goto(f"{house.url}/ports/luohu-rail")
    expect(page.locator("a[href$='/change']")).to_have_count(0)
    assert page.goto(f"{house.url}/ports/luohu-rail/change").status == 403
