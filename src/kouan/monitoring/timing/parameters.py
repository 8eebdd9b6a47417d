"""The dated numbers of operation times: base of 2017, target, limit of waiting, fewest cases for a 95th percentile.

>>> from datetime import date
>>> base = on("base_2017_hours", date(2026, 3, 1))
>>> str(base.number("inbound")), str(base.number("outbound")), base.citation.instrument
('97.39', '12.29', '2018年9月27日公开吹风会')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import Citation, Refused, Text
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file
from kouan.monitoring.timing.definitions import DATA

NUMBERS = {"inbound", "outbound", "ratio", "minutes", "count"}


@dataclass(frozen=True, slots=True)
class Dated:
    """One value of a parameter: its numbers by name, from its first day on, and where they stand."""

    key: str
    label: Text
    unit: Text
    in_force_from: date
    numbers: Mapping[str, Decimal]
    citation: Citation | None
    note: Text | None

    def number(self, name: str) -> Decimal:
        """One number (KeyError for a name the value does not have: there is no base for transit)."""
        return self.numbers[name]

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; exact numbers as text."""
        return {
            "key": self.key, "label": self.label.as_dict(), "unit": self.unit.as_dict(), "in_force_from": self.in_force_from.isoformat(),
            "numbers": {name: f"{value:f}" for name, value in self.numbers.items()},
            "citation": self.citation.as_dict() if self.citation else None, "note": self.note.as_dict() if self.note else None,
        }  # fmt: skip


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, tuple[Dated, ...]]:
    """Every parameter of this release, oldest value first, read once per process."""
    return load(DATA / "parameters.yaml")


def on(key: str, day: date) -> Dated:
    """The value in force on a day (KeyError before the first, and for a key that is none)."""
    found = [value for value in shipped()[key] if value.in_force_from <= day]
    if not found:
        raise KeyError(f"{key} has no value on {day}")
    return found[-1]


def load(path: Path) -> Mapping[str, tuple[Dated, ...]]:
    """Read a file of parameters; Refused with every slip at once."""
    form = Form(path.name)
    content = load_file(path)
    if not isinstance(content, dict):
        content = form.mapping(content, "", set())
    found: dict[str, tuple[Dated, ...]] = {}
    for key, row in content.items():
        data = form.mapping(row, f"/{key}", {"label", "unit", "values"}, {"whole"})
        label, unit = form.text(data.get("label"), f"/{key}/label"), form.text(data.get("unit"), f"/{key}/unit")
        values = []
        for place, given in enumerate(data.get("values") or ()):
            at = f"/{key}/values/{place}"
            held = form.mapping(given, at, {"from", "issued"}, {"citation", "note", *NUMBERS})
            from_day, issued = form.day(held.get("from"), f"{at}/from"), form.day(held.get("issued"), f"{at}/issued")
            numbers = {name: form.number(held[name], f"{at}/{name}") for name in sorted(NUMBERS & set(held))}
            if not numbers or not ("citation" in held or "note" in held):
                form.slip(at, "no_ground", "须有数值，并有出处或说明。", "A number is needed, and a citation or a note.",
                          ("补充。", "Add what is missing."))
            citation = form.citation(held["citation"], f"{at}/citation", issued=issued, from_day=from_day) if "citation" in held else None
            note = form.text(held["note"], f"{at}/note") if "note" in held else None
            values.append(Dated(str(key), label, unit, from_day, numbers, citation, note))
        found[str(key)] = tuple(sorted(values, key=lambda value: value.in_force_from))
    if form.findings:
        raise Refused(form.findings)
    return found
