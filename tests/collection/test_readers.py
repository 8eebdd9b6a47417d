"""Reading files: every bad one ends in one clear finding, every good one in numbered rows."""

from __future__ import annotations

import gzip
import random
import resource
import zipfile
from pathlib import Path

import duckdb
import pytest
from files import a_csv, a_return, a_workbook, a_zip_bomb, changed_package, lying, worksheet
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from kouan.basis import Refused
from kouan.collection.readers import Limits, column_letters, column_number, open_file

HEADER = ["口岸", "指标", "时期", "方向", "数值", "单位"]


def everything(place: Path, limits: Limits | None = None) -> list[tuple[int, list[object]]]:
    """All rows of all sheets."""
    return [(number, list(cells)) for sheet in open_file(place, limits=limits).sheets for number, cells in sheet.rows]


def refusal(place: Path, limits: Limits | None = None) -> str:
    """The code of the finding with which a file is refused; both languages and a remedy are there."""
    with pytest.raises(Refused) as caught:
        everything(place, limits)
    finding = caught.value.findings[0]
    assert finding.message.zh and finding.message.en and finding.remedy
    assert finding.where.file == place.name
    return finding.code


# ---- text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_text_is_read_in_the_encodings_that_offices_use(tmp_path: Path, encoding: str) -> None:
    place = a_csv(tmp_path, [a_return(port="满洲里公路口岸")], encoding=encoding)
    rows = everything(place)
    assert rows[0] == (1, HEADER)
    assert rows[1][1][0] == "满洲里公路口岸"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters_are_found(tmp_path: Path, delimiter: str) -> None:
    assert everything(a_csv(tmp_path, [a_return()], delimiter=delimiter))[0][1] == HEADER


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(tmp_path: Path, end: str) -> None:
    assert [number for number, _ in everything(a_csv(tmp_path, [a_return(), a_return(5)], end=end))] == [1, 2, 3]


def test_a_record_over_two_lines_keeps_its_first_line_as_number(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_text('a,b\n"一\n二",1\nx,2\n', encoding="utf-8")
    assert everything(place) == [(1, ["a", "b"]), (2, ["一\n二", "1"]), (4, ["x", "2"])]


def test_gzipped_text_is_read(tmp_path: Path) -> None:
    place = tmp_path / "a.csv.gz"
    place.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert everything(place) == [(1, ["a", "b"]), (2, ["1", "2"])]


def test_an_unclosed_quotation_mark_is_named_with_its_line(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_text('a,b\n1,2\n3,"4\n5,6\n', encoding="utf-8")
    with pytest.raises(Refused) as caught:
        everything(place)
    assert caught.value.findings[0].code == "unreadable_text"
    assert caught.value.findings[0].where.row == 3


def test_bytes_that_are_no_text_in_any_known_encoding(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_bytes(b"a,b\n\xff\xff\x80,1\n")
    assert refusal(place) == "unreadable_text"


def test_a_broken_character_in_the_last_line_is_found_before_the_first_row(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_bytes(b"\xef\xbb\xbfa,b\n" + b"1,2\n" * 200_000 + b"\xff\xff,1\n")
    with pytest.raises((Refused, UnicodeDecodeError)) as caught:
        open_file(place)
    assert isinstance(caught.value, Refused)


# ---- files that are no tables -----------------------------------------------------------------------


@pytest.mark.parametrize(("content", "code"), [
    (b"", "empty_file"),
    (b"  \n \n", "empty_file"),
    (b"%PDF-1.7\n...", "not_a_spreadsheet"),
    (b"\x89PNG\r\n\x1a\n", "not_a_spreadsheet"),
    (b"<!DOCTYPE html><table></table>", "not_a_spreadsheet"),
    (b"PK\x03\x04 this is no zip", "truncated_file"),
    (b"PAR1 this is no parquet file", "truncated_file"),
    (b"\x1f\x8b\x08\x00 this is no gzip", "truncated_file"),
    (b"a,b\n1,\x00\x00\x00\n", "not_a_spreadsheet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old_excel_format"),
    (b"\xd0\xcf\x11\xe0" + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted_file"),
])
def test_files_that_are_no_tables(tmp_path: Path, content: bytes, code: str) -> None:
    place = tmp_path / "报表.xlsx"
    place.write_bytes(content)
    assert refusal(place) == code


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated_files_of_every_kind(tmp_path: Path, share: float) -> None:
    workbook = a_workbook(tmp_path, [a_return(n) for n in range(200)])
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(b"a,b\n" + b"".join(b"%d,2\n" % n for n in range(5000))))
    parquet = tmp_path / "a.parquet"
    duckdb.sql(f"COPY (SELECT range AS a FROM range(5000)) TO '{parquet}' (FORMAT parquet)")
    for whole in (workbook, packed, parquet):
        part = tmp_path / f"part{whole.suffix}"
        part.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
        assert refusal(part) == "truncated_file", whole


def test_other_office_files_in_a_zip_are_told_apart(tmp_path: Path) -> None:
    plain = a_workbook(tmp_path, [a_return()])
    assert refusal(changed_package(plain, {"xl/workbook.xml": None})) == "not_a_spreadsheet"
    assert refusal(changed_package(plain, {"xl/vbaProject.bin": b"code"})) == "workbook_with_macros"


def test_document_types_are_refused_before_any_entity_can_unfold(tmp_path: Path) -> None:
    plain = a_workbook(tmp_path, [a_return()])
    bomb = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><workbook/>'
    assert refusal(changed_package(plain, {"xl/workbook.xml": bomb})) == "not_a_spreadsheet"


def test_a_zip_bomb_of_200_megabytes_ends_after_a_few(tmp_path: Path) -> None:
    place = a_zip_bomb(tmp_path)
    assert place.stat().st_size < 400_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(place) == "zip_bomb"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


def test_a_bomb_whose_header_claims_a_small_size(tmp_path: Path) -> None:
    place = lying(a_zip_bomb(tmp_path), "xl/worksheets/sheet1.xml", 1000)
    with zipfile.ZipFile(place) as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size == 1000
    assert refusal(place) == "zip_bomb"


def test_a_cell_in_the_last_corner_does_not_ask_for_all_memory(tmp_path: Path) -> None:
    plain = a_workbook(tmp_path, [a_return()])
    corner = worksheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    assert refusal(changed_package(plain, {"xl/worksheets/sheet1.xml": corner})) == "too_many_rows"


def test_two_million_rows_end_in_a_clear_message(tmp_path: Path) -> None:
    place = tmp_path / "rows.csv"
    with place.open("wb") as file:
        file.write(b"a,b\n")
        for _ in range(200):
            file.write(b"1,2\n" * 10_000)
    assert refusal(place) == "too_many_rows"
    parquet = tmp_path / "rows.parquet"
    duckdb.sql(f"COPY (SELECT range AS a FROM range(2000000)) TO '{parquet}' (FORMAT parquet)")
    assert refusal(parquet) == "too_many_rows"


def test_a_gzip_bomb_is_stopped(tmp_path: Path) -> None:
    place = tmp_path / "a.csv.gz"
    with gzip.open(place, "wb", 9) as file:
        for _ in range(200):
            file.write(b"0" * (1 << 20))
    assert refusal(place) == "file_too_large"


def test_limits_on_rows_and_columns(tmp_path: Path) -> None:
    place = a_workbook(tmp_path, [a_return(n) for n in range(60)])
    assert len(everything(place, Limits(rows=61))) == 61
    assert refusal(place, Limits(rows=20, header_search=5)) == "too_many_rows"
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join("x" * 600), encoding="utf-8")
    assert refusal(wide) == "too_many_columns"


# ---- workbooks --------------------------------------------------------------------------------------


def test_rows_of_a_workbook_carry_their_own_numbers(tmp_path: Path) -> None:
    book = Workbook()
    book.active["B3"] = "口岸"
    book.active["C3"] = 12.5
    book.active["B7"] = "罗湖"
    place = tmp_path / "a.xlsx"
    book.save(place)
    assert everything(place) == [(3, ["", "口岸", 12.5]), (7, ["", "罗湖", ""])]


def test_formulas_are_found_in_their_cells(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, "=A2*2"])
    book.active.append([3, 4])
    book.active["D5"] = ArrayFormula("D5:D7", "=A2:A4*2")
    place = tmp_path / "a.xlsx"
    book.save(place)
    assert open_file(place).sheets[0].formulas == {(2, 2), (5, 4), (6, 4), (7, 4)}


def test_formulas_are_found_under_a_prefix_and_across_pieces(tmp_path: Path) -> None:
    plain = a_workbook(tmp_path, [a_return()])
    filling = "".join(f'<x:row r="{n}"><x:c r="A{n}"><x:v>{n}</x:v></x:c></x:row>' for n in range(1, 40_000))
    part = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        f"{filling}<x:row r='50000'><x:c r='C50000'><x:f>1+1</x:f><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    ).encode()
    found = open_file(changed_package(plain, {"xl/worksheets/sheet1.xml": part})).sheets[0]
    assert found.formulas == {(50000, 3)}


def test_a_formula_that_cannot_be_placed_refuses_the_file(tmp_path: Path) -> None:
    plain = a_workbook(tmp_path, [a_return()])
    part = worksheet("<row><c><v>1</v></c><c><f>1+1</f><v>2</v></c></row>")
    assert refusal(changed_package(plain, {"xl/worksheets/sheet1.xml": part})) == "formula_cell"


def test_parquet_keeps_leading_zeros_and_counts_rows_from_one(tmp_path: Path) -> None:
    place = tmp_path / "a.parquet"
    duckdb.sql(f"COPY (SELECT '0101' AS code, 7 AS value) TO '{place}' (FORMAT parquet)")
    assert everything(place) == [(0, ["code", "value"]), (1, ["0101", 7])]


def test_parquet_columns_of_every_type_become_cells(tmp_path: Path) -> None:
    place = tmp_path / "a.parquet"
    duckdb.sql(
        """COPY (SELECT [1, 2] AS list, {'a': 1} AS "str""uct", map {'k': 'v'} AS map, NULL AS nothing, 1.50::DECIMAL(9,2) AS money,
        DATE '2023-03-06' AS day, TIMESTAMP '2023-03-06' AS instant, true AS yes, 'x'::BLOB AS blob)
        TO '""" + str(place) + "' (FORMAT parquet)"
    )
    (_, header), (_, cells) = everything(place)
    assert header[1] == 'str"uct'
    assert all(hash(cell) is not None for cell in cells)
    assert [str(cell) for cell in cells[4:6]] == ["1.50", "2023-03-06"]


@given(st.integers(1, 16384))
def test_letters_of_columns_go_both_ways(number: int) -> None:
    assert column_number(column_letters(number)) == number


@given(content=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode())))
def test_no_bytes_raise_anything_but_a_refusal(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    place = tmp_path_factory.mktemp("bytes") / "file"
    place.write_bytes(content)
    try:
        everything(place)
    except Refused as refused:
        assert refused.findings


def test_no_damage_to_a_workbook_raises_anything_but_a_refusal(tmp_path: Path) -> None:
    whole = a_workbook(tmp_path, [a_return(n) for n in range(30)]).read_bytes()
    dice = random.Random(7)
    place = tmp_path / "damaged.xlsx"
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(dice.choice((1, 3, 20))):
            content[dice.randrange(len(content))] = dice.randrange(256)
        place.write_bytes(bytes(content))
        try:
            everything(place)
        except Refused as refused:
            assert refused.findings
