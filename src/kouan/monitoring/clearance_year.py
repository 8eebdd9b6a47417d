"""The yearly clearance times that an evaluation takes (G05: I-0501, I-0502), computed from the journal and handed to collection.

The door to a round is the one that every measured item takes: a file of a described source (``operation-times``), taken in whole, each
figure leading back to its row, and to the digest of the cases in its note. A round's freeze then reads it as a *derived* figure of the
year; where customs files its own (official), that one is preferred. The median is computed over the cases of the whole year: medians of
months do not make one.

What the journal cannot give: I-0503 (segments over the norm) while no norm of operation times is public, I-0504 (citizens' waits)
while events do not tell nationality. They stay to be filed.
"""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from kouan.accounts.action import allows, refuse
from kouan.basis import Place, Refused, clock
from kouan.collection.actions import SUBMIT, take_in
from kouan.collection.report import IntakeReport
from kouan.monitoring.clearance_month import DIRECTIONS, Case, digest_of_cases, measured_cases, year_span
from kouan.monitoring.journal.reading import events_table
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.statistics import quantile
from kouan.ports.models import Port

SOURCE, MEASURE = "operation-times", "clearance_hours"
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
    """What was computed, and what collection answered (None where no port had enough cases)."""

    year: int
    rows: tuple[Yearly, ...]
    intake: IntakeReport | None


def yearly(user: Any, year: int) -> list[Yearly]:
    """Every port with cases, in the order of the register. Refused for a year that is not over.

    In a real workspace official events alone count; in an exercise one all of them, which are the exercise's.
    """
    if not FIRST_YEAR <= year < clock.today().year:
        raise Refused.because("year_not_over", f"{year} 年还没有结束，或早于 {FIRST_YEAR} 年，不能提供全年数。",
                              f"{year} is not over, or before {FIRST_YEAR}: there is no figure of the whole year.", where=Place(field="year"),
                              measured=str(year), required=f"{FIRST_YEAR}–{clock.today().year - 1}", remedy=("请另选年度。", "Choose another year."))
    ports = {port.code: port.name_zh for port in Port.objects.visible_to(user).counted().order_by("pinyin", "code")}
    with events_table(user) as engine:
        cases, _ = measured_cases(engine, list(ports), "" if settings.IS_EXERCISE else "official")
    span = year_span(year)
    found: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        if case.ended_in(span):
            found.setdefault((case.port, case.direction), []).append(case)
    return [_one(code, name, direction, held) for code, name in ports.items() for direction in DIRECTIONS
            if (held := found.get((code, direction)))]


def hand_over_year(*, actor: Any, year: int, dry_run: bool = False) -> HandedOver:
    """Compute the year and take it in as figures of the source ``operation-times``; the same figures again change nothing."""
    if not allows(actor, SUBMIT):
        raise refuse(actor, SUBMIT, "monitoring.clearance_year.hand_over_year")
    rows = yearly(actor, year)
    enough = [row for row in rows if row.median_hours is not None]
    if not enough:
        return HandedOver(year, tuple(rows), None)
    with tempfile.TemporaryDirectory(prefix="kouan-yearly-") as scratch:
        file = Path(scratch) / f"operation-times-{year}.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            write = csv.writer(out)
            write.writerow(HEAD)
            write.writerows([row.port, MEASURE, str(year), row.direction, f"{row.median_hours:.4f}", "hours",
                             f"{row.n} 件，所读案例 SHA-256 {row.cases_sha256}"] for row in enough)
        return HandedOver(year, tuple(rows), take_in(actor=actor, path=file, source=SOURCE, dry_run=dry_run))


def _one(code: str, name: str, direction: str, held: list[Case]) -> Yearly:
    lengths = [max(0, (case.ended or 0) - (case.begun or 0)) for case in held]
    median = quantile(lengths, 0.5) if len(held) >= FEWEST else None
    return Yearly(code, name, direction, len(held), None if median is None else median / HOUR, digest_of_cases(held))
