"""办件: the inbox, every matter in scope, and the way to begin one."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, Place, Refused, SubjectRef, Text, clock
from kouan.casework.actions import begin_case
from kouan.casework.forms import Ask, asks_of
from kouan.casework.models import TemporaryOpening
from kouan.console import figures
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.desk.matters import upkeep
from kouan.desk.matters.actions import Concerns, open_matter
from kouan.desk.matters.mails import last_failure
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import (
    inbox,
    matters_visible_to,
    procedure_for,
    search_matters,
    settings_of,
    unread,
    working_days,
)
from kouan.desk.matters.registry import (
    Registered,
    begun_by_form,
    in_force,
    procedures,
    refuse_if_begun_by_deeds,
)
from kouan.grading.class_two import to_be_cleared
from kouan.ports.queries import PortIndex, codes_named
from kouan.procedure import Procedure

SOON_DAYS = 5


def procedure_title(code: str) -> Text:
    """The title of a procedure in force; its code where a later release no longer has it."""
    return next((each.procedure.title for each in procedures() if each.procedure.code == code), Text(code, code))


def state_mark(matter: Matter) -> SafeString:
    """Where a matter stands, in word and shape."""
    state = procedure_for(matter).states[matter.state]
    return badge(here(state.label), "disc-check" if matter.ended_at else "half", "none" if matter.ended_at else "info")


def due_cell(day: date | None, is_provisional: bool, today: date, calendar: Any) -> SafeString | str:
    """The last day of a task and how far it is, with a shape for what is late or soon."""
    if day is None:
        return "—"
    written = figures.day(day)
    if day < today:
        late = calendar.between(day, today)
        mark = badge(here(Text(f"逾期{late}个工作日", f"{late} working days late")), "triangle-cross", "bad")
    else:
        left = calendar.between(today, day)
        mark = badge(here(Text(f"剩{left}个工作日", f"{left} working days left")), "clock", "wait" if left <= SOON_DAYS else "none")
    note = here(Text("（暂按周末推算，缺节假日安排）", " (weekends only; a holiday table is missing)")) if is_provisional else ""
    return format_html('{}<span class="subline">{}{}</span>', written, mark, note)


def _matter_link(matter: Matter) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">#{} {}</span>', reverse("matter", args=[matter.pk]), matter.title, matter.pk,
                       here(procedure_for(matter).title))


def _by_due(rows: Any, value: str) -> Any:
    today = clock.today()
    if value == "late":
        return rows.filter(due_on__lt=today)
    return rows.filter(due_on__gte=today, due_on__lte=working_days().after(today, SOON_DAYS))


def _titles() -> tuple[tuple[str, Text], ...]:
    return tuple((each.procedure.code, each.procedure.title) for each in procedures())


def _due(task: Any) -> SafeString | str:
    return due_cell(task.due_on, task.is_provisional, task.today, task.calendar)


def _desk(task: Any) -> SafeString | str:
    who = task.assignee.display_name if task.assignee else here(Text("未指定", "Nobody by name"))
    stray = here(Text("代收：原单位无人承办", "Taken in: nobody at its own office")) if task.is_stray else ""
    return format_html('{}<span class="subline">{} {}</span>', task.organisation.name_zh, who, stray)


def _what(task: Any) -> SafeString | str:
    """What is to be done, and why it cannot be done now where conditions close every step."""
    label = here(Text(task.label_zh, task.label_en))
    if not task.blocked_zh:
        return label
    said = here(Text(f"受阻：{task.blocked_zh}", f"Blocked: {task.blocked_en}"))
    return format_html('{}<span class="subline">{}</span>', label, said)


INBOX = Table(
    name="inbox",
    title=Text("待办", "To do"),
    columns=(
        Column("matter", Text("办件", "Matter"), value=lambda t: t.matter.title, show=lambda t: _matter_link(t.matter), is_key=True, is_wide=True),
        Column("label", Text("要办的事", "What to do"), value=lambda t: Text(t.label_zh, t.label_en), is_wide=True, show=lambda t: _what(t)),
        Column("due_on", Text("期限", "Due"), show=lambda t: _due(t), order="due_on", keeps_line=True),
        Column("desk", Text("承办", "Desk"), show=lambda t: _desk(t), value=lambda t: t.organisation.name_zh),
        Column("opened_at", Text("交办时间", "Since"), order="opened_at", keeps_line=True),
    ),
    filters=(
        Filter("due", Text("期限", "Due"), choices=(("late", Text("已逾期", "Overdue")), ("soon", Text("五个工作日内", "Within five working days"))),
               apply=_by_due),
        Filter("procedure", Text("程序", "Procedure"), choices=_titles, field="matter__procedure"),
        Filter("q", Text("标题", "Title"), apply=lambda rows, value: rows.filter(matter__title__icontains=value)),
    ),
    default_order="due_on",
    empty=Text("您的桌上没有待办。", "Nothing lies on your desk."),
    empty_next=Text("新的待办到达时会出现在这里，并发送通知。", "New tasks appear here, with a notice."),
)


def _running(rows: Any, value: str) -> Any:
    return rows.filter(ended_at__isnull=value == "running")


def _search(rows: Any, value: str) -> Any:
    return search_matters(rows, value, ports=codes_named(value))


MATTERS = Table(
    name="matters",
    title=Text("办件", "Matters"),
    columns=(
        Column("title", Text("办件", "Matter"), show=lambda m: _matter_link(m), is_key=True, is_wide=True),
        Column("number", Text("编号", "Number"), value=lambda m: m.pk, only="export"),
        Column("procedure", Text("程序", "Procedure"), value=lambda m: procedure_for(m).title, only="export"),
        Column("state", Text("状态", "State"), value=lambda m: procedure_for(m).states[m.state].label, show=lambda m: state_mark(m), order="state"),
        Column("applicant", Text("发起单位", "Begun by"), value=lambda m: m.applicant.name_zh),
        Column("subject", Text("对象", "About"), value=lambda m: m.subject.partition(":")[2] or None),
        Column("began_at", Text("开始", "Began"), order="began_at", keeps_line=True),
        Column("ended_at", Text("办结", "Ended"), order="ended_at", keeps_line=True),
    ),
    filters=(
        Filter("q", Text("标题、对象、编号或文件", "Title, subject, number or paper"), apply=_search,
               hint=Text("也找所附文件的标题和文号", "Papers' titles and numbers too")),
        Filter("procedure", Text("程序", "Procedure"), choices=_titles),
        Filter("running", Text("进度", "Progress"), apply=_running,
               choices=(("running", Text("办理中", "Under way")), ("ended", Text("已办结", "Ended")))),
    ),
    default_order="-began_at",
    empty=Text("没有符合条件的办件。", "No matter matches."),
    empty_next=Text("可从“发起办件”开始一件。", "Begin one with “Begin a matter”."),
)


@page("matters.act", methods=("GET", "HEAD", "POST"))
def inbox_page(request: HttpRequest) -> HttpResponseBase:
    """What lies on one's desk, and what one has been told."""
    if request.method == "POST":
        upkeep.mark_read(actor=request.user, notices=[int(each) for each in request.POST.getlist("notice") if each.isdigit()])
        return redirect("inbox")
    today, calendar = clock.today(), working_days()

    def decorate(rows: list[Any]) -> None:
        for row in rows:
            row.today, row.calendar = today, calendar

    view = INBOX.read(request, inbox(request.user), decorate=decorate)
    if view.wants_export:
        return view.export()
    return render(request, "console/matters/inbox.html", {
        "table": view, "notices": list(unread(request.user)[:20]), "mail": last_failure(request.user)})


@page("matters.read")
def matters(request: HttpRequest) -> HttpResponseBase:
    """Every matter in scope, 50 to a page."""
    view = MATTERS.read(request, matters_visible_to(request.user).select_related("edition", "applicant"))
    if view.wants_export:
        return view.export()
    return render(request, "console/matters/list.html", {"table": view, "may_begin": may(request.user, "matters.act")})


@page("matters.act")
def choose(request: HttpRequest) -> HttpResponse:
    """Which procedure to begin."""
    user: Any = request.user
    held = [{"procedure": each.procedure, "unfilled": _unfilled(each), "by": _first_parties(each.procedure), "may": may_begin(user, each.procedure)}
            for each in begun_by_form()]
    held.sort(key=lambda one: not one["may"])
    return render(request, "console/matters/choose.html", {"held": held, "crumbs": _crumbs(Text("发起办件", "Begin a matter"))})


def _first_parties(procedure: Procedure) -> list[Text]:
    return [procedure.parties[party].label for party in procedure.states[procedure.first].waits_for]


def may_begin(user: Any, procedure: Procedure) -> bool:
    """Whether somebody's role can begin a procedure; ``open_matter`` looks at the office too."""
    return any(user.role in procedure.parties[party].roles for party in procedure.states[procedure.first].waits_for)


def _unfilled(each: Registered) -> list[Text]:
    filled = settings_of(each.procedure.code)
    return [setting.label for code, setting in each.procedure.settings.items() if code not in filled]


def _crumbs(label: Text) -> list[dict[str, Any]]:
    return [{"label": Text("办件", "Matters"), "address": reverse("matters")}, {"label": label}]


@never_cache
@page("matters.act", methods=("GET", "HEAD", "POST"))
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """The first form of a matter: title, what it is about, the offices to be named."""
    refuse_if_begun_by_deeds(code)
    procedure = in_force(code).procedure
    findings: list[Finding] = []
    is_case = in_force(code).room == "casework"
    asks = asks_of(code) if is_case else ()
    chosen = [party for each in procedure.consultations.values() if each.asks == "chosen" for party in each.parties]
    chosen = list(dict.fromkeys(chosen))
    names = ("title", "port", *(ask.name for ask in asks), *(f"named-{each}" for each in procedure.parties))
    said = {name: request.POST.get(name, "").strip()[:200] for name in names}
    asked = request.POST.getlist("asked")
    if request.method == "POST":
        try:
            named_now = {party: said[f"named-{party}"] for party in procedure.parties if said[f"named-{party}"]}
            if is_case:
                opened = begin_case(actor=request.user, procedure=code, title=said["title"], answers={ask.name: said[ask.name] for ask in asks},
                                    named=named_now, asked=asked if chosen else None)
            else:
                opened = open_matter(actor=request.user, procedure=code, title=said["title"], concerns=_concerns(request, said["port"]),
                    named=named_now)
        except NotAllowed:
            raise
        except Refused as error:
            findings = [each.at(field=f"named-{each.where.field}") if each.where.field in procedure.parties else each for each in error.findings]
        else:
            accept_draft(request, "begin")
            messages.success(request, here(Text(f"已发起，编号 #{opened.pk}。", f"Begun as number #{opened.pk}.")))
            return redirect("matter", opened.pk)
    offices = [(each.code, Text(each.name_zh, each.name_en or each.name_zh))
               for each in Organisation.objects.filter(is_active=True).order_by("kind", "code")]
    named = [{"name": f"named-{party.code}", "label": party.label, "value": said[f"named-{party.code}"]}
             for party in procedure.parties.values() if party.office == "named"]
    return render(request, "console/matters/begin.html", {
        "asks": [_ask(request, ask, said[ask.name]) for ask in asks],
        "chosen": [{"code": party, "label": procedure.parties[party].label, "is_chosen": party in asked} for party in chosen],
        "procedure": procedure, "said": said, "named": named, "offices": offices, "findings": findings, "about_port": not is_case
            and procedure.subject == "port",
        "unfilled": _unfilled(in_force(code)), "crumbs": _crumbs(procedure.title),
    }, status=422 if findings else 200)


def _ask(request: HttpRequest, ask: Ask, value: str) -> dict[str, Any]:
    """One question of a case's first form, with what may be chosen."""
    options: Any = None
    if ask.kind == "opening":
        options = [(str(each.pk), Text(f"{each.name_zh}（{each.opened_from} 至 {each.last_day}）",
            f"{each.name_zh} ({each.opened_from} to {each.last_day})"))
                   for each in TemporaryOpening.objects.visible_to(request.user).filter(ended_on__isnull=True).prefetch_related("extensions")]
    elif ask.kind == "class_two":
        options = [(each.code, Text(f"{each.name_zh}（{each.code}）", f"{each.name_zh} ({each.code})")) for each in to_be_cleared(request.user)]
    elif ask.choices is not None:
        options = list(ask.choices.items())
    return {"ask": ask, "value": value, "options": options}


def _concerns(request: HttpRequest, port: str) -> Concerns:
    """What the form names: a port in scope, or nothing but the office's own province."""
    user: Any = request.user
    if not port:
        return Concerns(province_code=user.organisation.province_code, city_code=user.organisation.city_code)
    found = PortIndex.build(user).resolve(port, where=Place(field="port"))
    if isinstance(found, Finding):
        raise Refused(found)
    return Concerns(SubjectRef.of("port", found.code), found.province_code, found.city_code, found.code)


urlpatterns = [
    path("inbox", inbox_page, name="inbox"),
    path("matters", matters, name="matters"),
    path("matters/begin", choose, name="choose-procedure"),
    path("matters/begin/<slug:code>", begin, name="begin-matter"),
]
