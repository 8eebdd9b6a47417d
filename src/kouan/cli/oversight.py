"""``kouan oversight``: tasks of the plan by place, supervised matters, instructions and circulars from the command line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import actor_named
from kouan.cli.output import out, say, table, write_json
from kouan.cli.who import reader

app = typer.Typer(help="督查督办、领导批示、通知通报 / supervision, instructions, circulars", no_args_is_help=True)
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
AS_ACTOR = typer.Option(..., "--as", help="以某用户的身份办理 / act as this user")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
TASK = typer.Argument(..., help="任务代码，见 kouan oversight tasks / task, see kouan oversight tasks")
PLACE = typer.Argument(..., help="地区代码，如 44 / place, such as 44")
DAY_FORM = ["%Y-%m-%d"]


def _both(said: dict[str, str]) -> str:
    return say(said["zh"], said["en"])


@app.command()
def tasks(
    state: str = typer.Option("", help="状态，如 overdue、none_stated / state, such as overdue or none_stated"),
    place: str = typer.Option("", help="地区代码 / place"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """规划任务逐省情况；未明确责任单位的照实列出。 / The plan's tasks by place; those without an office say so.

    例：kouan oversight tasks --state overdue
    """
    from kouan.casework.oversight.queries import matrix
    from kouan.casework.oversight.telling import cell_told

    rows = [cell_told(each) for each in matrix(reader(as_user)) if state in ("", each.state) and place in ("", each.place.code)]
    if json:
        write_json(rows)
        return
    table([say("任务", "task"), say("代码", "code"), say("地区", "place"), say("责任单位", "office"), say("状态", "state"), say("期限", "due"),
           say("最近报告", "last report")],
          ([_both(each["title"]), each["task"], f"{each['place']} {_both(each['place_name'])}", each["owner_name"], _both(each["state_label"]),
            str(each["due_on"] or "—"), str(each["last_report_on"] or "—")] for each in rows))


@app.command()
def assign(
    task: str = TASK, place: str = PLACE,
    owner: str = typer.Option("", help="责任单位代码；不填即未明确责任单位 / office in charge; none: none is stated"),
    due: datetime | None = typer.Option(None, formats=DAY_FORM, help="期限 / day"),
    reason: str = typer.Option(..., help="依据或理由 / reason"),
    version: int = typer.Option(0, min=0, help="您所见的版本，0 为尚无记录 / version that you saw; 0: nothing on record"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """明确责任单位和期限。 / Set the office in charge and the day.

    例：kouan oversight assign class_two 44 --owner guangdong-office --due 2027-03-31 --reason 会议确定 --as guojia
    """
    from kouan.casework.oversight.actions import set_cell

    user = actor_named(as_user)
    set_cell(actor=user, task=task, place=place, owner=owner, due_on=due.date() if due else None, reason=reason, version=version)
    _say_cell(user, task, place, json)


@app.command()
def report(
    task: str = TASK, place: str = PLACE, words: str = typer.Option(..., help="进展情况 / progress"),
    problem: str = typer.Option("", help="重大问题 / major problem"),
    complete: bool = typer.Option(False, "--complete", help="报告已完成，须附材料 / report it as done; needs evidence"),
    file: Path | None = typer.Option(None, exists=True, dir_okay=False, help="证明材料 / evidence"),
    sha256: str = typer.Option("", help="材料的校验值，不符则拒收 / its checksum; another content is refused"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """报告进展。 / Report how a task goes.

    例：kouan oversight report class_two 44 --words 已摸底 --as guangdong
    """
    from contextlib import ExitStack

    from kouan.casework.oversight.actions import report_progress

    user = actor_named(as_user)
    with ExitStack() as stack:
        given: dict[str, Any] = {"source": stack.enter_context(file.open("rb")), "file_name": file.name} if file else {}
        report_progress(actor=user, task=task, place=place, words=words, problem=problem, is_complete=complete, sha256=sha256, **given)
    _say_cell(user, task, place, json)


@app.command()
def supervise(
    task: str = TASK, place: str = PLACE, reason: str = typer.Option(..., help="事由 / reason"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """立项督办；此后各步用 kouan matters step 办理。 / Supervise a task; its steps are taken by kouan matters step.

    例：kouan oversight supervise class_two 44 --reason 进展缓慢 --as guojia
    """
    from kouan.casework.oversight.actions import supervise_cell

    user = actor_named(as_user)
    supervise_cell(actor=user, task=task, place=place, reason=reason)
    _say_cell(user, task, place, json)


@app.command()
def supervised(as_user: str = AS_READER, json: bool = JSON) -> None:
    """督办件。 / Supervised matters.

    例：kouan oversight supervised --json
    """
    from kouan.casework.oversight.models import Supervision
    from kouan.casework.oversight.telling import supervision_told

    found = Supervision.objects.visible_to(reader(as_user)).select_related("matter", "matter__edition", "owner")
    rows = [supervision_told(each) for each in found[:2000]]
    if json:
        write_json(rows)
        return
    table([say("办件", "matter"), say("标题", "title"), say("承办单位", "office"), say("状态", "state"), say("期限", "due")],
          ([each["matter"], each["title"], each["owner_name"], _both(each["state_label"]), str(each["due_on"] or "—")] for each in rows), right=[0])


@app.command()
def instructions(as_user: str = AS_READER, json: bool = JSON) -> None:
    """领导批示及各单位办理情况。 / Instructions, and how many offices have answered.

    例：kouan oversight instructions
    """
    from kouan.casework.oversight.models import Instruction
    from kouan.casework.oversight.telling import instruction_told

    rows = [instruction_told(each) for each in Instruction.objects.visible_to(reader(as_user)).prefetch_related("supervisions")[:2000]]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("事项", "matter"), say("批示人", "signed by"), say("日期", "signed on"), say("已办", "answered")],
          ([each["id"], each["title"], each["signer"], str(each["signed_on"]), f"{each['answered']}/{each['offices']}"] for each in rows), right=[0])


@app.command()
def instruct(
    title: str = typer.Argument(..., help="批示事项 / matter"), signer: str = typer.Option(..., help="批示人 / signed by"),
    signed: datetime = typer.Option(..., formats=DAY_FORM, help="批示日期 / signed on"), words: str = typer.Option(..., help="批示内容 / words"),
    office: list[str] = typer.Option(..., help="承办单位代码，可重复 / office in charge, may be repeated"),
    reference: str = typer.Option("", help="来文编号 / reference"), urgency: str = typer.Option("routine",
        help="routine、urgent、most_urgent / urgency"),
    due: datetime | None = typer.Option(None, formats=DAY_FORM, help="期限；未写明的按设置 / day; else by the setting"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """登记批示，为每个单位立一件督办件。 / Record an instruction: a supervised matter for each office.

    例：kouan oversight instruct 口岸拥堵 --signer 某领导 --signed 2026-11-02 --words 请研究 --office guangdong-office --reference 9号 --as guojia
    """
    from kouan.casework.oversight.instructions import record_instruction
    from kouan.casework.oversight.telling import instruction_told

    made = record_instruction(
        actor=actor_named(as_user), title=title, signer=signer, signed_on=signed.date(), words=words, offices=office, reference=reference,
        urgency=urgency, due_on=due.date() if due else None)
    if json:
        write_json(instruction_told(made))
        return
    out.print(say(f"已登记，编号 {made.pk}", f"Recorded as number {made.pk}"))


@app.command()
def circulars(
    unsigned: bool = typer.Option(False, "--unsigned", help="只列本单位未签收的 / only those your office has not signed for"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """发给本单位的和本单位的通知通报。 / Circulars that were sent to one's office, and its own.

    例：kouan oversight circulars --unsigned --as guangdong
    """
    from kouan.casework.oversight.models import Circular
    from kouan.casework.oversight.telling import circular_told

    user = actor_named(as_user)
    rows = [circular_told(each, user.organisation_id) for each in Circular.objects.visible_to(user).select_related("office")[:2000]]
    rows = [each for each in rows if not unsigned or (each["is_addressed"] and each["signed_at"] is None and each["state"] == "issued")]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("标题", "title"), say("文号", "as issued"), say("印发单位", "from"), say("状态", "state"), say("签收",
        "receipts")],
          ([each["id"], each["title"], each["number"], each["office"], each["state"],
            "—" if each["receipts"] is None else f"{each['receipts_signed']}/{each['receipts']}"] for each in rows), right=[0])


@app.command()
def sign(number: int = typer.Argument(..., min=1, help="通知编号 / number"), as_user: str = AS_ACTOR, json: bool = JSON) -> None:
    """代表本单位签收一份通知。 / Sign for a circular for one's office.

    例：kouan oversight sign 3 --as guangdong
    """
    from kouan.casework.oversight.circulars import sign_circular

    receipt = sign_circular(actor=actor_named(as_user), circular=number)
    if json:
        write_json({"circular": number, "signed_at": receipt.signed_at})
        return
    out.print(say("已签收", "Signed for"))


def _say_cell(user: Any, task: str, place: str, json: bool) -> None:
    from kouan.casework.oversight.queries import get_cell
    from kouan.casework.oversight.telling import cell_told

    said = cell_told(get_cell(user, task, place))
    if json:
        write_json(said)
        return
    out.print(say(f"已办理：{said['owner_name']}，{_both(said['state_label'])}，第 {said['version']} 版",
                  f"Done: {said['owner_name']}, {_both(said['state_label'])}, version {said['version']}"), markup=False)
