"""``/exchange``: where other agencies' systems leave their messages. No key of ours is asked for: the signature says who it is."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import File, Path, Router, Schema
from ninja.files import UploadedFile
from ninja.throttling import AnonRateThrottle

from kouan.accounts.action import acting_system
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, ErrorOut
from kouan.basis import Finding, NotFound, Refused
from kouan.exchange.envelope import MOST_BYTES, read
from kouan.exchange.ledger import payloads
from kouan.exchange.ledger.actions import receipt_for, receive
from kouan.exchange.ledger.models import LedgerEntry

router = Router(tags=["数据交换 / Exchange"])
_LARGEST = 33_554_432


class _PerAddress(AnonRateThrottle):
    """A stranger may try; not for ever. Counts by the address of the connection."""

    def __init__(self) -> None:
        super().__init__("600/m")

    def get_cache_key(self, request: HttpRequest) -> str | None:
        return f"kouan-exchange-rate-{request.META.get('REMOTE_ADDR', '')}"


class ReceiptOut(Schema):
    """A receipt: its envelope and its content, as they were signed."""

    envelope: str
    payload: str


def _told(entry: LedgerEntry) -> dict[str, Any]:
    envelope = read(entry.envelope.encode())
    return {"envelope": entry.envelope, "payload": payloads.place(envelope.header["suite"], entry.payload_digest).read_text(encoding="utf-8")}


@router.post(
    "/exchange/inbox", auth=None, throttle=[_PerAddress()], response={200: ReceiptOut, **WRITE_REFUSALS, 409: ErrorOut, 429: ErrorOut},
    summary="接收其他单位的报文 / Take in a message of another agency",
    description="multipart：envelope 为信封（规范 JSON），payload 为内容。身份由信封的签名证明，不需接口密钥。"
                "收到即落盘记账，应答为本单位签名的回执；重复的报文答 409，不作处理。 / "
                "multipart: envelope (canonical JSON) and payload. The envelope's signature proves the sender; no key is needed. "
                "Answered with our signed receipt when it is durable and in the ledger; a replay is answered 409 and does nothing.")
def inbox(request: HttpRequest, envelope: UploadedFile = File(..., description="信封，规范 JSON / the envelope, canonical JSON"),
          payload: UploadedFile = File(..., description="内容 / the payload")) -> dict[str, Any]:
    """Take in one message."""
    if (envelope.size or 0) > MOST_BYTES or (payload.size or 0) > _LARGEST:
        raise Refused.because("exchange_too_large", "信封或内容超过上限，未予读取。", "Envelope or payload is too large and was not read.",
                              required=f"≤ {MOST_BYTES} B, ≤ {_LARGEST} B")
    with acting_system("exchange inbox") as system:
        taken = receive(actor=system, raw=envelope.read(), payload=payload.read())
    # A receipt is never answered by a receipt; what we took of it is told by the state alone.
    return _told(taken.receipt) if taken.receipt is not None else {"envelope": "", "payload": ""}


@router.get(
    "/exchange/receipts/{sender}/{message}/{digest}", auth=None, throttle=[_PerAddress()],
    response={200: ReceiptOut, **REFUSALS, 429: ErrorOut}, summary="再取回执 / A receipt once more",
    description="发送方未收到回执时使用；信封摘要（SM3）证明其持有该报文。 / "
                "For a sender that lost it; the envelope's digest (SM3) shows that it holds the message.")
def receipt(request: HttpRequest, sender: Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{1,63}$", description="发送方代码 / code of the sender")],
            message: Annotated[uuid.UUID, Path(description="报文编号 / id of the message")],
            digest: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="信封摘要 / digest of the envelope")]) -> dict[str, Any]:
    """The receipt of a message that was taken in."""
    found = receipt_for(sender=sender, message_id=message, envelope_digest=digest)
    if found is None:
        raise NotFound(Finding.error("exchange_no_receipt", "没有这一回执。", "There is no such receipt."))
    return _told(found)
