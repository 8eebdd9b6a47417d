"""Walking the chain: every block's signature and link, every sealed entry's hash, and what is not sealed."""

# ruff: noqa: S608 - the names of tables and columns come from the models; values are bound.

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from kouan.audit import keys
from kouan.audit.actions import signature
from kouan.audit.models import AuditBlock
from kouan.audit.reading import scalar, stream
from kouan.audit.report import Report
from kouan.audit.sealer import COLUMNS, block_digest, block_mac, entry_hash, members_of
from kouan.basis import Finding, Place

Progress = Callable[[int, int | None, str], None]
RESTORE = ("从备份恢复数据库，并追查谁能直接访问数据库。",
           "Restore the database from its backup, and ask who had direct access to it.")
_PAGE = 65536
# Positions in COLUMNS.
ID, AT, TXID, ACTOR, NOTE, PROOF, DB_USER, KIND, TABLE, ROW, BEFORE, AFTER = range(12)


class IdSet:
    """A set of row ids as pages of bits: a million ids in some hundred kilobytes.

    >>> ids = IdSet(); ids.add(7); 7 in ids, 8 in ids, 10**15 in ids
    (True, False, False)
    """

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def add(self, number: int) -> None:
        """Put an id in."""
        page, rest = divmod(number, _PAGE)
        bits = self._pages.setdefault(page, bytearray(_PAGE // 8))
        bits[rest >> 3] |= 1 << (rest & 7)

    def __contains__(self, number: int) -> bool:
        page, rest = divmod(number, _PAGE)
        bits = self._pages.get(page)
        return bits is not None and bool(bits[rest >> 3] & (1 << (rest & 7)))


def place_of(row: Any) -> Place:
    """Where an entry stands, and which row it is about."""
    if row[TABLE]:
        return Place(path=f"audit_entry/{row[ID]}", field=f"{row[TABLE]}/{row[ROW]}" if row[ROW] else row[TABLE])
    return Place(path=f"audit_entry/{row[ID]}")


class ChainWalk:
    """One pass over blocks and entries; ``run`` adds to the report."""

    def __init__(self, connection: BaseDatabaseWrapper, report: Report, progress: Progress) -> None:
        self.connection, self.report, self.progress = connection, report, progress
        self.using = connection.alias
        self.sealed = IdSet()
        self.last: AuditBlock | None = None
        self._highest_txid = 0
        self._direct: list[Any] = []
        self._direct_count = 0
        # The proof of a transaction is the same for all its entries.
        self._proof = lru_cache(maxsize=4096)(
            lambda txid, actor, note: keys.prove(txid, actor, note, using=self.using)
        )

    def run(self) -> None:
        """Blocks first, then what they do not hold."""
        total = scalar(self.connection, "SELECT count(*) FROM audit_block")
        for number, block in enumerate(self._blocks(), start=1):
            self._check_block(block)
            self._check_members(block)
            self.last = block
            self.progress(number, total, "核验区块 / blocks")
        self.report.counts["blocks"] = total
        self.report.counts.setdefault("sealed_entries", 0)
        if self.last is not None:
            self.report.head = {
                "number": self.last.number, "digest": self.last.digest, "sealed_at": self.last.sealed_at,
            }
        self._check_unsealed()
        self._check_end()
        self._tell_direct()

    def _blocks(self) -> Iterator[AuditBlock]:
        names = [field.attname for field in AuditBlock._meta.concrete_fields]
        for row in stream(
            self.connection, f"SELECT {', '.join(names)} FROM audit_block ORDER BY number"
        ):
            yield AuditBlock(**dict(zip(names, row, strict=True)))

    def _check_block(self, block: AuditBlock) -> None:
        expected = self.last.number + 1 if self.last else 1
        where = Place(path=f"audit_block/{block.number}")
        if block.number != expected:
            self.report.add(Finding.error(
                "audit_block_missing", f"区块 #{expected} 缺失。", f"Block #{expected} is missing.",
                where=Place(path=f"audit_block/{expected}"), remedy=RESTORE,
            ))
        elif block.previous_hash != (self.last.digest if self.last else ""):
            self.report.add(Finding.error(
                "audit_chain_broken",
                f"区块 #{block.number} 未接在前一区块之后。", f"Block #{block.number} does not follow the one before it.",
                where=where, measured=block.previous_hash, required=self.last.digest if self.last else "",
                remedy=RESTORE,
            ))
        if block_digest(block) != block.digest:
            self.report.add(Finding.error(
                "audit_block_altered",
                f"区块 #{block.number} 的内容被改动。", f"Block #{block.number} was altered.",
                where=where, measured=block_digest(block), required=block.digest, remedy=RESTORE,
            ))
        elif not hmac.compare_digest(block_mac(block.digest, using=self.using), block.mac):
            if block.key_name == keys.fingerprint(using=self.using):
                self.report.add(Finding.error(
                    "audit_block_forged",
                    f"区块 #{block.number} 的签名不符：不是用审计密钥封存的。",
                    f"The signature of block #{block.number} is wrong: it was not sealed with the key.",
                    where=where, remedy=RESTORE,
                ))
            else:
                self.report.add(Finding.error(
                    "audit_key_other",
                    f"区块 #{block.number} 用另一把密钥封存（{block.key_name}），现用密钥为 "
                    f"{keys.fingerprint(using=self.using)}。",
                    f"Block #{block.number} was sealed with another key ({block.key_name}); the present one is "
                    f"{keys.fingerprint(using=self.using)}.",
                    where=where,
                    remedy=(f"如密钥文件被替换，请从备份恢复 {keys.key_path()}。",
                            f"If the key file was replaced, restore {keys.key_path()} from its backup."),
                ))

    def _check_members(self, block: AuditBlock) -> None:
        members = dict(members_of(block.entries))
        if not members:
            return
        found = set()
        for row in stream(
            self.connection,
            f"SELECT {COLUMNS} FROM audit_entry WHERE id BETWEEN %s AND %s ORDER BY id",
            [min(members), max(members)],
        ):
            expected = members.get(row[ID])
            if expected is None:
                continue
            found.add(row[ID])
            if entry_hash(row) != bytes(expected):
                self.report.add(Finding.error(
                    "audit_entry_altered",
                    f"已封存的记录 {row[ID]} 被改动（区块 #{block.number}，{row[AT]}，表 {row[TABLE]}，行 {row[ROW]}）。",
                    f"Sealed entry {row[ID]} was altered (block #{block.number}, {row[AT]}, table {row[TABLE]}, "
                    f"row {row[ROW]}).",
                    where=place_of(row), remedy=RESTORE,
                ))
            else:
                self._check_entry(row)
        for number in members:
            self.sealed.add(number)
        for number in sorted(members.keys() - found):
            self.report.add(Finding.error(
                "audit_entry_missing",
                f"已封存的记录 {number} 不见了（区块 #{block.number}）。",
                f"Sealed entry {number} is gone (block #{block.number}).",
                where=Place(path=f"audit_entry/{number}"), remedy=RESTORE,
            ))
        self.report.count("sealed_entries", len(members))

    def _check_unsealed(self) -> None:
        """Entries in no block: the tail that waits for the sealer, or entries slipped in behind it."""
        horizon, top = (self.last.horizon, self.last.top_id) if self.last else (0, 0)
        postgres = self.connection.vendor == "postgresql"
        tail = 0
        for row in stream(self.connection, f"SELECT {COLUMNS} FROM audit_entry WHERE id > %s ORDER BY id", [top]):
            if row[ID] not in self.sealed:
                tail += 1
                self.report.unsealed_since = self.report.unsealed_since or row[AT]
                self._check_entry(row)
        # Below the highest sealed id only the ids are read: nearly all of them are sealed.
        loose = [
            number for (number,) in stream(
                self.connection, "SELECT id FROM audit_entry WHERE id <= %s ORDER BY id", [top]
            ) if number not in self.sealed
        ]
        for number in loose:
            with self.connection.cursor() as cursor:
                cursor.execute(f"SELECT {COLUMNS} FROM audit_entry WHERE id = %s", [number])
                row = cursor.fetchone()
            if postgres and row[TXID] is not None and row[TXID] >= horizon:
                # Its transaction was running when the block was sealed: it waits like the tail.
                tail += 1
                self.report.unsealed_since = min(filter(None, [self.report.unsealed_since, row[AT]]))
                self._check_entry(row)
                continue
            self.report.add(Finding.error(
                "audit_entry_backdated",
                f"记录 {row[ID]} 不在任何区块中，其编号却早于已封存的界限：事后插入。",
                f"Entry {row[ID]} is in no block though it lies below the sealed border: it was put in later.",
                where=place_of(row), remedy=RESTORE,
            ))
        self.report.counts["unsealed_entries"] = tail

    def _check_end(self) -> None:
        """SQLite remembers the highest id it gave out: removed entries at the end leave a gap."""
        if self.connection.vendor != "sqlite":
            return
        given = scalar(self.connection, "SELECT seq FROM sqlite_sequence WHERE name = 'audit_entry'") or 0
        highest = scalar(self.connection, "SELECT coalesce(max(id), 0) FROM audit_entry")
        if given > highest:
            self.report.add(Finding.error(
                "audit_tail_removed",
                f"审计记录末尾的 {given - highest} 条（编号 {highest + 1} 至 {given}）被删除。",
                f"The last {given - highest} entries (ids {highest + 1} to {given}) were removed.",
                where=Place(path=f"audit_entry/{highest + 1}"), measured=highest, required=given, remedy=RESTORE,
            ))

    # One entry --------------------------------------------------------------------------------

    def _check_entry(self, row: Any) -> None:
        kind = row[KIND]
        if kind in "BEM":
            expected = signature(
                kind, row[ACTOR], row[NOTE], row[TABLE], row[ROW], row[BEFORE], row[AFTER], using=self.using
            )
            if not hmac.compare_digest(expected, row[PROOF]):
                self.report.add(Finding.error(
                    "audit_entry_forged",
                    f"记录 {row[ID]}（{row[AT]}）的签名不符：不是本系统写入的。",
                    f"The signature of entry {row[ID]} ({row[AT]}) is wrong: this system did not write it.",
                    where=place_of(row), remedy=RESTORE,
                ))
        elif row[ACTOR] is None and not row[PROOF] and not row[NOTE]:
            self._direct_count += 1
            if len(self._direct) < 3:
                self._direct.append(row)
        elif not hmac.compare_digest(self._proof(row[TXID], row[ACTOR], row[NOTE]), row[PROOF]):
            self.report.add(Finding.error(
                "audit_actor_unproven",
                f"记录 {row[ID]}（{row[AT]}）自称由用户 {row[ACTOR]} 操作，但没有凭证：有人绕过系统冒名写入。",
                f"Entry {row[ID]} ({row[AT]}) names user {row[ACTOR]} without proof: "
                "somebody wrote past the system in another's name.",
                where=place_of(row), remedy=RESTORE,
            ))
        self._check_order(row)

    def _check_order(self, row: Any) -> None:
        """On SQLite transaction numbers never fall: a number used again was copied by hand."""
        if self.connection.vendor != "sqlite" or row[TXID] is None:
            return
        if row[TXID] < self._highest_txid:
            self.report.add(Finding.error(
                "audit_actor_unproven",
                f"记录 {row[ID]}（{row[AT]}）借用了更早事务的凭证：有人绕过系统冒名写入。",
                f"Entry {row[ID]} ({row[AT]}) borrows the proof of an earlier transaction: "
                "somebody wrote past the system in another's name.",
                where=place_of(row), remedy=RESTORE,
            ))
        self._highest_txid = max(self._highest_txid, row[TXID])

    def _tell_direct(self) -> None:
        self.report.counts["direct_writes"] = self._direct_count
        if not self._direct_count:
            return
        first = self._direct[0]
        examples = "、".join(f"{row[TABLE]}/{row[ROW]}" for row in self._direct)
        by = f"（数据库用户 {first[DB_USER]}）" if first[DB_USER] else ""
        self.report.add(Finding.warning(
            "audit_direct_writes",
            f"有 {self._direct_count} 条直接写入数据库的记录，未经系统操作{by}：{examples} 等，首条 {first[AT]}。",
            f"{self._direct_count} changes were written to the database directly, past the system: "
            f"{', '.join(examples.split('、'))} …; the first at {first[AT]}.",
            where=place_of(first),
            remedy=("用 kouan audit entries --direct 查看，并确认是谁、为何直接改库。",
                    "See them with kouan audit entries --direct, and find out who wrote them and why."),
        ))
