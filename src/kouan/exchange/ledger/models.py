"""What is recorded of the exchange: who partners are, their public keys, every message sent, received or refused.

The ledger is append-only and chained by digest: anyone who holds its rows can check the chain, no secret is needed. Private keys
lie in the home folder (``keys/``), payloads as files named by their digest (``exchange/payloads/``).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from kouan.accounts.action import System
from kouan.accounts.permissions import may_in_service
from kouan.accounts.scope import scope_of
from kouan.audit import register
from kouan.basis import Text, clock


class Route(models.TextChoices):
    """How messages reach a partner."""

    HTTP = "http", "接口"
    FOLDER = "folder", "文件夹（跨网区）"


class OfNation(models.QuerySet[Any]):
    """The exchange is the installation's own: whoever has the nation in scope and may read it sees it, nobody else any of it."""

    def visible_to(self, user: Any) -> OfNation:
        """All rows or none."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "exchange.read") or not scope_of(user).everything:
            return self.none()
        return self


@register
class Partner(models.Model):
    """交换单位: another agency, or this installation itself (``is_self``). Its services are those it may send us."""

    code = models.SlugField("代码", max_length=64, unique=True)
    name_zh = models.CharField("名称", max_length=120)
    name_en = models.CharField("名称（英文）", max_length=200, blank=True)
    is_self = models.BooleanField("本单位", default=False)
    route = models.CharField("通道", max_length=8, choices=Route.choices, default=Route.HTTP)
    address = models.CharField("接收地址", max_length=300, blank=True)
    services = models.JSONField("可发来的服务", default=list)
    is_active = models.BooleanField("启用", default=True)
    added_at = models.DateTimeField("登记时间", default=clock.now)

    objects = OfNation.as_manager()

    class Meta:
        ordering = ["-is_self", "code"]
        constraints = [models.UniqueConstraint(fields=["is_self"], condition=Q(is_self=True), name="exchange_one_self")]
        verbose_name = verbose_name_plural = "交换单位"

    def __str__(self) -> str:
        return self.name_zh

    @property
    def name(self) -> Text:
        """Both names."""
        return Text(self.name_zh, self.name_en or self.name_zh)


class Purpose(models.TextChoices):
    """What a key is for."""

    SIGN = "sign", "签名"
    TIME = "time", "时间戳"


@register
class PartnerKey(models.Model):
    """公钥. Kept for ever: old messages are verified with the key of their day."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="keys")
    key_id = models.CharField("密钥标识", max_length=64)
    purpose = models.CharField("用途", max_length=8, choices=Purpose.choices)
    suite = models.CharField("算法", max_length=8)
    public = models.CharField("公钥", max_length=130)
    valid_from = models.DateTimeField("启用时间")
    valid_to = models.DateTimeField("停用时间")
    revoked_at = models.DateTimeField("吊销时间", null=True)
    revoked_why = models.CharField("吊销原因", max_length=200, blank=True)
    added_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["partner", "purpose", "valid_from"]
        constraints = [models.UniqueConstraint(fields=["partner", "key_id"], name="exchange_key_once")]
        verbose_name = verbose_name_plural = "公钥"


class EntryKind(models.TextChoices):
    """What happened."""

    SENT = "sent", "发出"
    RECEIVED = "received", "收到"
    RECEIPT_SENT = "receipt_sent", "回执发出"
    RECEIPT_RECEIVED = "receipt_received", "回执收到"
    REFUSED = "refused", "拒收"


@register
class LedgerEntry(models.Model):
    """台账: one thing that happened, chained to the one before by ``previous``. Rows are never changed."""

    number = models.PositiveBigIntegerField("序号", unique=True)
    at = models.DateTimeField("时间")
    kind = models.CharField("类别", max_length=20, choices=EntryKind.choices)
    partner_code = models.CharField("对方", max_length=64, blank=True)
    message_id = models.UUIDField("报文标识", null=True)
    service = models.CharField("服务", max_length=64, blank=True)
    envelope = models.TextField("信封", blank=True)
    envelope_digest = models.CharField("信封摘要", max_length=64, blank=True)
    payload_digest = models.CharField("内容摘要", max_length=64, blank=True)
    payload_bytes = models.BigIntegerField("内容大小", default=0)
    # Of a receipt: the message it answers. Of a refusal: what was wrong, as findings.
    answers = models.UUIDField("所答报文", null=True)
    findings = models.JSONField("问题", default=list)
    previous = models.CharField("上一条摘要", max_length=64)
    digest = models.CharField("本条摘要", max_length=64)

    objects = OfNation.as_manager()

    class Meta:
        ordering = ["number"]
        indexes = [models.Index(fields=["kind", "partner_code"], name="exchange_kind_partner"),
                   models.Index(fields=["answers"], name="exchange_answers")]
        constraints = [
            # Replay is refused by the database itself, whatever two processes do at the same moment.
            models.UniqueConstraint(fields=["partner_code", "message_id"], condition=Q(kind__in=["received", "receipt_received"]),
                                    name="exchange_received_once"),
            models.UniqueConstraint(fields=["message_id"], condition=Q(kind__in=["sent", "receipt_sent"]), name="exchange_sent_once"),
        ]
        verbose_name = verbose_name_plural = "交换台账"


@register
class LedgerHead(models.Model):
    """The newest entry: the one row that writers lock, so that the chain never forks."""

    number = models.PositiveBigIntegerField("序号", default=0)
    digest = models.CharField("摘要", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "台账链头"


class State(models.TextChoices):
    """Where a message of ours stands."""

    WAITING = "waiting", "待送达"
    ACKNOWLEDGED = "acknowledged", "对方已签收"
    REFUSED = "refused", "对方拒收"
    EXPIRED = "expired", "过期未达"


@register
class Batch(models.Model):
    """文件批: one folder that went to, or came from, the other zone. Its manifest is kept as it was signed."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="batches")
    is_outgoing = models.BooleanField("发出")
    sequence = models.PositiveBigIntegerField("批号")
    manifest = models.TextField("清单")
    digest = models.CharField("清单摘要", max_length=64)
    at = models.DateTimeField("时间", default=clock.now)
    acknowledged_at = models.DateTimeField("对方确认时间", null=True)

    class Meta:
        ordering = ["partner", "is_outgoing", "sequence"]
        constraints = [models.UniqueConstraint(fields=["partner", "is_outgoing", "sequence"], name="exchange_batch_once")]
        verbose_name = verbose_name_plural = "文件批"


@register(exclude=("attempts", "tried_at"))
class Outgoing(models.Model):
    """发件: a message on its way, until it is acknowledged, refused or too old."""

    entry = models.OneToOneField(LedgerEntry, models.PROTECT, related_name="outgoing")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="outgoing")
    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField("尝试次数", default=0)
    tried_at = models.DateTimeField("最近尝试", null=True)
    problem = models.JSONField("最近的问题", default=list)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="messages")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = OfNation.as_manager()

    class Meta:
        ordering = ["entry__number"]
        verbose_name = verbose_name_plural = "发件"
