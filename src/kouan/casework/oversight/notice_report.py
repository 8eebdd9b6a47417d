"""The notice as a report: a province's overall clearance times in a month, port beside port in the order of the register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from kouan.basis import Text
from kouan.basis.clock import BEIJING
from kouan.basis.codes import mainland_provinces
from kouan.casework.oversight.models import ClearanceNotice
from kouan.desk.papers import report
from kouan.desk.papers.report import Block, Report
from kouan.monitoring.studies.frozen import digest
from kouan.monitoring.studies.words import DEMONSTRATION, EXERCISE, KINDS, NONE, hours, interval, percent
from kouan.monitoring.timing.events import moment
from kouan.monitoring.timing.explain import STATUS
from kouan.monitoring.timing.parameters import on
from kouan.monitoring.timing.timeline import Status

ISSUER = "国家口岸管理办公室"
DIRECTIONS = {"inbound": Text("进口", "import"), "outbound": Text("出口", "export")}
DRAFT = Text("草稿：未经第二人确认印发", "Draft: not issued by a second person")
PROVISIONAL = Text("暂定：当月未结束，数字会变", "Provisional: the month is not over")
WHOLE_PROVINCE = Text("全省合计", "The whole province")
VERDICTS = {"shorter": Text("缩短明确", "clearly shorter"), "longer": Text("延长明确", "clearly longer"),
            "unclear": Text("尚不能确定", "not certain"), "too_few": Text("件数过少", "too few cases")}
_PROVINCES = {each.code: each for each in mainland_provinces}


def labels_of(notice: ClearanceNotice) -> list[Text]:
    """What stands over every page of a notice."""
    return [*([] if notice.is_issued else [DRAFT]), *figure_labels(notice.figures)]


def figure_labels(figures: dict[str, Any]) -> list[Text]:
    """What the figures themselves demand: 演练, 演示, 暂定."""
    said = [EXERCISE] if settings.IS_EXERCISE or "exercise" in figures["origins"] else []
    said += [DEMONSTRATION] if "demonstration" in figures["origins"] else []
    return [*said, PROVISIONAL] if figures["is_provisional"] else said


def province_name(code: str) -> Text:
    """A province."""
    return Text(_PROVINCES[code].zh, _PROVINCES[code].en)


def month_words(month: str) -> str:
    """A month as a paper writes it."""
    return f"{int(month[:4])}年{int(month[5:])}月"


def port_name(figures: dict[str, Any], code: str) -> Text:
    """A port of the notice, or the whole province."""
    found = next((each for each in figures["ports"] if each["code"] == code), None)
    return WHOLE_PROVINCE if not code else Text(found["name"], found["name_en"] or found["name"]) if found else Text(code, code)


def cut_of(row: dict[str, Any]) -> float | None:
    """The cut of the mean from the base of 2017: the base is a mean, so like stands beside like."""
    return next((cut["ratio"] for cut in row["summary"]["cuts"] if cut["of"] == "mean"), None)


def summary_lines(figures: dict[str, Any]) -> list[Text]:
    """One sentence for each direction, of the whole province."""
    said = []
    for row in figures["rows"]:
        if row["port"] or not row["summary"]["n"]:
            continue
        held, cut, name, province = row["summary"], cut_of(row), DIRECTIONS[row["direction"]], province_name(figures["province"])
        mean, median = hours(held["mean_hours"]), hours(held["median_hours"])
        zh = f"{month_words(figures['month'])}，{province.zh}口岸{name.zh}整体通关时间平均 {mean} 小时，中位数 {median} 小时（{held['n']} 件）"
        en = f"{figures['month']}, {province.en}, {name.en}: overall clearance time {mean} h on average, median {median} h ({held['n']} cases)"
        if cut is not None:
            base = held["cuts"][0]["base_hours"]
            zh += f"，平均数较2017年全国基数 {base} 小时{'压缩' if cut >= 0 else '延长'} {abs(cut):.1%}"
            en += f"; the mean is {abs(cut):.1%} {'below' if cut >= 0 else 'above'} the national base of 2017, {base} h"
        # Notices kept before norms were on record hold no word of them.
        if row.get("norm") and held["share_within_norm"] is not None:
            zh += f"；在规范时限 {row['norm']['hours']:g} 小时以内的占 {held['share_within_norm']:.1%}"
            en += f"; {held['share_within_norm']:.1%} within the norm of {row['norm']['hours']:g} h"
        for key, month_zh, month_en in (("month_before", "上月", "the month before"), ("year_before", "上年同月", "the same month last year")):
            change = row[key]
            if change is not None:
                verdict, moved = VERDICTS[change["verdict"]], change["median_hours"]
                word = "缩短" if moved < 0 else "延长" if moved > 0 else "持平，相差"
                zh += f"；中位数比{month_zh}{word} {abs(moved):.2f} 小时（{verdict.zh}）"
                en += f"; median {moved:+.2f} h on {month_en} ({verdict.en})"
        if row["is_provisional"]:
            zh, en = f"{zh}。当月未结束，数字暂定", f"{en}. The month is not over: provisional"
        said.append(Text(f"{zh}。", f"{en}."))
    return said


def notice_report(figures: dict[str, Any], *, labels: Sequence[Text]) -> Report:
    """The notice. ``labels``: what stands over it besides what the figures demand."""
    province, month = province_name(figures["province"]).zh, month_words(figures["month"])
    return Report(
        kind="通报", title=f"{province}口岸整体通关时间通报", subtitle=month, issuer=ISSUER,
        labels=[each.zh for each in (*labels, *figure_labels(figures))], addressee=f"{province}口岸主管部门",
        blocks=[report.heading("一、总体情况"), *(report.text(line.zh) for line in summary_lines(figures)),
                *_direction(figures, "inbound", "二"), *_direction(figures, "outbound", "三"), *_left_out(figures), *_method(figures)],
        cited_as=f"{ISSUER}，{province}口岸整体通关时间通报（{month}），结果校验值 {digest(figures)[:16]}。")


def change_words(change: dict[str, Any] | None) -> tuple[str, str, str]:
    """Change of the median, its interval, and whether it is clear; dashes where there is nothing to compare."""
    if change is None:
        return NONE, NONE, "无可比数据"
    span = change["interval"]
    return (f"{change['median_hours']:+.2f}", NONE if span is None else f"{span['low_hours']:+.2f}–{span['high_hours']:+.2f}",
            VERDICTS[change["verdict"]].zh)  # fmt: skip


def _direction(figures: dict[str, Any], direction: str, number: str) -> list[Block]:
    rows = [row for row in figures["rows"] if row["direction"] == direction]
    name = DIRECTIONS[direction].zh
    said = [report.heading(f"{number}、{name}")]
    if not rows:
        return [*said, report.text(f"本月没有{name}案例。")]
    said.append(report.table(
        ("口岸", "件数", "平均", "中位数", "中位数95%区间", "P90", "P95", "较2017年", "在办"),
        [(port_name(figures, row["port"]).zh, str(row["summary"]["n"]), hours(row["summary"]["mean_hours"]), hours(row["summary"]["median_hours"]),
          interval(row["summary"]["median_interval"]), hours(row["summary"]["p90_hours"]), hours(row["summary"]["p95_hours"]), percent(cut_of(row)),
          str(row["running"])) for row in rows],
        widths=(2.4, 0.8, 1, 1, 1.7, 1, 1, 1.2, 0.8), numbers=tuple(range(1, 9)), caption=f"{name}整体通关时间（小时）"))
    said.append(report.table(
        ("口岸", "比上月", "95%区间", "判断", "比上年同月", "95%区间", "判断"),
        [(port_name(figures, row["port"]).zh, *change_words(row["month_before"]), *change_words(row["year_before"])) for row in rows],
        widths=(2.4, 1, 1.6, 1.3, 1.1, 1.6, 1.3), numbers=(1, 2, 4, 5), caption=f"{name}中位数的变化（小时，负数为缩短）"))
    return said


def _left_out(figures: dict[str, Any]) -> list[Block]:
    found = [(port_name(figures, row["port"]).zh, DIRECTIONS[row["direction"]].zh, "，".join(
        f"{STATUS[Status(code)].zh} {n} 件" for code, n in row["unmeasured"].items())) for row in figures["rows"] if row["unmeasured"]]
    said = [report.heading("四、未计入数字的案例")]
    if not found:
        return [*said, report.text("没有。")]
    return [*said, report.table(("口岸", "方向", "情形"), found, widths=(3, 1, 4)),
            report.note("请报送单位补报缺少的节点。缺起点的计入首个事件所在口岸。")]


def _method(figures: dict[str, Any]) -> list[Block]:
    base = on("base_2017_hours", moment(figures["as_of_us"]).date())
    kinds = "、".join(f"{KINDS[code].zh} {n} 件" for code, n in figures["kinds"].items())
    return [report.heading("五、口径和凭据"), report.points(
        "整体通关时间：进口自抵港至可以提离（未报准予提离的至放行），出口自运抵口岸至放行；按办结所在月（北京时间）统计，不作剔除。",
        f"2017年基数为{base.note.zh if base.note else '全国平均数。'}出处：{base.citation}。",
        "口岸按名录顺序列出，不作排名：货种、运输方式和查验比例不同，不宜直接比较高低。百分位为线性插值，件数少于30不给P95；区间为自助法，任一月少于5件不给。",
        f"计入的案例：{kinds}。定义 {figures['whole']}，定义文件校验值 {figures['definitions'][:16]}。",
        f"读取时间 {moment(figures['as_of_us']).astimezone(BEIJING):%Y-%m-%d %H:%M}（北京时间）；所读案例 {figures['cases']} 件，"
        f"SHA-256 {figures['cases_sha256']}。")]
