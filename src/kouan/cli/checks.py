"""``kouan checks``: what is hardly right in figures: the checks listed and explained; any table of figures examined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import out, say, show_findings, table, text, write_json

app = typer.Typer(help="数据核查：列出可疑的数、裁定、说明 / checks: what is hardly right in figures, rulings, explanations", no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")


def mount(group: typer.Typer) -> None:
    """Add the commands that need no database."""
    group.command("explain")(explain)
    group.command("table")(examine_file)


def explain(check: str = typer.Argument("", help="检查代号，空为全部 / id of a check; all if empty"), json: bool = JSON) -> None:
    """说明各项检查：查什么、参数、怎样处理。 / What each check looks for, the figures it goes by, what to do about it.

    例：kouan checks explain unit_slip
    """
    from kouan.basis import Finding
    from kouan.cli.output import fail
    from kouan.collection.checks import shipped

    specs = [spec for name, spec in shipped().items() if check in ("", name)]
    if not specs:
        raise typer.Exit(fail([Finding.error(
            "unknown_check", f"没有名为“{check}”的检查。", f"There is no check “{check}”.",
            remedy=("运行 kouan checks explain 可列出全部检查。", "kouan checks explain lists them all."))], as_json=json, status=2))
    if json:
        write_json([{"id": spec.id, "kind": spec.kind, "severity": spec.severity.value, "name": spec.name, "message": spec.message,
                     "remedy": spec.remedy, "cadences": sorted(spec.cadences), "explained": spec.explained,
                     "parameters": dict(spec.parameters)} for spec in specs])
        return
    if check:
        spec = specs[0]
        out.print(f"{spec.id}  {text(spec.name)}", style="bold", markup=False)
        for line in (text(spec.message), text(spec.remedy), ", ".join(f"{name} = {value}" for name, value in spec.parameters.items())):
            out.print(line, markup=False)
        return
    table([say("检查", "check"), say("名称", "name"), say("类别", "kind"), say("参数", "parameters")],
          ([spec.id, text(spec.name), spec.kind, ", ".join(f"{name}={value}" for name, value in spec.parameters.items() if name != "placeholders")]
           for spec in specs))


def examine_file(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, readable=True,
                                help="CSV 长表：对象、时期、指标、数值各一列 / CSV, one row a figure: subject, period, measure, value"),
    subject: str = typer.Option("", help="对象列名 / column of subjects"), period: str = typer.Option("", help="时期列名 / column of periods"),
    measure: str = typer.Option("", help="指标列名 / column of measures"), value: str = typer.Option("", help="数值列名 / column of values"),
    direction: str = typer.Option("", help="方向列名 / column of directions"), group: str = typer.Option("", help="分组列名 / column of groups"),
    least: float = typer.Option(0.5, min=0.0, max=1.0, help="最小可能性 / least likelihood"),
    limit: int = typer.Option(50, min=1, max=1_000_000, help="最多条数 / rows at most"), json: bool = JSON,
) -> None:
    """核查任何一张长表，不需要数据库；只看表中的数。 / Examine any long table of figures, without a database.

    例：kouan checks table figures.csv --subject 口岸 --period 月份 --value 数值 --json
    """
    from kouan.basis import clock
    from kouan.collection.checks.table import examine_table, read_csv

    told = examine_table(
        read_csv(file), subject=subject or None, period=period or None, measure=measure or None, value=value or None,
        direction=direction or None, group=group or None, today=clock.today(), least=least)
    if json:
        write_json(told.as_dict())
        return
    show_findings(told.findings)
    out.print(say(f"{told.rows:,} 行、{told.series:,} 个序列、{told.cells:,} 个数：{len(told.suspicions):,} 处可疑",
                  f"{told.rows:,} rows, {told.series:,} series, {told.cells:,} figures: {len(told.suspicions):,} suspicions"), markup=False)
    rows(told.suspicions[:limit])


def rows(suspicions: list[Any]) -> None:
    """Suspicions as a table, most pressing first."""
    from kouan.collection.checks import shipped

    table([say("可能性", "likelihood"), say("分量", "weight"), say("检查", "check"), say("对象", "subject"), say("指标", "measure"),
           say("说明", "what")],
          ([f"{one.likelihood:.2f}", f"{one.weight:.4f}", text(shipped()[one.check].name), one.key.subject,
            "/".join(part for part in (one.key.measure, one.key.direction, one.key.group) if part not in ("total", "all")),
            text(one.words())] for one in suspicions), right=[0, 1])
