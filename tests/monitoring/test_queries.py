"""Flows from the observations: rolled up, by direction, as they were known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from tests.monitoring.factories import a_batch, a_year_of_months, figures

from kouan.basis import Period, SubjectRef
from kouan.monitoring.actions import refresh_months
from kouan.monitoring.models import MonthOfDays
from kouan.monitoring.queries import best, flows_in, flows_of, series_of, sum_between

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


def test_no_period_vanishes_where_one_was_filed_as_a_total_and_another_by_direction() -> None:
    figures(PORT, "person_crossings", {"2022": 5_000}, direction="total")
    figures(PORT, "person_crossings", {"2023": 30_000}, direction="inbound")
    figures(PORT, "person_crossings", {"2023": 40_000}, direction="outbound")
    (total,) = flows_of([subject()], kind="year")
    assert [(flow.period.code, flow.value) for flow in total.flows] == [("2022", 5_000), ("2023", 70_000)]
    assert total.discrepancies == []


def test_totals_until_june_and_directions_from_july_make_a_year() -> None:
    figures(PORT, "cargo_tonnes", {f"2023-{month:02d}": 10 for month in range(1, 7)})
    for direction in ("inbound", "outbound"):
        figures(PORT, "cargo_tonnes", {f"2023-{month:02d}": 4 for month in range(7, 13)}, direction=direction)
    (year,) = flows_of([subject()], kind="year")[0].flows
    assert (year.value, year.present, year.expected) == (108, 12, 12)


def test_a_total_that_both_directions_contradict_stands_and_says_so() -> None:
    figures(PORT, "cargo_tonnes", {"2022": 7, "2023": 9})
    figures(PORT, "cargo_tonnes", {"2022": 3, "2023": 3}, direction="inbound")
    figures(PORT, "cargo_tonnes", {"2022": 4, "2023": 4}, direction="outbound")
    (total,) = flows_of([subject()], kind="year")
    assert [flow.value for flow in total.flows] == [7, 9]
    (told,) = total.discrepancies
    assert (told.period.code, told.against, told.stands, told.other) == ("2023", "directions", 9, 7)


def test_one_direction_above_the_total_is_a_contradiction_too() -> None:
    figures(PORT, "cargo_tonnes", {"2023": 9})
    figures(PORT, "cargo_tonnes", {"2023": 12}, direction="inbound")
    (told,) = flows_of([subject()], kind="year")[0].discrepancies
    assert (told.against, told.other) == ("directions", 12)


def test_one_direction_filed_alone_is_a_part_of_the_year_and_never_its_total() -> None:
    figures(PORT, "cargo_tonnes", a_year_of_months(2023, 10), direction="inbound")
    (total,) = flows_of([subject()], kind="year")
    (year,) = total.flows
    assert (total.direction, year.value, year.partial) == ("total", None, 120)
    assert (year.present, year.expected, [gap.code for gap in year.missing]) == (12, 24, ["2023"])


def test_entries_into_another_country_are_whole_by_themselves() -> None:
    figures("benchmark_port:2304", "trucks", {"2023-01": 5}, direction="inbound", unit="vehicle_movements")
    (entries,) = flows_of([subject("benchmark_port:2304")])
    assert (entries.direction, entries.flows[0].value) == ("inbound", 5)


def test_months_and_quarters_of_one_return_are_put_together() -> None:
    figures(PORT, "cargo_tonnes", {f"2023-{month:02d}": 10 for month in range(1, 7)})
    figures(PORT, "cargo_tonnes", {"2023-Q3": 40, "2023-Q4": 50})
    (years,) = flows_of([subject()], kind="year")
    (year,) = years.flows
    assert (year.value, year.present, year.expected) == (150, 12, 12)
    (quarters,) = flows_of([subject()], kind="quarter")
    assert [flow.value for flow in quarters.flows] == [30, 30, 40, 50]
    (months,) = flows_of([subject()], kind="month")
    assert len(months.flows) == 6, "a quarter does not fall apart into months"


def test_other_sources_and_groups_are_not_put_together() -> None:
    figures(PORT, "cargo_tonnes", {f"2023-{month:02d}": 10 for month in range(1, 7)})
    figures(PORT, "cargo_tonnes", {"2023-Q3": 40, "2023-Q4": 50}, source="another-return")
    assert [flow.value for each in flows_of([subject()], kind="year") for flow in each.flows] == [None, None]


def test_directions_filed_at_unlike_lengths_are_added() -> None:
    figures(PORT, "cargo_tonnes", a_year_of_months(2023, 10), direction="inbound")
    figures(PORT, "cargo_tonnes", {"2023": 500}, direction="outbound")
    (year,) = flows_of([subject()], kind="year")[0].flows
    assert (year.value, year.present, year.expected) == (620, 24, 24)


def test_the_total_stands_beside_the_directions_where_asked() -> None:
    figures(PORT, "cargo_tonnes", {"2022": 7})
    figures(PORT, "cargo_tonnes", {"2023": 3}, direction="inbound")
    figures(PORT, "cargo_tonnes", {"2023": 4}, direction="outbound")
    heads = series_of([subject()])
    found = {each.direction: [flow.value for flow in each.flows]
             for each in flows_in(heads, kind="year", by_direction=True, with_total=True)}
    assert found == {"inbound": [3], "outbound": [4], "total": [7, 7]}


def test_a_traced_figure_names_what_it_rests_on_within_its_year() -> None:
    series = figures(PORT, "cargo_tonnes", {"2022-12": 5, "2023-01": 6})
    figures(PORT, "cargo_tonnes", {"2023-01": 8}, revision=2)
    (found,) = flows_in(series_of([subject()]), kind="year", within=Period.year(2023), is_traced=True)
    (year,) = found.flows
    assert [(used.series, used.revision, used.value) for used in year.used] == [(series.pk, 2, 8)]
    assert year.used[0].observation == series.observations.get(revision=2).pk


def test_traced_days_come_as_months_too() -> None:
    figures(PORT, "cargo_tonnes", days(2023, 2, 7))
    (found,) = flows_in(series_of([subject()]), kind="year", is_traced=True)
    (year,) = found.flows
    assert (year.partial, year.present, year.expected, len(year.used)) == (196, 1, 12, 28)


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
    kept = flows_of([subject(POINT)], kind="month", by_direction=True)
    anew = flows_of([subject(POINT)], kind="month", by_direction=True, known_at=datetime(2100, 1, 1, tzinfo=UTC))
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


def test_asking_for_nothing_costs_nothing(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert flows_of([]) == []


def test_one_port_needs_three_queries_however_many_series(django_assert_max_num_queries: object) -> None:
    for month in range(1, 4):
        figures(PORT, "cargo_tonnes", {f"2023-{month:02d}": 1}, source=f"source-{month}")
        figures(POINT, "person_crossings", days(2023, month, 1), source=f"daily-{month}", direction="inbound")
    with django_assert_max_num_queries(3):  # type: ignore[operator]
        assert len(flows_of([subject(), subject(POINT)])) == 6
