"""How cells, supervised matters and circulars look: a word and a shape each."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Text
from kouan.casework.oversight.queries import STATES
from kouan.console.marks import badge, shape
from kouan.console.words import here

CELL_MARKS: Mapping[str, tuple[str, str, Text]] = {
    "none_stated": ("dotted-ring", "none", Text("未明", "none")), "undated": ("ring", "wait", Text("未定", "no day")),
    "unreported": ("clock", "wait", Text("未报", "silent")), "in_progress": ("half", "info", Text("推进", "under way")),
    "overdue": ("triangle-cross", "bad", Text("逾期", "overdue")), "to_verify": ("eye", "info", Text("待核", "verify")),
    "done": ("disc-check", "ok", Text("完成", "done")), "exempt": ("dash-ring", "none", Text("不适用", "n/a")),
}
CIRCULAR_MARKS: Mapping[str, tuple[str, str, Text]] = {
    "draft": ("ring", "none", Text("草稿", "Draft")), "issued": ("disc-check", "ok", Text("已印发", "Issued")),
    "recalled": ("cross", "bad", Text("已撤回", "Recalled")), "superseded": ("merge", "wait", Text("已被替代", "Superseded")),
}
URGENCY: Mapping[str, Text] = {"routine": Text("平件", "Routine"), "urgent": Text("加急", "Urgent"), "most_urgent": Text("特急", "Most urgent")}
OFFICE_KINDS: Mapping[str, Text] = {
    "national_office": Text("国家口岸办", "National office"), "provincial_office": Text("省级口岸办", "Provincial offices"),
    "city_office": Text("市县口岸办", "City and county offices"), "inspection_agency": Text("查验机构", "Inspection agencies"),
    "port_operator": Text("口岸经营单位", "Port operators"),
}


def cell_badge(state: str) -> SafeString:
    """How a cell stands, in full."""
    shape_name, tone, _ = CELL_MARKS[state]
    return badge(here(STATES[state]), shape_name, tone)


def cell_mark(state: str) -> SafeString:
    """The same in the few letters that a column of the matrix has room for."""
    shape_name, tone, word = CELL_MARKS[state]
    return format_html('<span class="mark mark-{}">{}{}</span>', tone, shape(shape_name), here(word))


def circular_badge(state: str) -> SafeString:
    """How a circular stands."""
    shape_name, tone, word = CIRCULAR_MARKS[state]
    return badge(here(word), shape_name, tone)


def signed_badge(is_signed: bool, is_read: bool = False) -> SafeString:
    """Whether an office has signed."""
    if is_signed:
        return badge(here(Text("已签收", "Signed")), "disc-check", "ok")
    return badge(here(Text("已阅未签", "Opened, not signed")), "eye", "wait") if is_read else badge(here(Text("未签收", "Not signed")),
        "dotted-ring", "wait")
