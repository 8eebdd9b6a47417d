"""Every earlier release's own database is upgraded with its data, its verdicts and its trail."""

from __future__ import annotations

import json
import os
import sqlite3
import tarfile
from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader
from tests.conftest import Installation

import kouan

RELEASES = sorted((Path(__file__).parents[1] / "fixtures" / "releases").glob("*.tar.xz"))


def test_every_release_but_this_one_has_a_fixture() -> None:
    assert [place.name.removesuffix(".tar.xz") for place in RELEASES], "keep one: scripts/release-fixture"
    assert kouan.__version__ not in {place.name.removesuffix(".tar.xz") for place in RELEASES[:-1]}


@pytest.fixture
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    """An installation as an earlier release left it."""
    home = tmp_path / "home"
    home.mkdir()
    with tarfile.open(request.param) as archive:
        archive.extractall(home, filter="data")
    environment = {**os.environ, "KOUAN_HOME": str(home), "KOUAN_DEBUG": "1", "PYTHONUNBUFFERED": "1"}
    environment.pop("KOUAN_DATABASE_URL", None)  # fixtures are embedded databases
    return Installation(home, environment)


def is_behind(place: Path) -> bool:
    """Whether this version has a migration that the database has not seen; the newest release's own may have them all."""
    with sqlite3.connect(place) as database:
        applied = set(database.execute("SELECT app, name FROM django_migrations"))
    return not set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations) <= applied


def test_the_oldest_release_is_behind(tmp_path: Path) -> None:
    with tarfile.open(RELEASES[0]) as archive:
        archive.extractall(tmp_path, filter="data")
    assert is_behind(tmp_path / "kouan.sqlite3")


@pytest.mark.slow
@pytest.mark.parametrize("earlier", [pytest.param(place, marks=pytest.mark.long) for place in RELEASES], indirect=True,
                         ids=lambda place: place.name.removesuffix(".tar.xz"))
def test_a_release_is_upgraded_with_all_it_holds(earlier: Installation) -> None:
    expected = json.loads((earlier.home / "expected.json").read_text(encoding="utf-8"))
    with sqlite3.connect(earlier.home / "kouan.sqlite3") as database:
        before = {
            table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in ("collection_observation", "ports_portchange", "grading_verdictrecord", "desk_documentversion")
        }

    if is_behind(earlier.home / "kouan.sqlite3"):
        refused = earlier.kouan("serve", "--port", "8399", "--no-worker")
        assert refused.returncode == 1, "a database that is behind must not be served"
        assert "kouan upgrade" in refused.stdout + refused.stderr

    done = earlier.kouan("setup", "--no-data")
    assert done.returncode == 0, done.stderr

    with sqlite3.connect(earlier.home / "kouan.sqlite3") as database:
        after = {table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in before}
        columns = {row[1] for row in database.execute("PRAGMA table_info(desk_documentversion)")}
    assert after == before, "an upgrade adds and loses no record"
    assert "disposed_at" in columns

    flows = json.loads(earlier.kouan("flows", "counterpart_point:lo-wu", "--json").stdout)
    assert flows[0]["flows"][0]["value"] == expected["lo_wu_2023"] == 45_335_960
    verdicts = json.loads(earlier.kouan("verdict", "--year", "2023", "--as-of", "2024-06-30", "--json").stdout)
    assert {each["port"]: each["verdict"] for each in verdicts["verdicts"]} == expected["verdicts"]

    verified = earlier.kouan("audit", "verify", "--anchor", str(earlier.home / "anchor.json"), "--json")
    report = json.loads(verified.stdout)
    assert verified.returncode == 0, report["findings"]
