"""Verbs of conferences: called, given an agenda from open cases, minuted; corrected, once confirmed, by a corrigendum only.

The steps (agenda sent, held, minutes confirmed, issued; postponed, cancelled) are those of the desk (``take_step``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from kouan.accounts.action import System, acting_system, action
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused, clock
from kouan.casework.conference.models import (
    CONFIRMED,
    ActionItem,
    AgendaItem,
    Conference,
    ConferenceMember,
    Corrigendum,
    Level,
)
from kouan.casework.conference.queries import get_conference
from kouan.casework.conference.reasons import OWN, reasons_of
from kouan.desk.actions import record_document, refuse_secrets, store_version
from kouan.desk.matters.actions import Concerns, open_matter
from kouan.desk.matters.models import Matter
from kouan.desk.matters.paper_files import check_file, kind_of
from kouan.desk.matters.queries import matters_visible_to

LONGEST = {"title": 160, "place": 120, "chair": 80}


@dataclass(frozen=True, slots=True)
class PaperFile:
    """A paper attached to an item."""

    source: IO[bytes]
    name: str


@dataclass(frozen=True, slots=True)
class NewAction:
    """An action item: what, by whom (an office's code, or the name of a ministry without users), by which day."""

    what: str
    owner: str
    due_on: date


@action("conferences.keep")
def call_conference(
    *, actor: Any, title: str, held_on: date, place: str, chair: str, members: Sequence[str], on: date | None = None,
) -> Conference:
    """Call a conference of one's own level: the national office the ministries', a provincial office the province's.

    ``members``: codes of offices, or names of ministries that have no users here; each once.
    """
    office = actor.organisation
    level = {OrganisationKind.NATIONAL_OFFICE: Level.NATION, OrganisationKind.PROVINCIAL_OFFICE: Level.PROVINCE}.get(office.kind)
    if level is None:
        raise NotAllowed.because("no_conference_here", "只有国家口岸办和省级口岸办召集联席会议。",
            "Only the national and the provincial offices call conferences.",
                                 remedy=("请由省级口岸办召集。", "Let the provincial office call it."))
    refuse_secrets(title, place, chair, *members)
    said = {"title": title.strip(), "place": place.strip(), "chair": chair.strip()}
    findings = [Finding.error("value_required", f"请填写{label}，不超过{LONGEST[name]}字。", f"Give the {name}, at most {LONGEST[name]} characters.",
                              where=Place(field=name), remedy=("请改正。", "Correct it."))
                for name, label in (("title", "会议名称"), ("place", "地点"), ("chair", "主持人")) if not 0 < len(said[name]) <= LONGEST[name]]
    if held_on < clock.today():
        findings.append(Finding.error("day_over", f"{held_on} 已过。", f"{held_on} is over.", where=Place(field="held_on"),
            remedy=("请填写今后的日期。",
            "Give a later day.")))
    named, wrong = _members(members, office)
    findings += wrong
    if findings:
        raise Refused(findings)
    province = "" if level == Level.NATION else office.province_code
    matter = open_matter(actor=actor, procedure="joint_conference", title=said["title"], concerns=Concerns(province_code=province), on=on)
    made = Conference.objects.create(matter=matter, level=level, province_code=province, held_on=held_on, secretary=office, created_by=actor, **said)
    ConferenceMember.objects.bulk_create(ConferenceMember(conference=made, organisation=each, name=name) for name, each in named.items())
    return made


@action("conferences.keep")
def set_members(*, actor: Any, conference: int, members: Sequence[str], version: int | None = None) -> Conference:
    """The members anew, while the conference is in preparation."""
    held = _kept(actor, conference, version, "preparing")
    named, wrong = _members(members, held.secretary)
    if wrong:
        raise Refused(wrong)
    refuse_secrets(*members)
    held.members.exclude(name__in=named).delete()
    for name, office in named.items():
        ConferenceMember.objects.get_or_create(conference=held, name=name, defaults={"organisation": office})
    return _moved(held)


@action("conferences.keep")
def add_case(*, actor: Any, conference: int, matter: int, note: str = "", version: int | None = None) -> AgendaItem:
    """Put an open case that the secretary may see on the agenda, with the reasons that the system finds; else with a reason given."""
    held = _kept(actor, conference, version, "preparing")
    case = matters_visible_to(actor).filter(pk=matter).first()
    if case is None or case.procedure in OWN:
        raise NotFound.because("unknown_matter", f"没有编号为 {matter} 的办件。", f"There is no matter number {matter}.", where=Place(field="matter"),
                               remedy=("请从列表中选择。", "Choose it from the list."))
    if case.ended_at is not None:
        raise Refused.because("matter_ended", f"办件#{matter}已办结。", f"Matter #{matter} has ended.", where=Place(field="matter"),
            remedy=("请选择办理中的办件。",
            "Choose one that is under way."))
    if held.items.filter(matter=case).exists():
        raise Conflict.because("on_agenda", f"办件#{matter}已在议程中。", f"Matter #{matter} is on the agenda.", where=Place(field="matter"))
    reasons = [{"code": each.code, "zh": each.said.zh, "en": each.said.en} for each in reasons_of([case.pk])[case.pk]]
    refuse_secrets(note)
    if not reasons and not note.strip():
        raise Refused.because("reason_needed", "系统未发现此件须上会的理由，请写明理由。", "The system finds no reason for this case; give one.",
            where=Place(field="note"),
                              remedy=("写明为何提请会议研究。", "Say why the conference should take it."))
    return _added(held, matter=case, title=case.title[:200], reasons=reasons, note=note.strip()[:400])


@action("conferences.keep")
def add_cases(*, actor: Any, conference: int, matters: Sequence[int], note: str = "", version: int | None = None) -> list[AgendaItem]:
    """Several cases at once, in the order given: all or none."""
    held = _kept(actor, conference, version, "preparing")
    return [add_case(actor=actor, conference=held.pk, matter=each, note=note) for each in matters]


@action("conferences.keep")
def add_free_item(*, actor: Any, conference: int, title: str, note: str = "", paper: PaperFile | None = None,
    version: int | None = None) -> AgendaItem:
    """An item that is no case, perhaps with a paper."""
    held = _kept(actor, conference, version, "preparing")
    refuse_secrets(title, note)
    if not 0 < len(title.strip()) <= 200:
        raise Refused.because("value_required", "请填写议题，不超过200字。", "Give the item, at most 200 characters.", where=Place(field="title"),
                              remedy=("如“研究……有关问题”。", "As “On …”."))
    made = _added(held, title=title.strip(), note=note.strip()[:400])
    if paper is not None:
        attach_paper(actor=actor, conference=held.pk, item=made.pk, paper=paper)
    return made


@action("conferences.keep")
def attach_paper(*, actor: Any, conference: int, item: int, paper: PaperFile) -> AgendaItem:
    """A paper to an item; a later one is a new version of it."""
    held = _kept(actor, conference, None, "preparing", "agenda_sent")
    found = _item(held, item)
    wrong = check_file(paper.source, paper.name, "paper")
    if wrong:
        raise Refused(wrong)
    if found.paper is None:
        with acting_system("conference") as system:
            found.paper = record_document(actor=system, reference=f"conference-{held.pk}-{found.pk}", kind="other",
                                          title=f"议题材料：{found.title}"[:300], province_code=held.province_code)
        found.save(update_fields=["paper"])
    ending = kind_of(paper.name)
    store_version(found.paper, paper.source, paper.name, actor=actor, media_type=ending.media_type if ending else "")
    _moved(held)
    return found


@action("conferences.keep")
def drop_item(*, actor: Any, conference: int, item: int, version: int | None = None) -> Conference:
    """Take an item off the agenda while it is in preparation; the others close up."""
    held = _kept(actor, conference, version, "preparing")
    found = _item(held, item)
    found.delete()
    for number, each in enumerate(held.items.order_by("number"), 1):
        if each.number != number:
            each.number = number
            each.save(update_fields=["number"])
    return _moved(held)


@action("conferences.keep")
def note_receipt(*, actor: Any, conference: int, member: int, attendee: str) -> ConferenceMember:
    """Enter the receipt of a member without users here, as it came by paper or phone."""
    held = _kept(actor, conference, None, "agenda_sent")
    found = held.members.filter(pk=member).first()
    if found is None or found.invitation_id is not None or not attendee.strip():
        raise Refused.because("no_receipt", "只为没有本系统用户的成员代录回执，并须写明参会人员。",
            "Receipts are entered for members without users, with who attends.",
                              where=Place(field="attendee"), remedy=("有用户的成员请在其待办中回执。", "A member with users answers from its inbox."))
    refuse_secrets(attendee)
    found.received_at, found.attendee = clock.now(), attendee.strip()[:120]
    found.save(update_fields=["received_at", "attendee"])
    return found


@action("conferences.keep")
def write_minutes(
    *, actor: Any, conference: int, item: int, decision: str, dissent: str = "", words: str = "", actions: Sequence[NewAction] = (),
    version: int | None = None,
) -> AgendaItem:
    """The minutes of one item, and its action items anew; until somebody else has confirmed them."""
    held = _kept(actor, conference, version, "minuting")
    found = _item(held, item)
    refuse_secrets(decision, dissent, words, *(each.what for each in actions))
    findings: list[Finding] = []
    if not decision.strip():
        findings.append(Finding.error("value_required", "请填写议定意见；未议的写明“未议”。", "Give the decision; write 未议 where it was not taken.",
                                      where=Place(field=f"decision-{item}"), remedy=("请填写。", "Fill it in.")))
    rows = []
    offices = {each.code: each for each in Organisation.objects.filter(code__in=[one.owner for one in actions], is_active=True)}
    for at, each in enumerate(actions):
        if not 0 < len(each.what.strip()) <= 400 or not 0 < len(each.owner.strip()) <= 120 or each.due_on < held.held_on:
            findings.append(Finding.error("bad_action", f"第{at + 1}条议定事项须写明事项、责任单位和会议日期之后的期限。",
                                          f"Action item {at + 1} needs what, by whom, and a day after the conference.",
                                              where=Place(field=f"actions-{item}"),
                                          remedy=("请逐条改正。", "Correct each.")))
            continue
        office = offices.get(each.owner.strip())
        rows.append(ActionItem(item=found, what=each.what.strip(), owner=office, owner_name=office.name_zh if office else each.owner.strip(),
                               due_on=each.due_on))
    if findings:
        raise Refused(findings)
    found.decision, found.dissent, found.words = decision.strip()[:4000], dissent.strip()[:4000], words.strip()[:8000]
    found.minuted_by = actor
    found.save(update_fields=["decision", "dissent", "words", "minuted_by"])
    found.actions.all().delete()
    for row in rows:
        row.save()
    _moved(held)
    return found


@action("conferences.keep")
def draft_corrigendum(*, actor: Any, conference: int, words: str, item: int | None = None) -> Corrigendum:
    """What confirmed minutes should say instead; it counts once another person has confirmed it."""
    held = _kept(actor, conference, None, *CONFIRMED)
    refuse_secrets(words)
    if not words.strip():
        raise Refused.because("value_required", "请写明更正内容。", "Say what is corrected.", where=Place(field="words"),
            remedy=("写明原文和更正后的文字。",
            "Write what it said and what it should say."))
    return Corrigendum.objects.create(conference=held, item=_item(held, item) if item else None, words=words.strip()[:4000], drafted_by=actor)


@action("conferences.keep")
def confirm_corrigendum(*, actor: Any, conference: int, corrigendum: int) -> Corrigendum:
    """Confirm a corrigendum that somebody else drafted."""
    held = _kept(actor, conference, None, *CONFIRMED)
    found = held.corrigenda.select_for_update().filter(pk=corrigendum).first()
    if found is None:
        raise NotFound.because("unknown_corrigendum", "没有这项更正。", "There is no such corrigendum.", remedy=("请从会议页中选择。",
            "Choose it from the page."))
    if found.confirmed_by_id is not None:
        raise Conflict.because("already_confirmed", "这项更正已确认。", "The corrigendum has been confirmed.")
    if found.drafted_by_id == actor.pk:
        raise NotAllowed.because("own_minutes", "起草人不能确认自己起草的更正。", "Nobody confirms a corrigendum that he or she drafted.",
                                 remedy=("请由本单位另一位负责人确认。", "Let another officer of the office confirm."))
    found.confirmed_by, found.confirmed_at = actor, clock.now()
    found.save(update_fields=["confirmed_by", "confirmed_at"])
    return found


# ---- the parts ---------------------------------------------------------------------------------------------------


def _kept(actor: Any, number: int, version: int | None, *states: str) -> Conference:
    """The conference, locked, where one's own office keeps it, it stands in one of the states, and nobody was faster."""
    get_conference(actor, number)
    held = Conference.objects.select_for_update(of=("self",)).select_related("matter", "secretary").get(pk=number)
    if isinstance(actor, System) or held.secretary_id != actor.organisation_id:
        raise NotAllowed.because("not_the_secretary", "只有会议秘书单位可以办理。", "Only the secretary's office may do this.",
                                 remedy=("请联系会议秘书单位。", "Ask the secretary's office."))
    # The state is the matter's: locked too, so that nobody confirms what is being rewritten.
    state = Matter.objects.select_for_update().get(pk=held.matter_id).state
    if state not in states:
        raise Conflict.because("not_now", "会议目前所处的阶段不能这样修改；纪要确认后只能另作更正。",
                               "The conference stands where this cannot be changed; confirmed minutes are corrected by a corrigendum only.",
                               measured=state, required=", ".join(states), remedy=("请刷新页面。", "Reload the page."))
    if version is not None and held.version != version:
        raise Conflict.because("conference_changed", "您打开本页之后，议程或纪要已被同事修改。您填写的内容仍保留在本页草稿中。",
                               "Since you opened this page a colleague has changed agenda or minutes. What you typed is kept as a draft.",
                               measured=str(held.version), required=str(version), remedy=("请刷新页面，核对后再办理。",
                                   "Reload the page and look again."))
    return held


def _moved(held: Conference) -> Conference:
    held.version += 1
    held.save(update_fields=["version"])
    return held


def _item(held: Conference, number: int) -> AgendaItem:
    found = held.items.filter(pk=number).first()
    if found is None:
        raise NotFound.because("unknown_item", "议程中没有这一项。", "There is no such item on the agenda.", where=Place(field="item"),
                               remedy=("请从议程中选择。", "Choose it from the agenda."))
    return found


def _added(held: Conference, **values: Any) -> AgendaItem:
    made = AgendaItem.objects.create(conference=held, number=held.items.count() + 1, **values)
    _moved(held)
    return made


def _members(said: Sequence[str], secretary: Organisation) -> tuple[Mapping[str, Organisation | None], list[Finding]]:
    """Members by name: offices by code or full name, anybody else as a name; the secretary's office is there anyway."""
    rows = Organisation.objects.filter(is_active=True).exclude(kind=OrganisationKind.ENTERPRISE)
    if secretary.kind == OrganisationKind.PROVINCIAL_OFFICE:
        rows = rows.filter(province_code=secretary.province_code)
    offices = {key: each for each in rows for key in (each.code, each.name_zh)}
    found: dict[str, Organisation | None] = {}
    findings = []
    for each in (one.strip() for one in said):
        if not each:
            continue
        office = offices.get(each)
        name = office.name_zh if office else each
        if len(name) > 120 or name in found:
            findings.append(Finding.error("member_twice", f"成员“{name[:40]}”重复或过长。", f"The member “{name[:40]}” stands twice or is too long.",
                                          where=Place(field="members"), remedy=("每行一个单位，各列一次。", "One office a line, each once.")))
        elif office is None or office.pk != secretary.pk:
            found[name] = office
    return found, findings
