"""Why a score is what it is, and why it changed: parts that add up, whatever the data; and the commands that show it."""

from __future__ import annotations

import csv
import io
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.evaluation.index.builders import a_framework, a_table
from tests.evaluation.index.test_asem import FRAMEWORK, TABLE, result_of
from typer.testing import CliRunner

from kouan.basis import Refused
from kouan.cli import app
from kouan.evaluation.method.index import Framework, Recipe, Table, files, run
from kouan.evaluation.method.index.analysis import (
    State,
    analyse,
    decompose,
    explain,
    of_year,
    read_result,
    removals,
)
from kouan.evaluation.method.index.analysis.change import mixed
from kouan.evaluation.method.index.analysis.shares import in_force, shares_in

NAN = float("nan")
FEW = settings(max_examples=20, deadline=None)
FIGURES = st.floats(-1e3, 1e3, allow_nan=False).map(lambda v: round(v, 2))
ROWS = arrays(float, (5, 4), elements=FIGURES)
ROOT = Path(__file__).parents[3]


def a_recipe(**parts):
    return Recipe.from_dict({"recipe": "test", **parts})


PLAIN = a_recipe()
METHODS = (
    PLAIN,
    a_recipe(normalise={"method": "minmax", "range": [1, 100]}, aggregate="geometric"),
    a_recipe(normalise={"method": "zscore"}),
    a_recipe(treat={}, weigh="equal", normalise={"method": "percentile_rank"}),
)


def codes(refused: Any) -> list[str]:
    return [each.code for each in refused.value.findings]


def side(values, recipe=PLAIN, **more) -> State:
    return State(a_framework(directions=(1, -1, 1, -1), **more), a_table(values), recipe)


@given(ROWS, ROWS, st.sampled_from(METHODS), st.sampled_from(METHODS), st.integers(0, 4))
@FEW
def test_the_parts_add_up_to_the_difference(old, new, first, second, row) -> None:
    one, two = side(old, first, Weight=[1, 2, 3, 4]), side(new, second)
    found = decompose(one, two, f"u{row}")
    assert found.before == pytest.approx(run(one.framework, one.table, first).index[row], abs=1e-12)
    assert found.after == pytest.approx(run(two.framework, two.table, second).index[row], abs=1e-12)
    assert sum(part.change for part in found.parts) == pytest.approx(found.after - found.before, abs=1e-9)
    back = decompose(two, one, f"u{row}")
    assert [part.change for part in back.parts] == pytest.approx([-part.change for part in found.parts], abs=1e-9)
    if found.indicators:
        for at, part in enumerate(found.parts):
            summed = sum((each.data, each.method, each.peers)[at] for each in found.indicators)
            assert summed == pytest.approx(part.change, abs=1e-9)


@given(ROWS, ROWS, st.integers(0, 4))
@FEW
def test_a_factor_that_did_not_change_has_no_part(old, new, row) -> None:
    unit = f"u{row}"
    own = old.copy()
    own[row] = new[row]
    others = new.copy()
    others[row] = old[row]
    for values, recipe, alone in ((own, PLAIN, "data"), (others, PLAIN, "peers"), (old, METHODS[3], "method")):
        found = decompose(side(old), side(values, recipe), unit)
        for part in found.parts:
            expected = found.after - found.before if part.factor == alone else 0.0
            assert part.change == pytest.approx(expected, abs=1e-9), part.factor


def test_the_parts_are_the_mean_over_the_orders() -> None:
    rng = np.random.default_rng(3)
    found = decompose(side(rng.normal(size=(6, 4))), side(rng.normal(size=(6, 4)), METHODS[1]), "u2")
    total = dict.fromkeys(("data", "method", "peers"), 0.0)
    for order in itertools.permutations(total):
        held = dict.fromkeys(total, "o")
        for factor in order:
            before = found.runs["".join(held.values())]
            held[factor] = "n"
            total[factor] += (found.runs["".join(held.values())] - before) / 6
    assert {part.factor: part.change for part in found.parts} == pytest.approx(total, abs=1e-12)
    assert found.parts[0].first == found.runs["noo"] - found.runs["ooo"]
    assert found.parts[2].last == found.runs["nnn"] - found.runs["nno"]
    assert not found.indicators and found.findings[0].code == "change_not_by_indicator"


def test_peers_may_come_and_go_and_indicators_too() -> None:
    old = side([[1, 2, 3, 4], [4, 3, 2, 1], [2, 2, 5, 5]])
    table = a_table([[2, 2, 3, 4, 7], [4, 3, 2, 1, 9], [2, 2, 5, 5, 8], [9, 9, 9, 9, 1]])
    new = State(a_framework(5), table, PLAIN)
    found = decompose(old, new, "u0")
    assert sum(part.change for part in found.parts) == pytest.approx(found.after - found.before, abs=1e-9)
    assert [each.code for each in found.indicators] == ["i0", "i1", "i2", "i3", "i4"]
    merged = mixed(old.table, table, "u1")
    assert merged.units == table.units and np.isnan(merged.column("i4")[1]) and merged.column("i4")[0] == 7
    assert merged.column("i0")[1] == 4
    turned = mixed(a_table([[1, 2], [3, 4]]).select(("i1", "i0")), a_table([[5, 6], [7, 8]]), "u1")
    assert turned.column("i0").tolist() == [5, 3] and turned.column("i1").tolist() == [6, 4], "by code, not by place"


def test_groups_and_denominators_go_with_the_row() -> None:
    def of(area: float, group: str) -> Table:
        return a_table(
            [[2, 1], [4, 2], [9, NAN]],
            groups={"kind_group": (group, "x", "y")},
            denominators={"area": np.array([area, 2.0, 3.0])},
        )

    framework = a_framework(2, Denominator=["area", ""])
    recipe = a_recipe(denominate=True, impute={"method": "group_mean", "group": "kind_group"})
    found = decompose(State(framework, of(0.8, "x"), recipe), State(framework, of(2.0, "y"), recipe), "u0")
    assert [part.change for part in found.parts][1:] == pytest.approx([0, 0], abs=1e-12)
    assert found.parts[0].change == pytest.approx(found.difference) and found.difference != 0


def test_what_cannot_be_told_apart_is_refused() -> None:
    old = side([[1, 2, 3, 4], [4, 3, 2, 1]])
    gaps = side([[NAN, NAN, NAN, NAN], [4, 3, 2, 1]])
    with pytest.raises(Refused) as caught:
        decompose(old, gaps, "u0")
    assert codes(caught) == ["change_not_decomposable"]
    with pytest.raises(Refused) as caught:
        decompose(old, side([[1, 1, 1, 1], [2, 2, 2, 2]], a_recipe(aggregate="geometric")), "u0")
    assert codes(caught) == ["mean_undefined"] and "new" in str(caught.value.findings[0].where)
    for wrong in (lambda: decompose(old, old, "u9"), lambda: decompose(old, old, "u0", node="g9")):
        with pytest.raises(Refused):
            wrong()


def in_years(recipe: Recipe):
    values = np.array([[1, 2, 3, 4], [4, 3, 2, 1], [2, NAN, 2, 2], [5, 3, 1, 2.0]])
    table = Table(("a", "b", "a", "b"), ("i0", "i1", "i2", "i3"), values, times=("2022", "2022", "2023", "2023"))
    return run(a_framework(), table, recipe)


def test_two_years_of_one_result() -> None:
    recipe = a_recipe(
        impute={"method": "last_value", "factor": 1.0}, normalise={"method": "minmax"}
    )
    result = in_years(recipe)
    found = decompose(State.of(result, "2022"), State.of(result, "2023"), "a")
    assert found.before == pytest.approx(result.index[0]) and found.after == pytest.approx(result.index[2])
    year = of_year(result, "2023")
    assert year.scores.units == ("a", "b") and year.filled[0, 1] and np.isnan(year.raw.values[0, 1])
    assert np.allclose(year.index, result.index[2:], atol=1e-12)
    assert explain(result, "a", year="2023")[-1].source.row == 4, "the row of the file, not of the year"
    for wrong in (None, "1999"):
        with pytest.raises(Refused):
            State.of(result, wrong)
        with pytest.raises(Refused):
            of_year(result, wrong)
    jointly = in_years(a_recipe(years="jointly"))
    assert np.allclose(of_year(jointly, "2022").index, jointly.index[:2])
    with pytest.raises(Refused) as caught:
        State.of(jointly, "2022")
    assert codes(caught) == ["change_years_jointly"]
    found = analyse(result)
    assert found.summary["year"] == "2023" and len(found.rows["trends"]) == 8
    assert {"year_chosen", "series_too_short"} <= {each.code for each in found.findings}


@pytest.mark.parametrize("name", ["asem-p0", "asem-gaps", "asem-zscore", "asem-mixed", "asem-copeland"])
def test_an_explanation_adds_up(name) -> None:
    result = result_of(name)
    effects = {row.code: row for row in removals(result)[0]}
    for unit in ("CHN", "LAO", "CHE"):
        row = result.scores.units.index(unit)
        nodes = explain(result, unit)
        assert nodes[0].code == "Index" and len(nodes) == 60
        assert nodes[0].points == pytest.approx(result.index[row])
        leaves = [node for node in nodes if node.level == 1]
        if name in ("asem-p0", "asem-gaps", "asem-zscore"):
            assert sum(node.to_index for node in leaves) == pytest.approx(result.index[row], abs=1e-9)
        else:
            assert all(np.isnan(node.to_index) for node in leaves)
        for code in FRAMEWORK.aggregates:
            below = [node for node in nodes if node.parent == code]
            assert sum(node.in_force for node in below) == pytest.approx(1, abs=1e-12)
            if not np.isnan(below[0].to_parent):
                given = sum(node.to_parent for node in below)
                assert given == pytest.approx(result.scores.column(code)[row], abs=1e-9)
        for node in leaves:
            value = result.raw.column(node.code)[row]
            assert node.steps[0].value == value or np.isnan(value)
            assert node.source.column == node.code and TABLE.units[node.source.row - 2] == unit
            assert node.code in effects and all(text for text in (node.said.zh, node.said.en))
            if np.isfinite(node.points):
                assert node.steps[-1].value == node.points


def test_what_is_missing_gives_its_weight_to_the_others() -> None:
    result = run(a_framework(4), a_table([[NAN, 2, 3, 4], [4, 3, 2, 1], [2, 2, 5, NAN]]), PLAIN)
    assert in_force(result, 0, "g0") == {"i0": 0.0, "i2": 1.0}
    assert shares_in(result, 0, "top")["i0"] == 0.0
    first = {node.code: node for node in explain(result, "u0")}
    assert first["i0"].weight == 0.5 and first["i0"].to_parent == 0 and "no raw figure" in first["i0"].said.en
    assert "Not counted: i0" in first["g0"].said.en and "未计入：i0" in first["g0"].said.zh
    assert "(100.0% in force)" in first["i2"].said.en
    nothing = run(a_framework(2, groups=1), a_table([[NAN, NAN], [1, 2], [2, 3]]), PLAIN)
    assert "not scored" in explain(nothing, "u0")[0].said.en and shares_in(nothing, 0, "top") is None


def test_every_step_is_told() -> None:
    result = result_of("asem-p0")
    lao = {node.code: node for node in explain(result, "LAO")}
    assert [step.name for step in lao["Elec"].steps][:3] == ["raw", "denominated", "imputed"]
    assert "no usable “Energy”" in lao["Elec"].said.en
    named = {step.name for unit in ("LUX", "SGP", "MLT") for node in explain(result, unit) for step in node.steps}
    assert named == {"raw", "denominated", "imputed", "treated", "normalised"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    kept = tmp_path_factory.mktemp("index")
    for name in ("asem-p0", "asem-zscore"):
        files.write_result(result_of(name), kept / name)
    return {name: kept / name for name in ("asem-p0", "asem-zscore")}


def kouan(*arguments: Any) -> tuple[int, str]:
    ended = CliRunner().invoke(app, [str(each) for each in arguments], env={"COLUMNS": "200", "TERM": "dumb"})
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, ended.stdout


def test_a_folder_is_read_back_as_it_was(folders, tmp_path) -> None:
    result = read_result(folders["asem-p0"])
    assert result.digest == result_of("asem-p0").digest and result.given.digest == TABLE.digest
    assert result.given.names == TABLE.names
    (tmp_path / "record.json").write_text((folders["asem-p0"] / "record.json").read_text())
    for wanted in ("data_not_kept", "recipe_data_differ", "record_unusable"):
        with pytest.raises(Refused) as caught:
            read_result(tmp_path)
        assert codes(caught) == [wanted]
        text = (folders["asem-p0"] / "data.csv").read_text().replace("AUT,Austria", "AUX,Austria")
        (tmp_path / "data.csv").write_text(text)
        if wanted == "recipe_data_differ":
            (tmp_path / "record.json").write_text("[]")


def test_the_commands(folders, tmp_path) -> None:
    one, two = folders["asem-p0"], folders["asem-zscore"]
    status, said = kouan("index", "explain", one, "--unit", "CHN", "--json")
    nodes = json.loads(said)["nodes"]
    assert status == 0 and nodes[0]["effect"] is None and nodes[3]["source"] == {"file": "data.csv", "row": 36, "column": "LPI"}
    status, said = kouan("index", "explain", one, "--unit", "CHN")
    assert status == 0 and "“Logistics Performance Index”" in said and "data.csv" in said
    status, said = kouan("index", "explain", one, "--unit", "XXX", "--json")
    assert status == 1 and json.loads(said)["error"]["findings"][0]["code"] == "unit_unknown"
    status, said = kouan("index", "compare", one, two, "--json")
    assert status == 0 and json.loads(said)["n"] == 51
    assert "51 units" in kouan("-l", "en", "index", "compare", one, two)[1]
    status, said = kouan("index", "change", one, two, "--unit", "CHN", "--json")
    found = json.loads(said)
    assert status == 0 and sum(part["change"] for part in found["parts"]) == pytest.approx(found["difference"], abs=1e-9)
    assert "GDPGrow" in kouan("index", "change", one, two, "--unit", "CHN")[1]
    status, said = kouan("index", "analyse", one, "--out", tmp_path / "out", "--json")
    written = {Path(each).name: Path(each).read_text(encoding="utf-8") for each in json.loads(said)["files"]}
    assert status == 0 and "removal.csv" in written
    rows = list(csv.DictReader(io.StringIO(written["statistics.csv"])))
    assert len(rows) == 49 and rows[1]["Flag.SkewKurt"] == "OUT" and float(rows[0]["Mean"]) == TABLE.column("LPI").mean()
    assert len(list(csv.DictReader(io.StringIO(written["strengths_coinr.csv"])))) == 510
    assert "nan" not in written["correlations.csv"] and json.loads(written["summary.json"])["units"] == 51


def test_the_commands_on_several_years(tmp_path) -> None:
    files.write_result(in_years(a_recipe(impute={"method": "last_value"})), tmp_path / "years")
    assert read_result(tmp_path / "years").given.times == ("2022", "2022", "2023", "2023")
    status, said = kouan("index", "explain", tmp_path / "years", "--unit", "a", "--json")
    assert status == 1 and json.loads(said)["error"]["findings"][0]["code"] == "year_wanted"
    status, said = kouan("-l", "en", "index", "explain", tmp_path / "years", "--unit", "a", "--year", "2023")
    assert status == 0 and "filled with 2 (last_value)" in said and "row 4, column “i1”" in said
    years = ("--year-first", "2022", "--year-second", "2023")
    status, said = kouan("index", "change", tmp_path / "years", tmp_path / "years", "--unit", "a", *years)
    assert status == 0 and "其他对象" in said and "i2" in said and "i0" not in said
    status, said = kouan("index", "compare", tmp_path / "years", tmp_path / "years", *years)
    assert status == 0 and "2 个对象" in said
    status, said = kouan("-l", "en", "index", "analyse", tmp_path / "years", "--out", tmp_path / "out")
    assert status == 0 and "Indicators of most effect" in said and (tmp_path / "out" / "trends.csv").is_file()


def test_degenerate_results_are_analysed_with_findings_and_without_nan() -> None:
    for values in ([[1, 1, 1, 1]], [[1, 1, 1, 1], [1, 1, 1, 1]], [[NAN, 1, 1, 2], [NAN, 1, NAN, 3], [NAN, 1, 2, 4]]):
        found = analyse(run(a_framework(), a_table(values), PLAIN))
        assert found.findings and "NaN" not in found.texts["summary.json"]
        assert all("nan" not in text for name, text in found.texts.items() if name.endswith(".csv"))
    silent = analyse(run(a_framework(), a_table([[1, 2, 3, 4], [NAN] * 4, [2, 3, 1, 2]]), PLAIN))
    assert "unit_without_data" in {each.code for each in silent.findings}
    assert "u1,4,0,4,0,\n" in silent.texts["availability.csv"], "nothing there: no share of it can be zero"
    single = Framework.from_rows(
        [{"iCode": "i0", "Level": "1", "Parent": "top"}, {"iCode": "top", "Level": "2", "Type": "Aggregate"}]
    )
    found = analyse(run(single, a_table([[1], [2], [3]]), PLAIN))
    assert {"alpha_one_child", "element_is_all"} <= {each.code for each in found.findings}
