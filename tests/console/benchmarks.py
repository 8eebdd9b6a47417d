"""A small benchmark set with stored scores, for the pages of 对标."""

from __future__ import annotations

from typing import Any

from kouan.evaluation.models import Score, ScoreRun
from kouan.evaluation.queries import framework
from kouan.ports.models import BenchmarkPort

BORDER = "US-Canada Border"


def parts(points: float | None) -> dict[str, Any]:
    """What a score is made of: the same points for every indicator, or nothing."""
    chosen = framework()
    lines: dict[str, Any] = {}
    for node in chosen.indicators:
        weight = chosen.overall_weight(node.code)
        lines[node.code] = {"reason": "not_carried", "weight": 0.0} if points is None else {
            "reason": "present", "weight": weight, "raw": 1234.5678, "treated": 1234.5678, "winsorised": 0, "points": points,
            "basis": "group", "peers": 4, "low": 1.0, "high": 9.0, "published": 1200.0, "estimated_share": 0.028,
        }
    groups = {node.code: points for node in chosen.aggregates}
    return {"availability": 0.0 if points is None else 1.0, "aggregates": groups, "indicators": lines}


def a_scored_set(years: tuple[int, ...] = (2022, 2023)) -> ScoreRun:
    """Ports X1 … X4, ranked in that order in the last year and the other way round before; X5 is not scored."""
    chosen = framework()
    run = ScoreRun.objects.create(
        framework=chosen.code, framework_digest=chosen.digest, subject_kind="benchmark_port", set_code="us-land",
        first_year=years[0], last_year=years[-1], data_digest="d" * 64, result_digest="e" * 64,
        recipe={"framework": chosen.as_dict(), "software": {"kouan": "0"}, "steps": [{"name": "derive", "arguments": {}}]},
    )
    for number in range(1, 6):
        BenchmarkPort.objects.create(code=f"X{number}", name=f"Port {number}", state="Maine", border=BORDER)
    for year in years:
        for number in range(1, 5):
            rank = number if year == years[-1] else 5 - number
            points = 91.234 - 10 * rank
            Score.objects.create(run=run, subject_code=f"X{number}", year=year, peer_group=BORDER, value=points, rank=rank, peers=4,
                                 parts=parts(points))
        Score.objects.create(run=run, subject_code="X5", year=year, peer_group=BORDER, peers=4, parts=parts(None), not_scored="no_traffic")
    return run
