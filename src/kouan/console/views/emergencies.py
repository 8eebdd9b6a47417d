"""监测 → 突发事件: events in one's scope, one opened, one with its tasks, log, closures and review, the after-action report."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, re_path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may
from kouan.audit import record_event
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text, clock
from kouan.console.marks import badge
from kouan.console.page import accept_draft, missing, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import procedure_for
from kouan.desk.papers.report_pdf import report_pdf
from kouan.desk.papers.report_word import report_docx
from kouan.monitoring.emergencies import actions, codes, typed
from kouan.monitoring.emergencies.models import EmergencyEvent
from kouan.monitoring.emergencies.queries import (
    events_visible_to,
    plans_due,
    state_of,
    task_times,
    timeline,
    year_figures,
)
from kouan.monitoring.emergencies.report import after_action
from kouan.monitoring.warnings.queries import get_warning
from kouan.ports.models import Port

TITLE = Text("突发事件", "Emergencies")
_TONES = {1: "bad", 2: "bad", 3: "wait", 4: "info"}


def drill_mark(is_drill: bool) -> SafeString:
    """演练, beside whatever is one; nothing otherwise."""
    return badge(here(Text("演练", "Drill")), "ring", "wait") if is_drill else SafeString("")


def level_mark(level: int) -> SafeString:
    """The level with its words and colour."""
    return badge(here(codes.level_words(level)), "triangle-cross" if level <= 2 else "diamond", _TONES[level])


def state_mark(event: EmergencyEvent) -> SafeString:
    """Where an event stands."""
    ended, running = event.matter.ended_at is not None, event.response_ended_at is None
    return badge(here(state_of(event)), "disc-check" if ended else "clock" if running else "half", "none" if ended else "wait" if running else "info")


def event_title(event: EmergencyEvent) -> Text:
    """Its title, with 演练 before a drill's."""
    mark_zh, mark_en = (actions.DRILL_ZH, actions.DRILL_EN) if event.is_drill else ("", "")
    return Text(f"{mark_zh}{event.title_zh}", f"{mark_en}{event.title_en or event.title_zh}")


def _link(event: EmergencyEvent) -> SafeString:
    return format_html('<a href="{}">#{} {}</a><span class="subline">{} {}</span>', reverse("emergency", args=[event.pk]), event.pk,
                       here(event_title(event)), event.port.name_zh, drill_mark(event.is_drill))


EVENTS = Table(
    name="emergencies", title=TITLE,
    columns=(
        Column("event", TITLE, value=lambda each: f"#{each.pk} {each.title_zh}", show=_link, is_key=True, is_wide=True),
        Column("port", Text("口岸", "Port"), value=lambda each: each.port.name_zh, only="export"),
        Column("is_drill", Text("演练", "Drill"), value=lambda each: Text("演练", "drill") if each.is_drill else None, only="export"),
        Column("kind", Text("类别", "Kind"), value=lambda each: codes.every_kind()[each.kind]),
        Column("level", Text("等级", "Level"), order="level", value=lambda each: codes.level_words(each.level),
            show=lambda each: level_mark(each.level)),
        Column("opened_at", Text("启动", "Opened"), order="opened_at", keeps_line=True),
        Column("state", Text("状态", "State"), value=state_of, show=state_mark),
        Column("lead", Text("牵头单位", "Led by"), value=lambda each: each.lead.name_zh),
    ),
    filters=(
        Filter("progress", Text("进度", "Progress"), choices=(("running", Text("处置中", "Response under way")), ("open", Text("未办结",
            "Not closed")),
                                                            ("ended", Text("已办结", "Closed"))),
               apply=lambda rows, value: rows.running() if value == "running" else rows.filter(matter__ended_at__isnull=value == "open")),
        Filter("sort", Text("事件或演练", "Event or drill"), choices=(("event", Text("突发事件", "Events")), ("drill", Text("演练", "Drills"))),
               apply=lambda rows, value: rows.filter(is_drill=value == "drill")),
        Filter("kind", Text("类别", "Kind"), field="kind", choices=lambda: tuple(codes.every_kind().items())),
        Filter("q", Text("口岸", "Port"), apply=lambda rows, value: rows.filter(port__name_zh__icontains=value)),
    ),
    default_order="-opened_at",
    empty=Text("没有符合条件的突发事件。", "No emergency matches."),
    empty_next=Text("口岸各单位均可启动；演练也从这里启动。", "Every office at a port may open one; drills are opened here too."),
)


def crumbs(*labels: Text) -> list[dict[str, Any]]:
    """Where one is under 突发事件."""
    return [{"label": TITLE, "address": reverse("emergencies")}, *({"label": each} for each in labels)]


@page("emergencies.read")
def emergencies(request: HttpRequest) -> HttpResponseBase:
    """The events in scope, drills overdue, this year's figures."""
    view = EVENTS.read(request, events_visible_to(request.user))
    if view.wants_export:
        return view.export()
    return render(request, "console/emergencies/list.html", {
        "table": view, "due": plans_due(request.user), "figures": year_figures(request.user, clock.today().year),
        "may_open": may(request.user, "emergencies.open")})


def moment_said(said: str, field: str) -> datetime:
    """A moment of a form, in Beijing time. Refused at the field where it is none."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise Refused.because("bad_moment", f"“{said[:20]}”不是时间。" if said else "请填写时间。", f"“{said[:20]}” is no time.",
                              where=Place(field=field), remedy=("请按 2024-05-01 08:30 的形式填写。", "Write it as 2024-05-01 08:30."))
    return found.replace(tzinfo=clock.BEIJING) if timezone.is_naive(found) else found


@never_cache
@page("emergencies.open", methods=("GET", "HEAD", "POST"))
def open_one(request: HttpRequest) -> HttpResponse:
    """The form by which an event or a drill is opened, perhaps from a warning."""
    user: Any = request.user
    names = ("port", "kind", "level", "title", "title_en", "occurred_at", "words", "is_drill", "warning")
    said = {name: (request.POST if request.method == "POST" else request.GET).get(name, "").strip()[:4000] for name in names}
    findings: list[Finding] = []
    warning = get_warning(user, int(said["warning"][:18])) if said["warning"].isdigit() else None
    if request.method == "POST":
        try:
            made = actions.open_event(actor=user, said=actions.NewEvent(
                said["port"][:64], said["kind"][:24], int(said["level"]) if said["level"] in ("1", "2", "3", "4") else 0, said["title"],
                moment_said(said["occurred_at"], "occurred_at"), said["words"], said["title_en"], bool(said["is_drill"]),
                warning.pk if warning else None))
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "emergency")
            messages.success(request, here(Text("已启动，任务已送达各单位待办。", "Opened; the tasks lie on the desks of the offices.")))
            return redirect("emergency", made.pk)
    elif warning is not None:
        said |= {"port": warning.port.code, "words": warning.message_zh, "title": warning.matter.title[:120]}
    if not said["occurred_at"]:
        said["occurred_at"] = f"{timezone.localtime(clock.now()):%Y-%m-%dT%H:%M}"
    ports = [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in Port.objects.visible_to(user).order_by("pinyin", "code")]
    return render(request, "console/emergencies/open.html", {
        "said": said, "findings": findings, "ports": ports, "kinds": list(codes.kinds().items()), "warning": warning,
        "levels": [(str(each), codes.level_words(each)) for each in codes.LEVELS], "crumbs": crumbs(Text("启动", "Open"))},
        status=422 if findings else 200)


@never_cache
@page("emergencies.read", methods=("GET", "HEAD", "POST"))
def emergency(request: HttpRequest, number: int) -> HttpResponse:
    """One event: what waits for whom, tasks with their minutes, the log, closures, review and measures."""
    user: Any = request.user
    actions.get_event(user, number)
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        try:
            said = _act(request, number)
        except (NotFound, NotAllowed):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
        else:
            accept_draft(request, request.POST.get("deed", ""))
            messages.success(request, here(said))
            return redirect("emergency", number)
    return render(request, "console/emergencies/one.html", _context(request, actions.get_event(user, number), findings), status=status)


def _act(request: HttpRequest, number: int) -> Text:
    """The deed of a form of the event's page."""
    said = {name: request.POST.get(name, "").strip()[:8000] for name in request.POST}
    known: dict[str, Any] = {"actor": request.user, "event": number}
    match said.get("deed", ""):
        case "log":
            at = moment_said(said["happened_at"], "happened_at") if said.get("happened_at") else None
            corrects = int(said["corrects"][:18]) if said.get("corrects", "").isdigit() else None
            actions.add_log_line(**known, words=said.get("words", ""), words_en=said.get("words_en", ""), happened_at=at, corrects=corrects)
            return Text("已记入日志。", "Added to the log.")
        case "task":
            minutes = said.get("minutes", "")
            actions.give_task(**known, words=said.get("task", ""), desks=request.POST.getlist("desks"),
                              minutes=int(minutes[:6]) if minutes.isdigit() else 0, words_en=said.get("task_en", ""))
            return Text("任务已下达。", "The task was given.")
        case "close":
            at = moment_said(said["closed_at"], "closed_at") if said.get("closed_at") else None
            actions.close_at_port(**known, what=said.get("what", ""), decided_by=said.get("decided_by", ""),
                                  document_number=said.get("document_number", ""), closed_at=at)
            return Text("已登记关闭。", "The closure was entered.")
        case "reopen":
            actions.reopen_at_port(**known, closure=int(said["closure"][:18]) if said.get("closure", "").isdigit() else 0)
            return Text("已登记恢复。", "The reopening was entered.")
        case "review":
            actions.write_review(**known, lessons=said.get("lessons", ""), measures=typed.measures_said(said.get("measures", "")))
            return Text("复盘已保存，请报送上级确认。", "The review was kept; submit it to the superior.")
        case _:
            raise missing()


def _context(request: HttpRequest, held: EmergencyEvent, findings: list[Finding]) -> dict[str, Any]:
    user: Any = request.user
    procedure, state = procedure_for(held.matter), held.matter.state
    waits = procedure.states[state].waits_for
    leads = held.lead_id == user.organisation_id and may(user, "emergencies.lead")
    times = task_times(held)
    mine = set(held.tasks.filter(matter__tasks__organisation_id=user.organisation_id, matter__tasks__closed_at__isnull=True)
               .values_list("pk", flat=True))
    measures = list(held.measures.select_related("owner", "matter"))
    said = request.POST if findings else {}
    kept = "\n".join(f"{each.what}；{each.owner.code}；{each.due_on}" for each in measures)
    return {
        "event": held, "title": event_title(held), "kind": codes.every_kind()[held.kind], "level": level_mark(held.level), "mark": state_mark(held),
        "drill": drill_mark(held.is_drill), "state": state, "state_label": state_of(held), "findings": findings, "said": said, "leads": leads,
        "is_my_turn": bool(set(waits) & set(standing_of(user, procedure, held.matter).parties)) and held.matter.ended_at is None,
        "waits_for": [procedure.parties[each].label for each in waits] if held.matter.ended_at is None else [],
        "tasks": [(each, _lasted(each.took), _lasted(each.late_by), each.task.pk in mine) for each in times],
        "open_tasks": sum(each.task.matter.ended_at is None for each in times), "late_tasks": sum(each.late_by is not None for each in times),
        "moments": [(each, _lasted(each.after) if each.after >= timedelta() else f"−{_lasted(-each.after)}") for each in timeline(held)],
        "levels": [(each, codes.level_words(each.level)) for each in held.levels.select_related("changed_by__organisation")],
        "closures": list(held.closures.all()), "measures": measures, "measure_lines": said.get("measures", kept),
        "lessons": said.get("lessons", held.lessons), "may_log": may(user, "emergencies.open") and held.matter.ended_at is None,
        "responding": leads and state == "responding", "reviewing": leads and state == "reviewing",
        "desks": [(code, text, code in (request.POST.getlist("desks") if findings else [])) for code, text in codes.desks().items()],
        "may_register": may(user, "ports.change"), "offices": _owners(held) if leads and state == "reviewing" else [],
        "lasted": _lasted((held.response_ended_at or clock.now()) - held.opened_at), "crumbs": crumbs(Text(f"#{held.pk}", f"#{held.pk}")),
    }


def _owners(held: EmergencyEvent) -> list[Organisation]:
    """The offices that may be given a measure: those that took part."""
    codes_named = {held.lead.code, held.superior.code}
    for named in held.tasks.values_list("matter__named", flat=True):
        codes_named |= set(named.values())
    return list(Organisation.objects.filter(code__in=codes_named, is_active=True).order_by("code"))


def _lasted(span: timedelta | None) -> str:
    if span is None:
        return "—"
    total = int(span.total_seconds() // 60)
    days, rest = divmod(total, 1440)
    hours, left = divmod(rest, 60)
    if days:
        return here(Text(f"{days}天{hours}小时", f"{days} d {hours} h"))
    return here(Text(f"{hours}小时{left}分", f"{hours} h {left} min")) if hours else here(Text(f"{left}分", f"{left} min"))


_FORMS = {"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf"}


@page("emergencies.read")
def report(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """The after-action report as Word or PDF; the trail records who took it."""
    held = actions.get_event(request.user, int(number))
    made = after_action(held)
    content = report_docx(made) if form == "docx" else report_pdf(made)
    record_event("export", actor_id=request.user.pk, payload={"emergency": held.pk, "format": form})
    response = HttpResponse(content, content_type=_FORMS[form])
    name = f"{made.kind}-{made.title}.{form}"
    response["Content-Disposition"] = f"attachment; filename=\"emergency-{held.pk}.{form}\"; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "private, no-store"
    return response


urlpatterns = [
    path("emergencies", emergencies, name="emergencies"),
    path("emergencies/open", open_one, name="emergency-open"),
    path("emergencies/<int:number>", emergency, name="emergency"),
    re_path(r"^emergencies/(?P<number>\d{1,12})/report\.(?P<form>docx|pdf)$", report, name="emergency-report"),
]
