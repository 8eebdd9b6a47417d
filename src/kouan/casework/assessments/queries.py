"""How the yearly assessments stand: the last of each kind that a reader may see, and by when the next is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.basis import Text, clock
from kouan.casework.assessments.effects import LEVELS
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import clocks_of, matters_visible_to, procedure_for
from kouan.desk.matters.registry import in_force


@dataclass(frozen=True, slots=True)
class AssessmentStanding:
    """One kind of assessment. ``matter`` is None where none was ever begun; ``due`` is that of its running clock."""

    code: str
    title: Text
    matter: Matter | None
    state: Text
    due: date | None
    is_overdue: bool


def standing_of_assessments(user: Any, today: date | None = None) -> list[AssessmentStanding]:
    """Each kind with its last matter in sight; one that was dropped counts for nothing."""
    day, found = today or clock.today(), []
    for code in LEVELS:
        matter = matters_visible_to(user).filter(procedure=code).exclude(state="dropped").select_related("edition").order_by("-pk").first()
        if matter is None:
            found.append(AssessmentStanding(code, in_force(code).procedure.title, None, Text("尚未开展", "None yet"), None, True))
            continue
        due = min((each.due for each in clocks_of(matter, day) if each.due is not None), default=None)
        procedure = procedure_for(matter)
        # An ended one has been followed by another, which is then the last, or by a reason why there is none.
        found.append(AssessmentStanding(code, procedure.title, matter, procedure.states[matter.state].label, due, due is not None and due < day))
    return found
