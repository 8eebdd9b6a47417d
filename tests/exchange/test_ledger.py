"""What is taken in, what is refused and why, what the ledger then says, and that any change of it is found."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from tests.accounts.factories import a_national_officer, a_provincial_officer, a_user
from tests.exchange.peers import SERVICE, Peer, a_signer, begun, registered

from kouan.accounts.action import acting_system
from kouan.accounts.models import Role
from kouan.basis import Finding, NotAllowed, NotFound, Refused, clock
from kouan.crypto import KeyFile
from kouan.exchange.envelope import Envelope, canonical, read
from kouan.exchange.ledger import actions, keys, payloads, queries, sending
from kouan.exchange.ledger.models import EntryKind, LedgerEntry, LedgerHead, Outgoing, Partner, Purpose, State
from kouan.exchange.ledger.verify import evidence_of, verify

pytestmark = pytest.mark.django_db

PAYLOAD = b'{"figures": []}'


@pytest.fixture
def peer(settings: Any, tmp_path: Path) -> Peer:
    """We are begun and know one partner; keys and payloads lie in a folder of this test."""
    settings.HOME = type(settings.HOME)(tmp_path)
    settings.DEBUG = True
    begun()
    found = Peer()
    registered(found)
    return found


def take(envelope: Envelope, payload: bytes = PAYLOAD) -> actions.Taken:
    with acting_system("test") as system:
        return actions.receive(actor=system, raw=envelope.raw, payload=payload)


def refused(envelope: Envelope | bytes, payload: bytes = PAYLOAD) -> Finding:
    before = LedgerEntry.objects.exclude(kind=EntryKind.REFUSED).count()
    with acting_system("test") as system, pytest.raises(Refused) as caught:
        actions.receive(actor=system, raw=envelope if isinstance(envelope, bytes) else envelope.raw, payload=payload)
    last = LedgerEntry.objects.order_by("-number").first()
    assert last is not None
    assert last.kind == EntryKind.REFUSED, "a refusal is in the ledger"
    assert last.findings[0]["code"] == caught.value.findings[0].code
    assert LedgerEntry.objects.exclude(kind=EntryKind.REFUSED).count() == before, "and nothing else is"
    for finding in caught.value.findings:
        assert finding.message.zh
        assert finding.message.en
    return caught.value.findings[0]


def post(envelope: bytes, payload: bytes = PAYLOAD, **options: Any) -> Any:
    """Through the door, as another system would."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    parts = {"envelope": SimpleUploadedFile("envelope", envelope), "payload": SimpleUploadedFile("payload", payload)}
    return Client().post("/api/v1/exchange/inbox", parts, **options)


def test_a_message_is_taken_in_and_answered_with_a_receipt_that_names_our_entry(peer: Peer) -> None:
    sent = peer.message()
    answer = post(sent.raw)
    assert answer.status_code == 200, answer.content
    entry = LedgerEntry.objects.get(kind=EntryKind.RECEIVED)
    receipt = read(answer.json()["envelope"].encode())
    said = json.loads(answer.json()["payload"])
    own = Partner.objects.get(is_self=True)
    assert receipt.is_signed_by(bytes.fromhex(own.keys.get(purpose=Purpose.SIGN).public))
    assert receipt.holds(answer.json()["payload"].encode())
    assert said == {"acknowledges": str(sent.message_id), "envelope_digest": sent.digest, "ledger": {"number": entry.number, "digest": entry.digest}}
    assert payloads.place("sm", entry.payload_digest).read_bytes() == PAYLOAD
    assert verify().is_sound


def test_a_replay_is_refused_and_the_receipt_is_there_for_who_holds_the_message(peer: Peer) -> None:
    sent = peer.message()
    first = post(sent.raw).json()
    again = post(sent.raw)
    assert again.status_code == 409
    assert again.json()["error"]["findings"][0]["code"] == "exchange_replayed"
    assert LedgerEntry.objects.filter(kind=EntryKind.RECEIVED).count() == 1
    address = f"/api/v1/exchange/receipts/gacc/{sent.message_id}/{sent.digest}"
    assert Client().get(address).json() == first
    assert Client().get(address[:-1] + ("0" if address[-1] != "0" else "1")).status_code == 404
    assert Client().get(f"/api/v1/exchange/receipts/gacc/{uuid.uuid4()}/{sent.digest}").status_code == 404


def test_another_message_under_a_number_that_was_used_is_refused(peer: Peer) -> None:
    number = uuid.uuid4()
    take(peer.message(message_id=number))
    assert refused(peer.message(b'{"figures": [1]}', message_id=number), b'{"figures": [1]}').code == "exchange_number_taken"


def test_the_database_itself_refuses_a_second_receipt_of_one_message(peer: Peer) -> None:
    """Two processes that check at the same moment both find nothing; one of them then meets the constraint."""
    from kouan.exchange.ledger import receiving

    sent = peer.message()
    take(sent)
    monkey = pytest.MonkeyPatch()
    partner = Partner.objects.get(code="gacc")
    monkey.setattr(receiving, "checked", lambda *_: partner)
    try:
        assert refused(sent).code == "exchange_replayed"
    finally:
        monkey.undo()
    assert verify().is_sound


def test_time_bounds(peer: Peer) -> None:
    now = clock.now()
    assert refused(peer.message(created=now + timedelta(seconds=400))).code == "exchange_from_the_future"
    with clock.travel_to(now - timedelta(days=2)):
        old = peer.message(lifetime=timedelta(days=1))
    assert refused(old).code == "exchange_expired"
    with clock.travel_to(now - timedelta(hours=20)):
        late = peer.message(lifetime=timedelta(days=1))
    take(late)
    assert refused(peer.message(lifetime=timedelta(days=40))).code == "exchange_lifetime"
    # A time token made long after the message was dated: the date is not to be believed.
    assert refused(peer.message(created=now - timedelta(hours=1))).code == "exchange_stamp_apart"
    with clock.travel_to(now + timedelta(seconds=200)):
        soon = peer.message()
    take(soon)


def test_strangers_and_forgers_are_refused_alike(peer: Peer) -> None:
    assert refused(Peer("mot").message()).code == "exchange_unknown_sender"
    forged = Peer("gacc")
    assert refused(forged.message()).code == "exchange_unknown_key"
    forged.sign = type(forged.sign)("sm", peer.sign.key_id, forged.sign.private)
    forged.time = peer.time
    assert refused(forged.message()).code == "exchange_bad_signature"
    half = Peer("gacc")
    half.sign, half.time = peer.sign, type(half.time)("sm", peer.time.key_id, half.time.private)
    assert refused(half.message()).code == "exchange_bad_time_token"
    assert refused(b"{}").code == "exchange_not_an_envelope"
    assert not LedgerEntry.objects.filter(kind=EntryKind.REFUSED).exclude(partner_code="").exists(), "no word of a forger is written as the partner's"


def test_a_key_for_time_signs_nothing_and_the_other_way_round(peer: Peer) -> None:
    assert refused(peer.message(signer=peer.time)).code == "exchange_unknown_key"
    assert refused(peer.message(stamper=peer.sign)).code == "exchange_unknown_key"


def test_what_is_not_for_us_or_not_agreed_is_refused(peer: Peer) -> None:
    assert refused(peer.message(receiver="mot")).code == "exchange_wrong_receiver"
    assert refused(peer.message(service="official-paper/1", media_type="application/pdf")).code == "exchange_service_not_agreed"
    assert refused(peer.message(service="no-such/1")).code == "exchange_unknown_service"
    assert refused(peer.message(media_type="text/html")).code == "exchange_media_type"
    assert refused(peer.message(), b'{"figures": [2]}').code == "exchange_payload_altered"
    with acting_system("test") as system:
        actions.set_partner(actor=system, code="gacc", is_active=False)
    assert refused(peer.message()).code == "exchange_partner_blocked"


def test_a_file_that_unpacks_to_far_too_much_is_refused(peer: Peer) -> None:
    registered(peer, accepts=["statutory-return/1"])
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(6):
            packed.writestr(f"{number}.xml", bytes(60_000_000))
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    bomb = peer.message(held.getvalue(), service="statutory-return/1", media_type=media)
    assert refused(bomb, held.getvalue()).code == "exchange_unpacks_too_large"
    broken = peer.message(b"PK\x03\x04 not a workbook", service="statutory-return/1", media_type=media)
    assert refused(broken, b"PK\x03\x04 not a workbook").code == "exchange_container_damaged"


def test_a_revoked_key_and_a_retired_one(peer: Peer) -> None:
    partner = Partner.objects.get(code="gacc")
    key = partner.keys.get(purpose=Purpose.SIGN)
    key.valid_to = clock.now() - timedelta(seconds=1)
    key.save()
    assert refused(peer.message()).code == "exchange_retired_key"
    key.valid_to = clock.now() + timedelta(days=1)
    key.save()
    waiting = peer.message()
    with acting_system("test") as system:
        actions.revoke_key(actor=system, owner="gacc", key_id=key.key_id, why="对方电话告知失密")
    assert refused(waiting).code == "exchange_revoked_key"
    # Its card with the same key does not bring it back.
    registered(peer)
    assert refused(peer.message()).code == "exchange_revoked_key"


def test_a_partner_changes_its_key_under_the_present_one(peer: Peer) -> None:
    following, now = a_signer("es256"), clock.now()
    notice = canonical({"keys": [{**peer.key(following, "sign", valid_from=now + timedelta(days=7)), "revoked": ""},
                                 {**peer.key(peer.sign, "sign", valid_to=now + timedelta(days=37)), "revoked": ""}]})
    take(peer.message(notice, service="exchange.keys/1"), notice)
    early = peer.message(signer=following)
    assert refused(early).code == "exchange_key_not_yet"
    with clock.travel_to(now + timedelta(days=8)):
        take(peer.message(signer=following))
        take(peer.message())  # the old one still holds
    with clock.travel_to(now + timedelta(days=38)):
        assert refused(peer.message()).code == "exchange_retired_key"
        take(peer.message(signer=following))
        assert verify().is_sound, "old messages are verified with the key of their day"


def test_a_notice_of_keys_must_name_them_rightly(peer: Peer) -> None:
    wrong = peer.key(a_signer(), "sign") | {"key": "0" * 64}
    for said in ({"keys": [wrong]}, {"keys": [{}]}, {"keys": 1}, {}, []):
        content = canonical(said)
        assert refused(peer.message(content, service="exchange.keys/1"), content).code in ("exchange_bad_keys", "exchange_not_json")


def test_our_own_key_changes_and_partners_are_told(peer: Peer) -> None:
    me = Partner.objects.get(is_self=True)
    old = keys.current(me, Purpose.SIGN)
    with acting_system("test") as system:
        made = actions.rotate_key(actor=system, suite="es256", lead_days=0, overlap_days=10)
    notice = Outgoing.objects.get(partner__code="gacc")
    assert read(notice.entry.envelope.encode()).header["key"] == old.key_id, "told under the present key"
    old.refresh_from_db()
    assert old.valid_to == made.valid_from + timedelta(days=10)
    with clock.travel_to(clock.now() + timedelta(seconds=5)):
        assert keys.current(me, Purpose.SIGN) == made
        with acting_system("test") as system:
            sent = actions.send(actor=system, receiver="gacc", service_code=SERVICE, content=PAYLOAD, media_type="application/json")
        assert read(sent.entry.envelope.encode()).header["suite"] == "es256"
        assert verify().is_sound


def test_the_notice_is_under_the_old_key_even_where_making_the_new_one_takes_long(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    me = Partner.objects.get(is_self=True)
    old, make_key, start = keys.current(me, Purpose.SIGN), keys.make_key, clock.now()
    with monkeypatch.context() as slow, clock.travel_to(start):
        def made_slowly(*arguments: Any, **named: Any) -> Any:
            key = make_key(*arguments, **named)
            key.valid_from = start  # as if seconds had gone by
            key.save()
            return key

        slow.setattr(keys, "make_key", made_slowly)
        with acting_system("test") as system:
            actions.rotate_key(actor=system, lead_days=0)
    assert keys.current(me, Purpose.SIGN).key_id != old.key_id
    assert read(Outgoing.objects.get(partner__code="gacc").entry.envelope.encode()).header["key"] == old.key_id


def test_revoking_our_only_key_makes_another(peer: Peer) -> None:
    me = Partner.objects.get(is_self=True)
    old = keys.current(me, Purpose.SIGN)
    with acting_system("test") as system:
        with pytest.raises(Refused):
            actions.revoke_key(actor=system, owner="npo", key_id=old.key_id, why=" ")
        actions.revoke_key(actor=system, owner="npo", key_id=old.key_id[:12], why="私钥文件外泄")
    assert keys.current(me, Purpose.SIGN).key_id != old.key_id


def test_private_keys_are_guarded_on_a_real_installation(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HOME = type(settings.HOME)(tmp_path)
    settings.DEBUG = settings.IS_EXERCISE = False
    monkeypatch.delenv("KOUAN_KEY_SECRET", raising=False)
    with pytest.raises(Refused) as caught:
        begun()
    assert caught.value.findings[0].code == "exchange_secret_missing"
    monkeypatch.setenv("KOUAN_KEY_SECRET", "a secret of sixteen and more")
    me = begun()
    for key in me.keys.all():
        held = KeyFile.read(keys.folder() / f"{key.key_id}.json")
        assert held.is_guarded
    with connection.cursor() as cursor:
        private = held.key("a secret of sixteen and more")
        cursor.execute("SELECT count(*) FROM audit_entry WHERE \"after\" LIKE %s", [f"%{private.hex()}%"])
        assert cursor.fetchone()[0] == 0


def test_a_receipt_for_something_we_never_sent_is_refused(peer: Peer) -> None:
    number = str(uuid.uuid4())
    content = canonical({"acknowledges": number, "envelope_digest": "0" * 64, "ledger": {"number": 1, "digest": "0" * 64}})
    assert refused(peer.message(content, service="exchange.receipt/1", in_reply_to=number), content).code == "exchange_receipt_for_nothing"


def sent_and_acknowledged(peer: Peer, ledger: tuple[int, str] = (1, "1" * 64)) -> Outgoing:
    with acting_system("test") as system:
        sent = actions.send(actor=system, receiver="gacc", service_code=SERVICE, content=PAYLOAD, media_type="application/json")
    content = canonical({"acknowledges": str(sent.entry.message_id), "envelope_digest": sent.entry.envelope_digest,
                         "ledger": {"number": ledger[0], "digest": ledger[1]}})
    take(peer.message(content, service="exchange.receipt/1", in_reply_to=str(sent.entry.message_id)), content)
    sent.refresh_from_db()
    return sent


def test_an_acknowledged_message_stays_so(peer: Peer) -> None:
    sent = sent_and_acknowledged(peer)
    assert sent.state == State.ACKNOWLEDGED
    with acting_system("test") as system:
        actions.note_attempt(actor=system, outgoing=sent, state=State.REFUSED)
    sent.refresh_from_db()
    assert sent.state == State.ACKNOWLEDGED


def test_a_message_too_old_is_closed(peer: Peer) -> None:
    with acting_system("test") as system:
        sent = actions.send(actor=system, receiver="gacc", service_code=SERVICE, content=PAYLOAD, media_type="application/json")
        with clock.travel_to(clock.now() + timedelta(days=31)):
            assert sending.expire_old(actor=system) == 1
    sent.refresh_from_db()
    assert sent.state == State.EXPIRED


def test_a_partner_that_rewrote_its_ledger_is_found(peer: Peer) -> None:
    sent_and_acknowledged(peer, (7, "7" * 64))
    assert verify().is_sound
    sent_and_acknowledged(peer, (7, "8" * 64))
    assert [each.code for each in verify().findings] == ["exchange_partner_rewrote"]


def _filled(peer: Peer) -> None:
    for _ in range(3):
        take(peer.message())
        sent_and_acknowledged(peer, (1, "1" * 64))
    refused(peer.message(receiver="mot"))


@pytest.mark.parametrize(("column", "value"), [
    ("kind", "sent"), ("partner_code", "mot"), ("service", "official-paper/1"), ("payload_digest", "0" * 64), ("payload_bytes", 3),
    ("envelope_digest", "0" * 64), ("previous", "0" * 64), ("digest", "0" * 64), ("message_id", uuid.UUID(int=5)), ("answers", uuid.UUID(int=6)),
    ("findings", [{"code": "x"}]), ("envelope", "{}"), ("number", 40), ("at", clock.now() - timedelta(days=9)),
])
def test_a_changed_row_is_found_by_its_number(peer: Peer, column: str, value: Any) -> None:
    _filled(peer)
    assert verify().is_sound
    entry = LedgerEntry.objects.get(number=5)
    assert getattr(entry, column) != value
    LedgerEntry.objects.filter(pk=entry.pk).update(**{column: value})
    report = verify()
    assert not report.is_sound
    assert report.first_bad in ((5, 6) if column != "number" else (6, 40)), report.as_dict()


def test_a_removed_row_and_a_removed_tail_are_found(peer: Peer, tmp_path: Path) -> None:
    _filled(peer)
    proof = tmp_path / "evidence.jsonl"
    # What the partner holds of ours: our envelopes, and our receipts with what they say.
    lines = []
    for entry in LedgerEntry.objects.filter(kind__in=[EntryKind.SENT, EntryKind.RECEIPT_SENT]):
        held = payloads.place("sm", entry.payload_digest).read_text() if entry.kind == EntryKind.RECEIPT_SENT else ""
        lines.append(canonical({"envelope": entry.envelope, "receipt": held}) + b"\n")
    proof.write_bytes(b"".join(lines))
    assert verify(evidence=[proof]).is_sound
    count = LedgerEntry.objects.count()
    Outgoing.objects.filter(entry__number__gte=count - 3).delete()
    LedgerEntry.objects.filter(number__gte=count - 3).delete()
    assert [each.code for each in verify().findings] == ["exchange_tail_missing"]
    last = LedgerEntry.objects.order_by("-number").first()
    assert last is not None
    LedgerHead.objects.update(number=last.number, digest=last.digest)
    assert verify().is_sound, "alone, a tail cut off with the head put back does not show"
    report = verify(evidence=[proof])
    assert {each.code for each in report.findings} >= {"exchange_head_differs", "exchange_sent_missing"}
    Outgoing.objects.filter(entry__number=3).delete()
    LedgerEntry.objects.filter(number=3).delete()
    assert verify().first_bad == 4


def test_evidence_that_we_did_not_sign_proves_nothing(peer: Peer, tmp_path: Path) -> None:
    _filled(peer)
    proof = tmp_path / "evidence.jsonl"
    proof.write_bytes(b"".join(evidence_of("gacc")) + b"not json\n")
    assert {each.code for each in verify(evidence=[proof]).findings} == {"exchange_evidence_not_ours", "exchange_evidence_unreadable"}


def test_an_altered_or_missing_payload_is_found(peer: Peer) -> None:
    taken = take(peer.message(b"[1]"), b"[1]")
    place = payloads.place("sm", taken.entry.payload_digest)
    place.write_bytes(b"[2]")
    report = verify()
    assert (report.first_bad, report.findings[0].code) == (taken.entry.number, "exchange_payload_missing")
    with acting_system("test") as system, pytest.raises(Refused):
        actions.take_out(actor=system, message_id=str(taken.entry.message_id))
    place.unlink()
    assert not verify().is_sound


def test_who_may_and_who_sees(peer: Peer) -> None:
    taken = take(peer.message())
    officer, province = a_national_officer(), a_provincial_officer("53")
    auditor_of_province = a_user(Role.AUDITOR, province.organisation)
    assert queries.entries_told(officer)
    assert queries.partners_told(officer)
    assert queries.keys_told(officer)
    for stranger in (province, auditor_of_province, a_user(Role.EXPERT)):
        assert queries.entries_told(stranger) == queries.partners_told(stranger) == queries.keys_told(stranger) == []
    assert actions.take_out(actor=officer, message_id=str(taken.entry.message_id))[1] == PAYLOAD
    with pytest.raises(NotFound):
        actions.take_out(actor=auditor_of_province, message_id=str(taken.entry.message_id))
    with pytest.raises(NotAllowed):
        actions.take_out(actor=province, message_id=str(taken.entry.message_id))
    with pytest.raises(NotAllowed):
        actions.send(actor=province, receiver="gacc", service_code=SERVICE, content=PAYLOAD, media_type="application/json")
    with pytest.raises(NotAllowed):
        actions.rotate_key(actor=officer)


def test_the_pages_show_the_nation_all_and_a_province_nothing(peer: Peer) -> None:
    taken = take(peer.message())
    refused(peer.message(receiver="mot"))
    officer, province = Client(), Client()
    officer.force_login(a_national_officer(), backend="kouan.accounts.backends.SignInBackend")
    province.force_login(a_user(Role.AUDITOR, a_provincial_officer("53").organisation), backend="kouan.accounts.backends.SignInBackend")
    page = officer.get("/exchange").content.decode()
    assert "海关总署" in page
    assert f"/exchange/{taken.entry.number}\"" in page
    assert taken.entry.digest in officer.get(f"/exchange/{taken.entry.number}").content.decode()
    last = LedgerEntry.objects.order_by("-number")[0]
    assert "报文不是发给本单位的" in officer.get(f"/exchange/{last.number}").content.decode()
    assert len(json.loads(officer.get("/exchange?format=json&kind=refused").getvalue())["rows"]) == 1
    hidden = province.get("/exchange")
    assert hidden.status_code == 200
    assert "海关总署" not in hidden.content.decode()
    assert province.get(f"/exchange/{taken.entry.number}").status_code == 404
    assert json.loads(province.get("/exchange?format=json").getvalue())["rows"] == []
    stranger = Client()
    stranger.force_login(a_provincial_officer("44"), backend="kouan.accounts.backends.SignInBackend")
    assert stranger.get("/exchange").status_code == 403


def test_a_wrong_fingerprint_registers_nobody(peer: Peer) -> None:
    other = Peer("mot")
    with acting_system("test") as system, pytest.raises(Refused) as caught:
        actions.add_partner(actor=system, card=other.card(), fingerprint=actions.fingerprint_of(peer.card()))
    assert caught.value.findings[0].code == "exchange_fingerprint"
    assert not Partner.objects.filter(code="mot").exists()


def test_the_door_answers_in_the_one_error_shape(peer: Peer) -> None:
    assert Client().post("/api/v1/exchange/inbox", {}).json()["error"]["findings"]
    assert post(b"x" * 20_000).json()["error"]["findings"][0]["code"] == "exchange_too_large"
    assert post(peer.message().raw, b"other").status_code == 422
    assert post(Peer("mot").message().raw).status_code == 422
