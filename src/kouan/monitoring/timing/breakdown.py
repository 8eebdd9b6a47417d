"""Where the time of many cases goes: by segment, by owner, and at what the unfinished ones stand.

For a sample (a time release study, a port's month). A log of millions is counted by the engine over files, by the same rules.
The rows of one whole add up to all of its time exactly: nothing is left over and nothing counts twice.

>>> from kouan.monitoring.timing.events import Event, HOUR
>>> def a_case(name, *hours):
...     return [Event(name, "container", code, "road", "inbound", "CNERC", occurred_at=at * HOUR)
...             for code, at in zip(("arrived", "declared", "docs_checked", "released"), hours)]
>>> from kouan.monitoring.timing.timeline import timelines
>>> found = breakdown([each for each in timelines(a_case("A", 0, 2, 3, 4) + a_case("B", 0, 4, 5, 8)) if each.whole.code == "overall_clearance"])
>>> [(row.pair, row.total_us // HOUR, round(row.share, 3)) for row in found.segments]
[(('arrived', 'declared'), 6, 0.5), (('declared', 'docs_checked'), 2, 0.167), (('docs_checked', 'released'), 4, 0.333)]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.statistics import Summary, summarise
from kouan.monitoring.timing.timeline import Slice, Status, Timeline


@dataclass(frozen=True, slots=True)
class Segment:
    """A pair of milestones of one whole: in how many cases, how much time in all (µs), its share of all, its figures.

    `absorbed`: the codes of parts that a missing milestone hides in it. `ahead`: cases that were through before their turn.
    """

    pair: tuple[str, str]
    code: str
    absorbed: tuple[str, ...]
    owners: tuple[str, ...]
    nature: str
    total_us: int
    share: float
    ahead: int
    summary: Summary


@dataclass(frozen=True, slots=True)
class Standing:
    """What unfinished cases wait for: how many, whose step it is, how long they have stood there, how old they are."""

    code: str
    owners: tuple[str, ...]
    n: int
    since: Summary
    age: Summary


@dataclass(frozen=True)
class Breakdown:
    """The cases of one whole. `n` complete ones; `total_us` all their time; `statuses` counts every case, complete or not."""

    whole: str
    n: int
    total_us: int
    segments: tuple[Segment, ...]
    by_owner: Mapping[str, int]
    by_nature: Mapping[str, int]
    standing: tuple[Standing, ...]
    statuses: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "whole": self.whole, "n": self.n, "total_us": self.total_us, "by_owner": dict(self.by_owner), "by_nature": dict(self.by_nature),
            "statuses": dict(self.statuses),
            "segments": [{
                "pair": list(row.pair), "code": row.code, "absorbed": list(row.absorbed), "owners": list(row.owners), "nature": row.nature,
                "total_us": row.total_us, "share": row.share, "mean_over_all_hours": row.total_us / self.n / HOUR if self.n else None,
                "ahead": row.ahead, "summary": row.summary.as_dict(),
            } for row in self.segments],
            "standing": [{
                "code": row.code, "owners": list(row.owners), "n": row.n, "since": row.since.as_dict(), "age": row.age.as_dict(),
            } for row in self.standing],
        }  # fmt: skip


def breakdown(timelines: Iterable[Timeline]) -> Breakdown:
    """Add up the timelines of one whole (ValueError for several wholes: their times overlap and do not add).

    Segments stand in the order of the chain. Running cases count among `standing` where their timelines were tiled to a moment.
    """
    rows = list(timelines)
    wholes = {each.whole.key for each in rows}
    if len(wholes) > 1:
        raise ValueError(f"times of several wholes do not add: {', '.join(sorted(wholes))}")
    done = [each for each in rows if each.status is Status.COMPLETE]
    total = sum(each.us or 0 for each in done)
    slices: dict[tuple[tuple[str, str], tuple[str, ...]], list[Slice]] = {}
    order: dict[str, int] = {}
    owners: Counter[str] = Counter()
    natures: Counter[str] = Counter()
    for each in done:
        for place, part in enumerate(each.whole.parts):
            order.setdefault(part.to, place)
        for piece in each.parts:
            slices.setdefault((piece.pair, tuple(part.code for part in piece.absorbed)), []).append(piece)
            owners["+".join(piece.owners)] += piece.us
            natures[piece.nature] += piece.us
    segments = [_segment(pair, absorbed, pieces, total) for (pair, absorbed), pieces in slices.items()]
    segments.sort(key=lambda row: (order[row.pair[1]], order.get(row.pair[0], -1), row.absorbed))
    return Breakdown(
        next(iter(wholes), ""), len(done), total, tuple(segments), dict(owners.most_common()), dict(natures.most_common()), _standing(rows),
        dict(sorted(Counter(each.status.value for each in rows).items())),
    )  # fmt: skip


def _segment(pair: tuple[str, str], absorbed: tuple[str, ...], pieces: list[Slice], total: int) -> Segment:
    took = sum(piece.us for piece in pieces)
    first = pieces[0]
    return Segment(pair, first.part.code, absorbed, first.owners, first.nature, took, took / total if total else 0.0,
                   sum(piece.is_ahead for piece in pieces), summarise([piece.us for piece in pieces]))  # fmt: skip


def _standing(rows: list[Timeline]) -> tuple[Standing, ...]:
    waiting: dict[str, list[tuple[Slice, int]]] = {}
    for each in rows:
        if each.waiting_for is not None and each.start is not None:
            waiting.setdefault(each.waiting_for.part.code, []).append((each.waiting_for, each.waiting_for.ends - each.start.occurred_at))
    found = [
        Standing(code, held[0][0].owners, len(held), summarise([piece.us for piece, _ in held]), summarise([age for _, age in held]))
        for code, held in waiting.items()
    ]
    return tuple(sorted(found, key=lambda row: (-row.n, row.code)))
