"""A step with its papers: the files that come with a form are recorded in the same transaction as the step they serve.

A refused step leaves no document behind; its file may lie unused in the home until the next clean-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from kouan.accounts.action import action
from kouan.basis import Finding, Place, Refused
from kouan.desk.actions import add_version, record_document
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import get_matter, procedure_for
from kouan.desk.matters.registry import document_kind_of
from kouan.desk.models import Document, DocumentKind


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as it comes with a form. ``number`` and ``issued_on`` are entered as issued, never generated."""

    kind: str
    title: str
    number: str = ""
    issuer: str = ""
    issued_on: date | None = None
    source: IO[bytes] | None = None
    file_name: str = ""
    media_type: str = ""


@action("matters.act")
def take_step_with_papers(
    *, actor: Any, matter: int, transition: str, papers: Sequence[Paper] = (), override_paper: Paper | None = None, **known: Any,
) -> Matter:
    """``take_step`` with papers that are new: each is recorded, then the step is taken; all or nothing."""
    held = get_matter(actor, matter)
    procedure = procedure_for(held)
    unknown = [each.kind for each in papers if each.kind not in procedure.documents]
    if unknown:
        raise Refused([Finding.error(
            "unknown_paper", f"本程序不需要“{kind}”这种文件。", f"This procedure asks for no paper “{kind}”.", where=Place(field=kind),
            remedy=("请从表单所列的文件中选择。", "Choose one of those on the form.")) for kind in unknown])
    recorded = {each.kind: _recorded(actor, held, each) for each in papers}
    override = None if override_paper is None else _recorded(actor, held, override_paper)
    return take_step(actor=actor, matter=matter, transition=transition, documents=recorded, override_document=override, **known)


def _recorded(actor: Any, matter: Matter, paper: Paper) -> Document:
    number = Document.objects.filter(reference__startswith=f"matter-{matter.pk}-{paper.kind}-").count() + 1
    said = document_kind_of(matter.room, paper.kind) or paper.kind
    kind = said if said in DocumentKind.values else DocumentKind.OTHER.value
    if not paper.title.strip():
        raise Refused.because("paper_without_title", "请填写文件标题。", "Give the paper's title.", where=Place(field=f"paper-{paper.kind}-title"),
                              remedy=("按文件上的标题填写。", "Write it as it stands on the paper."))
    document = record_document(
        actor=actor, reference=f"matter-{matter.pk}-{paper.kind}-{number}", kind=kind, title=paper.title.strip(),
        document_number=paper.number.strip(), issuer=paper.issuer.strip(), issued_on=paper.issued_on)
    if paper.source is not None:
        add_version(actor=actor, document=document, source=paper.source, file_name=paper.file_name, media_type=paper.media_type)
    return document


def papers_of(step_documents: Mapping[str, str]) -> dict[str, Document]:
    """The documents that a step names, by kind."""
    found = {each.reference: each for each in Document.objects.filter(reference__in=step_documents.values()).prefetch_related("versions")}
    return {kind: found[reference] for kind, reference in step_documents.items() if reference in found}
