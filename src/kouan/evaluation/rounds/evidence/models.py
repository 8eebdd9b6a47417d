"""What is recorded of the qualitative side of a round. Every row is written once: a change is the next row, and the newest counts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from kouan.audit import register
from kouan.basis import clock
from kouan.evaluation.rounds.once import Once

PERSON: Any = settings.AUTH_USER_MODEL
OFFICE = "accounts.Organisation"


@register
class FiledEntry(Once):
    """What an office says of one item of one port: a point met (1) or not (0), or a plain figure. The newest revision counts."""

    filed_in = models.ForeignKey("rounds.RoundReturn", models.PROTECT, related_name="entries", verbose_name="报送")
    port = models.CharField("口岸代码", max_length=64)
    item = models.CharField("数据项", max_length=64)
    revision = models.PositiveSmallIntegerField("版次")
    value = models.FloatField("数值")
    is_point = models.BooleanField("检查点")
    remark = models.CharField("说明", max_length=400)
    office = models.ForeignKey(OFFICE, models.PROTECT, related_name="+", verbose_name="填报单位")
    filed_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="填报人")
    filed_on = models.DateField("填报日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["filed_in", "port", "item", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["filed_in", "port", "item", "revision"], name="filed_entry_once"),
            models.CheckConstraint(condition=Q(is_point=False) | Q(value__in=(0.0, 1.0)), name="filed_point_met_or_not"),
        ]
        verbose_name = verbose_name_plural = "评估填报项"

    @property
    def is_claim(self) -> bool:
        """Whether somebody must decide on it: a point said to be met, or a figure. A point said not to be met stands as it is."""
        return not self.is_point or self.value > 0


@register
class EntryPaper(Once):
    """A file that stands behind an entry, as it was then: a later version of the paper is no evidence of an earlier entry."""

    entry = models.ForeignKey(FiledEntry, models.PROTECT, related_name="papers")
    version = models.ForeignKey("desk.DocumentVersion", models.PROTECT, related_name="+", verbose_name="文件版本")

    class Meta:
        ordering = ["entry", "id"]
        constraints = [models.UniqueConstraint(fields=["entry", "version"], name="entry_paper_once")]
        verbose_name = verbose_name_plural = "评估填报项佐证"


@register
class EntryDecision(Once):
    """An entry accepted or rejected, with the reason. The newest decision counts."""

    entry = models.ForeignKey(FiledEntry, models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField("序号")
    accepted = models.BooleanField("采信")
    reason = models.CharField("理由", max_length=400)
    office = models.ForeignKey(OFFICE, models.PROTECT, related_name="+", verbose_name="核验单位")
    decided_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="核验人")
    decided_on = models.DateField("核验日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["entry", "-number"]
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="entry_decision_once")]
        verbose_name = verbose_name_plural = "评估填报项核验"


@register
class ExpertAsked(Once):
    """An expert asked to mark one indicator of one port, until released with a reason."""

    may_change = ("released_by", "released_on", "release_reason")

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="asked")
    indicator = models.CharField("指标", max_length=16)
    port = models.CharField("口岸代码", max_length=64)
    expert = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="专家")
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="指派人")
    asked_on = models.DateField("指派日期")
    released_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="撤回人")
    released_on = models.DateField("撤回日期", null=True)
    release_reason = models.CharField("撤回理由", max_length=400, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["round", "port", "indicator", "expert"]
        constraints = [
            models.UniqueConstraint(fields=["round", "indicator", "port", "expert"], condition=Q(released_on__isnull=True), name="expert_asked_once"),
            models.CheckConstraint(condition=Q(released_on__isnull=True) | (Q(released_by__isnull=False) & ~Q(release_reason="")),
                                   name="expert_released_by_somebody"),
        ]
        verbose_name = verbose_name_plural = "专家评分指派"


@register
class MarkingTask(Once):
    """What an expert has to mark of a round, as a matter on his or her desk; a new one where more is asked after the last one ended."""

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="marking_tasks")
    expert = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="专家")
    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="+", verbose_name="办件")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["round", "expert", "id"]
        verbose_name = verbose_name_plural = "专家评分任务"


@register
class ExpertDeclaration(Once):
    """利益关系声明: whether an expert has an interest in a port. The newest counts; with an interest nobody marks, and no mark counts."""

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="declarations")
    port = models.CharField("口岸代码", max_length=64)
    expert = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="专家")
    number = models.PositiveSmallIntegerField("序号")
    has_conflict = models.BooleanField("有利益关系")
    statement = models.CharField("说明", max_length=400)
    declared_on = models.DateField("声明日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["round", "port", "expert", "-number"]
        constraints = [models.UniqueConstraint(fields=["round", "port", "expert", "number"], name="expert_declaration_once")]
        verbose_name = verbose_name_plural = "专家利益关系声明"


@register
class ExpertMark(Once):
    """An expert's marks on the points of an indicator, 0–100 each, with the entry that was looked at. The newest revision counts.

    ``points``: by item ``{"mark": 80, "entry": 12}``. A mark on an entry that was filed anew since counts no more.
    """

    asked = models.ForeignKey(ExpertAsked, models.PROTECT, related_name="marks")
    revision = models.PositiveSmallIntegerField("版次")
    points = models.JSONField("各检查点评分")
    reason = models.CharField("评分理由", max_length=400)
    marked_on = models.DateField("评分日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["asked", "-revision"]
        constraints = [models.UniqueConstraint(fields=["asked", "revision"], name="expert_mark_once")]
        verbose_name = verbose_name_plural = "专家评分"


class RulingKind(models.TextChoices):
    """What the national office decides about what is not there."""

    NOT_APPLICABLE = "not_applicable", "不适用（M2）"
    FAILED_FEED = "failed_feed", "数据源中断（M4）"


@register
class Ruling(Once):
    """认定: an item or indicator does not apply, or its central source failed. Withdrawn by a later row that names it."""

    round = models.ForeignKey("rounds.Round", models.PROTECT, related_name="rulings")
    kind = models.CharField("类别", max_length=16, choices=RulingKind.choices)
    code = models.CharField("指标或数据项", max_length=64)
    port = models.CharField("口岸代码", max_length=64, blank=True)
    port_class = models.CharField("运输类别", max_length=16, blank=True)
    # 0: every year of the round's figures.
    year = models.PositiveSmallIntegerField("年度", default=0)
    reason = models.CharField("理由", max_length=400)
    withdraws = models.OneToOneField("self", models.PROTECT, null=True, related_name="withdrawn", verbose_name="撤回的认定")
    made_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="认定人")
    made_on = models.DateField("认定日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["round", "id"]
        constraints = [models.CheckConstraint(condition=~Q(kind="failed_feed") | (Q(port="") & Q(year__gt=0)), name="failed_feed_of_a_class")]
        verbose_name = verbose_name_plural = "国家口岸办认定"
