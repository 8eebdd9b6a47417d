"""The process in which parsers are fed: told what to do line by line, killed from outside when it hangs.

``{"parser", "seed", "first", "last", "stop"}`` on standard input asks for cases; answered are ``{"case", "fault", …}`` for each
that broke something and ``{"done", "most_mb", "slowest"}`` at the end. The number of the case at hand stands in a small shared
file, so that the parent knows which one killed it. Once warm, the address space is bounded to what it is plus 512 MB.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

MEMORY = 512 * 2**20
_CJK = range(0x4E00, 0xA000)


class Unsayable(AssertionError):
    """A finding that cannot be shown, stored or understood."""


def check(told: Any, depth: int = 0) -> None:
    """Everything that was answered can be told in both languages, written as UTF-8 and stored."""
    from kouan.basis import Finding

    if isinstance(told, Finding):
        said = told.as_dict()
        text = json.dumps(said, ensure_ascii=False)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Unsayable(f"lone surrogates: {told.code}") from None
        if "\\u0000" in text:
            raise Unsayable(f"a NUL: {told.code}")
        if not told.message.zh or not told.message.en or not any(ord(letter) in _CJK for letter in told.message.zh):
            raise Unsayable(f"not in both languages: {told.code}")
        if len(text) > 20_000:
            raise Unsayable(f"{len(text)} characters long: {told.code}")
    elif isinstance(told, str):
        try:
            told.encode()
        except UnicodeEncodeError:
            raise Unsayable("lone surrogates in what is told") from None
    elif isinstance(told, dict) and depth < 8:
        check([*told, *told.values()], depth + 1)
    elif isinstance(told, list | tuple) and depth < 8:
        for each in told[:5_000]:
            check(each, depth + 1)


@dataclass(frozen=True)
class _Broken:
    """A parser that fails in one way, so that a test can see the harness tell it."""

    name: str
    parse: Callable[[bytes], Any]
    kind: str = "text"
    allowed: tuple[type[Exception], ...] = ()
    seconds: float = 5.0
    maps: bool = False

    def seeds(self) -> list[bytes]:
        """Nothing is broken before it is fed."""
        return []


def _dies(data: bytes) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _hangs(data: bytes) -> None:
    while True:
        pass


BROKEN = (_Broken("*dies", _dies), _Broken("*hangs", _hangs), _Broken("*hungers", lambda data: len(bytearray(2 * MEMORY))),
          _Broken("*raises", lambda data: 1 // 0))


def _status(key: str) -> int:
    """Kilobytes of memory from the kernel's own page about this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0


def parsers(with_stored: bool) -> dict[str, Any]:
    """By name; those of the database only where there is one."""
    from tests.fuzz.carried import CARRIED
    from tests.fuzz.parsers import PARSERS

    found: Iterable[Any] = (*PARSERS, *CARRIED)
    if with_stored:
        from tests.fuzz.asked import ASKED
        from tests.fuzz.stored import STORED

        found = (*found, *STORED, *ASKED)
    return {each.name: each for each in (*found, *BROKEN)}


def one(parser: Any, data: bytes) -> dict[str, Any] | None:
    """Feed one case; None when all is well, else what broke. MemoryError included."""
    from kouan.basis import Refused

    began = time.process_time()
    fault: dict[str, Any] | None = None
    try:
        check(parser.parse(data))
    except Refused as refusal:
        try:
            if not refusal.findings:
                raise Unsayable("a refusal without a finding")
            check(refusal.findings)
        except Unsayable as error:
            fault = {"fault": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-4000:]}
    except parser.allowed:
        pass
    except BaseException as error:  # whatever it is, the parser should have told it
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        fault = {"fault": f"{type(error).__name__}: {str(error)[:200]}", "trace": traceback.format_exc()[-4000:]}
    spent = time.process_time() - began
    if fault is None and spent > parser.seconds:
        fault = {"fault": f"slow: {spent:.1f} s", "trace": ""}
    return fault


def serve(answers: int, place: Path) -> None:
    """Answer the parent until its end."""
    from tests.fuzz.mutations import spoilt

    known: dict[str, Any] = {}
    seeds: dict[str, Any] = {}
    bounds: dict[str, int] = {}
    with place.open("r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    for line in sys.stdin:
        asked = json.loads(line)
        name = asked["parser"]
        if not known:
            known = parsers(bool(os.environ.get("KOUAN_FUZZ_HOME")))
        parser = known[name]
        if name not in seeds:
            seeds[name] = parser.seeds()
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
            for each in seeds[name]:
                fault = one(parser, each)
                if fault is not None:
                    os.write(answers, json.dumps({"case": -1, **fault}).encode() + b"\n")
            bounds[name] = resource.RLIM_INFINITY if parser.maps else _status("VmSize:") * 1024 + MEMORY
        most, slowest, until, number = 0, (0.0, -1), time.monotonic() + asked.get("stop", 1e9), asked["first"]
        while number < asked["last"] and time.monotonic() < until:
            shared[:8] = struct.pack("q", number)
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)  # what spoils a file may need more than who reads it
            data = spoilt(seeds[name] or [b"x"], parser.kind, Random(f"{asked['seed']}|{name}|{number}"))
            resource.setrlimit(resource.RLIMIT_AS, (bounds[name], resource.RLIM_INFINITY))
            with suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
            began = time.process_time()
            fault = one(parser, data)
            spent, peak = time.process_time() - began, _status("VmHWM:") // 1024
            if fault is None and peak > MEMORY // 2**20:
                fault = {"fault": f"memory: {peak} MB", "trace": ""}
            most, slowest = max(most, peak), max(slowest, (spent, number))
            if fault is not None:
                os.write(answers, json.dumps({"case": number, **fault}).encode() + b"\n")
            number += 1
        os.write(answers, json.dumps({"done": number, "most_mb": most, "slowest": slowest}).encode() + b"\n")


def main() -> None:
    """Set Django up on the home of the environment, or on none, and serve."""
    answers = os.dup(1)
    os.dup2(2, 1)  # nothing that a library prints may fall among the answers
    import django

    django.setup()
    serve(answers, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
