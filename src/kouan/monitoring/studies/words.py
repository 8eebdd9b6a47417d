"""The words of a study: what its codes read, labels that stand over every page, lengths as they are printed.

>>> segment_name("arrived", "declared", "").zh, hours(1.5), interval({"low_hours": 1.0, "high_hours": 2.25})
('抵港 → 申报', '1.50', '1.00–2.25')
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from kouan.basis import Text
from kouan.basis.clock import BEIJING
from kouan.monitoring.studies.models import TimeStudy
from kouan.monitoring.timing.causes import UNEXPLAINED
from kouan.monitoring.timing.definitions import NATURES, OWNERS, shipped
from kouan.monitoring.timing.explain import UNDIVIDED
from kouan.monitoring.timing.page import DIRECTIONS, MODES

KINDS = {"consignment": Text("货物（票）", "consignments"), "declaration": Text("报关单", "declarations"), "container": Text("集装箱", "containers")}
ALL_KINDS, ALL_MODES = Text("货物、报关单、集装箱", "consignments, declarations, containers"), Text("全部运输方式", "all modes")
CHANNELS = {"inspected": Text("有查验指令", "inspection ordered"), "not_inspected": Text("无查验指令", "no inspection ordered")}
EXERCISE = Text("演练：数据均为生成，不得用于实际工作", "Exercise: generated data, not for real work")
DEMONSTRATION = Text("演示：含演示数据", "Demonstration data included")
DRAFT = Text("草稿：未经第二人确认", "Draft: not confirmed by a second person")
NONE = "—"


def labels_of(study: TimeStudy) -> list[Text]:
    """What stands over every page, so that nobody takes a study for more than it is."""
    origins = (study.figures or {}).get("origins", [])
    said = [EXERCISE] if settings.IS_EXERCISE or "exercise" in origins else []
    if "demonstration" in origins:
        said.append(DEMONSTRATION)
    return said if study.is_confirmed else [*said, DRAFT]


def mode_name(code: str) -> Text:
    """A mode, or all of them."""
    return MODES[code] if code else ALL_MODES


def kind_name(code: str) -> Text:
    """A kind of case, or all of them."""
    return KINDS[code] if code else ALL_KINDS


def direction_name(code: str) -> Text:
    """A direction."""
    return DIRECTIONS[code]


def milestone_name(code: str) -> Text:
    """A milestone of the code list."""
    found = shipped().milestones.get(code)
    return found.name if found else Text(code, code)


def segment_name(since: str, to: str, absorbed: str) -> Text:
    """A segment by its two milestones; with the parts that a missing milestone hides in it."""
    a, b = milestone_name(since), milestone_name(to)
    hidden = [part_name(code) for code in absorbed.split("+") if code]
    if not hidden:
        return Text(f"{a.zh} → {b.zh}", f"{a.en} → {b.en}")
    return Text(f"{a.zh} → {b.zh}（含缺节点的{'、'.join(each.zh for each in hidden)}）",
                f"{a.en} → {b.en} (with {', '.join(each.en for each in hidden)}, whose milestones are missing)")


def segment_of(row: dict[str, Any]) -> Text:
    """The segment of a row of the figures."""
    since, to = row["pair"]
    return segment_name(since, to, "+".join(row.get("absorbed", ())))


def part_name(code: str) -> Text:
    """A part (分段), or that no segment explains it."""
    if code == UNEXPLAINED:
        return Text("无单段超出参照", "no segment above its yardstick")
    found = shipped().parts.get(code)
    return found.name if found else Text(code, code)


def owners_name(codes: Sequence[str]) -> Text:
    """Whose time; several where a missing milestone hides how it divides."""
    found = [OWNERS[code] for code in codes if code in OWNERS]
    return Text("＋".join(each.zh for each in found) or NONE, " + ".join(each.en for each in found) or NONE)


def nature_name(code: str) -> Text:
    """Working, waiting, or not divided."""
    return NATURES.get(code, UNDIVIDED) if code else Text(NONE, NONE)


def hours(value: float | None) -> str:
    """A length in hours with two decimals."""
    return NONE if value is None else f"{value:,.2f}"


def percent(value: float | None) -> str:
    """A share with one decimal."""
    return NONE if value is None else f"{value:.1%}"


def interval(found: dict[str, Any] | None) -> str:
    """An interval in hours."""
    return NONE if found is None else f"{found['low_hours']:,.2f}–{found['high_hours']:,.2f}"


def statistics(summary: dict[str, Any]) -> tuple[str, ...]:
    """n, mean, median, interval of the median, p75, p90, p95 as printed."""
    return (f"{summary['n']:,}", hours(summary["mean_hours"]), hours(summary["median_hours"]), interval(summary["median_interval"]),
            hours(summary["p75_hours"]), hours(summary["p90_hours"]), hours(summary["p95_hours"]))  # fmt: skip


def beijing(when: datetime) -> datetime:
    """The wall time in Beijing."""
    return when.astimezone(BEIJING)
