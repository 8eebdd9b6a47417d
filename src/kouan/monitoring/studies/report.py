"""The report of a study, in the order of the WCO's guide: why and who, scope and method, results, causes, what no figure holds."""

from __future__ import annotations

from typing import Any

from kouan.desk.papers import charts, report
from kouan.desk.papers.report import Block, Report
from kouan.monitoring.studies.models import TimeStudy
from kouan.monitoring.studies.queries import Compared, shipped_name
from kouan.monitoring.studies.words import (
    CHANNELS,
    beijing,
    direction_name,
    hours,
    interval,
    kind_name,
    labels_of,
    mode_name,
    nature_name,
    owners_name,
    part_name,
    percent,
    segment_name,
    segment_of,
    statistics,
)
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.statistics import QUANTILE

METHOD = "世界海关组织《货物放行时间测量指南》（第三版）"
HEAD = ("件数", "平均", "中位数", "中位数95%区间", "P75", "P90", "P95")
_WIDE = (0.8, 1, 1, 1.7, 1, 1, 1)
MOST_SHOWN = 30
LEAST_DRAWN = 0.01  # of all time; smaller segments stand in the table


def study_report(study: TimeStudy, *, face: str, compared: Compared | None = None) -> Report:
    """The report of a measured study, with the comparison to an earlier one where one is asked for."""
    figures: dict[str, Any] = study.figures or {}
    names = {each.port.code: each.port.name_zh for each in study.ports.all()}
    blocks = [
        *_scope(study, figures, names), *_overall(study, figures), *_segments(figures, face), *_strata(figures, names),
        *_causes(study, figures, names),
        *(_compared(compared) if compared else ()), *_left_out(figures, "七" if compared else "六"),
        *_method(study, figures, "八" if compared else "七"),
    ]  # fmt: skip
    return Report(
        kind="放行时间研究", title=study.title, subtitle=f"{study.first_day:%Y年%-m月%-d日}至{study.last_day:%Y年%-m月%-d日}",
        issuer=study.office.name_zh, labels=[each.zh for each in labels_of(study)], blocks=blocks,
        cited_as=f"{study.office.name_zh}，{study.title}，放行时间研究#{study.pk}，结果校验值 {study.figures_sha256[:16]}。", has_contents=False)


def _scope(study: TimeStudy, figures: dict[str, Any], names: dict[str, str]) -> list[Block]:
    held = figures["coverage"]
    extent = "全部案例" if study.extent == "full" else f"分层抽样 {held['drawn']} 件（样本量 {study.sample_size}，随机种子 {study.seed}）"
    return [
        report.heading("一、目的、范围和对象"), report.text(study.purpose),
        report.facts(
            ("口岸", "、".join(names.values())), ("所测时间", shipped_name(study.whole).zh), ("方向", direction_name(study.direction).zh),
            ("运输方式", mode_name(study.mode).zh), ("案例类别", kind_name(study.case_kind).zh), ("范围", extent),
            ("期间内案例", f"{held['population']} 件"), ("有结果的", f"{held['measured']} 件"), ("工作组", study.team),
            ("确认", f"{beijing(study.confirmed_at):%Y年%-m月%-d日}" if study.confirmed_at else "未确认")),
        report.note("案例按起点节点（整体通关时间为抵港）所在日计入；期间内开始而未办结的也计入，不因耗时长短剔除任何案例。"),
    ]


def _overall(study: TimeStudy, figures: dict[str, Any]) -> list[Block]:
    overall, running = figures["overall"], figures["provisional"]
    said = [report.heading("二、总体结果"),
            report.table(HEAD, [statistics(overall)], widths=_WIDE, numbers=tuple(range(7)),
                         caption=f"{shipped_name(study.whole).zh}（小时）")]
    if overall["p95_reason"]:
        said.append(report.note(f"{overall['p95_reason']['zh']}。"))
    for cut in overall["cuts"]:
        of = "平均数" if cut["of"] == "mean" else "中位数"
        said.append(report.note(f"{of}较2017年基数 {cut['base_hours']} 小时压缩 {percent(cut['ratio'])}"
                                f"{'' if cut['of'] == 'mean' else '（基数为全国平均数，与中位数比较仅供参考）'}。"))
    if running:
        said.append(report.note(f"计算时尚有 {running['running']} 件在办，按“长于已历时”计入的中位数（Kaplan–Meier，暂定）："
                                f"{hours(running['median_hours'])} 小时，区间 {interval(running['interval'])} 小时。"))
    ahead = figures["declared_ahead"]
    if ahead["n"]:
        said.append(report.note(f"提前申报 {ahead['n']} 件（{percent(ahead['share'])}），提前时间中位数 {hours(ahead['lead']['median_hours'])} 小时，"
                                "不缩短全程。"))
    return said


def _segments(figures: dict[str, Any], face: str) -> list[Block]:
    rows, drawn = [], []
    for each in figures["segments"]:
        name = segment_of(each).zh
        rows.append((name, owners_name(each["owners"]).zh, nature_name(each["nature"]).zh, *statistics(each["summary"]), percent(each["share"])))
        if each["share"] >= LEAST_DRAWN:
            drawn.append(charts.Bar(segment_of({"pair": each["pair"]}).zh[:16], round(100 * each["share"], 1)))
    owners = [(owners_name(each["code"].split("+")).zh, hours(each["hours"]), percent(each["share"])) for each in figures["by_owner"]]
    natures = [(nature_name(each["code"]).zh, hours(each["hours"]), percent(each["share"])) for each in figures["by_nature"]]
    said = [
        report.heading("三、各分段"),
        report.table(("分段", "责任方", "性质", *HEAD, "占全程"), rows, widths=(3.2, 1.6, 0.9, 0.8, 1, 1, 1.7, 1, 1, 1, 1),
                     numbers=tuple(range(3, 11)), caption="各分段时间（小时）；各段之和恰为全程"),
    ]
    if drawn:
        said.append(report.figures(charts.bars(drawn, face=face, label_width=50.0, names=("占全程时间的比例（%）", "", ""),
                                               caption="时间用在哪里（不足1%的分段略）")))
    said += [
        report.table(("责任方", "合计小时", "占比"), owners, widths=(3, 1, 1), numbers=(1, 2), caption="按责任方"),
        report.table(("性质", "合计小时", "占比"), natures, widths=(3, 1, 1), numbers=(1, 2), caption="按作业与等待"),
    ]
    norms = [(each["name"]["zh"], f"≤ {each['limit_hours']:g} 小时", str(each["met"]), str(each["over"]), str(each["unknown"]))
             for each in figures["norms"]]
    if norms:
        said.append(report.table(("规范", "限值", "达到", "超过", "无法判断"), norms, widths=(4, 1.4, 1, 1, 1), numbers=(2, 3, 4),
                                 caption="作业时间规范"))
    return said


def _strata(figures: dict[str, Any], names: dict[str, str]) -> list[Block]:
    rows = [(names.get(each["port"], each["port"]), CHANNELS[each["channel"]].zh, str(each["population"]), str(each["drawn"]),
             *statistics(each["summary"])) for each in figures["strata"]]
    return [report.heading("四、分口岸、分是否查验"),
            report.table(("口岸", "查验", "案例", "计入", *HEAD), rows, widths=(1.8, 1.4, 0.8, 0.8, *_WIDE), numbers=tuple(range(2, 11)),
                         caption="各层时间（小时）"),
            report.note("事件中没有风险通道，以是否下达查验指令分层。各口岸按名录顺序列出，不作排名：货种、运输方式和查验比例不同，不宜直接比较高低。")]


def _causes(study: TimeStudy, figures: dict[str, Any], names: dict[str, str]) -> list[Block]:
    held = figures["causes"]
    said = [report.heading("五、耗时长的案例及其原因")]
    if not held["long"]:
        words = "没有超过界限的案例。" if held["is_enough"] or held["rules"] else "有结果的案例不足10件，又没有全程的规范，不判定长案例。"
        return [*said, report.text(words)]
    said.append(report.text(f"共 {held['long']} 件。判定：{'；'.join(each['zh'] for each in held['rules'].values())}。原因为超出参照最多的分段；"
                            "参照为该段的规范，没有规范的为本次研究同一分段的中位数。原因说明时间用在哪一段、由谁负责，不等于因果。"))
    said.append(report.table(
        ("原因（分段）", "责任方", "性质", "案例", "占长案例", "超出合计（小时）"),
        [(part_name(each["cause"]).zh, owners_name(each["owners"]).zh, nature_name(each["nature"]).zh, str(each["n"]), percent(each["share"]),
          hours(each["excess_hours"])) for each in held["by_cause"]], widths=(3, 2, 1, 0.8, 1.2, 1.6), numbers=(3, 4, 5)))
    remarks: dict[str, list[str]] = {}
    for remark in study.remarks.all():
        remarks.setdefault(remark.case_id, []).append(remark.words)
    rows = [(each["case_id"], names.get(each["port"], each["port"]), hours(each["hours"]), part_name(each["cause"]).zh,
             owners_name(each["owners"]).zh, hours(each["excess_hours"]), percent(each["share"]), "；".join(remarks.get(each["case_id"], [])) or "—")
            for each in held["cases"][:MOST_SHOWN]]
    said.append(report.table(("案例", "口岸", "全程", "原因", "责任方", "超出", "占其超出", "经办说明"), rows,
                             widths=(2, 1.3, 0.9, 1.6, 1.5, 0.9, 1, 2.4), numbers=(2, 5, 6), caption=f"超出最多的 {len(rows)} 件（小时）"))
    if held["long"] > len(rows):
        said.append(report.note(f"其余 {held['long'] - len(rows)} 件见 Excel 表。"))
    return said


def _compared(of: Compared) -> list[Block]:
    rows = []
    for key, each in of.segments:
        found = each.difference_interval
        rows.append((segment_name(*key).zh, str(each.n_before), hours(_h(each.before_us)), str(each.n_after), hours(_h(each.after_us)),
                     signed(_h(each.difference_us)), "—" if found is None else f"{found.low / HOUR:+.2f}–{found.high / HOUR:+.2f}"))
    return [report.heading("六、与前次研究比较"), report.text(of.sentence().zh),
            report.table(("分段", "前次件数", "前次中位数", "本次件数", "本次中位数", "差", "差的95%区间"), rows, widths=(3, 1, 1.2, 1, 1.2, 1, 1.8),
                         numbers=(1, 2, 3, 4, 5, 6), caption=f"与“{of.before.title}”比较（小时）"),
            report.note("区间不含零的变化为明确；任一期少于5件不给区间。变化不说明原因。")]


def _left_out(figures: dict[str, Any], number: str) -> list[Block]:
    held = figures["coverage"]
    said = [report.heading(f"{number}、未计入数字的案例")]
    if not held["left_out"]:
        return [*said, report.text("没有：所取案例全部有结果。")]
    rows = [(each["words"]["zh"], str(each["n"]), "、".join(each["cases"][:5]) + ("……" if each["n"] > 5 else "")) for each in held["left_out"]]
    return [*said, report.table(("情形", "件数", "案例"), rows, widths=(1.6, 0.8, 5), numbers=(1,)),
            report.note("在办的案例另以 Kaplan–Meier 计入暂定中位数；其余因缺起点、缺终点或起止矛盾不能计算，没有其他剔除。")]


def _method(study: TimeStudy, figures: dict[str, Any], number: str) -> list[Block]:
    return [
        report.heading(f"{number}、方法和凭据"),
        report.points(
            f"方法依{METHOD}；定义 {figures['whole']}，定义文件校验值 {figures['definitions'][:16]}。",
            f"百分位：{QUANTILE.zh}。中位数区间为自助法（百分位法，种子固定）。件数少于30不给第95百分位。",
            "抽样按口岸×是否查验分层，按各层件数比例分配，层内以“种子|案例”的 SHA-256 由小到大取，可由任何人重做。"
            if study.extent == "sample" else "范围内案例全部计入，不抽样，不剔除。",
            f"所读节点事件 {study.events_read} 个，SHA-256 {study.events_sha256}。", f"结果 SHA-256 {study.figures_sha256}。",
            f"计算时间 {beijing(study.measured_at):%Y-%m-%d %H:%M}（北京时间）。" if study.measured_at else "未计算。"),
    ]


def signed(value: float | None) -> str:
    """A difference in hours with its sign."""
    return "—" if value is None else f"{value:+.2f}"


def _h(us: float | None) -> float | None:
    return None if us is None else us / HOUR
