"""Whatever path writes a row, the database itself records it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kouan.audit import acting
from kouan.audit.models import AuditBlock, AuditEntry


def trail(**filters: Any) -> list[AuditEntry]:
    return list(
        AuditEntry.objects.filter(**filters).exclude(note__startswith="audit.triggers").order_by("id")
    )


def test_every_path_of_the_orm_is_recorded(trial: Any) -> None:
    with acting(7, "berths.change"):
        first = trial.Berth.objects.create(name="一号", tonnes=Decimal("12.500"))
        trial.Berth.objects.filter(pk=first.pk).update(tonnes=Decimal("13"))
        trial.Berth.objects.bulk_create([trial.Berth(name="二号"), trial.Berth(name="三号")])
        others = list(trial.Berth.objects.exclude(pk=first.pk))
        for other in others:
            other.is_open = False
        trial.Berth.objects.bulk_update(others, ["is_open"])
        trial.Berth.objects.bulk_create(
            [trial.Berth(name="一号", depth=3.5)],
            update_conflicts=True, unique_fields=["name"], update_fields=["depth"],
        )
        trial.Berth.objects.all().delete()
    kinds = [entry.kind for entry in trail(table_name="trial_berth")]
    assert kinds == ["I", "U", "I", "I", "U", "U", "U", "D", "D", "D"]
    assert {(entry.actor_id, entry.note) for entry in trail(table_name="trial_berth")} == {(7, "berths.change")}
    assert len({entry.txid for entry in trail()}) == 1
    assert not any(entry.is_direct for entry in trail())


def test_raw_sql_inside_an_action_carries_the_actor_and_outside_nobody(trial: Any) -> None:
    with acting(7, "verb"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trial_berth (name, is_open, facts, telephone, heartbeat) VALUES (%s, %s, %s, '', 0)",
            ["甲", True, "{}"],
        )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trial_berth SET name = %s", ["乙"])
        cursor.execute("DELETE FROM trial_berth")
    inside, changed, removed = trail()
    assert (inside.kind, inside.actor_id, inside.is_direct) == ("I", 7, False)
    assert (changed.kind, changed.actor_id, changed.note, changed.is_direct) == ("U", None, "", True)
    assert (removed.kind, json.loads(removed.before)["name"], removed.after) == ("D", "乙", None)


def test_images_hold_every_kind_of_column_exactly(trial: Any) -> None:
    with acting(7, "verb"):
        keeper = trial.Berth.objects.create(name="守")
        berth = trial.Berth.objects.create(
            name="满洲里 \"’\\ \n é 🚢", tonnes=Decimal("1234567.125"), opened_on=date(2023, 3, 6),
            seen_at=datetime(2023, 3, 6, 8, 30, 0, 123456, tzinfo=UTC), depth=0.1, facts={"乙": [1, None], "甲": "值"},
            picture=b"\x00\xff", keeper=keeper,
        )
    image = json.loads(trail(row_pk=str(berth.pk))[0].after)
    assert image["name"] == "满洲里 \"’\\ \n é 🚢"
    assert Decimal(str(image["tonnes"])) == Decimal("1234567.125")
    assert image["opened_on"] == "2023-03-06"
    assert image["seen_at"].replace(" ", "T").rstrip("Z") == "2023-03-06T08:30:00.123456"
    assert image["depth"] == 0.1
    facts = image["facts"]
    assert (json.loads(facts) if isinstance(facts, str) else facts) == {"乙": [1, None], "甲": "值"}
    assert image["picture"].lower() == "00ff"
    assert image["keeper_id"] == keeper.pk
    assert "heartbeat" not in image
    assert json.loads(trail(row_pk=str(keeper.pk))[0].after)["tonnes"] is None


def test_a_change_of_excluded_columns_alone_makes_no_entry(trial: Any) -> None:
    with acting(7, "verb"):
        trial.Berth.objects.create(name="一号")
        trial.Berth.objects.update(heartbeat=5)
        trial.Berth.objects.update(name="一号")
    assert [entry.kind for entry in trail()] == ["I"]


def test_a_secret_stands_as_the_same_keyed_digest_each_time(trial: Any) -> None:
    with acting(7, "verb"):
        one = trial.Berth.objects.create(name="一", telephone="13800138000")
        two = trial.Berth.objects.create(name="二", telephone="13800138000")
        trial.Berth.objects.filter(pk=two.pk).update(telephone="")
    first, second, third = trail()
    assert "13800138000" not in "".join(entry.after + (entry.before or "") for entry in (first, second, third))
    digest = json.loads(first.after)["telephone"]
    assert digest.startswith("digest:")
    assert json.loads(second.after)["telephone"] == digest == json.loads(third.before)["telephone"]
    assert json.loads(third.after)["telephone"] != digest
    assert one.pk != two.pk


def test_the_digest_in_the_database_is_that_of_python(trial: Any) -> None:
    from kouan.audit import keys

    with acting(7, "verb"):
        trial.Berth.objects.create(name="一", telephone="电话 021")
    assert json.loads(trail()[0].after)["telephone"] == keys.digest_of("trial_berth.telephone", "电话 021")


def test_inserts_of_a_bulk_table_make_no_entry_but_changes_do(trial: Any) -> None:
    with acting(7, "verb"):
        trial.Count.objects.bulk_create([trial.Count(batch=1, subject="甲", day=date(2023, 1, 1)) for _ in range(3)])
        trial.Count.objects.filter(batch=1).update(remark="改")
        trial.Count.objects.all().delete()
    assert [entry.kind for entry in trail()] == ["U"] * 3 + ["D"] * 3


@pytest.mark.parametrize("statement", [
    "UPDATE audit_entry SET note = 'x'",
    "DELETE FROM audit_entry",
    "UPDATE audit_block SET mac = 'x'",
    "DELETE FROM audit_block",
])
def test_the_trail_refuses_to_be_changed(trial: Any, statement: str) -> None:
    from kouan.audit.sealer import seal

    with acting(7, "verb"):
        trial.Berth.objects.create(name="一")
    seal()
    before = list(AuditEntry.objects.values_list()), list(AuditBlock.objects.values_list("digest"))
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert (list(AuditEntry.objects.values_list()), list(AuditBlock.objects.values_list("digest"))) == before


@pytest.mark.postgres
def test_truncate_is_recorded_and_refused_for_the_trail(trial: Any) -> None:
    with acting(7, "verb"):
        trial.Berth.objects.create(name="一")
    with acting(7, "verb"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE trial_berth CASCADE")
    assert [(entry.kind, entry.table_name, entry.actor_id) for entry in trail()] == [
        ("I", "trial_berth", 7), ("T", "trial_berth", 7),
    ]
    for table in ("audit_entry", "audit_block"):
        with pytest.raises(DatabaseError, match="append only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table}")


@pytest.mark.postgres
def test_an_entry_inserted_by_hand_gets_the_databases_own_time_and_user(trial: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (at, txid, db_user, actor_id, kind, table_name, row_pk)"
            " VALUES ('2001-01-01T00:00:00.000Z', 3, 'somebody', 7, 'U', 'trial_berth', '1')"
        )
    entry = trail()[0]
    assert entry.at > "2020" and entry.txid > 3 and entry.db_user != "somebody"


def test_the_default_manager_cannot_hide_a_row_from_the_trigger(trial: Any) -> None:
    """A row written with a key of its own choosing is recorded under that key."""
    with acting(7, "verb"):
        trial.Berth(pk=990, name="大号").save(force_insert=True)
    assert [entry.row_pk for entry in trail()] == ["990"]
