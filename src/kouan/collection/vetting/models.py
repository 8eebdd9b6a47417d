"""What is kept of checks: runs, suspicions with what people decided about them, exceptions that explain figures."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from kouan.audit import register
from kouan.basis import Period, PeriodKind, SubjectRef, Text, clock
from kouan.collection.checks import CheckSpec, Key, shipped
from kouan.collection.checks import Suspicion as Told
from kouan.collection.checks.suspicion import Namer
from kouan.collection.models import Origin
from kouan.collection.visibility import own_filter


class SuspicionState(models.TextChoices):
    """Open: nobody has decided. Cleared: a later run does not see it, for the figure was corrected or the history has grown."""

    OPEN = "open", "待裁定"
    CONFIRMED = "confirmed", "确认有误"
    EXPLAINED = "explained", "有说明"
    FALSE_ALARM = "false_alarm", "误报"
    CLEARED = "cleared", "已消除"


class SuspicionQuerySet(models.QuerySet["Suspicion"]):
    """Suspicions, and who may see which."""

    def visible_to(self, user: Any) -> SuspicionQuerySet:
        """Those of subjects in the user's scope: whoever sees the figure sees the doubt."""
        condition = own_filter(user)
        return self if condition is None else self.filter(condition)


@register
class CheckRun(models.Model):
    """One run of all checks over what is recorded."""

    ran_at = models.DateTimeField("时间", default=clock.now)
    ran_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    series = models.PositiveIntegerField("序列数", default=0)
    figures = models.PositiveIntegerField("数据个数", default=0)
    found = models.PositiveIntegerField("可疑处数", default=0)
    fresh = models.PositiveIntegerField("新增", default=0)
    cleared = models.PositiveIntegerField("消除", default=0)
    seconds = models.FloatField("用时（秒）", default=0)

    class Meta:
        ordering = ["-pk"]
        verbose_name = verbose_name_plural = "核查运行"


@register
class ExplainedException(models.Model):
    """例外: from one day to another certain figures are as they are for a known reason. Ended ones stay on record.

    ``subject_code`` empty: all subjects of the kind; ``measures`` empty: all. ``last_day`` empty: until further notice.
    """

    subject_kind = models.CharField("对象类别", max_length=24)
    subject_code = models.CharField("对象代码", max_length=64, blank=True)
    measures = models.JSONField("指标", default=list)
    first_day = models.DateField("起")
    last_day = models.DateField("止", null=True)
    reason = models.CharField("原因", max_length=400)
    reference = models.CharField("文件（文号或出处）", max_length=300)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)
    withdrawn_at = models.DateTimeField("撤销时间", null=True)

    objects = SuspicionQuerySet.as_manager()

    class Meta:
        ordering = ["-first_day", "pk"]
        constraints = [models.CheckConstraint(
            condition=Q(last_day=None) | Q(last_day__gte=models.F("first_day")), name="exception_forward")]
        verbose_name = verbose_name_plural = "核查例外"


@register
class Suspicion(models.Model):
    """可疑: what one check says of some periods of one series. Only the fields of its standing ever change.

    ``code`` is check, series and first period: a later run that sees the same again finds this row.
    """

    code = models.CharField("编号", max_length=320, unique=True)
    check_id = models.SlugField("检查", max_length=32)
    subject_kind = models.CharField("对象类别", max_length=24)
    subject_code = models.CharField("对象代码", max_length=64)
    measure = models.CharField("指标", max_length=48)
    direction = models.CharField("方向", max_length=12)
    group = models.CharField("分组", max_length=48, default="all")
    granularity = models.CharField("周期", max_length=8)
    origin = models.CharField("数据性质", max_length=12, choices=Origin.choices)
    first_start = models.DateField("首期")
    last_start = models.DateField("末期")
    count = models.PositiveIntegerField("期数")
    measured = models.FloatField("实报", null=True)
    expected = models.FloatField("应有", null=True)
    factor = models.FloatField("倍数", null=True)
    likelihood = models.FloatField("可能性")
    weight = models.FloatField("分量")
    rank = models.FloatField("次序", db_index=True)
    other = models.JSONField("另一序列", null=True)
    source_start = models.DateField("照抄自", null=True)
    cause = models.CharField("起因", max_length=320, blank=True, db_index=True)  # the code of the most pressing suspicion that shares it
    seen_by = models.JSONField("其他检查", default=list)
    first_run = models.ForeignKey(CheckRun, models.PROTECT, related_name="first_seen")
    last_run = models.ForeignKey(CheckRun, models.PROTECT, related_name="last_seen")
    state = models.CharField("状态", max_length=12, choices=SuspicionState.choices, default=SuspicionState.OPEN)
    reason = models.CharField("理由", max_length=400, blank=True)
    ruled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ruled_at = models.DateTimeField("裁定时间", null=True)
    exception = models.ForeignKey(ExplainedException, models.PROTECT, null=True, related_name="answers")
    answer = models.CharField("报送方说明", max_length=400, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("说明时间", null=True)

    objects = SuspicionQuerySet.as_manager()

    class Meta:
        ordering = ["-rank", "pk"]
        indexes = [models.Index(fields=["state", "-rank"], name="suspicion_worklist"),
                   models.Index(fields=["subject_kind", "subject_code"], name="suspicion_subject")]
        verbose_name = verbose_name_plural = "可疑数据"

    @property
    def spec(self) -> CheckSpec:
        """What its check says and goes by."""
        return shipped()[self.check_id]

    @property
    def key(self) -> Key:
        """Its series as the engine names it."""
        return Key(f"{self.subject_kind}:{self.subject_code}", self.measure, self.direction, self.group)

    @property
    def other_key(self) -> Key | None:
        """The other series, where there is one."""
        return Key(*self.other) if self.other else None

    @property
    def subject(self) -> SubjectRef:
        """Whose figures."""
        return SubjectRef.of(self.subject_kind, self.subject_code)

    def period(self, start: date) -> Period:
        """One of its periods."""
        return Period.of(PeriodKind(self.granularity), start)

    def told(self) -> Told:
        """As the engine said it."""
        first = self.period(self.first_start)
        return Told(self.check_id, self.key, 0, 0, self.count, first, self.period(self.last_start), self.measured, self.expected,
                    self.likelihood, self.weight, self.other_key, self.factor, tuple(self.seen_by),
                    self.period(self.source_start) if self.source_start else None)

    def words(self, name: Namer | None = None) -> Text:
        """The sentence of its check, filled in."""
        return self.told().words(name)
