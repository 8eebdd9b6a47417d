"""What the journal records: sources, batches, events, held rows, rulings on clocks, and the months copied to Parquet.

Events are append-only: a correction is a row with the next revision, and the highest revision counts. Their inserts
are one entry of the trail per batch, with the number of rows and a SHA-256 over them; every update or delete is caught
row by row (DESIGN.md, contract 6).
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from kouan.audit import register
from kouan.basis import Text, clock
from kouan.monitoring.journal.visibility import BySourceQuerySet, EventQuerySet, SourceQuerySet


class EventOrigin(models.TextChoices):
    """What kind of figures these are."""

    OFFICIAL = "official", "业务数据"
    EXERCISE = "exercise", "演练"
    DEMONSTRATION = "demonstration", "演示"


class Channel(models.TextChoices):
    """By which way a batch came."""

    HTTP = "http", "接口"
    FILE = "file", "文件"
    STREAM = "stream", "消息队列"
    HELD = "held", "暂存复核"


@register
class EventSource(models.Model):
    """Who sends events: one system of one organisation, and the ports for which it may speak.

    ``port_codes`` lists the ports; ``["*"]`` means every port. ``norm_per_second``: what it sends in busy hours;
    0 is not declared. Tolerances are in minutes.
    """

    code = models.SlugField("代码", max_length=64, unique=True)
    name_zh = models.CharField("名称", max_length=120)
    name_en = models.CharField("英文名称", max_length=160)
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="event_sources")
    port_codes = models.JSONField("可报口岸", default=list)
    origin = models.CharField("数据性质", max_length=16, choices=EventOrigin.choices, default=EventOrigin.OFFICIAL)
    late_after = models.PositiveIntegerField("迟报界限（分钟）", default=24 * 60)
    ahead_allowed = models.PositiveIntegerField("超前容差（分钟）", default=5)
    skew_after = models.PositiveIntegerField("时钟偏差界限（分钟）", default=30)
    norm_per_second = models.PositiveIntegerField("常规流量（条/秒）", default=0)
    known_faults = models.JSONField("已知问题", default=list, blank=True)
    is_active = models.BooleanField("在用", default=True)
    created_at = models.DateTimeField("登记时间", default=clock.now)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = verbose_name_plural = "事件来源"

    def __str__(self) -> str:
        return f"{self.name_zh}（{self.code}）"

    @property
    def name(self) -> Text:
        """Its name in both languages."""
        return Text(self.name_zh, self.name_en)

    def speaks_for(self, port: str) -> bool:
        """Whether it may report events of this port."""
        return port in self.port_codes or "*" in self.port_codes


@register
class ClockRuling(models.Model):
    """A dated ruling that a source's clock was wrong: ``shift_us`` is added to what it reported, on reading.

    It holds for events received from ``from_us`` until before ``to_us`` (null: until further notice). What was
    reported stays as it was reported.
    """

    source = models.ForeignKey(EventSource, models.PROTECT, related_name="rulings")
    shift_us = models.BigIntegerField("校正量（微秒）")
    from_us = models.BigIntegerField("自（接收时刻，微秒）")
    to_us = models.BigIntegerField("至（接收时刻，微秒）", null=True, blank=True)
    reason = models.CharField("理由", max_length=400)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("裁定时间", default=clock.now)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta:
        ordering = ["source", "from_us"]
        verbose_name = verbose_name_plural = "时钟校正裁定"


@register
class EventBatch(models.Model):
    """What one source sent in one commit. received = accepted + repeated + held.

    ``delay_low_us`` and ``delay_mid_us``: the 5th and 50th percentile of received − occurred over actual events, as the
    source's clock stands under no ruling; they show a clock that is wrong (skew.py).
    """

    source = models.CharField("来源", max_length=64)
    channel = models.CharField("途径", max_length=8, choices=Channel.choices)
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    file_name = models.CharField("文件名", max_length=255, blank=True)
    file_sha256 = models.CharField("文件校验值", max_length=64, blank=True)
    received_at = models.DateTimeField("接收时间")
    received = models.PositiveIntegerField("收到", default=0)
    accepted = models.PositiveIntegerField("接受", default=0)
    repeated = models.PositiveIntegerField("重复", default=0)
    held = models.PositiveIntegerField("暂存", default=0)
    corrections = models.PositiveIntegerField("更正", default=0)
    withdrawals = models.PositiveIntegerField("撤销", default=0)
    late = models.PositiveIntegerField("迟到", default=0)
    out_of_order = models.PositiveIntegerField("乱序", default=0)
    actual = models.PositiveIntegerField("实际事件", default=0)
    first_us = models.BigIntegerField("最早发生（微秒）", null=True)
    last_us = models.BigIntegerField("最晚发生（微秒）", null=True)
    delay_low_us = models.BigIntegerField("时延低位（微秒）", null=True)
    delay_mid_us = models.BigIntegerField("时延中位（微秒）", null=True)
    findings = models.JSONField("问题汇总", default=list)

    objects = BySourceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["source", "-id"], name="event_batch_source")]
        verbose_name = verbose_name_plural = "事件批次"


@register(bulk=True, batch_column="batch", later_columns=("nationality_group", "risk_channel", "goods_kind"))
class Event(models.Model):
    """One milestone of one case at one revision, as reported. Never updated or deleted.

    ``batch`` and ``source`` carry no constraint in the database: a check for each row would cost as much as the row,
    the batch is written in the same transaction, and sources are never deleted.
    """

    batch = models.ForeignKey(EventBatch, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    case_id = models.CharField("事项", max_length=80)
    case_kind = models.CharField("事项类别", max_length=24)
    milestone = models.CharField("节点", max_length=48)
    mode = models.CharField("运输方式", max_length=8)
    direction = models.CharField("方向", max_length=12)
    port = models.CharField("口岸", max_length=64)
    place = models.CharField("地点", max_length=80, blank=True)
    party = models.CharField("办理单位", max_length=80, blank=True)
    planned = models.BooleanField("计划")
    occurred_us = models.BigIntegerField("发生时刻（微秒，UTC）")
    utc_offset = models.SmallIntegerField("时差（分钟）", null=True)
    received_us = models.BigIntegerField("接收时刻（微秒，UTC）")
    source = models.CharField("来源", max_length=64)
    event_id = models.CharField("来源编号", max_length=80)
    revision = models.PositiveIntegerField("修订号")
    withdrawn = models.BooleanField("撤销")
    quantity = models.BigIntegerField("数量", null=True)
    origin = models.CharField("数据性质", max_length=16)
    # Told of few events; null: not told (traits.py).
    nationality_group = models.CharField("人员分组", max_length=12, null=True)
    risk_channel = models.CharField("风险通道", max_length=12, null=True)
    goods_kind = models.CharField("货物种类", max_length=16, null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "event_id", "revision"], name="event_once")]
        indexes = [models.Index(fields=["case_id"], name="event_case")]
        verbose_name = verbose_name_plural = "作业节点事件"


class HeldResolution(models.TextChoices):
    """What became of a held row."""

    ACCEPTED = "accepted", "复核后接受"
    DISCARDED = "discarded", "不予采用"


@register(
    bulk=True, batch_column="batch",
    digest_columns=("batch", "number", "source", "event_id", "port", "digest", "raw", "findings"),
)
class HeldEvent(models.Model):
    """A row that could not be accepted, as it was sent, with the reasons. ``number`` counts from 1 in what was sent.

    ``digest`` is over the row as sent: the very row again is answered as before and not held twice.
    """

    batch = models.ForeignKey(EventBatch, models.PROTECT, related_name="held_rows", db_constraint=False)
    number = models.PositiveIntegerField("序号")
    source = models.CharField("来源", max_length=64)
    event_id = models.CharField("来源编号", max_length=80, blank=True)
    port = models.CharField("口岸", max_length=64, blank=True)
    digest = models.CharField("校验值", max_length=64)
    raw = models.JSONField("原文")
    findings = models.JSONField("问题")
    resolution = models.CharField("处理", max_length=12, choices=HeldResolution.choices, blank=True, default="")
    reason = models.CharField("理由", max_length=400, blank=True, default="")
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField("处理时间", null=True)

    objects = BySourceQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["source", "digest"], name="held_event_once")]
        verbose_name = verbose_name_plural = "暂存事件"


@register
class EventMonth(models.Model):
    """A closed month as Parquet: which files hold it, and up to which row of the journal.

    The highest generation of a month is current. Journal rows of the month after ``through_id`` came later and are
    read beside the files until the next generation takes them in. ``files``: name, rows, bytes, SHA-256 of each.
    """

    month = models.CharField("月份", max_length=7)
    generation = models.PositiveIntegerField("版次")
    folder = models.CharField("目录", max_length=120)
    through_id = models.BigIntegerField("截至行号")
    rows = models.BigIntegerField("行数")
    files = models.JSONField("文件")
    rulings = models.CharField("所依时钟裁定", max_length=64, blank=True)
    created_at = models.DateTimeField("生成时间", default=clock.now)

    class Meta:
        ordering = ["month", "generation"]
        constraints = [models.UniqueConstraint(fields=["month", "generation"], name="event_month_once")]
        verbose_name = verbose_name_plural = "事件月度归档"
