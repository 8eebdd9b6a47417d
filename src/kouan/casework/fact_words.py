"""What the codes of casework's facts mean in words, for every page and paper that shows a matter's facts."""

from __future__ import annotations

from kouan.casework.forms import GROUNDS, MODES, PLACE_KINDS
from kouan.desk.matters.facts import name_values
from kouan.grading.case_verdict import CASE_VERDICTS


def register() -> None:
    """Give the desk the words."""
    for fact, names in (
        ("port_mode", MODES), ("access_verdict", CASE_VERDICTS), ("ladder_verdict", CASE_VERDICTS), ("place_kind", PLACE_KINDS), ("ground", GROUNDS),
    ):
        name_values(fact, names)
