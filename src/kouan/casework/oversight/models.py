"""What is kept of supervision: cells of the matrix, reports, what a supervised matter is about, papers, instructions, circulars.

A cell without a row has no owner on record, and every page says so. Matters, tasks and clocks are the desk's.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from kouan.accounts.models import Role
from kouan.accounts.scope import scope_of
from kouan.audit import register
from kouan.basis import clock

PERSON: Any = settings.AUTH_USER_MODEL


def may_look(user: Any) -> bool:
    """Whether somebody sees anything here at all: signed in, active, and no enterprise."""
    return bool(user is not None and user.is_authenticated and user.is_active and user.organisation.is_active and user.role != Role.ENTERPRISE_USER)


class CellQuerySet(models.QuerySet["TaskCell"]):
    """Cells, and who may see which."""

    def visible_to(self, user: Any) -> CellQuerySet:
        """The national office all; a province its own column; anybody else the cells that their office is in charge of."""
        if not may_look(user):
            return self.none()
        scope = scope_of(user)
        return self if scope.everything else self.filter(Q(place__in=scope.provinces - {""}) | Q(owner_id=user.organisation_id))


@register
class TaskCell(models.Model):
    """One task of the plan in one place: who is in charge, by when, and whether it is done."""

    task = models.SlugField("任务", max_length=48)
    place = models.CharField("地区", max_length=2)
    owner = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="责任单位")
    due_on = models.DateField("期限", null=True, blank=True)
    is_exempt = models.BooleanField("不适用", default=False)
    reason = models.CharField("依据或理由", max_length=400)
    # What the last person saw; the second of two at once is told.
    version = models.PositiveIntegerField("版本", default=1)
    completed_on = models.DateField("核实完成日期", null=True, blank=True)
    set_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    objects = CellQuerySet.as_manager()

    class Meta:
        ordering = ["task", "place"]
        constraints = [models.UniqueConstraint(fields=["task", "place"], name="oversight_cell_once")]
        verbose_name = verbose_name_plural = "规划任务格"


@register
class Milestone(models.Model):
    """A step on the way of one cell, with its day."""

    cell = models.ForeignKey(TaskCell, models.PROTECT, related_name="milestones")
    label = models.CharField("节点", max_length=120)
    due_on = models.DateField("期限")
    reached_on = models.DateField("完成日期", null=True, blank=True)
    set_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [models.UniqueConstraint(fields=["cell", "label"], name="oversight_milestone_once")]
        verbose_name = verbose_name_plural = "任务节点"


@register
class CellReport(models.Model):
    """Progress as it was reported; only ever added. ``verified_by`` accepts a completion, and is never who reported it."""

    cell = models.ForeignKey(TaskCell, models.PROTECT, related_name="reports")
    words = models.TextField("进展情况", max_length=2000)
    problem = models.TextField("重大问题", max_length=2000, blank=True)
    is_complete = models.BooleanField("报告已完成", default=False)
    evidence = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")
    matter = models.ForeignKey("desk.Matter", models.PROTECT, null=True, blank=True, related_name="+")
    reported_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    reported_on = models.DateField("报告日期")
    accepted = models.BooleanField("核实结论", null=True)
    verified_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    verified_on = models.DateField("核实日期", null=True, blank=True)
    finding = models.CharField("核实意见", max_length=400, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(verified_by__isnull=True) | ~Q(verified_by=F("reported_by")), name="oversight_report_four_eyes"),
        ]
        verbose_name = verbose_name_plural = "任务进展报告"


class InstructionQuerySet(models.QuerySet["Instruction"]):
    """Instructions, and who may see which."""

    def visible_to(self, user: Any) -> InstructionQuerySet:
        """The national office all; an office those that it has to answer."""
        if not may_look(user):
            return self.none()
        if scope_of(user).everything:
            return self
        mine = Supervision.objects.filter(instruction_id=OuterRef("pk"), owner_id=user.organisation_id)
        return self.filter(Exists(mine))


@register
class Instruction(models.Model):
    """领导批示: a superior's written words, who signed them and when; ended when each office has answered."""

    class Urgency(models.TextChoices):
        ROUTINE = "routine", "平件"
        URGENT = "urgent", "加急"
        MOST_URGENT = "most_urgent", "特急"

    title = models.CharField("批示事项", max_length=160)
    signer = models.CharField("批示人", max_length=80)
    signed_on = models.DateField("批示日期")
    words = models.TextField("批示内容", max_length=2000)
    reference = models.CharField("来文编号", max_length=80, blank=True)
    scan = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")
    urgency = models.CharField("缓急", max_length=12, choices=Urgency.choices, default=Urgency.ROUTINE)
    due_on = models.DateField("办理期限", null=True, blank=True)
    recorded_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    ended_on = models.DateField("办结日期", null=True, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    objects = InstructionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "领导批示"


class SupervisionQuerySet(models.QuerySet["Supervision"]):
    """Supervised matters, and who may see which: whoever sees the matter."""

    def visible_to(self, user: Any) -> SupervisionQuerySet:
        """Those whose matter is in scope."""
        from kouan.desk.matters.models import Matter

        return self.filter(matter__in=Matter.objects.visible_to(user)) if may_look(user) else self.none()


@register
class Supervision(models.Model):
    """What a supervised matter (督办件) is about: a cell of the matrix, or an instruction, and one office in charge."""

    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="supervision")
    cell = models.ForeignKey(TaskCell, models.PROTECT, null=True, blank=True, related_name="supervisions")
    instruction = models.ForeignKey(Instruction, models.PROTECT, null=True, blank=True, related_name="supervisions")
    owner = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    due_on = models.DateField("期限", null=True, blank=True)
    is_open = models.BooleanField("办理中", default=True)
    reported_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    verified_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")

    objects = SupervisionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(cell__isnull=False) ^ Q(instruction__isnull=False), name="oversight_one_origin"),
            models.CheckConstraint(condition=Q(verified_by__isnull=True) | ~Q(verified_by=F("reported_by")), name="oversight_four_eyes"),
            models.UniqueConstraint(fields=["cell"], condition=Q(is_open=True), name="oversight_cell_supervised_once"),
            models.UniqueConstraint(fields=["instruction", "owner"], condition=Q(is_open=True), name="oversight_office_instructed_once"),
        ]
        verbose_name = verbose_name_plural = "督办事项"


class PaperQuerySet(models.QuerySet["OversightPaper"]):
    """Drafted papers, and who may see which."""

    def visible_to(self, user: Any) -> PaperQuerySet:
        """The national office all; an issued notice also whoever sees its matter. A report upward stays with the national office."""
        if not may_look(user):
            return self.none()
        if scope_of(user).everything:
            return self
        return self.filter(kind="notice", issued_on__isnull=False, supervision__in=Supervision.objects.visible_to(user))


@register
class OversightPaper(models.Model):
    """A paper that the system drafted; ``content`` is what it said on that day. Number and date are entered as issued."""

    kind = models.CharField("文种", max_length=8, choices=[("notice", "督办通知"), ("report", "情况报告")])
    supervision = models.ForeignKey(Supervision, models.PROTECT, null=True, blank=True, related_name="papers")
    report = models.OneToOneField(CellReport, models.PROTECT, null=True, blank=True, related_name="paper")
    due_on = models.DateField("所逾期限", null=True, blank=True)
    title = models.CharField("标题", max_length=200)
    addressee = models.CharField("主送", max_length=120)
    content = models.JSONField("内容")
    drafted_on = models.DateField("起草日期")
    number = models.CharField("发文字号", max_length=80, blank=True)
    issued_on = models.DateField("成文日期", null=True, blank=True)
    issued_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["supervision", "due_on"], name="oversight_notice_once")]
        verbose_name = verbose_name_plural = "督办文书"


class CircularQuerySet(models.QuerySet["Circular"]):
    """Circulars, and who may see which."""

    def visible_to(self, user: Any) -> CircularQuerySet:
        """One's own office's, and those issued to it; the national office's officers do not read between provinces."""
        if not may_look(user):
            return self.none()
        addressed = CircularReceipt.objects.filter(circular_id=OuterRef("pk"), office_id=user.organisation_id)
        return self.filter(Q(office_id=user.organisation_id) | (~Q(state="draft") & Exists(addressed)))


@register
class Circular(models.Model):
    """通知、通报. Drafted by one, issued by another of the same office; afterwards only its state changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        ISSUED = "issued", "已印发"
        RECALLED = "recalled", "已撤回"
        SUPERSEDED = "superseded", "已被替代"

    kind = models.CharField("文种", max_length=8, choices=[("notice", "通知"), ("circular", "通报")])
    title = models.CharField("标题", max_length=160)
    text = models.TextField("正文", max_length=20000)
    attachments = models.JSONField("附件", default=list)
    # What was chosen (provinces, kinds, offices), so that the preview and the issue address the same rule.
    recipients = models.JSONField("收文范围", default=dict)
    office = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.DRAFT)
    drafted_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    issued_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    number = models.CharField("发文字号", max_length=80, blank=True)
    issued_on = models.DateField("成文日期", null=True, blank=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")
    ended_reason = models.CharField("撤回理由", max_length=400, blank=True)
    version = models.PositiveIntegerField("版本", default=1)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    objects = CircularQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(issued_by__isnull=True) | ~Q(issued_by=F("drafted_by")), name="oversight_circular_four_eyes"),
            models.UniqueConstraint(fields=["office", "number"], condition=~Q(number=""), name="oversight_circular_number_once"),
        ]
        verbose_name = verbose_name_plural = "通知通报"


@register
class CircularReceipt(models.Model):
    """One office that a circular went to; the matter is the task on its desk, and ends when somebody there signs."""

    circular = models.ForeignKey(Circular, models.PROTECT, related_name="receipts")
    office = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="circular_receipt")
    first_read_at = models.DateTimeField("首次查阅", null=True, blank=True)
    signed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    signed_at = models.DateTimeField("签收时间", null=True, blank=True)

    class Meta:
        ordering = ["office__province_code", "office__code"]
        constraints = [models.UniqueConstraint(fields=["circular", "office"], name="oversight_receipt_once")]
        verbose_name = verbose_name_plural = "通知签收"


def day_words(day: date | None) -> str:
    """A day as a paper writes it; 未定 where there is none."""
    return f"{day.year}年{day.month}月{day.day}日" if day else "未定"


class ClearanceNoticeQuerySet(models.QuerySet["ClearanceNotice"]):
    """Clearance-time notices, and who may see which."""

    def visible_to(self, user: Any) -> ClearanceNoticeQuerySet:
        """The national office all; another office those issued to it."""
        if not may_look(user):
            return self.none()
        return self if scope_of(user).everything else self.filter(circular__in=Circular.objects.visible_to(user))


@register
class ClearanceNotice(models.Model):
    """整体通关时间通报: the figures of a province's ports in one month, frozen; its circular carries it to the province's desk."""

    province = models.CharField("省级行政区划代码", max_length=2)
    month = models.CharField("月份", max_length=7)
    figures = models.JSONField("结果")
    figures_sha256 = models.CharField("结果校验值", max_length=64)
    circular = models.OneToOneField(Circular, models.PROTECT, related_name="clearance_notice")
    drafted_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField("起草时间", default=clock.now)

    objects = ClearanceNoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-month", "province", "-id"]
        verbose_name = verbose_name_plural = "整体通关时间通报"

    @property
    def is_issued(self) -> bool:
        """Whether a second person has issued it."""
        return self.circular.state != Circular.State.DRAFT
