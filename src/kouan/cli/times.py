"""``kouan times``: what operations took. Reads files of milestone events without a database, or the journal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kouan.cli.output import out, say, show_findings, status_of, table, text, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kouan.monitoring.timing.events import Event

app = typer.Typer(
    help="作业时间：由节点事件文件计算整体通关时间及各分段。 / Operation times: wholes and segments from files of milestone events."
)
EVENTS = typer.Option([], "--events", exists=True,
                      help="节点事件文件（CSV、Parquet）或其文件夹，可多次；不给则读本系统的事件日志 "
                           "/ files of milestone events (CSV, Parquet) or their folder, repeatable; the journal without it")


@app.command("explain")
def explain(
    case: str = typer.Argument(..., help="案例编号 / the case"),
    events: list[Path] = EVENTS,
    hours: Path | None = typer.Option(None, "--hours", exists=True, dir_okay=False,
                                      help="口岸公布的开放时间（YAML） / published opening hours of ports (YAML)"),
    norms: Path | None = typer.Option(None, "--norms", exists=True, dir_okay=False,
                                      help="作业时间规范（YAML） / norms of operation times (YAML)"),
    on: datetime | None = typer.Option(None, "--on", formats=["%Y-%m-%d"],
                                       help="用某日有效的定义，缺省为最新 / the definitions in force on a day; the newest by default"),
    as_user: str = typer.Option("", "--as", help="读日志时以某用户的范围查看 / within this user's scope, where the journal is read"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """一个案例的各段时间：起止事件、责任方、两种时钟、问题。各段之和恰为全程。
    / One case, segment by segment: start and end events, owner, both clocks, findings. The segments sum to the whole exactly.

    24×7 时钟是历时；开放时间时钟只计口岸公布的开放时间，须用 --hours 给出。定义见 docs/operation-times.md。
    / The 24×7 clock is elapsed time; the other counts published opening hours only and needs --hours. Definitions: docs/operation-times.md.

    用 --events 时只读文件，不需数据库。 / With --events only files are read, and no database.

    例：kouan times explain MSKU1234565 --events events.csv --hours hours.yaml
    """
    from kouan.basis import Finding, clock
    from kouan.monitoring.timing import clocks
    from kouan.monitoring.timing import events as event_columns
    from kouan.monitoring.timing import explain as explaining
    from kouan.monitoring.timing.norms import read_norms
    from kouan.procedure.working_days import bundled_tables

    found = _in_files(events, case) if events else _in_journal(as_user, case)
    holidays = frozenset(day for each in bundled_tables() for day in each.holidays) if hours else frozenset()
    told = explaining.explain(
        found, as_of=event_columns.microseconds(clock.now()), on=on.date() if on else None,
        hours=clocks.read_hours(hours, holidays) if hours else None, norms=read_norms(norms) if norms else (),
    )
    findings = [Finding.from_dict(each) for each in told["findings"]]
    if json:
        write_json(told)
    else:
        for whole in told["wholes"]:
            _draw(whole, is_open_clock_given=hours is not None)
        show_findings(findings, limit=100)
    raise typer.Exit(status_of(findings))


@app.command("definitions")
def definitions(
    to: Path | None = typer.Option(None, "--out", dir_okay=False, help="写成文档页（Markdown） / write them as a page (Markdown)"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """节点代码表和各全程的定义：报送单位据此取码。 / The code list of milestones and the definitions of wholes: senders take their codes from it.

    例：kouan times definitions
    """
    from kouan.monitoring.timing.definitions import shipped
    from kouan.monitoring.timing.page import DIRECTIONS, page

    known = shipped()
    if to is not None:
        to.write_text(page(known), encoding="utf-8")
    if json:
        write_json({
            "edition": known.edition, "digest": known.digest, "citation": known.citation.as_dict(),
            "milestones": [{"code": each.code, "name": each.name.as_dict(), "by": each.by, "repeat": each.repeat, "biz_step": each.cbv}
                           for each in known.milestones.values()],
            "wholes": [{"code": each.code, "version": each.version, "name": each.name.as_dict(), "from": each.in_force_from.isoformat(),
                        "subject": each.subject, "direction": each.direction, "modes": list(each.modes), "start": list(each.start),
                        "end": list(each.end), "parts": [part.code for part in each.parts]} for each in known.wholes],
        })  # fmt: skip
        return
    table([say("代码", "code"), say("节点", "milestone"), say("通常由", "by"), say("重复时", "repeated"), "bizStep"],
          ([each.code, text(each.name), text(each.who), say("取首次", "first") if each.repeat == "first" else say("取末次", "last"),
            each.cbv or "—"] for each in known.milestones.values()))
    table([say("定义", "definition"), say("全程", "whole"), say("方向", "direction"), say("运输方式", "modes"), say("起止", "from, to")],
          ([each.key, text(each.name), text(DIRECTIONS[each.direction]), ", ".join(each.modes), f"{each.start[0]} → {each.end[0]}"]
           for each in known.wholes))


def _in_files(paths: list[Path], case: str) -> list[Event]:
    from kouan.basis import NotFound
    from kouan.cli.event_files import events_of_case

    found = events_of_case(paths, case)
    if not found:
        raise NotFound.because("no_such_case", f"文件里没有案例“{case}”。", f"The files hold no case “{case}”.",
                               remedy=("核对编号和文件。", "Check the number and the files."))
    return found


def _in_journal(as_user: str, case: str) -> list[Event]:
    """The case out of the journal; only now Django is loaded."""
    from kouan.cli.command import begin

    begin()
    from kouan.cli.who import reader
    from kouan.installation import refuse_unless_current
    from kouan.monitoring.case_times import events_for

    refuse_unless_current()
    return events_for(reader(as_user), case)


def _of(pair: Mapping[str, str]) -> str:
    return say(pair["zh"], pair["en"])


def _beijing(text: str) -> str:
    """The wall time of an instant in Beijing; seconds only where there are any."""
    from kouan.basis.clock import BEIJING

    local = datetime.fromisoformat(text).astimezone(BEIJING)
    return f"{local:%Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "")


def _draw(whole: dict[str, Any], *, is_open_clock_given: bool) -> None:
    """One whole: a line of what it is and took, its parts, what came before, work side by side."""
    head = f"{_of(whole['name'])} · {whole['case_id']} · {whole['port']} · {_of(whole['status_name'])}"
    if whole["length"]:
        head += f" · {_of(whole['length'])}（{whole['hours']:.2f} h）" if say("zh", "en") == "zh" else \
            f" · {_of(whole['length'])} ({whole['hours']:.2f} h)"
    elif whole["age"]:
        head += say(f" · 已 {whole['age']['zh']}", f" · for {whole['age']['en']}")
    out.print(f"\n{head}", style="bold", markup=False)
    out.print(f"{_of(whole['reading'])} {whole['citation']['instrument']} {whole['citation']['article']}", style="dim", markup=False)
    parts = whole["parts"] or whole["so_far"]
    if not parts:
        return
    rows = []
    for part in parts:
        name = "+".join([*(_of(each["name"]) for each in part["absorbed"]), _of(part["name"])])
        rows.append([
            name + (say("（进行中）", " (open)") if part["is_open"] else say("（提前完成）", " (done ahead)") if part["is_ahead"] else ""),
            f"{_of(part['from_name'])} → {_of(part['to_name'])}", _beijing(part["ends"]), _of(part["owner_name"]), _of(part["nature_name"]),
            _of(part["length"]), *([_of(part["open_length"]) if part["open_length"] else "—"] if is_open_clock_given else []),
        ])  # fmt: skip
    rows.append([say("合计", "total"), "", "", "", "", _of(whole["length"] or whole["age"]),
                 *([_of(whole["open_length"]) if whole["open_length"] else "—"] if is_open_clock_given else [])])
    columns = [say("分段", "segment"), say("起止节点", "between"), say("止于（北京时间）", "ends (Beijing time)"), say("责任方", "owner"),
               say("性质", "nature"), say("24×7 时钟", "24×7 clock"), *([say("开放时间时钟", "opening hours")] if is_open_clock_given else [])]
    table(columns, rows, right=range(5, len(columns)))
    for early in whole["before_start"]:
        out.print(say(f"起点之前：{early['name']['zh']} {early['length']['zh']}（不缩短全程）",
                      f"before the start: {early['name']['en']} {early['length']['en']} (does not shorten the whole)"), markup=False)
    for check in whole["norms"]:
        out.print(_norm(check), markup=False)
    _draw_stages(whole["side_by_side"])


def _norm(check: dict[str, Any]) -> str:
    """One norm in a line: what it limits, how long it took, whether it was met."""
    from kouan.monitoring.timing.explain import length

    limit = length(check["limit_us"])
    if check["us"] is None:
        return say(f"规范：{check['name']['zh']} ≤ {limit.zh}：缺节点或开放时间，无法判断",
                   f"norm: {check['name']['en']} ≤ {limit.en}: cannot be told, a milestone or the opening hours are missing")
    took, mark = length(check["us"]), ("✔ 达到", "✔ met") if check["is_met"] else ("✖ 超过", "✖ over")
    return say(f"规范：{check['name']['zh']} ≤ {limit.zh}：{took.zh} {mark[0]}", f"norm: {check['name']['en']} ≤ {limit.en}: {took.en} {mark[1]}")


def _draw_stages(side: dict[str, Any] | None) -> None:
    from kouan.monitoring.timing.explain import length

    if side is None or len(side["stages"]) < 2:
        return
    figures = {name: length(side[f"{name}_us"]) for name in ("elapsed", "effort", "overlap")}
    path = " → ".join(f"{_of(each['name'])} {_of(each['length'])}" for each in side["critical"])
    out.print(say(
        f"并行作业：历时 {figures['elapsed'].zh}，工作量 {figures['effort'].zh}，重叠 {figures['overlap'].zh}；关键路径：{path}",
        f"side by side: elapsed {figures['elapsed'].en}, effort {figures['effort'].en}, overlap {figures['overlap'].en}; critical path: {path}",
    ), markup=False)
