"""Master keys and the key of the index, as files of the home folder; the keys of persons, wrapped, in the database.

``keys/personal/master-N.json`` wraps, the highest number for what is new; ``index.json`` makes the keyed index; ``destroyed.jsonl``
names every destroyed subject, so that a backup of the database restored later does not bring one back.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from kouan.basis import Refused, clock
from kouan.crypto import KeyFile, Unreadable, secret_of_environment, suite_of

SUITE = "sm"
MASTER = re.compile(r"master-(\d{1,6})\.json")


class Destroyed(Exception):
    """The subject's key was destroyed: what it sealed cannot be read any more."""


def folder() -> Path:
    """Where the key files lie."""
    return Path(settings.HOME.path) / "keys" / "personal"


def masters() -> dict[int, Path]:
    """The master keys that are there, by number."""
    if not folder().is_dir():
        return {}
    found = ((MASTER.fullmatch(each.name), each) for each in folder().iterdir())
    return dict(sorted((int(said[1]), place) for said, place in found if said))


@lru_cache(maxsize=32)
def _opened(place: Path, stamp: int, secret: str) -> bytes:
    return KeyFile.read(place).key(secret)


def _key_in(place: Path) -> bytes:
    try:
        stamp = place.stat().st_mtime_ns
    except OSError:
        stamp = 0
    return _opened(place, stamp, secret_of_environment())


def _made(place: Path, purpose: str) -> Path:
    """Make a key file on first use; of two processes one makes it and the other reads it. Never where it was lost."""
    from kouan.accounts.personal.models import SubjectKey

    if SubjectKey.objects.exists():
        raise Refused.because(
            "personal_key_missing", f"个人信息密钥文件不存在：{place.name}。数据库中已有用它加密的内容，不能另造新钥。",
            f"The key file of personal data is missing: {place.name}. Content encrypted with it exists, so no new one is made.",
            remedy=("请从备份恢复 keys/personal/ 后重试。", "Restore keys/personal/ from its backup, then try again."))
    return _write(place, purpose)


def _write(place: Path, purpose: str) -> Path:
    secret = secret_of_environment()
    try:
        KeyFile.write(place, SUITE, os.urandom(suite_of(SUITE).key_bytes if purpose == "master" else 32), secret=secret,
                      about={"purpose": f"personal-{purpose}", "made": clock.now().isoformat()})
    except FileExistsError:
        pass
    return place


def current_master() -> int:
    """The number of the master key that wraps now; the first use makes it."""
    found = masters()
    if not found:
        _made(folder() / "master-1.json", "master")
        return 1
    return max(found)


def next_master() -> int:
    """Make the next master key and answer its number."""
    number = current_master() + 1
    _write(folder() / f"master-{number}.json", "master")
    return number


def master(number: int) -> bytes:
    """A master key by its number. Raises KeyFileUnreadable."""
    return _key_in(folder() / f"master-{number}.json")


def index_key() -> bytes:
    """The key of the index (32 bytes); the first use makes it."""
    place = folder() / "index.json"
    if not place.exists():
        _made(place, "index")
    return _key_in(place)


def _where(subject: uuid.UUID) -> bytes:
    return f"kouan-subject-key/1|{subject}".encode()


def wrap(key: bytes, subject: uuid.UUID, number: int) -> str:
    """A person's key sealed under a master key, for that person alone."""
    return suite_of(SUITE).seal(master(number), key, _where(subject)).hex()


def unwrap(wrapped: str, subject: uuid.UUID, number: int) -> bytes:
    """The key of ``wrap``. Raises Unreadable."""
    return suite_of(SUITE).open(master(number), bytes.fromhex(wrapped), _where(subject))


def key_of(subject: uuid.UUID, *, make: bool) -> bytes:
    """A person's key. Raises Destroyed, and Unreadable where there is none (unless it may be made) or it does not open."""
    from kouan.accounts.personal.models import SubjectKey

    held = SubjectKey.objects.filter(subject=subject).first()
    if held is None:
        if not make:
            raise Unreadable("no key of this subject")
        if str(subject) in destroyed():
            raise Destroyed(str(subject))
        index_key()  # made before the first person's key, for afterwards a missing file means a lost one
        number, key = current_master(), os.urandom(suite_of(SUITE).key_bytes)
        SubjectKey.objects.create(subject=subject, suite=SUITE, wrapped=wrap(key, subject, number), master=number)
        return key
    if held.destroyed_at is not None or not held.wrapped or str(subject) in destroyed():
        raise Destroyed(str(subject))
    return unwrap(held.wrapped, subject, held.master)


# --- the list of the destroyed ----------------------------------------------------------------------


def tombstones() -> Path:
    """The file that outlives a restored database."""
    return folder() / "destroyed.jsonl"


@lru_cache(maxsize=4)
def _destroyed(place: Path, stamp: int, size: int) -> frozenset[str]:
    return frozenset(json.loads(line)["subject"] for line in place.read_text(encoding="utf-8").splitlines() if line.strip())


def destroyed() -> frozenset[str]:
    """The subjects whose keys were destroyed on this installation."""
    place = tombstones()
    try:
        seen = place.stat()
    except FileNotFoundError:
        return frozenset()
    return _destroyed(place, seen.st_mtime_ns, seen.st_size)


def bury(subject: uuid.UUID) -> None:
    """Note a destroyed subject, flushed to the disk before the database is told."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(tombstones(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, (json.dumps({"subject": str(subject), "at": clock.now().isoformat()}) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
