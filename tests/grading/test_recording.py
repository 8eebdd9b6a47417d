"""Ports of the register judged on recorded figures, and verdicts kept with their recipe."""

from __future__ import annotations

from datetime import date

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer, an_enterprise_user
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_border_port, a_port, a_sea_port

from kouan.accounts.action import acting_system
from kouan.basis import NotAllowed
from kouan.collection.models import LineageLink
from kouan.grading.actions import record_verdicts
from kouan.grading.models import VerdictRecord
from kouan.grading.queries import candidates_for, recorded_verdicts, verdicts_for_year
from kouan.grading.verdict import Verdict

pytestmark = pytest.mark.django_db

AS_OF = date(2024, 6, 30)
LONG_AGO = date(2010, 5, 1)


def verdict_of(code: str, year: int = 2023) -> Verdict:
    (judged,) = verdicts_for_year(a_national_officer(), year, as_of=AS_OF, codes=[code])
    return judged.outcome.verdict


def an_accepted_road_port(**fields: object) -> str:
    return a_port(mode="road", is_border=False, accepted_on=LONG_AGO, **fields).code  # type: ignore[arg-type]


def test_a_port_meets_by_twelve_reported_months() -> None:
    code = an_accepted_road_port()
    figures(f"port:{code}", "cargo_tonnes", a_year_of_months(2023, 5_000))
    assert verdict_of(code) == Verdict.MEETS


def test_a_missing_month_is_incomplete_and_never_fails() -> None:
    code = an_accepted_road_port()
    months = a_year_of_months(2023, 100)
    del months["2023-07"]
    figures(f"port:{code}", "cargo_tonnes", months)
    figures(f"port:{code}", "person_crossings", a_year_of_months(2023, 10), unit="person_crossings")
    assert verdict_of(code) == Verdict.INCOMPLETE


def test_a_whole_year_far_below_fails() -> None:
    code = an_accepted_road_port()
    figures(f"port:{code}", "cargo_tonnes", a_year_of_months(2023, 100))
    figures(f"port:{code}", "person_crossings", a_year_of_months(2023, 10), unit="person_crossings")
    assert verdict_of(code) == Verdict.FAILS


def test_a_return_for_the_year_stands_for_its_months() -> None:
    code = an_accepted_road_port()
    figures(f"port:{code}", "cargo_tonnes", {"2023": 60_000})
    assert verdict_of(code) == Verdict.MEETS


def test_counterpart_and_press_figures_judge_nobody() -> None:
    code = an_accepted_road_port()
    figures(f"port:{code}", "person_crossings", {"2023": 9_000_000}, origin="press", source="press-facts",
            unit="person_crossings")
    figures(f"port:{code}", "person_crossings", {"2023": 9_000_000}, origin="counterpart", source="hk-control-points",
            unit="person_crossings")
    assert verdict_of(code) == Verdict.INCOMPLETE


def test_a_border_port_is_monitored() -> None:
    assert verdict_of(a_border_port().code) == Verdict.MONITORED


def test_a_port_without_class_shows_what_each_class_would_say() -> None:
    port = a_port(mode="water", is_border=False, accepted_on=LONG_AGO)
    figures(f"port:{port.code}", "cargo_tonnes", a_year_of_months(2023, 50_000))
    figures(f"port:{port.code}", "person_crossings", a_year_of_months(2023, 0), unit="person_crossings")
    (judged,) = verdicts_for_year(a_national_officer(), 2023, as_of=AS_OF, codes=[port.code])
    assert judged.outcome.verdict == Verdict.UNCLASSIFIED
    assert {name.value: each.verdict for name, each in judged.outcome.candidates.items()} == {
        "sea": Verdict.FAILS, "inland_river": Verdict.MEETS,
    }
    assert "boundary_river" in candidates_for(a_port(mode="water", is_border=True), is_border=True)


def test_a_province_gets_the_verdicts_of_its_own_ports_only() -> None:
    here, there = a_sea_port(province_code="44"), a_sea_port(province_code="45")
    mine = verdicts_for_year(a_provincial_officer("44"), 2023, as_of=AS_OF)
    assert [each.port.code for each in mine] == [here.code]
    assert verdicts_for_year(a_provincial_officer("44"), 2023, as_of=AS_OF, codes=[there.code]) == []
    assert verdicts_for_year(an_enterprise_user(), 2023, as_of=AS_OF) == []


def test_recording_keeps_the_recipe_and_the_evidence() -> None:
    code = an_accepted_road_port()
    series = figures(f"port:{code}", "cargo_tonnes", a_year_of_months(2023, 5_000))
    with acting_system("tests") as system:
        assert record_verdicts(actor=system, year=2023, as_of=AS_OF) == (1, 0)
    record = VerdictRecord.objects.get(port_code=code)
    assert (record.verdict, record.revision, record.recipe["as_of"]) == ("meets", 1, "2024-06-30")
    assert record.facts["cargo_tonnes"] == "60000.000000"
    link = LineageLink.objects.get(user_room="grading", user_id=str(record.pk))
    assert (link.used_kind, link.used_id) == ("series", str(series.pk))


def test_recording_again_writes_nothing_until_something_differs() -> None:
    code = an_accepted_road_port()
    figures(f"port:{code}", "cargo_tonnes", a_year_of_months(2023, 5_000))
    with acting_system("tests") as system:
        record_verdicts(actor=system, year=2023, as_of=AS_OF)
        assert record_verdicts(actor=system, year=2023, as_of=AS_OF) == (0, 1)
        figures(f"port:{code}", "cargo_tonnes", {"2023-12": 1}, revision=2)
        figures(f"port:{code}", "person_crossings", a_year_of_months(2023, 0), unit="person_crossings")
        assert record_verdicts(actor=system, year=2023, as_of=AS_OF) == (1, 0)
    assert list(
        VerdictRecord.objects.filter(port_code=code).order_by("revision").values_list("revision", "verdict")
    ) == [(1, "meets"), (2, "meets")]


def test_recorded_verdicts_stay_in_scope() -> None:
    a_sea_port(province_code="44")
    a_sea_port(province_code="45")
    with acting_system("tests") as system:
        record_verdicts(actor=system, year=2023, as_of=AS_OF)
    assert recorded_verdicts(a_provincial_officer("44"), 2023).count() == 1
    assert recorded_verdicts(a_national_officer()).count() == 2


def test_only_the_national_office_records() -> None:
    with pytest.raises(NotAllowed):
        record_verdicts(actor=a_provincial_officer(), year=2023)


def test_groups_and_planned_ports_are_judged_only_when_asked() -> None:
    group = a_sea_port(is_group=True)
    planned = a_sea_port(status="planned")
    assert verdicts_for_year(a_national_officer(), 2023, as_of=AS_OF) == []
    asked = verdicts_for_year(a_national_officer(), 2023, as_of=AS_OF, codes=[group.code, planned.code])
    assert len(asked) == 2
