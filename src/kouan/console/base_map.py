"""The operator's own base map, drawn only when the file carries its 审图号.

A map of China may be shown in public only with the approval number of the map authority
(地图管理条例 第十五条、第二十二条). The product therefore ships no map: ``KOUAN_BASE_MAP`` names a GeoJSON
file whose top level carries ``审图号`` (or ``approval_number``). A file without one is refused, and
the page says so; the number is shown on the page and on every export made from it.

>>> approval_number({"审图号": "GS(2024)0650号"}), approval_number({"审图号": "无"})
('GS(2024)0650号', None)
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import Finding, Place, codes

# GS(2024)0650号, GS京（2023）1234号, 粤S(2023)012号, 沪S〔2022〕12号
_NUMBER = re.compile(r"^(GS\w{0,2}|\w{1,2}S)[（(〔\[]\d{4}[）)〕\]]\s*\d{1,5}号$")
_KEYS = ("审图号", "approval_number")
_LARGEST = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BaseMap:
    """A map that may be drawn: its approval number, its bytes, and where each feature's province code stands."""

    number: str
    content: bytes
    digest: str


def approval_number(document: Any) -> str | None:
    """The 审图号 of a GeoJSON document, or None where it has none of the known form."""
    if not isinstance(document, dict):
        return None
    places = [document, document.get("properties"), document.get("metadata")]
    for place in places:
        for key in _KEYS:
            value = place.get(key) if isinstance(place, dict) else None
            if isinstance(value, str) and _NUMBER.match(value.strip()):
                return value.strip()
    return None


def load(path: str) -> BaseMap | Finding | None:
    """The map of a file; None when no file is named; a finding that says why it is not drawn."""
    if not path:
        return None
    place = Path(path)
    try:
        stamp = place.stat()
    except OSError:
        return _refused("base_map_missing", "找不到底图文件。", "The base map file is not there.", place)
    return _read(str(place), stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=4)
def _read(path: str, changed_at: int, size: int) -> BaseMap | Finding:
    place = Path(path)
    if size > _LARGEST:
        return _refused("base_map_too_large", "底图文件超过 8 MB。", "The base map file is larger than 8 MB.", place)
    try:
        content = place.read_bytes()
        document = json.loads(content)
    except (OSError, ValueError, RecursionError):
        return _refused("base_map_unreadable", "底图文件不是可读的 GeoJSON。", "The base map file is not readable GeoJSON.", place)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        return _refused("base_map_unreadable", "底图文件没有要素（features）。", "The base map file has no features.", place)
    number = approval_number(document)
    if number is None:
        return _refused(
            "base_map_without_approval", "底图文件没有审图号，未予显示。",
            "The base map file carries no approval number (审图号) and is not drawn.", place,
        )
    try:
        drawn = _keyed(document)
    except (AttributeError, TypeError, ValueError, RecursionError):  # a feature that is none, a lone surrogate
        return _refused("base_map_unreadable", "底图文件的要素（features）不合 GeoJSON 格式。",
                        "The features of the base map file are not GeoJSON.", place)
    return BaseMap(number, drawn, hashlib.sha256(content).hexdigest())


def _keyed(document: dict[str, Any]) -> bytes:
    """The document with each feature named by its two-digit province code, by which the page colours it."""
    names = {one.zh: one.code for one in codes.provinces} | {one.short_zh: one.code for one in codes.provinces}
    features = []
    for feature in document["features"]:
        held = dict(feature.get("properties") or {})
        code = str(held.get("adcode") or held.get("code") or held.get("gb") or "").removeprefix("156")[:2]
        held["name"] = code if code.isdigit() and len(code) == 2 else names.get(str(held.get("name", "")), str(held.get("name", "")))
        features.append({**feature, "properties": held})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _refused(code: str, zh: str, en: str, place: Path) -> Finding:
    return Finding.warning(
        code, zh, en, where=Place(file=place.name),
        remedy=("请系统管理员提供在文件顶层写明“审图号”的 GeoJSON 底图（KOUAN_BASE_MAP）；在此之前使用分省色块图。",
                "Ask the administrator for a GeoJSON map that states its 审图号 at its top level (KOUAN_BASE_MAP); "
                "until then the tile chart is shown."),
    )
