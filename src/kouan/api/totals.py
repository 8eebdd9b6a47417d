"""``/totals``: the ports' own figures of the nation or of a province added up, with the members behind them."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router

from kouan.api.observations import YEARS, Every, known_measure
from kouan.api.shapes import REFUSALS, TotalsAnswer
from kouan.basis import Finding, Place, Refused, clock
from kouan.monitoring.subjects import subject_for
from kouan.monitoring.telling import members_told, totals_told
from kouan.monitoring.totals import Total, Totals, sees_ranks, totals_of

router = Router(tags=["数据 / Figures"])
_WIDEST = 60
Region = Annotated[str, Query(
    pattern=r"^(nation:CN|province:[0-9]{2})$", description="nation:CN 或 province:44 / nation:CN or province:44",
)]
YearOrNone = Annotated[int | None, Query(ge=1949, le=2199, description="年度，如 2023 / year, such as 2023")]


def _years(first: int | None, last: int | None) -> tuple[int, int]:
    """The years asked for; without them the last ten. Refused where they lie the wrong way round or too far apart."""
    until = last if last is not None else max(clock.today().year, first or 0)
    since = first if first is not None else until - YEARS + 1
    if not 0 <= until - since < _WIDEST:
        raise Refused(Finding.error(
            "unusable_years", f"年度范围 {since}—{until} 不能使用。", f"The years {since}–{until} cannot be used.",
            where=Place(field="first_year"), required=f"first_year ≤ last_year, ≤ {_WIDEST}",
            remedy=(f"起始年不晚于终止年，且不超过 {_WIDEST} 年。", f"first_year up to last_year, at most {_WIDEST} years."),
        ))
    return since, until


def _chosen(totals: Totals, code: str) -> Total | None:
    """The period whose members are asked for, else the last one; Refused where it is not among them."""
    if not code:
        return totals.latest
    found = next((each for each in totals.totals if each.period.code == code), None)
    if found is None:
        known = [each.period.code for each in totals.totals]
        raise Refused(Finding.error(
            "unknown_period", f"没有时期“{code}”的合计。", f"There is no total of the period “{code}”.",
            where=Place(field="period"), required=f"{known[0]}…{known[-1]}" if known else None,
            remedy=("请从 flows 所列的时期中选择。", "Choose one of the periods under flows."),
        ))
    return found


@router.get(
    "/totals", response={200: TotalsAnswer, **REFUSALS}, summary="全国和省级合计 / Totals of the nation and provinces",
    description="一项指标各口岸自报数的合计：应报口岸全部报齐才给合计（value），否则数据不全，只给已有部分（partial）和"
                "已报、应报口岸数；对侧、新闻和规划数字不计入。period 指明列出哪一期的成员（省或口岸），缺省为最近一期。 / "
                "The ports' own figures of one measure added up: a total only where every port that is due has reported, else "
                "its part and how many of how many reported. Counterpart, press and plan figures never enter. “period” picks "
                "whose members (provinces or ports) are listed, by default the last.",
)
def list_totals(
    request: HttpRequest, subject: Region,
    measure: Annotated[str, Query(pattern=r"^[a-z_0-9]{1,48}$", description="指标代码，如 cargo_tonnes / measure, such as cargo_tonnes")],
    every: Annotated[Every, Query(description="month 月、quarter 季、year 年 / month, quarter or year")] = "year",
    first_year: YearOrNone = None, last_year: YearOrNone = None,
    period: Annotated[str, Query(pattern=r"^([0-9]{4}(-(Q[1-4]|[0-9]{2}))?)?$", description="如 2023、2023-Q1、2023-05 / such as 2023")] = "",
) -> dict[str, Any]:
    """The totals of a region, and the members behind one period."""
    region = subject_for(request.user, subject)
    first, last = _years(first_year, last_year)
    found = totals_of(request.user, region, known_measure(measure) or "", every, first_year=first, last_year=last)
    chosen = _chosen(found, period)
    return {
        "workspace": settings.WORKSPACE, "totals": totals_told(request.user, found),
        "period": chosen.period.code if chosen else None,
        "members": members_told(found, chosen, with_ranks=sees_ranks(request.user)) if chosen else [],
    }
