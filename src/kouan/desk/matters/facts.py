"""The facts of a matter: what its procedure's guards ask, kept as JSON and read back as what they are.

Only facts that the procedure declares are taken, each of its kind; anything else is a finding at its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from kouan.basis import Finding, Place, Refused, Text, nearest
from kouan.procedure import Procedure
from kouan.procedure.model import FactKind, fits

# A field of a step whose name ends so asks for a day; so the page offers one and a clock can end on it.
DAY_ENDINGS = ("_on", "_date", "_from", "_to", "_until")


_VALUES: dict[str, Mapping[str, Text]] = {}


def name_values(fact: str, names: Mapping[str, Text]) -> None:
    """Say in words what the codes of a fact mean, wherever a matter of any procedure shows it. Asked for by the room that knows."""
    _VALUES[fact] = names


def in_words(fact: str, value: Any) -> Any:
    """A fact's value as people read it: the words of its code where a room has named them, else the value itself.

    >>> name_values("weather", {"wet": Text("雨", "rain")})
    >>> in_words("weather", "wet").zh, in_words("weather", "odd"), in_words("height", 3)
    ('雨', 'odd', 3)
    """
    return _VALUES.get(fact, {}).get(value, value) if isinstance(value, str) else value


def asks_for_day(field: str) -> bool:
    """Whether a field of a step is a day.

    >>> asks_for_day("opened_on"), asks_for_day("reason"), asks_for_day("merged_into")
    (True, False, False)
    """
    return field.endswith(DAY_ENDINGS)


def day_said(field: str, said: Any) -> date:
    """The day that a field says. Refused at the field where it is none."""
    if isinstance(said, date):
        return said
    try:
        return date.fromisoformat(str(said).strip())
    except ValueError:
        raise Refused.because("bad_date", f"“{str(said)[:40]}”不是日期。", f"“{str(said)[:40]}” is not a date.", where=Place(field=field),
                              remedy=("请按 2024-03-19 的形式填写。", "Write it as 2024-03-19."))


def days_of(fields: Mapping[str, Any]) -> dict[str, date]:
    """The days among the fields of a step; what cannot be read is none (a step of before this was checked)."""
    found = {}
    for name, said in fields.items():
        if asks_for_day(name) and said:
            try:
                found[name] = day_said(name, said)
            except Refused:
                continue
    return found


KIND_WORDS: Mapping[FactKind, Text] = {
    FactKind.BOOL: Text("是或否", "yes or no"),
    FactKind.NUMBER: Text("数字", "a number"),
    FactKind.DATE: Text("日期，如 2024-03-04", "a date, such as 2024-03-04"),
    FactKind.TEXT: Text("文字", "words"),
}


def stored(facts: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-ready: dates as ISO text, decimals as text."""
    return {name: value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value
            for name, value in facts.items()}


def known(procedure: Procedure, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as values of their kinds."""
    found: dict[str, Any] = {}
    for name, value in kept.items():
        fact = procedure.facts.get(name)
        if fact is None:
            found[name] = value
        elif fact.kind is FactKind.DATE:
            found[name] = date.fromisoformat(value)
        elif fact.kind is FactKind.NUMBER and isinstance(value, str):
            found[name] = Decimal(value)
        else:
            found[name] = value
    return found


def checked(procedure: Procedure, given: Mapping[str, Any]) -> dict[str, Any]:
    """The facts given, if the procedure asks for each and each is of its kind. Refused with a finding for each slip."""
    findings = []
    for name, value in given.items():
        fact = procedure.facts.get(name)
        if fact is None:
            near = nearest(name, sorted(procedure.facts), 1)
            findings.append(Finding.error(
                "unknown_fact", f"“{procedure.title.zh}”不问“{name}”。", f"“{procedure.title.en}” does not ask for “{name}”.",
                    where=Place(field=name),
                remedy=(f"是否为“{near[0]}”？", f"Did you mean “{near[0]}”?") if near else ("请删去此项。", "Leave it out.")))
        elif not fits(fact.kind, value):
            words = KIND_WORDS[fact.kind]
            findings.append(Finding.error(
                "wrong_kind_of_fact", f"“{fact.label.zh}”应为{words.zh}。", f"“{fact.label.en}” should be {words.en}.", where=Place(field=name),
                measured=str(value)[:80], remedy=("请改正。", "Correct it.")))
    if findings:
        raise Refused(findings)
    return dict(given)


def read_typed(procedure: Procedure, typed: Mapping[str, str]) -> dict[str, Any]:
    """Facts as people type them in a form; empty means not known. Refused with a finding for each that is unreadable."""
    found: dict[str, Any] = {}
    findings = []
    for name, words in typed.items():
        fact, said = procedure.facts.get(name), words.strip()
        if fact is None or not said:
            continue
        try:
            found[name] = _typed(fact.kind, said)
        except (ValueError, InvalidOperation):
            wanted = KIND_WORDS[fact.kind]
            findings.append(Finding.error(
                "wrong_kind_of_fact", f"“{fact.label.zh}”应为{wanted.zh}。", f"“{fact.label.en}” should be {wanted.en}.",
                    where=Place(field=f"fact-{name}"),
                measured=said[:80], remedy=("请改正。", "Correct it.")))
    if findings:
        raise Refused(findings)
    return found


def read_assigned(procedure: Procedure, typed: Mapping[str, str]) -> dict[str, Any]:
    """Facts as a command names them (``depth_metres=12``, ``has_berth=yes``); one that is not asked for is refused."""
    unknown = {name: said for name, said in typed.items() if name not in procedure.facts}
    if unknown:
        checked(procedure, unknown)
    said = {name: {"true": "yes", "false": "no", "是": "yes", "否": "no"}.get(words.strip(), words) for name, words in typed.items()}
    return read_typed(procedure, said)


def read_json(procedure: Procedure, given: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as JSON has them: dates as ``2024-03-04``, numbers as numbers. Refused with a finding for each slip."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        fact = procedure.facts.get(name)
        if fact is not None and fact.kind is FactKind.DATE and isinstance(value, str):
            try:
                value = date.fromisoformat(value) if len(value) == 10 else value
            except ValueError:
                pass
        elif isinstance(value, float):
            number = Decimal(str(value))
            value = int(number) if number.is_finite() and number == int(number) else number if number.is_finite() else None
        found[name] = value
    return checked(procedure, found)


def _typed(kind: FactKind, said: str) -> Any:
    match kind:
        case FactKind.BOOL:
            return {"yes": True, "no": False}[said] if said in ("yes", "no") else _refuse(said)
        case FactKind.NUMBER:
            number = Decimal(said.replace(",", "").replace("，", ""))
            if not number.is_finite():
                raise ValueError(said)
            return int(number) if number == int(number) else number
        case FactKind.DATE:
            return date.fromisoformat(said)
        case _:
            return said[:2000]


def _refuse(said: str) -> Any:
    raise ValueError(said)
