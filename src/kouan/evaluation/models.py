"""Runs of a framework over a set of subjects, and the scores they gave.

A run stores its recipe (framework and its digest, data cut and its digest, steps, arguments,
software version) and can be replayed to the same figures. Runs are never edited.
"""

from __future__ import annotations

from django.db import models

from kouan.audit import register
from kouan.basis import clock


@register
class ScoreRun(models.Model):
    """One framework applied once to one data cut."""

    framework = models.CharField("指标体系", max_length=64)
    framework_digest = models.CharField("指标体系校验值", max_length=64)
    subject_kind = models.CharField("对象类别", max_length=24)
    set_code = models.CharField("对象组", max_length=24)
    first_year = models.PositiveIntegerField("起始年度")
    last_year = models.PositiveIntegerField("截止年度")
    recipe = models.JSONField("复算依据")
    data_digest = models.CharField("数据校验值", max_length=64)
    result_digest = models.CharField("结果校验值", max_length=64)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "评估运算"


@register
class Score(models.Model):
    """One subject's score of one year: 0–100 within its peer group, with what it is made of."""

    run = models.ForeignKey(ScoreRun, models.PROTECT, related_name="scores")
    subject_code = models.CharField("对象代码", max_length=64)
    year = models.PositiveIntegerField("年度")
    peer_group = models.CharField("同类组", max_length=48)
    value = models.FloatField("得分", null=True)
    rank = models.PositiveIntegerField("组内名次", null=True)
    peers = models.PositiveIntegerField("组内对象数", default=0)
    parts = models.JSONField("构成", default=dict)
    not_scored = models.CharField("未评分原因", max_length=120, blank=True)

    class Meta:
        ordering = ["run_id", "year", "peer_group", "rank"]
        constraints = [models.UniqueConstraint(fields=["run", "subject_code", "year"], name="score_once")]
        indexes = [models.Index(fields=["subject_code", "year"], name="score_subject")]
        verbose_name = verbose_name_plural = "得分"
