"""``kouan audit``: verify the trail, seal it, export its head, read it."""

from __future__ import annotations

import json as json_format
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import out, progress_bar, say, show_findings, status_of, table, tell, text, write_json

app = typer.Typer(no_args_is_help=True, help="审计：核验、封存、锚点、查阅 / the audit trail")


@app.command()
def verify(
    anchor: Path | None = typer.Option(None, help="用 kouan audit anchor 导出的锚点对照 / compare with an exported anchor"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """核验审计记录与数据现状。 / Verify the trail and the data it covers.

    例：kouan audit verify --anchor anchor.json

    退出状态：0 完好；1 不完好或无法核验；2 参数不能使用。
    / Exit status: 0 sound, 1 not sound or not verifiable, 2 unusable arguments.
    """
    from kouan.audit.verify import verify as run

    if anchor is not None and not anchor.is_file():
        raise typer.BadParameter(say(f"没有这个文件：{anchor}", f"no such file: {anchor}"), param_hint="--anchor")
    with _late_progress(quiet=json) as progress:
        report = run(anchor=anchor, progress=progress)
    if json:
        write_json(report.as_dict())
    else:
        show_findings(report.findings)
        out.print(text(report.summary), markup=False, style="green" if report.is_sound else "red")
        if report.unsealed_since:
            out.print(say(f"  待封存 {report.counts['unsealed_entries']} 条，最早 {report.unsealed_since}",
                          f"  {report.counts['unsealed_entries']} entries not sealed yet, since {report.unsealed_since}"))
        if report.head:
            out.print(say(f"  链头 #{report.head['number']}（{report.head['sealed_at']}）{report.head['digest']}",
                          f"  head #{report.head['number']} ({report.head['sealed_at']}) {report.head['digest']}"))
        tell(f"用时 {report.seconds['total']:.1f} 秒", f"{report.seconds['total']:.1f} seconds")
    raise typer.Exit(status_of(report.findings))


@app.command("anchor")
def export_anchor(
    file: Path | None = typer.Argument(None, help="写入的文件；省略则输出到屏幕 / file to write; standard output if omitted"),
    json: bool = typer.Option(False, "--json", help="输出 JSON（锚点本身就是 JSON） / JSON (the anchor is JSON anyway)"),
) -> None:
    """封存并导出链头，供异地保存。 / Seal, and export the head of the chain to be kept elsewhere.

    例：kouan audit anchor anchor.json
    """
    from kouan.audit.anchor import anchor as make
    from kouan.audit.sealer import seal as run

    run()
    document = make()
    if file is None or json:
        write_json(document)
    if file is not None:
        try:
            file.write_text(json_format.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise typer.BadParameter(say(f"无法写入：{error}", f"cannot be written: {error}"), param_hint="FILE")
        tell(f"锚点 #{document['number']}（{document['entries']} 条）已写入 {file}，请保存到本机以外",
             f"anchor #{document['number']} ({document['entries']} entries) written to {file}; keep it off this machine")


@app.command()
def seal(json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON")) -> None:
    """把已提交的记录封入区块（后台进程每分钟自动进行）。 / Seal committed entries into a block (the worker does so every minute).

    例：kouan audit seal
    """
    from kouan.audit.sealer import last_block
    from kouan.audit.sealer import seal as run

    sealed = run()
    head = last_block()
    if json:
        write_json({"sealed": sealed, "head": head.number if head else 0, "digest": head.digest if head else ""})
        return
    out.print(say(f"封存 {sealed} 条，链头 #{head.number if head else 0}",
                  f"{sealed} entries sealed, head #{head.number if head else 0}"))


@app.command()
def entries(
    table_name: str = typer.Option("", "--table", help="表名 / table"),
    row: str = typer.Option("", help="行的主键 / primary key of the row"),
    actor: str = typer.Option("", help="操作人登录名或编号 / sign-in name or number of the actor"),
    kind: str = typer.Option("", help="类别字母：I新增 U修改 D删除 T清空 B批次 E事件 M迁移 / letters of kinds"),
    since: str = typer.Option("", help="起始时间（UTC，ISO） / from, UTC"),
    until: str = typer.Option("", help="截止时间（UTC，ISO） / to, UTC"),
    direct: bool = typer.Option(False, "--direct", help="只看未经系统的直接写入 / only writes past the system"),
    limit: int = typer.Option(50, min=1, max=5000, help="最多条数 / at most"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """查阅审计记录，新的在前。 / Read entries of the trail, newest first.

    例：kouan audit entries --table ports_port --row 12
    """
    from kouan.accounts.models import User
    from kouan.audit.models import EntryKind
    from kouan.audit.queries import changes_of
    from kouan.audit.queries import entries as find

    letters = kind.upper().replace(",", "")
    if unknown := sorted(set(letters) - set(EntryKind.values)):
        raise typer.BadParameter(say(f"没有这个类别：{''.join(unknown)}", f"no such kind: {''.join(unknown)}"),
                                 param_hint="--kind")
    actor_ids = None
    if actor:
        actor_ids = [int(actor)] if actor.isdecimal() else list(
            User.objects.filter(username__iexact=actor).values_list("pk", flat=True)
        )
    found = list(find(
        table=table_name, row=row, actor_ids=actor_ids, kinds=letters, since=since, until=until, direct=direct,
    )[:limit])
    names = dict(User.objects.filter(pk__in={each.actor_id for each in found if each.actor_id}).values_list("pk", "username"))
    if json:
        write_json({"count": len(found), "entries": [
            {
                "id": each.pk, "at": each.at, "kind": each.kind, "table": each.table_name, "row": each.row_pk,
                "actor_id": each.actor_id, "actor": names.get(each.actor_id or 0), "note": each.note,
                "direct": each.is_direct, "db_user": each.db_user, "txid": each.txid,
                "changes": [{"column": one.column, "before": one.before, "after": one.after} for one in changes_of(each)],
            }
            for each in found
        ]})
        return
    table(
        [say("编号", "id"), say("时间(UTC)", "at (UTC)"), say("类别", "kind"), say("对象", "about"),
         say("操作人", "actor"), say("事项", "note"), say("内容", "content")],
        [
            [each.pk, each.at, each.kind, f"{each.table_name}/{each.row_pk}".strip("/"),
             _who(each, names), each.note, _short(changes_of(each))]
            for each in found
        ],
        right=[0],
    )


def _who(entry: Any, names: dict[int, str]) -> str:
    if entry.actor_id is not None:
        return names.get(entry.actor_id, str(entry.actor_id))
    if entry.is_direct:
        return say("直接写入", "direct write") + (f" {entry.db_user}" if entry.db_user else "")
    return say("系统", "system")


def _short(changes: list[Any]) -> str:
    parts = [
        f"{one.column}: {one.before} → {one.after}" if one.before is not None else f"{one.column}: {one.after}"
        for one in changes
    ]
    said = "; ".join(parts)
    return said if len(said) <= 160 else said[:159] + "…"


@contextmanager
def _late_progress(quiet: bool) -> Iterator[Any]:
    """A progress bar that appears only when the work takes more than two seconds."""
    started = time.monotonic()
    opened: list[Any] = []

    def report(done: int, total: int | None, stage: str) -> None:
        if not opened and time.monotonic() - started > 2:
            bar = progress_bar(quiet)
            opened.extend([bar, bar.__enter__()])
        if opened:
            opened[1](done, total, stage)

    try:
        yield report
    finally:
        if opened:
            opened[0].__exit__(None, None, None)


AS_AUDITOR = typer.Option(..., "--as", help="审计员的登录名 / sign-in name of an auditor")
MONTH = typer.Argument(..., help="月份，如 2026-10 / month, as 2026-10")


@app.command()
def watch(
    day: str = typer.Argument("", help="哪一天，如 2026-10-08；不给则查看昨天及此前一周 / which day; the last week without it"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """比对留痕和授权读取，找出异常使用（后台进程每天自动进行）。 / Look for unusual use in the trail and the readings through grants.

    例：kouan audit watch 2026-10-08
    """
    from datetime import date

    from kouan.accounts.action import acting_system
    from kouan.desk.watch.actions import look_over, look_over_due

    try:
        wanted = date.fromisoformat(day) if day else None
    except ValueError:
        raise typer.BadParameter(say(f"“{day}”不是日期，写作 2026-10-08", f"“{day}” is no day; write it 2026-10-08"), param_hint="DAY")
    with acting_system("kouan audit watch") as system:
        fresh = look_over(actor=system, day=wanted) if wanted else look_over_due(actor=system)
    if json:
        write_json({"new": fresh})
    else:
        out.print(say(f"新发现 {fresh} 项异常使用", f"{fresh} new findings of unusual use"))


@app.command()
def unusual(as_user: str = AS_AUDITOR, json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON")) -> None:
    """列出异常使用及裁定，最近的在前；不列审计员本人的。 / List unusual use and rulings, newest first, without what is about the auditor.

    例：kouan audit unusual --as shenji
    """
    from kouan.accounts.action import refuse
    from kouan.accounts.permissions import may
    from kouan.cli.who import reader
    from kouan.desk.watch.detectors import KINDS
    from kouan.desk.watch.models import UnusualUse

    user = reader(as_user)
    if not may(user, "audit.read"):
        raise refuse(user, "audit.read", "cli.audit.unusual")
    found = list(UnusualUse.objects.visible_to(user).select_related("user")[:500])
    if json:
        write_json([{"id": each.pk, "kind": each.kind, "day": each.day, "user": each.user.username if each.user else None,
                     "about": each.about, "count": each.count, "limit": each.limit, "ruling": each.ruling, "words": each.words}
                    for each in found])
        return
    table([say("编号", "number"), say("日期", "day"), say("类别", "kind"), say("何人或何处", "who or where"), say("数量", "count"),
           say("界限", "limit"), say("裁定", "ruling")],
          ([each.pk, each.day, text(KINDS[each.kind]), each.user.username if each.user else each.about[:24], f"{each.count:,}",
            f"{each.limit:,}", each.get_ruling_display()] for each in found), right=[4, 5])


@app.command("rule")
def rule_on(
    number: int = typer.Argument(..., help="编号 / number"), ruling: str = typer.Argument(..., help="explained 或 confirmed / one of them"),
    words: str = typer.Option(..., "--words", help="核实情况 / what was established"), as_user: str = AS_AUDITOR,
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """裁定一项异常使用：有正当理由，或确属异常。 / Rule on a finding: explained or confirmed.

    例：kouan audit rule 3 explained --words 夜间值班核对数据，已向科长核实 --as shenji
    """
    from kouan.cli.who import reader
    from kouan.desk.watch.actions import rule

    held = rule(actor=reader(as_user), number=number, ruling=ruling, words=words)
    if json:
        write_json({"id": held.pk, "ruling": held.ruling, "words": held.words})
    else:
        out.print(say("已记录。", "Recorded."))


@app.command()
def report(
    month: str = MONTH, to: Path = typer.Option(..., "--to", dir_okay=False, help="写到哪个 PDF 文件 / the PDF to write"), as_user: str = AS_AUDITOR,
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """运行审计月报（PDF）：谁办了、导出了、失败了什么，异常使用及裁定，审计链的状况。 / The month's report: who did, took and failed what,
    unusual use with rulings, how the trail stands.

    例：kouan audit report 2026-10 --to 运行审计月报.pdf --as shenji
    """
    from kouan.cli.who import reader
    from kouan.desk.watch.monthly import monthly_pdf, period_said

    content = monthly_pdf(reader(as_user), period_said(month))
    try:
        to.write_bytes(content)
    except OSError as error:
        raise typer.BadParameter(say(f"无法写入：{error}", f"cannot be written: {error}"), param_hint="--to")
    if json:
        write_json({"file": str(to), "bytes": len(content)})
    else:
        out.print(say(f"已写入 {to}", f"Written to {to}"), markup=False)
