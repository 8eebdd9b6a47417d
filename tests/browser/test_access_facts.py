"""From an airport's code and its schedule to the form that judges them, as an officer does it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kouan.accounts.action import acting_system
from kouan.ports.actions import add_code
from ports.factories import a_document, a_port

SCHEDULE = "始发机场,目的机场,航班号,经停次数,班期,航线性质\nEHU,SZX,O36801,0,135,国内\nEHU,PEK,CZ8541,1,每日,国内\nEHU,CAN,CZ1,,135,国内\n"


@pytest.fixture
def airports(house):
    """An open air port, and one of unknown status that lies farther."""
    a_port("wuhan-air", "air", name_zh="武汉航空口岸", name_en="Wuhan Air Port", province_code="42", open_since=date(2000, 1, 1),
           latitude=Decimal("30.77480"), longitude=Decimal("114.21372"), position_source="测试坐标")
    a_port("nanchang-air", "air", name_zh="南昌航空口岸", name_en="Nanchang Air Port", province_code="36")
    with acting_system("test") as system:
        for port, code in (("wuhan-air", "WUH"), ("nanchang-air", "KHN")):
            add_code(actor=system, port=port, scheme="iata", code=code, document=a_document())
    return house


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_at_both_widths_and_in_both_languages(airports, page, sign_in, look, language):
    sign_in(page, "guojia")
    page.context.add_cookies([{"name": "kouan_language", "value": language, "url": airports.url}])
    page.goto(f"{airports.url}/law/access-facts?iata=EHU&as_of=2024-03-19")
    look(page, f"access-facts-{language}")


def test_distance_and_routes_go_into_the_form_and_are_judged(airports, page, sign_in, tmp_path: Path):
    place = tmp_path / "schedule.csv"
    place.write_text(SCHEDULE, encoding="gb18030")
    sign_in(page, "guojia")
    page.goto(f"{airports.url}/law/try/access-air")
    page.click("text=测算距离、清点航线")
    page.fill("#in-iata", "EHU")
    page.click("button:has-text('测算')")
    page.wait_for_selector("#distance-title")
    assert "91.776" in page.content() and "南昌航空口岸" in page.content()
    page.set_input_files("#in-schedule", str(place))
    page.click("button:has-text('清点航线')")
    page.wait_for_selector("#routes-title")
    assert "经停次数缺少或无法识别" in page.content() and "经停1次，不计" in page.content()
    page.click("text=填入试算 >> nth=-1")
    page.wait_for_selector("#answer-title")
    assert page.input_value("#in-straight_line_km_to_nearest_open_air_port") == "91.776"
    assert page.input_value("#in-fixed_direct_routes") == "1"
    assert "尚不能判定" in page.content()
