"""``kouan index``: composite indices of any framework from files, without the register or a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import out, say, show_findings, table, tell, write_json

app = typer.Typer(
    help="综合指数：按配方由数据表和指标表计算，可复算。 / Composite indices from a table of data and one of indicators, by a recipe; replayable."
)

_FILE: dict[str, Any] = {"exists": True, "dir_okay": False, "readable": True}
DATA = typer.Option(
    ...,
    "--data",
    help="数据 CSV：uCode 与各指标列（兼容 COINr iData） / data: uCode and a column per indicator (COINr's iData)",
    **_FILE,
)
META = typer.Option(
    ..., "--meta", help="指标表 CSV（兼容 COINr iMeta） / the framework's table (COINr's iMeta)", **_FILE
)
RECIPE = typer.Option(
    ..., "--recipe", help="配方 YAML，写法见 docs/recipes.md / recipe; docs/recipes.md explains it", **_FILE
)
OUT = typer.Option(..., "--out", file_okay=False, help="结果文件夹 / folder for the results")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")


@app.command("run")
def run(
    data: Path = DATA,
    meta: Path = META,
    recipe: Path = RECIPE,
    into: Path = OUT,
    json: bool = JSON,
    top: int = typer.Option(10, min=0, max=1000, help="显示前几名 / how many to show"),
) -> None:
    """按配方计算综合指数，写出各步的表、得分、位次和复算依据。 / Compute an index by a recipe; write each step's table, scores, ranks, record.

    例：kouan index run --data iData.csv --meta iMeta.csv --recipe recipes/asem-p0.yaml --out result
    """
    from kouan.evaluation.method import index
    from kouan.evaluation.method.index import files

    framework = files.read_framework(meta)
    result = index.run(framework, files.read_data(data, framework), files.read_recipe(recipe))
    written = files.write_result(result, into)
    _tell(result, written, into, json=json, top=top)


@app.command("replay")
def replay(
    folder: Path = typer.Argument(
        ..., exists=True, file_okay=False, help="先前的结果文件夹 / the folder of an earlier run"
    ),
    data: Path = DATA,
    json: bool = JSON,
) -> None:
    """用原数据复算先前的结果，不一致即报错。 / Make an earlier result again from its record and the data; any difference is an error.

    例：kouan index replay result --data iData.csv
    """
    import json as reading

    from kouan.basis import Refused
    from kouan.basis.finding import Place
    from kouan.evaluation.method import index
    from kouan.evaluation.method.index import files

    try:
        record = reading.loads((folder / "record.json").read_text(encoding="utf-8"))
        framework = index.Framework.from_rows(record["framework"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise Refused.because(
            "record_unusable",
            "文件夹里没有可用的复算依据 record.json。",
            "The folder has no usable record.json.",
            where=Place(file=str(folder / "record.json")),
            remedy=("指向 kouan index run 写出的文件夹。", "Name a folder that kouan index run has written."),
        ) from fault
    result = index.replay(record, files.read_data(data, framework))
    if json:
        write_json({"replayed": True, "result_digest": result.digest})
        return
    out.print(say(f"复算一致：{result.digest}", f"Replayed to the same figures: {result.digest}"), markup=False)


def _tell(result: Any, written: list[Path], into: Path, *, json: bool, top: int) -> None:
    framework = result.framework
    order = result.places.column(framework.top).argsort(kind="stable")
    if json:
        write_json(
            {
                "recipe": result.recipe.recipe,
                "units": len(result.scores.units),
                "indicators": len(framework.indicators),
                "result_digest": result.digest,
                "files": [str(each) for each in written],
                "scores": [
                    {
                        "uCode": result.scores.units[i],
                        "score": _or_none(result.index[i]),
                        "rank": _or_none(result.places.column(framework.top)[i]),
                    }
                    for i in order
                ],
                "findings": [each.as_dict() for each in result.findings],
            }
        )
        return
    out.print(
        say(
            f"{result.recipe.title or result.recipe.recipe}：{len(result.scores.units)} 个对象，{len(framework.indicators)} 项指标",
            f"{result.recipe.title_en or result.recipe.recipe}: {len(result.scores.units)} units, {len(framework.indicators)} indicators",
        ),
        style="bold",
        markup=False,
    )
    below = framework.children(framework.top)
    named = [code for code in below if framework[code].level > 1][:6]
    table(
        [
            say("位次", "rank"),
            say("代码", "code"),
            say("名称", "name"),
            framework[framework.top].name,
            *(framework[code].name for code in named),
        ],
        [
            [
                _whole(result.places.column(framework.top)[i]),
                result.scores.units[i],
                result.scores.names[i] if result.scores.names else "",
                _two(result.index[i]),
                *(_two(result.scores.column(code)[i]) for code in named),
            ]
            for i in order[:top]
        ],
    )
    show_findings(result.findings, limit=6)
    tell(f"已写出 {len(written)} 个文件到 {into}", f"{len(written)} files written to {into}")


def _or_none(value: float) -> float | None:
    return None if value != value else float(value)


def _whole(value: float) -> str:
    return "—" if value != value else f"{value:.0f}"


def _two(value: float) -> str:
    return "—" if value != value else f"{value:.2f}"
