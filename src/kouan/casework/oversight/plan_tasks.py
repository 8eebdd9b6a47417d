"""The plan's tasks for provinces, and the places they are for: a dated file, read once.

>>> len(plan().places), plan().tasks["class_two"].by.isoformat(), plan().tasks["bottlenecks"].applies_to("44")
(32, '2025-12-31', False)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import Citation, Finding, NotFound, Text
from kouan.basis.codes import mainland_provinces
from kouan.basis.strict_yaml import load_file

FILE = Path(__file__).parent / "data" / "plan_tasks.yaml"


@dataclass(frozen=True, slots=True)
class PlanTask:
    """One task. ``places``: the codes of those it is for; ``by``: the day that the plan itself names, if any."""

    code: str
    title: Text
    section: str
    requirement: str
    quote: str
    places: frozenset[str]
    target: str = ""
    by: date | None = None

    def applies_to(self, place: str) -> bool:
        """Whether the plan sets the task for a place."""
        return place in self.places

    @property
    def citation(self) -> Citation:
        """Where the plan says so."""
        return Citation(plan().title, self.section)


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """A column of the matrix: a province, or the corps, which GB/T 2260 does not list."""

    code: str
    name: Text
    short: Text
    is_province: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """The file as read. ``not_tasks``: targets that are no province's task, each with the reason."""

    title: str
    dated: date
    source: Mapping[str, Any]
    tasks: Mapping[str, PlanTask]
    places: Mapping[str, TaskPlace]
    not_tasks: Mapping[str, str]


@lru_cache(maxsize=1)
def plan() -> Plan:
    """The shipped file. KeyError or Refused where it is not as it should be: a test reads it."""
    data = load_file(FILE, FILE.name)
    corps = data["corps"]
    places = {each.code: TaskPlace(each.code, Text(each.zh, each.en), Text(each.short_zh, each.en)) for each in mainland_provinces}
    everyone = frozenset(places)
    places[corps["code"]] = TaskPlace(corps["code"], Text(corps["zh"], corps["en"]), Text(corps["short_zh"], corps["short_en"]), is_province=False)
    groups = {"all": everyone} | {name: frozenset(codes) for name, codes in data["groups"].items()}
    tasks = {
        code: PlanTask(
            code, Text(one["title"]["zh"], one["title"]["en"]), one["section"], one["requirement"], one["quote"],
            groups[one["applies"]] | (frozenset({corps["code"]}) if one.get("corps") else frozenset()), one.get("target", ""), one.get("by"))
        for code, one in data["tasks"].items()
    }
    return Plan(data["source"]["title"], data["dated"], data["source"], tasks, places, data["not_tasks"])


def no_cell() -> NotFound:
    """What is answered for a cell that is not there and for one of somebody else alike."""
    return NotFound(Finding.error(
        "unknown_cell", "没有这项任务，或者它不在您的查看范围内。", "There is no such task, or it lies outside what you may see.",
        remedy=("请从规划任务表中选择。", "Choose it from the matrix.")))
