"""认定: what the national office ruled about what does not apply and which sources failed, and the ruling of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused, Text
from kouan.console.evaluation_page import class_words, proposal_mark, round_page
from kouan.console.marks import badge
from kouan.console.page import missing, page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.evidence.asking import ports_of
from kouan.evaluation.rounds.evidence.models import Ruling, RulingKind
from kouan.evaluation.rounds.evidence.rulings import (
    rule_failed_feed,
    rule_not_applicable,
    rulings_visible_to,
    withdraw_ruling,
)
from kouan.evaluation.rounds.evidence.seeing import BEFORE_FREEZE
from kouan.evaluation.rounds.models import Round

TITLE = Text("认定", "Rulings")
KINDS = {RulingKind.NOT_APPLICABLE.value: Text("不适用（M2）", "Does not apply (M2)"),
         RulingKind.FAILED_FEED.value: Text("数据源中断（M4）", "Source failed (M4)")}
STATES = {"in_force": (Text("有效", "In force"), "disc-check", "ok"), "withdrawn": (Text("已撤回", "Withdrawn"), "cross", "none"),
          "withdrawal": (Text("撤回", "Withdrawal"), "dash-ring", "none")}
FIELDS = ("kind", "code", "port", "port_class", "of_year", "reason")

RULINGS = Table(
    name="rulings", title=Text("国家口岸办认定", "Rulings of the national office"), prefix="list", default_order="-number",
    columns=(
        Column("number", Text("编号", "No."), order=True, is_number=True),
        Column("kind", Text("类别", "Kind"), value=lambda r: KINDS[r["row"].kind]),
        Column("code", Text("指标或数据项", "Indicator or item"), value=lambda r: r["name"], is_key=True, is_wide=True),
        Column("where", Text("范围", "Where")),
        Column("year", Text("年度", "Year"), value=lambda r: str(r["row"].year) if r["row"].year else Text("各年", "All years")),
        Column("reason", Text("理由", "Reason"), value=lambda r: r["row"].reason, is_wide=True),
        Column("made_on", Text("认定日期", "Ruled on"), value=lambda r: r["row"].made_on, keeps_line=True),
        Column("state", Text("状态", "State"), value=lambda r: STATES[r["state"]][0],
               show=lambda r: badge(here(STATES[r["state"]][0]), STATES[r["state"]][1], STATES[r["state"]][2])),
    ),
    filters=(
        Filter("kind", Text("类别", "Kind"), choices=tuple(KINDS.items()),
               apply=lambda rows, value: [row for row in rows if row["row"].kind == value]),
        Filter("state", Text("状态", "State"), choices=tuple((key, words[0]) for key, words in STATES.items()),
               apply=lambda rows, value: [row for row in rows if row["state"] == value]),
    ),
    empty=Text("没有认定。", "There is no ruling."),
    empty_next=Text("不适用和数据源中断只由国家口岸办认定并说明理由，报送单位不能以不报代替。",
                    "Only the national office says, with a reason, that something does not apply or that a source failed; silence cannot."),
)


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def rulings(request: HttpRequest, year: int) -> HttpResponseBase:
    """The rulings that the reader may see; the national office rules and withdraws until the freeze."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-rulings", TITLE)
    said = {name: request.POST.get(name, "").strip()[:400] for name in FIELDS}
    gone = {name: request.POST.get(name, "").strip()[:400] for name in ("ruling", "why")}
    findings: list[Finding] = []
    status = 200
    if request.method == "POST":
        try:
            done = _withdraw(user, year, gone) if request.POST.get("do") == "withdraw" else _rule(user, year, said)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            status = error.http_status
            is_gone = request.POST.get("do") == "withdraw"
            findings = [each.at(Place(field="why")) if is_gone and each.where.field == "reason" else each for each in error.findings]
        else:
            messages.success(request, here(done))
            return redirect("evaluation-rulings", year)
    scheme = held.scheme_version.scheme()
    rows = _rows(user, held, scheme)
    table = RULINGS.read(request, rows)
    if table.wants_export:
        return table.export()
    may_rule = may(user, "rounds.run") and held.stage in BEFORE_FREEZE
    return render(request, "console/evaluation/rulings.html", context | {
        "table": table, "findings": findings, "said": said, "gone": gone, "may_rule": may_rule, "proposal": proposal_mark(scheme.is_proposal),
        **(_choices(held, scheme, rows) if may_rule else {}),
    }, status=status)


def _rows(user: Any, held: Round, scheme: Scheme) -> list[dict[str, Any]]:
    found = list(rulings_visible_to(user, held))
    ports = ports_of({each.port for each in found if each.port}, held.year)
    return [{"row": each, "number": each.pk, "name": _name(scheme, each.code), "state": _state(each),
             "where": (ports[each.port].name if each.port in ports else each.port) if each.port else
             class_words(each.port_class) if each.port_class else Text("全部口岸", "All ports")} for each in found]


def _state(row: Ruling) -> str:
    if row.withdraws_id is not None:
        return "withdrawal"
    return "withdrawn" if getattr(row, "withdrawn", None) is not None else "in_force"


def _name(scheme: Scheme, code: str) -> Text:
    known = {each.code: each.name for each in scheme.indicators} | {item: scheme.items[item].name for item in scheme.items}
    name = known.get(code, Text("", ""))
    return Text(f"{code} {name.zh}", f"{code} {name.en}")


def _choices(held: Round, scheme: Scheme, rows: list[dict[str, Any]]) -> dict[str, Any]:
    returns = list(held.returns.all())
    ports = ports_of([code for each in returns for code in each.ports], held.year)
    codes = [(each.code, Text(f"{each.code} {each.name.zh}", f"{each.code} {each.name.en}")) for each in scheme.indicators]
    codes += [(code, Text(f"{code} {item.name.zh}", f"{code} {item.name.en}")) for code, item in scheme.items.items() if "/" not in code]
    return {"kinds": list(KINDS.items()), "codes": codes, "ports": [(code, each.name) for code, each in sorted(ports.items())],
            "classes": [(code, class_words(code)) for code in scheme.shape.classes],
            "years": [(str(year), Text(f"{year} 年", str(year))) for year in range(held.year, held.year - 5, -1)],
            "in_force": [(str(row["number"]), Text(f"{row['number']}　{row['name'].zh}", f"{row['number']} {row['name'].en}"))
                         for row in rows if row["state"] == "in_force"]}


def _rule(user: Any, year: int, said: dict[str, str]) -> Text:
    of_year = int(said["of_year"]) if said["of_year"].isascii() and said["of_year"].isdigit() and len(said["of_year"]) < 5 else 0
    if said["kind"] == RulingKind.NOT_APPLICABLE:
        made = rule_not_applicable(actor=user, year=year, code=said["code"], port=said["port"], port_class=said["port_class"], of_year=of_year,
                                   reason=said["reason"])
    elif said["kind"] == RulingKind.FAILED_FEED and not said["port"]:
        made = rule_failed_feed(actor=user, year=year, code=said["code"], port_class=said["port_class"], of_year=of_year, reason=said["reason"])
    elif said["kind"] == RulingKind.FAILED_FEED:
        raise Refused.because("feed_of_a_port", "数据源中断按类别认定，不能只认定一个口岸。",
                              "A failed source is ruled for a class, not for one port.",
                              where=Place(field="port"), remedy=("请改选运输类别或不选。", "Choose a class, or none."))
    else:
        raise Refused.because("choice_missing", "请选择认定类别。", "Choose what is ruled.", where=Place(field="kind"),
                              remedy=("请选择一项。", "Choose one."))
    return Text(f"已登记认定 {made.pk}。", f"Ruling {made.pk} is on record.")


def _withdraw(user: Any, year: int, gone: dict[str, str]) -> Text:
    if not gone["ruling"].isdigit() or len(gone["ruling"]) > 12:
        raise missing()
    withdraw_ruling(actor=user, year=year, ruling=int(gone["ruling"]), reason=gone["why"])
    return Text(f"已撤回认定 {gone['ruling']}。", f"Ruling {gone['ruling']} was withdrawn.")


urlpatterns = [path("evaluation/<int:year>/rulings", rulings, name="evaluation-rulings")]
