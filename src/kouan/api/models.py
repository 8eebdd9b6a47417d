"""Answers kept by idempotency key, so that a repeated write is done once."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from kouan.audit import exempt
from kouan.basis import clock


class KeptAnswer(models.Model):
    """What a write with this key answered. Kept for a week; the write itself is in the trail."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="kept_answer_once")]
        verbose_name = verbose_name_plural = "接口幂等记录"


exempt(KeptAnswer, "a cache of answers already given; the writes behind them are audited where they happen")
