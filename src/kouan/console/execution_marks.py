"""How projects of the plan and their reports look: a word and a shape each; days of a lag and money in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Text
from kouan.casework.execution.models import FundingKind, ProgressReport
from kouan.casework.execution.queries import NOT_FILLED, ProjectView, Total
from kouan.casework.execution.slippage import STATES
from kouan.console.marks import badge
from kouan.console.words import here

PROJECT_MARKS: Mapping[str, tuple[str, str]] = {
    "blank": ("dotted-ring", "none"), "not_started": ("ring", "wait"), "under_way": ("half", "info"), "lagging": ("triangle-cross", "bad"),
    "done": ("disc-check", "ok"),
}
REPORT_MARKS: Mapping[str, tuple[str, str, Text]] = {
    "waiting": ("eye", "wait", Text("待确认", "To be confirmed")), "confirmed": ("disc-check", "ok", Text("已确认", "Confirmed")),
    "returned": ("cross", "bad", Text("已退回", "Returned")),
}
FUNDING: Mapping[str, Text] = {
    FundingKind.CENTRAL: Text("中央预算内", "Central budget"), FundingKind.LOCAL: Text("地方财政", "Local budget"),
    FundingKind.ENTERPRISE: Text("企业自筹", "Enterprises"), FundingKind.BOND: Text("专项债", "Special bonds"), FundingKind.OTHER: Text("其他",
        "Other"),
}
PROSE_ONLY = Text("仅正文", "Text only")


def state_badge(state: str) -> SafeString:
    """In which column of the board a project stands."""
    shape, tone = PROJECT_MARKS[state]
    return badge(here(STATES[state]), shape, tone)


def report_badge(report: ProgressReport) -> SafeString:
    """Whether a report was confirmed; and that it was late."""
    shape, tone, word = REPORT_MARKS[report.state]
    made = badge(here(word), shape, tone)
    return format_html("{} {}", made, badge(here(Text("逾期报告", "Late")), "clock", "bad")) if report.is_late else made


def lag_words(days: int | None) -> str:
    """Days late or early; 不明 where it cannot be said."""
    if days is None:
        return here(Text("不明", "Not known"))
    if days > 0:
        return here(Text(f"晚{days}天", f"{days} days late"))
    return here(Text(f"早{-days}天", f"{-days} days early")) if days else here(Text("按期", "On the day"))


def wan(value: Decimal | None) -> str:
    """Money of 万元; 未填 where nobody entered it."""
    return here(NOT_FILLED) if value is None else f"{value:,.2f}"


def total_words(total: Total) -> str:
    """A sum, and of how many kinds it is one."""
    if total.value is None or total.is_whole:
        return wan(total.value)
    return here(Text(f"{wan(total.value)}（{total.of}类中填了{total.filled}类）", f"{wan(total.value)} ({total.filled} of {total.of} kinds entered)"))


def percent_words(one: ProjectView) -> str:
    """The confirmed progress with its quarter."""
    if one.latest is None:
        return here(Text("未报", "Not reported"))
    return here(Text(f"{one.latest.percent}%（{one.latest.period.label()}）", f"{one.latest.percent}% ({one.latest.period.label('en')})"))
