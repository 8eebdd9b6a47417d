"""Where the airports of the mainland lie, by IATA code: points from which distances are taken.

Bundled data, its sources and licences in the README beside it. An airport here is no port.

>>> airport("ehu").name.zh, airport("XXX")
('鄂州花湖机场', None)
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from kouan.basis import Text, nearest

SOURCES: Mapping[str, Text] = {
    "ourairports": Text("OurAirports 2022年10月（公有领域）", "OurAirports, October 2022 (public domain)"),
    "names-list": Text("公开机场名单所载坐标（未注明许可，仅取事实，待核）",
                       "position in a public list of airport names (no licence stated, taken as a fact, unverified)"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Airport:
    """One airport: degrees on WGS84, province by GB/T 2260 (empty where the source has none)."""

    iata: str
    name: Text
    province_code: str
    latitude: float
    longitude: float
    source: Text


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Airport]:
    text = resources.files(__package__).joinpath("airports.csv").read_text(encoding="utf-8")
    return {
        row["iata"]: Airport(
            row["iata"], Text(row["name_zh"] or row["name_en"], row["name_en"]), row["province_code"],
            float(row["latitude"]), float(row["longitude"]), SOURCES[row["source"]],
        )
        for row in csv.DictReader(text.splitlines())
    }  # fmt: skip


def airport(iata: str) -> Airport | None:
    """Return the airport with this IATA code, in any case and width of letters; None where there is none."""
    return _all().get(iata.strip().upper())


def near(iata: str) -> list[str]:
    """Return the codes that look most like the one given."""
    return nearest(iata.strip().upper(), _all(), 3)
