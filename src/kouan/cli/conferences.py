"""``kouan conferences``: called, given an agenda from open cases, minuted; the agenda and the minutes as papers.

The steps (agenda sent, held, confirmed, issued, postponed, cancelled) are those of ``kouan matters step``.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import actor_named, both
from kouan.cli.output import out, say, table, text, write_json
from kouan.cli.who import reader

app = typer.Typer(help="口岸工作联席会议：议程、纪要、议定事项 / joint conferences: agenda, minutes, action items", no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
AS_ACTOR = typer.Option("", "--as", help="办理人登录名 / sign-in name of who acts")
NUMBER = typer.Argument(..., min=1, max=2**62, help="会议编号 / number of the conference")


@app.command("list")
def list_conferences(limit: int = typer.Option(50, min=1, max=1000, help="最多条数 / rows at most"), as_user: str = AS_READER,
    json: bool = JSON) -> None:
    """列出可见的会议。 / List the conferences in scope.

    例：kouan conferences list
    """
    from kouan.casework.conference.queries import conferences_visible_to, summary_of

    rows = [summary_of(each) for each in conferences_visible_to(reader(as_user)).order_by("-held_on", "-pk")[:limit]]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("会议", "conference"), say("日期", "day"), say("地点", "place"), say("状态", "state")],
          ([each["id"], each["title"], str(each["held_on"]), each["place"], both(each["state_label"])] for each in rows), right=[0])


@app.command()
def show(number: int = NUMBER, as_user: str = AS_READER, json: bool = JSON) -> None:
    """一次会议：议程、成员回执、议定意见、上次议定事项落实情况。 / One conference: agenda, receipts, decisions, the last action items.

    例：kouan conferences show 1
    """
    from kouan.casework.conference.queries import get_conference, told

    user = reader(as_user)
    held = told(get_conference(user, number), user)
    if json:
        write_json(held)
        return
    out.print(f"#{held['id']} {held['title']} {held['held_on']} {both(held['state_label'])}", style="bold", markup=False)
    out.print(say(f"办件 #{held['matter']}，第 {held['version']} 版", f"Matter #{held['matter']}, version {held['version']}"), markup=False)
    table([say("序号", "no."), say("议题", "item"), say("办件", "case"), say("议定意见", "decision")],
          ([each["number"], each["title"], each["case"] or "—", each["decision"] or "—"] for each in held["items"]), right=[0])
    table([say("成员", "member"), say("回执", "receipt"), say("参会", "attends")],
          ([each["name"], say("已回执", "received") if each["has_received"] else "—", each["attendee"] or "—"] for each in held["members"]))
    if held["followed_up"]:
        table([say("上次议定事项", "action item"), say("责任单位", "office"), say("期限", "due"), say("落实", "state")],
              ([each["what"], each["owner"], str(each["due_on"]), say("已办结", "closed") if each["is_closed"] else say("落实中", "under way")]
               for each in held["followed_up"]))


@app.command()
def suggest(as_user: str = AS_ACTOR, json: bool = JSON) -> None:
    """建议上会的办件及理由。 / The cases that need a conference, and why.

    例：kouan conferences suggest --as guojia
    """
    from kouan.casework.conference.reasons import suggestions

    rows = suggestions(actor_named(as_user))
    if json:
        write_json([{"matter": case.pk, "title": case.title, "reasons": [{"code": each.code, "zh": each.said.zh, "en": each.said.en} for each in why]}
                    for case, why in rows])
        return
    table([say("办件", "matter"), say("标题", "title"), say("理由", "why")],
          ([case.pk, case.title, say("；", "; ").join(text(each.said) for each in why)] for case, why in rows), right=[0])


@app.command()
def call(
    title: str = typer.Argument(..., help="会议名称 / name"),
    on: datetime = typer.Option(..., "--on", formats=["%Y-%m-%d"], help="会议日期 / day"),
    place: str = typer.Option(..., help="地点 / place"), chair: str = typer.Option(..., help="主持人 / chair"),
    member: list[str] = typer.Option([], "--member", help="成员：单位代码、全称或部委名称，可重复 / member, may be repeated"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """召集会议。 / Call a conference.

    例：kouan conferences call 部际联席会议第一次会议 --on 2024-05-10 --place 北京 --chair 某主任 --member gd --as guojia
    """
    from kouan.casework.conference.actions import call_conference
    from kouan.casework.conference.queries import summary_of

    made = call_conference(actor=actor_named(as_user), title=title, held_on=on.date(), place=place, chair=chair, members=member)
    _done(summary_of(made), json, say(f"已登记，编号 #{made.pk}", f"Entered as #{made.pk}"))


@app.command()
def add(
    number: int = NUMBER,
    case: int = typer.Option(0, "--case", min=0, max=2**62, help="办件编号 / number of an open matter"),
    title: str = typer.Option("", help="自拟议题 / an item of one's own"), note: str = typer.Option("", help="理由或说明 / reason or note"),
    paper: Path | None = typer.Option(None, exists=True, dir_okay=False, help="议题材料 / its paper"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """列入议题：办件（--case）或自拟（--title）。 / Put a case or an item of one's own on the agenda.

    例：kouan conferences add 1 --case 12 --as guojia
    """
    from kouan.casework.conference.actions import PaperFile, add_case, add_free_item, attach_paper

    if bool(case) == bool(title):
        raise typer.BadParameter(say("须写 --case 或 --title 之一", "give either --case or --title"), param_hint="--case")
    user = actor_named(as_user)
    if case:
        made = add_case(actor=user, conference=number, matter=case, note=note)
    else:
        made = add_free_item(actor=user, conference=number, title=title, note=note)
    if paper is not None:
        with paper.open("rb") as source:
            attach_paper(actor=user, conference=number, item=made.pk, paper=PaperFile(source, paper.name))
    _done({"item": made.pk, "number": made.number, "title": made.title, "reasons": made.reasons}, json,
          say(f"已列为第{made.number}项", f"Item {made.number}"))


@app.command()
def minutes(
    number: int = NUMBER, item: int = typer.Argument(..., min=1, max=2**62, help="议题编号，见 show --json / item, see show --json"),
    decision: str = typer.Option(..., help="议定意见 / decision"), dissent: str = typer.Option("", help="不同意见 / dissent"),
    words: str = typer.Option("", help="讨论情况 / what was said"),
    action: list[str] = typer.Option([], "--action", help="议定事项“事项；责任单位；日期”，可重复 / what；office；day, may be repeated"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """写一项议题的纪要及议定事项。 / Write the minutes of one item, with its action items.

    例：kouan conferences minutes 1 4 --decision 同意 --action "完成改造；gd；2024-06-30" --as guojia
    """
    from kouan.casework.conference.actions import NewAction, write_minutes

    rows = []
    for each in action:
        parts = [one.strip() for one in each.replace(";", "；").split("；")]
        try:
            rows.append(NewAction(parts[0], parts[1], date.fromisoformat(parts[2])))
        except (IndexError, ValueError):
            raise typer.BadParameter(say("应写作“事项；责任单位；2024-06-30”", "write “what；office；2024-06-30”"), param_hint="--action")
    made = write_minutes(actor=actor_named(as_user), conference=number, item=item, decision=decision, dissent=dissent, words=words, actions=rows)
    _done({"item": made.pk, "decision": made.decision, "actions": len(rows)}, json, say("已保存", "Kept"))


@app.command()
def paper(
    number: int = NUMBER, kind: str = typer.Argument(..., help="agenda 或 minutes / agenda or minutes"),
    to: Path = typer.Option(..., help="写到此文件（.docx 或 .pdf） / the file to write, .docx or .pdf"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """议程通知或纪要，写成 Word 或 PDF（GB/T 9704）。 / The agenda or the minutes as Word or PDF.

    例：kouan conferences paper 1 minutes --to 纪要.docx
    """
    from kouan.casework.conference.papers import agenda_of, minutes_of
    from kouan.casework.conference.queries import CONFIRMED, get_conference, is_secretary
    from kouan.desk.papers import docx_of, pdf_of

    if kind not in ("agenda", "minutes") or to.suffix not in (".docx", ".pdf"):
        raise typer.BadParameter(say("种类为 agenda 或 minutes，文件为 .docx 或 .pdf", "agenda or minutes, to .docx or .pdf"), param_hint="KIND")
    user = reader(as_user)
    held = get_conference(user, number)
    if kind == "minutes" and user.pk is not None and held.matter.state not in CONFIRMED and not is_secretary(user, held):
        raise typer.BadParameter(say("纪要尚未确认", "the minutes are not confirmed yet"), param_hint="KIND")
    made = agenda_of(held) if kind == "agenda" else minutes_of(held)
    to.write_bytes(docx_of(made) if to.suffix == ".docx" else pdf_of(made))
    _done({"file": str(to), "title": made.title, "is_draft": made.is_draft}, json, say(f"已写入 {to}", f"Written to {to}"))


def _done(held: dict[str, Any], json: bool, words: str) -> None:
    if json:
        write_json(held)
    else:
        out.print(words, markup=False)
