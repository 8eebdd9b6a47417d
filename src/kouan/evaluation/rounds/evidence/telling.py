"""What is filed, decided, marked and ruled as plain data, for commands and programs."""

from __future__ import annotations

from typing import Any

from kouan.evaluation.rounds.evidence.asking import Wanted
from kouan.evaluation.rounds.evidence.experts import to_mark
from kouan.evaluation.rounds.evidence.models import EntryDecision, ExpertAsked, FiledEntry, Ruling
from kouan.evaluation.rounds.evidence.seeing import decision_of


def entry_told(entry: FiledEntry) -> dict[str, Any]:
    """An entry with its evidence and the decision in force. ``decisions``: how many there are, which a later one must have seen."""
    decided = decision_of(entry)
    return {
        "entry": entry.pk, "port": entry.port, "item": entry.item, "revision": entry.revision, "value": entry.value, "remark": entry.remark,
        "is_point": entry.is_point, "office": entry.office.code, "filed_on": entry.filed_on.isoformat(),
        "evidence": [{"file": each.version.file_name, "sha256": each.version.sha256} for each in entry.papers.all()],
        "decisions": 0 if decided is None else decided.number, "decision": None if decided is None else decision_told(decided)}


def decision_told(decided: EntryDecision) -> dict[str, Any]:
    """A decision on an entry."""
    return {"accepted": decided.accepted, "reason": decided.reason, "on": decided.decided_on.isoformat()}


def wanted_told(wanted: Wanted, entry: FiledEntry | None) -> dict[str, Any]:
    """Something asked of a port, with what stands. ``version``: the revision that stands, 0 for none."""
    return {"item": wanted.item, "kind": wanted.kind, "name": wanted.name.as_dict(), "unit": wanted.unit, "indicators": list(wanted.indicators),
            "is_whole": wanted.is_whole, "version": entry.revision if entry else 0, "filed": entry_told(entry) if entry else None}


def asked_told(asked: ExpertAsked, declared: bool | None) -> dict[str, Any]:
    """Something an expert was asked, with the marks that he or she gave last. ``version``: the revision of the marks, 0 for none."""
    last = max(asked.marks.all(), key=lambda each: each.revision, default=None)
    return {
        "asked": asked.pk, "expert": asked.expert.username, "port": asked.port, "indicator": asked.indicator, "asked_on": asked.asked_on.isoformat(),
        "has_conflict": declared, "released_on": asked.released_on.isoformat() if asked.released_on else None,
        "to_mark": sorted(to_mark(asked)), "version": last.revision if last else 0, "reason": last.reason if last else None,
        "points": {item: said["mark"] for item, said in last.points.items()} if last else {}}


def ruling_told(row: Ruling) -> dict[str, Any]:
    """A ruling, or the withdrawal of one."""
    withdrawn = getattr(row, "withdrawn", None)
    return {"ruling": row.pk, "kind": row.kind, "code": row.code, "port": row.port or None, "class": row.port_class or None,
            "year": row.year or None, "reason": row.reason, "made_on": row.made_on.isoformat(), "withdraws": row.withdraws_id,
            "withdrawn_by": withdrawn.pk if withdrawn is not None else None}
