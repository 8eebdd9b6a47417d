"""年度评估: the rounds by year with what this user has to do next; the national office opens one here."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Organisation, OrganisationKind
from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text, clock
from kouan.console.addresses import address_of
from kouan.console.evaluation_page import SCHEMES, TITLE, scheme_link, stage_mark
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Table, put
from kouan.console.views.matters import due_cell
from kouan.console.views.oversight import attempt
from kouan.console.words import here
from kouan.desk.matters.models import Task
from kouan.desk.matters.queries import inbox, procedure_for, working_days
from kouan.evaluation.rounds.actions import PROCEDURE, open_round
from kouan.evaluation.rounds.models import Round, SchemeState
from kouan.evaluation.rounds.queries import is_national, rounds_visible_to, schemes_visible_to


def _year_cell(held: Round) -> SafeString:
    address = address_of("evaluation-round", held.year) or reverse("matter", args=[held.matter_id])
    return format_html('<a href="{}">{}</a>', address, here(Text(f"{held.year} 年", str(held.year))))


def _mine_cell(held: Round) -> SafeString | str:
    """The open tasks of the reader in a round, the soonest first, each with the way to its matter."""
    tasks: list[Task] = held.my_tasks  # type: ignore[attr-defined]  # put beside the row by `evaluation`
    if not tasks:
        return here(Text("无须办理", "Nothing asked of you"))
    today, calendar = clock.today(), working_days()
    lines = [(reverse("matter", args=[each.matter_id]), here(Text(each.label_zh, each.label_en)), each.matter.title,
              due_cell(each.due_on, each.is_provisional, today, calendar)) for each in tasks[:3]]
    more = len(tasks) - len(lines)
    return format_html("{}{}", format_html_join("", '<div><a href="{}">{}</a><span class="subline">{}</span>{}</div>', lines),
                       format_html('<a href="{}">{}</a>', reverse("inbox"), here(Text(f"另有 {more} 件待办", f"{more} more"))) if more > 0 else "")


ROUNDS = Table(
    name="rounds", title=Text("历年评估", "Rounds by year"), default_order="-year",
    columns=(
        Column("year", Text("年度", "Year"), show=_year_cell, export=lambda r: r.year, order=True, is_key=True, keeps_line=True),
        Column("stage", Text("环节", "Stage"), value=lambda r: procedure_for(r.matter).states[r.stage].label, show=stage_mark),
        Column("scheme", Text("方案", "Scheme"), value=lambda r: r.scheme_version.version, show=lambda r: scheme_link(r.scheme_version)),
        Column("is_proposal", Text("建议稿", "Proposal"), value=lambda r: r.scheme_version.is_proposal, only="export"),
        Column("opened_on", Text("发起日期", "Opened"), order=True, keeps_line=True),
        Column("mine", Text("我的下一步", "What you do next"), value=lambda r: len(r.my_tasks), show=_mine_cell, is_wide=True),
    ),
    empty=Text("还没有年度评估。", "There is no round yet."),
    empty_next=Text("评估方案发布后，由国家口岸办发起；各单位的报送任务随后出现在这里和待办。",
                    "Once a scheme is published the national office opens a round; the tasks of each office then appear here and in the inbox."),
)


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def evaluation(request: HttpRequest) -> HttpResponseBase:
    """The rounds by year; the national office's form opens one."""
    user: Any = request.user
    may_open = may(user, "rounds.run")
    findings: list[Finding] = []
    status = 200
    said = {name: request.POST.get(name, "").strip()[:64] for name in ("year", "experts")}
    if request.method == "POST":
        done = Text("已发起，报送和核验任务已交办。", "Opened; reporters and verifiers have their tasks.")
        findings, status = attempt(request, lambda: _open(user, said), done)
        if not findings:
            accept_draft(request, "open-round")
            return redirect(address_of("evaluation-round", int(said["year"])) or "evaluation")
    rows = list(rounds_visible_to(user))
    _put_tasks(user, rows)
    view = ROUNDS.read(request, rows)
    if view.wants_export:
        return view.export()
    taken = {each.year for each in rows}
    ready = sorted({each.year for each in schemes_visible_to(user).filter(state=SchemeState.PUBLISHED) if each.year not in taken}, reverse=True)
    return render(request, "console/evaluation/rounds.html", {
        "title": TITLE, "table": view, "findings": findings, "said": said, "may_open": may_open, "is_national": is_national(user),
        "ready": [(str(each), Text(f"{each} 年", str(each))) for each in ready], "procedure": PROCEDURE,
        "panels": [(each.code, each.name) for each in
                   Organisation.objects.filter(kind=OrganisationKind.EXPERT_PANEL, is_active=True).order_by("code")] if may_open else [],
        "schemes_title": SCHEMES, "crumbs": [{"label": TITLE}],
    }, status=status)


def _open(user: Any, said: dict[str, str]) -> Round:
    if not said["year"].isascii() or not said["year"].isdigit() or len(said["year"]) > 4:
        raise Refused.because("year_missing", "请选择年度。", "Choose the year.", where=Place(field="year"),
                              remedy=("方案已发布的年度可以发起。", "A year whose scheme is published can be opened."))
    try:
        return open_round(actor=user, year=int(said["year"]), experts=said["experts"])
    except NotAllowed:
        raise
    except NotFound as error:
        # No published scheme: an answer at the form, not a page that is not there.
        raise Refused(error.findings) from None


def _put_tasks(user: Any, rows: list[Round]) -> None:
    """On each round the reader's open tasks in it: of the round itself, of returns and of objections."""
    years: dict[int, int] = {each.matter_id: each.year for each in rows}
    pairs = Round.objects.filter(pk__in=[each.pk for each in rows])
    for lookup in ("returns__matter", "scorings__objections__matter"):
        years.update((pk, year) for year, pk in pairs.exclude(**{lookup: None}).values_list("year", lookup))
    mine = defaultdict(list)
    for task in inbox(user).filter(matter__in=list(years)):
        mine[years[task.matter_id]].append(task)
    for each in rows:
        put(each, my_tasks=mine[each.year])


urlpatterns = [path("evaluation", evaluation, name="evaluation")]
