"""What keeps the desks in order: periods that nobody has published, a year's holidays, absences, notices read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from kouan.accounts.action import action
from kouan.accounts.models import LEADS, User
from kouan.basis import Finding, NotFound, Place, Refused, clock
from kouan.desk.matters.models import Delegation, HolidayTable, MatterNotice, ProcedureSetting
from kouan.desk.matters.registry import in_force
from kouan.desk.models import Document

LONGEST_ABSENCE = timedelta(days=366)


@action("procedures.set")
def set_period(*, actor: Any, procedure: str, setting: str, count: int, reason: str, document: Document | None = None) -> ProcedureSetting:
    """Set a period that no public text states. Matters that began under another number keep counting anew from now:
    clocks are worked out from the setting in force, and the trail keeps the old one."""
    found = in_force(procedure).procedure
    known = found.settings.get(setting)
    if known is None:
        raise NotFound.because(
            "unknown_setting", f"“{found.title.zh}”没有名为“{setting}”的期限设置。", f"“{found.title.en}” has no setting “{setting}”.",
            where=Place(field="setting"), remedy=(f"可设置：{'、'.join(found.settings) or '无'}。",
                                                  f"It has: {', '.join(found.settings) or 'none'}."))
    if not 1 <= count <= 3660:
        raise Refused.because("count_out_of_range", "期限应为 1 至 3660 之间的整数。", "The period is a whole number from 1 to 3660.",
                              where=Place(field="count"), measured=count, required=known.unit.value, remedy=("请改正。", "Correct it."))
    if not reason.strip():
        raise Refused.because("reason_missing", "请写明所依据的文件或理由。", "Say on which paper or reason it rests.", where=Place(field="reason"),
                              remedy=("公开文件未规定期限，须由国家口岸办说明依据。", "No public text states it, so the national office says why."))
    return ProcedureSetting.objects.create(
        procedure=procedure, setting=setting, count=count, reason=reason.strip(), document=document, set_by_id=actor.pk)


@action("procedures.set")
def enter_holidays(
    *, actor: Any, year: int, holidays: Collection[date], worked: Collection[date], notice: str, number: str,
) -> HolidayTable:
    """Enter a year's days off and weekends worked, from the State Council's notice. A later entry of a year holds."""
    findings = []
    off, on = set(holidays), set(worked)

    def slip(field: str, zh: str, en: str) -> None:
        findings.append(Finding.error("bad_holiday_table", zh, en, where=Place(field=field),
                                      remedy=("请对照国务院办公厅当年通知改正。", "Correct it from the State Council's notice of that year.")))

    if not 2000 <= year <= clock.today().year + 2:
        slip("year", f"{year} 年不在可录入的范围内。", f"The year {year} cannot be entered.")
    for day in sorted(each for each in off | on if each.year != year):
        slip("holidays" if day in off else "worked", f"{day} 不在 {year} 年。", f"{day} is not in {year}.")
    for day in sorted(off & on):
        slip("worked", f"{day} 同时列为放假和上班。", f"{day} is both off and worked.")
    for day in sorted(each for each in on if each.weekday() < 5):
        slip("worked", f"{day} 不是周末。", f"{day} is no weekend.")
    if len(off) < 11:
        slip("holidays", f"只有 {len(off)} 天放假；全体公民放假的节日不少于 11 天（《全国年节及纪念日放假办法》第二条）。",
             f"Only {len(off)} days off; there are at least 11 public holidays (Measures on Holidays, art. 2).")
    if not (notice.strip() and number.strip()):
        slip("number", "请填写通知名称和发文字号。", "Give the notice and its number.")
    if findings:
        raise Refused(findings)
    return HolidayTable.objects.create(
        year=year, holidays=[each.isoformat() for each in sorted(off)], worked=[each.isoformat() for each in sorted(on)],
        notice=notice.strip(), number=number.strip(), entered_by_id=actor.pk)


@action("matters.act")
def delegate(*, actor: Any, to: User, starts_on: date, ends_on: date, reason: str) -> Delegation:
    """Let a colleague of the same office act while one is away: one of the same role, or of a head one of the officers.
    What is delegated is not delegated on."""
    findings = []
    if to not in may_stand_for(actor):
        findings.append(Finding.error("not_a_colleague", "只能委托本单位同一角色的在岗同事（负责人也可以委托本单位业务人员）。",
                                      "Only a colleague of the same office and role may be chosen (a head may choose an officer too).",
                                      where=Place(field="to"), remedy=("请从列表中选择。", "Choose one from the list.")))
    if ends_on < starts_on or ends_on < clock.today() or ends_on - starts_on > LONGEST_ABSENCE:
        findings.append(Finding.error("bad_span", "起止日期不正确，或超过一年。", "The days are not right, or span more than a year.",
                                      where=Place(field="ends_on"), remedy=("请改正日期。", "Correct the days.")))
    if not reason.strip():
        findings.append(Finding.error("reason_missing", "请写明事由，如年休假、出差。", "Give the reason, such as leave or travel.",
                                      where=Place(field="reason"), remedy=("请填写。", "Fill it in.")))
    if findings:
        raise Refused(findings)
    return Delegation.objects.create(giver_id=actor.pk, taker=to, starts_on=starts_on, ends_on=ends_on, reason=reason.strip())


def may_stand_for(user: Any) -> QuerySet[User]:
    """The colleagues to whom somebody may delegate."""
    roles = {user.role, LEADS.get(user.role, user.role)}
    return User.objects.filter(organisation_id=user.organisation_id, role__in=roles, is_active=True).exclude(pk=user.pk)


@action("matters.act")
def end_delegation(*, actor: Any, delegation: int) -> Delegation:
    """Take a delegation back; what was done by it stands."""
    found = Delegation.objects.filter(pk=delegation, giver_id=actor.pk).first()
    if found is None:
        raise NotFound.because("unknown_delegation", "没有这项委托。", "There is no such delegation.", remedy=("请从列表中选择。",
            "Choose it from the list."))
    if found.ended_at is None:
        found.ended_at = clock.now()
        found.save(update_fields=["ended_at"])
    return found


@action("account.own")
def mark_read(*, actor: Any, notices: Collection[int]) -> int:
    """Note that one's own notices were read; answer how many were unread."""
    return MatterNotice.objects.visible_to(actor).filter(pk__in=list(notices), read_at__isnull=True).update(read_at=clock.now())
