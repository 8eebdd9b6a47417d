"""The page that works out distances and counts routes, and hands them to the form of access-air."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.factories import an_enterprise_user
from kouan.accounts.action import acting_system
from kouan.basis import clock
from kouan.ports.actions import add_code
from ports.factories import a_document, a_port

PAGE = "/law/access-facts"
SCHEDULE = "始发机场,目的机场,航班号,经停次数,班期,航线性质\nEHU,SZX,O36801,0,135,国内\nEHU,PEK,CZ8541,1,每日,国内\nEHU,KIX,O36901,0,2,国际\n"


@pytest.fixture
def reader(open_as: Any, guangdong: Any) -> Iterator[Any]:
    """An officer of Guangdong; the open air port lies in Hubei, and its name and place are public."""
    a_port("wuhan-air", "air", name_zh="武汉航空口岸", name_en="Wuhan Air Port", province_code="42", open_since=date(2000, 1, 1),
           latitude=Decimal("30.77480"), longitude=Decimal("114.21372"), position_source="测试坐标")
    a_port("nanchang-air", "air", name_zh="南昌航空口岸", province_code="36")
    with acting_system("tests") as system:
        for port, code in (("wuhan-air", "WUH"), ("nanchang-air", "KHN")):
            add_code(actor=system, port=port, scheme="iata", code=code, document=a_document())
    with clock.travel_to("2024-06-30"):
        yield open_as(guangdong)


def read(client: Any, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return unescape(answer.content.decode())


def test_the_form_of_access_air_leads_here_and_no_other_does(reader: Any) -> None:
    assert f'{PAGE}?as_of=2024-06-30' in read(reader, "/law/try/access-air")
    assert PAGE not in read(reader, "/law/try/access-water")


def test_distances_with_sources_and_unknown_ports_and_the_way_to_the_form(reader: Any) -> None:
    page = read(reader, f"{PAGE}?iata=EHU&as_of=2024-03-19")
    for words in ("武汉航空口岸", "91.776", "测试坐标", "南昌航空口岸", "运行状态待核", "公开机场名单"):
        assert words in page
    assert "/law/try/access-air?straight_line_km_to_nearest_open_air_port=91.776&as_of=2024-03-19" in page


def test_a_road_needs_evidence_and_goes_into_the_form(reader: Any) -> None:
    road = f"{PAGE}?iata=EHU&as_of=2024-03-19&port=WUH&road_km=110.5&driving_hours=1.4"
    assert "没有注明依据" in read(reader, road, 422)
    page = read(reader, f"{road}&evidence=测算报告")
    assert "distance_km_to_nearest_open_air_port=110.5" in page and "driving_hours_to_nearest_open_air_port=1.4" in page
    form = read(reader, "/law/try/access-air?distance_km_to_nearest_open_air_port=110.5&driving_hours_to_nearest_open_air_port=1.4&as_of=2024-03-19")
    assert "尚不能判定" in form and 'value="110.5"' in form


def test_a_distance_that_passes_is_a_fact_only_of_a_complete_register(reader: Any) -> None:
    far = f"{PAGE}?iata=XFN&as_of=2024-03-19"
    page = read(reader, far)
    assert "可能缺少更近的" in page and 'id="filled-title"' not in page
    assert "straight_line_km_to_nearest_open_air_port=238.094" in read(reader, f"{far}&complete=省口岸办清单")


@pytest.mark.parametrize(("query", "words"), [
    ("iata=QQQ", "都没有 IATA 代码"), ("lat=95&lon=1", "不在±90度之内"), ("lat=abc&lon=1", "错误"), ("lat=30", "请给出机场"),
    ("iata=EHU&port=WUH&road_km=-1", "不能为负数"),
])  # fmt: skip
def test_what_cannot_be_is_said(reader: Any, query: str, words: str) -> None:
    assert words in read(reader, f"{PAGE}?{query}", 422)


def a_schedule(content: str = SCHEDULE, name: str = "schedule.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode("gb18030"))


def test_a_schedule_is_counted_row_by_row(reader: Any) -> None:
    answer = reader.post(f"{PAGE}?iata=EHU&as_of=2024-03-19", {"airport": "EHU", "schedule": a_schedule()})
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "经停1次，不计" in page and "O36901" in page
    assert "straight_line_km_to_nearest_open_air_port=91.776&fixed_direct_routes=2&domestic_fixed_direct_routes=1" in page


def test_bad_rows_are_held_and_said(reader: Any) -> None:
    answer = reader.post(PAGE, {"airport": "EHU", "schedule": a_schedule(SCHEDULE + "EHU,CAN,CZ1,,135,国内\n")})
    page = unescape(answer.content.decode())
    assert answer.status_code == 200 and "存疑搁置，未计" in page and "经停次数缺少" in page and "fixed_direct_routes=2" in page


@pytest.mark.parametrize(("form", "words"), [
    ({"airport": "鄂州"}, "三字代码"), ({"airport": "EHU"}, "请选择航班时刻表"),
    ({"airport": "EHU", "schedule": "a,b\n1,2\n"}, "找不到航班时刻表的表头"),
    ({"airport": "EHU", "schedule": SCHEDULE, "name": "机密★10年时刻.csv"}, "密级标志"),
])  # fmt: skip
def test_a_schedule_that_cannot_be_used_is_refused(reader: Any, form: dict[str, str], words: str) -> None:
    sent: dict[str, Any] = {"airport": form["airport"]}
    if "schedule" in form:
        sent["schedule"] = a_schedule(form["schedule"], form.get("name", "s.csv"))
    answer = reader.post(PAGE, sent)
    assert answer.status_code == 422 and words in unescape(answer.content.decode())


def test_who_may_not_read_the_console_is_turned_away(open_as: Any) -> None:
    assert open_as(an_enterprise_user()).get(PAGE).status_code == 403


def test_in_english(reader: Any) -> None:
    reader.cookies["kouan_language"] = "en"
    page = read(reader, f"{PAGE}?iata=EHU&as_of=2024-03-19")
    assert "Nearest open air port" in page and "Wuhan Air Port" in page
