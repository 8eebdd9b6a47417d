"""Changing the register from its pages: forms, papers, confirmation, two editors, other provinces."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.factories import a_national_officer, a_provincial_officer, an_auditor
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.desk.models import Document, DocumentKind, DocumentVersion
from kouan.ports.actions import change_port
from kouan.ports.kinds import KINDS
from kouan.ports.models import LayoutEntry, Port, PortChange, PortEvent
from ports.factories import a_document, a_port, a_reply

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]
LUOHU = "/ports/luohu-rail/change"


def inputs(page: str) -> dict[str, str]:
    """The fields of the first posted form of the page's content, as a browser would send them."""
    form = re.search(r'<form method="post"(?![^>]*action)(.*?)</form>', page.split('<main', 1)[1], re.DOTALL)
    assert form, page
    text = form[1]
    found = {
        match["name"]: match["value"] for match in re.finditer(r'<input(?=[^>]*name="(?P<name>[^"]+)")(?=[^>]*value="(?P<value>[^"]*)")', text)
    }
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else ""
    found |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', text, re.DOTALL))
    found.pop("csrfmiddlewaretoken")
    return found


def opened(client: Client, address: str) -> dict[str, str]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[:300]
    return inputs(answer.content.decode())


def through(client: Client, address: str, **said: Any) -> Any:
    """Fill in the form, confirm it, and answer what the confirmation brought."""
    checked = client.post(address, {**opened(client, address), **said})
    assert checked.status_code == 200, re.findall(r'class="field-wrong"[^>]*>([^<]*)', checked.content.decode())
    return client.post(address, {**inputs(checked.content.decode()), "deed": "record"})


def codes_of(answer: Any) -> set[str]:
    """Words of the findings at the top of a refused form."""
    return set(re.findall(r'<a href="#field-([^"]+)">', answer.content.decode()))


# ---- the way there --------------------------------------------------------------------------------------


def test_the_national_office_finds_the_way_and_nobody_else(open_as, officer, guangdong, reporter):
    client = open_as(officer)
    assert LUOHU in client.get("/ports/luohu-rail").content.decode()
    assert "/ports/register" in client.get("/ports").content.decode()
    page = client.get(LUOHU).content.decode()
    for kind in KINDS.values():
        assert f'{LUOHU}/{kind.code}"' in page and kind.title.zh in page
        assert client.get(f"{LUOHU}/{kind.code}").status_code == 200
    for who in (guangdong, reporter, an_auditor()):
        page = open_as(who).get("/ports/luohu-rail").content.decode()
        assert LUOHU not in page


@pytest.mark.parametrize("address", [LUOHU, *(f"{LUOHU}/{kind}" for kind in KINDS), "/ports/manzhouli-road/change", "/ports/register",
                                     "/ports/manzhouli-road/change/closure"])
def test_a_province_may_not_and_the_attempt_is_kept(open_as, guangdong, address):
    client = open_as(guangdong)
    assert client.get(address).status_code == 403
    before = PortChange.objects.count()
    answer = client.post(address, {"deed": "record", "status": "closed", "document": a_reply().reference})
    assert answer.status_code in (403, 405)
    assert "满洲里" not in answer.content.decode()
    assert PortChange.objects.count() == before
    assert AuditEntry.objects.filter(note="refused", actor_id=guangdong.pk).exists()


def test_a_port_or_a_kind_that_is_none_is_not_found(open_as, officer):
    client = open_as(officer)
    for address in ("/ports/nowhere-road/change", "/ports/nowhere-road/change/names", f"{LUOHU}/nothing"):
        assert client.get(address).status_code == 404
    assert AuditEntry.objects.filter(note="out_of_reach", actor_id=officer.pk).count() == 3


# ---- attributes -----------------------------------------------------------------------------------------


def test_a_change_is_checked_then_recorded_with_its_day_paper_and_reason(open_as, officer):
    client, paper = open_as(officer), a_document(title="关于更名的通知")
    form = opened(client, f"{LUOHU}/names")
    assert form["name_zh"] == form["was-name_zh"] == "罗湖铁路口岸"
    checked = client.post(f"{LUOHU}/names", {**form, "name_en": "Luohu Railway Port", "valid_from": "2021-01-01",
                                             "document": "关于更名的通知", "reason": "补录英文名称"})
    page = checked.content.decode()
    assert checked.status_code == 200 and "Luohu Railway Port" in page and "2021年1月1日" in page and "英文名称" in page
    assert Port.objects.get(code="luohu-rail").name_en == "", "nothing is written before the confirmation"
    done = client.post(f"{LUOHU}/names", {**inputs(page), "deed": "record"})
    assert done["Location"] == "/ports/luohu-rail#history"
    change = PortChange.objects.get(attribute="name_en", value="Luohu Railway Port")
    assert (change.document, change.valid_from, change.reason, change.actor_id_recorded) == (paper, date(2021, 1, 1), "补录英文名称", officer.pk)
    assert not PortChange.objects.filter(port=change.port, attribute="name_zh", document=paper).exists(), "only what was altered"
    assert "已登记：名称" in client.get("/ports/luohu-rail").content.decode()


def test_going_back_keeps_what_was_typed(open_as, officer):
    client, paper = open_as(officer), a_document()
    checked = client.post(f"{LUOHU}/place", {**opened(client, f"{LUOHU}/place"), "city_name": "深圳市罗湖区", "document": paper.reference})
    back = client.post(f"{LUOHU}/place", {**inputs(checked.content.decode()), "deed": "edit"})
    form = inputs(back.content.decode())
    assert (form["city_name"], form["was-city_name"], form["document"]) == ("深圳市罗湖区", "", paper.reference)


def test_a_class_is_changed_with_its_basis(open_as, officer):
    a_port("beihai-water", "water", name_zh="北海水运口岸", province_code="45")
    client, address = open_as(officer), "/ports/beihai-water/change/class"
    refused = client.post(address, {**opened(client, address), "transport_class": "sea", "document": a_document().reference})
    assert refused.status_code == 422 and codes_of(refused) == {"class_basis"}
    refused = client.post(address, {**opened(client, address), "transport_class": "rail", "class_basis": "x", "document": a_document().reference})
    assert codes_of(refused) == {"transport_class"}
    through(client, address, transport_class="sea", class_basis="专栏2", document=a_document("ruling").reference)
    assert Port.objects.get(code="beihai-water").transport_class == "sea"


@pytest.mark.parametrize(("kind", "said", "fields"), [
    ("place", {"province_code": "81"}, {"province_code"}), ("place", {"province_code": "45"}, {"province_code"}),
    ("place", {"city_code": "4403"}, {"city_code"}), ("place", {"city_code": "450300"}, {"city_code"}),
    ("place", {"neighbour_code": "JP"}, {"neighbour_code"}), ("place", {"neighbour_code": "HK", "is_border": "yes"}, {"is_border"}),
    ("place", {"province_code": ""}, {"province_code"}), ("names", {"name_zh": ""}, {"name_zh"}), ("names", {}, {"name_zh"}),
    ("names", {"name_en": "长" * 121}, {"name_en"}), ("names", {"name_en": "x", "valid_from": "soon"}, {"valid_from"}),
    ("names", {"name_en": "x", "valid_from": "1800-01-01"}, {"valid_from"}), ("names", {"name_en": "x", "document": ""}, {"document"}),
    ("names", {"name_en": "x", "document": "没有的文件"}, {"document"}), ("names", {"name_en": "x", "reason": "长" * 401}, {"reason"}),
    ("names", {"name_en": "x\x00"}, {"name_en"}), ("position", {"latitude": "91"}, {"latitude"}), ("grouping", {"parent": "没有的口岸"}, {"parent"}),
    ("grouping", {"parent": "luohu-rail"}, {"parent"}), ("status", {"status": "open"}, {"status"}),
    ("status", {"status": "suspended"}, {"valid_from"}),
    ("status", {"status": "closed", "valid_from": "2024-01-01"}, {"status"}), ("status", {"status": "merged"}, {"status"}),
    ("status", {"status": "approved"}, {"status"}),
])
def test_what_cannot_be_is_shown_at_its_field_and_nothing_is_lost(open_as, officer, kind, said, fields):
    client, before = open_as(officer), PortChange.objects.count()
    address = f"{LUOHU}/{kind}"
    answer = client.post(address, {**opened(client, address), "document": a_document().reference, **said})
    page = answer.content.decode()
    assert answer.status_code == 422 and codes_of(answer) == fields, page[-3000:]
    assert all(f'id="field-{field}"' in page for field in fields)
    assert PortChange.objects.count() == before
    free = ("name_en", "city_code", "latitude", "parent", "reason")
    typed = {name: value for name, value in said.items() if name in free and "\x00" not in value}
    assert typed.items() <= inputs(page).items()


# ---- papers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["approval", "opening", "expansion", "closure", "merger"])
@pytest.mark.parametrize("paper", ["plan", "notice", "other", "minutes"])
def test_only_a_reply_opens_closes_and_merges(open_as, officer, kind, paper):
    a_port("futian-rail", "rail", name_zh="福田铁路口岸")
    client, address = open_as(officer), f"{LUOHU}/{kind}"
    day = KINDS[kind].day.name
    answer = client.post(address, {**opened(client, address), day: "2020-01-01", "into": "福田", "document": a_document(paper).reference})
    assert answer.status_code == 422 and codes_of(answer) == {"document"}
    assert "批复" in answer.content.decode()
    assert not PortEvent.objects.exists()


def test_approval_acceptance_opening_expansion_closure(open_as, officer):
    client = open_as(officer)
    for kind, day, paper in (("approval", "2016-02-01", a_reply()), ("acceptance", "2018-05-01", a_document("minutes")),
                             ("opening", "2018-06-01", a_reply()), ("expansion", "2020-01-01", a_reply()), ("closure", "2022-01-01", a_reply())):
        done = through(client, f"{LUOHU}/{kind}", **{KINDS[kind].day.name: day, "document": paper.reference})
        assert done.status_code == 302, kind
    port = Port.objects.get(code="luohu-rail")
    assert (port.status, port.approval, port.approved_on, port.accepted_on) == ("closed", "state_council", date(2016, 2, 1), date(2018, 5, 1))
    assert [event.kind for event in port.events.order_by("happened_on")] == ["acceptance", "opening", "expansion", "closure"]
    gone = client.post(f"{LUOHU}/opening", {**opened(client, f"{LUOHU}/opening"), "opened_on": "2023-01-01", "document": a_reply().reference})
    assert gone.status_code == 422


@pytest.mark.parametrize("kind", ["approval", "acceptance"])
def test_what_has_not_happened_cannot_be_recorded(open_as, officer, kind):
    client, address, day = open_as(officer), f"{LUOHU}/{kind}", KINDS[kind].day.name
    with clock.travel_to("2024-03-01"):
        answer = client.post(address, {**opened(client, address), day: "2024-03-02", "document": a_reply().reference})
    assert answer.status_code == 422 and codes_of(answer) == {day}


def test_a_merger_names_the_port_it_goes_into(open_as, officer):
    a_port("futian-rail", "rail", name_zh="福田铁路口岸")
    client, address = open_as(officer), f"{LUOHU}/merger"
    wrong = client.post(address, {**opened(client, address), "into": "没有的口岸", "merged_on": "2020-01-01", "document": a_reply().reference})
    assert codes_of(wrong) == {"into"}
    through(client, address, into="福田铁路口岸", merged_on="2020-01-01", document=a_reply().reference)
    assert Port.objects.get(code="luohu-rail").status == "merged"
    assert PortEvent.objects.get().into.code == "futian-rail"


def test_a_new_document_is_registered_with_its_scan_and_number_as_issued(open_as, officer):
    client, address = open_as(officer), f"{LUOHU}/opening"
    form = opened(client, address)
    new = {"kind": "reply", "title": "关于同意罗湖口岸开放的批复", "document_number": "国函〔2017〕8号", "issuer": "国务院",
           "issued_on": "2017-01-20"}
    wrong = client.post(address, {**form, **new, "opened_on": "", "scan": SimpleUploadedFile("批复.pdf", b"scan")})
    assert wrong.status_code == 422 and not Document.objects.filter(title=new["title"]).exists(), "a refused form registers nothing"
    checked = client.post(address, {**form, **new, "opened_on": "2017-03-01", "scan": SimpleUploadedFile("批复.pdf", b"scan")})
    assert checked.status_code == 200 and "国函〔2017〕8号" in checked.content.decode()
    paper = Document.objects.get(title=new["title"])
    assert (paper.document_number, paper.kind, paper.province_code, paper.owner) == ("国函〔2017〕8号", "reply", "44", officer)
    assert DocumentVersion.objects.get(document=paper).file_name == "批复.pdf"
    assert not PortEvent.objects.exists()
    client.post(address, {**inputs(checked.content.decode()), "deed": "record"})
    assert PortEvent.objects.get().document == paper
    again = client.post(f"{LUOHU}/expansion", {**opened(client, f"{LUOHU}/expansion"), **new, "expanded_on": "2020-01-01"})
    assert again.status_code == 422 and codes_of(again) == {"document_number"}


@pytest.mark.parametrize(("said", "field"), [
    ({"title": ""}, "title"), ({"kind": ""}, "kind"), ({"kind": "song"}, "kind"), ({"issued_on": "2999-01-01"}, "issued_on"),
    ({"issued_on": "x"}, "issued_on"), ({"document": "paper"}, "document"), ({"kind": "notice"}, "document"),
])
def test_a_new_document_that_cannot_be(open_as, officer, said, field):
    client, address = open_as(officer), f"{LUOHU}/opening"
    new = {"kind": "reply", "title": "批复", "document_number": "国函〔2017〕8号", "issued_on": "2017-01-20", "opened_on": "2017-03-01"}
    before = Document.objects.count()
    answer = client.post(address, {**opened(client, address), **new, **said})
    assert answer.status_code == 422 and field in codes_of(answer)
    assert Document.objects.count() == before


def test_a_title_with_a_mark_of_secrecy_is_refused(open_as, officer):
    client, address = open_as(officer), f"{LUOHU}/opening"
    answer = client.post(address, {**opened(client, address), "kind": "reply", "title": "机密★10年 批复", "opened_on": "2017-03-01"})
    assert answer.status_code == 422 and "密级标志" in answer.content.decode()


# ---- two editors ----------------------------------------------------------------------------------------


def test_the_second_editor_sees_both_values_and_keeps_what_was_typed(open_as, officer):
    client, address, other = open_as(officer), f"{LUOHU}/place", a_national_officer(display_name="李四")
    mine = opened(client, address)
    paper = a_document()
    with clock.travel_to("2024-03-01T09:30:00+08:00"):
        change_port(actor=other, code="luohu-rail", values={"city_name": "甲区", "neighbour_code": "HK"}, document=a_document())
    answer = client.post(address, {**mine, "city_name": "乙区", "document": paper.reference, "reason": "更正"})
    page = answer.content.decode()
    assert answer.status_code == 409
    for words in ("李四", "2024年3月1日", "甲区", "乙区", "中国香港", "您填写期间的变更"):
        assert words in page, words
    form = inputs(page)
    assert (form["city_name"], form["was-city_name"], form["neighbour_code"], form["reason"]) == ("乙区", "甲区", "HK", "更正")
    assert Port.objects.get(code="luohu-rail").city_name == "甲区"
    checked = client.post(address, form)
    assert checked.status_code == 200 and "甲区" in checked.content.decode()
    client.post(address, {**inputs(checked.content.decode()), "deed": "record"})
    port = Port.objects.get(code="luohu-rail")
    assert (port.city_name, port.neighbour_code) == ("乙区", "HK"), "the field that was left alone keeps the other's value"


def test_a_change_between_check_and_confirmation_is_told_as_well(open_as, officer):
    client, address = open_as(officer), f"{LUOHU}/names"
    checked = client.post(address, {**opened(client, address), "name_en": "Luohu", "document": a_document().reference})
    change_port(actor=officer, code="luohu-rail", values={"city_name": "甲区"}, document=a_document())
    late = client.post(address, {**inputs(checked.content.decode()), "deed": "record"})
    assert late.status_code == 409 and inputs(late.content.decode())["name_en"] == "Luohu"
    assert Port.objects.get(code="luohu-rail").name_en == ""


def test_a_form_without_its_version_overwrites_nothing(open_as, officer):
    client, address = open_as(officer), f"{LUOHU}/names"
    form = {**opened(client, address), "name_en": "x", "document": a_document().reference}
    for version in ("", "x", "-1", "99999999999"):
        assert client.post(address, {**form, "version": version, "deed": "record"}).status_code == 409
    assert Port.objects.get(code="luohu-rail").name_en == ""


# ---- codes, layout, registration -----------------------------------------------------------------------


def test_codes_are_added_and_retired(open_as, officer):
    client = open_as(officer)
    clash = client.post(f"{LUOHU}/code", {**opened(client, f"{LUOHU}/code"), "scheme": "iata", "code": "TOOLONG", "document": a_document().reference})
    assert codes_of(clash) == {"code"}
    through(client, f"{LUOHU}/code", scheme="name", code="罗湖桥", document=a_document().reference)
    assert Port.objects.get(code="luohu-rail").codes.filter(code="罗湖桥", valid_to=None).exists()
    through(client, f"{LUOHU}/code-retirement", held="name|罗湖桥", valid_to="2024-01-01", document=a_document().reference)
    assert Port.objects.get(code="luohu-rail").codes.get(code="罗湖桥").valid_to == date(2024, 1, 1)


def test_a_layout_link_names_its_document_or_says_why_not(open_as, officer):
    LayoutEntry.objects.create(layout_id="BDR-99", box="专栏3", name_zh="罗湖", mode="rail")
    client, address = open_as(officer), f"{LUOHU}/layout-link"
    said = {"layout_id": "BDR-99", "basis": "名称相同"}
    assert codes_of(client.post(address, {**opened(client, address), **said})) == {"document"}
    through(client, address, **said, why_no_document="规划与名录名称一致")
    link = Port.objects.get(code="luohu-rail").layout_links.get()
    assert (link.document, link.why_no_document) == (None, "规划与名录名称一致")


def test_a_new_port_is_registered(open_as, officer):
    client, address = open_as(officer), "/ports/register"
    said = {"mode": "road", "code": "ceshi-road", "name_zh": "测试公路口岸", "province_code": "23", "neighbour_code": "RU", "is_border": "yes",
            "document": a_document("plan").reference, "status": "planned", "approval": "plan_listed"}
    done = through(client, address, **said)
    assert done["Location"] == "/ports/ceshi-road#history"
    port = Port.objects.get(code="ceshi-road")
    assert (port.short_name_zh, port.transport_class, port.is_border, port.status, port.approval) == ("测试", "road", True, "planned", "plan_listed")
    again = client.post(address, {**opened(client, address), **said})
    assert again.status_code == 422 and codes_of(again) == {"code", "name_zh"}
    wrong = {**said, "code": "ceshi2-road", "name_zh": "测试二公路口岸", "province_code": "81"}
    assert codes_of(client.post(address, {**opened(client, address), **wrong})) == {"province_code"}


def test_pages_in_english(open_as, officer):
    client = open_as(officer)
    client.post("/language", {"language": "en"})
    page = client.get(LUOHU).content.decode()
    assert "Record a change" in page and "Reply of the State Council" in page
    page = client.get(f"{LUOHU}/opening").content.decode()
    assert "Opened on" in page and "Register a new document" in page
    assert "Register a port" in client.get("/ports/register").content.decode()


def test_every_kind_of_paper_has_a_door():
    assert set(DocumentKind) == set(KINDS["names"].papers_in_order)


def test_another_provinces_officer_sees_no_national_paper_of_another_port(open_as, officer):
    paper = a_document(organisation=officer.organisation, province_code="15", title="满洲里的批复")
    assert "满洲里的批复" not in open_as(a_provincial_officer("44")).get("/documents").content.decode()
    assert "满洲里的批复" in open_as(a_provincial_officer("15")).get(f"/documents/{paper.pk}").content.decode()
