"""对标: ranks and decimals for those who may read them, quarters for everybody else, in page and export."""

from __future__ import annotations

import json

import pytest

from accounts.factories import an_auditor, an_enterprise_user
from console.benchmarks import a_scored_set
from kouan.ports.models import BenchmarkPort
from monitoring.factories import figures

pytestmark = pytest.mark.django_db

DECIMAL = "81.2"


def rows_of(client, address: str) -> list[dict]:
    return json.loads(b"".join(client.get(address).streaming_content))["rows"]


def test_before_there_are_scores_the_page_says_who_acts(open_as, officer):
    page = open_as(officer).get("/benchmark").content.decode()
    assert "对标数据尚未导入" in page
    assert "系统管理员" in page
    assert open_as(officer).get("/benchmark/method").status_code == 200
    assert open_as(officer).get("/benchmark/X1").status_code == 404


@pytest.mark.parametrize("address", ["/benchmark", "/benchmark/X1", "/benchmark/method"])
def test_every_page_says_that_it_is_not_about_china(open_as, guangdong, address):
    a_scored_set()
    assert "对标数据仅供方法比较，不涉及我国口岸评价。" in open_as(guangdong).get(address).content.decode()


def test_the_national_office_and_auditors_see_scores_and_ranks(open_as, officer):
    a_scored_set()
    for user in (officer, an_auditor()):
        client = open_as(user)
        page = client.get("/benchmark").content.decode()
        assert DECIMAL in page
        assert "1 / 4" in page
        rows = rows_of(client, "/benchmark?format=json")
        assert [row["code"] for row in rows] == ["X1", "X2", "X3", "X4", "X5"]
        assert (rows[0]["score"], rows[0]["rank"]) == (81.234, 1)
        assert DECIMAL in client.get("/benchmark/X1").content.decode()


def test_others_see_quarters_and_nothing_finer_in_page_order_or_export(open_as, guangdong):
    a_scored_set()
    client = open_as(guangdong)
    for address in ("/benchmark", "/benchmark/X1", "/benchmark/X1?year=2022"):
        page = client.get(address).content.decode()
        assert "四分位" in page
        assert DECIMAL not in page
        assert "1 / 4" not in page
        assert "历年得分" not in page
    rows = rows_of(client, "/benchmark?format=json&sort=-score")
    assert all(not {"score", "rank", "trend"} & row.keys() for row in rows)
    lines = rows_of(client, "/benchmark/X1?w.format=json")
    assert all(not {"points", "typical", "contribution"} & line.keys() for line in lines)


def test_a_port_without_a_score_says_why_and_stands_last(open_as, officer):
    a_scored_set()
    client = open_as(officer)
    assert rows_of(client, "/benchmark?format=json")[-1]["not_scored"].startswith("当年发布的数据全为零")
    page = client.get("/benchmark/X5").content.decode()
    assert "未评分" in page
    assert "当年发布的数据全为零（未运行）" in page
    assert "该口岸不承载此类运输" in page


def test_the_year_of_the_address_bar_and_its_bounds(open_as, officer):
    a_scored_set()
    client = open_as(officer)
    assert [row["code"] for row in rows_of(client, "/benchmark?format=json&year=2022")][:2] == ["X4", "X3"]
    for year in ("1900", "9999", "x", "20231", "２０２２"):
        assert rows_of(client, f"/benchmark?format=json&year={year}")[0]["code"] == "X1"


def test_filters(open_as, officer):
    a_scored_set()
    client = open_as(officer)

    def found(query: str) -> list[str]:
        return [row["code"] for row in rows_of(client, f"/benchmark?format=json&{query}")]

    assert found("q=port 2") == ["X2"]
    assert found("q=缅因") == ["X1", "X2", "X3", "X4", "X5"]
    assert found("quarter=1") == ["X1"]
    assert found("quarter=none") == ["X5"]
    assert found("border=US-Mexico Border") == []


def test_why_this_score_and_its_recipe(open_as, officer):
    run = a_scored_set()
    client = open_as(officer)
    page = client.get("/benchmark/X2").content.decode()
    assert "入境人员数" in page
    assert "其中估计 2.8%" in page
    assert run.framework_digest in page
    assert "推导" in page
    assert "历年得分" in page
    lines = rows_of(client, "/benchmark/X2?w.format=json")
    assert sum(line["contribution"] for line in lines if line["code"][-1].isdigit()) == pytest.approx(71.234)


def test_entries_are_drawn_with_gaps_not_zeros(open_as, officer):
    a_scored_set()
    figures("benchmark_port:X1", "trucks", {"2023-01": 5, "2023-03": 7}, direction="inbound", source="us-border-crossing",
            unit="vehicle_movements")
    client = open_as(officer)
    page = client.get("/benchmark/X1").content.decode()
    spec = json.loads(page.split('<script id="chart-entries-data" type="application/json">')[1].split("</script>")[0])
    assert spec["categories"] == ["2023年1月", "2023年2月", "2023年3月"]
    assert "2023-01" not in page.split("chart-table")[1].split("</table>")[0], "dates are written as officials write them"
    assert spec["series"][0]["data"] == [5, None, 7]
    page = client.get("/benchmark/X1?by=year").content.decode()
    spec = json.loads(page.split('<script id="chart-entries-data" type="application/json">')[1].split("</script>")[0])
    assert spec["series"][0]["data"] == [None], "a year of two months is no total"
    assert "没有发布过此项数据" in client.get("/benchmark/X1?measure=pedestrians").content.decode()


def test_enterprises_are_refused(open_as):
    a_scored_set()
    client = open_as(an_enterprise_user())
    for address in ("/benchmark", "/benchmark/X1", "/benchmark/method"):
        assert client.get(address).status_code == 403


def test_each_peer_group_stands_by_itself_in_order_of_rank(open_as, officer, guangdong):
    a_scored_set()
    moved = list(BenchmarkPort.objects.filter(code__in=("X2", "X4")))
    for port in moved:
        port.border = "US-Mexico Border" if port.border == "US-Canada Border" else "US-Canada Border"
        port.save(update_fields=["border"])
    rows = rows_of(open_as(officer), "/benchmark?format=json")
    borders = [row["border"] for row in rows]
    assert borders == sorted(borders) and len(set(borders)) == 2, "one group after the other"
    page = open_as(officer).get("/benchmark").content.decode()
    assert page.count('class="is-group"') == 2 and "同类组：美加边界" in page and "不同组的得分不可比" in page
    mixed = open_as(officer).get("/benchmark?sort=-persons").content.decode()
    assert 'class="is-group"' not in mixed
    assert open_as(guangdong).get("/benchmark").content.decode().count('class="is-group"') == 2
