"""The files of a report: what the command writes, whole or not at all, and what a reader finds in them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kouan.basis import Refused
from kouan.cli import app
from kouan.monitoring.eventlog import engine, generate, report


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log") / "events"
    generate.write(generate.Plan(cases=400, ports=("CNAAA", "CNBBB"), months=1, buckets=2), folder)
    return folder


def test_the_command_writes_the_files_and_marks_an_exercise(log: Path, tmp_path: Path) -> None:
    into = tmp_path / "deep" / "report"
    ran = CliRunner().invoke(app, ["times", "report", "--events", str(log), "--out", str(into), "--by", "port,direction"])
    assert ran.exit_code == 0, ran.output
    assert "演练" in ran.output
    assert sorted(path.name for path in into.iterdir()) == sorted(report.FILES)
    assert [each.name for each in into.parent.iterdir()] == ["report"], "nothing unfinished is left beside it"
    overall = lines(into / "overall.csv")
    assert list(overall[0]) == ["port", "direction", "whole", "n", "mean_hours", "median_hours", "p75_hours", "p90_hours", "p95_hours", "early_n"]
    assert {row["port"] for row in overall} == {"CNAAA", "CNBBB"}
    for row in (*overall, *lines(into / "segments.csv")):
        assert (row["p95_hours"] == "") == (int(row["n"]) < 30), "fewer than 30 cases show no 95th percentile"
        assert row["median_hours"].split(".")[1].__len__() == 4
    assert any(row["p95_hours"] for row in overall) and any(not row["p95_hours"] for row in lines(into / "segments.csv"))
    about = json.loads((into / "about.json").read_text(encoding="utf-8"))
    assert about["origin"] == ["exercise"] and about["cases"] == 400 and about["engine"] == "duckdb"


def test_the_graph_and_the_variants_count_every_leg_once(log: Path, tmp_path: Path) -> None:
    result = engine.run([log])
    report.write(result, tmp_path / "r")
    edges, variants = lines(tmp_path / "r" / "dfg.csv"), lines(tmp_path / "r" / "variants.csv")
    assert sum(int(row["n"]) for row in edges if not row["from"]) == result.cases == sum(int(row["n"]) for row in edges if not row["to"])
    assert all(row["mean_hours"] == "" for row in edges if not row["from"] or not row["to"])
    between = sum(int(row["n"]) for row in edges if row["from"] and row["to"])
    assert between == sum(int(row["n"]) * (int(row["steps"]) - 1) for row in variants)
    assert between + result.cases == result.events
    assert sum(int(row["n"]) for row in variants) == result.cases
    assert variants[0]["variant"].count(" > ") == int(variants[0]["steps"]) - 1
    assert abs(sum(float(row["share"]) for row in variants) - 1) < 1e-3


def test_a_merged_part_names_what_it_absorbed_and_whose_time_it_is(log: Path, tmp_path: Path) -> None:
    report.write(engine.run([log], by=(), wholes=("full_operation",)), tmp_path / "r")
    merged = [row for row in lines(tmp_path / "r" / "segments.csv") if row["absorbed"] == "docs_check" and row["to"] == "released"]
    assert merged, "some released cases lack the check of documents"
    assert {row["owner"] for row in merged} == {"customs"} and {row["nature"] for row in merged} == {"working"}
    assert {row["whole"] for row in merged} == {"full_operation@1"}


def test_a_report_replaces_a_report_and_nothing_else(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = engine.run([log])
    into = tmp_path / "r"
    report.write(result, into)
    first = (into / "overall.csv").read_bytes()
    report.write(result, into)
    assert (into / "overall.csv").read_bytes() == first and [each.name for each in tmp_path.iterdir()] == ["r"]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "_dfg", full)
    with pytest.raises(OSError, match="No space"):
        report.write(result, into)
    assert (into / "overall.csv").read_bytes() == first and [each.name for each in tmp_path.iterdir()] == ["r"]
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(Refused, match="other files"):
        report.write(result, other)
    assert (other / "cat.jpg").exists()


def test_a_foreign_log_is_reported_by_its_own_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("case:concept:name,concept:name,time:timestamp\n1,拆封,2024-01-01T00:00:00+08:00\n1,查验,2024-01-01T02:30:00+08:00\n"
                    "2,拆封,2024-01-01 00:00:00\n", encoding="utf-8")  # fmt: skip
    columns = "case_id=case:concept:name,milestone=concept:name,occurred_at=time:timestamp"
    ran = CliRunner().invoke(app, ["times", "report", "--events", str(path), "--out", str(tmp_path / "r"), "--columns", columns, "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["is_foreign"] and told["cases"] == 2 and told["events"] == 3
    rows = lines(tmp_path / "r" / "segments.csv")
    assert [(row["from"], row["to"], row["median_hours"], row["month"]) for row in rows] == [("拆封", "查验", "2.5000", "2024-01")]
    ran = CliRunner().invoke(app, ["-l", "en", "times", "report", "--events", str(path), "--out", str(tmp_path / "r2"), "--columns", "case_id"])
    assert ran.exit_code == 1 and "names no column" in ran.output


def test_the_generated_log_is_a_function_of_its_seed_and_realistic(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["times", "generate", "--out", str(tmp_path / "a"), "--cases", "300", "--months", "2", "--buckets", "2"])
    assert ran.exit_code == 0 and "演练" in ran.output
    plan = generate.Plan(cases=300, months=2, buckets=2)
    generate.write(plan, tmp_path / "b")
    first = sorted(path for path in (tmp_path / "a").rglob("*") if path.is_file())
    again = sorted(path for path in (tmp_path / "b").rglob("*") if path.is_file())
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    other = next(generate.chunks(generate.Plan(cases=300, months=2, seed=2)))
    assert not (other["occurred"][:100] == next(generate.chunks(plan))["occurred"][:100]).all()
    ran = CliRunner().invoke(app, ["times", "generate", "--out", str(tmp_path / "a")])
    assert ran.exit_code == 1, "an existing folder is left alone"
