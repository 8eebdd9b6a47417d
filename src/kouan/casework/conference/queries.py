"""What can be asked of conferences: one in scope, what the last ones decided and how far it is, a case's decisions."""

from __future__ import annotations

from typing import Any

from kouan.audit import record_event
from kouan.basis import NotFound, Place
from kouan.casework.conference.models import (
    CONFIRMED,
    SENT,
    ActionItem,
    AgendaItem,
    Conference,
    ConferenceQuerySet,
)
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import matters_visible_to, procedure_for
from kouan.desk.models import DocumentVersion


def conferences_visible_to(user: Any) -> ConferenceQuerySet:
    """The conferences that a user may see, newest first."""
    return Conference.objects.all().visible_to(user).select_related("matter__edition", "secretary")


def get_conference(user: Any, number: int) -> Conference:
    """A conference in scope. NotFound says the same whether it is unknown or somebody else's; the asking leaves a trace."""
    found = conferences_visible_to(user).filter(pk=number).first()
    if found is not None:
        return found
    if Conference.objects.filter(pk=number).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "conference", "id": number})
    raise NotFound.because("unknown_conference", f"没有编号为 {number} 的会议。", f"There is no conference number {number}.",
        where=Place(field="conference"),
                           remedy=("请从会议列表中选择。", "Choose it from the list."))


def is_secretary(user: Any, conference: Conference) -> bool:
    """Whether a user's own office keeps the conference."""
    return getattr(user, "organisation_id", None) == conference.secretary_id


def followed_up(conference: Conference) -> list[ActionItem]:
    """上次会议议定事项落实情况: action items of earlier conferences of the same level and place, until one conference has
    shown them as closed."""
    earlier = list(Conference.objects.filter(level=conference.level, province_code=conference.province_code, secretary=conference.secretary,
                                             matter__state__in=CONFIRMED).exclude(pk=conference.pk)
                   .filter(held_on__lte=conference.held_on, pk__lt=conference.pk).order_by("-held_on", "-pk"))
    if not earlier:
        return []
    rows = (ActionItem.objects.filter(item__conference__in=earlier, matter__isnull=False)
            .select_related("matter__edition", "item__conference", "owner").order_by("due_on", "pk"))
    last = earlier[0]
    return [each for each in rows if each.matter is not None and (
        each.matter.ended_at is None or each.item.conference_id == last.pk or each.matter.ended_at >= last.created_at)]


def decisions_on(matter: Matter, user: Any) -> list[AgendaItem]:
    """What conferences decided on a case, of confirmed minutes that the reader may see."""
    return list(AgendaItem.objects.filter(matter=matter, conference__matter__state__in=CONFIRMED, conference__in=conferences_visible_to(user))
                .select_related("conference").order_by("conference__held_on", "pk"))


def paper_version(user: Any, number: int, version: int) -> DocumentVersion:
    """A file of an item's paper, for whoever sees the conference. NotFound else."""
    held = get_conference(user, number)
    found = DocumentVersion.objects.select_related("document").filter(
        pk=version, disposed_at__isnull=True, document__in=held.items.filter(paper__isnull=False).values("paper_id")).first()
    if found is None:
        raise NotFound.because("unknown_paper_of_item", "没有这份材料。", "There is no such paper.", remedy=("请从会议页进入。",
            "Start from the page."))
    return found


def told(conference: Conference, user: Any) -> dict[str, Any]:
    """A conference as data. Minutes are told to members once confirmed, to the secretary's office and the nation always."""
    state = procedure_for(conference.matter).states[conference.matter.state]
    minutes = conference.matter.state in CONFIRMED or is_secretary(user, conference) or getattr(user, "pk", None) is None
    items = list(conference.items.select_related("matter").prefetch_related("actions__matter"))
    seen = set(matters_visible_to(user).filter(pk__in=[each.matter_id for each in items if each.matter_id]).values_list("pk", flat=True))
    return {
        "id": conference.pk, "matter": conference.matter_id, "level": conference.level, "province": conference.province_code or None,
        "title": conference.title, "held_on": conference.held_on, "place": conference.place, "chair": conference.chair,
        "secretary": conference.secretary.name_zh, "state": conference.matter.state, "state_label": {"zh": state.label.zh, "en": state.label.en},
        "minutes_number": conference.minutes_number or None, "version": conference.version,
        "members": [{"name": each.name, "has_received": each.received_at is not None, "attendee": each.attendee or None}
                    for each in conference.members.all()],
        "items": [{
            "id": each.pk, "number": each.number, "title": each.title, "case": each.matter_id if each.matter_id in seen else None,
            "reasons": each.reasons, "note": each.note, "decision": each.decision if minutes else None, "dissent": each.dissent if minutes else None,
            "words": each.words if minutes else None,
            "actions": [{"what": one.what, "owner": one.owner_name, "due_on": one.due_on, "matter": one.matter_id,
                         "is_closed": bool(one.matter and one.matter.ended_at)} for one in each.actions.all()] if minutes else [],
        } for each in items],
        "followed_up": [{"what": each.what, "owner": each.owner_name, "due_on": each.due_on, "matter": each.matter_id,
                         "is_closed": bool(each.matter and each.matter.ended_at)} for each in followed_up(conference)],
        "corrigenda": [{"words": each.words, "confirmed_at": each.confirmed_at} for each in conference.corrigenda.filter(confirmed_at__isnull=False)],
    }


def summary_of(conference: Conference) -> dict[str, Any]:
    """A conference as a line of a list."""
    state = procedure_for(conference.matter).states[conference.matter.state]
    return {"id": conference.pk, "level": conference.level, "province": conference.province_code or None, "title": conference.title,
            "held_on": conference.held_on, "place": conference.place, "secretary": conference.secretary.name_zh, "state": conference.matter.state,
            "state_label": {"zh": state.label.zh, "en": state.label.en}, "version": conference.version}


__all__ = ["CONFIRMED", "SENT", "conferences_visible_to", "decisions_on", "followed_up", "get_conference", "is_secretary", "paper_version",
           "summary_of", "told"]
