"""What the steps of a grant do to it, each in the transaction of its step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from kouan.accounts.action import System
from kouan.basis import NotAllowed, Place, Refused, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.models import Matter, MatterStep
from kouan.desk.sharing import rooms
from kouan.desk.sharing.coverage import UNCHANGED, Coverage, beyond, changed
from kouan.desk.sharing.models import DataGrant, DataSetState, GrantState

PROCEDURES = Path(__file__).with_name("procedures")


def grant_of(matter: Matter) -> DataGrant:
    """The grant of a matter, locked. Refused for a matter that was begun elsewhere than by a request."""
    found = DataGrant.objects.select_for_update(of=("self",)).select_related("data_set__owner", "grantee").filter(matter=matter).first()
    if found is None:
        raise Refused.because("no_grant", "此件没有对应的授权申请，不能办理。", "There is no request behind this matter.",
                              remedy=("请从“数据集”页申请。", "Ask on the page of the data set."))
    return found


def _said(step: MatterStep) -> dict[str, str]:
    said = {name: str(value).strip() for name, value in step.fields.items()}
    refuse_secrets(*said.values())
    return said


def _activate(grant: DataGrant, actor: Any, reach: Coverage, ends_on: date, reason: str) -> None:
    """Put a grant into force. Nobody approves what they or their office asked for (《数据安全法》第三十八条: within duty and law)."""
    if actor.pk == grant.requested_by_id or getattr(actor, "organisation_id", None) == grant.grantee_id:
        raise NotAllowed.because("own_request", "不能审批本人或本单位的申请。", "Nobody approves a request of their own or of their own office.",
                                 remedy=("请由数据归口单位的其他人员审批。", "Let somebody else of the owner decide."))
    if grant.data_set.state != DataSetState.PUBLISHED:
        raise Refused.because("data_set_not_published", "该数据集未发布或已停用，不能授权。", "The data set is not published.",
                              remedy=("请先发布数据集。", "Publish it first."))
    asked, whole = Coverage.of(grant.asked), grant.data_set.covers
    provinces = rooms.provinces_of((*reach.ports, *asked.ports))
    findings = beyond(reach, asked, provinces) or beyond(reach, whole, provinces)
    if findings:
        raise Refused(findings)
    if ends_on > grant.ends_on or ends_on < clock.today():
        raise Refused.because("term_beyond", "截止日应不早于今天、不晚于申请的截止日。", "The last day lies between today and the day asked for.",
                              where=Place(field="field-term_end"), measured=ends_on.isoformat(), required=f"≤ {grant.ends_on}",
                              remedy=("请改正。", "Correct it."))
    grant.reach, grant.ends_on, grant.state = reach.as_stored(), ends_on, GrantState.ACTIVE
    grant.decided_by_id, grant.decided_at, grant.reason = actor.pk, clock.now(), reason[:400]
    grant.save(update_fields=["reach", "ends_on", "state", "decided_by", "decided_at", "reason"])


def approve(matter: Matter, step: MatterStep, actor: Any) -> None:
    """As asked."""
    grant = grant_of(matter)
    _activate(grant, actor, Coverage.of(grant.asked), grant.ends_on, _said(step).get("reason", ""))


def narrow(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Less than was asked: fewer fields, rows or months, or a shorter term."""
    grant, said = grant_of(matter), _said(step)
    reach = changed(Coverage.of(grant.asked), **{name: said.get(name, "") for name in ("fields", "provinces", "ports", "since", "until")})
    ends_on, text = grant.ends_on, said.get("term_end", "")
    if text not in UNCHANGED:
        try:
            ends_on = date.fromisoformat(text)
        except ValueError:
            raise Refused.because("bad_day", f"“{text[:24]}”不是日期。", f"“{text[:24]}” is no day.", where=Place(field="field-term_end"),
                                  required="YYYY-MM-DD", remedy=("请写作 2026-12-31。", "Write it 2026-12-31."))
    _activate(grant, actor, reach, ends_on, said.get("reason", ""))


def _ending(state: GrantState) -> Callable[[Matter, MatterStep, Any], None]:
    def end(matter: Matter, step: MatterStep, actor: Any) -> None:
        grant, said = grant_of(matter), _said(step)
        if state is GrantState.EXPIRED and grant.ends_on >= clock.today():
            raise Refused.because("term_runs", "授权尚未到期。", "The term still runs.", measured=grant.ends_on.isoformat(),
                                  remedy=("如需提前终止，请收回授权。", "Revoke it to end it before its term."))
        grant.state, grant.ended_at, grant.reason = state, clock.now(), said.get("reason", "")[:400]
        if grant.decided_at is None and not isinstance(actor, System):
            grant.decided_by_id, grant.decided_at = actor.pk, clock.now()
        grant.save(update_fields=["state", "ended_at", "reason", "decided_by", "decided_at"])

    return end


def submit(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The request goes to the owner."""
    grant_of(matter)


CARRIED: Mapping[str, Callable[[Matter, MatterStep, Any], None]] = {
    "submit": submit, "approve": approve, "narrow": narrow, "refuse": _ending(GrantState.REFUSED), "take_back": _ending(GrantState.WITHDRAWN),
    "revoke": _ending(GrantState.REVOKED), "give_up": _ending(GrantState.GIVEN_UP), "expire": _ending(GrantState.EXPIRED),
}
