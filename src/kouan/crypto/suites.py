"""The two suites. Keys are raw: a private key is 32 bytes, a public one 65 (04, x, y), a signature 64 (r, s).

Sources: GB/T 32918.2 and .5 (SM2 signature and its curve), GB/T 35276 (the default user id), GB/T 32905 (SM3), GB/T 32907
(SM4), RFC 8998 (SM4 in GCM), FIPS 186-5 and SP 800-38D (the other suite), RFC 7638 (the idea of a thumbprint).

>>> suite_of("sm").digest(b"abc").hex()[:16], suite_of("es256").digest(b"abc").hex()[:16]
('66c7f0f462eeedd9', 'ba7816bf8f01cfea')
>>> key = bytes(16)
>>> suite_of("sm").open(key, suite_of("sm").seal(key, b"text", b"where"), b"where")
b'text'
"""

from __future__ import annotations

import json
import os
from typing import Protocol

import gmalglib.sm2 as sm2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

NONCE_BYTES = 12
TAG_BYTES = 16
SIGNATURE_BYTES = 64
PUBLIC_BYTES = 65
UNCOMPRESSED = b"\x04"
# GB/T 35276-2017: who signs without another agreed identity signs under this one.
USER_ID = b"1234567812345678"
# The order of P-256. (r, s) and (r, n - s) are both signatures of one text: only the smaller s is taken.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Unreadable(ValueError):
    """A sealed text that does not open: another key, another place, or altered."""


class Suite(Protocol):
    """What both suites can do. ``key_bytes`` is the length of a key for ``seal`` and ``open``."""

    name: str
    digest_name: str
    key_bytes: int

    def digest(self, content: bytes) -> bytes:
        """The 32 bytes of the suite's hash."""

    def hasher(self) -> hashes.Hash:
        """The same, fed piece by piece: ``update(bytes)``, then ``finalize()``."""

    def mac(self, key: bytes, content: bytes) -> bytes:
        """HMAC with the suite's hash, 32 bytes."""

    def stretch(self, secret: bytes, salt: bytes, rounds: int) -> bytes:
        """A key of ``key_bytes`` from a passphrase (PBKDF2, RFC 8018)."""

    def generate(self) -> bytes:
        """A new private key."""

    def public_of(self, private: bytes) -> bytes:
        """The public key of a private one."""

    def sign(self, private: bytes, content: bytes) -> bytes:
        """Sign the content (not a digest of it)."""

    def verify(self, public: bytes, content: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's over this content; False for anything malformed."""

    def seal(self, key: bytes, plain: bytes, where: bytes) -> bytes:
        """Encrypt and authenticate: nonce, ciphertext, tag. ``where`` is authenticated and not contained."""

    def open(self, key: bytes, sealed: bytes, where: bytes) -> bytes:
        """The plain text of ``seal``; Unreadable for another key or place, or when anything was altered."""


class _Hashing:
    """What follows from the hash alone."""

    algorithm: hashes.HashAlgorithm
    key_bytes: int

    def hasher(self) -> hashes.Hash:
        return hashes.Hash(self.algorithm)

    def digest(self, content: bytes) -> bytes:
        running = hashes.Hash(self.algorithm)
        running.update(content)
        return running.finalize()

    def mac(self, key: bytes, content: bytes) -> bytes:
        running = HMAC(key, self.algorithm)
        running.update(content)
        return running.finalize()

    def stretch(self, secret: bytes, salt: bytes, rounds: int) -> bytes:
        return PBKDF2HMAC(self.algorithm, self.key_bytes, salt, rounds).derive(secret)


class National(_Hashing):
    """SM2 with SM3, SM4-GCM."""

    name = "sm"
    digest_name = "sm3"
    key_bytes = 16
    algorithm = hashes.SM3()

    def generate(self) -> bytes:
        private, _ = sm2.SM2().generate_keypair()
        return bytes(private)

    def public_of(self, private: bytes) -> bytes:
        return bytes(sm2.SM2.get_pk(private))

    def sign(self, private: bytes, content: bytes) -> bytes:
        return bytes(sm2.SM2(sk=private, uid=USER_ID).sign(content))

    def verify(self, public: bytes, content: bytes, signature: bytes) -> bool:
        # The library takes the mixed form (06, 07) of a point as well; one key has one spelling here.
        if public[:1] != UNCOMPRESSED or len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES or not sm2.SM2.is_pk_valid(public):
            return False
        return bool(sm2.SM2(pk=public, uid=USER_ID).verify(content, signature))

    def seal(self, key: bytes, plain: bytes, where: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self.seal_with(key, nonce, plain, where)

    def seal_with(self, key: bytes, nonce: bytes, plain: bytes, where: bytes) -> bytes:
        """With a nonce of the caller's, which must never come twice under one key: for published vectors. Ciphertext and tag."""
        running = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        running.authenticate_additional_data(where)
        return running.update(plain) + running.finalize() + running.tag

    def open(self, key: bytes, sealed: bytes, where: bytes) -> bytes:
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise Unreadable("too short")
        nonce, held, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
        running = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
        running.authenticate_additional_data(where)
        try:
            return running.update(held) + running.finalize()
        except InvalidTag as error:
            raise Unreadable("does not open") from error


class Es256(_Hashing):
    """ECDSA on P-256 with SHA-256, AES-256-GCM."""

    name = "es256"
    digest_name = "sha256"
    key_bytes = 32
    algorithm = hashes.SHA256()

    def generate(self) -> bytes:
        return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")

    @staticmethod
    def _private(private: bytes) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())

    def public_of(self, private: bytes) -> bytes:
        numbers = self._private(private).public_key().public_numbers()
        return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")

    def sign(self, private: bytes, content: bytes) -> bytes:
        r, s = decode_dss_signature(self._private(private).sign(content, ec.ECDSA(self.algorithm)))
        return r.to_bytes(32, "big") + min(s, _P256_ORDER - s).to_bytes(32, "big")

    def verify(self, public: bytes, content: bytes, signature: bytes) -> bool:
        if public[:1] != UNCOMPRESSED or len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if s > _P256_ORDER // 2:
            return False
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
            key.verify(encode_dss_signature(r, s), content, ec.ECDSA(self.algorithm))
        except (InvalidSignature, ValueError):
            return False
        return True

    def seal(self, key: bytes, plain: bytes, where: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, plain, where)

    def open(self, key: bytes, sealed: bytes, where: bytes) -> bytes:
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise Unreadable("too short")
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], where)
        except InvalidTag as error:
            raise Unreadable("does not open") from error


SUITES: dict[str, Suite] = {each.name: each for each in (National(), Es256())}


def suite_of(name: str) -> Suite:
    """A suite by its name; KeyError when there is none of that name."""
    return SUITES[name]


def thumbprint(suite: Suite, public: bytes) -> str:
    """The name of a public key: 64 hexadecimal digits, the suite's digest over suite and point in canonical JSON."""
    said = {"suite": suite.name, "x": public[1:33].hex(), "y": public[33:].hex()}
    return suite.digest(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hex()
