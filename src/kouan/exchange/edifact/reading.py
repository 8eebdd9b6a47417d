"""A transmission read: its interchanges found one after the other, each cut by its own separators and assembled.

Text is looked at as ISO 8859-1 first, so that places are bytes; segments with other characters are then decoded by the
repertoire that UNB names. No separator is guessed: an interchange without UNA has those of its version.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from kouan.basis import Place, Refused
from kouan.exchange.edifact.assembly import Assembly
from kouan.exchange.edifact.envelope import Transmission
from kouan.exchange.edifact.faults import add, fault_of, shown
from kouan.exchange.edifact.separators import ADVICE_LENGTH, Separators
from kouan.exchange.edifact.tokens import BLANK, segments

MOST_BYTES = 16 * 1024 * 1024  # in memory some twenty times as much
# Blanks, and what old systems fill up or end a file with.
_FILLING = BLANK + "\x00\x1a"
_BEGINNING = re.compile(r"(?<=[\r\n'])(?:UNA|UNB)")
_VERSION = re.compile(r"UNB\+[A-Z]{4}:(\d)")


def read(content: bytes, *, name: str = "", most_bytes: int = MOST_BYTES) -> Transmission:
    """Read every interchange of a file or request.

    Refused when it is larger than ``most_bytes``. All else comes back as faults: of the transmission where nothing can be made of
    it, of the interchange, group or message otherwise. An error makes its level unsound; what stands beside it is still read.
    """
    if len(content) > most_bytes:
        raise Refused.because(
            "edifact_too_large", "报文文件过大。", "The transmission is too large.", where=Place(file=name or None),
            measured=f"{len(content):,} B", required=f"≤ {most_bytes:,} B", remedy=("请分成几个交换发送。", "Send it as several interchanges."))
    return _Reader(content, name).read()


class _Reader:
    def __init__(self, content: bytes, name: str) -> None:
        self.text = content.decode("iso8859-1")
        self.result = Transmission(name, len(content))
        self.at = 3 if content.startswith(b"\xef\xbb\xbf") else 0

    @cached_property
    def _lines(self) -> list[int]:
        """Where each line begins: made only once something is wrong."""
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def place(self, at: int, path: str = "") -> Place:
        """A place in the file, by line from 1."""
        return Place(file=self.result.name or None, row=bisect_right(self._lines, at), path=path or None)

    def read(self) -> Transmission:
        while self.at < len(self.text):
            begin = self._next_beginning()
            skipped = self.text[self.at : len(self.text) if begin is None else begin]
            if skipped.strip(_FILLING):
                self._note("edifact_outside", self.at, skipped)
            if begin is None:
                break
            self.at = begin
            self._interchange()
        if not self.result.interchanges and not self.result.faults:
            self._note("edifact_empty", 0)
        return self.result

    def _note(self, name: str, at: int, measured: str = "") -> None:
        add(self.result.faults, lambda: fault_of(name, self.place(at), measured=shown(measured) or None))

    def _give_up(self, name: str, measured: str = "") -> None:
        """Nothing can be made of this interchange: go on where another one begins."""
        self._note(name, self.at, measured)
        found = _BEGINNING.search(self.text, self.at + 3)
        self.at = found.start() if found else len(self.text)

    def _next_beginning(self) -> int | None:
        """Where the next interchange begins: right here, at the beginning of a line, or behind a usual terminator."""
        here = self.at
        while here < len(self.text) and self.text[here] in _FILLING:
            here += 1
        if self.text.startswith(("UNA", "UNB", "UIB"), here):
            return here
        found = _BEGINNING.search(self.text, here)
        return found.start() if found else None

    def _interchange(self) -> None:
        text, start = self.text, self.at
        if text.startswith("UIB", start):
            return self._give_up("edifact_interactive")
        advised = text.startswith("UNA", start)
        if advised:
            advice = text[start : start + ADVICE_LENGTH]
            try:
                separators = Separators.of_advice(advice)
            except ValueError:
                return self._give_up("edifact_advice", advice)
            start += ADVICE_LENGTH
            while start < len(text) and text[start] in BLANK:
                start += 1
            if not text.startswith("UNB", start):
                return self._give_up("edifact_header", text[start : start + 20])
        else:
            if not text.startswith("UNB+", start):
                return self._give_up("edifact_unadvised", text[start : start + 20])
            # The version stands before anything could be repeated.
            version = _VERSION.match(text, start)
            separators = Separators.of_version(version[1] if version else "")
        stream = segments(text, separators, start)
        assembly = Assembly(text, self.place, next(stream), separators, advised=advised)
        self.result.interchanges.append(assembly.interchange)
        self.at = max(assembly.take(stream), start + 1)
        return None
