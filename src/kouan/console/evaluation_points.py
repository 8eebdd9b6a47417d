"""What pages about points of checklists share: what an entry has come to, its units, and its place on the page on which it is filed."""

from __future__ import annotations

import re

from django.urls import reverse
from django.utils.safestring import SafeString

from kouan.basis import Text
from kouan.console.marks import badge
from kouan.console.words import here
from kouan.evaluation.rounds.evidence.models import FiledEntry
from kouan.evaluation.rounds.evidence.seeing import decision_of

# What an entry has come to: words, shape, tone.
STATES: dict[str, tuple[Text, str, str]] = {
    "none": (Text("未填报", "Not filed"), "dotted-ring", "none"),
    "not_met": (Text("不符合", "Not met"), "dash-ring", "none"),
    "waiting": (Text("待核验", "To be verified"), "half", "wait"),
    "accepted": (Text("采信", "Accepted"), "disc-check", "ok"),
    "rejected": (Text("不予采信", "Rejected"), "triangle-cross", "bad"),
}
UNITS = {"answers": Text("份", "answers"), "items": Text("项", "items"), "points": Text("分", "points")}


def state_of(entry: FiledEntry | None) -> str:
    """What an entry has come to, as a key of STATES."""
    if entry is None:
        return "none"
    if not entry.is_claim:
        return "not_met"
    decided = decision_of(entry)
    return "waiting" if decided is None else "accepted" if decided.accepted else "rejected"


def state_mark(state: str) -> SafeString:
    """A state as a badge."""
    words, shape, tone = STATES[state]
    return badge(here(words), shape, tone)


def key_of(item: str) -> str:
    """A name of an item for the page's own anchors: letters, digits and what Chinese the point is called by.

    >>> key_of("I-0606/5G"), key_of("survey_public.answers")
    ('I-0606-5G', 'survey_public-answers')
    """
    return re.sub(r"[^\w-]+", "-", item)[:80]


def address_of_entry(entry: FiledEntry) -> str:
    """Where an entry is filed and decided: the page of its port, at its point."""
    return f"{reverse('evaluation-filing-port', args=[entry.filed_in.round.year, entry.port])}#{key_of(entry.item)}"
