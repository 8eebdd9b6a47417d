"""What can be asked of the plan's projects: those in scope, how each stands, what is owed, who may do what; counts by place and box."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from kouan.accounts.action import System, allows
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.accounts.scope import scope_of
from kouan.audit import record_event
from kouan.basis import Finding, NotFound, Period, Text, clock
from kouan.basis.codes import mainland_provinces
from kouan.casework.execution.models import (
    FundingKind,
    ProgressReport,
    ProjectFunding,
    ProjectMilestone,
    ProjectRun,
)
from kouan.casework.execution.quarters import quarters_owed
from kouan.casework.execution.slippage import Course, Standing, Step, standing
from kouan.casework.execution.thresholds import Thresholds
from kouan.casework.oversight.models import may_look
from kouan.ports.models import Project, ProjectLink

BOXES: Mapping[str, Text] = {
    "7": Text("专栏7 重点枢纽口岸示范", "Box 7: demonstration hubs"), "8": Text("专栏8 口岸补短板", "Box 8: gap closing"),
    "9": Text("专栏9 智慧口岸", "Box 9: smart ports"), "10": Text("专栏10 国际合作", "Box 10: international"),
}
NONE_STATED = Text("未明确责任单位", "No office stated")
NOT_FILLED = Text("未填", "Not filled in")
MONEY = ("planned", "arranged", "paid")
# No row of the boxes was begun before the plan before this one.
FIRST, LAST = date(2010, 1, 1), date(2049, 12, 31)


@dataclass(frozen=True, slots=True)
class Total:
    """Money added up over its kinds: ``value`` None where nothing was entered; ``filled`` of how many kinds were."""

    value: Decimal | None
    filled: int
    of: int = len(FundingKind)

    @property
    def is_whole(self) -> bool:
        """Whether every kind was entered, so that the sum is the sum."""
        return self.filled == self.of


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A row of the plan with what is on record of it, as of a day. ``latest``: the confirmed report of the last quarter that has one."""

    project: Project
    run: ProjectRun | None
    provinces: tuple[str, ...]
    milestones: tuple[ProjectMilestone, ...]
    funding: Mapping[str, ProjectFunding]
    reports: tuple[ProgressReport, ...]
    latest: ProgressReport | None
    standing: Standing
    owed: tuple[Period, ...]

    @property
    def code(self) -> str:
        """The row's number in the boxes: P7-01."""
        return self.project.project_id

    @property
    def box(self) -> str:
        """7, 8, 9 or 10."""
        return self.code[1:].split("-")[0]

    @property
    def is_prose_only(self) -> bool:
        """Whether the plan names it in its text and not in the box (A-21)."""
        return not self.project.box.startswith("专栏")

    @property
    def version(self) -> int:
        """0: nothing on record."""
        return self.run.version if self.run else 0

    @property
    def owner(self) -> Organisation | None:
        """The office in charge."""
        return self.run.owner if self.run else None

    @property
    def owner_words(self) -> str:
        """The office in charge; that none is stated is said, never left blank."""
        return self.owner.name_zh if self.owner else NONE_STATED.zh

    @property
    def waiting(self) -> ProgressReport | None:
        """A report that a second person has still to confirm or return."""
        return next((each for each in self.reports if each.state == "waiting"), None)

    def total(self, name: str) -> Total:
        """Planned, arranged or paid money in all, 万元."""
        held = [value for each in self.funding.values() if (value := getattr(each, name)) is not None]
        return Total(sum(held, Decimal(0)) if held else None, len(held))


def projects_visible_to(user: Any) -> QuerySet[Project]:
    """The national office all rows; a province those that name its ports; any office those that it is in charge of."""
    if isinstance(user, System):
        return Project.objects.all()
    if not may_look(user) or not allows(user, "oversight.read"):
        return Project.objects.none()
    scope = scope_of(user)
    if scope.everything:
        return Project.objects.all()
    own = Exists(ProjectLink.objects.filter(project_id=OuterRef("pk"), port__province_code__in=scope.provinces - {""}))
    return Project.objects.filter(own | Q(run__owner_id=user.organisation_id))


def order_of(code: str) -> tuple[int, int]:
    """The order of the plan, not of the alphabet.

    >>> sorted(["P10-01", "P7-02", "P7-10"], key=order_of)
    ['P7-02', 'P7-10', 'P10-01']
    """
    box, _, number = code.removeprefix("P").partition("-")
    return int(box), int(number)


def board(user: Any, today: date | None = None) -> list[ProjectView]:
    """Every row in scope as it stands, in the order of the plan; eight queries, however many rows."""
    return _views(projects_visible_to(user), today or clock.today())


def get_project(user: Any, code: str) -> ProjectView:
    """One row. NotFound says the same for what there is not and for somebody else's; the asking leaves a trace."""
    found = _views(projects_visible_to(user).filter(project_id=code), clock.today())
    if found:
        return found[0]
    if Project.objects.filter(project_id=code).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "plan_project", "code": code})
    raise NotFound(Finding.error("unknown_project", "没有这个规划项目，或者它不在您的查看范围内。",
                                 "There is no such project of the plan, or it lies outside what you may see.",
                                 remedy=("请从规划项目表中选择。", "Choose it from the board.")))


# ---- who may do what ------------------------------------------------------------------------------------


def is_steward(user: Any, view: ProjectView) -> bool:
    """Whether somebody names the office in charge: the national office; the province of the row, unless another's office has it."""
    if isinstance(user, System) or scope_of(user).everything:
        return True
    home = user.organisation
    return bool(home.kind == OrganisationKind.PROVINCIAL_OFFICE and home.province_code in view.provinces
                and (view.owner is None or view.owner.province_code == home.province_code))


def may_edit(user: Any, view: ProjectView) -> bool:
    """Whether somebody enters days, milestones and money of a row in scope: its steward, and the office in charge."""
    return allows(user, "execution.enter") and (is_steward(user, view) or (view.owner is not None and view.owner.pk == user.organisation_id))


def may_report(user: Any, view: ProjectView) -> bool:
    """Whether somebody reports on the quarters: of the office in charge, nobody else."""
    return (not isinstance(user, System) and allows(user, "execution.enter") and view.owner is not None
            and view.owner.pk == user.organisation_id)


def may_decide(user: Any, view: ProjectView, report: ProgressReport) -> bool:
    """Whether somebody confirms or returns a report: a second person of the office in charge, of its province, or of the nation."""
    if isinstance(user, System) or not allows(user, "execution.confirm") or user.pk is None or report.reported_by_id == user.pk:
        return False
    home, owner = user.organisation, view.owner
    if scope_of(user).everything or report.office_id == home.pk:
        return True
    return bool(owner and home.kind == OrganisationKind.PROVINCIAL_OFFICE and home.province_code and owner.province_code == home.province_code)


def offices_for(user: Any, view: ProjectView) -> list[Organisation]:
    """The offices that somebody can put in charge: any for the national office, those of their own province for a province."""
    found = Organisation.objects.filter(is_active=True).exclude(kind=OrganisationKind.ENTERPRISE).order_by("province_code", "kind", "code")
    if isinstance(user, System) or scope_of(user).everything:
        return list(found)
    return list(found.filter(province_code=user.organisation.province_code)) if is_steward(user, view) else []


# ---- counts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """How many rows name ports of one province, by box and by state. ``code`` empty: rows that name no port."""

    code: str
    name: Text
    by_box: Mapping[str, int]
    by_state: Mapping[str, int]

    @property
    def number(self) -> int:
        """Rows in all."""
        return sum(self.by_box.values())


def by_place(views: Iterable[ProjectView]) -> list[PlaceCount]:
    """Rows by province of the ports they name; a row that names two provinces counts in each, one that names none stands last."""
    boxes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    states: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in views:
        for place in each.provinces or ("",):
            boxes[place][each.box] += 1
            states[place][each.standing.state] += 1
    names = {one.code: one.name for one in mainland_provinces} | {"": Text("未点名口岸的项目", "Projects that name no port")}
    return [PlaceCount(code, name, dict(boxes[code]), dict(states[code])) for code, name in names.items() if code in boxes]


def _views(rows: QuerySet[Project], today: date) -> list[ProjectView]:
    projects = sorted(rows, key=lambda each: order_of(each.project_id))
    keys = [each.pk for each in projects]
    runs = {each.project_id: each for each in ProjectRun.objects.filter(project__in=keys).select_related("owner")}
    places: dict[int, set[str]] = defaultdict(set)
    for key, province in ProjectLink.objects.filter(project__in=keys).values_list("project_id", "port__province_code"):
        places[key].add(province)
    held = [each.pk for each in runs.values()]
    milestones: dict[int, list[ProjectMilestone]] = defaultdict(list)
    for milestone in ProjectMilestone.objects.filter(run__in=held).select_related("document"):
        milestones[milestone.run_id].append(milestone)
    money: dict[int, dict[str, ProjectFunding]] = defaultdict(dict)
    for line in ProjectFunding.objects.filter(run__in=held):
        money[line.run_id][line.kind] = line
    reports: dict[int, list[ProgressReport]] = defaultdict(list)
    for report in ProgressReport.objects.filter(run__in=held).select_related("office", "reported_by", "decided_by", "evidence"):
        reports[report.run_id].append(report)
    thresholds = Thresholds()
    limits = {name: thresholds.on(name, today).count for name in ("milestone_days", "linear_days")}
    found = []
    for project in projects:
        run = runs.get(project.pk)
        held_as = run.pk if run else 0
        latest = next((each for each in reports[held_as] if each.state == "confirmed"), None)
        course = Course(
            run.first_start if run else None, run.first_finish if run else None, run.started_on if run else None,
            run.finished_on if run else None, latest.percent if latest else None, latest.period.end if latest else None,
            tuple(Step(each.title, each.first_planned_on, each.actual_on) for each in milestones[held_as]))
        found.append(ProjectView(
            project, run, tuple(sorted(places[project.pk] - {""})), tuple(milestones[held_as]), money[held_as], tuple(reports[held_as]), latest,
            standing(course, today, **limits), _owed(run, reports[held_as], today, thresholds)))
    return found


def _owed(run: ProjectRun | None, reports: list[ProgressReport], today: date, thresholds: Thresholds) -> tuple[Period, ...]:
    if run is None or run.owner_id is None or run.owner_since is None or run.start is None or run.finish is None:
        return ()
    told = {(each.year, each.quarter) for each in reports if each.state != "returned"}
    quarters = quarters_owed(max(run.start, run.owner_since), run.finished_on, today, lambda day: thresholds.on("report_days", day).count)
    return tuple(each for each in quarters if (each.start.year, (each.start.month + 2) // 3) not in told)
