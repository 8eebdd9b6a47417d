"""The generated exercise: the same for the same seed, plausible, with every kind of slip, and labelled wherever it goes."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import kouan.ports
from kouan.basis import Period, Refused, measures
from kouan.basis.measures import Rollup
from kouan.evaluation import schemes
from kouan.evaluation.method.exercise import (
    KINDS,
    LABEL,
    NATIONAL,
    Exercise,
    ExercisePort,
    exercise,
    in_periods,
    invented_ports,
    national_exercise,
    registered_ports,
)
from kouan.evaluation.method.scheme import Mark, RoundResult, explain, score_round

SCHEME = schemes.get("national-first")
ROOM = dict.fromkeys(NATIONAL, 12)


@pytest.fixture(scope="module")
def small() -> Exercise:
    """Twelve ports of each class."""
    return exercise(invented_ports(ROOM), seed=7)


@pytest.fixture(scope="module")
def national() -> Exercise:
    return exercise(national_exercise(), seed=1)


@pytest.fixture(scope="module")
def scored(national: Exercise) -> RoundResult:
    return score_round(SCHEME, national.data)


def test_the_same_seed_gives_the_same_figures_whoever_else_takes_part(small: Exercise) -> None:
    ports = invented_ports(ROOM)
    turned = exercise(tuple(reversed(ports))[: len(ports) // 2], seed=7)
    for port in turned.data.ports:
        here, there = turned.data.ports.index(port), small.data.ports.index(port)
        assert np.array_equal(turned.data.values[:, here], small.data.values[:, there], equal_nan=True)
        assert np.array_equal(turned.data.reminders[:, here], small.data.reminders[:, there])
        assert turned.data.grades[here] == small.data.grades[there]
    assert {each for each in small.slips if each.port in turned.data.ports} == set(turned.slips)
    other = exercise(ports, seed=8)
    assert not np.array_equal(other.data.values, small.data.values, equal_nan=True)
    assert exercise(ports, seed=7).data.digest == small.data.digest


def test_every_item_is_there_for_every_class_it_applies_to(small: Exercise) -> None:
    data = small.data
    assert set(data.items) == set(SCHEME.items) - {"cpv"}, "the composite volume is computed, not reported"
    assert data.years == (2021, 2022, 2023, 2024, 2025)
    for at, item in enumerate(data.items):
        for port_class in NATIONAL:
            members = np.array([each == port_class for each in data.classes])
            share = np.isfinite(data.values[:, members, at]).mean()
            if SCHEME.items[item].applies_to(SCHEME.shape.classes[port_class]):
                assert share > 0.7, (item, port_class)
            else:
                assert share == 0, (item, port_class)
    held = data.values[np.isfinite(data.values)]
    assert (held >= 0).all() and np.isfinite(held).all()


def test_figures_hang_together(national: Exercise) -> None:
    data = national.data

    def latest(item: str, port_class: str) -> np.ndarray:
        return data.values[-1, [each == port_class for each in data.classes], data.items.index(item)]

    for port_class in ("sea", "road", "air_other"):
        for first, second in (("persons", "staff_insp"), ("opex_cny", "energy_tce"), ("decl_total", "docs_total")):
            one, other = latest(first, port_class), latest(second, port_class)
            both = np.isfinite(one) & np.isfinite(other) & (one > 0)
            assert np.corrcoef(np.log(one[both]), np.log(other[both] + 1))[0, 1] > 0.4, (first, second)
        grades = np.array([grade for grade, each in zip(data.grades, data.classes, strict=True) if each == port_class])
        cargo = latest("cargo_out_t", port_class)
        assert np.nanmedian(cargo[grades == "hub"]) > np.nanmedian(cargo[grades == "regional"])
    years = data.values[:, :, data.items.index("pax_in")]
    ratio = years[1:] / np.where(years[:-1] > 0, years[:-1], np.nan)
    assert 0.8 < np.nanmedian(ratio) < 1.6, "years follow from each other"
    assert np.nanmedian(data.values[-1, :, data.items.index("import_time_h")]) < np.nanmedian(
        data.values[0, :, data.items.index("import_time_h")]
    )


def test_every_kind_of_slip_is_there_and_does_what_it_says(national: Exercise) -> None:
    data = national.data
    assert {each.kind for each in national.slips} == set(KINDS)

    def at(port: str, year: int, item: str) -> tuple[int, int, int]:
        return data.years.index(year), data.ports.index(port), data.items.index(item)

    for each in national.slips:
        place = at(each.port, each.year, each.item)
        value = data.values[place]
        if each.kind in ("gap", "unreported", "evidence"):
            assert math.isnan(value)
        if each.kind == "unreported":
            assert data.reminders[place] >= 2
        if each.kind == "gap":
            assert data.reminders[place] < 2
        if each.kind == "late":
            assert 1 <= each.days <= 45 and not math.isnan(value)
        if each.kind == "survey":
            assert value < 30
        if each.kind == "total":
            parts = [data.values[at(each.port, each.year, part)] for part in SCHEME.derived[each.item].items()]
            assert math.isnan(sum(parts)) or sum(parts) == 0 or abs(value / sum(parts) - 1) > 0.02
    missing = {(each.port, each.year, each.item) for each in national.slips if each.kind in ("gap", "unreported", "evidence")}
    kinds = data.types(SCHEME)
    for y, p, i in np.argwhere(np.isnan(data.values)):
        if SCHEME.items[data.items[i]].applies_to(kinds[p]) and "/" not in data.items[i]:
            assert (data.ports[p], data.years[y], data.items[i]) in missing


def test_the_national_exercise_shows_everything_that_can_happen(national: Exercise, scored: RoundResult) -> None:
    assert len(national.data.ports) == 313
    assert {Mark(mark) for mark in np.unique(scored.mark)} == set(Mark)
    assert {band for row in scored.bands for band in row} == {band.code for band in SCHEME.shape.bands}
    assert scored.red.any() and scored.provisional.any() and not scored.provisional.all()
    codes = {finding.code for finding in scored.findings}
    assert {"red_line_crossed", "figures_contradict", "total_contradicts_parts", "survey_too_small", "indicator_carried"} <= codes
    assert np.nanstd(scored.total[-1]) / 30 > 0.2
    assert national.data.decisions and national.data.failed_feeds


def test_everything_made_of_it_says_so(national: Exercise, scored: RoundResult) -> None:
    assert national.label == LABEL and "演练" in LABEL.zh and "generated" in LABEL.en
    assert national.data.is_exercise and scored.record()["is_exercise"]
    assert "演练" in explain(scored, national.data.ports[0], 2025)[0].zh
    assert replace(national.data, is_exercise=False).digest != national.data.digest, "the label is part of the data"
    for port in national_exercise():
        assert port.is_invented and port.name.zh.startswith("演练口岸") and port.code.startswith("exercise-")


def test_registered_ports_take_part_and_invented_ones_fill_up() -> None:
    with (Path(kouan.ports.__file__).parent / "register" / "ports.csv").open(encoding="utf-8") as stream:
        rows = [(row["code"], row["name_zh"], row["name_en"], row["transport_class"]) for row in csv.DictReader(stream)]
    registered = registered_ports(row for row in rows if row[3])
    everyone = national_exercise(registered)
    assert len(registered) > 150 and everyone[: len(registered)] == registered
    counts = {each: sum(port.port_class == each for port in everyone) for each in NATIONAL}
    assert all(counts[each] >= NATIONAL[each] for each in NATIONAL)
    assert any(port.is_invented and port.port_class == "boundary_river" for port in everyone), "no layout lists them"
    with pytest.raises(Refused) as refusal:
        registered_ports([("somewhere", "某地", "Somewhere", "")])
    assert refusal.value.findings[0].code == "class_unknown"
    with pytest.raises(Refused):
        invented_ports({"harbour": 1})


def test_a_given_grade_is_kept() -> None:
    port = ExercisePort("exercise-x", LABEL, "road", "hub")
    assert exercise((port,), seed=1).data.grades == ("hub",)


@pytest.mark.parametrize("code", [code for code in measures.data_items() if code != "cpv"])
def test_parts_of_a_year_make_the_year_again(code: str) -> None:
    item = measures.data_item(code)
    rollup = measures.get(item.measure).rollup if item.measure else Rollup.NONE
    for value in (0.0, 7.0, 123_457.0, 81.3):
        parts = in_periods("exercise-road-01", code, 2024, value)
        held = [each for _, each in parts]
        assert all(Period.parse(name).start.year == 2024 for name, _ in parts)
        assert all(each >= -1e-9 for each in held)
        assert parts == in_periods("exercise-road-01", code, 2024, value)
        if len(parts) == 1:
            assert parts == (("2024", value),)
        elif rollup is Rollup.SUM:
            assert math.fsum(held) == pytest.approx(value, abs=1e-9)
        elif rollup is Rollup.MEAN:
            assert np.mean(held) == pytest.approx(value)
        elif rollup is Rollup.MAX:
            assert max(held) == value
        else:
            assert held[-1] == value
    assert in_periods("exercise-road-01", code, 2024, math.nan) == ()


def test_what_was_found_names_its_ports_and_says_what_to_do(national, scored):
    names = dict(national.data.names)
    found = {each.code: each for each in scored.findings}
    wrong = found["figures_contradict"]
    code = next(each for each in names if f"（{each}）" in wrong.message.zh)
    assert f"{names[code].zh}（{code}）" in wrong.message.zh and f"{names[code].en} ({code})" in wrong.message.en
    assert wrong.remedy is not None and "、" not in wrong.message.en
    many = [each for each in scored.findings if int(each.measured or 0) > 5]
    assert many and all("、" not in each.message.en and f"等 {each.measured} 处" in each.message.zh for each in many)
