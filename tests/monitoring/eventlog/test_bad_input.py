"""What cannot be read is refused in words that say where and what to do."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kouan.basis import Refused
from kouan.monitoring.eventlog import engine

HEAD = "case_id,milestone,occurred_at\n"


def refusal(path: Path, text: str, **asked: object) -> Refused:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as caught:
        engine.run([path], **asked)  # type: ignore[arg-type]
    return caught.value


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    found = refusal(tmp_path / "a.csv", "case,milestone,occurred_at\nC1,a,2026-01-01\n").findings
    assert [each.code for each in found] == ["no_such_column"]
    assert "case_id" in found[0].message.zh and "case、milestone" in found[0].remedy.zh  # type: ignore[union-attr]
    found = refusal(tmp_path / "a.csv", HEAD + "C1,a,2026-01-01\n", columns={"milestone": "activty", "colour": "x"}).findings
    assert [each.code for each in found] == ["no_such_column", "unknown_column_name"]


@pytest.mark.parametrize(("row", "code", "line"), [
    ("C1,a,2026-13-01", "unreadable_timestamp", 3), ("C1,a,", "unreadable_timestamp", 3), ("C1,a,yesterday", "unreadable_timestamp", 3),
    (",a,2026-01-01", "cell_empty", 3), ("C1,,2026-01-01", "cell_empty", 3),
])  # fmt: skip
def test_a_cell_that_cannot_be_read_is_told_with_its_row(tmp_path: Path, row: str, code: str, line: int) -> None:
    finding = refusal(tmp_path / "a.csv", f"{HEAD}C1,a,2026-01-01\n{row}\n").findings[0]
    assert (finding.code, finding.where.row) == (code, line)


def test_a_parquet_row_without_a_time_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql("SELECT 'C' || i AS case_id, 'a' AS milestone, CASE WHEN i <> 3 THEN TIMESTAMP '2026-01-01' END AS occurred_at "
               "FROM range(1, 6) t(i)").write_parquet(str(path))  # fmt: skip
    with pytest.raises(Refused) as caught:
        engine.run([path])
    assert (caught.value.findings[0].code, caught.value.findings[0].where.row) == ("unreadable_timestamp", 3)


@pytest.mark.parametrize("text", [HEAD, "case_id,case_kind,mode,direction,port,milestone,occurred_at\n"])
def test_a_file_without_events_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path / "a.csv", text).findings[0].code == "no_events"


def test_no_files_wrong_files_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no event files"):
        engine.run([tmp_path])
    with pytest.raises(Refused, match="no such event file"):
        engine.run([tmp_path / "absent.csv"])
    broken = tmp_path / "a.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(Refused) as caught:
        engine.run([broken])
    assert caught.value.findings[0].code == "unreadable_file"
    good = tmp_path / "b.csv"
    good.write_text(HEAD + "C1,a,2026-01-01\n", encoding="utf-8")
    with pytest.raises(Refused) as caught:
        engine.run([broken, good])
    assert caught.value.findings[0].code == "mixed_formats"


@pytest.mark.parametrize(("asked", "code"), [
    ({"by": ("harbour",)}, "unknown_grouping"), ({"engine": "pandas"}, "unknown_engine"), ({"wholes": ("nap",)}, "unknown_whole"),
])  # fmt: skip
def test_questions_that_have_no_answer(tmp_path: Path, asked: dict[str, object], code: str) -> None:
    text = "case_id,case_kind,mode,direction,port,milestone,occurred_at\nC1,container,sea,inbound,P1,arrived,2026-01-01\n"
    assert refusal(tmp_path / "a.csv", text, **asked).findings[0].code == code


def test_a_milestone_and_a_flow_that_nobody_knows_are_told_and_the_rest_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("case_id,case_kind,mode,direction,port,milestone,occurred_at\nC1,container,sea,inbound,P1,arived,2026-01-01\n"
                    "C1,container,sea,inbound,P1,released,2026-01-02\n", encoding="utf-8")  # fmt: skip
    result = engine.run([path])
    assert [each.code for each in result.findings] == ["unknown_milestone"] and result.events == 2
    path.write_text("case_id,case_kind,mode,direction,port,milestone,occurred_at\nC1,parcel,sea,inbound,P1,arrived,2026-01-01\n", encoding="utf-8")
    assert [each.code for each in engine.run([path]).findings] == ["no_flow"]
