"""Every file reads and is proved; what the room promises is refused when it is broken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from tests.casework.stories import CALENDAR

from kouan.basis import Refused
from kouan.casework.catalogue import (
    FOLDER,
    catalogue,
    in_force,
    promises,
    read_folder,
    read_proposed,
    version_of,
)
from kouan.casework.effects import EFFECTS, OUTCOMES
from kouan.procedure import Procedure, begin

ALL = [each for versions in catalogue().values() for each in versions]
NAMES = {
    "opening", "expansion", "acceptance", "temporary_opening", "temporary_extension", "withdrawal", "merge", "class_two_clearance",
    "change_of_facts", "supervision_site", "demonstration_selection", "agency_matter",
}


def text_of(code: str) -> str:
    return (FOLDER / f"{code}.yaml").read_text(encoding="utf-8")


def broken(code: str, old: str, new: str, count: int = 1) -> set[str]:
    """The codes of findings when one text of a shipped file is replaced by another."""
    assert old in text_of(code), "the file has no such words"
    with pytest.raises(Refused) as refusal:
        read_proposed(text_of(code).replace(old, new, count))
    return {each.code for each in refusal.value.findings}


def ways_without(procedure: Procedure, closed: set[str]) -> set[str]:
    """The states that are reached when some states may not be entered."""
    reached, waiting = {procedure.first}, [procedure.first]
    while waiting:
        for step in procedure.exits(waiting.pop()):
            if step.target not in reached | closed:
                reached.add(step.target)
                waiting.append(step.target)
    return reached


def test_every_file_is_read_and_proved() -> None:
    assert set(catalogue()) == NAMES == {path.stem for path in FOLDER.glob("*.yaml")}
    assert all(promises(each) == [] and each.digest for each in ALL)


@pytest.mark.parametrize("procedure", ALL, ids=lambda each: each.code)
def test_nothing_starts_before_the_unknown_periods_are_filled(procedure: Procedure) -> None:
    assert procedure.settings
    with pytest.raises(Refused) as refusal:
        begin(procedure, on=date(2024, 3, 4), actor="7", calendar=CALENDAR, settings={})
    assert {each.where.field for each in refusal.value.findings} == set(procedure.settings)


@pytest.mark.parametrize("procedure", ALL, ids=lambda each: each.code)
def test_each_can_be_refused_or_stopped_and_has_every_period_from_a_text_or_a_setting(procedure: Procedure) -> None:
    outcomes = {each.outcome for each in procedure.states.values() if each.is_terminal}
    assert outcomes & {"refused", "revoked"} and outcomes <= set(OUTCOMES)
    for clock in procedure.clocks.values():
        assert clock.length.setting or (clock.citation and clock.citation.instrument), f"{procedure.code}/{clock.code}"
    assert all(each.length is None or each.length.setting for each in procedure.consultations.values())


@pytest.mark.parametrize("procedure", ALL, ids=lambda each: each.code)
def test_clocks_of_the_deciders_stand_still_while_the_applicant_supplements(procedure: Procedure) -> None:
    for clock in procedure.clocks.values():
        waits = clock.code == "supplement" or clock.length.until is not None
        assert waits or "supplementing" not in clock.runs_in, f"{procedure.code}/{clock.code}"
    assert procedure.clocks["supplement"].runs_in == ("supplementing",)


def steps_with(effect: str) -> Iterator[tuple[Procedure, str]]:
    for procedure in ALL:
        for step in procedure.transitions.values():
            if step.effect == effect:
                yield procedure, step.code


@pytest.mark.parametrize("effect", ["open_port", "expand_port", "close_port", "merge_ports"])
def test_what_the_state_council_decides_rests_on_its_reply(effect: str) -> None:
    assert EFFECTS[effect].is_by_reply
    found = list(steps_with(effect))
    assert found
    for procedure, code in found:
        step = procedure.transitions[code]
        assert "reply" in step.documents and {"reply_number", "reply_date"} <= set(step.fields)
        assert set(step.by) <= {"national", "leader"}


@pytest.mark.parametrize(("outcome", "effect"), [(name, effect) for name, (_, effect) in OUTCOMES.items() if effect])
def test_no_other_way_leads_to_such_an_end(outcome: str, effect: str) -> None:
    ways = [(procedure.code, step) for procedure in ALL for step in procedure.transitions.values()
            if procedure.states[step.target].outcome == outcome]
    assert ways and all(step.effect == effect for _, step in ways)


def test_a_port_is_opened_only_after_the_reply_and_acceptance() -> None:
    for code, end in (("opening", "opened"), ("expansion", "expanded")):
        procedure = catalogue()[code][-1]
        for needed in ("countersigning", "awaiting_reply", "building", "accepted"):
            assert end not in ways_without(procedure, {needed}), f"{code} 可以不经 {needed}"
        assert end in ways_without(procedure, {"supplementing"})


def test_nothing_is_closed_without_notice_rectification_review_and_reply() -> None:
    withdrawal = catalogue()["withdrawal"][-1]
    for needed in ("noticed", "rectifying", "checking", "reviewing", "deciding", "close_reported"):
        assert "closed" not in ways_without(withdrawal, {needed}), needed
    for needed in ("noticed", "rectifying", "checking", "reviewing", "deciding", "merge_reported"):
        assert "merged" not in ways_without(withdrawal, {needed}), needed


def test_every_step_of_the_province_in_a_withdrawal_is_shut_for_border_and_strategic_ports() -> None:
    withdrawal = catalogue()["withdrawal"][-1]
    steps = [each for each in withdrawal.transitions.values() if "province" in each.by]
    assert {each.code for each in steps} == {"notice_by_province", "order_by_province", "rectify_again_by_province", "review_by_province"}
    ordinary = {"is_border": False, "strategy_mark": False, "ladder_verdict": "review"}
    for step in steps:
        assert step.by == ("province",)
        assert all(guard.holds(ordinary) for guard in step.guards)
        for mark in ("is_border", "strategy_mark"):
            assert any(guard.holds({**ordinary, mark: True}) is False and not guard.may_override for guard in step.guards)
            assert any(guard.holds({**ordinary, mark: None}) is None for guard in step.guards)


def test_the_version_in_force_and_the_version_it_began_with() -> None:
    assert in_force("withdrawal", date(2024, 1, 1)) is version_of("withdrawal", "2021.2")
    with pytest.raises(Refused) as refusal:
        in_force("withdrawal", date(2020, 12, 31))
    assert refusal.value.findings[0].code == "procedure_not_in_force"
    with pytest.raises(KeyError):
        version_of("withdrawal", "1999")


BROKEN = [
    ("开放不附批复", "opening", "    documents: [reply, opening_notice]", "    documents: [opening_notice]", "effect_without_paper"),
    ("开放不填文号", "opening", "    fields: [reply_number, reply_date, opened_on]", "    fields: [reply_date, opened_on]", "effect_without_field"),
    ("以开放结束却不执行开放", "opening", "    effect: open_port\n", "", "end_without_effect"),
    ("关闭不执行关闭", "withdrawal", "    effect: close_port\n", "", "end_without_effect"),
    ("二类口岸升格不附批复", "class_two_clearance", "    documents: [reply]\n    fields: [reply_number, reply_date, cleared_on]",
     "    documents: [provincial_decision]\n    fields: [cleared_on]", "effect_without_paper"),
    ("没有这一结果", "opening", "outcome: opened", "outcome: openned", "unknown_outcome"),
    ("系统不会执行", "opening", "effect: open_port", "effect: open_a_port", "unknown_effect"),
    ("军事机关写意见", "merge", "    bare: [military]\n", "", "military_not_bare"),
    ("越过条件者不能办理", "change_of_facts", "        may_override: leader", "        may_override: reporter", "override_in_vain"),
    ("没有角色", "opening", "roles: [provincial_officer, provincial_leader]", "roles: [provincial_clerk]", "unknown_role"),
]


@pytest.mark.parametrize(("code", "old", "new", "finding"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
def test_a_broken_promise_is_found(code: str, old: str, new: str, finding: str) -> None:
    assert finding in broken(code, old, new)


def test_a_setting_says_why_it_has_no_default_and_a_step_what_it_rests_on() -> None:
    lines = text_of("merge").splitlines(keepends=True)
    bare = "".join(line for line in lines if not line.startswith("    note:"))
    with pytest.raises(Refused) as refusal:
        read_proposed(bare)
    assert {each.code for each in refusal.value.findings} == {"setting_without_note"}
    uncited = "".join("citation: null\n" if line.startswith("citation:") else line for line in lines)
    with pytest.raises(Refused) as refusal:
        read_proposed(uncited)
    assert {each.code for each in refusal.value.findings} == {"no_citation"}


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(text_of("merge"), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(text_of("opening").replace("effect: open_port", "effect: nothing"), encoding="utf-8")
    with pytest.raises(Refused) as refusal:
        read_folder(tmp_path)
    assert {(each.where.file, each.code) for each in refusal.value.findings} == {("b.yaml", "version_twice"), ("c.yaml", "unknown_effect")}


def test_a_second_version_leaves_the_first_to_those_that_began_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text_of("merge"), encoding="utf-8")
    newer = text_of("merge").replace('version: "2021.2"', 'version: "2026"').replace("in_force_from: 2021-01-01", "in_force_from: 2026-01-01")
    (tmp_path / "b.yaml").write_text(newer, encoding="utf-8")
    assert [each.version for each in read_folder(tmp_path)["merge"]] == ["2021.2", "2026"]
