"""Where the law was used: verdicts on record and matters that rest on a rule, a parameter or a setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count

from kouan.desk.matters.models import Matter
from kouan.grading.queries import recorded_verdicts

MOST_MATTERS = 50


def recorded_by_year(user: Any, rules: Iterable[str], key: str = "") -> list[tuple[int, int]]:
    """How many visible ports have a verdict on record, by year, made by one of the rules; with the value of ``key`` where it is of a class."""
    rows = recorded_verdicts(user).filter(rule__in=list(rules))
    parts = key.split(".")
    if len(parts) == 3 and parts[0] == "volume_standard" and parts[1] != "grace":
        rows = rows.filter(facts__transport_class=parts[1])
    return [(row["year"], row["ports"]) for row in rows.order_by("year").values("year").annotate(ports=Count("port_code", distinct=True))]


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


def words_in(value: Any) -> set[str]:
    """Every text inside a JSON value, names of its keys included."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        return {str(key) for key in value} | {word for inner in value.values() for word in words_in(inner)}
    if isinstance(value, list):
        return {word for inner in value for word in words_in(inner)}
    return set()
