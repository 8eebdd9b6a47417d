"""One round: where it stands, what is due and from whom, freezing and scoring in the background, digests, findings, replay."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may
from kouan.basis import Finding, Refused, Text, clock
from kouan.console import words
from kouan.console.evaluation_page import as_findings, proposal_mark, round_page, scheme_link
from kouan.console.marks import badge, severity_badge
from kouan.console.page import missing, page
from kouan.console.tables import Column, Filter, Table, put
from kouan.console.views.jobs import kind_words
from kouan.console.views.matters import due_cell
from kouan.console.words import here
from kouan.desk.matters.models import Matter, Task
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import clocks_of, matters_visible_to, procedure_for, running_of, working_days
from kouan.desk.models import Job, JobState
from kouan.desk.queries import jobs_visible_to
from kouan.evaluation.rounds.jobs import FREEZE, SCORE, freeze_later, score_later
from kouan.evaluation.rounds.models import Freeze, Round, RoundReturn, Scoring
from kouan.evaluation.rounds.queries import current_scoring, is_national, returns_visible_to
from kouan.evaluation.rounds.replaying import replayed
from kouan.procedure import offers

TITLE = Text("进度", "Progress")
# The way of a round from its beginning to its archive, in the order of yearly_evaluation.yaml.
STAGES = ("collecting", "verifying", "frozen", "scored", "peer_view", "commenting", "answering", "signing", "signed", "notified", "published",
          "archived")
SHORT = {
    "collecting": Text("采集", "Collection"), "verifying": Text("核验", "Verification"), "frozen": Text("冻结", "Freeze"),
    "scored": Text("计分", "Scoring"), "peer_view": Text("同类比较", "Comparison"), "commenting": Text("意见和异议", "Comments"),
    "answering": Text("答复", "Answers"), "signing": Text("审签", "Sign-off"), "signed": Text("待通报", "To be notified"),
    "notified": Text("通报", "Notice"), "published": Text("公布", "Publication"), "archived": Text("归档", "Archive"),
}
RETURN_STATES = {
    "to_file": Text("待报送", "To be filed"), "filed": Text("待核验", "To be verified"), "verified": Text("已核验", "Verified"),
    "not_filed": Text("逾期未报", "Not filed"),
}
SOURCES = {"opening": Text("发起", "Opening"), "freeze": Text("冻结", "Freeze"), "scoring": Text("计分", "Scoring")}


def _office_cell(row: RoundReturn) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("matter", args=[row.matter_id]), here(row.office.name))


def _is_late(row: RoundReturn) -> bool:
    due: date | None = row.due  # type: ignore[attr-defined]  # put beside the row by `_returns`
    return due is not None and due < clock.today()


_RETURN_MARKS = {
    "to_file": ("dotted-ring", "wait"), "filed": ("half", "info"), "verified": ("disc-check", "ok"), "not_filed": ("triangle-cross", "bad"),
}


def return_mark(row: RoundReturn) -> SafeString:
    """Where a return stands: what was never filed is no success though its matter has ended."""
    return badge(here(RETURN_STATES[row.matter.state]), *_RETURN_MARKS[row.matter.state])


RETURNS = Table(
    name="returns", title=Text("各单位报送", "Returns"), default_order="due", prefix="returns",
    columns=(
        Column("office", Text("报送单位", "Office"), value=lambda r: r.office.name, show=_office_cell, is_key=True),
        Column("ports", Text("口岸数", "Ports"), value=lambda r: len(r.ports), order=True, is_number=True),
        Column("port_codes", Text("口岸代码", "Ports by code"), value=lambda r: " ".join(r.ports), only="export"),
        Column("state", Text("状态", "State"), value=lambda r: RETURN_STATES[r.matter.state], show=return_mark, order=True),
        Column("due", Text("期限", "Due"), order=True, show=lambda r: due_cell(r.due, r.is_provisional, clock.today(), r.calendar)),
        Column("verifier", Text("核验单位", "Verified by"), value=lambda r: r.verifier_name),
        Column("matter", Text("办件", "Matter"), value=lambda r: r.matter_id, only="export"),
    ),
    filters=(
        Filter("state", Text("状态", "State"), choices=tuple(RETURN_STATES.items()),
               apply=lambda rows, value: [row for row in rows if row.matter.state == value]),
        Filter("late", Text("期限", "Due"), choices=(("yes", Text("已逾期", "Late")),),
               apply=lambda rows, value: [row for row in rows if _is_late(row)]),
        Filter("q", Text("单位", "Office"), apply=lambda rows, value: [
            row for row in rows if value.lower() in f"{row.office.name_zh} {row.office.name_en}".lower()]),
    ),
    empty=Text("没有可查看的报送。", "There is no return that you may see."),
    empty_next=Text("贵单位须报送或核验时，任务出现在这里和待办。",
                    "When your office has to file or verify, its task appears here and in the inbox."),
)

FINDINGS = Table(
    name="round-findings", title=Text("系统发现的问题", "Findings"), prefix="findings", page_size=15,
    columns=(
        Column("severity", Text("程度", "Severity"), value=lambda f: words.SEVERITIES[f["finding"].severity.value],
               show=lambda f: severity_badge(f["finding"].severity.value)),
        Column("source", Text("环节", "At"), value=lambda f: SOURCES[f["source"]]),
        Column("code", Text("代码", "Code"), value=lambda f: f["finding"].code, only="export"),
        Column("message", Text("内容", "What was found"), value=lambda f: f["finding"].message, is_key=True, is_wide=True),
        Column("remedy", Text("处理", "What to do"), value=lambda f: f["finding"].remedy, is_wide=True),
    ),
    filters=(
        Filter("source", Text("环节", "At"), choices=tuple(SOURCES.items()),
               apply=lambda rows, value: [row for row in rows if row["source"] == value]),
        Filter("severity", Text("程度", "Severity"), choices=tuple(words.SEVERITIES.items()),
               apply=lambda rows, value: [row for row in rows if row["finding"].severity.value == value]),
        Filter("q", Text("口岸或内容", "Port or words"), apply=lambda rows, value: [
            row for row in rows if value.lower() in f"{row['finding'].message.zh} {row['finding'].message.en} {row['finding'].code}".lower()]),
    ),
    empty=Text("没有发现问题。", "Nothing was found."),
)


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def evaluation_round(request: HttpRequest, year: int) -> HttpResponseBase:
    """The progress of a round; the national office freezes and scores from here, in the background."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-round", TITLE)
    if request.method == "POST":
        start = {"freeze": freeze_later, "score": score_later}.get(request.POST.get("do", ""))
        if start is None:
            raise missing()
        return redirect("job", start(actor=user, year=year).pk)
    rows = _returns(user, held)
    returns = RETURNS.read(request, rows)
    if returns.wants_export:
        return returns.export()
    national = is_national(user)
    freeze, scoring = (held.freezes.select_related("frozen_by").order_by("-revision").first(), current_scoring(held)) if national else (None, None)
    findings = FINDINGS.read(request, _findings(held, freeze, scoring)) if national else None
    if findings is not None and findings.wants_export:
        return findings.export()
    sees_matter = matters_visible_to(user).filter(pk=held.matter_id).exists()
    return render(request, "console/evaluation/round.html", context | {
        "stages": _stages(held), "clocks": _clocks(held.matter), "returns": returns, "found": findings, "is_national": national,
        "scheme": scheme_link(held.scheme_version), "proposal": proposal_mark(held.scheme_version.is_proposal),
        "steps": _steps(user, held) if sees_matter else [], "sees_matter": sees_matter, "waits_for": _waits_for(held),
        "may_freeze": may(user, "rounds.run") and held.stage == "verifying", "may_score": may(user, "rounds.run") and held.stage == "frozen",
        "job": _job(user, year), "counts": _counts(rows), "freezes": list(held.freezes.select_related("frozen_by")) if national else [],
        "scorings": list(held.scorings.defer("record").select_related("scored_by", "freeze")) if national else [], "scoring": scoring,
        "replay": _replay(held, scoring) if national and request.GET.get("replay") else None,
    })


def _returns(user: Any, held: Round) -> list[RoundReturn]:
    rows = list(returns_visible_to(user, held))
    names = {each.code: each.name for each in Organisation.objects.filter(code__in={one.matter.named.get("verifier", "") for one in rows})}
    open_tasks = Task.objects.open().filter(matter__in=[each.matter_id for each in rows], due_on__isnull=False).order_by("-due_on")
    soonest = {task.matter_id: task for task in open_tasks}
    calendar = working_days()
    for each in rows:
        task = soonest.get(each.matter_id)
        put(each, verifier_name=names.get(each.matter.named.get("verifier", ""), ""), calendar=calendar, state=each.matter.state,
            due=task.due_on if task else None, is_provisional=task.is_provisional if task else False)
    return rows


def _counts(rows: list[RoundReturn]) -> list[tuple[Text, int]]:
    """How many returns stand where, of those that the reader may see."""
    found = [(words, sum(each.matter.state == code for each in rows)) for code, words in RETURN_STATES.items()]
    return [*found, (Text("已逾期", "Late"), sum(_is_late(each) for each in rows))]


def _findings(held: Round, freeze: Freeze | None, scoring: Scoring | None) -> list[dict[str, Any]]:
    kept = (("opening", held.findings), ("freeze", freeze.findings if freeze else []), ("scoring", scoring.findings if scoring else []))
    rows = [{"source": source, "finding": each} for source, found in kept for each in as_findings(found)]
    order = list(words.SEVERITIES)
    return sorted(rows, key=lambda row: order.index(row["finding"].severity.value))


def _stages(held: Round) -> list[dict[str, Any]]:
    at = STAGES.index(held.stage)
    return [{"label": SHORT[code], "is_done": n < at or (n == at and held.matter.ended_at is not None), "is_now": n == at}
            for n, code in enumerate(STAGES)]


def _clocks(matter: Matter) -> list[dict[str, Any]]:
    """The clocks that run now, with the last day of each."""
    today, calendar = clock.today(), working_days()
    return [{"label": each.label, "used": each.used, "due": due_cell(each.due, each.is_provisional, today, calendar)}
            for each in clocks_of(matter, today, calendar) if each.state == "running"]


def _waits_for(held: Round) -> list[Text]:
    procedure = procedure_for(held.matter)
    return [procedure.parties[party].label for party in procedure.states[held.stage].waits_for]


def _steps(user: Any, held: Round) -> list[dict[str, Any]]:
    """What this reader may do on the desk now; a step whose conditions are open says so."""
    procedure, matter = procedure_for(held.matter), held.matter
    standing = standing_of(user, procedure, matter)
    found = offers(procedure, running_of(matter), parties=set(standing.parties), facts={}, actor=str(user.pk), bound=standing.bound)
    # Freezing and scoring are long: they have their buttons above, and run in the background.
    return [{"label": each.transition.label, "note": each.transition.note, "is_open": each.is_open, "unmet": [one.message for one in each.unmet]}
            for each in found if each.transition.code not in ("freeze", "score")]


def _job(user: Any, year: int) -> dict[str, Any] | None:
    """The reader's newest job of this round that has not ended."""
    rows = jobs_visible_to(user).filter(kind__in=(FREEZE, SCORE), arguments__year=year, state__in=(JobState.WAITING, JobState.RUNNING, JobState.LOST))
    job: Job | None = rows.defer("result").order_by("-pk").first()
    return None if job is None else {"job": job, "kind": kind_words(job.kind)}


def _replay(held: Round, scoring: Scoring | None) -> dict[str, Any]:
    """Scored again from what is stored; the answer, or what differs."""
    findings: list[Finding] = []
    try:
        result = replayed(held, scoring)
    except Refused as error:
        findings, result = error.findings, None
    return {"findings": findings, "digest": result.digest if result else "", "ports": len(result.data.ports) if result else 0,
            "heading": here(Text("重算不一致", "The replay differs"))}


urlpatterns = [path("evaluation/<int:year>", evaluation_round, name="evaluation-round")]
