"""全景: counts in scope, tiles without borders, what is missing and who acts, the operator's map."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.test import override_settings
from openpyxl import load_workbook

from accounts.factories import an_auditor, an_enterprise_user
from kouan.accounts.action import acting_system
from kouan.audit.models import AuditEntry
from kouan.basis import clock, codes
from kouan.collection.models import Holding, Observation
from kouan.console import base_map, plan_figures, tilegrid
from kouan.grading.actions import record_verdicts
from kouan.monitoring.baseline import baseline
from kouan.ports.models import Port
from monitoring.factories import a_batch, figures
from ports.factories import a_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]


def tile(page: str, name: str) -> str:
    """What stands on one tile."""
    return next(part for part in re.findall(r"<li style=.*?</li>", page, re.S) if f">{name}<" in part)


def plain(page: str) -> str:
    """The page without its tags."""
    return re.sub(r"<[^>]+>", "", page)


def rows_of(client, query: str) -> list[dict]:
    return json.loads(b"".join(client.get(f"/?{query}").streaming_content))["rows"]


def test_registered_never_stands_alone_as_the_national_total(open_as, officer):
    page = open_as(officer).get("/").content.decode()
    assert "已登记 / 国务院批准（2020年底）" in page
    assert re.search(r'>2</a><span class="figure-of"> / <a class="text-decoration-underline" href="/lineage\?of=quoted%3AB-07">313</a></span>', page)
    assert "不是全国口岸总数" in page


def test_a_planned_port_is_not_counted_as_registered(open_as, officer):
    port = a_port("guihua-road", "road", province_code="15")
    Port.objects.filter(pk=port.pk).update(status="planned")
    page = open_as(officer).get("/").content.decode()
    assert ">2</a><span" in page
    assert "规划建设" in page


def test_tiles_of_34_divisions_and_no_number_where_nothing_is_counted(open_as, officer):
    page = open_as(officer).get("/").content.decode()
    assert page.count("<li style=") == 34
    assert 'href="/ports?province=44"' in tile(page, "广东")
    assert '<span class="tile-number">1</span>' in tile(page, "广东")
    assert "铁1" in tile(page, "广东")
    for name in ("中国香港", "中国澳门", "中国台湾"):
        shown = tile(page, name)
        assert "不在统计范围" in shown
        assert "href" not in shown
        assert "tile-number" not in shown


def test_every_division_has_its_own_place():
    assert set(tilegrid.PLACES) == {one.code for one in codes.provinces}
    assert all(1 <= column <= tilegrid.COLUMNS and 1 <= row <= tilegrid.ROWS for column, row in tilegrid.PLACES.values())


def test_a_province_sees_only_its_own_counts(open_as, guangdong):
    page = open_as(guangdong).get("/").content.decode()
    assert "本范围已登记" in page
    assert re.search(r'>1</a><span class="figure-of"> 个</span>', page)
    assert "罗湖铁路口岸" in page
    assert "满洲里" not in page
    assert "<li style=" not in page, "one province needs no chart of all"
    assert "全国国务院批准 313 个" in plain(page)


def test_exports_pass_scope_and_are_recorded(open_as, officer, guangdong):
    assert [row["code"] for row in rows_of(open_as(guangdong), "p.format=json")] == ["luohu-rail"]
    provinces = rows_of(open_as(officer), "p.format=json")
    assert len(provinces) == 31
    assert {row["code"]: row["registered"] for row in provinces}["15"] == 1
    kept = AuditEntry.objects.filter(kind="E", actor_id=guangdong.pk)
    assert any("my-ports" in (entry.after or "") for entry in kept)


def test_flows_leave_with_exact_values_and_within_scope(open_as, officer, guangdong):
    figures("port:luohu-rail", "cargo_tonnes", {"2018": 1234567}, origin="press", source="press-facts")
    figures("port:manzhouli-road", "cargo_tonnes", {"2019": 7654321}, origin="press", source="press-facts")
    mine = rows_of(open_as(guangdong), "f.format=json")
    assert [(row["code"], row["value"]) for row in mine] == [("luohu-rail", 1234567)]
    sheet = load_workbook(io.BytesIO(open_as(officer).get("/?f.format=xlsx").content)).worksheets[0]
    held = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert 7654321 in held
    page = open_as(officer).get("/").content.decode()
    assert "765.43万吨" in page
    assert "新闻报道数据" in page


def test_the_page_is_not_for_enterprises(open_as):
    assert open_as(an_enterprise_user()).get("/").status_code == 403


def test_what_is_missing_and_who_acts(open_as, officer, reporter):
    with clock.travel_to("2026-03-01"):
        page = open_as(officer).get("/").content.decode()
        assert "2 个口岸未报送2025年数据" in page
        figures("port:luohu-rail", "person_crossings", {"2025-01": 6}, unit="person_crossings")
        page = open_as(officer).get("/").content.decode()
        assert "1 个口岸未报送2025年数据" in page
        page = open_as(reporter).get("/").content.decode()
        assert "全部已报送" in page
        assert "去报送" not in page


def test_held_rows_are_a_step_for_those_who_decide_about_them(open_as, officer, guangdong):
    batch = a_batch(source="press-facts")
    type(batch).objects.filter(pk=batch.pk).update(is_open=True)
    Holding.objects.create(batch=batch, row=7, outcome="held", raw=["x"], findings=[])
    page = open_as(officer).get("/").content.decode()
    assert "1 行数据暂存待处理" in page
    assert "/intake/holdings" in page
    page = open_as(guangdong).get("/").content.decode()
    assert "行数据暂存待处理" not in page
    assert "行由" not in page, "a row about no port of theirs is none of their business"


def test_verdicts_of_the_last_full_year_stand_in_words(open_as, officer):
    with clock.travel_to("2026-03-01"):
        with acting_system("test") as system:
            record_verdicts(actor=system, year=2025)
        page = open_as(officer).get("/").content.decode()
    assert "客货运量标准（2025年度）" in page
    assert "verdict=incomplete&amp;year=2025" in page
    assert "数据不全" in page


def test_english_names_hong_kong_macao_and_taiwan_as_they_must_be_named(open_as, officer):
    client = open_as(officer)
    client.cookies["kouan_language"] = "en"
    page = client.get("/").content.decode()
    for name in ("Hong Kong, China", "Macao, China", "Taiwan, China"):
        assert name in page
    assert "Registered / approved by the State Council (end of 2020)" in page


def test_a_block_without_lines_is_not_shown(open_as, reporter):
    page = open_as(reporter).get("/").content.decode()
    assert "运输方式" in page
    assert "规划布局（专栏2—4）" not in page, "no row of the plan concerns the ports of this fixture"


def test_the_auditor_is_told_of_no_work_of_others(open_as):
    page = open_as(an_auditor()).get("/").content.decode()
    assert "去报送" not in page
    assert "处理暂存" not in page


# ---- the operator's map -------------------------------------------------------------------------------

SQUARE = {"type": "Polygon", "coordinates": [[[110, 20], [111, 20], [111, 21], [110, 20]]]}
FEATURES = [
    {"type": "Feature", "properties": {"name": "广东省", "adcode": 440000}, "geometry": SQUARE},
    {"type": "Feature", "properties": {"name": "内蒙古"}, "geometry": SQUARE},
]


@pytest.mark.parametrize(("words", "is_number"), [
    ("GS(2024)0650号", True), ("GS京（2023）1234号", True), ("粤S(2023)012号", True), ("GS〔2022〕1号", True),
    ("", False), ("无", False), ("GS2024-0650", False), ("审图号待定", False), (7, False),
])
def test_only_a_map_with_an_approval_number_is_one(words, is_number):
    assert (base_map.approval_number({"审图号": words}) is not None) == is_number
    assert (base_map.approval_number({"properties": {"approval_number": words}}) is not None) == is_number


@pytest.mark.parametrize(("content", "code"), [
    (json.dumps({"type": "FeatureCollection", "features": FEATURES}), "base_map_without_approval"),
    (json.dumps({"审图号": "GS(2024)0650号", "features": []}), "base_map_unreadable"),
    ("[1, 2]", "base_map_unreadable"), ("{", "base_map_unreadable"), ("", "base_map_unreadable"),
])
def test_a_faulty_map_is_refused_and_the_tiles_are_shown(open_as, officer, tmp_path, content, code):
    place = tmp_path / "map.json"
    place.write_text(content, encoding="utf-8")
    assert base_map.load(str(place)).code == code
    with override_settings(BASE_MAP=str(place)):
        client = open_as(officer)
        page = client.get("/").content.decode()
        assert "<li style=" in page
        assert "KOUAN_BASE_MAP" in page
        assert client.get("/panorama/base-map").status_code == 404


def test_a_map_with_its_number_is_drawn_and_the_number_shown_on_page_and_export(open_as, officer, tmp_path):
    place = tmp_path / "map.json"
    place.write_text(json.dumps({"审图号": "GS(2024)0650号", "features": FEATURES}, ensure_ascii=False), encoding="utf-8")
    with override_settings(BASE_MAP=str(place)):
        client = open_as(officer)
        page = client.get("/").content.decode()
        assert "审图号：GS(2024)0650号" in page
        assert "data-base-map" in page
        answer = client.get("/panorama/base-map")
        names = [feature["properties"]["name"] for feature in json.loads(answer.content)["features"]]
        assert names == ["44", "15"], "features go by province code"
        assert client.get("/panorama/base-map", headers={"If-None-Match": answer["ETag"]}).status_code == 304
        book = load_workbook(io.BytesIO(client.get("/?p.format=xlsx").content))
        words = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
        assert any("GS(2024)0650号" in word for word in words)


def test_a_missing_map_file_is_said(tmp_path):
    assert base_map.load(str(tmp_path / "none.json")).code == "base_map_missing"
    assert base_map.load("") is None


def test_held_rows_elsewhere_are_those_of_ones_own_ports_with_the_office_that_decides(open_as, guangdong, reporter, administrator):
    press = a_batch(source="press-facts")
    type(press).objects.filter(pk=press.pk).update(is_open=True)
    for row, code in ((7, "luohu-rail"), (8, "manzhouli-road"), (9, "")):
        Holding.objects.create(batch=press, row=row, outcome="held", raw=["x"], findings=[], subject_kind="port" if code else "",
                               subject_code=code)
    for user, count in ((guangdong, 1), (reporter, 1), (administrator, 3)):
        client = open_as(user)
        page = client.get("/").content.decode()
        assert f"另有 {count} 行由国家口岸管理办公室处理。" in plain(page)
        assert "没有需要您处理的数据" in page
        rows = {row["name"]: row for row in rows_of(client, "s.format=json")}
        assert (rows["新闻报道中的口岸数据"]["waiting"], rows["新闻报道中的口岸数据"]["decided_by"]) == (count, "国家口岸管理办公室")


def test_a_reporter_is_not_told_to_decide_what_only_offices_decide(open_as, reporter):
    batch = a_batch(source="port-return")
    type(batch).objects.filter(pk=batch.pk).update(organisation_id=reporter.organisation_id)
    Holding.objects.create(batch=batch, row=7, outcome="held", raw=["x"], findings=[], subject_kind="port", subject_code="luohu-rail")
    page = open_as(reporter).get("/").content.decode()
    assert "另有 1 行由省级或国家口岸办处理。" in plain(page) and "行数据暂存待处理" not in page


def test_national_figures_lead_to_their_source_with_the_exact_value(open_as, officer):
    series = figures("nation:CN", "person_crossings", {"2024": 610_000_000}, origin="press", source="press-facts", unit="person_crossings")
    seen = Observation.objects.get(series=series)
    page = open_as(officer).get("/").content.decode()
    assert f'<a href="/lineage?of=observation%3A{seen.pk}"><data value="610000000' in page and 'title="610000000人次">6.1亿人次</data></a>' in page
    assert "第一部分" in page
    assert '<a href="/lineage?of=quoted%3AB-01"><data value="22190000000" title="22,190,000,000吨">221.9亿吨</data></a>' in page


def test_national_figures_in_english(open_as, officer):
    client = open_as(officer)
    client.cookies["kouan_language"] = "en"
    for address in ("/", "/law/plan"):
        page = client.get(address).content.decode()
        for said in ("22.19 billion t", "CNY 146.37 trillion", "2.627 billion person-crossings"):
            assert said in page
        assert "1e8" not in page and "1e12" not in page


def test_every_figure_of_the_plan_has_words_and_its_sentence(open_as, officer, guangdong):
    for one in baseline():
        said = plan_figures.shown(one)
        assert said.zh and said.en and "1e" not in said.en and not re.search("[\u4e00-\u9fff]", said.en)
    page = open_as(guangdong).get("/law/plan").content.decode()
    assert page.count('<q lang="zh-CN">') == len(baseline()) and 'id="B-07"' in page and "第一部分" in page
    rows = json.loads(b"".join(open_as(officer).get("/law/plan?format=json").streaming_content))["rows"]
    assert {row["id"]: row["exact"] for row in rows}["B-02"] == "146370000000000"
    assert open_as(an_enterprise_user()).get("/law/plan").status_code == 403
