"""Which suspicions have one cause: a port that stood still is one matter, however many of its measures are nought. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from kouan.basis import PeriodKind
from kouan.collection.checks.suspicion import Suspicion

MANY = 5  # so many subjects that depart to the same side from one period on: a storm, or a fault of the publication itself
CLOSE = 3  # the same check speaks of the same series again within so many periods


def causes(found: Iterable[Suspicion]) -> dict[str, str]:
    """For each suspicion, by its code, the number of its cause; causes are numbered as their most pressing suspicions stand.

    One cause: suspicions of one subject whose periods are the same for the better part; those of one check and series that
    follow each other closely; and what begins for many subjects in the same period and goes the same way.
    """
    told = list(found)
    leader = list(range(len(told)))

    def root(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    by_subject: dict[tuple[str, PeriodKind], list[int]] = defaultdict(list)
    for at, one in enumerate(told):
        by_subject[one.key.subject, one.first.kind].append(at)
    for members in by_subject.values():
        members.sort(key=lambda at: told[at].start)
        for place, at in enumerate(members):
            for other in members[place + 1 :]:
                if told[other].start > told[at].stop + CLOSE:
                    break
                if _is_one(told[at], told[other]):
                    leader[root(other)] = root(at)
    everywhere: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for at, one in enumerate(told):
        everywhere[*one.key[1:], one.first, (one.measured or 0) > (one.expected or 0)].append(at)
    for members in everywhere.values():
        if len(members) >= MANY:
            for other in members[1:]:
                leader[root(other)] = root(members[0])
    numbers: dict[int, str] = {}
    return {one.code: numbers.setdefault(root(at), str(len(numbers) + 1)) for at, one in enumerate(told)}


def _is_one(one: Suspicion, two: Suspicion) -> bool:
    shared = min(one.stop, two.stop) - max(one.start, two.start)
    if shared > 0:
        return 2 * shared >= max(one.count, two.count)
    return one.check == two.check and one.key == two.key and -shared <= CLOSE
