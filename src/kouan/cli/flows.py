"""``kouan flows``: figures of a port, its counterpart point or a benchmark port; totals of the nation and provinces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from kouan.cli.naming import port_named, unusable, year_in_reach
from kouan.cli.output import out, say, table, tell, write_json
from kouan.cli.who import reader

if TYPE_CHECKING:
    from kouan.basis import SubjectRef
    from kouan.monitoring.queries import FlowSeries
    from kouan.monitoring.totals import Totals


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on the command line."""
    app.command("flows")(flows)
    app.command("counterpart")(counterpart)


def flows(
    subject: str = typer.Argument(...,
        help="口岸代码或名称，或 nation、province:44、counterpart_point:lo-wu、benchmark_port:2304 "
             "/ port by code or name, or nation, province:44, counterpart_point:lo-wu, benchmark_port:2304",
    ),
    every: str = typer.Option("year", help="month（月）、quarter（季）或 year（年） / month, quarter or year"),
    measure: str = typer.Option("", help="指标代码或名称，如 person_crossings / a measure by code or name, such as person_crossings"),
    first_year: int | None = typer.Option(None, "--from", callback=year_in_reach, help="自某年起 / from this year"),
    last_year: int | None = typer.Option(None, "--to", callback=year_in_reach, help="至某年止 / to this year"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """口岸、对侧口岸点或对标口岸的流量，全国或某省各口岸合计，按月、季或年汇总；有缺报的时期不给合计。
    / Figures of a port, counterpart point or benchmark port, or the total of the nation's or a province's
    ports, by month, quarter or year; a period with a gap has no total.

    例：kouan flows province:44 --measure person_crossings --every month
    """
    from kouan.basis import PeriodKind, SubjectKind, SubjectRef
    from kouan.collection.queries import visible_subjects
    from kouan.monitoring.queries import flows_of
    from kouan.monitoring.subjects import subject_for
    from kouan.monitoring.telling import series_told, totals_told

    user = reader(as_user)
    if every not in (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR):
        raise typer.BadParameter(say("应为 month、quarter 或 year", "month, quarter or year"), param_hint="--every")
    if first_year is not None and last_year is not None and first_year > last_year:
        raise typer.BadParameter(say("起始年在终止年之后", "begins after it ends"), param_hint="--from / --to")
    code = _measure_named(measure)
    if ":" in subject or subject.strip() == SubjectKind.NATION:
        wanted = [subject_for(user, subject)]
    else:
        found = port_named(user, subject)
        wanted = [SubjectRef.of(SubjectKind.PORT, found.code)]
        points = found.counterpart_points.all()
        wanted += visible_subjects(user, [SubjectRef.of(SubjectKind.COUNTERPART_POINT, point.code) for point in points])
    told = [
        totals_told(user, each, with_members=True)
        for each in _totals(user, wanted[0], code, every, first_year, last_year)
    ]
    told += series_told(user, _within(flows_of(wanted, kind=every, measure=code, reader=user), first_year, last_year))
    if json:
        write_json(told)
        return
    if not any(each["flows"] for each in told):
        out.print(say("没有数据：未报送。由口岸报送员或主管的口岸办报送。",
                      "No figures: nothing has been reported. The port's reporter or its port office files the return."))
    for each in told:
        _draw(each)


def _measure_named(text: str) -> str | None:
    """The code of the measure asked for; one that is not in the registry ends with status 2 and the nearest names."""
    from kouan.basis import Finding, Place, Refused, measures

    if not text:
        return None
    found = measures.find(text, where=Place(field="--measure"))
    if isinstance(found, Finding):
        raise unusable(Refused(found))
    return found.code


def _totals(
    user: Any, subject: SubjectRef, measure: str | None, every: str, first: int | None, last: int | None,
) -> list[Totals]:
    """The totals of the nation's or a province's ports: of one measure, or of each that any port reported."""
    from kouan.basis import Refused, SubjectKind
    from kouan.monitoring.totals import additive, may_total, reported_measures, totals_of

    if subject.kind not in (SubjectKind.NATION, SubjectKind.PROVINCE):
        return []
    if not may_total(user, subject):
        tell("全国各口岸合计只向国家口岸管理办公室提供；以下是公开发布的全国数。",
             "The total of all ports is for the national office; what follows are published figures of the nation.")
        return []
    if measure is not None:
        try:
            additive(measure)
        except Refused as refusal:
            raise unusable(refusal) from None
    wanted = [measure] if measure else reported_measures(user, subject)
    return [totals_of(user, subject, each, every, first_year=first, last_year=last) for each in wanted]


def _within(series: Iterable[FlowSeries], first: int | None, last: int | None) -> list[FlowSeries]:
    return [
        replace(each, flows=tuple(
            flow for flow in each.flows
            if (first is None or flow.period.start.year >= first) and (last is None or flow.period.start.year <= last)
        ))
        for each in series
    ]


def _draw(told: dict[str, Any]) -> None:
    """One series or total as a table."""
    is_total = "ports_due" in told
    # Of years the period before is the year before: one column says both.
    has_both = any("-" in flow["period"] for flow in told["flows"])
    rows = []
    for flow in told["flows"]:
        share, rank = flow["share"], flow["rank"]
        rows.append([
            flow["period"],
            say("数据不全", "incomplete") if flow["value"] is None and is_total else _figure(flow["value"]),
            "" if flow["value"] is not None else _figure(flow["partial"]),
            f"{flow['reported']}/{flow['due']}" if is_total else f"{flow['present']}/{flow['expected']}",
            *([_percent(flow["mom"])] if has_both else []), _percent(flow["yoy"]), "—" if share is None else f"{share:.1%}", rank or "—",
            "▲" if flow["peak"] else "",
        ])
    table(
        [say("期间", "period"), say("数值", "value"), say("已有部分", "reported part"),
         say("已报/应报口岸", "ports reported/due") if is_total else say("完整度", "completeness"),
         *([say("环比", "on the period before")] if has_both else []), say("同比", "on the year"),
         say("占比", "share"), say("位次", "rank"), say("峰值", "peak")],
        rows, right=range(1, 8 if has_both else 7),
        title=f"{told['subject']} · {told['measure']} · {told['direction']} · {told['unit']} · {told['origin']} · {told['source']}",
    )
    if is_total and not rows:
        out.print(say(f"应报 {told['ports_due']} 个口岸，尚无一个报送此项。", f"{told['ports_due']} ports should report this; none has."))


def _figure(value: Any) -> str:
    return "—" if value is None else f"{value.normalize():,f}"


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:+.1%}"


def counterpart(
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """对侧核对：内地新闻报道数与对侧同日合计，逐项说明差异。
    / Press figures of mainland border inspection held against the other side's count of the same days.

    例：kouan counterpart
    """
    from kouan.monitoring.counterpart import counterpart_checks
    from kouan.ports.queries import counterpart_points_visible_to

    points = {point.name_en: point for point in counterpart_points_visible_to(reader(as_user))}
    checks = counterpart_checks(points)
    if json:
        write_json([{
            "port": check.figure.port_name_zh, "point": check.point.code, "period": check.figure.period.code,
            "press": check.figure.value, "precision": check.figure.precision, "counterpart": check.counted,
            "difference": check.difference, "explanation": check.explanation.as_dict(),
        } for check in checks])
        return
    table(
        [say("口岸", "port"), say("期间", "period"), say("新闻报道数（人次）", "press"), say("对侧合计（人次）", "counterpart"),
         say("差异", "difference"), say("说明", "explanation")],
        ([check.figure.port_name_zh, check.figure.period.label("zh"), f"{check.figure.value:,}", f"{check.counted:,.0f}",
          "—" if check.difference is None else f"{check.difference:+.1%}",
          check.explanation.in_language("zh" if say("zh", "en") == "zh" else "en")] for check in checks),
        right=(2, 3, 4),
    )
