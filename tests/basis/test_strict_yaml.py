"""The reader in C and the one in Python say the same of every shipped file, and both refuse what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kouan.basis import strict_yaml

SOURCES = Path(__file__).resolve().parents[2] / "src" / "kouan"


def by_each(text: str) -> list[Any]:
    """What each reader makes of a text; the name of its refusal where it refuses (a few shipped files are for another reader)."""
    read = []
    for reader in strict_yaml._readers:
        try:
            read.append(yaml.load(text, Loader=reader))
        except yaml.YAMLError as refused:
            read.append(type(refused).__name__)
    return read


@pytest.mark.parametrize("room", sorted(each.name for each in SOURCES.iterdir() if each.is_dir() and any(each.rglob("*.yaml"))))
def test_shipped_files_read_alike(room: str) -> None:
    for path in (SOURCES / room).rglob("*.yaml"):
        first, *others = by_each(path.read_text(encoding="utf-8-sig"))
        for other in others:
            assert repr(other) == repr(first), f"{path.name} is read in two ways"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: &x 1\nb: *x", 1), ("a:\n  b: 1\n  b: 2", 2), ("? [1, 2]\n: 3", 0), ("a: &a [*a]", 0), ("a: !!python/object:os x", 0), ("a: [1", 0)],
)
def test_refused_with_its_line(text: str, line: int) -> None:
    for reader in strict_yaml._readers:
        with pytest.raises(yaml.YAMLError):
            yaml.load(text, Loader=reader)
    with pytest.raises(yaml.MarkedYAMLError) as told:
        strict_yaml.load(text)
    assert told.value.problem_mark.line == line


def test_words_stay_words() -> None:
    for read in by_each("on: 010\nyes: 1:30\nno: 1_000.50\ntrue: -7"):
        assert repr(read) == "{'on': '010', 'yes': '1:30', 'no': Decimal('1000.50'), True: -7}"
