"""What is kept of a running matter: the edition it runs under, its steps and opinions, and whose desk it lies on.

Steps and opinions are only ever added. ``Matter.state`` and the open tasks can be worked out from them; they are
kept so that inboxes are one query, in step by ``actions`` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from kouan.accounts.action import System
from kouan.accounts.scope import Scope, scope_of
from kouan.audit import register
from kouan.basis import clock

if TYPE_CHECKING:
    from kouan.accounts.models import User


@register
class ProcedureEdition(models.Model):
    """A procedure as it stood when a matter first began under it; matters run under the kept text for ever."""

    code = models.SlugField("程序", max_length=48)
    version = models.CharField("版本", max_length=24)
    digest = models.CharField("校验值", max_length=64)
    text = models.TextField("全文")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "version", "digest"], name="procedure_edition_once")]
        verbose_name = verbose_name_plural = "程序版本"


@register
class ProcedureSetting(models.Model):
    """A period that no public text states, as the national office set it; the newest of a name holds."""

    procedure = models.SlugField("程序", max_length=48)
    setting = models.SlugField("设置", max_length=48)
    count = models.PositiveIntegerField("数值")
    reason = models.CharField("依据或理由", max_length=400)
    document = models.ForeignKey("desk.Document", models.PROTECT, null=True, blank=True, related_name="+")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "程序期限设置"


@register
class HolidayTable(models.Model):
    """A year's holidays and weekends worked, entered from the State Council's notice; the newest of a year holds."""

    year = models.PositiveSmallIntegerField("年份")
    holidays = models.JSONField("放假日期")
    worked = models.JSONField("上班的周末")
    notice = models.CharField("通知名称", max_length=200)
    number = models.CharField("发文字号", max_length=80)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "节假日安排"


class MatterQuerySet(models.QuerySet["Matter"]):
    """Matters, and who may see which."""

    def visible_to(self, user: Any) -> MatterQuerySet:
        """In scope by province, city or port; and whatever one's office began or was given a task in."""
        scope = Scope(everything=True) if isinstance(user, System) else scope_of(user)
        if scope.everything:
            return self
        if user is None or not user.is_authenticated or not user.is_active or not user.organisation.is_active:
            return self.none()
        mine = Q(applicant_id=user.organisation_id)
        mine |= Q(Exists(Task.objects.filter(matter_id=OuterRef("pk"), organisation_id=user.organisation_id)))
        mine |= Q(province_code__in=scope.provinces - {""}) | Q(port_code__in=scope.ports - {""})
        for city in scope.cities - {""}:
            mine |= Q(city_code__startswith=city[:4]) if city.endswith("00") else Q(city_code=city)
        return self.filter(mine)

    def running(self) -> MatterQuerySet:
        """Those that have not ended."""
        return self.filter(ended_at__isnull=True)


@register
class Matter(models.Model):
    """办件. ``named`` says which office stands for a party that the procedure leaves to be named."""

    edition = models.ForeignKey(ProcedureEdition, models.PROTECT, related_name="matters")
    procedure = models.SlugField("程序", max_length=48)
    room = models.CharField("所属业务", max_length=24)
    title = models.CharField("标题", max_length=200)
    state = models.SlugField("状态", max_length=48)
    outcome = models.CharField("结果", max_length=48, blank=True)
    subject = models.CharField("对象", max_length=80, blank=True)
    province_code = models.CharField("省级行政区划代码", max_length=2, blank=True)
    city_code = models.CharField("市县行政区划代码", max_length=6, blank=True)
    port_code = models.CharField("口岸代码", max_length=64, blank=True)
    applicant = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="matters")
    named = models.JSONField("指定单位", default=dict)
    facts = models.JSONField("事实", default=dict)
    # The names of facts that the system gathered: nobody types over them; gathering anew replaces them.
    gathered = models.JSONField("系统汇集的事实", default=list)
    # The parties chosen to be asked, for consultations that ask whom the matter names; empty: everybody.
    asked = models.JSONField("征求对象", null=True, default=None)
    # Steps taken and opinions given so far: the second of two people at once is told by it.
    version = models.PositiveIntegerField("版本", default=1)
    began_at = models.DateTimeField("开始时间", default=clock.now)
    ended_at = models.DateTimeField("办结时间", null=True, blank=True)

    objects = MatterQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["procedure", "state"], name="matter_state"),
            models.Index(fields=["province_code", "ended_at"], name="matter_province"),
        ]
        verbose_name = verbose_name_plural = "办件"

    def __str__(self) -> str:
        return self.title


@register
class MatterStep(models.Model):
    """One state entered: by which transition, on which day, by whom, with what was filled in and which papers."""

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField("序号")
    transition = models.CharField("步骤", max_length=48)
    state = models.SlugField("到达状态", max_length=48)
    taken_on = models.DateField("办理日期")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    fields = models.JSONField("填写内容", default=dict)
    facts = models.JSONField("所依事实", default=dict)
    overridden = models.JSONField("越过的条件", default=list)
    override_reason = models.CharField("越过理由", max_length=400, blank=True)
    documents = models.JSONField("文件", default=dict)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["matter_id", "number"]
        constraints = [models.UniqueConstraint(fields=["matter", "number"], name="matter_step_once")]
        verbose_name = verbose_name_plural = "办理步骤"


@register
class MatterOpinion(models.Model):
    """One answer of an office that was asked (征求意见) or signed (会签). ``agrees`` empty: no answer in time."""

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="opinions")
    consultation = models.CharField("征求意见事项", max_length=48)
    party = models.CharField("被征求方", max_length=48)
    round = models.PositiveSmallIntegerField("轮次")
    given_on = models.DateField("答复日期")
    agrees = models.BooleanField("是否同意", null=True)
    reference = models.CharField("来文编号", max_length=80, blank=True)
    words = models.TextField("意见", blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["matter_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["matter", "consultation", "party", "round"], name="matter_opinion_once"),
        ]
        verbose_name = verbose_name_plural = "征求意见答复"


class TaskQuerySet(models.QuerySet["Task"]):
    """Tasks on desks."""

    def open(self) -> TaskQuerySet:
        """Those still to be done."""
        return self.filter(closed_at__isnull=True)


@register
class Task(models.Model):
    """Somebody's next action: it lies on the desk of an office, for people of some roles, perhaps of one person."""

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="tasks")
    key = models.CharField("事由", max_length=120)
    party = models.CharField("参与方", max_length=48)
    label_zh = models.CharField("事项", max_length=200)
    label_en = models.CharField("事项（英文）", max_length=200)
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="tasks")
    # Between spaces, so that one role is found whole on every database: " national_officer ".
    roles = models.CharField("角色", max_length=200)
    # Nobody of the office it belongs to could do it, so it came to the national office's desk.
    is_stray = models.BooleanField("代收", default=False)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="tasks")
    due_on = models.DateField("期限", null=True)
    is_provisional = models.BooleanField("期限待定", default=False)
    # Why none of its steps can be taken now: the conditions that close them all.
    blocked_zh = models.CharField("受阻原因", max_length=400, blank=True, default="")
    blocked_en = models.CharField("受阻原因（英文）", max_length=400, blank=True, default="")
    opened_at = models.DateTimeField("交办时间", default=clock.now)
    closed_at = models.DateTimeField("办毕时间", null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["organisation", "closed_at", "due_on"], name="task_inbox")]
        constraints = [
            models.UniqueConstraint(fields=["matter", "key"], condition=Q(closed_at__isnull=True), name="task_open_once"),
        ]
        verbose_name = verbose_name_plural = "待办"


@register
class NoticeMail(models.Model):
    """One mail that told somebody of one or several notices. ``failure``: why it did not go; addresses are not kept here."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notice_mails")
    notices_count = models.PositiveIntegerField("通知条数")
    failure = models.CharField("未送出的原因", max_length=80, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["recipient", "recorded_at"], name="notice_mail_recipient")]
        verbose_name = verbose_name_plural = "通知邮件"


class NoticeQuerySet(models.QuerySet["MatterNotice"]):
    """Notices, and whose they are."""

    def visible_to(self, user: User) -> NoticeQuerySet:
        """Those sent to the user."""
        return self.filter(recipient_id=user.pk)


@register
class MatterNotice(models.Model):
    """Something told to one person: a reminder, an overdue task, a step taken. ``key`` makes it once only."""

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="notices")
    key = models.CharField("事由", max_length=160)
    kind = models.CharField("类别", max_length=16)
    text_zh = models.CharField("内容", max_length=400)
    text_en = models.CharField("内容（英文）", max_length=400)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    created_at = models.DateTimeField("发出时间", default=clock.now)
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)
    mail = models.ForeignKey(NoticeMail, models.PROTECT, null=True, blank=True, related_name="notices")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["recipient", "read_at"], name="notice_unread")]
        constraints = [models.UniqueConstraint(fields=["matter", "key", "recipient"], name="matter_notice_once")]
        verbose_name = verbose_name_plural = "通知"


@register
class Delegation(models.Model):
    """委托: while somebody is away, another person of the same office acts for them; every step says so."""

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegations_given")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegations_taken")
    starts_on = models.DateField("自")
    ends_on = models.DateField("至")
    reason = models.CharField("事由", max_length=200)
    ended_at = models.DateTimeField("收回时间", null=True, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=clock.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = verbose_name_plural = "委托"


@register(digest=("secret_digest",))
class CalendarFeed(models.Model):
    """The secret address of one person's calendar of tasks; only its digest is kept, and a new one ends the old."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="calendar_feed")
    secret_digest = models.CharField("密钥摘要", max_length=64, unique=True)
    renewed_at = models.DateTimeField("启用时间", default=clock.now)
    ended_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "日历订阅"
