"""The shapes of supervision, as the API's description shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from kouan.api.matter_shapes import Both
from kouan.api.reading import Day, PlainText
from kouan.api.shapes import Page

Words2000 = Annotated[PlainText, Field(max_length=2000)]
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
    version: int


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


class CircularOut(Schema):
    """A circular as one's own office sees it."""

    id: int
    kind: str
    title: str
    text: str
    office: str
    number: str
    issued_on: date | None
    state: str
    replaces: int | None
    is_addressed: bool
    signed_at: datetime | None
    receipts: int | None
    receipts_signed: int | None
    version: int


class CircularPage(Page):
    """Circulars."""

    items: list[CircularOut]
