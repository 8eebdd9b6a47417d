"""Freezing and scoring as background work, with progress. Both may be repeated after a crash: each is one transaction."""

from __future__ import annotations

from typing import Any

from kouan.accounts.action import allows, refuse
from kouan.desk.jobs import job_kind, submit
from kouan.desk.models import Job
from kouan.desk.progress import Report
from kouan.evaluation.rounds.actions import freeze_round, score_round
from kouan.evaluation.rounds.models import Freeze, Scoring
from kouan.evaluation.rounds.queries import get_round
from kouan.evaluation.rounds.robustness import study_places, told_study

FREEZE, SCORE, STUDY = "rounds.freeze", "rounds.score", "rounds.study"


def freeze_later(*, actor: Any, year: int) -> Job:
    """Queue the freeze; whether it may be is asked again when it runs."""
    return _queued(actor, year, FREEZE)


def score_later(*, actor: Any, year: int) -> Job:
    """Queue the scoring."""
    return _queued(actor, year, SCORE)


def study_later(*, actor: Any, year: int) -> Job:
    """Queue the study of how firm the places are."""
    return _queued(actor, year, STUDY)


@job_kind(FREEZE, is_repeatable=True)
def run_freeze(*, owner: Any, report: Report, year: int) -> dict[str, Any]:
    """Freeze; a run that was killed after its transaction finds the work done."""
    held = get_round(owner, year)
    kept = held.freezes.order_by("-revision").first()
    if kept is None or held.stage != "frozen":
        kept = freeze_round(actor=owner, year=year, report=report)
    return told_freeze(kept)


@job_kind(SCORE, is_repeatable=True)
def run_score(*, owner: Any, report: Report, year: int) -> dict[str, Any]:
    """Score; a run that was killed after its transaction finds the work done."""
    return told_scoring(score_round(actor=owner, year=year, report=report)[0])


@job_kind(STUDY, is_repeatable=True)
def run_study(*, owner: Any, report: Report, year: int) -> dict[str, Any]:
    """Study the places; done already, the kept study is told."""
    return told_study(study_places(actor=owner, year=year, report=report)[0])


def told_freeze(freeze: Freeze) -> dict[str, Any]:
    """A freeze in short."""
    return {"year": freeze.round.year, "revision": freeze.revision, "ports": freeze.ports.count(), "years": [freeze.first_year, freeze.last_year],
            "items": len(freeze.items), "cells": freeze.cells, "data_digest": freeze.data_digest, "scheme_digest": freeze.scheme_digest,
            "is_exercise": freeze.is_exercise, "findings": freeze.findings}


def told_scoring(scoring: Scoring) -> dict[str, Any]:
    """A scoring in short."""
    return {"year": scoring.round.year, "number": scoring.number, "freeze": scoring.freeze.revision, "method": scoring.method,
            "ports": scoring.scores.count(), "scheme_digest": scoring.scheme_digest, "data_digest": scoring.data_digest,
            "result_digest": scoring.result_digest, "is_exercise": scoring.freeze.is_exercise, "findings": scoring.findings}


def _queued(actor: Any, year: int, kind: str) -> Job:
    if not allows(actor, "rounds.run"):
        raise refuse(actor, "rounds.run", kind)
    get_round(actor, year)
    return submit(kind, owner=actor, year=year)
