"""``/processes``: process views for programs, the figures of the pages 作业流程, 前后对比 and 排队与通道, bounded like them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from kouan.accounts.action import allows, refuse
from kouan.api.paging import of_rows
from kouan.api.process_shapes import ProcessCasePage, ProcessComparisonOut, ProcessLanesOut, ProcessOut
from kouan.api.reading import AfterNumber, Day, Limit
from kouan.api.shapes import REFUSALS
from kouan.basis import Place, Refused, clock
from kouan.monitoring.case_times import explain_case
from kouan.monitoring.norms.queries import norms_in_force
from kouan.monitoring.processes import telling
from kouan.monitoring.processes.asking import Months, latest_months, port_for
from kouan.monitoring.processes.cases import cases_along
from kouan.monitoring.processes.comparison import compare_periods
from kouan.monitoring.processes.kept import kept
from kouan.monitoring.processes.lanes import lane_view
from kouan.monitoring.processes.view import process_view

router = Router(tags=["作业流程 / Process views"])
_MOST_CASES = 100_000
_PORT = Annotated[str, Query(pattern=r"^[-a-z0-9]{1,64}$", description="口岸代码 / port")]
_MONTH = Annotated[str, Query(pattern=r"^(20[0-9]{2}-(0[1-9]|1[0-2]))?$", description="月份，如 2026-03 / month, such as 2026-03")]
_KIND = Annotated[str, Query(pattern=r"^(consignment|declaration|container|vehicle|train|vessel_call|flight|passenger_batch)?$",
                             description="事项类别，缺省为件数最多的 / kind of case, by default the most frequent")]
_MODE = Annotated[str, Query(pattern=r"^(sea|river|air|rail|road)?$", description="运输方式 / mode")]
_WAY = Annotated[str, Query(pattern=r"^(inbound|outbound|transit)?$", description="方向 / direction")]
_BY = Annotated[str, Query(pattern=r"^(release|arrival)$", description="归月：release 放行、arrival 到达 / month of release or of arrival")]
_CODES = Annotated[str, Query(pattern=r"^([a-z_]{1,48}(\.[a-z_]{1,48}){0,63})?$",
                              description="节点代码，用 . 连接 / milestones joined by full stops")]


def _may(request: HttpRequest) -> None:
    if not allows(request.user, "events.read"):
        raise refuse(request.user, "events.read", "api.processes")


def _months(first: str, last: str) -> Months:
    return Months.of(first or last, last) if first or last else latest_months()


@router.get(
    "/processes", response={200: ProcessOut, **REFUSALS}, summary="一个口岸的作业流程 / One flow at one port",
    description="整体时间、分段（责任方、作业或等待）、节点衔接、路径与偏离、与公布流程的符合；一次最多 6 个月、6 万件，超出时 notes 说明。 / "
                "Overall times, segments with owner and nature, what follows what, paths and deviations, conformance. At most 6 months and "
                "60,000 cases; notes say what was cut.",
)
def one_flow(
    request: HttpRequest, port: _PORT, first: _MONTH = "", last: _MONTH = "", kind: _KIND = "", mode: _MODE = "", direction: _WAY = "",
    by: _BY = "release", whole: Annotated[str, Query(pattern=r"^[a-z_]{0,48}$", description="分段看哪个全程 / whole told in segments")] = "",
    limit_hours: Annotated[float | None, Query(gt=0, le=10_000, description="规范小时数 / norm in hours")] = None,
) -> dict[str, Any]:
    """The figures of one flow."""
    _may(request)
    port_for(request.user, port)
    months = _months(first, last)
    limit = None if limit_hours is None else Decimal(str(limit_hours))
    norms = norms_in_force()
    return telling.view_told(kept(request.user, ("view", port, months, (kind, mode, direction), by, whole, limit, tuple(norms)), lambda: process_view(
        request.user, port, months, flow=(kind, mode, direction), by=by, whole=whole, limit_hours=limit, norms=norms)))


@router.get(
    "/processes/cases", response={200: ProcessCasePage, **REFUSALS}, summary="流程中的事项 / Cases of a flow",
    description="恰走某一路径（path），或某节点直接接另一节点（arc）的事项，用时长的在前。 / Cases of exactly one path, or in which one milestone "
                "directly follows another; the longest first.",
)
def list_cases(
    request: HttpRequest, port: _PORT, first: _MONTH = "", last: _MONTH = "", kind: _KIND = "", mode: _MODE = "", direction: _WAY = "",
    by: _BY = "release", path: _CODES = "", arc: _CODES = "", limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """One page of cases."""
    _may(request)
    port_for(request.user, port)
    ends = tuple(arc.split(".")) if arc else ()
    if ends and len(ends) != 2:
        raise Refused.because("not_an_arc", "arc 须为两个节点。", "An arc has two milestones.", where=Place(field="arc"),
                              remedy=("写作 declared.released。", "Write it as declared.released."))
    found = cases_along(
        request.user, port, _months(first, last), flow=(kind, mode, direction), by=by, path=tuple(path.split(".")) if path else (),
        arc=(ends[0], ends[1]) if ends else None, limit=limit, after=min(int(after or 0), _MOST_CASES))
    return {**of_rows([telling.case_told(each) for each in found.items], found.following), "total": found.total,
            "flow": telling.flow_told(found.flow)}


@router.get(
    "/processes/case", response={200: dict[str, Any], **REFUSALS}, summary="一个事项逐段说明 / One case segment by segment",
    description="与 kouan times explain 相同：各全程、各分段的起止事件、责任方、性质和用时。 / As kouan times explain: each whole and segment "
                "with its two events, owner, nature and time.",
)
def one_case(
    request: HttpRequest, case: Annotated[str, Query(min_length=1, max_length=80, pattern=r"^[^\x00]*$", description="事项编号 / case")],
) -> dict[str, Any]:
    """A case in scope."""
    _may(request)
    return explain_case(request.user, case)


@router.get(
    "/processes/comparison", response={200: ProcessComparisonOut, **REFUSALS}, summary="前后对比 / Before and after",
    description="同一流程两个时期的中位数之差及95%区间。 / The difference of medians of two periods, with its 95 % interval.",
)
def compare(
    request: HttpRequest, port: _PORT, before: _MONTH, after_first: _MONTH, before_last: _MONTH = "", after_last: _MONTH = "",
    kind: _KIND = "", mode: _MODE = "", direction: _WAY = "", by: _BY = "release",
) -> dict[str, Any]:
    """Two periods compared."""
    _may(request)
    port_for(request.user, port)
    old, new = _months(before, before_last), _months(after_first, after_last)
    return telling.compared_told(kept(request.user, ("compare", port, old, new, (kind, mode, direction), by), lambda: compare_periods(
        request.user, port, old, new, flow=(kind, mode, direction), by=by)))


@router.get(
    "/processes/lanes", response={200: ProcessLanesOut, **REFUSALS}, summary="排队与通道 / Queue and lanes",
    description="候检时间、30分钟时限（按批次和每15分钟）、利特尔法则核对、通行能力；最多 7 天。事件未报人员分组的，可用 lane 只看一条通道。 / The "
                "wait, the limit of 30 minutes by batch and quarter hour, Little's law, capacity; at most 7 days. Where events "
                "tell no group of travellers, “lane” narrows to one lane.",
)
def lanes(
    request: HttpRequest, port: _PORT,
    first: Annotated[Day | None, Query(description="首日，缺省为昨日 / first day, by default yesterday")] = None,
    last: Annotated[Day | None, Query(description="末日，缺省为首日 / last day, by default the first")] = None,
    kind: Annotated[str, Query(pattern=r"^(passenger_batch|vehicle)$", description="人员或车辆 / persons or vehicles")] = "passenger_batch",
    direction: Annotated[str, Query(pattern=r"^(inbound|outbound)$", description="方向 / direction")] = "inbound",
    lane: Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$", description="通道 / lane")] = "",
) -> dict[str, Any]:
    """The queue of some days."""
    _may(request)
    port_for(request.user, port)
    begin = first or last or clock.today() - timedelta(days=1)
    chosen = (lane,) if lane else ()
    return telling.lanes_told(kept(request.user, ("lanes", port, begin, last or begin, kind, direction, chosen), lambda: lane_view(
        request.user, port, begin, last, kind=kind, direction=direction, lanes=chosen)))
