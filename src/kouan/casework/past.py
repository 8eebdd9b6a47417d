"""The cases of the room as the law book sees them: what was gathered and judged for each, so that it can be asked again.

Of every case the newest revision of its facts speaks; the earlier ones stay on record beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from django.db.models import OuterRef, Subquery

from kouan.basis import Text
from kouan.casework.models import Gathering
from kouan.desk.matters.queries import matters_visible_to
from kouan.grading.case_verdict import CASE_VERDICTS
from kouan.grading.facts import PortFacts
from kouan.grading.lawbook.cases import (
    FEW,
    LawOf,
    PastCase,
    Said,
    judged_by,
    judged_year,
    keys_of_years,
    keys_used,
    said_of_case,
    years_of,
)
from kouan.grading.queries import verdict_of
from kouan.grading.verdict import VERDICT_NAMES, Verdict
from kouan.grading.withdrawing import counted_back

LADDER, VOLUME = "withdrawal_ladder", "volume_standard"


def past(user: Any, rules: Collection[str]) -> Iterator[PastCase]:
    """Every visible case about one of the rules, the newest first."""
    wanted = {*rules, *((LADDER,) if VOLUME in rules else ())}
    newest = Gathering.objects.filter(matter=OuterRef("matter")).order_by("-revision").values("revision")[:1]
    rows = Gathering.objects.filter(matter__in=matters_visible_to(user), verdict__rule__in=sorted(wanted), revision=Subquery(newest))
    for row in rows.select_related("matter").order_by("-matter_id").iterator(chunk_size=FEW):
        yield from _of(row, rules)


def _of(row: Gathering, rules: Collection[str]) -> Iterator[PastCase]:
    verdict: Mapping[str, Any] = row.verdict or {}
    rule, years = verdict["rule"], row.record.get("years", [])
    frozen = years_of(years)
    uses = keys_used(verdict) | (keys_of_years(frozen) if frozen else frozenset())
    matter = row.matter
    common: dict[str, Any] = {
        "kind": "matter", "number": matter.pk, "matter": matter.pk, "title": Text(matter.title, matter.title), "day": row.gathered_on,
        "port": matter.port_code, "province": matter.province_code, "uses": uses,
    }
    if rule in rules:
        judge = _ladder_again(row, years) if rule == LADDER else judged_by(rule, row.record.get("access_facts", {}))
        yield PastCase(rule=rule, verdict=verdict["verdict"], said=CASE_VERDICTS[verdict["verdict"]], judge=judge, **common)
    if frozen and VOLUME in rules:
        yield PastCase(rule=VOLUME, verdict=years[0]["verdict"], said=VERDICT_NAMES[Verdict(years[0]["verdict"])],
                       judge=judged_year(frozen[0]), **common)


def _ladder_again(row: Gathering, years: list[Mapping[str, Any]]) -> Callable[[LawOf], Said]:
    """The ladder from the years as they were frozen; a year without facts keeps the verdict that it had."""
    held = row.record.get("ladder_facts", {})
    is_border, mark = held.get("is_border", row.facts.get("is_border")), held.get("strategy_mark")

    def judge(laws: LawOf) -> Said:
        verdicts = [
            verdict_of(PortFacts.from_dict(each["facts"]), laws(each["year"])).value if each.get("facts") else each["verdict"] for each in years
        ]
        return said_of_case(counted_back(verdicts, years[0]["year"], is_border, laws(None), mark).ladder)

    return judge
