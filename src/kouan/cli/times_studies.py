"""``kouan times study``: time release studies from the command line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import actor_named
from kouan.cli.output import out, say, show_findings, status_of, table, tell, text, write_json
from kouan.cli.who import reader

app = typer.Typer(help="放行时间研究：立项、计算、确认、报告、比较 / time release studies: made, measured, confirmed, reported, compared",
                  no_args_is_help=True)
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
AS_ACTOR = typer.Option(..., "--as", help="以某用户的身份办理 / act as this user")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
STUDY = typer.Argument(..., min=1, max=2**31, help="研究编号 / number of the study")
DAY = ["%Y-%m-%d"]


@app.command("list")
def list_studies(as_user: str = AS_READER, json: bool = JSON) -> None:
    """可见的研究，新的在前。 / The studies in scope, newest first.

    例：kouan times study list
    """
    from kouan.monitoring.studies.queries import studies_visible_to, told

    rows = [told(each) for each in studies_visible_to(reader(as_user)).defer("cases")[:500]]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("标题", "title"), say("单位", "office"), say("自", "from"), say("至", "to"), say("件数", "cases"),
           say("中位数（小时）", "median (h)"), say("状态", "state")],
          ([each["id"], each["title"], each["office"], str(each["first_day"]), str(each["last_day"]), *_short(each["figures"]), _state(each["state"])]
           for each in rows), right=[0, 5, 6])


@app.command("new")
def new_study(
    title: str = typer.Argument(..., help="标题 / title"),
    port: list[str] = typer.Option(..., help="口岸代码，可重复 / port by code, may be repeated"),
    since: datetime = typer.Option(..., "--from", formats=DAY, help="自（起点所在日，北京时间） / first day on which cases begin (Beijing time)"),
    until: datetime = typer.Option(..., "--to", formats=DAY, help="至 / last day"),
    purpose: str = typer.Option(..., help="目的 / purpose"), team: str = typer.Option(..., help="工作组 / team"),
    direction: str = typer.Option("inbound", help="inbound、outbound、transit / direction"),
    whole: str = typer.Option("overall_clearance", help="所测时间，见 kouan times definitions / time, see kouan times definitions"),
    mode: str = typer.Option("", help="运输方式，缺省全部 / mode; all by default"),
    case_kind: str = typer.Option("", help="案例类别，缺省为全部货物 / kind of case; all goods by default"),
    sample: int | None = typer.Option(None, min=1, help="样本量，须有 --seed；不给则全部案例 / size of a sample, with --seed; every case without it"),
    seed: int | None = typer.Option(None, min=0, help="随机种子 / seed"),
    norms: Path | None = typer.Option(None, exists=True, dir_okay=False, help="作业时间规范（YAML） / norms of operation times (YAML)"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """起草一项研究并计算。 / Draft a study and measure it.

    例：kouan times study new 进口放行时间研究 --port yangshan-water --from 2026-03-01 --to 2026-03-31 --purpose 查明瓶颈 --team 口岸办 --as guojia
    """
    from kouan.monitoring.studies.actions import draft_study, measure_study

    user = actor_named(as_user)
    made = draft_study(
        actor=user, title=title, purpose=purpose, team=team, ports=port, direction=direction, whole=whole, mode=mode, case_kind=case_kind,
        first_day=since.date(), last_day=until.date(), sample_size=sample, seed=seed,
        norms=norms.read_text(encoding="utf-8") if norms else "")
    _show(measure_study(actor=user, study=made.pk), json)


@app.command()
def measure(study: int = STUDY, as_user: str = AS_ACTOR, json: bool = JSON) -> None:
    """重新计算草稿。 / Measure a draft anew.

    例：kouan times study measure 3 --as guojia
    """
    from kouan.monitoring.studies.actions import measure_study

    _show(measure_study(actor=actor_named(as_user), study=study), json)


@app.command()
def show(study: int = STUDY, as_user: str = AS_READER, json: bool = JSON) -> None:
    """一项研究的结果。 / What a study gave.

    例：kouan times study show 3
    """
    from kouan.monitoring.studies.queries import get_study

    _show(get_study(reader(as_user), study), json)


@app.command()
def remark(
    study: int = STUDY, case: str = typer.Option(..., help="案例编号 / case"), words: str = typer.Option(..., help="说明 / remark"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """说明一个案例，写明事件里看不到的缘由。 / Remark on a case: what its events do not tell.

    例：kouan times study remark 3 --case MSKU1234565 --words 单证补正三日 --as guojia
    """
    from kouan.monitoring.studies.actions import remark_on_case

    made = remark_on_case(actor=actor_named(as_user), study=study, case=case, words=words)
    if json:
        write_json({"study": study, "case_id": made.case_id, "words": made.words, "said_at": made.said_at})
        return
    tell("已登记说明", "the remark is kept")


@app.command()
def confirm(
    study: int = STUDY, version: int = typer.Option(..., min=1, help="您所见的版本 / version that you saw"), as_user: str = AS_ACTOR,
    json: bool = JSON,
) -> None:
    """确认一项研究，由起草和计算以外的另一人。 / Confirm a study, as another person than drafted or measured it.

    例：kouan times study confirm 3 --version 2 --as guojia-2
    """
    from kouan.monitoring.studies.actions import confirm_study

    made = confirm_study(actor=actor_named(as_user), study=study, version=version)
    if json:
        write_json({"study": made.pk, "state": made.state, "version": made.version, "confirmed_at": made.confirmed_at})
        return
    tell("研究已确认", "the study is confirmed")


@app.command()
def report(
    study: int = STUDY, into: Path = typer.Option(..., "--out", dir_okay=False, help="写到 .pdf、.docx 或 .xlsx / file: .pdf, .docx or .xlsx"),
    against: int | None = typer.Option(None, "--with", min=1, help="与前次研究比较（PDF、Word） / compare with an earlier study (PDF, Word)"),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """研究报告：PDF、Word 或 Excel。 / The report as PDF, Word or Excel.

    例：kouan times study report 3 --out study.pdf
    """
    from kouan.monitoring.studies.files import study_file

    file = study_file(reader(as_user), study, into.suffix.removeprefix("."), against=against)
    into.write_bytes(file.content)
    if json:
        write_json({"study": study, "file": str(into), "bytes": len(file.content)})
        return
    tell(f"已写出 {into}", f"written to {into}")


@app.command()
def compare(
    before: int = typer.Argument(..., min=1, help="前次研究 / earlier study"), after: int = typer.Argument(..., min=1, help="本次研究 / later study"),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """比较两项研究：差和区间。 / Compare two studies: differences with intervals.

    例：kouan times study compare 1 3
    """
    from kouan.monitoring.studies.queries import compare_studies
    from kouan.monitoring.studies.words import segment_name
    from kouan.monitoring.timing.events import HOUR

    found = compare_studies(reader(as_user), before, after)
    if json:
        write_json({"whole": found.whole.as_dict(), "sentence": found.sentence().as_dict(),
                    "segments": [{"segment": list(key), **each.as_dict()} for key, each in found.segments]})
        return
    out.print(text(found.sentence()), markup=False, style="bold")
    table([say("分段", "segment"), say("前次件数", "before"), say("本次件数", "now"), say("差（小时）", "difference (h)"),
           say("95%区间", "95% interval")],
          ([text(segment_name(*key)), each.n_before, each.n_after, "—" if each.difference_us is None else f"{each.difference_us / HOUR:+.2f}",
            "—" if (span := each.difference_interval) is None else f"{span.low / HOUR:+.2f}–{span.high / HOUR:+.2f}"]
           for key, each in found.segments), right=[1, 2, 3, 4])


@app.command()
def check(study: int = STUDY, as_user: str = AS_READER, json: bool = JSON) -> None:
    """核对一项研究：冻结的结果有无改动，日志现在读来是否仍同。
    / Check a study: whether its frozen figures were touched, and whether the journal still says the same.

    例：kouan times study check 3
    """
    from kouan.monitoring.studies.queries import check_study

    findings = check_study(reader(as_user), study)
    if json:
        write_json({"findings": [each.as_dict() for each in findings]})
    else:
        show_findings(findings)
        if not findings:
            tell("与冻结时相同", "the same as when it was frozen")
    raise typer.Exit(status_of(findings))


def _state(code: str) -> str:
    return say("已确认", "confirmed") if code == "confirmed" else say("草稿", "draft")


def _short(figures: dict[str, Any] | None) -> tuple[str, str]:
    from kouan.monitoring.studies.words import hours

    return ("—", "—") if figures is None else (str(figures["overall"]["n"]), hours(figures["overall"]["median_hours"]))


def _show(study: Any, json: bool) -> None:
    from kouan.monitoring.studies.queries import told
    from kouan.monitoring.studies.words import (
        labels_of,
        nature_name,
        owners_name,
        part_name,
        percent,
        segment_of,
        statistics,
    )

    if json:
        write_json(told(study))
        return
    marks = "".join(f"[{text(each)}] " for each in labels_of(study))
    out.print(f"{marks}#{study.pk} {study.title} · {study.office.name_zh} · {study.first_day} – {study.last_day}", markup=False, style="bold")
    if study.figures is None:
        tell("尚未计算", "not measured yet")
        return
    figures = study.figures
    held = figures["coverage"]
    everything, drawn, done = held["population"], held["drawn"], held["measured"]
    out.print(say(f"版本 {study.version}；期间内 {everything} 件，取 {drawn} 件，有结果 {done} 件；所读事件 {study.events_read} 个",
                  f"version {study.version}; {everything} cases, {drawn} taken, {done} measured; {study.events_read} events read"), markup=False)
    heads = [say("件数", "n"), say("平均", "mean"), say("中位数", "median"), say("区间", "interval"), "P75", "P90", "P95"]
    rows = [[say("全程", "whole"), "", "", *statistics(figures["overall"]), ""]]
    rows += [[text(segment_of(each)), text(owners_name(each["owners"])), text(nature_name(each["nature"])), *statistics(each["summary"]),
              percent(each["share"])] for each in figures["segments"]]
    table([say("分段（小时）", "segment (h)"), say("责任方", "owner"), say("性质", "nature"), *heads, say("占全程", "share")], rows,
          right=range(3, 11))
    table([say("长案例的原因", "cause of long cases"), say("责任方", "owner"), say("件数", "cases"), say("超出合计（小时）", "excess (h)")],
          ([text(part_name(each["cause"])), text(owners_name(each["owners"])), each["n"], f"{each['excess_hours']:.2f}"]
           for each in figures["causes"]["by_cause"]), right=[2, 3])
    for each in held["left_out"]:
        out.print(say(f"未计入：{each['words']['zh']} {each['n']} 件", f"left out: {each['words']['en']}, {each['n']}"), markup=False)
