"""A walk through any procedure with random people, days, papers and facts: what must hold whatever they do.

``walk_of(procedure, …)`` makes a Hypothesis state machine; every room that has procedures drives them with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kouan.basis import Conflict, NotAllowed, Refused
from kouan.procedure import (
    Procedure,
    Running,
    WorkingDays,
    answer,
    begin,
    due,
    duties,
    fire,
    offers,
    standing,
)
from kouan.procedure.engine import consultations_of
from kouan.procedure.model import FactKind

_VALUES = {
    FactKind.BOOL: st.booleans(), FactKind.NUMBER: st.integers(0, 30) | st.decimals(0, 30, places=1).map(Decimal),
    FactKind.DATE: st.dates(date(2010, 1, 1), date(2026, 1, 1)), FactKind.TEXT: st.sampled_from(["甲", "乙"]),
}


def _last_preparing(procedure: Procedure, running: Running) -> str:
    """Who took the last step that was no decision and not the system's."""
    taken = [step for step in running.steps if step.actor and (step.by == "begin" or not procedure.decides(procedure.transitions[step.by]))]
    return taken[-1].actor if taken else ""


def walk_of(procedure: Procedure, calendar: WorkingDays, settings: Mapping[str, int]) -> type[RuleBasedStateMachine]:
    """The state machine of one procedure; make ``.TestCase`` of it."""
    parties = st.sets(st.sampled_from(sorted(procedure.parties)), max_size=3)
    papers = st.just(set(procedure.documents)) | st.sets(st.sampled_from(sorted(procedure.documents) or ["none"]))
    fields = st.just(dict.fromkeys(procedure.fields, "有理由")) | st.just({})
    facts = st.fixed_dictionaries({}, optional={code: _VALUES[fact.kind] for code, fact in procedure.facts.items()})

    class Walk(RuleBasedStateMachine):
        running: Running
        day: date

        @initialize()
        def start(self) -> None:
            self.day = date(2024, 1, 8)
            self.running = begin(procedure, on=self.day, actor="1", calendar=calendar, settings=settings)
            self.told: set[str] = set()

        @rule(days=st.integers(0, 40))
        def time_passes(self, days: int) -> None:
            self.day += timedelta(days=days)

        @rule(code=st.sampled_from(sorted(procedure.transitions)), who=parties, papers=papers, fields=fields, facts=facts,
            actor=st.sampled_from("12"))
        def somebody_takes_a_step(
            self, code: str, who: set[str], papers: set[str], fields: dict[str, str], facts: dict[str, Any], actor: str
        ) -> None:
            before, transition = self.running, procedure.transitions[code]
            offered = {each.transition.code for each in offers(procedure, before, parties=who, facts=facts)}
            try:
                moved = fire(procedure, before, code, parties=who, on=self.day, actor=actor, documents=papers, fields=fields, facts=facts)
            except NotAllowed as refusal:
                own = refusal.findings[0].code == "own_proposal"
                assert own or not set(transition.by) & who, f"{code} 应当可以由 {who} 办理"
                assert not own or (procedure.decides(transition) and any(step.actor == actor for step in before.steps))
            except Conflict:
                assert before.state not in transition.sources
            except Refused as refusal:
                assert refusal.findings and all(each.remedy for each in refusal.findings)
            else:
                assert code in offered and set(transition.by) & who, f"{who} 无权办理 {code}"
                assert set(transition.documents) <= papers and all(fields.get(name) for name in transition.fields)
                assert all(guard.holds(facts) for guard in transition.guards)
                assert not procedure.decides(transition) or _last_preparing(procedure, before) != actor, "一人既提出又决定"
                assert moved.running.steps[:-1] == before.steps and moved.running.state == transition.target
                self.running = moved.running
            if self.running is not before:
                return
            assert self.running == before

        @precondition(lambda self: bool(consultations_of(procedure, self.running)))
        @rule(data=st.data(), agrees=st.booleans(), who=parties)
        def somebody_answers(self, data: st.DataObject, agrees: bool, who: set[str]) -> None:
            asked = data.draw(st.sampled_from(consultations_of(procedure, self.running)))
            party = data.draw(st.sampled_from(sorted(procedure.parties)))
            bare = party in asked.bare
            try:
                found = answer(procedure, self.running, asked.code, party, parties=who, on=self.day, agrees=agrees,
                               reference="函1" if bare else "", words="" if bare else "意见")
            except (NotAllowed, Conflict):
                return
            assert party in asked.parties and party in who
            assert found.steps == self.running.steps and len(found.opinions) == len(self.running.opinions) + 1
            self.running = found

        @rule()
        def the_nightly_job_runs(self) -> None:
            found = due(procedure, self.running, calendar=calendar, settings=settings, today=self.day, done=self.told)
            assert len({each.key for each in found}) == len(found)
            self.told |= {each.key for each in found}
            assert due(procedure, self.running, calendar=calendar, settings=settings, today=self.day, done=self.told) == []
            for each in found:
                if each.kind == "lapse":
                    moved = fire(procedure, self.running, each.transition, parties=(), on=self.day, actor="", lapsed=each.clock)
                    self.running = moved.running
                    break

        @invariant()
        def somebody_is_next_or_it_has_ended(self) -> None:
            if not hasattr(self, "running"):
                return
            state = procedure.states[self.running.state]
            assert state.is_terminal != bool(duties(procedure, self.running)), f"“{state.label.zh}”：没有下一步"

        @invariant()
        def clocks_are_sane_and_storage_keeps_it(self) -> None:
            if not hasattr(self, "running"):
                return
            for each in standing(procedure, self.running, calendar=calendar, settings=settings, today=self.day):
                assert each.used >= 0
                assert (each.due is None) == (each.state != "running")
                assert each.due is None or each.is_overdue == (each.due < self.day)
            assert Running.from_dict(self.running.as_dict()) == self.running

    Walk.__name__ = f"WalkOf_{procedure.code}"
    return Walk
