"""Work side by side: how long anything was under way (union), how much work that was (effort), and which stage held the case.

Inspection, quarantine and payment may run at once. Their intervals, cut to the whole, are measured three ways:
*elapsed* is the time in which at least one was under way, *effort* the sum of all, *overlap* the time in which two or
more were. The critical path walks back from the end: of the stages under way or over at that moment the one that ended
last holds the case back to its own start, and so on. Its pieces never overlap: together they are the elapsed time.

>>> found = measure([("inspection", 0, 60), ("quarantine", 30, 100), ("tax", 40, 50)], 0, 120)
>>> found.elapsed_us, found.effort_us, found.overlap_us, [(piece.stage, piece.begins, piece.ends) for piece in found.critical]
(100, 140, 30, [('inspection', 0, 30), ('quarantine', 30, 100)])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one stage, in µs since 1970-01-01 UTC."""

    stage: str
    begins: int
    ends: int

    @property
    def us(self) -> int:
        """How long, in µs."""
        return self.ends - self.begins


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The stages of one case within its whole. All sums in µs; `idle_us`: no stage was under way."""

    pieces: tuple[Piece, ...]
    elapsed_us: int
    effort_us: int
    overlap_us: int
    idle_us: int
    critical: tuple[Piece, ...]

    def effort_of(self, stage: str) -> int:
        """The µs of one stage."""
        return sum(piece.us for piece in self.pieces if piece.stage == stage)


def measure(intervals: Iterable[tuple[str, int, int]], start: int, end: int) -> SideBySide:
    """Measure intervals (stage, begins, ends) inside [start, end]; what lies outside is cut off, empty ones are left out."""
    pieces = []
    for stage, begins, ends in intervals:
        begins, ends = max(begins, start), min(ends, end)
        if begins < ends:
            pieces.append(Piece(stage, begins, ends))
    pieces.sort(key=lambda piece: (piece.begins, piece.ends, piece.stage))
    elapsed, overlap = _under_way(pieces)
    return SideBySide(
        tuple(pieces), elapsed, sum(piece.us for piece in pieces), overlap, end - start - elapsed, critical_path(pieces),
    )  # fmt: skip


def _under_way(pieces: Sequence[Piece]) -> tuple[int, int]:
    """The time in which one or more, and in which two or more, were under way."""
    changes = sorted([(piece.begins, 1) for piece in pieces] + [(piece.ends, -1) for piece in pieces])
    one = two = count = before = 0
    for when, change in changes:
        one += (when - before) if count >= 1 else 0
        two += (when - before) if count >= 2 else 0
        count += change
        before = when
    return one, two


def critical_path(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """The stretches that held the case, oldest first. Of stages that end together the one that began first, then by name."""
    left = list(pieces)
    path: list[Piece] = []
    until = max((piece.ends for piece in left), default=0)
    while left:
        moment = until
        held = max(left, key=lambda piece: (min(piece.ends, moment), piece.ends, -piece.begins, piece.stage))
        path.append(Piece(held.stage, held.begins, min(held.ends, moment)))
        until = held.begins
        # What began no earlier held nothing up before this moment.
        left = [piece for piece in left if piece.begins < until]
    return tuple(reversed(path))
