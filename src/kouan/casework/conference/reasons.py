"""Why an open case needs the conference: found by the system from its record, stated with each case.

A reason is a word and a question asked of many cases at once; another part of casework adds its own by ``register_reason``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.basis import Text, clock
from kouan.desk.matters.models import Matter, MatterOpinion, Task
from kouan.desk.matters.queries import matters_visible_to

# Matters of conferences themselves, which no conference discusses as cases.
OWN = ("joint_conference", "conference_invitation", "conference_action")
MOST = 500


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one case needs the conference."""

    code: str
    said: Text


Finder = Callable[[Collection[int], date], dict[int, Text]]
_finders: dict[str, Finder] = {}


def register_reason(code: str, finder: Finder) -> None:
    """Let another part say why cases need a conference: ``finder(numbers, today)`` answers the words by number."""
    _finders[code] = finder


def suggestions(user: Any, today: date | None = None) -> list[tuple[Matter, list[Reason]]]:
    """The open cases that a user may see and that some reason brings to the conference; most reasons first."""
    rows = list(matters_visible_to(user).running().exclude(procedure__in=OWN).select_related("edition", "applicant").order_by("-pk")[:MOST])
    found = reasons_of([each.pk for each in rows], today)
    picked = [(each, found[each.pk]) for each in rows if found.get(each.pk)]
    return sorted(picked, key=lambda pair: (-len(pair[1]), -pair[0].pk))


def reasons_of(numbers: Collection[int], today: date | None = None) -> dict[int, list[Reason]]:
    """The reasons of each case, in the order in which finders were registered."""
    day = today or clock.today()
    found: dict[int, list[Reason]] = {number: [] for number in numbers}
    for code, finder in _finders.items():
        for number, said in finder(numbers, day).items():
            found[number].append(Reason(code, said))
    return found


def _overdue(numbers: Collection[int], day: date) -> dict[int, Text]:
    rows = Task.objects.open().filter(matter_id__in=numbers, due_on__lt=day).order_by("-due_on")
    return {each.matter_id: Text(f"逾期：“{each.label_zh}”应于{each.due_on}前办结", f"Overdue: “{each.label_en}” was due on {each.due_on}")
        for each in rows}


def _objected(numbers: Collection[int], day: date) -> dict[int, Text]:
    """A case whose newest round of an opinion holds an objection."""
    newest: dict[tuple[int, str, str], MatterOpinion] = {}
    for each in MatterOpinion.objects.filter(matter_id__in=numbers).order_by("round"):
        newest[each.matter_id, each.consultation, each.party] = each
    return {each.matter_id: Text(f"征求意见有单位不同意：{(each.words or each.reference)[:60]}",
        f"An office that was asked objects: {(each.words or each.reference)[:60]}")
            for each in newest.values() if each.agrees is False}


def _major(numbers: Collection[int], day: date) -> dict[int, Text]:
    return {pk: Text("属于重大决策", "A major decision") for pk, facts in Matter.objects.filter(pk__in=numbers).values_list("pk", "facts")
            if facts.get("is_major_decision") is True}


def _problem(numbers: Collection[int], day: date) -> dict[int, Text]:
    """Cases reported as a major problem, by a fact of theirs or as issues that no lower level settled."""
    rows = Matter.objects.filter(pk__in=numbers).values_list("pk", "facts", "procedure", "state")
    words = Text("已报告为重大问题", "Reported as a major problem")
    unsettled = Text("企业诉求逐级升级后仍未办结", "An enterprise's issue that no level below has settled")
    found = {}
    for pk, facts, procedure, state in rows:
        if facts.get("is_major_problem") is True:
            found[pk] = words
        elif procedure == "enterprise_issue" and state in ("at_national", "with_national"):
            found[pk] = unsettled
    return found


for _code, _finder in (("overdue", _overdue), ("objected", _objected), ("major_decision", _major), ("major_problem", _problem)):
    register_reason(_code, _finder)
