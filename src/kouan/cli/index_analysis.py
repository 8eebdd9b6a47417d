"""``kouan index explain | analyse | compare | change``: what stands behind the scores that `kouan index run` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import out, progress_bar, say, show_findings, table, tell, text, write_json

_FOLDER: dict[str, Any] = {"exists": True, "file_okay": False, "readable": True}
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
UNIT = typer.Option(..., "--unit", help="评价对象代码（uCode） / the unit's code (uCode)")
NODE = typer.Option("", "--node", help="汇总项代码，缺省为总指数 / code of a node; the index, if left out")
YEAR = typer.Option("", "--year", help="多年结果中的一年 / one year of a result that holds several")


def explain(
    folder: Path = typer.Argument(..., help="结果文件夹 / folder of a run", **_FOLDER),
    unit: str = UNIT,
    year: str = YEAR,
    json: bool = JSON,
) -> None:
    """说明一个对象的得分：从总指数逐级到指标，直到数据的单元格。 / Explain a unit's score, from the index down to the cell it came from.

    例：kouan index explain result --unit CHN
    """
    from kouan.evaluation.method.index.analysis import explain as explained
    from kouan.evaluation.method.index.analysis import read_result
    from kouan.evaluation.method.index.analysis.sheet import plain

    nodes = explained(read_result(folder), unit, year=year or None)
    if json:
        write_json(
            {
                "unit": unit,
                "nodes": [
                    plain(node) | {"source": node.source.as_dict() if node.source else None} for node in nodes
                ],
            }
        )
        return
    for node in nodes:
        out.print(f"{'  ' * node.depth}{text(node.said)}", markup=False, style="bold" if node.depth == 0 else None)
        if node.source is not None:
            out.print(f"{'  ' * node.depth}  {node.source.describe(say('zh', 'en'))}", markup=False, style="dim")


def analyse(
    folder: Path = typer.Argument(..., help="结果文件夹 / folder of a run", **_FOLDER),
    into: Path = typer.Option(..., "--out", file_okay=False, help="分析结果文件夹 / folder for the analysis"),
    year: str = YEAR,
    json: bool = JSON,
) -> None:
    """分析一次计算：统计量、相关、信度、主成分、各要素作用、长短板、趋势。 / Analyse a run: statistics, correlations, effects, strengths, trends.

    例：kouan index analyse result --out analysis
    """
    from kouan.evaluation.method.index import analysis
    from kouan.evaluation.method.index.analysis.sheet import plain

    with progress_bar(quiet=json) as progress:
        found = analysis.analyse(analysis.read_result(folder), year=year or None, progress=progress)
    written = analysis.write(found, into)
    if json:
        write_json(
            {
                "summary": plain(found.summary),
                "files": [str(each) for each in written],
                "findings": [each.as_dict() for each in found.findings],
            }
        )
        return
    effects = sorted(
        (each for each in found.rows["removal"] if each.mean_shift == each.mean_shift),
        key=lambda each: (each.level, -each.mean_shift),
    )
    table(
        [
            say("要素", "element"),
            say("层级", "level"),
            say("去掉后平均移动名次", "mean places moved without it"),
            say("最多", "most"),
            say("相关", "correlation"),
        ],
        [
            [f"{each.code} {each.name}", each.level, _two(each.mean_shift), f"{each.largest_shift:.0f} {each.largest_unit}", _three(each.spearman)]
            for each in effects[:10]
        ],
        right=(1, 2, 3, 4),
        title=say("作用最大的指标", "Indicators of most effect"),
    )
    show_findings(found.findings, limit=8)
    tell(f"已写出 {len(written)} 个文件到 {into}", f"{len(written)} files written to {into}")


def compare(
    first: Path = typer.Argument(..., help="第一个结果文件夹 / folder of the first run", **_FOLDER),
    second: Path = typer.Argument(..., help="第二个结果文件夹 / folder of the second run", **_FOLDER),
    node: str = NODE,
    first_year: str = typer.Option("", "--year-first", help="第一个结果的年份 / year of the first result"),
    second_year: str = typer.Option("", "--year-second", help="第二个结果的年份 / year of the second result"),
    top: int = typer.Option(10, min=0, max=1000, help="显示移动最多的几个 / how many of the most moved to show"),
    json: bool = JSON,
) -> None:
    """比较两个指数：名次移动、相关、次序一致的比例。 / Compare two indices: places moved, correlations, share of pairs in the same order.

    例：kouan index compare result-2024 result-2025
    """
    from kouan.evaluation.method.index import analysis
    from kouan.evaluation.method.index.analysis.sheet import plain

    one = analysis.of_year(analysis.read_result(first), first_year or None)
    two = analysis.of_year(analysis.read_result(second), second_year or None)
    found = analysis.compare(one, two, node=node or None)
    if json:
        write_json(plain(found))
        return
    out.print(
        say(
            f"{found.n} 个对象：斯皮尔曼 {_three(found.spearman)}，肯德尔 {_three(found.kendall)}，"
            f"{_share(found.ordered_alike)} 的对象对次序一致；平均移动 {_two(found.mean_shift)} 位，"
            f"{found.moved} 个有变动，前十名中 {found.same_top} 个相同",
            f"{found.n} units: Spearman {_three(found.spearman)}, Kendall {_three(found.kendall)}, "
            f"{_share(found.ordered_alike)} of pairs in the same order; {_two(found.mean_shift)} places moved on average, "
            f"{found.moved} units moved, {found.same_top} of the first ten the same",
        ),
        style="bold",
        markup=False,
    )
    moved = sorted(
        (row for row in found.rows if row.shift == row.shift), key=lambda row: (-row.shift_size, row.place_first)
    )
    table(
        [say("代码", "code"), say("名称", "name"), say("前", "first"), say("后", "second"), say("移动", "shift")],
        [[row.unit, row.name, f"{row.place_first:.0f}", f"{row.place_second:.0f}", f"{row.shift:+.0f}"] for row in moved[:top]],
        right=(2, 3, 4),
    )
    show_findings(found.findings)


def change(
    first: Path = typer.Argument(..., help="先前的结果文件夹 / folder of the earlier run", **_FOLDER),
    second: Path = typer.Argument(..., help="后来的结果文件夹（可相同） / folder of the later run; may be the same", **_FOLDER),
    unit: str = UNIT,
    node: str = NODE,
    first_year: str = typer.Option("", "--year-first", help="先前的年份 / year of the first result"),
    second_year: str = typer.Option("", "--year-second", help="后来的年份 / year of the second result"),
    top: int = typer.Option(10, min=0, max=1000, help="显示变动最大的几项指标 / how many indicators to show"),
    json: bool = JSON,
) -> None:
    """分解一个对象得分的变化：本身数据、方法、其他对象各占多少。 / Tell a unit's change of score apart: its own data, the method, the others.

    例：kouan index change result-2024 result-2025 --unit CHN
    """
    from kouan.evaluation.method.index import analysis
    from kouan.evaluation.method.index.analysis.sheet import plain

    found = analysis.decompose(
        analysis.State.of(analysis.read_result(first), first_year or None),
        analysis.State.of(analysis.read_result(second), second_year or None),
        unit,
        node=node or None,
    )
    if json:
        write_json(plain(found) | {"difference": found.difference})
        return
    out.print(text(found.said), style="bold", markup=False)
    table(
        [
            say("因素", "factor"),
            say("贡献", "change"),
            say("最先变时", "if it changed first"),
            say("最后变时", "if it changed last"),
        ],
        [[text(part.name), *(f"{each:+.4f}" for each in (part.change, part.first, part.last))] for part in found.parts],
        right=(1, 2, 3),
    )
    # An indicator may move up by one factor what it moves down by another.
    size = {each.code: max(abs(each.data), abs(each.method), abs(each.peers)) for each in found.indicators}
    shown = sorted((each for each in found.indicators if size[each.code] > 1e-12), key=lambda each: -size[each.code])[:top]
    if shown:
        table(
            [say("指标", "indicator"), *(text(part.name) for part in found.parts), say("合计", "sum")],
            [
                [f"{each.code} {each.name}", *(f"{one:+.4f}" for one in (each.data, each.method, each.peers, each.change))]
                for each in shown
            ],
            right=(1, 2, 3, 4),
        )
    show_findings(found.findings)


def mount(app: typer.Typer) -> None:
    """Add the commands to ``kouan index``."""
    for verb in (explain, analyse, compare, change):
        app.command(verb.__name__)(verb)


def _two(value: float) -> str:
    return "—" if value != value else f"{value:.2f}"


def _three(value: float) -> str:
    return "—" if value != value else f"{value:.3f}"


def _share(value: float) -> str:
    return "—" if value != value else f"{value:.1%}"
