"""``kouan checks``: what is hardly right in figures: run, list, rule, exceptions; each check explained; any table examined."""

from __future__ import annotations

from datetime import datetime
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


@app.command("run")
def run(
    benchmarks: bool = typer.Option(False, "--benchmarks", help="包括对标口岸 / benchmark ports as well"),
    as_user: str = typer.Option("", "--as", help="以某用户的身份 / as this user"), json: bool = JSON,
) -> None:
    """核查库中全部数据，保存新的可疑之处，消除已更正的。 / Examine everything recorded; keep what is new, clear what was corrected.

    例：kouan checks run
    """
    from kouan.cli.who import acting_for, reader
    from kouan.collection.vetting import actions

    with acting_for(reader(as_user), "checks") as actor:
        done = actions.run_checks(actor=actor, benchmarks=benchmarks)
    told = {"run": done.pk, "series": done.series, "figures": done.figures, "found": done.found, "fresh": done.fresh, "cleared": done.cleared,
            "seconds": done.seconds, "by_check": actions.tally(done)}
    if json:
        write_json(told)
        return
    out.print(say(f"核查 {done.series:,} 个序列、{done.figures:,} 个数，用时 {done.seconds:.1f} 秒：可疑 {done.found:,} 处，"
                  f"其中新增 {done.fresh:,} 处，消除 {done.cleared:,} 处",
                  f"{done.series:,} series, {done.figures:,} figures in {done.seconds:.1f} s: {done.found:,} suspicions, {done.fresh:,} new, "
                  f"{done.cleared:,} cleared"), markup=False)


@app.command("list")
def list_suspicions(
    check: str = typer.Option("", help="检查代号 / one check"), subject: str = typer.Option("", help="对象，如 port:luohu-rail / one subject"),
    state: str = typer.Option("open", help="状态，空为全部 / state; all if empty"),
    limit: int = typer.Option(50, min=1, max=10_000, help="最多条数 / rows at most"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"), json: bool = JSON,
) -> None:
    """列出可疑数据，按可能性 × 分量排序。 / Suspicions in scope, most pressing first.

    例：kouan checks list --check unit_slip
    """
    from kouan.cli.who import reader
    from kouan.collection.vetting.queries import suspicions_visible_to

    found = suspicions_visible_to(reader(as_user))
    if check:
        found = found.filter(check_id=check)
    if subject:
        kind, _, code = subject.partition(":")
        found = found.filter(subject_kind=kind, subject_code=code)
    if state:
        found = found.filter(state=state)
    told = list(found.order_by("-rank", "pk")[:limit])
    if json:
        write_json([{"number": one.pk, "state": one.state, "reason": one.reason, **one.told().as_dict()} for one in told])
        return
    table([say("编号", "number"), say("可能性", "likelihood"), say("检查", "check"), say("对象", "subject"), say("指标", "measure"),
           say("说明", "what")],
          ([str(one.pk), f"{one.likelihood:.2f}", text(one.spec.name), f"{one.subject_kind}:{one.subject_code}", one.measure, text(one.words())]
           for one in told), right=[0, 1])


@app.command("rule")
def rule(
    numbers: list[int] = typer.Argument(..., min=1, help="可疑数据编号 / numbers of suspicions"),
    state: str = typer.Option(..., "--as-state", help="confirmed 确认有误、false_alarm 误报、open 重新打开"),
    reason: str = typer.Option(..., help="理由 / reason"),
    as_user: str = typer.Option(..., "--as", help="裁定人用户名 / who rules"), json: bool = JSON,
) -> None:
    """裁定可疑数据：确认有误或误报，须写理由。 / Rule on suspicions: confirmed or false alarm, with the reason.

    例：kouan checks rule 12 15 --as-state false_alarm --reason "经核属实" --as guojia
    """
    from kouan.cli.who import acting_for, reader
    from kouan.collection.vetting import actions

    with acting_for(reader(as_user), "checks") as actor:
        count = actions.rule(actor=actor, numbers=numbers, state=state, reason=reason)
    if json:
        write_json({"ruled": count})
        return
    out.print(say(f"已裁定 {count} 处", f"{count} ruled on"), markup=False)


@app.command("except")
def record_exception(
    subject: str = typer.Argument(..., help="对象，如 port:luohu-rail 或 port:* / a subject, or all of a kind"),
    first: datetime = typer.Option(..., formats=["%Y-%m-%d"], help="起 / first day"),
    last: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], help="止，空为至今 / last day"),
    reason: str = typer.Option(..., help="原因 / reason"), reference: str = typer.Option(..., help="文件文号或出处 / document it rests on"),
    measure: list[str] = typer.Option([], help="指标，可重复，空为全部 / measures; all if none"),
    as_user: str = typer.Option(..., "--as", help="登记人用户名 / who records it"), json: bool = JSON,
) -> None:
    """登记例外：停运、关闭、疫情等有文件说明的时段，不再作为可疑提出。 / Record an exception with its document: such figures are not doubted again.

    例：kouan checks except port:luohu-rail --first 2020-02-04 --last 2023-02-05 --reason 疫情停运 --reference 公告 --as guojia
    """
    from kouan.cli.who import acting_for, reader
    from kouan.collection.vetting import actions

    with acting_for(reader(as_user), "checks") as actor:
        made = actions.explain(actor=actor, subject=subject, first_day=first.date(), last_day=last.date() if last else None, reason=reason,
                               reference=reference, measure_codes=measure)
    told = {"exception": made.pk, "explained": made.answers.count()}
    if json:
        write_json(told)
        return
    out.print(say(f"已登记例外 {made.pk}，说明 {told['explained']} 处可疑",
                  f"Exception {made.pk} recorded; {told['explained']} suspicions explained"),
              markup=False)


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
                                help="CSV、Excel、Parquet 表（可为 .gz）/ a table in CSV, Excel or Parquet, gzipped or not"),
    subject: list[str] = typer.Option([], help="对象列名，可重复 / column of subjects; several are joined"),
    period: list[str] = typer.Option([], help="时期列名；年、月分列的写两次 / column of periods; year and month apart: twice"),
    measure: str = typer.Option("", help="指标列名 / column of measures"),
    value: list[str] = typer.Option([], help="数值列名，可重复，每列一项指标 / column of figures; each of several is a measure"),
    direction: str = typer.Option("", help="方向列名 / column of directions"), group: str = typer.Option("", help="分组列名 / column of groups"),
    sheet: str = typer.Option("", help="工作表名，空为第一张 / sheet of a workbook; the first if empty"),
    least: float = typer.Option(0.5, min=0.0, max=1.0, help="最小可能性 / least likelihood"),
    limit: int = typer.Option(50, min=1, max=1_000_000, help="屏幕上最多条数 / rows on screen at most"),
    file_out: Path | None = typer.Option(None, "--out", dir_okay=False, help="结果存为 CSV 或 JSON，全部条目 / write every suspicion as CSV or JSON"),
    json: bool = JSON,
) -> None:
    """核查任何一张表，不需要数据库；只看表中的数。 / Examine any table of figures, without a database.

    例：kouan checks table figures.csv --subject 口岸 --period 月份 --value 数值 --out findings.csv
    """
    from kouan.basis import clock
    from kouan.collection.checks.table import examine_table
    from kouan.collection.vetting.files import columns_in, write_suspicions

    told = examine_table(
        columns_in(file, sheet), subject=subject, period=period, measure=measure, value=value,
        direction=direction, group=group, today=clock.today(), least=least)
    if file_out is not None:
        write_suspicions(file_out, told)
    if json:
        write_json(told.as_dict())
        return
    show_findings(told.findings)
    causes = len(set(told.causes.values()))
    out.print(say(f"{told.rows:,} 行、{told.series:,} 个序列、{told.cells:,} 个数：{len(told.suspicions):,} 处可疑，{causes:,} 个起因",
                  f"{told.rows:,} rows, {told.series:,} series, {told.cells:,} figures: {len(told.suspicions):,} suspicions of {causes:,} causes"),
              markup=False)
    if file_out is not None:
        out.print(say(f"已写入 {file_out}", f"Written to {file_out}"), markup=False)
    rows(told.suspicions[:limit])


def rows(suspicions: list[Any]) -> None:
    """Suspicions as a table, most pressing first."""
    from kouan.collection.checks import shipped

    table([say("可能性", "likelihood"), say("分量", "weight"), say("检查", "check"), say("对象", "subject"), say("指标", "measure"),
           say("说明", "what")],
          ([f"{one.likelihood:.2f}", f"{one.weight:.4f}", text(shipped()[one.check].name), one.key.subject,
            "/".join([one.key.measure, *(part for part in one.key[2:] if part not in ("total", "all"))]),
            text(one.words())] for one in suspicions), right=[0, 1])
