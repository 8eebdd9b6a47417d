"""``kouan index uncertainty | sensitivity | reversal``: how far an index hangs on the choices of its makers."""

from __future__ import annotations

import csv
import io
import json as writing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import out, progress_bar, say, show_findings, table, tell, write_json

_FILE: dict[str, Any] = {"exists": True, "dir_okay": False, "readable": True}
DATA = typer.Option(..., "--data", help="数据 CSV / data", **_FILE)
META = typer.Option(..., "--meta", help="指标表 CSV / the framework's table", **_FILE)
RECIPE = typer.Option(..., "--recipe", help="配方 YAML / recipe", **_FILE)
STUDY = typer.Option(
    None, "--study", help="不确定性方案 YAML；不给则用常用方案 / study; without one the usual doubts", **_FILE
)
OUT = typer.Option(..., "--out", file_okay=False, help="结果文件夹 / folder for the results")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
SEED = typer.Option(None, min=0, help="随机种子 / seed")


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on ``kouan index``."""
    app.command("uncertainty")(uncertainty)
    app.command("sensitivity")(sensitivity)
    app.command("reversal")(reversal)


def uncertainty(
    data: Path = DATA,
    meta: Path = META,
    recipe: Path = RECIPE,
    study: Path | None = STUDY,
    into: Path = OUT,
    runs: int = typer.Option(None, min=2, max=1_000_000, help="抽样次数 / how many runs"),
    seed: int = SEED,
    level: float = typer.Option(
        0.9, min=0.5, max=0.999, help="区间包含的抽样份额 / share of runs inside the intervals"
    ),
    design: Path | None = typer.Option(
        None,
        help="给定的抽样设计 CSV，一行一次，照样复算 / a given design, one row a run, replayed as it stands",
        **_FILE,
    ),
    weights: Path | None = typer.Option(
        None, help="抽样设计所用的权重组 CSV / the weight sets that the design names", **_FILE
    ),
    json: bool = JSON,
) -> None:
    """换用其他合理做法反复计算：得分与位次的区间、分不出高下的档次。 / Many runs with other sound choices: intervals, bands of ties.

    例：kouan index uncertainty --data iData.csv --meta iMeta.csv --recipe recipes/asem-p0.yaml --runs 2000 --out spread
    """
    from kouan.evaluation.method.index import files, robustness
    from kouan.evaluation.method.index.robustness import design_file

    framework = files.read_framework(meta)
    held, made = files.read_data(data, framework), files.read_recipe(recipe)
    if design is not None:
        sets = design_file.read_weights(weights, files.text_of(weights), framework) if weights else {}
        rows = design_file.read_design(design, files.text_of(design), sets, made)
        units, scores, placed, findings = design_file.replay_design(framework, held, rows)
        names = [name for name, _ in rows]
        _write(
            into / "scores.csv",
            ["uCode", *names],
            ([unit, *map(files.number, row)] for unit, row in zip(units, scores.tolist(), strict=True)),
        )
        _write(
            into / "ranks.csv",
            ["uCode", *names],
            ([unit, *map(files.number, row)] for unit, row in zip(units, placed.tolist(), strict=True)),
        )
        if json:
            write_json({"runs": len(rows), "failed": len(findings), "findings": [each.as_dict() for each in findings]})
            return
        out.print(
            say(
                f"照给定设计复算 {len(rows)} 次，{len(findings)} 次未能完成。",
                f"{len(rows)} runs of the design replayed, {len(findings)} failed.",
            ),
            markup=False,
        )
        show_findings(findings, limit=6)
        tell(f"已写出 scores.csv、ranks.csv 到 {into}", f"scores.csv and ranks.csv written to {into}")
        return
    plan = _study(study, framework, made, runs, seed)
    with progress_bar(quiet=json) as bar:
        found = robustness.uncertainty(framework, held, made, plan, level=level, processes=None, progress=_telling(bar))
    columns = {
        "score": found.nominal_score,
        "score_mean": found.mean_score,
        "score_low": found.low_score,
        "score_high": found.high_score,
        "rank": found.nominal_place,
        "rank_median": found.median_place,
        "rank_low": found.low_place,
        "rank_high": found.high_place,
        "rank_best": found.best_place,
        "rank_worst": found.worst_place,
    }
    _write(
        into / "intervals.csv",
        ["uCode", *columns, "band"],
        (
            [unit, *(files.number(float(each[i])) for each in columns.values()), found.band[i]]
            for i, unit in enumerate(found.units)
        ),
    )
    evaluator = robustness.Evaluator(framework, held, made, plan)
    said = evaluator.describe(found.runs.design)
    _write(
        into / "runs.csv",
        ["run", *(f"u_{each.name}" for each in plan.factors), *(each.name for each in plan.factors), "failed"],
        (
            [i + 1, *map(files.number, found.runs.design[i].tolist()), *said[i], found.runs.failures.get(i, "")]
            for i in range(len(said))
        ),
    )
    _write(
        into / "run_scores.csv",
        ["run", *found.units],
        ([i + 1, *map(files.number, column.tolist())] for i, column in enumerate(found.runs.scores.T)),
    )
    _keep(
        into / "record.json",
        writing.dumps(
            {
                "recipe": made.as_dict(),
                "study": plan.model_dump(mode="json"),
                "level": level,
                "data_digest": held.select(framework.indicators).digest,
                "runs": len(said),
                "failed": len(found.runs.failures),
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n",
    )
    order = found.nominal_place.argsort(kind="stable")
    if json:
        write_json(
            {
                "runs": len(said),
                "failed": len(found.runs.failures),
                "level": level,
                "findings": [each.as_dict() for each in found.findings],
                "units": [
                    {"uCode": found.units[i], "band": found.band[i]}
                    | {name: _plain(each[i]) for name, each in columns.items()}
                    for i in order
                ],
            }
        )
        return
    out.print(
        say(
            f"{len(said)} 次抽样，{len(found.runs.failures)} 次未能完成；区间含 {level:.0%} 的抽样。",
            f"{len(said)} runs, {len(found.runs.failures)} failed; intervals hold {level:.0%} of the runs.",
        ),
        style="bold",
        markup=False,
    )
    table(
        [
            say("代码", "code"),
            say("得分", "score"),
            say("位次", "rank"),
            say("位次区间", "interval"),
            say("最好—最差", "best–worst"),
            say("档次", "band"),
        ],
        [
            [
                found.units[i],
                f"{found.nominal_score[i]:.2f}",
                f"{found.nominal_place[i]:.0f}",
                f"{found.low_place[i]:.0f}–{found.high_place[i]:.0f}",
                f"{found.best_place[i]:.0f}–{found.worst_place[i]:.0f}",
                found.band[i],
            ]
            for i in order[:15]
        ],
        right=(1, 2, 5),
    )
    show_findings(found.findings, limit=6)
    tell(f"全部结果在 {into}", f"everything is in {into}")


def sensitivity(
    data: Path = DATA,
    meta: Path = META,
    recipe: Path = RECIPE,
    study: Path | None = STUDY,
    into: Path = OUT,
    base: int = typer.Option(
        1024, min=16, max=100_000, help="基点数，共 基点×(因素+2) 次 / base points; base × (factors + 2) runs"
    ),
    seed: int = SEED,
    json: bool = JSON,
) -> None:
    """哪项选择最影响结果：各因素的 Sobol 敏感度（单独 S1、连同交互 ST）。 / Which choice matters most: Sobol indices, alone (S1) and in all (ST).

    例：kouan index sensitivity --data iData.csv --meta iMeta.csv --recipe recipes/asem-p0.yaml --base 512 --out sobol
    """
    from kouan.evaluation.method.index import files, robustness

    framework = files.read_framework(meta)
    held, made = files.read_data(data, framework), files.read_recipe(recipe)
    plan = _study(study, framework, made, None, seed)
    with progress_bar(quiet=json) as bar:
        found = robustness.sensitivity(framework, held, made, plan, base=base, processes=None, progress=_telling(bar))
    rows = [
        [
            output,
            factor,
            *(
                files.number(float(each[o, f]))
                for each in (found.first, found.first_half, found.total, found.total_half)
            ),
        ]
        for o, output in enumerate(found.outputs)
        for f, factor in enumerate(found.factors)
    ]
    _write(into / "sobol.csv", ["output", "factor", "S1", "S1_conf", "ST", "ST_conf"], rows)
    _keep(
        into / "record.json",
        writing.dumps(
            {
                "recipe": made.as_dict(),
                "study": plan.model_dump(mode="json"),
                "base": base,
                "runs": found.runs.scores.shape[1],
                "failed": len(found.runs.failures),
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n",
    )
    if json:
        write_json(
            {
                "runs": found.runs.scores.shape[1],
                "failed": len(found.runs.failures),
                "findings": [each.as_dict() for each in found.findings],
                "mean_rank_shift": [
                    {
                        "factor": factor,
                        "S1": _plain(found.first[0, f]),
                        "S1_conf": _plain(found.first_half[0, f]),
                        "ST": _plain(found.total[0, f]),
                        "ST_conf": _plain(found.total_half[0, f]),
                    }
                    for f, factor in enumerate(found.factors)
                ],
            }
        )
        return
    out.print(
        say(
            "对位次平均变动的敏感度（各对象得分的敏感度见 sobol.csv）",
            "Indices of the mean change of rank (those of each score: sobol.csv)",
        ),
        style="bold",
        markup=False,
    )
    table(
        [say("因素", "factor"), "S1", "±", "ST", "±"],
        [
            [
                factor,
                f"{found.first[0, f]:.3f}",
                f"{found.first_half[0, f]:.3f}",
                f"{found.total[0, f]:.3f}",
                f"{found.total_half[0, f]:.3f}",
            ]
            for f, factor in sorted(enumerate(found.factors), key=lambda each: -found.total[0, each[0]])
        ],
        right=(1, 2, 3, 4),
    )
    show_findings(found.findings, limit=6)


def reversal(data: Path = DATA, meta: Path = META, recipe: Path = RECIPE, json: bool = JSON) -> None:
    """逐一去掉一个对象重算，看其余对象的先后是否颠倒。 / Leave each unit out in turn: does the order of the others turn round?

    例：kouan index reversal --data iData.csv --meta iMeta.csv --recipe recipes/asem-p0.yaml
    """
    from kouan.evaluation.method.index import files, robustness

    framework = files.read_framework(meta)
    held = files.read_data(data, framework)
    with progress_bar(quiet=json) as bar:
        found = robustness.reversals(framework, held, files.read_recipe(recipe), progress=_telling(bar))
    if json:
        write_json(
            [
                {
                    "uCode": each.unit,
                    "turned": each.turned,
                    "pairs": each.pairs,
                    "largest_shift": each.largest_shift,
                    "failed": each.failed,
                }
                for each in found
            ]
        )
        return
    turned = [each for each in found if each.turned]
    out.print(
        say(
            f"去掉任一对象后，{len(turned)} / {len(found)} 种情形有先后颠倒。",
            f"{len(turned)} of {len(found)} departures turn some pair round.",
        ),
        style="bold",
        markup=False,
    )
    table(
        [
            say("去掉", "left out"),
            say("颠倒的对数", "pairs turned"),
            say("共", "of"),
            say("最大位次变动", "largest shift"),
            say("未能完成", "failed"),
        ],
        [[each.unit, each.turned, each.pairs, each.largest_shift, each.failed] for each in found[:15]],
        right=(1, 2, 3),
    )


def _study(path: Path | None, framework: Any, recipe: Any, runs: int | None, seed: int | None) -> Any:
    from kouan.evaluation.method.index import files, robustness

    plan = (
        robustness.Study.from_yaml(files.text_of(path), file=path.name)
        if path
        else robustness.usual_study(framework, recipe)
    )
    changed = {name: value for name, value in (("runs", runs), ("seed", seed)) if value is not None}
    return plan.model_copy(update=changed)


def _telling(bar: Any) -> Any:
    return lambda done, total: bar(done, total, say("计算", "running"))


def _plain(value: float) -> float | None:
    return None if value != value else float(value)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    _keep(path, text.getvalue())


def _keep(path: Path, text: str) -> None:
    from kouan.evaluation.method.index.files import write_whole

    write_whole(path, text)
