"""The menu: which pages stand in it, and who sees each entry.

An entry is shown to those whose role carries its permission. The order is the order of work:
first the nation, the ports and what comes in, then cases and what offices do together, what figures are
checked against, the law, the trail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from kouan.accounts.permissions import may
from kouan.basis import Text
from kouan.console.addresses import address_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu. ``sections``: first parts of the addresses that belong to it."""

    address_name: str
    label: Text
    icon: str
    permission: str
    sections: tuple[str, ...]
    group: Text


WORK = Text("业务", "Work")
TOGETHER = Text("办件与协同", "Casework and coordination")
CHECKS = Text("核对与对标", "Checks and benchmarks")
GROUND = Text("依据与监督", "Grounds and oversight")
SYSTEM = Text("系统", "System")

MENU: tuple[Entry, ...] = (
    Entry("panorama", Text("全景", "Panorama"), "layout-grid", "console.read", ("",), WORK),
    Entry("inbox", Text("待办", "To do"), "inbox", "matters.act", ("inbox",), WORK),
    Entry("ports", Text("口岸", "Ports"), "building-arch", "ports.read", ("ports",), WORK),
    Entry("intake", Text("报送", "Collection"), "file-import", "intake.read", ("intake",), WORK),
    Entry("checks", Text("数据核查", "Checks of figures"), "zoom-check", "checks.read", ("checks",), WORK),
    Entry("returns", Text("统计报送", "Returns"), "report-analytics", "returns.read", ("returns",), WORK),
    Entry("data-sets", Text("数据共享", "Data sharing"), "share", "sharing.read", ("data-sets", "grants"), WORK),
    Entry("releases", Text("数据公布", "Releases"), "world-upload", "releases.read", ("releases",), WORK),
    Entry("event-sources", Text("运行事件来源", "Event sources"), "broadcast", "events.read", ("events",), WORK),
    Entry("flows", Text("监测", "Monitoring"), "chart-line", "ports.read", ("flows",), WORK),
    Entry("processes", Text("作业流程", "Process views"), "git-branch", "events.read", ("processes",), WORK),
    Entry("warnings", Text("预警", "Early warnings"), "bell-ringing", "warnings.read", ("warnings",), WORK),
    Entry("emergencies", Text("突发事件", "Emergencies"), "urgent", "emergencies.read", ("emergencies",), WORK),
    Entry("image-feeds", Text("影像源", "Imagery feeds"), "device-cctv", "imagery.read", ("imagery",), WORK),
    Entry("time-studies", Text("放行时间", "Release times"), "hourglass", "events.read", ("times",), WORK),
    Entry("evaluation", Text("评估", "Evaluation"), "chart-radar", "rounds.read", ("evaluation",), WORK),
    Entry("evaluation-marks", Text("专家评分", "Experts' marks"), "clipboard-check", "rounds.mark", ("evaluation",), WORK),
    Entry("grading", Text("分级与准入退出", "Grading and withdrawal"), "stairs", "lists.read", ("grading",), WORK),
    Entry("matters", Text("办件", "Matters"), "folders", "matters.read", ("matters",), TOGETHER),
    Entry("oversight", Text("督查督办", "Supervision"), "eye-check", "oversight.read", ("oversight",), TOGETHER),
    Entry("conferences", Text("联席会议", "Conferences"), "users-group", "matters.read", ("conferences",), TOGETHER),
    Entry("bottlenecks", Text("堵点难点", "Bottlenecks"), "message-report", "issues.read", ("bottlenecks",), TOGETHER),
    Entry("counterpart-checks", Text("对侧核对", "Counterpart checks"), "arrows-left-right", "console.read",
          ("counterpart-checks",), CHECKS),
    Entry("benchmark", Text("对标", "Benchmark"), "scale", "console.read", ("benchmark",), CHECKS),
    Entry("law", Text("法规与参数", "Law and parameters"), "gavel", "console.read", ("law",), GROUND),
    Entry("procedures", Text("办理程序", "Procedures"), "route", "matters.read", ("procedures",), GROUND),
    Entry("dictionary", Text("数据字典", "Data dictionary"), "book", "console.read", ("dictionary",), GROUND),
    Entry("codes", Text("代码表", "Code lists"), "hash", "console.read", ("codes",), GROUND),
    Entry("documents", Text("文件", "Documents"), "file-text", "console.read", ("documents",), GROUND),
    Entry("exchange", Text("数据交换", "Exchange"), "arrows-exchange", "exchange.read", ("exchange",), GROUND),
    Entry("audit", Text("审计", "Audit"), "history", "audit.read", ("audit",), GROUND),
    Entry("users", Text("用户", "Users"), "users", "users.manage", ("users", "organisations"), SYSTEM),
    Entry("jobs", Text("任务", "Jobs"), "progress-check", "jobs.run", ("jobs",), SYSTEM),
)


def menu_for(request: HttpRequest) -> list[dict[str, Any]]:
    """The entries this user may open, in groups, with the one that is open marked."""
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated or user.must_change_password:
        return []
    section = request.path.strip("/").split("/", 1)[0]
    groups: list[dict[str, Any]] = []
    for entry in MENU:
        address = address_of(entry.address_name)
        if not address or not may(user, entry.permission):
            continue
        if not groups or groups[-1]["label"] is not entry.group:
            groups.append({"label": entry.group, "entries": []})
        groups[-1]["entries"].append({
            "label": entry.label, "icon": entry.icon, "address": address, "is_open": section in entry.sections,
        })
    return groups


def addresses_for(user: Any) -> Iterator[str]:
    """The addresses of the entries a user may open, in the order of the menu."""
    for entry in MENU:
        address = address_of(entry.address_name)
        if address and may(user, entry.permission):
            yield address
