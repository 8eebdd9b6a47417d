"""``kouan returns``: forms, templates, filing, where a return stands, what is due, review, the calendar."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import AS_ACTOR, AS_READER, JSON, actor_named, both
from kouan.cli.output import out, say, show_findings, table, text, write_json
from kouan.cli.who import reader

app = typer.Typer(help="统计报送：表式、模板、报出、进度、审核、期限 / returns: forms, templates, filing, progress, review, calendar",
    no_args_is_help=True)
NUMBER = typer.Argument(..., min=1, max=2**62, help="报表编号 / number of the return")
PERIOD = typer.Option("", help="时期：2026-10、2026-Q3、2026-H1、2026；默认最近一期 / period; the last one if not given")
DAY = ["%Y-%m-%d"]


@app.command("forms")
def list_forms(form: str = typer.Argument("", help="表号，如 KA-02；不填则列出全部 / form, such as KA-02; all if not given"),
    json: bool = JSON) -> None:
    """列出表式，或一张表的指标、口径、核实单位和佐证。 / List the forms, or the lines of one with definitions, verifiers, evidence.

    例：kouan returns forms KA-02
    """
    from kouan.collection.returns import forms

    if form:
        held = forms.get(form)
        if json:
            write_json(held.as_dict())
            return
        out.print(f"{held.code} {text(held.name)}", style="bold", markup=False)
        out.print(say(f"{held.kind_of_return.zh}；制定机关：{held.issuer.zh}；批准/备案文号：{held.approval_words.zh}；有效期至：{held.until_words.zh}",
                      f"{held.kind_of_return.en}; issued by {held.issuer.en}; approval: {held.approval_words.en}; until {held.until_words.en}"),
                  markup=False)
        table([say("数据项", "item"), say("指标", "line"), say("单位", "unit"), say("数据提供", "from"), say("核实", "verified by"), say("佐证",
            "evidence"),
               say("口径", "definition")],
              ([each.code, text(each.name), text(each.unit.name), "、".join(text(one) for one in each.item.submitters), text(each.verifier),
                "、".join(text(one) for one in each.evidence), text(each.definition)] for each in held.items.values()))
        return
    found = forms.forms()
    if json:
        write_json([each.as_dict() for each in found])
        return
    table([say("表号", "form"), say("表名", "name"), say("性质", "kind"), say("周期", "cadence"), say("填报单位", "filed by"), say("项数", "lines")],
          ([each.code, text(each.name), text(each.kind_of_return), text(forms.CADENCES[each.cadence]), text(each.body_name), len(each.items)]
           for each in found), right=[5])


@app.command()
def template(
    form: str = typer.Argument(..., help="表号 / form"), to: Path = typer.Argument(..., dir_okay=False, help="写到的 .xlsx 文件 / the file to write"),
    period: str = PERIOD, port: list[str] = typer.Option([], help="口岸，可重复；默认范围内全部 / port, may be repeated; all in scope if not given"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """写出 Excel 模板，附上期、去年同期数和核对公式。 / Write the workbook to fill in, with earlier figures and live checks.

    例：kouan returns template KA-02 报表.xlsx --period 2026-10 --as luohu-bianjian
    """
    from kouan.collection.returns.queries import template_for

    if to.suffix != ".xlsx":
        raise typer.BadParameter(say("文件名应以 .xlsx 结尾", "the name ends in .xlsx"), param_hint="TO")
    content = template_for(actor_named(as_user), form=form, period=period, ports=port)
    to.write_bytes(content)
    if json:
        write_json({"file": str(to), "bytes": len(content)})
        return
    out.print(say(f"已写入 {to}", f"Written to {to}"), markup=False)


@app.command()
def submit(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="填好的工作簿，或多个工作簿的 zip / a filled workbook, or a zip of them"),
    reason: str = typer.Option("", help="已审定的报表重新报送的原因 / why returns that were signed off are filed again"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """报出：全部通过检查才写入，问题逐格说明。 / File: all or nothing, with each problem at its cell.

    例：kouan returns submit 报表.xlsx --as luohu-bianjian
    """
    from kouan.collection.returns.actions import file_sheets
    from kouan.collection.returns.queries import summary_of
    from kouan.collection.returns.reading import read_upload

    filings = file_sheets(actor=actor_named(as_user), sheets=read_upload(file, file.name), reason=reason)
    rows = [summary_of(each.held) | {"filing": each.version.number, "repeated": each.is_repeated,
                                     "findings": [one.as_dict() for one in each.findings]} for each in filings]
    if json:
        write_json(rows)
        return
    _lines(rows)
    show_findings([one for each in filings for one in each.findings])


def _lines(rows: list[dict[str, Any]]) -> None:
    table([say("编号", "number"), say("表号", "form"), say("口岸", "port"), say("时期", "period"), say("填报单位", "office"), say("到期", "due"),
           say("状态", "state"), say("标记", "marks")],
          ([each["id"], each["form"], each["port_name"], each["period"], each["office_name"], str(each["extended_to"] or each["due_on"] or "—"),
            both(each["state_name"]), "、".join(both(one) for one in each["marks"]) or "—"] for each in rows), right=[0])


@app.command()
def due(
    period: str = typer.Option("", help="只看某一期 / one period only"), form: str = typer.Option("", help="只看某张表 / one form only"),
    state: str = typer.Option("", help="due、late、extended、filed、returned、signed、zero、exempt"),
    province: str = typer.Option("", help="省级代码，如 44 / province by code"),
    limit: int = typer.Option(200, min=1, max=10000, help="最多条数 / rows at most"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """列出应报报表及其状态，先到期的在前。 / List the returns in scope with where they stand, soonest due first.

    例：kouan returns due --state late
    """
    from kouan.collection.returns.queries import returns_visible_to, summary_of
    from kouan.collection.returns.standing import WORDS, those_that

    rows = returns_visible_to(reader(as_user))
    if form:
        rows = rows.filter(form=form.strip().upper())
    if province:
        rows = rows.filter(port__province_code=province)
    if period:
        rows = rows.filter(period_start__in=[_period(period)])
    if state:
        if state not in WORDS:
            raise typer.BadParameter(say(f"没有状态“{state}”，可用：{'、'.join(WORDS)}", f"no state “{state}”: {', '.join(WORDS)}"),
                param_hint="--state")
        rows = those_that(rows, state)
    found = [summary_of(each) for each in rows.order_by("due_on", "port__pinyin", "form")[:limit]]
    if json:
        write_json(found)
        return
    _lines(found)


def _period(said: str) -> Any:
    from kouan.basis import Finding, Period, Refused

    read = Period.read(said)
    if isinstance(read, Finding):
        raise Refused([read])
    return read.start


@app.command()
def status(number: int = NUMBER, as_user: str = AS_READER, json: bool = JSON) -> None:
    """一张报表：各项本期、上期、去年同期、对侧数、原因，历次报送。 / One return: its lines beside what is known, and every filing.

    例：kouan returns status 12
    """
    from kouan.collection.returns.actions import get_return
    from kouan.collection.returns.queries import told

    held = told(get_return(reader(as_user), number))
    if json:
        write_json(held)
        return
    out.print(f"#{held['id']} {held['form']} {held['port_name']} {held['period']} {both(held['state_name'])}", style="bold", markup=False)
    table([say("指标", "line"), say("本期", "now"), say("上期", "before"), say("去年同期", "a year ago"), say("对侧", "other side"), say("原因",
        "reason"),
           say("审核意见", "reviewer")],
          ([both(each["name"]), each["value"] or "—", each["before"] or "—", each["year_ago"] or "—", each["counterpart"] or "—", each["reason"],
            each["reviewer_says"]] for each in held["lines"]), right=[1, 2, 3, 4])
    for each in held["filings"]:
        out.print(say(f"第{each['number']}次 {each['at']:%Y-%m-%d %H:%M} {each['office']} {each['file']}",
                      f"filing {each['number']} {each['at']:%Y-%m-%d %H:%M} {each['office']} {each['file']}"), markup=False)


@app.command()
def review(
    number: int = NUMBER, decision: str = typer.Argument(..., help="pass 通过、sign 审定、return 退回、recall 撤回 / pass, sign, return, recall"),
    words: str = typer.Argument(..., help="意见或退回原因 / opinion, or why it is returned"),
    note: list[str] = typer.Option([], help="逐项意见：数据项=意见，可重复 / item=note, may be repeated"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """审核：通过、审定入库、退回改正（可逐项说明）、撤回。 / Review: pass on, sign off, return with notes at cells, take back.

    例：kouan returns review 12 return 请核对 --note pax_in=与日报不符 --as guangdong
    """
    from kouan.collection.returns import actions
    from kouan.collection.returns.queries import summary_of

    notes = {}
    for each in note:
        item, equals, said = each.partition("=")
        if not equals:
            raise typer.BadParameter(say("应写作 数据项=意见", "write item=note"), param_hint="--note")
        notes[item.strip()] = said
    held = summary_of(actions.review(actor=actor_named(as_user), number=number, decision=decision, words=words, notes=notes))
    if json:
        write_json(held)
        return
    _lines([held])


@app.command()
def calendar(
    cadence: str = typer.Argument("", help="month、quarter、half_year、year；不填则列出现行期限 / cadence; the rules if not given"),
    due_days: int = typer.Option(0, help="期后第几个工作日到期 / due on this working day after the period"),
    freeze_days: int = typer.Option(0, help="到期后第几个工作日冻结 / frozen on this working day after that"),
    escalate_days: int = typer.Option(0, help="逾期几个工作日报国家 / told to the national office after so many"),
    valid_from: datetime | None = typer.Option(None, formats=DAY, help="自哪一天结束的时期起 / for periods that end on or after this day"),
    reason: str = typer.Option("", help="依据或理由 / paper or reason"), as_user: str = typer.Option("", "--as",
        help="以某用户的身份办理 / act as this user"),
    json: bool = JSON,
) -> None:
    """查看或设定报送期限（由国家口岸办设定）。 / Show the days of returns, or set them (the national office).

    例：kouan returns calendar month --due-days 10 --freeze-days 20 --escalate-days 5 --valid-from 2026-10-01 --reason 通知 --as guojia
    """
    from kouan.collection.returns import calls
    from kouan.collection.returns.models import DueRule

    if cadence:
        if valid_from is None:
            raise typer.BadParameter(say("请给出起始日期", "give the first day"), param_hint="--valid-from")
        calls.set_due_rule(actor=actor_named(as_user), cadence=cadence, due_days=due_days, freeze_days=freeze_days, escalate_days=escalate_days,
                           valid_from=valid_from.date(), reason=reason)
    rows = [{"cadence": each.cadence, "due_days": each.due_days, "freeze_days": each.freeze_days, "escalate_days": each.escalate_days,
             "valid_from": each.valid_from, "reason": each.reason} for each in DueRule.objects.all()]
    if json:
        write_json(rows)
        return
    table([say("周期", "cadence"), say("到期", "due"), say("冻结", "freeze"), say("上报", "escalate"), say("自", "from"), say("依据", "reason")],
          ([each["cadence"], each["due_days"], each["freeze_days"], each["escalate_days"], str(each["valid_from"]), each["reason"]] for each in rows),
          right=[1, 2, 3])


@app.command("open")
def open_(json: bool = JSON) -> None:
    """按报送日历下达到期的报送任务（后台每天自动进行，可重复）。 / Open what the calendar brings; the worker does so daily.

    例：kouan returns open
    """
    from kouan.accounts.action import acting_system
    from kouan.collection.returns.calls import open_calls

    with acting_system("returns") as system:
        counts = open_calls(actor=system)
    if json:
        write_json(counts)
        return
    out.print(say(f"新到期报表 {counts['returns']} 张，下达任务 {counts['calls']} 项。",
        f"{counts['returns']} returns came due, {counts['calls']} calls."),
              markup=False)


@app.command()
def exempt(
    port: str = typer.Argument(..., help="口岸 / port"), item: str = typer.Argument(..., help="数据项，如 teu / item, such as teu"),
    reason: str = typer.Argument(..., help="理由 / reason"), valid_from: datetime = typer.Option(..., "--from", formats=DAY,
        help="自 / from this day"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """认定一项对某口岸不适用（M2，仅国家口岸办）。 / Decide that an item does not apply to a port (M2; the national office only).

    例：kouan returns exempt 罗湖 teu 不经营货运 --from 2026-01-01 --as guojia
    """
    from kouan.collection.returns.calls import exempt_item

    made = exempt_item(actor=actor_named(as_user), port=port, item=item, from_on=valid_from.date(), reason=reason)
    if json:
        write_json({"id": made.pk, "port": made.port.code, "item": made.item, "from": made.from_on})
        return
    out.print(say(f"已认定 #{made.pk}。", f"Decided as #{made.pk}."), markup=False)


@app.command()
def extend(
    number: int = typer.Argument(..., min=1, max=2**62, help="报送任务编号 / number of the call"),
    reason: str = typer.Argument(..., help="理由 / reason"),
    until: datetime | None = typer.Option(None, formats=DAY, help="延期至；申请时必填 / the day wanted; needed to ask"),
    grant: bool | None = typer.Option(None, "--grant/--deny", help="同意或不同意；不填为申请 / decide; without it the extension is asked"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """申请延期，或由上级决定延期。 / Ask for an extension, or decide about one.

    例：kouan returns extend 3 设备检修 --until 2026-11-25 --as luohu-bianjian
    """
    from kouan.collection.returns import calls

    user, day = actor_named(as_user), until.date() if until else None
    if grant is None:
        if day is None:
            raise typer.BadParameter(say("请给出延期至哪一天", "give the day wanted"), param_hint="--until")
        call = calls.ask_extension(actor=user, call=number, until=day, reason=reason)
    else:
        call = calls.decide_extension(actor=user, call=number, grant=grant, reason=reason, until=day)
    if json:
        write_json({"call": call.pk, "due_on": call.due_on, "extended_to": call.extended_to, "state": call.matter.state})
        return
    out.print(say(f"#{call.pk} 到期 {call.extended_to or call.due_on}", f"#{call.pk} due {call.extended_to or call.due_on}"), markup=False)
