"""Keys by which programs sign in: shown once, kept only as a digest, revocable, dated.

>>> secret = new_secret()
>>> secret.startswith("kouan_"), len(digest_of(secret))
(True, 64)
"""

from __future__ import annotations

import hashlib
import secrets

PREFIX = "kouan_"


def new_secret() -> str:
    """A key of 256 random bits. Its digest needs no salt: it cannot be guessed."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What the database keeps of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()
