"""Pages of cases: the form of each procedure, the verdict with its law and its sources, what cases left at a port."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from tests.accounts.factories import a_user, an_office
from tests.casework.cases import DAY, REPLY, Offices
from tests.casework.test_effects import to_closing, to_extension, to_site_use
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_document, a_port, a_sea_port

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Text, clock
from kouan.desk.matters.models import Matter
from kouan.desk.matters.registry import procedures
from kouan.desk.matters.upkeep import delegate
from kouan.desk.models import Document
from kouan.grading.class_two import NewClassTwo, enter_class_two
from kouan.ports.models import Port

pytestmark = pytest.mark.django_db
PORT = "beihai-water"


@pytest.fixture
def offices() -> Any:
    with clock.travel_to("2024-03-04"):
        yield Offices()


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_every_procedure_of_the_house_has_a_first_form(offices: Offices, open_as: Any) -> None:
    client = open_as(offices.province)
    listed = words(client.get("/matters/begin"))
    held = [each.procedure for each in procedures() if each.room == "casework"]
    assert len(held) == 12 and all(each.title.zh in listed for each in held) and "不由您的角色发起" not in listed
    assert words(open_as(offices.agency).get("/matters/begin")).count("不由您的角色发起") == 11
    for each in held:
        page = client.get(f"/matters/begin/{each.code}")
        assert page.status_code == 200 and 'name="title"' in page.content.decode(), each.code


def test_a_new_port_from_the_form_and_its_verdict_from_the_facts_entered(offices: Offices, open_as: Any) -> None:
    offices.settle("opening")
    client = open_as(offices.province)
    said = {"title": "新塘水运口岸开放", "new_name": "新塘水运口岸", "new_mode": "water", "new_code": "", "city_name": "广州市"}
    refused = client.post("/matters/begin/opening", said)
    assert refused.status_code == 422 and 'id="wrong-new_code"' in refused.content.decode()
    done = client.post("/matters/begin/opening", said | {"new_code": "xintang-water"})
    matter = Matter.objects.get()
    assert done["Location"] == f"/matters/{matter.pk}" and matter.province_code == "44" and matter.facts["port_mode"] == "water"
    page = client.get(f"/matters/{matter.pk}")
    assert 'name="access-open_water_ports_in_city"' in page.content.decode() and "尚缺的事实" in words(page)
    wrong = client.post(f"/matters/{matter.pk}", {"deed": "gather", "access": "1", "access-open_water_ports_in_city": "许多"})
    assert wrong.status_code == 422
    done = client.post(f"/matters/{matter.pk}", {"deed": "gather", "access": "1", "access-open_water_ports_in_city": "1", "access-projects": "none"})
    assert done.status_code == 302
    page = client.get(f"/matters/{matter.pk}")
    assert "引导整合" in words(page) and "一城一口岸" in words(page) and "/law/rules/access_water" in page.content.decode()


def test_a_figure_of_the_verdict_is_one_click_from_its_file_and_row(offices: Offices, open_as: Any) -> None:
    a_sea_port(PORT, open_since=date(2005, 1, 1), accepted_on=date(2006, 1, 1))
    for measure, unit in (("cargo_tonnes", "t"), ("person_crossings", "person_crossings")):
        figures(f"port:{PORT}", measure, {**a_year_of_months(2022, 1_000_000), **a_year_of_months(2023, 1)}, unit=unit)
    matter = offices.begun("withdrawal", {"port": PORT}, offices.national)
    client = open_as(offices.national)
    page = client.get(f"/matters/{matter.pk}")
    said = words(page)
    assert "提醒" in said and "落实《口岸准入退出管理办法" in said and "系统汇集" in said and "未评估" in said
    assert "其他理解下结论不同" in said or "各项理解下结论相同" in said
    link = re.search(r"/intake/figures/\d+", page.content.decode())
    assert link and "报送.xlsx" in words(client.get(link.group()))
    assert client.get("/law/rules/withdrawal_ladder").status_code == 200


def test_a_closing_from_the_page_takes_the_reply_as_typed_once(offices: Offices, open_as: Any) -> None:
    matter, step, _ = to_closing(offices)
    client = open_as(offices.national)
    assert 'type="date"' in client.get(f"/matters/{matter.pk}").content.decode()
    form = {"deed": step, "version": str(Matter.objects.get(pk=matter.pk).version), "paper-reply-title": "国务院关于同意关闭的批复",
            "field-reply_number": REPLY, "field-reply_date": "2024-03-01", "field-closed_on": "三月"}
    refused = client.post(f"/matters/{matter.pk}", form)
    assert refused.status_code == 422 and "不是日期" in words(refused)
    done = client.post(f"/matters/{matter.pk}", form | {"field-closed_on": "2024-03-04"})
    assert done.status_code == 302 and Port.objects.get(code="yantai-water").status == "closed"
    reply = Document.objects.get(kind="reply", reference__startswith=f"matter-{matter.pk}-")
    assert (reply.document_number, reply.issued_on) == (REPLY, date(2024, 3, 1))


def test_the_proposer_is_told_that_another_decides(offices: Offices, open_as: Any) -> None:
    matter, step, given = to_extension(offices)
    other = a_user(Role.NATIONAL_LEADER, offices.national.organisation)
    delegate(actor=offices.leader, to=offices.national, starts_on=clock.today(), ends_on=clock.today(), reason="出差")
    page = words(open_as(offices.national).get(f"/matters/{matter.pk}"))
    assert "须由提出意见（办理上一步骤）的人员及其委托人、受托人之外的人员办理" in page
    refused = open_as(offices.national).post(f"/matters/{matter.pk}", {
        "deed": step, "version": str(Matter.objects.get(pk=matter.pk).version), "field-extended_to": given["extended_to"],
            "paper-extension_permit-title": "批准"})
    assert refused.status_code == 403
    assert "须由提出意见（办理上一步骤）的人员及其委托人、受托人之外的人员办理" in words(open_as(offices.leader).get(f"/matters/{matter.pk}"))
    assert "委托人、受托人之外的人员办理" not in words(open_as(other).get(f"/matters/{matter.pk}"))


def test_who_was_not_asked_is_noted(offices: Offices, open_as: Any) -> None:
    offices.settle("agency_matter")
    client = open_as(offices.province)
    form = client.get("/matters/begin/agency_matter").content.decode()
    assert form.count('name="asked"') == 9
    client.post("/matters/begin/agency_matter", {"title": "协同事项", "asked": ["customs"], "named-customs": offices.agency.organisation.code})
    matter = Matter.objects.get()
    offices.go(matter, "submit", "consult")
    page = words(open_as(offices.national).get(f"/matters/{matter.pk}"))
    assert "未征求（不算沉默）" in page and "机构编制部门" in page


def test_the_port_shows_what_cases_left(offices: Offices, open_as: Any) -> None:
    extension, step, given = to_extension(offices)
    offices.take(extension, step, **given)
    site, step, given = to_site_use(offices)
    offices.take(site, step, **given)
    client = open_as(offices.national)
    said = words(client.get("/ports/xintang-air"))
    assert "临时开放" in said and "延期至" in said and "2024年10月10日" in said
    assert "虎门进境粮食指定监管场地" in words(client.get("/ports/humen-water"))
    elsewhere = open_as(a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="37")))
    assert elsewhere.get("/ports/xintang-air").status_code == 404


def test_a_class_two_port_from_its_register_to_the_port_it_went_into(offices: Offices, open_as: Any) -> None:
    a_port("humen-water", "water", name_zh="虎门水运口岸", open_since=date(2010, 1, 1))
    lines = [NewClassTwo("某二类口岸", "water", "44"), NewClassTwo("鲁二类口岸", "water", "37")]
    row, _ = enter_class_two(actor=offices.national, lines=lines, document=a_document())
    client = open_as(offices.province)
    assert 'href="/grading/class-two"' in client.get("/matters").content.decode()
    form = client.get("/matters/begin/class_two_clearance")
    assert f'value="{row.code}"' in form.content.decode() and "某二类口岸" in words(form) and "鲁二类口岸" not in words(form)
    matter = offices.begun("class_two_clearance", {"class_two": row.code})
    offices.go(matter, "propose", "consult", "agree", "approve_plan")
    offices.take(matter, "record_merger", merged_into="虎门水运口岸")
    page = client.get("/ports/humen-water")
    assert "某二类口岸" in words(page) and f'href="/matters/{matter.pk}"' in page.content.decode()
    assert "某二类口岸" not in words(client.get("/matters/begin/class_two_clearance"))
    assert "并入" in words(client.get("/grading/class-two"))


def test_a_neighbour_gathers_nothing(offices: Offices, open_as: Any) -> None:
    a_port("xintang-air", "air")
    matter = offices.begun("expansion", {"port": "xintang-air"}, on=DAY)
    elsewhere = open_as(a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="37")))
    assert elsewhere.post(f"/matters/{matter.pk}", {"deed": "gather"}).status_code == 404


def test_a_case_names_the_newest_evaluation_of_its_port(offices: Offices, open_as: Any, monkeypatch: Any) -> None:
    a_sea_port(PORT, open_since=date(2005, 1, 1), accepted_on=date(2006, 1, 1))
    matter = offices.begun("withdrawal", {"port": PORT}, offices.national)
    asked = []

    def newest(user: Any, port: str) -> dict[str, Any]:
        asked.append((user.pk, port))
        return {"year": 2024, "band": Text("良好", "Good"), "provisional": False, "is_exercise": False, "address": "/evaluation/2024/ports/x"}

    monkeypatch.setattr("kouan.console.case_page.newest_evaluation", newest)
    said = words(open_as(offices.national).get(f"/matters/{matter.pk}"))
    assert "2024 年度：良好" in said and "不随件固定" in said and "未评估" not in said
    assert asked == [(offices.national.pk, PORT)], "as far as this reader may see"
