"""A session that ends does not lose what was typed; a shared computer keeps nothing of it."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

KEY = "kouan-draft:guanli:/organisations/add:organisation"


@pytest.fixture
def typing(house, page, sign_in):
    """An administrator in the middle of a form."""
    sign_in(page, "guanli")
    page.goto(f"{house.url}/organisations/add")
    page.fill("#in-code", "gd-zhuhai")
    page.select_option("#in-kind", "city_office")
    page.fill("#in-name_zh", "珠海市口岸局")
    return page


def kept(page) -> list[str]:
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('kouan-draft:'))")


def test_a_draft_outlives_the_session(house, typing):
    page = typing
    Session.objects.all().delete()
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("#in-password")
    assert "登录后自动恢复" in page.content()
    page.fill("#in-username", "guanli")
    page.fill("#in-password", "kouan-demo")
    page.click("form[data-once] .btn-primary")
    page.wait_for_selector("#in-code")
    assert page.url == f"{house.url}/organisations/add"
    page.wait_for_selector("[data-draft-note]:visible")  # the script that restores runs after the page is there
    assert page.input_value("#in-code") == "gd-zhuhai"
    assert page.input_value("#in-kind") == "city_office"
    assert page.input_value("#in-name_zh") == "珠海市口岸局"
    assert page.locator("[data-draft-note]").is_visible()


def test_a_draft_goes_when_the_form_is_accepted(house, typing):
    page = typing
    page.select_option("#in-province_code", "44")
    page.fill("#in-city_code", "440400")
    assert kept(page) == [KEY]
    page.click("form[data-draft] .btn-primary")
    page.wait_for_url(f"{house.url}/organisations")
    assert kept(page) == []


def test_a_refused_form_keeps_its_draft(house, typing):
    page = typing
    page.click("form[data-draft] .btn-primary")
    page.wait_for_selector("[data-findings]")
    assert page.input_value("#in-name_zh") == "珠海市口岸局"
    assert kept(page) == [KEY]


def test_signing_out_leaves_nothing_in_the_browser(house, typing):
    page = typing
    assert kept(page) == [KEY]
    page.click("[data-signs-out] button")
    page.wait_for_selector("#in-password")
    assert kept(page) == []


def test_another_user_of_the_computer_sees_no_draft(house, typing, sign_in):
    page = typing
    Session.objects.all().delete()
    sign_in(page, "guanli")
    page.evaluate("localStorage.setItem('kouan-draft:guojia:/organisations/add:organisation', JSON.stringify({fields: [['code', 'foreign']]}))")
    page.goto(f"{house.url}/organisations/add")
    assert page.input_value("#in-code") == "gd-zhuhai"


def test_a_draft_can_be_discarded(house, typing):
    page = typing
    page.goto(f"{house.url}/organisations/add")
    assert page.input_value("#in-code") == "gd-zhuhai"
    page.click("[data-draft-drop]")
    expect(page.locator("#in-code")).to_have_value("")
    assert kept(page) == []


def test_passwords_are_never_kept(house, page, sign_in):
    sign_in(page, "guanli")
    page.goto(f"{house.url}/account/password")
    page.fill("#in-old", "something-secret")
    assert "something-secret" not in page.evaluate("JSON.stringify(localStorage)")
