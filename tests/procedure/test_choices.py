"""Options of a procedure: who may decide, whom one asks, on which day a clock of one matter ends, what is blocked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.procedure.samples import CALENDAR, EFFECTS, ROLES, SETTINGS, WHARF

from kouan.basis import NotAllowed, Refused
from kouan.procedure import (
    Procedure,
    Running,
    answer,
    begin,
    blocks,
    duties,
    fire,
    offers,
    read_text,
    standing,
)
from kouan.procedure.engine import opinions_of

DAY = date(2024, 3, 4)
FACTS = {"has_berth": True, "depth_metres": 12}


def the_wharf_with(*changes: tuple[str, str]) -> Procedure:
    text = WHARF
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return read_text(text, roles=ROLES, effects=EFFECTS)


def consulting(procedure: Procedure, proposer: str, asked: frozenset[str] | None = None) -> Running:
    running = replace(begin(procedure, on=DAY, actor="applicant", calendar=CALENDAR, settings=SETTINGS), asked=asked)
    running = fire(procedure, running, "submit", parties={"applicant"}, on=DAY, actor="applicant", documents={"application"}).running
    return fire(procedure, running, "admit", parties={"national"}, on=DAY, actor=proposer, facts=FACTS).running


FOUR_EYES = the_wharf_with(("first: draft\n", "first: draft\nfour_eyes: leader\n"))
CHOSEN = the_wharf_with(("state: consulting\n", "state: consulting\n    asks: chosen\n"))


class TestFourEyes:
    def test_who_proposed_does_not_decide(self) -> None:
        procedure = FOUR_EYES
        running = consulting(procedure, "7")
        given = {"parties": {"national", "leader"}, "on": DAY, "documents": {"letter"}, "fields": {"reason": "不符合条件"}, "facts": FACTS}
        with pytest.raises(NotAllowed) as refusal:
            fire(procedure, running, "refuse", actor="7", **given)
        assert refusal.value.findings[0].code == "own_proposal" and refusal.value.findings[0].remedy
        assert fire(procedure, running, "refuse", actor="8", **given).running.steps[-1].actor == "8"

    def test_the_page_is_told_before_anything_is_typed(self) -> None:
        shown = {actor: {finding.code for each in offers(FOUR_EYES, consulting(FOUR_EYES, "7"), parties={"leader"}, facts=FACTS, actor=actor)
                         for finding in each.unmet} for actor in ("7", "8", "")}
        assert "own_proposal" in shown["7"] and "own_proposal" not in shown["8"] | shown[""]

    def test_a_party_that_is_not_there_is_found_at_reading(self) -> None:
        with pytest.raises(Refused) as refusal:
            the_wharf_with(("first: draft\n", "first: draft\nfour_eyes: head\n"))
        assert {each.code for each in refusal.value.findings} == {"unknown_name"}


class TestWhomOneAsks:
    def test_only_those_chosen_are_asked_and_nobody_else_may_answer(self) -> None:
        running = consulting(CHOSEN, "7", frozenset({"customs"}))
        (views,) = CHOSEN.consultations.values()
        assert list(opinions_of(running, views)) == ["customs"]
        assert {each.key for each in duties(CHOSEN, running)} == {"views:customs", "act:national"}
        with pytest.raises(NotAllowed):
            answer(CHOSEN, running, "views", "military", parties={"military"}, on=DAY, agrees=True, reference="1")
        running = answer(CHOSEN, running, "views", "customs", parties={"customs"}, on=DAY, agrees=True)
        assert [each.agrees for each in running.opinions] == [True], "who was not asked has no silence"
        assert fire(CHOSEN, running, "allow", parties={"national", "leader"}, on=DAY, actor="8", documents={"letter"}, facts=FACTS)

    def test_where_a_matter_chose_nobody_in_particular_everybody_is_asked(self) -> None:
        (views,) = CHOSEN.consultations.values()
        assert set(opinions_of(consulting(CHOSEN, "7"), views)) == {"customs", "military"}

    def test_a_consultation_of_all_asks_all_whatever_was_chosen(self) -> None:
        (views,) = FOUR_EYES.consultations.values()
        assert set(opinions_of(consulting(FOUR_EYES, "7", frozenset({"customs"})), views)) == {"customs", "military"}


class TestTheDayOfOneMatter:
    def test_a_clock_ends_on_the_day_that_the_matter_names(self) -> None:
        clock = next(each for each in FOUR_EYES.clocks.values() if each.length.setting == "longest_stay")
        procedure = replace(FOUR_EYES, clocks={clock.code: replace(clock, until="opened_to")})
        state = clock.runs_in[0]
        running = consulting(procedure, "7")
        there = running.moved(replace(running.steps[-1], state=state))
        (longest,) = standing(procedure, there, calendar=CALENDAR, settings=SETTINGS, today=DAY)
        assert longest.due == date(2024, 9, 4)
        # A Saturday: a day that was decided is not moved to the next working day.
        (named,) = standing(procedure, replace(there, days={"opened_to": date(2024, 8, 10)}), calendar=CALENDAR, settings=SETTINGS, today=DAY)
        assert named.due == date(2024, 8, 10)

    def test_the_field_must_be_one_of_the_procedure(self) -> None:
        with pytest.raises(Refused) as refusal:
            the_wharf_with(("runs_in: in_use", "runs_in: in_use, until: opened_to"))
        assert {each.code for each in refusal.value.findings} == {"unknown_name"}


def test_a_duty_is_blocked_where_guards_close_all_its_steps() -> None:
    running = consulting(FOUR_EYES, "7")
    duty = next(each for each in duties(FOUR_EYES, running) if each.key == "act:national")
    assert blocks(FOUR_EYES, running, duty, FACTS) == []
    submitted = replace(running, steps=running.steps[:-1])
    duty = next(each for each in duties(FOUR_EYES, submitted) if each.key == "act:national")
    assert blocks(FOUR_EYES, submitted, replace(duty, transitions=("admit",)), {"has_berth": False})[0].code == "guard_unmet"
    assert blocks(FOUR_EYES, submitted, duty, {"has_berth": False}) == [], "one may still ask for a supplement"
