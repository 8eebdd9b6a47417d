"""Ports with years of figures, and the procedures of casework, in field words: for the tests of lists and grades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_port

import kouan.casework
from kouan.casework.effects import EFFECTS
from kouan.desk.matters import registry
from kouan.desk.matters.queries import settings_of
from kouan.desk.matters.upkeep import set_period

LONG_AGO = date(2010, 5, 1)
TODAY = "2024-06-30"
AIR_LEVEL = 1_000_000  # far above what any class of air port must reach


def an_air_port(code: str, below: tuple[int, ...] = (), above: tuple[int, ...] = (), **fields: Any) -> Any:
    """An accepted air port, away from the border, that reported whole years below and above its level."""
    port = a_port(code, "air", **{"transport_class": "air_other", "class_basis": "测试", "is_border": False, "accepted_on": LONG_AGO, **fields})
    report(code, {**dict.fromkeys(below, 1), **dict.fromkeys(above, AIR_LEVEL)})
    return port


def report(code: str, years: Mapping[int, int], cargo: int = 0) -> None:
    """Months of passengers (and of cargo) of whole years."""
    for measure, unit, value in (("person_crossings", "person_crossings", None), ("cargo_tonnes", "t", cargo)):
        months = {
            name: count for year, persons in years.items() for name, count in a_year_of_months(year, persons if value is None else value).items()
        }
        if months:
            figures(f"port:{code}", measure, months, unit=unit)


@contextmanager
def casework_procedures() -> Iterator[None]:
    """The procedures of casework for the length of a test, with effects that do nothing."""
    registry.procedures()  # those that the house reads when first asked, so that they are kept
    before, held = dict(registry._procedures), dict(registry._effects)
    folder = Path(kouan.casework.__file__).parent / "procedures"
    registry.register_procedures("casework", folder, {name: lambda matter, step, actor: None for name in EFFECTS})
    try:
        yield
    finally:
        registry._procedures.clear()
        registry._procedures.update(before)
        registry._effects.clear()
        registry._effects.update(held)


def settle(officer: Any, *codes: str) -> None:
    """Fill every period of the procedures, as the national office must before a matter can begin."""
    for code in codes:
        procedure = registry.in_force(code).procedure
        for name in procedure.settings.keys() - settings_of(code).keys():
            set_period(actor=officer, procedure=code, setting=name, count=10, reason="国家口岸办确定")
