# ruff: noqa: E501 - seeds and words are data
"""What other installations, operators and their programs bring: messages, envelopes, batches, backups, registries, results, typed lines.

One line a parser in ``CARRIED``, as in ``parsers.py``.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.fuzz.parsers import EVENT, ROOT, Parser, a_csv, at_path, parquets, said, workbooks

SECRET = "correct horse battery"
EDIFACT = (
    "UNB+UNOA:3+SHIPPER:ZZ+CUSTOMS:ZZ+261127:0800+REF1'UNH+M1+CUSCAR:D:96B:UN'BGM+85+X1'UNT+3+M1'UNZ+1+REF1'",
    "UNA:+.? 'UNB+UNOC:4+A:ZZ+B:ZZ+20261127:0800+R2++++1+1++1'UNG+PAXLST+A+B+20261127:0800+1+UN+D:15B'UNH+1+PAXLST:D:15B:UN:IATA'BGM+745'NAD+MS+++CHINA?+CO'"
    "COM+86?:10:TE*x@y.cn:EM'RFF+TN:BART34567890:::1'DTM+189:2611271200:201'NAD+FL+++ZHANG:SAN'ATT+2++M'LOC+178+CNCAN'CNT+42:1'UNT+12+1'UNE+1+1'UNZ+1+R2'",
    "UNA|^.~ #UNB^UNOA|3^A^B^261127|0800^1#UNH^1^CUSCAR|D|96B|UN#FTX^AAI^^^A~^B~|C~#D~~|E#UNT^3^1#UNZ^1^1#",
)


def _edifact(data: bytes) -> Any:
    from kouan.exchange.edifact import contrl, read

    sent = read(data, name="a.edi")
    answers = [contrl(each, reference="1", at=datetime(2026, 11, 27, 8)) for each in sent.interchanges[:20]
               if each.sender and each.recipient and each.reference]
    return [*sent.findings, *[answer.decode("latin-1") for answer in answers if answer]]


@cache
def _peers() -> dict[str, Any]:
    from tests.exchange.peers import Peer

    return {suite: Peer(suite=suite) for suite in ("sm", "es256")}


def _envelopes() -> list[bytes]:
    return [peer.message(b'{"figures": []}').raw for peer in _peers().values()]


def _envelope(data: bytes) -> Any:
    from kouan.crypto import suite_of
    from kouan.exchange.envelope import read

    found, peer = read(data), _peers()["sm"]
    public = suite_of("sm").public_of(peer.sign.private)
    return [found.sender, found.receiver, found.service, found.digest, str(found.expires - found.created), str(found.message_id),
            str(found.is_signed_by(public)), str(found.is_stamped_by(public)), str(found.holds(b"{}")), str(found.stamped_at)]


def _manifests() -> list[bytes]:
    from kouan.exchange.envelope import canonical

    files = [{"name": name, "bytes": 3, "digest": hashlib.sha256(b"abc").hexdigest()} for name in ("000001.envelope.json", "000001.payload")]
    held = {"format": "kouan-batch/1", "sender": "gacc", "receiver": "npo", "sequence": 1, "previous": "", "acknowledged": 0,
            "created": "2026-11-27T00:00:00Z", "count": 1, "files": files, "suite": "es256", "key": "0" * 64}
    return [canonical({"manifest": held, "signature": "0" * 128}), canonical({"manifest": {**held, "count": 0, "files": []}, "signature": "0" * 128})]


def _manifest(data: bytes) -> Any:
    from kouan.exchange.ledger.zones import MANIFEST, _open_batch

    with tempfile.TemporaryDirectory() as place:
        (Path(place) / MANIFEST).write_bytes(data)
        for name in ("000001.envelope.json", "000001.payload"):
            (Path(place) / name).write_bytes(b"abc")
        return _open_batch(Path(place)).faults()


def _notices() -> list[bytes]:
    peer = _peers()["sm"]
    entry = {"acknowledges": "0" * 32, "envelope_digest": "0" * 64, "ledger": {"number": 1, "digest": "0" * 64}}
    return [json.dumps({"keys": [peer.key(peer.sign, "sign"), peer.key(peer.time, "time")]}).encode(), json.dumps(entry).encode(), json.dumps(peer.card()).encode()]


def _notice(data: bytes) -> Any:
    """A notice of keys, a receipt: whichever the bytes look like. What is neither may be read as both."""
    from kouan.exchange.ledger.receiving import keys_content, receipt_content

    return receipt_content(data) if b"acknowledges" in data else [each["purpose"] for each in keys_content(data)]


def _container(data: bytes) -> Any:
    from kouan.exchange.services import faults_of, services

    return [fault for kind in services().values() for media in kind.media[:1] for fault in faults_of(kind, media, data)]


def _backups() -> list[bytes]:
    """A small sealed tar."""
    from kouan.backup import Sealing

    _cheaply()
    held, sealed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for name, content in (("manifest.json", b"{}"), ("home/a.txt", b"abc" * 100)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    sealing = Sealing(sealed, SECRET, "data")  # type: ignore[arg-type]
    sealing.write(held.getvalue())
    sealing.finish()
    return [sealed.getvalue()]


def _cheaply() -> None:
    """Derive keys at little cost: that it is slow is its purpose, and no parser's."""
    from kouan import backup

    backup._COST["n"] = 2


def _backup(path: Path) -> Any:
    from kouan.backup import _unpack

    _unpack(path, SECRET, "data", path.with_name("unpacked"))


def _tars() -> list[bytes]:
    _cheaply()
    made = []
    for link in (None, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE):
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w") as tar:
            manifest = json.dumps({"files": {"home/a.txt": {"sha256": "0" * 64}}, "rows": {"x": 1}, "migrations": [], "vendor": "sqlite"}).encode()
            for name, content in (("manifest.json", manifest), ("home/a.txt", b"abc")):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
            if link is not None:
                member = tarfile.TarInfo("home/x")
                member.type, member.linkname = link, "../../x"
                tar.addfile(member)
        made.append(held.getvalue())
    return made


def _contents(data: bytes) -> Any:
    """What a backup holds, spoilt before it was sealed: whoever has the passphrase may hand in anything."""
    from kouan.backup import Sealing, _manifest_of, _prove, _unpack

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "backup"
        with path.open("wb") as file:
            sealing = Sealing(file, SECRET, "data")
            sealing.write(data)
            sealing.finish()
        _unpack(path, SECRET, "data", path.with_name("unpacked"))
        _prove(_manifest_of(path.with_name("unpacked")), path.with_name("unpacked"))
        assert {each.name for each in Path(place).iterdir()} == {"backup", "unpacked"}


CODES = "code,name_zh,name_en\n01,甲,A\n02,乙,B\n"
REGISTRY = f"""bodies: {{own: {{zh: 本单位, en: own}}}}
sources: {{own: {{zh: 自编, en: own, licence: {{zh: 无, en: none}}}}}}
lists:
  own-list: {{name: {{zh: 自编代码, en: own codes}}, body: own, form: '[0-9]{{2}}', editions: {{'2024': {{valid_from: 2024-01-01, file: codes.csv, sha256: '{hashlib.sha256(CODES.encode()).hexdigest()}', rows: 2, source: own}}}}}}
mappings:
  - {{from: own-list, to: own-list, source: own, basis: {{zh: 文件, en: paper}}, column: name_en}}
"""


def _registry(data: bytes) -> Any:
    from kouan.basis.codelists.registry import _read

    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "codes.csv").write_text(CODES, encoding="utf-8")
        path = Path(place) / "own.yaml"
        path.write_bytes(data)
        found = _read((path,), (path.stat().st_mtime_ns,))  # without the shipped lists, which are sound
        if "own-list" in found.lists:
            return [each.shown.zh for each in (found.get("own-list").entry("01"),)]
        return list(found.lists)


def _codes(name: str) -> Callable[[bytes], Any]:
    def read(path: Path) -> Any:
        from kouan.basis.codelists.sheet import read_sheet

        sheet = read_sheet(path)
        return [len(sheet), sheet.get("01"), list(sheet.matching("甲"))[:5], sheet.codes()[:50]]

    return at_path(read, name)


def _checked_table(path: Path) -> Any:
    from kouan.collection.checks.table import examine_table
    from kouan.collection.vetting.files import columns_in

    found = examine_table(columns_in(path))
    return [*found.findings, found.as_dict()["cells"]]


FIGURES = [("port", "month", "measure", "value"), *[(f"p{port}", f"{year}-{month:02d}", "trucks", 1000 + 13 * month + port)
                                                     for port in range(2) for year in (2021, 2022) for month in range(1, 13)]]


@cache
def _results() -> list[bytes]:
    """The record of a small run of the engine."""
    from kouan.evaluation.method.index import files
    from kouan.evaluation.method.index.run import run

    framework = files.read_framework(ROOT / "recipes/asem/iMeta.csv")
    done = run(framework, files.read_data(ROOT / "recipes/asem/iData.csv", framework), files.read_recipe(ROOT / "recipes/asem-gmean.yaml"))
    return [json.dumps(done.record(), ensure_ascii=False).encode()]


def _result(data: bytes) -> Any:
    from kouan.evaluation.method.index.analysis.kept import read_result

    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "record.json").write_bytes(data)
        (Path(place) / "data.csv").write_bytes((ROOT / "recipes/asem/iData.csv").read_bytes())
        return str(read_result(Path(place)))[:200]


def _typed(data: bytes) -> Any:
    from kouan.basis import Refused
    from kouan.monitoring.emergencies import typed

    text, told = data.decode("utf-8", "replace"), []
    for read in (typed.items_said, typed.roles_said, typed.duties_said, typed.measures_said):
        try:
            read(text)
        except Refused as refusal:
            told += refusal.findings
    return told


TYPED = ("封闭通道；port_operator；15；Close the lanes\n联合研判；海关、边检机关；60\n", "head；值班长；Head\n", "2024-10-01；head；张三；13800000000\n")


def _log(name: str) -> Callable[[bytes], Any]:
    """A log of milestones given to the engine of operation times."""

    def read(path: Path) -> Any:
        from kouan.monitoring.eventlog.engine import run

        return run([path], workers=1).findings

    return at_path(read, name)


@cache
def _partner() -> Any:
    from tests.trade.test_packs import a_folder

    from kouan.trade.packs.pack import load

    with tempfile.TemporaryDirectory() as folder:
        return load(a_folder(Path(folder) / "pack"), "made-up")


def _partner_messages() -> list[bytes]:
    from tests.trade.test_packs import a_message

    return [a_message("<Kind>A</Kind><Mass>x</Mass>", "<Mass> 7 </Mass>", count="5"), a_message("", mode="4")]


def _partner_packs() -> list[bytes]:
    from tests.trade.test_packs import a_folder

    with tempfile.TemporaryDirectory() as folder:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            tar.add(a_folder(Path(folder) / "pack"), arcname="pack")
        return [stream.getvalue()]


def _partner_pack(path: Path) -> Any:
    from kouan.trade.packs.store import install

    with tempfile.TemporaryDirectory() as home:
        return list(install(Path(home), path, "made-up", at=datetime(2026, 11, 27))["files"])


CARRIED: tuple[Parser, ...] = (
    Parser("partner-message", "text", _partner_messages, lambda data: [each.message for each in _partner().check(data)]),
    Parser("partner-pack", "bytes", _partner_packs, at_path(_partner_pack, "pack.tar")),
    Parser("edifact", "text", said(*EDIFACT), _edifact),
    Parser("exchange-envelope", "json", _envelopes, _envelope),
    Parser("exchange-manifest", "json", _manifests, _manifest),
    Parser("exchange-notice", "json", _notices, _notice),
    Parser("exchange-container", "zip", workbooks, _container),
    Parser("backup", "bytes", _backups, at_path(_backup, "backup")),
    Parser("backup-contents", "bytes", _tars, _contents),
    Parser("code-registry", "yaml", said(REGISTRY), _registry),
    Parser("code-list-csv", "csv", said(CODES), _codes("codes.csv")),
    Parser("code-list-tsv", "bytes", lambda: [gzip.compress(CODES.replace(",", "\t").encode())], _codes("codes.tsv.gz")),
    Parser("checked-table", "csv", lambda: [a_csv(FIGURES), a_csv(FIGURES, "\t"), a_csv(FIGURES).decode().encode("gb18030")], at_path(_checked_table, "figures.csv")),
    Parser("index-result", "json", _results, _result, seconds=10.0),
    Parser("typed-lines", "text", said(*TYPED), _typed),
    Parser("log-csv", "csv", lambda: [a_csv([list(EVENT), [str(each) for each in EVENT.values()]])], _log("events.csv"), maps=True),
    Parser("log-parquet", "bytes", parquets, _log("events.parquet"), maps=True),
)
