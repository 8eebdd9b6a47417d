"""What stands behind or beside a matter elsewhere in casework: its issue, conference or report, and what conferences decided on it."""

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
    for each in decisions_on(matter, user):
        day = each.conference.held_on
        found.append({"label": Text(f"{each.conference.title}（{day}）议定意见", f"Decision of {each.conference.title} ({day})"),
                      "address": f"{reverse('conference', args=[each.conference_id])}#item-{each.pk}", "words": each.decision})
    return found
