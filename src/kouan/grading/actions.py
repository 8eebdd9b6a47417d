"""Recording verdicts: each with the recipe that made it, so that it can be judged again to the same words."""

from __future__ import annotations

from datetime import date
from typing import Any

from kouan import __version__
from kouan.accounts.action import action
from kouan.basis import EvidenceRef, clock
from kouan.collection.models import LineageLink
from kouan.grading.lawbook import queries as lawbook
from kouan.grading.models import VerdictRecord
from kouan.grading.queries import Judged, digest_of, held_in_year, judge, judged_unasked, law_as_of
from kouan.ports.models import Port


def recipe_of(judged: Judged, as_of: date) -> dict[str, Any]:
    """All that a replay needs: rule and its version, readings and approved values in force, the as-of date, the software."""
    return {
        "rule": "volume_standard", "as_of": as_of.isoformat(), "facts": judged.facts.as_dict(),
        "readings": judged.outcome.as_dict()["readings"], "software": __version__,
        "evidence": [each.as_dict() for each in judged.evidence],
        "changes": [change.as_dict() for change in lawbook.approved_parameters(as_of, lawbook.approved_changes())],
    }


@action("verdicts.record")
def record_verdicts(*, actor: Any, year: int, as_of: date | None = None) -> tuple[int, int]:
    """Judge every port of the register for a year and keep what changed: (recorded, unchanged).

    A verdict equal to the last recorded one writes nothing; a different one is the next revision.
    """
    day = as_of or clock.today()
    ports = list(Port.objects.all())
    held = held_in_year(ports, year)
    judged = judge(judged_unasked(ports, held), year, law_as_of(day), held=held)
    last = {
        record.port_code: record
        for record in VerdictRecord.objects.filter(year=year, rule="volume_standard").order_by("revision")
    }
    fresh: list[tuple[VerdictRecord, Judged]] = []
    for each in judged:
        outcome = each.outcome.as_dict()
        content = {"facts": each.facts.as_dict(), "verdict": outcome["verdict"],
                   "margins": outcome["margins"], "readings": outcome["readings"]}
        digest = digest_of(content)
        before = last.get(each.port.code)
        if before is not None and before.digest == digest:
            continue
        fresh.append((VerdictRecord(
            port_code=each.port.code, year=year, revision=before.revision + 1 if before else 1,
            verdict=outcome["verdict"] or "unclassified", as_of=day, facts=content["facts"],
            margins=outcome["margins"], steps=outcome["steps"], recipe=recipe_of(each, day), digest=digest,
        ), each))
    records = VerdictRecord.objects.bulk_create([record for record, _ in fresh])
    LineageLink.objects.bulk_create([
        _link(record, used) for record, (_, each) in zip(records, fresh, strict=True) for used in each.evidence
    ])
    return len(fresh), len(judged) - len(fresh)


def _link(record: VerdictRecord, used: EvidenceRef) -> LineageLink:
    return LineageLink(
        user_room="grading", user_kind="verdict", user_id=str(record.pk), user_revision=record.revision,
        used_room=used.room, used_kind=used.kind, used_id=str(used.id), used_revision=used.revision,
        used_digest=used.digest or "",
    )
