"""What is kept of an issue besides its matter: what the enterprise said, who may know who it is, how it was routed and rated.

The matter of the desk holds the way it goes and names no enterprise: its title, steps and papers are those of offices.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from kouan.accounts.action import System
from kouan.accounts.models import Organisation, OrganisationKind, Role
from kouan.accounts.personal.fields import PersonalRow, PersonalText
from kouan.accounts.scope import Scope, scope_of
from kouan.audit import register
from kouan.basis import clock
from kouan.desk.matters.models import Task


class Origin(models.TextChoices):
    """How an issue came in."""

    ENTERPRISE = "enterprise", "企业提交"
    PHONE = "phone", "来电来访代录"
    INDICATOR = "indicator", "评估指标偏弱"


class IssueQuerySet(models.QuerySet["Issue"]):
    """Issues, and who may see which."""

    def visible_to(self, user: Any) -> IssueQuerySet:
        """An enterprise its own; an agency those given to it; a city and a province those of their ports; the nation all."""
        if isinstance(user, System):
            return self
        if user is None or not user.is_authenticated or not user.is_active or not user.organisation.is_active:
            return self.none()
        if user.role == Role.ENTERPRISE_USER:
            return self.filter(enterprise_id=user.organisation_id)
        scope: Scope = scope_of(user)
        if scope.everything:
            return self
        mine = Q(Exists(Task.objects.filter(matter_id=OuterRef("matter_id"), organisation_id=user.organisation_id)))
        mine |= Q(entered_by_office_id=user.organisation_id)
        if user.organisation.kind in (OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CITY_OFFICE):
            mine |= Q(port__province_code__in=scope.provinces - {""}) | Q(port__city_code__in=scope.cities - {""})
            mine |= Q(port__code__in=scope.ports - {""})
        return self.filter(mine)


@register(digest=("enterprise_name", "contact_name", "contact_phone", "facts", "wanted", "comment", "objection"))
class Issue(PersonalRow):
    """诉求. ``handler`` is the office in charge now; ``lead``: the issue to which this one was joined as the same thing."""

    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="issue")
    origin = models.CharField("来源", max_length=12, choices=Origin.choices)
    port = models.ForeignKey("ports.Port", models.PROTECT, related_name="issues")
    stage = models.SlugField("环节", max_length=24)
    kind = models.SlugField("类别", max_length=24)
    level = models.SlugField("范围", max_length=24)
    facts = models.TextField("事实")
    wanted = models.TextField("期望结果", blank=True)
    is_anonymous = models.BooleanField("对所涉单位匿名", default=False)
    enterprise = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="issues")
    enterprise_name = models.CharField("企业名称", max_length=120, blank=True)
    contact_name = PersonalText("联系人", max_length=64, blank=True)
    contact_phone = PersonalText("联系电话", max_length=32, blank=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_by_office = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    about_office = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    rule = models.SlugField("分送规则", max_length=24)
    why_zh = models.CharField("分送理由", max_length=300)
    why_en = models.CharField("分送理由（英文）", max_length=400)
    first_office = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    handler = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    indicator = models.CharField("指标", max_length=12, blank=True)
    # The reference (``EvidenceRef``) of the score that opened it, as one word and whole.
    evidence_uri = models.CharField("评估证据", max_length=200, blank=True)
    evidence = models.JSONField("评估证据全文", null=True)
    score = models.CharField("指标得分", max_length=40, blank=True)
    lead = models.ForeignKey("self", models.PROTECT, null=True, related_name="joined")
    submitted_at = models.DateTimeField("提交时间", default=clock.now)
    submitted_on = models.DateField("提交日期")
    answered_on = models.DateField("首次答复日期", null=True)
    is_reopened = models.BooleanField("企业曾不认可", default=False)
    objection = models.TextField("不认可的理由", blank=True)
    satisfaction = models.SlugField("评价", max_length=16, blank=True)
    comment = models.TextField("评价说明", blank=True)

    objects = IssueQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["port", "kind"], name="issue_port_kind")]
        constraints = [
            # One weak score opens one task, however often it is asked for.
            models.UniqueConstraint(fields=["port", "indicator", "evidence_uri"], condition=Q(origin="indicator"),
                                    name="issue_of_indicator_once"),
        ]
        verbose_name = verbose_name_plural = "堵点难点诉求"

    def __str__(self) -> str:
        return f"诉求#{self.pk}"

    def handovers_in_order(self) -> list[IssueHandover]:
        """To which offices it came, oldest first."""
        return list(IssueHandover.objects.filter(issue=self).select_related("office").order_by("id"))


@register
class IssueEvidence(models.Model):
    """A paper by which the enterprise shows what it says."""

    issue = models.ForeignKey(Issue, models.PROTECT, related_name="papers")
    document = models.ForeignKey("desk.Document", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["issue", "document"], name="issue_evidence_once")]
        verbose_name = verbose_name_plural = "诉求佐证材料"


@register
class IssueHandover(models.Model):
    """An issue came to an office: by rule, passed on, or assigned; with the reason."""

    issue = models.ForeignKey(Issue, models.PROTECT, related_name="handovers")
    step = models.CharField("步骤", max_length=24)
    office = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    reason = models.CharField("理由", max_length=400)
    at = models.DateTimeField("时间", default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = verbose_name_plural = "诉求流转"
