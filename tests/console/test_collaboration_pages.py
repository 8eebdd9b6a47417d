"""Pages of conferences and issues: whoever may not see one gets the same 404 as for none, and an entry in the trail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.casework.issues import DAY, NAME, Offices, events_of, state
from tests.desk.files import a_pdf

from kouan.basis import clock
from kouan.casework.bottlenecks.models import Issue
from kouan.casework.conference.actions import add_free_item, call_conference
from kouan.casework.conference.models import Conference
from kouan.desk.matters.actions import take_step
from kouan.desk.models import DocumentVersion

pytestmark = pytest.mark.django_db

FORM = {"port": "luohu-rail", "stage": "inspection", "kind": "time", "level": "port", "facts": "查验等候三天，未告知原因"}


@pytest.fixture
def offices() -> Iterator[Offices]:
    with clock.travel_to(DAY.isoformat()):
        yield Offices()


def test_an_enterprise_lands_on_its_page_and_sees_nothing_else(offices: Offices, open_as: Any) -> None:
    client = open_as(offices.enterprise)
    page = client.get("/bottlenecks").content.decode()
    assert "提交诉求" in page and 'href="/matters"' not in page and "代录来电来访</a>" not in page
    assert {client.get(address).status_code for address in ("/matters", "/conferences", "/inbox", "/bottlenecks/weak-indicator")} == {403}


def test_another_enterprise_guesses_the_number(offices: Offices, open_as: Any) -> None:
    issue = offices.submitted()
    version = DocumentVersion.objects.get(document=issue.papers.get().document)
    client = open_as(offices.rival)
    for address in (f"/bottlenecks/{issue.pk}", f"/bottlenecks/{issue.pk}/evidence/{version.pk}"):
        answer = client.get(address)
        assert answer.status_code == 404 and NAME not in answer.content.decode()
    assert client.post(f"/bottlenecks/{issue.pk}", {"deed": "rate", "satisfaction": "satisfied"}).status_code == 404
    assert {"out_of_scope", "out_of_reach"} <= events_of(offices.rival) and state(issue) == "routed"
    assert NAME not in client.get("/bottlenecks").content.decode()
    assert open_as(offices.neighbour).get(f"/bottlenecks/{issue.pk}").status_code == 404


def test_an_unnamed_enterprise_is_on_no_page_of_the_agency(offices: Offices, open_as: Any) -> None:
    issue = offices.submitted(is_anonymous=True)
    version = DocumentVersion.objects.get(document=issue.papers.get().document)
    client = open_as(offices.agency)
    for address in (f"/bottlenecks/{issue.pk}", "/bottlenecks", f"/matters/{issue.matter_id}", "/inbox", "/matters", "/documents",
                    "/bottlenecks?issues-format=csv", "/matters?format=csv"):
        answer = client.get(address)
        content = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
        assert not any(word in content for word in (NAME, "李四", "13800000000", "照片.pdf")), address
    assert client.get(f"/bottlenecks/{issue.pk}/evidence/{version.pk}").status_code == 404
    assert open_as(offices.city).get(f"/bottlenecks/{issue.pk}/evidence/{version.pk}").status_code == 200


def test_a_form_is_refused_at_its_fields_and_then_taken(offices: Offices, open_as: Any) -> None:
    client = open_as(offices.enterprise)
    answer = client.post("/bottlenecks/new", {**FORM, "kind": "", "facts": ""})
    assert answer.status_code == 422 and 'id="wrong-facts"' in answer.content.decode() and not Issue.objects.exists()
    assert client.post("/bottlenecks/new", {**FORM, "choose": "port"}).status_code == 200 and not Issue.objects.exists()
    answer = client.post("/bottlenecks/new", {**FORM, "evidence": SimpleUploadedFile("照片.pdf", a_pdf())})
    issue = Issue.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/bottlenecks/{issue.pk}") and issue.papers.count() == 1


def test_the_same_answer_twice_is_told_as_late(offices: Offices, open_as: Any) -> None:
    issue = offices.answered(offices.submitted())
    client = open_as(offices.enterprise)
    assert client.post(f"/bottlenecks/{issue.pk}", {"deed": "rate", "satisfaction": "fair"}).status_code == 302
    assert client.post(f"/bottlenecks/{issue.pk}", {"deed": "rate", "satisfaction": "fair"}).status_code == 409


def test_a_conference_is_its_secretarys_until_the_agenda_is_sent(offices: Offices, open_as: Any) -> None:
    held = call_conference(actor=offices.national, title="部际联席会议", held_on=DAY + timedelta(days=9), place="北京", chair="某主任", on=DAY,
                           members=[offices.province.organisation.code])
    add_free_item(actor=offices.national, conference=held.pk, title="研究口岸布局")
    member, neighbour = open_as(offices.province), open_as(offices.neighbour)
    assert member.get(f"/conferences/{held.pk}").status_code == 404
    take_step(actor=offices.national, matter=held.matter_id, transition="send_agenda", on=DAY)
    page = member.get(f"/conferences/{held.pk}")
    assert page.status_code == 200 and "研究口岸布局" in page.content.decode()
    assert "列入议程" not in page.content.decode()
    assert member.get(f"/conferences/{held.pk}/agenda.docx").content[:2] == b"PK"
    assert member.get(f"/conferences/{held.pk}/minutes.docx").status_code == 404, "minutes are not for members before they are confirmed"
    assert member.post(f"/conferences/{held.pk}", {"deed": "free", "title": "插入议题"}).status_code == 403
    for address in (f"/conferences/{held.pk}", f"/conferences/{held.pk}/agenda.pdf"):
        assert neighbour.get(address).status_code == 404
    assert "out_of_scope" in events_of(offices.neighbour)


def test_a_conference_is_called_and_its_version_is_kept(offices: Offices, open_as: Any) -> None:
    client = open_as(offices.province)
    assert client.post("/conferences/new", {"title": "", "held_on": "x"}).status_code == 422
    answer = client.post("/conferences/new", {"title": "广东省联席会议", "held_on": "2024-05-01", "place": "广州", "chair": "某省长",
        "members": "某厅"})
    held = Conference.objects.get()
    assert answer.headers["Location"] == f"/conferences/{held.pk}" and (held.level, held.province_code) == ("province", "44")
    old = {"deed": "free", "title": "议题", "version": "1"}
    assert client.post(f"/conferences/{held.pk}", old).status_code == 302
    assert client.post(f"/conferences/{held.pk}", old).status_code == 409
    assert client.post(f"/conferences/{held.pk}", {"deed": "cases", "version": "2"}).status_code == 422
    assert open_as(offices.city).get("/conferences/new").status_code == 403
