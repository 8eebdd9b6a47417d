"""What was filed, decided, marked and ruled, laid over the figures of a round before they are frozen.

A point: met and accepted counts 1, or the mean of the experts' marks where enough of them count; said not to be met counts 0;
rejected or not decided has no evidence (M5). A figure counts where it was accepted. In a real round whatever nobody filed is
missing; in an exercise the generated figure stands there, so that an office sees what its own entries change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from kouan.basis import EvidenceRef, Finding, Place, Text
from kouan.evaluation.method.scheme import Decision, FailedFeed, RoundData, Scheme
from kouan.evaluation.method.scheme.naming import listed
from kouan.evaluation.rounds.evidence.asking import asked_of
from kouan.evaluation.rounds.evidence.models import FiledEntry, RulingKind
from kouan.evaluation.rounds.evidence.panel import findings_of, panels_of
from kouan.evaluation.rounds.evidence.rulings import rulings_in_force
from kouan.evaluation.rounds.evidence.seeing import decision_of, newest
from kouan.evaluation.rounds.models import Round


def overlaid(held: Round, scheme: Scheme, data: RoundData) -> tuple[RoundData, list[Finding], tuple[EvidenceRef, ...]]:
    """The figures of a round with everything of its qualitative side in them; what is to be said of it; and the rows it rests on.

    Figures of earlier years are those of the rounds of those years, as they were decided there.
    """
    values = data.values.copy()
    reminders = None if data.reminders is None else data.reminders.copy()
    ports = {code: p for p, code in enumerate(data.ports)}
    items = {code: k for k, code in enumerate(data.items)}
    findings: list[Finding] = []
    evidence: list[EvidenceRef] = []
    for each in Round.objects.filter(year__in=data.years, is_exercise=held.is_exercise, year__lte=held.year).order_by("year"):
        entries = [one for one in newest(FiledEntry.objects.filter(filed_in__round=each)) if one.port in ports and one.item in items]
        panels = panels_of(each, scheme, entries)
        marked = {(panel.port, item): mean / 100 for panel in panels for item, mean in panel.points.items()}
        y = data.years.index(each.year)
        for entry in entries:
            at = (y, ports[entry.port], items[entry.item])
            values[at] = _counts(entry, marked)
            if reminders is not None and np.isfinite(values[at]):
                reminders[at] = 0
        evidence += _evidence(entries, [pk for panel in panels for pk in panel.used])
        if each.pk == held.pk:
            findings += [*_told(entries, data.called), *_not_filed(scheme, data, entries),
                         *findings_of([one for one in panels if one.port in ports], scheme, data.called)]
    decisions, feeds, strange = _rulings(held, data)
    findings += strange
    found = replace(data, values=values, reminders=reminders, decisions=(*data.decisions, *decisions), failed_feeds=(*data.failed_feeds, *feeds))
    return found, findings, tuple(evidence)


def _counts(entry: FiledEntry, marked: dict[tuple[str, str], float]) -> float:
    """What an entry comes to; NaN where nothing stands."""
    if not entry.is_claim:
        return 0.0
    decided = decision_of(entry)
    if decided is None or not decided.accepted:
        return float("nan")
    return marked.get((entry.port, entry.item), entry.value) if entry.is_point else entry.value


def _rulings(held: Round, data: RoundData) -> tuple[list[Decision], list[FailedFeed], list[Finding]]:
    rows = rulings_in_force(held)
    lost = [each for each in rows if each.port and each.port not in data.ports]
    kept = [each for each in rows if each not in lost]
    findings = [Finding.warning(
        "ruling_without_port", f"{len(lost)} 项认定所指的口岸已不在评估对象中，未采用：{'、'.join(each.port for each in lost[:5])}。",
        f"{len(lost)} rulings name ports that are no objects any more: {', '.join(each.port for each in lost[:5])}.", measured=len(lost),
        remedy=("请核对口岸名录，或撤回认定。", "Check the register, or withdraw the ruling."))] if lost else []
    return ([Decision(each.code, "national_office", each.reason, each.port, each.port_class, each.year)
             for each in kept if each.kind == RulingKind.NOT_APPLICABLE],
            [FailedFeed(each.code, each.year, each.port_class) for each in kept if each.kind == RulingKind.FAILED_FEED], findings)


def _told(entries: Sequence[FiledEntry], called: Callable[[str], Text]) -> list[Finding]:
    """How much was filed, and what does not count."""
    claims = [each for each in entries if each.is_claim]
    rejected = [each for each in claims if (decided := decision_of(each)) is not None and not decided.accepted]
    waiting = [each for each in claims if decision_of(each) is None]
    found = [Finding.info("entries_taken_in", f"检查点和补充数据共填报 {len(entries)} 项，采信 {len(claims) - len(rejected) - len(waiting)} 项。",
                          f"{len(entries)} points and figures were filed, {len(claims) - len(rejected) - len(waiting)} accepted.",
                          measured=len(entries))] if entries else []
    for code, held, zh, en in (
        ("entries_rejected", rejected, "项填报未被采信，不计", "entries were rejected and do not count"),
        ("entries_not_verified", waiting, "项填报截止时未经核验，不计", "entries were not verified when the return was closed and do not count"),
    ):
        if held:
            named = listed([Text(f"{called(each.port).zh} {each.item}", f"{called(each.port).en} {each.item}") for each in held])
            found.append(Finding.warning(code, f"{len(held)} {zh}：{named.zh}。", f"{len(held)} {en}: {named.en}.",
                                         where=Place(path=held[0].port), measured=len(held)))
    return found


def _not_filed(scheme: Scheme, data: RoundData, entries: Sequence[FiledEntry]) -> list[Finding]:
    """The points of a real round about which no office said anything: they count 0 (M5)."""
    if data.is_exercise:
        return []
    there = {(each.port, each.item) for each in entries}
    asked = {each: [one.item for one in asked_of(scheme, each) if one.is_point] for each in set(data.classes)}
    lacking = sum((port, item) not in there for port, port_class in zip(data.ports, data.classes, strict=True) for item in asked[port_class])
    if not lacking:
        return []
    return [Finding.warning(
        "points_not_filed", f"{lacking} 个检查点无人填报，按无佐证计 0。", f"{lacking} points were filed by nobody and count 0.", measured=lacking,
        remedy=("请在冻结前补报，或认定不适用。", "Have them filed before the freeze, or rule that they do not apply."))]


def _evidence(entries: Sequence[FiledEntry], marks: Sequence[int]) -> list[EvidenceRef]:
    return [*(EvidenceRef("evaluation", "filed_entry", each.pk, each.revision) for each in entries),
            *(EvidenceRef("evaluation", "expert_mark", pk, 1) for pk in marks)]
