"""放行时间 → 研究: the studies in one's scope, one with its figures, causes and remarks, the form of a new one, two compared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, re_path, reverse
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import NotAllowed, NotFound, Refused, Text
from kouan.console.charts import Chart, Series
from kouan.console.page import accept_draft, missing, page
from kouan.console.study_tables import COMPARED, STUDIES, TABLES, TITLE, ports_of, state_mark
from kouan.console.words import here
from kouan.monitoring.journal.visibility import ports_for
from kouan.monitoring.studies import actions
from kouan.monitoring.studies.files import MEDIA, study_file
from kouan.monitoring.studies.jobs import measure_later
from kouan.monitoring.studies.models import TimeStudy
from kouan.monitoring.studies.queries import compare_studies, get_study, shipped_name, studies_visible_to
from kouan.monitoring.studies.words import (
    KINDS,
    direction_name,
    hours,
    interval,
    kind_name,
    labels_of,
    mode_name,
    nature_name,
    owners_name,
    percent,
    segment_name,
    segment_of,
)
from kouan.monitoring.timing.definitions import shipped
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.page import DIRECTIONS, MODES
from kouan.ports.models import Port

LEAST_DRAWN = 0.01
FORMS = {"pdf": "PDF", "docx": "Word", "xlsx": "Excel"}


def _crumbs(*labels: Text) -> list[dict[str, Any]]:
    return [{"label": TITLE, "address": reverse("time-studies")}, *({"label": each} for each in labels)]


@never_cache
@page("events.read")
def studies(request: HttpRequest) -> HttpResponseBase:
    """The studies in scope."""
    view = STUDIES.read(request, studies_visible_to(request.user).defer("cases"))
    if view.wants_export:
        return view.export()
    return render(request, "console/times/studies.html", {"table": view, "may_make": may(request.user, "studies.make")})


@never_cache
@page("studies.make", methods=("GET", "HEAD", "POST"))
def new_study(request: HttpRequest) -> HttpResponse:
    """The form of a new study."""
    user: Any = request.user
    names = ("title", "purpose", "team", "direction", "whole", "mode", "case_kind", "first_day", "last_day", "sample_size", "seed", "norms")
    said = {name: request.POST.get(name, "").strip() for name in names}
    chosen = request.POST.getlist("ports")
    findings = []
    if request.method == "POST":
        try:
            made = actions.draft_study(
                actor=user, ports=chosen, title=said["title"], purpose=said["purpose"], team=said["team"], direction=said["direction"],
                whole=said["whole"], mode=said["mode"], case_kind=said["case_kind"],
                first_day=_day(said["first_day"]), last_day=_day(said["last_day"]),
                sample_size=_number(said["sample_size"]), seed=_number(said["seed"]), norms=said["norms"])
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = list(error.findings)
        else:
            accept_draft(request, "time-study")
            return redirect("job", measure_later(actor=user, study=made.pk).pk)
    seen = ports_for(user)
    ports = Port.objects.counted() if seen is None else Port.objects.counted().filter(code__in=seen)
    goods = dict.fromkeys(each.code for each in shipped().wholes if each.subject == "goods")
    return render(request, "console/times/new_study.html", {
        "said": said | ({} if request.method == "POST" else {"whole": "overall_clearance", "direction": "inbound"}), "findings": findings,
        "ports": [(port.code, port.name_zh, port.code in chosen) for port in ports.only("code", "name_zh", "pinyin")],
        "directions": list(DIRECTIONS.items()), "modes": list(MODES.items()), "kinds": list(KINDS.items()),
        "wholes": [(code, shipped_name(code)) for code in goods], "crumbs": _crumbs(Text("立项", "New")),
    }, status=422 if findings else 200)


@never_cache
@page("events.read", methods=("GET", "HEAD", "POST"))
def study(request: HttpRequest, number: int) -> HttpResponseBase:
    """One study: measured, remarked on and confirmed from here."""
    user: Any = request.user
    held = get_study(user, number)
    findings = []
    if request.method == "POST":
        try:
            return _done(request, user, held)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = list(error.findings)
    context = _shown(request, held) if held.figures is not None else {}
    for view in context.pop("exports", []):
        return view.export()
    mine = may(user, "studies.make") and held.office_id == user.organisation_id
    others = studies_visible_to(user).filter(whole=held.whole, direction=held.direction, figures__isnull=False).exclude(pk=held.pk).defer("cases")
    return render(request, "console/times/study.html", context | {
        "study": held, "state": state_mark(held), "labels": labels_of(held), "ports": ports_of(held), "whole": shipped_name(held.whole),
        "direction": direction_name(held.direction), "mode": mode_name(held.mode), "kind": kind_name(held.case_kind),
        "may_measure": mine and not held.is_confirmed, "may_remark": may(user, "studies.make") and not held.is_confirmed and held.is_measured,
        "may_confirm": _may_confirm(user, held), "is_own": user.pk in (held.drafted_by_id, held.measured_by_id), "findings": findings,
        "forms": [(name, reverse("time-study-file", args=[held.pk, form])) for form, name in FORMS.items()] if held.is_measured else [],
        "others": [(str(each.pk), Text(f"#{each.pk} {each.title}", f"#{each.pk} {each.title}")) for each in others[:100]],
        "crumbs": _crumbs(Text(held.title, held.title)),
    }, status=422 if findings else 200)


def _may_confirm(user: Any, held: TimeStudy) -> bool:
    is_near = held.office_id == user.organisation_id or user.role in ("national_officer", "national_leader")
    return may(user, "studies.make") and held.is_measured and not held.is_confirmed and is_near


def _done(request: HttpRequest, user: Any, held: TimeStudy) -> HttpResponse:
    said = request.POST.get("do", "")
    if said == "measure":
        return redirect("job", measure_later(actor=user, study=held.pk).pk)
    if said == "remark":
        actions.remark_on_case(actor=user, study=held.pk, case=request.POST.get("case", "").strip(), words=request.POST.get("words", ""))
        accept_draft(request, "study-remark")
        messages.success(request, here(Text("已登记说明。", "The remark is kept.")))
    elif said == "confirm":
        version = request.POST.get("version", "")
        actions.confirm_study(actor=user, study=held.pk, version=int(version) if version.isdigit() else 0)
        messages.success(request, here(Text("研究已确认。", "The study is confirmed.")))
    else:
        raise missing()
    return redirect("time-study", held.pk)


def _shown(request: HttpRequest, held: TimeStudy) -> dict[str, Any]:
    figures: dict[str, Any] = held.figures or {}
    names = {each.port.code: each.port.name_zh for each in held.ports.all()}
    remarks: dict[str, list[str]] = {}
    for each in held.remarks.all():
        remarks.setdefault(each.case_id, []).append(each.words)
    rows = (
        figures["segments"], [row | {"name": names.get(row["port"], row["port"])} for row in figures["strata"]], figures["causes"]["by_cause"],
        [row | {"name": names.get(row["port"], row["port"]), "remarks": remarks.get(row["case_id"], [])} for row in figures["causes"]["cases"]],
        figures["coverage"]["left_out"])
    views = {table.prefix: table.read(request, held_rows) for table, held_rows in zip(TABLES, rows, strict=True)}
    overall = figures["overall"]
    return {
        "views": views, "exports": [view for view in views.values() if view.wants_export], "coverage": figures["coverage"], "overall": overall,
        "overall_words": {name: hours(overall[f"{name}_hours"]) for name in ("mean", "median", "p75", "p90", "p95")},
        "interval": interval(overall["median_interval"]), "p95_reason": overall["p95_reason"], "running": figures["provisional"],
        "running_median": hours((figures["provisional"] or {}).get("median_hours")),
        "cuts": [(Text("平均数", "mean") if cut["of"] == "mean" else Text("中位数", "median"), cut["base_hours"], percent(cut["ratio"]))
                 for cut in overall["cuts"]],
        "ahead": figures["declared_ahead"], "ahead_hours": hours(figures["declared_ahead"]["lead"]["median_hours"]),
        "owners": [(owners_name(row["code"].split("+")), percent(row["share"])) for row in figures["by_owner"]],
        "natures": [(nature_name(row["code"]), percent(row["share"])) for row in figures["by_nature"]],
        "norms": [row | {"name": Text(row["name"]["zh"], row["name"]["en"])} for row in figures["norms"]],
        "long": figures["causes"], "rules": [Text(each["zh"], each["en"]) for each in figures["causes"]["rules"].values()],
        "cases": [row["case_id"] for row in figures["causes"]["cases"][:50]], "chart": _chart(figures),
    }


def _chart(figures: dict[str, Any]) -> Chart:
    """Where the time goes; segments of less than a hundredth of it stand in the table only."""
    rows = [row for row in figures["segments"] if row["share"] >= LEAST_DRAWN]
    return Chart(
        "study-segments", Text("各分段每件平均用时", "Mean hours of each segment over all cases"),
        [here(segment_of({"pair": row["pair"]})) for row in rows],
        [Series(Text("平均用时", "mean"), [Decimal(f"{row['mean_over_all_hours']:.2f}") for row in rows])], unit="hours", kind="rows",
        category_label=Text("分段", "Segment"), note=Text(
            "按全部有结果的案例平均，没有该段的按零计；不足全程1%的分段只列在下表。",
            "Over all cases measured, zero where a case has no such segment; those below 1 % of the whole stand in the table below only."))


@never_cache
@page("events.read")
def compare(request: HttpRequest, number: int) -> HttpResponseBase:
    """Two studies beside each other."""
    user: Any = request.user
    other = request.GET.get("with", "")
    if not other.isdigit():
        raise missing()
    found = compare_studies(user, int(other[:12]), number)
    rows = []
    for key, each in found.segments:
        span = each.difference_interval
        rows.append({"name": segment_name(*key), "n_before": each.n_before, "n_after": each.n_after, "before": _h(each.before_us),
                     "after": _h(each.after_us), "difference": _h(each.difference_us),
                     "interval": "—" if span is None else f"{span.low / HOUR:+.2f}–{span.high / HOUR:+.2f}"})
    view = COMPARED.read(request, rows)
    if view.wants_export:
        return view.export()
    return render(request, "console/times/compare.html", {
        "found": found, "sentence": found.sentence(), "table": view, "address": f"{reverse('time-study-file', args=[number, 'pdf'])}?with={other}",
        "crumbs": [*_crumbs(), {"label": Text(found.after.title, found.after.title), "address": reverse("time-study", args=[number])},
                   {"label": Text("比较", "Compare")}]})


@never_cache
@page("events.read")
def study_paper(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """A study as PDF, Word or Excel."""
    other = request.GET.get("with", "")
    return handed(study_file(request.user, int(number), form, against=int(other[:12]) if other.isdigit() else None), f"time-study-{number}.{form}")


def handed(file: Any, plain_name: str) -> HttpResponse:
    """A file on its way: kept by nobody between."""
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(file.name)}"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _h(us: float | None) -> float | None:
    return None if us is None else round(us / HOUR, 2)


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _number(said: str) -> int | None:
    """A whole number; what is none becomes -1, which the verb refuses by name."""
    return None if not said else int(said) if said.isascii() and said.isdigit() and len(said) < 12 else -1


urlpatterns = [
    path("times/studies", studies, name="time-studies"), path("times/studies/new", new_study, name="new-time-study"),
    path("times/studies/<int:number>", study, name="time-study"), path("times/studies/<int:number>/compare", compare, name="compare-time-studies"),
    re_path(rf"^times/studies/(?P<number>\d{{1,12}})/report\.(?P<form>{'|'.join(MEDIA)})$", study_paper, name="time-study-file"),
]
