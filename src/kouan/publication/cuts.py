"""The recipes: how the rows of each data set are read from what the house holds, and how they are written once and for all.

A row is a mapping of column name to value; a cut is the rows in the order of their dimensions, as canonical CSV: UTF-8, no byte order
mark, LF, a head, numbers without grouping or trailing zeros, empty where nothing is known. Its SHA-256 names it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Sum
from django.db.models.functions import TruncMonth, TruncYear

from kouan.basis import Refused, Text, measures
from kouan.collection.models import Observation
from kouan.law.library import Library
from kouan.ports.models import BenchmarkPort, CounterpartPoint, LayoutEntry, Project, TransportMode
from kouan.publication.definitions import Column, Definition
from kouan.publication.returned import returned_months

Row = dict[str, Any]
Labels = dict[str, dict[str, dict[str, str]]]
DIRECTIONS = {"inbound": Text("进境", "inbound"), "outbound": Text("出境", "outbound"), "total": Text("合计", "total")}
STATUSES = {"A": Text("完整", "complete"), "M": Text("不完整，不给合计", "incomplete, no total given")}
MODES = {mode.value: Text(str(mode.label), mode.value) for mode in TransportMode} | {"all": Text("全部", "all")}


@dataclass(frozen=True)
class Cut:
    """The rows of a data set at one moment. ``labels``: column → code → words in both languages; ``series``: what its figures were read from."""

    rows: tuple[Row, ...]
    labels: Labels
    content: str
    series: tuple[int, ...] = ()

    @property
    def sha256(self) -> str:
        """Of the canonical CSV."""
        return hashlib.sha256(self.content.encode()).hexdigest()


def cut(found: Definition) -> Cut:
    """Read the rows of a data set and write them canonically. Raises Refused where nothing is there, or where some of it is not open."""
    rows, labels = RECIPES[found.recipe](found)
    names = [column.name for column in found.columns]
    keys = [column.name for column in found.columns if column.role == "dimension"]
    ordered = sorted(({name: _plain(row.get(name)) for name in names} for row in rows), key=lambda row: tuple(row[key] for key in keys))
    if not ordered:
        raise Refused.because("nothing_to_publish", f"“{found.name.zh}”没有可发布的数据。", f"There is nothing to publish as “{found.name.en}”.",
                              measured=found.code, remedy=("请先导入其来源的数据。", "Take in the data of its source first."))
    if len({tuple(row[key] for key in keys) for row in ordered}) != len(ordered):
        raise Refused.because("rows_not_unique", f"“{found.name.zh}”有重复的行。", f"“{found.name.en}” has rows with the same key.",
            measured=found.code,
                              remedy=("请核对来源中的重复数据。", "Look for duplicate data of its source."))
    nameless = sorted({row[name] for name, codes in labels.items() for row in ordered} - {"", *(code for codes in labels.values() for code in codes)})
    if nameless:
        raise ValueError(f"{found.code}: codes without words: {nameless[:5]}")
    said = {name: {code: words.as_dict() for code, words in codes.items() if code in {row[name] for row in ordered}} for name,
        codes in labels.items()}
    return Cut(tuple(ordered), said, written(names, ordered), SERIES[found.recipe](found) if found.recipe in SERIES else ())


def written(names: list[str], rows: Iterable[Row]) -> str:
    """Canonical CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    return stream.getvalue()


def read(content: str) -> list[dict[str, str]]:
    """The rows of canonical CSV."""
    return list(csv.DictReader(io.StringIO(content)))


def typed(column: Mapping[str, Any] | Column, value: str) -> Any:
    """A cell of canonical CSV as what it is; None where it is empty."""
    kind = column.type if isinstance(column, Column) else column["type"]
    if value == "":
        return None
    if kind == "integer":
        return int(value)
    if kind == "number":
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else number
    return date.fromisoformat(value) if kind == "date" else value


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


_POINTS = {"series__subject_kind": "counterpart_point", "series__measure": "person_crossings"}
_BENCHMARKS = {"series__subject_kind": "benchmark_port", "series__group": "all"}


# ---- figures ---------------------------------------------------------------------------------------


def _open_figures(source: str, granularity: str) -> Any:
    """The current figures of an open source. Refused when any batch of it is not open data: that needs somebody's clearance."""
    later = Observation.objects.filter(series=OuterRef("series"), period_start=OuterRef("period_start"), period_end=OuterRef("period_end"),
                                       revision__gt=OuterRef("revision"))
    # The publisher's own count only: an exercise figure has its own origin and never leaves.
    figures = Observation.objects.filter(series__source=source, series__granularity=granularity).exclude(series__origin="exercise")
    if figures.filter(batch__is_open=False).exists():
        raise Refused.because("not_cleared", f"来源“{source}”含有非公开资料，未经核准不能发布。",
            f"The source {source} holds data that is not open; it needs "
                              "clearance.", measured=source, remedy=("只发布公开资料，或先按程序核准。",
                                  "Publish open data only, or have it cleared first."))
    return figures.filter(~Exists(later))


def _series_of(granularity: str, **conditions: Any) -> Callable[[Definition], tuple[int, ...]]:
    """Which series a recipe of figures reads, for the lineage of the version: under the same conditions as the recipe itself."""
    def of(found: Definition) -> tuple[int, ...]:
        rows = _open_figures(found.source, granularity).filter(**conditions).order_by().values_list("series_id", flat=True)
        return tuple(sorted(set(rows.distinct())))

    return of


def _counterpart_months(found: Definition) -> tuple[list[Row], dict[str, dict[str, Text]]]:
    """Hong Kong's control points by month. A month of which a day is missing has no value and says M."""
    points = {each.code: each for each in CounterpartPoint.objects.all()}
    sums = (_open_figures(found.source, "day").filter(**_POINTS)
            .annotate(month=TruncMonth("period_start")).order_by()
            .values("series__subject_code", "series__direction", "series__group", "month").annotate(total=Sum("value"), days=Count("id")))
    rows = []
    for each in sums:
        month = each["month"]
        is_whole = each["days"] == monthrange(month.year, month.month)[1]
        rows.append({
            "point": each["series__subject_code"], "direction": each["series__direction"], "travellers": each["series__group"],
            "period": f"{month:%Y-%m}", "passengers": each["total"] if is_whole else None, "status": "A" if is_whole else "M", "days": each["days"]})
    return rows, {
        "point": {code: Text(each.name_zh, each.name_en) for code, each in points.items()},
        "direction": {"inbound": Text("抵达香港", "arrival in Hong Kong"), "outbound": Text("离开香港", "departure from Hong Kong")},
        "travellers": {code: each.name for code, each in measures.groups().items()}, "status": STATUSES}


def _benchmark_years(found: Definition) -> tuple[list[Row], dict[str, dict[str, Text]]]:
    """US border crossings by port, measure and year. A year of which a month is missing has no value and says M."""
    ports = {each.code: each for each in BenchmarkPort.objects.all()}
    sums = (_open_figures(found.source, "month").filter(**_BENCHMARKS)
            .annotate(year=TruncYear("period_start")).order_by()
            .values("series__subject_code", "series__measure", "series__direction", "year").annotate(total=Sum("value"), months=Count("id")))
    rows = [{"port": each["series__subject_code"], "measure": each["series__measure"], "direction": each["series__direction"],
             "period": f"{each['year']:%Y}", "entries": each["total"] if each["months"] == 12 else None,
             "status": "A" if each["months"] == 12 else "M", "months": each["months"]} for each in sums]
    return rows, {
        "port": {code: Text(f"{each.name}, {each.state}", f"{each.name}, {each.state}") for code, each in ports.items()},
        "measure": {code: each.name for code, each in measures.all_measures().items()}, "direction": DIRECTIONS, "status": STATUSES}


# ---- tables of the plan and the law ----------------------------------------------------------------


def _plan_projects(found: Definition) -> tuple[list[Row], dict[str, dict[str, Text]]]:
    rows = [{"project": each.project_id, "box": each.box, "programme_zh": each.programme_zh, "object_zh": each.object_zh, "mode": each.mode,
             "content_zh": each.kind, "quote_zh": each.quote} for each in Project.objects.all()]
    return rows, {"mode": MODES}


def _plan_layout(found: Definition) -> tuple[list[Row], dict[str, dict[str, Text]]]:
    rows = [{"entry": each.layout_id, "box": each.box, "name_zh": each.name_zh, "name_en": each.name_en, "mode": each.mode,
             "province": each.province_code, "role_zh": each.role_zh, "is_planned": int(each.is_planned), "quote_zh": each.quote}
            for each in LayoutEntry.objects.all()]
    return rows, {"mode": MODES}


def _volume_standards(found: Definition) -> tuple[list[Row], dict[str, dict[str, Text]]]:
    """The levels of the yearly volume standard in force on the first day of each year from 2017 on."""
    rows, classes = [], {}
    for parameter in Library.shipped().parameters.values():
        _, subject, *_ = parameter.key.split(".")
        if not parameter.key.startswith("volume_standard.") or parameter.measure is None:
            continue
        classes[subject] = parameter.subject
        for value in parameter.values:
            rows.append({"class": subject, "measure": parameter.measure, "period": f"{value.in_force_from:%Y}", "level": value.value,
                         "unit": value.unit, "instrument_zh": value.citation.instrument, "article_zh": value.citation.article,
                             "issued": value.issued})
    return rows, {"class": classes, "measure": {code: each.name for code, each in measures.all_measures().items()}}


RECIPES: Mapping[str, Callable[[Definition], tuple[list[Row], dict[str, dict[str, Text]]]]] = {
    "counterpart_months": _counterpart_months, "benchmark_years": _benchmark_years, "plan_projects": _plan_projects, "plan_layout": _plan_layout,
    "volume_standards": _volume_standards, "returned_months": returned_months,
}
SERIES: Mapping[str, Callable[[Definition], tuple[int, ...]]] = {
    "counterpart_months": _series_of("day", **_POINTS), "benchmark_years": _series_of("month", **_BENCHMARKS),
}
