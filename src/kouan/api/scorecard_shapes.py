"""The shapes of a scorecard and a trace as the API's description shows them. What a reader may not read is left out, not nulled."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from pydantic import Field


class ScorecardAnswer(Schema):
    """One port's scorecard: band and marks always; total, groups, five types, peers, change from the notice on; rank for whoever reads places."""

    workspace: str
    scorecard: dict[str, Any] = Field(description="band、indicators 等；通报后另有 total、groups、five_types、change / and more after the notice")


class IndicatorTraceAnswer(Schema):
    """One indicator: formula, rules, mark and figures with their sources always; value, points, scale, weight and peers from the notice on."""

    workspace: str
    trace: dict[str, Any] = Field(description="figures 列出每个数据及来源 / figures lists each figure with its source")
