"""``kouan times yearly``: yearly clearance times out of the journal, handed to evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from kouan.cli.output import say, table, tell, text, write_json

if TYPE_CHECKING:
    from kouan.monitoring.clearance_year import HandedOver


def yearly(
    year: int = typer.Option(..., min=2021, max=2100, help="年度 / year"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只计算，不入库 / compute only, take nothing in"),
    as_user: str = typer.Option(..., "--as", help="以某用户的身份办理 / act as this user"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """由事件日志计算各口岸全年整体通关时间中位数，作为年度评估 G05 的推算数入库。
    / Yearly medians of the overall clearance time by port, from the journal, taken in as derived figures for G05 of the evaluation.

    海关报送的官方数优先；不足30件的口岸不提供。 / Official figures filed by customs are preferred; a port with fewer than 30 cases gets none.

    例：kouan times yearly --year 2025 --dry-run --as guojia
    """
    from kouan.cli.matters import actor_named
    from kouan.monitoring.clearance_year import hand_over_year

    found = hand_over_year(actor=actor_named(as_user), year=year, dry_run=dry_run)
    if json:
        write_json({"year": year, "rows": [row.as_dict() for row in found.rows], "intake": found.intake.as_dict() if found.intake else None})
    else:
        _tell(found)
    raise typer.Exit(1 if found.intake and found.intake.has_errors else 0)


def _tell(found: HandedOver) -> None:
    from kouan.monitoring.timing.page import DIRECTIONS

    table([say("口岸", "port"), say("方向", "direction"), say("件数", "cases"), say("中位数（小时）", "median (h)")],
          ([row.name, text(DIRECTIONS[row.direction]), row.n, say("不足30件", "below 30") if row.median_hours is None else f"{row.median_hours:.2f}"]
           for row in found.rows), right=[2, 3])
    if found.intake is None:
        tell("没有口岸达到30件，未提供", "no port has 30 cases: nothing was handed over")
        return
    if found.intake.dry_run:
        tell(f"可入库 {found.intake.accepted} 条（未写入）", f"{found.intake.accepted} figures could be taken in (nothing was written)")
    elif found.intake.repeated:
        tell("与已入库的相同，没有变化", "the same as taken in before; nothing changed")
    else:
        tell(f"已入库 {found.intake.accepted} 条，来源 operation-times，批次 #{found.intake.batch}",
             f"{found.intake.accepted} figures taken in, source operation-times, batch #{found.intake.batch}")
