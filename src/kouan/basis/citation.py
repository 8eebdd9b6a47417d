"""Citation: the place in an instrument of law or plan that a figure or a rule rests on.

Publication and effect are two facts (`issued`, `in_force_from`); both are kept, because a value
may bind from a day other than the day it was made known.

>>> print(Citation("国家“十四五”口岸发展规划", "专栏6"))
国家“十四五”口岸发展规划 专栏6
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Citation:
    """An instrument (文件名称) and an article of it (条款), with the words quoted if they matter."""

    instrument: str
    article: str = ""
    quote: str | None = None
    issued: date | None = None
    in_force_from: date | None = None

    def as_dict(self) -> dict[str, str | None]:
        """Return a JSON-ready mapping; dates as ISO text."""
        return {
            "instrument": self.instrument,
            "article": self.article,
            "quote": self.quote,
            "issued": self.issued.isoformat() if self.issued else None,
            "in_force_from": self.in_force_from.isoformat() if self.in_force_from else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Citation:
        """Rebuild a citation from `as_dict()`; dates may be ISO text or `date` (as YAML reads them)."""
        return cls(
            instrument=data["instrument"],
            article=data.get("article") or "",
            quote=data.get("quote"),
            issued=_as_date(data.get("issued")),
            in_force_from=_as_date(data.get("in_force_from")),
        )

    def __str__(self) -> str:
        return f"{self.instrument} {self.article}".rstrip()


def _as_date(value: date | str | None) -> date | None:
    if value is None or isinstance(value, date):
        return value
    return date.fromisoformat(value)
