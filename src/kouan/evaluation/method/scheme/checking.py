"""Whether a scheme may be used. Each rule is a small function that yields what is wrong; one error refuses the scheme.

What the plan demands is cited: ten groups (专栏1), quantitative indicators above half with some qualitative ones, and
six parts (六(一)). What a calculation demands is checked as well: formulas that can be read, items that exist, weights
that sum to 1, judgements that agree with each other, fixed values where peers may be too few.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from kouan.basis import Citation, Finding, Place, Refused, Text
from kouan.evaluation.method.scheme.english import told
from kouan.evaluation.method.scheme.formula import Item, Node, parse, walk
from kouan.evaluation.method.scheme.items import DataItem, Items, answers_of
from kouan.evaluation.method.scheme.judging import judged_weights
from kouan.evaluation.method.scheme.rows import indicators_of, references_of, weights_of
from kouan.evaluation.method.scheme.scheme import FILES, Indicator, Scheme
from kouan.evaluation.method.scheme.shape import Shape, shape_of

PLAN = "国家“十四五”口岸发展规划"
PARTS = ("objects", "indicator_system", "bodies", "procedure", "publication", "application")
GROUPS = tuple(f"G{number:02d}" for number in range(1, 11))
FIVE_TYPES = ("safe", "effective", "smart", "lawful", "green")
LARGEST_RATIO = 0.1
# Weights are printed with nine decimals, group weights with four.
SUM_TOLERANCE, PRINTED = 1e-6, 1e-3


def checked(source: Mapping[str, Any]) -> Scheme:
    """Build a scheme from its files' plain data. Raises Refused with all errors found."""
    missing = [file for name, file in FILES.items() if name not in source]
    if missing:
        raise Refused.because(
            "scheme_file_missing",
            f"方案缺少文件：{'、'.join(missing)}。",
            f"The scheme lacks files: {', '.join(missing)}.",
        )
    shape = shape_of(source["scheme"], file=FILES["scheme"])
    findings: list[Finding] = []

    def tried(read: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return read()
        except Refused as refused:
            findings.extend(refused.findings)
            return otherwise

    items = tried(lambda: Items.of(source["items"], file=FILES["items"]), Items(()))
    indicators = tried(lambda: indicators_of(source["catalogue"], FILES["catalogue"]), ())
    at_derived = Place(file=FILES["scheme"], path="derived")
    derived = {code: tried(partial(parse, text, where=at_derived), None) for code, text in shape.derived.items.items()}
    weights, group_weights = tried(lambda: weights_of(source["weights"], FILES["weights"]), ({}, {}))
    consistency, judged = tried(lambda: judged_weights(source["ahp"], FILES["ahp"]), ({}, {}))
    references = tried(lambda: references_of(source["references"], FILES["references"]), {})
    if findings:
        raise Refused(findings)
    scheme = Scheme(
        shape, indicators, items.with_more(_own_items(shape, indicators, items)), derived, weights, group_weights,
        consistency, references, source,
    )
    for rule in (_parts, _groups, _elements, _five_types, _bands, _formulas, _weights, _shares, _references, _readings):
        findings.extend(rule(scheme))
    findings.extend(_judgements(scheme, judged))
    if findings:
        raise Refused(findings)
    return scheme


def _own_items(shape: Shape, indicators: tuple[Indicator, ...], items: Items) -> Iterator[DataItem]:
    for each in indicators:
        if each.points:
            for code in each.points:
                name = code.partition("/")[2]
                yield DataItem(code, Text(f"{each.name.zh}：{name}", f"{each.name.en}: {told(name).en}"), "share", "year",
                               (each.submitter,), each.ports, of=each.code)
        if each.missing == "M6" and isinstance(each.formula, Item) and each.formula.code in items:
            survey = items[each.formula.code]
            yield DataItem(answers_of(survey.code), Text(f"{survey.name.zh}：有效答卷数", f"{survey.name.en}: answers"),
                           "answers", survey.frequency, survey.submitters, survey.ports, of=survey.code)
    for code, honest in shape.honest_reporting.items():
        if code in items:
            shown, hidden = ("自查自报并已闭环", "self-reported and closed"), ("检查发现瞒报", "concealed, found by inspection")
            for companion, (zh, en) in ((honest.self_reported_closed, shown), (honest.concealed, hidden)):
                yield DataItem(companion, Text(f"{items[code].name.zh}：{zh}", f"{items[code].name.en}: {en}"),
                               items[code].unit, items[code].frequency, items[code].submitters, items[code].ports, of=code)


def _wrong(code: str, zh: str, en: str, *, file: str = "scheme", article: str = "", path: str | None = None,
           **more: Any) -> Finding:
    citation = Citation(PLAN, article) if article else None
    return Finding.error(code, zh, en, where=Place(file=FILES[file], path=path), citation=citation, **more)


def _parts(scheme: Scheme) -> Iterator[Finding]:
    held = scheme.shape.parts
    for code in PARTS:
        if code not in held or not (held[code].text.zh and held[code].text.en):
            yield _wrong(
                "scheme_part_missing",
                f"方案未明确“{code}”：对象、指标体系、实施主体、评估程序、结果发布、应用六项须齐备（中英文）。",
                f"The scheme does not settle “{code}”: all of {', '.join(PARTS)} are wanted, in both languages.",
                article="六(一)", path=f"parts.{code}",
            )
    for code in held.keys() - set(PARTS):
        yield _wrong("scheme_part_unknown", f"方案没有“{code}”这一部分。", f"A scheme has no part “{code}”.", path="parts")


def _groups(scheme: Scheme) -> Iterator[Finding]:
    if tuple(scheme.groups) != GROUPS:
        yield _wrong(
            "scheme_groups",
            f"指标须恰为专栏1的十组（{GROUPS[0]}–{GROUPS[-1]}，依次），现为 {len(scheme.groups)} 组。",
            f"There must be exactly the ten groups of box 1 in their order; there are {len(scheme.groups)}.",
            article="专栏1", path="groups", measured="、".join(scheme.groups), required="、".join(GROUPS),
        )
    for code in GROUPS:
        if code in scheme.groups and not scheme.of_group(code):
            yield _wrong("scheme_group_empty", f"{code} 组没有指标。", f"The group {code} has no indicator.",
                         article="专栏1", file="catalogue")


def _elements(scheme: Scheme) -> Iterator[Finding]:
    for each in scheme.indicators:
        group = scheme.groups.get(each.group)
        if group is None or not set(each.elements) <= set(group.elements):
            yield _wrong(
                "scheme_element_unknown",
                f"指标 {each.code} 所列的组或要素不在方案中：{each.group} {'、'.join(each.elements)}。",
                f"The group or elements of {each.code} are not in the scheme: {each.group} {', '.join(each.elements)}.",
                file="catalogue",
            )
    for code, group in scheme.groups.items():
        met = {element for each in scheme.of_group(code) for element in each.elements}
        for element in group.elements.keys() - met:
            yield _wrong(
                "scheme_element_unmet",
                f"{code} 组的要素“{group.elements[element].zh}”没有指标反映。",
                f"No indicator of {code} reflects the element “{group.elements[element].en}”.",
                article="专栏1", file="catalogue",
            )


def _five_types(scheme: Scheme) -> Iterator[Finding]:
    if set(scheme.shape.five_types) != set(FIVE_TYPES):
        yield _wrong("scheme_five_types", "五型须为平安、效能、智慧、法治、绿色。",
                     "The five types are safe, effective, smart, lawful and green.", article="三(三)", path="five_types")
    for code in FIVE_TYPES:
        if not scheme.fed_by(code):
            yield _wrong("scheme_type_unfed", f"五型中的“{code}”没有任何指标组支撑。", f"No group feeds the type “{code}”.",
                         article="三(三)", path="groups")
    for code, group in scheme.groups.items():
        for unknown in set(group.feeds) - set(FIVE_TYPES):
            yield _wrong("scheme_type_unknown", f"{code} 组支撑的“{unknown}”不在五型之列。",
                         f"“{unknown}”, which {code} feeds, is none of the five types.", path=f"groups.{code}.feeds")


def _bands(scheme: Scheme) -> Iterator[Finding]:
    limits = [band.least for band in scheme.shape.bands]
    if limits != sorted(set(limits), reverse=True) or limits[-1] != 0:
        yield _wrong("scheme_bands", "档次须由高到低排列、界限互不相同、最低一档自 0 分起。",
                     "Bands run from the best down, with different limits, the last from 0.", path="bands",
                     measured="、".join(f"{limit:g}" for limit in limits))
    low, high = scheme.shape.peers.percentiles
    if not 0 <= low < high <= 100:
        yield _wrong("scheme_percentiles", "百分位须在 0 至 100 之间且前小后大。",
                     "The percentiles must lie within 0 and 100, the lower first.", path="peers.percentiles")


def _formulas(scheme: Scheme) -> Iterator[Finding]:
    known = {item.code for item in scheme.items.values()}
    trees: list[tuple[str, Node, Indicator | None]] = [(each.code, each.formula, each) for each in scheme.indicators]
    trees += [(code, tree, None) for code, tree in scheme.derived.items()]
    for code, tree, indicator in trees:
        for item in sorted(tree.items()):
            if item not in known:
                yield _wrong("formula_item_unknown", f"{code} 的公式用到的数据项“{item}”不在目录中。",
                             f"The formula of {code} uses “{item}”, which is no data item.", file="catalogue")
            elif indicator is not None:
                for kind in sorted(indicator.ports):
                    if not scheme.items[item].applies_to(kind):
                        yield _wrong("formula_item_elsewhere", f"{code} 适用于 {kind}，所用数据项“{item}”却不适用。",
                                     f"{code} applies to {kind}, its item “{item}” does not.", file="catalogue")
    volume = scheme.shape.volume
    for code in [*scheme.derived, volume.item]:
        if code not in known or not scheme.items[code].is_derived:
            yield _wrong("derived_item_unknown", f"“{code}”不是目录中的计算项。", f"“{code}” is no derived item.")
    for code in [*volume.parts, *scheme.shape.honest_reporting]:
        if code not in known:
            yield _wrong("formula_item_unknown", f"方案用到的数据项“{code}”不在目录中。", f"“{code}” is no data item.")
    if abs(sum(volume.parts.values()) - 1) > SUM_TOLERANCE or min(volume.parts.values()) <= 0:
        yield _wrong("volume_shares", "综合通行量各部分的比重须为正、合计为 1。",
                     "The shares of the composite volume must be positive and sum to 1.", path="volume.parts")
    for each in scheme.indicators:
        if (each.missing == "M5") != bool(each.points):
            yield _wrong("rule_misplaced", f"{each.code}：M5 用于清单，也只有清单用 M5。",
                         f"{each.code}: M5 is for checklists, and for them only.", file="catalogue")
        if each.missing == "M6" and not isinstance(each.formula, Item):
            yield _wrong("rule_misplaced", f"{each.code}：M6 只用于单个调查数据项。",
                         f"{each.code}: M6 is for a single survey item only.", file="catalogue")
        if each.polarity != each.rule.polarity:
            yield _wrong("rule_polarity", f"{each.code} 的方向“{each.polarity}”与标准化 {each.rule} 不符。",
                         f"The polarity of {each.code}, “{each.polarity}”, does not fit {each.rule}.", file="catalogue")
        lags = {node.name for node in walk(each.formula) if hasattr(node, "name") and node.name.startswith("prev")}
        if lags and each.missing != "M2":
            yield _wrong("rule_misplaced", f"{each.code} 与往年比较，首年必然没有，缺失规则须为 M2。",
                         f"{each.code} compares with earlier years, which a first year lacks: its rule must be M2.",
                         file="catalogue")


def _weights(scheme: Scheme) -> Iterator[Finding]:
    for kind in scheme.types:
        held = scheme.weights.get(kind, {})
        wanted = {each.code for each in scheme.indicators if kind in each.ports}
        if set(held) != wanted:
            odd = sorted(set(held) ^ wanted)
            yield _wrong("weights_do_not_fit", f"{kind} 的权重与适用指标不一致：{'、'.join(odd[:8])}。",
                         f"The weights of {kind} do not fit the indicators that apply: {', '.join(odd[:8])}.", file="weights")
        if any(weight < 0 for weight in held.values()):
            yield _wrong("weights_negative", f"{kind} 有负的权重。", f"{kind} has a negative weight.", file="weights")
        total = sum(held.values())
        if abs(total - 1) > SUM_TOLERANCE:
            yield _wrong("weights_sum", f"{kind} 的权重合计为 {total:.6f}，须为 1。",
                         f"The weights of {kind} sum to {total:.6f}, not to 1.", file="weights", measured=f"{total:.6f}", required="1")


def _shares(scheme: Scheme) -> Iterator[Finding]:
    for kind in scheme.types:
        share = scheme.quantitative_share(kind) if kind in scheme.weights else 0.0
        # Printed weights may miss a share of exactly a half by their last digit: that is not "more than half" either.
        if share <= 0.5 + SUM_TOLERANCE:
            yield _wrong("scheme_not_quantitative", f"{kind} 的定量指标权重为 {share:.1%}，须超过一半。",
                         f"Quantitative indicators weigh {share:.1%} for {kind}; more than half is wanted.",
                         article="六(一)", file="weights", measured=f"{share:.4f}", required="> 0.5")
        elif share >= 1 - SUM_TOLERANCE:
            yield _wrong("scheme_not_qualitative", f"{kind} 没有定性指标；须定量与定性相结合。",
                         f"{kind} has no qualitative indicator; both kinds are wanted.", article="六(一)", file="weights")


def _judgements(scheme: Scheme, judged: Mapping[str, Mapping[str, float]]) -> Iterator[Finding]:
    for kind in scheme.types:
        if kind not in judged or set(judged[kind]) != set(scheme.groups):
            yield _wrong("judgements_missing", f"{kind} 没有十组的判断矩阵。", f"{kind} has no judgements on the ten groups.", file="ahp")
            continue
        ratio = scheme.consistency[kind]
        if ratio > LARGEST_RATIO:
            yield _wrong(
                "judgements_inconsistent",
                f"{kind} 的判断矩阵一致性比率为 {ratio:.3f}，超过 {LARGEST_RATIO}，判断前后矛盾。",
                f"The judgements of {kind} contradict each other: consistency ratio {ratio:.3f}, above {LARGEST_RATIO}.",
                file="ahp", measured=f"{ratio:.4f}", required=f"≤ {LARGEST_RATIO}",
                remedy=("请重新比较矛盾最大的几组。", "Compare again the groups that contradict most."),
            )
            continue
        for code, weight in judged[kind].items():
            stated = scheme.group_weights.get(kind, {}).get(code, 0.0)
            summed = sum(scheme.weights.get(kind, {}).get(each.code, 0.0) for each in scheme.of_group(code))
            if abs(stated - weight) > PRINTED or abs(summed - stated) > PRINTED:
                yield _wrong(
                    "weights_differ_from_judgements",
                    f"{kind} 的 {code} 组：判断矩阵得 {weight:.4f}，权重表写 {stated:.4f}，组内合计 {summed:.4f}。",
                    f"{kind}, {code}: the judgements give {weight:.4f}, the table says {stated:.4f}, its rows sum to {summed:.4f}.",
                    file="weights",
                )


def _references(scheme: Scheme) -> Iterator[Finding]:
    def lacking(code: str, port_class: str, zh: str, en: str) -> Finding:
        return _wrong("reference_missing", f"{code} 对 {port_class} 类缺少{zh}。", f"{code} lacks {en} for the class {port_class}.",
                      file="references")

    for port_class, kind in scheme.shape.classes.items():
        for each in scheme.indicators:
            if kind not in each.ports:
                continue
            fixed = scheme.reference(each.code, port_class)
            if each.rule.is_relative:
                low, high = (fixed.low, fixed.high) if fixed else (None, None)
                if low is None or high is None or not low < high or (each.rule.code == "N1" and low <= 0):
                    yield lacking(each.code, port_class, "可用的固定参考值", "usable fixed values")
            if each.missing == "M6" and (fixed is None or fixed.median is None):
                yield lacking(each.code, port_class, "中位参考值", "a fixed median")
        for code in scheme.shape.volume.parts:
            fixed = scheme.reference(code, port_class)
            if fixed is None or not fixed.median or fixed.median <= 0:
                yield lacking(code, port_class, "中位参考值", "a fixed median")


def _readings(scheme: Scheme) -> Iterator[Finding]:
    for code in ("silence_under_m2", "feed_gap_of_one_port"):
        reading = scheme.shape.readings.get(code)
        if reading is None or reading.value not in reading.choices or not reading.why.text.zh:
            yield _wrong("reading_missing", f"方案须说明“{code}”如何理解及理由。", f"The scheme must say how “{code}” is read, and why.",
                         path=f"readings.{code}")
    repeated = [code for code, count in Counter(each.code for each in scheme.indicators).items() if count > 1]
    for code in repeated:
        yield _wrong("indicator_repeated", f"指标 {code} 重复。", f"The indicator {code} occurs twice.", file="catalogue")
    for code in scheme.shape.zero_divisor_is_error:
        if code not in scheme.groups:
            yield _wrong("scheme_groups", f"没有“{code}”组。", f"There is no group “{code}”.", path="zero_divisor_is_error")
