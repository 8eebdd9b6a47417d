"""Searching the law: every word must stand somewhere in an entry, as it is written.

Chinese is not cut into words: a search for 界河 finds each text that holds those two characters.

>>> from datetime import date
>>> [hit.address_name for hit in search("界河 货运", entries(Law(date(2024, 6, 30)), {}))][:1]
['law-parameter']
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from kouan.basis import Text
from kouan.basis.names import half_width
from kouan.law import Criterion, Law, Rule

MOST_WORDS = 8
AROUND = 36  # characters shown on each side of the first word found
KINDS: Mapping[str, Text] = {
    "law-rule": Text("规则", "Rule"), "law-parameter": Text("参数", "Parameter"), "law-setting": Text("设定", "Setting"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the law with all the words that lead to it."""

    address_name: str
    key: str
    title: Text
    texts: tuple[str, ...]


def entries(law: Law, rules: Mapping[str, type[Rule[Any, Any]]]) -> list[Entry]:
    """Everything that can be found: rules, parameters, settings, with citations, notes and reasons."""
    catalogue = law.catalogue()
    found = []
    for key, rule in rules.items():
        sentence = rule.sentence()
        found.append(Entry("law-rule", key, rule.title, (
            *sentence.as_dict().values(), *(_cited(each) for each in rule.citations),
            *(text for step in rule.steps.values() for text in step.as_dict().values()),
            *(text for name in rule.criteria for text in _conditions(law.library.criteria[name])),
        )))
    for parameter in catalogue.parameters:
        values = [text for value in parameter.values for text in (
            value.printed_text, _cited(value.citation), *(value.note.as_dict().values() if value.note else ()),
        )]
        found.append(Entry("law-parameter", parameter.key, parameter.label, (*parameter.subject.as_dict().values(), *values)))
    for setting in catalogue.settings:
        question = setting.question
        rulings = [f"{ruling.document_title} {ruling.document_number}" for ruling in catalogue.rulings if ruling.setting == setting.key]
        found.append(Entry("law-setting", setting.key, question.label, (
            question.ambiguity, *question.question.as_dict().values(), *question.reason.as_dict().values(), _cited(question.citation),
            *(text for choice in question.choices.values() for text in choice.as_dict().values()), *rulings,
        )))
    return found


def _conditions(criterion: Criterion) -> list[str]:
    """The words of one condition of a rule: its number and name, what follows, and the text of every date."""
    return [
        f"{criterion.id} {criterion.label.zh}", criterion.label.en, *criterion.means.as_dict().values(),
        *(_cited(version.citation) for version in criterion.versions),
    ]


def _cited(citation: Any) -> str:
    return f"{citation} {citation.quote or ''}".strip()


def words_of(said: str) -> list[str]:
    """The words of a search: at most eight, in half width and small letters."""
    return half_width(said).casefold().split()[:MOST_WORDS]


def search(said: str, among: Iterable[Entry]) -> list[Entry]:
    """The entries that hold every word; those that hold one in their title stand first."""
    words = words_of(said)
    if not words:
        return []
    hits: list[tuple[int, int, Entry]] = []
    for entry in among:
        title = half_width(f"{entry.title.zh} {entry.title.en} {entry.key}").casefold()
        whole = f"{title}\n" + half_width("\n".join(entry.texts)).casefold()
        if all(word in whole for word in words):
            hits.append((sum(word not in title for word in words), len(hits), entry))
    return [entry for _, _, entry in sorted(hits, key=lambda hit: hit[:2])]


def excerpt(entry: Entry, words: Sequence[str]) -> SafeString:
    """The place where a word stands, with every word marked; empty when only the title holds them."""
    for text in entry.texts:
        plain = half_width(text).casefold()
        at = min((place for word in words if (place := plain.find(word)) >= 0), default=-1)
        if at >= 0:
            start, end = max(0, at - AROUND), at + 2 * AROUND
            part = text[start:end].replace("\n", " ")
            return marked(f"{'…' if start else ''}{part}{'…' if end < len(text) else ''}", words)
    return mark_safe("")


def marked(text: str, words: Sequence[str]) -> SafeString:
    """A text with the words marked; everything else escaped.

    >>> marked("界河<口岸", ["口岸"])
    '界河&lt;<mark>口岸</mark>'
    """
    if not words:
        return mark_safe(conditional_escape(text))  # noqa: S308 - escaped
    pieces = re.split("(" + "|".join(re.escape(word) for word in words) + ")", text, flags=re.IGNORECASE)
    return mark_safe("".join(  # noqa: S308 - every piece is escaped
        f"<mark>{conditional_escape(piece)}</mark>" if at % 2 else str(conditional_escape(piece)) for at, piece in enumerate(pieces)
    ))

