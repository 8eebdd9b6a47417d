"""Papers of matters on pages, the calendar's address, durations, and the search of matters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar
from tests.accounts.factories import a_user
from tests.desk.files import a_docx, a_pdf, a_picture
from tests.desk.matters import DAY, People, a_paper, begun, submitted, the_sample
from tests.ports.factories import a_port

from kouan.accounts.models import Role
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.desk.actions import file_place
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import Matter, NoticeMail
from kouan.desk.matters.papers import Paper, take_step_with_papers
from kouan.desk.models import Document, DocumentVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with the_sample(tmp_path), clock.travel_to("2024-03-04"):
        found = People()
        found.settle()
        yield found


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def a_file(name: str, content: bytes) -> BytesIO:
    file = BytesIO(content)
    file.name = name
    return file


def handed_in(people: People, content: bytes, name: str = "请示.pdf") -> tuple[Matter, DocumentVersion]:
    """A matter with one paper that came with its step."""
    matter = begun(people)
    take_step_with_papers(actor=people.shandong, matter=matter.pk, transition="submit", on=DAY, papers=[
        Paper("application", "关于临时启用的请示", "鲁政字〔2024〕7号", "山东省人民政府", DAY, BytesIO(content), name)])
    return matter, DocumentVersion.objects.get(document__reference=f"matter-{matter.pk}-application-1")


class TestPapers:
    def test_a_file_of_another_kind_is_refused_at_its_field(self, people: People, open_as: Any) -> None:
        matter, client = begun(people), open_as(people.shandong)
        for name, content in (("附件.zip", b"PK\x03\x04"), ("请示.pdf", b"MZ")):
            answer = client.post(f"/matters/{matter.pk}", {"deed": "submit", "version": "1", "paper-application-title": "请示",
                                                           "paper-application-file": a_file(name, content)})
            assert answer.status_code == 422 and "#field-paper-application-file" in answer.content.decode(), words(answer)
        assert not Document.objects.filter(reference__startswith="matter").exists()

    def test_a_pdf_is_shown_page_by_page_as_a_drawing(self, people: People, open_as: Any) -> None:
        matter, version = handed_in(people, a_pdf())
        client, address = open_as(people.national), f"/matters/{matter.pk}/papers/{version.pk}/look"
        assert f'href="{address}"' in client.get(f"/matters/{matter.pk}").content.decode()
        page = client.get(f"{address}?page=2")
        assert page.status_code == 200 and "鲁政字〔2024〕7号" in words(page) and f'src="{address}/2.png"' in page.content.decode()
        assert page["Content-Security-Policy"] == client.get("/sign-in")["Content-Security-Policy"], "no exception for the page of a paper"
        drawn = client.get(f"{address}/2.png")
        assert drawn.content.startswith(b"\x89PNG") and drawn["Content-Type"] == "image/png"
        assert "sandbox" in drawn["Content-Security-Policy"] and "default-src 'none'" in drawn["Content-Security-Policy"]
        assert client.get(f"{address}/9999.png").status_code == 404 and client.get(f"{address}?page=x").status_code == 200
        assert AuditEntry.objects.filter(note="preview", actor_id=people.national.pk).count() == 2
        client.cookies["kouan_language"] = "en"
        assert "Matches the checksum" in words(client.get(address))

    def test_pictures_and_papers_that_are_only_taken(self, people: People, open_as: Any) -> None:
        client = open_as(people.national)
        matter, version = handed_in(people, a_picture("TIFF"), "扫描.tif")
        assert client.get(f"/matters/{matter.pk}/papers/{version.pk}/look/1.png").content.startswith(b"\x89PNG")
        matter, version = handed_in(people, a_docx(), "草稿.docx")
        assert "请下载后打开" in words(client.get(f"/matters/{matter.pk}/papers/{version.pk}/look"))
        assert client.get(f"/matters/{matter.pk}/papers/{version.pk}/look/1.png").status_code == 404
        matter, version = handed_in(people, b"%PDF-1.4 nothing")
        assert "不能预览" in words(client.get(f"/matters/{matter.pk}/papers/{version.pk}/look"))

    def test_a_file_that_no_longer_fits_is_flagged_and_not_handed_out(self, people: People, open_as: Any) -> None:
        matter, version = handed_in(people, a_pdf())
        client, address = open_as(people.national), f"/matters/{matter.pk}/papers/{version.pk}"
        assert b"".join(client.get(address).streaming_content) == a_pdf_of(version)
        file_place(version.sha256).write_bytes(b"%PDF-1.4 forged")
        assert "校验值不符，不予下载" in words(client.get(f"/matters/{matter.pk}"))
        refused = client.get(address)
        assert refused.status_code == 422 and "与登记的校验值不符" in words(refused) and version.sha256 in words(refused)
        page = client.get(f"{address}/look")
        assert page.status_code == 200 and "从备份恢复" in words(page) and "<img" not in page.content.decode().split("<main")[1]
        assert client.get(f"{address}/look/1.png").status_code == 422
        file_place(version.sha256).unlink()
        assert "文件缺失" in words(client.get(f"/matters/{matter.pk}")) and client.get(address).status_code == 404

    def test_a_better_file_is_added_by_the_office_that_attached_it(self, people: People, open_as: Any) -> None:
        matter, version = handed_in(people, a_pdf())
        address = f"/matters/{matter.pk}/papers/{version.pk}/look"
        client = open_as(people.shandong)
        assert client.post(address, {}).status_code == 422
        assert client.post(address, {"file": a_file("请示.zip", b"PK")}).status_code == 422
        answer = client.post(address, {"file": a_file("请示（清晰）.pdf", b"%PDF-1.4 clear")})
        newer = DocumentVersion.objects.get(document=version.document, number=2)
        assert answer.status_code == 302 and answer["Location"] == f"/matters/{matter.pk}/papers/{newer.pk}/look"
        page = words(client.get(f"/matters/{matter.pk}"))
        assert "第 1 版" in page.replace("第1版", "第 1 版") and "请示（清晰）.pdf" in page
        assert open_as(people.national).post(address, {"file": a_file("x.pdf", b"%PDF-1.4")}).status_code == 403
        take_step(actor=people.national, matter=matter.pk, transition="refuse", fields={"reason": "x"},
                  documents={"letter": a_paper(people.national)}, on=DAY)
        ended = client.post(address, {"file": a_file("x.pdf", b"%PDF-1.4 late")})
        assert ended.status_code == 422 and "已办结" in words(ended)

    def test_nobody_elses_and_no_other_paper(self, people: People, open_as: Any) -> None:
        matter, version = handed_in(people, a_pdf())
        other = DocumentVersion.objects.get(document=a_paper(people.shandong))
        neighbour, officer = open_as(people.guangdong), open_as(people.national)
        for tail in ("", "/look", "/look/1.png"):
            assert neighbour.get(f"/matters/{matter.pk}/papers/{version.pk}{tail}").status_code == 404
            assert officer.get(f"/matters/{matter.pk}/papers/{other.pk}{tail}").status_code == 404
        assert neighbour.post(f"/matters/{matter.pk}/papers/{version.pk}/look", {"file": a_file("x.pdf", b"%PDF-")}).status_code == 404
        assert AuditEntry.objects.filter(note="out_of_scope", actor_id=people.guangdong.pk).count() == 4


def a_pdf_of(version: DocumentVersion) -> bytes:
    return file_place(version.sha256).read_bytes()


class TestSearch:
    def test_matters_are_found_by_their_papers(self, people: People, open_as: Any) -> None:
        matter, _ = handed_in(people, a_pdf())
        begun(people, title="另一件")
        a_port("qingdao-water", "water", name_zh="青岛水运口岸", province_code="37", pinyin="qingdao", initials="qd")
        client = open_as(people.national)
        for asked in ("青岛水运", "临时启用的请示", "鲁政字〔2024〕7号", "董家口", "qingdao", f"#{matter.pk}"):
            page = words(client.get("/matters", {"q": asked}))
            assert matter.title in page, asked
        assert "另一件" not in words(client.get("/matters", {"q": "鲁政字〔2024〕7号"}))
        assert matter.title not in words(client.get("/matters", {"q": "大连"}))
        assert matter.title not in words(open_as(people.guangdong).get("/matters", {"q": "鲁政字〔2024〕7号"}))

    def test_papers_on_record_before_are_found_too(self, people: People, open_as: Any) -> None:
        matter = begun(people)
        paper = a_paper(people.shandong)
        Document.objects.filter(pk=paper.pk).update(reference="鲁函\"1\"号%_", document_number="鲁函1号")
        paper.refresh_from_db()
        take_step(actor=people.shandong, matter=matter.pk, transition="submit", documents={"application": paper}, on=DAY)
        client = open_as(people.national)
        assert matter.title in words(client.get("/matters", {"q": "鲁函1号"}))
        assert matter.title not in words(client.get("/matters", {"q": "鲁函2号"}))


class TestCalendar:
    def test_an_address_is_made_shown_once_renewed_and_ended(self, people: People, open_as: Any) -> None:
        matter, client = submitted(people), open_as(people.national)
        assert "尚未启用" in words(client.get("/inbox/calendar"))
        made = client.post("/inbox/calendar")
        address = re.search(r'value="http://testserver(/inbox/calendar\.ics\?token=[^"]+)"', made.content.decode())
        assert address is not None
        feed = Client().get(address.group(1))
        assert feed.status_code == 200 and feed["Content-Type"].startswith("text/calendar") and "no-store" in feed["Cache-Control"]
        assert [str(each["summary"]) for each in Calendar.from_ical(feed.content).walk("VEVENT")] == [f"{matter.title} #{matter.pk}"]
        assert "kouan_" not in client.get("/inbox/calendar").content.decode(), "shown once"
        client.post("/inbox/calendar")
        assert Client().get(address.group(1)).status_code == 404
        assert client.post("/inbox/calendar", {"end": "1"}).status_code == 302 and "尚未启用" in words(client.get("/inbox/calendar"))

    def test_without_the_right_secret_there_is_nothing(self, people: People, open_as: Any) -> None:
        signed_in = open_as(people.national)
        for client in (Client(), signed_in):
            for asked in ("", "?token=", "?token=kouan_x", f"?token={'x' * 500}", "?token=%00"):
                assert client.get(f"/inbox/calendar.ics{asked}").status_code == 404, asked
        assert Client().post("/inbox/calendar.ics").status_code == 405
        assert open_as(a_user(Role.AUDITOR)).get("/inbox/calendar").status_code == 403


class TestDurationsAndMail:
    def test_durations_with_filters_and_exports_in_scope(self, people: People, open_as: Any) -> None:
        matter = submitted(people)
        take_step(actor=people.national, matter=matter.pk, transition="ask_supplement", fields={"reason": "缺图"}, on=DAY)
        client = open_as(people.national)
        page = client.get("/matters/statistics")
        assert page.status_code == 200 and "待受理" in words(page) and "不足30件" in words(page) and "办理期限" in words(page)
        for narrowed in ("kind=opinion", "year=2023", "office=没有的单位"):
            assert "待补正" not in words(client.get(f"/matters/statistics?{narrowed}")), narrowed
        rows = client.get("/matters/statistics?format=json").getvalue().decode()
        assert "待补正" in rows and people.national.organisation.name_zh in rows
        assert client.get("/matters/statistics?c.format=csv").status_code == 200
        assert client.get("/matters/statistics?format=xlsx").status_code == 200
        neighbour = open_as(people.guangdong)
        for tail in ("", "?format=json", "?c.format=json"):
            said = neighbour.get(f"/matters/statistics{tail}")
            assert said.status_code == 200 and "待受理" not in said.getvalue().decode(), tail
        client.cookies["kouan_language"] = "en"
        assert "Nine in ten within" in words(client.get("/matters/statistics"))

    def test_a_mail_that_did_not_go_is_said_to_its_recipient(self, people: People, open_as: Any) -> None:
        NoticeMail.objects.create(recipient=people.national, notices_count=2, failure="SMTPRecipientsRefused 550")
        assert "未能送达" in words(open_as(people.national).get("/inbox"))
        assert "未能送达" not in words(open_as(people.colleague).get("/inbox"))
