"""What is wrong with a transmission: a Finding, and the place and code by which CONTRL says it (code list 0085).

>>> fault = fault_of("edifact_count", what="UNT", measured="3", required=4)
>>> fault.code, fault.is_error, fault.finding.message.en
(<SyntaxCode.COUNT: 29>, True, 'UNT does not count what was received.')
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from kouan.basis import Finding, Place


class SyntaxCode(IntEnum):
    """Syntax errors of code list 0085, those that reading finds."""

    VERSION = 2  # syntax version or level not supported
    INVALID_VALUE = 12
    MISSING = 13
    UNSPECIFIED = 18
    CHARACTERS = 21  # invalid character(s)
    SERVICE_CHARACTERS = 22
    DUPLICATE = 26
    REFERENCES = 28  # references do not match
    COUNT = 29  # control count does not match the number received
    MIXED = 30  # groups and messages mixed
    TYPES = 31  # more than one message type in a group
    EMPTY = 32  # lower level empty
    OUTSIDE = 33  # invalid occurrence outside a message or group


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. ``segment`` counts from 1 with UNH; ``element`` counts from 1 with the tag (as CONTRL does)."""

    code: SyntaxCode
    finding: Finding
    tag: str = ""
    segment: int | None = None
    element: int | None = None

    @property
    def is_error(self) -> bool:
        """Whether it rejects what it is about."""
        return self.finding.is_error


MOST_FAULTS = 100  # that are told of one level

_AGAIN = ("请重新完整发送。", "Send it again, whole.")
_CHECK = ("请核对后重新发送。", "Check it and send again.")

# Finding code → (code list 0085, whether it rejects, message, remedy). What reading takes in spite of a fault is a warning.
_KINDS: dict[str, tuple[SyntaxCode, bool, tuple[str, str], tuple[str, str]]] = {
    # ---- what is no interchange
    "edifact_outside": (
        SyntaxCode.OUTSIDE, True, ("交换之外有无法识别的内容，未读取。", "Something that belongs to no interchange was not read."),
        ("报文应以 UNA 或 UNB 开头；请检查文件是否完整。", "An interchange begins with UNA or UNB: see whether the file is whole.")),
    "edifact_empty": (
        SyntaxCode.EMPTY, True, ("文件中没有报文。", "There is no interchange in it."),
        ("请发送以 UNA 或 UNB 开头的报文。", "Send one that begins with UNA or UNB.")),
    "edifact_interactive": (
        SyntaxCode.VERSION, True, ("不支持交互式报文（UIB）。", "Interactive EDIFACT (UIB) is not supported."),
        ("请按批式（UNB）发送。", "Send it in batch form (UNB).")),
    "edifact_advice": (
        SyntaxCode.SERVICE_CHARACTERS, True, ("UNA 中的分隔符无效。", "The service characters of UNA are not valid."),
        ("UNA 后应有六个互不相同的符号，例如 UNA:+.? '。", "UNA is followed by six characters, such as UNA:+.? '.")),
    "edifact_header": (SyntaxCode.MISSING, True, ("UNA 之后没有 UNB。", "No UNB follows UNA."), _AGAIN),
    "edifact_unadvised": (
        SyntaxCode.SERVICE_CHARACTERS, True,
        ("没有 UNA，分隔符又不是默认的，无法读取。", "There is no UNA and the separators are not the usual ones."),
        ("请以 UNA 写明所用分隔符。", "Say with UNA which characters are used.")),
    # ---- the envelope
    "edifact_syntax": (
        SyntaxCode.VERSION, True, ("不支持 UNB 所写的语法标识或版本。", "UNB names a syntax identifier or version that is not supported."),
        ("请按所列之一发送。", "Send by one of those.")),
    "edifact_lacks": (
        SyntaxCode.MISSING, True, ("{what} 缺少{zh}。", "{what} lacks the {en}."), ("请补齐后重新发送。", "Fill it in and send again.")),
    "edifact_prepared": (
        SyntaxCode.INVALID_VALUE, False, ("UNB 的编制日期或时间无效。", "UNB's day or time of preparation is not valid."),
        ("请按标准填写。", "Write them as the standard does.")),
    "edifact_no_trailer": (
        SyntaxCode.MISSING, True, ("缺少结束段 {what}，内容可能不完整。", "{what} is missing: something may have been cut off."), _AGAIN),
    "edifact_unterminated": (
        SyntaxCode.MISSING, True,
        ("最后一段没有结束符，文件可能不完整。", "The last segment has no terminator: the file may have been cut short."), _AGAIN),
    "edifact_count": (SyntaxCode.COUNT, True, ("{what} 写明的数目与收到的不符。", "{what} does not count what was received."), _AGAIN),
    "edifact_reference": (
        SyntaxCode.REFERENCES, True, ("{what} 的参考号与开头的不一致。", "{what}'s reference is not that of its header."), _CHECK),
    "edifact_duplicate": (
        SyntaxCode.DUPLICATE, True, ("同一交换中报文参考号重复。", "Two messages of one interchange have the same reference."),
        ("请为每个报文用不同的参考号。", "Give each message its own.")),
    "edifact_empty_interchange": (SyntaxCode.EMPTY, True, ("交换中没有报文。", "The interchange holds no message."), _CHECK),
    "edifact_mixed": (
        SyntaxCode.MIXED, True, ("组内报文与组外报文混在一个交换中。", "Groups and messages outside groups stand in one interchange."),
        ("请只用一种方式。", "Use one way only.")),
    "edifact_types": (
        SyntaxCode.TYPES, True, ("一个组中有几种报文。", "One group holds messages of several types."),
        ("请按报文类型分组。", "Group them by type.")),
    "edifact_outside_message": (
        SyntaxCode.OUTSIDE, True, ("{what} 段不在任何报文内。", "The segment {what} stands in no message."),
        ("请核对其前后的 UNH、UNT。", "See the UNH and UNT about it.")),
    # ---- segments
    "edifact_tag": (
        SyntaxCode.INVALID_VALUE, True, ("段标记无效。", "This is no segment tag."),
        ("数据中的结束符须用转义符标出；请核对上一段。", "A terminator inside data must be released: see the segment before.")),
    "edifact_tag_spelt": (
        SyntaxCode.INVALID_VALUE, False, ("段标记书写不规范，按 {what} 读取。", "The segment tag is spelt oddly; it was read as {what}."),
        ("请按标准书写段标记。", "Spell tags as the standard does.")),
    "edifact_encoding": (
        SyntaxCode.CHARACTERS, True, ("字符不符合 UNB 所写的字符集（{what}）。", "The bytes are not in the repertoire that UNB names ({what})."),
        ("请改正 UNB 的语法标识，或按该字符集编码。", "Correct UNB's syntax identifier, or encode by it.")),
    "edifact_characters": (
        SyntaxCode.CHARACTERS, False,
        ("有 {what} 所没有的字符，已照原样读取。", "It holds characters that {what} does not have; they were read as they are."),
        ("请在 UNB 写明相应的语法标识，例如 UNOC 或 UNOY。", "Name a repertoire in UNB that has them, such as UNOC or UNOY.")),
    "edifact_broken_lines": (
        SyntaxCode.CHARACTERS, False, ("段内有换行，已去掉。", "Line breaks inside segments were taken out."),
        ("请只在段与段之间换行。", "Break lines between segments only.")),
    "edifact_dangling": (
        SyntaxCode.SERVICE_CHARACTERS, False, ("段末的转义符之后没有字符。", "A release character at the end of a segment releases nothing."),
        ("数据中的转义符本身也须转义。", "Release the release character where it is data.")),
    "edifact_more_faults": (
        SyntaxCode.UNSPECIFIED, True, ("问题超过 {what} 个，其余不再列出。", "There are more than {what} faults; the others are not listed."),
        ("请改正所列问题后重新发送。", "Mend those and send it again.")),
}


def fault_of(
    name: str, where: Place | None = None, *, what: str = "", zh: str = "", en: str = "", measured: object = None, required: object = None,
    tag: str = "", segment: int | None = None, element: int | None = None,
) -> Fault:
    """The fault of that name. ``what``, ``zh`` and ``en`` fill its message."""
    code, is_error, message, remedy = _KINDS[name]
    make = Finding.error if is_error else Finding.warning
    finding = make(
        name, message[0].format(what=what, zh=zh), message[1].format(what=what, en=en), where=where, measured=measured, required=required,
        remedy=remedy)
    return Fault(code, finding, tag, segment, element)


def shown(text: str) -> str:
    """A short piece of somebody's text that is safe to show."""
    return "".join(each if each.isprintable() else "·" for each in text[:40])


def add(faults: list[Fault], make: Callable[[], Fault]) -> None:
    """Add a fault to those of one level, up to MOST_FAULTS: then one that says there are more. It is made only if there is room."""
    if len(faults) < MOST_FAULTS:
        faults.append(make())
    elif len(faults) == MOST_FAULTS:
        faults.append(fault_of("edifact_more_faults", faults[-1].finding.where, what=str(MOST_FAULTS), tag=faults[-1].tag))
