"""Verdicts as they were recorded, each with the recipe that made it.

A verdict is advice with reasons; it never changes the register. A recorded one is never
edited: judging the same year again writes the next revision when anything differs.
"""

from __future__ import annotations

from django.db import models

from kouan.audit import register
from kouan.basis import clock


@register
class VerdictRecord(models.Model):
    """One port, one year, one rule, one revision."""

    port_code = models.CharField("口岸代码", max_length=64)
    year = models.PositiveIntegerField("年度")
    rule = models.CharField("规则", max_length=48, default="volume_standard")
    revision = models.PositiveIntegerField("版本", default=1)
    verdict = models.CharField("结论", max_length=16)
    as_of = models.DateField("依据截至日期")
    facts = models.JSONField("事实")
    margins = models.JSONField("余量")
    steps = models.JSONField("判定过程")
    recipe = models.JSONField("复算依据")
    digest = models.CharField("校验值", max_length=64)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["year", "port_code", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["port_code", "year", "rule", "revision"], name="verdict_once")
        ]
        verbose_name = verbose_name_plural = "判定记录"
