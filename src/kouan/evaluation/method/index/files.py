"""Reading and writing the tables of an index: CSV with COINr's column conventions, figures to 17 significant digits.

Data: one row a unit with `uCode` (and `uName`, `Time`), groupings (`…` named as Group in the framework, or ending in
`_group`), denominators, and one column an indicator. An empty cell or NA is missing.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from kouan.basis import Finding, Refused
from kouan.basis.finding import Place
from kouan.evaluation.method.index.framework import Framework
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.run import Result
from kouan.evaluation.method.index.table import Table

_EMPTY = {"", "NA", "NaN", "nan", "N/A", "null"}
_MOST_BYTES, _MOST_COLUMNS = 200 * 2**20, 5_000


def read_framework(path: Path) -> Framework:
    """The framework of a CSV file. Raises Refused with findings."""
    rows = _rows(path)
    if rows and "iCode" not in rows[0]:
        raise Refused.because(
            "meta_columns",
            "指标表缺少 iCode 列。",
            "The framework's table lacks the column iCode.",
            where=Place(file=path.name),
            required="Level, iCode, iName, Direction, Weight, Parent, Type",
        )
    return Framework.from_rows(rows, file=path.name)


def read_recipe(path: Path) -> Recipe:
    """The recipe of a YAML file. Raises Refused with findings."""
    return Recipe.from_yaml(text_of(path), file=path.name)


def read_data(path: Path, framework: Framework) -> Table:
    """The data of a CSV file for a framework. Raises Refused with a finding for every cell that is no number."""
    rows = _rows(path)
    if not rows:
        raise Refused.because(
            "data_empty", "数据文件没有数据行。", "The data have no rows.", where=Place(file=path.name)
        )
    header = list(rows[0])
    if "uCode" not in header:
        raise Refused.because(
            "data_columns",
            "数据文件缺少 uCode 列（评价对象代码）。",
            "The data lack the column uCode (the unit's code).",
            where=Place(file=path.name),
            measured=", ".join(header[:8]),
        )
    findings: list[Finding] = []

    def numbers(code: str) -> np.ndarray:
        column = np.full(len(rows), np.nan)
        for at, row in enumerate(rows):
            text = (row.get(code) or "").strip()
            if text in _EMPTY:
                continue
            try:
                column[at] = float(text)
            except ValueError:
                column[at] = np.inf
            if not np.isfinite(column[at]):
                column[at] = np.nan
                findings.append(
                    Finding.error(
                        "cell_not_number",
                        f"“{text[:40]}”不是数字。",
                        f"“{text[:40]}” is no number.",
                        where=Place(file=path.name, row=at + 2, column=code),
                        remedy=("改为数字；没有数据就留空。", "Write a number; leave it empty where there is none."),
                    )
                )
        return column

    units = tuple((row["uCode"] or "").strip() for row in rows)
    findings += [
        Finding.error(
            "unit_without_code", "没有填写 uCode。", "It has no uCode.", where=Place(file=path.name, row=at + 2)
        )
        for at, unit in enumerate(units)
        if not unit
    ]
    wanted = tuple(code for code in framework.indicators if code in header)
    values = np.column_stack([numbers(code) for code in wanted]) if wanted else np.empty((len(rows), 0))
    denominators = {
        code: numbers(code)
        for code in dict.fromkeys(
            [*framework.denominators, *(framework[code].denominator or "" for code in framework.indicators)]
        )
        if code in header
    }
    groups = {
        name: tuple((row[name] or "").strip() for row in rows)
        for name in header
        if name in framework.groups or name.endswith("_group")
    }
    if findings:
        raise Refused(findings)
    return Table(
        units,
        wanted,
        values,
        tuple((row.get("uName") or row["uCode"]).strip() for row in rows),
        groups,
        denominators,
        tuple((row["Time"] or "").strip() for row in rows) if "Time" in header else (),
    )


def number(value: float) -> str:
    """A figure to 17 significant digits, empty where it is missing: reading it gives the same double again.

    >>> number(0.1), number(float("nan")), number(3.0)
    ('0.10000000000000001', '', '3')
    """
    return "" if value != value else f"{value:.17g}"


def table_text(table: Table, columns: Iterable[str] | None = None) -> str:
    """A table as CSV: `uCode` (and `Time` where there are several), then its columns."""
    wanted = list(columns or table.columns)
    at = [table.columns.index(code) for code in wanted]
    with_time = len(set(table.times)) > 1
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["uCode", *(["Time"] if with_time else []), *wanted])
    for i, unit in enumerate(table.units):
        writer.writerow(
            [unit, *([table.times[i]] if with_time else []), *(number(float(table.values[i, k])) for k in at)]
        )
    return text.getvalue()


def data_text(table: Table) -> str:
    """The data as CSV with names, years, groups and denominators, so that `read_data` makes the same table of it again."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    beside = {code: column for code, column in table.denominators.items() if code not in table.columns}
    with_time = ["Time"] if table.times else []
    writer.writerow(["uCode", "uName", *with_time, *table.groups, *beside, *table.columns])
    for i, unit in enumerate(table.units):
        writer.writerow(
            [
                unit,
                table.names[i] if table.names else unit,
                *([table.times[i]] if table.times else []),
                *(each[i] for each in table.groups.values()),
                *(number(float(column[i])) for column in beside.values()),
                *(number(float(value)) for value in table.values[i]),
            ]
        )
    return text.getvalue()


def write_result(result: Result, folder: Path) -> list[Path]:
    """Write the data, every table of a run, the recipe and its record; files are replaced whole, never half written."""
    folder.mkdir(parents=True, exist_ok=True)
    framework = result.framework
    in_order = [node.code for node in framework.nodes if node.level > 1]
    weights = "code,level,parent,weight,effective_weight\n" + "".join(
        f"{node.code},{node.level},{node.parent or ''},{number(result.weights[node.code])},"
        f"{number(float(effective[node.code]))}\n"
        for effective in [framework.shares(result.weights)]
        for node in framework.nodes
    )
    texts = {
        **({} if result.given is None else {"data.csv": data_text(result.given)}),
        "raw.csv": table_text(result.raw),
        "denominated.csv": table_text(result.denominated),
        "imputed.csv": table_text(result.imputed),
        "treated.csv": table_text(result.treated),
        "normalised.csv": table_text(result.normalised),
        "scores.csv": table_text(result.scores, in_order),
        "ranks.csv": table_text(result.places, in_order),
        "weights.csv": weights,
        "treatment.csv": "iCode,winsorised,transform,passes\n"
        + "".join(
            f"{code},{mark.moved},{mark.transform},{str(mark.passes).lower()}\n"
            for code, mark in zip(framework.indicators, result.treatment, strict=True)
        ),
        "findings.json": json.dumps([each.as_dict() for each in result.findings], ensure_ascii=False, indent=1) + "\n",
        "record.json": json.dumps(result.record(), ensure_ascii=False, indent=1) + "\n",
    }
    return [write_whole(folder / name, text) for name, text in texts.items()]


def write_whole(path: Path, text: str) -> Path:
    """Write a file that is there whole or not at all; its folder is made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
    return path


def text_of(path: Path) -> str:
    """A file's text, UTF-8 or GB18030. Raises Refused for one that is too large or neither."""
    if path.stat().st_size > _MOST_BYTES:
        raise Refused.because(
            "file_too_large", "文件超过 200 MB。", "The file is larger than 200 MB.", where=Place(file=path.name)
        )
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused.because(
        "file_encoding",
        "文件编码不是 UTF-8 或 GB18030。",
        "The file is neither UTF-8 nor GB18030.",
        where=Place(file=path.name),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    text = text_of(path)
    if "\x00" in text:
        raise Refused.because(
            "file_not_csv", "文件不是 CSV 文本。", "The file is no CSV text.", where=Place(file=path.name)
        )
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        names = reader.fieldnames or []
        if len(names) > _MOST_COLUMNS:
            raise Refused.because(
                "too_many_columns", f"文件超过{_MOST_COLUMNS}列。", f"The file has more than {_MOST_COLUMNS} columns.", where=Place(file=path.name),
                measured=len(names), required=f"≤ {_MOST_COLUMNS}", remedy=("请核对分隔符和表头。", "Check the separator and the header."),
            )
        read = list(reader)
    except csv.Error as error:  # a cell without end, a line end inside a cell
        raise Refused.because(
            "file_not_csv", "文件不是 CSV 文本。", "The file is no CSV text.", where=Place(file=path.name), measured=error,
            remedy=("请检查引号是否成对，另存为 CSV 后重试。", "Check that quotation marks pair, and save it as CSV again."),
        ) from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Refused.because(
            "column_repeated",
            f"列名重复：{'、'.join(twice)}。",
            f"A column occurs more than once: {', '.join(twice)}.",
            where=Place(file=path.name),
        )
    for row in read:
        row.pop(None, None)  # cells beyond the last heading
    return [row for row in read if any((value or "").strip() for value in row.values() if isinstance(value, str))]
