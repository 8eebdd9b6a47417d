"""What sharing records: data sets, grants, and each reading through a grant."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from kouan.accounts.action import System
from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may_in_service
from kouan.accounts.scope import scope_of
from kouan.audit import register
from kouan.basis import Text, clock
from kouan.desk.matters.models import Matter
from kouan.desk.sharing.coverage import Coverage


class Classification(models.TextChoices):
    """《数据安全法》第二十一条: core, important, other. 工作秘密 is no grade of these: a class of its own beside them."""

    CORE = "core", "核心数据"
    IMPORTANT = "important", "重要数据"
    GENERAL = "general", "一般数据"
    WORK_SECRET = "work_secret", "工作秘密"


class Sensitivity(models.TextChoices):
    """What personal information it holds (《个人信息保护法》第四条、第二十八条)."""

    NONE = "none", "不含个人信息"
    PERSONAL = "personal", "一般个人信息"
    SENSITIVE = "sensitive", "敏感个人信息"


class DataSetState(models.TextChoices):
    """Only a published one can be asked for."""

    DRAFT = "draft", "草拟"
    PUBLISHED = "published", "已发布"
    WITHDRAWN = "withdrawn", "已停用"


class DataSetQuerySet(models.QuerySet["DataSet"]):
    """Data sets, and who may see which entry of the catalogue."""

    def visible_to(self, user: Any) -> DataSetQuerySet:
        """Published ones every office; drafts their owner, those who wrote them, and the national office. The entry tells of no figure."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "sharing.read"):
            return self.none()
        if scope_of(user).everything:
            return self
        written = Q(written_by__organisation_id=user.organisation_id)
        return self.filter(~Q(state=DataSetState.DRAFT) | Q(owner_id=user.organisation_id) | written)


@register
class DataSet(models.Model):
    """数据集: which part of which room, whose it is, and of what class. What it covers never changes once it is published."""

    code = models.SlugField("代码", max_length=64, unique=True)
    name_zh = models.CharField("名称", max_length=120)
    name_en = models.CharField("英文名称", max_length=200, blank=True)
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="data_sets", verbose_name="归口单位")
    classification = models.CharField("数据分级", max_length=12, choices=Classification.choices, blank=True)
    sensitivity = models.CharField("个人信息", max_length=12, choices=Sensitivity.choices, blank=True)
    definition_zh = models.CharField("说明与口径", max_length=600)
    definition_en = models.CharField("说明与口径（英文）", max_length=900, blank=True)
    room = models.CharField("数据类别", max_length=16)
    coverage = models.JSONField("范围", default=dict)
    cadence = models.CharField("更新周期", max_length=40, blank=True)
    state = models.CharField("状态", max_length=12, choices=DataSetState.choices, default=DataSetState.DRAFT)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField("编目时间", default=clock.now)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    withdrawn_at = models.DateTimeField("停用时间", null=True, blank=True)

    objects = DataSetQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            # A data set without owner and class cannot be published: the database holds to it too.
            models.CheckConstraint(
                condition=~Q(state="published") | (Q(owner__isnull=False) & ~Q(classification="") & ~Q(sensitivity="")),
                name="data_set_answered_for"),
        ]
        verbose_name = verbose_name_plural = "数据集"

    def __str__(self) -> str:
        return self.name_zh

    @property
    def name(self) -> Text:
        """Its name in both languages."""
        return Text(self.name_zh, self.name_en or self.name_zh)

    @property
    def covers(self) -> Coverage:
        """What it covers."""
        return Coverage.of(self.coverage)


class GrantState(models.TextChoices):
    """How far a grant has come. Only an active one within its term lets anybody read."""

    REQUESTED = "requested", "待归口单位审批"
    ACTIVE = "active", "有效"
    REFUSED = "refused", "未批准"
    WITHDRAWN = "withdrawn", "申请已撤回"
    REVOKED = "revoked", "已收回"
    GIVEN_UP = "given_up", "使用单位已放弃"
    EXPIRED = "expired", "已到期"


class GrantQuerySet(models.QuerySet["DataGrant"]):
    """Grants, and whose they are."""

    def visible_to(self, user: Any) -> GrantQuerySet:
        """Those of one's own office as user or as owner; the national office, its auditors included, all."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "sharing.read"):
            return self.none()
        if scope_of(user).everything:
            return self
        return self.filter(Q(grantee_id=user.organisation_id) | Q(data_set__owner_id=user.organisation_id))

    def in_force(self, day: date | None = None) -> GrantQuerySet:
        """Those by which somebody may read on a day."""
        on = day or clock.today()
        return self.filter(state=GrantState.ACTIVE, starts_on__lte=on, ends_on__gte=on, data_set__state=DataSetState.PUBLISHED)


@register
class DataGrant(models.Model):
    """授权: one office may read a part of a data set for a purpose until a day. ``reach`` is what was granted, never more than ``asked``."""

    matter = models.OneToOneField(Matter, models.PROTECT, related_name="data_grant")
    data_set = models.ForeignKey(DataSet, models.PROTECT, related_name="grants")
    grantee = models.ForeignKey(Organisation, models.PROTECT, related_name="data_grants", verbose_name="使用单位")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申请人")
    requested_at = models.DateTimeField("申请时间", default=clock.now)
    purpose = models.CharField("用途", max_length=300)
    asked = models.JSONField("申请范围", default=dict)
    reach = models.JSONField("授权范围", default=dict)
    starts_on = models.DateField("自")
    ends_on = models.DateField("至")
    state = models.CharField("状态", max_length=12, choices=GrantState.choices, default=GrantState.REQUESTED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="审批人")
    decided_at = models.DateTimeField("审批时间", null=True)
    ended_at = models.DateTimeField("终止时间", null=True)
    reason = models.CharField("理由", max_length=400, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["grantee", "state", "ends_on"], name="grant_in_force")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="grant_term_forward"),
            models.CheckConstraint(condition=~Q(purpose=""), name="grant_has_purpose"),
        ]
        verbose_name = verbose_name_plural = "数据授权"

    def __str__(self) -> str:
        return f"{self.data_set}（{self.grantee}）"

    @property
    def may_read(self) -> Coverage:
        """What was granted; what was asked while nothing is decided."""
        return Coverage.of(self.reach or self.asked)

    @property
    def state_today(self) -> GrantState:
        """The state with the term counted: a grant past its last day is expired whether or not anybody has said so."""
        past = self.state == GrantState.ACTIVE and self.ends_on < clock.today()
        return GrantState.EXPIRED if past else GrantState(self.state)


class GrantReadQuerySet(models.QuerySet["GrantRead"]):
    """Readings, and who may see which."""

    def visible_to(self, user: Any) -> GrantReadQuerySet:
        """Those through grants that the user sees: the owner all of its data, a user's office its own."""
        return self.filter(grant__in=DataGrant.objects.all().visible_to(user).order_by().values("pk"))


@register
class GrantRead(models.Model):
    """One request that read through a grant: who, by which door, how many rows, which fields and subjects. Never changed."""

    grant = models.ForeignKey(DataGrant, models.PROTECT, related_name="reads")
    at = models.DateTimeField("时间", default=clock.now)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    purpose = models.CharField("用途", max_length=300)
    door = models.CharField("途径", max_length=160)
    rows = models.PositiveIntegerField("行数")
    fields = models.JSONField("字段", default=list)
    subjects = models.JSONField("对象", default=list)

    objects = GrantReadQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["grant", "at"], name="grant_read_when")]
        verbose_name = verbose_name_plural = "授权读取记录"
