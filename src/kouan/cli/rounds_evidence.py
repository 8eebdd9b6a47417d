"""``kouan evaluation round file|decide|evidence|ask|rule|withdraw``: what is filed beside the return, decided, asked and ruled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import actor_named
from kouan.cli.output import out, say, table, text, write_json
from kouan.cli.who import reader

YEAR = typer.Argument(..., min=2021, max=2099, help="年度 / year")
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
AS_ACTOR = typer.Option(..., "--as", help="以某用户的身份办理 / act as this user")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")


def add_to(app: typer.Typer) -> None:
    """Put the commands under ``kouan evaluation round``."""
    for name, command in (("file", file), ("decide", decide), ("evidence", evidence), ("ask", ask), ("rule", rule), ("withdraw", withdraw)):
        app.command(name=name)(command)


def file(
    year: int = YEAR, port: str = typer.Argument(..., help="口岸代码 / port"), item: str = typer.Argument(..., help="数据项 / item"),
    value: float = typer.Argument(..., help="检查点：1 符合、0 不符合；或数值 / a point: 1 met, 0 not; or the figure"),
    remark: str = typer.Option(..., help="说明 / remark"),
    evidence: list[Path] = typer.Option([], "--evidence", exists=True, dir_okay=False, help="佐证文件，可多次 / a file of evidence; may be repeated"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """填报一个检查点或补充数据；填报为符合的须附佐证。 / File a point or figure; a point said to be met needs evidence.

    例：kouan evaluation round file 2025 luohu-road I-0606/5G 1 --remark 已覆盖 --evidence 佐证.pdf --as guangdong
    """
    from contextlib import ExitStack

    from kouan.evaluation.rounds.evidence.filing import Upload, file_entry

    with ExitStack() as open_files:
        uploads = [Upload(open_files.enter_context(each.open("rb")), each.name) for each in evidence]
        made = file_entry(actor=actor_named(as_user), year=year, port=port, item=item, value=value, remark=remark, uploads=uploads)
    if json:
        write_json({"entry": made.pk, "port": made.port, "item": made.item, "revision": made.revision, "value": made.value})
        return
    out.print(say(f"已填报，编号 {made.pk}，第 {made.revision} 版。", f"Filed as {made.pk}, revision {made.revision}."), markup=False)


def decide(
    year: int = YEAR, entry: int = typer.Argument(..., min=1, help="填报编号 / number of the entry"),
    accept: bool = typer.Option(..., "--accept/--reject", help="采信或不予采信 / accept or reject"),
    reason: str = typer.Option(..., help="理由 / reason"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """核验一项填报；填报人和填报单位不能核验。 / Accept or reject an entry; never by the person or office that filed it.

    例：kouan evaluation round decide 2025 12 --reject --reason 照片不能证明在用 --as luohu-bianjian
    """
    from kouan.evaluation.rounds.evidence.deciding import decide_entry

    made = decide_entry(actor=actor_named(as_user), year=year, entry=entry, accepted=accept, reason=reason)
    if json:
        write_json({"entry": made.entry_id, "decision": made.number, "accepted": made.accepted})
        return
    out.print(say(f"已{'采信' if accept else '不予采信'}：{made.entry.item}。", f"{'Accepted' if accept else 'Rejected'}: {made.entry.item}."),
              markup=False)


def evidence(
    year: int = YEAR, port: str = typer.Option("", help="口岸代码；不填为全部可见的 / port; none: all that one sees"), as_user: str = AS_READER,
    json: bool = JSON,
) -> None:
    """可见报送中的填报和核验，以及自报与其他来源的差异。 / Entries and decisions of the returns one sees, and where self-reports differ.

    例：kouan evaluation round evidence 2025 --port luohu-road
    """
    from kouan.evaluation.rounds.evidence.cross_check import differences_for
    from kouan.evaluation.rounds.evidence.seeing import decision_of, entries_of
    from kouan.evaluation.rounds.evidence.telling import entry_told
    from kouan.evaluation.rounds.queries import get_round, returns_visible_to

    user = reader(as_user)
    held = get_round(user, year)
    entries = [each for one in returns_visible_to(user, held) for each in entries_of(one, port)]
    differences = [each for each in differences_for(user, held, held.scheme_version.scheme()) if not port or each.port == port]
    decided = {each.pk: decision_of(each) for each in entries}
    if json:
        write_json({"year": year, "is_exercise": held.is_exercise, "entries": [entry_told(each) for each in entries], "differences": [
            {"port": each.port, "item": each.item, "own": each.own, "other": each.other, "share": each.share, "unit": each.unit}
            for each in differences]})
        return
    table([say("编号", "entry"), say("口岸", "port"), say("数据项", "item"), say("数值", "value"), say("核验", "decision"), say("理由", "reason")],
          ([each.pk, each.port, each.item, f"{each.value:g}", _word(each, decided[each.pk]),
            (found.reason if (found := decided[each.pk]) is not None else each.remark)] for each in entries), right=[0, 3])
    if differences:
        table([say("口岸", "port"), say("数据项", "item"), say("报送方", "port's side"), say("其他来源", "other source"), say("相差", "apart")],
              ([each.port, text(each.name), f"{each.own:,g}", f"{each.other:,g}", f"{each.share:.1%}"] for each in differences), right=[2, 3, 4])


def ask(
    year: int = YEAR, experts: list[str] = typer.Argument(..., help="专家登录名 / sign-in names of experts"),
    port: list[str] = typer.Option(..., help="口岸代码，可多次 / port; may be repeated"),
    indicator: list[str] = typer.Option([], help="指标；不填为全部由专家评分的 / indicator; none: all that experts mark"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """指派专家对口岸的定性指标评分。 / Ask experts to mark qualitative indicators of ports.

    例：kouan evaluation round ask 2025 zhuanjia zhuanjia-er --port luohu-road --as guojia
    """
    from kouan.evaluation.rounds.evidence.experts import ask_experts

    made = ask_experts(actor=actor_named(as_user), year=year, experts=experts, ports=port, indicators=indicator)
    if json:
        write_json([{"asked": each.pk, "expert": each.expert.username, "port": each.port, "indicator": each.indicator} for each in made])
        return
    out.print(say(f"已指派 {len(made)} 项。", f"{len(made)} tasks were given."), markup=False)


def rule(
    year: int = YEAR, code: str = typer.Argument(..., help="指标或数据项 / indicator or item"), reason: str = typer.Option(..., help="理由 / reason"),
    failed: bool = typer.Option(False, "--failed-feed",
                                help="数据源中断（M4）；否则为不适用（M2） / the source failed (M4); else it does not apply (M2)"),
    port: str = typer.Option("", help="口岸代码 / port"), port_class: str = typer.Option("", "--class", help="运输类别 / class"),
    of_year: int = typer.Option(0, help="所指年度；0 为各年 / the year meant; 0: all"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """国家口岸办认定不适用或数据源中断。 / The national office rules that something does not apply, or that a source failed.

    例：kouan evaluation round rule 2025 I-0906 --class sea --reason 岸电改造 --as guojia
    """
    from kouan.basis import Place, Refused
    from kouan.evaluation.rounds.evidence.rulings import rule_failed_feed, rule_not_applicable

    user = actor_named(as_user)
    if failed and port:
        raise Refused.because("feed_of_a_port", "数据源中断按类别认定，不能只认定一个口岸。",
                              "A failed source is ruled for a class, not for one port.",
                              where=Place(field="port"), remedy=("请改用 --class 或不填。", "Use --class, or neither."))
    if failed:
        made = rule_failed_feed(actor=user, year=year, code=code, of_year=of_year, reason=reason, port_class=port_class)
    else:
        made = rule_not_applicable(actor=user, year=year, code=code, reason=reason, port=port, port_class=port_class, of_year=of_year)
    _say_ruling(made, json)


def withdraw(
    year: int = YEAR, ruling: int = typer.Argument(..., min=1, help="认定编号 / number of the ruling"),
    reason: str = typer.Option(..., help="理由 / reason"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """撤回一项认定。 / Withdraw a ruling.

    例：kouan evaluation round withdraw 2025 3 --reason 数据源已恢复 --as guojia
    """
    from kouan.evaluation.rounds.evidence.rulings import withdraw_ruling

    _say_ruling(withdraw_ruling(actor=actor_named(as_user), year=year, ruling=ruling, reason=reason), json)


def _say_ruling(row: Any, json: bool) -> None:
    from kouan.evaluation.rounds.evidence.telling import ruling_told

    if json:
        write_json(ruling_told(row))
        return
    out.print(say(f"已登记，编号 {row.pk}。", f"On record as {row.pk}."), markup=False)


def _word(entry: Any, decided: Any) -> str:
    if not entry.is_claim:
        return say("不符合", "not met")
    if decided is None:
        return say("待核验", "to be verified")
    return say("采信", "accepted") if decided.accepted else say("不予采信", "rejected")
