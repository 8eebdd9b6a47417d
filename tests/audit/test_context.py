"""Who acts: visible to the triggers inside the transaction, gone with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from kouan.audit import acting, keys, record_event
from kouan.audit.models import AuditEntry


def trail() -> list[AuditEntry]:
    return list(AuditEntry.objects.exclude(note__startswith="audit.triggers").order_by("id"))


def context_row() -> tuple[Any, ...]:
    """What a shell would find of an actor now."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nullif(current_setting('kouan.actor', true), ''), "
                "coalesce(current_setting('kouan.note', true), ''), coalesce(current_setting('kouan.proof', true), '')"
            )
        else:
            cursor.execute("SELECT actor_id, note, proof FROM audit_context WHERE id = 1")
        return cursor.fetchone() or (None, "", "")


def test_nothing_of_an_actor_stays_after_commit(trial: Any) -> None:
    with acting(7, "verb"):
        trial.Berth.objects.create(name="一")
        assert str(context_row()[0]) == "7"
    assert context_row() == (None, "", "")
    trial.Berth.objects.update(name="二")
    assert [(entry.actor_id, entry.is_direct) for entry in trail()] == [(7, False), (None, True)]


def test_a_rollback_leaves_neither_entries_nor_actor(trial: Any) -> None:
    with pytest.raises(ValueError, match="stop"), acting(7, "verb"):
        trial.Berth.objects.create(name="一")
        raise ValueError("stop")
    assert trail() == [] and context_row() == (None, "", "")


def test_a_block_may_ask_for_its_own_rollback(trial: Any) -> None:
    with acting(7, "verb"):
        trial.Berth.objects.create(name="一")
        transaction.set_rollback(True)
    assert trail() == [] and context_row() == (None, "", "")


def test_nested_blocks_keep_and_restore_the_outer_actor(trial: Any) -> None:
    with acting(7, "outer"):
        trial.Berth.objects.create(name="一")
        with acting(8, "inner"):
            trial.Berth.objects.create(name="二")
        trial.Berth.objects.create(name="三")
    assert [(entry.actor_id, entry.note) for entry in trail()] == [(7, "outer"), (8, "inner"), (7, "outer")]
    assert len({entry.txid for entry in trail()}) == 1


def test_a_failed_inner_block_gives_the_outer_actor_back(trial: Any) -> None:
    with acting(7, "outer"):
        with pytest.raises(ValueError, match="stop"), acting(8, "inner"):
            trial.Berth.objects.create(name="二")
            raise ValueError("stop")
        trial.Berth.objects.create(name="三")
    assert [(entry.actor_id, entry.note, entry.row_pk) for entry in trail()] == [
        (7, "outer", str(trial.Berth.objects.get().pk))
    ]


def test_savepoints_inside_a_block_keep_the_actor(trial: Any) -> None:
    with acting(7, "verb"):
        with transaction.atomic():
            trial.Berth.objects.create(name="一")
        with pytest.raises(ValueError, match="stop"), transaction.atomic():
            trial.Berth.objects.create(name="二")
            raise ValueError("stop")
        trial.Berth.objects.create(name="三")
    assert [entry.actor_id for entry in trail()] == [7, 7]


def test_the_system_acts_without_a_user_but_not_unnamed(trial: Any) -> None:
    with acting(None, "setup.load"):
        trial.Berth.objects.create(name="一")
    with acting(None):
        trial.Berth.objects.create(name="二")
    assert [(entry.actor_id, entry.note, entry.is_direct) for entry in trail()] == [
        (None, "setup.load", False), (None, "system", False),
    ]


def test_each_entry_proves_its_actor(trial: Any) -> None:
    with acting(7, "动作"):
        trial.Berth.objects.create(name="一")
    entry = trail()[0]
    assert entry.proof == keys.prove(entry.txid, 7, "动作")
    assert entry.proof != keys.prove(entry.txid, 8, "动作")


def test_transactions_have_numbers_of_their_own(trial: Any) -> None:
    for name in ("一", "二", "三"):
        with acting(7, "verb"):
            trial.Berth.objects.create(name=name)
    numbers = [entry.txid for entry in trail()]
    assert len(set(numbers)) == 3 and numbers == sorted(numbers)


def test_a_long_note_is_cut_to_its_column(trial: Any) -> None:
    with acting(7, "长" * 400):
        trial.Berth.objects.create(name="一")
    assert trail()[0].note == "长" * 255


@pytest.mark.postgres
def test_a_pooler_that_wipes_settings_does_not_cost_the_digests(trial: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DISCARD ALL")
    with acting(7, "verb"):
        trial.Berth.objects.create(name="一", telephone="021")
    assert '"digest:unavailable' not in trail()[0].after
    keys.prepare_connection(None, connection)


# Events -------------------------------------------------------------------------------------


def test_an_event_outside_any_transaction(trial: Any) -> None:
    record_event("refused", actor_id=7, payload={"permission": "ports.change", "对象": "罗湖"})
    entry = trail()[0]
    assert (entry.kind, entry.actor_id, entry.note) == ("E", 7, "refused")
    assert entry.after == '{"permission":"ports.change","对象":"罗湖"}'


def test_an_event_inside_a_block_is_written_once(trial: Any) -> None:
    with acting(7, "outer"), acting(8, "inner"):
        record_event("export", payload={"rows": 3})
    assert [(entry.kind, entry.actor_id, entry.note) for entry in trail()] == [("E", 8, "export")]


def test_a_refusal_outlives_the_rollback_of_what_it_refused(trial: Any) -> None:
    with pytest.raises(PermissionError), acting(7, "outer"):
        trial.Berth.objects.create(name="一")
        with acting(7, "inner"):
            record_event("refused", actor_id=7, payload={"verb": "inner"})
            raise PermissionError
    assert [(entry.kind, entry.note) for entry in trail()] == [("E", "refused")]
    assert trial.Berth.objects.count() == 0


def test_a_refusal_outlives_an_inner_rollback_and_is_written_once(trial: Any) -> None:
    with acting(7, "outer"):
        with pytest.raises(PermissionError), acting(7, "inner"):
            record_event("refused", actor_id=7)
            raise PermissionError
        trial.Berth.objects.create(name="一")
    assert [(entry.kind, entry.note) for entry in trail()] == [("E", "refused"), ("I", "outer")]


def test_an_event_after_a_database_error_is_written_after_the_rollback(trial: Any) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), acting(7, "verb"):
        trial.Berth.objects.create(name="一")
        try:
            trial.Berth.objects.create(name="一")
        except IntegrityError:
            record_event("refused", actor_id=7)
            raise
    assert [(entry.kind, entry.note) for entry in trail()] == [("E", "refused")]
