"""The shapes of circulars, as the API's description shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from kouan.api.reading import Day, PlainText, ShortText
from kouan.api.shapes import Page

OfficeCode = Annotated[str, Field(pattern=r"^[-A-Za-z0-9_]{1,64}$")]
Place = Annotated[str, Field(pattern=r"^[0-9]{2}$")]
Kind = Literal["national_office", "provincial_office", "corps_office", "city_office", "ministry", "inspection_agency", "expert_panel",
               "port_operator"]


class RecipientsOut(Schema):
    """Whom a circular addresses, as it was chosen."""

    offices: list[str] = Field(default_factory=list)
    kinds: list[str] = Field(default_factory=list)
    provinces: list[str] = Field(default_factory=list)


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
    recipients: RecipientsOut | None = Field(description="收文范围，只告知印发单位 / whom it addresses; told to the issuing office alone")
    attachments: list[str] = Field(description="附件的引用名 / references of what goes with it")
    ended_reason: str = Field(description="撤回或被替代的说明 / why it was recalled or superseded")
    version: int


class CircularPage(Page):
    """Circulars."""

    items: list[CircularOut]


class CircularIn(Schema):
    """A draft: its words and whom it addresses."""

    model_config = {"extra": "forbid"}

    kind: Literal["notice", "circular"] = Field(description="文种：通知或通报 / notice or circular")
    title: Annotated[PlainText, Field(max_length=160)] = Field(description="标题 / title")
    text: Annotated[PlainText, Field(max_length=20000)] = Field(description="正文 / text")
    offices: list[OfficeCode] = Field(default_factory=list, max_length=2000, description="收文单位代码 / codes of offices")
    kinds: list[Kind] = Field(default_factory=list, max_length=8, description="收文单位类别 / kinds of offices")
    provinces: list[Place] = Field(default_factory=list, max_length=40, description="类别所限地区，空为全部 / provinces of those kinds; none: all")
    attachments: list[ShortText] = Field(default_factory=list, max_length=40, description="附件的引用名 / references of recorded documents")
    replaces: Annotated[int, Field(ge=1, lt=2**63)] | None = Field(None, description="所替代通知的编号 / circular that it replaces")


class CircularIssueIn(Schema):
    """Number and day as they stand on the paper."""

    model_config = {"extra": "forbid"}

    number: Annotated[PlainText, Field(max_length=80)] = Field(description="发文字号 / document number")
    issued_on: Day = Field(description="成文日期 / day of the paper")


class RecallIn(Schema):
    """Why a circular is recalled."""

    model_config = {"extra": "forbid"}

    reason: Annotated[PlainText, Field(max_length=400)] = Field(description="撤回理由 / reason")
