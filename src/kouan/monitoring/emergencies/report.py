"""The after-action report (复盘报告) of an event or a drill: facts, timeline, times of each task, what was late, lessons, measures.

Made from the record alone; a report not yet confirmed by the superior says so, a drill's says 演练 at the head of every page.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from kouan.desk.papers.report import Block, Report, facts, heading, note, table, text
from kouan.monitoring.emergencies import codes
from kouan.monitoring.emergencies.models import EmergencyEvent
from kouan.monitoring.emergencies.queries import state_of, task_times, timeline

CONFIRMED = ("following", "closed")


def after_action(event: EmergencyEvent) -> Report:
    """The report as it stands now."""
    tasks, moments = task_times(event), timeline(event)
    late = [each for each in tasks if each.late_by]
    end = event.response_ended_at
    labels = [*(["演练"] if event.is_drill else []), *(["演练数据生成，不得用于实际工作"] if settings.IS_EXERCISE else []),
              *([] if event.matter.state in CONFIRMED else ["未经确认"])]
    plan = f"《{event.plan.title_zh}》第{event.plan.number}版" if event.plan else "启动时没有施行中的预案"
    blocks: list[Block] = [
        heading("一、基本情况"),
        facts(("口岸", event.port.name_zh), ("类别", codes.every_kind()[event.kind].zh), ("等级", codes.level_words(event.level).zh),
              ("依据预案", plan), ("发生时间", _at(event.occurred_at)), ("启动时间", _at(event.opened_at)),
              ("处置结束", _at(end) if end else "处置中"), ("处置历时", spent(end - event.opened_at) if end else "—"),
              ("牵头单位", event.lead.name_zh), ("当前状态", state_of(event).zh)),
        text(event.words or "（启动时未填写情况）"),
        heading("二、处置经过"),
        table(("时间", "启动后", "事项", "办理人"),
              [(_at(each.at), spent(each.after) if each.after >= timedelta() else f"前{spent(-each.after)}",
                f"{each.what.zh}{'（逾期）' if each.is_late else ''}{f'（已由#{each.corrected_by}更正）' if each.corrected_by else ''}", each.who)
               for each in moments], widths=(3, 2, 9, 4), caption="由处置日志和各步骤自动生成"),
        heading("三、任务用时"),
        table(("序号", "任务", "承办单位", "时限", "用时", "逾期"),
              [(str(each.task.number), each.task.words_zh, "、".join(each.offices), spent(each.task.due_at - event.opened_at),
                spent(each.took) if each.took is not None else each.state.zh, spent(each.late_by) if each.late_by else "—") for each in tasks],
              widths=(1, 6, 4, 2, 2, 2)) if tasks else text("没有下达任务。"),
        text(f"共{len(tasks)}项任务，{len(late)}项逾期{'：' + '、'.join(str(each.task.number) for each in late) if late else ''}。"),
    ]
    changes = list(event.levels.all())
    if len(changes) > 1:
        blocks.append(table(("时间", "等级", "理由"), [(_at(each.changed_at), codes.level_words(each.level).zh, each.reason) for each in changes],
                            widths=(3, 3, 9), caption="等级调整"))
    closures = list(event.closures.all())
    if closures:
        blocks.append(table(("关闭范围", "决定单位及文号", "关闭", "恢复"),
                            [(each.what, f"{each.decided_by}{f'，{each.document_number}' if each.document_number else ''}", _at(each.closed_at),
                              _at(each.reopened_at) if each.reopened_at else "未恢复") for each in closures], widths=(5, 5, 3, 3),
                                  caption="口岸关闭"))
    blocks += [heading("四、处置结果"), text(event.summary or "（处置结束后填写）"), heading("五、经验教训")]
    blocks += [text(line) for line in event.lessons.splitlines() if line.strip()] or [text("（复盘时填写）")]
    measures = list(event.measures.select_related("owner", "matter"))
    blocks.append(heading("六、改进措施"))
    blocks.append(table(("措施", "责任单位", "期限", "落实情况"),
                        [(each.what, each.owner.name_zh, f"{each.due_on:%Y-%m-%d}",
                          "已办结" if each.matter and each.matter.ended_at else "落实中" if each.matter else "待确认后交办") for each in measures],
                        widths=(7, 4, 3, 3)) if measures else text("没有提出改进措施。"))
    blocks.append(note("用时自启动时起算；逾期按任务时限（分钟）计算。"))
    return Report(kind="演练复盘报告" if event.is_drill else "突发事件复盘报告", title=f"{event.port.name_zh}{event.title_zh}",
        issuer=event.lead.name_zh,
                  labels=labels, blocks=blocks, cited_as=f"突发事件#{event.pk}，办件#{event.matter_id}")


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def spent(span: timedelta) -> str:
    """A span in words, to the minute.

    >>> spent(timedelta(hours=26, minutes=5)), spent(timedelta(seconds=20))
    ('1天2小时', '0分')
    """
    total = int(span.total_seconds() // 60)
    days, rest = divmod(total, 1440)
    hours, left = divmod(rest, 60)
    return f"{days}天{hours}小时" if days else f"{hours}小时{left}分" if hours else f"{left}分"
