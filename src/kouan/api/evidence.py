"""``/evaluation/rounds/YEAR/…``: points filed and decided, experts' marks, rulings, for programs.

A write names what it saw (``If-Match``: the revision of an entry or of marks, the number of decisions or declarations, 0 for none; 428
without, 412 when somebody was faster) and carries a key (``Idempotency-Key``). Somebody else's port, entry or task answers as one that is
not there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from kouan.accounts.action import allows, refuse
from kouan.api.errors import PreconditionFailed
from kouan.api.evaluation import RoundYear
from kouan.api.evidence_shapes import (
    AskedAnswer,
    AskedPage,
    AskIn,
    EntryAnswer,
    EntryDecisionIn,
    EntryIn,
    EvaluationRulingIn,
    EvaluationRulingPage,
    InterestIn,
    InterestOut,
    MarksIn,
    ReasonIn,
    RulingAnswer,
    WantedPage,
)
from kouan.api.idempotency import once
from kouan.api.paging import of_rows, page
from kouan.api.ports import IfMatch, version_of
from kouan.api.reading import AfterNumber, IdempotencyKey, Limit, Number, PortCode
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS
from kouan.basis import Conflict, Finding, Place, Refused
from kouan.desk.queries import documents_visible_to
from kouan.evaluation.rounds.evidence.asking import asked_of, ports_of
from kouan.evaluation.rounds.evidence.deciding import decide_entry
from kouan.evaluation.rounds.evidence.experts import (
    ask_experts,
    declare_interest,
    mark_points,
    release_expert,
    round_asked,
)
from kouan.evaluation.rounds.evidence.filing import file_entry
from kouan.evaluation.rounds.evidence.models import ExpertAsked, FiledEntry, Ruling
from kouan.evaluation.rounds.evidence.rulings import (
    rule_failed_feed,
    rule_not_applicable,
    rulings_visible_to,
    withdraw_ruling,
)
from kouan.evaluation.rounds.evidence.seeing import (
    asked_visible_to,
    conflicts_of,
    entries_of,
    newest,
    return_for,
)
from kouan.evaluation.rounds.evidence.telling import asked_told, entry_told, ruling_told, wanted_told
from kouan.evaluation.rounds.queries import get_round, is_national

router = Router(tags=["评估佐证 / Evidence of an evaluation"])
ROOT = "/evaluation/rounds/{year}"


@router.get(ROOT + "/filing/{code}", response={200: WantedPage, **REFUSALS}, summary="一个口岸应填报的 / What is asked of a port", description=(
    "检查点和补充数据，附现有填报和核验；version 为填报时 If-Match 应写的版次。 / Points and figures with what is filed and decided; `version` is "
    "what a write sends as If-Match."))
def list_wanted(request: HttpRequest, year: RoundYear, code: PortCode) -> dict[str, Any]:
    """Everything asked of one port of a return that the caller sees."""
    _may(request, "rounds.read")
    held = get_round(request.user, year)
    filed_in = return_for(request.user, held, code)
    known = ports_of([code], year).get(code)
    entries = {each.item: each for each in entries_of(filed_in, code)}
    wanted = asked_of(held.scheme_version.scheme(), known.port_class if known else "")
    return of_rows([wanted_told(each, entries.get(each.item)) for each in wanted])


@router.post(ROOT + "/filing/{code}", response={200: EntryAnswer, **WRITE_REFUSALS}, summary="填报一项 / File an entry", description=(
    "由报送单位填报；填报为符合的检查点须附已登记文件的引用名。须附 If-Match（现有版次，没有填 0）和 Idempotency-Key。 / By the reporting office; a "
    "point said to be met needs references of recorded papers. Needs If-Match (the revision that stands, 0 for none) and Idempotency-Key."))
def post_entry(request: HttpRequest, year: RoundYear, code: PortCode, body: EntryIn, response: HttpResponse, if_match: IfMatch,
               idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """File an entry of a port as its next revision."""
    _may(request, "rounds.file")
    user: Any = request.user

    def work() -> dict[str, Any]:
        made = file_entry(actor=user, year=year, port=code, item=body.item, value=body.value, remark=body.remark,
                          documents=_papers(user, body.documents), seen=version_of(if_match))
        return _entry(made.pk, made.revision)

    return _once(request, response, idempotency_key, f"file {year} {code}", body, work)


@router.post(ROOT + "/entries/{number}/decision", response={200: EntryAnswer, **WRITE_REFUSALS}, summary="核验 / Decide on an entry", description=(
    "由核验单位采信或不予采信，填报人和填报单位不能核验。须附 If-Match（decisions，没有填 0）和 Idempotency-Key。 / By the verifying office, never "
    "by who filed it. Needs If-Match (`decisions`, 0 for none) and Idempotency-Key."))
def post_decision(request: HttpRequest, year: RoundYear, number: Number, body: EntryDecisionIn, response: HttpResponse, if_match: IfMatch,
                  idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Accept or reject an entry."""
    _may(request, "rounds.verify")

    def work() -> dict[str, Any]:
        made = decide_entry(actor=request.user, year=year, entry=number, seen=version_of(if_match), **body.dict())
        return _entry(made.entry_id, made.number)

    return _once(request, response, idempotency_key, f"decide {year} {number}", body, work)


@router.get(ROOT + "/marks", response={200: AskedPage, **REFUSALS}, summary="专家评分任务 / What experts are asked", description=(
    "专家只见自己的，国家口岸办全部。 / An expert one's own; the national office all."))
def list_asked(request: HttpRequest, year: RoundYear, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """What experts are asked to mark, in the order in which they were asked."""
    _may(request, "marks.read")
    user: Any = request.user
    held = get_round(user, year) if is_national(user) else round_asked(user, year)
    interests = conflicts_of(held)
    return page(asked_visible_to(user, held).prefetch_related("marks"), key="id", limit=limit, after=after,
                show=lambda each: asked_told(each, interests.get((each.port, each.expert_id))))


@router.post(ROOT + "/marks", response={200: AskedAnswer, **WRITE_REFUSALS}, summary="指派专家 / Ask experts", description=(
    "只限国家口岸办；已指派的不重复。须附 Idempotency-Key。 / By the national office; who is asked already stays asked. Needs Idempotency-Key."))
def post_asked(request: HttpRequest, year: RoundYear, body: AskIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Ask experts to mark indicators of ports."""
    _may(request, "rounds.run")

    def work() -> dict[str, Any]:
        made = ask_experts(actor=request.user, year=year, **body.dict())
        interests = conflicts_of(get_round(request.user, year))
        rows = ExpertAsked.objects.filter(pk__in=[each.pk for each in made]).select_related("expert").prefetch_related("marks").order_by("id")
        return {"version": len(made), "items": [asked_told(each, interests.get((each.port, each.expert_id))) for each in rows]}

    return _once(request, response, idempotency_key, f"ask {year}", body, work)


@router.post(ROOT + "/marks/{number}", response={200: AskedAnswer, **WRITE_REFUSALS}, summary="评分 / Mark", description=(
    "由被指派的专家评分，须先声明无利益关系，每个检查点 0–100 的整数。须附 If-Match（version）和 Idempotency-Key。 / By the expert who is asked, "
    "after declaring no interest; whole marks of 0–100. Needs If-Match (`version`) and Idempotency-Key."))
def post_marks(request: HttpRequest, year: RoundYear, number: Number, body: MarksIn, response: HttpResponse, if_match: IfMatch,
               idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Mark the points of one indicator of one port."""
    _may(request, "rounds.mark")

    def work() -> dict[str, Any]:
        made = mark_points(actor=request.user, year=year, asked=number, points=body.points, reason=body.reason, seen=version_of(if_match))
        return {"version": made.revision, "items": [asked_told(_asked(number), False)]}

    return _once(request, response, idempotency_key, f"mark {year} {number}", body, work)


@router.post(ROOT + "/marks/{number}/release", response={200: AskedAnswer, **WRITE_REFUSALS}, summary="撤回指派 / Release an expert", description=(
    "只限国家口岸办；已评的分留存，不再计入。须附 Idempotency-Key。 / By the national office; marks stay on record and count no more. Needs "
    "Idempotency-Key."))
def post_release(request: HttpRequest, year: RoundYear, number: Number, body: ReasonIn, response: HttpResponse,
                 idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Ask an expert no more."""
    _may(request, "rounds.run")

    def work() -> dict[str, Any]:
        release_expert(actor=request.user, year=year, asked=number, reason=body.reason)
        row = _asked(number)
        return {"version": 1, "items": [asked_told(row, conflicts_of(row.round).get((row.port, row.expert_id)))]}

    return _once(request, response, idempotency_key, f"release {year} {number}", body, work)


@router.post(ROOT + "/interests/{code}", response={200: InterestOut, **WRITE_REFUSALS}, summary="声明利益关系 / Declare an interest", description=(
    "由被指派的专家就该口岸声明；以最后一次为准。须附 If-Match（已声明的次数，没有填 0）和 Idempotency-Key。 / By an expert asked about the port; "
    "the newest counts. Needs If-Match (how many there are, 0 for none) and Idempotency-Key."))
def post_interest(request: HttpRequest, year: RoundYear, code: PortCode, body: InterestIn, response: HttpResponse, if_match: IfMatch,
                  idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Declare whether one has an interest in a port."""
    _may(request, "rounds.mark")

    def work() -> dict[str, Any]:
        made = declare_interest(actor=request.user, year=year, port=code, seen=version_of(if_match), **body.dict())
        return {"version": made.number, "port": made.port, "has_conflict": made.has_conflict, "statement": made.statement,
                "declared_on": made.declared_on}

    return _once(request, response, idempotency_key, f"declare {year} {code}", body, work)


@router.get(ROOT + "/rulings", response={200: EvaluationRulingPage, **REFUSALS}, summary="认定 / Rulings", description=(
    "国家口岸办对不适用和数据源中断的认定，含撤回。 / What the national office ruled not to apply or to have failed, with withdrawals."))
def list_rulings(request: HttpRequest, year: RoundYear, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Rulings that the caller may see, the newest first."""
    _may(request, "rounds.read")
    return page(rulings_visible_to(request.user, get_round(request.user, year)), key="-id", limit=limit, after=after, show=_ruling)


@router.post(ROOT + "/rulings", response={200: RulingAnswer, **WRITE_REFUSALS}, summary="作出认定 / Rule", description=(
    "只限国家口岸办。须附 Idempotency-Key。 / By the national office. Needs Idempotency-Key."))
def post_ruling(request: HttpRequest, year: RoundYear, body: EvaluationRulingIn, response: HttpResponse,
                idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Rule that something does not apply, or that a source failed."""
    _may(request, "rounds.run")

    def work() -> dict[str, Any]:
        known: dict[str, Any] = {"actor": request.user, "year": year, "code": body.code, "reason": body.reason, "port_class": body.port_class,
                                 "of_year": body.of_year}
        if body.kind == "failed_feed" and body.port:
            raise Refused([Finding.error("feed_of_a_port", "数据源中断按类别认定，不能只认定一个口岸。",
                                         "A failed source is ruled for a class, not for one port.", where=Place(field="port"),
                                         remedy=("请改填运输类别或不填。", "Give a class, or neither."))])
        made = rule_failed_feed(**known) if body.kind == "failed_feed" else rule_not_applicable(**known, port=body.port)
        return {**_ruling(made), "version": 1}

    return _once(request, response, idempotency_key, f"rule {year}", body, work)


@router.post(ROOT + "/rulings/{number}/withdrawal", response={200: RulingAnswer, **WRITE_REFUSALS}, summary="撤回认定 / Withdraw", description=(
    "只限国家口岸办，一次。须附 Idempotency-Key。 / By the national office, once. Needs Idempotency-Key."))
def post_withdrawal(request: HttpRequest, year: RoundYear, number: Number, body: ReasonIn, response: HttpResponse,
                    idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Withdraw a ruling."""
    _may(request, "rounds.run")

    def work() -> dict[str, Any]:
        return {**_ruling(withdraw_ruling(actor=request.user, year=year, ruling=number, reason=body.reason)), "version": 1}

    return _once(request, response, idempotency_key, f"withdraw {year} {number}", body, work)


def _entry(number: int, version: int) -> dict[str, Any]:
    return {**entry_told(newest(FiledEntry.objects.filter(pk=number))[0]), "version": version}


def _asked(number: int) -> ExpertAsked:
    return ExpertAsked.objects.select_related("expert", "round__scheme_version").prefetch_related("marks").get(pk=number)


def _ruling(row: Ruling) -> dict[str, Any]:
    said = ruling_told(row)
    said["port_class"] = said.pop("class")
    return said


def _papers(user: Any, references: list[str]) -> list[int]:
    """The numbers of papers by their references. Refused for one that is not in sight."""
    known = dict(documents_visible_to(user).filter(reference__in=references).values_list("reference", "pk"))
    missing = [each for each in references if each not in known]
    if missing:
        raise Refused([Finding.error("document_not_found", f"没有引用名为“{each}”的文件，或不在您的查看范围内。",
                                     f"There is no paper “{each}” in your sight.", where=Place(field="documents"),
                                     remedy=("请先登记文件并上传电子件。", "Register the paper with its file first.")) for each in missing])
    return [known[each] for each in dict.fromkeys(references)]


def _may(request: HttpRequest, permission: str) -> None:
    # Asked before the key is looked up: a kept answer must not outlive the right to it.
    if not allows(request.user, permission):
        raise refuse(request.user, permission, "api.evidence")


def _once(request: HttpRequest, response: HttpResponse, key: str, deed: str, body: Schema, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Done once; that somebody was faster is answered as a failed precondition."""
    def run() -> dict[str, Any]:
        try:
            return work()
        except Conflict as conflict:
            if any(each.code == "evidence_changed" for each in conflict.findings):
                raise PreconditionFailed(conflict.findings) from conflict
            raise

    content = json.dumps(["evidence", deed, body.dict()], cls=DjangoJSONEncoder, sort_keys=True)
    answer = once(request.user, key, hashlib.sha256(content.encode()).hexdigest(), run)
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer
