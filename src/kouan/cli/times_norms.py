"""``kouan times norms``: the norms of operation times on record, and a file of them proposed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import say, table, tell, write_json

app = typer.Typer(help="作业时间规范：查看、由文件提出 / norms of operation times: listed, proposed from a file", no_args_is_help=True)


@app.command("list")
def list_norms(
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """登记的作业时间规范，新的在前。 / The norms on record, newest first.

    例：kouan times norms list
    """
    from kouan.cli.who import reader
    from kouan.monitoring.norms.queries import norms_visible_to

    rows: list[dict[str, Any]] = [
        {"id": row.pk, "name": row.name.as_dict(), "whole": row.whole, "between": [row.first, row.last] if row.first else None,
         "direction": row.direction, "mode": row.mode or None, "port_type": row.port_type or None, "port": row.port.code if row.port else None,
         "clock": row.clock_kind, "hours": float(row.hours), "valid_from": row.valid_from.isoformat(),
         "valid_to": row.valid_to.isoformat() if row.valid_to else None, "document": row.document, "document_number": row.document_number,
         "article": row.article, "state": row.state}
        for row in norms_visible_to(reader(as_user)).select_related("port")
    ]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("规范", "norm"), say("小时", "hours"), say("自", "from"), say("口岸", "port"), say("状态", "state")],
          ([str(row["id"]), say(row["name"]["zh"], row["name"]["en"]), f"{row['hours']:g}", row["valid_from"],
            row["port"] or row["port_type"] or say("全部", "all"), row["state"]] for row in rows), right=[0, 2])


@app.command("import")
def import_file(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="规范文件（YAML） / file of norms (YAML)"),
    reason: str = typer.Option(..., help="理由 / reason"),
    as_user: str = typer.Option(..., "--as", help="以某用户的身份提出 / act as this user"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """由文件提出规范，每一数值一件，待另一位同事批准；已有的跳过。
    / Propose every value of a file, to be approved by a colleague; those on record already are passed over.

    例：kouan times norms import norms.yaml --reason 按作业时间规范登记 --as guojia
    """
    from kouan.cli.matters import actor_named
    from kouan.monitoring.norms.actions import import_norms

    made, before = import_norms(actor=actor_named(as_user), path=file, reason=reason)
    if json:
        write_json({"proposed": [row.pk for row in made], "before": before})
        return
    tell(f"提出 {len(made)} 件，已有 {before} 件", f"{len(made)} proposed, {before} on record already")
