"""对侧核对: figures of both sides beside each other, within scope, with days missing and with a return."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from accounts.factories import a_provincial_officer, an_enterprise_user
from kouan.ports.models import CounterpartPoint, Port
from monitoring.factories import figures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]

PERSONS = "person_crossings"


@pytest.fixture
def lo_wu() -> CounterpartPoint:
    """The point that faces 罗湖."""
    return CounterpartPoint.objects.create(
        code="lo-wu", name_zh="罗湖", name_en="Lo Wu", region_code="HK", mode="rail", relation="one_to_one",
        port=Port.objects.get(code="luohu-rail"), coverage_note_zh="只计旅客", coverage_note_en="travellers only",
    )


def counted(inbound: int, outbound: int, days: int = 29) -> None:
    """The days of 6 February to 6 March 2023, all alike."""
    first = date(2023, 2, 6)
    for direction, value in (("inbound", inbound), ("outbound", outbound)):
        figures("counterpart_point:lo-wu", PERSONS, {(first + timedelta(days=at)).isoformat(): value for at in range(days)},
                direction=direction, origin="counterpart", source="hk-control-points", unit=PERSONS)


def rows_of(client, query: str = "format=json") -> list[dict]:
    return json.loads(b"".join(client.get(f"/counterpart-checks?{query}").streaming_content))["rows"]


def test_a_difference_within_one_per_cent_is_said_and_no_side_is_judged(open_as, officer, lo_wu):
    counted(50_000, 57_500)
    page = open_as(officer).get("/counterpart-checks").content.decode()
    assert "不评判任何一侧" in page
    assert "+0.6%" in page
    assert "差异在 1% 以内" in page
    assert "罗湖（中国香港）" in page
    [row] = rows_of(open_as(officer))
    assert row["counted"] == 29 * 107_500
    assert row["difference"] == pytest.approx(29 * 107_500 / 3_100_000 - 1)
    assert (row["press"], row["days_present"], row["days_expected"]) == (3_100_000, 58, 58)


def test_a_larger_difference_is_explained_by_the_coverage(open_as, officer, lo_wu):
    counted(50_000, 50_000)
    page = open_as(officer).get("/counterpart-checks").content.decode()
    assert "-6.5%" in page
    assert "口径差异：只计旅客" in page


def test_with_a_day_missing_nothing_is_compared(open_as, officer, lo_wu):
    counted(50_000, 50_000, days=28)
    page = open_as(officer).get("/counterpart-checks").content.decode()
    assert "缺日，不比较" in page
    [row] = rows_of(open_as(officer))
    assert row["difference"] is None
    assert row["counted"] is None
    assert row["days_present"] == 56


def test_the_days_are_drawn_in_the_directions_of_the_mainland_port(open_as, officer, lo_wu):
    counted(40_000, 60_000)
    page = open_as(officer).get("/counterpart-checks?check=lo-wu-20230206").content.decode()
    spec = json.loads(page.split('<script id="chart-daily-data" type="application/json">')[1].split("</script>")[0])
    assert [one["name"] for one in spec["series"]] == ["合计", "入境", "出境"]
    assert [one["data"][0] for one in spec["series"]] == [100_000, 60_000, 40_000]
    assert spec["annotations"][0]["value"] == round(3_100_000 / 29)
    assert len(spec["categories"]) == 29
    assert spec["categories"][0] == "2月6日"
    assert '<th scope="row" class="keep">2023年2月6日</th>' in page
    assert "2023-02-06" not in page.split("chart-table")[1].split("</table>")[0]


def test_a_check_that_does_not_exist_shows_the_first(open_as, officer, lo_wu):
    counted(40_000, 60_000)
    assert "罗湖铁路口岸：罗湖（中国香港）逐日统计" in open_as(officer).get("/counterpart-checks?check=nowhere").content.decode()


def test_only_points_of_ones_own_ports(open_as, lo_wu):
    counted(50_000, 57_500)
    client = open_as(a_provincial_officer("15"))
    page = client.get("/counterpart-checks").content.decode()
    assert "您的查看范围内没有可以核对的口岸" in page
    assert "310" not in page
    assert rows_of(client) == []
    assert len(rows_of(open_as(a_provincial_officer("44")))) == 1
    assert open_as(an_enterprise_user()).get("/counterpart-checks").status_code == 403


def test_months_of_both_sides_appear_once_a_port_reports(open_as, officer, lo_wu):
    counted(10, 20, days=54)
    client = open_as(officer)
    assert "逐月" not in client.get("/counterpart-checks").content.decode()
    figures("port:luohu-rail", PERSONS, {"2023-03": 1000}, unit=PERSONS)
    page = client.get("/counterpart-checks").content.decode()
    assert "口岸报送与对侧统计（逐月）" in page
    [row] = rows_of(client, "m.format=json")
    assert (row["own"], row["counted"]) == (1000, 930)
    assert row["difference"] == pytest.approx(-0.07)
