"""``kouan index`` as a newcomer uses it: files in, files out, refusals in words, no database anywhere."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kouan.cli import app

RECIPES = Path(__file__).parents[2] / "recipes"
FILES = ["--data", str(RECIPES / "asem/iData.csv"), "--meta", str(RECIPES / "asem/iMeta.csv"), "--recipe", str(RECIPES / "asem-p0.yaml")]


def kouan(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_writes_every_table_and_replays(tmp_path: Path) -> None:
    done = kouan("index", "run", *FILES, "--out", str(tmp_path / "made"), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [each["uCode"] for each in told["scores"][:3]] == ["CHE", "NLD", "DNK"] and told["units"] == 51
    scores, ranks, normalised = (rows(tmp_path / "made" / name) for name in ("scores.csv", "ranks.csv", "normalised.csv"))
    assert list(scores[0])[:2] == ["uCode", "Physical"] and list(scores[0])[-1] == list(ranks[0])[-1] == "Index"
    assert len(normalised[0]) == 50 and {each["uCode"] for each in scores} == {each["uCode"] for each in ranks}
    assert float(scores[0]["Index"]) == next(each["score"] for each in told["scores"] if each["uCode"] == scores[0]["uCode"])
    again = kouan("index", "replay", str(tmp_path / "made"), "--data", FILES[1], "--json")
    assert json.loads(again.stdout)["result_digest"] == told["result_digest"]
    changed = tmp_path / "other.csv"
    changed.write_text(Path(FILES[1]).read_text(encoding="utf-8").replace('"4.0979850000000004"', '"4.2"', 1), encoding="utf-8")
    refused = kouan("index", "replay", str(tmp_path / "made"), "--data", str(changed), "--json")
    assert refused.exit_code == 1 and json.loads(refused.stdout)["error"]["findings"][0]["code"] == "recipe_data_differ"
    (tmp_path / "made/record.json").write_text("{", encoding="utf-8")
    refused = kouan("index", "replay", str(tmp_path / "made"), "--data", FILES[1], "--json")
    assert json.loads(refused.stdout)["error"]["findings"][0]["code"] == "record_unusable"


def test_no_home_and_no_database_are_made(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KOUAN_")}
    done = subprocess.run([str(Path(sys.executable).with_name("kouan")), "index", "run", *FILES, "--out", "made"], cwd=tmp_path,
                          env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["made"] and "CHE" in done.stdout and "位次" in done.stdout


def test_robustness_from_the_command_line(tmp_path: Path) -> None:
    done = kouan("index", "uncertainty", *FILES, "--runs", "64", "--out", str(tmp_path / "u"), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["runs"] == 64 and told["units"][0]["uCode"] == "CHE" and told["units"][0]["band"] == 1
    assert len(rows(tmp_path / "u/runs.csv")) == len(rows(tmp_path / "u/run_scores.csv")) == 64
    done = kouan("index", "sensitivity", *FILES, "--base", "32", "--out", str(tmp_path / "s"), "--json")
    assert {each["factor"] for each in json.loads(done.stdout)["mean_rank_shift"]} >= {"normalise", "weights"}
    assert len(rows(tmp_path / "s/sobol.csv")) == 52 * 6
    done = kouan("index", "reversal", *FILES, "--json")
    assert len(json.loads(done.stdout)) == 51
    design, weights = tmp_path / "d.csv", tmp_path / "w.csv"
    design.write_text("run,normalise,weights\na,minmax 0 100,\nb,rank,w\n", encoding="utf-8")
    weights.write_text("iCode,w\nConn,3\nSust,1\n", encoding="utf-8")
    done = kouan("index", "uncertainty", *FILES, "--design", str(design), "--weights", str(weights), "--out", str(tmp_path / "d"), "--json")
    assert done.exit_code == 0 and rows(tmp_path / "d/ranks.csv")[0].keys() == {"uCode", "a", "b"}


@pytest.mark.parametrize(("text", "code"), [
    ("uName\nX\n", "data_columns"), ("uCode\n", "data_empty"), ("uCode,LPI\nA,viel\n", "cell_not_number"), ("uCode,LPI\n,1\n", "unit_without_code"),
    ("uCode,LPI,LPI\nA,1,1\n", "column_repeated"), ("uCode,LPI\nA,1\nB,2\n", "indicator_without_data"), ("uCode,LPI\nA,inf\n", "cell_not_number"),
    ("uCode,LPI\nA,1\nA,2\n", "unit_repeated"),
])
def test_data_that_cannot_be_used_are_refused_with_the_place(tmp_path: Path, text: str, code: str) -> None:
    data = tmp_path / "数据.csv"
    data.write_text(text, encoding="gb18030")
    done = kouan("index", "run", "--data", str(data), *FILES[2:], "--out", str(tmp_path / "made"), "--json")
    assert done.exit_code == 1 and json.loads(done.stdout)["error"]["findings"][0]["code"] == code
    assert not (tmp_path / "made").exists(), "a refused run left something behind"


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    for content, code in ((b"\x00\x01\x02", "file_not_csv"), (b"\xff\xfe\xff\xff\x80", "file_encoding")):
        data = tmp_path / "data.csv"
        data.write_bytes(content)
        done = kouan("index", "run", "--data", str(data), *FILES[2:], "--out", str(tmp_path / "made"), "--json")
        assert done.exit_code == 1 and json.loads(done.stdout)["error"]["findings"][0]["code"] == code
