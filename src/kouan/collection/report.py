"""What an intake answers, at every door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kouan.basis import Finding, Severity
from kouan.collection.tally import LISTED

if TYPE_CHECKING:
    from kouan.collection.models import Batch


@dataclass(slots=True)
class IntakeReport:
    """Counts of one file. Rows: ``read`` = ``accepted`` + ``held`` + ``refused``. Figures: new
    ``observations``, ``revisions`` of known ones, and ``unchanged``.

    ``findings`` is the summary, each a Finding's dict with ``count`` and ``places``; the full list stands
    on the held and refused rows of the batch. ``row_findings`` are the findings one by one, by row, up to
    ``tally.LISTED``; ``row_findings_left`` counts the rest. ``repeated``: this very file was taken in
    before, so nothing was written. ``batch`` is empty after a dry run.
    """

    source: str
    file: str
    sha256: str
    batch: int | None = None
    read: int = 0
    accepted: int = 0
    held: int = 0
    refused: int = 0
    observations: int = 0
    revisions: int = 0
    unchanged: int = 0
    repeated: bool = False
    dry_run: bool = False
    seconds: float = 0.0
    findings: list[dict[str, Any]] = field(default_factory=list)
    row_findings: Sequence[Finding] | None = ()  # None: they stand on the rows of the batch
    row_findings_left: int = 0

    @property
    def has_errors(self) -> bool:
        """Whether anything was not accepted: the command then ends with status 1."""
        return any(finding["severity"] == Severity.ERROR for finding in self.findings)

    def as_dict(self, *, by_row: bool = False) -> dict[str, Any]:
        """The JSON shape of ``kouan intake --json`` (``by_row``) and of the API."""
        rows = self._rows() if by_row else {}
        return {
            "source": self.source, "file": self.file, "sha256": self.sha256, "batch": self.batch,
            "read": self.read, "accepted": self.accepted, "held": self.held, "refused": self.refused,
            "observations": self.observations, "revisions": self.revisions, "unchanged": self.unchanged,
            "repeated": self.repeated, "dry_run": self.dry_run, "seconds": round(self.seconds, 3),
            "findings": self.findings, **rows,
        }

    def _rows(self) -> dict[str, Any]:
        """The findings one by one. Of a batch, remarks on accepted rows are kept in its summary only."""
        if self.row_findings is not None:
            return {
                "row_findings": [each.as_dict() for each in self.row_findings],
                "row_findings_left": self.row_findings_left,
            }
        from kouan.collection.models import Batch

        batch = Batch.objects.filter(pk=self.batch or 0).first()
        found = batch.row_findings(LISTED) if batch is not None else []
        total = sum(each.get("count", 1) for each in self.findings)
        return {"row_findings": found, "row_findings_left": max(0, total - len(found))}

    @classmethod
    def of_batch(cls, batch: Batch, *, repeated: bool = False) -> IntakeReport:
        """The report of a batch as it stands; of a file that came again, with nothing new."""
        report = cls(
            batch.source, batch.file_name, batch.file_sha256, batch.pk, batch.rows_read, batch.rows_accepted,
            batch.rows_held, batch.rows_refused, batch.observations, batch.revisions, batch.unchanged,
            repeated, False, batch.seconds, list(batch.findings),
        )
        if repeated:
            report.unchanged += report.observations + report.revisions
            report.observations = report.revisions = 0
            report.seconds = 0.0
        report.row_findings = None
        return report
