"""The shapes that the API answers and takes, as its OpenAPI description shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, model_validator

from kouan.api.reading import Day, PlainText, PortCodeText, ShortText
from kouan.ports.models import ATTRIBUTES, CodeScheme, TransportMode


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
    """A port as it stood on a day, as it was known at a moment; ``state`` is null where it was not there."""

    code: str
    as_of: date
    known_at: datetime | None
    state: dict[str, Any] | None
    workspace: str


Reason = Annotated[PlainText, Field(max_length=400)]
NewValue = ShortText | bool | None
if TYPE_CHECKING:
    AttributeName = str
else:  # the contract lists the names; they are the register's own, which a type checker cannot know
    AttributeName = Literal[ATTRIBUTES]
_DOCUMENT = "文件引用名 / reference of a recorded document"


class PortChangeIn(Schema):
    """What to change, with the document that changes it: one ``attribute``, or several in ``values``."""

    model_config = {"extra": "forbid"}

    attribute: AttributeName | None = Field(None, description="变更的登记项 / what is changed")
    value: NewValue = Field(None, description="新值；日期写作 2023-03-06 / the new value")
    values: dict[AttributeName, NewValue] = Field(
        default_factory=dict, max_length=len(ATTRIBUTES), description="同时变更的多项（如运输类别及其依据），与 attribute 二选一 / "
                                          "several that go together, such as a class and its basis; instead of attribute")
    valid_from: Day | None = Field(None, description="自何日起；不填表示一向如此 / from this day; empty: it always was so")
    document: ShortText = Field(min_length=1, description=_DOCUMENT)
    reason: Reason = Field("", description="理由 / reason")

    @model_validator(mode="after")
    def _one_way(self) -> PortChangeIn:
        if (self.attribute is None) == (not self.values):
            raise ValueError("attribute 和 values 须且只能给出一个 / give either attribute or values")
        return self


class _Decided(Schema):
    """What every decision about a port carries."""

    model_config = {"extra": "forbid"}

    document: ShortText = Field(min_length=1, description=_DOCUMENT)
    reason: Reason = Field("", description="理由 / reason")


class DecisionIn(_Decided):
    """A decision that holds from a day."""

    on: Day = Field(description="日期 / the day")


class MergerIn(DecisionIn):
    """The port of the address goes into another, alone or together with others."""

    into: PortCodeText = Field(description="并入的口岸代码 / code of the port it goes into")
    together_with: Annotated[list[PortCodeText], Field(max_length=20)] = Field(
        default_factory=list, description="一并整合的其他口岸代码 / codes of the ports merged together with it")


class CodeIn(Schema):
    """A code or name to give to a port."""

    model_config = {"extra": "forbid"}

    scheme: CodeScheme = Field(description="代码体系 / scheme")
    code: Annotated[PlainText, Field(min_length=1, max_length=80)] = Field(description="代码或名称 / code or name")
    names_place: bool = Field(False, description="地点级代码，同地口岸共用 / names the place, shared by its ports")
    valid_from: Day | None = Field(None, description="启用日期 / in use from")
    document: ShortText = Field(min_length=1, description=_DOCUMENT)


class CodeEndIn(Schema):
    """A code or name to retire."""

    model_config = {"extra": "forbid"}

    scheme: CodeScheme = Field(description="代码体系 / scheme")
    code: Annotated[PlainText, Field(min_length=1, max_length=80)] = Field(description="代码或名称 / code or name")
    on: Day = Field(description="停用日期，当日起不再使用 / first day out of use")
    document: ShortText = Field(min_length=1, description=_DOCUMENT)


class LayoutLinkIn(Schema):
    """A row of the layout behind which the port stands; its document, or why there is none."""

    model_config = {"extra": "forbid"}

    layout_id: Annotated[PlainText, Field(min_length=1, max_length=16)] = Field(description="布局条目编号 / layout entry")
    basis: Annotated[PlainText, Field(min_length=1, max_length=200)] = Field(description="依据 / basis")
    document: ShortText = Field("", description=_DOCUMENT)
    why_no_document: Annotated[PlainText, Field(max_length=200)] = Field("", description="没有依据文件的理由 / why there is no document")


class NewPortIn(Schema):
    """A port to enter: one State Council approval and one mode."""

    model_config = {"extra": "forbid"}

    code: PortCodeText = Field(description="口岸代码，拼音-方式，登记后不变 / pinyin-mode, permanent")
    mode: TransportMode = Field(description="运输方式 / mode")
    name_zh: Annotated[PlainText, Field(min_length=1, max_length=80)] = Field(description="名称 / Chinese name")
    values: dict[AttributeName, NewValue] = Field(
        default_factory=dict, max_length=len(ATTRIBUTES), description="其他登记项；批准、验收、开放另行办理 / "
                                          "further attributes; approval, acceptance and opening have addresses of their own")
    valid_from: Day | None = Field(None, description="自何日起 / true from")
    document: ShortText = Field(min_length=1, description=_DOCUMENT)
    reason: Reason = Field("", description="理由 / reason")


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
    workspace: str


class FlowOut(Schema):
    """One period of a series, rolled up; ``value`` is empty while anything is missing."""

    period: str
    value: float | None
    partial: float | None
    present: int
    expected: int
    mom: float | None = Field(description="较上一期 / relative change on the period before")
    yoy: float | None = Field(description="同比 / relative change on the same period a year before")
    share: float | None = Field(description="占 within 范围内各口岸合计的比重 / share in the total of the ports of “within”")
    rank: int | None = Field(description="位次，仅供国家口岸办和审计员 / rank; national office and auditors only")
    peak: bool


class MemberOut(Schema):
    """A province or port in one period of a total."""

    subject: str
    period: str
    value: float | None
    partial: float | None
    reported: int
    partly: int
    due: int
    mom: float | None
    yoy: float | None
    share: float | None
    rank: int | None
    ranked: int | None


class TotalOut(Schema):
    """One period of a total. ``value`` is empty while any port that is due has not reported the whole of it;
    ``partial`` is the part that is there, ``reported``, ``partly`` and ``due`` count ports."""

    period: str
    value: float | None
    partial: float | None
    reported: int
    partly: int
    due: int
    mom: float | None
    yoy: float | None
    share: float | None
    rank: int | None
    peak: bool


class TotalsOut(Schema):
    """The ports' own figures of a region added up."""

    subject: str
    measure: str
    direction: str
    group: str
    unit: str
    origin: str
    source: str
    definition: str
    within: str | None
    ports_due: int
    peak: str | None
    flows: list[TotalOut]


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
    within: str | None
    peak: str | None
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
    findings: list[dict[str, Any]]


class HoldingOut(Schema):
    """A row that was held or refused, and why."""

    id: int
    batch: int
    sheet: int
    row: int
    outcome: str
    raw: Any
    findings: list[FindingOut]
    resolution: str | None
    reason: str | None
    resolved_at: datetime | None


class ScoreOut(Schema):
    """One score of the benchmark set. Value, rank and parts are for those who may read ranks; others see
    the quartile within the peer group (1 is the best quarter)."""

    id: int
    subject: str
    year: int
    peer_group: str
    quartile: int | None
    peers: int
    not_scored: str | None
    value: float | None
    rank: int | None
    parts: dict[str, Any] | None


class VerdictOut(Schema):
    """What the volume standard says of one port and year: advice with reasons, never a decision."""

    port: str
    name_zh: str
    name_en: str
    province_code: str
    code: str
    year: int
    as_of: date
    transport_class: str | None
    transport_class_name: dict[str, str] | None
    verdict: str
    verdict_name: dict[str, str]
    margins: dict[str, Any]
    steps: list[dict[str, Any]]
    readings: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    differs_under: list[dict[str, Any]]
    candidate_verdicts: dict[str, Any]
    citation: dict[str, Any]
    rule: str
    rule_version: str
    definition_version: str
    law_digest: str
    facts: dict[str, Any]
    evidence: list[str]
    findings: list[FindingOut]


class IntakeOut(Schema):
    """What became of a file: read = accepted + held + refused."""

    source: str
    file: str
    sha256: str
    batch: int | None
    read: int
    accepted: int
    held: int
    refused: int
    observations: int
    revisions: int
    unchanged: int
    repeated: bool
    dry_run: bool
    seconds: float
    findings: list[dict[str, Any]]


class Page(Schema):
    """What every list answers besides its items."""

    next: str | None = Field(None, description="下一页的 after / pass it as “after”")
    workspace: str = Field(description="real 或 exercise（演练数据） / real, or exercise for generated data")


class PortPage(Page):
    items: list[PortOut]


class SeriesPage(Page):
    items: list[SeriesOut]


class ObservationPage(Page):
    items: list[ObservationOut]


class VerdictPage(Page):
    year: int
    as_of: date
    items: list[VerdictOut]


class ScorePage(Page):
    items: list[ScoreOut]


class SourcePage(Page):
    items: list[SourceOut]


class BatchPage(Page):
    items: list[BatchOut]


class HoldingPage(Page):
    items: list[HoldingOut]


class FlowList(Schema):
    workspace: str
    items: list[FlowSeriesOut]
    totals: list[TotalsOut] = Field(
        description="subject 为全国或省时，各口岸自报数的合计 / for the nation or a province: the ports' own figures added up"
    )


class TotalsAnswer(Schema):
    """The totals of a region, and the provinces or ports behind one period of them."""

    workspace: str
    totals: TotalsOut
    period: str | None
    members: list[MemberOut]


REFUSALS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 405, 422, 429, 503), ErrorOut)
WRITE_REFUSALS: dict[int, Any] = {**REFUSALS, **dict.fromkeys((409, 412, 413, 428), ErrorOut)}
