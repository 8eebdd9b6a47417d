"""The verdict of a rule made of conditions, and everything needed to answer for it.

Words are made only when they are read: a verdict itself is a number and a tuple of outcomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kouan.basis import Finding, Text
from kouan.grading.case_facts import CaseFacts
from kouan.law import Criterion, Law, Setting
from kouan.law.conditions import AFTER_PLAN, OUTCOMES, UNKNOWN, Asked, Compiled
from kouan.law.criteria import STAGES, CriterionVersion

if TYPE_CHECKING:
    from kouan.grading.case_rule import CaseRule

UNDECIDED = "unknown"
CASE_VERDICTS: Mapping[str, Text] = {
    "strict_control": Text("从严控制", "strict control"),
    "not_ready": Text("前提未具备", "not ready"),
    "eligible": Text("符合条件", "eligible"),
    "exception_track": Text("转入例外论证", "exception track"),
    "conditional": Text("须进一步论证", "conditional"),
    "priority": Text("优先安排", "priority"),
    "promote": Text("积极推动", "to be promoted"),
    "redirect": Text("引导整合", "redirected"),
    "none": Text("无须采取措施", "no step"),
    "notice": Text("提醒", "notice"),
    "rectify": Text("限期整改", "rectification"),
    "review": Text("联合评审", "joint review"),
    "hub": Text("建议为国际枢纽口岸", "proposed: international hub"),
    "important": Text("建议为国家重要口岸", "proposed: nationally important"),
    "regional": Text("建议为地区普通口岸", "proposed: regional"),
    UNDECIDED: Text("尚不能判定", "unknown"),
}
FLAGS: Mapping[str, Text] = {
    "pending_new_instrument": Text("待新规", "new instrument pending"),
    "before_plan": Text("规划施行前", "before the plan"),
    "in_principle": Text("原则上", "in principle"),
    "national_office_starts": Text("须由国家口岸管理部门启动", "started by the national port office"),
    "differs_under": Text("其他理解下结论不同", "differs under another reading"),
}
OUTCOME_WORDS = {"true": Text("成立", "holds"), "false": Text("不成立", "does not hold"), "unknown": Text("不明", "not known")}
_OPS = {
    ">=": Text("不少于", "at least"), ">": Text("多于", "more than"), "==": Text("", ""), "in": Text("属于", "one of"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseFlag:
    """A mark on the verdict, with the reason in words."""

    code: str
    detail: Text

    @property
    def label(self) -> Text:
        return FLAGS[self.code]

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "label": self.label.as_dict(), "detail": self.detail.as_dict()}


@dataclass(frozen=True, slots=True)
class OtherReading:
    """What another choice of one setting gives. `differs` is None where facts that only it asks for are missing."""

    reading: Setting
    verdict: str
    differs: bool | None
    missing: tuple[str, ...]

    @property
    def name(self) -> Text:
        """Return the verdict in words."""
        return CASE_VERDICTS[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        return {
            "value": self.reading.value, "label": self.reading.label.as_dict(), "verdict": self.verdict,
            "verdict_name": self.name.as_dict(), "differs": self.differs, "missing": list(self.missing),
        }  # fmt: skip


@dataclass(frozen=True)
class CaseVerdict:
    """One case judged by one rule: outcomes now, words when asked.

    `verdict` is unknown while missing facts leave several verdicts possible; `possible` lists them.
    """

    rule: CaseRule
    law: Law
    facts: CaseFacts
    compiled: Compiled
    mask: int
    masks: tuple[int, ...]
    trace: tuple[Any, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> str:
        """Return the verdict's code."""
        return _of(self.compiled, self.mask)

    @property
    def name(self) -> Text:
        """Return the verdict in words."""
        return CASE_VERDICTS[self.verdict]

    @property
    def possible(self) -> tuple[str, ...]:
        """Return the verdicts that the facts leave possible, in the order of the rule."""
        return self.compiled.verdicts(self.mask)

    @property
    def as_of(self) -> date:
        return self.law.as_of

    def outcome(self, criterion: str) -> str | None:
        """Return true, false or unknown for a criterion; None where it is not in force."""
        for found, _, tree in self.compiled.asked:
            if found.id == criterion:
                return OUTCOMES[self.trace[tree.at]]
        return None

    @cached_property
    def steps(self) -> tuple[dict[str, Any], ...]:
        """Return one step for every rule id in force, in the order of the rule."""
        effects = {
            d.criterion: d.verdict
            for d in self.rule.decisions(self.law)
            if self.outcome(d.criterion) == ("true" if d.is_met else "false")
        }
        found = []
        for criterion, version, tree in self.compiled.asked:
            for node in _named(tree, criterion.id):
                found.append(self._step(node, criterion, version, effects.get(criterion.id) if node is tree else None))
        return tuple(found)

    def _step(self, node: Asked, criterion: Criterion, version: CriterionVersion, effect: str | None) -> dict[str, Any]:
        decisive, trace, values, prefix = self._decisive(node, self.trace, self.facts.values, "")
        leaf = self._leaf(decisive, trace, values, prefix)
        outcome = OUTCOMES[self.trace[node.at]]
        quote = node.quote or version.citation.quote
        said = Text(
            f"{leaf['said'].zh}；{OUTCOME_WORDS[outcome].zh}", f"{leaf['said'].en}; {OUTCOME_WORDS[outcome].en}"
        )
        missing = self._missing(node) if outcome == "unknown" else []
        return {
            "rule": node.id or criterion.id,
            "stage": criterion.stage,
            "stage_name": STAGES[criterion.stage].as_dict(),
            "text": criterion.label.as_dict(),
            "outcome": outcome,
            "outcome_name": said.as_dict(),
            "fact": leaf["fact"],
            "value": leaf["value"],
            "op": leaf["op"],
            "required": leaf["required"],
            "citation": {**version.citation.as_dict(), "quote": quote},
            "in_force_from": version.in_force_from.isoformat(),
            "in_principle": version.in_principle,
            "means": criterion.means.as_dict(),
            "effect": effect,
            "missing": missing,
            "parts": [
                {key: value.as_dict() if isinstance(value, Text) else value for key, value in each.items()}
                for each in self._leaves(node, self.trace, self.facts.values, "")
            ],
        }

    def _decisive(
        self, node: Asked, trace: tuple[Any, ...], values: Mapping[str, Any], prefix: str
    ) -> tuple[Asked, tuple[Any, ...], Mapping[str, Any], str]:
        """Go down to the condition that gives the node its outcome."""
        if node.kind == "any_project":
            for number, item in enumerate(trace[node.projects_at][1]):
                if item[-1] == trace[node.at]:
                    return self._decisive(node.parts[0], item, values["projects"][number], f"projects[{number}].")
            return node, trace, values, prefix
        if not node.parts:
            return node, trace, values, prefix
        wanted = trace[node.at] if node.kind != "none" else 2 - trace[node.at]
        chosen = next((part for part in node.parts if trace[part.at] == wanted), node.parts[0])
        return self._decisive(chosen, trace, values, prefix)

    def _leaf(self, node: Asked, trace: tuple[Any, ...], values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        """Describe one condition: fact, value, what is required, outcome, who can supply it."""
        library = self.law.library
        fact = library.facts[node.fact]
        value = values.get(node.fact)
        outcome = OUTCOMES[trace[node.at]]
        required = list(node.required) if isinstance(node.required, tuple) else node.required
        asked = _OPS.get(node.op, Text("逐项", "each item"))
        limit = node.limit.printed_text if node.limit else None
        words = _words(node.required, fact.codes)
        if limit:
            words = Text(limit, words.en)
        found = Text("不明", "not known") if value is None else _words(value, fact.codes, fact.unit)
        return {
            "fact": prefix + node.fact,
            "fact_name": fact.label,
            "value": _plain(value),
            "op": node.op or None,
            "required": _plain(required),
            "outcome": outcome,
            "said": Text(
                f"{fact.label.zh}：{found.zh}" + (f"，条件为{asked.zh}{words.zh}" if node.op else ""),
                f"{fact.label.en}: {found.en}" + (f", condition: {asked.en} {words.en}" if node.op else ""),
            ),
            "quote": node.quote,
            "limit": node.limit.key if node.limit else None,
            "supplied_by": self._suppliers(node.fact) if value is None else [],
        }

    def _leaves(
        self, node: Asked, trace: tuple[Any, ...], values: Mapping[str, Any], prefix: str
    ) -> Iterator[dict[str, Any]]:
        if node.kind == "any_project":
            items = trace[node.projects_at][1]
            if not items:
                yield self._leaf(node, trace, values, prefix)
            for number, item in enumerate(items):
                yield from self._leaves(node.parts[0], item, values["projects"][number], f"projects[{number}].")
        elif node.parts:
            for part in node.parts:
                yield from self._leaves(part, trace, values, prefix)
        else:
            yield self._leaf(node, trace, values, prefix)

    def _missing(self, node: Asked) -> list[dict[str, Any]]:
        """Return the missing facts below a node, each with who can supply it."""
        found: dict[str, dict[str, Any]] = {}
        for leaf in self._leaves(node, self.trace, self.facts.values, ""):
            if leaf["outcome"] == "unknown":
                found[leaf["fact"]] = {
                    "fact": leaf["fact"], "name": leaf["fact_name"].as_dict(), "supplied_by": leaf["supplied_by"]
                }  # fmt: skip
        return list(found.values())

    def _suppliers(self, fact: str) -> list[dict[str, Any]]:
        library = self.law.library
        return [{"role": role, **library.roles[role].as_dict()} for role in library.facts[fact].supplied_by]

    @cached_property
    def missing(self) -> tuple[dict[str, Any], ...]:
        """Return the facts whose absence leaves the verdict open; empty once it is decided."""
        if self.verdict != UNDECIDED:
            return ()
        deciding = {d.criterion for d in self.rule.decisions(self.law)}
        found: dict[str, dict[str, Any]] = {}
        for criterion, _, tree in self.compiled.asked:
            if criterion.id in deciding and self.trace[tree.at] == UNKNOWN:
                found |= {each["fact"]: each for each in self._missing(tree)}
        return tuple(found.values())

    @cached_property
    def others(self) -> tuple[OtherReading, ...]:
        """Return the verdict under every other reading, one changed at a time."""
        found = []
        for (key, choice), needs, mask in zip(
            self.compiled.others, self.compiled.needs, self.masks, strict=True
        ):
            verdict = _of(self.compiled, mask)
            lacking = tuple(sorted(fact for fact in needs if fact not in self.facts.values))
            differs: bool | None = verdict != self.verdict
            if verdict == UNDECIDED and differs and lacking:
                differs = None
            found.append(OtherReading(self.law.supposing(key, choice).setting(key), verdict, differs, lacking))
        return tuple(found)

    @property
    def differs_under(self) -> tuple[OtherReading, ...]:
        """Return the readings under which the verdict would be another."""
        return tuple(other for other in self.others if other.differs)

    @cached_property
    def readings(self) -> tuple[dict[str, Any], ...]:
        """Return every setting of the rule with what another reading would give."""
        by_key: dict[str, list[dict[str, Any]]] = {key: [] for key in self.rule.settings}
        for other in self.others:
            by_key[other.reading.key].append(other.as_dict())
        return tuple({**self.law.setting(key).as_dict(), "others": each} for key, each in by_key.items())

    @cached_property
    def flags(self) -> tuple[CaseFlag, ...]:
        """Return what a reader must be told beside the verdict."""
        return tuple(self._flags())

    def _flags(self) -> Iterator[CaseFlag]:
        day = self.law.as_of
        ended = [v.covers_to for _, v, _ in self.compiled.asked if v.covers_to and v.covers_to < day]
        if ended:
            reading = self.law.setting(AFTER_PLAN).label if AFTER_PLAN in self.rule.settings else None
            yield CaseFlag("pending_new_instrument", Text(
                f"规定适用至{max(ended).isoformat()}，其后沿用，待新规{f'（{reading.zh}）' if reading else ''}",
                f"made for the time until {max(ended).isoformat()}, carried on until a new instrument is loaded",
            ))  # fmt: skip
        library = self.law.library
        later = [c for c in self.rule.criteria if library.criteria[c].versions[-1].in_force_from > day]
        if later:
            yield CaseFlag("before_plan", Text(
                f"截至{day.isoformat()}尚未施行：{'、'.join(later)}；结论只依据当日已施行的条件",
                f"not yet in force on {day.isoformat()}: {', '.join(later)}; the verdict rests on what was in force",
            ))  # fmt: skip
        decisive = next((step for step in self.steps if step["effect"] == self.verdict), None)
        if decisive and decisive["in_principle"]:
            yield CaseFlag("in_principle", Text(
                "原文为“原则上”：可由决定人例外处理，须记明何人、何故、依据何文件",
                "the text says in principle: a decision maker may override, by name, with reason and document",
            ))  # fmt: skip
        marks = {self.outcome("WL-B"), self.outcome("WL-S")}
        if self.verdict != "none" and marks & {"true", "unknown"}:
            known = "true" in marks
            yield CaseFlag("national_office_starts", Text(
                "边境口岸或有战略标记：每一步由国家口岸管理部门启动" if known else "是否边境口岸或有战略标记不明：启动前须先查明",
                "a border port or one with a strategy mark: the national port office starts each step" if known
                else "not known whether a border port or marked as strategic: find out before starting",
            ))  # fmt: skip
        if self.differs_under:
            yield CaseFlag("differs_under", Text(
                "；".join(f"{o.reading.ambiguity}“{o.reading.label.zh}”：{CASE_VERDICTS[o.verdict].zh}" for o in self.differs_under),
                "; ".join(f"{o.reading.ambiguity} “{o.reading.label.en}”: {CASE_VERDICTS[o.verdict].en}" for o in self.differs_under),
            ))  # fmt: skip

    @property
    def citation(self) -> Any:
        """Return the words on which the verdict rests: those of the criterion that decided, else the rule's."""
        for criterion, version, _ in self.compiled.asked:
            for decision in self.rule.decisions(self.law):
                held = self.outcome(criterion.id) == ("true" if decision.is_met else "false")
                if decision.criterion == criterion.id and decision.verdict == self.verdict and held:
                    return version.citation
        return self.rule.citations[0]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `kouan law try --json`."""
        return {
            "code": self.facts.code,
            "filed_on": self.facts.filed_on.isoformat() if self.facts.filed_on else None,
            "as_of": self.law.as_of.isoformat(),
            "verdict": self.verdict,
            "verdict_name": self.name.as_dict(),
            "possible": list(self.possible),
            "missing": list(self.missing),
            "steps": list(self.steps),
            "readings": list(self.readings),
            "differs_under": [
                {"setting": o.reading.key, "ambiguity": o.reading.ambiguity, **o.as_dict()} for o in self.differs_under
            ],
            "flags": [flag.as_dict() for flag in self.flags],
            "citation": self.citation.as_dict(),
            "rule": self.rule.key,
            "rule_version": f"{self.rule.key}/{self.rule.version}",
            "law_digest": self.law.digest,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def _of(compiled: Compiled, mask: int) -> str:
    possible = compiled.verdicts(mask)
    return possible[0] if len(possible) == 1 else UNDECIDED


def _named(tree: Asked, criterion: str) -> Iterator[Asked]:
    """Yield the tree itself, and every node below it that has an id of its own."""
    yield tree
    below = [tree] if tree.kind != "any_project" else []
    for top in below:
        for node in top.walk():
            if node is not tree and node.id and node.id != criterion:
                yield node


def _words(value: Any, codes: Mapping[str, Text] | None, unit: str = "") -> Text:
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, tuple):
        each = [_words(one, codes) for one in value]
        return Text("或".join(one.zh for one in each), " or ".join(one.en for one in each))
    if isinstance(value, list):
        return Text(f"{len(value)}项", f"{len(value)} items")
    if codes and value in codes:
        return codes[value]
    plain = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return Text(f"{plain}{unit}", plain)


def _plain(value: Any) -> Any:
    """Return a value as JSON writes it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value
