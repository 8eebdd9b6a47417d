"""Organisations and the people who work in them.

The organisation gives a user scope (whose data), the role gives what may be done with it.
Codes of provinces and ports are plain text here: this room lies below the register.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from kouan.accounts.personal.fields import PersonalIndex, PersonalRow, PersonalText
from kouan.audit import register
from kouan.basis import Text, clock


class OrganisationKind(models.TextChoices):
    """Who takes part (GLOSSARY, "Who")."""

    NATIONAL_OFFICE = "national_office", "国家口岸管理办公室"
    PROVINCIAL_OFFICE = "provincial_office", "省级口岸管理部门"
    # Beside the office of Xinjiang, not below it: its scope is its list of ports, never the region.
    CORPS_OFFICE = "corps_office", "新疆生产建设兵团口岸管理部门"
    CITY_OFFICE = "city_office", "市县口岸管理部门"
    MINISTRY = "ministry", "中央和国家机关部门"
    INSPECTION_AGENCY = "inspection_agency", "口岸查验机构"
    EXPERT_PANEL = "expert_panel", "专家组"
    PORT_OPERATOR = "port_operator", "口岸经营单位"
    ENTERPRISE = "enterprise", "企业"


class Role(models.TextChoices):
    """What a person does; ``permissions.py`` says what each may."""

    NATIONAL_OFFICER = "national_officer", "国家口岸办业务人员"
    NATIONAL_LEADER = "national_leader", "国家口岸办负责人"
    PROVINCIAL_OFFICER = "provincial_officer", "省级口岸办业务人员"
    PROVINCIAL_LEADER = "provincial_leader", "省级口岸办负责人"
    CITY_OFFICER = "city_officer", "市县口岸办业务人员"
    MINISTRY_OFFICER = "ministry_officer", "部委业务人员"
    INSPECTION_OFFICER = "inspection_officer", "查验机构人员"
    EXPERT = "expert", "专家"
    PORT_REPORTER = "port_reporter", "口岸报送员"
    ENTERPRISE_USER = "enterprise_user", "企业用户"
    AUDITOR = "auditor", "数据审计员"
    ADMINISTRATOR = "administrator", "系统管理员"


# Whose people a leader leads: a leader away may be stood for by one of them.
LEADS = {Role.NATIONAL_LEADER: Role.NATIONAL_OFFICER, Role.PROVINCIAL_LEADER: Role.PROVINCIAL_OFFICER}


@register
class Organisation(models.Model):
    """One office, agency or enterprise. ``province_code`` is GB/T 2260 (two digits)."""

    code = models.SlugField("代码", max_length=64, unique=True)
    kind = models.CharField("类别", max_length=24, choices=OrganisationKind.choices)
    name_zh = models.CharField("名称", max_length=120)
    name_en = models.CharField("英文名称", max_length=160, blank=True)
    province_code = models.CharField("省级行政区划代码", max_length=2, blank=True)
    city_code = models.CharField("市县行政区划代码", max_length=6, blank=True)
    port_codes = models.JSONField("所辖口岸", default=list, blank=True)
    credit_code = models.CharField("统一社会信用代码", max_length=18, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="members")
    # Codes of the offices it reports to; a city with a separate plan names its province and the national office.
    reports_to = models.JSONField("报送对象", default=list, blank=True)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        ordering = ["province_code", "code"]
        verbose_name = verbose_name_plural = "组织"

    def __str__(self) -> str:
        return self.name_zh

    @property
    def name(self) -> Text:
        """Its name in both languages; in Chinese for both where no English one is known."""
        return Text(self.name_zh, self.name_en or self.name_zh)


class UserManager(BaseUserManager["User"]):
    """Makes users; actions.py is the only caller outside tests."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """Make and save one user; no password means that none can sign in yet."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Sign-in names do not distinguish capitals."""
        return self.get(username__iexact=username)


@register(exclude=("last_login", "email_index"), digest=("password", "display_name", "email", "phone"))
class User(PersonalRow, AbstractBaseUser):
    """A person who signs in. Name, e-mail, phone and password never reach the audit trail in clear."""

    username = models.CharField("登录名", max_length=64, unique=True)
    display_name = models.CharField("姓名", max_length=64)
    # Encrypted (docs/personal-data.md). The name stays in clear: it signs papers and stands in lists that are searched.
    email = PersonalText("电子邮箱", max_length=254, blank=True)
    email_index = PersonalIndex("电子邮箱（索引）", of="email")
    phone = PersonalText("电话", max_length=32, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="users", verbose_name="所属单位")
    role = models.CharField("角色", max_length=24, choices=Role.choices)
    language = models.CharField("语言", max_length=8, default="zh-hans")
    is_active = models.BooleanField("启用", default=True)
    is_demonstration = models.BooleanField("演示用户", default=False)
    must_change_password = models.BooleanField("须修改密码", default=False)
    password_changed_at = models.DateTimeField("密码修改时间", default=clock.now)
    created_at = models.DateTimeField("建立时间", default=clock.now)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        ordering = ["username"]
        verbose_name = verbose_name_plural = "用户"

    def __str__(self) -> str:
        return f"{self.display_name}（{self.username}）"

    def get_full_name(self) -> str:
        """The name that pages show."""
        return self.display_name


@register(exclude=("last_used_on",), digest=("secret_digest",))
class ApiToken(models.Model):
    """A program's key: it acts as its user, with that user's scope and permissions, until it ends."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    name = models.CharField("用途", max_length=80)
    secret_digest = models.CharField("密钥摘要", max_length=64, unique=True)
    created_at = models.DateTimeField("建立时间", default=clock.now)
    expires_at = models.DateTimeField("有效期至")
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)
    last_used_on = models.DateField("最近使用", null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "接口密钥"


@register(digest=("secret_sealed",))
class SecondFactor(models.Model):
    """The secret of somebody's authenticator, sealed with a key that no database holds; in force once confirmed."""

    user = models.OneToOneField(User, models.PROTECT, related_name="second_factor")
    secret_sealed = models.CharField("密钥（加密）", max_length=255)
    begun_at = models.DateTimeField("开始设置时间", default=clock.now)
    confirmed_at = models.DateTimeField("启用时间", null=True, blank=True)
    # The newest step of thirty seconds whose code was taken: none of it or before it is taken again.
    last_step = models.BigIntegerField("最近使用的时间步", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "动态口令"


@register(digest=("digest",))
class RecoveryCode(models.Model):
    """One recovery code, kept as a keyed digest; it serves once."""

    user = models.ForeignKey(User, models.PROTECT, related_name="recovery_codes")
    digest = models.CharField("备用码摘要", max_length=64)
    used_at = models.DateTimeField("使用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "备用码"
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]


@register(digest=("password",))
class FormerPassword(models.Model):
    """The hash of a password that was in use, so that it does not come back."""

    user = models.ForeignKey(User, models.PROTECT, related_name="former_passwords")
    password = models.CharField("密码摘要", max_length=128)
    ended_at = models.DateTimeField("停用时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "曾用密码"


@register(digest=("session_key", "address"))
class SignInSession(models.Model):
    """A session that somebody signed in to: from where, since when, and how it ended."""

    user = models.ForeignKey(User, models.PROTECT, related_name="sign_in_sessions")
    session_key = models.CharField("会话", max_length=40, db_index=True)
    address = models.CharField("网络地址", max_length=45, blank=True)
    browser = models.CharField("浏览器", max_length=200, blank=True)
    began_at = models.DateTimeField("登录时间", default=clock.now)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.CharField("结束原因", max_length=16, blank=True)

    class Meta:
        ordering = ["-began_at"]
        verbose_name = verbose_name_plural = "登录会话"
