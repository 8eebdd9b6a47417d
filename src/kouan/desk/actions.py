"""What may be done at the desk: record a paper, and keep a file of it.

Files lie in the home under their SHA-256 and are never overwritten; the same content is kept
once. Size is bounded by ``KOUAN_UPLOAD_LIMIT``. Marks of secrecy (密级) in a name or title, and on a
cell of a table (``bears_stamp``), are refused: state secrets must not enter (DESIGN.md, "Two zones").
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction

from kouan.accounts.action import action
from kouan.basis import Finding, Place, Refused, clock
from kouan.desk.models import Document, DocumentKind, DocumentVersion
from kouan.desk.scanning import refuse_infected

FIRST_DAY = date(1949, 10, 1)
# 《中华人民共和国保守国家秘密法》第十四条: the three grades. On papers they are printed 机密★10年; in names and
# titles they also stand alone, between marks or at the ends. Inside a word (商业秘密保护) they are prose.
_GRADE = "(?:绝密|机密|秘密)"
_STAR = r"[★☆⭐✭✮*＊]"
_EDGE = r"[\s_\-‐–—－＿·・.,，、;；:：+&=~～#@!！()（）\[\]【】〔〕［］{}<>《》“”\"'‘’|/\\]"
STAMP = re.compile(rf"{_GRADE}\s*[★☆⭐✭✮]|{_GRADE}\s*[*＊]\s*(?:\d|长期|$)")
_PROSE = "".join(
    f"(?<!{word})" for word in ("商业", "技术", "工作", "企业", "公司", "国家", "军事", "个人", "通信", "保守", "保护", "泄露", "涉及")
)
SECRECY = re.compile(
    rf"{_GRADE}\s*{_STAR}|{_GRADE}级|(?:^|{_EDGE}){_GRADE}(?:\s*\d+\s*[年月])?(?:$|{_EDGE})|{_PROSE}{_GRADE}(?:$|{_EDGE})"
)
_WHOLE_CELL = re.compile(rf"\W*(?:密级\W*)?{_GRADE}级?(?:{_STAR}|\s)*(?:\d+\s*[年月]|长期)?\W*")


def refuse_secrets(*texts: str) -> None:
    """Refuse a name or title that carries a mark of secrecy. Raises Refused (`secrecy_mark`)."""
    for text in texts:
        if SECRECY.search(text or ""):
            raise secrecy_refusal(f"“{text}”", f"“{text}”")


def bears_stamp(text: str) -> bool:
    """Whether a cell of a table bears a mark of secrecy: 机密★10年 anywhere, or a grade and nothing else.

    >>> bears_stamp("机密★10年"), bears_stamp("密级：秘密"), bears_stamp("商业秘密保护"), bears_stamp("机密级会议的接待")
    (True, True, False, False)
    """
    return STAMP.search(text) is not None or (len(text) < 24 and _WHOLE_CELL.fullmatch(text) is not None)


def secrecy_refusal(zh: str, en: str, where: Place | None = None) -> Refused:
    """The refusal of what carries a mark of secrecy, with the words for what carries it."""
    return Refused([Finding.error(
        "secrecy_mark",
        f"{zh}带有密级标志。本系统不得存储、处理国家秘密，文件未接收。",
        f"{en} bears a mark of secrecy. State secrets may not enter this system; nothing was taken in.",
        where=where,
        remedy=("请按保密规定通过涉密渠道报送。", "Send it through the channel for classified papers."),
    )])


@action("documents.add")
def record_document(
    *, actor: Any, reference: str = "", kind: str, title: str, document_number: str = "", issuer: str = "",
    issued_on: date | None = None, note: str = "", is_public: bool = False, retain_until: date | None = None,
    province_code: str = "",
) -> Document:
    """Record a paper by reference, with or without a file; the number is entered as issued.

    Without a ``reference`` the paper is known by its number (发文字号), or by a running one of ours where it
    has none; a number that is on record already is refused. ``province_code``: the province that the paper
    concerns and that may read it, where the office recording it is not of that province.
    """
    refuse_secrets(title, document_number, issuer)
    findings = check_paper(kind, title, document_number, issuer, issued_on)
    if findings:
        raise Refused(findings)
    if not reference and document_number:
        twin = Document.objects.filter(kind=kind, document_number=document_number).first()
        if twin is not None:
            raise _exists("document_number", twin.reference, f"发文字号“{document_number}”的文件已登记：{twin.title}。",
                          f"A document numbered “{document_number}” is already recorded: {twin.title}.")
    reference = reference or _free_reference(document_number)
    if Document.objects.filter(reference=reference).exists():
        raise _exists("reference", reference, f"引用名“{reference}”已登记。", f"A document “{reference}” is already recorded.")
    organisation = getattr(actor, "organisation", None)
    return Document.objects.create(
        reference=reference, kind=DocumentKind(kind), title=title, document_number=document_number,
        issuer=issuer, issued_on=issued_on, note=note, is_public=is_public, retain_until=retain_until,
        owner_id=actor.pk, organisation=organisation,
        province_code=getattr(organisation, "province_code", "") or province_code,
    )


def check_paper(kind: str, title: str, document_number: str, issuer: str, issued_on: date | None) -> list[Finding]:
    """What is wrong with the facts of a paper, each at its field."""
    findings = []
    if kind not in DocumentKind.values:
        listed = "、".join(f"{each.label}（{each.value}）" for each in DocumentKind)
        findings.append(Finding.error(
            "unknown_document_kind", f"没有“{kind}”这种文件类别。" if kind else "请选择文件类别。",
            f"There is no kind of document “{kind}”." if kind else "Choose the kind of document.", where=Place(field="kind"),
            remedy=(f"可选：{listed}。", f"Choose one of {', '.join(DocumentKind.values)}."),
        ))
    if not title.strip():
        findings.append(Finding.error("value_required", "请填写文件标题。", "Give the title.", where=Place(field="title")))
    for name, said in (("title", title), ("document_number", document_number), ("issuer", issuer)):
        limit = int(getattr(Document._meta.get_field(name), "max_length", 0))
        if len(said) > limit or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in said):
            findings.append(Finding.error(
                "bad_text", f"不能超过{limit}个字符，也不能含控制字符。", f"At most {limit} characters and no control characters.",
                where=Place(field=name),
            ))
    if issued_on is not None and not FIRST_DAY <= issued_on <= clock.today():
        findings.append(Finding.error(
            "date_out_of_range", f"成文日期 {issued_on} 不在{FIRST_DAY.year}年10月1日至今天之间。",
            f"The date {issued_on} does not lie between {FIRST_DAY} and today.", where=Place(field="issued_on"),
            remedy=("请照文件原样填写。", "Enter it as the paper has it."),
        ))
    return findings


def _exists(field: str, reference: str, zh: str, en: str) -> Refused:
    return Refused([Finding.error(
        "document_exists", zh, en, where=Place(field=field), measured=reference,
        remedy=("请另用引用名，或为原文件增加版本。", "Use another reference, or add a version to that document."),
    )])


def _free_reference(document_number: str) -> str:
    """A short name for a paper: its own number where nobody has it yet, else a running one of ours."""
    if document_number and not Document.objects.filter(reference=document_number).exists():
        return document_number
    start = f"paper-{clock.today():%Y%m%d}-"
    taken = set(Document.objects.filter(reference__startswith=start).values_list("reference", flat=True))
    return next(name for number in count(1) if (name := f"{start}{number}") not in taken)


def _too_large(size: int, name: str) -> Refused:
    limit = settings.KOUAN_UPLOAD_LIMIT
    return Refused([Finding.error(
        "file_too_large",
        f"文件“{name}”超过 {limit // 1024 // 1024} MB，未接收。",
        f"“{name}” is larger than {limit // 1024 // 1024} MB and was not taken in.",
        where=Place(file=name), measured=f"{size} B", required=f"≤ {limit} B",
        remedy=("请拆分后分批报送，或由管理员从命令行导入。", "Split it, or ask an administrator to import it."),
    )])


def keep_file(source: IO[bytes], name: str, *, limit: int | None = None) -> tuple[str, int]:
    """Copy a stream into the home under its checksum; answer (sha256, size in bytes).

    The copy becomes visible only when it is whole, so that a power cut leaves no half file, and only once the
    scanner, where there is one, has found nothing in it.
    """
    limit = settings.KOUAN_UPLOAD_LIMIT if limit is None else limit
    folder = Path(settings.HOME.documents)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    handle, draft = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as copy:
            while block := source.read(1 << 20):
                size += len(block)
                if size > limit:
                    raise _too_large(size, name)
                digest.update(block)
                copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
        refuse_infected(Path(draft), name)
        checksum = digest.hexdigest()
        place = file_place(checksum)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.replace(draft, place)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return checksum, size


@action("documents.dispose")
def dispose_due(*, actor: Any, today: date | None = None) -> list[DocumentVersion]:
    """Dispose of the files whose document's retention has ended; answer the versions disposed of.

    A file that other rooms stand on (``keep_while``: a batch whose figures lead back to it) stays until
    they let it go. Content shared with a document that is still retained stays as well.
    """
    day = today or clock.today()
    due = DocumentVersion.objects.filter(
        disposed_at__isnull=True, document__retain_until__lt=day
    ).select_related("document")
    disposed = [version for version in due if not any(needs(version) for needs in _needed.values())]
    for version in disposed:
        version.disposed_at = clock.now()
        version.save(update_fields=["disposed_at"])
    checksums = {version.sha256 for version in disposed}
    still = set(DocumentVersion.objects.filter(sha256__in=checksums, disposed_at__isnull=True)
                .values_list("sha256", flat=True))
    # Only once the rows are safely written may the files go: a crash between leaves a file too many.
    transaction.on_commit(partial(_remove_files, checksums - still))
    return disposed


def _remove_files(checksums: set[str]) -> None:
    for checksum in checksums:
        file_place(checksum).unlink(missing_ok=True)


Needs = Callable[[DocumentVersion], bool]
_needed: dict[str, Needs] = {}


def keep_while(name: str, needs: Needs) -> None:
    """Let a room above say which files it still stands on (from its apps.py)."""
    _needed[name] = needs


def file_place(sha256: str) -> Path:
    """Where the file with this checksum lies."""
    return Path(settings.HOME.documents) / sha256[:2] / sha256


@action("documents.add")
def add_version(*, actor: Any, document: Document, source: IO[bytes], file_name: str,
                media_type: str = "") -> DocumentVersion:
    """Add a file to a document; the same content again answers the version that is there."""
    return store_version(document, source, file_name, media_type=media_type, actor=actor)


def store_version(document: Document, source: IO[bytes], file_name: str, *, actor: Any,
                  media_type: str = "", limit: int | None = None) -> DocumentVersion:
    """The part of ``add_version`` that other verbs call inside their own transaction."""
    name = Path(file_name.replace("\\", "/")).name[-255:] or "file"
    refuse_secrets(name)
    checksum, size = keep_file(source, name, limit=limit)
    found = document.versions.filter(sha256=checksum, disposed_at__isnull=True).first()
    if found is not None:
        return found
    number = (document.versions.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    return DocumentVersion.objects.create(
        document=document, number=number, file_name=name, media_type=media_type,
        size_bytes=size, sha256=checksum, uploaded_by_id=actor.pk,
    )


@action("documents.add")
def file_document(
    *, actor: Any, source: IO[bytes] | None = None, file_name: str = "", media_type: str = "", **facts: Any
) -> Document:
    """Record a paper together with its scanned file, both or neither; ``facts`` as for ``record_document``."""
    made: Document = record_document(actor=actor, **facts)
    if source is not None:
        store_version(made, source, file_name, actor=actor, media_type=media_type)
    return made
