"""``kouan efficiency``: what comes out for what goes in, measured against the best of the peers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kouan.cli.output import out, progress_bar, say, show_findings, status_of, table, tell, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kouan.basis import Finding
    from kouan.evaluation.method.efficiency import Bootstrapped, Change, Efficiency

_SHOWN = 20


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on the command line."""
    app.command("efficiency")(efficiency)


def efficiency(
    data: Path = typer.Option(..., exists=True, dir_okay=False,
                              help="数据文件（CSV），uCode 列为单位代码 / file of figures (CSV); column uCode names the unit"),
    inputs: str = typer.Option("", help="投入列，逗号分隔 / columns that went in, with commas"),
    outputs: str = typer.Option(..., help="产出列，逗号分隔；--bod 时为各指标 / columns that came out, with commas; the indicators with --bod"),
    undesirable: str = typer.Option("", help="非期望产出列，须用 directional 导向 / undesirable outputs; needs orientation directional"),
    returns: str = typer.Option("crs", help="规模报酬：crs 不变，vrs 可变 / returns to scale: crs constant, vrs variable"),
    orientation: str = typer.Option("input", help="导向：input 省投入，output 增产出，directional 两者兼顾 / input, output or directional"),
    slacks: bool = typer.Option(False, "--slacks", help="第二阶段松弛和目标值 / slacks by a second phase, and targets"),
    slack_weights: str = typer.Option("sum", help="松弛相加方式：sum 按原单位，mean 按各列均值 / sum: as in the data; mean: by each column's mean"),
    superior: bool = typer.Option(False, "--super", help="超效率：不与自身比较 / super-efficiency: each unit against the others only"),
    ratio: list[str] = typer.Option([], help="权重之比的限制，如 staff/area:0.5:2，可多次 / limit on a ratio of weights, repeatable"),
    share: list[str] = typer.Option([], help="占比限制，如 tonnes:0.1:0.6，可多次 / limit on a share in the weighted sum, repeatable"),
    bootstrap: int = typer.Option(0, min=0, help="自助法重复次数，0 为不用 / replications of the bootstrap; 0: none"),
    seed: int = typer.Option(1, min=0, help="自助法随机种子 / seed of the bootstrap"),
    confidence: float = typer.Option(0.95, help="区间的置信水平 / confidence of the intervals"),
    interval: str = typer.Option("basic", help="区间算法：basic 或 shifted（见 docs/efficiency.md） / rule for intervals: basic or shifted"),
    bod: bool = typer.Option(False, "--bod", help="“有利权重”综合：不设投入 / benefit of the doubt: no inputs"),
    year_column: str = typer.Option("",
                                    help="年份列（如 Time）；给出则算逐年生产率指数 / column of the year, as Time: change of productivity"),
    to: Path | None = typer.Option(None, "--out", dir_okay=False, help="写入的 CSV 文件 / CSV file to write"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """投入产出效率（DEA）：各单位与同组最好的相比，投入少、产出多者得 1。
    / Efficiency (DEA): each unit against the best of its peers; those that get most out of least score 1.

    只读写所给的文件，不碰数据库。定义和算例见 docs/efficiency.md。
    / Reads and writes the files given, and no database. Definitions and an example: docs/efficiency.md.

    例：kouan efficiency --data ports.csv --inputs berths,staff --outputs tonnes,persons --returns vrs --slacks --out scores.csv
    """
    from kouan.basis import Refused
    from kouan.evaluation.method.efficiency import Model, benefit_of_the_doubt, evaluate, files, malmquist
    from kouan.evaluation.method.efficiency import bootstrap as resample

    x, y, b = (_names(each) for each in (inputs, outputs, undesirable))
    ratios, shares = files.limits_of(ratio, share)
    _require_together(x, b, bod=bod, year_column=year_column, bootstrap=bootstrap, slacks=slacks, superior=superior,
                      orientation=orientation, returns=returns, is_limited=bool(ratios or shares))
    if to is not None and to.exists() and to.samefile(data):
        raise Refused.because("efficiency_out_is_data", "--out 与 --data 是同一个文件，会覆盖数据。",
                              "--out and --data are the same file: the figures would be overwritten.",
                              remedy=("换一个文件名。", "Choose another name."))
    rows = _rows(data)
    if year_column:
        years = files.years_of(rows, year_column, inputs=x, outputs=y, file=data.name)
        # A unit has a row in each year: its year stands in the finding, no row does.
        with _placed([], data.name):
            changes = malmquist(years, orientation)
        _finish(files.change_table(changes), to, json, _changes_as_json(changes), [f for c in changes for f in c.findings])
        return
    units = files.units_of(rows, inputs=[] if bod else x, outputs=y, undesirable=b, file=data.name)
    with _placed(rows, data.name):
        if bod:
            found = benefit_of_the_doubt(units.outputs, codes=units.codes, names=y, ratios=ratios, shares=shares)
        else:
            found = evaluate(units, Model(returns=returns, orientation=orientation, slacks=slacks, superior=superior,
                                          slack_weights=slack_weights, ratios=ratios, shares=shares))
    findings, boot = list(found.findings), None
    if bootstrap:
        with progress_bar(quiet=json) as report:
            boot = resample(found.units, found.model, bootstrap, seed=seed, confidence=confidence, interval=interval,
                            progress=lambda done, total: report(done, total, say("自助法", "bootstrap")))
        findings += [each for each in boot.findings if each not in findings]
    _finish(files.score_table(found, boot, is_benefit=bod), to, json, _scores_as_json(found, boot), findings, summary=found)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.replace("，", ",").split(",") if name.strip()]


def _require_together(inputs: list[str], undesirable: list[str], *, bod: bool, year_column: str, bootstrap: int, slacks: bool,
                      superior: bool, orientation: str, returns: str, is_limited: bool) -> None:
    """Refuse options that say two things at once."""
    from kouan.basis import Refused

    with_years = {"--slacks": slacks, "--super": superior, "--bootstrap": bool(bootstrap), "--undesirable": bool(undesirable),
                  "--bod": bod, "--ratio / --share": is_limited, "--returns": returns != "crs"}
    with_bod = {"--inputs": bool(inputs), "--undesirable": bool(undesirable), "--slacks": slacks, "--super": superior,
                "--bootstrap": bool(bootstrap), "--orientation": orientation != "input", "--returns": returns != "crs"}
    for option, others in (("--year-column", with_years if year_column else {}), ("--bod", with_bod if bod else {})):
        if clashing := [name for name, is_given in others.items() if is_given]:
            raise Refused.because(
                "efficiency_options_clash", f"{option} 不能与 {'、'.join(clashing)} 同用。",
                f"{option} does not go with {', '.join(clashing)}.", remedy=("分两次运行。", "Run it twice."),
            )


def _rows(data: Path) -> list[Any]:
    """The rows of the file; an empty one is told what belongs in it."""
    from dataclasses import replace

    from kouan.basis import Refused, Text
    from kouan.grading.facts_file import read_facts_csv

    try:
        return list(read_facts_csv(data))
    except Refused as refusal:
        said = Text("第一行为列名，如 uCode,berths,staff,tonnes；以下每个单位一行。",
                    "The first line names the columns, such as uCode,berths,staff,tonnes; a row for each unit follows.")
        raise Refused([replace(each, remedy=said) if each.code == "empty_file" else each for each in refusal.findings])


@contextmanager
def _placed(rows: Any, file: str) -> Iterator[None]:
    """What the method refuses by unit and column gets its file and row."""
    from kouan.basis import Refused
    from kouan.evaluation.method.efficiency.files import CODE, line_of

    try:
        yield
    except Refused as refusal:
        lines = {(row.get(CODE) or "").strip(): line_of(row, place) for place, row in reversed(list(enumerate(rows)))}
        raise Refused([
            each.at(file=file, row=lines.get(each.where.path or "")) if each.where.path or each.where.column else each
            for each in refusal.findings
        ])


def _finish(written: tuple[list[str], list[list[str]]], to: Path | None, as_json: bool, document: dict[str, Any],
            findings: Sequence[Finding], summary: Efficiency | None = None) -> None:
    """Write the file, tell or give the JSON, and end with the status of the findings."""
    heading, rows = written
    if to is not None:
        _write(to, heading, rows)
    if as_json:
        write_json({**document, "findings": [each.as_dict() for each in findings]})
        raise typer.Exit(status_of(findings))
    if summary is not None:
        _tell_summary(summary)
    if to is None:
        table(heading, ([_short(cell) for cell in row] for row in rows[:_SHOWN]), right=range(1, len(heading)))
        if len(rows) > _SHOWN:
            tell(f"只列出前 {_SHOWN} 行，共 {len(rows)} 行；用 --out 或 --json 取全部",
                 f"The first {_SHOWN} of {len(rows)} rows; --out or --json gives all")
    else:
        out.print(say(f"写入 {len(rows)} 行：{to}", f"{len(rows)} rows written: {to}"), markup=False)
    show_findings(findings)
    raise typer.Exit(status_of(findings))


def _short(cell: str) -> str:
    """A figure for the eye: four decimals at the most; the file has all digits."""
    try:
        return f"{float(cell):.4f}".rstrip("0").rstrip(".") if "." in cell or "e" in cell else cell
    except ValueError:
        return ", ".join(_short(part) for part in cell.split(";")) if ";" in cell else cell


def _tell_summary(found: Efficiency) -> None:
    scores = [float(score) for score in found.efficiency if not math.isnan(score)]
    best = int(found.is_efficient.sum())
    if scores:
        count, least, most, mean = len(found.units.codes), min(scores), max(scores), sum(scores) / len(scores)
        out.print(say(
            f"{count} 个单位，有效 {best} 个；得分最低 {least:.4f}，平均 {mean:.4f}，最高 {most:.4f}",
            f"{count} units, {best} efficient; scores from {least:.4f} to {most:.4f}, mean {mean:.4f}",
        ), style="bold", markup=False)


def _write(to: Path, heading: list[str], rows: list[list[str]]) -> None:
    """The whole file or none of it."""
    import csv
    import os

    from kouan.basis import Place, Refused

    draft = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([heading, *rows])
        os.replace(draft, to)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Refused.because(
            "file_not_written", f"无法写入：{error.strerror}。", f"The file cannot be written: {error.strerror}.", where=Place(file=str(to)),
            remedy=("请检查文件夹是否存在、可写。", "Check that the folder exists and may be written to."),
        )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _scores_as_json(found: Efficiency, boot: Bootstrapped | None) -> dict[str, Any]:
    from dataclasses import asdict

    units = []
    for i, code in enumerate(found.units.codes):
        entry: dict[str, Any] = {
            "uCode": code, "efficiency": _known(found.efficiency[i]), "step": _known(found.step[i]),
            "peers": [{"uCode": found.units.codes[peer], "share": share} for peer, share in found.peers[i]],
            "targets": {name: _known(found.targets[i, j]) for j, name in enumerate(found.units.names)},
            "multipliers": {name: _known(found.multipliers[i, j]) for j, name in enumerate(found.units.names)},
        }
        if found.model.slacks:
            entry["slacks"] = {name: _known(found.slacks[i, j]) for j, name in enumerate(found.units.names)}
        if boot is not None:
            entry |= {name: _known(getattr(boot, name)[i]) for name in ("corrected", "bias", "lower", "upper")}
        units.append(entry)
    document: dict[str, Any] = {"model": asdict(found.model), "units": units}
    if boot is not None:
        document["bootstrap"] = {"replications": boot.replications, "seed": boot.seed, "confidence": boot.confidence,
                                 "interval": boot.interval, "bandwidth": boot.bandwidth}
    return document


def _changes_as_json(changes: Sequence[Change]) -> dict[str, Any]:
    from kouan.evaluation.method.efficiency.files import CHANGE_COLUMNS

    return {"changes": [
        {"uCode": code, "from": change.start, "to": change.end, **{name: _known(getattr(change, name)[i]) for name in CHANGE_COLUMNS}}
        for change in changes for i, code in enumerate(change.codes)
    ]}
