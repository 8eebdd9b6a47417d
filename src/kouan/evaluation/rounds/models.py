"""What is recorded of the yearly evaluation: schemes and their versions."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kouan.audit import register
from kouan.basis import clock
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.once import Once

PERSON: Any = settings.AUTH_USER_MODEL


class SchemeState(models.TextChoices):
    """A version is a draft until a second person publishes it; then it is frozen."""

    DRAFT = "draft", "拟稿"
    PUBLISHED = "published", "已发布"


# The trail holds the digest; the text itself, a quarter of a megabyte, need not be repeated there.
@register(exclude=("content",))
class SchemeVersion(Once):
    """A scheme as proposed for a year. Its content never changes: a change is the next version."""

    may_change = ("state", "published_by", "published_on", "opinion")

    year = models.PositiveSmallIntegerField("年度")
    version = models.PositiveSmallIntegerField("版本")
    code = models.CharField("方案代码", max_length=64)
    name_zh = models.CharField("方案名称", max_length=200)
    name_en = models.CharField("方案名称（英文）", max_length=200)
    is_proposal = models.BooleanField("建议稿")
    # Canonical JSON as text: a database of its own number format could give another digest back.
    content = models.TextField("方案内容")
    digest = models.CharField("方案校验值", max_length=64)
    reason = models.CharField("编制或修改说明", max_length=400)
    state = models.CharField("状态", max_length=10, choices=SchemeState.choices, default=SchemeState.DRAFT)
    proposed_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_on = models.DateField("提出日期")
    published_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="发布人")
    published_on = models.DateField("发布日期", null=True)
    opinion = models.CharField("发布意见", max_length=400, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-year", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["year", "version"], name="scheme_version_once"),
            models.CheckConstraint(
                condition=Q(state="draft", published_by__isnull=True) | Q(state="published", published_by__isnull=False, published_on__isnull=False),
                name="scheme_published_by_somebody"),
            models.CheckConstraint(condition=Q(published_by__isnull=True) | ~Q(published_by=F("proposed_by")), name="scheme_four_eyes"),
        ]
        verbose_name = verbose_name_plural = "评估方案"

    def scheme(self) -> Scheme:
        """The scheme itself, checked anew. Raises Refused where it may not be used."""
        return Scheme.of(json.loads(self.content))
