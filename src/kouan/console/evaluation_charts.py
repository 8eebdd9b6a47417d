"""Charts of a round's results: bands by class and by province, intervals of places; each with its table from the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest

from kouan.basis import Text
from kouan.console.charts import Chart
from kouan.console.tables import Column, Table
from kouan.console.words import here
from kouan.evaluation.rounds.queries import PortResult

# From the best band down; hatched by ECharts as well, so that black-and-white paper tells them apart.
COLOURS = ("#1b4b82", "#6f9bc8", "#d9a441", "#9c221a", "#6b7682")
NO_BAND = Text("无档次", "No band")
INTERVAL = Text("90% 区间", "90 % interval")


def bands_chart(
    request: HttpRequest, key: str, title: Text, label: Text, rows: Sequence[PortResult], bands: Mapping[str, Text],
    place_of: Callable[[PortResult], tuple[str, Text]], order: Sequence[str],
) -> Chart:
    """How many ports of each class, or province, are in each band; lying bars, one for each with ports, in the order given."""
    names: dict[str, Text] = {}
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        code, name = place_of(row)
        names[code] = name
        held = counts.setdefault(code, dict.fromkeys([*bands, ""], 0))
        held[row.band if row.band and row.band in bands else ""] += 1
    known = {code: at for at, code in enumerate(order)}
    codes = sorted(counts, key=lambda code: (known.get(code, len(known)), code))
    series = [*bands.items(), *([("", NO_BAND)] if any(held[""] for held in counts.values()) else [])]
    table = Table(
        name=f"{key}-bands", title=Text(f"{title.zh}（数据表）", f"{title.en} (table)"), prefix=key, can_export=False, stacks=False,
        columns=(Column("name", label, is_key=True, keeps_line=True),
                 *(Column(code or "none", words, is_number=True) for code, words in series), Column("all", Text("合计", "All"), is_number=True)))
    lines = [{"name": names[code], "all": sum(counts[code].values()), **{band or "none": counts[code][band] for band, _ in series}} for code in codes]
    option = {
        "animation": False, "color": list(COLOURS), "aria": {"enabled": True, "decal": {"show": True}},
        "grid": {"left": 8, "right": 24, "top": 36, "bottom": 8, "containLabel": True}, "legend": {"type": "scroll", "top": 0, "left": 0},
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "value", "minInterval": 1, "axisLabel": {"hideOverlap": True}},
        "yAxis": {"type": "category", "inverse": True, "data": [here(names[code]) for code in codes]},
        "series": [{"name": here(words), "type": "bar", "stack": "all", "barMaxWidth": 22,
                    "data": [counts[code][band] for code in codes]} for band, words in series],
    }
    return Chart(key, title, kind="option", option=option, height=max(180, 26 * len(codes) + 60), table=table.read(request, lines))


def intervals_chart(title: Text, rows: Sequence[Any]) -> Chart:
    """Place and interval of each port of one peer group, the best above. The bar runs from the 5 % to the 95 % place."""
    rows = sorted(rows, key=lambda row: (row.doubt["place"], row.doubt["median"], row.code))
    names = [here(row.result.name) for row in rows]
    low = [row.doubt["low"] for row in rows]
    option = {
        "animation": False, "aria": {"enabled": True}, "grid": {"left": 8, "right": 24, "top": 36, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "left": 0, "data": [here(INTERVAL), here(Text("名次", "Place"))]},
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "value", "min": 0, "max": len(rows) + 1, "minInterval": 1, "position": "top"},
        "yAxis": {"type": "category", "inverse": True, "data": names},
        "series": [
            {"name": "", "type": "bar", "stack": "place", "silent": True, "itemStyle": {"color": "transparent"}, "tooltip": {"show": False},
             "data": [each - 0.3 for each in low]},
            {"name": here(INTERVAL), "type": "bar", "stack": "place", "barMaxWidth": 10, "itemStyle": {"color": "#9dbbdc"},
             "tooltip": {"show": False},
             "data": [row.doubt["high"] - row.doubt["low"] + 0.6 for row in rows]},
            {"name": here(Text("名次", "Place")), "type": "scatter", "symbol": "diamond", "symbolSize": 9, "itemStyle": {"color": "#9c221a"},
             "data": [row.doubt["place"] for row in rows]},
        ],
    }
    return Chart("intervals", title, kind="option", option=option, height=max(160, 24 * len(rows) + 60), note=Text(
        "浅色条为名次的 5%–95% 区间，菱形为本轮名次；数据见上方各口岸结果表。",
        "The pale bar runs from the 5 % to the 95 % place, the diamond is the place; the figures stand in the table of results."))
