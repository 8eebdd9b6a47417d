"""One entry of the law on a day, whatever it is: a parameter, a setting, a rule or a condition of a rule.

>>> from datetime import date
>>> from kouan.law import Law
>>> show(Law(date(2024, 6, 30)), "AC-A2", {})["kind"]
'criterion'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kouan.basis import NotFound, Place, nearest
from kouan.law.criteria import STAGES, Criterion
from kouan.law.differences import value_on
from kouan.law.law import Law
from kouan.law.pages import used_by
from kouan.law.rule import Rule

Rules = Mapping[str, type[Rule[Any, Any]]]


def known_keys(law: Law, rules: Rules) -> dict[str, tuple[str, str]]:
    """Return every name that can be asked for: its kind, and the key under which it stands.

    Rules answer to their command's name too (volume-standard), conditions in small letters.
    """
    found = {key: ("parameter", key) for key in law.library.parameters} | {key: ("setting", key) for key in law.library.questions}
    for key in rules:
        found[key] = found[key.replace("_", "-")] = ("rule", key)
    for key in law.library.criteria:
        found[key] = found[key.lower()] = ("criterion", key)
    return found


def show(law: Law, name: str, rules: Rules) -> dict[str, Any]:
    """Return the entry of that name, JSON-ready, with `kind`, `key`, `as_of`, `label` and what is in force. NotFound with the nearest."""
    known = known_keys(law, rules)
    if name not in known:
        near = list(dict.fromkeys(known[each][1] for each in nearest(name, known, 6) or list(law.library.parameters)[:3]))[:3]
        raise NotFound.because(
            "unknown_law_key", f"没有名为“{name[:80]}”的参数、设定、规则或条件。",
            f"There is no parameter, setting, rule or criterion “{name[:80]}”.",
            where=Place(field="key"),
            remedy=(f"相近的有：{'、'.join(near)}；kouan law show 列出全部。", f"Near it: {', '.join(near)}; kouan law show lists all."),
        )
    kind, key = known[name]
    head = {"kind": kind, "key": key, "as_of": law.as_of.isoformat()}
    return head | {"parameter": _parameter, "setting": _setting, "rule": _rule, "criterion": _criterion}[kind](law, key, rules)


def _parameter(law: Law, key: str, rules: Rules) -> dict[str, Any]:
    parameter, value = law.library.parameters[key], value_on(law, key)
    carried_on = bool(value and value.is_carried_on(law.as_of))
    return {**parameter.as_dict(), "in_force": value.as_dict() if value else None, "is_carried_on": carried_on, "used_by": used_by(rules, key)}


def _setting(law: Law, key: str, rules: Rules) -> dict[str, Any]:
    setting = law.setting(key)
    rulings = [each.as_dict() for each in law.rulings if each.setting == key]
    return {**setting.question.as_dict(), "in_force": setting.as_dict(), "rulings": rulings, "used_by": used_by(rules, key)}


def _rule(law: Law, key: str, rules: Rules) -> dict[str, Any]:
    rule = rules[key]
    values = [p for p in law.library.parameters if any(p.startswith(start) for start in rule.parameters)]
    in_force = any(each.in_force_from and each.in_force_from <= law.as_of for each in rule.citations)
    return {
        "label": rule.title.as_dict(), "version": rule.version, "sentence": rule.sentence().as_dict(), "is_in_force": in_force,
        "citations": [each.as_dict() for each in rule.citations], "steps": {number: text.as_dict() for number, text in rule.steps.items()},
        "parameters": [{"key": each, "in_force": value.as_dict() if (value := value_on(law, each)) else None} for each in values],
        "settings": [law.setting(each).as_dict() for each in rule.settings],
        "criteria": [_one(law.library.criteria[each], law) for each in rule.criteria],
    }


def _criterion(law: Law, key: str, rules: Rules) -> dict[str, Any]:
    return {**_one(law.library.criteria[key], law), "used_by": [name for name, rule in rules.items() if key in rule.criteria]}


def _one(criterion: Criterion, law: Law) -> dict[str, Any]:
    held = criterion.on(law.as_of)
    versions = [
        {"in_force_from": each.in_force_from.isoformat(), "in_force_to": each.in_force_to.isoformat() if each.in_force_to else None,
         "issued": each.issued.isoformat(), "in_principle": each.in_principle, "citation": each.citation.as_dict()}
        for each in criterion.versions
    ]
    return {"key": criterion.id, "label": criterion.label.as_dict(), "means": criterion.means.as_dict(), "stage": criterion.stage,
            "stage_name": STAGES[criterion.stage].as_dict(), "versions": versions,
            "in_force": versions[criterion.versions.index(held)] if held else None}
