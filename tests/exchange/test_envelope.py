"""No byte of an envelope can be changed without being noticed, whoever reads it."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.peers import Peer

from kouan.basis import Refused
from kouan.crypto import SUITES, suite_of
from kouan.exchange.envelope import HEADER, TIME, Envelope, canonical, read

BOTH = pytest.mark.parametrize("suite", sorted(SUITES))
PEERS = {suite: Peer(suite=suite) for suite in SUITES}
MESSAGES = {suite: peer.message(b"payload") for suite, peer in PEERS.items()}


def is_believed(raw: bytes, peer: Peer, payload: bytes = b"payload") -> bool:
    """Whether a receiver that knows the peer's keys takes it for the peer's."""
    try:
        envelope = read(raw)
    except Refused:
        return False
    suite = suite_of(peer.suite)
    return ((envelope.header["suite"], envelope.header["key"], envelope.time["suite"], envelope.time["key"])
            == (peer.suite, peer.sign.key_id, peer.suite, peer.time.key_id)
            and envelope.is_signed_by(suite.public_of(peer.sign.private)) and envelope.is_stamped_by(suite.public_of(peer.time.private))
            and envelope.holds(payload))


@BOTH
def test_a_message_is_believed(suite: str) -> None:
    assert is_believed(MESSAGES[suite].raw, PEERS[suite])
    assert not is_believed(MESSAGES[suite].raw, PEERS[suite], b"Payload")
    assert not is_believed(MESSAGES[suite].raw, Peer(suite=suite))


@BOTH
@settings(max_examples=400)
@given(data=st.data())
def test_any_changed_byte_is_refused(suite: str, data: st.DataObject) -> None:
    raw = MESSAGES[suite].raw
    at = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != raw[at]))
    assert not is_believed(raw[:at] + bytes([byte]) + raw[at + 1 :], PEERS[suite])
    assert not is_believed(raw[:at], PEERS[suite])
    assert not is_believed(raw[:at] + b" " + raw[at:], PEERS[suite])


def _changed(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    if isinstance(value, dict):
        return {**value, "number": value["number"] + 1}
    if value == "":
        return "x"
    if value.endswith("Z"):
        return value.replace("T", "T", 1)[:-3] + f"{(int(value[-3:-1]) + 1) % 60:02d}Z"
    last = value[-1]
    return value[:-1] + ("b" if last == "a" else "a")


@BOTH
@pytest.mark.parametrize("name", sorted(HEADER))
def test_every_field_of_the_header_is_under_the_signature(suite: str, name: str) -> None:
    said = json.loads(MESSAGES[suite].raw)
    said["header"][name] = _changed(said["header"][name])
    assert not is_believed(canonical(said), PEERS[suite])


@BOTH
@pytest.mark.parametrize("name", sorted(TIME))
def test_every_field_of_the_time_token_is_under_its_signature(suite: str, name: str) -> None:
    said = json.loads(MESSAGES[suite].raw)
    said["time"][name] = _changed(said["time"][name])
    assert not is_believed(canonical(said), PEERS[suite])


@BOTH
def test_a_time_token_of_another_message_is_refused(suite: str) -> None:
    peer = PEERS[suite]
    one, other = json.loads(peer.message(b"payload").raw), json.loads(peer.message(b"payload").raw)
    one["time"], one["time_signature"] = other["time"], other["time_signature"]
    assert not is_believed(canonical(one), peer)


@given(st.binary(max_size=400))
def test_noise_is_no_envelope(content: bytes) -> None:
    with pytest.raises(Refused):
        read(content)


JSONS = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
                     | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6)


@given(st.sampled_from(["header", "time"]), st.data())
def test_any_json_in_any_place_is_refused_and_never_a_crash(part: str, data: st.DataObject) -> None:
    said = copy.deepcopy(json.loads(MESSAGES["sm"].raw))
    name = data.draw(st.sampled_from(sorted(said[part])))
    value = data.draw(JSONS)
    if value == said[part][name]:
        return
    said[part][name] = value
    try:
        raw = canonical(said)
    except (ValueError, UnicodeEncodeError):
        return
    assert not is_believed(raw, PEERS["sm"])


def test_deep_nesting_and_great_length_are_refused() -> None:
    for content in (b"[" * 100_000, b'{"a":' * 3_000, b" " * 20_000, b'{"header":{}}'):
        with pytest.raises(Refused):
            read(content)


def test_an_envelope_that_ends_before_it_begins_is_refused() -> None:
    made = PEERS["sm"].message(lifetime=timedelta(seconds=-5))
    with pytest.raises(Refused):
        read(made.raw)


def test_reading_and_writing_are_one(capsys: pytest.CaptureFixture[str]) -> None:
    for made in MESSAGES.values():
        assert isinstance(made, Envelope)
        assert read(made.raw) == made
