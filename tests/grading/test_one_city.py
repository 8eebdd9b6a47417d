"""Water ports by prefecture-level city."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.grading.one_city import city_of, water_ports_by_city


@dataclass(frozen=True)
class APort:
    code: str
    city_code: str = "320500"
    province_code: str = "32"
    mode: str = "water"
    is_border: bool | None = False
    is_group: bool = False


@pytest.mark.parametrize(("place", "city"), [
    (("32", "320582"), "320500"), (("32", "320500"), "320500"), (("31", ""), "310000"), (("31", "310115"), "310000"),
    (("50", "500101"), "500000"), (("46", "469007"), "469007"), (("42", "429004"), "429004"), (("13", ""), ""), (("", "441900"), "441900"),
    (("44", "440000"), ""), (("46", "469000"), ""),
])  # fmt: skip
def test_the_city_of_a_place(place: tuple[str, str], city: str) -> None:
    assert city_of(*place) == city


def test_county_ports_stand_with_their_prefecture_and_the_group_is_a_heading() -> None:
    ports = [APort("taicang", "320585"), APort("suzhou", is_group=True), APort("changshu", "320581"), APort("nanjing", "320100")]
    found = water_ports_by_city(ports)
    assert {city: [port.code for port in held] for city, held in found.items()} == {"320100": ["nanjing"], "320500": ["changshu", "taicang"]}


def test_border_ports_are_left_out_unless_asked_for_and_unknown_ones_count() -> None:
    ports = [APort("a", is_border=True), APort("b", is_border=None), APort("c", mode="road")]
    assert [port.code for port in water_ports_by_city(ports)["320500"]] == ["b"]
    assert [port.code for port in water_ports_by_city(ports, with_border=True)["320500"]] == ["a", "b"]


def test_a_port_whose_city_is_not_known_is_not_lost() -> None:
    assert list(water_ports_by_city([APort("a", "", "13")])) == [""]


@given(st.permutations([APort("a"), APort("b", "320582"), APort("c", "320100"), APort("d", "", "31")]))
def test_the_order_does_not_matter(ports: list[APort]) -> None:
    found = water_ports_by_city(ports)
    assert list(found) == ["310000", "320100", "320500"] and [port.code for port in found["320500"]] == ["a", "b"]
