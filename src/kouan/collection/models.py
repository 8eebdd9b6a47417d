"""What the way in records: batches, series, observations, held and refused rows, lineage.

An observation is the cell of a long table, kept lean: everything that stays the same along
a time series (subject, measure, direction, group, source …) stands once in ``Series``; the
observation adds period, revision, value and where in which file it was read. Observations
are append-only: a correction is a row with the next revision, and the current figure is the
one without a later revision. ``recorded_at`` is the batch's ``committed_at`` (known to us);
the period is when it was true in the world.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models

from kouan import audit
from kouan.basis import EvidenceRef, Period, PeriodKind, SubjectRef, clock
from kouan.collection.visibility import BatchQuerySet, HoldingQuerySet, ObservationQuerySet, SeriesQuerySet


class BatchState(models.TextChoices):
    """A batch is previewed, then committed whole or not at all."""

    PREVIEWED = "previewed", "已预览，待提交"
    COMMITTED = "committed", "已入库"
    DISCARDED = "discarded", "已放弃"


class Origin(models.TextChoices):
    """Whose figure it is (DESIGN.md, contract 2)."""

    OFFICIAL = "official", "官方数据"
    COUNTERPART = "counterpart", "对侧口岸数据"
    PRESS = "press", "新闻报道数据"
    DERIVED = "derived", "推算数据"
    EXERCISE = "exercise", "演练数据"


# The kept part of a preview is a copy of the file's first rows; the trail need not repeat it.
@audit.register(exclude=("preview",))
class Batch(models.Model):
    """One file taken in under one source. The three counts add up to ``rows_read``.

    ``preview`` holds what its preview shows (previewing.py), and is empty once it is decided.

    ``resolves`` is set on the small batch by which a held row was accepted later: it names the same
    file, and its one figure leads back to the cell of the row that was held.
    """

    source = models.CharField("数据来源", max_length=64)
    file_name = models.CharField("文件名", max_length=255)
    file_sha256 = models.CharField("校验值", max_length=64)
    file_size = models.BigIntegerField("大小（字节）")
    file_encoding = models.CharField("编码", max_length=24, blank=True)
    layout = models.CharField("版式", max_length=48, blank=True)
    source_digest = models.CharField("来源说明校验值", max_length=64, blank=True)
    is_open = models.BooleanField("公开资料", default=False)
    sheets = models.JSONField("工作表", default=list)
    columns = models.JSONField("列", default=list)
    document = models.ForeignKey("desk.DocumentVersion", models.PROTECT, null=True, related_name="+")
    state = models.CharField("状态", max_length=12, choices=BatchState.choices, default=BatchState.PREVIEWED)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField("接收时间", default=clock.now)
    committed_at = models.DateTimeField("入库时间", null=True, db_index=True)
    rows_read = models.BigIntegerField("读取行数", default=0)
    rows_accepted = models.BigIntegerField("接受行数", default=0)
    rows_held = models.BigIntegerField("暂存行数", default=0)
    rows_refused = models.BigIntegerField("拒收行数", default=0)
    observations = models.BigIntegerField("新增数据", default=0)
    revisions = models.BigIntegerField("修订数据", default=0)
    unchanged = models.BigIntegerField("未变数据", default=0)
    findings = models.JSONField("问题汇总", default=list)
    rows_digest = models.CharField("入库行校验值", max_length=64, blank=True)
    seconds = models.FloatField("用时（秒）", default=0)
    preview = models.JSONField("预览内容", default=dict)
    resolves = models.ForeignKey("Holding", models.PROTECT, null=True, related_name="corrections")

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["source", "file_sha256"], name="batch_same_file")]
        verbose_name = verbose_name_plural = "报送批次"

    def __str__(self) -> str:
        return f"{self.file_name}（{self.source} #{self.pk}）"

    def row_findings(self, limit: int) -> list[dict[str, Any]]:
        """The findings of its held and refused rows in the order of the file, up to `limit`."""
        found: list[dict[str, Any]] = []
        rows = self.holdings.order_by("sheet", "row").values_list("findings", flat=True)
        for findings in rows[:limit].iterator(1000):
            found += findings
        return found[:limit]


@audit.register
class Series(models.Model):
    """What an observation is about, without its period."""

    subject_kind = models.CharField("对象类别", max_length=24)
    subject_code = models.CharField("对象代码", max_length=64)
    measure = models.CharField("指标", max_length=48)
    direction = models.CharField("方向", max_length=12)
    group = models.CharField("分组", max_length=48, default="all")
    granularity = models.CharField("周期", max_length=8)
    unit = models.CharField("单位", max_length=24)
    definition = models.CharField("口径", max_length=80)
    origin = models.CharField("数据性质", max_length=12, choices=Origin.choices)
    source = models.CharField("数据来源", max_length=64)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        ordering = ["subject_kind", "subject_code", "measure", "direction", "group"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_code", "measure", "direction", "group", "granularity",
                        "source", "definition", "origin"],
                name="series_once",
            )
        ]
        indexes = [models.Index(fields=["measure", "granularity"], name="series_measure")]
        verbose_name = verbose_name_plural = "数据序列"

    @property
    def subject(self) -> SubjectRef:
        """What the figures are about."""
        return SubjectRef.of(self.subject_kind, self.subject_code)

    def period(self, start: date, end: date) -> Period:
        """The period of one of its observations."""
        kind = PeriodKind(self.granularity)
        return Period.span(start, end) if kind is PeriodKind.SPAN else Period.of(kind, start)


@audit.register(bulk=True, batch_column="batch")
class Observation(models.Model):
    """One figure of one period, in the measure's base unit, at one revision. Never updated or deleted.

    ``row`` and ``column`` count as the user does, from 1; ``sheet`` is an index into the batch's
    ``sheets``. Row 1 of a Parquet file is its first row of data.
    """

    # No index of its own: the unique constraint begins with it.
    series = models.ForeignKey(Series, models.PROTECT, related_name="observations", db_index=False)
    period_start = models.DateField("期初")
    period_end = models.DateField("期末")
    revision = models.PositiveIntegerField("修订号", default=1)
    value = models.DecimalField("数值", max_digits=24, decimal_places=6)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="rows")
    sheet = models.PositiveSmallIntegerField("工作表序号", default=0)
    row = models.PositiveIntegerField("行号")
    column = models.PositiveSmallIntegerField("列号")

    objects = ObservationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "period_start", "period_end", "revision"], name="observation_once"
            )
        ]
        verbose_name = verbose_name_plural = "数据"

    @property
    def period(self) -> Period:
        """When it was true in the world."""
        return self.series.period(self.period_start, self.period_end)

    @property
    def evidence(self) -> EvidenceRef:
        """How other rooms cite this figure."""
        return EvidenceRef("collection", "observation", self.pk, self.revision)


class HoldingOutcome(models.TextChoices):
    """Held: somebody must decide. Refused: it cannot be taken in as it stands."""

    HELD = "held", "暂存待处理"
    REFUSED = "refused", "拒收"


class Resolution(models.TextChoices):
    """What somebody decided about a held row."""

    ACCEPTED = "accepted", "核准入库"
    DISCARDED = "discarded", "不予采用"
    SUPERSEDED = "superseded", "已重新读取"


@audit.register(
    bulk=True, batch_column="batch",
    digest_columns=("batch", "sheet", "row", "outcome", "raw", "findings", "subject_kind", "subject_code"),
)
class Holding(models.Model):
    """A row that was not accepted, with what it said and what is wrong with it.

    ``raw`` is the list of its cells as text. Only the fields of the resolution ever change, once.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="holdings", db_index=False)
    sheet = models.PositiveSmallIntegerField("工作表序号", default=0)
    row = models.PositiveIntegerField("行号")
    outcome = models.CharField("结果", max_length=8, choices=HoldingOutcome.choices)
    raw = models.JSONField("原始内容")
    findings = models.JSONField("问题")
    subject_kind = models.CharField("对象类别", max_length=24, blank=True)
    subject_code = models.CharField("对象代码", max_length=64, blank=True)
    resolution = models.CharField("处理结果", max_length=12, choices=Resolution.choices, blank=True)
    reason = models.CharField("处理理由", max_length=400, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="处理人"
    )
    resolved_at = models.DateTimeField("处理时间", null=True)

    objects = HoldingQuerySet.as_manager()

    class Meta:
        ordering = ["batch_id", "sheet", "row"]
        indexes = [models.Index(fields=["batch", "outcome", "row"], name="holding_batch")]
        verbose_name = verbose_name_plural = "暂存与拒收"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.outcome == HoldingOutcome.HELD and not self.resolution


@audit.register
class LineageLink(models.Model):
    """A record of a room above used this evidence: written downward by whoever used it (contract 5)."""

    user_room = models.CharField("使用方", max_length=24)
    user_kind = models.CharField("使用方类别", max_length=32)
    user_id = models.CharField("使用方编号", max_length=64)
    user_revision = models.PositiveIntegerField("使用方版本", default=1)
    used_room = models.CharField("来源", max_length=24)
    used_kind = models.CharField("来源类别", max_length=32)
    used_id = models.CharField("来源编号", max_length=64)
    used_revision = models.PositiveIntegerField("来源版本", default=1)
    used_digest = models.CharField("来源校验值", max_length=64, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        indexes = [
            models.Index(fields=["used_room", "used_kind", "used_id"], name="lineage_used"),
            models.Index(fields=["user_room", "user_kind", "user_id"], name="lineage_user"),
        ]
        verbose_name = verbose_name_plural = "数据血缘"
