"""The lists of the room from the register and the figures, for one reader: what stands in each today, or on a day.

Ten years of every port are judged in one go: register and figures are read once for all years.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from kouan.audit import record_event
from kouan.basis import EvidenceRef, NotFound, Place, Refused, SubjectKind, SubjectRef, Text, clock
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import matters_visible_to
from kouan.grading import lists
from kouan.grading.facts import CARGO, PERSONS, PortFacts
from kouan.grading.ladder import CLOSING_LEVEL
from kouan.grading.lists import ClassTwoLine, Entry, PortLine
from kouan.grading.models import ClassTwoPort, ListCase, ListEntry, ListKind, ListRecord
from kouan.grading.one_city import city_of
from kouan.grading.queries import FACT_ORIGINS, RULE, facts_for_year, judged_unasked, law_as_of, outcome_of
from kouan.grading.strategy_marks import marks_of
from kouan.grading.withdrawing import LADDER, JudgedYear, Rungs, Standing, standing_of
from kouan.law import Law, Setting
from kouan.monitoring.queries import series_of
from kouan.ports.during import ATTRIBUTES, held_during, year_until_today
from kouan.ports.models import Port, PortChange
from kouan.ports.queries import ports_visible_to, states_of

WINDOW = 10
_READINGS = tuple(dict.fromkeys((*LADDER.settings, *RULE.settings)))
SETTINGS: Mapping[str, tuple[str, ...]] = {
    ListKind.WATCH: _READINGS,
    ListKind.CLOSING: (*_READINGS, CLOSING_LEVEL),
    ListKind.UNACCEPTED: (lists.GATE_SCOPE,),
    ListKind.MERGE: (lists.ONE_CITY,),
    ListKind.CLASS_TWO: (),
}


@dataclass(frozen=True)
class Compiled:
    """A list as it stands: every entry looked at (``listed`` are those that stand in it), for one reader."""

    kind: str
    year: int
    law: Law
    entries: tuple[Entry, ...]
    untold: tuple[Text, ...] = ()

    @property
    def as_of(self) -> date:
        return self.law.as_of

    @cached_property
    def listed(self) -> tuple[Entry, ...]:
        """The entries that stand in the list under the readings in force."""
        return tuple(each for each in self.entries if each.is_listed)

    @cached_property
    def other_only(self) -> tuple[Entry, ...]:
        """The entries that would stand in it under another reading."""
        return tuple(each for each in self.entries if each.verdict == "other_only")

    @property
    def readings(self) -> list[Setting]:
        """The readings in force of every open point that the list touches."""
        return [self.law.setting(key) for key in SETTINGS[self.kind]]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many entries of each verdict, and of all that were looked at."""
        return {"considered": len(self.entries), "listed": len(self.listed), **Counter(each.verdict for each in self.entries)}

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: what ``kouan lists … --json`` writes."""
        return {
            "list": self.kind,
            "year": self.year,
            "as_of": self.as_of.isoformat(),
            "law_digest": self.law.digest,
            "counts": self.counts,
            "readings": [each.as_dict() for each in self.readings],
            "untold": [each.as_dict() for each in self.untold],
            "entries": [each.as_dict() for each in (*self.listed, *self.other_only)],
        }


def compile_list(user: Any, kind: str, year: int | None = None, as_of: date | None = None, codes: Sequence[str] | None = None) -> Compiled:
    """One list for a reader: his ports, or those of them named in ``codes``.

    ``year``: the last year judged (the last full one before ``as_of``); the lists of today's register take the year
    of ``as_of``. Raises Refused for a kind or a year that is none.
    """
    if kind not in ListKind.values:
        raise Refused.because(
            "unknown_list",
            f"没有“{kind}”这份名单。",
            f"There is no list “{kind}”.",
            where=Place(field="list"),
            remedy=(f"可用：{'、'.join(ListKind.values)}。", f"Known: {', '.join(ListKind.values)}."),
        )
    law = law_as_of(as_of)
    ports = _ports(user, codes)
    if kind in (ListKind.WATCH, ListKind.CLOSING):
        last = law.as_of.year - 1 if year is None else year
        if not 1949 <= last <= law.as_of.year:
            raise Refused.because(
                "year_out_of_range",
                f"年度 {last} 不在1949年至{law.as_of.year}年之间。",
                f"The year {last} is not from 1949 to {law.as_of.year}.",
                where=Place(field="year"),
                remedy=("请填写已开始的年度。", "Give a year that has begun."),
            )
        if kind == ListKind.CLOSING:
            ports = [port for port in ports if port.mode == "air"]
        return Compiled(kind, last, law, tuple(_ladder_entries(kind, ports, last, law)))
    lines = lines_of(ports, law.as_of)
    found: Iterable[Entry | None]
    untold: list[Text] = []
    if kind == ListKind.UNACCEPTED:
        found = [lists.unaccepted_entry(line, law) for line in lines]
    elif kind == ListKind.MERGE:
        found = lists.merge_entries(lines, law)
        nowhere = [
            line for line in lines
            if line.mode == "water" and line.status not in lists.GONE and not city_of(line.province_code, line.city_code)
        ]
        if nowhere:
            untold.append(
                Text(
                    f"{len(nowhere)}个水运口岸未登记所在地级市，未能归组："
                    f"{'、'.join(line.name_zh for line in nowhere[:12])}{'等' if len(nowhere) > 12 else ''}。",
                    f"{len(nowhere)} water ports have no prefecture-level city on record and could not be grouped: "
                    f"{', '.join(line.name.en for line in nowhere[:12])}{' …' if len(nowhere) > 12 else ''}.",
                )
            )
    else:
        found = [lists.class_two_entry(line, law) for line in class_two_lines(user, law.as_of)]
    return Compiled(kind, law.as_of.year, law, tuple(each for each in found if each is not None), tuple(untold))


def entry_of(user: Any, kind: str, subject: str, year: int | None = None, as_of: date | None = None) -> tuple[Compiled, Entry]:
    """One entry as it stands today, in scope. NotFound says the same of one that is not there and of somebody else's,
    which also leaves a trace."""
    code = subject.removeprefix("port:") if subject.startswith("port:") else None
    compiled = compile_list(user, kind, year, as_of, codes=None if code is None else [code])
    entry = next((each for each in compiled.entries if each.subject == subject), None)
    if entry is not None:
        return compiled, entry
    if _is_elsewhere(user, subject):
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "list_entry", "list": kind, "subject": subject[:80]})
    raise NotFound.because(
        "unknown_entry",
        "名单中没有这一条。",
        "There is no such entry in the list.",
        where=Place(field="subject"),
        remedy=("请从名单中选择。", "Choose it from the list."),
    )


def _is_elsewhere(user: Any, subject: str) -> bool:
    kind, _, code = subject.partition(":")
    match kind:
        case "port":
            return Port.objects.filter(code=code).exists() and not ports_visible_to(user).filter(code=code).exists()
        case "class-two":
            return ClassTwoPort.objects.filter(code=code).exists() and not ClassTwoPort.objects.visible_to(user).filter(code=code).exists()
        case "city":
            there = Port.objects.filter(mode="water", province_code=code[:2])
            return there.exists() and not ports_visible_to(user).filter(mode="water", province_code=code[:2]).exists()
        case _:
            return False


def _ports(user: Any, codes: Sequence[str] | None) -> list[Port]:
    visible = ports_visible_to(user).filter(is_group=False)
    return list(visible if codes is None else visible.filter(code__in=codes))


def lines_of(ports: Iterable[Port], day: date) -> list[PortLine]:
    """The ports as the register had them on a day; those that were not there are left out."""
    wanted = list(ports)
    if day == clock.today():
        return [_line(port, port) for port in wanted]
    states = states_of(wanted, day)
    return [_line(port, states[port.code]) for port in wanted if port.code in states]


def _line(port: Port, held: Any) -> PortLine:
    return PortLine(
        port.code,
        held.name_zh,
        held.name_en,
        port.mode,
        held.province_code,
        held.city_code,
        held.city_name,
        held.status,
        held.is_border,
        held.transport_class or None,
        held.approved_on,
        held.accepted_on,
    )


def _ladder_entries(kind: str, ports: list[Port], last: int, law: Law) -> Iterable[Entry]:
    first, rungs = last - WINDOW + 1, Rungs(law)
    lines = {line.code: line for line in lines_of(ports, law.as_of)}
    for standing in standings(ports, last, law, rungs):
        line = lines.get(standing.code)
        if line is not None:
            yield lists.watch_entry(line, standing) if kind == ListKind.WATCH else lists.closing_entry(line, standing, first, rungs)


def standings(ports: Sequence[Port], last: int, law: Law, rungs: Rungs | None = None) -> list[Standing]:
    """Where each port stands on the ladder at the end of a year: ten years of each are judged.

    A port that is planned, closed or merged at the end of the year is left out: there is nothing to withdraw.
    """
    rungs = rungs or Rungs(law)
    first = last - WINDOW + 1
    years: dict[str, list[JudgedYear]] = {port.code: [] for port in ports}
    border: dict[str, bool | None] = {}
    for port, facts, evidence in window_facts(ports, last):
        years[port.code].append(JudgedYear(facts, outcome_of(facts, law), evidence))
        border[port.code] = facts.is_border
    marks = {code: each.is_marked for code, each in marks_of(years, law.as_of).items()}
    return [
        standing_of(port.code, tuple(years[port.code]), last, first, rungs, is_border=border[port.code], strategy_mark=marks.get(port.code))
        for port in ports
        if years[port.code] and years[port.code][-1].facts.year == last
    ]


def window_facts(ports: Sequence[Port], last: int) -> Iterator[tuple[Port, PortFacts, tuple[EvidenceRef, ...]]]:
    """The facts of every port in each of the ten years that end in ``last``, year by year; register and figures are read once."""
    changes = _changes(ports)
    series = series_of([SubjectRef.of(SubjectKind.PORT, port.code) for port in ports], measures=(CARGO, PERSONS), origins=FACT_ORIGINS, group=None)
    for year in range(last - WINDOW + 1, last + 1):
        held = held_during(ports, *year_until_today(year), changes=changes)
        listed = judged_unasked(ports, held)
        for port, (facts, evidence) in zip(listed, facts_for_year(listed, year, series, held), strict=True):
            yield port, facts, evidence


def _changes(ports: Sequence[Port]) -> list[PortChange]:
    rows = PortChange.objects.filter(attribute__in=ATTRIBUTES).order_by().defer("document", "reason")
    return list(rows if len(ports) > 50 else rows.filter(port__in=ports))


def class_two_lines(user: Any, day: date) -> list[ClassTwoLine]:
    """The class-II ports in scope that were not cleared on a day."""
    rows = ClassTwoPort.objects.visible_to(user).select_related("document").exclude(clearance__cleared_on__lte=day)
    return [
        ClassTwoLine(
            each.code,
            each.name_zh,
            each.mode,
            each.province_code,
            each.city_code,
            each.city_name,
            f"{each.document.title}{f'（{each.document.document_number}）' if each.document.document_number else ''}",
        )
        for each in rows
    ]


# ---- recorded lists and running matters ----------------------------------------------------------------------------


def records(kind: str = "") -> Any:
    """The lists on record, the newest revision of the newest year first; their entries are asked for by ``entries_of``."""
    found = ListRecord.objects.order_by("-recorded_at", "-id")
    return found.filter(kind=kind) if kind else found


def entries_of(user: Any, record: ListRecord) -> Any:
    """The entries of a recorded list in a reader's scope."""
    return ListEntry.objects.visible_to(user).filter(record=record)


Subjects = Callable[[Collection[int]], Mapping[int, str]]
# By a name of its kind: of matters, by number, the subject of an entry that each is about. Rooms above add theirs in their apps.py.
_subjects: dict[str, Subjects] = {}


def register_subjects(kind: str, ask: Subjects) -> None:
    """Let a room say what its matters are about where neither a port nor a list says it: ``ask(numbers)`` gives subjects."""
    _subjects[kind] = ask


def running_cases(user: Any, entries: Sequence[Entry]) -> dict[str, list[Matter]]:
    """By subject, the matters of the entries' own procedures that have not ended, however they were begun: from a list, or by
    the procedure's own form about the port or about what the form names."""
    wanted = {each.subject: each for each in entries if each.opens}
    if not wanted:
        return {}
    found: dict[str, dict[int, Matter]] = {}
    procedures = {name for each in wanted.values() for name in each.opens}
    running = list(matters_visible_to(user).running().select_related("edition").filter(procedure__in=procedures))
    begun = {each.matter_id: each.subject for each in ListCase.objects.filter(subject__in=list(wanted))}
    of_port = {code: each for each in wanted.values() for code, _ in each.about}
    untold = [matter.pk for matter in running if matter.pk not in begun and not matter.port_code]
    named = {pk: subject for ask in _subjects.values() for pk, subject in ask(untold).items()} if untold else {}
    for matter in running:
        subject = begun.get(matter.pk) or (of_port[matter.port_code].subject if matter.port_code in of_port else named.get(matter.pk, ""))
        if subject in wanted and matter.procedure in wanted[subject].opens:
            found.setdefault(subject, {})[matter.pk] = matter
    return {subject: sorted(each.values(), key=lambda matter: matter.pk) for subject, each in found.items()}


def case_behind(matter: Matter) -> ListCase | None:
    """The list entry that a matter was opened from, if any."""
    return ListCase.objects.filter(matter=matter).first()
