"""A report as editable Word: real headings, tables with repeating heads, charts as pictures, page numbers as fields.

The document names the typefaces of official papers (方正小标宋简体, 仿宋_GB2312, 黑体); whoever opens it has them or is shown a substitute.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from kouan.desk.papers.report import Block, Report
from kouan.desk.papers.report_pdf import chart_png

TITLE_FACE, BODY_FACE, HEAD_FACE = "方正小标宋简体", "仿宋_GB2312", "黑体"
ACCENT, QUIET, WARN = RGBColor(0x1D, 0x4F, 0x91), RGBColor(0x5B, 0x67, 0x75), RGBColor(0xA0, 0x3B, 0x00)
TEXT_MM = 164.0
_SMALL, _BODY = Pt(9), Pt(11)


def report_docx(report: Report) -> bytes:
    """The report as a .docx file."""
    book = Document()
    _page(book, report)
    _title(book, report)
    if report.addressee:
        _line(book, f"{report.addressee}：")
    for block in report.blocks:
        _block(book, block)
    _signatures(book, report)
    if report.annexes:
        for block in report.annexes:
            _block(book, block)
    if report.cited_as:
        line = _line(book, "引用本报告：", face=HEAD_FACE, size=_SMALL)
        _run(line, report.cited_as, BODY_FACE, _SMALL)
    book.core_properties.title = f"{report.title} {report.subtitle}".strip()
    book.core_properties.author = report.issuer
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def short_labels(labels: Sequence[str]) -> list[str]:
    """Labels for the head of a page: the first in full, of the others the word before the colon.

    >>> short_labels(["演练：生成数据", "建议稿：未经审定"])
    ['演练：生成数据', '建议稿']
    """
    return [label if at == 0 else label.split("：")[0] for at, label in enumerate(labels)]


def _page(book: Any, report: Report) -> None:
    section = book.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.left_margin, section.bottom_margin, section.right_margin = Mm(23), Mm(23), Mm(20), Mm(23)
    section.header_distance, section.footer_distance = Mm(11), Mm(10)
    head = section.header.paragraphs[0]
    head.paragraph_format.tab_stops.clear_all()
    head.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_MM), alignment=2)
    name = f"{report.title} · {report.subtitle}" if report.subtitle else report.title
    _run(head, name, HEAD_FACE, Pt(8), QUIET)
    if report.labels:
        _run(head, f"\t{'　'.join(short_labels(report.labels))}", HEAD_FACE, Pt(8), WARN)
    _edge(head, "bottom", "C5CED8", 4)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for words, field in (("第 ", "PAGE"), (" 页　共 ", "NUMPAGES"), (" 页", "")):
        _run(foot, words, HEAD_FACE, Pt(8.5), QUIET)
        if field:
            _field(foot, field)
    for style, face, size in (("Normal", BODY_FACE, _BODY), ("Heading 1", HEAD_FACE, Pt(14)), ("Heading 2", HEAD_FACE, Pt(11.5)),
                              ("List Bullet", BODY_FACE, _BODY)):
        held = book.styles[style]
        held.font.name, held.font.size = face, size
        held.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
        if style.startswith("Heading"):
            held.font.color.rgb = ACCENT


def _title(book: Any, report: Report) -> None:
    if report.labels:
        _line(book, "　".join(f"【{each}】" for each in report.labels), face=HEAD_FACE, size=_SMALL, colour=WARN)
    _line(book, report.title, face=TITLE_FACE, size=Pt(21), colour=ACCENT)
    if report.subtitle:
        _line(book, report.subtitle, face=TITLE_FACE, size=Pt(17))
    line = _line(book, report.issuer, face=HEAD_FACE, size=Pt(9.5), colour=QUIET)
    if report.mark:
        line.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_MM), alignment=2)
        _run(line, f"\t{report.mark_label}：", HEAD_FACE, Pt(10.5), QUIET)
        _run(line, report.mark, HEAD_FACE, Pt(16), ACCENT)
    _edge(line, "bottom", "1D4F91", 10)


def _block(book: Any, block: Block) -> None:
    if block.kind == "heading":
        book.add_heading(block.text, level=block.level)
    elif block.kind == "text":
        line = _line(book, block.text)
        indent = OxmlElement("w:ind")
        indent.set(qn("w:firstLineChars"), "200")
        line._p.get_or_add_pPr().append(indent)
    elif block.kind == "note":
        _line(book, block.text, size=_SMALL, colour=QUIET)
    elif block.kind == "points":
        for row in block.rows:
            line = book.add_paragraph(style="List Bullet")
            line.paragraph_format.space_after = Pt(2)
            _run(line, row[0], BODY_FACE, _BODY)
    elif block.kind == "facts":
        pairs = [*block.rows, *([("", "")] if len(block.rows) % 2 else [])]
        rows = tuple((*pairs[at], *pairs[at + 1]) for at in range(0, len(pairs), 2))
        _grid(book, rows, (1.1, 3, 1.1, 3), (), has_head=False)
    elif block.kind == "table":
        if block.text:
            _line(book, block.text, face=HEAD_FACE, size=_SMALL).paragraph_format.keep_with_next = True
        _grid(book, block.rows, block.widths, block.numbers, has_head=True)
    elif block.kind == "figures":
        _figures(book, block)
    elif block.kind == "break":
        book.add_page_break()


def _figures(book: Any, block: Block) -> None:
    line = book.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for each in block.figures:
        shape = line.add_run().add_picture(BytesIO(chart_png(each)), width=Mm(min(each.width_mm, TEXT_MM)))
        shape._inline.docPr.set("descr", each.words)
    captions = "　　".join(each.caption for each in block.figures if each.caption)
    if captions:
        _line(book, captions, face=HEAD_FACE, size=_SMALL, colour=QUIET).alignment = WD_ALIGN_PARAGRAPH.CENTER


def _grid(book: Any, rows: tuple[tuple[str, ...], ...], widths: tuple[float, ...], numbers: tuple[int, ...], *, has_head: bool) -> None:
    count = len(rows[0])
    shares = widths if widths and all(widths) else (1.0,) * count
    grid = book.add_table(rows=0, cols=count)
    grid.style, grid.autofit, grid.alignment = "Table Grid", False, WD_TABLE_ALIGNMENT.CENTER
    for at, row in enumerate(rows):
        cells = grid.add_row().cells
        for place, cell in enumerate(cells):
            cell.width = Mm(TEXT_MM * shares[place] / sum(shares))
        if len(row) == 1 and count > 1:
            cells[0].merge(cells[-1])
            _cell(grid.rows[at].cells[0], row[0], HEAD_FACE, "EEF2F6", right=False)
            continue
        for place, words in enumerate(row):
            is_head = has_head and at == 0
            label = not has_head and place % 2 == 0
            _cell(cells[place], words, HEAD_FACE if is_head or label else BODY_FACE, "EAF0F7" if is_head else "F4F7FA" if label else "",
                  right=place in numbers)
    if has_head:
        repeated = OxmlElement("w:tblHeader")
        repeated.set(qn("w:val"), "true")
        grid.rows[0]._tr.get_or_add_trPr().append(repeated)
    book.add_paragraph().paragraph_format.space_after = Pt(2)


def _cell(cell: Any, words: str, face: str, fill: str, *, right: bool) -> None:
    line = cell.paragraphs[0]
    line.paragraph_format.space_after = Pt(0)
    if right:
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _run(line, words, face, _SMALL)
    if fill:
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", fill)):
            shade.set(qn(f"w:{name}"), value)
        cell._tc.get_or_add_tcPr().append(shade)


def _signatures(book: Any, report: Report) -> None:
    line = _line(book, "", face=HEAD_FACE, size=Pt(10))
    line.paragraph_format.space_before = Pt(18)
    _run(line, "　　".join(f"{each}：＿＿＿＿＿＿＿＿＿＿" for each in report.signatures), HEAD_FACE, Pt(10))
    _line(book, "××××年××月××日", face=HEAD_FACE, size=Pt(10)).alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _line(book: Any, words: str, *, face: str = BODY_FACE, size: Any = _BODY, colour: Any = None) -> Any:
    line = book.add_paragraph()
    line.paragraph_format.space_after = Pt(4)
    if words:
        _run(line, words, face, size, colour)
    return line


def _run(line: Any, words: str, face: str, size: Any, colour: Any = None) -> Any:
    run = line.add_run(words)
    run.font.name, run.font.size = face, size
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    if colour is not None:
        run.font.color.rgb = colour
    return run


def _field(line: Any, code: str) -> None:
    run = _run(line, "", HEAD_FACE, Pt(8.5), QUIET)
    for kind, words in (("begin", None), (None, code), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = words
        run._r.append(element)


def _edge(line: Any, side: str, colour: str, eighths: int) -> None:
    borders, edge = OxmlElement("w:pBdr"), OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "4"), ("color", colour)):
        edge.set(qn(f"w:{name}"), value)
    borders.append(edge)
    line._p.get_or_add_pPr().append(borders)
