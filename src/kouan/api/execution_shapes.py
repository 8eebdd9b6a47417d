"""The shapes of the plan's execution, as the API's description shows them. Money is a string of 万元; null is 未填, never zero."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from ninja import Schema
from pydantic import Field

from kouan.api.matter_shapes import Both
from kouan.api.oversight_shapes import OfficeCode, Words2000
from kouan.api.reading import Day, PlainText
from kouan.api.shapes import Page

Words400 = Annotated[PlainText, Field(max_length=400)]
# Numbers travel as strings, in and out: a binary fraction is no money.
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,10}(\.[0-9]{1,2})?$")]
Numeral = Annotated[str, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,4})?$")]
Reference = Annotated[PlainText, Field(max_length=120)]


class ProjectOut(Schema):
    """A row of Boxes 7–10 as it stands; ``owner`` null: none stated; a day or percentage that is null: 未填."""

    project: str
    box: str
    section: str
    is_prose_only: bool
    programme: Both
    object: str
    kind: Both
    provinces: list[str]
    owner: str | None
    owner_name: str
    state: str
    state_label: Both
    reasons: list[Both]
    start: date | None
    finish: date | None
    first_start: date | None
    first_finish: date | None
    started_on: date | None
    finished_on: date | None
    percent: int | None
    percent_quarter: str | None
    worst_milestone_days: int | None
    linear_days: int | None
    overrun_days: int | None
    quarters_owed: list[str]
    is_waiting: bool
    version: int


class ProjectPage(Page):
    """Rows."""

    items: list[ProjectOut]


class MilestoneOut(Schema):
    """A milestone; ``slip_days`` is measured from the day first planned, null while it is still to come."""

    id: int
    title: str
    first_planned_on: date
    planned_on: date
    actual_on: date | None
    slip_days: int | None
    document: str | None


class FundingOut(Schema):
    """Money of one kind."""

    kind: str
    kind_label: str
    planned: str | None
    arranged: str | None
    paid: str | None


class QuarterOut(Schema):
    """A report of a quarter, one revision of it."""

    id: int
    quarter: str
    revision: int
    percent: int
    done: str
    difficulties: str
    finished_on: date | None
    correction: str
    reported_on: date
    due_on: date
    is_late: bool
    state: str
    decided_on: date | None
    opinion: str
    evidence: str | None
    matter: int | None = Field(description="确认单位的待办件，见 /matters / the task of whoever confirms it, see /matters")


class ProjectInFull(ProjectOut):
    """A row with its milestones, money and reports."""

    quote: str
    note: Both
    reason: str
    milestones: list[MilestoneOut]
    funding: list[FundingOut]
    reports: list[QuarterOut]


class ProjectIn(Schema):
    """Office and days."""

    owner: OfficeCode = Field("", description="责任单位代码，空为未明确 / code of the office in charge; empty: none stated")
    start: Day | None = Field(None, description="计划开工 / planned start")
    finish: Day | None = Field(None, description="计划完成 / planned finish")
    started_on: Day | None = Field(None, description="实际开工 / begun on")
    reason: Words400 = Field(description="依据或理由 / ground or reason")


class MilestoneIn(Schema):
    """A new milestone."""

    title: Annotated[PlainText, Field(max_length=120)] = Field(description="节点 / milestone")
    planned_on: Day = Field(description="计划日期 / planned day")


class MilestoneChange(Schema):
    """A milestone reached, or planned anew."""

    planned_on: Day = Field(description="计划日期 / planned day")
    actual_on: Day | None = Field(None, description="完成日期，未完成为空 / day reached, null if not")
    reason: Words400 = Field("", description="改期或更正的理由 / reason of the change")
    evidence: Reference = Field("", description="证明材料的引用名，完成时必填 / reference of the paper that shows it, needed when reached")


class FundingIn(Schema):
    """Money of one kind in 万元; null is 未填."""

    planned: Amount | None = Field(None, description="计划（万元），空为未填 / planned")
    arranged: Amount | None = Field(None, description="落实（万元），空为未填 / arranged")
    paid: Amount | None = Field(None, description="支付（万元），空为未填 / paid")
    note: Annotated[PlainText, Field(max_length=200)] = Field("", description="依据 / basis")


class QuarterIn(Schema):
    """Progress of a quarter."""

    quarter: str = Field(pattern=r"^[0-9]{4}-Q[1-4]$", description="季度，如 2024-Q1 / quarter, such as 2024-Q1")
    percent: int = Field(ge=0, le=100, description="累计进度（%） / progress in all (%)")
    done: Words2000 = Field(description="本季度完成的工作 / what was done")
    difficulties: Words2000 = Field("", description="困难和问题 / difficulties")
    finished_on: Day | None = Field(None, description="实际完成日期，100% 时必填 / day of the finish, needed with 100")
    correction: Words400 = Field("", description="更正理由，该季度已确认时必填 / reason of the correction of a confirmed report")
    evidence: Reference = Field("", description="证明材料的引用名，100% 时必填 / reference of the paper, needed with 100")


class ReportDecisionIn(Schema):
    """Confirm or return."""

    confirm: bool = Field(description="true 确认，false 退回 / true confirms, false returns")
    opinion: Words400 = Field(description="确认意见 / opinion")


class TargetYear(Schema):
    """A year of a target; ``revision`` 0: 未报."""

    year: int
    value: str | None
    words: str | None
    source: str | None
    entered_on: date | None
    revision: int


class TargetOut(Schema):
    """A target of the plan; the plan does not say which are binding."""

    target: str
    kind: str
    horizon: str
    name: Both
    goal: Both
    section: str
    quote: str
    years: list[TargetYear]


class TargetPage(Page):
    """Targets."""

    items: list[TargetOut]


class ActualIn(Schema):
    """What was reached of a target in a year: a number, or words."""

    year: int = Field(ge=2021, le=2035, description="年度 / year")
    value: Numeral | None = Field(None, description="实际值 / number")
    words: Words400 = Field("", description="完成情况 / in words")
    source: Annotated[PlainText, Field(max_length=200)] = Field(description="来源 / source")
    document: Reference = Field("", description="证明文件的引用名 / reference of the paper")
    correction: Words400 = Field("", description="更正理由 / reason of the correction")
    revision: int = Field(0, ge=0, le=10_000, description="所见的版次，0 为未报 / the revision that you saw; 0: not reported")


class DifferenceOut(Schema):
    """Where the plan's text and boxes differ."""

    ambiguity: str
    kind: str
    message: Both
    projects: list[str]


class DifferencePage(Page):
    """Differences."""

    items: list[DifferenceOut]
