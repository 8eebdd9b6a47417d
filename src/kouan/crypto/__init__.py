"""Algorithms and keys: two suites behind one interface, and key files. Pure; no web and no database.

``sm``     SM2 with SM3 (GB/T 32918, GB/T 32905), SM4-GCM (GB/T 32907, RFC 8998): the national algorithms
``es256``  ECDSA on P-256 with SHA-256 (FIPS 186-5), AES-256-GCM (NIST SP 800-38D)

>>> suite = suite_of("sm")
>>> private = suite.generate()
>>> suite.verify(suite.public_of(private), b"text", suite.sign(private, b"text"))
True
"""

from kouan.crypto.keyfiles import KeyFile, KeyFileUnreadable, secret_of_environment
from kouan.crypto.suites import SUITES, Suite, Unreadable, suite_of, thumbprint

__all__ = ["KeyFile", "KeyFileUnreadable", "SUITES", "Suite", "Unreadable", "secret_of_environment", "suite_of", "thumbprint"]
