"""Whatever is fed to a parser, it answers with a finding in both languages: no crash, no hang, no more than 512 MB."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tests.fuzz.asked import ASKED
from tests.fuzz.carried import CARRIED
from tests.fuzz.parsers import PARSERS, Parser
from tests.fuzz.running import Worker, as_lines
from tests.fuzz.stored import STORED

SEED = "20261127"
# In CI: those that were seen to hold so many. The others follow by `make survey` until they were; `make fuzz` goes on to any number.
PROVEN = {"numbers": 2000, "csv": 2000, "xlsx": 2000, "parquet": 2000, "recognise": 2000, "journal": 2000, "epcis": 2000, "events-csv": 2000,
          "formula": 2000, "rulings": 2000, "volume-facts": 2000, "events-parquet": 1000, "case-events": 1000, "scheme": 1000, "law-changes": 1000,
          "partner-message": 2000, "partner-pack": 1000}
MOST = int(os.environ.get("KOUAN_FUZZ_CASES", "200"))
# Each of their cases starts a process that draws (0.3 s), or stands for a request: fewer make the same proof.
CASES = {"preview-pdf": 20, "preview-picture": 20, "api-bodies": 100}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A worker without a database."""
    held = Worker(environment={"KOUAN_DATABASE_URL": ""})
    yield held
    held.close()


@pytest.fixture(scope="module")
def with_database(_set_up_once: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker in an installation of its own."""
    import shutil

    from tests.conftest import _database, _environment

    model, name = _set_up_once
    home = shutil.copytree(model, tmp_path_factory.mktemp("fuzz") / "home")
    environment = _environment(home)
    with _database(environment, name):
        held = Worker(home, environment)
        yield held
        held.close()


def _of(parsers: Sequence[Parser]) -> list[Any]:
    """The names, those not yet proven kept out of CI."""
    return [pytest.param(each.name, marks=[] if each.name in PROVEN else pytest.mark.survey) for each in parsers]


@pytest.mark.long
@pytest.mark.parametrize("name", _of((*PARSERS, *CARRIED)))
def test_spoilt_files_of_every_parser(worker: Worker, name: str) -> None:
    found = worker.run(name, os.environ.get("KOUAN_FUZZ_SEED", SEED), 0, max(PROVEN.get(name, 0), CASES.get(name, MOST)))
    assert not found.faults, as_lines(found)
    assert found.most_mb <= 512


@pytest.mark.long
@pytest.mark.parametrize("name", _of((*STORED, *ASKED)))
def test_spoilt_files_at_every_door_that_writes(with_database: Worker, name: str) -> None:
    found = with_database.run(name, os.environ.get("KOUAN_FUZZ_SEED", SEED), 0, max(PROVEN.get(name, 0), CASES.get(name, MOST)))
    assert not found.faults, as_lines(found)
    assert found.most_mb <= 512


@pytest.mark.long
def test_a_crash_a_hang_and_a_hunger_for_memory_are_told(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.running.HANG", 8.0)
    for name, said in (("*dies", "crash"), ("*hangs", "hang"), ("*hungers", "MemoryError"), ("*raises", "ZeroDivisionError")):
        found = worker.run(name, SEED, 0, 2)
        assert found.cases == 2 and len(found.faults) == 2 and all(said in fault for _, fault, _ in found.faults), (name, found)
