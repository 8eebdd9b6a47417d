"""The pages of time release studies: made, measured, shown, confirmed, handed out; with somebody else's user each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.monitoring.journal_factories import OTHER_PORT, PORT
from tests.monitoring.studies import conftest as of_studies
from tests.monitoring.studies.a_log import House
from tests.monitoring.studies.test_studies import a_study

from kouan.desk.jobs import run
from kouan.desk.models import Job
from kouan.monitoring.studies.actions import measure_study
from kouan.monitoring.studies.models import TimeStudy

pytestmark = pytest.mark.django_db
# The fixtures of the studies' own tests: the log of 天津, a week after it.
house, on_the_day = of_studies.house, of_studies.on_the_day
Opens = Callable[[Any], Client]
FORM = {"title": "进口放行时间研究", "purpose": "哪一段最慢", "team": "口岸办", "ports": PORT, "direction": "inbound", "whole": "overall_clearance",
        "first_day": "2026-03-02", "last_day": "2026-03-06"}


def test_a_study_is_made_in_a_form_and_measured_in_the_background(house: House, open_as: Opens) -> None:
    client = open_as(house.tianjin)
    assert "没有放行时间研究" in client.get("/times/studies").content.decode()
    form = client.get("/times/studies/new").content.decode()
    assert f'value="{PORT}"' in form and OTHER_PORT not in form
    wrong = client.post("/times/studies/new", FORM | {"title": "", "sample_size": "many"})
    assert wrong.status_code == 422 and "样本量" in wrong.content.decode()
    assert client.post("/times/studies/new", FORM | {"ports": OTHER_PORT}).status_code == 422
    assert client.post("/times/studies/new", FORM).status_code == 302
    job = run(Job.objects.get().pk)
    assert job is not None and job.state == "done" and job.result is not None and job.result["measured"] == 22
    assert client.get(f"/jobs/{job.pk}").headers["Location"] == f"/times/studies/{TimeStudy.objects.get().pk}"
    page = client.get(f"/times/studies/{TimeStudy.objects.get().pk}").content.decode()
    assert "SLOW" in page and "审单" in page and "由另一人核对后确认" in page and "缺起点" in page
    assert open_as(house.terminal).get("/times/studies/new").status_code == 403


def test_a_study_keeps_to_its_ports_at_every_address(house: House, open_as: Opens) -> None:
    held = measure_study(actor=house.tianjin, study=a_study(house.tianjin).pk)
    stranger, mine = open_as(house.inner_mongolia), open_as(house.tianjin)
    for address in ("", "/report.pdf", "/report.xlsx", f"/compare?with={held.pk}"):
        assert stranger.get(f"/times/studies/{held.pk}{address}").status_code == 404
    assert stranger.post(f"/times/studies/{held.pk}", {"do": "confirm", "version": held.version}).status_code == 404
    assert "进口" not in stranger.get("/times/studies").content.decode()
    assert mine.get(f"/times/studies/{held.pk}/report.xlsx").content[:2] == b"PK"
    assert mine.post(f"/times/studies/{held.pk}", {"do": "confirm", "version": held.version}).status_code == 403
    assert mine.post(f"/times/studies/{held.pk}", {"do": "remark", "case": "SLOW", "words": "单证补正"}).status_code == 302
    assert mine.post(f"/times/studies/{held.pk}", {"do": "remark", "case": "M001", "words": "不在其中"}).status_code == 422
    assert "单证补正" in mine.get(f"/times/studies/{held.pk}").content.decode()
    assert "SLOW" in b"".join(mine.get(f"/times/studies/{held.pk}?long.format=csv")).decode()
    second = open_as(house.second)
    assert second.post(f"/times/studies/{held.pk}", {"do": "confirm", "version": held.version}).status_code == 302
    other = measure_study(actor=house.tianjin, study=a_study(house.tianjin, title="第二次").pk)
    assert "中位数" in mine.get(f"/times/studies/{other.pk}/compare?with={held.pk}").content.decode()
