"""Reports and their charts: what is put in is there, words stay words, charts draw what is there and say what is not."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from docx import Document
from PIL import Image
from pypdf import PdfReader

from kouan.desk.papers import charts, report
from kouan.desk.papers.report import Report
from kouan.desk.papers.report_pdf import chart_png, report_pdf
from kouan.desk.papers.report_word import report_docx

FACE = "Noto Sans CJK SC"
NASTY = '"; #let x = 1 $y$ <w:p/> & 〔〕 =SUM(A1)'


def a_report(**known: Any) -> Report:
    shown = charts.bars([charts.Bar("效能口岸", 40.0, (30.0, 50.0, 60.0), 45.0), charts.Bar("绿色口岸", None)], face=FACE, caption="画像")
    return Report(**{
        "kind": "评估报告", "title": "2024 年度报告", "issuer": "某办", "labels": ["演练：生成数据"], "mark": "良好", "mark_label": "档次",
        "blocks": [report.heading("一、概况"), report.text(NASTY), report.facts(("代码", "a-road"), ("等级", "重要"), ("版本", "第 2 版")),
                   report.table(("组", "得分"), [("运行安全",), ("甲", "61.2"), *((f"行{n}", str(n)) for n in range(80))], numbers=(1,)),
                   report.figures(shown), report.points("一条", "两条")],
        "annexes": [report.heading("附件　方法")], "cited_as": "校验值 abc", **known})


def pages_of(content: bytes) -> list[str]:
    return ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(content)).pages]


def test_the_pdf_holds_every_part_and_repeats_labels_numbers_and_heads() -> None:
    pages = pages_of(report_pdf(a_report()))
    assert len(pages) >= 3
    for number, page in enumerate(pages, 1):
        assert "演练：生成数据" in page and f"第{number}页共{len(pages)}页" in page
    whole = "".join(pages)
    assert "".join(NASTY.split()) in whole and "效能口岸" in whole and "引用本报告：校验值abc" in whole and "签发：" in whole
    # The head of a table that runs over a page stands on the next one too.
    assert "组得分" in pages[1]


def test_one_compiler_gives_each_report_its_own_words() -> None:
    first, second = report_pdf(a_report()), report_pdf(a_report(title="另一份报告", labels=[]))
    assert "2024年度报告" in "".join(pages_of(first)) and "另一份报告" in "".join(pages_of(second))
    assert "演练" not in "".join(pages_of(second))


def test_word_has_headings_tables_pictures_and_fields() -> None:
    book = Document(BytesIO(report_docx(a_report())))
    assert [each.text for each in book.paragraphs if each.style.name == "Heading 1"] == ["一、概况", "附件　方法"]
    assert NASTY in [each.text for each in book.paragraphs]
    grid = book.tables[1]
    assert [cell.text for cell in grid.rows[2].cells] == ["甲", "61.2"] and grid.rows[1].cells[0].text == "运行安全"
    assert "w:tblHeader" in grid.rows[0]._tr.xml and "NUMPAGES" in book.sections[0].footer._element.xml
    assert len(book.inline_shapes) == 1 and "绿色口岸 未计分" in book.inline_shapes[0]._inline.docPr.get("descr")


def test_a_chart_is_a_picture_of_its_size() -> None:
    figure = charts.radar(["甲", "乙", "丙"], [10.0, 50.0, 90.0], [20.0, None, 40.0], names=("本口岸", "同类"), face=FACE)
    picture = Image.open(BytesIO(chart_png(figure)))
    assert abs(picture.width / picture.height - figure.width_mm / figure.height_mm) < 0.01
    assert len(picture.convert("RGB").getcolors(100_000) or []) > 50


def test_charts_leave_out_what_is_not_there_and_say_so() -> None:
    figure = charts.radar(["甲", "乙", "丙", "丁"], [10.0, None, 90.0, 40.0], [20.0, 30.0, 40.0, None], names=("本口岸", "同类"), face=FACE)
    drawn = ElementTree.fromstring(figure.svg)
    outlines = [each for each in drawn.iter("{http://www.w3.org/2000/svg}polygon") if float(each.get("stroke-width") or 0) > 0.5]
    assert sorted(len((each.get("points") or "").split()) for each in outlines) == [3, 3]
    assert "乙 未计分" in figure.words and charts.MISSING in figure.svg


def test_bars_are_as_long_as_their_values() -> None:
    figure = charts.shares([("公路", [1, 3, 0, 0]), ("海运", [0, 0, 0, 0])], names=("优秀", "良好", "合格", "不合格"), face=FACE)
    drawn = ElementTree.fromstring(figure.svg)
    first, second = [float(each.get("width") or 0) for each in drawn.iter("{http://www.w3.org/2000/svg}rect")][:2]
    assert abs(second / first - 3) < 1e-6 and "公路：优秀 1、良好 3" in figure.words
    lowered = charts.effects([("甲 & 乙", 1.0), ("丙", -0.5)], face=FACE)
    assert "甲 &amp; 乙" in lowered.svg and "丙 -0.50" in lowered.words
    box = charts.spreads([charts.Spread("公路", (10.0, 20.0, 30.0, 40.0, 50.0))], cuts=(("良好", 60.0),), face=FACE)
    assert "中位数 30.0" in box.words and "stroke-dasharray" in box.svg
