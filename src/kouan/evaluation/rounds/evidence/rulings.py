"""认定: the national office says that something does not apply (M2), or that a central source failed (M4), with the reason.

Never the reporter. A ruling is withdrawn by a later one that names it; both stay, and what holds at the freeze is kept with it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from kouan.accounts.action import action, allows
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.models import Matter
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.evidence.models import Ruling, RulingKind
from kouan.evaluation.rounds.evidence.seeing import BEFORE_FREEZE
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import get_round, is_national, returns_visible_to

# How far back a ruling may reach: no round looks back further (base year of the first scheme, and what prev3 reads before it).
FIRST_YEAR = 2018


@action("rounds.run")
def rule_not_applicable(*, actor: Any, year: int, code: str, reason: str, port: str = "", port_class: str = "", of_year: int = 0) -> Ruling:
    """An indicator or item does not apply to a port, to a class, or (both empty) to any, in a year (0: in all). Its weight goes to its group."""
    return _rule(actor, year, RulingKind.NOT_APPLICABLE, code, reason, port, port_class, of_year)


@action("rounds.run")
def rule_failed_feed(*, actor: Any, year: int, code: str, of_year: int, reason: str, port_class: str = "") -> Ruling:
    """The central source of an indicator or item failed in a year, for a class or for all: it is suspended there (M4)."""
    return _rule(actor, year, RulingKind.FAILED_FEED, code, reason, "", port_class, of_year)


@action("rounds.run")
def withdraw_ruling(*, actor: Any, year: int, ruling: int, reason: str) -> Ruling:
    """Withdraw a ruling by a later one. Conflict where it was withdrawn already, or is itself a withdrawal."""
    held = _open(actor, year)
    found = Ruling.objects.filter(pk=ruling, round=held).first()
    if found is None:
        raise NotFound(Finding.error("unknown_ruling", "没有这项认定。", "There is no such ruling.", where=Place(field="ruling"),
                                     remedy=("请从认定页进入。", "Start from the page of rulings.")))
    said = _said(reason)
    taken = Conflict.because("ruling_withdrawn", "该项认定已撤回，或本身就是撤回。", "It was withdrawn already, or is itself a withdrawal.",
                             remedy=("请刷新页面。", "Load the page again."))
    if found.withdraws_id is not None or Ruling.objects.filter(withdraws=found).exists():
        raise taken
    try:
        with transaction.atomic():
            return Ruling.objects.create(round=held, kind=found.kind, code=found.code, port=found.port, port_class=found.port_class, year=found.year,
                                         reason=said, withdraws=found, made_by_id=actor.pk, made_on=clock.today())
    except IntegrityError:
        raise taken from None


def rulings_in_force(held: Round) -> list[Ruling]:
    """The rulings of a round that hold: no withdrawals, and nothing withdrawn."""
    return list(Ruling.objects.filter(round=held, withdraws__isnull=True, withdrawn__isnull=True).order_by("id"))


def rulings_visible_to(user: Any, held: Round) -> QuerySet[Ruling]:
    """The national office all; an office those on a class or on all, and those on ports of returns that it sees."""
    rows = Ruling.objects.filter(round=held).select_related("made_by", "withdraws", "withdrawn").order_by("-id")
    if is_national(user):
        return rows
    if not allows(user, "rounds.read"):
        return rows.none()
    return rows.filter(Q(port="") | Q(port__in=[port for each in returns_visible_to(user, held) for port in each.ports]))


def central_codes(scheme: Scheme) -> frozenset[str]:
    """The indicators under M4 and every item they read: what may be said to have failed."""
    found: set[str] = set()
    for each in scheme.indicators:
        if each.missing == "M4":
            found |= {each.code, *read_by(scheme, each.formula.items())}
    return frozenset(found)


def read_by(scheme: Scheme, items: Collection[str]) -> frozenset[str]:
    """Items with the parts of those that are totals or the composite volume, down to reported ones."""
    found: set[str] = set()
    waiting = list(items)
    while waiting:
        code = waiting.pop()
        if code in found:
            continue
        found.add(code)
        if code == scheme.shape.volume.item:
            waiting += scheme.shape.volume.parts
        elif code in scheme.derived:
            waiting += scheme.derived[code].items()
    return frozenset(found)


def _rule(actor: Any, year: int, kind: RulingKind, code: str, reason: str, port: str, port_class: str, of_year: int) -> Ruling:
    held = _open(actor, year)
    scheme = held.scheme_version.scheme()
    findings = []
    known = {*scheme.items, *(each.code for each in scheme.indicators)}
    if code not in known:
        findings.append(Finding.error("item_unknown", f"方案没有“{code[:64]}”。", f"The scheme has no “{code[:64]}”.", where=Place(field="code"),
                                      remedy=("请填写指标或数据项代码。", "Give the code of an indicator or item.")))
    elif kind == RulingKind.FAILED_FEED and code not in central_codes(scheme):
        findings.append(Finding.error(
            "not_a_central_source", f"“{code}”不由中央数据源提供（M4），不能认定中断。", f"“{code}” does not come from a central source (M4).",
            where=Place(field="code"), remedy=("不适用的，请认定不适用。", "If it does not apply, rule that instead.")))
    if port and port_class:
        findings.append(Finding.error("port_or_class", "口岸和运输类别只填一项。", "Give a port or a class, not both.",
                                      where=Place(field="port_class"),
                                      remedy=("请删去一项。", "Leave one out.")))
    if port and not any(port in each.ports for each in held.returns.all()):
        findings.append(Finding.error("port_unknown", f"口岸“{port[:64]}”不在本轮报送中。", f"“{port[:64]}” is in no return of the round.",
                                      where=Place(field="port"), remedy=("请核对口岸代码。", "Check the code.")))
    if port_class and port_class not in scheme.shape.classes:
        findings.append(Finding.error("class_unknown", f"方案没有运输类别“{port_class[:16]}”。", f"The scheme has no class “{port_class[:16]}”.",
                                      where=Place(field="port_class"), required=", ".join(scheme.shape.classes),
                                      remedy=("请选择一个类别。", "Choose one of them.")))
    if not (FIRST_YEAR <= of_year <= held.year) and not (of_year == 0 and kind == RulingKind.NOT_APPLICABLE):
        findings.append(Finding.error("year_out_of_range", f"年度应在 {FIRST_YEAR} 至 {held.year} 之间。",
                                      f"The year lies between {FIRST_YEAR} and {held.year}.",
                                      where=Place(field="of_year"), measured=of_year, remedy=("请改正年度。", "Correct the year.")))
    if findings:
        raise Refused(findings)
    said = _said(reason)
    same = (kind, code, port, port_class, of_year)
    if any((each.kind, each.code, each.port, each.port_class, each.year) == same for each in rulings_in_force(held)):
        raise Conflict.because("ruling_on_record", "相同的认定已登记。", "The same ruling is on record.", where=Place(field="code"),
                               remedy=("需要改写理由的，请先撤回。", "Withdraw it first to word it anew."))
    return Ruling.objects.create(round=held, kind=kind, code=code, port=port, port_class=port_class, year=of_year, reason=said,
                                 made_by_id=actor.pk, made_on=clock.today())


def _open(actor: Any, year: int) -> Round:
    held = get_round(actor, year)
    Matter.objects.select_for_update(of=("self",)).get(pk=held.matter_id)
    held.matter.refresh_from_db()
    if held.stage not in BEFORE_FREEZE:
        raise Conflict.because("round_frozen", "本轮数据已冻结，不能再作认定。", "The figures are frozen; nothing is ruled now.",
                               remedy=("退回核验后方可办理。", "It can be done once the round is sent back to verification."))
    return held


def _said(reason: str) -> str:
    refuse_secrets(reason)
    if not reason.strip() or len(reason) > 400:
        raise Refused.because("words_missing", "请填写理由（不超过400字）。", "Give the reason, in at most 400 characters.",
                              where=Place(field="reason"), remedy=("请填写后再提交。", "Fill it in first."))
    return reason.strip()
