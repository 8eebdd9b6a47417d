"""The yearly figures that an evaluation takes of times (G05: I-0501 to I-0504), computed from the journal and handed to collection.

The door to a round is the one that every measured item takes: a file of a described source (``operation-times``), taken in whole, each
figure leading back to its row, and to the digest of the cases in its note. A round's freeze then reads it as a *derived* figure of the
year; where customs files its own (official), that one is preferred. The median is computed over the cases of the whole year: medians of
months do not make one.

Beside the medians stand the counts of ``clearance_counts``, under a source of their own (``operation-counts``): citizens' waits where
events tell who is a citizen, segments over the norm where an office entered norms. Where neither is told they stay to be filed.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from kouan.accounts.action import allows, refuse
from kouan.basis import Place, Refused, clock
from kouan.collection.actions import SUBMIT, take_in
from kouan.collection.report import IntakeReport
from kouan.monitoring.clearance_counts import CITIZENS, SEGMENTS, Counts, citizen_waits, segments_over_norm
from kouan.monitoring.clearance_month import DIRECTIONS, Case, digest_of_cases, measured_cases, year_span
from kouan.monitoring.journal.reading import events_table
from kouan.monitoring.norms.queries import norms_in_force
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.norms import Norm
from kouan.monitoring.timing.statistics import quantile
from kouan.ports.models import Port

if TYPE_CHECKING:
    import duckdb

SOURCE, MEASURE = "operation-times", "clearance_hours"
COUNTS_SOURCE, UNITS = "operation-counts", {**dict.fromkeys(CITIZENS, "samples"), **dict.fromkeys(SEGMENTS, "records")}
HEAD = ("口岸代码", "指标", "年度", "方向", "数值", "单位", "依据")
# Our proposal, as for the 95th percentile: of fewer cases a yearly median says little of a port.
FEWEST = 30
FIRST_YEAR = 2021


@dataclass(frozen=True, slots=True)
class Yearly:
    """One port, year and direction: how many cases ended, their median in hours (None below 30), the digest of the cases."""

    port: str
    name: str
    direction: str
    n: int
    median_hours: float | None
    cases_sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {"port": self.port, "name": self.name, "direction": self.direction, "n": self.n, "median_hours": self.median_hours,
                "cases_sha256": self.cases_sha256}


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was computed, and what collection answered (None where no port had enough cases, or enough to count).

    ``counts``: (port, judged, found) by the pair of measures, every port with any; those below 30 are not handed over.
    """

    year: int
    rows: tuple[Yearly, ...]
    intake: IntakeReport | None
    counts: dict[tuple[str, str], list[Counts]] = field(default_factory=dict)
    counts_intake: IntakeReport | None = None


def yearly(user: Any, year: int) -> list[Yearly]:
    """Every port with cases, in the order of the register. Refused for a year that is not over.

    In a real workspace official events alone count; in an exercise one all of them, which are the exercise's.
    """
    ports = _ports(user, year)
    with events_table(user) as engine:
        return _medians(engine, ports, year)


def counted(user: Any, year: int, norms: Sequence[Norm] | None = None) -> dict[tuple[str, str], list[Counts]]:
    """By the pair of measures (judged, found): the ports with any, in the order of the register. ``norms``: else those in force."""
    ports = _ports(user, year)
    with events_table(user) as engine:
        return _counts(engine, ports, year, norms_in_force() if norms is None else norms)


def _ports(user: Any, year: int) -> dict[str, str]:
    if not FIRST_YEAR <= year < clock.today().year:
        raise Refused.because("year_not_over", f"{year} 年还没有结束，或早于 {FIRST_YEAR} 年，不能提供全年数。",
                              f"{year} is not over, or before {FIRST_YEAR}: there is no figure of the whole year.", where=Place(field="year"),
                              measured=str(year), required=f"{FIRST_YEAR}–{clock.today().year - 1}", remedy=("请另选年度。", "Choose another year."))
    return {port.code: port.name_zh for port in Port.objects.visible_to(user).counted().order_by("pinyin", "code")}


def _origin() -> str:
    return "" if settings.IS_EXERCISE else "official"


def _medians(engine: duckdb.DuckDBPyConnection, ports: dict[str, str], year: int) -> list[Yearly]:
    cases, _ = measured_cases(engine, list(ports), _origin())
    span = year_span(year)
    found: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        if case.ended_in(span):
            found.setdefault((case.port, case.direction), []).append(case)
    return [_one(code, name, direction, held) for code, name in ports.items() for direction in DIRECTIONS
            if (held := found.get((code, direction)))]


def _counts(engine: duckdb.DuckDBPyConnection, ports: dict[str, str], year: int, norms: Sequence[Norm]) -> dict[tuple[str, str], list[Counts]]:
    found = {
        CITIZENS: citizen_waits(engine, list(ports), year, year_span(year), _origin()),
        SEGMENTS: segments_over_norm(engine, list(ports), year_span(year), _origin(), norms),
    }
    place = {code: at for at, code in enumerate(ports)}
    return {pair: sorted(rows, key=lambda row: place[row.port]) for pair, rows in found.items()}


def hand_over_year(*, actor: Any, year: int, dry_run: bool = False) -> HandedOver:
    """Compute the year and take it in as figures of ``operation-times`` and ``operation-counts``; the same again changes nothing."""
    if not allows(actor, SUBMIT):
        raise refuse(actor, SUBMIT, "monitoring.clearance_year.hand_over_year")
    ports = _ports(actor, year)
    with events_table(actor) as engine:
        rows, counts = _medians(engine, ports, year), _counts(engine, ports, year, norms_in_force())
    times = [[row.port, MEASURE, str(year), row.direction, f"{row.median_hours:.4f}", "hours", f"{row.n} 件，所读案例 SHA-256 {row.cases_sha256}"]
             for row in rows if row.median_hours is not None]
    told = [[row.port, measure, str(year), "total", str(value), UNITS[measure], f"判断 {row.judged} 件"]
            for pair, held in counts.items() for row in held if row.judged >= FEWEST
            for measure, value in zip(pair, (row.judged, row.found), strict=True)]
    return HandedOver(
        year, tuple(rows), _taken(actor, SOURCE, year, times, dry_run=dry_run), counts,
        _taken(actor, COUNTS_SOURCE, year, told, dry_run=dry_run))


def _taken(actor: Any, source: str, year: int, rows: list[list[str]], *, dry_run: bool) -> IntakeReport | None:
    """The rows as a file of the source, taken in by the common door; None for none."""
    if not rows:
        return None
    with tempfile.TemporaryDirectory(prefix="kouan-yearly-") as scratch:
        file = Path(scratch) / f"{source}-{year}.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            write = csv.writer(out)
            write.writerow(HEAD)
            write.writerows(rows)
        return take_in(actor=actor, path=file, source=source, dry_run=dry_run)


def _one(code: str, name: str, direction: str, held: list[Case]) -> Yearly:
    lengths = [max(0, (case.ended or 0) - (case.begun or 0)) for case in held]
    median = quantile(lengths, 0.5) if len(held) >= FEWEST else None
    return Yearly(code, name, direction, len(held), None if median is None else median / HOUR, digest_of_cases(held))
