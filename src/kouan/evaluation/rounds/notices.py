"""通报和签收: with the step `notify` every reporting office is sent the results of its ports, and signs for them.

The receipt is a matter of its own (`evaluation_receipt.yaml`): it lies in the office's inbox, its clock reminds, and what is overdue
comes to the national office. What was told is kept with its digest, so that a receipt says what was signed for.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db.models import QuerySet

from kouan.accounts.action import System, acting_system, allows
from kouan.accounts.models import OrganisationKind
from kouan.basis import clock
from kouan.desk.matters.actions import open_matter
from kouan.desk.matters.models import Matter, MatterStep
from kouan.evaluation.rounds.models import NoticeReceipt, Round
from kouan.evaluation.rounds.queries import current_scoring, is_national

PROCEDURE = "evaluation_receipt"


def send_notices(matter: Matter, step: MatterStep, actor: Any) -> None:
    """通报: to every reporting office but the national one its lines and a receipt to sign. Refused while the period to sign is not set."""
    held = Round.objects.select_related("scheme_version").get(matter=matter)
    scoring = current_scoring(held)
    if scoring is None:  # signed off means scored; an edition of old times cannot get here without
        return
    scores = {each.port.code: each for each in scoring.scores.select_related("port").defer("cells", "port__figures", "port__reminders")}
    names = {each["code"]: {"zh": each["zh"], "en": each["en"]} for each in _bands(held)}
    for each in held.returns.exclude(office__kind=OrganisationKind.NATIONAL_OFFICE).select_related("office"):
        lines = [{
            "port": code, "name_zh": score.port.name_zh, "name_en": score.port.name_en, "band": score.band, "band_name": names.get(score.band or ""),
            "total": score.total, "red_line": score.red_line, "provisional": score.provisional,
        } for code in each.ports if (score := scores.get(code)) is not None]
        with acting_system("evaluation") as system:
            made = open_matter(actor=system, procedure=PROCEDURE, title=f"签收：{held.year} 年度口岸综合绩效评估结果通报"
                               f"{'（演练）' if held.is_exercise else ''}", applicant=each.office)
        NoticeReceipt.objects.create(round=held, scoring=scoring, office=each.office, lines=lines, digest=digest_of(scoring.result_digest, lines),
                                     matter=made, sent_by_id=actor.pk, sent_on=clock.today())


def digest_of(result_digest: str, lines: list[dict[str, Any]]) -> str:
    """SHA-256 of what an office was told, with the result that it was told of."""
    said = json.dumps([result_digest, lines], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def receipts_visible_to(user: Any, held: Round) -> QuerySet[NoticeReceipt]:
    """The notices of a round: the national office all, an office its own; nobody else any."""
    rows = held.receipts.select_related("office", "matter__edition", "scoring").order_by("office__code")
    if is_national(user):
        return rows
    if isinstance(user, System) or not allows(user, "rounds.object"):
        return rows.none()
    return rows.filter(office_id=user.organisation_id)


def signed_by(receipt: NoticeReceipt) -> MatterStep | None:
    """The step by which a notice was signed for: its day and person; None while it is not."""
    return receipt.matter.steps.filter(transition="sign").select_related("actor").first()


def _bands(held: Round) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(held.scheme_version.content)["scheme"]["bands"]
    return found
