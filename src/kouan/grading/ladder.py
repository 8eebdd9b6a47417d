"""The withdrawal ladder and the proposal of grades: both proposals of the system, for the national office to decide.

Neither instrument gives steps of withdrawal or scores of grades; what stands here is our proposal, in dated
parameters and settings (A-13, A-14), and says so.

>>> from datetime import date
>>> from kouan.law import Law
>>> law = Law(date(2024, 6, 30))
>>> [WithdrawalLadder().judge_row({"years_below": n, "is_border": False, "strategy_mark": False}, law).verdict for n in range(4)]
['none', 'notice', 'rectify', 'review']
>>> GradeProposal().judge_row({"strategy": 90, "benefit": 85, "reach": 79.5}, law).verdict
'important'
"""

from __future__ import annotations

from datetime import date

from kouan.basis import Citation, Text
from kouan.grading.case_rule import CaseRule, Decision, stage_steps
from kouan.grading.standard import BORDER_MODE
from kouan.law import Law

# Whether the lists of the plan count; read where the scores are gathered (named_lists.py), never by the rule.
CLOSING_LEVEL = "withdrawal_ladder.closing_level"
NAMED_LISTS = "grade_proposal.named_lists"


def _plan(quote: str) -> Citation:
    return Citation("国家“十四五”口岸发展规划", "四(三)", quote=quote, issued=date(2021, 9, 16), in_force_from=date(2021, 1, 1))


class WithdrawalLadder(CaseRule):
    """“落实《口岸准入退出管理办法（暂行）》，稳妥有序推进口岸退出实施”：连续不达标一年的提醒，两年的限期整改，长期的联合评审；
    边境口岸和有战略标记的口岸，每一步由国家口岸管理部门启动；关闭须有批准机关的文件。
    """

    key = "withdrawal_ladder"
    version = "1"
    title = Text("口岸退出阶梯", "Withdrawal ladder")
    sentence_en = (
        "Withdrawal is carried out steadily and in order: notice after one year below the standard, rectification after two, joint review "
        "when it is long-term; border ports and ports with a strategy mark need the national office to start each step; closing needs the "
        "approving body's document."
    )
    citations = (
        _plan("落实《口岸准入退出管理办法（暂行）》，稳妥有序推进口岸退出实施"),
        Citation("口岸准入退出管理办法（暂行）", "第四条", quote="口岸开放运行三年后客货运量应达到以下标准",
                 issued=date(2017, 12, 27), in_force_from=date(2017, 12, 27)),
    )  # fmt: skip
    parameters = ("withdrawal_ladder.",)
    settings = (BORDER_MODE, "withdrawal_ladder.long_term", "withdrawal_ladder.covid_years")
    beside = (CLOSING_LEVEL,)
    steps = stage_steps(
        ("1", "是否须由国家口岸管理部门启动（WL-B、WL-S）", "Whether the national office must start it (WL-B, WL-S)"),
        ("2", "不达标年数（WL-3 长期、WL-2 两年、WL-1 一年）", "Years below the standard (WL-3 long-term, WL-2 two, WL-1 one)"),
    )
    criteria = ("WL-B", "WL-S", "WL-3", "WL-2", "WL-1")
    verdicts = ("review", "rectify", "notice", "none")
    default = "none"
    needs_one_of = ("WL-1",)
    wrong = ("review", "rectify", "notice")

    def decisions(self, law: Law) -> tuple[Decision, ...]:
        ladder = (
            Decision("WL-3", True, "review"),
            Decision("WL-2", True, "rectify"),
            Decision("WL-1", True, "notice"),
        )
        # Exempt from the standard, a border port cannot be below it.
        exempt = law.setting(BORDER_MODE).value == "exempt"
        return (Decision("WL-B", True, "none"), *ladder) if exempt else ladder


class GradeProposal(CaseRule):
    """“将战略地位重要、口岸经济社会效益强和辐射带动作用大的口岸作为国际枢纽口岸”；“战略地位比较重要、口岸经济社会效益较强和辐射带动作用较大的
    口岸作为国家重要口岸，其他口岸作为地区普通口岸”。
    """

    key = "grade_proposal"
    version = "1"
    title = Text("口岸分级建议", "Grade proposal")
    sentence_en = (
        "Ports of important strategic position, strong benefit and large reach are international hubs; those rather so are nationally "
        "important; the others are regional."
    )
    citations = (
        _plan("将战略地位重要、口岸经济社会效益强和辐射带动作用大的口岸作为国际枢纽口"),
        _plan("战略地位比较重要、口岸经济社会效益较强和辐射带动作用较大的口岸作为国家重要口岸，其他口岸作为地区普通口岸"),
    )
    parameters = ("grade_proposal.",)
    settings = ("grade_proposal.important", "grade_proposal.bands", "grade_proposal.hub_tier")
    beside = (NAMED_LISTS,)
    steps = stage_steps(
        ("1", "三项是否均在高档（GP-hub）", "Whether all three are in the top band (GP-hub)"),
        ("2", "是否达到中档（GP-important）", "Whether the middle band is reached (GP-important)"),
    )
    criteria = ("GP-hub", "GP-important")
    verdicts = ("hub", "important", "regional")
    default = "regional"
    needs_one_of = ("GP-hub",)

    def decisions(self, law: Law) -> tuple[Decision, ...]:
        return (Decision("GP-hub", True, "hub"), Decision("GP-important", True, "important"))
