"""The access matrix: every door × every role × own and another province × published and not, asked with real rows.

``doors.csv`` says what is right, one row for each door and method; a door without a row fails here. The columns:

- ``door``: the name of the page's address (``urlpatterns``), or the path of the API's operation; ``method``.
- ``permission``: what its holder needs; ``signed-in`` for anybody signed in, ``open`` for everybody.
- ``where``: what fills the address, ``part=kind`` with a kind of ``World`` (``number=circular_draft``) or a plain word.
- ``query``: what follows the question mark, ``subject={subject}``.
- ``own``, ``other``: who is answered for a row of Guangdong, and of Inner Mongolia, among those who hold the permission:
  kinds of offices (``nation province city agency operator ministry expert enterprise``), single people of ``World.people``,
  or ``all``. Everybody else who holds it gets 404, as for a row that is not there; whoever does not hold it gets 403.
- ``draft``: the part of the address that names a thing which may be published or not (a circular, a plan, a study); ``draft_own``,
  ``draft_other``: who is answered while it is not, as for ``own`` and ``other``; ``nobody`` where it is then answered to nobody.
- ``refusal``: 403 where a door tells those out of reach so instead (the national trail, for auditors of a province);
  403/404 where a row in sight may still not be one's own to work on.
- ``note``: ``absent`` where the world has no such row, or an empty form names no deed: whoever would reach it gets 404
  (these rows prove the right, not the scope; make the thing in ``world.py`` to prove both). ``bare`` where
  the world's row has no content that could be shown: that it was reached is proof enough. ``shared`` where the list is
  the whole country's for everybody, ``shared=enterprise`` for one kind of office. ``either`` where the row is asked for by a number that may not
  be there.

Here each door is asked by one person of each answer that it gives; as every role in ``test_everybody_at_pages.py`` and
``test_everybody_at_the_api.py``, which CI runs among the longest proofs.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.access.judging import bound_in, doors, faults_of, rows, some_of
from tests.access.world import DRAFT, World

from kouan.accounts.permissions import PERMISSIONS


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


@pytest.mark.django_db
def test_what_is_asked_for_is_there(world: World) -> None:
    """A row about a thing of a province must find one in both provinces: a typing error would pass as 404 for ever."""
    kinds = set(world.own.keys) | set(world.common)
    assert set(world.own.keys) == set(world.other.keys)
    provincial = [each for each in rows() if each["own"] and each["own"] != each["other"] and each["where"]]
    assert len(provincial) > 60
    for each in provincial:
        assert {part.partition("=")[2] for part in each["where"].split()} & kinds, each


@pytest.mark.django_db
def test_whatever_can_be_unpublished_is_asked_for_in_both_states(world: World) -> None:
    drafts = {kind.removesuffix(DRAFT) for kind in {*world.own.keys, *world.common} if kind.endswith(DRAFT)}
    assert len(drafts) >= 6
    for each in rows():
        parts = [part for part, kind in bound_in(each) if kind in drafts]
        if parts:
            assert (each["draft"] in parts) == bool(each["draft_own"]) == ("absent" not in each["note"].split()), (
                f"{each['door']},{each['method']}: say in draft, draft_own, draft_other who is answered while it is not published")
        else:
            assert not each["draft"] + each["draft_own"] + each["draft_other"], each


PARTS = 6


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_doors_answer_as_the_table_says(world: World, part: int) -> None:
    clients: dict[str, Any] = {}
    faults = [fault for row in rows()[part::PARTS] for fault in faults_of(world, row, some_of(row, world), clients)]
    assert not faults, "\n".join(faults)
