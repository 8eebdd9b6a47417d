"""The verbs of a round: opened under a published scheme, frozen, scored. Each is one transaction and takes its step of the procedure.

Freeze and score can be taken from the desk too (``effects``): both ways do the same, and the matter is locked first at both.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from kouan.accounts.action import System, acting_system, action
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.basis import Conflict, Finding, Place, Refused, clock
from kouan.desk.matters.actions import Concerns, open_matter, take_step
from kouan.desk.matters.models import Matter
from kouan.evaluation.rounds import effects
from kouan.evaluation.rounds.frozen import plain
from kouan.evaluation.rounds.models import Freeze, Round, RoundReturn, Scoring
from kouan.evaluation.rounds.objects import Reporter, evaluated, reporters
from kouan.evaluation.rounds.queries import get_round, get_scheme
from kouan.evaluation.rounds.scheme_actions import check_year, refuse_altered

PROCEDURE, RETURN = "yearly_evaluation", "evaluation_return"


@action("rounds.run")
def open_round(*, actor: Any, year: int, experts: str = "") -> Round:
    """Open the round of a year under its newest published scheme, and give every reporting office and its verifier their task.

    ``experts``: the code of the panel to be asked; without one nobody is, and the page of the matter says so. One round a year.
    Refused while a period of the procedures is not set, no port is an object, or no scheme is published.
    """
    _a_person(actor)
    check_year(year)
    if year > clock.today().year:
        raise Refused.because("year_to_come", "该年度尚未开始。", "The year has not begun.", where=Place(field="year"), measured=year,
                              remedy=("请在年度开始后发起。", "Open it once the year has begun."))
    version = get_scheme(actor, year)
    scheme = refuse_altered(version)
    if Round.objects.filter(year=year).exists():
        raise _open_already(year)
    panel = _panel(experts)
    ports, findings = evaluated(scheme, year, is_exercise=settings.IS_EXERCISE)
    if not ports:
        raise Refused([*findings, Finding.error(
            "round_without_ports", f"{year} 年没有可评估的口岸：名录中没有已登记开放运行且运输类别已定的口岸。",
            f"There is no port to evaluate for {year}: none is registered as open with a decided class.",
            remedy=("请先在口岸名录中登记开放、验收和类别。", "Register opening, acceptance and class first."))])
    offices, stray = reporters(ports)
    matter = open_matter(
        actor=actor, procedure=PROCEDURE, title=f"{year} 年度口岸综合绩效评估{'（演练）' if settings.IS_EXERCISE else ''}",
        named={"experts": panel.code} if panel else {}, asked=["experts"] if panel else [])
    try:
        with transaction.atomic():
            made = Round.objects.create(year=year, scheme_version=version, matter=matter, is_exercise=settings.IS_EXERCISE,
                                        findings=plain([*findings, *stray]), opened_by_id=actor.pk, opened_on=clock.today())
    except IntegrityError:
        raise _open_already(year) from None
    for each in offices:
        _ask(made, each)
    return made


@action("rounds.run")
def freeze_round(*, actor: Any, year: int, report: Any = None) -> Freeze:
    """Freeze every figure of the round with its digest, as known now. Refused while a return is open; the step of the desk is taken."""
    _a_person(actor)
    found = get_round(actor, year)
    with effects.reporting(report):
        take_step(actor=actor, matter=found.matter_id, transition="freeze")
    return Freeze.objects.select_related("round__matter__edition", "round__scheme_version").filter(round=found).order_by("-revision")[0]


@action("rounds.run")
def score_round(*, actor: Any, year: int, report: Any = None) -> tuple[Scoring, bool]:
    """Score the newest freeze; answer the scoring and whether it is new. Done already, it answers what is stored and writes nothing."""
    _a_person(actor)
    found = get_round(actor, year)
    held = Matter.objects.select_for_update(of=("self",)).get(pk=found.matter_id)
    freeze = found.freezes.order_by("-revision").first()
    kept = freeze.scorings.order_by("-number").first() if freeze is not None else None
    if kept is not None and held.state not in ("collecting", "verifying", "frozen"):
        return kept, False
    with effects.reporting(report):
        take_step(actor=actor, matter=found.matter_id, transition="score")
    scored = Scoring.objects.select_related("freeze", "round__matter__edition", "round__scheme_version")
    return scored.filter(round=found).order_by("-number")[0], True


def _ask(made: Round, reporter: Reporter) -> RoundReturn:
    """The task of one office: the system's work, for the office that reports."""
    office = reporter.office
    with acting_system("evaluation") as system:
        matter = open_matter(
            actor=system, procedure=RETURN, title=f"{made.year} 年度评估数据报送：{office.name_zh}"[:200], applicant=office,
            named={"verifier": reporter.verifier.code}, concerns=Concerns(
                province_code=office.province_code if office.kind == OrganisationKind.PROVINCIAL_OFFICE else ""))
    return RoundReturn.objects.create(round=made, office=office, ports=list(reporter.ports), matter=matter)


def _panel(code: str) -> Organisation | None:
    if not code:
        return None
    found = Organisation.objects.filter(code=code, kind=OrganisationKind.EXPERT_PANEL, is_active=True).first()
    if found is None:
        raise Refused.because("unknown_panel", f"没有代码为“{code[:64]}”的专家组。", f"There is no panel of experts “{code[:64]}”.",
                              where=Place(field="experts"), remedy=("请先登记专家组，或不指定。", "Register it first, or name none."))
    return found


def _open_already(year: int) -> Refused:
    return Conflict.because("round_open", f"{year} 年度评估已发起。", f"The round of {year} is open already.", where=Place(field="year"),
                            remedy=("每年一轮；需要重新冻结和计分的，由负责人退回核验。",
                                    "There is one a year; the head can send it back to be frozen and scored anew."))


def _a_person(actor: Any) -> None:
    if isinstance(actor, System) or actor.pk is None:
        raise Refused.because("needs_a_person", "年度评估须由本人办理，系统不能代办。", "A round is run by people, not by the system.",
                              remedy=("命令行请用 --as 写明登录名。", "On the command line, name yourself with --as."))
