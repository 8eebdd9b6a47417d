"""日历订阅: one's open tasks as a calendar; the page to get, renew and end its secret address."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kouan.basis import Text
from kouan.console.page import missing, page
from kouan.console.words import here
from kouan.desk.matters.feeds import calendar_of, end_feed, feed_of, owner_of, renew_feed

LONGEST_SECRET = 80


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The calendar of whoever the secret belongs to. No sign-in: a calendar program has none. A wrong secret and an
    ended one are answered alike."""
    secret = request.GET.get("token", "")
    owner = owner_of(secret) if 0 < len(secret) <= LONGEST_SECRET else None
    if owner is None:
        raise missing()
    response = HttpResponse(calendar_of(owner), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="kouan.ics"'
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@page("matters.act", methods=("GET", "HEAD", "POST"))
def calendar(request: HttpRequest) -> HttpResponse:
    """Whether one has an address, since when, and the buttons. The address itself is shown once, when it is made."""
    user: Any = request.user
    address = ""
    if request.method == "POST":
        if "end" in request.POST:
            end_feed(actor=user)
            messages.success(request, here(Text("日历地址已停用。", "The address has ended.")))
            return redirect("calendar")
        address = request.build_absolute_uri(f"{reverse('calendar-feed')}?token={renew_feed(actor=user)}")
    return render(request, "console/matters/calendar.html", {
        "feed": feed_of(user), "address": address,
        "crumbs": [{"label": Text("待办", "To do"), "address": reverse("inbox")}, {"label": Text("日历订阅", "Calendar")}],
    })


urlpatterns = [
    path("inbox/calendar.ics", feed, name="calendar-feed"),
    path("inbox/calendar", calendar, name="calendar"),
]
