"""Rows of an analysis as a table: for a CSV file, for JSON, for a terminal.

An analysis answers frozen dataclasses of plain fields; a missing figure is NaN inside, empty in CSV, null in JSON.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Row:
...     code: str
...     mean: float
...     said: Text
>>> csv_text([Row("a", float("nan"), Text("无", "none"))], Row)
'code,mean,said_zh,said_en\\na,,无,none\\n'
>>> plain(Row("a", float("nan"), Text("无", "none")))
{'code': 'a', 'mean': None, 'said': {'zh': '无', 'en': 'none'}}
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from kouan.basis import Finding, Text
from kouan.evaluation.method.index.files import number


def plain(value: Any) -> Any:
    """A row, or anything made of rows, as plain data for JSON."""
    if isinstance(value, Text | Finding):
        return value.as_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value


def csv_text(rows: Sequence[Any], kind: type, names: Mapping[str, str] | None = None) -> str:
    """Rows of a dataclass as CSV, figures to 17 significant digits; ``names`` gives columns other names than their fields'."""
    said = names or {}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    bilingual = {each.name for each in fields(kind) if each.type in ("Text", Text)}
    header: list[str] = []
    for each in fields(kind):
        name = said.get(each.name, each.name)
        header += [f"{name}_zh", f"{name}_en"] if each.name in bilingual else [name]
    writer.writerow(header)
    for row in rows:
        cells: list[Any] = []
        for each in fields(kind):
            value = getattr(row, each.name)
            if isinstance(value, Text):
                cells += [value.zh, value.en]
            else:
                cells.append(_cell(value))
        writer.writerow(cells)
    return text.getvalue()


def matrix_text(corner: str, names: Iterable[str], columns: Mapping[str, Any]) -> str:
    """A table of figures as CSV: a name a row, a column for each key."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([corner, *columns])
    for i, name in enumerate(names):
        writer.writerow([name, *(number(float(column[i])) for column in columns.values())])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float):
        return number(float(value))
    if isinstance(value, tuple):
        return " ".join(str(each) for each in value)
    return "" if value is None else value
