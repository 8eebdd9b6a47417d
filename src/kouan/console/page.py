"""The decorator of every page: who may come in, and how those who may not are answered.

``@page("ports.read")`` asks for a sign-in, checks the permission and lets ``Refused`` travel to
the middleware, which renders its findings. A session that has run out never loses what was
typed: a plain request goes to the sign-in page with ``next``, a request sent by a script is
answered 401 with ``HX-Redirect``, and drafts.js puts the text back afterwards.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from kouan.accounts.action import refuse
from kouan.accounts.permissions import PERMISSIONS, may
from kouan.basis import Finding, NotFound

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=Model)


def page(
    permission: str | None = "console.read",
    *,
    methods: tuple[str, ...] = ("GET", "HEAD"),
    before_new_password: bool = False,
    before_second_factor: bool = False,
) -> Callable[[View], View]:
    """Make a view a page. ``permission=None``: anybody signed in.

    ``before_new_password``: the page is open to a user who must first change the initial
    password; every other page sends that user to the password page. ``before_second_factor``: the same
    for a user who must first set up a second factor.
    """
    if permission is not None and permission not in PERMISSIONS:
        raise KeyError(permission)

    def make(view: View) -> View:
        name = f"{view.__module__.removeprefix('kouan.')}.{view.__name__}"

        @functools.wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            user: Any = request.user
            if not user.is_authenticated:
                return ask_to_sign_in(request)
            if user.must_change_password and not before_new_password:
                return redirect("change-password")
            if request.session.get("second_factor_owed") and not (before_new_password or before_second_factor):
                return redirect("second-factor")
            if permission is not None and not may(user, permission):
                raise refuse(user, permission, name)
            return view(request, *args, **kwargs)

        run.permission = permission  # type: ignore[attr-defined]
        return run

    return make


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send a visitor to the sign-in page; a script is told where to go and keeps its page."""
    address = f"{reverse('sign-in')}?{urlencode({'next': _page_of(request)})}"
    if is_from_script(request):
        response = HttpResponse(status=401)
        response["HX-Redirect"] = address
        return response
    return redirect(address)


def is_from_script(request: HttpRequest) -> bool:
    """Whether htmx or our own fetch sent the request."""
    return bool(getattr(request, "htmx", False)) or request.headers.get("X-Requested-With") == "fetch"


def _page_of(request: HttpRequest) -> str:
    """The page to come back to: a form's own page rather than the address it posts to."""
    if request.method in ("GET", "HEAD") and not is_from_script(request):
        return request.get_full_path()
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if came_from and url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        parts = urlsplit(came_from)
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return request.get_full_path() if request.method in ("GET", "HEAD") else reverse("home")


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """The address a form names in ``next``, if it lies on this site; else the given one."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return otherwise


def accept_draft(request: HttpRequest, form: str) -> None:
    """Tell drafts.js, on the next page shown, that this form was accepted and its draft may go."""
    done = request.session.get("drafts_done", [])
    request.session["drafts_done"] = [*done, f"{request.path}:{form}"][-10:]


def get_or_missing(rows: QuerySet[Row], **lookup: Any) -> Row:
    """One row of a queryset that has passed ``visible_to``; else the same 404 as for no such row."""
    found = rows.filter(**lookup).first()
    if found is None:
        raise missing()
    return found


def missing() -> NotFound:
    """What is answered for a record that is not there, or that lies out of the user's scope."""
    return NotFound(Finding.error(
        "not_found",
        "没有这条记录，或者它不在您的查看范围内。",
        "There is no such record, or it lies outside what you may see.",
        remedy=(
            "请核对网址或编号；如认为应当可见，请联系系统管理员核对您的所属单位。",
            "Check the address or the number. If you should see it, ask your administrator about your organisation.",
        ),
    ))
