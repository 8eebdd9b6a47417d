"""A rule made of conditions: the criteria of the law in their order, and what follows from each.

The conditions stand in `law/criteria`, dated and cited; a rule names those it asks, in order, and says which
verdict each outcome leads to. The first decision that holds gives the verdict, so the strictest gate wins;
every criterion is asked all the same and stands in the trace.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from kouan.basis import Finding, Refused, Text
from kouan.grading.case_facts import CaseFacts, read_case
from kouan.grading.case_verdict import CaseVerdict
from kouan.law import Fact, Law, Library, Rule
from kouan.law.conditions import Compiled, Decision, Reading, compile_conditions
from kouan.law.criteria import facts_of


class CaseRule(Rule[CaseFacts, CaseVerdict]):
    """Base of the rules made of conditions.

    `criteria` are asked in this order; `default` is the verdict where nothing else follows; without one of
    `needs_one_of` in force there is no verdict. `verdicts` are those the rule can give, besides unknown, and
    `wrong` those that `check` reports.
    """

    verdicts: ClassVar[tuple[str, ...]]
    default: ClassVar[str]
    needs_one_of: ClassVar[tuple[str, ...]] = ()
    wrong: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def decisions(self, law: Law) -> tuple[Decision, ...]:
        """Return what follows from which criterion under the law's readings; the first that holds decides."""

    def default_under(self, law: Law) -> str:
        """Return the verdict where no decision holds."""
        return self.default

    @classmethod
    def facts_read(cls, library: Library | None = None) -> dict[str, Fact]:
        """Return the facts that the rule reads under any reading, by name, in the order they are asked."""
        library = library or Library.shipped()
        return facts_of([library.criteria[name] for name in cls.criteria], library.facts)

    def compiled(self, law: Law) -> Compiled:
        """Return the rule's conditions under a law, compiled once and kept with the law."""
        found: Compiled | None = law.derived.get(self.key)
        if found is None:
            readings = []
            for key in self.settings:
                setting = law.setting(key)
                for choice in setting.choices:
                    if choice != setting.value:
                        variant = law.supposing(key, choice)
                        readings.append(Reading(variant, key, choice, self.decisions(variant), self.default_under(variant)))
            found = compile_conditions(
                law, self.criteria, self.decisions(law), self.default_under(law), readings, self.needs_one_of
            )
            law.derived[self.key] = found
        return found

    def judge(self, facts: CaseFacts, law: Law) -> CaseVerdict:
        """Return the verdict with its trace and the verdicts under other readings. Facts must have been read."""
        compiled = self.compiled(law)
        mask, masks, trace = compiled.judge_all(facts.values)
        return CaseVerdict(self, law, facts, compiled, mask, masks, trace)

    def judge_row(self, row: Mapping[str, Any], law: Law) -> CaseVerdict:
        """Read a row as JSON gives it, and judge it. Refused when the facts cannot be."""
        facts, findings = read_case(row, law.library, self.facts_read(law.library), law.as_of)
        if any(finding.is_error for finding in findings):
            raise Refused([finding for finding in findings if finding.is_error])
        verdict = self.judge(facts, law)
        object.__setattr__(verdict, "findings", tuple(findings))
        return verdict

    def check(self, facts: CaseFacts, law: Law) -> Finding | None:
        """Return a finding where the case is held up, None otherwise."""
        verdict = self.judge(facts, law)
        if verdict.verdict not in self.wrong:
            return None
        step = next(step for step in verdict.steps if step["effect"] == verdict.verdict)
        return self.finding(
            measured=step["outcome_name"]["zh"],
            required=step["means"]["zh"],
            citation=verdict.citation,
            remedy=(
                f"结论为“{verdict.name.zh}”，仅供参考；由主管部门决定。",
                f"The verdict is “{verdict.name.en}”, which is advice; the authority decides.",
            ),
        )


def stage_steps(*stages: tuple[str, str, str]) -> dict[str, Text]:
    """Return the `steps` of a rule from (number, Chinese, English)."""
    return {number: Text(zh, en) for number, zh, en in stages}
