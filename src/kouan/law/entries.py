"""What can be found in the law: rules, parameters, settings and changes, each with all the words that lead to it.

>>> from datetime import date
>>> from kouan.law import Law
>>> [entry.kind for entry in entries(Law(date(2024, 6, 30)), {})][0]
'parameter'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kouan.basis import Text
from kouan.law.changes import Change
from kouan.law.criteria import Criterion
from kouan.law.law import Law
from kouan.law.rule import Rule

KINDS: Mapping[str, Text] = {
    "rule": Text("规则", "Rule"), "parameter": Text("参数", "Parameter"), "setting": Text("设定", "Setting"),
    "change": Text("解释与参数变更", "Ruling or change"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the law: its kind, key and title, and its sentences."""

    kind: str
    key: str
    title: Text
    texts: tuple[str, ...]


def entries(law: Law, rules: Mapping[str, type[Rule[Any, Any]]], changes: Iterable[tuple[int, Change]] = ()) -> list[Entry]:
    """Return everything that can be found; `changes` are those approved, with their numbers."""
    catalogue = law.catalogue()
    found = []
    for key, rule in rules.items():
        found.append(Entry("rule", key, rule.title, (
            *rule.sentence().as_dict().values(), *(_cited(each) for each in rule.citations),
            *(text for step in rule.steps.values() for text in step.as_dict().values()),
            *(text for name in rule.criteria for text in _conditions(law.library.criteria[name])),
        )))
    for parameter in catalogue.parameters:
        values = [text for value in parameter.values for text in (
            value.printed_text, _cited(value.citation), *(value.note.as_dict().values() if value.note else ()),
        )]
        found.append(Entry("parameter", parameter.key, parameter.label, (*parameter.subject.as_dict().values(), *values)))
    for setting in catalogue.settings:
        question = setting.question
        rulings = [f"{each.document_title} {each.document_number}" for each in catalogue.rulings if each.setting == setting.key]
        found.append(Entry("setting", setting.key, question.label, (
            question.ambiguity, *question.question.as_dict().values(), *question.reason.as_dict().values(), _cited(question.citation),
            *(text for choice in question.choices.values() for text in choice.as_dict().values()), *rulings,
        )))
    for number, change in changes:
        found.append(Entry("change", str(number), Text(change.document_title, change.document_title), (
            change.document_number, change.quote, change.reason, f"{change.key} {change.value}", *_about(change, law),
        )))
    return found


def _about(change: Change, law: Law) -> list[str]:
    """The words of the parameter or setting that a change touches."""
    parameter, question = law.library.parameters.get(change.key), law.library.questions.get(change.key)
    if parameter is not None:
        return [*parameter.label.as_dict().values(), f"{change.value}{parameter.printed_unit} {change.article}"]
    if question is None:
        return []
    choice = question.choices.get(change.value)
    return [*question.label.as_dict().values(), *question.question.as_dict().values(), *(choice.as_dict().values() if choice else ())]


def _conditions(criterion: Criterion) -> list[str]:
    """The words of one condition of a rule: its number and name, what follows, and the text of every date."""
    return [
        f"{criterion.id} {criterion.label.zh}", criterion.label.en, *criterion.means.as_dict().values(),
        *(_cited(version.citation) for version in criterion.versions),
    ]


def _cited(citation: Any) -> str:
    return f"{citation} {citation.quote or ''}".strip()
