"""``kouan lists``: the watch list and the other lists of grading, with the reasons; recording and replaying them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from kouan.cli.naming import year_in_reach
from kouan.cli.output import out, say, show_findings, status_of, table, tell, text, write_json
from kouan.cli.who import acting_for, reader

app = typer.Typer(
    help="预警、关闭候选、逾期未验收、整合候选、原二类口岸等名单 / watch list, closing candidates and the other lists of grading",
    no_args_is_help=True,
)
AS_OF = typer.Option(None, formats=["%Y-%m-%d"], help="依据截至日期 / settings, rulings and register as of")
YEAR = typer.Option(None, callback=year_in_reach, help="判定年度，缺省为上一完整年度 / last year judged; the last full year by default")
RECORD = typer.Option(False, "--record", help="登记名单及其复算依据 / keep the list with its recipe")
REPLAY = typer.Option(False, "--replay", help="按登记的复算依据重做并核对 / make the newest recorded list again from its recipe")
AS_USER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
DOCUMENT = typer.Option(..., help="依据文件的引用名，见 kouan documents list / reference of the document, see kouan documents list")


@app.command()
def watch(
    year: int | None = YEAR,
    as_of: datetime | None = AS_OF,
    record: bool = RECORD,
    replay: bool = REPLAY,
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """年度预警名单：按退出阶梯对照各口岸连续不达标的年数。 / The yearly watch list: each port's years below, on the withdrawal ladder.

    例：kouan lists watch --year 2023 --json
    """
    _run("watch", year, as_of, record, replay, as_user, json)


@app.command()
def closing(
    year: int | None = YEAR,
    as_of: datetime | None = AS_OF,
    record: bool = RECORD,
    replay: bool = REPLAY,
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """长期不达标的航空口岸（关闭候选，A-13）。 / Air ports long below the level: candidates for closing (A-13).

    例：kouan lists closing --year 2023
    """
    _run("closing", year, as_of, record, replay, as_user, json)


@app.command()
def unaccepted(
    as_of: datetime | None = AS_OF,
    record: bool = RECORD,
    replay: bool = REPLAY,
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """批准开放满三年仍未通过验收的口岸。 / Ports approved three years ago and not accepted.

    例：kouan lists unaccepted
    """
    _run("unaccepted", None, as_of, record, replay, as_user, json)


@app.command()
def merge(
    as_of: datetime | None = AS_OF,
    record: bool = RECORD,
    replay: bool = REPLAY,
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """一城一口岸：一个地级市有两个以上水运口岸的整合候选。 / One city, one port: cities with two or more water ports.

    例：kouan lists merge
    """
    _run("merge", None, as_of, record, replay, as_user, json)


@app.command("class-two")
def class_two(
    as_of: datetime | None = AS_OF,
    record: bool = RECORD,
    replay: bool = REPLAY,
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """待清理的原二类口岸（A-25）；名册由各地录入，系统不附带。 / Class-II ports to be cleared; their register is entered, none is bundled.

    例：kouan lists class-two
    """
    _run("class-two", None, as_of, record, replay, as_user, json)


@app.command("enter-class-two")
def enter_class_two(
    sheet: Path = typer.Argument(..., exists=True, dir_okay=False, help="名册（.xlsx 或 .csv） / sheet of class-II ports"),
    document: str = DOCUMENT,
    commit: bool = typer.Option(False, "--commit", help="确认录入；不加则只检查 / enter them; without it the sheet is only checked"),
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """按表录入原二类口岸名册；列：名称、运输方式、省份、行政区划代码、所在市县、说明。
    / Fill the register of class-II ports from a sheet: name, mode, province, division code, place, note.

    例：kouan lists enter-class-two 名册.xlsx --document 粤府函〔2021〕1号 --commit
    """
    from kouan.grading.class_two import enter_class_two as enter
    from kouan.grading.class_two import read_class_two

    read, lines = read_class_two(sheet.read_bytes(), sheet.name)
    made: list[Any] = []
    if read.is_sound and commit:
        with acting_for(reader(as_user), "kouan lists enter-class-two") as actor:
            made = enter(actor=actor, lines=lines, document=document)
    if json:
        write_json({"rows": len(lines), "entered": len(made), "findings": [each.as_dict() for each in read.findings]})
    else:
        out.print(say(f"读取 {len(lines)} 条，录入 {len(made)} 条", f"{len(lines)} read, {len(made)} entered"))
        show_findings(read.findings)
    raise typer.Exit(0 if read.is_sound else 1)


def _run(kind: str, year: int | None, as_of: datetime | None, record: bool, replay: bool, as_user: str, json: bool) -> None:
    from kouan.grading.list_actions import record_list
    from kouan.grading.list_facts import compile_list

    user, day = reader(as_user), as_of.date() if as_of else None
    compiled = compile_list(user, kind, year, day)
    if replay:
        _replay(kind, compiled.year, json)
    if record:
        with acting_for(user, f"kouan lists {kind} --record") as actor:
            kept = record_list(actor=actor, kind=kind, year=year, as_of=day)
        tell(
            f"{'登记' if kept.is_new else '与已登记的相同：'}第 {kept.record.revision} 版",
            f"revision {kept.record.revision}{'' if kept.is_new else ', unchanged'}",
        )
    if json:
        write_json(compiled.as_dict())
        return
    untold = compiled.counts.get("unknown", 0)
    out.print(
        say(
            f"{compiled.year} 年度：列入 {len(compiled.listed)} 条，"
            f"另有 {len(compiled.other_only)} 条仅在其他理解下列入，{untold} 条数据不全不能判定",
            f"{compiled.year}: {len(compiled.listed)} listed, {len(compiled.other_only)} under another reading only, {untold} cannot be told",
        )
    )
    table(
        [say("对象", "subject"), say("结论", "outcome"), say("为什么", "why")],
        ([text(each.name), text(each.verdict_name), text(each.why)] for each in (*compiled.listed, *compiled.other_only)),
    )
    for said in compiled.untold:
        out.print(text(said), markup=False)
    if kind == "class-two" and not compiled.entries:
        out.print(
            say(
                "名册为空：没有公开来源列出原二类口岸，请用 kouan lists enter-class-two 录入。",
                "The register is empty: no public source lists class-II ports; enter them with kouan lists enter-class-two.",
            )
        )


def _replay(kind: str, year: int, as_json: bool) -> None:
    """Make the newest recorded list of a year again and end: status 1 where an entry differs."""
    from kouan.basis import NotFound
    from kouan.grading.list_facts import records
    from kouan.grading.list_replay import replay_list

    held = records(kind).filter(year=year).order_by("-revision").first()
    if held is None:
        raise NotFound.because(
            "no_record",
            f"{year}年没有已登记的这份名单。",
            f"No such list of {year} is on record.",
            remedy=("用 --record 登记。", "Record it with --record."),
        )
    findings = replay_list(held)
    if as_json:
        write_json(
            {
                "list": kind,
                "year": year,
                "revision": held.revision,
                "entries": held.entries.count(),
                "findings": [each.as_dict() for each in findings],
            }
        )
    else:
        out.print(
            say(
                f"第 {held.revision} 版 {held.entries.count()} 条，{len(findings)} 条不同",
                f"revision {held.revision}: {held.entries.count()} entries, {len(findings)} differ",
            )
        )
        show_findings(findings)
    raise typer.Exit(status_of(findings))
