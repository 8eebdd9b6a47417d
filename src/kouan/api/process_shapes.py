"""The shapes of process views, as the API's description shows them."""

from __future__ import annotations

from datetime import date
from typing import Any

from ninja import Schema

from kouan.api.matter_shapes import Both
from kouan.api.shapes import Page


class ProcessFlow(Schema):
    """Kind of case, mode, direction."""

    case_kind: str
    mode: str
    direction: str


class ProcessFlowCount(ProcessFlow):
    """A flow that the port has, with its cases."""

    cases: int


class ProcessMonths(Schema):
    """The first and the last month of a period."""

    first: str
    last: str


class Figures(Schema):
    """Hours; p95 null below 30 cases, with the reason. ``cuts``: against the base of 2017, of mean and median."""

    n: int
    mean_hours: float | None
    median_hours: float | None
    p75_hours: float | None
    p90_hours: float | None
    p95_hours: float | None
    p95_reason: Both | None
    median_interval_hours: list[float] | None
    share_within_norm: float | None
    cuts: dict[str, float]


class WholeOut(Figures):
    """One whole. ``statuses`` counts every case, ``early`` those that ended before they began (zero hours)."""

    whole: str
    name: Both
    statuses: dict[str, int]
    early: int


class MonthOut(Figures):
    """One month of the first whole; the provisional median allows for running cases (Kaplan–Meier)."""

    month: str
    is_provisional: bool
    running: int
    provisional_median_hours: float | None


class SegmentOut(Figures):
    """One segment between two milestones: owners, nature (working, waiting, undivided), its share of all time."""

    start: str
    end: str
    name: Both
    owners: list[str]
    nature: str
    absorbed: list[Both]
    share: float


class ArcOut(Schema):
    """One milestone directly after another."""

    start: str
    end: str
    n: int
    mean_hours: float
    median_hours: float
    p90_hours: float
    p95_hours: float | None


class PathOut(Schema):
    """A path: its milestones, cases, median hours from first to last."""

    path: list[str]
    cases: int
    median_hours: float


class DeviationOut(Schema):
    """How a path leaves the usual one, and the hours that go with it."""

    path: list[str]
    cases: int
    skipped: list[str]
    added: list[str]
    swapped: list[list[str]]
    repeated: list[str]
    extra_hours: float
    total_hours: float


class ProcessOut(Schema):
    """One flow at one port over some months."""

    port: str
    months: ProcessMonths
    by: str
    flow: ProcessFlow | None
    flows: list[ProcessFlowCount]
    cases: int
    cases_found: int
    cases_read: int
    events_unread: int
    events: int
    origins: list[str]
    is_provisional: bool
    notes: list[Both]
    wholes: list[WholeOut]
    by_month: list[MonthOut]
    whole: str | None
    segments: list[SegmentOut]
    hours_by_owner: dict[str, float]
    hours_by_nature: dict[str, float]
    arcs: list[ArcOut]
    begins: dict[str, int]
    ends: dict[str, int]
    milestones: dict[str, Both]
    paths: list[PathOut]
    paths_in_all: int
    deviations: list[DeviationOut]
    conformance: dict[str, Any] | None


class ProcessCaseOut(Schema):
    """One case: begin, end, hours of the first whole of its flow, path."""

    case_id: str
    begun: str | None
    ended: str | None
    hours: float | None
    path: list[str]


class ProcessCasePage(Page):
    """Cases, the longest first; ``total`` in all."""

    items: list[ProcessCaseOut]
    total: int
    flow: ProcessFlow | None


class ComparedOut(Schema):
    """One time before and after; ``verdict``: shorter, longer, unclear, too_few."""

    name: Both
    start: str | None
    end: str | None
    n_before: int
    n_after: int
    before_hours: float | None
    after_hours: float | None
    difference_hours: float | None
    interval_hours: list[float] | None
    shift_hours: float | None
    ratio: float | None
    verdict: str
    sentence: Both


class ProcessComparisonOut(Schema):
    """Two periods of one flow at one port."""

    port: str
    flow: ProcessFlow | None
    before: ProcessMonths
    after: ProcessMonths
    is_provisional: bool
    notes: list[Both]
    wholes: list[ComparedOut]
    segments: list[ComparedOut]


class ProcessLanesOut(Schema):
    """The queue of some days: waits in minutes, the limit, Little's law, capacity, quarters of an hour."""

    port: str
    kind: str
    direction: str
    first: date
    last: date
    lanes: list[str]
    since: str
    until: str
    batches: int
    persons: int
    is_provisional: bool
    is_cut: bool
    events_unread: int
    origins: list[str]
    wait: dict[str, Any] | None
    by_lane: list[dict[str, Any]]
    rule: dict[str, Any] | None
    little: dict[str, Any] | None
    capacity: dict[str, Any] | None
    slots: list[dict[str, Any]]
