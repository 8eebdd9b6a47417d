"""``/evaluation/rounds``: the yearly evaluation for programs: rounds, their returns, and results as far as the caller may read them."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from kouan.accounts.action import allows, refuse
from kouan.api.evaluation_shapes import ResultOut, ResultPage, RoundOut, RoundPage
from kouan.api.paging import of_rows, page
from kouan.api.reading import AfterCode, AfterNumber, Limit, PortCode
from kouan.api.shapes import REFUSALS
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import PortResult, get_round, result_of, results, rounds_visible_to
from kouan.evaluation.rounds.telling import round_told

router = Router(tags=["年度评估 / Yearly evaluation"])
RoundYear = Annotated[int, Path(ge=2021, le=2099, description="年度，如 2025 / year, such as 2025")]
ClassFilter = Annotated[str, Query(pattern=r"^[a-z_]{0,16}$", description="运输类别，如 road / transport class, such as road")]
BandFilter = Annotated[str, Query(pattern=r"^[a-z_]{0,24}$", description="档次，如 good / band, such as good")]


@router.get("/evaluation/rounds", response={200: RoundPage, **REFUSALS}, summary="历年评估 / Rounds by year",
            description="各年度评估所处环节和方案版本。 / Each round's stage and version of the scheme.")
def list_rounds(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Rounds, the newest first; the cursor is a year."""
    _may(request)
    # A year has four digits: beyond them nothing follows, and the column holds no more.
    return page(rounds_visible_to(request.user), key="-year", limit=limit, after=str(min(int(after), 9999)) if after else "",
                show=lambda held: _line(request, held))


@router.get("/evaluation/rounds/{year}", response={200: RoundOut, **REFUSALS}, summary="一个年度的评估 / The round of a year", exclude_unset=True,
            description="含可见的报送；发起时的问题和冻结、计分的校验值只给国家口岸办。 / "
                        "With the returns in scope; findings and digests are for the national office only.")
def one_round(request: HttpRequest, year: RoundYear) -> dict[str, Any]:
    """One round."""
    _may(request)
    return round_told(request.user, get_round(request.user, year))


@router.get("/evaluation/rounds/{year}/results", response={200: ResultPage, **REFUSALS}, summary="评估结果 / Results", exclude_unset=True,
            description="可见范围内各口岸的档次；小数和名次按权限给出，不得查看的字段不出现。结果未开放时为空。 / "
                        "Bands of the ports in scope; decimals and places as the caller may read them, else left out. Empty before results are open.")
def list_results(request: HttpRequest, year: RoundYear, port_class: ClassFilter = "", band: BandFilter = "", limit: Limit = 50,
                 after: AfterCode = "") -> dict[str, Any]:
    """Results in the order of the ports' codes; the cursor is a code."""
    _may(request)
    found = sorted((each for each in results(request.user, get_round(request.user, year), brief=True)
                    if each.code > after and port_class in ("", each.port_class) and band in ("", each.band)), key=lambda each: each.code)
    shown = found[:limit]
    return of_rows([_told(each, brief=True) for each in shown], shown[-1].code if len(found) > limit else None)


@router.get("/evaluation/rounds/{year}/results/{code}", response={200: ResultOut, **REFUSALS}, summary="一个口岸的结果 / One port's result",
            exclude_unset=True, description="含各指标的缺失标记；分组、五型和指标得分按权限给出。 / "
                                            "With the mark of every indicator; groups, types and points as the caller may read them.")
def one_result(request: HttpRequest, year: RoundYear, code: PortCode) -> dict[str, Any]:
    """One port's result."""
    _may(request)
    return _told(result_of(request.user, get_round(request.user, year), code), brief=False)


def _line(request: HttpRequest, held: Round) -> dict[str, Any]:
    said = round_told(request.user, held)
    return {name: said[name] for name in ("year", "stage", "stage_label", "matter", "scheme_version", "scheme_digest", "is_proposal", "is_exercise",
                                          "opened_on")}


def _told(result: PortResult, *, brief: bool) -> dict[str, Any]:
    said = result.as_dict()
    said["port_class"] = said.pop("class")
    if brief:
        for name in ("marks", "groups", "five_types", "indicators"):
            said.pop(name, None)
    return said


def _may(request: HttpRequest) -> None:
    if not allows(request.user, "rounds.read"):
        raise refuse(request.user, "rounds.read", "api.evaluation")
