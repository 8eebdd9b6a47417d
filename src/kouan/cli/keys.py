"""``kouan keys``: the keys of personal data: how they stand, the next master key, destroying a person's key."""

from __future__ import annotations

import uuid

import typer

from kouan.cli.output import out, progress_bar, say, show_findings, status_of, table, write_json
from kouan.cli.who import acting_for, reader

app = typer.Typer(no_args_is_help=True, help="个人信息密钥：状态、轮换、销毁 / keys of personal data: status, rotation, destruction")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")


@app.command()
def status(
    check: bool = typer.Option(False, "--check",
                               help="逐一解密核对，找出改动或移位的 / open every value and name those that do not open"), json: bool = JSON,
) -> None:
    """主密钥、主体密钥的状态和应注意的问题。 / Master keys, keys of persons, and what to mind.

    例：kouan keys status --check

    退出状态：0 正常；1 有错误级问题；2 参数不能使用。
    / Exit status: 0 well, 1 something of error severity, 2 unusable arguments.
    """
    from kouan.accounts.personal import queries

    told = queries.status()
    findings = [*queries.faults(), *(queries.unreadable() if check else [])]
    if json:
        write_json({**told, "findings": [each.as_dict() for each in findings]})
        raise typer.Exit(status_of(findings))
    table([say("主密钥", "master key"), say("在用", "in use"), say("已加密保存", "encrypted"), say("主体密钥数", "keys of persons")],
          ([each["number"], say("当前", "current") if each["is_current"] else "", say("是", "yes") if each["is_guarded"] else say("否", "no"),
            each["wraps"]]
           for each in told["masters"]), right=[0, 3])
    out.print(say(f"主体 {told['subjects']} 个，已销毁 {told['destroyed']} 个；加密字段：{'、'.join(told['fields'])}",
                  f"{told['subjects']} persons, {told['destroyed']} destroyed; encrypted fields: {', '.join(told['fields'])}"), markup=False)
    show_findings(findings)
    raise typer.Exit(status_of(findings))


@app.command()
def rotate(
    again: bool = typer.Option(False, "--continue", help="继续上次中断的轮换，不造新钥 / go on with one that was cut short"),
    forget_old: bool = typer.Option(False, "--forget-old", help="完成后删除旧主密钥：此前的数据库备份将无法读出个人信息 / delete the old master "
        "keys afterwards: personal data in older backups can then not be read"), json: bool = JSON,
) -> None:
    """换主密钥：生成下一把，重新加密各主体密钥（数据本身不动）。 / Make the next master key and wrap the keys of persons by it.

    例：kouan keys rotate
    """
    from kouan.accounts.personal import actions

    with acting_for(reader(), "kouan keys rotate") as actor, progress_bar(quiet=json) as progress:
        done = actions.rotate(actor=actor, progress=progress, again=again)
        gone = actions.forget_old(actor=actor) if forget_old else []
    if json:
        write_json({**done, "forgotten": gone})
        return
    out.print(say(f"主密钥 {done['master']} 已启用，重新加密 {done['rewrapped']} 个主体密钥",
                  f"Master key {done['master']} wraps now; {done['rewrapped']} keys wrapped anew"))
    if gone:
        out.print(say(f"已删除主密钥 {'、'.join(map(str, gone))}", f"Deleted: {', '.join(map(str, gone))}"))


@app.command()
def destroy(
    subject: str = typer.Argument("", help="主体标识 / the person's subject"), user: str = typer.Option("",
                                                            help="或用户登录名 / or a user's sign-in name"),
    why: str = typer.Option(..., help="依据或原因，留痕 / on what ground; recorded"),
    yes: bool = typer.Option(False, "--yes", help="不再询问 / do not ask"), json: bool = JSON,
) -> None:
    """销毁一个主体的密钥：其个人信息从此无法读出，不可恢复。 / Destroy a person's key: the personal fields can never be read again.

    例：kouan keys destroy --user zhangsan --why 本人申请删除
    """
    from kouan.accounts.models import User
    from kouan.accounts.personal import actions

    chosen: uuid.UUID | None = None
    if user:
        chosen = User.objects.filter(username__iexact=user).values_list("personal_subject", flat=True).first()
    else:
        try:
            chosen = uuid.UUID(subject)
        except ValueError:
            chosen = None
    if chosen is None:
        raise typer.BadParameter(say("没有这个用户，或主体标识不是 UUID", "no such user, or the subject is no UUID"), param_hint="SUBJECT")
    if not yes and not json:
        typer.confirm(say("销毁后不可恢复，确定吗？", "There is no way back. Go on?"), abort=True)
    with acting_for(reader(), "kouan keys destroy") as actor:
        held = actions.destroy(actor=actor, subject=chosen, why=why)
    if json:
        write_json({"subject": str(held.subject), "destroyed_at": held.destroyed_at})
        return
    out.print(say(f"已销毁 {held.subject}", f"Destroyed {held.subject}"), markup=False)
