"""The trace of a judgement: every step with fact, requirement, outcome and citation.

Whoever must answer for a verdict reads the trace, so it is words in both languages, not variables.

>>> from kouan.basis import Text
>>> trace = Trace()
>>> trace.add("volume_standard/1", Text("运输类别", "Transport class"),
...           measured=Text("海运", "sea"), outcome=Text("适用海运口岸标准", "the sea standard applies"))
>>> print(trace.render())
1. 运输类别：事实 海运；结果 适用海运口岸标准
>>> print(trace.render("en"))
1. Transport class: fact sea; outcome the sea standard applies
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kouan.basis import Citation, Text


@dataclass(frozen=True, slots=True)
class Step:
    """One question put to the facts.

    `rule` names the step of the rule ("volume_standard/3"); `text` is the question, `measured` the fact
    found, `required` what the law asks, `outcome` what follows.
    """

    rule: str
    text: Text
    outcome: Text
    measured: Text | None = None
    required: Text | None = None
    citation: Citation | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "rule": self.rule,
            "text": self.text.as_dict(),
            "measured": self.measured.as_dict() if self.measured else None,
            "required": self.required.as_dict() if self.required else None,
            "outcome": self.outcome.as_dict(),
            "citation": self.citation.as_dict() if self.citation else None,
        }

    def describe(self, language: str = "zh") -> str:
        """Say the step in one line."""
        english = language[:2].lower() == "en"
        names = ("fact", "required", "outcome") if english else ("事实", "要求", "结果")
        said = [
            f"{name} {text.in_language(language)}"
            for name, text in zip(names, (self.measured, self.required, self.outcome), strict=True)
            if text is not None
        ]
        line = f"{self.text.in_language(language)}{': ' if english else '：'}"
        line += ("; " if english else "；").join(said)
        if self.citation:
            line += f" ({self.citation})" if english else f"（{self.citation}）"
        return line


@dataclass(slots=True)
class Trace:
    """Steps in the order in which they were taken."""

    steps: list[Step] = field(default_factory=list)

    def add(
        self,
        rule: str,
        text: Text,
        *,
        outcome: Text,
        measured: Text | None = None,
        required: Text | None = None,
        citation: Citation | None = None,
    ) -> None:
        """Record one step."""
        self.steps.append(Step(rule, text, outcome, measured, required, citation))

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def render(self, language: str = "zh") -> str:
        """Return the steps as numbered lines."""
        return "\n".join(f"{n}. {step.describe(language)}" for n, step in enumerate(self.steps, 1))
