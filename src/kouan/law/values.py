"""What the law's data files say, as values: dated parameters, settings, rulings.

A parameter is a number that a decree may change; each of its values carries the day from which it
holds, the day it was issued and the place it stands. A setting is one of several readings of a text
that is open (`ambiguity`, A-01 …); it has a default with a reason, which a ruling of the national port
office replaces from a date (国家口岸管理部门负责本规划解释说明, 规划七).

Effect and publication are two facts: `in_force_from` picks the value, `issued` says when it was known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kouan.basis import Citation, Quantity, Text

# Spans of time are no units of figures.
TIMES: Mapping[str, Text] = {"years": Text("年", "years"), "months": Text("个月", "months")}


@dataclass(frozen=True, slots=True)
class OtherReading:
    """A dated value that yields to an older one when a setting says so (A-03)."""

    setting: str
    choice: str
    value_of: date

    def as_dict(self) -> dict[str, str]:
        return {"setting": self.setting, "choice": self.choice, "value_of": self.value_of.isoformat()}


@dataclass(frozen=True, slots=True)
class DatedValue:
    """One value of a parameter.

    `value` is exact, in `unit` (a base unit: t, person_crossings, years); `printed` and `printed_unit` are
    what the instrument prints (1000, 万吨). `in_force_to` is the day before the next value, None for the
    last one. `covers_to` is the end of the period the instrument was made for: afterwards the value is
    carried on, and marked so, until a new instrument is loaded.
    """

    key: str
    value: Decimal
    unit: str
    printed: Decimal
    printed_unit: str
    in_force_from: date
    in_force_to: date | None
    covers_to: date | None
    issued: date
    citation: Citation
    note: Text | None = None
    other_reading: OtherReading | None = None

    @property
    def printed_text(self) -> str:
        """Return the value as the instrument prints it: 1000万吨."""
        return f"{self.printed:f}{self.printed_unit}"

    @property
    def text(self) -> Text:
        """Return the value in words: 1000万吨 as printed; 10 million t for readers of English."""
        if self.unit in TIMES:
            return Text(self.printed_text, f"{self.value:f} {TIMES[self.unit].en}")
        return Text(self.printed_text, Quantity.of(self.value, self.unit).display("en", places=6))

    def is_carried_on(self, day: date) -> bool:
        """Tell whether `day` lies after the period the instrument was made for (待新规)."""
        return self.covers_to is not None and day > self.covers_to

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; the exact value as text."""
        return {
            "key": self.key,
            "value": f"{self.value:f}",
            "unit": self.unit,
            "printed": self.printed_text,
            "in_force_from": self.in_force_from.isoformat(),
            "in_force_to": self.in_force_to.isoformat() if self.in_force_to else None,
            "covers_to": self.covers_to.isoformat() if self.covers_to else None,
            "issued": self.issued.isoformat(),
            "citation": self.citation.as_dict(),
            "note": self.note.as_dict() if self.note else None,
            "other_reading": self.other_reading.as_dict() if self.other_reading else None,
        }


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of the law with its history, oldest value first.

    `order` is the place of its subject in the instrument (专栏6 begins with 海运); lists follow it.
    """

    key: str
    label: Text
    subject: Text
    measure: str | None
    unit: str
    printed_unit: str
    comparison: str
    values: tuple[DatedValue, ...]
    file: str
    order: int = 0

    def on(self, day: date) -> DatedValue | None:
        """Return the value in force on `day`, None before the first."""
        found = None
        for value in self.values:
            if value.in_force_from > day:
                break
            found = value
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping with every dated value."""
        return {
            "key": self.key,
            "label": self.label.as_dict(),
            "subject": self.subject.as_dict(),
            "measure": self.measure,
            "unit": self.unit,
            "printed_unit": self.printed_unit,
            "comparison": self.comparison,
            "values": [value.as_dict() for value in self.values],
            "file": self.file,
        }


@dataclass(frozen=True, slots=True)
class Question:
    """An open point of a text: what is open, the readings that may be chosen, the default and its reason.

    `adopted` is the day on which we wrote the default down. It does not limit it: a default answers for
    every as-of date, because an open text was open from its first day.
    """

    key: str
    label: Text
    ambiguity: str
    question: Text
    citation: Citation
    adopted: date
    default: str
    reason: Text
    choices: Mapping[str, Text]
    file: str

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "key": self.key,
            "label": self.label.as_dict(),
            "ambiguity": self.ambiguity,
            "question": self.question.as_dict(),
            "citation": self.citation.as_dict(),
            "adopted": self.adopted.isoformat(),
            "default": self.default,
            "reason": self.reason.as_dict(),
            "choices": {code: label.as_dict() for code, label in self.choices.items()},
            "file": self.file,
        }


@dataclass(frozen=True, slots=True)
class Ruling:
    """An answer of the national port office to an open point, with the document that gives it.

    `document_number` (发文字号) is entered as issued. `from_date` is the day from which the answer holds
    for whoever asks as of that day or later; `issued` is the day it was made known.
    """

    setting: str
    value: str
    from_date: date
    document_number: str
    document_title: str
    issued: date

    @property
    def citation(self) -> Citation:
        """Return the document as a citation."""
        return Citation(
            self.document_title,
            f"（{self.document_number}）",
            issued=self.issued,
            in_force_from=self.from_date,
        )

    def as_dict(self) -> dict[str, str]:
        """Return a JSON-ready mapping."""
        return {
            "setting": self.setting,
            "value": self.value,
            "from_date": self.from_date.isoformat(),
            "document_number": self.document_number,
            "document_title": self.document_title,
            "issued": self.issued.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Setting:
    """The reading in force on an as-of date: our default, a ruling, or one supposed for comparison."""

    question: Question
    value: str
    decided_by: Ruling | None = None
    is_supposed: bool = False

    @property
    def key(self) -> str:
        return self.question.key

    @property
    def ambiguity(self) -> str:
        return self.question.ambiguity

    @property
    def choices(self) -> Mapping[str, Text]:
        return self.question.choices

    @property
    def label(self) -> Text:
        """Return the chosen reading in words."""
        return self.question.choices[self.value]

    @property
    def citation(self) -> Citation:
        """Return the ruling's document, or the open text itself."""
        return self.decided_by.citation if self.decided_by else self.question.citation

    @property
    def reason(self) -> Text:
        """Return why this reading holds."""
        if self.is_supposed:
            return Text("假设采用此理解，用于比较。", "Supposed, for comparison.")
        if self.decided_by:
            ruling = self.decided_by
            day = ruling.from_date
            return Text(
                f"国家口岸管理部门解释：《{ruling.document_title}》（{ruling.document_number}），"
                f"自{day.year}年{day.month}月{day.day}日起适用。",
                f"Ruling of the national port office: {ruling.document_title} ({ruling.document_number}), "
                f"from {day.isoformat()}.",
            )
        return self.question.reason

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "key": self.key,
            "ambiguity": self.ambiguity,
            "value": self.value,
            "name": self.question.label.as_dict(),
            "label": self.label.as_dict(),
            "reason": self.reason.as_dict(),
            "citation": self.citation.as_dict(),
            "choices": list(self.choices),
            "decided_by": self.decided_by.as_dict() if self.decided_by else None,
        }
