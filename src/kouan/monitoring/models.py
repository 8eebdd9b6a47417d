"""Months added up from daily counts, so that a page need not read two thousand days.

Derived, never evidence: rebuilt from the observations whenever a batch brings new days, and not
part of the audit trail (the observations are).
"""

from __future__ import annotations

from django.db import models

from kouan.audit import exempt


class MonthOfDays(models.Model):
    """The sum of one daily series over one month, with how many of its days were reported."""

    series = models.ForeignKey("collection.Series", models.CASCADE, related_name="months_of_days")
    month = models.DateField("月份")
    value = models.DecimalField("合计", max_digits=24, decimal_places=6)
    days = models.PositiveSmallIntegerField("已报天数")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "month"], name="month_of_days_once")]
        verbose_name = verbose_name_plural = "日数据月合计"


exempt(MonthOfDays, "derived: rebuilt from the observations, which are audited")

# The journal's models belong to this app: its migrations are this room's.
from kouan.monitoring.journal.models import (  # noqa: E402, F401 - Django finds them here
    ClockRuling,
    Event,
    EventBatch,
    EventMonth,
    EventSource,
    HeldEvent,
)
from kouan.monitoring.norms.models import OperationNorm  # noqa: E402, F401
