"""Triggers follow the models through every migration, and migrations wash nothing clean."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from tests.audit.test_triggers import trail

from kouan.audit import acting, install, registry
from kouan.audit.checks import check_triggers
from kouan.audit.models import AuditEntry
from kouan.audit.verify import verify


def plan(*rooms: str) -> list[Any]:
    return [(SimpleNamespace(app_label=room, name="0002_next"), False) for room in rooms]


def codes() -> list[str]:
    return [finding.code for finding in verify().findings if finding.severity != "info"]


def test_everything_is_installed_after_migrate(trial: Any) -> None:
    assert install.compare() == []
    assert check_triggers(databases=["default"]) == []


def test_installing_again_does_nothing(trial: Any) -> None:
    before = AuditEntry.objects.count()
    install.after_migrations()
    call_command("migrate", verbosity=0, interactive=False)
    assert AuditEntry.objects.count() == before


def test_the_system_check_names_what_is_missing(trial: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute({
            "sqlite": "DROP TRIGGER kouan_audit_trial_berth_u",
            "postgresql": "DROP TRIGGER kouan_audit_row ON trial_berth",
        }[connection.vendor])
    (message,) = check_triggers(databases=["default"])
    assert message.id == "kouan.audit.W001" and "trial_berth" in message.msg and "kouan setup" in message.hint
    assert check_triggers() == []


def test_a_data_migration_is_recorded_as_such(trial: Any) -> None:
    with acting(7, "verb"):
        kept = trial.Berth.objects.create(name="一")
        gone = trial.Berth.objects.create(name="二")
        trial.Berth.objects.create(name="三")
    install.before_migrations(None, plan=plan("trial", "elsewhere"))
    assert {difference.table for difference in install.compare()} == {"trial_berth", "trial_count"}
    trial.Berth.objects.filter(pk=kept.pk).update(tonnes=9)
    trial.Berth.objects.filter(pk=gone.pk).delete()
    new = trial.Berth.objects.create(name="四")
    assert "M" not in {entry.kind for entry in trail()}
    install.after_migrations()

    migrated = {entry.row_pk: entry for entry in trail(kind="M")}
    assert set(migrated) == {str(kept.pk), str(gone.pk), str(new.pk)}
    assert json.loads(migrated[str(kept.pk)].before)["tonnes"] is None
    assert json.loads(migrated[str(kept.pk)].after)["tonnes"] == 9
    assert migrated[str(gone.pk)].after is None and migrated[str(new.pk)].before is None
    assert codes() == []
    with acting(7, "later"):
        trial.Berth.objects.filter(pk=kept.pk).update(tonnes=10)
        trial.Berth.objects.filter(pk=new.pk).delete()
    assert codes() == []


def test_rows_that_differed_before_a_migration_stay_on_record(trial: Any) -> None:
    from tests.audit.conftest import Ground
    from tests.audit.test_verify import without_row_triggers

    with acting(7, "verb"):
        row = trial.Berth.objects.create(name="一")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'kouan_audit_trial_berth_u'")
            (text,) = cursor.fetchone()
            cursor.execute("DROP TRIGGER kouan_audit_trial_berth_u")
            cursor.execute("UPDATE trial_berth SET tonnes = 1")
            cursor.execute(text)
    else:
        ground = Ground("default", connection.vendor, trial.Berth.objects, trial.Count.objects)
        without_row_triggers(ground, "UPDATE trial_berth SET tonnes = 1")
    assert codes() == ["audit_row_altered"]
    install.before_migrations(None, plan=plan("trial"))
    install.after_migrations()
    report = verify()
    assert [finding.code for finding in report.findings] == ["audit_rows_differed_before_migration"]
    assert f"trial_berth/{row.pk}" in report.findings[0].message.zh


def test_rows_older_than_the_audit_get_a_baseline(trial: Any) -> None:
    class Older(models.Model):
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "trial"
            db_table = "trial_older"

    with connection.schema_editor() as editor:
        editor.create_model(Older)
    try:
        Older.objects.create(name="旧")
        registry.register(Older)
        install.after_migrations()
        (entry,) = trail(table_name="trial_older")
        assert (entry.kind, json.loads(entry.after)["name"]) == ("M", "旧")
        Older.objects.update(name="新")
        assert [entry.kind for entry in trail(table_name="trial_older")] == ["M", "U"]
        assert [finding.code for finding in verify().findings] == ["audit_direct_writes"]
    finally:
        registry.forget(Older)
        with connection.schema_editor() as editor:
            editor.delete_model(Older)
        trial.Berth._meta.apps.all_models["trial"].pop("older")


def test_a_newer_software_records_more_columns(trial: Any) -> None:
    """A changed registration is an upgrade, not an attack: the old text is the one that was installed."""
    registry.register(trial.Berth, exclude=("heartbeat", "depth"), digest=("telephone",))
    install.after_migrations()
    with acting(7, "verb"):
        row = trial.Berth.objects.create(name="一", depth=3, telephone="021")
    assert "depth" not in json.loads(trail(row_pk=str(row.pk))[-1].after)
    registry.register(trial.Berth, exclude=("heartbeat",), digest=("telephone",))
    install.after_migrations()
    entry = trail(row_pk=str(row.pk))[-1]
    assert entry.kind == "M" and json.loads(entry.after)["depth"] == 3 and "021" not in entry.after
    assert codes() == []


def test_the_audits_own_migration_lifts_and_restores_everything(trial: Any) -> None:
    with acting(7, "verb"):
        trial.Berth.objects.create(name="一")
    install.before_migrations(None, plan=plan("audit"))
    assert {"audit_entry", "audit_block", "trial_berth"} <= {found.table for found in install.compare()}
    install.after_migrations()
    assert install.compare() == [] and codes() == []


def test_without_a_plan_nothing_is_lifted(trial: Any) -> None:
    install.before_migrations(None, plan=[])
    assert install.compare() == []


def test_a_lifting_event_that_was_forged_excuses_nothing(trial: Any) -> None:
    with acting(7, "verb"):
        row = trial.Berth.objects.create(name="一")
    with connection.cursor() as cursor:
        cursor.execute({
            "sqlite": "DROP TRIGGER kouan_audit_trial_berth_u",
            "postgresql": "DROP TRIGGER kouan_audit_row ON trial_berth",
        }[connection.vendor])
        cursor.execute("UPDATE trial_berth SET tonnes = 1")
        cursor.execute(
            "INSERT INTO audit_entry (at, db_user, note, proof, kind, table_name, row_pk, \"after\")"
            " VALUES ('2023', '', 'audit.triggers_lifted', 'x', 'E', '', '', '{\"tables\":[\"trial_berth\"]}')"
        )
    install.after_migrations()
    assert trail(kind="M") == []
    found = codes()
    assert {"audit_entry_forged", "audit_row_altered"} <= set(found)
    assert row.pk


def test_an_interrupted_migration_may_be_run_again(trial: Any) -> None:
    with acting(7, "verb"):
        trial.Berth.objects.create(name="一")
    install.before_migrations(None, plan=plan("trial"))
    trial.Berth.objects.update(tonnes=3)
    # The process died here; the next one finds fewer migrations to do.
    install.before_migrations(None, plan=plan("trial"))
    trial.Berth.objects.update(depth=3)
    install.after_migrations()
    assert [finding.code for finding in verify().findings if finding.is_error] == []


@pytest.mark.postgres
def test_a_long_table_name_gets_a_function_of_its_own() -> None:
    from kouan.audit.triggers.postgresql import _named

    long = "kouan_audit_row_" + "很长" * 30
    assert _named(long) != _named(long + "x") and len(_named("kouan_audit_row_" + "x" * 60)) <= 63


def test_each_migrated_row_is_read_by_its_key_and_not_by_a_scan(trial: Any) -> None:
    with acting(7, "verb"):
        rows = [trial.Berth.objects.create(name=f"泊位{number}") for number in range(5)]
    install.before_migrations(None, plan=plan("trial"))
    trial.Berth.objects.update(tonnes=9)
    with CaptureQueriesContext(connection) as captured:
        install.after_migrations()
    assert AuditEntry.objects.filter(kind="M", table_name="trial_berth").count() == len(rows)
    single = [each["sql"] for each in captured if 'FROM "trial_berth" r WHERE' in each["sql"]]
    assert len(single) == len(rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table of five rows is scanned otherwise
            cursor.execute(f"EXPLAIN {single[0]}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {single[0]}")
        way = str(cursor.fetchall())
    assert ("Index" in way or "SEARCH" in way) and "SCAN r" not in way
