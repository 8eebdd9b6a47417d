"""The trail: entries that are only ever added, and the blocks that seal them.

Triggers write the entries (triggers/), ``sealer`` the blocks. The database refuses to update,
delete or truncate either table.
"""

from __future__ import annotations

from django.db import models

from kouan.audit.registry import exempt


class EntryKind(models.TextChoices):
    """What happened. One letter, because there are many entries."""

    INSERT = "I", "新增"
    UPDATE = "U", "修改"
    DELETE = "D", "删除"
    TRUNCATE = "T", "清空"
    BATCH = "B", "批次"
    EVENT = "E", "事件"
    MIGRATION = "M", "迁移"


class AuditEntry(models.Model):
    """One change of one row, one batch of bulk rows, or one event.

    ``at`` is text from the database's own clock (UTC, milliseconds), so that it hashes to the same
    bytes everywhere. ``before`` and ``after`` are JSON texts of the row. ``actor_id`` is a plain
    number: this room lies below accounts. An entry without ``proof`` was written by no action: a
    direct write.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.CharField("时间", max_length=24)
    txid = models.BigIntegerField("事务号", null=True)
    actor_id = models.BigIntegerField("操作人", null=True)
    note = models.CharField("事项", max_length=255, blank=True, db_default="")
    proof = models.CharField("凭证", max_length=64, blank=True, db_default="")
    db_user = models.CharField("数据库用户", max_length=64, blank=True, db_default="")
    kind = models.CharField("类别", max_length=1, choices=EntryKind.choices)
    table_name = models.CharField("表", max_length=64, blank=True, db_default="")
    row_pk = models.CharField("行", max_length=255, blank=True, db_default="")
    before = models.TextField("变更前", null=True)
    after = models.TextField("变更后", null=True)

    class Meta:
        db_table = "audit_entry"
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "留痕"
        indexes = [
            models.Index(fields=["table_name", "row_pk", "id"], name="audit_entry_row"),
            models.Index(fields=["actor_id", "id"], name="audit_entry_actor"),
            models.Index(fields=["at"], name="audit_entry_at"),
            models.Index(fields=["txid"], name="audit_entry_txid"),
            models.Index(fields=["kind", "id"], name="audit_entry_kind"),
            # For lists narrowed to a table, newest first; without it they sort all entries of the table.
            models.Index(fields=["table_name", "id"], name="audit_entry_table"),
            # Few entries each, so these cost next to nothing and find a refusal among a million changes.
            models.Index(fields=["note", "id"], condition=models.Q(kind="E"), name="audit_entry_event"),
            models.Index(fields=["id"], condition=models.Q(proof=""), name="audit_entry_direct"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind} {self.table_name} {self.row_pk}".rstrip()

    @property
    def is_direct(self) -> bool:
        """Whether no action made this change: somebody wrote to the database past the application."""
        return self.actor_id is None and not self.proof


class AuditBlock(models.Model):
    """A sealed list of committed entries, chained to the block before it.

    ``entries`` packs (id, SHA-256) of each member, forty bytes each; ``digest`` is the SHA-256 of
    the header and that list, ``mac`` its HMAC with the key that no database holds. ``horizon``: on
    PostgreSQL the transaction number below which nothing was running any more, on SQLite the last id.
    ``top_id``: the highest id that this block or one before it holds.
    """

    number = models.BigIntegerField("序号", primary_key=True)
    horizon = models.BigIntegerField("界限")
    top_id = models.BigIntegerField("最大编号")
    count = models.IntegerField("条数")
    entries = models.BinaryField("成员")
    previous_hash = models.CharField("前块摘要", max_length=64, blank=True)
    digest = models.CharField("摘要", max_length=64)
    mac = models.CharField("签名", max_length=64)
    key_name = models.CharField("密钥名", max_length=16)
    sealed_at = models.CharField("封存时间", max_length=24)
    version = models.CharField("软件版本", max_length=32)

    class Meta:
        db_table = "audit_block"
        ordering = ["number"]
        verbose_name = verbose_name_plural = "封存区块"

    def __str__(self) -> str:
        return f"#{self.number} ({self.count})"


class AuditContext(models.Model):
    """The one row in which SQLite's triggers find the actor of the running transaction."""

    id = models.SmallIntegerField(primary_key=True)
    actor_id = models.BigIntegerField(null=True)
    note = models.CharField(max_length=255, blank=True)
    proof = models.CharField(max_length=64, blank=True)
    txid = models.BigIntegerField(null=True)

    class Meta:
        db_table = "audit_context"
        verbose_name = verbose_name_plural = "操作环境"

    def __str__(self) -> str:
        return self.note


exempt(AuditEntry, "the trail itself: sealed in blocks, append only")
exempt(AuditBlock, "the seals of the trail: chained and signed, append only")
exempt(AuditContext, "empty in every committed state")
