"""Criteria: conditions of law written as trees, dated like parameters, and the facts that they read.

`criteria/facts.yaml` names the facts; every other file of the folder holds criteria. A tree is made of tests
(`fact`, `op`, `value` or `parameter`), groups (`all`, `any`, `none`), `any_project` (one item of the list
`projects` is enough) and `choose` (one tree for each reading of an open point). Source of the trees: 专栏5 of
the plan; `at_least` is 以上, whose inclusiveness is itself a reading (A-11).

>>> from kouan.law import Library
>>> library = Library.shipped()
>>> library.criteria["AC-A2"].on(date(2024, 6, 30)).when
Condition(fact='civil_military_airport', op='==', value=True, parameter=None, id=None, quote=None)
>>> library.facts["serves_zone"].supplied_by
('PPO',)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kouan.basis import Citation, Text
from kouan.basis.form import Form
from kouan.law.values import Parameter, Question

OPERATORS = ("==", "in", ">=", ">", "at_least")
STAGES: Mapping[str, Text] = {
    "province_gate": Text("省域条件", "province gate"),
    "type_gate": Text("类型条件", "type gate"),
    "numeric": Text("数值条件", "numeric conditions"),
    "track": Text("通道", "track"),
    "priority": Text("优先", "priority"),
    "ladder": Text("退出阶梯", "withdrawal ladder"),
    "grade": Text("分级", "grade"),
}
KINDS = ("claim", "count", "number", "code", "projects")
_GROUPS = ("all", "any", "none")


@dataclass(frozen=True, slots=True)
class Condition:
    """One question to one fact. `value` is literal, or None where `parameter` supplies it."""

    fact: str
    op: str
    value: Any = None
    parameter: str | None = None
    id: str | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any` or `none` of its parts; or `any_project` with one part."""

    kind: str
    parts: tuple[Node, ...]
    id: str | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One tree for each reading of the setting."""

    setting: str
    readings: Mapping[str, Node]
    id: str | None = None
    quote: str | None = None


Node = Condition | Group | Choice


@dataclass(frozen=True, slots=True)
class CriterionVersion:
    """A criterion as one instrument gives it.

    `covers_to` as with parameters. `is_of_period`: the sentence limits itself to the instrument's period.
    `in_principle` (原则上): a decision maker may override, by name, with reason and document.
    """

    in_force_from: date
    in_force_to: date | None
    covers_to: date | None
    issued: date
    is_of_period: bool
    in_principle: bool
    citation: Citation
    when: Node


@dataclass(frozen=True, slots=True)
class Criterion:
    """One numbered condition; `stage` is its place in the order, `means` what follows when it is met."""

    id: str
    stage: str
    label: Text
    means: Text
    versions: tuple[CriterionVersion, ...]
    file: str

    def on(self, day: date) -> CriterionVersion | None:
        """Return the version in force on `day`, None before the first."""
        found = None
        for version in self.versions:
            if version.in_force_from > day:
                break
            found = version
        return found


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that criteria read: how it is written, and who can supply it (`supplied_by`: roles).

    `codes` are the words a coded fact may have, `of` the facts of each project, `most` the largest value that
    can be. `only_under` names the setting whose other readings alone ask for the fact.
    """

    name: str
    label: Text
    kind: str
    supplied_by: tuple[str, ...]
    unit: str = ""
    most: Decimal | None = None
    codes: Mapping[str, Text] | None = None
    may_be_none: bool = False
    of: tuple[str, ...] = ()
    only_under: str | None = None


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, every reading included."""
    yield node
    below = node.parts if isinstance(node, Group) else node.readings.values() if isinstance(node, Choice) else ()
    for part in below:
        yield from walk(part)


def facts_of(criteria: Iterable[Criterion], facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Return the facts that criteria read under any reading and on any date, by name, in the order of asking.

    What is asked of each project stands in the fact `projects` (its `of`), not beside it.
    """
    found: dict[str, Fact] = {}

    def look(node: Node) -> None:
        if isinstance(node, Condition):
            found.setdefault(node.fact, facts[node.fact])
        elif isinstance(node, Group) and node.kind == "any_project":
            found.setdefault("projects", facts["projects"])
        else:
            for part in node.parts if isinstance(node, Group) else node.readings.values():
                look(part)

    for criterion in criteria:
        for version in reversed(criterion.versions):
            look(version.when)
    return found


def read_criteria(form: Form, data: Any) -> list[Criterion]:
    """Read one file of criteria; slips go into the form."""
    top = form.mapping(data, "", {"label", "criteria"})
    if not top:
        return []
    form.text(top.get("label"), "/label")
    found = []
    for name, entry in form.mapping(top.get("criteria"), "/criteria", set(top.get("criteria") or ())).items():
        path = f"/criteria/{name}"
        fields = form.mapping(entry, path, {"stage", "label", "means", "versions"})
        if len(fields) < 4:
            continue
        if fields["stage"] not in STAGES:
            form.slip(f"{path}/stage", "unknown_stage", f"没有“{fields['stage']}”这一环节。",
                      f"There is no stage “{fields['stage']}”.", _known(STAGES))  # fmt: skip
        versions = fields["versions"] if isinstance(fields["versions"], Mapping) else {}
        read = sorted(
            (_version(form, start, each, f"{path}/versions/{start}") for start, each in versions.items()),
            key=lambda version: version.in_force_from,
        )
        ends = [*(later.in_force_from - timedelta(days=1) for later in read[1:]), None]
        found.append(
            Criterion(
                str(name), str(fields["stage"]), form.text(fields["label"], f"{path}/label"),
                form.text(fields["means"], f"{path}/means"),
                tuple(replace(version, in_force_to=end) for version, end in zip(read, ends, strict=False)), form.file,
            )
        )
    return found


def _version(form: Form, start: Any, entry: Any, path: str) -> CriterionVersion:
    fields = form.mapping(
        entry, path, {"issued", "citation", "when"}, {"covers_to", "is_of_period", "in_principle"}
    )
    from_day, issued = form.day(start, path), form.day(fields.get("issued"), f"{path}/issued")
    return CriterionVersion(
        in_force_from=from_day,
        in_force_to=None,
        covers_to=form.day(fields["covers_to"], f"{path}/covers_to") if "covers_to" in fields else None,
        issued=issued,
        is_of_period=fields.get("is_of_period") is True,
        in_principle=fields.get("in_principle") is True,
        citation=form.citation(fields.get("citation"), f"{path}/citation", issued=issued, from_day=from_day),
        when=_node(form, fields.get("when"), f"{path}/when"),
    )


def _node(form: Form, data: Any, path: str) -> Node:
    if not isinstance(data, Mapping):
        form.mapping(data, path, {"fact", "op"})
        return Group("any", ())
    id_, quote = data.get("id"), data.get("quote")
    may = {"id", "quote"}
    if "fact" in data:
        fields = form.mapping(data, path, {"fact", "op"}, may | {"value", "parameter"})
        if fields.get("op") not in OPERATORS:
            form.slip(f"{path}/op", "unknown_comparison", f"不认识的比较方式“{fields.get('op')}”。",
                      f"Unknown comparison “{fields.get('op')}”.", _known(OPERATORS))  # fmt: skip
        if ("value" in fields) == ("parameter" in fields):
            form.slip(path, "wrong_form", "“value”和“parameter”应恰有其一。",
                      "Exactly one of “value” and “parameter” is needed.", _SEE)  # fmt: skip
        value = fields.get("value")
        return Condition(str(fields.get("fact")), str(fields.get("op")), tuple(value) if isinstance(value, list) else value,
                    fields.get("parameter"), id_, quote)  # fmt: skip
    if "choose" in data:
        fields = form.mapping(data, path, {"choose", "readings"}, may)
        readings = fields.get("readings") if isinstance(fields.get("readings"), Mapping) else {}
        return Choice(str(fields.get("choose")), {
            str(choice): _node(form, each, f"{path}/readings/{choice}") for choice, each in (readings or {}).items()
        }, id_, quote)  # fmt: skip
    for kind in _GROUPS:
        if kind in data:
            fields = form.mapping(data, path, {kind}, may)
            parts = fields[kind] if isinstance(fields[kind], list) else []
            if not parts:
                form.slip(f"{path}/{kind}", "empty", "此处应列出条件。", "Conditions belong here.", _SEE)
            return Group(kind, tuple(_node(form, each, f"{path}/{kind}/{n}") for n, each in enumerate(parts)), id_, quote)
    fields = form.mapping(data, path, {"any_project"}, may)
    return Group("any_project", (_node(form, fields.get("any_project"), f"{path}/any_project"),), id_, quote)


def read_facts(form: Form, data: Any) -> tuple[dict[str, Fact], dict[str, Text]]:
    """Read facts.yaml: the facts by name, and the roles that can supply them."""
    top = form.mapping(data, "", {"roles", "facts"})
    if len(top) < 2:
        return {}, {}
    roles = {
        str(code): form.text(name, f"/roles/{code}")
        for code, name in form.mapping(top["roles"], "/roles", set(top["roles"] or ())).items()
    }
    facts = {}
    for name, entry in form.mapping(top["facts"], "/facts", set(top["facts"] or ())).items():
        path = f"/facts/{name}"
        fields = form.mapping(entry, path, {"label", "kind", "supplied_by"},
                              {"unit", "most", "codes", "may_be_none", "of", "only_under"})  # fmt: skip
        by = fields.get("supplied_by")
        by = tuple(str(role) for role in by) if isinstance(by, list) else ()
        if not by or not set(by) <= set(roles):
            form.slip(f"{path}/supplied_by", "unknown_role", "应写明由谁提供。", "Say who can supply it.", _known(roles))
        if fields.get("kind") not in KINDS:
            form.slip(f"{path}/kind", "unknown_kind", f"没有“{fields.get('kind')}”这一类型。",
                      f"There is no kind “{fields.get('kind')}”.", _known(KINDS))  # fmt: skip
        codes = fields.get("codes")
        facts[str(name)] = Fact(
            str(name), form.text(fields.get("label"), f"{path}/label"), str(fields.get("kind")), by,
            str(fields.get("unit") or ""), form.number(fields["most"], f"{path}/most") if "most" in fields else None,
            {str(code): form.text(label, f"{path}/codes/{code}") for code, label in codes.items()}
            if isinstance(codes, Mapping) else None,
            fields.get("may_be_none") is True, tuple(str(each) for each in fields.get("of") or ()), fields.get("only_under"),
        )  # fmt: skip
    return facts, roles


def dangling(
    form: Form, criterion: Criterion, parameters: Mapping[str, Parameter], questions: Mapping[str, Question],
    facts: Mapping[str, Fact],
) -> None:  # fmt: skip
    """Note in the form what the criterion's trees name and nobody has written."""
    for version in criterion.versions:
        path = f"/criteria/{criterion.id}/versions/{version.in_force_from}"
        for node in walk(version.when):
            if isinstance(node, Condition):
                if node.fact not in facts:
                    form.slip(path, "unknown_fact", f"没有名为“{node.fact}”的事实。", f"There is no fact “{node.fact}”.", _SEE)
                if node.parameter and not ((found := parameters.get(node.parameter)) and found.on(version.in_force_from)):
                    form.slip(path, "unknown_parameter", f"参数“{node.parameter}”不存在或当日尚无数值。",
                              f"The parameter “{node.parameter}” does not exist or has no value yet.", _SEE)  # fmt: skip
            elif isinstance(node, Choice):
                question = questions.get(node.setting)
                if question is None or set(question.choices) != set(node.readings):
                    form.slip(path, "dangling_reading", f"设定“{node.setting}”不存在，或各种理解没有写全。",
                              f"The setting “{node.setting}” does not exist, or not all its readings are written.", _SEE)  # fmt: skip


_SEE = ("格式见 docs/howto/add-a-rule.md。", "The form is described in docs/howto/add-a-rule.md.")


def _known(words: Any) -> tuple[str, str]:
    return f"可用：{'、'.join(words)}。", f"Known: {', '.join(words)}."
