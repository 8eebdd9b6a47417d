"""``kouan execution``: the plan's projects and targets from the command line, as on their pages."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import actor_named
from kouan.cli.output import out, say, table, write_json
from kouan.cli.who import reader

app = typer.Typer(help="规划执行：专栏7—10的项目、规划目标 / how the plan is carried out: projects of Boxes 7–10, targets", no_args_is_help=True)
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
AS_ACTOR = typer.Option(..., "--as", help="以某用户的身份办理 / act as this user")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
PROJECT = typer.Argument(..., help="项目编号，如 P7-03 / project, such as P7-03")
VERSION = typer.Option(0, min=0, help="您所见的版本，0 为尚无记录 / version that you saw; 0: nothing on record")
FILE = typer.Option(None, exists=True, dir_okay=False, help="证明材料 / evidence")
SHA256 = typer.Option("", help="材料的校验值，不符则拒收 / its checksum; another content is refused")
DAY_FORM = ["%Y-%m-%d"]


def _both(said: dict[str, str]) -> str:
    return say(said["zh"], said["en"])


def _day(said: datetime | None) -> date | None:
    return said.date() if said else None


def _amount(said: str, name: str) -> Decimal | None:
    try:
        return Decimal(said.replace(",", "")) if said.strip() else None
    except InvalidOperation:
        raise typer.BadParameter(say(f"“{said}”不是数字", f"“{said}” is no number"), param_hint=name) from None


def _proof(stack: ExitStack, file: Path | None, sha256: str) -> Any:
    from kouan.casework.execution.proof import Proof

    return Proof(stack.enter_context(file.open("rb")), file.name, sha256=sha256) if file else Proof()


def _say_project(user: Any, code: str, json: bool) -> None:
    from kouan.casework.execution.queries import get_project
    from kouan.casework.execution.telling import project_in_full

    said = project_in_full(get_project(user, code))
    if json:
        write_json(said)
        return
    out.print(say(f"已办理：{code}，{said['owner_name']}，{_both(said['state_label'])}，第 {said['version']} 版",
                  f"Done: {code}, {said['owner_name']}, {_both(said['state_label'])}, version {said['version']}"), markup=False)


@app.command()
def board(
    state: str = typer.Option("", help="状态：blank、not_started、under_way、lagging、done / state"),
    box: str = typer.Option("", help="专栏：7、8、9、10 / box"), province: str = typer.Option("", help="地区代码 / province"),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """专栏7—10各项目的责任单位、进度、偏差；没有填报的写“未填”。 / The projects: office, progress, lag; 未填 where nothing was entered.

    例：kouan execution board --state lagging
    """
    from kouan.casework.execution.queries import board as rows_of
    from kouan.casework.execution.telling import project_told

    rows = [project_told(each) for each in rows_of(reader(as_user)) if state in ("", each.standing.state) and box in ("", each.box)
            and (not province or province in each.provinces)]
    if json:
        write_json(rows)
        return
    blank = say("未填", "not filled in")
    table([say("编号", "number"), say("项目", "project"), say("责任单位", "office"), say("状态", "state"), say("进度", "progress"),
           say("计划完成", "finish"), say("比匀速晚（天）", "behind (days)")],
          ([each["project"], each["object"], each["owner_name"], _both(each["state_label"]),
            blank if each["percent"] is None else f"{each['percent']}%", str(each["finish"] or blank),
            "—" if each["linear_days"] is None else str(each["linear_days"])] for each in rows), right=[4, 6])


@app.command()
def project(code: str = PROJECT, as_user: str = AS_READER, json: bool = JSON) -> None:
    """一个项目：规划原文、日期、节点、资金、各季度报告。 / One project: the plan's words, days, milestones, money, reports.

    例：kouan execution project P7-03
    """
    from kouan.casework.execution.queries import get_project
    from kouan.casework.execution.telling import project_in_full

    said = project_in_full(get_project(reader(as_user), code))
    if json:
        write_json(said)
        return
    blank = say("未填", "not filled in")
    out.print(f"{code} {said['object']}  {_both(said['programme'])}  {_both(said['state_label'])}", markup=False)
    out.print(f"“{said['quote']}” {said['section']}", markup=False)
    out.print(say(f"责任单位：{said['owner_name']}；计划 {said['start'] or blank} 至 {said['finish'] or blank}；第 {said['version']} 版",
                  f"Office: {said['owner_name']}; planned {said['start'] or blank} to {said['finish'] or blank}; version {said['version']}"),
                      markup=False)
    for each in said["reasons"]:
        out.print(f"! {_both(each)}", markup=False)
    table([say("编号", "number"), say("节点", "milestone"), say("首次计划", "first planned"), say("完成", "reached"), say("偏差（天）",
        "off by (days)")],
          ([each["id"], each["title"], str(each["first_planned_on"]), str(each["actual_on"] or "—"),
            "—" if each["slip_days"] is None else each["slip_days"]] for each in said["milestones"]), right=[0, 4])
    table([say("资金", "money"), say("计划（万元）", "planned (万元)"), say("落实", "arranged"), say("支付", "paid")],
          ([each["kind_label"], *(each[name] or blank for name in ("planned", "arranged", "paid"))] for each in said["funding"]), right=[1, 2, 3])
    table([say("编号", "number"), say("季度", "quarter"), say("版次", "revision"), say("进度", "progress"), say("状态", "state"), say("逾期",
        "late")],
          ([each["id"], each["quarter"], each["revision"], f"{each['percent']}%", each["state"],
            say("是", "yes") if each["is_late"] else say("否", "no")] for each in said["reports"]), right=[0, 2, 3])


@app.command(name="set")
def set_project(
    code: str = PROJECT, owner: str = typer.Option("", help="责任单位代码；不填即未明确责任单位 / office in charge; none: none is stated"),
    start: datetime | None = typer.Option(None, formats=DAY_FORM, help="计划开工 / planned start"),
    finish: datetime | None = typer.Option(None, formats=DAY_FORM, help="计划完成 / planned finish"),
    started: datetime | None = typer.Option(None, formats=DAY_FORM, help="实际开工 / begun on"),
    reason: str = typer.Option(..., help="依据或理由 / reason"), version: int = VERSION, as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """登记责任单位和计划日期。 / Set the office in charge and the days.

    例：kouan execution set P7-03 --owner gd --start 2023-01-01 --finish 2025-12-31 --reason 会议确定 --as guojia
    """
    from kouan.casework.execution.actions import set_project as verb

    user = actor_named(as_user)
    verb(actor=user, project=code, owner=owner, start=_day(start), finish=_day(finish), started_on=_day(started), reason=reason, version=version)
    _say_project(user, code, json)


@app.command()
def milestone(
    code: str = PROJECT, title: str = typer.Option("", help="新节点的名称 / name of a new milestone"),
    number: int = typer.Option(0, min=0, help="已有节点的编号 / number of one on record"),
    planned: datetime = typer.Option(..., formats=DAY_FORM, help="计划日期 / planned day"),
    reached: datetime | None = typer.Option(None, formats=DAY_FORM, help="完成日期 / day reached"),
    reason: str = typer.Option("", help="改期或更正的理由 / reason of the change"), file: Path | None = FILE, sha256: str = SHA256,
    version: int = VERSION, as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """增加节点（--title），或登记节点完成、改期（--number）。 / Add a milestone, or say that one was reached or is planned anew.

    例：kouan execution milestone P7-03 --title 初设批复 --planned 2024-03-01 --version 1 --as guangdong
    """
    from kouan.casework.execution.actions import add_milestone, set_milestone

    if bool(title) == bool(number):
        raise typer.BadParameter(say("--title 和 --number 只填一个", "give either --title or --number"), param_hint="--title")
    user = actor_named(as_user)
    if title:
        if reached is not None or file is not None:
            raise typer.BadParameter(say("新节点先登记，再用 --number 登记完成", "add it first, then say with --number that it was reached"),
                                     param_hint="--reached")
        add_milestone(actor=user, project=code, title=title, planned_on=planned.date(), version=version)
    else:
        with ExitStack() as stack:
            set_milestone(actor=user, project=code, milestone=number, planned_on=planned.date(), actual_on=_day(reached), reason=reason,
                          proof=_proof(stack, file, sha256), version=version)
    _say_project(user, code, json)


@app.command()
def fund(
    code: str = PROJECT, kind: str = typer.Argument(..., help="类别：central、local、enterprise、bond、other / kind of money"),
    planned: str = typer.Option("", help="计划（万元），不填为未填 / planned, 万元"), arranged: str = typer.Option("",
        help="落实（万元） / arranged"),
    paid: str = typer.Option("", help="支付（万元） / paid"), note: str = typer.Option("", help="依据 / basis"), version: int = VERSION,
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """填写一类资金；空为“未填”，0 为没有。 / Enter money of a kind; nothing is not filled in, 0 is none.

    例：kouan execution fund P7-03 central --planned 1200.5 --arranged 0 --version 1 --as guangdong
    """
    from kouan.casework.execution.actions import set_funding

    user = actor_named(as_user)
    set_funding(actor=user, project=code, kind=kind, planned=_amount(planned, "--planned"), arranged=_amount(arranged, "--arranged"),
                paid=_amount(paid, "--paid"), note=note, version=version)
    _say_project(user, code, json)


@app.command()
def report(
    code: str = PROJECT, quarter: str = typer.Option(..., help="季度，如 2024-Q1 / quarter, such as 2024-Q1"),
    percent: int = typer.Option(..., min=0, max=100, help="累计进度（%） / progress in all (%)"),
    done: str = typer.Option(..., help="完成的工作 / what was done"), difficulties: str = typer.Option("", help="困难和问题 / difficulties"),
    finished: datetime | None = typer.Option(None, formats=DAY_FORM, help="实际完成日期，100% 时必填 / day of the finish, needed with 100"),
    correction: str = typer.Option("", help="更正理由 / reason of the correction"), file: Path | None = FILE, sha256: str = SHA256,
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """报告一个季度的进展，由另一人确认。 / Report a quarter; another person confirms it.

    例：kouan execution report P7-03 --quarter 2024-Q1 --percent 45 --done 主体完工 --as guangdong
    """
    from kouan.casework.execution.reports import file_report

    user = actor_named(as_user)
    with ExitStack() as stack:
        file_report(actor=user, project=code, quarter=quarter, percent=percent, done=done, difficulties=difficulties, finished_on=_day(finished),
                    correction=correction, proof=_proof(stack, file, sha256))
    _say_project(user, code, json)


@app.command()
def decide(
    code: str = PROJECT, number: int = typer.Argument(..., min=1, help="报告编号 / number of the report"),
    opinion: str = typer.Option(..., help="确认意见 / opinion"),
    give_back: bool = typer.Option(False, "--return", help="退回 / return it"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """确认或退回季度进展；报告人不能确认自己的报告。 / Confirm or return a report; never by who reported.

    例：kouan execution decide P7-03 1 --opinion 属实 --as guangdong-fuzeren
    """
    from kouan.casework.execution.reports import decide_report

    user = actor_named(as_user)
    decide_report(actor=user, project=code, report=number, confirm=not give_back, opinion=opinion)
    _say_project(user, code, json)


@app.command()
def targets(as_user: str = AS_READER, json: bool = JSON) -> None:
    """规划目标逐年完成情况；没有登记的写“未报”。 / The plan's targets year by year; not reported where nothing was entered.

    例：kouan execution targets
    """
    from kouan.casework.execution.targets import YEARS, target_table
    from kouan.casework.execution.telling import target_told

    rows = [target_told(each) for each in target_table(reader(as_user))]
    if json:
        write_json(rows)
        return
    blank = say("未报", "not reported")
    table([say("编号", "number"), say("目标", "target"), say("目标值", "goal"), *(str(year) for year in YEARS)],
          ([each["target"], _both(each["name"]), _both(each["goal"]),
            *(blank if one["revision"] == 0 else one["value"] or one["words"] for one in each["years"] if one["year"] in YEARS)] for each in rows))


@app.command()
def reach(
    target: str = typer.Argument(..., help="目标编号，如 T-06 / target, such as T-06"), year: int = typer.Option(..., help="年度 / year"),
    value: str = typer.Option("", help="实际值 / number"), words: str = typer.Option("", help="完成情况 / in words"),
    source: str = typer.Option(..., help="来源 / source"), correction: str = typer.Option("", help="更正理由 / reason of the correction"),
    revision: int = typer.Option(0, min=0, help="所见的版次，0 为未报 / the revision that you saw; 0: not reported"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """登记或更正一项目标一个年度的完成情况。 / Enter or correct what was reached of a target in a year.

    例：kouan execution reach T-06 --year 2024 --value 10 --source 国家口岸办统计 --as guojia
    """
    from kouan.casework.execution.targets import enter_actual, get_target
    from kouan.casework.execution.telling import target_told

    user = actor_named(as_user)
    made = enter_actual(actor=user, target=target, year=year, value=_amount(value, "--value"), words=words, source=source, correction=correction,
                        revision=revision)
    if json:
        write_json(target_told(get_target(user, target)))
        return
    out.print(say(f"已登记：{target} {year}年，第 {made.revision} 版", f"Entered: {target} {year}, revision {made.revision}"), markup=False)


@app.command()
def differences(json: bool = JSON) -> None:
    """规划正文与专栏的差异（A-20、A-21），只作提示。 / Where the plan's text and boxes differ; remarks only.

    例：kouan execution differences
    """
    from kouan.casework.execution.differences import differences as found
    from kouan.casework.execution.telling import difference_told

    rows = [difference_told(each) for each in found()]
    if json:
        write_json(rows)
        return
    for each in rows:
        out.print(f"{each['ambiguity']}  {_both(each['message'])}  {'、'.join(each['projects'])}", markup=False)


@app.command()
def thresholds(
    name: str = typer.Argument("", help="要设置的阈值；不填即列出 / the one to set; none: list them"),
    count: int = typer.Option(0, min=0, help="天数 / days"),
    start: datetime | None = typer.Option(None, "--from", formats=DAY_FORM, help="起用日期 / from"),
    reason: str = typer.Option("", help="依据或理由 / reason"), as_user: str = typer.Option("", "--as", help="以某用户的身份设置 / set as this user"),
    json: bool = JSON,
) -> None:
    """列出或设置进度阈值；没有设置的用建议值。 / List the thresholds of a lag, or set one; proposals hold where none is set.

    例：kouan execution thresholds linear_days --count 60 --from 2027-01-01 --reason 国家口岸办确定 --as guojia
    """
    from kouan.basis import clock
    from kouan.casework.execution.thresholds import Thresholds, proposals, set_threshold

    if name:
        set_threshold(actor=actor_named(as_user), name=name, count=count, from_day=_day(start) or clock.today(), reason=reason)
    held = Thresholds()
    rows: list[dict[str, Any]] = [{"name": one.name, "label": {"zh": one.label.zh, "en": one.label.en}, "count": value.count, "from": value.from_day,
             "is_proposed": value.is_proposed, "reason": {"zh": value.reason.zh, "en": value.reason.en}}
            for one in proposals().values() for value in (held.on(one.name, clock.today()),)]
    if json:
        write_json(rows)
        return
    table([say("名称", "name"), say("阈值", "threshold"), say("天", "days"), say("起用", "from"), say("依据", "reason")],
          ([each["name"], _both(each["label"]), each["count"], str(each["from"]),
            (say("建议值", "proposal") + " " if each["is_proposed"] else "") + _both(each["reason"])] for each in rows), right=[2])
