"""The first page's figures: latest flows of the ports in scope, who reported, both sides of a crossing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.factories import a_national_officer, a_provincial_officer, an_enterprise_user
from kouan.basis import Period
from kouan.monitoring.facing import daily_counts, facing_months
from kouan.monitoring.overview import latest_flows, national_figures, reporting
from kouan.ports.models import CounterpartPoint, Port
from monitoring.factories import a_year_of_months, figures
from ports.factories import a_port

pytestmark = pytest.mark.django_db

PERSONS = "person_crossings"


def days(year: int, month: int, value: int, count: int | None = None) -> dict[str, int]:
    """The same figure on each day of a month, or on its first ``count`` days."""
    return {f"{year}-{month:02d}-{day:02d}": value for day in range(1, (count or Period.month(year, month).day_count) + 1)}


@pytest.fixture
def lo_wu() -> CounterpartPoint:
    """罗湖 and the point that faces it."""
    port = a_port("luohu-rail", "rail", province_code="44")
    return CounterpartPoint.objects.create(code="lo-wu", name_zh="罗湖", name_en="Lo Wu", region_code="HK", mode="rail",
                                           port=port, relation="one_to_one", coverage_note_zh="只计旅客")


def counted(values: dict[str, int], direction: str) -> None:
    figures("counterpart_point:lo-wu", PERSONS, values, direction=direction, origin="counterpart", unit=PERSONS,
            source="hk-control-points")


def test_the_last_whole_month_of_the_counterpart_speaks_not_a_part_of_one(lo_wu):
    for direction in ("inbound", "outbound"):
        counted(days(2022, 2, 5) | days(2023, 2, 10) | days(2023, 3, 99, count=30), direction)
    [flow] = latest_flows(a_national_officer())
    assert (flow.port.code, flow.origin, flow.period) == ("luohu-rail", "counterpart", Period.month(2023, 2))
    assert flow.value == 2 * 28 * 10
    assert flow.on_year == pytest.approx(1.0)
    assert flow.trail[-1] == 560
    assert flow.trail[-2] is None, "a month without days is a gap, not a zero"
    assert flow.trail[-13] == 280


def test_a_month_of_one_direction_is_no_total(lo_wu):
    counted(days(2023, 2, 10), "inbound")
    assert latest_flows(a_national_officer()) == []


def test_own_figures_come_first_and_press_figures_last(lo_wu):
    for direction in ("inbound", "outbound"):
        counted(days(2023, 2, 10), direction)
    figures("port:luohu-rail", PERSONS, {"2018": 7}, origin="press", source="press-facts", unit=PERSONS)
    figures("port:luohu-rail", PERSONS, a_year_of_months(2022, 3) | {"2023-01": 6}, unit=PERSONS)
    flows = latest_flows(a_national_officer())
    assert [flow.origin for flow in flows] == ["official", "counterpart", "press"]
    assert (flows[0].value, flows[0].period, flows[0].on_year) == (6, Period.month(2023, 1), pytest.approx(1.0))


def test_both_directions_of_a_return_are_added_and_one_alone_is_not_shown():
    a_port("luohu-rail", "rail")
    a_port("wenjindu-road", "road")
    for direction in ("inbound", "outbound"):
        figures("port:luohu-rail", PERSONS, {"2023-01": 4, "2023-02": 5}, direction=direction, unit=PERSONS)
    figures("port:wenjindu-road", PERSONS, {"2023-02": 5}, direction="inbound", unit=PERSONS)
    [flow] = latest_flows(a_national_officer())
    assert (flow.port.code, flow.value) == ("luohu-rail", 10)


def test_the_newest_period_speaks_however_it_was_filed():
    a_port("luohu-rail", "rail")
    figures("port:luohu-rail", PERSONS, {"2022": 5_000}, unit=PERSONS)
    for direction, count in (("inbound", 30_000), ("outbound", 40_000)):
        figures("port:luohu-rail", PERSONS, {"2023": count}, direction=direction, unit=PERSONS)
    [flow] = latest_flows(a_national_officer())
    assert (flow.period, flow.value) == (Period.year(2023), 70_000)
    assert flow.on_year == pytest.approx(13), "the year before was filed as a total"


def test_a_direction_that_is_a_month_ahead_hides_no_month_that_is_whole():
    a_port("luohu-rail", "rail")
    figures("port:luohu-rail", PERSONS, {"2023-01": 4, "2023-02": 5}, direction="inbound", unit=PERSONS)
    figures("port:luohu-rail", PERSONS, {"2023-01": 6}, direction="outbound", unit=PERSONS)
    [flow] = latest_flows(a_national_officer())
    assert (flow.period, flow.value) == (Period.month(2023, 1), 10)


def test_a_province_sees_the_flows_of_its_own_ports_and_an_enterprise_none(lo_wu):
    a_port("manzhouli-road", "road", province_code="15")
    figures("port:manzhouli-road", "cargo_tonnes", {"2023": 7})
    for direction in ("inbound", "outbound"):
        counted(days(2023, 2, 10), direction)
    assert {flow.port.code for flow in latest_flows(a_provincial_officer("44"))} == {"luohu-rail"}
    assert {flow.port.code for flow in latest_flows(a_provincial_officer("15"))} == {"manzhouli-road"}
    assert latest_flows(an_enterprise_user()) == []


def test_no_more_than_the_limit_of_each_origin_the_latest_first():
    for number in range(4):
        a_port(f"kouan{number}-road", "road")
        figures(f"port:kouan{number}-road", "cargo_tonnes", {f"202{number}": 1 + number}, origin="press", source="press-facts")
    assert [flow.period.code for flow in latest_flows(a_national_officer(), press_limit=2)] == ["2023", "2022"]


def test_who_reported_counts_own_figures_only_and_leaves_out_planned_ports(lo_wu):
    a_port("wenjindu-road", "road", province_code="44")
    a_port("manzhouli-road", "road", province_code="15")
    planned = a_port("guihua-road", "road", province_code="15")
    Port.objects.filter(pk=planned.pk).update(status="planned")
    figures("port:luohu-rail", PERSONS, {"2023-05": 6}, unit=PERSONS)
    figures("port:wenjindu-road", PERSONS, {"2023": 6}, origin="press", source="press-facts", unit=PERSONS)
    states = reporting(a_national_officer(), 2023)
    assert (states.expected, states.reported, states.silent) == (3, 1, 2)
    assert states.by_province == {"44": (1, 2), "15": (0, 1)}
    assert reporting(a_national_officer(), 2022).reported == 0
    assert reporting(a_provincial_officer("15"), 2023).by_province == {"15": (0, 1)}


def test_figures_of_the_nation_give_the_last_year_and_its_change():
    figures("nation:CN", PERSONS, {"2011": 411, "2023": 424, "2024": 610}, origin="press", source="press-facts", unit=PERSONS)
    figures("nation:CN", "trains", {"2011": 5, "2024": 6}, origin="press", source="press-facts", unit="train_movements")
    persons, trains = national_figures(a_national_officer())
    assert (persons.period, persons.value) == (Period.year(2024), 610)
    assert persons.on_year == pytest.approx(610 / 424 - 1)
    assert trains.on_year is None, "2023 is not there, and 2011 is no year before"


def test_days_turn_the_direction_and_keep_gaps(lo_wu):
    counted({"2023-02-06": 3, "2023-02-08": 4}, "inbound")
    counted({"2023-02-06": 10, "2023-02-07": 20}, "outbound")
    first, second, third = daily_counts(lo_wu, date(2023, 2, 6), date(2023, 2, 8))
    assert (first.inbound, first.outbound, first.total) == (10, 3, 13)
    assert (second.inbound, second.outbound, second.total) == (20, None, None)
    assert (third.day, third.total) == (date(2023, 2, 8), None)


def test_both_sides_are_compared_only_where_both_have_the_whole_month(lo_wu):
    for direction in ("inbound", "outbound"):
        counted(days(2023, 1, 10) | days(2023, 2, 10, count=20), direction)
    assert facing_months(a_national_officer()) == []
    figures("port:luohu-rail", PERSONS, {"2023-01": 600, "2023-02": 600}, unit=PERSONS)
    [month] = facing_months(a_national_officer())
    assert (month.month, month.own, month.counted) == (Period.month(2023, 1), Decimal(600), Decimal(620))
    assert month.difference == pytest.approx(620 / 600 - 1)
    assert facing_months(a_provincial_officer("15")) == []
