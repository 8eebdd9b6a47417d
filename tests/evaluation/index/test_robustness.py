"""Uncertainty and sensitivity: every run is the recipe's own run, nothing vanishes, known answers come out."""

from __future__ import annotations

import numpy as np
import pytest
from SALib.analyze import sobol as salib
from tests.evaluation.index.builders import a_framework, a_table

from kouan.basis import Refused
from kouan.evaluation.method.index import Recipe, run
from kouan.evaluation.method.index.robustness import (
    Evaluator,
    Study,
    bands,
    estimate,
    reversals,
    sensitivity,
    uncertainty,
    usual_study,
)
from kouan.evaluation.method.index.robustness.design_file import read_design, read_weights, replay_design
from kouan.evaluation.method.index.robustness.intervals import places, quasi_random
from kouan.evaluation.method.index.robustness.processes import evaluated
from kouan.evaluation.method.index.robustness.sensitivity import saltelli

RNG = np.random.default_rng(5)
FRAMEWORK = a_framework(8, groups=3, directions=(1, -1, 1, 1, -1, 1, 1, 1), Weight=[1, 2, 1, 3, 1, 1, 2, 1])
VALUES = np.exp(RNG.normal(size=(15, 8)) * np.linspace(0.3, 2, 8))
VALUES[RNG.uniform(size=VALUES.shape) < 0.08] = np.nan
TABLE = a_table(VALUES)
RECIPE = Recipe.from_dict(
    {
        "recipe": "base",
        "impute": {"method": "median"},
        "treat": {},
        "normalise": {"method": "minmax", "range": [1, 100]},
    }
)
ALL = Study.from_dict(
    {
        "runs": 64,
        "seed": 3,
        "factors": [
            {"of": "impute", "choices": ["median", "mean", None]},
            {"of": "treat", "choices": [{}, None, {"points": 1}]},
            {
                "of": "normalise",
                "choices": [{"method": "minmax", "range": [1, 100]}, {"method": "zscore", "mean_sd": [100, 10]}],
            },
            {"of": "weights", "noise": 0.3},
            {
                "of": "aggregate",
                "choices": [
                    "arithmetic",
                    "geometric",
                    "harmonic",
                    {"usual": {"name": "power", "power": 0.5}},
                    {"usual": "arithmetic", "levels": {3: "copeland"}},
                    {"usual": "median", "levels": {3: "arithmetic"}, "threshold": 0.5},
                ],
            },
            {"of": "leave_out", "levels": [1, 2]},
        ],
    }
)


def test_every_run_is_what_the_recipe_of_its_row_gives() -> None:
    """The fast evaluation against `run`, one recipe at a time, with the weights and the element left out written into the recipe."""
    evaluator = Evaluator(FRAMEWORK, TABLE, RECIPE, ALL)
    design = quasi_random(64, 6, 3)
    fast = evaluator.at(design)
    base = np.array([FRAMEWORK[code].weight for code in evaluator.codes])
    gone = evaluator.pick("leave_out", design, len(evaluator._gone) + 1)
    drawn = evaluator._weights(base, evaluator.pick("weights", design, 4096), gone)
    said = evaluator.describe(design)
    for i, u in enumerate(design):
        parts = {}
        for at, factor in enumerate(ALL.factors[:3] + ALL.factors[4:5]):
            place = (0, 1, 2, 4)[at]
            parts[factor.of] = factor.part(
                factor.choices[min(int(u[place] * len(factor.choices)), len(factor.choices) - 1)]
            )
        weigh = RECIPE.weigh.model_copy(update={"given": dict(zip(evaluator.codes, drawn[:, i], strict=True))})
        slow = run(FRAMEWORK, TABLE, RECIPE.model_copy(update={**parts, "weigh": weigh}))
        assert np.allclose(fast.scores[:, i], slow.index, rtol=1e-10, atol=1e-10, equal_nan=True), said[i]
    assert len(set(gone.tolist())) > 5 and not fast.failures


def test_the_same_seed_gives_the_same_and_the_recipe_itself_is_at_zero() -> None:
    one, other = (uncertainty(FRAMEWORK, TABLE, RECIPE, ALL) for _ in range(2))
    assert np.array_equal(one.runs.scores, other.runs.scores, equal_nan=True)
    evaluator = Evaluator(
        FRAMEWORK,
        TABLE,
        RECIPE,
        Study.from_dict({"factors": [{"of": "aggregate", "choices": ["arithmetic", "geometric"]}]}),
    )
    assert np.allclose(evaluator.at(np.array([[0.0]])).scores[:, 0], run(FRAMEWORK, TABLE, RECIPE).index)


def test_several_processes_give_the_same_scores_to_the_last_bit_and_the_same_failures() -> None:
    study = Study.from_dict({"factors": [
        {"of": "cells", "noise": 0.1}, {"of": "weights", "noise": 0.25}, {"of": "normalise", "choices": [{"method": "minmax"}, {"method": "zscore"}]},
        {"of": "aggregate", "choices": ["arithmetic", "geometric"]}]})
    evaluator, design, told = Evaluator(FRAMEWORK, TABLE, RECIPE, study), quasi_random(200, 4, 3), []
    one = evaluated(evaluator, design, processes=1)
    two = evaluated(evaluator, design, processes=2, progress=lambda done, total: told.append((done, total)))
    assert np.array_equal(one.scores, two.scores, equal_nan=True) and one.failures == two.failures and one.failures
    assert told[-1] == (200, 200)
    assert sorted(np.concatenate(evaluator.parts(design, 8)).tolist()) == list(range(200))


def test_failed_runs_are_counted_and_shown_and_leave_the_others_alone() -> None:
    study = Study.from_dict(
        {
            "runs": 200,
            "factors": [
                {
                    "of": "normalise",
                    "choices": [{"method": "minmax", "range": [1, 100]}, {"method": "minmax", "range": [0, 100]}],
                },
                {"of": "aggregate", "choices": ["geometric", "arithmetic"]},
            ],
        }
    )
    found = uncertainty(FRAMEWORK, TABLE, RECIPE, study)
    failed = len(found.runs.failures)
    assert 30 < failed < 70 and set(found.runs.failures.values()) == {"mean_undefined"}
    assert [(each.code, each.measured) for each in found.findings] == [("runs_failed", str(failed))]
    assert (
        np.isnan(found.runs.scores[:, found.runs.failed]).all()
        and np.isfinite(found.runs.scores[:, ~found.runs.failed]).all()
    )
    never = Study.from_dict(
        {"runs": 8, "factors": [{"of": "normalise", "choices": ["zscore", {"method": "zscore", "mean_sd": [0, 2]}]}]}
    )
    with pytest.raises(Refused) as caught:
        uncertainty(
            FRAMEWORK,
            TABLE,
            RECIPE.model_copy(
                update={"aggregate": Recipe.from_dict({"recipe": "x", "aggregate": "geometric"}).aggregate}
            ),
            never,
        )
    assert caught.value.findings[-1].code == "every_run_failed"


def test_intervals_hold_what_they_say() -> None:
    found = uncertainty(
        FRAMEWORK,
        TABLE,
        RECIPE,
        Study.from_dict(
            {
                "runs": 500,
                "factors": [
                    {"of": "weights", "dirichlet": 5, "levels": [1, 2]},
                    {"of": "cells", "noise": 0.1, "share": 0.5},
                ],
            }
        ),
        level=0.8,
    )
    placed = places(found.runs.scores)
    inside = ((placed >= found.low_place[:, None]) & (placed <= found.high_place[:, None])).mean(axis=1)
    assert (
        (inside >= 0.8 - 0.01).all()
        and (found.best_place <= found.low_place).all()
        and (found.high_place <= found.worst_place).all()
    )
    assert np.allclose(np.sort(placed, axis=0)[0], 1)
    assert (found.low_score < found.mean_score).all() and (found.mean_score < found.high_score).all()


def test_bands_part_only_who_can_be_told_apart() -> None:
    clear = np.repeat(np.array([[3.0], [2.0], [1.0]]), 10, axis=1)
    assert bands(clear, places(clear)) == [1, 2, 3]
    even = np.array([[1.0, 0.0] * 5, [0.0, 1.0] * 5, [-1.0] * 10])
    assert bands(even, places(even)) == [1, 1, 2]
    twins = np.ones((3, 4))
    assert bands(twins, places(twins)) == [1, 1, 1]
    assert bands(np.array([[1.0, 2.0], [np.nan, np.nan]]), places(np.array([[1.0, 2.0], [np.nan, np.nan]]))) == [1, 2]


def test_indices_of_the_ishigami_function() -> None:
    """Ishigami and Homma (1990): S1 = 0.3139, 0.4424, 0; ST = 0.5576, 0.4424, 0.2437, though a large constant is added."""
    u = saltelli(8192, 3, 1)
    x = (u * 2 - 1) * np.pi
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]) + 1000
    first, half, total, _ = estimate(y.reshape(1, -1, 5), resamples=50, level=0.95, seed=1)
    assert np.allclose(first[0], [0.3139, 0.4424, 0.0], atol=0.02) and np.allclose(
        total[0], [0.5576, 0.4424, 0.2437], atol=0.02
    )
    assert (half < 0.1).all()
    theirs = salib.analyze(
        {"num_vars": 3, "names": list("abc"), "bounds": [[0, 1]] * 3},
        y,
        calc_second_order=False,
        num_resamples=10,
        seed=1,
    )
    assert np.allclose(first[0], theirs["S1"], atol=5e-3) and np.allclose(total[0], theirs["ST"], atol=5e-3)


def test_a_factor_that_does_nothing_has_no_share_and_one_alone_has_all() -> None:
    study = Study.from_dict(
        {
            "seed": 2,
            "factors": [
                {"of": "aggregate", "choices": ["arithmetic", "geometric"]},
                {"of": "treat", "choices": [{"points": 5, "skew": 99}, {"points": 3, "skew": 99}]},
            ],
        }
    )
    found = sensitivity(FRAMEWORK, TABLE, RECIPE, study, base=64)
    assert np.allclose(found.total[:, 1][np.isfinite(found.total[:, 1])], 0.0, atol=1e-12)
    assert np.nanmedian(found.first[1:, 0]) > 0.9 and found.outputs[0] == "mean_rank_shift"
    with pytest.raises(Refused):
        sensitivity(
            FRAMEWORK,
            TABLE,
            RECIPE,
            Study.from_dict({"factors": [{"of": "aggregate", "choices": ["arithmetic", "geometric"]}]}),
        )


def test_leaving_a_unit_out_turns_nothing_round_on_fixed_goalposts() -> None:
    fixed = a_framework(4, Lower=[0] * 4, Upper=[100] * 4)
    values = RNG.uniform(0, 100, (8, 4))
    assert all(
        each.turned == 0 and each.largest_shift == 0
        for each in reversals(
            fixed, a_table(values), Recipe.from_dict({"recipe": "g", "normalise": {"method": "goalposts"}})
        )
    )
    # u1 leads u2 by the first indicator while u0 stretches the other three; without u0, u2 leads on three of four.
    turning = a_table([[50, 100, 100, 100], [100, 5, 5, 5], [0, 6, 6, 6.0]])
    found = reversals(
        a_framework(4, groups=1), turning, Recipe.from_dict({"recipe": "m", "normalise": {"method": "minmax"}})
    )
    assert (found[0].unit, found[0].turned, found[0].pairs) == ("u0", 1, 1)


def test_a_given_design_is_replayed_row_by_row(tmp_path) -> None:
    sets = read_weights(tmp_path / "w.csv", "iCode,heavy\ng0,5\ng1,1\n", FRAMEWORK)
    text = "run,winsorise,normalise,weights,aggregate\na,0,minmax 1 100,,geometric\nb,2,zscore 0 1,heavy,\nc,,minmax 0 100,,harmonic\n"
    rows = read_design(tmp_path / "d.csv", text, sets, RECIPE)
    units, scores, placed, findings = replay_design(FRAMEWORK, TABLE, rows)
    second = RECIPE.model_copy(
        update={
            "treat": RECIPE.treat.model_copy(update={"points": 2}),
            "normalise": RECIPE.normalise.model_copy(update={"method": "zscore", "range": None, "mean_sd": (0.0, 1.0)}),
            "weigh": RECIPE.weigh.model_copy(update={"given": {"g0": 5.0, "g1": 1.0}}),
        }
    )
    expected = run(FRAMEWORK, TABLE, second)
    assert units == TABLE.units and np.allclose(scores[:, 1], expected.index, equal_nan=True)
    assert np.array_equal(placed[:, 1], expected.places.column("top"), equal_nan=True)
    assert [each.code for each in findings] == ["run_failed"] and np.isnan(scores[:, 2]).all(), (
        "a harmonic mean of zeros fails and is told"
    )
    for bad, code in (
        ("colour\nred\n", "design_columns"),
        ("run,weights\na,light\n", "weights_unknown"),
        ("run,winsorise\na,many\n", "design_row"),
        ("run,normalise\na,magic\n", "design_row"),
    ):
        with pytest.raises(Refused) as caught:
            read_design(tmp_path / "d.csv", bad, sets, RECIPE)
        assert caught.value.findings[0].code == code and caught.value.findings[0].where.file == "d.csv"
    for bad in ("iCode,x\nnobody,1\n", "iCode,x\ng0,-1\n", "iCode,x\ng0,heavy\n"):
        with pytest.raises(Refused):
            read_weights(tmp_path / "w.csv", bad, FRAMEWORK)


@pytest.mark.parametrize(
    "bad",
    [
        {"factors": []},
        {"factors": [{"of": "aggregate", "choices": ["arithmetic"]}]},
        {"factors": [{"of": "weights"}]},
        {"factors": [{"of": "weights", "noise": 0.1, "dirichlet": 1}]},
        {"factors": [{"of": "cells"}]},
        {"factors": [{"of": "moon"}]},
        {"factors": [{"of": "cells", "noise": 0.1}, {"of": "cells", "noise": 0.2, "name": "again"}]},
        {"runs": 1, "factors": [{"of": "cells", "noise": 0.1}]},
        {"factors": [{"of": "normalise", "choices": ["minmax", "magic"]}]},
        {"factors": [{"of": "cells", "noise": 0.1}], "colour": 1},
    ],
)
def test_a_study_that_cannot_be_used_is_refused_in_words(bad) -> None:
    with pytest.raises(Refused) as caught:
        Study.from_dict(bad, file="study.yaml")
    assert all(each.message.zh and each.where.file == "study.yaml" for each in caught.value.findings)


def test_the_usual_study_names_what_the_recipe_does() -> None:
    plain = usual_study(FRAMEWORK, Recipe(recipe="plain"))
    assert [each.of for each in plain.factors] == ["normalise", "weights", "aggregate", "leave_out"]
    full = usual_study(FRAMEWORK, RECIPE, runs=50)
    assert [each.of for each in full.factors] == ["impute", "treat", "normalise", "weights", "aggregate", "leave_out"]
    assert not uncertainty(FRAMEWORK, TABLE, RECIPE, full).findings
