"""Why long cases took long: the segment whose excess explains most of it (WCO Guide to Measure the Time Required for the Release of
Goods, version 3: causes of delay are sought step by step).

A case is long when it exceeds the norm of its whole; where no norm of the whole holds, when it is longer than the 90th percentile of
its own set. Each of its segments is held against the norm of that span where there is one, else against the median of the same pair of
milestones in the set: a yardstick taken from the set itself, and said so. The cause is the segment with the greatest excess. It says
where the time went and whose step it was, not why: that an officer's remark says.

>>> from kouan.monitoring.timing.events import Event, HOUR
>>> from kouan.monitoring.timing.timeline import timelines
>>> def a_case(name, *hours):
...     return [Event(name, "container", code, "road", "inbound", "CNERC", occurred_at=at * HOUR)
...             for code, at in zip(("arrived", "declared", "docs_checked", "released"), hours)]
>>> rows = [event for n in range(19) for event in a_case(f"C{n}", 0, 2, 3, 4)] + a_case("LATE", 0, 2, 12, 13)
>>> found = causes([each for each in timelines(rows) if each.whole.code == "overall_clearance"])
>>> [(case.case_id, case.cause, case.excess_us // HOUR) for case in found.cases]
[('LATE', 'docs_check', 9)]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from kouan.basis import Text
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.norms import Norm, judge
from kouan.monitoring.timing.statistics import quantile
from kouan.monitoring.timing.timeline import Slice, Status, Timeline

# With fewer cases the 90th percentile is one of the two largest, and “long” would mean nothing.
FEWEST = 10
UNEXPLAINED = "unexplained"
RULES = {
    "norm": Text("超过该全程的作业时间规范", "over the norm of its whole"),
    "p90": Text("没有该全程的规范；长于本次研究的第90百分位", "no norm of its whole; longer than the 90th percentile of this study"),
}
_Key = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class LongCase:
    """A long case: its length and limit (µs), by which rule, the segment that explains most and how much, and whose step it is.

    `share`: of all time above the yardsticks; `by_norm`: whether the yardstick of the cause is a norm. `cause` is the code of the part that
    ends the segment, or "unexplained" where no segment exceeds its yardstick.
    """

    case_id: str
    port: str
    us: int
    limit_us: int
    rule: str
    cause: str
    pair: tuple[str, str]
    owners: tuple[str, ...]
    nature: str
    excess_us: int
    share: float
    by_norm: bool

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "case_id": self.case_id, "port": self.port, "hours": self.us / HOUR, "limit_hours": self.limit_us / HOUR, "rule": self.rule,
            "cause": self.cause, "pair": list(self.pair), "owners": list(self.owners), "nature": self.nature,
            "excess_hours": self.excess_us / HOUR, "share": self.share, "by_norm": self.by_norm,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Causes:
    """The long cases of a set, longest excess first. `judged`: complete cases; `is_enough`: whether the rule of percentiles could be used."""

    cases: tuple[LongCase, ...]
    judged: int
    is_enough: bool

    def by_cause(self) -> list[dict[str, Any]]:
        """How many long cases each cause explains, and the hours above the yardstick, most cases first."""
        groups: dict[tuple[str, tuple[str, ...], str], list[LongCase]] = {}
        for each in self.cases:
            groups.setdefault((each.cause, each.owners, each.nature), []).append(each)
        rows = [
            {"cause": cause, "owners": list(owners), "nature": nature, "n": len(held), "share": len(held) / len(self.cases),
             "excess_hours": sum(each.excess_us for each in held) / HOUR}
            for (cause, owners, nature), held in groups.items()
        ]  # fmt: skip
        return sorted(rows, key=lambda row: (-row["n"], -row["excess_hours"], row["cause"]))


def causes(timelines: Sequence[Timeline], norms: Sequence[Norm] = ()) -> Causes:
    """The long ones among the complete cases of one whole, each with the segment that explains it."""
    done = [each for each in timelines if each.status is Status.COMPLETE and each.us is not None]
    usual: dict[_Key, list[int]] = {}
    for each in done:
        for piece in each.parts:
            usual.setdefault(_key(piece), []).append(piece.us)
    medians = {key: median(held) for key, held in usual.items()}
    is_enough = len(done) >= FEWEST
    p90 = quantile([each.us or 0 for each in done], 0.9) if is_enough else None
    found = [case for each in done if (case := _long(each, norms, medians, p90)) is not None]
    found.sort(key=lambda case: (-case.excess_us, case.case_id))
    return Causes(tuple(found), len(done), is_enough)


def _key(piece: Slice) -> _Key:
    return (piece.start, piece.end, tuple(part.code for part in piece.absorbed))


def _long(case: Timeline, norms: Sequence[Norm], medians: dict[_Key, float], p90: float | None) -> LongCase | None:
    checks = [check for check in judge(case, norms) if check.norm.clock == "around"]
    whole = next((check.norm.limit_us for check in checks if check.norm.between is None), None)
    limit, rule = (whole, "norm") if whole is not None else (p90, "p90")
    took = case.us or 0
    if limit is None or took <= limit:
        return None
    spans = {check.norm.between: check.norm.limit_us for check in checks if check.norm.between is not None}
    over = []
    for piece in case.parts:
        is_norm = piece.pair in spans
        excess = piece.us - (spans[piece.pair] if is_norm else medians[_key(piece)])
        if excess > 0:
            over.append((excess, is_norm, piece))
    if not over:
        return LongCase(case.case_id, case.port, took, int(limit), rule, UNEXPLAINED, ("", ""), (), "", 0, 0.0, False)
    excess, is_norm, piece = max(over, key=lambda row: row[0])
    return LongCase(case.case_id, case.port, took, int(limit), rule, piece.part.code, piece.pair, piece.owners, piece.nature, int(excess),
                    excess / sum(row[0] for row in over), is_norm)  # fmt: skip
