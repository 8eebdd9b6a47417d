"""All facts of an airport application in one call, each with its source, and the rule run on them (R-092 … R-101).

Distances from the register's open air ports, routes from a schedule, the province's gates from the register and the
recorded verdicts, the plan's lists from the register, the rest as submitted. What the register shows goes before
what is submitted; a difference is said. A fact that nobody gives stays unknown, and the verdict says who supplies
it. Where the routes leave a choice open (seasonal routes, held rows) the verdict under the other count is shown.

The list of open air ports is public, and the nearest one may lie in another province: distances are taken to all of
them, whoever asks, and show no more of a port than its name, place and status. The province's gates are read within
the reader's scope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from kouan.audit import record_event
from kouan.basis import Finding, NotFound, Place, Refused, Text, has_errors
from kouan.grading.access import AccessAir
from kouan.grading.airports import airport, near
from kouan.grading.case_facts import read_case
from kouan.grading.case_verdict import CaseVerdict
from kouan.grading.distance import (
    HOURS,
    ROAD,
    STRAIGHT,
    AirPort,
    ByRoad,
    Distances,
    Origin,
    Standing,
    check_point,
    measure,
)
from kouan.grading.province_gates import Known, province_gates
from kouan.grading.routes import DOMESTIC, TOTAL, RouteCount
from kouan.grading.submitted import NOTHING, Named, Submitted, peak_of
from kouan.law import Law
from kouan.ports.models import (
    CodeScheme,
    HubTier,
    LayoutEntry,
    Port,
    PortCode,
    PortStatus,
    Project,
    TransportMode,
    scope_for,
)
from kouan.ports.queries import states_of

_STANDINGS = {
    PortStatus.OPEN.value: Standing.OPEN, PortStatus.UNKNOWN.value: Standing.UNSETTLED, PortStatus.SUSPENDED.value: Standing.UNSETTLED,
}  # fmt: skip
_STATUS_EN = {
    "unknown": "status not known", "planned": "planned", "approved": "approved, not accepted", "open": "open", "suspended": "suspended",
    "merged": "merged", "closed": "closed",
}  # fmt: skip
_PLAN_IN_FORCE = date(2021, 1, 1)


def open_air_ports(as_of: date, submitted: Submitted = NOTHING) -> tuple[list[AirPort], list[Finding]]:
    """Return every air port of the register as it stood on a day, with what was submitted of ports it leaves open.

    Groups are headings, not ports. A port that the register knows to be open, or not to be, is not changed by what
    is submitted: the difference is an error finding.
    """
    ports = list(Port.objects.filter(mode=TransportMode.AIR))
    codes: dict[str, list[str]] = {}
    of_day = PortCode.objects.filter(scheme=CodeScheme.IATA, port__in=ports)
    for port_code, letters, valid_from, valid_to in of_day.values_list("port__code", "code", "valid_from", "valid_to"):
        if (valid_from is None or valid_from <= as_of) and (valid_to is None or as_of < valid_to):
            codes.setdefault(port_code, []).append(letters.upper())
    found = []
    for code, state in states_of(ports, as_of).items():
        if state.is_group:
            continue
        placed = state.latitude is not None and state.longitude is not None
        iata = tuple(sorted(codes.get(code, ())))
        elsewhere = next((known for one in iata if (known := airport(one))), None) if not placed else None
        found.append(AirPort(
            code, Text(state.name_zh, state.name_en or state.name_zh), _STANDINGS.get(state.status, Standing.OUT),
            Text(PortStatus(state.status).label, _STATUS_EN[state.status]),
            float(state.latitude) if placed and state.latitude is not None else elsewhere.latitude if elsewhere else None,
            float(state.longitude) if placed and state.longitude is not None else elsewhere.longitude if elsewhere else None,
            state.position_source if placed else elsewhere.source.zh if elsewhere else "", iata,
        ))  # fmt: skip
    return _with_submitted(found, submitted)


def _with_submitted(ports: list[AirPort], submitted: Submitted) -> tuple[list[AirPort], list[Finding]]:
    findings: list[Finding] = []
    by_name = {name.upper(): at for at, port in enumerate(ports) for name in (port.code, *port.iata)}
    for said, standing in (
        *((each, Standing.OPEN) for each in submitted.open_air_ports), *((each, Standing.OUT) for each in submitted.not_open),
    ):
        at = by_name.get((said.code or said.iata).upper())
        word = Text("所报已开放", "submitted as open") if standing is Standing.OPEN else Text("所报未开放", "submitted as not open")
        if at is None:
            fresh = _named(said, standing, word)
            if fresh is None:
                findings.append(_no_such_port(said))
            else:
                by_name[(fresh.iata[0] if fresh.iata else fresh.code).upper()] = len(ports)
                ports.append(fresh)
        elif ports[at].standing is Standing.UNSETTLED:
            ports[at] = replace(ports[at], standing=standing, status=word, given_by=said.evidence)
        elif ports[at].standing is not standing:
            findings.append(Finding.error(
                "register_says_otherwise", f"所报{ports[at].name.zh}的开放情况与名录不符（名录：{ports[at].status.zh}），以名录为准。",
                f"What was submitted of {ports[at].name.en} differs from the register ({ports[at].status.en}); the register stands.",
                where=Place(field=said.code or said.iata), remedy=("如名录有误，请先更正名录。", "If the register is wrong, correct it first."),
            ))  # fmt: skip
    return ports, findings


def _named(said: Named, standing: Standing, word: Text) -> AirPort | None:
    known = airport(said.iata) if said.iata else None
    if known is None and (said.latitude is None or not said.iata):
        return None
    latitude = said.latitude if said.latitude is not None else known.latitude if known else None
    longitude = said.longitude if said.longitude is not None else known.longitude if known else None
    source = said.evidence if said.latitude is not None or known is None else known.source.zh
    return AirPort(
        said.iata, said.name or (known.name if known else Text(said.iata, said.iata)), standing, word, latitude, longitude, source,
        (said.iata,), said.evidence,
    )  # fmt: skip


def _no_such_port(said: Named) -> Finding:
    return Finding.error(
        "unknown_air_port", f"名录和机场名单都没有“{said.code or said.iata}”，又未报坐标，未予采用。",
        f"Neither the register nor the list of airports holds “{said.code or said.iata}”, and no position was given; it was not used.",
        where=Place(field="open_air_ports"), remedy=("请填写 IATA 代码和坐标（lat、lon）。", "Give its IATA code and position (lat, lon)."),
    )  # fmt: skip


def origin_of(iata: str = "", latitude: float | None = None, longitude: float | None = None, *, as_of: date) -> Origin:
    """Return the point to measure from: an airport by IATA code, or a position in degrees.

    The register's position of a port of that code goes before the list of airports. Refused for neither, for a
    position that cannot be, and NotFound for a code that nobody knows.
    """
    if not iata:
        if latitude is None or longitude is None:
            raise Refused.because(
                "no_origin", "请给出机场的 IATA 代码，或纬度和经度。", "Give the airport's IATA code, or a latitude and a longitude.",
                where=Place(field="iata"), remedy=("如 EHU，或 30.34 与 115.03。", "Such as EHU, or 30.34 and 115.03."),
            )  # fmt: skip
        if faults := check_point(latitude, longitude):
            raise Refused(faults)
        name = Text(f"北纬{latitude}度、东经{longitude}度", f"{latitude}° N, {longitude}° E")
        return Origin(latitude, longitude, name, Text("所填坐标", "position as given"))
    code = iata.strip().upper()
    known = airport(code)
    for port_code in PortCode.objects.filter(scheme=CodeScheme.IATA, code__iexact=code).select_related("port"):
        state = states_of([port_code.port], as_of).get(port_code.port.code)
        if state and state.latitude is not None and state.longitude is not None:
            name = known.name if known else Text(state.name_zh, state.name_en or state.name_zh)
            source = Text(state.position_source or "名录", state.position_source or "the register")
            return Origin(float(state.latitude), float(state.longitude), name, source, code, state.province_code)
    if known is None:
        hint = near(code)
        raise NotFound.because(
            "unknown_airport", f"名录和机场名单都没有 IATA 代码“{code[:20]}”。",
            f"Neither the register nor the list of airports has the code “{code[:20]}”.",
            where=Place(field="iata"), measured=code[:20],
            remedy=(f"相近的有：{'、'.join(hint)}；也可改填坐标。" if hint else "可改填坐标（纬度、经度）。",
                    f"Near it: {', '.join(hint)}; or give a position." if hint else "Give a position (latitude, longitude) instead."),
        )  # fmt: skip
    return Origin(known.latitude, known.longitude, known.name, known.source, code, known.province_code)


def distances(origin: Origin, as_of: date, submitted: Submitted = NOTHING, roads: Sequence[ByRoad] = ()) -> Distances:
    """Measure from a point to the air ports as of a day; the findings hold what the register cannot settle."""
    ports, findings = open_air_ports(as_of, submitted)
    measured = measure(origin, ports, (*submitted.roads, *roads))
    known = sum(1 for port in ports if not port.given_by)
    findings.append(Finding.info(
        "register_coverage", f"距离按名录所载{known}个航空口岸计算；名录未载的已开放口岸不在其中，可在所报事实的 open_air_ports 中附依据列出。",
        f"Distances are taken to the {known} air ports that the register holds; an open one that it lacks can be listed with evidence "
        "under open_air_ports among the facts submitted.",
    ))  # fmt: skip
    return replace(measured, findings=(*findings, *measured.findings))


@dataclass(frozen=True)
class Assembled:
    """The facts of one airport, each with its source, the verdict on them, and what would change it."""

    origin: Origin
    as_of: date
    known: Mapping[str, Known]
    distances: Distances
    routes: RouteCount | None
    verdict: CaseVerdict | None
    others: tuple[tuple[Text, CaseVerdict], ...] = ()
    findings: tuple[Finding, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; `verdict` has the shape of `kouan law try access-air --json`, null where facts cannot be."""
        return {
            "origin": self.origin.as_dict(), "as_of": self.as_of.isoformat(),
            "facts": {name: known.as_dict() for name, known in sorted(self.known.items())},
            "distances": self.distances.as_dict(), "routes": self.routes.as_dict() if self.routes else None,
            "verdict": self.verdict.as_dict() if self.verdict else None,
            "would_differ": [
                {"if": why.as_dict(), "verdict": other.verdict, "verdict_name": other.name.as_dict()} for why, other in self.others
            ],
            "findings": [finding.as_dict() for finding in self.findings],
        }  # fmt: skip


def assemble(
    user: Any, iata: str, law: Law, submitted: Submitted = NOTHING, routes: RouteCount | None = None
) -> Assembled:
    """Gather the facts of an airport (IATA) as of the law's day and judge them by the rule access-air.

    NotFound for an airport that nobody knows, and the same for one of a province outside the user's scope (which is
    written to the trail). Errors in single facts are findings: then there is no verdict.
    """
    day = law.as_of
    origin = origin_of(iata, as_of=day)
    _check_scope(user, origin)
    slips: list[Finding] = []
    filed = _filed(submitted, day)
    gates: dict[str, Known] = {}
    if scope_for(user).covers_province(origin.province_code):
        gates, notes = province_gates(user, origin.province_code, law, filed, complete_by=submitted.complete_by)
        slips += notes
    else:
        slips.append(Finding.info(
            "gates_beyond_scope", "省域条件须由省级口岸管理部门或国家口岸办核取，此处按不明处理。",
            "The gates of the province are for the provincial or national office to read; here they are unknown.",
        ))  # fmt: skip
    measured = distances(origin, day, submitted)
    by_distance, notes = distance_facts(measured, law, submitted.complete_by)
    slips += notes
    known = {**gates, **_of_plan(origin, day), **by_distance, **_of_routes(routes)}
    peaks, notes = peak_of(submitted.passengers, day)
    slips += notes
    for name, year in peaks.items():
        known[name] = Known(year.value, "submitted", Text(f"{year.year}年", str(year.year)), (year.evidence,))
    _take_submitted(known, submitted, slips)
    rule = AccessAir()
    row = {name: fact.value for name, fact in known.items()}
    if submitted.filed_on is not None:
        row["filed_on"] = submitted.filed_on
    facts, doubts = read_case(row, law.library, rule.facts_read(law.library), day)
    findings = (*measured.findings, *(routes.findings if routes else ()), *slips, *doubts)
    if has_errors(doubts):
        return Assembled(origin, day, known, measured, routes, None, (), findings)
    verdict = rule.judge(facts, law)
    others = []
    for why, changed in _other_counts(routes, known):
        other = rule.judge(read_case({**row, **changed}, law.library, rule.facts_read(law.library), day)[0], law)
        if other.verdict != verdict.verdict:
            others.append((why, other))
    return Assembled(origin, day, known, measured, routes, verdict, tuple(others), findings)


def _check_scope(user: Any, origin: Origin) -> None:
    scope = scope_for(user)
    province = origin.province_code
    theirs = scope.covers_province(province) or any(city.startswith(province) for city in scope.cities if city and province)
    if not theirs and not Port.objects.visible_to(user).filter(province_code=province).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "airport", "code": origin.iata})
        raise NotFound.because(
            "unknown_airport", f"没有可供查看的机场“{origin.iata}”。", f"There is no airport “{origin.iata}” that you can see.",
            where=Place(field="iata"), remedy=("请核对代码；只能查看本辖区的机场。", "Check the code; only airports of your own area can be seen."),
        )  # fmt: skip


def _filed(submitted: Submitted, day: date) -> date | None:
    try:
        return min(date.fromisoformat(str(submitted.filed_on)), day)
    except ValueError:
        return None  # read_case says what is wrong with it


def _of_plan(origin: Origin, day: date) -> dict[str, Known]:
    """What the plan itself says of the airport: its projects and its layout, as the register links them."""
    if not origin.iata or day < _PLAN_IN_FORCE:
        return {}
    port = {"ports__codes__scheme": CodeScheme.IATA, "ports__codes__code__iexact": origin.iata}
    found: dict[str, Known] = {}
    projects: list[Any] = list(Project.objects.filter(**port).distinct())
    entries: list[Any] = list(LayoutEntry.objects.filter(**port).distinct())
    if projects or entries:
        rows = [f"{each.box} {each.project_id}" for each in projects] + [f"{each.box} {each.layout_id}" for each in entries]
        where = Text("；".join(rows), "; ".join(rows))
        quotes = tuple(each.quote for each in (*projects, *entries) if each.quote)
        found["listed_in_14fyp_plan"] = Known(True, "plan", where, quotes)
    for project in projects:
        if "freight hub" in project.kind_en:
            found["freight_hub_airport"] = Known(True, "plan", Text(f"{project.box} {project.project_id}", f"{project.box} {project.project_id}"),
                                                 (project.quote,))  # fmt: skip
    for entry in entries:
        if entry.hub_tier in HubTier.values:
            found["hub_airport"] = Known(True, "plan", Text(f"{entry.box} {entry.layout_id}", f"{entry.box} {entry.layout_id}"), (entry.quote,))
    return found


def distance_facts(measured: Distances, law: Law, complete_by: str) -> tuple[dict[str, Known], list[Finding]]:
    """Return the distance facts with their sources, and what holds one back.

    An air port that the register lacks could only lie nearer: without the claim, with its evidence, that it lacks
    none (`complete_by`), only what is below the limits already is known.
    """
    limits: dict[str, Any] = {}
    for key, names in (("access.distance.km", (ROAD, STRAIGHT)), ("access.distance.driving_hours", (HOURS,))):
        try:
            limits |= dict.fromkeys(names, law.parameter(key).value)
        except NotFound:
            continue  # not in force on that day, so nobody asks
    found: dict[str, Known] = {}
    held_back = []
    for name, value in measured.facts(limits.get(ROAD)).items():
        if not complete_by and not (name in limits and value < limits[name]):
            held_back.append(name)
        elif name == STRAIGHT:
            nearest = measured.open[0]
            place = Text(f"至{nearest.port.name.zh}的大地线（WGS84），两端坐标：{measured.origin.source.zh}；{nearest.port.position_source}",
                         f"geodesic to {nearest.port.name.en} (WGS84); positions: {measured.origin.source.en}; {nearest.port.position_source}")
            found[name] = Known(value, "computed", place, tuple(filter(None, (nearest.port.given_by, complete_by))))
        elif name == ROAD and measured.road_km is None:
            found[name] = Known(value, "computed", Text("未报公路里程；直线距离已超过限值，公路里程不会更短",
                                                        "no road submitted; the straight line is beyond the limit, and no road is shorter"),
                                (complete_by,))  # fmt: skip
        elif measured.nearest is not None:
            port = measured.nearest.port.name
            found[name] = Known(value, "submitted", Text(f"至{port.zh}", f"to {port.en}"), (measured.nearest.evidence,))
    if not held_back:
        return found, []
    return found, [Finding.warning(
        "nearer_port_may_be_missing", "名录可能缺少更近的已开放航空口岸，所得距离已达到限值的，不作为事实采用。",
        "The register may lack a nearer open air port, so a distance that reaches the limit is not taken as a fact.",
        where=Place(field=", ".join(held_back)),
        remedy=("名录连同所报口岸已载全的，请在 register_is_complete 中附依据说明。",
                "Where the register and what is submitted lack none, say so with evidence under register_is_complete."),
    )]  # fmt: skip


def _of_routes(routes: RouteCount | None) -> dict[str, Known]:
    if routes is None:
        return {}
    rows, count = len(routes.rows), len(routes.routes)
    source = Text(f"所报航班时刻表，{rows}行，航线{count}条（含季节性）", f"schedule submitted: {rows} rows, {count} routes, seasonal ones included")
    return {name: Known(value, "schedule", source) for name, value in routes.facts().items()}


def _other_counts(routes: RouteCount | None, known: Mapping[str, Known]) -> list[tuple[Text, dict[str, int]]]:
    if routes is None or known[TOTAL].kind != "schedule":
        return []
    return [
        (why, facts) for why, facts in (
            (Text("季节性航线也算固定航线", "seasonal routes count as fixed"), routes.facts(with_seasonal=True)),
            (Text("搁置的各行改正后都计入", "every held row counts once corrected"), routes.facts(with_doubtful=True)),
        ) if facts != {name: known[name].value for name in (TOTAL, DOMESTIC)}
    ]  # fmt: skip


def _take_submitted(known: dict[str, Known], submitted: Submitted, slips: list[Finding]) -> None:
    """Add what was submitted where nothing is known; say where it differs from what is."""
    for name, value in submitted.facts.items():
        evidence = submitted.evidence.get(name, "")
        held = known.get(name)
        if held is None:
            source = Text("申请材料", "application") if evidence else Text("申请材料，未附依据", "application, without evidence")
            known[name] = Known(value, "submitted", source, (evidence,) if evidence else ())
        elif value is not None and held.value != value:
            slips.append(Finding.warning(
                "submitted_differs", f"所报“{name}”为{value}，与本系统所得{held.value}不同，采用后者。",
                f"“{name}” was submitted as {value}; the system has {held.value}, which is used.", where=Place(field=name),
                measured=str(value)[:60], required=str(held.value)[:60],
                remedy=("请核对；如本系统的来源有误，请先更正来源。", "Check; if the system's source is wrong, correct the source first."),
            ))  # fmt: skip


__all__ = ["Assembled", "assemble", "distance_facts", "distances", "open_air_ports", "origin_of"]
