"""What the marks of several experts come to: the mean that counts, the spread that is shown, and what the national office is told.

>>> spread_of([80.0, 60.0])
(70.0, 20.0, 14.142135623730951)
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kouan.basis import Finding, Place, Text
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.method.scheme.naming import listed
from kouan.evaluation.rounds.evidence.models import ExpertAsked, FiledEntry
from kouan.evaluation.rounds.evidence.seeing import conflicts_of
from kouan.evaluation.rounds.models import Round


@dataclass(frozen=True)
class Panel:
    """One indicator of one port: who was asked, which marks count, and what they come to.

    ``marks``: by expert (id) the mean over the points; ``points``: by item the mean of the experts, only where enough marked it.
    ``asked``: experts asked; ``excluded``: those with an interest; ``stale``: those whose marks are on entries filed anew since.
    """

    port: str
    indicator: str
    asked: tuple[ExpertAsked, ...]
    marks: Mapping[int, float] = field(default_factory=dict)
    points: Mapping[str, float] = field(default_factory=dict)
    excluded: frozenset[int] = frozenset()
    stale: frozenset[int] = frozenset()
    used: tuple[int, ...] = ()

    @property
    def mean(self) -> float | None:
        return spread_of(list(self.marks.values()))[0] if self.marks else None

    @property
    def spread(self) -> float | None:
        """Largest less smallest mark; None for fewer than two."""
        return spread_of(list(self.marks.values()))[1] if len(self.marks) > 1 else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation of the marks (n − 1); None for fewer than two."""
        return spread_of(list(self.marks.values()))[2] if len(self.marks) > 1 else None


def spread_of(marks: Sequence[float]) -> tuple[float, float, float]:
    """Mean, largest less smallest, and sample standard deviation (0 for a single mark)."""
    return statistics.fmean(marks), max(marks) - min(marks), statistics.stdev(marks) if len(marks) > 1 else 0.0


def panels_of(held: Round, scheme: Scheme, entries: Sequence[FiledEntry]) -> list[Panel]:
    """Every indicator and port about which experts are asked. ``entries``: those in force, on which a mark must stand to count."""
    current = {(each.port, each.item): each.pk for each in entries if each.is_point}
    interests = conflicts_of(held)
    groups: dict[tuple[str, str], list[ExpertAsked]] = defaultdict(list)
    for each in ExpertAsked.objects.filter(round=held, released_on__isnull=True).select_related("expert").prefetch_related("marks"):
        groups[each.port, each.indicator].append(each)
    return [_panel(port, indicator, tuple(asked), interests, current, scheme.shape.experts.smallest)
            for (port, indicator), asked in sorted(groups.items())]


def findings_of(panels: Sequence[Panel], scheme: Scheme, called: Callable[[str], Text]) -> list[Finding]:
    """What the national office is told: too few marks, marks far apart, marks on what was filed anew. ``called``: what a port is called."""
    bounds = scheme.shape.experts
    few = [each for each in panels if len(each.marks) < bounds.smallest]
    wide = [each for each in panels if len(each.marks) >= bounds.smallest and (each.spread or 0.0) > bounds.spread]
    stale = [each for each in panels if each.stale]
    found = []
    for code, held, zh, en, remedy in (
        ("marks_too_few", few, f"的有效评分不足 {bounds.smallest} 份，评分不计，按核验结果计",
         f"have fewer than {bounds.smallest} marks that count; the verified points stand without them",
         ("请增派专家或催请评分。", "Ask another expert, or remind those asked.")),
        ("marks_far_apart", wide, f"的专家评分相差超过 {bounds.spread:g} 分", f"have marks more than {bounds.spread:g} apart",
         ("请查看评分理由，必要时请专家复议或增派专家。", "Read the reasons; have them looked at again, or ask another expert.")),
        ("marks_of_old_entries", stale, "的部分评分针对的填报已更新，该部分不计", "have marks on entries that were filed anew; those do not count",
         ("请专家按新的填报重新评分。", "Have the experts mark what was filed anew.")),
    ):
        if held:
            named = listed([Text(f"{called(each.port).zh} {each.indicator}", f"{called(each.port).en} {each.indicator}") for each in held])
            found.append(Finding.warning(
                code, f"{len(held)} 项{zh}：{named.zh}。",
                f"{len(held)} indicators of ports {en}: {named.en}.",
                where=Place(path=f"{held[0].port}/{held[0].indicator}"), measured=len(held), remedy=remedy))
    return found


def _panel(
    port: str, indicator: str, asked: tuple[ExpertAsked, ...], interests: Mapping[tuple[str, int], bool],
    current: Mapping[tuple[str, str], int], smallest: int,
) -> Panel:
    marks: dict[int, float] = {}
    by_point: dict[str, list[float]] = defaultdict(list)
    stale, used = set(), []
    excluded = frozenset(each.expert_id for each in asked if interests.get((port, each.expert_id), False))
    for each in asked:
        last = max(each.marks.all(), key=lambda one: one.revision, default=None)
        if last is None or interests.get((port, each.expert_id)) is not False:
            continue
        mine = {item: float(said["mark"]) for item, said in last.points.items() if current.get((port, item)) == said["entry"]}
        if len(mine) < len(last.points):
            stale.add(each.expert_id)
        if mine:
            marks[each.expert_id] = statistics.fmean(mine.values())
            used.append(last.pk)
            for item, mark in mine.items():
                by_point[item].append(mark)
    return Panel(port, indicator, asked, marks, {item: statistics.fmean(found) for item, found in by_point.items() if len(found) >= smallest},
                 excluded, frozenset(stale), tuple(used))
