"""逐时回放 on a phone: hours come by themselves, and a wide table says that it goes on to the side."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import PHONE
from tests.browser.test_layout import FAULTS


def test_hours_come_and_nothing_is_cut_without_a_sign(house: Any, page: Any, sign_in: Any) -> None:
    sign_in(page, "guojia")
    page.set_viewport_size(PHONE)
    page.goto(f"{house.url}/counterpart-checks/replay/hours?from=2018-07-03T12:00&speed=43200")
    page.wait_for_function("() => document.querySelectorAll('[data-list=hours] tr').length > 3", timeout=20_000)
    page.click("[data-pause]")
    assert page.evaluate(FAULTS) == []
    assert page.inner_text("[data-list=hours] tr:last-child").split()[:4] == ["07-03", "12:00", "17", "10"]
