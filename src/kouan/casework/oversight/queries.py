"""What can be asked of supervision: the matrix, a cell, what is supervised, instructions and circulars in scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.accounts.action import System
from kouan.accounts.models import Organisation
from kouan.accounts.scope import Scope, scope_of
from kouan.audit import record_event
from kouan.basis import NotFound, Text, clock
from kouan.casework.oversight.models import (
    CellReport,
    Circular,
    ClearanceNotice,
    ClearanceNoticeQuerySet,
    Instruction,
    OversightPaper,
    Supervision,
    TaskCell,
    may_look,
)
from kouan.casework.oversight.plan_tasks import PlanTask, TaskPlace, no_cell, plan

# How a cell stands, worked out from its row, its last report and the day. The order is that of the legend.
STATES: Mapping[str, Text] = {
    "none_stated": Text("未明确责任单位", "No office stated"),
    "undated": Text("未定期限", "No day set"),
    "unreported": Text("未报告", "Not reported"),
    "in_progress": Text("推进中", "Under way"),
    "overdue": Text("逾期", "Overdue"),
    "to_verify": Text("已报告待核实", "To be verified"),
    "done": Text("已核实完成", "Verified"),
    "exempt": Text("不适用", "Does not apply"),
}


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell as the matrix shows it, whether or not anything of it is on record."""

    task: PlanTask
    place: TaskPlace
    row: TaskCell | None
    last: CellReport | None
    state: str
    supervision: Supervision | None = None

    @property
    def owner_words(self) -> str:
        """The office in charge; that none is stated is said, never left blank."""
        if self.state == "exempt":
            return STATES["exempt"].zh
        return self.row.owner.name_zh if self.row is not None and self.row.owner is not None else STATES["none_stated"].zh

    @property
    def due_on(self) -> date | None:
        """The day set here, if any; the plan's own day stands with the task."""
        return self.row.due_on if self.row else None


def state_of(task: PlanTask, place: str, row: TaskCell | None, last: CellReport | None, today: date) -> str:
    """How a cell stands. A day that has passed comes before progress; a verified completion before all."""
    if row is None:
        return "none_stated" if task.applies_to(place) else "exempt"
    if row.completed_on is not None:
        return "done"
    if row.is_exempt or not (task.applies_to(place) or row.owner_id):
        return "exempt"
    if row.owner_id is None:
        return "none_stated"
    if last is not None and last.is_complete and last.accepted is None:
        return "to_verify"
    if row.due_on is not None and row.due_on < today:
        return "overdue"
    if last is not None:
        return "in_progress"
    return "unreported" if row.due_on is not None else "undated"


def matrix(user: Any, today: date | None = None) -> list[CellView]:
    """Every cell in scope, task by task, in four queries; those without a row too."""
    day = today or clock.today()
    rows = {(each.task, each.place): each for each in TaskCell.objects.visible_to(user).select_related("owner")}
    return _views(((task, place) for task in plan().tasks.values() for place in plan().places.values()
                   if _sees(user, place.code) or (task.code, place.code) in rows), rows, day)


def places_of(user: Any) -> list[TaskPlace]:
    """The columns that a user sees whole or in part."""
    seen = {each.place.code for each in matrix(user)}
    return [each for each in plan().places.values() if each.code in seen]


def get_cell(user: Any, task: str, place: str) -> CellView:
    """One cell. NotFound says the same for what there is not and for somebody else's; the asking leaves a trace."""
    one, where = plan().tasks.get(task), plan().places.get(place)
    row = TaskCell.objects.visible_to(user).select_related("owner").filter(task=task, place=place).first() if one and where else None
    if one is None or where is None:
        raise no_cell()
    if row is None and not _sees(user, place):
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "plan_task", "task": task, "place": place})
        raise no_cell()
    return _views([(one, where)], {(task, place): row} if row else {}, clock.today())[0]


def offices_for(place: str) -> list[Organisation]:
    """The offices that can be put in charge of a cell: those of the province, and the national office."""
    found = Organisation.objects.filter(is_active=True).exclude(kind="enterprise").order_by("kind", "code")
    if plan().places[place].is_province:
        found = found.filter(province_code__in=[place, ""])
    return list(found)


def get_supervision(user: Any, number: int) -> Supervision:
    """A supervised matter by its own number."""
    return _one(Supervision.objects.visible_to(user).select_related("matter", "owner", "cell", "instruction"), Supervision, user, number,
                "supervision", "督办事项", "supervised matter")


def get_report(user: Any, task: str, place: str, number: int) -> CellReport:
    """A report of one cell; a report of another cell is not found under this one."""
    get_cell(user, task, place)
    return _one(CellReport.objects.filter(cell__task=task, cell__place=place), CellReport, user, number, "report", "进展报告", "report of progress")


def get_paper(user: Any, number: int) -> OversightPaper:
    """A drafted paper."""
    return _one(OversightPaper.objects.visible_to(user), OversightPaper, user, number, "oversight_paper", "文书", "paper")


def get_instruction(user: Any, number: int) -> Instruction:
    """An instruction."""
    return _one(Instruction.objects.visible_to(user), Instruction, user, number, "instruction", "批示", "instruction")


def get_circular(user: Any, number: int) -> Circular:
    """A circular: of one's own office, or addressed to it."""
    return _one(Circular.objects.visible_to(user).select_related("office", "replaces"), Circular, user, number, "circular", "通知", "circular")


def notices_visible_to(user: Any) -> ClearanceNoticeQuerySet:
    """Clearance-time notices that somebody may see, latest month first."""
    return ClearanceNotice.objects.visible_to(user).select_related("circular", "circular__office", "drafted_by")


def get_notice(user: Any, number: int) -> ClearanceNotice:
    """A clearance-time notice: the national office's, or issued to one's own."""
    return _one(notices_visible_to(user), ClearanceNotice, user, number, "clearance_notice", "整体通关时间通报", "clearance-time notice")


def supervisions_of(rows: Any, user: Any) -> list[Supervision]:
    """The supervised matters under something that the user may see."""
    return list(Supervision.objects.visible_to(user).filter(**rows).select_related("matter", "matter__edition", "owner", "instruction", "cell"))


def _one(rows: Any, model: Any, user: Any, number: int, kind: str, zh: str, en: str) -> Any:
    found = rows.filter(pk=number).first()
    if found is not None:
        return found
    if model.objects.filter(pk=number).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": kind, "id": number})
    raise NotFound.because(f"unknown_{kind}", f"没有编号为 {number} 的{zh}，或者它不在您的查看范围内。",
                           f"There is no {en} number {number}, or it lies outside what you may see.", remedy=("请从列表中选择。",
                               "Choose it from the list."))


def _sees(user: Any, place: str) -> bool:
    scope = Scope(everything=True) if isinstance(user, System) else scope_of(user) if may_look(user) else Scope.nothing()
    return scope.covers_province(place)


def _views(wanted: Iterable[tuple[PlanTask, TaskPlace]], rows: Mapping[tuple[str, str], TaskCell], day: date) -> list[CellView]:
    pks = [each.pk for each in rows.values()]
    last: dict[int, CellReport] = {}
    for each in CellReport.objects.filter(cell__in=pks).order_by("id"):
        last[each.cell_id] = each
    running = {each.cell_id: each for each in Supervision.objects.filter(cell__in=pks, is_open=True).select_related("matter")}
    found = []
    for task, place in wanted:
        row = rows.get((task.code, place.code))
        report = last.get(row.pk) if row else None
        found.append(CellView(task, place, row, report, state_of(task, place.code, row, report, day), running.get(row.pk) if row else None))
    return found
