"""What ``verify`` answers: findings, counts and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kouan.basis import Finding, Severity, Text, has_errors

# Findings of one code that are listed one by one; the rest is counted.
LISTED = 20


@dataclass(slots=True)
class Report:
    """The answer of a verification."""

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    unsealed_since: str | None = None
    _of_code: dict[str, int] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Keep a finding; past the first twenty of its code it is only counted."""
        seen = self._of_code[finding.code] = self._of_code.get(finding.code, 0) + 1
        if seen <= LISTED:
            self.findings.append(finding)

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count."""
        self.counts[name] = self.counts.get(name, 0) + number

    def close(self) -> None:
        """Say how many findings were left out, and put errors first in the order in which they were found."""
        for code, seen in self._of_code.items():
            if seen > LISTED:
                self.findings.append(Finding.info(
                    "audit_more_findings",
                    f"另有 {seen - LISTED} 处同类问题（{code}）未逐条列出。",
                    f"{seen - LISTED} more findings of the same kind ({code}) are not listed.",
                ))
        rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
        self.findings.sort(key=lambda finding: rank[finding.severity])

    @property
    def is_sound(self) -> bool:
        """Whether nothing of error severity was found."""
        return not has_errors(self.findings)

    @property
    def summary(self) -> Text:
        """One sentence."""
        counts = self.counts
        sealed, tail = counts.get("sealed_entries", 0), counts.get("unsealed_entries", 0)
        rows, batch_rows = counts.get("rows", 0), counts.get("batch_rows", 0)
        blocks = counts.get("blocks", 0)
        if self.is_sound:
            return Text(
                f"审计记录完好：{blocks} 个区块、{sealed} 条已封存记录，{tail} 条待封存；"
                f"核对 {rows} 行现状、{batch_rows} 行批次数据。",
                f"The trail is sound: {blocks} blocks, {sealed} sealed entries, {tail} not sealed yet; "
                f"{rows} rows and {batch_rows} rows of batches compared.",
            )
        errors = sum(finding.is_error for finding in self.findings)
        return Text(
            f"审计记录未通过核验：{errors} 处错误。首处：{self.findings[0].message.zh}",
            f"The trail does not verify: {errors} errors. The first: {self.findings[0].message.en}",
        )

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {
            "sound": self.is_sound,
            "summary": self.summary.as_dict(),
            "counts": dict(sorted(self.counts.items())),
            "unsealed_since": self.unsealed_since,
            "head": self.head,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "findings": [finding.as_dict() for finding in self.findings],
        }
