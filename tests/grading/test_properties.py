"""What must hold of the volume standard whatever the facts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.grading.factories import AS_OF, a_ruling, law

from kouan.grading import PortFacts, TransportClass, Verdict, VolumeStandard
from kouan.law import Law

RULE = VolumeStandard()
# Totals crowd round the limits, where mistakes would be.
near_limits = st.sampled_from([0, 30_000, 50_000, 100_000, 200_000, 1_000_000, 10_000_000]).flatmap(
    lambda limit: st.integers(max(0, limit - 2), limit + 2)
)
totals = st.none() | near_limits | st.decimals(0, 20_000_000, places=3)


@st.composite
def ports(draw: st.DrawFn) -> PortFacts:
    return PortFacts(
        code="any",
        year=draw(st.none() | st.integers(2012, 2024)),
        transport_class=draw(st.none() | st.sampled_from(TransportClass)),
        is_border=draw(st.none() | st.booleans()),
        accepted_on=draw(st.none() | st.dates(date(1980, 1, 1), date(2024, 6, 30))),
        cargo_tonnes=draw(totals),
        person_crossings=draw(totals),
        months_reported=draw(st.none() | st.sampled_from([0, 1, 11, 12, 12, 12])),
    )


laws = st.sampled_from(
    [
        law(),
        law(a_ruling("volume_standard.border_mode", "no_grace")),
        law(a_ruling("volume_standard.border_mode", "exempt")),
        law(a_ruling("volume_standard.combine", "and")),
        law(a_ruling("volume_standard.sea_cargo", "measures_2017")),
        law(a_ruling("volume_standard.year_standard", "by_as_of")),
    ]
)


def judge(facts: PortFacts, law: Law) -> Verdict:
    return RULE.judge(facts, law).verdict


@given(ports(), laws, st.integers(0, 20_000_000), st.sampled_from(["cargo_tonnes", "person_crossings"]))
def test_more_traffic_never_harms(facts: PortFacts, law: Law, more: int, measure: str) -> None:
    total = facts.total(measure)
    assume(total is not None)
    before = judge(facts, law)
    after = judge(replace(facts, **{measure: Decimal(total or 0) + more}), law)
    if before is Verdict.MEETS:
        assert after is Verdict.MEETS
    elif before in (Verdict.FAILS, Verdict.INCOMPLETE):
        assert after in (before, Verdict.MEETS)
    else:
        assert after is before


@given(ports())
def test_either_is_enough_wherever_both_are(facts: PortFacts) -> None:
    both = judge(facts, law(a_ruling("volume_standard.combine", "and")))
    either = judge(facts, law())
    if both is Verdict.MEETS:
        assert either is Verdict.MEETS
    if either is Verdict.FAILS:
        assert both is Verdict.FAILS


@given(ports())
def test_a_border_port_never_fails_by_default(facts: PortFacts) -> None:
    verdict = judge(replace(facts, is_border=True), law())
    assert verdict is (Verdict.MONITORED if facts.transport_class else Verdict.UNCLASSIFIED)


@given(ports(), laws)
def test_to_fail_takes_every_fact(facts: PortFacts, law: Law) -> None:
    if judge(facts, law) is Verdict.FAILS:
        assert facts.year is not None and facts.is_border is not None
        assert facts.cargo_tonnes is not None and facts.person_crossings is not None
        assert facts.months_reported == 12
        assert facts.is_border or facts.accepted_on is not None


@given(ports(), laws, st.sampled_from(["cargo_tonnes", "person_crossings", "months_reported"]))
def test_taking_a_fact_away_never_makes_a_port_fail(facts: PortFacts, law: Law, name: str) -> None:
    assert judge(replace(facts, **{name: None}), law) is not Verdict.FAILS


@given(ports(), laws)
def test_other_readings_are_told_exactly(facts: PortFacts, law: Law) -> None:
    """`differs_under` holds every single change of a reading that changes the verdict, and no other."""
    verdict = RULE.judge(facts, law)
    told = {(other.reading.key, other.reading.value): other.verdict for other in verdict.differs_under}
    for key in RULE.settings:
        setting = law.setting(key)
        for choice in setting.choices:
            if choice == setting.value or key.startswith("definition."):
                continue
            other = judge(facts, law.supposing(key, choice))
            assert told.pop((key, choice), verdict.verdict) is other
    assert not told
    assert verdict.is_flagged("differs_under") is bool(verdict.differs_under)


@given(ports(), laws)
def test_the_trace_follows_the_skeleton(facts: PortFacts, law: Law) -> None:
    verdict = RULE.judge(facts, law)
    numbers = [step.rule.removeprefix("volume_standard/") for step in verdict.steps]
    assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)
    assert numbers[0] == "1" and numbers[-1] == "7"
    assert ("6" in numbers) is bool(verdict.margins)
    for step in verdict.steps:
        assert step.text.zh and step.outcome.zh and step.text.en and step.outcome.en
    assert len(verdict.readings) == len(RULE.settings)


@given(ports(), laws)
def test_the_answer_is_json_and_margins_add_up(facts: PortFacts, law: Law) -> None:
    verdict = RULE.judge(facts, law)
    data = json.loads(json.dumps(verdict.as_dict(), allow_nan=False))
    assert data["verdict"] in {v.value for v in Verdict}
    for measure, margin in verdict.margins.items():
        if margin.measured is None:
            assert margin.margin is None and margin.ratio is None
            continue
        assert margin.margin is not None and margin.ratio is not None
        assert margin.required + margin.margin == margin.measured
        assert (margin.margin >= 0) is margin.is_met is (margin.ratio >= 1)
        assert data["margins"][measure]["is_met"] is margin.is_met


@given(ports(), st.integers(2012, 2016))
def test_years_before_2017_are_judged_as_2017_and_flagged(facts: PortFacts, year: int) -> None:
    assume(facts.transport_class is not None)
    early, first = replace(facts, year=year, accepted_on=None), replace(facts, year=2017, accepted_on=None)
    assert judge(early, law()) is judge(first, law())
    assert RULE.judge(early, law()).is_flagged("before_2017")
    assert not RULE.judge(first, law()).is_flagged("before_2017")


@given(ports())
def test_the_same_facts_and_law_give_the_same_answer(facts: PortFacts) -> None:
    assert RULE.judge(facts, Law(AS_OF)).as_dict() == RULE.judge(facts, Law(AS_OF)).as_dict()
