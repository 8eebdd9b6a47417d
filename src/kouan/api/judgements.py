"""``/verdicts`` and ``/scores``: what the law says of ports, and how the benchmark set compares."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from kouan.accounts.permissions import may
from kouan.api.paging import of_rows, page
from kouan.api.reading import AfterCode, AfterNumber, Day, Limit, PortFilter, Year
from kouan.api.shapes import REFUSALS, ScorePage, VerdictPage
from kouan.basis import clock
from kouan.evaluation.models import Score
from kouan.evaluation.queries import as_dict, latest_run, quartile, scores
from kouan.grading.queries import judge, law_as_of
from kouan.ports.queries import get_port, ports_visible_to

router = Router(tags=["判定与评估 / Judgements"])


@router.get(
    "/verdicts", response={200: VerdictPage, **REFUSALS}, summary="客货运量标准判定 / Volume-standard verdicts",
    description="可见范围内各口岸某年的判定：结论、余量、步骤、所取读法和依据。年度决定适用的数值，as_of 决定设定与解释口径。"
                "判定只是附理由的建议。 / "
                "Verdicts on the ports in your scope for a year, with margins, steps, readings and citations. The year "
                "picks the values, as_of the settings and rulings. A verdict is advice with reasons.",
)
def list_verdicts(
    request: HttpRequest, year: Year, port: PortFilter = "",
    as_of: Annotated[Day | None, Query(description="设定与口径截至日期 / settings and rulings as of")] = None,
    limit: Limit = 50, after: AfterCode = "",
) -> dict[str, Any]:
    """Verdicts of the ports in scope, in the order of their codes."""
    day = as_of or clock.today()
    law = law_as_of(day)
    if port:
        ports, following = [get_port(request.user, port)], None
    else:
        rows = ports_visible_to(request.user).filter(code__gt=after).order_by("code")[: limit + 1]
        ports = list(rows)
        following = ports[limit - 1].code if len(ports) > limit else None
    items = [each.as_dict() for each in judge(ports[:limit], year, law)]
    return {"year": year, "as_of": day, **of_rows(items, following)}


def score_dict(score: Score, *, with_ranks: bool) -> dict[str, Any]:
    """A score; without the right to ranks only the quartile within its peer group."""
    whole = {"id": score.pk, **as_dict(score), "quartile": quartile(score)}
    return whole if with_ranks else {**whole, "value": None, "rank": None, "parts": None}


@router.get(
    "/scores", response={200: ScorePage, **REFUSALS}, summary="对标得分 / Benchmark scores",
    description="对标组的得分，仅供对标，我国口岸在年度评估建立之前没有得分。名次和小数只向国家口岸办和审计员提供，"
                "其他人看到同类组内的四分位。 / "
                "Scores of the benchmark set; ports of the register have none before the yearly evaluation. Ranks and "
                "decimals go to the national office and auditors only, others see the quartile within the peer group.",
)
def list_scores(
    request: HttpRequest,
    year: Annotated[int | None, Query(ge=1949, le=2199, description="年度 / year")] = None,
    subject: Annotated[str, Query(pattern=r"^[A-Za-z0-9]{0,16}$", description="对标口岸代码，如 2304 / benchmark port")] = "",
    limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """Scores of the benchmark set (对标)."""
    run = latest_run()
    if run is None:
        return of_rows([])
    with_ranks = may(request.user, "scores.read_ranks")
    return page(
        scores(run, year=year, subject=subject), key="id", limit=limit, after=after,
        show=lambda score: score_dict(score, with_ranks=with_ranks),
    )
