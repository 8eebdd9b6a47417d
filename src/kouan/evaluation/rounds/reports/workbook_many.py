"""The ports of a province or of the nation as a workbook: totals, bands, places and counts as live formulas beside what is on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from kouan.evaluation.method.scheme import RoundResult
from kouan.evaluation.rounds.reports.lines import PortLine, by_class
from kouan.evaluation.rounds.reports.port import OfRound
from kouan.evaluation.rounds.reports.province import band_words, remark
from kouan.evaluation.rounds.reports.words import cited, class_name, grade_name, labels_of, province_name
from kouan.evaluation.rounds.reports.workbook import (
    NOTES,
    RESULT,
    WEIGHTS,
    Live,
    saved,
    write_head,
    write_row,
)

COUNTS = "汇总"
_FIXED = ("口岸代码", "口岸", "所在地", "类别", "等级", "档次", "备注")


def many_workbook(of: OfRound, made: RoundResult, lines: Sequence[PortLine], about: str, *, with_places: bool = False) -> bytes:
    """Sheets 说明, 结果, 权重 (of each port, in force) and 汇总. Decimals only where every line may have them.

    ``with_places``: only of the whole nation, for a place is one among all ports of a peer group.
    """
    decimals = all("decimals" not in each.result.hidden for each in lines)
    ranks = with_places and all("rank" not in each.result.hidden for each in lines)
    book = Workbook()
    book.remove(book.worksheets[0])
    notes, result, weights, counts = (book.create_sheet(name) for name in (NOTES, RESULT, WEIGHTS, COUNTS))
    groups = list(of.scheme.groups)
    first = len(_FIXED) + 1
    last = first + len(groups) - 1
    total = last + 1
    extra = (*(of.scheme.groups[code].name.zh for code in groups), "总分（公式）", "总分（登记）", "差", "档次（公式）") if decimals else ()
    extra += ("同类组名次（公式）", "同类组名次（登记）") if decimals and ranks else ()
    write_head(result, (*_FIXED, *extra), (24, 26, 16, 12, 16, 10, 16, *([13] * len(extra))))
    write_head(weights, ("口岸代码", *(of.scheme.groups[code].name.zh for code in groups)), (24, *([13] * len(groups))))
    end = 1 + len(lines)
    for at, each in enumerate(lines, 2):
        found = each.result
        fixed = (found.code, found.name.zh, province_name(each.port.province_code), class_name(found.port_class), grade_name(found.grade),
                 band_words(of, found.band), remark(each))
        if not decimals:
            write_row(result, at, fixed)
            continue
        p = made.data.ports.index(found.code)
        in_force = [float(value) for value in made.group_weight[made.data.years.index(of.held.year), p]]
        write_row(weights, at, (found.code, *in_force))
        own = f"{get_column_letter(first)}{at}:{get_column_letter(last)}{at}"
        theirs = f"{WEIGHTS}!B{at}:{get_column_letter(1 + len(groups))}{at}"
        t, r = f"{get_column_letter(total)}{at}", f"{get_column_letter(total + 1)}{at}"
        cells: tuple[Any, ...] = (
            *(found.groups[code] if found.groups else None for code in groups),
            Live(f'=IF(SUM({theirs})>0,ROUND(SUMPRODUCT({own},{theirs}),{of.scheme.shape.decimals}),"")'), found.total,
            Live(f'=IF(OR({t}="",{r}=""),0,ROUND({t}-{r},6))'), Live(f'=IF({t}="","",{_band(of, t)})'))
        if ranks:
            column = f"${get_column_letter(total)}$2:${get_column_letter(total)}${end}"
            cells += (Live(f'=IF({t}="","",COUNTIFS($D$2:$D${end},D{at},$E$2:$E${end},E{at},{column},">"&{t})+1)'), found.rank)
        write_row(result, at, (*fixed, *cells))
    result.freeze_panes = "C2"
    result.auto_filter.ref = f"A1:{get_column_letter(len(_FIXED) + len(extra))}{end}"
    _counts(counts, of, lines, end)
    said = [("名称", f"{of.held.year} 年度口岸综合绩效评估：{about}"),
            *(("注意", each) for each in labels_of(of.held, is_proposal=of.scheme.is_proposal)),
            ("怎样核对", f"黄底的格是公式：总分为“{RESULT}”中各组得分与“{WEIGHTS}”中现权重的加权和，名次在同类别、同等级内排定，“{COUNTS}”为计数；"
                         "旁边是登记的结果和差。"),
            ("引用", cited(of.held, of.scoring, of.freeze, about))]
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 16, 110
    for at, pair in enumerate(said, 1):
        write_row(notes, at, pair)
    if not decimals:
        book.remove(weights)
    return saved(book, of, RESULT)


def _band(of: OfRound, cell: str) -> str:
    nested = '""'
    for band in reversed(of.scheme.shape.bands):
        nested = f'IF({cell}>={band.least:g},"{band.zh}",{nested})'
    return nested


def _counts(sheet: Any, of: OfRound, lines: Sequence[PortLine], end: int) -> None:
    bands = [band.zh for band in of.scheme.shape.bands]
    write_head(sheet, ("类别", "口岸数", *bands), (16, 10, *([10] * len(bands))))
    kinds = list(by_class(lines))
    for at, code in enumerate(kinds, 2):
        whole = f"{RESULT}!$D$2:$D${end},A{at}"
        write_row(sheet, at, (class_name(code), Live(f"=COUNTIFS({whole})"),
                              *(Live(f'=COUNTIFS({whole},{RESULT}!$F$2:$F${end},"{name}")') for name in bands)))
    at = len(kinds) + 2
    write_row(sheet, at, ("合计", *(Live(f"=SUM({get_column_letter(n)}2:{get_column_letter(n)}{at - 1})") for n in range(2, 3 + len(bands)))),
              strong=True)
