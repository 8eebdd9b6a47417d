"""The door for any table: as somebody uses it who has a file and nothing else."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from kouan.basis import Refused
from kouan.cli import app
from kouan.collection.checks import examine_table
from kouan.collection.checks.columns import shaped
from kouan.collection.vetting.files import HEADINGS, columns_in

MONTHS = [(2019 + n // 12, n % 12 + 1) for n in range(60)]


def figure(lane: int, n: int) -> int:
    """A lane's count, a little different each month; all of lane 2's year 2021 says 1."""
    return 1 if lane == 2 and 24 <= n < 36 else 4000 * lane + 300 * (n % 12) + n * 53 * lane % 97


@pytest.fixture
def lanes(tmp_path: Path) -> Path:
    """Three lanes by month, as an agency publishes them: headings with blanks, months in words, places at the end."""
    path = tmp_path / "lanes.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Lane", "Port Code", "Date", "Measure", "Value", "Latitude", "Point"])
        for lane in (1, 2, 3):
            for n, (year, month) in enumerate(MONTHS):
                words = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month - 1]
                writer.writerow([f"lane {lane}", "0101", f"{words} {year}", "Trucks", figure(lane, n), 44.5, "POINT (1 2)"])
    return path


def kouan(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_findings_are_written_for_other_programs(lanes: Path, tmp_path: Path) -> None:
    done = kouan("checks", "table", str(lanes), "--subject", "Lane", "--out", str(tmp_path / "findings.csv"))
    assert done.exit_code == 0 and "1 处可疑，1 个起因" in done.output
    [row] = read(tmp_path / "findings.csv")
    assert tuple(row) == HEADINGS
    assert {name: row[name] for name in ("rank", "kind", "entity", "measure", "period", "period_last", "periods", "severity", "value")} == {
        "rank": "1", "kind": "all_ones", "entity": "lane 2", "measure": "Trucks", "period": "2021-01", "period_last": "2021-12",
        "periods": "12", "severity": "error", "value": "1.0"}
    assert 0.5 <= float(row["confidence"]) <= 1 and float(row["expected"]) > 8000
    assert "占位数" in row["message_zh"] and "placeholder" in row["message_en"]
    assert kouan("checks", "table", str(lanes), "--subject", "Lane", "--out", str(tmp_path / "findings.json")).exit_code == 0
    told = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    assert [(one["check"], one["cause"]) for one in told["suspicions"]] == [("all_ones", "1")]


def test_what_cannot_be_used_is_said(lanes: Path, tmp_path: Path) -> None:
    refused = kouan("checks", "table", str(lanes), "--value", "Values")
    assert refused.exit_code == 1 and "表中没有“Values”列" in refused.output
    refused = kouan("-l", "en", "checks", "table", str(lanes), "--subject", "Lane", "--out", str(tmp_path / "nowhere" / "f.csv"))
    assert refused.exit_code == 1 and "Cannot write f.csv" in refused.output
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert kouan("checks", "table", str(picture)).exit_code == 1


def test_files_of_every_kind_give_the_same(lanes: Path, tmp_path: Path) -> None:
    columns = columns_in(lanes)
    packed = tmp_path / "lanes.csv.gz"
    packed.write_bytes(gzip.compress(lanes.read_bytes()))
    assert columns_in(packed) == columns
    book = openpyxl.Workbook()
    book.create_sheet("数据")
    for row in zip(*([name, *cells] for name, cells in columns.items()), strict=True):
        book["数据"].append(row)
    book.save(tmp_path / "lanes.xlsx")
    assert columns_in(tmp_path / "lanes.xlsx", "数据")["Lane"] == columns["Lane"]
    with pytest.raises(Refused, match="no sheet"):
        columns_in(tmp_path / "lanes.xlsx", "别的")


def lying(shape: str) -> Any:
    """The same figures in another shape."""
    months = [f"{year}-{month:02d}" for year, month in MONTHS]
    if shape == "lanes as columns":
        return {"month": months, **{f"lane {lane}": [figure(lane, n) for n in range(60)] for lane in (1, 2, 3)}}
    if shape == "months as headings":
        return {"lane": [f"lane {lane}" for lane in (1, 2, 3)], **{month: [figure(lane, n) for lane in (1, 2, 3)] for n, month in enumerate(months)}}
    cells = [(lane, n) for lane in (1, 2, 3) for n in range(60)]
    rows: dict[str, list[Any]] = {"lane": [f"lane {lane}" for lane, _ in cells], "trucks": [figure(lane, n) for lane, n in cells]}
    if shape == "year and month apart":
        return rows | {"Year": [float(MONTHS[n][0]) for _, n in cells], "Month": [MONTHS[n][1] for _, n in cells]}
    return rows | {"date": [f"{MONTHS[n][1]:02d}/01/{MONTHS[n][0]} 12:00:00 AM" for _, n in cells]}


@pytest.mark.parametrize("shape", ["lanes as columns", "months as headings", "year and month apart", "months first, with an hour"])
def test_tables_as_people_have_them(shape: str) -> None:
    found = examine_table(lying(shape))
    assert found.findings == []
    assert [(one.check, one.key.subject, one.first.code, one.last.code) for one in found.suspicions] == [("all_ones", "lane 2", "2021-01", "2021-12")]


def test_several_columns_of_figures_and_of_subjects() -> None:
    table = {"port": ["A", "B"], "code": ["1", "2"], "month": ["2024-01", "2024-01"], "in": [1, 2], "out": [3, 4]}
    long = shaped(table, {"subject": ["port", "code"], "value": ["in", "out"]})
    assert list(zip(long["subject"], long["measure"], long["value"], strict=True)) == [
        ("A | 1", "in", 1), ("B | 2", "in", 2), ("A | 1", "out", 3), ("B | 2", "out", 4)]
    with pytest.raises(Refused, match="no column for"):
        shaped({"port": ["A"], "figure": [1]}, {})


def test_one_matter_has_one_cause() -> None:
    """A port of three measures that is nought for a year: three suspicions, one cause; a slip elsewhere is another."""
    rows = [{"port": f"p{port}", "measure": what, "month": f"{year}-{month:02d}",
             "value": 0 if port == 1 and 24 <= n < 36 else figure(port + 5, n) + at * 1700}
            for port in range(4) for at, what in enumerate(("trucks", "buses", "cars")) for n, (year, month) in enumerate(MONTHS)
            if not (port == 2 and n < 40)]
    rows[5]["value"] *= 1000
    found = examine_table(rows)
    assert sorted((one.check, found.causes[one.code]) for one in found.suspicions) == [
        ("unit_slip", "1"), ("zero_run", "2"), ("zero_run", "2"), ("zero_run", "2")]
