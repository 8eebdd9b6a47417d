"""Key files: small JSON files in the home folder, readable by their owner alone, never in the database.

With a secret from the environment (``KOUAN_KEY_SECRET``) the key inside is encrypted under it (PBKDF2 of the suite's hash, then
the suite's cipher); without one it lies there in clear and the file says so, as the keys of the trail and of sessions do.

>>> import tempfile, pathlib
>>> place = pathlib.Path(tempfile.mkdtemp()) / "a.json"
>>> written = KeyFile.write(place, "sm", b"k" * 16, secret="correct horse battery", about={"purpose": "example"})
>>> written.key("correct horse battery") == b"k" * 16, oct(place.stat().st_mode & 0o777)
(True, '0o600')
>>> written.key("another secret of mine")
Traceback (most recent call last):
kouan.crypto.keyfiles.KeyFileUnreadable: ...
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import Refused
from kouan.crypto.suites import Unreadable, suite_of

FORMAT = "kouan-key/1"
VARIABLE = "KOUAN_KEY_SECRET"
SHORTEST_SECRET = 16
# OWASP's floor for PBKDF2 with a hash of 256 bits (Password Storage Cheat Sheet, 2023).
ROUNDS = 600_000


class KeyFileUnreadable(Refused):
    """The key cannot be taken out: file gone or damaged, secret missing or another."""


def secret_of_environment() -> str:
    """The operator's secret, "" when none is set. Refused when it is too short to be one."""
    secret = os.environ.get("KOUAN_KEY_SECRET", "")
    if secret and len(secret) < SHORTEST_SECRET:
        raise Refused.because(
            "key_secret_short", f"环境变量 {VARIABLE} 过短，不能用来保护密钥。", f"The environment's {VARIABLE} is too short to guard keys.",
            measured=len(secret), required=f"≥ {SHORTEST_SECRET}",
            remedy=("请换成至少 16 个字符的随机串，并另处妥善保存。", "Use a random one of 16 characters or more, and keep it elsewhere as well."))
    return secret


@lru_cache(maxsize=64)
def _stretched(suite: str, secret: str, salt: str, rounds: int) -> bytes:
    """A third of a second of work, done once for each file and process."""
    return suite_of(suite).stretch(secret.encode(), bytes.fromhex(salt), rounds)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """One key with what is known of it. ``said`` is the file's content."""

    path: Path
    said: dict[str, Any]

    @classmethod
    def write(cls, path: Path, suite: str, key: bytes, *, secret: str, about: dict[str, Any]) -> KeyFile:
        """Write a new key file, whole or not at all; FileExistsError when there is one (a key is never overwritten)."""
        said: dict[str, Any] = {"format": FORMAT, "suite": suite, "about": about}
        if secret:
            salt = secrets.token_hex(16)
            sealed = suite_of(suite).seal(_stretched(suite, secret, salt, ROUNDS), key, _where(suite, about))
            said["sealed"] = {"salt": salt, "rounds": ROUNDS, "key": sealed.hex()}
        else:
            said["key"] = key.hex()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps(said, ensure_ascii=False, indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # unlike a renaming it fails where the name is taken
        finally:
            draft.unlink(missing_ok=True)
        return cls(path, said)

    @classmethod
    def read(cls, path: Path) -> KeyFile:
        """Read a key file without opening the key. Raises KeyFileUnreadable."""
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            if said["format"] != FORMAT or not isinstance(said["about"], dict):
                raise ValueError("not a key file")
            suite_of(said["suite"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise KeyFileUnreadable.because(
                "key_file_unreadable", f"密钥文件无法读取：{path.name}。", f"The key file cannot be read: {path.name}.",
                remedy=("请从备份恢复该文件；没有它，用它加密的内容无法读出。",
                        "Restore it from its backup: without it, what was encrypted with it cannot be read.")) from error
        return cls(path, said)

    @property
    def suite(self) -> str:
        """The suite the key belongs to."""
        return str(self.said["suite"])

    @property
    def about(self) -> dict[str, Any]:
        """Purpose, key id, days: nothing secret."""
        return dict(self.said["about"])

    @property
    def is_guarded(self) -> bool:
        """Whether the key is encrypted under the operator's secret."""
        return "sealed" in self.said

    def key(self, secret: str) -> bytes:
        """The key itself. Raises KeyFileUnreadable for a wrong or missing secret, or an altered file."""
        try:
            if not self.is_guarded:
                return bytes.fromhex(self.said["key"])
            held = self.said["sealed"]
            opened = _stretched(self.suite, secret, held["salt"], int(held["rounds"])) if secret else b""
            if not opened:
                raise Unreadable("no secret")
            return suite_of(self.suite).open(opened, bytes.fromhex(held["key"]), _where(self.suite, self.about))
        except (Unreadable, ValueError, KeyError, TypeError) as error:
            raise KeyFileUnreadable.because(
                "key_secret_wrong", f"密钥文件 {self.path.name} 打不开：环境变量 {VARIABLE} 未设置或与写入时不同，或者文件被改动。",
                f"The key file {self.path.name} does not open: {VARIABLE} is not set or another than when it was written, or the file was altered.",
                remedy=(f"请以写入时的 {VARIABLE} 启动；文件损坏的，从备份恢复。",
                        f"Start with the {VARIABLE} of that time; restore a damaged file from its backup.")) from error


def _where(suite: str, about: dict[str, Any]) -> bytes:
    return json.dumps([FORMAT, suite, about], sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
