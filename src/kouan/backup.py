"""Backup and restore of one installation: database, documents and home files in one encrypted file.

The file is a header line (JSON: scheme, scrypt parameters, salt) and chunks of AES-256-GCM. Each chunk authenticates the header, its
number and whether it is the last, so that a chunk cut off, moved or altered is named when it is read. Inside is a tar: the database as
it was at one moment (SQLite: online backup; PostgreSQL: ``pg_dump`` of an exported snapshot), the documents, the home's own files, and
last a manifest with the SHA-256 and size of each, the rows of each table at that moment, and the migrations. Keys of the home go into
a second file of the same kind, only when asked for: whoever holds the first alone can restore nothing that is sealed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings
from django.db import connection

from kouan import __version__
from kouan.basis import Conflict, Refused, clock

SCHEME = "kouan-backup-1"
CHUNK = 1 << 20
_TAG, _NONCE = 16, 12
_COST = {"n": 2**15, "r": 8, "p": 1}
_LONGEST_HEADER = 4096
SHORTEST_PASSPHRASE = 12
_TABLE = re.compile(r"[a-z0-9_]{1,63}", re.ASCII)
# Made anew by the software, or of the machine and not of the installation.
_LEFT_OUT = ("static", "kouan.sqlite3", "kouan.sqlite3-wal", "kouan.sqlite3-shm")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup holds: files, bytes before encryption, rows."""

    files: int
    size: int
    rows: int
    sha256: str


def passphrase() -> str:
    """The passphrase of the environment. Raises Refused where there is none, or one that could be guessed."""
    said = os.environ.get("KOUAN_BACKUP_PASSPHRASE", "")
    if len(said) < SHORTEST_PASSPHRASE:
        raise Refused.because(
            "backup_passphrase", "未设置备份口令，或者过短。", "There is no passphrase for backups, or it is too short.",
            measured=str(len(said)), required=f"≥ {SHORTEST_PASSPHRASE}",
            remedy=("请在环境变量 KOUAN_BACKUP_PASSPHRASE 中设置，并与备份分开保管。",
                "Set KOUAN_BACKUP_PASSPHRASE and keep it apart from the backups."))
    return said


# ---- the encrypted file -----------------------------------------------------------------------------


def _key(secret: str, header: dict[str, Any]) -> bytes:
    return Scrypt(salt=bytes.fromhex(header["salt"]), length=32, n=header["n"], r=header["r"], p=header["p"]).derive(secret.encode())


class Sealing(io.RawIOBase):
    """A file to write to: everything leaves in authenticated chunks."""

    def __init__(self, file: BinaryIO, secret: str, kind: str) -> None:
        header = {"scheme": SCHEME, "kind": kind, "salt": secrets.token_hex(16), "made_at": clock.now().isoformat(), **_COST}
        line = json.dumps(header, sort_keys=True).encode() + b"\n"
        file.write(line)
        self._file, self._cipher = file, AESGCM(_key(secret, header))
        self._about, self._number, self._waiting = hashlib.sha256(line).digest(), 0, bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes; whole chunks leave at once."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._leave(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk, marked as such."""
        self._leave(bytes(self._waiting), is_last=True)

    def _leave(self, plain: bytes, *, is_last: bool) -> None:
        closed = self._cipher.encrypt(self._number.to_bytes(_NONCE, "big"), plain, self._about + bytes([is_last]))
        self._file.write(len(closed).to_bytes(4, "big") + closed)
        self._number += 1


class Opening(io.RawIOBase):
    """The plain bytes of such a file, each chunk proved before a byte of it is given out."""

    def __init__(self, file: BinaryIO, secret: str, kind: str) -> None:
        line = file.readline(_LONGEST_HEADER)
        try:
            header = json.loads(line)
            if header["scheme"] != SCHEME or header["kind"] != kind or any(header[each] != cost for each, cost in _COST.items()):
                raise ValueError(header)
            self._cipher = AESGCM(_key(secret, header))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Refused.because("not_a_backup", "不是本系统的备份文件，或者种类不对。", "This is no backup of this kind.",
                                  remedy=("数据备份与密钥备份是两个文件，请核对。", "Data and keys are two files: look which is which.")) from error
        self._file, self._about = file, hashlib.sha256(line).digest()
        self._number, self._ready, self._is_over = 0, b"", False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; 0 at the end, which only the marked last chunk brings."""
        while not self._ready and not self._is_over:
            self._next()
        taken = self._ready[: len(buffer)]
        buffer[: len(taken)] = taken
        self._ready = self._ready[len(taken):]
        return len(taken)

    def _next(self) -> None:
        length = int.from_bytes(head, "big") if len(head := self._file.read(4)) == 4 else -1
        closed = self._file.read(length) if _TAG <= length <= CHUNK + _TAG else b""
        if length < 0 or len(closed) != length:
            raise Refused.because("backup_truncated", f"备份文件不完整，在第 {self._number + 1} 块中断。",
                                  f"The backup is cut off in chunk {self._number + 1}.", remedy=("请换一份备份。", "Take another backup."))
        for is_last in (False, True):
            try:
                self._ready = self._cipher.decrypt(self._number.to_bytes(_NONCE, "big"), closed, self._about + bytes([is_last]))
            except InvalidTag:
                continue
            self._number, self._is_over = self._number + 1, is_last
            if is_last and self._file.read(1):
                raise Refused.because("backup_altered", "备份文件末尾有多余内容。", "Something was added behind the backup.")
            return
        if self._number == 0:
            raise Refused.because("backup_unreadable", "备份口令不正确，或者文件首块被改动。",
                                  "The passphrase is wrong, or chunk 1 was altered.",
                                  remedy=("请核对 KOUAN_BACKUP_PASSPHRASE。", "Check KOUAN_BACKUP_PASSPHRASE."))
        raise Refused.because("backup_altered", f"备份文件第 {self._number + 1} 块被改动。", f"Chunk {self._number + 1} of the backup was altered.",
                              remedy=("请换一份备份，并查明原因。", "Take another backup, and find out why."))


# ---- making one -------------------------------------------------------------------------------------


def back_up(to: Path, *, keys_to: Path | None = None) -> Kept:
    """Write a backup while the system runs; no half file is left behind. Raises Refused; never overwrites."""
    secret = passphrase()
    for each in filter(None, (to, keys_to)):
        if each.exists():
            raise Conflict.because("backup_exists", f"文件已存在：{each}", f"There is such a file: {each}",
                remedy=("请另取文件名。", "Choose another name."))
    if keys_to is not None:
        with _written(keys_to, secret, "keys") as tar:
            for path in sorted(settings.HOME.path.glob("*.key")):
                _add(tar, path.name, path)
    with tempfile.TemporaryDirectory(prefix="kouan-backup-", dir=to.parent) as folder, _written(to, secret, "data") as tar:
        dump, about = _dump(Path(folder))
        files = {dump.name: _add(tar, dump.name, dump)}
        for path in _home_files():
            name = f"home/{path.relative_to(settings.HOME.path).as_posix()}"
            files[name] = _add(tar, name, path)
        manifest = {"version": __version__, "workspace": settings.WORKSPACE, "vendor": connection.vendor, "files": files, **about}
        content = json.dumps(manifest, ensure_ascii=False, sort_keys=True).encode()
        info = tarfile.TarInfo("manifest.json")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    with to.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Kept(len(files), sum(each["size"] for each in files.values()), sum(about["rows"].values()), digest)


@contextmanager
def _written(to: Path, secret: str, kind: str) -> Iterator[tarfile.TarFile]:
    """A tar that becomes ``to`` when all of it is on the disk, and nothing at all otherwise."""
    part = to.with_name(f"{to.name}.part-{os.getpid()}")
    try:
        with part.open("xb") as file:
            part.chmod(0o600)
            sealing = Sealing(file, secret, kind)
            with tarfile.open(fileobj=sealing, mode="w|") as tar:
                yield tar
            sealing.finish()
            file.flush()
            os.fsync(file.fileno())
        os.link(part, to)  # unlike rename, refuses to overwrite
    except OSError as error:
        raise Refused.because("backup_not_written", f"备份未能写入：{error.strerror}。", f"The backup could not be written: {error.strerror}.",
                              remedy=("请检查目标磁盘的空间和权限。", "Check room and rights at the target.")) from error
    finally:
        part.unlink(missing_ok=True)


def _home_files() -> list[Path]:
    home = settings.HOME.path
    return sorted(
        path for path in home.rglob("*")
        if path.is_file() and not path.is_symlink() and path.suffix != ".key" and path.relative_to(home).parts[0] not in _LEFT_OUT
        and ".part-" not in path.name and not path.relative_to(home).parts[0].startswith("kouan-backup-"))


def _add(tar: tarfile.TarFile, name: str, path: Path) -> dict[str, Any]:
    """Add a file as it is now: its size is fixed first, and what grew meanwhile is left out."""
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
        counting = _Counting(file)
        tar.addfile(info, counting)
    return {"size": info.size, "sha256": counting.digest.hexdigest()}


class _Counting:
    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _dump(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The database at one moment, and what it held then: ``rows`` by table and ``migrations``."""
    if connection.vendor == "sqlite":
        to = folder / "database.sqlite3"
        source, copy = sqlite3.connect(f"file:{settings.HOME.database}?mode=ro", uri=True), sqlite3.connect(to)
        try:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            return to, _facts(lambda sql: copy.execute(sql).fetchall(),
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        finally:
            source.close()
            copy.close()
    to = folder / "database.pgdump"
    import psycopg

    with psycopg.connect(**_server()) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        row = reader.execute("SELECT pg_export_snapshot()").fetchone()
        snapshot = str(row[0]) if row else ""
        _run_tool("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={to}")
        return to, _facts(
            lambda sql: reader.execute(sql).fetchall(),
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


def _facts(ask: Callable[[str], list[Any]], tables: str) -> dict[str, Any]:
    names = sorted(row[0] for row in ask(tables))
    return {
        "rows": {name: ask(f'SELECT count(*) FROM "{name}"')[0][0] for name in names},  # noqa: S608 - names of the catalogue
        "migrations": sorted(f"{app}.{name}" for app, name in ask("SELECT app, name FROM django_migrations")),
    }


def _server() -> dict[str, Any]:
    about = connection.settings_dict
    named = {"dbname": about["NAME"], "user": about["USER"], "password": about["PASSWORD"], "host": about["HOST"], "port": about["PORT"]}
    return {name: value for name, value in named.items() if value}


def _run_tool(tool: str, *arguments: str) -> None:
    """Run a PostgreSQL program; the password goes by the environment, never by the command line."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"), key=lambda path: int(path.parts[-3]) if path.parts[-3].isdecimal() else 0)
    program = shutil.which(tool) or (str(places[-1]) if places else "")
    if not program:
        raise Refused.because("tool_missing", f"找不到 {tool}。", f"There is no {tool}.",
                              remedy=("请安装 PostgreSQL 客户端程序（Debian：postgresql-client）。",
                                  "Install PostgreSQL's client programs (Debian: postgresql-client)."))
    about = connection.settings_dict
    server = {"PGHOST": about["HOST"], "PGPORT": str(about["PORT"]), "PGUSER": about["USER"],
        "PGPASSWORD": about["PASSWORD"], "PGDATABASE": about["NAME"]}
    done = subprocess.run([program, *arguments], env={**os.environ, **{k: v for k, v in server.items() if v}},  # noqa: S603 - a fixed program
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused.because("tool_failed", f"{tool} 失败：{done.stderr.strip()[-300:]}", f"{tool} failed: {done.stderr.strip()[-300:]}")


# ---- bringing it back -------------------------------------------------------------------------------


def restore(source: Path, *, keys: Path | None = None) -> dict[str, Any]:
    """Bring a backup back into an empty home and database, after all of it was proved; answers its manifest.

    Everything is unpacked beside the home first: a backup that does not hold leaves nothing changed. Raises Refused, Conflict.
    """
    secret = passphrase()
    home = settings.HOME.path
    _refuse_unless_empty()
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kouan-restore-", dir=home) as folder:
        unpacked = Path(folder)
        _unpack(source, secret, "data", unpacked / "data")
        manifest = _manifest_of(unpacked / "data")
        _prove(manifest, unpacked / "data")
        if manifest["vendor"] != connection.vendor:
            raise Refused.because("other_database", f"备份来自 {manifest['vendor']}，本机为 {connection.vendor}。",
                                  f"The backup is of {manifest['vendor']}, this installation of {connection.vendor}.")
        if keys is not None:
            _unpack(keys, secret, "keys", unpacked / "keys")
            for path in (unpacked / "keys").glob("*.key"):
                os.replace(path, home / path.name)
        if not (home / "audit.key").exists():
            raise Refused.because("keys_missing", "缺少密钥，恢复后的审计链无法核验。", "The keys are missing: the trail could not be verified.",
                                  remedy=("请用 --keys 给出密钥备份。", "Give the backup of the keys by --keys."))
        for path in sorted((unpacked / "data" / "home").rglob("*")):
            if path.is_file():
                to = home / path.relative_to(unpacked / "data" / "home")
                to.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, to)
        connection.close()
        if connection.vendor == "sqlite":
            os.replace(unpacked / "data" / "database.sqlite3", settings.HOME.database)
        else:
            _run_tool("pg_restore", "--exit-on-error", "--no-owner", "--single-transaction", f"--dbname={connection.settings_dict['NAME']}",
                      str(unpacked / "data" / "database.pgdump"))
    return manifest


def differences(manifest: dict[str, Any]) -> list[str]:
    """Tables and migrations of the database that are not as the manifest says; empty when all are."""
    with connection.cursor() as cursor:
        def ask(sql: str) -> list[Any]:
            cursor.execute(sql)
            return cursor.fetchall()

        found = []
        for table, rows in manifest["rows"].items():
            counted = ask(f'SELECT count(*) FROM "{table}"')[0][0]  # noqa: S608 - names that the manifest proved
            if counted != rows:
                found.append(f"{table}: {counted} ≠ {rows}")
        applied = sorted(f"{app}.{name}" for app, name in ask("SELECT app, name FROM django_migrations"))
    return found + [f"migration {each}" for each in sorted(set(applied) ^ set(manifest["migrations"]))]


def _refuse_unless_empty() -> None:
    home = settings.HOME
    held = [name for name in ("kouan.sqlite3", "documents") if (home.path / name).exists() and (
        not (home.path / name).is_dir() or any((home.path / name).iterdir()))]
    if connection.vendor == "postgresql" and connection.introspection.table_names():
        held.append(str(connection.settings_dict["NAME"]))
    if held:
        raise Conflict.because("not_empty", f"目标不是空的：{'、'.join(held)}。未作任何更改。",
            f"The target is not empty: {', '.join(held)}. Nothing was changed.",
                               remedy=("请恢复到新的 KOUAN_HOME 和空数据库。", "Restore into a new KOUAN_HOME and an empty database."))


def _unpack(source: Path, secret: str, kind: str, to: Path) -> None:
    to.mkdir()
    try:
        with source.open("rb") as file:
            plain = io.BufferedReader(Opening(file, secret, kind), CHUNK)
            with tarfile.open(fileobj=plain, mode="r|") as tar:
                for member in tar:
                    tar.extract(member, to, filter="data")
            # What follows the tar's own end is read as well: the last chunk proves that nothing was cut off.
            while plain.read(CHUNK):
                pass
    except tarfile.TarError as error:
        raise Refused.because("backup_altered", "备份内容无法展开。", "The backup does not unpack.") from error
    except OSError as error:
        raise Refused.because("restore_failed", f"恢复失败：{error.strerror or error}。", f"Restore failed: {error.strerror or error}.",
                              remedy=("请检查文件和磁盘空间。", "Check the file and the room on the disk.")) from error


def _manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest, of the shape that ``back_up`` gives it; its names go into paths and queries. Raises Refused."""
    try:
        said = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if not all(name and not Path(name).is_absolute() and ".." not in Path(name).parts and "\0" not in name and isinstance(about["sha256"], str)
                   for name, about in said["files"].items()):
            raise ValueError("files")
        if not all(_TABLE.fullmatch(name) and type(count) is int for name, count in said["rows"].items()):
            raise ValueError("rows")
        if not isinstance(said["vendor"], str) or not all(isinstance(each, str) for each in said["migrations"]):
            raise ValueError("vendor or migrations")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused.because("backup_no_manifest", "备份中没有可用的清单。", "The backup holds no usable manifest.",
                              remedy=("请换一份备份。", "Take another backup.")) from error
    return dict(said)


def _prove(manifest: dict[str, Any], folder: Path) -> None:
    for name, about in manifest["files"].items():
        path = folder / name
        digest = ""
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != about["sha256"]:
            raise Refused.because("backup_file_differs", f"备份中的“{name}”与清单不符。", f"“{name}” of the backup is not what the manifest says.")
