"""Papers: list, page, versions with their checksums, download, and who sees them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.factories import a_provincial_officer, an_auditor
from kouan.audit.models import AuditEntry
from kouan.desk.actions import file_place
from kouan.desk.models import Document
from kouan.ports.actions import change_port
from ports.factories import a_document, a_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]
NEW = {"kind": "notice", "title": "关于调整的通知", "document_number": "署岸函〔2023〕5号", "issuer": "海关总署", "issued_on": "2023-03-06"}


def registered(client: Any, **said: Any) -> Document:
    answer = client.post("/documents/add", {**NEW, **said})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return Document.objects.get(pk=int(answer["Location"].rsplit("/", 1)[1]))


def test_a_document_is_registered_seen_verified_and_taken(open_as, officer):
    client = open_as(officer)
    paper = registered(client, scan=SimpleUploadedFile("通知.pdf", b"scan"))
    assert paper.reference == paper.document_number == "署岸函〔2023〕5号"
    page = client.get(f"/documents/{paper.pk}").content.decode()
    digest = hashlib.sha256(b"scan").hexdigest()
    for words in ("关于调整的通知", "2023年3月6日", "海关总署", digest, "通知.pdf"):
        assert words in page
    assert "与登记的校验值一致" in client.get(f"/documents/{paper.pk}?verify=1").content.decode()
    taken = client.get(f"/documents/{paper.pk}/versions/1")
    assert b"".join(taken.streaming_content) == b"scan" and "attachment" in taken["Content-Disposition"]
    assert AuditEntry.objects.filter(note="download", actor_id=officer.pk).count() == 1
    assert "署岸函〔2023〕5号" in client.get("/documents?q=署岸函").content.decode()
    assert "没有符合条件的文件" in client.get("/documents?q=没有").content.decode()


def test_an_altered_or_lost_file_is_named_and_not_handed_out(open_as, officer):
    client = open_as(officer)
    paper = registered(client, scan=SimpleUploadedFile("通知.pdf", b"alter me"))
    place = file_place(hashlib.sha256(b"alter me").hexdigest())
    place.write_bytes(b"altered!")
    assert "不符" in client.get(f"/documents/{paper.pk}?verify=1").content.decode()
    refused = client.get(f"/documents/{paper.pk}/versions/1")
    assert refused.status_code == 422 and "不符" in refused.content.decode()
    place.unlink()
    assert "不在档案中" in client.get(f"/documents/{paper.pk}?verify=1").content.decode()
    assert client.get(f"/documents/{paper.pk}/versions/1").status_code == 404
    assert client.get(f"/documents/{paper.pk}/versions/2").status_code == 404
    assert not AuditEntry.objects.filter(note="download").exists()


def test_a_new_version_leaves_the_former_one_readable(open_as, officer):
    client = open_as(officer)
    paper = registered(client, scan=SimpleUploadedFile("一.pdf", b"one"))
    assert client.post(f"/documents/{paper.pk}", {"scan": SimpleUploadedFile("二.pdf", b"two")}).status_code == 302
    assert [version.file_name for version in paper.versions.all()] == ["一.pdf", "二.pdf"]
    assert b"".join(client.get(f"/documents/{paper.pk}/versions/1").streaming_content) == b"one"
    assert client.post(f"/documents/{paper.pk}").status_code == 422


def test_a_paper_of_another_office_is_not_there_and_the_attempt_is_kept(open_as, guangdong):
    guangxi = a_provincial_officer("45")
    paper = registered(open_as(guangxi), scan=SimpleUploadedFile("通知.pdf", b"guangxi"))
    client = open_as(guangdong)
    assert "关于调整" not in client.get("/documents").content.decode()
    addresses = (f"/documents/{paper.pk}", f"/documents/{paper.pk}?verify=1", f"/documents/{paper.pk}/versions/1")
    for number, address in enumerate(addresses, 1):
        answer = client.get(address)
        assert answer.status_code == 404 and "关于调整" not in answer.content.decode()
        assert AuditEntry.objects.filter(note="out_of_reach", actor_id=guangdong.pk).count() == number
    assert client.post(f"/documents/{paper.pk}", {"scan": SimpleUploadedFile("x.pdf", b"x")}).status_code == 404
    assert paper.versions.count() == 1


def test_only_its_own_office_adds_files_and_only_offices_register(open_as, officer, guangdong, reporter):
    paper = registered(open_as(guangdong))
    page = open_as(officer).get(f"/documents/{paper.pk}").content.decode()
    assert 'name="scan"' not in page
    assert open_as(officer).post(f"/documents/{paper.pk}", {"scan": SimpleUploadedFile("x.pdf", b"x")}).status_code == 403
    for who in (reporter, an_auditor()):
        assert open_as(who).get("/documents/add").status_code == 403
        assert open_as(who).post("/documents/add", NEW).status_code == 403


@pytest.mark.parametrize(("said", "field"), [
    ({"title": " "}, "title"), ({"kind": "song"}, "kind"), ({"kind": ""}, "kind"), ({"issued_on": "soon"}, "issued_on"),
    ({"issued_on": "2999-01-01"}, "issued_on"), ({"title": "长" * 301}, "title"), ({"issuer": "x\x01"}, "issuer"),
    ({"title": "绝密级文件"}, "title"),
])
def test_what_cannot_be_registered_is_said_at_its_field(open_as, officer, said, field):
    before = Document.objects.count()
    answer = open_as(officer).post("/documents/add", {**NEW, **said})
    assert answer.status_code == 422 and f'href="#field-{field}"' in answer.content.decode()
    assert Document.objects.count() == before


def test_a_file_that_is_too_large_registers_nothing(open_as, officer, settings):
    settings.KOUAN_UPLOAD_LIMIT = 10
    answer = open_as(officer).post("/documents/add", {**NEW, "scan": SimpleUploadedFile("大.pdf", b"x" * 11)})
    assert answer.status_code == 422 and 'href="#field-scan"' in answer.content.decode()
    assert not Document.objects.filter(title=NEW["title"]).exists()


def test_one_number_is_one_document_and_papers_without_a_number_get_a_reference(open_as, officer):
    client = open_as(officer)
    registered(client)
    assert client.post("/documents/add", NEW).status_code == 422
    one, other = (registered(client, document_number="") for _ in range(2))
    assert one.reference.startswith("paper-") and one.reference != other.reference and one.document_number == ""


def test_a_paper_shows_the_changes_in_scope_that_rest_on_it(open_as, officer, guangdong):
    paper = a_document(is_public=True)
    a_port("shenzhenwan-road", "road", name_zh="深圳湾公路口岸", province_code="44")
    for code in ("luohu-rail", "manzhouli-road"):
        change_port(actor=officer, code=code, values={"city_name": f"{code}县"}, document=paper)
    page = open_as(officer).get(f"/documents/{paper.pk}").content.decode()
    assert "luohu-rail县" in page and "manzhouli-road县" in page
    page = open_as(guangdong).get(f"/documents/{paper.pk}").content.decode()
    assert "luohu-rail县" in page and "manzhouli" not in page
    assert f"/documents/{paper.pk}" in open_as(officer).get("/ports/luohu-rail").content.decode()
    assert f"/documents/{paper.pk}" not in open_as(guangdong).get("/ports/luohu-rail").content.decode()
