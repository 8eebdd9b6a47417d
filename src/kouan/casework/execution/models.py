"""What users enter of a project of the plan, of its progress, and of a target; and the thresholds that the national office sets.

A project without a row here has nothing on record, and every page says so. The plan's own rows are ``ports.Project``.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kouan.audit import register
from kouan.basis import Period, clock

PERSON: Any = settings.AUTH_USER_MODEL


@register
class ProjectRun(models.Model):
    """How one project is carried out. ``version`` covers milestones and money too: of two people at once one is told.

    ``first_start`` and ``first_finish`` stay as they were first entered; a lag is measured from them.
    """

    project = models.OneToOneField("ports.Project", models.PROTECT, related_name="run")
    owner = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="责任单位")
    owner_since = models.DateField("责任单位登记日期", null=True, blank=True)
    start = models.DateField("计划开工", null=True, blank=True)
    finish = models.DateField("计划完成", null=True, blank=True)
    first_start = models.DateField("首次计划开工", null=True, blank=True)
    first_finish = models.DateField("首次计划完成", null=True, blank=True)
    started_on = models.DateField("实际开工", null=True, blank=True)
    finished_on = models.DateField("实际完成", null=True, blank=True)
    reason = models.CharField("依据或理由", max_length=400)
    version = models.PositiveIntegerField("版本", default=1)
    set_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["project"]
        constraints = [models.CheckConstraint(condition=Q(start__isnull=True) | Q(finish__isnull=True) | Q(finish__gte=F("start")),
                                              name="execution_days_in_order")]
        verbose_name = verbose_name_plural = "规划项目执行"


@register
class ProjectMilestone(models.Model):
    """A step of a project: the day first planned, the day planned now, the day reached with the paper that shows it."""

    run = models.ForeignKey(ProjectRun, models.PROTECT, related_name="milestones")
    title = models.CharField("节点", max_length=120)
    first_planned_on = models.DateField("首次计划日期")
    planned_on = models.DateField("计划日期")
    actual_on = models.DateField("完成日期", null=True, blank=True)
    document = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField("改期理由", max_length=400, blank=True)
    set_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["planned_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "title"], name="execution_milestone_once"),
            models.CheckConstraint(condition=Q(actual_on__isnull=True) | Q(document__isnull=False), name="execution_milestone_shown"),
        ]
        verbose_name = verbose_name_plural = "规划项目节点"


class FundingKind(models.TextChoices):
    """Where money comes from."""

    CENTRAL = "central", "中央预算内"
    LOCAL = "local", "地方财政"
    ENTERPRISE = "enterprise", "企业自筹"
    BOND = "bond", "专项债"
    OTHER = "other", "其他"


@register
class ProjectFunding(models.Model):
    """Money of one kind, in 万元. Null is 未填; zero says that there is none."""

    run = models.ForeignKey(ProjectRun, models.PROTECT, related_name="funding")
    kind = models.CharField("资金类别", max_length=12, choices=FundingKind.choices)
    planned = models.DecimalField("计划（万元）", max_digits=12, decimal_places=2, null=True, blank=True)
    arranged = models.DecimalField("落实（万元）", max_digits=12, decimal_places=2, null=True, blank=True)
    paid = models.DecimalField("支付（万元）", max_digits=12, decimal_places=2, null=True, blank=True)
    note = models.CharField("依据", max_length=200, blank=True)
    set_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["run", "id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "kind"], name="execution_funding_once"),
            *(models.CheckConstraint(condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gte": 0}), name=f"execution_{name}_not_negative")
              for name in ("planned", "arranged", "paid")),
        ]
        verbose_name = verbose_name_plural = "规划项目资金"


@register
class ProgressReport(models.Model):
    """What the office in charge reported for a quarter. A correction is a new revision; only confirmed ones count.

    ``decided_by`` confirms or returns it and is never who reported it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待确认"
        CONFIRMED = "confirmed", "已确认"
        RETURNED = "returned", "已退回"

    run = models.ForeignKey(ProjectRun, models.PROTECT, related_name="reports")
    year = models.PositiveSmallIntegerField("年")
    quarter = models.PositiveSmallIntegerField("季度")
    revision = models.PositiveSmallIntegerField("版次", default=1)
    percent = models.PositiveSmallIntegerField("累计进度（%）")
    done = models.TextField("本季度完成的工作", max_length=2000)
    difficulties = models.TextField("困难和问题", max_length=2000, blank=True)
    finished_on = models.DateField("实际完成日期", null=True, blank=True)
    correction = models.CharField("更正理由", max_length=400, blank=True)
    evidence = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")
    # The task of whoever confirms it; ended with the report's decision.
    matter = models.OneToOneField("desk.Matter", models.PROTECT, null=True, blank=True, related_name="quarterly_report")
    office = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    reported_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    reported_on = models.DateField("报告日期")
    due_on = models.DateField("应报日期")
    is_late = models.BooleanField("逾期报告", default=False)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    decided_on = models.DateField("确认日期", null=True, blank=True)
    opinion = models.CharField("确认意见", max_length=400, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-year", "-quarter", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["run", "year", "quarter", "revision"], name="execution_revision_once"),
            models.UniqueConstraint(fields=["run", "year", "quarter"], condition=Q(state="waiting"), name="execution_one_waiting"),
            models.CheckConstraint(condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("reported_by")), name="execution_four_eyes"),
            models.CheckConstraint(condition=Q(quarter__gte=1, quarter__lte=4, percent__lte=100), name="execution_report_in_range"),
            models.CheckConstraint(condition=~Q(percent=100) | Q(finished_on__isnull=False, evidence__isnull=False),
                                   name="execution_finish_shown"),
        ]
        verbose_name = verbose_name_plural = "规划项目季度进展"

    @property
    def period(self) -> Period:
        """The quarter reported on."""
        return Period.quarter(self.year, self.quarter)


@register
class TargetActual(models.Model):
    """What was reached of a target of the plan in a year, by which source. A correction is a new revision."""

    target = models.CharField("目标编号", max_length=8)
    year = models.PositiveSmallIntegerField("年度")
    revision = models.PositiveSmallIntegerField("版次", default=1)
    value = models.DecimalField("实际值", max_digits=20, decimal_places=4, null=True, blank=True)
    words = models.CharField("完成情况", max_length=400, blank=True)
    source = models.CharField("来源", max_length=200)
    document = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")
    correction = models.CharField("更正理由", max_length=400, blank=True)
    entered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    entered_on = models.DateField("登记日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["target", "year", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["target", "year", "revision"], name="execution_actual_once"),
            models.CheckConstraint(condition=Q(value__isnull=False) | ~Q(words=""), name="execution_actual_said"),
        ]
        verbose_name = verbose_name_plural = "规划目标年度完成情况"


@register
class Threshold(models.Model):
    """A number that the national office set in the place of a proposal, from a day on. Only ever added."""

    name = models.SlugField("名称", max_length=24)
    count = models.PositiveSmallIntegerField("数值")
    from_day = models.DateField("起用日期")
    reason = models.CharField("依据或理由", max_length=400)
    set_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["name", "-from_day", "-id"]
        verbose_name = verbose_name_plural = "执行进度阈值"
