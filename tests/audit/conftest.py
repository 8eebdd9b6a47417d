"""Two trial tables, and a database that a shell of its own can open."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from kouan.audit import RowsDigest, acting, install, keys, record_batch, registry


@dataclass(frozen=True)
class Models:
    """The trial models."""

    Berth: Any
    Count: Any


@pytest.fixture
def trial(transactional_db: None) -> Iterator[Models]:
    """The trial tables, audited, in the test database; real transactions."""
    from tests.audit.trial import Berth, Count

    keys.ensure_key(connection)
    registry.register(Berth, exclude=("heartbeat",), digest=("telephone",))
    registry.register(
        Count, bulk=True, batch_column="batch",
        digest_columns=("batch", "subject", "day", "value", "seen_at", "facts"),
    )
    with connection.schema_editor() as editor:
        for model in (Berth, Count):
            editor.create_model(model)
    install.after_migrations()
    try:
        yield Models(Berth, Count)
    finally:
        with connection.schema_editor() as editor:
            for model in (Berth, Count):
                editor.delete_model(model)
        for model in (Berth, Count):
            registry.forget(model)
        install.after_migrations()


@dataclass(frozen=True)
class Ground:
    """A database with the trial tables that both Django (``using``) and a shell can reach."""

    using: str
    vendor: str
    berths: Any
    counts: Any
    file: Path | None = None

    def shell(self, *statements: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run statements in sqlite3 or psql, as somebody with access to the server would."""
        if self.vendor == "sqlite":
            command, environment = ["sqlite3", "-bail", str(self.file)], None
        else:
            known = connections[self.using].settings_dict
            command = [
                "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", known["HOST"], "-p", known["PORT"],
                "-U", known["USER"], known["NAME"],
            ]
            environment = {"PGPASSWORD": known["PASSWORD"], "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            command, input="\n".join(f"{statement};" for statement in statements), capture_output=True, text=True,
            check=False, env=environment, timeout=60,
        )
        if check and done.returncode:
            pytest.fail(done.stderr)
        return done

    def entries(self, **filters: Any) -> list[Any]:
        """Entries of the trial tables and events, oldest first, installation left out."""
        from kouan.audit.models import AuditEntry

        found = AuditEntry.objects.using(self.using).filter(**filters).order_by("id")
        return list(found.exclude(note__startswith="audit.triggers"))


@pytest.fixture
def ground(trial: Models, tmp_path: Path) -> Iterator[Ground]:
    """On SQLite a copy of the test database in a file of its own; on PostgreSQL the test database."""
    if connection.vendor == "postgresql":
        if shutil.which("psql") is None:
            pytest.fail("psql is not installed: scripts/bootstrap-debian postgres")
        yield Ground("default", "postgresql", trial.Berth.objects, trial.Count.objects)
        return
    if shutil.which("sqlite3") is None:
        pytest.fail("the sqlite3 shell is not installed: scripts/bootstrap-debian sqlite")
    file = tmp_path / "ground.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    connections.databases["ground"] = {**connections.databases["default"], "NAME": str(file)}
    # Django's test case forbids databases that it did not make to be connected lazily.
    connections["ground"].connect()
    try:
        yield Ground(
            "ground", "sqlite", trial.Berth.objects.using("ground"), trial.Count.objects.using("ground"), file
        )
    finally:
        connections["ground"].close()
        del connections["ground"]
        del connections.databases["ground"]


def count_rows(batch: int, number: int, start: int = 0) -> list[dict[str, Any]]:
    """Bulk rows as a writer has them."""
    return [
        {
            "batch": batch,
            "subject": f"口岸-{(start + index) % 7}",
            "day": date(2020, 1, 1) + timedelta(days=start + index),
            "value": None if index % 50 == 9 else Decimal(index * 37) / 8,
            "seen_at": None,
            "facts": {"乙": index % 3, "甲": [1, "二"]},
        }
        for index in range(number)
    ]


def write_counts(model: Any, batch: int, number: int, *, using: str = "default", start: int = 0) -> str:
    """Write one batch as a room does: rows in bulk, one entry. Answers the digest."""
    digest = RowsDigest.of(model)
    columns = RowsDigest.columns_of(model)
    rows = count_rows(batch, number, start)
    with acting(7, "trial.take_in", using=using):
        model.objects.using(using).bulk_create([model(**row) for row in rows], batch_size=500)
        for row in rows:
            digest.add([row[column] for column in columns])
        record_batch(
            "trial_count", batch, digest.rows, digest.hexdigest(), marks=digest.marks, using=using
        )
    return digest.hexdigest()
