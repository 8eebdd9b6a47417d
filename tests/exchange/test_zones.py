"""The folder between the zones: whole or not at all, in order, once, and nothing but what the manifest lists."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.exchange.peers import SERVICE, Peer, begun, registered

from kouan.accounts.action import acting_system
from kouan.basis import Refused, clock
from kouan.crypto import suite_of
from kouan.exchange.envelope import Envelope, canonical, read, written
from kouan.exchange.ledger import actions, zones
from kouan.exchange.ledger.models import Batch, EntryKind, LedgerEntry, Outgoing, State
from kouan.exchange.ledger.verify import verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def peer(settings: Any, tmp_path: Path) -> Peer:
    """The single window's side of the boundary."""
    settings.HOME = type(settings.HOME)(tmp_path / "home")
    settings.DEBUG = True
    begun()
    found = Peer("sw")
    registered(found, route="folder")
    return found


def a_batch(peer: Peer, place: Path, sequence: int = 1, previous: str = "", messages: list[tuple[Envelope, bytes]] | None = None,
            acknowledged: int = 0, **changes: Any) -> str:
    """A batch as the other side writes it; answers the digest of its manifest."""
    held = [(peer.message(), b'{"figures": []}')] if messages is None else messages
    folder = place / zones.name_of(peer.code, "npo", sequence)
    folder.mkdir(parents=True)
    suite, files = suite_of(peer.suite), []
    for at, (envelope, payload) in enumerate(held, 1):
        for name, content in ((f"{at:06d}.envelope.json", envelope.raw), (f"{at:06d}.payload", payload)):
            (folder / name).write_bytes(content)
            files.append({"name": name, "bytes": len(content), "digest": suite.digest(content).hex()})
    said = {"format": zones.FORMAT, "sender": peer.code, "receiver": "npo", "sequence": sequence, "previous": previous, "acknowledged": acknowledged,
            "created": written(clock.now()), "count": len(held), "files": files, "suite": peer.suite, "key": peer.sign.key_id} | changes
    signature = suite.sign(peer.sign.private, zones.FORMAT.encode() + b"\n" + canonical(said))
    raw = canonical({"manifest": said, "signature": signature.hex()})
    (folder / zones.MANIFEST).write_bytes(raw)
    return suite_of("sm").digest(raw).hex()


def bring(place: Path) -> list[zones.Imported]:
    with acting_system("test") as system:
        return zones.import_from(actor=system, place=place)


def refused(place: Path) -> str:
    """The batch is refused whole, and the ledger says so; answers the code."""
    taken = LedgerEntry.objects.filter(kind=EntryKind.RECEIVED).count()
    found = [each for each in bring(place) if each.state == "refused"]
    assert found, "it should have been refused"
    assert LedgerEntry.objects.filter(kind=EntryKind.RECEIVED).count() == taken
    assert LedgerEntry.objects.order_by("-number")[0].kind == EntryKind.REFUSED
    assert found[0].findings[0].where.file
    return found[0].findings[0].code


def test_a_batch_is_taken_in_once_and_answered(peer: Peer, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    digest = a_batch(peer, usb, messages=[(peer.message(b"[1]"), b"[1]"), (peer.message(b"[2]"), b"[2]")])
    assert [(each.state, each.taken) for each in bring(usb)] == [("taken", 2)]
    assert [(each.state, each.taken) for each in bring(usb)] == [("already", 0)]
    assert LedgerEntry.objects.filter(kind=EntryKind.RECEIVED).count() == 2
    back = tmp_path / "back"
    with acting_system("test") as system:
        made = zones.export(actor=system, partner="sw", to=back)
    assert [each.sequence for each in made] == [1]
    opened = zones._open_batch(back / "npo_to_sw_00000001")
    assert (opened.said["acknowledged"], opened.said["count"], opened.faults()) == (1, 2, [])
    # The other side acknowledges ours: the receipts need not go again.
    a_batch(peer, usb, 2, digest, [], acknowledged=1)
    assert [each.state for each in bring(usb)] == ["already", "taken"]
    assert Outgoing.objects.filter(state=State.WAITING).count() == 0
    with acting_system("test") as system:
        assert zones.export(actor=system, partner="sw", to=tmp_path / "nothing") == [], "acknowledgements are not acknowledged for ever"
    assert verify().is_sound


def test_what_was_not_acknowledged_is_written_again_byte_for_byte(peer: Peer, tmp_path: Path) -> None:
    with acting_system("test") as system:
        actions.send(actor=system, receiver="sw", service_code=SERVICE, content=b"[1]", media_type="application/json", file_name="一月.json")
        zones.export(actor=system, partner="sw", to=tmp_path / "one")
        actions.send(actor=system, receiver="sw", service_code=SERVICE, content=b"[2]", media_type="application/json")
        zones.export(actor=system, partner="sw", to=tmp_path / "two")
    names = sorted(each.name for each in (tmp_path / "two").iterdir())
    assert names == ["npo_to_sw_00000001", "npo_to_sw_00000002"]
    for each in (tmp_path / "one" / names[0]).iterdir():
        assert each.read_bytes() == (tmp_path / "two" / names[0] / each.name).read_bytes()


@pytest.mark.parametrize("stage", range(4))
def test_an_export_cut_short_leaves_no_half_batch_and_ends_at_the_next_try(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                            stage: int) -> None:
    with acting_system("test") as system:
        for number in range(2):
            actions.send(actor=system, receiver="sw", service_code=SERVICE, content=b"[%d]" % number, media_type="application/json")
    written_files = [0]
    put = zones._put

    def cut(place: Path, content: bytes) -> None:
        if written_files[0] == stage:
            place.write_bytes(content[: len(content) // 2])
            raise KeyboardInterrupt  # the medium is pulled out, the process ends
        written_files[0] += 1
        put(place, content)

    monkeypatch.setattr(zones, "_put", cut)
    with acting_system("test") as system, pytest.raises(KeyboardInterrupt):
        zones.export(actor=system, partner="sw", to=tmp_path / "usb")
    assert not (tmp_path / "usb" / "npo_to_sw_00000001").exists()
    monkeypatch.undo()
    with acting_system("test") as system:
        assert len(zones.export(actor=system, partner="sw", to=tmp_path / "usb")) == 1
    assert [each.name for each in (tmp_path / "usb").iterdir()] == ["npo_to_sw_00000001"]
    assert zones._open_batch(tmp_path / "usb" / "npo_to_sw_00000001").faults() == []


def test_a_copy_of_ours_that_was_damaged_is_written_anew(peer: Peer, tmp_path: Path) -> None:
    with acting_system("test") as system:
        actions.send(actor=system, receiver="sw", service_code=SERVICE, content=b"[1]", media_type="application/json")
        zones.export(actor=system, partner="sw", to=tmp_path)
        damaged = tmp_path / "npo_to_sw_00000001" / "000001.payload"
        damaged.write_bytes(b"[")
        zones.export(actor=system, partner="sw", to=tmp_path)
    assert damaged.read_bytes() == b"[1]"


def test_a_gap_is_found_and_closed_by_bringing_what_is_missing(peer: Peer, tmp_path: Path) -> None:
    first = a_batch(peer, tmp_path / "one")
    second = a_batch(peer, tmp_path / "two", 2, first)
    a_batch(peer, tmp_path / "later", 3, second)
    a_batch(peer, tmp_path / "later", 4, "0" * 64)
    assert refused(tmp_path / "later") == "exchange_batch_gap"
    found = bring(tmp_path / "later")
    assert len(found) == 1, "what follows a gap is not even looked at"
    assert "1–2" in found[0].findings[0].message.zh
    assert [each.state for place in ("one", "two") for each in bring(tmp_path / place)] == ["taken", "taken"]
    assert [each.state for each in bring(tmp_path / "later")] == ["taken", "refused"]
    assert refused(tmp_path / "later") == "exchange_batch_chain"


def _put_link(folder: Path) -> None:
    (folder / "000001.payload").unlink()
    (folder / "000001.payload").symlink_to("/etc/hostname")


@pytest.mark.parametrize(("harm", "code"), [
    (lambda folder: (folder / "manifest.json").unlink(), "exchange_no_manifest"),
    (lambda folder: (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes()[:-20]), "exchange_no_manifest"),
    (lambda folder: (folder / "000001.payload").unlink(), "exchange_batch_files"),
    (lambda folder: (folder / "000001.payload").write_bytes(b"[]"), "exchange_cut_file"),
    (lambda folder: (folder / "000001.payload").write_bytes(b'{"figures": {}}'), "exchange_altered_file"),
    (lambda folder: (folder / "000002.payload").write_bytes(b"more"), "exchange_batch_files"),
    (lambda folder: (folder / "sub").mkdir(), "exchange_batch_files"),
    (_put_link, "exchange_not_a_file"),
    (lambda folder: folder.rename(folder.with_name("sw_to_npo_00000002")), "exchange_batch_renamed"),
    (lambda folder: os.mkfifo(folder / "000003.payload"), "exchange_batch_files"),
])
def test_a_cut_or_altered_copy_is_refused_whole_and_can_be_brought_again(peer: Peer, tmp_path: Path, harm: Any, code: str) -> None:
    a_batch(peer, tmp_path / "good")
    shutil.copytree(tmp_path / "good", tmp_path / "bad")
    harm(tmp_path / "bad" / "sw_to_npo_00000001")
    assert refused(tmp_path / "bad") == code
    assert [each.state for each in bring(tmp_path / "good")] == ["taken"]


def test_a_linked_folder_is_not_followed(peer: Peer, tmp_path: Path) -> None:
    a_batch(peer, tmp_path / "good")
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "sw_to_npo_00000001").symlink_to(tmp_path / "good" / "sw_to_npo_00000001")
    assert refused(tmp_path / "usb") == "exchange_no_manifest"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "000001.payload/..", "a\x00b", "000002.payload", "CON", "000001.envelope.json"])
def test_no_name_but_our_own_is_ever_opened(peer: Peer, tmp_path: Path, name: str) -> None:
    envelope = peer.message()
    suite = suite_of("sm")
    files = [{"name": "000001.envelope.json", "bytes": len(envelope.raw), "digest": suite.digest(envelope.raw).hex()},
             {"name": name, "bytes": 1, "digest": "0" * 64}]
    a_batch(peer, tmp_path / "usb", messages=[(envelope, b"1")], files=files)
    assert refused(tmp_path / "usb") == "exchange_no_manifest"


def test_sizes_are_refused_before_anything_is_read(peer: Peer, tmp_path: Path) -> None:
    envelope = peer.message()
    suite = suite_of("sm")
    files = [{"name": "000001.envelope.json", "bytes": len(envelope.raw), "digest": suite.digest(envelope.raw).hex()},
             {"name": "000001.payload", "bytes": 2**40, "digest": "0" * 64}]
    a_batch(peer, tmp_path / "usb", messages=[(envelope, b"1")], files=files)
    with (tmp_path / "usb" / "sw_to_npo_00000001" / "000001.payload").open("wb") as sparse:
        sparse.truncate(2**31)
    assert refused(tmp_path / "usb") == "exchange_no_manifest"


def test_forged_foreign_and_future_batches_are_refused(peer: Peer, tmp_path: Path) -> None:
    a_batch(Peer("sw"), tmp_path / "forged")
    assert refused(tmp_path / "forged") == "exchange_bad_signature"
    a_batch(Peer("mot"), tmp_path / "stranger")
    assert refused(tmp_path / "stranger") == "exchange_unknown_sender"
    a_batch(peer, tmp_path / "future", created=written(clock.now() + timedelta(hours=1)))
    assert refused(tmp_path / "future") == "exchange_from_the_future"
    a_batch(peer, tmp_path / "claims", acknowledged=5)
    assert refused(tmp_path / "claims") == "exchange_batch_acknowledges"
    for place in (tmp_path / "elsewhere", tmp_path / "empty"):
        place.mkdir()
    assert bring(tmp_path / "elsewhere") == []
    with pytest.raises(Refused):
        bring(tmp_path / "missing")


def test_another_batch_under_a_number_that_was_used_is_refused(peer: Peer, tmp_path: Path) -> None:
    a_batch(peer, tmp_path / "one")
    bring(tmp_path / "one")
    a_batch(peer, tmp_path / "other")
    assert refused(tmp_path / "other") == "exchange_batch_number_taken"


def test_one_message_that_may_not_be_taken_does_not_close_the_channel(peer: Peer, tmp_path: Path) -> None:
    good, again = peer.message(b"[1]"), peer.message(b"[2]")
    mixed = [(peer.message(service="official-paper/1", media_type="application/pdf"), b'{"figures": []}'), (good, b"[1]"), (again, b"[2]"),
             (again, b"[2]")]
    digest = a_batch(peer, tmp_path, messages=mixed)
    found = bring(tmp_path)[0]
    assert (found.state, found.taken) == ("taken", 2)
    assert [each.code for each in found.findings] == ["exchange_service_not_agreed", "exchange_replayed"]
    assert LedgerEntry.objects.filter(kind=EntryKind.REFUSED, partner_code="sw").count() == 2
    a_batch(peer, tmp_path / "next", 2, digest)
    assert bring(tmp_path / "next")[0].state == "taken"
    assert verify().is_sound


def test_an_import_ended_in_the_middle_took_nothing(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_batch(peer, tmp_path, messages=[(peer.message(b"[1]"), b"[1]"), (peer.message(b"[2]"), b"[2]")])
    take_in, seen = zones.take_in, []

    def cut(*arguments: Any, **named: Any) -> Any:
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return take_in(*arguments, **named)

    monkeypatch.setattr(zones, "take_in", cut)
    with pytest.raises(KeyboardInterrupt):
        bring(tmp_path)
    assert not LedgerEntry.objects.exists()
    monkeypatch.undo()
    assert [each.taken for each in bring(tmp_path)] == [2]
    assert Batch.objects.filter(is_outgoing=False).count() == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_of_any_file_refuses_the_batch(peer: Peer, tmp_path: Path, data: st.DataObject) -> None:
    place = tmp_path / "usb"
    shutil.rmtree(place, ignore_errors=True)
    a_batch(peer, place)
    folder = place / "sw_to_npo_00000001"
    victim = folder / data.draw(st.sampled_from(sorted(each.name for each in folder.iterdir())))
    raw = victim.read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    victim.write_bytes(raw[:at] + bytes([raw[at] ^ (1 << data.draw(st.integers(0, 7)))]) + raw[at + 1 :])
    refused(place)


@given(st.binary(max_size=300))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_noise_is_no_manifest(peer: Peer, tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "usb"
    shutil.rmtree(place, ignore_errors=True)
    a_batch(peer, place)
    (place / "sw_to_npo_00000001" / zones.MANIFEST).write_bytes(content)
    assert refused(place) == "exchange_no_manifest"


def test_sending_needs_a_partner_by_folder(peer: Peer, tmp_path: Path) -> None:
    with acting_system("test") as system:
        for name in ("npo", "mot"):
            with pytest.raises(Refused):
                zones.export(actor=system, partner=name, to=tmp_path)


def test_the_envelope_in_the_folder_is_the_one_of_the_ledger(peer: Peer, tmp_path: Path) -> None:
    with acting_system("test") as system:
        sent = actions.send(actor=system, receiver="sw", service_code=SERVICE, content=b"[1]", media_type="application/json")
        zones.export(actor=system, partner="sw", to=tmp_path)
    raw = (tmp_path / "npo_to_sw_00000001" / "000001.envelope.json").read_bytes()
    assert raw.decode() == sent.entry.envelope
    assert read(raw).receiver == "sw"
