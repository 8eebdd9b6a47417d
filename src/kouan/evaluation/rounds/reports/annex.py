"""The annexes of every report: where the figures come from, how points are made, and what the result can be made again from."""

from __future__ import annotations

from collections.abc import Sequence

from kouan.basis import clock
from kouan.desk.papers import report
from kouan.desk.papers.report import Block
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.method.scheme.words import missing_words
from kouan.evaluation.rounds.models import Freeze, Scoring
from kouan.evaluation.rounds.reports.words import class_name, share

MISSING_RULES = ("M1", "M2", "M3", "M4", "M5", "M6")


def sources(scheme: Scheme, codes: Sequence[str], *, number: str = "二") -> list[Block]:
    """From whom the figures come: who submits, which sources they draw on, for which indicators, and who verifies."""
    found: dict[str, dict[str, list[str]]] = {}
    checked: dict[str, dict[str, None]] = {}
    for code in codes:
        each = scheme.indicator(code)
        found.setdefault(each.submitter, {}).setdefault(each.source.replace(";", "；"), []).append(code.removeprefix("I-"))
        checked.setdefault(each.submitter, {})[each.verifier] = None
    rows = [(who, "；".join(f"{source}（{'、'.join(held)}）" for source, held in of.items()), "、".join(checked[who])) for who, of in found.items()]
    return [report.heading(f"附件{number}　数据来源"),
            report.table(("报送单位", "来源（指标代码 I- 之后的数字）", "核验单位"), rows, widths=(1.4, 5, 2.2))]


def method(scheme: Scheme, scoring: Scoring, freeze: Freeze, port_class: str = "", *, number: str = "三") -> list[Block]:
    """The method in short: groups with their weights, normalisation, what is missing, totals and bands.

    ``port_class``: the class whose weights are listed; empty: those of every type of port.
    """
    low, high = (f"{each:g}" for each in scheme.shape.peers.percentiles)
    smallest, target, cap = scheme.shape.peers.smallest, scheme.shape.target, scheme.shape.red_line.cap
    state = "方案为建议稿，指标、权重、档次线和固定参考值均未经主管部门审定。" if scheme.is_proposal else ""
    return [
        report.heading(f"附件{number}　方法与版本" if number else "附件　方法与版本"),
        report.text(f"评估依据国家“十四五”口岸发展规划四（一）、六（一）和专栏1，按“{scheme.name.zh}”计分，"
                    f"十组 {len(scheme.indicators)} 项指标。{state}"),
        *_weights(scheme, port_class),
        report.points(
            "标准化：各指标数值按规则换算为 0–100 分。"
            f"N1 取对数、N2 按比例，与同类口岸的 {low}% 和 {high}% 分位比较；N3 同 N2，越低越好；N4 按达到目标 {target:g} 的比例；N5 适度区间；"
            "N6、N7 数值即得分；N8 固定标尺；N9 红线。",
            f"同类：同一运输类别、同一等级；有值的口岸不足 {smallest} 个时用全类，仍不足时用方案的固定参考值。",
            *(f"缺失 {code}：{missing_words(scheme, code).zh.removesuffix(f'（{code}）')}。" for code in MISSING_RULES),
            f"汇总：组内按现权重加权平均，总分为各组按现权重加权平均；触及红线的，所在组不超过 {cap:g} 分。",
            "档次：" + "，".join(f"{band.zh} {band.least:g} 分及以上" for band in scheme.shape.bands) + "。"),
        report.note(f"数据时点：北京时间 {freeze.known_at.astimezone(clock.BEIJING):%Y-%m-%d %H:%M}，"
                    f"{freeze.first_year}–{freeze.last_year} 年，有数据 {freeze.cells:,} 格；结果第 {scoring.number} 版。")]


def _weights(scheme: Scheme, port_class: str) -> list[Block]:
    """The weights of the groups: of one type in a sentence, of all types in a table."""
    if port_class:
        of = scheme.group_weights[scheme.shape.classes[port_class]]
        said = "、".join(f"{each.name.zh.removesuffix('指标')} {share(of[code], 2)}" for code, each in scheme.groups.items())
        return [report.text(f"{class_name(port_class)}口岸各组的方案权重：{said}。")]
    rows = [(each.name.zh, str(len(scheme.of_group(code))), *(share(scheme.group_weights[kind][code], 2) for kind in scheme.types))
            for code, each in scheme.groups.items()]
    return [report.table(("指标组", "指标数", *(_type_name(scheme, kind) for kind in scheme.types)), rows,
                         widths=(2.6, 1, *([1] * len(scheme.types))), numbers=tuple(range(1, 2 + len(scheme.types))),
                         caption="各组的方案权重，按口岸类型")]


def _type_name(scheme: Scheme, kind: str) -> str:
    """A type of port by the classes that have its weights."""
    held = [class_name(code) for code, one in scheme.shape.classes.items() if one == kind]
    return held[0] if len(held) == 1 else "航空" if kind == "air" else "、".join(held)
