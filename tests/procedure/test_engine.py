"""How a matter moves, told in the words of the sample: a wharf asks to be used before it is open."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.procedure.samples import CALENDAR, SETTINGS, the_wharf

from kouan.basis import Conflict, NotAllowed, Refused
from kouan.procedure import Override, Running, WorkingDays, answer, begin, duties, fire, offers

WHARF = the_wharf()
DAY = date(2024, 3, 4)
GOOD: dict[str, Any] = {"has_berth": True, "depth_metres": 12}


def begun(**known: Any) -> Running:
    return begin(WHARF, **{"on": DAY, "actor": "7", "calendar": CALENDAR, "settings": SETTINGS} | known)


def submitted() -> Running:
    return fire(WHARF, begun(), "submit", parties={"applicant"}, on=DAY, actor="7", documents={"application"}).running


def consulting() -> Running:
    return fire(WHARF, submitted(), "admit", parties={"national"}, on=DAY, actor="1", facts=GOOD).running


def codes(error: Refused) -> set[str]:
    return {each.code for each in error.findings}


class TestBeginning:
    def test_a_setting_nobody_has_filled_stops_it(self) -> None:
        with pytest.raises(Refused) as refusal:
            begun(settings={})
        (finding,) = refusal.value.findings
        assert finding.code == "setting_unfilled" and "临时启用最长月数" in finding.message.zh and finding.where.field == "longest_stay"

    def test_a_holiday_table_that_ends_too_soon_stops_it(self) -> None:
        with pytest.raises(Refused) as refusal:
            begun(on=date(2026, 12, 10))
        assert codes(refusal.value) == {"holiday_table_missing"}
        assert begun(on=date(2026, 11, 25)).state == "draft"  # twenty working days end in December

    def test_one_that_runs_goes_on_without_the_table(self) -> None:
        early = begun(on=date(2026, 11, 25))
        moved = fire(WHARF, early, "submit", parties={"applicant"}, on=date(2027, 3, 1), actor="7", documents={"application"})
        assert moved.running.state == "submitted"

    def test_no_tables_at_all(self) -> None:
        with pytest.raises(Refused):
            begun(calendar=WorkingDays(()))


class TestSteps:
    def test_only_the_party_whose_step_it_is(self) -> None:
        with pytest.raises(NotAllowed) as refusal:
            fire(WHARF, begun(), "submit", parties={"national"}, on=DAY, actor="1", documents={"application"})
        assert "申请单位" in refusal.value.findings[0].message.zh

    def test_a_missing_paper_and_a_missing_field_are_both_told(self) -> None:
        with pytest.raises(Refused) as refusal:
            fire(WHARF, submitted(), "refuse", parties={"leader"}, on=DAY, actor="1", fields={"reason": "  "})
        assert codes(refusal.value) == {"document_missing", "field_missing"}

    def test_who_comes_second_is_told_where_it_stands(self) -> None:
        with pytest.raises(Conflict) as refusal:
            fire(WHARF, submitted(), "submit", parties={"applicant"}, on=DAY, actor="8", documents={"application"})
        finding = refusal.value.findings[0]
        assert finding.code == "not_from_here" and finding.measured == "待受理" and "撤回" in str(finding.remedy)

    def test_an_unknown_step_is_refused_alike(self) -> None:
        with pytest.raises(Conflict):
            fire(WHARF, begun(), "teleport", parties={"applicant"}, on=DAY, actor="7")

    def test_a_day_before_the_last_step_is_refused(self) -> None:
        with pytest.raises(Refused) as refusal:
            fire(WHARF, begun(), "submit", parties={"applicant"}, on=date(2024, 3, 3), actor="7", documents={"application"})
        assert codes(refusal.value) == {"before_last_step"}

    def test_the_system_takes_a_step_only_for_its_clock(self) -> None:
        asked = fire(WHARF, submitted(), "ask_supplement", parties={"national"}, on=DAY, actor="1", fields={"reason": "缺图"}).running
        with pytest.raises(NotAllowed):
            fire(WHARF, asked, "drop", parties={"applicant", "national", "leader"}, on=DAY, actor="7")
        with pytest.raises(ValueError, match="does not take"):
            fire(WHARF, asked, "drop", parties=(), on=DAY, actor="", lapsed="decide")
        assert fire(WHARF, asked, "drop", parties=(), on=DAY, actor="", lapsed="supplement").running.state == "withdrawn"

    def test_another_version_is_never_mixed_in(self) -> None:
        newer = the_wharf(('version: "2021"', 'version: "2024"'))
        with pytest.raises(ValueError, match="2021"):
            offers(newer, begun(), parties={"applicant"}, facts={})

    def test_it_comes_back_from_storage_as_it_was(self) -> None:
        running = answer(WHARF, consulting(), "views", "military", parties={"military"}, on=DAY, agrees=True, reference="军函1")
        assert Running.from_dict(running.as_dict()) == running


class TestGuards:
    def test_a_missing_fact_is_unknown_and_says_who_can_supply_it(self) -> None:
        with pytest.raises(Refused) as refusal:
            fire(WHARF, submitted(), "admit", parties={"national"}, on=DAY, actor="1", facts={"has_berth": True})
        (finding,) = refusal.value.findings
        assert finding.code == "fact_unknown" and finding.where.field == "depth_metres" and "海关" in str(finding.remedy)

    def test_a_guard_that_does_not_hold_says_the_sentence_and_the_remedy(self) -> None:
        (offer,) = [each for each in offers(WHARF, submitted(), parties={"national"}, facts=GOOD | {"has_berth": False})
                    if each.transition.code == "admit"]
        assert [each.code for each in offer.unmet] == ["guard_unmet"] and not offer.is_open
        assert offer.unmet[0].message.zh == "没有可用泊位。" and "落实泊位" in str(offer.unmet[0].remedy)

    def test_exactly_at_the_limit_it_holds(self) -> None:
        assert fire(WHARF, submitted(), "admit", parties={"national"}, on=DAY, actor="1", facts=GOOD | {"depth_metres": 10}).running

    def test_the_head_may_pass_what_may_be_passed(self) -> None:
        shallow = GOOD | {"depth_metres": 9}
        with pytest.raises(Refused):
            fire(WHARF, submitted(), "admit", parties={"national"}, on=DAY, actor="1", facts=shallow, override=Override("1", "急需", "d1"))
        with pytest.raises(Refused) as refusal:
            fire(WHARF, submitted(), "admit", parties={"national", "leader"}, on=DAY, actor="1", facts=shallow, override=Override("1", "", "d1"))
        assert "override_incomplete" in codes(refusal.value)
        moved = fire(WHARF, submitted(), "admit", parties={"national", "leader"}, on=DAY, actor="1", facts=shallow,
                     override=Override("1", "救灾急需", "d1"))
        assert moved.running.steps[-1].overridden == ("水深不足10米。",) and [each.code for each in moved.overridden] == ["guard_unmet"]

    def test_nobody_passes_an_unknown_fact_or_a_guard_without_leave(self) -> None:
        for facts in ({"has_berth": True}, GOOD | {"has_berth": False}):
            with pytest.raises(Refused):
                fire(WHARF, submitted(), "admit", parties={"national", "leader"}, on=DAY, actor="1", facts=facts,
                     override=Override("1", "急需", "d1"))


class TestOpinions:
    def test_all_must_be_in_and_none_against(self) -> None:
        running = consulting()
        with pytest.raises(Refused) as refusal:
            fire(WHARF, running, "allow", parties={"leader"}, on=DAY, actor="1", documents={"letter"})
        assert codes(refusal.value) == {"opinions_outstanding"} and "军队" in refusal.value.findings[0].message.zh
        running = answer(WHARF, running, "views", "military", parties={"military"}, on=DAY, agrees=True, reference="军函1")
        against = answer(WHARF, running, "views", "customs", parties={"customs"}, on=DAY, agrees=False, words="无查验场地")
        with pytest.raises(Refused) as refusal:
            fire(WHARF, against, "allow", parties={"leader"}, on=DAY, actor="1", documents={"letter"})
        assert codes(refusal.value) == {"opinions_object"}
        agreed = answer(WHARF, running, "views", "customs", parties={"customs"}, on=DAY, agrees=True)
        moved = fire(WHARF, agreed, "allow", parties={"leader"}, on=DAY, actor="1", documents={"letter"})
        assert (moved.running.state, moved.effect) == ("in_use", "open_for_a_time")

    def test_another_round_asks_everybody_again(self) -> None:
        running = answer(WHARF, consulting(), "views", "customs", parties={"customs"}, on=DAY, agrees=False, words="不同意")
        back = fire(WHARF, running, "consult_again", parties={"national"}, on=DAY, actor="1").running
        again = fire(WHARF, back, "admit", parties={"national"}, on=DAY, actor="1", facts=GOOD).running
        assert {each.party for each in duties(WHARF, again) if each.consultation} == {"customs", "military"}
        assert len(again.opinions) == 1  # the first round stays readable

    def test_of_the_military_only_a_number_and_yes_or_no(self) -> None:
        for words, reference in (("理由是……", "军函1"), ("", "")):
            with pytest.raises(Refused) as refusal:
                answer(WHARF, consulting(), "views", "military", parties={"military"}, on=DAY, agrees=True, reference=reference, words=words)
            assert codes(refusal.value) == {"reference_and_answer_only"}

    def test_who_objects_says_why(self) -> None:
        with pytest.raises(Refused) as refusal:
            answer(WHARF, consulting(), "views", "customs", parties={"customs"}, on=DAY, agrees=False)
        assert codes(refusal.value) == {"reason_missing"}

    def test_once_a_round_and_only_by_the_office_asked(self) -> None:
        once = answer(WHARF, consulting(), "views", "customs", parties={"customs"}, on=DAY, agrees=True)
        with pytest.raises(Conflict):
            answer(WHARF, once, "views", "customs", parties={"customs"}, on=DAY, agrees=False, words="改主意")
        with pytest.raises(NotAllowed):
            answer(WHARF, consulting(), "views", "customs", parties={"military", "applicant"}, on=DAY, agrees=True)
        with pytest.raises(Conflict):
            answer(WHARF, submitted(), "views", "customs", parties={"customs"}, on=DAY, agrees=True)


def test_duties_name_who_is_next() -> None:
    assert [(each.party, each.transitions) for each in duties(WHARF, begun())] == [("applicant", ("submit", "withdraw"))]
    assert {each.key for each in duties(WHARF, consulting())} == {"views:customs", "views:military", "act:national"}
