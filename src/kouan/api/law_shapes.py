"""The shapes of the law, of grades and of lists, as the API's description shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

from kouan.api.matter_shapes import Both
from kouan.api.reading import Day, PlainText
from kouan.api.shapes import FindingOut, Page

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,79}$")]
Title = Annotated[PlainText, Field(min_length=1, max_length=200)]


class DatedValueOut(Schema):
    """One value of a parameter: exact in the base unit, as printed, with its days and its sentence."""

    key: str
    value: str
    unit: str
    printed: str
    in_force_from: date
    in_force_to: date | None
    covers_to: date | None
    issued: date
    citation: dict[str, Any]
    note: Both | None
    other_reading: dict[str, Any] | None


class ParameterOut(Schema):
    """A number of the law with every dated value."""

    key: str
    label: Both
    subject: Both
    measure: str | None
    unit: str
    printed_unit: str
    comparison: str
    values: list[DatedValueOut]
    file: str
    as_of: date
    in_force: DatedValueOut | None
    is_carried_on: bool
    used_by: list[str]


class SettingOut(Schema):
    """An open point: the question, the readings, the default with its reason, and what holds on the day."""

    key: str
    label: Both
    ambiguity: str
    question: Both
    citation: dict[str, Any]
    adopted: date
    default: str
    reason: Both
    choices: dict[str, Both]
    file: str
    as_of: date
    in_force: dict[str, Any]
    rulings: list[dict[str, Any]]
    used_by: list[str]


class RuleOut(Schema):
    """A rule: its sentence, steps, values, readings and conditions on the day."""

    key: str
    label: Both
    version: str
    sentence: Both
    is_in_force: bool
    as_of: date
    citations: list[dict[str, Any]]
    steps: dict[str, Both]
    parameters: list[dict[str, Any]]
    settings: list[dict[str, Any]]
    criteria: list[dict[str, Any]]


class YearCount(Schema):
    """How many ports in scope have a verdict on record of a year."""

    year: int
    ports: int


class UseOut(Schema):
    """A matter or decision that rests on it, with what was said then."""

    kind: str
    rule: str
    number: int
    matter: int | None
    title: Both
    day: date
    port: str
    verdict: str
    verdict_name: Both


class UsesOut(Schema):
    """Who used it, in your scope: the newest cases, and the verdicts on record by year."""

    verdicts_by_year: list[YearCount]
    cases: list[UseOut]
    cases_in_all: int = Field(description="各类最近500件中的件数 / how many among the newest 500 of each kind")


class OneParameter(ParameterOut):
    uses: UsesOut


class OneSetting(SettingOut):
    uses: UsesOut


class OneRule(RuleOut):
    uses: UsesOut


class ParameterPage(Page):
    items: list[ParameterOut]


class SettingPage(Page):
    items: list[SettingOut]


class RulePage(Page):
    items: list[RuleOut]


class RulingOut(Schema):
    """An answer of the national office to an open point. ``change``: its number where it was approved here, none for one of the file."""

    setting: str
    ambiguity: str
    label: Both
    value: str
    reading: Both
    from_date: date
    document_title: str
    document_number: str
    issued: date
    change: int | None
    is_in_force: bool


class RulingPage(Page):
    items: list[RulingOut]


class ValueIn(Schema):
    """A value of a parameter, in the unit that it is printed in."""

    parameter: Key
    value: Annotated[str, Field(pattern=r"^[0-9]{1,15}(\.[0-9]{1,6})?$")]
    from_date: Day
    article: Annotated[PlainText, Field(min_length=1, max_length=80)]
    quote: Annotated[PlainText, Field(max_length=2000)] = ""


class RulingIn(Schema):
    """The reading of an open point that is to hold."""

    setting: Key
    value: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    from_date: Day
    quote: Annotated[PlainText, Field(max_length=2000)] = ""


class PreviewIn(Schema):
    """A change of law to be tried; nothing of it is kept."""

    document_title: Title = Field(description="文件名称 / title of the document")
    document_number: Annotated[PlainText, Field(min_length=1, max_length=80)] = Field(description="发文字号，按原文 / its number, as issued")
    issued: Day = Field(description="印发日期 / day of issue")
    reason: Title = Field(description="为何改动 / why")
    parameters: list[ValueIn] = Field([], max_length=20, description="参数取值 / values of parameters")
    rulings: list[RulingIn] = Field([], max_length=20, description="解释口径 / rulings on open points")
    years: list[Annotated[int, Field(ge=2000, le=2199)]] = Field(
        [], max_length=2, description="试判年度，至多两个；不填为上一年度 / years to try, at most two; the last full one when left out")


class PreviewOut(Schema):
    """What the change would do: who changes, from what to what, at which step; on the register and in past cases."""

    as_of: date
    years: list[int]
    changes: list[dict[str, Any]]
    rules: list[str]
    judged: int
    moved: list[dict[str, Any]]
    by_rule: list[dict[str, Any]]
    others: list[dict[str, Any]]
    cases: list[dict[str, Any]]
    left_off: int
    recorded: dict[str, Any]
    cited_by: dict[str, Any]
    findings: list[FindingOut]


class GradeDecisionOut(Schema):
    """A grade as the national office decided it, with the proposal of that moment."""

    grade: str
    grade_name: Both
    valid_from: date
    reason: str
    document: str
    is_override: bool
    override_by: str
    proposal: dict[str, Any]


class GradeLine(Schema):
    """A port with the grade that holds, and apart from it what the system proposes."""

    port: str
    name_zh: str
    name_en: str
    province_code: str
    transport_class: str | None
    decided: GradeDecisionOut | None
    proposed: str
    proposed_name: Both
    scores: dict[str, Any] | None


class GradePage(Page):
    items: list[GradeLine]


class PolicyOut(Schema):
    """The differentiated policy of one stage, or why there is none."""

    stage: str
    stage_name: Both
    text: str | None
    valid_from: date | None
    document: str | None
    why_none: Both | None


class StrategyMarkOut(Schema):
    """A strategy mark from a day, or that there is none, with its document. A port without one on record is unknown."""

    is_marked: bool
    name: Both
    valid_from: date
    reason: str
    document: str
    recorded_at: datetime


class OneGrade(GradeLine):
    proposal: dict[str, Any]
    strategy_mark: StrategyMarkOut | None = Field(description="null：未登记，即不明 / null: not on record, so unknown")
    strategy_marks: list[StrategyMarkOut]
    decisions: list[GradeDecisionOut]
    policy: list[PolicyOut]


class EntryOut(Schema):
    """One line of a list: why it stands there, the law, the facts with their sources, other readings, and running matters."""

    subject: str
    name: Both
    verdict: str
    verdict_name: Both
    is_listed: bool = Field(description="false：仅在其他理解下列入 / false: listed under another reading only")
    why: Both
    citations: list[dict[str, Any]]
    province_code: str
    city_code: str
    port: str | None
    facts: list[dict[str, Any]]
    years: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    others: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    notes: list[Both]
    opens: list[str]
    matters: list[int]


class ListPage(Page):
    """A list as it stands today, or on a day, in your scope."""

    kind: str
    year: int
    as_of: date
    law_digest: str
    counts: dict[str, int]
    readings: list[dict[str, Any]]
    untold: list[Both]
    items: list[EntryOut]
