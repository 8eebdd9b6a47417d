"""The page of reports and its files: what each reader is offered, what they get, and the same 404 for what is not theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import an_enterprise_user
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.evaluation.method.exercise import ports as exercise_ports

PAGE = f"/evaluation/{YEAR}/reports"
Opens = Callable[[Any], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_the_exercise(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(date(2026, 2, 2)):
        yield


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_each_reader_is_offered_what_they_may_draw(open_as: Opens) -> None:
    office = RoundOffice()
    office.scored()
    said = text(open_as(office.officer).get(PAGE))
    assert "national.pdf" in said and "province/44.docx" in said and "port/luohu-road.xlsx" in said
    assert "还没有可以生成的报告" in text(open_as(office.guangdong).get(PAGE))
    office.step("open_peer_view")
    said = text(open_as(office.guangdong).get(PAGE))
    assert "port/luohu-road.pdf" in said and "luohu-road.xlsx" not in said and "province/44.pdf" in said
    assert "national" not in said and "wuhan-water" not in said
    assert open_as(an_enterprise_user()).get(PAGE).status_code in (403, 404)
    assert open_as(office.expert).get(PAGE).status_code in (403, 404)


def test_a_file_is_handed_out_with_its_name_and_a_trace_and_only_to_its_readers(open_as: Opens) -> None:
    office = RoundOffice()
    office.scored()
    office.on_to_notice()
    answer = open_as(office.guangdong).get(f"{PAGE}/port/luohu-road.pdf")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF") and "no-store" in answer["Cache-Control"]
    assert "attachment" in answer["Content-Disposition"] and "%E6%BC%94%E7%BB%83" in answer["Content-Disposition"]
    assert AuditEntry.objects.filter(note="export", actor_id=office.guangdong.pk).exists()
    hubei = open_as(office.hubei)
    gone, unknown = hubei.get(f"{PAGE}/port/luohu-road.pdf"), hubei.get(f"{PAGE}/port/no-such-port.pdf")
    assert gone.status_code == unknown.status_code == 404
    assert hubei.get(f"{PAGE}/province/44.pdf").status_code == 404
    assert hubei.get(f"{PAGE}/national.pdf").status_code == 403
    assert open_as(office.officer).get(f"{PAGE}/port/luohu-road.odt").status_code == 404
