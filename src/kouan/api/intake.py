"""``/sources``, ``/batches``, ``/findings``: the way in, for programs."""

from __future__ import annotations

import hashlib
from pathlib import Path as FilePath
from pathlib import PurePath
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import File, Form, Header, Path, Query, Router
from ninja.files import UploadedFile

from kouan.api.idempotency import once
from kouan.api.paging import After, Limit, page, page_of_list
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, BatchOut, BatchPage, HoldingPage, SourceOut, SourcePage
from kouan.basis import Finding, NotFound
from kouan.collection.actions import take_in
from kouan.collection.models import Batch, Holding
from kouan.collection.queries import batches_visible_to, holdings_visible_to
from kouan.collection.sources import Source, all_sources, get

router = Router(tags=["报送 intake"])
Identity = Annotated[int, Path(ge=1, lt=2**63)]


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
        "read": batch.rows_read, "accepted": batch.rows_accepted, "held": batch.rows_held,
        "refused": batch.rows_refused, "observations": batch.observations, "revisions": batch.revisions,
        "unchanged": batch.unchanged,
    }


def holding_dict(holding: Holding) -> dict[str, Any]:
    """A held or refused row as the API shows it."""
    return {
        "id": holding.pk, "batch": holding.batch_id, "sheet": holding.sheet, "row": holding.row,
        "outcome": holding.outcome, "raw": holding.raw, "findings": holding.findings,
        "resolved_at": holding.resolved_at,
    }


@router.get("/sources", response={200: SourcePage, **REFUSALS}, summary="数据来源 / sources")
def list_sources(request: HttpRequest, limit: Limit = 50, after: After = "") -> dict[str, Any]:
    """All sources with their columns, definitions and known faults."""
    return page_of_list(list(all_sources()), limit=limit, after=after, show=source_dict)


@router.get("/sources/{code}", response={200: SourceOut, **REFUSALS}, summary="一个数据来源 / one source")
def one_source(
    request: HttpRequest, code: Annotated[str, Path(max_length=64, pattern=r"^[-a-z0-9]+$")]
) -> dict[str, Any]:
    """One source."""
    return source_dict(get(code))


@router.get("/batches", response={200: BatchPage, **REFUSALS}, summary="批次 / batches in scope")
def list_batches(request: HttpRequest, limit: Limit = 50, after: After = "") -> dict[str, Any]:
    """Files taken in, newest first."""
    return page(batches_visible_to(request.user), key="-id", limit=limit, after=after, kind=int, show=batch_dict)


@router.get("/batches/{id}", response={200: BatchOut, **REFUSALS}, summary="一个批次 / one batch")
def one_batch(request: HttpRequest, id: Identity) -> dict[str, Any]:
    """One batch with its counts."""
    found = batches_visible_to(request.user).filter(pk=id).first()
    if found is None:
        raise NotFound([Finding.error("batch_not_found", f"没有编号为 {id} 的批次。", f"There is no batch {id}.")])
    return batch_dict(found)


@router.post("/batches", response={200: dict[str, Any], **WRITE_REFUSALS}, summary="报送文件 / take in a file")
def submit(
    request: HttpRequest,
    file: Annotated[UploadedFile, File(description="CSV、XLSX 或 Parquet")],
    source: Annotated[str, Form(max_length=64)],
    idempotency_key: Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=80)],
    dry_run: Annotated[bool, Form()] = False,
) -> Any:
    """Take in a file whole or not at all; the same key again answers the same without doing it twice."""
    name = PurePath(file.name or "upload").name
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


@router.get("/findings", response={200: HoldingPage, **REFUSALS}, summary="暂存与拒收 / held and refused rows")
def list_findings(
    request: HttpRequest, batch: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    outcome: Literal["held", "refused"] | None = None, open: bool = False,
    limit: Limit = 50, after: After = "",
) -> dict[str, Any]:
    """Rows that were not accepted, with their findings."""
    found = holdings_visible_to(request.user)
    if batch is not None:
        found = found.filter(batch_id=batch)
    if outcome:
        found = found.filter(outcome=outcome)
    if open:
        found = found.filter(resolved_at__isnull=True, outcome="held")
    return page(found, key="id", limit=limit, after=after, kind=int, show=holding_dict)
