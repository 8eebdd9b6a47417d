"""The answer to an interchange: CONTRL, by which a sender learns what was taken and what was not (ISO 9735-4)."""

from __future__ import annotations

from datetime import datetime

from kouan.exchange.edifact.envelope import Group, Interchange, Message
from kouan.exchange.edifact.faults import Fault
from kouan.exchange.edifact.separators import Separators
from kouan.exchange.edifact.writing import Value, write_segment

# Code list 0083.
REJECTED, ACKNOWLEDGED = "4", "7"


def contrl(interchange: Interchange, *, reference: str, at: datetime) -> bytes | None:
    """An interchange with one CONTRL about another, in the same syntax version and separators.

    ``reference`` (14 characters at most) is new and ours; ``at`` the time of preparation on the clock that is to be shown. Errors are reported,
    warnings are not. None for an interchange of CONTRL messages: an answer is never answered. Raises ValueError when UNB lacks what an
    answer needs (sender, recipient or reference), so that nobody could be answered.
    """
    messages = list(interchange.messages)
    if messages and all(message.type == "CONTRL" for message in messages):
        return None
    if not (interchange.sender and interchange.sender[0] and interchange.recipient and interchange.recipient[0] and interchange.reference):
        raise ValueError("an answer needs sender, recipient and reference of the interchange")
    if not reference or len(reference) > 14:
        raise ValueError("a reference has 1 to 14 characters")
    is_new = interchange.version == "4"
    separators = interchange.separators if interchange.advised else Separators.of_version(interchange.version)
    body: list[tuple[str, list[Value]]] = [
        ("UNH", ["1", ["CONTRL", "4", "1", "UN"] if is_new else ["CONTRL", "D", "3", "UN"]]),
        ("UCI", [interchange.reference, interchange.sender, interchange.recipient, *_verdict(interchange.faults)]),
    ]
    if interchange.is_sound:
        for group in interchange.groups:
            body += _of_group(group, is_new)
        for message in interchange.direct:
            body += _of_message(message)
    body.append(("UNT", [str(len(body) + 1), "1"]))
    day = at.strftime("%Y%m%d" if is_new else "%y%m%d")
    version = interchange.version if interchange.version in ("1", "2", "3", "4") else "3"
    whole: list[tuple[str, list[Value]]] = [
        ("UNB", [[interchange.syntax or "UNOC", version], interchange.recipient, interchange.sender, [day, at.strftime("%H%M")], reference]),
        *body,
        ("UNZ", ["1", reference]),
    ]
    text = (separators.advice if interchange.advised else "") + "".join(write_segment(tag, elements, separators) for tag, elements in whole)
    # The few texts in it are the sender's own; what its repertoire cannot carry becomes a question mark rather than no answer.
    return text.encode("utf-8" if interchange.syntax in ("UNOW", "UNOY") else "iso8859-1", "replace")


def _verdict(faults: list[Fault]) -> list[Value]:
    """Action, and the first error with its segment and place: UCI, UCF, UCG and UCM take one."""
    error = next((fault for fault in faults if fault.is_error), None)
    if error is None:
        return [ACKNOWLEDGED]
    return [REJECTED, str(int(error.code)), error.tag if error.tag.startswith("UN") else "", _where(error)]


def _where(fault: Fault) -> Value:
    if fault.element is None or not fault.tag:
        return ""
    return [str(fault.element)]


def _of_group(group: Group, is_new: bool) -> list[tuple[str, list[Value]]]:
    rejected = [message for message in group.messages if not message.is_sound]
    if group.is_sound and not rejected:
        return []
    header = group.header
    sender, recipient = (header.elements[i] if len(header.elements) > i else ("",) for i in (1, 2))
    said: list[tuple[str, list[Value]]] = [("UCG" if is_new else "UCF", [group.reference, sender, recipient, *_verdict(group.faults)])]
    if group.is_sound:
        for message in rejected:
            said += _of_message(message)
    return said


def _of_message(message: Message) -> list[tuple[str, list[Value]]]:
    if message.is_sound:
        return []
    errors = [fault for fault in message.faults if fault.is_error]
    envelope = [fault for fault in errors if fault.tag in ("UNH", "UNT")]
    said: list[tuple[str, list[Value]]] = [
        ("UCM", [message.reference, message.identifier or "", *(_verdict(envelope) if envelope else [REJECTED])])
    ]
    # By segment, in their order; the elements of one segment follow it.
    inside: dict[int, list[Fault]] = {}
    for fault in errors:
        if fault not in envelope:
            inside.setdefault(fault.segment or 1, []).append(fault)
    for number, faults in sorted(inside.items()):
        whole = next((fault for fault in faults if fault.element is None), None)
        said.append(("UCS", [str(number), *([str(int(whole.code))] if whole else [])]))
        said += [("UCD", [str(int(fault.code)), _where(fault)]) for fault in faults if fault.element is not None][:99]
    return said
