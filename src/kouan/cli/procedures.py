"""``kouan procedures``: the procedures in force, the periods and holidays that the national office enters."""

from __future__ import annotations

from datetime import date, timedelta

import typer

from kouan.cli.matters import AS_ACTOR, JSON, actor_named, both
from kouan.cli.output import out, say, table, write_json

app = typer.Typer(help="办理程序 / procedures", no_args_is_help=True)
LONGEST_SPAN = 30


@app.command("list")
def list_(json: bool = JSON) -> None:
    """列出现行程序及尚待设定的期限。 / List the procedures in force, with periods still to be set.

    例：kouan procedures list
    """
    from kouan.desk.matters.registry import procedures
    from kouan.desk.matters.telling import procedure_summary

    rows = [procedure_summary(each) for each in procedures()]
    if json:
        write_json(rows)
        return
    table([say("代码", "code"), say("程序", "procedure"), say("版本", "version"), say("施行", "in force from"), say("待设定的期限", "to be set")],
          ([each["code"], both(each["title"]), each["version"], each["in_force_from"], ", ".join(each["unfilled"]) or "—"] for each in rows))


@app.command()
def show(code: str = typer.Argument(..., help="程序代码，如 opening / procedure, such as opening"), json: bool = JSON) -> None:
    """一个程序：步骤、由谁、所需文件和事实、期限。 / One procedure: steps, by whom, papers and facts, periods.

    例：kouan procedures show opening
    """
    from kouan.desk.matters.registry import in_force
    from kouan.desk.matters.telling import procedure_told

    held = procedure_told(in_force(code))
    if json:
        write_json(held)
        return
    out.print(f"{both(held['title'])}  {held['code']} {held['version']}", style="bold", markup=False)
    states = {each["code"]: both(each["label"]) for each in held["states"]}
    heads = [say("步骤", "step"), say("名称", "name"), say("从", "from"), say("到", "to"), say("由谁", "by"), say("文件", "papers"),
             say("事实", "facts")]
    table(heads,
          ([each["code"], both(each["label"]), say("、", ", ").join(states[name] for name in each["from"]), states[each["to"]],
            ", ".join(each["by"]) or say("系统", "system"), ", ".join(each["papers"]) or "—", ", ".join(each["facts"]) or "—"]
           for each in held["steps"]))
    if held["settings"]:
        table([say("期限设置", "setting"), say("名称", "name"), say("单位", "unit"), say("现值", "set to")],
              ([each["code"], both(each["label"]), each["unit"], each["count"] if each["count"] is not None else say("未设定", "not set")]
               for each in held["settings"]), right=[3])


@app.command("set")
def set_(
    code: str = typer.Argument(..., help="程序代码 / procedure"),
    setting: str = typer.Argument(..., help="期限设置的代码，见 kouan procedures show / setting, see kouan procedures show"),
    count: int = typer.Argument(..., help="数值 / number"),
    reason: str = typer.Option(..., help="所依据的文件或理由 / paper or reason that it rests on"),
    document: str = typer.Option("", help="依据文件的引用名 / reference of the document"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """设定公开文件未规定的期限（只限国家口岸办）。 / Set a period that no public text states (national office only).

    例：kouan procedures set opening opinion_days 20 --reason 国家口岸办确定 --as guojia
    """
    from kouan.basis import NotFound, Place
    from kouan.desk.matters.upkeep import set_period
    from kouan.desk.queries import find_document

    user = actor_named(as_user)
    paper = find_document(user, document) if document else None
    if document and paper is None:
        raise NotFound.because("document_not_found", f"没有文件“{document}”。", f"There is no document “{document}”.", where=Place(field="document"),
                               remedy=("用 kouan documents list 查看。", "See kouan documents list."))
    kept = set_period(actor=user, procedure=code, setting=setting, count=count, reason=reason[:400], document=paper)
    if json:
        write_json({"procedure": code, "setting": setting, "count": kept.count, "reason": kept.reason})
    else:
        out.print(say(f"已设定：{setting} = {kept.count}", f"Set: {setting} = {kept.count}"), markup=False)


@app.command()
def holidays(
    year: int | None = typer.Option(None, min=2000, max=2199, help="录入哪一年；不填则列出已有的 / "
                                                                   "year to enter; without it what is there is listed"),
    off: list[str] = typer.Option([], "--off", help="放假日期或起止，如 2027-10-01~2027-10-07，可重复 / days off or spans, may be repeated"),
    worked: list[str] = typer.Option([], "--worked", help="上班的周末，可重复 / weekend days worked, may be repeated"),
    notice: str = typer.Option("", help="通知名称 / the notice"), number: str = typer.Option("", help="发文字号 / its number"),
    as_user: str = typer.Option("", "--as", help="以某用户的身份录入 / act as this user"), json: bool = JSON,
) -> None:
    """列出节假日安排，或录入一年的（只限国家口岸办，依国务院办公厅通知）。
    / List the years' holidays, or enter a year from the State Council's notice (national office only).

    例：kouan procedures holidays
    """
    from kouan.desk.matters.telling import holidays_told
    from kouan.desk.matters.upkeep import enter_holidays

    if year is not None:
        user = actor_named(as_user)
        days, weekends = _days(off, "--off"), _days(worked, "--worked")
        enter_holidays(actor=user, year=year, holidays=days, worked=weekends, notice=notice[:200], number=number[:80])
    rows = [each for each in holidays_told() if year is None or each["year"] == year]
    if json:
        write_json(rows)
        return
    table([say("年份", "year"), say("放假天数", "days off"), say("上班的周末", "weekend days worked"), say("依据", "basis")],
          ([each["year"], len(each["holidays"]), ", ".join(map(str, each["worked"])) or "—", each["citation"]] for each in rows), right=[1])


def _days(said: list[str], option: str) -> set[date]:
    found: set[date] = set()
    for each in said:
        first, _, last = each.partition("~")
        try:
            start, end = (date.fromisoformat(part) for part in (first, last or first))
        except ValueError:
            start, end = date.max, date.min
        if not 0 <= (end - start).days <= LONGEST_SPAN:
            raise typer.BadParameter(say(f"“{each}”不是日期或起止日期", f"“{each}” is no day or span of days"), param_hint=option)
        found |= {start + timedelta(days=day) for day in range((end - start).days + 1)}
    return found
