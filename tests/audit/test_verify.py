"""A sound trail verifies; every way of tampering from a database shell is found and named."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from tests.audit.conftest import Ground, write_counts

from kouan.audit import acting, install, keys, record_event, sealer
from kouan.audit.anchor import anchor, read_anchor
from kouan.audit.models import AuditBlock, AuditEntry
from kouan.audit.report import Report
from kouan.audit.verify import verify
from kouan.basis import Refused
from kouan.home import Home

GUARDS_OFF = {
    "sqlite": [
        f"DROP TRIGGER kouan_audit_guard_{table}_{letter}"
        for table in ("audit_entry", "audit_block") for letter in "udi"
    ],
    "postgresql": [
        f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("audit_entry", "audit_block")
    ],
}
GUARDS_ON = {
    "sqlite": [],
    "postgresql": [
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
        for table in ("audit_entry", "audit_block") for name in ("kouan_audit_guard", "kouan_audit_guard_all")
    ] + ["ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER kouan_audit_stamp"],
}


def tamper(ground: Ground, *statements: str) -> None:
    """Do it in the database's shell as its owner could: guards off, deed, guards back as they were."""
    guards: list[str] = []
    if ground.vendor == "sqlite":
        with connections[ground.using].cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%guard%'")
            guards = [row[0] for row in cursor.fetchall()]
    ground.shell(*GUARDS_OFF[ground.vendor], *statements, *guards, *GUARDS_ON[ground.vendor])


def without_row_triggers(ground: Ground, *statements: str, table: str = "trial_berth") -> None:
    """Do it while the table's audit triggers are off, and put them back exactly as they were."""
    if ground.vendor == "postgresql":
        names = ("kouan_audit_row", "kouan_audit_truncated")
        ground.shell(
            *[f"ALTER TABLE {table} DISABLE TRIGGER {name}" for name in names], *statements,
            *[f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for name in names],
        )
        return
    with connections[ground.using].cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        triggers = cursor.fetchall()
    ground.shell(*[f"DROP TRIGGER {name}" for name, _sql in triggers], *statements, *[sql for _name, sql in triggers])


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings if finding.is_error]


def paths(report: Report) -> list[str | None]:
    return [finding.where.path for finding in report.findings if finding.is_error]


def populate(ground: Ground, rows: int = 12) -> None:
    """Some rows by an action, one batch of so many rows, one event, all sealed."""
    with acting(7, "berths.open", using=ground.using):
        for name in ("一", "二", "三", "四"):
            ground.berths.create(name=name, tonnes=Decimal("5.5"), telephone="021-1")
        ground.berths.filter(name="二").update(tonnes=6)
        ground.berths.filter(name="四").delete()
    write_counts(ground.counts.model, 1, rows, using=ground.using)
    record_event("export", actor_id=7, payload={"rows": 2}, using=ground.using)
    sealer.seal(ground.using)


def entry_of(ground: Ground, **filters: Any) -> AuditEntry:
    return ground.entries(**filters)[0]


def test_a_sound_trail_verifies(ground: Ground) -> None:
    populate(ground, rows=2345)
    report = verify(using=ground.using)
    assert report.is_sound, report.findings
    assert report.findings == []
    assert report.counts["batch_rows"] == 2345 and report.counts["batch_parts"] == 1
    assert report.counts["unsealed_entries"] == 0 and report.unsealed_since is None
    assert report.counts["sealed_entries"] == AuditEntry.objects.using(ground.using).count()
    assert json.loads(json.dumps(report.as_dict()))["sound"] is True
    assert "完好" in report.summary.zh and "sound" in report.summary.en


def test_verifying_changes_nothing(ground: Ground) -> None:
    populate(ground)
    before = list(AuditEntry.objects.using(ground.using).values_list())
    verify(using=ground.using)
    assert list(AuditEntry.objects.using(ground.using).values_list()) == before


def test_the_unsealed_tail_is_counted(ground: Ground) -> None:
    populate(ground)
    with acting(7, "late", using=ground.using):
        ground.berths.create(name="五")
    report = verify(using=ground.using)
    assert report.is_sound and report.counts["unsealed_entries"] == 1
    assert report.unsealed_since == ground.entries(note="late")[0].at


# The trail itself ---------------------------------------------------------------------------


@pytest.mark.parametrize(("column", "change"), [
    ("after", "replace(after, '5.5', '5.6')"), ("at", "'2020' || substr(at, 5)"), ("actor_id", "8"),
    ("note", "note || ' '"), ("row_pk", "row_pk || '0'"), ("proof", "'g' || substr(proof, 2)"), ("before", "'{}'"),
    ("kind", "'U'"), ("txid", "txid + 1"), ("db_user", "'x'"), ("table_name", "'trial_count'"),
])
def test_one_byte_of_a_sealed_entry(ground: Ground, column: str, change: str) -> None:
    populate(ground)
    victim = entry_of(ground, kind="I", table_name="trial_berth")
    tamper(ground, f'UPDATE audit_entry SET "{column}" = {change} WHERE id = {victim.pk}')
    report = verify(using=ground.using)
    assert codes(report)[0] == "audit_entry_altered"
    assert paths(report)[0] == f"audit_entry/{victim.pk}"
    assert str(victim.pk) in report.findings[0].message.zh and "was altered" in report.findings[0].message.en


def test_a_sealed_entry_removed(ground: Ground) -> None:
    populate(ground)
    victim = entry_of(ground, kind="U", table_name="trial_berth")
    tamper(ground, f"DELETE FROM audit_entry WHERE id = {victim.pk}")
    report = verify(using=ground.using)
    assert codes(report)[0] == "audit_entry_missing"
    assert paths(report)[0] == f"audit_entry/{victim.pk}"


def test_an_entry_slipped_in_behind_the_seal(ground: Ground) -> None:
    populate(ground)
    with acting(7, "more", using=ground.using):
        ground.berths.create(name="五")
    sealer.seal(ground.using)
    tamper(
        ground,
        "INSERT INTO audit_entry (id, at, txid, db_user, note, proof, kind, table_name, row_pk)"
        " VALUES (-5, '2020-01-01T00:00:00.000Z', 1, '', '', '', 'U', 'trial_berth', '1')",
    )
    report = verify(using=ground.using)
    assert "audit_entry_backdated" in codes(report)
    assert "audit_entry/-5" in paths(report)


@pytest.mark.parametrize("change", [
    "count = count - 1", "previous_hash = 'x'", "horizon = horizon + 1", "sealed_at = '2020'", "version = '9'",
])
def test_a_block_altered(ground: Ground, change: str) -> None:
    populate(ground)
    tamper(ground, f"UPDATE audit_block SET {change} WHERE number = 1")
    assert {"audit_block_altered"} <= set(codes(verify(using=ground.using)))


def test_a_block_forged_without_the_key(ground: Ground) -> None:
    """Whoever knows the software can compute every digest anew, but not the signature."""
    populate(ground)
    with acting(7, "second", using=ground.using):
        ground.berths.create(name="五")
    sealer.seal(ground.using)
    victim = entry_of(ground, kind="I", table_name="trial_berth")
    tamper(ground, f"UPDATE audit_entry SET note = 'harmless' WHERE id = {victim.pk}")
    block = AuditBlock.objects.using(ground.using).get(number=1)
    rows = connections[ground.using].cursor()
    rows.execute(f"SELECT {sealer.COLUMNS} FROM audit_entry WHERE id <= %s ORDER BY id", [block.top_id])
    block.entries = b"".join(sealer.MEMBER.pack(row[0], sealer.entry_hash(row)) for row in rows.fetchall())
    block.digest = sealer.block_digest(block)
    literal = "X'{}'" if ground.vendor == "sqlite" else "decode('{}', 'hex')"
    tamper(
        ground,
        f"UPDATE audit_block SET entries = {literal.format(block.entries.hex())}, digest = '{block.digest}'"
        " WHERE number = 1",
        f"UPDATE audit_block SET previous_hash = '{block.digest}' WHERE number = 2",
    )
    report = verify(using=ground.using)
    assert codes(report)[0] == "audit_block_forged" and paths(report)[0] == "audit_block/1"
    assert "audit_block_altered" in codes(report)


def test_a_block_removed_from_the_middle(ground: Ground) -> None:
    populate(ground)
    for name in ("五", "六"):
        with acting(7, "more", using=ground.using):
            ground.berths.create(name=name)
        sealer.seal(ground.using)
    tamper(ground, "DELETE FROM audit_block WHERE number = 2")
    report = verify(using=ground.using)
    assert {"audit_block_missing", "audit_entry_backdated"} <= set(codes(report))


def test_a_cut_tail_shows_against_an_anchor(ground: Ground, tmp_path: Path) -> None:
    populate(ground)
    held = tmp_path / "anchor.json"
    early = tmp_path / "early.json"
    early.write_text(json.dumps(anchor(ground.using)), encoding="utf-8")
    first = AuditBlock.objects.using(ground.using).get().top_id
    with acting(7, "late", using=ground.using):
        late = ground.berths.create(name="五")
    sealer.seal(ground.using)
    held.write_text(json.dumps(anchor(ground.using)), encoding="utf-8")
    assert verify(anchor=held, using=ground.using).is_sound

    tamper(ground, "DELETE FROM audit_block WHERE number = 2", f"DELETE FROM audit_entry WHERE id > {first}")
    without_row_triggers(ground, f"DELETE FROM trial_berth WHERE id = {late.pk}")
    if ground.vendor == "sqlite":
        ground.shell(f"UPDATE sqlite_sequence SET seq = {first} WHERE name = 'audit_entry'")
    assert verify(using=ground.using).is_sound, "without an anchor nothing can be seen"
    assert verify(anchor=early, using=ground.using).is_sound, "an anchor from before the cut still holds"
    report = verify(anchor=held, using=ground.using)
    assert codes(report) == ["audit_tail_cut"] and paths(report) == ["audit_block/2"]


def test_a_carelessly_cut_tail_shows_without_an_anchor(ground: Ground) -> None:
    if ground.vendor != "sqlite":
        pytest.skip("only SQLite remembers the highest id it gave out; PostgreSQL counts rollbacks too")
    populate(ground)
    with acting(7, "late", using=ground.using):
        ground.berths.create(name="五")
    tamper(ground, "DELETE FROM audit_entry WHERE note = 'late'")
    assert set(codes(verify(using=ground.using))) == {"audit_tail_removed", "audit_row_appeared"}


def test_a_replaced_chain_shows_against_an_anchor(ground: Ground, tmp_path: Path) -> None:
    """Somebody with database and key seals everything anew: only the anchor can tell."""
    populate(ground)
    held = tmp_path / "anchor.json"
    held.write_text(json.dumps(anchor(ground.using)), encoding="utf-8")
    victim = entry_of(ground, kind="I", table_name="trial_berth", row_pk=str(ground.berths.get(name="一").pk))
    tamper(ground, "DELETE FROM audit_block", f"UPDATE audit_entry SET at = '2020' WHERE id = {victim.pk}")
    sealer.seal(ground.using)
    assert verify(using=ground.using).is_sound
    assert codes(verify(anchor=held, using=ground.using)) == ["audit_chain_replaced"]


def test_an_anchor_that_was_changed_is_not_believed(ground: Ground, tmp_path: Path) -> None:
    populate(ground)
    held = tmp_path / "anchor.json"
    held.write_text(json.dumps(anchor(ground.using) | {"number": 0}), encoding="utf-8")
    assert codes(verify(anchor=held, using=ground.using)) == ["audit_anchor_foreign"]


@pytest.mark.parametrize("content", ["", "[]", '{"format": "other"}', '{"format": "kouan-audit-anchor-1"}', "\xff"])
def test_a_file_that_is_no_anchor(tmp_path: Path, content: str) -> None:
    file = tmp_path / "anchor.json"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(Refused) as refusal:
        read_anchor(file)
    assert refusal.value.findings[0].code == "audit_anchor_unreadable"
    assert refusal.value.findings[0].where.file == str(file)


def test_an_actor_named_by_hand_in_a_shell_is_not_believed(ground: Ground) -> None:
    populate(ground)
    name = {
        "sqlite": "UPDATE audit_context SET actor_id = 7, note = 'berths.open', proof = 'x', txid = 99999 WHERE id = 1",
        "postgresql": "SELECT set_config('kouan.actor', '7', false), set_config('kouan.note', 'berths.open', false)",
    }[ground.vendor]
    undo = "UPDATE audit_context SET actor_id = NULL, note = '', proof = '', txid = NULL"
    ground.shell(name, "UPDATE trial_count SET remark = 'x' WHERE id = (SELECT min(id) FROM trial_count)",
                 *([undo] if ground.vendor == "sqlite" else []))
    report = verify(using=ground.using)
    assert codes(report) == ["audit_actor_unproven"]
    assert "7" in report.findings[0].message.zh


def test_a_proof_copied_from_an_earlier_transaction_is_not_believed(ground: Ground) -> None:
    populate(ground)
    known = entry_of(ground, kind="I", table_name="trial_berth")
    write_counts(ground.counts.model, 2, 3, using=ground.using)
    if ground.vendor == "sqlite":
        ground.shell(
            f"UPDATE audit_context SET actor_id = 7, note = '{known.note}', proof = '{known.proof}', txid = {known.txid}",
            "UPDATE trial_count SET remark = 'x' WHERE id = (SELECT min(id) FROM trial_count)",
            "UPDATE audit_context SET actor_id = NULL, note = '', proof = '', txid = NULL",
        )
    else:
        ground.shell(
            f"SELECT set_config('kouan.actor', '7', false), set_config('kouan.note', '{known.note}', false),"
            f" set_config('kouan.proof', '{known.proof}', false)",
            "UPDATE trial_count SET remark = 'x' WHERE id = (SELECT min(id) FROM trial_count)",
        )
    assert codes(verify(using=ground.using)) == ["audit_actor_unproven"]


@pytest.mark.parametrize("kind", ["B", "E", "M"])
def test_an_entry_that_only_the_system_writes_cannot_be_forged(ground: Ground, kind: str) -> None:
    populate(ground)
    signed = entry_of(ground, kind="E").proof
    ground.shell(
        "INSERT INTO audit_entry (at, db_user, note, proof, kind, table_name, row_pk, \"after\")"
        f" VALUES ('2023-01-01T00:00:00.000Z', '', 'export', '{signed}', '{kind}', 'trial_count', '9',"
        " '{\"rows\":0,\"sha256\":\"\",\"marks\":[]}')"
    )
    assert codes(verify(using=ground.using)) == ["audit_entry_forged"]


# The rows -----------------------------------------------------------------------------------


def test_a_change_while_the_trigger_was_off(ground: Ground) -> None:
    populate(ground)
    row = ground.berths.get(name="二")
    without_row_triggers(ground, f"UPDATE trial_berth SET tonnes = 7 WHERE id = {row.pk}")
    report = verify(using=ground.using)
    assert codes(report) == ["audit_row_altered"] and paths(report) == [f"trial_berth/{row.pk}"]
    assert report.findings[0].where.field == "tonnes"


def test_a_secret_changed_while_the_trigger_was_off(ground: Ground) -> None:
    populate(ground)
    row = ground.berths.get(name="一")
    without_row_triggers(ground, f"UPDATE trial_berth SET telephone = 'x' WHERE id = {row.pk}")
    report = verify(using=ground.using)
    assert codes(report) == ["audit_row_altered"] and report.findings[0].where.field == "telephone"


def test_a_row_removed_and_a_row_put_in_while_the_trigger_was_off(ground: Ground) -> None:
    populate(ground)
    row = ground.berths.get(name="一")
    without_row_triggers(
        ground, f"DELETE FROM trial_berth WHERE id = {row.pk}",
        "INSERT INTO trial_berth (id, name, is_open, facts, telephone, heartbeat)"
        " VALUES (77, '七', '1', '{}', '', 0)",
    )
    report = verify(using=ground.using)
    assert sorted(zip(codes(report), paths(report), strict=True)) == [
        ("audit_row_appeared", "trial_berth/77"), ("audit_row_vanished", f"trial_berth/{row.pk}"),
    ]


def test_a_change_and_back_again_between_two_recorded_ones(ground: Ground) -> None:
    populate(ground)
    row = ground.berths.get(name="二")
    without_row_triggers(ground, f"UPDATE trial_berth SET depth = 3 WHERE id = {row.pk}")
    with acting(7, "honest", using=ground.using):
        ground.berths.filter(pk=row.pk).update(depth=4)
    report = verify(using=ground.using)
    assert codes(report) == ["audit_row_jumped"] and report.findings[0].where.field == "depth"


def test_a_trigger_taken_off_is_missed_and_its_return_does_not_wash_the_rows_clean(ground: Ground) -> None:
    populate(ground)
    row = ground.berths.get(name="二")
    drop = {
        "sqlite": "DROP TRIGGER kouan_audit_trial_berth_u",
        "postgresql": "DROP TRIGGER kouan_audit_row ON trial_berth",
    }[ground.vendor]
    ground.shell(drop, f"UPDATE trial_berth SET tonnes = 7 WHERE id = {row.pk}")
    assert set(codes(verify(using=ground.using))) == {"audit_trigger_missing", "audit_row_altered"}

    install.after_migrations(using=ground.using)
    report = verify(using=ground.using)
    assert codes(report) == ["audit_row_altered"]
    assert "audit_triggers_were_wrong" in [finding.code for finding in report.findings]


def test_a_trigger_with_another_text_and_a_foreign_one(ground: Ground) -> None:
    populate(ground)
    if ground.vendor == "sqlite":
        ground.shell(
            "DROP TRIGGER kouan_audit_trial_berth_d",
            "CREATE TRIGGER kouan_audit_trial_berth_d AFTER DELETE ON trial_berth BEGIN SELECT 1; END",
            "CREATE TRIGGER quiet BEFORE UPDATE ON trial_berth BEGIN SELECT 1; END",
        )
    else:
        ground.shell(
            "CREATE OR REPLACE FUNCTION kouan_audit_row_trial_berth() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NULL; END'",
            "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER quiet BEFORE UPDATE ON trial_berth FOR EACH ROW EXECUTE FUNCTION quiet()",
        )
    found = {(difference.name, difference.what) for difference in install.compare(ground.using)}
    name = {"sqlite": "kouan_audit_trial_berth_d", "postgresql": "kouan_audit_row"}[ground.vendor]
    assert found == {(name, "changed"), ("quiet", "unknown")}
    assert {"audit_trigger_changed", "audit_trigger_unknown"} <= set(codes(verify(using=ground.using)))
    if ground.vendor == "postgresql":
        ground.shell("DROP TRIGGER quiet ON trial_berth", "DROP FUNCTION quiet")


@pytest.mark.postgres
def test_a_disabled_trigger_and_a_rule(ground: Ground) -> None:
    ground.shell(
        "ALTER TABLE trial_berth DISABLE TRIGGER kouan_audit_row",
        "CREATE RULE swallow AS ON INSERT TO audit_entry DO INSTEAD NOTHING",
    )
    try:
        assert {(found.name, found.what) for found in install.compare(ground.using)} == {
            ("kouan_audit_row", "disabled"), ("swallow", "unknown"),
        }
    finally:
        ground.shell("DROP RULE swallow ON audit_entry")


def test_a_table_that_is_gone(ground: Ground) -> None:
    if ground.vendor != "sqlite":
        pytest.skip("the same query on both; dropping it in the shared database would disturb the fixture")
    populate(ground)
    ground.shell("DROP TABLE trial_berth")
    report = verify(using=ground.using)
    assert "audit_table_missing" in codes(report) and "trial_berth" in paths(report)


# Batches ------------------------------------------------------------------------------------


def test_one_byte_of_a_sealed_batch_with_its_trigger_off(ground: Ground) -> None:
    populate(ground, rows=2345)
    row = ground.counts.order_by("id")[1500]
    without_row_triggers(
        ground, f"UPDATE trial_count SET value = value + 1 WHERE id = {row.pk}", table="trial_count"
    )
    report = verify(using=ground.using)
    assert codes(report) == ["audit_batch_altered"]
    finding = report.findings[0]
    assert finding.where.path == "trial_count/batch/1" and finding.where.row == 1001
    assert "1001 至 2000 行" in finding.message.zh and "between rows 1001 and 2000" in finding.message.en


def test_one_byte_of_a_sealed_batch_names_the_entry_that_saw_it(ground: Ground) -> None:
    populate(ground, rows=2345)
    row = ground.counts.order_by("id")[2200]
    ground.shell(f"UPDATE trial_count SET subject = 'X' WHERE id = {row.pk}")
    report = verify(using=ground.using)
    seen = entry_of(ground, table_name="trial_count", kind="U")
    assert codes(report) == ["audit_batch_altered"] and seen.is_direct
    assert f"记录 {seen.pk}（行 {row.pk}）" in report.findings[0].message.zh
    assert "audit_direct_writes" in [finding.code for finding in report.findings]


@pytest.mark.parametrize("position", [0, 999, 1000, 2344])
def test_every_corner_of_a_batch_is_covered(ground: Ground, position: int) -> None:
    populate(ground, rows=2345)
    row = ground.counts.order_by("id")[position]
    ground.shell(f"UPDATE trial_count SET day = '1999-01-01' WHERE id = {row.pk}")
    finding = verify(using=ground.using).findings[0]
    assert finding.code == "audit_batch_altered"
    assert finding.where.row == position // 1000 * 1000 + 1


def test_rows_missing_from_a_batch(ground: Ground) -> None:
    populate(ground, rows=2345)
    row = ground.counts.order_by("id")[1200]
    ground.shell(f"DELETE FROM trial_count WHERE id = {row.pk}")
    finding = verify(using=ground.using).findings[0]
    assert finding.code == "audit_batch_rows_missing" and finding.where.row == 1001
    assert "少了 1 行" in finding.message.zh


def test_rows_added_to_a_batch_and_to_none(ground: Ground) -> None:
    populate(ground)
    for batch in ("1", "55", "NULL"):
        ground.shell(
            "INSERT INTO trial_count (batch, subject, day, facts, remark)"
            f" VALUES ({batch}, 'X', '2023-01-01', '{{}}', '')"
        )
    report = verify(using=ground.using)
    assert codes(report) == ["audit_rows_unrecorded"] * 3
    assert sorted(str(path) for path in paths(report)) == [
        "trial_count/batch/", "trial_count/batch/1", "trial_count/batch/55",
    ]


def test_a_batch_that_is_gone_altogether(ground: Ground) -> None:
    populate(ground)
    without_row_triggers(ground, "DELETE FROM trial_count", table="trial_count")
    assert codes(verify(using=ground.using)) == ["audit_batch_missing"]


def test_a_batch_recorded_in_parts(ground: Ground) -> None:
    for start in (0, 1000, 1003):
        write_counts(ground.counts.model, 1, 1000 if start != 1000 else 3, using=ground.using, start=start)
        write_counts(ground.counts.model, 2, 5, using=ground.using, start=start)
    assert verify(using=ground.using).is_sound
    victim = ground.counts.filter(batch=1).order_by("id")[1001]
    ground.shell(f"UPDATE trial_count SET value = -1 WHERE id = {victim.pk}")
    report = verify(using=ground.using)
    assert codes(report) == ["audit_batch_altered"]
    assert str(victim.pk) in report.findings[0].message.zh


def test_columns_outside_the_digest_follow_their_entries(ground: Ground) -> None:
    """A bulk row's remark may change by an action; past the trigger it may not."""
    populate(ground)
    first, second = ground.counts.order_by("id")[:2]
    with acting(7, "remark", using=ground.using):
        ground.counts.filter(pk__in=[first.pk, second.pk]).update(remark="核")
    assert verify(using=ground.using).is_sound
    without_row_triggers(
        ground, f"UPDATE trial_count SET remark = '改' WHERE id = {second.pk}", table="trial_count"
    )
    report = verify(using=ground.using)
    assert codes(report) == ["audit_row_altered"] and paths(report) == [f"trial_count/{second.pk}"]


def test_an_open_column_changed_past_the_trigger_on_a_row_that_never_changed(ground: Ground) -> None:
    populate(ground)
    row = ground.counts.order_by("id")[3]
    without_row_triggers(ground, f"UPDATE trial_count SET remark = 'x' WHERE id = {row.pk}", table="trial_count")
    report = verify(using=ground.using)
    assert codes(report) == ["audit_row_altered"] and paths(report) == [f"trial_count/{row.pk}"]
    assert report.findings[0].where.field == "remark"


def test_a_value_that_is_none_of_its_column_is_found_and_stops_nothing(ground: Ground) -> None:
    if ground.vendor != "sqlite":
        pytest.skip("PostgreSQL refuses such a value")
    populate(ground)
    row = ground.counts.order_by("id")[5]
    ground.shell(f"UPDATE trial_count SET day = 'never', value = 'much', seen_at = 'then' WHERE id = {row.pk}")
    assert codes(verify(using=ground.using)) == ["audit_batch_altered"]


# The key ------------------------------------------------------------------------------------


def test_without_its_key_nothing_is_verified_or_sealed_and_no_new_key_is_made(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    populate(ground)
    monkeypatch.setattr(settings, "HOME", Home(tmp_path / "elsewhere"))
    keys.forget_keys()
    for attempt in (verify, sealer.seal):
        with pytest.raises(Refused) as refusal:
            attempt(using=ground.using)
        assert refusal.value.findings[0].code == "audit_key_missing"
        assert "audit.key" in refusal.value.findings[0].message.zh
    with pytest.raises(Refused), acting(7, "verb", using=ground.using):
        ground.berths.create(name="五")
    assert not (tmp_path / "elsewhere" / "audit.key").exists()
    keys.forget_keys()


def test_another_key_is_told_from_a_forged_block(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    populate(ground)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(settings, "HOME", Home(tmp_path / "elsewhere"))
        settings.HOME.key("audit")
        report = verify(using=ground.using)
        assert codes(report)[0] == "audit_key_other"
        assert keys.fingerprint() in report.findings[0].message.zh
    keys.forget_keys()
    keys.prepare_connection(None, connections[ground.using])


def test_a_database_without_audit_tables_is_told_what_to_do(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kouan.audit.verify.has_trail", lambda connection: False)
    with pytest.raises(Refused) as refusal:
        verify(using=ground.using)
    assert refusal.value.findings[0].code == "audit_not_set_up"
    assert "kouan setup" in refusal.value.findings[0].remedy.zh


def test_many_findings_of_one_kind_are_counted_not_listed(ground: Ground) -> None:
    populate(ground)
    with acting(7, "many", using=ground.using):
        ground.berths.bulk_create([ground.berths.model(name=f"号{number}") for number in range(30)])
    without_row_triggers(ground, "UPDATE trial_berth SET depth = 1 WHERE name LIKE '号%'")
    report = verify(using=ground.using)
    assert codes(report).count("audit_row_altered") == 20
    assert any(finding.code == "audit_more_findings" and "10" in finding.message.zh for finding in report.findings)


def test_dates_in_the_report_come_from_the_trail(ground: Ground) -> None:
    assert verify(using=ground.using).as_dict()["head"] == {}
    populate(ground)
    head = verify(using=ground.using).as_dict()["head"]
    assert head["number"] == AuditBlock.objects.using(ground.using).count()
    assert date.fromisoformat(head["sealed_at"][:10]) >= date(2023, 1, 1)
