"""What is kept of a study: what it asks, at which ports, the figures as they were frozen, what officers said of its cases."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from kouan.accounts.action import System
from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may_in_service
from kouan.accounts.scope import scope_of
from kouan.audit import register
from kouan.basis import clock
from kouan.ports.models import Port

PERSON: Any = settings.AUTH_USER_MODEL


class StudyQuerySet(models.QuerySet["TimeStudy"]):
    """Studies, and who may see which."""

    def visible_to(self, user: Any) -> StudyQuerySet:
        """The national office all; others those of their own office, and confirmed ones all of whose ports they see."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "events.read"):
            return self.none()
        if scope_of(user).everything:
            return self
        beyond = StudyPort.objects.filter(study=OuterRef("pk")).exclude(port__in=Port.objects.visible_to(user))
        return self.filter(~Exists(beyond)).filter(Q(office_id=user.organisation_id) | Q(state=TimeStudy.State.CONFIRMED))


# The cases as measured are long: the trail keeps their digest, which is enough to show that nobody touched them.
@register(digest=("cases",))
class TimeStudy(models.Model):
    """放行时间研究: one question, its cases, its answer. Measured anew only while it is a draft."""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        CONFIRMED = "confirmed", "已确认"

    class Extent(models.TextChoices):
        FULL = "full", "全部案例"
        SAMPLE = "sample", "抽样"

    office = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    title = models.CharField("标题", max_length=120)
    purpose = models.CharField("目的", max_length=600)
    team = models.CharField("工作组", max_length=300)
    whole = models.SlugField("所测时间", max_length=32)
    direction = models.CharField("方向", max_length=12)
    mode = models.CharField("运输方式", max_length=8, blank=True)
    case_kind = models.CharField("案例类别", max_length=16, blank=True)
    first_day = models.DateField("自")
    last_day = models.DateField("至")
    extent = models.CharField("范围", max_length=8, choices=Extent.choices, default=Extent.FULL)
    sample_size = models.PositiveIntegerField("样本量", null=True, blank=True)
    seed = models.PositiveBigIntegerField("随机种子", null=True, blank=True)
    # The norms held against its cases, as the file had them; empty: none.
    norms = models.TextField("作业时间规范", blank=True)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField("版本", default=1)
    figures = models.JSONField("结果", null=True, blank=True)
    figures_sha256 = models.CharField("结果校验值", max_length=64, blank=True)
    # Every case as measured: JSON, deflated, in base64 (frozen.py).
    cases = models.TextField("案例", blank=True)
    events_sha256 = models.CharField("所读事件校验值", max_length=64, blank=True)
    events_read = models.PositiveIntegerField("所读事件", default=0)
    measured_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    measured_at = models.DateTimeField("计算时间", null=True)
    drafted_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField("起草时间", default=clock.now)
    confirmed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField("确认时间", null=True)

    objects = StudyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "放行时间研究"

    def __str__(self) -> str:
        return self.title

    @property
    def is_measured(self) -> bool:
        """Whether it has figures."""
        return self.figures is not None

    @property
    def is_confirmed(self) -> bool:
        """Whether it stands."""
        return self.state == self.State.CONFIRMED


@register
class StudyPort(models.Model):
    """A port at which a study measures."""

    study = models.ForeignKey(TimeStudy, models.CASCADE, related_name="ports")
    port = models.ForeignKey("ports.Port", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["study", "port"], name="study_port_once")]
        verbose_name = verbose_name_plural = "研究所及口岸"


@register
class CaseRemark(models.Model):
    """What an officer knows of a case that its events do not tell. Never changed: a later remark stands beside it."""

    study = models.ForeignKey(TimeStudy, models.PROTECT, related_name="remarks")
    case_id = models.CharField("案例", max_length=128)
    words = models.CharField("说明", max_length=400)
    said_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    said_at = models.DateTimeField("时间", default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = verbose_name_plural = "研究案例说明"
