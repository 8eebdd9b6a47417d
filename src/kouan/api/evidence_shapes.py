"""The shapes of what is filed beside a return, of experts' marks and of rulings, as the API's description shows them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from kouan.api.matter_shapes import Both
from kouan.api.reading import PlainText, PortCodeText
from kouan.api.shapes import Page

ItemText = Annotated[PlainText, Field(min_length=1, max_length=64, description="数据项，如 I-0606/5G / item, such as I-0606/5G")]
IndicatorText = Annotated[str, Field(pattern=r"^I-\d{4}$", description="指标，如 I-0606 / indicator, such as I-0606")]
SaidText = Annotated[PlainText, Field(max_length=400, description="理由或说明，不超过400字 / reason or remark, at most 400 characters")]
ClassText = Annotated[str, Field(pattern=r"^[a-z_]{0,16}$", description="运输类别，如 sea / class, such as sea")]
Mark = Annotated[int, Field(ge=-10**6, le=10**6)]


class ProofOut(Schema):
    """A file behind an entry."""

    file: str
    sha256: str


class DecisionOut(Schema):
    """What was decided on an entry."""

    accepted: bool
    reason: str
    on: date


class EvidenceEntryOut(Schema):
    """An entry in force. ``decisions``: how many decisions there are on it."""

    entry: int
    port: str
    item: str
    revision: int
    value: float
    remark: str
    is_point: bool
    office: str
    filed_on: date
    evidence: list[ProofOut]
    decisions: int
    decision: DecisionOut | None


class WantedOut(Schema):
    """Something asked of a port. ``version``: the revision that stands, 0 for none; a write names it in If-Match."""

    item: str
    kind: str
    name: Both
    unit: str
    indicators: list[str]
    is_whole: bool
    version: int
    filed: EvidenceEntryOut | None


class WantedPage(Page):
    """Everything asked of one port."""

    items: list[WantedOut]


class EntryIn(Schema):
    """A point (1 met, 0 not) or a figure, with references of recorded papers."""

    item: ItemText
    value: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False,
                                  description="检查点 1 符合、0 不符合，或数值 / a point: 1 met, 0 not; or a figure")]
    remark: SaidText
    documents: Annotated[list[Annotated[PlainText, Field(max_length=120)]],
                         Field(max_length=20, description="佐证文件的引用名 / references of recorded papers")] = []


class EntryAnswer(EvidenceEntryOut):
    """An entry as it was filed, or decided; ``version`` is its ETag."""

    version: int


class EntryDecisionIn(Schema):
    """A decision on an entry."""

    accepted: bool = Field(description="采信与否 / whether it is accepted")
    reason: SaidText


class AskedOut(Schema):
    """What an expert is asked to mark. ``to_mark``: the points that can be marked now; ``version``: the revision of the marks, 0 for none."""

    asked: int
    expert: str
    port: str
    indicator: str
    asked_on: date
    has_conflict: bool | None
    released_on: date | None
    to_mark: list[str]
    version: int
    reason: str | None
    points: dict[str, int]


class AskedPage(Page):
    """What experts are asked: an expert one's own."""

    items: list[AskedOut]


class AskIn(Schema):
    """Experts by sign-in name, and the ports that they mark; no indicators: all that the scheme leaves to experts."""

    experts: Annotated[list[Annotated[PlainText, Field(min_length=1, max_length=64)]],
                       Field(min_length=1, max_length=50, description="专家登录名 / sign-in names of experts")]
    ports: Annotated[list[PortCodeText], Field(min_length=1, max_length=200, description="口岸代码 / ports")]
    indicators: Annotated[list[IndicatorText], Field(max_length=100, description="指标，不填为全部由专家评分的 / indicators, none: all")] = []


class AskedAnswer(Schema):
    """What was newly asked; ``version`` counts it."""

    version: int
    items: list[AskedOut]


class InterestIn(Schema):
    """Whether one has an interest in a port."""

    has_conflict: bool = Field(description="有无利益关系 / whether there is an interest")
    statement: SaidText


class InterestOut(Schema):
    """A declaration; ``version`` is its number."""

    version: int
    port: str
    has_conflict: bool
    statement: str
    declared_on: date


class MarksIn(Schema):
    """A whole mark of 0 to 100 for every point that can be marked."""

    points: Annotated[dict[ItemText, Mark], Field(min_length=1, max_length=60, description="各检查点的分，0–100 / marks by point, 0–100")]
    reason: SaidText


class ReasonIn(Schema):
    """Why."""

    reason: SaidText


class EvaluationRulingOut(Schema):
    """A ruling of the national office, or the withdrawal of one."""

    ruling: int
    kind: str
    code: str
    port: str | None
    port_class: str | None
    year: int | None
    reason: str
    made_on: date
    withdraws: int | None
    withdrawn_by: int | None


class RulingAnswer(EvaluationRulingOut):
    """A ruling as it was made."""

    version: int


class EvaluationRulingPage(Page):
    """The rulings of a round that one may see, the newest first."""

    items: list[EvaluationRulingOut]


class EvaluationRulingIn(Schema):
    """``not_applicable``: something does not apply (to a port or class, in a year; 0: all). ``failed_feed``: a central source failed."""

    kind: Literal["not_applicable", "failed_feed"] = Field(description="不适用或数据源中断 / does not apply, or a failed source")
    code: ItemText
    reason: SaidText
    port: Annotated[str, Field(pattern=r"^[-a-z0-9]{0,64}$", description="口岸代码 / port")] = ""
    port_class: ClassText = ""
    of_year: Annotated[int, Field(ge=0, le=2199, description="所指年度，0 为各年 / the year meant, 0: all")] = 0
