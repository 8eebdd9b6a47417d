"""Writing events: COPY on PostgreSQL, ``executemany`` on SQLite; idempotent by (source, event id, revision).

The usual request holds nothing that is there already, so its rows go straight in and the unique index is the judge.
Only when it objects is each key looked up: the very event again is answered as before, the same key with other content
is held. One text serves the trail's digest and COPY alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction

from kouan.audit import RowsDigest, record_batch
from kouan.audit.canonical import COLUMN_END, NULL, ROW_END
from kouan.basis import Finding, Place
from kouan.monitoring.journal.columns import COLUMNS, HOUR, iso
from kouan.monitoring.journal.judge import (
    EVENT_ID,
    OCCURRED,
    PORT,
    RECEIVED,
    REVISION,
    WITHDRAWN,
    Held,
    Judged,
    Row,
    as_sent,
    has_traits,
)
from kouan.monitoring.journal.models import Event, EventBatch, HeldEvent
from kouan.monitoring.journal.traits import TRAITS

_TABLE = Event._meta.db_table
_COLUMNS = ("batch_id", *COLUMNS)
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_NAMES_WITHOUT = ", ".join(f'"{name}"' for name in _COLUMNS if name not in TRAITS)
_INSERT = f"INSERT INTO {_TABLE} ({_NAMES}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"  # noqa: S608 - our own names
_READ = ", ".join(f'e."{name}"' for name in COLUMNS)
# An event older than the newest of its source by more than this came out of its turn.
OUT_OF_TURN = HOUR
Key = tuple[str, str, int]


@dataclass(slots=True)
class Outcome:
    """What became of the rows of one source in one request."""

    batch: int
    accepted: list[int] = field(default_factory=list)
    repeated: list[tuple[int, int]] = field(default_factory=list)  # (number, the batch that took it first)
    held: list[tuple[int, list[Finding]]] = field(default_factory=list)
    held_before: list[tuple[int, list[Finding]]] = field(default_factory=list)
    corrections: int = 0
    notes: list[Finding] = field(default_factory=list)


def write(judged: Judged, *, channel: str, sender_id: int | None, received_at: datetime, file: tuple[str, str] = ("", "")) -> Outcome:
    """Write what one source sent as one batch; call it inside ``acting``. Every row is accepted, repeated or held."""
    batch = EventBatch(
        source=judged.source, channel=channel, sender_id=sender_id, received_at=received_at, received=judged.received,
        file_name=file[0], file_sha256=file[1], late=judged.late, actual=len(judged.delays),
    )
    if judged.delays:
        delays = sorted(judged.delays)
        batch.delay_low_us, batch.delay_mid_us = delays[len(delays) // 20], delays[len(delays) // 2]
    outcome = Outcome(0, accepted=list(judged.numbers))
    # Written as if every row were new, which nearly every time is so; put right below where it was not.
    _count(batch, judged.rows, judged, outcome)
    batch.save(force_insert=True)
    outcome.batch = batch.pk
    rows, numbers = judged.rows, judged.numbers
    if rows:
        digest: RowsDigest | None
        try:
            with transaction.atomic():
                digest = _insert(batch.pk, rows)
        except IntegrityError:
            rows, numbers = _sift(judged, outcome)
            digest = _insert(batch.pk, rows) if rows else None
        if digest is not None:
            record_batch(_TABLE, batch.pk, digest.rows, digest.hexdigest(), marks=digest.marks)
    outcome.accepted = list(numbers)
    if judged.held:
        _hold(batch.pk, judged.held, outcome)
    if judged.held or rows is not judged.rows:
        _count(batch, rows, judged, outcome)
        batch.save(update_fields=_COUNTED)
    return outcome


_COUNTED = ("accepted", "repeated", "held", "first_us", "last_us", "corrections", "withdrawals", "out_of_order", "findings")


def _count(batch: EventBatch, rows: Sequence[Row], judged: Judged, outcome: Outcome) -> None:
    batch.accepted, batch.repeated = len(outcome.accepted), len(outcome.repeated) + len(outcome.held_before)
    batch.held, batch.first_us, batch.last_us, batch.out_of_order = len(outcome.held), None, None, 0
    outcome.notes = [*judged.notes]
    if rows:
        occurred = [row[OCCURRED] for row in rows]
        batch.first_us, batch.last_us = min(occurred), max(occurred)
        before = EventBatch.objects.filter(source=judged.source, last_us__isnull=False).order_by("-pk")
        if batch.pk is not None:
            before = before.filter(pk__lt=batch.pk)
        mark = max((each for each in before.values_list("last_us", flat=True)[:20] if each is not None), default=None)
        if mark is not None and batch.first_us < mark - OUT_OF_TURN:
            batch.out_of_order = sum(each < mark - OUT_OF_TURN for each in occurred)
            outcome.notes.append(Finding.info(
                "events_out_of_order", f"{batch.out_of_order:,} 条事件早于该来源已报的最新事件一小时以上，按发生时刻归位。",
                f"{batch.out_of_order:,} events lie more than an hour before the newest of this source; they are put in "
                "their place by when they occurred.", measured=iso(batch.first_us), required=f"≥ {iso(mark - OUT_OF_TURN)}"))
    batch.corrections = outcome.corrections = sum(row[REVISION] > 1 for row in rows)
    batch.withdrawals = sum(row[WITHDRAWN] for row in rows)
    batch.findings = [finding.as_dict() for finding in outcome.notes]


def _insert(batch: int, rows: Sequence[Row]) -> RowsDigest:
    digest = RowsDigest.of(Event)
    columns: list[Sequence[Any]] = [[batch] * len(rows), *zip(*rows, strict=True)]
    text = digest.add_columns(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The judge lets no control character through, so columns and rows can end in COPY's own marks.
            if "\\" in text:
                text = text.replace("\\", "\\\\")
            names = _NAMES_WITHOUT
            if has_traits(columns[1:]):
                names, text = _NAMES, _levelled(text)
            copied = text.replace(COLUMN_END, "\t").replace(ROW_END, "\n").replace(NULL, "\\N")
            # COPY goes past Django's cursor, and its errors would come in psycopg's own types.
            with connection.wrap_database_errors, cursor.copy(f"COPY {_TABLE} ({names}) FROM STDIN") as copy:
                copy.write(copied)
        else:
            cursor.executemany(_INSERT, [(batch, *row) for row in rows])
    return digest


def _levelled(text: str) -> str:
    """Rows of a digest's text, in which those without traits are shorter, all with the columns of the table."""
    nothing = f"{COLUMN_END}{NULL}" * len(TRAITS)
    return "".join(f"{row if row.count(COLUMN_END) == len(_COLUMNS) - 1 else row + nothing}{ROW_END}" for row in text.split(ROW_END)[:-1])


# ---- rows that are there already --------------------------------------------------------------------------


def _sift(judged: Judged, outcome: Outcome) -> tuple[list[Row], list[int]]:
    """The rows that are new; the others are answered as before, or held where the same key says something else."""
    known = _known({(row[12], row[EVENT_ID], row[REVISION]) for row in judged.rows})
    rows, numbers = [], []
    for row, number in zip(judged.rows, judged.numbers, strict=True):
        key = (row[12], row[EVENT_ID], row[REVISION])
        first = known.get(key)
        if first is None:
            known[key] = (outcome.batch, row)
            rows.append(row)
            numbers.append(number)
        elif _content(first[1]) == _content(row):
            outcome.repeated.append((number, first[0]))
        else:
            judged.held.append(Held(number, judged.source, row[EVENT_ID], row[PORT], as_sent(row),
                                    [_conflict(row, first, number)]))
    return rows, numbers


def _content(row: Row) -> Row:
    """What a sender says; when we got it is not part of it."""
    return row[:RECEIVED] + row[RECEIVED + 1:]


def _known(keys: set[Key]) -> dict[Key, tuple[int, Row]]:
    """Key → (batch, row) of the events that the journal holds already."""
    found: dict[Key, tuple[int, Row]] = {}
    ordered = sorted(keys)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"SELECT e.batch_id, {_READ} FROM {_TABLE} e JOIN unnest(%s::text[], %s::text[], %s::int[])"  # noqa: S608 - our own names; keys are bound
                " AS k(source, event_id, revision) USING (source, event_id, revision)",
                [list(column) for column in zip(*ordered, strict=True)])
            chunks = [cursor.fetchall()]
        else:
            chunks = []
            for start in range(0, len(ordered), 250):
                part = ordered[start : start + 250]
                cursor.execute(
                    f"SELECT e.batch_id, {_READ} FROM {_TABLE} e WHERE (e.source, e.event_id, e.revision) IN"  # noqa: S608 - our own names; keys are bound
                    f" (VALUES {', '.join(['(%s, %s, %s)'] * len(part))})", [value for key in part for value in key])
                chunks.append(cursor.fetchall())
    for chunk in chunks:
        for batch, *values in chunk:
            row = (*values[:8], bool(values[8]), *values[9:15], bool(values[15]), *values[16:])
            found[row[12], row[EVENT_ID], row[REVISION]] = (batch, row)
    return found


def _conflict(row: Row, first: tuple[int, Row], number: int) -> Finding:
    differs = [name for name, old, new in zip(COLUMNS, first[1], row, strict=True) if old != new and name != "received_us"]
    name = differs[0]
    at = COLUMNS.index(name)
    was, is_now = (iso(value) if name == "occurred_us" else str(value) for value in (first[1][at], row[at]))
    column = "occurred_at" if name == "occurred_us" else name
    return Finding.error(
        "event_conflict",
        f"第 {number} 条：编号“{row[EVENT_ID]}”第 {row[REVISION]} 次修订已由第 {first[0]} 批收到，“{column}”原为“{was}”，本次为“{is_now}”，已暂存。",
        f"Event {number}: “{row[EVENT_ID]}” at revision {row[REVISION]} was taken in by batch {first[0]} with {column} “{was}”, "
        f"now “{is_now}”; held.",
        where=Place(row=number, column=column), measured=is_now, required=was,
        remedy=("更正请用下一修订号发送。", "Send a correction under the next revision."))


# ---- held rows ------------------------------------------------------------------------------------------------


def digest_of(raw: Any) -> str:
    """SHA-256 of a row as it was sent, whatever the order of its fields."""
    return hashlib.sha256(msgspec.json.encode(raw, order="sorted")).hexdigest()


def _hold(batch: int, held: Sequence[Held], outcome: Outcome) -> None:
    """Keep rows that were not accepted; the very row again is answered as before."""
    by_digest: dict[str, Held] = {}
    digests = [digest_of(each.raw) for each in held]
    before = dict(HeldEvent.objects.filter(source=held[0].source, digest__in=set(digests)).values_list("digest", "findings"))
    for each, key in zip(held, digests, strict=True):
        if key in before:
            said = [Finding.from_dict(finding).at(row=each.number) for finding in before[key]]
            outcome.held_before.append((each.number, said))
        elif key in by_digest:
            outcome.held_before.append((each.number, each.findings))
        else:
            by_digest[key] = each
            outcome.held.append((each.number, each.findings))
    if not by_digest:
        return
    names = RowsDigest.columns_of(HeldEvent)
    rows = [
        (batch, each.number, each.source, each.event_id, each.port, key, _json(each.raw),
         _json([finding.as_dict() for finding in each.findings]))
        for key, each in by_digest.items()
    ]
    if names != ["batch_id", "number", "source", "event_id", "port", "digest", "raw", "findings"]:
        raise RuntimeError("the columns of a held event and of its digest have come apart")
    digest = RowsDigest.of(HeldEvent)
    digest.add_many(rows)
    table = HeldEvent._meta.db_table
    columns = ", ".join(f'"{name}"' for name in (*names, "resolution", "reason"))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * (len(names) + 2))})",  # noqa: S608 - our own names
            [(*row, "", "") for row in rows])
    record_batch(table, batch, digest.rows, digest.hexdigest(), marks=digest.marks)


def _json(value: Any) -> str:
    text: str = msgspec.json.encode(value, order="sorted").decode()
    return text.replace("\\u0000", "")
