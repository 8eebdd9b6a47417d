"""Which crossings abroad an installation can replay: the bundled one, and files that were added to its home.

The terms of some published files do not allow us to ship them; whoever has such a file adds it (``kouan events replay-add``). A file is
checked whole before it is kept, and a power cut leaves the old one or the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from kouan.basis import Place, Refused, Text
from kouan.monitoring.live.replay.hourly import Crossing, read

BUNDLED = Path(__file__).resolve().parents[2] / "data" / "ord_hourly_2016_2019.csv.gz"
OHARE = Text("奥黑尔机场5号航站楼（美国芝加哥）", "O'Hare, Terminal 5 (Chicago, USA)")
OHARE_SOURCE = Text("美国海关与边境保护局“机场候检时间”，美国政府作品，公有领域；随附文件",
                    "US Customs and Border Protection, Airport Wait Times; a work of the US government, public domain; the bundled file")


def folder() -> Path:
    """Where an installation keeps the files that were added to it."""
    return Path(settings.HOME.path) / "replays"


def crossings() -> dict[str, Text]:
    """The crossings that can be replayed here: code → name."""
    return {"ohare": OHARE, **{code: Text(told["name_zh"], told["name_en"]) for code, told in _added()}}


def crossing(code: str) -> Crossing | None:
    """The hours of a crossing, read once in a process as long as its file stays as it is."""
    if code == "ohare":
        return _read(BUNDLED, 0.0, code, OHARE, OHARE_SOURCE)
    for name, told in _added():
        if name == code:
            path = folder() / told["file"]
            return _read(path, path.stat().st_mtime, code, Text(told["name_zh"], told["name_en"]), Text(told["source_zh"], told["source_en"]))
    return None


def add(path: Path, *, code: str, name: Text, source: Text) -> Crossing:
    """Check a file and keep it in the home, whole or not at all; one of the same code is replaced."""
    if not code.isascii() or not code.replace("-", "").isalnum() or code == "ohare" or len(code) > 40:
        raise Refused.because(
            "replay_code", "代码只用小写字母、数字和连字符，且不能是 ohare。", "A code has letters, digits and hyphens, and is not ohare.",
            where=Place(field="code"), measured=code)
    found = read(path, code=code, name=name, source=source)
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    raw = path.read_bytes()
    kept = f"{code}-{hashlib.sha256(raw).hexdigest()[:16]}.csv" + (".gz" if raw[:2] == b"\x1f\x8b" else "")
    _put(place / kept, raw)
    told = {"file": kept, "name_zh": name.zh, "name_en": name.en, "source_zh": source.zh, "source_en": source.en}
    _put(place / f"{code}.json", json.dumps(told, ensure_ascii=False, indent=2).encode())
    for old in place.glob(f"{code}-????????????????.csv*"):
        if old.name != kept:
            old.unlink()
    return found


def _put(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _added() -> list[tuple[str, dict[str, str]]]:
    found = []
    for path in sorted(folder().glob("*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if (folder() / told["file"]).is_file():
                found.append((path.stem, {key: str(told[key]) for key in ("file", "name_zh", "name_en", "source_zh", "source_en")}))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


@lru_cache(maxsize=4)
def _read(path: Path, changed: float, code: str, name: Text, source: Text) -> Crossing:
    return read(path, code=code, name=name, source=source)
