"""原二类口岸: which are to be cleared, how each was, and for the national office the way to list one by its paper."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, Place, Refused, Text, codes
from kouan.casework.actions import list_class_two_port
from kouan.casework.effects import OUTCOMES
from kouan.casework.models import ClassTwoPort
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.desk.actions import record_document

CLASS_TWO = Table(
    name="class-two-ports",
    title=Text("原二类口岸名册", "Class-II ports to be cleared"),
    columns=(
        Column("name", Text("名称", "Name"), value=lambda r: r.name_zh, order="name_zh", is_key=True, is_wide=True),
        Column("province", Text("省级行政区", "Province"), value=lambda r: codes.province(r.province_code).name, order="province_code"),
        Column("outcome", Text("清理结果", "Outcome"), order="outcome",
               value=lambda r: OUTCOMES[r.outcome][0] if r.outcome else Text("待清理", "To be cleared")),
        Column("cleared_on", Text("清理日期", "Cleared on"), order="cleared_on", keeps_line=True),
        Column("port", Text("并入", "Merged into"), value=lambda r: r.port.name_zh if r.port else None),
        Column("paper", Text("依据", "Paper"), value=lambda r: str(r.cleared_by or r.listed_by), is_wide=True),
    ),
    filters=(
        Filter("cleared", Text("进度", "Progress"), choices=(("no", Text("待清理", "To be cleared")), ("yes", Text("已清理", "Cleared"))),
               apply=lambda rows, value: rows.filter(outcome="") if value == "no" else rows.exclude(outcome="")),
    ),
    default_order="province",
    empty=Text("名册中还没有原二类口岸。", "No class-II port is listed yet."),
    empty_next=Text("由国家口岸办依据名单文件列入。", "The national office lists them by the paper that names them."),
)


@never_cache
@page("matters.read", methods=("GET", "HEAD", "POST"))
def class_two_ports(request: HttpRequest) -> HttpResponseBase:
    """The list in scope; a port is listed with the paper it stands on."""
    findings: list[Finding] = []
    said = {name: request.POST.get(name, "").strip()[:300] for name in ("name_zh", "province_code", "title", "number", "issued_on")}
    if request.method == "POST":
        try:
            with transaction.atomic():
                _list(request.user, said)
        except NotAllowed:
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, "class-two")
            messages.success(request, here(Text("已列入名册。", "Listed.")))
            return redirect("class-two-ports")
    view = CLASS_TWO.read(request, ClassTwoPort.objects.visible_to(request.user).select_related("port", "listed_by", "cleared_by"))
    if view.wants_export:
        return view.export()
    provinces = [(each.code, each.name) for each in codes.provinces if each.is_mainland]
    return render(request, "console/matters/class_two.html", {
        "table": view, "said": said, "findings": findings, "may_list": may(request.user, "ports.change"), "provinces": provinces,
        "crumbs": [{"label": Text("办件", "Matters"), "address": reverse("matters")}, {"label": CLASS_TWO.title}],
    }, status=422 if findings else 200)


def _list(user: Any, said: dict[str, str]) -> None:
    try:
        issued = date.fromisoformat(said["issued_on"]) if said["issued_on"] else None
    except ValueError:
        raise Refused.because("bad_date", "请填写日期。", "Give a date.", where=Place(field="issued_on"), remedy=("如 2020-03-01。",
            "As 2020-03-01."))
    paper = record_document(actor=user, kind="other", title=said["title"], document_number=said["number"], issued_on=issued)
    list_class_two_port(actor=user, name_zh=said["name_zh"], province_code=said["province_code"], document=paper)


urlpatterns = [path("matters/class-two-ports", class_two_ports, name="class-two-ports")]
