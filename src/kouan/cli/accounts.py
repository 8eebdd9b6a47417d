"""``kouan accounts``: people and keys from the command line."""

from __future__ import annotations

from pathlib import Path

import typer

from kouan.cli.output import out, say, show_findings, table, write_json
from kouan.cli.who import acting_for, reader

app = typer.Typer(help="组织、用户与接口密钥 / organisations, users and keys", no_args_is_help=True)


@app.command("list")
def list_(json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON")) -> None:
    """列出用户。 / List users.

    例：kouan accounts list
    """
    from kouan.accounts.models import User

    people = list(User.objects.select_related("organisation"))
    if json:
        write_json([{"username": each.username, "role": each.role, "organisation": each.organisation.code,
                     "is_active": each.is_active, "is_demonstration": each.is_demonstration} for each in people])
        return
    table(
        [say("登录名", "user"), say("角色", "role"), say("单位", "organisation"), say("状态", "state")],
        ([each.username, each.get_role_display(), each.organisation.name_zh,
          say("启用", "active") if each.is_active else say("停用", "blocked")] for each in people),
    )


@app.command()
def administrator(
    username: str = typer.Argument(..., help="登录名 / sign-in name"),
    name: str = typer.Option(..., help="姓名 / name of the person"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """在新系统中建立国家口岸办及其首位系统管理员。 / Make the national office and its first administrator on a new installation.

    例：kouan accounts administrator guanliyuan --name 张三
    """
    from kouan.accounts.actions import make_first_administrator

    with acting_for(reader(), "kouan accounts administrator") as actor:
        made = make_first_administrator(actor=actor, username=username, display_name=name)
    if json:
        write_json({"username": made.user.username, "initial_password": made.password})
        return
    table([say("登录名", "user"), say("初始口令（仅显示一次）", "initial password (shown once)")],
          [[made.user.username, made.password]])


@app.command()
def provision(
    sheet: Path = typer.Argument(..., exists=True, dir_okay=False, help="用户名册（Excel），模板见“用户”页 / sheet of users"),
    commit: bool = typer.Option(False, "--commit", help="确认建立；不加则只检查 / make them; without it the sheet is only checked"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """按名册批量建立用户。初始口令只显示一次。 / Make users from a sheet; initial passwords are shown once.

    例：kouan accounts provision 名册.xlsx --commit
    """
    from kouan.accounts.actions import provision_users
    from kouan.accounts.provisioning import read

    found = read(sheet.read_bytes(), sheet.name, reader())
    if not found.may_be_committed or not commit:
        if json:
            write_json({"rows": len(found.lines), "findings": [finding.as_dict() for finding in found.findings]})
        else:
            out.print(say(f"读取 {len(found.lines)} 人", f"{len(found.lines)} people read"))
            show_findings(found.findings)
        raise typer.Exit(0 if found.may_be_committed else 1)
    with acting_for(reader(), "kouan accounts provision") as actor:
        made = provision_users(actor=actor, lines=found.lines)
    if json:
        write_json([{"username": each.user.username, "initial_password": each.password} for each in made])
        return
    table([say("登录名", "user"), say("初始口令（仅显示一次）", "initial password (shown once)")],
          ([each.user.username, each.password] for each in made))


@app.command()
def offices(
    commit: bool = typer.Option(False, "--commit", help="确认登记；不加则只列出 / register them; without it they are only listed"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """登记尚缺的省级口岸管理部门、新疆兵团和五个计划单列市。 / Register the provincial offices, the Xinjiang Corps and five cities still missing.

    例：kouan accounts offices --commit
    """
    from kouan.accounts.offices import make_offices, missing

    lacking = missing()
    if commit:
        with acting_for(reader(), "kouan accounts offices") as actor:
            made = make_offices(actor=actor)
        rows = [[each.code, each.name_zh, "、".join(each.reports_to)] for each in made]
    else:
        rows = [[each.code, each.name_zh, "、".join(each.reports_to)] for each in lacking]
    if json:
        write_json([{"code": code, "name_zh": name, "is_made": commit} for code, name, _ in rows])
        return
    table([say("代码", "code"), say("单位", "organisation"), say("报送对象", "reports to")], rows)
    out.print(say(f"已登记 {len(rows)} 个。" if commit else f"尚缺 {len(rows)} 个；加 --commit 登记。",
                  f"{len(rows)} registered." if commit else f"{len(rows)} missing; --commit registers them."))


@app.command()
def office(
    code: str = typer.Argument(..., help="单位代码 / code of the organisation"),
    ports: str = typer.Option(..., help="所辖口岸代码，逗号分开；空为没有 / codes of its ports, by commas; empty for none"),
    reports_to: str = typer.Option("", "--reports-to", help="报送对象的单位代码，逗号分开 / codes of the offices it reports to"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """更改单位的所辖口岸和报送对象（如新疆兵团）。 / Change an organisation's ports and superiors (the Xinjiang Corps').

    例：kouan accounts office xjbt --ports alashankou-rail --reports-to npo
    """
    from kouan.accounts.actions import change_organisation
    from kouan.accounts.models import Organisation
    from kouan.basis import NotFound, Place
    from kouan.ports.models import Port

    held = Organisation.objects.filter(code=code).first()
    if held is None:
        raise NotFound.because("unknown_organisation", f"没有代码为“{code}”的单位。", f"There is no organisation “{code}”.",
                               where=Place(field="code"),
                               remedy=("请用 kouan accounts offices 或“单位”页查看。", "See kouan accounts offices, or the page 单位."))
    wanted = [each.strip() for each in ports.split(",") if each.strip()]
    unknown = sorted(set(wanted) - set(Port.objects.filter(code__in=wanted).values_list("code", flat=True)))
    if unknown:
        raise NotFound.because("unknown_port", f"没有代码为“{'、'.join(unknown)}”的口岸。", f"There is no port “{', '.join(unknown)}”.",
                               where=Place(field="ports"), remedy=("请用 kouan ports list 查看。", "See kouan ports list."))
    with acting_for(reader(), "kouan accounts office") as actor:
        changed = change_organisation(actor=actor, organisation=held, port_codes=wanted,
                                      reports_to=[each.strip() for each in reports_to.split(",") if each.strip()])
    if json:
        write_json({"code": changed.code, "port_codes": changed.port_codes, "reports_to": changed.reports_to})
        return
    out.print(say(f"{changed.name_zh}：所辖口岸 {len(changed.port_codes)} 个", f"{changed.name_zh}: {len(changed.port_codes)} ports"))


@app.command()
def role(
    username: str = typer.Argument(..., help="登录名 / sign-in name"),
    role: str = typer.Argument(..., help="角色代码，如 national_leader / code of the role"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """更改用户的角色；其名下待办交还本单位。 / Give a user another role; what lay on the old desk goes to colleagues.

    例：kouan accounts role zhangsan national_leader
    """
    from kouan.accounts.actions import change_role

    with acting_for(reader(), "kouan accounts role") as actor:
        changed = change_role(actor=actor, user=reader(username), role=role)
    if json:
        write_json({"username": changed.username, "role": changed.role})
        return
    out.print(f"{changed.username}：{changed.get_role_display()}")


@app.command()
def token(
    username: str = typer.Argument(..., help="登录名 / user"),
    name: str = typer.Option(..., help="用途，如“省平台报送” / what it is for"),
    days: int = typer.Option(365, min=1, max=1095, help="有效天数 / valid for days"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """为用户建立接口密钥，只显示一次。 / Make an API key for a user; it is shown once.

    例：kouan accounts token guangdong --name 省平台报送
    """
    from kouan.accounts.keys import issue_token

    with acting_for(reader(), "kouan accounts token") as actor:
        kept, secret = issue_token(actor=actor, user=reader(username), name=name, days=days)
    if json:
        write_json({"number": kept.pk, "key": secret, "expires_at": kept.expires_at})
        return
    out.print(secret, markup=False)
    out.print(say(f"有效期至 {kept.expires_at:%Y-%m-%d}；请妥善保存，系统不再显示。",
                  f"Valid until {kept.expires_at:%Y-%m-%d}. Keep it: it is not shown again."), style="dim")


@app.command()
def revoke(
    number: int = typer.Argument(..., help="密钥编号 / number of the key"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """停用一个接口密钥。 / End an API key.

    例：kouan accounts revoke 3
    """
    from kouan.accounts.keys import revoke_token

    with acting_for(reader(), "kouan accounts revoke") as actor:
        revoked = revoke_token(actor=actor, number=number)
    if json:
        write_json({"number": revoked.pk, "revoked_at": revoked.revoked_at})
        return
    out.print(say("已停用", "Revoked"))
