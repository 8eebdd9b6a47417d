"""报送 → 数据核查: the reviewer's worklist of figures that are hardly right, decisions in bulk, exceptions.

Each row shows the figure beside what was to be expected, the same period of the year before, the other side's count, and a little chart of
the series with the doubtful periods marked. The national office decides; a province sees and answers its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import (
    Finding,
    NotAllowed,
    NotFound,
    PeriodKind,
    Place,
    Refused,
    SubjectKind,
    SubjectRef,
    Text,
    codes,
    measures,
)
from kouan.collection.checks import Key, shipped
from kouan.collection.checks.panel import Panel
from kouan.collection.checks.suspicion import number as plainly
from kouan.collection.queries import visible_subjects
from kouan.collection.vetting import actions, jobs, queries
from kouan.collection.vetting.examine import measure_words
from kouan.collection.vetting.models import Suspicion, SuspicionState
from kouan.console import figures
from kouan.console.marks import badge
from kouan.console.page import page
from kouan.console.sparklines import sparkline
from kouan.console.subject_names import KINDS, SubjectNames
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here, page_language
from kouan.ports.models import Port

TITLE = Text("数据核查", "Checks of figures")
STATES: dict[str, Text] = {
    "open": Text("待裁定", "Open"), "confirmed": Text("确认有误", "Confirmed"), "explained": Text("有说明", "Explained"),
    "false_alarm": Text("误报", "False alarm"), "cleared": Text("已消除", "Cleared"),
}
_MARKS = {"open": ("clock", "wait"), "confirmed": ("triangle-cross", "bad"), "explained": ("disc-check", "ok"), "false_alarm": ("cross", "none"),
          "cleared": ("disc-check", "none")}
SHOWN = {PeriodKind.MONTH: 48, PeriodKind.DAY: 90, PeriodKind.QUARTER: 24, PeriodKind.YEAR: 20}  # periods in the little chart


class _Around:
    """What a page of rows is held against, fetched together."""

    def __init__(self, user: Any, rows: list[Suspicion]) -> None:
        subjects = {SubjectRef.parse(row.other_key.subject) for row in rows if row.other_key}
        # A copy of another province's figures tells them: whoever may not see that port is not told which it is.
        self.seen = {str(one) for one in visible_subjects(user, sorted(subjects))}
        others = [row.other_key.subject.partition(":") for row in rows if row.other_key]
        self.names = SubjectNames({(row.subject_kind, row.subject_code) for row in rows} | {(kind, code) for kind, _, code in others})
        self.panels = queries.panel_around(rows)
        self.with_cause: dict[str, int] = dict(
            queries.suspicions_visible_to(user).filter(cause__in={row.cause for row in rows} - {""}).order_by()
            .values_list("cause").annotate(n=Count("pk")))
        self.pairs = {one: two for pair in queries.links() for one, two in (pair, pair[::-1])}
        self.rows = {cadence: {key: at for at, key in enumerate(panel.keys)} for cadence, panel in self.panels.items()}

    def name(self, key: Key) -> Text:
        """A series in words: its subject and its measure."""
        kind, _, code = key.subject.partition(":")
        if key.subject not in self.seen:
            return Text("其他对象", "another subject")
        said, words = self.names.name(kind, code), measure_words(key)
        return Text(f"{said}{words.zh}", f"{said}, {words.en}")

    def figure(self, row: Suspicion, key: Key | None, years_back: int = 0) -> float | None:
        """One figure of the row's first period (or of the same period years before)."""
        panel, at = self._at(row, key)
        if panel is None or at is None:
            return None
        column = panel.column(row.period(row.first_start)) - years_back * panel.season
        value = float(panel.values[at, column]) if 0 <= column < panel.width else math.nan
        return None if math.isnan(value) else value

    def facing(self, row: Suspicion) -> float | None:
        """The other side's count of the same period."""
        return self.figure(row, self.pairs.get(row.key))

    def line(self, row: Suspicion) -> SafeString:
        """The series around the doubtful periods, these marked."""
        panel, at = self._at(row, row.key)
        if panel is None or at is None:
            return SafeString("")
        shown = SHOWN[panel.cadence]
        first = panel.column(row.period(row.first_start))
        begin = max(0, min(first - shown * 2 // 3, panel.width - shown))
        values = [None if math.isnan(value) else float(value) for value in panel.values[at, begin : begin + shown]]
        return sparkline(values, [at for at in range(first - begin, first - begin + row.count) if 0 <= at < len(values)])

    def _at(self, row: Suspicion, key: Key | None) -> tuple[Panel | None, int | None]:
        cadence = PeriodKind(row.granularity)
        return self.panels.get(cadence), self.rows.get(cadence, {}).get(key) if key is not None else None


def decorator(user: Any) -> Callable[[list[Any]], None]:
    """What puts on each row that which the page holds it against, as far as the user may see it."""
    def decorate(rows: list[Any]) -> None:
        around = _Around(user, rows)
        for row in rows:
            row.around = around
    return decorate


def _figure(value: float | None) -> str:
    return "—" if value is None else str(figures.number(value)) if value == int(value) else plainly(value)


def _choose(row: Any) -> SafeString:
    words = here(Text(f"选择 #{row.pk}", f"choose #{row.pk}"))
    return format_html('<input class="form-check-input" type="checkbox" form="ruling" name="numbers" value="{}" aria-label="{}">', row.pk, words)


def _what(row: Any) -> SafeString:
    said = here(row.words(row.around.name))
    more = here(Text("；报送方已说明", "; answered")) if row.answer else ""
    others = row.around.with_cause.get(row.cause, 1) - 1
    same = format_html(
        ' <a href="{}?cause={}&amp;matters=all&amp;month=*&amp;state=*">{}</a>', reverse("checks"), row.pk,
        here(Text(f"同一起因另有 {others} 处", f"{others} more of the same cause"))) if others > 0 else ""
    return format_html('<a href="{}">{}</a><span class="subline">{}{}{}</span>', reverse("suspicion", args=[row.pk]), here(row.spec.name), said, more,
                       same)


def _subject(row: Any) -> SafeString:
    return format_html('{}<span class="subline">{}</span>', row.around.names.link(row.subject_kind, row.subject_code), here(measure_words(row.key)))


def _state(row: Any) -> SafeString:
    return badge(here(STATES[row.state]), *_MARKS[row.state])


def _by_province(rows: Any, value: str) -> Any:
    return rows.filter(subject_kind=SubjectKind.PORT, subject_code__in=Port.objects.filter(province_code=value).order_by().values("code"))


def _by_name(rows: Any, value: str) -> Any:
    ports = Port.objects.filter(name_zh__icontains=value).order_by().values("code")
    return rows.filter(subject_kind=SubjectKind.PORT, subject_code__in=ports) | rows.filter(subject_code=value)


def _by_month(rows: Any, value: str) -> Any:
    try:
        first = date.fromisoformat(f"{value}-01")
    except ValueError:
        return rows.none()
    return rows.filter(first_start__lte=first.replace(day=28), last_start__gte=first)


def _each_matter_once(rows: Any, value: str) -> Any:
    """Of suspicions with one cause the most pressing; what other filters hide takes no part."""
    if value != "once":
        return rows
    heavier = rows.order_by().filter(cause=OuterRef("cause")).filter(Q(rank__gt=OuterRef("rank")) | Q(rank=OuterRef("rank"), pk__lt=OuterRef("pk")))
    return rows.filter(Q(cause="") | ~Exists(heavier))


def _of_cause(rows: Any, value: str) -> Any:
    """The suspicions that share the cause of this one, by its number."""
    known = rows.filter(pk=int(value)).values_list("cause", flat=True).first() if value.isascii() and value.isdigit() else None
    return rows.filter(cause=known) if known else rows.none()


def _newest_month(user: Any) -> str:
    """The last month of which something open is doubtful: where a reviewer begins."""
    newest = queries.suspicions_visible_to(user).filter(state=SuspicionState.OPEN).aggregate(last=Max("last_start"))["last"]
    return f"{newest:%Y-%m}" if newest else ""


def _with_their_causes(user: Any, numbers: list[int]) -> list[int]:
    """The same and what is open and shares their causes, within the user's scope."""
    visible = queries.suspicions_visible_to(user)
    shared = set(visible.filter(pk__in=numbers).exclude(cause="").values_list("cause", flat=True))
    more = visible.filter(cause__in=shared, state=SuspicionState.OPEN).values_list("pk", flat=True)
    return list(dict.fromkeys([*numbers, *more]))


def _provinces() -> tuple[tuple[str, Text], ...]:
    known = Port.objects.order_by("province_code").values_list("province_code", flat=True).distinct()
    return tuple((code, codes.province(code).name) for code in known if code)


def _measures() -> tuple[tuple[str, Text], ...]:
    held = Suspicion.objects.order_by("measure").values_list("measure", flat=True).distinct()
    return tuple((code, measures.all_measures()[code].name) for code in held if code in measures.all_measures())


def _worklist(*, may_rule: bool, month: str = "") -> Table:
    chosen = (Column("choose", Text("选", "Pick"), value=lambda row: row.pk, show=_choose, only="page"),) if may_rule else ()
    return Table(
        name="suspicions", title=TITLE,
        columns=(
            *chosen,
            Column("subject", Text("对象和指标", "Whose, of what"), value=lambda row: row.around.names.name(row.subject_kind, row.subject_code),
                   show=_subject, is_key=True),
            Column("measure", Text("指标", "Measure"), value=lambda row: measure_words(row.key), only="export"),
            Column("first", Text("首期", "First period"), value=lambda row: row.period(row.first_start), order="first_start", keeps_line=True),
            Column("what", Text("可疑之处", "What is doubtful"), value=lambda row: row.words(row.around.name), show=_what, is_wide=True),
            Column("line", Text("走势", "Course"), value=lambda row: None, show=lambda row: row.around.line(row), only="page"),
            Column("measured", Text("实报", "Says"), is_number=True, show=lambda row: _figure(row.measured)),
            Column("expected", Text("应约", "About"), is_number=True, show=lambda row: _figure(row.expected)),
            Column("last_year", Text("上年同期", "Year before"), value=lambda row: row.around.figure(row, row.key, 1), is_number=True,
                   show=lambda row: _figure(row.around.figure(row, row.key, 1))),
            Column("facing", Text("对侧", "Other side"), value=lambda row: row.around.facing(row), is_number=True,
                   show=lambda row: _figure(row.around.facing(row))),
            Column("likelihood", Text("可能性", "Likelihood"), order="likelihood", is_number=True, value=lambda row: round(row.likelihood, 2)),
            Column("weight", Text("分量", "Weight"), order="weight", is_number=True, show=lambda row: f"{100 * row.weight:.2f}%"),
            Column("rank", Text("次序", "Order"), order="rank", only="export"),
            Column("state", Text("状态", "State"), value=lambda row: STATES[row.state], show=_state),
            Column("reason", Text("理由", "Reason"), only="export"),
        ),
        filters=(
            Filter("state", Text("状态", "State"), choices=tuple(STATES.items()), field="state", default="open"),
            Filter("check", Text("检查", "Check"), choices=lambda: tuple((spec.id, spec.name) for spec in shipped().values()), field="check_id"),
            Filter("province", Text("省份", "Province"), choices=_provinces, apply=_by_province),
            Filter("measure", Text("指标", "Measure"), choices=_measures, field="measure"),
            Filter("kind", Text("对象类别", "Kind of subject"), choices=tuple(KINDS.items()), field="subject_kind"),
            Filter("month", Text("月份", "Month"), apply=_by_month, hint=Text("如 2023-05；* 为全部", "such as 2023-05; * for all"), default=month),
            Filter("q", Text("口岸", "Port"), apply=_by_name),
            Filter("cause", Text("与某处同因（编号）", "Same cause as (number)"), apply=_of_cause),
            Filter("matters", Text("同一起因", "One cause"), apply=_each_matter_once, default="once", choices=(
                ("once", Text("每个起因一行", "One row for each")), ("all", Text("逐处列出", "Every suspicion")))),
        ),
        default_order="-rank",
        empty=Text("没有符合条件的可疑数据。", "Nothing doubtful matches."),
        empty_next=Text("新数据入库后运行核查；已裁定的在“状态”中查看。", "Run the checks after an intake; what was ruled on stands under State."),
    )


@never_cache
@page("checks.read", methods=("GET", "HEAD", "POST"))
def worklist(request: HttpRequest) -> HttpResponseBase:
    """Suspicions in scope, most pressing first; chosen ones are decided on together."""
    user: Any = request.user
    findings: list[Finding] = []
    may_rule = may(user, "checks.rule")
    if request.method == "POST":
        numbers = [int(text) for text in request.POST.getlist("numbers")[: actions.MOST_AT_ONCE] if text.isascii() and text.isdigit()][:500]
        if not numbers:
            findings = [Finding.error("nothing_chosen", "没有选中任何一行。", "No row is chosen.", where=Place(field="numbers"),
                                      remedy=("请先勾选要裁定的行。", "Tick the rows first."))]
        else:
            try:
                if request.POST.get("with_cause"):
                    numbers = _with_their_causes(user, numbers)
                count = actions.rule(actor=user, numbers=numbers, state=request.POST.get("state", ""), reason=request.POST.get("reason", ""))
            except (NotAllowed, NotFound):
                raise
            except Refused as error:
                findings = error.findings
            else:
                messages.success(request, here(Text(f"已裁定 {count} 处。", f"{count} ruled on.")))
                back = request.POST.get("back", "")
                return redirect(back if url_has_allowed_host_and_scheme(back, None) else reverse("checks"))
    view = _worklist(may_rule=may_rule, month=_newest_month(user)).read(request, queries.suspicions_visible_to(user), decorate=decorator(user))
    if view.wants_export:
        return view.export()
    run = queries.latest_run()
    return render(request, "console/checks/list.html", {
        "table": view, "run": run, "findings": findings, "reason": request.POST.get("reason", ""), "may_rule": may_rule,
        "may_run": may(user, "checks.run"), "back": request.get_full_path(), "learned": [
            (shipped()[check].name, confirmed, false, f"{trust:.2f}") for check, confirmed, false, trust in queries.learned()] if may_rule else [],
    }, status=422 if findings else 200)


@page("checks.run", methods=("POST",))
def run(request: HttpRequest) -> HttpResponse:
    """Queue a run over everything recorded."""
    job = jobs.run_later(actor=request.user, benchmarks=request.POST.get("benchmarks") == "yes")
    return redirect("job", job.pk)


@never_cache
@page("checks.read", methods=("GET", "HEAD", "POST"))
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One suspicion: what is doubtful, what it is held against, what was answered and decided; the forms to do so."""
    user: Any = request.user
    row = queries.get_suspicion(user, number)
    findings: list[Finding] = []
    posted = request.POST
    if request.method == "POST":
        deeds: dict[str, Callable[[], Any]] = {
            "rule": lambda: actions.rule(actor=user, numbers=[number], state=posted.get("state", ""), reason=posted.get("reason", "")),
            "answer": lambda: actions.answer(actor=user, number=number, text=posted.get("text", "")),
            "explain": lambda: _explain(user, row, posted),
        }
        try:
            deeds.get(posted.get("deed", ""), deeds["rule"])()
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, here(Text("已记录。", "Recorded.")))
            return redirect("suspicion", number)
    around = _Around(user, [row])
    first, last = row.period(row.first_start), row.period(row.last_start)
    facts: list[tuple[Text, Any]] = [
        (Text("实报", "It says"), _figure(row.measured)), (Text("应约", "To be expected"), _figure(row.expected)),
        (Text("上年同期", "The year before"), _figure(around.figure(row, row.key, 1))),
        (Text("对侧同期", "The other side's count"), _figure(around.facing(row))),
        (Text("可能性", "Likelihood"), f"{row.likelihood:.2f}"), (Text("分量", "Weight"), f"{100 * row.weight:.2f}%"),
        (Text("其他检查也指出", "Seen also by"), "、".join(here(shipped()[name].name) for name in row.seen_by if name in shipped()) or "—"),
        (Text("检查参数", "The check goes by"), ", ".join(f"{name} = {value}" for name, value in row.spec.parameters.items()) or "—"),
    ]
    return render(request, "console/checks/one.html", {
        "row": row, "title": row.spec.name, "said": row.words(around.name), "remedy": row.spec.remedy, "line": around.line(row), "facts": facts,
        "mark": _state(row), "subject": around.names.link(row.subject_kind, row.subject_code), "measure": measure_words(row.key),
        "figures": _figures(around, row), "findings": findings, "posted": posted, "first_day": first.start.isoformat(),
        "last_day": last.end.isoformat(), "may_rule": may(user, "checks.rule"),
        "may_answer": may(user, "checks.answer") and row.state == SuspicionState.OPEN,
        "may_explain": may(user, "checks.explain") and row.spec.explained and row.state != SuspicionState.EXPLAINED,
        "crumbs": [{"label": TITLE, "address": reverse("checks")}, {"label": Text(f"#{row.pk}", f"#{row.pk}")}],
    }, status=422 if findings else 200)


def _figures(around: _Around, row: Suspicion) -> list[tuple[str, str, bool]]:
    """The series around the doubtful periods: period, figure, whether doubtful."""
    panel, at = around._at(row, row.key)
    if panel is None or at is None:
        return []
    first = panel.column(row.period(row.first_start))
    return [(panel.period(column).label(page_language()), _figure(None if math.isnan(value := float(panel.values[at, column])) else value),
             first <= column < first + row.count)
            for column in range(max(0, first - panel.season), min(panel.width, first + min(row.count, 24) + 6))]


def _explain(user: Any, row: Suspicion, posted: Any) -> None:
    days: list[date | None] = []
    for name in ("first_day", "last_day"):
        text = posted.get(name, "").strip()
        try:
            days.append(date.fromisoformat(text) if text else None)
        except ValueError:
            days.append(None)
            text = "?"
        if text == "?" or (name == "first_day" and days[0] is None):
            raise Refused.because("unreadable_date", "日期应写成 2023-05-01。", "Write the date as 2023-05-01.", where=Place(field=name),
                                  remedy=("请更正日期。", "Correct the date."))
    assert days[0] is not None  # noqa: S101 - refused above
    actions.explain(
        actor=user, subject=f"{row.subject_kind}:{row.subject_code}", first_day=days[0], last_day=days[1], reason=posted.get("why", ""),
        reference=posted.get("reference", ""), measure_codes=[row.measure] if posted.get("only") == "yes" else [], numbers=[row.pk])


EXCEPTIONS = Table(
    name="exceptions", title=Text("核查例外", "Exceptions"),
    columns=(
        Column("subject", Text("对象", "Subject"), is_key=True, value=lambda row: row.names.name(row.subject_kind, row.subject_code)
               if row.subject_code else here(Text("全部", "all ")) + here(KINDS.get(row.subject_kind, Text(row.subject_kind, row.subject_kind)))),
        Column("first_day", Text("起", "From"), order="first_day", keeps_line=True),
        Column("last_day", Text("止", "To"), order="last_day", keeps_line=True),
        Column("measures", Text("指标", "Measures"), value=lambda row: "、".join(row.measures) or here(Text("全部", "all"))),
        Column("reason", Text("原因", "Reason"), is_wide=True),
        Column("reference", Text("文件", "Document"), is_wide=True),
        Column("recorded_by", Text("登记人", "Recorded by"), value=lambda row: row.recorded_by.display_name if row.recorded_by else None),
        Column("withdrawn_at", Text("撤销时间", "Withdrawn")),
        Column("end", Text("操作", "Action"), value=lambda row: None, only="page", show=lambda row: format_html(
            '<button class="btn btn-sm" form="withdrawal" name="number" value="{}">{}</button>', row.pk,
            here(Text("撤销", "Withdraw"))) if row.may_end and row.withdrawn_at is None else SafeString("—")),
    ),
    default_order="-first_day",
    empty=Text("没有登记的例外。", "No exception is recorded."),
    empty_next=Text("在可疑数据页面登记停运、关闭、疫情等有文件说明的时段。", "Record one on the page of a suspicion, with its document."),
)


@never_cache
@page("checks.read", methods=("GET", "HEAD", "POST"))
def exceptions(request: HttpRequest) -> HttpResponseBase:
    """The exceptions that explain figures in scope."""
    user: Any = request.user
    if request.method == "POST":
        text = request.POST.get("number", "")
        actions.withdraw_exception(actor=user, number=int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0)
        messages.success(request, here(Text("已撤销，相关可疑重新待裁定。", "Withdrawn; what it answered is open again.")))
        return redirect("check-exceptions")
    may_end = may(user, "checks.explain")

    def with_names(rows: list[Any]) -> None:
        names = SubjectNames((row.subject_kind, row.subject_code) for row in rows if row.subject_code)
        for row in rows:
            row.names, row.may_end = names, may_end

    view = EXCEPTIONS.read(request, queries.exceptions_visible_to(user), decorate=with_names)
    if view.wants_export:
        return view.export()
    return render(request, "console/checks/exceptions.html", {
        "table": view, "may_end": may_end,
        "crumbs": [{"label": TITLE, "address": reverse("checks")}, {"label": Text("例外", "Exceptions")}]})


urlpatterns = [
    path("checks", worklist, name="checks"),
    path("checks/run", run, name="checks-run"),
    path("checks/exceptions", exceptions, name="check-exceptions"),
    path("checks/<int:number>", one, name="suspicion"),
]
