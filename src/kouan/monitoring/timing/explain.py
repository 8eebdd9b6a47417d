"""Explain one case: every part with the two events it lies between, whose it is, both clocks, and what is open.

`explain` gives plain data (JSON-ready; texts as {zh, en}; times as ISO text in UTC beside the local time), from which the
command line and the page draw the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta, timezone
from typing import Any

from kouan.basis import Finding, Text
from kouan.basis.clock import BEIJING
from kouan.monitoring.timing.clocks import OpeningHours
from kouan.monitoring.timing.definitions import NATURES, OWNERS, Definitions, shipped
from kouan.monitoring.timing.events import HOUR, Event, moment, text_of
from kouan.monitoring.timing.norms import Norm, judge
from kouan.monitoring.timing.timeline import Slice, Status, Timeline, timelines, unmeasured

STATUS: Mapping[Status, Text] = {
    Status.COMPLETE: Text("完成", "complete"),
    Status.RUNNING: Text("在办", "running"),
    Status.NOT_BEGUN: Text("未开始", "not begun"),
    Status.START_MISSING: Text("缺起点", "start missing"),
    Status.END_MISSING: Text("缺终点", "end missing"),
    Status.CONTRADICTORY: Text("起止矛盾", "contradictory"),
}
UNDIVIDED = Text("无法区分", "undivided")


def explain(
    events: Iterable[Event], *, as_of: int | None = None, definitions: Definitions | None = None, on: date | None = None,
    hours: Mapping[str, OpeningHours] | None = None, norms: Sequence[Norm] = (),
) -> dict[str, Any]:
    """All wholes of the events of one case, with every part. `as_of`: the instant (µs) at which a running case is aged."""
    known = definitions or shipped()
    rows = list(events)
    told = timelines(rows, definitions=known, on=on, hours=hours, as_of=as_of)
    findings: dict[Finding, None] = dict.fromkeys(unmeasured(rows, known))
    for each in told:
        findings |= dict.fromkeys(each.findings)
    checks = [judge(each, norms) for each in told]
    findings |= dict.fromkeys(found for row in checks for check in row if (found := check.finding(rows[0].case_id)) is not None)
    return {
        "definitions": {"edition": known.edition, "digest": known.digest, "citation": known.citation.as_dict()},
        "events": [_event(event, known) for event in sorted(rows, key=lambda event: (event.occurred_at, event.received_at))],
        "wholes": [_whole(each, known, as_of) | {"norms": [check.as_dict() for check in row]} for each, row in zip(told, checks, strict=True)],
        "findings": [finding.as_dict() for finding in findings],
    }


def local_text(event: Event) -> str:
    """The instant in the offset in which it was reported, else in Beijing time."""
    zone = BEIJING if event.utc_offset is None else timezone(timedelta(minutes=event.utc_offset))
    return moment(event.occurred_at).astimezone(zone).isoformat()


def length(us: int) -> Text:
    """A length for the eye: 3天 4小时5分 / 3 d 4 h 5 min; seconds below an hour. Negative ones carry a minus.

    >>> length(99 * HOUR + 300_000_000).zh, length(-90_000_000).en, length(0).zh
    ('4天3小时5分', '−1 min 30 s', '0秒')
    """
    sign, seconds = ("−" if us < 0 else ""), abs(us) // 1_000_000
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    shown = [(days, "天", "d"), (hours, "小时", "h"), (minutes, "分", "min")]
    if not days and not hours:
        shown.append((seconds, "秒", "s"))
    kept = [each for each in shown if each[0]] or [(0, "秒", "s")]
    return Text(sign + "".join(f"{n}{zh}" for n, zh, _ in kept), sign + " ".join(f"{n} {en}" for n, _, en in kept))


def _whole(each: Timeline, known: Definitions, as_of: int | None) -> dict[str, Any]:
    whole, stages = each.whole, each.stages
    age = each.age_us(as_of) if as_of is not None else None
    return {
        "code": whole.code, "version": whole.version, "name": whole.name.as_dict(), "reading": whole.reading.as_dict(),
        "citation": whole.citation.as_dict(), "case_id": each.case_id, "case_kind": each.case_kind, "mode": each.mode,
        "direction": each.direction, "port": each.port, "status": each.status.value, "status_name": STATUS[each.status].as_dict(),
        "start": _event(each.start, known) if each.start else None, "end": _event(each.end, known) if each.end else None,
        **_clocks(each.us, each.open_us), "age_us": age, "age": length(age).as_dict() if age is not None else None,
        "parts": [_part(part, known, each.direction) for part in each.parts],
        "so_far": [_part(part, known, each.direction) for part in each.so_far],
        "by_nature": {nature: each.us_of(nature) for nature in ("working", "waiting", "undivided")},
        "by_owner": each.by_owner(),
        "before_start": [
            {"milestone": early.milestone, "name": _name(early.milestone, each.direction, known), "us": early.us,
             "length": length(early.us).as_dict()} for early in each.before_start
        ],
        "side_by_side": None if stages is None else {
            "elapsed_us": stages.elapsed_us, "effort_us": stages.effort_us, "overlap_us": stages.overlap_us, "idle_us": stages.idle_us,
            "stages": [_stage(p.stage, p.begins, p.ends, known) for p in stages.pieces],
            "critical": [_stage(p.stage, p.begins, p.ends, known) for p in stages.critical],
        },
        "findings": [finding.as_dict() for finding in each.findings],
    }  # fmt: skip


def _clocks(us: int | None, open_us: int | None) -> dict[str, Any]:
    """Both clocks: exact µs, hours to six decimals, and words. None where there is no length, or no published hours."""
    return {
        "us": us, "hours": None if us is None else round(us / HOUR, 6), "length": None if us is None else length(us).as_dict(),
        "open_us": open_us, "open_hours": None if open_us is None else round(open_us / HOUR, 6),
        "open_length": None if open_us is None else length(open_us).as_dict(),
    }  # fmt: skip


def _part(part: Slice, known: Definitions, direction: str) -> dict[str, Any]:
    owners = part.owners
    return {
        "code": part.part.code, "name": part.part.name.as_dict(), "from": part.start, "from_name": _name(part.start, direction, known),
        "to": part.end, "to_name": _name(part.end, direction, known), "begins": text_of(part.begins), "ends": text_of(part.ends),
        "reached": None if part.is_open else text_of(part.reached), "is_ahead": part.is_ahead, "is_open": part.is_open, "owners": list(owners),
        "owner_name": Text("、".join(OWNERS[o].zh for o in owners), ", ".join(OWNERS[o].en for o in owners)).as_dict(),
        "nature": part.nature, "nature_name": NATURES.get(part.nature, UNDIVIDED).as_dict(),
        "absorbed": [{"code": each.code, "name": each.name.as_dict(), "milestone": each.to} for each in part.absorbed],
        **_clocks(part.us, part.open_us),
    }  # fmt: skip


def _stage(code: str, begins: int, ends: int, known: Definitions) -> dict[str, Any]:
    return {"code": code, "name": known.stages[code].name.as_dict(), "begins": text_of(begins), "ends": text_of(ends),
            "us": ends - begins, "length": length(ends - begins).as_dict()}  # fmt: skip


def _event(event: Event, known: Definitions) -> dict[str, Any]:
    return {
        "milestone": event.milestone, "name": _name(event.milestone, event.direction, known), "occurred_at": text_of(event.occurred_at),
        "local": local_text(event), "port": event.port, "place": event.place, "party": event.party, "source": event.source,
        "event_id": event.event_id, "revision": event.revision, "planned": event.planned, "withdrawn": event.withdrawn,
        "origin": event.origin,
    }  # fmt: skip


def _name(code: str, direction: str, known: Definitions) -> dict[str, str]:
    milestone = known.milestones.get(code)
    return (milestone.name_in(direction) if milestone else Text(code, code)).as_dict()
