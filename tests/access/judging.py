"""What an answer should be: the table read, and each answer held against its row.

The columns of ``doors.csv`` are explained at the head of ``test_matrix.py``.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.core.cache import cache as kept
from tests.access.asking import address_of, ask, client_of
from tests.access.doors import Door, operations, pages
from tests.access.world import DRAFT, MARK, OTHER, OWN, World

from kouan.accounts.permissions import PERMISSIONS, may

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


@cache
def doors() -> dict[tuple[str, str], Door]:
    """Every door by name and method."""
    return {(each.name.removeprefix(f"{each.method} "), each.method): each for each in [*pages(), *operations()]}


def bound_in(row: dict[str, str]) -> list[tuple[str, str]]:
    """(part of the address, kind that fills it)."""
    return [(part, kind) for part, _, kind in (each.partition("=") for each in row["where"].split())]


def states_of(row: dict[str, str]) -> Iterator[dict[str, str]]:
    """The row as it is, and where it names things that are published, the same about things that are not."""
    yield row
    if row["draft_own"]:
        where = " ".join(f"{part}={kind + DRAFT if part == row['draft'] else kind}" for part, kind in bound_in(row))
        nobody = {"own": "", "other": ""} if row["draft_own"] == "nobody" else {"own": row["draft_own"], "other": row["draft_other"]}
        yield {**row, "where": where, **nobody}


def faults_of(world: World, row: dict[str, str], who: list[str], clients: dict[str, Any]) -> list[str]:
    """What a door does that its row does not say."""
    kept.clear()
    door = doors()[row["door"], row["method"]]
    found, asked = [], set()
    for state in states_of(row):
        for side, place in ((OWN, world.own), (OTHER, world.other)):
            keys = {**world.common, **place.keys}
            bound = keys | {part: keys.get(kind, kind) for part, kind in bound_in(state)}
            address = address_of(door, bound, state["query"])
            if (address, state["own"] == state["other"]) in asked:
                continue  # the same thing asked of the same people: a list has no other province
            asked.add((address, state["own"] == state["other"]))
            for name in who:
                if name not in clients:
                    clients[name] = client_of(world.people.get(name))
                status, said = ask(clients[name], door, address, bound)
                if fault := fault_of(world, state, side, name, status, said):
                    found.append(f"{row['method']} {address} {name}: {fault}")
    return found


def fault_of(world: World, row: dict[str, str], side: str, name: str, status: int, said: str) -> str:
    """Why an answer is wrong; empty when it is right."""
    is_write, is_api, notes = row["method"] in WRITES, row["door"].startswith("/"), row["note"].split()
    if name == STRANGER and MARK in said:
        return "shows a stranger what belongs to a province"
    if row["permission"] == "open":
        return "" if status < 500 and status not in (401, 403) else f"{status}, should be open"
    if name == STRANGER:
        return "" if status == (401 if is_api else 302) else f"{status}, should ask to sign in"
    user = world.people[name]
    kind = KINDS[user.organisation.kind]
    reach = row[side].split()
    reached = "all" in reach or kind in reach or name in reach
    if row["permission"] in PERMISSIONS and not may(user, row["permission"]):
        # Scope may be asked before the right: then it is the answer for a row that is not there.
        may_be_missing = is_api and (not reached or side == OTHER or "absent" in notes)
        return "" if status == 403 or (status == 404 and may_be_missing) else f"{status}, should be 403"
    if not reached:
        right = {"403": (403,), "403/404": (403, 404)}.get(row["refusal"], (403, 404) if is_write and is_api else (404,))
        return "" if status in right else f"{status}, should be {right[0]}"
    if "absent" in notes:
        return "" if status == 404 else f"{status}, should be 404: there is no such thing in this world"
    if "either" in notes and status == 404:
        return ""  # a row by its number, which tests before this one may have taken
    # A form with nothing in it is refused in its own words, a verb of another permission by 403; both were reached.
    if status == 404 or (status >= 500 and "bare" not in notes) or (status == 403 and not is_write):
        return f"{status}, should be answered"
    if MARK in said and kind != "nation" and row["other"] != row["own"]:
        return "shows what belongs to another province"
    if MARK in said and kind != "nation" and row["method"] == "GET" and not row["where"] and not {"shared", f"shared={kind}"} & {*notes}:
        return "lists what belongs to another province"
    return ""


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
