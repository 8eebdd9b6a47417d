"""``kouan score``: the benchmark set scored, shown, and made again from its recipe."""

from __future__ import annotations

import typer

from kouan.cli.naming import year_in_reach
from kouan.cli.output import out, say, table, tell, text, write_json
from kouan.cli.who import acting_for, reader


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on the command line."""
    app.command("score")(score)


def score(
    year: int = typer.Option(2023, callback=year_in_reach, help="年度 / year"),
    port: str = typer.Option("", help="对标口岸代码，如 2304；给出得分理由 / benchmark port, such as 2304; explains its score"),
    replay: bool = typer.Option(False, "--replay", help="按登记的复算依据重算并核对 / make the scores again from their recipe and compare"),
    top: int = typer.Option(15, min=1, max=200, help="每组显示前几名 / how many of each group"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """对标组通行能力得分（仅供对标，不涉及我国口岸）。 / Scores of the benchmark set (no port of ours is scored).

    例：kouan score --year 2019 --port 2304
    """
    from kouan.evaluation.actions import score_benchmark
    from kouan.evaluation.queries import as_dict, latest_run, replayed, scores_of_year, why_not_scored
    from kouan.installation import has_unscored_figures
    from kouan.ports.models import BenchmarkPort

    run = latest_run()
    if run is None or has_unscored_figures():
        with acting_for(reader(), "kouan score") as actor:
            run, fresh = score_benchmark(actor=actor)
        if fresh:
            tell("已按现有数据重新计算", "Scored anew on today's figures")
    found = scores_of_year(run, year)
    if replay or port:
        result = replayed(run)
        if replay:
            tell(f"复算一致：{result.digest[:16]}…", f"Replayed to the same figures: {result.digest[:16]}…")
        if port and json:
            write_json({"subject": f"benchmark_port:{port}", "year": year, "result_digest": result.digest,
                        "explanation": [line.as_dict() for line in result.explain(port, year)]})
            return
        if port:
            for line in result.explain(port, year):
                out.print(line.in_language("zh" if say("zh", "en") == "zh" else "en"), markup=False)
            return
    if json:
        write_json({"run": run.pk, "framework": run.framework, "result_digest": run.result_digest,
                    "scores": [as_dict(each) for each in found]})
        return
    names = dict(BenchmarkPort.objects.values_list("code", "name"))
    for group in sorted({each.peer_group for each in found}):
        members = [each for each in found if each.peer_group == group]
        out.print(_title(group, year, len(members), min(top, len(members))), style="bold", markup=False)
        table(
            [say("名次", "rank"), say("代码", "code"), say("口岸", "port"), say("得分", "score")],
            ([each.rank or "—", each.subject_code, names.get(each.subject_code, ""),
              f"{each.value:.1f}" if each.value is not None else say(*(why_not_scored(each) or ("", "")))] for each in members[:top]),
            right=(0, 3),
        )
    tell("每条边界是一个同类组，组内评分、排名；不同组的得分不可比。",
         "Each border is a peer group, scored and ranked by itself; scores of different groups are not comparable.")


def _title(group: str, year: int, members: int, shown: int) -> str:
    from kouan.cli.words import BORDERS

    border = text(BORDERS[group]) if group in BORDERS else group
    return say(f"同类组：{border}，{year} 年，组内 {members} 个口岸，列出前 {shown} 个",
               f"Peer group: {border}, {year}, {members} ports in it, the first {shown} shown")
