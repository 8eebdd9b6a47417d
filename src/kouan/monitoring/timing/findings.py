"""What a case's events leave open, in words: one function for each finding of the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kouan.basis import Finding, Place, Severity, Text, nearest
from kouan.monitoring.timing.events import Event, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kouan.monitoring.timing.definitions import Definitions, Part, Stage, Whole


def _name(event: Event, known: Definitions) -> Text:
    milestone = known.milestones.get(event.milestone)
    return milestone.name_in(event.direction) if milestone else Text(event.milestone, event.milestone)


def _at(event: Event) -> Place:
    return Place(path=f"{event.case_id}/{event.milestone}")


def no_flow(event: Event) -> Finding:
    """A kind, direction and mode for which nothing is defined."""
    return Finding.warning(
        "no_flow", f"没有“{event.case_kind}、{event.direction}、{event.mode}”的流程，不计时。",
        f"There is no flow for {event.case_kind}, {event.direction}, {event.mode}: it is not timed.",
        where=_at(event), remedy=("核对办件类型、方向和运输方式的代码。", "Check the codes of kind, direction and mode."),
    )  # fmt: skip


def unknown_milestone(event: Event, known: Definitions) -> Finding:
    """A milestone that the code list does not have."""
    hint = nearest(event.milestone, sorted(known.milestones), 1)
    return Finding.error(
        "unknown_milestone", f"代码表没有节点“{event.milestone}”，该事件不计时。",
        f"The code list has no milestone “{event.milestone}”: the event is not timed.", where=_at(event),
        remedy=(f"是否为“{hint[0]}”？", f"Did you mean “{hint[0]}”?") if hint else
        ("按 milestones.yaml 的代码报送。", "Use the codes of milestones.yaml."),
    )  # fmt: skip


def repeated(stands: Event, count: int, repeat: str, known: Definitions) -> Finding:
    """A milestone reported more than once."""
    name = _name(stands, known)
    zh, en = ("首次", "first") if repeat == "first" else ("末次", "last")
    return Finding.info(
        "milestone_repeated", f"“{name.zh}”报了 {count} 次，按规则取{zh}（{text_of(stands.occurred_at)}）。",
        f"“{name.en}” was reported {count} times; by rule the {en} stands ({text_of(stands.occurred_at)}).",
        where=_at(stands), measured=count,
    )  # fmt: skip


def out_of_order(first: Event, then: Event, severity: Severity, known: Definitions) -> Finding:
    """A milestone before one that must precede it."""
    before, after = _name(then, known), _name(first, known)
    make = Finding.error if severity is Severity.ERROR else Finding.warning
    return make(
        "milestones_out_of_order", f"“{before.zh}”（{text_of(then.occurred_at)}）早于“{after.zh}”（{text_of(first.occurred_at)}）。",
        f"“{before.en}” ({text_of(then.occurred_at)}) lies before “{after.en}” ({text_of(first.occurred_at)}).",
        where=_at(then), measured=text_of(then.occurred_at), required=f"≥ {text_of(first.occurred_at)}",
        remedy=("核对两个来源的时钟和时区；有误的，由来源报更正版。",
                "Check clock and time zone of both sources; the one at fault sends a corrected revision."),
    )  # fmt: skip


def not_measured(status: str, first: Event | None, last: Event | None, whole: Whole, where: str, proof: Event | None) -> list[Finding]:
    """Why a whole has no length. A case that merely runs needs no finding."""
    place = Place(path=where)
    if status == "start_missing":
        return [Finding.error(
            "start_missing", f"已到终点而没有起点“{whole.start[0]}”，{whole.name.zh}无法计算；不计入统计，另行计数。",
            f"It has ended without its start “{whole.start[0]}”: the {whole.name.en} cannot be measured; left out of statistics and counted apart.",
            where=place, remedy=("向来源补报起点事件。", "Ask the source for the event of the start."))]  # fmt: skip
    if status == "end_missing" and proof is not None:
        return [Finding.error(
            "end_missing", f"没有终点“{whole.end[0]}”，而其后的“{proof.milestone}”已报；{whole.name.zh}无法计算，也不算在办。",
            f"There is no end “{whole.end[0]}”, yet the later “{proof.milestone}” was reported: "
            f"the {whole.name.en} cannot be measured, nor is it still running.",
            where=place, remedy=("向来源补报终点事件。", "Ask the source for the event of the end."))]  # fmt: skip
    if status == "contradictory" and first is not None and last is not None:
        return [Finding.error(
            "end_before_start", f"终点“{last.milestone}”早于起点“{first.milestone}”，{whole.name.zh}不成立；不计入统计，另行计数。",
            f"The end “{last.milestone}” lies before the start “{first.milestone}”: there is no {whole.name.en}; "
            "left out of statistics and counted apart.",
            where=place, measured=text_of(last.occurred_at), required=f"≥ {text_of(first.occurred_at)}",
            remedy=("核对两个来源的时钟和时区。", "Check clock and time zone of both sources."))]  # fmt: skip
    return []


def end_stood_in(last: Event, whole: Whole, where: str) -> Finding:
    """The end was read from the second best milestone."""
    return Finding.info(
        "end_stood_in", f"没有“{whole.end[0]}”的报送，以“{last.milestone}”为终点。",
        f"No “{whole.end[0]}” was reported; “{last.milestone}” stands for it as the end.", where=Place(path=where),
    )  # fmt: skip


def ended_before_start(first: Event, last: Event, where: str) -> Finding:
    """Released before arrival: possible, and a whole of zero."""
    return Finding.info(
        "ended_before_start", f"“{last.milestone}”在“{first.milestone}”之前完成（提前放行），全程计为零，提前的时间另列。",
        f"“{last.milestone}” came before “{first.milestone}” (cleared in advance): the whole counts as zero, the time ahead is shown apart.",
        where=Place(path=where), measured=text_of(last.occurred_at),
    )  # fmt: skip


def merged(absorbed: Sequence[Part], into: Part, where: str) -> Finding:
    """A milestone is missing: its part cannot be told from the next."""
    zh, en = "、".join(part.name.zh for part in absorbed), ", ".join(part.name.en for part in absorbed)
    return Finding.warning(
        "milestone_missing", f"缺节点 {'、'.join(part.to for part in absorbed)}，“{zh}”并入“{into.name.zh}”。",
        f"The milestone {', '.join(part.to for part in absorbed)} is missing: “{en}” is merged into “{into.name.en}”.",
        where=Place(path=where), remedy=("向来源补报该节点。", "Ask the source for that milestone."),
    )  # fmt: skip


def several_ports(first: Event, ports: Sequence[str], where: str) -> Finding:
    """The events of one case name more than one port."""
    return Finding.info(
        "several_ports", f"事件涉及 {len(ports)} 个口岸（{'、'.join(ports)}），计入起点所在的 {first.port}。",
        f"The events name {len(ports)} ports ({', '.join(ports)}); the case counts at {first.port}, where it began.",
        where=Place(path=where), measured=len(ports),
    )  # fmt: skip


def stage_open(stage: Stage, *, is_begun: bool, where: str) -> Finding:
    """A stage with only one of its two ends."""
    zh, en = ("有起无止", "a beginning and no end") if is_begun else ("有止无起", "an end and no beginning")
    return Finding.info(
        "stage_open", f"“{stage.name.zh}”{zh}，不计入并行作业。", f"“{stage.name.en}” has {en}; it is left out of the work side by side.",
        where=Place(path=where),
    )  # fmt: skip
