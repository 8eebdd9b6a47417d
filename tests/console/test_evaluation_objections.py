"""Objections on their page: raised by the reporting office in its time, seen by it and the national office alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import a_port_reporter, an_auditor, an_enterprise_user
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.accounts.action import acting_system
from kouan.basis import clock
from kouan.desk.matters.actions import run_clocks
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.models import Objection

DAY = date(2026, 2, 2)
PAGE = f"/evaluation/{YEAR}/objections"
Opens = Callable[[Any], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.scored()
        found.step("open_peer_view")
        yield found


def text(answer: Any) -> str:
    return str(answer.content.decode())


def said(**known: str) -> dict[str, str]:
    return {"port": "luohu-road", "indicator": "I-0101", "grounds": "查验场地面积有误"} | known


def test_an_office_objects_in_its_time_and_only_it_and_the_national_office_see_it(office: RoundOffice, open_as: Opens) -> None:
    browser = open_as(office.guangdong)
    early = browser.post(PAGE, said())
    assert early.status_code == 409 and "不在意见和异议期内" in text(early) and 'name="grounds"' not in text(early)
    with clock.travel_to(DAY + timedelta(days=11)), acting_system("run_clocks") as system:
        run_clocks(actor=system)
    with clock.travel_to(DAY + timedelta(days=12)):
        browser = open_as(office.guangdong)
        page = text(browser.get(PAGE))
        assert 'value="luohu-road"' in page and "wuhan-water" not in page and "I-0101" in page and "截止" in page
        for wrong, word in (({"grounds": " "}, "请填写异议理由"), ({"indicator": "I-9999"}, "没有指标")):
            answer = browser.post(PAGE, said(**wrong))
            assert answer.status_code == 422 and word in text(answer)
        assert browser.post(PAGE, said(port="wuhan-water")).status_code == 404
        for user in (office.customs, office.officer, a_port_reporter("luohu-road"), an_auditor()):
            assert open_as(user).post(PAGE, said()).status_code == 403
        assert open_as(office.hubei).post(PAGE, said()).status_code == 404
        assert not Objection.objects.exists()
        assert browser.post(PAGE, said()).status_code == 302
        made = Objection.objects.get()
        assert browser.post(PAGE, said()).status_code == 409
        assert browser.post(PAGE, said(indicator="")).status_code == 302
        for user, sees in ((office.guangdong, True), (office.officer, True), (an_auditor(), True), (office.hubei, False), (office.customs, False)):
            page = text(open_as(user).get(PAGE))
            assert ("查验场地面积有误" in page) is sees and (f'href="/matters/{made.matter_id}"' in page) is sees, user
            answer = open_as(user).get(f"{PAGE}?format=json")
            rows = json.loads(b"".join(answer.streaming_content) if answer.streaming else answer.content)["rows"]
            assert len(rows) == (2 if sees else 0)
        page = text(open_as(office.officer).get(PAGE))
        assert "整个结果" in page and "查验场地面积达标率" in page and 'name="grounds"' not in page, "the national office raises none"
        assert "没有异议" in text(open_as(office.officer).get(f"{PAGE}?open=no"))
        for user in (office.expert, an_enterprise_user()):
            assert open_as(user).get(PAGE).status_code == 403
