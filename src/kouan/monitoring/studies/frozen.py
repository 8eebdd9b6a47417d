"""The cases of a study as one text: JSON, deflated, in base64; and digests, so that whoever reads figures can tell what they rest on.

>>> unpack(pack({"cases": [["C1", 3]]}))
{'cases': [['C1', 3]]}
>>> digest({"b": 1, "a": "口岸"}) == digest({"a": "口岸", "b": 1})
True
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable
from typing import Any

from kouan.monitoring.timing.events import Event


def canonical(value: Any) -> bytes:
    """One form of a JSON value: keys sorted, nothing between."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(value: Any) -> str:
    """SHA-256 of a JSON value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def pack(value: Any) -> str:
    """A JSON value as text that a column holds."""
    return base64.b64encode(zlib.compress(canonical(value), 6)).decode()


def unpack(text: str) -> Any:
    """The value that ``pack`` made a text of."""
    return json.loads(zlib.decompress(base64.b64decode(text)))


def digest_of_events(events: Iterable[Event]) -> str:
    """SHA-256 over the events in order: fields joined by the unit separator, a line for each."""
    running = hashlib.sha256()
    for event in events:
        running.update("\x1f".join("" if value is None else str(value) for value in event).encode() + b"\n")
    return running.hexdigest()
