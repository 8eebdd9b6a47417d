"""Totals of the nation and of provinces: whole only when every port that is due has reported."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.accounts.factories import (
    a_national_officer,
    a_port_reporter,
    a_provincial_officer,
    an_auditor,
    an_enterprise_user,
)
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_document, a_port

from kouan.audit.models import AuditEntry
from kouan.basis import NotFound, Period, Refused, SubjectRef
from kouan.monitoring.subjects import NATION, subject_for
from kouan.monitoring.totals import Totals, reported_measures, sees_ranks, totals_of, widest_region
from kouan.ports.models import Port, PortChange

pytestmark = pytest.mark.django_db

PERSONS = "person_crossings"
GUANGDONG = SubjectRef.of("province", "44")


@pytest.fixture(autouse=True)
def register() -> None:
    """Two ports of Guangdong and one of Inner Mongolia."""
    for code, province in (("luohu-rail", "44"), ("wenjindu-road", "44"), ("manzhouli-road", "15")):
        a_port(code, code.split("-")[1], province_code=province)


def persons(port: str, values: dict[str, int], **more: Any) -> None:
    figures(f"port:{port}", PERSONS, values, unit=PERSONS, **more)


def nation(kind: str = "year", **years: int) -> Totals:
    return totals_of(a_national_officer(), NATION, PERSONS, kind, **years)


def test_a_total_waits_for_every_port_that_is_due_and_shows_the_part_that_is_there() -> None:
    persons("luohu-rail", a_year_of_months(2023, 10))
    persons("wenjindu-road", {"2023-01": 5})
    [year] = nation().totals
    assert (year.value, year.partial) == (None, Decimal(125)), "never a lower total"
    assert (year.reported, year.partly, year.due) == (1, 1, 3)
    for port, value in (("wenjindu-road", 2), ("manzhouli-road", 1)):
        persons(port, {month: value for month in a_year_of_months(2023, 0) if (port, month) != ("wenjindu-road", "2023-01")})
    [year] = nation().totals
    assert (year.value, year.reported, year.partly, year.due) == (Decimal(120 + 5 + 22 + 12), 3, 0, 3)


def test_counterpart_and_press_figures_enter_no_total() -> None:
    persons("luohu-rail", {"2023": 10})
    persons("wenjindu-road", {"2023": 99}, origin="press", source="press-facts")
    persons("manzhouli-road", {"2023": 99}, origin="counterpart", source="hk-control-points")
    [year] = nation().totals
    assert (year.value, year.partial, year.reported) == (None, 10, 1)


def test_one_direction_is_a_part_and_no_total() -> None:
    for port in ("luohu-rail", "wenjindu-road", "manzhouli-road"):
        persons(port, {"2023": 10}, direction="inbound")
    [year] = nation().totals
    assert (year.value, year.partial, year.reported, year.partly) == (None, 30, 0, 3)
    for port in ("luohu-rail", "wenjindu-road", "manzhouli-road"):
        persons(port, {"2023": 5}, direction="outbound")
    assert [each.value for each in nation().totals] == [45]


def test_changes_shares_ranks_and_the_peak() -> None:
    for year, values in ((2022, (10, 20, 30)), (2023, (40, 20, 60))):
        for port, value in zip(("luohu-rail", "wenjindu-road", "manzhouli-road"), values, strict=True):
            persons(port, {f"{year}": value})
    found = nation()
    assert [(each.value, each.is_peak) for each in found.totals] == [(60, False), (120, True)]
    assert found.totals[0].on_year is None and found.totals[1].on_year == pytest.approx(1.0)
    assert found.peak is not None and found.peak.period == Period.year(2023)
    provinces = {str(each.subject): each for each in found.members(Period.year(2023))}
    assert provinces["province:44"].share == pytest.approx(0.5)
    assert provinces["province:44"].rank == provinces["province:15"].rank == 1, "equal figures share the better rank"
    assert provinces["province:15"].total.on_year == pytest.approx(1.0)
    ports = {each.subject.code: each for each in found.members(Period.year(2023), by_port=True)}
    assert [ports[code].rank for code in ("manzhouli-road", "luohu-rail", "wenjindu-road")] == [1, 2, 3]
    assert found.place_of("luohu-rail", Period.year(2023)) == (pytest.approx(1 / 3), 2)
    assert found.place_of("luohu-rail", Period.year(2019)) == (None, None)


def test_months_are_compared_with_the_month_before_and_a_gap_is_no_base() -> None:
    for port in ("luohu-rail", "wenjindu-road", "manzhouli-road"):
        persons(port, {"2023-01": 10, "2023-02": 15, "2023-04": 20})
    months = nation("month").totals
    assert [each.period.code for each in months] == ["2023-01", "2023-02", "2023-03", "2023-04"]
    assert months[1].on_previous == pytest.approx(0.5)
    assert (months[2].value, months[2].partial, months[2].due) == (None, None, 3)
    assert months[3].on_previous is None


def test_a_share_of_an_unfinished_total_is_not_given() -> None:
    persons("luohu-rail", {"2023": 10})
    [luohu] = [each for each in nation().members(Period.year(2023), by_port=True) if each.subject.code == "luohu-rail"]
    assert (luohu.share, luohu.rank, luohu.ranked) == (None, 1, 1)


def test_planned_closed_and_not_yet_accepted_ports_are_not_due() -> None:
    Port.objects.filter(code="wenjindu-road").update(status="planned")
    Port.objects.filter(code="manzhouli-road").update(accepted_on=date(2024, 3, 1))
    persons("luohu-rail", {"2023": 10, "2024": 11})
    years = nation().totals
    assert [(each.value, each.due) for each in years] == [(10, 1), (None, 2)]


def test_a_port_closed_later_was_due_while_it_was_open() -> None:
    port = Port.objects.get(code="wenjindu-road")
    for status, since in (("open", None), ("closed", date(2023, 7, 1))):
        PortChange.objects.create(port=port, attribute="status", value=status, valid_from=since, document=a_document())
    Port.objects.filter(pk=port.pk).update(status="closed")
    for code in ("luohu-rail", "manzhouli-road"):
        persons(code, {"2022": 10, "2023": 10, "2024": 10})
    assert [each.due for each in nation().totals] == [3, 3, 2], "in 2023 it was open until July"
    assert nation().totals[-1].value == 20


def test_a_port_opened_later_was_not_due_before() -> None:
    a_port("xinkai-road", "road", province_code="44", open_since=date(2023, 7, 1))
    for code in ("luohu-rail", "manzhouli-road", "wenjindu-road"):
        persons(code, {"2022": 10, "2023": 10})
    assert [(each.value, each.due) for each in nation().totals] == [(30, 3), (None, 4)]


def test_a_port_that_is_not_due_but_reports_is_counted_with_the_rest() -> None:
    Port.objects.filter(code="wenjindu-road").update(status="planned")
    for code in ("luohu-rail", "manzhouli-road", "wenjindu-road"):
        persons(code, {"2023": 10})
    [year] = nation().totals
    assert (year.value, year.due) == (30, 3)


def test_the_years_asked_for_cut_the_answer_but_not_the_base_of_a_change() -> None:
    for code in ("luohu-rail", "manzhouli-road", "wenjindu-road"):
        persons(code, {"2021": 30, "2022": 10, "2023": 20})
    found = nation(first_year=2022, last_year=2022)
    assert [(each.period.code, each.is_peak) for each in found.totals] == [("2022", True)]
    assert found.totals[0].on_year == pytest.approx(-2 / 3)


def test_a_province_sees_its_own_total_only_and_the_attempt_on_another_is_recorded() -> None:
    persons("luohu-rail", {"2023": 10})
    persons("wenjindu-road", {"2023": 10})
    user = a_provincial_officer("44")
    [year] = totals_of(user, GUANGDONG, PERSONS).totals
    assert (year.value, year.due) == (20, 2)
    for region in (SubjectRef.of("province", "15"), NATION):
        with pytest.raises(NotFound):
            totals_of(user, region, PERSONS)
    assert AuditEntry.objects.filter(note="out_of_scope", actor_id=user.pk).count() == 2


def test_a_ports_own_office_adds_up_its_own_ports() -> None:
    persons("luohu-rail", {"2023": 10})
    user = a_port_reporter("luohu-rail")
    assert widest_region(user) is None
    [year] = totals_of(user, None, PERSONS).totals
    assert (year.value, year.due) == (10, 1)
    with pytest.raises(NotFound):
        totals_of(user, GUANGDONG, PERSONS)
    with pytest.raises(NotFound):
        totals_of(an_enterprise_user(), None, PERSONS)


def test_ranks_are_for_the_national_office_and_its_auditors() -> None:
    assert sees_ranks(a_national_officer()) and sees_ranks(an_auditor())
    assert not sees_ranks(a_provincial_officer("44")) and not sees_ranks(a_port_reporter("luohu-rail"))


@pytest.mark.parametrize("code", ["clearance_hours", "trucks", "airports"])
def test_what_does_not_add_up_is_refused(code: str) -> None:
    with pytest.raises(Refused) as refusal:
        totals_of(a_national_officer(), NATION, code)
    assert [each.code for each in refusal.value.findings] == ["not_additive"]


def test_an_unknown_measure_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(Refused) as refusal:
        totals_of(a_national_officer(), NATION, "persons")
    [finding] = refusal.value.findings
    assert finding.code == "unknown_measure" and finding.remedy and "person_crossings" in finding.remedy.en


def test_the_measures_that_any_port_reported_flows_first() -> None:
    figures("port:luohu-rail", "energy_tce", {"2023": 1}, unit="tce")
    figures("port:luohu-rail", "teu", {"2023": 1}, unit="teu")
    persons("luohu-rail", {"2023": 10}, origin="press", source="press-facts")
    assert reported_measures(a_national_officer(), NATION) == ["teu", "energy_tce"]
    assert reported_measures(a_provincial_officer("15"), SubjectRef.of("province", "15")) == []


@pytest.mark.parametrize("text", [
    "port:nope", "counterpart_point:nope", "benchmark_port:230", "province:99", "province:81", "nation:US", "group:nope",
])
def test_what_is_not_there_is_not_found_and_leaves_no_entry_of_scope(text: str) -> None:
    with pytest.raises(NotFound):
        subject_for(a_national_officer(), text)
    assert not AuditEntry.objects.filter(note="out_of_scope").exists()


@pytest.mark.parametrize("text", ["port:manzhouli-road", "province:15"])
def test_what_is_somebody_elses_is_not_found_either_and_leaves_an_entry(text: str) -> None:
    user = a_provincial_officer("44")
    with pytest.raises(NotFound):
        subject_for(user, text)
    [entry] = AuditEntry.objects.filter(note="out_of_scope", actor_id=user.pk)
    assert text.split(":")[1] in str(entry.after)


def test_the_nation_may_be_named_in_short() -> None:
    assert subject_for(a_provincial_officer("44"), "nation") == NATION
    assert subject_for(a_provincial_officer("44"), "province:44") == GUANGDONG
