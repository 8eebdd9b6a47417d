"""Runs the tables of ``paths/``: a matter told in field words, step by step, through the engine.

A step is the code of a transition (taken by the first party that may, with all it asks for), or a mapping:

    do        the transition; ``as`` the party, ``actor`` who (else one person for each party), ``on`` the day, ``without`` papers or fields left out,
              ``override`` the party that passes a guard, ``refused`` the codes of findings that must stop it
    agree     every party of a consultation answers yes (the military with a number only)
    object    one party answers no: {views: customs}; ``silent``: the system closes it for want of an answer
    lapse     the day has come on which a clock takes its step: {on: day, clock: code}
    look      a day on which only is looked
    facts     what becomes known (null: it is not known) before the step

After it, where given: ``state``, ``duties`` (exact keys), ``clocks`` (code: running, suspended, overdue, ended),
``due`` (code: day), ``effect`` (of this step).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from kouan.basis import Refused
from kouan.basis.strict_yaml import load_file
from kouan.casework.catalogue import in_force
from kouan.procedure import Override, WorkingDays, answer, begin, bundled_tables, due, duties, fire, standing

PATHS = Path(__file__).parent / "paths"
KINDS = ("good", "refused", "suspended", "overridden", "rechecked", "withdrawn")
CALENDAR = WorkingDays(bundled_tables())
START = date(2024, 3, 4)


def tables() -> dict[str, dict[str, Any]]:
    """Every table by the code of its procedure."""
    return {path.stem: load_file(path) for path in sorted(PATHS.glob("*.yaml"))}


class Story:
    """One path of one table."""

    def __init__(self, table: Mapping[str, Any], path: Mapping[str, Any]) -> None:
        self.day: date = path.get("start", START)
        self.procedure = in_force(table["procedure"], self.day)
        self.settings = dict.fromkeys(self.procedure.settings, 10) | (table.get("settings") or {}) | (path.get("settings") or {})
        self.facts: dict[str, Any] = {**(table.get("facts") or {}), **(path.get("facts") or {})}
        self.running = begin(self.procedure, on=self.day, actor="7", calendar=CALENDAR, settings=self.settings)
        self.effects: list[str] = []
        self.path = path

    def tell(self) -> None:
        """Take every step, then hold the end against the table."""
        for number, step in enumerate(self.path["steps"], 1):
            step = {"do": step} if isinstance(step, str) else dict(step)
            self.day = step.get("on", self.day)
            self.facts.update(step.get("facts") or {})
            effect = self._take(step)
            self._look(step, effect, f"第{number}步 {step}")
        assert self.running.state == self.path["ends"], f"停在 {self.running.state}"
        assert self.effects == self.path.get("effects", [])
        if self.procedure.states[self.running.state].is_terminal:
            assert duties(self.procedure, self.running) == []

    def _take(self, step: dict[str, Any]) -> str:
        if "agree" in step:
            asked = self.procedure.consultations[step["agree"]]
            for party in asked.parties:
                self._answer(asked.code, party, True, party in asked.bare)
        for code, party in (step.get("object") or {}).items():
            self._answer(code, party, False, party in self.procedure.consultations[code].bare)
        for code, party in (step.get("silent") or {}).items():
            self.running = answer(self.procedure, self.running, code, party, parties=(), on=self.day, agrees=None, words="未列入征求范围")
        if "lapse" in step:
            notices = due(self.procedure, self.running, calendar=CALENDAR, settings=self.settings, today=self.day)
            (lapsed,) = [each for each in notices if each.kind == "lapse" and each.clock == step["lapse"]]
            return self._moved(fire(self.procedure, self.running, lapsed.transition, parties=(), on=self.day, actor="", lapsed=step["lapse"]))
        return self._do(step) if "do" in step else ""

    def _answer(self, code: str, party: str, agrees: bool, is_bare: bool) -> None:
        self.running = answer(self.procedure, self.running, code, party, parties={party}, on=self.day, agrees=agrees,
                              reference="军函1号" if is_bare else "", words="" if is_bare else "意见附后")

    def _do(self, step: dict[str, Any]) -> str:
        transition = self.procedure.transitions[step["do"]]
        left_out = {*step.get("without", ())}
        over = step.get("override")
        given: dict[str, Any] = {
            "parties": {over or step.get("as") or transition.by[0]}, "on": self.day, "actor": step.get("actor") or over or step.get("as")
                or transition.by[0], "facts": self.facts,
            "documents": set(transition.documents) - left_out,
            "fields": {name: "照填" for name in transition.fields if name not in left_out},
            "override": Override("7", "确有必要", "主任办公会纪要") if over else None,
        }
        if "refused" not in step:
            moved = fire(self.procedure, self.running, step["do"], **given)
            assert bool(moved.overridden) is bool(over)
            return self._moved(moved)
        before = self.running
        try:
            fire(self.procedure, self.running, step["do"], **given)
        except Refused as refusal:
            assert sorted(each.code for each in refusal.findings) == sorted(step["refused"]), [str(each.message.zh) for each in refusal.findings]
            assert all(each.remedy for each in refusal.findings) and self.running is before
            return ""
        raise AssertionError(f"{step['do']} 本应被拒绝")

    def _moved(self, moved: Any) -> str:
        self.running = moved.running
        if moved.effect:
            self.effects.append(moved.effect)
        return str(moved.effect)

    def _look(self, step: dict[str, Any], effect: str, at: str) -> None:
        if "state" in step:
            assert self.running.state == step["state"], at
        if "effect" in step:
            assert effect == step["effect"], at
        if "duties" in step:
            assert sorted(each.key for each in duties(self.procedure, self.running)) == sorted(step["duties"]), at
        if "clocks" in step or "due" in step:
            shown = [each for each in standing(self.procedure, self.running, calendar=CALENDAR, settings=self.settings, today=self.day)
                     if not each.party]
            found = {each.code: "overdue" if each.is_overdue else each.state for each in shown}
            assert found | (step.get("clocks") or {}) == found, f"{at}：{found}"
            days = {each.code: each.due for each in shown}
            assert days | (step.get("due") or {}) == days, f"{at}：{days}"
