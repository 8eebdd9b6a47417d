"""A held event as the officer sees it who decides about it: what was sent, and beside it what the register and the journal know.

Nothing is decided here. ``verdict_now`` says what judging anew would find at this moment, without writing anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from kouan.audit import record_event
from kouan.basis import Finding, NotFound, Refused, Text, nearest
from kouan.monitoring.journal import shape, sources
from kouan.monitoring.journal.columns import CASE_KINDS, DIRECTIONS, MODES, iso, micros
from kouan.monitoring.journal.judge import Judged, judge, milestones
from kouan.monitoring.journal.models import Event, EventSource, HeldEvent
from kouan.monitoring.journal.queries import events_as_dicts, events_visible_to, held_visible_to
from kouan.monitoring.timing.definitions import shipped
from kouan.ports.models import Port

# The columns in the order of docs/events.md, under the names by which they are sent.
NAMES = (
    "case_id", "case_kind", "milestone", "mode", "direction", "port", "place", "party", "planned", "occurred_at", "utc_offset",
    "source", "event_id", "revision", "withdrawn", "quantity", "origin", "nationality_group", "risk_channel", "goods_kind",
)
_CODED = {"case_kind": CASE_KINDS, "mode": MODES, "direction": DIRECTIONS}
# Other revisions shown beside a row; a source that corrects more often than this has another trouble.
MOST_REVISIONS = 5


def get_held(user: Any, held_id: int) -> HeldEvent:
    """A held row in sight. NotFound says the same whether there is none or it is another office's; the asking leaves a trace."""
    found: HeldEvent | None = held_visible_to(user).select_related("batch", "resolved_by").filter(pk=held_id).first()
    if found is None:
        if HeldEvent.objects.filter(pk=held_id).exists():
            record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "held_event", "id": held_id})
        raise unknown_held(held_id)
    return found


def unknown_held(held_id: int) -> Refused:
    """What is answered for a held row that is not there, or not in sight."""
    return NotFound.because("unknown_held_event", f"没有第 {held_id} 号暂存事件。", f"There is no held event {held_id}.",
                            remedy=("请从暂存事件列表中选择。", "Choose it from the list of held events."))


@dataclass(frozen=True, slots=True)
class Line:
    """One column: as sent, what the register says to it (None: nothing), and the values of other revisions in the journal."""

    name: str
    sent: str
    register: Text | None
    others: tuple[str, ...]
    is_faulty: bool
    differs: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """``others``: the events of the journal under the same source and event id, highest revision first."""

    lines: list[Line]
    others: list[dict[str, Any]]


def judged_anew(row: HeldEvent) -> Judged | list[Finding]:
    """The row judged by what is known now: the register, the code list, the rulings, the source. Findings where it still does not pass."""
    event = shape.of_values(row.raw if isinstance(row.raw, dict) else {}, row.number)
    if isinstance(event, Finding):
        return [event]
    event.source = row.source
    facts = sources.facts_of(row.source)
    judged, refused = judge(
        shape.Read([event], [row.number]), micros(row.batch.received_at), {row.source: facts} if facts else {},
        sources.known_ports([event.port]))
    if refused:
        return [finding for _, finding in refused]
    return judged[row.source].held[0].findings if judged[row.source].held else judged[row.source]


def verdict_now(row: HeldEvent) -> list[Finding]:
    """What judging anew would find at this moment; nothing where it would pass. Writes nothing."""
    found = judged_anew(row)
    if isinstance(found, list):
        return found
    # Judged sound alone, yet the very key may be in the journal with other content; only the writing itself could tell for certain.
    taken = _same_key(row)
    if taken is not None and any(said["code"] == "event_conflict" for said in row.findings):
        return [Finding.from_dict(said) for said in row.findings if said["code"] == "event_conflict"]
    return []


def _same_key(row: HeldEvent) -> Event | None:
    raw = row.raw if isinstance(row.raw, dict) else {}
    revision = raw.get("revision", 1)
    return Event.objects.filter(source=row.source, event_id=row.event_id, revision=revision if isinstance(revision, int) else 1).first()


def beside(user: Any, row: HeldEvent) -> Beside:
    """Column by column what was sent, what the register says to it, and what the journal holds under the same id."""
    raw = row.raw if isinstance(row.raw, dict) else {}
    others: list[dict[str, Any]] = []
    if row.event_id:
        others = events_as_dicts(events_visible_to(user).filter(source=row.source, event_id=row.event_id).order_by("-revision")[:MOST_REVISIONS])
    faulty = {said.get("where", {}).get("column") for said in row.findings}
    register = _register(row, raw)
    revision = raw.get("revision", 1)
    lines = []
    for name in (*NAMES, *sorted(set(raw) - set(NAMES), key=str)):
        sent, told = _said(raw.get(name)), tuple(_other(each, name) for each in others)
        is_known = name in raw and raw[name] not in (None, "")
        same = [said for said, each in zip(told, others, strict=True) if each["revision"] == revision]
        differs = is_known and any(said != _comparable(name, raw[name]) for said in same)
        if is_known or name in register or any(told) or name in faulty:
            lines.append(Line(str(name), sent, register.get(name), told, name in faulty, differs))
    return Beside(lines, others)


def _said(value: Any) -> str:
    if value is None or value == "":
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _other(event: dict[str, Any], name: str) -> str:
    # What was reported is compared with what was reported; rulings on clocks are another matter.
    return _said(event.get("reported_at" if name == "occurred_at" else name))


def _comparable(name: str, value: Any) -> str:
    """An instant as the journal writes it, so that an offset alone is no difference; the rest as sent."""
    if name != "occurred_at":
        return _said(value)
    try:
        moment = msgspec.convert(value, shape.Moment, strict=False)
    except msgspec.ValidationError:
        return _said(value)
    return iso(moment if isinstance(moment, int) else micros(moment))


def _register(row: HeldEvent, raw: dict[str, Any]) -> dict[Any, Text]:
    """What the register of ports, the code lists and the entry of the source say to the values sent."""
    found: dict[Any, Text] = {}
    source = EventSource.objects.select_related("organisation").filter(code=row.source).first()
    said = raw.get("milestone")
    if isinstance(said, str) and said:
        known = shipped().milestones.get(said)
        near = nearest(said, sorted(milestones()))
        found["milestone"] = known.name if known is not None else _none(near)
    for name, codes in _CODED.items():
        value = raw.get(name)
        if value is not None and value not in codes:
            found[name] = _none(nearest(str(value), codes))
    code = raw.get("port")
    if isinstance(code, str) and code:
        port = Port.objects.filter(code=code).first()
        if port is None:
            found["port"] = _none(nearest(code, _ports_of(source)))
        else:
            may = source is not None and source.speaks_for(code)
            found["port"] = Text(f"{port.name_zh}{'' if may else '；该来源不能代报'}",
                                 f"{port.name_en or port.name_zh}{'' if may else '; the source may not speak for it'}")
    if source is not None:
        found["source"] = source.name
        if raw.get("origin"):
            found["origin"] = Text(f"来源登记为 {source.origin}", f"registered for the source: {source.origin}")
    at = iso(micros(row.batch.received_at))
    found["occurred_at"] = Text(f"接收于 {at}", f"received {at}")
    return found


def _none(near: Any) -> Text:
    named = list(near)[:3]
    return Text("代码表中没有" + (f"；相近的有 {'、'.join(named)}" if named else ""),
                "not in the list" + (f"; near to it: {', '.join(named)}" if named else ""))


def _ports_of(source: EventSource | None) -> list[str]:
    if source is None:
        return []
    return list(Port.objects.values_list("code", flat=True)) if "*" in source.port_codes else list(source.port_codes)
