"""整改: after the notice the national office gives reporting offices what the results of their ports ask for.

A port is proposed for it by the lowest band, by a red line, and by groups whose points lie under the bound of the scheme
(`rectification.group_points`); each is shown with its reason, and a person decides. Casework keeps other rectifications (withdrawal of a
port); this one is the evaluation's own (`evaluation_rectification.yaml`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from kouan.accounts.action import System, acting_system, action, allows
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.basis import Conflict, Finding, Place, Refused, SubjectKind, SubjectRef, Text, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import Concerns, open_matter
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.models import PortScore, RectificationTask, Round
from kouan.evaluation.rounds.queries import WITH_DECIMALS, current_scoring, get_round, is_national

PROCEDURE = "evaluation_rectification"
MOST_PORTS = 400


@dataclass(frozen=True, slots=True)
class Candidate:
    """A port whose result asks for rectification, with the reasons; ``task``: what it was given already."""

    code: str
    name: Text
    office: Organisation
    grounds: tuple[dict[str, Any], ...]
    score: PortScore
    task: RectificationTask | None = None


def candidates(user: Any, held: Round) -> list[Candidate]:
    """The ports that may be given a task, by office and port. The national office's to see, once the results are notified."""
    if not is_national(user) or held.stage not in WITH_DECIMALS:
        return []
    return list(_candidates(held).values())


def _candidates(held: Round) -> dict[str, Candidate]:
    scoring = current_scoring(held)
    if scoring is None:
        return {}
    scheme = held.scheme_version.scheme()
    offices = {code: each.office for each in held.returns.exclude(office__kind=OrganisationKind.NATIONAL_OFFICE).select_related("office")
               for code in each.ports}
    tasks = {each.port_code: each for each in held.rectifications.select_related("matter__edition")}
    rows = scoring.scores.filter(port__code__in=offices).select_related("port").defer("cells", "port__figures", "port__reminders")
    found = [Candidate(each.port.code, Text(each.port.name_zh, each.port.name_en or each.port.name_zh), offices[each.port.code], grounds, each,
                       tasks.get(each.port.code))
             for each in rows if (grounds := grounds_of(scheme, each))]
    return {each.code: each for each in sorted(found, key=lambda one: (one.office.code, one.code))}


def grounds_of(scheme: Scheme, score: PortScore) -> tuple[dict[str, Any], ...]:
    """Why a result asks for rectification: JSON-ready, each with its words in both languages; empty for nothing."""
    bands = sorted(scheme.shape.bands, key=lambda each: each.least)
    found: list[dict[str, Any]] = []
    if score.band == bands[0].code:
        found.append({"kind": "band", "code": score.band, "zh": f"档次为“{bands[0].zh}”", "en": f"the band is “{bands[0].en}”"})
    if score.red_line:
        found.append({"kind": "red_line", "code": "", "zh": "触及红线", "en": "a red line was crossed"})
    limit = scheme.shape.rectify_under
    for code, points in sorted(score.groups.items()):
        if points is not None and points < limit:
            name = scheme.groups[code].name.text
            found.append({"kind": "group", "code": code, "name": name.as_dict(), "limit": limit, "zh": f"“{name.zh}”低于{limit:g}分",
                          "en": f"“{name.en}” is under {limit:g} points"})
    return tuple(found)


@action("rounds.run")
def give_tasks(*, actor: Any, year: int, ports: Sequence[str], requirement: str) -> list[RectificationTask]:
    """Give the offices of these ports their tasks, each as a matter. Every port must be one of the candidates; all or none.

    Conflict before the results are notified and for a port that has its task; Refused for a port whose result gives no reason.
    """
    held = get_round(actor, year)
    if held.stage not in WITH_DECIMALS:
        raise Conflict.because("not_notified", "结果通报后方可交办整改。", "Tasks are given once the results are notified.",
                               remedy=("请先通报结果。", "Notify the results first."))
    refuse_secrets(requirement)
    if not requirement.strip() or len(requirement) > 800:
        raise Refused.because("requirement_missing", "请填写整改要求（不超过800字）。", "Say what is asked for, in at most 800 characters.",
                              where=Place(field="requirement"), remedy=("请写明整改事项和要求。", "Say what is to be put right."))
    wanted = list(dict.fromkeys(ports))
    if not wanted or len(wanted) > MOST_PORTS:
        raise Refused.because("ports_missing", "请选择口岸。", "Choose the ports.", where=Place(field="ports"), measured=len(wanted),
                              remedy=("请在列表中勾选。", "Tick them in the list."))
    known = _candidates(held)
    strange = [code for code in wanted if code not in known]
    if strange:
        raise Refused([Finding.error(
            "no_ground", f"“{code[:64]}”的结果没有整改事由，或没有报送单位。",
            f"The result of “{code[:64]}” gives no reason, or no office reports for it.",
            where=Place(field="ports"), remedy=("请从列表中选择。", "Choose from the list.")) for code in strange])
    given = [code for code in wanted if known[code].task is not None]
    if given:
        raise Conflict.because("task_given", f"已交办整改：{'、'.join(given[:5])}。", f"Tasks were given already: {', '.join(given[:5])}.",
                               where=Place(field="ports"), remedy=("请在原整改件中办理。", "Go on with those."))
    return [_give(held, known[code], actor, requirement.strip()) for code in wanted]


def _give(held: Round, one: Candidate, actor: Any, requirement: str) -> RectificationTask:
    port = one.score.port
    with acting_system("evaluation") as system:
        matter = open_matter(
            actor=system, procedure=PROCEDURE, title=f"{held.year} 年度评估整改：{port.name_zh}{'（演练）' if held.is_exercise else ''}"[:200],
            applicant=one.office, concerns=Concerns(SubjectRef(SubjectKind.PORT, port.code), port.province_code, port.city_code, port.code))
    try:
        with transaction.atomic():
            return RectificationTask.objects.create(
                round=held, port=port, port_code=port.code, office=one.office, grounds=list(one.grounds), requirement=requirement, matter=matter,
                given_by_id=actor.pk, given_on=clock.today())
    except IntegrityError:
        raise Conflict.because("task_given", "同时有人交办了同一口岸的整改。", "Somebody gave the same task at the same time.",
                               remedy=("请刷新后核对。", "Reload and look again.")) from None


def tasks_visible_to(user: Any, held: Round) -> QuerySet[RectificationTask]:
    """The tasks of a round: the national office all, an office its own; nobody else any."""
    rows = held.rectifications.select_related("office", "port", "matter__edition", "matter__applicant").defer("port__figures", "port__reminders")
    if is_national(user):
        return rows
    if isinstance(user, System) or not allows(user, "rounds.object"):
        return rows.none()
    return rows.filter(office_id=user.organisation_id)
