"""What a change of law would change: ports' verdicts of the chosen years, what the other rules say of ports and of past
cases (``rules_tried.py``), verdicts on record, running matters.

Nothing is written. Both laws are asked as of one day, the day on which the last of the changes holds (today, if that
is later), so that only the change itself makes the difference. A year is judged by the values of its 1 January (A-31),
so a value from a later day leaves it as it is; what the year's figures would give under the new value is shown beside it
as a trial (``supposed``), since that is what an office asks before it sets a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Q

from kouan.basis import Refused, clock
from kouan.desk.matters.models import Matter
from kouan.grading.facts import PortFacts
from kouan.grading.lawbook.cases import difference, said_of_volume
from kouan.grading.lawbook.rules_tried import Laws, concerned_by, tried
from kouan.grading.lawbook.usage import matters_resting_on
from kouan.grading.models import VerdictRecord
from kouan.grading.queries import (
    facts_for_year,
    held_in_year,
    judged_unasked,
    law_as_of,
    outcome_of,
    recorded_verdicts,
)
from kouan.grading.verdict import VERDICT_NAMES, Verdict
from kouan.law import Law, registered_rules
from kouan.law.changes import PARAMETER, Change, check_changes, with_values
from kouan.law.pages import used_by
from kouan.ports.models import Port
from kouan.ports.queries import ports_visible_to

MOST_YEARS = 10
EARLIEST = 2000
Report = Callable[[int, int | None, str], None]
Citing = Callable[[Any, Sequence[Change]], list[dict[str, Any]]]

# What else cites a parameter or setting, by a name of its kind: rooms above add theirs in their apps.py.
_citing: dict[str, Citing] = {}


def register_citing(kind: str, ask: Citing) -> None:
    """Let a room say which of its records cite what a change touches: ``ask(user, changes)`` gives JSON-ready rows."""
    _citing[kind] = ask


def usual_years() -> list[int]:
    """The last full year: what is judged unless years are named."""
    return [clock.today().year - 1]


def preview(
    user: Any, changes: Sequence[Change], years: Iterable[int] | None = None, report: Report | None = None,
) -> dict[str, Any]:
    """What the changes would do, JSON-ready. Refused when a change does not fit the law, or for years out of reach."""
    report = report or (lambda done, total, stage: None)
    wanted = _years(years)
    day = max([clock.today(), *(change.from_date for change in changes)])
    before = law_as_of(day)
    findings = check_changes(changes, before)
    if any(each.is_error for each in findings):
        raise Refused([each for each in findings if each.is_error])
    after = changed(before, changes)
    ports = list(ports_visible_to(user))
    moved: list[dict[str, Any]] = []
    judged = 0
    for done, year in enumerate(wanted):
        report(done, len(wanted), f"判定 {year} judging {year}")
        held = held_in_year(ports, year)
        listed = judged_unasked(ports, held)
        trial = _as_if_in_force(before, changes, year)
        for port, (facts, _) in zip(listed, facts_for_year(listed, year, held=held), strict=True):
            judged += 1
            if (row := _moved(port, facts, before, after, trial)) is not None:
                moved.append(row)
    report(len(wanted), len(wanted), "试判其他规则和以往案件 trying the other rules and past cases")
    rules = sorted({rule for change in changes for rule in used_by(registered_rules(), change.key)})
    laws = Laws(before, after, lambda year: _as_if_in_force(before, changes, year))
    last = min(wanted[-1], day.year - 1)
    others = tried(user, ports, laws, last, concerned_by(rules), [change.key for change in changes])
    for row in others["by_rule"]:
        if row["rule"] == "volume_standard" and row["is_concerned"]:
            row |= {"ports": judged, "moved": sum(each["applies"] for each in moved)}
    report(len(wanted), len(wanted), "查找引用 looking for what cites it")
    return {
        "as_of": day.isoformat(), "years": wanted, "changes": [change.as_dict() for change in changes],
        "rules": rules, "judged": judged, "moved": moved, **others, "recorded": _recorded(user, changes, after, wanted),
        "cited_by": {"matters": _matters(user, changes, {row["port"] for row in moved if row["applies"]}),
                     **{kind: ask(user, changes) for kind, ask in sorted(_citing.items())}},
        "findings": [each.as_dict() for each in findings],
    }


def changed(law: Law, changes: Sequence[Change]) -> Law:
    """The same law, on the same day, with the changes made."""
    values = [change.dated_value(law.library) for change in changes if change.kind == PARAMETER]
    rulings = [change.ruling() for change in changes if change.kind != PARAMETER]
    return Law(law.as_of, (*law.rulings, *rulings), known_at=law.known_at, library=with_values(law.library, values))


def seen_by(found: Mapping[str, Any], codes: set[str]) -> dict[str, Any]:
    """A stored preview without the ports outside ``codes``, and without what only the national office may know."""
    recorded = found["recorded"]
    return {
        **found, "moved": [row for row in found["moved"] if row["port"] in codes],
        "others": [row for row in found.get("others", ()) if row["port"] in codes], "cases": [], "by_rule": [], "left_off": 0,
        "recorded": {"moved": [row for row in recorded["moved"] if row["port"] in codes]}, "cited_by": {},
    }


def count_moved(found: Mapping[str, Any], codes: set[str] | None = None) -> int:
    """How many verdicts on the register a preview says would change, under any rule; of the ports in ``codes`` where given."""
    rows = [*found["moved"], *found.get("others", ())]
    return sum(1 for row in rows if row["applies"] and (codes is None or row["port"] in codes))


def _years(years: Iterable[int] | None) -> list[int]:
    wanted = sorted(set(years or usual_years()))
    this = clock.today().year
    if len(wanted) > MOST_YEARS or wanted[0] < EARLIEST or wanted[-1] > this:
        raise Refused.because(
            "years_out_of_reach", f"年度须在{EARLIEST}—{this}之间，一次最多{MOST_YEARS}个。",
            f"Years lie between {EARLIEST} and {this}, at most {MOST_YEARS} at a time.", remedy=("请改选年度。", "Choose other years."))
    return wanted


def _as_if_in_force(law: Law, changes: Sequence[Change], year: int) -> Law | None:
    """The law with the later values already in force on 1 January of the year; None where no value is later."""
    first = date(year, 1, 1)
    if not any(change.kind == PARAMETER and change.from_date > first for change in changes):
        return None
    return changed(law, [
        replace(change, from_date=min(change.from_date, first)) if change.kind == PARAMETER else change for change in changes
    ])


def _moved(port: Port, facts: PortFacts, before: Law, after: Law, trial: Law | None) -> dict[str, Any] | None:
    """What becomes of one port; None where nothing does."""
    old, new = outcome_of(facts, before), outcome_of(facts, after)
    supposed = outcome_of(facts, trial) if trial is not None else new
    if old.verdict == new.verdict == supposed.verdict:
        return None
    applies = old.verdict != new.verdict
    return {
        "port": port.code, "name_zh": port.name_zh, "name_en": port.name_en, "province_code": port.province_code, "year": facts.year,
        "before": _said(old.verdict), "after": _said(new.verdict), "supposed": _said(supposed.verdict), "applies": applies,
        "step": difference(said_of_volume(old), said_of_volume(new if applies else supposed)),
    }


def _said(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": verdict.value, "name": VERDICT_NAMES[verdict].as_dict()}


def cites(record: VerdictRecord, keys: Iterable[str]) -> bool:
    """Whether a recorded verdict rests on a parameter or setting: a reading used, or a value of its class or of grace."""
    facts = record.facts
    readings = {each["key"] for each in record.recipe.get("readings", ())}
    transport_class = facts.get("transport_class")
    own = {f"volume_standard.{transport_class}.", "volume_standard.grace."} if transport_class else set()
    return any(key in readings or any(key.startswith(start) for start in own) for key in keys)


def _recorded(user: Any, changes: Sequence[Change], after: Law, years: Sequence[int]) -> dict[str, Any]:
    """The newest verdicts on record that cite what is changed, and those of the years that would come out otherwise today."""
    keys = [change.key for change in changes]
    newest: dict[tuple[str, int], VerdictRecord] = {}
    for record in recorded_verdicts(user).order_by("revision").iterator():
        newest[record.port_code, record.year] = record
    citing = [record for record in newest.values() if cites(record, keys)]
    moved = []
    for record in citing:
        if record.year not in years:
            continue
        anew = outcome_of(PortFacts.from_dict(record.recipe["facts"]), after).verdict
        if anew.value != record.verdict:
            moved.append({"port": record.port_code, "year": record.year, "revision": record.revision,
                          "recorded": _said(Verdict(record.verdict)), "anew": _said(anew)})
    by_year = Counter(record.year for record in citing)
    return {"citing": len(citing), "by_year": {str(year): by_year[year] for year in sorted(by_year)}, "moved": moved}


def _matters(user: Any, changes: Sequence[Change], ports: set[str]) -> list[dict[str, Any]]:
    """Running matters whose facts name what is changed, or whose port's verdict would change."""
    cited = {matter.pk: keys for matter, keys in matters_resting_on(user, [change.key for change in changes], only_running=True)}
    running = Matter.objects.visible_to(user).running().filter(Q(pk__in=cited) | Q(port_code__in=ports - {""}))
    return [
        {"matter": matter.pk, "title": matter.title, "procedure": matter.procedure, "port": matter.port_code,
         "cites": cited.get(matter.pk, []), "port_moves": matter.port_code in ports}
        for matter in running.order_by("pk")
    ]
