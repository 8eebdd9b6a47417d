"""Norms of operation times (通关流程作业时间规范, R-173): how long a whole or a span between two milestones may take.

No national norm is public: 四（六） asks for one to be worked out. So none ships. An office writes its own file, each value dated and
with its document; the most particular norm holds (a port before all ports, a mode before all modes), and a case is judged by the
value in force on the day on which it began. A norm names the whole within which it is measured, and a span in it lies between the
cuts of the timeline: so spans and segments agree, and what was done before the whole began is not held against anybody.

>>> from kouan.monitoring.timing.events import Event, HOUR
>>> from kouan.monitoring.timing.timeline import timelines
>>> case = [Event("C1", "container", code, "sea", "inbound", "CNSHA", occurred_at=at * HOUR)
...         for code, at in (("arrived", 0), ("berthed", 4), ("unloaded", 10), ("declared", 12), ("docs_checked", 13), ("released", 19))]
>>> norms = [Norm(Text("放行", "release"), "overall_clearance", ("docs_checked", "released"), "inbound", (), (), date(1970, 1, 1), 5 * HOUR)]
>>> check = judge(timelines(case)[0], norms)[0]
>>> check.us // HOUR, check.is_met
(6, False)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from kouan.basis import Citation, Finding, Place, Refused, Text
from kouan.basis.clock import BEIJING
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file
from kouan.monitoring.timing.definitions import Definitions, shipped
from kouan.monitoring.timing.events import DIRECTIONS, HOUR, MODES, moment
from kouan.monitoring.timing.timeline import Status, Timeline

CLOCKS = ("around", "open")


@dataclass(frozen=True, slots=True)
class Norm:
    """One value of a norm: of a `whole`, or `between` two milestones in it; empty `modes` and `ports` mean all.

    `clock`: "around" counts every hour, "open" published opening hours only. `limit_us`: exactly the limit meets it.
    """

    name: Text
    whole: str
    between: tuple[str, str] | None
    direction: str
    modes: tuple[str, ...]
    ports: tuple[str, ...]
    in_force_from: date
    limit_us: int
    clock: str = "around"
    citation: Citation | None = None
    in_force_to: date | None = None

    @property
    def hours(self) -> str:
        """The limit in hours, as one writes it."""
        return f"{self.limit_us / HOUR:g}"

    @property
    def subject(self) -> tuple[str, ...]:
        """What it limits: the code of a whole, and the two milestones if it is a span."""
        return (self.whole, *(self.between or ()))

    def applies_to(self, timeline: Timeline, day: date) -> bool:
        """Whether it can hold for a case that began on a day."""
        return (
            self.whole == timeline.whole.code and timeline.direction == self.direction and (not self.modes or timeline.mode in self.modes)
            and (not self.ports or timeline.port in self.ports) and self.in_force_from <= day
            and (self.in_force_to is None or day <= self.in_force_to)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """A norm held against one case. `us`: the span on the norm's clock; None where a milestone or the opening hours are not known."""

    norm: Norm
    us: int | None

    @property
    def is_met(self) -> bool | None:
        """Whether the case met it; None where that cannot be said."""
        return None if self.us is None else self.us <= self.norm.limit_us

    def finding(self, case_id: str) -> Finding | None:
        """A warning where the norm is not met."""
        if self.is_met is not False or self.us is None:
            return None
        took, limit = self.us / HOUR, self.norm.limit_us / HOUR
        clock = ("（开放时间）", " of opening hours") if self.norm.clock == "open" else ("", "")
        return Finding.warning(
            "over_norm", f"“{self.norm.name.zh}”用时 {took:.2f} 小时{clock[0]}，超过规范 {limit:g} 小时。",
            f"“{self.norm.name.en}” took {took:.2f} h{clock[1]}, over the norm of {limit:g} h.", where=Place(path=case_id),
            measured=f"{took:.4f} h", required=f"≤ {limit:g} h", citation=self.norm.citation,
            remedy=("查看该段的责任方和起止事件。", "See whose segment it is, and its two events."),
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        norm = self.norm
        return {
            "name": norm.name.as_dict(), "subject": list(norm.subject), "clock": norm.clock, "limit_us": norm.limit_us, "us": self.us,
            "is_met": self.is_met, "in_force_from": norm.in_force_from.isoformat(),
            "citation": norm.citation.as_dict() if norm.citation else None,
        }  # fmt: skip


def judge(timeline: Timeline, norms: Iterable[Norm]) -> list[Check]:
    """Hold the norms that apply against one whole of a case, one check for each subject; nothing for a case not complete."""
    if timeline.status is not Status.COMPLETE or timeline.start is None:
        return []
    day = moment(timeline.start.occurred_at).astimezone(BEIJING).date()
    best: dict[tuple[str, ...], Norm] = {}
    known = {timeline.start.milestone, *(part.to for part in timeline.whole.parts)}
    for norm in norms:
        if norm.applies_to(timeline, day) and (norm.between is None or known.issuperset(norm.between)):
            held = best.get(norm.subject)
            if held is None or _rank(norm) > _rank(held):
                best[norm.subject] = norm
    return [Check(norm, span_us(timeline, norm.between, norm.clock)) for norm in best.values()]


def _rank(norm: Norm) -> tuple[bool, int, bool, date]:
    # A norm of one port is more particular than one of a type of ports.
    return bool(norm.ports), -len(norm.ports), bool(norm.modes), norm.in_force_from


def norm_of_whole(norms: Iterable[Norm], whole: str, direction: str, mode: str, port: str, day: date) -> Norm | None:
    """The norm of a whole, on the clock round the hours, for cases of one flow at a port that begin on a day; None for none."""
    fitting = [
        norm for norm in norms
        if (norm.whole, norm.between, norm.clock, norm.direction) == (whole, None, "around", direction) and (not norm.modes or mode in norm.modes)
        and (not norm.ports or port in norm.ports) and norm.in_force_from <= day and (norm.in_force_to is None or day <= norm.in_force_to)
    ]  # fmt: skip
    return max(fitting, key=_rank, default=None)


def span_us(timeline: Timeline, between: tuple[str, str] | None, clock: str = "around") -> int | None:
    """The time between the cuts of two milestones, or of the whole; None where either is missing or the hours are not known."""
    parts: Sequence[Any] = timeline.parts
    if between is not None:
        names = [timeline.start.milestone if timeline.start else "", *(part.end for part in parts)]
        if between[0] not in names or between[1] not in names:
            return None
        first, last = names.index(between[0]), names.index(between[1])
        if last < first:
            return None
        parts = parts[first:last]
    if clock == "open":
        opened = [part.open_us for part in parts]
        return None if None in opened else sum(opened)
    return sum(part.us for part in parts)


def read_norms(path: Path, definitions: Definitions | None = None) -> list[Norm]:
    """Read a file of norms; Refused with every slip at once.

    ``norms: [{zh: 查验等待, en: wait for inspection, whole: overall_clearance, between: [inspection_ordered, inspection_started],
    direction: inbound, modes: [sea], ports: [CNSHA], clock: open, values: [{from: 2026-01-01, hours: 8, issued: 2025-12-20,
    instrument: …, article: …}]}]``; without `between` the norm is of the whole.
    """
    known, form = definitions or shipped(), Form(path.name)
    content = form.mapping(load_file(path), "", {"norms"})
    found: list[Norm] = []
    for place, row in enumerate(form.rows(content.get("norms"), "/norms")):
        at = f"/norms/{place}"
        data = form.mapping(row, at, {"zh", "en", "whole", "direction", "values"}, {"between", "modes", "ports", "clock"})
        name = Text(form.word(data.get("zh"), f"{at}/zh"), form.word(data.get("en"), f"{at}/en"))
        between, whole = data.get("between"), str(data.get("whole"))
        _listed(form, [whole], f"{at}/whole", {each.code for each in known.wholes})
        if between is not None:
            _listed(form, between, f"{at}/between", known.milestones)
            if not isinstance(between, list) or len(between) != 2:
                form.slip(f"{at}/between", "wrong_form", "须为两个节点。", "Two milestones belong here.", ("写作 [a, b]。", "Write it as [a, b]."))
        _listed(form, [data.get("direction")], f"{at}/direction", DIRECTIONS)
        _listed(form, data.get("modes", []), f"{at}/modes", MODES)
        _listed(form, [data.get("clock", "around")], f"{at}/clock", CLOCKS)
        for number, value in enumerate(form.rows(data.get("values"), f"{at}/values")):
            to = f"{at}/values/{number}"
            held = form.mapping(value, to, {"from", "hours", "instrument", "article"}, {"issued", "quote"})
            from_day = form.day(held.get("from"), f"{to}/from")
            issued = form.day(held["issued"], f"{to}/issued") if "issued" in held else None
            given = {key: held.get(key) for key in ("instrument", "article", "quote") if key in held}
            found.append(Norm(
                name, whole, tuple(between) if isinstance(between, list) and len(between) == 2 else None, str(data.get("direction")),
                tuple(data.get("modes") or ()), tuple(map(str, data.get("ports") or ())), from_day,
                int(form.number(held.get("hours"), f"{to}/hours") * Decimal(HOUR)), str(data.get("clock", "around")),
                form.citation(given, to, issued=issued, from_day=from_day),
            ))  # fmt: skip
    if form.findings:
        raise Refused(form.findings)
    return found


def _listed(form: Form, values: Any, path: str, allowed: Any) -> None:
    for value in values if isinstance(values, list) else [values]:
        if not isinstance(value, str) or value not in allowed:
            form.slip(path, "unknown_code", f"“{value}”不在可用的代码之内。", f"“{value}” is not a code used here.",
                      (f"可用：{'、'.join(sorted(allowed))}。", f"Use one of: {', '.join(sorted(allowed))}."))
