"""``kouan imagery``: the register of imagery feeds with their health; outages. No pictures."""

from __future__ import annotations

from typing import Any

import typer

from kouan.cli.matters import both
from kouan.cli.output import out, say, table, write_json
from kouan.cli.who import reader

app = typer.Typer(help="影像源登记及其健康状况（不存图像） / register of imagery feeds and their health (no pictures)", no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")


@app.command("list")
def list_feeds(
    port: str = typer.Option("", help="口岸代码 / port by code"), outages: bool = typer.Option(False, "--outages",
        help="只列中断和故障 / outages and faults only"),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """列出可见的影像源：状态、最近心跳、近30日在线率。 / List the feeds in scope: state, last heard, share of 30 days up.

    例：kouan imagery list --outages
    """
    from kouan.monitoring.imagery import queries

    user: Any = reader(as_user)
    found = queries.feeds_visible_to(user)
    if port:
        found = found.filter(port__code=port)
    rows = list(found[:2000])
    health = queries.health_of(rows)
    told = [queries.told(each, health[each.pk], user) for each in rows if not outages or health[each.pk].is_out]
    if json:
        write_json(told)
        return
    if not told:
        out.print(say("没有符合条件的影像源。", "No feed matches."), markup=False)
        return
    table([say("代码", "code"), say("口岸", "port"), say("名称", "name"), say("状态", "state"), say("最近心跳", "last heard"),
           say("在线率", "up"), say("责任单位", "owner")],
          ([each["code"], each["port_name"], both(each["name"]), both(each["state_label"]),
            f"{each['last_seen']:%Y-%m-%d %H:%M}" if each["last_seen"] else "—",
            "—" if each["uptime"] is None else f"{each['uptime'] * 100:.1f}%", each["owner"]] for each in told), right=[5])
