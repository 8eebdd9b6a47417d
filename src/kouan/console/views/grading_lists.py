"""分级与准入退出: the lists with their reasons, one entry, the lists on record, the register of class-II ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.audit import record_event
from kouan.basis import Finding, NotAllowed, NotFound, Refused, Text, clock, codes
from kouan.console import figures, words
from kouan.console.grading_page import (
    LEDES,
    LISTS,
    crumbs,
    outcome_badge,
    paper_link,
    paper_named,
    papers,
    require,
    sheet_of,
    tabs,
)
from kouan.console.page import get_or_missing, missing, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.desk.matters.queries import get_matter
from kouan.grading import sheets
from kouan.grading.class_two import HEADS, enter_class_two, read_class_two
from kouan.grading.lawbook.cases import LIST_RULES
from kouan.grading.list_actions import may_open, open_case, record_list
from kouan.grading.list_facts import (
    WINDOW,
    Compiled,
    case_behind,
    compile_list,
    entries_of,
    entry_of,
    running_cases,
)
from kouan.grading.list_replay import replay_list
from kouan.grading.lists import VERDICTS, Entry
from kouan.grading.models import ClassTwoPort, ListKind, ListRecord

_PROVINCES = {one.code: one.name for one in codes.mainland_provinces}
_ORDER = ("close", "review", "rectify", "overdue", "unaccepted", "merge", "notice", "to_clear", "other_only", "unknown", "none")


class _Line:
    """One line of a list as its page shows it: the entry, running matters, what a click may begin."""

    def __init__(self, entry: Entry, address: str) -> None:
        self.entry, self.address = entry, address
        self.running: list[Any] = []
        self.opens: list[tuple[str, Text]] = []

    @property
    def rank(self) -> int:
        return _ORDER.index(self.entry.verdict)

    @property
    def province(self) -> Text | None:
        return _PROVINCES.get(self.entry.province_code)


def _name_cell(line: _Line) -> SafeString:
    return format_html(
        '<a href="{}">{}</a><span class="subline">{}</span>', line.address, here(line.entry.name), line.entry.subject.partition(":")[2]
    )


def _case_cell(line: _Line) -> SafeString | str:
    if line.running:
        matter = line.running[0]
        return format_html('<a href="{}">{} #{}</a>', reverse("matter", args=[matter.pk]), here(Text("办理中", "Under way")), matter.pk)
    if not line.opens:
        return ""
    if len(line.entry.about) > 1:
        return format_html('<a href="{}#open">{}</a>', line.address, here(Text("选择口岸并发起", "Choose a port and begin")))
    code, title = line.opens[0]
    return format_html(
        '<button class="btn btn-sm" form="open-case" formaction="{}" name="procedure" value="{}">{}<span class="visually-hidden">{}</span></button>',
        line.address,
        code,
        here(Text(f"发起“{title.zh}”", f"Begin: {title.en}")),
        here(Text(f"：{line.entry.name.zh}", f": {line.entry.name.en}")),
    )


def _shown(rows: list[_Line], value: str) -> list[_Line]:
    if value == "listed":
        return [row for row in rows if row.entry.is_listed]
    return [row for row in rows if row.entry.verdict == value]


LIST = Table(
    name="grading-list",
    title=Text("名单", "List"),
    columns=(
        Column("name", Text("对象", "Subject"), value=lambda r: r.entry.name, show=_name_cell, order=True, is_key=True),
        Column("code", Text("代码", "Code"), value=lambda r: r.entry.subject.partition(":")[2], only="export"),
        Column("province", Text("省份", "Province"), order=True, keeps_line=True),
        Column("verdict", Text("结论", "Outcome"), value=lambda r: r.entry.verdict_name, show=lambda r: outcome_badge(r.entry.verdict)),
        Column("why", Text("为什么", "Why"), value=lambda r: r.entry.why, is_wide=True),
        Column("citation", Text("依据", "Basis"), value=lambda r: "；".join(f"{each}“{each.quote}”" for each in r.entry.citations), only="export"),
        Column("notes", Text("提示", "Notes"), value=lambda r: "；".join(here(each) for each in r.entry.notes), only="export"),
        Column("case", Text("办件", "Matter"), value=lambda r: r.running[0].pk if r.running else None, show=_case_cell),
    ),
    filters=(
        Filter(
            "show",
            Text("范围", "Shown"),
            default="listed",
            apply=_shown,
            choices=(
                ("listed", Text("列入名单的", "On the list")),
                *((code, VERDICTS[code]) for code in _ORDER if code not in ("to_clear", "overdue")),
            ),
        ),
        Filter(
            "province",
            Text("省份", "Province"),
            choices=tuple(_PROVINCES.items()),
            apply=lambda rows, value: [row for row in rows if row.entry.province_code == value],
        ),
        Filter(
            "q",
            Text("名称或代码", "Name or code"),
            apply=lambda rows, value: [
                row for row in rows if value.lower() in f"{row.entry.name.zh} {row.entry.name.en} {row.entry.subject}".lower()
            ],
        ),
    ),
    source=Text("口岸名录与报送数据", "Register of ports and returns"),
    empty=Text("没有列入名单的对象。", "Nothing stands in this list."),
    empty_next=Text(
        "数据不全的口岸不列入；可在“范围”中选择“尚不能判定”查看，由所在地补报。",
        "Ports without whole figures are not listed; choose “unknown” under “Shown” to see them.",
    ),
)


def _address(kind: str, subject: str, year: int | None = None) -> str:
    return reverse("grading-entry", args=[kind, subject]) + (f"?year={year}" if year and kind in ("watch", "closing") else "")


def _asked_year(request: HttpRequest) -> int | None:
    said = request.GET.get("year", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) == 4 else None


@never_cache
@page("lists.read", methods=("GET", "HEAD", "POST"))
def a_list(request: HttpRequest, kind: str = ListKind.WATCH.value) -> HttpResponseBase:
    """One list in the reader's scope; the national office may record it."""
    if kind not in ListKind.values:
        raise missing()
    findings: list[Finding] = []
    year = _asked_year(request)
    if request.method == "POST":
        kept = record_list(actor=request.user, kind=kind, year=year)
        said = (
            Text(f"已登记第{kept.record.revision}版。", f"Recorded as revision {kept.record.revision}.")
            if kept.is_new
            else Text(f"与已登记的第{kept.record.revision}版相同，未另行登记。", f"Nothing differs from revision {kept.record.revision}.")
        )
        messages.success(request, here(said))
        return redirect("grading-record", kept.record.pk)
    try:
        compiled = compile_list(request.user, kind, year)
    except Refused as error:
        findings, compiled = error.findings, compile_list(request.user, kind)
    lines = sorted((_Line(each, _address(kind, each.subject, compiled.year)) for each in compiled.entries), key=lambda line: line.rank)

    def decorate(rows: list[Any]) -> None:
        running = running_cases(request.user, [row.entry for row in rows])
        for row in rows:
            row.running = running.get(row.entry.subject, [])
            row.opens = may_open(request.user, row.entry) if may(request.user, "matters.act") else []

    view = LIST.read(request, lines, notes=_notes(compiled), decorate=decorate)
    if view.wants_export:
        return view.export()
    return render(
        request,
        "console/grading/list.html",
        {
            "table": view,
            "tabs": tabs(kind),
            "kind": kind,
            "title": LISTS[kind],
            "lede": LEDES[kind],
            "compiled": compiled,
            "findings": findings,
            "years": list(range(clock.today().year - 1, clock.today().year - 1 - WINDOW, -1)) if kind in ("watch", "closing") else [],
            "may_record": may(request.user, "lists.record"),
            "readings": compiled.readings,
            "counts": compiled.counts,
            "is_class_two": kind == ListKind.CLASS_TWO,
            "may_enter": may(request.user, "class_two.enter"),
            "last": ListRecord.objects.filter(kind=kind, year=compiled.year).order_by("-revision").first(),
        },
    )


def _notes(compiled: Compiled) -> list[Text]:
    unknown, other = compiled.counts.get("unknown", 0), len(compiled.other_only)
    notes = list(compiled.untold)
    if unknown:
        notes.append(
            Text(
                f"另有{unknown}个口岸数据不全，尚不能判定，不作为不达标。",
                f"{unknown} ports cannot be told for want of figures; that never counts as below.",
            )
        )
    if other:
        notes.append(
            Text(f"另有{other}个仅在其他理解下列入，可在“范围”中查看。", f"{other} would be listed under another reading only; see “Shown”.")
        )
    return notes


@never_cache
@page("lists.read", methods=("GET", "HEAD", "POST"))
def an_entry(request: HttpRequest, kind: str, subject: str) -> HttpResponse:
    """Why something stands in a list; a click begins the matter it leads to."""
    if kind not in ListKind.values:
        raise missing()
    year = _asked_year(request)
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            opened = open_case(
                actor=request.user,
                kind=kind,
                subject=subject[:80],
                year=year,
                procedure=request.POST.get("procedure", "")[:48],
                port=request.POST.get("port", "")[:64],
            )
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(
                request,
                here(Text(f"已发起，编号 #{opened.pk}；名单条目作为证据附上。", f"Begun as number #{opened.pk}, with the entry as evidence.")),
            )
            return redirect("matter", opened.pk)
    compiled, entry = entry_of(request.user, kind, subject[:80], year)
    return render(
        request,
        "console/grading/entry.html",
        {
            **_entry_context(entry.as_dict()),
            "findings": findings,
            "tabs": tabs(kind),
            "readings": [each.as_dict() for each in compiled.readings],
            "year": compiled.year,
            "as_of": compiled.as_of,
            "running": running_cases(request.user, [entry]).get(subject, []),
            "opens": may_open(request.user, entry) if may(request.user, "matters.act") else [],
            "procedures": entry.opens,
            "crumbs": crumbs((LISTS[kind], reverse("grading-list", args=[kind])), (entry.name, "")),
        },
        status=422 if findings else 200,
    )


def _entry_context(said: Mapping[str, Any]) -> dict[str, Any]:
    """What the page of an entry shows, from its frozen form: so a recorded entry and one of today look the same."""
    rule = LIST_RULES.get(said["list"])
    return {
        "entry": said,
        "rule_address": reverse("law-rule", args=[rule]) if rule else "",
        "name": Text.from_dict(said["name"]),
        "badge": outcome_badge(said["verdict"]),
        "years": [
            {**each, "cells": [each["margins"].get(name) for name in ("cargo_tonnes", "person_crossings")]} for each in reversed(said["years"])
        ],
        "steps": [each for each in said["steps"] if each["outcome"] != "false"] or said["steps"],
    }


RECORDS = Table(
    name="grading-records",
    title=Text("已登记名单", "Recorded lists"),
    columns=(
        Column(
            "kind",
            Text("名单", "List"),
            value=lambda r: LISTS[r.kind],
            is_key=True,
            show=lambda r: format_html('<a href="{}">{}</a>', reverse("grading-record", args=[r.pk]), here(LISTS[r.kind])),
        ),
        Column("year", Text("年度", "Year"), order="year", show=lambda r: str(r.year), keeps_line=True),
        Column("revision", Text("版本", "Revision"), is_number=True, show=lambda r: str(r.revision)),
        Column("listed", Text("列入", "Listed"), value=lambda r: r.counts["listed"], is_number=True),
        Column("as_of", Text("依据截至", "As of"), keeps_line=True),
        Column("recorded_at", Text("登记时间", "Recorded"), order="recorded_at"),
        Column("digest", Text("校验值", "Digest"), only="export"),
    ),
    filters=(Filter("kind", Text("名单", "List"), choices=tuple(LISTS.items())),),
    default_order="-recorded_at",
    empty=Text("尚无登记的名单。", "No list is on record."),
    empty_next=Text(
        "由国家口岸办在名单页登记；登记后逐条冻结，可按复算依据重做。",
        "The national office records a list on its page; its entries are then frozen and can be made again.",
    ),
)

ENTRIES = Table(
    name="grading-record",
    title=Text("登记的条目", "Entries as recorded"),
    columns=(
        Column(
            "name",
            Text("对象", "Subject"),
            value=lambda e: Text.from_dict(e.content["name"]),
            is_key=True,
            show=lambda e: format_html(
                '<a href="{}">{}</a>', reverse("grading-record-entry", args=[e.record_id, e.subject]), here(Text.from_dict(e.content["name"]))
            ),
        ),
        Column("subject", Text("代码", "Code"), only="export"),
        Column("province", Text("省份", "Province"), value=lambda e: _PROVINCES.get(e.province_code), keeps_line=True),
        Column(
            "verdict",
            Text("结论", "Outcome"),
            value=lambda e: Text.from_dict(e.content["verdict_name"]),
            show=lambda e: outcome_badge(e.content["verdict"]),
        ),
        Column("why", Text("为什么", "Why"), value=lambda e: Text.from_dict(e.content["why"]), is_wide=True),
        Column("digest", Text("校验值", "Digest"), only="export"),
    ),
    filters=(Filter("province", Text("省份", "Province"), choices=tuple(_PROVINCES.items()), field="province_code"),),
    empty=Text("名单中没有您范围内的条目。", "The list holds nothing in your scope."),
)


@page("lists.read")
def record_table(request: HttpRequest) -> HttpResponseBase:
    """The lists on record, the newest first."""
    view = RECORDS.read(request, ListRecord.objects.all())
    if view.wants_export:
        return view.export()
    return render(request, "console/grading/records.html", {"table": view, "tabs": tabs("records")})


@page("lists.read")
def a_record(request: HttpRequest, number: int) -> HttpResponseBase:
    """One recorded list in the reader's scope; ``?replay=1`` makes its entries again and says what differs."""
    record = get_or_missing(ListRecord.objects.all(), pk=number)
    view = ENTRIES.read(request, entries_of(request.user, record).select_related("record"))
    if view.wants_export:
        return view.export()
    sees_all = may(request.user, "lists.record")
    replayed = replay_list(record) if sees_all and request.GET.get("replay") else None
    return render(
        request,
        "console/grading/record.html",
        {
            "table": view,
            "record": record,
            "title": LISTS[record.kind],
            "tabs": tabs("records"),
            "replayed": replayed,
            "findings": replayed or [],
            "may_replay": sees_all,
            "readings": record.recipe["readings"],
            "crumbs": crumbs((Text("已登记名单", "Recorded lists"), reverse("grading-records")), (LISTS[record.kind], "")),
        },
    )


@page("lists.read")
def a_recorded_entry(request: HttpRequest, number: int, subject: str) -> HttpResponse:
    """One entry as it was recorded; the same 404 for one that is not there and for somebody else's, which leaves a trace."""
    record = get_or_missing(ListRecord.objects.all(), pk=number)
    held = entries_of(request.user, record).filter(subject=subject[:80]).first()
    if held is None:
        if record.entries.filter(subject=subject[:80]).exists():
            record_event("out_of_scope", actor_id=request.user.pk, payload={"kind": "list_entry", "list": record.kind, "subject": subject[:80]})
        raise missing()
    return render(
        request,
        "console/grading/entry.html",
        {
            **_entry_context(held.content),
            "record": record,
            "tabs": tabs("records"),
            "readings": record.recipe["readings"],
            "year": record.year,
            "as_of": record.as_of,
            "digest": held.digest,
            "procedures": (),
            "crumbs": crumbs(
                (Text("已登记名单", "Recorded lists"), reverse("grading-records")),
                (LISTS[record.kind], reverse("grading-record", args=[number])),
                (Text.from_dict(held.content["name"]), ""),
            ),
        },
    )


@page("matters.read")
def a_case(request: HttpRequest, number: int) -> HttpResponse:
    """The entry that a matter began with, for whoever sees the matter."""
    case = case_behind(get_matter(request.user, number))
    if case is None:
        raise missing()
    return render(
        request,
        "console/grading/entry.html",
        {
            **_entry_context(case.content),
            "tabs": tabs(case.kind),
            "readings": [],
            "year": case.year,
            "as_of": clock.day_of(case.recorded_at),
            "digest": case.digest,
            "procedures": (),
            "running": [case.matter],
            "crumbs": [
                {"label": Text("办件", "Matters"), "address": reverse("matters")},
                {"label": Text(f"#{number}", f"#{number}"), "address": reverse("matter", args=[number])},
                {"label": Text("名单证据", "Evidence from a list")},
            ],
        },
    )


CLASS_TWO = Table(
    name="class-two",
    title=Text("原二类口岸名册", "Register of class-II ports"),
    columns=(
        Column("name_zh", Text("名称", "Name"), order="name_zh", is_key=True),
        Column("code", Text("代码", "Code"), keeps_line=True),
        Column("province", Text("省份", "Province"), value=lambda r: _PROVINCES.get(r.province_code), order="province_code", keeps_line=True),
        Column("city_name", Text("所在市县", "Place")),
        Column("mode", Text("方式", "Mode"), value=lambda r: words.MODES[r.mode]),
        Column("outcome", Text("清理结果", "Cleared"), value=lambda r: _outcome(r), is_wide=True),
        Column(
            "document", Text("列入依据", "Listed by"), value=lambda r: r.document.title, show=lambda r: paper_link(r.document, r.reader), is_wide=True
        ),
    ),
    filters=(
        Filter("province", Text("省份", "Province"), choices=tuple(_PROVINCES.items()), field="province_code"),
        Filter(
            "state",
            Text("进度", "Progress"),
            choices=(("open", Text("待清理", "To be cleared")), ("cleared", Text("已清理", "Cleared"))),
            apply=lambda rows, value: rows.filter(clearance__isnull=value == "open"),
        ),
    ),
    default_order="name_zh",
    empty=Text("名册为空。", "The register is empty."),
    empty_next=Text(
        "没有公开来源列出原二类口岸，系统不附带名单；请由省级口岸办或国家口岸办按表录入。",
        "No public source lists class-II ports, so none are bundled; the provincial or the national office enters them by sheet.",
    ),
)


def _outcome(port: ClassTwoPort) -> Text | None:
    held = getattr(port, "clearance", None)
    if held is None:
        return None
    name = {"upgraded": Text("升格", "upgraded"), "merged": Text("并入", "merged"), "closed": Text("关闭", "closed")}[held.outcome]
    return Text(f"{name.zh}，{figures.day(held.cleared_on)}", f"{name.en}, {held.cleared_on.isoformat()}")


@never_cache
@page("lists.read", methods=("GET", "HEAD", "POST"))
def class_two(request: HttpRequest) -> HttpResponseBase:
    """The register of class-II ports in scope, and the sheet that fills it: taken whole or not at all."""
    findings: list[Finding] = []
    if request.method == "POST":
        require(request, "class_two.enter", "console.views.grading_lists.class_two")
        try:
            content, name = sheet_of(request, sheets.FILE_BYTES)
            paper = paper_named(request)
            sheet, lines = read_class_two(content, name)
            if not sheet.is_sound:
                raise Refused(sheet.findings)
            made = enter_class_two(actor=request.user, lines=lines, document=paper)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(
                request,
                here(
                    Text(
                        f"录入 {len(made)} 个，{len(lines) - len(made)} 个已在册。",
                        f"{len(made)} entered, {len(lines) - len(made)} were there already.",
                    )
                ),
            )
            return redirect("class-two")

    def decorate(rows: list[Any]) -> None:
        for row in rows:
            row.reader = request.user

    view = CLASS_TWO.read(request, ClassTwoPort.objects.visible_to(request.user).select_related("document", "clearance"), decorate=decorate)
    if view.wants_export:
        return view.export()
    return render(
        request,
        "console/grading/class_two.html",
        {
            "table": view,
            "tabs": tabs(ListKind.CLASS_TWO.value),
            "findings": findings,
            "may_enter": may(request.user, "class_two.enter"),
            "heads": HEADS,
            "papers": papers(request.user),
            "said": request.POST.get("document", "")[:300],
            "crumbs": crumbs((LISTS["class-two"], reverse("grading-list", args=["class-two"])), (Text("名册", "Register"), "")),
        },
        status=422 if findings else 200,
    )


urlpatterns = [
    path("grading", a_list, name="grading"),
    path("grading/records", record_table, name="grading-records"),
    path("grading/records/<int:number>", a_record, name="grading-record"),
    path("grading/records/<int:number>/<str:subject>", a_recorded_entry, name="grading-record-entry"),
    path("grading/cases/<int:number>", a_case, name="grading-case"),
    path("grading/class-two", class_two, name="class-two"),
    path("grading/lists/<slug:kind>", a_list, name="grading-list"),
    path("grading/lists/<slug:kind>/<str:subject>", an_entry, name="grading-entry"),
]
