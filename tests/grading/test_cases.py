"""The volume standard judged by hand: every case of cases/*.yaml."""

from __future__ import annotations

from typing import Any

import pytest
from tests.grading.factories import cases, facts_of, law_of

from kouan.basis import Refused
from kouan.grading import VolumeStandard

_KEYS = {
    "name",
    "year",
    "as_of",
    "port",
    "rulings",
    "expect",
    "flags",
    "differs",
    "candidates",
    "findings",
    "refused",
}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_verdict_by_hand(case: dict[str, Any]) -> None:
    assert set(case) <= _KEYS
    rule, facts, law = VolumeStandard(), facts_of(case), law_of(case)
    if "refused" in case:
        with pytest.raises(Refused) as refusal:
            rule.judge(facts, law)
        assert [finding.code for finding in refusal.value.findings] == case["refused"]
        return
    verdict = rule.judge(facts, law)
    assert verdict.verdict == case["expect"]
    if "flags" in case:
        assert [flag.code for flag in verdict.flags] == case["flags"]
    if "differs" in case:
        others = {f"{o.reading.ambiguity} {o.reading.value}": o.verdict.value for o in verdict.differs_under}
        assert others == case["differs"]
    if "candidates" in case:
        assert {c.value: v.verdict.value for c, v in verdict.candidates.items()} == case["candidates"]
    assert [finding.code for finding in verdict.findings] == case.get("findings", [])


def test_the_names_of_cases_are_unique() -> None:
    names = [case["name"] for case in cases()]
    assert len(names) == len(set(names)) > 80
