"""The shapes that the API answers and takes, as its OpenAPI description shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Schema
from pydantic import Field


class FindingOut(Schema):
    """A finding (basis.Finding)."""

    code: str
    severity: str
    where: dict[str, Any] = {}
    message: dict[str, str]
    measured: str | None = None
    required: str | None = None
    citation: dict[str, Any] | None = None
    remedy: dict[str, str] | None = None


class ErrorBody(Schema):
    """Why something was refused."""

    status: int
    findings: list[FindingOut]


class ErrorOut(Schema):
    """The one error shape."""

    error: ErrorBody


class CodeOut(Schema):
    """A code that somebody else gives the port."""

    scheme: str
    code: str
    names_place: bool
    valid_from: date | None
    valid_to: date | None


class PortOut(Schema):
    """A port of the register."""

    code: str
    mode: str
    name_zh: str
    name_en: str
    province_code: str
    neighbour_code: str
    transport_class: str | None
    class_basis: str
    is_border: bool | None
    status: str
    approval: str
    approved_on: date | None
    accepted_on: date | None
    latitude: float | None
    longitude: float | None
    position_source: str
    version: int
    codes: list[CodeOut] = []


class PortState(Schema):
    """A port as it stood on a day, as it was known at a moment."""

    code: str
    as_of: date
    known_at: datetime | None
    state: dict[str, Any] | None


class PortChangeIn(Schema):
    """One attribute to change, with the document that changes it."""

    attribute: str = Field(max_length=32)
    value: str | bool | int | None = None
    valid_from: date | None = None
    document: str = Field(max_length=120, description="文件引用名 / reference of a recorded document")
    reason: str = Field("", max_length=400)


class SeriesOut(Schema):
    """What an observation is about."""

    id: int
    subject: str
    measure: str
    direction: str
    group: str
    granularity: str
    unit: str
    definition: str
    origin: str
    source: str


class ObservationOut(Schema):
    """One figure, with the way back to its cell."""

    id: int
    series: SeriesOut
    period: str
    period_start: date
    period_end: date
    value: float
    revision: int
    is_current: bool
    batch: int
    sheet: int
    row: int
    column: int


class LineageOut(Schema):
    """From a figure to the cell it was read from."""

    observation: int
    lineage: dict[str, Any]
    history: list[ObservationOut]


class FlowOut(Schema):
    """One period of a series, rolled up; ``value`` is empty while anything is missing."""

    period: str
    value: float | None
    partial: float | None
    present: int
    expected: int


class FlowSeriesOut(Schema):
    """A series rolled up."""

    subject: str
    measure: str
    direction: str
    group: str
    unit: str
    origin: str
    source: str
    definition: str
    flows: list[FlowOut]


class SourceOut(Schema):
    """A source and what it brings."""

    code: str
    name: dict[str, str]
    producer: dict[str, str]
    licence: dict[str, str]
    cadence: str
    submitter: str
    description: dict[str, Any] = {}


class BatchOut(Schema):
    """One file taken in. read = accepted + held + refused."""

    id: int
    source: str
    file_name: str
    file_sha256: str
    state: str
    created_at: datetime
    committed_at: datetime | None
    read: int
    accepted: int
    held: int
    refused: int
    observations: int
    revisions: int
    unchanged: int


class HoldingOut(Schema):
    """A row that was held or refused, and why."""

    id: int
    batch: int
    sheet: int
    row: int
    outcome: str
    raw: Any
    findings: list[FindingOut]
    resolved_at: datetime | None


class ScoreOut(Schema):
    """One score of the benchmark set."""

    subject: str
    year: int
    peer_group: str
    value: float | None
    rank: int | None
    peers: int
    not_scored: str | None
    parts: dict[str, Any]


class Page(Schema):
    """What every list answers besides its items."""

    next: str | None = Field(None, description="下一页的 after / pass it as “after”")


class PortPage(Page):
    items: list[PortOut]


class SeriesPage(Page):
    items: list[SeriesOut]


class ObservationPage(Page):
    items: list[ObservationOut]


class VerdictPage(Page):
    year: int
    as_of: date
    items: list[dict[str, Any]]


class ScorePage(Page):
    items: list[ScoreOut]


class SourcePage(Page):
    items: list[SourceOut]


class BatchPage(Page):
    items: list[BatchOut]


class HoldingPage(Page):
    items: list[HoldingOut]


class FlowList(Schema):
    items: list[FlowSeriesOut]


REFUSALS: dict[int, Any] = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut}
WRITE_REFUSALS: dict[int, Any] = {**REFUSALS, 409: ErrorOut, 412: ErrorOut, 413: ErrorOut, 428: ErrorOut}
