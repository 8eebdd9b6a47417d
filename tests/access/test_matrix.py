"""The access matrix: every door × every role × own and another province × published and not, asked with real rows.

``doors.csv`` says what is right, one row for each door and method; a door without a row fails here. The columns:

- ``door``: the name of the page's address (``urlpatterns``), or the path of the API's operation; ``method``.
- ``permission``: what its holder needs; ``signed-in`` for anybody signed in, ``open`` for everybody.
- ``where``: what fills the address, ``part=kind`` with a kind of ``World`` (``number=circular_draft``) or a plain word.
- ``query``: what follows the question mark, ``subject={subject}``.
- ``own``, ``other``: who is answered for a row of Guangdong, and of Inner Mongolia, among those who hold the permission:
  kinds of offices (``nation province city agency operator ministry expert enterprise``), single people of ``World.people``,
  or ``all``. Everybody else who holds it gets 404, as for a row that is not there; whoever does not hold it gets 403.
- ``refusal``: 403 where a door tells those out of reach so instead (the national trail, for auditors of a province).
- ``note``: ``absent`` where the world has no such row, or an empty form names no deed: everybody who holds the permission gets 404
  (these rows prove the right, not the scope; make the thing in ``world.py`` to prove both). ``bare`` where
  the world's row has no content that could be shown: that it was reached is proof enough.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from tests.access.asking import address_of, ask, client_of
from tests.access.doors import Door, operations, pages
from tests.access.world import MARK, OTHER, OWN, World

from kouan.accounts.permissions import PERMISSIONS, may
from kouan.api.rate import PerUser

TABLE = Path(__file__).with_name("doors.csv")
KINDS = {
    "national_office": "nation", "provincial_office": "province", "city_office": "city", "inspection_agency": "agency",
    "port_operator": "operator", "ministry": "ministry", "expert_panel": "expert", "enterprise": "enterprise",
}
WRITES = ("POST", "PUT", "PATCH", "DELETE")
STRANGER = "stranger"


def rows() -> list[dict[str, str]]:
    """The table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def doors() -> dict[tuple[str, str], Door]:
    """Every door by name and method."""
    return {(each.name.removeprefix(f"{each.method} "), each.method): each for each in [*pages(), *operations()]}


def test_every_door_has_a_row_and_every_row_a_door() -> None:
    written, found = {(each["door"], each["method"]) for each in rows()}, doors()
    lacking = sorted(f"{name},{method},{found[name, method].permission or '?'}" for name, method in set(found) - written)
    assert not lacking, (
        "these doors have no row in tests/access/doors.csv; say there who may pass (columns: see the head of tests/access/test_matrix.py):\n"
        + "\n".join(lacking))
    gone = sorted(written - set(found))
    assert not gone, f"tests/access/doors.csv has rows of doors that are gone: {gone}"


def test_the_table_names_the_permission_that_the_page_asks_for() -> None:
    found = doors()
    wrong = [
        each["door"] for each in rows()
        if isinstance(said := found[each["door"], each["method"]].permission, str) and said in PERMISSIONS and said != each["permission"]]
    assert not wrong
    assert {each["permission"] for each in rows()} <= {*PERMISSIONS, "signed-in", "open"}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """One world for the whole file: every question is taken back after it was asked."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def no_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of questions a minute are no abuse here."""
    monkeypatch.setattr(PerUser, "allow_request", lambda self, request: True)


@pytest.mark.django_db
def test_what_is_asked_for_is_there(world: World) -> None:
    """A row about a thing of a province must find one in both provinces: a typing error would pass as 404 for ever."""
    kinds = set(world.own.keys) | set(world.common)
    assert set(world.own.keys) == set(world.other.keys)
    provincial = [each for each in rows() if each["own"] and each["own"] != each["other"] and each["where"]]
    assert len(provincial) > 60
    for each in provincial:
        assert {part.partition("=")[2] for part in each["where"].split()} & kinds, each


def faults_of(world: World, row: dict[str, str], who: list[str], clients: dict[str, Any]) -> list[str]:
    """What a door does that its row does not say."""
    cache.clear()
    door = doors_of_module()[row["door"], row["method"]]
    found = []
    for side, place in ((OWN, world.own), (OTHER, world.other)):
        keys = {**world.common, **place.keys}
        bound = keys | {part: keys.get(kind, kind) for part, _, kind in (each.partition("=") for each in row["where"].split())}
        address = address_of(door, bound, row["query"])
        for name in who:
            if name not in clients:
                clients[name] = client_of(world.people.get(name))
            status, said = ask(clients[name], door, address, bound)
            if fault := fault_of(world, row, side, name, status, said):
                found.append(f"{row['method']} {address} {name}: {fault}")
    return found


def fault_of(world: World, row: dict[str, str], side: str, name: str, status: int, said: str) -> str:
    """Why an answer is wrong; empty when it is right."""
    is_write, is_api = row["method"] in WRITES, row["door"].startswith("/")
    if row["permission"] == "open":
        return "" if status < 500 and status not in (401, 403) else f"{status}, should be open"
    if name == STRANGER:
        right = (401,) if is_api else (302,)
        return "" if status in right and MARK not in said else f"{status}, should ask to sign in"
    user = world.people[name]
    kind = KINDS[user.organisation.kind]
    reach = row[side].split()
    reached = "all" in reach or kind in reach or name in reach
    if row["permission"] in PERMISSIONS and not may(user, row["permission"]):
        # Scope may be asked before the right: then it is the answer for a row that is not there.
        return "" if status == 403 or (status == 404 and is_api and (not reached or side == OTHER)) else f"{status}, should be 403"
    if not reached:
        right = (403,) if row["refusal"] == "403" else (403, 404) if is_write and is_api else (404,)
        return "" if status in right else f"{status}, should be {right[0]}"
    # A form with nothing in it is refused in its own words, a verb of another permission by 403; both were reached.
    if status == 404 or (status >= 500 and row["note"] != "bare") or (status == 403 and not is_write):
        return f"{status}, should be answered"
    if MARK in said and kind != "nation" and row["other"] != row["own"]:
        return "shows what belongs to another province"
    if MARK in said and kind != "nation" and row["method"] == "GET" and not row["where"] and row["note"] != "shared":
        return "lists what belongs to another province"
    return ""


_doors: dict[tuple[str, str], Door] = {}


def doors_of_module() -> dict[tuple[str, str], Door]:
    """The doors, read once."""
    if not _doors:
        _doors.update(doors())
    return _doors


def some_of(row: dict[str, str], world: World) -> list[str]:
    """One for each answer that a door gives: a stranger, somebody without the right, somebody in reach, the province's own, one out of reach."""
    draw = random.Random(f"{row['door']} {row['method']}")
    people = list(world.people)
    if row["permission"] not in PERMISSIONS:
        return [STRANGER, draw.choice(people)]
    without = [name for name in people if not may(world.people[name], row["permission"])]
    holders = [name for name in people if name not in without]
    provincial = [name for name in holders if KINDS[world.people[name].organisation.kind] == "province"]
    below = [name for name in holders if KINDS[world.people[name].organisation.kind] not in ("province", "nation")]
    return [STRANGER, *(draw.choice(group) for group in (without, provincial, below) if group)]


PARTS = 6


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_doors_answer_as_the_table_says(world: World, part: int) -> None:
    clients: dict[str, Any] = {}
    faults = [fault for row in rows()[part::PARTS] for fault in faults_of(world, row, some_of(row, world), clients)]
    assert not faults, "\n".join(faults)


@pytest.mark.survey
@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_doors_answer_everybody_as_the_table_says(world: World, part: int) -> None:
    clients: dict[str, Any] = {}
    everybody = [STRANGER, *world.people]
    faults = [fault for row in rows()[part::PARTS] for fault in faults_of(world, row, everybody, clients)]
    assert not faults, "\n".join(faults)
