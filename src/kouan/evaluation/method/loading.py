"""Reading a framework strictly: every fault is named with its place, and a faulty framework is refused.

A framework decides how ports are judged, so nothing in it is guessed: an unknown key, a code that this
engine does not compute, shares that do not sum to 1 or a parent that does not exist are errors, all
reported at once. The canonical form (`Framework.as_dict`) and the YAML file have the same shape.

>>> from kouan.basis import Refused
>>> try:
...     framework_from_dict({"code": "x", "nodes": []})
... except Refused as refusal:
...     sorted({finding.code for finding in refusal.findings})
['framework_key_missing']
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kouan.basis import Place, Refused
from kouan.basis.strict_yaml import load_plain
from kouan.evaluation.method.derive import KINDS
from kouan.evaluation.method.framework import (
    AGGREGATIONS,
    MISSING_RULES,
    NORMALISATIONS,
    RELATIVE_TO_PEERS,
    Derivation,
    Framework,
    Node,
    Normalisation,
    Polarity,
    Series,
    parse_normalisation,
)
from kouan.evaluation.method.reading import Reader

_TOP_KEYS = (
    "code", "version", "name", "note", "weights_origin", "plan_group", "data", "peers", "screen", "treat",
    "percentiles", "decimals", "series", "nodes",
)  # fmt: skip
_NODE_KEYS = ("code", "name", "parent", "level", "weight", "elements")
_INDICATOR_KEYS = ("polarity", "unit", "derive", "normalise", "missing", "reference", "definition")
_SHARES_TOLERANCE = 1e-9


def load_framework(path: Path) -> Framework:
    """Read a framework file. Raises Refused with one finding per fault, each naming the file."""
    try:
        data = load_plain(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise Refused.because(
            "framework_unreadable",
            f"指标体系文件无法读取：{fault}",
            f"The framework file cannot be read: {fault}",
            where=Place(file=path.name),
            remedy=(
                "检查文件是否存在、是否为 UTF-8 编码的 YAML。",
                "Check that it exists and is YAML in UTF-8.",
            ),
        ) from fault
    try:
        return framework_from_dict(data)
    except Refused as refusal:
        raise Refused([finding.at(file=path.name) for finding in refusal.findings]) from None


def framework_from_dict(data: Any) -> Framework:
    """Build a framework from plain data (a YAML file, or the copy kept in a recipe). Raises Refused."""
    reader = _FrameworkReader()
    framework = reader.framework(data)
    if framework is None or reader.findings:
        raise Refused(reader.findings)
    return framework


class _FrameworkReader(Reader):
    """Reads the parts of a framework, and checks what they must be to one another."""

    def framework(self, data: Any) -> Framework | None:
        top = self.mapping(data, "framework", _TOP_KEYS)
        if self.findings:
            return None
        rules = self.mapping(top["data"], "data", ("largest_estimated_share", "look_back", "carried_years"))
        peers = self.mapping(top["peers"], "peers", ("rule", "smallest"))
        screen = self.mapping(top["screen"], "screen", ("smallest_weight",))
        treat = self.mapping(top["treat"], "treat", ("points", "skew", "kurtosis"))
        percentiles = self.pair(top["percentiles"], "percentiles")
        for i, value in enumerate(percentiles):
            self.number(value, f"percentiles[{i}]", 0, 100)
        series = self.all_series(top["series"])
        nodes = self.nodes(top["nodes"], {one.code for one in series})
        if nodes:
            self.tree(nodes)
        return Framework(
            code=self.word(top["code"], "code"),
            version=self.whole(top["version"], "version", 1, 10_000),
            name=self.text(top["name"], "name"),
            note=self.text(top["note"], "note"),
            weights_origin=self.text(top["weights_origin"], "weights_origin"),
            plan_group=self.word(top["plan_group"], "plan_group"),
            series=series,
            nodes=nodes,
            largest_estimated_share=self.number(
                rules.get("largest_estimated_share"), "data.largest_estimated_share", 0, 0.5
            ),
            look_back=self.whole(rules.get("look_back"), "data.look_back", 1, 20),
            carried_years=self.whole(rules.get("carried_years"), "data.carried_years", 1, 20),
            smallest_peer_group=self.whole(peers.get("smallest"), "peers.smallest", 2, 1000),
            smallest_weight=self.number(screen.get("smallest_weight"), "screen.smallest_weight", 0.01, 1),
            winsorise_points=self.whole(treat.get("points"), "treat.points", 0, 100),
            skew_limit=self.number(treat.get("skew"), "treat.skew", 0, 100),
            kurtosis_limit=self.number(treat.get("kurtosis"), "treat.kurtosis", 0, 1000),
            percentiles=percentiles,
            decimals=self.whole(top["decimals"], "decimals", 0, 12),
            peer_rule=self.text(peers.get("rule"), "peers.rule"),
        )

    def all_series(self, value: Any) -> tuple[Series, ...]:
        if not isinstance(value, Mapping) or not value:
            self.fault(
                "framework_wrong_type", "series", "至少要有一个序列。", "At least one series is needed."
            )
            return ()
        found = []
        for code, body in value.items():
            path = f"series.{code}"
            one = self.mapping(body, path, ("name", "unit", "measures"))
            found.append(
                Series(
                    str(code),
                    self.text(one.get("name"), f"{path}.name"),
                    self.word(one.get("unit"), f"{path}.unit"),
                    self.words(one.get("measures"), f"{path}.measures"),
                )
            )
        # Mapping order must not matter: the canonical form is sorted by code.
        return tuple(sorted(found, key=lambda series: series.code))

    def nodes(self, value: Any, series: set[str]) -> tuple[Node, ...]:
        if not isinstance(value, list) or not value:
            self.fault("framework_wrong_type", "nodes", "至少要有一个指标。", "At least one node is needed.")
            return ()
        return tuple(self.node(line, f"nodes[{i}]", series) for i, line in enumerate(value))

    def node(self, value: Any, path: str, series: set[str]) -> Node:
        is_indicator = isinstance(value, Mapping) and value.get("level") == 1
        line = (
            self.mapping(value, path, _NODE_KEYS + _INDICATOR_KEYS)
            if is_indicator
            else self.mapping(value, path, (*_NODE_KEYS, "aggregate"), ("definition",))
        )
        if isinstance(line.get("code"), str):
            path = f"nodes.{line['code']}"
        parent = line.get("parent")
        common: dict[str, Any] = {
            "code": self.word(line.get("code"), f"{path}.code"),
            "name": self.text(line.get("name"), f"{path}.name"),
            "parent": None if parent is None else self.word(parent, f"{path}.parent"),
            "level": self.whole(line.get("level"), f"{path}.level", 1, 9),
            # A weight of zero is a line that looks as if it counted: leave the line out instead.
            "weight": self.number(line.get("weight"), f"{path}.weight", 1e-6, 1),
            "elements": self.words(line.get("elements"), f"{path}.elements"),
            "definition": self.text(line["definition"], f"{path}.definition")
            if "definition" in line
            else None,
        }
        if not is_indicator:
            return Node(
                **common, aggregate=self.choice(line.get("aggregate"), f"{path}.aggregate", AGGREGATIONS)
            )
        return self.indicator(line, path, series, common)

    def indicator(self, line: dict[str, Any], path: str, series: set[str], common: dict[str, Any]) -> Node:
        polarity = self.choice(line.get("polarity"), f"{path}.polarity", tuple(Polarity))
        written = str(line.get("normalise"))
        normalise = parse_normalisation(written)
        if normalise is None:
            code = written.split("(")[0].strip()
            if code in NORMALISATIONS:
                self.fault(
                    "framework_code_arguments",
                    f"{path}.normalise",
                    f"{code} 后的数写得不对。",
                    f"The numbers after {code} are not right.",
                    measured=written,
                    required=f"{NORMALISATIONS[code][0]}",
                )
            else:
                self.choice(written, f"{path}.normalise", tuple(NORMALISATIONS))
        elif (implied := NORMALISATIONS[normalise.code][1]) not in (None, polarity):
            self.fault(
                "framework_polarity_contradicts",
                f"{path}.polarity",
                f"{normalise.code} 的方向应为 {implied}。",
                f"{normalise.code} implies the polarity {implied}.",
                measured=polarity,
                required=implied,
            )
        if normalise is not None:
            self.scale(normalise, polarity, f"{path}.normalise")
        reference = None
        if line.get("reference") is not None:
            reference = self.pair(line["reference"], f"{path}.reference")
        if normalise is not None and normalise.code in RELATIVE_TO_PEERS:
            if reference is None:
                self.fault(
                    "framework_reference_missing",
                    f"{path}.reference",
                    "同类口岸不足时要用固定参考值，须给出下限和上限。",
                    "Fixed reference values are needed for the case of too few peers.",
                )
            elif normalise.code == "N1" and reference[0] <= 0:
                self.fault(
                    "framework_reference_not_positive",
                    f"{path}.reference",
                    "N1 取对数，参考值必须大于零。",
                    "N1 takes logarithms: reference values must be above zero.",
                )
        return Node(
            **common,
            polarity=Polarity(polarity or "higher"),
            unit=self.word(line.get("unit"), f"{path}.unit"),
            derive=self.derivation(line.get("derive"), f"{path}.derive", series),
            normalise=normalise,
            missing=self.choice(line.get("missing"), f"{path}.missing", MISSING_RULES),
            reference=reference,
        )

    def scale(self, rule: Normalisation, polarity: str, path: str) -> None:
        """The numbers of N4, N5 and N8 must describe a scale."""
        numbers = rule.arguments
        if rule.code == "N4" and numbers[0] <= 0:
            self.fault(
                "framework_scale_wrong",
                path,
                "N4 的目标值必须大于零。",
                "The target of N4 must be above zero.",
            )
        if rule.code == "N5":
            low, high, zero_low, zero_high = numbers
            if not zero_low < low <= high < zero_high:
                self.fault(
                    "framework_scale_wrong",
                    path,
                    "N5(lo,hi;zlo,zhi) 应满足 zlo < lo ≤ hi < zhi。",
                    "N5(lo,hi;zlo,zhi) needs zlo < lo ≤ hi < zhi.",
                    measured=rule,
                )
        if rule.code == "N8":
            best, worst = numbers
            if best == worst or (best > worst) != (polarity == "higher"):
                self.fault(
                    "framework_scale_wrong",
                    path,
                    "N8(最好,最差) 的两个数应不同，且与方向一致。",
                    "The numbers of N8(best,worst) must differ and agree with the polarity.",
                    measured=f"{rule}, {polarity}",
                )

    def derivation(self, value: Any, path: str, series: set[str]) -> Derivation:
        body = self.mapping(value, path, ("kind", "series"), ("years", "months"))
        kind = self.choice(body.get("kind"), f"{path}.kind", tuple(KINDS))
        written = body.get("series")
        shares = {written: 1.0} if isinstance(written, str) else written
        if not isinstance(shares, Mapping) or not shares:
            self.fault("framework_wrong_type", f"{path}.series", "应写序列代码。", "Name a series here.")
            shares = {}
        for code in shares:
            self.choice(code, f"{path}.series.{code}", tuple(sorted(series)))
        pairs = tuple(
            sorted(
                (str(code), self.number(share, f"{path}.series.{code}", 0.001, 1))
                for code, share in shares.items()
            )
        )
        numbers = {name: body.get(name) for name in ("years", "months")}
        if kind:
            spec = KINDS[kind]
            if shares and len(shares) > 1 and not spec.joins_series:
                self.fault(
                    "framework_one_series",
                    f"{path}.series",
                    "此种指标只用一个序列。",
                    "This kind uses one series.",
                )
            for name, needed in (("years", spec.needs_years), ("months", spec.needs_months)):
                if needed:
                    self.whole(numbers[name], f"{path}.{name}", 1, 20)
                elif numbers[name] is not None:
                    self.fault(
                        "framework_unknown_key",
                        f"{path}.{name}",
                        f"“{kind}”不用此项。",
                        f"{kind} has no such key.",
                    )
        return Derivation(kind, pairs, numbers["years"], numbers["months"])

    def tree(self, nodes: tuple[Node, ...]) -> None:
        """One top node; every parent exists one level up; shares of one parent sum to 1; no empty aggregate."""
        by_code = {node.code: node for node in nodes}
        if len(by_code) < len(nodes):
            self.fault("framework_code_twice", "nodes", "指标代码重复。", "A code is used twice.")
        tops = [node for node in nodes if node.parent is None]
        if len(tops) != 1 or tops[0].is_indicator:
            self.fault(
                "framework_one_top",
                "nodes",
                "须有且仅有一个顶层节点。",
                "There must be exactly one top node.",
            )
        shares: dict[str, float] = {}
        for node in nodes:
            if node.parent is None:
                continue
            parent = by_code.get(node.parent)
            if parent is None or parent.level != node.level + 1:
                self.fault(
                    "framework_parent_wrong",
                    f"nodes.{node.code}.parent",
                    f"上级“{node.parent}”不存在，或层级不相接。",
                    f"The parent “{node.parent}” does not exist or is not one level up.",
                )
            shares[node.parent] = shares.get(node.parent, 0.0) + node.weight
        for node in nodes:
            if node.is_indicator:
                continue
            total = shares.get(node.code)
            if total is None:
                self.fault(
                    "framework_empty_node", f"nodes.{node.code}", "没有下级指标。", "Nothing stands under it."
                )
            elif abs(total - 1) > _SHARES_TOLERANCE:
                self.fault(
                    "framework_weights_do_not_sum",
                    f"nodes.{node.code}",
                    "下级权重之和不等于 1。",
                    "The weights under it do not sum to 1.",
                    measured=f"{total:g}",
                    required="1",
                )
