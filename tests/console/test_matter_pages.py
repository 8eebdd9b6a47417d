"""Pages of running matters: what one may do next, what it lacks, and nothing of anybody else's."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document as DocxDocument
from tests.accounts.factories import a_user, an_office
from tests.desk.matters import DAY, GOOD, People, begun, consulting, submitted, the_sample

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import clock
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import Delegation, HolidayTable, Matter, MatterOpinion, ProcedureSetting, Task
from kouan.desk.models import Document

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path: Path) -> Any:
    with the_sample(tmp_path), clock.travel_to("2024-03-04"):
        found = People()
        found.settle()
        yield found


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


class TestBeginning:
    def test_the_province_begins_one_and_it_lies_in_its_inbox(self, people: People, open_as: Any) -> None:
        client = open_as(people.shandong)
        assert "码头临时启用" in words(client.get("/matters/begin"))
        page = client.get("/matters/begin/wharf_use")
        assert page.status_code == 200 and 'name="named-customs"' in page.content.decode()
        answer = client.post("/matters/begin/wharf_use", {"title": "董家口临时启用", "named-customs": people.customs.organisation.code})
        matter = Matter.objects.get()
        assert answer.status_code == 302 and answer["Location"] == f"/matters/{matter.pk}"
        assert (matter.province_code, matter.named) == ("37", {"customs": people.customs.organisation.code})
        assert "董家口临时启用" in words(client.get("/inbox"))

    def test_what_is_wrong_stands_at_its_field_and_nothing_is_begun(self, people: People, open_as: Any) -> None:
        client = open_as(people.shandong)
        answer = client.post("/matters/begin/wharf_use", {"title": "  ", "port": ""})
        assert answer.status_code == 422 and "请填写办件标题" in words(answer)
        answer = client.post("/matters/begin/wharf_use", {"title": "x", "port": "不存在的口岸"})
        assert answer.status_code == 422 and 'id="field-port"' in answer.content.decode()
        answer = client.post("/matters/begin/wharf_use", {"title": "x", "named-customs": "no-such"})
        assert answer.status_code == 422 and not Matter.objects.exists()

    def test_an_unset_period_is_said_before_anything_is_typed(self, people: People, open_as: Any) -> None:
        ProcedureSetting.objects.all().delete()
        client = open_as(people.shandong)
        assert "临时启用最长月数" in words(client.get("/matters/begin")) and "暂不能发起" in words(client.get("/matters/begin/wharf_use"))
        assert client.post("/matters/begin/wharf_use", {"title": "x"}).status_code == 422

    def test_enterprises_do_not_begin_and_auditors_do_not_act(self, people: People, open_as: Any) -> None:
        trader = open_as(a_user(Role.ENTERPRISE_USER, an_office(OrganisationKind.ENTERPRISE)))
        assert trader.post("/matters/begin/wharf_use", {"title": "x"}).status_code == 403
        assert open_as(a_user(Role.AUDITOR)).get("/inbox").status_code == 403


class TestOneMatter:
    def test_a_step_with_its_paper_from_the_form(self, people: People, open_as: Any) -> None:
        matter, client = begun(people), open_as(people.shandong)
        missing = client.post(f"/matters/{matter.pk}", {"deed": "submit", "version": "1"})
        assert missing.status_code == 422 and "申请文件" in words(missing) and not Document.objects.filter(reference__startswith="matter").exists()
        answer = client.post(f"/matters/{matter.pk}", {
            "deed": "submit", "version": "1", "paper-application-title": "关于临时启用的请示", "paper-application-number": "鲁政字1号",
            "paper-application-issued_on": "2024-03-01", "paper-application-file": _file("请示.pdf", b"%PDF-1.4 scan")})
        assert answer.status_code == 302, words(answer)
        document = Document.objects.get(reference=f"matter-{matter.pk}-application-1")
        assert (document.document_number, document.issued_on, document.versions.get().size_bytes) == ("鲁政字1号", date(2024, 3, 1), 13)
        page = client.get(f"/matters/{matter.pk}")
        assert "鲁政字1号" in words(page) and "待受理" in words(page)
        link = re.search(rf"/matters/{matter.pk}/papers/\d+(?=/look)", page.content.decode())
        assert link and b"".join(client.get(link.group()).streaming_content) == b"%PDF-1.4 scan"
        assert open_as(people.guangdong).get(link.group()).status_code == 404

    def test_a_refused_step_keeps_no_paper(self, people: People, open_as: Any) -> None:
        matter, client = submitted(people), open_as(people.national)
        before = Document.objects.count()
        answer = client.post(f"/matters/{matter.pk}", {
            "deed": "refuse", "version": str(matter.version), "paper-letter-title": "不予同意的函", "paper-letter-file": _file("x.pdf", b"y")})
        assert answer.status_code == 422 and "理由" in words(answer) and Document.objects.count() == before

    def test_missing_facts_are_asked_for_and_say_who_knows(self, people: People, open_as: Any) -> None:
        matter, client = submitted(people), open_as(people.national)
        assert "海关" in words(client.get(f"/matters/{matter.pk}"))
        said = {"deed": "admit", "version": str(matter.version), "fact-has_berth": "yes"}
        wrong = client.post(f"/matters/{matter.pk}", said | {"fact-depth_metres": "深"})
        assert wrong.status_code == 422 and "应为数字" in words(wrong)
        done = client.post(f"/matters/{matter.pk}", said | {"fact-depth_metres": "12.5"})
        assert done.status_code == 302
        assert Matter.objects.get(pk=matter.pk).facts == {"has_berth": True, "depth_metres": "12.5"}

    def test_the_second_officer_is_told_and_keeps_the_words(self, people: People, open_as: Any) -> None:
        matter = submitted(people)
        take_step(actor=people.national, matter=matter.pk, transition="ask_supplement", fields={"reason": "缺图"}, on=DAY)
        client = open_as(people.colleague)
        answer = client.post(f"/matters/{matter.pk}", {"deed": "ask_supplement", "version": str(matter.version), "field-reason": "缺少海图"})
        assert answer.status_code == 409 and people.national.display_name in words(answer)

    def test_an_override_asks_for_reason_and_paper(self, people: People, open_as: Any) -> None:
        matter, client = submitted(people), open_as(people.national)
        shallow = {"deed": "admit", "version": str(matter.version), "fact-has_berth": "yes", "fact-depth_metres": "9"}
        first = client.post(f"/matters/{matter.pk}", shallow)
        assert first.status_code == 422 and "水深不足10米" in words(first) and "override_reason" in first.content.decode()
        assert client.post(f"/matters/{matter.pk}", shallow | {"override_reason": "救灾急需"}).status_code == 422
        done = client.post(f"/matters/{matter.pk}", shallow | {"override_reason": "救灾急需", "paper-override-title": "负责人批示"})
        assert done.status_code == 302
        assert "越过条件" in words(client.get(f"/matters/{matter.pk}"))

    def test_opinions_are_given_by_the_office_asked(self, people: People, open_as: Any) -> None:
        matter = consulting(people)
        customs = open_as(people.customs)
        page = customs.get(f"/matters/{matter.pk}")
        assert page.content.decode().count('name="deed" value="opinion"') == 1
        answer = {"deed": "opinion", "consultation": "views", "party": "customs", "agrees": "no"}
        assert customs.post(f"/matters/{matter.pk}", answer).status_code == 422
        assert customs.post(f"/matters/{matter.pk}", answer | {"party": "military"}).status_code == 403
        assert customs.post(f"/matters/{matter.pk}", answer | {"words": "没有查验场地"}).status_code == 302
        assert MatterOpinion.objects.get().agrees is False
        assert customs.post(f"/matters/{matter.pk}", answer | {"words": "再答"}).status_code == 409
        page = words(open_as(people.national).get(f"/matters/{matter.pk}"))
        assert "不同意" in page and "没有查验场地" in page

    def test_a_neighbour_finds_nothing_anywhere(self, people: People, open_as: Any) -> None:
        matter, client = consulting(people), open_as(people.guangdong)
        assert client.get(f"/matters/{matter.pk}").status_code == client.get("/matters/99999").status_code == 404
        assert client.post(f"/matters/{matter.pk}", {"deed": "withdraw", "field-reason": "x"}).status_code == 404
        assert matter.title not in words(client.get("/matters")) and matter.title not in words(client.get("/inbox"))
        assert matter.title not in client.get("/matters?format=json").getvalue().decode()

    def test_handing_over_a_task(self, people: People, open_as: Any) -> None:
        matter, client = submitted(people), open_as(people.national)
        task = Task.objects.open().get(matter=matter)
        assert client.post(f"/matters/{matter.pk}", {"deed": "reassign", "task": task.pk, "to": people.colleague.pk}).status_code == 302
        assert Task.objects.get(pk=task.pk).assignee == people.colleague
        assert open_as(people.shandong).post(f"/matters/{matter.pk}", {"deed": "reassign", "task": task.pk, "to": ""}).status_code == 403

    def test_an_unknown_deed_is_not_found(self, people: People, open_as: Any) -> None:
        assert open_as(people.shandong).post(f"/matters/{begun(people).pk}", {"deed": "teleport"}).status_code == 404


def _file(name: str, content: bytes) -> BytesIO:
    file = BytesIO(content)
    file.name = name
    return file


class TestListsAndUpkeep:
    def test_late_tasks_are_marked_and_filtered(self, people: People, open_as: Any) -> None:
        submitted(people)
        with clock.travel_to("2024-04-09"):
            client = open_as(people.national)
            page = words(client.get("/inbox"))
            assert "逾期5个工作日" in page
            assert "董家口" in words(client.get("/inbox?due=late")) and "董家口" not in words(client.get("/inbox?due=soon"))

    def test_matters_are_found_by_words_and_number(self, people: People, open_as: Any) -> None:
        matter, client = consulting(people), open_as(people.national)
        for asked in ("董家口", f"#{matter.pk}", "qingdao"):
            assert matter.title in words(client.get("/matters", {"q": asked})), asked
        assert matter.title not in words(client.get("/matters", {"running": "ended"}))

    def test_a_period_is_set_with_its_basis_by_the_national_office(self, people: People, open_as: Any) -> None:
        client = open_as(people.national)
        assert client.post("/procedures/wharf_use", {"setting": "longest_stay", "count": "x", "reason": "y"}).status_code == 422
        assert client.post("/procedures/wharf_use", {"setting": "longest_stay", "count": "4", "reason": "国家口岸办函"}).status_code == 302
        assert "国家口岸办函" in words(client.get("/procedures/wharf_use"))
        assert open_as(people.shandong).post("/procedures/wharf_use", {"setting": "longest_stay", "count": "9", "reason": "z"}).status_code == 403

    def test_a_year_of_holidays_is_entered(self, people: People, open_as: Any) -> None:
        client = open_as(people.national)
        said = {"year": "2025", "holidays": "2025-01-01 2025-01-28~2025-02-04 2025-05-01~2025-05-05", "worked": "2025-01-26、2025-02-08",
                "notice": "国务院办公厅通知", "number": "国办发明电〔2024〕12号"}
        assert client.post("/procedures/holidays", said | {"worked": "2025-01-27"}).status_code == 422
        assert client.post("/procedures/holidays", said | {"holidays": "一月一日"}).status_code == 422
        assert client.post("/procedures/holidays", said).status_code == 302 and HolidayTable.objects.get().year == 2025

    def test_a_colleague_stands_in(self, people: People, open_as: Any) -> None:
        client = open_as(people.national)
        assert client.post("/inbox/delegations", {"to": "", "starts_on": "2024-03-05", "ends_on": "2024-03-08", "reason": "出差"}).status_code == 422
        said = {"to": people.colleague.pk, "starts_on": "2024-03-05", "ends_on": "2024-03-08", "reason": "出差"}
        assert client.post("/inbox/delegations", said).status_code == 302
        delegation = Delegation.objects.get()
        assert open_as(people.colleague).post("/inbox/delegations", {"end": delegation.pk}).status_code == 404
        assert client.post("/inbox/delegations", {"end": delegation.pk}).status_code == 302

    def test_pages_speak_english_too(self, people: People, open_as: Any) -> None:
        matter, client = consulting(people), open_as(people.national)
        client.cookies["kouan_language"] = "en"
        procedures = ("/procedures", "/procedures/wharf_use", "/procedures/holidays")
        for address in ("/inbox", "/matters", f"/matters/{matter.pk}", "/matters/begin", *procedures):
            page = client.get(address)
            assert page.status_code == 200 and "Traceback" not in page.content.decode()
        assert "Conditions" in words(client.get("/procedures/wharf_use"))
        assert take_step(actor=people.national, matter=submitted(people).pk, transition="admit", facts=GOOD, on=DAY)


class TestDrafts:
    @pytest.mark.parametrize("kind", ["request", "opinion", "consultation", "notice"])
    def test_each_draft_as_word_and_pdf(self, people: People, open_as: Any, kind: str) -> None:
        matter, client = consulting(people), open_as(people.national)
        word = client.get(f"/matters/{matter.pk}/draft/{kind}.docx")
        said = "\n".join(line.text for line in DocxDocument(BytesIO(word.content)).paragraphs)
        assert word.status_code == 200 and matter.title in said and "未经签发" in said
        pdf = client.get(f"/matters/{matter.pk}/draft/{kind}.pdf")
        assert pdf.status_code == 200 and pdf.content.startswith(b"%PDF")

    def test_nobody_elses(self, people: People, open_as: Any) -> None:
        matter = consulting(people)
        assert open_as(people.guangdong).get(f"/matters/{matter.pk}/draft/opinion.docx").status_code == 404
        assert open_as(people.national).get(f"/matters/{matter.pk}/draft/poem.docx").status_code == 404
