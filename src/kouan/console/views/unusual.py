"""审计 → 异常使用: what the detectors of unusual use found, for auditors to look into and rule on; the month's report as PDF."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Finding, NotAllowed, NotFound, Period, Refused, Text, clock
from kouan.console.marks import badge
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.trail import AUDIT, auditors_page
from kouan.console.words import here
from kouan.desk.watch.actions import rule
from kouan.desk.watch.detectors import KINDS
from kouan.desk.watch.models import Ruling, UnusualUse
from kouan.desk.watch.monthly import RULINGS, monthly_pdf, period_said

TITLE = Text("异常使用", "Unusual use")
_MARKS = {"open": ("clock", "wait"), "explained": ("disc-check", "ok"), "confirmed": ("triangle-cross", "bad")}
UNITS = {"night_rows": Text("行", "rows"), "bulk_rows": Text("行", "rows"), "woken": Text("天", "days")}
TIMES = Text("次", "times")
MONTHS_OFFERED = 12


def ruling_mark(ruling: str) -> SafeString:
    """How it was ruled, in word and shape."""
    return badge(here(RULINGS[Ruling(ruling)]), *_MARKS[ruling])


def _who(row: UnusualUse) -> SafeString | str:
    if row.user is None:
        return format_html("<code>{}</code>", row.about[:24])
    return format_html('{}<span class="subline">{}</span>', row.user.display_name, here(row.user.organisation.name))


def _count(row: UnusualUse) -> str:
    return f"{row.count:,} {here(UNITS.get(row.kind, TIMES))}"


FOUND = Table(
    name="unusual", title=TITLE,
    columns=(
        Column("kind", Text("类别", "Kind"), value=lambda row: KINDS[row.kind], is_key=True, is_wide=True, show=lambda row: format_html(
            '<a href="{}">{}</a>', reverse("audit-unusual-use", args=[row.pk]), here(KINDS[row.kind]))),
        Column("day", Text("日期", "Day")),
        Column("who", Text("何人或何处", "Who or where"), value=lambda row: row.user.display_name if row.user else row.about, show=_who),
        Column("count", Text("数量", "Count"), is_number=True, show=_count),
        Column("limit", Text("界限", "Limit"), is_number=True),
        Column("ruling", Text("裁定", "Ruling"), value=lambda row: RULINGS[Ruling(row.ruling)], show=lambda row: ruling_mark(row.ruling)),
        Column("words", Text("说明", "What was established"), is_wide=True),
    ),
    filters=(
        Filter("ruling", Text("裁定", "Ruling"), field="ruling", choices=tuple((each.value, RULINGS[each]) for each in Ruling)),
        Filter("kind", Text("类别", "Kind"), field="kind", choices=tuple(KINDS.items())),
    ),
    default_order="-day",
    empty=Text("没有发现异常使用。", "Nothing unusual was found."),
    empty_next=Text("后台进程每天查看前一天；规则和界限见文档。",
                    "The worker looks at the day before each day; rules and limits are in the documentation."),
)


@auditors_page()
def unusual(request: HttpRequest) -> HttpResponseBase:
    """Everything found, newest day first, and the months of which there is a report."""
    view = FOUND.read(request, UnusualUse.objects.visible_to(request.user).select_related("user__organisation"))
    if view.wants_export:
        return view.export()
    months, month = [], Period.month(clock.today().year, clock.today().month)
    for _ in range(MONTHS_OFFERED):
        months.append(month)
        month = month.previous()
    return render(request, "console/trail/unusual.html", {
        "table": view, "months": [(each, reverse("audit-month", args=[each.code])) for each in months],
        "crumbs": [{"label": AUDIT, "address": reverse("audit")}, {"label": TITLE}]})


@auditors_page(methods=("GET", "HEAD", "POST"))
def unusual_use(request: HttpRequest, number: int) -> HttpResponse:
    """One finding: what, who, when, against which limit; ruled on below, with the entries of the trail behind it a click away."""
    user: Any = request.user
    findings: list[Finding] = []
    said = {name: request.POST.get(name, "").strip()[:400] for name in ("ruling", "words")}
    if request.method == "POST":
        try:
            rule(actor=user, number=number, ruling=said["ruling"], words=said["words"])
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, here(Text("已记录裁定。", "The ruling is recorded.")))
            return redirect("audit-unusual-use", number)
    held = UnusualUse.objects.visible_to(user).select_related("user__organisation", "ruled_by").filter(pk=number).first()
    if held is None:
        raise NotFound.because("unknown_unusual_use", "没有这条异常使用，或不在您的范围内。", "There is no such finding, or it is not in your scope.",
                               remedy=("请从“异常使用”页进入。", "Come from the page 异常使用."))
    entries = f"{reverse('audit')}?actor={held.user.username}&since={held.day}&until={held.day}" if held.user else ""
    return render(request, "console/trail/unusual_use.html", {
        "held": held, "name": KINDS[held.kind], "who": _who(held), "count": _count(held), "mark": ruling_mark(held.ruling), "findings": findings,
        "said": said, "entries": entries, "choices": [(each.value, RULINGS[each]) for each in (Ruling.EXPLAINED, Ruling.CONFIRMED)],
        "crumbs": [{"label": AUDIT, "address": reverse("audit")}, {"label": TITLE, "address": reverse("audit-unusual")}, {"label": KINDS[held.kind]}],
    }, status=422 if findings else 200)


@auditors_page()
def month(request: HttpRequest, said: str) -> HttpResponse:
    """The report of a month as PDF."""
    period = period_said(said)
    answer = HttpResponse(monthly_pdf(request.user, period), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="operation-audit-{period.code}.pdf"'
    return answer


urlpatterns = [
    path("audit/unusual", unusual, name="audit-unusual"),
    path("audit/unusual/<int:number>", unusual_use, name="audit-unusual-use"),
    path("audit/months/<str:said>.pdf", month, name="audit-month"),
]
