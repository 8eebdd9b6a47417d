"""How far an airport lies from the open air ports: straight lines computed, roads as submitted (R-096, A-06).

专栏5: “机场距已开放航空口岸200公里或2小时车程以上”. The straight line is the geodesic on WGS84 between the positions
given, to the metre. Road distance and driving time are facts that somebody submits with evidence; nothing here
guesses a road. The nearest open port decides, and it is settled only where no port whose status or position is
not known could lie nearer: such ports are named, never left out. A road is never shorter than the straight line,
so the straight line is a lower bound of what is not submitted.

>>> origin = Origin(30.0, 114.0, Text("甲机场", "Airport A"), Text("测试", "test"))
>>> port = AirPort("b", Text("乙航空口岸", "Port B"), Standing.OPEN, latitude=31.0, longitude=114.0)
>>> measured = measure(origin, [port], ())
>>> measured.straight_km, measured.road_km, measured.at_least_km
(Decimal('110.861'), None, Decimal('110.861'))
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pyproj import Geod

from kouan.basis import Finding, Place, Text

STRAIGHT = "straight_line_km_to_nearest_open_air_port"
ROAD = "distance_km_to_nearest_open_air_port"
HOURS = "driving_hours_to_nearest_open_air_port"
# The point is likely the port itself, given by its position instead of its code.
_SAME_PLACE_KM = Decimal(3)


class Standing(StrEnum):
    """Whether a port counts as open on the day."""

    OPEN = "open"
    UNSETTLED = "unsettled"  # status not known, or suspended: it may count
    OUT = "out"  # planned, approved only, merged, closed


@dataclass(frozen=True, slots=True)
class Origin:
    """The point from which is measured: degrees on WGS84, with the source of the position."""

    latitude: float
    longitude: float
    name: Text
    source: Text
    iata: str | None = None
    province_code: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "iata": self.iata, "name": self.name.as_dict(), "latitude": self.latitude, "longitude": self.longitude,
            "source": self.source.as_dict(), "province_code": self.province_code or None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class AirPort:
    """An air port as of the day: its standing, why, and where it lies. `given_by` says who named it, if not the register."""

    code: str
    name: Text
    standing: Standing
    status: Text = Text("开放运行", "open")
    latitude: float | None = None
    longitude: float | None = None
    position_source: str = ""
    iata: tuple[str, ...] = ()
    given_by: str = ""

    @property
    def is_placed(self) -> bool:
        return self.latitude is not None and self.longitude is not None

    def as_dict(self) -> dict[str, Any]:
        return {
            "code": self.code, "name": self.name.as_dict(), "iata": list(self.iata), "standing": self.standing.value,
            "status": self.status.as_dict(), "latitude": self.latitude, "longitude": self.longitude,
            "position_source": self.position_source or None, "given_by": self.given_by or None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ByRoad:
    """What was submitted of the road to one port (by code or IATA): kilometres, hours, and the evidence."""

    port: str
    evidence: str
    road_km: Decimal | None = None
    driving_hours: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """One port seen from the origin. `straight_km` is None where its position is not known."""

    port: AirPort
    straight_km: Decimal | None
    road_km: Decimal | None = None
    driving_hours: Decimal | None = None
    evidence: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.port.as_dict(), "straight_km": _text(self.straight_km), "road_km": _text(self.road_km),
            "driving_hours": _text(self.driving_hours), "evidence": self.evidence or None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Distances:
    """The legs, nearest first, and what they settle. None: not settled; `findings` say why and what would settle it.

    `straight_km`, `road_km`, `driving_hours` are those of the nearest open port; `at_least_km` is a distance below
    which no port that counts, or may count, can lie, by whatever road.
    """

    origin: Origin
    open: tuple[Leg, ...]
    unsettled: tuple[Leg, ...]
    nearest: Leg | None = None
    straight_km: Decimal | None = None
    road_km: Decimal | None = None
    driving_hours: Decimal | None = None
    at_least_km: Decimal | None = None
    findings: tuple[Finding, ...] = field(default=())

    def facts(self, least_km: Decimal | None = None) -> dict[str, Decimal]:
        """Return the distance facts of the rule that are settled.

        `least_km`: the limit of the law. Where no road is settled, but no port can lie nearer than the limit by
        whatever road, the lower bound stands for the road distance: the answer to the limit is the same.
        """
        found = {STRAIGHT: self.straight_km, ROAD: self.road_km, HOURS: self.driving_hours}
        if self.bound_decides(least_km):
            found[ROAD] = self.at_least_km
        return {name: value for name, value in found.items() if value is not None}

    def bound_decides(self, least_km: Decimal | None) -> bool:
        """Whether the lower bound alone shows that the limit is passed (strictly, so that A-11 does not matter)."""
        return self.road_km is None and self.at_least_km is not None and least_km is not None and self.at_least_km > least_km

    def as_dict(self) -> dict[str, Any]:
        return {
            "origin": self.origin.as_dict(), "open": [leg.as_dict() for leg in self.open],
            "unsettled": [leg.as_dict() for leg in self.unsettled], "nearest": self.nearest.port.code if self.nearest else None,
            "straight_km": _text(self.straight_km), "road_km": _text(self.road_km),
            "driving_hours": _text(self.driving_hours), "at_least_km": _text(self.at_least_km),
            "findings": [each.as_dict() for each in self.findings],
        }  # fmt: skip


@lru_cache(maxsize=1)
def _ellipsoid() -> Geod:
    return Geod(ellps="WGS84")


def straight_km(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> Decimal:
    """Return the length of the geodesic on WGS84 between two points in degrees, in km to the metre."""
    metres = _ellipsoid().inv(longitude, latitude, to_longitude, to_latitude)[2]
    return Decimal(round(metres)).scaleb(-3)


def check_point(latitude: float, longitude: float) -> list[Finding]:
    """Return what is wrong with a point given in degrees."""
    return [
        Finding.error(
            "impossible_position", f"{zh}{value}不在±{most}度之内。", f"The {en} {value} is not within ±{most} degrees.",
            where=Place(field=name), measured=value, required=f"±{most}",
            remedy=("请按十进制度填写 WGS84 坐标，北纬、东经为正。", "Give decimal degrees on WGS84, north and east positive."),
        )
        for name, zh, en, value, most in (
            ("lat", "纬度", "latitude", latitude, 90), ("lon", "经度", "longitude", longitude, 180),
        )
        if not (math.isfinite(value) and abs(value) <= most)
    ]  # fmt: skip


def measure(origin: Origin, ports: Iterable[AirPort], by_road: Sequence[ByRoad]) -> Distances:
    """Measure from the origin to every port that is open or may be, nearest first, and say what is settled.

    The port of the origin's own IATA code is no neighbour of itself. `by_road` speaks of ports by code or IATA; one
    that speaks of no such port, contradicts another or is shorter than the straight line is an error and not used.
    """
    counted = [
        port for port in ports
        if port.standing is not Standing.OUT and not (origin.iata and origin.iata in port.iata)
    ]  # fmt: skip
    roads, findings = _roads(by_road, counted)
    legs = [_leg(origin, port, roads.get(port.code), findings) for port in counted]
    legs.sort(key=lambda leg: (leg.straight_km is None, leg.straight_km or Decimal(0), leg.port.code))
    opened = tuple(leg for leg in legs if leg.port.standing is Standing.OPEN)
    unsettled = tuple(leg for leg in legs if leg.port.standing is Standing.UNSETTLED)
    unplaced = [leg for leg in legs if leg.straight_km is None]
    at_least = min((leg.straight_km for leg in legs if leg.straight_km is not None), default=None) if not unplaced else None
    by_line = _nearest_by_line(opened, unsettled, unplaced, findings)
    by_way = _nearest_by_road(legs, findings)
    decides = by_way or by_line
    if decides is not None and decides.straight_km is not None and decides.straight_km < _SAME_PLACE_KM:
        findings.append(Finding.warning(
            "point_is_a_port", f"起点距{decides.port.name.zh}仅{decides.straight_km}公里，可能就是该口岸本身。",
            f"The point lies {decides.straight_km} km from {decides.port.name.en}: it may be that port itself.",
            measured=f"{decides.straight_km} km",
            remedy=("如是，请以 IATA 代码指明机场，本口岸即不计。", "If so, name the airport by its IATA code; its own port is then left out."),
        ))  # fmt: skip
    return Distances(
        origin, opened, unsettled, decides,
        straight_km=by_line.straight_km if by_line else None,
        road_km=by_way.road_km if by_way else None,
        driving_hours=decides.driving_hours if decides else None,
        at_least_km=at_least, findings=tuple(findings),
    )  # fmt: skip


def _leg(origin: Origin, port: AirPort, road: ByRoad | None, findings: list[Finding]) -> Leg:
    line = None
    if port.latitude is not None and port.longitude is not None:
        line = straight_km(origin.latitude, origin.longitude, port.latitude, port.longitude)
    if road is None:
        return Leg(port, line)
    kilometres = road.road_km
    if kilometres is not None and line is not None and kilometres < line:
        findings.append(Finding.error(
            "road_shorter_than_line", f"至{port.name.zh}的公路里程{kilometres}公里短于直线距离{line}公里，未予采用。",
            f"The road to {port.name.en}, {kilometres} km, is shorter than the straight line of {line} km; it was not used.",
            where=Place(field=f"road.{road.port}"), measured=f"{kilometres} km", required=f"≥ {line} km",
            remedy=("请核对里程、起讫点和坐标。", "Check the length, both ends and the positions."),
        ))  # fmt: skip
        kilometres = None
    return Leg(port, line, kilometres, road.driving_hours, road.evidence)


def _roads(given: Sequence[ByRoad], ports: Sequence[AirPort]) -> tuple[dict[str, ByRoad], list[Finding]]:
    """Which port each submitted road leads to, by code."""
    codes = {name.upper(): port.code for port in ports for name in (port.code, *port.iata)}
    found: dict[str, ByRoad] = {}
    findings: list[Finding] = []
    for road in given:
        code = codes.get(road.port.upper())
        where = Place(field=f"road.{road.port}")
        if code is None:
            findings.append(Finding.error(
                "road_to_no_port", f"“{road.port}”不是当日已开放或状态待核的航空口岸，所报公路里程未予采用。",
                f"“{road.port}” is no air port that is open or may be on that day; its road was not used.", where=where,
                remedy=("请填写口岸代码或 IATA 代码；名录未载的口岸请先在 open_air_ports 中附依据列出。",
                        "Give a port's code or IATA code; list a port that the register lacks under open_air_ports, with evidence."),
            ))  # fmt: skip
        elif not road.evidence.strip():
            findings.append(Finding.error(
                "no_evidence", f"至“{road.port}”的公路里程、车程没有注明依据，未予采用。",
                f"The road to “{road.port}” names no evidence; it was not used.", where=where,
                remedy=("请写明出处，如测算报告、导航查询日期或公路里程表。",
                        "Name the source: a survey, a route query with its day, or a road register."),
            ))  # fmt: skip
        elif code in found:
            findings.append(Finding.error(
                "road_given_twice", f"至“{road.port}”的公路里程报了两次，采用先报的一次。",
                f"The road to “{road.port}” was given twice; the first is used.", where=where,
                remedy=("请只保留一次。", "Keep one of them."),
            ))  # fmt: skip
        else:
            found[code] = road
    return found, findings


def _nearest_by_line(
    opened: Sequence[Leg], unsettled: Sequence[Leg], unplaced: Sequence[Leg], findings: list[Finding]
) -> Leg | None:
    """Return the open port nearest in a straight line, or None with a finding that names what leaves it open."""
    placed = [leg for leg in opened if leg.straight_km is not None]
    first = placed[0] if placed else None
    limit = first.straight_km if first else None
    nearer = [leg for leg in unsettled if leg.straight_km is not None and (limit is None or leg.straight_km < limit)]
    if nearer:
        zh = "、".join(f"{leg.port.name.zh}（{leg.straight_km}公里，{leg.port.status.zh}）" for leg in nearer[:8])
        en = ", ".join(f"{leg.port.name.en} ({leg.straight_km} km, {leg.port.status.en})" for leg in nearer[:8])
        findings.append(Finding.warning(
            "nearer_port_unsettled", f"有{len(nearer)}个更近的航空口岸当日是否开放不能确定：{zh}{'等' if len(nearer) > 8 else ''}。",
            f"{len(nearer)} nearer air ports may or may not be open on that day: {en}{' and others' if len(nearer) > 8 else ''}.",
            remedy=("请在名录中登记其运行状态，或附依据列入 open_air_ports（已开放）、not_open（未开放）。",
                    "Register their status, or list them with evidence under open_air_ports or not_open."),
        ))  # fmt: skip
    if unplaced:
        names = Text("、".join(leg.port.name.zh for leg in unplaced), ", ".join(leg.port.name.en for leg in unplaced))
        findings.append(Finding.warning(
            "port_without_position", f"下列航空口岸没有坐标，不能计算距离：{names.zh}。",
            f"These air ports have no position, so no distance can be taken: {names.en}.",
            remedy=("请在名录中登记坐标及其来源。", "Register their position with its source."),
        ))  # fmt: skip
    if first is None and not nearer:
        findings.append(Finding.warning(
            "no_open_port", "没有当日已开放且有坐标的航空口岸。", "There is no air port that is open on that day and has a position.",
            remedy=("请核对名录的运行状态和截至日期。", "Check the register's statuses and the as-of date."),
        ))  # fmt: skip
    return None if nearer or unplaced else first


def _nearest_by_road(legs: Sequence[Leg], findings: list[Finding]) -> Leg | None:
    """Return the open port nearest by road, or None: no road given, or another port may be nearer by road."""
    ways = [(leg.road_km, leg) for leg in legs if leg.port.standing is Standing.OPEN and leg.road_km is not None]
    if not ways:
        return None
    shortest, first = min(ways, key=lambda way: (way[0], way[1].port.code))
    # A port whose straight line is as long as that road cannot be nearer by road.
    open_to_doubt = [
        leg for leg in legs
        if leg is not first and ((known := leg.road_km if leg.road_km is not None else leg.straight_km) is None or known < shortest)
    ]  # fmt: skip
    if not open_to_doubt:
        return first
    zh = "、".join(leg.port.name.zh for leg in open_to_doubt[:8])
    en = ", ".join(leg.port.name.en for leg in open_to_doubt[:8])
    findings.append(Finding.warning(
        "nearest_by_road_open", f"按公路里程哪个口岸最近尚不能确定：{zh}的直线距离短于所报的最短公路里程{shortest}公里。",
        f"Which port is nearest by road is open: in a straight line {en} lie nearer than the shortest road given, {shortest} km.",
        measured=f"{shortest} km",
        remedy=("请补报至这些口岸的公路里程及依据，或明确其是否开放。", "Give the road to them with evidence, or settle whether they are open."),
    ))  # fmt: skip
    return None


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
