"""Everything that changes an organisation or a user. Passwords never reach a log or the trail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from kouan.accounts import demonstration, passwords, queries, sessions
from kouan.accounts.action import System, action
from kouan.accounts.models import Organisation, OrganisationKind, Role, User
from kouan.accounts.scope import scope_of
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, Text, clock, codes

CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
DEMONSTRATION_PASSWORD = "kouan-demo"  # noqa: S105 - refused by the sign-in backend unless DEBUG is on


@dataclass(frozen=True, slots=True)
class NewUser:
    """One line of a provisioning sheet, read and checked."""

    username: str
    display_name: str
    organisation_code: str
    role: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A user just made, with the initial password that is shown once."""

    user: User
    password: str


@action("users.manage")
def create_organisation(
    *, actor: Any, code: str, kind: str, name_zh: str, name_en: str = "", province_code: str = "",
    city_code: str = "", port_codes: Sequence[str] = (), credit_code: str = "", parent: Organisation | None = None,
    reports_to: Sequence[str] = (),
) -> Organisation:
    """Register an organisation in the actor's scope. Every fault is told at once, by field."""
    found = [*_faults_of_organisation(actor, code, kind, name_zh, province_code, city_code, credit_code), *_faults_of_superiors(code, reports_to)]
    if found:
        raise Refused(found)
    return Organisation.objects.create(
        code=code, kind=kind, name_zh=name_zh, name_en=name_en, province_code=province_code, city_code=city_code,
        port_codes=list(port_codes), credit_code=credit_code, parent=parent, reports_to=list(reports_to),
    )


@action("users.manage")
def change_organisation(*, actor: Any, organisation: Organisation, port_codes: Sequence[str], reports_to: Sequence[str]) -> Organisation:
    """Change an office's list of ports and the offices it reports to. A list of ports is scope: only the national
    administrators change it, and nobody the list of one's own office."""
    if not queries.organisations(actor).filter(pk=organisation.pk).exists():
        raise NotFound(Finding.error("not_found", "没有这个单位，或者不在您的管理范围内。", "There is no such organisation, or not in your scope."))
    if not isinstance(actor, System) and not scope_of(actor).everything:
        raise Refused.because(
            "out_of_scope", "所辖口岸和报送对象由国家口岸办的系统管理员登记。", "Ports and superiors are entered by the national administrators.",
            where=Place(field="port_codes"), remedy=("请向国家口岸办提出。", "Ask the national office."))
    if found := _faults_of_superiors(organisation.code, reports_to):
        raise Refused(found)
    organisation.port_codes, organisation.reports_to = list(port_codes), list(reports_to)
    organisation.save(update_fields=["port_codes", "reports_to"])
    return organisation


def _faults_of_superiors(code: str, reports_to: Sequence[str]) -> list[Finding]:
    known = set(Organisation.objects.filter(code__in=reports_to, is_active=True).values_list("code", flat=True)) - {code}
    return [Finding.error("unknown_superior", f"报送对象“{each}”不是在用的其他单位。", f"“{each}” is no other active organisation to report to.",
                          where=Place(field="reports_to"), remedy=("请填写已登记单位的代码。", "Give the code of a registered organisation."))
            for each in reports_to if each not in known]


_PROVINCE_NEEDED = {
    OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CITY_OFFICE,
    OrganisationKind.INSPECTION_AGENCY, OrganisationKind.PORT_OPERATOR,
}


def _faults_of_organisation(
    actor: Any, code: str, kind: str, name_zh: str, province_code: str, city_code: str, credit_code: str
) -> list[Finding]:
    found: list[Finding] = []

    def wrong(field: str, name: str, zh: str, en: str, remedy: tuple[str, str] | None = None) -> None:
        found.append(Finding.error(name, zh, en, where=Place(field=field), remedy=remedy))

    if not CODE.fullmatch(code):
        wrong("code", "bad_code", "代码只能用小写字母、数字和横线，2至64位。", "A code has small letters, digits and hyphens, 2 to 64.")
    elif Organisation.objects.filter(code=code).exists():
        wrong("code", "organisation_exists", f"代码“{code}”已被使用。", f"The code “{code}” is taken.")
    if kind not in OrganisationKind.values:
        wrong("kind", "unknown_kind", "请选择单位类别。", "Choose the kind of organisation.")
    if not name_zh:
        wrong("name_zh", "missing", "请填写单位名称。", "Give the organisation's name.")
    if kind in _PROVINCE_NEEDED and not province_code:
        wrong("province_code", "missing", "此类单位须选择省级行政区。", "This kind of organisation needs a province.")
    if province_code and (fault := codes.check("province", province_code, where=Place(field="province_code"))):
        found.append(fault)
    elif not _may_manage(actor, province_code):
        wrong("province_code", "out_of_scope", "该单位不在您的管理范围内。", "The organisation lies outside your scope.",
              ("请选择本省，或由国家口岸办管理员登记。", "Choose your own province, or ask the national administrator."))
    if kind in (OrganisationKind.CORPS_OFFICE, OrganisationKind.MINISTRY, OrganisationKind.EXPERT_PANEL) and province_code:
        wrong("province_code", "not_of_a_province", "此类单位不隶属于省，不填省级行政区。", "This kind of organisation belongs to no province.",
              ("请留空；兵团的范围由所辖口岸确定。", "Leave it empty; the Corps' scope is its list of ports."))
    if kind == OrganisationKind.CITY_OFFICE and not city_code:
        wrong("city_code", "missing", "市县口岸管理部门须填写市县代码。", "A city or county office needs its code.")
    if city_code and (fault := codes.check("division", city_code, where=Place(field="city_code"))):
        found.append(fault)
    if credit_code and (fault := codes.check("credit_code", credit_code, where=Place(field="credit_code"))):
        found.append(fault)
    return found


def _may_manage(actor: Any, province_code: str) -> bool:
    if isinstance(actor, System):
        return True
    scope = scope_of(actor)
    return scope.everything or province_code in scope.provinces


@action("users.manage")
def create_user(
    *, actor: Any, username: str, display_name: str, organisation: Organisation, role: str, email: str = "", phone: str = "",
) -> Provisioned:
    """Make one user of an organisation in the actor's scope; the initial password is returned once."""
    return _make(actor, NewUser(username, display_name, organisation.code, role, email, phone))


@action("users.manage")
def provision_users(*, actor: Any, lines: Sequence[NewUser]) -> list[Provisioned]:
    """Make all the users of a sheet, or none: the first wrong line refuses the whole."""
    return [_make(actor, line) for line in lines]


def _make(actor: Any, line: NewUser) -> Provisioned:
    organisation = queries.organisations(actor).filter(code=line.organisation_code, is_active=True).first()
    if organisation is None:
        raise Refused.because(
            "unknown_organisation", f"没有代码为“{line.organisation_code}”的在用单位。",
            f"There is no active organisation with the code “{line.organisation_code}”.",
            where=Place(field="organisation"),
        )
    if line.role not in Role.values:
        raise Refused.because("unknown_role", f"没有“{line.role}”这一角色。", f"There is no role “{line.role}”.",
                              where=Place(field="role"))
    if wrong := role_mismatch(line.role, organisation.kind):
        raise Refused([Finding.error("role_does_not_fit", wrong.zh, wrong.en, where=Place(field="role"))])
    if User.objects.filter(username__iexact=line.username).exists():
        raise Refused.because("username_taken", f"登录名“{line.username}”已被使用。", f"The sign-in name “{line.username}” is taken.",
                              where=Place(field="username"))
    password = passwords.initial_password()
    user = User.objects.create_user(
        line.username, password, display_name=line.display_name, organisation=organisation, role=line.role,
        email=line.email, phone=line.phone, must_change_password=True,
    )
    return Provisioned(user, password)


_KINDS_OF_ROLE: dict[str, set[str]] = {
    Role.NATIONAL_OFFICER: {OrganisationKind.NATIONAL_OFFICE},
    Role.NATIONAL_LEADER: {OrganisationKind.NATIONAL_OFFICE},
    Role.PROVINCIAL_OFFICER: {OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CORPS_OFFICE},
    Role.PROVINCIAL_LEADER: {OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CORPS_OFFICE},
    Role.CITY_OFFICER: {OrganisationKind.CITY_OFFICE},
    Role.MINISTRY_OFFICER: {OrganisationKind.MINISTRY},
    Role.INSPECTION_OFFICER: {OrganisationKind.INSPECTION_AGENCY},
    Role.EXPERT: {OrganisationKind.EXPERT_PANEL},
    Role.PORT_REPORTER: {OrganisationKind.PORT_OPERATOR, OrganisationKind.CITY_OFFICE},
    Role.ENTERPRISE_USER: {OrganisationKind.ENTERPRISE},
    Role.AUDITOR: {OrganisationKind.NATIONAL_OFFICE, OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CORPS_OFFICE},
    Role.ADMINISTRATOR: {OrganisationKind.NATIONAL_OFFICE, OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CORPS_OFFICE},
}


def role_mismatch(role: str, kind: str) -> Text | None:
    """Why this role cannot be held in this kind of organisation; None when it can.

    The organisation gives scope and the role gives rights: a national role in an enterprise
    would be a right over nothing, or a mistake.
    """
    if kind in _KINDS_OF_ROLE[Role(role)]:
        return None
    return Text(
        f"角色“{Role(role).label}”不适用于“{OrganisationKind(kind).label}”类单位。",
        f"The role “{role}” does not belong to an organisation of the kind “{kind}”.",
    )


@action("users.manage")
def make_first_administrator(*, actor: Any, username: str, display_name: str) -> Provisioned:
    """Make the national office and its first administrator, who makes everybody else.

    Raises Conflict once a real administrator of the national office is there: others come from that one.
    """
    office = Organisation.objects.filter(kind=OrganisationKind.NATIONAL_OFFICE).order_by("pk").first()
    held = User.objects.filter(
        organisation__kind=OrganisationKind.NATIONAL_OFFICE, role=Role.ADMINISTRATOR, is_demonstration=False
    )
    if held.exists():
        raise Conflict([Finding.error(
            "administrator_exists", "国家口岸办已有系统管理员，其他用户由其建立。",
            "The national office has an administrator already, who makes all other users.",
            remedy=("请该管理员在“用户”页建立。", "Ask that administrator; see the page of users."),
        )])
    if office is None:
        office = create_organisation(
            actor=actor, code="npo", kind=OrganisationKind.NATIONAL_OFFICE, name_zh="国家口岸管理办公室",
            name_en="National Office of Port Administration",
        )
    return _make(actor, NewUser(username, display_name, office.code, Role.ADMINISTRATOR))


@action("account.own")
def change_password(*, actor: Any, old: str, new: str) -> User:
    """The user's own change; the old password is asked for, and the new one must pass the rules."""
    if not actor.check_password(old):
        raise Refused.because("wrong_password", "原密码不正确。", "The present password is not right.",
                              where=Place(field="old"), remedy=("请重新输入原密码。", "Type your present password again."))
    if old == new:
        raise Refused.because("same_password", "新密码不能与原密码相同。", "The new password must differ from the present one.",
                              where=Place(field="new"))
    return _set_password(actor, new)


@action("account.own")
def expire_password(*, actor: Any) -> User:
    """A password past the allowed age must be changed before anything else; asked for at sign-in."""
    actor.must_change_password = True
    actor.save(update_fields=["must_change_password"])
    return actor


@action("account.own")
def choose_password(*, actor: Any, new: str) -> User:
    """The user proved to be the owner by an e-mailed link and chooses a new password."""
    return _set_password(actor, new)


def _set_password(user: User, new: str) -> User:
    if found := passwords.findings_of_password(new, user, field="new") or passwords.findings_of_reuse(new, user, field="new"):
        raise Refused(found)
    passwords.remember(user)
    user.set_password(new)
    user.must_change_password, user.password_changed_at = False, clock.now()
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
    sessions.end_all_sessions(user, "password")
    return user


@action("users.manage")
def reset_password(*, actor: Any, user: User) -> Provisioned:
    """Give a user in the actor's scope a new initial password; open sessions of that user end."""
    _within_scope(actor, user)
    password = passwords.initial_password()
    passwords.remember(user)
    user.set_password(password)
    user.must_change_password, user.password_changed_at = True, clock.now()
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
    sessions.end_all_sessions(user, "password")
    return Provisioned(user, password)


@action("users.manage")
def set_active(*, actor: Any, user: User, is_active: bool) -> User:
    """Block a user, or let one in again; it takes effect at the user's next request."""
    _within_scope(actor, user)
    if not is_active and user.pk == actor.pk:
        raise Refused.because("own_account", "不能停用自己的账号。", "You cannot block your own account.",
                              remedy=("请由另一位管理员操作。", "Ask another administrator."))
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    if not is_active:
        sessions.end_all_sessions(user, "blocked")
    return user


@action("users.manage")
def change_role(*, actor: Any, user: User, role: str) -> User:
    """Give a user in the actor's scope another role that fits the organisation; what lies on the old desk goes to others."""
    _within_scope(actor, user)
    if user.pk == actor.pk:
        raise Refused.because("own_account", "不能更改自己的角色。", "You cannot change your own role.",
                              remedy=("请由另一位管理员操作。", "Ask another administrator."))
    if role not in Role.values:
        raise Refused.because("unknown_role", f"没有“{role}”这一角色。", f"There is no role “{role}”.", where=Place(field="role"))
    if wrong := role_mismatch(role, user.organisation.kind):
        raise Refused([Finding.error("role_does_not_fit", wrong.zh, wrong.en, where=Place(field="role"))])
    user.role = role
    user.save(update_fields=["role"])
    return user


def deactivate_user(*, actor: Any, user: User) -> User:
    """Block a user; nothing they did is touched."""
    return set_active(actor=actor, user=user, is_active=False)


def _within_scope(actor: Any, user: User) -> None:
    if not queries.users(actor).filter(pk=user.pk).exists():
        raise NotFound(Finding.error("not_found", "没有这个用户，或者不在您的管理范围内。",
                                     "There is no such user, or not in your scope."))


@action("account.own")
def set_language(*, actor: Any, language: str) -> User:
    """Keep the language of the pages in the profile."""
    if language not in dict(settings.LANGUAGES):
        raise Refused.because("unknown_language", f"不支持语言“{language}”。", f"The language “{language}” is not known.")
    actor.language = language
    actor.save(update_fields=["language"])
    return actor


@action("users.manage")
def make_demonstration_users(*, actor: Any) -> list[User]:
    """A sign-in for each role and each office of ``demonstration.py``, all with the printed password; safe to repeat.
    Refused unless DEBUG is on."""
    if not settings.DEBUG:
        raise Refused.because("not_a_demonstration", "正式环境不建立演示用户。", "A real installation has no demonstration users.")
    homes: dict[str, Organisation] = {}
    for known in demonstration.ORGANISATIONS:
        parent = homes.get("npo") if known["code"] != "qiye" and known["code"] != "npo" else None
        homes[known["code"]], _ = Organisation.objects.get_or_create(code=known["code"], defaults={**known, "parent": parent})
    made = []
    for username, display_name, home, role in demonstration.USERS:
        found = User.objects.filter(username=username).first()
        if found is None:
            found = User.objects.create_user(
                username, DEMONSTRATION_PASSWORD, display_name=display_name, organisation=homes[home], role=role,
                is_demonstration=True,
            )
        elif found.is_demonstration and found.role != role:
            # A release gave this sign-in another role than it was made with.
            found.role = role
            found.save(update_fields=["role"])
        made.append(found)
    return made
