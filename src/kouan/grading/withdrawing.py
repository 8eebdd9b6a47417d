"""How many years in a row a port was below the standard, and what the withdrawal ladder says of it.

Pure: yearly verdicts of the volume standard in, a rung of the ladder out. A year that nobody can judge is unknown,
never below; it ends a run of years, and the run is then said to be one of at least so many.

>>> run_of({2021: "meets", 2022: "fails", 2023: "fails"}, 2023, 2014).years
(2023, 2022)
>>> run_of({2022: "fails", 2023: "incomplete"}, 2023, 2014).count is None
True
>>> run_of({2021: "incomplete", 2022: "fails", 2023: "fails"}, 2023, 2014).is_at_least
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kouan.basis import EvidenceRef, Text
from kouan.grading.case_verdict import CASE_VERDICTS, CaseVerdict
from kouan.grading.facts import PERSONS, PortFacts
from kouan.grading.ladder import CLOSING_LEVEL, WithdrawalLadder
from kouan.grading.standard import BORDER_MODE
from kouan.grading.verdict import VERDICT_NAMES, Verdict, VolumeVerdict
from kouan.law import Law

LADDER = WithdrawalLadder()
RUNGS = ("review", "rectify", "notice")
UNTOLD = (Verdict.INCOMPLETE, Verdict.UNCLASSIFIED)
# The years that A-13 asks about.
EPIDEMIC = (2020, 2021, 2022)


@dataclass(frozen=True, slots=True)
class JudgedYear:
    """One year of a port as the volume standard judged it, and the series its facts were read from."""

    facts: PortFacts
    outcome: VolumeVerdict
    evidence: tuple[EvidenceRef, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: the facts (to judge again), the verdict, how far from each limit, the sources."""
        said = self.outcome.as_dict()
        return {
            "year": self.facts.year,
            "verdict": said["verdict"],
            "verdict_name": said["verdict_name"],
            "margins": said["margins"],
            "citation": said["citation"],
            "flags": said["flags"],
            "facts": self.facts.as_dict(),
            "evidence": [each.as_dict() for each in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class Run:
    """Years in a row below the standard, the latest first. ``count`` is None where the last year cannot be judged.

    ``until``: the latest year that can be judged, where that is not the last one; ``years`` then end there.
    """

    count: int | None
    years: tuple[int, ...]
    stopped_by: tuple[int, str | None] | None
    is_at_least: bool
    until: int | None = None

    @property
    def without_epidemic(self) -> int | None:
        """The years of the run outside 2020–2022 (A-13)."""
        return None if self.count is None else sum(year not in EPIDEMIC for year in self.years)


def run_of(verdicts: Mapping[int, str], last: int, first: int) -> Run:
    """The run of years below the standard that ends in ``last``; years before ``first`` are not looked at."""
    if verdicts.get(last) in UNTOLD:
        told = next((year for year in range(last - 1, first - 1, -1) if verdicts.get(year) not in UNTOLD), None)
        if told is None:
            return Run(None, (), None, True)
        years, stop = _back(verdicts, told, first)
        return Run(None, years, stop, True, told if told in verdicts else None)
    years, stop = _back(verdicts, last, first)
    return Run(len(years), years, stop, bool(years) and (stop is None or stop[1] in UNTOLD))


def _back(verdicts: Mapping[int, str], start: int, first: int) -> tuple[tuple[int, ...], tuple[int, str | None] | None]:
    years: list[int] = []
    for year in range(start, first - 1, -1):
        if verdicts.get(year) != Verdict.FAILS:
            return tuple(years), (year, verdicts.get(year))
        years.append(year)
    return tuple(years), None


@dataclass(frozen=True)
class Counted:
    """The years below that a case counts, and what the ladder says of them; ``is_definite`` False where more may have come before."""

    count: int
    is_definite: bool
    ladder: CaseVerdict


def counted_back(verdicts: Sequence[str], last: int, is_border: bool | None, law: Law, strategy_mark: bool | None = None) -> Counted:
    """The ladder for a case, from yearly verdicts of which the first is that of ``last`` and each next one a year earlier.

    What came before the count may not be known: the rung stands only where more years would not change it.
    """
    below, spared, is_definite = 0, 0, True  # where every year that is looked at is below, more would change nothing
    for back, verdict in enumerate(verdicts):
        if verdict != Verdict.FAILS:
            is_definite = verdict not in UNTOLD
            break
        below, spared = below + 1, spared + (last - back not in EPIDEMIC)
    row: dict[str, Any] = {} if is_border is None else {"is_border": is_border}
    if strategy_mark is not None:
        row["strategy_mark"] = strategy_mark
    certain = LADDER.judge_row(row | {"years_below": below, "years_below_without_2020_2022": spared}, law)
    if is_definite:
        return Counted(below, True, certain)
    more = {LADDER.judge_row(row | {"years_below": n, "years_below_without_2020_2022": n - (below - spared)}, law).verdict
            for n in range(below, below + len(verdicts))}
    return Counted(below, False, certain if len(more) == 1 else LADDER.judge_row(row, law))


@dataclass(frozen=True, slots=True)
class OtherRung:
    """Where the ladder would stand under another reading of one open point."""

    key: str
    ambiguity: str
    label: Text
    verdict: str
    run: Run

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "setting": self.key,
            "ambiguity": self.ambiguity,
            "label": self.label.as_dict(),
            "verdict": self.verdict,
            "verdict_name": CASE_VERDICTS[self.verdict].as_dict(),
            "years": list(self.run.years),
        }


@dataclass(frozen=True)
class Standing:
    """One port on the ladder at the end of a year, with its years and what other readings would give."""

    code: str
    last: int
    years: tuple[JudgedYear, ...]
    run: Run
    ladder: CaseVerdict
    others: tuple[OtherRung, ...]
    strategy_mark: bool | None = None
    # False: made again from a record of before there was a register of marks; the entry then says nothing of one.
    marks_were_read: bool = True

    @property
    def verdict(self) -> str:
        """The rung: none, notice, rectify, review, or unknown."""
        return self.ladder.verdict

    @property
    def latest(self) -> JudgedYear | None:
        """The judged year itself; None where the port was not in that year's list."""
        return next((each for each in self.years if each.facts.year == self.last), None)


class Rungs:
    """The ladder under one law: every set of facts is judged once, for most ports share a few of them."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self._known: dict[tuple[Any, ...], CaseVerdict] = {}
        self._laws: dict[tuple[str, str], Law] = {}

    def judge(self, run: Run, is_border: bool | None, strategy_mark: bool | None = None, supposing: tuple[str, str] | None = None) -> CaseVerdict:
        """The rung for a run; facts that are not known are left out. ``supposing``: another reading of one setting."""
        key = (run.count, run.without_epidemic, is_border, strategy_mark, supposing)
        if key not in self._known:
            row = {
                "years_below": run.count,
                "years_below_without_2020_2022": run.without_epidemic,
                "is_border": is_border,
                "strategy_mark": strategy_mark,
            }
            self._known[key] = LADDER.judge_row({name: value for name, value in row.items() if value is not None}, self._law(supposing))
        return self._known[key]

    def _law(self, supposing: tuple[str, str] | None) -> Law:
        if supposing is None or supposing[0] not in LADDER.settings:
            return self.law
        if supposing not in self._laws:
            self._laws[supposing] = self.law.supposing(*supposing)
        return self._laws[supposing]


def standing_of(
    code: str,
    years: tuple[JudgedYear, ...],
    last: int,
    first: int,
    rungs: Rungs,
    *,
    is_border: bool | None,
    strategy_mark: bool | None = None,
    marks_were_read: bool = True,
) -> Standing:
    """Where a port stands on the ladder at the end of ``last``, from its judged years."""
    verdicts = {each.facts.year or 0: each.outcome.verdict.value for each in years}
    run = run_of(verdicts, last, first)
    ladder = rungs.judge(run, is_border, strategy_mark)
    found: dict[tuple[str, str], OtherRung] = {}
    for key, choice in sorted({(o.reading.key, o.reading.value) for each in years for o in each.outcome.differs_under}):
        other = run_of({**verdicts, **dict(_under(years, key, choice))}, last, first)
        verdict = rungs.judge(other, is_border, strategy_mark, (key, choice)).verdict
        if verdict != ladder.verdict:
            question = rungs.law.library.questions[key]
            found[key, choice] = OtherRung(key, question.ambiguity, question.choices[choice], verdict, other)
    for each in ladder.differs_under:
        place = (each.reading.key, each.reading.value)
        # Under another border mode the years themselves are judged otherwise: that answer stands above.
        if place not in found and each.reading.key != BORDER_MODE:
            found[place] = OtherRung(each.reading.key, each.reading.ambiguity, each.reading.label, each.verdict, run)
    return Standing(code, last, years, run, ladder, tuple(found.values()), strategy_mark, marks_were_read)


def _under(years: tuple[JudgedYear, ...], key: str, choice: str) -> Iterator[tuple[int, str]]:
    """The years whose verdict is another under a reading."""
    for each in years:
        for other in each.outcome.differs_under:
            if (other.reading.key, other.reading.value) == (key, choice):
                yield each.facts.year or 0, other.verdict.value


def by_passengers_alone(standing: Standing, first: int, rungs: Rungs, *, is_border: bool | None) -> Standing:
    """The standing where passengers alone are held against the level, as 四(二) may be read (A-13)."""
    verdicts: dict[int, str] = {}
    for each in standing.years:
        verdict: Verdict = each.outcome.verdict
        margin = each.outcome.margins.get(PERSONS)
        if verdict in (Verdict.MEETS, Verdict.FAILS, Verdict.INCOMPLETE) and margin is not None:
            whole = margin.measured is not None and margin.months == 12 and each.facts.has_ended(each.outcome.as_of)
            verdict = Verdict.MEETS if margin.is_met else Verdict.FAILS if whole else Verdict.INCOMPLETE
        verdicts[each.facts.year or 0] = verdict.value
    run = run_of(verdicts, standing.last, first)
    return replace(standing, run=run, ladder=rungs.judge(run, is_border, standing.strategy_mark), others=())


def closing_standing(standing: Standing, first: int, rungs: Rungs, *, is_border: bool | None) -> Standing:
    """The standing of an air port as a candidate for closing, by the level in force (A-13), the other level among its ``others``."""
    level = rungs.law.setting(CLOSING_LEVEL)
    alone = by_passengers_alone(standing, first, rungs, is_border=is_border)
    held, other, choice = (alone, standing, "volume_standard") if level.value == "passengers" else (standing, alone, "passengers")
    if other.verdict == held.verdict:
        return held
    # The key stays empty: lists recorded before the level was a setting are made again with the same words.
    return replace(held, others=(*held.others, OtherRung("", "A-13", level.choices[choice], other.verdict, other.run)))


def say_run(run: Run, last: int) -> Text:
    """The run in one sentence of each language."""
    if run.count is None:
        if run.until is None or not run.years:
            return Text(f"{last}年度尚不能判定", f"{last} cannot be judged yet")
        return Text(
            f"{last}年度尚不能判定；至{run.until}年度已连续{len(run.years)}年未达到客货运量标准",
            f"{last} cannot be judged yet; up to {run.until} it was below the volume standard {len(run.years)} years in a row",
        )
    if not run.count:
        return Text(f"{last}年度未出现不达标", f"not below the standard in {last}")
    years = _span(run.years)
    least_zh, least_en = ("至少", "at least ") if run.is_at_least else ("", "")
    zh = f"至{last}年度{least_zh}连续{run.count}年（{years}年）未达到客货运量标准"
    en = f"below the volume standard {least_en}{run.count} year{'s' if run.count > 1 else ''} in a row to {last} ({years})"
    if run.stopped_by is not None and run.stopped_by[1] is not None:
        name = VERDICT_NAMES[Verdict(run.stopped_by[1])]
        zh, en = f"{zh}，{run.stopped_by[0]}年{name.zh}", f"{en}; {run.stopped_by[0]}: {name.en}"
    return Text(zh, en)


def _span(years: tuple[int, ...]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[-1]}—{years[0]}"
