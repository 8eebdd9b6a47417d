"""One port's report: what it is, its band, the ten groups beside its peers, five types, strengths, changes, every indicator, what to do next.

Made of the scorecard, so it says what its reader may read and nothing else. Before the notice there are no decimals: then it holds the
band, how each indicator came about, what is missing and the method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kouan.desk.papers import charts, report
from kouan.desk.papers.report import Block, Report
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.models import Freeze, FrozenPort, Round, Scoring
from kouan.evaluation.rounds.reports import annex
from kouan.evaluation.rounds.reports.words import (
    ISSUER,
    amount,
    cited,
    class_name,
    grade_name,
    group_name,
    labels_of,
    points,
    province_name,
    share,
    signed,
)
from kouan.evaluation.rounds.scorecard import Card, IndicatorLine, Line

# A difference of the total below this is told as none; of the greatest shifts so many are drawn.
LEAST_SHIFT = 0.05
SHIFTS = 5
COMPUTED = "系统计算"
_MISSING = ("awaited", "unreported", "carried", "no_evidence", "suspended", "peer_median", "not_applicable")


@dataclass(frozen=True)
class OfRound:
    """What every report of one scoring rests on, looked up once."""

    held: Round
    scoring: Scoring
    freeze: Freeze
    scheme: Scheme
    face: str


def port_report(of: OfRound, card: Card, port: FrozenPort) -> Report:
    """The report of one port for the reader of the card."""
    result, scheme = card.result, of.scheme
    blocks = [_basics(of, card, port), *_verdict(of, card)]
    if card.shows_decimals:
        blocks += [*_groups(of, card), *_types(of, card), *_apart(of, card), *_changes(of, card)]
    blocks += [*_missing(of, card, port), *_next(of, card)]
    annexes = [*_indicators(of, card), *annex.sources(scheme, [each.code for each in card.indicators]),
               *annex.method(scheme, of.scoring, of.freeze, port.port_class, number="三")]
    name = result.name.zh
    return Report(
        kind="口岸综合绩效评估报告", title=f"{result.year} 年度口岸综合绩效评估报告", subtitle=name, issuer=ISSUER,
        labels=labels_of(of.held, is_proposal=card.is_proposal), mark=result.band_name.zh if result.band_name else "未定档",
        mark_label="评估档次（暂定）" if result.provisional else "评估档次", blocks=blocks, annexes=annexes,
        cited_as=cited(of.held, of.scoring, of.freeze, f"{name}（{result.code}）"))


def _basics(of: OfRound, card: Card, port: FrozenPort) -> Block:
    result = card.result
    pairs = [
        ("口岸代码", result.code), ("所在地", province_name(port.province_code)), ("运输类别", class_name(port.port_class)),
        ("口岸等级", grade_name(port.grade)), ("同类组", f"{group_name(card.peer_group)}，{card.peer_ports} 个口岸"),
        ("结果版本", f"第 {result.version} 版" + ("（暂定）" if result.provisional else "")),
        ("评估方案", f"第 {card.scheme_version} 版" + ("（建议稿）" if card.is_proposal else "")),
        ("数据冻结", f"第 {of.freeze.revision} 版，{of.freeze.known_at:%Y-%m-%d}")]
    if result.counted_share is not None:
        pairs += [("参评指标", f"{len(card.indicators)} 项"), ("已计分权重", share(result.counted_share))]
    return report.facts(*pairs)


def _verdict(of: OfRound, card: Card) -> list[Block]:
    result = card.result
    band = result.band_name.zh if result.band_name else "未定档"
    said = [report.heading("一、评估结论")]
    words = f"{result.name.zh} {result.year} 年度评估档次为“{band}”"
    words += "（有数据待补报或更正，结果暂定）。" if result.provisional else "。"
    total = card.total
    if card.shows_decimals and total.points is not None:
        words += f"总分 {total.points:.2f} 分"
        if total.peers is not None:
            gap = total.points - total.peers.median
            where = "高于" if gap > LEAST_SHIFT else "低于" if gap < -LEAST_SHIFT else "与"
            words += (f"，{where}{_of(total)}中位数 {total.peers.median:.2f} 分" + (f" {abs(gap):.2f} 分" if where != "与" else "持平")
                      + f"；{_of(total)}中间一半的口岸在 {total.peers.lower:.2f} 至 {total.peers.upper:.2f} 分之间")
        if total.before is not None:
            words += f"；按本年方案计，上年为 {total.before:.2f} 分，变化 {signed(total.points - total.before, 2)} 分"
        words += "。"
        ranked = sorted((each for each in card.groups if each.points is not None), key=lambda each: -(each.points or 0))
        if len(ranked) > 3:
            best, worst = ("、".join(f"{_short(each.name.zh)}（{points(each.points)}）" for each in some) for some in (ranked[:2], ranked[:-3:-1]))
            words += f"十组指标中得分较高的是{best}，较低的是{worst}。"
    else:
        words += "各组得分和总分在通报后开放，本稿只列档次和各指标的计分情形。"
    said.append(report.text(words))
    cuts = "，".join(f"{band.zh} {band.least:g} 分及以上" for band in of.scheme.shape.bands)
    said.append(report.note(f"档次线：{cuts}。" + ("档次线为方案建议，未经审定。" if card.is_proposal else "")))
    if card.notes:
        said.append(report.points(*(each.zh for each in card.notes)))
    return said


def _groups(of: OfRound, card: Card) -> list[Block]:
    shown = charts.radar([_short(each.name.zh) for each in card.groups], [each.points for each in card.groups],
                         [each.peers.median if each.peers else None for each in card.groups], names=("本口岸", "同类中位数"), face=of.face)
    lifted = sorted((each for each in card.groups if each.points is not None and each.peers is not None),
                    key=lambda each: (each.points or 0) - (each.peers.median if each.peers else 0))
    words = ""
    if len(lifted) > 3:
        words = (f"与{_of(card.total)}相比，{_short(lifted[-1].name.zh)}领先最多（{signed(_gap(lifted[-1]))} 分），"
                 f"{_short(lifted[0].name.zh)}差距最大（{signed(_gap(lifted[0]))} 分）。")
    rows = [(each.name.zh, points(each.points), points(each.peers.median if each.peers else None), signed(_gap(each)), points(each.before),
             share(each.weight), points(each.contribution, 2)) for each in card.groups]
    rows.append(("总分", points(card.total.points, 2), points(card.total.peers.median if card.total.peers else None, 2), signed(_gap(card.total), 2),
                 points(card.total.before, 2), "100%", points(card.total.points, 2)))
    return [report.heading("二、十组指标"), *([report.text(words)] if words else []), report.figures(shown),
            report.table(("指标组", "得分", "同类中位数", "差", "上年", "现权重", "计入总分"), rows, widths=(3, 1, 1.3, 1, 1, 1, 1.1),
                         numbers=(1, 2, 3, 4, 5, 6), caption="十组指标得分"),
            report.note("得分为 0–100 分；上年为用本年方案计算的上年得分；现权重为不计分的指标让出权重以后的权重；"
                        "同类指同一运输类别、同一等级的口岸，有值的口岸过少时为全类，仍过少时不列。")]


def _types(of: OfRound, card: Card) -> list[Block]:
    rows = [charts.Bar(each.name.zh, each.points, (each.peers.lower, each.peers.median, each.peers.upper) if each.peers else None, each.before)
            for each in card.five_types]
    fed = "；".join(f"{each.name.zh}：{'、'.join(_short(of.scheme.groups[code].name.zh) for code in of.scheme.fed_by(each.code))}"
                   for each in card.five_types)
    return [report.heading("三、五型口岸画像"), report.figures(charts.bars(rows, face=of.face, width=150)),
            report.note(f"各型由所对应的指标组按现权重平均。{fed}。")]


def _apart(of: OfRound, card: Card) -> list[Block]:
    said = [report.heading("四、长处与短板")]
    for title, lines in (("明显好于同类的指标", card.strengths), ("明显落后于同类的指标", card.weaknesses)):
        if not lines:
            said.append(report.text(f"没有{title}（与同类中位数相差不足 5 分）。"))
            continue
        said.append(report.table(
            ("代码", "指标", "数值", "得分", "同类中位数", "差", "相当于总分"),
            [(each.code, each.name.zh, amount(each.value, each.unit), points(each.points), points(each.peers.median if each.peers else None),
              signed(each.gap), signed(each.effect, 2)) for each in lines],
            widths=(1.1, 3.4, 2, 0.9, 1.4, 0.9, 1.3), numbers=(2, 3, 4, 5, 6), caption=title))
    return said


def _changes(of: OfRound, card: Card) -> list[Block]:
    said = [report.heading("五、与上年相比")]
    change = card.change
    if change is None:
        return [*said, report.text("上年没有可比的得分。")]
    found = change.of_year
    words = (f"用本年方案计算，总分由 {found.first} 年的 {found.before:.2f} 分变为 {found.second} 年的 {found.after:.2f} 分，"
             f"变化 {signed(found.change, 2)} 分；其中因本口岸自身数据变化 {signed(found.own, 2)} 分，"
             f"因同类口岸变化（标尺移动、全类暂停等）{signed(found.peers, 2)} 分。")
    if change.published is not None and change.restated is not None:
        words += f"上年通报的总分为 {change.published:.2f} 分，按本年方案和更正后的数据重新计算相差 {signed(change.restated, 2)} 分。"
    said.append(report.text(words))
    moved = sorted((each for each in found.indicators if abs(each.change) >= LEAST_SHIFT), key=lambda each: each.change)
    shown = [*reversed(moved[-SHIFTS:]), *reversed(moved[:SHIFTS])] if len(moved) > 2 * SHIFTS else list(reversed(moved))
    if shown:
        rows = [(f"{each.code} {of.scheme.indicator(each.code).name.zh}", each.change) for each in shown]
        said.append(report.figures(charts.effects(rows, face=of.face, caption="对总分影响最大的指标变化（分）")))
    return said


def _missing(of: OfRound, card: Card, port: FrozenPort) -> list[Block]:
    number = "六" if card.shows_decimals else "二"
    said = [report.heading(f"{number}、缺报、迟报和待核")]
    rows = [(each.code, each.name.zh, each.mark_name.zh, of.scheme.indicator(each.code).submitter)
            for mark in _MISSING for each in card.indicators if each.mark == mark]
    if rows:
        said.append(report.table(("代码", "指标", "计分情形", "报送单位"), rows, widths=(1, 3, 3.4, 2.2), caption="不按当年数据计分的指标"))
    else:
        said.append(report.text("全部参评指标均按当年数据计分。"))
    reminded = _reminded(of, port)
    if reminded:
        said.append(report.table(("数据项", "名称", "期满未报的催报次数"), reminded, widths=(2, 4, 2), numbers=(2,), caption="催报过的数据项"))
    return said


def _reminded(of: OfRound, port: FrozenPort) -> list[tuple[str, str, str]]:
    """Items of the round's year about which reminders ran out."""
    at = of.held.year - of.freeze.first_year
    found = []
    for item, counts in sorted(port.reminders.items()):
        if at < len(counts) and counts[at]:
            found.append((item, of.scheme.items[item].name.zh, str(counts[at])))
    return found


def _next(of: OfRound, card: Card) -> list[Block]:
    """Proposals that follow from the figures; whoever is named files or answers for the indicator under the scheme."""
    said: list[str] = []
    if card.result.red_line:
        said.append("触及红线的事项：查明原因、落实整改并报国家口岸办；整改未完成前等级建议不得上调。")
    for mark, words in (("awaited", "补报或更正"), ("unreported", "查明未报原因，下一轮按期报送"), ("no_evidence", "补齐检查表各项的佐证材料"),
                        ("peer_median", "扩大满意度调查，使有效答卷达到规定份数")):
        lines = [each for each in card.indicators if each.mark == mark]
        if lines:
            said.append(f"{words}：{_names(lines)}{_who(of, lines)}。")
    for each in card.weaknesses:
        if each.mark != "scored":
            continue
        gain = f"，提高到同类中位数可使总分增加约 {abs(each.effect):.2f} 分" if each.effect is not None else ""
        said.append(f"{each.code} {each.name.zh}：低于同类中位数 {abs(each.gap or 0):.1f} 分{gain}{_who(of, [each])}。")
    if not said:
        said.append("保持现有水平，按期报送下一年度数据。")
    number = "七" if card.shows_decimals else "三"
    return [report.heading(f"{number}、下一步工作建议"), report.points(*said),
            report.note("以上由系统根据评估结果列出，供研究整改措施时参考，不是整改要求；整改要求以通报为准。")]


def _indicators(of: OfRound, card: Card) -> list[Block]:
    """Every indicator, group by group, and how its points came about."""
    if not card.shows_decimals:
        rows: list[tuple[str, ...]] = []
        for group in card.groups:
            rows += [(group.name.zh,), *((each.code, each.name.zh, each.mark_name.zh) for each in card.of_group(group.code))]
        return [report.heading("附件一　全部指标"), report.table(("代码", "指标", "计分情形"), rows, widths=(1, 4, 4))]
    rows = []
    for group in card.groups:
        lines = card.of_group(group.code)
        if lines:
            rows.append((f"{group.name.zh}　得分 {points(group.points)}，现权重 {share(group.weight)}",))
            rows += [_indicator_row(of, each) for each in lines]
    return [report.heading("附件一　全部指标"),
            report.table(("代码", "指标", "数值", "规则", "得分", "同类中位数", "现权重", "计入总分", "情形"), rows,
                         widths=(1.15, 3.5, 2, 0.75, 0.85, 0.95, 1, 1, 1.05), numbers=(2, 4, 5, 6, 7)),
            report.note("规则：N1–N9 为标准化方法；情形：空白为按当年数据计分，M1–M6 为缺失规则，“待补”为待补报或更正、暂不计入。含义见附件三。")]


def _indicator_row(of: OfRound, each: IndicatorLine) -> tuple[str, ...]:
    state = "" if each.mark == "scored" else "待补" if each.mark == "awaited" else each.missing_code
    return (each.code, each.name.zh, amount(each.value, each.unit), of.scheme.indicator(each.code).rule.code, points(each.points),
            points(each.peers.median if each.peers else None), share(each.weight, 2) if each.weight else "—",
            points(each.contribution, 2) if each.weight else "—", state)


def _gap(line: Line) -> float | None:
    return line.points - line.peers.median if line.points is not None and line.peers is not None else None


def _of(line: Line) -> str:
    """The peers as they stand behind a line."""
    return "同类口岸" if line.peers is None or line.peers.of == "group" else "同一运输类别口岸"


def _short(name: str) -> str:
    """A group without the word that all of them share.

    >>> _short("口岸通关便利化指标"), _short("硬件设施指标")
    ('通关便利化', '硬件设施')
    """
    return name.removesuffix("指标").removeprefix("口岸")


def _names(lines: Sequence[IndicatorLine], most: int = 6) -> str:
    said = "、".join(f"{each.code} {each.name.zh}" for each in lines[:most])
    return said if len(lines) <= most else f"{said}等 {len(lines)} 项"


def _who(of: OfRound, lines: Sequence[IndicatorLine]) -> str:
    """Who submits them, in brackets; what the system computes has nobody of its own."""
    who = dict.fromkeys(of.scheme.indicator(each.code).submitter for each in lines)
    said = "、".join(each for each in who if each != COMPUTED)
    return f"（报送：{said}）" if said else ""
