"""作业流程 in a real browser: from the port down to a case, and the queue, legible at both widths."""

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

STEPS = {"arrived": 0, "declared": 3, "docs_checked": 4, "inspection_ordered": 5, "inspection_started": 9, "inspection_ended": 10, "released": 12}
QUEUE = {"queue_joined": 0, "lane_entered": 0.4, "lane_cleared": 0.5}


def told(case: str, kind: str, days_ago: float, steps: dict[str, float]) -> list[dict[str, Any]]:
    begun = clock.now() - timedelta(days=days_ago)
    return [
        {"case_id": case, "case_kind": kind, "milestone": code, "mode": "rail", "direction": "inbound", "port": "luohu-rail", "quantity": 40,
         "place": "中国公民通道1" if code == "lane_entered" else "", "occurred_at": (begun + timedelta(hours=hours)).isoformat(),
         "source": "luohu-lanes", "event_id": f"{case}-{code}"} for code, hours in steps.items()
    ]  # fmt: skip


@pytest.mark.long
def test_from_the_port_to_a_case_and_to_the_queue(house: Any, page: Any, sign_in: Any, look: Any) -> None:
    office = an_office(OrganisationKind.PORT_OPERATOR, name_zh="罗湖口岸运行系统", port_codes=["luohu-rail"])
    EventSource.objects.create(code="luohu-lanes", name_zh="罗湖作业", name_en="Luohu", organisation=office, port_codes=["luohu-rail"])
    plain = {code: hours for code, hours in STEPS.items() if not code.startswith("inspection")}
    with acting_system("test") as system:
        for n in range(12):
            sent(system, *told(f"箱{n:02d}", "container", 40 + n / 20, STEPS if n < 3 else plain))
        sent(system, *(row for n in range(20) for row in told(f"P{n}", "passenger_batch", 1.5 + n / 500, QUEUE)))
    month = f"{(clock.today() - timedelta(days=40)):%Y-%m}"
    sign_in(page, "guangdong")
    page.goto(f"{house.url}/ports/luohu-rail")
    page.get_by_role("link", name="作业流程").last.click()
    page.fill("#in-first", month)
    page.fill("#in-last", "")
    page.select_option("#in-kind", "container")
    page.click("text=查看")
    page.wait_for_selector("svg.flow-map")
    look(page, "process-flow")
    page.click("svg.flow-map a[aria-label^='查验开始']")
    assert page.locator("tbody tr").count() == 3
    look(page, "process-cases")
    page.click("tbody a >> nth=0")
    assert "12小时" in page.inner_text("main")
    look(page, "process-case")
    day = clock.day_of(clock.now() - timedelta(days=1.5))
    page.goto(f"{house.url}/processes/lanes?port=luohu-rail&first={day}&last={clock.today()}")
    assert "利特尔法则" in page.inner_text("main")
    look(page, "process-lanes")
    page.goto(f"{house.url}/processes/compare?port=luohu-rail&first={month}")
    look(page, "process-periods")
