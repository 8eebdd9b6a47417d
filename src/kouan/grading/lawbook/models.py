"""Changes of law as they were proposed and decided, and the stored index of the law's words.

People stand as plain ids: whoever reads the law needs no table of users.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from kouan.accounts.models import Role
from kouan.accounts.scope import scope_of
from kouan.audit import exempt, register
from kouan.basis import clock
from kouan.law.changes import PARAMETER, RULING, Change


class ChangeState(models.TextChoices):
    """How far a change has come."""

    PROPOSED = "proposed", "待批准"
    APPROVED = "approved", "已批准"
    REJECTED = "rejected", "未批准"
    WITHDRAWN = "withdrawn", "已撤回"


class LawChangeQuerySet(models.QuerySet["LawChange"]):
    """Changes, and who may see which."""

    def visible_to(self, user: Any) -> LawChangeQuerySet:
        """What is approved is the law, which everybody reads; the rest is for the national office and its auditors."""
        if user is None or not user.is_authenticated or not user.is_active or user.role == Role.ENTERPRISE_USER:
            return self.none()
        return self if scope_of(user).everything else self.filter(state=ChangeState.APPROVED)

    def approved(self) -> LawChangeQuerySet:
        """Those that are law, from their day."""
        return self.filter(state=ChangeState.APPROVED)


@register
class LawChange(models.Model):
    """One value of a parameter or one ruling. Nothing of it changes after it was proposed but its decision."""

    kind = models.CharField("种类", max_length=12, choices=[(PARAMETER, "参数取值"), (RULING, "解释口径")])
    key = models.CharField("参数或设定", max_length=80)
    value = models.CharField("取值", max_length=64)
    from_date = models.DateField("自何日起")
    document_title = models.CharField("文件名称", max_length=200)
    document_number = models.CharField("发文字号", max_length=80)
    issued = models.DateField("印发日期")
    article = models.CharField("条款", max_length=80, blank=True)
    quote = models.TextField("原文", blank=True, max_length=2000)
    reason = models.CharField("理由", max_length=400)
    state = models.CharField("状态", max_length=12, choices=ChangeState.choices, default=ChangeState.PROPOSED)
    # What the change would do, as it was worked out at the last step of its way.
    preview = models.JSONField("影响预览")
    proposed_by = models.PositiveBigIntegerField("提出人")
    proposed_at = models.DateTimeField("提出时间", default=clock.now)
    decided_by = models.PositiveBigIntegerField("办理人", null=True, blank=True)
    decided_at = models.DateTimeField("办理时间", null=True, blank=True)
    decision = models.CharField("办理意见", max_length=400, blank=True)

    objects = LawChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Whatever path writes it: who proposes a change never approves or rejects it.
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "rejected"]) | (
                    models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("proposed_by"))),
                name="law_change_four_eyes",
            ),
            models.UniqueConstraint(
                fields=["key", "from_date"], condition=models.Q(kind=PARAMETER, state="approved"), name="law_value_once",
            ),
            models.UniqueConstraint(
                fields=["key", "from_date", "issued"], condition=models.Q(kind=RULING, state="approved"), name="law_ruling_once",
            ),
        ]
        verbose_name = verbose_name_plural = "法规变更"

    def change(self) -> Change:
        """The change itself, as the engine of the law reads it."""
        return Change(
            self.kind, self.key, self.value, self.from_date, self.document_title, self.document_number, self.issued, self.reason,
            article=self.article, quote=self.quote,
        )


class LawPage(models.Model):
    """One page of the law as it is searched; ``plain`` is all its words as they are compared."""

    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=80)
    title_zh = models.CharField(max_length=240)
    title_en = models.CharField(max_length=240)
    texts = models.JSONField()
    plain = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="law_page_once")]


class LawGram(models.Model):
    """How often two neighbouring characters stand on a page."""

    gram = models.CharField(max_length=2)
    page = models.ForeignKey(LawPage, models.CASCADE, related_name="grams")
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gram", "page"], name="law_gram_once")]


class LawIndex(models.Model):
    """Which state of the law the index was made from: one row."""

    signature = models.CharField(max_length=64)


_DERIVED = "made from the files of the law and from approved changes, and made again from them at any time"
for _model in (LawPage, LawGram, LawIndex):
    exempt(_model, _DERIVED)
