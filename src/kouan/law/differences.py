"""What differs between the law of two days: values of parameters, readings of open texts, rules and conditions.

>>> from datetime import date
>>> from kouan.law import Law
>>> found = differences(Law(date(2020, 6, 30)), Law(date(2021, 6, 30)), {})
>>> next(each["after"]["printed"] for each in found["parameters"] if each["key"] == "volume_standard.sea.cargo")
'1000万吨'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kouan.law.criteria import Criterion, CriterionVersion
from kouan.law.law import Law
from kouan.law.rule import Rule
from kouan.law.values import DatedValue


def differences(before: Law, after: Law, rules: Mapping[str, type[Rule[Any, Any]]]) -> dict[str, Any]:
    """Return what differs, JSON-ready; each part lists `key`, `label`, `before`, `after` (null: not in force).

    A rule is in force from the first of the instruments it cites; a condition by its own dates.
    """
    return {
        "before": before.as_of.isoformat(), "after": after.as_of.isoformat(), "parameters": _parameters(before, after),
        "settings": _settings(before, after), "rules": _rules(before, after, rules), "criteria": _criteria(before, after),
    }


def value_on(law: Law, key: str) -> DatedValue | None:
    """Return the value in force on the law's own day, with the reading that may pick an older one; None before the first."""
    parameter = law.library.parameters.get(key)
    return law.parameter(key) if parameter is not None and parameter.on(law.as_of) is not None else None


def _parameters(before: Law, after: Law) -> list[dict[str, Any]]:
    found = []
    for key in dict.fromkeys([*before.library.parameters, *after.library.parameters]):
        old, new = value_on(before, key), value_on(after, key)
        if (old.value, old.citation) != (new.value, new.citation) if old and new else old is not new:
            parameter = after.library.parameters.get(key) or before.library.parameters[key]
            found.append({"key": key, "label": parameter.label.as_dict(),
                          "value_differs": (old.value if old else None) != (new.value if new else None), "before": old.as_dict() if old else None,
                          "after": new.as_dict() if new else None})
    return found


def _settings(before: Law, after: Law) -> list[dict[str, Any]]:
    found = []
    for key in after.library.questions:
        old, new = before.setting(key), after.setting(key)
        if (old.value, old.decided_by) != (new.value, new.decided_by):
            found.append({"key": key, "label": new.question.label.as_dict(), "before": old.as_dict(), "after": new.as_dict()})
    return found


def _rules(before: Law, after: Law, rules: Mapping[str, type[Rule[Any, Any]]]) -> list[dict[str, Any]]:
    found = []
    for key, rule in rules.items():
        days = sorted((each.in_force_from, str(each)) for each in rule.citations if each.in_force_from)
        old, new = ([text for day, text in days if day <= law.as_of] for law in (before, after))
        if old != new:
            found.append({"key": key, "label": rule.title.as_dict(), "before": old or None, "after": new or None})
    return found


def _criteria(before: Law, after: Law) -> list[dict[str, Any]]:
    return [
        {"key": key, "label": one.label.as_dict(), "before": _version(old), "after": _version(new)}
        for key, one in after.library.criteria.items()
        for old, new in [(_on(before.library.criteria.get(key), before), one.on(after.as_of))] if _version(old) != _version(new)
    ]


def _on(criterion: Criterion | None, law: Law) -> CriterionVersion | None:
    return criterion.on(law.as_of) if criterion else None


def _version(version: CriterionVersion | None) -> dict[str, Any] | None:
    if version is None:
        return None
    return {"in_force_from": version.in_force_from.isoformat(), "issued": version.issued.isoformat(), "citation": version.citation.as_dict()}
