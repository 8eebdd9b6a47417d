"""What casework keeps: what a case asked for, the facts gathered for it, and what the register has no place for.

Temporary openings, supervision sites and demonstration ports are no attributes of a port: each is a row of its own
with its case and its papers, shown on the port's page. They change by steps of cases alone. Class-II ports have their
register in grading.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from kouan.audit import register
from kouan.basis import clock
from kouan.ports.models import Port, PortQuerySet, scope_for


@register
class CaseForm(models.Model):
    """What the first form of a case asked for besides the matter's own: a new port, a target, a site, access facts.

    ``versions``: of each port, the version that was seen when facts were gathered; a change since then by somebody
    else stops the step that would change the port, until facts are gathered anew.
    """

    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="case_form")
    answers = models.JSONField("填写内容", default=dict)
    access_facts = models.JSONField("准入事实", default=dict)
    versions = models.JSONField("所见口岸版本", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "办件首表"


@register
class Gathering(models.Model):
    """Facts gathered by the system for a case, frozen as they were: revisions are added, none is edited."""

    matter = models.ForeignKey("desk.Matter", models.PROTECT, related_name="gatherings")
    revision = models.PositiveIntegerField("版本")
    gathered_on = models.DateField("汇集日期")
    facts = models.JSONField("事实", default=dict)
    verdict = models.JSONField("判定", null=True)
    record = models.JSONField("所见情况", default=dict)
    evidence = models.JSONField("证据", default=list)
    digest = models.CharField("校验值", max_length=64)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["matter_id", "revision"]
        constraints = [models.UniqueConstraint(fields=["matter", "revision"], name="gathering_once")]
        verbose_name = verbose_name_plural = "办件汇集的事实"


class OfPortQuerySet(models.QuerySet[Any]):
    """Rows of a place: seen by whoever sees the port, or the province of a place that is no port."""

    def visible_to(self, user: Any) -> OfPortQuerySet:
        """In scope by port, else by province."""
        scope = scope_for(user)
        if scope.everything:
            return self
        if not scope:
            return self.none()
        ports: PortQuerySet = Port.objects.visible_to(user)
        return self.filter(Q(port__in=ports) | Q(port__isnull=True, province_code__in=scope.provinces - {""}))


class _OfPort(models.Model):
    port = models.ForeignKey(Port, models.PROTECT, null=True, blank=True, related_name="+")
    province_code = models.CharField("省级行政区划代码", max_length=2, blank=True)
    name_zh = models.CharField("名称", max_length=120)
    matter = models.ForeignKey("desk.Matter", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    objects = OfPortQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name_zh


@register
class TemporaryOpening(_OfPort):
    """临时开放 of a place that is no port, or of a restricted port: from – to, by a permit."""

    place_kind = models.CharField("对象", max_length=32, blank=True)
    opened_from = models.DateField("起始日")
    opened_to = models.DateField("截止日")
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    ended_on = models.DateField("终止日期", null=True, blank=True)
    ended_by = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-opened_from", "-id"]
        verbose_name = verbose_name_plural = "临时开放"

    @property
    def last_day(self) -> date:
        """The last day with its extensions."""
        return max([self.opened_to, *(each.extended_to for each in self.extensions.all())])

    def is_in_use(self, day: date) -> bool:
        """Whether it is open on a day."""
        return self.opened_from <= day <= self.last_day and (self.ended_on is None or day <= self.ended_on)


@register
class TemporaryExtension(models.Model):
    """延期 of a temporary opening, by a permit of its own."""

    opening = models.ForeignKey(TemporaryOpening, models.PROTECT, related_name="extensions")
    extended_to = models.DateField("延期至")
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    matter = models.ForeignKey("desk.Matter", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["extended_to", "id"]
        verbose_name = verbose_name_plural = "临时开放延期"


@register
class SupervisionSite(_OfPort):
    """海关指定监管场地: approved, accepted, in use, each by its paper."""

    kinds = models.CharField("种类", max_length=200, blank=True)
    approved_on = models.DateField("立项日期")
    approval = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    accepted_on = models.DateField("通过验收日期", null=True, blank=True)
    acceptance = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")
    in_use_from = models.DateField("启用日期", null=True, blank=True)
    published = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["name_zh", "id"]
        verbose_name = verbose_name_plural = "海关指定监管场地"


@register
class DemonstrationPort(_OfPort):
    """示范口岸, selected by a decision; the score with its version is the evidence that the case rested on."""

    selected_on = models.DateField("确定日期")
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    evaluation_score = models.CharField("综合绩效得分", max_length=32, blank=True)
    evaluation_version = models.CharField("评估结果版本", max_length=120, blank=True)

    class Meta:
        ordering = ["-selected_on", "-id"]
        verbose_name = verbose_name_plural = "示范口岸"
