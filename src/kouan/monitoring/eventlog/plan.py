"""What is to be computed, as whole numbers: the one form of the definitions from which every engine works.

The definitions of wholes and parts (``kouan.monitoring.timing``) are compiled against what a log holds into a ``Plan``:
milestones, ports and flows become positions in lists, each chain becomes a row of positions. The generated SQL (DuckDB,
Spark) and the column engine read nothing but the plan, so no rule is written down twice.

>>> plan = compile_plan(Contents(milestones=("arrived", "released", "declared"), ports=("CN1",),
...                              flows=(("consignment", "sea", "inbound"),)))
>>> chain = plan.flows[0].chains[0]
>>> chain.whole, [plan.milestones[code] for code in chain.start], [plan.milestones[code] for code in chain.ends]
('overall_clearance@1', ['arrived'], ['delivery_permitted', 'released'])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from kouan.basis import Refused, Severity
from kouan.monitoring.timing.definitions import Definitions, Part, Whole, shipped, subject_of

BY = ("port", "month", "direction", "mode", "case_kind")
STATUSES = ("complete", "running", "not_begun", "start_missing", "end_missing", "contradictory")
LEAST_FOR_P95 = 30  # cases; fewer show no 95th percentile, which would hardly be more than the largest of them
CHINA_MINUTES = 480  # UTC+8 the whole year since 1992: months are those of the calendar that hangs on the wall


@dataclass(frozen=True, slots=True)
class Contents:
    """What a log holds: its codes, each list sorted but for milestones of the code list, which stand in its order."""

    milestones: tuple[str, ...]
    ports: tuple[str, ...]
    flows: tuple[tuple[str, str, str], ...]  # (case_kind, mode, direction)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a chain: the position of the milestone that ends it, and the part itself."""

    to: int
    part: Part

    @property
    def only_after_start(self) -> bool:
        return self.part.only_after_start


@dataclass(frozen=True, slots=True)
class Chain:
    """One whole of one flow, in positions. ``ends`` best first; ``impossible``: ends that must not lie before which start."""

    whole: str
    start: tuple[int, ...]
    ends: tuple[int, ...]
    steps: tuple[Step, ...]
    impossible: frozenset[tuple[int, int]]
    after: tuple[int, ...]  # milestones behind the end: any of them proves that it was reached
    has_segments: bool

    def place_of(self, to: int) -> int:
        """Which step ends with a milestone."""
        return next(place for place, step in enumerate(self.steps) if step.to == to)

    def absorbed(self, since: int, place: int) -> tuple[Part, ...]:
        """The mandatory parts between a milestone and a step: their time is in that step."""
        first = next((k + 1 for k, step in enumerate(self.steps) if step.to == since), 0)
        return tuple(step.part for step in self.steps[first:place] if not step.part.is_optional)


class StagePair(NamedTuple):
    """From one milestone to another within a whole, and the mandatory parts between them that the leg lacks.

    Figures are told apart by all of it: from arrival to declaration is one part of a lorry's clearance, and of a ship's it
    hides berthing and unloading.
    """

    whole: int
    part: Part
    since: int
    to: int
    absorbed: tuple[Part, ...]


def _pair(whole: int, chain: Chain, since: int, place: int) -> StagePair:
    step = chain.steps[place]
    return StagePair(whole, step.part, since, step.to, chain.absorbed(since, place))


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """A kind of case, a mode and a direction, and what is measured on it."""

    case_kind: str
    mode: str
    direction: str
    chains: tuple[Chain, ...]


@dataclass(frozen=True)
class Plan:
    """Everything an engine needs to know. ``is_foreign``: a log of other activities, where stage pairs are what directly follows."""

    milestones: tuple[str, ...]
    takes_last: tuple[bool, ...]
    ports: tuple[str, ...]
    flows: tuple[FlowPlan, ...]
    wholes: tuple[str, ...]
    by: tuple[str, ...]
    is_foreign: bool
    cohort: str  # "end" or "start": whose month counts
    offset_minutes: int
    digest: str
    pairs: tuple[StagePair, ...] = ()  # an engine names a stage pair by its position
    pair_at: Mapping[StagePair, int] = field(default_factory=dict, repr=False)

    @property
    def codes(self) -> int:
        """How many milestones there are."""
        return len(self.milestones)

    def pair(self, chain: Chain, since: int, place: int) -> int:
        """The position of the stage pair that a leg has when it takes a step and its last milestone before was ``since``."""
        return self.pair_at[_pair(self.wholes.index(chain.whole), chain, since, place)]


def compile_plan(
    contents: Contents, *, by: tuple[str, ...] = ("port", "month", "direction"), wholes: tuple[str, ...] = (), cohort: str = "end",
    is_foreign: bool = False, offset_minutes: int = CHINA_MINUTES, definitions: Definitions | None = None, on: date | None = None,
) -> Plan:
    """Put the definitions and the contents of a log together.

    ``wholes``: codes of the wholes whose parts are written; by default the first of each flow (整体通关时间 of goods), or
    ``("all",)``. Overall times are computed for every whole of the flow. Milestones that the code list does not know come
    after those it knows; they take part in paths, not in wholes.
    """
    for name in by:
        if name not in BY:
            raise Refused.because(
                "unknown_grouping", f"不能按“{name}”分组。", f"There is no grouping by “{name}”.",
                remedy=(f"可用：{'、'.join(BY)}。", f"Use some of: {', '.join(BY)}."))  # fmt: skip
    known = definitions or shipped()
    if is_foreign:
        names = contents.milestones
        flows = tuple(FlowPlan(*flow, chains=()) for flow in contents.flows)
        return Plan(names, (False,) * len(names), contents.ports, flows, ("log",), by, True, cohort, offset_minutes, "")
    listed = tuple(known.milestones)
    names = listed + tuple(sorted(set(contents.milestones) - set(listed)))
    position = {name: place for place, name in enumerate(names)}
    _refuse_unknown(wholes, known)
    flows = tuple(_flow(flow, known, position, wholes, on) for flow in contents.flows)
    keys = tuple(dict.fromkeys(chain.whole for flow in flows for chain in flow.chains))
    pair_at: dict[StagePair, int] = {}
    for chain in (chain for flow in flows for chain in flow.chains if chain.has_segments):
        whole = keys.index(chain.whole)
        for place, step in enumerate(chain.steps):
            for since in (*chain.start, *(earlier.to for earlier in chain.steps[:place])):
                if since != step.to:
                    pair_at.setdefault(_pair(whole, chain, since, place), len(pair_at))
    last = tuple(name in known.milestones and known.milestones[name].repeat == "last" for name in names)
    return Plan(names, last, contents.ports, flows, keys, by, False, cohort, offset_minutes, known.digest, tuple(pair_at), pair_at)


def _refuse_unknown(wholes: tuple[str, ...], known: Definitions) -> None:
    have = {whole.code for whole in known.wholes} | {"all"}
    if strange := sorted(set(wholes) - have):
        raise Refused.because(
            "unknown_whole", f"没有名为“{strange[0]}”的整体时间。", f"There is no whole named “{strange[0]}”.",
            remedy=(f"可用：{'、'.join(sorted(have))}。", f"Use some of: {', '.join(sorted(have))}."))  # fmt: skip


def _flow(flow: tuple[str, str, str], known: Definitions, position: dict[str, int], wanted: tuple[str, ...], on: date | None) -> FlowPlan:
    kind, mode, direction = flow
    measured = known.of_flow(subject_of(kind), direction, mode, on)
    chosen = {whole.code for whole in (measured if "all" in wanted else measured[:1] if not wanted else ()) } | set(wanted)
    return FlowPlan(kind, mode, direction, tuple(_chain(whole, mode, known, position, whole.code in chosen) for whole in measured))


def _chain(whole: Whole, mode: str, known: Definitions, position: dict[str, int], has_segments: bool) -> Chain:
    flow = known.flow(whole.subject, whole.direction, mode)
    order = flow.order if flow else ()
    places = [order.index(code) for code in whole.end if code in order]
    impossible = {
        (position[pair.first], position[pair.then]) for pair in known.impossible
        if pair.severity is Severity.ERROR and pair.first in whole.start and pair.then in whole.end
    }  # fmt: skip
    return Chain(
        whole.key, tuple(position[code] for code in whole.start), tuple(position[code] for code in whole.end),
        tuple(Step(position[part.to], part) for part in whole.parts), frozenset(impossible),
        tuple(position[code] for code in order[max(places) + 1 :]) if places else (), has_segments,
    )  # fmt: skip
