"""Figures that cannot all be right: a total that is not the sum of its directions, a month above its year.

Only measures whose parts may be summed are looked at, and of them only series that have a total beside a
direction, or several kinds of period: a file without such pairs costs nothing. Rounding is no
contradiction: 12.3 万吨 may be off by 500 t, and tonnes or yuan by half of one each. Pure.

>>> kin = Kin([("port", "a", "person_crossings", way, "all", "month") for way in ("inbound", "outbound", "total")])
>>> kin.is_of_interest(2), kin.directions[2]
(True, {'inbound': 0, 'outbound': 1, 'total': 2})
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np

from kouan.basis import Direction, Finding, Period, PeriodKind, Place, Text, measures, numbers
from kouan.collection import value_checks
from kouan.collection.interpret import Figures, SeriesKey

_ORDER = (PeriodKind.DAY, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)
_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Said:
    """A figure that takes part: its value, how far rounding may go, its number in the file or None if it
    is recorded already."""

    value: Decimal
    half: Decimal
    figure: int | None


Look = Callable[[int, int], Said | None]  # number of the series, number of the period → what is said of it


@dataclass(frozen=True, slots=True)
class Clash:
    """Figures that contradict each other, by (series, period). `code` says how."""

    code: str
    figures: tuple[tuple[tuple[int, int], Said], ...]


class Kin:
    """Which series belong together. `keys` in the order of their numbers."""

    def __init__(self, keys: Iterable[SeriesKey]) -> None:
        self.keys = list(keys)
        self.directions: dict[int, dict[str, int]] = {}
        self.kinds: dict[int, dict[str, int]] = {}
        ways: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
        grains: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
        for number, (kind, code, measure, direction, group, grain) in enumerate(self.keys):
            if not _is_additive(measure) or grain == PeriodKind.SPAN:
                continue
            ways[kind, code, measure, group, grain][direction] = number
            grains[kind, code, measure, direction, group][grain] = number
        for family in ways.values():
            if Direction.TOTAL in family and len(family) > 1:
                self.directions.update(dict.fromkeys(family.values(), family))
        for family in grains.values():
            if len(family) > 1:
                self.kinds.update(dict.fromkeys(family.values(), family))

    def is_of_interest(self, number: int) -> bool:
        """Whether a series has another beside it that may contradict it."""
        return number in self.directions or number in self.kinds

    def half(self, number: int) -> Decimal:
        """How far rounding may go where nothing else is known: not at all for what is counted."""
        return Decimal(0) if value_checks.is_counted(measures.get(self.keys[number][2])) else _HALF

    def relatives(self, number: int, period: Period) -> Iterator[Period]:
        """The periods of which a figure may contradict one of this series and period."""
        yield period
        family = self.kinds.get(number, {})
        for kind in _ORDER:
            if kind in family and kind is not period.kind:
                yield from _related(period, kind)

    def clashes(self, number: int, period: Period, periods: dict[Period, int], look: Look) -> Iterator[Clash]:
        """What contradicts the figure of one series and period."""
        here = (number, periods[period])
        own = look(*here)
        if own is None:
            return
        family = self.directions.get(number)
        if family is not None:
            yield from self._against_total(family, periods[period], look)
        grains = self.kinds.get(number, {})
        for kind in _ORDER:
            if kind not in grains or kind is period.kind:
                continue
            is_part = _ORDER.index(period.kind) < _ORDER.index(kind)
            worst: tuple[tuple[int, int], Said] | None = None
            for other in _related(period, kind):
                there = (grains[kind], periods.get(other, -1))
                said = look(*there) if there[1] >= 0 else None
                if said is None:
                    continue
                part, whole = (own, said) if is_part else (said, own)
                if part.value - whole.value > part.half + whole.half and (worst is None or said.value > worst[1].value):
                    worst = (there, said)
            if worst is not None:
                yield Clash("part_exceeds_period", ((here, own), worst) if is_part else (worst, (here, own)))

    def _against_total(self, family: dict[str, int], period: int, look: Look) -> Iterator[Clash]:
        total = look(family[Direction.TOTAL], period)
        if total is None:
            return
        parts = [
            ((family[way], period), said) for way in (Direction.INBOUND, Direction.OUTBOUND)
            if way in family and (said := look(family[way], period)) is not None
        ]
        whole = ((family[Direction.TOTAL], period), total)
        added = sum((said.value for _, said in parts), Decimal(0))
        slack = sum((said.half for _, said in parts), total.half)
        if len(parts) == 2 and abs(total.value - added) > slack:
            yield Clash("total_not_sum", (whole, *parts))
        elif len(parts) == 1 and added - total.value > slack:
            yield Clash("part_exceeds_total", (whole, *parts))


@lru_cache(maxsize=512)
def _is_additive(measure: str) -> bool:
    return measures.get(measure).is_additive


@lru_cache(maxsize=8192)
def _related(period: Period, kind: PeriodKind) -> tuple[Period, ...]:
    """The period of a kind that holds this one, or those of the kind that it holds."""
    if _ORDER.index(kind) > _ORDER.index(period.kind):
        return (Period.of(kind, period.start),)
    if kind is PeriodKind.DAY:
        return tuple(period.days())
    return tuple(period.quarters() if kind is PeriodKind.QUARTER else period.months())


def within_file(
    figures: Figures, series: dict[SeriesKey, int], periods: dict[Period, int], keep: np.ndarray
) -> dict[int, Clash]:
    """Rows, by their place in `figures.rows`, that contradict a row above them, with how."""
    kin = Kin(series)
    if not any(map(kin.is_of_interest, range(len(kin.keys)))):
        return {}
    by_number = list(periods)
    said: dict[tuple[int, int], Said] = {}
    rows: dict[int, list[int]] = defaultdict(list)
    numbers_in_file = np.frombuffer(figures.series, dtype=np.int64)
    wanted = np.array([number for number in range(len(kin.keys)) if kin.is_of_interest(number)], dtype=np.int64)
    for index in np.flatnonzero(keep & np.isin(numbers_in_file, wanted)).tolist():
        rows[figures.at[index]].append(index)
    out: dict[int, Clash] = {}
    for at, indexes in rows.items():
        places = [(figures.series[index], figures.period[index]) for index in indexes]
        for place, index in zip(places, indexes, strict=True):
            said[place] = said_by(figures, kin, index)
        for number, period in places:
            clash = next(kin.clashes(number, by_number[period], periods, lambda s, p: said.get((s, p))), None)
            if clash is not None:
                out[at] = clash
                for place in places:
                    del said[place]
                break
    return out


def said_by(figures: Figures, kin: Kin, index: int) -> Said:
    """A figure of the file as one that takes part."""
    half = figures.rounding.get(index)
    return Said(Decimal(figures.value[index]), kin.half(figures.series[index]) if half is None else half, index)


def finding_of(
    clash: Clash, kin: Kin, periods: Sequence[Period], place_of: Callable[[int], Place], figure: int, *, is_held: bool
) -> Finding:
    """The clash in words, with every figure and its cell; its place is that of `figure`."""
    number = clash.figures[0][0][0]
    measure = measures.get(kin.keys[number][2])

    def told(entry: tuple[tuple[int, int], Said], language: str) -> str:
        (series, period), said = entry
        way = measure.direction_name(kin.keys[series][3]).in_language(language)
        where = _where(said, place_of, language)
        when = periods[period].label(language)
        value = numbers.plain(said.value, grouped=True)
        return f"{when}{way} {value}（{where}）" if language == "zh" else f"{way} of {when} {value} ({where})"

    def listed(language: str) -> list[str]:
        return [told(entry, language) for entry in clash.figures]

    zh, en = listed("zh"), listed("en")
    first = clash.figures[0][1].value
    rest = sum((said.value for _, said in clash.figures[1:]), Decimal(0))
    match clash.code:
        case "total_not_sum":
            text = Text(
                f"“{measure.name.zh}”的合计不等于两个方向之和 {numbers.plain(rest, grouped=True)}：{'，'.join(zh)}。",
                f"The total of “{measure.name.en}” is not the sum of its directions, {numbers.plain(rest, grouped=True)}: {', '.join(en)}.",
            )
        case "part_exceeds_total":
            text = Text(
                f"“{measure.name.zh}”的一个方向大于合计：{'，'.join(zh)}。",
                f"One direction of “{measure.name.en}” is larger than the total: {', '.join(en)}.",
            )
        case _:
            text = Text(
                f"“{measure.name.zh}”的一部分时期大于整个时期：{'，'.join(zh)}。",
                f"A part of a period of “{measure.name.en}” is larger than the whole: {', '.join(en)}.",
            )
    make = Finding.error if is_held else Finding.warning
    required = f"≤ {numbers.plain(rest, grouped=True)}" if clash.code == "part_exceeds_period" else numbers.plain(rest, grouped=True)
    if clash.code == "part_exceeds_total":
        required = f"≥ {required}"
    remedy = Text(
        "请核对各数，改正后重新提交；确实无误的，可在暂存区写明理由核准。",
        "Check the figures, correct and submit again; if this one is right, it may be accepted with a reason in the holding area.",
    ) if is_held else Text(
        "本行已入库；请核对，哪个数有误就重新报送哪个数。",
        "The row was accepted; check the figures, and report again the one that is wrong.",
    )
    return make(
        clash.code, text.zh, text.en, where=place_of(figure), measured=numbers.plain(first, grouped=True), required=required,
        remedy=remedy,
    )


def _where(said: Said, place_of: Callable[[int], Place], language: str) -> str:
    if said.figure is None:
        return "已入库" if language == "zh" else "recorded"
    place = place_of(said.figure)
    if place.cell:
        return place.cell
    return f"第{place.row}行" if language == "zh" else f"row {place.row}"
