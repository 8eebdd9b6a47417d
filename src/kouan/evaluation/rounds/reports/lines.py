"""The ports of a province or of the nation as their reader may read them, with last year's band and total where decimals may be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from kouan.audit import record_event
from kouan.basis import Finding, NotFound, Place
from kouan.evaluation.method.scheme import RoundResult, Scheme
from kouan.evaluation.rounds.models import Freeze, FrozenPort, Round
from kouan.evaluation.rounds.queries import PortResult, results
from kouan.grading.facts import CLASS_NAMES

CLASS_ORDER = [each.value for each in CLASS_NAMES]
GRADE_ORDER = ["hub", "important", "regional", ""]


@dataclass(frozen=True)
class PortLine:
    """One port: its result, where it lies, and of last year (this round's scheme) total and band; None where hidden or not there."""

    result: PortResult
    port: FrozenPort
    before: float | None = None
    band_before: str | None = None

    @property
    def change(self) -> float | None:
        """Points of the total since last year."""
        return None if self.before is None or self.result.total is None else self.result.total - self.before

    @property
    def group(self) -> str:
        return f"{self.result.port_class}/{self.result.grade}"

    def count(self, mark: str) -> int:
        """How many indicators bear a mark."""
        return sum(each == mark for each in self.result.marks.values())


def port_lines(user: Any, held: Round, freeze: Freeze, made: RoundResult) -> list[PortLine]:
    """Every port that somebody may read, by class, grade and code."""
    ports = {each.code: each for each in freeze.ports.defer("figures", "reminders")}
    last = made.data.years.index(held.year) - 1
    found = []
    for result in results(user, held):
        before, band = None, None
        if "decimals" not in result.hidden and last >= 0:
            place = made.data.ports.index(result.code)
            total = float(made.total[last, place])
            before, band = (None, None) if total != total else (total, made.bands[last][place])
        found.append(PortLine(result, ports[result.code], before, band))
    return sorted(found, key=lambda each: (CLASS_ORDER.index(each.result.port_class), GRADE_ORDER.index(each.result.grade), each.result.code))


def of_province(user: Any, held: Round, freeze: Freeze, made: RoundResult, province: str) -> list[PortLine]:
    """The ports of one province, for who may read all of them. NotFound says the same for an unknown province, part of one, and none."""
    lines = [each for each in port_lines(user, held, freeze, made) if each.port.province_code == province] if province else []
    whole = freeze.ports.filter(province_code=province).count() if province else 0
    if lines and len(lines) == whole:
        return lines
    if whole:
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "province_report", "code": f"{held.year}/{province}"})
    raise NotFound(Finding.error(
        "unknown_province_report", f"没有可供查看的 {held.year} 年度“{province[:16]}”通报稿。",
        f"There is no circular of “{province[:16]}” for {held.year} that you may read.", where=Place(field="province"),
        remedy=("请核对省级行政区划代码（如 44）；只有可以查看该省全部口岸结果的用户才能生成。",
                "Check the code of the province, as 44; it is drawn for who may read the results of all its ports.")))


def band_counts(scheme: Scheme, lines: Iterable[PortLine]) -> list[int]:
    """How many ports stand in each band, the best first."""
    count = Counter(each.result.band for each in lines)
    return [count[band.code] for band in scheme.shape.bands]


def by_class(lines: Sequence[PortLine]) -> dict[str, list[PortLine]]:
    """The lines by transport class, in the order of the classes."""
    found: dict[str, list[PortLine]] = {}
    for each in lines:
        found.setdefault(each.result.port_class, []).append(each)
    return found


def five_numbers(values: Sequence[float]) -> tuple[float, float, float, float, float] | None:
    """Least, quartiles (type 7) and greatest; None for nothing.

    >>> five_numbers([1.0, 2.0, 3.0, 4.0, 5.0])
    (1.0, 2.0, 3.0, 4.0, 5.0)
    """
    if not values:
        return None
    lower, middle, upper = quantiles(values, n=4, method="inclusive") if len(values) > 1 else (values[0],) * 3
    return min(values), lower, middle, upper, max(values)


def totals(lines: Iterable[PortLine]) -> list[float]:
    """The totals that are there."""
    return [each.result.total for each in lines if each.result.total is not None]


def middle(values: Sequence[float]) -> float | None:
    """The median, None for nothing."""
    return median(values) if values else None


def often(lines: Sequence[PortLine], mark: str, most: int = 10) -> list[tuple[str, int]]:
    """The indicators that bear a mark most often, with the number of ports."""
    count = Counter(code for each in lines for code, found in each.result.marks.items() if found == mark)
    return sorted(count.items(), key=lambda each: (-each[1], each[0]))[:most]


def drawable_provinces(user: Any, held: Round, freeze: Freeze) -> list[str]:
    """The provinces whose circular somebody may draw: every port of theirs is open to them."""
    mine = {each.code for each in results(user, held)}
    whole: dict[str, list[str]] = {}
    for code, province in freeze.ports.values_list("code", "province_code"):
        if province:
            whole.setdefault(province, []).append(code)
    return sorted(province for province, codes in whole.items() if mine.issuperset(codes))
