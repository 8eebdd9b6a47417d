"""Two periods of the same flow at the same port: each whole and each segment, the difference of medians with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Text
from kouan.monitoring.processes.asking import Months, port_for
from kouan.monitoring.processes.legs import Flow, Legs, chosen_legs
from kouan.monitoring.processes.view import _notes, milestone_name
from kouan.monitoring.timing.compare import Comparison, compare

Times = dict[tuple[str, ...], NDArray[np.int64]]  # by (whole) or (start, end)


@dataclass(frozen=True, slots=True)
class Line:
    """One time compared: a whole, or a segment between two milestones."""

    name: Text
    ends: tuple[str, str] | None
    comparison: Comparison


@dataclass(frozen=True)
class PeriodsCompared:
    """Wholes and segments before and after. ``is_provisional``: a period is not over."""

    port: str
    flow: Flow | None
    flows: tuple[tuple[Flow, int], ...]
    before: Months
    after: Months
    wholes: tuple[Line, ...] = ()
    segments: tuple[Line, ...] = ()
    is_provisional: bool = False
    notes: tuple[Text, ...] = ()


def compare_periods(user: Any, port: str, before: Months, after: Months, *, flow: Flow | None = None, by: str = "release") -> PeriodsCompared:
    """Compare two periods; without ``flow`` that with most cases after. NotFound out of scope."""
    found_port = port_for(user, port)
    with chosen_legs(user, found_port.code, after, flow=flow, by=by) as legs:
        chosen, flows, notes = legs.flow, legs.flows, list(_notes(legs))
        named, newer = _times(legs)
    if chosen is None:
        return PeriodsCompared(found_port.code, None, flows, before, after)
    with chosen_legs(user, found_port.code, before, flow=chosen, by=by) as legs:
        flows = tuple(dict([*legs.flows, *flows]).items())
        older_named, older = _times(legs)
        notes += [note for note in _notes(legs) if note not in notes]
    empty = np.zeros(0, np.int64)
    lines = []
    for key, name in {**older_named, **named}.items():
        ends = (key[0], key[1]) if len(key) == 2 else None
        if ends:
            start, end = (milestone_name(code, chosen[2]) for code in ends)
            name = Text(f"{name.zh}（{start.zh}→{end.zh}）", f"{name.en} ({start.en} → {end.en})")
        lines.append(Line(name, ends, compare(older.get(key, empty), newer.get(key, empty))))
    return PeriodsCompared(
        found_port.code, chosen, flows, before, after, tuple(line for line in lines if line.ends is None),
        tuple(line for line in lines if line.ends is not None), not (before.is_over and after.is_over), tuple(notes))


def _times(legs: Legs) -> tuple[dict[tuple[str, ...], Text], Times]:
    """Names and lengths (µs) of the wholes and of the segments of the first whole."""
    if not legs.is_measured or legs.plan is None:
        return {}, {}
    names: dict[tuple[str, ...], Text] = {}
    times: Times = {}
    for whole in legs.wholes:
        names[whole.code,] = whole.name
        times[whole.code,] = legs.measured(whole).lengths_us(legs.as_of)
    for place, lengths in legs.parts().items():
        pair = legs.plan.pairs[place]
        key = (legs.plan.milestones[pair.since], legs.plan.milestones[pair.to])
        names[key] = pair.part.name
        # The same two milestones with and without a part hidden between them are one segment to the eye.
        times[key] = np.concatenate([times[key], lengths]) if key in times else lengths
    return names, times
