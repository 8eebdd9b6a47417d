"""UN/EDIFACT: what is read, what is found wrong, what is answered, what is written."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.basis import Refused
from kouan.exchange.edifact import (
    Segment,
    Separators,
    Transmission,
    contrl,
    read,
    segments,
    write_segment,
    write_segments,
)

FOLDER = Path(os.environ.get("KOUAN_CONFORMANCE", "/nowhere")) / "data" / "passenger-messages"
AT = datetime(2026, 11, 27, 8, 5)
GOOD = "UNB+UNOA:3+SHIPPER:ZZ+CUSTOMS:ZZ+261127:0800+REF1'UNH+M1+CUSCAR:D:96B:UN'BGM+85+X1'UNT+3+M1'UNZ+1+REF1'"


def codes(sent: Transmission) -> list[str]:
    return [finding.code for finding in sent.findings]


def sent(text: str) -> Transmission:
    return read(text.encode("iso8859-1"), name="a.edi")


# ---- reading ---------------------------------------------------------------------------------------------


def test_a_sound_interchange_says_who_sends_what_to_whom() -> None:
    [interchange] = sent(GOOD).interchanges
    assert (interchange.sender, interchange.recipient, interchange.reference) == (("SHIPPER", "ZZ"), ("CUSTOMS", "ZZ"), "REF1")
    [message] = interchange.messages
    assert (message.type, message.directory, message.reference) == ("CUSCAR", "D:96B", "M1")
    assert [each.tag for each in message.body] == ["BGM"]
    assert codes(sent(GOOD)) == [] and interchange.end == len(GOOD)


def test_una_changes_every_separator_and_a_released_one_is_data() -> None:
    text = "UNA|^.~ #UNB^UNOA|3^A^B^261127|0800^1#UNH^1^CUSCAR|D|96B|UN#FTX^AAI^^^A~^B~|C~#D~~|E#UNT^3^1#UNZ^1^1#"
    [message] = sent(text).interchanges[0].messages
    assert message.body[0].elements[3] == ("A^B|C#D~", "E")


def test_repetitions_belong_to_version_4_only() -> None:
    four = "UNB+UNOA:4+A+B+20261127:0800+1'UNH+1+X:D:1:UN'RFF+A:1*B:2*C?*D'UNT+3+1'UNZ+1+1'"
    [message] = sent(four).interchanges[0].messages
    assert message.body[0].occurrences(0) == (("A", "1"), ("B", "2"), ("C*D",))
    [message] = sent(four.replace("UNOA:4", "UNOA:3")).interchanges[0].messages
    assert message.body[0].occurrences(0) == (("A", "1*B", "2*C*D"),)


def test_utf_8_is_decoded_by_what_unb_says() -> None:
    text = GOOD.replace("UNOA", "UNOY").replace("X1", "海运舱单")
    [message] = read(text.encode()).interchanges[0].messages
    assert message.body[0].value(1) == "海运舱单"


def test_bytes_that_unb_does_not_name_are_an_error_of_that_message_only() -> None:
    two = ("UNB+UNOY:3+A+B+261127:0800+1'UNH+1+X:D:1:UN'BGM+\xff'UNT+3+1'UNH+2+X:D:1:UN'BGM+1'UNT+3+2'UNZ+2+1'")
    first, second = sent(two).interchanges[0].messages
    assert [fault.finding.code for fault in first.faults] == ["edifact_encoding"] and not first.is_sound
    assert second.is_sound and not second.faults


def test_several_interchanges_each_with_its_own_separators() -> None:
    other = "UNA:*.? $UNB*UNOA:3*A*B*261127:0800*2$UNH*1*CUSRES:D:96B:UN$BGM*961$UNT*3*1$UNZ*1*2$"
    found = sent(f"{GOOD}\r\n{other}\n{GOOD}").interchanges
    assert [each.reference for each in found] == ["REF1", "2", "REF1"]
    assert [message.type for each in found for message in each.messages] == ["CUSCAR", "CUSRES", "CUSCAR"]


def test_groups_are_kept_with_their_messages() -> None:
    text = ("UNB+UNOA:3+A+B+261127:0800+1'UNG+CUSCAR+A+B+261127:0800+G1+UN+D:96B'UNH+1+CUSCAR:D:96B:UN'BGM+85'UNT+3+1'UNE+1+G1'UNZ+1+1'")
    [group] = sent(text).interchanges[0].groups
    assert group.reference == "G1" and [message.reference for message in group.messages] == ["1"] and codes(sent(text)) == []


# ---- faults ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("old,new,code", [
    ("UNT+3", "UNT+4", "edifact_count"),
    ("UNT+3+M1", "UNT+3+M2", "edifact_reference"),
    ("UNT+3+M1'", "", "edifact_no_trailer"),
    ("UNZ+1", "UNZ+2", "edifact_count"),
    ("UNZ+1+REF1", "UNZ+1+REF2", "edifact_reference"),
    ("UNZ+1+REF1'", "", "edifact_no_trailer"),
    ("UNZ+1+REF1'", "UNZ+1+REF1", "edifact_unterminated"),
    ("BGM", "bgm", "edifact_tag_spelt"),
    ("BGM", "2GM", "edifact_tag"),
    ("X1", "x1", "edifact_characters"),
    ("BGM+85", "BGM\r\n+85", "edifact_broken_lines"),
    ("UNOA", "UNOQ", "edifact_syntax"),
    ("UNOA:3", "UNOA:7", "edifact_syntax"),
    ("SHIPPER:ZZ", "", "edifact_lacks"),
    ("261127", "261327", "edifact_prepared"),
    ("CUSCAR", "", "edifact_lacks"),
    ("UNH+M1+CUSCAR:D:96B:UN'BGM+85+X1'UNT+3+M1'UNZ+1", "UNZ+0", "edifact_empty_interchange"),
    ("UNH+M1", "BGM+1'UNH+M1", "edifact_outside_message"),
    ("UNZ+1", "UNH+M1+CUSCAR:D:96B:UN'BGM+1'UNT+3+M1'UNZ+2", "edifact_duplicate"),
])
def test_each_fault_is_named_with_its_line_and_says_what_to_do(old: str, new: str, code: str) -> None:
    assert old in GOOD
    answer = sent(f"\n{GOOD.replace(old, new)}")
    assert code in codes(answer)
    finding = next(each for each in answer.findings if each.code == code)
    assert finding.where.file == "a.edi" and finding.where.row and finding.remedy and finding.message.zh and finding.message.en
    [interchange] = answer.interchanges
    assert interchange.header.tag == "UNB", "what is wrong inside does not hide the interchange"


@pytest.mark.parametrize("text,code", [
    ("", "edifact_empty"), ("\r\n \x1a", "edifact_empty"), ("hello", "edifact_outside"), ("UIB+UNOA:4'", "edifact_interactive"),
    ("UNA:::::'UNB+UNOA:3'", "edifact_advice"), ("UNA:+.? 'BGM+1'", "edifact_header"), ("UNB|UNOA:3'", "edifact_unadvised"),
    ("UNA", "edifact_advice"),
])
def test_what_is_no_interchange_is_said_to_be_none(text: str, code: str) -> None:
    assert code in codes(sent(text))


def test_an_interchange_after_rubbish_is_still_read() -> None:
    answer = sent(f"from a mail\r\n{GOOD}")
    assert codes(answer) == ["edifact_outside"] and [each.reference for each in answer.interchanges] == ["REF1"]


def test_a_cut_file_keeps_the_messages_before_the_cut() -> None:
    two = "UNB+UNOA:3+A+B+261127:0800+1'UNH+1+X:D:1:UN'BGM+1'UNT+3+1'UNH+2+X:D:1:UN'BGM+"
    [interchange] = sent(two).interchanges
    first, second = interchange.messages
    assert first.is_sound and not second.is_sound and not interchange.is_sound


def test_ten_thousand_faults_are_told_a_hundred_times_and_counted_once() -> None:
    text = GOOD.replace("BGM+85+X1'", "b-1'" * 10_000)
    found = codes(sent(text))
    assert found.count("edifact_tag") == 100 and "edifact_more_faults" in found


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        read(b"x" * 11, most_bytes=10)
    assert refusal.value.findings[0].code == "edifact_too_large"


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300) | st.lists(st.sampled_from([
    b"UNA:+.? '", b"UNB+UNOA:4+A+B+261127:0800+1'", b"UNG+X+A+B+1:1+G'", b"UNH+1+X:D:1:UN'", b"UNT+2+1'", b"UNE+1+G'", b"UNZ+1+1'", b"BGM+1'",
    b"?", b"'", b"*", b"\r\n", b"\xff", b"UNA", b"UNB", b"UIB",
]), max_size=30).map(b"".join))
def test_whatever_is_sent_is_read_or_faulted_and_never_crashes(content: bytes) -> None:
    answer = read(content)
    assert answer.interchanges or answer.faults
    for interchange in answer.interchanges:
        assert 0 <= interchange.start < interchange.end <= len(content)
        for message in interchange.messages:
            assert interchange.start < message.start < message.end <= interchange.end
        try:
            answered = contrl(interchange, reference="9", at=AT)
        except ValueError:
            continue
        if answered is not None:
            assert read(answered).interchanges


# ---- the answer ------------------------------------------------------------------------------------------


def answer_to(text: str) -> str:
    answered = contrl(sent(text).interchanges[0], reference="77", at=AT)
    assert answered is not None
    assert codes(read(answered)) in ([], ["edifact_characters"]), "our own answer is sound"
    return answered.decode("iso8859-1")


def test_a_sound_interchange_is_acknowledged_to_its_sender() -> None:
    assert answer_to(GOOD) == (
        "UNB+UNOA:3+CUSTOMS:ZZ+SHIPPER:ZZ+261127:0805+77'UNH+1+CONTRL:D:3:UN'UCI+REF1+SHIPPER:ZZ+CUSTOMS:ZZ+7'UNT+3+1'UNZ+1+77'")


def test_a_bad_message_is_rejected_and_the_others_stand() -> None:
    two = ("UNB+UNOA:3+A+B+261127:0800+1'UNH+1+X:D:1:UN'BGM+1'UNT+9+1'UNH+2+X:D:1:UN'BGM+1'UNT+3+2'UNZ+2+1'")
    assert "UCI+1+A+B+7'UCM+1+X:D:1:UN+4+29+UNT+2'UNT" in answer_to(two)


def test_a_bad_segment_is_named_by_its_position() -> None:
    assert "UCM+M1+CUSCAR:D:96B:UN+4'UCS+2+12'UNT" in answer_to(GOOD.replace("BGM", "2GM"))


def test_a_bad_envelope_rejects_all_of_it() -> None:
    assert "UCI+REF1+SHIPPER:ZZ+CUSTOMS:ZZ+4+29+UNZ+2'UNT" in answer_to(GOOD.replace("UNZ+1", "UNZ+5"))


def test_version_4_is_answered_in_version_4() -> None:
    four = GOOD.replace("UNOA:3", "UNOA:4").replace("261127", "20261127").replace("UNT+3", "UNT+9")
    assert answer_to(four).startswith("UNB+UNOA:4+CUSTOMS:ZZ+SHIPPER:ZZ+20261127:0805+77'UNH+1+CONTRL:4:1:UN'")


def test_an_answer_is_not_answered() -> None:
    answered = contrl(sent(GOOD).interchanges[0], reference="77", at=AT)
    assert answered is not None and contrl(read(answered).interchanges[0], reference="78", at=AT) is None


def test_nobody_is_answered_where_nobody_is_named() -> None:
    with pytest.raises(ValueError, match="sender"):
        contrl(sent(GOOD.replace("SHIPPER:ZZ", "")).interchanges[0], reference="77", at=AT)


# ---- writing ---------------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=8)
_ELEMENT = st.lists(_TEXT, min_size=1, max_size=3).map(tuple)


@settings(max_examples=300, deadline=None)
@given(st.lists(_ELEMENT, max_size=5), st.sampled_from([Separators(), Separators(repetition="*"), Separators("|", "^", ",", "~", None, "#")]))
def test_what_is_written_reads_the_same(elements: list[tuple[str, ...]], separators: Separators) -> None:
    text = write_segment("FTX", elements, separators)
    [back] = segments(text, separators)
    for index, components in enumerate(elements):
        assert [back.value(index, number) for number in range(len(components))] == list(components)
    assert write_segments([back], separators) == text


def test_without_a_release_character_a_separator_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="release"):
        write_segment("FTX", ["a+b"], Separators(release=None))


def test_a_repetition_needs_its_separator() -> None:
    with pytest.raises(ValueError, match="repetition"):
        write_segment("RFF", ["A"], Separators(), {0: ["B"]})
    segment = Segment("RFF", (("A",),))
    segment.repeats = {0: (("B", "1"),)}
    assert write_segments([segment], Separators(repetition="*")) == "RFF+A*B:1'"


# ---- other people's messages -----------------------------------------------------------------------------


@pytest.mark.conformance
@pytest.mark.skipif(not FOLDER.is_dir(), reason="KOUAN_CONFORMANCE names no folder with data/passenger-messages")
def test_fourteen_messages_of_others_are_read_with_the_faults_they_have() -> None:
    files = sorted(each for each in FOLDER.iterdir() if each.name.startswith(("paxlst_", "pnrgov_")))
    read_ones = {each.name: read(each.read_bytes(), name=each.name) for each in files}
    assert len(files) == 14
    for name, answer in read_ones.items():
        [interchange] = answer.interchanges
        [message] = interchange.messages
        assert message.type == ("PAXLST" if name.startswith("paxlst_") else "PNRGOV"), name
        # What is written again reads the same: no value was lost or changed.
        again = write_segments(message.segments, interchange.separators)
        assert [(each.tag, each.elements) for each in segments(again, interchange.separators)] == [
            (each.tag.strip(), tuple(_trimmed(each.elements))) for each in message.segments], name
    assert read_ones["paxlst_airline2.edi"].interchanges[0].separators.element == "*"
    assert codes(read_ones["paxlst_apisMessage.txt"]) == []
    assert "edifact_advice" in codes(read_ones["pnrgov_codeshare.edi"])


def _trimmed(elements: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    """As writing leaves them: nothing empty at the ends."""
    kept = []
    for each in elements:
        components = list(each)
        while len(components) > 1 and not components[-1]:
            components.pop()
        kept.append(tuple(components))
    while kept and kept[-1] == ("",):
        kept.pop()
    return kept
