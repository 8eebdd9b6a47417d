"""The data cut: sorted, checked, and with one digest for the same data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kouan.basis import Refused
from kouan.evaluation.method import MonthlyCube

GROUPS = {"a": "north", "b": "south"}


def columns(**changes: Any) -> dict[str, Any]:
    rows: dict[str, Any] = {
        "ports": ["b", "a", "a"],
        "measures": ["cars", "cars", "lorries"],
        "months": ["2021-03", "2020-11", "2020-11"],
        "values": [3.0, 0.0, 7.0],
    }
    return rows | changes


def test_rows_find_their_cells_and_the_rest_is_missing_not_zero() -> None:
    cube = MonthlyCube.from_columns(**columns(), groups=GROUPS)
    assert (cube.ports, cube.measures, cube.first_year) == (("a", "b"), ("cars", "lorries"), 2020)
    assert cube.values.shape == (2, 2, 24)
    assert cube.values[1, 0, 14] == 3.0
    assert cube.values[0, 0, 10] == 0.0
    assert np.isfinite(cube.values).sum() == 3
    assert cube.groups == ("north", "south")


def test_the_order_of_rows_and_ports_does_not_change_the_digest() -> None:
    rows = columns()
    turned = {name: list(reversed(column)) for name, column in rows.items()}
    assert (
        MonthlyCube.from_columns(**rows, groups=GROUPS).digest
        == MonthlyCube.from_columns(**turned, groups=dict(reversed(GROUPS.items()))).digest
    )


def test_any_change_of_the_data_changes_the_digest() -> None:
    before = MonthlyCube.from_columns(**columns(), groups=GROUPS).digest
    for changed, groups in (
        (columns(values=[3.0, 0.0, 7.0000001]), GROUPS),
        (columns(months=["2021-03", "2020-11", "2020-12"]), GROUPS),
        (columns(), GROUPS | {"b": "north"}),
        (columns(), GROUPS | {"c": "south"}),
    ):
        assert MonthlyCube.from_columns(**changed, groups=groups).digest != before


def test_a_missing_row_and_a_zero_row_have_different_digests() -> None:
    with_zero = MonthlyCube.from_columns(**columns(), groups=GROUPS)
    without = {name: [v for i, v in enumerate(column) if i != 1] for name, column in columns().items()}
    assert MonthlyCube.from_columns(**without, groups=GROUPS).digest != with_zero.digest


def test_minus_zero_is_zero() -> None:
    one = MonthlyCube.from_array([[[0.0]]], ports=["a"], measures=["cars"], first_year=2020, groups=GROUPS)
    other = MonthlyCube.from_array([[[-0.0]]], ports=["a"], measures=["cars"], first_year=2020, groups=GROUPS)
    assert one.digest == other.digest


def test_a_started_year_is_filled_up_with_missing_months() -> None:
    cube = MonthlyCube.from_array(
        np.ones((1, 1, 14)), ports=["a"], measures=["cars"], first_year=2020, groups=GROUPS
    )
    assert cube.years == (2020, 2021)
    assert np.isnan(cube.by_year[0, 0, 1, 2:]).all()


def test_the_cube_does_not_follow_the_array_it_was_made_from() -> None:
    block = np.ones((1, 1, 12))
    cube = MonthlyCube.from_array(block, ports=["a"], measures=["cars"], first_year=2020, groups=GROUPS)
    block[:] = 5
    assert cube.values.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        cube.values[0, 0, 0] = 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"months": ["2021-13", "2020-11", "2020-11"]}, "cube_month_unreadable"),
        ({"months": ["2021-3", "2020-11", "2020-11"]}, "cube_month_unreadable"),
        ({"months": ["0021-03", "2020-11", "2020-11"]}, "cube_month_unreadable"),
        ({"ports": ["z", "a", "a"]}, "cube_port_without_group"),
        ({"values": [-1.0, 0.0, 7.0]}, "cube_figure_impossible"),
        ({"values": [float("inf"), 0.0, 7.0]}, "cube_figure_impossible"),
        ({"measures": ["cars", "lorries", "lorries"]}, "cube_cell_twice"),
        ({"ports": [], "measures": [], "months": [], "values": []}, "cube_empty"),
    ],
)
def test_bad_rows_are_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        MonthlyCube.from_columns(**columns(**change), groups=GROUPS)
    assert code in {finding.code for finding in refusal.value.findings}


def test_a_cell_given_twice_is_named() -> None:
    with pytest.raises(Refused) as refusal:
        MonthlyCube.from_columns(**columns(measures=["cars", "lorries", "lorries"]), groups=GROUPS)
    assert "a lorries 2020-11" in refusal.value.findings[0].message.en


@pytest.mark.parametrize("shape", [(2, 12), (1, 2, 12), (2, 1, 12), (0, 1, 12)])
def test_a_block_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(Refused) as refusal:
        MonthlyCube.from_array(np.ones(shape), ports=["a"], measures=["cars"], first_year=2020, groups=GROUPS)
    assert refusal.value.findings[0].code == "cube_shape"


def test_a_name_used_twice_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        MonthlyCube.from_array(
            np.ones((2, 1, 12)), ports=["a", "a"], measures=["cars"], first_year=2020, groups=GROUPS
        )
    assert refusal.value.findings[0].code == "cube_name_twice"
