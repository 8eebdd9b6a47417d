"""The province's side of an airport application, from the register and the recorded verdicts (R-094, AC-A1).

Ports approved and not accepted, air ports below the volume standard, air ports that should withdraw. What the
register cannot show stays unknown: a port of unknown status, a year without verdict, and a register that may lack
ports leave a fact open, unless what is known already passes the limit: more ports can only add.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kouan.basis import Finding, NotFound, Place, Text
from kouan.grading.models import VerdictRecord
from kouan.grading.verdict import VERDICT_NAMES, Verdict
from kouan.law import Fact, Law
from kouan.ports.models import PortStatus, TransportMode
from kouan.ports.queries import PortState, ports_visible_to, states_of

_GONE = frozenset({PortStatus.PLANNED.value, PortStatus.MERGED.value, PortStatus.CLOSED.value})
_NOT_BELOW = frozenset({Verdict.MEETS.value, Verdict.IN_GRACE.value, Verdict.MONITORED.value, Verdict.EXEMPT.value})


@dataclass(frozen=True, slots=True)
class Known:
    """A fact with its source: `kind` is register, verdicts, plan, computed, schedule or submitted."""

    value: Any
    kind: str
    source: Text
    evidence: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        value = f"{self.value:f}" if isinstance(self.value, Decimal) else self.value
        return {"value": value, "kind": self.kind, "source": self.source.as_dict(), "evidence": list(self.evidence)}


def province_gates(
    user: Any, province: str, law: Law, filed_on: date | None = None, *, complete_by: str = ""
) -> tuple[dict[str, Known], list[Finding]]:
    """Return the facts of AC-A1 that the register shows for a province (GB/T 2260), and what it cannot show.

    `filed_on`: until when the years since approval are counted (the as-of date of the law by default). `complete_by`:
    the evidence that the register holds all ports of the province; without it nothing missing counts as none.
    """
    day = law.as_of
    ports = list(ports_visible_to(user).filter(province_code=province))
    states = {code: state for code, state in states_of(ports, day).items() if not state.is_group}
    by_air = {code: state for code, state in states.items() if state.mode == TransportMode.AIR}
    found: dict[str, Known] = {}
    findings: list[Finding] = []
    until = min(filed_on, day) if filed_on else day
    try:
        limit = law.parameter("access.air_gate.unaccepted_years").value
        least = law.parameter("access.air_gate.below_standard").value
    except NotFound:
        return {}, []  # the gate is not in force on that day, so nobody asks
    for name, held in (("air_ports_approved_unaccepted_years_max", by_air), ("ports_approved_unaccepted_years_max", states)):
        _add(found, findings, law.library.facts[name], _unaccepted(held.values(), until, limit), complete_by)
    _add(found, findings, law.library.facts["air_ports_below_volume_standard"], _below(by_air, day, least), complete_by)
    if not by_air and complete_by:
        found["air_ports_that_should_withdraw"] = Known(
            0, "register", Text("名录载明该省没有航空口岸", "the register holds no air port of the province"), (complete_by,))
    return found, findings


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is known: the value so far, whether it already passes the limit, the reasons, and the ports left open."""

    value: Any
    passes: bool
    kind: str
    source: Text
    evidence: tuple[str, ...]
    left_open: tuple[Text, ...]


def _add(found: dict[str, Known], findings: list[Finding], fact: Fact, answer: _Answer, complete_by: str) -> None:
    if answer.passes or (complete_by and not answer.left_open):
        basis = answer.evidence if answer.passes else (*answer.evidence, complete_by)
        source = answer.source
        if answer.left_open:
            source = Text(f"{source.zh}；至少如此，另有情况不明的口岸", f"{source.en}; at least so much, for some ports are not known")
        found[fact.name] = Known(answer.value, answer.kind, source, basis)
        return
    why = answer.left_open or (Text("名录是否载全该省口岸未经说明", "it is not said whether the register holds all ports of the province"),)
    findings.append(Finding.info(
        "register_cannot_tell", f"名录不能给出“{fact.label.zh}”：{'；'.join(each.zh for each in why[:10])}。",
        f"The register cannot tell “{fact.label.en}”: {'; '.join(each.en for each in why[:10])}.", where=Place(field=fact.name),
        remedy=("请登记口岸状态、验收日期和判定结果；名录已载全的，请在 register_is_complete 中附依据说明。",
                "Register statuses, days of acceptance and verdicts; where the register is complete, say so with evidence under "
                "register_is_complete."),
    ))  # fmt: skip


def _unaccepted(states: Iterable[PortState], until: date, limit: Any) -> _Answer:
    longest, evidence, left_open = Decimal(0), [], []  # type: Decimal, list[str], list[Text]
    for state in states:
        if state.status in _GONE or (state.accepted_on and state.accepted_on <= until) or state.status == PortStatus.OPEN:
            continue
        if state.approved_on is None or state.status in (PortStatus.UNKNOWN, PortStatus.SUSPENDED):
            left_open.append(Text(f"{state.name_zh}的批准或验收情况不明", f"approval or acceptance of {state.name_en or state.name_zh} is not known"))
        elif state.approved_on <= until:
            years = years_between(state.approved_on, until)
            evidence.append(f"{state.code}: {state.approved_on.isoformat()}—{until.isoformat()}")
            longest = max(longest, years)
    source = Text("名录所载批准日期，截至申请日尚无验收日期", "days of approval in the register, without acceptance by the day of filing")
    return _Answer(longest, longest >= limit, "register", source, tuple(sorted(evidence)), tuple(left_open))


def _below(states: Mapping[str, PortState], day: date, least: Any) -> _Answer:
    """Count the air ports whose newest recorded verdict of a year before the day is below the standard."""
    wanted = {code: state for code, state in states.items() if state.status not in (*_GONE, PortStatus.APPROVED.value)}
    newest: dict[str, VerdictRecord] = {}
    records = VerdictRecord.objects.filter(port_code__in=list(wanted), rule="volume_standard", year__lt=day.year)
    for record in records.order_by("year", "revision"):
        newest[record.port_code] = record
    below = sorted(code for code, record in newest.items() if record.verdict == Verdict.FAILS.value)
    left_open = []
    for code, state in sorted(wanted.items()):
        judged = newest.get(code)
        if judged is None:
            left_open.append(Text(f"{state.name_zh}没有登记的判定", f"{state.name_en or state.name_zh} has no recorded verdict"))
        elif judged.verdict not in _NOT_BELOW and judged.verdict != Verdict.FAILS.value:
            word = VERDICT_NAMES[Verdict(judged.verdict)]
            left_open.append(Text(f"{state.name_zh}{judged.year}年“{word.zh}”", f"{state.name_en or state.name_zh} in {judged.year}: {word.en}"))
    evidence = tuple(f"{code}: {newest[code].year}, verdict revision {newest[code].revision}" for code in below)
    source = Text("各航空口岸最近一年已登记的客货运量判定", "the newest recorded verdict of each air port on the volume standard")
    return _Answer(len(below), len(below) >= least, "verdicts", source, evidence, tuple(left_open))


def years_between(first: date, last: date) -> Decimal:
    """Return the years from one day to another: whole on each anniversary, a part of a year in between.

    29 February has its anniversary on the 28th in other years.

    >>> years_between(date(2021, 3, 1), date(2024, 3, 1)), years_between(date(2020, 2, 29), date(2023, 2, 28))
    (Decimal('3.000'), Decimal('3.000'))
    >>> years_between(date(2021, 3, 1), date(2024, 2, 29)) < 3 < years_between(date(2021, 3, 1), date(2024, 3, 2))
    True
    """
    whole = last.year - first.year
    if last < _anniversary(first, whole):
        whole -= 1
    before, after = _anniversary(first, whole), _anniversary(first, whole + 1)
    # Cut, not rounded: the day before an anniversary must stay below it.
    thousandths = (last - before).days * 1000 // (after - before).days
    return Decimal(whole * 1000 + thousandths).scaleb(-3)


def _anniversary(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
