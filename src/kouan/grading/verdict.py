"""What the volume standard says of one port and one year, and everything needed to answer for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from kouan.basis import Citation, Finding, Text, numbers
from kouan.grading.facts import CLASS_NAMES, MEASURES, TransportClass
from kouan.law import DatedValue, Setting, Step


class Verdict(StrEnum):
    """The seven verdicts of the volume standard."""

    MEETS = "meets"
    FAILS = "fails"
    IN_GRACE = "in_grace"
    MONITORED = "monitored"
    EXEMPT = "exempt"
    INCOMPLETE = "incomplete"
    UNCLASSIFIED = "unclassified"


VERDICT_NAMES: Mapping[Verdict, Text] = {
    Verdict.MEETS: Text("达标", "meets the standard"),
    Verdict.FAILS: Text("不达标", "below the standard"),
    Verdict.IN_GRACE: Text("宽限期内", "in grace"),
    Verdict.MONITORED: Text("仅监测", "monitored only"),
    Verdict.EXEMPT: Text("豁免", "exempt"),
    Verdict.INCOMPLETE: Text("数据不全", "incomplete"),
    Verdict.UNCLASSIFIED: Text("未分类", "unclassified"),
}


class FlagCode(StrEnum):
    """What a reader must be told beside the verdict."""

    PENDING_NEW_INSTRUMENT = "pending_new_instrument"
    BEFORE_2017 = "before_2017"
    DIFFERS_UNDER = "differs_under"


FLAG_NAMES: Mapping[FlagCode, Text] = {
    FlagCode.PENDING_NEW_INSTRUMENT: Text("待新规", "new instrument pending"),
    FlagCode.BEFORE_2017: Text("早于2017年办法", "before the 2017 measures"),
    FlagCode.DIFFERS_UNDER: Text("其他理解下结论不同", "differs under another reading"),
}


@dataclass(frozen=True, slots=True)
class Flag:
    """A mark on the verdict, with the reason in words."""

    code: FlagCode
    detail: Text

    @property
    def label(self) -> Text:
        return FLAG_NAMES[self.code]

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code.value, "label": self.label.as_dict(), "detail": self.detail.as_dict()}


@dataclass(frozen=True, slots=True)
class Margin:
    """How far the year's total of one measure lies from its limit.

    `measured` and the limit are in base units (t, person-crossings); `months` says how many months the
    total covers. A total of fewer than twelve months is a lower bound of the year.
    """

    measure: str
    measured: Decimal | None
    months: int | None
    limit: DatedValue

    @property
    def required(self) -> Decimal:
        return self.limit.value

    @property
    def margin(self) -> Decimal | None:
        """Return measured minus required: negative when below the limit."""
        return None if self.measured is None else numbers.EXACT.subtract(self.measured, self.required)

    @property
    def ratio(self) -> Decimal | None:
        """Return measured as a share of the limit, cut (never rounded up) to six decimals.

        999,999.9999 t of 1,000,000 must not read as 1.
        """
        if self.measured is None or not self.required:
            return None
        share = numbers.EXACT.divide(self.measured, self.required)
        return numbers.tidy(share.quantize(Decimal("0.000001"), rounding="ROUND_DOWN", context=numbers.EXACT))

    @property
    def is_met(self) -> bool:
        """Tell whether the total is at its limit or above (不少于)."""
        return self.measured is not None and self.measured >= self.required

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping with plain numbers."""
        return {
            "measured": number(self.measured),
            "required": number(self.required),
            "margin": number(self.margin),
            "ratio": number(self.ratio),
            "is_met": self.is_met if self.measured is not None else None,
            "unit": MEASURES[self.measure][0],
            "required_as_printed": self.limit.printed_text,
            "months_reported": self.months,
            "in_force_from": self.limit.in_force_from.isoformat(),
            "citation": self.limit.citation.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class OtherVerdict:
    """The verdict under another reading of one open point, where it differs."""

    reading: Setting
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        return {
            "setting": self.reading.key,
            "ambiguity": self.reading.ambiguity,
            "value": self.reading.value,
            "label": self.reading.label.as_dict(),
            "verdict": self.verdict.value,
            "verdict_name": VERDICT_NAMES[self.verdict].as_dict(),
        }


@dataclass(frozen=True, slots=True)
class VolumeVerdict:
    """The verdict of the volume standard, with its reasons.

    `margins` is empty where no limit applies (no class, no year). `differs_under` lists readings, one
    changed at a time, under which the verdict would be another. `candidates` are the verdicts a port
    without a class would get under the classes it might have (A-04). `findings` are doubts about the
    facts. Errors are Refused; in the register's own verdicts they stand here, and the port is judged
    without the figures that cannot be (grading.queries).
    """

    code: str
    year: int | None
    as_of: date
    transport_class: TransportClass | None
    verdict: Verdict
    margins: Mapping[str, Margin]
    steps: tuple[Step, ...]
    readings: tuple[Setting, ...]
    flags: tuple[Flag, ...]
    differs_under: tuple[OtherVerdict, ...]
    candidates: Mapping[TransportClass, VolumeVerdict]
    findings: tuple[Finding, ...]
    citation: Citation
    rule: str
    rule_version: str
    definition_version: str
    law_digest: str

    @property
    def name(self) -> Text:
        """Return the verdict in words."""
        return VERDICT_NAMES[self.verdict]

    def is_flagged(self, code: FlagCode | str) -> bool:
        """Tell whether the verdict carries a flag."""
        return any(flag.code == code for flag in self.flags)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `kouan verdict --json`, `kouan law try --json` and the API."""
        return {
            "code": self.code,
            "year": self.year,
            "as_of": self.as_of.isoformat(),
            "transport_class": self.transport_class.value if self.transport_class else None,
            "transport_class_name": (
                CLASS_NAMES[self.transport_class].as_dict() if self.transport_class else None
            ),
            "verdict": self.verdict.value,
            "verdict_name": self.name.as_dict(),
            "margins": {measure: margin.as_dict() for measure, margin in self.margins.items()},
            "steps": [step.as_dict() for step in self.steps],
            "readings": [reading.as_dict() for reading in self.readings],
            "flags": [flag.as_dict() for flag in self.flags],
            "differs_under": [other.as_dict() for other in self.differs_under],
            "candidate_verdicts": {
                candidate.value: {
                    "verdict": verdict.verdict.value,
                    "verdict_name": verdict.name.as_dict(),
                    "margins": {measure: margin.as_dict() for measure, margin in verdict.margins.items()},
                    "differs_under": [other.as_dict() for other in verdict.differs_under],
                }
                for candidate, verdict in self.candidates.items()
            },
            "citation": self.citation.as_dict(),
            "rule": self.rule,
            "rule_version": self.rule_version,
            "definition_version": self.definition_version,
            "law_digest": self.law_digest,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def number(value: Decimal | None) -> int | float | None:
    """Return a number as JSON writes it: whole numbers exactly, others as the nearest float."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
