"""The methodology of a scheme for its page, made from the scheme alone: what the plan fixes, what is proposed, every indicator in sentences."""

from __future__ import annotations

from typing import Any

from kouan.basis import Text
from kouan.console.evaluation_page import class_words, share_words, types_of
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.method.scheme.doubts import RUNS, VARIED
from kouan.evaluation.method.scheme.english import told
from kouan.evaluation.method.scheme.scheme import Indicator
from kouan.evaluation.method.scheme.words import formula_words, missing_words, rule_words, unit_words

PARTS = {
    "objects": Text("评估对象", "Objects"), "indicator_system": Text("指标体系", "Indicators"), "bodies": Text("实施主体", "Who carries it out"),
    "procedure": Text("评估程序", "Procedure"), "publication": Text("结果发布", "Publication"), "application": Text("结果应用", "Use of results"),
}
FREQUENCIES = {
    "month": Text("按月", "monthly"), "quarter": Text("按季", "quarterly"), "half-year": Text("按半年", "half-yearly"),
    "year": Text("按年", "yearly"), "event": Text("按次", "as it happens"),
}
POLARITIES = {
    "higher": Text("越高越好", "higher is better"), "lower": Text("越低越好", "lower is better"), "band": Text("适度为好", "a band is best"),
}
READINGS = {
    "silence_under_m2": Text("适用M2的指标未报怎么办", "An M2 indicator that is not reported"),
    "feed_gap_of_one_port": Text("中央数据源只缺个别口岸怎么办", "A central source that lacks a single port"),
}
# What the plan itself says, and where; everything else in a scheme is of whoever wrote it.
OF_THE_PLAN = (
    Text("十组指标及其反映内容、考虑要素（专栏1）", "The ten groups, what they reflect and consider (box 1)"),
    Text("按年度开展综合绩效评估（四(一)）", "Evaluation once a year (四(一))"),
    Text("定量为主、定量与定性相结合（六(一)）", "Mainly quantitative, with some qualitative (六(一))"),
    Text("须明确对象、指标体系、实施主体、评估程序、结果发布及应用（六(一)）",
         "Objects, indicators, bodies, procedure, publication and use are to be settled (六(一))"),
    Text("五型口岸的名称：平安、效能、智慧、法治、绿色", "The names of the five types of port"),
)
PROPOSED = (
    Text("指标、公式、标准化方法和缺失规则", "Indicators, formulas, normalisation and rules for what is missing"),
    Text("组和指标的权重（附判断矩阵和一致性比例）", "Weights of groups and indicators (with judgements and consistency ratio)"),
    Text("档次线、红线封顶、固定参考值", "Limits of the bands, the cap of a red line, fixed reference values"),
    Text("各组与五型的对应关系", "Which group feeds which type"),
    Text("未明之处的理解", "How open questions are read"),
)


def method_of(scheme: Scheme) -> dict[str, Any]:
    """Everything that the page of the methodology shows, in the order of the page."""
    types, shape = types_of(scheme), scheme.shape
    return {
        "parts": [(words, shape.parts[code].text) for code, words in PARTS.items() if code in shape.parts],
        "of_the_plan": OF_THE_PLAN, "proposed": PROPOSED, "types": [class_words(each) for each in types],
        "shares": [share_words(scheme.quantitative_share(kind)) for kind in types],
        "consistency": [f"{scheme.consistency[kind]:.3f}" for kind in types],
        "groups": [{
            "code": code, "name": group.name.text, "reflects": told(group.reflects), "considers": told(group.considers),
            "elements": [(name, each.text) for name, each in group.elements.items()],
            "feeds": [shape.five_types[each].text for each in group.feeds],
            "weights": [share_words(sum(scheme.weights[kind].get(each.code, 0.0) for each in scheme.of_group(code))) for kind in types],
            "indicators": [_indicator(scheme, each, types) for each in scheme.of_group(code)],
        } for code, group in scheme.groups.items()],
        "bands": [(each.name, each.least) for each in sorted(shape.bands, key=lambda each: -each.least)],
        "five_types": [{"name": pair.text, "groups": [scheme.groups[code].name.text for code in scheme.fed_by(kind)]}
                       for kind, pair in shape.five_types.items()],
        "readings": [{"label": READINGS.get(code, Text(code, code)), "value": each.value, "why": each.why.text}
                     for code, each in shape.readings.items()],
        "peers": shape.peers, "missing": shape.missing, "red_line": shape.red_line, "rectify_under": shape.rectify_under, "decimals": shape.decimals,
        "volume": {"year": shape.volume.base_year,
                   "parts": [(scheme.items[code].name, f"{share:.0%}") for code, share in shape.volume.parts.items()]},
        "derived": [(scheme.items[code].name, formula_words(scheme, tree), str(tree)) for code, tree in scheme.derived.items()],
        "tolerance": f"{shape.derived.tolerance:.1%}", "varied": VARIED, "runs": RUNS, "note": shape.note.text,
        "count": len(scheme.indicators), "items": len(scheme.items),
    }


def _indicator(scheme: Scheme, each: Indicator, types: list[str]) -> dict[str, Any]:
    return {
        "code": each.code, "name": each.name, "formula": formula_words(scheme, each.formula), "symbols": str(each.formula),
        "unit": unit_words(each.unit), "rule": rule_words(scheme, each.rule), "missing": missing_words(scheme, each.missing),
        "polarity": POLARITIES.get(each.polarity, Text(each.polarity, each.polarity)),
        "kind": Text("定量", "quantitative") if each.is_quantitative else Text("定性", "qualitative"),
        "elements": [scheme.groups[each.group].elements[code].text for code in each.elements if code in scheme.groups[each.group].elements],
        "source": told(each.source), "submitter": told(each.submitter), "verifier": told(each.verifier), "evidence": told(each.evidence),
        "frequency": FREQUENCIES.get(each.frequency, Text(each.frequency, each.frequency)),
        "weights": [(class_words(kind), f"{scheme.weights[kind][each.code]:.2%}") for kind in types if each.code in scheme.weights[kind]],
    }
