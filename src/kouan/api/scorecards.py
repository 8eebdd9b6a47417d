"""``/evaluation/rounds``: the scorecard of a port in a year's evaluation, and each indicator of it down to its source."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Path, Router

from kouan.api.evaluation import RoundYear
from kouan.api.reading import PortCode
from kouan.api.scorecard_shapes import IndicatorTraceAnswer, ScorecardAnswer
from kouan.api.shapes import REFUSALS
from kouan.evaluation.rounds.queries import get_round
from kouan.evaluation.rounds.scorecard import scorecard
from kouan.evaluation.rounds.tracing import indicator_trace

router = Router(tags=["年度评估 / Yearly evaluation"])
IndicatorCode = Annotated[str, Path(pattern=r"^[A-Z0-9-]{1,16}$", description="指标代码，如 I-0201 / indicator, such as I-0201")]


@router.get(
    "/evaluation/rounds/{year}/ports/{port}", response={200: ScorecardAnswer, **REFUSALS}, summary="口岸评估结果 / A port's scorecard",
    description="一个口岸的年度评估：档次、十组和五型、各指标的计分情况、同类中位数和四分位、与上年比。可见内容随环节和角色不同："
                "通报前只有档次和计分情况，名次只向国家口岸办和审计员提供；看不到的字段不出现。 / "
                "One port's yearly evaluation: band, groups, five types, how each indicator was scored, quartiles of the peers, change since last "
                "year. What is there depends on stage and role: before the notice bands and marks only; places for the national office and its "
                "auditors. Fields that may not be read are left out.",
)
def read_scorecard(request: HttpRequest, year: RoundYear, port: PortCode) -> dict[str, Any]:
    """The scorecard as the reader may read it."""
    return {"workspace": settings.WORKSPACE, "scorecard": scorecard(request.user, get_round(request.user, year), port).as_dict()}


@router.get(
    "/evaluation/rounds/{year}/ports/{port}/indicators/{indicator}", response={200: IndicatorTraceAnswer, **REFUSALS},
    summary="指标的由来 / An indicator's trace",
    description="一项指标从得分到所用数据：公式、标尺、缺失规则、每个数据及其来源（入库数据的编号、法规参数、填报项，或演练生成）。 / "
                "One indicator from its points down to its figures: formula, scale, missing rule, and each figure with its source "
                "(observations by id, a parameter of the law, an entry filed, or generated).",
)
def read_indicator(request: HttpRequest, year: RoundYear, port: PortCode, indicator: IndicatorCode) -> dict[str, Any]:
    """The trace as the reader may read it."""
    return {"workspace": settings.WORKSPACE, "trace": indicator_trace(request.user, get_round(request.user, year), port, indicator).as_dict()}
