"""The study of how firm the places of a round are, made from the frozen figures, kept once, and read by whoever reads ranks."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from kouan.accounts.action import System, action, allows
from kouan.basis import Conflict, Refused
from kouan.desk.progress import Report
from kouan.evaluation.method.scheme.doubts import FACTORS, RUNS, SEED, Doubts, doubts
from kouan.evaluation.rounds.frozen import plain
from kouan.evaluation.rounds.models import Robustness, Round
from kouan.evaluation.rounds.queries import current_scoring, get_round, is_national, scoring_in_force
from kouan.evaluation.rounds.replaying import replayed

LARGEST = 10_000


@action("rounds.run")
def study_places(*, actor: Any, year: int, runs: int = RUNS, seed: int = SEED, report: Report | None = None) -> tuple[Robustness, bool]:
    """Study the places of the scoring in force; answer the study and whether it is new. Made before with these runs and seed, it is told.

    The scores are made again from the frozen figures first: Refused where they are not those that are stored. NotFound while the round is not scored.
    """
    if isinstance(actor, System) or actor.pk is None:
        raise Refused.because("needs_a_person", "名次稳健性分析须由本人办理。", "People study the places, not the system.",
                              remedy=("命令行请用 --as 写明登录名。", "On the command line, name yourself with --as."))
    if not 2 <= runs <= LARGEST:
        raise Refused.because("runs_out_of_range", f"抽样次数应在 2 至 {LARGEST} 之间。", f"The number of runs lies between 2 and {LARGEST}.",
                              measured=runs, remedy=("请改正。", "Correct it."))
    held = get_round(actor, year)
    scoring = scoring_in_force(held)
    kept = Robustness.objects.filter(scoring=scoring, runs=runs, seed=seed).first()
    if kept is not None:
        return kept, False
    result = replayed(held, scoring)
    found = doubts(result, held.year, runs=runs, seed=seed,
                   progress=None if report is None else lambda done, total: report(done, total, "逐组抽样 peer groups"))
    try:
        with transaction.atomic():
            made = Robustness.objects.create(scoring=scoring, made_by_id=actor.pk, **columns_of(found))
    except IntegrityError:
        raise Conflict.because("study_on_record", "同一分析已由他人登记。", "Somebody kept the same study meanwhile.",
                               remedy=("请刷新页面查看。", "Load the page again.")) from None
    return made, True


def columns_of(found: Doubts) -> dict[str, Any]:
    """A study as the columns of ``Robustness``."""
    said = found.as_dict()
    return {
        "runs": found.runs, "seed": found.seed, "failed": found.failed, "factors": [dict(each) for each in FACTORS], "groups": said["groups"],
        "ports": {each["port"]: {name: value for name, value in each.items() if name != "port"} for each in said["ports"]},
        "agreement": said["agreement"], "digest": found.digest, "findings": plain(found.findings)}


def study_of(user: Any, held: Round) -> Robustness | None:
    """The newest study of the scoring in force, for whoever reads ranks; None for anybody else, and where there is none."""
    if not is_national(user) or not (isinstance(user, System) or allows(user, "scores.read_ranks")):
        return None
    scoring = current_scoring(held)
    return None if scoring is None else scoring.robustness.order_by("-pk").first()


def told_study(study: Robustness) -> dict[str, Any]:
    """A study in short."""
    return {"year": study.scoring.round.year, "number": study.scoring.number, "runs": study.runs, "seed": study.seed, "failed": study.failed,
            "ports": len(study.ports), "groups": len(study.groups), "digest": study.digest, "findings": study.findings}
