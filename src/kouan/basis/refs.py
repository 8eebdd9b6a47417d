"""References: how one room names a thing of another without importing it.

`SubjectRef` names what an observation is about; `EvidenceRef` names one recorded row of any room,
at one revision, with the digest of its content, so that a verdict or a score can say what it used
and anyone can prove later that it is still the same.

>>> str(SubjectRef.of("port", "luohu-rail"))
'port:luohu-rail'
>>> EvidenceRef("collection", "observation", 123, 1).uri
'kouan:collection/observation/123@1'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from kouan.basis.finding import Refused

# Codes appear in addresses and file names, so they are plain ASCII.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_URI = re.compile(r"kouan:(?P<room>[^/]+)/(?P<kind>[^/]+)/(?P<id>.+)@(?P<revision>[0-9]+)", re.ASCII)


class SubjectKind(StrEnum):
    """What an observation can be about."""

    PORT = "port"  # 口岸
    COUNTERPART_POINT = "counterpart_point"  # 对侧口岸点
    BENCHMARK_PORT = "benchmark_port"  # 对标口岸
    PROVINCE = "province"  # two-digit GB/T 2260 code
    NATION = "nation"
    GROUP = "group"  # a named set that a publisher totals, e.g. the coastal harbours


@dataclass(frozen=True, slots=True, order=True)
class SubjectRef:
    """A subject by kind and code. Bulk readers use `SubjectRef.of`, which keeps what it has made."""

    kind: SubjectKind
    code: str

    def __post_init__(self) -> None:
        if type(self.kind) is not SubjectKind:
            object.__setattr__(self, "kind", SubjectKind(self.kind))
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"not a subject code: {self.code!r} (letters, digits, . _ : - only)")

    @staticmethod
    @lru_cache(maxsize=16384)
    def of(kind: SubjectKind | str, code: str) -> SubjectRef:
        """Return the reference, the same object for the same arguments (ValueError if malformed)."""
        return SubjectRef(SubjectKind(kind), code)

    @classmethod
    def parse(cls, text: str) -> SubjectRef:
        """Read "port:luohu-rail". Raises Refused with the finding `unreadable_subject`."""
        kind, separator, code = text.strip().partition(":")
        try:
            if separator:
                return cls.of(kind, code)
        except ValueError:
            pass  # falls through to the refusal below, which says more than the ValueError
        kinds = "、".join(SubjectKind)
        raise Refused.because(
            "unreadable_subject",
            f"“{text}”不是对象编号。",
            f"“{text}” is not a subject reference.",
            remedy=(
                f"请写成“类别:代码”，如 port:luohu-rail；类别为 {kinds} 之一。",
                f"Write kind:code, such as port:luohu-rail; the kind is one of {', '.join(SubjectKind)}.",
            ),
        )

    def __str__(self) -> str:
        return self.kind + ":" + self.code


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """One recorded row: room, kind of record, its id and revision, and the digest of its content.

    `digest` is a SHA-256 in hexadecimal, or None where the row itself is the proof.
    """

    room: str
    kind: str
    id: int | str
    revision: int = 1
    digest: str | None = None

    def __post_init__(self) -> None:
        for part in (self.room, self.kind):
            if not _NAME.fullmatch(part):
                raise ValueError(f"not a room or kind of record: {part!r}")

    @property
    def uri(self) -> str:
        """The reference as one word; the digest is not part of it."""
        return f"kouan:{self.room}/{self.kind}/{self.id}@{self.revision}"

    @classmethod
    def from_uri(cls, uri: str, digest: str | None = None) -> EvidenceRef:
        """Read `uri` back. Ids of digits become numbers. Raises ValueError.

        >>> EvidenceRef.from_uri("kouan:law/parameter/access.sea@2").id
        'access.sea'
        """
        match = _URI.fullmatch(uri)
        if not match:
            raise ValueError(f"not an evidence reference: {uri!r}")
        key = match["id"]
        # A leading zero belongs to a code ("0101"), not to a number.
        as_number = key.isascii() and key.isdigit() and (key == "0" or key[0] != "0")
        return cls(
            match["room"], match["kind"], int(key) if as_number else key, int(match["revision"]), digest
        )

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "room": self.room,
            "kind": self.kind,
            "id": self.id,
            "revision": self.revision,
            "digest": self.digest,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> EvidenceRef:
        """Rebuild a reference from `as_dict()`."""
        return cls(data["room"], data["kind"], data["id"], data.get("revision", 1), data.get("digest"))

    def __str__(self) -> str:
        return self.uri
