"""The national report: overview, classes and grades, places, provinces, groups, a second method beside the first, quality of the data, method.

Places and decimals of all ports: only for who may read ranks (`scores.read_ranks`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from kouan.desk.papers import charts, report
from kouan.desk.papers.report import Block, Report
from kouan.evaluation.method.scheme import MARK_TEXT, Mark, RoundResult, statistical, two_methods
from kouan.evaluation.method.scheme.catalogue import peer_groups
from kouan.evaluation.method.scheme.score import ranks_within
from kouan.evaluation.rounds.reports import annex
from kouan.evaluation.rounds.reports.lines import (
    PortLine,
    band_counts,
    by_class,
    five_numbers,
    middle,
    often,
    totals,
)
from kouan.evaluation.rounds.reports.port import OfRound
from kouan.evaluation.rounds.reports.province import band_words, counted, remark
from kouan.evaluation.rounds.reports.words import (
    ISSUER,
    NONE,
    cited,
    class_name,
    grade_name,
    group_name,
    labels_of,
    points,
    province_name,
    province_short,
    share,
    signed,
)

BEST = 3
_TOLD_MARKS = (Mark.SCORED, Mark.UNREPORTED, Mark.AWAITED, Mark.CARRIED, Mark.NO_EVIDENCE, Mark.PEER_MEDIAN, Mark.NOT_APPLICABLE, Mark.SUSPENDED)


def national_report(of: OfRound, made: RoundResult, lines: Sequence[PortLine]) -> Report:
    """The report of the whole round, with places."""
    return Report(
        kind="全国口岸综合绩效评估报告", title=f"{of.held.year} 年度全国口岸综合绩效评估报告", issuer=ISSUER,
        labels=[*labels_of(of.held, is_proposal=of.scheme.is_proposal), "内部：含名次，不得外传"], has_contents=True,
        blocks=[*_overall(of, lines), *_classes(of, lines), *_best(lines), *_provinces(of, lines), *_groups(of, lines), *_methods(of, made),
                *_quality(of, lines)],
        annexes=[*_places(of, made, lines), *annex.method(of.scheme, of.scoring, of.freeze, number="二")],
        cited_as=cited(of.held, of.scoring, of.freeze, "全国报告"))


def _bands(of: OfRound) -> list[str]:
    return [band.zh for band in of.scheme.shape.bands]


def _overall(of: OfRound, lines: Sequence[PortLine]) -> list[Block]:
    kinds = by_class(lines)
    order = [band.code for band in of.scheme.shape.bands]
    both = [(order.index(each.band_before), order.index(each.result.band)) for each in lines
            if each.band_before in order and each.result.band in order]
    up, down = sum(after < before for before, after in both), sum(after > before for before, after in both)
    now, last = middle(totals(lines)), middle([each.before for each in lines if each.before is not None])
    words = f"{of.held.year} 年度共评估 {len(lines)} 个口岸，评估结果为{counted(of, lines)}。总分中位数 {points(now, 2)} 分"
    if now is not None and last is not None:
        words += (f"，按本年方案计上年为 {points(last, 2)} 分，变化 {signed(now - last, 2)} 分；"
                  f"与上年相比 {up} 个口岸档次上升，{down} 个下降，{len(both) - up - down} 个不变")
    words += "。"
    invented = sum(each.port.is_invented for each in lines)
    if invented:
        words += f"其中 {invented} 个为演练设定的口岸，不在名录中。"
    red = [each.result.name.zh for each in lines if each.result.red_line]
    words += f"触及红线的口岸 {len(red)} 个{'：' + '、'.join(red) if red else ''}。"
    rows = [(class_name(code), band_counts(of.scheme, held)) for code, held in kinds.items()]
    rows.append(("全国", band_counts(of.scheme, lines)))
    return [report.heading("一、总体情况"), report.text(words),
            report.figures(charts.shares(rows, names=_bands(of), face=of.face, caption="各类口岸的档次分布（个）"))]


def _classes(of: OfRound, lines: Sequence[PortLine]) -> list[Block]:
    drawn = [charts.Spread(class_name(code), five) for code, held in by_class(lines).items() if (five := five_numbers(totals(held)))]
    cuts = [(band.zh, band.least) for band in of.scheme.shape.bands if band.least]
    rows: list[tuple[str, ...]] = []
    for code, held in by_class(lines).items():
        grades = dict.fromkeys(each.result.grade for each in held)
        rows += [_class_row(of, class_name(code), grade_name(grade), [each for each in held if each.result.grade == grade]) for grade in grades]
        rows.append(_class_row(of, class_name(code), "合计", held))
    return [report.heading("二、分类别、分等级结果"),
            report.figures(charts.spreads(drawn, cuts=cuts, face=of.face, caption="各类口岸总分：最低、中间一半、中位数、最高")),
            report.table(("类别", "等级", "口岸", *_bands(of), "最低", "中位数", "最高"), rows,
                         widths=(1.3, 1.9, 0.8, *([0.9] * len(_bands(of))), 0.9, 1, 0.9), numbers=tuple(range(2, 6 + len(_bands(of)))),
                         caption="档次和总分，按类别和等级"),
            report.note("同类组为同一类别、同一等级的口岸；不同类别的权重和标尺不同，总分不宜跨类别比较。")]


def _class_row(of: OfRound, port_class: str, grade: str, lines: Sequence[PortLine]) -> tuple[str, ...]:
    five = five_numbers(totals(lines)) or (None,) * 5
    return (port_class, grade, str(len(lines)), *(str(each) for each in band_counts(of.scheme, lines)), points(five[0]), points(five[2]),
            points(five[4]))


def _best(lines: Sequence[PortLine]) -> list[Block]:
    rows = []
    for group in dict.fromkeys(each.group for each in lines):
        held = sorted((each for each in lines if each.group == group and each.result.rank), key=lambda each: each.result.rank or 0)
        first = [each for each in held if (each.result.rank or 0) <= BEST]
        rows.append((group_name(group), str(len(held)), "、".join(f"{each.result.name.zh}（{points(each.result.total, 2)}）" for each in first)))
    return [report.heading("三、各同类组名次"),
            report.table(("同类组", "口岸", f"前 {BEST} 名（总分）"), rows, widths=(2.2, 0.7, 6), numbers=(1,)),
            report.note("全部名次见附件一。名次相差不大的，可能在数据误差之内；使用时应结合名次的不确定性分析。")]


def _provinces(of: OfRound, lines: Sequence[PortLine]) -> list[Block]:
    found: dict[str, list[PortLine]] = {}
    for each in lines:
        if each.port.province_code:
            found.setdefault(each.port.province_code, []).append(each)
    rows = []
    for code, held in sorted(found.items()):
        moved = [each.change for each in held if each.change is not None]
        rows.append((province_name(code), str(len(held)), *(str(each) for each in band_counts(of.scheme, held)), points(middle(totals(held))),
                     signed(middle(moved)), str(sum(each.count("unreported") for each in held))))
    out = sum(not each.port.province_code for each in lines)
    said = [report.heading("四、各省（区、市）情况"),
            report.table(("省份", "口岸", *_bands(of), "总分中位数", "变化中位数", "未报指标"), rows,
                         widths=(2, 0.8, *([0.9] * len(_bands(of))), 1.2, 1.2, 1), numbers=tuple(range(1, 5 + len(_bands(of)))))]
    if out:
        said.append(report.note(f"另有 {out} 个演练设定的口岸无所在省，未列入。"))
    return said


def _groups(of: OfRound, lines: Sequence[PortLine]) -> list[Block]:
    kinds = by_class(lines)
    rows = []
    for code, each in of.scheme.groups.items():
        cells = [middle([value for line in held if line.result.groups and (value := line.result.groups.get(code)) is not None])
                 for held in kinds.values()]
        rows.append((each.name.zh, *(points(cell) for cell in cells)))
    return [report.heading("五、十组指标"),
            report.table(("指标组", *(class_name(code) for code in kinds)), rows, widths=(2.6, *([1] * len(kinds))),
                         numbers=tuple(range(1, 1 + len(kinds))), caption="各类口岸十组得分的中位数")]


def _methods(of: OfRound, made: RoundResult) -> list[Block]:
    found = two_methods(made, of.held.year)["class"]
    names = {each.code: each.name_zh for each in of.freeze.ports.only("code", "name_zh")}
    rows = [(class_name(each.group), str(each.ports), NONE if each.spearman is None else f"{each.spearman:.3f}",
             NONE if each.kendall is None else f"{each.kendall:.3f}", str(each.largest),
             "；".join(f"{names[port]}（{first}→{second}）" for port, first, second in each.furthest[:2])) for each in found]
    return [report.heading("六、两种方法的一致性"),
            report.text("除方案计分外，另用不含任何权重和标准化判断的统计法（类内正态得分、主成分、方差最大旋转）对同样的数据独立评分。"
                        "两法名次接近的，结论较稳；相差大的口岸应当核对数据和指标适用性。"),
            report.table(("类别", "口岸", "斯皮尔曼", "肯德尔", "最大名次差", "相差最大的口岸（方案→统计法）"), rows,
                         widths=(1.2, 0.7, 1, 0.9, 1.2, 5), numbers=(1, 2, 3, 4), caption="两法在各类别内的名次相关"),
            *([] if found else [report.note("口岸过少，统计法不评分。")])]


def _quality(of: OfRound, lines: Sequence[PortLine]) -> list[Block]:
    count = Counter(mark for each in lines for mark in each.result.marks.values())
    whole = sum(count.values())
    rows = [(MARK_TEXT[mark].zh, f"{count[mark.name.lower()]:,}", share(count[mark.name.lower()] / whole if whole else None, 2))
            for mark in _TOLD_MARKS]
    least = [(code, of.scheme.indicator(code).name.zh, str(found), of.scheme.indicator(code).submitter)
             for code, found in often(lines, "unreported", 8)]
    said = [report.heading("七、数据质量"),
            report.text(f"全部 {whole:,} 个指标值中，按当年数据计分的占 {share(count['scored'] / whole if whole else None)}；"
                        f"结果暂定的口岸 {sum(each.result.provisional for each in lines)} 个。"
                        f"冻结数据 {of.freeze.cells:,} 格，冻结时发现问题 {len(of.freeze.findings)} 条，计分时 {len(of.scoring.findings)} 条。"),
            report.table(("计分情形", "指标值", "占比"), rows, widths=(5, 1, 1), numbers=(1, 2), caption="指标值的计分情形")]
    if least:
        said.append(report.table(("代码", "指标", "口岸数", "报送单位"), least, widths=(1, 3.5, 1, 2.5), numbers=(2,), caption="未报最多的指标"))
    return said


def _places(of: OfRound, made: RoundResult, lines: Sequence[PortLine]) -> list[Block]:
    other = statistical(made, of.held.year).score
    second = ranks_within(np.asarray(other)[None], peer_groups(made.data))[0]
    place = {code: int(second[at]) for at, code in enumerate(made.data.ports)}
    rows: list[tuple[str, ...]] = []
    for group in dict.fromkeys(each.group for each in lines):
        held = sorted((each for each in lines if each.group == group), key=lambda each: (each.result.rank or 10_000, each.result.code))
        rows.append((f"{group_name(group)}（{len(held)} 个）",))
        rows += [(str(each.result.rank or NONE), each.result.name.zh, province_short(each.port.province_code),
                  points(each.result.total, 2), band_words(of, each.result.band), points(each.before, 2), signed(each.change, 2),
                  str(place[each.result.code] or NONE), remark(each)) for each in held]
    return [report.heading("附件一　各同类组名次"),
            report.table(("名次", "口岸", "所在地", "总分", "档次", "上年", "变化", "统计法名次", "备注"), rows,
                         widths=(0.7, 3.6, 1.1, 0.9, 0.9, 0.9, 0.9, 1.4, 1.3), numbers=(0, 3, 5, 6, 7)),
            report.note("名次在同一运输类别、同一等级内排定，总分相同的并列；上年总分按本年方案计算；统计法名次为独立方法在同组内的名次。")]
