"""The ASEM recipes: against an independent calculation, against figures that COINr has published, and against themselves."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.index.builders import plain_default_run

from kouan.evaluation.method.index import files, run

ROOT = Path(__file__).parents[3]
RECIPES = sorted(each.stem for each in (ROOT / "recipes").glob("asem-*.yaml"))
KEPT = json.loads((Path(__file__).parent / "asem.json").read_text(encoding="utf-8"))
FRAMEWORK = files.read_framework(ROOT / "recipes/asem/iMeta.csv")
TABLE = files.read_data(ROOT / "recipes/asem/iData.csv", FRAMEWORK)


def result_of(name: str):
    return run(FRAMEWORK, TABLE, files.read_recipe(ROOT / f"recipes/{name}.yaml"))


def rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "recipes/asem" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_default_run_is_what_plain_arithmetic_gives() -> None:
    expected = plain_default_run(rows("iData.csv"), rows("iMeta.csv"), "EurAsia_group")
    result = result_of("asem-p0")
    for code in FRAMEWORK.aggregates:
        for unit, found in zip(result.scores.units, result.scores.column(code), strict=True):
            assert found == pytest.approx(expected[code][unit], abs=1e-9), f"{code} {unit}"
    for code in FRAMEWORK.indicators:
        for unit, found in zip(result.scores.units, result.normalised.column(code), strict=True):
            assert found == pytest.approx(expected[code][unit], abs=1e-9), f"{code} {unit}"


def test_the_default_run_leads_to_the_published_places() -> None:
    """The first five as COINr's documentation of its example shows them, to two decimals."""
    result = result_of("asem-p0")
    by_unit = dict(zip(result.scores.units, result.index, strict=True))
    assert {unit: round(by_unit[unit], 2) for unit in ("CHE", "NLD", "DNK", "NOR", "BEL")} == {
        "CHE": 68.38,
        "NLD": 64.82,
        "DNK": 64.80,
        "NOR": 64.47,
        "BEL": 63.54,
    }
    assert [result.scores.units[i] for i in result.places.column("Index").argsort()[:5]] == [
        "CHE",
        "NLD",
        "DNK",
        "NOR",
        "BEL",
    ]


def test_every_recipe_of_the_list_is_there() -> None:
    wanted = "p0 zscore rank borda prank dist2max gmean-zscore gmean hmean powermean mixed copeland pca dist2targ gaps gaps-threshold"
    assert {f"asem-{each}" for each in wanted.split()} == set(RECIPES) == set(KEPT)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_gives_its_kept_scores(name: str) -> None:
    """Regression: scores of the index and of every aggregate of the first and last country, places of all."""
    result = result_of(name)
    held = KEPT[name]
    assert result.scores.units == tuple(held["units"])
    for unit, kept in held["scores"].items():
        found = result.scores.values[result.scores.units.index(unit)]
        assert np.allclose(
            found, [np.nan if each is None else each for each in kept], rtol=0, atol=1e-9, equal_nan=True
        ), unit
    assert np.allclose(
        result.index, [np.nan if each is None else each for each in held["index"]], rtol=0, atol=1e-9, equal_nan=True
    )
    assert [None if each != each else int(each) for each in result.places.column("Index")] == held["places"]


def test_variants_agree_where_their_definitions_say_so() -> None:
    """Borda is the rank less one; the distance to the maximum is min-max 0–1; means lie in the order that mathematics gives."""
    of = {
        name: result_of(f"asem-{name}")
        for name in (
            "p0",
            "rank",
            "borda",
            "dist2max",
            "gmean",
            "hmean",
            "powermean",
            "prank",
            "gaps",
            "gaps-threshold",
        )
    }
    assert np.allclose(of["rank"].index - 1, of["borda"].index, atol=1e-9)
    assert np.allclose(of["borda"].normalised.values / 50, of["prank"].normalised.values, atol=1e-12)
    assert np.allclose(of["dist2max"].index * 100, of["p0"].index, atol=1e-9)
    assert (of["hmean"].index <= of["gmean"].index + 1e-9).all() and (
        of["gmean"].index <= of["powermean"].index + 1e-9
    ).all()
    # A pillar that is there is the same with and without the threshold; above it, a missing pillar shifts the weights.
    for code in FRAMEWORK.at_level(2):
        held, free = of["gaps-threshold"].scores.column(code), of["gaps"].scores.column(code)
        below = np.isfinite(of["gaps"].normalised.select(FRAMEWORK.children(code)).values).mean(axis=1) < 0.8
        assert np.array_equal(np.isnan(held), below) and np.allclose(held[~below], free[~below], atol=1e-12), code
    assert np.isnan(of["gaps-threshold"].scores.values).sum() > np.isnan(of["gaps"].scores.values).sum()


def test_first_components_are_those_of_the_singular_values() -> None:
    """Another way to the same weights: the first right singular vector of the standardised pillars."""
    result, plain = result_of("asem-pca"), result_of("asem-p0")
    for parent in ("Conn", "Sust"):
        codes = FRAMEWORK.children(parent)
        x = np.column_stack([plain.scores.column(code) for code in codes])
        x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
        first = np.linalg.svd(x, full_matrices=False)[2][0]
        found = np.array([result.weights[code] for code in codes])
        assert np.allclose(np.abs(found), np.abs(first), atol=1e-9) and np.allclose(np.abs(found @ first), 1.0)
    assert "pca_mixed_signs" in {each.code for each in result.findings}


def test_effective_weights_of_the_default_framework() -> None:
    effective = dict(zip(FRAMEWORK.indicators, FRAMEWORK.effective_weights(), strict=True))
    assert effective["LPI"] == pytest.approx(1 / 2 / 5 / 8) and effective["Renew"] == pytest.approx(1 / 2 / 3 / 5)
    assert sum(effective.values()) == pytest.approx(1.0)
