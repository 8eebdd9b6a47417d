"""``kouan intake``, ``template``, ``sources``: counts, findings, exit statuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import a_provincial_officer
from tests.ports.factories import a_port

from kouan.collection.models import Batch, Observation

pytestmark = pytest.mark.django_db
KEYS = {"read", "accepted", "held", "refused", "observations", "revisions", "unchanged", "findings"}
HEAD = "口岸,指标,时期,方向,数值,单位\n"
GOOD = HEAD + "罗湖铁路口岸,cargo_tonnes,2022-01,合计,5,吨\n罗湖铁路口岸,cargo_tonnes,2022-02,合计,0,吨\n"


@pytest.fixture(autouse=True)
def luohu() -> None:
    """The one port in the register."""
    a_port("luohu-rail", "rail", name_zh="罗湖铁路口岸", province_code="44")


def a_file(folder: Path, text: str | bytes, name: str = "return.csv") -> str:
    place = folder / name
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(place)


def test_a_good_file_a_second_time_and_a_corrected_one(kouan: Any, tmp_path: Path) -> None:
    first = kouan("intake", a_file(tmp_path, GOOD), "--source", "port-return", "--json")
    assert first.status == 0 and set(first.json) >= KEYS
    assert [first.json[key] for key in ("read", "accepted", "held", "refused", "observations")] == [2, 2, 0, 0, 2]
    again = kouan("intake", a_file(tmp_path, GOOD), "--source", "port-return", "--json")
    assert again.status == 0 and again.json["repeated"] is True
    assert [again.json[key] for key in ("observations", "revisions", "unchanged")] == [0, 0, 2]
    corrected = kouan("intake", a_file(tmp_path, GOOD.replace(",5,", ",6,")), "--source", "port-return", "--json")
    assert [corrected.json[key] for key in ("observations", "revisions", "unchanged")] == [0, 1, 1]
    assert Observation.objects.count() == 3


def test_a_dry_run_counts_and_writes_nothing(kouan: Any, tmp_path: Path) -> None:
    ran = kouan("intake", a_file(tmp_path, GOOD), "--source", "port-return", "--dry-run", "--json")
    assert ran.status == 0 and ran.json["accepted"] == 2 and ran.json["dry_run"] is True
    assert not Batch.objects.exists()


def test_rows_that_cannot_be_accepted_end_with_status_1(kouan: Any, tmp_path: Path) -> None:
    text = GOOD + "罗湖铁路口岸,cargo_tonnes,2022-01,合计,5,吨\n罗河口岸,cargo_tonnes,2022-03,合计,5,吨\n"
    ran = kouan("intake", a_file(tmp_path, text), "--source", "port-return", "--json")
    body = ran.json
    assert ran.status == 1
    assert body["read"] == 4 == body["accepted"] + body["held"] + body["refused"]
    assert {"duplicate_row"} <= {finding["code"] for finding in body["findings"]}


@pytest.mark.parametrize("content,name", [
    (b"\x89PNG\r\n\x1a\n", "x.png"), (b"", "x.csv"), (b"PK\x03\x04broken", "x.xlsx"), ("随便,写的\n1,2\n", "x.csv"),
])
def test_a_file_that_cannot_be_taken_in_keeps_the_shape_of_the_counts(kouan: Any, tmp_path: Path, content: Any, name: str) -> None:
    ran = kouan("intake", a_file(tmp_path, content, name), "--source", "port-return", "--json")
    assert ran.status == 1
    assert set(ran.json) >= KEYS | {"error"}
    assert ran.json["read"] == 0 and ran.json["findings"]
    assert not Batch.objects.exists()


def test_words_for_people(kouan: Any, tmp_path: Path) -> None:
    ran = kouan("intake", a_file(tmp_path, GOOD), "--source", "port-return")
    assert "读取 2 行 = 接受 2 + 暂存 0 + 拒收 0" in ran.out
    ran = kouan("-l", "en", "intake", a_file(tmp_path, b"", "y.csv"), "--source", "port-return")
    assert ran.status == 1 and ran.out == "" and "✖ error" in ran.err


def test_arguments_that_cannot_be_used_end_with_status_2(kouan: Any, tmp_path: Path) -> None:
    assert kouan("intake", str(tmp_path / "nowhere.csv"), "--source", "port-return").status == 2
    assert kouan("intake", str(tmp_path), "--source", "port-return").status == 2
    assert kouan("intake", a_file(tmp_path, GOOD)).status == 2
    assert kouan("intake", a_file(tmp_path, GOOD), "--source", "nowhere", "--json").status == 1


def test_a_missing_file_keeps_the_shape_of_the_counts(kouan: Any, tmp_path: Path) -> None:
    for path, code in ((tmp_path / "没有.csv", "no_such_file"), (tmp_path, "not_a_file")):
        ran = kouan("intake", str(path), "--source", "port-return", "--json")
        assert ran.status == 2 and set(ran.json) >= KEYS | {"error", "row_findings"}
        assert [ran.json[key] for key in ("read", "accepted", "held", "refused", "observations")] == [0, 0, 0, 0, 0]
        assert ran.codes == [code] == [each["code"] for each in ran.json["findings"]]
    said = kouan("intake", str(tmp_path / "没有.csv"), "--source", "port-return")
    assert said.status == 2 and "没有文件" in said.err and "does not exist" not in said.err


def test_every_rows_finding_stands_in_the_json(kouan: Any, tmp_path: Path) -> None:
    text = HEAD + "".join(f"罗河口岸{number},cargo_tonnes,2022-01,合计,{number},吨\n" for number in range(1, 31))
    body = kouan("intake", a_file(tmp_path, text), "--source", "port-return", "--json").json
    assert [each["where"]["row"] for each in body["row_findings"]] == list(range(2, 32))
    assert body["row_findings_left"] == 0 and all(each["remedy"]["zh"] for each in body["row_findings"])
    assert {each["measured"] for each in body["findings"]} == {f"罗河口岸{number}" for number in range(1, 31)}


def test_submitting_as_a_province_stays_in_its_scope(kouan: Any, tmp_path: Path) -> None:
    a_provincial_officer("15", username="neimenggu")
    ran = kouan("intake", a_file(tmp_path, GOOD), "--source", "port-return", "--as", "neimenggu", "--json")
    assert ran.status == 1 and ran.json["accepted"] == 0
    assert not Observation.objects.exists()


def test_the_template_comes_back_in(kouan: Any, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    place = tmp_path / "报送表.xlsx"
    ran = kouan("template", str(place), "--port", "罗湖", "--measure", "cargo_tonnes", "--json")
    assert ran.status == 0 and ran.json["bytes"] == place.stat().st_size
    book = load_workbook(place)
    assert "填报" in book.sheetnames
    empty = kouan("intake", str(place), "--source", "port-return", "--json")
    assert empty.json["accepted"] == 0
    assert kouan("template", str(tmp_path / "no" / "folder.xlsx"), "--port", "罗湖").status == 2
    assert kouan("template", str(place), "--port", "nowhere", "--json").status == 1


def test_sources_are_listed_and_shown(kouan: Any) -> None:
    listed = kouan("sources", "list", "--json")
    assert [each["id"] for each in listed.json] == [
        "hk-control-points", "operation-counts", "operation-times", "port-daily", "port-half-year", "port-return", "press-facts",
        "us-border-crossing"]
    assert kouan("sources", "show", "us-border-crossing", "--json").json["known_faults"]
    assert "口径" in kouan("sources", "show", "hk-control-points").out
    assert kouan("sources", "show", "hk-control-point", "--json").codes == ["unknown_source"]
