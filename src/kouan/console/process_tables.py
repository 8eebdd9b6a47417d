"""The tables of the process views: each is read, sorted, copied and taken away as XLSX, CSV or JSON like any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Text
from kouan.console import figures
from kouan.console.process_page import hours, nature_name, owners_name, path_name
from kouan.console.tables import Column, Table
from kouan.console.words import here
from kouan.monitoring.processes.view import SegmentTimes, milestone_name
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.statistics import Summary

HOURS = Text("小时", "h")


def _us(value: float | None) -> float | None:
    return None if value is None else round(value / HOUR, 4)


def _p95(summary: Summary) -> SafeString | str:
    if summary.p95_us is None and summary.p95_reason is not None:
        return format_html('<span class="is-missing" title="{}">—</span>', here(summary.p95_reason))
    return hours(_us(summary.p95_us))


def _median(summary: Summary) -> SafeString | str:
    interval = summary.median_interval
    if interval is None:
        return hours(_us(summary.median_us))
    between = here(Text("至", " to "))
    return format_html('{}<span class="subline">{}{}{}</span>', hours(_us(summary.median_us)), hours(interval.low / HOUR), between,
                       hours(interval.high / HOUR))


def statistics(of: Callable[[Any], Summary], *, with_interval: bool = True) -> tuple[Column, ...]:
    """n, mean, median, p75, p90, p95 in hours."""
    return (
        Column("n", Text("件数", "Cases"), value=lambda row: of(row).n, is_number=True, order=True, show=lambda row: f"{of(row).n:,}"),
        Column("median", Text("中位数", "Median"), unit=HOURS, value=lambda row: _us(of(row).median_us), is_number=True, order=True,
               show=(lambda row: _median(of(row))) if with_interval else (lambda row: hours(_us(of(row).median_us)))),
        Column("median_low", Text("中位数区间下限", "Median, lower bound"), unit=HOURS, only="export",
               value=lambda row: _us(i.low) if (i := of(row).median_interval) else None),
        Column("median_high", Text("中位数区间上限", "Median, upper bound"), unit=HOURS, only="export",
               value=lambda row: _us(i.high) if (i := of(row).median_interval) else None),
        Column("mean", Text("平均", "Mean"), unit=HOURS, value=lambda row: _us(of(row).mean_us), is_number=True, order=True,
               show=lambda row: hours(_us(of(row).mean_us))),
        *(_percentile(of, name) for name in ("p75", "p90", "p95")),
    )


def _percentile(of: Callable[[Any], Summary], name: str) -> Column:
    def value(row: Any) -> float | None:
        return _us(getattr(of(row), f"{name}_us"))

    def shown(row: Any) -> SafeString | str:
        return _p95(of(row)) if name == "p95" else hours(value(row))

    return Column(name, Text(f"第{name[1:]}百分位", name), unit=HOURS, value=value, is_number=True, order=True, show=shown)


def _hours_of(name: str) -> Callable[[Any], str]:
    return lambda row: hours(getattr(row, name))


def _within(summary: Summary) -> str:
    return "—" if summary.share_within_norm is None else figures.percent(summary.share_within_norm)


def within(of: Callable[[Any], Summary]) -> Column:
    """The share within the norm of the address bar."""
    return Column("within", Text("规范内比例", "Within the norm"), value=lambda row: of(row).share_within_norm, is_number=True,
                  show=lambda row: _within(of(row)))


def _cut(summary: Summary) -> float | None:
    return next((round(cut.ratio, 4) for cut in summary.cuts if cut.of == "mean"), None)


WHOLES = Table(
    name="process-wholes", title=Text("整体时间", "Overall times"), prefix="w", can_export=True,
    columns=(
        Column("name", Text("全程", "Whole"), value=lambda row: row.whole.name, is_key=True),
        *statistics(lambda row: row.summary), within(lambda row: row.summary),
        Column("cut", Text("平均较2017年基数", "Mean against 2017"), value=lambda row: _cut(row.summary), is_number=True,
               show=lambda row: "—" if (c := _cut(row.summary)) is None else figures.percent(-c, signed=True)),
        Column("other", Text("不能计时的", "Not measured"), value=lambda row: sum(n for code, n in row.statuses.items() if code != "complete"),
               is_number=True, show=lambda row: row.others),
    ),
)
COHORTS = Table(
    name="process-months", title=Text("逐月", "Month by month"), prefix="m",
    columns=(
        Column("month", Text("月份", "Month"), is_key=True, order=True, keeps_line=True),
        Column("state", Text("状态", "State"), value=lambda row: Text("暂定", "provisional") if row.is_provisional else Text("完整", "complete")),
        *statistics(lambda row: row.summary), within(lambda row: row.summary),
        Column("estimate", Text("含在办件的中位数估计", "Median with running cases"), unit=HOURS, value=lambda row: _us(row.provisional_median_us),
               is_number=True, note=Text("Kaplan–Meier", "Kaplan–Meier"), show=lambda row: hours(_us(row.provisional_median_us))),
        Column("running", Text("在办", "Running"), value=lambda row: row.unfinished.n, is_number=True, show=lambda row: f"{row.unfinished.n:,}"),
    ),
)


def _bar(share: float) -> SafeString:
    return format_html(
        '<span class="share-cell"><svg class="share-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="8"/></svg>{}</span>', f"{share * 100:.1f}", figures.percent(share))


def _segment(row: SegmentTimes, direction: str) -> SafeString:
    ends = f"{here(milestone_name(row.start, direction))} → {here(milestone_name(row.end, direction))}"
    hidden = ""
    if row.absorbed:
        names = here(Text("、", ", ")).join(here(each) for each in row.absorbed)
        hidden = here(Text(f"；含未报节点的：{names}", f"; holds what was not reported: {names}"))
    return format_html('{}<span class="subline">{}{}</span>', here(row.name), ends, hidden)


def segments(direction: str) -> Table:
    """The segments of a whole."""
    return Table(
        name="process-segments", title=Text("分段", "Segments"), prefix="s", page_size=60,
        columns=(
            Column("name", Text("分段", "Segment"), value=lambda row: row.name, is_key=True, is_wide=True, show=lambda row: _segment(row, direction)),
            Column("start", Text("自", "From"), value=lambda row: milestone_name(row.start, direction), only="export"),
            Column("end", Text("至", "To"), value=lambda row: milestone_name(row.end, direction), only="export"),
            Column("owner", Text("责任方", "Whose step"), value=lambda row: owners_name(row.owners)),
            Column("nature", Text("性质", "Nature"), value=lambda row: nature_name(row.nature)),
            Column("share", Text("占全程", "Share of the whole"), value=lambda row: round(row.share, 6), is_number=True, order=True,
                   show=lambda row: _bar(row.share)),
            *statistics(lambda row: row.summary, with_interval=False),
        ),
    )


def arcs(direction: str) -> Table:
    """What directly follows what."""
    return Table(
        name="process-arcs", title=Text("节点衔接", "What follows what"), prefix="a", page_size=10,
        columns=(
            Column("start", Text("前一节点", "From"), value=lambda row: milestone_name(row.start, direction), is_key=True),
            Column("end", Text("后一节点", "To"), value=lambda row: milestone_name(row.end, direction)),
            Column("n", Text("次数", "Times"), is_number=True, order=True,
                   show=lambda row: format_html('<a href="{}">{}</a>', row.address, f"{row.n:,}")),
            *(Column(f"{name}_hours", label, unit=HOURS, is_number=True, order=True, show=_hours_of(f"{name}_hours"))
              for name, label in (("median", Text("中位数", "Median")), ("mean", Text("平均", "Mean")), ("p90", Text("第90百分位", "p90")),
                                  ("p95", Text("第95百分位", "p95")))),
        ),
    )  # fmt: skip


def _steps(codes: tuple[str, ...], direction: str, word: Text) -> str:
    if not codes:
        return ""
    return here(word) + here(Text("、", ", ")).join(here(milestone_name(code, direction)) for code in codes)


def _how(row: Any, direction: str) -> str:
    swaps = tuple(here(Text(f"{milestone_name(a, direction).zh}先于{milestone_name(b, direction).zh}",
                            f"{milestone_name(a, direction).en} before {milestone_name(b, direction).en}")) for a, b in row.swapped)
    said = [
        _steps(row.skipped, direction, Text("缺：", "without: ")), _steps(row.added, direction, Text("另有：", "with: ")),
        (here(Text("颠倒：", "turned round: ")) + here(Text("、", ", ")).join(swaps)) if swaps else "",
        _steps(row.repeated, direction, Text("重复：", "repeated: ")),
    ]
    return here(Text("；", "; ")).join(each for each in said if each) or "—"


def variants(direction: str, legs: int) -> Table:
    """The paths, most frequent first, and how each leaves the usual one."""
    return Table(
        name="process-variants", title=Text("路径", "Paths"), prefix="v", page_size=10,
        columns=(
            Column("rank", Text("序", "No."), is_number=True, order=True),
            Column("path", Text("路径", "Path"), value=lambda row: path_name(row.path.milestones, direction), is_key=True, is_wide=True,
                   show=lambda row: format_html('<a href="{}">{}</a>', row.address, path_name(row.path.milestones, direction))),
            Column("n", Text("件数", "Cases"), value=lambda row: row.path.n, is_number=True, order=True, show=lambda row: f"{row.path.n:,}"),
            Column("share", Text("占比", "Share"), value=lambda row: round(row.path.n / max(1, legs), 6), is_number=True,
                   show=lambda row: figures.percent(row.path.n / max(1, legs))),
            Column("median", Text("首末节点间中位数", "Median, first to last"), unit=HOURS, value=lambda row: row.path.median_hours, is_number=True,
                   order=True, show=lambda row: hours(row.path.median_hours)),
        ),
    )


def deviations(direction: str) -> Table:
    """The paths that leave the usual one, dearest first."""
    return Table(
        name="process-deviations", title=Text("偏离常走路径的", "Deviations from the usual path"), prefix="d", page_size=10,
        columns=(
            Column("how", Text("与常走路径的差别", "How it differs"), value=lambda row: _how(row, direction), is_key=True, is_wide=True,
                   show=lambda row: format_html('<a href="{}">{}</a>', row.address, _how(row, direction))),
            Column("path", Text("路径", "Path"), value=lambda row: path_name(row.path.milestones, direction), only="export"),
            Column("n", Text("件数", "Cases"), value=lambda row: row.path.n, is_number=True, order=True, show=lambda row: f"{row.path.n:,}"),
            Column("extra_hours", Text("每件多用", "More per case"), unit=HOURS, is_number=True, order=True,
                   show=lambda row: f"{row.extra_hours:+,.2f}"),
            Column("total_hours", Text("合计多用", "More in all"), unit=HOURS, is_number=True, order=True,
                   show=lambda row: f"{row.total_hours:+,.0f}"),
        ),
    )


def breaches(direction: str) -> Table:
    """Pairs that stand the wrong way round against the published flow, and milestones that it does not know."""
    return Table(
        name="process-breaches", title=Text("不符合公布流程之处", "Where the published flow is left"), prefix="b", page_size=10,
        columns=(
            Column("what", Text("不符之处", "What"), is_key=True, is_wide=True),
            Column("n", Text("件数", "Cases"), is_number=True, order=True, show=lambda row: f"{row['n']:,}"),
        ),
        empty=Text("没有不符之处。", "Nothing leaves it."),
    )


CASES_TABLE = Table(
    name="process-cases", title=Text("事项", "Cases"), page_size=50,
    columns=(
        Column("case_id", Text("事项编号", "Case"), is_key=True, keeps_line=True,
               show=lambda row: format_html('<a href="{}">{}</a>', row.address, row.case.case_id), value=lambda row: row.case.case_id),
        Column("begun", Text("起点", "Begun"), value=lambda row: row.begun),
        Column("ended", Text("终点", "Ended"), value=lambda row: row.ended),
        Column("hours", Text("用时", "Took"), unit=HOURS, value=lambda row: row.case.hours, is_number=True, show=lambda row: hours(row.case.hours)),
        Column("path", Text("路径", "Path"), value=lambda row: row.path, is_wide=True),
    ),
)
