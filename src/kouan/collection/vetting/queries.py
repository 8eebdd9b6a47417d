"""What can be asked of vetting. Everything that reaches a user passes ``visible_to``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet

from kouan.basis import Finding, NotFound, Period, PeriodKind
from kouan.collection.checks import Explained, Key, Rulings, shipped
from kouan.collection.checks.panel import Panel
from kouan.collection.models import Series
from kouan.collection.vetting import reading
from kouan.collection.vetting.models import (
    CheckRun,
    ExplainedException,
    Suspicion,
    SuspicionQuerySet,
    SuspicionState,
)
from kouan.ports.models import CounterpartPoint, Port


def suspicions_visible_to(user: Any) -> SuspicionQuerySet:
    """Suspicions about what is in the user's scope."""
    return Suspicion.objects.visible_to(user)


def exceptions_visible_to(user: Any) -> QuerySet[ExplainedException]:
    """Exceptions of subjects in scope, and those of all subjects: they explain one's own figures too."""
    from kouan.collection.visibility import own_filter

    condition = own_filter(user)
    found = ExplainedException.objects.select_related("recorded_by")
    return found if condition is None else found.filter(condition | Q(subject_code=""))


def get_suspicion(user: Any, number: int) -> Suspicion:
    """One suspicion; NotFound for anybody else's."""
    found = Suspicion.objects.visible_to(user).select_related("ruled_by", "answered_by", "exception").filter(pk=number).first()
    if found is None:
        raise NotFound([Finding.error("suspicion_not_found", f"没有编号为 {number} 的可疑数据。", f"There is no suspicion numbered {number}.",
                                      remedy=("请从核查工作单进入。", "Start from the worklist."))])
    return found


def latest_run() -> CheckRun | None:
    """When checks ran last."""
    return CheckRun.objects.order_by("-pk").first()


def explained() -> list[Explained]:
    """Every exception in force, as the engine reads it."""
    return [_as_engine_reads(one) for one in ExplainedException.objects.filter(withdrawn_at=None)]


def _as_engine_reads(one: ExplainedException) -> Explained:
    return Explained(one.first_day, one.last_day, (f"{one.subject_kind}:{one.subject_code or '*'}",), tuple(one.measures), one.reference)


def answered_by(made: ExplainedException, rows: Iterable[Suspicion]) -> list[Suspicion]:
    """Those suspicions that an exception answers: wholly inside it, and of a check that can be explained."""
    reads = _as_engine_reads(made)
    found = []
    for row in rows:
        first, last = row.period(row.first_start), row.period(row.last_start)
        inside = made.first_day <= first.end and (made.last_day is None or last.start <= made.last_day) and first.start >= Period.of(
            PeriodKind(row.granularity), made.first_day).start
        if row.spec.explained and inside and reads.covers(row.key):
            found.append(row)
    return found


def rulings() -> Rulings:
    """What was confirmed and what was a false alarm, by check and by check and series."""
    tallies: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    ruled = Suspicion.objects.filter(state__in=(SuspicionState.CONFIRMED, SuspicionState.FALSE_ALARM)).order_by()
    for row in ruled.values("check_id", "subject_kind", "subject_code", "measure", "direction", "group", "state").annotate(n=Count("pk")):
        at = 0 if row["state"] == SuspicionState.CONFIRMED else 1
        key = Key(f"{row['subject_kind']}:{row['subject_code']}", row["measure"], row["direction"], row["group"])
        tallies[row["check_id"]][at] += row["n"]
        tallies[f"{row['check_id']}|{key.code}"][at] += row["n"]
    return Rulings({name: (confirmed, false) for name, (confirmed, false) in tallies.items()})


def learned() -> list[tuple[str, int, int, float]]:
    """For each check with rulings: confirmed, false alarms, and by how much its likelihood is taken now."""
    tallies = rulings().tallies
    return [(check, *tallies[check], (tallies[check][0] + 2) / (sum(tallies[check]) + 2)) for check in shipped() if check in tallies]


def links() -> list[tuple[Key, Key]]:
    """The two counts of one crossing: a port's own, and that of the point that faces it with the direction turned."""
    found: list[tuple[Key, Key]] = []
    turned = {"inbound": "outbound", "outbound": "inbound", "total": "total"}
    for point in CounterpartPoint.objects.exclude(port=None).filter(relation__in=("one_to_one", "partial")).select_related("port"):
        port = str(point.port.code) if point.port is not None else ""
        found += [(Key(f"port:{port}", "person_crossings", way), Key(f"counterpart_point:{point.code}", "person_crossings", back))
                  for way, back in turned.items()]
    return found


def kin() -> dict[str, str]:
    """What two ports must share to be one under another name: province and mode."""
    return {f"port:{code}": f"{province}/{mode}" for code, province, mode in Port.objects.values_list("code", "province_code", "mode")}


def panel_around(rows: Iterable[Suspicion]) -> dict[PeriodKind, Panel]:
    """The series of suspicions and of what they are held against, by cadence: for the little charts of the worklist."""
    keys: set[Key] = set()
    cadences: set[str] = set()
    pairs = dict(links())
    pairs |= {two: one for one, two in pairs.items()}
    for row in rows:
        keys.add(row.key)
        cadences |= {row.granularity, *(("day",) if row.granularity == "month" else ())}
        keys |= {other for other in (row.other_key, pairs.get(row.key)) if other is not None}
    if not keys:
        return {}
    wanted = Q(pk__in=[])
    for key in keys:
        kind, _, code = key.subject.partition(":")
        wanted |= Q(subject_kind=kind, subject_code=code, measure=key.measure, direction=key.direction, group=key.group)
    return reading.panels(Series.objects.filter(wanted, granularity__in=cadences).exclude(origin="press").order_by("pk"))


def facing(key: Key) -> Key | None:
    """The other side's count of the same, where there is one."""
    pairs = dict(links())
    return pairs.get(key) or {two: one for one, two in pairs.items()}.get(key)
