"""``/law``: rules, parameters, settings and rulings as they stand on a day, who used them, and what a change would do.

Reading is for everybody who reads the system; the cases and verdicts beside it are those of the reader's scope. A preview
writes nothing; it is for those who may propose a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from kouan.accounts.action import allows, refuse
from kouan.api.law_shapes import (
    OneParameter,
    OneRule,
    OneSetting,
    ParameterPage,
    PreviewIn,
    PreviewOut,
    RulePage,
    RulingPage,
    SettingPage,
)
from kouan.api.paging import of_rows
from kouan.api.reading import Day
from kouan.api.shapes import REFUSALS
from kouan.basis import NotFound, Place, Refused
from kouan.grading.lawbook.models import ChangeState
from kouan.grading.lawbook.preview import preview
from kouan.grading.lawbook.queries import changes_visible_to
from kouan.grading.lawbook.usage import cases_using, recorded_by_year
from kouan.grading.queries import law_as_of
from kouan.law import Law, registered_rules
from kouan.law.changes import PARAMETER, RULING, Change, unknown_key
from kouan.law.pages import used_by
from kouan.law.showing import show

router = Router(tags=["法规与参数 / The law"])
MOST_CASES = 50
AsOf = Annotated[Day | None, Query(description="法规截至日期，默认今天 / the law as of this day; today by default")]
LawKey = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_.]{0,79}$", description="标识，如 volume_standard.combine / key, such as volume_standard.combine")
]
RuleKey = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,47}$", description="规则，如 access_air / rule, such as access_air")]


@router.get("/law/rules", response={200: RulePage, **REFUSALS}, summary="规则 / Rules", description=(
    "全部规则：条文、步骤、当日数值、所采用的理解和条件。 / Every rule: its sentence, steps, values of the day, readings and conditions."))
def list_rules(request: HttpRequest, as_of: AsOf = None) -> dict[str, Any]:
    """Every rule."""
    law = law_as_of(as_of)
    return of_rows([show(law, key, registered_rules()) for key in registered_rules()])


@router.get("/law/rules/{key}", response={200: OneRule, **REFUSALS}, summary="一条规则 / One rule", description=(
    "规则全文，以及您范围内用过它的办件、决定和已登记结论。 / The rule in full, and the matters, decisions and verdicts in your scope that used it."))
def one_rule(request: HttpRequest, key: RuleKey, as_of: AsOf = None) -> dict[str, Any]:
    """A rule with its uses."""
    _known(key, registered_rules(), "规则", "rule")
    return {**show(law_as_of(as_of), key, registered_rules()), "uses": _uses(request, [key])}


@router.get("/law/parameters", response={200: ParameterPage, **REFUSALS}, summary="参数 / Parameters", description=(
    "全部参数及其历次数值；value 为基本单位下的精确数值。 / Every parameter with all its values; “value” is exact, in the base unit."))
def list_parameters(request: HttpRequest, as_of: AsOf = None) -> dict[str, Any]:
    """Every parameter."""
    law = law_as_of(as_of)
    return of_rows([show(law, key, registered_rules()) for key in law.library.parameters])


@router.get("/law/parameters/{key}", response={200: OneParameter, **REFUSALS}, summary="一个参数 / One parameter", description=(
    "历次数值、出处和原文，以及您范围内用过它的办件、决定和已登记结论。 / Its values with sources and words, and the matters, decisions and verdicts "
    "in your scope that used it."))
def one_parameter(request: HttpRequest, key: LawKey, as_of: AsOf = None) -> dict[str, Any]:
    """A parameter with its uses."""
    law = law_as_of(as_of)
    _known(key, law.library.parameters, "参数", "parameter")
    return {**show(law, key, registered_rules()), "uses": _uses(request, used_by(registered_rules(), key), key)}


@router.get("/law/settings", response={200: SettingPage, **REFUSALS}, summary="设定 / Settings", description=(
    "原文有不同理解之处：问题、可作的理解、当日采用的理解及理由。 / Open points of the text: the question, the readings, the one in force and why."))
def list_settings(request: HttpRequest, as_of: AsOf = None) -> dict[str, Any]:
    """Every setting."""
    law = law_as_of(as_of)
    return of_rows([show(law, key, registered_rules()) for key in law.library.questions])


@router.get("/law/settings/{key}", response={200: OneSetting, **REFUSALS}, summary="一项设定 / One setting", description=(
    "问题、理解、解释文件，以及您范围内以它为据的办件、决定和已登记结论。 / The question, its readings and rulings, and the matters, decisions and "
    "verdicts in your scope that rest on it."))
def one_setting(request: HttpRequest, key: LawKey, as_of: AsOf = None) -> dict[str, Any]:
    """A setting with its uses."""
    law = law_as_of(as_of)
    _known(key, law.library.questions, "设定", "setting")
    return {**show(law, key, registered_rules()), "uses": _uses(request, used_by(registered_rules(), key), key)}


@router.get("/law/rulings", response={200: RulingPage, **REFUSALS}, summary="解释口径 / Rulings", description=(
    "已登记的解释，按适用日期排列，截至日期之后才适用的也在内；change 为在本系统批准的变更编号，文件 rulings.yaml 中的为空。 / "
    "The rulings on record by their day, those of later days included; “change” is the number of one approved here, empty for one of rulings.yaml."))
def list_rulings(request: HttpRequest, as_of: AsOf = None) -> dict[str, Any]:
    """Every ruling on record."""
    law = law_as_of(as_of)
    numbers = {
        (row.key, row.from_date, row.document_number): row.pk
        for row in changes_visible_to(request.user).filter(kind=RULING, state=ChangeState.APPROVED)
    }
    return of_rows([_ruling(each, law, numbers) for each in sorted(law.rulings, key=lambda each: (each.from_date, each.setting))])


def _ruling(ruling: Any, law: Law, numbers: Mapping[tuple[str, date, str], int]) -> dict[str, Any]:
    question = law.library.questions[ruling.setting]
    return {
        **ruling.as_dict(), "ambiguity": question.ambiguity, "label": question.label.as_dict(), "reading": question.choices[ruling.value].as_dict(),
        "change": numbers.get((ruling.setting, ruling.from_date, ruling.document_number)),
        "is_in_force": law.setting(ruling.setting).decided_by == ruling,
    }


@router.post("/law/preview", response={200: PreviewOut, 413: REFUSALS[422], **REFUSALS}, summary="预览法规变更 / Preview a change", description=(
    "对全部规则试判：哪些口岸和以往案件的结论会变、从什么变成什么、变在哪一步。不写入任何内容；只限可提出法规变更的人员。 / "
    "Tries every rule: which ports and past cases would come out otherwise, from what to what, at which step. Nothing is written; for "
    "those who may propose a change."))
def preview_change(request: HttpRequest, body: PreviewIn) -> dict[str, Any]:
    """What a change would do."""
    if not allows(request.user, "law.propose"):
        raise refuse(request.user, "law.propose", "api.law.preview")
    changes = [*_values(body), *_rulings(body)]
    if not changes:
        raise Refused.because("empty", "没有参数取值，也没有解释口径。", "There is neither a value nor a ruling.", where=Place(field="parameters"),
                              remedy=("请在 parameters 或 rulings 中至少写一项。", "Put at least one into parameters or rulings."))
    return preview(request.user, changes, body.years or None)


def _values(body: PreviewIn) -> Iterable[Change]:
    for each in body.parameters:
        yield Change(PARAMETER, each.parameter, each.value, each.from_date, body.document_title, body.document_number, body.issued, body.reason,
                     article=each.article, quote=each.quote)


def _rulings(body: PreviewIn) -> Iterable[Change]:
    for each in body.rulings:
        yield Change(RULING, each.setting, each.value, each.from_date, body.document_title, body.document_number, body.issued, body.reason,
                     quote=each.quote)


def _known(key: str, known: Iterable[str], zh: str, en: str) -> None:
    if key not in set(known):
        raise NotFound(unknown_key(key, zh, en, known, Place(field="key")))


def _uses(request: HttpRequest, rules: list[str], key: str = "") -> dict[str, Any]:
    """The newest cases, and the verdicts on record by year, in the reader's scope."""
    cases = cases_using(request.user, rules, key)
    return {
        "verdicts_by_year": [{"year": year, "ports": ports} for year, ports in recorded_by_year(request.user, rules, key)],
        "cases_in_all": len(cases),
        "cases": [
            {"kind": case.kind, "rule": case.rule, "number": case.number, "matter": case.matter, "title": case.title.as_dict(), "day": case.day,
             "port": case.port, "verdict": case.verdict, "verdict_name": case.said.as_dict()} for case in cases[:MOST_CASES]
        ],
    }
