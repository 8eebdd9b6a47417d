"""登记变更: changing the register from a port's page. One form for each kind of change, then a confirmation.

The form is checked by doing it and taking it back (``ports.preview``), so what the page of confirmation
shows is what will be written. Of two editors the second is told what the first did and sees both values;
what was typed stays in the form.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache

from kouan.basis import NotAllowed, NotFound, Refused, Text
from kouan.console.change_forms import ChangeForm, in_words, with_paper
from kouan.console.page import accept_draft, missing, page
from kouan.console.views.ports import port_name
from kouan.console.words import here
from kouan.desk.actions import file_document, record_document
from kouan.desk.models import Document
from kouan.ports import queries
from kouan.ports.kinds import KINDS, REGISTRATION, Kind, Request
from kouan.ports.models import Port
from kouan.ports.preview import perform, preview

GROUPS = (
    (Text("由文件决定的事项", "What a paper decides"),
     ("approval", "acceptance", "opening", "expansion", "closure", "merger", "status")),
    (Text("登记内容", "What the register says"), ("class", "names", "place", "position", "grouping")),
    (Text("代码与布局", "Codes and layout"), ("code", "code-retirement", "layout-link")),
)


@page("ports.change")
def port_changes(request: HttpRequest, code: str) -> HttpResponse:
    """The kinds of change, each leading to its form."""
    port = queries.get_port(request.user, code)
    return render(request, "console/ports/change_kinds.html", {
        "port": port, "name": port_name(port), "crumbs": _crumbs(port, None),
        "groups": [(title, [KINDS[each] for each in members]) for title, members in GROUPS],
    })


@never_cache
@page("ports.change", methods=("GET", "HEAD", "POST"))
def port_change(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """One kind of change of one port: the form, the confirmation, the deed."""
    if kind not in KINDS:
        raise missing()
    port = queries.get_port(request.user, code)
    return _answer(request, ChangeForm(request, KINDS[kind], port))


@never_cache
@page("ports.change", methods=("GET", "HEAD", "POST"))
def register_port(request: HttpRequest) -> HttpResponse:
    """Enter a new port."""
    return _answer(request, ChangeForm(request, REGISTRATION, None))


def _answer(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    if request.method == "POST" and request.POST.get("deed") != "edit":
        try:
            return _record(request, form) if request.POST.get("deed") == "record" else _confirm(request, form)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            form.refuse(error)
            if form.port is not None:
                form.port.refresh_from_db()
    status = 409 if form.conflict else 422 if form.findings else 200
    return render(request, "console/ports/change.html", {**_context(form), "form": form, "findings": form.findings}, status=status)


def _context(form: ChangeForm) -> dict[str, Any]:
    kind, port = form.kind, form.port
    return {
        "kind": kind, "port": port, "name": port_name(port) if port else here(kind.title), "crumbs": _crumbs(port, kind),
        "back": reverse("port-changes", args=[port.code]) if port else reverse("ports"),
    }


def _confirm(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    """Everything is tried and taken back; only then is a new document kept, and the differences shown."""
    asked = form.read()
    paper: Document | str | None
    if form.has_new_paper:
        facts = form.new_paper()
        found = preview(form.kind, asked, before=lambda: record_document(actor=request.user, **facts))
    else:
        paper = form.known_paper()
        found = preview(form.kind, with_paper(asked, paper))
    if not found:
        raise Refused(form.nothing_changes())
    if form.has_new_paper:
        scan = request.FILES.get("scan")
        paper = file_document(
            actor=request.user, source=scan.file if scan else None, file_name=(scan.name if scan else "") or "",
            media_type=(scan.content_type if scan else "") or "", **facts)
    return render(request, "console/ports/change_confirm.html", {
        **_context(form), "differences": in_words(found), "hidden": form.hidden(), "paper": paper,
        "is_new_paper": form.has_new_paper, "reason": asked.reason, "several": len({one.port for one in found}) > 1,
    })


def _record(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    asked: Request = with_paper(form.read(), form.known_paper())
    done = perform(form.kind, asked)
    if not done:
        raise Refused(form.nothing_changes())
    accept_draft(request, form.kind.code)
    messages.success(request, here(Text(
        f"已登记：{form.kind.title.zh}，共 {len(done)} 项，依据和经办人已留痕。",
        f"Recorded: {form.kind.title.en}, {len(done)} entries, with their document and your name.",
    )))
    code = form.port.code if form.port else str(asked.values["code"])
    return redirect(reverse("port", args=[code]) + "#history")


def _crumbs(port: Port | None, kind: Kind | None) -> list[dict[str, Any]]:
    crumbs: list[dict[str, Any]] = [{"label": Text("口岸", "Ports"), "address": reverse("ports")}]
    if port is None:
        return [*crumbs, {"label": REGISTRATION.title}]
    crumbs.append({"label": port_name(port), "address": reverse("port", args=[port.code])})
    if kind is None:
        return [*crumbs, {"label": Text("登记变更", "Record a change")}]
    return [*crumbs, {"label": Text("登记变更", "Record a change"), "address": reverse("port-changes", args=[port.code])},
            {"label": kind.title}]


urlpatterns = [
    path("ports/register", register_port, name="register-port"),
    path("ports/<slug:code>/change", port_changes, name="port-changes"),
    path("ports/<slug:code>/change/<slug:kind>", port_change, name="port-change"),
]
