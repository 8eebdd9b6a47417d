"""监测 → 预警: warnings in one's scope, one with its chart, steps and votes, the back-test of a setting, planned silences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Max
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text, clock, measures
from kouan.console.charts import Chart, Series
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import procedure_for, settings_of
from kouan.desk.matters.registry import in_force
from kouan.desk.models import Job, JobState
from kouan.desk.queries import get_job
from kouan.monitoring.detection import registered_detectors
from kouan.monitoring.warnings import actions, platforms, routing
from kouan.monitoring.warnings.jobs import BACKTEST, backtest_later
from kouan.monitoring.warnings.models import (
    EarlyWarning,
    LocalPlatform,
    PlannedSilence,
    PlatformMessage,
    SilencedEpisode,
    SilenceGrounds,
)
from kouan.monitoring.warnings.operations import OPERATION_DETECTORS
from kouan.monitoring.warnings.queries import (
    drawn,
    get_warning,
    latest_votes,
    silences_of,
    timed_steps,
    warnings_visible_to,
)
from kouan.monitoring.warnings.reading import thresholds
from kouan.ports.models import Port

TITLE = Text("预警", "Early warnings")
_LATE = ("escalated", "overdue")


def _detector(key: str) -> Text:
    if key == platforms.DETECTOR:
        return Text("联合防控平台消息", "Message of a platform")
    found = registered_detectors().get(key)
    return found.title if found else Text(key, key)


def _state(warning: EarlyWarning) -> Text:
    return procedure_for(warning.matter).states[warning.matter.state].label


def _mark(warning: EarlyWarning) -> SafeString:
    late, ended = warning.matter.state in _LATE, warning.matter.ended_at is not None
    return badge(here(_state(warning)), "disc-check" if ended else "clock" if late else "half", "none" if ended else "wait" if late else "info")


def _link(warning: EarlyWarning) -> SafeString:
    return format_html('<a href="{}">#{} {}</a><span class="subline">{}</span>', reverse("warning", args=[warning.pk]), warning.pk,
                       warning.port.name_zh, here(_detector(warning.detector)))


def _port_words(port: Port) -> Text:
    return Text(port.name_zh, port.name_en or port.name_zh)


def _cause(warning: EarlyWarning) -> Text | None:
    return routing.causes().get(warning.cause)


WARNINGS = Table(
    name="warnings", title=TITLE,
    columns=(
        Column("warning", TITLE, value=lambda each: f"#{each.pk}", show=_link, is_key=True, is_wide=True),
        Column("port", Text("口岸", "Port"), value=lambda each: each.port.name_zh, only="export"),
        Column("detector", Text("检测规则", "Rule"), value=lambda each: _detector(each.detector), only="export"),
        Column("first_day", Text("首日", "First day"), order="first_day", keeps_line=True),
        Column("last_day", Text("末日", "Last day"), order="last_day", keeps_line=True),
        Column("score", Text("偏离程度", "How far out"), order="score", is_number=True, value=lambda each: round(each.score, 1),
               note=Text("1 为阈值", "1 is the threshold")),
        Column("state", Text("状态", "State"), value=_state, show=_mark),
        Column("handler", Text("处置单位", "Office"), value=lambda each: each.handler.name_zh),
        Column("cause", Text("原因", "Cause"), value=_cause),
        Column("message", Text("说明", "What was seen"), value=lambda each: Text(each.message_zh, each.message_en), only="export"),
    ),
    filters=(
        Filter("progress", Text("进度", "Progress"), apply=lambda rows, value: rows.filter(matter__ended_at__isnull=value == "running"),
               choices=(("running", Text("办理中", "Under way")), ("ended", Text("已办结", "Ended")))),
        Filter("detector", Text("检测规则", "Rule"), field="detector",
               choices=lambda: tuple((key, _detector(key)) for key in (*registered_detectors(), platforms.DETECTOR))),
        Filter("q", Text("口岸", "Port"), apply=lambda rows, value: rows.filter(port__name_zh__icontains=value)),
    ),
    default_order="-first_day",
    empty=Text("没有符合条件的预警。", "No warning matches."),
    empty_next=Text("检测每天自动运行；口岸报送日数据后方能检测。", "Detection runs every day; it needs daily figures of ports."),
)


def _crumbs(*labels: Text) -> list[dict[str, Any]]:
    return [{"label": TITLE, "address": reverse("warnings")}, *({"label": each} for each in labels)]


def _unfilled() -> list[Text]:
    filled = settings_of(routing.PROCEDURE)
    return [each.label for code, each in in_force(routing.PROCEDURE).procedure.settings.items() if code not in filled]


@page("warnings.read")
def warnings(request: HttpRequest) -> HttpResponseBase:
    """The warnings in scope."""
    view = WARNINGS.read(request, warnings_visible_to(request.user))
    if view.wants_export:
        return view.export()
    return render(request, "console/warnings/list.html", {"table": view, "unfilled": _unfilled()})


def _chart(warning: EarlyWarning) -> Chart | None:
    seen = drawn(warning)
    if seen is None:
        return None
    unit = measures.get(warning.measure).unit
    return Chart(
        "warning", Text(f"{seen.label.zh}：实测与常态区间", f"{seen.label.en}: measured and usual band"), [f"{day:%Y-%m-%d}" for day in seen.days],
        [Series(Text("实测", "measured"), seen.measured), Series(Text("常态上限", "usual, upper"), seen.high),
         Series(Text("常态下限", "usual, lower"), seen.low)],
        unit=unit, origin=warning.origin, category_label=Text("日期", "Day"),
        note=Text("常态区间只用当日以前的数据推算；未报的日期留空，不按零处理。",
                  "The usual band rests on the days before alone; days not reported are gaps, not zeros."))


@never_cache
@page("warnings.read", methods=("GET", "HEAD", "POST"))
def warning(request: HttpRequest, number: int) -> HttpResponse:
    """One warning: what was seen, its chart and table, where it went and why, its steps and their times, votes."""
    user: Any = request.user
    held = get_warning(user, number)
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            actions.vote_on_warning(actor=user, warning=number, is_useful=request.POST.get("useful") == "yes",
                words=request.POST.get("words", "")[:400])
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, here(Text("已登记评价，回测时计入。", "Recorded; back-tests count it.")))
            return redirect("warning", number)
    procedure = procedure_for(held.matter)
    standing = standing_of(user, procedure, held.matter).parties
    steps = timed_steps(held)
    waits = procedure.states[held.matter.state].waits_for if held.matter.ended_at is None else ()
    open_tasks = list(held.matter.tasks.filter(closed_at__isnull=True).select_related("organisation"))
    return render(request, "console/warnings/one.html", {
        "warning": held, "mark": _mark(held), "state": _state(held), "message": Text(held.message_zh, held.message_en), "findings": findings,
        "detector": _detector(held.detector), "why": Text(held.why_zh, held.why_en), "cause": _cause(held), "port": _port_words(held.port),
        "silences": [(each, GROUNDS[each.grounds], [_detector(key) for key in each.detectors]) for each in silences_of(user, held)],
        "chart": _chart(held), "is_of_events": held.detector in OPERATION_DETECTORS,
        "heard": PlatformMessage.objects.filter(warning=held).select_related("platform__organisation").first(),
        "kinds": routing.message_kinds(), "steps": [(each, _lasted(each.after)) for each in steps], "seen": held.candidates,
        "detectors": {key: _detector(key) for key in {each["detector"] for each in held.candidates}},
        "is_my_turn": bool({each.party for each in open_tasks} & set(standing)), "waits_for": [procedure.parties[each].label for each in waits],
        "tasks": open_tasks, "votes": latest_votes(held), "may_vote": may(user, "warnings.vote"),
        "may_open": may(user, "emergencies.open") and Port.objects.visible_to(user).filter(pk=held.port_id).exists(),
        "emergencies": list(held.emergencies.visible_to(user)) if may(user, "emergencies.read") else [],
        "crumbs": _crumbs(Text(f"#{held.pk}", f"#{held.pk}")),
    }, status=422 if findings else 200)


def _lasted(after: timedelta | None) -> str:
    if after is None:
        return "—"
    minutes = int(after.total_seconds() // 60)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days:
        return here(Text(f"{days}天{hours}小时", f"{days} d {hours} h"))
    return here(Text(f"{hours}小时{minutes}分", f"{hours} h {minutes} min"))


def _day(request: HttpRequest, name: str, otherwise: date, findings: list[Finding]) -> date:
    said = (request.POST if request.method == "POST" else request.GET).get(name, "").strip()
    if not said:
        return otherwise
    try:
        return date.fromisoformat(said)
    except ValueError:
        findings.append(Finding.error("bad_day", f"“{said[:20]}”不是日期。", f"“{said[:20]}” is no date.", where=Place(field=name),
                                      remedy=("请写作 2024-05-01。", "Write 2024-05-01.")))
        return otherwise


def _ports(user: Any) -> list[tuple[str, Text]]:
    return [(each.code, _port_words(each)) for each in Port.objects.visible_to(user).order_by("pinyin", "code")]


def _settings() -> list[tuple[str, Text]]:
    found = []
    for key, detector in registered_detectors().items():
        found += [(f"{key}.{name}", Text(f"{detector.title.zh}：{_NAMES[name].zh}", f"{detector.title.en}: {_NAMES[name].en}"))
                  for name in detector.settings if name in _NAMES]
    return found


_NAMES = {
    "score": Text("偏离倍数", "deviations"), "min_change": Text("最小变化幅度（1为100%）", "least change (1 is 100 %)"),
    "min_expected": Text("最小常态值", "least usual value"), "days": Text("天数", "days"), "min_value": Text("最小数值", "least value"),
    "min_usual": Text("最小通常值", "least usual value"), "after_reported": Text("已报天数", "days reported before"),
    "most_days": Text("最多提示天数", "days after which it is told no more"), "times": Text("最长间断的倍数", "times the longest pause"),
    "intervals": Text("时段数（一刻钟）", "quarters of an hour"), "growth": Text("增幅（1为100%）", "growth (1 is 100 %)"),
    "min_queue": Text("最小排队数", "least queue"), "days_of_work": Text("折合办理天数", "days of work"),
    "min_open": Text("最小未办结数", "least open"),
    "required_share": Text("标准时限内比例（1为100%）", "share within the norm (1 is 100 %)"), "deviations": Text("标准差倍数", "deviations"),
    "min_cases": Text("最少件数", "least cases"),
}


@never_cache
@page("warnings.read", methods=("GET", "HEAD", "POST"))
def backtest(request: HttpRequest) -> HttpResponseBase:
    """What a setting would have told over the last year at the ports in scope, beside the setting in force: asked here, worked out in the
    background, shown here when it is done (``?job=``, one's own only)."""
    user: Any = request.user
    findings: list[Finding] = []
    last = _day(request, "last", clock.today() - timedelta(days=1), findings)
    said = {name: request.POST.get(name, "").strip()[:64] for name in ("port", "threshold", "value")}
    if request.method == "POST":
        changes = _changes(said, findings)
        if not findings:
            return redirect("job", backtest_later(actor=user, last=last, port=said["port"], changes=changes).pk)
    done = _own_backtest(request)
    now, tried = ((done.result or {}).get("now"), (done.result or {}).get("tried")) if done else (None, None)
    if done is not None:
        last = date.fromisoformat(done.arguments["last"])
        detector, name, value = (*done.arguments["changes"], ["", "", ""])[0]
        said = {"port": done.arguments["port"], "threshold": f"{detector}.{name}".strip("."), "value": f"{value:g}" if tried else ""}
    shown = tried or now or {"rows": [], "by_detector": {}}
    names = dict(_ports(user))
    rows = [{**each, "port": names.get(each["port"], Text(each["port"], each["port"])), "first": date.fromisoformat(each["first"]),
             "last": date.fromisoformat(each["last"]), "detectors": [_detector(key) for key in each["detectors"]]} for each in shown["rows"]]
    detector, _, name = said["threshold"].partition(".")
    return render(request, "console/warnings/backtest.html", {
        "said": said, "last": last, "now": now and Text(**now["sentence"]), "tried": tried and Text(**tried["sentence"]), "rows": rows,
        "ports": _ports(user), "choices": _settings(), "findings": findings,
        "in_force": thresholds().value(detector, name, said["port"], last) if tried else None,
        "by_detector": [(_detector(key), *counts) for key, counts in shown["by_detector"].items()],
        "crumbs": _crumbs(Text("回测", "Back-test")), "may_set": may(user, "warnings.set"),
    }, status=422 if findings else 200)


def _changes(said: dict[str, str], findings: list[Finding]) -> list[tuple[str, str, float]]:
    """The one changed threshold that the form asks for, or none; what is wrong with it is told."""
    if said["threshold"] in dict(_settings()) and said["value"]:
        detector, _, name = said["threshold"].partition(".")
        try:
            number = float(said["value"])
        except ValueError:
            number = float("nan")
        if number > 0 and number != float("inf"):
            return [(detector, name, number)]
        findings.append(Finding.error("bad_threshold", "阈值应为正数。", "A threshold is a positive number.", where=Place(field="value"),
                                      remedy=("请改正。", "Correct it.")))
    elif said["value"] or said["threshold"]:
        findings.append(Finding.error("threshold_missing", "请同时选择阈值并填写数值。", "Choose a threshold and give its value.",
                                      where=Place(field="value" if said["threshold"] else "threshold"), remedy=("请补充。", "Add it.")))
    return []


def _own_backtest(request: HttpRequest) -> Job | None:
    """The finished back-test that the address names; NotFound for anybody else's, which lies in another scope."""
    number = request.GET.get("job", "")[:18]
    if not number.isdigit() or request.method == "POST":
        return None
    found = get_job(request.user, int(number))
    if found.owner_id != request.user.pk or found.kind != BACKTEST or found.state != JobState.DONE:
        raise NotFound.because("unknown_backtest", f"没有编号为 {number} 的回测结果。", f"There is no back-test number {number}.",
                               remedy=("请重新回测。", "Run it again."))
    return found


@never_cache
@page("warnings.set", methods=("POST",))
def set_threshold(request: HttpRequest) -> HttpResponse:
    """Put the tried value into force from today, with the reason."""
    detector, _, name = request.POST.get("threshold", "").partition(".")
    try:
        value = float(request.POST.get("value", ""))
    except ValueError:
        value = 0.0
    actions.set_threshold(actor=request.user, detector=detector[:24], name=name[:32], value=value, since=clock.today(),
                          reason=request.POST.get("reason", "")[:300], port=request.POST.get("port", "")[:64])
    messages.success(request, here(Text("已调整，自今日起适用。", "Set; it holds from today.")))
    return redirect("warning-backtest")


GROUNDS = {"planned": Text("计划安排", "planned"), "closure": Text("口岸关闭", "closure of the port"),
           "hours": Text("公布的开放时间调整", "changed opening hours")}


def _silenced_words(silence: PlannedSilence) -> Text:
    if silence.port:
        return _port_words(silence.port)
    if silence.province_code:
        return Text("本省全部口岸", "All ports of the province")
    return Text("全国口岸", "All ports")


@never_cache
@page("warnings.read", methods=("GET", "HEAD", "POST"))
def silences(request: HttpRequest) -> HttpResponse:
    """Planned silences in scope, what each kept from being told, and the form to plan one."""
    user: Any = request.user
    findings: list[Finding] = []
    said = {name: request.POST.get(name, "").strip()[:300] for name in ("port", "first", "last", "reason", "detector", "grounds", "document")}
    status = 200
    if request.method == "POST":
        deed: Callable[[], Any]
        if request.POST.get("end", "").isdigit():
            number = int(request.POST["end"][:18])

            def deed() -> Any:
                return actions.end_silence(actor=user, silence=number)
        else:
            first, last = _day(request, "first", clock.today(), findings), _day(request, "last", clock.today(), findings)

            def deed() -> Any:
                return actions.plan_silence(actor=user, first=first, last=last, reason=said["reason"], port=said["port"],
                                            detectors=[said["detector"]] if said["detector"] else [],
                                            grounds=said["grounds"] or SilenceGrounds.PLANNED, document=said["document"])
        if not findings:
            try:
                deed()
            except NotFound:
                raise
            except Refused as error:
                findings = error.findings
                status = error.http_status
            else:
                accept_draft(request, "silence")
                messages.success(request, here(Text("已登记。", "Recorded.")))
                return redirect("warning-silences")
        else:
            status = 422
    today = clock.today()
    seen = PlannedSilence.objects.visible_to(user).select_related("port", "planned_by__organisation")
    rows = list(seen.order_by(F("last_day").desc(nulls_first=True), "-id")[:200])
    visible = {port.pk for port in Port.objects.visible_to(user)}
    kept: dict[int, list[SilencedEpisode]] = {}
    for each in SilencedEpisode.objects.filter(silence__in=rows).select_related("port").order_by("first_day"):
        if each.port_id in visible:
            kept.setdefault(each.silence_id, []).append(each)
    return render(request, "console/warnings/silences.html", {
        "rows": [{"row": each, "what": _silenced_words(each), "kept": kept.get(each.pk, []), "detectors": [_detector(key) for key in each.detectors],
                  "is_running": each.ended_at is None and (each.last_day is None or each.last_day >= today),
                  "grounds": GROUNDS[each.grounds]} for each in rows],
        "grounds": [(key, GROUNDS[key]) for key in ("planned", "hours")],
        "said": said, "findings": findings, "ports": _ports(user) if may(user, "warnings.plan") else [], "may_plan": may(user, "warnings.plan"),
        "detectors": [(key, _detector(key)) for key in registered_detectors()], "crumbs": _crumbs(Text("计划静默", "Planned silences")),
    }, status=status)


@never_cache
@page("warnings.read", methods=("GET", "HEAD", "POST"))
def local_platforms(request: HttpRequest) -> HttpResponse:
    """The register of local joint-prevention platforms, when each was last heard, and the form to register one."""
    user: Any = request.user
    findings: list[Finding] = []
    said = {name: request.POST.get(name, "").strip()[:300] for name in ("organisation", "name", "basis")}
    status = 200
    if request.method == "POST":
        try:
            if request.POST.get("end", "").isdigit():
                platforms.end_platform(actor=user, platform=int(request.POST["end"][:18]))
            else:
                platforms.register_platform(actor=user, organisation=said["organisation"], name=said["name"], basis=said["basis"])
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings, status = error.findings, error.http_status
        else:
            accept_draft(request, "platform")
            messages.success(request, here(Text("已登记。", "Recorded.")))
            return redirect("warning-platforms")
    rows = LocalPlatform.objects.visible_to(user).select_related("organisation").annotate(
        heard=Max("messages__received_at"), count=Count("messages")).order_by("ended_at", "organisation__code")[:200]
    choices: list[tuple[str, Text]] = []
    if may(user, "platforms.register"):
        offices = Organisation.objects.filter(is_active=True, kind__in=platforms.MAY_RUN).order_by("province_code", "code")
        if user.organisation.province_code:
            offices = offices.filter(province_code=user.organisation.province_code)
        choices = [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in offices]
    return render(request, "console/warnings/platforms.html", {
        "rows": rows, "said": said, "findings": findings, "choices": choices, "may_register": may(user, "platforms.register"),
        "crumbs": _crumbs(Text("联合防控平台", "Local platforms")),
    }, status=status)


urlpatterns = [
    path("warnings", warnings, name="warnings"),
    path("warnings/platforms", local_platforms, name="warning-platforms"),
    path("warnings/backtest", backtest, name="warning-backtest"),
    path("warnings/backtest/set", set_threshold, name="warning-threshold"),
    path("warnings/silences", silences, name="warning-silences"),
    path("warnings/<int:number>", warning, name="warning"),
]
