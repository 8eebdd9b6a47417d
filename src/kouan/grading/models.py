"""Verdicts as they were recorded, each with the recipe that made it.

A verdict is advice with reasons; it never changes the register. A recorded one is never
edited: judging the same year again writes the next revision when anything differs. So it is with recorded
lists, scores, decisions on grades and cells of the policy: rows are only ever added.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from kouan.audit import register
from kouan.basis import EvidenceRef, clock
from kouan.ports.models import TransportClass, TransportMode, scope_for


class ListKind(models.TextChoices):
    """The lists of the room."""

    WATCH = "watch", "预警名单"
    CLOSING = "closing", "航空口岸关闭候选"
    UNACCEPTED = "unaccepted", "批准后三年未验收"
    MERGE = "merge", "一城一口岸整合候选"
    CLASS_TWO = "class-two", "待清理的原二类口岸"


class PortGrade(models.TextChoices):
    """口岸等级 (四(三)). Never the hub tier of a layout row, which shares a name with the first (A-15)."""

    HUB = "hub", "国际枢纽口岸"
    IMPORTANT = "important", "国家重要口岸"
    REGIONAL = "regional", "地区普通口岸"


class Stage(models.TextChoices):
    """The stages for which 四(三) wants conditions that differ by grade and type."""

    ACCESS = "access", "准入"
    WITHDRAWAL = "withdrawal", "退出"
    BUILDING = "building", "建设"
    RUNNING = "running", "运行"


class ClearanceOutcome(models.TextChoices):
    """The three ways in which a class-II port is cleared (A-25)."""

    UPGRADED = "upgraded", "升格"
    MERGED = "merged", "并入"
    CLOSED = "closed", "关闭"


class ClassTwoQuerySet(models.QuerySet["ClassTwoPort"]):
    """Class-II ports, and who may see which: by province or city, for they have no code in the register of ports."""

    def visible_to(self, user: Any) -> ClassTwoQuerySet:
        """Only those in scope."""
        scope = scope_for(user)
        if scope.everything:
            return self
        if not scope:
            return self.none()
        mine = Q(province_code__in=scope.provinces - {""})
        for city in scope.cities - {""}:
            mine |= Q(city_code__startswith=city[:4]) if city.endswith("00") else Q(city_code=city)
        return self.filter(mine)


@register
class VerdictRecord(models.Model):
    """One port, one year, one rule, one revision."""

    port_code = models.CharField("口岸代码", max_length=64)
    year = models.PositiveIntegerField("年度")
    rule = models.CharField("规则", max_length=48, default="volume_standard")
    revision = models.PositiveIntegerField("版本", default=1)
    verdict = models.CharField("结论", max_length=16)
    as_of = models.DateField("依据截至日期")
    facts = models.JSONField("事实")
    margins = models.JSONField("余量")
    steps = models.JSONField("判定过程")
    recipe = models.JSONField("复算依据")
    digest = models.CharField("校验值", max_length=64)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["year", "port_code", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["port_code", "year", "rule", "revision"], name="verdict_once")
        ]
        verbose_name = verbose_name_plural = "判定记录"


class PlacedQuerySet(models.QuerySet[Any]):
    """Rows that carry the codes of their place, and who may see which (DESIGN.md, contract 7)."""

    def visible_to(self, user: Any) -> Any:
        """Only rows in scope by port, province or city; nothing for the public and for enterprises."""
        scope = scope_for(user)
        if scope.everything:
            return self
        if not scope:
            return self.none()
        mine = Q(port_code__in=scope.ports - {""}) | Q(province_code__in=scope.provinces - {""})
        for city in scope.cities - {""}:
            mine |= Q(city_code__startswith=city[:4]) if city.endswith("00") else Q(city_code=city)
        return self.filter(mine)


@register
class ListRecord(models.Model):
    """A list as it was recorded: which, of which year, from which facts and readings. A new record is a new revision."""

    kind = models.CharField("名单", max_length=16, choices=ListKind.choices)
    year = models.PositiveIntegerField("年度")
    revision = models.PositiveIntegerField("版本", default=1)
    as_of = models.DateField("依据截至日期")
    counts = models.JSONField("数量")
    recipe = models.JSONField("复算依据")
    digest = models.CharField("校验值", max_length=64)
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["kind", "-year", "-revision"]
        constraints = [models.UniqueConstraint(fields=["kind", "year", "revision"], name="list_once")]
        verbose_name = verbose_name_plural = "名单登记"


@register
class ListEntry(models.Model):
    """One line of a recorded list, frozen: the facts it was made from and all that was said of them."""

    record = models.ForeignKey(ListRecord, models.PROTECT, related_name="entries")
    subject = models.CharField("对象", max_length=80)
    port_code = models.CharField("口岸代码", max_length=64, blank=True)
    province_code = models.CharField("省级行政区划代码", max_length=2, blank=True)
    city_code = models.CharField("市县行政区划代码", max_length=6, blank=True)
    content = models.JSONField("内容")
    digest = models.CharField("校验值", max_length=64)

    objects = PlacedQuerySet.as_manager()

    class Meta:
        ordering = ["record_id", "id"]
        constraints = [models.UniqueConstraint(fields=["record", "subject"], name="list_entry_once")]
        verbose_name = verbose_name_plural = "名单条目"


@register
class ListCase(models.Model):
    """A matter that was opened from a list, with the entry as it stood that day: the evidence the matter began with."""

    kind = models.CharField("名单", max_length=16, choices=ListKind.choices)
    year = models.PositiveIntegerField("年度")
    subject = models.CharField("对象", max_length=80)
    port_code = models.CharField("口岸代码", max_length=64, blank=True)
    matter = models.ForeignKey("desk.Matter", models.PROTECT, related_name="+")
    entry = models.ForeignKey(ListEntry, models.PROTECT, null=True, related_name="cases")
    content = models.JSONField("证据")
    digest = models.CharField("校验值", max_length=64)
    actor_id_recorded = models.BigIntegerField("发起人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "subject"], name="list_case_subject")]
        verbose_name = verbose_name_plural = "名单所发办件"


@register
class ClassTwoPort(models.Model):
    """原二类口岸: a register of its own (A-25); what became of it is said once, by a paper, and never rewritten."""

    code = models.SlugField("代码", max_length=64, unique=True)
    name_zh = models.CharField("名称", max_length=80)
    mode = models.CharField("运输方式", max_length=8, choices=TransportMode.choices)
    province_code = models.CharField("省级行政区划代码", max_length=2)
    city_code = models.CharField("市县行政区划代码", max_length=6, blank=True)
    city_name = models.CharField("所在市县", max_length=60, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    objects = ClassTwoQuerySet.as_manager()

    class Meta:
        ordering = ["province_code", "name_zh"]
        constraints = [models.UniqueConstraint(fields=["province_code", "name_zh", "mode"], name="class_two_once")]
        verbose_name = verbose_name_plural = "原二类口岸"

    def __str__(self) -> str:
        return self.name_zh


@register
class ClassTwoClearance(models.Model):
    """How a class-II port was cleared: upgraded, merged into an open port, or closed."""

    port = models.OneToOneField(ClassTwoPort, models.PROTECT, related_name="clearance")
    outcome = models.CharField("结果", max_length=12, choices=ClearanceOutcome.choices)
    cleared_on = models.DateField("清理完成日期")
    into_code = models.CharField("并入或升格后的口岸", max_length=64, blank=True)
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    matter_id_recorded = models.BigIntegerField("办件", null=True)
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["cleared_on", "id"]
        verbose_name = verbose_name_plural = "原二类口岸清理结果"


@register
class CriterionScores(models.Model):
    """The three scores of one port and year (A-14), 0 to 100, with the paper they come from. A correction is the next revision."""

    port_code = models.CharField("口岸代码", max_length=64)
    year = models.PositiveIntegerField("年度")
    revision = models.PositiveIntegerField("版本", default=1)
    strategy = models.DecimalField("战略地位得分", max_digits=6, decimal_places=3)
    benefit = models.DecimalField("经济社会效益得分", max_digits=6, decimal_places=3)
    reach = models.DecimalField("辐射带动作用得分", max_digits=6, decimal_places=3)
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    note = models.CharField("说明", max_length=200, blank=True)
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["port_code", "-year", "-revision"]
        constraints = [models.UniqueConstraint(fields=["port_code", "year", "revision"], name="criterion_scores_once")]
        verbose_name = verbose_name_plural = "分级标准得分"


@register
class EvaluationResult(models.Model):
    """A port's result of a yearly evaluation as it was signed off, with the row it comes from. Signed off anew: the next revision."""

    port_code = models.CharField("口岸代码", max_length=64)
    year = models.PositiveIntegerField("年度")
    revision = models.PositiveIntegerField("版本", default=1)
    total = models.DecimalField("总分", max_digits=9, decimal_places=6, null=True)
    band = models.CharField("档次", max_length=24, blank=True)
    band_name_zh = models.CharField("档次名称", max_length=40, blank=True)
    band_name_en = models.CharField("档次名称（英文）", max_length=80, blank=True)
    red_line = models.BooleanField("触及红线")
    provisional = models.BooleanField("暂定")
    evidence_uri = models.CharField("来源记录", max_length=120)
    evidence_digest = models.CharField("来源校验值", max_length=64)
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["port_code", "-year", "-revision"]
        constraints = [models.UniqueConstraint(fields=["port_code", "year", "revision"], name="evaluation_result_once")]
        verbose_name = verbose_name_plural = "年度评估结果（供分级参考）"

    @property
    def evidence(self) -> EvidenceRef:
        """The row in evaluation that it comes from."""
        return EvidenceRef.from_uri(self.evidence_uri, self.evidence_digest)


@register
class GradeDecision(models.Model):
    """The grade of a port from a day, as the national office decided it. Never edited: a correction is a later row.

    ``proposal`` is what the system proposed that day, with the scores, readings and digest it rests on; it is
    kept apart from the decision and never becomes it.
    """

    port_code = models.CharField("口岸代码", max_length=64)
    grade = models.CharField("等级", max_length=12, choices=PortGrade.choices)
    valid_from = models.DateField("自何日起")
    reason = models.CharField("理由", max_length=400)
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    proposal = models.JSONField("系统建议")
    is_override = models.BooleanField("与建议不同")
    override_by = models.CharField("决定人", max_length=64, blank=True)
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["port_code", "valid_from", "id"]
        indexes = [models.Index(fields=["port_code", "valid_from"], name="grade_lookup")]
        verbose_name = verbose_name_plural = "口岸等级决定"


@register
class PolicyCell(models.Model):
    """One cell of the differentiated policy: grade × transport class × stage, from a day, by a document.

    An empty text says that from that day there is none. Never edited: a new version is a later row.
    """

    grade = models.CharField("等级", max_length=12, choices=PortGrade.choices)
    transport_class = models.CharField("运输类别", max_length=16, choices=TransportClass.choices)
    stage = models.CharField("环节", max_length=12, choices=Stage.choices)
    version = models.PositiveIntegerField("版本", default=1)
    text = models.TextField("条件和标准", blank=True)
    valid_from = models.DateField("自何日起")
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    reason = models.CharField("说明", max_length=400, blank=True)
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["grade", "transport_class", "stage", "-version"]
        constraints = [models.UniqueConstraint(fields=["grade", "transport_class", "stage", "version"], name="policy_cell_once")]
        verbose_name = verbose_name_plural = "差别化政策"


@register
class StrategyMark(models.Model):
    """Whether a port bears a strategy mark from a day, as the national office recorded it with a paper.

    A port without a row is unknown, never unmarked: that there is none is a row of its own. Never edited: a correction or an
    end of a mark is a later row.
    """

    port_code = models.CharField("口岸代码", max_length=64)
    is_marked = models.BooleanField("有战略标记")
    valid_from = models.DateField("自何日起")
    reason = models.CharField("理由", max_length=400)
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")
    actor_id_recorded = models.BigIntegerField("登记人", null=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["port_code", "valid_from", "id"]
        indexes = [models.Index(fields=["port_code", "valid_from"], name="strategy_mark_lookup")]
        verbose_name = verbose_name_plural = "战略标记"
