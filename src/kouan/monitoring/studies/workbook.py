"""A study as a workbook: results, segments, causes, and every case with its segments, so that a reader can compute the figures anew.

Two drawings of the same study are the same file, byte for byte: nothing in it tells of the time of drawing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from kouan.monitoring.studies.models import TimeStudy
from kouan.monitoring.studies.queries import cases_of, shipped_name
from kouan.monitoring.studies.words import (
    CHANNELS,
    beijing,
    direction_name,
    kind_name,
    labels_of,
    mode_name,
    nature_name,
    owners_name,
    part_name,
    segment_name,
    segment_of,
)
from kouan.monitoring.timing.events import HOUR, moment
from kouan.monitoring.timing.explain import STATUS
from kouan.monitoring.timing.timeline import Status

_HEAD = PatternFill("solid", fgColor="E8EEF5")
_STATISTICS = ("件数", "平均（小时）", "中位数（小时）", "区间下限", "区间上限", "P75", "P90", "P95")
_STAMP = (1980, 1, 1, 0, 0, 0)


def study_workbook(study: TimeStudy) -> bytes:
    """The workbook of a measured study."""
    figures: dict[str, Any] = study.figures or {}
    names = {each.port.code: each.port.name_zh for each in study.ports.all()}
    book = Workbook()
    book.remove(book.worksheets[0])
    _sheet(book, "说明", ("项目", "内容"), _notes(study, figures, names), (24, 90))
    _sheet(book, "总体和分层", ("口岸", "查验", "案例", "计入", *_STATISTICS), [
        ("合计", "", figures["coverage"]["population"], figures["coverage"]["drawn"], *_statistics(figures["overall"])),
        *((names.get(each["port"], each["port"]), CHANNELS[each["channel"]].zh, each["population"], each["drawn"], *_statistics(each["summary"]))
          for each in figures["strata"])], (24, 14, 8, 8))
    _sheet(book, "分段", ("起", "止", "分段", "缺节点并入", "责任方", "性质", *_STATISTICS, "合计（小时）", "占全程"), [
        (*each["pair"], segment_of({"pair": each["pair"]}).zh, "、".join(part_name(code).zh for code in each["absorbed"]),
         owners_name(each["owners"]).zh, nature_name(each["nature"]).zh, *_statistics(each["summary"]), each["total_us"] / HOUR, each["share"])
        for each in figures["segments"]], (18, 18, 30, 24, 22, 10))
    _sheet(book, "原因", ("原因（分段）", "责任方", "性质", "案例", "占长案例", "超出合计（小时）"), [
        (part_name(each["cause"]).zh, owners_name(each["owners"]).zh, nature_name(each["nature"]).zh, each["n"], each["share"], each["excess_hours"])
        for each in figures["causes"]["by_cause"]], (30, 24, 10))
    _sheet(book, "长案例", ("案例", "口岸", "全程（小时）", "界限（小时）", "原因（分段）", "责任方", "超出（小时）", "占其超出", "参照"), [
        (each["case_id"], names.get(each["port"], each["port"]), each["hours"], each["limit_hours"], part_name(each["cause"]).zh,
         owners_name(each["owners"]).zh, each["excess_hours"], each["share"], "规范" if each["by_norm"] else "本研究中位数")
        for each in figures["causes"]["cases"]], (24, 24, 14, 14, 26, 24))
    _sheet(book, "经办说明", ("案例", "说明", "时间（北京）"), [
        (each.case_id, each.words, f"{beijing(each.said_at):%Y-%m-%d %H:%M}") for each in study.remarks.all()], (24, 80, 20))
    _cases(book, study, names)
    _sheet(book, "未计入的案例", ("情形", "件数", "案例"), [
        (each["words"]["zh"], each["n"], "、".join(each["cases"])) for each in figures["coverage"]["left_out"]], (18, 8, 100))
    for sheet in book.worksheets:
        sheet.oddHeader.center.text = "　".join(each.zh for each in labels_of(study))
    return _saved(book)


def _notes(study: TimeStudy, figures: dict[str, Any], names: dict[str, str]) -> list[tuple[Any, ...]]:
    held = figures["coverage"]
    return [
        *(("标注", each.zh) for each in labels_of(study)),
        ("标题", study.title), ("编制单位", study.office.name_zh), ("工作组", study.team), ("目的", study.purpose),
        ("口岸", "、".join(names.values())),
        ("所测时间", f"{shipped_name(study.whole).zh}（{figures['whole']}）"), ("方向", direction_name(study.direction).zh),
        ("运输方式", mode_name(study.mode).zh), ("案例类别", kind_name(study.case_kind).zh), ("期间", f"{study.first_day} 至 {study.last_day}"),
        ("范围", "全部案例" if study.extent == "full" else f"分层抽样，样本量 {study.sample_size}，随机种子 {study.seed}"),
        ("案例", f"期间内 {held['population']} 件，取 {held['drawn']} 件，有结果 {held['measured']} 件"),
        ("所读事件", f"{study.events_read} 个，SHA-256 {study.events_sha256}"), ("结果 SHA-256", study.figures_sha256),
        ("定义文件 SHA-256", figures["definitions"]), ("说明", "时间单位均为小时；P95 空白表示不足30件；“案例”表为全部案例及其各段，可据以重算。"),
    ]


def _cases(book: Workbook, study: TimeStudy, names: dict[str, str]) -> None:
    held = cases_of(study)
    pairs = [segment_name(*pair).zh for pair in held["pairs"]]
    rows = []
    for case_id, kind, mode, port, channel, status, us, parts, begun, ended in held["cases"]:
        by_pair = {place: length / HOUR for place, length in parts}
        rows.append((
            case_id, kind_name(kind).zh, mode_name(mode).zh, names.get(port, port), CHANNELS[channel].zh, STATUS[Status(status)].zh, _instant(begun),
            _instant(ended), None if us is None else us / HOUR, *(by_pair.get(place) for place in range(len(pairs)))))
    _sheet(book, "案例", ("案例", "类别", "运输方式", "口岸", "查验", "状态", "起点（北京）", "终点（北京）", "全程（小时）", *pairs), rows,
           (24, 12, 10, 24, 14, 12, 18, 18))


def _instant(us: int | None) -> str | None:
    return None if us is None else f"{beijing(moment(us)):%Y-%m-%d %H:%M:%S}"


def _statistics(summary: dict[str, Any]) -> tuple[Any, ...]:
    found = summary["median_interval"] or {}
    return (summary["n"], summary["mean_hours"], summary["median_hours"], found.get("low_hours"), found.get("high_hours"), summary["p75_hours"],
            summary["p90_hours"], summary["p95_hours"])  # fmt: skip


def _sheet(book: Workbook, title: str, head: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[int] = ()) -> None:
    sheet: Any = book.create_sheet(title)
    for at, name in enumerate(head, 1):
        cell = sheet.cell(1, at, name)
        cell.font, cell.fill, cell.alignment = Font(bold=True), _HEAD, Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(at)].width = widths[at - 1] if at <= len(widths) else 13
    for line, row in enumerate(rows, 2):
        for at, value in enumerate(row, 1):
            if value is None or value == "":
                continue
            cell = sheet.cell(line, at, value)
            if isinstance(value, str):
                cell.data_type = "s"  # text of others never runs as a formula
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            elif isinstance(value, float):
                cell.number_format = "#,##0.00####"
    sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _saved(book: Workbook) -> bytes:
    """The file with the times of its making taken out."""
    raw, held = BytesIO(), BytesIO()
    book.save(raw)
    with ZipFile(raw) as before, ZipFile(held, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", content)
            after.writestr(ZipInfo(name, _STAMP), content, ZIP_DEFLATED)
    return held.getvalue()
