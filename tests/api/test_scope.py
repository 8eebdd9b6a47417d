"""Every address asked by everybody: what lies outside the scope is not there, and the attempt leaves a trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.api.world import GUANGDONG, INNER_MONGOLIA, World, a_key, client_of

from kouan.audit.models import AuditEntry as Entry
from kouan.basis import clock

ROOT = "/api/v1"


def addresses_of_inner_mongolia(world: World) -> list[str]:
    """Everything by which Inner Mongolia's data can be asked for."""
    return [
        f"/ports/{INNER_MONGOLIA}", f"/ports/{INNER_MONGOLIA}/state",
        f"/series?subject=port:{INNER_MONGOLIA}", f"/observations?subject=port:{INNER_MONGOLIA}",
        f"/observations/{world.other_figure.pk}", f"/flows?subject=port:{INNER_MONGOLIA}",
        "/totals?subject=province:15&measure=cargo_tonnes", "/flows?subject=province:15",
        f"/verdicts?year=2023&port={INNER_MONGOLIA}", f"/batches/{world.other_batch.pk}",
        f"/findings?batch={world.other_batch.pk}",
    ]


LISTS = ["/ports", "/series", "/batches", "/findings", "/verdicts?year=2023"]
EVERYTHING = [*LISTS, "/sources", "/sources/port-return", "/scores", f"/ports/{GUANGDONG}", f"/ports/{GUANGDONG}/state",
              f"/flows?subject=port:{GUANGDONG}", f"/observations?subject=port:{GUANGDONG}",
              "/totals?subject=nation:CN&measure=cargo_tonnes"]


def events(kind: str, user: Any) -> list[Entry]:
    return list(Entry.objects.filter(kind="E", note=kind, actor_id=user.pk))


@pytest.mark.parametrize("who", ["guangdong", "reporter"])
def test_another_provinces_data_is_not_there_and_the_attempt_is_recorded(world: World, who: str) -> None:
    user = getattr(world, who)
    program = client_of(user)
    for number, address in enumerate(addresses_of_inner_mongolia(world), 1):
        answer = program.get(ROOT + address)
        assert answer.status_code == 404, address
        assert answer.json()["error"]["status"] == 404
        assert "满洲里" not in answer.content.decode(), address
        assert len(events("out_of_reach", user)) == number, address


def test_a_code_that_is_not_there_is_answered_like_one_out_of_scope(world: World) -> None:
    program = client_of(world.guangdong)
    unknown = program.get(f"{ROOT}/ports/nowhere-road").json()["error"]["findings"][0]
    beyond = program.get(f"{ROOT}/ports/{INNER_MONGOLIA}").json()["error"]["findings"][0]
    assert unknown["code"] == beyond["code"]
    assert unknown["message"]["zh"].replace("nowhere-road", INNER_MONGOLIA) == beyond["message"]["zh"]


@pytest.mark.parametrize("who", ["guangdong", "reporter"])
@pytest.mark.parametrize("address", LISTS)
def test_lists_hold_nothing_of_another_province(world: World, who: str, address: str) -> None:
    answer = client_of(getattr(world, who)).get(ROOT + address)
    assert answer.status_code == 200
    said = answer.content.decode()
    assert INNER_MONGOLIA not in said and "满洲里" not in said


@pytest.mark.parametrize("address", LISTS)
def test_the_national_office_sees_both_provinces(world: World, address: str) -> None:
    items = client_of(world.national).get(ROOT + address).json()["items"]
    assert len(items) >= (1 if "findings" in address else 2)


@pytest.mark.parametrize("address", EVERYTHING)
def test_enterprises_and_strangers_read_nothing(world: World, address: str) -> None:
    refused = client_of(world.enterprise).get(ROOT + address)
    assert refused.status_code == 403
    assert events("refused", world.enterprise)
    stranger = client_of(None).get(ROOT + address)
    assert stranger.status_code == 401
    assert stranger.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_ended_key_and_a_blocked_user_are_strangers(world: World) -> None:
    from django.test import Client

    past = clock.now() - timedelta(minutes=1)
    for fields in ({"expires_at": past}, {"revoked_at": past}):
        key = a_key(world.national, **fields)
        assert Client(headers={"authorization": f"Bearer {key}"}).get(f"{ROOT}/ports").status_code == 401
    program = client_of(world.guangdong)
    assert program.get(f"{ROOT}/ports").status_code == 200
    world.guangdong.is_active = False
    world.guangdong.save()
    assert program.get(f"{ROOT}/ports").status_code == 401


def test_ranks_and_decimals_are_for_those_who_may_read_them(world: World) -> None:
    whole = client_of(world.national).get(f"{ROOT}/scores").json()["items"]
    assert [each["rank"] for each in whole] == list(range(1, 9))
    assert [each["quartile"] for each in whole] == [1, 1, 2, 2, 3, 3, 4, 4]
    banded = client_of(world.guangdong).get(f"{ROOT}/scores").json()["items"]
    assert [each["quartile"] for each in banded] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert {(each["rank"], each["value"], each["parts"]) for each in banded} == {(None, None, None)}
