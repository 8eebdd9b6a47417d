"""Where the law was used: verdicts on record and matters that rest on a rule, a parameter or a setting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from kouan.desk.matters.models import Matter
from kouan.grading.lawbook.cases import PastCase, past_cases
from kouan.grading.models import VerdictRecord
from kouan.grading.queries import recorded_verdicts
from kouan.law import registered_rules
from kouan.law.pages import used_by

MOST_MATTERS = 50
MOST_CASES = 500


def recorded_by_year(user: Any, rules: Iterable[str], key: str = "") -> list[tuple[int, int]]:
    """How many visible ports have a verdict on record that ``recorded_using`` finds, by year."""
    rows = _recorded(user, rules, key).order_by("year").values("year").annotate(ports=Count("port_code", distinct=True))
    return [(row["year"], row["ports"]) for row in rows]


def recorded_using(user: Any, rules: Iterable[str], key: str = "") -> QuerySet[VerdictRecord]:
    """The newest verdict on record of every visible port and year, made by one of the rules; of a value of one class those of the class."""
    newest = VerdictRecord.objects.filter(port_code=OuterRef("port_code"), year=OuterRef("year"), rule=OuterRef("rule"))
    rows: QuerySet[VerdictRecord] = _recorded(user, rules, key)
    return rows.filter(revision=Subquery(newest.order_by("-revision").values("revision")[:1])).order_by("-year", "port_code")


def _recorded(user: Any, rules: Iterable[str], key: str) -> Any:
    rows = recorded_verdicts(user).filter(rule__in=list(rules))
    parts = key.split(".")
    if len(parts) == 3 and parts[0] == "volume_standard" and parts[1] != "grace":
        rows = rows.filter(facts__transport_class=parts[1])
    return rows


def matters_naming(user: Any, keys: Iterable[str], *, only_running: bool = False) -> list[tuple[Matter, list[str]]]:
    """The visible matters whose facts name one of the keys, the newest first, with the keys they name."""
    wanted = list(keys)
    rows = Matter.objects.visible_to(user)
    if only_running:
        rows = rows.running()
    found: dict[int, tuple[Matter, list[str]]] = {}
    for key in wanted:
        # The text narrows it down in the database; what counts is a whole word of the facts.
        for matter in rows.filter(facts__icontains=key):
            if key in words_in(matter.facts):
                found.setdefault(matter.pk, (matter, []))[1].append(key)
    return [found[pk] for pk in sorted(found, reverse=True)][:MOST_MATTERS]


def cases_using(user: Any, rules: Collection[str], key: str = "") -> list[PastCase]:
    """The past cases in scope that one of the rules spoke of; of those, the ones that rest on ``key`` where one is given.

    Only the newest of each room are looked at (``MOST_CASES``): a page names the recent ones, a preview tries them all.
    """
    found = [case for case in past_cases(user, rules, MOST_CASES) if not key or key in case.uses]
    return sorted(found, key=lambda case: (case.day, case.number), reverse=True)


def matters_resting_on(user: Any, keys: Sequence[str], *, only_running: bool = False) -> list[tuple[Matter, list[str]]]:
    """The visible matters whose own facts name one of the keys, or whose frozen verdict rests on one; the newest first."""
    found = dict(matters_naming(user, keys, only_running=only_running))
    resting: dict[int, list[str]] = {}
    for case in past_cases(user, {rule for key in keys for rule in used_by(registered_rules(), key)}):
        if case.matter is not None:
            resting.setdefault(case.matter, []).extend(key for key in keys if key in case.uses)
    rows = Matter.objects.visible_to(user).filter(pk__in=[pk for pk, held in resting.items() if held])
    for matter in rows.running() if only_running else rows:
        found[matter] = list(dict.fromkeys([*found.get(matter, ()), *resting[matter.pk]]))
    return sorted(found.items(), key=lambda pair: -pair[0].pk)[:MOST_MATTERS]


def words_in(value: Any) -> set[str]:
    """Every text inside a JSON value, names of its keys included."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        return {str(key) for key in value} | {word for inner in value.values() for word in words_in(inner)}
    if isinstance(value, list):
        return {word for inner in value for word in words_in(inner)}
    return set()
