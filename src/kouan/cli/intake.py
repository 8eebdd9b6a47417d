"""``kouan intake``, ``template`` and ``sources``: the way in, from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kouan.cli.command import UNUSABLE
from kouan.cli.output import fail, out, progress_bar, say, show_findings, table, tell, text, write_json
from kouan.cli.who import acting_for, reader

if TYPE_CHECKING:
    from kouan.basis import Finding

sources_app = typer.Typer(help="数据来源 / sources of data", no_args_is_help=True)


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on the command line."""
    app.command("intake")(intake)
    app.command("template")(template)


def intake(
    file: Path = typer.Argument(..., help="CSV、XLSX 或 Parquet 文件 / a CSV, XLSX or Parquet file"),
    source: str = typer.Option(..., help="数据来源，见 kouan sources list / source, see kouan sources list"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只检查，不写入 / check only, write nothing"),
    again: bool = typer.Option(False, help="同一文件重新读取一遍 / read the very same file anew"),
    as_user: str = typer.Option("", "--as", help="以某用户的身份报送 / submit as this user"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """导入一个文件：每行或被接受，或暂存，或拒收，并说明原因；整个文件要么全部写入，要么一点不写。
    / Take in a file: each row is accepted, held or refused, with the reason; the whole file is written
    or nothing is.

    例：kouan intake 2023.csv --source hk-control-points --dry-run
    """
    from kouan.basis import Refused
    from kouan.collection.actions import take_in

    if not file.is_file():
        raise typer.Exit(_no_file(file, source, dry_run, json))
    with acting_for(reader(as_user), "kouan intake") as actor, progress_bar(quiet=json) as progress:
        try:
            report = take_in(
                actor=actor, path=file, name=file.name, source=source, dry_run=dry_run, again=again, progress=progress
            )
        except Refused as refusal:
            if not json:
                raise
            raise typer.Exit(_nothing_taken(file, source, dry_run, refusal.findings, 1))
    status = 1 if report.has_errors else 0
    if json:
        write_json(report.as_dict(by_row=True))
        raise typer.Exit(status)
    if report.repeated:
        tell("这个文件已经导入过，没有任何变化", "This very file was taken in before; nothing was changed")
    elif dry_run:
        tell("只检查，未写入", "Checked only; nothing was written")
    out.print(say(
        f"读取 {report.read:,} 行 = 接受 {report.accepted:,} + 暂存 {report.held:,} + 拒收 {report.refused:,}",
        f"{report.read:,} rows read = {report.accepted:,} accepted + {report.held:,} held + {report.refused:,} refused",
    ))
    out.print(say(
        f"数据 {report.observations:,} 个新增、{report.revisions:,} 个修订、{report.unchanged:,} 个未变"
        f"（{report.seconds:.1f} 秒）",
        f"{report.observations:,} new figures, {report.revisions:,} revised, {report.unchanged:,} unchanged "
        f"({report.seconds:.1f} s)",
    ))
    _show_summary(report.findings)
    if report.batch is not None and (report.held or report.refused):
        out.print(say(f"逐行问题见控制台“报送”页的第 {report.batch} 批。",
                      f"Each row's findings: batch {report.batch} on the console's page of submissions."), style="dim")
    raise typer.Exit(status)


def _nothing_taken(file: Path, source: str, dry_run: bool, findings: Sequence[Finding], status: int) -> int:
    """Write a refusal as JSON with the counts beside it, so that a program need not know two shapes."""
    from kouan.collection.report import IntakeReport

    nothing = IntakeReport(source, file.name, "", dry_run=dry_run).as_dict(by_row=True)
    said = [finding.as_dict() for finding in findings]
    write_json({**nothing, "findings": said, "row_findings": said, "error": {"status": status, "findings": said}})
    return status


def _no_file(file: Path, source: str, dry_run: bool, json: bool) -> int:
    """Say that the path leads to no file; 2, as for any argument that cannot be used."""
    from kouan.basis import Finding, Place

    where, is_there = Place(file=str(file), field="FILE"), file.exists()
    finding = Finding.error(
        "not_a_file" if is_there else "no_such_file",
        f"“{file}”是文件夹，不是文件。" if is_there else f"没有文件“{file}”。",
        f"“{file}” is a folder, not a file." if is_there else f"There is no file “{file}”.", where=where,
        remedy=("请核对路径。", "Check the path."),
    )
    return _nothing_taken(file, source, dry_run, [finding], UNUSABLE) if json else fail([finding], status=UNUSABLE)


def _show_summary(summary: list[dict[str, Any]]) -> None:
    """The findings by code, each with how often and the first places."""
    from kouan.basis import Finding

    for each in summary[:20]:
        show_findings([Finding.from_dict(each)])
        count = each.get("count", 1)
        if count > 1:
            out.print(say(f"    共 {count:,} 处", f"    {count:,} times"), style="dim")
    if len(summary) > 20:
        more = len(summary) - 20
        out.print(say(f"    另有 {more} 类，用 --json 查看全部。", f"    {more} more kinds; --json shows all."), style="dim")


def template(
    file: Path = typer.Argument(Path("报送表.xlsx"), help="写入的文件 / file to write"),
    port: list[str] = typer.Option([], help="口岸代码或名称，可重复 / ports, may be repeated"),
    measure: list[str] = typer.Option([], help="指标代码或名称，可重复 / measures, may be repeated"),
    as_user: str = typer.Option("", "--as", help="按某用户的范围 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """生成口岸数据报送表（Excel，带下拉选项），填好后用 kouan intake 或报送页导入。
    / Write the port return as a workbook with drop-downs, to be filled in and taken in again.

    例：kouan template 罗湖.xlsx --port 罗湖 --measure person_crossings
    """
    from kouan.collection.template import write_template

    content = write_template(reader(as_user), ports=port, measure_codes=measure)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise typer.BadParameter(say(f"无法写入：{error}", f"cannot be written: {error}"), param_hint="FILE")
    if json:
        write_json({"file": str(file), "bytes": len(content)})
    else:
        out.print(say(f"已写入 {file}", f"Written: {file}"), markup=False)


@sources_app.command("list")
def list_(json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON")) -> None:
    """列出全部数据来源。 / List all sources.

    例：kouan sources list
    """
    from kouan.collection.sources import all_sources

    found = all_sources()
    if json:
        write_json([source.as_dict() for source in found])
        return
    table(
        [say("代码", "id"), say("名称", "name"), say("提供者", "producer"), say("周期", "cadence"), say("许可", "licence")],
        ([source.id, text(source.name), text(source.producer), source.cadence, text(source.licence)] for source in found),
    )


@sources_app.command()
def show(
    source: str = typer.Argument(..., help="来源代码，如 hk-control-points / source, such as hk-control-points"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """一个数据来源：提供者、许可、口径、各版式的列、已知问题。 / One source: producer, licence, definition, columns, known faults.

    例：kouan sources show us-border-crossing
    """
    from kouan.collection.sources import get

    found = get(source)
    if json:
        write_json(found.as_dict())
        return
    for label, value in (
        (say("名称", "name"), text(found.name)), (say("提供者", "producer"), text(found.producer)),
        (say("许可", "licence"), text(found.licence)), (say("网址", "address"), found.address or "—"),
        (say("周期", "cadence"), found.cadence), (say("口径", "definition"), text(found.definition)),
    ):
        out.print(f"  {label}：{value}", markup=False)
    for layout in found.layouts:
        table(
            [say("字段", "field"), say("可用列名", "headings"), say("必需", "required")],
            ([name, "、".join(titles), say("否", "no") if name in layout.optional else say("是", "yes")]
             for name, titles in layout.titles.items()),
            title=say(f"版式 {layout.id}", f"layout {layout.id}"),
        )
    for fault in found.known_faults:
        out.print(f"  ※ {text(fault)}", markup=False)


