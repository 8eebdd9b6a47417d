"""Reading a held row once more, with the corrections of whoever decides about it. Writes nothing.

The row goes through the same reading as any other. What the source's description or a check of
believability objects to may be overruled by a person with a reason; what cannot be understood
(no such port, no number, no such unit) must be corrected.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kouan.basis import Conflict, Finding, Place, Refused, clock
from kouan.collection import sources
from kouan.collection.intake import Examination, origin_here, silent
from kouan.collection.interpret import Interpreter
from kouan.collection.models import Holding, HoldingOutcome
from kouan.collection.readers import Limits, Sheet
from kouan.collection.recognise import Match
from kouan.collection.sources import Layout
from kouan.collection.subjects import Directory
from kouan.collection.tally import Tally
from kouan.desk.actions import file_place


def layout_of(holding: Holding) -> Layout:
    """The layout under which the row was read: the batch's own, or the one its sheet's header fits."""
    source = sources.get(holding.batch.source)
    header = _header(holding)
    found = [
        layout for layout in source.layouts
        if all(name in layout.optional or _position(layout, name, header) is not None for name in layout.columns)
    ]
    found.sort(key=lambda layout: layout.id != holding.batch.layout)
    if not found:
        raise Refused.because(
            "layout_gone", "该来源的说明已更改，此行不能再按原版式读取。",
            "The source's description has changed; the row cannot be read by its layout any more.",
            remedy=("请重新提交原文件。", "Submit the file again."),
        )
    return found[0]


def cells_by_column(holding: Holding) -> dict[str, str]:
    """What the row said, by the layout's column names: what a form for its correction shows."""
    layout, header = layout_of(holding), _header(holding)
    cells = {}
    for name in layout.columns:
        index = _position(layout, name, header)
        if index is not None:
            cells[name] = holding.raw[index] if index < len(holding.raw) else ""
    return cells


def reinterpret(holding: Holding, corrections: Mapping[str, str], actor: Any, *, overrule: bool) -> Examination:
    """Read the row with some cells corrected, by column name. Raises Refused with what is still wrong."""
    started = time.monotonic()
    batch, source = holding.batch, sources.get(holding.batch.source)
    layout, header = layout_of(holding), _header(holding)
    unknown = set(corrections) - set(layout.columns)
    if unknown:
        raise Refused.because(
            "unknown_column", f"该来源没有列“{'、'.join(sorted(unknown))}”。",
            f"The source has no column {', '.join(sorted(unknown))}.",
            where=Place(field=sorted(unknown)[0]), required=", ".join(layout.columns),
            remedy=(f"可改正的列：{'、'.join(layout.columns)}。", f"Columns: {', '.join(layout.columns)}."),
        )
    if overrule:
        layout = replace(layout, holds=(), sums=(), example={})
    raw: list[Any] = [*holding.raw, *[""] * (len(header) - len(holding.raw))]
    raw = raw[: len(header)]
    positions = {name: index for name in layout.columns if (index := _position(layout, name, header)) is not None}
    for name, text in corrections.items():
        if name not in positions:
            positions[name] = len(raw)
            raw.append("")
            header = [*header, name]
        raw[positions[name]] = text
    name = batch.file_name
    tally = Tally(name)
    sheet = Sheet(holding.sheet, _sheet_name(holding), iter(()), has_letters=bool(_sheet_name(holding)))
    match = Match(sheet, layout, header, 0, positions, [], iter([(holding.row, raw)]))
    interpreter = Interpreter(
        source, Directory.load(actor, {layout.subject["kind"]}), tally, Limits(), clock.today(), silent,
        believe=overrule,
    )
    interpreter.read_sheet(match)
    if tally.faults or not interpreter.figures.rows:
        raise Refused([finding for fault in tally.faults for finding in fault.findings] or [_nothing(holding)])
    return Examination(
        source, origin_here(source, None, name), file_place(batch.file_sha256), name, batch.file_sha256,
        batch.file_size, batch.file_encoding, layout.id, batch.sheets, batch.columns, tally, interpreter.figures,
        interpreter.series, interpreter.measure_units, interpreter.periods, interpreter.foreign, 1,
        np.ones(len(interpreter.figures.series), dtype=bool), 1, started,
    )


def refuse_unless_open(holding: Holding) -> None:
    """Only a held row that nobody has decided about can be decided."""
    if holding.outcome != HoldingOutcome.HELD:
        raise Refused.because(
            "row_was_refused", "该行已拒收，不能核准入库。", "The row was refused and cannot be accepted.",
            remedy=("请改正后重新提交。", "Correct it and submit it again."),
        )
    if holding.resolution:
        raise Conflict([Finding.error(
            "holding_already_decided", "该行已由他人处理。", "Somebody has already decided about this row.",
            measured=holding.resolution, remedy=("请刷新页面查看结果。", "Reload the page to see the outcome."),
        )])


def _header(holding: Holding) -> list[str]:
    columns = holding.batch.columns
    return list(columns[holding.sheet]) if holding.sheet < len(columns) else []


def _position(layout: Layout, name: str, header: list[str]) -> int | None:
    titles = [sources.heading(title) for title in header]
    return next((titles.index(alias) for alias in layout.columns[name] if alias in titles), None)


def _sheet_name(holding: Holding) -> str:
    sheets = holding.batch.sheets
    return sheets[holding.sheet] if holding.sheet < len(sheets) else ""


def _nothing(holding: Holding) -> Finding:
    return Finding.error(
        "nothing_to_accept", "该行没有可入库的数据。", "The row holds no figure that could be accepted.",
        where=Place(file=holding.batch.file_name, row=holding.row),
        remedy=("请不予采用，或改正后重新提交。", "Discard it, or correct and submit it again."),
    )
