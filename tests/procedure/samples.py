"""A procedure with every part the engine has, for the tests: a wharf asks to be used before it is open."""

from __future__ import annotations

from typing import Any

from kouan.procedure import Procedure, WorkingDays, bundled_tables, read_text

ROLES = ("national_officer", "provincial_officer", "inspection_officer")
EFFECTS = ("open_for_a_time",)
CALENDAR = WorkingDays(bundled_tables())
SETTINGS = {"longest_stay": 6}

WHARF = """
code: wharf_use
version: "2021"
in_force_from: 2021-01-01
title: {zh: 码头临时启用, en: Temporary use of a wharf}
citation: {instrument: 非口岸区域和限制性口岸临时开放管理办法（暂行）, article: 待核}
first: draft
parties:
  applicant: {label: {zh: 申请单位, en: Applicant}, roles: [provincial_officer], office: applicant}
  national: {label: {zh: 国家口岸办, en: National office}, roles: [national_officer]}
  leader: {label: {zh: 国家口岸办负责人, en: Head of the national office}, roles: [national_officer]}
  customs: {label: {zh: 海关, en: Customs}, roles: [inspection_officer], office: named}
  military: {label: {zh: 军队有关部门, en: Military}, roles: [national_officer]}
documents:
  application: {zh: 申请文件, en: Application}
  letter: {zh: 答复函, en: Letter of reply}
fields:
  reason: {zh: 理由, en: Reason}
facts:
  has_berth: {label: {zh: 有可用泊位, en: A berth is free}, kind: bool, supplied_by: applicant}
  depth_metres: {label: {zh: 水深（米）, en: Depth in metres}, kind: number, supplied_by: customs}
settings:
  longest_stay: {label: {zh: 临时启用最长月数, en: Longest use in months}, unit: months}
states:
  draft: {label: {zh: 起草, en: Draft}, waits_for: applicant}
  submitted: {label: {zh: 待受理, en: Submitted}, waits_for: national}
  supplementing: {label: {zh: 待补正, en: Awaiting supplement}, waits_for: applicant}
  consulting: {label: {zh: 征求意见, en: Consulting}, waits_for: national}
  in_use: {label: {zh: 启用中, en: In use}, waits_for: national}
  refused: {label: {zh: 不予同意, en: Refused}, outcome: refused}
  ended: {label: {zh: 已结束, en: Ended}, outcome: ended}
  withdrawn: {label: {zh: 已撤回, en: Withdrawn}, outcome: withdrawn}
transitions:
  submit: {label: {zh: 提交, en: Submit}, from: draft, to: submitted, by: applicant, documents: [application]}
  withdraw: {label: {zh: 撤回, en: Withdraw}, from: [draft, submitted, supplementing], to: withdrawn, by: applicant, fields: [reason]}
  ask_supplement: {label: {zh: 要求补正, en: Ask for a supplement}, from: submitted, to: supplementing, by: national, fields: [reason]}
  supplement: {label: {zh: 补正, en: Supplement}, from: supplementing, to: submitted, by: applicant, documents: [application]}
  admit:
    label: {zh: 受理并征求意见, en: Admit and consult}
    from: submitted
    to: consulting
    by: national
    when:
      - {fact: has_berth, is: true, otherwise: {zh: 没有可用泊位。, en: No berth is free.},
         remedy: {zh: 请落实泊位。, en: Find a berth.}}
      - any: [{fact: depth_metres, at_least: 10}, {fact: has_berth, is: false}]
        otherwise: {zh: 水深不足10米。, en: The water is less than 10 metres deep.}
        remedy: {zh: 请疏浚，或由负责人决定。, en: 'Dredge, or ask the head to decide.'}
        may_override: leader
  allow:
    label: {zh: 同意, en: Allow}
    from: consulting
    to: in_use
    by: leader
    documents: [letter]
    opinions: {views: none_objects}
    effect: open_for_a_time
  consult_again: {label: {zh: 退回重议, en: Back to the desk}, from: consulting, to: submitted, by: national}
  refuse: {label: {zh: 不予同意, en: Refuse}, from: [submitted, consulting], to: refused, by: leader, fields: [reason], documents: [letter]}
  end: {label: {zh: 结束启用, en: End the use}, from: in_use, to: ended, by: national}
  lapse: {label: {zh: 到期结束, en: Lapse}, from: in_use, to: ended}
  drop: {label: {zh: 逾期未补正视为撤回, en: Dropped for want of a supplement}, from: supplementing, to: withdrawn}
consultations:
  views:
    label: {zh: 征求意见, en: Consultation}
    state: consulting
    parties: [customs, military]
    bare: [military]
    length: {working_days: 10}
clocks:
  decide:
    label: {zh: 办理期限, en: Time to decide}
    length: {working_days: 20}
    runs_in: [submitted, consulting]
    remind: [5, 1]
    escalate_to: leader
  supplement:
    label: {zh: 补正期限, en: Time for the supplement}
    length: {calendar_days: 30}
    runs_in: supplementing
    resets: true
    then: drop
  stay: {label: {zh: 启用期限, en: Time of use}, length: {months: longest_stay}, runs_in: in_use, then: lapse}
"""


def the_wharf(change: tuple[str, str] | None = None, **known: Any) -> Procedure:
    """The sample, with one text of it replaced by another."""
    text = WHARF
    if change is not None:
        assert change[0] in text, "the sample has no such words"
        text = text.replace(*change)
    return read_text(text, roles=known.get("roles", ROLES), effects=known.get("effects", EFFECTS), name="wharf_use.yaml")
