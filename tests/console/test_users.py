"""Pages of administrators: list, one user, sheets of users, organisations."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from openpyxl import load_workbook

from accounts.factories import PASSWORD, a_user, an_office
from accounts.test_actions import a_sheet
from kouan.accounts.action import acting_system
from kouan.accounts.actions import make_demonstration_users
from kouan.accounts.models import Organisation, OrganisationKind, Role, User
from kouan.console.navigation import addresses_for
from ports.factories import a_port

pytestmark = pytest.mark.django_db


def upload(client, content: bytes):
    return client.post("/users/add", {"sheet": SimpleUploadedFile("名册.xlsx", content)})


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]+)"', page)[1]


def test_a_sheet_is_previewed_committed_and_its_passwords_shown_once(open_as, administrator):
    office = an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44")
    client = open_as(administrator)
    page = upload(client, a_sheet(("chen-yi", "陈一", office.code, "省级口岸办业务人员", "", ""))).content.decode()
    assert "陈一" in page
    assert not User.objects.filter(username="chen-yi").exists()
    answer = client.post("/users/add", {"preview": hidden(page, "preview")})
    page = answer.content.decode()
    password = re.search(r"<code>([^<]+)</code>", page)[1]
    assert "no-store" in answer["Cache-Control"]
    book = load_workbook(io.BytesIO(client.post("/users/add/initial-passwords.xlsx", {"token": hidden(page, "token")}).content))
    assert [cell.value for cell in book.active[2]] == ["chen-yi", "陈一", office.name_zh, password]
    newcomer = Client()
    newcomer.post("/sign-in", {"username": "chen-yi", "password": password})
    assert newcomer.get("/account")["Location"] == "/account/password"


def test_faults_of_a_sheet_are_named_by_cell_and_nothing_can_be_committed(open_as, administrator):
    answer = upload(open_as(administrator), a_sheet(("chen-yi", "陈一", "no-such", "省级口岸办业务人员", "", "")))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "单元格 C2" in page
    assert 'name="preview"' not in page


def test_a_preview_of_somebody_else_or_a_changed_one_is_refused(open_as, administrator):
    from accounts.factories import an_administrator

    office = an_office()
    page = upload(open_as(administrator), a_sheet(("chen-yi", "陈一", office.code, "auditor", "", ""))).content.decode()
    other = open_as(an_administrator())
    for token in (hidden(page, "preview"), hidden(page, "preview")[:-2] + "xx"):
        answer = other.post("/users/add", {"preview": token})
        assert answer.status_code == 422
        assert "预览已失效" in answer.content.decode()
    assert not User.objects.filter(username="chen-yi").exists()


def test_no_file_is_a_finding_at_its_field(open_as, administrator):
    answer = open_as(administrator).post("/users/add", {})
    assert answer.status_code == 422
    assert "#field-sheet" in answer.content.decode()


def test_one_user_is_blocked_and_given_a_new_password(open_as, administrator):
    user = a_user(username="to-change")
    theirs = Client()
    theirs.post("/sign-in", {"username": user.username, "password": PASSWORD})
    client = open_as(administrator)
    page = client.post(f"/users/{user.pk}", {"deed": "new-password"}).content.decode()
    assert re.search(r"<code>([^<]{14})</code>", page)
    assert theirs.get("/account").status_code == 302  # the open session has ended
    client.post(f"/users/{user.pk}", {"deed": "block"})
    assert not User.objects.get(pk=user.pk).is_active
    client.post(f"/users/{user.pk}", {"deed": "allow"})
    assert User.objects.get(pk=user.pk).is_active


def test_a_user_of_another_province_does_not_exist(open_as):
    here = a_user(Role.ADMINISTRATOR, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
    there = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="15"))
    client = open_as(here)
    assert client.get(f"/users/{there.pk}").status_code == 404
    assert client.post(f"/users/{there.pk}", {"deed": "block"}).status_code == 404
    assert there.username not in client.get("/users").content.decode()
    export = b"".join(client.get("/users?format=csv").streaming_content).decode("utf-8-sig")
    assert there.username not in export
    assert here.username in export


def test_an_organisation_is_registered_with_its_ports(open_as, administrator, ports):
    client = open_as(administrator)
    answer = client.post("/organisations/add", {
        "code": "lh-ops", "kind": "port_operator", "name_zh": "罗湖经营单位", "province_code": "44", "port_codes": "罗湖铁路口岸、manzhouli-road",
    })
    assert answer.status_code == 302, answer.content.decode()
    assert Organisation.objects.get(code="lh-ops").port_codes == ["luohu-rail", "manzhouli-road"]
    page = client.get("/organisations").content.decode()
    assert 'data-draft-done="/organisations/add:organisation"' in page
    assert "data-draft-done" not in client.get("/organisations").content.decode()


def test_an_unknown_port_of_an_organisation_is_told_with_the_nearest(open_as, administrator, ports):
    answer = open_as(administrator).post("/organisations/add", {
        "code": "lh-ops", "kind": "port_operator", "name_zh": "罗湖经营单位", "province_code": "44", "port_codes": "罗胡",
    })
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "罗湖" in page
    assert 'value="罗湖经营单位"' in page


@pytest.mark.parametrize("address", ["/users", "/users/1", "/users/add", "/users/add/template.xlsx", "/organisations", "/organisations/add"])
def test_these_pages_are_for_administrators(open_as, officer, address):
    assert open_as(officer).get(address).status_code == 403


def test_organisations_are_shown_with_the_names_of_their_ports(open_as, administrator, ports):
    office = an_office(OrganisationKind.PORT_OPERATOR, code="luohu-office", port_codes=["luohu-rail", "not-registered"])
    client = open_as(administrator)
    page = client.get("/organisations").content.decode()
    assert '<div><a href="/ports/luohu-rail">罗湖铁路口岸</a></div><div>not-registered</div>' in page
    assert 'href="/ports/not-registered"' not in page
    exported = client.get("/organisations?format=json")
    rows = json.loads(b"".join(exported.streaming_content))["rows"]
    mine = next(row for row in rows if row["code"] == office.code)
    assert (mine["ports"], mine["port_codes"]) == ("罗湖铁路口岸、not-registered", "luohu-rail、not-registered")


# ---- offices and roles ------------------------------------------------------------------------------


@override_settings(DEBUG=True)
@pytest.mark.parametrize("role", Role.values)
def test_every_entry_of_the_menu_opens_for_whoever_sees_it(role):
    with acting_system("test") as system:
        people = make_demonstration_users(actor=system)
    person = next(each for each in people if each.role == role)
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[-1])
    for address in addresses_for(person):
        assert client.get(address).status_code == 200, address


def test_a_role_is_changed_on_the_page_to_one_that_fits(open_as, administrator):
    person = a_user(Role.NATIONAL_OFFICER, administrator.organisation)
    client = open_as(administrator)
    page = client.get(f"/users/{person.pk}").content.decode()
    assert 'value="national_leader"' in page and 'value="expert"' not in page
    assert client.post(f"/users/{person.pk}", {"deed": "role", "role": "expert"}).status_code == 422
    assert client.post(f"/users/{person.pk}", {"deed": "role", "role": "national_leader"}).status_code == 302
    person.refresh_from_db()
    assert person.role == "national_leader"


def test_missing_offices_are_registered_at_one_click_and_changed_on_their_page(open_as, administrator):
    client = open_as(administrator)
    assert "登记这些单位" in client.get("/organisations").content.decode()
    client.post("/organisations")
    assert Organisation.objects.filter(kind="corps_office").count() == 1 and "登记这些单位" not in client.get("/organisations").content.decode()
    a_port("tielieke-road", "road", province_code="65")
    home = administrator.organisation.code
    assert client.post("/organisations/xjbt", {"port_codes": "no-such", "reports_to": home}).status_code == 422
    assert client.post("/organisations/xjbt", {"port_codes": "tielieke-road", "reports_to": home}).status_code == 302
    corps = Organisation.objects.get(code="xjbt")
    assert (corps.port_codes, corps.reports_to) == (["tielieke-road"], [home])
    neighbour = a_user(Role.ADMINISTRATOR, Organisation.objects.get(code="xj"))
    assert open_as(neighbour).get("/organisations/xjbt").status_code == 404
    own = open_as(neighbour).post("/organisations/xj", {"port_codes": "tielieke-road", "reports_to": ""})
    assert own.status_code == 422 and Organisation.objects.get(code="xj").port_codes == []
