"""``kouan access``: distances, routes, and the facts of an airport with the verdict on them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.factories import a_provincial_officer
from kouan.accounts.action import acting_system
from kouan.ports.actions import add_code
from ports.factories import a_document, a_port

pytestmark = pytest.mark.django_db
SCHEDULE = "始发机场,目的机场,航班号,经停次数,班期,航线性质\nEHU,SZX,O36801,0,135,国内\nEHU,PEK,CZ8541,1,每日,国内\nEHU,KIX,O36901,0,2,国际\n"


@pytest.fixture
def wuhan() -> None:
    """An open air port of Hubei, and one of Jiangxi of which nothing is known."""
    a_port("wuhan-air", "air", name_zh="武汉航空口岸", name_en="Wuhan Air Port", province_code="42", open_since=date(2000, 1, 1),
           latitude=Decimal("30.77480"), longitude=Decimal("114.21372"), position_source="测试坐标")
    a_port("nanchang-air", "air", name_zh="南昌航空口岸", name_en="Nanchang Air Port", province_code="36")
    with acting_system("tests") as system:
        for port, code in (("wuhan-air", "WUH"), ("nanchang-air", "KHN")):
            add_code(actor=system, port=port, scheme="iata", code=code, document=a_document())


def a_file(folder: Path, name: str, content: Any) -> str:
    place = folder / name
    place.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return str(place)


def test_distances_stand_nearest_first_with_unknown_ports_named(kouan: Any, wuhan: None) -> None:
    ran = kouan("access", "distance", "--iata", "ehu", "--as-of", "2024-03-19")
    assert ran.status == 0
    assert "武汉航空口岸  直线 91.776 km" in ran.out and "南昌航空口岸" in ran.out and "测试坐标" in ran.out and "运行状态待核" in ran.out
    answer = kouan("access", "distance", "--lat", "30.34278", "--lon", "115.02972", "--as-of", "2024-03-19", "--json").json
    assert (answer["nearest"], answer["straight_km"]) == ("wuhan-air", "91.776") and answer["unsettled"][0]["code"] == "nanchang-air"
    english = kouan("-l", "en", "access", "distance", "--iata", "EHU", "--as-of", "2024-03-19")
    assert "Wuhan Air Port  straight 91.776 km" in english.out and "status not known" in english.out


def test_roads_come_from_the_facts_submitted(kouan: Any, wuhan: None, tmp_path: Path) -> None:
    facts = a_file(tmp_path, "extra.json", {"road": [{"port": "WUH", "road_km": 110.5, "driving_hours": 1.4, "evidence": "测算报告"}]})
    answer = kouan("access", "distance", "--iata", "EHU", "--as-of", "2024-03-19", "--facts", facts, "--json").json
    assert (answer["road_km"], answer["driving_hours"], answer["open"][0]["evidence"]) == ("110.5", "1.4", "测算报告")
    without = a_file(tmp_path, "without.json", {"road": [{"port": "WUH", "road_km": 110.5}]})
    ran = kouan("access", "distance", "--iata", "EHU", "--as-of", "2024-03-19", "--facts", without, "--json")
    assert ran.status == 1 and "no_evidence" in [finding["code"] for finding in ran.json["findings"]]


@pytest.mark.parametrize(("arguments", "code"), [
    (("--iata", "QQQ"), "unknown_airport"), (("--lat", "95", "--lon", "1"), "impossible_position"), ((), "no_origin"),
])  # fmt: skip
def test_an_origin_that_cannot_be_is_refused(kouan: Any, arguments: tuple[str, ...], code: str) -> None:
    ran = kouan("access", "distance", *arguments, "--as-of", "2024-03-19", "--json")
    assert ran.status == 1 and ran.codes == [code]


def test_routes_are_counted_with_the_working_shown(kouan: Any, tmp_path: Path) -> None:
    file = a_file(tmp_path, "s.csv", SCHEDULE)
    ran = kouan("access", "routes", file, "--airport", "EHU")
    assert ran.status == 0 and "固定直达航线 2 条" in ran.out and "经停1次，不计" in ran.out
    answer = kouan("access", "routes", file, "--airport", "ehu", "--json").json
    assert answer["facts"] == {"fixed_direct_routes": 2, "domestic_fixed_direct_routes": 1}
    assert [row["fate"] for row in answer["rows"]] == ["counted", "stop_over", "counted"]
    held = kouan("access", "routes", a_file(tmp_path, "h.csv", SCHEDULE + "EHU,CAN,CZ1,,135,国内\n"), "--airport", "EHU", "--json")
    assert held.status == 1 and held.json["findings"][0]["where"]["row"] == 5
    assert kouan("access", "routes", file, "--airport", "鄂州").status == 2


def test_all_facts_of_an_airport_with_their_sources(kouan: Any, wuhan: None, tmp_path: Path) -> None:
    facts = a_file(tmp_path, "extra.json", {"civil_military_airport": {"value": False, "evidence": "机场使用许可证"},
                                            "passengers": [{"year": 2023, "value": 10000, "evidence": "公报"}]})
    schedule = a_file(tmp_path, "s.csv", SCHEDULE)
    arguments = ("access", "air", "--iata", "EHU", "--as-of", "2024-03-19", "--facts", facts, "--routes", schedule)
    answer = kouan(*arguments, "--json").json
    assert answer["verdict"]["verdict"] == "unknown"
    assert answer["facts"]["fixed_direct_routes"]["kind"] == "schedule" and answer["facts"]["peak_annual_passengers"]["evidence"] == ["公报"]
    ran = kouan(*arguments)
    assert "结论：尚不能判定" in ran.out and "缺：列入“十三五”口岸发展规划的项目（由省级口岸管理部门、国家口岸管理办公室提供）" in ran.out
    assert "机场使用许可证" in ran.out


def test_facts_that_are_no_object_or_no_json_are_refused(kouan: Any, tmp_path: Path) -> None:
    for content, code in (("[1]", "not_an_object"), ("{", "not_json"), ('{"a": 1, "a": 2}', "not_json"), ('{"a": NaN}', "not_json")):
        ran = kouan("access", "air", "--iata", "EHU", "--as-of", "2024-03-19", "--facts", a_file(tmp_path, "x.json", content), "--json")
        assert ran.status == 1 and ran.codes == [code]


def test_a_user_of_another_province_does_not_see_the_airport(kouan: Any, wuhan: None) -> None:
    refused = kouan("access", "air", "--iata", "EHU", "--as-of", "2024-03-19", "--as", a_provincial_officer("44").username, "--json")
    assert refused.status == 1 and refused.codes == ["unknown_airport"]
    ran = kouan("access", "air", "--iata", "EHU", "--as-of", "2024-03-19", "--as", a_provincial_officer("42").username, "--json")
    assert ran.json["origin"]["iata"] == "EHU"
