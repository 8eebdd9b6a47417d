"""The two papers that supervision calls for, drafted from the record: 督办通知, and the 情况报告 upward.

What the record holds is frozen when it is drafted; measures, conclusions, number, signer and seal are the office's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from kouan.basis import clock
from kouan.casework.oversight.models import CellReport, OversightPaper, Supervision, day_words
from kouan.casework.oversight.plan_tasks import plan
from kouan.desk.papers import Paper, Style, heading, paragraph, table

NATIONAL = "国家口岸管理办公室"
BLANK = "（请在此填写）"


def subject_of(held: Supervision) -> str:
    """What a supervised matter is about, as a paper names it."""
    if held.cell is None:
        return held.instruction.title if held.instruction else held.matter.title
    # A task that a later edition of the file no longer has keeps its code.
    task, place = plan().tasks.get(held.cell.task), plan().places.get(held.cell.place)
    return f"{place.name.zh if place else held.cell.place}“{task.title.zh if task else held.cell.task}”"


def notice_content(held: Supervision) -> dict[str, Any]:
    """What the notice of an overdue matter rests on, as known today."""
    basis: list[tuple[str, str]] = []
    if held.cell is not None:
        task = plan().tasks.get(held.cell.task)
        if task is not None:
            basis = [("规划任务", task.title.zh), ("规划原文", task.quote), ("出处", f"{plan().title} {task.section}")]
        last = held.cell.reports.first()
        basis.append(("最近报告", f"{day_words(last.reported_on)}：{last.words[:200]}" if last else "未报告"))
    elif held.instruction is not None:
        one = held.instruction
        basis = [("批示人和日期", f"{one.signer}，{day_words(one.signed_on)}"), ("批示内容", one.words[:600])]
    return {"matter": held.matter_id, "owner": held.owner.name_zh, "due": day_words(held.due_on), "known": [list(each) for each in basis],
            "subject": subject_of(held), "drafted": day_words(clock.today())}


def report_content(one: CellReport) -> dict[str, Any]:
    """What the report upward rests on: the major problem as the province told it."""
    task, place = plan().tasks.get(one.cell.task), plan().places.get(one.cell.place)
    return {
        "report": one.pk, "owner": one.cell.owner.name_zh if one.cell.owner else "未明确责任单位", "due": day_words(one.cell.due_on),
        "known": [["地区", place.name.zh if place else one.cell.place], ["规划任务", task.title.zh if task else one.cell.task],
                  ["规划原文", task.quote if task else ""], ["进展情况", one.words]],
        "problem": one.problem, "told": day_words(one.reported_on), "by": one.reported_by.organisation.name_zh,
    }


def paper_of(held: OversightPaper) -> Paper:
    """The paper as it stands: a draft until its number is entered."""
    said: Mapping[str, Any] = held.content
    rows = table(("事项", "情况"), *[(name, words or "—") for name, words in said["known"]], ("责任单位", said["owner"]), ("办结期限", said["due"]))
    if held.kind == "notice":
        blocks = [
            paragraph(f"{said['subject']}一事，交由你单位办理，期限为{said['due']}。截至{said['drafted']}，系统未收到办结情况报告。现将有关情况和要求通知如下。"),
            heading("一、督办事项"), rows,
            heading("二、办理要求"),
            paragraph("请尽快落实，报告落实情况并附证明材料。确因客观原因不能按期完成的，请说明原因、已采取的措施和拟完成时间。"), paragraph(BLANK),
            paragraph("特此通知。"),
        ]
        style, note = Style.NOTICE, f"系统依据督办件 #{said['matter']} 的记录起草"
    else:
        blocks = [
            paragraph(f"{said['by']}于{said['told']}报告，规划实施中遇到重大问题。现将有关情况报告如下。"),
            heading("一、基本情况"), rows, heading("二、重大问题"), paragraph(said["problem"]),
            heading("三、已采取的措施"), paragraph(BLANK), heading("四、下一步工作考虑"), paragraph(BLANK), paragraph("特此报告。"),
        ]
        style, note = Style.REPORT, f"系统依据进展报告 #{said['report']} 起草，只起草，不报送"
    return Paper(
        style=style, issuer=NATIONAL, title=held.title, addressee=held.addressee, blocks=blocks, signed_by=NATIONAL, dated=held.issued_on,
        number=held.number, is_draft=held.issued_on is None, is_exercise=settings.IS_EXERCISE, notes=[note])
