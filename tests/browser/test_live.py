"""实时全景 in a real browser: an acknowledged event reaches the page and the wall by itself, and only where it may be seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.factories import an_office
from tests.monitoring.journal_factories import sent

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind
from kouan.basis import clock
from kouan.monitoring.journal.models import EventSource

pytestmark = pytest.mark.usefixtures("noon")

WALL = {"width": 1920, "height": 1080}


@pytest.fixture
def source(house: Any) -> EventSource:
    office = an_office(OrganisationKind.PORT_OPERATOR, name_zh="罗湖口岸运行系统", port_codes=["luohu-rail"])
    return EventSource.objects.create(code="luohu-lanes", name_zh="罗湖查验通道", name_en="Lanes of Luohu", organisation=office, port_codes=["*"])


def persons(port: str, *numbers: int, **fields: Any) -> list[dict[str, Any]]:
    """Batches of forty that joined the queue twenty minutes ago and have entered and cleared the lanes since."""
    now = clock.now()
    return [
        {"case_id": f"{port}-{number}", "case_kind": "passenger_batch", "milestone": milestone, "mode": "rail" if "rail" in port else "road",
         "direction": "inbound", "port": port, "occurred_at": (now - timedelta(minutes=ago)).isoformat(), "source": "luohu-lanes",
         "event_id": f"{port}-{number}-{milestone}", "quantity": 40, **fields}
        for number in numbers for milestone, ago in (("queue_joined", 20), ("lane_entered", 8), ("lane_cleared", 6))
    ]


def total(page: Any, expected: int) -> None:
    shown = "document.querySelector('[data-flow=persons] [data-live=total]').getAttribute('value')"
    page.wait_for_function(f"wanted => {shown} === String(wanted)", arg=expected, timeout=20_000)


@pytest.mark.usefixtures("source")
def test_what_is_acknowledged_is_seen_by_those_who_may(house: Any, page: Any, sign_in: Any, look: Any, axe_violations: Any) -> None:
    with acting_system("test") as system:
        sent(system, *persons("luohu-rail", 1, 2))
    sign_in(page, "guangdong")
    page.goto(house.url)
    page.get_by_role("link", name="实时").click()
    total(page, 80)
    with acting_system("test") as system:
        sent(system, *persons("luohu-rail", 3), *persons("manzhouli-road", 4, 5))
    total(page, 120)
    assert page.inner_text('[data-wait="median"]') in ("11.9", "12", "12.1") and "满洲里" not in page.inner_text("main")
    look(page, "live-guangdong")

    page.set_viewport_size(WALL)
    page.goto(f"{house.url}/panorama/wall")
    total(page, 120)
    assert axe_violations(page) == []
    assert page.evaluate("[document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollHeight <= innerHeight]") == [True, True]
    page.context.clear_cookies()
    sign_in(page, "guojia")
    page.goto(f"{house.url}/panorama/wall")
    total(page, 200)
    assert page.get_attribute('[data-province="15"] data', "value") == "80"
    assert axe_violations(page) == []
    page.goto(f"{house.url}/panorama/live")
    page.click('[data-province="15"]')
    total(page, 80)
    look(page, "live-province")


def test_where_nothing_was_heard_there_is_a_dash_and_no_nought(house: Any, page: Any, sign_in: Any) -> None:
    sign_in(page, "guojia")
    page.goto(f"{house.url}/panorama/live")
    page.wait_for_function("() => document.querySelector('[data-fresh=never]').textContent === '2'", timeout=20_000)
    assert page.inner_text("[data-flow=persons] [data-live=total]") == page.inner_text('[data-province="44"] data') == "—"
    assert "今日尚未收到事件" in page.inner_text(".lv-slow")
