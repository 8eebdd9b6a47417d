"""What publication records: versions, which never change, and errata beside them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from kouan.audit import register
from kouan.basis import clock
from kouan.evaluation.rounds.once import Once


class FrozenRows(Once):
    """The rows of a data set as canonical CSV, under their SHA-256, with the definition as it then stood.

    ``structure``: the columns, the labels of their codes, and the whole definition, so that an old version is read as it was meant.
    """

    data_set = models.SlugField("数据集", max_length=64)
    number = models.CharField("版本", max_length=12)
    changes_zh = models.CharField("变化", max_length=400)
    changes_en = models.CharField("变化（英文）", max_length=400)
    structure = models.JSONField("结构")
    content = models.TextField("数据")
    sha256 = models.CharField("数据校验值", max_length=64)
    rows = models.PositiveIntegerField("行数")
    software = models.CharField("软件版本", max_length=24)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.data_set} {self.number}"

    def frozen(self) -> dict[str, object]:
        """Its columns, for a row that is to hold the same."""
        return {field.name: getattr(self, field.name) for field in FrozenRows._meta.local_fields}


@register(exclude=("content",))
class DataVersion(FrozenRows):
    """A version of a data set, for anybody to read."""

    published_on = models.DateField("发布日期")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["data_set", "id"]
        constraints = [models.UniqueConstraint(fields=["data_set", "number"], name="data_version_once")]
        verbose_name = verbose_name_plural = "发布的数据版本"


@register(exclude=("content",))
class ReleaseProposal(FrozenRows):
    """What is to be published of data that are not public, frozen as it lies before whoever approves it: approved, these very bytes go out."""

    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "数据公布提请"


@register
class Erratum(Once):
    """A fault found in a published version. The version stays as it is; its page says what is wrong, and where the right figures are."""

    version = models.ForeignKey(DataVersion, models.PROTECT, related_name="errata")
    said_zh = models.CharField("勘误", max_length=600)
    said_en = models.CharField("勘误（英文）", max_length=600)
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    noted_on = models.DateField("日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = verbose_name_plural = "发布数据勘误"
