"""Facts from a file: every row answered in order, every cell that cannot be read told with its place."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.grading.factories import AS_OF, a_ruling, cases

from kouan.basis import Refused
from kouan.grading.facts_file import parse_facts_csv, read_facts_csv
from kouan.grading.trial import COLUMNS, check_columns, try_facts
from kouan.law import Law

HEAD = ",".join(COLUMNS)
GOOD: dict[str, Any] = {
    "transport_class": "rail",
    "is_border": "false",
    "accepted_on": "2005-01-01",
    "year": "2023",
    "cargo_tonnes": "99999",
    "person_crossings": "99999",
    "months_reported": "12",
}


def answer(**cells: Any) -> dict[str, Any]:
    [found] = try_facts([{**GOOD, **cells}], AS_OF)
    return found


def codes(found: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in found["findings"]]


def test_rows_are_answered_in_order() -> None:
    text = f"""{HEAD}
rail,false,2005-01-01,2023,100000,0,12
rail,false,2005-01-01,2023,99999,99999,12
rail,false,2022-01-01,2023,99999,99999,12
road,true,2005-01-01,2023,99999,99999,12
rail,false,2005-01-01,2023,99999,,12
,false,2005-01-01,2023,99999,99999,12
rail,,2005-01-01,2023,99999,99999,12
rail,false,,2023,900000,99999,12
rail,false,2005-01-01,,900000,99999,12
,,,,,,
"""
    found = try_facts(parse_facts_csv(text), AS_OF)
    assert [row["verdict"] for row in found] == [
        "meets", "fails", "in_grace", "monitored", "incomplete", "unclassified", "incomplete", "incomplete",
        "incomplete", "unclassified",
    ]  # fmt: skip
    assert [row["row"] for row in found] == list(range(1, 11))
    assert not any(codes(row) for row in found)


def test_the_hand_cases_come_out_the_same_through_a_file() -> None:
    for case in cases():
        port = case["port"]
        if "refused" in case or "by_definition" in port or isinstance(port.get("months_reported"), dict):
            continue
        row = {column: port.get(column) for column in COLUMNS} | {"year": case.get("year")}
        text = {column: "" if value is None else str(value) for column, value in row.items()}
        rulings = [a_ruling(**ruling) for ruling in case.get("rulings", ())]
        for cells in (row, text):
            [found] = try_facts([cells], case["as_of"], rulings)
            assert found["verdict"] == case["expect"], case["name"]


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        ({"transport_class": "铁路", "is_border": "否"}, "fails"),
        ({"transport_class": "铁路口岸", "is_border": "是"}, "monitored"),
        ({"transport_class": " Rail ", "is_border": "NO"}, "fails"),
        ({"transport_class": "沿海航空"}, "meets"),
        ({"transport_class": "air-other"}, "meets"),
        ({"is_border": "1"}, "monitored"),
        ({"is_border": "0"}, "fails"),
        ({"is_border": "TRUE"}, "monitored"),
        ({"is_border": True}, "monitored"),
        ({"cargo_tonnes": "１００，０００"}, "meets"),
        ({"cargo_tonnes": "10万"}, "meets"),
        ({"cargo_tonnes": "10万吨"}, "meets"),
        ({"cargo_tonnes": "9.9999万吨"}, "fails"),
        ({"person_crossings": "10万人次"}, "meets"),
        ({"cargo_tonnes": "100,000"}, "meets"),
        ({"cargo_tonnes": "1e5"}, "meets"),
        ({"cargo_tonnes": "-"}, "incomplete"),
        ({"cargo_tonnes": None}, "incomplete"),
        ({"months_reported": "１２"}, "fails"),
        ({"months_reported": "12.0"}, "fails"),
        ({"months_reported": "11"}, "incomplete"),
        ({"year": "２０２３年"}, "fails"),
        ({"year": "2023.0"}, "fails"),
        ({"accepted_on": "2022年5月1日"}, "in_grace"),
        ({"accepted_on": "2022/5/1"}, "in_grace"),
        ({"accepted_on": "2022-05-01 00:00:00"}, "in_grace"),
        ({"accepted_on": date(2022, 5, 1)}, "in_grace"),
    ],
)
def test_cells_as_offices_write_them(cells: dict[str, Any], verdict: str) -> None:
    found = answer(**cells)
    assert (found["verdict"], codes(found)) == (verdict, [])


@pytest.mark.parametrize(
    ("column", "cell", "code", "remedy"),
    [
        ("transport_class", "seaa", "unknown_transport_class", "sea"),
        ("transport_class", "海運", "unknown_transport_class", "海运"),
        ("transport_class", "air", "unknown_transport_class", "air_coastal"),
        ("transport_class", "水晶", "unknown_transport_class", "boundary_river"),
        ("is_border", "maybe", "not_yes_or_no", "是"),
        ("accepted_on", "2012-02-30", "no_such_date", "2023-03-06"),
        ("accepted_on", "2012年5月", "not_a_day", "2012-05-01"),
        ("accepted_on", "03/04/2012", "date_order_ambiguous", ""),
        ("accepted_on", "41000", "period_is_a_number", ""),
        ("year", "abc", "not_a_year", "2023"),
        ("year", "23", "not_a_year", "2023"),
        ("year", "2023-03", "not_a_year", "2023"),
        ("year", "1900", "year_out_of_range", ""),
        ("cargo_tonnes", "-1", "negative_figure", ""),
        ("cargo_tonnes", "NaN", "not_a_number", ""),
        ("cargo_tonnes", "inf", "number_unreadable", ""),
        ("cargo_tonnes", float("nan"), "number_not_finite", ""),
        ("cargo_tonnes", "约10万", "number_approximate", ""),
        ("cargo_tonnes", "1.000,5", "number_ambiguous", ""),
        ("cargo_tonnes", "10万人次", "units_incompatible", ""),
        ("cargo_tonnes", "9999999999999", "impossible_figure", ""),
        ("person_crossings", "many", "number_unreadable", ""),
        ("months_reported", "13", "months_out_of_range", "月"),
        ("months_reported", "-1", "months_out_of_range", "月"),
        ("months_reported", "6.5", "months_out_of_range", "月"),
        ("months_reported", "全年", "months_out_of_range", "月"),
    ],
)
def test_a_cell_that_cannot_be_read_gives_no_verdict(column: str, cell: Any, code: str, remedy: str) -> None:
    found = answer(**{column: cell})
    assert found["verdict"] is None
    [finding] = found["findings"]
    assert (finding["code"], finding["severity"]) == (code, "error")
    assert finding["where"]["column"] == column and finding["where"]["row"] == 2
    assert finding["message"]["zh"] and finding["message"]["en"] and finding["remedy"]["en"]
    assert remedy in finding["remedy"]["zh"]
    # The shape is that of an answer, so that a reader of the JSON need not ask first.
    assert set(found) == set(answer())


def test_all_slips_of_a_row_are_told_and_other_rows_are_judged() -> None:
    bad = {
        **GOOD,
        "transport_class": "seaa",
        "year": "abc",
        "person_crossings": "-5",
        "months_reported": "13",
    }
    found = try_facts([bad, GOOD], AS_OF, file="facts.csv")
    assert [row["verdict"] for row in found] == [None, "fails"]
    assert codes(found[0]) == [
        "unknown_transport_class", "not_a_year", "negative_figure", "months_out_of_range",
    ]  # fmt: skip
    assert all(finding["where"]["file"] == "facts.csv" for finding in found[0]["findings"])


def test_places_are_lines_of_the_file_even_after_blank_lines() -> None:
    text = f'{HEAD}\n\nrail,false,2005-01-01,2023,"1,\n000",0,12\n\nrail,maybe,2005-01-01,2023,1,0,12\n'
    found = try_facts(parse_facts_csv(text), AS_OF)
    assert [row["row"] for row in found] == [1, 2]
    assert found[1]["findings"][0]["where"] == {"row": 6, "column": "is_border"}


def test_columns_unknown_and_missing_are_told_once() -> None:
    rows = [{"transport_class": "rail", "cargo_tons": "1", "year": "2023"}] * 3
    found = try_facts(rows, AS_OF)
    assert [codes(row) for row in found] == [["unknown_column", "missing_columns"], [], []]
    assert "cargo_tonnes" in found[0]["findings"][0]["remedy"]["zh"]
    assert "is_border" in found[0]["findings"][1]["message"]["zh"]
    assert [row["verdict"] for row in found] == ["incomplete"] * 3
    assert not check_columns(COLUMNS)


def test_chinese_headings_are_columns() -> None:
    text = "运输类别,是否边境口岸,通过验收日期,年度,货运量（吨）,出入境人员（人次）,已报月数\n铁路,否,2005-1-1,2023,1,1,12\n"
    [found] = try_facts(parse_facts_csv(text), AS_OF)
    assert (found["verdict"], codes(found)) == ("fails", [])


def test_candidate_classes_of_a_port_without_class() -> None:
    found = answer(transport_class="", candidate_classes="海运、内河", cargo_tonnes="5000000", code="南京")
    assert found["verdict"] == "unclassified" and found["code"] == "南京"
    assert {c: v["verdict"] for c, v in found["candidate_verdicts"].items()} == {
        "sea": "meets",  # 99,999 person-crossings are above the 1万人次 of both classes
        "inland_river": "meets",
    }
    found = answer(
        transport_class="", candidate_classes="sea|inland_river", cargo_tonnes="5000000", person_crossings="9"
    )
    assert [v["verdict"] for v in found["candidate_verdicts"].values()] == ["fails", "meets"]


def test_rulings_and_the_as_of_date_matter() -> None:
    ruling = a_ruling("volume_standard.border_mode", "exempt", date(2024, 1, 1))
    row = {**GOOD, "is_border": "yes"}
    assert try_facts([row], date(2023, 12, 31), [ruling])[0]["verdict"] == "monitored"
    assert try_facts([row], date(2024, 1, 1), [ruling])[0]["verdict"] == "exempt"
    assert try_facts([row], AS_OF, law=Law(AS_OF, [ruling]))[0]["verdict"] == "exempt"


def test_the_answer_is_json() -> None:
    data = json.loads(json.dumps([answer(), answer(year="abc")], ensure_ascii=False, allow_nan=False))
    assert data[0]["margins"]["cargo_tonnes"] | {"citation": 0} == {
        "measured": 99999,
        "required": 100000,
        "margin": -1,
        "ratio": 0.99999,
        "is_met": False,
        "unit": "t",
        "required_as_printed": "10万吨",
        "months_reported": 12,
        "in_force_from": "2021-01-01",
        "citation": 0,
    }
    assert data[0]["verdict_name"] == {"zh": "不达标", "en": "below the standard"}
    [pending] = answer(year="2026")["flags"]
    assert pending["code"] == "pending_new_instrument" and pending["label"]["zh"] == "待新规"


@given(
    st.dictionaries(
        st.sampled_from([*COLUMNS, "x"]), st.text(max_size=12) | st.none() | st.integers() | st.floats()
    )
)
def test_nothing_in_a_cell_breaks_the_answer(cells: dict[str, Any]) -> None:
    [found] = try_facts([cells], AS_OF)
    json.dumps(found, allow_nan=False)
    assert (found["verdict"] is None) is any(f["severity"] == "error" for f in found["findings"])


# -- files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_as_offices_save_them(tmp_path: Path, encoding: str, delimiter: str) -> None:
    file = tmp_path / "facts.csv"
    line = "铁路,否,2005-01-01,2023,99999,99999,12,\r\n"
    file.write_bytes((f"{HEAD},\r\n" + line).replace(",", delimiter).encode(encoding))
    [found] = try_facts(read_facts_csv(file), AS_OF)
    assert (found["verdict"], codes(found)) == ("fails", [])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04rest of a workbook", "is_spreadsheet"),
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        (b"year,year\n2023,2024\n", "duplicate_column"),
        (b'year,code\n"2023,x\n', "not_csv"),
        (b"year\n2023\0\n", "unknown_encoding"),
        (b"year\n\x81\xff\xff\xfe\n", "unknown_encoding"),
    ],
)
def test_a_file_that_is_no_table_of_facts_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "facts.csv"
    file.write_bytes(content)
    with pytest.raises(Refused) as refusal:
        read_facts_csv(file)
    [finding] = refusal.value.findings
    assert finding.code == code and finding.where.file == "facts.csv" and finding.remedy


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(Refused) as refusal:
            read_facts_csv(path)
        assert refusal.value.findings[0].code == "unreadable_file"


def test_more_cells_than_columns_is_told_and_fewer_are_missing_facts() -> None:
    text = f"{HEAD}\nrail,false,2005-01-01,2023,1,000,0,12\nrail,false\n"
    found = try_facts(parse_facts_csv(text), AS_OF)
    assert [row["verdict"] for row in found] == [None, "incomplete"]
    assert "too_many_cells" in codes(found[0])


def test_a_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kouan.grading.facts_file.MOST_BYTES", 10)
    file = tmp_path / "facts.csv"
    file.write_text(HEAD, encoding="utf-8")
    with pytest.raises(Refused) as refusal:
        read_facts_csv(file)
    assert refusal.value.findings[0].code == "file_too_large"
    monkeypatch.setattr("kouan.grading.facts_file.MOST_ROWS", 1)
    with pytest.raises(Refused) as refusal:
        parse_facts_csv("year\n2023\n2024\n")
    assert refusal.value.findings[0].code == "too_many_rows"
