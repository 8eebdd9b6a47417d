"""``kouan times notice``: clearance-time notices of provinces from the command line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import actor_named
from kouan.cli.output import out, say, table, tell, text, write_json
from kouan.cli.who import reader

app = typer.Typer(help="整体通关时间通报：每省每月一份 / clearance-time notices, one a province and month", no_args_is_help=True)
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
AS_ACTOR = typer.Option(..., "--as", help="以某用户的身份办理 / act as this user")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
NOTICE = typer.Argument(..., min=1, max=2**31, help="通报编号 / number of the notice")


@app.command("list")
def list_notices(as_user: str = AS_READER, json: bool = JSON) -> None:
    """可见的通报，月份近的在前。 / The notices in sight, latest month first.

    例：kouan times notice list --as guangdong
    """
    from kouan.casework.oversight.notice_report import province_name
    from kouan.casework.oversight.queries import notices_visible_to
    from kouan.casework.oversight.telling import notice_told

    rows = [notice_told(each) for each in notices_visible_to(reader(as_user))[:500]]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("省份", "province"), say("月份", "month"), say("发文字号", "document number"), say("状态", "state")],
          ([each["id"], text(province_name(each["province"])), each["month"], each["number"] or "—", _state(each["state"])] for each in rows),
          right=[0])


@app.command()
def draft(
    province: str = typer.Option(..., help="省级行政区划代码，如 44 / province by code, such as 44"),
    month: str = typer.Option(..., help="月份，如 2026-03 / month, such as 2026-03"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """由节点事件计算并起草一份通报，国家口岸办用。 / Compute a notice from events and draft it; for the national office.

    例：kouan times notice draft --province 44 --month 2026-03 --as guojia
    """
    from kouan.casework.oversight.clearance_notices import draft_notice

    _show(draft_notice(actor=actor_named(as_user), province=province, month=month), json)


@app.command()
def issue(
    notice: int = NOTICE, number: str = typer.Option(..., help="发文字号，照文件填写 / document number as on the paper"),
    dated: datetime = typer.Option(..., "--date", formats=["%Y-%m-%d"], help="成文日期 / date of the paper"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """印发通报，由起草人以外的另一人；印发后送达省级口岸办。 / Issue a notice, as another person than drafted it; it reaches the province's desk.

    例：kouan times notice issue 3 --number 国岸函〔2026〕8号 --date 2026-04-10 --as guojia-2
    """
    from kouan.casework.oversight.clearance_notices import issue_notice

    _show(issue_notice(actor=actor_named(as_user), notice=notice, number=number, issued_on=dated.date()), json)


@app.command()
def show(notice: int = NOTICE, as_user: str = AS_READER, json: bool = JSON) -> None:
    """一份通报的数字。 / The figures of a notice.

    例：kouan times notice show 3 --as guangdong
    """
    from kouan.casework.oversight.queries import get_notice

    _show(get_notice(reader(as_user), notice), json)


@app.command()
def report(
    notice: int = NOTICE, into: Path = typer.Option(..., "--out", dir_okay=False, help="写到 .pdf 或 .docx / file: .pdf or .docx"),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """通报的 PDF 或 Word。 / The notice as PDF or Word.

    例：kouan times notice report 3 --out notice.pdf --as guangdong
    """
    from kouan.casework.oversight.notice_files import notice_file

    file = notice_file(reader(as_user), notice, into.suffix.removeprefix("."))
    into.write_bytes(file.content)
    if json:
        write_json({"notice": notice, "file": str(into), "bytes": len(file.content)})
        return
    tell(f"已写出 {into}", f"written to {into}")


def _state(code: str) -> str:
    return {"draft": say("待印发", "to be issued"), "issued": say("已印发", "issued"), "recalled": say("已撤回", "recalled"),
            "superseded": say("已被替代", "superseded")}[code]


def _show(notice: Any, json: bool) -> None:
    from kouan.casework.oversight.notice_report import (
        DIRECTIONS,
        cut_of,
        labels_of,
        port_name,
        province_name,
        summary_lines,
    )
    from kouan.casework.oversight.telling import notice_told
    from kouan.monitoring.studies.words import hours, interval, percent

    if json:
        write_json(notice_told(notice))
        return
    figures = notice.figures
    marks = "".join(f"[{text(each)}] " for each in labels_of(notice))
    out.print(f"{marks}#{notice.pk} {text(province_name(notice.province))} {notice.month} {_state(notice.circular.state)}", markup=False,
              style="bold")
    for line in summary_lines(figures):
        out.print(text(line), markup=False)
    table([say("口岸", "port"), say("方向", "direction"), say("件数", "n"), say("平均", "mean"), say("中位数", "median"), say("区间", "interval"),
           say("较2017年", "from 2017"), say("比上月", "on last month"), say("比上年同月", "on last year"), say("在办", "running")],
          ([text(port_name(figures, row["port"])), text(DIRECTIONS[row["direction"]]), row["summary"]["n"], hours(row["summary"]["mean_hours"]),
            hours(row["summary"]["median_hours"]), interval(row["summary"]["median_interval"]), percent(cut_of(row)), _change(row["month_before"]),
            _change(row["year_before"]), row["running"]] for row in figures["rows"]), right=range(2, 10))


def _change(found: dict[str, Any] | None) -> str:
    return "—" if found is None else f"{found['median_hours']:+.2f}"
