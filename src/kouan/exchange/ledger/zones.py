"""The folder between the two zones: what one side has for the other, as numbered batches with a signed manifest.

The management side and the single-window side share no database and no network. A batch is a folder of envelopes and payloads
and ``manifest.json``, which lists every file with size and digest, says its number and the digest of the batch before, and how far
the other side's batches have come in. Written aside and renamed, manifest last; read whole before anything is taken in. A batch is
written again, byte for byte the same, until the other side's manifest says that it has it: a copy that was lost, cut or brought
twice does no harm.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from kouan.accounts.action import action
from kouan.basis import Finding, Place, Refused, clock
from kouan.crypto import SUITES, suite_of
from kouan.exchange.envelope import (
    CODE,
    HEX64,
    HEX128,
    INSTANT,
    MOST_BYTES,
    canonical,
    instant,
    read,
    written,
)
from kouan.exchange.ledger import chain, keys, payloads
from kouan.exchange.ledger.actions import log_batch_refusal, take_in
from kouan.exchange.ledger.models import Batch, EntryKind, Outgoing, Partner, Purpose, Route, State
from kouan.exchange.ledger.receiving import in_force
from kouan.exchange.services import limits

FORMAT = "kouan-batch/1"
MANIFEST = "manifest.json"
MANIFEST_BYTES = 2_000_000
NAME = re.compile(r"([a-z0-9][a-z0-9-]{1,63})_to_([a-z0-9][a-z0-9-]{1,63})_(\d{8})")
MEMBER = re.compile(r"(\d{6})\.(envelope\.json|payload)")


def name_of(sender: str, receiver: str, sequence: int) -> str:
    """The folder's name.

    >>> name_of("npo", "sw", 7)
    'npo_to_sw_00000007'
    """
    return f"{sender}_to_{receiver}_{sequence:08d}"


# --- out ---------------------------------------------------------------------------------------------


def export(*, actor: Any, partner: str, to: Path) -> list[Batch]:
    """Write every batch that the partner has not acknowledged into a folder; new messages make a new batch. Answers them."""
    make_batch(actor=actor, partner=partner)
    found = list(Batch.objects.select_related("partner").filter(partner__code=partner, is_outgoing=True, acknowledged_at__isnull=True))
    me = keys.own()
    for each in found:
        _write(me, each, to)
    return found


@action("exchange.send")
def make_batch(*, actor: Any, partner: str) -> Batch | None:
    """Put the waiting messages of a partner of the other zone into the next batch; None when there is nothing to tell."""
    held = Partner.objects.select_for_update().filter(code=partner, is_self=False, is_active=True).first()
    if held is None or held.route != Route.FOLDER:
        raise Refused.because("exchange_no_folder_partner", f"“{partner}”不是通过文件夹交换的在用单位。",
                              f"“{partner}” is no active partner by folder.",
                              remedy=("用 kouan exchange partners list 查看。", "See kouan exchange partners list."))
    waiting = _that_fit(Outgoing.objects.select_related("entry").filter(partner=held, state=State.WAITING, batch__isnull=True)
                        .order_by("entry__number")[: limits().batch_messages])
    last_in = held.batches.filter(is_outgoing=False).order_by("-sequence").first()
    last_out = held.batches.filter(is_outgoing=True).order_by("-sequence").first()
    heard = last_in.sequence if last_in else 0
    # A batch that only acknowledges is sent for messages alone; else two sides would acknowledge each other for ever.
    told = json.loads(last_out.manifest)["manifest"]["acknowledged"] if last_out else 0
    owes = any(json.loads(each.manifest)["manifest"]["count"] for each in held.batches.filter(is_outgoing=False, sequence__gt=told))
    if not waiting and not owes:
        return None
    signer = keys.signer(keys.own(), Purpose.SIGN)
    suite = suite_of(signer.suite)
    files = []
    for at, each in enumerate(waiting, 1):
        raw, content = _content(each)
        files += [{"name": f"{at:06d}.envelope.json", "bytes": len(raw), "digest": suite.digest(raw).hex()},
                  {"name": f"{at:06d}.payload", "bytes": len(content), "digest": suite.digest(content).hex()}]
    said: dict[str, Any] = {
        "format": FORMAT, "sender": keys.own().code, "receiver": held.code, "sequence": (last_out.sequence if last_out else 0) + 1,
        "previous": last_out.digest if last_out else "", "acknowledged": heard, "created": written(clock.now()), "count": len(waiting),
        "files": files, "suite": signer.suite, "key": signer.key_id,
    }
    signature = suite.sign(signer.private, _signed(said))
    raw_manifest = canonical({"manifest": said, "signature": signature.hex()})
    batch = Batch.objects.create(partner=held, is_outgoing=True, sequence=said["sequence"], manifest=raw_manifest.decode(),
                                 digest=suite_of("sm").digest(raw_manifest).hex())
    for each in waiting:
        each.batch = batch
        each.save(update_fields=["batch"])
    return batch


def _that_fit(waiting: Any) -> list[Outgoing]:
    found: list[Outgoing] = []
    size = 0
    for each in waiting:
        size += each.entry.payload_bytes + len(each.entry.envelope)
        if found and size > limits().batch_bytes // 2:
            break
        found.append(each)
    return found


def _content(outgoing: Outgoing) -> tuple[bytes, bytes]:
    raw = outgoing.entry.envelope.encode()
    envelope = read(raw)
    return raw, payloads.place(envelope.header["suite"], outgoing.entry.payload_digest).read_bytes()


def _signed(said: dict[str, Any]) -> bytes:
    return FORMAT.encode() + b"\n" + canonical(said)


def _write(me: Partner, batch: Batch, to: Path) -> None:
    target = to / name_of(me.code, batch.partner.code, batch.sequence)
    raw = batch.manifest.encode()
    if target.is_dir() and _is_whole(target, raw):
        return
    draft = to / f".part-{target.name}"
    try:
        to.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        for at, each in enumerate(batch.messages.select_related("entry").order_by("entry__number"), 1):
            envelope, content = _content(each)
            _put(draft / f"{at:06d}.envelope.json", envelope)
            _put(draft / f"{at:06d}.payload", content)
        _put(draft / MANIFEST, raw)
        if target.exists():
            shutil.rmtree(target)  # a copy of ours that was cut short
        draft.rename(target)
        _sync(to)
    except OSError as error:
        raise Refused.because(
            "exchange_folder_unwritable", f"无法写入文件夹：{error.strerror}。", f"The folder cannot be written: {error.strerror}.",
            where=Place(file=str(target)), remedy=("请检查存储介质后重新导出；批次不会丢失。",
                                                   "Check the medium and export again; no batch is lost.")) from error


def _put(place: Path, content: bytes) -> None:
    with place.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_whole(place: Path, raw: bytes) -> bool:
    try:
        found = _open_batch(place)
        return found.raw == raw and not found.faults()
    except (Refused, OSError):
        return False


# --- in ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Imported:
    """What became of one batch: ``taken``, ``already`` (brought twice) or ``refused``. ``findings``: messages or batch refused."""

    name: str
    sequence: int
    state: str
    taken: int = 0
    findings: list[Finding] = field(default_factory=list)


def import_from(*, actor: Any, place: Path) -> list[Imported]:
    """Take in every batch for us that lies in a folder, in the order of their numbers. A refused one can be brought again."""
    me = keys.own()
    found = []
    stopped: set[str] = set()
    for folder in _batches_in(place, me.code):
        sender, _, number = NAME.fullmatch(folder.name).groups()  # type: ignore[union-attr]
        if sender in stopped:
            continue
        try:
            found.append(_import(actor=actor, folder=folder, sender=sender, sequence=int(number), me=me))
        except Refused as refusal:
            stopped.add(sender)
            told = [each.at(file=folder.name) for each in refusal.findings]
            known = Partner.objects.filter(code=sender, is_self=False).exists()
            log_batch_refusal(actor=actor, partner_code=sender if known else "", digest="", findings=told)
            found.append(Imported(folder.name, int(number), "refused", findings=told))
    return found


def _batches_in(place: Path, me: str) -> Iterator[Path]:
    if not place.is_dir():
        raise Refused.because("exchange_no_folder", "没有这个文件夹。", "There is no such folder.", where=Place(file=str(place)))
    if NAME.fullmatch(place.name) and (place / MANIFEST).exists():
        yield place
        return
    for each in sorted(place.iterdir()):
        said = NAME.fullmatch(each.name)
        if said and said[2] == me:
            yield each


@dataclass(slots=True)
class _Opened:
    folder: Path
    raw: bytes
    said: dict[str, Any]
    signature: str

    def faults(self) -> list[Finding]:
        """What is wrong with the files beside the manifest: sizes first, so that nothing huge is read."""
        wanted = {each["name"]: each for each in self.said["files"]}
        present = {each.name for each in os.scandir(self.folder)} - {MANIFEST}
        if present != set(wanted):
            missing, extra = sorted(set(wanted) - present), sorted(present - set(wanted))
            return [_fault("exchange_batch_files", "批次文件与清单不一致，可能没有复制完。",
                           "The batch's files are not those of its manifest; the copy may be cut.",
                           measured=f"- {', '.join(missing[:5]) or '0'}; + {', '.join(each[:60] for each in extra[:5]) or '0'}")]
        for name, each in wanted.items():
            held = (self.folder / name).lstat()
            if not stat.S_ISREG(held.st_mode):
                return [_fault("exchange_not_a_file", "批次中有不是普通文件的内容（链接、目录等）。",
                               "The batch holds something that is no plain file.", measured=name)]
            if held.st_size != each["bytes"]:
                return [_fault("exchange_cut_file", "文件大小与清单不符，可能没有复制完。",
                               "A file's size is not the manifest's; the copy may be cut.",
                               measured=f"{name}: {held.st_size} B", required=f"{each['bytes']} B")]
        suite = suite_of(self.said["suite"])
        for name, each in wanted.items():
            if suite.digest(_bytes_of(self.folder / name, each["bytes"])).hex() != each["digest"]:
                return [_fault("exchange_altered_file", "文件内容与清单摘要不符。", "A file's content is not the manifest's.", measured=name)]
        return []


def _fault(code: str, zh: str, en: str, **details: Any) -> Finding:
    return Finding.error(code, zh, en, remedy=("请重新完整复制该批文件夹后再导入；本批未作任何处理。",
                                               "Copy the whole folder again and import it; nothing of this batch was taken."), **details)


def _bytes_of(place: Path, most: int) -> bytes:
    """Read a plain file without following a link, no further than it should be long."""
    handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("not a plain file")
        return file.read(most + 1)


def _open_batch(folder: Path) -> _Opened:
    """The manifest of a batch, strictly read. Raises Refused."""
    try:
        if folder.is_symlink() or not folder.is_dir():
            raise ValueError("not a folder")
        raw = _bytes_of(folder / MANIFEST, MANIFEST_BYTES)
        if len(raw) > MANIFEST_BYTES:
            raise ValueError("too long")
        both = json.loads(raw)
        said, signature = both["manifest"], both["signature"]
        if set(both) != {"manifest", "signature"} or canonical(both) != raw or not HEX128.fullmatch(signature):
            raise ValueError("not canonical")
        _shape(said)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(_fault("exchange_no_manifest", "清单缺失或不完整。", "The manifest is missing or not complete.",
                             measured=str(error)[:120])) from error
    return _Opened(folder, raw, said, signature)


def _shape(said: Any) -> None:
    wanted = {"format", "sender", "receiver", "sequence", "previous", "acknowledged", "created", "count", "files", "suite", "key"}
    if set(said) != wanted or said["format"] != FORMAT or said["suite"] not in SUITES:
        raise ValueError("format")
    for pattern, name in ((CODE, "sender"), (CODE, "receiver"), (HEX64, "key"), (INSTANT, "created")):
        if not isinstance(said[name], str) or not pattern.fullmatch(said[name]):
            raise ValueError(name)
    if not (isinstance(said["previous"], str) and (said["previous"] == "" or HEX64.fullmatch(said["previous"]))):
        raise ValueError("previous")
    for each in ("sequence", "acknowledged", "count"):
        if type(said[each]) is not int or not 0 <= said[each] < 10**8:
            raise ValueError(each)
    if said["count"] > limits().batch_messages or len(said["files"]) != 2 * said["count"]:
        raise ValueError("count")
    for at, each in enumerate(said["files"]):
        if set(each) != {"name", "bytes", "digest"} or not HEX64.fullmatch(each["digest"]) or type(each["bytes"]) is not int or each["bytes"] < 0:
            raise ValueError("files")
        # The only names there can be; so no path, no device and no capital of another system's ever gets through.
        if each["name"] != f"{at // 2 + 1:06d}.{'payload' if at % 2 else 'envelope.json'}" or (at % 2 == 0 and each["bytes"] > MOST_BYTES):
            raise ValueError("name or size")
    if sum(each["bytes"] for each in said["files"]) > limits().batch_bytes:
        raise ValueError("too large")


def _import(*, actor: Any, folder: Path, sender: str, sequence: int, me: Partner) -> Imported:
    opened = _open_batch(folder)
    said = opened.said
    if (said["sender"], said["receiver"], said["sequence"]) != (sender, me.code, sequence):
        raise Refused(_fault("exchange_batch_renamed", "文件夹名称与清单不一致。", "The folder's name is not what its manifest says.",
                             measured=name_of(said["sender"], said["receiver"], said["sequence"])))
    partner = Partner.objects.filter(code=sender, is_self=False, is_active=True).first()
    if partner is None:
        raise Refused(_fault("exchange_unknown_sender", "发送单位未登记或已停用。", "The sender is no active partner of ours.", measured=sender))
    key = partner.keys.filter(purpose=Purpose.SIGN, key_id=said["key"], suite=said["suite"]).first()
    if key is None or not suite_of(said["suite"]).verify(bytes.fromhex(key.public), _signed(said), bytes.fromhex(opened.signature)):
        raise Refused(_fault("exchange_bad_signature", "清单签名不符或所用密钥未登记。",
                             "The manifest's signature does not hold, or its key is not known."))
    in_force(key, instant(said["created"]))
    if instant(said["created"]) > clock.now() + timedelta(seconds=limits().clock_skew_seconds):
        raise Refused(_fault("exchange_from_the_future", "批次时间晚于本机时钟。", "The batch is dated later than our clock.",
                             measured=said["created"]))
    if found := opened.faults():
        raise Refused(found)
    return take_batch(actor=actor, partner_code=partner.code, opened=opened)


@action("exchange.receive")
def take_batch(*, actor: Any, partner_code: str, opened: _Opened) -> Imported:
    """Take in a batch whose manifest and files have been checked: all of it in one transaction.

    A single message that may not be taken (too old, a service not agreed) is refused by itself and logged, for it would
    otherwise close the channel for good.
    """
    partner = Partner.objects.select_for_update().get(code=partner_code, is_self=False)
    said = opened.said
    done = Imported(opened.folder.name, said["sequence"], "taken")
    digest = suite_of("sm").digest(opened.raw).hex()
    last = partner.batches.filter(is_outgoing=False).order_by("-sequence").first()
    if last is not None and said["sequence"] <= last.sequence:
        held = partner.batches.get(is_outgoing=False, sequence=said["sequence"])
        if held.digest != digest:
            raise Refused(_fault("exchange_batch_number_taken", "同一批号已导入过另一内容。", "Another batch was taken in under this number.",
                                 measured=said["sequence"]))
        done.state = "already"
        return done
    expected = (last.sequence if last else 0) + 1
    if said["sequence"] != expected:
        missing = f"{expected}" if said["sequence"] == expected + 1 else f"{expected}–{said['sequence'] - 1}"
        raise Refused(_fault("exchange_batch_gap", f"缺少批次 {missing}，请先导入。", f"Batch {missing} is missing; bring it first.",
                             measured=said["sequence"], required=expected))
    if said["previous"] != (last.digest if last else ""):
        raise Refused(_fault("exchange_batch_chain", "本批与上一批不衔接。", "The batch does not follow the one before."))
    told = partner.batches.filter(is_outgoing=True).order_by("-sequence").first()
    if said["acknowledged"] > (told.sequence if told else 0):
        raise Refused(_fault("exchange_batch_acknowledges", "对方确认了本单位没有发出的批次。", "The batch acknowledges one that we never sent.",
                             measured=said["acknowledged"]))
    for at in range(1, said["count"] + 1):
        raw = _bytes_of(opened.folder / f"{at:06d}.envelope.json", MOST_BYTES)
        content = _bytes_of(opened.folder / f"{at:06d}.payload", said["files"][2 * at - 1]["bytes"])
        try:
            with transaction.atomic():
                envelope = read(raw)
                if envelope.sender != partner.code:
                    raise Refused.because("exchange_wrong_sender", "批次中有其他单位的报文。", "The batch holds a message of another agency.",
                                          measured=envelope.sender)
                take_in(envelope, content, answer_by_folder=True)
                done.taken += 1
        except Refused as refusal:
            placed = [each.at(file=f"{opened.folder.name}/{at:06d}.envelope.json") for each in refusal.findings]
            chain.append(chain.head(), EntryKind.REFUSED, partner_code=partner.code, envelope_digest=suite_of("sm").digest(raw).hex(),
                         findings=placed)
            done.findings += placed
    now = clock.now()
    Batch.objects.create(partner=partner, is_outgoing=False, sequence=said["sequence"], manifest=opened.raw.decode(), digest=digest, at=now)
    for each in partner.batches.filter(is_outgoing=True, sequence__lte=said["acknowledged"], acknowledged_at__isnull=True):
        each.acknowledged_at = now
        each.save(update_fields=["acknowledged_at"])
        # A receipt is not answered by a receipt: that its batch arrived is all there is to know.
        for outgoing in each.messages.filter(entry__kind=EntryKind.RECEIPT_SENT, state=State.WAITING):
            outgoing.state = State.ACKNOWLEDGED
            outgoing.save(update_fields=["state"])
    return done
