"""What is kept of emergencies besides their matters: plans with their checklists, rosters, events with copied tasks, the log, reviews.

Log lines and changes of level are only ever added; a copied task stays as the plan had it when the event was opened.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from kouan.accounts.action import System
from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may_in_service
from kouan.accounts.personal.fields import PersonalRow, PersonalText
from kouan.accounts.scope import scope_of
from kouan.audit import register
from kouan.basis import clock
from kouan.desk.matters.models import Task
from kouan.ports.models import Port


class EmergencyPlanQuerySet(models.QuerySet["EmergencyPlan"]):
    """Plans, and who may see which."""

    def visible_to(self, user: Any) -> EmergencyPlanQuerySet:
        """The nation all; others those of their ports and, of plans for a whole province, their own province's."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "emergencies.read"):
            return self.none()
        if scope_of(user).everything:
            return self
        mine = Q(port__in=Port.objects.visible_to(user)) | Q(matter__applicant_id=user.organisation_id)
        if user.organisation.province_code:
            mine |= Q(port__isnull=True, province_code=user.organisation.province_code)
        return self.filter(mine)


@register
class EmergencyPlan(models.Model):
    """应急预案, one version: for a port, or (no port) for a province. In force while its matter stands in ``in_force``.

    ``checklist``: [{zh, en, desks: [desk…], minutes}], minutes from the opening of the event; several desks: each must answer.
    ``roles``: [{code, zh, en}] in the order of the phone tree.
    """

    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="emergency_plan")
    port = models.ForeignKey(Port, models.PROTECT, null=True, related_name="emergency_plans")
    province_code = models.CharField("省级行政区划代码", max_length=2)
    kind = models.SlugField("类别", max_length=24)
    number = models.PositiveIntegerField("版本")
    title_zh = models.CharField("名称", max_length=120)
    title_en = models.CharField("名称（英文）", max_length=200)
    words_zh = models.TextField("正文")
    words_en = models.TextField("正文（英文）", blank=True)
    checklist = models.JSONField("处置清单", default=list)
    roles = models.JSONField("岗位", default=list)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField("发布时间", null=True)
    # Kept with the plan as well as with its matter's steps: what is overdue is one query.
    next_drill_on = models.DateField("下次演练不晚于", null=True)
    created_at = models.DateTimeField("登记时间", default=clock.now)

    objects = EmergencyPlanQuerySet.as_manager()

    class Meta:
        ordering = ["province_code", "port_id", "kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["port", "kind", "number"], condition=Q(port__isnull=False), name="emergency_plan_port_version"),
            models.UniqueConstraint(fields=["province_code", "kind", "number"], condition=Q(port__isnull=True),
                                    name="emergency_plan_province_version"),
            # Whatever path writes it: nobody publishes a plan that he or she drafted.
            models.CheckConstraint(condition=Q(published_by__isnull=True) | ~Q(published_by=F("drafted_by")), name="emergency_plan_four_eyes"),
        ]
        verbose_name = verbose_name_plural = "应急预案"

    def __str__(self) -> str:
        return self.title_zh


class DutyEntryQuerySet(models.QuerySet["DutyEntry"]):
    """Rosters, and who may see which."""

    def visible_to(self, user: Any) -> DutyEntryQuerySet:
        """The nation all; an office its own; those who share a port or a province with it may call it."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "emergencies.read"):
            return self.none()
        if scope_of(user).everything:
            return self
        mine = Q(organisation_id=user.organisation_id)
        if user.organisation.province_code:
            mine |= Q(organisation__province_code=user.organisation.province_code)
        return self.filter(mine)


@register(digest=("person", "phone"))
class DutyEntry(PersonalRow):
    """值班表: who is on duty for a role on a day, and the number to call. A later entry ends the one before."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="duty_entries")
    day = models.DateField("日期")
    role = models.CharField("岗位", max_length=40)
    person = PersonalText("值班人员", max_length=64)
    phone = PersonalText("电话", max_length=32)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("登记时间", default=clock.now)
    ended_at = models.DateTimeField("被更换时间", null=True)

    objects = DutyEntryQuerySet.as_manager()

    class Meta:
        ordering = ["day", "id"]
        indexes = [models.Index(fields=["organisation", "day"], name="duty_office_day")]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "day", "role"], condition=Q(ended_at__isnull=True), name="duty_role_once"),
        ]
        verbose_name = verbose_name_plural = "值班表"


class EmergencyEventQuerySet(models.QuerySet["EmergencyEvent"]):
    """Events, and who may see which."""

    def visible_to(self, user: Any) -> EmergencyEventQuerySet:
        """Those at ports in scope, and those in which one's office leads, stands above or was given a task."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "emergencies.read"):
            return self.none()
        if scope_of(user).everything:
            return self
        given = Task.objects.filter(matter__emergency_task__event_id=OuterRef("pk"), organisation_id=user.organisation_id)
        asked = Task.objects.filter(matter_id=OuterRef("matter_id"), organisation_id=user.organisation_id)
        return self.filter(Q(port__in=Port.objects.visible_to(user)) | Q(Exists(given)) | Q(Exists(asked)))

    def running(self) -> EmergencyEventQuerySet:
        """Those whose response has not ended."""
        return self.filter(response_ended_at__isnull=True)

    def counted(self) -> EmergencyEventQuerySet:
        """Those that statistics count: no drill, no false alarm."""
        return self.filter(is_drill=False).exclude(matter__state="false_alarm")


@register
class EmergencyEvent(models.Model):
    """突发事件, or with ``is_drill`` its rehearsal (演练). ``level`` as it stands; its changes are rows of ``LevelChange``."""

    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="emergency_event")
    port = models.ForeignKey(Port, models.PROTECT, related_name="emergencies")
    kind = models.SlugField("类别", max_length=24)
    level = models.PositiveSmallIntegerField("等级")
    is_drill = models.BooleanField("演练", default=False)
    title_zh = models.CharField("标题", max_length=120)
    title_en = models.CharField("标题（英文）", max_length=200, blank=True)
    words = models.TextField("情况", blank=True)
    occurred_at = models.DateTimeField("发生时间")
    opened_at = models.DateTimeField("启动时间", default=clock.now)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    plan = models.ForeignKey(EmergencyPlan, models.PROTECT, null=True, related_name="events")
    warning = models.ForeignKey("warnings.EarlyWarning", models.PROTECT, null=True, related_name="emergencies")
    lead = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    superior = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    response_ended_at = models.DateTimeField("处置结束时间", null=True)
    summary = models.TextField("处置结果", blank=True)
    lessons = models.TextField("经验教训", blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = EmergencyEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["port", "response_ended_at"], name="emergency_port_open")]
        constraints = [models.CheckConstraint(condition=Q(level__gte=1, level__lte=4), name="emergency_level")]
        verbose_name = verbose_name_plural = "突发事件"

    def __str__(self) -> str:
        return self.title_zh


@register
class EmergencyTask(models.Model):
    """One item of the checklist, as the plan had it when the event was opened; or one added while it ran (``number`` after the plan's)."""

    event = models.ForeignKey(EmergencyEvent, models.PROTECT, related_name="tasks")
    number = models.PositiveSmallIntegerField("序号")
    words_zh = models.CharField("事项", max_length=300)
    words_en = models.CharField("事项（英文）", max_length=400, blank=True)
    desks = models.JSONField("承办方", default=list)
    # Where a desk has no office at the port, whose desk it went to instead.
    note_zh = models.CharField("说明", max_length=300, blank=True)
    note_en = models.CharField("说明（英文）", max_length=400, blank=True)
    due_at = models.DateTimeField("时限")
    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="emergency_task")
    late_told_at = models.DateTimeField("逾期提醒时间", null=True)

    class Meta:
        ordering = ["event_id", "number"]
        constraints = [models.UniqueConstraint(fields=["event", "number"], name="emergency_task_once")]
        verbose_name = verbose_name_plural = "突发事件任务"


@register
class LevelChange(models.Model):
    """The level from a moment on, by whom and why. The first row is the opening."""

    event = models.ForeignKey(EmergencyEvent, models.PROTECT, related_name="levels")
    level = models.PositiveSmallIntegerField("等级")
    reason = models.CharField("理由", max_length=400)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField("时间", default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = verbose_name_plural = "突发事件等级调整"


@register
class LogLine(models.Model):
    """处置日志: one line, never changed; ``corrects`` names the line that it puts right. No actor: the system."""

    event = models.ForeignKey(EmergencyEvent, models.PROTECT, related_name="log")
    words_zh = models.CharField("内容", max_length=1000)
    words_en = models.CharField("内容（英文）", max_length=1000, blank=True)
    happened_at = models.DateTimeField("发生时间")
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = verbose_name_plural = "突发事件处置日志"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the line. ValueError for one that is there already: a log is not rewritten."""
        if not self._state.adding:
            raise ValueError("a line of the log is never changed; add a line that corrects it")
        super().save(*args, **kwargs)


@register
class PortClosure(models.Model):
    """What an event closed at its port, from when to when, on whose decision. A drill's closure is none."""

    event = models.ForeignKey(EmergencyEvent, models.PROTECT, related_name="closures")
    what = models.CharField("关闭范围", max_length=200)
    decided_by = models.CharField("决定单位", max_length=120)
    # As issued; a decision by word of mouth has none yet.
    document_number = models.CharField("发文字号", max_length=80, blank=True)
    closed_at = models.DateTimeField("关闭时间")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField("恢复时间", null=True)
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(reopened_at__isnull=True) | Q(reopened_at__gte=F("closed_at")), name="closure_ends_after_it_began"),
        ]
        verbose_name = verbose_name_plural = "突发事件中的口岸关闭"


@register
class ReviewMeasure(models.Model):
    """改进措施: what an office has to do by a day. ``matter`` is opened when the review is confirmed."""

    event = models.ForeignKey(EmergencyEvent, models.PROTECT, related_name="measures")
    what = models.CharField("措施", max_length=400)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    due_on = models.DateField("完成期限")
    matter = models.OneToOneField("desk.Matter", models.PROTECT, null=True, related_name="emergency_measure")

    class Meta:
        ordering = ["id"]
        verbose_name = verbose_name_plural = "复盘改进措施"
