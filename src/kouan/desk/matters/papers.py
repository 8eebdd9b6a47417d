"""A step with its papers: the files that come with a form are recorded in the same transaction as the step they serve.

A refused step leaves no document behind; its file may lie unused in the home until the next clean-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from kouan.accounts.action import action
from kouan.basis import Finding, NotAllowed, NotFound, Place, Refused
from kouan.desk.actions import add_version, record_document
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import Matter
from kouan.desk.matters.paper_files import check_file, kind_of
from kouan.desk.matters.queries import get_matter, procedure_for
from kouan.desk.matters.registry import document_kind_of
from kouan.desk.models import Document, DocumentKind, DocumentVersion


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
    *, actor: Any, matter: int, transition: str, papers: Sequence[Paper] = (), override_paper: Paper | None = None,
    documents: Mapping[str, Document] | None = None, override_document: Document | None = None, **known: Any,
) -> Matter:
    """``take_step`` with papers that are new, beside ``documents`` on record: each is recorded, then the step is taken;
    all or nothing."""
    held = get_matter(actor, matter)
    procedure = procedure_for(held)
    unknown = [each.kind for each in papers if each.kind not in procedure.documents]
    if unknown:
        raise Refused([Finding.error(
            "unknown_paper", f"本程序不需要“{kind}”这种文件。", f"This procedure asks for no paper “{kind}”.", where=Place(field=kind),
            remedy=("请从表单所列的文件中选择。", "Choose one of those on the form.")) for kind in unknown])
    came = [each for each in (*papers, override_paper) if each is not None and each.source is not None]
    wrong = [finding for each in came if each.source is not None
             for finding in check_file(each.source, each.file_name, f"paper-{each.kind}-file")]
    if wrong:
        raise Refused(wrong)
    recorded = {each.kind: _recorded(actor, held, each) for each in papers}
    override = override_document if override_paper is None else _recorded(actor, held, override_paper)
    return take_step(actor=actor, matter=matter, transition=transition, documents={**(documents or {}), **recorded}, override_document=override,
                     **known)


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
        _kept(actor, document, paper.source, paper.file_name)
    return document


def _kept(actor: Any, document: Document, source: IO[bytes], file_name: str) -> DocumentVersion:
    """The file as a version; its type is what was found in it, not what the sender's program said."""
    kind = kind_of(file_name)
    version: DocumentVersion = add_version(
        actor=actor, document=document, source=source, file_name=file_name, media_type=kind.media_type if kind else "")
    return version


@action("matters.act")
def add_paper_version(*, actor: Any, matter: int, document: int, source: IO[bytes], file_name: str) -> DocumentVersion:
    """Add a better file (a clean scan, a corrected page) to a paper of a running matter; former files stay.

    Only the office that attached the paper may, and only while the matter runs: what an ended one rested on is fixed.
    """
    held = get_matter(actor, matter)
    paper = paper_of(held, document)
    if paper.organisation_id != actor.organisation_id:
        raise NotAllowed.because("paper_not_yours", "这份文件不是贵单位附的。", "The paper was attached by another office.",
                                 remedy=("请联系附件单位。", "Ask the office that attached it."))
    if held.ended_at is not None:
        raise Refused.because("matter_ended", "办件已办结，所依文件不再更换。", "The matter has ended; its papers are fixed.",
                              where=Place(field="file"), remedy=("如需更正，请另行登记文件。", "Register a correcting paper instead."))
    wrong = check_file(source, file_name, "file")
    if wrong:
        raise Refused(wrong)
    return _kept(actor, paper, source, file_name)


def paper_of(matter: Matter, document: int) -> Document:
    """A paper that a step of the matter names. NotFound for any other."""
    references = {each for documents in matter.steps.values_list("documents", flat=True) for each in documents.values()}
    found = Document.objects.filter(pk=document, reference__in=references).prefetch_related("versions").first()
    if found is None:
        raise NotFound.because("unknown_paper_of_matter", "本办件没有这份文件。", "The matter has no such paper.",
                               remedy=("请从办理经过中选择。", "Choose it from the history."))
    return found


def papers_of(step_documents: Mapping[str, str]) -> dict[str, Document]:
    """The documents that a step names, by kind."""
    found = {each.reference: each for each in Document.objects.filter(reference__in=step_documents.values()).prefetch_related("versions")}
    return {kind: found[reference] for kind, reference in step_documents.items() if reference in found}
