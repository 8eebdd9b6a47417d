"""What is recorded after the sign-off: notices with their receipts, what was cleared for the public, rectification tasks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kouan.audit import register
from kouan.basis import clock
from kouan.evaluation.rounds.once import Once

PERSON: Any = settings.AUTH_USER_MODEL


@register
class NoticeReceipt(Once):
    """通报: what one office was told of its ports, once. Who signed for it and when stands in its matter."""

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="receipts")
    scoring = models.ForeignKey("rounds.Scoring", models.PROTECT, related_name="+")
    office = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+", verbose_name="收到通报的单位")
    # One line a port: code, name, band, total, red line; as it was told, whatever comes later.
    lines = models.JSONField("通报内容")
    digest = models.CharField("通报内容校验值", max_length=64)
    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="evaluation_receipt")
    sent_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="通报人")
    sent_on = models.DateField("通报日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["round", "office"]
        constraints = [models.UniqueConstraint(fields=["round", "office"], name="notice_receipt_once")]
        verbose_name = verbose_name_plural = "评估结果通报"


class ClearanceState(models.TextChoices):
    """Proposed by one person, approved or refused by the head; what was approved may be withdrawn."""

    PROPOSED = "proposed", "待核准"
    APPROVED = "approved", "已核准"
    REFUSED = "refused", "不予核准"
    WITHDRAWN = "withdrawn", "已撤回"


@register(exclude=("content",))
class Clearance(Once):
    """公开内容核准: which fields of which ports may be public. ``content`` is the public text itself, canonical, under its digest."""

    may_change = ("state", "decided_by", "decided_on", "opinion", "withdrawn_by", "withdrawn_on", "withdrawn_reason")

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="clearances")
    scoring = models.ForeignKey("rounds.Scoring", models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField("版本")
    fields = models.JSONField("公开的内容")
    port_count = models.PositiveSmallIntegerField("口岸数")
    content = models.TextField("公开文本")
    digest = models.CharField("公开文本校验值", max_length=64)
    reason = models.CharField("提出理由", max_length=400)
    state = models.CharField("状态", max_length=10, choices=ClearanceState.choices, default=ClearanceState.PROPOSED)
    proposed_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_on = models.DateField("提出日期")
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="核准人")
    decided_on = models.DateField("核准日期", null=True)
    opinion = models.CharField("核准意见", max_length=400, blank=True)
    withdrawn_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="撤回人")
    withdrawn_on = models.DateField("撤回日期", null=True)
    withdrawn_reason = models.CharField("撤回理由", max_length=400, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["round", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["round", "version"], name="clearance_version_once"),
            models.CheckConstraint(condition=Q(state="proposed", decided_by__isnull=True) | (~Q(state="proposed") & Q(decided_by__isnull=False)),
                                   name="clearance_decided_by_somebody"),
            models.CheckConstraint(condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")), name="clearance_four_eyes"),
            models.CheckConstraint(condition=~Q(state="withdrawn") | Q(withdrawn_by__isnull=False), name="clearance_withdrawn_by_somebody"),
        ]
        verbose_name = verbose_name_plural = "评估公开内容核准"


@register
class RectificationTask(models.Model):
    """整改任务: what the result of a port gives its reporting office to put right. Plan, report and acceptance stand in its matter."""

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="rectifications")
    port = models.ForeignKey("rounds.FrozenPort", models.PROTECT, related_name="+")
    port_code = models.CharField("口岸代码", max_length=64)
    office = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+", verbose_name="整改单位")
    # Why: the lowest band, a red line, groups under the limit of the scheme; as they stood when it was given.
    grounds = models.JSONField("整改事由")
    requirement = models.CharField("整改要求", max_length=800)
    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="evaluation_rectification")
    given_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="交办人")
    given_on = models.DateField("交办日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["round", "port_code"]
        constraints = [models.UniqueConstraint(fields=["round", "port_code"], name="rectification_once")]
        verbose_name = verbose_name_plural = "评估整改任务"
