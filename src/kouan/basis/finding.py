"""Finding: the one shape of everything that is wrong or noteworthy, at every door.

Data checks, legal rules, message syntax and form errors all return it; pages, API, receipts and
the command line render it. It answers three questions in Chinese and in English: what is the
matter (`message`), where (`where`), and what to do (`remedy`).

>>> finding = Finding.error(
...     "unknown_port", "没有名为“罗胡”的口岸。", "There is no port named “罗胡”.",
...     where=Place(file="return.xlsx", sheet="一月", cell="B7"),
...     remedy=("改为“罗湖”，或先登记该口岸。", "Write “罗湖”, or register the port first."),
... )
>>> finding.as_dict()["where"]
{'file': 'return.xlsx', 'sheet': '一月', 'cell': 'B7'}
>>> Finding.from_dict(finding.as_dict()) == finding
True
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, ClassVar

from kouan.basis.citation import Citation
from kouan.basis.text import Text

TextLike = Text | tuple[str, str]


class Severity(StrEnum):
    """How much a finding weighs: an error stops the thing it is about, a warning does not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding stands: in a file (sheet, cell, row, column), a form field, or a message path.

    `row` is counted as the user counts it: the first line of the sheet is 1.

    >>> print(Place(file="a.csv", row=12, column="货运量"))
    文件 a.csv，第12行，“货运量”列
    """

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    cell: str | None = None
    field: str | None = None
    path: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return only what is known."""
        return {name: value for name in _PLACE_FIELDS if (value := getattr(self, name)) is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Place:
        """Rebuild a place from `as_dict()`; unknown keys are an error (TypeError)."""
        return cls(**data)

    def describe(self, language: str = "zh") -> str:
        """Say the place in words; empty when nothing is known."""
        english = language[:2].lower() == "en"
        templates = _PLACE_WORDS_EN if english else _PLACE_WORDS_ZH
        parts = [templates[name].format(value) for name, value in self.as_dict().items()]
        return (", " if english else "，").join(parts)

    def __str__(self) -> str:
        return self.describe("zh")


_PLACE_FIELDS = tuple(field.name for field in fields(Place))
_PLACE_TEXTS = ("file", "sheet", "column", "cell", "field", "path")
_PLACE_WORDS_ZH = {
    "file": "文件 {}",
    "sheet": "工作表“{}”",
    "row": "第{}行",
    "column": "“{}”列",
    "cell": "单元格 {}",
    "field": "“{}”栏",
    "path": "路径 {}",
}
_PLACE_WORDS_EN = {
    "file": "file {}",
    "sheet": "sheet “{}”",
    "row": "row {}",
    "column": "column “{}”",
    "cell": "cell {}",
    "field": "field “{}”",
    "path": "path {}",
}


# What a finding quotes comes from files of strangers: no page, database or terminal may choke on it, and nobody reads a
# cell of a million letters. The marks that turn the direction of writing can make a figure read backwards.
LONGEST_MESSAGE, LONGEST_WORD = 2_000, 500
_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def sayable(text: str, longest: int = LONGEST_WORD) -> str:
    """The text as it can be shown, stored and sent: what cannot becomes �, what is too long loses its middle.

    >>> sayable("a\\x00b\\ud800"), sayable("“" + "9" * 600 + "”不是日期。")[-9:], len(sayable("9" * 600))
    ('a�b�', '999”不是日期。', 500)
    """
    if len(text) > longest:
        # A sentence that quotes a long cell says what is the matter at its end.
        end = longest // 4
        text = text[: longest - 1 - end] + "…" + text[-end:]
    return text if text.isprintable() else _UNSAYABLE.sub("�", text)


def _sayable_text(text: Text, longest: int) -> Text:
    zh, en = sayable(text.zh, longest), sayable(text.en, longest)
    return text if zh == text.zh and en == text.en else Text(zh, en)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or noteworthy.

    `code` is stable snake_case ("duplicate_row"): tests, statistics and translations hang on it.
    `measured` and `required` are text, already with their unit, so that every door shows the same.
    """

    code: str
    severity: Severity
    message: Text
    where: Place = Place()
    measured: str | None = None
    required: str | None = None
    citation: Citation | None = None
    remedy: Text | None = None

    def __post_init__(self) -> None:
        """Make everything quoted sayable."""
        put = object.__setattr__  # the dataclass is frozen
        put(self, "message", _sayable_text(self.message, LONGEST_MESSAGE))
        if self.remedy is not None:
            put(self, "remedy", _sayable_text(self.remedy, LONGEST_MESSAGE))
        for name in ("measured", "required"):
            value = getattr(self, name)
            if value is not None:
                put(self, name, sayable(value, LONGEST_MESSAGE))
        changed: dict[str, Any] = {
            name: clean for name in _PLACE_TEXTS
            if (value := getattr(self.where, name)) is not None and (clean := sayable(str(value))) != value
        }
        if changed:
            put(self, "where", replace(self.where, **changed))

    @classmethod
    def error(cls, code: str, zh: str, en: str, **details: Any) -> Finding:
        """Make a finding that stops the thing it is about. `details`: where, measured, required,
        citation, remedy (a Text or a (zh, en) pair)."""
        return cls._make(Severity.ERROR, code, zh, en, **details)

    @classmethod
    def warning(cls, code: str, zh: str, en: str, **details: Any) -> Finding:
        """Make a finding that does not stop it. Details as for `error`."""
        return cls._make(Severity.WARNING, code, zh, en, **details)

    @classmethod
    def info(cls, code: str, zh: str, en: str, **details: Any) -> Finding:
        """Make a note. Details as for `error`."""
        return cls._make(Severity.INFO, code, zh, en, **details)

    @classmethod
    def _make(
        cls,
        severity: Severity,
        code: str,
        zh: str,
        en: str,
        *,
        where: Place | None = None,
        measured: object = None,
        required: object = None,
        citation: Citation | None = None,
        remedy: TextLike | None = None,
    ) -> Finding:
        return cls(
            code=code,
            severity=severity,
            message=Text(zh, en),
            where=where or Place(),
            measured=None if measured is None else str(measured),
            required=None if required is None else str(required),
            citation=citation,
            remedy=None if remedy is None else Text.of(remedy),
        )

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def at(self, where: Place | None = None, **known: Any) -> Finding:
        """Return the same finding with its place filled in by someone who knows it better.

        A reader of one cell does not know the file; the intake that called it does.

        >>> Finding.info("note", "注", "note").at(file="a.csv").at(row=2).where
        Place(file='a.csv', sheet=None, row=2, column=None, cell=None, field=None, path=None)
        """
        return replace(self, where=replace(where if where is not None else self.where, **known))

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape that every door uses."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "where": self.where.as_dict(),
            "message": self.message.as_dict(),
            "measured": self.measured,
            "required": self.required,
            "citation": self.citation.as_dict() if self.citation else None,
            "remedy": self.remedy.as_dict() if self.remedy else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """Rebuild a finding from `as_dict()`."""
        citation = data.get("citation")
        remedy = data.get("remedy")
        return cls(
            code=data["code"],
            severity=Severity(data["severity"]),
            message=Text.from_dict(data["message"]),
            where=Place.from_dict(data.get("where") or {}),
            measured=data.get("measured"),
            required=data.get("required"),
            citation=Citation.from_dict(citation) if citation else None,
            remedy=Text.from_dict(remedy) if remedy else None,
        )

    def describe(self, language: str = "zh") -> str:
        """Say the whole finding in one line: place, message, remedy."""
        english = language[:2].lower() == "en"
        place = self.where.describe(language)
        line = self.message.in_language(language)
        if place:
            line = f"{place}{': ' if english else '：'}{line}"
        if self.remedy:
            line += (" " if english else "") + self.remedy.in_language(language)
        return line

    def __str__(self) -> str:
        return self.describe("zh")


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether any finding stops the thing (the command line then ends with status 1)."""
    return any(finding.is_error for finding in findings)


class Refused(Exception):
    """Something may not be done; the findings say why. Raised by actions, rendered by every door.

    >>> try:
    ...     raise Refused.because("port_closed", "口岸已关闭。", "The port is closed.")
    ... except Refused as refusal:
    ...     refusal.findings[0].code
    'port_closed'
    """

    http_status: ClassVar[int] = 422  # how a page and an API answer it (RFC 9110)
    findings: list[Finding]

    def __init__(self, findings: Finding | Iterable[Finding]):
        self.findings = [findings] if isinstance(findings, Finding) else list(findings)
        # The list is the exception's only argument, so that it survives pickling (job workers).
        super().__init__(self.findings)

    @classmethod
    def because(cls, code: str, zh: str, en: str, **details: Any) -> Refused:
        """Refuse with one finding of error severity; details as for `Finding.error`."""
        return cls(Finding.error(code, zh, en, **details))

    def __str__(self) -> str:
        return "\n".join(f"{f.describe('zh')} / {f.describe('en')}" for f in self.findings)


class NotFound(Refused):
    """There is no such thing, or the user may not know of it: doors answer 404 in both cases."""

    http_status = 404


class NotAllowed(Refused):
    """The user may know of it but may not do this: doors answer 403."""

    http_status = 403


class Conflict(Refused):
    """Someone else changed it first, or the same key was used for other content: doors answer 409."""

    http_status = 409
