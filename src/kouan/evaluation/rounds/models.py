"""What is recorded of the yearly evaluation: scheme versions, rounds, what each office reports, frozen figures, scores."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kouan.accounts.action import allows
from kouan.audit import register
from kouan.basis import clock
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.once import Once, OnceQuerySet
from kouan.ports.models import scope_for

PERSON: Any = settings.AUTH_USER_MODEL


class SchemeState(models.TextChoices):
    """A version is a draft until a second person publishes it; then it is frozen."""

    DRAFT = "draft", "拟稿"
    PUBLISHED = "published", "已发布"


# The trail holds the digest; the text itself, a quarter of a megabyte, need not be repeated there.
@register(exclude=("content",))
class SchemeVersion(Once):
    """A scheme as proposed for a year. Its content never changes: a change is the next version."""

    may_change = ("state", "published_by", "published_on", "opinion")

    year = models.PositiveSmallIntegerField("年度")
    version = models.PositiveSmallIntegerField("版本")
    code = models.CharField("方案代码", max_length=64)
    name_zh = models.CharField("方案名称", max_length=200)
    name_en = models.CharField("方案名称（英文）", max_length=200)
    is_proposal = models.BooleanField("建议稿")
    # Canonical JSON as text: a database of its own number format could give another digest back.
    content = models.TextField("方案内容")
    digest = models.CharField("方案校验值", max_length=64)
    reason = models.CharField("编制或修改说明", max_length=400)
    state = models.CharField("状态", max_length=10, choices=SchemeState.choices, default=SchemeState.DRAFT)
    proposed_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_on = models.DateField("提出日期")
    published_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="发布人")
    published_on = models.DateField("发布日期", null=True)
    opinion = models.CharField("发布意见", max_length=400, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-year", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["year", "version"], name="scheme_version_once"),
            models.CheckConstraint(
                condition=Q(state="draft", published_by__isnull=True) | Q(state="published", published_by__isnull=False, published_on__isnull=False),
                name="scheme_published_by_somebody"),
            models.CheckConstraint(condition=Q(published_by__isnull=True) | ~Q(published_by=F("proposed_by")), name="scheme_four_eyes"),
        ]
        verbose_name = verbose_name_plural = "评估方案"

    def scheme(self) -> Scheme:
        """The scheme itself, checked anew. Raises Refused where it may not be used."""
        return Scheme.of(json.loads(self.content))


@register
class Round(models.Model):
    """The evaluation of one year under one published scheme. Where it stands is the state of its matter."""

    year = models.PositiveSmallIntegerField("年度", unique=True)
    scheme_version = models.ForeignKey(SchemeVersion, models.PROTECT, related_name="rounds", verbose_name="评估方案")
    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="evaluation_round")
    is_exercise = models.BooleanField("演练")
    # What was to be said when it was opened: ports left out, ports without an office to report.
    findings = models.JSONField("开始时的问题", default=list)
    opened_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="发起人")
    opened_on = models.DateField("发起日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-year"]
        verbose_name = verbose_name_plural = "年度评估"

    @property
    def stage(self) -> str:
        """Where it stands: a state of ``yearly_evaluation.yaml``."""
        return self.matter.state


@register
class RoundReturn(models.Model):
    """What one office is to report for a round, and the matter in which it says so and another verifies."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="returns")
    office = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+", verbose_name="报送单位")
    ports = models.JSONField("口岸")
    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="evaluation_return")

    class Meta:
        ordering = ["round", "office"]
        constraints = [models.UniqueConstraint(fields=["round", "office"], name="round_return_once")]
        verbose_name = verbose_name_plural = "年度评估报送"


@register
class Freeze(Once):
    """The figures of a round as they were frozen: never changed. A round taken back is frozen anew, as the next revision.

    ``data_digest`` is the SHA-256 of every figure, reminder, decision and failed feed (``RoundData.digest``); with the scheme's
    digest it covers all that the scores are made of.
    """

    round = models.ForeignKey(Round, models.PROTECT, related_name="freezes")
    revision = models.PositiveSmallIntegerField("版次")
    known_at = models.DateTimeField("数据时点")
    first_year = models.PositiveSmallIntegerField("起始年度")
    last_year = models.PositiveSmallIntegerField("截止年度")
    items = models.JSONField("数据项")
    decisions = models.JSONField("不适用认定", default=list)
    failed_feeds = models.JSONField("中断的数据源", default=list)
    volume_bases = models.JSONField("综合通行量基数", default=dict)
    is_exercise = models.BooleanField("演练")
    seed = models.PositiveIntegerField("生成种子", null=True)
    scheme_digest = models.CharField("方案校验值", max_length=64)
    data_digest = models.CharField("数据校验值", max_length=64)
    cells = models.PositiveIntegerField("有数据的格数")
    findings = models.JSONField("冻结时的问题", default=list)
    frozen_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="冻结人")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["round", "-revision"]
        constraints = [models.UniqueConstraint(fields=["round", "revision"], name="round_frozen_once")]
        verbose_name = verbose_name_plural = "冻结数据"


class PortRowQuerySet(OnceQuerySet):
    """Rows of ports, and who may see which: by where the port lay when it was frozen."""

    prefix: ClassVar[str] = ""

    def visible_to(self, user: Any) -> PortRowQuerySet:
        """Only rows of ports in the user's scope (contract 7); invented ports are the national office's alone."""
        scope = scope_for(user)
        if scope.everything:
            return self
        if not scope or not allows(user, "rounds.read"):
            return self.none()
        at = self.prefix
        mine = Q(**{f"{at}code__in": scope.ports, f"{at}is_invented": False}) | Q(**{f"{at}province_code__in": scope.provinces - {""}})
        for city in scope.cities - {""}:
            mine |= Q(**{f"{at}city_code__startswith": city[:4]}) if city.endswith("00") else Q(**{f"{at}city_code": city})
        return self.filter(mine)


# A freeze of the nation holds 150,000 figures; the trail holds their digest with the freeze.
@register(exclude=("figures", "reminders"))
class FrozenPort(Once):
    """One port of a freeze: class, grade and place as they were, and all figures, by item in the order of the years."""

    freeze = models.ForeignKey(Freeze, models.PROTECT, related_name="ports")
    code = models.CharField("口岸代码", max_length=64)
    name_zh = models.CharField("名称", max_length=80)
    name_en = models.CharField("英文名称", max_length=120, blank=True)
    port_class = models.CharField("运输类别", max_length=16)
    grade = models.CharField("等级", max_length=12, blank=True)
    province_code = models.CharField("省级行政区划代码", max_length=2, blank=True)
    city_code = models.CharField("市县行政区划代码", max_length=6, blank=True)
    is_invented = models.BooleanField("演练口岸", default=False)
    figures = models.JSONField("数据")
    reminders = models.JSONField("逾期催报次数", default=dict)

    objects: ClassVar[Any] = PortRowQuerySet.as_manager()

    class Meta:
        ordering = ["freeze", "code"]
        constraints = [models.UniqueConstraint(fields=["freeze", "code"], name="frozen_port_once")]
        verbose_name = verbose_name_plural = "冻结的口岸数据"


@register
class Scoring(Once):
    """A freeze scored once: the recipe record without the scheme's text, which the version holds."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="scorings")
    freeze = models.ForeignKey(Freeze, models.PROTECT, related_name="scorings")
    number = models.PositiveSmallIntegerField("结果版本")
    method = models.CharField("计分方法版本", max_length=16)
    record = models.JSONField("复算依据")
    scheme_digest = models.CharField("方案校验值", max_length=64)
    data_digest = models.CharField("数据校验值", max_length=64)
    result_digest = models.CharField("结果校验值", max_length=64)
    findings = models.JSONField("计分时的问题", default=list)
    scored_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="计分人")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["round", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="scoring_number_once"),
            models.UniqueConstraint(fields=["freeze", "method"], name="scoring_of_freeze_once"),
        ]
        verbose_name = verbose_name_plural = "年度评估计分"


class PortScoreQuerySet(PortRowQuerySet):
    """Scores, and who may see which."""

    prefix = "port__"


# The marks and points of seventy indicators for each port are covered by the digest of the result.
@register(exclude=("cells",))
class PortScore(Once):
    """One port's result of the round's year. ``cells``: by indicator value, points, mark, basis, weight in force, contribution."""

    scoring = models.ForeignKey(Scoring, models.PROTECT, related_name="scores")
    port = models.ForeignKey(FrozenPort, models.PROTECT, related_name="scores")
    peer_group = models.CharField("同类组", max_length=48)
    total = models.FloatField("总分", null=True)
    rank = models.PositiveIntegerField("组内名次", null=True)
    band = models.CharField("档次", max_length=24, null=True)
    provisional = models.BooleanField("暂定")
    red_line = models.BooleanField("触及红线")
    counted_share = models.FloatField("计分权重")
    groups = models.JSONField("各组得分")
    five_types = models.JSONField("五型得分")
    cells = models.JSONField("各指标")

    objects: ClassVar[Any] = PortScoreQuerySet.as_manager()

    class Meta:
        ordering = ["scoring", "port"]
        constraints = [models.UniqueConstraint(fields=["scoring", "port"], name="port_score_once")]
        verbose_name = verbose_name_plural = "口岸评估结果"


# The places of three hundred ports are covered by the digest.
@register(exclude=("ports",))
class Robustness(Once):
    """How firm the places of a scoring are (``method.scheme.doubts``): made once for each scoring, number of runs and seed.

    ``ports``: by code place, interval, tie and the statistical method's place; for whoever reads ranks. ``agreement``: of the two methods.
    """

    scoring = models.ForeignKey(Scoring, models.PROTECT, related_name="robustness")
    runs = models.PositiveIntegerField("抽样次数")
    seed = models.PositiveIntegerField("随机种子")
    failed = models.PositiveIntegerField("失败次数")
    factors = models.JSONField("变动因素")
    groups = models.JSONField("各同类组")
    ports = models.JSONField("各口岸")
    agreement = models.JSONField("两法一致程度")
    digest = models.CharField("校验值", max_length=64)
    findings = models.JSONField("分析时的问题", default=list)
    made_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="办理人")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["scoring", "-id"]
        constraints = [models.UniqueConstraint(fields=["scoring", "runs", "seed"], name="robustness_once")]
        verbose_name = verbose_name_plural = "名次稳健性分析"


@register
class Objection(models.Model):
    """异议: what a reporting office has against a result of one of its ports. Answer and decision stand in its matter."""

    scoring = models.ForeignKey(Scoring, models.PROTECT, related_name="objections")
    port = models.ForeignKey(FrozenPort, models.PROTECT, related_name="+")
    # Empty: the result as a whole.
    indicator = models.CharField("指标", max_length=16, blank=True)
    grounds = models.TextField("异议理由", max_length=2000)
    office = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+", verbose_name="提出单位")
    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="evaluation_objection")
    raised_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="提出人")
    raised_on = models.DateField("提出日期")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["scoring", "port", "indicator"], name="objection_once")]
        verbose_name = verbose_name_plural = "评估异议"


# What follows the sign-off has a file of its own; Django looks for models here.
from kouan.evaluation.rounds.after_models import Clearance, ClearanceState, NoticeReceipt, RectificationTask  # noqa: E402, F401 - as below
from kouan.evaluation.rounds.evidence.models import (  # noqa: E402,F401 - Django finds a room's models here
    EntryDecision,
    EntryPaper,
    ExpertAsked,
    ExpertDeclaration,
    ExpertMark,
    FiledEntry,
    Ruling,
)
