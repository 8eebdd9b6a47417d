"""Packs installed in the home of an installation: copied whole or not at all, under a name, with the checksum of every file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import NotFound, Place, Refused, nearest
from kouan.trade.packs.pack import EDITIONS, Pack, load

_NAME = re.compile(r"[a-z][a-z0-9-]{1,40}")
_WANTED = re.compile(r"(?:.*/)?((?:rules/[^/]+\.json)|(?:xsds/[^/]+\.xsd))")
MOST_FILES, MOST_BYTES = 2_000, 50_000_000
# Packs of two editions are asked for by one name: NAME is the old one, NAME-new the new one.
NEW = "-new"


def install(home: Path, source: Path, name: str, *, at: datetime) -> dict[str, Any]:
    """Take a pack in from a folder or an archive (.tar.xz, .tar.gz, .tar) with ``rules/`` and ``xsds/``; answers its manifest.

    Proved before it is put in place: every expression compiles, every schema loads, in both editions. A pack of that name is replaced.
    Raises Refused with every fault at its file; nothing is changed then.
    """
    if not _NAME.fullmatch(name) or name.endswith(NEW):
        raise Refused.because("bad_pack_name", f"规则包名称“{name[:40]}”不可用。", f"“{name[:40]}” is no name for a pack.",
                              where=Place(field="name"), measured=name[:40], required="a-z 0-9 -",
                              remedy=("如 ics-ens；-new 留给新版。", "As ics-ens; -new is kept for editions."))
    (home / "packs").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home / "packs", prefix=".taking-in-") as made:
        place = Path(made) / "pack"
        _copied(source, place)
        packs = [load(place, name, edition) for edition in EDITIONS]
        files = {str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(place.rglob("*")) if path.is_file()}
        manifest = {"name": name, "source": source.name, "installed_at": at.isoformat(), "files": files,
                    "rules": {pack.edition or "old": len(pack.rules) for pack in packs},
                    "assertions": {pack.edition or "old": sum(len(rule.asserts) for rule in pack.rules) for pack in packs},
                    "messages": sorted({kind for pack in packs for kind in pack.schemas})}
        (place / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        target, aside = home / "packs" / name, Path(made) / "replaced"
        if target.exists():
            os.replace(target, aside)
        os.replace(place, target)
    opened.cache_clear()
    return manifest


def _copied(source: Path, to: Path) -> None:
    """The rule files and schemas of a folder or archive, and nothing else of it."""
    count = size = 0

    def take(inside: str, content: bytes) -> None:
        nonlocal count, size
        count, size = count + 1, size + len(content)
        if count > MOST_FILES or size > MOST_BYTES:
            raise Refused.because("pack_too_large", "规则包过大。", "The pack is too large.", where=Place(file=source.name),
                                  required=f"≤ {MOST_FILES:,} / {MOST_BYTES:,} B", remedy=("请核对文件。", "Check the file."))
        place = to / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    if source.is_dir():
        for path in sorted(source.rglob("*")):
            match = _WANTED.fullmatch(path.relative_to(source).as_posix())
            if match and path.is_file():
                take(match.group(1), path.read_bytes())
        return
    try:
        with tarfile.open(source, "r:*") as archive:
            for member in archive:
                match = _WANTED.fullmatch(member.name)
                file = archive.extractfile(member) if match and member.isreg() and member.size <= MOST_BYTES else None
                if match and file is not None:
                    take(match.group(1), file.read())
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Refused.because("pack_unreadable", f"规则包不可读：{str(error)[:120]}", f"The pack cannot be read: {str(error)[:120]}",
                              where=Place(file=source.name), remedy=("请给出文件夹或 .tar.xz 文件。", "Give a folder or a .tar.xz file."))


def installed(home: Path) -> list[dict[str, Any]]:
    """The manifests of the packs that are installed, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((home / "packs").glob("*/manifest.json"))]


@lru_cache(maxsize=8)
def opened(home: Path, name: str) -> Pack:
    """An installed pack by name, ``NAME-new`` for its new edition. Raises NotFound with the nearest; Refused where a file was altered since."""
    base, edition = (name.removesuffix(NEW), "new") if name.endswith(NEW) else (name, "")
    folder = home / "packs" / base
    if not _NAME.fullmatch(base) or not (folder / "manifest.json").is_file():
        known = [pack["name"] + suffix for pack in installed(home) for suffix in ("", NEW)]
        there = nearest(name, known) or known
        raise NotFound.because(
            "unknown_pack", f"没有安装规则包“{name[:40]}”。", f"No pack “{name[:40]}” is installed.", where=Place(field="pack"),
            measured=name[:40],
            remedy=(f"已安装：{'、'.join(there) or '无'}；安装：kouan trade pack install 文件夹 --name 名称。",
                    f"Installed: {', '.join(there) or 'none'}; kouan trade pack install FOLDER --name NAME."))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    altered = [each for each, digest in manifest["files"].items()
               if not (folder / each).is_file() or hashlib.sha256((folder / each).read_bytes()).hexdigest() != digest]
    if altered:
        raise Refused.because("pack_altered", f"规则包“{base}”的文件与安装时不同：{altered[0]}。",
                              f"Files of the pack {base} differ from those installed: {altered[0]}.", where=Place(file=altered[0]),
                              remedy=("请重新安装。", "Install it anew."))
    return load(folder, name, edition)


def remove(home: Path, name: str) -> None:
    """Take a pack away. Raises NotFound."""
    opened(home, name)
    shutil.rmtree(home / "packs" / name.removesuffix(NEW))
    opened.cache_clear()
