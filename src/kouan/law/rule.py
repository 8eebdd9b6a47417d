"""A rule: one legal sentence made checkable.

The docstring of a rule is the sentence itself, in Chinese, quoting the instrument; it becomes the message
of the finding and the head of the rule's page. Numbers never stand in a rule: it names the parameters and
settings it uses, and the law of the day supplies them.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from kouan.basis import Citation, Finding, Text
from kouan.law.law import Law

F = TypeVar("F")
J = TypeVar("J")

_REGISTRY: dict[str, type[Rule[Any, Any]]] = {}


class Rule(ABC, Generic[F, J]):
    """Base of all rules. `F` is the kind of facts it reads, `J` the kind of judgement it returns.

    A subclass names itself and what it rests on; leaving one out is an error when the class is made.
    `version` changes whenever the same facts under the same law could be judged differently. `parameters`
    and `settings` list the keys used (a key ending in `.` stands for all below it), `criteria` the conditions of
    the library that the rule asks, in order, where it is made of such. `beside` lists settings that the rule itself does
    not read: whoever gathers its facts, or makes a list from its verdicts, does.
    """

    key: ClassVar[str]
    version: ClassVar[str]
    title: ClassVar[Text]
    sentence_en: ClassVar[str]
    citations: ClassVar[tuple[Citation, ...]]
    parameters: ClassVar[tuple[str, ...]]
    settings: ClassVar[tuple[str, ...]]
    steps: ClassVar[Mapping[str, Text]]
    criteria: ClassVar[tuple[str, ...]] = ()
    beside: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if inspect.isabstract(cls):
            return
        needed = ("key", "version", "title", "sentence_en", "citations", "parameters", "settings", "steps")
        missing = [name for name in needed if not hasattr(cls, name)]
        if missing or not cls.__doc__:
            raise TypeError(
                f"rule {cls.__name__} lacks {', '.join(missing) or 'its legal sentence (docstring)'}"
            )
        if not cls.citations:
            raise TypeError(f"rule {cls.__name__} cites no instrument")
        other = _REGISTRY.get(cls.key)
        if other is not None and other.__qualname__ != cls.__qualname__:
            raise TypeError(f"rule key {cls.key!r} is taken by {other.__qualname__}")
        _REGISTRY[cls.key] = cls

    @classmethod
    def sentence(cls) -> Text:
        """Return the legal sentence: the first paragraph of the docstring, with our English."""
        first = inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0]
        return Text("".join(line.strip() for line in first.splitlines()), cls.sentence_en)

    @abstractmethod
    def judge(self, facts: F, law: Law) -> J:
        """Return the judgement with its trace. Refused when the facts contradict themselves."""

    @abstractmethod
    def check(self, facts: F, law: Law) -> Finding | None:
        """Return a finding where the rule is broken, None where it is met or does not bind."""

    def finding(
        self, *, measured: object, required: object, citation: Citation | None = None, **details: Any
    ) -> Finding:
        """Return a finding that says the legal sentence; details as for `Finding.warning`."""
        zh, en = self.sentence()
        return Finding.warning(
            self.key,
            zh,
            en,
            measured=measured,
            required=required,
            citation=citation or self.citations[0],
            **details,
        )


def registered_rules() -> dict[str, type[Rule[Any, Any]]]:
    """Return every rule whose room has been imported, by key."""
    return dict(sorted(_REGISTRY.items()))
