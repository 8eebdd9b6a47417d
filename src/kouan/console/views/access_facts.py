"""The facts of an airport that can be worked out: distances to open air ports, routes from a schedule.

Distances are answered at their own address; a schedule is counted on the page. Nothing is stored. What was worked out
goes into the form of access-air by a link, so that the reader sees each fact before it is judged.
"""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from kouan.basis import Finding, Place, Refused, Text, has_errors, numbers
from kouan.console.page import page
from kouan.console.views.law import LAW, asked_law, law_address
from kouan.console.words import page_language
from kouan.desk.actions import refuse_secrets
from kouan.grading.access import AccessAir
from kouan.grading.access_facts import distance_facts, distances, origin_of
from kouan.grading.distance import ByRoad, Distances
from kouan.grading.routes import FATES, SCOPES, RouteCount, Scope
from kouan.grading.schedule_file import COLUMNS, MOST_BYTES, MOST_ROWS, NAMES_ZH, routes_in_file
from kouan.grading.submitted import NOTHING
from kouan.law import Law

UNITS = {"公里": Text("公里", "km"), "小时": Text("小时", "h"), "条": Text("条", "routes")}
SHOWN_ROWS, SHOWN_FINDINGS = 500, 50
FIELDS = (
    ("iata", Text("机场 IATA 代码", "Airport by IATA code"), Text("如 EHU；或填坐标", "such as EHU; or a position")),
    ("lat", Text("纬度", "Latitude"), Text("十进制度，WGS84", "degrees, WGS84")),
    ("lon", Text("经度", "Longitude"), Text("十进制度，WGS84", "degrees, WGS84")),
    ("port", Text("公路通往的口岸", "Port at the end of the road"), Text("口岸代码或 IATA", "code or IATA")),
    ("road_km", Text("公路里程", "Road distance"), Text("公里", "km")),
    ("driving_hours", Text("车程", "Driving time"), Text("小时", "hours")),
    ("evidence", Text("公路里程和车程的依据", "Evidence of the road"), Text("没有依据的不采用", "without it, it is not used")),
    ("complete", Text("名录已载全的依据", "Evidence that the register is complete"),
     Text("不填则达到限值的距离不作为事实", "without it, a distance that reaches the limit is no fact")),
)  # fmt: skip


@page("console.read", methods=("GET", "HEAD", "POST"))
def access_facts(request: HttpRequest) -> HttpResponse:
    """Both forms, and what they gave."""
    law, findings = asked_law(request)
    given = {name: request.GET.get(name, "").strip()[:200] for name, *_ in FIELDS}
    facts: dict[str, Any] = {}
    measured = counted = None
    if given["iata"] or given["lat"] or given["lon"]:
        try:
            measured, slips = _measured(given, law)
        except Refused as error:
            findings = [*findings, *error.findings]
        else:
            found, held_back = distance_facts(measured, law, given["complete"])
            facts |= {name: known.value for name, known in found.items()}
            findings = [*findings, *slips, *measured.findings, *held_back]
    airport = request.POST.get("airport", given["iata"]).strip()[:10]
    if request.method == "POST":
        try:
            counted = _counted(request, airport)
        except Refused as error:
            findings = [*findings, *(finding.at(Place(field="schedule")) if not finding.where.field else finding for finding in error.findings)]
        else:
            facts |= counted.facts()
            findings = [*findings, *counted.findings]
    return render(request, "console/law/access_facts.html", {
        "as_of": law.as_of, "measured": measured, "findings": findings[:SHOWN_FINDINGS], "more_findings": max(0, len(findings) - SHOWN_FINDINGS),
        "fields": _fields(given, findings), "airport": airport, "query": request.GET.urlencode(),
        "columns": list(NAMES_ZH.values()) if page_language() == "zh" else list(COLUMNS),
        "limit_rows": MOST_ROWS, "limit": MOST_BYTES // 1024 // 1024, **_shown(counted),
        "try_address": f"{reverse('law-try-case', args=['access-air'])}?{urlencode({**facts, 'as_of': law.as_of.isoformat()})}" if facts else None,
        "filled": [(law.library.facts[name].label, f"{value:f}" if isinstance(value, Decimal) else value, UNITS.get(law.library.facts[name].unit))
                   for name, value in facts.items()],
        "crumbs": [
            {"label": LAW, "address": reverse("law")},
            {"label": AccessAir.title, "address": law_address("law-rule", AccessAir.key, law)},
            {"label": Text("试算", "Try"), "address": reverse("law-try-case", args=["access-air"])},
            {"label": Text("距离与航线", "Distances and routes")},
        ],
    }, status=422 if has_errors(findings) and not counted else 200)  # fmt: skip


def _measured(given: dict[str, str], law: Law) -> tuple[Distances, list[Finding]]:
    slips: list[Finding] = []
    figures = {name: _figure(name, given[name], slips) for name in ("lat", "lon", "road_km", "driving_hours")}
    if any(slip.where.field in ("lat", "lon") for slip in slips) and not given["iata"]:
        raise Refused(slips)
    latitude, longitude = (None if figures[name] is None else float(figures[name] or 0) for name in ("lat", "lon"))
    origin = origin_of(given["iata"], latitude, longitude, as_of=law.as_of)
    road = figures["road_km"] is not None or figures["driving_hours"] is not None
    roads = (ByRoad(given["port"], given["evidence"], figures["road_km"], figures["driving_hours"]),) if road else ()
    return distances(origin, law.as_of, NOTHING, roads), slips


def _figure(name: str, said: str, slips: list[Finding]) -> Decimal | None:
    if not said:
        return None
    number = numbers.parse(said)
    if isinstance(number, Finding):
        slips.append(number.at(Place(field=name)))
        return None
    if name in ("road_km", "driving_hours") and number < 0:
        slips.append(Finding.error("negative_figure", "不能为负数。", "It cannot be negative.", where=Place(field=name), measured=said,
                                   remedy=("请填写不小于0的数。", "Give a number of zero or more.")))  # fmt: skip
        return None
    return number


def _counted(request: HttpRequest, airport: str) -> RouteCount:
    file = request.FILES.get("schedule")
    code = airport.upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise Refused.because("bad_airport_code", "请填写机场的 IATA 三字代码。", "Give the airport's IATA code of three letters.",
                              where=Place(field="airport"), remedy=("如 EHU。", "Such as EHU."))  # fmt: skip
    if file is None:
        raise Refused.because("missing", "请选择航班时刻表。", "Choose a schedule.", where=Place(field="schedule"),
                              remedy=("CSV 或 XLSX 文件。", "A CSV or XLSX file."))  # fmt: skip
    if (file.size or 0) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise Refused.because("file_too_large", f"文件超过 {most} MB。", f"The file is larger than {most} MB.",
                              where=Place(field="schedule"), remedy=("请只保留本机场的航班。", "Keep this airport's flights only."))  # fmt: skip
    name = Path((file.name or "schedule").replace("\\", "/")).name
    refuse_secrets(name)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "schedule"
        with place.open("wb") as copy:
            for block in file.chunks():
                copy.write(block)
        return routes_in_file(place, code, name)


def _fields(given: dict[str, str], findings: list[Finding]) -> list[dict[str, Any]]:
    language = page_language()
    return [
        {"name": name, "label": label, "hint": hint, "value": given[name],
         "wrong": [finding.message.in_language(language) for finding in findings if finding.is_error and finding.where.field == name]}
        for name, label, hint in FIELDS
    ]  # fmt: skip


def _shown(counted: RouteCount | None) -> dict[str, Any]:
    if counted is None:
        return {}
    return {
        "counted": counted, "scopes": [(SCOPES[scope], counted.number(scope)) for scope in Scope],
        "rows": [{"row": row.row, "flight": row.flight, "other": row.other, "scope": SCOPES[row.scope] if row.scope else None,
                  "fate": FATES[row.fate], "why": row.why} for row in counted.rows[:SHOWN_ROWS]],
        "more_rows": max(0, len(counted.rows) - SHOWN_ROWS),
    }  # fmt: skip


urlpatterns = [path("law/access-facts", access_facts, name="access-facts")]
