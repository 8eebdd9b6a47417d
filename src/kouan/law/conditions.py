"""Evaluate condition trees in three values: true, false, unknown. Pure, and compiled once per law and reading.

A missing fact is unknown, never false (Kleene): `all` is the least of its parts, `any` the greatest, `none` the
reverse of `any`. The verdict is found along an ordered list of decisions; where an unknown outcome leaves more
than one verdict possible, every possible one is kept, so that a missing fact can never decide a case.

The trees of one rule, under the reading in force and under every other one, become a single straight-line
function in which equal conditions are computed once: a few microseconds for a verdict with its whole trace.

>>> from datetime import date
>>> from kouan.law import Law
>>> decisions = (Decision("AC-A2", True, "strict_control"), Decision("AC-A6", False, "not_ready"))
>>> compiled = compile_conditions(Law(date(2024, 6, 30)), ("AC-A2", "AC-A6"), decisions, "eligible")
>>> compiled.verdicts(compiled.judge({"civil_military_airport": False, "listed_in_14fyp_plan": True})[0])
('eligible',)
>>> compiled.verdicts(compiled.judge({"civil_military_airport": False})[0])
('not_ready', 'eligible')
>>> compiled.verdicts(compiled.judge({"civil_military_airport": True})[0])
('strict_control',)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kouan.law.criteria import Choice, Condition, Criterion, CriterionVersion, Node
from kouan.law.law import Law
from kouan.law.values import DatedValue

FALSE, UNKNOWN, TRUE = 0, 1, 2
OUTCOMES = ("false", "unknown", "true")
# The readings that every tree shares: whether 以上 includes the number, and what ends with the plan's period.
AT_LEAST = "access.at_least"
AFTER_PLAN = "access.after_plan"


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows when a criterion `is_met` (or is not): a verdict. The first of a list that holds decides."""

    criterion: str
    is_met: bool
    verdict: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A node of a tree under one law, with its place (`at`) in the trace.

    `kind` is test, all, any, none or any_project. A test has `fact`, `op`, `required`, and `limit` where a
    parameter supplies the number. `projects_at` is where an any_project keeps the traces of its items; the
    places below it are those of an item's own trace.
    """

    at: int
    kind: str
    id: str | None
    quote: str | None
    parts: tuple[Asked, ...] = ()
    fact: str = ""
    op: str = ""
    required: Any = None
    limit: DatedValue | None = None
    projects_at: int = -1

    def walk(self) -> Iterator[Asked]:
        """Yield this node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


Trace = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The trees of one rule under one law.

    `judge(facts)` gives (mask of possible verdicts, trace); `judge_all(facts)` gives (mask, masks under
    `others` in order, trace). Facts must have been read and checked: numbers, truth values, codes.
    """

    names: tuple[str, ...]
    asked: tuple[tuple[Criterion, CriterionVersion, Asked], ...]
    others: tuple[tuple[str, str], ...]
    needs: tuple[frozenset[str], ...]
    judge: Callable[[Mapping[str, Any]], tuple[int, Trace]]
    judge_all: Callable[[Mapping[str, Any]], tuple[int, tuple[int, ...], Trace]]

    def verdicts(self, mask: int) -> tuple[str, ...]:
        """Return the verdicts that a mask leaves possible; one when the facts decide."""
        return tuple(name for n, name in enumerate(self.names) if mask >> n & 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """The decisions under another choice of one setting."""

    law: Law
    setting: str
    choice: str
    decisions: tuple[Decision, ...]
    default: str


def in_force(law: Law, criteria: Sequence[str]) -> list[tuple[Criterion, CriterionVersion]]:
    """Return the criteria in force on the law's day, with the version that holds."""
    found = []
    for name in criteria:
        criterion = law.library.criteria[name]
        version = criterion.on(law.as_of)
        if version is None or (
            version.is_of_period
            and version.covers_to is not None
            and law.as_of > version.covers_to
            and law.setting(AFTER_PLAN).value == "lapsed"
        ):
            continue
        found.append((criterion, version))
    return found


def compile_conditions(
    law: Law,
    criteria: Sequence[str],
    decisions: Sequence[Decision],
    default: str,
    readings: Sequence[Reading] = (),
    needs_one_of: Sequence[str] = (),
) -> Compiled:
    """Compile the criteria and decisions under a law, and the verdicts under other readings.

    `needs_one_of`: where none of these criteria is in force no verdict is possible (the mask is 0).
    """
    every = [*decisions, *(d for reading in readings for d in reading.decisions)]
    names = tuple(dict.fromkeys([*(d.verdict for d in every), default, *(r.default for r in readings)]))
    main, whole = _Program(law), _Program(law)
    asked = main.take(law, criteria)
    whole.take(law, criteria)
    own = {node.fact for _, _, tree in asked for node in tree.walk() if node.fact}
    mask = main.decide(law, decisions, default, names, needs_one_of)
    first = whole.decide(law, decisions, default, names, needs_one_of)
    masks, needs = [], []
    for reading in readings:
        trees = whole.take(reading.law, criteria, is_traced=False)
        needs.append(frozenset(n.fact for _, _, tree in trees for n in tree.walk() if n.fact) - own)
        masks.append(whole.decide(reading.law, reading.decisions, reading.default, names, needs_one_of))
    others = f"({''.join(f'{m}, ' for m in masks)})"
    return Compiled(
        names, tuple(asked), tuple((r.setting, r.choice) for r in readings), tuple(needs),
        main.function(f"({mask}, {main.trace()})"), whole.function(f"({first}, {others}, {whole.trace()})"),
    )  # fmt: skip


class _Program:
    """Straight-line code in the making; a condition that stands twice is computed once."""

    def __init__(self, law: Law, shared: _Program | None = None) -> None:
        self.law = law
        self.lines: list[str] = []
        self.known: dict[str, str] = {}
        self.places: list[str] = []
        self.outcomes: dict[int, dict[str, str]] = {}
        self.constants: dict[str, Any] = shared.constants if shared else {"projects": _projects}
        self.by_value: dict[Any, str] = shared.by_value if shared else {}

    def line(self, expression: str) -> str:
        """Return the variable that holds the expression, computing it unless it is known."""
        if expression not in self.known:
            self.known[expression] = f"x{len(self.known)}"
            self.lines.append(f"{self.known[expression]} = {expression}")
        return self.known[expression]

    def constant(self, value: Any) -> str:
        """Return the name under which the code knows a value."""
        key = (type(value), value)
        if key not in self.by_value:
            self.by_value[key] = f"k{len(self.by_value)}"
            self.constants[self.by_value[key]] = value
        return self.by_value[key]

    def take(
        self, law: Law, criteria: Sequence[str], *, is_traced: bool = True
    ) -> list[tuple[Criterion, CriterionVersion, Asked]]:
        """Add the trees of the criteria in force under a law."""
        found, outcomes = [], {}
        for criterion, version in in_force(law, criteria):
            tree, outcome = self.node(version.when, law, criterion.id, version.citation.quote, is_traced)
            outcomes[criterion.id] = outcome
            found.append((criterion, version, tree))
        self.outcomes[id(law)] = outcomes
        return found

    def place(self, variable: str, is_traced: bool) -> int:
        if not is_traced:
            return -1
        self.places.append(variable)
        return len(self.places) - 1

    def node(self, node: Node, law: Law, id_: str | None, quote: str | None, is_traced: bool) -> tuple[Asked, str]:
        """Add a node; return it as asked under the law, and the variable of its outcome."""
        if isinstance(node, Choice):
            chosen = node.readings[law.setting(node.setting).value]
            return self.node(chosen, law, node.id or id_, node.quote or quote, is_traced)
        id_, quote = node.id or id_, node.quote or quote
        if isinstance(node, Condition):
            return self.test(node, law, id_, quote, is_traced)
        if node.kind == "any_project":
            inner = _Program(law, self)
            part, result = inner.node(node.parts[0], law, None, None, True)
            inner.places.append(result)
            source = "\n".join(inner.lines) + inner.trace()
            name = self.by_value.get(source)
            if name is None:
                name = self.by_value[source] = f"k{len(self.by_value)}"
                self.constants[name] = inner.function(inner.trace())
            items = self.line("f.get('projects')")
            both = self.line(f"projects({items}, {name})")
            outcome = self.line(f"{both}[0]")
            at = self.place(outcome, is_traced)
            return Asked(at, "any_project", id_, quote, (part,), "projects", projects_at=self.place(both, is_traced)), outcome
        parts, variable = [], ""
        for each in node.parts:
            asked, outcome = self.node(each, law, None, None, is_traced)
            parts.append(asked)
            sign = "<" if node.kind == "all" else ">"
            variable = self.line(f"{variable} if {variable} {sign} {outcome} else {outcome}") if variable else outcome
        if node.kind == "none":
            variable = self.line(f"2 - {variable}")
        return Asked(self.place(variable, is_traced), node.kind, id_, quote, tuple(parts)), variable

    def test(self, node: Condition, law: Law, id_: str | None, quote: str | None, is_traced: bool) -> tuple[Asked, str]:
        limit = law.parameter(node.parameter) if node.parameter else None
        required: Any = limit.value if limit else node.value
        if isinstance(required, Decimal) and required == required.to_integral_value():
            required = int(required)
        op = node.op
        if op == "at_least":
            op = ">=" if law.setting(AT_LEAST).value == "inclusive" else ">"
        value = self.line(f"f.get({node.fact!r})")
        # A number that is whole is compared as one: int with int is several times as fast as with Decimal.
        held = self.constant(frozenset(required) if op == "in" else required)
        outcome = self.line(f"1 if {value} is None else 2 if {value} {op} {held} else 0")
        return Asked(self.place(outcome, is_traced), "test", id_, quote, (), node.fact, op, required, limit), outcome

    def decide(
        self, law: Law, decisions: Sequence[Decision], default: str, names: Sequence[str], needs_one_of: Sequence[str]
    ) -> str:
        """Add the walk along the decisions; return the variable of the mask."""
        outcomes = self.outcomes[id(law)]
        if needs_one_of and not any(name in outcomes for name in needs_one_of):
            return "0"
        rest = str(1 << names.index(default))
        for decision in reversed(decisions):
            outcome = outcomes.get(decision.criterion)
            if outcome is None:
                continue
            bit = 1 << names.index(decision.verdict)
            yes, no = (2, 0) if decision.is_met else (0, 2)
            rest = self.line(f"{bit} if {outcome} == {yes} else {rest} if {outcome} == {no} else {bit} | {rest}")
        return rest

    def trace(self) -> str:
        """Return the expression of the trace: every outcome at its place."""
        return f"({''.join(f'{place}, ' for place in self.places)})"

    def function(self, result: str) -> Callable[..., Any]:
        """Return the code as a function of the facts.

        Nothing of a file enters the code but the names of facts, quoted by repr; values go in as constants.
        """
        body = "\n ".join(["def judge(f):", *self.lines, f"return {result}"])
        space = dict(self.constants)
        exec(compile(body, "<conditions>", "exec"), space)  # noqa: S102 - our own code, see above
        judge: Callable[..., Any] = space["judge"]
        return judge


def _projects(
    items: Sequence[Mapping[str, Any]] | None, judge: Callable[[Mapping[str, Any]], Trace]
) -> tuple[int, tuple[Trace, ...]]:
    """Ask every project; one that is met is enough. An item's trace ends with its own outcome."""
    if items is None:
        return UNKNOWN, ()
    traces = tuple([judge(item) for item in items])
    return max([trace[-1] for trace in traces], default=FALSE), traces
