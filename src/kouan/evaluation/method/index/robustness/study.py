"""A study of uncertainty: which choices of a recipe are in doubt, and what else could have been chosen.

Each doubt is one factor: a number u in [0, 1) picks one of its alternatives. Weights, cells and left-out elements are
factors of many alternatives, drawn beforehand by the seed, so that every run can be made again from its row of u.

>>> study = Study.from_dict({"runs": 100, "factors": [
...     {"of": "aggregate", "choices": ["arithmetic", "geometric"]}, {"of": "weights", "noise": 0.25}]})
>>> [factor.name for factor in study.factors], study.runs
(['aggregate', 'weights'], 100)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from kouan.basis import Refused
from kouan.basis.finding import Place
from kouan.basis.strict_yaml import load_plain
from kouan.evaluation.method.index.framework import Framework
from kouan.evaluation.method.index.recipe import (
    Aggregate,
    Impute,
    Normalise,
    Part,
    Recipe,
    Treat,
    finding_of,
)

# How many weight sets or noises are drawn for a factor; u picks one of them.
REPLICATIONS = 4096


class Factor(Part):
    """One doubt. ``of``: impute, treat, normalise, aggregate (with ``choices``, each as a recipe writes it, null for none);
    weights (``noise``: every weight × a factor in 1 ± noise; or ``dirichlet``: a Dirichlet draw around the weights, larger is
    closer; at ``levels``); cells (``noise``: every figure × a factor in 1 ± noise; ``share`` of the cells); leave_out
    (each element of ``levels`` in turn, and none)."""

    of: Literal["impute", "treat", "normalise", "aggregate", "weights", "cells", "leave_out"]
    name: str = ""
    choices: list[Any] = []
    noise: float | None = Field(None, gt=0, lt=1)
    dirichlet: float | None = Field(None, gt=0)
    levels: tuple[int, ...] = ()
    share: float = Field(1.0, gt=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"name": value.get("of", ""), **value} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _whole(self) -> Factor:
        if self.of in ("impute", "treat", "normalise", "aggregate"):
            if len(self.choices) < 2:
                raise ValueError("choices 至少写两种做法 / choices needs at least two alternatives")
            for choice in self.choices:
                self.part(choice)
        if self.of == "weights" and (self.noise is None) == (self.dirichlet is None):
            raise ValueError("weights 须写 noise 或 dirichlet 之一 / weights needs either noise or dirichlet")
        if self.of == "cells" and self.noise is None:
            raise ValueError("cells 须写 noise / cells needs noise")
        return self

    def part(self, choice: Any) -> Any:
        """One alternative as the part of a recipe that it stands for."""
        kind: Any = {"impute": Impute, "treat": Treat, "normalise": Normalise, "aggregate": Aggregate}[self.of]
        if choice is None and self.of in ("impute", "treat"):
            return None
        if isinstance(choice, str):
            choice = {"usual": choice} if self.of == "aggregate" else {"method": choice}
        return kind.model_validate(choice or {})

    def label(self, at: int) -> str:
        """An alternative in a word, for the table of runs."""
        choice = self.choices[at]
        if choice is None:
            return "none"
        if isinstance(choice, str):
            return choice
        part = self.part(choice)
        if isinstance(part, Normalise):
            return " ".join(
                [part.method, *(f"{each:g}" for pair in (part.range, part.mean_sd) if pair for each in pair)]
            )
        if isinstance(part, Impute):
            return part.method
        if isinstance(part, Treat):
            return " ".join(filter(None, (f"winsorise {part.points}", part.then)))
        rule = part.usual
        return f"{rule.name} {rule.power:g}" if rule.name == "power" else str(rule.name)


class Study(Part):
    """Factors, and how many runs by which seed."""

    study: str = ""
    runs: int = Field(1000, ge=2, le=1_000_000)
    seed: int = 1
    factors: list[Factor]

    @model_validator(mode="after")
    def _once(self) -> Study:
        names = [factor.name for factor in self.factors]
        if not names:
            raise ValueError("至少写一个因素 / there must be a factor")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"因素重名：{'、'.join(twice)} / factors of one name: {', '.join(twice)}")
        kinds = [factor.of for factor in self.factors]
        if len(set(kinds)) < len(kinds):
            raise ValueError("每一类因素只能写一个 / there can be one factor of a kind")
        return self

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, file: str | None = None) -> Study:
        """Read plain data. Raises Refused with findings."""
        try:
            return cls.model_validate(dict(data))
        except ValidationError as fault:
            raise Refused([finding_of(dict(each), file) for each in fault.errors()]) from fault

    @classmethod
    def from_yaml(cls, text: str, *, file: str | None = None) -> Study:
        """Read a file's text. Raises Refused where it is no YAML or no study."""
        try:
            data = load_plain(text)
        except yaml.YAMLError as fault:
            raise Refused.because(
                "study_not_yaml",
                "不确定性方案不是有效的 YAML。",
                "The study is no valid YAML.",
                where=Place(file=file),
            ) from fault
        if not isinstance(data, dict):
            raise Refused.because(
                "study_empty", "不确定性方案没有内容。", "The study is empty.", where=Place(file=file)
            )
        return cls.from_dict(data, file=file)


def usual_study(framework: Framework, recipe: Recipe, *, runs: int = 1000, seed: int = 1) -> Study:
    """The study for a recipe that brings none: what is commonly in doubt, as far as the recipe does it."""
    factors: list[dict[str, Any]] = []
    if recipe.impute is not None:
        own = recipe.impute.model_dump()
        other = "median" if recipe.impute.method != "median" else "mean"
        factors.append({"of": "impute", "choices": [own, {"method": other}]})
    if recipe.treat is not None:
        factors.append({"of": "treat", "choices": [recipe.treat.model_dump(), None]})
    others = (
        {"method": "minmax", "range": [0, 100]},
        {"method": "zscore", "mean_sd": [50, 10]},
        {"method": "percentile_rank", "top": 100},
    )
    own_way = recipe.normalise.model_dump(exclude_none=True)
    within = {"within": recipe.normalise.within} if recipe.normalise.within else {}
    factors.append(
        {
            "of": "normalise",
            "choices": [own_way, *(each | within for each in others if each["method"] != own_way["method"])],
        }
    )
    factors.append({"of": "weights", "noise": 0.25, "levels": list(framework.levels[:-1])})
    # A power mean lets the weak weigh more, and unlike the geometric mean takes the zero that min-max gives the last.
    if recipe.aggregate.usual.name == "arithmetic" and own_way["method"] not in (
        "zscore",
        "none",
        "dist2targ",
        "dist2ref",
    ):
        factors.append(
            {
                "of": "aggregate",
                "choices": [
                    recipe.aggregate.model_dump(),
                    recipe.aggregate.model_dump() | {"usual": {"name": "power", "power": 0.5}},
                ],
            }
        )
    factors.append({"of": "leave_out", "levels": [1]})
    return Study.from_dict({"study": "usual", "runs": runs, "seed": seed, "factors": factors})
