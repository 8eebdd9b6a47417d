"""Replaying a design that somebody else made: one row a run, every choice written out.

The columns of the file are `run`, `winsorise` (most points, 0 for none, empty for the recipe's), `normalise` (a method, or a
method with its range such as `minmax 1 100`), `weights` (the name of a set in the file of weights, empty for the recipe's)
and `aggregate` (a rule). The file of weights has `iCode` and a column for each set.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kouan.basis import Finding, Refused
from kouan.basis.finding import Place
from kouan.evaluation.method.index.framework import Floats, Framework
from kouan.evaluation.method.index.recipe import Aggregate, Normalise, Recipe, Treat
from kouan.evaluation.method.index.run import run
from kouan.evaluation.method.index.table import Table

COLUMNS = ("run", "winsorise", "normalise", "weights", "aggregate")
_PAIRS = {"minmax": "range", "zscore": "mean_sd"}


def read_design(
    path: Path, text: str, sets: Mapping[str, Mapping[str, float]], recipe: Recipe
) -> list[tuple[str, Recipe]]:
    """The recipe of every row. Raises Refused with a finding for each row that cannot be understood."""
    reader = _read_csv(path, text)
    unknown = [name for name in reader.fieldnames or [] if name not in COLUMNS]
    if unknown or not reader.fieldnames:
        raise Refused.because(
            "design_columns",
            f"抽样设计文件的列应为 {'、'.join(COLUMNS)}。",
            f"A design has the columns {', '.join(COLUMNS)}.",
            where=Place(file=path.name),
            measured=", ".join(unknown),
        )
    found, findings = [], []
    for number, row in enumerate(_lines(path, reader), start=2):
        cells = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
        try:
            found.append((cells.get("run") or str(number - 1), _recipe_of(cells, sets, recipe)))
        except (Refused, ValueError) as fault:
            said = (
                fault.findings[0]
                if isinstance(fault, Refused)
                else Finding.error(
                    "design_row",
                    "这一行无法理解。",
                    "This row cannot be understood.",
                    measured=str(fault).splitlines()[0],
                )
            )
            findings.append(said.at(file=path.name, row=number))
    if findings:
        raise Refused(findings)
    return found


def read_weights(path: Path, text: str, framework: Framework) -> dict[str, dict[str, float]]:
    """The weight sets of a file. Raises Refused for a code that the framework has not, or a cell that is no weight."""
    reader = _read_csv(path, text)
    names = [name for name in reader.fieldnames or [] if name != "iCode"]
    sets: dict[str, dict[str, float]] = {name: {} for name in names}
    findings = []
    for number, row in enumerate(_lines(path, reader), start=2):
        code = (row.get("iCode") or "").strip()
        where = Place(file=path.name, row=number)
        if code not in framework:
            findings.append(
                Finding.error("node_unknown", f"指标体系没有“{code}”。", f"The framework has no “{code}”.", where=where)
            )
            continue
        for name in names:
            try:
                value = float(row[name] or "nan")
            except ValueError:
                value = np.nan
            if not value >= 0 or np.isinf(value):
                findings.append(
                    Finding.error(
                        "weight_unusable",
                        "权重须为不小于零的数字。",
                        "A weight is a number not below zero.",
                        where=Place(file=path.name, row=number, column=name),
                        measured=row[name],
                    )
                )
            sets[name][code] = value
    if findings:
        raise Refused(findings)
    return sets


def _read_csv(path: Path, text: str) -> csv.DictReader[str]:
    """A reader whose header has been read."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        _ = reader.fieldnames
    except csv.Error as error:
        raise _no_csv(path, error) from error
    return reader


def _lines(path: Path, reader: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    try:
        yield from reader
    except csv.Error as error:  # a cell without end, a line end inside a cell
        raise _no_csv(path, error) from error


def _no_csv(path: Path, error: Exception) -> Refused:
    return Refused.because(
        "file_not_csv", "文件不是 CSV 文本。", "The file is no CSV text.", where=Place(file=path.name), measured=error,
        remedy=("请检查引号是否成对，另存为 CSV 后重试。", "Check that quotation marks pair, and save it as CSV again."),
    )


def _recipe_of(cells: Mapping[str, str], sets: Mapping[str, Mapping[str, float]], recipe: Recipe) -> Recipe:
    changed: dict[str, Any] = {}
    if points := cells.get("winsorise"):
        base = recipe.treat or Treat()
        changed["treat"] = None if points == "0" else base.model_copy(update={"points": int(points)})
    if method := cells.get("normalise"):
        name, *numbers = method.split()
        given: dict[str, Any] = {"method": name, "within": recipe.normalise.within}
        if numbers:
            given[_PAIRS.get(name, "range")] = [float(each) for each in numbers]
        changed["normalise"] = Normalise.model_validate(given)
    if rule := cells.get("aggregate"):
        name, *powers = rule.split()
        changed["aggregate"] = Aggregate.model_validate(
            {
                "usual": {"name": name, "power": float(powers[0]) if powers else 1.0},
                "threshold": recipe.aggregate.threshold,
            }
        )
    if chosen := cells.get("weights"):
        if chosen not in sets:
            raise Refused.because(
                "weights_unknown",
                f"权重文件没有“{chosen}”这一组。",
                f"The file of weights has no set “{chosen}”.",
                required=", ".join(sets) or "—",
            )
        changed["weigh"] = recipe.weigh.model_copy(
            update={"method": "given", "given": {**recipe.weigh.given, **sets[chosen]}}
        )
    return recipe.model_copy(update=changed)


def replay_design(
    framework: Framework, table: Table, design: list[tuple[str, Recipe]]
) -> tuple[tuple[str, ...], Floats, Floats, list[Finding]]:
    """Units, scores and places (units, runs), and a finding for every run that failed (its columns are NaN)."""
    units: tuple[str, ...] = ()
    scores: list[Floats] = []
    placed: list[Floats] = []
    findings = []
    for name, recipe in design:
        try:
            result = run(framework, table, recipe)
        except Refused as refused:
            scores.append(np.full(len(table.units), np.nan))
            placed.append(scores[-1])
            findings.append(
                Finding.warning(
                    "run_failed",
                    f"第 {name} 次未能完成：{refused.findings[0].message.zh}",
                    f"Run {name} failed: {refused.findings[0].message.en}",
                )
            )
            continue
        at = {unit: i for i, unit in enumerate(result.scores.units)}
        rows = [at.get(unit, -1) for unit in table.units]
        scores.append(np.array([result.index[i] if i >= 0 else np.nan for i in rows]))
        placed.append(np.array([result.places.column(framework.top)[i] if i >= 0 else np.nan for i in rows]))
        units = table.units
    return units or table.units, np.column_stack(scores), np.column_stack(placed), findings
