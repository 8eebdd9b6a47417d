"""What the live panorama counts and times: flows, the waits at lanes, the stages of a case.

Kept apart from the definitions by which closed months are judged (``monitoring/timing``): a wall shows a
few plain stages, each between two milestones that every mode has, within a stated error; the figures of
record come from the exact engine.

Source: 五(三) 对进出境人员、运输工具、货物等信息数据进行实时监测分析和全景展示 (R-150); the fourth flow, documents, is
the 信息流 of 三(三) (R-044). Waiting: 候检不超过30分钟 (R-027), exactly thirty minutes counts as met.

>>> [flow.code for flow in FLOWS]
['persons', 'conveyances', 'goods', 'documents']
>>> STAGES[0].name.zh
'人员候检'
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kouan.basis import Text
from kouan.monitoring.timing import parameters

DIRECTIONS = ("inbound", "outbound")
CONVEYANCES = frozenset({"vehicle", "train", "vessel_call", "flight"})
GOODS = frozenset({"consignment", "container"})

# The milestones that the live day reads; anything else passes it by.
MILESTONES = (
    "queue_joined", "lane_entered", "lane_cleared", "arrived", "departed", "gate_out", "declared", "docs_checked",
    "inspection_started", "inspection_ended", "released", "picked_up",
)


@dataclass(frozen=True, slots=True)
class Flow:
    """Something counted once per case, at one milestone. ``by_quantity``: a batch counts its persons, not itself."""

    code: str
    name: Text
    unit: Text
    kinds: frozenset[str]
    inbound_at: str
    outbound_at: str
    by_quantity: bool = False

    def milestone(self, direction: str) -> str:
        """Where it is counted."""
        return self.inbound_at if direction == "inbound" else self.outbound_at


@dataclass(frozen=True, slots=True)
class Stage:
    """A time between two milestones of one case. ``by_quantity``: each person of a batch waited it."""

    code: str
    name: Text
    start: str
    end: str
    owner: Text
    by_quantity: bool = False


FLOWS: tuple[Flow, ...] = (
    Flow("persons", Text("出入境人员", "Person-crossings"), Text("人次", "persons"), frozenset({"passenger_batch"}),
         "lane_cleared", "lane_cleared", by_quantity=True),
    Flow("conveyances", Text("运输工具", "Conveyances"), Text("艘架列辆次", "movements"), CONVEYANCES, "arrived", "departed"),
    Flow("goods", Text("放行货物", "Goods released"), Text("票", "consignments"), GOODS, "released", "released"),
    Flow("documents", Text("申报单证", "Declarations"), Text("份", "documents"), frozenset({"declaration"}) | GOODS,
         "declared", "declared"),
)

CUSTOMS, TERMINAL, ENTERPRISE = Text("海关", "Customs"), Text("场站", "Terminal"), Text("企业", "Enterprise")
BORDER = Text("边检", "Border inspection")

STAGES: tuple[Stage, ...] = (
    Stage("person_wait", Text("人员候检", "Persons waiting"), "queue_joined", "lane_entered", BORDER, by_quantity=True),
    Stage("person_check", Text("人员查验", "Persons inspected"), "lane_entered", "lane_cleared", BORDER, by_quantity=True),
    Stage("arrival_to_declaration", Text("抵港至申报", "Arrival to declaration"), "arrived", "declared", ENTERPRISE),
    Stage("declaration_to_docs", Text("申报至审单", "Declaration to documents checked"), "declared", "docs_checked", CUSTOMS),
    Stage("inspection", Text("查验", "Inspection"), "inspection_started", "inspection_ended", CUSTOMS),
    Stage("declaration_to_release", Text("申报至放行", "Declaration to release"), "declared", "released", CUSTOMS),
    Stage("release_to_pickup", Text("放行至提离", "Release to pick-up"), "released", "picked_up", ENTERPRISE),
)


def wait_limit_minutes(day: date | None = None) -> int:
    """How long a person may wait (R-027), as the parameter of that day says; the newest value if no day is given."""
    key = "waiting_limit_minutes"
    value = parameters.on(key, day) if day is not None else parameters.shipped()[key][-1]
    return int(value.number("minutes"))
