"""One port: identity and history on two clocks, flows, verdict with its trace, plan, codes, sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.basis import Finding, NotFound, Place, Refused, Text, clock, codes, measures, nearest
from kouan.casework.execution.queries import projects_visible_to
from kouan.casework.queries import at_port
from kouan.collection import sources
from kouan.collection.models import Observation, Series
from kouan.console import figures, words
from kouan.console.addresses import address_of
from kouan.console.as_written import as_written, in_brackets
from kouan.console.evaluation_page import newest_evaluation
from kouan.console.grading_page import grade_badge
from kouan.console.marks import origin_badge
from kouan.console.page import page
from kouan.console.port_flows import flows_of_port, heads_of_port
from kouan.console.subject_names import SubjectNames, direction_text
from kouan.console.tables import Column, Filter, Table, as_read, put
from kouan.console.verdict_reason import reason_of
from kouan.console.views.emergencies import event_title
from kouan.console.views.ports import asked_year, judged_years, place_of, port_name
from kouan.console.words import here, page_language
from kouan.desk.models import Document
from kouan.grading.case_verdict import CASE_VERDICTS
from kouan.grading.facts import MEASURES
from kouan.grading.grades import grade_of, proposed_verdict
from kouan.grading.queries import held_in_year, judge, law_as_of
from kouan.grading.strategy_marks import mark_name, mark_of
from kouan.monitoring.emergencies import queries as emergencies
from kouan.ports import queries
from kouan.ports.models import LayoutLink, Port, PortChange, PortCode
from kouan.ports.notes import NOTES, note_text

KINDS = {"month": Text("按月", "By month"), "quarter": Text("按季", "By quarter"), "year": Text("按年", "By year")}
_YES_NO = {True: Text("是", "Yes"), False: Text("否", "No")}
_CODED = {
    "status": words.STATUSES, "approval": words.APPROVALS, "transport_class": words.CLASSES, "neighbour_code": words.REGIONS,
}


def attribute_words(attribute: str, value: Any) -> Any:
    """A value of the register in words: codes by their names, dates as dates."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return _YES_NO[value]
    if attribute in _CODED:
        return _CODED[attribute].get(value, value)
    if attribute == "province_code":
        return codes.province(value).name
    if attribute in ("approved_on", "accepted_on"):
        return value if isinstance(value, date) else date.fromisoformat(value)
    if attribute in NOTES:
        return note_text(value)
    return value


def _document(document: Document, *, is_linked: bool) -> SafeString:
    number = document.document_number
    said = format_html("{}{}", as_written(document.title), in_brackets(number) if number else "")
    return format_html('<a href="{}">{}</a>', reverse("document", args=[document.pk]), said) if is_linked else said


def _with_papers(changes: list[PortChange], *, is_linked: bool) -> None:
    """Write the paper of each change, each paper once: a port's first entries all rest on one or two.

    It is linked only where the reader is sure to see it: whoever sees the port need not see every paper of it.
    """
    written: dict[int, SafeString] = {}
    for change in changes:
        if change.document_id not in written:
            written[change.document_id] = _document(change.document, is_linked=is_linked)
        put(change, paper=written[change.document_id])


def _attribute_cell(change: PortChange) -> SafeString | str:
    value = attribute_words(change.attribute, change.value)
    return as_written(here(value)) if isinstance(value, Text) else as_written(value) if isinstance(value, str) else as_read(value)


def _note(written: str) -> SafeString | str:
    """A note of the register: in the page's language where the system wrote it, else as it was written."""
    note = note_text(written)
    return as_written(here(note)) if note else "—"


HISTORY = Table(
    name="port-history",
    title=Text("登记与变更", "Register entries and changes"),
    prefix="history",
    columns=(
        Column("attribute", Text("事项", "What"), value=lambda c: words.PORT_ATTRIBUTES[c.attribute], order=True, is_key=True),
        Column("value", Text("内容", "Value"), value=lambda c: attribute_words(c.attribute, c.value), show=_attribute_cell, is_wide=True),
        Column("valid_from", Text("自何日起", "True from"), order=True, keeps_line=True,
               show=lambda c: figures.day(c.valid_from) if c.valid_from else here(Text("登记以前", "Before our records"))),
        Column("recorded_at", Text("登记时间", "Known to us"), order=True),
        Column("document", Text("依据文件", "Document"), value=lambda c: c.document.title, show=lambda c: c.paper, is_wide=True),
        Column("reason", Text("说明", "Reason"), value=lambda c: note_text(c.reason), show=lambda c: _note(c.reason), is_wide=True),
    ),
    page_size=20,
    source=Text("口岸名录", "Register of ports"),
)

FIGURES = Table(
    name="port-figures",
    title=Text("数据明细", "Single figures"),
    columns=(
        Column("period", Text("时期", "Period"), value=lambda o: o.period, order="period_start", is_key=True, keeps_line=True,
               show=lambda o: _period_cell(o)),
        Column("measure", Text("指标", "Measure"), value=lambda o: words.capitalised(measures.get(o.series.measure).name),
               show=lambda o: _measure_cell(o)),
        Column("subject_name", Text("统计点", "Counted at"), value=lambda o: o.counted_at, only="export"),
        Column("direction", Text("方向（发布方）", "Direction (publisher's)"), keeps_line=True,
               value=lambda o: direction_text(o.series.measure, o.series.direction, o.region)),
        Column("group", Text("分组", "Group"),
               value=lambda o: words.capitalised(measures.groups()[o.series.group].name)),
        Column("value", Text("数值", "Value"), order="value", is_number=True, show=lambda o: _value_cell(o)),
        Column("unit", Text("单位", "Unit"), value=lambda o: figures.unit_name(o.series.unit), only="export"),
        Column("origin", Text("来源", "Source"), value=lambda o: words.ORIGINS[o.series.origin], show=lambda o: _origin_cell(o)),
        Column("subject", Text("统计点代码", "Code of the point"), value=lambda o: o.series.subject_code, only="export"),
        Column("definition", Text("口径", "Definition"), value=lambda o: o.series.definition, only="export"),
        Column("source", Text("数据来源", "Source"), value=lambda o: sources.get(o.series.source).name, only="export"),
        Column("place", Text("文件与行、列", "File, row and column"), only="page", is_wide=True, show=lambda o: _file_cell(o)),
        Column("file", Text("文件", "File"), value=lambda o: o.batch.file_name, only="export"),
        Column("row", Text("行", "Row"), is_number=True, only="export"),
        Column("column", Text("列", "Column"), is_number=True, only="export"),
        Column("revision", Text("修订", "Revision"), is_number=True, order="revision", show=lambda o: str(o.revision)),
        Column("recorded_at", Text("入库时间", "Taken in"), value=lambda o: o.batch.committed_at, show=lambda o: figures.day(o.batch.committed_at)),
    ),
    filters=(
        Filter("origin", Text("来源性质", "Origin"), choices=tuple(words.ORIGINS.items()), field="series__origin"),
        Filter("measure", Text("指标", "Measure"), field="series__measure"),
        Filter("direction", Text("方向（发布方）", "Direction (publisher's)"), choices=tuple(words.DIRECTIONS.items()), field="series__direction"),
        Filter("group", Text("分组", "Group"), field="series__group",
               choices=lambda: tuple((code, group.name) for code, group in measures.groups().items())),
        Filter("year", Text("年份", "Year"), apply=lambda rows, value: rows.filter(period_start__year=int(value))),
    ),
    default_order="-period",
    empty=Text("没有符合条件的数据。", "No figure matches."),
    empty_next=Text("可放宽筛选条件；尚未报送的数据应由口岸所在地按期报送。",
                    "Widen the filters; what is not reported is owed by the port's office."),
)


def present_in(series: Sequence[int]) -> Table:
    """The table with its measures and years as drop-downs of what some series hold."""
    held = Series.objects.filter(pk__in=series).order_by()
    there = sorted(set(held.values_list("measure", flat=True)))
    years = Observation.objects.filter(series_id__in=series).order_by().values_list("period_start__year", flat=True).distinct()
    choices = {
        "measure": tuple((code, words.capitalised(measures.get(code).name)) for code in there),
        "year": tuple((str(year), Text(f"{year}年", str(year))) for year in sorted(set(years), reverse=True)),
    }
    return replace(FIGURES, filters=tuple(
        replace(one, choices=choices[one.key]) if one.key in choices else one for one in FIGURES.filters
    ))


def _with_points(rows: list[Any]) -> None:
    """Attach where each figure was counted and, for points across the border, in which region."""
    names = SubjectNames((row.series.subject_kind, row.series.subject_code) for row in rows)
    for row in rows:
        row.counted_at = names.name(row.series.subject_kind, row.series.subject_code)
        row.region = names.region(row.series.subject_kind, row.series.subject_code)


def _linked(address: str, words: str) -> SafeString | str:
    return format_html('<a href="{}">{}</a>', address, words) if address else words


def _period_cell(row: Observation) -> SafeString | str:
    """The period, leading to the cell of the file in which the figure was read."""
    return _linked(address_of("observation", row.pk), figures.period(row.period))


def _origin_cell(row: Observation) -> SafeString:
    source = _linked(address_of("source", row.series.source), here(sources.get(row.series.source).name))
    return format_html('{}<span class="subline">{}</span>', origin_badge(row.series.origin), source)


def _measure_cell(row: Any) -> SafeString:
    """What was counted, and where: a point across the border is named with its region."""
    name = here(words.capitalised(measures.get(row.series.measure).name))
    return format_html('{}<span class="subline">{}</span>', name, as_read(row.counted_at))


def _value_cell(row: Observation) -> SafeString:
    number = figures.number(row.value, shorten=False, places=6)
    return format_html('<data value="{}">{}</data><span class="head-unit">{}</span>', f"{row.value:f}", number, figures.unit_name(row.series.unit))


def _file_cell(row: Observation) -> SafeString:
    """The file, and in it the row and column of the figure."""
    place = here(Text(f"第{row.row}行，第{row.column}列", f"row {row.row}, column {row.column}"))
    return format_html('{}<span class="subline">{}</span>', _linked(address_of("batch", row.batch_id), row.batch.file_name), place)


def _port_of(request: HttpRequest, code: str) -> Port:
    """The port with this code, in scope. Else the 404 of every port that is not there, with the nearest ports in scope:
    known and unknown codes out of scope are answered alike.
    """
    try:
        return queries.get_port(request.user, code)
    except NotFound as error:
        index = queries.PortIndex.build(request.user)
        meant = index.resolve(code)
        codes_near = [meant.code] if isinstance(meant, Port) else nearest(code, index.ports)
        links = [(port_name(index.ports[one]), reverse("port", args=[one])) for one in codes_near]
        error.links = [*links, (here(Text("口岸列表", "The list of ports")), reverse("ports"))]  # type: ignore[attr-defined]
        raise


@page("ports.read")
def port(request: HttpRequest, code: str) -> HttpResponseBase:
    """Everything known of one port; 404 and a trace when it is out of scope."""
    found = _port_of(request, code)
    changes = queries.history(found)
    _with_papers(changes, is_linked=scope_of(request.user).everything)
    history = HISTORY.read(request, changes)
    if history.wants_export:
        return history.export()
    as_of, known_at, findings = _clocks(request)
    state = queries.state_of(found, as_of, known_at) if as_of or known_at else None
    kind = request.GET.get("by", "month")
    kind = kind if kind in KINDS else "month"
    points = queries.counterpart_points_of(found)
    heads = heads_of_port(found, points)
    grade = grade_of(found.code, as_of, known_at)
    cases = at_port(request.user, found)
    return render(request, "console/ports/one.html", {
        "port": found, "name": port_name(found),
        "crumbs": [{"label": Text("口岸", "Ports"), "address": reverse("ports")}, {"label": port_name(found)}],
        "findings": findings, "as_of": as_of, "known_at": known_at, "is_past": bool(as_of or known_at),
        "is_absent": bool(as_of or known_at) and state is None,
        "identity": _identity(found, state or found), "history": history, "events": queries.events_of(found),
        "flows": flows_of_port(found, points, heads, kind), "kinds": KINDS.items(), "kind": kind, "points": points,
        "judgement": _judgement(request, found, heads, changes), "links": list(LayoutLink.objects.filter(port_id=found.pk).select_related("entry")),
        "projects": list(found.projects.all()),
        "projects_seen": set(projects_visible_to(request.user).filter(ports=found).values_list("project_id", flat=True)),
            "codes": list(PortCode.objects.filter(port_id=found.pk)),
        "members": list(found.members.all()) if found.is_group else [],
        "intake_address": address_of("upload") if may(request.user, "intake.submit") else "",
        "sees_events": may(request.user, "events.read"),
        "may_change": may(request.user, "ports.change"), "grade_mark": grade_badge(grade.grade if grade else None), "grade": grade,
        "marked": mark_name(mark_of(found.code, as_of, known_at)),
        "evaluated": newest_evaluation(request.user, found.code),
        "proposed": CASE_VERDICTS[proposed_verdict(found.code)], "cases": cases, "readable": cases.readable,
        "emergencies": [(each, event_title(each)) for each in emergencies.at_port(request.user, found)],
        "closures": emergencies.closed_at(request.user, found),
    })


def _clocks(request: HttpRequest) -> tuple[date | None, datetime | None, list[Finding]]:
    """The two clocks of the address bar: true on this day, known by the end of that day."""
    findings: list[Finding] = []
    days: dict[str, date | None] = {}
    for name, label in (("as_of", Text("状态日期", "state on")), ("known_at", Text("当时所知", "as known on"))):
        said = request.GET.get(name, "").strip()
        days[name] = None
        if not said:
            continue
        try:
            days[name] = date.fromisoformat(said)
        except ValueError:
            findings.append(Finding.warning(
                "bad_date", f"“{label.zh}”不是有效日期：{said[:20]}。", f"“{label.en}” is not a date: {said[:20]}.", where=Place(field=name),
                remedy=("请按 2021-01-31 的形式填写。", "Write it as 2021-01-31."),
            ))
    known = days["known_at"]
    return days["as_of"], datetime.combine(known, time(23, 59, 59), clock.BEIJING) if known else None, findings


def _identity(port: Port, held: Any) -> list[tuple[Text, Any]]:
    """The facts of the register as pairs; ``held`` is the port of today or its state on another day."""
    place = place_of(held)
    unknown = here(Text("未登记", "Not registered"))
    class_words = words.CLASSES[held.transport_class] if held.transport_class else Text("待定", "Undecided")
    basis = format_html("{}{}", here(class_words), in_brackets(_note(held.class_basis)) if held.class_basis else "")
    city = held.city_name if place and page_language() == "en" and held.city_name not in codes.province(held.province_code).name.zh else ""
    names = format_html("{} · {}", as_written(held.name_zh), held.name_en) if held.name_en else as_written(held.name_zh)
    return [
        (Text("口岸代码", "Port code"), port.code),
        (Text("名称", "Name"), names),
        (Text("所在地", "Place"), format_html("{}{}", here(place), format_html(", {}", as_written(city)) if city else "") if place else "—"),
        (Text("运输方式", "Mode"), here(words.MODES[port.mode])),
        (Text("运输类别", "Transport class"), basis),
        (Text("毗邻国家（地区）", "Neighbouring country or region"), here(words.REGIONS[held.neighbour_code]) if held.neighbour_code else "—"),
        (Text("边境口岸", "Border port"), here(_YES_NO[held.is_border]) if held.is_border is not None else here(Text("待核", "To be verified"))),
        (Text("批准情况", "Approval"), here(words.APPROVALS[held.approval])),
        (Text("批准日期", "Approved on"), figures.day(held.approved_on) if held.approved_on else unknown),
        (Text("通过验收日期", "Accepted on"), figures.day(held.accepted_on) if held.accepted_on else unknown),
        (Text("坐标", "Position"), format_html("{}, {}{}", held.latitude, held.longitude, in_brackets(_note(held.position_source)))
         if held.latitude is not None else unknown),
        (Text("登记来源", "Source of the entry"), _note(held.source_note)),
    ]


def _judgement(request: HttpRequest, found: Port, heads: Sequence[Series], changes: Sequence[PortChange]) -> dict[str, Any]:
    """The verdict of a year with everything needed to answer for it; the finding where facts are refused.

    ``changes``: the port's, read for its history already; they say what it was in the judged year.
    """
    years = judged_years()
    year = asked_year(request, years) or clock.today().year - 1
    if found.is_group:
        return {"year": year, "years": [], "outcome": None, "why_not": Text(
            "这是含成员的口岸，由各成员口岸分别判定。", "This port is a group; its members are judged one by one.")}
    held = held_in_year([found], year, changes)
    there = held.get(found.code)
    if there is None:
        return {"year": year, "years": years, "outcome": None, "why_not": Text(
            f"{year}年末名录中还没有这个口岸，不作达标判定。", f"The register did not hold this port at the end of {year}; it is not judged.")}
    if there.was_out:
        return {"year": year, "years": years, "outcome": None, "why_not": Text(
            f"{year}年全年口岸状态为“{words.STATUSES[there.status].zh}”，不作达标判定。",
            f"All through {year} the port's status was “{words.STATUSES[there.status].en}”; it is not judged.")}
    try:
        judged = judge([found], year, law_as_of(), heads, held)[0]
    except Refused as error:
        return {"year": year, "years": years, "findings": error.findings, "outcome": None}
    outcome = judged.outcome
    return {
        "year": year, "years": years or [year], "outcome": outcome, "findings": outcome.findings,
        "margins": [
            {"name": words.capitalised(MEASURES[name][1]), "unit": figures.unit_name(MEASURES[name][0]), "margin": margin,
             "law_address": address_of("law-parameter", margin.limit.key), "figures_address": address_of("port-figures", found.code, year=str(year))}
            for name, margin in outcome.margins.items()
        ],
        "reason": reason_of(outcome, request.user, found.code),
        "candidates": [(words.CLASSES[each.value], verdict) for each, verdict in outcome.candidates.items()],
        "law_address": address_of("law-rule", outcome.rule),
        "readings": [(each, address_of("law-setting", each.key)) for each in outcome.readings],
    }


@page("ports.read")
def port_figures(request: HttpRequest, code: str) -> HttpResponseBase:
    """Every figure kept of a port and of the points that face it, with file, row and column of each."""
    found = _port_of(request, code)
    points = [point.code for point in queries.counterpart_points_of(found)]
    own = Series.objects.filter(subject_kind="port", subject_code=found.code)
    facing = Series.objects.filter(subject_kind="counterpart_point", subject_code__in=points)
    keys = [*own.values_list("pk", flat=True), *facing.values_list("pk", flat=True)]
    rows = Observation.objects.visible_to(request.user).filter(series_id__in=keys).select_related("series", "batch")
    notes = [Text(
        "按文件原样列出，方向为发布方的方向；对侧数据的入境即本口岸的出境。被修订的旧数保留，修订号大者为现行。",
        "As in the file, with the publisher's direction: arrival at the counterpart is departure here. "
        "Revised figures stay; the highest revision holds.",
    )]
    view = present_in(keys).read(request, rows, notes=notes, decorate=_with_points)
    if view.wants_export:
        return view.export()
    return render(request, "console/ports/figures.html", {
        "table": view, "name": port_name(found),
        "crumbs": [{"label": Text("口岸", "Ports"), "address": reverse("ports")},
                   {"label": port_name(found), "address": reverse("port", args=[found.code])}, {"label": Text("数据明细", "Figures")}],
    })


urlpatterns = [
    path("ports/<slug:code>", port, name="port"),
    path("ports/<slug:code>/figures", port_figures, name="port-figures"),
]
