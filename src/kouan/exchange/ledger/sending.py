"""Carrying messages to partners over HTTP, in their order, until each is acknowledged, refused or too old.

A message goes at least once and is taken in at most once: a receipt that was lost on its way is asked for again.
"""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from kouan.basis import Finding, Refused, clock
from kouan.exchange.envelope import Envelope, read
from kouan.exchange.ledger import payloads
from kouan.exchange.ledger.actions import note_attempt, receive
from kouan.exchange.ledger.models import EntryKind, Outgoing, Partner, Route, State
from kouan.exchange.ledger.receiving import Replayed

TIMEOUT_SECONDS = 30
ANSWER_BYTES = 131_072
INBOX = "/api/v1/exchange/inbox"
RECEIPTS = "/api/v1/exchange/receipts"


class Unreached(Exception):
    """The partner did not answer, or not in words that can be read."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A message goes to the address entered for the partner and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def deliver(*, actor: Any, partner: str = "") -> dict[str, int]:
    """Try every waiting message once, oldest first; a partner that does not answer is left for the next time."""
    counts: Counter[str] = Counter()
    expire_old(actor=actor)
    for each in Partner.objects.filter(is_self=False, is_active=True, route=Route.HTTP, **({"code": partner} if partner else {})):
        waiting = Outgoing.objects.select_related("entry").filter(partner=each, state=State.WAITING)
        for outgoing in waiting.order_by("entry__number"):
            try:
                counts[_carry(actor, each, outgoing)] += 1
            except Unreached as error:
                note_attempt(actor=actor, outgoing=outgoing, findings=[Finding.warning(
                    "exchange_unreached", "对方未应答，稍后重试。", "The partner did not answer; it will be tried again.",
                    measured=str(error)[:200])])
                counts["waiting"] += 1
                break
    return dict(counts)


def expire_old(*, actor: Any) -> int:
    """Close what is too old to be taken by anybody; answers how many."""
    closed = 0
    now = clock.now()
    for outgoing in Outgoing.objects.select_related("entry").filter(state=State.WAITING, entry__kind=EntryKind.SENT):
        if read(outgoing.entry.envelope.encode()).expires <= now:
            note_attempt(actor=actor, outgoing=outgoing, state=State.EXPIRED, findings=[Finding.error(
                "exchange_expired", "报文过期，未能送达。", "The message expired before it was delivered.", remedy=("请重新签发。",
                                                            "Issue it anew."))])
            closed += 1
    return closed


def _carry(actor: Any, partner: Partner, outgoing: Outgoing) -> str:
    envelope = read(outgoing.entry.envelope.encode())
    content = payloads.place(envelope.header["suite"], outgoing.entry.payload_digest).read_bytes()
    status, said = _post(partner.address, envelope, content)
    if status == 409:
        status, said = _ask(f"{partner.address.rstrip('/')}{RECEIPTS}/{envelope.sender}/{envelope.message_id}/{envelope.digest}")
    if status == 200:
        return _take_receipt(actor, outgoing, said)
    if 400 <= status < 500 and status not in (408, 425, 429):
        note_attempt(actor=actor, outgoing=outgoing, state=State.REFUSED, findings=_findings(said))
        return "refused"
    raise Unreached(f"HTTP {status}")


def _take_receipt(actor: Any, outgoing: Outgoing, said: Any) -> str:
    try:
        raw, payload = str(said["envelope"]).encode(), str(said["payload"]).encode()
    except (KeyError, TypeError):
        raise Unreached("no receipt in the answer")
    try:
        receive(actor=actor, raw=raw, payload=payload)
    except Replayed:
        pass
    except Refused as refusal:
        note_attempt(actor=actor, outgoing=outgoing, findings=refusal.findings)
        return "waiting"
    outgoing.refresh_from_db(fields=["state"])
    if outgoing.state == State.ACKNOWLEDGED:
        return "acknowledged"
    note_attempt(actor=actor, outgoing=outgoing, findings=[Finding.error(
        "exchange_receipt_for_another", "对方应答的是另一报文的回执。", "The partner answered with the receipt of another message.")])
    return "waiting"


def _findings(said: Any) -> list[Finding]:
    try:
        return [Finding.from_dict(each) for each in said["error"]["findings"][:20]]
    except (KeyError, TypeError, ValueError):
        return [Finding.error("exchange_refused", "对方拒收，未说明原因。", "The partner refused without a readable reason.")]


def _post(address: str, envelope: Envelope, content: bytes) -> tuple[int, Any]:
    mark = secrets.token_hex(16)
    parts = []
    for name, media, held in (("envelope", "application/json", envelope.raw), ("payload", "application/octet-stream", content)):
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: {media}\r\n\r\n'
        parts += [head.encode(), held, b"\r\n"]
    body = b"".join([*parts, f"--{mark}--\r\n".encode()])
    return _ask(address.rstrip("/") + INBOX, body, f"multipart/form-data; boundary={mark}")


def _ask(address: str, body: bytes | None = None, media_type: str = "") -> tuple[int, Any]:
    if urlsplit(address).scheme not in ("http", "https"):
        raise Unreached("no address")
    request = urllib.request.Request(address, data=body, headers={"Content-Type": media_type} if media_type else {})  # noqa: S310 - checked above
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            status, held = answer.status, answer.read(ANSWER_BYTES)
    except urllib.error.HTTPError as error:
        status, held = error.code, error.read(ANSWER_BYTES)
    except (OSError, ValueError) as error:
        raise Unreached(str(error)) from error
    try:
        return status, json.loads(held)
    except ValueError:
        return status, None
