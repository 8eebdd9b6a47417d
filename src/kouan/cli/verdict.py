"""``kouan verdict``: what the law says of each port for a year."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import typer

from kouan.cli.naming import port_named, year_in_reach
from kouan.cli.output import out, say, show_findings, status_of, table, tell, text, write_json
from kouan.cli.who import acting_for, reader


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on the command line."""
    app.command("verdict")(verdict)


def verdict(
    year: int = typer.Option(..., callback=year_in_reach, help="判定年度 / calendar year judged"),
    port: str = typer.Option("", help="口岸代码、名称或其他代码 / port by any code or name"),
    as_of: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], help="依据截至日期 / settings and rulings as of"),
    record: bool = typer.Option(False, "--record", help="登记判定结果及其复算依据 / keep the verdicts with their recipes"),
    replay: bool = typer.Option(False, "--replay", help="按登记的复算依据重算并核对 / judge the recorded verdicts again from their recipes"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """按客货运量标准判定各口岸某年是否达标，附理由和依据；只是建议，不是决定。
    / Judge each port's year by the volume standard, with reasons and citations: advice, not a decision.

    例：kouan verdict --year 2023 --port 罗湖
    """
    from kouan.basis import clock
    from kouan.grading.actions import record_verdicts
    from kouan.grading.facts import MEASURES
    from kouan.grading.queries import newest_verdicts, verdicts_for_year

    user = reader(as_user)
    day = as_of.date() if as_of else None
    codes = [port_named(user, port).code] if port else None
    if replay:
        _replay(newest_verdicts(user, year), codes, as_json=json)
    judged = verdicts_for_year(user, year, as_of=day, codes=codes)
    if record:
        with acting_for(user, "kouan verdict --record") as actor:
            kept, same = record_verdicts(actor=actor, year=year, as_of=day)
        tell(f"登记 {kept} 项，{same} 项与上次相同", f"{kept} recorded, {same} unchanged")
    findings = [finding.at(path=each.port.code) for each in judged for finding in each.outcome.findings]
    status = status_of(findings)
    if json:
        write_json({"year": year, "as_of": (day or clock.today()).isoformat(), "count": len(judged),
                    "verdicts": [each.as_dict() for each in judged]})
        raise typer.Exit(status)
    counts = Counter(text(each.outcome.name) for each in judged)
    out.print(say(f"{year} 年度客货运量标准判定：{len(judged)} 个口岸  ", f"Volume standard, {year}: {len(judged)} ports  ")
              + "  ".join(f"{name} {count}" for name, count in counts.most_common()))
    if codes:
        for each in judged:
            for number, step in enumerate(each.outcome.steps, 1):
                out.print(f"  {number}. {step.describe('zh' if say('zh', 'en') == 'zh' else 'en')}", markup=False)
            for flag in each.outcome.flags:
                out.print(f"  ※ {text(flag.label)}：{text(flag.detail)}", markup=False)
            for other in each.outcome.differs_under:
                out.print(say(f"  ※ 若按“{text(other.reading.label)}”，结论为：", f"  ※ under “{text(other.reading.label)}”: ")
                          + other.verdict.value, markup=False)
        show_findings(findings)
        raise typer.Exit(status)
    table(
        [say("口岸", "port"), say("代码", "code"), say("结论", "verdict"), say("货运量（吨）", "cargo (t)"),
         say("人员（人次）", "persons"), say("已报月数", "months"), say("提示", "flags")],
        ([each.port.name_zh if say("zh", "en") == "zh" else each.port.name_en or each.port.name_zh, each.port.code,
          text(each.outcome.name), each.facts.cargo_tonnes, each.facts.person_crossings,
          "/".join(str(each.facts.months_of(name)) for name in MEASURES if each.facts.months_of(name) is not None) or "—",
          "、".join(text(flag.label) for flag in each.outcome.flags)] for each in judged),
        right=(3, 4, 5),
    )
    show_findings([finding for finding in findings if finding.is_error])
    raise typer.Exit(status)


def _replay(records: list[Any], codes: list[str] | None, *, as_json: bool) -> None:
    """Judge recorded verdicts again and end: status 1 where one differs."""
    from kouan.grading.replay import replay

    wanted = [record for record in records if codes is None or record.port_code in codes]
    findings = [finding for record in wanted if (finding := replay(record)) is not None]
    if as_json:
        write_json({"replayed": len(wanted), "differing": len(findings), "findings": [each.as_dict() for each in findings]})
    else:
        out.print(say(f"复算 {len(wanted)} 项已登记的结论，{len(findings)} 项不同",
                      f"{len(wanted)} recorded verdicts judged again, {len(findings)} differ"))
        show_findings(findings)
    raise typer.Exit(status_of(findings))
