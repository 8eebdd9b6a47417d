"""Counting real routes: OpenFlights (ODbL, June 2014), read where it lies and never copied."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kouan.grading.airports import airport
from kouan.grading.distance import straight_km
from kouan.grading.routes import Fate, Scope, count_routes

pytestmark = pytest.mark.conformance
HOME = ("China",)
REGIONAL = ("Hong Kong", "Macau", "Taiwan")


def folder() -> Path:
    """The samples named, or the data folder beside them."""
    root = Path(os.environ["KOUAN_CONFORMANCE"])
    for place in (root / "data" / "openflights", root / "openflights"):
        if place.is_dir():
            return place
    pytest.skip("no OpenFlights in the folder of samples")


def read(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(folder() / name, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@pytest.fixture(scope="module")
def countries() -> dict[str, str]:
    return {row["iata"]: row["country"] for row in read("airports.csv.gz") if row["iata"]}


@pytest.fixture(scope="module")
def flights() -> list[dict[str, str]]:
    return list(read("routes.csv.gz"))


def rows_of(code: str, flights: list[dict[str, str]], countries: dict[str, str]) -> list[tuple[int, dict[str, str]]]:
    """As a schedule: carrier pairs without times, so a flight number and weekdays are put in for every row alike."""
    rows = []
    for number, flight in enumerate(flights, 2):
        if code not in (flight["src"], flight["dst"]):
            continue
        other = countries.get(flight["dst"] if flight["src"] == code else flight["src"], "")
        scope = "国内" if other in HOME else "地区" if other in REGIONAL else "国际" if other else ""
        own = f"{flight['airline']}1"
        rows.append((number, {"origin": flight["src"], "destination": flight["dst"], "flight": own, "stops": flight["stops"], "weekdays": "每日",
                              "operating_flight": "ZZ1" if flight["codeshare"] else "", "scope": scope}))  # fmt: skip
    return rows


@pytest.mark.parametrize("code", ["WUH", "YIH", "XFN", "ENH", "PEK", "CAN", "XIY"])
def test_routes_are_the_distinct_direct_ends_of_the_file(code: str, flights: list[dict[str, str]], countries: dict[str, str]) -> None:
    rows = rows_of(code, flights, countries)
    assert rows, "the airport has no row at all"
    counted = count_routes(rows, code)
    held = {row.other for row in counted.rows if row.fate is Fate.HELD}
    direct = {(flight["dst"] if flight["src"] == code else flight["src"]) for flight in flights
              if code in (flight["src"], flight["dst"]) and flight["stops"] == "0"} - held  # fmt: skip
    assert {route.other for route in counted.routes} == direct
    assert counted.number() == len(direct) and counted.seasonal == 0
    assert counted.number(Scope.DOMESTIC) == sum(countries[other] in HOME for other in direct)
    assert counted.number(Scope.REGIONAL) == sum(countries[other] in REGIONAL for other in direct)


def test_code_shares_and_carriers_count_once_at_a_large_airport(flights: list[dict[str, str]], countries: dict[str, str]) -> None:
    rows = rows_of("PEK", flights, countries)
    counted = count_routes(rows, "PEK")
    assert len(rows) > 3 * counted.number() > 300
    assert counted.facts() == count_routes(rows[::-1], "PEK").facts()


def test_positions_agree_with_the_list_of_airports() -> None:
    """Two sources of positions, eight years apart: most lie within some kilometres, those that have since moved in the same area."""
    known = [(row, here) for row in read("airports.csv.gz") if row["country"] in HOME and row["iata"] and (here := airport(row["iata"]))]
    off = {row["iata"]: straight_km(float(row["lat"]), float(row["lon"]), here.latitude, here.longitude) for row, here in known}
    assert len(off) > 180
    close = sum(distance < 5 for distance in off.values())
    assert close / len(off) > 0.9 and max(off.values()) < 50, sorted(off.items(), key=lambda item: -item[1])[:12]
