"""The preview of a kept file: a page of it, drawn apart from the server (see ``drawing``)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kouan.basis import Refused

PROGRAM = Path(__file__).with_name("drawing.py")
LONGEST_SECONDS = 25
MOST_PAGES = 500


def page_count(place: Path, kind: str) -> int:
    """How many pages a file has that can be shown; ``kind`` is pdf or image. Refused where it cannot be read."""
    return min(_drawn(place, kind, 0)[0], MOST_PAGES)


def page_picture(place: Path, kind: str, number: int) -> bytes:
    """One page as PNG, its long side 1600 pixels; empty where there is no such page."""
    return _drawn(place, kind, number)[1]


def _drawn(place: Path, kind: str, number: int) -> tuple[int, bytes]:
    try:
        with place.open("rb") as file:
            ran = subprocess.run([  # noqa: S603 - our own program; the file is only its input
                sys.executable, "-I", str(PROGRAM), kind, str(number)], stdin=file, capture_output=True, timeout=LONGEST_SECONDS, check=False)
    except (subprocess.TimeoutExpired, OSError):
        ran = None
    if ran is None or ran.returncode != 0 or len(ran.stdout) < 4:
        raise Refused.because(
            "no_preview", "此文件不能预览：可能已加密、损坏或过大。", "The file cannot be shown: it may be locked, damaged or too large.",
            remedy=("可下载后用相应软件打开。", "Take it and open it with a program of your own."))
    return int.from_bytes(ran.stdout[:4], "big"), ran.stdout[4:]
