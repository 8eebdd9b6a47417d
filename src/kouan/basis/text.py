"""Text: one thing said in Chinese and in English.

Every word a user can read is a pair, because the offices read Chinese and the counterpart,
the expert or the auditor may read English. Keeping both in one value means that neither can
be forgotten (a gettext catalogue forgets silently).

>>> greeting = Text("口岸", "port of entry")
>>> greeting.in_language("en")
'port of entry'
>>> greeting.as_dict()
{'zh': '口岸', 'en': 'port of entry'}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """A pair of a Chinese and an English wording of the same statement."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Return one wording. `language` is "zh", "en" or any tag that begins so ("zh-hans", "en-GB").

        Anything that is not English is answered in Chinese, the language of the offices.
        """
        return self.en if language[:2].lower() == "en" else self.zh

    def as_dict(self) -> dict[str, str]:
        """Return {"zh": …, "en": …}, the shape every door renders."""
        return {"zh": self.zh, "en": self.en}

    @classmethod
    def from_dict(cls, pair: Mapping[str, str]) -> Text:
        """Rebuild a text from `as_dict()`."""
        return cls(pair["zh"], pair["en"])

    @classmethod
    def of(cls, pair: Text | tuple[str, str] | Mapping[str, str]) -> Text:
        """Accept the three ways in which callers write a pair.

        >>> Text.of(("吨", "t")) == Text.of({"zh": "吨", "en": "t"}) == Text("吨", "t")
        True
        """
        if isinstance(pair, Text):
            return pair
        if isinstance(pair, Mapping):
            return cls.from_dict(pair)
        zh, en = pair
        return cls(zh, en)

    def format(self, *args: object, **kwargs: object) -> Text:
        """Fill both wordings with the same values, as `str.format` does.

        >>> Text("第{row}行", "row {row}").format(row=3)
        Text(zh='第3行', en='row 3')
        """
        return Text(self.zh.format(*args, **kwargs), self.en.format(*args, **kwargs))

    def __iter__(self) -> Iterator[str]:
        return iter((self.zh, self.en))

    def __str__(self) -> str:
        return self.zh
