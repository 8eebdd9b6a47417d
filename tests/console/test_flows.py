"""流量: totals with what is missing said, others' figures beside them, ranks to the national office, scope, exports."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.factories import a_provincial_officer, an_enterprise_user
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.ports.models import CounterpartPoint, Port
from monitoring.factories import figures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]

PERSONS = "person_crossings"
YEARS = "from=2022&to=2023"


def reported(port: str, values: dict[str, int], **more: Any) -> None:
    figures(f"port:{port}", PERSONS, values, unit=PERSONS, **more)


def rows_of(client: Any, table: str, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/flows?{YEARS}&{query}&{table}.format=json")
    return json.loads(b"".join(answer.streaming_content))["rows"]


def test_an_unfinished_total_says_how_many_reported_and_the_part_that_is_there(open_as, officer):
    reported("luohu-rail", {"2023": 80_000_000})
    page = open_as(officer).get(f"/flows?{YEARS}").content.decode()
    assert "数据不全" in page and "1 / 2" in page and "8000万" in page
    [row] = rows_of(open_as(officer), "t")
    assert (row["value"], row["partial"], row["reported"], row["due"]) == (None, 80_000_000, 1, 2)


def test_a_whole_total_with_changes_shares_ranks_and_the_peak(open_as, officer):
    for port, before, now in (("luohu-rail", 10, 30), ("manzhouli-road", 10, 10)):
        reported(port, {"2022": before, "2023": now})
    client = open_as(officer)
    assert [(row["value"], row["yoy"], row["is_peak"]) for row in rows_of(client, "t")] == [(40, 1.0, True), (20, None, False)]
    provinces = {row["code"]: row for row in rows_of(client, "m")}
    assert {code: (row["value"], row["share"], row["rank"]) for code, row in provinces.items()} == {
        "44": (30, 0.75, 1), "15": (10, 0.25, 2)}
    ports = rows_of(client, "m", "province=44&period=2022")
    assert [(row["code"], row["value"]) for row in ports] == [("luohu-rail", 10)]
    page = client.get(f"/flows?{YEARS}").content.decode()
    assert "▲ 峰值" in page and "40人次" in page and "+100%" in page and "1 / 2" in page


def test_a_province_sees_its_own_ports_without_ranks(open_as, guangdong):
    for port in ("luohu-rail", "manzhouli-road"):
        reported(port, {"2023": 10})
    client = open_as(guangdong)
    page = client.get(f"/flows?{YEARS}").content.decode()
    assert "广东" in page and "满洲里" not in page and "位次" not in page
    assert [row["value"] for row in rows_of(client, "t")] == [10]
    [row] = rows_of(client, "m")
    assert row["code"] == "luohu-rail" and "rank" not in row


@pytest.mark.parametrize("asked", ["province=15", "province=15&m.format=xlsx", "province=15&t.format=csv", "province=99"])
def test_another_province_is_not_there_and_the_attempt_is_recorded(open_as, guangdong, asked):
    reported("manzhouli-road", {"2023": 10})
    answer = open_as(guangdong).get(f"/flows?{asked}")
    assert answer.status_code == 404 and "满洲里" not in answer.content.decode()
    events = AuditEntry.objects.filter(note="out_of_scope", actor_id=guangdong.pk)
    assert events.count() == (0 if "99" in asked else 1)


def test_enterprises_do_not_come_in(open_as):
    assert open_as(an_enterprise_user()).get("/flows").status_code == 403


def test_nothing_reported_says_who_should_act_and_shows_what_is_true(open_as, reporter, guangdong):
    CounterpartPoint.objects.create(code="lo-wu", name_zh="罗湖", name_en="Lo Wu", region_code="HK", mode="rail",
                                    relation="one_to_one", port=Port.objects.get(code="luohu-rail"))
    days = {(date(2023, 1, 1) + timedelta(days=at)).isoformat(): 100 for at in range(365)}
    for direction in ("inbound", "outbound"):
        figures("counterpart_point:lo-wu", PERSONS, days, direction=direction, origin="counterpart",
                source="hk-control-points", unit=PERSONS)
    figures("nation:CN", PERSONS, {"2023": 424_000_000}, origin="press", source="press-facts", unit=PERSONS)
    for user in (reporter, guangdong):
        page = open_as(user).get(f"/flows?{YEARS}").content.decode()
        assert "还没有口岸报送此项" in page and "口岸报送员" in page and "去报送" in page
        assert "26.27" in page and "对侧口岸数据" in page and "新闻报道数据" in page
        assert [(row["value"], row["port"]) for row in rows_of(open_as(user), "c")] == [(73_000, "罗湖铁路口岸")]
        assert [row["value"] for row in rows_of(open_as(user), "n")] == [424_000_000]
    other = open_as(a_provincial_officer("15")).get(f"/flows?{YEARS}").content.decode()
    assert "罗湖" not in other


def test_the_plans_headlines_are_quoted_as_printed(open_as, officer):
    rows = rows_of(open_as(officer), "b")
    assert (rows[0]["value"], rows[0]["quote"]) == ("221.9", "口岸进出口货运量221.9亿吨")


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
@pytest.mark.parametrize("table", ["t", "m", "b"])
def test_every_table_leaves_as_a_file_and_the_trail_knows(open_as, officer, kind, table):
    reported("luohu-rail", {"2023": 10})
    answer = open_as(officer).get(f"/flows?{YEARS}&{table}.format={kind}")
    assert answer.status_code == 200 and answer["Content-Disposition"].startswith("attachment")
    assert AuditEntry.objects.filter(note="export", actor_id=officer.pk).count() == 1


@pytest.mark.parametrize("asked", [
    "measure=nope", "every=week", "from=99999", "to=-5", "from=²²²²", "period=nope", "measure=clearance_hours", "from=2023&to=2022",
])
def test_an_address_that_cannot_be_is_said_and_the_page_stands(open_as, officer, asked):
    reported("luohu-rail", {"2023": 10})
    answer = open_as(officer).get(f"/flows?{asked}")
    assert answer.status_code == 200
    assert ("这一选项" in answer.content.decode()) == (asked not in ("period=nope", "from=2023&to=2022"))


def test_months_are_compared_with_the_month_before(open_as, officer):
    for port in ("luohu-rail", "manzhouli-road"):
        reported(port, {"2023-01": 10, "2023-02": 15})
    rows = rows_of(open_as(officer), "t", "every=month")
    assert [(row["value"], row["mom"]) for row in rows] == [(30, 0.5), (20, None)]


def test_the_page_is_in_english_too(open_as, officer):
    reported("luohu-rail", {"2023": 10})
    client = open_as(officer)
    client.cookies["kouan_language"] = "en"
    page = client.get(f"/flows?{YEARS}").content.decode()
    assert "Incomplete" in page and "Ports reported / due" in page and "person-crossings" in page


def test_the_menu_leads_here(open_as, officer):
    page = open_as(officer).get("/flows").content.decode()
    assert 'href="/flows"' in page and "监测" in page


@pytest.mark.parametrize("asked", ["99999", "²", "0", "-5"])
def test_a_year_that_cannot_be_breaks_no_page_of_ports(open_as, officer, asked):
    client = open_as(officer)
    assert client.get(f"/ports?year={asked}").status_code == 200
    assert client.get(f"/ports/luohu-rail?year={asked}").status_code == 200
    assert client.get(f"/ports/luohu-rail/figures?year={asked}").status_code == 200


def test_the_years_offered_end_with_this_one(open_as, officer):
    page = open_as(officer).get("/flows").content.decode()
    assert f'<option value="{clock.today().year}" selected>' in page
