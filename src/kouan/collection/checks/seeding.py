"""Faults of known kinds at known places in series without them: how well the checks find is measured with these. Pure.

Everything made here is 演练: `generated` series are no port's figures, and a panel with seeds is no record of anything.

>>> panel = generated(30, 96, seed=1)
>>> seeded, seeds = seed(panel, per_kind=1, seed_number=1)
>>> len({planted.kind for planted in seeds}) == len(KINDS)
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kouan.basis import Period, PeriodKind
from kouan.collection.checks.panel import Floats, Key, Panel, median_of, ordinal
from kouan.collection.checks.seasonal import Seasonal
from kouan.collection.checks.suspicion import Suspicion

MEASURES = ("trucks", "buses", "pedestrians")
USUAL_SIZE = 100.0  # seeds are sown where figures are of some size
USUAL_SCATTER = 0.18  # and where months do not differ by a fifth anyway: 2.5 times is then five scatters


@dataclass(frozen=True)
class Seed:
    """One fault: its kind, the rows it touches (the first is the faulty one), its cells, the checks that name it rightly."""

    kind: str
    rows: tuple[int, ...]
    start: int
    stop: int
    checks: tuple[str, ...]

    def is_met_by(self, found: Suspicion, panel: Panel) -> bool:
        """Whether a suspicion speaks of these cells."""
        rows = {found.row} | {row for row, key in enumerate(panel.keys) if found.other is not None and key == found.other}
        if self.kind == "renamed" or self.kind == "closed":
            rows |= {row for row, key in enumerate(panel.keys) if key.subject == found.key.subject}
        return bool(rows & set(self.rows)) and found.start < self.stop and found.stop > self.start


@dataclass
class Measured:
    """Of one kind: how many were sown, found by any check, found and named rightly; false alarms under its names."""

    sown: int = 0
    found: int = 0
    named: int = 0
    false: int = 0
    missed: list[Seed] = field(default_factory=list)
    wrong: list[Suspicion] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Found of sown."""
        return self.found / self.sown if self.sown else float("nan")

    @property
    def precision(self) -> float:
        """Of all that its checks said, the share that was sown."""
        return self.named / (self.named + self.false) if self.named + self.false else float("nan")


def generated(ports: int, months: int, seed: int, first: Period | None = None) -> Panel:
    """演练: ports with levels from hundreds to millions, seasons of their own, trends, common swings, scatter as real ports have."""
    random = np.random.default_rng(seed)
    keys = tuple(Key(f"port:x{number:03d}", measure) for number in range(ports) for measure in MEASURES)
    at = np.arange(months)
    common = np.cumsum(random.normal(0, 0.03, (len(MEASURES), months)), axis=1)
    rows = []
    for number in range(len(keys)):
        level = random.uniform(np.log(300), np.log(1_500_000))
        season = np.tile(random.normal(0, random.uniform(0.03, 0.35), 12), months // 12 + 1)[:months]
        scatter = random.uniform(0.02, 0.16)
        noise = random.normal(0, scatter, months) + random.standard_t(4, months) * scatter * 0.25
        drift = np.cumsum(random.normal(0, scatter * 0.25, months)) + random.normal(0, 0.04) * at / 12
        rows.append(level + season + noise + drift + common[number % len(MEASURES)])
    values = random.poisson(np.exp(np.clip(np.array(rows), 2, 17))).astype(np.float64)
    return Panel(keys, PeriodKind.MONTH, ordinal(first or Period.month(2014, 1)), values)


def suitable(panel: Panel) -> list[int]:
    """Rows in which a fault of some size is a fault: reported throughout, of some size, without much scatter."""
    typical, _ = median_of(panel.values)
    scatter, _ = median_of(Seasonal.fit(panel).scale)
    whole = (~np.isnan(panel.values)).all(axis=1) & ((panel.values == 0).mean(axis=1) < 0.01)
    return [int(row) for row in np.nonzero(whole & (typical >= USUAL_SIZE) & (scatter <= USUAL_SCATTER))[0]]


def seed(panel: Panel, per_kind: int, seed_number: int, kinds: Sequence[str] = ()) -> tuple[Panel, list[Seed]]:
    """The panel with so many faults of each kind, no series twice; and where they are. Fewer where series run out."""
    return seed_with(panel, per_kind, seed_number, {kind: KINDS[kind] for kind in kinds or KINDS}, suitable(panel))


def seed_with(panel: Panel, per_kind: int, seed_number: int, sowers: Mapping[str, Sower], free: list[int]) -> tuple[Panel, list[Seed]]:
    """The same for any sowers and rows."""
    random = np.random.default_rng(seed_number)
    values = panel.values.copy()
    random.shuffle(free)
    used: set[int] = set()
    sown: list[Seed] = []
    for kind, sow in sowers.items():
        for _ in range(per_kind):
            for row in free:
                if row in used:
                    continue
                planted = sow(panel, values, row, [other for other in free if other not in used and other != row], random)
                if planted is not None:
                    sown.append(replace(planted, kind=kind))
                    used |= set(planted.rows)
                    break
    return Panel(panel.keys, panel.cadence, panel.first, values, panel.peers), sown


def measure(panel: Panel, seeds: Sequence[Seed], found: Sequence[Suspicion], natural: Sequence[Suspicion] = ()) -> dict[str, Measured]:
    """What was found of what was sown.

    ``natural``: what is said of the panel without seeds, down to a small likelihood. What speaks of the same cells again is an
    event of the real figures (nobody knows whether a fault), no false alarm.
    """
    told: dict[str, Measured] = {planted.kind: Measured() for planted in seeds}
    of_check = {check: planted.kind for planted in reversed(seeds) for check in planted.checks}
    known: dict[int, list[tuple[int, int]]] = {}
    for one in natural:
        known.setdefault(one.row, []).append((one.start, one.stop))
    for planted in seeds:
        kept, met = told[planted.kind], [one for one in found if planted.is_met_by(one, panel)]
        kept.sown += 1
        kept.found += bool(met)
        kept.named += any(one.check in planted.checks for one in met)
        if not met:
            kept.missed.append(planted)
    for one in found:
        is_known = any(start - 1 <= one.start < stop + 1 or one.start <= start < one.stop for start, stop in known.get(one.row, ()))
        if is_known or any(planted.is_met_by(one, panel) for planted in seeds):
            continue
        kind = of_check.get(one.check)
        held = told.setdefault(kind or f"({one.check})", Measured())
        held.false += 1
        held.wrong.append(one)
    return told


# ---- the kinds ------------------------------------------------------------------------------------------------

Sower = Callable[[Panel, Floats, int, list[int], np.random.Generator], Seed | None]


def _somewhere(panel: Panel, length: int, random: np.random.Generator) -> int:
    # Anywhere, the last period included: that is where returns come in.
    return int(random.integers(18, panel.width - length + 1))


def _slip(factor: float) -> Sower:
    def sow(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
        length = int(random.choice([1, 1, 1, 2, 6]))
        at = _somewhere(panel, length, random)
        down = random.random() < 0.5
        if down and float(np.min(values[row, at : at + length])) < 30 * factor:
            down = False  # a slip that leaves a handful is a nought
        values[row, at : at + length] = np.round(values[row, at : at + length] * (1 / factor if down else factor))
        return Seed("", (row,), at, at + length, ("unit_slip",))
    return sow


def _set(check: str, lengths: Sequence[int], change: Callable[[Floats, int, int, np.random.Generator], Floats | float]) -> Sower:
    def sow(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
        length = int(random.choice(lengths))
        at = _somewhere(panel, length, random)
        values[row, at : at + length] = change(values[row], at, length, random)
        return Seed("", (row,), at, at + length, (check,))
    return sow


def _sown_ones(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    years = panel.width // 12
    at = 12 * int(random.integers(1, years))
    values[row, at : at + 12] = 1
    return Seed("", (row,), at, at + 12, ("all_ones",))


def _missing(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    at = min(_somewhere(panel, 2, random), panel.width - 3)
    length = int(random.integers(1, 3))
    values[row, at : at + length] = np.nan
    return Seed("", (row,), at, at + length, ("missing_period",))


def _shift(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    at = int(random.integers(24, panel.width - 12))
    factor = float(random.uniform(3, 6)) ** (1 if random.random() < 0.5 else -1)
    if 8 <= max(factor, 1 / factor) <= 12:
        return None
    values[row, at:] = np.round(values[row, at:] * factor)
    return Seed("", (row,), at, at + 12, ("level_shift",))


def _partner(panel: Panel, values: Floats, row: int, others: list[int], apart: float, *, same_subject: bool) -> int | None:
    mine, my_size = panel.keys[row], float(np.median(values[row]))
    for other in others:
        key, size = panel.keys[other], float(np.median(values[other]))
        related = key.subject == mine.subject if same_subject else key[1:] == mine[1:] and key.subject != mine.subject
        if related and max(size / my_size, my_size / size) >= apart:
            return other
    return None


def _copy_column(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    other = _partner(panel, values, row, others, 1.0, same_subject=True)
    if other is None:
        return None
    length = int(random.choice([3, 6, 12]))
    at = _somewhere(panel, length, random)
    values[row, at : at + length] = values[other, at : at + length]
    return Seed("", (row, other), at, at + length, ("copied_column",))


def _copy_entity(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    other = _partner(panel, values, row, others, 1.0, same_subject=False)
    if other is None:
        return None
    whole = random.random() < 0.5
    length = panel.width if whole else int(random.choice([6, 12, 24]))
    at = 0 if whole else _somewhere(panel, length, random)
    values[row, at : at + length] = values[other, at : at + length]
    return Seed("", (row, other), at, at + length, ("duplicate_entity",))


def _swap(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    other = _partner(panel, values, row, others, 2.2, same_subject=random.random() < 0.6)
    if other is None:
        return None
    length = int(random.choice([1, 2, 3, 6]))
    at = _somewhere(panel, length, random)
    here = slice(at, at + length)
    values[[row, other], here] = values[[other, row], here]
    return Seed("", (row, other), at, at + length, ("swapped_series",))


def _family(panel: Panel, row: int) -> tuple[int, ...]:
    subject = panel.keys[row].subject
    return tuple(at for at, key in enumerate(panel.keys) if key.subject == subject)


def _close(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    family = _family(panel, row)
    if not set(family) <= {row, *others}:
        return None
    at = int(random.integers(36, panel.width - 6))
    values[list(family), at:] = 0 if random.random() < 0.5 else np.nan
    return Seed("", family, at, panel.width, ("closed_entity",))


def _rename(panel: Panel, values: Floats, row: int, others: list[int], random: np.random.Generator) -> Seed | None:
    family = _family(panel, row)
    heirs = next((_family(panel, other) for other in others if panel.keys[other].subject != panel.keys[row].subject
                  and len(_family(panel, other)) == len(family) and set(_family(panel, other)) <= set(others)
                  and [panel.keys[a].measure for a in _family(panel, other)] == [panel.keys[a].measure for a in family]), None)
    if heirs is None or not set(family) <= {row, *others}:
        return None
    at = int(random.integers(36, panel.width - 18))
    values[list(heirs), at:] = values[list(family), at:]
    values[list(heirs), :at] = np.nan
    values[list(family), at:] = np.nan
    return Seed("", (*family, *heirs), at, panel.width, ("renamed_entity",))


def _beside_ten(random: np.random.Generator) -> float:
    return float(random.uniform(2.5, 6))


KINDS: dict[str, Sower] = {
    "unit ×10": _slip(10), "unit ×100": _slip(100), "unit ×1000": _slip(1000), "unit ×10⁴": _slip(10_000),
    "stuck": _set("stuck_value", [4, 5, 6], lambda row, at, length, random: float(row[at])),
    "all ones": _sown_ones,
    "last year copied": _set("copied_period", [6, 12], lambda row, at, length, random: row[at - 12 : at - 12 + length].copy()),
    "column copied": _copy_column,
    "entity duplicated": _copy_entity,
    "swapped": _swap,
    "missing": _missing,
    "zeros": _set("zero_run", [1, 2, 3, 6], lambda row, at, length, random: 0.0),
    "spike": _set("spike", [1], lambda row, at, length, random: np.round(row[at : at + 1] * _beside_ten(random))),
    "dip": _set("dip", [1], lambda row, at, length, random: np.round(row[at : at + 1] / _beside_ten(random))),
    "level shift": _shift,
    "closed": _close,
    "renamed": _rename,
}
