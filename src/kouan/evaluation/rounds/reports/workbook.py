"""One port's result as a workbook in which a person can check it: points from values, groups from points, total from groups, as live formulas.

Sheets: 说明, 结果, 指标, 权重, 数据. Each computed cell stands beside the figure on record, with the difference. What the system took from
elsewhere (last year's score, the median of a survey) is a number and says so. Only for who may read decimals.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from kouan.evaluation.method.scheme import RoundResult, trace
from kouan.evaluation.method.scheme.catalogue import COUNTED
from kouan.evaluation.method.scheme.scheme import Indicator
from kouan.evaluation.method.scheme.words import rule_words, unit_words
from kouan.evaluation.rounds.reports.port import OfRound
from kouan.evaluation.rounds.reports.words import cited, class_name, grade_name, group_name, labels_of
from kouan.evaluation.rounds.scorecard import Card

RESULT, INDICATORS, WEIGHTS, DATA, NOTES = "结果", "指标", "权重", "数据", "说明"
_HEAD, _LIVE = PatternFill("solid", fgColor="E8EEF5"), PatternFill("solid", fgColor="FFF8E1")
# Columns of the sheet of indicators, from A on.
_COLUMNS = ("组", "代码", "指标", "单位", "数值", "规则", "0 分标尺", "100 分标尺", "同类数", "计分情形", "是否计分", "得分（公式）", "得分（登记）",
            "差", "方案权重", "现权重（公式）", "计入总分（公式）", "计入总分（登记）", "标准化方法")


class Live(str):
    """A formula of ours; any other text is text, whatever it begins with."""

    __slots__ = ()


def port_workbook(of: OfRound, card: Card, made: RoundResult) -> bytes:
    """The workbook of one port. ``made``: the round scored again, for scales and the figures behind each indicator."""
    book = Workbook()
    book.remove(book.worksheets[0])
    notes, result, shown, weights, data = (book.create_sheet(name) for name in (NOTES, RESULT, INDICATORS, WEIGHTS, DATA))
    rows = _indicators(shown, of, card, made)
    groups = _weights(weights, of, card, made, rows)
    _result(result, of, card, groups)
    _data(data, of, card, made)
    _notes(notes, of, card)
    return saved(book, of, RESULT)


def saved(book: Workbook, of: OfRound, opens_at: str) -> bytes:
    """The file, with the labels at the head of every printed page."""
    for sheet in book.worksheets:
        sheet.oddHeader.center.text = "　".join(labels_of(of.held, is_proposal=of.scheme.is_proposal))
        sheet.oddFooter.center.text = "第 &P 页 共 &N 页"
        sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    # Excel computes the formulas when it opens the file; no figure of them is stored.
    book.calculation.fullCalcOnLoad = True
    book.active = book.sheetnames.index(opens_at)
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def _indicators(sheet: Any, of: OfRound, card: Card, made: RoundResult) -> dict[str, tuple[int, int]]:
    """Write one row an indicator; the rows (first, last) of each group."""
    y, p = made.at(card.result.code, of.held.year)
    at = {each.code: k for k, each in enumerate(of.scheme.indicators)}
    kind = of.scheme.shape.classes[card.result.port_class]
    write_head(sheet, _COLUMNS, (8, 9, 30, 16, 16, 8, 14, 14, 8, 30, 9, 13, 13, 10, 11, 14, 15, 15, 60))
    found: dict[str, tuple[int, int]] = {}
    line = 1
    for group in card.groups:
        for each in card.of_group(group.code):
            line += 1
            k = at[each.code]
            first, _ = found.get(group.code, (line, line))
            found[group.code] = (first, line)
            indicator = of.scheme.indicator(each.code)
            low, high = (_number(table[y, p, k]) if indicator.rule.is_relative else None for table in (made.placed.low, made.placed.high))
            own = each.mark in ("scored", "no_evidence") and each.value is not None
            is_counted = int(made.mark[y, p, k]) in [int(mark) for mark in COUNTED]
            peers = int(made.placed.peers[y, p, k]) if indicator.rule.is_relative and own else None
            write_row(sheet, line, (
                group.code, each.code, each.name.zh, each.unit.zh, each.value, indicator.rule.code, low, high, peers, each.mark_name.zh,
                1 if is_counted else 0, _points(of, indicator, line) if own else each.points if is_counted else None, each.points,
                Live(f"=IF(K{line}=1,ROUND(L{line}-M{line},6),0)"), of.scheme.weights[kind].get(each.code, 0.0),
                Live(f"=IF(K{line}=1,O{line}/{WEIGHTS}!$D${_group_line(of, group.code)}*{WEIGHTS}!$E${_group_line(of, group.code)},0)"),
                Live(f"=IF(K{line}=1,P{line}*L{line}*{WEIGHTS}!$I${_group_line(of, group.code)},0)"), each.contribution,
                rule_words(of.scheme, indicator.rule).zh))
    sheet.freeze_panes = "D2"
    return found


def _points(of: OfRound, indicator: Indicator, line: int) -> Live:
    """The formula from the value (column E) to points, by its code; G and H hold the ends of the scale."""
    value, low, high, rule = f"E{line}", f"G{line}", f"H{line}", indicator.rule
    n = [f"{each:g}" for each in rule.arguments]

    def clipped(inner: str) -> str:
        return f"MAX(0,MIN(100,{inner}))"

    # Where all peers are alike the middle has 50, what lies above 100, below 0.
    alike = f"IF({value}>{low},100,IF({value}<{low},0,50))"
    linear = f"IF({high}>{low},{clipped(f'({value}-{low})/({high}-{low})*100')},{alike})"
    by = {
        "N1": lambda: Live(f"=IF({value}<=0,0,IF({high}>{low},{clipped(f'(LN({value})-LN({low}))/(LN({high})-LN({low}))*100')},{alike}))"),
        "N2": lambda: Live(f"={linear}"), "N3": lambda: Live(f"=100-{linear}"),
        "N4": lambda: Live(f"={clipped(f'{value}/{of.scheme.shape.target:g}*100')}"),
        "N5": lambda: (Live(f"=IF({value}<{n[0]},{clipped(f'({value}-({n[2]}))/({n[0]}-({n[2]}))*100')},"
                       f"IF({value}>{n[1]},{clipped(f'({n[3]}-{value})/({n[3]}-{n[1]})*100')},100))")),
        "N6": lambda: Live(f"={clipped(value)}"), "N7": lambda: Live(f"={clipped(value)}"),
        "N8": lambda: Live(f"={clipped(f'({value}-({n[1]}))/({n[0]}-({n[1]}))*100')}"),
        "N9": lambda: Live(f"=IF({value}>=1,0,100)"),
    }
    return by[rule.code]()


def _weights(sheet: Any, of: OfRound, card: Card, made: RoundResult, rows: dict[str, tuple[int, int]]) -> dict[str, int]:
    """Groups: weight of the scheme, of what counts, in force, points with the cap of the red line; the line of each group."""
    write_head(sheet, ("组", "指标组", "方案权重", "其中计分权重", "现权重（公式）", "现权重（登记）", "未封顶得分（公式）",
                       "封顶线", "封顶系数（公式）", "得分（公式）"),
          (8, 26, 12, 14, 15, 15, 18, 10, 16, 14))
    kind = of.scheme.shape.classes[card.result.port_class]
    last = 1 + len(of.scheme.groups)
    lines: dict[str, int] = {}
    for group in card.groups:
        line = lines[group.code] = _group_line(of, group.code)
        first, end = rows.get(group.code, (0, 0))
        whole = sum(of.scheme.weights[kind].get(each.code, 0.0) for each in of.scheme.of_group(group.code))
        at_line = card.result.red_line and any(each.rule.code == "N9" for each in of.scheme.of_group(group.code))
        over = f"{INDICATORS}!$K${first}:$K${end},{INDICATORS}!$O${first}:$O${end}"
        counted = Live(f"=SUMPRODUCT({over})") if first else 0
        raw = Live(f'=IF(D{line}>0,SUMPRODUCT({over},{INDICATORS}!$L${first}:$L${end})/D{line},"")') if first else ""
        write_row(sheet, line, (
            group.code, group.name.zh, whole, counted, Live(f'=IF(D{line}>0,C{line}/SUMIF($D$2:$D${last},">0",$C$2:$C${last}),0)'), group.weight, raw,
            of.scheme.shape.red_line.cap if at_line else None,
            Live(f'=IF(AND(H{line}<>"",G{line}<>""),IF(G{line}>H{line},H{line}/G{line},1),1)') if at_line else 1,
            Live(f'=IF(G{line}="","",MIN(G{line},H{line}))') if at_line else Live(f'=IF(G{line}="","",G{line})')))
    return lines


def _group_line(of: OfRound, group: str) -> int:
    return 2 + list(of.scheme.groups).index(group)


def _result(sheet: Any, of: OfRound, card: Card, lines: dict[str, int]) -> None:
    write_head(sheet, ("代码", "项目", "公式得出", "登记结果", "差", "同类中位数", "上年（本年方案）"), (12, 30, 14, 14, 12, 14, 16))
    line = 1
    for group in card.groups:
        line += 1
        write_row(sheet, line, (group.code, group.name.zh, Live(f"={WEIGHTS}!J{lines[group.code]}"), group.points, _difference(line),
                           group.peers.median if group.peers else None, group.before))
    end = 1 + len(card.groups)
    line = end + 1
    digits = of.scheme.shape.decimals
    write_row(sheet, line, ("total", "总分", Live(f"=ROUND(SUMPRODUCT({WEIGHTS}!$E$2:$E${end},{WEIGHTS}!$J$2:$J${end}),{digits})"), card.result.total,
                       _difference(line), card.total.peers.median if card.total.peers else None, card.total.before), strong=True)
    bands = of.scheme.shape.bands
    nested = '""'
    for band in reversed(bands):
        nested = f'IF(C{line}>={band.least:g},"{band.zh}",{nested})'
    write_row(sheet, line + 1, ("band", "档次", Live(f"={nested}"), card.result.band_name.zh if card.result.band_name else "",
                           Live(f'=IF(C{line + 1}=D{line + 1},0,1)')), strong=True)
    line += 1
    for each in card.five_types:
        line += 1
        fed = [lines[code] for code in of.scheme.fed_by(each.code)]
        held = "+".join(f"{WEIGHTS}!E{at}" for at in fed)
        earned = "+".join(f"{WEIGHTS}!E{at}*N({WEIGHTS}!J{at})" for at in fed)
        write_row(sheet, line, (each.code, each.name.zh, Live(f'=IF({held}>0,({earned})/({held}),"")'), each.points, _difference(line),
                           each.peers.median if each.peers else None, each.before))
    sheet.freeze_panes = "C2"


def _difference(line: int) -> Live:
    return Live(f'=IF(OR(C{line}="",D{line}=""),0,ROUND(C{line}-D{line},6))')


def _data(sheet: Any, of: OfRound, card: Card, made: RoundResult) -> None:
    write_head(sheet, ("指标", "数据项", "名称", "年度", "数值", "单位", "由下列各项计算", "指标公式"), (10, 26, 40, 8, 18, 14, 30, 60))
    line = 1
    for each in card.indicators:
        told = trace(made, card.result.code, of.held.year, each.code)
        for figure in dict.fromkeys(told.figures):
            line += 1
            write_row(sheet, line, (each.code, figure.item, figure.name.zh, figure.year, figure.value, unit_words(figure.unit).zh,
                               "、".join(figure.made_of), told.formula))
    sheet.freeze_panes = "A2"


def _notes(sheet: Any, of: OfRound, card: Card) -> None:
    result = card.result
    lines: list[tuple[str, Any]] = [
        ("名称", f"{result.year} 年度口岸综合绩效评估：{result.name.zh}"),
        *(("注意", each) for each in labels_of(of.held, is_proposal=card.is_proposal)),
        ("口岸代码", result.code), ("运输类别", class_name(result.port_class)), ("等级", grade_name(result.grade)),
        ("同类组", f"{group_name(card.peer_group)}，{card.peer_ports} 个口岸"),
        ("怎样核对", f"黄底的格是公式：“{INDICATORS}”由数值得出各指标得分，“{WEIGHTS}”得出现权重和各组得分，“{RESULT}”得出总分、档次和五型；"
                     "旁边是登记的结果和差，差为 0 即一致。改动数值可以试算，不影响登记的结果。"),
        ("不是公式的得分", "计分情形不是“按数据计分”的指标，得分按缺失规则取得（未报计 0、沿用上年、同类中位数），是数字。"),
        ("标尺", "N1–N3 的 0 分、100 分标尺是同类口岸的 5% 和 95% 分位，或者方案的固定参考值；不含其他口岸的数值。"),
        ("引用", cited(of.held, of.scoring, of.freeze, f"{result.name.zh}（{result.code}）"))]
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, 110
    for at, (label, value) in enumerate(lines, 1):
        write_row(sheet, at, (label, value))
        sheet.cell(at, 1).font, sheet.cell(at, 1).fill = Font(bold=True), _HEAD
        sheet.cell(at, 2).alignment = Alignment(wrap_text=True, vertical="top")


def write_head(sheet: Any, names: tuple[str, ...], widths: tuple[int, ...]) -> None:
    for at, (name, width) in enumerate(zip(names, widths, strict=True), 1):
        cell = sheet.cell(1, at, name)
        cell.font, cell.fill, cell.alignment = Font(bold=True), _HEAD, Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.print_title_rows = "1:1"


def write_row(sheet: Any, line: int, values: tuple[Any, ...], *, strong: bool = False) -> None:
    """Write a row. Only what this file writes begins with ``=``: text of others stays text."""
    for at, value in enumerate(values, 1):
        if value is None or value == "":
            continue
        cell = sheet.cell(line, at, value)
        if isinstance(value, Live):
            cell.fill, cell.number_format = _LIVE, "0.00####"
        elif isinstance(value, str):
            cell.data_type = "s"
        elif isinstance(value, float):
            cell.number_format = "#,##0.00####"
        if strong:
            cell.font = Font(bold=True)


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
