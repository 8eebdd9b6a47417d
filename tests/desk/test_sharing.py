"""The catalogue and the loop of grants: what is refused, who decides, what is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.accounts.factories import an_administrator, an_enterprise_user
from tests.api.world import client_of
from tests.desk.sharing_world import (
    DAY,
    OTHER_PORT,
    PORT,
    PURPOSE,
    Sharing,
    a_data_set,
    a_grant,
    a_request,
    a_sharing_world,
)

from kouan.accounts.action import acting_system
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.collection.models import Observation, Series
from kouan.desk.matters.queries import inbox
from kouan.desk.sharing import queries, rooms
from kouan.desk.sharing.actions import (
    NewDataSet,
    catalogue,
    decide_grant,
    expire_due,
    publish_data_set,
    request_grant,
)
from kouan.desk.sharing.coverage import Coverage, read
from kouan.desk.sharing.models import DataGrant, DataSet, DataSetState, GrantRead, GrantState

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def world() -> Iterator[Sharing]:
    """Owner, askers, figures."""
    with clock.travel_to(DAY):
        yield a_sharing_world()


def codes_of(error: Any) -> set[str]:
    """The codes of what was refused."""
    return {each.code for each in error.value.findings}


def a_draft(world: Sharing, **more: Any) -> NewDataSet:
    """A data set as it is first written down."""
    return NewDataSet(**{"code": "gd-flows", "name_zh": "广东客货运量", "room": "collection", "definition_zh": "各口岸自报",
                         "coverage": Coverage(provinces=("44",)),
                         **more})


@pytest.mark.parametrize("missing", ["owner", "classification", "sensitivity"])
def test_without_owner_and_class_nothing_is_published(world: Sharing, missing: str) -> None:
    known = {"owner": world.owner.organisation.code, "classification": "work_secret", "sensitivity": "none"}
    catalogue(actor=world.owner, said=a_draft(world, **{name: value for name, value in known.items() if name != missing}))
    with pytest.raises(Refused) as error:
        publish_data_set(actor=world.owner, code="gd-flows")
    assert [each.where.field for each in error.value.findings if each.where] == [missing]
    # The database holds to it whatever writes to it.
    with pytest.raises(IntegrityError), transaction.atomic():
        DataSet.objects.filter(code="gd-flows").update(state=DataSetState.PUBLISHED)


def test_work_secrets_are_a_class_of_their_own_and_state_secrets_do_not_enter(world: Sharing) -> None:
    a_data_set(world, "gd-work", classification="work_secret")
    assert DataSet.objects.get(code="gd-work").get_classification_display() == "工作秘密"
    for field in ("name_zh", "definition_zh", "cadence"):
        with pytest.raises(Refused) as error:
            catalogue(actor=world.owner, said=a_draft(world, **{field: "机密★10年"}))
        assert codes_of(error) == {"secrecy_mark"}
    with pytest.raises(Refused) as error:
        request_grant(actor=world.ministry, data_set="gd-work", purpose="机密★10年", ends_on=clock.today() + WEEK)
    assert codes_of(error) == {"secrecy_mark"}


def test_nobody_offers_what_is_not_theirs(world: Sharing) -> None:
    for coverage in (Coverage(), Coverage(provinces=("15",)), Coverage(ports=("manzhouli-road",)), Coverage(provinces=("44", "15"))):
        with pytest.raises(Refused) as error:
            catalogue(actor=world.owner, said=a_draft(world, coverage=coverage))
        assert codes_of(error) == {"not_yours_to_share"}, coverage
    with pytest.raises(Refused) as error:
        catalogue(actor=world.owner, said=a_draft(world, owner=world.neighbour.organisation.code))
    assert codes_of(error) == {"bad_data_set"}
    assert catalogue(actor=world.national, said=a_draft(world, coverage=Coverage(), owner=world.ministry.organisation.code)).pk


def test_a_draft_is_nobody_elses_and_a_published_one_is_not_changed(world: Sharing) -> None:
    catalogue(actor=world.owner, said=a_draft(world))
    for user in (world.neighbour, world.ministry):
        with pytest.raises(NotFound):
            queries.get_data_set(user, "gd-flows")
        assert client_of(user).get("/api/v1/data-sets/gd-flows").status_code == 404
    a_data_set(world)
    with pytest.raises(NotAllowed):
        publish_data_set(actor=world.neighbour, code="gd-port-flows")
    with pytest.raises(Conflict):
        publish_data_set(actor=world.owner, code="gd-port-flows")


def test_use_without_purpose_is_refused(world: Sharing) -> None:
    """R-126."""
    a_data_set(world)
    for purpose in ("", "  ", "看看"):
        with pytest.raises(Refused) as error:
            request_grant(actor=world.ministry, data_set="gd-port-flows", purpose=purpose, ends_on=clock.today() + WEEK)
        assert codes_of(error) == {"purpose_missing"}
    answer = client_of(world.ministry).post("/api/v1/grants", {"data_set": "gd-port-flows", "purpose": "", "ends_on": "2999-01-01"},
                                            content_type="application/json")
    assert answer.status_code == 422 and not DataGrant.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        made = a_request(world, world.ministry, "gd-port-flows")
        DataGrant.objects.filter(pk=made.pk).update(purpose="")


def test_what_can_be_asked_for(world: Sharing) -> None:
    a_data_set(world, coverage=Coverage(("cargo_tonnes",), ("44",)))
    for coverage in (Coverage(fields=("person_crossings",)), Coverage(provinces=("15",)), Coverage(ports=("manzhouli-road",))):
        with pytest.raises(Refused) as error:
            a_request(world, world.ministry, "gd-port-flows", coverage)
        assert codes_of(error) == {"beyond_data_set"}, coverage
    with pytest.raises(Refused) as error:
        a_request(world, world.ministry, "gd-port-flows", days=-1)
    assert codes_of(error) == {"bad_term"}
    with pytest.raises(Refused) as error:
        a_request(world, world.owner, "gd-port-flows")
    assert codes_of(error) == {"no_grant_needed"}
    for nobody in (an_enterprise_user(), an_administrator(), world.national):
        with pytest.raises(NotAllowed):
            a_request(world, nobody, "gd-port-flows")
    made = a_request(world, world.ministry, "gd-port-flows", Coverage(ports=(PORT,)))
    assert made.may_read == Coverage(("cargo_tonnes",), (), (PORT,))


def test_the_owner_decides_and_nobody_else(world: Sharing) -> None:
    made = a_request(world, world.ministry, a_data_set(world))
    assert [task.matter_id for task in inbox(world.owner)] == [made.matter_id]
    for user in (world.ministry, world.colleague):
        with pytest.raises(NotAllowed):
            decide_grant(actor=user, grant=made.pk, deed="approve", reason="自批")
    for user in (world.stranger, world.neighbour):
        with pytest.raises(NotFound):
            decide_grant(actor=user, grant=made.pk, deed="approve", reason="代批")
    made.refresh_from_db()
    assert made.state == GrantState.REQUESTED
    done = decide_grant(actor=world.owner, grant=made.pk, deed="approve", reason="职责所需")
    assert (done.state, done.decided_by, done.matter.state) == (GrantState.ACTIVE, world.owner, "active")


def test_a_narrower_grant_is_all_there_is(world: Sharing) -> None:
    made = a_request(world, world.ministry, a_data_set(world))
    last = clock.today() + WEEK
    for said, code in (({"fields": "no_such"}, None), ({"provinces": "15"}, "beyond_data_set"), ({"term_end": "2999-01-01"}, "term_beyond")):
        if code:
            with pytest.raises(Refused) as error:
                decide_grant(actor=world.owner, grant=made.pk, deed="narrow", reason="只给所需", narrowed=said)
            assert codes_of(error) == {code}
    done = decide_grant(actor=world.owner, grant=made.pk, deed="narrow", reason="只给所需", narrowed={
        "fields": "cargo_tonnes", "ports": OTHER_PORT, "since": "2023-01", "until": "2023-03", "term_end": last.isoformat()})
    assert done.may_read == read(fields="cargo_tonnes", ports=OTHER_PORT, since="2023-01", until="2023-03") and done.ends_on == last
    assert {row.series.subject_code for row in Observation.objects.visible_to(world.ministry).select_related("series")} == {OTHER_PORT}
    assert Observation.objects.visible_to(world.ministry).count() == 3


def test_a_term_that_runs_out_ends_the_matter(world: Sharing) -> None:
    made = a_grant(world, world.ministry, a_data_set(world), days=3)
    with acting_system("test") as system:
        assert expire_due(actor=system) == 0
        assert expire_due(actor=system, today=made.ends_on) == 0
        clock_day = made.ends_on + timedelta(days=1)
    with clock.travel_to(clock_day), acting_system("test") as system:
        assert DataGrant.objects.get(pk=made.pk).state_today is GrantState.EXPIRED
        assert not Series.objects.visible_to(world.ministry).filter(subject_kind="port").exists()
        assert expire_due(actor=system) == 1 and expire_due(actor=system) == 0
    made = DataGrant.objects.get(pk=made.pk)
    assert made.state == GrantState.EXPIRED and made.matter.state == "expired"


def test_values_and_sums_are_noted_as_rows_are(world: Sharing) -> None:
    """A query for values only, or in chunks, or sliced, is noted like one for whole rows; a count tells of no figure."""
    a_grant(world, world.ministry, a_data_set(world), Coverage(fields=("cargo_tonnes",), ports=(PORT,)))
    rows = Observation.objects.visible_to(world.ministry).filter(series__subject_kind="port")
    assert rows.count() == 12 and rows.exists() and not GrantRead.objects.exists()
    for ask in (lambda: list(rows), lambda: list(rows.values_list("value", flat=True)), lambda: list(rows.iterator(5)),
                lambda: list(rows.values("value").iterator())):
        ask()
        assert GrantRead.objects.latest("pk").rows == 12
    list(rows.order_by("pk").values_list("value")[:5])
    assert GrantRead.objects.latest("pk").rows == 5
    before = GrantRead.objects.count()
    list(rows.select_related("series")[:3])
    assert GrantRead.objects.latest("pk").rows == 3 and GrantRead.objects.count() == before + 1


def test_reading_in_scope_costs_no_more_than_one_look_up(world: Sharing, django_assert_num_queries: Any) -> None:
    """The national office none; a province one per request, however often a page asks."""
    from django.db import connection

    from kouan.desk.sharing.reach import one_request

    with CaptureQueriesContext(connection) as asked:
        list(Observation.objects.visible_to(world.national)[:1])
    assert not [each for each in asked.captured_queries if "sharing_" in each["sql"]]
    with CaptureQueriesContext(connection) as asked, one_request("GET /"):
        for _ in range(5):
            list(Observation.objects.visible_to(world.owner)[:1])
    assert len([each for each in asked.captured_queries if "sharing_" in each["sql"]]) == 1


def test_the_register_is_shared_by_columns(world: Sharing) -> None:
    a_data_set(world, "gd-register", room="register", coverage=Coverage(provinces=("44",)))
    a_grant(world, world.neighbour, "gd-register", Coverage(fields=("name_zh", "status"), ports=(PORT,)))
    program = client_of(world.neighbour)
    assert program.get("/api/v1/shared-ports").json()["items"] == [{"code": PORT, "name_zh": "罗湖铁路口岸", "status": "unknown"}]
    assert program.get(f"/api/v1/ports/{PORT}").status_code == 404
    assert client_of(world.ministry).get("/api/v1/shared-ports").status_code == 404
    read_ = GrantRead.objects.get()
    assert (read_.rows, read_.fields, read_.subjects) == (1, ["name_zh", "status"], [f"port:{PORT}"])


def test_quality_is_worked_out(world: Sharing) -> None:
    a_data_set(world)
    seen = client_of(world.ministry).get("/api/v1/data-sets/gd-port-flows").json()
    assert (seen["quality"]["rows"], seen["quality"]["subjects"], seen["quality"]["last_period"]) == (36, 2, "2023-12-31")
    assert rooms.rooms()["register"].quality(Coverage(provinces=("44",))).rows == 2


def test_pages_of_the_loop(world: Sharing) -> None:
    """A set is entered, published, asked for, granted, used and taken back on pages alone."""
    owner, asker = Client(), Client()
    owner.force_login(world.owner)
    asker.force_login(world.ministry)
    said = {"code": "gd-flows", "name_zh": "广东客货运量", "room": "collection", "definition_zh": "各口岸自报", "provinces": "44",
            "owner": world.owner.organisation.code, "classification": "general", "sensitivity": "none"}
    assert owner.post("/data-sets/new", said | {"since": "2024-13"}).status_code == 422
    assert owner.post("/data-sets/new", said).headers["Location"] == "/data-sets/gd-flows"
    assert asker.get("/data-sets/gd-flows").status_code == 404
    owner.post("/data-sets/gd-flows", {"deed": "publish"})
    assert "广东客货运量" in asker.get("/data-sets").content.decode()
    assert asker.post("/data-sets/gd-flows", {"deed": "ask", "purpose": "", "ends_on": "2999-01-01"}).status_code == 422
    last = (clock.today() + WEEK).isoformat()
    place = asker.post("/data-sets/gd-flows", {"deed": "ask", "purpose": PURPOSE, "ends_on": last, "fields": "cargo_tonnes"}).headers["Location"]
    assert "缩小范围后批准" in owner.get(place).content.decode() and "按申请批准" not in asker.get(place).content.decode()
    assert owner.post(place, {"deed": "approve", "reason": "职责所需"}).status_code == 302
    assert asker.get("/data-sets/gd-flows/figures").status_code == 200
    seen = owner.get(place).content.decode()
    assert world.ministry.display_name in seen and "/data-sets/gd-flows/figures" in seen
    assert owner.post(place, {"deed": "revoke", "reason": "已用毕"}).status_code == 302
    assert asker.get("/data-sets/gd-flows/figures").status_code == 404
    stranger = Client()
    stranger.force_login(world.stranger)
    assert stranger.get(place).status_code == 404


def test_an_export_says_who_took_it_when_and_for_what(world: Sharing) -> None:
    import io
    from urllib.parse import unquote

    from openpyxl import load_workbook

    a_grant(world, world.ministry, a_data_set(world), Coverage(fields=("cargo_tonnes",), ports=(PORT,)))
    client = Client()
    client.force_login(world.ministry)
    answer = client.get("/data-sets/gd-port-flows/figures?format=xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    who = world.ministry.username
    assert who in book.worksheets[0].oddFooter.center.text and who in book.properties.creator and world.ministry.organisation.name_zh in who_of(book)
    assert any(PURPOSE in str(cell.value) for row in book["说明"].iter_rows() for cell in row)
    for kind in ("csv", "json"):
        answer = client.get(f"/data-sets/gd-port-flows/figures?format={kind}")
        assert who in unquote(answer["X-Kouan-Exported"]) and b"".join(answer.streaming_content)


def who_of(book: Any) -> str:
    """The mark in a workbook's properties."""
    return str(book.properties.description)
