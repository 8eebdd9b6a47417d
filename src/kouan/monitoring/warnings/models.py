"""What is kept of a warning besides its matter: what was seen, how it was routed, its cause, what people thought of it; silences, thresholds."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from kouan.accounts.action import System
from kouan.accounts.models import Organisation
from kouan.accounts.scope import Scope, scope_of
from kouan.audit import register
from kouan.basis import clock
from kouan.collection.models import Origin
from kouan.desk.matters.models import Task


def _in_scope(user: Any, prefix: str = "port__") -> Q | None:
    """What of ports lies in a user's scope; None: everything."""
    scope = Scope(everything=True) if isinstance(user, System) else scope_of(user)
    if scope.everything:
        return None
    found = Q(**{f"{prefix}province_code__in": scope.provinces - {""}}) | Q(**{f"{prefix}code__in": scope.ports - {""}})
    for city in scope.cities - {""}:
        found |= Q(**{f"{prefix}city_code__startswith": city[:4]}) if city.endswith("00") else Q(**{f"{prefix}city_code": city})
    return found


def _is_nobody(user: Any) -> bool:
    return user is None or not user.is_authenticated or not user.is_active or not user.organisation.is_active


class WarningQuerySet(models.QuerySet["EarlyWarning"]):
    """Warnings, and who may see which."""

    def visible_to(self, user: Any) -> WarningQuerySet:
        """Those of ports in scope, and those in which one's office was given a task."""
        if not isinstance(user, System) and _is_nobody(user):
            return self.none()
        mine = _in_scope(user)
        if mine is None:
            return self
        asked = Exists(Task.objects.filter(matter_id=OuterRef("matter_id"), organisation_id=user.organisation_id))
        return self.filter(mine | Q(asked))


@register
class EarlyWarning(models.Model):
    """预警: one episode at one port. ``candidates`` holds everything seen so far, the furthest out in ``peak_*``."""

    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="warning")
    port = models.ForeignKey("ports.Port", models.PROTECT, related_name="warnings")
    origin = models.CharField("数据性质", max_length=12, choices=Origin.choices)
    detector = models.SlugField("检测规则", max_length=24)
    measure = models.CharField("指标", max_length=48)
    direction = models.CharField("方向", max_length=12, blank=True)
    first_day = models.DateField("首日")
    last_day = models.DateField("末日")
    peak_day = models.DateField("最重一日")
    measured = models.FloatField("实测", null=True)
    low = models.FloatField("下限", null=True)
    high = models.FloatField("上限", null=True)
    score = models.FloatField("偏离程度")
    goes = models.CharField("方向（增减）", max_length=4)
    message_zh = models.CharField("说明", max_length=600)
    message_en = models.CharField("说明（英文）", max_length=900)
    candidates = models.JSONField("检测记录", default=list)
    rule = models.SlugField("分送规则", max_length=24)
    why_zh = models.CharField("分送理由", max_length=300)
    why_en = models.CharField("分送理由（英文）", max_length=400)
    handler = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    is_joint = models.BooleanField("联合处置", default=False)
    cause = models.SlugField("原因", max_length=24, blank=True)
    cause_words = models.CharField("原因说明", max_length=400, blank=True)
    raised_at = models.DateTimeField("发出时间", default=clock.now)

    objects = WarningQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["port", "last_day"], name="warning_port_day")]
        # Two messages of platforms on one day are two things; two episodes that begin on one day are one.
        constraints = [
            models.UniqueConstraint(fields=["port", "first_day"], condition=~Q(detector="platform"), name="warning_once_an_episode"),
        ]
        verbose_name = verbose_name_plural = "预警"

    def __str__(self) -> str:
        return f"预警#{self.pk}"


@register
class QualityVote(models.Model):
    """Whether a warning was of use, as one person saw it; a later vote of the same person is a new row and counts instead."""

    warning = models.ForeignKey(EarlyWarning, models.PROTECT, related_name="votes")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_useful = models.BooleanField("有用")
    words = models.CharField("说明", max_length=400, blank=True)
    voted_at = models.DateTimeField("时间", default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = verbose_name_plural = "预警评价"


class SilenceQuerySet(models.QuerySet["PlannedSilence"]):
    """Planned silences, and who may see which."""

    def visible_to(self, user: Any) -> SilenceQuerySet:
        """Those of ports in scope, those for all ports of one's province or the nation."""
        if not isinstance(user, System) and _is_nobody(user):
            return self.none()
        mine = _in_scope(user)
        if mine is None:
            return self
        provinces = scope_of(user).provinces | {user.organisation.province_code}
        return self.filter(mine | Q(port__isnull=True, province_code="") | Q(port__isnull=True, province_code__in=provinces - {""}))

    def running(self, first: date, last: date) -> SilenceQuerySet:
        """Those in force on some day of a span."""
        return self.filter(Q(last_day__isnull=True) | Q(last_day__gte=first), ended_at__isnull=True, first_day__lte=last)


class SilenceGrounds(models.TextChoices):
    """What a silence rests on."""

    PLANNED = "planned", "计划安排"
    CLOSURE = "closure", "口岸关闭"
    HOURS = "hours", "公布的开放时间调整"


@register
class PlannedSilence(models.Model):
    """计划静默: days on which a deviation is expected (holiday, closure, exercise). No port: all of a province, or of the nation.

    ``grounds``: a closure of an emergency brings and ends its own (``reference`` names it), and until the port is open again there is no
    last day; a change of published opening hours names its paper in ``document``.
    """

    port = models.ForeignKey("ports.Port", models.PROTECT, null=True, related_name="silences")
    province_code = models.CharField("省级行政区划代码", max_length=2, blank=True)
    detectors = models.JSONField("检测规则", default=list)
    first_day = models.DateField("自")
    last_day = models.DateField("至", null=True)
    reason = models.CharField("理由", max_length=300)
    grounds = models.CharField("依据", max_length=8, choices=SilenceGrounds.choices, default=SilenceGrounds.PLANNED)
    document = models.CharField("文件", max_length=120, blank=True, default="")
    reference = models.CharField("关联记录", max_length=40, blank=True, default="")
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    planned_at = models.DateTimeField("登记时间", default=clock.now)
    ended_at = models.DateTimeField("提前结束", null=True)

    objects = SilenceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["reference"], condition=~Q(reference=""), name="silence_once_a_closure"),
            models.CheckConstraint(condition=Q(last_day__isnull=False) | Q(grounds="closure"), name="silence_ends_but_of_closures"),
        ]
        verbose_name = verbose_name_plural = "计划静默"

    @property
    def is_by_closure(self) -> bool:
        """Whether a closure brought it, which alone may end it."""
        return self.grounds == SilenceGrounds.CLOSURE


@register
class SilencedEpisode(models.Model):
    """What a silence kept from being told: readable, and nobody's task."""

    silence = models.ForeignKey(PlannedSilence, models.PROTECT, related_name="episodes")
    port = models.ForeignKey("ports.Port", models.PROTECT, related_name="+")
    first_day = models.DateField("首日")
    last_day = models.DateField("末日")
    detector = models.SlugField("检测规则", max_length=24)
    message_zh = models.CharField("说明", max_length=600)
    message_en = models.CharField("说明（英文）", max_length=900)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["silence", "port", "first_day"], name="silenced_once")]
        verbose_name = verbose_name_plural = "静默期内的偏离"


@register
class ThresholdChange(models.Model):
    """A threshold that an office set after a back-test, from a day on, with its reason; over the shipped ones. No port: all ports."""

    detector = models.SlugField("检测规则", max_length=24)
    name = models.SlugField("阈值", max_length=32)
    port = models.ForeignKey("ports.Port", models.PROTECT, null=True, related_name="+")
    value = models.FloatField("数值")
    since = models.DateField("自")
    reason = models.CharField("理由", max_length=300)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = verbose_name_plural = "预警阈值调整"


@register
class StoredForecast(models.Model):
    """What was forecast of one daily series on the evening of ``origin_day`` for the days after it, in their order, with its interval.

    ``share``: of actual values that the interval is to hold. Lists are of one length; None where too little was known.
    """

    port_code = models.SlugField("口岸", max_length=64)
    measure = models.CharField("指标", max_length=48)
    direction = models.CharField("方向", max_length=12)
    origin_day = models.DateField("预测基准日")
    share = models.FloatField("区间覆盖率")
    low = models.JSONField("下限", default=list)
    middle = models.JSONField("预测值", default=list)
    high = models.JSONField("上限", default=list)
    made_at = models.DateTimeField("预测时间", default=clock.now)

    class Meta:
        ordering = ["-origin_day", "port_code", "measure", "direction"]
        constraints = [models.UniqueConstraint(fields=["origin_day", "port_code", "measure", "direction"], name="forecast_once_a_day")]
        verbose_name = verbose_name_plural = "流量预测"


class PlatformQuerySet(models.QuerySet["LocalPlatform"]):
    """The register of local platforms, and who may see which."""

    def visible_to(self, user: Any) -> PlatformQuerySet:
        """The nation all; others those of their own province, and their own."""
        if isinstance(user, System):
            return self
        if _is_nobody(user):
            return self.none()
        if scope_of(user).everything:
            return self
        mine = Q(organisation_id=user.organisation_id)
        if user.organisation.province_code:
            mine |= Q(organisation__province_code=user.organisation.province_code)
        return self.filter(mine)


@register
class LocalPlatform(models.Model):
    """各地口岸安全联合防控平台: whose messages are taken in, by the office that runs it. Ended ones stay on the register."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="platforms")
    name = models.CharField("平台名称", max_length=120)
    basis = models.CharField("依据或联系", max_length=300)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    registered_at = models.DateTimeField("登记时间", default=clock.now)
    ended_at = models.DateTimeField("停用时间", null=True)

    objects = PlatformQuerySet.as_manager()

    class Meta:
        ordering = ["organisation__code", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation"], condition=Q(ended_at__isnull=True), name="platform_one_an_office"),
        ]
        verbose_name = verbose_name_plural = "联合防控平台"


@register(digest=("words",))
class PlatformMessage(models.Model):
    """A risk message of a local platform, as it came, and the warning it raised. The same number again is the same message."""

    platform = models.ForeignKey(LocalPlatform, models.PROTECT, related_name="messages")
    external_id = models.CharField("平台消息编号", max_length=80)
    kind = models.SlugField("类别", max_length=24)
    level = models.PositiveSmallIntegerField("等级")
    port = models.ForeignKey("ports.Port", models.PROTECT, related_name="+")
    title = models.CharField("标题", max_length=120)
    words = models.TextField("内容", blank=True)
    occurred_at = models.DateTimeField("发生时间")
    content_digest = models.CharField("内容校验值", max_length=64)
    warning = models.OneToOneField(EarlyWarning, models.PROTECT, related_name="platform_message")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    received_at = models.DateTimeField("收到时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["platform", "external_id"], name="platform_message_once")]
        verbose_name = verbose_name_plural = "联合防控平台消息"
