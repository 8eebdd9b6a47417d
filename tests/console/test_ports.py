"""The list of ports and the page of one: filters, scope, two clocks, exports."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest

from kouan.accounts.action import acting_system
from kouan.audit.models import AuditEntry
from kouan.collection.models import Observation
from kouan.console.words import APPROVALS
from kouan.grading.actions import record_verdicts
from kouan.ports.actions import change_port, record_acceptance
from kouan.ports.models import CounterpartPoint, Port
from monitoring.factories import figures
from ports.factories import a_document, a_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]


def names(client, query: str = "") -> list[str]:
    return [row["code"] for row in json.loads(b"".join(client.get(f"/ports?format=json{query}").streaming_content))["rows"]]


@pytest.mark.parametrize(("query", "found"), [
    ("", ["luohu-rail", "manzhouli-road"]), ("&q=满洲里", ["manzhouli-road"]), ("&q=mzl", ["manzhouli-road"]), ("&q=luohu", ["luohu-rail"]),
    ("&province=44", ["luohu-rail"]), ("&mode=road", ["manzhouli-road"]), ("&class=rail", ["luohu-rail"]), ("&class=none", []),
    ("&role=none", ["luohu-rail", "manzhouli-road"]), ("&role=border", []), ("&status=closed", []), ("&sort=-name", ["manzhouli-road", "luohu-rail"]),
])
def test_filters(open_as, officer, query, found):
    assert names(open_as(officer), query) == found


def test_verdicts_are_those_on_record(open_as, officer):
    client = open_as(officer)
    assert "未判定" in client.get("/ports").content.decode()
    with acting_system("test") as system:
        record_verdicts(actor=system, year=2023)
    page = client.get("/ports").content.decode()
    assert "2023年度" in page
    assert names(client, "&verdict=incomplete") == ["luohu-rail", "manzhouli-road"]
    assert names(client, "&verdict=meets") == []


def test_a_province_sees_its_own_and_an_export_gives_no_more(open_as, guangdong):
    client = open_as(guangdong)
    assert names(client) == ["luohu-rail"]
    assert "manzhouli-road" not in client.get("/ports").content.decode()
    rows = list(csv.reader(io.StringIO(b"".join(client.get("/ports?format=csv").streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 2


@pytest.mark.parametrize("address", ["/ports/manzhouli-road", "/ports/manzhouli-road/figures", "/ports/manzhouli-road?history.format=csv"])
def test_a_port_of_another_province_does_not_exist_and_the_attempt_is_kept(open_as, guangdong, address):
    before = AuditEntry.objects.filter(kind="E", actor_id=guangdong.pk).count()
    assert open_as(guangdong).get(address).status_code == 404
    kept = AuditEntry.objects.filter(kind="E", actor_id=guangdong.pk)
    assert kept.count() > before
    assert any("manzhouli-road" in (entry.after or "") for entry in kept)


def test_the_page_says_what_is_missing_and_who_should_act(open_as, reporter):
    page = open_as(reporter).get("/ports/luohu-rail").content.decode()
    assert "未报送" in page
    assert "应由所在地口岸管理部门" in page
    assert "未评估" in page
    assert "专栏6" in page
    assert "数据不全" in page


def test_a_verdict_is_given_with_its_reason_and_what_the_reader_can_do(open_as, officer, reporter, guangdong):
    assert "是否边境口岸不明，不能判定。" in open_as(officer).get("/ports/luohu-rail").content.decode()
    with acting_system("tests") as system:
        change_port(actor=system, code="luohu-rail", values={"is_border": False}, document=a_document(), reason="测试")
    reason = "通过验收日期缺失，不能判定。"
    for who, action in ((officer, "登记验收日期</a>"), (reporter, "去报送</a>验收日期由国家口岸管理办公室凭文件登记")):
        page = open_as(who).get("/ports/luohu-rail").content.decode()
        said = page.split('class="verdict-reason"')[1].split("</p>")[0]
        assert reason in said and action in said, who
        assert page.index("verdict-reason") < page.index('class="steps"'), "the reason stands above the trace"
    with acting_system("tests") as system:
        record_acceptance(actor=system, code="luohu-rail", document=a_document("minutes"), accepted_on=date(2000, 1, 1))
    said = open_as(guangdong).get("/ports/luohu-rail?year=2023").content.decode().split('class="verdict-reason"')[1].split("</p>")[0]
    assert "货运量缺；出入境人员缺：数据不全" in said and "去报送" in said


def test_the_list_shows_short_words_and_exports_the_full_ones(open_as, officer):
    client = open_as(officer)
    a_port("tacheng-road", "road", name_zh="巴克图公路口岸", province_code="65", city_name="塔城地区")
    page = client.get("/ports").content.decode()
    assert '<span title="新疆维吾尔自治区·塔城地区">新疆·塔城地区</span>' in page
    assert 'title="运行状态待核"' in page
    rows = json.loads(b"".join(client.get("/ports?format=json").streaming_content))["rows"]
    row = next(row for row in rows if row["code"] == "tacheng-road")
    assert row["place"] == "新疆维吾尔自治区·塔城地区"
    assert row["status"] == "运行状态待核"
    assert row["approval"] == APPROVALS[Port.objects.get(code="tacheng-road").approval].zh


def test_two_clocks(open_as, officer):
    client = open_as(officer)
    page = client.get("/ports/luohu-rail?known_at=2001-01-01").content.decode()
    assert "当时名录中没有这个口岸" in page
    page = client.get("/ports/luohu-rail?as_of=2019-05-01").content.decode()
    assert "2019年5月1日" in page
    page = client.get("/ports/luohu-rail?as_of=yesterday").content.decode()
    assert "不是有效日期" in page


def test_the_year_and_the_period_of_the_address_bar_are_bounded(open_as, officer):
    client = open_as(officer)
    for query in ("?year=99999999999", "?year=x", "?by=second", "?history.page=9999", "?history.sort=nothing"):
        assert client.get(f"/ports/luohu-rail{query}").status_code == 200
    for query in ("?year=x", "?year=99999", "?origin=unknown", "?measure=%00", "?page=9"):
        assert client.get(f"/ports/luohu-rail/figures{query}").status_code == 200


def test_enterprises_do_not_see_the_register(open_as):
    from accounts.factories import a_user, an_office
    from kouan.accounts.models import OrganisationKind, Role

    client = open_as(a_user(Role.ENTERPRISE_USER, an_office(OrganisationKind.ENTERPRISE)))
    assert client.get("/ports").status_code == 403
    assert client.get("/home")["Location"] == "/bottlenecks", "企业用户首先看到自己的诉求"
    assert client.get("/bottlenecks").status_code == client.get("/account").status_code == 200


def test_pages_in_english(open_as, officer):
    client = open_as(officer)
    client.post("/language", {"language": "en"})
    page = client.get("/ports/luohu-rail").content.decode()
    for words in ("Not reported", "Not evaluated", "Volume standard", "Look back"):
        assert words in page


@pytest.fixture
def across():
    """Lo Wu, in Hong Kong, faces 罗湖: two days and two directions; and a figure of the press."""
    CounterpartPoint.objects.create(code="lo-wu", region_code="HK", name_zh="罗湖", name_en="Lo Wu", relation="one_to_one", mode="rail",
                                    port=Port.objects.get(code="luohu-rail"))
    for direction in ("inbound", "outbound"):
        figures("counterpart_point:lo-wu", "person_crossings", {"2023-02-06": 5, "2022-02-06": 4}, direction=direction,
                origin="counterpart", source="hk-control-points", unit="person_crossings")
    figures("port:luohu-rail", "cargo_tonnes", {"2018": 7}, origin="press", source="press-facts")


def test_figures_say_whose_direction_it_is_and_where_it_leads(open_as, reporter, across):
    client = open_as(reporter)
    page = client.get("/ports/luohu-rail/figures").content.decode()
    assert "方向（发布方）" in page and "入境（抵港）" in page and "出境（离港）" in page and "香港罗湖管制站" in page
    rows = json.loads(b"".join(client.get("/ports/luohu-rail/figures?format=json").streaming_content))["rows"]
    assert {(row["subject_name"], row["direction"]) for row in rows} == {
        ("香港罗湖管制站", "入境（抵港）"), ("香港罗湖管制站", "出境（离港）"), ("罗湖铁路口岸", "合计")}
    seen = Observation.objects.filter(series__direction="inbound").first()
    page = client.get(f"/intake/figures/{seen.pk}").content.decode()
    assert "<h1" in page and "香港罗湖管制站：" in page and "方向（发布方）" in page and "入境（抵港）" in page
    client.cookies["kouan_language"] = "en"
    page = client.get(f"/intake/figures/{seen.pk}").content.decode()
    assert "Lo Wu Control Point, Hong Kong" in page and "(arriving in Hong Kong)" in page


def test_measures_and_years_are_those_present_and_others_are_said(open_as, reporter, across):
    client = open_as(reporter)
    page = client.get("/ports/luohu-rail/figures").content.decode()
    for year in (2023, 2022, 2018):
        assert f'<option value="{year}">{year}年</option>' in page
    assert '<option value="2020">' not in page and '<option value="cargo_tonnes">' in page and '<option value="teu">' not in page
    assert "2018年" in client.get("/ports/luohu-rail/figures?year=2018").content.decode()
    for query, said in (("year=abc", "筛选项“年份”没有“abc”这一选项"), ("year=2020", "没有“2020”这一选项"), ("measure=teu", "没有“teu”这一选项")):
        assert said in client.get(f"/ports/luohu-rail/figures?{query}").content.decode()


def test_a_port_that_is_not_there_leads_to_the_nearest_in_scope(open_as, officer, reporter):
    answer = open_as(reporter).get("/ports/luohu")
    page = answer.content.decode()
    assert answer.status_code == 404 and '<a href="/ports/luohu-rail">罗湖铁路口岸</a>' in page and '<a href="/ports">口岸列表</a>' in page
    assert '<a href="/ports/manzhouli-road">' in open_as(officer).get("/ports/manzhouli/figures").content.decode()
    # Of somebody else's port no more is said than of none at all.
    for code in ("manzhouli-road", "manzhouli", "nowhere"):
        page = open_as(reporter).get(f"/ports/{code}").content.decode()
        assert "满洲里" not in page and 'href="/ports/manzhouli-road"' not in page and '<a href="/ports">口岸列表</a>' in page


def test_english_pages_translate_what_the_system_wrote_and_mark_what_stays_chinese(open_as, officer):
    Port.objects.filter(code="luohu-rail").update(source_note="规划专栏3 BDR-12", city_name="深圳市")
    Port.objects.filter(code="manzhouli-road").update(source_note="由当地口岸办补正")
    client = open_as(officer)
    client.cookies["kouan_language"] = "en"
    page = client.get("/ports/luohu-rail").content.decode()
    assert "Railway (by mode: rail)" in page and "Box 3 of the plan, BDR-12" in page and "（" not in page.split("<main")[1].split("</main")[0]
    assert '<span lang="zh-CN">深圳市</span>' in page and '<span lang="zh-CN">罗湖铁路口岸</span>' in page
    assert '<span lang="zh-CN">由当地口岸办补正</span>' in client.get("/ports/manzhouli-road").content.decode()
    client.cookies["kouan_language"] = "zh-hans"
    assert "铁路（按运输方式：铁路）" in client.get("/ports/luohu-rail").content.decode()
