"""Documents and background jobs, shared by every room above.

A ``Document`` is a paper that a decision rests on: its number is entered as issued, never
generated. It may be known by reference only (a plan's box) or hold scanned versions.
A ``Job`` is our own row beside the task queue's: progress, heartbeat and outcome, so that a
worker killed hard never leaves a job running for ever.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from kouan.audit import register
from kouan.basis import clock
from kouan.desk.matters.models import (  # noqa: F401 - Django finds a room's models here
    CalendarFeed,
    Delegation,
    HolidayTable,
    Matter,
    MatterNotice,
    MatterOpinion,
    MatterStep,
    NoticeMail,
    ProcedureEdition,
    ProcedureSetting,
    Task,
)


class DocumentKind(models.TextChoices):
    """What sort of paper it is."""

    PLAN = "plan", "规划"
    REPLY = "reply", "国务院批复"
    NOTICE = "notice", "通知公告"
    MINUTES = "minutes", "验收纪要"
    RULING = "ruling", "解释口径"
    DATA = "data", "数据文件"
    OTHER = "other", "其他"


@register
class Document(models.Model):
    """One paper. ``reference`` is a stable short name used by seeds and links."""

    reference = models.CharField("引用名", max_length=120, unique=True)
    kind = models.CharField("类别", max_length=16, choices=DocumentKind.choices)
    title = models.CharField("标题", max_length=300)
    document_number = models.CharField("发文字号", max_length=80, blank=True)
    issuer = models.CharField("发文机关", max_length=160, blank=True)
    issued_on = models.DateField("成文日期", null=True, blank=True)
    note = models.TextField("说明", blank=True)
    province_code = models.CharField("所属省级行政区", max_length=2, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    is_public = models.BooleanField("可公开", default=False)
    retain_until = models.DateField("保存至", null=True, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-recorded_at", "-id"]
        verbose_name = verbose_name_plural = "文件"

    def __str__(self) -> str:
        return f"{self.title}（{self.document_number}）" if self.document_number else self.title


@register
class DocumentVersion(models.Model):
    """One file of a document, kept under its SHA-256; a replaced file stays readable.

    After the document's ``retain_until`` the file goes and the row stays: name, size and checksum
    still say what was there, and ``disposed_at`` when it went.
    """

    document = models.ForeignKey(Document, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("版本")
    file_name = models.CharField("文件名", max_length=255)
    media_type = models.CharField("类型", max_length=120, blank=True)
    size_bytes = models.BigIntegerField("大小（字节）")
    sha256 = models.CharField("校验值", max_length=64, db_index=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)
    disposed_at = models.DateTimeField("销毁时间", null=True, blank=True)

    class Meta:
        ordering = ["document_id", "number"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="document_version_once")]
        verbose_name = verbose_name_plural = "文件版本"


class JobState(models.TextChoices):
    """How far a job has come."""

    WAITING = "waiting", "排队中"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    FAILED = "failed", "未完成"
    LOST = "lost", "中断（可重做）"


@register(exclude=("heartbeat_at", "done", "total", "stage"))
class Job(models.Model):
    """Work of more than two seconds (DESIGN.md, contract 8)."""

    kind = models.CharField("种类", max_length=48)
    arguments = models.JSONField("参数", default=dict)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField("状态", max_length=8, choices=JobState.choices, default=JobState.WAITING)
    done = models.BigIntegerField("已处理", default=0)
    total = models.BigIntegerField("总量", null=True)
    stage = models.CharField("步骤", max_length=120, blank=True)
    result = models.JSONField("结果", null=True)
    findings = models.JSONField("问题", default=list)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    created_at = models.DateTimeField("提交时间", default=clock.now)
    started_at = models.DateTimeField("开始时间", null=True)
    heartbeat_at = models.DateTimeField("最近心跳", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "created_at"], name="job_state")]
        verbose_name = verbose_name_plural = "后台任务"
