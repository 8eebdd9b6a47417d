"""What a change would change: ports, verdicts on record, running matters; and nothing is written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.desk.matters import People, begun, the_sample
from tests.grading.lawbook import a_judged_road_port, a_value, an_answer, approved

from kouan.accounts.action import acting_system
from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed, Refused, clock
from kouan.desk.jobs import run
from kouan.desk.matters.models import Matter
from kouan.desk.models import JobState
from kouan.grading.actions import record_verdicts
from kouan.grading.lawbook import preview as previews
from kouan.grading.lawbook.jobs import submit_preview
from kouan.grading.lawbook.preview import preview, register_citing, seen_by

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_summer() -> Any:
    with clock.travel_to("2024-06-30"):
        yield


def moved(found: dict[str, Any]) -> list[tuple[str, int, str, str, str, bool]]:
    return [(row["port"], row["year"], row["before"]["verdict"], row["after"]["verdict"], row["supposed"]["verdict"], row["applies"])
            for row in found["moved"]]


def test_a_ruling_says_who_changes_and_at_which_step() -> None:
    code = a_judged_road_port()
    a_judged_road_port(tonnes_a_month=1)
    found = preview(a_national_officer(), [an_answer()], [2023])
    assert moved(found) == [(code, 2023, "meets", "fails", "fails", True)]
    (row,) = found["moved"]
    assert row["step"]["rule"].startswith("volume_standard/") and row["step"]["before"]["zh"] != row["step"]["after"]["zh"]
    assert found["judged"] == 2 and found["as_of"] == "2024-07-01" and found["rules"] == ["volume_standard"]


def test_a_later_value_changes_no_earlier_year_and_the_trial_says_what_it_would_do() -> None:
    code = a_judged_road_port()
    found = preview(a_national_officer(), [a_value("100")], [2023])
    assert moved(found) == [(code, 2023, "meets", "meets", "fails", False)]
    assert "100万吨" in str(found["moved"][0]["step"]["after"]) or "1,000,000" in str(found["moved"][0]["step"]["after"])


def test_a_value_that_reaches_back_changes_the_year() -> None:
    code = a_judged_road_port()
    found = preview(a_national_officer(), [a_value("100", from_date=date(2022, 1, 1))], [2022, 2023])
    assert [row for row in moved(found) if row[5]] == [(code, 2023, "meets", "fails", "fails", True)]
    assert [finding["code"] for finding in found["findings"]] == ["effect_before_issue"]


def test_two_changes_are_previewed_together() -> None:
    code = a_judged_road_port(persons_a_month=10_000)
    both = preview(a_national_officer(), [an_answer(), a_value("100", from_date=date(2023, 1, 1))], [2023])
    assert [row[:4] for row in moved(both)] == [(code, 2023, "meets", "fails")]
    assert moved(preview(a_national_officer(), [an_answer()], [2023])) == []


def test_verdicts_on_record_are_counted_and_tried_from_their_own_facts() -> None:
    code = a_judged_road_port()
    with acting_system("tests") as system:
        record_verdicts(actor=system, year=2023)
        record_verdicts(actor=system, year=2022)
    recorded = preview(a_national_officer(), [an_answer()], [2023])["recorded"]
    assert recorded["citing"] == 2 and recorded["by_year"] == {"2022": 1, "2023": 1}
    assert [(row["port"], row["recorded"]["verdict"], row["anew"]["verdict"]) for row in recorded["moved"]] == [(code, "meets", "fails")]
    other_class = preview(a_national_officer(), [a_value(key="volume_standard.sea.cargo", value="5")], [2023])["recorded"]
    assert other_class["citing"] == 0


def test_running_matters_that_name_it_or_whose_port_changes_are_listed(tmp_path: Path) -> None:
    with the_sample(tmp_path):
        people = People()
        people.settle()
        naming, of_the_port, neither = begun(people), begun(people), begun(people)
    code = a_judged_road_port()
    Matter.objects.filter(pk=naming.pk).update(facts={"readings": [{"key": "volume_standard.combine"}]})
    Matter.objects.filter(pk=of_the_port.pk).update(port_code=code)
    Matter.objects.filter(pk=neither.pk).update(facts={"note": "volume_standard.combined"})
    found = preview(a_national_officer(), [an_answer()], [2023])["cited_by"]["matters"]
    assert [(row["matter"], row["cites"], row["port_moves"]) for row in found] == [
        (naming.pk, ["volume_standard.combine"], False), (of_the_port.pk, [], True),
    ]


def test_a_room_above_adds_what_cites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "_citing", {})
    register_citing("lists", lambda user, changes: [{"title": changes[0].key}])
    assert preview(a_national_officer(), [an_answer()])["cited_by"]["lists"] == [{"title": "volume_standard.combine"}]


def test_nothing_is_written() -> None:
    a_judged_road_port()
    user = a_national_officer()
    before = AuditEntry.objects.count()
    preview(user, [an_answer()], [2023])
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("years", [[1999], [2030], list(range(2010, 2024))])
def test_years_out_of_reach_are_refused(years: list[int]) -> None:
    with pytest.raises(Refused):
        preview(a_national_officer(), [an_answer()], years)


def test_the_preview_at_the_approval_is_kept_and_shown_within_scope() -> None:
    mine, theirs = a_judged_road_port(province_code="44"), a_judged_road_port(province_code="15")
    row = approved(an_answer())
    assert {each["port"] for each in row.preview["moved"]} == {mine, theirs}
    assert [each["port"] for each in seen_by(row.preview, {mine})["moved"]] == [mine] and theirs not in str(seen_by(row.preview, {mine}))


def test_many_years_run_as_a_job_with_its_result() -> None:
    code = a_judged_road_port()
    job = submit_preview(a_national_officer(), [an_answer()], list(range(2019, 2024)))
    done = run(job.pk)
    assert done is not None and done.state == JobState.DONE
    assert [row["port"] for row in done.result["moved"]] == [code] and len(done.result["years"]) == 5
    with pytest.raises(NotAllowed):
        submit_preview(a_provincial_officer(), [an_answer()], [2023])


def test_a_job_whose_owner_lost_the_role_is_refused() -> None:
    owner = a_national_officer()
    job = submit_preview(owner, [an_answer()], [2021, 2022, 2023])
    owner.role = "auditor"
    owner.save()
    done = run(job.pk)
    assert done is not None and done.state == JobState.FAILED and done.result is None
