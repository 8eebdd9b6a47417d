"""The paper that a change rests on: found by its reference, and of a kind that can carry the change.

Only the State Council opens and closes ports, so approval, opening, expansion, closure and merger
ask for its reply (国务院批复). A suspension and its end (暂停、恢复) are announced by notice or reply.
"""

from __future__ import annotations

from collections.abc import Collection

from kouan.basis import Place, Refused, nearest
from kouan.desk.models import Document, DocumentKind
from kouan.ports.names import unprintable

REPLY = frozenset({DocumentKind.REPLY})
ACCEPTANCE = frozenset({DocumentKind.MINUTES, DocumentKind.NOTICE, DocumentKind.REPLY})
SUSPENSION = frozenset({DocumentKind.NOTICE, DocumentKind.REPLY})
PLANNING = frozenset({DocumentKind.PLAN, DocumentKind.NOTICE, DocumentKind.REPLY})
# That nothing is known of a port's running is a correction; a rumour (其他) is no ground for it.
CORRECTION = frozenset({DocumentKind.NOTICE, DocumentKind.REPLY, DocumentKind.RULING, DocumentKind.DATA})


def document_of(document: Document | str | None) -> Document:
    """The document that a change rests on; without one nothing in the register changes."""
    if isinstance(document, Document):
        return document
    if not document:
        raise Refused.because(
            "document_required", "名录变更必须注明依据文件。", "A change of the register needs its document.",
            where=Place(field="document"),
            remedy=("请先登记批复或通知，再填写其引用名。", "Record the paper first, then give its reference."),
        )
    found = None if unprintable(document) else Document.objects.filter(reference=document).first()
    if found is None:
        near = nearest(document, Document.objects.values_list("reference", flat=True))
        raise Refused.because(
            "unknown_document", f"没有引用名为“{document}”的文件。", f"There is no document “{document}”.",
            where=Place(field="document"),
            remedy=(f"相近的有：{'、'.join(near)}。" if near else "请先登记该文件。",
                    f"Near it: {', '.join(near)}." if near else "Record the document first."),
        )
    return found


def reply_of(document: Document | str | None, zh: str, en: str) -> Document:
    """The State Council's reply (国务院批复): the only act that opens or closes a port."""
    found = document_of(document)
    if found.kind != DocumentKind.REPLY:
        raise Refused.because(
            "reply_required", f"{zh}须以国务院批复为依据，“{found.title}”不是批复。",
            f"{en} rests on a reply of the State Council; “{found.title}” is not one.",
            where=Place(field="document"),
            remedy=("请登记批复（类别选“国务院批复”）后再办理。", "Record the reply first, as kind “reply”."),
        )
    return found


def paper_of(
    document: Document | str | None, kinds: Collection[DocumentKind], zh: str, en: str, *, code: str = "other_paper_required",
) -> Document:
    """A document of one of these kinds; ``zh`` and ``en`` name what it should carry."""
    found = document_of(document)
    if found.kind in kinds:
        return found
    listed = [kind for kind in DocumentKind if kind in kinds]
    has = DocumentKind(found.kind)
    raise Refused.because(
        code, f"{zh}须以{'、'.join(str(kind.label) for kind in listed)}为依据，“{found.title}”是{has.label}。",
        f"{en} rests on a {' or '.join(kind.value for kind in listed)}; “{found.title}” is of kind {has.value}.",
        where=Place(field="document"), measured=str(has.label), required="、".join(str(kind.label) for kind in listed),
        remedy=("请改用相应的文件；尚未登记的请先登记。", "Name such a paper; record it first if it is not there."),
    )
