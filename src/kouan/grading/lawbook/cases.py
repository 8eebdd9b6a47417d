"""Past cases with the facts that were frozen with them: what a rule said then, and what it would say under another law.

Nothing here is judged from the register of today: a case is tried again on its own facts alone, and what was recorded
stays as it is. Rooms above add their cases by ``register_past`` in their apps.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from kouan.basis import Text, clock
from kouan.desk.matters.queries import matters_visible_to
from kouan.grading.case_trial import CASE_RULES
from kouan.grading.case_verdict import CASE_VERDICTS, OUTCOME_WORDS, CaseVerdict
from kouan.grading.facts import PortFacts
from kouan.grading.ladder import GradeProposal
from kouan.grading.list_replay import remade
from kouan.grading.lists import VERDICTS, Entry
from kouan.grading.models import GradeDecision, ListCase, ListKind
from kouan.grading.named_lists import judged
from kouan.grading.queries import RULE, outcome_of
from kouan.grading.verdict import VERDICT_NAMES, Verdict, VolumeVerdict
from kouan.law import Law
from kouan.ports.queries import ports_visible_to

FEW = 100  # rows fetched at a time: each holds ten years of facts
# The law that judges a year; of None, the law of the day.
LawOf = Callable[[int | None], Law]
# The rule that each list speaks for; class-II ports are cleared by no rule.
LIST_RULES: Mapping[str, str] = {
    ListKind.WATCH: "withdrawal_ladder", ListKind.CLOSING: "withdrawal_ladder", ListKind.UNACCEPTED: "access_air",
    ListKind.MERGE: "access_water",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One step as it is compared: its number, what of it decides (``mark``), and its words.

    ``parts``: the single conditions of the step by fact, each with outcome and words.
    """

    rule: str
    mark: Any
    words: Text
    parts: Mapping[str, tuple[str, Text]] = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    """What a rule said: the verdict, in words, its steps, and the place of the step that decided."""

    verdict: str
    name: Text
    steps: tuple[Told, ...]
    deciding: int = -1


@dataclass(frozen=True)
class PastCase:
    """One case: which rule spoke, what it said on that day, and how to ask again. ``uses``: keys of the law it rests on."""

    kind: str
    rule: str
    number: int
    title: Text
    day: date
    said: Text
    verdict: str
    port: str
    province: str
    uses: frozenset[str]
    judge: Callable[[LawOf], Said]
    matter: int | None = None


Ask = Callable[[Any, Collection[str]], Iterable[PastCase]]
_past: dict[str, Ask] = {}


def register_past(kind: str, ask: Ask) -> None:
    """Let a room above give its cases: ``ask(user, rules)``, those in the user's scope about one of the rules, the newest first."""
    _past[kind] = ask


def past_cases(user: Any, rules: Collection[str], most: int | None = None) -> Iterator[PastCase]:
    """Every past case about one of the rules that the user may see; of each room the newest ``most``."""
    for ask in (_of_lists, _of_grades, *(ask for _, ask in sorted(_past.items()))):
        yield from islice(ask(user, rules), most)


# ---- what was said, in one shape ---------------------------------------------------------------------------


def said_of_case(verdict: CaseVerdict) -> Said:
    """A verdict of a rule made of conditions."""
    steps = tuple(
        Told(step["rule"], (step["outcome"], step["effect"]), _words(step, Text(**step["outcome_name"])),
             {part["fact"]: (part["outcome"], _words(step, _part(part))) for part in step["parts"]})
        for step in verdict.steps
    )
    deciding = next((n for n, step in enumerate(verdict.steps) if step["effect"] == verdict.verdict), -1)
    return Said(verdict.verdict, verdict.name, steps, deciding)


def _part(part: Mapping[str, Any]) -> Text:
    outcome = OUTCOME_WORDS[part["outcome"]]
    return Text(f"{part['said']['zh']}；{outcome.zh}", f"{part['said']['en']}; {outcome.en}")


def _words(step: Mapping[str, Any], said: Text) -> Text:
    zh, en = f"{step['rule']} {step['text']['zh']}：{said.zh}", f"{step['rule']} {step['text']['en']}: {said.en}"
    effect = CASE_VERDICTS[step["effect"]] if step["effect"] else None
    return Text(f"{zh}→{effect.zh}", f"{en} → {effect.en}") if effect else Text(zh, en)


def said_of_volume(outcome: VolumeVerdict) -> Said:
    """A verdict of the volume standard."""
    steps = tuple(Told(step.rule, (step.measured, step.required, step.outcome), Text(step.describe("zh"), step.describe("en")))
                  for step in outcome.steps)
    return Said(outcome.verdict.value, VERDICT_NAMES[outcome.verdict], steps)


def said_of_entry(entry: Entry | None) -> Said:
    """An entry of a list; where nothing comes out any more it stands in none."""
    if entry is None:
        return Said("none", VERDICTS["none"], ())
    why = Told(f"lists/{entry.kind}", entry.verdict, entry.why)
    return Said(entry.verdict, entry.verdict_name, (why,), 0)


def difference(old: Said, new: Said) -> dict[str, Any]:
    """The step that made the difference: the first that came out otherwise, down to the condition; else the one that now decides."""
    for number, step in enumerate(new.steps):
        was = old.steps[number] if number < len(old.steps) else None
        if was is None or (was.rule, was.mark) != (step.rule, step.mark):
            part = next((fact for fact, (outcome, _) in step.parts.items() if was and fact in was.parts and was.parts[fact][0] != outcome), None)
            if was is not None and part is not None and was.mark[0] != step.mark[0]:
                return _row(step.rule, was.parts[part][1], step.parts[part][1])
            return _row(step.rule, was.words if was else None, step.words)
    if len(old.steps) > len(new.steps):
        last = old.steps[len(new.steps)]
        return _row(last.rule, last.words, None)
    before, after = (said.steps[said.deciding] if said.deciding >= 0 else None for said in (old, new))
    either = after or before
    return _row(either.rule if either else "", before.words if before else None, after.words if after else None)


def _row(rule: str, before: Text | None, after: Text | None) -> dict[str, Any]:
    return {"rule": rule, "before": before.as_dict() if before else None, "after": after.as_dict() if after else None}


def keys_used(verdict: Mapping[str, Any]) -> frozenset[str]:
    """The settings and parameters that a verdict in its JSON shape rests on."""
    limits = {part["limit"] for step in verdict.get("steps", ()) for part in step.get("parts", ()) if part.get("limit")}
    return frozenset({each["key"] for each in verdict.get("readings", ())} | limits)


def keys_of_years(years: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The settings and values that yearly verdicts of the volume standard rest on; ``years`` are frozen facts."""
    classes = {each["transport_class"] for each in years if each.get("transport_class")}
    values = {f"volume_standard.{name}.{part}" for name in classes for part in ("cargo", "persons")}
    return frozenset({*RULE.settings, "volume_standard.grace.years", *values})


def judged_by(rule: str, row: Mapping[str, Any]) -> Callable[[LawOf], Said]:
    """How to ask a rule made of conditions again on one row of facts. Refused where a later release cannot read it."""
    asked = CASE_RULES[rule.replace("_", "-")]()
    return lambda laws: said_of_case(asked.judge_row(row, laws(None)))


def judged_year(facts: Mapping[str, Any]) -> Callable[[LawOf], Said]:
    """How to ask the volume standard again on the frozen facts of one year."""
    held = PortFacts.from_dict(facts)
    return lambda laws: said_of_volume(outcome_of(held, laws(held.year)))


# ---- the room's own cases ----------------------------------------------------------------------------------


def _of_lists(user: Any, rules: Collection[str]) -> Iterator[PastCase]:
    """Matters begun from a list, with the entry that was frozen as their evidence."""
    kinds = [kind for kind, rule in LIST_RULES.items() if {rule, *(("volume_standard",) if rule == "withdrawal_ladder" else ())} & set(rules)]
    rows = ListCase.objects.filter(kind__in=kinds, matter__in=matters_visible_to(user)).select_related("matter").order_by("-id")
    for row in rows.iterator(chunk_size=FEW):
        content = row.content
        years = [each["facts"] for each in content["years"]]
        uses = keys_used({"steps": content["steps"]}) | {each["setting"] for each in content["others"]}
        uses |= _list_keys(row.kind) | (keys_of_years(years) if years else frozenset())
        common: dict[str, Any] = {
            "kind": "list", "number": row.pk, "title": Text(row.matter.title, row.matter.title), "day": clock.day_of(row.recorded_at),
            "port": row.port_code, "province": row.matter.province_code, "matter": row.matter_id, "uses": uses,
        }
        if LIST_RULES[row.kind] in rules:
            yield PastCase(rule=LIST_RULES[row.kind], verdict=content["verdict"], said=Text(**content["verdict_name"]),
                           judge=_entry_again(row.kind, content), **common)
        if years and "volume_standard" in rules:
            last = content["years"][-1]
            yield PastCase(rule="volume_standard", verdict=last["verdict"], said=VERDICT_NAMES[Verdict(last["verdict"])],
                           judge=judged_year(years[-1]), **common)


def _list_keys(kind: str) -> frozenset[str]:
    named = {
        ListKind.UNACCEPTED: ("access.air_gate.unaccepted_years", "access.gate_scope"),
        ListKind.MERGE: ("access.one_city_border",),
    }
    return frozenset(named.get(ListKind(kind), CASE_RULES["withdrawal-ladder"].settings))


def _entry_again(kind: str, content: Mapping[str, Any]) -> Callable[[LawOf], Said]:
    return lambda laws: said_of_entry(remade(kind, content, laws(None), laws))


def _of_grades(user: Any, rules: Collection[str]) -> Iterator[PastCase]:
    """Decisions on grades, with the scores of the proposal that was kept with each."""
    if GradeProposal.key not in rules:
        return
    ports = dict(ports_visible_to(user).values_list("code", "name_zh"))
    for row in GradeDecision.objects.filter(port_code__in=ports).order_by("-recorded_at", "-id").iterator(chunk_size=FEW):
        scores = row.proposal.get("scores") or {}
        facts = {name: float(scores[name]) for name in ("strategy", "benefit", "reach") if name in scores}
        bands = [each["band"] for each in row.proposal.get("lists", ())]
        name = ports[row.port_code]
        yield PastCase(
            kind="grade", rule=GradeProposal.key, number=row.pk, title=Text(f"{name}：口岸等级决定", f"{name}: decision on its grade"),
            day=row.valid_from, said=Text(**row.proposal["verdict_name"]), verdict=row.proposal["verdict"], port=row.port_code, province="",
            uses=keys_used(row.proposal), judge=_grade_again(facts, bands),
        )


def _grade_again(facts: Mapping[str, Any], bands: Sequence[str]) -> Callable[[LawOf], Said]:
    return lambda laws: said_of_case(judged(facts, bands, laws(None)))


def years_of(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The frozen facts of yearly rows; [] where a row of an earlier version has none."""
    return [each["facts"] for each in rows] if rows and all(each.get("facts") for each in rows) else []
