"""Sealing: what enters a block, in which order, and what waits."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction

from kouan.audit import acting, record_event, sealer
from kouan.audit.models import AuditBlock, AuditEntry
from kouan.audit.verify import verify


def sealed_ids() -> list[int]:
    return [
        number for block in AuditBlock.objects.order_by("number") for number, _sha in sealer.members_of(block.entries)
    ]


def make(trial: Any, *names: str) -> None:
    with acting(7, "verb"):
        trial.Berth.objects.bulk_create([trial.Berth(name=name) for name in names])


def test_nothing_to_seal_makes_no_block(trial: Any) -> None:
    sealer.seal()
    blocks = AuditBlock.objects.count()
    assert sealer.seal() == 0 and AuditBlock.objects.count() == blocks


def test_every_entry_is_sealed_once_and_in_order(trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "BLOCK_SIZE", 3)
    sealer.seal()
    start = len(sealed_ids())
    for round_ in range(4):
        make(trial, *[f"{round_}-{number}" for number in range(round_ * 2)])
        assert sealer.seal() == round_ * 2
    assert len(sealed_ids()) == start + 12
    assert sealed_ids() == list(AuditEntry.objects.order_by("id").values_list("id", flat=True))
    assert verify().is_sound


def test_blocks_are_chained_and_bounded(trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "BLOCK_SIZE", 3)
    make(trial, *"一二三四五六七")
    sealer.seal()
    blocks = list(AuditBlock.objects.order_by("number"))
    assert [block.number for block in blocks] == list(range(1, len(blocks) + 1))
    assert max(block.count for block in blocks) == 3
    assert [block.previous_hash for block in blocks] == ["", *[block.digest for block in blocks[:-1]]]
    assert all(block.count == len(block.entries) // 40 for block in blocks)


def test_a_member_is_the_sha256_of_the_entrys_columns_as_json(trial: Any) -> None:
    record_event("export", actor_id=7, payload={"名": "罗湖"})
    sealer.seal()
    entry = AuditEntry.objects.get(note="export")
    text = (
        f'[{entry.pk},"{entry.at}",{"null" if entry.txid is None else entry.txid},7,"export","{entry.proof}",'
        f'"{entry.db_user}","E","","",null,"{{\\"名\\":\\"罗湖\\"}}"]'
    )
    members = dict(sealer.members_of(AuditBlock.objects.order_by("-number").first().entries))
    assert members[entry.pk] == hashlib.sha256(text.encode()).digest()


def test_sealing_updates_no_entry(trial: Any) -> None:
    make(trial, "一")
    before = list(AuditEntry.objects.values_list())
    sealer.seal()
    assert list(AuditEntry.objects.values_list()) == before


def test_a_sealing_that_is_rolled_back_leaves_everything_to_the_next(trial: Any) -> None:
    make(trial, "一")
    with pytest.raises(ValueError, match="stop"), transaction.atomic():
        sealer.seal()
        raise ValueError("stop")
    make(trial, "二")
    sealer.seal()
    assert verify().is_sound
    assert sorted(set(sealed_ids())) == sorted(sealed_ids())


class Session(threading.Thread):
    """Another connection, driven step by step."""

    def __init__(self, trial: Any, name: str) -> None:
        super().__init__()
        self.trial, self.berth = trial, name
        self.wrote, self.may_end = threading.Event(), threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            with acting(8, "other"):
                self.trial.Berth.objects.create(name=self.berth)
                self.wrote.set()
                assert self.may_end.wait(30)
        except BaseException as failure:  # noqa: BLE001 - shown by the test's own thread
            self.failure = failure
            self.wrote.set()
        finally:
            connections.close_all()

    def end(self) -> None:
        self.may_end.set()
        self.join(30)
        if self.failure is not None:
            raise self.failure


@pytest.mark.postgres
def test_a_running_transaction_keeps_its_entries_and_later_ones_out(trial: Any) -> None:
    sealer.seal()
    head = AuditBlock.objects.order_by("-number").first()
    other = Session(trial, "慢")
    other.start()
    assert other.wrote.wait(30)
    make(trial, "快")  # committed, with a higher transaction number than the one that still runs
    assert sealer.seal() == 0
    report = verify()
    assert report.is_sound and report.counts["unsealed_entries"] == 1
    other.end()
    assert sealer.seal() == 2
    assert AuditBlock.objects.order_by("-number").first().number == head.number + 1
    assert verify().is_sound


@pytest.mark.postgres
def test_an_entry_with_a_lower_id_that_commits_late_is_not_taken_for_a_forgery(trial: Any) -> None:
    """The slow transaction begins after the fast one, takes its id before, and commits last."""
    sealer.seal()
    with acting(7, "fast"):
        # Number given now; the entry is written after the other session's.
        other = Session(trial, "慢")
        other.start()
        assert other.wrote.wait(30)
        trial.Berth.objects.create(name="快")
    sealer.seal()
    slow_is_unsealed = verify()
    assert slow_is_unsealed.is_sound
    other.end()
    assert verify().is_sound
    sealer.seal()
    report = verify()
    assert report.is_sound and report.counts["unsealed_entries"] == 0
    fast = AuditEntry.objects.get(note="fast")
    late = AuditEntry.objects.get(note="other")
    assert late.pk < fast.pk and sealed_ids().index(fast.pk) < sealed_ids().index(late.pk)


@pytest.mark.postgres
def test_two_writers_and_two_sealers_at_once(trial: Any) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(15):
                with acting(number, "verb"):
                    trial.Berth.objects.create(name=f"{number}-{step}")
                sealer.seal()
        except BaseException as failure:  # noqa: BLE001 - shown below
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    sealer.seal()
    assert len(sealed_ids()) == len(set(sealed_ids())) == AuditEntry.objects.count()
    assert verify().is_sound


@pytest.mark.postgres
def test_entries_of_a_restored_database_are_sealed_although_their_numbers_lie_ahead(trial: Any) -> None:
    """A dump brings numbers of another cluster with it; no transaction here will ever reach them soon."""
    make(trial, "一")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER kouan_audit_guard")
        cursor.execute("UPDATE audit_entry SET txid = txid + 1000000000 WHERE note = 'verb'")
        cursor.execute("ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER kouan_audit_guard")
    sealer.seal()
    assert AuditEntry.objects.get(note="verb").pk in sealed_ids()
    make(trial, "二")
    sealer.seal()
    assert sorted(sealed_ids()) == sorted(set(sealed_ids()))
    assert set(sealed_ids()) == set(AuditEntry.objects.values_list("id", flat=True))
