"""Changes of law: proposed by one, approved by another, in force from their day, nothing rewritten."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests.accounts.factories import (
    a_national_officer,
    a_port_reporter,
    a_provincial_officer,
    an_administrator,
    an_auditor,
    an_enterprise_user,
)
from tests.grading.lawbook import a_judged_road_port, a_value, an_answer, approved

from kouan.accounts.action import acting_system
from kouan.accounts.models import Role
from kouan.accounts.permissions import PERMISSIONS
from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed, NotFound, Refused, clock
from kouan.grading import queries
from kouan.grading.actions import record_verdicts
from kouan.grading.lawbook.actions import approve_change, propose_changes, reject_change, withdraw_change
from kouan.grading.lawbook.models import LawChange
from kouan.grading.lawbook.queries import changes_visible_to, get_change
from kouan.grading.models import VerdictRecord
from kouan.grading.queries import law_as_of, verdicts_for_year
from kouan.grading.replay import replay

pytestmark = pytest.mark.django_db
ROAD = "volume_standard.road.cargo"


@pytest.fixture(autouse=True)
def in_summer() -> Any:
    with clock.travel_to("2024-06-30"):
        yield


def codes(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in error.value.findings]


# ---- in force -------------------------------------------------------------------------------------------


def test_an_approved_value_holds_from_its_day_and_not_before() -> None:
    before = law_as_of(date(2025, 6, 30)).parameter(ROAD).printed_text
    approved(a_value("2.5"))
    assert law_as_of(date(2024, 12, 31)).parameter(ROAD).printed_text == before
    law = law_as_of(date(2025, 1, 1))
    value = law.parameter(ROAD)
    assert (value.printed_text, value.value, str(value.citation)) == ("2.5万吨", 25_000, "关于测试用指标的通知 第四条")
    assert law.parameter(ROAD, on=date(2024, 12, 31)).printed_text == before
    assert law.history(ROAD)[-2].in_force_to == date(2024, 12, 31)
    assert law.digest != law_as_of(date(2024, 12, 31)).digest


def test_an_approved_ruling_replaces_the_default_with_its_document() -> None:
    approved(an_answer())
    assert law_as_of(date(2024, 6, 30)).setting("volume_standard.combine").decided_by is None
    setting = law_as_of(date(2024, 7, 1)).setting("volume_standard.combine")
    assert setting.value == "and" and setting.decided_by is not None and "测试函〔2024〕2号" in setting.reason.zh


@pytest.mark.parametrize("state", ["proposed", "rejected", "withdrawn"])
def test_what_is_not_approved_is_no_law_and_stays_readable(state: str) -> None:
    proposer, second = a_national_officer(), a_national_officer()
    (row,) = propose_changes(actor=proposer, changes=[a_value()])
    if state == "rejected":
        reject_change(actor=second, number=row.pk, reason="文件尚未印发")
    if state == "withdrawn":
        withdraw_change(actor=proposer, number=row.pk, reason="日期有误")
    assert law_as_of(date(2025, 6, 30)).parameter(ROAD).printed_text != "2万吨"
    seen = get_change(second, row.pk)
    assert seen.state == state and (seen.decision != "") == (state != "proposed")


def test_known_at_leaves_out_what_was_approved_or_issued_later() -> None:
    approved(a_value(from_date=date(2024, 6, 1), issued=date(2024, 5, 1)))
    approved(an_answer(from_date=date(2024, 6, 1), issued=date(2024, 5, 1)))
    day = date(2024, 6, 30)
    assert law_as_of(day, known_at=day).parameter(ROAD).printed_text == "2万吨"
    assert law_as_of(day, known_at=day).setting("volume_standard.combine").value == "and"
    earlier = law_as_of(day, known_at=date(2024, 6, 29))
    assert earlier.parameter(ROAD).printed_text != "2万吨" and earlier.setting("volume_standard.combine").value == "or"
    assert law_as_of(day).parameter(ROAD).printed_text == "2万吨"


def test_the_file_of_rulings_still_holds_beside_them(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "rulings.yaml"
    place.write_text("- {setting: volume_standard.border_mode, value: no_grace, from_date: 2024-01-01, issued: 2023-12-01,\n"
                     "   document_number: 测试函〔2023〕1号, document_title: 关于测试用解释的函}\n", encoding="utf-8")
    monkeypatch.setattr(queries, "rulings_path", lambda: place)
    approved(an_answer())
    law = law_as_of(date(2024, 7, 1))
    assert (law.setting("volume_standard.border_mode").value, law.setting("volume_standard.combine").value) == ("no_grace", "and")


def test_no_verdict_on_record_is_rewritten_and_each_replays_under_its_own_law() -> None:
    code = a_judged_road_port()
    with acting_system("tests") as system:
        record_verdicts(actor=system, year=2023)
        kept = VerdictRecord.objects.values().get(port_code=code)
        approved(a_value("100", from_date=date(2022, 1, 1)))
        assert VerdictRecord.objects.values().get(port_code=code) == kept
        record_verdicts(actor=system, year=2023)
    first, second = VerdictRecord.objects.filter(port_code=code).order_by("revision")
    assert (first.verdict, second.verdict) == ("meets", "fails")
    assert [replay(first), replay(second)] == [None, None]
    assert first.recipe["changes"] == [] and second.recipe["changes"][0]["value"] == "100"


def test_judging_an_earlier_year_as_of_an_earlier_day_gives_the_earlier_verdict() -> None:
    code = a_judged_road_port()
    approved(an_answer())
    user = a_national_officer()
    assert [verdicts_for_year(user, 2023, as_of=day, codes=[code])[0].outcome.verdict.value
            for day in (date(2024, 6, 30), date(2024, 7, 1))] == ["meets", "fails"]


# ---- four eyes and roles --------------------------------------------------------------------------------


def test_nobody_decides_on_what_he_proposed() -> None:
    proposer = a_national_officer()
    (row,) = propose_changes(actor=proposer, changes=[a_value()])
    for verb in (approve_change, reject_change):
        with pytest.raises(Refused) as error:
            verb(actor=proposer, number=row.pk, reason="同意")
        assert codes(error) == ["four_eyes"]
    assert LawChange.objects.get(pk=row.pk).state == "proposed"


def test_the_database_itself_keeps_four_eyes() -> None:
    proposer = a_national_officer()
    (row,) = propose_changes(actor=proposer, changes=[a_value()])
    for decided_by in (proposer.pk, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            LawChange.objects.filter(pk=row.pk).update(state="approved", decided_by=decided_by)


def test_only_the_proposer_withdraws() -> None:
    (row,) = propose_changes(actor=a_national_officer(), changes=[a_value()])
    with pytest.raises(Refused) as error:
        withdraw_change(actor=a_national_officer(), number=row.pk, reason="改日再议")
    assert codes(error) == ["not_the_proposer"]


def test_the_first_decision_stands_and_the_second_officer_is_told() -> None:
    row = approved(a_value())
    for verb in (approve_change, reject_change):
        with pytest.raises(Refused) as error:
            verb(actor=a_national_officer(), number=row.pk, reason="再议")
        assert codes(error) == ["already_decided"]


def test_the_system_neither_proposes_nor_decides() -> None:
    (row,) = propose_changes(actor=a_national_officer(), changes=[a_value()])
    with acting_system("tests") as system:
        with pytest.raises(Refused) as error:
            propose_changes(actor=system, changes=[a_value()])
        assert codes(error) == ["needs_a_person"]
        with pytest.raises(Refused) as error:
            approve_change(actor=system, number=row.pk)
        assert codes(error) == ["needs_a_person"]


@pytest.mark.parametrize("build", [a_provincial_officer, a_port_reporter, an_auditor, an_administrator, an_enterprise_user])
def test_other_roles_do_none_of_it_and_the_attempt_is_kept(build: Any) -> None:
    (row,) = propose_changes(actor=a_national_officer(), changes=[a_value()])
    other = build()
    for attempt in (lambda: propose_changes(actor=other, changes=[a_value()]), lambda: approve_change(actor=other, number=row.pk),
                    lambda: reject_change(actor=other, number=row.pk, reason="不同意"),
                    lambda: withdraw_change(actor=other, number=row.pk, reason="不同意")):
        with pytest.raises(NotAllowed):
            attempt()
    assert AuditEntry.objects.filter(kind="E", note="refused", actor_id=other.pk).count() == 4
    assert PERMISSIONS["law.propose"] == PERMISSIONS["law.approve"] == {Role.NATIONAL_OFFICER, Role.NATIONAL_LEADER}


@pytest.mark.parametrize("build", [a_provincial_officer, a_port_reporter])
def test_others_see_what_is_law_and_no_proposal(build: Any) -> None:
    law = approved(a_value())
    (waiting,) = propose_changes(actor=a_national_officer(), changes=[an_answer()])
    other = build()
    assert list(changes_visible_to(other)) == [law]
    assert changes_visible_to(an_enterprise_user()).count() == 0 and changes_visible_to(an_auditor()).count() == 2
    with pytest.raises(NotFound):
        get_change(other, waiting.pk)
    assert AuditEntry.objects.filter(kind="E", note="out_of_reach", actor_id=other.pk).exists()


def test_every_step_is_in_the_trail() -> None:
    row = approved(a_value())
    entries = AuditEntry.objects.filter(table_name="law_lawchange", row_pk=str(row.pk)).order_by("id")
    assert [(entry.kind, entry.note, entry.actor_id) for entry in entries] == [
        ("I", "grading.lawbook.actions._keep_proposals", row.proposed_by), ("U", "grading.lawbook.actions._approve", row.decided_by),
    ]


# ---- what cannot be proposed ----------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "code"), [
    (a_value(key="volume_standard.raod.cargo"), "unknown_law_key"), (an_answer(key="volume_standard.combin"), "unknown_law_key"),
    (an_answer("xor"), "unknown_choice"), (a_value("-1"), "not_a_number"), (a_value("NaN"), "not_a_number"), (a_value("五"), "not_a_number"),
    (a_value(from_date=date(2021, 1, 1)), "value_of_that_day"), (a_value(document_number=" "), "empty"), (a_value(document_title=""), "empty"),
    (a_value(reason=""), "empty"), (a_value(article=""), "empty"), (a_value(reason="长" * 401), "too_long"),
])
def test_a_change_that_does_not_fit_is_refused(change: Any, code: str) -> None:
    with pytest.raises(Refused) as error:
        propose_changes(actor=a_national_officer(), changes=[change])
    assert codes(error) == [code] and LawChange.objects.count() == 0


def test_a_proposal_that_no_longer_fits_is_not_approved() -> None:
    (value,) = propose_changes(actor=a_national_officer(), changes=[a_value("2")])
    (ruling,) = propose_changes(actor=a_national_officer(), changes=[an_answer("and")])
    approved(a_value("3"))
    approved(an_answer("or"))
    for row, code in ((value, "value_of_that_day"), (ruling, "ruling_of_that_day")):
        with pytest.raises(Refused) as error:
            approve_change(actor=a_national_officer(), number=row.pk)
        assert codes(error) == [code]


def test_two_values_of_one_day_cannot_stand_whatever_writes_them() -> None:
    row = approved(a_value("2"))
    (other,) = propose_changes(actor=a_national_officer(), changes=[a_value("3", from_date=date(2025, 6, 1))])
    with pytest.raises(IntegrityError), transaction.atomic():
        LawChange.objects.filter(pk=other.pk).update(state="approved", decided_by=row.decided_by, from_date=row.from_date)


def test_a_change_of_a_key_that_a_later_release_has_not_harms_nothing() -> None:
    for row in (approved(a_value()), approved(an_answer())):
        LawChange.objects.filter(pk=row.pk).update(key="gone.and.past")
    assert law_as_of(date(2025, 6, 30)).setting("volume_standard.combine").value == "or"
