"""A paper that shows something of a project: a new file filed under its province, or a document on record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any

from kouan.basis import Place, Refused
from kouan.casework.execution.queries import ProjectView
from kouan.casework.oversight.evidence import require_proof
from kouan.desk.actions import file_document
from kouan.desk.matters.paper_files import check_file, kind_of
from kouan.desk.models import Document


@dataclass(frozen=True, slots=True)
class Proof:
    """What was handed in: a file, or a document that the sender may see. ``sha256``: what the sender says of the file."""

    source: IO[bytes] | None = None
    file_name: str = ""
    document: Document | None = None
    sha256: str = ""

    @property
    def is_there(self) -> bool:
        """Whether anything was handed in."""
        return self.source is not None or self.document is not None


def keep(actor: Any, view: ProjectView, proof: Proof, title: str) -> Document | None:
    """File what was handed in, None for nothing. Refused where the file is of a wrong kind, differs from its checksum, or is gone."""
    paper = proof.document
    if proof.source is not None:
        findings = check_file(proof.source, proof.file_name, "file")
        if findings:
            raise Refused(findings)
        known = kind_of(proof.file_name)
        paper = file_document(actor=actor, kind="other", title=title[:300], source=proof.source, file_name=proof.file_name,
                              media_type=known.media_type if known else "", province_code=view.provinces[0] if len(view.provinces) == 1 else "")
        found = paper.versions.get().sha256
        if proof.sha256 and proof.sha256.strip().lower() != found:
            raise Refused.because(
                "checksum_differs", "文件的校验值与所填的不符，未接收。", "The file differs from the checksum given; nothing was taken in.",
                where=Place(field="sha256"), measured=found, required=proof.sha256.strip().lower()[:64],
                remedy=("请重新传送文件，或核对校验值。", "Send the file again, or check the checksum."))
    if paper is not None:
        require_proof(paper, "file")
    return paper
