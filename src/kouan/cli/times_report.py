"""``kouan times report`` and ``kouan times generate``: figures of whole logs, and a generated log to try them on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kouan.cli.output import out, say, show_findings, status_of, table, tell, write_json

if TYPE_CHECKING:
    from kouan.monitoring.eventlog.engine import Result

EVENTS = typer.Option(..., "--events", exists=True,
                      help="节点事件文件（Parquet、CSV）或其文件夹，可多次 / files of events (Parquet, CSV) or their folder, repeatable")


def mount(app: typer.Typer) -> None:
    """Add the commands to ``kouan times``."""
    app.command("report")(report)
    app.command("generate")(generate)


def report(
    events: list[Path] = EVENTS,
    into: Path = typer.Option(..., "--out", file_okay=False, help="结果文件夹 / folder for the results"),
    engine: str = typer.Option("duckdb", help="引擎：duckdb、duckdb-sql、spark / engine: duckdb, duckdb-sql, spark"),
    by: str = typer.Option("port,month,direction",
                           help="分组：port、month、direction、mode、case_kind / group by: port, month, direction, mode, case_kind"),
    columns: str = typer.Option("", help="列名对照，如 case_id=case:concept:name,milestone=concept:name / names of columns, ours=theirs"),
    whole: str = typer.Option("", help="分段所属的整体时间，逗号分隔，all 为全部；缺省为每种流程的第一个 / "
                                       "wholes told in parts, by comma, or all; the first of each flow by default"),
    cohort: str = typer.Option("end", help="月份按起点 start 或终点 end / months by start or end of the whole"),
    utc_offset: int = typer.Option(480, min=-840, max=840, help="月份所用时区，东为正，分钟 / minutes east of UTC of the months"),
    on: datetime | None = typer.Option(None, formats=["%Y-%m-%d"],
                                       help="用某日有效的定义，缺省为最新 / the definitions in force on a day; the newest by default"),
    workers: int = typer.Option(2, min=1, max=64, help="同时使用的处理器核数 / processor cores to use"),
    master: str = typer.Option("local[2]", envvar="KOUAN_SPARK_MASTER", help="Spark 主节点 / Spark master"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """由节点事件计算各口岸、各月的整体时间、分段时间、流程图和路径，写出 CSV。
    / Overall times, segments, directly-follows graph and variants by port and month from events, as CSV.

    结果精确：中位数、百分位按线性插值；不足 30 件不给第 95 百分位；各列见 docs/times-report.md。
    / Exact: quantiles by linear interpolation; no p95 of fewer than 30 cases. Columns: docs/times-report.md.

    例：kouan times report --events events/ --out report
    """
    from kouan.basis import Refused
    from kouan.monitoring.eventlog import engine as engines
    from kouan.monitoring.eventlog import report as files

    if cohort not in ("start", "end"):
        raise Refused.because("unknown_cohort", f"月份不能按“{cohort}”。", f"Months cannot go by “{cohort}”.",
                              remedy=("写 start 或 end。", "Write start or end."))
    files.refuse_other_folder(into)
    result = engines.run(
        events, columns=names_of(columns), engine=engine, by=tuple(each.strip() for each in by.split(",") if each.strip()),
        wholes=tuple(each.strip() for each in whole.split(",") if each.strip()), cohort=cohort, offset_minutes=utc_offset,
        on=on.date() if on else None, workers=workers, master=master,
    )  # fmt: skip
    written = files.write(result, into, about={"engine": engine, "files": [str(path) for path in events]})
    if json:
        write_json({**files.describe(result), "written": [str(path) for path in written],
                    "findings": [each.as_dict() for each in result.findings]})
    else:
        _tell(result, written, into)
    raise typer.Exit(status_of(result.findings))


def names_of(text: str) -> dict[str, str]:
    """``case_id=case:concept:name,milestone=activity`` as a mapping, ours to theirs.

    >>> names_of("case_id=case:concept:name, milestone=activity")
    {'case_id': 'case:concept:name', 'milestone': 'activity'}
    """
    from kouan.basis import Refused

    named: dict[str, str] = {}
    for each in filter(None, (part.strip() for part in text.split(","))):
        ours, equals, theirs = each.partition("=")
        if not equals or not ours.strip() or not theirs.strip():
            raise Refused.because("unusable_columns", f"列名对照“{each}”读不懂。", f"“{each}” names no column.",
                                  remedy=("写作 我们的列=文件的列。", "Write ours=theirs."))
        named[ours.strip()] = theirs.strip()
    return named


def _tell(result: Result, written: list[Path], into: Path) -> None:
    from kouan.monitoring.eventlog.plan import STATUSES

    marks = {"exercise": say("演练", "exercise"), "demonstration": say("演示", "demonstration")}
    mark = "".join(f"[{marks[each]}] " for each in result.origins if each in marks)
    out.print(say(f"{mark}{result.cases} 个案例，{result.events} 个事件，{len(result.paths)} 种路径",
                  f"{mark}{result.cases} cases, {result.events} events, {len(result.paths)} variants"), style="bold", markup=False)
    if not result.plan.is_foreign:
        status = result.tables["status"]
        rows: list[list[Any]] = []
        for place, whole in enumerate(result.plan.wholes):
            counts = [int(status["n"][(status["w"] == place) & (status["status"] == code)].sum()) for code in range(len(STATUSES))]
            rows.append([whole, *counts])
        heads = (say("完整", "complete"), say("在办", "running"), say("未开始", "not begun"), say("缺起点", "start missing"),
                 say("缺终点", "end missing"), say("矛盾", "contradictory"))
        table([say("整体时间", "whole"), *heads], rows, right=range(1, 7))
    show_findings(result.findings)
    tell(f"已写出 {len(written)} 个文件到 {into}", f"{len(written)} files written to {into}")


def generate(
    into: Path = typer.Option(..., "--out", file_okay=False, help="写到这个文件夹 / folder to write"),
    cases: int = typer.Option(10_000, min=1, max=100_000_000, help="案例数 / cases"),
    seed: int = typer.Option(20_260_101, min=0, help="种子：同一种子得同一结果 / seed: the same seed, the same log"),
    months: int = typer.Option(12, min=1, max=120, help="月数 / months"),
    begin: datetime = typer.Option("2025-01-01", formats=["%Y-%m-%d"], help="首日（UTC） / first day (UTC)"),
    buckets: int = typer.Option(8, min=1, max=99, help="每月分件数 / parts of each month"),
    ports: str = typer.Option("", help="口岸代码，逗号分隔；缺省为 300 个虚构代码 / codes of ports, by comma; 300 made-up ones by default"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """生成演练用的节点事件（与任何真实口岸无关），写成按月分件的 Parquet。
    / Write a generated log of events (an exercise, of no real port) as Parquet by month.

    例：kouan times generate --cases 10000 --out events
    """
    from kouan.basis import Place, Refused
    from kouan.monitoring.eventlog import generate as generator

    if into.is_dir() and any(into.iterdir()):
        raise Refused.because("folder_not_empty", "文件夹里有别的文件，不覆盖。", "The folder holds files and is left alone.",
                              where=Place(file=str(into)), remedy=("另选文件夹，或先清空。", "Name another folder, or empty it first."))
    plan = generator.Plan(
        cases=cases, seed=seed, months=months, begin=begin.replace(tzinfo=UTC), buckets=buckets,
        ports=tuple(each.strip() for each in ports.split(",") if each.strip()),
    )  # fmt: skip
    rows = generator.write(plan, into)
    if json:
        write_json({**generator.summary(plan), "rows": rows, "folder": str(into)})
        return
    tell(f"演练：{cases} 个案例，{rows} 行，写到 {into}", f"exercise: {cases} cases, {rows} rows, written to {into}")
