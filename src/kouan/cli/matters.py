"""``kouan matters``: running matters from the command line; their clocks, which the worker lets run once a day."""

from __future__ import annotations

from datetime import datetime

import typer

from kouan.cli.output import say, tell, write_json

app = typer.Typer(help="办件 / running matters", no_args_is_help=True)

COUNTED = {
    "matters": ("办件", "matters"), "notices": ("通知", "notices"), "lapsed": ("期满", "lapsed"), "silent": ("逾期未答复", "silent"),
    "stuck": ("未能办理", "stuck"),
}


@app.callback()
def matters() -> None:
    """办件 / running matters"""


@app.command()
def clocks(
    on: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], metavar="YYYY-MM-DD",
        help="按此日计算，缺省为今天 / as of this day, today by default"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """让所有办件的期限运行一次：提醒、逾期、上报、视为同意、期满。后台任务进程每日自动运行；再次运行不会重复。
    / Let the clocks of all matters run: reminders, overdue, escalation, silence, lapses. The worker does it daily; again is harmless.

    例：kouan matters clocks
    """
    from kouan.accounts.action import acting_system
    from kouan.desk.matters.actions import run_clocks

    with acting_system("run_clocks") as system:
        counts = run_clocks(actor=system, today=on.date() if on else None)
    if json:
        write_json(counts)
    else:
        tell(
            "，".join(f"{zh} {counts[name]}" for name, (zh, _) in COUNTED.items()),
            ", ".join(f"{counts[name]} {en}" for name, (_, en) in COUNTED.items()),
        )
    if counts["stuck"]:
        typer.echo(say("有办件未能办理，请查看其页面和日志。", "Some matters could not be moved; see their pages and the log."), err=True)
        raise typer.Exit(1)
