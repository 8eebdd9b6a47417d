"""A recipe: which method and which arguments at each step, as a file that people read and write.

Whatever a recipe leaves out is not done (screen, denominate, impute, treat) or has the usual setting (min-max 0–100, the
weights of the framework, arithmetic means). docs/recipes.md explains each key with examples.

>>> recipe = Recipe.from_dict({"recipe": "plain", "impute": {"method": "median"}})
>>> recipe.impute.method, recipe.treat, recipe.normalise.method
('median', None, 'minmax')
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from kouan.basis import Finding, Refused
from kouan.basis.finding import Place
from kouan.basis.strict_yaml import load_plain
from kouan.evaluation.method.index.aggregate import RULES, Rule, Rules
from kouan.evaluation.method.index.normalise import METHODS, Normalisation
from kouan.evaluation.method.index.prepare import IMPUTATIONS
from kouan.evaluation.method.index.treat import Treatment
from kouan.evaluation.method.index.weigh import DATA_METHODS


class Part(BaseModel):
    """A part of a recipe: unknown keys are refused, for a misspelt key must not pass in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Screen(Part):
    least_available: float = Field(0.0, ge=0, le=1)
    least_nonzero: float = Field(0.0, ge=0, le=1)
    force: dict[str, bool] = {}


class Impute(Part):
    method: str
    group: str | None = None
    factor: float = 1.0
    seed: int = 0

    @field_validator("method")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, IMPUTATIONS)

    @model_validator(mode="after")
    def _grouped(self) -> Impute:
        if self.method.startswith("group_") and not self.group:
            raise ValueError("按组插补须写明 group（分组列） / imputing by group needs group (the column)")
        return self


class TreatOne(Part):
    points: int = Field(5, ge=0)
    then: Literal["", "none", "log_ct", "log_shift", "log", "boxcox"] = "log_ct"
    skew: float = Field(2.0, gt=0)
    kurtosis: float = 3.5
    power: float = 0.0
    always: bool = False

    def treatment(self) -> Treatment:
        return Treatment(
            self.points, "" if self.then == "none" else self.then, self.skew, self.kurtosis, self.power, self.always
        )


class Treat(TreatOne):
    indicators: dict[str, TreatOne | Literal["none"]] = {}


class NormaliseOne(Part):
    method: str = "minmax"
    range: tuple[float, float] | None = None
    mean_sd: tuple[float, float] | None = None
    percentile: float | None = Field(None, ge=0, le=100)
    cap: bool | None = None
    clip: bool | None = None
    top: float | None = None

    @field_validator("method")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, tuple(METHODS))

    def normalisation(self) -> Normalisation:
        given = self.model_dump(exclude_none=True, include={"range", "mean_sd", "percentile", "cap", "clip", "top"})
        return Normalisation(self.method, given)


class Normalise(NormaliseOne):
    within: str | None = None
    indicators: dict[str, NormaliseOne] = {}


class Weigh(Part):
    """``method``: given, equal, or one of the data methods for the nodes of ``levels`` (each among its siblings).
    ``joined``: replace what was given, or join with it by product or game. ``given``: weights that replace the framework's.
    ``ahp``, ``budget``: judgements on the children of a node."""

    method: str = "given"
    levels: tuple[int, ...] = (1,)
    joined: Literal["replace", "product", "game"] = "replace"
    given: dict[str, float] = {}
    ahp: dict[str, list[list[float]] | list[list[list[float]]]] = {}
    budget: dict[str, list[list[float]]] = {}
    largest_consistency_ratio: float = 0.1
    mixed_signs: Literal["refuse", "keep"] = "refuse"

    @field_validator("method")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, ("given", "equal", *DATA_METHODS))


class OneRule(Part):
    name: str = "arithmetic"
    power: float = 1.0

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("name")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, RULES)

    def rule(self) -> Rule:
        return Rule(self.name, self.power)


class Aggregate(Part):
    usual: OneRule = OneRule()
    levels: dict[int, OneRule] = {}
    nodes: dict[str, OneRule] = {}
    threshold: float = Field(0.0, ge=0, le=1)

    def rules(self) -> Rules:
        return Rules(
            self.usual.rule(),
            {level: each.rule() for level, each in self.levels.items()},
            {code: each.rule() for code, each in self.nodes.items()},
            self.threshold,
        )


class Recipe(Part):
    """The whole. ``decimals``: scores are rounded so before they are ranked, that no place hangs on a last bit.
    ``years``: "each" year by itself, or all "jointly" on one scale; places are always within a year."""

    recipe: str
    title: str = ""
    title_en: str = ""
    screen: Screen | None = None
    denominate: bool | dict[str, str] = False
    impute: Impute | None = None
    treat: Treat | None = None
    normalise: Normalise = Normalise()
    weigh: Weigh = Weigh()
    aggregate: Aggregate = Aggregate()
    decimals: int = Field(9, ge=0, le=15)
    years: Literal["each", "jointly"] = "each"

    @field_validator("weigh", mode="before")
    @classmethod
    def _weigh(cls, value: Any) -> Any:
        return {"method": value} if isinstance(value, str) else value

    @field_validator("aggregate", mode="before")
    @classmethod
    def _aggregate(cls, value: Any) -> Any:
        return {"usual": value} if isinstance(value, str) else value

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, file: str | None = None) -> Recipe:
        """Read plain data. Raises Refused with a finding for each key or value that cannot be used."""
        try:
            return cls.model_validate(dict(data))
        except ValidationError as fault:
            raise Refused([finding_of(dict(each), file) for each in fault.errors()]) from fault

    @classmethod
    def from_yaml(cls, text: str, *, file: str | None = None) -> Recipe:
        """Read a file's text. Raises Refused where it is no YAML or no recipe."""
        try:
            data = load_plain(text)
        except yaml.YAMLError as fault:
            mark = getattr(fault, "problem_mark", None)
            said = str(getattr(fault, "problem", None) or fault).splitlines()[0]
            raise Refused.because(
                "recipe_not_yaml",
                f"配方文件不是有效的 YAML（{said}）。",
                f"The recipe is no valid YAML ({said}).",
                where=Place(file=file, row=mark.line + 1 if mark else None),
                remedy=("含冒号的文字须加引号；各级用空格缩进。", "Quote texts that hold a colon; indent with spaces."),
            ) from fault
        if not isinstance(data, dict):
            raise Refused.because(
                "recipe_empty",
                "配方文件没有内容，或不是“键: 值”形式。",
                "The recipe is empty, or no mapping of keys to values.",
                where=Place(file=file),
            )
        return cls.from_dict(data, file=file)

    def as_dict(self) -> dict[str, Any]:
        """Plain data; `from_dict` reads it back."""
        return self.model_dump(mode="json", exclude_none=True)

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe in canonical form."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"没有“{value}”，可用：{'、'.join(known)} / there is no “{value}”: {', '.join(known)}")
    return value


def finding_of(fault: dict[str, Any], file: str | None) -> Finding:
    """What pydantic says of a part, in words."""
    where = Place(file=file, path=".".join(str(each) for each in fault["loc"]) or None)
    name, kind, said = str(fault["loc"][-1]) if fault["loc"] else "", fault["type"], str(fault["msg"])
    if kind == "extra_forbidden":
        return Finding.error(
            "recipe_key_unknown",
            f"配方中没有“{name}”这一项。",
            f"A recipe has no key “{name}”.",
            where=where,
            remedy=("各项名称见 docs/recipes.md。", "docs/recipes.md lists the keys."),
        )
    if kind == "missing":
        return Finding.error("recipe_key_missing", f"配方缺少“{name}”。", f"The recipe lacks “{name}”.", where=where)
    words = said.removeprefix("Value error, ")
    zh, _, en = words.partition(" / ")
    return Finding.error(
        "recipe_value_unusable",
        f"配方的“{name}”不能使用：{zh}",
        f"“{name}” of the recipe cannot be used: {en or words}",
        where=where,
        measured=str(fault.get("input"))[:80],
    )
