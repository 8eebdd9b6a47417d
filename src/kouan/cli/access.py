"""``kouan access``: the facts of an airport's application, each with its source, and the rule on them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kouan.cli.output import out, say, show_findings, status_of, table, text, write_json
from kouan.cli.who import reader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kouan.grading.distance import Leg
    from kouan.grading.routes import RouteCount
    from kouan.grading.submitted import Submitted

app = typer.Typer(help="口岸准入的事实 / the facts of access", no_args_is_help=True)

_AS_OF = typer.Option(..., formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="截至日期 / as of")
_FACTS = typer.Option(None, exists=True, dir_okay=False, help="所报事实（JSON） / facts submitted (JSON)")


@app.command()
def distance(
    iata: str = typer.Option("", help="机场 IATA 代码 / airport by IATA code"),
    lat: float | None = typer.Option(None, help="纬度，十进制度 / latitude in degrees"),
    lon: float | None = typer.Option(None, help="经度，十进制度 / longitude in degrees"),
    as_of: datetime = _AS_OF,
    facts: Path | None = _FACTS,
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """计算一点至当日各已开放航空口岸的直线距离，由近及远；状态待核的口岸一并列出。公路里程和车程由 --facts 提供。
    / Straight-line distance from a point to every air port open on that day, nearest first; ports whose status is not
    known are listed too. Roads and driving times come from --facts.

    例：kouan access distance --iata EHU --as-of 2024-03-19
    """
    from kouan.grading.access_facts import distances, origin_of

    day = as_of.date()
    submitted, slips = _submitted(facts, day)
    measured = distances(origin_of(iata, lat, lon, as_of=day), day, submitted)
    findings = [*slips, *measured.findings]
    if json:
        write_json({"as_of": day.isoformat(), **measured.as_dict(), "findings": [each.as_dict() for each in findings]})
        raise typer.Exit(status_of(findings))
    origin = measured.origin
    out.print(say(f"起点：{origin.name.zh}（{origin.latitude}，{origin.longitude}；{origin.source.zh}）",
                  f"From {origin.name.en} ({origin.latitude}, {origin.longitude}; {origin.source.en})"), markup=False)
    _legs(say("已开放", "open"), measured.open)
    _legs(say("当日是否开放待核", "may be open"), measured.unsettled)
    nearest = measured.nearest
    settled = say("尚不能确定", "not settled") if nearest is None else \
        f"{text(nearest.port.name)}  {say('直线', 'straight')} {nearest.straight_km} km" \
        + (f"  {say('公路', 'road')} {nearest.road_km:f} km" if nearest.road_km is not None else "") \
        + (f"  {say('车程', 'drive')} {nearest.driving_hours:f} h" if nearest.driving_hours is not None else "")
    out.print(say("最近的已开放航空口岸：", "Nearest open air port: ") + settled, markup=False)
    show_findings(findings)
    raise typer.Exit(status_of(findings))


def _legs(title: str, legs: Iterable[Leg]) -> None:
    table(
        [say("口岸", "port"), say("代码", "code"), "IATA", say("直线距离（公里）", "straight line (km)"), say("公路（公里）", "road (km)"),
         say("车程（小时）", "drive (h)"), say("状态", "status"), say("坐标来源", "source of the position")],
        ([text(leg.port.name), leg.port.code, "、".join(leg.port.iata), "—" if leg.straight_km is None else leg.straight_km,
          "—" if leg.road_km is None else f"{leg.road_km:f}", "—" if leg.driving_hours is None else f"{leg.driving_hours:f}",
          text(leg.port.status), leg.port.position_source or "—"] for leg in legs),
        right=(3, 4, 5), title=title,
    )


@app.command()
def routes(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="航班时刻表（CSV 或 XLSX） / schedule (CSV or XLSX)"),
    airport: str = typer.Option(..., help="机场 IATA 代码 / airport by IATA code"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """由航班时刻表计固定直达航线数，逐行说明计与不计的理由；名录不读也不改。
    / Count the fixed direct routes of an airport from its schedule, with what became of each row; the register is
    neither read nor changed.

    表头须有：始发机场、目的机场、航班号、经停次数、班期、航线性质（国内、地区、国际）；可有：承运人、实际承运航班号、航季、开始日期、结束日期。
    / Columns: origin, destination, flight, stops, weekdays, scope (domestic, regional, international); optional: carrier,
    operating_flight, season, valid_from, valid_to.

    例：kouan access routes schedule.xlsx --airport EHU
    """
    from kouan.grading.schedule_file import routes_in_file

    counted = routes_in_file(file, _code(airport))
    if json:
        write_json({"file": file.name, **counted.as_dict()})
        raise typer.Exit(status_of(counted.findings))
    _show_routes(counted)
    show_findings(counted.findings)
    raise typer.Exit(status_of(counted.findings))


def _code(airport: str) -> str:
    code = airport.strip().upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise typer.BadParameter(say("应为 IATA 三字代码，如 EHU", "an IATA code of three letters, such as EHU"), param_hint="--airport")
    return code


def _show_routes(counted: RouteCount) -> None:
    from kouan.grading.routes import FATES, SCOPES, Scope

    table(
        [say("行", "row"), say("航班号", "flight"), say("另一端", "other end"), say("性质", "scope"), say("处理", "fate"), say("理由", "why")],
        ([row.row, row.flight, row.other or "—", text(SCOPES[row.scope]) if row.scope else "—", text(FATES[row.fate]), text(row.why)]
         for row in counted.rows),
        right=(0,),
    )
    parts = "  ".join(f"{text(SCOPES[scope])} {counted.number(scope)}" for scope in Scope)
    out.print(say(f"{counted.airport} 固定直达航线 {counted.number()} 条：{parts}；另有季节性航线 {counted.seasonal} 条",
                  f"{counted.airport}: {counted.number()} fixed direct routes: {parts}; and {counted.seasonal} seasonal"), markup=False)


@app.command()
def air(
    iata: str = typer.Option(..., help="机场 IATA 代码 / airport by IATA code"),
    as_of: datetime = _AS_OF,
    facts: Path | None = _FACTS,
    routes: Path | None = typer.Option(None, exists=True, dir_okay=False, help="航班时刻表 / schedule"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """汇集一个机场的准入事实并按规则判定：距离、航线、旅客吞吐量、省域条件，逐项注明来源；没有的事实列为不明并说明由谁提供。
    / Gather the facts of an airport's application and judge them: distance, routes, passengers, the province's gates,
    each with its source; what nobody gives stays unknown, with who can supply it.

    例：kouan access air --iata EHU --as-of 2024-03-19 --facts extra.json --routes schedule.csv
    """
    from kouan.grading.access_facts import assemble
    from kouan.grading.queries import law_as_of
    from kouan.grading.schedule_file import routes_in_file

    day = as_of.date()
    submitted, slips = _submitted(facts, day)
    counted = routes_in_file(routes, _code(iata)) if routes else None
    found = assemble(reader(as_user), _code(iata), law_as_of(day), submitted, counted)
    findings = [*slips, *found.findings]
    if json:
        write_json({**found.as_dict(), "findings": [each.as_dict() for each in findings]})
        raise typer.Exit(status_of(findings))
    out.print(f"{text(found.origin.name)}  {day.isoformat()}", style="bold", markup=False)
    law_facts = law_as_of(day).library.facts
    table(
        [say("事实", "fact"), say("值", "value"), say("来源", "source"), say("依据", "evidence")],
        ([text(law_facts[name].label) if name in law_facts else name, _value(known.value), text(known.source), "；".join(known.evidence)]
         for name, known in sorted(found.known.items())),
    )
    if found.verdict is not None:
        _show_verdict(found.verdict)
    for why, other in found.others:
        out.print(say(f"※ 如{why.zh}，结论为：{other.name.zh}", f"※ If {why.en}: {other.name.en}"), markup=False)
    show_findings(findings)
    raise typer.Exit(status_of(findings))


def _show_verdict(verdict: Any) -> None:
    from kouan.grading.case_verdict import CASE_VERDICTS

    out.print(say(f"结论：{verdict.name.zh}", f"Verdict: {verdict.name.en}"), style="bold", markup=False)
    if len(verdict.possible) > 1:
        names = say("、", ", ").join(text(CASE_VERDICTS[code]) for code in verdict.possible)
        out.print(say(f"  可能的结论：{names}", f"  may be: {names}"), markup=False)
    for step in verdict.steps:
        out.print(f"  {step['rule']}  {step['outcome_name'][say('zh', 'en')]}", markup=False)
    for missing in verdict.as_dict()["missing"]:
        zh = say("zh", "en")
        who = say("、", ", ").join(one[zh] for one in missing["supplied_by"])
        out.print(say(f"  缺：{missing['name'][zh]}（由{who}提供）", f"  missing: {missing['name'][zh]} (from {who})"), markup=False)
    for other in verdict.differs_under:
        out.print(say(f"※ 若按“{other.reading.label.zh}”（{other.reading.ambiguity}），结论为：{other.name.zh}",
                      f"※ under “{other.reading.label.en}” ({other.reading.ambiguity}): {other.name.en}"), markup=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return say("是", "yes") if value else say("否", "no")
    return "—" if value is None else str(value)


def _submitted(path: Path | None, day: Any) -> tuple[Submitted, list[Any]]:
    from kouan.grading.submitted import NOTHING, read_submitted, read_submitted_file

    return read_submitted(read_submitted_file(path), day) if path else (NOTHING, [])
