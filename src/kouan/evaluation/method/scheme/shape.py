"""The shape of a scheme's own file (scheme.yaml): what may stand in it, and of which kind.

>>> Pair(zh="安全", en="safe").text
Text(zh='安全', en='safe')
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kouan.basis import Finding, Place, Refused, Text


class Part(BaseModel):
    """A part of the file: unknown keys are refused, for a misspelt key must not pass in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Pair(Part):
    """One thing said in both languages. Either may be empty here; the checks of a scheme ask for both."""

    zh: str = ""
    en: str = ""

    @property
    def text(self) -> Text:
        return Text(self.zh.strip(), self.en.strip())


class Group(Part):
    name: Pair
    reflects: str
    considers: str
    feeds: tuple[str, ...]
    elements: dict[str, Pair]


class Band(Part):
    """A result band (档次): totals of at least ``least``."""

    code: str
    zh: str
    en: str
    least: float = Field(alias="from", ge=0, le=100)

    @property
    def name(self) -> Text:
        return Text(self.zh, self.en)


class Peers(Part):
    smallest: int = Field(5, ge=1)
    percentiles: tuple[float, float] = (5.0, 95.0)


class RedLine(Part):
    cap: float = Field(60.0, ge=0, le=100)


class Missing(Part):
    reminders: int = Field(2, ge=0)
    carried_factor: float = Field(0.9, ge=0, le=1)
    smallest_survey: int = Field(30, ge=1)


class Experts(Part):
    """Marks of experts on checklist points: how many make a mean, and the spread (max − min) from which the office is told."""

    smallest: int = Field(2, ge=2)
    spread: float = Field(30.0, ge=0, le=100)


class CrossCheck(Part):
    """From which relative difference a self-reported figure and another source's are told to the verifier."""

    tolerance: float = Field(0.05, ge=0)


class Rectification(Part):
    """From which result a port is proposed for rectification: groups under ``group_points``; None: under the limit of the lowest band but one."""

    group_points: float | None = Field(None, ge=0, le=100)


class Derived(Part):
    tolerance: float = Field(0.005, ge=0)
    items: dict[str, str] = {}


class Volume(Part):
    """The composite passing volume: ``parts`` are items with their shares."""

    item: str
    base_year: int
    parts: dict[str, float] = Field(min_length=1)


class Honest(Part):
    self_reported_closed: str
    concealed: str


class Reading(Part):
    """How an open question is read, among which choices, and why."""

    value: str
    choices: tuple[str, ...]
    why: Pair


class Shape(Part):
    code: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: int = Field(ge=1)
    name: Pair
    status: Literal["proposal", "approved"]
    note: Pair
    parts: dict[str, Pair]
    five_types: dict[str, Pair]
    groups: dict[str, Group]
    classes: dict[str, str]
    bands: tuple[Band, ...] = Field(min_length=1)
    peers: Peers
    red_line: RedLine
    missing: Missing
    # Optional: a scheme without them is the same scheme with these values.
    experts: Experts = Experts()
    cross_check: CrossCheck = CrossCheck()
    rectification: Rectification = Rectification()
    target: float = Field(100.0, gt=0)
    decimals: int = Field(6, ge=0, le=12)
    derived: Derived
    volume: Volume
    zero_divisor_is_error: tuple[str, ...] = ()
    honest_reporting: dict[str, Honest] = {}
    readings: dict[str, Reading] = {}

    @property
    def rectify_under(self) -> float:
        """Points of a group under which a port is proposed for rectification."""
        if self.rectification.group_points is not None:
            return self.rectification.group_points
        limits = sorted(each.least for each in self.bands)
        return limits[1] if len(limits) > 1 else limits[0]


def shape_of(data: Mapping[str, Any], *, file: str | None = None) -> Shape:
    """Read plain data. Raises Refused with a finding for each key or value that cannot be used."""
    if not isinstance(data, Mapping):
        raise Refused.because(
            "scheme_value_unusable", "方案文件应是键值表。", "The file of the scheme must be a mapping.", where=Place(file=file),
            remedy=("各项写法见 docs/scheme.md。", "docs/scheme.md explains each key."))
    try:
        return Shape.model_validate(dict(data))
    except ValidationError as fault:
        raise Refused(
            [
                Finding.error(
                    "scheme_value_unusable",
                    f"方案文件的“{'.'.join(str(part) for part in each['loc'])}”不能使用（{each['type']}）。",
                    f"“{'.'.join(str(part) for part in each['loc'])}” of the scheme cannot be used: {each['msg']}.",
                    where=Place(file=file, path=".".join(str(part) for part in each["loc"])),
                    measured=str(each.get("input"))[:80],
                    remedy=("各项写法见 docs/scheme.md。", "docs/scheme.md explains each key."),
                )
                for each in fault.errors()
            ]
        ) from fault
