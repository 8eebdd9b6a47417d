"""``/series``, ``/observations``, ``/flows``: figures, each with its way back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router

from kouan.api.paging import page
from kouan.api.reading import AfterNumber, Day, Limit, MeasureFilter, Number, Subject, SubjectFilter
from kouan.api.shapes import REFUSALS, FlowList, LineageOut, ObservationPage, SeriesPage
from kouan.basis import Finding, Place, Refused, SubjectKind, SubjectRef, clock, measures
from kouan.collection.granted import is_own
from kouan.collection.lineage import trace
from kouan.collection.models import Observation, Series
from kouan.collection.queries import (
    get_observation,
    observations_visible_to,
    series_visible_to,
)
from kouan.monitoring.queries import current, flows_of
from kouan.monitoring.subjects import subject_for
from kouan.monitoring.telling import series_told, totals_told
from kouan.monitoring.totals import may_total, reported_measures, totals_of

router = Router(tags=["数据 / Figures"])
Every = Literal["month", "quarter", "year"]
YEARS = 10


def known_measure(text: str) -> str | None:
    """The code of a measure that a request names, or None; Refused with the nearest names where there is none."""
    if not text:
        return None
    found = measures.find(text, where=Place(field="measure"))
    if isinstance(found, Finding):
        raise Refused(found)
    return found.code


def series_dict(series: Series) -> dict[str, Any]:
    """A series as the API shows it."""
    return {
        "id": series.pk, "subject": f"{series.subject_kind}:{series.subject_code}", "measure": series.measure,
        "direction": series.direction, "group": series.group, "granularity": series.granularity,
        "unit": series.unit, "definition": series.definition, "origin": series.origin, "source": series.source,
    }


def observation_dict(observation: Observation, *, last: int | None = None) -> dict[str, Any]:
    """A figure as the API shows it. ``last`` is the latest revision, where it is known."""
    return {
        "id": observation.pk, "series": series_dict(observation.series), "period": observation.period.code,
        "period_start": observation.period_start, "period_end": observation.period_end,
        "value": float(observation.value), "revision": observation.revision,
        "is_current": last is None or observation.revision == last, "batch": observation.batch_id,
        "sheet": observation.sheet, "row": observation.row, "column": observation.column,
    }


@router.get(
    "/series", response={200: SeriesPage, **REFUSALS}, summary="数据序列 / Series in scope",
    description="有哪些数据：对象、指标、方向、分组、周期、单位、口径、性质、来源。 / "
                "What there are figures of: subject, measure, direction, group, granularity, unit, definition, origin, source.",
)
def list_series(
    request: HttpRequest, subject: SubjectFilter = "", measure: MeasureFilter = "",
    limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """What there are figures of."""
    found = series_visible_to(request.user)
    if subject:
        wanted = subject_for(request.user, subject)
        found = found.filter(subject_kind=wanted.kind, subject_code=wanted.code)
    if (code := known_measure(measure)) is not None:
        found = found.filter(measure=code)
    return page(found, key="id", limit=limit, after=after, show=series_dict)


@router.get(
    "/observations", response={200: ObservationPage, **REFUSALS}, summary="数据 / Figures in scope",
    description="某对象的现行数据，按入库次序；start、end 限定时期（含首尾），revisions=true 时连同已被修订的数据。 / "
                "The current figures of a subject in the order in which they came in; start and end bound their "
                "periods (both days included), revisions=true shows replaced ones as well.",
)
def list_observations(
    request: HttpRequest, subject: Subject, measure: MeasureFilter = "",
    start: Annotated[Day | None, Query(description="期初不早于 / periods from this day")] = None,
    end: Annotated[Day | None, Query(description="期末不晚于 / periods to this day")] = None,
    revisions: Annotated[bool, Query(description="连同已被修订的 / with replaced figures")] = False,
    limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """Current figures of a subject; ``revisions=true`` shows replaced ones as well."""
    wanted = subject_for(request.user, subject)
    series = series_visible_to(request.user).filter(subject_kind=wanted.kind, subject_code=wanted.code)
    if (code := known_measure(measure)) is not None:
        series = series.filter(measure=code)
    found = observations_visible_to(request.user).select_related("series").filter(
        series__in=list(series.values_list("pk", flat=True))
    )
    if start is not None:
        found = found.filter(period_start__gte=start)
    if end is not None:
        found = found.filter(period_end__lte=end)
    if not revisions:
        found = current(found)
    return page(found, key="id", limit=limit, after=after, show=observation_dict)


@router.get(
    "/observations/{id}", response={200: LineageOut, **REFUSALS}, summary="数据血缘 / Where a figure came from",
    description="一个数据的来处：文件、校验值、工作表、行、列，以及历次修订。 / "
                "The file, checksum, sheet, row and column of a figure, and all its revisions.",
)
def one_observation(request: HttpRequest, id: Number) -> dict[str, Any]:
    """A figure with its file, checksum, sheet, row and column, and all its revisions."""
    found = get_observation(request.user, id)
    history = list(
        Observation.objects.filter(series=found.series, period_start=found.period_start, period_end=found.period_end)
        .select_related("series").order_by("revision")[:200]
    )
    last = history[-1].revision
    told = trace(found).as_dict()
    if not is_own(request.user, found.series_id):
        told["submitted_by"] = ""  # a grant shows figures, not who typed them
    return {
        "observation": found.pk, "lineage": told,
        "history": [observation_dict(each, last=last) for each in history], "workspace": settings.WORKSPACE,
    }


@router.get(
    "/flows", response={200: FlowList, **REFUSALS}, summary="流量 / Figures rolled up",
    description="某对象的各个序列按月、季或年汇总；有缺的时期只给已有部分（partial），不给合计（value）。各来源分列，不相混合。"
                "全国和省另给近十年各口岸自报数的合计（totals），更早的和成员明细见 /totals。 / "
                "Every series of a subject by month, quarter or year; a period with a gap has only its part, never a "
                "total. Each source stands for itself. For the nation and provinces, “totals” adds up the ports' own "
                "figures of the last ten years; more, and the members behind a total, under /totals.",
)
def list_flows(
    request: HttpRequest, subject: Subject, measure: MeasureFilter = "",
    every: Annotated[Every, Query(description="month 月、quarter 季、year 年 / month, quarter or year")] = "year",
    by_direction: Annotated[bool, Query(description="进、出境分列 / keep directions apart")] = False,
) -> dict[str, Any]:
    """Every series of a subject by month, quarter or year; a period with a gap has no value, only a part."""
    wanted = subject_for(request.user, subject)
    code = known_measure(measure)
    found = flows_of([wanted], kind=every, measure=code, by_direction=by_direction, reader=request.user)
    return {"workspace": settings.WORKSPACE, "items": series_told(request.user, found),
            "totals": _totals(request.user, wanted, code, every)}


def _totals(user: Any, region: SubjectRef, measure: str | None, every: str) -> list[dict[str, Any]]:
    """The totals of a region whose ports the user all sees, of one measure or of each that any of them reported."""
    if region.kind not in (SubjectKind.NATION, SubjectKind.PROVINCE) or not may_total(user, region):
        return []
    wanted = reported_measures(user, region) if measure is None else [measure]
    first = clock.today().year - YEARS + 1
    return [totals_told(user, totals_of(user, region, each, every, first_year=first))
            for each in wanted if measures.get(each).is_additive and not measures.get(each).is_benchmark]
