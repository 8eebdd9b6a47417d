"""The throughput framework on the real benchmark set that ships with the product: 117 land ports, 1996–2023."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import numpy as np
import pytest

import kouan
from kouan.evaluation import frameworks
from kouan.evaluation.method import MonthlyCube, NotScored, Reason, Result, replay, run

ROOMS = Path(kouan.__file__).parent
MONTHLY = ROOMS / "collection/data/us-border-crossing/monthly_1996_2023.parquet"
PORTS = ROOMS / "ports/register/benchmark_us_land.csv"
FRAMEWORK = frameworks.get("throughput-benchmark")

SAN_YSIDRO, OTAY_MESA, LAREDO, SKAGWAY = "2504", "2506", "2304", "3103"
DETROIT, BUFFALO, PORT_HURON = "3801", "0901", "3802"
CROSS_BORDER_XPRESS, YSLETA, NOYES = "2582", "2401", "3402"


def read_cube(*, silence_is_zero: bool = False) -> MonthlyCube:
    """Read the monthly file as collection does: exact duplicates once, a cell with two values not at all."""
    rows = duckdb.sql(
        f"""
        SELECT port_code, lower(replace(measure, ' ', '_')) AS measure, month, CAST(min(value) AS DOUBLE) AS value
        FROM '{MONTHLY}' GROUP BY ALL HAVING min(value) = max(value)
        """
    ).fetchnumpy()
    with PORTS.open(encoding="utf-8", newline="") as file:
        groups = {line["port_code"]: line["border"] for line in csv.DictReader(file)}
    columns = (rows["port_code"], rows["measure"], rows["month"], rows["value"])
    cube = MonthlyCube.from_columns(*columns, groups=groups, classes="us-land")
    if not silence_is_zero:
        return cube
    seen = np.isfinite(cube.values).any(axis=1, keepdims=True)
    return MonthlyCube.from_array(
        np.where(np.isnan(cube.values) & seen, 0.0, cube.values),
        ports=cube.ports,
        measures=cube.measures,
        first_year=cube.first_year,
        groups=groups,
        classes="us-land",
    )


@pytest.fixture(scope="module")
def cube() -> MonthlyCube:
    return read_cube()


@pytest.fixture(scope="module")
def result(cube: MonthlyCube) -> Result:
    return run(FRAMEWORK, cube)


def published_sum(port: str, year: int, *measures: str) -> float:
    """Sum a file's rows in SQL, apart from the engine."""
    names = ", ".join(f"'{name}'" for name in measures)
    return duckdb.sql(
        f"SELECT sum(value) FROM '{MONTHLY}' WHERE port_code = '{port}' AND month LIKE '{year}-%' "
        f"AND measure IN ({names})"
    ).fetchall()[0][0]


PERSONS = ("Bus Passengers", "Personal Vehicle Passengers", "Pedestrians", "Train Passengers")


def test_every_port_and_year_has_a_score_or_a_reason(result: Result) -> None:
    assert result.score.shape == (28, 117)
    is_scored = result.not_scored == NotScored.SCORED
    assert (np.isfinite(result.score) == is_scored).all()
    assert (is_scored.sum(axis=1) >= 97).all()
    assert ((result.score[is_scored] >= 0) & (result.score[is_scored] <= 100)).all()


def test_totals_are_the_publishers(result: Result) -> None:
    for port, year in ((SAN_YSIDRO, 2023), (DETROIT, 2015), (SKAGWAY, 2005), (LAREDO, 2019)):
        parts = result.parts(port, year)["indicators"]["G02-A1"]
        assert parts["published"] == published_sum(port, year, *PERSONS)
    full = result.parts(DETROIT, 2015)["indicators"]
    assert full["G02-A1"]["raw"] == full["G02-A1"]["published"]
    freight = ("Trucks", "Rail Containers Loaded", "Rail Containers Empty")
    assert full["G02-A2"]["raw"] == published_sum(DETROIT, 2015, *freight)


def test_the_ports_everyone_knows_are_where_everyone_would_look(result: Result) -> None:
    for year in range(2003, 2024):
        y = result.years.index(year)
        rank = {port: int(result.rank[y, result.ports.index(port)]) for port in result.ports}
        assert all(rank[port] <= 6 for port in (SAN_YSIDRO, LAREDO, DETROIT, PORT_HURON, BUFFALO)), year


def test_a_month_that_was_not_published_is_not_a_month_without_traffic(result: Result) -> None:
    """Otay Mesa has a row for pedestrians only in November 2021, between months of 420,000 cars and more."""
    zero = run(FRAMEWORK, read_cube(silence_is_zero=True))
    y, p = result.place(OTAY_MESA, 2021)
    cars = FRAMEWORK.codes.index("G02-A3") - FRAMEWORK.codes.index("G02-A1")
    assert result.estimated_share[y, p, cars] == pytest.approx(0.08, abs=0.005)
    assert result.raw[y, p, cars] > 1.08 * zero.raw[y, p, cars]
    assert result.score[y, p] > zero.score[y, p] + 5


def test_a_port_whose_summer_was_not_published_is_not_scored(result: Result) -> None:
    """Skagway lives on cruise passengers by train and coach; no such row was published in 2020 and 2021."""
    for year in (2020, 2021):
        y, p = result.place(SKAGWAY, year)
        assert result.not_scored[y, p] == NotScored.TOO_LITTLE_DATA
        assert result.reasons[y, p, 0] == Reason.INCOMPLETE
    y, p = result.place(SKAGWAY, 2019)
    assert result.not_scored[y, p] == NotScored.SCORED


def test_what_a_port_does_not_carry_does_not_apply(result: Result) -> None:
    y, p = result.place(SAN_YSIDRO, 2023)
    assert result.reasons[y, p, 1] == Reason.NOT_CARRIED
    assert result.weights[y, p, 1] == 0
    y, p = result.place(CROSS_BORDER_XPRESS, 2022)
    assert result.not_scored[y, p] == NotScored.SCORED
    assert result.reasons[y, p, 2] == Reason.NOT_CARRIED


def test_ports_before_opening_and_after_closing(result: Result) -> None:
    assert result.not_scored[result.place(YSLETA, 2019)] == NotScored.NOTHING_PUBLISHED
    assert result.not_scored[result.place(YSLETA, 2020)] == NotScored.TOO_LITTLE_DATA
    assert result.not_scored[result.place(YSLETA, 2021)] == NotScored.SCORED
    assert result.not_scored[result.place(NOYES, 2010)] == NotScored.NO_TRAFFIC
    assert result.not_scored[result.place(SAN_YSIDRO, 1996)] == NotScored.NO_TRAFFIC


def test_the_change_of_publishing_in_2016_does_not_break_the_order(result: Result) -> None:
    """Years on either side of the change agree in order as well as any two years before it."""

    def agreement(a: int, b: int) -> float:
        one, other = (result.score[result.years.index(year)] for year in (a, b))
        both = np.isfinite(one) & np.isfinite(other)
        orders = [np.argsort(np.argsort(scores[both])) for scores in (one, other)]
        return float(np.corrcoef(*orders)[0, 1])

    usual = min(agreement(year, year + 1) for year in range(2000, 2015))
    assert agreement(2015, 2016) >= usual
    assert agreement(2016, 2017) >= usual


def test_the_real_set_replays(result: Result, cube: MonthlyCube) -> None:
    assert replay(result.recipe, cube).digest == result.digest
