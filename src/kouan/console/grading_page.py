"""What the pages of grading share: the row of tabs, badges of outcomes, papers named in a form, a day typed in one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.accounts.action import refuse
from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.basis import Finding, Place, Refused, Text
from kouan.console.marks import badge
from kouan.console.words import here
from kouan.desk.models import Document
from kouan.desk.queries import documents_visible_to, find_document
from kouan.grading.grades import GRADES, UNDECIDED
from kouan.grading.lists import VERDICTS
from kouan.grading.models import ListKind

LISTS: Mapping[str, Text] = {
    ListKind.WATCH.value: Text("预警名单", "Watch list"),
    ListKind.CLOSING.value: Text("关闭候选", "Closing candidates"),
    ListKind.UNACCEPTED.value: Text("逾期未验收", "Not accepted in time"),
    ListKind.MERGE.value: Text("整合候选", "Merger candidates"),
    ListKind.CLASS_TWO.value: Text("原二类口岸", "Class-II ports"),
}
LEDES: Mapping[str, Text] = {
    ListKind.WATCH.value: Text(
        "按退出阶梯对照各口岸连续不达标的年数；名单是建议，每一步由有权机关决定。",
        "Each port's years below the standard on the withdrawal ladder. The list is advice; whoever is competent decides each step.",
    ),
    ListKind.CLOSING.value: Text(
        "长期低于客货运量标准的航空口岸；关闭只凭国务院批复。",
        "Air ports long below the volume standard; a port closes by a reply of the State Council only.",
    ),
    ListKind.UNACCEPTED.value: Text("国务院批准开放满三年仍未通过验收的口岸。", "Ports approved three years ago that have not passed acceptance."),
    ListKind.MERGE.value: Text("以地级市为单元，有两个以上水运口岸的城市。", "Prefecture-level cities with two or more water ports."),
    ListKind.CLASS_TWO.value: Text(
        "原二类口岸单设名册，期限为2025年12月31日；升格、并入或关闭。",
        "A register of their own, due by 31 December 2025: upgraded, merged or closed.",
    ),
}
_MARKS: Mapping[str, tuple[str, str]] = {
    "review": ("triangle-cross", "bad"),
    "rectify": ("half", "wait"),
    "notice": ("clock", "wait"),
    "none": ("disc-check", "ok"),
    "close": ("triangle-cross", "bad"),
    "unaccepted": ("clock", "wait"),
    "merge": ("merge", "wait"),
    "to_clear": ("clock", "wait"),
    "overdue": ("triangle-cross", "bad"),
    "other_only": ("diamond", "none"),
    "unknown": ("dotted-ring", "none"),
}
_GRADE_MARKS: Mapping[str, tuple[str, str]] = {"hub": ("square", "info"), "important": ("half", "info"), "regional": ("ring", "none")}
MOST_PAPERS = 300


def outcome_badge(verdict: str) -> SafeString:
    """An outcome of a list, in word and shape."""
    shape, tone = _MARKS[verdict]
    return badge(here(VERDICTS[verdict]), shape, tone)


def grade_badge(grade: str | None) -> SafeString:
    """A grade in word and shape; a dotted ring where none was decided."""
    if grade is None:
        return badge(here(UNDECIDED), "dotted-ring", "none")
    shape, tone = _GRADE_MARKS[grade]
    return badge(here(GRADES[grade]), shape, tone)


def tabs(open_tab: str) -> list[dict[str, Any]]:
    """The pages of the room as links, with the one that is open marked."""
    found = [
        {
            "label": label,
            "address": reverse("grading") if kind == ListKind.WATCH else reverse("grading-list", args=[kind]),
            "is_open": kind == open_tab,
        }
        for kind, label in LISTS.items()
    ]
    others = (
        ("records", "grading-records", Text("已登记名单", "Recorded lists")),
        ("grades", "grades", Text("口岸等级", "Grades")),
        ("policy", "policy", Text("差别化政策", "Differentiated policy")),
    )
    return [*found, *({"label": label, "address": reverse(name), "is_open": code == open_tab} for code, name, label in others)]


def crumbs(*labels: tuple[Text, str]) -> list[dict[str, Any]]:
    """The way to a page below the room's first; the last has no address."""
    return [
        {"label": Text("分级与准入退出", "Grading, access and withdrawal"), "address": reverse("grading")},
        *({"label": label, **({"address": address} if address else {})} for label, address in labels),
    ]


def papers(user: Any) -> list[tuple[str, str]]:
    """The papers that a form offers: reference and words."""
    rows = documents_visible_to(user).order_by("-recorded_at")[:MOST_PAPERS]
    return [(each.reference, f"{each.title} {each.document_number}".strip()) for each in rows]


def paper_named(request: HttpRequest) -> Document:
    """The paper that a form names by reference, number or title; Refused at its field."""
    said = request.POST.get("document", "").strip()[:300]
    found = find_document(request.user, said) if said else None
    if found is None:
        raise Refused.because(
            "unknown_document" if said else "document_required",
            f"没有找到文件“{said}”。" if said else "请注明依据文件。",
            f"No document “{said}” was found." if said else "Name the document.",
            where=Place(field="document"),
            remedy=("请从列表中选择，或先在“文件”中登记。", "Choose one from the list, or record it under “Documents” first."),
        )
    return found


def day_typed(request: HttpRequest, field: str) -> date:
    """A day of a form; Refused at its field."""
    try:
        return date.fromisoformat(request.POST.get(field, ""))
    except ValueError:
        raise Refused.because(
            "bad_date", "请填写日期。", "Give a date.", where=Place(field=field), remedy=("如 2024-07-01。", "As 2024-07-01.")
        ) from None


def paper_link(document: Document, user: Any) -> SafeString:
    """A paper's title and number; a link for whoever is sure to see it."""
    said = f"{document.title}（{document.document_number}）" if document.document_number else document.title
    if not scope_of(user).everything:
        return format_html("{}", said)
    return format_html('<a href="{}">{}</a>', reverse("document", args=[document.pk]), said)


def require(request: HttpRequest, permission: str, verb: str) -> None:
    """Refuse a form of somebody who may not, before anything that was typed is looked at; the attempt is recorded."""
    user: Any = request.user
    if not may(user, permission):
        raise refuse(user, permission, verb)


def sheet_of(request: HttpRequest, limit: int) -> tuple[bytes, str]:
    """The sheet that a form brings; Refused where there is none."""
    file = request.FILES.get("sheet")
    if file is None:
        raise Refused(
            [
                Finding.error(
                    "missing",
                    "请选择要上传的表格。",
                    "Choose a sheet.",
                    where=Place(field="sheet"),
                    remedy=("可用 .xlsx 或 .csv。", "Use .xlsx or .csv."),
                )
            ]
        )
    return file.read(limit + 1), file.name or "sheet"
