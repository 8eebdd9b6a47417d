"""Pages of rulings and changes: proposed, previewed, decided; and nobody sees what is not for them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.grading.lawbook import a_judged_road_port, a_value, an_answer, approved

from accounts.factories import a_national_officer, a_provincial_officer, an_auditor
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.desk.jobs import run
from kouan.desk.models import Job
from kouan.grading.actions import record_verdicts
from kouan.grading.lawbook.actions import propose_changes
from kouan.grading.lawbook.models import LawChange
from kouan.grading.queries import rulings_path

FILE = b"""document: {title: \xe5\x87\xbd, number: A1, issued: 2024-06-20}
reason: test
rulings:
  - {setting: volume_standard.combine, value: and, from_date: 2024-07-01}
"""
FORM = {"key": "volume_standard.combine", "value": "and", "from_date": "2024-07-01", "document_title": "关于测试用口径的复函",
        "document_number": "测试函〔2024〕2号", "issued": "2024-06-20", "quote": "均应达到", "reason": "测试"}


@pytest.fixture(autouse=True)
def in_summer(db: None) -> Any:
    with clock.travel_to("2024-06-30"):
        yield


@pytest.fixture
def office(open_as, officer):
    return open_as(officer)


def read(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def test_a_ruling_goes_its_whole_way(office, officer, open_as):
    a_judged_road_port()
    assert "volume_standard.combine" in read(office, "/law/changes/new")
    form = read(office, "/law/changes/new?key=volume_standard.combine")
    assert 'name="document_number"' in form and "<option" in form and 'name="article"' not in form
    shown = office.post("/law/changes/new", FORM | {"do": "preview"})
    page = shown.content.decode()
    assert shown.status_code == 200 and "结论会变的 1 项" in page and LawChange.objects.count() == 0
    sent = office.post("/law/changes/new", FORM | {"do": "propose"})
    row = LawChange.objects.get()
    assert sent.status_code == 302 and sent["Location"] == f"/law/changes/{row.pk}" and row.proposed_by == officer.pk
    own = read(office, f"/law/changes/{row.pk}")
    assert 'value="approve"' not in own and 'value="withdraw"' in own and "等待另一人批准" in own
    assert office.post(f"/law/changes/{row.pk}", {"do": "approve", "decision": "同意"}).status_code == 422
    second = open_as(a_national_officer())
    assert 'value="approve"' in read(second, f"/law/changes/{row.pk}")
    assert second.post(f"/law/changes/{row.pk}", {"do": "reject", "decision": ""}).status_code == 422
    assert second.post(f"/law/changes/{row.pk}", {"do": "approve", "decision": "同意"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "approved" and "已批准" in read(second, f"/law/changes/{row.pk}")
    with clock.travel_to("2024-07-01"):
        page = read(office, "/law/settings/volume_standard.combine")
        assert f"/law/changes/{row.pk}" in page and "测试函〔2024〕2号" in page
        assert f"/law/changes/{row.pk}" in read(office, "/law?q=均应达到")


def test_the_preview_of_a_form_names_port_verdicts_and_step(office):
    a_judged_road_port(name_zh="测试甲公路口岸")
    page = office.post("/law/changes/new", FORM | {"do": "preview"}).content.decode()
    assert "测试甲公路口岸" in page and "达标" in page and "不达标" in page and "2023" in page


def test_a_value_has_its_article_and_unit(office):
    form = read(office, "/law/changes/new?key=volume_standard.road.cargo")
    assert 'name="article"' in form and "万吨" in form
    wrong = office.post("/law/changes/new", FORM | {"key": "volume_standard.road.cargo", "value": "many", "do": "propose"})
    page = wrong.content.decode()
    assert wrong.status_code == 422 and "field-value" in page and "不是非负数" in page and "条款不能为空" in page
    assert office.post("/law/changes/new", FORM | {"from_date": "soon", "do": "propose"}).status_code == 422
    assert read(office, "/law/changes/new?key=volume_standard.raod.cargo", 404)


def test_a_parameter_and_a_rule_show_changes_and_where_they_were_used(office, officer):
    a_judged_road_port()
    record_verdicts(actor=officer, year=2023)
    row = approved(a_value())
    page = read(office, "/law/parameters/volume_standard.road.cargo")
    assert f"/law/changes/{row.pk}" in page and "2万吨" in page and "2023 年度：已登记结论 1 个口岸" in page
    assert "没有已登记的结论" in read(office, "/law/parameters/volume_standard.sea.cargo")
    assert "2023 年度：已登记结论 1 个口岸" in read(office, "/law/rules/volume_standard")
    assert "2万吨</strong>" in read(office, "/law/parameters/volume_standard.road.cargo?as_of=2025-01-01")


def test_rulings_of_the_file_are_shown_as_such(office):
    place = rulings_path()
    place.write_text("- {setting: volume_standard.combine, value: and, from_date: 2024-01-01, issued: 2023-12-01,\n"
                     "   document_number: 测试函〔2023〕9号, document_title: 关于文件的函}\n", encoding="utf-8")
    try:
        page = read(office, "/law/changes")
    finally:
        place.unlink()
    assert "rulings.yaml" in page and "测试函〔2023〕9号" in page and "不经本页批准" in page


def test_a_file_is_previewed_and_many_years_run_as_a_job(office, officer, open_as):
    def sent(client, **fields):
        return client.post("/law/changes/preview", {"file": SimpleUploadedFile("change.yaml", FILE), "do": "preview", **fields})

    a_judged_road_port(name_zh="测试乙公路口岸")
    assert "测试乙公路口岸" in sent(office).content.decode() and LawChange.objects.count() == 0
    later = sent(office, years=["2020", "2021", "2022", "2023"])
    job = Job.objects.get()
    assert later.status_code == 302 and later["Location"] == f"/jobs/{job.pk}"
    run(job.pk)
    assert office.get(f"/jobs/{job.pk}")["Location"] == f"/law/changes/preview/{job.pk}"
    assert "测试乙公路口岸" in read(office, f"/law/changes/preview/{job.pk}")
    assert read(open_as(a_national_officer()), f"/law/changes/preview/{job.pk}", 404)
    assert office.post("/law/changes/preview", {"do": "preview"}).status_code == 422
    assert office.post("/law/changes/preview", {"file": SimpleUploadedFile("x.yaml", b"a: [")}).status_code == 422
    assert sent(office, years=["1066"]).status_code == 422
    assert office.post("/law/changes/preview", {"file": SimpleUploadedFile("change.yaml", FILE), "do": "propose"}).status_code == 302
    assert LawChange.objects.count() == 1


def test_others_see_what_is_law_within_their_scope_and_no_proposal(open_as, officer):
    a_judged_road_port(province_code="44", name_zh="粤测公路口岸")
    a_judged_road_port(province_code="15", name_zh="蒙测公路口岸")
    row = approved(an_answer())
    (waiting,) = propose_changes(actor=officer, changes=[a_value()])
    other = a_provincial_officer("44")
    client = open_as(other)
    listed = read(client, "/law/changes")
    assert f"/law/changes/{row.pk}" in listed and f"/law/changes/{waiting.pk}" not in listed and "/law/changes/new" not in listed
    page = read(client, f"/law/changes/{row.pk}")
    assert "粤测公路口岸" in page and "蒙测公路口岸" not in page and officer.display_name not in page
    exported = json.loads(b"".join(client.get("/law/changes?format=json").streaming_content))
    # Within the scope: one verdict of one port, and that port's rung of the ladder; the nation has twice that.
    assert [each["moved"] for each in exported["rows"]] == [2]
    everybody = json.loads(b"".join(open_as(officer).get("/law/changes?format=json").streaming_content))
    assert {each["number"]: each["moved"] for each in everybody["rows"]}[row.pk] == 4
    for address in (f"/law/changes/{waiting.pk}", "/law/changes/999999"):
        read(client, address, 404)
    assert AuditEntry.objects.filter(kind="E", note="out_of_reach", actor_id=other.pk).count() == 2


def test_other_roles_are_refused_at_every_door(open_as, officer):
    (waiting,) = propose_changes(actor=officer, changes=[a_value()])
    for other, status in ((a_provincial_officer("44"), 404), (an_auditor(), 403)):
        client = open_as(other)
        for address in ("/law/changes/new", "/law/changes/preview", "/law/changes/preview/1"):
            read(client, address, 403)
        assert client.post("/law/changes/new", FORM | {"do": "propose"}).status_code == 403
        assert client.post("/law/changes/preview", {"file": SimpleUploadedFile("change.yaml", FILE), "do": "propose"}).status_code == 403
        for verb in ("approve", "reject", "withdraw"):
            assert client.post(f"/law/changes/{waiting.pk}", {"do": verb, "decision": "同意"}).status_code == status
        assert AuditEntry.objects.filter(kind="E", note="refused", actor_id=other.pk).exists()
    assert LawChange.objects.get().state == "proposed"
    assert open_as(officer).post(f"/law/changes/{waiting.pk}", {"do": "burn"}).status_code == 404


def test_near_hits_are_called_near(office):
    page = read(office, "/law?q=货运枢纽型飞机场")
    assert "以下较为接近" in page and "<mark>" in page
