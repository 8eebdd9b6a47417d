"""``kouan ports``: the register from the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from kouan.cli.output import out, say, table, text, write_json
from kouan.cli.who import reader

app = typer.Typer(help="口岸名录 / the register of ports", no_args_is_help=True)


@app.command("list")
def list_(
    province: str = typer.Option("", help="省级行政区划代码，如 44 / province by GB/T 2260, such as 44"),
    mode: str = typer.Option("", help="water、rail、road、air / water, rail, road or air"),
    search: str = typer.Option("", help="名称、拼音或代码 / name, pinyin or code"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """列出口岸。 / List the ports.

    例：kouan ports list --province 44 --mode road
    """
    from kouan.cli import words
    from kouan.ports.models import TransportMode
    from kouan.ports.queries import ports_visible_to
    from kouan.ports.queries import search as matching

    if mode and mode not in TransportMode.values:
        raise typer.BadParameter(say("应为 water、rail、road 或 air", "water, rail, road or air"), param_hint="--mode")
    found = ports_visible_to(reader(as_user))
    if province:
        found = found.filter(province_code=province)
    if mode:
        found = found.filter(mode=mode)
    if search:
        found = matching(found, search)
    rows = list(found)
    if json:
        write_json([{
            "code": port.code, "name_zh": port.name_zh, "name_en": port.name_en, "mode": port.mode,
            "transport_class": port.transport_class, "province_code": port.province_code, "status": port.status,
            "approval": port.approval, "is_border": port.is_border,
        } for port in rows])
        return
    table(
        [say("代码", "code"), say("名称", "name"), say("方式", "mode"), say("类别", "class"), say("省份", "province"),
         say("运行状态", "status"), say("批准情况", "approval")],
        ([port.code, words.port_name(port), words.value("mode", port.mode),
          words.value("transport_class", port.transport_class) if port.transport_class else "—",
          words.value("province_code", port.province_code), words.value("status", port.status),
          words.value("approval", port.approval)] for port in rows),
    )
    out.print(words.count_of_ports(len(rows)))


@app.command()
def show(
    port: str = typer.Argument(..., help="口岸代码、名称或其他代码 / port by any code or name"),
    as_of: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="当时情况 / as it stood on"),
    known_at: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="按当时所知 / as known on"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """一个口岸在某日的登记情况。 / A port as it stood on a day.

    例：kouan ports show 罗湖 --as-of 2023-01-01
    """

    from kouan.basis import Finding, NotFound
    from kouan.cli import words
    from kouan.ports.queries import get_port, resolve, state_of

    user = reader(as_user)
    found = resolve(port, user=user)
    if isinstance(found, Finding):
        raise NotFound([found])
    entry = get_port(user, found.code)
    state = state_of(
        entry, as_of=as_of.date() if as_of else None,
        known_at=known_at.replace(tzinfo=UTC) if known_at else None,
    )
    codes = [{"scheme": code.scheme, "code": code.code} for code in entry.codes.all()]
    if json:
        write_json({"code": entry.code, "state": state.as_dict() if state else None, "codes": codes})
        return
    if state is None:
        out.print(say("该日（按当时所知）尚无此口岸。", "On that day, as then known, there was no such port."))
        return
    out.print(f"{words.port_name(state)}  {entry.code}", style="bold", markup=False)
    table(
        [say("事项", "what"), say("内容", "value")],
        [
            *([words.attribute(name), words.value(name, value)] for name, value in state.as_dict().items()
              if name not in ("because", "code") and value not in (None, "")),
            *([text(words.CODE_SCHEMES[code["scheme"]]), code["code"]] for code in codes),
        ],
    )
