"""A round as it is told at every door: where it stands, and the returns that somebody may see."""

from __future__ import annotations

from typing import Any

from kouan.accounts.models import Organisation
from kouan.basis import Text
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import procedure_for
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import current_scoring, is_national, returns_visible_to


def round_told(user: Any, held: Round) -> dict[str, Any]:
    """The round, its scheme, and what is frozen and scored by digest; the opening's findings for the national office only."""
    said: dict[str, Any] = {
        "year": held.year, "stage": held.stage, "stage_label": _state(held.matter).as_dict(), "matter": held.matter_id,
        "scheme_version": held.scheme_version.version, "scheme_digest": held.scheme_version.digest,
        "is_proposal": held.scheme_version.is_proposal, "is_exercise": held.is_exercise, "opened_on": held.opened_on.isoformat(),
        "returns": _returns(user, held),
    }
    if is_national(user):
        freeze, scoring = held.freezes.order_by("-revision").first(), current_scoring(held)
        said |= {
            "findings": held.findings, "freeze": None if freeze is None else {"revision": freeze.revision, "data_digest": freeze.data_digest},
            "scoring": None if scoring is None else {"number": scoring.number, "result_digest": scoring.result_digest}}
    return said


def _returns(user: Any, held: Round) -> list[dict[str, Any]]:
    rows = list(returns_visible_to(user, held))
    codes = {each.matter.named.get("verifier", "") for each in rows}
    names = dict(Organisation.objects.filter(code__in=codes).values_list("code", "name_zh"))
    return [{
        "office": each.office.code, "office_name": each.office.name_zh, "ports": each.ports, "verifier": each.matter.named.get("verifier"),
        "verifier_name": names.get(each.matter.named.get("verifier", ""), ""), "state": each.matter.state,
        "state_label": _state(each.matter).as_dict(), "matter": each.matter_id,
    } for each in rows]


def _state(matter: Matter) -> Text:
    return procedure_for(matter).states[matter.state].label
