"""The catalogue of what may be exchanged, read from ``services.yaml``.

>>> service("published-figures/1").name.zh, limits().clock_skew_seconds
('口岸数据', 300)
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import Finding, Refused, Text
from kouan.basis.strict_yaml import load

MOST_MEMBERS = 5_000


@dataclass(frozen=True, slots=True)
class Service:
    """One kind of payload. ``unpacked_bytes``: 0 where nothing is looked into."""

    code: str
    name: Text
    media: tuple[str, ...]
    most_bytes: int
    lifetime_days: int
    unpacked_bytes: int = 0
    is_internal: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the exchange itself."""

    clock_skew_seconds: int
    envelope_bytes: int
    batch_messages: int
    batch_bytes: int
    keys_valid_days: int
    keys_lead_days: int
    keys_overlap_days: int


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, Any]:
    said: dict[str, Any] = load((Path(__file__).parent / "services.yaml").read_text(encoding="utf-8"))
    return said


def limits() -> Limits:
    """The bounds."""
    return Limits(**_catalogue()["limits"])


@lru_cache(maxsize=1)
def services() -> dict[str, Service]:
    """Every service by its code."""
    return {
        code: Service(code, Text(*said["name"]), tuple(said["media"]), said["most_bytes"], said["lifetime_days"],
                      said.get("unpacked_bytes", 0), said.get("is_internal", False))
        for code, said in _catalogue()["services"].items()
    }


def service(code: str) -> Service:
    """One service. Raises Refused when nothing of that name is exchanged."""
    found = services().get(code)
    if found is None:
        open_to_all = [each.code for each in services().values() if not each.is_internal]
        raise Refused.because(
            "exchange_unknown_service", f"没有名为“{code}”的交换服务。", f"There is no exchange service “{code}”.",
            required=", ".join(open_to_all), remedy=("请使用服务目录中的代码。", "Use a code of the catalogue of services."))
    return found


def faults_of(kind: Service, media_type: str, content: bytes) -> list[Finding]:
    """What speaks against a payload: media type, size, and what a file unpacks to. Nothing is unpacked."""
    found = []
    if media_type not in kind.media:
        found.append(Finding.error(
            "exchange_media_type", f"服务“{kind.name.zh}”不接收此种格式。", f"The service “{kind.name.en}” does not take this format.",
            measured=media_type[:80], required=", ".join(kind.media), remedy=("请换成目录所列格式。", "Send it in a format of the catalogue.")))
    if len(content) > kind.most_bytes:
        found.append(Finding.error(
            "exchange_too_large", "内容超过该服务的大小上限。", "The payload is larger than the service takes.",
            measured=f"{len(content)} B", required=f"≤ {kind.most_bytes} B", remedy=("请分成几份发送。", "Send it in parts.")))
    elif kind.unpacked_bytes and content[:2] == b"PK":
        found += _faults_of_container(kind, content)
    return found


def _faults_of_container(kind: Service, content: bytes) -> list[Finding]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return [Finding.error("exchange_container_damaged", "文件已损坏，无法打开。", "The file is damaged and does not open.",
                              remedy=("请重新生成后再发。", "Make the file anew and send it again."))]
    unpacked = sum(each.file_size for each in members)
    # A member lies about its size easily; one that packs a thousandfold is no paper either way.
    packed_tightest = max((each.file_size // max(each.compress_size, 1) for each in members), default=0)
    if len(members) > MOST_MEMBERS or unpacked > kind.unpacked_bytes or packed_tightest > 1000:
        return [Finding.error(
            "exchange_unpacks_too_large", "文件解压后过大，已拒收。", "The file unpacks to far too much and was refused.",
            measured=f"{unpacked} B, {len(members)}", required=f"≤ {kind.unpacked_bytes} B, ≤ {MOST_MEMBERS}")]
    return []
