"""The envelope of a message between agencies: a signed header with the payload's digest, and a time token over the signature.

Its bytes are canonical JSON (keys sorted, no blanks, UTF-8): what parses but is written otherwise is refused, so that every byte
of an envelope is under the signature or is the signature. The payload travels beside it and may be of any kind.

Modelled on what X-Road asks of a message (signed, time-stamped, logged at both ends), not on its formats. Pure: no database.

>>> from datetime import timedelta
>>> from kouan.crypto import suite_of, thumbprint
>>> suite = suite_of("sm"); private = suite.generate()
>>> signer = Signer("sm", thumbprint(suite, suite.public_of(private)), private)
>>> made = seal(sender="npo", receiver="gacc", service="official-paper/1", media_type="application/pdf", payload=b"%PDF",
...             created=clock.now(), lifetime=timedelta(days=1), signer=signer, stamper=signer)
>>> read(made.raw) == made, made.is_signed_by(suite.public_of(private)), made.holds(b"%PDF"), made.holds(b"%PDf")
(True, True, True, False)
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kouan.basis import Finding, Refused, clock
from kouan.crypto import SUITES, suite_of

FORMAT = "kouan-envelope/1"
TIME_FORMAT = "kouan-time/1"
MOST_BYTES = 16_384
NAMES = tuple(SUITES)
CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
SERVICE = re.compile(r"[a-z][a-z.-]{1,60}/[1-9][0-9]?")
MEDIA = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,100}")
HEX64 = re.compile(r"[0-9a-f]{64}")
HEX128 = re.compile(r"[0-9a-f]{128}")
IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
FILE_NAME = re.compile(r"(?!\.)[^/\\\x00-\x1f\x7f:*?\"<>|]{1,120}")

HEADER = {
    "created", "expires", "file_name", "format", "id", "in_reply_to", "key", "ledger", "media_type", "payload_bytes", "payload_digest", "receiver",
    "sender", "service", "suite",
}
TIME = {"at", "digest", "format", "key", "suite"}


class NotAnEnvelope(Refused):
    """The bytes are no envelope of ours."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name."""

    suite: str
    key_id: str
    private: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A read envelope. ``raw`` is exactly what was signed, stamped and is logged."""

    raw: bytes
    header: dict[str, Any]
    signature: str
    time: dict[str, Any]
    time_signature: str

    @property
    def message_id(self) -> uuid.UUID:
        return uuid.UUID(self.header["id"])

    @property
    def sender(self) -> str:
        return str(self.header["sender"])

    @property
    def receiver(self) -> str:
        return str(self.header["receiver"])

    @property
    def service(self) -> str:
        return str(self.header["service"])

    @property
    def created(self) -> datetime:
        return instant(self.header["created"])

    @property
    def expires(self) -> datetime:
        return instant(self.header["expires"])

    @property
    def stamped_at(self) -> datetime:
        return instant(self.time["at"])

    @property
    def digest(self) -> str:
        """SM3 of the raw bytes: the name under which both ledgers know the envelope, whatever its suite."""
        return suite_of("sm").digest(self.raw).hex()

    def is_signed_by(self, public: bytes) -> bool:
        """Whether the header is signed by this key."""
        return suite_of(self.header["suite"]).verify(public, _signed(FORMAT, self.header), bytes.fromhex(self.signature))

    def is_stamped_by(self, public: bytes) -> bool:
        """Whether the time token is this key's, and over this very signature."""
        suite = suite_of(self.time["suite"])
        if self.time["digest"] != suite.digest(bytes.fromhex(self.signature)).hex():
            return False
        return suite.verify(public, _signed(TIME_FORMAT, self.time), bytes.fromhex(self.time_signature))

    def holds(self, payload: bytes) -> bool:
        """Whether this is the payload that was signed for."""
        return (len(payload) == self.header["payload_bytes"]
                and suite_of(self.header["suite"]).digest(payload).hex() == self.header["payload_digest"])


def canonical(value: Any) -> bytes:
    """JSON with one spelling."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def written(moment: datetime) -> str:
    """An instant as it stands in an envelope: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(said: str) -> datetime:
    """The instant of ``written``; ValueError for anything else."""
    if not INSTANT.fullmatch(said):
        raise ValueError(said)
    return datetime.strptime(said, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _signed(purpose: str, said: dict[str, Any]) -> bytes:
    return purpose.encode() + b"\n" + canonical(said)


def seal(
    *, sender: str, receiver: str, service: str, media_type: str, payload: bytes, created: datetime, lifetime: timedelta,
    signer: Signer, stamper: Signer, file_name: str = "", in_reply_to: str = "", ledger: tuple[int, str] = (0, ""),
    message_id: uuid.UUID | None = None,
) -> Envelope:
    """Sign and stamp a message. ``ledger``: number and digest of the newest entry of the sender's chain at that moment."""
    suite = suite_of(signer.suite)
    header = {
        "format": FORMAT, "id": str(message_id or uuid.uuid4()), "sender": sender, "receiver": receiver, "service": service,
        "created": written(created), "expires": written(created + lifetime), "in_reply_to": in_reply_to, "media_type": media_type,
        "file_name": file_name, "payload_bytes": len(payload), "payload_digest": suite.digest(payload).hex(), "suite": signer.suite,
        "key": signer.key_id, "ledger": {"number": ledger[0], "digest": ledger[1]},
    }
    signature = suite.sign(signer.private, _signed(FORMAT, header))
    stamping = suite_of(stamper.suite)
    time = {"format": TIME_FORMAT, "at": written(clock.now()), "digest": stamping.digest(signature).hex(), "suite": stamper.suite,
            "key": stamper.key_id}
    stamp = stamping.sign(stamper.private, _signed(TIME_FORMAT, time))
    raw = canonical({"header": header, "signature": signature.hex(), "time": time, "time_signature": stamp.hex()})
    return Envelope(raw, header, signature.hex(), time, stamp.hex())


def _wrong(what: str) -> NotAnEnvelope:
    return NotAnEnvelope(Finding.error(
        "exchange_not_an_envelope", "报文信封格式不正确，已拒收。", "The envelope is not of the agreed form and was refused.", measured=what[:120],
        required=FORMAT, remedy=("请发送方检查软件版本后重新发送。", "Let the sender check its software and send anew.")))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def read(raw: bytes) -> Envelope:
    """Read an envelope strictly. Raises NotAnEnvelope for whatever ``seal`` could not have written."""
    if len(raw) > MOST_BYTES:
        raise _wrong(f"{len(raw)} B")
    try:
        said = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=lambda name: _no(name), parse_float=lambda text: _no(text))
        if canonical(said) != raw:
            raise ValueError("not canonical")
        return Envelope(raw, *_parts(said))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _wrong(str(error)) from error


def _no(text: str) -> Any:
    raise ValueError(f"no such number: {text}")


def _parts(said: Any) -> tuple[dict[str, Any], str, dict[str, Any], str]:
    if not isinstance(said, dict) or set(said) != {"header", "signature", "time", "time_signature"}:
        raise ValueError("parts")
    header, time = said["header"], said["time"]
    if not isinstance(header, dict) or set(header) != HEADER:
        raise ValueError("header")
    if not isinstance(time, dict) or set(time) != TIME:
        raise ValueError("time")
    for name, pattern, value in (
        ("signature", HEX128, said["signature"]), ("time_signature", HEX128, said["time_signature"]), ("sender", CODE, header["sender"]),
        ("receiver", CODE, header["receiver"]), ("service", SERVICE, header["service"]), ("media_type", MEDIA, header["media_type"]),
        ("payload_digest", HEX64, header["payload_digest"]), ("key", HEX64, header["key"]), ("time.key", HEX64, time["key"]),
        ("time.digest", HEX64, time["digest"]),
    ):
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(name)
    if header["format"] != FORMAT or time["format"] != TIME_FORMAT or header["suite"] not in NAMES or time["suite"] not in NAMES:
        raise ValueError("format or suite")
    for name, pattern in (("id", IDENTIFIER), ("in_reply_to", IDENTIFIER), ("file_name", FILE_NAME), ("created", INSTANT), ("expires", INSTANT)):
        may_be_empty = name in ("in_reply_to", "file_name")
        if not isinstance(header[name], str) or not (pattern.fullmatch(header[name]) or (header[name] == "" and may_be_empty)):
            raise ValueError(name)
    size = header["payload_bytes"]
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 2**40:
        raise ValueError("payload_bytes")
    head = header["ledger"]
    if not isinstance(head, dict) or set(head) != {"number", "digest"} or not isinstance(head["number"], int) or isinstance(head["number"], bool) \
            or not 0 <= head["number"] < 2**62 or not isinstance(head["digest"], str) or (head["digest"] and not HEX64.fullmatch(head["digest"])):
        raise ValueError("ledger")
    if not instant(header["created"]) < instant(header["expires"]):
        raise ValueError("expires")
    if not isinstance(time["at"], str):
        raise ValueError("time.at")
    instant(time["at"])
    return header, said["signature"], time, said["time_signature"]
