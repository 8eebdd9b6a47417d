"""``/series``, ``/observations``, ``/flows``: figures, each with its way back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router

from kouan.api.paging import After, Limit, page
from kouan.api.shapes import REFUSALS, FlowList, LineageOut, ObservationPage, SeriesPage
from kouan.basis import Finding, NotFound, Period, PeriodKind, SubjectRef
from kouan.collection.lineage import trace
from kouan.collection.models import Observation, Series
from kouan.collection.queries import observations_visible_to, series_visible_to, visible_subjects
from kouan.monitoring.queries import current, flows_of

router = Router(tags=["数据 figures"])
Subject = Annotated[str, Query(max_length=90, description="如 port:luohu-rail、counterpart_point:lo-wu")]
Identity = Annotated[int, Path(ge=1, lt=2**63)]


def series_dict(series: Series) -> dict[str, Any]:
    """A series as the API shows it."""
    return {
        "id": series.pk, "subject": f"{series.subject_kind}:{series.subject_code}", "measure": series.measure,
        "direction": series.direction, "group": series.group, "granularity": series.granularity,
        "unit": series.unit, "definition": series.definition, "origin": series.origin, "source": series.source,
    }


def observation_dict(observation: Observation, *, last: int | None = None) -> dict[str, Any]:
    """A figure as the API shows it. ``last`` is the latest revision, where it is known."""
    kind = PeriodKind(observation.series.granularity)
    period = (Period.span(observation.period_start, observation.period_end) if kind == PeriodKind.SPAN
              else Period.of(kind, observation.period_start))
    return {
        "id": observation.pk, "series": series_dict(observation.series), "period": period.code,
        "period_start": observation.period_start, "period_end": observation.period_end,
        "value": float(observation.value), "revision": observation.revision,
        "is_current": last is None or observation.revision == last, "batch": observation.batch_id,
        "sheet": observation.sheet, "row": observation.row, "column": observation.column,
    }


@router.get("/series", response={200: SeriesPage, **REFUSALS}, summary="数据序列 / series in scope")
def list_series(
    request: HttpRequest, subject: Subject = "", measure: Annotated[str, Query(max_length=48)] = "",
    limit: Limit = 50, after: After = "",
) -> dict[str, Any]:
    """What there are figures of."""
    found = series_visible_to(request.user)
    if subject:
        wanted = SubjectRef.parse(subject)
        found = found.filter(subject_kind=wanted.kind, subject_code=wanted.code)
    if measure:
        found = found.filter(measure=measure)
    return page(found, key="id", limit=limit, after=after, kind=int, show=series_dict)


@router.get("/observations", response={200: ObservationPage, **REFUSALS}, summary="数据 / figures in scope")
def list_observations(
    request: HttpRequest, subject: Subject = "", measure: Annotated[str, Query(max_length=48)] = "",
    period: Annotated[str, Query(max_length=30, description="如 2023、2023-Q1、2023-03、2023-03-06")] = "",
    revisions: bool = False, limit: Limit = 50, after: After = "",
) -> dict[str, Any]:
    """Current figures, oldest entry first; ``revisions=true`` shows replaced ones as well."""
    found = observations_visible_to(request.user).select_related("series")
    if subject:
        wanted = SubjectRef.parse(subject)
        found = found.filter(series__subject_kind=wanted.kind, series__subject_code=wanted.code)
    if measure:
        found = found.filter(series__measure=measure)
    if period:
        span = Period.parse(period)
        found = found.filter(period_start__gte=span.start, period_end__lte=span.end)
    if not revisions:
        found = current(found)
    return page(found, key="id", limit=limit, after=after, kind=int, show=observation_dict)


@router.get("/observations/{id}", response={200: LineageOut, **REFUSALS}, summary="数据血缘 / where it came from")
def one_observation(request: HttpRequest, id: Identity) -> dict[str, Any]:
    """A figure with its file, checksum, sheet, row and column, and all its revisions."""
    found = observations_visible_to(request.user).select_related("series", "batch").filter(pk=id).first()
    if found is None:
        raise NotFound([Finding.error("observation_not_found", f"没有编号为 {id} 的数据。", f"There is no figure {id}.")])
    history = list(
        Observation.objects.filter(series=found.series, period_start=found.period_start, period_end=found.period_end)
        .select_related("series").order_by("revision")
    )
    last = history[-1].revision
    return {
        "observation": found.pk, "lineage": trace(found).as_dict(),
        "history": [observation_dict(each, last=last) for each in history],
    }


@router.get("/flows", response={200: FlowList, **REFUSALS}, summary="流量 / figures rolled up")
def list_flows(
    request: HttpRequest, subject: Subject, measure: Annotated[str, Query(max_length=48)] = "",
    every: Literal["month", "quarter", "year"] = "year", by_direction: bool = False,
) -> dict[str, Any]:
    """Every series of a subject by month, quarter or year; a period with a gap has no value, only a part."""
    wanted = visible_subjects(request.user, [SubjectRef.parse(subject)])
    found = flows_of(wanted, kind=every, measure=measure or None, by_direction=by_direction)
    return {"items": [{
        "subject": str(each.subject), "measure": each.measure, "direction": each.direction, "group": each.group,
        "unit": each.unit, "origin": each.origin, "source": each.source, "definition": each.definition,
        "flows": [{
            "period": flow.period.code, "value": None if flow.value is None else float(flow.value),
            "partial": None if flow.partial is None else float(flow.partial),
            "present": flow.present, "expected": flow.expected,
        } for flow in each.flows],
    } for each in found]}
