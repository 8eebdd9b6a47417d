"""``kouan documents``: the papers on which changes rest, from the command line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typer

from kouan.cli.output import out, say, table, write_json
from kouan.cli.who import acting_for, reader

app = typer.Typer(help="依据文件 / documents", no_args_is_help=True)


@app.command("list")
def list_(
    search: str = typer.Option("", help="标题、发文字号或引用名的一部分 / part of title, number or reference"),
    kind: str = typer.Option("", help="类别，如 reply / kind, such as reply"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """列出已登记的文件。 / List the registered documents.

    例：kouan documents list --kind reply
    """
    from django.db.models import Q

    from kouan.desk.queries import documents_visible_to

    found = documents_visible_to(reader(as_user))
    if kind:
        found = found.filter(kind=kind)
    if search:
        found = found.filter(Q(title__icontains=search) | Q(document_number__icontains=search) | Q(reference__icontains=search))
    papers = list(found)
    if json:
        write_json([{
            "reference": each.reference, "kind": each.kind, "title": each.title, "document_number": each.document_number,
            "issuer": each.issuer, "issued_on": each.issued_on, "recorded_at": each.recorded_at,
        } for each in papers])
        return
    table([say("引用名", "reference"), say("类别", "kind"), say("标题", "title"), say("发文字号", "number"), say("成文日期", "dated")],
          ([each.reference, say(each.get_kind_display(), each.kind), each.title, each.document_number, each.issued_on or "—"]
           for each in papers))


@app.command()
def add(
    title: str = typer.Argument(..., help="标题 / title"),
    kind: str = typer.Option(..., help="plan 规划、reply 国务院批复、notice 通知公告、minutes 验收纪要、ruling 解释口径、data 数据文件、other 其他 / "
                                       "plan, reply, notice, minutes, ruling, data or other"),
    number: str = typer.Option("", help="发文字号，照原文填写 / document number, as issued"),
    issuer: str = typer.Option("", help="发文机关 / issuer"),
    date: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], help="成文日期 / dated"),
    reference: str = typer.Option("", help="引用名；不填则用发文字号 / reference; the number where empty"),
    file: Path | None = typer.Option(None, exists=True, dir_okay=False, help="扫描件 / scanned file"),
    as_user: str = typer.Option("", "--as", help="以某用户的身份登记 / act as this user"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """登记一份文件，可附扫描件。发文字号照原文填写，不由系统编制。
    / Register a document, with its scanned file if there is one. The number is entered as issued and never generated.

    例：kouan documents add 关于同意开放的批复 --kind reply --number 国函〔2023〕1号 --date 2023-01-03
    """
    from contextlib import ExitStack

    from kouan.desk.actions import file_document

    with ExitStack() as stack:
        actor = stack.enter_context(acting_for(reader(as_user), "kouan documents add"))
        scan = stack.enter_context(file.open("rb")) if file else None
        made = file_document(
            actor=actor, source=scan, file_name=file.name if file else "", reference=reference, kind=kind, title=title,
            document_number=number, issuer=issuer, issued_on=date.date() if date else None,
        )
    version = made.versions.first()
    if json:
        write_json({"reference": made.reference, "number": made.pk, "sha256": version.sha256 if version else None})
        return
    out.print(say(f"已登记，引用名：{made.reference}", f"Registered as {made.reference}"), markup=False)


@app.command()
def verify(
    document: str = typer.Argument(..., help="引用名、发文字号或标题 / reference, number or title"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """核验一份文件各版本的校验值。 / Verify the checksums of a document's versions.

    例：kouan documents verify 国函〔2023〕1号
    """
    from kouan.basis import NotFound
    from kouan.desk.queries import check_version, find_document

    found = find_document(reader(as_user), document)
    if found is None:
        raise NotFound.because("document_not_found", f"没有文件“{document}”。", f"There is no document “{document}”.",
                               remedy=("用 kouan documents list 查看。", "See kouan documents list."))
    checks = [check_version(each) for each in found.versions.all()]
    wrong = any(each.state in ("altered", "missing") for each in checks)
    said = {"same": say("一致", "same"), "altered": say("不符", "altered"), "missing": say("缺失", "missing"), "disposed": say("已销毁", "disposed")}
    if json:
        write_json({"reference": found.reference, "versions": [
            {"number": each.version.number, "file": each.version.file_name, "sha256": each.version.sha256, "state": each.state}
            for each in checks]})
    else:
        table([say("版本", "version"), say("文件", "file"), "SHA-256", say("核验", "check")],
              ([each.version.number, each.version.file_name, each.version.sha256, said[each.state]] for each in checks))
    raise typer.Exit(1 if wrong else 0)
