"""Payloads as files named by digest, written before the ledger speaks of them and never overwritten."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.conf import settings


def place(suite: str, digest: str) -> Path:
    """Where the payload of that digest lies."""
    return Path(settings.HOME.path) / "exchange" / "payloads" / digest[:2] / f"{suite}-{digest}"


def keep(suite: str, digest: str, content: bytes) -> Path:
    """Write a payload to the disk, whole or not at all; the same content a second time changes nothing."""
    target = place(suite, digest)
    if target.exists() and target.stat().st_size == len(content):
        return target
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target
