"""The plan's projects: who sees and enters what, four eyes, revisions, money that is not filled in, targets and thresholds."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests.accounts.factories import a_user, an_enterprise_user
from tests.casework.execution_office import PDF, Works, a_proof, refused

from kouan.accounts.action import acting_system
from kouan.accounts.models import Role
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.casework.execution import actions, targets, thresholds
from kouan.casework.execution.differences import counts_of_box_seven, differences, remarks
from kouan.casework.execution.models import (
    FundingKind,
    ProgressReport,
    ProjectFunding,
    ProjectMilestone,
    ProjectRun,
    TargetActual,
)
from kouan.casework.execution.proof import Proof
from kouan.casework.execution.queries import board, by_place, get_project, offices_for, projects_visible_to
from kouan.casework.execution.telling import project_in_full
from kouan.casework.oversight.plan_tasks import plan
from kouan.desk.actions import file_place
from kouan.desk.matters.actions import open_matter, take_step
from kouan.desk.matters.queries import inbox

DAY = date(2024, 5, 6)
FOLDER = Path(targets.__file__).parent / "data"


@pytest.fixture(autouse=True)
def on_the_day() -> Any:
    with clock.travel_to(DAY):
        yield


@pytest.fixture
def works(db: None) -> Works:
    return Works()


def version(code: str = "P7-03") -> int:
    return ProjectRun.objects.get(project__project_id=code).version


# ---- who sees and enters what ---------------------------------------------------------------------------


def test_each_sees_the_rows_of_its_scope(works: Works) -> None:
    def codes(user: Any) -> list[str]:
        return [each.code for each in board(user)]

    assert codes(works.national) == ["P7-03", "P7-56", "P9-01"]
    assert codes(works.guangdong) == ["P7-03"] and codes(works.hubei) == ["P7-56"]
    assert codes(works.city) == codes(works.ministry) == codes(an_enterprise_user()) == []
    works.planned("P9-01", owner=works.ministry)
    assert codes(works.ministry) == ["P9-01"], "an office sees what it is in charge of"
    assert codes(a_user(Role.EXPERT, works.ministry.organisation)) == [], "an expert reads nothing of supervision"
    with pytest.raises(NotFound):
        get_project(works.hubei, "P7-03")
    with pytest.raises(NotFound):
        get_project(works.national, "P7-99")
    assert AuditEntry.objects.filter(after__contains='"plan_project"').filter(after__contains="P7-03").count() == 1


def test_the_board_takes_as_many_queries_for_one_row_as_for_all(works: Works, django_assert_max_num_queries: Any) -> None:
    works.planned()
    with django_assert_max_num_queries(9):
        assert len(board(works.national)) == 3


def test_who_is_in_charge_is_named_by_nation_or_province_and_never_across(works: Works) -> None:
    assert get_project(works.national, "P7-03").owner_words == "未明确责任单位"
    code = works.city.organisation.code
    works.planned(actor=works.guangdong, owner=works.city)
    assert get_project(works.city, "P7-03").owner_words == works.city.organisation.name_zh
    with refused("unknown_office"):
        works.planned(actor=works.guangdong, owner=works.hubei, version=1)
    assert {each.province_code for each in offices_for(works.guangdong, get_project(works.guangdong, "P7-03"))} == {"44"}
    with pytest.raises(NotFound):
        works.planned(actor=works.hubei, version=1)
    with refused("owner_by_steward", NotAllowed):
        actions.set_project(
            actor=works.city, project="P7-03", reason="不归我", version=1)
    actions.set_project(actor=works.city, project="P7-03", owner=code, start=date(2023, 2, 1), finish=date(2024, 12, 31), reason="实施方案",
        version=1)
    assert get_project(works.national, "P7-03").run.set_by == works.city


def test_a_row_that_another_office_has_is_looked_at_only(works: Works) -> None:
    works.planned(owner=works.ministry)
    assert get_project(works.guangdong, "P7-03").owner is not None
    with refused("not_in_charge", NotAllowed):
        works.planned(actor=works.guangdong, version=1)
    with refused("not_in_charge", NotAllowed):
        actions.set_funding(actor=works.guangdong, project="P7-03", kind="local", version=1)
    with refused("not_allowed", NotAllowed):
        works.planned(actor=a_user(Role.AUDITOR, works.national.organisation), version=1)


def test_of_two_at_once_one_is_told(works: Works) -> None:
    works.planned()
    with refused("project_changed", Conflict):
        works.planned()
    works.planned(version=1)
    with pytest.raises(Conflict):
        actions.add_milestone(actor=works.guangdong, project="P7-03", title="批复", planned_on=DAY, version=1)
    assert not ProjectMilestone.objects.exists()


@pytest.mark.parametrize(("known", "code"), [
    ({"finish": date(2022, 12, 31)}, "finish_before_start"), ({"start": date(2009, 12, 31)}, "date_out_of_range"),
    ({"started_on": DAY + timedelta(1)}, "date_out_of_range"), ({"reason": " "}, "value_required"), ({"reason": "机密★10年"}, "secrecy_mark"),
    ({"owner": "nobody"}, "unknown_office"),
])
def test_what_cannot_be_is_refused_and_nothing_is_kept(works: Works, known: dict[str, Any], code: str) -> None:
    with refused(code):
        actions.set_project(**{"actor": works.national, "project": "P7-03", "owner": works.guangdong.organisation.code,
                               "start": date(2023, 1, 1), "finish": date(2024, 12, 31), "reason": "确定"} | known)
    assert not ProjectRun.objects.exists()


# ---- milestones and money -------------------------------------------------------------------------------


def test_planning_anew_does_not_mend_a_lag(works: Works) -> None:
    works.planned(finish=date(2024, 1, 31))
    assert get_project(works.national, "P7-03").standing.state == "lagging"
    works.planned(finish=date(2025, 1, 31), reason="延期", version=1)
    found = get_project(works.national, "P7-03")
    assert (found.run.finish, found.run.first_finish, found.standing.overrun) == (date(2025, 1, 31), date(2024, 1, 31), 96)
    assert found.standing.state == "lagging"


def test_a_milestone_from_plan_to_its_paper(works: Works) -> None:
    works.planned(start=DAY, finish=date(2025, 12, 31))
    known: dict[str, Any] = {"actor": works.guangdong, "project": "P7-03"}
    one = actions.add_milestone(**known, title="初步设计批复", planned_on=DAY - timedelta(30), version=1)
    assert get_project(works.national, "P7-03").standing.state == "lagging"
    with refused("milestone_exists"):
        actions.add_milestone(**known, title="初步设计批复", planned_on=DAY, version=2)
    with refused("value_required"):
        actions.set_milestone(**known, milestone=one.pk, planned_on=DAY + timedelta(60), version=2)
    actions.set_milestone(**known, milestone=one.pk, planned_on=DAY + timedelta(60), reason="设计变更", version=2)
    assert get_project(works.national, "P7-03").standing.reasons[0].days == 30, "measured from the day first planned"
    with refused("evidence_missing"):
        actions.set_milestone(**known, milestone=one.pk, planned_on=DAY + timedelta(60), actual_on=DAY, version=3)
    actions.set_milestone(**known, milestone=one.pk, planned_on=DAY + timedelta(60), actual_on=DAY, proof=a_proof(), version=3)
    found = get_project(works.national, "P7-03")
    assert (found.standing.state, found.standing.worst_milestone) == ("not_started", 30)
    assert project_in_full(found)["milestones"][0]["slip_days"] == 30
    with refused("value_required"):
        actions.set_milestone(**known, milestone=one.pk, planned_on=DAY + timedelta(60), actual_on=None, version=4)
    with refused("unknown_milestone"):
        actions.set_milestone(**known, milestone=one.pk + 1, planned_on=DAY, version=4)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProjectMilestone.objects.filter(pk=one.pk).update(document=None)


def test_a_file_that_differs_from_its_checksum_is_refused(works: Works) -> None:
    works.planned(start=DAY)
    one = actions.add_milestone(actor=works.guangdong, project="P7-03", title="批复", planned_on=DAY, version=1)
    with refused("checksum_differs"):
        actions.set_milestone(actor=works.guangdong, project="P7-03", milestone=one.pk, planned_on=DAY, actual_on=DAY, version=2,
                              proof=Proof(a_proof().source, "证明.pdf", sha256="0" * 64))
    one.refresh_from_db()
    assert one.actual_on is None and version() == 2


def test_money_that_is_not_entered_is_not_zero(works: Works) -> None:
    works.planned()
    known: dict[str, Any] = {"actor": works.guangdong, "project": "P7-03"}
    actions.set_funding(**known, kind="central", planned=Decimal("1000"), arranged=Decimal("0"), version=1)
    found = get_project(works.national, "P7-03")
    told = {each["kind"]: each for each in project_in_full(found)["funding"]}
    assert told["central"]["planned"] == "1000.00" and told["central"]["arranged"] == "0.00" and told["central"]["paid"] is None
    assert told["bond"] == {"kind": "bond", "kind_label": "专项债", "planned": None, "arranged": None, "paid": None}
    assert (found.total("planned").value, found.total("planned").filled, found.total("planned").is_whole) == (Decimal(1000), 1, False)
    assert found.total("paid").value is None
    for kind in FundingKind:
        actions.set_funding(**known, kind=kind, planned=Decimal("0.01"), version=version())
    whole = get_project(works.national, "P7-03").total("planned")
    assert whole.is_whole and whole.value == Decimal("0.05")
    assert get_project(works.national, "P7-03").funding["central"].arranged is None, "taken back to 未填"


@pytest.mark.parametrize("amount", [Decimal("-0.01"), Decimal("0.001"), Decimal("10000000000"), Decimal("NaN"), Decimal("Infinity")])
def test_amounts_that_cannot_be(works: Works, amount: Decimal) -> None:
    works.planned()
    with refused("amount_out_of_range"):
        actions.set_funding(actor=works.guangdong, project="P7-03", kind="local", paid=amount, version=1)
    with refused("unknown_kind"):
        actions.set_funding(actor=works.guangdong, project="P7-03", kind="gift", version=1)
    assert not ProjectFunding.objects.exists()


def test_money_needs_a_project_on_record(works: Works) -> None:
    with refused("nothing_on_record"):
        actions.set_funding(actor=works.guangdong, project="P7-03", kind="local", version=0)


# ---- progress by quarter --------------------------------------------------------------------------------


def test_a_report_counts_once_a_second_person_has_confirmed_it(works: Works) -> None:
    works.planned(started_on=date(2023, 1, 5))
    one = works.report("2024-Q1", 30)
    assert one.is_late and one.due_on == date(2024, 4, 15), "6 May is after 15 April"
    waiting = get_project(works.national, "P7-03")
    assert waiting.latest is None and waiting.standing.state == "under_way"
    with refused("own_report", NotAllowed):
        works.confirm(one, works.guangdong)
    with pytest.raises(NotFound):
        works.confirm(one, works.hubei)
    with refused("value_required"):
        works.confirm(one, opinion=" ")
    with refused("report_waiting", Conflict):
        works.report("2024-Q1", 40)
    works.confirm(one)
    found = get_project(works.national, "P7-03")
    assert (found.latest.percent, found.standing.state, found.standing.linear) == (30, "lagging", 456 - 219)
    with refused("decided_already", Conflict):
        works.confirm(one, works.national)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProgressReport.objects.filter(pk=one.pk).update(decided_by=works.guangdong)


def test_only_the_office_in_charge_reports(works: Works) -> None:
    with refused("not_in_charge", NotAllowed):
        works.report("2024-Q1", 30)
    works.planned(owner=works.city)
    with refused("not_in_charge", NotAllowed):
        works.report("2024-Q1", 30, works.national)
    one = works.report("2024-Q1", 80, works.city)
    with pytest.raises(NotAllowed):
        works.confirm(one, a_user(Role.CITY_OFFICER, works.city.organisation))
    assert works.confirm(one, works.guangdong).decided_by == works.guangdong, "its province confirms for a city"


def test_a_correction_is_a_new_revision_and_as_late_as_the_first(works: Works) -> None:
    works.planned()
    with clock.travel_to(date(2024, 4, 15)):
        first = works.report("2024-Q1", 70)
        works.confirm(first)
    assert not first.is_late
    with refused("value_required"):
        works.report("2024-Q1", 60)
    second = works.report("2024-Q1", 60, correction="统计口径有误")
    assert (second.revision, second.is_late, second.correction) == (2, False, "统计口径有误")
    assert get_project(works.national, "P7-03").latest == first, "the first holds until the second is confirmed"
    works.confirm(second, confirm=False)
    assert get_project(works.national, "P7-03").latest == first
    third = works.report("2024-Q1", 65, correction="统计口径有误")
    works.confirm(third)
    assert get_project(works.national, "P7-03").latest.percent == 65
    assert [each.revision for each in ProgressReport.objects.all()] == [3, 2, 1]


def test_a_report_that_was_returned_is_no_report_in_time(works: Works) -> None:
    works.planned()
    with clock.travel_to(date(2024, 4, 10)):
        works.confirm(works.report("2024-Q1", 70), confirm=False)
    again = works.report("2024-Q1", 70)
    assert again.is_late and again.revision == 2 and again.correction == ""


def test_progress_that_falls_is_explained(works: Works) -> None:
    works.planned()
    works.confirm(works.report("2023-Q4", 70))
    with refused("progress_falls"):
        works.report("2024-Q1", 60)
    assert works.report("2024-Q1", 60, difficulties="部分工程返工").percent == 60
    assert works.report("2023-Q3", 10).percent == 10, "an earlier quarter is held against those before it"


@pytest.mark.parametrize(("quarter", "percent", "known", "code"), [
    ("2024-Q2", 30, {}, "quarter_not_over"), ("2020-Q4", 30, {}, "no_quarter"), ("2024", 30, {}, "no_quarter"), ("去年", 30, {}, "no_quarter"),
    ("2024-Q1", 101, {}, "percent_out_of_range"), ("2024-Q1", -1, {}, "percent_out_of_range"), ("2024-Q1", 30, {"done": " "}, "value_required"),
    ("2024-Q1", 30, {"difficulties": "难" * 2001}, "too_long"), ("2024-Q1", 30, {"finished_on": DAY}, "finish_without_100"),
    ("2024-Q1", 100, {"proof": None}, "evidence_missing"), ("2024-Q1", 100, {"finished_on": None}, "value_required"),
    ("2024-Q1", 100, {"finished_on": DAY + timedelta(1)}, "date_out_of_range"), ("2024-Q1", 30, {"done": "绝密"}, "secrecy_mark"),
])
def test_reports_that_cannot_be(works: Works, quarter: str, percent: int, known: dict[str, Any], code: str) -> None:
    works.planned()
    with refused(code):
        works.report(quarter, percent, **known)
    assert not ProgressReport.objects.exists()


def test_the_database_itself_holds_one_waiting_report_and_a_shown_finish(works: Works) -> None:
    run = works.planned()
    one = works.report("2024-Q1", 30)
    known = {"run": run, "year": 2024, "quarter": 1, "done": "施工", "office": one.office, "reported_by": works.guangdong, "reported_on": DAY,
        "due_on": DAY}
    for wrong in ({"revision": 2, "percent": 40}, {"revision": 1, "percent": 40, "state": "returned"}, {"revision": 2, "percent": 101,
        "state": "returned"},
                  {"revision": 2, "percent": 100, "state": "returned"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ProgressReport.objects.create(**(known | wrong))
    with pytest.raises(IntegrityError), transaction.atomic():
        ProjectRun.objects.filter(pk=run.pk).update(finish=date(2022, 1, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        ProjectFunding.objects.create(run=run, kind="local", paid=Decimal(-1))


def test_a_report_needs_planned_days(works: Works) -> None:
    actions.set_project(actor=works.national, project="P7-03", owner=works.guangdong.organisation.code, reason="确定")
    assert get_project(works.national, "P7-03").standing.state == "blank"
    with refused("days_missing"):
        works.report("2024-Q1", 30)


def test_a_finish_is_shown_by_its_paper_and_taken_back_by_a_correction(works: Works) -> None:
    works.planned()
    one = works.report("2024-Q1", 100)
    works.confirm(one)
    found = get_project(works.national, "P7-03")
    assert (found.standing.state, found.run.finished_on, found.standing.overrun) == ("done", date(2024, 3, 1), -305)
    works.confirm(works.report("2024-Q1", 90, correction="验收未通过"))
    found = get_project(works.national, "P7-03")
    assert (found.standing.state, found.run.finished_on) == ("under_way", None)


def test_evidence_that_was_altered_confirms_nothing(works: Works) -> None:
    works.planned()
    one = works.report("2024-Q1", 100)
    place = file_place(hashlib.sha256(PDF).hexdigest())
    place.chmod(0o644)
    place.write_bytes(PDF + b" ")
    with refused("evidence_altered"):
        works.confirm(one)
    one.refresh_from_db()
    assert one.state == "waiting"


def test_quarters_that_nobody_reported_are_listed(works: Works) -> None:
    with clock.travel_to(date(2023, 8, 1)):
        works.planned()
    owed = [each.code for each in get_project(works.national, "P7-03").owed]
    assert owed == ["2023-Q3", "2023-Q4", "2024-Q1"], "from the quarter in which the office was named"
    works.report("2023-Q4", 50)
    assert [each.code for each in get_project(works.national, "P7-03").owed] == ["2023-Q3", "2024-Q1"]
    assert get_project(works.national, "P7-56").owed == ()


# ---- on the desk of who confirms ------------------------------------------------------------------------


def titles(user: Any) -> list[str]:
    return [each.matter.title for each in inbox(user)]


def test_a_report_lies_on_the_desk_of_who_confirms_it_and_its_step_decides_it(works: Works) -> None:
    works.planned()
    one = works.report("2024-Q1", 30)
    assert titles(works.other) == ["确认季度进展：P7-03 深圳 2024年第1季度"] and titles(works.hubei) == titles(works.national) == []
    with refused("own_report", NotAllowed):
        take_step(actor=works.guangdong, matter=one.matter_id, transition="confirm", fields={"opinion": "属实"})
    with pytest.raises(Refused):
        take_step(actor=works.hubei, matter=one.matter_id, transition="confirm", fields={"opinion": "属实"})
    take_step(actor=works.other, matter=one.matter_id, transition="confirm", fields={"opinion": "属实"})
    one.refresh_from_db()
    assert (one.state, one.decided_by, one.opinion, one.matter.state) == ("confirmed", works.other, "属实", "confirmed")
    assert titles(works.other) == [] and get_project(works.national, "P7-03").latest == one


@pytest.mark.parametrize(("confirm", "state"), [(True, "confirmed"), (False, "returned")])
def test_the_task_ends_with_a_decision_on_the_page_by_another_who_may(works: Works, confirm: bool, state: str) -> None:
    works.planned()
    one = works.report("2024-Q1", 30)
    works.confirm(one, works.national, confirm=confirm)
    one.refresh_from_db()
    assert (one.state, one.decided_by, one.matter.state) == (state, works.national, state) and titles(works.other) == []
    with pytest.raises(Refused):
        take_step(actor=works.other, matter=one.matter_id, transition="confirm", fields={"opinion": "属实"})


def test_the_reports_of_a_city_and_of_a_ministry_go_up(works: Works) -> None:
    works.planned(owner=works.city)
    works.report("2024-Q1", 80, works.city)
    works.planned("P9-01", owner=works.ministry)
    works.report("2024-Q1", 10, works.ministry, "P9-01")
    assert len(titles(works.guangdong)) == 1 and titles(works.city) == titles(works.ministry) == []
    assert titles(works.national) == ["确认季度进展：P9-01 5G、物联网 2024年第1季度"]
    works.confirm(ProgressReport.objects.get(run__project__project_id="P9-01"), works.national, "P9-01")
    assert titles(works.national) == []


def test_evidence_that_was_altered_stops_the_step_too(works: Works) -> None:
    works.planned()
    one = works.report("2024-Q1", 100)
    place = file_place(hashlib.sha256(PDF).hexdigest())
    place.chmod(0o644)
    place.write_bytes(PDF + b" ")
    with refused("evidence_altered"):
        take_step(actor=works.other, matter=one.matter_id, transition="confirm", fields={"opinion": "属实"})
    one.refresh_from_db()
    assert (one.state, one.matter.state) == ("waiting", "awaiting")
    take_step(actor=works.other, matter=one.matter_id, transition="give_back", fields={"opinion": "材料已变动，请重报"})
    assert works.report("2024-Q1", 30).revision == 2


def test_such_a_task_without_a_report_decides_nothing(works: Works) -> None:
    with acting_system("tests") as system:
        bare = open_matter(actor=system, procedure="quarterly_report", title="没有报告", applicant=works.guangdong.organisation,
                           named={"confirmer": works.guangdong.organisation.code})
    with refused("no_report"):
        take_step(actor=works.other, matter=bare.pk, transition="confirm", fields={"opinion": "属实"})


# ---- counts, differences, targets, thresholds -----------------------------------------------------------


def test_rows_are_counted_by_place_and_box(works: Works) -> None:
    works.planned()
    found = {each.code: each for each in by_place(board(works.national))}
    assert (found["44"].by_box, found["44"].by_state, found["44"].number) == ({"7": 1}, {"lagging": 1}, 1), "should have begun in 2023"
    assert found[""].by_box == {"9": 1} and found[""].by_state == {"blank": 1} and found["42"].by_box == {"7": 1}


def test_every_row_of_the_plan_is_there_and_says_where_it_differs(db: None) -> None:
    from kouan.ports.actions import load_register

    with acting_system("tests") as system:
        load_register(actor=system)
        views = board(system)
    assert len(views) == 147 and {box: sum(each.box == box for each in views) for box in ("7", "8", "9", "10")} == {"7": 57, "8": 25, "9": 14,
        "10": 51}
    assert {each.standing.state for each in views} == {"blank"} and {each.owner_words for each in views} == {"未明确责任单位"}
    found = {each.kind: each for each in differences()}
    assert [each.object_zh for each in found["more_than_two"].projects] == ["绥芬河", "满洲里", "珲春"]
    assert (found["more_than_two"].ambiguity, found["more_than_two"].neighbour) == ("A-20", "RU")
    assert [each.object_zh for each in found["prose_only"].projects] == ["大连", "武汉", "重庆"]
    assert [each.object_zh for each in found["box_only"].projects] == ["连云港"]
    assert dict(counts_of_box_seven()) == {"water": 11, "air": 12, "road": 21, "rail": 10}
    assert {"P7-55", "P8-25"} <= {each.project_id for each in remarks()}
    assert len(differences()) == 3 and not any(each.finding.is_error for each in differences()), "shown, no block"


def test_the_targets_are_those_of_the_plan(works: Works) -> None:
    digest = hashlib.sha256((FOLDER / "targets.csv").read_bytes()).hexdigest()
    assert digest == plan().source["checksums"]["key_targets.csv"] and digest in (FOLDER / "README.md").read_text(encoding="utf-8")
    found = targets.target_table(works.hubei)
    assert len(found) == 27 and all(each.target.kind in targets.KINDS and each.target.horizon in targets.HORIZONS for each in found)
    goals = {each.target.code: each.target.goal.zh for each in found}
    assert (goals["T-06"], goals["T-11"], goals["T-20"], goals["T-22"]) == ("10个口岸", "不少于200公里", "不超过1个水运口岸/地级市", "1—2个/毗邻国家")
    assert (goals["T-25"], goals["T-14"], goals["T-27"], goals["T-01"]) == ("100%的开放口岸", "不少于1,500,000人次/年", "见原文", "见原文")
    assert targets.target_table(an_enterprise_user()) == []


def test_a_target_by_year_with_its_source(works: Works) -> None:
    known: dict[str, Any] = {"actor": works.national, "target": "T-06", "source": "国家口岸办统计"}
    targets.enter_actual(**known, year=2023, value=Decimal("0"))
    one = targets.get_target(works.guangdong, "T-06")
    assert one.years == [2021, 2022, 2023, 2024, 2025] and one.revision(2022) == 0 and one.actuals[2023].value == 0
    with refused("actual_changed", Conflict):
        targets.enter_actual(**known, year=2023, value=Decimal("9"))
    with refused("value_required"):
        targets.enter_actual(**known, year=2023, value=Decimal("9"), revision=1)
    targets.enter_actual(**known, year=2023, value=Decimal("9.5"), words="含临时", correction="漏计", revision=1)
    one = targets.get_target(works.guangdong, "T-06")
    assert one.actuals[2023].value == Decimal("9.5") and [each.revision for each in one.history] == [2, 1]
    with pytest.raises(NotAllowed):
        targets.enter_actual(**(known | {"actor": works.guangdong}), year=2022, value=Decimal("9"))
    for wrong, code in (({"year": 2020, "value": Decimal(1)}, "year_out_of_range"), ({"year": 2025, "value": Decimal(1)}, "year_out_of_range"),
                        ({"year": 2022}, "nothing_said"), ({"year": 2022, "value": Decimal("NaN")}, "amount_out_of_range"),
                        ({"year": 2022, "value": Decimal(1), "source": ""}, "value_required")):
        with refused(code):
            targets.enter_actual(**(known | wrong))
    with pytest.raises(NotFound):
        targets.enter_actual(**(known | {"target": "T-99"}), year=2022, value=Decimal(1))
    assert TargetActual.objects.count() == 2


def test_thresholds_are_proposals_until_the_national_office_sets_its_own(works: Works) -> None:
    assert all(each.is_proposed and each.reason.zh.startswith("建议值") for one in thresholds.proposals().values() for each in one.values)
    known: dict[str, Any] = {"actor": works.national, "name": "linear_days", "reason": "国家口岸办确定"}
    works.planned(started_on=date(2023, 1, 5))
    works.confirm(works.report("2024-Q1", 50))
    assert get_project(works.national, "P7-03").standing.linear == 456 - 366
    assert get_project(works.national, "P7-03").standing.state == "lagging", "90 days, the threshold itself"
    thresholds.set_threshold(**known, count=91, from_day=DAY + timedelta(1))
    assert get_project(works.national, "P7-03").standing.state == "lagging", "not in force yet"
    with clock.travel_to(DAY + timedelta(1)):
        assert get_project(works.national, "P7-03").standing.state == "under_way"
        thresholds.set_threshold(**known, count=90, from_day=DAY + timedelta(1))
        assert get_project(works.national, "P7-03").standing.state == "lagging", "of one day the last entered holds"
    held = thresholds.Thresholds()
    assert held.on("linear_days", DAY).is_proposed and not held.on("linear_days", DAY + timedelta(1)).is_proposed
    for wrong, code in (({"count": 0}, "count_out_of_range"), ({"from_day": DAY - timedelta(1)}, "from_in_the_past"), ({"reason": ""},
        "value_required")):
        with refused(code):
            thresholds.set_threshold(**(known | {"count": 60, "from_day": DAY} | wrong))
    with pytest.raises(NotFound):
        thresholds.set_threshold(**(known | {"name": "colour"}), count=1, from_day=DAY)
    with pytest.raises(NotAllowed):
        thresholds.set_threshold(**(known | {"actor": works.guangdong}), count=1, from_day=DAY)


def test_each_deed_stands_in_the_trail(works: Works) -> None:
    works.planned()
    works.confirm(works.report("2024-Q1", 50))
    actions.set_funding(actor=works.guangdong, project="P7-03", kind="local", planned=Decimal(1), version=1)
    tables = set(AuditEntry.objects.filter(actor_id__in=[works.national.pk, works.guangdong.pk, works.other.pk]).values_list("table_name", flat=True))
    assert {"execution_projectrun", "execution_progressreport", "execution_projectfunding"} <= tables
    assert not projects_visible_to(None).exists()
    with pytest.raises(Refused):
        actions.set_project(actor=works.guangdong, project="P7-03", reason="", version=2)
