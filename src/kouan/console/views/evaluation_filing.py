"""检查点佐证: what is filed of each port beside its return, with evidence; and for who verifies, what waits and what other sources say."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.audit import record_event
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text
from kouan.console.evaluation_page import class_words, proposal_mark, round_page
from kouan.console.evaluation_points import STATES, UNITS, key_of, state_mark, state_of
from kouan.console.page import missing, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.evaluation_round import return_mark
from kouan.console.views.matter_paper import refuse_unfit
from kouan.console.words import here
from kouan.desk.actions import file_place
from kouan.desk.matters.paper_files import ACCEPT
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.method.scheme.english import told
from kouan.evaluation.rounds.evidence.asking import PortAsked, Wanted, asked_of, point_words, ports_of
from kouan.evaluation.rounds.evidence.cross_check import differences_for
from kouan.evaluation.rounds.evidence.deciding import decide_entry, refuse_four_eyes
from kouan.evaluation.rounds.evidence.filing import LONGEST_REMARK, Upload, file_entry, refuse_outside
from kouan.evaluation.rounds.evidence.models import FiledEntry
from kouan.evaluation.rounds.evidence.seeing import (
    Standing,
    decision_of,
    entries_of,
    evidence_file,
    return_for,
    standing_at,
)
from kouan.evaluation.rounds.models import Round, RoundReturn
from kouan.evaluation.rounds.queries import returns_visible_to

TITLE = Text("检查点佐证", "Checklist evidence")
MOST_FILES = 10

def _count(key: str) -> Any:
    return lambda row: row["counts"][key]


PORTS = Table(
    name="filing", title=Text("各口岸填报", "Ports"), prefix="ports", default_order="-waiting",
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: r["name"], is_key=True,
               show=lambda r: format_html('<a href="{}">{}</a>', reverse("evaluation-filing-port", args=[r["year"], r["code"]]), here(r["name"]))),
        Column("code", Text("口岸代码", "Code"), only="export"),
        Column("class", Text("运输类别", "Class"), value=lambda r: class_words(r["class"]), keeps_line=True),
        Column("office", Text("报送单位", "Office"), value=lambda r: r["return"].office.name),
        Column("state", Text("报送", "Return"), value=lambda r: r["return"].matter.state, show=lambda r: return_mark(r["return"])),
        Column("asked", Text("应填", "Asked"), order=True, is_number=True),
        Column("none", Text("未填", "Not filed"), value=_count("none"), order=True, is_number=True),
        Column("not_met", Text("不符合", "Not met"), value=_count("not_met"), order=True, is_number=True),
        Column("waiting", Text("待核验", "Waiting"), value=_count("waiting"), order=True, is_number=True),
        Column("accepted", Text("采信", "Accepted"), value=_count("accepted"), order=True, is_number=True),
        Column("rejected", Text("不予采信", "Rejected"), value=_count("rejected"), order=True, is_number=True),
    ),
    filters=(
        Filter("q", Text("口岸或单位", "Port or office"), apply=lambda rows, value: [
            row for row in rows if value.lower() in f"{row['name'].zh} {row['name'].en} {row['code']} {row['return'].office.name_zh}".lower()]),
        Filter("show", Text("只看", "Only"), choices=(("waiting", Text("有待核验", "To be verified")), ("none", Text("有未填", "Not complete")),
                                                    ("rejected", Text("有不予采信", "Rejected"))),
               apply=lambda rows, value: [row for row in rows if row["counts"].get(value)]),
    ),
    empty=Text("没有可办理的口岸。", "There is no port for you here."),
    empty_next=Text("报送单位在报送期内填报，核验单位在报送完毕后核验。",
                    "The reporting office files in its time; the verifying office sees it once filed."),
)

DIFFERENCES = Table(
    name="cross-check", title=Text("自报数据与其他来源不一致", "Self-reports that differ from another source"), prefix="differences", page_size=20,
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: r["name"], is_key=True),
        Column("item", Text("数据项", "Item"), value=lambda r: r["one"].name, is_wide=True),
        Column("own", Text("报送方", "Port's side"), value=lambda r: r["one"].own, is_number=True),
        Column("other", Text("其他来源", "Other source"), value=lambda r: r["one"].other, is_number=True),
        Column("unit", Text("单位", "Unit"), value=lambda r: r["one"].unit),
        Column("share", Text("相差", "Apart"), value=lambda r: r["one"].share, show=lambda r: f"{r['one'].share:.1%}", is_number=True),
        Column("source", Text("来源", "Sources"), value=lambda r: f"{r['one'].own_source} / {r['one'].other_source}", only="export"),
    ),
    empty=Text("没有超过容差的差异。", "Nothing differs by more than the tolerance."),
    empty_next=Text("只比较方案由中央来源取数、双方全年数据都齐的项目。",
                    "Only what the scheme takes from central sources and both reported for a whole year is compared."),
)


@never_cache
@page("rounds.read")
def filing(request: HttpRequest, year: int) -> HttpResponseBase:
    """The ports whose returns the reader sees, what is filed of each, and where self-reports differ from other sources."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-filing", TITLE)
    scheme = held.scheme_version.scheme()
    rows = _rows(user, held, scheme)
    table = PORTS.read(request, rows)
    if table.wants_export:
        return table.export()
    names = {row["code"]: row["name"] for row in rows}
    found = [{"one": each, "name": names.get(each.port, Text(each.port, each.port))} for each in differences_for(user, held, scheme)]
    differences = DIFFERENCES.read(request, found)
    if differences.wants_export:
        return differences.export()
    return render(request, "console/evaluation/filing.html", context | {
        "table": table, "differences": differences, "proposal": proposal_mark(scheme.is_proposal), "tolerance": scheme.shape.cross_check.tolerance,
        "totals": [(STATES[key][0], sum(row["counts"][key] for row in rows)) for key in STATES],
    })


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def filing_port(request: HttpRequest, year: int, port: str) -> HttpResponse:
    """Everything asked of one port: filed by its office, decided by who verifies, each in its place."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-filing", TITLE)
    filed_in = return_for(user, held, port)
    findings: list[Finding] = []
    status = 200
    item = request.POST.get("item", "")
    if request.method == "POST":
        try:
            said = _file(request, held, port, item) if request.POST.get("do") == "file" else _decide(request, held)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            status = error.http_status
            findings = [each.at(Place(field=f"{key_of(item)}-{each.where.field}")) if each.where.field else each for each in error.findings]
        else:
            messages.success(request, here(said))
            return redirect(f"{reverse('evaluation-filing-port', args=[year, port])}#{key_of(item)}")
    scheme = held.scheme_version.scheme()
    known = ports_of([port], year).get(port) or PortAsked(port, Text(port, port), "")
    entries = {each.item: each for each in entries_of(filed_in, port)}
    standing = standing_at(user, filed_in)
    rows = [_row(user, filed_in, held.stage, standing, wanted, entries.get(wanted.item), request.POST if findings and wanted.item == item else None)
            for wanted in asked_of(scheme, known.port_class)]
    return render(request, "console/evaluation/filing_port.html", context | {
        "port": known, "filed_in": filed_in, "return_mark": return_mark(filed_in), "class_words": class_words(known.port_class),
        "to_decide": [row for row in rows if row["may_decide"] and row["state"] == "waiting"],
        "groups": _grouped(scheme, rows), "findings": findings, "limit": LONGEST_REMARK, "accept": ACCEPT,
        "proposal": proposal_mark(scheme.is_proposal),
        "counts": [(STATES[key][0], sum(row["state"] == key for row in rows)) for key in STATES],
        "crumbs": [*context["crumbs"][:2], {"label": TITLE, "address": reverse("evaluation-filing", args=[year])}, {"label": known.name}],
    }, status=status)


@page("matters.read")
def evidence(request: HttpRequest, year: int, entry: int, version: int) -> FileResponse:
    """A file behind an entry as it came, for whoever may read it; the trail records who took it."""
    found = evidence_file(request.user, entry, version)
    refuse_unfit(found)
    record_event("download", actor_id=request.user.pk, payload={"evaluation": year, "entry": entry, "document": found.document_id,
                                                                "version": found.number, "sha256": found.sha256})
    response = FileResponse(file_place(found.sha256).open("rb"), content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.file_name)}"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _rows(user: Any, held: Round, scheme: Scheme) -> list[dict[str, Any]]:
    returns = list(returns_visible_to(user, held))
    ports = ports_of([code for each in returns for code in each.ports], held.year)
    asked = {each: len(asked_of(scheme, each)) for each in {one.port_class for one in ports.values()}}
    rows = []
    for each in returns:
        by_port: dict[str, list[FiledEntry]] = {}
        for entry in entries_of(each):
            by_port.setdefault(entry.port, []).append(entry)
        for code in each.ports:
            known = ports.get(code) or PortAsked(code, Text(code, code), "")
            states = [state_of(entry) for entry in by_port.get(code, [])]
            counts = {key: states.count(key) for key in STATES} | {"none": asked.get(known.port_class, 0) - len(states)}
            rows.append({"code": code, "name": known.name, "class": known.port_class, "return": each, "year": held.year,
                         "asked": asked.get(known.port_class, 0),
                         "counts": counts, "none": counts["none"], "not_met": counts["not_met"], "waiting": counts["waiting"],
                         "accepted": counts["accepted"], "rejected": counts["rejected"]})
    return rows


def _row(
    user: Any, filed_in: RoundReturn, stage: str, standing: Standing, wanted: Wanted, entry: FiledEntry | None, typed: Any,
) -> dict[str, Any]:
    """One thing asked: what stands, and which of the two forms is this reader's."""
    state = state_of(entry)
    said = {"value": typed.get("value", ""), "remark": typed.get("remark", "")} if typed is not None else {
        "value": "" if entry is None else f"{entry.value:g}", "remark": "" if entry is None else entry.remark}
    return {"wanted": wanted, "key": key_of(wanted.item), "unit": UNITS.get(wanted.unit, Text(wanted.unit, wanted.unit)),
            "name": here(point_words(wanted.item) if wanted.is_point else wanted.name), "entry": entry,
            "state": state, "mark": state_mark(state), "decision": decision_of(entry) if entry is not None else None, "said": said,
            "papers": list(entry.papers.all()) if entry is not None else [], "is_open": typed is not None,
            "history": filed_in.entries.filter(port=entry.port, item=wanted.item).exclude(pk=entry.pk).select_related("filed_by")
            if entry is not None and entry.revision > 1 else [],
            "may_file": may(user, "rounds.file") and _is_open(refuse_outside, user, filed_in, wanted, standing),
            "may_decide": entry is not None and entry.is_claim and may(user, "rounds.verify")
            and _is_open(refuse_four_eyes, user, filed_in, entry, stage=stage, standing=standing)}


def _is_open(check: Any, *given: Any, **known: Any) -> bool:
    try:
        check(*given, **known)
    except Refused:
        return False
    return True


def _grouped(scheme: Scheme, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Points by indicator, then the figures."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        wanted: Wanted = row["wanted"]
        if wanted.is_point:
            indicator = scheme.indicator(wanted.of)
            group = found.setdefault(indicator.code, {"key": indicator.code, "code": indicator.code, "name": indicator.name, "rows": [],
                                                      "note": Text(
                f"佐证：{indicator.evidence}；核验：{indicator.verifier}",
                f"Evidence: {told(indicator.evidence).en}; verified by: {told(indicator.verifier).en}")})
        else:
            group = found.setdefault("figures", {
                "key": "figures", "code": "", "name": Text("补充数据", "Figures beside the return"), "rows": [], "note": Text(
                    "没有对应统计指标、报送表不含的数据：有效答卷数，自查自报并已闭环，检查发现瞒报。",
                    "What no return carries: answers behind surveys, what was reported and closed by the port itself, what was found concealed.")})
        group["rows"].append(row)
    for group in found.values():
        group["done"] = sum(row["state"] != "none" for row in group["rows"])
    return list(found.values())


def _file(request: HttpRequest, held: Round, port: str, item: str) -> Text:
    typed = request.POST.get("value", "").strip()
    try:
        value = float(typed)
    except ValueError:
        raise Refused.because("value_missing", "请选择是否符合，或填写数值。", "Say whether it is met, or give the figure.",
                              where=Place(field="value"),
                              measured=typed[:40], remedy=("数值用阿拉伯数字填写。", "Give the figure in digits.")) from None
    files = [Upload(each.file, each.name or "", each.content_type or "") for each in request.FILES.getlist("documents") if each.file is not None]
    kept = [int(each) for each in request.POST.getlist("keep") if each.isdigit() and len(each) < 12]
    made = file_entry(actor=request.user, year=held.year, port=port, item=item, value=value, remark=request.POST.get("remark", ""),
                      documents=kept, uploads=files[:MOST_FILES])
    return Text(f"已填报“{_called(held, item).zh}”（第 {made.revision} 版）。", f"Filed “{_called(held, item).en}”, revision {made.revision}.")


def _decide(request: HttpRequest, held: Round) -> Text:
    verdict = {"accept": True, "reject": False}.get(request.POST.get("do", ""))
    number = request.POST.get("entry", "")
    if verdict is None or not number.isdigit() or len(number) > 12:
        raise missing()
    made = decide_entry(actor=request.user, year=held.year, entry=int(number), accepted=verdict, reason=request.POST.get("reason", ""))
    name = _called(held, made.entry.item)
    return Text(f"“{name.zh}”{'已采信' if verdict else '不予采信'}。", f"“{name.en}” {'accepted' if verdict else 'rejected'}.")


def _called(held: Round, item: str) -> Text:
    """A point by its own name, a figure by the scheme's."""
    return point_words(item) if "/" in item else held.scheme_version.scheme().items[item].name


urlpatterns = [
    path("evaluation/<int:year>/filing", filing, name="evaluation-filing"),
    path("evaluation/<int:year>/filing/<slug:port>", filing_port, name="evaluation-filing-port"),
    path("evaluation/<int:year>/evidence/<int:entry>/<int:version>", evidence, name="evaluation-evidence"),
]
