"""``kouan efficiency``: files in, files out, no database."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

BRANCHES = "uCode,uName,staff,area,sales\nA,甲,4,3,1\nB,乙,7,3,1\nC,丙,8,1,1\nD,丁,4,2,1\nE,戊,2,4,1\nF,己,10,1,1\n"
COLUMNS = ("--inputs", "staff,area", "--outputs", "sales")


@pytest.fixture
def data(tmp_path: Path) -> str:
    (tmp_path / "branches.csv").write_text(BRANCHES, encoding="utf-8-sig")
    return str(tmp_path / "branches.csv")


def rows(place: Path) -> dict[str, dict[str, str]]:
    with place.open(encoding="utf-8", newline="") as file:
        return {row["uCode"]: row for row in csv.DictReader(file)}


def test_scores_and_slacks_into_a_file(kouan, data: str, tmp_path: Path) -> None:
    to = tmp_path / "scores.csv"
    done = kouan("efficiency", "--data", data, *COLUMNS, "--slacks", "--out", str(to))
    assert done.status == 0 and "6 个单位，有效 3 个" in done.out
    found = rows(to)
    assert list(found["A"])[:6] == ["uCode", "efficiency", "peers", "slack_staff", "slack_area", "slack_sales"]
    assert float(found["A"]["efficiency"]) == pytest.approx(6 / 7, abs=1e-15) and found["A"]["peers"] == "D;E"
    assert float(found["F"]["slack_staff"]) == pytest.approx(2) and float(found["F"]["target_staff"]) == pytest.approx(8)
    assert list(tmp_path.glob(".*")) == []


def test_json_says_the_model_and_every_unit(kouan, data: str) -> None:
    done = kouan("efficiency", "--data", data, *COLUMNS, "--json")
    assert done.status == 0 and done.json["model"]["returns"] == "crs"
    assert [unit["uCode"] for unit in done.json["units"]] == list("ABCDEF")
    assert done.json["units"][0]["peers"][0]["uCode"] == "D"
    assert {each["code"] for each in done.json["findings"]} == {"efficiency_column_constant", "efficiency_few_units"}


def test_an_infeasible_unit_has_an_empty_cell_and_a_finding(kouan, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("uCode,x,y\nA,2,1\nB,3,3\nC,5,4\n", encoding="utf-8")
    to = tmp_path / "o.csv"
    done = kouan("-l", "en", "efficiency", "--data", str(tmp_path / "d.csv"), "--inputs", "x", "--outputs", "y", "--returns", "vrs",
                 "--super", "--out", str(to))
    assert done.status == 0 and "C: without itself the others cannot reach it" in done.err
    found = rows(to)
    assert found["C"]["efficiency"] == found["C"]["peers"] == "" and float(found["A"]["efficiency"]) == pytest.approx(1.5)


def test_the_bootstrap_is_replayed_by_its_seed(kouan, tmp_path: Path) -> None:
    place = tmp_path / "d.csv"
    place.write_text("uCode,x,y\n" + "".join(f"u{i},{2 + i % 5},{1 + (i * 7) % 11}\n" for i in range(14)), encoding="utf-8")
    first, again = (
        kouan("efficiency", "--data", str(place), "--inputs", "x", "--outputs", "y", "--bootstrap", "20", "--seed", "5", "--json")
        for _ in range(2)
    )
    assert first.status == 0 and first.json == again.json
    assert first.json["bootstrap"]["seed"] == 5 and first.json["bootstrap"]["replications"] == 20
    for unit in first.json["units"]:
        assert unit["lower"] <= unit["corrected"] <= unit["upper"] <= unit["efficiency"] + 1e-9
    assert "efficiency_few_replications" in {each["code"] for each in first.json["findings"]}


def test_benefit_of_the_doubt_with_shares(kouan, data: str, tmp_path: Path) -> None:
    to = tmp_path / "o.csv"
    done = kouan("efficiency", "--data", data, "--outputs", "staff,area", "--bod", "--share", "staff:0.2:0.7", "--out", str(to))
    assert done.status == 0
    for row in rows(to).values():
        assert 0.2 - 1e-9 <= float(row["share_staff"]) <= 0.7 + 1e-9
        assert float(row["share_staff"]) + float(row["share_area"]) == pytest.approx(1)
    assert max(float(row["efficiency"]) for row in rows(to).values()) == pytest.approx(1)


def test_years_give_the_change_of_productivity(kouan, tmp_path: Path) -> None:
    place, to = tmp_path / "d.csv", tmp_path / "o.csv"
    place.write_text("uCode,Time,x,y\nA,2022,2,2\nB,2022,4,2\nA,2023,2,3\nB,2023,4,4\n", encoding="utf-8")
    done = kouan("efficiency", "--data", str(place), "--inputs", "x", "--outputs", "y", "--year-column", "Time", "--out", str(to))
    assert done.status == 0
    found = rows(to)
    assert (found["A"]["from"], found["A"]["to"]) == ("2022", "2023")
    assert float(found["A"]["index"]) == pytest.approx(1.5) and float(found["B"]["index"]) == pytest.approx(2)
    place.write_text("uCode,Time,x,y\nA,2022,2,2\nB,2022,4,2\nA,2023,2,3\nB,2023,,4\n", encoding="utf-8")
    refused = kouan("efficiency", "--data", str(place), "--inputs", "x", "--outputs", "y", "--year-column", "Time", "--json")
    assert [each["where"] for each in refused.json["error"]["findings"]] == [
        {"file": "d.csv", "column": "x", "field": "2023", "path": "B"}]
    place.write_text("uCode,Time,x,y\nA,二〇二二,2,2\n", encoding="utf-8")
    refused = kouan("efficiency", "--data", str(place), "--inputs", "x", "--outputs", "y", "--year-column", "Time", "--json")
    assert refused.status == 1 and refused.codes == ["efficiency_no_year"]


@pytest.mark.parametrize(("options", "codes"), [
    (("--inputs", "staf", "--outputs", "sales"), ["efficiency_no_such_column"]),
    (("--inputs", "staff", "--outputs", "uName"), ["number_unreadable"] * 6),
    (("--outputs", "sales"), ["efficiency_no_input_column"]),
    ((*COLUMNS, "--returns", "irs"), ["efficiency_unknown_choice"]),
    ((*COLUMNS, "--ratio", "staff:1:2"), ["efficiency_limit_unreadable"]),
    ((*COLUMNS, "--ratio", "staff/area:1:2", "--slacks"), ["efficiency_slacks_with_limits"]),
    ((*COLUMNS, "--bod", "--super"), ["efficiency_options_clash"]),
    ((*COLUMNS, "--year-column", "Time", "--slacks"), ["efficiency_options_clash"]),
    ((*COLUMNS, "--year-column", "Time", "--returns", "vrs"), ["efficiency_options_clash"]),
    ((*COLUMNS, "--bootstrap", "5", "--confidence", "95"), ["efficiency_bootstrap_numbers"]),
    ((*COLUMNS, "--bootstrap", "5", "--super"), ["efficiency_bootstrap_model"]),
    ((*COLUMNS, "--out", "{folder}/none/o.csv"), ["file_not_written"]),
    ((*COLUMNS, "--out", "{folder}/branches.csv"), ["efficiency_out_is_data"]),
])
def test_what_is_refused_leaves_nothing(kouan, data: str, tmp_path: Path, options: tuple[str, ...], codes: list[str]) -> None:
    filled = [each.format(folder=tmp_path) for each in options]
    out = [] if "--out" in filled else ["--out", str(tmp_path / "o.csv")]
    refused = kouan("efficiency", "--data", data, *filled, *out, "--json")
    assert refused.status == 1 and refused.codes == codes
    assert [place.name for place in tmp_path.iterdir()] == ["branches.csv"]
    assert (tmp_path / "branches.csv").read_text(encoding="utf-8-sig") == BRANCHES


def test_faults_of_figures_name_file_unit_and_column(kouan, tmp_path: Path) -> None:
    place = tmp_path / "d.csv"
    place.write_text("uCode,x,y\nA,0,1\nB,,2\nC,3,1\n,4,4\n", encoding="utf-8")
    first = kouan("efficiency", "--data", str(place), "--inputs", "x", "--outputs", "y", "--json")
    assert [(each["code"], each["where"]["row"]) for each in first.json["error"]["findings"]] == [("efficiency_no_code", 5)]
    place.write_text("uCode,x,y\nA,0,1\nB,,2\nC,3,1\n", encoding="utf-8")
    told = kouan("efficiency", "--data", str(place), "--inputs", "x", "--outputs", "y", "--json").json["error"]["findings"]
    assert [(each["code"], each["where"]) for each in told] == [
        ("efficiency_not_positive", {"file": "d.csv", "row": 2, "column": "x", "path": "A"}),
        ("efficiency_missing", {"file": "d.csv", "row": 3, "column": "x", "path": "B"}),
    ]
    place.write_text("uCode,x,y\n", encoding="utf-8")
    assert kouan("efficiency", "--data", str(place), "--inputs", "x", "--outputs", "y", "--json").codes == ["efficiency_no_units"]
    place.write_text("", encoding="utf-8")
    empty = kouan("-l", "en", "efficiency", "--data", str(place), "--inputs", "x", "--outputs", "y")
    assert empty.status == 1 and "uCode,berths" in empty.err


def test_it_needs_no_django() -> None:
    """The command answers from files alone, also where nothing is installed or the database is out."""
    import subprocess
    import sys

    program = ("import sys, kouan.evaluation.method.efficiency\n"
               "sys.exit(any(m.split('.')[0] in ('django', 'duckdb', 'psycopg', 'sqlite3', 'pandas') for m in sys.modules))")
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
