"""A real round's figures: from observations, by measure, whole years only, with the law's standards; and what is missing is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from tests.accounts.factories import a_user, an_office
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import YEAR, RoundOffice
from tests.monitoring.factories import a_batch, a_year_of_months, figures
from tests.ports.factories import a_border_port, a_document, a_port, a_sea_port

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Conflict, clock
from kouan.collection.models import LineageLink, Origin
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.evaluation import schemes
from kouan.evaluation.rounds.actions import freeze_round, score_round
from kouan.evaluation.rounds.frozen import data_of
from kouan.evaluation.rounds.gathering import Gathered, gather, years_of
from kouan.evaluation.rounds.models import Freeze, PortScore
from kouan.evaluation.rounds.objects import evaluated, reporters
from kouan.evaluation.rounds.replaying import replayed
from kouan.grading.models import GradeDecision

SCHEME = schemes.get("national-first")
DAY = date(2026, 2, 2)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day() -> Iterator[None]:
    with clock.travel_to(DAY):
        yield


def gathered(known_at: datetime | None = None, **known: object) -> Gathered:
    ports, _ = evaluated(SCHEME, YEAR, is_exercise=False)
    return gather(SCHEME, YEAR, ports, known_at or clock.now(), **known)  # type: ignore[arg-type]


def column(found: Gathered, item: str, port: int = 0) -> list[float]:
    return [float(value) for value in found.data.column(item)[:, port]]


def test_each_item_by_its_measure_direction_and_group_whole_years_only() -> None:
    a_sea_port("shekou-water", open_since=date(1990, 1, 1))
    at = "port:shekou-water"
    for direction, value in (("inbound", 100), ("outbound", 40)):
        figures(at, "cargo_tonnes", a_year_of_months(2024, value) | {"2025-01": value}, direction=direction)
    figures(at, "person_crossings", {"2025": 900}, direction="inbound", group="travellers", unit="person_crossings")
    found = gathered()
    assert found.data.years == (2021, 2022, 2023, 2024, 2025)
    assert column(found, "cargo_in_t")[3] == 1200 and column(found, "cargo_out_t")[3] == 480
    assert np.isnan(column(found, "cargo_in_t")[4]), "a month is no year"
    assert column(found, "cargo_t")[3] == 1680, "both directions make the total"
    assert column(found, "pax_in")[4] == 900 and np.isnan(column(found, "pax_out")[4])
    assert column(found, "threshold_cargo_t")[4] > 0 and column(found, "threshold_persons")[0] > 0
    told = {each.code: each for each in found.findings}
    assert "items_without_measure" not in told and "items_not_reported" in told, "what has no measure is filed beside the return"
    assert {each.kind for each in found.evidence} == {"series"} and len(found.evidence) == 3


def test_press_counterpart_and_generated_figures_are_no_figures_of_a_round() -> None:
    a_sea_port("shekou-water", open_since=date(1990, 1, 1))
    for number, origin in enumerate((Origin.PRESS, Origin.COUNTERPART, Origin.EXERCISE)):
        figures("port:shekou-water", "teu", {"2025": 1000 + number}, origin=origin, source=f"s{number}", unit="teu")
    assert np.isnan(column(gathered(), "teu")).all()
    figures("port:shekou-water", "teu", {"2025": 7}, unit="teu", origin=Origin.DERIVED)
    figures("port:shekou-water", "teu", {"2025": 8}, unit="teu", source="customs")
    assert column(gathered(), "teu")[4] == 8, "the official figure speaks before the derived one"


def test_what_came_in_later_is_not_in_what_was_known_before() -> None:
    a_sea_port("shekou-water", open_since=date(1990, 1, 1))
    before = clock.now() - timedelta(days=1)
    figures("port:shekou-water", "teu", {"2025": 7}, unit="teu", batch=a_batch(before))
    figures("port:shekou-water", "teu", {"2025": 9}, unit="teu", revision=2)
    assert column(gathered(), "teu")[4] == 9 and column(gathered(before), "teu")[4] == 7


def test_who_did_not_answer_is_reminded_of_what_is_missing_in_the_year() -> None:
    a_sea_port("shekou-water", open_since=date(1990, 1, 1))
    figures("port:shekou-water", "teu", {"2025": 7}, unit="teu")
    data = gathered(unanswered=frozenset({"shekou-water", "elsewhere"})).data
    assert data.reminded("teu").sum() == 0 and data.reminded("cargo_in_t").tolist() == [[0], [0], [0], [0], [2]]
    assert data.reminded("I-0704/执法公示").sum() == 0, "a point that nobody filed counts 0 without any reminder"


def test_years_go_back_to_the_base_year_until_its_medians_are_fixed() -> None:
    assert years_of(SCHEME, 2028, {}) == tuple(range(2021, 2029))
    assert years_of(SCHEME, 2028, {"sea/cargo_t": 1.0}) == (2025, 2026, 2027, 2028)
    assert years_of(SCHEME, 2022, {}) == (2019, 2020, 2021, 2022)


def test_objects_are_open_ports_with_a_class_as_they_were_at_the_end_of_the_year() -> None:
    a_sea_port("shekou-water", open_since=date(1990, 1, 1), city_code="440300")
    a_sea_port("xin-water", open_since=date(2026, 1, 10))
    a_port("weiding-water", "water", open_since=date(2000, 1, 1))
    GradeDecision.objects.create(port_code="shekou-water", grade="hub", valid_from=date(2024, 1, 1), reason="测试", document=a_document(),
                                 proposal={}, is_override=False)
    found, findings = evaluated(SCHEME, YEAR, is_exercise=False)
    assert [(each.code, each.port_class, each.grade, each.city_code) for each in found] == [("shekou-water", "sea", "hub", "440300")]
    said = {each.code: each for each in findings}
    assert "weiding-water" in said["port_without_class"].message.zh and "xin-water" in said["port_not_open"].message.zh


def test_each_port_has_one_reporter_the_nearest_that_can() -> None:
    national = an_office()
    a_user(Role.NATIONAL_OFFICER, national)
    a_sea_port("shekou-water", open_since=date(1990, 1, 1), city_code="440303")
    a_sea_port("zhanjiang-water", open_since=date(1990, 1, 1), city_code="440800")
    a_border_port("corps-road", open_since=date(1990, 1, 1), province_code="65", transport_class="road", class_basis="测试")
    a_border_port("far-road", open_since=date(1990, 1, 1), province_code="23", transport_class="road", class_basis="测试")
    province = an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44")
    city = an_office(OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300", reports_to=[province.code, national.code])
    corps = an_office(OrganisationKind.CORPS_OFFICE, port_codes=["corps-road"])
    ports, _ = evaluated(SCHEME, YEAR, is_exercise=False)

    def who() -> dict[str, tuple[str, ...]]:
        return {each.office.code: each.ports for each in reporters(ports)[0]}

    assert who() == {province.code: ("shekou-water", "zhanjiang-water"), corps.code: ("corps-road",), national.code: ("far-road",)}
    a_user(Role.CITY_OFFICER, city)
    assert who()[city.code] == ("shekou-water",) and who()[province.code] == ("zhanjiang-water",)
    assert [each.code for each in reporters(ports)[1]] == ["port_without_office"]


@pytest.mark.parametrize(("closed_after", "reminded", "mark"), [(46, 2, "unreported"), (5, 0, "awaited")])
def test_a_late_province_is_reminded_closed_and_given_nothing(closed_after: int, reminded: int, mark: str) -> None:
    """Given nothing after two reminders had been told; closed early it only waits."""
    office = RoundOffice(ports=False)
    for code, province in (("luohu-road", "44"), ("wuhan-road", "42")):
        a_border_port(code, open_since=date(1990, 1, 1), province_code=province, transport_class="road", class_basis="测试")
    figures("port:wuhan-road", "inspection_area_m2", {"2025": 10}, unit="m2")
    figures("port:wuhan-road", "inspection_area_required_m2", {"2025": 20}, unit="m2")
    office.opened()
    office.file(office.hubei)
    office.verify(office.hubei)
    office.step("close_collection")
    for days in (31, 38, 45):
        with clock.travel_to(DAY + timedelta(days=days)), acting_system("run_clocks") as system:
            if days < closed_after:
                run_clocks(actor=system)
    with clock.travel_to(DAY + timedelta(days=closed_after)):
        take_step(actor=office.officer, matter=office.return_of(office.guangdong).matter_id, transition="close_unfiled", fields={"reason": "逾期"})
        data = data_of(freeze_round(actor=office.officer, year=YEAR))
        score_round(actor=office.officer, year=YEAR)
    at = data.ports.index("luohu-road")
    assert data.reminded("insp_area_m2")[:, at].tolist() == [0, 0, 0, 0, reminded]
    assert data.reminded("insp_area_m2")[:, 1 - at].sum() == 0
    late, good = (PortScore.objects.get(port__code=code).cells["I-0101"] for code in ("luohu-road", "wuhan-road"))
    assert late["mark"] == mark and (late["points"] == 0) is (mark == "unreported")
    assert (good["raw"], good["mark"]) == (50.0, "scored")


def test_a_real_round_is_frozen_scored_and_replayed() -> None:
    office = RoundOffice(ports=False)
    for number, province in enumerate(("44", "44", "42", "42", "42")):
        code = "luohu-road" if not number else f"ceshi-{number}-road"
        a_border_port(code, open_since=date(1990, 1, 1), province_code=province, transport_class="road", class_basis="测试")
        figures(f"port:{code}", "cargo_tonnes", {str(year): 1000 * (number + 1) for year in range(2021, 2026)}, direction="total")
        figures(f"port:{code}", "person_crossings", a_year_of_months(2025, 10 + number), direction="total", unit="person_crossings")
    freeze = office.frozen()
    assert not freeze.is_exercise and freeze.seed is None and freeze.ports.count() == 5
    assert LineageLink.objects.filter(user_kind="freeze", user_id=str(freeze.pk), used_kind="series").count() == 10
    figures("port:luohu-road", "cargo_tonnes", {"2025": 999_999}, direction="total", revision=2)
    data = data_of(Freeze.objects.get())
    assert data.column("cargo_t")[4, data.ports.index("luohu-road")] == 1000.0, "frozen is frozen"
    scoring, _ = score_round(actor=office.officer, year=YEAR)
    cells = PortScore.objects.get(port__code="luohu-road").cells
    assert cells["I-0201"]["raw"] == 1000.0
    assert (cells["I-0704"]["mark"], cells["I-0704"]["points"]) == ("no_evidence", 0.0), "nobody filed its points: M5"
    assert freeze.decisions == [] and cells["I-0509"]["mark"] == "peer_median"
    # Five road ports, 23 points each.
    assert {each["code"]: each["measured"] for each in freeze.findings}["points_not_filed"] == "115"
    assert replayed(scoring.round).digest == scoring.result_digest
    with refused("not_from_here", Conflict):
        freeze_round(actor=office.officer, year=YEAR)
