"""Verbs of vetting: run the checks, rule on what they say, answer, record and withdraw exceptions.

A ruling is the national office's; whoever reports may answer, but cannot clear a doubt about its own figures.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from kouan.accounts.action import action
from kouan.basis import (
    Conflict,
    Finding,
    NotFound,
    PeriodKind,
    Place,
    Refused,
    SubjectKind,
    SubjectRef,
    clock,
    measures,
)
from kouan.collection.checks import CheckSpec, examine, shipped
from kouan.collection.checks import Suspicion as Told
from kouan.collection.checks.causes import causes
from kouan.collection.models import Origin, Series
from kouan.collection.vetting import queries, reading
from kouan.collection.vetting.examine import told_by_hooks
from kouan.collection.vetting.models import CheckRun, ExplainedException, Suspicion, SuspicionState
from kouan.desk.progress import Report

RULINGS = (SuspicionState.CONFIRMED, SuspicionState.FALSE_ALARM, SuspicionState.OPEN)
MOST_AT_ONCE = 500
LONGEST_REASON = 400
# Figures of each nature are examined apart: a benchmark is no peer of a port.
_GROUNDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((SubjectKind.PORT, SubjectKind.COUNTERPART_POINT, SubjectKind.PROVINCE, SubjectKind.NATION, SubjectKind.GROUP),
     (Origin.OFFICIAL, Origin.EXERCISE, Origin.COUNTERPART)),
    ((SubjectKind.BENCHMARK_PORT,), (Origin.OFFICIAL,)),
)


@action("checks.run")
def run_checks(*, actor: Any, benchmarks: bool = False, progress: Report | None = None) -> CheckRun:
    """Examine everything recorded that the actor sees, keep what is new, clear what is seen no more.

    Ruled suspicions keep their ruling when they are seen again. ``benchmarks``: those of 对标 as well.
    """
    began = time.perf_counter()
    run = CheckRun.objects.create(ran_by=actor if actor.pk else None)
    grounds = _GROUNDS if benchmarks else _GROUNDS[:1]
    explained, rulings, links, kin = queries.explained(), queries.rulings(), queries.links(), queries.kin()
    looked: set[tuple[str, str]] = set()
    for number, (kinds, origins) in enumerate(grounds):
        series = list(Series.objects.visible_to(actor).filter(subject_kind__in=kinds, origin__in=origins).order_by("pk"))
        nature = {reading.key_of(one): one.origin for one in series}
        subjects = sorted({one.subject for one in series})
        known = [*explained, *told_by_hooks(subjects, date(1949, 1, 1), clock.today())]
        if progress is not None:
            progress(number, len(grounds), "数据核查")
        for cadence, panel in reading.panels(series).items():
            run.series += len(panel.keys)
            run.figures += int((panel.values == panel.values).sum())
            found = examine(panel, explained=known, links=links, rulings=rulings, checks=_checks_of(cadence), kin=kin)
            leading: dict[str, str] = {}  # the number of a cause: the most pressing suspicion that has it
            numbers = causes(found)
            for told in found:
                run.found += 1
                run.fresh += _keep(told, run, nature[told.key], leading.setdefault(numbers[told.code], told.code))
        looked |= {(one.subject_kind, one.subject_code) for one in series}
    run.cleared = _clear(run, looked)
    run.seconds = round(time.perf_counter() - began, 3)
    run.save()
    return run


def _checks_of(cadence: PeriodKind) -> Mapping[str, CheckSpec]:
    """Days are examined for copies and units; what stands out by its size is asked of their months (and by early warnings of each day)."""
    if cadence is not PeriodKind.DAY:
        return shipped()
    return {name: spec for name, spec in shipped().items() if spec.kind in ("repetition", "scale", "sum") or name == "missing_period"}


def _keep(told: Told, run: CheckRun, origin: str, cause: str) -> int:
    """Keep one suspicion; 1 if it is new."""
    kind, _, code = told.key.subject.partition(":")
    held = Suspicion.objects.filter(code=told.code).first()
    fields: dict[str, Any] = {
        "last_start": told.last.start, "count": told.count, "measured": told.measured, "expected": told.expected, "factor": told.factor,
        "likelihood": told.likelihood, "weight": told.weight, "rank": told.rank, "other": list(told.other) if told.other else None,
        "seen_by": list(told.seen_by), "last_run": run, "source_start": told.source.start if told.source else None, "cause": cause,
    }
    if held is None:
        Suspicion.objects.create(
            code=told.code, check_id=told.check, subject_kind=kind, subject_code=code, measure=told.key.measure, direction=told.key.direction,
            group=told.key.group, granularity=told.first.kind.value, origin=origin, first_start=told.first.start, first_run=run, **fields)
        return 1
    if held.state == SuspicionState.CLEARED:
        held.state = SuspicionState.OPEN
    for name, value in fields.items():
        setattr(held, name, value)
    held.save()
    return 0


def _clear(run: CheckRun, looked: set[tuple[str, str]]) -> int:
    gone = [one for one in Suspicion.objects.filter(state=SuspicionState.OPEN).exclude(last_run=run)
            if (one.subject_kind, one.subject_code) in looked]
    for one in gone:
        one.state = SuspicionState.CLEARED
        one.save(update_fields=["state"])
    return len(gone)


@action("checks.rule")
def rule(*, actor: Any, numbers: Sequence[int], state: str, reason: str) -> int:
    """Decide about suspicions in scope: confirmed, false alarm, or open again. All or none; how many were changed.

    NotFound when one of them is not the actor's to see; Refused without a reason.
    """
    if state not in RULINGS:
        raise Refused.because("unknown_ruling", f"没有“{state}”这种裁定。", f"There is no ruling “{state}”.",
                              remedy=("可选：confirmed、false_alarm、open。", "One of confirmed, false_alarm, open."))
    said = _reason(reason)
    rows = _in_scope(actor, numbers)
    for row in rows:
        row.state, row.reason, row.ruled_by, row.ruled_at, row.exception = state, said, actor if actor.pk else None, clock.now(), None
        row.save()
    return len(rows)


@action("checks.answer")
def answer(*, actor: Any, number: int, text: str) -> Suspicion:
    """Say something about a suspicion of one's own figures; the national office decides with it before its eyes."""
    said = _reason(text)
    row = _in_scope(actor, [number])[0]
    if row.state != SuspicionState.OPEN:
        raise Conflict.because("already_ruled", "该处可疑已有裁定。", "It has been ruled on already.",
                               remedy=("如有异议，请与国家口岸办联系。", "If you object, ask the national office."))
    row.answer, row.answered_by, row.answered_at = said, actor if actor.pk else None, clock.now()
    row.save()
    return row


@action("checks.explain")
def explain(*, actor: Any, subject: str, first_day: date, last_day: date | None, reason: str, reference: str,
            measure_codes: Iterable[str] = (), numbers: Sequence[int] = ()) -> ExplainedException:
    """Record an exception with its document. Suspicions inside it, and those named, are explained at once.

    ``subject``: ``port:luohu-rail``, or ``port:*`` for all of a kind. Refused when dates run backwards, a measure is not in
    the registry, or there is no document.
    """
    kind, _, code = subject.partition(":")
    findings: list[Finding] = []
    if kind not in set(SubjectKind):
        findings.append(Finding.error("unreadable_subject", f"“{subject}”不是对象编号。", f"“{subject}” is no subject.", where=Place(field="subject"),
                                      remedy=("如 port:luohu-rail 或 port:*。", "Such as port:luohu-rail or port:*.")))
    if last_day is not None and last_day < first_day:
        findings.append(Finding.error("dates_backwards", "止日早于起日。", "It ends before it begins.", where=Place(field="last_day"),
                                      remedy=("请核对日期。", "Check the dates.")))
    if not reference.strip():
        findings.append(Finding.error("reference_missing", "请填写依据文件的文号或出处。", "Name the document it rests on.",
                                      where=Place(field="reference"),
                                      remedy=("没有文件的情形不能登记为例外。", "Without a document there is no exception.")))
    codes = [one for one in measure_codes if one]
    findings += [found.at(field="measures") for found in (measures.find(one) for one in codes) if isinstance(found, Finding)]
    if findings:
        raise Refused(findings)
    whole = code in ("", "*")
    if not whole:
        SubjectRef.parse(subject)
    made = ExplainedException.objects.create(
        subject_kind=kind, subject_code="" if whole else code, measures=codes, first_day=first_day, last_day=last_day,
        reason=_reason(reason), reference=reference.strip()[:300], recorded_by=actor if actor.pk else None)
    inside = queries.answered_by(made, Suspicion.objects.visible_to(actor).filter(state=SuspicionState.OPEN))
    for row in {one.pk: one for one in [*inside, *(_in_scope(actor, numbers) if numbers else [])]}.values():
        row.state, row.exception, row.reason = SuspicionState.EXPLAINED, made, made.reason
        row.ruled_by, row.ruled_at = made.recorded_by, clock.now()
        row.save()
    return made


@action("checks.explain")
def withdraw_exception(*, actor: Any, number: int) -> ExplainedException:
    """End an exception: what it answered is open again."""
    made = ExplainedException.objects.select_for_update().filter(pk=number, withdrawn_at=None).first()
    if made is None:
        raise NotFound([Finding.error("exception_not_found", f"没有编号为 {number} 的有效例外。", f"There is no exception {number} in force.",
                                      remedy=("请从例外列表进入。", "Start from the list of exceptions."))])
    made.withdrawn_at = clock.now()
    made.save()
    for row in made.answers.filter(state=SuspicionState.EXPLAINED):
        row.state, row.exception = SuspicionState.OPEN, None
        row.save()
    return made


def _in_scope(actor: Any, numbers: Sequence[int]) -> list[Suspicion]:
    wanted = sorted(set(numbers))
    if len(wanted) > MOST_AT_ONCE:
        raise Refused.because("too_many", f"一次最多处理 {MOST_AT_ONCE} 处。", f"At most {MOST_AT_ONCE} at once.",
                              remedy=("请分批处理。", "Take them in parts."))
    rows = list(Suspicion.objects.visible_to(actor).select_for_update().filter(pk__in=wanted))
    if not wanted or len(rows) != len(wanted):
        missing = sorted(set(wanted) - {row.pk for row in rows})
        raise NotFound([Finding.error("suspicion_not_found", f"没有编号为 {missing[0] if missing else '—'} 的可疑数据。",
                                      f"There is no suspicion numbered {missing[0] if missing else '—'}.",
                                      remedy=("请从核查工作单进入。", "Start from the worklist."))])
    return rows


def _reason(text: str) -> str:
    said = text.strip()
    if not said or len(said) > LONGEST_REASON:
        raise Refused.because("reason_missing" if not said else "reason_too_long", "请写明理由，不超过400字。",
                              "Give the reason, in at most 400 characters.",
                              where=Place(field="reason"), remedy=("理由会留痕，并供以后参考。", "The reason stays in the trail."))
    return said


def tally(run: CheckRun) -> dict[str, int]:
    """How many a run saw, by check."""
    return dict(Counter(Suspicion.objects.filter(last_run=run).values_list("check_id", flat=True)))
