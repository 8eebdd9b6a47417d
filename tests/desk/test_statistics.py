"""Durations: by state and office, against the clock, in scope; nothing unfinished in a median."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.desk.matters import DAY, People, a_paper, begun, consulting, submitted, the_sample

from kouan.basis import clock
from kouan.desk.matters.actions import give_opinion, take_step
from kouan.desk.matters.models import Matter, MatterStep
from kouan.desk.matters.queries import matters_visible_to
from kouan.desk.matters.statistics import ClockRow, Row, durations, ninth_decile
from kouan.desk.matters.upkeep import set_period

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with the_sample(tmp_path), clock.travel_to("2024-03-04"):
        found = People()
        found.settle()
        yield found


def row(found: Any, step: str, office: str = "全部单位") -> Row:
    (only,) = [each for each in found.steps if each.step.zh == step and each.office.zh == office]
    return only


def period(found: Any, name: str) -> ClockRow:
    (only,) = [each for each in found.clocks if each.clock.zh == name]
    return only


def refused_after(people: People, days: int) -> Matter:
    """Handed in on the first day, refused some days later."""
    matter = submitted(people)
    return take_step(actor=people.national, matter=matter.pk, transition="refuse", fields={"reason": "x"},
                     documents={"letter": a_paper(people.national)}, on=DAY + timedelta(days=days))


class TestSteps:
    def test_days_count_for_the_office_that_ended_them(self, people: People) -> None:
        for days in (2, 4, 9):
            refused_after(people, days)
        found = durations(matters_visible_to(people.national), today=date(2024, 5, 6))
        whole, office = row(found, "待受理"), row(found, "待受理", people.national.organisation.name_zh)
        assert (whole.count, whole.median_days, whole.p90_days, whole.open_count) == (3, 4, None, 0) and whole.is_total and not office.is_total
        assert office.median_days == 4 and row(found, "起草", people.shandong.organisation.name_zh).median_days == 0
        assert not [each for each in found.steps if each.step.zh == "不予同意"], "no time is spent in an end"

    def test_what_is_open_is_counted_and_aged_apart(self, people: People) -> None:
        refused_after(people, 2)
        submitted(people)
        found = row(durations(matters_visible_to(people.national), today=DAY + timedelta(days=40)), "待受理")
        assert (found.count, found.median_days) == (1, 2)
        assert (found.open_count, found.open_median_days, found.open_oldest_days) == (1, 40, 40)

    def test_in_time_is_by_the_last_day_of_the_clock(self, people: People) -> None:
        refused_after(people, 28)  # the twentieth working day, 2024-04-01
        refused_after(people, 29)
        found = row(durations(matters_visible_to(people.national)), "待受理")
        assert (found.timed, found.share_in_time) == (2, 0.5)
        draft = row(durations(matters_visible_to(people.national)), "起草")
        assert (draft.timed, draft.share_in_time) == (0, None), "no clock runs in a draft"

    def test_the_ninth_decile_waits_for_thirty(self, people: People) -> None:
        assert ninth_decile([1] * 29) is None and ninth_decile([*range(1, 28), 50, 60, 70]) == 27

    def test_opinions_by_office_and_those_awaited(self, people: People) -> None:
        matter = consulting(people)
        give_opinion(actor=people.customs, matter=matter.pk, consultation="views", party="customs", agrees=True, on=DAY + timedelta(days=14))
        other = consulting(people)
        give_opinion(actor=people.customs, matter=other.pk, consultation="views", party="customs", agrees=True, on=DAY + timedelta(days=15))
        found = durations(matters_visible_to(people.national), today=DAY + timedelta(days=20))
        rows = [each for each in found.steps if each.kind == "opinion"]
        assert {each.office.zh for each in rows} == {"全部单位", people.customs.organisation.name_zh}
        customs = next(each for each in rows if not each.is_total)
        assert (customs.count, customs.median_days, customs.share_in_time) == (2, 14.5, 0.5)
        assert next(each for each in rows if each.is_total).open_count == 2, "the military, twice"

    def test_the_system_is_an_office_of_its_own(self, people: People) -> None:
        matter = submitted(people)
        take_step(actor=people.national, matter=matter.pk, transition="ask_supplement", fields={"reason": "缺图"}, on=DAY)
        MatterStep.objects.create(matter=matter, number=4, transition="drop", state="withdrawn", taken_on=DAY + timedelta(days=34))
        assert row(durations(matters_visible_to(people.national)), "待补正", "系统（期限届满）").median_days == 34


class TestClocks:
    def test_used_days_against_the_period(self, people: People) -> None:
        for days in (1, 7, 40):
            refused_after(people, days)
        submitted(people)
        found = period(durations(matters_visible_to(people.national), today=date(2024, 5, 6)), "办理期限")
        assert (found.unit, found.allowed, found.count, found.median_used, found.p90_used) == ("working_days", 20, 3, 5, None)
        assert found.share_in_time == pytest.approx(2 / 3) and (found.open_count, found.open_overdue) == (1, 1)

    def test_a_period_by_setting_follows_it(self, people: People) -> None:
        matter = consulting(people)
        for party, number in (("customs", ""), ("military", "1")):
            give_opinion(actor=people.customs if party == "customs" else people.national, matter=matter.pk, consultation="views", party=party,
                         agrees=True, reference=number, on=DAY)
        take_step(actor=people.national, matter=matter.pk, transition="allow", documents={"letter": a_paper(people.national)}, on=DAY)
        set_period(actor=people.national, procedure="wharf_use", setting="longest_stay", count=4, reason="x")
        found = period(durations(matters_visible_to(people.national)), "启用期限")
        assert (found.unit, found.allowed, found.open_count) == ("months", 4, 1)


class TestScope:
    def test_only_what_one_may_see_is_counted(self, people: People) -> None:
        refused_after(people, 2)
        assert durations(matters_visible_to(people.guangdong)).steps == []
        assert durations(matters_visible_to(people.shandong)).matters == 1

    def test_the_newest_are_taken_and_the_rest_is_said(self, people: People) -> None:
        for _ in range(3):
            begun(people)
        found = durations(matters_visible_to(people.national), most=2)
        assert (found.matters, found.left_out) == (2, 1)
