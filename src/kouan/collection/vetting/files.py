"""Files of figures that nobody has recorded: their columns, and what the checks say of them as a file for other programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from kouan.basis import Finding, Refused
from kouan.collection.checks import Examined, Suspicion, shipped
from kouan.collection.readers import Row, open_file

HEADINGS = (
    "rank", "kind", "entity", "measure", "direction", "group", "period", "period_last", "periods", "severity", "confidence", "weight",
    "cause", "value", "expected", "factor", "other_entity", "other_measure", "seen_by", "name_zh", "name_en", "message_zh", "message_en",
)


def columns_in(path: Path, sheet: str = "") -> dict[str, list[Any]]:
    """The columns of a CSV, Excel or Parquet file (gzipped too) by their headings; of a workbook the first sheet unless one is named."""
    sheets = open_file(path).sheets
    chosen = next((one for one in sheets if sheet in ("", one.name)), None)
    if chosen is None:
        names = "、".join(one.name for one in sheets)
        raise Refused.because("sheet_missing", f"文件中没有名为“{sheet}”的工作表。", f"The file has no sheet “{sheet}”.",
                              remedy=(f"现有工作表：{names}", f"It has: {names}"))
    rows = (cells for _, cells in _filled(chosen.rows))
    headings = [str("" if cell is None else cell).strip() for cell in next(rows, [])]
    columns = list(zip_longest(*rows))  # short rows are filled up
    return {name: list(columns[at]) if at < len(columns) else [] for at, name in enumerate(headings) if name}


def _filled(rows: Iterable[Row]) -> Iterable[Row]:
    return (row for row in rows if any(cell is not None and str(cell).strip() for cell in row[1]))


def write_suspicions(path: Path, told: Examined) -> None:
    """What was found, one row a suspicion, most pressing first; as JSON where the name ends so, else as CSV (UTF-8 with mark)."""
    try:
        if path.suffix.lower() == ".json":
            path.write_text(json.dumps(told.as_dict(), ensure_ascii=False, indent=1), encoding="utf-8")
            return
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADINGS)
            writer.writerows(_line(rank, one, told.causes.get(one.code, "")) for rank, one in enumerate(told.suspicions, start=1))
    except OSError as error:
        raise Refused([Finding.error("cannot_write", f"无法写入 {path.name}：{error.strerror}。", f"Cannot write {path.name}: {error.strerror}.",
                                     remedy=("请换一个可写的文件夹。", "Choose a folder that can be written to."))]) from error


def _line(rank: int, one: Suspicion, cause: str) -> list[Any]:
    spec, words, told = shipped()[one.check], one.words(), one.as_dict()
    other = one.other
    return [rank, one.check, *one.key, one.first.code, one.last.code, one.count, spec.severity.value, told["likelihood"], told["weight"], cause,
            told["measured"], told["expected"], told["factor"], other.subject if other else "", other.measure if other else "",
            " ".join(one.seen_by), spec.name.zh, spec.name.en, words.zh, words.en]
