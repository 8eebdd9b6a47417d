"""Secrets that the database keeps but must not be able to read: sealed with a key of the home folder.

AES-256-GCM with a key drawn by HKDF-SHA-256 from the home's ``second-factor`` key file; the text begins with the scheme's name,
so that another (SM4-GCM by field) can be put beside it and both be opened. The owner's number is authenticated: a sealed text moved
to another row does not open.

>>> seal("JBSWY3DP", "user:7") != seal("JBSWY3DP", "user:7")
True
>>> opened(seal("JBSWY3DP", "user:7"), "user:7")
'JBSWY3DP'
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from kouan.crypto import Unreadable, suite_of

SCHEME = "aes256gcm-1"
_SUITE = suite_of("es256")


class SealBroken(ValueError):
    """A sealed text that this installation's key does not open: altered, moved, or of another home."""


def _key(purpose: str) -> bytes:
    material = settings.HOME.key("second-factor").encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"kouan {purpose}".encode()).derive(material)


def seal(text: str, owner: str) -> str:
    """A secret as the database keeps it; ``owner`` names the row that it belongs to."""
    closed = _SUITE.seal(_key("seal"), text.encode(), f"{SCHEME} {owner}".encode())
    return f"{SCHEME}:{base64.b64encode(closed).decode()}"


def opened(sealed: str, owner: str) -> str:
    """The secret again. Raises SealBroken."""
    scheme, _, body = sealed.partition(":")
    try:
        if scheme != SCHEME:
            raise SealBroken(scheme)
        return _SUITE.open(_key("seal"), base64.b64decode(body, validate=True), f"{SCHEME} {owner}".encode()).decode()
    except (Unreadable, ValueError) as error:
        raise SealBroken(f"{owner}: {error}") from error


def keyed_digest(text: str) -> str:
    """A digest that nobody can compute without the home folder: what is kept of a recovery code."""
    return _SUITE.mac(_key("digest"), text.encode()).hex()
