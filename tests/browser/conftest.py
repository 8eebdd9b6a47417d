"""Pages in a real Chromium: people signed in, both widths, both languages, pictures on failure."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from kouan.accounts.action import acting_system
from kouan.accounts.actions import DEMONSTRATION_PASSWORD, make_demonstration_users
from kouan.basis import clock
from kouan.collection.actions import take_in
from kouan.monitoring.live.hub import hub
from kouan.ports.models import CounterpartPoint, Port
from ports.factories import a_port

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
DATA = Path(__file__).resolve().parents[2] / "src/kouan/collection/data/hk-control-points/daily_passengers_2020_2025.csv.gz"
PICTURES = os.environ.get("KOUAN_PICTURES", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day in Beijing is half gone when the test begins: what happened twenty minutes ago happened today."""
    begun = clock.now()
    gone = datetime.combine(clock.day_of(begun), time(12), clock.BEIJING) - begun
    monkeypatch.setattr(clock, "machine_time", lambda: datetime.now(UTC) + gone)


@pytest.fixture
def house(transactional_db: None, live_server: Any) -> Any:
    """A served installation with the demonstration sign-ins and two ports."""
    with override_settings(DEBUG=True):
        with acting_system("test") as system:
            make_demonstration_users(actor=system)
        a_port("luohu-rail", "rail", name_zh="罗湖铁路口岸", name_en="Luohu Railway Port", short_name_zh="罗湖", pinyin="luohu",
               initials="lh", province_code="44", city_code="440300", transport_class="rail", class_basis="按运输方式：铁路")
        a_port("manzhouli-road", "road", name_zh="满洲里公路口岸", name_en="Manzhouli Highway Port", short_name_zh="满洲里",
               pinyin="manzhouli", initials="mzl", province_code="15", transport_class="road", class_basis="按运输方式：公路")
        yield live_server
        hub.stop()


@pytest.fixture
def counted(house: Any, tmp_path: Path) -> Any:
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


@pytest.fixture
def sign_in(house: Any) -> Callable[[Any, str], None]:
    """``sign_in(page, "guojia")``: come in by the sign-in page, as a user does."""

    def come_in(page: Any, name: str) -> None:
        page.goto(f"{house.url}/sign-in")
        page.fill("#in-username", name)
        page.fill("#in-password", DEMONSTRATION_PASSWORD)
        page.click("form[data-once] .btn-primary")
        page.wait_for_url(lambda address: "/sign-in" not in address)

    return come_in


@pytest.fixture
def look(axe_violations: Callable[[Any], list[str]]) -> Callable[[Any, str], None]:
    """``look(page, "ports")``: no axe violation and no sideways scrolling, at both widths.

    With ``KOUAN_PICTURES`` naming a folder, a picture of each is kept there for people to look at.
    """

    def check(page: Any, name: str) -> None:
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            page.wait_for_timeout(150)
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"{name}-{size['width']}.png", full_page=True)
            assert axe_violations(page) == [], name
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, name
        page.set_viewport_size(WIDE)

    return check
