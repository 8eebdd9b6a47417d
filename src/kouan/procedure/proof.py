"""What a procedure must keep before any matter runs on it, proved from the file alone.

Every name that is used is defined; every state is reached; from every state an end is reached; every state that
is no end has a way out and somebody to act; every role exists; a state that waits for a party has a transition
for it (or a consultation); nobody but the system takes a step that a clock takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from kouan.basis import Finding, Place
from kouan.procedure.model import Length, Procedure


def prove(procedure: Procedure, *, roles: Collection[str] | None, effects: Collection[str] | None = None) -> list[Finding]:
    """Every promise that does not hold, as findings of error severity; empty when all do. ``roles`` and ``effects``
    None: not asked (an edition that was proved when it was read, since when roles may have gone)."""
    known = None if roles is None else set(roles)
    return [*_names(procedure, known, None if effects is None else set(effects)), *_ways(procedure)]


def _slip(path: str, code: str, zh: str, en: str, remedy: tuple[str, str]) -> Finding:
    return Finding.error(code, zh, en, where=Place(path=path), remedy=remedy)


def _unknown(path: str, name: str, kind_zh: str, kind_en: str) -> Finding:
    return _slip(path, "unknown_name", f"“{name}”不是本程序中的{kind_zh}。", f"“{name}” is no {kind_en} of this procedure.",
                 ("请先定义，或改正名称。", "Define it, or correct the name."))


def _names(procedure: Procedure, roles: set[str] | None, effects: set[str] | None) -> Iterator[Finding]:
    """Uses of names that nothing defines."""
    def each(path: str, used: Iterable[str], known: Collection[str], zh: str, en: str) -> Iterator[Finding]:
        yield from (_unknown(path, name, zh, en) for name in used if name and name not in known)

    states, parties, facts = procedure.states, procedure.parties, procedure.facts
    yield from each("/first", [procedure.first or "?"], states, "状态", "state")
    for party in parties.values():
        at = f"/parties/{party.code}/roles"
        for role in party.roles:
            if roles is not None and role not in roles:
                yield _slip(at, "unknown_role", f"没有“{role}”这一角色。", f"There is no role “{role}”.", ("请改用系统中的角色。",
                    "Use a role of the system."))
        if not party.roles:
            yield _slip(at, "no_role", "没有任何角色可以代表该方办理。", "No role can act for this party.", ("请列出角色。", "List the roles."))
    yield from each("/four_eyes", sorted(procedure.four_eyes), parties, "参与方", "party")
    for clock in procedure.clocks.values():
        yield from each(f"/clocks/{clock.code}/until", [clock.until], procedure.fields, "填写项", "field")
    for fact in facts.values():
        yield from each(f"/facts/{fact.code}/supplied_by", [fact.supplied_by], parties, "参与方", "party")
    for state in states.values():
        yield from each(f"/states/{state.code}/waits_for", state.waits_for, parties, "参与方", "party")
    for transition in procedure.transitions.values():
        at = f"/transitions/{transition.code}"
        yield from each(f"{at}/from", transition.sources or ("?",), states, "状态", "state")
        yield from each(f"{at}/to", [transition.target or "?"], states, "状态", "state")
        yield from each(f"{at}/by", transition.by, parties, "参与方", "party")
        yield from each(f"{at}/documents", transition.documents, procedure.documents, "文件种类", "kind of document")
        yield from each(f"{at}/fields", transition.fields, procedure.fields, "填写项", "field")
        yield from each(f"{at}/opinions", transition.opinions, procedure.consultations, "征求意见事项", "consultation")
        for guard in transition.guards:
            yield from each(f"{at}/when", sorted(guard.facts_used()), facts, "事实", "fact")
            yield from each(f"{at}/when", [guard.may_override], parties, "参与方", "party")
        if effects is not None and transition.effect and transition.effect not in effects:
            yield _slip(f"{at}/effect", "unknown_effect", f"系统不会执行“{transition.effect}”。",
                        f"The system cannot carry out “{transition.effect}”.",
                        ("请改用已有的执行动作。", "Use an effect that exists."))
    for consultation in procedure.consultations.values():
        at = f"/consultations/{consultation.code}"
        yield from each(f"{at}/state", [consultation.state or "?"], states, "状态", "state")
        yield from each(f"{at}/parties", consultation.parties or ("?",), parties, "参与方", "party")
        yield from each(f"{at}/bare", sorted(consultation.bare), consultation.parties, "被征求方", "party consulted")
        yield from _length(f"{at}/length", consultation.length, procedure)
    for clock in procedure.clocks.values():
        at = f"/clocks/{clock.code}"
        yield from each(f"{at}/runs_in", clock.runs_in or ("?",), states, "状态", "state")
        yield from each(f"{at}/escalate_to", [clock.escalate_to], parties, "参与方", "party")
        yield from each(f"{at}/then", [clock.then], procedure.transitions, "步骤", "transition")
        yield from _length(f"{at}/length", clock.length, procedure)
        then = procedure.transitions.get(clock.then)
        if then is not None:
            left = [name for name in clock.runs_in if name in states and name not in then.sources]
            for name in left:
                yield _slip(f"{at}/then", "clock_without_way", f"期限届满时可能处于“{name}”，但“{then.code}”不从该状态出发。",
                            f"The time may be over in “{name}”, from which “{then.code}” does not start.",
                            ("请补充出发状态，或缩小计时范围。", "Let it start there too, or let the clock run in fewer states."))
        for name in clock.runs_in:
            if name in states and states[name].is_terminal:
                yield _slip(f"{at}/runs_in", "clock_in_end", f"“{name}”是终点，不应计时。", f"“{name}” is an end; no clock runs there.",
                            ("请移除。", "Take it out."))


def _length(path: str, length: Length | None, procedure: Procedure) -> Iterator[Finding]:
    if length is None or not length.setting:
        return
    setting = procedure.settings.get(length.setting)
    if setting is None:
        yield _unknown(path, length.setting, "设置", "setting")
    elif setting.unit is not length.unit:
        yield _slip(path, "wrong_unit", f"设置“{setting.code}”的单位是 {setting.unit}，此处用 {length.unit}。",
                    f"The setting “{setting.code}” is in {setting.unit}; {length.unit} is used here.", ("请统一单位。", "Use one unit."))


def _ways(procedure: Procedure) -> Iterator[Finding]:
    """States that are never reached, from which nothing ends, or in which nobody can act."""
    states = procedure.states
    ways = {code: {each.target for each in procedure.exits(code)} for code in states}
    reached = _closure({procedure.first} & set(states), ways)
    ends = {code for code, state in states.items() if state.is_terminal}
    back: dict[str, set[str]] = {code: set() for code in states}
    for code, targets in ways.items():
        for target in targets & set(states):
            back[target].add(code)
    ending = _closure(ends, back)
    taken_by_clocks = {clock.then for clock in procedure.clocks.values() if clock.then}
    for code, state in states.items():
        at = f"/states/{code}"
        if code not in reached:
            yield _slip(at, "state_unreached", f"没有任何步骤会到达“{code}”。", f"No way leads to “{code}”.", ("请补充步骤，或删去该状态。",
                "Add a way, or take the state out."))
        if state.is_terminal:
            if ways[code]:
                yield _slip(at, "end_with_exit", f"“{code}”是终点，却还有后续步骤。", f"“{code}” is an end and yet has a way out.", ("请二者择一。",
                    "Decide for one."))
            if state.waits_for:
                yield _slip(at, "end_waits", f"“{code}”是终点，不应等待任何一方。", f"“{code}” is an end and waits for nobody.",
                            ("请移除 waits_for。", "Take out waits_for."))
            continue
        if code not in ending:
            yield _slip(at, "no_end", f"从“{code}”无法到达任何终点。", f"From “{code}” no end is reached.", ("请补充步骤。", "Add a way."))
        if not state.waits_for:
            yield _slip(at, "nobody_acts", f"“{code}”没有写明等待哪一方。", f"“{code}” does not say for whom it waits.", ("请填写 waits_for。",
                "Fill in waits_for."))
        asked = {party for each in procedure.consultations.values() if each.state == code for party in each.parties}
        able = {party for each in procedure.exits(code) for party in each.by} | asked
        for party in state.waits_for:
            if party not in able:
                yield _slip(at, "waits_in_vain", f"“{code}”等待“{party}”，但该方在此无事可办。",
                            f"“{code}” waits for “{party}”, who can do nothing here.",
                            ("请补充该方的步骤，或改写 waits_for。", "Give the party a step, or change waits_for."))
        if asked and not ({party for each in procedure.exits(code) for party in each.by} or taken_by_clocks):
            yield _slip(at, "nobody_acts", f"“{code}”征求意见后无人可以继续办理。", f"After the opinions in “{code}” nobody can go on.",
                        ("请补充步骤。", "Add a step."))
    for transition in procedure.transitions.values():
        at = f"/transitions/{transition.code}"
        if not transition.by and transition.code not in taken_by_clocks:
            yield _slip(at, "nobody_takes_it", f"“{transition.code}”没有办理方，也不由期限触发。",
                        f"“{transition.code}” is taken by nobody and by no clock.",
                        ("请填写 by，或由期限触发。", "Fill in by, or let a clock take it."))
        for name in transition.opinions:
            consultation = procedure.consultations.get(name)
            if consultation is not None and any(source != consultation.state for source in transition.sources):
                yield _slip(f"{at}/opinions", "opinions_elsewhere", f"“{name}”在“{consultation.state}”进行，而“{transition.code}”不只从该状态出发。",
                            f"“{name}” is held in “{consultation.state}”, from which “{transition.code}” does not alone start.",
                            ("请把步骤分开。", "Split the transition."))


def _closure(start: set[str], ways: dict[str, set[str]]) -> set[str]:
    reached, waiting = set(start), list(start)
    while waiting:
        for target in ways.get(waiting.pop(), set()) - reached:
            reached.add(target)
            waiting.append(target)
    return reached
