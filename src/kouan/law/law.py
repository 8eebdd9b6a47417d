"""The law as it stands on a day: parameters by date, settings by ruling.

Two dates, never mixed. `Law(as_of=…)` is the day on which someone asks: it picks the rulings, and so the
settings. `parameter(key, on=…)` is the day that is asked about: it picks the value. A verdict on 2019
looked up in 2024 uses the values of 2019 and the settings of 2024.

>>> from datetime import date
>>> law = Law(as_of=date(2024, 6, 30))
>>> law.parameter("volume_standard.sea.cargo", on=date(2019, 1, 1)).printed_text
'100万吨'
>>> law.parameter("volume_standard.sea.cargo", on=date(2023, 1, 1)).printed_text
'1000万吨'
>>> law.setting("volume_standard.border_mode").value
'monitor_only'
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from kouan.basis import Finding, NotFound, Place, Refused, nearest
from kouan.law.library import Library
from kouan.law.values import DatedValue, Parameter, Question, Ruling, Setting


@dataclass(frozen=True)
class Catalogue:
    """All parameters, questions with the setting in force, and rulings, for the pages of the law."""

    parameters: tuple[Parameter, ...]
    settings: tuple[Setting, ...]
    rulings: tuple[Ruling, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "parameters": [parameter.as_dict() for parameter in self.parameters],
            "settings": [
                {**setting.question.as_dict(), "in_force": setting.as_dict()} for setting in self.settings
            ],
            "rulings": [ruling.as_dict() for ruling in self.rulings],
        }


class Law:
    """The law in force `as_of` a day, under the rulings given.

    `rulings` are those on record; each holds from its `from_date`, the latest wins. `known_at` leaves out
    rulings issued after that day, to look again at a decision as it could be taken then. Raises Refused
    when a ruling names an unknown setting or reading, or when two rulings of one day contradict.
    """

    def __init__(
        self,
        as_of: date,
        rulings: Iterable[Ruling] = (),
        *,
        known_at: date | None = None,
        library: Library | None = None,
    ) -> None:
        if isinstance(as_of, datetime) or not isinstance(as_of, date):
            raise TypeError("as_of is a calendar day (datetime.date); take it with clock.day_of()")
        self.as_of = as_of
        self.known_at = known_at
        self.library = library or Library.shipped()
        self.rulings = tuple(rulings)
        self._suppositions: dict[str, str] = {}
        self._settings = self._settle()
        self._values: dict[tuple[str, date], DatedValue] = {}
        self._variants: dict[tuple[str, str], Law] = {}
        # What is made of this law once and asked often (compiled conditions), by whoever makes it.
        self.derived: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"Law(as_of={self.as_of.isoformat()}, rulings={len(self.rulings)})"

    @cached_property
    def digest(self) -> str:
        """Return a SHA-256 over the files of the law and the rulings that hold: a verdict's recipe keeps it."""
        rulings = [s.decided_by.as_dict() for s in self._settings.values() if s.decided_by]
        text = json.dumps([self.library.digest, rulings, self._suppositions], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    # -- parameters

    def history(self, key: str) -> tuple[DatedValue, ...]:
        """Return every value of a parameter, oldest first. NotFound for an unknown key."""
        return self._parameter(key).values

    def parameter(self, key: str, on: date | None = None) -> DatedValue:
        """Return the value of a parameter in force `on` a day (default: the as-of date).

        Where a value is open to another reading and the setting in force chooses it, the value so chosen
        is returned, with its own citation. NotFound for an unknown key, and for a day before the first
        value.
        """
        day = on or self.as_of
        cached = self._values.get((key, day))
        if cached is not None:
            return cached
        parameter = self._parameter(key)
        value = parameter.on(day)
        if value is None:
            first = parameter.values[0]
            raise NotFound(
                Finding.error(
                    "not_yet_in_force",
                    f"{parameter.label.zh}在{day.isoformat()}尚无数值，最早自{first.in_force_from.isoformat()}起。",
                    f"{parameter.label.en} has no value on {day.isoformat()}; the first holds from "
                    f"{first.in_force_from.isoformat()}.",
                    where=Place(path=key),
                    citation=first.citation,
                    remedy=("请改问其后的日期。", "Ask for a later day."),
                )
            )
        other = value.other_reading
        if other is not None and self.setting(other.setting).value == other.choice:
            older = parameter.on(other.value_of)
            if older is None:
                raise LookupError(f"{key}: no value on {other.value_of}")  # Library.load refuses such a file
            # The older number stands in the place of the newer: it covers the same period.
            value = replace(older, covers_to=value.covers_to, in_force_to=value.in_force_to)
        self._values[key, day] = value
        return value

    def _parameter(self, key: str) -> Parameter:
        try:
            return self.library.parameters[key]
        except KeyError:
            raise _unknown("unknown_parameter", "参数", "parameter", key, self.library.parameters)

    # -- settings

    def setting(self, key: str) -> Setting:
        """Return the reading in force of an open point. NotFound for an unknown key."""
        try:
            return self._settings[key]
        except KeyError:
            raise _unknown("unknown_setting", "设定", "setting", key, self.library.questions)

    def supposing(self, key: str, choice: str) -> Law:
        """Return the same law with one setting read otherwise, for comparison (kept, so cheap to ask again)."""
        question = self.setting(key).question
        if choice not in question.choices:
            raise _unknown_choice(question, choice, Place(path=key))
        variant = self._variants.get((key, choice))
        if variant is None:
            variant = Law(self.as_of, self.rulings, known_at=self.known_at, library=self.library)
            variant._suppositions = {**self._suppositions, key: choice}
            variant._settings = dict(self._settings)
            variant._settings[key] = Setting(question, choice, is_supposed=True)
            self._variants[key, choice] = variant
        return variant

    def catalogue(self) -> Catalogue:
        """Return everything there is: parameters as the instruments order them, settings by ambiguity."""
        return Catalogue(
            tuple(self.library.parameters.values()),
            tuple(self._settings[key] for key in self.library.questions),
            self.rulings,
        )

    def _settle(self) -> dict[str, Setting]:
        """Let the rulings answer the open points as of the day asked."""
        findings = [f for n, ruling in enumerate(self.rulings) for f in check_ruling(ruling, self.library, n)]
        latest: dict[str, Ruling] = {}
        for ruling in sorted(self.rulings, key=lambda r: (r.from_date, r.issued)):
            if ruling.from_date > self.as_of or (self.known_at and ruling.issued > self.known_at):
                continue
            before = latest.get(ruling.setting)
            if (
                before
                and (before.from_date, before.issued) == (ruling.from_date, ruling.issued)
                and before.value != ruling.value
            ):
                findings.append(
                    Finding.error(
                        "contradictory_rulings",
                        f"同日生效的两份解释对“{ruling.setting}”规定不同："
                        f"{before.document_number}与{ruling.document_number}。",
                        f"Two rulings of the same day answer “{ruling.setting}” differently: "
                        f"{before.document_number} and {ruling.document_number}.",
                        where=Place(path=ruling.setting),
                        remedy=(
                            "请核对两份文件，保留有效的一份。",
                            "Check both documents and keep the valid one.",
                        ),
                    )
                )
            latest[ruling.setting] = ruling
        if findings:
            raise Refused(findings)
        return {
            key: Setting(question, latest[key].value, latest[key])
            if key in latest
            else Setting(question, question.default)
            for key, question in self.library.questions.items()
        }


def check_ruling(ruling: Ruling, library: Library, number: int = 0, file: str | None = None) -> list[Finding]:
    """Return what is wrong with a ruling; `number` is its place in the list, counted from 0."""
    where = Place(file=file, path=f"/{number}")
    question = library.questions.get(ruling.setting)
    if question is None:
        error = _unknown("unknown_setting", "设定", "setting", ruling.setting, library.questions)
        return [finding.at(file=file, path=f"/{number}/setting") for finding in error.findings]
    findings = []
    if ruling.value not in question.choices:
        findings += _unknown_choice(question, ruling.value, replace(where, path=f"/{number}/value")).findings
    for field, zh, en in (
        ("document_number", "发文字号", "document number"),
        ("document_title", "文件名称", "document title"),
    ):
        if not getattr(ruling, field).strip():
            findings.append(
                Finding.error(
                    "ruling_without_document",
                    f"解释缺少{zh}。",
                    f"The ruling has no {en}.",
                    where=replace(where, path=f"/{number}/{field}"),
                    remedy=(
                        "请按原文件填写；没有文件的，不能替代默认理解。",
                        "Enter it as issued; without a document the default stays.",
                    ),
                )
            )
    return findings


def _unknown(code: str, zh: str, en: str, key: str, known: Mapping[str, object]) -> NotFound:
    hints = nearest(key, known, 3)
    return NotFound(
        Finding.error(
            code,
            f"没有名为“{key}”的{zh}。",
            f"There is no {en} named “{key}”.",
            where=Place(path=key),
            remedy=(
                f"最接近的是：{'、'.join(hints)}。" if hints else f"可查阅法规目录，共有{len(known)}项。",
                f"Nearest: {', '.join(hints)}." if hints else f"See the catalogue; there are {len(known)}.",
            ),
        )
    )


def _unknown_choice(question: Question, choice: str, where: Place) -> Refused:
    return Refused.because(
        "unknown_choice",
        f"设定“{question.key}”没有“{choice}”这一理解。",
        f"The setting “{question.key}” has no reading “{choice}”.",
        where=where,
        remedy=(f"可选：{'、'.join(question.choices)}。", f"Choices: {', '.join(question.choices)}."),
    )
