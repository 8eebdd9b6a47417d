"""The page of reports and its files: what each reader is offered, what they get, and the same 404 for what is not theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from tests.accounts.factories import an_enterprise_user
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.desk.jobs import run
from kouan.desk.models import Job
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.home import Home

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


def test_all_ports_of_ones_own_come_as_one_zip_by_a_job_and_to_nobody_else(open_as: Opens, settings: Any, tmp_path: Any) -> None:
    settings.HOME = Home(tmp_path)
    office = RoundOffice()
    office.scored()
    own = open_as(office.guangdong)
    assert own.post(PAGE, {"form": "pdf"}).status_code == 404, "nothing to be read yet"
    office.step("open_peer_view")
    refused = own.post(PAGE, {"form": "xlsx"})
    assert refused.status_code == 422 and "得分表在通报后开放" in text(refused), "no workbook before the notice"
    assert own.post(PAGE, {"form": "odt"}).status_code == 422 and not Job.objects.exists()
    answer = own.post(PAGE, {"form": "docx"})
    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}" and "同样的报告正在生成" in text(own.post(PAGE, {"form": "docx"}))
    done = run(job.pk)
    assert done is not None and done.state == "done", done and done.findings
    assert done.result["ports"] == ["luohu-road"] and own.get(f"/jobs/{job.pk}")["Location"] == PAGE
    address = f"{PAGE}/all/{job.pk}.zip"
    assert f'href="{address}"' in text(own.get(PAGE))
    taken = own.get(address)
    with ZipFile(BytesIO(b"".join(taken.streaming_content))) as pack:
        assert [name.rpartition("-")[0].rpartition("评估-")[2] for name in pack.namelist()] == ["luohu-road"], "a province its own ports alone"
        assert all(name.startswith("演练-") and pack.read(name).startswith(b"PK") for name in pack.namelist())
    assert AuditEntry.objects.filter(note="download", actor_id=office.guangdong.pk).exists()
    for other in (office.officer, office.hubei, office.leader):
        assert open_as(other).get(address).status_code == 404, other.role
    assert open_as(office.expert).get(address).status_code in (403, 404)
    # Who lost the port loses its report; and after a week the file is gone with the next one made.
    organisation = office.guangdong.organisation
    organisation.province_code = "45"
    organisation.save()
    assert open_as(office.guangdong).get(address).status_code == 404
    organisation.province_code = "44"
    organisation.save()
    with clock.travel_to(clock.today() + timedelta(days=40)):
        own.post(PAGE, {"form": "pdf"})
        run(Job.objects.latest("pk").pk)
        assert own.get(address).status_code == 404 and len(list((tmp_path / "reports").iterdir())) == 1
