# ruff: noqa: E501 - seeds and words are data
"""Running many cases in a process that may die, and keeping what broke.

The worker is watched by its processor time: a case that takes more than ``HANG`` seconds of it (or ten times so long by the
clock) is killed and told as a hang; a worker that dies (a fault of a C library) is told as a crash; then the run goes on behind it.
"""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HANG = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Outcome:
    """What a run of one parser came to. ``faults``: (case, what, trace); case -1 is a seed as it is."""

    parser: str
    cases: int = 0
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    most_mb: int = 0
    slowest: tuple[float, int] = (0.0, -1)
    seconds: float = 0.0


class Worker:
    """A worker process and the way to talk to it. ``home``: an installation for the parsers that need one."""

    def __init__(self, home: str | Path = "", environment: dict[str, str] | None = None) -> None:
        self.home = str(home)
        self.environment = environment
        self.place = Path(tempfile.mkstemp(prefix="kouan-fuzz-")[1])
        self.place.write_bytes(b"\0" * 8)
        self.process: subprocess.Popen[bytes] | None = None
        self.heard = b""

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            own = {"KOUAN_HOME": self.home or tempfile.mkdtemp(prefix="kouan-fuzz-home-"), "KOUAN_FUZZ_HOME": self.home, "KOUAN_DEBUG": "1"}
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.worker", str(self.place)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=(self.place.with_suffix(".log")).open("wb"),
                env={**os.environ, **own, **(self.environment or {}), "DJANGO_SETTINGS_MODULE": "kouan.settings", "MALLOC_ARENA_MAX": "2",
                     "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            )  # fmt: skip
            self.heard = b""
        return self.process

    def run(self, parser: str, seed: str, first: int, last: int, *, stop: float = 1e9) -> Outcome:
        """Cases first … last-1 of a parser, or as many as ``stop`` seconds allow."""
        found, began = Outcome(parser), time.monotonic()
        until, number = began + stop, first
        while number < last and time.monotonic() < until:
            process = self._started()
            assert process.stdin is not None
            self.place.write_bytes(struct.pack("q", number))
            process.stdin.write(json.dumps({"parser": parser, "seed": seed, "first": number, "last": last, "stop": until - time.monotonic()}).encode() + b"\n")
            process.stdin.flush()
            done, died = self._listen(process, found)
            if died:
                at = struct.unpack("q", self.place.read_bytes())[0]
                log = self.place.with_suffix(".log").read_text(encoding="utf-8", errors="replace")[-3000:]
                found.faults.append((at, died, log))
                number = at + 1
            else:
                number = done
        found.cases, found.seconds = number - first, time.monotonic() - began
        return found

    def _listen(self, process: subprocess.Popen[bytes], found: Outcome) -> tuple[int, str]:
        """Until it is done (number reached, "") or dead (0, how)."""
        assert process.stdout is not None
        at, spent, since = b"", 0.0, time.monotonic()
        while True:
            while b"\n" in self.heard:
                line, _, self.heard = self.heard.partition(b"\n")
                told = json.loads(line)
                if "done" in told:
                    found.most_mb = max(found.most_mb, told["most_mb"])
                    found.slowest = max(found.slowest, tuple(told["slowest"]))
                    return told["done"], ""
                found.faults.append((told["case"], told["fault"], told["trace"]))
            if select.select([process.stdout], [], [], 0.5)[0]:
                said = os.read(process.stdout.fileno(), 65536)
                if not said:
                    process.wait()
                    return 0, f"crash: the worker ended with {process.returncode}"
                self.heard += said
                continue
            now = self.place.read_bytes()
            if now != at:
                at, spent, since = now, self._spent(process), time.monotonic()
            elif self._spent(process) - spent > HANG or time.monotonic() - since > HANG * 10:
                process.kill()
                process.wait()
                return 0, f"hang: more than {HANG:.0f} s"

    @staticmethod
    def _spent(process: subprocess.Popen[bytes]) -> float:
        """Processor seconds of the worker so far, those of its children included."""
        try:
            fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return sum(int(each) for each in fields[11:15]) / _TICKS

    def close(self) -> None:
        """End the worker and its traces."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for path in (self.place, self.place.with_suffix(".log")):
            path.unlink(missing_ok=True)


def names(with_stored: bool = True) -> list[str]:
    """The parsers by name."""
    from tests.fuzz.worker import parsers

    return [name for name in parsers(with_stored) if not name.startswith("*")]


def as_lines(outcome: Outcome, shown: int = 5) -> str:
    """The faults of an outcome, one of each kind, with the way to see it again."""
    kinds: dict[str, list[tuple[int, str, str]]] = {}
    for each in outcome.faults:
        last = each[2].strip().splitlines()
        kinds.setdefault(f"{each[1][:60]} {last[-3:-1]}", []).append(each)
    return "\n".join(f"{outcome.parser} case {found[0][0]} ({len(found)}×): {found[0][1]}\n{found[0][2][-1500:]}" for found in list(kinds.values())[:shown])


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """JSON-ready."""
    return {"parser": outcome.parser, "cases": outcome.cases, "faults": len(outcome.faults), "most_mb": outcome.most_mb,
            "slowest_seconds": round(outcome.slowest[0], 2), "slowest_case": outcome.slowest[1], "seconds": round(outcome.seconds, 1)}
