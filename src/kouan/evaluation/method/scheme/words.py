"""The codes of a scheme in words, for whoever reads a score: units, normalisations N1–N9, missing rules M1–M6, formulas.

>>> unit_words("t/FTE").zh, unit_words("index/10^6 CNY").zh, unit_words("h").zh
('吨/名', '指数/百万元', '小时')
>>> from kouan.evaluation import schemes
>>> scheme = schemes.get("national-first")
>>> formula_words(scheme, scheme.indicator("I-0301").formula).zh
'进出境货运量 ÷ 查验人员在岗数'
>>> rule_words(scheme, scheme.indicator("I-0104").rule).zh
'固定标尺：85 得 0 分，99 得 100 分，其间按比例（N8）'
"""

from __future__ import annotations

import re

from kouan.basis import Refused, Text, quantity
from kouan.evaluation.method.scheme.english import told
from kouan.evaluation.method.scheme.formula import Checklist, Node
from kouan.evaluation.method.scheme.items import Items
from kouan.evaluation.method.scheme.rule import Rule
from kouan.evaluation.method.scheme.scheme import Scheme

# What the scheme's units say that is no unit of the registry, and what reads otherwise after a stroke.
_UNITS = {
    "index": Text("指数", "index"), "share": Text("（0–1）", "of 1"), "answers": Text("份答卷", "answers"), "eq": Text("污染当量", "equivalents"),
    "10^4 m2": Text("万平方米", "10,000 m²"), "10^6 CNY": Text("百万元", "million CNY"), "t": Text("吨", "t"), "m2": Text("平方米", "m²"),
    "m3": Text("立方米", "m³"), "points": Text("分", "points"), "0-100": Text("分", "points"),
}
_FUNCTIONS = {"prev": Text("上年", "last year's "), "prev3": Text("三年前", "three years before: "), "min": Text("取较小者", "min"),
              "max": Text("取较大者", "max")}
_SIGNS = {"*": " × ", "/": " ÷ ", "+": " + ", "-": " − ", "**": " ^ "}
_BRACKETS = re.compile(r"\s*[（(][^（()）]*[)）]$")
_TOKEN = re.compile(r"\d*[^\W\d]\w*(?:\.[^\W\d]\w*)*|\d+(?:\.\d+)?|\*\*|[-+*/(),]")

def unit_words(code: str) -> Text:
    """A unit of the scheme in words; what nobody knows is given as written."""
    if code in _UNITS:
        return _UNITS[code]
    try:
        found = quantity.get(code).name
    except Refused:
        found = Text("", "")
    if found.zh:
        return found
    above, stroke, below = code.partition("/")
    if not stroke:
        return Text(code, code)
    one, other = unit_words(above), unit_words(below)
    return Text(f"{one.zh}/{other.zh}", f"{one.en}/{other.en}")


def rule_words(scheme: Scheme, rule: Rule) -> Text:
    """How a value becomes points, in one sentence."""
    n = [f"{each:g}" for each in rule.arguments]
    low, high = (f"{each:g}" for each in scheme.shape.peers.percentiles)
    by = {
        "N1": lambda: Text(f"与同类口岸比，取对数，{low}% 分位得 0 分、{high}% 分位得 100 分，其间按比例",
                           f"among peers, on a log scale: the {low}th percentile has 0 points, the {high}th 100"),
        "N2": lambda: Text(f"与同类口岸比，{low}% 分位得 0 分、{high}% 分位得 100 分，其间按比例",
                           f"among peers: the {low}th percentile has 0 points, the {high}th 100, in proportion between"),
        "N3": lambda: Text(f"越低越好：与同类口岸比，{low}% 分位得 100 分、{high}% 分位得 0 分，其间按比例",
                           f"lower is better: among peers the {low}th percentile has 100 points, the {high}th 0"),
        "N4": lambda: Text(f"按达到目标值 {scheme.shape.target:g} 的比例，达到即得 100 分",
                           f"the share of the target {scheme.shape.target:g} that is reached"),
        "N5": lambda: Text(f"适度区间：{n[0]}–{n[1]} 得 100 分，降到 {n[2]} 或升到 {n[3]} 得 0 分",
                           f"a band: {n[0]}–{n[1]} has 100 points, falling to 0 at {n[2]} and {n[3]}"),
        "N6": lambda: Text("数值即得分", "the value is the points"),
        "N7": lambda: Text("问卷得分即得分", "the survey's score is the points"),
        "N8": lambda: Text(f"固定标尺：{n[1]} 得 0 分，{n[0]} 得 100 分，其间按比例", f"a fixed scale: {n[1]} has 0 points, {n[0]} has 100"),
        "N9": lambda: Text(f"红线：没有得 100 分，发生一起及以上得 0 分，所在组得分不超过 {scheme.shape.red_line.cap:g} 分",
                           f"a red line: none has 100 points, one or more 0, and its group is capped at {scheme.shape.red_line.cap:g}"),
    }
    said = by[rule.code]()
    return Text(f"{said.zh}（{rule.code}）", f"{said.en} ({rule.code})")


def missing_words(scheme: Scheme, code: str) -> Text:
    """What happens where the indicator has no value of its own."""
    missing = scheme.shape.missing
    said = {
        "M1": Text(f"应报未报：催报 {missing.reminders} 次后仍未报计 0 分，此前暂不计入",
                   f"owed: 0 points once {missing.reminders} reminders have run out, not counted before"),
        "M2": Text("分母为零、无往年数据或经认定不适用的，权重由同组其他指标承担",
                   "a zero divisor, no earlier year or a decision that it does not apply: its weight goes to its group"),
        "M3": Text(f"缺失的沿用上年得分的 {missing.carried_factor:.0%}，仅一次", f"{missing.carried_factor:.0%} of last year's score, once"),
        "M4": Text("中央数据源中断或全类无数据的，全类暂停该指标", "suspended for the whole class where its central source failed"),
        "M5": Text("检查表中没有佐证的项计 0", "points of the checklist without evidence count 0"),
        "M6": Text(f"有效答卷不足 {missing.smallest_survey} 份的，用同类口岸的中位数",
                   f"fewer than {missing.smallest_survey} answers: the median of the peers"),
    }[code]
    return Text(f"{said.zh}（{code}）", f"{said.en} ({code})")


def formula_words(scheme: Scheme, formula: Node) -> Text:
    """A formula with the names of its items."""
    if isinstance(formula, Checklist):
        return Text(f"检查表达标项的百分比：{'、'.join(formula.points)}",
                    f"share of the points of the checklist that are met, in per cent: {', '.join(told(point).en for point in formula.points)}")
    zh, en = (_spelt(scheme.items, str(formula), at) for at in ("zh", "en"))
    return Text(zh, en)


def _spelt(items: Items, text: str, language: str) -> str:
    said: list[str] = []
    comma = "，" if language == "zh" else ", "
    opens = True
    for part in _TOKEN.findall(text):
        if part in items:
            # What stands in brackets after a name tells how it is counted; the list of figures below has it.
            said.append(_BRACKETS.sub("", items[part].name.in_language(language)))
        elif part in _FUNCTIONS:
            said.append(_FUNCTIONS[part].in_language(language))
        elif part == "-" and opens:
            said.append("−")
        else:
            said.append(comma if part == "," else _SIGNS.get(part, part))
        opens = part in ("(", ",", *_SIGNS)
    return "".join(said)
