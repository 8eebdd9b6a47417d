"""The database's own shell: what it writes is recorded as a direct write, refused, or found afterwards."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from django.db import connections
from tests.audit.conftest import Ground

from kouan.audit import acting, sealer
from kouan.audit.verify import verify


def insert(name: str, key: int = 0, verb: str = "INSERT") -> str:
    """An insert that both databases understand."""
    columns, values = ("id, ", f"{key}, ") if key else ("", "")
    return (
        f"{verb} INTO trial_berth ({columns}name, is_open, facts, telephone, heartbeat)"
        f" VALUES ({values}'{name}', '1', '{{}}', '', 0)"
    )


@pytest.fixture
def plain(ground: Ground) -> Ground:
    """The trial table without a secret column: what most tables are like."""
    from kouan.audit import install, registry

    registry.register(ground.berths.model, exclude=("heartbeat",))
    install.after_migrations(using=ground.using)
    return ground


def test_insert_update_and_delete_are_recorded_as_direct(plain: Ground) -> None:
    plain.shell(
        insert("甲"), "UPDATE trial_berth SET name = '乙', tonnes = 12.5", "DELETE FROM trial_berth WHERE name = '乙'"
    )
    entries = plain.entries(table_name="trial_berth")
    assert [entry.kind for entry in entries] == ["I", "U", "D"]
    assert all(entry.is_direct for entry in entries)
    assert json.loads(entries[1].before)["name"] == "甲" and json.loads(entries[1].after)["name"] == "乙"
    if plain.vendor == "postgresql":
        assert {entry.db_user for entry in entries} == {connections[plain.using].settings_dict["USER"]}
    sealer.seal(plain.using)
    report = verify(using=plain.using)
    assert report.is_sound and report.counts["direct_writes"] == 3
    (warning,) = [finding for finding in report.findings if finding.code == "audit_direct_writes"]
    assert warning.severity == "warning" and "3" in warning.message.zh


def test_a_row_reads_the_same_in_the_shell_and_in_the_application(plain: Ground) -> None:
    """The image must not depend on the session's time zone, date style or float settings."""
    with acting(7, "verb", using=plain.using):
        row = plain.berths.create(name="一", depth=0.1, seen_at="2023-03-06T08:30:00.123456+00:00",
                                  opened_on="2023-03-06", tonnes="1234567.125")
    settings = {
        "sqlite": [],
        "postgresql": ["SET timezone = 'Asia/Shanghai'", "SET datestyle = 'German'", "SET bytea_output = 'escape'"],
    }[plain.vendor]
    plain.shell(*settings, f"UPDATE trial_berth SET is_open = '0' WHERE id = {row.pk}")
    first, second = plain.entries(table_name="trial_berth")
    before, after = json.loads(second.before), json.loads(second.after)
    assert before == json.loads(first.after)
    assert {name for name in after if after[name] != before[name]} == {"is_open"}
    assert verify(using=plain.using).is_sound


def test_insert_or_replace_leaves_its_entry_and_is_named(plain: Ground) -> None:
    if plain.vendor != "sqlite":
        pytest.skip("SQLite's word")
    with acting(7, "verb", using=plain.using):
        first = plain.berths.create(name="一")
        second = plain.berths.create(name="二")
    # One row replaced by its key, another swept away because its name was taken.
    plain.shell(insert("新", first.pk, "INSERT OR REPLACE"), insert("二", 99, "REPLACE"))
    replaced, swept = plain.entries(kind="I")[2:]
    assert (replaced.row_pk, replaced.is_direct) == (str(first.pk), True)
    assert (swept.row_pk, swept.is_direct) == ("99", True)
    report = verify(using=plain.using)
    assert {(finding.code, finding.where.path) for finding in report.findings if finding.is_error} == {
        ("audit_row_replaced", f"trial_berth/{first.pk}"), ("audit_row_vanished", f"trial_berth/{second.pk}"),
    }


def test_insert_or_replace_through_our_own_connections_records_the_delete_too(plain: Ground) -> None:
    if plain.vendor != "sqlite":
        pytest.skip("SQLite's word")
    with acting(7, "verb", using=plain.using):
        first = plain.berths.create(name="一")
        with connections[plain.using].cursor() as cursor:
            cursor.execute(insert("新", first.pk, "INSERT OR REPLACE"))
    assert sorted(entry.kind for entry in plain.entries(table_name="trial_berth")) == ["D", "I", "I"]
    report = verify(using=plain.using)
    assert report.is_sound, report.findings


def test_sqlites_shell_cannot_write_to_a_table_with_secrets_at_all(ground: Ground) -> None:
    if ground.vendor != "sqlite":
        pytest.skip("PostgreSQL records such a write with a mark in place of the digest")
    with acting(7, "verb", using=ground.using):
        ground.berths.create(name="一", telephone="021")
    for statement in (
        insert("甲"), "UPDATE trial_berth SET telephone = '1'", "DELETE FROM trial_berth",
        insert("一", 1, "INSERT OR REPLACE"),
    ):
        done = ground.shell(statement, check=False)
        assert done.returncode != 0 and "no such function: kouan_digest" in done.stderr
    assert list(ground.berths.values_list("name", "telephone")) == [("一", "021")]
    assert verify(using=ground.using).is_sound


@pytest.mark.postgres
def test_psql_writes_to_a_secret_are_marked_never_shown(ground: Ground) -> None:
    with acting(7, "verb", using=ground.using):
        row = ground.berths.create(name="一", telephone="021-1")
        other = ground.berths.create(name="二", telephone="021-2")
    ground.shell(
        f"UPDATE trial_berth SET telephone = '13800138000' WHERE id = {row.pk}",
        f"UPDATE trial_berth SET name = '二二' WHERE id = {other.pk}",
    )
    changed, untouched = ground.entries(kind="U")
    assert "13800138000" not in (changed.before or "") + (changed.after or "")
    assert json.loads(changed.after)["telephone"] == "digest:unavailable:changed"
    assert json.loads(untouched.after)["telephone"] == "digest:unavailable:unchanged"
    report = verify(using=ground.using)
    assert report.is_sound
    doubtful = [finding for finding in report.findings if finding.code == "audit_row_unverifiable"]
    assert [finding.where.path for finding in doubtful] == [f"trial_berth/{row.pk}"]


@pytest.mark.postgres
def test_an_unmarked_secret_is_still_compared_after_a_direct_write_to_another_column(ground: Ground) -> None:
    from tests.audit.test_verify import codes, without_row_triggers

    with acting(7, "verb", using=ground.using):
        row = ground.berths.create(name="一", telephone="021-1")
    ground.shell(f"UPDATE trial_berth SET name = '二' WHERE id = {row.pk}")
    assert verify(using=ground.using).is_sound
    without_row_triggers(ground, f"UPDATE trial_berth SET telephone = 'x' WHERE id = {row.pk}")
    assert codes(verify(using=ground.using)) == ["audit_row_altered"]


@pytest.mark.postgres
def test_another_role_without_rights_on_the_trail_is_recorded_by_name(plain: Ground) -> None:
    plain.shell(
        "CREATE ROLE reporter LOGIN PASSWORD 'r'", "GRANT SELECT, UPDATE ON trial_berth TO reporter",
        insert("甲"),
    )
    known: dict[str, Any] = connections[plain.using].settings_dict
    try:
        done = subprocess.run(
            ["psql", "-X", "-q", "-h", known["HOST"], "-p", known["PORT"], "-U", "reporter", known["NAME"]],
            input="UPDATE trial_berth SET name = '丙'; DELETE FROM audit_entry;", text=True, capture_output=True,
            env={"PGPASSWORD": "r", "PATH": "/usr/bin:/bin"}, check=False, timeout=60,
        )
        assert "permission denied for table audit_entry" in done.stderr
        assert [entry.db_user for entry in plain.entries(kind="U")] == ["reporter"]
    finally:
        plain.shell("DROP OWNED BY reporter", "DROP ROLE reporter")


@pytest.mark.postgres
def test_truncate_in_psql_is_recorded_and_ends_every_row(plain: Ground) -> None:
    with acting(7, "verb", using=plain.using):
        plain.berths.create(name="一")
    plain.shell("TRUNCATE trial_berth")
    (entry,) = plain.entries(kind="T")
    assert (entry.table_name, entry.is_direct) == ("trial_berth", True)
    with acting(7, "verb", using=plain.using):
        plain.berths.create(name="二")
    assert verify(using=plain.using).is_sound


@pytest.mark.postgres
def test_replica_role_does_not_silence_the_triggers(plain: Ground) -> None:
    plain.shell("SET session_replication_role = replica", insert("甲"))
    assert [entry.kind for entry in plain.entries()] == ["I"]


@pytest.mark.postgres
def test_a_function_slipped_into_the_search_path_is_not_called(plain: Ground) -> None:
    plain.shell(
        "CREATE SCHEMA evil",
        "CREATE FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT '7'::text $$",
        "SET search_path = evil, public, pg_catalog",
        insert("甲"),
    )
    try:
        assert [(entry.actor_id, entry.note) for entry in plain.entries()] == [(None, "")]
    finally:
        plain.shell("DROP SCHEMA evil CASCADE")
