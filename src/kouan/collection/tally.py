"""What is wrong or noteworthy in one file: each faulty row in full, and a summary.

The summary is what reports show first: findings of one code with the same wrong text and the same remedy
are one line with how often and where first, so that no row's suggestion is lost among another's. Beside
it every finding is listed with its place, up to a bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from kouan.basis import Finding, Place, SubjectRef, Text
from kouan.collection.readers import Sheet, column_letters

if TYPE_CHECKING:
    from kouan.collection.recognise import Match

FIRST = 20  # places named per line of the summary
LINES = 50  # lines of the summary per code; what is beyond them is counted in one more
LISTED = 10_000  # findings listed one by one


@dataclass(slots=True)
class Fault:
    """A row that is not accepted: refused as it stands, or held until somebody decides."""

    sheet: int
    row: int
    is_refused: bool
    raw: list[str]
    subject: SubjectRef | None
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Count:
    """One line of the summary."""

    finding: Finding
    count: int = 0
    places: list[Place] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        self.count += 1
        if len(self.places) < FIRST:
            self.places.append(finding.where)

    def as_dict(self) -> dict[str, Any]:
        """A finding with `count` and `places`; `where` is the first place."""
        return self.finding.as_dict() | {"count": self.count, "places": [place.as_dict() for place in self.places]}


_OTHERS = Text(
    "同类问题还有多种，逐行见暂存区或 kouan intake --json 的 row_findings。",
    "There are more kinds of it: each row's stands in the holding area and in row_findings of kouan intake --json.",
)


@dataclass(slots=True)
class Tally:
    """Gathers the faults and notes of one file, called `name` by its user."""

    name: str
    faults: list[Fault] = field(default_factory=list)
    counts: dict[tuple[str, str | None, Text | None], Count] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # of the summary, by code
    remarks: list[Finding] = field(default_factory=list)  # on rows that are accepted and on the file

    @property
    def fault_count(self) -> int:
        """Rows held or refused."""
        return len(self.faults)

    def fault(self, fault: Fault) -> None:
        """Add a row that is not accepted."""
        self.faults.append(fault)
        for finding in fault.findings:
            self._count(finding)

    def note(self, finding: Finding, sheet: Sheet | None = None, row: int | None = None) -> None:
        """Add a remark on the file, or on a row that is accepted all the same."""
        if sheet is not None or row is not None:
            finding = finding.at(Place(self.name, sheet.name or None if sheet else None, row))
        self.notes([finding])

    def notes(self, findings: Iterable[Finding]) -> None:
        """Add remarks on the file."""
        for finding in findings:
            if len(self.remarks) < LISTED:
                self.remarks.append(finding)
            self._count(finding)

    def _count(self, finding: Finding) -> None:
        key = (finding.code, finding.measured, finding.remedy)
        found = self.counts.get(key)
        if found is None:
            lines = self.lines.get(finding.code, 0)
            if lines >= LINES:
                key = (finding.code, None, _OTHERS)
                found = self.counts.get(key)
            self.lines[finding.code] = lines + 1
        if found is None:
            shown = finding if key[2] is not _OTHERS else replace(finding, measured=None, remedy=_OTHERS)
            found = self.counts[key] = Count(shown)
        found.add(finding)

    def placed(self, finding: Finding, match: Match, row: int, column: int | None) -> Finding:
        """The finding with file, sheet, row and column, or with the cell where users name cells."""
        title = match.header[column].strip() if column is not None and column < len(match.header) else None
        cell = None
        if match.sheet.has_letters and column is not None:
            cell = f"{column_letters(column + 1)}{row}"
        return finding.at(Place(self.name, match.sheet.name or None, row, title or None, cell))

    def too_many(self, limit: int) -> list[Finding]:
        """The refusal of a file most of whose rows are faulty, with the most frequent faults."""
        by_code: dict[str, Count] = {}
        for each in sorted(self.counts.values(), key=lambda each: -each.count):
            by_code.setdefault(each.finding.code, each)
        worst = list(by_code.values())[:5]
        return [
            Finding.error(
                "too_many_faults",
                f"有问题的行超过 {limit:,} 行，文件未入库。多半是版式或来源选错，或整列有同样的错误。",
                f"More than {limit:,} rows have faults; nothing was taken in. The layout or source is probably wrong, or "
                "a whole column has the same fault.",
                where=Place(file=self.name), required=f"≤ {limit:,}",
                remedy=("请先改正下列问题再提交。", "Correct the following first."),
            ),
            *(each.finding for each in worst),
        ]

    def too_many_words(self, limit: int, last: Any) -> list[Finding]:
        """The refusal of a file in which hundreds of different words are unknown, with the last of them."""
        findings = [last] if isinstance(last, Finding) else list(last.findings)
        return [
            Finding.error(
                "too_many_unknown_words",
                f"文件中有 {limit:,} 个以上不同的名称、指标或单位无法识别，文件未入库。多半是版式或来源选错。",
                f"More than {limit:,} different names, measures or units are unknown; nothing was taken in. "
                "The layout or source is probably wrong.",
                where=Place(file=self.name), required=f"≤ {limit:,}",
                remedy=("请核对来源和列标题。", "Check the source and the headings."),
            ),
            *(finding.at(file=self.name) for finding in findings[:1]),
        ]

    def summary(self) -> list[dict[str, Any]]:
        """The counts, errors first, then by frequency."""
        order = {"error": 0, "warning": 1, "info": 2}
        counts = sorted(self.counts.values(), key=lambda each: (order[each.finding.severity.value], -each.count))
        return [each.as_dict() for each in counts]

    def by_row(self) -> list[Finding]:
        """The findings one by one in the order of sheets and rows, up to LISTED; those of rows that are not
        accepted go before remarks where there is not room for all."""
        faults = (finding for fault in self.faults for finding in fault.findings)
        listed = list(islice(chain(faults, self.remarks), LISTED))
        return sorted(listed, key=lambda each: (each.where.sheet or "", each.where.row or 0))

    @property
    def total(self) -> int:
        """How many findings there are."""
        return sum(each.count for each in self.counts.values())
