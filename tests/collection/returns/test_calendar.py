"""The reporting calendar: due days, reminders, overdue and escalation, extension, what does not apply, the board."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from tests.collection.returns.office import OCTOBER, TODAY, ReturnOffices, a_filled

from kouan.accounts.action import acting_system
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, Text, clock
from kouan.collection.returns import calendar, calls
from kouan.collection.returns.models import Return, ReturnCall, ReturnState
from kouan.collection.returns.queries import by_province, calls_visible_to, returns_visible_to, to_file
from kouan.collection.returns.standing import WORDS, those_that, word_of
from kouan.desk.matters.actions import run_clocks
from kouan.desk.matters.models import MatterNotice, Task
from kouan.desk.matters.queries import inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices() -> Iterator[ReturnOffices]:
    with clock.travel_to(TODAY):
        yield ReturnOffices()


def clocks() -> None:
    with acting_system("run_clocks") as system:
        run_clocks(actor=system)


def told_to(user: object) -> set[str]:
    return set(MatterNotice.objects.filter(recipient=user).values_list("kind", flat=True))


def call_of(offices: ReturnOffices) -> ReturnCall:
    return ReturnCall.objects.get(organisation=offices.border.organisation)


def test_nothing_is_due_until_the_national_office_has_said_when(offices: ReturnOffices) -> None:
    assert offices.run() == {"returns": 0, "calls": 0} and not Return.objects.exists()
    with pytest.raises(NotAllowed):
        calls.set_due_rule(actor=offices.province, cadence="month", due_days=10, freeze_days=20, escalate_days=5, valid_from=date(2024, 1, 1),
                             reason="x")
    with pytest.raises(Refused) as refused:
        calls.set_due_rule(actor=offices.national, cadence="week", due_days=0, freeze_days=20, escalate_days=5, valid_from=date(2024, 1, 1),
                             reason="")
    assert {each.where.field for each in refused.value.findings} == {"cadence", "due_days", "reason"}


def test_a_month_comes_due_on_a_working_day_and_each_office_has_its_call_once(offices: ReturnOffices) -> None:
    offices.calendar()
    assert offices.run() == {"returns": 0, "calls": 0}  # again, and nothing more
    held = offices.owed()
    # 31 October, then ten working days: 14 November 2024.
    assert held.due_on == date(2024, 11, 14) and held.call is not None and held.organisation == offices.border.organisation
    owing = {each.form: each.organisation_id for each in Return.objects.filter(port=offices.port)}
    city = offices.city.organisation_id
    assert owing == {"KA-01": city, "KA-02": offices.border.organisation_id, "KA-03": offices.operator.organisation_id, "KA-04": city, "KA-05": city,
                     "KA-06": city}
    assert [task.due_on for task in inbox(offices.border)] == [date(2024, 11, 14)]
    assert [each.pk for each in to_file(offices.border)] == [held.pk]
    assert {each.organisation_id for each in calls_visible_to(offices.neighbour)} == {offices.neighbour.organisation_id,
                                                                                    offices.far.organisation_id}


def test_reminded_then_overdue_then_told_to_the_province_and_at_last_to_the_nation(offices: ReturnOffices) -> None:
    offices.calendar()
    with clock.travel_to("2024-11-13T08:00:00+08:00"):
        clocks()
    assert told_to(offices.border) == {"reminder"} and not told_to(offices.province)
    with clock.travel_to("2024-11-15T08:00:00+08:00"):
        clocks()
        assert word_of(offices.owed()) == "late"
    assert told_to(offices.border) == {"reminder", "overdue"} and "escalation" in told_to(offices.province)
    about = MatterNotice.objects.filter(matter=call_of(offices).matter, recipient=offices.national)
    assert not about.exists()
    with clock.travel_to("2024-11-22T08:00:00+08:00"):
        clocks()
    assert set(about.values_list("kind", flat=True)) == {"escalation"}


def test_a_call_ends_by_itself_when_all_is_filed(offices: ReturnOffices) -> None:
    offices.calendar()
    offices.file()
    call = call_of(offices)
    assert call.matter.state == "done" and not Task.objects.open().filter(matter=call.matter).exists()
    with clock.travel_to("2024-11-20T08:00:00+08:00"):
        clocks()
    assert not told_to(offices.border)


def test_an_extension_is_asked_below_and_granted_above(offices: ReturnOffices) -> None:
    offices.calendar()
    call = call_of(offices)
    with pytest.raises(Refused) as refused:
        calls.ask_extension(actor=offices.border, call=call.pk, until=date(2024, 11, 14), reason="设备检修")
    assert refused.value.findings[0].code == "bad_extension"
    calls.ask_extension(actor=offices.border, call=call.pk, until=date(2024, 11, 22), reason="设备检修")
    with pytest.raises(NotAllowed):
        calls.decide_extension(actor=offices.border, call=call.pk, grant=True, reason="自批")
    with pytest.raises(NotFound):
        calls.decide_extension(actor=offices.neighbour, call=call.pk, grant=True, reason="x")
    calls.decide_extension(actor=offices.province, call=call.pk, grant=True, reason="情况属实")
    with clock.travel_to("2024-11-20T08:00:00+08:00"):
        clocks()
        held = offices.owed()
        assert held.last_day == date(2024, 11, 22) and word_of(held) == "extended"
        assert "overdue" not in told_to(offices.border)
        assert not offices.file().held.is_late
    assert offices.owed().extended_to == date(2024, 11, 22)


def test_only_the_national_office_says_that_an_item_does_not_apply(offices: ReturnOffices) -> None:
    offices.calendar()
    with pytest.raises(NotAllowed):
        calls.exempt_item(actor=offices.province, port="luohu-rail", item="conv", from_on=date(2024, 10, 1), reason="无")
    made = calls.exempt_item(actor=offices.national, port="luohu-rail", item="conv", from_on=date(2024, 10, 1), reason="只走旅客，无交通运输工具")
    with pytest.raises(Refused) as refused:
        offices.file()
    assert {(each.code, each.where.field) for each in refused.value.findings} == {("item_exempt", "v-conv")}
    held = offices.file(filled=a_filled(conv="")).held
    assert "conv" not in held.versions.get().cells
    with pytest.raises(Conflict):
        calls.exempt_item(actor=offices.national, port="luohu-rail", item="conv", from_on=date(2024, 10, 1), reason="再次")
    assert calls.end_exemption(actor=offices.national, number=made.pk, ended_on=date(2024, 12, 31)).ended_on == date(2024, 12, 31)


def test_a_return_that_asks_for_nothing_else_is_not_owed(offices: ReturnOffices) -> None:
    offices.calendar()
    for item in ("teu", "peak_day_flow", "peak_hour_flow"):
        calls.exempt_item(actor=offices.national, port="luohu-rail", item=item, from_on=date(2024, 10, 1), reason="不经营货运")
    held = Return.objects.get(form="KA-03", port=offices.port)
    assert held.state == ReturnState.NOT_APPLICABLE and word_of(held) == "exempt"
    assert ReturnCall.objects.get(organisation=offices.operator.organisation).matter.state == "done"


def test_the_board_counts_by_province_and_each_word_finds_its_rows(offices: ReturnOffices) -> None:
    offices.calendar()
    offices.signed()
    rows = returns_visible_to(offices.national).filter(period_start=OCTOBER.start)
    lines = {each.code: each for each in by_province(rows)}
    assert lines["44"].name == Text("广东省", lines["44"].name.en) and (lines["44"].owed, lines["44"].filed) == (6, 1)
    assert lines["45"].filed == 0 and lines["45"].share == 0
    with clock.travel_to("2024-11-15T08:00:00+08:00"):
        for word in WORDS:
            assert {each.pk for each in those_that(rows, word)} == {each.pk for each in rows if word_of(each) == word}, word
        assert by_province(rows)[0].counts == {"signed": 1, "late": 5}
    assert {each.code for each in by_province(returns_visible_to(offices.neighbour))} == {"45"}


def test_a_rule_holds_from_its_day_and_an_older_period_keeps_its_own(offices: ReturnOffices) -> None:
    offices.calendar(due_days=10)
    calls.set_due_rule(actor=offices.national, cadence="month", due_days=5, freeze_days=20, escalate_days=5, valid_from=date(2024, 11, 1),
                         reason="提速")
    found = calendar.days_for("month", OCTOBER), calendar.days_for("month", OCTOBER.next())
    assert [each.due_on for each in found if each] == [date(2024, 11, 14), date(2024, 12, 6)]
    assert calendar.days_for("event", OCTOBER) == found[0] and calendar.days_for("year", OCTOBER) is None
