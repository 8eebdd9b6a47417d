"""The door of local joint-prevention platforms: a message in gives an alert out, once (R-164, R-021)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.monitoring.warning_office import TODAY, WarningOffices, state

from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.desk.matters.actions import give_opinion
from kouan.desk.matters.models import MatterNotice
from kouan.desk.matters.queries import inbox
from kouan.monitoring.warnings.models import EarlyWarning, LocalPlatform, PlatformMessage
from kouan.monitoring.warnings.platforms import (
    NewMessage,
    end_platform,
    receipt,
    receive_message,
    register_platform,
)
from kouan.monitoring.warnings.queries import warnings_visible_to

pytestmark = pytest.mark.django_db
HAPPENED = datetime.fromisoformat(f"{TODAY}T08:00:00+08:00")
SAID = NewMessage("SZ-2024-17", "dangerous_goods", 2, "luohu-rail", "货运通道发现泄漏", HAPPENED, "三号通道，已封闭")


@pytest.fixture
def offices() -> Iterator[WarningOffices]:
    with clock.travel_to(f"{TODAY}T12:00:00+08:00"):
        yield WarningOffices()


def registered(offices: WarningOffices) -> LocalPlatform:
    return register_platform(actor=offices.province, organisation=offices.city.organisation.code, name="深圳口岸联防平台", basis="市政府文件")


def code_of(refusal: Any) -> set[str]:
    return {each.code for each in refusal.value.findings}


def test_a_message_raises_one_joint_warning_that_reaches_every_office(offices: WarningOffices) -> None:
    registered(offices)
    message = receive_message(actor=offices.city, said=SAID)
    warning = EarlyWarning.objects.get()
    assert (warning.detector, warning.rule, warning.is_joint, warning.handler) == ("platform", "platform", True, offices.province.organisation)
    assert "货运通道发现泄漏" in warning.message_zh and "Ⅱ级" in warning.message_zh and warning.first_day == TODAY
    reached = {offices.province, offices.province_second, offices.city, offices.agency, offices.other_agency}
    assert set(MatterNotice.objects.filter(kind="warning").values_list("recipient_id", flat=True)) == {each.pk for each in reached}
    assert set(receipt(message)["reached"]) == {each.organisation.name_zh for each in reached}
    assert receive_message(actor=offices.city, said=SAID) == message and EarlyWarning.objects.count() == 1, "the same number is the same message"
    with pytest.raises(Conflict):
        receive_message(actor=offices.city, said=replace(SAID, level=1))
    receive_message(actor=offices.city, said=replace(SAID, external_id="SZ-2024-18"))
    assert EarlyWarning.objects.count() == 2, "two messages of one day are two things"
    offices.take(warning, "acknowledge", offices.province, comment="已收到")
    offices.take(warning, "ask_jointly", offices.province, plan="会商")
    assert [each.matter_id for each in inbox(offices.agency)] == [warning.matter_id]
    give_opinion(actor=offices.agency, matter=warning.matter_id, consultation="assessment", party="agency_one", agrees=True, words="已封闭")
    assert state(warning) == "joint", "the others must answer as well"


def test_detection_never_adds_to_a_message_nor_hides_behind_it(offices: WarningOffices) -> None:
    registered(offices)
    receive_message(actor=offices.city, said=replace(SAID, occurred_at=HAPPENED - timedelta(days=1)))
    offices.counted({TODAY - timedelta(days=1): 1.6})
    assert len(offices.detect().opened) == 1
    assert sorted(EarlyWarning.objects.values_list("detector", flat=True)) == ["platform", "seasonal"]


def test_who_is_not_on_the_register_or_out_of_scope_is_refused(offices: WarningOffices) -> None:
    with pytest.raises(NotAllowed):
        receive_message(actor=offices.city, said=SAID)
    for actor, organisation in ((offices.neighbour, offices.city.organisation.code), (offices.province, offices.enterprise.organisation.code)):
        with pytest.raises(Refused) as refused:
            register_platform(actor=actor, organisation=organisation, name="平台", basis="文件")
        assert code_of(refused) == {"unknown_office"}
    with pytest.raises(NotAllowed):
        register_platform(actor=offices.city, organisation=offices.city.organisation.code, name="平台", basis="文件")
    platform = registered(offices)
    with pytest.raises(Conflict):
        registered(offices)
    with pytest.raises(Refused) as refused:
        receive_message(actor=offices.city, said=replace(SAID, port="dongxing-road"))
    assert code_of(refused) == {"unknown_port"}
    with pytest.raises(NotAllowed):
        receive_message(actor=offices.enterprise, said=SAID)
    with pytest.raises(NotFound):
        end_platform(actor=offices.neighbour, platform=platform.pk)
    end_platform(actor=offices.province, platform=platform.pk)
    with pytest.raises(NotAllowed):
        receive_message(actor=offices.city, said=SAID)
    assert not EarlyWarning.objects.exists() and not PlatformMessage.objects.exists()


@pytest.mark.parametrize(("wrong", "where"), [
    ({"kind": "weather"}, "kind"), ({"level": 5}, "level"), ({"level": 0}, "level"), ({"title": " "}, "title"), ({"external_id": ""}, "external_id"),
    ({"occurred_at": HAPPENED + timedelta(hours=4, minutes=16)}, "occurred_at"), ({"occurred_at": HAPPENED - timedelta(days=367)}, "occurred_at"),
    ({"occurred_at": HAPPENED.replace(tzinfo=None)}, "occurred_at"),
])
def test_a_message_that_says_too_little_is_refused_field_by_field(offices: WarningOffices, wrong: dict[str, Any], where: str) -> None:
    registered(offices)
    with pytest.raises(Refused) as refused:
        receive_message(actor=offices.city, said=replace(SAID, **wrong))
    assert {each.where.field for each in refused.value.findings} == {where} and not EarlyWarning.objects.exists()


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="kouan.accounts.backends.SignInBackend")
    return client


def test_by_api_and_on_the_pages(offices: WarningOffices) -> None:
    province, city, stranger = (_client(each) for each in (offices.province, offices.city, offices.neighbour))
    form = {"organisation": offices.city.organisation.code, "name": "深圳口岸联防平台", "basis": "市政府文件"}
    assert city.post("/warnings/platforms", form).status_code == 403
    assert province.post("/warnings/platforms", {**form, "name": ""}).status_code == 422
    assert province.post("/warnings/platforms", form).status_code == 302
    body = {"external_id": "SZ-1", "kind": "crowd", "level": 3, "port": "luohu-rail", "title": "人员聚集",
            "occurred_at": HAPPENED.isoformat(), "words": "约三百人"}

    def send(client: Client, key: str, **changes: Any) -> Any:
        return client.post("/api/v1/platform-messages", json.dumps({**body, **changes}), content_type="application/json",
                           headers={"Idempotency-Key": key})

    first = send(city, "k-0000001")
    assert first.status_code == 200 and first.json()["warning"] == EarlyWarning.objects.get().pk
    assert send(city, "k-0000001").json() == first.json() and send(city, "k-0000002").json()["id"] == first.json()["id"]
    assert send(city, "k-0000003", level=1).status_code == 409
    assert send(city, "k-0000004", occurred_at="昨天", external_id="SZ-2").status_code == 422
    assert send(stranger, "k-0000005").status_code == 403
    number = first.json()["warning"]
    shown = province.get(f"/warnings/{number}").content.decode()
    assert "约三百人" in shown and "SZ-1" in shown
    assert "深圳口岸联防平台" in city.get("/warnings/platforms").content.decode()
    assert "深圳口岸联防平台" not in stranger.get("/warnings/platforms").content.decode()
    assert not warnings_visible_to(offices.neighbour).exists() and stranger.get(f"/warnings/{number}").status_code == 404
