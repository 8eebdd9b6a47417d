"""Outside one's scope nothing is read without a grant: every door that shows figures × every state of a grant.

The doors are those of the address tables of console and API: each address that names a port, a figure or a data set is
asked, and a value that stands nowhere else is looked for in the answer. A door that shows a figure it should not, now
or after some later change, fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.api.world import client_of
from tests.desk.sharing_world import (
    CARGO,
    DAY,
    OTHER_CARGO,
    PERSONS,
    PORT,
    PURPOSE,
    Sharing,
    a_data_set,
    a_grant,
    a_request,
    a_sharing_world,
)

from kouan.accounts.models import User
from kouan.basis import clock
from kouan.desk.sharing.actions import decide_grant, end_own_grant, withdraw_data_set
from kouan.desk.sharing.coverage import Coverage
from kouan.desk.sharing.models import DataGrant, GrantRead

pytestmark = pytest.mark.django_db

ROOT = "/api/v1"
ONLY_CARGO = Coverage(fields=("cargo_tonnes",), ports=(PORT,))


@pytest.fixture
def world() -> Iterator[Sharing]:
    """Owner, askers, figures."""
    with clock.travel_to(DAY):
        yield a_sharing_world()


def no_grant(world: Sharing) -> User:
    a_data_set(world)
    return world.ministry


def requested(world: Sharing) -> User:
    a_request(world, world.ministry, a_data_set(world), ONLY_CARGO)
    return world.ministry


def granted(world: Sharing) -> User:
    a_grant(world, world.ministry, a_data_set(world), ONLY_CARGO)
    return world.ministry


def granted_to_a_province(world: Sharing) -> User:
    a_grant(world, world.neighbour, a_data_set(world), ONLY_CARGO)
    return world.neighbour


def a_colleague_of_the_grantee(world: Sharing) -> User:
    granted(world)
    return world.colleague


def other_field(world: Sharing) -> User:
    a_grant(world, world.ministry, a_data_set(world), Coverage(fields=("person_crossings",), ports=(PORT,)))
    return world.ministry


def other_rows(world: Sharing) -> User:
    a_grant(world, world.ministry, a_data_set(world), Coverage(fields=("cargo_tonnes",), ports=("huanggang-road",)))
    return world.ministry


def other_months(world: Sharing) -> User:
    a_grant(world, world.ministry, a_data_set(world), Coverage(("cargo_tonnes",), (), (PORT,), date(2024, 1, 1), date(2024, 12, 31)))
    return world.ministry


def refused(world: Sharing) -> User:
    made = a_request(world, world.ministry, a_data_set(world), ONLY_CARGO)
    decide_grant(actor=world.owner, grant=made.pk, deed="refuse", reason="与职责无关")
    return world.ministry


def expired(world: Sharing) -> User:
    made = a_grant(world, world.ministry, a_data_set(world), ONLY_CARGO)
    yesterday = clock.today() - timedelta(days=1)
    DataGrant.objects.filter(pk=made.pk).update(starts_on=yesterday - timedelta(days=9), ends_on=yesterday)
    return world.ministry


def not_begun(world: Sharing) -> User:
    made = a_grant(world, world.ministry, a_data_set(world), ONLY_CARGO)
    DataGrant.objects.filter(pk=made.pk).update(starts_on=clock.today() + timedelta(days=1))
    return world.ministry


def revoked(world: Sharing) -> User:
    made = a_grant(world, world.ministry, a_data_set(world), ONLY_CARGO)
    decide_grant(actor=world.owner, grant=made.pk, deed="revoke", reason="用途已完成")
    return world.ministry


def given_up(world: Sharing) -> User:
    made = a_grant(world, world.ministry, a_data_set(world), ONLY_CARGO)
    end_own_grant(actor=world.ministry, grant=made.pk, deed="give_up", reason="不再需要")
    return world.ministry


def data_set_withdrawn(world: Sharing) -> User:
    granted(world)
    withdraw_data_set(actor=world.owner, code="gd-port-flows")
    return world.ministry


def grantee_out_of_service(world: Sharing) -> User:
    granted(world)
    world.ministry.organisation.is_active = False
    world.ministry.organisation.save()
    return world.ministry


def another_office(world: Sharing) -> User:
    granted(world)
    return world.stranger


SEEN = (granted, granted_to_a_province, a_colleague_of_the_grantee)
UNSEEN = (no_grant, requested, other_field, other_rows, other_months, refused, expired, not_begun, revoked, given_up, data_set_withdrawn,
          grantee_out_of_service, another_office)
# The doors by which a grant is used; {cargo} is the figure's number. Every other door keeps to one's own scope.
DOORS = (
    f"{ROOT}/series?subject=port:{PORT}", f"{ROOT}/observations?subject=port:{PORT}", f"{ROOT}/observations?subject=port:{PORT}&revisions=true",
    f"{ROOT}/observations/{{cargo}}", f"{ROOT}/flows?subject=port:{PORT}", f"{ROOT}/flows?subject=port:{PORT}&every=month&by_direction=true",
    f"{ROOT}/data-sets/gd-port-flows/figures", "/intake/figures/{cargo}", "/data-sets/gd-port-flows/figures",
    "/data-sets/gd-port-flows/figures?format=xlsx", "/data-sets/gd-port-flows/figures?format=csv", "/data-sets/gd-port-flows/figures?format=json",
)


def _client(user: User, door: str) -> Client:
    if door.startswith(ROOT):
        return client_of(user)
    client = Client()
    client.force_login(user)
    return client


def body(answer: Any) -> str:
    """The answer as text; a workbook unpacked."""
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if raw[:2] == b"PK":
        import io

        from openpyxl import load_workbook

        return "\n".join(str(cell.value) for sheet in load_workbook(io.BytesIO(raw)) for row in sheet.iter_rows() for cell in row)
    return raw.decode()


def shows(text: str, value: int) -> bool:
    """Whether a value stands in an answer, in whichever way figures are written (year totals of it included)."""
    forms = {str(each) for each in (value, 12 * value)} | {f"{each:,}" for each in (value, 12 * value)}
    forms |= {f"{each / 10_000:.2f}" for each in (value, 12 * value)}
    return any(re.search(rf"(?<!\d){re.escape(form)}(?!\d)", text) for form in forms)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("state", SEEN, ids=lambda each: each.__name__)
def test_a_grant_opens_the_door_for_what_was_granted(world: Sharing, state: Any, door: str) -> None:
    user = state(world)
    answer = _client(user, door).get(door.format(cargo=world.cargo.pk))
    assert answer.status_code == 200, answer.content[:600]
    text = body(answer)
    assert shows(text, CARGO) or ("/series?" in door and '"cargo_tonnes"' in text)
    assert not shows(text, PERSONS) and not shows(text, OTHER_CARGO) and "person_crossings" not in text
    if "/series?" in door:
        return
    read = GrantRead.objects.get()
    assert (read.user, read.purpose, read.grant.data_set.code) == (user, PURPOSE, "gd-port-flows")
    assert read.rows >= 1 and read.fields == ["cargo_tonnes"] and read.subjects == [f"port:{PORT}"]
    assert door.partition("?")[0].format(cargo=world.cargo.pk) in read.door


@pytest.mark.parametrize("state", UNSEEN, ids=lambda each: each.__name__)
def test_without_a_grant_in_force_every_door_is_shut(world: Sharing, state: Any) -> None:
    user = state(world)
    for door in DOORS:
        answer = _client(user, door).get(door.format(cargo=world.cargo.pk))
        text = body(answer)
        assert not shows(text, CARGO), door
        if answer.status_code == 200:  # reached by another part of a grant: another field, other months, other rows of the set
            assert state in (other_field, other_rows, other_months), door
        else:
            assert answer.status_code in (302, 401, 403, 404), (door, answer.status_code)
    assert all(read.fields != ["cargo_tonnes"] or f"port:{PORT}" not in read.subjects for read in GrantRead.objects.all())


def _addresses(resolver: Any, prefix: str = "/") -> Iterator[str]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from _addresses(each, prefix + str(each.pattern))
        elif isinstance(each, URLPattern):
            yield prefix + str(each.pattern)


def _filled(address: str, world: Sharing) -> str | None:
    """An address with its blanks filled by what names the port or its figure; None where it has others."""
    known = {"code": PORT, "port": PORT, "number": world.cargo.pk, "year": 2023, "id": world.cargo.pk, "batch": world.cargo.batch_id,
             "source": "port-return"}
    blanks = re.findall(r"<(?:\w+:)?(\w+)>", address)
    if any(name not in known for name in blanks):
        return None
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(known[found[1]]), address)


def test_no_other_door_shows_what_a_grant_shows(world: Sharing) -> None:
    """A grant of figures opens no page about the port itself: not its verdicts, its lists, its cases, its maps."""
    granted(world)
    browser, program = Client(), client_of(world.ministry)
    browser.force_login(world.ministry)
    doors = {door.partition("?")[0].format(cargo=world.cargo.pk) for door in DOORS}
    asked = 0
    for address in sorted(set(_addresses(get_resolver()))):
        filled = _filled(address, world)
        if filled is None or filled in doors or filled.startswith(("/static", "/accounts/sign-out", "/^")):
            continue
        for query in ("",) if filled != address or not filled.startswith(ROOT) else ("", f"?port={PORT}", f"?subject=port:{PORT}"):
            answer = (program if filled.startswith(ROOT) else browser).get(filled + query)
            if answer.get("Content-Type", "").startswith("text/event-stream"):
                break
            asked += 1
            text = body(answer) if "pdf" not in answer.get("Content-Type", "") else ""
            assert not shows(text, CARGO) and not shows(text, PERSONS) and not shows(text, OTHER_CARGO), filled + query
    assert asked > 200


def test_the_owner_sees_who_read_what_and_others_do_not(world: Sharing) -> None:
    granted(world)
    client_of(world.ministry).get(f"{ROOT}/observations/{world.cargo.pk}")
    grant = DataGrant.objects.get()
    seen = client_of(world.owner).get(f"{ROOT}/grants/{grant.pk}/reads").json()["items"]
    assert [(each["user"], each["purpose"], each["rows"], each["subjects"]) for each in seen] == [
        (world.ministry.display_name, PURPOSE, 1, [f"port:{PORT}"])]
    for user in (world.stranger, world.neighbour):
        assert client_of(user).get(f"{ROOT}/grants/{grant.pk}/reads").status_code == 404
        assert client_of(user).get(f"{ROOT}/grants/{grant.pk}").status_code == 404


def test_ones_own_figures_are_read_without_a_note(world: Sharing) -> None:
    """A grantee with a scope of its own: only what lies beyond it is noted."""
    granted_to_a_province(world)
    program = client_of(world.neighbour)
    assert program.get(f"{ROOT}/observations?subject=port:manzhouli-road").json()["items"]
    assert program.get(f"{ROOT}/flows?subject=port:manzhouli-road").json()["items"]
    assert not GrantRead.objects.exists()
    assert client_of(world.owner).get(f"{ROOT}/observations?subject=port:{PORT}").json()["items"]
    assert not GrantRead.objects.exists()


def test_months_bound_what_is_added_up(world: Sharing) -> None:
    """A grant of six months gives no yearly total, only their part."""
    a_grant(world, world.ministry, a_data_set(world), Coverage(("cargo_tonnes",), (), (PORT,), date(2023, 1, 1), date(2023, 6, 30)))
    flows = client_of(world.ministry).get(f"{ROOT}/flows?subject=port:{PORT}").json()["items"][0]["flows"]
    assert [(flow["period"], flow["value"], float(flow["partial"])) for flow in flows] == [("2023", None, 6.0 * CARGO)]
    assert GrantRead.objects.get().rows == 6
    assert client_of(world.ministry).get(f"{ROOT}/observations/{world.late_cargo.pk}").status_code == 404


def test_a_revocation_holds_from_the_next_request(world: Sharing) -> None:
    user = granted(world)
    program, address = client_of(user), f"{ROOT}/observations/{world.cargo.pk}"
    assert program.get(address).status_code == 200
    decide_grant(actor=world.owner, grant=DataGrant.objects.get().pk, deed="revoke", reason="用途已变")
    assert program.get(address).status_code == 404
    assert GrantRead.objects.count() == 1
