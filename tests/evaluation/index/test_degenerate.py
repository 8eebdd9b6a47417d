"""Input that leaves a method nothing to do has a declared answer and a finding; what cannot be used is refused with the reason."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evaluation.index.builders import a_framework, a_table

from kouan.basis import Refused
from kouan.evaluation.method.index import Framework, Recipe, Table, run
from kouan.evaluation.method.index.normalise import METHODS
from kouan.evaluation.method.index.treat import Treatment, transform, treat

NAN = float("nan")


def a_recipe(**parts):
    return Recipe.from_dict({"recipe": "test", **parts})


def codes(result) -> set[str]:
    return {each.code for each in result.findings}


def refusal(**parts) -> str:
    with pytest.raises(Refused) as caught:
        run(a_framework(), a_table(parts.pop("values", [[1, 2, 3, 4], [4, 3, 2, 1], [2, 2, 2, 2]])), a_recipe(**parts))
    assert all(each.message.zh and each.message.en for each in caught.value.findings)
    return caught.value.findings[0].code


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"dist2targ", "goalposts", "none", "share_of_max"}))
def test_a_constant_column_gives_everybody_the_same_and_says_so(method) -> None:
    result = run(
        a_framework(), a_table([[1, 5, 3, 4], [4, 5, 2, 1], [2, 5, 2, 2]]), a_recipe(normalise={"method": method})
    )
    assert len(set(result.normalised.column("i1").tolist())) == 1 and np.isfinite(result.index).all()
    assert "column_constant" in codes(result)


def test_one_port_in_a_group_gets_the_middle() -> None:
    table = a_table([[1, 5, 3, 4], [4, 6, 2, 1], [2, 5, 2, 2]], groups={"class": ("sea", "sea", "air")})
    result = run(a_framework(), table, a_recipe(normalise={"method": "minmax", "within": "class"}))
    assert result.index[2] == 50.0 and "column_constant" in codes(result)


def test_an_empty_column_does_not_count_and_is_named() -> None:
    result = run(
        a_framework(), a_table([[1, NAN, 3, 4], [4, NAN, 2, 1], [2, NAN, 2, 2]]), a_recipe(impute={"method": "mean"})
    )
    assert "column_empty" in codes(result) and np.isfinite(result.index).all()
    assert result.scores.column("g1").tolist() == result.normalised.column("i3").tolist()


def test_a_group_with_nothing_stays_a_gap() -> None:
    table = a_table([[1, NAN, 3, 4], [4, 6, 2, 1], [2, 5, 2, 2]], groups={"class": ("sea", "air", "air")})
    result = run(a_framework(), table, a_recipe(impute={"method": "group_mean", "group": "class"}))
    assert np.isnan(result.imputed.values[0, 1]) and "gaps_left" in codes(result)


def test_children_without_any_weight_are_missing_with_a_finding() -> None:
    result = run(a_framework(Weight=[0, 1, 0, 1]), a_table([[1, 2, 3, 4], [4, 3, 2, 1]]), a_recipe())
    assert (
        "weights_all_zero" in codes(result)
        and np.isnan(result.scores.column("g0")).all()
        and np.isfinite(result.index).all()
    )


def test_a_unit_without_any_figure_has_no_score_and_no_place() -> None:
    result = run(a_framework(), a_table([[1, 2, 3, 4], [NAN] * 4, [2, 1, 5, 3]]), a_recipe())
    assert "unit_not_scored" in codes(result) and np.isnan(result.index[1]) and np.isnan(result.places.column("top")[1])


def test_means_refuse_what_they_cannot_take() -> None:
    assert refusal(aggregate="geometric") == refusal(aggregate="harmonic") == "mean_undefined"
    assert (
        refusal(normalise={"method": "zscore"}, aggregate={"usual": {"name": "power", "power": 2}}) == "mean_undefined"
    )


def test_weights_refuse_what_they_cannot_take() -> None:
    assert refusal(weigh="entropy", normalise={"method": "zscore"}) == "entropy_negative"
    assert refusal(weigh="pca", values=[[1, 2, 3, 4], [1, 3, 2, 1], [1, 2, 2, 2]]) == "weights_constant_column"
    assert refusal(weigh="critic", values=[[1, 2, 1, 4], [1, 3, 1, 1], [1, 2, 1, 2]]) == "weights_all_zero"
    assert refusal(weigh="critic", values=[[1, 2, NAN, 4], [1, NAN, 1, 1], [NAN, 2, 1, 2]]) == "weights_too_few_units"
    assert refusal(weigh={"ahp": {"g0": [[1, 2], [2, 1]]}}) == "judgement_not_reciprocal"
    assert refusal(weigh={"ahp": {"nobody": [[1, 2], [0.5, 1]]}}) == "node_unknown"
    assert refusal(weigh={"ahp": {"g0": [[1, 2, 3], [0.5, 1, 2], [1 / 3, 0.5, 1]]}}) == "judgement_size"


def test_recipes_refuse_what_they_do_not_know() -> None:
    for parts, code in (
        ({"normalize": {}}, "recipe_key_unknown"),
        ({"treat": {"points": -1}}, "recipe_value_unusable"),
        ({"normalise": {"method": "magic"}}, "recipe_value_unusable"),
        ({"impute": {"method": "group_mean"}}, "recipe_value_unusable"),
        ({"aggregate": {"threshold": 2}}, "recipe_value_unusable"),
        ({"aggregate": "best"}, "recipe_value_unusable"),
    ):
        with pytest.raises(Refused) as caught:
            a_recipe(**parts)
        assert caught.value.findings[0].code == code and caught.value.findings[0].where.path, parts
    assert (
        refusal(aggregate={"nodes": {"nobody": "geometric"}})
        == refusal(treat={"indicators": {"iX": "none"}})
        == "recipe_code_unknown"
    )
    assert (
        refusal(normalise={"method": "dist2targ"})
        == refusal(normalise={"method": "goalposts"})
        == "normalisation_lacks"
    )
    assert refusal(normalise={"method": "minmax", "within": "class"}) == "group_unknown"
    for text, code in (("", "recipe_empty"), ("recipe: a: b", "recipe_not_yaml"), ("- 1", "recipe_empty")):
        with pytest.raises(Refused) as caught:
            Recipe.from_yaml(text, file="r.yaml")
        assert caught.value.findings[0].code == code and caught.value.findings[0].where.file == "r.yaml"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Parent": "nobody"}, "parent_unknown"),
        ({"Direction": "2"}, "direction_unknown"),
        ({"Weight": "-1"}, "weight_negative"),
        ({"Weight": "heavy"}, "meta_cell_unusable"),
        ({"Level": "2"}, "level_wrong"),
        ({"Type": "Thing"}, "type_unknown"),
        ({"iCode": ""}, "code_missing"),
        ({"iCode": "b"}, "code_repeated"),
        ({"Parent": ""}, "framework_top"),
        ({"Lower": "1"}, "meta_cell_unusable"),
    ],
)
def test_a_framework_refuses_what_does_not_hold_together(change, code) -> None:
    rows = [
        {"iCode": "a", "Level": "1", "Parent": "top", "Type": "Indicator"} | change,
        {"iCode": "b", "Level": "1", "Parent": "top"},
        {"iCode": "top", "Level": "2", "Type": "Aggregate"},
    ]
    with pytest.raises(Refused) as caught:
        Framework.from_rows(rows, file="meta.csv")
    assert code in {each.code for each in caught.value.findings}


def test_a_framework_comes_back_from_its_own_table() -> None:
    framework = a_framework(directions=(1, -1, 1, -1), Lower=[0] * 4, Upper=[9] * 4, Target=[5] * 4)
    assert Framework.from_rows(framework.as_rows()) == framework
    assert framework.without("g1").indicators == ("i0", "i2") and framework.without("g1").top == "top"
    with pytest.raises(Refused):
        framework.without("top")


def test_units_and_infinities_are_refused() -> None:
    for build in (lambda: Table(("a", "a"), ("x",), np.ones((2, 1))), lambda: a_table([[np.inf]])):
        with pytest.raises(Refused):
            build()


def test_a_zero_denominator_leaves_a_gap_and_says_so() -> None:
    table = a_table([[1, 2, 3, 4], [4, 3, 2, 1]], denominators={"area": np.array([0.0, 2.0])})
    result = run(a_framework(Denominator=["area", "", "", ""]), table, a_recipe(denominate=True))
    assert (
        np.isnan(result.denominated.values[0, 0])
        and result.denominated.values[1, 0] == 2.0
        and "denominator_unusable" in codes(result)
    )
    with pytest.raises(Refused) as caught:
        run(a_framework(Denominator=["people", "", "", ""]), table, a_recipe(denominate=True))
    assert caught.value.findings[0].code == "denominator_unknown"


def test_screening_keeps_and_drops_as_told() -> None:
    values = [[1, 2, 3, 4], [NAN, NAN, NAN, 1], [2, 0, 0, 0], [3, 1, 1, 1]]
    result = run(
        a_framework(),
        a_table(values),
        a_recipe(screen={"least_available": 0.5, "least_nonzero": 0.5, "force": {"u2": True}}),
    )
    assert result.scores.units == ("u0", "u2", "u3") and "unit_screened_out" in codes(result)
    assert refusal(screen={"force": {"u9": True}}) == "unit_unknown"
    assert refusal(screen={"least_available": 1}, values=[[1, NAN, 1, 1], [1, 1, 1, NAN]]) == "unit_screened_out"


def test_imputing_by_rows_and_in_time() -> None:
    rows = run(
        a_framework(directions=(1, -1, 1, 1)),
        a_table([[0, 0, 0, NAN], [10, 10, 10, 10], [5, 5, 5, 0]]),
        a_recipe(impute={"method": "row_mean"}),
    )
    assert rows.imputed.values[0, 3] == pytest.approx(10 / 3), (
        "the unit's other points, (0 + 1 + 0)/3 of the column's range"
    )
    table = Table(
        ("a", "b", "a", "b", "a", "b"),
        ("i0", "i1", "i2", "i3"),
        np.array([[1, 1, 1, 1], [2, 2, 2, 2], [NAN, 3, 3, 3], [NAN, 4, 4, 4], [3, 5, 5, 5], [NAN, 6, 6, 6.0]]),
        times=("2021", "2021", "2022", "2022", "2023", "2023"),
    )
    linear = run(a_framework(), table, a_recipe(impute={"method": "linear_in_time"}))
    assert linear.imputed.values[2, 0] == 2.0 and np.isnan(linear.imputed.values[[3, 5], 0]).all()
    last = run(a_framework(), table, a_recipe(impute={"method": "last_value", "factor": 0.9}))
    assert last.imputed.values[:, 0].tolist() == [1.0, 2.0, 0.9, 1.8, 3.0, pytest.approx(1.62)]
    assert sorted(last.places.column("top")[2:4].tolist()) == [1.0, 2.0], "places are within a year"
    assert refusal(impute={"method": "last_value"}, values=[[1, NAN, 1, 1], [1, 1, 1, 1]]) == "times_missing"


def test_treatment_on_the_low_side_and_by_transformation() -> None:
    low = np.array([[-1000.0], *[[float(v)] for v in range(1, 15)]])
    treated, marks = treat(low, Treatment())
    assert treated[0, 0] == 1.0 and marks[0].moved == 1
    many = np.array([[float(v)] for v in [*range(20), 500, 600, 700, 5000, 60000, 700000]])
    treated, marks = treat(many, Treatment(points=1))
    assert marks[0].transform == "log_ct" and np.allclose(treated, transform(many, "log_ct"))
    untouched, marks = treat(many, Treatment(points=1, then=""))
    assert not marks[0].passes and marks[0].moved == 1 and untouched[-1, 0] == 60000
    with pytest.raises(Refused):
        treat(low, Treatment(points=0, then="log"))
    assert (np.diff(transform(np.arange(1.0, 9.0), "boxcox", power=0.5)) > 0).all()
