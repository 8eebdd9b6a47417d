"""The register of imagery feeds and the spans in which each was alive. No pixels; an address never holds a secret."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kouan.accounts.action import System
from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may_in_service
from kouan.accounts.personal.fields import PersonalRow, PersonalText
from kouan.accounts.scope import scope_of
from kouan.audit import register
from kouan.basis import clock
from kouan.ports.models import Port


class ImageFeedQuerySet(models.QuerySet["ImageFeed"]):
    """Feeds, and who may see which."""

    def visible_to(self, user: Any) -> ImageFeedQuerySet:
        """The nation all; others those of ports in scope, and those their own office answers for."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "imagery.read"):
            return self.none()
        if scope_of(user).everything:
            return self
        return self.filter(Q(port__in=Port.objects.visible_to(user)) | Q(owner_id=user.organisation_id))


@register(digest=("contact", "address"))
class ImageFeed(PersonalRow):
    """影像源: one camera or feed. ``beat_seconds``: how often its owner says that it lives. Ended ones stay on the register."""

    code = models.SlugField("代码", max_length=64, unique=True)
    port = models.ForeignKey(Port, models.PROTECT, related_name="image_feeds")
    name_zh = models.CharField("名称", max_length=120)
    name_en = models.CharField("名称（英文）", max_length=200, blank=True)
    place = models.CharField("安装位置", max_length=200)
    kind = models.SlugField("类别", max_length=24)
    purpose = models.SlugField("用途", max_length=24)
    protocol = models.SlugField("协议", max_length=24)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="image_feeds")
    contact = PersonalText("联系人及电话", max_length=120)
    basis = models.CharField("法律依据", max_length=300)
    retention_days = models.PositiveSmallIntegerField("图像保存天数")
    # Where the owner's platform serves it; only for those who may connect (``may_see_address``).
    address = models.CharField("接入地址", max_length=300, blank=True)
    beat_seconds = models.PositiveIntegerField("心跳间隔（秒）", default=300)
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    registered_at = models.DateTimeField("登记时间", default=clock.now)
    ended_at = models.DateTimeField("停用时间", null=True)

    objects = ImageFeedQuerySet.as_manager()

    class Meta:
        ordering = ["port__code", "code"]
        constraints = [models.CheckConstraint(condition=Q(beat_seconds__gte=10, beat_seconds__lte=86_400), name="feed_beat_seconds")]
        verbose_name = verbose_name_plural = "影像源"

    def __str__(self) -> str:
        return self.name_zh


# A span grows with each heartbeat: only its beginning and its fault are worth an entry of the trail.
@register(exclude=("last_at",))
class FeedSpan(models.Model):
    """A time in which a feed was heard without a gap, well or with a fault that it reported."""

    feed = models.ForeignKey(ImageFeed, models.PROTECT, related_name="spans")
    began_at = models.DateTimeField("自")
    last_at = models.DateTimeField("至")
    fault = models.CharField("故障", max_length=120, blank=True)

    class Meta:
        ordering = ["feed_id", "began_at", "id"]
        indexes = [models.Index(fields=["feed", "last_at"], name="feed_span_last")]
        constraints = [models.CheckConstraint(condition=Q(last_at__gte=F("began_at")), name="feed_span_forward")]
        verbose_name = verbose_name_plural = "影像源在线时段"
