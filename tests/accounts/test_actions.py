"""Verbs on people: rights, scope, passwords, and sheets of users."""

from __future__ import annotations

import io

import pytest
from django.test import override_settings
from openpyxl import Workbook, load_workbook

from accounts.factories import PASSWORD, a_provincial_officer, a_user, an_administrator, an_office
from kouan.accounts import actions, provisioning, queries
from kouan.accounts.action import acting_system
from kouan.accounts.actions import NewUser
from kouan.accounts.backends import SignInBackend
from kouan.accounts.models import OrganisationKind, Role, User
from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed, NotFound, Refused

pytestmark = pytest.mark.django_db


def authenticate(username: str, password: str) -> User | None:
    """What the sign-in page asks, without the lock-out that needs a request."""
    return SignInBackend().authenticate(None, username=username, password=password)


def codes_of(refusal) -> list[str]:
    return [finding.code for finding in refusal.value.findings]


# ---- making people ---------------------------------------------------------------------------------


def test_a_user_is_made_with_an_initial_password_that_must_be_changed():
    office = an_office()
    made = actions.create_user(actor=an_administrator(), username="zhang.san", display_name="张三",
                               organisation=office, role=Role.NATIONAL_OFFICER)
    assert authenticate(username="ZHANG.SAN", password=made.password) == made.user
    assert made.user.must_change_password


def test_only_administrators_make_users():
    with pytest.raises(NotAllowed):
        actions.create_user(actor=a_provincial_officer(), username="x-y-z", display_name="某",
                            organisation=an_office(), role=Role.AUDITOR)


def test_names_passwords_and_addresses_never_reach_the_trail_in_clear():
    made = actions.create_user(actor=an_administrator(), username="li.si", display_name="李四四", email="li@example.cn",
                               phone="13800001111", organisation=an_office(), role=Role.NATIONAL_OFFICER)
    trail = "".join(f"{entry.before}{entry.after}" for entry in AuditEntry.objects.filter(table_name="accounts_user"))
    assert "li.si" in trail
    for secret in ("李四四", "li@example.cn", "13800001111", made.user.password, made.password):
        assert secret not in trail


def test_a_role_must_fit_its_organisation():
    with pytest.raises(Refused) as refusal:
        actions.create_user(actor=an_administrator(), username="wang-wu", display_name="王五",
                            organisation=an_office(OrganisationKind.ENTERPRISE), role=Role.NATIONAL_OFFICER)
    assert codes_of(refusal) == ["role_does_not_fit"]


def test_every_role_has_its_organisations():
    for role in Role:
        assert any(actions.role_mismatch(role, kind) is None for kind in OrganisationKind.values)


def test_a_provincial_administrator_stays_in_the_province():
    guangdong = an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44")
    inner_mongolia = an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="15")
    administrator = a_user(Role.ADMINISTRATOR, guangdong)
    stranger = a_user(Role.PROVINCIAL_OFFICER, inner_mongolia)
    with pytest.raises(Refused) as refusal:
        actions.create_user(actor=administrator, username="other", display_name="某", organisation=inner_mongolia,
                            role=Role.PROVINCIAL_OFFICER)
    assert codes_of(refusal) == ["unknown_organisation"]
    for deed in (actions.reset_password, actions.deactivate_user):
        with pytest.raises(NotFound):
            deed(actor=administrator, user=stranger)
    assert stranger not in queries.users(administrator)
    with pytest.raises(Refused) as refusal:
        actions.create_organisation(actor=administrator, code="nm-port", kind="port_operator", name_zh="某单位", province_code="15")
    assert codes_of(refusal) == ["out_of_scope"]


def test_faults_of_an_organisation_are_told_together():
    with pytest.raises(Refused) as refusal:
        actions.create_organisation(actor=an_administrator(), code="Bad Code", kind="club", name_zh="", credit_code="123")
    fields = {finding.where.field for finding in refusal.value.findings}
    assert fields == {"code", "kind", "name_zh", "credit_code"}
    made = actions.create_organisation(actor=an_administrator(), code="gd-zhuhai", kind="city_office", name_zh="珠海口岸局",
                                       province_code="44", city_code="440400")
    assert made.city_code == "440400"


# ---- passwords -------------------------------------------------------------------------------------


def test_changing_a_password_asks_for_the_old_one_and_keeps_the_rules():
    user = a_user(display_name="赵六六")
    with pytest.raises(Refused) as refusal:
        actions.change_password(actor=user, old="wrong", new="a-Very-long-one-7")
    assert codes_of(refusal) == ["wrong_password"]
    with pytest.raises(Refused) as refusal:
        actions.change_password(actor=user, old=PASSWORD, new="short")
    assert codes_of(refusal) == ["weak_password"]
    message = refusal.value.findings[0].message
    assert "至少" in message.zh or "10" in message.zh
    assert "10 characters" in message.en
    with pytest.raises(Refused) as refusal:
        actions.change_password(actor=user, old=PASSWORD, new=PASSWORD)
    assert codes_of(refusal) == ["same_password"]
    actions.change_password(actor=user, old=PASSWORD, new="a-Very-long-one-7")
    assert authenticate(username=user.username, password="a-Very-long-one-7") == user


def test_a_reset_gives_a_new_initial_password():
    user = a_user()
    made = actions.reset_password(actor=an_administrator(), user=user)
    assert authenticate(username=user.username, password=PASSWORD) is None
    assert authenticate(username=user.username, password=made.password) == user
    assert User.objects.get(pk=user.pk).must_change_password


def test_a_blocked_user_cannot_sign_in_and_nobody_blocks_oneself():
    user, administrator = a_user(), an_administrator()
    actions.deactivate_user(actor=administrator, user=user)
    assert authenticate(username=user.username, password=PASSWORD) is None
    with pytest.raises(Refused) as refusal:
        actions.deactivate_user(actor=administrator, user=administrator)
    assert codes_of(refusal) == ["own_account"]


# ---- demonstration ---------------------------------------------------------------------------------


@override_settings(DEBUG=True)
def test_one_demonstration_sign_in_for_each_role_and_repeatable():
    with acting_system("setup") as system:
        first = actions.make_demonstration_users(actor=system)
        again = actions.make_demonstration_users(actor=system)
    assert [user.pk for user in first] == [user.pk for user in again]
    assert {user.role for user in first} == set(Role.values)
    assert next(user.username for user in queries.demonstration_users()) == "guojia"
    assert authenticate(username="guojia", password=actions.DEMONSTRATION_PASSWORD)


def test_demonstration_users_are_refused_on_a_real_installation():
    with override_settings(DEBUG=True), acting_system("setup") as system:
        actions.make_demonstration_users(actor=system)
    with override_settings(DEBUG=False):
        assert authenticate(username="guojia", password=actions.DEMONSTRATION_PASSWORD) is None
        assert queries.demonstration_users() == []
        with acting_system("setup") as system, pytest.raises(Refused):
            actions.make_demonstration_users(actor=system)


# ---- sheets of users -------------------------------------------------------------------------------


def a_sheet(*rows, heads=("登录名*", "姓名*", "所属单位代码*", "角色*", "电子邮箱", "电话")) -> bytes:
    book = Workbook()
    book.active.append(list(heads))
    for row in rows:
        book.active.append(list(row))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def test_a_good_sheet_is_read_and_made_whole():
    administrator, office = an_administrator(), an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44")
    content = a_sheet(("chen-yi", "陈一", office.code, "省级口岸办业务人员", "chen@example.cn", "138"),
                      ("lin-er", "林二", office.code, "auditor", "", ""))
    sheet = provisioning.read(content, "名册.xlsx", administrator)
    assert sheet.findings == []
    assert sheet.may_be_committed
    made = actions.provision_users(actor=administrator, lines=sheet.lines)
    assert [one.user.role for one in made] == [Role.PROVINCIAL_OFFICER, Role.AUDITOR]
    assert len({one.password for one in made}) == 2


def test_every_wrong_cell_is_named():
    administrator, office = an_administrator(), an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44", code="gd-office")
    taken = a_user(username="taken-name")
    sheet = provisioning.read(a_sheet(
        ("a b", "甲", office.code, "省级口岸办业务人员", "", ""),
        ("ok-1", "", "gd-offise", "省级口岸办业务员", "no-mail", ""),
        (taken.username.upper(), "丙", office.code, "国家口岸办业务人员", "", ""),
        ("ok-2", "丁", office.code, "auditor", "", ""),
        ("OK-2", "戊", office.code, "auditor", "", ""),
    ), "名册.xlsx", administrator)
    found = {(finding.where.cell, finding.code) for finding in sheet.findings}
    assert found == {
        ("A2", "bad_username"), ("B3", "missing"), ("C3", "unknown_organisation"), ("D3", "unknown_role"), ("E3", "not_an_email"),
        ("A4", "username_taken"), ("D4", "role_does_not_fit"), ("A6", "username_twice"),
    }
    assert not sheet.may_be_committed
    by_cell = {finding.where.cell: finding for finding in sheet.findings}
    assert "gd-office" in by_cell["C3"].remedy.zh
    assert "省级口岸办业务人员" in by_cell["D3"].remedy.zh


@pytest.mark.parametrize(("content", "code"), [
    (b"not a workbook", "not_a_workbook"), (b"", "not_a_workbook"), (b"PK\x03\x04broken", "not_a_workbook"),
    (b"x" * (provisioning.FILE_BYTES + 1), "file_too_big"),
])
def test_a_file_that_is_no_workbook_is_one_clear_finding(content, code):
    sheet = provisioning.read(content, "名册.xlsx", an_administrator())
    assert [finding.code for finding in sheet.findings] == [code]


def test_a_sheet_without_its_columns_or_rows():
    assert provisioning.read(a_sheet(heads=("甲", "乙")), "x.xlsx", an_administrator()).findings[0].code == "missing_columns"
    assert provisioning.read(a_sheet(), "x.xlsx", an_administrator()).findings[0].code == "empty_sheet"


def test_the_template_can_be_filled_and_read_back():
    administrator, office = an_administrator(), an_office(OrganisationKind.PORT_OPERATOR, province_code="44")
    book = load_workbook(io.BytesIO(provisioning.template(administrator)))
    for at, value in enumerate(("sun-qi", "孙七", office.code, "口岸报送员"), start=1):
        book["用户"].cell(3, at, value)
    held = io.BytesIO()
    book.save(held)
    sheet = provisioning.read(held.getvalue(), "模板.xlsx", administrator)
    assert sheet.findings == []
    assert sheet.lines == [NewUser("sun-qi", "孙七", office.code, Role.PORT_REPORTER)]


def test_a_sheet_is_made_whole_or_not_at_all():
    administrator, office = an_administrator(), an_office()
    with pytest.raises(Refused):
        actions.provision_users(actor=administrator, lines=[
            NewUser("first-one", "一", office.code, Role.AUDITOR), NewUser("second", "二", "no-such", Role.AUDITOR),
        ])
    assert not User.objects.filter(username="first-one").exists()


# ---- the first one ---------------------------------------------------------------------------------


def test_a_new_installation_gets_its_office_and_one_first_administrator():
    with acting_system("cli") as system:
        made = actions.make_first_administrator(actor=system, username="guanliyuan", display_name="张三")
        assert made.user.role == Role.ADMINISTRATOR
        assert made.user.organisation.kind == OrganisationKind.NATIONAL_OFFICE
        assert authenticate("guanliyuan", made.password) == made.user
        with pytest.raises(Refused) as refusal:
            actions.make_first_administrator(actor=system, username="another", display_name="李四")
    assert codes_of(refusal) == ["administrator_exists"]
    assert not User.objects.filter(username="another").exists()


def test_nobody_but_an_administrator_or_the_system_makes_the_first_administrator():
    with pytest.raises(NotAllowed):
        actions.make_first_administrator(actor=a_user(), username="guanliyuan", display_name="张三")
    assert not User.objects.filter(username="guanliyuan").exists()
