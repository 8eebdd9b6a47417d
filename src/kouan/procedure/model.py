"""What a procedure is made of, and what is known of one that runs.

A ``Procedure`` never changes: another edition of the rules is another version, and a matter stays under the one
it began with. ``Running`` holds only what happened (which states were entered when, which opinions came in);
everything else, every clock above all, is worked out from that, so that nothing can fall out of step.

>>> from datetime import date
>>> matter = Running("temporary_opening", "1", (Step("draft", date(2024, 2, 1), "begin", "7"),))
>>> matter.state, matter.began_on.isoformat()
('draft', '2024-02-01')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from kouan.basis import Citation, Text

NO_TEXT = Text("", "")


class Unit(StrEnum):
    """In what a period is counted."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Length:
    """How long a period is: a number, or the setting that a national user fills before the first start, or ``until``
    a day that an instrument names for everybody (its unit is calendar days)."""

    unit: Unit
    count: int | None = None
    setting: str = ""
    until: date | None = None

    def in_days(self, settings: Mapping[str, int]) -> int:
        """The number; 0 where a day is named instead; KeyError while the setting is not filled."""
        if self.until is not None:
            return 0
        return self.count if self.count is not None else settings[self.setting]


@dataclass(frozen=True, slots=True)
class Setting:
    """A period that no public text states. It has no default: somebody answers for it first."""

    code: str
    label: Text
    unit: Unit
    note: Text = NO_TEXT


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who takes part. ``roles`` are roles of people; ``office`` says whose: see ``OFFICES``."""

    code: str
    label: Text
    roles: tuple[str, ...]
    office: str = "national"


# national: the national port office. subject: the office whose scope holds the subject. applicant: the office
# that began the matter. named: an office or agency that the matter names for this party.
OFFICES = ("national", "subject", "applicant", "named")


class FactKind(StrEnum):
    """What a fact may be."""

    BOOL = "bool"
    NUMBER = "number"
    DATE = "date"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a guard asks. ``supplied_by``: the party who can say it when it is missing."""

    code: str
    label: Text
    kind: FactKind
    supplied_by: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A guard: one comparison, or ``all``/``any`` of several. Missing facts make it unknown, never false.

    ``otherwise`` is the sentence that is not met, ``remedy`` what to do; ``may_override``: the party that may pass
    it all the same, with a name, a reason and a paper.
    """

    fact: str = ""
    test: str = ""
    value: Any = None
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    otherwise: Text = NO_TEXT
    remedy: Text = NO_TEXT
    citation: Citation | None = None
    may_override: str = ""

    def holds(self, facts: Mapping[str, Any]) -> bool | None:
        """True, False, or None where a fact that would decide is missing (Kleene's logic)."""
        if self.all:
            found = [each.holds(facts) for each in self.all]
            return False if False in found else None if None in found else True
        if self.any:
            found = [each.holds(facts) for each in self.any]
            return True if True in found else None if None in found else False
        known = facts.get(self.fact)
        if self.test == "present":
            return (known is not None) is bool(self.value)
        if known is None:
            return None
        match self.test:
            case "is":
                return bool(known == self.value)
            case "at_least":
                return bool(known >= self.value)
            case "at_most":
                return bool(known <= self.value)
            case _:
                return known in self.value

    def missing(self, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """The facts whose absence leaves it undecided, in the order of the text, each once."""
        if self.all or self.any:
            parts = [name for each in (*self.all, *self.any) if each.holds(facts) is None for name in each.missing(facts)]
            return tuple(dict.fromkeys(parts))
        return (self.fact,) if facts.get(self.fact) is None else ()

    def facts_used(self) -> set[str]:
        """Every fact it may ask."""
        return {name for each in (*self.all, *self.any) for name in each.facts_used()} | ({self.fact} if self.fact else set())


TESTS = ("is", "at_least", "at_most", "one_of", "present")


@dataclass(frozen=True, slots=True)
class State:
    """Where a matter may stand. A terminal state has an ``outcome`` and waits for nobody."""

    code: str
    label: Text
    waits_for: tuple[str, ...] = ()
    outcome: str = ""
    note: Text = NO_TEXT

    @property
    def is_terminal(self) -> bool:
        """Whether the matter has ended here."""
        return bool(self.outcome)


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from state to state. ``by`` empty: the system alone, when a clock says so.

    ``documents`` and ``fields`` must be given; ``opinions`` maps a consultation to what is needed of it
    (``all_in`` or ``none_objects``); ``effect`` names what the caller does in the same transaction.
    """

    code: str
    label: Text
    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    guards: tuple[Condition, ...] = ()
    opinions: Mapping[str, str] = field(default_factory=dict)
    effect: str = ""
    citation: Citation | None = None
    note: Text = NO_TEXT


OPINIONS_NEEDED = ("all_in", "none_objects")


@dataclass(frozen=True, slots=True)
class Consultation:
    """Others are asked while the matter stands in ``state``: 征求意见 asks for a view, 会签 for a signature on the
    same paper. Each party answers on a clock of its own. ``silence``: what no answer by then means.
    """

    code: str
    label: Text
    state: str
    parties: tuple[str, ...]
    kind: str = "consultation"
    length: Length | None = None
    silence: str = "waits"
    # Of these parties (the military) only a reference number and yes or no are kept, nothing more.
    bare: frozenset[str] = frozenset()
    # all: everybody of the list. chosen: only those whom the matter names; the others are noted as not asked.
    asks: str = "all"


CONSULTATION_KINDS = ("consultation", "countersign")
# waits: nothing goes on without the answer. no_objection: silence counts as agreement, and is shown as silence.
SILENCES = ("waits", "no_objection")
WHOM_ASKED = ("all", "chosen")


@dataclass(frozen=True, slots=True)
class Clock:
    """A period that runs while the matter stands in one of ``runs_in`` and is suspended elsewhere.

    ``resets``: it begins anew each time it is entered from outside; otherwise the days add up. ``then`` names
    the transition that the system takes when the time is over. ``until``: the field of a step that named the last
    day of this one matter (a temporary opening from – to); once it is named, that day holds and nothing moves it.
    """

    code: str
    label: Text
    length: Length
    runs_in: tuple[str, ...]
    resets: bool = False
    remind: tuple[int, ...] = ()
    escalate_to: str = ""
    then: str = ""
    until: str = ""
    citation: Citation | None = None


@dataclass(frozen=True)
class Procedure:
    """One version of a procedure. ``digest`` is over the file it was read from."""

    code: str
    version: str
    title: Text
    first: str
    parties: Mapping[str, Party]
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]
    documents: Mapping[str, Text] = field(default_factory=dict)
    fields: Mapping[str, Text] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    consultations: Mapping[str, Consultation] = field(default_factory=dict)
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    in_force_from: date = date.min
    citation: Citation | None = None
    subject: str = "port"
    # Parties whose steps are decisions: whoever took the last step before that was none, and so proposed it, may not.
    four_eyes: frozenset[str] = frozenset()
    digest: str = ""

    def exits(self, state: str) -> list[Transition]:
        """The transitions that leave a state, in the order of the file."""
        return [each for each in self.transitions.values() if state in each.sources]

    def decides(self, transition: Transition) -> bool:
        """Whether a step is for deciding parties alone, so that another than the proposer must take it."""
        return bool(transition.by) and set(transition.by) <= self.four_eyes


@dataclass(frozen=True, slots=True)
class Step:
    """A state was entered on a day, by a transition, by somebody (an id as text; empty: the system), perhaps in the
    place of another (``behalf``)."""

    state: str
    on: date
    by: str
    actor: str = ""
    overridden: tuple[str, ...] = ()
    behalf: str = ""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"state": self.state, "on": self.on.isoformat(), "by": self.by, "actor": self.actor, "overridden": list(self.overridden),
                "behalf": self.behalf}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one party answered in one round. ``agrees`` None: no objection for want of an answer."""

    consultation: str
    party: str
    round: int
    on: date
    agrees: bool | None
    reference: str = ""
    words: str = ""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"consultation": self.consultation, "party": self.party, "round": self.round, "on": self.on.isoformat(),
                "agrees": self.agrees, "reference": self.reference, "words": self.words}


@dataclass(frozen=True, slots=True)
class Running:
    """A matter under way: what happened, and nothing that can be worked out from it."""

    procedure: str
    version: str
    steps: tuple[Step, ...]
    opinions: tuple[Opinion, ...] = ()
    # Days named in fields of its steps, the latest of each name: a clock may end on one (``Clock.until``).
    days: Mapping[str, date] = field(default_factory=dict)
    # The parties chosen to be asked, for consultations that ask whom the matter names; None: everybody.
    asked: frozenset[str] | None = None

    @property
    def state(self) -> str:
        """Where it stands."""
        return self.steps[-1].state

    @property
    def began_on(self) -> date:
        """The day it began."""
        return self.steps[0].on

    def round_of(self, state: str) -> int:
        """How often the state was entered: opinions belong to one round."""
        return sum(1 for step in self.steps if step.state == state)

    def moved(self, step: Step) -> Running:
        """The same matter one step on."""
        return replace(self, steps=(*self.steps, step))

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; ``from_dict`` reads it back."""
        return {"procedure": self.procedure, "version": self.version,
                "steps": [each.as_dict() for each in self.steps], "opinions": [each.as_dict() for each in self.opinions],
                "days": {name: day.isoformat() for name, day in self.days.items()},
                "asked": None if self.asked is None else sorted(self.asked)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Running:
        """Rebuild from ``as_dict()``."""
        steps = tuple(Step(each["state"], date.fromisoformat(each["on"]), each["by"], each["actor"], tuple(each["overridden"]),
                           each.get("behalf", ""))
                      for each in data["steps"])
        opinions = tuple(Opinion(**{**each, "on": date.fromisoformat(each["on"])}) for each in data["opinions"])
        days = {name: date.fromisoformat(day) for name, day in data.get("days", {}).items()}
        asked = data.get("asked")
        return cls(data["procedure"], data["version"], steps, opinions, days, None if asked is None else frozenset(asked))


def fits(kind: FactKind, value: Any) -> bool:
    """Whether a value may stand for a fact of this kind."""
    match kind:
        case FactKind.BOOL:
            return isinstance(value, bool)
        case FactKind.NUMBER:
            return isinstance(value, int | Decimal) and not isinstance(value, bool)
        case FactKind.DATE:
            return isinstance(value, date)
        case _:
            return isinstance(value, str)
