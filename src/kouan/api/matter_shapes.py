"""The shapes of running matters and procedures, as the API's description shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

from kouan.api.reading import Day, PlainText, PortCodeText, ShortText
from kouan.api.shapes import FindingOut, Page

NAME = r"^[a-z][a-z0-9_]{0,47}$"
Name = Annotated[str, Field(pattern=NAME)]
LongText = Annotated[PlainText, Field(max_length=4000)]
FactValue = Annotated[PlainText, Field(max_length=2000)] | bool | Annotated[int, Field(ge=-10**15, le=10**15)] | Annotated[
    float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]
MOST = 100


class Both(Schema):
    """A text in both languages."""

    zh: str
    en: str


class MatterSummary(Schema):
    """A matter as a line of a list."""

    id: int
    title: str
    procedure: str
    procedure_version: str
    state: str
    state_label: Both
    outcome: str | None
    subject: str | None
    port: str | None
    province: str | None
    applicant: str
    began_at: datetime
    ended_at: datetime | None
    version: int


class PartyOut(Schema):
    """Somebody who takes part, with the office that stands for it here."""

    code: str
    label: Both
    office: str | None


class KindOut(Schema):
    """A paper that a step asks for."""

    kind: str
    label: Both


class FieldOut(Schema):
    """Something to fill in."""

    name: str
    label: Both


class NextStepOut(Schema):
    """A step from where the matter stands, and what stands against it now."""

    code: str
    label: Both
    to: str
    by: list[str]
    is_yours: bool
    is_open: bool
    unmet: list[FindingOut]
    papers: list[KindOut]
    fields: list[FieldOut]
    facts: list[str]
    may_be_overridden_by: list[str]
    citation: str | None


class FactOut(Schema):
    """A fact that guards ask; null where it is not known."""

    code: str
    label: Both
    kind: str
    value: Any = None
    supplied_by: str | None


class OpinionOut(Schema):
    """An answer of an office that was asked, or that it is awaited. ``agrees`` null: no answer in time."""

    consultation: str
    party: str
    party_label: Both
    round: int
    is_awaited: bool
    agrees: bool | None
    reference: str
    words: str
    given_on: date | None


class ClockOut(Schema):
    """How a clock stands today."""

    code: str
    label: Both
    party: str | None
    state: str
    used: int
    unit: str
    due: date | None
    working_days_left: int | None
    is_provisional: bool


class TaskOut(Schema):
    """A task on a desk."""

    id: int
    matter: int
    title: str
    procedure: str
    party: str
    what: Both
    office: str
    assignee: str | None
    due: date | None
    is_provisional: bool
    is_stray: bool
    since: datetime


class FileOut(Schema):
    """A version of a paper; ``state`` is same, altered, missing or disposed, by its checksum."""

    version: int
    name: str
    size_bytes: int
    sha256: str
    state: str


class PaperOut(Schema):
    """A paper of a step."""

    kind: str
    reference: str
    title: str
    number: str
    issuer: str
    issued_on: date | None
    files: list[FileOut]


class StepOut(Schema):
    """A step that was taken. Without an actor the system took it."""

    number: int
    code: str
    label: Both
    state: str
    on: date
    office: str | None
    actor: str | None
    on_behalf_of: str | None
    fields: dict[str, Any]
    papers: list[PaperOut]
    overridden: list[str]
    override_reason: str


class MatterOut(MatterSummary):
    """Everything of a matter."""

    procedure_title: Both
    waits_for: list[PartyOut]
    next_steps: list[NextStepOut]
    facts: list[FactOut]
    opinions: list[OpinionOut]
    clocks: list[ClockOut]
    tasks: list[TaskOut]
    steps: list[StepOut]


class MatterPage(Page):
    items: list[MatterSummary]


class InboxPage(Page):
    items: list[TaskOut]


class ProcedureSummary(Schema):
    """A procedure in force."""

    code: str
    version: str
    title: Both
    in_force_from: date
    subject: str
    citation: str | None
    unfilled: list[str] = Field(description="尚待国家口岸办设定的期限 / periods that the national office has still to set")


class ProcedureOut(ProcedureSummary):
    """Everything of a procedure."""

    parties: list[dict[str, Any]]
    states: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    papers: list[KindOut]
    facts: list[dict[str, Any]]
    settings: list[dict[str, Any]]
    clocks: list[dict[str, Any]]
    consultations: list[dict[str, Any]]


class ProcedureList(Page):
    items: list[ProcedureSummary]


class NewMatterIn(Schema):
    """A matter to begin."""

    model_config = {"extra": "forbid"}

    procedure: Name = Field(description="程序代码，如 opening / procedure, such as opening")
    title: Annotated[PlainText, Field(min_length=1, max_length=200)] = Field(description="标题 / title")
    port: PortCodeText | None = Field(None, description="口岸代码 / port that it is about")
    named: dict[Name, ShortText] = Field(default_factory=dict, max_length=MOST, description="指定参与单位：参与方 → 单位代码 / "
                                         "offices for parties to be named: party to office code")
    facts: dict[Name, FactValue] = Field(default_factory=dict, max_length=MOST, description="已知事实 / facts known already")


class NewPaperIn(Schema):
    """A paper known by its facts; its file is added on the page."""

    model_config = {"extra": "forbid"}

    title: Annotated[PlainText, Field(min_length=1, max_length=300)]
    number: Annotated[PlainText, Field(max_length=80)] = ""
    issuer: Annotated[PlainText, Field(max_length=160)] = ""
    issued_on: Day | None = None


class StepIn(Schema):
    """A step to take."""

    model_config = {"extra": "forbid"}

    step: Name = Field(description="步骤代码，见 next_steps / step, one of next_steps")
    fields: dict[Name, LongText] = Field(default_factory=dict, max_length=MOST, description="填写内容 / what is filled in")
    facts: dict[Name, FactValue] = Field(default_factory=dict, max_length=MOST, description="补充的事实 / facts that join those known")
    documents: dict[Name, ShortText] = Field(default_factory=dict, max_length=MOST, description="已登记文件：种类 → 引用名 / "
                                             "recorded documents: kind to reference")
    papers: dict[Name, NewPaperIn] = Field(default_factory=dict, max_length=MOST, description="随步骤登记的文件 / papers recorded with the step")
    override_reason: Annotated[PlainText, Field(max_length=400)] = Field("", description="越过条件的理由 / why a condition is passed")
    override_document: ShortText = Field("", description="所依文件的引用名 / reference of the paper that it rests on")


class OpinionIn(Schema):
    """An answer for an office that was asked."""

    model_config = {"extra": "forbid"}

    consultation: Name = Field(description="征求意见事项代码 / consultation")
    party: Name = Field(description="被征求方代码 / party that is asked")
    agrees: bool = Field(description="是否同意 / whether it agrees")
    reference: Annotated[PlainText, Field(max_length=80)] = Field("", description="来文编号 / reference number")
    words: LongText = Field("", description="意见；不同意的须写明理由 / words; who objects gives the reason")
