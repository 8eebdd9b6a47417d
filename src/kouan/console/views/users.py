"""Users and organisations, for administrators: list, block, new password, and whole sheets of users."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core import signing
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from openpyxl import Workbook

from kouan.accounts import actions, offices, provisioning, queries, second_factor
from kouan.accounts.actions import NewUser, Provisioned
from kouan.accounts.models import Organisation, User
from kouan.accounts.scope import scope_of
from kouan.basis import Finding, NotFound, Place, Refused, Text, codes
from kouan.console import words
from kouan.console.marks import badge
from kouan.console.page import accept_draft, get_or_missing, page
from kouan.console.subject_names import SubjectNames
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.ports.queries import PortIndex

PREVIEW_SALT = "kouan.console.users.preview"
PASSWORDS_SALT = "kouan.console.users.passwords"
SEPARATOR = Text("、", ", ")
STATES = {"yes": Text("启用", "Active"), "no": Text("停用", "Blocked")}


def _state(user: User) -> SafeString:
    if not user.is_active:
        return badge(here(STATES["no"]), "cross", "bad")
    if user.must_change_password:
        return badge(here(Text("待改初始密码", "Initial password")), "half", "wait")
    return badge(here(STATES["yes"]), "disc", "none")


def organisation_name(home: Organisation) -> str:
    """The name in the page's language, the Chinese one where there is no other."""
    return here(Text(home.name_zh, home.name_en or home.name_zh))


def _search(rows: Any, value: str) -> Any:
    return rows.filter(username__icontains=value) | rows.filter(display_name__icontains=value)


USERS = Table(
    name="users",
    title=Text("用户", "Users"),
    columns=(
        Column("username", Text("登录名", "Sign-in name"), order="username", is_key=True, keeps_line=True,
               show=lambda u: format_html('<a href="{}">{}</a>', reverse("user", args=[u.pk]), u.username)),
        Column("display_name", Text("姓名", "Name"), order="display_name"),
        Column("organisation", Text("所属单位", "Organisation"), value=lambda u: organisation_name(u.organisation), order="organisation__code"),
        Column("role", Text("角色", "Role"), value=lambda u: words.ROLES[u.role], order="role", keeps_line=True),
        Column("email", Text("电子邮箱", "E-mail")),
        Column("is_active", Text("状态", "State"), value=lambda u: STATES["yes" if u.is_active else "no"], show=_state),
        Column("last_login", Text("最近登录", "Last sign-in"), order="last_login", keeps_line=True),
    ),
    filters=(
        Filter("q", Text("登录名或姓名", "Sign-in name or name"), apply=_search),
        Filter("role", Text("角色", "Role"), choices=tuple(words.ROLES.items())),
        Filter("kind", Text("单位类别", "Kind of organisation"), choices=tuple(words.ORGANISATION_KINDS.items()), field="organisation__kind"),
        Filter("active", Text("状态", "State"), choices=tuple(STATES.items()), apply=lambda rows, value: rows.filter(is_active=value == "yes")),
    ),
    default_order="username",
    empty=Text("没有符合条件的用户。", "No users match."),
    empty_next=Text("可清除筛选条件，或用工作簿批量添加用户。", "Clear the filters, or add users by a sheet."),
)

ORGANISATIONS = Table(
    name="organisations",
    title=Text("单位", "Organisations"),
    columns=(
        Column("code", Text("代码", "Code"), order="code", is_key=True, keeps_line=True,
               show=lambda o: format_html('<a href="{}">{}</a>', reverse("organisation", args=[o.code]), o.code)),
        Column("name", Text("名称", "Name"), value=organisation_name, order="name_zh"),
        Column("kind", Text("类别", "Kind"), value=lambda o: words.ORGANISATION_KINDS[o.kind], order="kind"),
        Column("province_code", Text("省级行政区", "Province"), value=lambda o: codes.province(o.province_code).name if o.province_code else None,
               order="province_code"),
        Column("ports", Text("所辖口岸", "Ports"), value=lambda o: here(SEPARATOR).join(o.names.name("port", code) for code in o.port_codes),
               show=lambda o: _port_links(o), is_wide=True),
        Column("port_codes", Text("口岸代码", "Port codes"), value=lambda o: "、".join(o.port_codes), only="export"),
        Column("reports_to", Text("报送对象", "Reports to"), value=lambda o: "、".join(o.reports_to)),
        Column("users", Text("用户数", "Users"), value=lambda o: o.user_count, order="user_count", is_number=True, unit=Text("人", "people")),
        Column("is_active", Text("在用", "In use")),
    ),
    filters=(
        Filter("q", Text("名称或代码", "Name or code"),
               apply=lambda rows, value: rows.filter(name_zh__icontains=value) | rows.filter(code__icontains=value)),
        Filter("kind", Text("类别", "Kind"), choices=tuple(words.ORGANISATION_KINDS.items())),
    ),
    default_order="code",
)


@page("users.manage")
def users(request: HttpRequest) -> HttpResponseBase:
    """All users in the administrator's scope."""
    view = USERS.read(request, queries.users(request.user))
    if view.wants_export:
        return view.export()
    return render(request, "console/users/list.html", {"table": view})


@page("users.manage", methods=("GET", "HEAD", "POST"))
def organisations(request: HttpRequest) -> HttpResponseBase:
    """All organisations in the administrator's scope."""
    if request.method == "POST":
        made = offices.make_offices(actor=request.user)
        messages.success(request, here(Text(f"已登记 {len(made)} 个单位。", f"{len(made)} organisations were registered.")))
        return redirect("organisations")
    view = ORGANISATIONS.read(
        request, queries.organisations(request.user).annotate(user_count=Count("users")), decorate=_with_port_names,
    )
    if view.wants_export:
        return view.export()
    is_national = scope_of(request.user).everything
    return render(request, "console/users/organisations.html", {"table": view, "missing": offices.missing() if is_national else []})


@never_cache
@page("users.manage", methods=("GET", "HEAD", "POST"))
def organisation(request: HttpRequest, code: str) -> HttpResponse:
    """One organisation: its ports and to whom it reports."""
    held = get_or_missing(queries.organisations(request.user), code=code)
    said = {name: request.POST.get(name, "").strip()[:2000] for name in ("port_codes", "reports_to")} if request.method == "POST" else {
        "port_codes": "、".join(held.port_codes), "reports_to": "、".join(held.reports_to)}
    findings: list[Finding] = []
    if request.method == "POST":
        ports, findings = _ports_named(request, said["port_codes"])
        if not findings:
            try:
                actions.change_organisation(actor=request.user, organisation=held, port_codes=ports,
                                            reports_to=[each for each in re.split(r"[\s,，、;；]+", said["reports_to"]) if each])
            except NotFound:
                raise
            except Refused as error:
                findings = error.findings
            else:
                accept_draft(request, "organisation-one")
                messages.success(request, here(Text("已更改。", "Changed.")))
                return redirect("organisations")
    return render(request, "console/users/organisation.html", {
        "held": held, "name": organisation_name(held), "said": said, "findings": findings,
        "may_change": scope_of(request.user).everything,
        "kind": words.ORGANISATION_KINDS[held.kind],
        "crumbs": [{"label": Text("单位", "Organisations"), "address": reverse("organisations")}, {"label": held.code}],
    }, status=422 if findings else 200)


def _with_port_names(rows: list[Any]) -> None:
    """Attach the names of the ports of some organisations, fetched together."""
    names = SubjectNames(("port", code) for row in rows for code in row.port_codes)
    for row in rows:
        row.names = names


def _port_links(row: Any) -> SafeString | str:
    if not row.port_codes:
        return "—"
    # Each on a line of its own: a link between words would need more than its colour.
    return format_html_join("", "<div>{}</div>", ((row.names.link("port", code),) for code in row.port_codes))


FIELDS = ("code", "kind", "name_zh", "name_en", "province_code", "city_code", "port_codes", "credit_code")


@page("users.manage", methods=("GET", "HEAD", "POST"))
def add_organisation(request: HttpRequest) -> HttpResponse:
    """Register an organisation."""
    said = {name: request.POST.get(name, "").strip()[:300] for name in FIELDS}
    findings: list[Finding] = []
    if request.method == "POST":
        ports, findings = _ports_named(request, said["port_codes"])
        if not findings:
            try:
                made = actions.create_organisation(
                    actor=request.user, code=said["code"], kind=said["kind"], name_zh=said["name_zh"], name_en=said["name_en"],
                    province_code=said["province_code"], city_code=said["city_code"], port_codes=ports, credit_code=said["credit_code"],
                )
            except Refused as error:
                findings = error.findings
            else:
                accept_draft(request, "organisation")
                messages.success(request, here(Text(f"已登记单位“{made.name_zh}”。", f"“{organisation_name(made)}” was registered.")))
                return redirect("organisations")
    return render(request, "console/users/add_organisation.html", {
        "findings": findings, "said": said, "kinds": words.ORGANISATION_KINDS.items(),
        "provinces": [(one.code, one.name) for one in codes.provinces],
        "crumbs": [{"label": Text("单位", "Organisations"), "address": reverse("organisations")}, {"label": Text("登记单位", "Add")}],
    }, status=422 if findings else 200)


def _ports_named(request: HttpRequest, said: str) -> tuple[list[str], list[Finding]]:
    """The codes of the ports somebody typed, by any name or code, and what could not be found."""
    if not said:
        return [], []
    index = PortIndex.build(request.user)
    found = [index.resolve(name, where=Place(field="port_codes")) for name in re.split(r"[\s,，、;；]+", said) if name]
    return (
        list(dict.fromkeys(each.code for each in found if not isinstance(each, Finding))),
        [each for each in found if isinstance(each, Finding)],
    )


@never_cache
@page("users.manage", methods=("GET", "HEAD", "POST"))
def user(request: HttpRequest, number: int) -> HttpResponse:
    """One user: block, let in again, give a new initial password."""
    person = get_or_missing(queries.users(request.user), pk=number)
    made: Provisioned | None = None
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            made = _change(request, person)
        except Refused as error:
            findings = error.findings
        if made is None and not findings:
            return redirect("user", number)
    return render(request, "console/users/one.html", {
        "person": person, "made": made, "factor": second_factor.factor_of(person),
        "findings": findings, "home_name": organisation_name(person.organisation),
        "roles": [(role, label) for role, label in words.ROLES.items() if actions.role_mismatch(role, person.organisation.kind) is None],
        "crumbs": [{"label": Text("用户", "Users"), "address": reverse("users")}, {"label": person.username}],
    }, status=422 if findings else 200)


def _change(request: HttpRequest, person: User) -> Provisioned | None:
    match request.POST.get("deed"):
        case "new-password":
            return actions.reset_password(actor=request.user, user=person)
        case "block":
            actions.set_active(actor=request.user, user=person, is_active=False)
            messages.success(request, here(Text("已停用，该用户的登录立即失效。", "Blocked; the user's sessions have ended.")))
        case "second-factor":
            second_factor.reset_second_factor(actor=request.user, user=person, reason=request.POST.get("reason", ""))
            messages.success(request, here(Text("动态口令已重置，该用户须重新设置。", "The second factor was reset; the user must set it up again.")))
        case "role":
            actions.change_role(actor=request.user, user=person, role=request.POST.get("role", ""))
            messages.success(request, here(Text("已更改角色；其名下待办交还本单位。", "The role was changed; tasks by name went back.")))
        case "allow":
            actions.set_active(actor=request.user, user=person, is_active=True)
            messages.success(request, here(Text("已启用。", "The user may sign in again.")))
    return None


@never_cache
@page("users.manage", methods=("GET", "HEAD", "POST"))
def provision(request: HttpRequest) -> HttpResponse:
    """A sheet of users: upload, preview by cell, then all or none."""
    context: dict[str, Any] = {
        "crumbs": [{"label": Text("用户", "Users"), "address": reverse("users")}, {"label": Text("批量添加", "Add by sheet")}],
        "sheet_columns": provisioning.COLUMNS, "limit": provisioning.LINES,
    }
    if request.method != "POST":
        return render(request, "console/users/provision.html", context)
    if "preview" in request.POST:
        return _commit(request, context)
    file = request.FILES.get("sheet")
    if file is None:
        context["findings"] = [Finding.error("missing", "请选择要上传的工作簿。", "Choose a workbook.", where=Place(field="sheet"))]
        return render(request, "console/users/provision.html", context, status=422)
    content = file.read(provisioning.FILE_BYTES + 1)
    sheet = provisioning.read(content, file.name or "", request.user)
    context |= {"sheet": sheet, "findings": sheet.findings, "rows": [_marked(row) for row in sheet.rows]}
    if sheet.may_be_committed:
        held = [[line.username, line.display_name, line.organisation_code, line.role, line.email, line.phone] for line in sheet.lines]
        context["preview"] = signing.dumps({"by": request.user.pk, "lines": held}, salt=PREVIEW_SALT, compress=True)
    return render(request, "console/users/provision.html", context, status=422 if sheet.findings else 200)


def _marked(row: dict[str, str]) -> list[str]:
    return [row[column.key] for column in provisioning.COLUMNS]


def _commit(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The preview comes back signed; what was checked is checked again by the action itself."""
    try:
        held = signing.loads(request.POST["preview"], salt=PREVIEW_SALT, max_age=timedelta(hours=2))
        if held["by"] != request.user.pk:
            raise signing.BadSignature
    except signing.BadSignature:
        raise Refused.because(
            "preview_expired", "预览已失效，未添加任何用户。", "The preview has expired; no user was added.",
            remedy=("请重新上传工作簿。", "Upload the workbook again."),
        )
    try:
        made = actions.provision_users(actor=request.user, lines=[NewUser(*line) for line in held["lines"]])
    except Refused as error:
        context["findings"] = error.findings
        return render(request, "console/users/provision.html", context, status=409)
    lines = [[one.user.username, one.user.display_name, organisation_name(one.user.organisation), one.password] for one in made]
    token = signing.dumps({"by": request.user.pk, "lines": lines}, salt=PASSWORDS_SALT, compress=True)
    return render(request, "console/users/provisioned.html", {**context, "lines": lines, "token": token})


@never_cache
@page("users.manage", methods=("POST",))
def initial_passwords(request: HttpRequest) -> HttpResponse:
    """The list just shown, as a workbook; possible for half an hour, and nothing is kept here."""
    try:
        held = signing.loads(request.POST.get("token", ""), salt=PASSWORDS_SALT, max_age=timedelta(minutes=30))
        if held["by"] != request.user.pk:
            raise signing.BadSignature
    except signing.BadSignature:
        raise Refused.because(
            "list_expired", "初始密码清单已失效。", "The list of initial passwords has expired.",
            remedy=("可在用户页面逐个重设初始密码。", "Give new initial passwords on the users' pages."),
        )
    book = Workbook()
    sheet = book.active
    sheet.title = "初始密码"
    sheet.append(["登录名", "姓名", "所属单位", "初始密码"])
    for line in held["lines"]:
        sheet.append(line)
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s"
    for letter, width in zip("ABCD", (22, 16, 36, 20), strict=True):
        sheet.column_dimensions[letter].width = width
    return _workbook(book, "initial-passwords.xlsx")


@page("users.manage")
def template(request: HttpRequest) -> HttpResponse:
    """The empty sheet to fill in."""
    response = HttpResponse(provisioning.template(request.user), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="users-template.xlsx"'
    return response


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _workbook(book: Workbook, name: str) -> HttpResponse:
    response = HttpResponse(content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    book.save(response)
    return response


urlpatterns = [
    path("users", users, name="users"),
    path("users/<int:number>", user, name="user"),
    path("users/add", provision, name="provision-users"),
    path("users/add/template.xlsx", template, name="users-template"),
    path("users/add/initial-passwords.xlsx", initial_passwords, name="initial-passwords"),
    path("organisations", organisations, name="organisations"),
    path("organisations/add", add_organisation, name="add-organisation"),
    path("organisations/<slug:code>", organisation, name="organisation"),
]
