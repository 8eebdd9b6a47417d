"""``/sources``, ``/batches``, ``/findings``: the way in, for programs."""

from __future__ import annotations

import hashlib
from pathlib import Path as FilePath
from pathlib import PurePath
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import File, Form, Path, Query, Router
from ninja.files import UploadedFile

from kouan.api.idempotency import once
from kouan.api.paging import of_rows, page
from kouan.api.reading import AfterCode, AfterNumber, IdempotencyKey, Limit, Number
from kouan.api.shapes import (
    REFUSALS,
    WRITE_REFUSALS,
    BatchOut,
    BatchPage,
    HoldingPage,
    IntakeOut,
    SourceOut,
    SourcePage,
)
from kouan.collection.actions import take_in
from kouan.collection.models import Batch, Holding
from kouan.collection.queries import batches_visible_to, get_batch, holdings_visible_to
from kouan.collection.sources import Source, all_sources, get

router = Router(tags=["报送 / Intake"])
SourceCode = Annotated[str, Path(pattern=r"^[-a-z0-9]{1,64}$", description="来源代码，如 port-return / source, such as port-return")]


def source_dict(source: Source) -> dict[str, Any]:
    """A source as the API shows it."""
    return {
        "code": source.id, "name": source.name.as_dict(), "producer": source.producer.as_dict(),
        "licence": source.licence.as_dict(), "cadence": source.cadence, "submitter": source.submitter,
        "description": source.as_dict(),
    }


def batch_dict(batch: Batch) -> dict[str, Any]:
    """A batch as the API shows it."""
    return {
        "id": batch.pk, "source": batch.source, "file_name": batch.file_name, "file_sha256": batch.file_sha256,
        "state": batch.state, "created_at": batch.created_at, "committed_at": batch.committed_at,
        "findings": batch.findings, "read": batch.rows_read, "accepted": batch.rows_accepted, "held": batch.rows_held,
        "refused": batch.rows_refused, "observations": batch.observations, "revisions": batch.revisions,
        "unchanged": batch.unchanged,
    }


def holding_dict(holding: Holding) -> dict[str, Any]:
    """A held or refused row as the API shows it."""
    return {
        "id": holding.pk, "batch": holding.batch_id, "sheet": holding.sheet, "row": holding.row,
        "outcome": holding.outcome, "raw": holding.raw, "findings": holding.findings,
        "resolution": holding.resolution or None, "reason": holding.reason or None,
        "resolved_at": holding.resolved_at,
    }


@router.get(
    "/sources", response={200: SourcePage, **REFUSALS}, summary="数据来源 / Sources",
    description="全部数据来源：提供者、许可、周期、列与口径、已知问题。 / "
                "All sources with producer, licence, cadence, columns, definitions and known faults.",
)
def list_sources(request: HttpRequest, limit: Limit = 50, after: AfterCode = "") -> dict[str, Any]:
    """All sources with their columns, definitions and known faults."""
    found = sorted((source for source in all_sources() if source.id > after), key=lambda source: source.id)
    return of_rows([source_dict(each) for each in found[:limit]], found[limit - 1].id if len(found) > limit else None)


@router.get(
    "/sources/{code}", response={200: SourceOut, **REFUSALS}, summary="一个数据来源 / One source",
    description="一个数据来源的说明。 / The description of one source.",
)
def one_source(request: HttpRequest, code: SourceCode) -> dict[str, Any]:
    """One source."""
    return source_dict(get(code))


@router.get(
    "/batches", response={200: BatchPage, **REFUSALS}, summary="批次 / Batches in scope",
    description="导入的文件，新的在前：读取 = 接受 + 暂存 + 拒收。 / "
                "Files taken in, newest first: read = accepted + held + refused.",
)
def list_batches(request: HttpRequest, limit: Limit = 50, after: AfterNumber = "") -> dict[str, Any]:
    """Files taken in, newest first."""
    return page(batches_visible_to(request.user), key="-id", limit=limit, after=after, show=batch_dict)


@router.get(
    "/batches/{id}", response={200: BatchOut, **REFUSALS}, summary="一个批次 / One batch",
    description="一个批次的计数和问题汇总。 / One batch with its counts and a summary of its findings.",
)
def one_batch(request: HttpRequest, id: Number) -> dict[str, Any]:
    """One batch with its counts."""
    return batch_dict(get_batch(request.user, id))


@router.post(
    "/batches", response={200: IntakeOut, **WRITE_REFUSALS}, summary="报送文件 / Take in a file",
    description="整个文件要么全部写入，要么一点不写；每行或被接受，或暂存，或拒收，并说明原因。同一 Idempotency-Key 和同一内容"
                "再次发送，得到同一回答而不重复写入；同一键用于另一内容回答 409。dry_run=true 只检查。 / "
                "The whole file is written or nothing is; each row is accepted, held or refused with its reason. The "
                "same Idempotency-Key with the same content is answered alike and done once; with other content it is "
                "refused (409). dry_run=true only checks.",
)
def submit(
    request: HttpRequest,
    file: Annotated[UploadedFile, File(description="CSV、XLSX 或 Parquet 文件，不超过 64 MiB / a file of at most 64 MiB")],
    source: Annotated[str, Form(pattern=r"^[-a-z0-9]{1,64}$", description="来源代码 / source")],
    idempotency_key: IdempotencyKey,
    dry_run: Annotated[bool, Form(description="只检查，不写入 / check only")] = False,
) -> Any:
    """Take in a file whole or not at all; the same key again answers the same without doing it twice."""
    name = PurePath((file.name or "upload").replace("\\", "/")).name[-255:] or "upload"
    with TemporaryDirectory(prefix="kouan-upload-") as folder:
        place = FilePath(folder) / "upload"
        digest = hashlib.sha256(f"{source}\0{dry_run}\0{name}\0".encode())
        with place.open("wb") as copy:
            for chunk in file.chunks():
                digest.update(chunk)
                copy.write(chunk)

        def work() -> dict[str, Any]:
            return take_in(actor=request.user, path=place, name=name, source=source, dry_run=dry_run).as_dict()

        return once(request.user, idempotency_key, digest.hexdigest(), work)


@router.get(
    "/findings", response={200: HoldingPage, **REFUSALS}, summary="暂存与拒收 / Held and refused rows",
    description="没有被接受的行，及其原因和办法；open=true 只列尚待处理的暂存行。 / "
                "Rows that were not accepted, with what is wrong and what to do; open=true lists held rows that wait.",
)
def list_findings(
    request: HttpRequest,
    batch: Annotated[int | None, Query(ge=1, lt=2**63, description="批次编号 / batch")] = None,
    outcome: Annotated[Literal["held", "refused"] | None, Query(description="held 暂存、refused 拒收 / held or refused")] = None,
    open: Annotated[bool, Query(description="只列待处理的 / only rows that wait")] = False,
    limit: Limit = 50, after: AfterNumber = "",
) -> dict[str, Any]:
    """Rows that were not accepted, with their findings."""
    found = holdings_visible_to(request.user)
    if batch is not None:
        found = found.filter(batch=get_batch(request.user, batch))
    if outcome:
        found = found.filter(outcome=outcome)
    if open:
        found = found.waiting()
    return page(found, key="id", limit=limit, after=after, show=holding_dict)
