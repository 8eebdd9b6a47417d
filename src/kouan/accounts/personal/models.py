"""The keys of persons: one for each row that holds personal fields, wrapped by the installation's master key."""

from __future__ import annotations

from django.db import models

from kouan.audit import register
from kouan.basis import clock


# Neither the wrapped key nor the master's number enters the trail: a destroyed key must be gone everywhere, and re-wrapping changes nothing.
@register(exclude=("wrapped", "master"))
class SubjectKey(models.Model):
    """主体密钥. ``subject`` stands in the row it belongs to (``personal_subject``). Destroyed, its row stays and says when and why."""

    subject = models.UUIDField("主体", unique=True)
    suite = models.CharField("算法", max_length=8)
    wrapped = models.CharField("密钥（已加密）", max_length=200, blank=True)
    master = models.PositiveIntegerField("主密钥编号")
    made_at = models.DateTimeField("建立时间", default=clock.now)
    destroyed_at = models.DateTimeField("销毁时间", null=True)
    destroyed_why = models.CharField("销毁原因", max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["master"], name="personal_master")]
        verbose_name = verbose_name_plural = "主体密钥"
