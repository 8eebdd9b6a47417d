"""Read a procedure from YAML: the form first, then the promises (``proof``).

The whole file is walked before anything is refused, so that its author sees every slip at once, each with the
path inside the file. ``docs/howto/add-a-procedure.md`` shows the form with an example.

>>> from kouan.basis import Refused
>>> try:
...     read_text("code: x", roles=(), name="x.yaml")
... except Refused as refusal:
...     refusal.findings[0].code
'missing_key'
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from kouan.basis import Citation, Refused, Text
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file, load_text
from kouan.procedure.model import (
    CONSULTATION_KINDS,
    NO_TEXT,
    OFFICES,
    OPINIONS_NEEDED,
    SILENCES,
    TESTS,
    WHOM_ASKED,
    Clock,
    Condition,
    Consultation,
    Fact,
    FactKind,
    Length,
    Party,
    Procedure,
    Setting,
    State,
    Transition,
    Unit,
    fits,
)
from kouan.procedure.proof import prove

_TOP = {"code", "version", "title", "in_force_from", "citation", "first", "parties", "states", "transitions"}
_TOP_MAY = {"subject", "documents", "fields", "facts", "settings", "consultations", "clocks", "four_eyes"}


def read(path: Path, *, roles: Collection[str] | None, effects: Collection[str] | None = None) -> Procedure:
    """Read and prove one file. ``roles``: those of the house; ``effects``: those the caller can carry out; None: any.

    Refused with every finding of form or proof.
    """
    data = load_file(path)
    return _made(data, path.name, hashlib.sha256(path.read_bytes()).hexdigest(), roles, effects)


def read_text(
    text: str, *, roles: Collection[str] | None, effects: Collection[str] | None = None, name: str = "procedure"
) -> Procedure:
    """The same for a text (a proposed change of a procedure, a test)."""
    return _made(load_text(text, name), name, hashlib.sha256(text.encode()).hexdigest(), roles, effects)


def _made(data: Any, name: str, digest: str, roles: Collection[str] | None, effects: Collection[str] | None) -> Procedure:
    reader = _Reader(name)
    found = reader.procedure(data, digest)
    findings = reader.form.findings or prove(found, roles=roles, effects=effects)
    if findings:
        raise Refused([each.at(file=name) for each in findings])
    return found


class _Reader:
    def __init__(self, name: str) -> None:
        self.form = Form(name)

    def procedure(self, data: Any, digest: str) -> Procedure:
        form = self.form
        keys = form.mapping(data, "", _TOP, _TOP_MAY)
        day = form.day(keys["in_force_from"], "/in_force_from") if "in_force_from" in keys else date.min
        facts = self.table(keys, "facts", self.fact)
        kinds = {code: fact.kind for code, fact in facts.items()}
        return Procedure(
            code=self.code(keys.get("code"), "/code"), version=str(keys.get("version", "")),
            title=self.text(keys.get("title"), "/title"), first=str(keys.get("first", "")),
            parties=self.table(keys, "parties", self.party), states=self.table(keys, "states", self.state),
            transitions=self.table(keys, "transitions", lambda code, value, at: self.transition(code, value, at, kinds)),
            documents=self.table(keys, "documents", lambda code, value, at: self.text(value, at)),
            fields=self.table(keys, "fields", lambda code, value, at: self.text(value, at)),
            facts=facts, settings=self.table(keys, "settings", self.setting),
            consultations=self.table(keys, "consultations", self.consultation), clocks=self.table(keys, "clocks", self.clock),
            in_force_from=day, citation=self.citation(keys.get("citation"), "/citation"),
            subject=str(keys.get("subject", "port")),
            four_eyes=frozenset(self.words(keys.get("four_eyes"), "/four_eyes")), digest=digest,
        )

    # ---- small things --------------------------------------------------------------------------------

    def table(self, keys: Mapping[str, Any], name: str, make: Any) -> dict[str, Any]:
        value = keys.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.form.mapping(value, f"/{name}", set())
            return {}
        return {str(code): make(self.code(code, f"/{name}/{code}"), each, f"/{name}/{code}") for code, each in value.items()}

    def code(self, value: Any, at: str) -> str:
        if isinstance(value, str) and value.isascii() and value.replace("_", "a").isalnum() and value == value.lower():
            return value
        self.form.slip(at, "bad_code", f"“{value}”不是代码（小写字母、数字和下划线）。", f"“{value}” is no code (small letters, digits, _).",
                       ("请改用小写英文代码。", "Write a code of small letters."))
        return ""

    def text(self, value: Any, at: str) -> Text:
        return self.form.text(value, at)

    def citation(self, value: Any, at: str) -> Citation | None:
        return None if value is None else self.form.citation(value, at, issued=None, from_day=None)

    def words(self, value: Any, at: str) -> tuple[str, ...]:
        entries = [value] if isinstance(value, str) else value
        if entries is None:
            return ()
        if not isinstance(entries, list) or not all(isinstance(each, str) for each in entries):
            self.form.slip(at, "wrong_form", "此处应为代码或代码列表。", "A code, or a list of codes, belongs here.",
                           ("请写成 [a, b] 的形式。", "Write it as [a, b]."))
            return ()
        return tuple(entries)

    def choice(self, value: Any, allowed: Collection[str], at: str) -> str:
        if value not in allowed:
            listed = "、".join(allowed)
            self.form.slip(at, "not_a_choice", f"“{value}”不在可选项之内：{listed}。", f"“{value}” is none of: {', '.join(allowed)}.",
                           ("请改用列出的写法之一。", "Use one of those listed."))
            return str(next(iter(allowed)))
        return str(value)

    def length(self, value: Any, at: str) -> Length:
        keys = self.form.mapping(value, at, set(), {"until"} | {unit.value for unit in Unit})
        if len(keys) != 1:
            self.form.slip(at, "bad_length", "期限应写一个单位：working_days、calendar_days 或 months，或写截止日 until。",
                           "A length names one unit: working_days, calendar_days or months; or a day: until.",
                           ("如 {working_days: 20} 或 {working_days: 某设置}。", "As {working_days: 20}, or {working_days: a_setting}."))
            return Length(Unit.WORKING_DAYS, 1)
        unit, count = next(iter(keys.items()))
        if unit == "until":
            return Length(Unit.CALENDAR_DAYS, until=self.form.day(count, f"{at}/until"))
        if isinstance(count, str):
            return Length(Unit(unit), None, count)
        number = self.form.number(count, f"{at}/{unit}")
        if number < 1 or number != int(number):
            self.form.slip(f"{at}/{unit}", "bad_length", "期限应为正整数。", "A length is a whole number of one or more.",
                           ("请改正。", "Correct it."))
            return Length(Unit(unit), 1)
        return Length(Unit(unit), int(number))

    # ---- the parts -----------------------------------------------------------------------------------

    def party(self, code: str, value: Any, at: str) -> Party:
        keys = self.form.mapping(value, at, {"label", "roles"}, {"office"})
        return Party(code, self.text(keys.get("label"), f"{at}/label"), self.words(keys.get("roles"), f"{at}/roles"),
                     self.choice(keys.get("office", "national"), OFFICES, f"{at}/office"))

    def fact(self, code: str, value: Any, at: str) -> Fact:
        keys = self.form.mapping(value, at, {"label", "kind"}, {"supplied_by"})
        kind = self.choice(keys.get("kind"), [each.value for each in FactKind], f"{at}/kind")
        return Fact(code, self.text(keys.get("label"), f"{at}/label"), FactKind(kind), str(keys.get("supplied_by", "")))

    def setting(self, code: str, value: Any, at: str) -> Setting:
        keys = self.form.mapping(value, at, {"label", "unit"}, {"note"})
        unit = Unit(self.choice(keys.get("unit"), [each.value for each in Unit], f"{at}/unit"))
        note = self.text(keys["note"], f"{at}/note") if "note" in keys else NO_TEXT
        return Setting(code, self.text(keys.get("label"), f"{at}/label"), unit, note)

    def state(self, code: str, value: Any, at: str) -> State:
        keys = self.form.mapping(value, at, {"label"}, {"waits_for", "outcome", "note"})
        return State(code, self.text(keys.get("label"), f"{at}/label"), self.words(keys.get("waits_for"), f"{at}/waits_for"),
                     str(keys.get("outcome", "")), self.text(keys["note"], f"{at}/note") if "note" in keys else NO_TEXT)

    def transition(self, code: str, value: Any, at: str, kinds: Mapping[str, FactKind]) -> Transition:
        keys = self.form.mapping(value, at, {"label", "from", "to"},
                                 {"by", "documents", "fields", "when", "opinions", "effect", "citation", "note"})
        guards = keys.get("when") or []
        if not isinstance(guards, list):
            self.form.slip(f"{at}/when", "wrong_form", "此处应为条件列表。", "A list of conditions belongs here.", ("请改为列表。",
                "Make it a list."))
            guards = []
        opinions = self.form.mapping(keys.get("opinions") or {}, f"{at}/opinions", set(), set(keys.get("opinions") or {}))
        return Transition(
            code, self.text(keys.get("label"), f"{at}/label"), self.words(keys.get("from"), f"{at}/from"), str(keys.get("to", "")),
            by=self.words(keys.get("by"), f"{at}/by"), documents=self.words(keys.get("documents"), f"{at}/documents"),
            fields=self.words(keys.get("fields"), f"{at}/fields"),
            guards=tuple(self.guard(each, f"{at}/when/{number}", kinds) for number, each in enumerate(guards)),
            opinions={name: self.choice(need, OPINIONS_NEEDED, f"{at}/opinions/{name}") for name, need in opinions.items()},
            effect=str(keys.get("effect", "")), citation=self.citation(keys.get("citation"), f"{at}/citation"),
            note=self.text(keys["note"], f"{at}/note") if "note" in keys else NO_TEXT,
        )

    def guard(self, value: Any, at: str, kinds: Mapping[str, FactKind]) -> Condition:
        """One guard with its sentence; the comparisons inside ``all`` and ``any`` need none of their own."""
        keys = self.form.mapping(value, at, {"otherwise", "remedy"}, {"fact", "all", "any", "citation", "may_override", *TESTS})
        said = {"otherwise": self.text(keys.get("otherwise"), f"{at}/otherwise"), "remedy": self.text(keys.get("remedy"), f"{at}/remedy"),
                "citation": self.citation(keys.get("citation"), f"{at}/citation"), "may_override": str(keys.get("may_override", ""))}
        return self.comparison({key: each for key, each in keys.items() if key not in said}, at, kinds, **said)

    def comparison(self, keys: Mapping[str, Any], at: str, kinds: Mapping[str, FactKind], **said: Any) -> Condition:
        groups = {name: keys[name] for name in ("all", "any") if name in keys}
        tests = {name: keys[name] for name in TESTS if name in keys}
        if len(groups) + bool(tests) != 1 or len(tests) > 1 or ("fact" in keys) != bool(tests):
            self.form.slip(at, "bad_condition", "条件应为一个事实加一项比较，或 all、any 之一。",
                           "A condition is one fact with one comparison, or one of all and any.",
                           ("如 {fact: x, is: true}。", "As {fact: x, is: true}."))
            return Condition()
        if groups:
            name, parts = next(iter(groups.items()))
            if not isinstance(parts, list) or not parts:
                self.form.slip(f"{at}/{name}", "wrong_form", "此处应为条件列表。", "A list of conditions belongs here.", ("请改为列表。",
                    "Make it a list."))
                return Condition()
            inner = tuple(self.comparison(self.form.mapping(each, f"{at}/{name}/{n}", set(), {"fact", "all", "any", *TESTS}), f"{at}/{name}/{n}",
                                          kinds)
                          for n, each in enumerate(parts))
            return Condition(all=inner, **said) if name == "all" else Condition(any=inner, **said)
        test, value = next(iter(tests.items()))
        fact = str(keys["fact"])
        wanted = FactKind.BOOL if test == "present" else kinds.get(fact)
        values = value if test == "one_of" else [value]
        if wanted is not None and not (isinstance(values, list) and values and all(fits(wanted, each) for each in values)):
            self.form.slip(f"{at}/{test}", "wrong_kind", f"“{value}”与事实“{fact}”的类型（{wanted}）不符。",
                           f"“{value}” does not fit the kind of the fact “{fact}” ({wanted}).", ("请改正。", "Correct it."))
        return Condition(fact, test, tuple(value) if test == "one_of" and isinstance(value, list) else value, **said)

    def consultation(self, code: str, value: Any, at: str) -> Consultation:
        keys = self.form.mapping(value, at, {"label", "state", "parties"}, {"kind", "length", "silence", "bare", "asks"})
        return Consultation(
            code, self.text(keys.get("label"), f"{at}/label"), str(keys.get("state", "")), self.words(keys.get("parties"), f"{at}/parties"),
            kind=self.choice(keys.get("kind", "consultation"), CONSULTATION_KINDS, f"{at}/kind"),
            length=self.length(keys["length"], f"{at}/length") if "length" in keys else None,
            silence=self.choice(keys.get("silence", "waits"), SILENCES, f"{at}/silence"),
            bare=frozenset(self.words(keys.get("bare"), f"{at}/bare")), asks=self.choice(keys.get("asks", "all"), WHOM_ASKED, f"{at}/asks"),
        )

    def clock(self, code: str, value: Any, at: str) -> Clock:
        keys = self.form.mapping(value, at, {"label", "length", "runs_in"}, {"resets", "remind", "escalate_to", "then", "until", "citation"})
        remind = keys.get("remind") or []
        if not isinstance(remind, list) or not all(isinstance(each, int) and each > 0 for each in remind):
            self.form.slip(f"{at}/remind", "wrong_form", "提醒应为天数列表。", "Reminders are a list of numbers of days.", ("如 [5, 1]。",
                "As [5, 1]."))
            remind = []
        return Clock(code, self.text(keys.get("label"), f"{at}/label"), self.length(keys.get("length"), f"{at}/length"),
                     self.words(keys.get("runs_in"), f"{at}/runs_in"), resets=keys.get("resets") is True,
                     remind=tuple(sorted(remind, reverse=True)), escalate_to=str(keys.get("escalate_to", "")),
                     then=str(keys.get("then", "")), until=str(keys.get("until", "")), citation=self.citation(keys.get("citation"), f"{at}/citation"))



