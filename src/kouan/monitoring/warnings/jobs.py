"""A back-test as background work: the year's figures and events of a whole nation are too much for a page to wait for. It writes nothing
but its own result, so it may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from kouan.accounts.action import allows, refuse
from kouan.desk.jobs import job_kind, submit
from kouan.desk.models import Job
from kouan.desk.progress import Report
from kouan.monitoring.detection import BackTest, registered_detectors
from kouan.monitoring.warnings.queries import try_settings

BACKTEST = "warnings.backtest"
# Alerts that a result lists; the counts are of all.
LISTED = 200
Change = tuple[str, str, float]


def backtest_later(*, actor: Any, last: date, port: str = "", changes: Sequence[Change] = ()) -> Job:
    """Queue a back-test of the setting in force and, with ``changes``, of the changed one, at the ports in scope."""
    if not allows(actor, "warnings.read"):
        raise refuse(actor, "warnings.read", BACKTEST)
    return submit(BACKTEST, owner=actor, last=last.isoformat(), port=port, changes=[list(each) for each in changes])


@job_kind(BACKTEST, is_repeatable=True)
def run_backtest(*, owner: Any, report: Report, last: str, port: str, changes: list[list[Any]]) -> dict[str, Any]:
    """What the worker runs, within the owner's scope as it is now."""
    if not allows(owner, "warnings.read"):
        raise refuse(owner, "warnings.read", BACKTEST)
    tried: list[Change] = [(str(detector), str(name), float(value)) for detector, name, value in changes]
    found = try_settings(owner, last=date.fromisoformat(last), port=port, settings=[[], tried] if tried else [[]],
                         detectors=tuple(registered_detectors()), report=report)
    return {"now": told_backtest(found[0]), "tried": told_backtest(found[1]) if tried else None}


def told_backtest(found: BackTest) -> dict[str, Any]:
    """A back-test as data: its sentence, counts by detector, and the newest alerts one by one."""
    return {
        "first": found.first.isoformat(), "last": found.last.isoformat(), "sentence": found.sentence.as_dict(), "alerts": len(found.alerts),
        "useful": found.useful, "not_judged": found.not_judged, "silenced": len(found.silenced),
        "by_detector": {key: list(counts) for key, counts in found.by_detector().items()},
        "rows": [
            {"port": each.episode.port, "first": each.episode.first.isoformat(), "last": each.episode.last.isoformat(),
             "detectors": list(each.episode.detectors), "score": round(each.episode.peak.score, 1), "useful": each.useful,
             "message": each.episode.peak.message.as_dict()}
            for each in found.alerts[-LISTED:][::-1]
        ],
    }
