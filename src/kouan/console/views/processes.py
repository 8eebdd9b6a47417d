"""作业流程: one flow at one port over some months; its cases, and one case segment by segment."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from kouan.basis import Finding, NotFound, Place, Refused, Text
from kouan.console import figures
from kouan.console import process_tables as tables
from kouan.console.flow_map import flow_map, hours_text
from kouan.console.page import page
from kouan.console.process_page import (
    Question,
    flow_name,
    form_of,
    nature_name,
    owners_name,
    path_name,
    question_of,
)
from kouan.console.words import here
from kouan.monitoring.case_times import explain_case
from kouan.monitoring.norms.queries import norms_in_force
from kouan.monitoring.processes.asking import port_for
from kouan.monitoring.processes.cases import cases_along
from kouan.monitoring.processes.kept import kept
from kouan.monitoring.processes.view import (
    ProcessView,
    SegmentTimes,
    WholeTimes,
    milestone_name,
    process_view,
)
from kouan.monitoring.timing.definitions import shipped, subject_of
from kouan.monitoring.timing.events import moment
from kouan.monitoring.timing.explain import STATUS, length
from kouan.monitoring.timing.timeline import Status

# Segments of fewer legs than this share are gathered in one sentence; the exports have them all.
_RARE = 0.01
_PATHS = 200


@page("events.read")
def processes(request: HttpRequest) -> HttpResponseBase:
    """The page: form, overall times, segments, map, paths, deviations, conformance."""
    try:
        asked = question_of(request)
    except NotFound:
        raise
    except Refused as error:
        return _empty(request, error.findings)
    if asked.port is None:
        return _empty(request, [], asked)
    try:
        view = view_of(request.user, asked)
    except NotFound:
        raise
    except Refused as error:
        return _empty(request, error.findings, asked)
    flow = view.flow or asked.flow
    here_asked = Question(asked.port, flow, asked.months, asked.by, asked.whole, asked.limit)
    shown = _tables(request, view, here_asked, flow[2])
    for each in shown.values():
        if each.wants_export:
            return each.export()
    return render(request, "console/processes/flow.html", {
        **form_of(request), **shown, "asked": asked, "view": view, "name": here(Text(asked.port.name_zh, asked.port.name_en or asked.port.name_zh)),
        "flow_name": flow_name(flow) if view.flow else None, "flows": _flows(view, asked), "wholes": view.wholes,
        "whole_choices": [(each.whole.code, each.whole.name) for each in view.wholes],
        "owners": _bars([(owners_name(tuple(name.split("+"))), value) for name, value in view.by_owner]),
        "natures": _bars([(nature_name(name), value) for name, value in view.by_nature]),
        "map": _map(view, here_asked, flow), "usual": path_name(view.usual.milestones, flow[2]) if view.usual else "",
        "usual_address": _cases_address(here_asked, path=".".join(view.usual.milestones)) if view.usual else "",
        "usual_time": hours_text(view.usual.median_hours) if view.usual else None,
        "rare": _rare(view), "extra": _extra(view), "conforming": figures.percent(view.conformance.share) if view.conformance else "",
        "cases": _cases_address(here_asked), "query": here_asked.query(whole="", limit=""), "crumbs": _crumbs(asked),
    })  # fmt: skip


def view_of(user: Any, asked: Question) -> ProcessView:
    """The figures that an address asks for; NotFound for a port out of scope."""
    port = port_for(user, asked.port.code if asked.port else "")
    key = ("view", port.code, asked.months, asked.flow, asked.by, asked.whole, asked.limit)
    norms = norms_in_force()
    return kept(user, (*key, tuple(norms)), lambda: process_view(
        user, port.code, asked.months, flow=asked.flow, by=asked.by, whole=asked.whole, limit_hours=asked.limit, norms=norms))


def _empty(request: HttpRequest, findings: list[Finding], asked: Question | None = None) -> HttpResponseBase:
    return render(request, "console/processes/flow.html", {**form_of(request), "findings": findings, "asked": asked, "crumbs": []})


def _crumbs(asked: Question, *more: dict[str, Any]) -> list[dict[str, Any]]:
    port = asked.port
    if port is None:
        return []
    return [{"label": Text("口岸", "Ports"), "address": reverse("ports")},
            {"label": Text(port.name_zh, port.name_en or port.name_zh), "address": reverse("port", args=[port.code])},
            *more]  # fmt: skip


def _cases_address(asked: Question, **more: str) -> str:
    return reverse("process-cases") + asked.query(whole="", limit="", **more)


def _flows(view: ProcessView, asked: Question) -> list[dict[str, Any]]:
    """The flows that the port has in the months, with the way to each."""
    return [
        {"name": flow_name(flow), "n": n, "is_shown": flow == view.flow,
         "address": asked.query(kind=flow[0], mode=flow[1], direction=flow[2], whole="")}
        for flow, n in view.flows
    ]  # fmt: skip


def _tables(request: HttpRequest, view: ProcessView, asked: Question, direction: str) -> dict[str, Any]:
    origin = "exercise" if "exercise" in view.origins else None
    known = {"origin": origin, "notes": ()}
    common = [row for row in view.segments if row.summary.n >= view.n * _RARE]
    rows = list(view.segments) if request.GET.get("s.format") or request.GET.get("s.all") else common
    paths = [SimpleNamespace(rank=at, path=each, address=_cases_address(asked, path=".".join(each.milestones)))
             for at, each in enumerate(view.variants[:_PATHS], 1)]  # fmt: skip
    away = [_Away(each, _cases_address(asked, path=".".join(each.path.milestones))) for each in view.deviations[:_PATHS]]
    arcs = [SimpleNamespace(**{name: getattr(arc, name) for name in type(arc).__slots__}, address=_arc_address(asked, arc)) for arc in view.arcs]
    return {
        "overall": tables.WHOLES.read(request, [_whole_row(each) for each in view.wholes], **known),
        "months": tables.COHORTS.read(request, list(view.cohorts), **known),
        "segments": tables.segments(direction).read(request, rows, **known),
        "arcs": tables.arcs(direction).read(request, arcs, **known),
        "variants": tables.variants(direction, view.n).read(request, paths, **known),
        "deviations": tables.deviations(direction).read(request, away, **known),
        "breaches": tables.breaches(direction).read(request, _breaches(view, direction), **known),
    }


@dataclass(frozen=True, slots=True)
class _Away:
    """A deviation with the way to its cases."""

    deviation: Any
    address: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.deviation, name)


def _whole_row(each: WholeTimes) -> Any:
    said = [f"{here(STATUS[Status(code)])} {n:,}" for code, n in each.statuses.items() if code != "complete"]
    return SimpleNamespace(whole=each.whole, summary=each.summary, statuses=each.statuses, others=here(Text("，", ", ")).join(said) or "—")


def _breaches(view: ProcessView, direction: str) -> list[dict[str, Any]]:
    if view.conformance is None:
        return []
    def name(code: str) -> Text:
        return milestone_name(code, direction)

    return [
        *({"what": here(Text(f"{name(a).zh}先于{name(b).zh}", f"{name(a).en} before {name(b).en}")), "n": n}
          for a, b, n in view.conformance.breaches),
        *({"what": here(Text(f"流程中没有的节点：{name(code).zh}", f"not in the flow: {name(code).en}")), "n": n}
          for code, n in view.conformance.foreign),
    ]  # fmt: skip


def _arc_address(asked: Question, arc: Any) -> str:
    return _cases_address(asked, arc=f"{arc.start}.{arc.end}")


def _map(view: ProcessView, asked: Question, flow: tuple[str, str, str]) -> Any:
    if not view.arcs:
        return None
    published = shipped().flow(subject_of(flow[0]), flow[2], flow[1])
    return flow_map(view.arcs, view.begins, published.order if published else (), view.n,
                    lambda code: here(milestone_name(code, flow[2])), lambda arc: _arc_address(asked, arc))


def _bars(rows: list[tuple[Text, float]]) -> list[dict[str, Any]]:
    total = sum(value for _, value in rows)
    return [{"name": name, "share": figures.percent(value / total) if total else "—", "width": f"{100 * value / total:.1f}" if total else "0",
             "hours": f"{value:,.0f}"} for name, value in rows]  # fmt: skip


def _rare(view: ProcessView) -> dict[str, Any] | None:
    rare: list[SegmentTimes] = [row for row in view.segments if row.summary.n < view.n * _RARE]
    return {"n": len(rare), "share": figures.percent(sum(row.share for row in rare), 2)} if rare else None


def _extra(view: ProcessView) -> dict[str, Any]:
    dearer = [each for each in view.deviations if each.total_hours > 0]
    return {"n": sum(each.path.n for each in view.deviations), "hours": f"{sum(each.total_hours for each in dearer):,.0f}"}


@page("events.read")
def process_cases(request: HttpRequest) -> HttpResponseBase:
    """The cases behind a path or an arc, longest first."""
    asked = question_of(request)
    if asked.port is None:
        raise NotFound.because("process_out_of_reach", "没有选择口岸。", "No port was chosen.", where=Place(field="port"))
    port = port_for(request.user, asked.port.code)
    along = tuple(each for each in request.GET.get("path", "")[:2000].split(".") if each)
    arc = tuple(each for each in request.GET.get("arc", "")[:120].split(".") if each)
    between = (arc[0], arc[1]) if len(arc) == 2 else None
    found = kept(request.user, ("cases", port.code, asked.months, asked.flow, asked.by, along, between), lambda: cases_along(
        request.user, port.code, asked.months, flow=asked.flow, by=asked.by, path=along, arc=between, limit=1000))
    direction = (found.flow or asked.flow)[2]
    rows = [SimpleNamespace(
        case=each, begun=moment(each.begun) if each.begun is not None else None, ended=moment(each.ended) if each.ended is not None else None,
        path=path_name(each.path, direction), address=reverse("process-case") + asked.query(whole="", limit="", case=each.case_id))
        for each in found.items]  # fmt: skip
    cut = () if found.following is None else (Text(f"共 {found.total:,} 件，列出用时最长的 {len(rows):,} 件。",
                                                   f"The {len(rows):,} longest of {found.total:,} cases are listed."),)
    table = tables.CASES_TABLE.read(request, rows, notes=cut)
    if table.wants_export:
        return table.export()
    what = path_name(along, direction) if along else f"{path_name(between, direction)}" if between else ""
    return render(request, "console/processes/cases.html", {
        "table": table, "asked": asked, "flow_name": flow_name(found.flow) if found.flow else None, "what": what, "total": found.total,
        "crumbs": _crumbs(asked, {"label": Text("作业流程", "Process views"), "address": reverse("processes") + asked.query()}),
    })


@page("events.read")
def process_case(request: HttpRequest) -> HttpResponseBase:
    """One case: every whole with its parts, its events, what is open."""
    case_id = request.GET.get("case", "").replace("\x00", "")[:80]
    told = explain_case(request.user, case_id)
    for whole in told["wholes"]:
        parts = [*whole["parts"], *whole["so_far"]]
        total = sum(part["us"] or 0 for part in parts)
        at = 0.0
        for part in parts:
            part["x"], part["width"] = f"{at:.2f}", f"{100 * (part['us'] or 0) / total:.2f}" if total else "0"
            at += float(part["width"])
        whole["all_parts"] = parts
        for check in whole["norms"]:
            check["limit"], check["took"] = length(check["limit_us"]), None if check["us"] is None else length(check["us"])
    asked = question_of(request)
    back = [{"label": Text("作业流程", "Process views"), "address": reverse("processes") + asked.query()}]
    return render(request, "console/processes/case.html", {
        "case_id": case_id, "told": told, "findings": told["findings"],
        "crumbs": _crumbs(asked, *back) if asked.port else back,
    })


urlpatterns = [
    path("processes", processes, name="processes"),
    path("processes/cases", process_cases, name="process-cases"),
    path("processes/case", process_case, name="process-case"),
]
