"""专家评分: an expert's own tasks, declaration and marks; for the national office whom it asked, what they come to and how far apart they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.models import Role, User
from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text
from kouan.console.evaluation_page import TITLE as EVALUATION
from kouan.console.evaluation_page import proposal_mark, round_page, stage_mark
from kouan.console.evaluation_points import key_of
from kouan.console.evaluation_tabs import tabs_for
from kouan.console.marks import badge
from kouan.console.page import missing, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.evidence.asking import PortAsked, for_experts, point_words, ports_of
from kouan.evaluation.rounds.evidence.experts import (
    ask_experts,
    declare_interest,
    mark_points,
    release_expert,
    round_asked,
    to_mark,
)
from kouan.evaluation.rounds.evidence.models import ExpertAsked, ExpertDeclaration, FiledEntry
from kouan.evaluation.rounds.evidence.panel import Panel, panels_of
from kouan.evaluation.rounds.evidence.seeing import BEFORE_FREEZE, asked_visible_to, conflicts_of, newest
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import is_national

TITLE = Text("专家评分", "Experts' marks")
NOTHING = Text("没有评分任务。", "There is nothing to mark.")
DECLARED: Mapping[bool | None, tuple[Text, str, str]] = {
    None: (Text("待声明", "To be declared"), "dotted-ring", "wait"),
    False: (Text("无利益关系", "No interest"), "disc-check", "ok"),
    True: (Text("有利益关系", "Has an interest"), "triangle-cross", "bad"),
}


def _port_link(row: Mapping[str, Any]) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("evaluation-experts-port", args=[row["year"], row["port"].code]), here(row["port"].name))


OWN = Table(
    name="own-marks", title=Text("请您评分的口岸", "Ports that you are asked to mark"), prefix="own",
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: r["port"].name, show=_port_link, is_key=True),
        Column("declared", Text("利益关系", "Interest"), value=lambda r: DECLARED[r["declared"]][0], show=lambda r: declared_mark(r["declared"])),
        Column("asked", Text("应评指标", "Indicators"), order=True, is_number=True),
        Column("ready", Text("可评", "Ready"), order=True, is_number=True),
        Column("marked", Text("已评", "Marked"), order=True, is_number=True),
    ),
    empty=NOTHING, empty_next=Text("国家口岸办指派后出现在这里。", "What the national office asks of you appears here."),
)

PANELS = Table(
    name="panels", title=Text("专家评分结果", "What the marks come to"), prefix="panels", default_order="-spread",
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: r["port"].name, show=_port_link, is_key=True),
        Column("indicator", Text("指标", "Indicator"), value=lambda r: r["indicator"], is_wide=True),
        Column("asked", Text("指派", "Asked"), order=True, is_number=True),
        Column("marked", Text("有效评分", "Marks that count"), order=True, is_number=True),
        Column("mean", Text("平均分", "Mean"), order=True, is_number=True),
        Column("spread", Text("最大相差", "Max − min"), order=True, is_number=True),
        Column("deviation", Text("标准差", "Deviation"), note=Text("样本标准差（n−1）", "of the sample (n−1)"), order=True, is_number=True),
        Column("state", Text("情况", "State"), value=lambda r: r["state"][0],
               show=lambda r: badge(here(r["state"][0]), r["state"][1], r["state"][2])),
    ),
    filters=(
        Filter("q", Text("口岸或指标", "Port or indicator"), apply=lambda rows, value: [
            row for row in rows if value.lower() in f"{row['port'].name.zh} {row['port'].code} {row['indicator'].zh} {row['indicator'].en}".lower()]),
        Filter("state", Text("情况", "State"), choices=(
            ("few", Text("评分不足", "Too few")), ("wide", Text("相差过大", "Far apart")), ("stale", Text("填报已更新", "Filed anew")),
            ("fine", Text("有效", "Counts"))), apply=lambda rows, value: [row for row in rows if row["key"] == value]),
    ),
    empty=Text("尚未指派专家。", "No expert is asked yet."),
    empty_next=Text("每个口岸至少指派两名专家；只有一份评分的不计。", "Ask two at least for each port; one mark alone does not count."),
)


def declared_mark(declared: bool | None) -> SafeString:
    """A declaration of interest as a badge."""
    words, shape, tone = DECLARED[declared]
    return badge(here(words), shape, tone)


@never_cache
@page("marks.read", methods=("GET", "HEAD", "POST"))
def experts(request: HttpRequest, year: int) -> HttpResponseBase:
    """An expert's own list; the national office's assignment and the spread."""
    user: Any = request.user
    held, context = _page(request, year)
    scheme = held.scheme_version.scheme()
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        try:
            made = _ask(request, held)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            status = error.http_status
            findings = error.findings
        else:
            messages.success(request, here(Text(f"已指派 {made} 项。", f"{made} tasks were given.")))
            return redirect("evaluation-experts", year)
    national = is_national(user)
    table = (PANELS if national else OWN).read(request, _panel_rows(held, scheme) if national else _own_rows(user, held))
    if table.wants_export:
        return table.export()
    said = {"port": request.POST.get("port", ""), "indicator": request.POST.get("indicator", ""), "experts": request.POST.getlist("experts")}
    return render(request, "console/evaluation/experts.html", context | {
        "table": table, "is_national": national, "findings": findings, "said": said, "proposal": proposal_mark(scheme.is_proposal),
        "may_ask": national and may(user, "rounds.run") and held.stage in BEFORE_FREEZE, "bounds": scheme.shape.experts,
        **(_choices(held, scheme) if national else {}),
    }, status=status)


@never_cache
@page("marks.read", methods=("GET", "HEAD", "POST"))
def experts_port(request: HttpRequest, year: int, port: str) -> HttpResponse:
    """One port: the expert declares and marks; the national office reads every mark with its reason, and releases an expert."""
    user: Any = request.user
    held, context = _page(request, year)
    asked = list(asked_visible_to(user, held).filter(port=port).prefetch_related("marks"))
    if not asked:
        raise missing()
    findings: list[Finding] = []
    status = 200
    number = request.POST.get("asked", "")
    if request.method == "POST":
        try:
            said = _deed(request, held, port, number)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            status = error.http_status
            findings = [each.at(Place(field=f"{number}-{key_of(each.where.field)}")) if each.where.field else each for each in error.findings]
        else:
            messages.success(request, here(said))
            return redirect("evaluation-experts-port", year, port)
    scheme = held.scheme_version.scheme()
    known = ports_of([port], year).get(port) or PortAsked(port, Text(port, port), "")
    national = is_national(user)
    declared = conflicts_of(held).get((port, user.pk))
    return render(request, "console/evaluation/experts_port.html", context | {
        "port": known, "is_national": national, "findings": findings, "declared": declared, "declared_mark": declared_mark(declared),
        "declaration": ExpertDeclaration.objects.filter(round=held, port=port, expert_id=user.pk).order_by("-number").first(),
        "is_open": held.stage in BEFORE_FREEZE, "proposal": proposal_mark(scheme.is_proposal),
        "groups": _asked_rows(held, scheme, asked) if national else [_task(scheme, each, request.POST, findings, number) for each in asked],
        "crumbs": [*context["crumbs"][:2], {"label": TITLE, "address": reverse("evaluation-experts", args=[year])}, {"label": known.name}],
    }, status=status)


@page("rounds.mark")
def own(request: HttpRequest) -> HttpResponse:
    """An expert's way in: the newest year in which he or she is asked."""
    held = Round.objects.filter(asked__expert_id=request.user.pk, asked__released_on__isnull=True).order_by("-year").first()
    if held is not None:
        return redirect("evaluation-experts", held.year)
    return render(request, "console/evaluation/experts_none.html", {"title": TITLE, "nothing": NOTHING})


def _page(request: HttpRequest, year: int) -> tuple[Round, dict[str, Any]]:
    """As ``round_page``; an expert, who reads no rounds, finds the one in which he or she is asked."""
    if not may(request.user, "rounds.mark"):
        return round_page(request, year, "evaluation-experts", TITLE)
    held = round_asked(request.user, year)
    return held, {"held": held, "year": year, "title": TITLE, "tabs": tabs_for(request, year, "evaluation-experts"), "stage": stage_mark(held),
                  "crumbs": [{"label": EVALUATION}, {"label": Text(f"{year} 年", str(year))}, {"label": TITLE}]}


def _panel_rows(held: Round, scheme: Scheme) -> list[dict[str, Any]]:
    panels = _panels(held, scheme)
    ports = ports_of({each.port for each in panels}, held.year)
    names = {each.code: each.name for each in scheme.indicators}
    found = []
    for each in panels:
        key = _key(each, scheme)
        found.append({
            "year": held.year, "port": ports.get(each.port) or PortAsked(each.port, Text(each.port, each.port), ""), "key": key,
            "indicator": Text(f"{each.indicator} {names[each.indicator].zh}", f"{each.indicator} {names[each.indicator].en}"),
            "asked": len(each.asked), "marked": len(each.marks), "mean": each.mean, "spread": each.spread, "deviation": each.deviation,
            "state": {"few": (Text("评分不足", "Too few"), "dotted-ring", "wait"), "wide": (Text("相差过大", "Far apart"), "triangle-cross", "bad"),
                      "stale": (Text("填报已更新", "Filed anew"), "half", "wait"), "fine": (Text("有效", "Counts"), "disc-check", "ok")}[key]})
    return found


def _key(panel: Panel, scheme: Scheme) -> str:
    bounds = scheme.shape.experts
    if panel.stale:
        return "stale"
    if len(panel.marks) < bounds.smallest:
        return "few"
    return "wide" if (panel.spread or 0.0) > bounds.spread else "fine"


def _panels(held: Round, scheme: Scheme) -> list[Panel]:
    return panels_of(held, scheme, newest(FiledEntry.objects.filter(filed_in__round=held, is_point=True)))


def _own_rows(user: Any, held: Round) -> list[dict[str, Any]]:
    by_port: dict[str, list[ExpertAsked]] = {}
    for each in asked_visible_to(user, held).prefetch_related("marks"):
        by_port.setdefault(each.port, []).append(each)
    ports, declared = ports_of(by_port, held.year), conflicts_of(held)
    return [{"year": held.year, "port": ports.get(code) or PortAsked(code, Text(code, code), ""), "declared": declared.get((code, user.pk)),
             "asked": len(rows), "ready": sum(bool(to_mark(one)) for one in rows), "marked": sum(bool(one.marks.all()) for one in rows)}
            for code, rows in by_port.items()]


def _task(scheme: Scheme, asked: ExpertAsked, typed: Mapping[str, str], findings: Sequence[Finding], number: str) -> dict[str, Any]:
    """One indicator as the expert marks it: every claimed point with remark and evidence, and what was given before."""
    last = max(asked.marks.all(), key=lambda one: one.revision, default=None)
    mine = bool(findings) and number == str(asked.pk)
    rows = [{"item": item, "key": f"{asked.pk}-{key_of(item)}", "name": here(point_words(item)), "entry": entry, "papers": list(entry.papers.all()),
             "mark": typed.get(item, "") if mine else _given(last, item, entry)} for item, entry in to_mark(asked).items()]
    indicator = scheme.indicator(asked.indicator)
    return {"asked": asked, "indicator": indicator, "rows": rows, "last": last,
            "reason": typed.get("reason", "") if mine else (last.reason if last else "")}


def _given(last: Any, item: str, entry: FiledEntry) -> str:
    said = last.points.get(item) if last is not None else None
    return str(said["mark"]) if said is not None and said["entry"] == entry.pk else ""


def _asked_rows(held: Round, scheme: Scheme, asked: Sequence[ExpertAsked]) -> list[dict[str, Any]]:
    """By indicator the experts asked, their declarations, marks and reasons."""
    declared = conflicts_of(held)
    panels = {each.indicator: each for each in _panels(held, scheme) if each.port == asked[0].port}
    found: dict[str, dict[str, Any]] = {}
    for each in asked:
        group = found.setdefault(each.indicator, {"indicator": scheme.indicator(each.indicator), "panel": panels.get(each.indicator), "rows": []})
        last = max(each.marks.all(), key=lambda one: one.revision, default=None)
        panel = panels.get(each.indicator)
        group["rows"].append({"asked": each, "declared": declared_mark(declared.get((each.port, each.expert_id))), "last": last,
                              "mark": panel.marks.get(each.expert_id) if panel is not None and each.released_on is None else None,
                              "points": [(point_words(item), said["mark"]) for item, said in last.points.items()] if last else []})
    return list(found.values())


def _choices(held: Round, scheme: Scheme) -> dict[str, Any]:
    returns = list(held.returns.select_related("office").order_by("office__code"))
    ports = ports_of([code for each in returns for code in each.ports], held.year)
    offices = [(f"office:{each.office.code}", Text(
        f"{each.office.name_zh}：全部 {len(each.ports)} 个口岸", f"{each.office.name.en}: all its ports ({len(each.ports)})"))
        for each in returns]
    panel = held.matter.named.get("experts", "")
    people = User.objects.filter(Q(organisation__code=panel) if panel else Q(), role=Role.EXPERT, is_active=True).select_related("organisation")
    return {"ports": [*offices, *((code, each.name) for code, each in sorted(ports.items()))],
            "indicators": [(each.code, Text(f"{each.code} {each.name.zh}", f"{each.code} {each.name.en}")) for each in for_experts(scheme)],
            "people": list(people.order_by("organisation__code", "username"))}


def _ask(request: HttpRequest, held: Round) -> int:
    port = request.POST.get("port", "")
    ports = [port] if port else []
    if port.startswith("office:"):
        found = held.returns.filter(office__code=port.removeprefix("office:")).first()
        ports = list(found.ports) if found is not None else []
    indicator = request.POST.get("indicator", "")
    return len(ask_experts(actor=request.user, year=held.year, experts=request.POST.getlist("experts")[:100], ports=ports,
                           indicators=[indicator] if indicator else []))


def _deed(request: HttpRequest, held: Round, port: str, number: str) -> Text:
    user, deed = request.user, request.POST.get("do", "")
    if deed == "declare":
        chosen = {"yes": True, "no": False}.get(request.POST.get("has_conflict", ""))
        if chosen is None:
            raise Refused.because("choice_missing", "请选择有无利益关系。", "Say whether you have an interest.", where=Place(field="has_conflict"),
                                  remedy=("请选择一项。", "Choose one."))
        declare_interest(actor=user, year=held.year, port=port, has_conflict=chosen, statement=request.POST.get("statement", ""))
        return Text("已登记声明。", "Your declaration is on record.")
    if not number.isdigit() or len(number) > 12:
        raise missing()
    if deed == "release":
        release_expert(actor=user, year=held.year, asked=int(number), reason=request.POST.get("reason", ""))
        return Text("已撤回指派。", "The expert is asked no more.")
    row = next((each for each in asked_visible_to(user, held).filter(pk=int(number))), None)
    points = {item: _whole(request.POST.get(item, "")) for item in (to_mark(row) if row is not None else ())}
    made = mark_points(actor=user, year=held.year, asked=int(number), points=points, reason=request.POST.get("reason", ""))
    return Text(f"已保存评分（第 {made.revision} 版）。", f"Your marks are kept, revision {made.revision}.")


def _whole(typed: str) -> int:
    """A mark as typed; −1, which is refused with its field, where it is no whole number."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else -1


urlpatterns = [
    path("evaluation/marks", own, name="evaluation-marks"),
    path("evaluation/<int:year>/experts", experts, name="evaluation-experts"),
    path("evaluation/<int:year>/experts/<slug:port>", experts_port, name="evaluation-experts-port"),
]
