"""What a transmission holds: interchanges, groups in them, messages in those; each with its own faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kouan.basis import Finding
from kouan.exchange.edifact.faults import Fault
from kouan.exchange.edifact.separators import Separators
from kouan.exchange.edifact.tokens import Element, Segment


@dataclass(slots=True)
class _Level:
    """What interchange, group and message have in common: a header, perhaps a trailer, faults of this level."""

    header: Segment
    trailer: Segment | None = None
    faults: list[Fault] = field(default_factory=list)
    end: int = 0  # where it ends in the transmission, in bytes

    @property
    def start(self) -> int:
        """Where its header begins in the transmission, in bytes from 0."""
        return self.header.start

    @property
    def is_sound(self) -> bool:
        """No error on this level (those below are judged apart)."""
        return not any(fault.is_error for fault in self.faults)


@dataclass(slots=True)
class Message(_Level):
    """UNH to UNT. ``segments`` are all of them, header and trailer included."""

    segments: list[Segment] = field(default_factory=list)

    @property
    def reference(self) -> str:
        """UNH 0062."""
        return self.header.value(0)

    @property
    def identifier(self) -> Element:
        """UNH S009: type, version, release, agency, association."""
        return self.header.elements[1] if len(self.header.elements) > 1 else ()

    @property
    def type(self) -> str:
        """Such as CUSCAR."""
        return self.header.value(1)

    @property
    def directory(self) -> str:
        """Version and release: ``D:02B``."""
        return f"{self.header.value(1, 1)}:{self.header.value(1, 2)}"

    @property
    def body(self) -> list[Segment]:
        """What stands between header and trailer."""
        return self.segments[1:-1] if self.trailer is not None else self.segments[1:]


@dataclass(slots=True)
class Group(_Level):
    """UNG to UNE."""

    messages: list[Message] = field(default_factory=list)

    @property
    def reference(self) -> str:
        """UNG 0048: the fifth data element, without message type in syntax 4."""
        return self.header.value(4)


@dataclass(slots=True)
class Interchange(_Level):
    """UNA, UNB to UNZ. Messages stand in groups or directly in it."""

    separators: Separators = field(default_factory=Separators)
    advised: bool = False  # it began with UNA
    groups: list[Group] = field(default_factory=list)
    direct: list[Message] = field(default_factory=list)

    @property
    def syntax(self) -> str:
        """UNB S001 0001: UNOA to UNOY."""
        return self.header.value(0)

    @property
    def version(self) -> str:
        """UNB S001 0002: 1 to 4."""
        return self.header.value(0, 1)

    @property
    def sender(self) -> Element:
        """UNB S002: identification, qualifier, address."""
        return self.header.elements[1] if len(self.header.elements) > 1 else ()

    @property
    def recipient(self) -> Element:
        """UNB S003."""
        return self.header.elements[2] if len(self.header.elements) > 2 else ()

    @property
    def prepared(self) -> str:
        """UNB S004: day and time as they stand, in the sender's clock."""
        return ":".join(self.header.elements[3]) if len(self.header.elements) > 3 else ""

    @property
    def reference(self) -> str:
        """UNB 0020: by it and the sender a repetition is known."""
        return self.header.value(4)

    @property
    def wants_answer(self) -> bool:
        """UNB 0031: an acknowledgement is asked for."""
        return self.header.value(8) in ("1", "2")

    @property
    def is_test(self) -> bool:
        """UNB 0035: sent as a test."""
        return self.header.value(10) in ("1", "2", "3", "4")

    @property
    def messages(self) -> Iterator[Message]:
        """All messages, those in groups included, in their order."""
        for group in self.groups:
            yield from group.messages
        yield from self.direct


@dataclass(slots=True)
class Transmission:
    """One file or request: its interchanges, and faults of what belongs to none of them."""

    name: str
    size: int
    interchanges: list[Interchange] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """Everything that was found, outermost first within each interchange."""
        found = [fault.finding for fault in self.faults]
        for interchange in self.interchanges:
            found += [fault.finding for fault in interchange.faults]
            for group in interchange.groups:
                found += [fault.finding for fault in group.faults]
            for message in interchange.messages:
                found += [fault.finding for fault in message.faults]
        return found
