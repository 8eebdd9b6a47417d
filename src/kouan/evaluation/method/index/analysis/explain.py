"""Explain: a unit's score from the index down to the cell it came from, in both languages.

For every node: points, place, the weight it has by the recipe and the weight in force for this unit (what is missing weighs nothing), what it
gives to the node above and to the index, and what the index would be without it. For every indicator each step of the way: the raw figure
with file, row and column, the denominator, the filling, the treatment, the normalisation.

>>> from kouan.evaluation.method.index.analysis.examples import ports
>>> for node in explain(ports(), "D"):
...     print(node.code, round(node.points, 1), int(node.place), round(node.to_index, 2), round(node.effect, 2))
index 66.7 1 66.67 nan
speed 58.3 3 29.17 -8.33
hours 75.0 2 25.0 16.67
lanes 25.0 3 4.17 -8.33
price 75.0 2 37.5 8.33
cost 75.0 2 37.5 8.33
>>> print(explain(ports(), "D")[2].said.en)
“Clearance hours”: 25 raw (less is better) → 75.00 points by minmax. Place 2 of 4. Weight 66.7% of “Speed”: gives it 50.00, and 25.00 to the index.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kouan.basis import Refused, Text
from kouan.basis.finding import Place
from kouan.evaluation.method.index.analysis.influence import effective
from kouan.evaluation.method.index.analysis.points import Points, of_year
from kouan.evaluation.method.index.analysis.removal import without
from kouan.evaluation.method.index.analysis.shares import in_force, rule_of
from kouan.evaluation.method.index.framework import Floats
from kouan.evaluation.method.index.run import Result, rules_of_columns

RULES = {
    "arithmetic": Text("算术平均", "arithmetic mean"),
    "geometric": Text("几何平均", "geometric mean"),
    "harmonic": Text("调和平均", "harmonic mean"),
    "power": Text("幂平均", "power mean"),
    "copeland": Text("Copeland 比较", "Copeland comparison"),
    "copeland_net": Text("Copeland 净胜", "Copeland net wins"),
    "topsis": Text("TOPSIS", "TOPSIS"),
    "median": Text("中位数", "median"),
    "minimum": Text("最小值", "minimum"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A figure on the way: ``name`` raw, denominated, imputed, treated or normalised."""

    name: str
    value: float
    said: Text


@dataclass(frozen=True, slots=True)
class Explained:
    """One node of a unit. ``weight``: by the recipe, among siblings 0 … 1; ``in_force``: what is missing shared out; ``effective``: in the
    index, by the recipe; ``to_parent``, ``to_index``: points given, NaN where a mean on the way is not arithmetic; ``effect``: the index
    less the index without the node; ``source``: the cell of the kept data (indicators)."""

    code: str
    name: str
    level: int
    depth: int
    parent: str
    rule: str
    points: float
    place: float
    among: int
    weight: float
    in_force: float
    effective: float
    to_parent: float
    to_index: float
    effect: float
    steps: tuple[Step, ...]
    source: Place | None
    said: Text


def explain(result: Result, unit: str, *, year: str | None = None) -> list[Explained]:
    """Explain a unit's score: the index first, each node before those below it. Raises Refused for an unknown unit, or a year
    that is wanted and not given, or not there."""
    return Explainer(result, year).unit(unit)


class Explainer:
    """What the explanations of all units of a result share, found once; `unit` then explains one. Raises Refused as `explain`."""

    def __init__(self, result: Result, year: str | None = None) -> None:
        self.result = of_year(result, year)
        self.points = Points.of(self.result)
        self.effective = effective(self.result.framework, self.result.weights)
        self.effects = {node.code: self._effect(node.code) for node in self.result.framework.nodes}
        self.methods = [each.method for each in rules_of_columns(self.result.framework, self.result.recipe)]
        self.among = {code: int(np.isfinite(places).sum()) for code, places in self.points.places.items()}
        given = result.given
        # The first line of the file names the columns.
        self.rows = {
            unit: i + 2
            for i, unit in enumerate(given.units if given is not None else ())
            if given is not None and (year is None or not given.times or given.times[i] == year)
        }

    def unit(self, unit: str) -> list[Explained]:
        """Explain one unit. Raises Refused where there is none of that code."""
        row = self.points.at(unit)
        found: list[Explained] = []
        self._tell(found, unit, row, self.result.framework.top, (1.0, 1.0, 1.0))
        return found

    def _tell(
        self, found: list[Explained], unit: str, row: int, code: str, held: tuple[float, float, float], depth: int = 0
    ) -> None:
        """Add a node and those below it; ``held``: its weight, its weight in force, and its weight in force in the index."""
        framework = self.result.framework
        node = framework[code]
        weight, force, given = held
        value = float(self.points.columns[code][row])
        is_leaf = node.level == 1
        below = {} if is_leaf else in_force(self.result, row, code)
        rule = "" if is_leaf else rule_of(self.result, code)
        points = value if np.isfinite(value) else 0.0
        adds = node.parent is not None and rule_of(self.result, node.parent) == "arithmetic"
        told = Explained(
            code,
            node.name,
            node.level,
            depth,
            node.parent or "",
            rule,
            value,
            float(self.points.places[code][row]),
            self.among[code],
            weight,
            force,
            self.effective[code],
            force * points if adds else np.nan,
            given * points if np.isfinite(given) else np.nan,
            float(self.effects[code][row]),
            _steps(self.result, self.methods, unit, row, code) if is_leaf else (),
            Place(file="data.csv", row=self.rows[unit], column=code) if is_leaf and unit in self.rows else None,
            Text("", ""),
        )
        lacking = [framework[child].name for child, each in below.items() if each == 0.0]
        found.append(_with_words(self.result, told, lacking))
        total = sum(self.result.weights[child] for child in below)
        for child, each in below.items():
            share = self.result.weights[child] / total if total else 0.0
            passed = given * each if rule == "arithmetic" else np.nan
            self._tell(found, unit, row, child, (share, each, passed), depth + 1)

    def _effect(self, code: str) -> Floats:
        """The index less the index without the node, for every unit; NaN for the top and where nothing would be left."""
        try:
            return np.asarray(self.result.index - without(self.result, code))
        except Refused:
            return np.full(len(self.points.units), np.nan)


def _steps(result: Result, methods: list[str], unit: str, row: int, code: str) -> tuple[Step, ...]:
    at = result.framework.indicators.index(code)
    node = result.framework[code]
    raw = float(result.raw.values[result.raw.units.index(unit), at])
    steps = [
        Step(
            "raw",
            raw,
            Text("没有原始数据", "no raw figure")
            if np.isnan(raw)
            else Text(f"原始值 {raw:.6g}{_unit(node.unit)}", f"{raw:.6g}{_unit(node.unit)} raw"),
        )
    ]
    below = _denominator(result, code)
    if below:
        value = float(result.denominated.values[row, at])
        if np.isfinite(raw):
            steps.append(
                Step(
                    "denominated",
                    value,
                    Text(f"除以“{below}”得 {value:.6g}", f"{value:.6g} over “{below}”")
                    if np.isfinite(value)
                    else Text(f"分母“{below}”不可用", f"no usable “{below}” to divide by"),
                )
            )
    imputed, treated = float(result.imputed.values[row, at]), float(result.treated.values[row, at])
    if result.filled[row, at]:
        method = result.recipe.impute.method if result.recipe.impute else ""
        steps.append(Step("imputed", imputed, Text(f"插补为 {imputed:.6g}（{method}）", f"filled with {imputed:.6g} ({method})")))
    if np.isfinite(treated) and treated != imputed:
        kind = result.treatment[at].transform
        steps.append(
            Step(
                "treated",
                treated,
                Text(f"经 {kind} 变换为 {treated:.6g}", f"{treated:.6g} by {kind}")
                if kind
                else Text(f"缩尾为 {treated:.6g}", f"winsorised to {treated:.6g}"),
            )
        )
    points = float(result.normalised.values[row, at])
    if np.isfinite(points):
        method = methods[at]
        within = result.recipe.normalise.within
        group = result.treated.groups[within][row] if within else ""
        steps.append(
            Step(
                "normalised",
                points,
                Text(
                    f"按 {method}{f'（组内：{group}）' if within else ' '}得 {points:.2f} 分",
                    f"{points:.2f} points by {method}{f' within {group}' if within else ''}",
                ),
            )
        )
    return tuple(steps)


def _denominator(result: Result, code: str) -> str | None:
    wanted = result.recipe.denominate
    if not wanted:
        return None
    return result.framework[code].denominator if wanted is True else wanted.get(code)


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


def _with_words(result: Result, node: Explained, lacking: list[str]) -> Explained:
    """The node with its sentence."""
    framework = result.framework
    zh, en = f"“{node.name}”：", f"“{node.name}”: "
    if node.steps:
        less = framework[node.code].direction < 0
        said = [each.said for each in node.steps]
        if less:
            said[0] = Text(f"{said[0].zh}（越小越好）", f"{said[0].en} (less is better)")
        zh += " → ".join(each.zh for each in said) + "。"
        en += " → ".join(each.en for each in said) + "."
    elif np.isfinite(node.points):
        rule = RULES.get(node.rule, Text(node.rule, node.rule))
        zh += f"{node.points:.2f} 分，由 {len(framework.children(node.code))} 个下级作{rule.zh}。"
        en += f"{node.points:.2f} points, the {rule.en} of {len(framework.children(node.code))} below."
    else:
        zh, en = f"{zh}数据不足，没有得分。", f"{en}not scored for want of data."
    if np.isfinite(node.place):
        zh, en = f"{zh}第 {node.place:.0f} 位（共 {node.among}）。", f"{en} Place {node.place:.0f} of {node.among}."
    if node.parent:
        above = framework[node.parent].name
        zh, en = f"{zh}在“{above}”中权重 {node.weight:.1%}", f"{en} Weight {node.weight:.1%} of “{above}”"
        if abs(node.in_force - node.weight) > 1e-12:
            zh, en = f"{zh}（实际 {node.in_force:.1%}）", f"{en} ({node.in_force:.1%} in force)"
        if np.isfinite(node.to_parent) and np.isfinite(node.points):
            zh, en = f"{zh}，给它 {node.to_parent:.2f} 分", f"{en}: gives it {node.to_parent:.2f}"
            if np.isfinite(node.to_index) and node.parent != framework.top:
                zh, en = f"{zh}，给总指数 {node.to_index:.2f} 分", f"{en}, and {node.to_index:.2f} to the index"
        elif np.isfinite(node.effect) and np.isfinite(node.points):
            zh, en = f"{zh}；没有它总指数变动 {-node.effect:+.2f}", f"{en}; without it the index moves by {-node.effect:+.2f}"
        zh, en = f"{zh}。", f"{en}."
    if lacking:
        zh, en = f"{zh}未计入：{'、'.join(lacking)}。", f"{en} Not counted: {', '.join(lacking)}."
    return replace(node, said=Text(zh, en))
