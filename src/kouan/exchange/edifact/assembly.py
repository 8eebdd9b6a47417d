"""One interchange assembled from its segments: groups, messages, and their envelopes checked (ISO 9735-1 and 9735-2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from kouan.basis import Place
from kouan.exchange.edifact.charsets import codec_of, foreign
from kouan.exchange.edifact.envelope import Group, Interchange, Message
from kouan.exchange.edifact.faults import Fault, add, fault_of, shown
from kouan.exchange.edifact.separators import Separators
from kouan.exchange.edifact.tokens import Element, Segment

VERSIONS = frozenset("1234")
_TAG = re.compile(r"[A-Z][A-Z0-9]{2}")
_DAY = re.compile(r"(\d{2})?\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"([01]\d|2[0-3])[0-5]\d([0-5]\d)?")


class Assembly:
    """Takes the segments of one interchange after its header."""

    def __init__(
        self, text: str, place: Callable[[int, str], Place], header: Segment, separators: Separators, *, advised: bool
    ) -> None:
        self.text, self.place, self.separators = text, place, separators
        self.interchange = Interchange(header, separators=separators, advised=advised)
        self.group: Group | None = None
        self.message: Message | None = None
        self.references: set[str] = set()
        codec = codec_of(self.interchange.syntax)
        # None where the text is already what it says.
        self.codec = codec if codec != "iso8859-1" else None
        self.handlers: dict[str, Callable[[Segment], None]] = {
            "UNH": self._begin_message, "UNT": self._end_message, "UNG": self._begin_group, "UNE": self._end_group,
        }
        self._judge_header(is_known=codec is not None)

    def take(self, stream: Iterator[Segment]) -> int:
        """Go through the segments up to UNZ, or to what begins another interchange; the place behind the last one taken."""
        end = self._segments(stream)
        self._leave_message()
        self._leave_group()
        if self.interchange.trailer is None:
            self._fault("edifact_no_trailer", max(end - 1, 0), what="UNZ", tag="UNZ")
        self.interchange.end = end
        return end

    def _segments(self, stream: Iterator[Segment]) -> int:
        end = self.interchange.header.end
        for segment in stream:
            tag = segment.tag
            # UNA carries its separators in place of elements.
            if tag == "UNB" or tag.startswith("UNA"):
                return segment.start
            end = segment.end
            if self.codec is not None and not self.text[segment.start : end].isascii():
                self._decode(segment)
            if not _TAG.fullmatch(tag):
                tag = self._mended(segment)
            if tag == "UNZ":
                self._end_interchange(segment)
            elif handler := self.handlers.get(tag):
                handler(segment)
            elif self.message is not None:
                self.message.segments.append(segment)
            else:
                self._fault("edifact_outside_message", segment.start, what=tag, tag=tag)
            if not segment.is_closed:
                self._fault("edifact_unterminated", segment.start, measured=shown(self.text[segment.start : segment.start + 40]), tag=tag)
            if tag == "UNZ":
                break
        return end

    # ---- faults -------------------------------------------------------------------------------------------

    def _fault(self, name: str, at: int, **details: Any) -> None:
        """A fault of the innermost level that is open."""
        level = self.message or self.group or self.interchange
        add(level.faults, lambda: fault_of(name, self.place(at, self._path()), **details))

    def _message_fault(self, name: str, segment: Segment, **details: Any) -> None:
        """A fault of one segment of the open message: of its last one, of the one that comes next, or of an earlier one."""
        message = self.message
        assert message is not None, "a message is open"  # noqa: S101  # for the type checker; the callers see to it

        def made() -> Fault:
            number = len(message.segments)
            if segment.start > message.segments[-1].start:
                number += 1
            elif segment is not message.segments[-1]:
                number = next(index for index, each in enumerate(message.segments, start=1) if each is segment)
            tag = details.pop("tag", segment.tag[:3])
            return fault_of(name, self.place(segment.start, f"{self._path()} {tag}#{number}"), tag=tag, segment=number, **details)

        add(message.faults, made)

    def _path(self) -> str:
        """Where we are, as an operator looks it up: interchange / group / message."""
        levels = (self.interchange.reference, self.group.reference if self.group else "", self.message.reference if self.message else "")
        return " / ".join(shown(each) for each in levels if each)

    # ---- segments -----------------------------------------------------------------------------------------

    def _mended(self, segment: Segment) -> str:
        """A tag with blanks about it, or in small letters, is taken for what it is, with a warning; any other is a fault."""
        mended = segment.tag.strip().upper()
        is_tag = _TAG.fullmatch(mended) is not None
        details = {"what": mended, "measured": shown(segment.tag)} if is_tag else {"measured": shown(segment.tag), "required": _TAG.pattern}
        name = "edifact_tag_spelt" if is_tag else "edifact_tag"
        if is_tag:
            segment.tag = mended
        if self.message is not None:
            self._message_fault(name, segment, **details)
        else:
            self._fault(name, segment.start, tag=segment.tag[:3], **details)
        return segment.tag

    def _decode(self, segment: Segment) -> None:
        """Turn what was looked at as ISO 8859-1 into the characters of UNB's repertoire."""
        codec = self.codec or ""

        def decoded(elements: tuple[Element, ...]) -> tuple[Element, ...]:
            return tuple([tuple([part if part.isascii() else part.encode("iso8859-1").decode(codec) for part in each]) for each in elements])

        try:
            segment.elements = decoded(segment.elements)
            segment.repeats = {index: decoded(each) for index, each in segment.repeats.items()}
        except UnicodeDecodeError:
            details = {"what": shown(self.interchange.syntax)}
            if self.message is not None:
                self._message_fault("edifact_encoding", segment, **details)
            else:
                self._fault("edifact_encoding", segment.start, tag=segment.tag[:3], **details)

    # ---- interchange --------------------------------------------------------------------------------------

    def _judge_header(self, *, is_known: bool) -> None:
        interchange, header = self.interchange, self.interchange.header
        if not header.is_closed:
            self._fault("edifact_unterminated", header.start, measured=shown(self.text[header.start : header.start + 40]), tag="UNB")
        if not is_known or interchange.version not in VERSIONS:
            self._fault("edifact_syntax", header.start, measured=shown(f"{interchange.syntax}:{interchange.version}"),
                        required="UNOA … UNOK, UNOW, UNOY; 1 … 4", tag="UNB", element=2)
        for element, zh, en in ((1, "发送方", "sender"), (2, "接收方", "recipient"), (4, "交换控制参考号", "control reference")):
            if not header.value(element):
                self._fault("edifact_lacks", header.start, what="UNB", zh=zh, en=en, tag="UNB", element=element + 2)
        if not (_DAY.fullmatch(header.value(3)) and _TIME.fullmatch(header.value(3, 1))):
            self._fault("edifact_prepared", header.start, measured=shown(interchange.prepared), required="YYMMDD:HHMM", tag="UNB", element=5)

    def _end_interchange(self, segment: Segment) -> None:
        self._leave_message()
        self._leave_group()
        interchange = self.interchange
        interchange.trailer = segment
        count = len(interchange.groups) or len(interchange.direct)
        self._judge_trailer(segment, count, interchange.reference)
        if not count:
            self._fault("edifact_empty_interchange", segment.start, tag="UNZ")
        elif interchange.groups and interchange.direct:
            self._fault("edifact_mixed", interchange.direct[0].start)

    def _judge_trailer(self, segment: Segment, count: int, reference: str) -> None:
        """A trailer's count and reference against what was received."""
        details = {"what": segment.tag, "tag": segment.tag}
        tell = (lambda name, **more: self._message_fault(name, segment, **details, **more)) if self.message is not None else (
            lambda name, **more: self._fault(name, segment.start, **details, **more))
        if not _counts(segment.value(0), count):
            tell("edifact_count", measured=shown(segment.value(0)), required=count, element=2)
        if segment.value(1) != reference:
            tell("edifact_reference", measured=shown(segment.value(1)), required=shown(reference), element=3)

    # ---- groups -------------------------------------------------------------------------------------------

    def _begin_group(self, segment: Segment) -> None:
        self._leave_message()
        self._leave_group()
        self.group = Group(segment)
        self.interchange.groups.append(self.group)

    def _end_group(self, segment: Segment) -> None:
        self._leave_message()
        group = self.group
        if group is None:
            self._fault("edifact_outside_message", segment.start, what="UNE", tag="UNE")
            return
        group.trailer, group.end = segment, segment.end
        self._judge_trailer(segment, len(group.messages), group.reference)
        self._close_group(group)

    def _leave_group(self) -> None:
        """Close a group that no UNE closed."""
        if self.group is not None:
            self._fault("edifact_no_trailer", self.group.start, what="UNE", tag="UNE")
            self._close_group(self.group)

    def _close_group(self, group: Group) -> None:
        types = {message.type for message in group.messages}
        if len(types) > 1 and self.interchange.version != "4":
            self._fault("edifact_types", group.start, measured=shown("、".join(sorted(types))), tag="UNG")
        self.group = None

    # ---- messages -----------------------------------------------------------------------------------------

    def _begin_message(self, segment: Segment) -> None:
        self._leave_message()
        self.message = message = Message(segment, segments=[segment])
        (self.group.messages if self.group is not None else self.interchange.direct).append(message)
        for element, zh, en in ((0, "报文参考号", "reference number"), (1, "报文类型", "message type")):
            if not segment.value(element):
                self._message_fault("edifact_lacks", segment, what="UNH", zh=zh, en=en, element=element + 2)
        if message.reference in self.references:
            self._message_fault("edifact_duplicate", segment, measured=shown(message.reference), element=2)
        self.references.add(message.reference)

    def _end_message(self, segment: Segment) -> None:
        message = self.message
        if message is None:
            self._fault("edifact_outside_message", segment.start, what="UNT", tag="UNT")
            return
        message.segments.append(segment)
        message.trailer = segment
        self._judge_trailer(segment, len(message.segments), message.reference)
        self._close_message(message)

    def _leave_message(self) -> None:
        """Close a message that no UNT closed."""
        if self.message is not None:
            self._message_fault("edifact_no_trailer", self.message.segments[-1], what="UNT", tag="UNT")
            self._close_message(self.message)

    def _close_message(self, message: Message) -> None:
        """What can be said of all segments at once: characters, line breaks, release characters that release nothing."""
        message.end = message.segments[-1].end
        own = self.separators.advice[3:] + "\r\n"
        strange = foreign(self.text[message.start : message.end], self.interchange.syntax, own)
        if strange:
            wanted = set(strange)
            first = next((each for each in message.segments if wanted.intersection(self.text[each.start : each.end])), message.header)
            self._message_fault("edifact_characters", first, what=shown(self.interchange.syntax), measured=shown(strange))
        for name, has in (("edifact_broken_lines", "has_breaks"), ("edifact_dangling", "dangling")):
            found = next((each for each in message.segments if getattr(each, has)), None)
            if found is not None:
                self._message_fault(name, found)
        self.message = None


def _counts(text: str, number: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 8 and int(text) == number

