"""Charts as data: what charts.js draws and what the table beside it says are the same numbers.

A chart is described here and drawn in the browser from a JSON block, so that no page holds a
script of its own. A missing value stays missing: a gap in the line, 未报送 in the table, or 数据不全
with the part that is there.

>>> chart = Chart("flows", Text("流量", "Flow"), ["2022", "2023"],
...               [Series(Text("入境", "Inbound"), [None, Decimal("15824563")])], unit="person_crossings")
>>> chart.payload("zh")["series"][0]["data"]
[None, 15824563]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from typing import Any, Literal

from django.utils.safestring import SafeString, mark_safe

from kouan.basis import Text, quantity
from kouan.console import figures
from kouan.console.figures import Part
from kouan.console.words import page_language

Kind = Literal["line", "bar", "stacked", "rows", "tiles", "option"]


def plain_number(value: Decimal | int | float | None) -> int | float | None:
    """A number for JSON; None stays None."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one set of bars. ``origin`` adds its words to the legend where origins mix.

    ``parts``: by place in ``values`` what is known of a value that is not whole; the line has a gap there.
    """

    name: Text
    values: Sequence[Decimal | int | float | None]
    origin: str | None = None
    parts: Mapping[int, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    ``kind``: ``line`` (series over periods), ``bar`` and ``stacked`` (upright), ``rows``
    (lying bars, for names), ``tiles`` (the province tile chart: ``tiles`` holds dicts of
    ``name``, ``x``, ``y``, ``value``, ``url``), ``option`` (a plain ECharts option).
    ``extras`` are columns of words that stand in the table only (changes on the year, notes).
    ``row_names`` are the categories in full where the axis shows them short (2023年3月 for 2023-03).
    ``notes`` are further sentences under the chart. ``table`` is a ``TableView``; without one the component writes a plain table of the series.
    """

    key: str
    title: Text
    categories: Sequence[str] = ()
    series: Sequence[Series] = ()
    unit: str = ""
    kind: Kind = "line"
    origin: str | None = None
    period: str = ""
    source: Text | None = None
    source_url: str = ""
    note: Text | None = None
    notes: Sequence[Text] = ()
    summary: Text | None = None
    category_label: Text = Text("时期", "Period")
    tiles: Sequence[dict[str, Any]] = ()
    option: dict[str, Any] | None = None
    table: Any = None
    height: int = 300
    annotations: Sequence[dict[str, Any]] = field(default_factory=tuple)
    extras: Sequence[tuple[Text, Sequence[str]]] = ()
    row_names: Sequence[str] = ()

    @property
    def data_id(self) -> str:
        """The id of the JSON block that charts.js reads."""
        return f"chart-{self.key}-data"

    @property
    def unit_text(self) -> Text:
        """The unit as printed on the axis and in the table's head."""
        return quantity.get(self.unit).name if self.unit else Text("", "")

    @property
    def body(self) -> SafeString:
        """The plain table's rows as HTML: one per category, the latest first for lines.

        Written here, not in the template: a table of 72 months would cost most of the page's time.
        """
        language = page_language()
        lines = []
        for at, name in enumerate(self.row_names or self.categories):
            cells = [figures.column_number(series.values[at], language, series.parts.get(at)) for series in self.series]
            cells += [escape(words[at]) for _, words in self.extras]
            lines.append(
                f'<tr><th scope="row" class="keep">{escape(name)}</th>'
                + "".join(f'<td class="number">{cell}</td>' for cell in cells) + "</tr>"
            )
        return mark_safe("".join(lines[::-1] if self.kind == "line" else lines))  # noqa: S308 - escaped above

    def payload(self, language: str) -> dict[str, Any]:
        """What charts.js reads, in one language."""
        return {
            "kind": self.kind,
            "unit": self.unit_text.in_language(language),
            "language": language,
            "categories": list(self.categories),
            "series": [
                {"name": series.name.in_language(language), "data": [plain_number(v) for v in series.values],
                 **({"parts": {at: {**part.as_dict(), "words": part.words(language)} for at, part in series.parts.items()}}
                    if series.parts else {})}
                for series in self.series
            ],
            "tiles": [
                {**tile, "name": _said(tile.get("name"), language), "value": plain_number(tile.get("value"))}
                for tile in self.tiles
            ],
            "option": self.option,
            "annotations": [{**note, "text": _said(note.get("text"), language)} for note in self.annotations],
        }


def _said(value: Any, language: str) -> Any:
    return value.in_language(language) if isinstance(value, Text) else value
