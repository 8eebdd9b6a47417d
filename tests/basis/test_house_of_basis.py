"""What holds for the room as a whole: examples run, nothing heavy is imported, lists are what they say."""

import csv
import doctest
import hashlib
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kouan.basis

ROOM = Path(kouan.basis.__file__).parent
MODULES = ["kouan.basis", *(f"kouan.basis.{module.name}" for module in pkgutil.iter_modules([str(ROOM)]))]
LISTED = re.compile(r"^\| (?P<file>\S+\.csv) \| (?P<rows>\d+) \| (?P<sha256>[0-9a-f]{64}) \|$", re.MULTILINE)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_opens_with_an_example_that_runs(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__ and ">>>" in module.__doc__
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_room_needs_no_web_and_no_database() -> None:
    code = (
        "import sys, kouan.basis;"
        "heavy = {'django', 'ninja', 'sqlite3', 'psycopg', 'duckdb', 'numpy', 'openpyxl'} & set(sys.modules);"
        "rooms = {m for m in sys.modules if m.startswith('kouan.')} - {m for m in sys.modules if m.startswith('kouan.basis')};"
        "print(sorted(heavy | rooms))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "folder", [ROOM / "lists", Path(__file__).parent / "lists"], ids=["shipped", "compared"]
)
def test_lists_are_the_files_their_source_note_describes(folder: Path) -> None:
    listed = list(LISTED.finditer((folder / "README.md").read_text(encoding="utf-8")))
    assert listed
    for entry in listed:
        content = (folder / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], entry["file"]
        assert len(list(csv.DictReader(content.decode("utf-8").splitlines()))) == int(entry["rows"])
    if folder.parent == ROOM:
        assert {entry["file"] for entry in listed} == {file.name for file in folder.glob("*.csv")}


def test_the_public_face_names_only_what_exists() -> None:
    assert sorted(kouan.basis.__all__) == sorted(set(kouan.basis.__all__))
    for name in kouan.basis.__all__:
        assert hasattr(kouan.basis, name)
