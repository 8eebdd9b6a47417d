"""Clocks: suspended while the applicant supplements, added up, lapsed, reminded of, and told once however late."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.procedure.samples import CALENDAR, SETTINGS, the_wharf

from kouan.procedure import Notice, Running, Standing, Step, answer, due, standing

WHARF = the_wharf()


def a_matter(*steps: tuple[str, str]) -> Running:
    return Running("wharf_use", "2021", tuple(Step(state, date.fromisoformat(day), "x", "1") for state, day in steps))


def clock(running: Running, today: str, code: str) -> Standing:
    found = standing(WHARF, running, calendar=CALENDAR, settings=SETTINGS, today=date.fromisoformat(today))
    (one,) = [each for each in found if each.code == code]
    return one


def notices(running: Running, today: str, **known: Any) -> list[Notice]:
    return due(WHARF, running, calendar=CALENDAR, settings=SETTINGS, today=date.fromisoformat(today), **known)


def test_it_is_suspended_while_the_applicant_supplements() -> None:
    # Submitted on Monday 4 March 2024; after five working days a supplement is asked for; it takes two weeks.
    asked = a_matter(("draft", "2024-03-01"), ("submitted", "2024-03-04"), ("supplementing", "2024-03-11"))
    one = clock(asked, "2024-03-20", "decide")
    assert (one.state, one.used, one.due, one.left) == ("suspended", 5, None, None)
    back = a_matter(("draft", "2024-03-01"), ("submitted", "2024-03-04"), ("supplementing", "2024-03-11"), ("submitted", "2024-03-25"))
    one = clock(back, "2024-03-25", "decide")
    # Fifteen working days are left after 25 March; 清明 4 to 6 April off, Sunday 7 April worked.
    assert (one.state, one.used, one.due) == ("running", 5, date(2024, 4, 16))
    assert one.left == 15


def test_neighbouring_states_are_one_run() -> None:
    one = clock(a_matter(("submitted", "2024-03-04"), ("consulting", "2024-03-08")), "2024-03-12", "decide")
    assert (one.used, one.due) == (6, CALENDAR.after(date(2024, 3, 4), 20))


def test_a_clock_that_resets_begins_anew() -> None:
    twice = a_matter(("submitted", "2024-03-04"), ("supplementing", "2024-03-05"), ("submitted", "2024-03-20"), ("supplementing", "2024-03-22"))
    assert clock(twice, "2024-03-25", "supplement").due == date(2024, 4, 22)  # 21 April is a Sunday


@pytest.mark.parametrize(("began", "months", "last"), [
    ("2023-08-31", 6, "2024-02-29"),   # no 31 February: its last day (民法典 第二百零二条)
    ("2024-04-01", 6, "2024-10-08"),   # 1 October is a holiday: the next working day
    ("2024-01-15", 6, "2024-07-15"),
])
def test_months_end_on_the_corresponding_day(began: str, months: int, last: str) -> None:
    found = standing(WHARF, a_matter(("in_use", began)), calendar=CALENDAR, settings={"longest_stay": months}, today=date.fromisoformat(began))
    assert found[0].due == date.fromisoformat(last)


def test_the_last_day_is_in_time_and_the_next_is_late() -> None:
    matter = a_matter(("submitted", "2024-03-04"))
    last = CALENDAR.after(date(2024, 3, 4), 20)
    assert not clock(matter, last.isoformat(), "decide").is_overdue
    assert clock(matter, last.isoformat(), "decide").left == 0
    assert clock(matter, CALENDAR.after(last, 1).isoformat(), "decide").is_overdue


def test_reminders_come_once_and_the_nearest_only() -> None:
    matter = a_matter(("submitted", "2024-03-04"))  # due on 1 April
    (first,) = notices(matter, "2024-03-26")
    assert (first.kind, first.left, first.parties) == ("reminder", 4, ("national",))
    assert notices(matter, "2024-03-27", done={first.key}) == []
    (second,) = notices(matter, "2024-03-29", done={first.key})
    assert second.key != first.key and second.left == 1


def test_a_job_that_slept_for_a_week_tells_what_is_so_now_once() -> None:
    matter = a_matter(("submitted", "2024-03-04"))
    (late,) = notices(matter, "2024-04-10")
    assert (late.kind, late.escalate_to) == ("overdue", "leader") and late.left < 0
    assert notices(matter, "2024-04-11", done={late.key}) == []


def test_a_lapse_names_the_step_that_the_system_takes() -> None:
    kinds = {each.kind: each.transition for each in notices(a_matter(("submitted", "2024-03-01"), ("supplementing", "2024-03-04")), "2024-04-09")}
    assert kinds == {"overdue": "", "lapse": "drop"}


def test_each_opinion_has_its_own_clock() -> None:
    asked = a_matter(("submitted", "2024-03-04"), ("consulting", "2024-03-08"))
    waiting = {party for each in notices(asked, "2024-03-25") if each.clock == "views" for party in each.parties}
    assert waiting == {"customs", "military"}
    one_in = answer(WHARF, asked, "views", "customs", parties={"customs"}, on=date(2024, 3, 12), agrees=True)
    still = standing(WHARF, one_in, calendar=CALENDAR, settings=SETTINGS, today=date(2024, 3, 12))
    assert {each.party for each in still if each.party} == {"military"}


def test_a_year_without_a_table_makes_the_end_provisional() -> None:
    assert clock(a_matter(("submitted", "2026-12-20")), "2026-12-21", "decide").is_provisional
    assert not clock(a_matter(("submitted", "2026-11-02")), "2026-11-03", "decide").is_provisional


def test_a_day_named_for_everybody_is_moved_by_nothing() -> None:
    # 2025-12-31 is a Wednesday, 2024-03-31 a Sunday: the day stands as the instrument names it.
    dated = the_wharf(("length: {months: longest_stay}", "length: {until: 2024-03-31}"))
    matter = Running("wharf_use", "2021", (Step("draft", date(2024, 3, 1), "x"), Step("in_use", date(2024, 3, 4), "x")))
    told = {day: next(each for each in standing(dated, matter, calendar=CALENDAR, settings=SETTINGS, today=day) if each.code == "stay")
            for day in (date(2024, 3, 11), date(2024, 4, 1))}
    assert {each.due for each in told.values()} == {date(2024, 3, 31)}
    assert [each.is_overdue for each in told.values()] == [False, True]
    assert told[date(2024, 3, 11)].used == 7


def test_what_has_ended_has_no_notices() -> None:
    assert notices(a_matter(("submitted", "2024-03-04"), ("refused", "2024-05-06")), "2024-12-31") == []
