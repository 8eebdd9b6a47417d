"""What can be asked of issues: one in scope, what a reader may know of it, and public figures that betray nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from kouan.accounts.action import System
from kouan.accounts.models import Role
from kouan.audit import record_event
from kouan.basis import NotFound, Place, Text
from kouan.casework.bottlenecks.effects import is_inspected
from kouan.casework.bottlenecks.models import Issue, IssueQuerySet, Origin
from kouan.casework.bottlenecks.routing import label_of
from kouan.desk.matters.models import MatterStep
from kouan.desk.matters.papers import papers_of
from kouan.desk.matters.queries import procedure_for
from kouan.desk.models import DocumentVersion

# A group smaller than this is not shown to the public: who knows the port would know the enterprise.
FEWEST_SHOWN = 3


def issues_visible_to(user: Any) -> IssueQuerySet:
    """The issues that a user may see."""
    return Issue.objects.all().visible_to(user).select_related("matter__edition", "port", "handler", "enterprise", "lead")


def get_issue(user: Any, number: int) -> Issue:
    """An issue in scope. NotFound says the same whether it is unknown or somebody else's; the asking leaves a trace."""
    found = issues_visible_to(user).filter(pk=number).first()
    if found is not None:
        return found
    if Issue.objects.filter(pk=number).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "issue", "id": number})
    raise NotFound.because("unknown_issue", f"没有编号为 {number} 的诉求。", f"There is no issue number {number}.", where=Place(field="issue"),
                           remedy=("请从列表中选择。", "Choose it from the list."))


def may_know_enterprise(user: Any, issue: Issue) -> bool:
    """Whether a reader who sees an issue may know who reported it, and see the papers that came with it."""
    if isinstance(user, System) or not issue.is_anonymous:
        return True
    if user.role == Role.ENTERPRISE_USER:
        return bool(issue.enterprise_id == user.organisation_id)
    return not is_inspected(user.organisation, issue)


def evidence_version(user: Any, number: int, version: int) -> DocumentVersion:
    """A file that came with an issue, or with an answer to it, for somebody who may know it. NotFound else, with a trace."""
    issue = get_issue(user, number)
    rows = DocumentVersion.objects.select_related("document").filter(pk=version, disposed_at__isnull=True)
    own = rows.filter(document__in=issue.papers.values("document_id")).first() if may_know_enterprise(user, issue) else None
    found = own or rows.filter(document__reference__in=_answer_references(issue)).first()
    if found is None:
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "issue_evidence", "id": number, "version": version})
        raise NotFound.because("unknown_evidence", "没有这份材料。", "There is no such paper.", remedy=("请从诉求页进入。",
            "Start from the issue's page."))
    return found


@dataclass(frozen=True)
class Answer:
    """An answer to an issue: who gave it when, its words and its papers."""

    office: str
    step: MatterStep
    papers: list[Any]


def answers_of(issue: Issue) -> list[Answer]:
    """The answers given, oldest first; of a joined issue those of its lead."""
    steps = _answer_steps(issue).select_related("actor__organisation")
    return [Answer(each.actor.organisation.name_zh if each.actor else "", each, list(papers_of(each.documents).values())) for each in steps]


def _answer_steps(issue: Issue) -> Any:
    return MatterStep.objects.filter(
        matter_id=issue.lead.matter_id if issue.lead else issue.matter_id, transition__in=("give_answer", "answer_again")).order_by("number")


def _answer_references(issue: Issue) -> list[str]:
    return [reference for documents in _answer_steps(issue).values_list("documents", flat=True) for reference in documents.values()]


def told(issue: Issue, user: Any) -> dict[str, Any]:
    """An issue as data for one reader: of an unnamed enterprise nothing that would name it."""
    state = procedure_for(issue.matter).states[issue.matter.state]
    knows = may_know_enterprise(user, issue)
    lead = issue.lead_id if issue.lead_id and issues_visible_to(user).filter(pk=issue.lead_id).exists() else None
    return {
        "id": issue.pk, "matter": issue.matter_id, "origin": issue.origin, "port": issue.port.code, "port_name": issue.port.name_zh,
        "stage": issue.stage, "kind": issue.kind, "level": issue.level, "state": issue.matter.state,
        "state_label": {"zh": state.label.zh, "en": state.label.en}, "facts": issue.facts, "wanted": issue.wanted,
        "is_anonymous": issue.is_anonymous, "enterprise": issue.enterprise_name if knows else None,
        "contact_name": issue.contact_name if knows else None, "contact_phone": issue.contact_phone if knows else None,
        "handler": issue.handler.name_zh, "routed_by": issue.rule, "why": {"zh": issue.why_zh, "en": issue.why_en},
        "indicator": issue.indicator or None, "score": issue.score or None, "evidence": issue.evidence_uri or None, "lead": lead,
        "is_joined": issue.lead_id is not None, "submitted_on": issue.submitted_on, "answered_on": issue.answered_on,
        "is_reopened": issue.is_reopened, "satisfaction": issue.satisfaction or None, "version": issue.matter.version,
        "answers": [{"office": each.office, "on": each.step.taken_on, "answer": each.step.fields.get("answer", ""),
                     "measures": each.step.fields.get("measures", ""), "papers": [paper.title for paper in each.papers]}
                    for each in answers_of(issue)],
    }


@dataclass(frozen=True, slots=True)
class Group:
    """Issues of one port, kind or office. ``median_days``: from submission to the first answer, of those answered.

    None: not shown (to the public, what concerns fewer than three).
    """

    dimension: str
    code: str
    label: Text
    count: int
    answered: int | None
    median_days: float | None
    reopened: int | None
    rated: int | None
    satisfied: int | None


DIMENSIONS: dict[str, tuple[Text, Callable[[Issue], tuple[str, Text]]]] = {
    "port": (Text("口岸", "Port"), lambda issue: (issue.port.code, Text(issue.port.name_zh, issue.port.name_en or issue.port.name_zh))),
    "kind": (Text("类别", "Kind"), lambda issue: (issue.kind, label_of("kinds", issue.kind))),
    "office": (Text("办理单位", "Office"), lambda issue: (issue.handler.code, Text(issue.handler.name_zh, issue.handler.name_en
        or issue.handler.name_zh))),
}


def statistics(issues: Iterable[Issue]) -> list[Group]:
    """Counts, days to answer, objections and satisfaction, by port, kind and office. ``issues`` have passed ``visible_to``."""
    found: dict[tuple[str, str], list[Issue]] = defaultdict(list)
    labels: dict[tuple[str, str], Text] = {}
    for issue in issues:
        for dimension, (_, of) in DIMENSIONS.items():
            code, label = of(issue)
            found[dimension, code].append(issue)
            labels[dimension, code] = label
    order = list(DIMENSIONS)
    return sorted((_group(dimension, code, labels[dimension, code], rows) for (dimension, code), rows in found.items()),
                  key=lambda one: (order.index(one.dimension), -one.count, one.code))


def _group(dimension: str, code: str, label: Text, rows: list[Issue]) -> Group:
    days = [(each.answered_on - each.submitted_on).days for each in rows if each.answered_on is not None]
    rated = [each for each in rows if each.satisfaction]
    return Group(dimension, code, label, len(rows), len(days), float(median(days)) if days else None, sum(each.is_reopened for each in rows),
                 len(rated), sum(each.satisfaction in ("satisfied", "fair") for each in rated))


def public_statistics() -> list[Group]:
    """What everybody may see, of enterprises' issues alone: no group of fewer than three, and none of fewer than three ratings.

    A single small group is left out together with the next larger one of its dimension: else it could be had by subtraction,
    since every dimension counts the same issues. What is None is not shown: fewer than three.
    """
    groups = statistics(Issue.objects.exclude(origin=Origin.INDICATOR).select_related("port", "handler"))
    shown: list[Group] = []
    for dimension in DIMENSIONS:
        rows = sorted((each for each in groups if each.dimension == dimension), key=lambda one: (one.count, one.code))
        small = [each for each in rows if each.count < FEWEST_SHOWN]
        large = rows[len(small):]
        while small and sum(each.count for each in small) < FEWEST_SHOWN and large:
            small.append(large.pop(0))
        shown += sorted((_blurred(each) for each in large), key=lambda one: (-one.count, one.code))
    return shown


def _blurred(group: Group) -> Group:
    enough, rated = (group.answered or 0) >= FEWEST_SHOWN, (group.rated or 0) >= FEWEST_SHOWN
    reopened = group.reopened if not group.reopened or group.reopened >= FEWEST_SHOWN else None
    return Group(group.dimension, group.code, group.label, group.count, group.answered if enough else None, group.median_days if enough else None,
                 reopened, group.rated if rated else None, group.satisfied if rated else None)
