"""What can be asked of evaluation: the data cut of a set, its latest run, one subject's score.

Only the benchmark set is scored in this slice. Counterpart points are never scored, ranked,
graded or judged, and ports show 未评估 until the yearly evaluation exists.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast

from kouan.basis import EvidenceRef, Finding, NotFound, PeriodKind, Place, SubjectKind, Text
from kouan.collection.models import Observation, Series
from kouan.evaluation import benchmarks, frameworks
from kouan.evaluation.method.cube import MonthlyCube
from kouan.evaluation.method.framework import Framework
from kouan.evaluation.method.recipe import Recipe
from kouan.evaluation.method.result import NOT_SCORED_TEXT, NotScored, Result
from kouan.evaluation.method.run import replay
from kouan.evaluation.models import Score, ScoreRun
from kouan.monitoring.queries import current
from kouan.ports.models import BenchmarkPort

BENCHMARK_FRAMEWORK = "throughput-benchmark"
BENCHMARK_SET = "us-land"
BENCHMARK_SOURCE = "us-border-crossing"


def framework(code: str = BENCHMARK_FRAMEWORK) -> Framework:
    """A framework that ships with the product."""
    return frameworks.get(code)


def benchmark_cut(
    set_code: str = BENCHMARK_SET, known_at: datetime | None = None
) -> tuple[MonthlyCube, list[EvidenceRef]]:
    """The monthly figures of a benchmark set as they stood at ``known_at`` (default: now), and references to
    their series.

    Raises ``NotFound`` while nothing has been taken in.
    """
    ports = dict(BenchmarkPort.objects.filter(set_code=set_code).values_list("code", "border"))
    wanted = set(framework().measures)
    series = {
        each.pk: each for each in Series.objects.filter(
            subject_kind=SubjectKind.BENCHMARK_PORT, granularity=PeriodKind.MONTH, source=BENCHMARK_SOURCE
        ) if each.measure in wanted and each.subject_code in ports
    }
    rows = current(Observation.objects.filter(series_id__in=series), known_at).values_list(
        # Floats by the database: a quarter of a million Decimals take a second to build.
        "series_id", "period_start", Cast("value", FloatField()), "revision"
    )
    subjects, names, months, values = [], [], [], []
    last_revision: dict[int, int] = {}
    for pk, start, value, revision in rows.iterator(chunk_size=20_000):
        subjects.append(series[pk].subject_code)
        names.append(series[pk].measure)
        months.append(f"{start.year:04d}-{start.month:02d}")
        values.append(value)
        last_revision[pk] = max(revision, last_revision.get(pk, 1))
    if not values:
        raise NotFound([Finding.error(
            "benchmark_without_data", "对标组尚无数据。", "The benchmark set has no figures yet.",
            remedy=("请先导入对标数据：kouan setup", "Take in the benchmark data first: kouan setup"),
        )])
    cube = MonthlyCube.from_columns(
        subjects, names, months, np.array(values), groups=ports, classes="us-land-ports"
    )
    evidence = [
        EvidenceRef("collection", "series", pk, revision, cube.digest) for pk, revision in sorted(last_revision.items())
    ]
    return cube, evidence


def latest_run(code: str = BENCHMARK_FRAMEWORK) -> ScoreRun | None:
    """The last stored run of a framework."""
    return ScoreRun.objects.filter(framework=code).order_by("-id").first()


def scores(run: ScoreRun, *, year: int | None = None, subject: str = "") -> QuerySet[Score]:
    """Scores of a run, in the order of year, group and rank; ports without a score stand last in their group."""
    # Where NULL sorts differs between SQLite and PostgreSQL.
    found = run.scores.order_by("year", "peer_group", F("rank").asc(nulls_last=True), "subject_code")
    if year is not None:
        found = found.filter(year=year)
    if subject:
        found = found.filter(subject_code=subject)
    return found


def scores_of_year(run: ScoreRun, year: int) -> list[Score]:
    """The scores of one year, as ``scores`` orders them. ``NotFound`` with the years there are when it has none."""
    found = list(scores(run, year=year))
    if not found:
        raise NotFound.because(
            "year_not_scored", f"没有{year}年的得分；本次评分含{run.first_year}年至{run.last_year}年。",
            f"There are no scores of {year}; this run holds {run.first_year} to {run.last_year}.", where=Place(field="year"),
            measured=year, required=f"{run.first_year}-{run.last_year}",
            remedy=("请选择其中的年度。", "Choose one of these years."),
        )
    return found


def replayed(run: ScoreRun) -> Result:
    """Make a stored run again from its recipe and the figures known when it was made.

    Later revisions do not disturb it. Refuses when the figures of that moment, or the result, are not the same.
    """
    cube, _ = benchmark_cut(run.set_code, known_at=run.recorded_at)
    return replay(Recipe.from_dict(run.recipe), cube)


def why_not_scored(score: Score) -> Text | None:
    """The reason in words why a port has no score; None when it has one."""
    return NOT_SCORED_TEXT[NotScored[score.not_scored.upper()]] if score.not_scored else None


def as_dict(score: Score) -> dict[str, Any]:
    """JSON-ready; parts included."""
    return {
        "subject": f"benchmark_port:{score.subject_code}", "year": score.year, "peer_group": score.peer_group,
        "value": score.value, "rank": score.rank, "peers": score.peers, "not_scored": score.not_scored or None,
        "parts": score.parts,
    }


def quartile(score: Score) -> int | None:
    """The quarter of its peer group in which a score lies, 1 the best; what those see who may not read ranks."""
    return benchmarks.quartile(score.rank, score.peers)
