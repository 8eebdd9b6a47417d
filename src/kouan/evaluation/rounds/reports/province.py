"""The circular (通报) of one province: its ports by class with their bands, what rose, what is wrong, what is asked. Drafted, never issued here.

Results are notified as bands (the scheme, 结果发布), so it holds no total of a port; where its reader may read decimals it also says by
how much a port moved, last year's band, and the medians of the groups.
"""

from __future__ import annotations

from collections.abc import Sequence

from kouan.desk.papers import charts, report
from kouan.desk.papers.report import Block, Report
from kouan.evaluation.rounds.reports import annex
from kouan.evaluation.rounds.reports.lines import PortLine, band_counts, by_class, middle, often
from kouan.evaluation.rounds.reports.port import OfRound
from kouan.evaluation.rounds.reports.words import (
    ISSUER,
    NONE,
    cited,
    class_name,
    grade_name,
    labels_of,
    province_name,
    signed,
)

# A rise of the total from which a port is named.
GAIN = 3.0
NAMED = 6


def province_report(of: OfRound, province: str, lines: Sequence[PortLine]) -> Report:
    """The circular for whoever may read all ports of the province."""
    name, year = province_name(province), of.held.year
    decimals = all("decimals" not in each.result.hidden for each in lines)
    blocks = [*_overall(of, name, lines), *_ports(of, lines, decimals)]
    if decimals:
        blocks += [*_gains(of, lines), *_groups(of, lines)]
    blocks += [*_problems(of, lines, "五" if decimals else "三"), *_asked(of, lines, "六" if decimals else "四")]
    return Report(
        kind="年度评估通报（代拟稿）", title=f"关于{name} {year} 年度口岸综合绩效评估情况的通报", issuer=ISSUER,
        labels=[*labels_of(of.held, is_proposal=of.scheme.is_proposal), "代拟稿：未经签发"],
        addressee=f"{name}口岸管理部门，有关口岸查验机构和口岸经营单位", blocks=blocks,
        annexes=annex.method(of.scheme, of.scoring, of.freeze, number=""),
        cited_as=cited(of.held, of.scoring, of.freeze, f"{name}通报稿"))


def band_words(of: OfRound, code: str | None) -> str:
    """A band in words."""
    return next((band.zh for band in of.scheme.shape.bands if band.code == code), NONE)


def counted(of: OfRound, lines: Sequence[PortLine]) -> str:
    """The bands with their numbers, those that are empty left out."""
    names = [band.zh for band in of.scheme.shape.bands]
    return "、".join(f"{name} {count} 个" for name, count in zip(names, band_counts(of.scheme, lines), strict=True) if count)


def remark(line: PortLine) -> str:
    """What must be known beside a band."""
    said = (["触及红线"] if line.result.red_line else []) + (["暂定"] if line.result.provisional else [])
    return "、".join(said)


def _overall(of: OfRound, name: str, lines: Sequence[PortLine]) -> list[Block]:
    kinds = by_class(lines)
    told = "、".join(f"{class_name(code)} {len(held)} 个" for code, held in kinds.items())
    provisional = sum(each.result.provisional for each in lines)
    words = f"{of.held.year} 年度{name}共有 {len(lines)} 个口岸参加评估，其中{told}。评估结果为{counted(of, lines)}。"
    if provisional:
        words += f"有 {provisional} 个口岸的部分数据待补报或更正，结果暂定。"
    rows = [(class_name(code), band_counts(of.scheme, held)) for code, held in kinds.items()]
    return [report.heading("一、总体情况"), report.text(words),
            report.figures(charts.shares(rows, names=[band.zh for band in of.scheme.shape.bands], face=of.face,
                                         caption="各类口岸的档次分布（个）"))]


def _ports(of: OfRound, lines: Sequence[PortLine], decimals: bool) -> list[Block]:
    rows: list[tuple[str, ...]] = []
    for code, held in by_class(lines).items():
        rows.append((f"{class_name(code)}（{len(held)} 个）",))
        for each in held:
            last = (band_words(of, each.band_before),) if decimals else ()
            rows.append((each.result.name.zh, grade_name(each.result.grade), band_words(of, each.result.band), *last, remark(each)))
    head = ("口岸", "等级", "档次", *(("上年档次",) if decimals else ()), "备注")
    widths = (3.2, 2, 1.2, *((1.2,) if decimals else ()), 2)
    said = [report.heading("二、各口岸评估档次"), report.table(head, rows, widths=widths)]
    if decimals:
        said.append(report.note("上年档次按本年方案和更正后的数据重新计算，可能与上年通报不同。"))
    return said


def _gains(of: OfRound, lines: Sequence[PortLine]) -> list[Block]:
    order = [band.code for band in of.scheme.shape.bands]

    def rose(each: PortLine) -> bool:
        return each.band_before in order and each.result.band in order and order.index(each.result.band) < order.index(each.band_before)

    found = sorted((each for each in lines if rose(each) or (each.change or 0) >= GAIN), key=lambda each: -(each.change or 0))[:NAMED]
    said = [report.heading("三、进步明显的口岸")]
    if not found:
        return [*said, report.text(f"没有档次上升或总分提高 {GAIN:g} 分以上的口岸。")]
    told = []
    for each in found:
        band = f"，档次由{band_words(of, each.band_before)}升为{band_words(of, each.result.band)}" if rose(each) else ""
        told.append(f"{each.result.name.zh}：总分比上年变化 {signed(each.change)} 分{band}。")
    return [*said, report.points(*told)]


def _groups(of: OfRound, lines: Sequence[PortLine]) -> list[Block]:
    rows = []
    for code, each in of.scheme.groups.items():
        held = [value for line in lines if line.result.groups is not None and (value := line.result.groups.get(code)) is not None]
        rows.append(charts.Bar(each.name.zh.removesuffix("指标"), middle(held)))
    weakest = sorted((each for each in rows if each.value is not None), key=lambda each: each.value or 0)[:3]
    return [report.heading("四、十组指标"),
            report.text(f"全省口岸十组得分的中位数如下图，较低的是{'、'.join(f'{each.label}（{each.value:.1f}）' for each in weakest)}。"),
            report.figures(charts.bars(rows, face=of.face, width=150, names=("全省口岸中位数", "", ""), caption="十组指标得分的中位数"))]


def _problems(of: OfRound, lines: Sequence[PortLine], number: str) -> list[Block]:
    told = []
    red = [each.result.name.zh for each in lines if each.result.red_line]
    if red:
        told.append(f"触及红线：{'、'.join(red)}。所在组得分封顶，等级建议不得上调。")
    worst = of.scheme.shape.bands[-1]
    low = [each.result.name.zh for each in lines if each.result.band == worst.code]
    if low:
        told.append(f"评估档次为{worst.zh}：{'、'.join(low)}。")
    fell = [each for each in lines if each.change is not None and each.change <= -GAIN]
    if fell:
        told.append(f"总分比上年下降 {GAIN:g} 分以上：{'、'.join(f'{each.result.name.zh}（{signed(each.change)}）' for each in fell)}。")
    for mark, words in (("unreported", "催报后仍未报、计 0 分"), ("awaited", "待补报或更正"), ("no_evidence", "检查表缺少佐证")):
        held = sorted(((each, each.count(mark)) for each in lines if each.count(mark)), key=lambda pair: -pair[1])
        if held:
            names = "、".join(f"{each.result.name.zh}（{count} 项）" for each, count in held[:NAMED])
            told.append(f"{words}的指标：{names}{f'等 {len(held)} 个口岸' if len(held) > NAMED else ''}。")
    said = [report.heading(f"{number}、存在的主要问题"), report.points(*told) if told else report.text("没有发现需要通报的问题。")]
    rows = [(code, of.scheme.indicator(code).name.zh, str(count), of.scheme.indicator(code).submitter)
            for code, count in often(lines, "unreported", 8)]
    if rows:
        said.append(report.table(("代码", "指标", "口岸数", "报送单位"), rows, widths=(1, 3.5, 1, 2.5), numbers=(2,), caption="未报最多的指标"))
    return said


def _asked(of: OfRound, lines: Sequence[PortLine], number: str) -> list[Block]:
    told = ["请向有关口岸查验机构、经营单位转达评估结果，对照各口岸评估报告分析短板，提出整改措施。"]
    if any(each.result.band == of.scheme.shape.bands[-1].code or each.result.red_line for each in lines):
        told.append(f"评估档次为{of.scheme.shape.bands[-1].zh}或者触及红线的口岸，应当报送整改方案，整改情况纳入下一年度评估。")
    if any(each.count("unreported") or each.count("awaited") for each in lines):
        told.append("未报、待补报的数据，请按期补报并说明原因；下一年度应当按时报送。")
    return [report.heading(f"{number}、工作要求"), report.points(*told), report.note("以上为系统代拟，整改时限等以正式印发的通报为准。")]
