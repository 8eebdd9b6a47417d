"""All that may change in collection: take a file in, preview and commit it, decide on held rows.

A file is taken in whole or not at all: one transaction holds the batch, its series, figures, held rows
and trail. ``kill -9`` at any moment leaves the batch complete or absent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DatabaseError, transaction

from kouan.accounts.action import action, allows, refuse
from kouan.accounts.models import OrganisationKind
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused, clock
from kouan.collection import hooks, intake, previewing, sources, store
from kouan.collection.holding import refuse_unless_open, reinterpret
from kouan.collection.intake import Comparison, Examination, silent
from kouan.collection.interpret import Progress, SeriesKey
from kouan.collection.models import Batch, BatchState, Holding, Observation, Resolution, Series
from kouan.collection.readers import Limits
from kouan.collection.report import IntakeReport
from kouan.collection.sources import Source
from kouan.desk.actions import file_place, store_version
from kouan.desk.models import Document, DocumentKind, DocumentVersion

SUBMIT = "intake.submit"
ANALYSE_FROM = 20_000  # figures; below it the planner's idea of the tables is near enough


def take_in(
    *, actor: Any, path: Path | str, source: str, name: str = "", dry_run: bool = False, again: bool = False,
    limits: Limits | None = None, progress: Progress = silent,
) -> IntakeReport:
    """Take a file in under a source, or with ``dry_run`` say what would happen and write nothing.

    Raises Refused where the file as a whole cannot be taken in; then nothing is written. The very file
    again, by the same office, changes nothing and answers with the counts of the first time; ``again``
    reads it anew all the same (the register has grown since) and closes what the first reading held.
    """
    path = Path(path)
    name = name or path.name
    found = allowed_source(actor, source, "collection.take_in")
    with _clear_storage_faults(name):
        before = None if again else _same_file(actor, found, path)
        if before is not None:
            return IntakeReport.of_batch(before, repeated=True)
        examination = intake.examine(path, found, actor, name=name, limits=limits, progress=progress)
        _record_foreign(actor, examination)
        if dry_run:
            return _counted(examination, intake.compare(examination, progress)[0], dry_run=True)
        return _commit(actor=actor, examination=examination, progress=progress, again=again)


def preview(
    *, actor: Any, path: Path | str, source: str, name: str = "", limits: Limits | None = None,
    progress: Progress = silent,
) -> IntakeReport:
    """Examine a file, keep it, and remember the result as a batch that waits for ``commit_preview``."""
    path = Path(path)
    name = name or path.name
    found = allowed_source(actor, source, "collection.preview")
    with _clear_storage_faults(name):
        before = _same_file(actor, found, path)
        if before is not None:
            return IntakeReport.of_batch(before, repeated=True)
        examination = intake.examine(path, found, actor, name=name, limits=limits, progress=progress)
        _record_foreign(actor, examination)
        comparison, found_series = intake.compare(examination, progress)
        report = _counted(examination, comparison)
        shown = previewing.kept(examination, comparison, found_series)
        batch = _keep_preview(actor=actor, examination=examination, report=report, shown=shown)
        report.batch = batch.pk
        return report


def commit_preview(*, actor: Any, batch_id: int, progress: Progress = silent) -> IntakeReport:
    """Take in a previewed file. It is read anew, so that the register as it is now decides."""
    batch = Batch.objects.visible_to(actor).filter(pk=batch_id).select_related("document").first()
    if batch is None or batch.document is None:
        raise _no_batch(batch_id)
    found = allowed_source(actor, batch.source, "collection.commit_preview")
    _own(actor, batch)
    _still_previewed(batch)
    with _clear_storage_faults(batch.file_name):
        examination = intake.examine(
            file_place(batch.document.sha256), found, actor, name=batch.file_name, progress=progress
        )
        return _commit(actor=actor, examination=examination, progress=progress, batch_id=batch.pk)


@action(SUBMIT)
def discard_preview(*, actor: Any, batch_id: int) -> Batch:
    """Drop a previewed batch; the file stays among the documents, the batch as discarded."""
    batch = Batch.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=batch_id).first()
    if batch is None:
        raise _no_batch(batch_id)
    _own(actor, batch)
    _still_previewed(batch)
    batch.state, batch.preview = BatchState.DISCARDED, {}
    batch.save(update_fields=["state", "preview"])
    return batch


# ---- held rows ------------------------------------------------------------------------------------------


@action("intake.resolve")
def accept_holding(
    *, actor: Any, holding_id: int, reason: str, corrections: Mapping[str, str] | None = None
) -> list[Observation]:
    """Accept a held row with a reason, as it stands or with some cells corrected (by column name).

    A small batch of its own writes the figures; they lead back to the row that was held. Raises Refused
    with what is still wrong, NotFound outside the scope, Conflict when somebody was faster.
    """
    holding = _decidable(actor, holding_id)
    reason = _reason(reason)
    store.lock_intake()
    examination = reinterpret(holding, corrections or {}, actor, overrule=True)
    comparison, found = intake.compare(examination)
    origin = holding.batch
    batch = Batch(
        source=origin.source, file_name=origin.file_name, file_sha256=origin.file_sha256, file_size=origin.file_size,
        file_encoding=origin.file_encoding, layout=origin.layout, source_digest=origin.source_digest,
        is_open=origin.is_open, sheets=origin.sheets, columns=origin.columns, document_id=origin.document_id,
        submitted_by_id=actor.pk, organisation_id=origin.organisation_id, state=BatchState.COMMITTED,
        committed_at=clock.now(), rows_read=1, rows_accepted=1, observations=comparison.observations,
        revisions=comparison.revisions, unchanged=comparison.unchanged, resolves=holding,
    )
    batch.save()
    written = _write_figures(batch, examination, comparison, found, silent)
    batch.save(update_fields=["rows_digest"])
    _decide(holding, actor, Resolution.ACCEPTED, reason)
    if written:
        hooks.tell(written)
    return list(batch.rows.select_related("series").order_by("pk"))


@action("intake.resolve")
def discard_holding(*, actor: Any, holding_id: int, reason: str) -> Holding:
    """Decide that a held row is not to be used, with a reason. The row stays readable."""
    holding = _decidable(actor, holding_id)
    _decide(holding, actor, Resolution.DISCARDED, _reason(reason))
    return holding


def _decidable(actor: Any, holding_id: int) -> Holding:
    holding = Holding.objects.visible_to(actor).filter(pk=holding_id).first()
    if holding is None or not may_submit(actor, sources.get(holding.batch.source)):
        # Held rows of open sources are shown to all, but only their submitter decides about them.
        if holding is not None:
            raise refuse(actor, "intake.resolve", "collection.decide")
        raise NotFound([Finding.error(
            "holding_not_found", f"没有编号为 {holding_id} 的暂存记录。", f"There is no held row numbered {holding_id}.",
            remedy=("请从“报送”页进入。", "Start from the page of submissions."),
        )])
    holding = Holding.objects.select_for_update(of=("self",)).select_related("batch").get(pk=holding_id)
    refuse_unless_open(holding)
    return holding


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > 400:
        raise Refused.because(
            "reason_needed", "请写明理由（不超过400字）。", "Give the reason (400 characters at most).",
            where=Place(field="reason"), remedy=("说明核实的对象和依据。", "Say what was verified, and with whom."),
        )
    return reason


def _decide(holding: Holding, actor: Any, resolution: Resolution, reason: str) -> None:
    holding.resolution, holding.reason = resolution, reason
    holding.resolved_by_id, holding.resolved_at = actor.pk, clock.now()
    holding.save(update_fields=["resolution", "reason", "resolved_by", "resolved_at"])


# ---- who may -------------------------------------------------------------------------------------------


def allowed_source(actor: Any, source_id: str, verb: str) -> Source:
    """The source, if the actor may submit for it."""
    if not allows(actor, SUBMIT):
        raise refuse(actor, SUBMIT, verb)
    source = sources.get(source_id)
    if source.submitter == "national" and not may_submit(actor, source):
        record_event("refused", actor_id=actor.pk, payload={"permission": SUBMIT, "verb": verb, "source": source_id})
        raise NotAllowed([Finding.error(
            "source_not_yours", f"来源“{source.name.zh}”只由国家口岸管理办公室报送，本次尝试已留痕。",
            f"Only the national office submits “{source.name.en}”; the attempt has been recorded.",
            where=Place(field="source"), measured=source_id,
            remedy=("请改用“口岸数据报送表”（port-return）。", "Use the port return (port-return)."),
        )])
    return source


def may_submit(actor: Any, source: Source) -> bool:
    """Whether an actor may submit files of a source: open sources come from the national office only."""
    if not allows(actor, SUBMIT):
        return False
    organisation = getattr(actor, "organisation", None)
    return source.submitter != "national" or organisation is None or (
        organisation.kind == OrganisationKind.NATIONAL_OFFICE
    )


def _record_foreign(actor: Any, examination: Examination) -> None:
    """Leave in the trail that a file named ports outside its submitter's scope."""
    if examination.foreign:
        record_event("intake.out_of_scope", actor_id=actor.pk, payload={
            "source": examination.source.id, "file": examination.name, "sha256": examination.sha256,
            "ports": sorted(set(examination.foreign))[:50],
        })


def _same_file(actor: Any, source: Source, path: Path) -> Batch | None:
    """The batch that this very file made before, under the same description and for the same office."""
    if not path.is_file():
        return None
    sha256, _ = intake.checksum(path)
    return _same_batch(actor, source, sha256)


def _same_batch(actor: Any, source: Source, sha256: str) -> Batch | None:
    return Batch.objects.filter(
        source=source.id, file_sha256=sha256, source_digest=source.digest, state=BatchState.COMMITTED,
        organisation=getattr(actor, "organisation", None), resolves__isnull=True,
    ).order_by("-pk").first()


def _no_batch(batch_id: int) -> NotFound:
    return NotFound([Finding.error(
        "batch_not_found", f"没有编号为 {batch_id} 的批次。", f"There is no batch numbered {batch_id}.",
        remedy=("请从“报送”页进入。", "Start from the page of submissions."),
    )])


def _own(actor: Any, batch: Batch) -> None:
    """A preview was read within its own office's scope, so nobody else commits or drops it."""
    if batch.organisation_id != getattr(actor, "organisation_id", None):
        raise NotAllowed([Finding.error(
            "preview_of_another_office", "该预览由其他单位提交，只能由其本单位确认或放弃。",
            "This preview belongs to another office; only that office may commit or discard it.",
            remedy=("请该单位处理，或自行重新提交文件。", "Ask that office, or submit the file yourself."),
        )])


def _still_previewed(batch: Batch) -> None:
    if batch.state != BatchState.PREVIEWED:
        raise Conflict([Finding.error(
            "batch_already_decided", "该批次已提交或已放弃。", "The batch has already been committed or discarded.",
            measured=batch.state, remedy=("请刷新页面查看结果。", "Reload the page to see the outcome."),
        )])


@contextmanager
def _clear_storage_faults(name: str) -> Iterator[None]:
    """Turn a full disk or a busy database into a clear refusal; anything else goes through."""
    try:
        yield
    except (DatabaseError, OSError) as error:
        refusal = store.storage_refusal(error, name)
        if refusal is None:
            raise
        raise refusal from error


# ---- writing -------------------------------------------------------------------------------------------


def _counted(examination: Examination, comparison: Comparison, *, dry_run: bool = False) -> IntakeReport:
    report = examination.report()
    report.observations, report.revisions = comparison.observations, comparison.revisions
    report.unchanged, report.dry_run = comparison.unchanged, dry_run
    report.seconds = time.monotonic() - examination.started
    return report


@action(SUBMIT)
def _keep_preview(
    *, actor: Any, examination: Examination, report: IntakeReport, shown: dict[str, Any]
) -> Batch:
    batch = _batch(actor, examination, report, _stored(actor, examination))
    batch.preview = shown
    batch.save()
    return batch


@action(SUBMIT)
def _commit(
    *, actor: Any, examination: Examination, progress: Progress, batch_id: int | None = None, again: bool = False,
) -> IntakeReport:
    """The one transaction of an intake."""
    store.lock_intake()
    before = _same_batch(actor, examination.source, examination.sha256)
    if before is not None and not again:
        # Somebody of the same office was faster: what waited for the same file waits no longer.
        for waiting in Batch.objects.filter(pk__in=[batch_id or 0], state=BatchState.PREVIEWED):
            waiting.state, waiting.preview = BatchState.DISCARDED, {}
            waiting.save(update_fields=["state", "preview"])
        return IntakeReport.of_batch(before, repeated=True)
    if before is not None:
        Holding.objects.filter(
            batch__source=before.source, batch__file_sha256=before.file_sha256,
            batch__organisation=before.organisation,
        ).waiting().update(
            resolution=Resolution.SUPERSEDED, reason="原文件已重新读取", resolved_by_id=actor.pk, resolved_at=clock.now()
        )
    comparison, found = intake.compare(examination, progress)
    report = _counted(examination, comparison)
    batch = _batch(actor, examination, report, _stored(actor, examination))
    if batch_id is not None:
        waiting = Batch.objects.select_for_update().get(pk=batch_id)
        _still_previewed(waiting)
        batch.pk, batch.created_at = waiting.pk, waiting.created_at
    batch.state, batch.committed_at = BatchState.COMMITTED, clock.now()
    batch.save()
    written = _write_figures(batch, examination, comparison, found, progress)
    store.write_holdings(batch, examination.tally.faults, progress)
    if len(comparison.rows) >= ANALYSE_FROM:
        store.refresh_statistics()
    if written:
        hooks.tell(written)
    batch.seconds = report.seconds = time.monotonic() - examination.started
    batch.save(update_fields=["rows_digest", "seconds"])
    report.batch = batch.pk
    progress(1, 1, "完成 done")
    return report


def write_examined(*, submitter: Any, organisation: Any, examination: Examination, document: DocumentVersion) -> Batch:
    """The part of an intake that another verb of this room calls inside its own transaction: what was examined and agreed upon
    elsewhere (a return that was signed off) becomes a committed batch with its figures. Revisions are kept as for any file."""
    store.lock_intake()
    comparison, found = intake.compare(examination)
    batch = _batch(submitter, examination, _counted(examination, comparison), document)
    batch.organisation, batch.state, batch.committed_at = organisation, BatchState.COMMITTED, clock.now()
    batch.save()
    written = _write_figures(batch, examination, comparison, found, silent)
    batch.save(update_fields=["rows_digest"])
    if written:
        hooks.tell(written)
    return batch


def _write_figures(
    batch: Batch, examination: Examination, comparison: Comparison, found: dict[SeriesKey, int],
    progress: Progress,
) -> set[int]:
    """Write the new and revised figures; answer the series they belong to."""
    if not comparison.rows:
        return set()
    figures = examination.figures
    needed = {figures.series[index] for index, _ in comparison.rows}
    ids = _series_ids(examination, found, needed)
    days = [(period.start.isoformat(), period.end.isoformat()) for period in examination.periods]
    series, period, values = figures.series, figures.period, figures.value
    at, rows, sheets, columns = figures.at, figures.rows, figures.sheets, figures.column
    batch.rows_digest = store.write_observations(
        batch,
        (
            (ids[series[i]], *days[period[i]], revision, values[i], sheets[at[i]], rows[at[i]], columns[i])
            for i, revision in comparison.rows
        ),
        len(comparison.rows), progress,
    )
    return {ids[number] for number in needed}


def _series_ids(
    examination: Examination, found: dict[SeriesKey, int], needed: set[int]
) -> dict[int, int]:
    """Number in the file → key in the database, for the series that get figures; new ones are made."""
    ids: dict[int, int] = {}
    missing: list[tuple[int, Series]] = []
    source = examination.source
    for key, number in examination.series.items():
        if number not in needed:
            continue
        if key in found:
            ids[number] = found[key]
            continue
        kind, code, measure, direction, group, granularity = key
        missing.append((number, Series(
            subject_kind=kind, subject_code=code, measure=measure, direction=direction, group=group,
            granularity=granularity, unit=examination.measure_units[measure], definition=source.definition_code,
            origin=examination.origin, source=source.id,
        )))
    made = Series.objects.bulk_create([series for _, series in missing], batch_size=80)
    ids.update({number: series.pk for (number, _), series in zip(missing, made, strict=True)})
    return ids


def _batch(actor: Any, examination: Examination, report: IntakeReport, document: DocumentVersion) -> Batch:
    return Batch(
        source=examination.source.id, file_name=examination.name[-255:], file_sha256=examination.sha256,
        file_size=examination.size, file_encoding=examination.encoding, layout=examination.layout,
        source_digest=examination.source.digest, is_open=examination.source.is_open,
        sheets=examination.sheets, columns=examination.headers, document=document,
        submitted_by_id=actor.pk, organisation_id=getattr(actor, "organisation_id", None),
        rows_read=report.read, rows_accepted=report.accepted, rows_held=report.held, rows_refused=report.refused,
        observations=report.observations, revisions=report.revisions, unchanged=report.unchanged,
        findings=report.findings, seconds=report.seconds,
    )


def _stored(actor: Any, examination: Examination) -> DocumentVersion:
    """Keep the file itself, whole and under its checksum: every figure leads back to it."""
    organisation = getattr(actor, "organisation", None)
    owner = organisation.pk if organisation is not None else "system"
    document, _ = Document.objects.get_or_create(
        reference=f"intake:{examination.source.id[:48]}:{owner}:{examination.sha256[:32]}",
        defaults={
            "kind": DocumentKind.DATA, "title": examination.name[-300:], "is_public": examination.source.is_open,
            "owner_id": actor.pk, "organisation": organisation,
            "province_code": getattr(organisation, "province_code", "") or "",
        },
    )
    with examination.path.open("rb") as file, transaction.atomic():
        return store_version(document, file, examination.name, actor=actor, limit=Limits().file_bytes)
