"""Every ambiguity of the plan that touches a rule is a setting with its reason, and a verdict says what another reading gives.

The list is that of the requirements, A-01 to A-31. Those that touch a rule are the settings of the law, read from there;
those that touch none stand below, each with the reason in one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest
from tests.grading.factories import RULE_FILES, a_row, cases, facts_of, law_of, law_of_case

from kouan.basis import Refused
from kouan.grading import VolumeStandard
from kouan.grading.case_rule import CaseRule
from kouan.grading.case_trial import CASE_RULES
from kouan.grading.definitions import CARGO_KEY, PERSONS_KEY
from kouan.grading.verdict import FlagCode, Verdict
from kouan.law import Law, Library, Ruling, registered_rules

LIBRARY = Library.shipped()
VOLUME = VolumeStandard()
EVERY = {f"A-{number:02d}" for number in range(1, 32)}
# Why each of these is no setting of a rule.
TOUCHES_NO_RULE = {
    "A-04": "which class a Yangtze port has is a fact of that port with its document; until then it is unclassified and judged under each class",
    "A-16": "brackets of 专栏3 are the status of a layout row, which no rule reads",
    "A-19": "what one port is decides the rows of the register, before any rule is asked",
    "A-20": "one or two demonstration works against the three of 专栏7: a note beside the projects, no verdict",
    "A-21": "prose and box name other projects: a mark on the row of the project, no verdict",
    "A-23": "how far evaluation is quantitative binds the framework of evaluation, not the rules of ports",
    "A-24": "when and to whom results go is a period of the procedure of evaluation",
    "A-25": "class-II ports are a register and a list of their own; no rule judges them",
    "A-26": "which two moments clearance runs between is the definition of a measure, held with each figure",
    "A-27": "a task that may be missing from the text gives no condition to judge by",
    "A-28": "who bears the costs is decided case by case; no rule asks it",
    "A-29": "inland river ports need no layout row: the class has its values, and no rule asks for the row",
}


def ambiguities() -> dict[str, list[str]]:
    """The settings by the ambiguity that each answers."""
    found: dict[str, list[str]] = {}
    for key, question in LIBRARY.questions.items():
        found.setdefault(question.ambiguity, []).append(key)
    return found


def test_every_ambiguity_is_a_setting_or_touches_no_rule() -> None:
    settled = set(ambiguities())
    assert settled | TOUCHES_NO_RULE.keys() == EVERY, f"neither a setting nor explained: {sorted(EVERY - settled - TOUCHES_NO_RULE.keys())}"
    assert not settled & TOUCHES_NO_RULE.keys(), "a setting is said to touch no rule"
    assert all(len(why) > 20 for why in TOUCHES_NO_RULE.values())


@pytest.mark.parametrize("key", LIBRARY.questions)
def test_each_setting_says_why_and_a_rule_reads_it(key: str) -> None:
    question = LIBRARY.questions[key]
    assert len(question.reason.zh) >= 8 and len(question.reason.en) >= 20 and question.citation.quote
    assert question.default in question.choices and len(question.choices) >= 2
    assert [name for name, rule in registered_rules().items() if key in (*rule.settings, *rule.beside)]


def test_a_port_whose_class_is_open_is_judged_under_each_and_says_so() -> None:
    """A-04: the answer is a fact; where it is missing the verdict names what each answer would give."""
    told = [VOLUME.judge(facts_of(case), law_of(case)) for case in cases() if "candidates" in case]
    assert any(len({other.verdict for other in verdict.candidates.values()}) > 1 for verdict in told)
    assert all(verdict.verdict is Verdict.UNCLASSIFIED for verdict in told)


def readings(settings: tuple[str, ...], law: Law) -> Iterator[tuple[str, str]]:
    """Every other choice of every setting."""
    for key in settings:
        for choice in LIBRARY.questions[key].choices:
            if choice != law.setting(key).value:
                yield key, choice


@cache
def ruled(law: Law, key: str, choice: str) -> Law:
    """The same law after a ruling, which is how an office would answer: not by what the verdict supposes of itself."""
    ruling = Ruling(key, choice, law.as_of, "测试函〔1900〕1号", "关于测试用解释的函", law.as_of)
    others = [each for each in law.rulings if each.setting != key]
    return Law(law.as_of, [*others, ruling])


@cache
def law_under(as_of: date, rulings: tuple[Any, ...]) -> Law:
    return Law(as_of, rulings)


def shared(law: Law) -> Law:
    """One law for all cases of a day and its rulings, so that its conditions are compiled once."""
    return law_under(law.as_of, law.rulings)


@pytest.mark.parametrize("rule", RULE_FILES)
def test_a_verdict_that_differs_under_another_reading_says_so(rule: str) -> None:
    """Every case is judged again under a ruling for every other reading: what differs then must be said now, and nothing else."""
    kind: CaseRule = CASE_RULES[rule.replace("_", "-")]()
    seen = 0
    for case in cases(rule):
        law = shared(law_of_case(case))
        row = a_row(rule, case)
        verdict = kind.judge_row(row, law)
        said = {(other.reading.key, other.reading.value): other for other in verdict.others}
        for key, choice in readings(kind.settings, law):
            other = kind.judge_row(row, ruled(law, key, choice)).verdict
            told = said[key, choice]
            assert told.verdict == other, (case["name"], key, choice)
            if other != verdict.verdict:
                seen += 1
                # None: facts that only the other reading asks for are missing, and named.
                assert told.differs or (told.differs is None and told.missing), (case["name"], key, choice)
            else:
                assert told.differs is False, (case["name"], key, choice)
        assert bool(verdict.differs_under) == any(flag.code == "differs_under" for flag in verdict.flags), case["name"]
        assert {each["key"] for each in verdict.readings} == set(kind.settings), case["name"]
    assert seen >= 1, f"{rule}: no case tells two readings apart"


def test_a_verdict_of_the_standard_that_differs_under_another_reading_says_so() -> None:
    definitions, seen = (CARGO_KEY, PERSONS_KEY), set()
    for case in cases():
        facts, law = facts_of(case), shared(law_of(case))
        try:
            verdict = VOLUME.judge(facts, law)
        except Refused:
            continue
        said = {(other.reading.key, other.reading.value): other.verdict for other in verdict.differs_under}
        for key, choice in readings(VOLUME.settings, law):
            other = VOLUME.judge(facts, ruled(law, key, choice)).verdict
            # A definition under which nothing was reported says nothing of the port: it would only be incomplete.
            is_silent = key in definitions and (other is Verdict.INCOMPLETE or choice not in facts.by_definition.get(key, {}))
            if other is verdict.verdict or (is_silent and (key, choice) not in said):
                assert (key, choice) not in said, (case["name"], key, choice)
            else:
                assert said[key, choice] is other, (case["name"], key, choice)
                seen.add(key)
        assert bool(said) == verdict.is_flagged(FlagCode.DIFFERS_UNDER), case["name"]
    assert seen == set(VOLUME.settings), f"no case tells the readings apart of {set(VOLUME.settings) - seen}"
