"""The shapes of supervision, as the API's description shows them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from kouan.api.matter_shapes import Both
from kouan.api.reading import Day, PlainText
from kouan.api.shapes import Page

Words2000 = Annotated[PlainText, Field(max_length=2000)]
Words400 = Annotated[PlainText, Field(max_length=400)]
OfficeCode = Annotated[str, Field(pattern=r"^[-A-Za-z0-9_]{0,64}$")]


class CellOut(Schema):
    """One task of the plan in one place; an owner that is null is “none stated”, never forgotten."""

    task: str
    title: Both
    section: str
    quote: str
    place: str
    place_name: Both
    state: str
    state_label: Both
    owner: str | None
    owner_name: str
    due_on: date | None
    plan_day: date | None
    last_report_on: date | None
    last_report: str | None
    completed_on: date | None
    matter: int | None
    version: int


class CellPage(Page):
    """Cells."""

    items: list[CellOut]


class CellIn(Schema):
    """Who is in charge and by when."""

    owner: OfficeCode = Field("", description="责任单位代码，空为未明确 / code of the office in charge; empty: none stated")
    due_on: Day | None = Field(None, description="期限 / day by which it is due")
    is_exempt: bool = Field(False, description="该地区不适用 / does not apply to the place")
    reason: Annotated[PlainText, Field(max_length=400)] = Field(description="依据或理由 / ground or reason")


class ReportIn(Schema):
    """Progress; ``evidence`` is the reference of a recorded document."""

    words: Words2000 = Field(description="进展情况 / progress")
    problem: Words2000 = Field("", description="重大问题，没有的不填 / major problem; empty if none")
    is_complete: bool = Field(False, description="报告已完成 / reported as complete")
    evidence: Annotated[PlainText, Field(max_length=120)] = Field(
        "", description="佐证材料的引用名 / reference of the recorded document that proves it")


class ReportOut(Schema):
    """A report of progress."""

    id: int
    reported_on: date
    words: str
    problem: str
    is_complete: bool
    accepted: bool | None
    evidence: str | None
    matter: int | None = Field(description="在督办件中报告的，办件编号 / the matter in which it was reported, if any")
    finding: str
    verified_on: date | None
    version: int = Field(description="任务的版本 / version of the task")


class ReportPage(Page):
    """Reports of progress."""

    items: list[ReportOut]


class VerificationIn(Schema):
    """What the verifier found."""

    model_config = {"extra": "forbid"}

    accept: bool = Field(description="true 核实完成，false 退回 / true accepts it, false returns it")
    finding: Words400 = Field(description="核实意见 / finding")


class SupervisionOut(Schema):
    """A supervised matter; steps are taken at /matters."""

    id: int
    matter: int
    title: str
    origin: str
    owner: str
    owner_name: str
    state: str
    state_label: Both
    due_on: date | None


class SupervisionPage(Page):
    """Supervised matters."""

    items: list[SupervisionOut]


class InstructionOut(Schema):
    """A superior's instruction with how many offices have answered."""

    id: int
    title: str
    signer: str
    signed_on: date
    words: str
    reference: str
    urgency: str
    due_on: date | None
    offices: int
    answered: int
    ended_on: date | None


class InstructionPage(Page):
    """Instructions."""

    items: list[InstructionOut]


class InstructionAnswerOut(Schema):
    """What an office answered; ``accepted`` is null until it is verified."""

    reported_on: date
    progress: str
    evidence: str | None
    accepted: bool | None
    finding: str


class AnsweringOut(SupervisionOut):
    """The matter of one office under an instruction, with its last answer."""

    version: int = Field(description="办件的版本 / version of the matter")
    answer: InstructionAnswerOut | None


class InstructionInFull(InstructionOut):
    """An instruction with the matters that its reader may see."""

    scan: str | None = Field(description="扫描件的引用名 / reference of the scan")
    matters: list[AnsweringOut]


class InstructionIn(Schema):
    """An instruction as it stands on the paper; it rests on its reference or on a scan."""

    model_config = {"extra": "forbid"}

    title: Annotated[PlainText, Field(max_length=160)] = Field(description="批示事项 / what it is about")
    signer: Annotated[PlainText, Field(max_length=80)] = Field(description="批示人 / who signed")
    signed_on: Day = Field(description="批示日期 / day of signing")
    words: Words2000 = Field(description="批示内容 / its words")
    offices: list[OfficeCode] = Field(min_length=1, max_length=60, description="承办单位代码 / codes of the offices that answer")
    reference: Annotated[PlainText, Field(max_length=80)] = Field("", description="来文编号 / reference of the paper")
    scan: Annotated[PlainText, Field(max_length=120)] = Field("", description="扫描件的引用名 / reference of the recorded scan")
    urgency: Literal["routine", "urgent", "most_urgent"] = Field("routine", description="缓急 / urgency")
    due_on: Day | None = Field(None, description="办理期限 / day by which it is due")


class AnswerIn(Schema):
    """What an office did about an instruction."""

    model_config = {"extra": "forbid"}

    progress: Words2000 = Field(description="落实情况 / what was done")
    evidence: Annotated[PlainText, Field(min_length=1, max_length=120)] = Field(
        description="证明材料的引用名 / reference of the recorded document that proves it")
