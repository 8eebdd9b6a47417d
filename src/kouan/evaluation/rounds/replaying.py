"""A scored round made again from what is stored: the same digest and the same stored scores, or a refusal that says what differs."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any

from kouan.basis import Refused
from kouan.evaluation.method.scheme import RoundResult, records, replay
from kouan.evaluation.rounds.frozen import columns_of, data_of
from kouan.evaluation.rounds.models import PortScore, Round, Scoring
from kouan.evaluation.rounds.queries import scoring_in_force
from kouan.evaluation.rounds.scheme_actions import refuse_altered

# A round of 313 ports and five years takes some 30 MB; a process keeps the newest few.
KEPT_ROUNDS = 3
_KEPT: OrderedDict[tuple[str, str, str], RoundResult] = OrderedDict()
_LOCK = Lock()


def replayed(held: Round, scoring: Scoring | None = None) -> RoundResult:
    """Score a round again from its scheme, frozen figures and record (default: the scoring in force).

    Raises NotFound while it is not scored; Refused for an altered scheme, other figures, another method, other scores, or stored
    scores that are not those of the record.
    """
    found = scoring or scoring_in_force(held)
    scheme = refuse_altered(held.scheme_version)
    result = replay({**found.record, "scheme": scheme.as_dict(), "scheme_digest": found.scheme_digest, "data_digest": found.data_digest,
                     "result_digest": found.result_digest}, data_of(found.freeze))
    made = {each["port"]: columns_of(each) for each in records(result) if each["year"] == held.year}
    kept = {each.port.code: _as_stored(each) for each in found.scores.select_related("port")}
    wrong = sorted(code for code in made.keys() | kept.keys() if made.get(code) != kept.get(code))
    if wrong:
        raise Refused.because(
            "stored_scores_differ", f"{len(wrong)} 个口岸登记的结果与重算不一致：{'、'.join(wrong[:5])}。",
            f"The stored results of {len(wrong)} ports are not those made again: {', '.join(wrong[:5])}.", measured=len(wrong), required=0,
            remedy=("请查审计记录，从备份恢复。", "Look into the trail and restore them from a backup."))
    return result


def in_memory(held: Round) -> RoundResult:
    """The scoring in force with everything that is not stored: scales, earlier years, formulas. Made by `replayed` once, then kept.

    What is kept is found again by the digests of scheme, figures and result, which settle every number in it.
    """
    scoring = scoring_in_force(held)
    key = (scoring.scheme_digest, scoring.data_digest, scoring.result_digest)
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key]
    result = replayed(held, scoring)
    with _LOCK:
        _KEPT[key] = result
        while len(_KEPT) > KEPT_ROUNDS:
            _KEPT.popitem(last=False)
    return result


def _as_stored(score: PortScore) -> dict[str, Any]:
    return {name: getattr(score, name) for name in (
        "peer_group", "total", "rank", "band", "provisional", "red_line", "counted_share", "groups", "five_types", "cells")}
