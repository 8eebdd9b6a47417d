"""数据目录与共享授权: the catalogue of data sets, a set with its quality and its figures, grants and who read what."""

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

from kouan.accounts.models import Organisation, OrganisationKind
from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text, codes, measures
from kouan.casework.assessments.queries import standing_of_assessments
from kouan.collection.models import Observation
from kouan.collection.queries import observations_visible_to
from kouan.collection.visibility import ROOM as FIGURES
from kouan.collection.visibility import granted_filter, granted_months
from kouan.console import figures
from kouan.console.marks import badge
from kouan.console.page import page
from kouan.console.subject_names import SubjectNames, direction_text
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.desk.sharing import actions, queries, rooms
from kouan.desk.sharing.coverage import Coverage
from kouan.desk.sharing.coverage import read as read_coverage
from kouan.desk.sharing.models import (
    Classification,
    DataGrant,
    DataSet,
    DataSetState,
    GrantState,
    Sensitivity,
)
from kouan.desk.sharing.reach import Reach, reaches_for
from kouan.ports.sharing import ROOM as REGISTER
from kouan.ports.sharing import shared_rows

TITLE = Text("数据目录", "Data catalogue")
GRANTS = Text("共享授权", "Grants")
CLASSES = {"core": Text("核心数据", "Core data"), "important": Text("重要数据", "Important data"), "general": Text("一般数据", "General data"),
           "work_secret": Text("工作秘密", "Work secret"), "": Text("未定级", "Not classified")}
SENSITIVITY = {"none": Text("不含个人信息", "No personal data"), "personal": Text("一般个人信息", "Personal data"),
               "sensitive": Text("敏感个人信息", "Sensitive personal data"), "": Text("未说明", "Not stated")}
STATES = {"draft": Text("草拟", "Draft"), "published": Text("已发布", "Published"), "withdrawn": Text("已停用", "Withdrawn")}
GRANT_STATES = {
    "requested": Text("待归口单位审批", "With the owner"), "active": Text("有效", "In force"), "refused": Text("未批准", "Refused"),
    "withdrawn": Text("申请已撤回", "Request withdrawn"), "revoked": Text("已收回", "Revoked"), "given_up": Text("使用单位已放弃", "Given up"),
    "expired": Text("已到期", "Expired"),
}
_MARKS = {"draft": ("ring", "wait"), "published": ("disc", "ok"), "withdrawn": ("cross", "none"), "requested": ("half", "wait"),
          "active": ("disc", "ok"), "refused": ("cross", "bad"), "revoked": ("cross", "bad"), "given_up": ("disc-check", "none"),
          "expired": ("disc-check", "none")}
_CLASS_MARKS = {"core": ("triangle-cross", "bad"), "important": ("diamond", "wait"), "general": ("disc", "none"),
                "work_secret": ("diamond", "bad"), "": ("ring", "wait")}
DEEDS = {"approve": Text("按申请批准", "Grant as asked"), "narrow": Text("缩小范围后批准", "Grant a narrower part"),
         "refuse": Text("不予批准", "Refuse"),
         "revoke": Text("收回授权", "Revoke"), "take_back": Text("撤回申请", "Withdraw the request"), "give_up": Text("放弃授权", "Give it up")}


def class_mark(code: str) -> SafeString:
    """The class of a data set, in word and shape."""
    return badge(here(CLASSES[code]), *_CLASS_MARKS[code])


def _owner(each: DataSet) -> Text:
    return each.owner.name if each.owner else Text("未指定", "None yet")


SETS = Table(
    name="data-sets", title=TITLE,
    columns=(
        Column("name", Text("数据集", "Data set"), value=lambda each: each.name, is_key=True, is_wide=True, show=lambda each: format_html(
            '<a href="{}">{}</a><span class="subline"><code>{}</code></span>', reverse("data-set", args=[each.code]), here(each.name), each.code)),
        Column("code", Text("代码", "Code"), only="export"),
        Column("owner", Text("归口单位", "Owner"), value=_owner),
        Column("classification", Text("分级", "Class"), value=lambda each: CLASSES[each.classification],
               show=lambda each: class_mark(each.classification)),
        Column("sensitivity", Text("个人信息", "Personal data"), value=lambda each: SENSITIVITY[each.sensitivity]),
        Column("room", Text("数据类别", "Kind"), value=lambda each: rooms.rooms()[each.room].label if each.room in rooms.rooms() else each.room),
        Column("cadence", Text("更新周期", "Cadence")),
        Column("state", Text("状态", "State"), value=lambda each: STATES[each.state],
               show=lambda each: badge(here(STATES[each.state]), *_MARKS[each.state])),
    ),
    filters=(
        Filter("class", Text("分级", "Class"), field="classification", choices=tuple((code, CLASSES[code]) for code in Classification.values)),
        Filter("personal", Text("个人信息", "Personal data"), field="sensitivity",
               choices=tuple((code, SENSITIVITY[code]) for code in Sensitivity.values)),
        Filter("state", Text("状态", "State"), field="state", choices=tuple(STATES.items())),
        Filter("q", Text("名称", "Name"), apply=lambda rows, value: rows.filter(name_zh__icontains=value)),
    ),
    default_order="code",
    empty=Text("没有符合条件的数据集。", "No data set matches."),
    empty_next=Text("国家、省级和市县口岸办、部委和查验机构为本单位的数据编目。", "Port offices, ministries and agencies catalogue their own data."),
)
GRANT_LIST = Table(
    name="grants", title=GRANTS,
    columns=(
        Column("data_set", Text("数据集", "Data set"), value=lambda each: each.data_set.name, is_key=True, is_wide=True,
               show=lambda each: format_html(
            '<a href="{}">{}</a><span class="subline">#{}</span>', reverse("grant", args=[each.pk]), here(each.data_set.name), each.pk)),
        Column("owner", Text("归口单位", "Owner"), value=lambda each: _owner(each.data_set)),
        Column("grantee", Text("使用单位", "Used by"), value=lambda each: each.grantee.name),
        Column("purpose", Text("用途", "Purpose"), is_wide=True),
        Column("term", Text("期限", "Term"), value=lambda each: f"{each.starts_on:%Y-%m-%d} – {each.ends_on:%Y-%m-%d}", keeps_line=True),
        Column("state", Text("状态", "State"), value=lambda each: GRANT_STATES[each.state_today],
               show=lambda each: badge(here(GRANT_STATES[each.state_today]), *_MARKS[each.state_today])),
    ),
    filters=(
        Filter("state", Text("状态", "State"), field="state", choices=tuple(GRANT_STATES.items())),
        Filter("set", Text("数据集代码", "Data set by code"), apply=lambda rows, value: rows.filter(data_set__code=value)),
    ),
    default_order="-pk",
    empty=Text("没有共享授权。", "No grants."),
    empty_next=Text("在数据目录中选一个数据集申请。", "Ask for one in the catalogue of data sets."),
)
READS = Table(
    name="grant-reads", title=Text("读取记录", "Who read what"),
    columns=(
        Column("at", Text("时间", "When"), keeps_line=True, is_key=True),
        Column("user", Text("读取人", "Reader"), value=lambda each: each.user.display_name),
        Column("office", Text("单位", "Office"), value=lambda each: each.user.organisation.name),
        Column("purpose", Text("用途", "Purpose"), is_wide=True),
        Column("door", Text("途径", "Door"), is_wide=True),
        Column("rows", Text("行数", "Rows"), is_number=True),
        Column("fields", Text("字段", "Fields"), value=lambda each: "、".join(each.fields)),
        Column("subjects", Text("对象", "Subjects"), value=lambda each: "、".join(each.subjects)),
    ),
    filters=(Filter("q", Text("对象或字段代码", "Subject or field"), apply=lambda rows, value: rows.filter(subjects__icontains=value)),),
    default_order="-pk",
    empty=Text("尚无人读取。", "Nobody has read yet."),
)
DATA = Table(
    name="data-set-figures", title=Text("数据集中的数据", "Figures of the data set"),
    columns=(
        Column("subject", Text("对象", "Subject"), value=lambda each: each.subject_words, is_key=True),
        Column("code", Text("对象代码", "Code"), value=lambda each: f"{each.series.subject_kind}:{each.series.subject_code}", only="export"),
        Column("measure", Text("指标", "Measure"), value=lambda each: measures.get(each.series.measure).name),
        Column("direction", Text("方向", "Direction"), value=lambda each: each.direction_words),
        Column("period", Text("时期", "Period"), value=lambda each: each.period, keeps_line=True),
        Column("value", Text("数值", "Value"), is_number=True, value=lambda each: each.value, show=lambda each: format_html(
            '<a href="{}">{}</a>', reverse("observation", args=[each.pk]), figures.number(each.value, shorten=False, places=6))),
        Column("unit", Text("单位", "Unit"), value=lambda each: figures.unit_name(each.series.unit)),
        Column("revision", Text("修订号", "Revision"), is_number=True),
        Column("origin", Text("数据性质", "Origin"), value=lambda each: each.series.get_origin_display(), only="export"),
    ),
    filters=(
        Filter("measure", Text("指标", "Measure"), field="series__measure"),
        Filter("subject", Text("对象代码", "Subject by code"), field="series__subject_code"),
    ),
    default_order="pk",
    empty=Text("没有您可读的数据。", "Nothing here that you may read."),
)


@page("sharing.read")
def catalogue(request: HttpRequest) -> HttpResponseBase:
    """Every data set that may be asked for, whose it is and of what class."""
    view = SETS.read(request, queries.data_sets_visible_to(request.user))
    if view.wants_export:
        return view.export()
    return render(request, "console/sharing/catalogue.html", {
        "table": view, "may_keep": may(request.user, "data_sets.keep"),
        "waiting": queries.grants_visible_to(request.user).filter(state=GrantState.REQUESTED).count(),
        "assessments": [(each, badge(here(each.state), *(("triangle-cross", "bad") if each.is_overdue else ("disc", "ok"))))
                        for each in standing_of_assessments(request.user)],
        "may_act": may(request.user, "matters.act"),
    })


def coverage_words(coverage: Coverage, room: str) -> list[tuple[str, str]]:
    """A coverage as a reader sees it: label and words."""
    known = rooms.rooms()[room].fields() if room in rooms.rooms() else {}
    every = here(Text("全部", "All"))

    def name(code: str) -> str:
        return here(known[code]) if code in known else code

    rows = [here(codes.province(code).name) for code in coverage.provinces] + list(coverage.ports)
    months = " – ".join((f"{coverage.since:%Y-%m}" if coverage.since else "…", f"{coverage.until:%Y-%m}" if coverage.until else "…"))
    return [
        (here(Text("字段", "Fields")), "、".join(name(code) for code in coverage.fields) or every),
        (here(Text("行（省份、口岸）", "Rows (provinces, ports)")), "、".join(rows) or every),
        (here(Text("月份", "Months")), months if coverage.since or coverage.until else every),
    ]


@never_cache
@page("sharing.read", methods=("GET", "HEAD", "POST"))
def data_set(request: HttpRequest, code: str) -> HttpResponse:
    """One entry: what it is, how good it is now, who uses it; published and withdrawn by its owner; asked for by others."""
    user: Any = request.user
    held = queries.get_data_set(user, code)
    findings: list[Finding] = []
    names = ("purpose", "fields", "provinces", "ports", "since", "until", "ends_on")
    said = {name: request.POST.get(name, "").strip()[:600] for name in names}
    if request.method == "POST":
        try:
            match request.POST.get("deed", ""):
                case "publish":
                    actions.publish_data_set(actor=user, code=code)
                    messages.success(request, here(Text("已发布。", "Published.")))
                case "withdraw":
                    actions.withdraw_data_set(actor=user, code=code)
                    messages.success(request, here(Text("已停用，所有授权随即停止读取。", "Withdrawn; no grant of it lets anybody read any more.")))
                case _:
                    made = actions.request_grant(
                        actor=user, data_set=code, purpose=said["purpose"], ends_on=_day(said["ends_on"]), coverage=read_coverage(
                            **{name: said[name] for name in ("fields", "provinces", "ports", "since", "until")}))
                    messages.success(request, here(Text("已提交归口单位审批。", "Sent to the owner.")))
                    return redirect("grant", made.pk)
            return redirect("data-set", code)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
    room = rooms.rooms().get(held.room)
    is_mine = held.owner_id == user.organisation_id or (not user.organisation.province_code and may(user, "procedures.set"))
    reads = any(each.data_set == code for each in reaches_for(user, held.room))
    grants = list(queries.grants_visible_to(user).filter(data_set=held).order_by("-pk")[:50])
    usage = queries.usage_of(user, [each.pk for each in grants])
    return render(request, "console/sharing/data_set.html", {
        "held": held, "class_mark": class_mark(held.classification), "personal": here(SENSITIVITY[held.sensitivity]), "owner": here(_owner(held)),
        "state": badge(here(STATES[held.state]), *_MARKS[held.state]), "quality": room.quality(held.covers) if room else None,
        "room": here(room.label) if room else held.room, "coverage": coverage_words(held.covers, held.room), "findings": findings, "said": said,
        "may_keep": is_mine and may(user, "data_sets.keep"), "is_draft": held.state == DataSetState.DRAFT,
        "may_ask": held.state == DataSetState.PUBLISHED and not is_mine and may(user, "grants.request"), "reads": reads or is_mine,
        "known_fields": list(room.fields().items()) if room else [], "has_figures": held.room == FIGURES, "has_register": held.room == REGISTER,
        "grants": [(each, badge(here(GRANT_STATES[each.state_today]), *_MARKS[each.state_today]), usage.get(each.pk)) for each in grants],
        "crumbs": [{"label": TITLE, "address": reverse("data-sets")}, {"label": held.name}],
    }, status=422 if findings else 200)


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Refused.because("bad_day", "请填写截止日。", "Give the last day.", where=Place(field="ends_on"), required="YYYY-MM-DD",
                              remedy=("写作 2026-12-31。", "Write it 2026-12-31."))


@never_cache
@page("data_sets.keep", methods=("GET", "HEAD", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """The form by which a data set is entered in the catalogue."""
    user: Any = request.user
    names = ("code", "name_zh", "name_en", "room", "owner", "classification", "sensitivity", "definition_zh", "definition_en", "cadence",
             "fields", "provinces", "ports", "since", "until")
    said = {name: request.POST.get(name, "").strip()[:1000] for name in names}
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            coverage = read_coverage(**{name: said[name] for name in ("fields", "provinces", "ports", "since", "until")})
            made = actions.catalogue(actor=user, said=actions.NewDataSet(
                coverage=coverage, **{name: said[name] for name in names if name not in ("fields", "provinces", "ports", "since", "until")}))
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, here(Text("已编目；填齐归口单位、分级和个人信息情况后即可发布。",
                                             "Entered; publish it once owner and class stand.")))
            return redirect("data-set", made.code)
    owners = Organisation.objects.filter(is_active=True).exclude(kind__in=(OrganisationKind.ENTERPRISE, OrganisationKind.EXPERT_PANEL))
    if user.organisation.kind != OrganisationKind.NATIONAL_OFFICE:
        owners = owners.filter(pk=user.organisation_id)
    return render(request, "console/sharing/new.html", {
        "said": said, "findings": findings, "owners": [(each.code, each.name) for each in owners.order_by("province_code", "code")[:500]],
        "rooms": [(name, each.label) for name, each in rooms.rooms().items()],
        "classes": [(code, CLASSES[code]) for code in Classification.values],
        "personal": [(code, SENSITIVITY[code]) for code in Sensitivity.values],
        "crumbs": [{"label": TITLE, "address": reverse("data-sets")}, {"label": Text("编目", "Enter")}],
    }, status=422 if findings else 200)


@page("figures.read")
def data_set_figures(request: HttpRequest, code: str) -> HttpResponseBase:
    """The figures of a data set that the reader may see: in scope, or by a grant. Every reading by a grant is recorded with its purpose."""
    held = queries.get_data_set(request.user, code)
    if held.room != FIGURES or held.state != DataSetState.PUBLISHED:
        raise _nothing()
    reach = Reach(0, code, "", held.covers)
    rows = observations_visible_to(request.user).select_related("series").filter(granted_filter(reach, "series__") & granted_months(reach))
    if not rows.exists():
        raise _nothing()
    grants = [each for each in reaches_for(request.user, FIGURES) if each.data_set == code]
    notes = [Text(f"经授权 #{each.grant} 使用，用途：{each.purpose}。",
                  f"Read under grant #{each.grant}, purpose: {each.purpose}.") for each in grants]
    view = DATA.read(request, rows, notes=notes, decorate=_with_words)
    if view.wants_export:
        return view.export()
    return render(request, "console/sharing/figures.html", {
        "table": view, "held": held, "grants": grants, "crumbs": [
            {"label": TITLE, "address": reverse("data-sets")}, {"label": held.name, "address": reverse("data-set", args=[code])},
            {"label": Text("数据", "Figures")}],
    })


def _with_words(rows: list[Any]) -> None:
    names = SubjectNames({(row.series.subject_kind, row.series.subject_code) for row in rows})
    for row in rows:
        assert isinstance(row, Observation)  # noqa: S101 - the table is read of figures only
        series = row.series
        put: Any = row
        put.subject_words = names.name(series.subject_kind, series.subject_code)
        put.direction_words = direction_text(series.measure, series.direction, names.region(series.subject_kind, series.subject_code))


@page("sharing.read")
def shared_ports(request: HttpRequest) -> HttpResponse:
    """Rows of the register that grants show to the reader, with the granted columns only."""
    rows = shared_rows(request.user)
    if not rows:
        raise _nothing()
    known = rooms.rooms()[REGISTER].fields()
    columns = [(name, here(label)) for name, label in known.items() if any(name in row for row in rows)]
    return render(request, "console/sharing/ports.html", {
        "heads": [label for _, label in columns], "rows": [(row["code"], [row.get(name) for name, _ in columns]) for row in rows],
        "crumbs": [{"label": TITLE, "address": reverse("data-sets")}, {"label": Text("授权可读的口岸名录", "Register shown by grants")}],
    })


def _nothing() -> Refused:
    return NotFound.because(
        "nothing_shared", "没有您可读的数据：不在本单位范围内，也没有有效授权。",
        "Nothing here that you may read: neither in your scope nor by a grant.",
        remedy=("请在数据目录中申请授权。", "Ask for a grant in the catalogue."))


@page("sharing.read")
def grants(request: HttpRequest) -> HttpResponseBase:
    """The grants of one's office: as user and as owner."""
    view = GRANT_LIST.read(request, queries.grants_visible_to(request.user))
    if view.wants_export:
        return view.export()
    return render(request, "console/sharing/grants.html", {"table": view})


@never_cache
@page("sharing.read", methods=("GET", "HEAD", "POST"))
def grant(request: HttpRequest, number: int) -> HttpResponseBase:
    """One grant: for what, how far, until when; who read what; the steps that the reader may take."""
    user: Any = request.user
    held: DataGrant = queries.get_grant(user, number)
    findings: list[Finding] = []
    names = ("reason", "fields", "provinces", "ports", "since", "until", "term_end")
    said = {name: request.POST.get(name, "").strip()[:600] for name in names}
    if request.method == "POST":
        deed = request.POST.get("deed", "")
        try:
            if deed in ("take_back", "give_up"):
                actions.end_own_grant(actor=user, grant=number, deed=deed, reason=said["reason"])
            else:
                actions.decide_grant(actor=user, grant=number, deed=deed, reason=said["reason"], narrowed=said)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, here(Text("已办理。", "Done.")))
            return redirect("grant", number)
    view = READS.read(request, queries.reads_visible_to(user).filter(grant=held))
    if view.wants_export:
        return view.export()
    is_owner, is_user = held.data_set.owner_id == user.organisation_id, held.grantee_id == user.organisation_id
    state = held.state_today
    deeds: list[str] = []
    if is_owner and may(user, "grants.decide"):
        deeds = {GrantState.REQUESTED: ["approve", "narrow", "refuse"], GrantState.ACTIVE: ["revoke"]}.get(state, [])
    elif is_user and may(user, "grants.request"):
        deeds = {GrantState.REQUESTED: ["take_back"], GrantState.ACTIVE: ["give_up"]}.get(state, [])
    reach = Coverage.of(held.reach) if held.reach else None
    return render(request, "console/sharing/grant.html", {
        "held": held, "state": badge(here(GRANT_STATES[state]), *_MARKS[state]), "findings": findings, "said": said, "table": view,
        "asked": coverage_words(Coverage.of(held.asked), held.data_set.room),
        "reach": coverage_words(reach, held.data_set.room) if reach else None, "owner": here(_owner(held.data_set)),
        "deeds": [(deed, here(DEEDS[deed])) for deed in deeds], "may_narrow": "narrow" in deeds,
        "read_address": _address_of(held) if is_user and actions.is_in_force(held) else "",
        "crumbs": [{"label": GRANTS, "address": reverse("grants")}, {"label": Text(f"#{held.pk}", f"#{held.pk}")}],
    }, status=422 if findings else 200)


def _address_of(held: DataGrant) -> str:
    if held.data_set.room == FIGURES:
        return reverse("data-set-figures", args=[held.data_set.code])
    return reverse("shared-ports") if held.data_set.room == REGISTER else ""


urlpatterns = [
    path("data-sets", catalogue, name="data-sets"),
    path("data-sets/new", new, name="data-set-new"),
    path("data-sets/shared-ports", shared_ports, name="shared-ports"),
    path("data-sets/<slug:code>", data_set, name="data-set"),
    path("data-sets/<slug:code>/figures", data_set_figures, name="data-set-figures"),
    path("grants", grants, name="grants"),
    path("grants/<int:number>", grant, name="grant"),
]
