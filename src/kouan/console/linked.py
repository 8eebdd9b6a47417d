"""What stands behind or beside a matter elsewhere: its issue, conference, report or evaluation, and what conferences decided on it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from kouan.basis import Text
from kouan.casework.bottlenecks.queries import issues_visible_to
from kouan.casework.conference.models import ActionItem, ConferenceMember
from kouan.casework.conference.queries import conferences_visible_to, decisions_on
from kouan.casework.execution.models import ProgressReport
from kouan.casework.execution.queries import projects_visible_to
from kouan.desk.matters.models import Matter
from kouan.evaluation.rounds.evidence.seeing import asked_visible_to
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import rounds_visible_to


def linked_of(matter: Matter, user: Any) -> list[dict[str, Any]]:
    """Links with their words, of what the reader may see."""
    found: list[dict[str, Any]] = []
    if matter.room == "bottlenecks":
        issue = issues_visible_to(user).filter(matter=matter).first()
        if issue is not None:
            found.append({"label": Text(f"诉求#{issue.pk}：内容、答复和评价", f"Issue #{issue.pk}: what was reported, answers, rating"),
                          "address": reverse("bottleneck", args=[issue.pk]), "words": ""})
    elif matter.room == "conference":
        member = ConferenceMember.objects.filter(invitation=matter).first()
        action = ActionItem.objects.filter(matter=matter).select_related("item").first()
        rows = conferences_visible_to(user)
        number = member.conference_id if member else action.item.conference_id if action else None
        held = rows.filter(pk=number).first() if number else rows.filter(matter=matter).first()
        if held is not None:
            found.append({"label": Text(f"会议：{held.title}", f"Conference: {held.title}"), "address": reverse("conference", args=[held.pk]),
                          "words": action.item.decision if action else ""})
    elif matter.room == "execution":
        report = ProgressReport.objects.filter(matter=matter, run__project__in=projects_visible_to(user)).select_related("run__project").first()
        if report is not None:
            code = report.run.project.project_id
            found.append({"label": Text(f"规划项目 {code}：{report.period.label()}进展", f"Project {code}: progress of {report.period.label('en')}"),
                          "address": reverse("plan-project", args=[code]), "words": f"{report.percent}%  {report.done}"})
    elif matter.room == "rounds":
        found += _of_round(matter, user)
    for each in decisions_on(matter, user):
        day = each.conference.held_on
        found.append({"label": Text(f"{each.conference.title}（{day}）议定意见", f"Decision of {each.conference.title} ({day})"),
                      "address": f"{reverse('conference', args=[each.conference_id])}#item-{each.pk}", "words": each.decision})
    return found


# By procedure where a matter is found on the matter's side, the page on which its work is done, and that page's name.
_PAGES = {
    "yearly_evaluation": ("matter", "evaluation-round", Text("进度", "progress")),
    "evaluation_return": ("returns__matter", "evaluation-filing", Text("检查点佐证", "checklist evidence")),
    "evaluation_objection": ("scorings__objections__matter", "evaluation-objections", Text("异议", "objections")),
    "evaluation_receipt": ("receipts__matter", "evaluation-tasks", Text("通报签收和整改", "receipts and rectification")),
    "evaluation_rectification": ("rectifications__matter", "evaluation-tasks", Text("通报签收和整改", "receipts and rectification")),
    "evaluation_marking": ("marking_tasks__matter", "evaluation-experts", Text("专家评分", "experts' marks")),
}


def _of_round(matter: Matter, user: Any) -> list[dict[str, Any]]:
    """The page of the evaluation on which the work of a matter is done, for who may open it."""
    if matter.procedure not in _PAGES:
        return []
    path, page, name = _PAGES[matter.procedure]
    held = Round.objects.filter(**{path: matter}).defer("findings").first()
    if held is None:
        return []
    sees = asked_visible_to(user, held) if page == "evaluation-experts" else rounds_visible_to(user).filter(pk=held.pk)
    if not sees.exists():
        return []
    return [{"label": Text(f"{held.year} 年度评估：{name.zh}", f"Evaluation of {held.year}: {name.en}"), "address": reverse(page, args=[held.year]),
             "words": ""}]
