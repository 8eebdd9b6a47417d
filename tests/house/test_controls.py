"""The control tables say nothing that is not there: every piece of evidence exists, every row has its day, no identifier is left out."""

from __future__ import annotations

import ast
import re
from datetime import date
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@lru_cache(maxsize=1)
def script() -> Any:
    """scripts/control-pages as a module."""
    import sys

    loader = SourceFileLoader("control_pages", str(ROOT / "scripts" / "control-pages"))
    made = module_from_spec(spec_from_loader("control_pages", loader))  # type: ignore[arg-type]
    sys.modules["control_pages"] = made
    loader.exec_module(made)
    return made


TABLES = script().tables()
# OWASP ASVS 5.0.0, levels 1 and 2: how many requirements each section has (5.0/docs_en/…5.0.0_en.csv, read 2026-11-27).
ASVS = {
    "V1.1": "12", "V1.2": "1-9", "V1.3": "1-11", "V1.4": "123", "V1.5": "12", "V2.1": "123", "V2.2": "123", "V2.3": "1234", "V2.4": "1",
    "V3.2": "12", "V3.3": "1234", "V3.4": "1-6", "V3.5": "12345", "V3.7": "12", "V4.1": "123", "V4.2": "1", "V4.3": "12", "V4.4": "1234",
    "V5.1": "1", "V5.2": "123", "V5.3": "12", "V5.4": "123", "V6.1": "123", "V6.2": "1-12", "V6.3": "1234", "V6.4": "1234", "V6.5": "12345",
    "V6.6": "123", "V6.8": "1234", "V7.1": "123", "V7.2": "1234", "V7.3": "12", "V7.4": "12345", "V7.5": "12", "V7.6": "12", "V8.1": "12",
    "V8.2": "123", "V8.3": "1", "V8.4": "1", "V9.1": "123", "V9.2": "1234", "V10.1": "12", "V10.2": "12", "V10.3": "1234", "V10.4": "1-11",
    "V10.5": "12345", "V10.6": "12", "V10.7": "123", "V11.1": "12", "V11.2": "123", "V11.3": "123", "V11.4": "1234", "V11.5": "1", "V11.6": "1",
    "V12.1": "123", "V12.2": "12", "V12.3": "1234", "V13.1": "1", "V13.2": "12345", "V13.3": "12", "V13.4": "12345", "V14.1": "12",
    "V14.2": "1234", "V14.3": "123", "V15.1": "123", "V15.2": "123", "V15.3": "1-7", "V16.1": "1", "V16.2": "12345", "V16.3": "1234",
    "V16.4": "123", "V16.5": "123", "V17.1": "1", "V17.2": "1234", "V17.3": "12",
}


def asvs_identifiers() -> list[str]:
    """Every identifier of levels 1 and 2."""
    found = []
    for section, said in ASVS.items():
        first, _, last = said.partition("-")
        found += [f"{section}.{number}" for number in (range(int(first), int(last) + 1) if last else said)]
    return found


@lru_cache(maxsize=256)
def names_in(path: Path) -> frozenset[str]:
    """The tests of a file; those of a class with its name before them."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return frozenset(found)


def missing(evidence: str) -> bool:
    """Whether a piece of evidence is not there."""
    place, _, test = evidence.partition("::")
    path = ROOT / place
    if not path.exists() or Path(place).is_absolute() or ".." in Path(place).parts:
        return True
    return bool(test) and (not test.split("::")[-1].startswith("test_") or test not in names_in(path))


def faults(rows: list[Any], today: date) -> list[str]:
    """What is wrong with a table."""
    found = []
    for each in rows:
        if each.state not in script().STATES:
            found.append(f"{each.id}: unknown state {each.state}")
        if not each.control or not each.how:
            found.append(f"{each.id}: says nothing")
        if each.state == "met" and not each.evidence:
            found.append(f"{each.id}: met without evidence")
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", each.checked) or date.fromisoformat(each.checked) > today:
            found.append(f"{each.id}: no day, or one to come: {each.checked!r}")
        found += [f"{each.id}: no such evidence: {one}" for one in each.evidence if missing(one)]
    ids = [each.id for each in rows]
    return found + [f"{one}: twice" for one in sorted({one for one in ids if ids.count(one) > 1})]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_row_holds(name: str) -> None:
    assert not faults(TABLES[name], date(2999, 1, 1))


def test_every_asvs_requirement_of_both_levels_is_answered() -> None:
    assert [each.id for each in TABLES["asvs-5.0"]] == asvs_identifiers()
    assert {each.level for each in TABLES["asvs-5.0"]} == {"1", "2"}


def test_the_four_tables_are_there() -> None:
    assert set(TABLES) == set(script().TITLES)


def test_the_pages_are_as_the_tables_write_them() -> None:
    for name, text in script().pages().items():
        assert (script().FOLDER / name).read_text(encoding="utf-8") == text, f"run: .venv/bin/python scripts/control-pages ({name})"


@pytest.mark.parametrize(("changed", "said"), [
    ({"evidence": ()}, "met without evidence"), ({"evidence": ("docs/no-such.md",)}, "no such evidence"),
    ({"evidence": ("tests/house/test_controls.py::test_no_such",)}, "no such evidence"), ({"evidence": ("/etc/passwd",)}, "no such evidence"),
    ({"checked": ""}, "no day"), ({"checked": "2027-01-01"}, "to come"), ({"state": "fine"}, "unknown state"), ({"how": ""}, "says nothing"),
])
def test_a_false_row_is_found(changed: dict[str, Any], said: str) -> None:
    good = {"id": "V0", "level": "1", "control": "某项", "state": "met", "how": "如此", "checked": "2026-11-27",
            "evidence": ("docs/security.md", "tests/house/test_controls.py::test_a_false_row_is_found")}
    row = script().Control
    assert faults([row(**good)], date(2026, 12, 1)) == []
    assert any(said in each for each in faults([row(**{**good, **changed})], date(2026, 12, 1)))
