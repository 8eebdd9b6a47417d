"""``kouan sharing``: the catalogue of data sets, grants, and who read what."""

from __future__ import annotations

from typing import Any

import typer

from kouan.cli.output import out, say, table, text, write_json
from kouan.cli.who import reader

app = typer.Typer(help="数据共享：数据目录、授权、谁读了什么 / data sharing: catalogue, grants, who read what", no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
AS_USER = typer.Option("", "--as", help="以某用户的身份办理 / act as this user")
GRANT = typer.Argument(..., help="授权编号 / number of the grant")
REASON = typer.Option(..., "--reason", help="理由 / reason")
FIELDS = typer.Option("", help="字段（指标代码，逗号分隔） / fields, comma-separated")
PROVINCES = typer.Option("", help="省份（两位代码） / provinces, two digits")
PORTS = typer.Option("", help="口岸（代码） / ports by code")
SINCE = typer.Option("", help="起月，如 2024-01 / first month")
UNTIL = typer.Option("", help="止月，如 2024-12 / last month")


@app.command("list")
def list_sets(as_user: str = AS_USER, json: bool = JSON) -> None:
    """列出数据目录。 / List the catalogue.

    例：kouan sharing list
    """
    from kouan.desk.sharing.queries import data_sets_visible_to

    found = list(data_sets_visible_to(reader(as_user)))
    if json:
        write_json([_set_told(each) for each in found])
        return
    table([say("代码", "code"), say("名称", "name"), say("归口单位", "owner"), say("分级", "class"), say("个人信息", "personal data"),
           say("状态", "state")],
          ([each.code, say(each.name_zh, each.name_en or each.name_zh), text(each.owner.name) if each.owner else "—",
            each.get_classification_display() or "—", each.get_sensitivity_display() or "—", each.get_state_display()] for each in found))


@app.command()
def show(data_set: str = typer.Argument(..., help="数据集代码 / data set"), as_user: str = AS_USER, json: bool = JSON) -> None:
    """显示一个数据集：口径、范围、质量（即时计算）。 / Show a data set: definition, coverage, quality as it is now.

    例：kouan sharing show gd-port-flows
    """
    from dataclasses import asdict

    from kouan.desk.sharing import rooms
    from kouan.desk.sharing.queries import get_data_set

    held = get_data_set(reader(as_user), data_set)
    room = rooms.rooms().get(held.room)
    quality = asdict(room.quality(held.covers)) if room else {}
    if json:
        write_json({**_set_told(held), "quality": quality})
        return
    out.print(f"{say(held.name_zh, held.name_en or held.name_zh)}（{held.code}）", style="bold", markup=False)
    out.print(say(held.definition_zh, held.definition_en or held.definition_zh), markup=False)
    words = {"rows": say("行数", "rows"), "subjects": say("对象数", "subjects"), "completeness": say("完整率", "completeness"),
             "last_period": say("最近时期", "last period"), "lag_days": say("时效（天，中位数）", "lag, median days"),
             "findings_open": say("待处理问题", "open findings")}
    for name, value in quality.items():
        shown = "—" if value is None else f"{value:.1%}" if name == "completeness" else value
        out.print(f"  {words.get(name, name)}: {shown}", markup=False)


@app.command()
def grants(as_user: str = AS_USER, json: bool = JSON) -> None:
    """列出授权及其使用次数。 / List grants and how often each was used.

    例：kouan sharing grants --as guangdong
    """
    from kouan.desk.sharing.queries import grants_visible_to, usage_of

    user = reader(as_user)
    found = list(grants_visible_to(user).order_by("-pk")[:500])
    used = usage_of(user, [each.pk for each in found])
    if json:
        write_json([_grant_told(each) | {"reads": used.get(each.pk, {}).get("requests", 0), "rows": used.get(each.pk, {}).get("total", 0)}
                    for each in found])
        return
    table([say("编号", "number"), say("数据集", "data set"), say("使用单位", "used by"), say("用途", "purpose"), say("截止日", "last day"),
           say("状态", "state"), say("读取", "reads")],
          ([each.pk, each.data_set.code, text(each.grantee.name), each.purpose, each.ends_on, each.state_today.label,
            used.get(each.pk, {}).get("requests", 0)] for each in found), right=[6])


@app.command()
def reads(number: int = GRANT, as_user: str = AS_USER, json: bool = JSON) -> None:
    """经一项授权的读取：何人、何时、经何途径、多少行。 / The readings through a grant: who, when, by which door, how many rows.

    例：kouan sharing reads 3 --as guangdong
    """
    from kouan.desk.sharing.queries import get_grant, reads_visible_to

    user = reader(as_user)
    held = get_grant(user, number)
    found = list(reads_visible_to(user).filter(grant=held)[:1000])
    if json:
        write_json([{"at": each.at, "user": each.user.username, "door": each.door, "rows": each.rows, "fields": each.fields,
                     "purpose": each.purpose} for each in found])
        return
    table([say("时间", "when"), say("何人", "who"), say("单位", "office"), say("途径", "door"), say("行数", "rows")],
          ([f"{each.at:%Y-%m-%d %H:%M}", each.user.username, text(each.user.organisation.name), each.door, f"{each.rows:,}"] for each in found),
          right=[4])


@app.command()
def request(
    data_set: str = typer.Argument(..., help="数据集代码 / data set"), purpose: str = typer.Option(..., help="用途 / purpose"),
    ends_on: str = typer.Option(..., "--until-day", help="授权截止日，如 2026-12-31 / last day of the grant"), fields: str = FIELDS,
    provinces: str = PROVINCES, ports: str = PORTS, since: str = SINCE, until: str = UNTIL, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """申请使用一个数据集的全部或一部分；须以某用户的身份。 / Ask for a data set or a part of it, as a user.

    例：kouan sharing request gd-port-flows --purpose 粤滇客流比较 --until-day 2026-12-31 --as yunnan
    """
    from datetime import date

    from kouan.desk.sharing.actions import request_grant
    from kouan.desk.sharing.coverage import read

    try:
        last = date.fromisoformat(ends_on)
    except ValueError:
        raise typer.BadParameter(say(f"“{ends_on}”不是日期，写作 2026-12-31", f"“{ends_on}” is no day; write it 2026-12-31"),
                                 param_hint="--until-day")
    made = request_grant(actor=_somebody(as_user), data_set=data_set, purpose=purpose, ends_on=last,
                         coverage=read(fields=fields, provinces=provinces, ports=ports, since=since, until=until))
    _done(made, json)


@app.command()
def decide(
    number: int = GRANT, deed: str = typer.Argument(..., help="approve、narrow、refuse 或 revoke / one of them"), reason: str = REASON,
    fields: str = FIELDS, provinces: str = PROVINCES, ports: str = PORTS, since: str = SINCE, until: str = UNTIL,
    term_end: str = typer.Option("", help="缩短后的截止日 / an earlier last day"), as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """归口单位办理：批准、缩小范围批准、不予批准、收回；收回从下一次请求起生效。 / The owner's step; a revocation holds from the next request.

    例：kouan sharing decide 3 revoke --reason 用途已了 --as guangdong
    """
    from kouan.desk.sharing.actions import decide_grant

    narrowed = {"fields": fields, "provinces": provinces, "ports": ports, "since": since, "until": until, "term_end": term_end}
    _done(decide_grant(actor=_somebody(as_user), grant=number, deed=deed, reason=reason, narrowed=narrowed), json)


@app.command("end")
def end(
    number: int = GRANT, deed: str = typer.Argument(..., help="take_back 或 give_up / one of them"), reason: str = REASON, as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """使用单位撤回申请或者放弃授权。 / The using office takes a request back or gives a grant up.

    例：kouan sharing end 3 give_up --reason 比较已完成 --as yunnan
    """
    from kouan.desk.sharing.actions import end_own_grant

    _done(end_own_grant(actor=_somebody(as_user), grant=number, deed=deed, reason=reason), json)


def _somebody(name: str) -> Any:
    """A user by name: a grant is between offices, so nobody asks or decides as the machine."""
    from kouan.basis import Place, Refused

    if not name:
        raise Refused.because("user_needed", "申请和审批须以某用户的身份办理。", "Asking and deciding is done as a user.", where=Place(field="--as"),
                              remedy=("加上 --as 登录名。", "Add --as NAME."))
    return reader(name)


def _set_told(each: Any) -> dict[str, Any]:
    return {"code": each.code, "name": {"zh": each.name_zh, "en": each.name_en}, "owner": each.owner.code if each.owner else None,
            "classification": each.classification, "sensitivity": each.sensitivity, "room": each.room, "cadence": each.cadence,
            "coverage": each.coverage, "state": each.state}


def _grant_told(each: Any) -> dict[str, Any]:
    return {"id": each.pk, "matter": each.matter_id, "data_set": each.data_set.code, "grantee": each.grantee.code, "purpose": each.purpose,
            "asked": each.asked, "reach": each.reach, "starts_on": each.starts_on, "ends_on": each.ends_on, "state": each.state_today.value}


def _done(held: Any, json: bool) -> None:
    if json:
        write_json(_grant_told(held))
    else:
        out.print(say(f"授权 #{held.pk}：{held.state_today.label}", f"Grant #{held.pk}: {held.state_today.value}"), markup=False)
