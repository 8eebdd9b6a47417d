"""Where the plan's text and its boxes do not agree (A-20, A-21): shown, never mended, and nothing is blocked by it.

Worked out from the rows as they ship, so that a corrected row corrects the page. The box is the list; what stands in the text only
is marked, and counts apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from kouan.basis import Citation, Finding
from kouan.casework.execution.queries import order_of
from kouan.ports.models import Project
from kouan.ports.queries import PLAN

# 五(一)3: 扎实推进与有关毗邻国家各建设1—2个示范口岸工程. Hong Kong and Macao are no neighbouring countries.
MOST_PER_NEIGHBOUR = 2
NO_COUNTRY = frozenset({"HK", "MO", "TW", ""})


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: which open point, what it is, the rows that it is about, and the neighbouring country, if it is about one."""

    ambiguity: str
    kind: str
    finding: Finding
    projects: tuple[Project, ...]
    neighbour: str = ""


def differences() -> list[Difference]:
    """Every difference between text and boxes. The plan is published: nothing of this is anybody's own."""
    rows = sorted(Project.objects.all(), key=lambda each: order_of(each.project_id))
    in_box = [each for each in rows if each.box == "专栏7"]
    return [*_too_many(in_box), *_one_sided(rows)]


def counts_of_box_seven() -> Counter[str]:
    """How many rows 专栏7 lists by mode; what stands in the text only is not among them."""
    return Counter(Project.objects.filter(box="专栏7").values_list("mode", flat=True))


def remarks() -> list[Project]:
    """Rows with a remark of whoever copied the plan."""
    return sorted(Project.objects.exclude(note=""), key=lambda each: order_of(each.project_id))


def _too_many(in_box: Sequence[Project]) -> list[Difference]:
    by_neighbour: dict[str, list[Project]] = defaultdict(list)
    for each in in_box:
        if each.mode == "road" and each.counterpart_code not in NO_COUNTRY:
            by_neighbour[each.counterpart_code].append(each)
    found = []
    for code, rows in by_neighbour.items():
        if len(rows) > MOST_PER_NEIGHBOUR:
            listed = "、".join(each.object_zh for each in rows)
            found.append(Difference("A-20", "more_than_two", Finding.warning(
                "more_than_two_with_neighbour",
                f"正文说与毗邻国家各建设1—2个示范口岸，专栏7与同一国家列了{len(rows)}个公路口岸：{listed}。",
                f"The text says one or two demonstration ports with each neighbour; Box 7 lists {len(rows)} road ports with one of them.",
                measured=len(rows), required="1—2", citation=Citation(PLAN, "五(一)"),
                remedy=("以专栏为准，只作提示，不影响办理。", "The box stands; this is a remark and holds nothing up.")), tuple(rows), code))
    return found


def _one_sided(rows: Sequence[Project]) -> list[Difference]:
    prose = tuple(each for each in rows if not each.box.startswith("专栏"))
    boxed = tuple(each for each in rows if each.box.startswith("专栏") and "absent from the prose" in each.note_en)
    found = []
    if prose:
        listed = "、".join(each.object_zh for each in prose)
        found.append(Difference("A-21", "prose_only", Finding.warning(
            "prose_only", f"正文五(一)点名、专栏7没有列出的水运口岸项目：{listed}。",
                f"Named in the text of 五(一), not listed in Box 7: {len(prose)} water ports.",
            measured=len(prose), citation=Citation(PLAN, "五(一)"),
            remedy=("以专栏为准；这些项目单独标明“仅正文”，照样可以填报。",
                "The box is the list; these are marked “text only” and can be filled in all the same.")), prose))
    if boxed:
        listed = "、".join(each.object_zh for each in boxed)
        found.append(Difference("A-21", "box_only", Finding.warning(
            "box_only", f"专栏7列出、正文五(一)没有点名的水运口岸项目：{listed}。",
                f"Listed in Box 7, not named in the text of 五(一): {len(boxed)} water port.",
            measured=len(boxed), citation=Citation(PLAN, "专栏7"), remedy=("以专栏为准。", "The box is the list.")), boxed))
    return found
