"""Recipe: everything needed to make the same scores again, and the proof that they are the same.

A recipe holds the framework in canonical form with its digest, the digest of the data cut, the years, the
steps with their arguments, the versions of the software, and the digest of the result. It is plain data
(`as_dict`), so it is stored beside the scores. `run.replay` refuses a recipe whose framework was altered,
data other than those it was made from, and a result that differs by a single bit.

Scores are rounded to the framework's `decimals` before they are ranked and digested: processors may
differ in the last bit of a logarithm, and no rank may hang on that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kouan import __version__
from kouan.basis import Finding, Refused
from kouan.evaluation.method.framework import AGGREGATIONS, Framework, digest_of

# Raised whenever the same recipe could give other figures; a replay under another number says so.
METHOD_VERSION = "1"


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One step and its arguments."""

    name: str
    arguments: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "arguments": dict(self.arguments)}


@dataclass(frozen=True)
class Recipe:
    """How a result was made. `result_digest` is empty in a recipe that has not been run."""

    framework: Mapping[str, Any]
    framework_digest: str
    data_digest: str
    years: tuple[int, int]
    steps: tuple[RecipeStep, ...]
    software: Mapping[str, str]
    result_digest: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for a JSON column; `from_dict` reads it back."""
        return {
            "framework": dict(self.framework),
            "framework_digest": self.framework_digest,
            "data_digest": self.data_digest,
            "years": list(self.years),
            "steps": [step.as_dict() for step in self.steps],
            "software": dict(self.software),
            "result_digest": self.result_digest,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        """Rebuild a recipe. Raises Refused when a part is missing or the framework was altered."""
        try:
            recipe = cls(
                framework=data["framework"],
                framework_digest=data["framework_digest"],
                data_digest=data["data_digest"],
                years=(int(data["years"][0]), int(data["years"][1])),
                steps=tuple(RecipeStep(step["name"], step["arguments"]) for step in data["steps"]),
                software=data["software"],
                result_digest=data["result_digest"],
            )
        except (KeyError, IndexError, TypeError, ValueError) as fault:
            raise Refused.because(
                "recipe_incomplete",
                f"复算依据缺少内容或格式不对：{fault}",
                f"The recipe lacks a part or is misshapen: {fault}",
            ) from fault
        recipe.check_framework()
        return recipe

    def check_framework(self) -> None:
        """Raise Refused if the framework is not the one whose digest the recipe carries."""
        found = digest_of(self.framework)
        if found != self.framework_digest:
            raise Refused.because(
                "recipe_framework_altered",
                "复算依据中的指标体系与其校验值不符，已被改动。",
                "The framework in the recipe does not match its digest: it was altered.",
                measured=found,
                required=self.framework_digest,
                remedy=("从归档副本恢复复算依据。", "Restore the recipe from the archive."),
            )

    @property
    def digest(self) -> str:
        """SHA-256 of the whole recipe."""
        return digest_of(self.as_dict())


def steps_for(framework: Framework, *, aggregation: str | None = None) -> tuple[RecipeStep, ...]:
    """The steps of a framework with their arguments. `aggregation` replaces the mean of every aggregate.

    Raises Refused for a mean this engine does not know.
    """
    if aggregation is not None and aggregation not in AGGREGATIONS:
        raise Refused.because(
            "aggregation_unknown",
            f"不认识合成方法“{aggregation}”。",
            f"“{aggregation}” is not a known way to aggregate.",
            required=", ".join(sorted(AGGREGATIONS)),
        )
    return (
        RecipeStep(
            "derive",
            {
                "largest_estimated_share": framework.largest_estimated_share,
                "look_back": framework.look_back,
                "carried_years": framework.carried_years,
            },
        ),
        RecipeStep("screen", {"smallest_weight": framework.smallest_weight}),
        RecipeStep("peers", {"smallest": framework.smallest_peer_group}),
        RecipeStep(
            "treat",
            {
                "points": framework.winsorise_points,
                "skew": framework.skew_limit,
                "kurtosis": framework.kurtosis_limit,
            },
        ),
        RecipeStep("normalise", {"percentiles": list(framework.percentiles)}),
        RecipeStep("weight", {"scheme": "given"}),
        RecipeStep(
            "aggregate",
            {
                "rules": {node.code: aggregation or node.aggregate for node in framework.aggregates},
                "decimals": framework.decimals,
            },
        ),
    )


def arguments_of(steps: tuple[RecipeStep, ...], framework: Framework) -> dict[str, Mapping[str, Any]]:
    """Arguments by step name. Raises Refused if the steps are not exactly those the engine performs, in order."""
    due = steps_for(framework)
    findings = []
    if [step.name for step in steps] != [step.name for step in due]:
        findings.append(
            Finding.error(
                "recipe_steps_unknown",
                "复算依据的步骤与本引擎不符。",
                "The recipe's steps are not the engine's.",
                measured=", ".join(step.name for step in steps),
                required=", ".join(step.name for step in due),
            )
        )
    else:
        for step, expected in zip(steps, due, strict=True):
            if set(step.arguments) != set(expected.arguments):
                findings.append(
                    Finding.error(
                        "recipe_arguments_unknown",
                        f"步骤“{step.name}”的参数不符。",
                        f"The arguments of the step “{step.name}” are not as expected.",
                        measured=", ".join(sorted(step.arguments)),
                        required=", ".join(sorted(expected.arguments)),
                    )
                )
    found = {step.name: step.arguments for step in steps}
    if not findings and found["weight"]["scheme"] != "given":
        findings.append(
            Finding.error(
                "weight_scheme_unknown",
                "本引擎只采用指标体系给定的权重。",
                "This engine takes the weights of the framework only.",
                measured=found["weight"]["scheme"],
                required="given",
            )
        )
    rules = found["aggregate"]["rules"] if not findings else {}
    if not findings and (
        set(rules) != {node.code for node in framework.aggregates} or not set(rules.values()) <= AGGREGATIONS
    ):
        findings.append(
            Finding.error(
                "aggregation_unknown",
                "复算依据中的合成方法与指标体系不符。",
                "The means named in the recipe do not fit the framework.",
                measured=", ".join(f"{code}={rule}" for code, rule in sorted(rules.items())),
                required=", ".join(sorted(AGGREGATIONS)),
            )
        )
    if findings:
        raise Refused(findings)
    return found


def software() -> dict[str, str]:
    """The versions a result depends on."""
    return {"kouan": __version__, "method": METHOD_VERSION, "numpy": np.__version__}
