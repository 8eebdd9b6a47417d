"""The shapes of the yearly evaluation, as the API's description shows them. What the reader may not have is left out, not nulled."""

from __future__ import annotations

from datetime import date
from typing import Any

from ninja import Schema

from kouan.api.matter_shapes import Both
from kouan.api.shapes import Page


class RoundLine(Schema):
    """A round as a line of a list; ``stage`` is the state of its matter."""

    year: int
    stage: str
    stage_label: Both
    matter: int
    scheme_version: int
    scheme_digest: str
    is_proposal: bool
    is_exercise: bool
    opened_on: date


class RoundPage(Page):
    """Rounds, the newest first."""

    items: list[RoundLine]


class ReturnOut(Schema):
    """What one office is to report, and who verifies it."""

    office: str
    office_name: str
    ports: list[str]
    verifier: str | None
    verifier_name: str
    state: str
    state_label: Both
    matter: int


class FreezeOut(Schema):
    """The newest freeze."""

    revision: int
    data_digest: str


class ScoringOut(Schema):
    """The scoring in force."""

    number: int
    result_digest: str


class RoundOut(RoundLine):
    """A round with the returns that one may see; findings and digests for the national office only."""

    returns: list[ReturnOut]
    findings: list[dict[str, Any]] | None = None
    freeze: FreezeOut | None = None
    scoring: ScoringOut | None = None


class ResultLine(Schema):
    """A port's result: the band always; total and place only for who may read them."""

    port: str
    name: Both
    port_class: str
    grade: str | None
    year: int
    result_version: int
    band: str | None
    band_name: Both | None
    provisional: bool
    red_line: bool
    is_exercise: bool
    total: float | None = None
    rank: int | None = None
    counted_share: float | None = None


class ResultPage(Page):
    """Results by port."""

    items: list[ResultLine]


class ResultOut(ResultLine):
    """One port's result with the mark of every indicator; groups, types and indicators only for who may read decimals."""

    marks: dict[str, str]
    groups: dict[str, float | None] | None = None
    five_types: dict[str, float | None] | None = None
    indicators: dict[str, Any] | None = None
