"""``kouan intake``, ``template`` and ``sources``: the way in, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import MARKS, out, progress_bar, say, table, tell, text, write_json
from kouan.cli.who import acting_for, reader

sources_app = typer.Typer(help="数据来源 / sources", no_args_is_help=True)


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on the command line."""
    app.command("intake")(intake)
    app.command("template")(template)
    app.add_typer(sources_app, name="sources")


def intake(
    file: Path = typer.Argument(..., help="文件：.xlsx、.csv、.csv.gz 或 .parquet / the file"),
    source: str = typer.Option(..., help="数据来源，见 kouan sources list / the source"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只检查，不入库 / check only, write nothing"),
    again: bool = typer.Option(False, "--again", help="同一文件也重新读取（名录更新之后） / read the very file anew"),
    as_user: str = typer.Option("", "--as", help="以某用户的身份和范围报送 / as this user, within this scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """导入一个数据文件。例：kouan intake 三月.xlsx --source port-return --dry-run

    Exit status: 0 all rows accepted, 1 rows held or refused or the file refused, 2 unusable arguments.
    """
    from kouan.basis import NotFound
    from kouan.collection import sources
    from kouan.collection.actions import take_in

    if not file.is_file():
        raise typer.BadParameter(say(f"没有这个文件：{file}", f"no such file: {file}"), param_hint="FILE")
    try:
        sources.get(source)
    except NotFound as unknown:
        raise typer.BadParameter(
            say(f"{unknown.findings[0].message.zh}{unknown.findings[0].remedy.zh if unknown.findings[0].remedy else ''}",
                f"{unknown.findings[0].message.en} {unknown.findings[0].remedy.en if unknown.findings[0].remedy else ''}"),
            param_hint="--source",
        ) from unknown
    with acting_for(reader(as_user), f"intake {source}") as actor, progress_bar(quiet=json) as progress:
        report = take_in(actor=actor, path=file, source=source, dry_run=dry_run, again=again, progress=progress)
    if json:
        write_json(report.as_dict())
    else:
        _show(report)
    raise typer.Exit(1 if report.has_errors else 0)


def _show(report: Any) -> None:
    """The counts as one table, then the findings by code."""
    if report.repeated:
        tell("该文件以前已入库，没有任何改动。", "This very file was taken in before; nothing was changed.")
    if report.dry_run:
        tell("只检查，未入库。", "Checked only; nothing was written.")
    table(
        [say("读取", "read"), say("接受", "accepted"), say("暂存", "held"), say("拒收", "refused"),
         say("新增数据", "observations"), say("修订", "revisions"), say("未变", "unchanged"), say("批次", "batch"), say("秒", "s")],
        [[*(f"{n:,}" for n in (report.read, report.accepted, report.held, report.refused, report.observations,
                               report.revisions, report.unchanged)),
          f"#{report.batch}" if report.batch else "—", f"{report.seconds:.1f}"]],
        right=range(9), title=f"{report.file} · {report.source}",
    )
    for finding in report.findings:
        _show_finding(finding)


def _show_finding(finding: dict[str, Any]) -> None:
    from kouan.basis import Place, Severity, Text

    colour = {"error": "red", "warning": "yellow"}.get(finding["severity"], "blue")
    out.print(f"[{colour}]{text(MARKS[Severity(finding['severity'])])}[/] {finding['code']} × {finding['count']:,}", end="  ")
    out.print(text(Text.from_dict(finding["message"])), markup=False)
    language = say("zh", "en")
    places = [Place.from_dict(place | {"file": None}).describe(language) for place in finding["places"][:5]]
    if any(places):
        more = say(" 等", " …") if finding["count"] > 5 else ""
        out.print(f"    {say('位置：', 'at: ')}{say('；', '; ').join(filter(None, places))}{more}", markup=False, style="dim")
    if finding["remedy"]:
        out.print(f"    {say('办法：', 'do: ')}{text(Text.from_dict(finding['remedy']))}", markup=False)


def template(
    file: Path = typer.Argument(..., help="写入的 .xlsx 文件 / workbook to write"),
    ports: str = typer.Option("", help="口岸代码或名称，逗号分隔；不填则为范围内全部口岸 / ports, comma-separated"),
    measures: str = typer.Option("", help="指标代码或名称，逗号分隔 / measures, comma-separated"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围 / within this user's scope"),
) -> None:
    """生成口岸数据报送表。例：kouan template 报送表.xlsx --ports luohu-rail --measures cargo_tonnes,person_crossings"""
    from kouan.collection.template import write_template

    if file.suffix.lower() != ".xlsx":
        raise typer.BadParameter(say("文件名应以 .xlsx 结尾", "the name must end in .xlsx"), param_hint="FILE")
    content = write_template(reader(as_user), ports=_split(ports), measure_codes=_split(measures))
    try:
        file.write_bytes(content)
    except OSError as error:
        raise typer.BadParameter(say(f"无法写入：{error}", f"cannot be written: {error}"), param_hint="FILE") from error
    tell(f"已写入 {file}", f"Wrote {file}")


def _split(words: str) -> list[str]:
    return [word.strip() for word in words.replace("，", ",").split(",") if word.strip()]


@sources_app.command("list")
def list_sources(json: bool = typer.Option(False, "--json", help="输出 JSON")) -> None:
    """列出数据来源。例：kouan sources list"""
    from kouan.collection import sources

    found = sources.all_sources()
    if json:
        write_json([source.as_dict() for source in found])
        return
    table(
        [say("代码", "id"), say("名称", "name"), say("发布者", "producer"), say("周期", "cadence"), say("报送者", "submitter")],
        [[source.id, text(source.name), text(source.producer), source.cadence, source.submitter] for source in found],
    )


@sources_app.command("show")
def show_source(
    source: str = typer.Argument(..., help="数据来源，如 port-return / the source"),
    json: bool = typer.Option(False, "--json", help="输出 JSON"),
) -> None:
    """一个数据来源的口径、版式和已知问题。例：kouan sources show us-border-crossing"""
    from kouan.collection import sources

    found = sources.get(source)
    if json:
        write_json(found.as_dict())
        return
    out.print(f"{text(found.name)}（{found.id}）", style="bold", markup=False)
    for name, value in (
        (say("发布者", "producer"), text(found.producer)), (say("许可", "licence"), text(found.licence)),
        (say("口径", "definition"), f"{found.definition_code}：{text(found.definition)}"),
        (say("数据性质", "origin"), "、".join(f"{place}: {origin}" for place, origin in found.origins.items())),
    ):
        out.print(f"  {name}：{value}", markup=False)
    for layout in found.layouts:
        columns = [f"{'/'.join(titles)}{say('（可缺）', ' (optional)') if name in layout.optional else ''}"
                   for name, titles in layout.titles.items()]
        out.print(f"  {say('版式', 'layout')} {layout.id}：{'、'.join(columns)}", markup=False)
    for fault in found.known_faults:
        out.print(f"  · {text(fault)}", markup=False)
