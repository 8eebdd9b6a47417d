"""The flows on a port's page: parts said as parts, totals period by period, changes, the peak, contradictions."""

from __future__ import annotations

import json
import re

import pytest

from kouan.basis import Period
from kouan.console.charts import Chart
from kouan.console.port_flows import PortFlows, flows_of_port, heads_of_port
from kouan.ports.models import CounterpartPoint, Port
from monitoring.factories import a_year_of_months, figures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]

PORT = "port:luohu-rail"
PERSONS = "person_crossings"


def filed(values: dict[str, int], direction: str = "total", **fields: str) -> None:
    figures(PORT, PERSONS, values, direction=direction, unit=PERSONS, **fields)


def flows(kind: str = "year") -> PortFlows:
    port = Port.objects.get(code="luohu-rail")
    points = list(port.counterpart_points.all())
    return flows_of_port(port, points, heads_of_port(port, points), kind)


def chart(kind: str = "year") -> Chart:
    (found,) = flows(kind).own
    return found


def column(found: Chart, name: str) -> list[int | None]:
    (line,) = [line for line in found.series if line.name.zh == name]
    return [None if value is None else int(value) for value in line.values]


def days(year: int, month: int, value: int, count: int | None = None) -> dict[str, int]:
    return {f"{year}-{month:02d}-{day:02d}": value for day in range(1, (count or Period.month(year, month).day_count) + 1)}


def test_a_half_filled_year_says_what_is_there_and_the_line_has_a_gap(open_as, officer):
    for direction in ("inbound", "outbound"):
        filed({f"2020-{month:02d}": 10 for month in range(1, 10)}, direction)
    found = chart()
    assert column(found, "合计") == [None]
    assert "数据不全 18/24，已有 180" in found.body and "数据不全 9/12，已有 90" in found.body
    assert "未报送" not in found.body
    (total,) = [line for line in found.payload("en")["series"] if line["name"] == "Total"]
    assert total["data"] == [None]
    assert total["parts"] == {0: {"partial": 180, "present": 18, "expected": 24, "words": "Incomplete 18/24, 180 so far"}}
    client = open_as(officer)
    assert "数据不全 18/24，已有 180" in client.get("/ports/luohu-rail?by=year").content.decode()
    client.post("/language", {"language": "en"})
    assert "Incomplete 18/24, 180 so far" in client.get("/ports/luohu-rail?by=year").content.decode()


def test_a_part_of_the_counterparts_months_is_said_too():
    CounterpartPoint.objects.create(code="lo-wu", name_zh="罗湖", name_en="Lo Wu", region_code="HK", mode="rail",
                                    port=Port.objects.get(code="luohu-rail"), relation="one_to_one")
    for direction in ("inbound", "outbound"):
        figures("counterpart_point:lo-wu", PERSONS, days(2020, 1, 5) | days(2020, 2, 5, count=3), direction=direction,
                origin="counterpart", source="hk-control-points", unit=PERSONS)
    (found,) = flows().counterpart
    assert "数据不全 2/24，已有 340" in found.body
    shown = flows("month").headline[0]
    assert shown.short("zh") == "数据不全 1/12，已有 340人次"


def test_nothing_at_all_stays_not_reported():
    filed({"2020-01": 1, "2020-03": 3})
    found = chart("month")
    assert "未报送" in found.body and "数据不全" not in found.body
    assert column(found, "合计") == [1, None, 3]


def test_no_accepted_figure_vanishes_from_chart_or_headline():
    filed({"2022": 5_000})
    filed({"2023": 30_000}, "inbound")
    filed({"2023": 40_000}, "outbound")
    found = flows()
    (shown,) = found.own
    assert column(shown, "合计") == [5_000, 70_000]
    assert column(shown, "入境") == [None, 30_000]
    assert (found.headline[0].value, found.headline[0].period) == (70_000, Period.year(2023))


def test_months_and_quarters_stand_in_one_row():
    filed({f"2023-{month:02d}": 10 for month in range(1, 7)})
    filed({"2023-Q3": 40, "2023-Q4": 50})
    assert column(chart(), "合计") == [150]
    assert column(chart("quarter"), "合计") == [30, 30, 40, 50]


def test_a_year_that_is_not_whole_is_the_headline_before_the_press_and_says_so():
    filed({"2023-01": 7})
    figures(PORT, PERSONS, {"2018": 9}, origin="press", source="press-facts", unit=PERSONS)
    assert flows("month").headline[0].short("zh") == "数据不全 1/12，已有 7人次"
    filed(a_year_of_months(2022, 2))
    assert flows("month").headline[0].value == 24


def test_changes_on_the_year_and_on_the_month_stand_side_by_side():
    filed({"2022-02": 100, "2023-01": 80, "2023-02": 120})
    found = chart("month")
    extras = {label.zh: words for label, words in found.extras}
    assert (extras["合计同比"][-1], extras["合计环比"][-1]) == ("+20%", "+50%")
    assert extras["合计环比"][1] == "—", "nothing was filed for March 2022"
    filed({"2021": 1_000})
    assert [label.zh for label, _ in chart("year").extras] == ["合计同比"], "of years the one before is the one on the year"


def test_the_peak_is_marked_under_the_chart(open_as, officer):
    filed({"2019-06": 100, "2019-07": 2_300_000, "2019-08": 90})
    assert [note.zh for note in chart("month").notes] == ["最高：2019年7月 230万人次"]
    assert "最高：2019年7月 230万人次" in open_as(officer).get("/ports/luohu-rail").content.decode()


def test_figures_that_contradict_each_other_are_told_under_the_chart():
    filed({"2023": 9})
    filed({"2023": 3}, "inbound")
    filed({"2023": 4}, "outbound")
    (note,) = chart().notes
    assert note.zh == "数据不一致：2023年自报合计9人次，进、出两个方向之和7人次；请核对。"
    assert "disagree" in note.en
    assert column(chart(), "合计") == [9], "the total stands"


def test_the_page_holds_the_parts_for_the_chart_as_data(open_as, officer):
    filed({"2020-01": 1})
    page = open_as(officer).get("/ports/luohu-rail?by=year").content.decode()
    held = re.search(r'<script id="chart-own-0-data" type="application/json">(.*?)</script>', page)
    assert held is not None
    assert json.loads(held[1])["series"][0]["parts"]["0"]["words"] == "数据不全 1/12，已有 1"


def test_the_verdict_of_a_year_in_which_the_port_was_planned_is_not_given(open_as, officer):
    from kouan.accounts.action import acting_system
    from kouan.ports.actions import change_port
    from ports.factories import a_document

    with acting_system("tests") as system:
        change_port(actor=system, code="luohu-rail", values={"status": "planned"}, document=a_document())
    page = open_as(officer).get("/ports/luohu-rail?year=2022").content.decode()
    assert "全年口岸状态为“规划建设”" in page
