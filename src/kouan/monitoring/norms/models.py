"""What is kept of a norm: its subject, its value, its days, its paper, and the two persons who put it in force."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kouan.accounts.action import System
from kouan.accounts.permissions import may_in_service
from kouan.audit import register
from kouan.basis import Text, clock
from kouan.ports.models import Port, TransportClass


class NormState(models.TextChoices):
    """Where a proposal stands."""

    WAITING = "waiting", "待批准"
    APPROVED = "approved", "已批准"
    REJECTED = "rejected", "不予批准"
    WITHDRAWN = "withdrawn", "已撤回"


class NormQuerySet(models.QuerySet["OperationNorm"]):
    """Norms, and who may see which."""

    def visible_to(self, user: Any) -> NormQuerySet:
        """Those of the nation and of kinds of ports; those of one port by whoever sees the port."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "events.read"):
            return self.none()
        return self.filter(Q(port__isnull=True) | Q(port__in=Port.objects.visible_to(user)))


@register
class OperationNorm(models.Model):
    """One value of a norm. Empty ``first`` and ``last``: of the whole; empty ``mode``, ``port_type``, no ``port``: of all.

    A later value for the same subject holds from its day on; ``valid_to`` ends one that has no successor.
    """

    name_zh = models.CharField("名称", max_length=80)
    name_en = models.CharField("英文名称", max_length=120)
    whole = models.SlugField("全程", max_length=48)
    first = models.SlugField("起始节点", max_length=48, blank=True)
    last = models.SlugField("终止节点", max_length=48, blank=True)
    direction = models.CharField("方向", max_length=12)
    mode = models.CharField("运输方式", max_length=8, blank=True)
    port_type = models.CharField("口岸类型", max_length=16, choices=TransportClass.choices, blank=True)
    port = models.ForeignKey(Port, models.PROTECT, null=True, related_name="operation_norms")
    clock_kind = models.CharField("时钟", max_length=8, default="around")
    hours = models.DecimalField("时限（小时）", max_digits=8, decimal_places=3)
    valid_from = models.DateField("自")
    valid_to = models.DateField("至", null=True)
    document = models.CharField("文件名称", max_length=200)
    document_number = models.CharField("发文字号", max_length=80, blank=True)
    article = models.CharField("条款", max_length=80)
    issued = models.DateField("印发日期", null=True)
    reason = models.CharField("理由", max_length=400)
    state = models.CharField("状态", max_length=10, choices=NormState.choices, default=NormState.WAITING)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField("提出时间", default=clock.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True)
    decision = models.CharField("决定理由", max_length=400, blank=True)

    objects = NormQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(hours__gt=0), name="norm_hours_above_zero"),
            models.CheckConstraint(condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="norm_ends_after_it_began"),
            models.CheckConstraint(condition=(Q(first="") & Q(last="")) | (~Q(first="") & ~Q(last="")), name="norm_of_two_milestones_or_none"),
            # Whatever path writes it: nobody approves what he or she proposed.
            models.CheckConstraint(condition=~Q(state="approved") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                                   name="norm_four_eyes"),
        ]
        verbose_name = verbose_name_plural = "作业时间规范"

    def __str__(self) -> str:
        return self.name_zh

    @property
    def name(self) -> Text:
        """Its name in both languages."""
        return Text(self.name_zh, self.name_en or self.name_zh)
