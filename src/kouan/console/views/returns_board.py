"""统计报送 → 完整性: which returns of a period are there, by province, port, form and item; the forms; the calendar and what does not apply."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Period, Refused, Text, clock, codes
from kouan.collection.returns import calendar, calls, forms, queries
from kouan.collection.returns.history import exempted
from kouan.collection.returns.models import DueRule, Return, ReturnVersion
from kouan.collection.returns.standing import WORDS, marks_of, those_that, word_of
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table, put
from kouan.console.views.returns import BLANK, crumbs, return_link, standing_mark, word_mark
from kouan.console.words import here, page_language
from kouan.desk.matters.facts import day_said

TITLE = Text("完整性", "Completeness")
CADENCE = {code: forms.CADENCES[code] for code in calendar.PROPOSED}


def _provinces() -> tuple[tuple[str, Text], ...]:
    return tuple((each.code, Text(each.zh, each.en)) for each in codes.mainland_provinces)


def _item_choices() -> tuple[tuple[str, Text], ...]:
    return tuple((item.code, Text(f"{form.code} {item.name.zh}",
        f"{form.code} {item.name.en}")) for form in forms.forms() for item in form.items.values())


def _of_item(rows: Any, item: str) -> Any:
    asking = [form.code for form in forms.versions() if item in form.items]
    return rows.filter(form__in=asking)


BOARD = Table(
    name="returns-board", title=TITLE,
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda each: each.port.name_zh, order="port__pinyin", only="export"),
        Column("return", Text("报表", "Return"), value=lambda each: f"{each.form} {each.form_of.name.zh}", show=return_link, order="port__pinyin",
            is_key=True,
               is_wide=True),
        Column("province", Text("省份", "Province"), value=lambda each: dict(_provinces()).get(each.port.province_code), order="port__province_code"),
        Column("office", Text("填报单位", "Filed by"), value=lambda each: each.organisation.name_zh),
        Column("due", Text("到期日", "Due"), order="due_on", value=lambda each: each.last_day, keeps_line=True),
        Column("state", Text("状态", "State"), value=lambda each: WORDS[word_of(each)], show=standing_mark),
        Column("item", Text("所选数据项", "The item chosen"), value=lambda each: getattr(each, "item_word", None),
               show=lambda each: getattr(each, "item_mark", "—")),
        Column("filed_on", Text("报出日期", "Filed"), order="filed_on", keeps_line=True),
        Column("marks", Text("标记", "Marks"), value=lambda each: "、".join(one.zh for one in marks_of(each)), only="export"),
    ),
    filters=(
        Filter("province", Text("省份", "Province"), choices=_provinces, apply=lambda rows, value: rows.filter(port__province_code=value)),
        Filter("form", Text("表号", "Form"), field="form",
               choices=lambda: tuple((each.code, Text(f"{each.code} {each.name.zh}", f"{each.code} {each.name.en}")) for each in forms.forms())),
        Filter("item", Text("数据项", "Item"), choices=_item_choices, apply=_of_item),
        Filter("state", Text("状态", "State"), choices=tuple((code, word) for code, word in WORDS.items() if code != "not_due"), apply=those_that),
        Filter("q", Text("口岸", "Port"), apply=lambda rows, value: rows.filter(port__name_zh__icontains=value)),
    ),
    default_order="return",
    empty=Text("没有符合条件的报表。", "No return matches."),
    empty_next=Text("时期结束后，按国家口岸办设定的期限到期；尚未设定的周期没有应报报表。",
                    "Returns come due once the period has ended, by the days that the national office has set."),
)


def _decorated(item: str) -> Any:
    """What the board shows of one item: put on the rows of a page in two queries."""
    def decorate(rows: list[Return]) -> None:
        newest: dict[int, ReturnVersion] = {}
        for each in ReturnVersion.objects.filter(owner_id__in=[row.pk for row in rows]).order_by("number"):
            newest[each.owner_id] = each
        exempt = exempted([row.port_id for row in rows], rows[0].period) if rows else {}
        for row in rows:
            word = queries.item_state(row, item, newest.get(row.pk), exempt.get(row.port_id, frozenset()))
            put(row, item_word=BLANK if word == "blank" else WORDS[word], item_mark=word_mark(word))
    return decorate


@page("returns.read")
def board(request: HttpRequest) -> HttpResponseBase:
    """The completeness of one period: provinces with their shares, then every return, paged."""
    cadence = request.GET.get("cadence", "month")
    cadence = cadence if cadence in CADENCE else "month"
    latest = forms.latest_period(cadence)
    periods = [latest]
    earlier = forms.steps_before(latest, cadence)
    periods += [next(earlier) for _ in range(11)]
    by_code = {calendar.code_of(each, cadence): each for each in periods}
    chosen = request.GET.get("period", "")
    period = by_code.get(chosen, latest)
    of_cadence = [code for code in forms.CADENCES if calendar.of_rule(code) == cadence]
    rows = queries.returns_visible_to(request.user).filter(cadence__in=of_cadence, period_start=period.start, period_end=period.end)
    item = request.GET.get("item", "")
    known_item = item if any(item == code for code, _ in _item_choices()) else ""
    view = BOARD.read(request, rows, period=period.label(page_language()), decorate=_decorated(known_item) if known_item else None)
    if view.wants_export:
        return view.export()
    words = [word for word in WORDS if word != "not_due"]
    lines = queries.by_province(rows)
    days = calendar.days_for(cadence, period)
    return render(request, "console/returns/board.html", {
        "table": view, "cadence": cadence, "cadences": list(CADENCE.items()), "period": calendar.code_of(period, cadence),
        "periods": [(code, Text(each.label("zh"), each.label("en"))) for code, each in by_code.items()],
            "period_label": period.label(page_language()),
        "words": [(word, WORDS[word]) for word in words],
        "lines": [(line, [(word, line.counts.get(word, 0)) for word in words],
            f"{line.share:.0%}" if line.share is not None else "—") for line in lines],
        "owed": sum(line.owed for line in lines), "filed": sum(line.filed for line in lines), "days": days, "crumbs": crumbs(TITLE),
    })


# ---- forms -------------------------------------------------------------------------------------------------


@page("returns.read")
def form_list(request: HttpRequest) -> HttpResponse:
    """Every form in force."""
    return render(request, "console/returns/forms.html", {
        "forms": [(each, forms.CADENCES[each.cadence]) for each in forms.forms()], "crumbs": crumbs(Text("报表制度", "Forms")),
        "count": sum(len(each.items) for each in forms.forms()), "derived": len(forms.not_filed()),
    })


@page("returns.read")
def form_one(request: HttpRequest, code: str) -> HttpResponse:
    """A form with its lines: definition, unit, who provides and verifies, evidence."""
    held = forms.get(code)
    types = {"sea": Text("海运", "sea"), "inland_river": Text("内河", "inland river"), "boundary_river": Text("界河", "boundary river"),
             "rail": Text("铁路", "rail"), "road": Text("公路", "road"), "air": Text("航空", "air")}
    return render(request, "console/returns/form.html", {
        "form": held, "cadence": forms.CADENCES[held.cadence], "title": Text(f"{held.code} {held.name.zh}", f"{held.code} {held.name.en}"),
        "lines": [(each, [types[one] for one in each.item.ports]) for each in held.items.values()],
        "crumbs": crumbs(Text("报表制度", "Forms"), Text(held.code, held.code)), "may_file": may(request.user, "returns.file"),
    })


# ---- calendar and what does not apply ----------------------------------------------------------------------


@never_cache
@page("returns.read", methods=("GET", "HEAD", "POST"))
def rules(request: HttpRequest) -> HttpResponse:
    """The days of returns and the decisions on what does not apply; the national office changes them here."""
    findings: list[Finding] = []
    said = {name: request.POST.get(name, "").strip()[:400] for name in request.POST}
    if request.method == "POST":
        try:
            done = _act(request, said)
        except NotAllowed:
            raise
        except Refused as error:
            findings = error.findings
        else:
            accept_draft(request, said.get("deed", ""))
            messages.success(request, here(done))
            return redirect("return-rules")
    shown = []
    for code, label in CADENCE.items():
        period = forms.latest_period(code)
        rule = calendar.rule_for(code, period)
        shown.append((label, rule, period.label(page_language()), calendar.days_for(code, period, rule) if rule else None, calendar.PROPOSED[code]))
    return render(request, "console/returns/rules.html", {
        "rules": shown, "history": DueRule.objects.select_related("set_by")[:20], "may_set": may(request.user, "returns.calendar"),
            "findings": findings,
        "said": said if findings else {"due_days": "10", "freeze_days": "20", "escalate_days": "5", "valid_from": _first_day().isoformat()},
        "cadences": list(CADENCE.items()), "items": _item_choices(), "cadence_words": forms.CADENCES,
        "exemptions": [(each, _item_name(each.item)) for each in queries.exemptions_visible_to(request.user)[:200]],
        "crumbs": crumbs(Text("期限与不适用", "Days and exemptions")),
    }, status=422 if findings else 200)


def _first_day() -> Any:
    return Period.month(clock.today().year, clock.today().month).previous().start


def _item_name(code: str) -> Text:
    return dict(_item_choices()).get(code, Text(code, code))


def _act(request: HttpRequest, said: dict[str, str]) -> Text:
    def count(name: str) -> int:
        return int(said[name]) if said.get(name, "").isdigit() and len(said[name]) < 6 else 0

    match said.get("deed", ""):
        case "rule":
            calls.set_due_rule(actor=request.user, cadence=said.get("cadence", ""), due_days=count("due_days"), freeze_days=count("freeze_days"),
                               escalate_days=count("escalate_days"), valid_from=day_said("valid_from", said.get("valid_from", "")),
                               reason=said.get("reason", ""))
            return Text("期限已设定，自所填时期起适用。", "The days are set.")
        case "exempt":
            calls.exempt_item(actor=request.user, port=said.get("port", ""), item=said.get("item", ""), reason=said.get("why", ""),
                              from_on=day_said("from_on", said.get("from_on", "")))
            return Text("已认定为不适用。", "Decided: it does not apply.")
        case "end":
            calls.end_exemption(actor=request.user, number=count("number"), ended_on=clock.today())
            return Text("认定已终止，以后的时期须填报。", "The decision has ended.")
        case _:
            raise NotFound.because("unknown_deed", "没有这项操作。", "There is no such deed.", remedy=("请刷新页面。", "Reload the page."))


urlpatterns = [
    path("returns/board", board, name="returns-board"),
    path("returns/forms", form_list, name="return-forms"),
    path("returns/forms/<str:code>", form_one, name="return-form"),
    path("returns/rules", rules, name="return-rules"),
]
