"""The province tile chart: one tile for each division of province level, placed roughly where it lies.

Tiles of one size, no borders and no coastline. 中国香港、中国澳门、中国台湾 have their tiles and no
number: their control points are outside what this system counts.

>>> len(PLACES), PLACES["23"], len(set(PLACES.values()))
(34, (8, 1), 34)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kouan.basis import Text, codes
from kouan.console import words
from kouan.console.addresses import count_address
from kouan.console.words import here, page_language

COLUMNS, ROWS = 8, 8
# GB/T 2260 code → (column, row), both from 1.
PLACES: Mapping[str, tuple[int, int]] = {
    "23": (8, 1),
    "15": (5, 2), "22": (8, 2),
    "65": (1, 3), "62": (3, 3), "64": (4, 3), "11": (6, 3), "12": (7, 3), "21": (8, 3),
    "63": (2, 4), "61": (4, 4), "14": (5, 4), "13": (6, 4), "37": (7, 4),
    "54": (1, 5), "51": (3, 5), "50": (4, 5), "41": (5, 5), "34": (6, 5), "32": (7, 5), "31": (8, 5),
    "53": (3, 6), "52": (4, 6), "42": (5, 6), "36": (6, 6), "33": (7, 6),
    "45": (4, 7), "43": (5, 7), "44": (6, 7), "35": (7, 7), "71": (8, 7),
    "46": (5, 8), "82": (6, 8), "81": (7, 8),
}
# The first number of each shade; the number itself stands on the tile.
SHADES = (1, 4, 8, 13, 18)
NOT_COUNTED = Text("不在统计范围", "not counted here")
MODE_MARKS: Mapping[str, Text] = {
    "water": Text("水", "W"), "rail": Text("铁", "R"), "road": Text("公", "H"), "air": Text("空", "A"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile. ``number=None``: not counted here. ``modes``: (mark, number) of what is there."""

    code: str
    name: str
    letters: str
    column: int
    row: int
    number: int | None
    modes: tuple[tuple[str, int], ...]
    shade: int
    address: str
    said: str
    lineage: str = ""


def shade_of(number: int) -> int:
    """0 for none, else 1 to 5.

    >>> [shade_of(n) for n in (0, 1, 3, 4, 12, 13, 40)]
    [0, 1, 1, 2, 3, 4, 5]
    """
    return sum(number >= first for first in SHADES)


def shade_legend() -> list[tuple[int, str]]:
    """(shade, words) of the legend: 1–3, 4–7, …, 18+."""
    ends = [*(after - 1 for after in SHADES[1:]), None]
    return [(at + 1, f"{first}–{end}" if end else f"≥{first}") for at, (first, end) in enumerate(zip(SHADES, ends, strict=True))]


def tiles(by_province: Mapping[str, Mapping[str, int]], address: str) -> list[Tile]:
    """The 34 tiles, row by row. ``by_province``: province → mode → number; ``address`` of the port list."""
    made = [_tile(one, by_province.get(one.code, {}), address) for one in codes.provinces]
    return sorted(made, key=lambda tile: (tile.row, tile.column))


def _tile(province: codes.Province, by_mode: Mapping[str, int], address: str) -> Tile:
    column, row = PLACES[province.code]
    # 中国香港, never 香港特别行政区 beside provinces (GLOSSARY.md, "Names that must be right").
    name = here(province.short_name if province.is_mainland else words.REGIONS[province.letters])
    letters = province.letters
    if not province.is_mainland:
        return Tile(province.code, name, letters, column, row, None, (), 0, "", f"{name}：{here(NOT_COUNTED)}")
    number = sum(by_mode.values())
    there = [(mode, by_mode[mode]) for mode in MODE_MARKS if by_mode.get(mode)]
    zh = page_language() == "zh"
    detail = ("，" if zh else ", ").join(
        f"{here(words.MODES[mode])}{'' if zh else ' '}{count}" for mode, count in there
    )
    said = f"{name}：已登记 {number} 个口岸" if zh else f"{name}: {number} ports registered"
    if detail:
        said += f"（{detail}）" if zh else f" ({detail})"
    return Tile(
        province.code, name, letters, column, row, number, tuple((here(MODE_MARKS[mode]), count) for mode, count in there),
        shade_of(number), f"{address}?province={province.code}", said, count_address("province", province.code),
    )
