"""``/verdicts`` and ``/scores``: what the law says of ports, and how the benchmark set compares."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from kouan.api.paging import After, Limit, page, page_of_list
from kouan.api.shapes import REFUSALS, ScorePage, VerdictPage
from kouan.basis import clock
from kouan.evaluation.queries import as_dict, latest_run, scores
from kouan.grading.queries import judge, law_as_of, verdicts_for_year
from kouan.ports.queries import get_port

router = Router(tags=["判定与评估 judgements"])
Year = Annotated[int, Query(ge=1949, le=2200)]


@router.get("/verdicts", response={200: VerdictPage, **REFUSALS}, summary="客货运量标准判定 / volume-standard verdicts")
def list_verdicts(
    request: HttpRequest, year: Year,
    port: Annotated[str, Query(max_length=64, pattern=r"^[-a-zA-Z0-9_]*$")] = "",
    as_of: date | None = None, limit: Limit = 50, after: After = "",
) -> dict[str, Any]:
    """Verdicts of the ports in scope: advice with reasons, never a decision."""
    day = as_of or clock.today()
    if port:
        judged = judge([get_port(request.user, port)], year, law_as_of(day))
    else:
        judged = verdicts_for_year(request.user, year, as_of=day)
    return {"year": year, "as_of": day,
            **page_of_list(judged, limit=limit, after=after, show=lambda each: each.as_dict())}


@router.get("/scores", response={200: ScorePage, **REFUSALS}, summary="对标得分 / benchmark scores")
def list_scores(
    request: HttpRequest, year: Year | None = None,
    subject: Annotated[str, Query(max_length=16, pattern=r"^[A-Za-z0-9]*$", description="对标口岸代码，如 2304")] = "",
    limit: Limit = 50, after: After = "",
) -> dict[str, Any]:
    """Scores of the benchmark set (对标). Ports of the register have none until the yearly evaluation."""
    run = latest_run()
    if run is None:
        return {"items": [], "next": None}
    return page(scores(run, year=year, subject=subject), key="id", limit=limit, after=after, kind=int, show=as_dict)
