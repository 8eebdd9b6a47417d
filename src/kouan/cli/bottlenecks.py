"""``kouan bottlenecks``: issues of enterprises: listed, shown, submitted, entered, opened by a weak indicator, rated; figures.

The steps of offices are those of ``kouan matters step``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import actor_named, both
from kouan.cli.output import out, say, table, text, write_json
from kouan.cli.who import reader

app = typer.Typer(help="企业反映的堵点难点：提交、查看、评价、统计 / what holds enterprises up: reported, shown, rated, counted",
    no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
AS_ACTOR = typer.Option("", "--as", help="办理人登录名 / sign-in name of who acts")
NUMBER = typer.Argument(..., min=1, max=2**62, help="诉求编号 / number of the issue")
PORT = typer.Option(..., help="口岸代码或名称 / port by code or name")
STAGE = typer.Option(..., help="环节代码，如 inspection / stage, such as inspection")
KIND = typer.Option(..., help="类别代码，如 time、cost / kind, such as time, cost")
LEVEL = typer.Option("port", help="范围：port、province、nation / how far it reaches")
FACTS = typer.Option(..., help="事实 / what happened")
WANTED = typer.Option("", help="期望结果 / what is wanted")
ABOUT = typer.Option("", help="所涉单位代码 / code of the office concerned")
FILES = typer.Option([], "--evidence", exists=True, dir_okay=False, help="佐证材料，可重复 / evidence, may be repeated")
ANONYMOUS = typer.Option(False, "--anonymous", help="对所涉单位匿名 / unnamed to the office concerned")


@app.command("list")
def list_issues(
    kind: str = typer.Option("", help="类别代码 / kind"), running: bool = typer.Option(False, "--running", help="只列办理中的 / under way only"),
    limit: int = typer.Option(50, min=1, max=1000, help="最多条数 / rows at most"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """列出可见的诉求，新的在前。 / List the issues in scope, newest first.

    例：kouan bottlenecks list --running
    """
    from kouan.casework.bottlenecks.queries import issues_visible_to, told

    user = reader(as_user)
    found = issues_visible_to(user)
    if kind:
        found = found.filter(kind=kind)
    if running:
        found = found.filter(matter__ended_at__isnull=True)
    rows = [told(each, user) for each in found.order_by("-pk")[:limit]]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("口岸", "port"), say("类别", "kind"), say("状态", "state"), say("办理单位", "office"), say("提交",
        "submitted")],
          ([each["id"], each["port_name"], each["kind"], both(each["state_label"]), each["handler"], str(each["submitted_on"])] for each in rows),
          right=[0])


@app.command()
def show(number: int = NUMBER, as_user: str = AS_READER, json: bool = JSON) -> None:
    """一件诉求：内容、送往何处及理由、答复。 / One issue: what was said, where it went and why, its answers.

    例：kouan bottlenecks show 3
    """
    from kouan.casework.bottlenecks.queries import get_issue, told

    user = reader(as_user)
    held = told(get_issue(user, number), user)
    if json:
        write_json(held)
        return
    out.print(f"#{held['id']} {held['port_name']} {both(held['state_label'])}", style="bold", markup=False)
    out.print(held["facts"], markup=False)
    out.print(say(f"办理单位：{held['handler']}（{both(held['why'])}）", f"Office: {held['handler']} ({both(held['why'])})"), markup=False)
    out.print(say(f"办件 #{held['matter']}", f"Matter #{held['matter']}"), markup=False)
    for each in held["answers"]:
        out.print(f"{each['on']} {each['office']}: {each['answer']}", markup=False)


@app.command()
def submit(
    port: str = PORT, stage: str = STAGE, kind: str = KIND, facts: str = FACTS, level: str = LEVEL, wanted: str = WANTED, about: str = ABOUT,
    evidence: list[Path] = FILES, anonymous: bool = ANONYMOUS, enterprise: str = typer.Option(
        "", help="代录来电来访时的企业名称；企业自己提交不填 / the enterprise's name when an office enters it; empty when it submits itself"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """企业提交诉求，或口岸办代录。 / Submit an issue as its enterprise, or enter one for it as a port office.

    例：kouan bottlenecks submit --port luohu-rail --stage inspection --kind time --facts 查验等候三天 --as qiye
    """
    from contextlib import ExitStack

    from kouan.casework.bottlenecks.actions import EvidenceFile, NewIssue, enter_issue, submit_issue
    from kouan.casework.bottlenecks.queries import told

    user = actor_named(as_user)
    said = NewIssue(_port(port), stage, kind, level, facts, wanted, about, is_anonymous=anonymous)
    with ExitStack() as stack:
        files = [EvidenceFile(stack.enter_context(each.open("rb")), each.name) for each in evidence]
        made = enter_issue(actor=user, said=said, enterprise_name=enterprise, files=files) if enterprise else submit_issue(
            actor=user, said=said, files=files)
    _done(told(made, user), json, say(f"已提交，编号 #{made.pk}，已送{made.handler.name_zh}",
        f"Submitted as #{made.pk}, sent to {made.handler.name_zh}"))


def _port(said: str) -> str:
    """The code of a port by code or full name; enterprises see no register, and name any port."""
    from kouan.ports.models import Port

    found = Port.objects.filter(code=said).first() or Port.objects.filter(name_zh=said).first()
    return found.code if found else said


@app.command()
def weak(
    indicator: str = typer.Option(..., help="指标代码，如 I-0101 / indicator, such as I-0101"), port: str = PORT,
    score: str = typer.Option(..., help="得分，照评估结果 / score, as evaluated"),
    evidence: str = typer.Option(..., help="得分的引用，如 kouan:evaluation/score/7@2 / reference of the score"),
    facts: str = FACTS, kind: str = typer.Option("other", help="类别代码 / kind"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """指标偏弱，开出任务（国家口岸办）；一项得分只开一个。 / Open a task for a weak indicator; one score opens one.

    例：kouan bottlenecks weak --indicator I-0101 --port luohu-rail --score 42 --evidence kouan:evaluation/score/7@2 --facts 面积不足 --as guojia
    """
    from kouan.basis import EvidenceRef
    from kouan.casework.bottlenecks.actions import open_from_indicator
    from kouan.casework.bottlenecks.queries import told

    user = actor_named(as_user)
    try:
        reference = EvidenceRef.from_uri(evidence)
    except ValueError:
        raise typer.BadParameter(say("应为 kouan:房间/种类/编号@版本", "write kouan:room/kind/id@revision"), param_hint="--evidence")
    made = open_from_indicator(actor=user, indicator=indicator, port=_port(port), score=score, evidence=reference, facts=facts, kind=kind)
    _done(told(made, user), json, say(f"已开出任务 #{made.pk}", f"Task #{made.pk} opened"))


@app.command()
def rate(
    number: int = NUMBER, satisfaction: str = typer.Argument(..., help="满意、基本满意、不满意 / satisfied, fair, dissatisfied"),
    comment: str = typer.Option("", help="说明 / comment"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """企业评价答复，诉求办结。 / Rate the answer; the issue closes.

    例：kouan bottlenecks rate 3 满意 --as qiye
    """
    from kouan.casework.bottlenecks.actions import rate_issue
    from kouan.casework.bottlenecks.queries import told

    user = actor_named(as_user)
    _done(told(rate_issue(actor=user, issue=number, satisfaction=satisfaction, comment=comment), user), json, say("已评价", "Rated"))


@app.command("object")
def object_to(
    number: int = NUMBER, why: str = typer.Argument(..., help="理由 / why"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """企业不认可答复，由上级审看；只能一次。 / Object to the answer, once; a superior looks at it.

    例：kouan bottlenecks object 3 通道仍未开 --as qiye
    """
    from kouan.casework.bottlenecks.actions import object_to_answer
    from kouan.casework.bottlenecks.queries import told

    user = actor_named(as_user)
    _done(told(object_to_answer(actor=user, issue=number, objection=why), user), json, say("已提请上级审看", "A superior will look at it"))


@app.command()
def statistics(
    public: bool = typer.Option(False, "--public", help="只列可公布的 / only what may be published"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """按口岸、类别、单位统计；少于3件的分组不公布。 / By port, kind and office; groups of fewer than three are not published.

    例：kouan bottlenecks statistics --public --json
    """
    from dataclasses import asdict

    from kouan.accounts.models import Role
    from kouan.casework.bottlenecks.queries import issues_visible_to, public_statistics
    from kouan.casework.bottlenecks.queries import statistics as count

    user = reader(as_user)
    groups = public_statistics() if public or user.role == Role.ENTERPRISE_USER else count(issues_visible_to(user))
    if json:
        write_json([asdict(each) for each in groups])
        return
    table([say("分组", "by"), say("名称", "name"), say("件数", "issues"), say("已答复", "answered"), say("天数中位数", "median days"),
           say("曾不认可", "objected"), say("满意", "satisfied")],
          ([each.dimension, text(each.label), each.count, _or_dash(each.answered), _or_dash(each.median_days), _or_dash(each.reopened),
            _or_dash(each.satisfied)] for each in groups), right=[2, 3, 4, 5, 6])


def _or_dash(value: Any) -> Any:
    return "—" if value is None else value


def _done(held: dict[str, Any], json: bool, words: str) -> None:
    if json:
        write_json(held)
    else:
        out.print(words, markup=False)
