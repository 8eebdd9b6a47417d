"""核验台: what is missing, late or doubtful in a round, one line each, within what the reader may see.

Late returns and held rows of collection are there from the opening; marks of the scoring in force once the reader may read them
(``queries.results``); what the scoring found contradictory is the national office's. Each line names the thing by which it is mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.basis import Finding, SubjectKind, Text, clock
from kouan.collection.queries import holdings_visible_to
from kouan.desk.matters.models import Task
from kouan.evaluation.method.scheme import MARK_TEXT
from kouan.evaluation.rounds.models import Round, RoundReturn
from kouan.evaluation.rounds.queries import current_scoring, is_national, results, returns_visible_to
from kouan.ports.models import Port

# What is in doubt, in the order of the work; marks by the codes of ``Mark``.
RETURN_LATE, HELD, CONTRADICTION = "return_late", "held_row", "contradiction"
MARKED = ("awaited", "unreported", "no_evidence", "peer_median", "carried", "suspended")
KINDS: dict[str, Text] = {
    RETURN_LATE: Text("报送或核验逾期", "Return late"), HELD: Text("待处理的暂存数据", "Held row to be decided"),
    "awaited": Text("待补报或更正", "Awaited or to be corrected"), "unreported": Text("未报（M1）", "Unreported (M1)"),
    "no_evidence": Text("缺佐证（M5）", "Without evidence (M5)"), "peer_median": Text("问卷不足（M6）", "Too few answers (M6)"),
    "carried": Text("沿用上年（M3）", "Carried over (M3)"), "suspended": Text("数据源中断（M4）", "Source failed (M4)"),
    CONTRADICTION: Text("计分发现的矛盾", "Contradiction found"),
}
NOBODY = Text("", "")
MARK_WORDS = {mark.name.lower(): words for mark, words in MARK_TEXT.items()}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One line. ``office``: who reports for the port; ``matter``: its return; ``holding``: the held row; ``since``: late since."""

    kind: str
    what: Text
    port: str = ""
    port_name: Text | None = None
    office: Text = NOBODY
    indicator: str = ""
    matter: int | None = None
    holding: int | None = None
    since: date | None = None


def doubtful(user: Any, held: Round) -> list[Doubt]:
    """Everything in doubt that somebody may see of a round, by kind, office and port."""
    returns = list(returns_visible_to(user, held))
    home = {code: each for each in returns for code in each.ports}
    found = [*_late(returns), *_held(user, home), *_marked(user, held, home)]
    if is_national(user):
        found += _contradictions(held)
    order = list(KINDS)
    return sorted(found, key=lambda each: (order.index(each.kind), not each.office.zh, each.office.zh, each.port, each.indicator, each.holding or 0))


def _late(returns: list[RoundReturn]) -> Iterator[Doubt]:
    today = clock.today()
    open_tasks = Task.objects.open().filter(matter__in=[each.matter_id for each in returns], due_on__lt=today).order_by("-due_on")
    due = {task.matter_id: task.due_on for task in open_tasks}
    for each in returns:
        if each.matter_id in due:
            said = Text("待报送", "to be filed") if each.matter.state == "to_file" else Text("待核验", "to be verified")
            yield Doubt(RETURN_LATE, Text(f"{said.zh}，涉及 {len(each.ports)} 个口岸", f"{said.en}, {len(each.ports)} ports"),
                        office=each.office.name, matter=each.matter_id, since=due[each.matter_id])


def _held(user: Any, home: dict[str, RoundReturn]) -> Iterator[Doubt]:
    rows = holdings_visible_to(user).waiting().filter(subject_kind=SubjectKind.PORT, subject_code__in=list(home))
    names = _names(set(home))
    for row in rows.order_by("pk")[:2000]:
        said = [Finding.from_dict(each) for each in row.findings]
        what = said[0].message if said else KINDS[HELD]
        more = Text(f"（共 {len(said)} 项）", f" ({len(said)} in all)") if len(said) > 1 else Text("", "")
        yield Doubt(HELD, Text(what.zh + more.zh, what.en + more.en), row.subject_code, names.get(row.subject_code),
                    home[row.subject_code].office.name, matter=home[row.subject_code].matter_id, holding=row.pk)


def _marked(user: Any, held: Round, home: dict[str, RoundReturn]) -> Iterator[Doubt]:
    for each in results(user, held):
        office = home.get(each.code)
        for indicator, mark in each.marks.items():
            if mark in MARKED:
                yield Doubt(mark, MARK_WORDS[mark], each.code, each.name, office.office.name if office else NOBODY, indicator,
                            matter=office.matter_id if office else None)


def _contradictions(held: Round) -> Iterator[Doubt]:
    scoring = current_scoring(held)
    for each in [Finding.from_dict(one) for one in scoring.findings] if scoring else []:
        if each.code in ("figures_contradict", "total_contradicts_parts"):
            yield Doubt(CONTRADICTION, each.message)


def _names(codes: set[str]) -> dict[str, Text]:
    rows = Port.objects.filter(code__in=codes).values_list("code", "name_zh", "name_en")
    return {code: Text(zh, en or zh) for code, zh, en in rows}
