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
