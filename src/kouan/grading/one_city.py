"""一城一口岸: the water ports of each prefecture-level city (专栏5, R-105, A-30). Candidates for merging, no decision.

A county, county-level city or district counts with its prefecture (320582 with 320500). A municipality is one city
(A-30). So is a county-level city directly under its province (4290xx, 4690xx, 6590xx): it has no prefecture. A
port without a city code stands under its province when that is a municipality, else under "" (the city not known).

>>> city_of("42", "420100"), city_of("32", "320582"), city_of("31", ""), city_of("46", "469007"), city_of("13", "")
('420100', '320500', '310000', '469007', '')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

# GB/T 2260: 北京、天津、上海、重庆.
MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
_DIRECTLY_UNDER_PROVINCE = "90"
_NO_CITY = ("0000", "9000")  # the province itself, and the heading of what is directly under it


class Located(Protocol):
    """A port of the register, its state on a day, or whatever else says where and what it is."""

    @property
    def code(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def province_code(self) -> str: ...
    @property
    def city_code(self) -> str: ...
    @property
    def is_border(self) -> bool | None: ...
    @property
    def is_group(self) -> bool: ...


P = TypeVar("P", bound=Located)


def city_of(province_code: str, city_code: str) -> str:
    """Return the code of the prefecture-level city (six digits of GB/T 2260) to which a place belongs; "" if not known."""
    province = city_code[:2] or province_code
    if province in MUNICIPALITIES:
        return f"{province}0000"
    if not city_code:
        return ""
    if city_code[2:] in _NO_CITY:
        return ""
    return city_code if city_code[2:4] == _DIRECTLY_UNDER_PROVINCE else f"{city_code[:4]}00"


def water_ports_by_city(ports: Iterable[P], *, with_border: bool = False) -> Mapping[str, tuple[P, ...]]:
    """Group the water ports by prefecture-level city, cities and ports in the order of their codes.

    Cities with two ports or more are candidates for merging. A group (苏州) is a heading, its members are the ports,
    so it is left out. Border ports are left out unless `with_border` (A-30); one of which it is not known counts.
    Which ports are open is the caller's to choose. Ports whose city is not known stand under "".
    """
    found: dict[str, list[P]] = {}
    for port in ports:
        if port.mode == "water" and not port.is_group and (with_border or not port.is_border):
            found.setdefault(city_of(port.province_code, port.city_code), []).append(port)
    return {city: tuple(sorted(found[city], key=lambda port: port.code)) for city in sorted(found)}
