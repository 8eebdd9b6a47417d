"""What a procedure promises is proved when it is read: each broken promise has its finding."""

from __future__ import annotations

import pytest
from tests.procedure.samples import the_wharf

from kouan.basis import Refused


def test_the_sample_holds() -> None:
    procedure = the_wharf()
    assert procedure.digest and len(procedure.states) == 8 and procedure.clocks["stay"].length.setting == "longest_stay"


BROKEN = [
    ("一个无法到达的状态", ("  ended: {label", "  lost: {label: {zh: 丢失, en: Lost}, waits_for: national}\n  ended: {label"), "state_unreached"),
    ("一个走不出去的状态", ("from: in_use, to: ended, by: national}", "from: draft, to: ended, by: applicant}"), "waits_in_vain"),
    ("终点之后还有步骤", ("from: [draft, submitted, supplementing]", "from: [draft, submitted, supplementing, ended]"), "end_with_exit"),
    ("没有这一角色", ("roles: [inspection_officer]", "roles: [customs_officer]"), "unknown_role"),
    ("没有这一参与方", ("by: national, fields: [reason]}", "by: nationale, fields: [reason]}"), "unknown_name"),
    ("没有这一文件", ("documents: [letter]\n    opinions", "documents: [lettre]\n    opinions"), "unknown_name"),
    ("没有这一事实", ("- {fact: has_berth, is: true", "- {fact: has_birth, is: true"), "unknown_name"),
    ("事实类型不符", ("fact: depth_metres, at_least: 10", "fact: depth_metres, at_least: ten"), "wrong_kind"),
    ("系统不会执行的动作", ("effect: open_for_a_time", "effect: open_for_ever"), "unknown_effect"),
    ("没有人等待", ("in_use: {label: {zh: 启用中, en: In use}, waits_for: national}", "in_use: {label: {zh: 启用中, en: In use}}"), "nobody_acts"),
    ("期限届满却无路可走", ("runs_in: in_use, then: lapse", "runs_in: [in_use, submitted], then: lapse"), "clock_without_way"),
    ("期限单位不一致", ("unit: months}", "unit: calendar_days}"), "wrong_unit"),
    ("没有这一设置", ("length: {months: longest_stay}", "length: {months: longest}"), "unknown_name"),
    ("无人也无期限触发的步骤",
     ("  drop: {label", "  vanish: {label: {zh: 消失, en: Vanish}, from: draft, to: withdrawn}\n  drop: {label"), "nobody_takes_it"),
    ("期限写了两个单位", ("length: {working_days: 20}", "length: {working_days: 20, months: 1}"), "bad_length"),
    ("截止日不是日期", ("length: {working_days: 20}", "length: {until: soon}"), "not_a_date"),
    ("条件写了两种比较", ("{fact: depth_metres, at_least: 10}", "{fact: depth_metres, at_least: 10, at_most: 20}"), "bad_condition"),
    ("键名写错", ("escalate_to: leader", "escalates_to: leader"), "unknown_key"),
    ("意见在别处征求", ("from: consulting\n    to: in_use", "from: [consulting, submitted]\n    to: in_use"), "opinions_elsewhere"),
    ("代码大写", ("  lapse: {label", "  Lapse: {label"), "bad_code"),
]


@pytest.mark.parametrize(("change", "code"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
def test_a_broken_promise_is_named(change: tuple[str, str], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        the_wharf(change)
    findings = refusal.value.findings
    assert code in {each.code for each in findings}, [str(each) for each in findings]
    assert all(each.where.file == "wharf_use.yaml" and each.where.path and each.remedy for each in findings)


def test_every_slip_is_shown_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        the_wharf(("roles: [provincial_officer]", "roles: [governor]\n    "), roles=("national_officer",))
    assert len([each for each in refusal.value.findings if each.code == "unknown_role"]) >= 2


def test_an_end_that_is_never_reached_is_found() -> None:
    with pytest.raises(Refused) as refusal:
        the_wharf(("in_use: {label: {zh: 启用中, en: In use}, waits_for: national}\n",
                   "in_use: {label: {zh: 启用中, en: In use}, waits_for: national}\n"
                   "  loop: {label: {zh: 循环, en: Loop}, waits_for: national}\n"))
    assert "state_unreached" in {each.code for each in refusal.value.findings}
    assert "no_end" in {each.code for each in refusal.value.findings}
