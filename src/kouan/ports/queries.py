"""What can be asked of the register, by a reader, for a day, as far as was known on a day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, prefetch_related_objects

from kouan.audit import record_event
from kouan.basis import Citation, Finding, NotFound, Period, Place, clock
from kouan.ports.folding import COLUMNS, Change, as_stored, as_value, fold
from kouan.ports.models import (
    ATTRIBUTES,
    BenchmarkPort,
    CounterpartPoint,
    CounterpartPointQuerySet,
    EventKind,
    LayoutEntry,
    PlanQuerySet,
    Port,
    PortChange,
    PortEvent,
    PortQuerySet,
    PortStatus,
    Project,
)
from kouan.ports.searching import PortIndex, search
from kouan.ports.seed import plan_counts

if TYPE_CHECKING:
    from kouan.ports.models import Reader

PLAN = "国家“十四五”口岸发展规划"
# 一: 经国务院批准的对外开放口岸共 313 个, at the end of 2020.
APPROVED_TOTAL_ON = date(2020, 12, 31)
APPROVED_TOTAL_CITATION = Citation(PLAN, "一", quote="经国务院批准的对外开放口岸共 313 个")


# ---- which ports --------------------------------------------------------------------------------


def ports_visible_to(
    user: Reader, as_of: date | None = None, known_at: datetime | None = None
) -> PortQuerySet:
    """The ports in the user's scope, with the columns that hold today.

    With ``as_of`` or ``known_at``, those that were there on that day as far as was known; their
    columns are still today's: ask ``states_of`` for what held then.
    """
    ports = Port.objects.visible_to(user)
    if as_of is None and known_at is None:
        return ports
    there = states_of(ports, as_of, known_at)
    return ports.filter(code__in=list(there))


def get_port(user: Reader, code: str) -> Port:
    """The port with this code, in scope. ``NotFound`` says the same whether it is unknown or out of scope."""
    port = Port.objects.visible_to(user).filter(code=code).first()
    if port is not None:
        return port
    if Port.objects.filter(code=code).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "port", "code": code})
    raise NotFound.because(
        "unknown_port", f"没有“{code}”这个口岸。", f"There is no port “{code}”.", where=Place(field="port"),
        remedy=("请从口岸列表中选择。", "Choose it from the list of ports."),
    )


def resolve(text: str, user: Reader = None, *, mode: str | None = None, where: Place | None = None) -> Port | Finding:
    """The port that a text names, by any code or name, or a finding with the nearest names.

    Without a user the whole register is meant (the way in judges scope by itself). Many rows:
    build one ``PortIndex`` and ask it.
    """
    return PortIndex.build(user, everything=user is None).resolve(text, mode=mode, where=where)


# ---- the state of a port ---------------------------------------------------------------------------


@dataclass(frozen=True)
class PortState:
    """What held for one port on a day, as far as was known. ``because`` names the change behind each value."""

    code: str
    mode: str
    as_of: date
    known_at: datetime | None
    name_zh: str = ""
    short_name_zh: str = ""
    name_en: str = ""
    pinyin: str = ""
    initials: str = ""
    province_code: str = ""
    city_code: str = ""
    city_name: str = ""
    neighbour_code: str = ""
    transport_class: str | None = None
    class_basis: str = ""
    class_needs_review: bool = False
    is_border: bool | None = None
    status: str = PortStatus.UNKNOWN.value
    approval: str = ""
    approved_on: date | None = None
    accepted_on: date | None = None
    parent: str | None = None
    is_group: bool = False
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    position_source: str = ""
    source_note: str = ""
    because: Mapping[str, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: dates as ISO text, decimals as text; ``because`` maps attribute to change id."""
        values = {name: as_stored(name, getattr(self, name)) for name in ATTRIBUTES}
        return {
            "code": self.code, "mode": self.mode, "as_of": self.as_of.isoformat(),
            "known_at": self.known_at.isoformat() if self.known_at else None,
            **values, "because": dict(self.because or {}),
        }


def state_of(port: Port, as_of: date | None = None, known_at: datetime | None = None) -> PortState | None:
    """The state of one port on a day (today), as known at a moment (now); None where it was not there yet."""
    return states_of([port], as_of, known_at).get(port.code)


def states_of(
    ports: Iterable[Port], as_of: date | None = None, known_at: datetime | None = None
) -> dict[str, PortState]:
    """The states of many ports by code, in one query; ports that were not there are left out."""
    day = as_of or clock.today()
    wanted = {port.pk: port for port in ports}
    rows: dict[int, list[Change]] = defaultdict(list)
    query = PortChange.objects.order_by().values_list("port_id", *COLUMNS)
    if len(wanted) <= 50:
        query = query.filter(port_id__in=list(wanted))
    for key, *columns in query.iterator():
        rows[key].append(Change(*columns))
    states = {}
    for key, port in wanted.items():
        held = fold(rows.get(key, ()), day, known_at)
        if not held:
            continue
        values = {name: as_value(name, change.value) for name, change in held.items()}
        states[port.code] = PortState(
            code=port.code, mode=port.mode, as_of=day, known_at=known_at,
            because={name: change.id for name, change in held.items()}, **values,
        )
    return states


# Columns of a document that no list of changes shows.
_UNREAD = tuple(f"document__{name}" for name in (
    "note", "owner", "organisation", "is_public", "retain_until", "recorded_at", "issuer", "province_code", "issued_on", "kind"))


def history(port: Port) -> list[PortChange]:
    """Every change of a port with its document, the one recorded last first."""
    changes = PortChange.objects.filter(port_id=port.pk).select_related("document").defer(*_UNREAD)
    return list(changes.order_by("-recorded_at", "-id"))


def events_of(port: Port) -> list[PortEvent]:
    """What happened to a port: opening, expansion, acceptance, closure, merger; the latest first."""
    found = list(PortEvent.objects.filter(port_id=port.pk).order_by("-happened_on", "-id"))
    if found:  # most ports have none yet, and a query of three tables is dear to prepare
        prefetch_related_objects(found, "document", "into")
    return found


# ---- counts ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RegisterCounts:
    """已登记 N / 国务院批准 313. Groups (苏州) are headings and count nowhere; their members do.

    ``registered`` leaves out what is only planned, closed or merged; ``total`` and the counts by
    status hold those too.
    """

    as_of: date
    registered: int
    total: int
    groups: int
    by_mode: Mapping[str, int]
    by_province: Mapping[str, int]
    by_status: Mapping[str, int]
    by_approval: Mapping[str, int]
    approved_total: int = 0
    approved_total_on: date = APPROVED_TOTAL_ON
    citation: Citation = APPROVED_TOTAL_CITATION

    @property
    def open(self) -> int:
        """Ports on record as open; a planned port never is (R-076)."""
        return self.by_status.get(PortStatus.OPEN, 0)

    @property
    def planned(self) -> int:
        """Ports on record as planned."""
        return self.by_status.get(PortStatus.PLANNED, 0)


OUT = frozenset({PortStatus.PLANNED, PortStatus.CLOSED, PortStatus.MERGED})
COUNTED = ("mode", "province_code", "status", "approval", "is_group")


def register_counts(
    as_of: date | None = None, known_at: datetime | None = None, user: Reader | None = None
) -> RegisterCounts:
    """How many ports the register holds, whole or (with a user) in scope; on another day by the fold."""
    ports = Port.objects.all() if user is None else Port.objects.visible_to(user)
    rows: Iterable[tuple[str, str, str, str, bool]]
    if as_of is None and known_at is None:
        rows = ports.order_by().values_list(*COUNTED)
    else:
        states = states_of(ports, as_of, known_at).values()
        rows = [(each.mode, each.province_code, each.status, each.approval, each.is_group) for each in states]
    held = list(rows)
    single = [row for row in held if not row[4]]
    there = [row for row in single if row[2] not in OUT]
    return RegisterCounts(
        as_of=as_of or clock.today(), registered=len(there), total=len(single), groups=len(held) - len(single),
        by_mode=Counter(row[0] for row in there), by_province=Counter(row[1] for row in there),
        by_status=Counter(row[2] for row in single), by_approval=Counter(row[3] for row in there),
        approved_total=plan_counts()["approved_total"],
    )


@dataclass(frozen=True)
class EventCounts:
    """Events of a period as registered, beside the plan's own national figures where it gives them."""

    period: Period
    counts: Mapping[str, int]
    by_province: Mapping[str, Mapping[str, int]]
    plan: Mapping[str, int]


THIRTEENTH_PLAN = Period.span(date(2016, 1, 1), date(2020, 12, 31))


def event_counts(period: Period, user: Reader | None = None, known_at: datetime | None = None) -> EventCounts:
    """Openings, expansions, closures, mergers and acceptances in a period, by kind and province (R-003, R-004)."""
    events = PortEvent.objects.filter(happened_on__range=(period.start, period.end))
    if user is not None:
        events = events.filter(port__in=Port.objects.visible_to(user))
    if known_at is not None:
        events = events.filter(recorded_at__lte=known_at)
    counts: Counter[str] = Counter({kind.value: 0 for kind in EventKind})
    provinces: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, province in events.order_by().values_list("kind", "port__province_code"):
        counts[kind] += 1
        provinces[province][kind] += 1
    same = (period.start, period.end) == (THIRTEENTH_PLAN.start, THIRTEENTH_PLAN.end)
    plan = {kind: number for kind, number in plan_counts().items() if kind in EventKind.values} if same else {}
    return EventCounts(period, counts, provinces, plan)


# ---- what surrounds the ports -------------------------------------------------------------------------


def counterpart_points_visible_to(user: Reader) -> CounterpartPointQuerySet:
    """Counterpart points of the ports in scope, with those ports; the others for the national office."""
    return CounterpartPoint.objects.visible_to(user).select_related("port")


def counterpart_points_of(port: Port) -> list[CounterpartPoint]:
    """The points that face a port (whoever sees the port sees them)."""
    return list(CounterpartPoint.objects.filter(port_id=port.pk))


def benchmark_ports(user: Reader, set_code: str = "us-land") -> PlanQuerySet:
    """对标口岸 of one set, for every reader of the console; never part of the register."""
    return BenchmarkPort.objects.visible_to(user).filter(set_code=set_code)


def layout_entries(user: Reader, box: str | None = None) -> PlanQuerySet:
    """Rows of 专栏2–4. The plan is public; the ports behind a row are those in the user's scope."""
    entries = LayoutEntry.objects.visible_to(user).select_related("parent").prefetch_related(
        Prefetch("ports", queryset=Port.objects.visible_to(user))
    )
    return entries.filter(box=box) if box else entries


def projects(user: Reader, box: str | None = None) -> PlanQuerySet:
    """Projects of 专栏7–10; a project for 全部对外开放口岸 names no single port and links none."""
    found = Project.objects.visible_to(user).prefetch_related(
        Prefetch("ports", queryset=Port.objects.visible_to(user))
    )
    return found.filter(box=box) if box else found


MOST_NAMED = 200


def codes_named(text: str) -> list[str]:
    """The codes of the ports that a text names, 200 at most; for rooms and doors that keep codes and judge scope themselves."""
    found = search(Port.objects.all(), text) if text.strip() else Port.objects.none()
    return list(found.order_by("code").values_list("code", flat=True)[:MOST_NAMED])


__all__ = [
    "EventCounts", "PortIndex", "PortState", "RegisterCounts", "benchmark_ports", "counterpart_points_of",
    "counterpart_points_visible_to", "event_counts", "events_of", "get_port", "history", "layout_entries",
    "ports_visible_to", "projects", "register_counts", "resolve", "search", "state_of", "states_of",
]
