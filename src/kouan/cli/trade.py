"""``kouan trade``: messages checked against the rule packs of partners abroad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import out, say, show_findings, table, write_json

app = typer.Typer(help="国际贸易“单一窗口” / trade single window", no_args_is_help=True)
pack = typer.Typer(help="合作方规则包 / rule packs of partners", no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")


def _home() -> Path:
    from kouan.home import Home

    return Home.from_environment().path


@app.command()
def check(
    files: list[Path] = typer.Argument(..., help="报文文件 / message files"),
    name: str = typer.Option(..., "--pack", help="规则包名称；新版加 -new / the pack; its new edition with -new"), json: bool = JSON,
) -> None:
    """按合作方的模式和规则检查报文：每个文件列出合作方会退回的错误，带代码、准确位置和原文。 / Check messages by a partner's schemas and rules:
    for each file what the partner would refuse, with code, exact place and its own words.

    状态码：0 全部通过；1 有错误；2 有文件不可读。 / Exit status: 0 all pass, 1 errors, 2 a file cannot be read.

    例：kouan trade check declaration.xml --pack ics-ens
    """
    from kouan.basis import Finding, Place, Refused
    from kouan.trade.packs.store import opened

    against = opened(_home(), name)
    told: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for file in files:
        try:
            errors = against.check(file.read_bytes(), name=file.name)
        except OSError as error:
            findings.append(Finding.error("file_unreadable", f"文件不可读：{error.strerror}", f"The file cannot be read: {error.strerror}",
                                          where=Place(file=str(file)), remedy=("请核对路径和权限。", "Check path and permissions.")))
            told.append({"file": str(file), "errors": None, "findings": [findings[-1].as_dict()]})
        except Refused as refusal:
            findings += refusal.findings
            told.append({"file": str(file), "errors": None, "findings": [each.as_dict() for each in refusal.findings]})
        else:
            told.append({"file": str(file), "errors": [each.as_dict() for each in errors]})
    if json:
        write_json(told)
    else:
        for each in told:
            if each["errors"]:
                out.print(f"{each['file']}：{say('会被退回', 'would be refused')} {len(each['errors'])}", style="bold", markup=False)
                table([say("代码", "code"), say("位置", "place"), say("合作方原文", "the partner's words")],
                      [[error["code"], error["location"], error["message"]] for error in each["errors"]])
            elif each["errors"] is not None:
                out.print(f"{each['file']}：{say('✓ 通过', '✓ passes')}", markup=False)
        show_findings(findings)
    raise typer.Exit(2 if findings else 1 if any(each["errors"] for each in told) else 0)


@pack.command("install")
def install_pack(
    source: Path = typer.Argument(..., exists=True, help="发布方的文件夹或 .tar.xz / the publisher's folder or archive"),
    name: str = typer.Option(..., "--name", help="以什么名称安装，如 ics-ens / under which name"), json: bool = JSON,
) -> None:
    """安装合作方规则包：先逐一验证规则和模式，再整体放入系统目录；同名的被替换。 / Install a partner's rule pack: every rule and schema is
    proved first, then the whole is put in place; one of that name is replaced.

    例：kouan trade pack install ./ics-ens --name ics-ens
    """
    from kouan.basis import clock
    from kouan.trade.packs.store import install

    made = install(_home(), source, name, at=clock.now())
    if json:
        write_json(made)
        return
    rules, asserts = made["rules"], made["assertions"]
    out.print(say(f"已安装 {name}：旧版 {rules['old']} 条规则（{asserts['old']} 项检查），新版 {rules['new']} 条（{asserts['new']} 项）；"
                  f"报文 {'、'.join(made['messages'])}",
                  f"Installed {name}: {rules['old']} rules ({asserts['old']} tests), new edition {rules['new']} ({asserts['new']}); "
                  f"messages {', '.join(made['messages'])}"), markup=False)


@pack.command("list")
def list_packs(json: bool = JSON) -> None:
    """列出已安装的规则包。 / List the packs that are installed.

    例：kouan trade pack list
    """
    from kouan.trade.packs.store import installed

    found = installed(_home())
    if json:
        write_json(found)
        return
    table([say("名称", "name"), say("来源", "source"), say("安装时间", "installed"), say("规则", "rules"), say("报文", "messages")],
          ([each["name"], each["source"], each["installed_at"][:16], each["rules"]["old"], "、".join(each["messages"])] for each in found), right=[3])


@pack.command("remove")
def remove_pack(name: str = typer.Argument(..., help="规则包名称 / the pack"), json: bool = JSON) -> None:
    """卸载规则包。 / Take a pack away.

    例：kouan trade pack remove ics-ens
    """
    from kouan.trade.packs.store import remove

    remove(_home(), name)
    if json:
        write_json({"removed": name})
    else:
        out.print(say("已卸载。", "Removed."))
