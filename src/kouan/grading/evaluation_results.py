"""年度综合绩效评估结果: kept here as facts when a round is signed off, each with the reference to the row that it comes from.

Grading imports nothing from evaluation: what is signed off is handed down (DESIGN.md, "The street"). 四(三) grades ports by three criteria,
and the yearly score is none of them; so a proposal for a grade names the result as evidence beside it, and does not follow from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kouan.accounts.action import action
from kouan.basis import EvidenceRef, Place, Refused, Text
from kouan.grading.models import EvaluationResult

FIRST_YEAR = 2021
NOTE = Text("规划四(三)的分级标准为三项，年度综合绩效评估不在其中：结果随建议列为参考证据，不改变建议的等级。",
            "The plan grades by three criteria, and the yearly evaluation is none of them: its result stands beside the proposal as evidence and "
            "does not change it.")


@dataclass(frozen=True, slots=True)
class NewResult:
    """One port's result of a year as it was signed off; ``evidence``: the row in evaluation, with its digest."""

    port_code: str
    year: int
    total: Decimal | None
    band: str
    band_name: Text
    red_line: bool
    provisional: bool
    evidence: EvidenceRef


@action("grades.submit")
def record_evaluation_results(*, actor: Any, lines: Sequence[NewResult]) -> int:
    """Keep results, those of a port and year kept before as the next revision; answer how many are new. The same again changes nothing."""
    years = {each.year for each in lines}
    last = {(each.port_code, each.year): each for each in EvaluationResult.objects.filter(year__in=years).order_by("revision")}
    made = []
    for each in lines:
        if each.year < FIRST_YEAR or (each.total is not None and not 0 <= each.total <= 100) or each.evidence.digest is None:
            raise Refused.because("bad_result", f"{each.port_code}：评估结果不完整或超出范围。", f"{each.port_code}: the result is not whole.",
                                  where=Place(field="total"), measured=str(each.total), remedy=("请核对来源。", "Check its source."))
        held = last.get((each.port_code, each.year))
        if held is not None and (held.evidence_uri, held.evidence_digest) == (each.evidence.uri, each.evidence.digest):
            continue
        made.append(EvaluationResult(
            port_code=each.port_code, year=each.year, revision=held.revision + 1 if held else 1, total=each.total, band=each.band,
            band_name_zh=each.band_name.zh, band_name_en=each.band_name.en, red_line=each.red_line, provisional=each.provisional,
            evidence_uri=each.evidence.uri, evidence_digest=each.evidence.digest, actor_id_recorded=actor.pk))
    EvaluationResult.objects.bulk_create(made, batch_size=100)
    return len(made)


def newest_results(codes: Iterable[str]) -> dict[str, EvaluationResult]:
    """By port, the last revision of the newest year's result."""
    rows = EvaluationResult.objects.filter(port_code__in=list(codes)).order_by("year", "revision")
    return {each.port_code: each for each in rows}
