"""Running a framework over its set and keeping the scores with their recipe."""

from __future__ import annotations

from typing import Any

from kouan.accounts.action import action
from kouan.basis import clock
from kouan.collection.models import LineageLink
from kouan.evaluation.method.run import run
from kouan.evaluation.models import Score, ScoreRun
from kouan.evaluation.queries import BENCHMARK_FRAMEWORK, BENCHMARK_SET, benchmark_cut, framework


@action("scores.record")
def score_benchmark(*, actor: Any, set_code: str = BENCHMARK_SET) -> tuple[ScoreRun, bool]:
    """Score the benchmark set; answer the run and whether it is new.

    The same framework over the same data gives the stored run back and writes nothing.
    """
    chosen = framework(BENCHMARK_FRAMEWORK)
    # The cut is what was known at this moment, and the run carries it: a replay asks for the same moment.
    moment = clock.now()
    cube, evidence = benchmark_cut(set_code, known_at=moment)
    before = ScoreRun.objects.filter(
        framework=chosen.code, framework_digest=chosen.digest, data_digest=cube.digest, set_code=set_code
    ).order_by("-id").first()
    if before is not None:
        return before, False
    result = run(chosen, cube)
    kept = ScoreRun.objects.create(
        framework=chosen.code, framework_digest=chosen.digest, subject_kind="benchmark_port", set_code=set_code,
        first_year=result.years[0], last_year=result.years[-1], recipe=result.recipe.as_dict(),
        data_digest=cube.digest, result_digest=result.digest, recorded_at=moment,
    )
    Score.objects.bulk_create(
        [Score(run=kept, **record) for record in result.records()], batch_size=500
    )
    LineageLink.objects.bulk_create([
        LineageLink(
            user_room="evaluation", user_kind="score_run", user_id=str(kept.pk), used_room=used.room,
            used_kind=used.kind, used_id=str(used.id), used_revision=used.revision, used_digest=used.digest or "",
        ) for used in evidence
    ], batch_size=500)
    return kept, True
