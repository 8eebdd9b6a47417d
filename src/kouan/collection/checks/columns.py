"""Tables as people have them brought to one row a figure: which column is what, several columns of figures, months as headings. Pure.

>>> wide = {"month": ["2024-01", "2024-02"], "lane 1": [5, 6], "lane 2": [7, 8]}
>>> long = shaped(wide, {})
>>> list(zip(long["subject"], long["period"], long["value"]))
[('lane 1', '2024-01', 5), ('lane 1', '2024-02', 6), ('lane 2', '2024-01', 7), ('lane 2', '2024-02', 8)]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from kouan.basis import Finding, Period, Refused, numbers

Asked = str | Sequence[str] | None
Columns = dict[str, Sequence[Any]]

# Headings by which a column is known when nobody names it, in the order of preference (lower case, blanks as _).
NAMES: dict[str, tuple[str, ...]] = {
    "subject": ("subject", "口岸", "口岸代码", "口岸名称", "port", "port_code", "port_name", "entity", "lane", "station", "site",
                "control_point", "对象", "车道", "通道", "名称", "name", "code", "id", "point"),
    "period": ("period", "date", "month", "时期", "期间", "月份", "日期", "年月", "time", "day", "quarter", "year", "年份", "年度"),
    "measure": ("measure", "指标", "indicator", "variable", "item", "metric", "series", "type"),
    "value": ("value", "数值", "数量", "figure", "count", "volume", "total", "amount", "y"),
    "direction": ("direction", "方向"),
    "group": ("group", "分组"),
}
_YEARS, _MONTHS = ("year", "年份", "年度", "年"), ("month", "月份", "月")
_NO_FIGURES = frozenset({"latitude", "longitude", "lat", "lon", "lng", "经度", "纬度", "序号", "no", "no.", "index", "port_code", "code", "id",
                         "口岸代码", "代码", *_YEARS, *_MONTHS})
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}\b")
_SDMX = re.compile(r"^(\d{4})-?M(\d{1,2})$")
_SAMPLE = 300
_MONTH_HEADINGS = 6  # from so many headings that are periods on, the table lies across


def columns_of(table: Any) -> Columns:
    """The columns by name of rows as mappings or tuples, of a mapping of lists, or of a data frame."""
    if isinstance(table, Mapping):
        return dict(table)
    if hasattr(table, "columns") and hasattr(table, "__getitem__"):  # a data frame of any make
        return {str(name): list(table[name]) for name in table.columns}
    rows = list(table)
    if not rows:
        return {"subject": [], "period": [], "measure": [], "value": []}
    if isinstance(rows[0], Mapping):
        names = list(dict.fromkeys(name for row in rows for name in row))
        return {str(name): [row.get(name) for row in rows] for name in names}
    names = ["subject", "period", "measure", "value", "direction", "group"][: len(rows[0])]
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def shaped(columns: Columns, asked: Mapping[str, Asked]) -> Columns:
    """One row a figure, under the roles as headings (those that the table has). Refused where subjects, periods or figures are not to be found.

    Several columns named as subject are joined by a stroke, year and month to a period; several columns of figures become
    measures, or, where the table has no subjects, subjects.
    """
    named = {role: _chosen(columns, asked.get(role)) for role in NAMES}
    at = {role: named[role] or _guessed(columns, role) for role in NAMES}
    if not named["period"]:
        at["period"] = _year_and_month(columns) or at["period"]
    if not at["period"]:
        across = [name for name in columns if isinstance(_read(name), Period)]
        if len(across) >= _MONTH_HEADINGS:
            return _upright(columns, at, across)
    if not named["value"] and not at["value"]:
        taken = {name for names in at.values() for name in names}
        at["value"] = [name for name in columns if name not in taken and _key(name) not in _NO_FIGURES and _holds_figures(columns[name])]
    for role in ("period", "value", "subject"):
        if not at[role] and not (role == "subject" and len(at["value"]) > 1):
            raise Refused.because(
                "column_missing", f"表中没有可识别的“{role}”列；现有列：{'、'.join(map(str, columns)) or '无'}。",
                f"The table has no column for “{role}”; it has: {', '.join(map(str, columns)) or 'none'}.",
                remedy=(f"请用参数指明哪一列是 {role}。", f"Say which column is the {role}."))
    return _long(columns, at)


def _long(columns: Columns, at: Mapping[str, list[str]]) -> Columns:
    values = at["value"]
    told = {role: _joined(columns, names) for role, names in at.items() if names and role != "value"}
    if len(values) == 1:
        measure = told.get("measure") or [values[0]] * len(columns[values[0]])
        return {**told, "measure": measure, "value": columns[values[0]]}
    role = "measure" if "subject" in told else "subject"
    before = told.pop(role, None)
    long: Columns = {one: [cell for _ in values for cell in cells] for one, cells in told.items()}
    long[role] = [name if before is None else f"{before[row]} / {name}" for name in values for row in range(len(columns[name]))]
    long["value"] = [cell for name in values for cell in columns[name]]
    return long


def _upright(columns: Columns, at: Mapping[str, list[str]], across: list[str]) -> Columns:
    """A table with periods as headings, turned."""
    roles = {role: _joined(columns, names) for role, names in at.items()
             if names and role not in ("value", "period") and not set(names) & set(across)}
    if "subject" not in roles:
        first = next((name for name in columns if name not in across), None)
        if first is None:
            raise Refused.because("column_missing", "表头全是时期，没有对象列。", "Every heading is a period; there is no column of subjects.",
                                  remedy=("请在第一列写明对象。", "Write the subjects in the first column."))
        roles["subject"] = columns[first]
    count = len(columns[across[0]])
    long: Columns = {role: [cell for _ in across for cell in cells] for role, cells in roles.items()}
    long["period"] = [name for name in across for _ in range(count)]
    long["value"] = [cell for name in across for cell in columns[name]]
    return long


def _chosen(columns: Columns, asked: Asked) -> list[str]:
    wanted = [name for name in ([asked] if isinstance(asked, str) else asked or ()) if name]
    known = {_key(column): column for column in columns}
    found = []
    for name in wanted:
        column = name if name in columns else known.get(_key(name))
        if column is None:
            raise Refused.because("column_missing", f"表中没有“{name}”列。", f"The table has no column “{name}”.",
                                  remedy=(f"现有列：{'、'.join(map(str, columns))}", f"It has: {', '.join(map(str, columns))}"))
        found.append(column)
    return found


def _guessed(columns: Columns, role: str) -> list[str]:
    known = {_key(column): column for column in columns}
    return next(([known[word]] for word in NAMES[role] if word in known), [])


def _key(name: Any) -> str:
    return "_".join(str(name).strip().lower().split())


def _year_and_month(columns: Columns) -> list[str]:
    """Year and month in two columns."""
    known = {_key(column): column for column in columns}
    year, month = next((known[word] for word in _YEARS if word in known), None), next((known[word] for word in _MONTHS if word in known), None)
    if year is None or month is None or any(_read(cell) is not None for cell in _some(columns[month])):
        return []
    return [year, month]


def _joined(columns: Columns, names: list[str]) -> Sequence[Any]:
    if len(names) == 1:
        return columns[names[0]]
    if set(map(_key, names)) <= {*_YEARS, *_MONTHS}:
        return [f"{_whole(year)}年{_whole(month)}月" if _whole(month).isdigit() else f"{month} {_whole(year)}"
                for year, month in zip(*(columns[name] for name in names), strict=True)]
    return [" | ".join(str(cell).strip() for cell in cells) for cells in zip(*(columns[name] for name in names), strict=True)]


def _whole(cell: Any) -> str:
    text = str(cell).strip().removesuffix("年").removesuffix("月")
    return text[:-2] if text.endswith(".0") else text


def _some(cells: Sequence[Any]) -> list[Any]:
    return [cell for cell in cells[:_SAMPLE] if not is_empty(cell)]


def _holds_figures(cells: Sequence[Any]) -> bool:
    some = _some(cells)
    return bool(some) and sum(number_of(cell) is not None for cell in some) >= 0.9 * len(some)


def _read(cell: Any, order: str = "") -> Period | None:
    answer = Period.read(_SDMX.sub(r"\1-\2", str(cell).strip()), dayfirst=order == "day", monthfirst=order == "month")
    return answer if isinstance(answer, Period) else None


def order_of(cells: Sequence[Any]) -> str:
    """Whether dates like 3/12/2024 begin with the day or the month, as far as the column itself tells: by a part above twelve,
    or because one part is always 1, as where months are written as their first days. Empty: it does not tell.

    >>> order_of(["1/2/2024", "31/2/2024"]), order_of(["01/01/2024", "02/01/2024"]), order_of(["1/2/2024", "3/4/2024"])
    ('day', 'month', '')
    """
    pairs = [(int(found[1]), int(found[2])) for cell in set(map(str, cells)) if (found := _SLASHED.match(cell.strip()))]
    if not pairs:
        return ""
    first, second = {one for one, _ in pairs}, {two for _, two in pairs}
    if max(first) > 12 or max(second) > 12:
        return "day" if max(first) > 12 else "month"
    return "month" if second == {1} and first != {1} else "day" if first == {1} and second != {1} else ""


def is_empty(figure: Any) -> bool:
    """Whether a cell says that nothing was reported."""
    return figure is None or (isinstance(figure, float) and figure != figure) or (isinstance(figure, str) and figure.strip() in (
        "", "-", "—", "–", "…", "..", "NA", "N/A", "NaN", "nan", "null", "None"))


def number_of(figure: Any) -> float | None:
    """The figure of a cell; None for what is no finite number."""
    if type(figure) is int:
        return float(figure)
    if isinstance(figure, float | Decimal) or hasattr(figure, "dtype"):
        number = float(figure)
        return number if number - number == 0 else None
    if not isinstance(figure, str) or is_empty(figure):
        return None
    try:
        number = float(figure)  # most cells by far
    except ValueError:
        answer = numbers.parse(figure)
        return None if isinstance(answer, Finding) else float(answer)
    return number if number - number == 0 else None


def period_of(when: Any, order: str = "") -> Period | None:
    """The period of a cell; None for what is none. ``order``: see `order_of`."""
    if isinstance(when, Period):
        return when
    text = str(when.date()) if hasattr(when, "date") and callable(when.date) else str(when).strip()
    if text.endswith((" 00:00:00", "T00:00:00", "T00:00:00.000", " 12:00:00 AM")):  # how spreadsheets and open-data sites write days
        text = text.partition("T")[0].partition(" ")[0]
    if text.endswith(".0") and text[:-2].isdigit():
        text = text[:-2]
    return _read(text, order)
