"""The row of tabs that the pages of one year's evaluation share; a tab whose page is not served, or not for this user, is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from kouan.accounts.permissions import may
from kouan.basis import Text
from kouan.console.addresses import address_of


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of a round: its address takes the year."""

    address_name: str
    label: Text
    permission: str = "rounds.read"


# In the order of the work. A page is listed here and nowhere else.
TABS: tuple[Tab, ...] = (
    Tab("evaluation-round", Text("进度", "Progress")),
    Tab("evaluation-workbench", Text("核验台", "Workbench")),
    Tab("evaluation-filing", Text("检查点佐证", "Checklist evidence")),
    Tab("evaluation-experts", Text("专家评分", "Experts' marks"), "marks.read"),
    Tab("evaluation-rulings", Text("认定", "Rulings")),
    Tab("evaluation-results", Text("结果", "Results")),
    Tab("evaluation-compare", Text("口岸比较", "Compare ports")),
    Tab("evaluation-what-if", Text("试算", "What if"), "scores.read_ranks"),
    Tab("evaluation-objections", Text("异议", "Objections")),
    Tab("evaluation-tasks", Text("整改", "Rectification")),
    Tab("evaluation-publication", Text("公布内容", "Publication"), "clearances.propose"),
    Tab("evaluation-reports", Text("报告", "Reports")),
    Tab("evaluation-method", Text("方法", "Method")),
)


def tabs_for(request: HttpRequest, year: int, open_name: str) -> list[dict[str, Any]]:
    """The tabs of a year that this user may open, the open one marked."""
    found = []
    for tab in TABS:
        address = address_of(tab.address_name, year)
        if address and may(request.user, tab.permission):
            found.append({"label": tab.label, "address": address, "is_open": tab.address_name == open_name})
    return found
