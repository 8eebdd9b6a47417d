"""Running matters: one transaction a step, a task on a desk, nothing lost, nothing out of scope."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import a_user, an_auditor, an_office
from tests.desk.matters import DAY, GOOD, Effects, People, a_paper, begun, consulting, submitted, the_sample
from tests.procedure.samples import WHARF

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.desk.matters.actions import give_opinion, open_matter, reassign, run_clocks, take_step
from kouan.desk.matters.models import Matter, MatterNotice, MatterOpinion, MatterStep, Task
from kouan.desk.matters.queries import clocks_of, get_matter, inbox, running_of, unread, working_days
from kouan.desk.matters.upkeep import delegate, end_delegation, enter_holidays, mark_read, set_period

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def effects(tmp_path: Path) -> Any:
    with the_sample(tmp_path) as found:
        yield found


@pytest.fixture
def people(effects: Effects) -> People:
    found = People()
    found.settle()
    return found


def on_desk(user: Any, day: date = DAY) -> set[str]:
    return {task.key.rpartition(":")[0].rpartition(":")[2] + ":" + task.party for task in inbox(user, day)}


def codes(error: Refused) -> set[str]:
    return {each.code for each in error.findings}


class TestBeginning:
    def test_until_the_national_office_sets_the_period_nothing_begins(self) -> None:
        people = People()
        with pytest.raises(Refused) as refusal:
            begun(people)
        assert codes(refusal.value) == {"setting_unfilled"} and not Matter.objects.exists()
        people.settle()
        assert begun(people).state == "draft"

    def test_it_lies_on_the_desk_of_who_began_it(self, people: People) -> None:
        matter = begun(people)
        assert [task.matter_id for task in inbox(people.shandong, DAY)] == [matter.pk]
        assert not inbox(people.national, DAY) and not inbox(people.guangdong, DAY)

    def test_who_has_no_part_in_the_first_step_begins_nothing(self, people: People) -> None:
        with pytest.raises(NotAllowed):
            begun(people, actor=people.customs)
        with pytest.raises(NotAllowed):
            open_matter(actor=an_auditor(), procedure="wharf_use", title="x")

    def test_offices_named_must_exist_and_be_asked_for(self, people: People) -> None:
        for named in ({"customs": "no-such-office"}, {"national": people.customs.organisation.code}):
            with pytest.raises(Refused) as refusal:
                begun(people, named=named)
            assert codes(refusal.value) == {"unknown_office"}

    def test_a_title_with_a_mark_of_secrecy_does_not_enter(self, people: People) -> None:
        with pytest.raises(Refused) as refusal:
            begun(people, title="机密★10年 某港临时开放")
        assert codes(refusal.value) == {"secrecy_mark"}

    def test_a_procedure_that_does_not_exist_or_is_not_yet_in_force(self, people: People) -> None:
        with pytest.raises(NotFound) as refusal:
            begun(people, procedure="wharf_us")
        assert "wharf_use" in str(refusal.value.findings[0].remedy)
        with pytest.raises(NotFound):
            begun(people, on=date(2020, 12, 31))

    def test_a_holiday_table_that_is_missing_stops_the_start_only(self, people: People) -> None:
        running = begun(people)
        with pytest.raises(Refused) as refusal:
            begun(people, on=date(2026, 12, 21))
        assert codes(refusal.value) == {"holiday_table_missing"}
        take_step(actor=people.shandong, matter=running.pk, transition="submit", on=date(2026, 12, 21),
                  documents={"application": a_paper(people.shandong)})
        assert [each.is_provisional for each in clocks_of(running, date(2026, 12, 21))] == [True]
        days = [date(2027, 1, 1), *(date(2027, 2, 5) + timedelta(days=n) for n in range(8)), date(2027, 4, 5), date(2027, 5, 1), date(2027, 10, 1)]
        enter_holidays(actor=people.national, year=2027, holidays=days, worked=[date(2027, 2, 20)], notice="国务院办公厅通知", number="文号")
        assert working_days().is_working(date(2027, 2, 20))
        assert begun(people, on=date(2026, 12, 21)).state == "draft"
        assert not [each for each in clocks_of(running, date(2026, 12, 21)) if each.is_provisional]


class TestSteps:
    def test_the_whole_way_with_every_role(self, people: People, effects: Effects) -> None:
        matter = consulting(people)
        assert on_desk(people.national) >= {"views:military", "act:national"} and on_desk(people.customs) == {"views:customs"}
        give_opinion(actor=people.customs, matter=matter.pk, consultation="views", party="customs", agrees=True, on=DAY)
        give_opinion(actor=people.national, matter=matter.pk, consultation="views", party="military", agrees=True, reference="军函1号", on=DAY)
        assert not inbox(people.customs, DAY)
        done = take_step(actor=people.national, matter=matter.pk, transition="allow", documents={"letter": a_paper(people.national)}, on=DAY)
        assert (done.state, effects.opened) == ("in_use", [matter.pk])
        ended = take_step(actor=people.national, matter=matter.pk, transition="end", on=date(2024, 5, 6))
        assert ended.outcome == "ended" and ended.ended_at and not Task.objects.open().filter(matter=matter).exists()
        assert [step.transition for step in matter.steps.all()] == ["begin", "submit", "admit", "allow", "end"]

    def test_the_stored_state_is_what_the_steps_say(self, people: People) -> None:
        matter = consulting(people)
        assert running_of(matter).state == Matter.objects.get(pk=matter.pk).state == "consulting"

    def test_a_refusal_of_the_effect_takes_the_step_back(self, people: People, effects: Effects) -> None:
        matter = consulting(people)
        give_opinion(actor=people.customs, matter=matter.pk, consultation="views", party="customs", agrees=True, on=DAY)
        give_opinion(actor=people.national, matter=matter.pk, consultation="views", party="military", agrees=True, reference="1", on=DAY)
        effects.refuses = Refused.because("no_reply", "没有批复。", "No reply.")
        before = (Matter.objects.get(pk=matter.pk).version, MatterStep.objects.count(), set(Task.objects.open().values_list("key", flat=True)))
        with pytest.raises(Refused):
            take_step(actor=people.national, matter=matter.pk, transition="allow", documents={"letter": a_paper(people.national)}, on=DAY)
        after = (Matter.objects.get(pk=matter.pk).version, MatterStep.objects.count(), set(Task.objects.open().values_list("key", flat=True)))
        assert before == after and not effects.opened

    def test_of_two_officers_at_once_the_second_is_told(self, people: People) -> None:
        matter = submitted(people)
        seen = matter.version
        take_step(actor=people.national, matter=matter.pk, transition="admit", facts=GOOD, version=seen, on=DAY)
        with pytest.raises(Conflict) as refusal:
            take_step(actor=people.colleague, matter=matter.pk, transition="ask_supplement", fields={"reason": "缺图"}, version=seen, on=DAY)
        assert codes(refusal.value) == {"matter_changed"} and people.national.display_name in str(refusal.value.findings[0])
        with pytest.raises(Conflict) as refusal:  # without the version it is the state that tells
            take_step(actor=people.colleague, matter=matter.pk, transition="ask_supplement", fields={"reason": "缺图"}, on=DAY)
        assert codes(refusal.value) == {"not_from_here"}

    def test_a_step_of_another_party_is_refused_and_recorded(self, people: People) -> None:
        matter = submitted(people)
        with pytest.raises(NotAllowed):
            take_step(actor=people.shandong, matter=matter.pk, transition="admit", facts=GOOD, on=DAY)
        assert AuditEntry.objects.filter(kind="E", note="refused", actor_id=people.shandong.pk, after__contains='"admit"').exists()
        assert Matter.objects.get(pk=matter.pk).state == "submitted"

    def test_facts_stay_with_the_step_that_rested_on_them(self, people: People) -> None:
        matter = consulting(people)
        step = matter.steps.get(transition="admit")
        assert step.facts["depth_metres"] == 12 and step.actor == people.national

    def test_the_running_matter_stays_under_the_edition_it_began_with(self, people: People, tmp_path: Path) -> None:
        matter = submitted(people)
        changed = WHARF.replace("at_least: 10}", "at_least: 20}")
        other = tmp_path / "later"
        other.mkdir()
        with the_sample(other, changed):
            assert take_step(actor=people.national, matter=matter.pk, transition="admit", facts=GOOD, on=DAY).state == "consulting"
            fresh = begun(people)
            take_step(actor=people.shandong, matter=fresh.pk, transition="submit", documents={"application": a_paper(people.shandong)}, on=DAY)
            with pytest.raises(Refused):
                take_step(actor=people.national, matter=fresh.pk, transition="admit", facts=GOOD, on=DAY)
        assert fresh.edition_id != matter.edition_id


class TestScope:
    def test_a_neighbour_province_sees_nothing_and_leaves_a_trace(self, people: People) -> None:
        matter = submitted(people)
        before = AuditEntry.objects.count()
        for attempt in (
            lambda: get_matter(people.guangdong, matter.pk),
            lambda: take_step(actor=people.guangdong, matter=matter.pk, transition="withdraw", fields={"reason": "x"}, on=DAY),
            lambda: give_opinion(actor=people.guangdong, matter=matter.pk, consultation="views", party="customs", agrees=True),
        ):
            with pytest.raises(NotFound):
                attempt()
        assert AuditEntry.objects.count() >= before + 3
        with pytest.raises(NotFound):
            get_matter(people.guangdong, 999_999)

    def test_an_office_that_is_asked_sees_the_matter_from_then_on(self, people: People) -> None:
        waiting = submitted(people)
        with pytest.raises(NotFound):
            get_matter(people.customs, waiting.pk)
        take_step(actor=people.national, matter=waiting.pk, transition="admit", facts=GOOD, on=DAY)
        assert get_matter(people.customs, waiting.pk) == waiting

    def test_enterprises_and_inactive_people_see_nothing(self, people: People) -> None:
        matter = submitted(people)
        trader = a_user(Role.ENTERPRISE_USER, an_office(OrganisationKind.ENTERPRISE))
        gone = a_user(Role.NATIONAL_OFFICER, people.national.organisation, is_active=False)
        for user in (trader, gone, None):
            assert not Matter.objects.visible_to(user).filter(pk=matter.pk).exists() and not inbox(user)


class TestDesks:
    def test_a_task_may_be_given_to_one_person_and_back(self, people: People) -> None:
        submitted(people)
        (task,) = inbox(people.national, DAY)
        reassign(actor=people.national, task=task.pk, to=people.colleague)
        assert not inbox(people.national, DAY) and [each.pk for each in inbox(people.colleague, DAY)] == [task.pk]
        with pytest.raises(Refused):
            reassign(actor=people.national, task=task.pk, to=people.shandong)
        with pytest.raises((NotAllowed, NotFound)):
            reassign(actor=people.shandong, task=task.pk, to=people.shandong)
        reassign(actor=people.colleague, task=task.pk, to=None)
        assert len(inbox(people.national, DAY)) == 1

    def test_who_is_away_lets_a_colleague_act_and_the_step_says_so(self, people: People) -> None:
        matter = submitted(people)
        (task,) = inbox(people.national, DAY)
        reassign(actor=people.national, task=task.pk, to=people.national)
        assert not inbox(people.colleague, DAY)
        today = clock.today()
        delegation = delegate(actor=people.national, to=people.colleague, starts_on=today, ends_on=today + timedelta(days=5), reason="年休假")
        assert len(inbox(people.colleague, today)) == 1
        with pytest.raises(Refused):
            delegate(actor=people.national, to=people.shandong, starts_on=today, ends_on=today, reason="出差")
        end_delegation(actor=people.national, delegation=delegation.pk)
        assert not inbox(people.colleague, today) and matter.pk

    def test_a_role_removed_in_mid_case_leaves_no_case_without_a_desk(self, people: People) -> None:
        matter = consulting(people)
        people.customs.is_active = False
        people.customs.save()
        with acting_system("clocks") as system:
            run_clocks(actor=system, today=DAY)
        task = Task.objects.open().get(matter=matter, party="customs")
        assert task.is_stray and task.organisation == people.national.organisation
        give_opinion(actor=people.national, matter=matter.pk, consultation="views", party="customs", agrees=True, words="代收", on=DAY)
        assert MatterOpinion.objects.get(matter=matter, party="customs").actor == people.national


class TestTimePassing:
    def test_a_job_that_slept_for_a_week_catches_up_once(self, people: People, django_capture_on_commit_callbacks: Any, mailoutbox: Any) -> None:
        people.national.email = "officer@example.cn"
        people.national.save()
        matter = submitted(people)
        with django_capture_on_commit_callbacks(execute=True), acting_system("clocks") as system:
            first = run_clocks(actor=system, today=date(2024, 4, 10))
        assert first["notices"] >= 2  # the officers, and the head: overdue and escalation
        told = set(unread(people.national).values_list("kind", flat=True))
        assert told == {"overdue", "escalation"} and len(mailoutbox) == 1 and mailoutbox[0].body.count(matter.title) == 4
        with acting_system("clocks") as system:
            assert run_clocks(actor=system, today=date(2024, 4, 12))["notices"] == 0

    def test_a_lapse_moves_the_matter_by_the_system(self, people: People) -> None:
        matter = submitted(people)
        take_step(actor=people.national, matter=matter.pk, transition="ask_supplement", fields={"reason": "缺图"}, on=DAY)
        with acting_system("clocks") as system:
            assert run_clocks(actor=system, today=date(2024, 4, 3))["lapsed"] == 0  # the thirtieth day is in time
            assert run_clocks(actor=system, today=date(2024, 4, 7))["lapsed"] == 1
            assert run_clocks(actor=system, today=date(2024, 4, 8))["lapsed"] == 0
        last = matter.steps.last()
        assert last is not None and (last.transition, last.actor) == ("drop", None)
        assert Matter.objects.get(pk=matter.pk).outcome == "withdrawn"

    def test_dates_of_tasks_follow_the_clock(self, people: People) -> None:
        matter = submitted(people)
        assert Task.objects.open().get(matter=matter).due_on == date(2024, 4, 1)

    def test_notices_are_ones_own(self, people: People) -> None:
        submitted(people)
        with acting_system("clocks") as system:
            run_clocks(actor=system, today=date(2024, 4, 10))
        mine = list(MatterNotice.objects.filter(recipient=people.national).values_list("pk", flat=True))
        assert mark_read(actor=people.shandong, notices=mine) == 0
        assert mark_read(actor=people.national, notices=mine) == len(mine) and not unread(people.national)


class TestUpkeep:
    def test_a_period_needs_a_reason_and_the_national_office(self, people: People) -> None:
        with pytest.raises(NotAllowed):
            set_period(actor=people.shandong, procedure="wharf_use", setting="longest_stay", count=3, reason="x")
        for known, code in (({"reason": " "}, "reason_missing"), ({"count": 0}, "count_out_of_range"), ({"setting": "y"}, "unknown_setting")):
            with pytest.raises(Refused) as refusal:
                set_period(**{"actor": people.national, "procedure": "wharf_use", "setting": "longest_stay", "count": 3, "reason": "文件", **known})
            assert codes(refusal.value) == {code}

    @pytest.mark.parametrize(("change", "field"), [
        ({"worked": [date(2027, 2, 22)]}, "worked"), ({"holidays": [date(2027, 1, 1)]}, "holidays"), ({"number": " "}, "number"),
        ({"year": 1999}, "year"),
    ])
    def test_a_wrong_holiday_table_is_refused_by_field(self, people: People, change: dict[str, Any], field: str) -> None:
        good = {"year": 2027, "holidays": [date(2027, 10, n) for n in range(1, 13)], "worked": [date(2027, 9, 26)], "notice": "通知", "number": "号"}
        with pytest.raises(Refused) as refusal:
            enter_holidays(actor=people.national, **good | change)
        assert field in {each.where.field for each in refusal.value.findings}
