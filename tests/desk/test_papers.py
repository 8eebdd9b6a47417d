"""Papers in the layout of GB/T 9704-2012: read back from the Word file and from the PDF."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm
from pypdf import PdfReader

from kouan.basis import Refused
from kouan.desk.papers import Paper, Style, attachment, docx_of, heading, paragraph, pdf, pdf_of, table

NASTY = '"; #let x = 1 $y$ \\end{document} <w:p/> & 〔〕 =SUM(A1)'


def a_request(**known: Any) -> Paper:
    return Paper(**{
        "style": Style.REQUEST, "issuer": "某省人民政府", "title": "关于某某口岸扩大开放的请示", "addressee": "国务院",
        "blocks": [paragraph("现将有关情况请示如下。"), heading("一、基本情况"), paragraph(NASTY), heading("（一）设施"),
                   table(("指标", "2022年", "2023年"), ("货运量", "900")), heading("二、请示事项"), paragraph("妥否，请批示。")],
        "attachments": ["征求意见情况", "可行性研究报告"], "signed_by": "某省人民政府", "copies_to": "海关总署", **known})


def text_of_pdf(content: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).replace("\n", "").replace(" ", "")


class TestWord:
    def test_the_page_is_that_of_the_standard(self) -> None:
        section = Document(BytesIO(docx_of(a_request()))).sections[0]
        assert [round(each.mm) for each in (section.page_width, section.page_height)] == [210, 297]
        assert [round(each.mm) for each in (section.top_margin, section.left_margin)] == [37, 28]
        assert round((section.page_width - section.left_margin - section.right_margin) / Mm(1)) == 156
        assert round((section.page_height - section.top_margin - section.bottom_margin) / Mm(1)) == 225

    def test_the_parts_stand_in_order_with_their_typefaces(self) -> None:
        lines = Document(BytesIO(docx_of(a_request()))).paragraphs
        faces = {line.text.strip(): line.runs[0]._element.rPr.rFonts.get(qn("w:eastAsia")) for line in lines if line.runs and line.text.strip()}
        assert faces["某省人民政府文件"] == "方正小标宋简体" and faces["关于某某口岸扩大开放的请示"] == "方正小标宋简体"
        assert faces["一、基本情况"] == "黑体" and faces["（一）设施"] == "楷体_GB2312" and faces["妥否，请批示。"] == "仿宋_GB2312"
        order = [line.text.strip() for line in lines]
        assert order.index("国务院：") < order.index("一、基本情况") < order.index("附件：1. 征求意见情况") < order.index("抄送：海关总署。")

    def test_words_stay_words(self) -> None:
        assert NASTY in "\n".join(line.text for line in Document(BytesIO(docx_of(a_request()))).paragraphs)

    def test_what_an_office_must_fill_is_left_open_and_a_draft_says_so(self) -> None:
        said = "\n".join(line.text for line in Document(BytesIO(docx_of(a_request()))).paragraphs)
        assert "未经签发" in said and "××〔××××〕××号" in said and "××××年××月××日" in said and "签发人：×××" in said
        issued = a_request(is_draft=False, number="某政〔2024〕1号", signer="李四", dated=date(2024, 3, 19))
        said = "\n".join(line.text for line in Document(BytesIO(docx_of(issued))).paragraphs)
        assert "未经签发" not in said and "某政〔2024〕1号" in said and "2024年3月19日" in said and "签发人：李四" in said

    def test_exercise_papers_say_so(self) -> None:
        said = "\n".join(line.text for line in Document(BytesIO(docx_of(a_request(is_exercise=True)))).paragraphs)
        assert "演练数据生成" in said and "演练数据生成" in text_of_pdf(pdf_of(a_request(is_exercise=True)))


class TestPdf:
    def test_it_says_the_same_and_names_its_substitutes(self) -> None:
        said = text_of_pdf(pdf_of(a_request()))
        for words in ("某省人民政府文件", "关于某某口岸扩大开放的请示", "国务院：", "一、基本情况", "妥否，请批示。", "附件：1.征求意见情况",
                      "抄送：海关总署。"):
            assert words in said, words
        assert "#letx=1" in said
        for wanted, face in pdf.substitutes():
            assert f"{wanted}→{face}".replace(" ", "") in said

    def test_a_letter_is_centred_without_a_signer(self) -> None:
        said = text_of_pdf(pdf_of(a_request(style=Style.LETTER)))
        assert "签发人：" not in said and "某省人民政府文件" not in said

    def test_pages_are_numbered_on_their_outer_side(self) -> None:
        pages = PdfReader(BytesIO(pdf_of(a_request(blocks=[paragraph("甲" * 700)] * 4)))).pages
        assert len(pages) >= 3 and "— 2 —" in pages[1].extract_text()

    def test_without_a_chinese_typeface_there_is_no_pdf(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Bare:
            def families(self) -> list[str]:
                return ["DejaVu Sans"]

        monkeypatch.setattr(pdf.typst, "Fonts", Bare)
        pdf.faces.cache_clear()
        try:
            with pytest.raises(Refused) as refusal:
                pdf_of(a_request())
        finally:
            pdf.faces.cache_clear()
        assert refusal.value.findings[0].code == "no_chinese_typeface"


@pytest.mark.parametrize(("text", "level"), [("一、甲", 1), ("十二、甲", 1), ("（一）甲", 2), ("1. 甲", 3), ("（1）甲", 4), ("甲", 1)])
def test_a_headings_level_is_told_by_how_it_begins(text: str, level: int) -> None:
    assert heading(text).level == level


def test_one_attachment_has_no_number() -> None:
    assert attachment(["甲"]) == ["附件：甲"] and attachment(["甲", "乙"])[0] == "附件：1. 甲"
