"""The tables of a scheme, row by row: the catalogue of indicators, the weights, the fixed values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kouan.basis import Finding, Place, Refused, Text
from kouan.evaluation.method.scheme.formula import parse
from kouan.evaluation.method.scheme.rule import MISSING_RULES, parse_rule
from kouan.evaluation.method.scheme.scheme import Indicator, Reference

Rows = Iterable[Mapping[str, str]]
KINDS = ("quant", "qual")


class _Row:
    """One row, and what is wrong with its cells."""

    def __init__(self, cells: Mapping[str, str], number: int, file: str, findings: list[Finding]) -> None:
        self.cells = {name: (value or "").strip() for name, value in cells.items() if isinstance(name, str)}
        self.number, self.file, self.findings = number, file, findings

    def place(self, column: str) -> Place:
        return Place(file=self.file, row=self.number, column=column)

    def say(self, column: str, zh: str, en: str) -> None:
        self.findings.append(
            Finding.error("scheme_cell_unusable", f"“{column}”不能使用：{zh}。", f"“{column}” cannot be used: {en}.",
                          where=self.place(column), measured=self.cells.get(column, "")[:80])
        )

    def text(self, column: str) -> str:
        if not self.cells.get(column):
            self.say(column, "没有填写", "it is empty")
        return self.cells.get(column, "")

    def listed(self, column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(column).split(";") if part.strip())

    def number_in(self, column: str, *, may_lack: bool = False) -> float | None:
        text = self.cells.get(column, "")
        if not text and may_lack:
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        # Neither NaN nor infinity passes.
        if not abs(value) < 1e300:
            self.say(column, "不是数字", "it is no number")
            return None
        return value


def indicators_of(rows: Rows, file: str) -> tuple[Indicator, ...]:
    """Read the catalogue. Raises Refused with a finding for each cell that cannot be used."""
    findings: list[Finding] = []
    found: list[Indicator] = []
    for number, cells in enumerate(rows, start=2):
        row = _Row(cells, number, file, findings)
        before = len(findings)
        rule = parse_rule(row.text("normalisation"))
        if rule is None:
            row.say("normalisation", "不是 N1–N9 的代码，或其参数不成标尺", "it is no code N1–N9, or its numbers make no scale")
        if row.text("missing_rule") not in MISSING_RULES:
            row.say("missing_rule", "不是 M1–M6", "it is none of M1–M6")
        if row.text("kind") not in KINDS:
            row.say("kind", "须为 quant 或 qual", "it must be quant or qual")
        try:
            tree = parse(row.text("formula"), where=row.place("formula"))
        except Refused as refused:
            findings.extend(refused.findings)
            continue
        importance = row.number_in("importance_1_5")
        indicator = (
            row.text("indicator_id"), row.text("group_id"), row.listed("element_ids"),
            Text(row.text("name_zh"), row.text("name_en")), row.text("kind"), row.text("unit"), row.text("polarity"),
            frozenset(row.listed("applies_to")), row.text("missing_rule"), row.text("frequency"),
            row.text("data_source_zh"), row.text("submitter_zh"), row.text("verifier_zh"), row.text("evidence_zh"),
        )
        if len(findings) > before or rule is None or importance is None:
            continue
        code, group, elements, name, kind, unit, polarity, ports, missing, frequency, source, by, verifier, evidence = indicator
        found.append(
            Indicator(code, group, elements, name, kind, tree, unit, polarity, ports, rule, missing, frequency, source, by,
                      verifier, evidence, importance)
        )
    if findings:
        raise Refused(findings)
    return tuple(found)


def weights_of(rows: Rows, file: str) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Read the weights: of each indicator by port type, and of each group. Raises Refused as above.

    Printed weights that sum to 1 within their last digit are made to sum to it exactly.
    """
    findings: list[Finding] = []
    held: dict[str, dict[str, float]] = {}
    groups: dict[str, dict[str, float]] = {}
    for number, cells in enumerate(rows, start=2):
        row = _Row(cells, number, file, findings)
        kind, code, group = row.text("port_type"), row.text("indicator_id"), row.text("group_id")
        weight, of_group = row.number_in("global_weight"), row.number_in("group_weight")
        if code in held.get(kind, {}):
            row.say("indicator_id", "同一类型下重复", "it occurs twice for the port type")
        if weight is not None and of_group is not None:
            held.setdefault(kind, {})[code] = weight
            groups.setdefault(kind, {})[group] = of_group
    if findings:
        raise Refused(findings)
    for each in held.values():
        total = sum(each.values())
        if abs(total - 1) <= 1e-6:
            for code in each:
                each[code] /= total
    return held, groups


def references_of(rows: Rows, file: str) -> dict[tuple[str, str], Reference]:
    """Read the fixed values by code and class ("*" for all classes). Raises Refused as above."""
    findings: list[Finding] = []
    found: dict[tuple[str, str], Reference] = {}
    for number, cells in enumerate(rows, start=2):
        row = _Row(cells, number, file, findings)
        key = (row.text("code"), row.text("port_class"))
        if key in found:
            row.say("code", "同一类别下重复", "it occurs twice for the class")
        low, high, median = (row.number_in(column, may_lack=True) for column in ("low", "high", "median"))
        found[key] = Reference(low, high, median, row.text("basis_zh"))
    if findings:
        raise Refused(findings)
    return found
