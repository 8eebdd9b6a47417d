"""The normalisation codes as the catalogue writes them: N1 … N9, some with numbers.

>>> parse_rule("N8(best=99,worst=85)"), parse_rule("N5(60,85;0,120)").arguments, parse_rule("N5(85,60;0,120)")
(Rule(code='N8', arguments=(99.0, 85.0)), (60.0, 85.0, 0.0, 120.0), None)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# Code -> the names of its numbers.
RULES: dict[str, tuple[str, ...]] = {
    "N1": (), "N2": (), "N3": (), "N4": (), "N5": ("lo", "hi", "zlo", "zhi"), "N6": (), "N7": (),
    "N8": ("best", "worst"), "N9": (),
}
RELATIVE = frozenset({"N1", "N2", "N3"})
POLARITY = {"N1": "higher", "N2": "higher", "N3": "lower", "N4": "higher", "N5": "band", "N6": "higher", "N7": "higher",
            "N9": "lower"}
MISSING_RULES = ("M1", "M2", "M3", "M4", "M5", "M6")

_RULE = re.compile(r"(N\d)(?:\(([^()]*)\))?")


@dataclass(frozen=True, slots=True)
class Rule:
    """A code with its numbers: N5(lo,hi;zlo,zhi), N8(best,worst)."""

    code: str
    arguments: tuple[float, ...] = ()

    @property
    def is_relative(self) -> bool:
        """Whether it places a value among peers."""
        return self.code in RELATIVE

    @property
    def polarity(self) -> str:
        """higher, lower or band: which way is better."""
        if self.code == "N8":
            return "higher" if self.arguments[0] > self.arguments[1] else "lower"
        return POLARITY[self.code]

    def __str__(self) -> str:
        numbers = [f"{number:g}" for number in self.arguments]
        if self.code == "N5":
            return f"N5({numbers[0]},{numbers[1]};{numbers[2]},{numbers[3]})"
        return f"{self.code}({','.join(numbers)})" if numbers else self.code

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, **dict(zip(RULES[self.code], self.arguments, strict=True))}


def parse_rule(text: str) -> Rule | None:
    """Read a code, with or without the names of its numbers; None when it is none or its numbers make no scale."""
    match = _RULE.fullmatch(text.replace(" ", ""))
    if match is None or match[1] not in RULES:
        return None
    code, wanted = match[1], RULES[match[1]]
    numbers: list[float] = []
    for place, part in enumerate(re.split(r"[;,]", match[2]) if match[2] else ()):
        name, _, number = part.rpartition("=")
        if place >= len(wanted) or (name and name != wanted[place]):
            return None
        try:
            numbers.append(float(number))
        except ValueError:
            return None
    if len(numbers) != len(wanted) or not all(abs(each) < 1e300 for each in numbers):
        return None
    if code == "N5" and not numbers[2] < numbers[0] <= numbers[1] < numbers[3]:
        return None
    if code == "N8" and numbers[0] == numbers[1]:
        return None
    return Rule(code, tuple(numbers))
