"""The character repertoires of UNB's syntax identifier (ISO 9735-1, annex A; code list 0001) and what each allows.

>>> codec_of("UNOC"), codec_of("UNOW"), codec_of("UNOZ")
('iso8859-1', 'utf-8', None)
>>> foreign("abc", "UNOA"), foreign("ABC-1", "UNOA"), foreign("A$B", "UNOA", own="$")
('abc', '', '')
"""

from __future__ import annotations

import string

_CODECS = {
    # A and B are parts of ISO 646; they are read as the ISO 8859-1 that senders put into them, and judged by ``foreign``.
    "UNOA": "iso8859-1", "UNOB": "iso8859-1", "UNOC": "iso8859-1", "UNOD": "iso8859-2", "UNOE": "iso8859-5", "UNOF": "iso8859-7",
    "UNOG": "iso8859-3", "UNOH": "iso8859-4", "UNOI": "iso8859-6", "UNOJ": "iso8859-8", "UNOK": "iso8859-9",
    # ISO 10646; senders use UTF-8 under both. X (code extension of ISO 2022) is not supported.
    "UNOW": "utf-8", "UNOY": "utf-8",
    # Of the older interchanges between airlines (PADIS), and of Korea's customs.
    "IATA": "iso8859-1", "IATB": "iso8859-1", "KECA": "euc_kr",
}
_MARKS = " .,-()/=!\"%&*;<>'+:?"
_ALLOWED = {
    "UNOA": frozenset(string.ascii_uppercase + string.digits + _MARKS),
    "UNOB": frozenset(string.ascii_letters + string.digits + _MARKS + "\x1c\x1d\x1f"),
}
_CONTROLS = frozenset(map(chr, (*range(0x20), 0x7F))) - set("\x1c\x1d\x1f")


def codec_of(identifier: str) -> str | None:
    """The codec of a syntax identifier; None for one that is not known."""
    return _CODECS.get(identifier)


def foreign(text: str, identifier: str, own: str = "") -> str:
    """The characters that the repertoire does not have, sorted; ``own`` are service characters that were advised."""
    used = set(text)
    allowed = _ALLOWED.get(identifier)
    return "".join(sorted((used & _CONTROLS if allowed is None else used - allowed) - set(own)))
