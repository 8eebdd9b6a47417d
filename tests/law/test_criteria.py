"""The files of conditions: what is read, what is refused with its place, and how trees are evaluated."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kouan.basis import Refused
from kouan.law import Law, Library
from kouan.law.conditions import FALSE, TRUE, UNKNOWN, Decision, Reading, compile_conditions, in_force
from kouan.law.criteria import facts_of

SHIPPED = Path(__file__).resolve().parents[2] / "src" / "kouan" / "law"
FACTS = """\
roles:
  NPO: {zh: 国家口岸管理办公室, en: national port office}
facts:
  open: {label: {zh: 开放, en: open}, kind: claim, supplied_by: [NPO]}
  ships: {label: {zh: 船舶数, en: ships}, kind: count, unit: 艘, supplied_by: [NPO]}
"""
CRITERION = """\
label: {zh: 测试, en: test}
criteria:
  T-1:
    stage: numeric
    label: {zh: 条件, en: condition}
    means: {zh: 通过, en: passes}
    versions:
      2020-01-01:
        issued: 2020-01-01
        citation: {instrument: 测试办法, article: 第一条, quote: 五艘}
        when: {fact: ships, op: '>=', value: 5}
      2022-01-01:
        issued: 2022-01-01
        citation: {instrument: 测试办法, article: 第一条, quote: 七艘}
        when: {all: [{fact: ships, op: '>=', value: 7}, {none: [{fact: open, op: '==', value: false}]}]}
"""
PARAMETER = """\
label: {zh: 测试, en: test}
parameters:
  ships:
    label: {zh: 船舶, en: ships}
    unit: 个
    base_unit: count
    comparison: '>='
    values:
      2021-01-01: {value: 5, base_value: 5, issued: 2021-01-01, citation: {instrument: 测试办法, article: 第一条, quote: 五}}
"""
SETTING = (SHIPPED / "settings" / "access" / "at_least.yaml").read_text(encoding="utf-8")


def write(folder: Path, criterion: str = CRITERION, facts: str = FACTS) -> Path:
    for name, text in {
        "parameters/test/port.yaml": PARAMETER, "settings/access/at_least.yaml": SETTING, "criteria/facts.yaml": facts,
        "criteria/test.yaml": criterion,
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_versions_follow_one_another_by_date(tmp_path: Path) -> None:
    library = Library.load(write(tmp_path))
    first, second = library.criteria["T-1"].versions
    assert (first.in_force_to, second.in_force_to) == (date(2021, 12, 31), None)
    assert library.criteria["T-1"].on(date(2019, 12, 31)) is None
    assert list(facts_of(library.criteria.values(), library.facts)) == ["ships", "open"]


@pytest.mark.parametrize(
    ("day", "facts", "outcome"),
    [
        (date(2021, 1, 1), {"ships": 5}, TRUE), (date(2021, 1, 1), {"ships": 4}, FALSE), (date(2021, 1, 1), {}, UNKNOWN),
        (date(2022, 1, 1), {"ships": 7, "open": True}, TRUE), (date(2022, 1, 1), {"ships": 6}, FALSE),
        (date(2022, 1, 1), {"ships": 7}, UNKNOWN), (date(2022, 1, 1), {"ships": 7, "open": False}, FALSE),
        (date(2022, 1, 1), {"open": False}, FALSE), (date(2022, 1, 1), {"open": True}, UNKNOWN),
    ],
)  # fmt: skip
def test_trees_are_evaluated_in_three_values(tmp_path: Path, day: date, facts: dict[str, object], outcome: int) -> None:
    law = Law(day, library=Library.load(write(tmp_path)))
    compiled = compile_conditions(law, ("T-1",), (Decision("T-1", True, "pass"),), "fail")
    mask, trace = compiled.judge(facts)
    [(_, _, tree)] = compiled.asked
    assert trace[tree.at] == outcome
    assert compiled.verdicts(mask) == {TRUE: ("pass",), FALSE: ("fail",), UNKNOWN: ("pass", "fail")}[outcome]


def test_before_the_first_day_nothing_is_in_force_and_no_verdict_possible(tmp_path: Path) -> None:
    law = Law(date(2019, 1, 1), library=Library.load(write(tmp_path)))
    assert in_force(law, ("T-1",)) == []
    compiled = compile_conditions(law, ("T-1",), (Decision("T-1", True, "pass"),), "fail", (), ("T-1",))
    assert compiled.verdicts(compiled.judge({"ships": 9})[0]) == ()


def test_another_reading_is_judged_beside_the_one_in_force(tmp_path: Path) -> None:
    text = CRITERION.replace("{fact: ships, op: '>=', value: 5}", "{fact: ships, op: at_least, parameter: test.port.ships}")
    text = text.replace("2020-01-01:\n", "2021-01-01:\n")
    law = Law(date(2021, 6, 1), library=Library.load(write(tmp_path, text)))
    decisions = (Decision("T-1", True, "pass"),)
    variant = Reading(law.supposing("access.at_least", "exclusive"), "access.at_least", "exclusive", decisions, "fail")
    compiled = compile_conditions(law, ("T-1",), decisions, "fail", (variant,))
    for ships, own, other in ((4, "fail", "fail"), (5, "pass", "fail"), (6, "pass", "pass")):
        mask, masks, _ = compiled.judge_all({"ships": ships})
        assert [compiled.verdicts(each) for each in (mask, *masks)] == [(own,), (other,)]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("fact: ships, op: '>=', value: 5", "fact: boats, op: '>=', value: 5", "unknown_fact"),
        ("fact: ships, op: '>=', value: 5", "fact: ships, op: '=>', value: 5", "unknown_comparison"),
        ("fact: ships, op: '>=', value: 5", "fact: ships, op: '>='", "wrong_form"),
        ("fact: ships, op: '>=', value: 5", "fact: ships, op: '>=', parameter: test.port.boats", "unknown_parameter"),
        # The parameter has no value yet on the day of the condition.
        ("fact: ships, op: '>=', value: 5", "fact: ships, op: '>=', parameter: test.port.ships", "unknown_parameter"),
        ("{fact: ships, op: '>=', value: 5}", "{choose: access.at_least, readings: {inclusive: {fact: open, op: '==', value: true}}}",
         "dangling_reading"),
        ("{fact: ships, op: '>=', value: 5}", "{any: []}", "empty"),
        ("{fact: ships, op: '>=', value: 5}", "{some: []}", "unknown_key"),
        ("stage: numeric", "stage: numerical", "unknown_stage"),
        ("issued: 2020-01-01", "issued: soon", "not_a_date"),
        ("quote: 五艘}", "quote: 五艘, page: 3}", "unknown_key"),
    ],
)  # fmt: skip
def test_a_slip_in_a_tree_is_refused_with_its_place(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in CRITERION
    with pytest.raises(Refused) as refusal:
        Library.load(write(tmp_path, CRITERION.replace(old, new)))
    assert code in {finding.code for finding in refusal.value.findings}
    for finding in refusal.value.findings:
        assert finding.where.file == "criteria/test.yaml" and "T-1" in str(finding.where.path)
        assert finding.message.en and finding.remedy


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("[NPO]", "[XYZ]", "unknown_role"), ("[NPO]", "[]", "unknown_role"), ("kind: claim", "kind: maybe", "unknown_kind")],
)
def test_a_slip_in_a_fact_is_refused_with_its_place(tmp_path: Path, old: str, new: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        Library.load(write(tmp_path, facts=FACTS.replace(old, new)))
    assert {finding.code for finding in refusal.value.findings} == {code}
    assert all(finding.where.file == "criteria/facts.yaml" for finding in refusal.value.findings)


def test_the_digest_of_the_law_follows_its_conditions(tmp_path: Path) -> None:
    one = Library.load(write(tmp_path / "one")).digest
    assert Library.load(write(tmp_path / "two", CRITERION.replace("value: 5", "value: 6"))).digest != one


def test_nothing_of_a_file_becomes_code(tmp_path: Path) -> None:
    """A name or a value that looks like code is data: it is quoted, or passed in as a constant."""
    name = "ships') or __import__('os').getcwd() or f.get('x"
    facts = FACTS + f'  "{name}": {{label: {{zh: 怪名, en: odd}}, kind: claim, supplied_by: [NPO]}}\n'
    text = CRITERION.replace("{fact: ships, op: '>=', value: 5}", f"{{fact: \"{name}\", op: '==', value: \"1 or 1\"}}")
    law = Law(date(2021, 1, 1), library=Library.load(write(tmp_path, text, facts)))
    compiled = compile_conditions(law, ("T-1",), (Decision("T-1", True, "pass"),), "fail")
    assert compiled.verdicts(compiled.judge({})[0]) == ("pass", "fail")
    assert compiled.verdicts(compiled.judge({name: "1 or 1"})[0]) == ("pass",)
