"""What is wrong or noteworthy in one file: each faulty row in full, and a summary by code.

The summary is what reports show first: per code how often, where first, and what to do. Notes on rows
that were accepted (a leading zero restored) stand in the summary only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kouan.basis import Finding, Place, SubjectRef
from kouan.collection.readers import Sheet, column_letters

if TYPE_CHECKING:
    from kouan.collection.recognise import Match

FIRST = 20  # places named per code


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
    """One code of the summary."""

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


@dataclass(slots=True)
class Tally:
    """Gathers the faults and notes of one file, called `name` by its user."""

    name: str
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)

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
        self._count(finding)

    def notes(self, findings: Iterable[Finding]) -> None:
        """Add remarks on the file."""
        for finding in findings:
            self._count(finding)

    def _count(self, finding: Finding) -> None:
        found = self.counts.get(finding.code)
        if found is None:
            found = self.counts[finding.code] = Count(finding)
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
        worst = sorted(self.counts.values(), key=lambda each: -each.count)[:5]
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
