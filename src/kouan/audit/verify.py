"""``kouan audit verify``: is the trail whole, and does the database stand as the trail says?

Five passes over one unchanging view of the database: blocks and entries (chain.py); the head against an
anchor (anchor.py); the batches of bulk tables against their digests (batches.py); the rows of every
audited table against their last entry (state.py); the installed triggers against the software's. What
this proves, and what it does not, is in ``docs/audit.md``.
"""

# ruff: noqa: S608 - the names of tables and columns come from the models; values are bound.

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from kouan.audit import keys
from kouan.audit.anchor import check_anchor, read_anchor
from kouan.audit.batches import BatchWalk
from kouan.audit.chain import ChainWalk
from kouan.audit.install import INSTALLED, LIFTED
from kouan.audit.reading import has_trail, present, scalar, snapshot, stream
from kouan.audit.registry import registrations
from kouan.audit.report import Report
from kouan.audit.state import RowDifference, compare_table
from kouan.audit.triggers import dialect
from kouan.basis import Finding, Place, Refused, Text

Progress = Callable[[int, int | None, str], None]
RESTORE = ("从备份恢复数据，并追查谁能直接访问数据库。",
           "Restore the data from its backup, and ask who had direct access to the database.")


def verify(
    *, anchor: Path | None = None, progress: Progress | None = None, using: str = DEFAULT_DB_ALIAS
) -> Report:
    """Verify everything; answer a report whose ``is_sound`` says whether it holds.

    ``progress(done, total, stage)`` is called now and then. Raises ``Refused`` when nothing can be
    verified: no trail yet, the key missing, an anchor that cannot be read.
    """
    say = progress or (lambda done, total, stage: None)
    connection = connections[using]
    if not has_trail(connection):
        raise Refused.because(
            "audit_not_set_up", "数据库中还没有审计表。", "The database has no audit tables yet.",
            remedy=("请先运行 kouan setup。", "Run kouan setup first."),
        )
    keys.forget_keys()
    _require_key(connection)
    document = read_anchor(anchor) if anchor is not None else None
    report = Report()
    started = time.monotonic()
    with snapshot(connection):
        with _timed(report, "chain"):
            ChainWalk(connection, report, say).run()
        if document is not None:
            check_anchor(document, report, using=using, file=str(anchor))
        for registration in present(connection):
            if registration.bulk:
                with _timed(report, "batches"):
                    BatchWalk(connection, registration, report, say).run()
            with _timed(report, "rows"):
                say(0, None, f"核对现状 / rows {registration.table}")
                if not registration.bulk:
                    quoted = connection.ops.quote_name(registration.table)
                    report.count("rows", scalar(connection, f"SELECT count(*) FROM {quoted}"))
                for found in compare_table(connection, registration):
                    report.add(_row_finding(found))
        # Last, so that the first finding of a report is what happened and not how.
        with _timed(report, "triggers"):
            _check_triggers(connection, report)
    report.seconds["total"] = time.monotonic() - started
    report.close()
    return report


@contextmanager
def _timed(report: Report, name: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        report.seconds[name] = report.seconds.get(name, 0.0) + time.monotonic() - started


def _require_key(connection: BaseDatabaseWrapper) -> None:
    """Without the key nothing can be proved, and verifying must not make a new one."""
    if keys.key_path().exists():
        keys.ensure_key(connection)
        # On PostgreSQL this connection may be older than the key.
        keys.prepare_connection(None, connection)
        return
    if scalar(connection, "SELECT EXISTS (SELECT 1 FROM audit_entry WHERE proof <> '')"):
        raise keys.KeyMissing.because(
            "audit_key_missing",
            f"审计密钥文件不存在：{keys.key_path()}。没有它无法核验。",
            f"The audit key file is missing: {keys.key_path()}. Nothing can be verified without it.",
            remedy=("请从备份恢复该文件后重试。", "Restore that file from its backup, then try again."),
        )
    keys.ensure_key(connection)


def _check_triggers(connection: BaseDatabaseWrapper, report: Report) -> None:
    for difference in dialect(connection).compare(connection, present(connection)):
        report.add(Finding.error(
            f"audit_trigger_{difference.what}", difference.message.zh, difference.message.en,
            where=Place(path=f"{difference.table}/{difference.name}"),
            remedy=("运行 kouan setup 重建触发器，并查明谁改动了它；其间对数据的改动另行列出。",
                    "Run kouan setup to rebuild the triggers and find out who changed them; what happened to "
                    "rows meanwhile is listed by itself."),
        ))
    standing = {registration.table for registration in present(connection)}
    for registration in registrations():
        if registration.table not in standing and scalar(
            connection, "SELECT EXISTS (SELECT 1 FROM audit_entry WHERE table_name = %s)", [registration.table]
        ):
            report.add(Finding.error(
                "audit_table_missing",
                f"表 {registration.table} 不见了，审计记录中却有它的记录。",
                f"Table {registration.table} is gone though the trail has entries of it.",
                where=Place(path=registration.table), remedy=RESTORE,
            ))
    _recall_installations(connection, report)


def _recall_installations(connection: BaseDatabaseWrapper, report: Report) -> None:
    """Times at which triggers were found missing or rows were found differing, as the trail recorded them."""
    for entry_id, at, _note, after in stream(
        connection,
        "SELECT id, at, note, \"after\" FROM audit_entry WHERE kind = 'E' AND note IN (%s, %s) ORDER BY id",
        [LIFTED, INSTALLED],
    ):
        where = Place(path=f"audit_entry/{entry_id}")
        try:
            said: dict[str, Any] = json.loads(after)
        except ValueError:
            continue  # the chain walk names the altered entry
        if found := said.get("found"):
            report.add(Finding.warning(
                "audit_triggers_were_wrong",
                f"{at} 重建触发器时发现异常：{'；'.join(found[:5])}。",
                f"When the triggers were rebuilt at {at}, these were found: {'; '.join(found[:5])}.", where=where,
                remedy=("查明此前谁改动了触发器。", "Find out who had changed the triggers before."),
            ))
        if count := said.get("differing_count"):
            report.add(Finding.error(
                "audit_rows_differed_before_migration",
                f"{at} 升级数据库之前，已有 {count} 行与记录不符：{'、'.join(said.get('differing', []))}。",
                f"Before the migration of {at}, {count} rows already differed from the trail: "
                f"{', '.join(said.get('differing', []))}.", where=where, remedy=RESTORE,
            ))


_ROW_WORDS = {
    "altered": Text("行 {row} 的现值与最后一条记录（{entry}）不符：{columns}。有人绕过触发器改过它。",
                    "Row {row} differs from its last entry ({entry}) in {columns}: somebody changed it past the "
                    "triggers."),
    "vanished": Text("行 {row} 不见了，记录（{entry}）中却没有删除。有人绕过触发器删除了它。",
                     "Row {row} is gone though no entry after {entry} deletes it: somebody deleted it past the "
                     "triggers."),
    "appeared": Text("行 {row} 没有新增记录（最后一条：{entry}）。有人绕过触发器写入了它。",
                     "No entry inserts row {row} (its last one: {entry}): somebody wrote it past the triggers."),
    "replaced": Text("行 {row} 在存在时又被新增（记录 {entry}）：有人用 INSERT OR REPLACE 替换了它。",
                     "Row {row} was inserted while it existed (entry {entry}): somebody replaced it with INSERT OR "
                     "REPLACE."),
    "jumped": Text("行 {row} 的记录 {entry} 不是从上一条记录的值出发的（{columns}）：其间有过未留痕的改动。",
                   "Entry {entry} of row {row} does not start from the values of the one before it ({columns}): "
                   "something changed unrecorded in between."),
    "unverifiable": Text("行 {row} 的 {columns} 由没有密钥的数据库会话写入（记录 {entry}），其值无法核验。",
                         "{columns} of row {row} was written by a database session without the key (entry {entry}): "
                         "its value cannot be verified."),
    "reshaped": Text("行 {row} 所在的表增减过列，记录 {entry} 只涵盖部分列。",
                     "The table of row {row} has other columns than entry {entry} recorded."),
}


def _row_finding(found: RowDifference) -> Finding:
    words = _ROW_WORDS[found.what]
    values = {"row": f"{found.table}/{found.row_pk}", "entry": found.entry_id or "—"}
    zh = words.zh.format(columns="、".join(found.columns) or "—", **values)
    en = words.en.format(columns=", ".join(found.columns) or "—", **values)
    make = {"unverifiable": Finding.warning, "reshaped": Finding.info}.get(found.what, Finding.error)
    return make(
        f"audit_row_{found.what}", zh, en, remedy=RESTORE if make is Finding.error else None,
        where=Place(path=f"{found.table}/{found.row_pk}", field=found.columns[0] if found.columns else None),
    )
