"""Builders in field words: another agency with keys of its own, outside the database under test."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kouan.accounts.action import acting_system
from kouan.basis import clock
from kouan.crypto import suite_of, thumbprint
from kouan.exchange.envelope import Envelope, Signer, seal, written
from kouan.exchange.ledger import actions
from kouan.exchange.ledger.models import Partner

SERVICE = "published-figures/1"
JSON = "application/json"


def a_signer(suite: str = "sm") -> Signer:
    """A fresh key."""
    chosen = suite_of(suite)
    private = chosen.generate()
    return Signer(suite, thumbprint(chosen, chosen.public_of(private)), private)


@dataclass
class Peer:
    """Another agency: it signs and stamps by itself."""

    code: str = "gacc"
    suite: str = "sm"
    sign: Signer = field(init=False)
    time: Signer = field(init=False)

    def __post_init__(self) -> None:
        self.sign, self.time = a_signer(self.suite), a_signer(self.suite)

    def key(self, signer: Signer, purpose: str, *, valid_from: datetime | None = None, valid_to: datetime | None = None) -> dict[str, Any]:
        """A key as cards and notices tell it."""
        suite = suite_of(signer.suite)
        return {"key": signer.key_id, "purpose": purpose, "suite": signer.suite, "public": suite.public_of(signer.private).hex(),
                "valid_from": written(valid_from or clock.now() - timedelta(days=30)),
                "valid_to": written(valid_to or clock.now() + timedelta(days=700))}

    def card(self) -> dict[str, Any]:
        """Its card."""
        return {"format": "kouan-card/1", "code": self.code, "name_zh": "海关总署", "name_en": "Customs", "address": "http://127.0.0.1:1",
                "keys": [self.key(self.sign, "sign"), self.key(self.time, "time")]}

    def message(self, payload: bytes = b'{"figures": []}', **changes: Any) -> Envelope:
        """A message to ``npo``."""
        return seal(**{
            "sender": self.code, "receiver": "npo", "service": SERVICE, "media_type": JSON, "payload": payload, "created": clock.now(),
            "lifetime": timedelta(days=1), "signer": self.sign, "stamper": self.time, "message_id": uuid.uuid4()} | changes)


def begun(suite: str = "sm") -> Partner:
    """This installation, begun as ``npo``."""
    with acting_system("test") as system:
        return actions.begin(actor=system, code="npo", name_zh="国家口岸办", address="http://127.0.0.1:1", suite=suite)


def registered(peer: Peer, **changes: Any) -> Partner:
    """The peer as a partner of ours."""
    card = peer.card()
    with acting_system("test") as system:
        return actions.add_partner(**{"actor": system, "card": card, "fingerprint": actions.fingerprint_of(card), "accepts": [SERVICE]} | changes)
