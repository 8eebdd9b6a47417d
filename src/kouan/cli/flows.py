"""``kouan flows``: figures of a port, its counterpart point, or a benchmark port."""

from __future__ import annotations

import typer

from kouan.cli.output import out, say, table, write_json
from kouan.cli.who import reader


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on the command line."""
    app.command("flows")(flows)
    app.command("counterpart")(counterpart)


def flows(
    subject: str = typer.Argument(...,
        help="口岸代码或名称，或 counterpart_point:lo-wu、benchmark_port:2304 "
             "/ port by code or name, or counterpart_point:lo-wu, benchmark_port:2304",
    ),
    every: str = typer.Option("year", help="month（月）、quarter（季）或 year（年） / month, quarter or year"),
    measure: str = typer.Option("", help="指标代码，如 person_crossings / code of a measure, such as person_crossings"),
    as_user: str = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """口岸、对侧口岸点或对标口岸的流量，按月、季或年汇总；有缺月的时期不给合计。
    / Figures of a port, counterpart point or benchmark port by month, quarter or year; a period with a
    gap has no total.

    例：kouan flows 罗湖 --every year
    """
    from kouan.basis import Finding, NotFound, PeriodKind, SubjectKind, SubjectRef
    from kouan.collection.queries import visible_subjects
    from kouan.monitoring.queries import flows_of
    from kouan.ports.queries import resolve

    user = reader(as_user)
    if every not in (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR):
        raise typer.BadParameter(say("应为 month、quarter 或 year", "month, quarter or year"), param_hint="--every")
    if ":" in subject:
        wanted = [SubjectRef.parse(subject)]
    else:
        found = resolve(subject, user=user)
        if isinstance(found, Finding):
            raise NotFound([found])
        wanted = [SubjectRef.of(SubjectKind.PORT, found.code)]
        wanted += [SubjectRef.of(SubjectKind.COUNTERPART_POINT, point.code) for point in found.counterpart_points.all()]
    wanted = visible_subjects(user, wanted)
    series = flows_of(wanted, kind=every, measure=measure or None)
    if json:
        write_json([{
            "subject": str(each.subject), "measure": each.measure, "direction": each.direction, "unit": each.unit,
            "origin": each.origin, "source": each.source, "definition": each.definition,
            "flows": [{"period": flow.period.code, "value": flow.value, "partial": flow.partial,
                       "present": flow.present, "expected": flow.expected} for flow in each.flows],
        } for each in series])
        return
    if not series:
        out.print(say("没有数据：该口岸未报送。", "No figures: nothing has been reported."))
    for each in series:
        table(
            [say("期间", "period"), say("数值", "value"), say("已有部分", "reported part"), say("完整度", "completeness")],
            ([flow.period.code, "—" if flow.value is None else f"{flow.value.normalize():,f}",
              "" if flow.is_complete or flow.partial is None else f"{flow.partial.normalize():,f}",
              f"{flow.present}/{flow.expected}"] for flow in each.flows),
            right=(1, 2, 3),
            title=f"{each.subject} · {each.measure} · {each.direction} · {each.unit} · {each.origin} · {each.source}",
        )


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
