"""A paper as editable Word, in the layout of GB/T 9704-2012: page, typefaces, 22 lines of 28 characters, parts in order.

The document names the typefaces of the standard (方正小标宋简体, 仿宋_GB2312, 黑体, 楷体_GB2312); whoever opens it
has them or is shown a substitute. Nothing is embedded: these typefaces have owners.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from kouan.desk.papers.paper import Block, Paper, attachment

TITLE_FACE, BODY_FACE, HEAD_FACE, SECOND_FACE, NUMBER_FACE = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"
SANHAO, ERHAO, SIHAO = Pt(16), Pt(22), Pt(14)
NONE = Pt(0)
LINE = Pt(28.95)  # 22 lines in 225 mm
RED = RGBColor(0xE6, 0x00, 0x12)
_LEVEL_FACES = {1: HEAD_FACE, 2: SECOND_FACE, 3: BODY_FACE, 4: BODY_FACE}


def docx_of(paper: Paper) -> bytes:
    """The paper as a .docx file."""
    book = Document()
    _page(book)
    for warning in paper.warnings:
        _line(book, f"【{warning}】", SECOND_FACE, SIHAO, center=True)
    _line(book, paper.letterhead, TITLE_FACE, Pt(36), center=True, colour=RED, line=Pt(60), before=Mm(8))
    _line(book, "", BODY_FACE, SANHAO)
    if paper.style.goes_up:
        # 上行文: the number on the left, the signer on the right, each one character in (7.2.5, 7.2.6).
        line = _line(book, f"　{paper.number_words}", BODY_FACE, SANHAO)
        line.paragraph_format.tab_stops.add_tab_stop(Mm(104))
        _run(line, "\t签发人：", BODY_FACE, SANHAO)
        _run(line, paper.signer or "×××", SECOND_FACE, SANHAO)
    else:
        line = _line(book, paper.number_words, BODY_FACE, SANHAO, center=True)
    _rule(line, "bottom", "E60012", 12)
    _line(book, "", BODY_FACE, SANHAO)
    _line(book, paper.title, TITLE_FACE, ERHAO, center=True, line=Pt(35))
    _line(book, "", BODY_FACE, SANHAO)
    if paper.addressee:
        _line(book, f"{paper.addressee}：", BODY_FACE, SANHAO)
    for block in paper.blocks:
        _block(book, block)
    if paper.attachments:
        _line(book, "", BODY_FACE, SANHAO)
        for text in attachment(paper.attachments):
            _line(book, text, BODY_FACE, SANHAO, indent=2)
    _line(book, "", BODY_FACE, SANHAO)
    for text in (paper.signed_by, paper.day_words):
        if text:
            _right(_line(book, text, BODY_FACE, SANHAO), 4)
    if paper.contact:
        _line(book, f"（联系人：{paper.contact}）", BODY_FACE, SANHAO, indent=2)
    for note in paper.notes:
        _line(book, f"（{note}）", SECOND_FACE, SIHAO, indent=2)
    _imprint(book, paper)
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def _page(book: Any) -> None:
    section = book.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.left_margin, section.bottom_margin, section.right_margin = Mm(37), Mm(28), Mm(35), Mm(26)
    section.footer_distance = Mm(25)
    book.settings.odd_and_even_pages_header_footer = True
    # 单页码居右空一字, 双页码居左空一字 (7.5)
    _number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)
    style = book.styles["Normal"]
    style.font.name, style.font.size = BODY_FACE, SANHAO
    style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY_FACE)


def _number(line: Any, side: Any) -> None:
    line.alignment = side
    _run(line, "— ", NUMBER_FACE, SIHAO)
    run = _run(line, "", NUMBER_FACE, SIHAO)
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)
    _run(line, " —", NUMBER_FACE, SIHAO)
    line.paragraph_format.left_indent = line.paragraph_format.right_indent = SIHAO


def _run(line: Any, text: str, face: str, size: Any, colour: Any = None) -> Any:
    run = line.add_run(text)
    run.font.name, run.font.size = face, size
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    if colour is not None:
        run.font.color.rgb = colour
    return run


def _line(book: Any, text: str, face: str, size: Any, *, center: bool = False, colour: Any = None, line: Any = LINE, before: Any = NONE,
          indent: int = 0) -> Any:
    made = book.add_paragraph()
    form = made.paragraph_format
    form.space_before, form.space_after = before, NONE
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, line
    if center:
        made.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if indent:
        _indent(made, "firstLineChars", indent)
    _run(made, text, face, size, colour)
    return made


def _indent(line: Any, name: str, characters: int) -> None:
    """Indent by characters, which follow the type size as the standard wants; in hundredths."""
    properties = line._p.get_or_add_pPr()
    indent = properties.find(qn("w:ind"))
    if indent is None:
        indent = OxmlElement("w:ind")
        properties.append(indent)
    indent.set(qn(f"w:{name}"), str(characters * 100))


def _right(line: Any, characters: int) -> None:
    line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _indent(line, "rightChars", characters)


def _block(book: Any, block: Block) -> None:
    if block.rows:
        _table(book, block)
    elif block.level:
        _line(book, block.text, _LEVEL_FACES[block.level], SANHAO, indent=2)
    else:
        _line(book, block.text, BODY_FACE, SANHAO, indent=2)


def _table(book: Any, block: Block) -> None:
    grid = book.add_table(rows=0, cols=max(len(row) for row in block.rows))
    grid.style = "Table Grid"
    for at, row in enumerate(block.rows):
        cells = grid.add_row().cells
        for cell, text in zip(cells, row, strict=False):
            line = cell.paragraphs[0]
            _run(line, text, HEAD_FACE if at == 0 else BODY_FACE, Pt(12))
    head = grid.rows[0]._tr.get_or_add_trPr()
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    head.append(repeated)


def _rule(line: Any, side: str, colour: str, eighths: int) -> None:
    """A line as wide as the text: the red one under the number, the thin ones of the imprint."""
    borders = OxmlElement("w:pBdr")
    edge = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "6"), ("color", colour)):
        edge.set(qn(f"w:{name}"), value)
    borders.append(edge)
    line._p.get_or_add_pPr().append(borders)


def _imprint(book: Any, paper: Paper) -> None:
    """版记: whom copies go to, who printed it when, between lines (7.4)."""
    _line(book, "", BODY_FACE, SANHAO)
    if paper.copies_to:
        line = _line(book, f"抄送：{paper.copies_to}。", BODY_FACE, SIHAO, indent=1)
        _rule(line, "top", "000000", 8)
    line = _line(book, paper.printed_by, BODY_FACE, SIHAO, indent=1)
    line.paragraph_format.tab_stops.add_tab_stop(Mm(104))
    _run(line, f"\t{paper.day_words}印发", BODY_FACE, SIHAO)
    _rule(line, "top" if not paper.copies_to else "bottom", "000000", 8)
