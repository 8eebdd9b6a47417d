"""Distances: known geodesics, which port is nearest, and what is left open, named."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Text
from kouan.grading.airports import airport
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
    straight_km,
)

ORIGIN = Origin(30.0, 114.0, Text("甲机场", "Airport A"), Text("测试", "test"), "AAA")
OPEN, UNSETTLED, OUT = Standing.OPEN, Standing.UNSETTLED, Standing.OUT


def port(code: str, north: float | None, standing: Standing = OPEN, iata: str = "") -> AirPort:
    """A port so many degrees north of the origin (a degree is about 111 km), or without a position."""
    return AirPort(code, Text(f"{code}口岸", f"Port {code}"), standing, latitude=None if north is None else 30.0 + north,
                   longitude=None if north is None else 114.0, position_source="测试", iata=(iata,) if iata else ())  # fmt: skip


def measured(*ports: AirPort, roads: tuple[ByRoad, ...] = ()) -> Distances:
    return measure(ORIGIN, ports, roads)


def codes(found: Distances) -> list[str]:
    return [finding.code for finding in found.findings]


@pytest.mark.parametrize(("one", "other", "km"), [
    # A degree of the equator and the first degree of the meridian of WGS84; half the meridian, pole to pole.
    ((0, 0), (0, 1), Decimal("111.319")),
    ((0, 0), (1, 0), Decimal("110.574")),
    ((90, 0), (-90, 0), Decimal("20003.931")),
    # The worked example of GeographicLib's manual: Wellington to Salamanca, nearly antipodal.
    ((-41.32, 174.81), (40.96, -5.50), Decimal("19959.679")),
    ((30, 114), (30, 114), Decimal("0.000")),
])  # fmt: skip
def test_geodesics_of_wgs84(one: tuple[float, float], other: tuple[float, float], km: Decimal) -> None:
    assert straight_km(*one, *other) == straight_km(*other, *one) == km


@given(*[st.floats(-80, 80), st.floats(-179, 179)] * 2)
def test_the_geodesic_is_near_the_great_circle(lat: float, lon: float, to_lat: float, to_lon: float) -> None:
    """The sphere of the mean radius is never off by more than 0.6 per cent."""
    a, b, c, d = map(math.radians, (lat, lon, to_lat, to_lon))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    sphere = 2 * 6371.0088 * math.asin(min(1.0, math.sqrt(half)))
    assert abs(float(straight_km(lat, lon, to_lat, to_lon)) - sphere) <= 0.006 * sphere + 0.002


def test_open_ports_stand_nearest_first_and_the_nearest_decides() -> None:
    found = measured(port("far", 3), port("near", 1), port("mid", 2))
    assert [leg.port.code for leg in found.open] == ["near", "mid", "far"]
    assert found.nearest is not None and found.nearest.port.code == "near"
    assert found.straight_km == found.open[0].straight_km == found.at_least_km
    assert found.facts() == {STRAIGHT: found.straight_km} and codes(found) == []


@given(st.permutations([port("a", 1), port("b", 2), port("c", 3, UNSETTLED), port("d", 4, OUT)]))
def test_the_order_of_ports_does_not_matter(ports: list[AirPort]) -> None:
    assert measured(*ports).as_dict() == measured(port("a", 1), port("b", 2), port("c", 3, UNSETTLED), port("d", 4, OUT)).as_dict()


def test_ports_that_are_not_open_do_not_count() -> None:
    found = measured(port("planned", 0.5, OUT), port("open", 2))
    assert found.nearest is not None and found.nearest.port.code == "open" and found.unsettled == ()


def test_a_nearer_port_of_unknown_status_leaves_the_distance_open_and_is_named() -> None:
    found = measured(port("maybe", 1, UNSETTLED), port("open", 2))
    assert found.nearest is None and found.facts() == {} and codes(found) == ["nearer_port_unsettled"]
    assert "maybe口岸" in found.findings[0].message.zh and "Port maybe" in found.findings[0].message.en
    assert [leg.port.code for leg in found.unsettled] == ["maybe"] and found.at_least_km == found.unsettled[0].straight_km


def test_a_farther_port_of_unknown_status_changes_nothing_but_is_listed() -> None:
    found = measured(port("open", 1), port("maybe", 2, UNSETTLED))
    assert found.straight_km is not None and len(found.unsettled) == 1 and codes(found) == []


def test_a_port_without_a_position_leaves_the_distance_open_and_is_named() -> None:
    found = measured(port("open", 1), port("nowhere", None))
    assert found.straight_km is None and found.at_least_km is None and codes(found) == ["port_without_position"]
    assert "nowhere口岸" in found.findings[0].message.zh and found.open[-1].straight_km is None


def test_nothing_open_is_said() -> None:
    assert codes(measured(port("planned", 1, OUT))) == ["no_open_port"]


def test_the_airports_own_port_is_no_neighbour_and_a_point_on_a_port_is_doubted() -> None:
    assert measured(port("own", 0, iata="AAA"), port("other", 2)).open[0].port.code == "other"
    assert codes(measured(port("same", 0.01))) == ["point_is_a_port"]


# -- roads


def road(to: str, km: Any = None, hours: Any = None, evidence: str = "测算报告") -> ByRoad:
    return ByRoad(to, evidence, None if km is None else Decimal(str(km)), None if hours is None else Decimal(str(hours)))


def test_the_road_decides_where_no_other_port_can_be_nearer_by_road() -> None:
    found = measured(port("a", 1), port("b", 3), roads=(road("a", 150, 1.9),))
    assert found.facts() == {STRAIGHT: found.straight_km, ROAD: Decimal(150), HOURS: Decimal("1.9")}
    assert found.nearest is not None and found.nearest.evidence == "测算报告"


def test_a_port_farther_in_a_line_may_be_nearer_by_road() -> None:
    found = measured(port("a", 1), port("b", 1.2), roads=(road("a", 300, 4), road("B", 140, 1.5)))
    assert found.road_km == 140 and found.driving_hours == Decimal("1.5") and found.nearest is not None
    assert found.nearest.port.code == "b" and found.straight_km == found.open[0].straight_km


def test_a_road_decides_nothing_while_a_port_without_one_may_be_nearer() -> None:
    found = measured(port("a", 1), port("b", 1.2), roads=(road("a", 300, 4),))
    assert found.road_km is None and codes(found) == ["nearest_by_road_open"] and "b口岸" in found.findings[0].message.zh
    # The straight line is settled all the same, and with it which port's driving time counts.
    assert found.facts() == {STRAIGHT: found.straight_km, HOURS: Decimal(4)}


def test_a_port_of_unknown_status_may_be_the_nearest_by_road_too() -> None:
    assert measured(port("a", 1), port("b", 1.2, UNSETTLED), roads=(road("a", 300),)).road_km is None
    assert measured(port("a", 1), port("b", 1.2, UNSETTLED), roads=(road("a", 300), road("b", 400))).road_km == 300


@pytest.mark.parametrize(("roads", "code"), [
    ((road("nobody", 100),), "road_to_no_port"),
    ((road("a", 150, evidence=" "),), "no_evidence"),
    ((road("a", 150), road("A", 160)), "road_given_twice"),
    ((road("a", 100),), "road_shorter_than_line"),
])  # fmt: skip
def test_a_road_that_cannot_be_used_is_an_error(roads: tuple[ByRoad, ...], code: str) -> None:
    found = measured(port("a", 1), roads=roads)
    [finding] = [each for each in found.findings if each.is_error]
    assert finding.code == code and finding.remedy is not None
    assert found.road_km == (150 if code == "road_given_twice" else None)


def test_the_straight_line_bounds_the_road_from_below() -> None:
    found = measured(port("a", 2), port("b", 3))
    assert found.facts(Decimal(200))[ROAD] == found.at_least_km and found.bound_decides(Decimal(200))
    assert ROAD not in found.facts(Decimal(300))
    # On the limit itself nothing is concluded: a reading that excludes the number would differ.
    assert found.at_least_km is not None and ROAD not in found.facts(found.at_least_km)


@pytest.mark.parametrize("point", [(91, 0), (0, 181), (math.nan, 0), (0, math.inf)])
def test_impossible_positions(point: tuple[float, float]) -> None:
    [finding] = check_point(*point)
    assert finding.code == "impossible_position" and finding.where.field in ("lat", "lon")
    assert check_point(90, -180) == []


def test_the_list_of_airports_is_sound() -> None:
    from kouan.grading.airports import _all, near

    assert len(_all()) > 250
    for each in _all().values():
        assert check_point(each.latitude, each.longitude) == [] and 15 < each.latitude < 54 and 73 < each.longitude < 136
        assert len(each.iata) == 3 and each.source.zh and len(each.province_code) in (0, 2)
    assert airport(" ehu ") == airport("EHU") and "WHU" in near("WUJ")
