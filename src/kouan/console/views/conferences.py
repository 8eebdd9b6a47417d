"""联席会议: conferences in scope, the agenda made from open cases, the minutes item by item, action items, corrigenda."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, re_path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Organisation, OrganisationKind
from kouan.accounts.permissions import may
from kouan.audit import record_event
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text
from kouan.casework.conference import actions, papers
from kouan.casework.conference.actions import NewAction, PaperFile
from kouan.casework.conference.models import CONFIRMED, AgendaItem, Conference, Level
from kouan.casework.conference.queries import (
    conferences_visible_to,
    followed_up,
    get_conference,
    is_secretary,
    paper_version,
)
from kouan.casework.conference.reasons import suggestions
from kouan.console.marks import badge
from kouan.console.page import accept_draft, missing, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.matter_paper import refuse_unfit
from kouan.console.words import here
from kouan.desk.actions import file_place
from kouan.desk.matters.paper_files import ACCEPT
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import matters_visible_to, procedure_for
from kouan.desk.papers import docx_of, pdf_of

TITLE = Text("联席会议", "Conferences")
LEVELS = {Level.NATION: Text("国务院口岸工作部际联席会议", "Ministries' joint conference"), Level.PROVINCE: Text("地方口岸工作联席会议",
    "Province's joint conference")}


def _state(conference: Conference) -> Text:
    return procedure_for(conference.matter).states[conference.matter.state].label


def _mark(conference: Conference) -> SafeString:
    return badge(here(_state(conference)), "disc-check" if conference.matter.ended_at else "half", "none" if conference.matter.ended_at else "info")


def _link(conference: Conference) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', reverse("conference", args=[conference.pk]), conference.title,
                       here(LEVELS[Level(conference.level)]))


CONFERENCES = Table(
    name="conferences", title=TITLE,
    columns=(
        Column("title", Text("会议", "Conference"), show=_link, is_key=True, is_wide=True),
        Column("held_on", Text("日期", "Day"), order="held_on", keeps_line=True),
        Column("place", Text("地点", "Place")),
        Column("secretary", Text("秘书单位", "Secretary"), value=lambda each: each.secretary.name_zh),
        Column("state", Text("状态", "State"), value=_state, show=_mark),
        Column("minutes_number", Text("纪要编号", "Minutes"), value=lambda each: each.minutes_number or None),
    ),
    filters=(
        Filter("level", Text("层级", "Level"), choices=tuple((each.value, said) for each, said in LEVELS.items()), field="level"),
        Filter("q", Text("会议", "Conference"), apply=lambda rows, value: rows.filter(title__icontains=value)),
    ),
    default_order="-held_on",
    empty=Text("没有会议。", "There is no conference."),
    empty_next=Text("国家口岸办和省级口岸办可召集会议；贵单位作为成员的，送达议程后出现在这里。",
                    "The national and provincial offices call them; those of which you are a member appear once the agenda is sent."),
)


def _crumbs(*labels: Any) -> list[dict[str, Any]]:
    return [{"label": TITLE, "address": reverse("conferences")}, *({"label": each} for each in labels)]


@page("matters.read")
def conferences(request: HttpRequest) -> HttpResponseBase:
    """The conferences in scope."""
    view = CONFERENCES.read(request, conferences_visible_to(request.user))
    if view.wants_export:
        return view.export()
    user: Any = request.user
    may_call = may(user, "conferences.keep") and user.organisation.kind in (OrganisationKind.NATIONAL_OFFICE, OrganisationKind.PROVINCIAL_OFFICE)
    return render(request, "console/conferences/list.html", {"table": view, "may_call": may_call})


@never_cache
@page("conferences.keep", methods=("GET", "HEAD", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """The first form of a conference."""
    user: Any = request.user
    said = {name: request.POST.get(name, "").strip()[:4000] for name in ("title", "held_on", "place", "chair", "members")}
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            made = actions.call_conference(actor=user, title=said["title"], held_on=_day(said["held_on"], "held_on"), place=said["place"],
                                           chair=said["chair"], members=said["members"].splitlines())
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "conference")
            messages.success(request, here(Text("会议已登记，请选择议题。", "Entered. Now choose the items.")))
            return redirect("conference", made.pk)
    rows = Organisation.objects.filter(is_active=True).exclude(kind=OrganisationKind.ENTERPRISE).exclude(pk=user.organisation_id)
    if user.organisation.kind == OrganisationKind.PROVINCIAL_OFFICE:
        rows = rows.filter(province_code=user.organisation.province_code)
    return render(request, "console/conferences/new.html", {"said": said, "findings": findings, "offices": list(rows[:400]),
                                                            "crumbs": _crumbs(Text("召集会议", "Call a conference"))}, status=422 if findings
                                                                else 200)


def _day(said: str, field: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Refused.because("bad_date", f"“{said[:20]}”不是日期。" if said else "请填写日期。", f"“{said[:20]}” is not a date.",
            where=Place(field=field),
                              remedy=("请按 2024-03-19 的形式填写。", "Write it as 2024-03-19."))


@never_cache
@page("matters.read", methods=("GET", "HEAD", "POST"))
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One conference: agenda, members with receipts, minutes, action items, what became of the last ones."""
    user: Any = request.user
    held = get_conference(user, number)
    findings: list[Finding] = []
    status = 200
    deed = request.POST.get("deed", "")
    if request.method == "POST":
        try:
            said = _act(request, held, deed)
        except (NotFound, NotAllowed):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
        else:
            accept_draft(request, _form(request))
            messages.success(request, here(said))
            return redirect("conference", number)
        held = get_conference(user, number)
    return render(request, "console/conferences/one.html", _context(request, held, findings, deed), status=status)


def _form(request: HttpRequest) -> str:
    deed = request.POST.get("deed", "")
    return f"{deed}-{request.POST.get('item', '')}" if deed == "minutes" else deed


def _act(request: HttpRequest, held: Conference, deed: str) -> Text:
    said = {name: request.POST.get(name, "").strip() for name in request.POST}
    known: dict[str, Any] = {"actor": request.user, "conference": held.pk}
    version = int(said["version"]) if said.get("version", "").isdigit() else None
    item = int(said["item"]) if said.get("item", "").isdigit() else 0
    match deed:
        case "cases":
            picked = [int(each) for each in request.POST.getlist("matter") if each.isdigit()]
            if said.get("other", "").lstrip("#").isdigit():
                picked.append(int(said["other"].lstrip("#")))
            if not picked:
                raise Refused.because("nothing_chosen", "请先选择办件。", "Choose a case first.", where=Place(field="matter"),
                    remedy=("在列表中勾选。", "Tick them in the list."))
            actions.add_cases(**known, matters=picked, note=said.get("note", ""), version=version)
            return Text(f"已列入{len(picked)}件。", f"{len(picked)} put on the agenda.")
        case "free":
            upload = request.FILES.get("paper")
            paper = PaperFile(upload.file, upload.name or "") if upload is not None and upload.file is not None else None
            actions.add_free_item(**known, title=said.get("title", ""), note=said.get("note", ""), paper=paper, version=version)
            return Text("已增加议题。", "The item was added.")
        case "paper":
            upload = request.FILES.get("paper")
            if upload is None or upload.file is None:
                raise Refused.because("missing", "请选择文件。", "Choose a file.", where=Place(field="paper"))
            actions.attach_paper(**known, item=item, paper=PaperFile(upload.file, upload.name or ""))
            return Text("已附材料。", "The paper was attached.")
        case "drop":
            actions.drop_item(**known, item=item, version=version)
            return Text("已撤下。", "Taken off.")
        case "members":
            actions.set_members(**known, members=said.get("members", "").splitlines(), version=version)
            return Text("成员已更新。", "The members were changed.")
        case "receipt":
            actions.note_receipt(**known, member=int(said.get("member", "0") or 0), attendee=said.get("attendee", ""))
            return Text("已代录回执。", "The receipt was entered.")
        case "minutes":
            actions.write_minutes(**known, item=item, decision=said.get("decision", ""), dissent=said.get("dissent", ""), words=said.get("words", ""),
                                  actions=actions_said(said.get("actions", ""), f"actions-{item}"), version=version)
            return Text("已保存本项纪要。", "The minutes of the item were kept.")
        case "corrigendum":
            actions.draft_corrigendum(**known, words=said.get("words", ""), item=item or None)
            return Text("更正待另一人确认。", "The corrigendum waits for a second person.")
        case "confirm-corrigendum":
            actions.confirm_corrigendum(**known, corrigendum=int(said.get("corrigendum", "0") or 0))
            return Text("更正已确认。", "The corrigendum is confirmed.")
        case _:
            raise missing()


def actions_said(said: str, field: str) -> list[NewAction]:
    """Action items as people type them, one a line: what；office；day. Refused with the number of each line that is none."""
    found, findings = [], []
    for at, line in enumerate(said.splitlines(), 1):
        if not line.strip():
            continue
        parts = [each.strip() for each in line.replace(";", "；").split("；")]
        try:
            if len(parts) != 3:
                raise ValueError(line)
            found.append(NewAction(parts[0], parts[1], date.fromisoformat(parts[2])))
        except ValueError:
            findings.append(Finding.error("bad_action", f"第{at}行不是“事项；责任单位；日期”。", f"Line {at} is not “what；office；day”.",
                where=Place(field=field),
                                          measured=line[:80], remedy=("如：完成通道改造；某市口岸办；2024-06-30。",
                                              "As: Rebuild the lane；office；2024-06-30.")))
    if findings:
        raise Refused(findings)
    return found


def _context(request: HttpRequest, held: Conference, findings: list[Finding], deed: str) -> dict[str, Any]:
    user: Any = request.user
    procedure = procedure_for(held.matter)
    state = held.matter.state
    keeps = is_secretary(user, held) and may(user, "conferences.keep")
    sees_minutes = state in CONFIRMED or is_secretary(user, held)
    items = list(held.items.select_related("paper", "matter__edition").prefetch_related("actions__matter", "paper__versions"))
    seen = set(matters_visible_to(user).filter(pk__in=[each.matter_id for each in items if each.matter_id]).values_list("pk", flat=True))
    on_agenda = {each.matter_id for each in items}
    turn = set(procedure.states[state].waits_for) & set(standing_of(user, procedure, held.matter).parties)
    said = request.POST if findings else {}
    return {
        "conference": held, "mark": _mark(held), "state": state, "level": LEVELS[Level(held.level)], "findings": findings, "keeps": keeps,
        "is_preparing": keeps and state == "preparing", "is_minuting": keeps and state == "minuting", "sees_minutes": sees_minutes
            and state != "preparing",
        "is_confirmed": state in CONFIRMED, "may_correct": keeps and state in CONFIRMED, "may_attach": keeps and state in ("preparing",
            "agenda_sent"),
        "is_my_turn": bool(turn), "state_label": _state(held), "waits_for": [procedure.parties[each].label
            for each in procedure.states[state].waits_for],
        "items": [_item(each, seen, said if deed == "minutes" and said.get("item") == str(each.pk) else {}) for each in items],
        "members": list(held.members.select_related("invitation")), "member_lines": "\n".join(each.name for each in held.members.all()),
        "may_note": keeps and state == "agenda_sent",
        "suggestions": [(case, reasons, procedure_for(case)) for case, reasons in suggestions(user) if case.pk not in on_agenda][:60]
        if keeps and state == "preparing" else [],
        "followed_up": followed_up(held), "corrigenda": held.corrigenda.select_related("drafted_by", "confirmed_by", "item"), "user_id": user.pk,
        "accept": ACCEPT, "said": said, "deed": deed, "crumbs": _crumbs(Text(held.title, held.title)),
    }


def _item(each: AgendaItem, seen: set[int], said: Any) -> dict[str, Any]:
    kept = "\n".join(f"{one.what}；{one.owner.code if one.owner else one.owner_name}；{one.due_on}" for one in each.actions.all())
    return {
        "row": each, "is_seen": each.matter_id in seen, "reasons": [Text(reason["zh"], reason["en"]) for reason in each.reasons],
        "versions": list(each.paper.versions.all()) if each.paper else [], "actions": list(each.actions.all()),
        "decision": said.get("decision", each.decision), "dissent": said.get("dissent", each.dissent), "words": said.get("words", each.words),
        "lines": said.get("actions", kept),
    }


_FORMS = {"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf"}


@page("matters.read")
def paper(request: HttpRequest, number: str, kind: str, form: str) -> HttpResponse:
    """The agenda or the minutes as Word or PDF; the trail records who took it."""
    held = get_conference(request.user, int(number))
    if kind == "minutes" and not (held.matter.state in CONFIRMED or is_secretary(request.user, held)):
        raise missing()
    made = papers.agenda_of(held) if kind == "agenda" else papers.minutes_of(held)
    content = docx_of(made) if form == "docx" else pdf_of(made)
    record_event("export", actor_id=request.user.pk, payload={"conference": held.pk, "paper": kind, "format": form})
    response = HttpResponse(content, content_type=_FORMS[form])
    response["Content-Disposition"] = f"attachment; filename=\"{kind}-{held.pk}.{form}\"; filename*=UTF-8''{quote(f'{made.title}.{form}')}"
    response["Cache-Control"] = "private, no-store"
    return response


@page("matters.read")
def attached(request: HttpRequest, number: int, version: int) -> HttpResponseBase:
    """A paper of an item as it came."""
    found = paper_version(request.user, number, version)
    refuse_unfit(found)
    record_event("download", actor_id=request.user.pk, payload={"conference": number, "document": found.document_id, "sha256": found.sha256})
    response = FileResponse(file_place(found.sha256).open("rb"), content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.file_name)}"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


urlpatterns = [
    path("conferences", conferences, name="conferences"),
    path("conferences/new", new, name="conference-new"),
    path("conferences/<int:number>", one, name="conference"),
    re_path(r"^conferences/(?P<number>\d{1,12})/(?P<kind>agenda|minutes)\.(?P<form>docx|pdf)$", paper, name="conference-paper"),
    path("conferences/<int:number>/papers/<int:version>", attached, name="conference-attached"),
]
