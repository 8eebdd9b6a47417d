"""A stored recipe gives the same scores again, and refuses anything else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.evaluation.factories import a_cube, a_framework, an_indicator

from kouan.basis import Refused
from kouan.evaluation import frameworks
from kouan.evaluation.method import MonthlyCube, Recipe, RecipeStep, Result, replay, run

FRAMEWORK = frameworks.get("throughput-benchmark")


def a_busy_cube(ports: int = 12, years: int = 6, seed: int = 3) -> MonthlyCube:
    """Ports of very different size with gaps, zeros and two groups."""
    rng = np.random.default_rng(seed)
    measures = FRAMEWORK.measures
    values = rng.lognormal(6, 1.5, (ports, len(measures), 1)) * rng.uniform(
        0.5, 1.5, (ports, len(measures), 12 * years)
    )
    values[rng.random(values.shape) < 0.03] = np.nan
    values[rng.random(values.shape) < 0.03] = 0
    return a_cube(values, measures=measures, groups=["north"] * (ports - 4) + ["south"] * 4)


@pytest.fixture(scope="module")
def result() -> Result:
    return run(FRAMEWORK, a_busy_cube())


def refused_with(recipe: Recipe, cube: MonthlyCube) -> str:
    with pytest.raises(Refused) as refusal:
        replay(recipe, cube)
    return refusal.value.findings[0].code


def through_json(recipe: Recipe) -> Recipe:
    return Recipe.from_dict(json.loads(json.dumps(recipe.as_dict())))


def test_a_replay_is_equal_to_the_last_bit(result: Result) -> None:
    again = replay(through_json(result.recipe), a_busy_cube())
    assert again.digest == result.digest
    for name in ("score", "raw", "treated", "normalised", "weights", "availability", "low", "high"):
        assert np.array_equal(getattr(again, name), getattr(result, name), equal_nan=True), name
    for name in ("rank", "reasons", "winsorised", "basis", "peers", "not_scored"):
        assert (getattr(again, name) == getattr(result, name)).all(), name


def test_the_recipe_holds_what_it_takes(result: Result) -> None:
    recipe = result.recipe
    assert recipe.framework_digest == FRAMEWORK.digest
    assert recipe.data_digest == a_busy_cube().digest
    assert recipe.result_digest == result.digest
    assert [step.name for step in recipe.steps] == [
        "derive", "screen", "peers", "treat", "normalise", "weight", "aggregate",
    ]  # fmt: skip
    assert set(recipe.software) == {"kouan", "method", "numpy"}


def test_the_way_to_aggregate_is_in_the_recipe() -> None:
    geometric = run(FRAMEWORK, a_busy_cube(), aggregation="geometric")
    again = replay(through_json(geometric.recipe), a_busy_cube())
    assert again.digest == geometric.digest != run(FRAMEWORK, a_busy_cube()).digest


def test_numbers_that_lost_their_fraction_on_the_way_are_still_the_same(result: Result) -> None:
    def whole(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: whole(part) for key, part in value.items()}
        if isinstance(value, list):
            return [whole(part) for part in value]
        return int(value) if isinstance(value, float) and value.is_integer() else value

    recipe = Recipe.from_dict(whole(json.loads(json.dumps(result.recipe.as_dict()))))
    assert replay(recipe, a_busy_cube()).digest == result.digest


def test_other_data_are_refused(result: Result) -> None:
    values = a_busy_cube().values.copy()
    values[0, 0, 0] += 1
    changed = a_cube(values, measures=FRAMEWORK.measures, groups=["north"] * 8 + ["south"] * 4)
    assert refused_with(result.recipe, changed) == "recipe_data_differ"


def test_an_altered_framework_is_refused(result: Result) -> None:
    data = result.recipe.as_dict()
    data["framework"] = data["framework"] | {"decimals": 3}
    with pytest.raises(Refused) as refusal:
        Recipe.from_dict(data)
    assert refusal.value.findings[0].code == "recipe_framework_altered"
    forged = replace(result.recipe, framework=data["framework"])
    assert refused_with(forged, a_busy_cube()) == "recipe_framework_altered"


@pytest.mark.parametrize(
    ("step", "arguments", "code"),
    [
        ("treat", {"points": 0}, "replay_differs"),
        ("normalise", {"percentiles": [10, 90]}, "replay_differs"),
        ("screen", {"smallest_weight": 0.95}, "replay_differs"),
        ("peers", {"smallest": 3}, "replay_differs"),
        ("derive", {"largest_estimated_share": 0.3}, "replay_differs"),
        ("weight", {"scheme": "equal"}, "weight_scheme_unknown"),
        ("aggregate", {"rules": {"G02": "median"}}, "aggregation_unknown"),
        ("treat", {"extra": 1}, "recipe_arguments_unknown"),
    ],
)
def test_an_altered_step_is_refused(result: Result, step: str, arguments: dict[str, Any], code: str) -> None:
    steps = tuple(
        RecipeStep(each.name, {**each.arguments, **arguments}) if each.name == step else each
        for each in result.recipe.steps
    )
    assert refused_with(replace(result.recipe, steps=steps), a_busy_cube()) == code


def test_steps_that_are_not_the_engines_are_refused(result: Result) -> None:
    assert refused_with(replace(result.recipe, steps=result.recipe.steps[:-1]), a_busy_cube()) == (
        "recipe_steps_unknown"
    )


@pytest.mark.parametrize(
    "part", ["framework", "framework_digest", "data_digest", "years", "steps", "result_digest"]
)
def test_a_recipe_with_a_part_missing_is_refused(result: Result, part: str) -> None:
    data = result.recipe.as_dict()
    del data[part]
    with pytest.raises(Refused) as refusal:
        Recipe.from_dict(data)
    assert refusal.value.findings[0].code == "recipe_incomplete"


def test_a_recipe_outlives_its_file() -> None:
    framework = a_framework(an_indicator("A", {"kind": "total", "series": "cars"}))
    cube = a_cube(np.arange(1.0, 85.0).reshape(7, 12))
    stored = json.dumps(run(framework, cube).recipe.as_dict())
    assert replay(Recipe.from_dict(json.loads(stored)), cube).framework.code == "small"
