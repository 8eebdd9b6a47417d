"""``kouan times yearly``: yearly clearance times out of the journal, handed to evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from kouan.cli.output import say, table, tell, text, write_json

if TYPE_CHECKING:
    from kouan.collection.report import IntakeReport
    from kouan.monitoring.clearance_year import HandedOver


def yearly(
    year: int = typer.Option(..., min=2021, max=2100, help="年度 / year"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只计算，不入库 / compute only, take nothing in"),
    as_user: str = typer.Option(..., "--as", help="以某用户的身份办理 / act as this user"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """由事件日志计算各口岸全年整体通关时间中位数、中国公民候检30分钟达标数和作业分段超时数，作为年度评估 G05 的推算数入库。
    / Yearly medians of the overall clearance time by port, citizens' waits and segments over the norm, from the journal, taken in as derived
    figures for G05 of the evaluation.

    官方报送数优先；不足30件的口岸不提供；事件不报人员分组、没有规范时限的，相应各项不提供。 / Figures filed officially are preferred; a port with
    fewer than 30 gets none, nor one whose events tell no group of travellers (waits) or that has no norm (segments).

    例：kouan times yearly --year 2025 --dry-run --as guojia
    """
    from kouan.cli.matters import actor_named
    from kouan.monitoring.clearance_year import hand_over_year

    found = hand_over_year(actor=actor_named(as_user), year=year, dry_run=dry_run)
    if json:
        write_json({"year": year, "rows": [row.as_dict() for row in found.rows], "intake": found.intake.as_dict() if found.intake else None,
                    "counts": {pair[0]: [row.as_dict() for row in rows] for pair, rows in found.counts.items()},
                    "counts_intake": found.counts_intake.as_dict() if found.counts_intake else None})
    else:
        _tell(found)
    raise typer.Exit(1 if any(each and each.has_errors for each in (found.intake, found.counts_intake)) else 0)


def _tell(found: HandedOver) -> None:
    from kouan.basis import measures
    from kouan.monitoring.clearance_counts import CITIZENS, SEGMENTS
    from kouan.monitoring.timing.page import DIRECTIONS

    table([say("口岸", "port"), say("方向", "direction"), say("件数", "cases"), say("中位数（小时）", "median (h)")],
          ([row.name, text(DIRECTIONS[row.direction]), row.n, say("不足30件", "below 30") if row.median_hours is None else f"{row.median_hours:.2f}"]
           for row in found.rows), right=[2, 3])
    for pair, rows in found.counts.items():
        if rows:
            words = measures.get(pair[0]).name, measures.get(pair[1]).name
            table([say("口岸", "port"), *(say(each.zh, each.en) for each in words)],
                  ([row.port, row.judged, row.found] for row in rows), right=[1, 2])
    if not found.counts.get(CITIZENS):
        tell("事件未报人员分组，没有中国公民候检数", "events tell no group of travellers: no figure of citizens' waits")
    if not found.counts.get(SEGMENTS):
        tell("没有作业时间规范，没有分段超时数", "there is no norm of operation times: no figure of segments over the norm")
    for intake, source in ((found.intake, "operation-times"), (found.counts_intake, "operation-counts")):
        _tell_intake(intake, source)


def _tell_intake(intake: IntakeReport | None, source: str) -> None:
    if intake is None:
        tell(f"没有口岸达到30件，{source} 未提供", f"no port has 30: nothing was handed over as {source}")
    elif intake.dry_run:
        tell(f"{source} 可入库 {intake.accepted} 条（未写入）", f"{source}: {intake.accepted} figures could be taken in (nothing was written)")
    elif intake.repeated:
        tell(f"{source} 与已入库的相同，没有变化", f"{source}: the same as taken in before; nothing changed")
    else:
        tell(f"已入库 {intake.accepted} 条，来源 {source}，批次 #{intake.batch}",
             f"{intake.accepted} figures taken in, source {source}, batch #{intake.batch}")
