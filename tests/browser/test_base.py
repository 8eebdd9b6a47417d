"""The frame of every page: signing in by one click, keyboard, phone menu, language, print, both widths."""

from __future__ import annotations

import pytest
from django.test import override_settings


def test_the_demonstration_sign_in_is_one_click(house, page, look):
    page.goto(f"{house.url}/sign-in")
    look(page, "sign-in")
    page.click("text=guanli")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    assert page.locator(".who-name").inner_text() == "系统管理员（演示）"


def test_a_wrong_password_leads_to_the_field(house, page, look):
    page.goto(f"{house.url}/sign-in")
    page.fill("#in-username", "guojia")
    page.fill("#in-password", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-findings]")
    assert page.evaluate("document.activeElement.hasAttribute('data-findings')")
    look(page, "sign-in-wrong")
    page.click(".findings a")
    assert page.evaluate("document.activeElement.id") == "in-username"


ADDRESSES = (
    "/account", "/account/password", "/users", "/users/add", "/organisations", "/organisations/add", "/nothing-here",
)


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_of_administrators_at_both_widths_and_in_both_languages(house, page, sign_in, look, language):
    sign_in(page, "guanli")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": house.url}])
    for address in ADDRESSES:
        page.goto(f"{house.url}{address}")
        look(page, f"{address.strip('/').replace('/', '-')}-{language}")
    page.goto(f"{house.url}/users")
    page.click("tbody th a >> nth=0")
    page.wait_for_selector(".facts")
    look(page, f"user-{language}")


def test_the_keyboard_reaches_the_content_first(house, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{house.url}/account")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    outline = page.evaluate("(document.querySelector('.brand').focus(), getComputedStyle(document.querySelector('.brand')).outlineStyle)")
    assert outline != "none"


def test_the_menu_of_a_phone_opens_and_closes(house, page, sign_in):
    sign_in(page, "guojia")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{house.url}/account")
    assert not page.locator("#menu a >> nth=0").is_visible()
    page.click(".menu-button")
    page.wait_for_selector("#menu.show a")
    page.keyboard.press("Escape")
    page.wait_for_selector("#menu a >> nth=0", state="hidden")


def test_the_language_is_switched_and_kept(house, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{house.url}/account")
    page.click("text=English")
    page.wait_for_selector("h1:has-text('My account')")
    assert page.get_attribute("html", "lang") == "en"
    page.reload()
    assert page.get_attribute("html", "lang") == "en"
    page.click("text=中文")
    page.wait_for_selector("h1:has-text('我的账号')")


def test_paper_has_a_head_and_no_menu(house, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{house.url}/account")
    assert not page.locator(".print-head").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".print-head").is_visible()
    assert not page.locator(".masthead").is_visible()
    assert not page.locator("#menu").is_visible()


def test_the_exercise_is_marked_on_screen_and_on_paper(house, page, sign_in, look):
    with override_settings(IS_EXERCISE=True):
        sign_in(page, "guojia")
        page.goto(f"{house.url}/account")
        assert page.locator(".exercise-band").is_visible()
        look(page, "exercise")
        page.emulate_media(media="print")
        assert page.locator(".exercise-water").is_visible()
