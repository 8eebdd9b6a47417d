"""What is kept of returns: who owes which form, what was typed, each version that was filed, marks that figures bear for ever.

A ``Return`` is one form of one port for one period. ``version`` counts every change of what it holds (drafts too): whoever writes says
which one was seen, so that of two people at once the second is told. ``ReturnVersion`` is one filing and is never changed but for what its
review said of it; its canonical file is a document, to which every figure signed from it leads back.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from kouan.accounts.models import OrganisationKind
from kouan.audit import register
from kouan.basis import Period, PeriodKind, clock
from kouan.collection.visibility import scope_for

if TYPE_CHECKING:
    from kouan.collection.returns.forms import Form


class ReturnState(models.TextChoices):
    """Where a return stands; what is late, extended or empty is said beside it (``standing.py``)."""

    DUE = "due", "待报送"
    AT_PROVINCE = "at_province", "省级审核中"
    AT_NATIONAL = "at_national", "国家审核中"
    RETURNED = "returned", "已退回"
    SIGNED = "signed", "已审定"
    NOT_APPLICABLE = "exempt", "不适用"


FILED = (ReturnState.AT_PROVINCE, ReturnState.AT_NATIONAL)


class Channel(models.TextChoices):
    """By which door a version came."""

    WORKBOOK = "workbook", "Excel 模板"
    PAGE = "page", "网页填报"
    API = "api", "接口"


class MarkKind(models.TextChoices):
    """What a figure bears for ever."""

    LATE = "late", "迟报"
    REVISED = "revised", "修订"


@register
class DueRule(models.Model):
    """报送期限: by which working day after a period its returns are due, and by which after that its figures are frozen.

    No public text states these days: the national office enters them, dated, with its reason; the newest row whose ``valid_from`` is
    not after the end of a period holds for it. Until a cadence has a rule its returns have no due day and nobody is reminded.
    """

    cadence = models.CharField("报送周期", max_length=12)
    due_days = models.PositiveSmallIntegerField("期后第几个工作日")
    freeze_days = models.PositiveSmallIntegerField("到期后第几个工作日冻结")
    escalate_days = models.PositiveSmallIntegerField("逾期几个工作日后报国家")
    valid_from = models.DateField("自哪一期起")
    reason = models.CharField("依据或理由", max_length=400)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "报送期限"


@register
class ReturnCall(models.Model):
    """报送任务: all that one office owes for one period, with its day; its matter reminds, escalates and carries extensions."""

    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="return_calls")
    cadence = models.CharField("报送周期", max_length=12)
    period_start = models.DateField("期初")
    period_end = models.DateField("期末")
    due_on = models.DateField("到期日")
    extended_to = models.DateField("延期至", null=True)
    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="+")
    opened_at = models.DateTimeField("下达时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["organisation", "cadence", "period_start", "period_end"], name="return_call_once")]
        verbose_name = verbose_name_plural = "报送任务"


class ReturnQuerySet(models.QuerySet["Return"]):
    """Returns, and who may see which."""

    def visible_to(self, user: Any) -> ReturnQuerySet:
        """The national office all; a province, a city, the Corps those of its ports; any other office those that it owes."""
        scope = scope_for(user)
        if scope.everything:
            return self
        if user is None or not user.is_authenticated or not user.is_active or not user.organisation.is_active:
            return self.none()
        mine = Q(organisation_id=user.organisation_id)
        if user.organisation.kind in (OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CITY_OFFICE, OrganisationKind.CORPS_OFFICE):
            from kouan.ports.models import Port

            mine |= Q(port__in=Port.objects.visible_to(user).order_by().values("pk"))
        return self.filter(mine)


@register
class Return(models.Model):
    """One form of one port for one period: who owes it, where it stands, what is typed but not filed."""

    form = models.CharField("表号", max_length=16)
    form_version = models.CharField("表式版本", max_length=16)
    port = models.ForeignKey("ports.Port", models.PROTECT, related_name="returns")
    cadence = models.CharField("报送周期", max_length=12)
    period_start = models.DateField("期初")
    period_end = models.DateField("期末")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="returns")
    call = models.ForeignKey(ReturnCall, models.PROTECT, null=True, related_name="returns")
    due_on = models.DateField("到期日", null=True)
    extended_to = models.DateField("延期至", null=True)
    freeze_on = models.DateField("冻结日", null=True)
    state = models.CharField("状态", max_length=12, choices=ReturnState.choices, default=ReturnState.DUE)
    is_zero = models.BooleanField("零报告", default=False)
    is_late = models.BooleanField("迟报", default=False)
    is_revised = models.BooleanField("冻结后修订", default=False)
    filed_on = models.DateField("首次报送日期", null=True)
    signed_on = models.DateField("审定日期", null=True)
    version = models.PositiveIntegerField("版本", default=1)
    draft = models.JSONField("草稿", default=dict)
    draft_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    draft_at = models.DateTimeField("草稿时间", null=True)
    matter = models.OneToOneField("desk.Matter", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    objects = ReturnQuerySet.as_manager()

    class Meta:
        ordering = ["-period_start", "port_id", "form"]
        constraints = [models.UniqueConstraint(fields=["form", "port", "period_start", "period_end"], name="return_once")]
        indexes = [models.Index(fields=["cadence", "period_start", "state"], name="return_board"),
                   models.Index(fields=["organisation", "state"], name="return_office")]
        verbose_name = verbose_name_plural = "报表"

    def __str__(self) -> str:
        return f"{self.form} {self.port_id} {self.period_start}"

    @property
    def period(self) -> Period:
        """The period."""
        return Period.span(self.period_start, self.period_end) if self.cadence == "half_year" else Period.of(
            {"quarter": PeriodKind.QUARTER, "year": PeriodKind.YEAR}.get(self.cadence, PeriodKind.MONTH), self.period_start)

    @property
    def form_of(self) -> Form:
        """The form in the version under which it is filed."""
        from kouan.collection.returns.forms import get

        return get(self.form, version=self.form_version)

    @property
    def last_day(self) -> date | None:
        """The day by which it is due, extension included."""
        return self.extended_to or self.due_on


@register
class ReturnVersion(models.Model):
    """One filing. ``cells``: item → value as text ("" not reported), reason, note, place in the file it came by. ``notes``: what a
    reviewer said of single cells."""

    owner = models.ForeignKey(Return, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("次数")
    matter = models.ForeignKey("desk.Matter", models.PROTECT, related_name="+")
    channel = models.CharField("方式", max_length=12, choices=Channel.choices)
    cells = models.JSONField("填报内容")
    people = models.JSONField("落款", default=dict)
    is_zero = models.BooleanField("零报告", default=False)
    is_late = models.BooleanField("迟报", default=False)
    findings = models.JSONField("提示", default=list)
    notes = models.JSONField("退回意见", default=dict)
    canonical = models.ForeignKey("desk.DocumentVersion", models.PROTECT, related_name="+")
    original = models.ForeignKey("desk.DocumentVersion", models.PROTECT, null=True, related_name="+")
    batch = models.ForeignKey("collection.Batch", models.PROTECT, null=True, related_name="+")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField("报出时间", default=clock.now)

    class Meta:
        ordering = ["owner_id", "number"]
        constraints = [models.UniqueConstraint(fields=["owner", "number"], name="return_version_once")]
        verbose_name = verbose_name_plural = "报表各次报送"


@register
class NotApplicable(models.Model):
    """不适用: the national office decided that an item is not asked of a port from a day on (M2). ``ended_on``: and no longer so."""

    port = models.ForeignKey("ports.Port", models.PROTECT, related_name="+")
    item = models.CharField("数据项", max_length=48)
    from_on = models.DateField("自")
    ended_on = models.DateField("至", null=True)
    reason = models.CharField("理由", max_length=400)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "不适用认定"


@register
class FigureMark(models.Model):
    """迟报 or 修订 on one figure, for ever: it was filed after its due day, or altered after its freeze."""

    observation = models.ForeignKey("collection.Observation", models.PROTECT, related_name="+")
    kind = models.CharField("标记", max_length=8, choices=MarkKind.choices)
    version = models.ForeignKey(ReturnVersion, models.PROTECT, related_name="marks")
    days = models.PositiveIntegerField("晚几日")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["observation", "kind"], name="figure_mark_once")]
        verbose_name = verbose_name_plural = "数据标记"
