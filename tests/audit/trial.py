"""Tables of our own to write to: one audited row by row, one in bulk. Made and dropped by a fixture."""

from __future__ import annotations

from django.db import models


class Berth(models.Model):
    """A row with one column of every kind that a database may write in its own way."""

    name = models.CharField(max_length=80, unique=True)
    tonnes = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    opened_on = models.DateField(null=True)
    seen_at = models.DateTimeField(null=True)
    is_open = models.BooleanField(default=True)
    depth = models.FloatField(null=True)
    facts = models.JSONField(default=dict)
    picture = models.BinaryField(null=True)
    keeper = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    telephone = models.CharField(max_length=32, blank=True)
    heartbeat = models.IntegerField(default=0)

    class Meta:
        app_label = "trial"
        db_table = "trial_berth"

    def __str__(self) -> str:
        return self.name


class Count(models.Model):
    """A bulk row."""

    batch = models.IntegerField(null=True, db_index=True)
    subject = models.CharField(max_length=40)
    day = models.DateField()
    value = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    seen_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)
    remark = models.CharField(max_length=40, blank=True)

    class Meta:
        app_label = "trial"
        db_table = "trial_count"

    def __str__(self) -> str:
        return self.subject
