"""``/matters``, ``/inbox``, ``/procedures``: running matters for programs.

A matter's ETag is its version. Steps and opinions name the version they saw (``If-Match``: 428 without, 412 when somebody
was faster) and carry a key (``Idempotency-Key``), so that an answer that never arrived can be asked for again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema

from kouan.accounts.action import allows, refuse
from kouan.api.errors import PreconditionFailed
from kouan.api.idempotency import once
from kouan.api.matter_shapes import (
    NAME,
    InboxPage,
    MatterOut,
    MatterPage,
    NewMatterIn,
    OpinionIn,
    ProcedureList,
    ProcedureOut,
    StepIn,
)
from kouan.api.paging import of_rows, page
from kouan.api.ports import IfMatch, version_of
from kouan.api.reading import AfterNumber, IdempotencyKey, Limit, Number, PortFilter, Words
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS
from kouan.basis import Conflict, SubjectRef
from kouan.desk.matters import facts as held_facts
from kouan.desk.matters.actions import Concerns, documents_by_kind, give_opinion, open_matter
from kouan.desk.matters.models import Matter
from kouan.desk.matters.papers import Paper, take_step_with_papers
from kouan.desk.matters.queries import get_matter, inbox, matters_visible_to, procedure_for, search_matters
from kouan.desk.matters.registry import in_force, procedures, refuse_if_begun_by_deeds
from kouan.desk.matters.telling import procedure_summary, procedure_told, summary_of, task_of, told
from kouan.desk.queries import documents_visible_to
from kouan.ports.queries import codes_named, get_port

router = Router(tags=["办件 / Matters"])
ANSWERS: dict[int, Any] = {200: MatterOut, **WRITE_REFUSALS}
ProcedureFilter = Annotated[str, Query(pattern=r"^[a-z0-9_]{0,48}$", description="程序代码，如 opening / procedure, such as opening")]
ProcedureCode = Annotated[str, Path(pattern=NAME, description="程序代码，如 opening / procedure, such as opening")]


@router.get(
    "/matters", response={200: MatterPage, **REFUSALS}, summary="办件列表 / Matters in scope",
    description="可见范围内的办件，新的在前；可按程序、状态、进度、口岸筛选，或按标题、编号、对象、所附文件的标题和文号查找。 / "
                "The matters in your scope, newest first; filter by procedure, state, progress and port, or search titles, numbers, "
                "subjects and the titles and numbers of their papers.",
)
def list_matters(
    request: HttpRequest, procedure: ProcedureFilter = "",
    state: Annotated[str, Query(pattern=r"^[a-z0-9_]{0,48}$", description="状态代码 / state")] = "",
    running: Annotated[bool | None, Query(description="true 办理中，false 已办结 / true: under way, false: ended")] = None,
    port: PortFilter = "", q: Words = "", limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """Matters that the caller may see, newest first."""
    _reads(request)
    found = matters_visible_to(request.user).select_related("edition", "applicant")
    for name, value in (("procedure", procedure), ("state", state), ("port_code", port)):
        if value:
            found = found.filter(**{name: value})
    if running is not None:
        found = found.filter(ended_at__isnull=running)
    if q.strip():
        found = search_matters(found, q, ports=codes_named(q))
    return page(found, key="-id", limit=limit, after=after, show=summary_of)


@router.get(
    "/matters/{number}", response={200: MatterOut, **REFUSALS}, summary="一个办件 / One matter",
    description="状态、下一步及尚缺条件、意见、期限、待办和已办步骤（含文件及其校验情况）。办理时须把应答头 ETag 放入 If-Match。 / "
                "State, next steps with what is unmet, opinions, clocks, tasks, and the steps taken with their papers and whether the "
                "files fit their checksums. A write must send the answer's ETag back as If-Match.",
)
def one_matter(request: HttpRequest, number: Number, response: HttpResponse) -> dict[str, Any]:
    """A matter as it stands; its ``ETag`` is what a step must send back."""
    _reads(request)
    return _answered(request, get_matter(request.user, number), response)


@router.post(
    "/matters", response=ANSWERS, summary="发起办件 / Begin a matter",
    description="按现行版本的程序发起，须为可先办理的一方。须附 Idempotency-Key：同一键同一内容只办一次。 / "
                "Begin a matter under the version in force, as a party that may act first. Needs Idempotency-Key: the same key with "
                "the same content is done once.",
)
def begin(request: HttpRequest, body: NewMatterIn, response: HttpResponse, idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Begin a matter."""
    _acts(request, "begin")
    user: Any = request.user
    if body.port:
        port = get_port(user, body.port)
        concerns = Concerns(SubjectRef.of("port", port.code), port.province_code, port.city_code, port.code)
    else:
        concerns = Concerns(province_code=user.organisation.province_code, city_code=user.organisation.city_code)

    def work() -> dict[str, Any]:
        refuse_if_begun_by_deeds(body.procedure)
        facts = held_facts.read_json(in_force(body.procedure).procedure, body.facts)
        made = open_matter(actor=user, procedure=body.procedure, title=body.title, concerns=concerns, facts=facts, named=body.named)
        return told(get_matter(user, made.pk), user)

    return _once(request, response, idempotency_key, "begin", body, work)


@router.post(
    "/matters/{number}/steps", response=ANSWERS, summary="办理一步 / Take a step",
    description="办理 next_steps 中的一步。文件用已登记文件的引用名（documents），或随步骤登记（papers）。未满足的条件逐条回答（422），"
                "均不作更改。须附 If-Match（未附 428，他人已先行办理 412）和 Idempotency-Key。 / "
                "Take one of next_steps. Papers are references of recorded documents, or are recorded with the step. What is unmet is "
                "answered one by one (422) and nothing is changed. Needs If-Match (428 without it, 412 when somebody was faster) and "
                "Idempotency-Key.",
)
def step(request: HttpRequest, number: Number, body: StepIn, response: HttpResponse, if_match: IfMatch,
         idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Take one step of a matter."""
    _acts(request, "step")
    user: Any = request.user
    matter = get_matter(user, number)

    def work() -> dict[str, Any]:
        references = {**body.documents, **({"override_document": body.override_document} if body.override_document else {})}
        papers = documents_by_kind(user, references, documents_visible_to(user).filter(reference__in=references.values()))
        override = papers.pop("override_document", None)
        take_step_with_papers(
            actor=user, matter=matter.pk, transition=body.step, version=version_of(if_match), fields=body.fields,
            facts=held_facts.read_json(procedure_for(matter), body.facts), documents=papers,
            papers=[Paper(kind, each.title, each.number, each.issuer, each.issued_on) for kind, each in body.papers.items()],
            override_reason=body.override_reason, override_document=override)
        return told(get_matter(user, number), user)

    return _once(request, response, idempotency_key, f"step {number}", body, _or_late(work))


@router.post(
    "/matters/{number}/opinions", response=ANSWERS, summary="答复征求意见 / Give an opinion",
    description="代表被征求单位答复，每轮一次；军队有关部门只登记编号和结论。须附 If-Match 和 Idempotency-Key。 / "
                "Answer for an office that was asked, once a round; of the military a number and yes or no. Needs If-Match and "
                "Idempotency-Key.",
)
def opinion(request: HttpRequest, number: Number, body: OpinionIn, response: HttpResponse, if_match: IfMatch,
            idempotency_key: IdempotencyKey) -> dict[str, Any]:
    """Answer for an office that was asked."""
    _acts(request, "opinion")
    user: Any = request.user
    get_matter(user, number)

    def work() -> dict[str, Any]:
        give_opinion(actor=user, matter=number, version=version_of(if_match), **body.dict())
        return told(get_matter(user, number), user)

    return _once(request, response, idempotency_key, f"opinion {number}", body, _or_late(work))


@router.get(
    "/inbox", response={200: InboxPage, **REFUSALS}, summary="我的待办 / One's inbox",
    description="在本人桌上的待办（含受托代办的），按编号排列，新的在前。 / "
                "What lies on one's own desk, and on those of colleagues whom one stands in for, newest first.",
)
def my_inbox(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """The caller's open tasks."""
    _acts(request, "inbox")
    return page(inbox(request.user), key="-id", limit=limit, after=after, show=task_of)


@router.get(
    "/procedures", response={200: ProcedureList, **REFUSALS}, summary="现行程序 / Procedures in force",
    description="现行的办事程序及尚待设定的期限。 / The procedures in force, with periods that are still to be set.",
)
def list_procedures(request: HttpRequest) -> dict[str, Any]:
    """The procedures in force."""
    _reads(request)
    return of_rows([procedure_summary(each) for each in procedures()])


@router.get(
    "/procedures/{code}", response={200: ProcedureOut, **REFUSALS}, summary="一个程序 / One procedure",
    description="参与方、状态、步骤、文件、事实、期限和征求意见事项。 / Its parties, states, steps, papers, facts, clocks and consultations.",
)
def one_procedure(request: HttpRequest, code: ProcedureCode) -> dict[str, Any]:
    """A procedure in force."""
    _reads(request)
    return procedure_told(in_force(code))


def _reads(request: HttpRequest) -> None:
    if not allows(request.user, "matters.read"):
        raise refuse(request.user, "matters.read", "api.matters")


def _acts(request: HttpRequest, verb: str) -> None:
    # Asked before the key is looked up: a kept answer must not outlive the right to it.
    if not allows(request.user, "matters.act"):
        raise refuse(request.user, "matters.act", f"api.matters.{verb}")


def _or_late(work: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """The same work; that somebody was faster is answered as a failed precondition."""
    def run() -> dict[str, Any]:
        try:
            return work()
        except Conflict as conflict:
            if any(each.code == "matter_changed" for each in conflict.findings):
                raise PreconditionFailed(conflict.findings) from conflict
            raise

    return run


def _once(request: HttpRequest, response: HttpResponse, key: str, deed: str, body: Schema, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    content = json.dumps(["matters", deed, body.dict()], cls=DjangoJSONEncoder, sort_keys=True)
    answer = once(request.user, key, hashlib.sha256(content.encode()).hexdigest(), work)
    response.headers["ETag"] = f'"{answer["version"]}"'
    return answer


def _answered(request: HttpRequest, matter: Matter, response: HttpResponse) -> dict[str, Any]:
    response.headers["ETag"] = f'"{matter.version}"'
    return told(matter, request.user)
