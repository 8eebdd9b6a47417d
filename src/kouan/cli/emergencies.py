"""``kouan emergencies``: events and drills opened, logged, shown, reported; plans; rosters with what is wrong with them.

The steps of events, tasks, plans and measures are those of ``kouan matters step``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import AS_ACTOR, actor_named, both
from kouan.cli.output import out, say, table, write_json
from kouan.cli.who import reader

app = typer.Typer(help="突发事件：启动、日志、复盘报告、预案、值班表 / emergencies: events, logs, reports, plans, rosters", no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
NUMBER = typer.Argument(..., min=1, max=2**62, help="突发事件编号 / number of the event")
MOMENT = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


@app.command("list")
def list_events(
    running: bool = typer.Option(False, "--running", help="只列处置中的 / only those whose response is under way"),
    drills: bool = typer.Option(False, "--drills", help="只列演练 / drills only"),
    limit: int = typer.Option(50, min=1, max=1000, help="最多条数 / rows at most"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """列出可见的突发事件和演练，新的在前。 / List the events and drills in scope, newest first.

    例：kouan emergencies list --running
    """
    from kouan.monitoring.emergencies.queries import events_visible_to, summary_of

    found = events_visible_to(reader(as_user))
    if running:
        found = found.running()
    if drills:
        found = found.filter(is_drill=True)
    rows = [summary_of(each) for each in found.order_by("-pk")[:limit]]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("口岸", "port"), say("标题", "title"), say("类别", "kind"), say("等级", "level"), say("启动", "opened"),
           say("状态", "state"), say("牵头单位", "led by")],
          ([each["id"], each["port_name"], _title(each), both(each["kind_label"]), both(each["level_label"]), _at(each["opened_at"]),
            both(each["state_label"]), each["lead"]] for each in rows), right=[0])


def _title(held: dict[str, Any]) -> str:
    return f"{say('【演练】', '[Drill] ') if held['is_drill'] else ''}{both(held['title'])}"


def _at(moment: datetime) -> str:
    from django.utils import timezone

    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


@app.command()
def show(number: int = NUMBER, as_user: str = AS_READER, json: bool = JSON) -> None:
    """一次突发事件：任务及用时、经过、关闭、改进措施。 / One event: tasks with their times, what happened, closures, measures.

    例：kouan emergencies show 3
    """
    from kouan.monitoring.emergencies.actions import get_event
    from kouan.monitoring.emergencies.queries import told

    held = told(get_event(reader(as_user), number))
    if json:
        write_json(held)
        return
    out.print(f"#{held['id']} {held['port_name']} {_title(held)} {both(held['state_label'])}", style="bold", markup=False)
    out.print(say(f"{both(held['kind_label'])}，{both(held['level_label'])}，牵头：{held['lead']}，办件 #{held['matter']}",
                  f"{both(held['kind_label'])}, {both(held['level_label'])}, led by {held['lead']}, matter #{held['matter']}"), markup=False)
    table([say("任务", "task"), say("事项", "what"), say("承办单位", "offices"), say("办件", "matter"), say("状态", "state"),
           say("用时（分）", "took (min)"), say("逾期（分）", "late (min)")],
          ([each["number"], both(each["words"]), "、".join(each["offices"]), each["matter"], both(each["state_label"]), each["took_minutes"],
            each["late_minutes"]] for each in held["tasks"]), right=[0, 3, 5, 6])
    for each in held["timeline"]:
        line = f" #{each['line']}" if each["line"] else ""
        late = say("（逾期）", " (late)") if each["is_late"] else ""
        out.print(f"{_at(each['at'])}{line} {both(each['what'])}{late} {each['who']}", markup=False)


@app.command("open")
def open_one(
    port: str = typer.Argument(..., help="口岸代码、名称或其他代码 / port by any code or name"),
    kind: str = typer.Argument(..., help="类别，如 dangerous_goods、epidemic / kind, such as dangerous_goods, epidemic"),
    level: int = typer.Argument(..., min=1, max=4, help="等级，1 特别重大至 4 一般 / level, 1 (gravest) to 4"),
    title: str = typer.Argument(..., help="标题 / title"),
    words: str = typer.Option("", help="情况 / what is known"),
    title_en: str = typer.Option("", "--title-en", help="标题的英文 / the title in English"),
    at: datetime | None = typer.Option(None, formats=MOMENT,
        help="发生时间（北京时间），默认现在 / when it happened, Beijing time; now if not given"),
    drill: bool = typer.Option(False, "--drill", help="这是演练 / this is a drill"),
    warning: int | None = typer.Option(None, min=1, max=2**62, help="由哪次预警启动 / the warning it comes from"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """启动一次突发事件或演练：预案清单即送到各单位待办。 / Open an event or a drill: the plan's checklist goes to every desk.

    例：kouan emergencies open 罗湖 dangerous_goods 3 货运通道泄漏 --as shenzhen
    """
    from kouan.basis import clock
    from kouan.cli.naming import port_named
    from kouan.monitoring.emergencies.actions import NewEvent, open_event
    from kouan.monitoring.emergencies.queries import told

    user = actor_named(as_user)
    made = open_event(actor=user, said=NewEvent(
        port_named(user, port).code, kind, level, title, at.replace(tzinfo=clock.BEIJING) if at else clock.now(), words, title_en, drill, warning))
    held = told(made)
    if json:
        write_json(held)
        return
    out.print(say(f"已启动 #{made.pk}，下达任务 {len(held['tasks'])} 项。", f"Opened as #{made.pk} with {len(held['tasks'])} tasks."), markup=False)


@app.command()
def log(
    number: int = NUMBER, words: str = typer.Argument(..., help="内容 / the line"),
    words_en: str = typer.Option("", "--en", help="英文 / in English"),
    corrects: int | None = typer.Option(None, min=1, max=2**62, help="更正第几行 / the line it corrects"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """在日志中记一行；只增不改，更正另记一行。 / Add a line to the log; a correction is another line.

    例：kouan emergencies log 3 吸附材料已送达 --as luohu
    """
    from kouan.monitoring.emergencies.actions import add_log_line

    line = add_log_line(actor=actor_named(as_user), event=number, words=words, words_en=words_en, corrects=corrects)
    if json:
        write_json({"line": line.pk, "event": line.event_id, "recorded_at": line.recorded_at})
        return
    out.print(say(f"已记入，第 #{line.pk} 行。", f"Added as line #{line.pk}."), markup=False)


@app.command()
def report(
    number: int = NUMBER, to: Path = typer.Argument(..., dir_okay=False, help="写到的文件，.pdf 或 .docx / the file to write, .pdf or .docx"),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """写出复盘报告：依记录自动生成。 / Write the after-action report, made from the record.

    例：kouan emergencies report 3 复盘.docx
    """
    from kouan.desk.papers.report_pdf import report_pdf
    from kouan.desk.papers.report_word import report_docx
    from kouan.monitoring.emergencies.actions import get_event
    from kouan.monitoring.emergencies.report import after_action

    if to.suffix not in (".pdf", ".docx"):
        raise typer.BadParameter(say("文件名应以 .pdf 或 .docx 结尾", "the name ends in .pdf or .docx"), param_hint="TO")
    made = after_action(get_event(reader(as_user), number))
    to.write_bytes(report_docx(made) if to.suffix == ".docx" else report_pdf(made))
    if json:
        write_json({"file": str(to), "labels": list(made.labels)})
        return
    out.print(say(f"已写入 {to}", f"Written to {to}"), markup=False)


@app.command()
def plans(
    overdue: bool = typer.Option(False, "--overdue", help="只列演练逾期的 / only those whose drill is overdue"), as_user: str = AS_READER,
    json: bool = JSON,
) -> None:
    """列出可见的应急预案及下次演练日期。 / List the plans in scope with the day of their next drill.

    例：kouan emergencies plans --overdue
    """
    from kouan.monitoring.emergencies.queries import plan_told, plans_due, plans_visible_to

    user = reader(as_user)
    rows = [plan_told(each) for each in (plans_due(user) if overdue else plans_visible_to(user)[:1000])]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("适用", "for"), say("预案", "plan"), say("版本", "version"), say("状态", "state"), say("下次演练",
        "next drill")],
          ([each["id"], each["port"] or each["province"], both(each["title"]), each["number"], both(each["state_label"]),
            str(each["next_drill_on"] or "—")] for each in rows), right=[0, 3])


@app.command()
def roster(
    office: str = typer.Argument(..., help="单位代码 / the office by its code"),
    days: int = typer.Option(14, min=1, max=92, help="天数，自今日起 / days from today"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """一个单位的值班表，列出缺岗和一人兼岗。 / The roster of an office, with roles of nobody and people in two roles.

    例：kouan emergencies roster sz
    """
    from kouan.accounts.models import Organisation
    from kouan.basis import NotFound, clock
    from kouan.monitoring.emergencies import plans as rosters
    from kouan.monitoring.emergencies.models import DutyEntry

    user = reader(as_user)
    held = Organisation.objects.filter(code=office).first()
    seen = held is not None and (held.pk == user.organisation_id or DutyEntry.objects.visible_to(user).filter(organisation=held).exists())
    if held is None or not seen:
        raise NotFound.because("unknown_office", f"没有“{office[:64]}”的值班表。", f"There is no roster of “{office[:64]}”.",
                               remedy=("请核对单位代码。", "Check the office's code."))
    first, last = clock.today(), clock.today() + timedelta(days=days - 1)
    shown, wrong = rosters.roster(held, first, last), rosters.conflicts(held, first, last)
    if json:
        write_json({"office": held.code, "days": [{"day": each.day, "on_duty": {role: {"person": one.person, "phone": one.phone}
                                                   for role, one in each.entries.items()}, "missing": list(each.missing)} for each in shown],
                    "findings": [each.as_dict() for each in wrong]})
        return
    table([say("日期", "day"), say("值班", "on duty"), say("缺岗", "missing")],
          ([str(each.day), say("；", "; ").join(f"{role} {one.person} {one.phone}" for role, one in each.entries.items()) or "—",
            "、".join(each.missing) or "—"] for each in shown))
    for each in wrong:
        out.print(both(each.message.as_dict()), markup=False)
