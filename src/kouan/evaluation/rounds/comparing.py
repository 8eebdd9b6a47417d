"""Two to six ports of a round side by side, and the indicators in which they differ most; and what-if questions about a round.

Each port is read as its card is: whoever may not read one does not find it here either. What-if shows totals and places of every port, so it
is for whoever reads places of the nation; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kouan.accounts.action import allows, refuse
from kouan.basis import Finding, NotFound, Place, Refused, Text
from kouan.evaluation.method.scheme import RoundResult
from kouan.evaluation.method.scheme.what_if import Trial, WhatIf, what_if
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import is_national, scoring_in_force
from kouan.evaluation.rounds.replaying import in_memory
from kouan.evaluation.rounds.scorecard import Card, IndicatorLine, scorecard

FEWEST, MOST = 2, 6


@dataclass(frozen=True)
class Difference:
    """An indicator as several ports have it (None: it is not for the port), and the points between the best and the worst."""

    code: str
    name: Text
    unit: Text
    lines: tuple[IndicatorLine | None, ...]
    spread: float | None


@dataclass(frozen=True)
class Comparison:
    """The cards in the order asked for; indicators by their spread, the widest first; ``findings``: ports that could not be shown."""

    cards: tuple[Card, ...]
    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def shows_decimals(self) -> bool:
        return bool(self.cards) and all(each.shows_decimals for each in self.cards)


def compare(user: Any, held: Round, codes: Sequence[str]) -> Comparison:
    """Two to six ports side by side. A port without a result to be read is a finding; with fewer than two left nothing is compared.

    Raises Refused for more than six.
    """
    wanted = list(dict.fromkeys(code for code in codes if code))
    if len(wanted) > MOST:
        raise Refused.because("too_many_ports", f"一次最多比较 {MOST} 个口岸。", f"At most {MOST} ports are compared at once.",
                              where=Place(field="ports"), measured=len(wanted), required=MOST, remedy=("请去掉几个。", "Leave some out."))
    cards, findings = [], []
    for code in wanted:
        try:
            cards.append(scorecard(user, held, code))
        except NotFound as missing:
            findings += [each.at(field="ports") for each in missing.findings]
    if len(cards) < FEWEST:
        return Comparison(tuple(cards), (), tuple(findings))
    return Comparison(tuple(cards), tuple(_differences(cards)), tuple(findings))


def _differences(cards: Sequence[Card]) -> list[Difference]:
    by_code = [{each.code: each for each in card.indicators} for card in cards]
    found = []
    for code in sorted({code for lines in by_code for code in lines}):
        lines = tuple(each.get(code) for each in by_code)
        points = [each.points for each in lines if each is not None and each.points is not None]
        first = next(each for each in lines if each is not None)
        found.append(Difference(code, first.name, first.unit, lines, max(points) - min(points) if len(points) > 1 else None))
    return sorted(found, key=lambda each: (-(each.spread if each.spread is not None else -1.0), each.code))


@dataclass(frozen=True)
class Tried:
    """An answer with what is needed to show it: the round's result and the names of its ports by code."""

    trial: Trial
    result: RoundResult
    names: dict[str, Text]
    version: int


def try_out(user: Any, held: Round, asked: WhatIf) -> Tried:
    """What the round would say under other weights, means or methods (试算). Nothing is stored.

    NotAllowed but for the national office and its auditors; NotFound while the round is not scored; Refused as `what_if`.
    """
    may_try(user)
    scoring = scoring_in_force(held)
    result = in_memory(held)
    names = {code: Text(zh, en or zh) for code, zh, en in scoring.freeze.ports.values_list("code", "name_zh", "name_en")}
    return Tried(what_if(result, held.year, asked), result, names, scoring.number)


def may_try(user: Any) -> None:
    """Raise NotAllowed, with a trace, for whoever does not read the nation's places."""
    if not is_national(user) or not allows(user, "scores.read_ranks"):
        raise refuse(user, "scores.read_ranks", "evaluation.what_if")
