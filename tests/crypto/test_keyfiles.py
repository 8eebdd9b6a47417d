"""Key files: guarded by the secret, private to their owner, never overwritten, and damage is told."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from kouan.basis import Refused
from kouan.crypto import KeyFile, KeyFileUnreadable, secret_of_environment

SECRET = "sixteen characters or more"


@pytest.mark.parametrize("suite", ["sm", "es256"])
def test_the_key_opens_with_its_secret_only(tmp_path: Path, suite: str) -> None:
    made = KeyFile.write(tmp_path / "keys" / "one.json", suite, b"k" * 32, secret=SECRET, about={"purpose": "test"})
    assert made.is_guarded
    assert b"k" * 32 not in made.path.read_bytes()
    assert (b"k" * 32).hex() not in made.path.read_text()
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    assert KeyFile.read(made.path).key(SECRET) == b"k" * 32
    for wrong in ("", "another secret of that size"):
        with pytest.raises(KeyFileUnreadable) as refused:
            KeyFile.read(made.path).key(wrong)
        assert refused.value.findings[0].code == "key_secret_wrong"
    assert sorted(each.name for each in made.path.parent.iterdir()) == ["one.json"], "no draft stays behind"


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    place = tmp_path / "one.json"
    KeyFile.write(place, "sm", b"1" * 16, secret="", about={})
    with pytest.raises(FileExistsError):
        KeyFile.write(place, "sm", b"2" * 16, secret="", about={})
    assert KeyFile.read(place).key("") == b"1" * 16
    assert not KeyFile.read(place).is_guarded


def test_what_is_known_of_a_guarded_key_cannot_be_altered(tmp_path: Path) -> None:
    made = KeyFile.write(tmp_path / "one.json", "sm", b"k" * 16, secret=SECRET, about={"purpose": "time"})
    said = json.loads(made.path.read_text())
    said["about"]["purpose"] = "sign"
    made.path.write_text(json.dumps(said))
    with pytest.raises(KeyFileUnreadable):
        KeyFile.read(made.path).key(SECRET)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format":"kouan-key/1","suite":"rsa","about":{}}'])
def test_damage_is_told(tmp_path: Path, content: str) -> None:
    place = tmp_path / "one.json"
    place.write_text(content)
    with pytest.raises(KeyFileUnreadable) as refused:
        KeyFile.read(place)
    assert refused.value.findings[0].remedy is not None


def test_a_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOUAN_KEY_SECRET", "short")
    with pytest.raises(Refused):
        secret_of_environment()
    monkeypatch.delenv("KOUAN_KEY_SECRET")
    assert secret_of_environment() == ""
