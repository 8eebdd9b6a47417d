"""The facts of ports in the register: whole and partial figures, definitions in force, the state of the judged year."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.accounts.factories import a_national_officer
from tests.grading.factories import a_ruling
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_document, a_port, a_reply, a_sea_port

from kouan.accounts.action import acting_system
from kouan.basis import Refused, clock
from kouan.collection.models import LineageLink, Series
from kouan.grading import queries
from kouan.grading.actions import record_verdicts
from kouan.grading.definitions import NEEDED, REGISTERED, WAYS
from kouan.grading.figures import figures_of_year
from kouan.grading.models import VerdictRecord
from kouan.grading.queries import Judged, held_in_year, judge, verdicts_for_year
from kouan.grading.standard import DEFINED_BY
from kouan.law import Law
from kouan.ports.actions import change_port, close_port, open_port, record_acceptance
from kouan.ports.models import Port
from kouan.ports.queries import history

pytestmark = pytest.mark.django_db

AS_OF = date(2024, 6, 30)
PERSONS = "person_crossings"


def judged(code: str, year: int = 2023) -> Judged:
    (found,) = verdicts_for_year(a_national_officer(), year, as_of=AS_OF, codes=[code])
    return found


def codes(found: Judged) -> list[str]:
    return [finding.code for finding in found.outcome.findings]


def a_road_port(**fields: object) -> str:
    """A road port inside the country, accepted long ago: 50,000 t or 50,000 persons a year are enough."""
    return a_port(mode="road", is_border=False, accepted_on=date(2010, 5, 1), **fields).code  # type: ignore[arg-type]


def persons(code: str, values: dict[str, int], **fields: str) -> Series:
    return figures(f"port:{code}", PERSONS, values, unit=PERSONS, **fields)  # type: ignore[arg-type]


def cargo(code: str, values: dict[str, int], **fields: str) -> Series:
    return figures(f"port:{code}", "cargo_tonnes", values, **fields)  # type: ignore[arg-type]


# ---- whole and partial figures -----------------------------------------------------------------------


def test_a_year_by_direction_counts_though_another_was_filed_as_a_total() -> None:
    code = a_road_port()
    persons(code, {"2022": 5_000})
    persons(code, {"2023": 30_000}, direction="inbound")
    persons(code, {"2023": 40_000}, direction="outbound")
    found = judged(code)
    assert (found.outcome.verdict, found.facts.person_crossings, found.facts.months_of(PERSONS)) == ("meets", 70_000, 12)


def test_one_direction_alone_shows_no_shortfall() -> None:
    code = a_road_port()
    cargo(code, a_year_of_months(2023, 100), direction="inbound")
    persons(code, a_year_of_months(2023, 10))
    found = judged(code)
    assert found.outcome.verdict == "incomplete"
    assert (found.facts.cargo_tonnes, found.facts.months_of("cargo_tonnes")) == (1_200, 0)
    assert codes(found) == ["one_direction_only"]
    assert "没有出境" in found.outcome.findings[0].message.zh


def test_one_direction_alone_may_show_that_the_standard_is_reached() -> None:
    code = a_road_port()
    cargo(code, {"2023": 50_000}, direction="outbound")
    assert judged(code).outcome.verdict == "meets"


def test_months_covered_are_those_of_which_both_directions_are_there() -> None:
    code = a_road_port()
    cargo(code, a_year_of_months(2023, 10), direction="inbound")
    cargo(code, {f"2023-{month:02d}": 10 for month in range(1, 7)}, direction="outbound")
    found = judged(code)
    assert (found.facts.cargo_tonnes, found.facts.months_of("cargo_tonnes")) == (180, 6)
    assert codes(found) == []


def test_months_and_quarters_cover_a_year_that_can_fail() -> None:
    code = a_road_port()
    cargo(code, {f"2023-{month:02d}": 10 for month in range(1, 7)})
    cargo(code, {"2023-Q3": 30, "2023-Q4": 30})
    persons(code, {"2023": 7})
    found = judged(code)
    assert (found.outcome.verdict, found.facts.cargo_tonnes, found.facts.months_of("cargo_tonnes")) == ("fails", 120, 12)


@pytest.mark.parametrize(("fields", "code"), [
    ({"direction": "inbound"}, "total_and_directions_disagree"), ({}, "whole_and_parts_disagree"),
])
def test_figures_that_contradict_the_year_are_told_and_the_year_stands(fields: dict[str, str], code: str) -> None:
    port = a_road_port()
    cargo(port, {"2023": 60_000})
    cargo(port, a_year_of_months(2023, 6_000), **fields)
    found = judged(port)
    assert found.facts.cargo_tonnes == 60_000
    assert codes(found) == [code]
    (finding,) = found.outcome.findings
    assert "采用前者" in finding.message.zh and "72000吨" in finding.message.zh and finding.remedy


# ---- definitions ---------------------------------------------------------------------------------------


def ruled(monkeypatch: pytest.MonkeyPatch, setting: str, value: str) -> None:
    ruling = a_ruling(setting, value)
    monkeypatch.setattr(queries, "rulings_on_record", lambda *_: (ruling,))


def test_every_reading_of_a_definition_has_ways_and_words() -> None:
    law = Law(AS_OF)
    asked = {(key, choice) for key in DEFINED_BY.values() for choice in law.setting(key).choices}
    assert set(WAYS) == set(NEEDED) == asked
    assert all(law.setting(key).value == choice for key, choice in REGISTERED.items())


def test_a_ruling_on_persons_judges_by_the_travellers_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    code = a_road_port()
    cargo(code, {"2023": 0})
    persons(code, {"2023": 50_000})
    persons(code, {"2023": 49_999}, group="travellers")
    before = judged(code)
    assert before.outcome.verdict == "meets"
    assert ("travellers_only", "fails") in [(o.reading.value, o.verdict) for o in before.outcome.differs_under]
    ruled(monkeypatch, "definition.persons", "travellers_only")
    after = judged(code)
    assert after.outcome.verdict == "fails"
    assert after.outcome.margins[PERSONS].measured == 49_999
    assert ("all_crossings", "meets") in [(o.reading.value, o.verdict) for o in after.outcome.differs_under]


def test_a_ruling_without_a_figure_of_its_own_leaves_the_measure_missing_and_says_what_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = a_road_port()
    cargo(code, {"2023": 0})
    persons(code, {"2023": 60_000})
    ruled(monkeypatch, "definition.persons", "travellers_only")
    found = judged(code)
    assert found.outcome.verdict == "incomplete"
    assert (found.outcome.margins[PERSONS].measured, found.outcome.margins[PERSONS].months) == (None, None)
    assert codes(found) == ["no_figure_under_definition"]
    remedy = found.outcome.findings[0].remedy
    assert remedy is not None and "旅客" in remedy.zh and "travellers" in remedy.en


def test_a_ruling_file_of_the_home_changes_the_verdict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "rulings.yaml"
    place.write_text(
        "- {setting: definition.cargo, value: cross_border_without_transit, from_date: 2024-01-01, issued: 2023-12-01,\n"
        "   document_number: 测试函〔2023〕1号, document_title: 关于测试用解释的函}\n", encoding="utf-8",
    )
    monkeypatch.setattr(queries, "rulings_path", lambda: place)
    code = a_road_port()
    cargo(code, {"2023": 60_000})
    cargo(code, {"2023": 20_000}, group="transit")
    persons(code, {"2023": 0})
    found = judged(code)
    assert (found.outcome.verdict, found.outcome.margins["cargo_tonnes"].measured) == ("fails", 40_000)


def test_parts_that_are_not_whole_take_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    ruled(monkeypatch, "definition.cargo", "cross_border_without_transit")
    code = a_road_port()
    cargo(code, {"2023": 90_000})
    transit = a_year_of_months(2023, 1)
    del transit["2023-12"]
    cargo(code, transit, group="transit")
    assert judged(code).outcome.margins["cargo_tonnes"].measured is None


def test_readings_are_made_of_groups_and_never_across_sources() -> None:
    code = a_road_port()
    for group, count in (("travellers", 70), ("crew", 20)):
        persons(code, a_year_of_months(2023, count), group=group)
    persons(code, {"2023": 9_000}, group="border_residents", source="another-return")
    found = figures_of_year(list(Series.objects.all()), 2023)[code, PERSONS].by_choice
    assert {choice: (figure.value, figure.months) for choice, figure in found.items()} == {
        "without_border_residents": (1_080, 12), "travellers_only": (840, 12),
    }


# ---- the register's two clocks -----------------------------------------------------------------------------


def test_a_class_decided_for_a_later_year_does_not_reach_back_and_a_correction_does() -> None:
    port = a_port(mode="water", is_border=False, accepted_on=date(2010, 5, 1))
    with acting_system("tests") as system:
        change_port(actor=system, code=port.code, document=a_document(), valid_from=date(2024, 3, 1),
                    values={"transport_class": "sea", "class_basis": "测试"})
    assert judged(port.code, 2023).outcome.verdict == "unclassified"
    assert judged(port.code, 2024).facts.transport_class == "sea"
    with acting_system("tests") as system:
        change_port(actor=system, code=port.code, document=a_document(),
                    values={"transport_class": "inland_river", "class_basis": "更正"})
    assert judged(port.code, 2023).facts.transport_class == "inland_river", "recorded today, true before our records"


def test_a_border_position_is_that_of_the_judged_year() -> None:
    code = a_road_port()
    with acting_system("tests") as system:
        change_port(actor=system, code=code, document=a_document(), valid_from=date(2024, 1, 1),
                    values={"is_border": True, "neighbour_code": "RU"})
    assert [judged(code, year).facts.is_border for year in (2023, 2024)] == [False, True]


def test_the_day_of_acceptance_is_the_newest_we_know() -> None:
    port = a_port(mode="road", is_border=False)
    with acting_system("tests") as system:
        record_acceptance(actor=system, code=port.code, document=a_document("minutes"), accepted_on=date(2024, 2, 1))
    assert judged(port.code, 2020).facts.accepted_on == date(2024, 2, 1)


def test_a_port_closed_later_still_stands_in_the_lists_of_the_years_it_was_open() -> None:
    port = a_sea_port(open_since=date(2010, 1, 1))
    with acting_system("tests") as system:
        close_port(actor=system, code=port.code, document=a_reply(), closed_on=date(2022, 7, 1))
    listed = {year: [each.port.code for each in verdicts_for_year(a_national_officer(), year, as_of=AS_OF)]
              for year in (2021, 2022, 2023)}
    assert listed == {2021: [port.code], 2022: [port.code], 2023: []}


def test_a_planned_port_is_listed_from_the_year_in_which_it_opened() -> None:
    port = a_sea_port(status="planned")
    with acting_system("tests") as system:
        open_port(actor=system, code=port.code, document=a_reply(), opened_on=date(2022, 7, 1))
    held = {year: held_in_year([port], year)[port.code] for year in (2021, 2022)}
    assert (held[2021].was_out, held[2022].was_out) == (True, False)
    assert held[2022].statuses == {"planned", "open"}


def test_a_port_not_yet_on_record_is_in_no_list() -> None:
    a_sea_port(valid_from=date(2023, 5, 1))
    assert [len(verdicts_for_year(a_national_officer(), year, as_of=AS_OF)) for year in (2022, 2023)] == [0, 1]


def test_the_running_year_is_judged_by_what_holds_today() -> None:
    port = a_sea_port(open_since=date(2010, 1, 1))
    with acting_system("tests") as system:
        close_port(actor=system, code=port.code, document=a_reply(), closed_on=date(2022, 7, 1))
    with clock.travel_to("2022-06-30"):
        assert held_in_year([port], 2022)[port.code].status == "open"


def test_all_ports_take_three_queries_and_a_port_whose_changes_are_at_hand_none_for_its_state(
    django_assert_num_queries: object,
) -> None:
    codes = [a_road_port() for _ in range(5)]
    cargo(codes[0], {"2023": 1})
    ports, law = list(Port.objects.all()), Law(AS_OF)
    with django_assert_num_queries(3):  # type: ignore[operator]
        assert len(judge(ports, 2023, law)) == 5
    changes = history(ports[0])
    with django_assert_num_queries(0):  # type: ignore[operator]
        held = held_in_year(ports[:1], 2023, changes)
    assert held == held_in_year(ports[:1], 2023)


@pytest.mark.parametrize("year", [0, 1839, 2200, 99_999])
def test_an_absurd_year_is_refused_with_words(year: int) -> None:
    code = a_road_port()
    cargo(code, {"2023": 1})
    with pytest.raises(Refused) as refusal:
        judged(code, year)
    assert [finding.code for finding in refusal.value.findings] == ["year_out_of_range"]


# ---- evidence ----------------------------------------------------------------------------------------------


def test_evidence_names_the_revision_used_and_changes_with_any_figure_used() -> None:
    code = a_road_port()
    series = cargo(code, a_year_of_months(2023, 5_000))
    cargo(code, {"2022-12": 1})
    (first,) = judged(code).evidence
    assert (first.id, first.revision) == (series.pk, 1)
    figures(f"port:{code}", "cargo_tonnes", {"2022-12": 2}, revision=2)
    assert judged(code).evidence == (first,), "a figure of another year was not used"
    figures(f"port:{code}", "cargo_tonnes", {"2023-03": 4_000, "2023-04": 6_000}, revision=2)
    (second,) = judged(code).evidence
    assert judged(code).facts.cargo_tonnes == 60_000, "the sum is the same"
    assert second.revision == 2 and second.digest != first.digest
    with acting_system("tests") as system:
        record_verdicts(actor=system, year=2023, as_of=AS_OF)
    link = LineageLink.objects.get(user_room="grading", user_id=str(VerdictRecord.objects.get(port_code=code).pk))
    assert (link.used_revision, link.used_digest) == (2, second.digest)


def test_both_directions_are_evidence_each_with_its_own_figures() -> None:
    code = a_road_port()
    there = cargo(code, {"2023": 1}, direction="inbound")
    back = cargo(code, {"2023": 1}, direction="outbound")
    evidence = judged(code).evidence
    assert {each.id for each in evidence} == {there.pk, back.pk}
    assert len({each.digest for each in evidence}) == 2


def test_the_year_is_asked_for_and_no_other() -> None:
    code = a_road_port()
    cargo(code, a_year_of_months(2022, 1) | a_year_of_months(2023, 2))
    (figure,) = figures_of_year(list(Series.objects.all()), 2022)[code, "cargo_tonnes"].by_choice.values()
    assert (figure.value, figure.is_whole, len(figure.used)) == (12, True, 12)
