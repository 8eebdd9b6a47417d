"""From a figure back to the cell it was read from, and forward to what was made of it.

Every figure names its batch, sheet, row and column; the batch names the file by SHA-256, and the
file itself is kept. So ``trace`` answers from the database alone, and ``file_cell`` opens the kept
file and shows the cell as it stood.

Rooms above write downward what they used (DESIGN.md, contract 5), so "what depends on this figure"
needs no upward import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from kouan.basis import EvidenceRef, Finding, Refused
from kouan.collection import sources
from kouan.collection.intake import read_rows
from kouan.collection.models import Batch, BatchState, LineageLink, Observation
from kouan.collection.readers import column_letters
from kouan.desk.actions import file_place
from kouan.desk.models import DocumentVersion


@dataclass(frozen=True, slots=True)
class Trace:
    """Where one figure came from. ``row`` and ``column`` count from 1; ``cell`` is the worksheet's name for it."""

    file: str
    sha256: str
    sheet: str
    row: int
    column: int
    heading: str
    cell: str | None
    batch: int
    source: str
    source_name: dict[str, str]
    definition: str
    origin: str
    layout: str
    submitted_by: str
    organisation: str
    committed_at: datetime | None
    document: int | None
    accepted_with: str | None  # the reason, where somebody accepted a held row

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of API and pages."""
        answer = {name: getattr(self, name) for name in self.__slots__}
        answer["committed_at"] = self.committed_at.isoformat() if self.committed_at else None
        return answer


@dataclass(frozen=True, slots=True)
class FileCell:
    """The row of the kept file in which a figure stands, and which of its cells it is (from 0)."""

    header: list[str]
    cells: list[str]
    index: int

    @property
    def text(self) -> str:
        """The cell as it stood."""
        return self.cells[self.index] if self.index < len(self.cells) else ""


def trace(observation: Observation) -> Trace:
    """Where a figure came from; two queries at most, none when batch and series are loaded."""
    batch, series = observation.batch, observation.series
    header = batch.columns[observation.sheet] if observation.sheet < len(batch.columns) else []
    in_workbook = observation.sheet < len(batch.sheets) and bool(batch.sheets[observation.sheet])
    known = {source.id: source for source in sources.all_sources()}.get(batch.source)
    user = batch.submitted_by
    resolved = batch.resolves
    return Trace(
        file=batch.file_name, sha256=batch.file_sha256,
        sheet=batch.sheets[observation.sheet] if in_workbook else "",
        row=observation.row, column=observation.column,
        heading=header[observation.column - 1] if observation.column <= len(header) else "",
        cell=f"{column_letters(observation.column)}{observation.row}" if in_workbook else None,
        batch=batch.pk, source=batch.source,
        source_name=known.name.as_dict() if known else {"zh": batch.source, "en": batch.source},
        definition=series.definition, origin=series.origin, layout=batch.layout,
        submitted_by=str(user) if user else "系统", organisation=str(batch.organisation) if batch.organisation else "",
        committed_at=batch.committed_at, document=batch.document_id,
        accepted_with=resolved.reason if resolved is not None else None,
    )


def file_cell(observation: Observation) -> FileCell:
    """Open the kept file and show the cell as it stood.

    Raises Refused when the file is gone or is no longer what was taken in (its checksum decides).
    """
    batch = observation.batch
    cells = row_of(batch, observation.sheet, observation.row)
    header = batch.columns[observation.sheet] if observation.sheet < len(batch.columns) else []
    return FileCell(header, cells, observation.column - 1)


def row_of(batch: Batch, sheet: int, row: int) -> list[str]:
    """One row of a batch's kept file, as text. Raises Refused as ``file_cell``."""
    place = file_place(batch.file_sha256)
    if not place.is_file():
        raise _gone("file_missing", "原始文件已不在档案中", "The original file is no longer kept", batch)
    with place.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != batch.file_sha256:
            raise _gone("file_altered", "原始文件与入库时的校验值不符", "The kept file no longer has its checksum", batch)
    found = dict(read_rows(place, batch.file_name, {(sheet, row)}))
    if (sheet, row) not in found:
        raise _gone("row_missing", f"原始文件中没有第{row}行", f"The kept file has no row {row}", batch)
    return found[(sheet, row)]


def _gone(code: str, zh: str, en: str, batch: Batch) -> Refused:
    return Refused(Finding.error(
        code, f"{zh}（{batch.file_name}）。", f"{en} ({batch.file_name}).", measured=batch.file_sha256,
        remedy=("请从备份恢复该文件，并报告数据审计员。", "Restore it from backup and tell the auditor."),
    ))


# ---- forward: what was made of it -----------------------------------------------------------------------


def record_use(user: EvidenceRef, used: Iterable[EvidenceRef]) -> int:
    """Write down that a record of a room above used this evidence; called inside that room's verb."""
    links = [
        LineageLink(
            user_room=user.room, user_kind=user.kind, user_id=str(user.id), user_revision=user.revision,
            used_room=each.room, used_kind=each.kind, used_id=str(each.id), used_revision=each.revision,
            used_digest=each.digest or "",
        )
        for each in used
    ]
    LineageLink.objects.bulk_create(links, batch_size=80)
    return len(links)


def users_of(used: EvidenceRef, *, any_revision: bool = False) -> list[EvidenceRef]:
    """What was made with this evidence."""
    links: QuerySet[LineageLink] = LineageLink.objects.filter(
        used_room=used.room, used_kind=used.kind, used_id=str(used.id)
    )
    if not any_revision:
        links = links.filter(used_revision=used.revision)
    return [EvidenceRef(link.user_room, link.user_kind, link.user_id, link.user_revision) for link in links.order_by("pk")]


def evidence_of(user: EvidenceRef) -> list[EvidenceRef]:
    """The evidence that a record of a room above was made with."""
    links = LineageLink.objects.filter(
        user_room=user.room, user_kind=user.kind, user_id=str(user.id), user_revision=user.revision
    )
    return [
        EvidenceRef(link.used_room, link.used_kind, link.used_id, link.used_revision, link.used_digest or None)
        for link in links.order_by("pk")
    ]


def leads_back_to(version: DocumentVersion) -> bool:
    """Whether figures were read from this file: it is then kept, whatever its retention says."""
    return Batch.objects.filter(document=version, state=BatchState.COMMITTED).exists()


@dataclass(frozen=True, slots=True)
class Dependant:
    """A record that rests on some evidence, directly (``steps`` 1) or through other records."""

    reference: EvidenceRef
    steps: int


MOST_STEPS, MOST_DEPENDANTS = 6, 5000


def dependants(used: Iterable[EvidenceRef], *, direct: Iterable[Dependant] = (), most: int = MOST_DEPENDANTS) -> list[Dependant]:
    """Everything that was made with the evidence, and with what was made of it, nearest first; any revision, each record once.

    ``direct``: users that are known otherwise than by a link, as what names a port rests on its entry in the register; followed from there.
    At most ``most`` records in at most six steps: a figure of the nation's largest port has some hundred.
    """
    found = list({(each.reference.room, each.reference.kind, str(each.reference.id)): each for each in direct}.values())[:most]
    at = {(each.room, each.kind, str(each.id)) for each in [*used, *(one.reference for one in found)]}
    known = set(at)
    for steps in range(1, MOST_STEPS + 1):
        by_kind: dict[tuple[str, str], list[str]] = {}
        for room, kind, number in sorted(at):
            by_kind.setdefault((room, kind), []).append(number)
        at = set()
        for (room, kind), numbers in by_kind.items():
            for start in range(0, len(numbers), 400):
                links = LineageLink.objects.filter(used_room=room, used_kind=kind, used_id__in=numbers[start:start + 400]).order_by("pk")
                for user_room, user_kind, user_id, revision in links.values_list("user_room", "user_kind", "user_id", "user_revision"):
                    key = (user_room, user_kind, user_id)
                    if key not in known and len(found) < most:
                        known.add(key)
                        at.add(key)
                        found.append(Dependant(EvidenceRef(user_room, user_kind, user_id, revision), steps))
        if not at:
            break
    return found
