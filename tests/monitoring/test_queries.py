"""Flows from the observations: rolled up, by direction, as they were known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from tests.monitoring.factories import a_batch, a_year_of_months, figures

from kouan.basis import Period, SubjectRef
from kouan.monitoring.actions import refresh_months
from kouan.monitoring.models import MonthOfDays
from kouan.monitoring.queries import best, flows_of, ports_total, sum_between

pytestmark = pytest.mark.django_db

PORT = "port:ceshi-road"
POINT = "counterpart_point:lo-wu"


def subject(text: str = PORT) -> SubjectRef:
    return SubjectRef.parse(text)


def test_months_become_quarters_and_years() -> None:
    figures(PORT, "cargo_tonnes", a_year_of_months(2023, 10))
    (quarters,) = flows_of([subject()], kind="quarter")
    assert [flow.value for flow in quarters.flows] == [Decimal(30)] * 4
    (years,) = flows_of([subject()], kind="year")
    assert [(flow.period.code, flow.value) for flow in years.flows] == [("2023", Decimal(120))]


def test_both_directions_are_added_or_kept_apart() -> None:
    figures(PORT, "cargo_tonnes", {"2023-01": 3}, direction="inbound")
    figures(PORT, "cargo_tonnes", {"2023-01": 4}, direction="outbound")
    (total,) = flows_of([subject()])
    assert (total.direction, total.flows[0].value) == ("total", Decimal(7))
    apart = flows_of([subject()], by_direction=True)
    assert {each.direction: each.flows[0].value for each in apart} == {"inbound": 3, "outbound": 4}


def test_one_direction_alone_is_not_a_total() -> None:
    figures(PORT, "cargo_tonnes", {"2023-01": 3, "2023-02": 3}, direction="inbound")
    figures(PORT, "cargo_tonnes", {"2023-01": 4}, direction="outbound")
    (total,) = flows_of([subject()])
    january, february = total.flows
    assert january.value == 7
    assert (february.value, february.partial) == (None, 3), "outbound of February is missing"


def test_a_reported_total_is_not_made_again_from_its_parts() -> None:
    figures(PORT, "cargo_tonnes", {"2023-01": 9}, direction="total")
    figures(PORT, "cargo_tonnes", {"2023-01": 3}, direction="inbound")
    (total,) = flows_of([subject()])
    assert total.flows[0].value == 9


def test_a_revision_replaces_the_figure_and_the_old_one_can_still_be_asked_for() -> None:
    first_known = datetime(2024, 1, 10, tzinfo=UTC)
    figures(PORT, "cargo_tonnes", {"2023-01": 5}, batch=a_batch(first_known))
    figures(PORT, "cargo_tonnes", {"2023-01": 50}, batch=a_batch(first_known + timedelta(days=30)), revision=2)
    (now,) = flows_of([subject()])
    (then,) = flows_of([subject()], known_at=first_known + timedelta(days=1))
    assert (now.flows[0].value, then.flows[0].value) == (50, 5)
    assert flows_of([subject()], known_at=first_known - timedelta(days=1))[0].flows == ()


def days(year: int, month: int, value: int, without: frozenset[int] = frozenset()) -> dict[str, int]:
    return {each.code: value for each in Period.month(year, month).days() if each.start.day not in without}


def test_days_come_as_months_and_a_missing_day_leaves_the_month_open() -> None:
    for direction in ("inbound", "outbound"):
        figures(POINT, "person_crossings", {**days(2023, 2, 10), **days(2023, 3, 10, frozenset({6}))},
                direction=direction, origin="counterpart", unit="person_crossings")
    (months,) = flows_of([subject(POINT)])
    february, march = months.flows
    assert february.value == 560
    assert (march.value, march.partial) == (None, 600)


def test_the_kept_months_equal_those_added_up_anew_for_the_past() -> None:
    figures(POINT, "person_crossings", days(2023, 2, 7), direction="inbound", origin="counterpart")
    kept = flows_of([subject(POINT)], kind="month")
    anew = flows_of([subject(POINT)], kind="month", known_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert [flow.value for flow in kept[0].flows] == [flow.value for flow in anew[0].flows] == [196]


def test_a_revised_day_changes_its_month() -> None:
    series = figures(POINT, "person_crossings", days(2023, 2, 7), direction="inbound", origin="counterpart")
    figures(POINT, "person_crossings", {"2023-02-01": 107}, direction="inbound", origin="counterpart", revision=2)
    refresh_months([series.pk])
    assert MonthOfDays.objects.get(series=series).value == 296


def test_refreshing_no_series_touches_nothing() -> None:
    assert refresh_months([]) == 0


def test_official_figures_speak_before_counterpart_and_press() -> None:
    figures(PORT, "cargo_tonnes", {"2023": 8}, origin="press", source="press-facts")
    figures(PORT, "cargo_tonnes", a_year_of_months(2023, 1))
    chosen = best(flows_of([subject()], kind="year"))[subject(), "cargo_tonnes"]
    assert (chosen.origin, chosen.flows[0].value) == ("official", 12)


def test_sources_are_never_mixed() -> None:
    figures(PORT, "cargo_tonnes", {"2023-01": 8}, source="a")
    figures(PORT, "cargo_tonnes", {"2023-01": 9}, source="b")
    assert {(each.source, each.flows[0].value) for each in flows_of([subject()])} == {("a", 8), ("b", 9)}


def test_the_sum_of_odd_days_says_how_many_were_there() -> None:
    for direction in ("inbound", "outbound"):
        figures(POINT, "person_crossings", days(2023, 2, 10), direction=direction, origin="counterpart")
    assert sum_between(subject(POINT), "person_crossings", date(2023, 2, 6), date(2023, 2, 10)) == (100, 10, 10)
    assert sum_between(subject(POINT), "person_crossings", date(2023, 2, 27), date(2023, 3, 1)) == (40, 4, 6)


def test_a_national_total_waits_for_every_port_and_takes_no_counterpart_figures() -> None:
    figures("port:a-road", "cargo_tonnes", a_year_of_months(2023, 1))
    figures("port:b-road", "cargo_tonnes", {"2023": 500}, origin="press", source="press-facts")
    flows, reporting = ports_total(["a-road", "b-road"], "cargo_tonnes")
    assert reporting == 1
    assert [(flow.value, flow.partial) for flow in flows] == [(None, 12)]
    figures("port:b-road", "cargo_tonnes", a_year_of_months(2023, 2))
    flows, reporting = ports_total(["a-road", "b-road"], "cargo_tonnes")
    assert (reporting, [flow.value for flow in flows]) == (2, [36])


def test_asking_for_nothing_costs_nothing(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert flows_of([]) == []


def test_one_port_needs_three_queries_however_many_series(django_assert_max_num_queries: object) -> None:
    for month in range(1, 4):
        figures(PORT, "cargo_tonnes", {f"2023-{month:02d}": 1}, source=f"source-{month}")
        figures(POINT, "person_crossings", days(2023, month, 1), source=f"daily-{month}", direction="inbound")
    with django_assert_max_num_queries(3):  # type: ignore[operator]
        assert len(flows_of([subject(), subject(POINT)])) == 6
