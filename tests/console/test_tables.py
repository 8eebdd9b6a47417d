"""Tables: what the address bar asks for, and what leaves the house as a file."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.test import RequestFactory, override_settings
from django.utils import translation
from openpyxl import load_workbook

from kouan.basis import Refused, Text
from kouan.console.exports import as_text
from kouan.console.tables import Column, Filter, Table


@dataclass
class Row:
    name: str
    persons: Decimal | None
    opened: date | None = None


ROWS = [
    Row("罗湖", Decimal("15824563"), date(1950, 7, 1)), Row("=cmd|' /C calc'!A0", Decimal("-3.5")), Row("@SUM(1+1)", None),
    Row("<script>", Decimal(0)),
]
TABLE = Table(
    name="trial",
    title=Text("试表", "Trial"),
    columns=(
        Column("name", Text("名称", "Name"), order=True, is_key=True),
        Column("persons", Text("人员", "Persons"), unit=Text("人次", "person-crossings"), order=True, is_number=True),
        Column("opened", Text("开放日期", "Opened")),
    ),
    filters=(
        Filter("kind", Text("种类", "Kind"), choices=(("a", Text("甲", "A")),), apply=lambda rows, value: rows[:1]),
        Filter("q", Text("名称", "Name"), apply=lambda rows, value: [row for row in rows if value in row.name]),
    ),
    source=Text("测试", "Test"), origin="press", period="2023",
)


def read(query: str = "", rows=None, table=TABLE):
    request = RequestFactory().get(f"/trial{query}")
    request.user = SimpleNamespace(pk=None, organisation=SimpleNamespace(name_zh="单位", name_en=""))
    return table.read(request, ROWS if rows is None else rows)


def test_cells_are_escaped():
    body = read().body
    assert "&lt;script&gt;" in body
    assert "<script>" not in body


def test_a_missing_value_is_a_dash_and_zero_is_zero():
    body = read().body
    assert ">—<" in body
    assert ">0<" in body


def test_order_puts_missing_values_last_in_both_directions():
    rising = [row.name for row in read("?sort=persons").page_rows]
    falling = [row.name for row in read("?sort=-persons").page_rows]
    assert rising[-1] == falling[-1] == "@SUM(1+1)"
    assert rising[:3] == falling[:3][::-1]


def test_an_unknown_order_is_ignored():
    assert [row.name for row in read("?sort=password").page_rows] == [row.name for row in ROWS]


def test_filters_narrow_and_an_unknown_choice_is_told():
    assert read("?kind=a").total == 1
    strange = read("?kind=zz")
    assert strange.total == len(ROWS)
    assert strange.findings[0].code == "unknown_filter_value"
    assert strange.findings[0].where.field == "kind"
    assert read("?q=罗").total == 1


@pytest.mark.parametrize(("asked", "page"), [("1", 1), ("3", 3), ("99", 3), ("0", 1), ("-1", 1), ("x", 1), ("²", 1), ("9" * 300, 3)])
def test_pages_hold_fifty_and_stay_in_range(asked, page):
    view = read(f"?page={asked}", rows=[Row(f"{at:03}", Decimal(at)) for at in range(101)])
    assert view.page == page
    assert view.page_count == 3
    assert len(view.page_rows) == (1 if page == 3 else 50)


def test_two_tables_of_a_page_keep_apart():
    other = Table(name="other", title=TABLE.title, columns=TABLE.columns, prefix="held")
    view = read("?page=2&held.sort=-name", table=other)
    assert view.page == 1
    assert view.order == "-name"
    assert "page=2" in view.address(page=3)
    assert "held.page=3" in view.address(page=3)


def test_the_language_of_heads_follows_the_page():
    with translation.override("en"):
        assert [head.label for head in read().heads] == ["Name", "Persons", "Opened"]
        assert read().heads[1].unit == "person-crossings"


# ---- files -----------------------------------------------------------------------------------------


def content_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.fixture
def trail(monkeypatch):
    kept = []
    monkeypatch.setattr("kouan.console.exports.record_event", lambda kind, **known: kept.append((kind, known)))
    return kept


def test_csv_has_a_mark_exact_values_and_no_formula(trail):
    response = read("?format=csv").export()
    content = content_of(response)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0] == ["名称", "人员（人次）", "开放日期"]
    assert rows[1] == ["罗湖", "15824563", "1950-07-01"]
    assert rows[2] == ["'=cmd|' /C calc'!A0", "-3.5", ""]
    assert rows[3] == ["'@SUM(1+1)", "", ""]
    assert "attachment" in response["Content-Disposition"]


def test_xlsx_holds_no_formula_and_says_where_it_comes_from(trail):
    book = load_workbook(io.BytesIO(content_of(read("?format=xlsx&q=").export())))
    sheet = book["数据"]
    assert [cell.value for cell in sheet[1]] == ["名称", "人员（人次）", "开放日期"]
    assert sheet["B2"].value == 15824563
    assert sheet["A3"].data_type == "s"
    assert sheet["A3"].quotePrefix
    assert sheet["B4"].value is None
    notes = {row[0].value: row[1].value for row in book["说明"].iter_rows()}
    assert notes["数据来源"] == "测试"
    assert notes["时期"] == "2023年"
    assert notes["单位"] == "人员：人次"
    assert notes["来源性质"].startswith("新闻报道数据")
    assert notes["行数"] == 4


def test_json_gives_the_same_rows(trail):
    answer = json.loads(content_of(read("?format=json&kind=a").export()))
    assert answer["total"] == 1
    assert answer["filters"] == {"kind": "a"}
    assert answer["rows"] == [{"name": "罗湖", "persons": 15824563, "opened": "1950-07-01"}]
    assert answer["columns"][1]["unit"] == {"zh": "人次", "en": "person-crossings"}


def test_files_in_english_though_they_are_written_after_the_page(trail):
    with translation.override("en"):
        response = read("?format=csv").export()
    assert content_of(response).decode("utf-8-sig").startswith("Name,Persons (person-crossings),Opened")


def test_every_export_leaves_a_trace(trail):
    content_of(read("?format=csv&kind=a").export())
    kind, known = trail[0]
    assert kind == "export"
    assert known["payload"]["table"] == "trial"
    assert known["payload"]["rows"] == 1
    assert known["payload"]["filters"] == {"kind": "a"}


@override_settings(IS_EXERCISE=True, WORKSPACE="exercise")
def test_files_of_the_exercise_are_marked(trail):
    rows = list(csv.reader(io.StringIO(content_of(read("?format=csv").export()).decode("utf-8-sig"))))
    assert all("演练" in row[-1] for row in rows[1:])
    assert "notice" in json.loads(content_of(read("?format=json").export()))
    response = read("?format=xlsx").export()
    book = load_workbook(io.BytesIO(content_of(response)))
    assert "演练数据，不得用于实际工作" in [row[1].value for row in book["说明"].iter_rows()]
    assert "%E6%BC%94%E7%BB%83" in response["Content-Disposition"]


def test_an_unknown_format_is_refused(trail):
    with pytest.raises(Refused) as refusal:
        read("?format=exe").export()
    assert refusal.value.findings[0].code == "unknown_format"
    assert trail == []


def test_a_workbook_has_a_limit(trail, monkeypatch):
    monkeypatch.setattr("kouan.console.exports.XLSX_ROWS", 3)
    with pytest.raises(Refused) as refusal:
        read("?format=xlsx").export()
    assert refusal.value.findings[0].code == "too_many_rows"


@pytest.mark.parametrize("text", ["=1", "+1", "-1a", "@x", "\tx", "\rx"])
def test_text_that_looks_like_a_formula_leaves_as_text(text):
    assert as_text(text) == f"'{text}"
