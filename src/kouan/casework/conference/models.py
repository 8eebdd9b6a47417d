"""What is kept of a conference besides its matter: members, agenda, minutes item by item, action items, corrigenda.

Minutes once confirmed are not changed; a corrigendum stands beside them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from kouan.accounts.action import System
from kouan.accounts.models import Organisation
from kouan.accounts.permissions import may_in_service
from kouan.accounts.scope import scope_of
from kouan.audit import register
from kouan.basis import clock

SENT = ("agenda_sent", "minuting", "to_confirm", "confirmed", "issued")
CONFIRMED = ("confirmed", "issued")


class Level(models.TextChoices):
    """Whose conference it is."""

    NATION = "nation", "国务院口岸工作部际联席会议"
    PROVINCE = "province", "地方口岸工作联席会议"


class ConferenceQuerySet(models.QuerySet["Conference"]):
    """Conferences, and who may see which."""

    def visible_to(self, user: Any) -> ConferenceQuerySet:
        """The nation all; a secretary's office its own; a member those whose agenda it was sent. A province's own stay its own."""
        if isinstance(user, System):
            return self
        if not may_in_service(user, "matters.read"):
            return self.none()
        if scope_of(user).everything:
            return self
        mine = Q(secretary_id=user.organisation_id)
        sent = ConferenceMember.objects.filter(conference_id=OuterRef("pk"), organisation_id=user.organisation_id, invitation__isnull=False)
        return self.filter(mine | Q(Exists(sent)))


@register
class Conference(models.Model):
    """One meeting. ``secretary`` is the office that keeps it; ``matter`` says where it stands."""

    matter = models.OneToOneField("desk.Matter", models.PROTECT, related_name="conference")
    level = models.CharField("层级", max_length=12, choices=Level.choices)
    province_code = models.CharField("省级行政区划代码", max_length=2, blank=True)
    title = models.CharField("会议名称", max_length=160)
    held_on = models.DateField("会议日期")
    place = models.CharField("地点", max_length=120)
    chair = models.CharField("主持人", max_length=80)
    secretary = models.ForeignKey(Organisation, models.PROTECT, related_name="conferences")
    minutes_number = models.CharField("纪要编号", max_length=80, blank=True)
    # Changes of agenda and minutes so far: the second of two people at once is told by it.
    version = models.PositiveIntegerField("版本", default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField("登记时间", default=clock.now)

    objects = ConferenceQuerySet.as_manager()

    class Meta:
        ordering = ["-held_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(level="nation", province_code="") | (Q(level="province") & ~Q(province_code="")),
                                   name="conference_level_and_province"),
        ]
        verbose_name = verbose_name_plural = "联席会议"

    def __str__(self) -> str:
        return self.title


@register
class ConferenceMember(models.Model):
    """A member: an office of the system, or by name a ministry that has no users here."""

    conference = models.ForeignKey(Conference, models.PROTECT, related_name="members")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    name = models.CharField("成员单位", max_length=120)
    invitation = models.OneToOneField("desk.Matter", models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField("回执时间", null=True)
    attendee = models.CharField("参会人员", max_length=120, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["conference", "name"], name="conference_member_once")]
        verbose_name = verbose_name_plural = "联席会议成员"


@register
class AgendaItem(models.Model):
    """One item of the agenda: an open case with the reasons why it needs the conference, or a free item; and its minutes."""

    conference = models.ForeignKey(Conference, models.PROTECT, related_name="items")
    number = models.PositiveSmallIntegerField("序号")
    matter = models.ForeignKey("desk.Matter", models.PROTECT, null=True, related_name="conference_items")
    title = models.CharField("议题", max_length=200)
    reasons = models.JSONField("上会理由", default=list)
    note = models.CharField("说明", max_length=400, blank=True)
    paper = models.ForeignKey("desk.Document", models.PROTECT, null=True, related_name="+")
    decision = models.TextField("议定意见", blank=True)
    dissent = models.TextField("不同意见", blank=True)
    words = models.TextField("讨论情况", blank=True)
    minuted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["conference", "number"], name="agenda_item_once"),
            models.UniqueConstraint(fields=["conference", "matter"], condition=Q(matter__isnull=False), name="agenda_case_once"),
        ]
        verbose_name = verbose_name_plural = "联席会议议题"


@register
class ActionItem(models.Model):
    """议定事项: what somebody has to do by a day. ``matter`` is opened when the minutes are confirmed."""

    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="actions")
    what = models.CharField("议定事项", max_length=400)
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    owner_name = models.CharField("责任单位", max_length=120)
    due_on = models.DateField("完成期限")
    matter = models.OneToOneField("desk.Matter", models.PROTECT, null=True, related_name="conference_action")

    class Meta:
        ordering = ["item_id", "id"]
        verbose_name = verbose_name_plural = "联席会议议定事项"


@register
class Corrigendum(models.Model):
    """更正: what confirmed minutes should say instead; drafted by one person, confirmed by another."""

    conference = models.ForeignKey(Conference, models.PROTECT, related_name="corrigenda")
    item = models.ForeignKey(AgendaItem, models.PROTECT, null=True, related_name="+")
    words = models.TextField("更正内容")
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField("起草时间", default=clock.now)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField("确认时间", null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # Whatever path writes it: who drafts a corrigendum never confirms it.
            models.CheckConstraint(condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("drafted_by")), name="corrigendum_four_eyes"),
        ]
        verbose_name = verbose_name_plural = "联席会议纪要更正"
