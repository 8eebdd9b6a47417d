"""What was found unusual, once a day and kind, and what the auditor ruled."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.audit import register
from kouan.basis import clock


class Ruling(models.TextChoices):
    """What the auditor made of it."""

    OPEN = "open", "待核实"
    EXPLAINED = "explained", "有正当理由"
    CONFIRMED = "confirmed", "确属异常"


class UnusualQuerySet(models.QuerySet["UnusualUse"]):
    """Findings, and who may see which."""

    def visible_to(self, user: Any) -> UnusualQuerySet:
        """Auditors of the nation, but for what is about themselves; nobody else, and never the person concerned."""
        if not may(user, "audit.read") or not scope_of(user).everything:
            return self.none()
        return self.exclude(user_id=user.pk)


@register
class UnusualUse(models.Model):
    """Unusual use by somebody, or from somewhere, on one day. ``about``: the address or the digest of a name where nobody is known."""

    kind = models.CharField("类别", max_length=16)
    day = models.DateField("日期")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    about = models.CharField("对象", max_length=80, blank=True)
    since = models.DateTimeField("自")
    until = models.DateTimeField("至")
    count = models.PositiveIntegerField("数量")
    limit = models.PositiveIntegerField("界限")
    facts = models.JSONField("情况", default=dict)
    found_at = models.DateTimeField("发现时间", default=clock.now)
    ruling = models.CharField("裁定", max_length=12, choices=Ruling.choices, default=Ruling.OPEN)
    words = models.CharField("说明", max_length=400, blank=True)
    ruled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ruled_at = models.DateTimeField("裁定时间", null=True)

    objects = UnusualQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "day", "user"], condition=models.Q(user__isnull=False), name="unusual_use_of_somebody"),
            models.UniqueConstraint(fields=["kind", "day", "about"], condition=models.Q(user__isnull=True), name="unusual_use_from_somewhere")]
        indexes = [models.Index(fields=["ruling", "day"], name="unusual_use_open")]
        verbose_name = verbose_name_plural = "异常使用"

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.user_id or self.about}"
