"""Backup while others write, restore that proves itself, and every way in which a backup may be broken."""

from __future__ import annotations

import io
import json
import os
import resource
import time
from pathlib import Path
from typing import Any

import pytest

from kouan.backup import CHUNK, Opening, Sealing
from kouan.basis import Refused

SECRET = "correct horse battery"
PLAIN = os.urandom(2 * CHUNK + 777)


def sealed(plain: bytes = PLAIN, kind: str = "data") -> bytes:
    file = io.BytesIO()
    sealing = Sealing(file, SECRET, kind)
    for at in range(0, len(plain), 100_000):
        sealing.write(plain[at:at + 100_000])
    sealing.finish()
    return file.getvalue()


def opened(content: bytes, secret: str = SECRET, kind: str = "data") -> bytes:
    return io.BufferedReader(Opening(io.BytesIO(content), secret, kind)).read()


def code_of(content: bytes, **known: Any) -> str:
    with pytest.raises(Refused) as refused:
        opened(content, **known)
    return refused.value.findings[0].code


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, len(PLAIN)])
def test_what_went_in_comes_out(size: int) -> None:
    assert opened(sealed(PLAIN[:size])) == PLAIN[:size]


def test_every_break_is_named() -> None:
    content = sealed()
    body = content.index(b"\n") + 1
    one = 4 + CHUNK + 16
    assert code_of(content, secret="another passphrase") == "backup_unreadable"
    assert code_of(content, kind="keys") == "not_a_backup"
    assert code_of(b"PK\x03\x04 something else") == "not_a_backup"
    assert code_of(content[:-1]) == code_of(content[: body + one]) == code_of(content[: body + one + 2]) == "backup_truncated"
    assert code_of(content + b"x") == "backup_altered"
    for at in (body + one + 100, len(content) - 1):
        assert code_of(content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]) == "backup_altered"
    swapped = content[:body] + content[body + one: body + 2 * one] + content[body: body + one] + content[body + 2 * one:]
    assert code_of(swapped) == "backup_unreadable"
    dropped = content[: body + one] + content[body + 2 * one:]
    assert code_of(dropped) == "backup_altered"
    changed = content.replace(b"made_at", b"made_AT", 1)
    assert code_of(changed) == "backup_unreadable"
    assert b"horse" not in content


def said(done: Any) -> dict[str, Any]:
    assert done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.long
def test_a_backup_made_while_others_write_comes_back_whole(prepared: Any, installation: Any, tmp_path: Path) -> None:
    for each in (prepared, installation):
        each.environment["KOUAN_BACKUP_PASSPHRASE"] = SECRET
    (prepared.home / "rulings.yaml").write_text("# 本机\n", encoding="utf-8")
    target, keys = tmp_path / "a.kouan", tmp_path / "a.keys"
    writer = prepared.start("audit", "seal")
    writers = [prepared.start("accounts", "demo") for _ in range(2)]
    done = prepared.kouan("backup", str(target), "--keys", str(keys), "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    for each in (writer, *writers):
        each.wait(120)
    kept = said(done)
    assert kept["rows"] > 300
    assert target.stat().st_mode & 0o077 == 0
    content = target.read_bytes()
    assert b"rulings" not in content and b"SQLite format" not in content
    assert sorted(path.name for path in tmp_path.glob("a.*")) == ["a.keys", "a.kouan"]

    again = prepared.kouan("backup", str(target), "--json")
    assert again.returncode == 1
    refused = prepared.kouan("restore", str(target), "--keys", str(keys))
    assert refused.returncode == 1
    assert "不是空的" in refused.stderr + refused.stdout

    (tmp_path / "cut.kouan").write_bytes(content[:-100])
    assert installation.kouan("restore", str(tmp_path / "cut.kouan"), "--keys", str(keys)).returncode == 1
    without = installation.kouan("restore", str(target))
    assert without.returncode == 1
    assert "缺少密钥" in without.stderr + without.stdout
    assert not (installation.home / "kouan.sqlite3").exists()
    assert not list(installation.home.glob("kouan-restore-*"))

    back = installation.kouan("restore", str(target), "--keys", str(keys), "--verify", "--json")
    assert back.returncode == 0, back.stdout[-2000:] + back.stderr[-2000:]
    assert said(back)["verified"] is True
    assert said(back)["rows"] == kept["rows"]
    assert (installation.home / "rulings.yaml").read_text(encoding="utf-8") == "# 本机\n"
    assert (installation.home / "audit.key").read_bytes() == (prepared.home / "audit.key").read_bytes()
    assert installation.kouan("audit", "verify").returncode == 0


@pytest.mark.long
def test_a_full_disk_leaves_no_half_file(prepared: Any, tmp_path: Path) -> None:
    prepared.environment["KOUAN_BACKUP_PASSPHRASE"] = SECRET
    folder = tmp_path / "full"
    folder.mkdir()

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    (prepared.home / "large.bin").write_bytes(os.urandom(2_000_000))
    done = prepared.kouan("backup", str(folder / "a.kouan"), preexec_fn=small)
    assert done.returncode == 1
    assert list(folder.iterdir()) == []


def test_a_passphrase_that_could_be_guessed_is_refused(prepared: Any, tmp_path: Path) -> None:
    prepared.environment["KOUAN_BACKUP_PASSPHRASE"] = "short"
    began = time.monotonic()
    assert prepared.kouan("backup", str(tmp_path / "a.kouan")).returncode == 1
    assert time.monotonic() - began < 120
